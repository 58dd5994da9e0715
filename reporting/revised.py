"""How a person sees revisions: tables and a figure from what changed between two vintages."""

from __future__ import annotations

import math
from collections.abc import Iterator

import pandas as pd

from reporting.labels import Words
from reporting.revisions import Revisions
from reporting.tables import TIDY, Cell, Row, Table
from reporting.vintages import Store

#: How many of the largest revisions are shown one by one.
_SHOWN = 15
#: Decimals of revisions: one more than most figures are printed with.
_DECIMALS = 2


def tables(found: Revisions, store: Store, words: Words) -> Iterator[Table]:
    """The tables of a revision chapter; those without a row are left out."""
    frames = (
        (_by_country(found, words), words.text("Revisions by country"), words.text("Country")),
        (_largest(found, words), words.text("The largest revisions"), words.text("Series, country and period")),
        (_consequences(found, words), words.text("Published tables with other figures"), words.text("Table")),
        (_verdicts(found, words), words.text("Findings that change"), words.text("Finding")),
    )
    for number, ((columns, rows), title, stub) in enumerate(frames, start=1):
        if rows:
            unit = words.text("revisions in the unit of the series") if number <= 2 else words.text("number")
            name = f"revisions_{found.dataset}_{number}"
            yield _table((name, title, stub, unit), columns, rows, found, store, words)


def triangle(frame: pd.DataFrame, key: str, found: Revisions, store: Store, words: Words) -> Table:
    """A series as known at each vintage (see :func:`reporting.revisions.triangle`)."""
    rows = tuple(
        Row(words.date(str(time)), "", tuple(_number(v, words) for v in row)) for time, row in frame.iterrows()
    )
    title = words.text("The series {key} as known at each vintage", key=key)
    columns = tuple(words.day(str(label)) for label in frame.columns)
    head = (f"triangle_{found.dataset}", title, words.text("Period"), words.text("unit of the series"))
    return _table(head, columns, rows, found, store, words)


_Grid = tuple[tuple[str, ...], tuple[Row, ...]]


def _by_country(found: Revisions, words: Words) -> _Grid:
    summary = found.summary()
    moved = summary[(summary[["revised", "withdrawn"]].sum(axis=1) > 0) | (summary.index == "total")]
    names = {str(geo): words.text("All countries") if geo == "total" else words.geo(str(geo)) for geo in moved.index}
    order = sorted(moved.index, key=lambda geo: (geo == "total", names[str(geo)]))
    columns = (
        words.text("New"), words.text("Revised"), words.text("Withdrawn"), words.text("Mean revision"),
        words.text("Median revision"), words.text("Mean absolute revision"), words.text("Largest revision"),
    )  # fmt: skip
    measures = ("mean", "median", "mean_absolute", "largest")
    rows = []
    for geo in order:
        counts = tuple(_number(moved.at[geo, kind], words, 0) for kind in ("new", "revised", "withdrawn"))
        rows.append(Row(names[str(geo)], "", counts + tuple(_number(moved.at[geo, m], words) for m in measures)))
    return columns, tuple(rows)


def _largest(found: Revisions, words: Words) -> _Grid:
    moved = found.changes[found.changes["difference"].fillna(0) != 0]
    order = moved["difference"].abs().sort_values(ascending=False, kind="stable").index[:_SHOWN]
    columns = (words.text("Before"), words.text("After"), words.text("Difference"), words.text("Per cent"))
    rows = []
    for change in moved.loc[order].to_dict("records"):
        before, after = (str(change[name]) for name in ("flag_before", "flag_after"))
        cells = (
            _number(change["before"], words, flag=before), _number(change["after"], words, flag=after),
            _number(change["difference"], words), _number(change["percent"], words),
        )  # fmt: skip
        rows.append(Row(f"{change['key']}, {words.geo(str(change['geo']))}, {change['time']}", "", cells))
    return columns, tuple(rows)


def _consequences(found: Revisions, words: Words) -> _Grid:
    rows = tuple(Row(words.text(e.title), "", (_number(e.values, words, 0),)) for e in found.effects)
    return (words.text("Printed values that change"),), rows


def _verdicts(found: Revisions, words: Words) -> _Grid:
    kinds = {"brought": words.text("new"), "ended": words.text("settled")}
    rows = tuple(Row(v.message, "", (Cell(None, "", kinds[v.kind], 0),)) for v in found.verdicts[:_SHOWN])
    return (words.text("What became of it"),), rows


def _number(value: object, words: Words, decimals: int = _DECIMALS, flag: str = "") -> Cell:
    number = float(value)  # type: ignore[arg-type]  # cells of a frame of numbers
    known = None if math.isnan(number) else number
    return Cell(known, flag, words.number(known, decimals), decimals)


def _table(
    head: tuple[str, str, str, str],
    columns: tuple[str, ...],
    rows: tuple[Row, ...],
    found: Revisions,
    store: Store,
    words: Words,
) -> Table:
    name, title, stub, unit = head
    letters = sorted({letter for row in rows for cell in row.cells for letter in cell.flag})
    return Table(
        id=name, title=title, geo=found.dataset, tag=words.language.tag, stub=stub, unit_head=words.text("Unit"),
        unit=unit, columns=columns, rows=rows, breaks=(),
        sources=sources(found, store, words), notes=(), flags=tuple((x, words.code("flag", x)) for x in letters),
        flags_head=words.text("Flags: "), tidy=tuple(_tidy(name, found)),
    )  # fmt: skip


def sources(found: Revisions, store: Store, words: Words) -> tuple[str, ...]:
    """The source lines of the two vintages compared."""
    manifests = {m.vintage: m for m, _ in store.manifests(found.dataset)}
    line = words.text("{source}; datasets: {datasets}; data as known on {date}.")
    said = (
        line.format(source=words.text(manifests[x].acknowledgement), datasets=found.dataset, date=words.date(x[:10]))
        for x in (found.start, found.end)
    )
    return tuple(dict.fromkeys(said))


def _tidy(name: str, found: Revisions) -> Iterator[dict[str, object]]:
    """Every change as an observation of its later vintage, what it was before in the note."""
    for change in found.changes.to_dict("records"):
        said = f"{change['kind']}; before: {change['before']} {change['flag_before']}".strip()
        after = None if change["after"] != change["after"] else change["after"]
        record = {
            "table": name, "geo": change["geo"], "indicator": "", "time": change["time"], "unit": "", "value": after,
            "flag": change["flag_after"], "dataset": found.dataset, "key": change["key"], "vintage": found.end,
            "source": "", "note": said,
        }  # fmt: skip
        yield {column: record[column] for column in TIDY}
