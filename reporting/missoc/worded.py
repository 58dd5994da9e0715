"""Numbers that are written as words in English, French and German: "ninety", "vingt-six", "einundzwanzig"."""

from __future__ import annotations

import re
from collections.abc import Iterable

_EN = ("one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
       "eighteen nineteen")  # fmt: skip
_FR = "un deux trois quatre cinq six sept huit neuf dix onze douze treize quatorze quinze seize"
_DE = ("ein zwei drei vier fünf sechs sieben acht neun zehn elf zwölf dreizehn vierzehn fünfzehn sechzehn siebzehn "
       "achtzehn neunzehn")  # fmt: skip
_TENS = {
    "twenty": 20, "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "seventy": 70, "eighty": 80, "ninety": 90,
    "vingt": 20, "vingts": 20, "trente": 30, "quarante": 40, "cinquante": 50, "soixante": 60, "septante": 70,
    "huitante": 80, "nonante": 90, "zwanzig": 20, "dreißig": 30, "dreissig": 30, "vierzig": 40, "fünfzig": 50,
    "sechzig": 60, "siebzig": 70, "achtzig": 80, "neunzig": 90,
}  # fmt: skip
_HUNDREDS = ("hundred", "cent", "cents", "hundert")
_SMALL = {word: n for words in (_EN, _FR, _DE) for n, word in enumerate(words.split(), 1)}
#: One, which may be but an article.
ARTICLES = dict.fromkeys(("un", "une", "ein", "eine", "einem", "einen", "einer", "eines"), 1)
_VALUES = {**_SMALL, **ARTICLES, **_TENS, **dict.fromkeys(_HUNDREDS, 100)}


def _any(words: Iterable[str]) -> str:
    return "(?:" + "|".join(sorted(words, key=len, reverse=True)) + ")"


_DIGIT = _any(_DE.split())
_GERMAN = rf"(?:{_DIGIT}?hundert)?(?:{_DIGIT}und)?{_any(w for w in _TENS if w.endswith('ig'))}|{_DIGIT}hundert"
_ONE = _any(_VALUES)
#: A number in words, of one word or of several.
_LINK = (
    r"(?:-(?:et-)?| et (?=une?\b|onze\b)|(?<=hundred) (?:and )?|(?<=cent) |(?<=cents) | (?=hundred\b|cents?\b(?!imes)))"
)
WORDED = rf"(?:{_GERMAN}|{_ONE}(?:{_LINK}{_ONE}){{0,6}})"
_PIECE = re.compile(_any({*_VALUES, "und"}))
#: German multiples in one word: "eineinhalb", "anderthalb".
HALVES = r"(?:anderthalb|(?:ein|zwei|drei|vier|fünf|sechs)einhalb)"


def value(text: str) -> int:
    """The number that words stand for.

    Examples
    --------
    >>> value("quatre-vingt-dix-huit"), value("einundzwanzig"), value("one hundred and eighty")
    (98, 21, 180)
    """
    total, last = 0, 0
    for word in _PIECE.findall(text.lower()):
        one = _VALUES.get(word, 0)
        if one == 100 and 0 < total < 10:
            total *= one
        elif word.startswith("vingt") and last == 4:
            total += 80 - last
        else:
            total += one
        last = one
    return total


def halved(text: str) -> float:
    """The number of "anderthalb" and "zweieinhalb"."""
    return 1.5 if text.lower() == "anderthalb" else value(text[: -len("einhalb")]) + 0.5


_PARTS_OF = {
    "third": 3, "quarter": 4, "fifth": 5, "sixth": 6, "seventh": 7, "eighth": 8, "ninth": 9, "tenth": 10,
    "twelfth": 12, "twentieth": 20, "thirtieth": 30, "sixtieth": 60, "hundredth": 100,
    "tiers": 3, "quart": 4, "cinquième": 5, "sixième": 6, "septième": 7, "huitième": 8, "neuvième": 9, "dixième": 10,
    "douzième": 12, "vingtième": 20, "trentième": 30, "soixantième": 60, "centième": 100,
    "drittel": 3, "viertel": 4, "fünftel": 5, "sechstel": 6, "siebtel": 7, "achtel": 8, "neuntel": 9, "zehntel": 10,
    "zwölftel": 12, "zwanzigstel": 20, "dreißigstel": 30, "dreissigstel": 30, "sechzigstel": 60, "hundertstel": 100,
}  # fmt: skip
#: "one third of", "deux tiers", "drei Vierteln"; a third party and a quarter of a year are none.
FRACTION = (
    rf"(?P<over>a|le|{_any((*_SMALL, *ARTICLES))})[- ](?P<under>{_any(_PARTS_OF)})"
    r"(?P<more>s|n)?(?![\w-]|['’ ]?d['’]heure)(?<!one third)(?<!a third)(?<!one quarter)(?<!a quarter)"
    rf"|(?P<one>one|a)[- ](?P<part>third|quarter)(?=\s+(?:of(?! an hour)|the|for|more|less)\b|[.,;)]|$)"
)


def fraction(match: re.Match[str]) -> float:
    """The value of a fraction in words; zero for a "three-quarter pension", which is but a name."""
    over, under = match["over"] or match["one"], (match["under"] or match["part"]).lower()
    count = 1 if over.lower() in ("a", "le") else value(over)
    single = count > 1 and not match["more"] and (under == "quarter" or under.endswith(("th", "rd")))
    return 0.0 if single else count / _PARTS_OF[under]
