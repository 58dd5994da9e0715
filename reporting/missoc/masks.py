"""Numbers that are no amounts: dates, years, articles and numbers of laws."""

from __future__ import annotations

import re

from reporting.missoc.vocabulary import CURRENCY, PERCENT, TIME, S

_MONTH = (
    r"(?:Jan(?:uary|uar|vier|\.)?|Jänner|Feb(?:ruary|ruar|\.)?|[Ff]évrier|[Jj]anvier|Mar(?:ch|\.)|[Mm]ars|März|"
    r"Apr(?:il|\.)?|[Aa]vril|May|[Mm]ai|June?|[Jj]uin|Juni|July?|[Jj]uillet|Juli|Aug(?:ust|\.)?|[Aa]oût|"
    r"Sept?(?:ember|\.)?|[Ss]eptembre|Oct(?:ober|\.)?|[Oo]ctobre|Okt(?:ober|\.)?|Nov(?:ember|\.)?|[Nn]ovembre|"
    r"Dec(?:ember|\.)?|[Dd]écembre|Dez(?:ember|\.)?)(?![A-Za-z])"
)
_DAY = r"(?<![\d.,])\d{1,2}(?:\.|st|nd|rd|th|er|ᵉʳ|º)?"
_YEAR = r"(?:19|20)\d\d(?!\d)"
_UNITS = rf"(?:{PERCENT}|{CURRENCY}|{TIME})"
_NOT_AMOUNT = rf"(?!\d|[.,]\d|{S}?{_UNITS})"
_LAW = (
    r"(?:Art(?:icles?|ikeln?|\.)|§{1,2}|[Ss]ections?|[Ss]ec\.|[Pp]aragraphs?|[Pp]aragraphes?|[Pp]ara\.|Abs(?:atz|\.)|"
    r"alinéas?|al\.|[Rr]egulations?|[Dd]irectives?|[Rr]èglements?|Verordnung(?:en)?|Richtlinien?|Act|Law|Lois?|"
    r"Gesetz(?:es)?|Decree|[Dd]écrets?|Order|Arrêtés?|Erlass|Title|Titre|Book|Livre|Buch|Annexe?s?|Anhang|Tables?|"
    r"Tableaux?|Tabellen?|Chapters?|Chapitres?|Kapitel|BGBl\.?|Chap\.|Cap\.|Satz|Ziff(?:er|\.)|Teil|Part|Pillar|"
    r"Pflege(?:grad|stufe)e?n?|[Cc]ategor(?:y|ies)|[Cc]atégories?|Kategorien?|[Gg]roups?|[Gg]roupes?|Gruppen?|"
    r"[Ll]evels?|[Nn]iveaux?|Stufen?|[Cc]lass(?:es)?|[Cc]lasses?|Klassen?|SGB)"
)
_NUMBERED = r"(?:No\.?|Nos\.?|Nr\.?|[Nn][°º]|no\.|nr\.)"
_DATES = (
    rf"{_DAY}\s+(?:of\s+)?{_MONTH}(?:\s+{_YEAR})?",
    rf"{_MONTH}\s+\d{{1,2}}(?:st|nd|rd|th)?,?\s+{_YEAR}",
    rf"{_MONTH}\s+{_YEAR}",
    r"(?<![\d.,])\d{1,2}[./]\d{1,2}[./](?:19|20)?\d\d(?!\d)",
    r"(?<!\d)\d{4}-\d{2}-\d{2}(?!\d)",
    r"(?<![\d.,])(?:0?[1-9]|[12]\d|3[01])\.\s?(?:0?[1-9]|1[0-2])\.(?!\d)(?=\s|$)",
    rf"(?<!\d){_YEAR}\s?[-–/]\s?(?:(?:19|20)\d\d|\d\d)(?!\d){_NOT_AMOUNT}",
    # A year before another amount is one; a year before a unit is an amount.
    rf"\b(?:[Ii]n|[Ss]ince|[Ff]rom|[Uu]ntil|[Bb]efore|[Aa]fter|[Ee]n|[Dd]epuis|[Dd]ès|[Aa]vant|[Aa]près|jusqu['’]en|"
    rf"[Jj]ahre?s?|[Ss]eit|[Aa]b|[Bb]is|[Vv]or|[Nn]ach|year|année|of|de|born|né|nés|geboren|and|et|und|l['’]année)\s+"
    rf"{_YEAR}(?:(?={S}?{CURRENCY}{S}?\d)|(?!{S}\d{{3}}(?!\d)|[.,]\d){_NOT_AMOUNT})",
)
_LAWS = (
    rf"\b{_LAW}\s*(?:\((?:E[CUGW]+|CE|UE|EWG|CEE|EEC)\)\s*)?(?:{_NUMBERED}\s*)?\d+[\d/.-]*[a-z]?\b"
    rf"(?:\s*(?:,|and|et|und|or|ou|oder|to|à|bis|-|–)\s*\d+[a-z]?(?![\d.,]*{S}?(?:{_UNITS}|\d)))*{_NOT_AMOUNT}",
    rf"(?<![A-Za-z]){_NUMBERED}\s*\d+(?:[/.-]\d+)*(?![\d.,]*{S}?{_UNITS})",
    r"(?<!\d)\d{1,4}/(?:19|20)?\d\d/(?:E[CUG]+|CE|UE|EWG|CEE|EEC)\b",
    r"§{1,2}\s*\d+[a-z]?",
    r"\b(?<!/)\d+(?:st|nd|rd|th|re|ère|e|ème|er)\b(?!(?:\s+(?:or|and|ou|et)\s+\d+\w*)?\s+(?:birthdays?|anniversaires?))",
)
_MASK = re.compile("|".join(f"(?:{pattern})" for pattern in (*_DATES, *_LAWS)))
_DATE = re.compile("|".join(f"(?:{pattern})" for pattern in _DATES))
_LAW_NUMBER = re.compile("|".join(f"(?:{pattern})" for pattern in _LAWS))
#: Characters around a number that say whether it belongs to a date or a law.
_AROUND = 60
#: What stands in place of what is masked: no letter, figure or space.
FILLER = "\x00"


def masked(text: str) -> str:
    """The text with all dates, years and legal references blotted out, of the same length."""
    return _MASK.sub(lambda found: FILLER * len(found[0]), text)


def nature(text: str, start: int, end: int) -> str:
    """Whether a number at a place of a text belongs to a ``date``, a ``law`` or to neither."""
    first = max(0, start - _AROUND)
    window = text[first : end + _AROUND]
    for name, pattern in (("date", _DATE), ("law", _LAW_NUMBER)):
        if any(m.start() < end - first and start - first < m.end() for m in pattern.finditer(window)):
            return name
    return "number"
