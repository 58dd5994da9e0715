"""The sheet of an indicator: all countries in one year, in order, and over time against the Union."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from reporting.assessed import Assessed
from reporting.charts import Figure, countries
from reporting.charts.countries import Bar, Line
from reporting.spc import periods
from reporting.tables import TIDY, Cell, Row, Table
from reporting.tabulate import sources

#: Years a line shows at least.
_YEARS = 15


@dataclass(frozen=True)
class Sheet:
    """One indicator of a framework; ``name`` is its name among all."""

    page: Assessed
    name: str

    @property
    def title(self) -> str:
        """The label of the indicator."""
        return self.page.label(self.name)

    def parts(self) -> Iterator[Table | Figure]:
        """Tables and figures of the sheet, in the order of a reader's questions."""
        yield self.table()
        yield self.bars()
        yield from (part for part in (self.lines(), self.years()) if part)

    @functools.cached_property
    def _frame(self) -> pd.DataFrame:
        """The values of the indicator."""
        frame = self.page.frame
        return frame[(frame["indicator"] == self.name) & frame["value"].notna()].assign(source="", note="")

    @functools.cached_property
    def _rows(self) -> pd.DataFrame:
        """The scores of all countries with a value."""
        table = self.page.table
        rows = table[(table["indicator"] == self.name) & table["level"].notna()].set_index("geo")
        return rows.assign(broken=pd.Series(self._broken))

    @property
    def _broken(self) -> dict[str, bool]:
        """Whether a break in series lies inside the change of a country."""
        scores = self.page.scores
        found = periods.inside(scores.panel, scores.periods.at, scores.periods.base)
        return dict(zip(scores.panel.geos, found[self._row].tolist(), strict=True))

    @property
    def _row(self) -> int:
        return self.page.scores.panel.indicators.index(self.name)

    @property
    def _unit(self) -> str:
        return self.page.words.code("unit", self.page.entries[self.name].unit)

    def _id(self, part: str) -> str:
        return f"sheet_{self.page.entries[self.name].framework}_{self.page.entries[self.name].id.strip('.')}_{part}"

    def _groups(self) -> tuple[str, ...]:
        return self.page.profile.aggregates

    def _latest(self) -> int:
        """The year most countries are judged by."""
        return int(self._rows["year"].mode().max())

    def table(self) -> Table:
        """Level, change, scores and assessment of all countries, the aggregates last."""
        w, digits = self.page.words, self.page.decimals(self.name)
        columns = (
            w.text("Year"), w.text("Value"), w.text("Change"), w.text("Score of the level"),
            w.text("Score of the change"), w.text("Assessment"),
        )  # fmt: skip
        rows = []
        for geo, row in self._rows.iterrows():
            cells = (
                Cell(None, "", str(row["year"]), 0),
                self.page.cell(row["level"], digits, self._flag(str(geo), int(row["year"]))),
                self.page.cell(row["change"], digits, "b" if row["broken"] and pd.notna(row["change"]) else ""),
                self.page.cell(row["score_level"], 1),
                self.page.cell(row["score_change"], 1),
                self.page.judged(row["outcome"], bool(row["category_level"] and row["category_change"])),
            )
            rows.append(Row(w.geo(str(geo)), "", cells))
        judged = self._frame.merge(self._rows["year"].rename("judged"), left_on="geo", right_index=True)
        notes = (*self._reference(), *self._late(), *self.page.legend({c.shown for row in rows for c in row.cells}))
        title = w.text("{title}: level, change and assessment", title=self.title)
        return self._table("all", title, columns, rows, judged[judged["time"] == judged["judged"]],
                           notes)  # fmt: skip

    def _reference(self) -> tuple[str, ...]:
        """What the scores are measured from."""
        w, level = self.page.words, self.page.scores.level
        if not level.reference[self._row]:
            return ()
        value = w.number(float(level.reference_value[self._row]), self.page.decimals(self.name))
        if level.year[self._row] < 0:
            return (w.text("Reference of the levels: average of the Member States, each counted once, {value}.",
                           value=value),)  # fmt: skip
        geo = w.geo(str(level.reference[self._row]))
        return (w.text("Reference of the levels: {geo}, {value}.", geo=geo, value=value),)

    def _late(self) -> tuple[str, ...]:
        w, overall = self.page.words, self.page.scores.periods.overall[self._row]
        if overall < 0:
            return (w.text("No year has values of enough countries: each is shown with its latest one."),)
        year = int(self.page.scores.panel.years[overall])
        late = [str(geo) for geo in self._rows.index[self._rows["year"] < year]]
        if not late:
            return ()
        names = w.enumeration([f"{w.geo(geo)} ({self._rows['year'][geo]})" for geo in late])
        return (w.text("Older than {year}: {names}.", year=str(year), names=names),)

    def years(self) -> Table | None:
        """Values over the last years: of the country and the aggregates, or of all on the page of an aggregate."""
        w, digits = self.page.words, self.page.decimals(self.name)
        shown = [geo for geo in self._shown() if geo in set(self._frame["geo"])]
        if not shown:
            return None
        recent = sorted(self._frame["time"].unique())[-self.page.reader.span :]
        frame = self._frame[self._frame["time"].isin(recent) & self._frame["geo"].isin(shown)]
        own = frame.set_index(["geo", "time"])
        rows = [Row(w.geo(geo), "", tuple(self._seen(own, geo, year, digits) for year in recent)) for geo in shown]
        title = w.text("{title}: values over time", title=self.title)
        return self._table("years", title, tuple(map(str, recent)), rows, frame, ())

    def _seen(self, own: pd.DataFrame, geo: str, year: int, digits: int) -> Cell:
        if (geo, year) not in own.index:
            return self.page.cell(float("nan"), digits)
        return self.page.cell(own["value"][geo, year], digits, own["flag"][geo, year])

    def _shown(self) -> list[str]:
        geo, groups = self.page.reader.geo, self._groups()
        own = list(self.page.scores.panel.geos[: self.page.scores.panel.members]) if geo in groups else [geo]
        return [*own, *groups]

    def bars(self) -> Figure:
        """All countries and the Union in order; a country with an older value says its year."""
        w, latest = self.page.words, self._latest()
        bars = [
            Bar(
                w.geo(str(geo)) + (f" ({row['year']})" if row["year"] != latest else ""),
                float(row["level"]), geo == self.page.reader.geo, geo in self._groups(),
            )
            for geo, row in self._rows.iterrows()
        ]  # fmt: skip
        caption = f"{self.title}, {latest} ({self._unit})"
        head = Figure(self._id("bars"), caption, "", b"", self._sources(self._frame))
        return countries.ordered(bars, w, head, self._unit, self.page.decimals(self.name))

    def lines(self) -> Figure | None:
        """The country against the Union; on the page of an aggregate a panel for each country."""
        w, digits = self.page.words, self.page.decimals(self.name)
        since = int(self._frame["time"].max()) - max(self.page.reader.span, _YEARS)
        frame = self._frame[self._frame["time"] > since]
        lines = {str(geo): _line(w.geo(str(geo)), own) for geo, own in frame.groupby("geo", sort=False)}
        dotted = (w.text("A dotted vertical line marks a break in series."),)
        marks = dotted if any(line.breaks for geo, line in lines.items() if geo in self._shown()) else ()
        union = lines.get(self._groups()[0])
        members = self.page.scores.panel.geos[: self.page.scores.panel.members]
        if self.page.reader.geo in self._groups():
            notes = (
                (w.text("Dashed grey line: {geo}. All panels have the same scale.", geo=union.label),) if union else ()
            )
            head = self._head(w.text("{title}: all countries over time", title=self.title), (*notes, *marks))
            return countries.panels([lines[g] for g in members if g in lines], union, w, head, self._unit, digits)
        note = w.text(
            "Light band: from the lowest to the highest country; dark band: the middle half of the countries."
        )
        head = self._head(w.text("{title}: over time", title=self.title), (note, *marks))
        own = [lines[geo] for geo in (self.page.reader.geo, self._groups()[0]) if geo in lines]
        if not own:
            return None
        spread = {
            int(str(year)): tuple(map(float, np.quantile(part["value"], [0, 0.25, 0.75, 1])))
            for year, part in frame[frame["geo"].isin(members)].groupby("time")
        }
        return countries.against(own, spread, w, head, self._unit, digits)

    def _head(self, title: str, notes: tuple[str, ...]) -> Figure:
        caption = f"{title} ({self._unit})"
        return Figure(self._id("lines"), caption, "", b"", (*notes, *self._sources(self._frame)))

    def _flag(self, geo: str, year: int) -> str:
        own = self._frame[(self._frame["geo"] == geo) & (self._frame["time"] == year)]
        return str(own["flag"].iloc[0]) if len(own) else ""

    def _sources(self, frame: pd.DataFrame) -> tuple[str, ...]:
        return sources(frame, self.page.reader)

    def _table(
        self, part: str, title: str, columns: tuple[str, ...], rows: Sequence[Row], frame: pd.DataFrame,
        notes: tuple[str, ...],
    ) -> Table:  # fmt: skip
        w = self.page.words
        letters = sorted({x for row in rows for cell in row.cells for x in cell.flag if x.isalpha()})
        return Table(
            id=self._id(part), title=title, geo="", tag=w.language.tag, stub=w.text("Country"),
            unit_head=w.text("Unit"), unit=self._unit, columns=columns, rows=tuple(rows), breaks=(),
            sources=self._sources(frame), notes=notes, flags=tuple((x, w.code("flag", x)) for x in letters),
            flags_head=w.text("Flags: "), tidy=tuple(self._tidy(part, frame)),
        )  # fmt: skip

    def _tidy(self, part: str, frame: pd.DataFrame) -> Iterator[dict[str, object]]:
        entry = self.page.entries[self.name]
        told = {"table": self._id(part), "indicator": "", "unit": entry.unit, "note": self.name}
        for record in frame.to_dict("records"):
            whole = {str(column): value for column, value in record.items()}
            whole |= {**told, "time": str(record["time"])}
            yield {column: whole[column] for column in TIDY}


def _line(label: str, own: pd.DataFrame) -> Line:
    own = own.sort_values("time")
    broken = own[own["flag"].str.contains("b", regex=False)]["time"]
    values = dict(zip(own["time"].astype(int), own["value"].astype(float), strict=True))
    return Line(label, values, tuple(int(year) for year in broken))


def sheets(page: Assessed) -> list[Sheet]:
    """A sheet for each indicator that the store holds for any country, in the order asked for."""
    held = set(page.table.loc[page.table["level"].notna(), "indicator"])
    return [Sheet(page, name) for name in page.entries if name in held]
