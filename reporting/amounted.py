"""How a person sees confirmed amounts over editions: a table and a figure, nominal, in euro and in real terms."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import groupby

import pandas as pd

from reporting import charts
from reporting.labels import Words
from reporting.missoc.cells import CELLS
from reporting.missoc.recognise import Catalogue
from reporting.missoc.series import Point, Prices, lacking, unrated
from reporting.tables import TIDY, Cell, Row, Table

#: So many lines can be told apart.
MOST = 10
#: Words before an amount that tell it from another of its category.
_NEAR = 5


def unit(point: Point, words: Words, currency: str = "") -> str:
    """The unit of an amount with its period, in words."""
    name = {
        "points": words.text("percentage points"), "year": words.text("years"), "month": words.text("months"),
        "week": words.text("weeks"), "day": words.text("days"), "hour": words.text("hours"),
        "quarter": words.text("quarters"), "": words.text("ratio"),
    }.get(currency or point.unit, currency or point.unit)  # fmt: skip
    each = {
        "hour": words.text("per hour"), "day": words.text("per day"), "week": words.text("per week"),
        "month": words.text("per month"), "quarter": words.text("per quarter"), "year": words.text("per year"),
    }.get(point.period, "")  # fmt: skip
    return f"{name} {each}".strip()


def _named(found: Sequence[Point], catalogue: Catalogue, words: Words) -> dict[tuple[str, ...], str]:
    """A name for each series: its category, and the words before the amount where it has several."""
    lang = words.language.id
    firsts = {key: next(group) for key, group in groupby(found, lambda p: p.series)}
    names = {key: catalogue.name(p.table, p.category, lang) for key, p in firsts.items()}
    several = {name for name in names.values() if list(names.values()).count(name) > 1}
    return {key: f"{name}: {_near(firsts[key])}" if name in several else name for key, name in names.items()}


def _near(point: Point) -> str:
    """The words before an amount, or behind it where it stands at the beginning."""
    before, _, after = (part.split() for part in re.split(r"\[\[(.*?)\]\]", point.words, maxsplit=1))
    return " ".join((*before[-_NEAR:], "…") if before else ("…", *after[:_NEAR]))


def table(found: Sequence[Point], catalogue: Catalogue, words: Words, prices: Prices, vintages: Sequence[str]) -> Table:
    """Amounts with a column for each edition: nominal, in euro, and at the prices of one year."""
    editions = sorted({point.edition for point in found})
    names, rows = _named(found, catalogue, words), []
    for key, group in groupby(found, lambda p: p.series):
        own = {point.edition: point for point in group}
        last = own[max(own)]
        rows.append(Row(names[key], unit(last, words), _cells(own, editions, "value", words)))
        if any(p.unit != "EUR" and p.euro is not None for p in own.values()):
            rows.append(Row(f"{names[key]}, {words.text('in euro')}", unit(last, words, "EUR"),
                            _cells(own, editions, "euro", words)))  # fmt: skip
        if any(p.real is not None for p in own.values()):
            said = words.text("at {year} prices", year=str(prices.base))
            shown = unit(last, words, "EUR" if last.euro is not None else "")
            rows.append(Row(f"{names[key]}, {said}", shown, _cells(own, editions, "real", words)))
    broken = any(point.broken for point in found)
    return Table(
        id=f"missoc_amounts_{found[0].table}", title=words.text("Amounts over the editions of MISSOC"),
        geo=words.geo(found[0].geo), tag=words.language.tag, stub=words.text("Amount"),
        unit_head=words.text("Unit"), unit="", columns=tuple(words.date(edition) for edition in editions),
        rows=tuple(rows), breaks=(), sources=(source(editions, words),), notes=notes(found, words, prices),
        flags=(("b", words.text("break in series")),) if broken else (), flags_head=words.text("Flags: "),
        tidy=tuple(_tidy(point, vintages) for point in found),
    )  # fmt: skip


def _cells(own: dict[str, Point], editions: Sequence[str], what: str, words: Words) -> tuple[Cell, ...]:
    cells = []
    for edition in editions:
        point = own.get(edition)
        value = getattr(point, what) if point else None
        flag = "b" if point and point.broken and value is not None else ""
        decimals = 0 if value is not None and float(value).is_integer() else 2
        cells.append(Cell(value, flag, ":" if value is None else words.number(value, decimals), decimals))
    return tuple(cells)


def _tidy(point: Point, vintages: Sequence[str]) -> dict[str, object]:
    record = {
        "table": f"missoc_amounts_{point.table}", "geo": point.geo, "indicator": "", "time": point.edition,
        "unit": f"{point.unit} {point.period}".strip(), "value": point.value, "flag": "b" if point.broken else "",
        "dataset": CELLS.dataset, "key": f"{point.table}.{point.category}.{point.id}",
        "vintage": "; ".join(v for v in vintages if v[:10] == point.edition), "source": "", "note": point.qualifier,
    }  # fmt: skip
    return {column: record[column] for column in TIDY}


def source(editions: Sequence[str], words: Words) -> str:
    """The source line: which editions, confirmed by a person."""
    return words.text(
        "Source: MISSOC comparative tables, editions of {start} to {end}; each amount was confirmed by a person.",
        start=words.date(editions[0]), end=words.date(editions[-1]),
    )  # fmt: skip


def notes(found: Sequence[Point], words: Words, prices: Prices) -> tuple[str, ...]:
    """With what amounts were made real, and what is missing for it."""
    said = []
    if any(point.real is not None for point in found):
        said.append(words.text(
            "At {year} prices: divided by the harmonised index of consumer prices of the month of the edition.",
            year=str(prices.base),
        ))  # fmt: skip
    if missing := lacking(found):
        places = words.enumeration([f"{words.geo(geo)} {month}" for geo, month in missing])
        said.append(words.text("The store holds no consumer prices for {places}: no amount at constant prices.",
                               places=places))  # fmt: skip
    if currencies := unrated(found):
        said.append(words.text("The store holds no rate for {currencies}: no amount in euro.",
                               currencies=words.enumeration(currencies)))  # fmt: skip
    return tuple(said)


def figure(found: Sequence[Point], catalogue: Catalogue, words: Words, prices: Prices) -> charts.Figure | None:
    """Lines over editions in one unit, money in euro and at the prices of one year; None where nothing can be drawn."""
    kept = [point for point in found if point.kind != "money" or point.euro is not None]
    if not kept:
        return None
    names = _named(found, catalogue, words)
    title = words.text("Amounts over the editions of MISSOC")
    shown = unit(kept[0], words, "EUR" if kept[0].kind == "money" else "")
    frame = pd.DataFrame(_drawn(kept, names, words, prices))
    caption = f"{title}, {words.geo(kept[0].geo)} ({shown})"
    below = (*_marks(kept, words), *notes(found, words, prices), source(_editions(kept), words))
    alternative = f"{words.text('Line chart')}. {title}. {_said(frame, words)}."
    name = "_".join(filter(None, ("missoc_amounts", kept[0].table, *units(kept)[0])))
    head = charts.Figure(name, caption, alternative, b"", below)
    return charts.over_time(frame, words, head, shown)


def _said(frame: pd.DataFrame, words: Words) -> str:
    """Every value of the figure, line by line."""
    lines = []
    for label, own in frame.groupby("label", sort=False):
        pairs = zip(own["time"], own["value"], strict=True)
        lines.append(f"{label}: " + ", ".join(f"{words.number(float(value), 2)} ({time})" for time, value in pairs))
    return "; ".join(lines)


def _editions(found: Iterable[Point]) -> list[str]:
    return sorted({point.edition for point in found})


def _marks(found: Iterable[Point], words: Words) -> tuple[str, ...]:
    broken = any(point.broken for point in found)
    return (words.text("A dotted vertical line marks a break in series."),) if broken else ()


def _drawn(
    found: Iterable[Point], names: dict[tuple[str, ...], str], words: Words, prices: Prices
) -> Iterable[dict[str, object]]:
    said = words.text("at {year} prices", year=str(prices.base))
    for point in found:
        flag = "b" if point.broken else ""
        nominal = point.value if point.kind != "money" else point.euro
        yield {"label": names[point.series], "time": point.edition, "value": nominal, "flag": flag}
    for point in found:
        if point.real is not None and point.kind == "money":
            yield {"label": f"{names[point.series]}, {said}", "time": point.edition, "value": point.real, "flag": ""}


def units(found: Iterable[Point]) -> list[tuple[str, str, str]]:
    """The kinds of units among points: a figure shows one."""
    return sorted({(p.kind, "EUR" if p.kind == "money" else p.unit, p.period) for p in found})
