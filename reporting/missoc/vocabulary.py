"""The words around amounts in English, French and German texts.

All languages are looked for in every text: a text cites terms of another. Only
how numbers are written depends on the language.
"""

from __future__ import annotations

import re

from reporting.missoc.numbers import NUMBER, SPACE

S = f"[{SPACE}]"
_CODES = [
    "EUR", "BEF", "LUF", "FRF", "DEM", "NLG", "ATS", "ITL", "ESP", "PTE", "FIM", "IEP", "GRD", "GBP",
    "DKK", "SEK", "NOK", "ISK", "CHF", "CZK", "SKK", "PLN", "HUF", "BGN", "RON", "ROL", "HRK", "EEK",
    "LVL", "LTL", "SIT", "MTL", "CYP", "USD", "ECU", "XEU",
]  # fmt: skip
#: Signs and words for currencies; the krone is that of the country.
CURRENCIES = {
    **{code: code for code in _CODES},
    "IR£": "IEP", "€": "EUR", "£": "GBP", "US$": "USD", "$": "USD", "Kč": "CZK", "zł": "PLN", "Ft": "HUF",
    "Kc": "CZK", "Lm": "MTL", "£C": "CYP", "C£": "CYP", "kn": "HRK", "Esc.": "PTE", "Ptas": "ESP", "Lit.": "ITL",
    "Dr.": "GRD", "öS": "ATS", "Ft.": "HUF", "DM": "DEM", "FB": "BEF", "FF": "FRF", "Bfr": "BEF", "SFr.": "CHF",
    "Fr.": "CHF", "kr.": "kr", "kr": "kr",
}  # fmt: skip
_WORDS = {
    r"[Ee]uros?": "EUR", r"(?:Swiss francs?|francs? suisses?|Schweizer Franken|Franken)": "CHF",
    r"(?:Belgian francs?|francs? belges?|belgische Francs?)": "BEF",
    r"(?:French francs?|francs? français|französische Francs?)": "FRF",
    r"(?:Luxembourg francs?|francs? luxembourgeois)": "LUF",
    r"(?:(?:German|deutsche) [Mm]ark|Deutsche Mark|D-Mark)": "DEM",
    r"(?:pounds?(?: sterling)?|livres?(?: sterling)?|Pfund(?: Sterling)?)": "GBP",
    **{rf"(?:{en} (?:kron\w+|crowns?)|couronnes? {fr}|{de} Krone[nr]?)": code for code, en, fr, de in (
        ("DKK", "Danish", "danoises?", "dänische"), ("SEK", "Swedish", "suédoises?", "schwedische"),
        ("NOK", "Norwegian", "norvégiennes?", "norwegische"), ("ISK", "Icelandic", "islandaises?", "isländische"),
        ("CZK", "Czech", "tchèques?", "tschechische"), ("SKK", "Slovak", "slovaques?", "slowakische"),
        ("EEK", "Estonian", "estoniennes?", "estnische"))},
    r"[Ff]rancs?": "franc",
    r"(?:[Zz]lot(?:y|ys|ych|e))": "PLN", r"(?:[Ll]ei)": "RON", r"(?:[Ll]eva?|Lewa)": "BGN", r"(?:[Ff]orints?)": "HUF",
    r"(?:Kronen|[Cc]ouronnes|[Kk]roner|[Kk]ronor|[Kk]rona|[Kk]rónur)": "kr",
}  # fmt: skip
KRONE = {"DK": "DKK", "SE": "SEK", "NO": "NOK", "IS": "ISK", "CZ": "CZK", "SK": "SKK", "EE": "EEK"}
#: The franc without a name, which elsewhere is the only one left.
FRANC = {"BE": "BEF", "FR": "FRF", "LU": "LUF"}
_LONG = sorted(CURRENCIES, key=len, reverse=True)
_LETTERED = "|".join(re.escape(c) for c in _LONG if c[0].isalpha())
_SIGNS = rf"[€£$]|(?<![A-Za-z])(?:{_LETTERED})(?![A-Za-z])"
CURRENCY = rf"(?:{_SIGNS}|\b(?:{'|'.join(_WORDS)})\b)"
MULTIPLES = {"million": 1e6, "mio": 1e6, "billion": 1e9, "milliard": 1e9, "mrd": 1e9, "thousand": 1e3,
             "tausend": 1e3, "tsd": 1e3, "mille": 1e3, "mln": 1e6, "bn": 1e9, "md": 1e9, "m": 1e6}  # fmt: skip
MULTIPLE = (
    r"(?:[Mm]illions?(?:en)?|Mio\.?|mio\.?|[Bb]illions?|[Mm]illiarden?|[Mm]illiards?|Mrd\.?|thousand|"
    r"[Tt]ausend|Tsd\.?|mille|[Mm]ln\.?|bn\b|Md(?=[\s€]|\b)|[Mm](?=€|\s?EUR\b))(?:\s+d[e'’])?"
)

PERCENT = (
    r"(?:%|‰|per\s?cent\b|[Pp]rozent(?!p)|pour[ -]?cent\b|pct\b|p\.\s?c\.|p\.c\b|p\.\s?100\b|v\.\s?H\.|vH\b|"
    r"pp\b|p\.\s?p\.|percentage points?|points? de pourcentage|Prozentpunkte?n?)"
)
POINTS = re.compile(
    rf"^(?:pp\b|p\.\s?p\.|{S}*-?(?:percentage )?points?\b|percentage points?|points? de p|Prozentpunkt|{S}*Punkte)",
    re.I,
)

#: Units of time; what stands before them in a compound is part of them.
_DAY = (
    r"(?:(?:working|calendar|consecutive|waiting|weekdays?|benefit|sick|compensated|full)\s+)*days?|"
    r"jours?(?:\s+(?:ouvrables?|ouvrés?|calendrier|civils?|indemnisables?))?|(?:[A-Z][a-zäöü]+)?[Tt]ag(?:e|en|es|s)?"
)
_UNITS = {
    "hour": r"hours?|heures?|hrs?|h(?=[\s/.,;)]|$)|Std\.|(?:[A-Z][a-zäöü]+)?[Ss]tunden?", "day": _DAY,
    "week": r"(?:(?:calendar|full|consecutive)\s+)?weeks?|semaines?|(?:[A-Z][a-zäöü]+)?[Ww]ochen?",
    "month": r"(?:(?:calendar|full|consecutive|insurance|contribution)\s+)?months?|mois|"
             r"(?:[A-Z][a-zäöü]+)?[Mm]onat(?:e|en|s|es)?",
    "quarter": r"trimestres?|Quartale?n?|Vierteljahre?n?",
    "year": r"(?:(?:calendar|full|complete|insurance|contribution|qualifying)\s+)?years?|ans?|années?|yrs?|"
            r"annuit(?:y|ies|és?)|"
            r"(?:[A-Z][a-zäöü]+)?[Jj]ahr(?:e|en|es|s)?",
}  # fmt: skip
_JOINED = {"day": "tägig", "week": "wöchig", "month": "monatig", "year": "jährig", "hour": "stündig"}
TIME = "(?:" + "|".join(f"(?:{pattern})" for pattern in _UNITS.values()) + r")(?![\w])"
JOINED = r"[-‐‑]?(tägig|wöchig|monatig|jährig|stündig)(?:e[nmrs]?)?\b"
_UNIT = {unit: re.compile(rf"(?:{pattern})$") for unit, pattern in _UNITS.items()}


#: What may stand between a number and its unit of time.
WHICH = (r"(?:last|previous|preceding|further|additional|other|next|first|insured|derni[eè]re?s?|premi[eè]re?s?|autres|"
         r"bonnes|meilleures|prochaine?s|letzten?|weiteren?|ersten?|vorangegangenen|vorhergehenden|"
         r"besten|more|extra|full|whole|consecutive|best|contribution|insurance|working|benefit|waiting|residence|service|"
         r"(?!(?:dur|follow|accord|includ|regard|concern|exceed)ing|(?:ear|on)ly)[a-z]{3,}(?:al|ive|ous|ed|able|"
         r"ible|ary|ing|ly)|"
         r"(?!jede|alle|diese|ohne|eine|sowie|unter|über|oder)[a-zäöüß]{4,}(?:e|en|er))")  # fmt: skip


def unit_of(text: str) -> str:
    """The unit of time a word stands for."""
    text = text.strip().strip("-‐‑")
    if joined := next((unit for unit, stem in _JOINED.items() if text.startswith(stem)), ""):
        return joined
    return next(unit for unit, pattern in _UNIT.items() if pattern.match(text))


def unit_said(text: str, geo: str = "") -> str:
    """The unit that words stand for: ``%``, ``points``, a unit of time or a currency."""
    if re.fullmatch(PERCENT, text, re.I):
        return "points" if POINTS.match(text) else "%"
    if re.fullmatch(rf"{TIME}|{JOINED}", text, re.I):
        return unit_of(text.lower() if text.isupper() else text)
    return currency_of(text, geo)


def currency_of(text: str, geo: str = "") -> str:
    """The code of a currency by sign or word; a krone without a country stays open."""
    text = re.sub(r"\s+", " ", text)
    found = CURRENCIES.get(text) or next(code for pattern, code in _WORDS.items() if re.fullmatch(pattern, text))
    if found == "franc":
        return FRANC.get(geo, "CHF")
    return KRONE.get(geo, "") if found == "kr" else found


def multiple_of(text: str | None) -> float:
    """What a word such as million multiplies by."""
    return next((factor for stem, factor in MULTIPLES.items() if text and text.lower().startswith(stem)), 1.0)


#: Parts and multiples that are no number and unit.
PARTS = {
    r"(?<!first )(?<!second )(?<!other )(?:one[- ])?half(?= (?:of|the|that|this|his|her|its|their)\b)|la moitié|"
        r"d(?:er|ie) Hälfte": 1 / 2,
    r"twice(?= (?:the|that|this|as|his|her|its|their)\b)|double(?= (?:the|that|this)\b)|(?:le|au|du) double(?= d|[.,;]|"
        r" pour)|(?:das|dem|des) Doppelten?|doppelt(?= so)|doppelte[nrs]?(?= Betr| Satz| Leist)": 2,
    r"(?:treble|triple)(?= (?:the|that|this)\b)|(?:le|au|du) triple(?= d|[.,;])": 3,
    r"quadruple(?= (?:the|that)\b)|(?:le|au|du) quadruple(?= d|[.,;])": 4,
}  # fmt: skip
#: "three times a year" says how often, and is no amount.
OFTEN = (
    rf"(?!{S}(?:an?|per|par|pro|im|in der|each|every|l['’]an|(?:half-?)?yearly|annual\w*|monthly|weekly|daily|"
    rf"(?:halb|viertel)?jährlich|monatlich|wöchentlich|täglich)\b)"
)
TIMES = rf"(?:times|fois|[-‐‑]?mal)\b{OFTEN}|[x×](?={S})|[-‐‑]?[Ff]ach(?:e[ns]?)?\b"
FACTOR = (
    r"(?:coefficients?|factors?|facteurs?|Faktor|Koeffizient(?:en)?|multiplier|multiplicateur)(?:\s+(?:of|de|"
    r"von|is|est de|est|beträgt))?\s*[:=]?\s+"
)

_DAYLY = r"dail(?:y)|journali[eè]re?s?|quotidien(?:ne)?s?|täglich\w*|Tages\w*|Tagegeld\w*"
#: Periods by what is said for them: after "per", and as an adjective.
_PERIODS = {
    "hour": (r"hours?|heure|Stunde", r"hourly|horaires?|stündlich\w*|Stunden(?:lohn|satz)"),
    "day": (r"(?:(?:working|calendar|indemnified)\s+)?day|jour(?:née)?|(?:Kalender|Arbeits|Werk)?[Tt]ag", _DAYLY),
    "week": (r"(?:calendar\s+)?week|semaine|(?:Kalender)?[Ww]oche", r"weekly|hebdomadaires?|wöchentlich\w*|"
        r"Wochen(?:lohn|satz|betrag)\w*"),
    "month": (r"(?:calendar\s+)?month|mois|(?:Kalender)?[Mm]onat", r"monthly|mensuel(?:le)?s?|monatlich\w*|"
        r"Monats\w*|mtl\.|p\.\s?[mM]\."),
    "quarter": (r"quarter|trimestre|Quartal|Vierteljahr", r"quarterly|trimestriel(?:le)?s?|vierteljährlich\w*"),
    "year": (r"(?:calendar\s+)?year|an(?:née)?\b|annum|(?:Kalender)?[Jj]ahr", r"yearly|annual(?:ly)?|"
        r"annuel(?:le)?s?|(?<!viertel)(?<!halb)jährlich\w*|Jahres\w*|p\.\s?a\."),
}  # fmt: skip
_PER = r"(?:per|an?|each|every|par|pro|je|im|in der|chaque|le|la|/)\s*"
#: "je Kind und Monat", "par enfant et par mois".
_SHARED = r"(?:per|par|pro|je)\s+\w+\s*(?:,|und|et|and)?\s+(?:par|per|pro|je)?\s*"
#: "im Jahr 2024" is a date.
_DATED = r"(?!\s+(?:19|20)\d\d)"
_GROSS = r"(?:\s*,?\s*\(?(?:gross|net|bruts?|nets?|brutto|netto)\)?)?"
PERIOD_AFTER = {
    period: re.compile(rf"^{_GROSS}[\s,]{{0,2}}(?:(?:{_PER})(?:{noun})(?![\w]){_DATED}|(?:{adjective})(?![\w])|"
                       rf"\((?:{_PER}(?:{noun})|{adjective})\)|{_SHARED}(?:{noun})(?![\w]))")
    for period, (noun, adjective) in _PERIODS.items()
}  # fmt: skip
PERIOD_NEAR = {
    period: re.compile(rf"(?:\b(?:per|par|pro|je)\s+(?:{noun})(?![\w])|(?<![\w-])(?:{adjective})(?![\w]))", re.I)
    for period, (noun, adjective) in _PERIODS.items()
}

QUALIFIERS = {
    "max": re.compile(
        r"\b(?:max(?:imum|imal\w*|ima)?\b\.?|up to|at most|no(?:t)? more than|not exceeding|(?:not|may not|"
        r"cannot) exceed|capped at|ceiling|highest|limited to|"
        r"plafon\w*|au plus|jusqu['’]à(?! l)|maximal\w*|ne (?:peut|doit)? ?(?:pas )?(?:dépasse|excède)\w*|limitée?s? à|"
        r"höchst\w*|bis zu|\w*bemessungsgrenze|\w*obergrenze|nicht mehr als|begrenzt auf|maximale?\w*)", re.I),
    "min": re.compile(
        r"\b(?:min(?:imum|imal\w*|ima)?\b\.?|at least|not less than|no less than|lowest|floor|au moins|minimal\w*|"
        r"plancher|"
        r"mindest\w*|wenigstens|nicht weniger als|untergrenze|geringfügigkeitsgrenze)", re.I),
}  # fmt: skip
MORE = {
    "from": re.compile(r"\b(?:from|starting at|à partir de|dès|ab)\s*$", re.I),
    "above": re.compile(r"\b(?:more than|over|above|exceed(?:s|ing)?|plus de|supérieure?s? à|dépass\w+|excéd\w+|"
                        r"mehr als|über|übersteig\w+)\s*$", re.I),
    "max": re.compile(r"\b(?:bis|until|till|bis zum vollendeten)\s*$", re.I),
    "below": re.compile(r"\b(?:less than|under|below|moins de|inférieure?s? à|weniger als|unter)\s*$", re.I),
}  # fmt: skip
AFTER = {
    "max": re.compile(r"^\s*\(?\s*(?:max(?:imum)?\b|at (?:the )?most|au (?:plus|maximum)|höchstens|maximal|"
                      r"im Höchstfall)", re.I),
    "min": re.compile(r"^\s*\(?\s*(?:min(?:imum)?\b|at least|au (?:moins|minimum)|mindestens|or more|et plus|"
                      r"ou plus|oder mehr|und mehr)", re.I),
}  # fmt: skip
_EACH = (
    r"(?:per|for (?:each|every)|each|par|pour chaque|chaque|pro|je|für jede[sn]?)\s+(?:(?:dependent|additional|"
    r"further|adult|supplémentaire|weitere[sn]?|first|eligible|unterhaltsberechtigte[sn]?)\s+)?"
)
PER = {
    "per_child": re.compile(rf"\b{_EACH}(?:child\b|enfant\b|Kind\b)", re.I),
    "per_person": re.compile(rf"\b{_EACH}(?:person|personne|insured|assuré|Versicherte|member|membre|Mitglied|"
                             rf"adult\b|adulte|Erwachsene)", re.I),
    "per_household": re.compile(rf"\b{_EACH}(?:household|ménage|Haushalt|family|famille|Familie)", re.I),
    "per_dependant": re.compile(rf"\b{_EACH}(?:dependant|personne à charge|Angehörige)", re.I),
}  # fmt: skip
NUMBERS = re.compile(NUMBER)
