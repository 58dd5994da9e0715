"""What is seen of all countries at once: the outcome of each in each indicator, and the aggregates beside them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

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
    """The outcomes of all Member States in all indicators; of a dashboard a table for each base."""
    if not isinstance(page.profile, Dashboard):
        return [_matrix(page, "matrix", page.words.text("Assessment of all countries"), page.table)]
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
    columns: list[str] = []
    parts: list[tuple[Floats, Floats]] = []
    for geo in page.profile.aggregates:
        at = panel.geos.index(geo)
        columns += [f"{w.geo(geo)}: {what}" for what in (w.text("value"), w.text("change"))]
        parts.append((scores.level.value[:, at], scores.change.value[:, at]))
    for geo in page.profile.aggregates:
        inside = np.isin(panel.geos, w.declarations.members(geo)) & (np.arange(len(panel.geos)) < panel.members)
        name = w.text("average of {geo}, each country counted once", geo=w.geo(geo))
        columns += [f"{name}: {what}" for what in (w.text("value"), w.text("change"))]
        parts.append((_mean(scores.level.value[:, inside]), _mean(scores.change.value[:, inside])))
    where = {name: row for row, name in enumerate(panel.indicators)}
    shown = [n for n in page.entries if any(np.isfinite(level[where[n]]) for level, _ in parts)]

    def cells(key: str) -> tuple[Cell, ...]:
        values = (float(value[where[key]]) for pair in parts for value in pair)
        return tuple(page.cell(value, page.decimals(key)) for value in values)

    note = w.text("Aggregates are shown for comparison: they have no category.")
    return _table(page, "aggregates", w.text("Union and euro area"), columns, shown, cells, (note,),
                  page.profile.aggregates)  # fmt: skip


def quality(page: Assessed) -> Table | None:
    """The country's figures of the last ten years that are old, late, few, broken, unreliable or not significant."""
    w, geo = page.words, page.reader.geo
    rows = figures.by_country(page.frame, figures.current(page.frame), [geo]).set_index("indicator")
    troubled = rows["late"] | rows["points"].notna()
    for column in ("age", "breaks", "low_reliability", "not_significant"):
        troubled |= rows[column] != ""
    shown = [name for name in page.entries if name in rows.index and troubled[name]]
    if not shown:
        return None
    ages = {"old": w.text("more than three years old"), "very old": w.text("more than five years old"), "": ""}

    def cells(key: str) -> tuple[Cell, ...]:
        row = rows.loc[key].to_dict()
        said = [ages[row["age"]], w.text("later in other countries") if row["late"] else ""]
        few = "" if pd.isna(row["points"]) else w.number(float(row["points"]), 0)
        years = [row[column].replace(" ", ", ") for column in ("breaks", "low_reliability", "not_significant")]
        texts = (str(row["latest_year"]), "; ".join(filter(None, said)), few, *years)
        return tuple(Cell(None, "", text or _NONE, 0) for text in texts)

    columns = (
        w.text("Latest year"), w.text("Timeliness"), w.text("Number of values, where three or fewer"),
        w.text("Breaks in series"), w.text("Low reliability"), w.text("Not significant"),
    )  # fmt: skip
    note = w.text("For information: figures of the last ten years. {none} = nothing to report.", none=_NONE)
    name = w.text("Quality of the figures")
    return _table(page, "quality", f"{name}, {w.geo(geo)}", columns, shown, cells, (note,), (geo,), legend=False)


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
