"""How a person sees the verdicts of a framework: tables and figures of one country or of all.

Meaning is never carried by colour alone: every outcome has its mark, and the
marks are explained below.
"""

from __future__ import annotations

import difflib
import fnmatch
import functools
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from reporting.charts import Figure, scores
from reporting.declarations import Dashboard, Outcome, Profile
from reporting.declarations.frameworks import Entry
from reporting.errors import UsageError
from reporting.labels import MISSING, Words
from reporting.spc import dashboard, panel, scoring, stored
from reporting.tables import TIDY, Cell, Row, Table
from reporting.tabulate import Reader, sources

#: Cycles of a heat map: this one and those before it.
_CYCLES = (2, 1, 0)
#: What stands where level and change are known and mean nothing in particular.
_NONE = "–"
#: Units shown with two decimals.
_FINE = ("RAT", "COEF")


@dataclass(frozen=True)
class Assessed:
    """The indicators of a framework that are about social protection, judged by a profile, for one country.

    ``id`` is the first part of the ids of its tables and figures.
    """

    id: str
    reader: Reader
    entries: dict[str, Entry]
    frame: pd.DataFrame
    profile: Profile | Dashboard

    @property
    def words(self) -> Words:
        """The words of the page."""
        return self.reader.words

    @functools.cached_property
    def whole(self) -> panel.Panel:
        """All values, of members and aggregates."""
        members = self.words.declarations.members(self.profile.countries)
        return panel.build(self.frame, list(self.entries), members, self.profile.aggregates)

    @functools.cached_property
    def options(self) -> pd.DataFrame:
        """What the catalogue says of the indicators."""
        return stored.described(self.entries, relative=isinstance(self.profile, Dashboard))

    @functools.cached_property
    def scores(self) -> scoring.Scores:
        """The scores of all countries."""
        if isinstance(self.profile, Dashboard):
            raise UsageError(f"{self.profile.id} is a dashboard: it has no scores.")
        return scoring.score(self.whole, self.options, self.profile)

    @functools.cached_property
    def table(self) -> pd.DataFrame:
        """The scores of all countries, ``outcome`` being category or verdict."""
        table = self.scores.table()
        return table.assign(outcome=table["category"].where(table["category"] != "", table["verdict"]))

    @functools.cached_property
    def rows(self) -> pd.DataFrame:
        """The scores of the country, by indicator."""
        return self._own(self.table).set_index("indicator")

    def _own(self, table: pd.DataFrame) -> pd.DataFrame:
        return table[table["geo"] == self.reader.geo]

    def verdicts(self, meaning: str) -> Table | None:
        """The indicators in which the country has a challenge or a good outcome; all of them for an empty meaning."""
        w, rows = self.words, self.rows
        known = {name: o.meaning for name, o in self.profile.outcomes.items()}
        if meaning:
            rows = rows[rows["outcome"].map(known) == meaning]
        keys = [n for n in rows.index if meaning != "challenge" or self.entries[n].key_challenge]
        rows = rows.loc[keys][rows.loc[keys, "level"].notna()]
        titles = {
            "challenge": w.text("Key challenges"), "good": w.text("Good outcomes"), "": w.text("All indicators"),
        }  # fmt: skip
        if rows.empty:
            return None
        columns = (
            w.text("Assessment"), w.text("Year"), w.text("Value"), w.text("Change"), w.text("Reference"),
            w.text("Score of the level"), w.text("Score of the change"),
        )  # fmt: skip
        return self._table(f"{self.id}_{meaning or 'all'}", titles[meaning], columns, rows, self._scored)

    def _scored(self, name: str, row: Any) -> tuple[Cell, ...]:
        digits = self.decimals(name)
        return (
            self.judged(row["outcome"], bool(row["category_level"] and row["category_change"])),
            Cell(None, "", str(row["year"]), 0),
            self.cell(row["level"], digits, self._flag(name, row["year"])),
            self.cell(row["change"], digits),
            self.cell(row["reference_value"], digits),
            self.cell(row["score_level"], 1),
            self.cell(row["score_change"], 1),
        )

    def judged(self, outcome: str, complete: bool) -> Cell:
        """The mark of an outcome on its colour: a dash where it has none, a colon where level or change is missing."""
        found = self.profile.outcomes.get(outcome)
        if found:
            return Cell(None, "", found.mark, 0, ground=found.colour)
        return Cell(None, "", _NONE if complete else MISSING, 0)

    def _table(
        self, name: str, title: str, columns: tuple[str, ...], rows: pd.DataFrame, cells: Any,
        below: tuple[str, ...] = (),
    ) -> Table:  # fmt: skip
        w = self.words
        body = tuple(
            Row(self.label(key), w.code("unit", self.entries[key].unit), cells(key, row))
            for key, (_, row) in zip(map(str, rows.index), rows.iterrows(), strict=True)
        )
        used = [cell.flag for row in body for cell in row.cells if cell.flag]
        letters = sorted({letter for flag in used for letter in flag if letter.isalpha()})
        marks = {cell.shown for row in body for cell in row.cells}
        return Table(
            id=name, title=title, geo=w.geo(self.reader.geo), tag=w.language.tag, stub=w.text("Indicator"),
            unit_head=w.text("Unit"), unit="", columns=columns, rows=body, breaks=(),
            sources=self._sources(list(rows.index)), notes=(*below, *self.legend(marks)),
            flags=tuple((letter, w.code("flag", letter)) for letter in letters), flags_head=w.text("Flags: "),
            tidy=tuple(self._tidy(name, key) for key in rows.index),
        )  # fmt: skip

    def legend(self, shown: set[str]) -> tuple[str, ...]:
        """What the marks mean that are shown."""
        signs = {sign for text in shown for sign in text.split()}
        said = [f"{o.mark} = {self.words.text(o.label)}" for o in self.profile.outcomes.values() if o.mark in signs]
        if _NONE in signs:
            none = self.words.text("neither a challenge nor a good outcome")
            said.append(f"{_NONE} = {self.words.text('no trend') if isinstance(self.profile, Dashboard) else none}")
        return ("; ".join(said) + ".",) if said else ()

    def label(self, name: str) -> str:
        """The label of an indicator, with what tells it from others."""
        entry = self.entries[name]
        codes = [self.words.code(dimension, code) for dimension, code in entry.by.items()]
        return self.words.text(entry.label) + (f" – {', '.join(codes)}" if codes else "")

    def decimals(self, name: str) -> int:
        """The decimals an indicator is shown with."""
        return 2 if self.entries[name].unit in _FINE else 1

    def cell(self, value: float, decimals: int, flag: str = "") -> Cell:
        """A number as the page writes it."""
        known = float(value) if math.isfinite(value) else None
        return Cell(known, flag, self.words.number(known, decimals), decimals)

    @functools.cached_property
    def _found(self) -> pd.DataFrame:
        own = self.frame[self.frame["geo"] == self.reader.geo]
        return own.assign(source="", note="").set_index(["indicator", "time"])

    def _flag(self, name: str, year: int) -> str:
        return str(self._found["flag"].get((name, int(year)), ""))

    def _sources(self, names: Sequence[str]) -> tuple[str, ...]:
        shown = self._found.reset_index()
        return sources(shown[shown["indicator"].isin(names)], self.reader)

    def _tidy(self, table: str, name: str) -> dict[str, object]:
        """The latest observation behind a row."""
        own = self._found.loc[name]
        own = own[own["value"].notna()]
        year = own.index.max()
        record = own.loc[year].to_dict() | {
            "table": table, "geo": self.reader.geo, "indicator": "", "time": str(year),
            "unit": self.entries[name].unit, "note": name,
        }  # fmt: skip
        return {column: record[column] for column in TIDY}

    def ranges(self) -> Figure | None:
        """Scores of the levels as bars in the range of all countries: overall indicators and those with a verdict."""
        w, rows = self.words, self.rows[self.rows["score_level"].notna()]
        entries = self.entries
        chosen = [
            n for n in rows.index
            if entries[n].type == "overall" or (entries[n].key_challenge and rows["outcome"][n])
        ]  # fmt: skip
        if not chosen:
            return None
        positions = [self.scores.panel.indicators.index(name) for name in chosen]
        members = self.scores.level.score[positions, : self.whole.members]
        quartiles = np.nanquantile(members, [0, 0.25, 0.75, 1], axis=1).T
        bars = [
            (self.label(name), float(rows["score_level"][name]), tuple(map(float, quartile)))
            for name, quartile in zip(chosen, quartiles, strict=True)
        ]
        title = w.text("Scores of the levels in the range of all countries")
        note = w.text(
            "Bars to the right: better than the reference. Light band: from the lowest to the highest country; "
            "dark band: the middle half of the countries."
        )
        head = Figure(f"{self.id}_ranges", f"{title}, {w.geo(self.reader.geo)}", "", b"",
                             (note, *self._sources(chosen)))  # fmt: skip
        return scores.ranges(bars, w, head)

    @property
    def heads(self) -> tuple[str, ...]:
        """The names of the cycles of a heat map."""
        w = self.words
        return w.text("Two cycles before"), w.text("One cycle before"), w.text("This cycle")

    @functools.cached_property
    def past(self) -> list[pd.DataFrame]:
        """The table of scores in each cycle, as if the years after it were not known yet."""
        return [self._cycle(back) for back in _CYCLES]

    def _judged_rows(self) -> pd.DataFrame:
        """The country's rows, if any cycle has an outcome for it: an aggregate may have none."""
        rows = self.rows[self.rows["level"].notna()]
        return rows if any((self._own(table)["outcome"] != "").any() for table in self.past) else rows.iloc[:0]

    def cycles(self) -> Table | None:
        """The outcome of the country in this cycle and the two before it, from today's data."""
        rows = self._judged_rows()
        if rows.empty:
            return None
        past = [self._outcomes(table) for table in self.past]

        def cells(name: str, _: Any) -> tuple[Cell, ...]:
            return tuple(self._past(found.get(name)) for found in past)

        w = self.words
        note = w.text("Earlier cycles are judged with today's data: revised values are as they are now.")
        title = w.text("Assessment over three cycles")
        return self._table(f"{self.id}_cycles", title, self.heads, rows, cells, (note,))

    def heat(self) -> Figure | None:
        """The same three cycles as tiles with marks and colours."""
        rows = self._judged_rows()
        if rows.empty:
            return None
        w, past = self.words, [self._outcomes(table) for table in self.past]
        found = [[self.profile.outcomes.get(cycle.get(name, (0, ""))[1]) for cycle in past] for name in rows.index]
        used = {o.mark for row in found for o in row if o}
        title = f"{w.text('Assessment over three cycles')}, {w.geo(self.reader.geo)}"
        below = (*self.legend(used), *self._sources(list(rows.index)))
        head = Figure(f"{self.id}_heat", title, "", b"", below)
        return scores.tiles([self.label(name) for name in rows.index], self.heads, _tiles(found), w, head)

    def _cycle(self, back: int) -> pd.DataFrame:
        scores = self.scores
        last = scores.periods.overall - back
        hidden = np.arange(len(self.whole.years)) > np.where(last < 0, len(self.whole.years), last)[:, None]
        value = np.where(hidden[:, None, :], np.nan, self.whole.value)
        table = scoring.score(replace(self.whole, value=value), self.options, scores.profile).table()
        return table.assign(outcome=table["category"].where(table["category"] != "", table["verdict"]))

    def _outcomes(self, table: pd.DataFrame) -> dict[str, tuple[int, str]]:
        """Year and outcome of the country in each indicator."""
        own = self._own(table[table["level"].notna()])
        return {n: (int(y), o) for n, y, o in zip(own["indicator"], own["year"], own["outcome"], strict=True)}

    def _past(self, found: tuple[int, str] | None) -> Cell:
        if found is None:
            return Cell(None, "", MISSING, 0)
        cell = self.judged(found[1], False)
        return replace(cell, text=f"{cell.text} ({found[0]})")

    def tiles(self) -> Figure | None:
        """The outcomes of all countries in all indicators, each tile with its mark and its colour."""
        w, found = self.words, self.scores
        chosen = [k for k, n in enumerate(found.panel.indicators) if self.entries[n].type in ("headline", "overall")]
        chosen = [k for k in chosen if (found.outcomes.outcome[k] != "").any()]
        if not chosen:
            return None
        geos = found.panel.geos[: self.whole.members]
        outcome = found.outcomes.outcome[chosen, : len(geos)]
        shown = [[self.profile.outcomes.get(name) for name in row] for row in outcome]
        names = [self.label(found.panel.indicators[k]) for k in chosen]
        used = {o.mark for row in shown for o in row if o}
        title = w.text("Assessment of all countries")
        below = (*self.legend(used), *self._sources([found.panel.indicators[k] for k in chosen]))
        head = Figure(f"{self.id}_tiles", title, "", b"", below)
        return scores.tiles(names, geos, _tiles(shown), w, head)

    def significance(self) -> Table | None:
        """The dashboard of the country: value, and its change since each base with a mark; how many countries moved."""
        if not isinstance(self.profile, Dashboard):
            raise UsageError(f"{self.profile.id} is no dashboard.")
        w = self.words
        made = [dashboard.moves(self.whole, self.options, self.profile, base) for base in self.profile.bases]
        tables = [self._own(found.table()).set_index("indicator") for found in made]
        rows = tables[0][tables[0]["level"].notna()]
        if rows.empty:
            return None
        trends = {indicator: (state, n, of) for indicator, state, n, of in made[0].trends()}
        since = [
            w.text("Since the year before") if base < 100 else w.text("Since {year}", year=str(base))
            for base in self.profile.bases
        ]

        def cells(name: str, row: Any) -> tuple[Cell, ...]:
            level = self.cell(row["level"], self.decimals(name), self._flag(name, row["year"]))
            changes = [self._marked(table.loc[name]) for table in tables]
            return (Cell(None, "", str(row["year"]), 0), level, *changes, self._trend(*trends.get(name, ("", 0, 0))))

        note = w.text(
            "Changes in points, of ratios and amounts in per cent. Trend: countries that moved significantly in one "
            "direction, of those with a comparable change, where they are a third or more."
        )
        columns = (w.text("Year"), w.text("Value"), *since, w.text("Trend"))
        return self._table(f"{self.id}_significance", w.text("Significant changes"), columns, rows, cells, (note,))

    def _marked(self, row: Any) -> Cell:
        """A change with the mark of its state."""
        cell, outcome = self.cell(float(row["change"]), 1), self.profile.outcomes.get(row["category"])
        return replace(cell, mark=outcome.mark, ground=outcome.colour) if outcome and cell.value is not None else cell

    def _trend(self, state: str, count: int, of: int) -> Cell:
        """How many countries moved in one direction, where that is a trend."""
        if not state:
            return Cell(None, "", _NONE, 0)
        outcome = self.profile.outcomes[state]
        return Cell(None, "", f"{outcome.mark} {count}/{of}", 0, ground=outcome.colour)


def _tiles(outcomes: Sequence[Sequence[Outcome | None]]) -> list[list[tuple[str, str]]]:
    """Marks and colours; grey without a mark where there is no outcome."""
    return [[(o.mark, o.colour) if o else ("", "#d9d9d9") for o in row] for row in outcomes]


def assess(reader: Reader, framework: str, profile: str, wanted: Sequence[str] = ()) -> Assessed:
    """Indicators of a framework, for the country of a page.

    Parameters
    ----------
    reader : Reader
    framework, profile : str
    wanted : sequence of str, optional
        Ids of indicators, or patterns of ids (``PA11.*``), in the order to be
        shown; by default those about social protection, each definition once.

    Raises
    ------
    UsageError
        When the profile does not exist, the country is none of those it
        judges, or no indicator fits a pattern.
    """
    known = reader.words.declarations
    if profile not in known.profiles:
        raise UsageError(f"Unknown profile {profile!r}. Declared are {', '.join(known.profiles)}.")
    rules = known.profiles[profile]
    geos = [*known.members(rules.countries), *rules.aggregates]
    if reader.geo not in geos:
        raise UsageError(f"{reader.geo} is none of the countries that {profile} judges.")
    every = stored.entries(known, framework)
    chosen = _named(every, wanted) if wanted else {n: e for n, e in every.items() if e.social}
    entries = {name: entry for name, entry in chosen.items() if not entry.id.endswith("_health")}
    store, as_of = reader.evaluator.store, reader.evaluator.as_of
    frame = stored.values(store, entries, geos, as_of, known)
    there = set(frame["indicator"])
    held = {name: entry for name, entry in entries.items() if name in there}
    entries = held if wanted else _distinct(held)
    frame = frame[frame["indicator"].isin(list(entries))]
    if isinstance(rules, Dashboard) or rules.breaks.window == "span":
        frame = stored.with_input_breaks(store, frame, entries, known, as_of)
    return Assessed(profile.replace("-", "_"), reader, entries, frame, rules)


def _named(entries: dict[str, Entry], wanted: Sequence[str]) -> dict[str, Entry]:
    """The indicators whose ids fit patterns, in the order of these."""
    found: dict[str, Entry] = {}
    for pattern in wanted:
        fits = {name: entry for name, entry in entries.items() if fnmatch.fnmatchcase(entry.id, pattern)}
        if not fits:
            near = difflib.get_close_matches(pattern, [entry.id for entry in entries.values()], n=3)
            hint = f" Near it: {', '.join(near)}." if near else ""
            raise UsageError(f"No indicator of the framework has an id like {pattern!r}.{hint}")
        found |= {name: entry for name, entry in fits.items() if name not in found}
    return found


def _distinct(entries: dict[str, Entry]) -> dict[str, Entry]:
    """Each definition once: an indicator may stand in several policy areas, as a possible key challenge in one."""
    first: dict[str, str] = {}
    for name, entry in sorted(entries.items(), key=lambda pair: not pair[1].key_challenge):
        first.setdefault(f"{entry.inputs} {entry.formula} {entry.good}", name)
    return {name: entry for name, entry in entries.items() if name in set(first.values())}
