"""From a declared table and indicator values to a table in one language.

Columns are the last years (or dates) that hold a value; rows are indicators,
countries, or one dimension against another. Notes tell what a reader must know:
findings that concern the figures, breaks, values computed by us.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import pandas as pd

from reporting import declarations as decl
from reporting import reads, validation
from reporting.indicators import Evaluator
from reporting.labels import Words
from reporting.tables import TIDY, Cell, Row, Table
from reporting.vintages import Store

_SOURCES_SHOWN = 4
#: Flags that say why a value is missing; no other stands beside a missing value.
WHY_MISSING = "cmnuz"


@dataclass(frozen=True)
class Reader:
    """For whom a table is made: country, language, span; and from what."""

    evaluator: Evaluator
    words: Words
    geo: str
    span: int
    growth: bool
    findings: Callable[[frozenset[str]], list[validation.Finding]]

    def geos(self, declared: Iterable[str]) -> list[str]:
        """Geo codes of a declared list: ``@GROUP`` stands for its members, ``=`` for the country itself."""
        found: list[str] = []
        for code in declared:
            group = self.words.declarations.groups.get(code[1:], ()) if code.startswith("@") else (code,)
            found += [geo for geo in (self.geo if c == "=" else c for c in group) if geo not in found]
        return found


def build(table: decl.Table, reader: Reader) -> Table | None:
    """A declared table for one reader.

    Returns
    -------
    Table or None
        None when the store holds no value for it.
    """
    ids = reader.words.declarations.indicator_ids(table.rows)
    geos = reader.geos(table.geos) if table.by == "geo" else [reader.geo]
    frame = reader.evaluator.table(ids, geos)
    frame = frame[frame["value"].notna() | (frame["flag"] != "")]
    if not frame["value"].notna().any():
        return None
    if table.by == "cross":
        frame = frame[frame["time"] == _latest(frame)]
    else:
        frame = frame[frame["time"].isin(_columns(frame, reader.span))]
    if table.by == "geo":
        return _by_geo(table, reader, frame, ids[0], geos)
    return _cross(table, reader, frame) if table.by == "cross" else _by_time(table, reader, frame, ids)


def _latest(frame: pd.DataFrame) -> str:
    """The last time at which most of the values are there."""
    counts = frame[frame["value"].notna()].groupby("time").size()
    return str(counts[counts >= 0.5 * counts.max()].index.max())


def _columns(frame: pd.DataFrame, span: int) -> list[str]:
    """The last ``span`` years up to the last value, those that hold one; of sparse series the last times."""
    times = sorted(frame.loc[frame["value"].notna(), "time"].unique())
    if not all(time.isdigit() for time in times):
        return times[-span:]
    recent = [time for time in times if int(time) > int(times[-1]) - span]
    return recent if 2 * len(recent) >= min(span, len(times)) else times[-span:]


def _by_time(table: decl.Table, reader: Reader, frame: pd.DataFrame, ids: list[str]) -> Table:
    w, d = reader.words, reader.words.declarations
    times = sorted(frame["time"].unique())
    shown = [i for i in ids if frame.loc[frame["indicator"] == i, "value"].notna().any()]
    rows, breaks = [], set()
    extra = _growth_heads(table, reader, times)
    for name in shown:
        indicator = d.indicators[name]
        own = frame[frame["indicator"] == name].set_index("time")
        cells = [_cell(own, time, indicator.decimals, w) for time in times]
        breaks |= {position for position, cell in enumerate(cells) if "b" in cell.flag and position}
        cells += [_derived(change(cells), decimals, w) for change, decimals in _changes(extra, indicator, times)]
        rows.append(Row(w.indicator(indicator), w.code("unit", indicator.unit), tuple(cells)))
    columns = [w.day(time) for time in times] + [head for head, *_ in extra]
    return _table(table, reader, frame, w.text("Item"), columns, rows, breaks, {d.indicators[i].unit for i in shown})


def _by_geo(table: decl.Table, reader: Reader, frame: pd.DataFrame, name: str, geos: list[str]) -> Table:
    w, indicator = reader.words, reader.words.declarations.indicators[name]
    times = sorted(frame["time"].unique())
    rows, breaks = [], set()
    known = set(frame.loc[frame["value"].notna(), "geo"])
    countries = sorted((g for g in geos if g in known), key=lambda g: (g not in w.declarations.groups, w.geo(g)))
    for geo in countries:
        own = frame[frame["geo"] == geo].set_index("time")
        cells = [_cell(own, time, indicator.decimals, w) for time in times]
        if geo == reader.geo:
            breaks = {position for position, cell in enumerate(cells) if "b" in cell.flag and position}
        rows.append(Row(w.geo(geo), w.code("unit", indicator.unit), tuple(cells)))
    columns = [w.day(time) for time in times]
    return _table(table, reader, frame, w.text("Country"), columns, rows, breaks, {indicator.unit})


def _cross(table: decl.Table, reader: Reader, frame: pd.DataFrame) -> Table:
    w, d = reader.words, reader.words.declarations
    assert table.across is not None  # the loader lets no cross table pass without it
    down, right = table.across
    by_codes = {
        (d.indicators[str(name)].codes[down], d.indicators[str(name)].codes[right]): part.set_index("time")
        for name, part in frame.groupby("indicator")
    }
    decimals = d.indicators[frame["indicator"].iloc[0]].decimals
    time = frame["time"].iloc[0]
    ids = d.indicator_ids(table.rows)
    rights = [c for c in dict.fromkeys(d.indicators[i].codes[right] for i in ids) if any(c == r for _, r in by_codes)]
    rows = []
    for code in dict.fromkeys(d.indicators[i].codes[down] for i in ids):
        if any(code == left for left, _ in by_codes):
            cells = [_cell(by_codes.get((code, r)), time, decimals, w) for r in rights]
            rows.append(Row(w.code(down, code), "", tuple(cells)))
    columns = [w.code(right, code) for code in rights]
    units = {d.indicators[i].unit for i in ids}
    return _table(table, reader, frame, f"{w.code('dimension', down)}, {w.date(time)}", columns, rows, set(), units)


def _cell(own: pd.DataFrame | None, time: str, decimals: int, words: Words) -> Cell:
    if own is None or time not in own.index:
        return Cell(None, "", words.number(None, 0), decimals)
    value, flag = float(own.at[time, "value"]), str(own.at[time, "flag"])  # type: ignore[arg-type]
    known = None if math.isnan(value) else value
    if known is None:
        flag = "".join(letter for letter in flag if letter in WHY_MISSING)
    return Cell(known, flag, words.number(known, decimals), decimals)


def _derived(value: float, decimals: int, words: Words) -> Cell:
    known = None if math.isnan(value) else value
    return Cell(known, "", words.number(known, decimals), decimals)


def _points(unit: str) -> bool:
    """Whether a change in this unit is a difference of points, and growth has no meaning."""
    return unit.startswith("PC")


_Change = Callable[[list[Cell]], float]


def _growth_heads(table: decl.Table, reader: Reader, times: list[str]) -> list[tuple[str, str]]:
    """Headings of the growth columns, each with what it holds."""
    if not reader.growth or len(times) < 2 or not all(time.isdigit() for time in times):
        return []
    rows = [reader.words.declarations.indicators[i] for i in reader.words.declarations.indicator_ids(table.rows)]
    units = {indicator.unit for indicator in rows if indicator.spans}
    if not units:
        return []
    span = {"start": times[0], "end": times[-1]}
    heads = [(reader.words.text("Change {start}–{end}", **span), "change")]
    if not all(_points(unit) for unit in units):
        heads.append((reader.words.text("Average growth per year, %"), "growth"))
    return heads


def _changes(extra: list[tuple[str, str]], indicator: decl.Indicator, times: list[str]) -> list[tuple[_Change, int]]:
    count = len(times)

    def change(cells: list[Cell]) -> float:
        first, last = cells[0].value, cells[count - 1].value
        return float("nan") if not indicator.spans or first is None or last is None else last - first

    def growth(cells: list[Cell]) -> float:
        first, last = cells[0].value, cells[count - 1].value
        if not indicator.spans or _points(indicator.unit) or not first or last is None or last / first <= 0:
            return float("nan")
        return float(100 * ((last / first) ** (1 / (int(times[-1]) - int(times[0]))) - 1))

    kinds: dict[str, tuple[_Change, int]] = {"change": (change, indicator.decimals), "growth": (growth, 1)}
    return [kinds[kind] for _, kind in extra]


def _table(
    table: decl.Table,
    reader: Reader,
    frame: pd.DataFrame,
    stub: str,
    columns: list[str],
    rows: list[Row],
    breaks: set[int],
    units: set[str],
) -> Table:
    w = reader.words
    frame = frame.assign(table=table.id)
    letters = sorted({letter for flag in frame["flag"] for letter in flag})
    return Table(
        id=table.id,
        title=w.text(table.title),
        geo="" if table.by == "geo" else w.geo(reader.geo),
        tag=w.language.tag,
        stub=stub,
        unit_head=w.text("Unit"),
        unit=w.code("unit", next(iter(units))) if len(units) == 1 else "",
        columns=tuple(columns),
        rows=tuple(rows),
        breaks=tuple(sorted(breaks)),
        sources=sources(frame, reader),
        notes=(*(w.text(note) for note in table.notes), *remarks(frame, reader)),
        flags=tuple((letter, w.code("flag", letter)) for letter in letters),
        flags_head=w.text("Flags: "),
        tidy=tuple(_tidy(frame)),
    )


def _tidy(frame: pd.DataFrame) -> list[dict[str, object]]:
    rows = frame[list(TIDY)].astype(object)
    return [{str(k): None if v != v else v for k, v in row.items()} for row in rows.to_dict("records")]


def sources(frame: pd.DataFrame, reader: Reader) -> tuple[str, ...]:
    """Source lines: provider, datasets, dates of the vintages; a figure's own source where it has one."""
    w, store = reader.words, reader.evaluator.store
    own = list(dict.fromkeys(part for source in frame["source"] for part in source.split("; ") if part))
    lines = []
    pairs = {
        (dataset, vintage)
        for datasets, vintages, source in zip(frame["dataset"], frame["vintage"], frame["source"], strict=True)
        if not source
        for dataset in datasets.split("; ")
        for vintage in vintages.split("; ")
    }
    known = acknowledgements(store, pairs)
    reads.asked(("acknowledgements", store.name, *sorted(pairs)), sorted(known.items()))
    by_source: dict[tuple[str, str], list[str]] = {}
    for dataset, vintage in sorted(known):
        by_source.setdefault((known[dataset, vintage], vintage), []).append(dataset)
    for (acknowledgement, vintage), datasets in by_source.items():
        line = w.text("{source}; datasets: {datasets}; data as known on {date}.")
        lines.append(
            line.format(source=w.text(acknowledgement), datasets=", ".join(datasets), date=w.date(vintage[:10]))
        )
    if own:
        listed = "; ".join(own[:_SOURCES_SHOWN])
        rest = len(own) - _SOURCES_SHOWN
        more = "; " + w.text("and {count} more, named in the data file", count=rest) if rest > 0 else ""
        said = w.text("Sources: {sources}.") if len(own) > 1 else w.text("Source: {sources}.")
        lines.append(said.format(sources=listed + more))
    return tuple(lines)


@reads.covers
def acknowledgements(store: Store, pairs: Iterable[tuple[str, str]]) -> dict[tuple[str, str], str]:
    """How the sources of some (dataset, vintage) pairs are named."""
    wanted = set(pairs)
    return {
        (m.dataset, m.vintage): m.acknowledgement
        for dataset in sorted({dataset for dataset, _ in wanted})
        for m, _ in store.manifests(dataset)
        if (m.dataset, m.vintage) in wanted
    }


def remarks(frame: pd.DataFrame, reader: Reader) -> tuple[str, ...]:
    """Notes on computed values and on findings that concern what is shown."""
    w = reader.words
    notes = []
    computed = sorted(set(frame.loc[frame["note"] == "computed", "geo"]))
    if computed:
        names = w.enumeration(w.geo(geo) for geo in computed)
        notes.append(
            w.text("{names}: computed by us as the sum of the members, not published by the provider.", names=names)
        )
    datasets = frozenset(dataset for joined in frame["dataset"] for dataset in joined.split("; "))
    rows = zip(frame["dataset"], frame["geo"], frame["time"], strict=True)
    found, geos = reader.findings(datasets), sorted(set(frame["geo"]))
    where = (reader.evaluator.store.name, reader.evaluator.as_of)
    reads.asked(("findings", *where, sorted(datasets), geos), validation.about(w.declarations, found, geos))
    for finding in largest(validation.concerning(w.declarations, found, rows)):
        notes.append(
            w.text(
                "Warning: in the source, {geo} {time} does not satisfy the rule “{rule}” ({dataset}): "
                "{value} against {expected}, a difference of {difference} {unit}.",
                geo=w.geo(finding.geo),
                time=finding.time,
                rule=w.text(finding.title),
                dataset=finding.dataset,
                value=w.number(finding.value, 2),
                expected=w.number(finding.expected, 2),
                difference=w.number(finding.difference, 2),
                unit=w.code("unit", finding.unit),
            )
        )
    return tuple(notes)


def largest(findings: list[validation.Finding]) -> list[validation.Finding]:
    """One finding for each rule's title, geo and time: million euro first, errors and warnings only."""
    best: dict[tuple[str, str, str], validation.Finding] = {}
    for finding in sorted(findings, key=lambda f: (f.unit != "MIO_EUR", -abs(f.difference))):
        if finding.severity != "information":
            best.setdefault((finding.title, finding.geo, finding.time), finding)
    return sorted(best.values(), key=lambda f: (f.severity != "error", -abs(f.difference)))[:5]
