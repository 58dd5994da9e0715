"""Whether years are an age or a duration, and ages that are written without a unit."""

from __future__ import annotations

import re

from reporting.missoc import vocabulary as v
from reporting.missoc.vocabulary import S
from reporting.missoc.worded import WORDED

_YEARS = r"(?:1[0-9]|[2-9]\d|\d)(?![\d/%]|[.,]\d)"
_END = rf"(?!{S}?(?:{v.PERCENT}|{v.CURRENCY}(?!{S}?\d)|{v.TIME}))"
#: "the 65th birthday", "vollendetes 65. Lebensjahr".
BIRTHDAY = re.compile(
    r"(?<![\d.,])(?P<one>\d{1,2})(?:\.|st|nd|rd|th|ème|e)?\s?(?:(?:oder|und|or|and|ou|et|bis|/|-)\s?(?:(?:dem|the|"
    r"le)\s)?"
    r"(?P<two>\d{1,2})(?:\.|st|nd|rd|th|ème|e)?\s?)?"
    r"(?P<tail>Lebensjahr(?:e?s)?|Geburtstage?s?|birthdays?|anniversaires?|year of age)"
)
#: "18- bis 24-Jährige".
YEARLING = re.compile(
    rf"(?<![\w.,/])(?P<one>\d{{1,2}})(?:[-‐‑]?(?:{S}?[-–]{S}?|{S}(?:bis|und|oder){S})(?P<two>\d{{1,2}}))?"
    r"[-‐‑]?(?P<tail>Jährigen?r?)\b"
)
#: "aged 65", "im Alter von 65", "à l'âge de 65".
AGED = re.compile(
    rf"(?:\b(?:[Aa]ged?|[Aa]ges|[Aa]ge of|[âÂ]ge de|[âÂ]ge|[âÂ]gée?s? de|Alter von|Alter|age limit|limite d['’]âge|"
    rf"\w*[Aa]ltersgrenze|\w*[Rr]entenalter|Regelalter\w*|[Tt]urn(?:s|ed)?|[Tt]urning)(?:{S}?:)?{S}+"
    rf"(?:(?:between|entre|zwischen|from|de|von|under|over|at least|plus de|moins de|unter|über|ab|bis|of|was){S}+)?"
    rf"|\b(?:[Uu]nder|[Oo]ver|[Bb]elow|[Aa]bove|[Uu]nter|[Üü]ber)(?:{S}the age of)?{S}(?=\d\d{S}?(?:[.,;:)\n]|$|"
    rf"(?:and|or|who|with|without|are|is|may|must|can|receive|get|in|at|if|living|und|oder|ohne|mit|die|erhalten|sind|"
    rf"haben|im|bei)\b|[€£\x00]))"
    rf"|\b(?:[Cc]hild(?:ren)?|[Ee]nfants?|[Kk]ind(?:ern?)?){S}(?:under|over|below|above|unter|über|ab|bis|de moins de|"
    rf"de plus de|dès){S}(?!\d+{S}[A-Z]))"
    rf"(?P<one>{_YEARS})(?:(?:{S}?[-–]{S}?|{S}(?:and|to|et|à|und|bis){S})(?P<two>{_YEARS}))?{_END}"
)  # fmt: skip
#: "Men: 65", in texts on ages.
BESIDE = re.compile(
    rf"\b(?:[Mm]en|[Ww]omen|[Hh]ommes|[Ff]emmes|Männer|Frauen){S}?[:=]{S}?(?P<one>[4-7]\d)(?![\d/%]|[.,]\d){_END}"
)
#: "60 (women)".
_SEX = r"(?:(?:wo)?men|femmes?|hommes?|Frauen|Männer)"
BEHIND = re.compile(
    rf"(?<![\w.,/])(?P<one>[1-9]\d){S}?(?=\({_SEX}\)|(?:for|pour les|für){S}{_SEX}\b|\([MFHW]\)|"
    rf"(?:or|and){S}(?:older|over|above|younger)\b|ou{S}plus{S}âgé|(?:oder|und){S}(?:älter|jünger)\b|(?:wird|werden|geworden)\b)"
)
#: "rises to 67 by 2031", where the text speaks of an age; "every year after 65".
RISING = re.compile(
    rf"\b(?:(?:[Yy]oung|[Oo]ld)er{S}than|plus{S}(?:jeunes?|âgée?s?){S}que|(?:jünger|älter){S}als|[Tt]o|[Aa]t|"
    rf"[Ff]rom|[Uu]ntil|[Aa]fter|[Bb]efore|à|[Dd]ès|[Aa]près|[Aa]vant|[Aa]uf|[Aa]b|[Bb]is|[Nn]ach|[Vv]or|"
    rf"mit|jusqu['’]à){S}(?P<one>[1-9]\d)(?=[.;:)]|,?{S}(?:in|by|for|from|or|and|if|with|en|pour|ou|et|si|avec|im|"
    rf"für|oder|und|bei|wenn|"
    rf"mit|ab)\b|,{S}[a-z]|$){_END}"
)
#: "the age of three", "aged eighteen".
IN_WORDS = re.compile(
    rf"\b(?:age(?:{S}of|{S}limit(?:{S}of)?)|aged?)(?:{S}(?:over|under|between|from|at least|of))?{S}(?P<one>{WORDED})"
    rf"(?:{S}(?:and|to|or){S}(?P<two>{WORDED}))?(?![\w-])(?!{S}(?:{v.TIME}|and a half))",
    re.I,
)
#: Behind an age, another: "18 (25 for students)", "12 or, if disabled, 21".
NEXT = re.compile(
    rf"(?:,?{S}(?:or|ou|oder|and|et|und)|{S}?\((?:(?:or|ou|oder){S})?)(?:,?{S}(?:if|for|in|si|pour|en cas|wenn|bei|für|"
    rf"im)\b[^.;,()\d\n]{{0,25}},)?{S}?"
    rf"(?P<one>[1-9]\d)(?=[.,;)]|$|{S}(?:if|for|in|with|while|when|where|si|en|avec|pour|wenn|bei|mit|für|im)\b){_END}"
)
ON_AGE = re.compile(
    r"\bages?\b|\baged\b|younger|\bolder|orphan|orphelin|[Ww]aise|widow|veuve|[Ww]itwe|old[- ]age|vieillesse|"
    r"Alters(?:rente|pension)|\bplus jeune|\bjünger|\bälter|\bim Alter|\bâges?\b|alter\b|altersgrenze|\bretire|"
    r"\bretraite|\bpension\b.{0,40}\b(?:year|an|Jahr)|"
    r"\byears?\s+after\b|\bannées?\s+après\b|\bJahr\s+nach\b",
    re.I,
)
_AGE_AFTER = re.compile(
    r"^[\s-]*(?:of age|old\b|or older\b|or younger\b|oder älter\b|oder jünger\b|olds\b|d['’]âge|révolus|inclus|"
    r"accomplis|alt\b|vollendet)",
    re.I,
)
_AGE_BEFORE = re.compile(
    r"(?:\bages?\b|\baged\b|\bâge\b|\bâgée?s?\b|\bAlter\b|Altersgrenze|[Rr]entenalter|pensionsalter|\bolder than|"
    r"\byounger than|"
    r"\bjünger als|\bälter als|reach(?:es|ed|ing)?|attain\w*|\bturn(?:s|ed|ing)?\b|atteint|atteignent|Vollendung|"
        r"birthday|anniversaire)"
    r"[^.;\n\d]{0,35}$", re.I,
)  # fmt: skip
_SPENT = re.compile(
    r"^[\s,]*(?:of|d['’]|de|du|an|in|à)?\s*(?:\w+\s+)?(?:contribut|insur|residen|employ|work|service|cotis|assur|"
    r"affili|travail|résid|activit|"
    r"séjour|carrière|career|Versicher|Beitr|Wohn|Beschäft|Arbeit|Tätig|Erwerb|Aufenthalt|member|cover|qualify|paid|"
    r"preced|before|prior|"
    r"précéd|following|after\b|suiv|antérieur|vor\b|nach\b|long\b|lang\b|period|période|within|mariage|marriage|"
    r"cohabit|Ehe\b|stage\b|d['’]ancienneté|seniority|practice|training)",
    re.I,
)  # fmt: skip
_SPENDING = re.compile(
    r"(?:during|within|\bfor\b|\blast\b|previous|\bpast\b|preceding|\bevery|\beach|\bafter\b|pendant|durant|"
    r"\bdans l|au cours|derni[eè]re?s|"
    r"précédent|tous les|chaque|\baprès\b|während|innerhalb|letzten|vergangenen|voran?[gu]\w+|\balle\b|jede\b|"
    r"\bnach\b|\bseit\b|"
    r"periods? of|périodes? de|durée|\bDauer|Zeitraum|\bstage\b|wartezeit|zeit(?:en)? von|insurance|insured|"
    r"contribut\w*|cotis\w*|beitr\w*|versicher\w*|"
    r"residen\w*|résid\w*|wohn\w*|affiliat\w*|carrière|career|duration|marri\w*|mari(?:age|é)|limited to|"
    r"spread over|following|suivant|folgenden|ersten|first|premi[eè]re?s|"
    r"entitlement|paid|granted|gewährt|versées?|payées?|accordées?|\büber einen|consecutive)[^.;\n\d]{0,25}$",
    re.I,
)  # fmt: skip
_PERSON = re.compile(
    r"(?:\bm[ea]n\b|women|hommes?|femmes?|männer|frauen|child(?:ren)?|enfants?|kind(?:er|ern|es)?|students?|"
    r"étudiants?|studierende|"
    r"pupils|persons?|personnes?|personen|orphans?|orphelins?|waisen?|retire\w*|retraite|\bruhestand|pension\w*|"
    r"rente\w*|workers?|jeunes|young|jugendliche)[^.;\n\d]{0,40}$",
    re.I,
)  # fmt: skip
#: After a number of years: what they were spent on.
_SPENT_ON = re.compile(
    r"^[\s,]*(?:of|d['’]|de)\s*(?:\w+\s+)?(?:contribut|insur|residen|employ|work|service|cotis|assur|affili|travail|"
    r"résid|carrière|career|"
    r"activit|member|cover|mariage|marriage)|^\s*(?:Versicher|Beitr|Wohn|Beschäft)", re.I,
)  # fmt: skip
#: A word that only says on what something depends.
_BY_AGE = re.compile(
    r"(?:depend\w*|according|selon|suivant|fonction|je nach|nach)\W+(?:\w+\W+){0,3}(?:âge|age|Alter)\b[^.;\n]*$", re.I
)
_TURN = re.compile(
    r"(?:\b(?:at|from|until|till|up to|under|over|below|above|before|by|between|as from|to|à|dès|de|à partir de|"
    r"jusqu['’]à|avant|moins de|plus de|entre|"
    r"avant les|mit|ab|bis|bis zu|unter|über|vor|zwischen|von)|[:(])\s*$", re.I,
)  # fmt: skip
#: "children under …", "enfant de moins de …".
_CHILD_OF = re.compile(
    r"\b(?:child(?:ren)?|enfants?|Kind(?:ern?|es)?)\s+(?:aged\s+)?(?:under|below|over|above|up to|until|de moins de|"
    r"de plus de|"
    r"jusqu['’]à|dès|à partir de|unter|über|bis|bis zu|ab)\s*$",
    re.I,
)
#: Texts that speak of children, whose ages are small.
_CHILDLY = re.compile(
    r"[Cc]hild (?:benefit|allowance)|[Ff]amily (?:benefit|allowance)|[Aa]llocations? familiale|[Mm]ajoration d['’]âge|"
    r"[Kk]inder?(?:geld|beihilfe|zulage)|[Ff]amilien(?:beihilfe|zulage|leistung)|Alterszuschlag|[Aa]ge supplement"
)
#: Years of something: "35 Versicherungsjahre".
_YEARS_OF = re.compile(r"(?:Versicherungs|Beitrags|Dienst|Erwerbs|Arbeits|Wohn|Kalender)jahr")
_AGE_CATEGORIES = {"retirement_age", "early", "deferred", "age", "age_limit"}
#: Ages at which something in social protection begins or ends.
_ADULT = (12, 80)
#: Years that nobody spends, where an age is spoken of.
_RETIRED = (55, 72)


def tail(match: re.Match[str]) -> bool:
    """Whether the words after the number belong to the amount."""
    return bool(match.groupdict().get("tail"))


def _begins(before: str, after: str, value: float, turn: bool, said: str) -> bool:
    """Whether something begins or ends at an age: a grown person's, or a child's where the text is about children."""
    if _CHILD_OF.search(before) or (turn and _ADULT[0] <= value <= _ADULT[1]):
        return not _SPENT_ON.match(after)
    return turn and value < _ADULT[0] and not _SPENT.match(after) and bool(_CHILDLY.search(said))


def kind(text: str, start: int, end: int, value: float, unit: str, category: str, label: str) -> tuple[str, float]:
    """``age`` or ``duration``, by what stands around, and how sure that is."""
    before, after = text[max(0, start - 60) : start], text[end : end + 40]
    if _AGE_AFTER.match(after) or re.search(r"Jährige", text[start : end + 3]):
        return "age", 0.95
    if unit not in ("year", "month") or value > 110 or _YEARS_OF.search(text[start:end]):
        return "duration", 0.95
    strong = bool(_AGE_BEFORE.search(before)) and not _BY_AGE.search(before)
    if strong and not _SPENT.match(after):
        return "age", 0.95
    if unit == "month":
        return "duration", 0.95
    turn, person = bool(_TURN.search(before)), bool(_PERSON.search(before))
    grown = _ADULT[0] <= value <= _ADULT[1]
    if _begins(before, after, value, turn, f"{label} {text}"):
        return "age", 0.8
    late = 50 <= value <= 75 and bool(re.search(r"\b(?:after|après|nach)\s*$", before, re.I))
    late = late or (_RETIRED[0] <= value <= _RETIRED[1] and bool(ON_AGE.search(before)) and not _SPENT_ON.match(after))
    if (_SPENT.match(after) or _SPENDING.search(before)) and not late:
        return "duration", 0.9
    on_age = category in _AGE_CATEGORIES or bool(re.search(r"\bage\b|\bâge\b|alter\b|altersgrenze", label, re.I))
    if grown and (on_age or (person and (turn or value >= 50))):
        return "age", 0.9
    if turn and (person or grown):
        return "age", 0.75
    return ("age", 0.6) if 50 <= value <= 75 else ("duration", 0.85)
