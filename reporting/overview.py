"""What is seen of all countries at once: the outcome of each in each indicator, and the aggregates beside them."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Sequence
from typing import Any

import numpy as np
import pandas as pd

from reporting.assessed import Assessed
from reporting.declarations import Dashboard
from reporting.errors import UsageError
from reporting.spc import dashboard
from reporting.spc import quality as figures
from reporting.spc.panel import Floats
from reporting.tables import TIDY, Cell, Row, Table
from reporting.tabulate import sources

#: What stands where there is nothing to report.
_NONE = "–"
_Cells = Callable[[str], tuple[Cell, ...]]


def matrices(page: Assessed) -> list[Table]:
    """The outcomes of all Member States in all indicators.

    Of a framework with categories a table for each of three cycles, of a
    dashboard one for each base.
    """
    if not isinstance(page.profile, Dashboard):
        title = page.words.text("Assessment of all countries")
        if page.profile.gives == "verdict":
            return [_matrix(page, "matrix", title, page.table)]
        cycles = zip(reversed(page.past), reversed(page.heads), strict=True)
        return [
            _matrix(page, f"matrix_{n}", f"{title}, {head[:1].lower()}{head[1:]}", table)
            for n, (table, head) in enumerate(cycles)
        ]
    found = []
    for base in page.profile.bases:
        table = dashboard.moves(page.whole, page.options, page.profile, base).table()
        found.append(_matrix(page, f"matrix_{base}", _since(page, base), table.assign(outcome=table["category"])))
    return found


def _since(page: Assessed, base: int) -> str:
    w = page.words
    since = w.text("Since the year before") if base < 100 else w.text("Since {year}", year=str(base))
    return w.text("Significant changes of all countries: {since}", since=since[:1].lower() + since[1:])


def _matrix(page: Assessed, name: str, title: str, table: pd.DataFrame) -> Table:
    geos = page.whole.geos[: page.whole.members]
    rows = {key: part.set_index("geo") for key, part in table.groupby("indicator", sort=False)}
    shown = [key for key in page.entries if key in rows and rows[key]["level"].notna().any()]

    def cells(key: str) -> tuple[Cell, ...]:
        return tuple(_judged(page, rows[key], geo) for geo in geos)

    return _table(page, name, title, geos, shown, cells, unit=page.words.text("marks explained below"))


def _judged(page: Assessed, own: pd.DataFrame, geo: str) -> Cell:
    if geo not in own.index:
        return page.judged("", False)
    row = own.loc[geo].to_dict()
    return page.judged(row["outcome"], bool(row["category_level"] and row["category_change"]))


def aggregates(page: Assessed) -> Table:
    """Level and change of Union and euro area as the provider gives them, and of their members' simple averages.

    They have no category: an aggregate is not judged against the countries it is made of.

    Raises
    ------
    UsageError
        For a dashboard, which has no levels beside the country's.
    """
    if isinstance(page.profile, Dashboard):
        raise UsageError(f"{page.profile.id} is a dashboard: it has no scores.")
    w, panel, scores = page.words, page.whole, page.scores
    short = dict(zip(page.profile.aggregates, (w.text("EU"), w.text("EA")), strict=True))
    heads = [*short.values(), *(w.text("{geo} nw", geo=name) for name in short.values())]
    columns = [
        text for head in heads for text in (w.text("{name}: value", name=head), w.text("{name}: change", name=head))
    ]
    inside = {geo: np.isin(panel.geos[: panel.members], w.declarations.members(geo)) for geo in short}
    level, change = scores.level.value, scores.change.value
    parts = [(level[:, panel.geos.index(geo)], change[:, panel.geos.index(geo)]) for geo in short]
    parts += [
        (_mean(level[:, : panel.members][:, own]), _mean(change[:, : panel.members][:, own])) for own in inside.values()
    ]
    where = {name: row for row, name in enumerate(panel.indicators)}
    shown = [n for n in page.entries if any(np.isfinite(level[where[n]]) for level, _ in parts)]

    def cells(key: str) -> tuple[Cell, ...]:
        values = (float(value[where[key]]) for pair in parts for value in pair)
        return tuple(page.cell(value, page.decimals(key)) for value in values)

    notes = (
        "; ".join(f"{name} = {w.geo(geo)}" for geo, name in short.items()) + ".",
        w.text("nw: simple average of the members, each country counted once."),
        w.text("Aggregates are shown for comparison: they have no category."),
    )
    return _table(page, "aggregates", w.text("Union and euro area"), columns, shown, cells, notes,
                  page.profile.aggregates)  # fmt: skip


def quality(page: Assessed) -> Table | None:
    """The country's figures of the last ten years that are old, late, few, broken, unreliable or not significant.

    Of overall and headline indicators, and of those with a verdict; columns
    without anything to report are left out.
    """
    w, geo = page.words, page.reader.geo
    found = figures.by_country(page.frame, figures.current(page.frame), [geo]).set_index("indicator")
    said = {name: _trouble(page, found.loc[name].to_dict()) for name in page.entries if name in found.index}
    said = {name: texts for name, texts in said.items() if any(texts) and _weighty(page, name)}
    if not said:
        return None
    heads = (
        w.text("Timeliness"), w.text("Number of values, where three or fewer"), w.text("Breaks in series"),
        w.text("Low reliability"), w.text("Not significant"),
    )  # fmt: skip
    used = [at for at in range(len(heads)) if any(texts[at] for texts in said.values())]

    def cells(key: str) -> tuple[Cell, ...]:
        texts = (str(found["latest_year"][key]), *(said[key][at] for at in used))
        return tuple(Cell(None, "", text or _NONE, 0) for text in texts)

    note = w.text("For information: figures of the last ten years. {none} = nothing to report.", none=_NONE)
    columns = (w.text("Latest year"), *(heads[at] for at in used))
    title = f"{w.text('Quality of the figures')}, {w.geo(geo)}"
    return _table(page, "quality", title, columns, list(said), cells, (note,), (geo,), w.text("last ten years"), False)


def _trouble(page: Assessed, row: dict[Hashable, Any]) -> tuple[str, ...]:
    """What is to be reported of a country's figures, empty where nothing is."""
    w = page.words
    ages = {"old": w.text("more than three years old"), "very old": w.text("more than five years old"), "": ""}
    timely = "; ".join(filter(None, (ages[row["age"]], w.text("later in other countries") if row["late"] else "")))
    few = "" if pd.isna(row["points"]) else w.number(float(row["points"]), 0)
    years = (row[column].replace(" ", ", ") for column in ("breaks", "low_reliability", "not_significant"))
    return timely, few, *years


def _weighty(page: Assessed, name: str) -> bool:
    """Whether an indicator is an overall or headline one, or has a verdict for the country."""
    return page.entries[name].type in ("overall", "headline") or bool(page.rows["outcome"].get(name, ""))


def _mean(values: Floats) -> Floats:
    """The mean of the countries with a value, each counted once."""
    count = (~np.isnan(values)).sum(axis=1)
    return np.asarray(np.nansum(values, axis=1) / np.where(count > 0, count, np.nan), dtype=np.float64)


def _table(
    page: Assessed, name: str, title: str, columns: Sequence[str], shown: Sequence[str], cells: _Cells,
    notes: tuple[str, ...] = (), geos: Sequence[str] = (), unit: str = "", legend: bool = True,
) -> Table:  # fmt: skip
    """A row for each indicator shown; without ``geos`` it is about all members."""
    w = page.words
    rows = tuple(Row(page.label(key), w.code("unit", page.entries[key].unit), cells(key)) for key in shown)
    frame = _behind(page, shown, geos or page.whole.geos[: page.whole.members])
    signs = page.legend({cell.shown for row in rows for cell in row.cells}) if legend else ()
    return Table(
        id=f"{page.id}_{name}", title=title, geo="", tag=w.language.tag, stub=w.text("Indicator"),
        unit_head=w.text("Unit"), unit=unit, columns=tuple(columns), rows=rows, breaks=(),
        sources=sources(frame, page.reader), notes=(*notes, *signs), flags=(), flags_head=w.text("Flags: "),
        tidy=tuple(_tidy(page, f"{page.id}_{name}", frame)),
    )  # fmt: skip


def _behind(page: Assessed, shown: Sequence[str], geos: Sequence[str]) -> pd.DataFrame:
    """The latest value of each country in each indicator."""
    frame = page.frame[page.frame["indicator"].isin(shown) & page.frame["geo"].isin(geos)]
    last = frame[frame["value"].notna()].sort_values("time").groupby(["indicator", "geo"], sort=True).tail(1)
    return last.sort_values(["indicator", "geo"]).assign(source="", note="")


def _tidy(page: Assessed, table: str, frame: pd.DataFrame) -> Iterator[dict[str, object]]:
    for record in frame.to_dict("records"):
        name = str(record["indicator"])
        told = {"table": table, "indicator": "", "unit": page.entries[name].unit, "note": name}
        whole = {str(column): value for column, value in record.items()}
        whole |= {**told, "time": str(record["time"])}
        yield {column: whole[column] for column in TIDY}
