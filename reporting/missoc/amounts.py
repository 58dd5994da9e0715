"""Amounts in texts: money, percentages, ages, durations and ratios, each a proposal for a person to confirm.

Patterns are tried from the most to the least certain; what one has taken is
blotted out for the next. Dates and numbers of laws are blotted out first.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace

from reporting.missoc import ages, context, spelt, worded
from reporting.missoc import vocabulary as v
from reporting.missoc.masks import FILLER, masked
from reporting.missoc.numbers import NUMBER, parse
from reporting.missoc.placing import LARGE
from reporting.missoc.searched import Amount, Searched
from reporting.missoc.vocabulary import S

_N = rf"(?<![\w/⁄.,'’])(?<!\d[-–]){NUMBER}(?:[.,](?:-{{1,2}}|[–—])(?!\d))?"
_N2 = rf"{NUMBER}"
_TO = rf"(?:{S}*[-–—]{S}*|{S}+(?:to|à|bis|auf|until|bis zu|up to|jusqu['’]à){S}+)"
_AND = rf"{S}+(?:and|or|et|ou|und|oder|respectively|resp\.|bzw\.){S}+(?:de{S}+)?"
_LIST = rf"(?:(?:,{S}+{_N2})+(?:,?{_AND}){_N2}|{_AND}{_N2}|/{_N2})"
_RANGE = rf"{_TO}{_N2}"
_HEAD = rf"(?P<one>{_N})(?P<more>{_RANGE}|{_LIST})?"

_MONEY_BEFORE = re.compile(
    rf"(?P<cur>{v.CURRENCY}){S}?(?P<one>{NUMBER}(?:[.,](?:-{{1,2}}|[–—])(?!\d))?)(?:{S}(?P<mul>{v.MULTIPLE}))?"
    rf"(?P<more>{_TO}{_N2}(?![\d.,]*{S}?(?:{v.PERCENT}|{v.TIME}|{v.CURRENCY})))?"
)  # fmt: skip
_MONEY_AFTER = re.compile(rf"{_HEAD}(?:{S}(?P<mul>{v.MULTIPLE}))?(?:{S}|-)?(?P<cur>{v.CURRENCY})(?!{S}?\d)")
_MONEY_AFTER_ANY = re.compile(rf"{_HEAD}(?:{S}(?P<mul>{v.MULTIPLE}))?(?:{S}|-)?(?P<cur>{v.CURRENCY})")
_PERCENT = re.compile(rf"{_HEAD}[\s-]?(?P<unit>{v.PERCENT})")
_BOTH = re.compile(
    rf"(?P<one>{_N}){S}?[-‐‑]?(?P<unit>(?:years?|ans|années|Jahren?)\b)(?:{S}of age|{S}d['’]âge)?(?:,?{S}(?:and|et|"
    rf"und))?{S}"
    rf"(?P<months>1[01]|\d){S}(?:months?|mois|Monaten?)\b"
)
_TIME = re.compile(rf"{_HEAD}(?:[{S[1:-1]}\n]|[-‐‑])?(?:(?P<joined>{v.JOINED})|(?:{v.WHICH}{S})?(?P<unit>{v.TIME}))")
_FRACTION = re.compile(
    rf"(?<![\w/⁄.,])(?P<one>\d{{1,2}}[/⁄](?:[2-9]|[1-9]\d{{1,2}}))(?![\d/⁄]|[.,]\d)(?:{S}?(?:rds?|ths?|i?[eè]mes?|"
    rf"es?)\b)?"
)
_TIMES = re.compile(rf"(?P<one>{_N}){S}?(?:{v.TIMES})")
_FACTOR = re.compile(rf"{v.FACTOR}(?P<one>{NUMBER})(?![\d.,]*{S}?(?:{v.PERCENT}))", re.I)
_SCALE = re.compile(r"équivalence|equivalence|[Ää]quivalenz|\bweight|Gewicht|pondér|\bscale\b", re.I)
_WEIGHT = re.compile(
    rf"(?:(?:\b(?:adults?|persons?|child(?:ren)?|adultes?|personnes?|enfants?|Erwachsene[nr]?|Person(?:en)?|"
    rf"Kind(?:er)?)|:){S}"
    rf"(?P<one>[01](?:[.,]\d{{1,2}})?)(?=[.,;)]?(?:{S}|$))|[;:,(]{S}?(?P<two>[01](?:[.,]\d{{1,2}})?)(?={S}(?:for|"
    rf"pour|für)\b))"
    rf"(?!{S}?(?:{v.PERCENT}|{v.CURRENCY}|{v.TIME}))"
)
_PARTS = [(re.compile(rf"\b(?:{pattern})(?![\w-])", re.I), value) for pattern, value in v.PARTS.items()]


_BEHIND = re.compile(
    rf"{S}?(?:{v.MULTIPLE}{S})?(?:(?P<cur>{v.CURRENCY})|(?P<part>{v.PERCENT})|"
        rf"[-‐]?(?:{v.WHICH}{S})?(?P<time>{v.TIME}|{v.JOINED}))"
)  # fmt: skip
_AHEAD = re.compile(rf"(?P<cur>{v.CURRENCY}){S}?$")


def unit_beside(text: str, start: int, end: int, geo: str = "") -> str:
    """The unit right beside a number: a currency, ``%`` or a unit of time; empty when there is none."""
    if ahead := _AHEAD.search(text[max(0, start - 16) : start]):
        return v.currency_of(ahead["cur"], geo)
    behind = _BEHIND.match(text, end)
    if not behind:
        return ""
    if behind["cur"]:
        return v.currency_of(behind["cur"], geo)
    return "%" if behind["part"] else v.unit_of(behind["time"])


def extract(text: str, lang: str, geo: str = "", category: str = "", label: str = "") -> list[Amount]:
    """All amounts of a text, in their order.

    Parameters
    ----------
    text : str
    lang : str
        Language, which says how numbers are written.
    geo, category, label : str, optional
        Country (whose krone it is) and category (an age limit speaks of ages).
    """
    searched = text[:LARGE]
    state = Searched(searched, masked(searched), lang, geo, category, label)
    found: list[Amount] = []
    for pattern, make in _STEPS:
        for match in list(pattern.finditer(state.left)):
            if FILLER not in state.left[match.start() : match.end()]:
                amounts = list(make(match, state))
                if amounts:
                    state.take(match.start(), match.end())
                found += amounts
    found += _next_ages(found, state)
    found += _elided(found, state)
    found.sort(key=lambda amount: amount.start)
    return context.described(_converted(found, searched), searched)


def _numbers(
    match: re.Match[str], state: Searched, money: bool = False
) -> Iterator[tuple[int, int, float, str, float]]:
    """Each number of a match: span, value, its place in a range (``from``, ``to``), confidence."""
    start, end = match.span("one")
    more = match.groupdict().get("more") or ""
    ranged = bool(re.match(_TO, more)) or bool(
        more and _BETWEEN.search(state.left[max(0, match.start() - 20) : match.start()])
    )
    spans = [(start, end)]
    if more:
        spans += [(match.start("more") + n.start(), match.start("more") + n.end()) for n in v.NUMBERS.finditer(more)]
    for position, (a, b) in enumerate(spans):
        written = re.sub(r"[.,](?:-{1,2}|[–—])$", "", state.text[a:b])
        number = parse(written, state.lang, money)
        if len(spans) > 1 and position < len(spans) - 1 and re.fullmatch(r"(?:19|20)\d\d", written):
            continue  # a year before the amount
        bound = ("from" if position == 0 else "to") if ranged and len(spans) == 2 else ""
        doubt = (0.3 if number.doubtful else 0) + (0.1 if len(spans) > 1 else 0)
        yield a, b, number.value, bound, 0.95 - doubt


_BETWEEN = re.compile(r"\b(?:between|entre|zwischen)\s+$", re.I)


def _money(match: re.Match[str], state: Searched) -> Iterator[Amount]:
    currency = v.currency_of(match["cur"], state.geo)
    factor = v.multiple_of(match["mul"])
    found = list(_numbers(match, state, True))
    for position, (start, end, value, bound, sure) in enumerate(found):
        first, last = position == 0, position == len(found) - 1
        a = min(start, match.start("cur")) if first and match.start("cur") < match.start("one") else start
        b = max(end, match.end()) if last else end
        yield Amount("money", value * factor, currency, currency, "", bound, a, b, state.text[a:b], False,
                     sure - (0 if currency else 0.25))  # fmt: skip


def _percent(match: re.Match[str], state: Searched) -> Iterator[Amount]:
    after = state.left[match.start("unit") :]
    unit = "points" if v.POINTS.match(match["unit"]) or v.POINTS.match(after[len(match["unit"]) :]) else "%"
    unit = "‰" if match["unit"] == "‰" else unit
    found = list(_numbers(match, state))
    before = state.left[max(0, match.start() - 2) : match.start()]
    negative = before[-1:] == "−" or (before[-1:] == "-" and before[:1] in ("(", " ", ":"))
    for position, (start, end, value, bound, sure) in enumerate(found):
        end = match.end() if position == len(found) - 1 else end
        value = -value if negative and position == 0 else value
        yield Amount("percent", value, unit, "", "", bound, start, end, state.text[start:end], False, sure)


def _both(match: re.Match[str], state: Searched) -> Iterator[Amount]:
    """Years and months together."""
    value = parse(match["one"], state.lang).value + int(match["months"]) / 12
    kind, sure = ages.kind(state.text, match.start(), match.end(), value, "year", state.category, state.label)
    text = state.text[match.start() : match.end()]
    yield Amount(kind, value, "year", "", "", "", match.start(), match.end(), text, False, sure)


def _time(match: re.Match[str], state: Searched) -> Iterator[Amount]:
    unit = v.unit_of(match["unit"] or match["joined"])
    if match["unit"] in ("an", "ans") and state.lang == "en" and not re.search(r"[éèà]", state.text):
        return
    halves = re.fullmatch(r"(\d+)[/⁄](\d+)", match["one"])
    if halves and int(halves[1]) >= int(halves[2]) // 2 and int(halves[2]) > 4:
        a, b = match.span("one")
        spans = [(a, a + len(halves[1])), (b - len(halves[2]), b)]
        found = [(x, y, float(state.text[x:y]), "", 0.8) for x, y in spans]
    else:
        found = list(_numbers(match, state))
    values = [value for _, _, value, _, _ in found]
    kind, sure = ages.kind(state.text, match.start(), match.end(), max(values, default=0), unit, state.category,
                           state.label)  # fmt: skip
    if unit == "year" and values and 1900 <= max(values) <= 2100:
        return
    for position, (start, end, value, bound, own) in enumerate(found):
        end = match.end() if position == len(found) - 1 else end
        yield Amount(kind, value, unit, "", "", bound, start, end, state.text[start:end], False, min(own, sure))


def _aged_in_words(match: re.Match[str], state: Searched) -> Iterator[Amount]:
    for group, bound in (("one", "from"), ("two", "to")):
        if match[group]:
            yield Amount("age", float(worded.value(match[group])), "year", "", "", bound if match["two"] else "",
                         *match.span(group), match[group], False, 0.7)  # fmt: skip


def _weight(match: re.Match[str], state: Searched) -> Iterator[Amount]:
    """The weight of a person, where the text speaks of an equivalence scale."""
    if _SCALE.search(state.text):
        yield from _ratio(match, state)


def _age(match: re.Match[str], state: Searched) -> Iterator[Amount]:
    """Ages that say so without a unit."""
    for group in ("one", "two"):
        if match.groupdict().get(group):
            start, end = match.span(group)
            bound = ("from" if group == "one" else "to") if match.groupdict().get("two") else ""
            whole = match.end() if group == "one" and not match.groupdict().get("two") else end
            shown = (start, max(end, whole)) if ages.tail(match) else (start, end)
            value = parse(match[group], state.lang).value
            yield Amount("age", value, "year", "", "", bound, *shown, state.text[shown[0] : shown[1]], False, 0.8)


#: A number that takes the unit of the amount before it: "15 hours in degree II and 20 in degree III".
_ELIDED = re.compile(
    r"[^.;\n\d\x00]{0,60}?(?:,|\b(?:and|or|et|ou|und|oder|last|previous|preceding|letzten|derni[eè]re?s|after|après|"
    r"nach|davon|dont|of which))\s"
    rf"(?P<one>{_N}|{worded.WORDED})(?=[.;)]|\s(?:for|in|if|when|after|from|thereafter|daily|weekly|pour|la|le|les|en|"
    r"si|dès|ensuite|par|für|im|bei|ab|wenn|danach|täglich|wöchentlich)\b|$)"
)


def _elided(found: list[Amount], state: Searched) -> list[Amount]:
    """Bare numbers that share the unit of a duration or a percentage before them."""
    more, starts = [], {amount.start for amount in found}
    for amount in found:
        match = _ELIDED.match(state.left, amount.end) if amount.kind in ("duration", "percent") else None
        if match and match.start("one") not in starts:
            start, end = match.span("one")
            said = match["one"]
            value = parse(said, state.lang).value if said[0].isdigit() else float(worded.value(said))
            if value < 1000 and (value > 1 or said[0].isdigit()):
                more.append(replace(amount, value=value, start=start, end=end, text=match["one"], qualifier="",
                                    confidence=0.5))  # fmt: skip
                starts.add(start)
    return more


def _next_ages(found: list[Amount], state: Searched) -> list[Amount]:
    """Bare ages right behind one that says it is one."""
    more = []
    for amount in found:
        match = ages.NEXT.match(state.left, amount.end) if amount.kind == "age" else None
        if match and FILLER not in match[0]:
            start, end = match.span("one")
            more.append(replace(amount, value=float(match["one"]), start=start, end=end, text=match["one"],
                                qualifier="", confidence=0.6))  # fmt: skip
    return more


def _rising(match: re.Match[str], state: Searched) -> Iterator[Amount]:
    """A bare age, where the text or its label speaks of ages."""
    if ages.ON_AGE.search(state.label) or ages.ON_AGE.search(state.text):
        start, end = match.span("one")
        yield Amount("age", float(match["one"]), "year", "", "", "", start, end, match["one"], False, 0.6)


def _ratio(match: re.Match[str], state: Searched) -> Iterator[Amount]:
    group = "two" if match.groupdict().get("two") else "one"
    start, end = match.span(group)
    value = parse(match[group], state.lang).value
    if value and not re.search(r"\d{1,2}[/.]$", state.left[max(0, start - 3) : start]):
        yield Amount("ratio", value, "", "", "", "", start, end, state.text[start:end], False, 0.85)


def _part(value: float) -> Callable[[re.Match[str], Searched], Iterator[Amount]]:
    def make(match: re.Match[str], state: Searched) -> Iterator[Amount]:
        yield Amount("ratio", value, "", "", "", "", match.start(), match.end(), match[0], False, 0.7)

    return make


_STEPS: list[tuple[re.Pattern[str], Callable[[re.Match[str], Searched], Iterator[Amount]]]] = [
    (_MONEY_AFTER, _money), (_MONEY_BEFORE, _money), (_MONEY_AFTER_ANY, _money), (_PERCENT, _percent),
    (ages.YEARLING, _age), (ages.BIRTHDAY, _age), (_BOTH, _both), (_TIME, _time),
    (spelt.HALF_POINT, spelt.half_point), (spelt.HALVED, spelt.halved), (spelt.FOLD, spelt.fold),
    (spelt.PART, spelt.part), (spelt.NUMBERED, spelt.numbered), (ages.AGED, _age),
    (ages.IN_WORDS, _aged_in_words), (ages.BESIDE, _age),
    (ages.BEHIND, _age), (ages.RISING, _rising), (_TIMES, _ratio), (_FACTOR, _ratio),
    (_WEIGHT, _weight), (_FRACTION, _ratio),
    *((pattern, _part(value)) for pattern, value in _PARTS),
]  # fmt: skip


def _converted(found: list[Amount], text: str) -> list[Amount]:
    """Mark money in brackets right behind money in another currency."""
    marked: list[Amount] = []
    for amount in found:
        before = marked[-1] if marked else None
        if before and amount.kind == before.kind == "money" and amount.currency != before.currency:
            between = text[before.end : amount.start]
            if (
                (_BRACKET.fullmatch(between) or amount.currency == "EUR" and _FARTHER.fullmatch(between))
                and re.match(r"[^()\n]{0,40}[)\]]", text[amount.end :])
                or re.fullmatch(r"\s?[=≈]\s?", between)
            ):
                amount = replace(amount, conversion=True)
        marked.append(amount)
    return marked


#: A few words more, such as "per child per month", before euro in brackets.
_FARTHER = re.compile(r"[^\d().;:\n]{1,40}[(\[]\s*(?:approx(?:imately|\.)?|about|env(?:iron|\.)?|ca\.?|rund|=|≈|~)?\s*")
_BRACKET = re.compile(
    r"(?:\s*(?:per|a|par|pro|je|im)\s+\w+|\s*/\s*\w+|\s*\w{0,10}(?:ly|lich|uel))?"
    r"(?:\s*,?\s*(?:au (?:plus|maximum|moins)|max(?:imum|\.)?|at (?:the )?(?:most|least)|höchstens|mindestens|"
    r"minimum))?\s*[(\[]\s*(?:approx(?:imately|"
    r"\.)?|about|around|i\.e\.|env(?:iron|\.)?|soit|ca\.?|circa|etwa|rund|d\.h\.|or|=|≈|~)?\s*"
)
