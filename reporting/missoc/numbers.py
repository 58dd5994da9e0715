"""Numbers as English, French and German texts write them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction

#: Spaces that group thousands, the narrow and the unbreakable among them.
SPACE = " \u00a0\u202f\u2009\u2007\u2008"
_GROUPED = rf"\d{{1,3}}(?:[{SPACE}]\d{{3}})+(?!\d)(?:[.,]\d{{1,4}}(?!\d))?"
_POINTED = r"\d{1,3}(?:[.,'’]\d{3})+(?!\d)(?:[.,]\d{1,4}(?!\d))?"
_PLAIN = r"\d+(?:[.,]\d{1,6}(?!\d))?"
_MIXED = rf"(?:\d+[{SPACE}])?\d{{1,2}}[/⁄]\d{{1,2}}(?!\d|[/⁄.])|\d*[{SPACE}]?[½¼¾⅓⅔⅛⅕]"
#: A number: grouped thousands, a decimal sign of either kind, a fraction.
NUMBER = rf"(?:{_MIXED}|{_GROUPED}|{_POINTED}|{_PLAIN})"
_SIGNS = {"½": Fraction(1, 2), "¼": Fraction(1, 4), "¾": Fraction(3, 4), "⅓": Fraction(1, 3), "⅔": Fraction(2, 3),
          "⅛": Fraction(1, 8), "⅕": Fraction(1, 5)}  # fmt: skip


@dataclass(frozen=True)
class Number:
    """A value, and whether its separators could mean another one."""

    value: float
    doubtful: bool = False


def parse(text: str, lang: str, money: bool = False) -> Number:
    """The value of a number as a language writes it.

    Two kinds of separators settle the matter: the last is the decimal sign. A
    lone one before three figures is what the language uses it for; money has no
    three decimals, so that there it groups, with a doubt.

    Examples
    --------
    >>> parse("1.234,56", "de").value, parse("1,234.56", "en").value, parse("12½", "fr").value
    (1234.56, 1234.56, 12.5)
    """
    text = re.sub(rf"['’]|(?<=\d)[{SPACE}](?=\d{{3}}(?!\d|[/⁄]))", "", text)
    if text[-1] in _SIGNS or "/" in text or "⁄" in text:
        return Number(float(_fraction(text)))
    signs = [sign for sign in text if sign in ".,"]
    if not signs:
        return Number(float(text))
    last, digits = signs[-1], len(text) - max(text.rfind("."), text.rfind(",")) - 1
    if len(set(signs)) > 1 or (len(signs) == 1 and digits != 3):
        return Number(_with_decimal(text, last))
    if len(signs) > 1:
        return Number(float(text.replace(last, "")))
    grouping = "," if lang == "en" else "."
    if text[0] == "0" or len(text.partition(last)[0]) > 3:
        return Number(_with_decimal(text, last))
    if last == grouping or money:
        return Number(float(text.replace(last, "")), last != grouping)
    return Number(_with_decimal(text, last), True)


def _with_decimal(text: str, sign: str) -> float:
    head, _, tail = text.rpartition(sign)
    return float(re.sub(r"[.,]", "", head) + "." + tail)


def _fraction(text: str) -> Fraction:
    if text[-1] in _SIGNS:
        whole = text[:-1].strip(SPACE)
        return Fraction(whole or 0) + _SIGNS[text[-1]]
    whole, part = "0", text
    if found := re.match(rf"(\d+)[{SPACE}](.*)", text):
        whole, part = found[1], found[2]
    over, under = re.split("[/⁄]", part)
    return Fraction(whole) + (Fraction(int(over), int(under)) if int(under) else 0)
