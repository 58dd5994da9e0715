"""Amounts that are written in words: "ninety days", "un an et demi", "das Dreifache", "two thirds"."""

from __future__ import annotations

import re
from collections.abc import Iterator

from reporting.missoc import ages, worded
from reporting.missoc import vocabulary as v
from reporting.missoc.searched import Amount, Searched
from reporting.missoc.vocabulary import S
from reporting.missoc.worded import FRACTION, HALVES, WORDED

NUMBERED = re.compile(
    rf"\b(?P<one>{WORDED})(?:{S}(?:to|or|and|à|ou|et|bis|oder|und){S}(?P<two>{WORDED}))?"
    rf"(?:[ -](?:{v.WHICH}{S})?(?P<unit>{v.TIME}|{v.PERCENT}|{v.CURRENCY})|(?P<joined>{v.JOINED}))",
    re.I,
)
#: "a year and a half", "two and a half years", "un an et demi", "eineinhalb Jahre", "half a year".
HALVED = re.compile(
    rf"\b(?:(?P<one>a|{WORDED}){S}(?:and a half{S}(?P<en>{v.TIME})|(?P<fr>{v.TIME}){S}(?:et demie?|and a half)\b)"
    rf"|(?P<de>{HALVES}){S}(?P<unit>{v.TIME})"
    rf"|(?P<half>half an?{S}|une demi-|ein(?:e[nmrs]?)? halbe[nrs]?{S})(?P<of>{v.TIME}))",
    re.I,
)
HALF_POINT = re.compile(
    rf"\b(?:half an?{S}|(?:une?{S})?demi[- ]|(?:ein(?:e[nmrs]?)?{S})?halbe[nrs]?{S})(?P<unit>points?\b|{v.PERCENT})",
    re.I,
)
FOLD = re.compile(
    rf"\b(?:(?P<half>{WORDED})(?:{S}and a half times|{S}fois et demie?)\b|(?P<one>{WORDED})(?:{S}times|{S}fois|"
    rf"[ -]?mal)\b"
    rf"{v.OFTEN}|(?P<de>{HALVES}|{WORDED})fache?[nms]?\b)",
    re.I,
)
PART = re.compile(rf"\b(?:{FRACTION})", re.I)


def numbered(match: re.Match[str], state: Searched) -> Iterator[Amount]:
    """An amount whose number is written as a word, or two of them."""
    each = re.search(
        r"\b(?:par|every|each|chaque|pro|je|per)\s+$", state.left[max(0, match.start() - 20) : match.start()], re.I
    )
    if each and worded.value(match["one"]) == 1:
        return
    said = match["unit"] or match["joined"]
    unit = v.unit_said(said, state.geo)
    if match["one"].lower() in worded.ARTICLES and unit not in ("week", "month", "quarter", "year", "hour"):
        return
    ranged = bool(match["two"]) and not re.search(rf"{S}(?:or|and|ou|et|oder|und){S}", match[0])
    for group, bound in (("one", "from"), ("two", "to")):
        if match[group]:
            start, end = match.start(group), match.end() if group == "two" or not match["two"] else match.end(group)
            value, qualifier = float(worded.value(match[group])), bound if ranged else ""
            yield _spelt(state, value, unit, start, end, qualifier)


def _spelt(state: Searched, value: float, unit: str, start: int, end: int, qualifier: str = "") -> Amount:
    """An amount in words: a percentage, money, or a time."""
    if unit in ("%", "‰", "points"):
        kind, currency, sure = "percent", "", 0.7
    elif len(unit) == 3 and unit.isupper():
        kind, currency, sure = "money", unit, 0.7
    else:
        currency = ""
        kind, sure = ages.kind(state.text, start, end, value, unit, state.category, state.label)
    return Amount(kind, value, unit, currency, "", qualifier, start, end, state.text[start:end], False, min(sure, 0.7))


def halved(match: re.Match[str], state: Searched) -> Iterator[Amount]:
    """Times of so many and a half."""
    unit = v.unit_of(match["en"] or match["fr"] or match["unit"] or match["of"])
    if match["half"]:
        value = 0.5
    elif match["de"]:
        value = worded.halved(match["de"])
    else:
        value = (1 if match["one"].lower() == "a" else worded.value(match["one"])) + 0.5
    yield _spelt(state, value, unit, match.start(), match.end())


def half_point(match: re.Match[str], state: Searched) -> Iterator[Amount]:
    """Half a point or half a per cent."""
    unit = "points" if v.POINTS.match(match["unit"]) else "%"
    yield _spelt(state, 0.5, unit, match.start(), match.end())


def fold(match: re.Match[str], state: Searched) -> Iterator[Amount]:
    """Multiples in words: "three times", "une fois et demie", "das Eineinhalbfache"."""
    if match["half"]:
        value = worded.value(match["half"]) + 0.5
    elif match["de"]:
        halves = re.fullmatch(HALVES, match["de"], re.I)
        value = worded.halved(match["de"]) if halves else worded.value(match["de"])
    else:
        value = worded.value(match["one"])
    if value > 1:
        yield Amount("ratio", value, "", "", "", "", match.start(), match.end(), match[0], False, 0.7)


def part(match: re.Match[str], state: Searched) -> Iterator[Amount]:
    """A fraction in words."""
    if value := worded.fraction(match):
        yield Amount("ratio", value, "", "", "", "", match.start(), match.end(), match[0], False, 0.7)
