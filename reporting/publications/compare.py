"""Two editions of a publication: every printed number that differs, and why.

Numbers are matched through the tidy twins by table, indicator, country and time.
The reasons are evidence from the two records: vintages, declarations, versions.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import ROUND_HALF_UP, Decimal
from itertools import groupby
from typing import Any

from reporting.errors import UsageError
from reporting.publications import texts
from reporting.publications.record import Record
from reporting.tabulate import WHY_MISSING

REVISED, FLAGGED, DECLARED = "revised figure", "other flag", "changed declaration"
METHOD, FOLLOWS, UNEXPLAINED = "changed method", "follows from the row", "not explained by the records"
NEW_YEAR, NO_YEAR, NEW_FIGURE, NO_FIGURE = "new year", "no longer shown", "now available", "no longer available"
NEW_ROW, NO_ROW, NEW_TABLE, NO_TABLE = "new row", "row dropped", "new table", "table dropped"
#: Reasons in the order in which they are told.
REASONS = (
    REVISED, DECLARED, METHOD, UNEXPLAINED, FLAGGED, NEW_FIGURE, NO_FIGURE, FOLLOWS,
    NEW_YEAR, NO_YEAR, NEW_ROW, NO_ROW, NEW_TABLE, NO_TABLE,
)  # fmt: skip
YEARS = (NEW_YEAR, NO_YEAR)
#: Reasons that concern many numbers at a time.
WHOLESALE = (*YEARS, NEW_ROW, NO_ROW, NEW_TABLE, NO_TABLE)
_MISSING = ":"

Row = Mapping[str, str]
#: Table, indicator, country, time.
Key = tuple[str, str, str, str]


@dataclass(frozen=True)
class Change:
    """A printed number that differs: where, both forms of it, and the evidence.

    ``before`` and ``after`` are as printed, rounded; the values are not.
    """

    why: str
    table: str
    indicator: str
    geo: str
    time: str
    before: str
    after: str
    unit_before: str = ""
    unit_after: str = ""
    flag_before: str = ""
    flag_after: str = ""
    value_before: str = ""
    value_after: str = ""
    dataset: str = ""
    key: str = ""
    vintage_before: str = ""
    vintage_after: str = ""
    detail: str = ""

    @property
    def shown(self) -> bool:
        """Whether a reader of the two editions sees a difference."""
        return (self.before, self.flag_before, self.unit_before) != (self.after, self.flag_after, self.unit_after)


@dataclass(frozen=True)
class Comparison:
    """What differs between two runs: settings, printed numbers, changes too small to be printed, texts."""

    settings: tuple[tuple[str, str, str], ...]
    numbers: tuple[Change, ...]
    below: tuple[Change, ...]
    texts: tuple[texts.Change, ...]


def compare(old: Record, new: Record) -> Comparison:
    """Compare two runs of one publication for one country.

    Raises
    ------
    UsageError
        When they are of different publications or countries, or when a table
        was altered after its run.
    """
    for name, kind in ((old.content["publication"], "publication"), (old.content["parameters"]["geo"], "country")):
        other = new.content["publication"] if kind == "publication" else new.content["parameters"]["geo"]
        if name != other:
            raise UsageError(
                f"{old.name} and {new.name} are not of the same {kind}: compare two editions of one publication "
                "for one country."
            )
    one_language = old.content["parameters"]["lang"] == new.content["parameters"]["lang"]
    before, after = _rows(old), _rows(new)
    changes = [c for c in map(_Judge(old, new, before, after).judged, sorted({*before, *after})) if c]
    shown = [c for c in changes if c.shown]
    below = [c for c in changes if not c.shown]
    chapters = (texts.chapters(old), texts.chapters(new)) if one_language else ((), ())
    derived = [Change(FOLLOWS, *cells) for cells in texts.derived(*chapters)]
    shown.sort(key=lambda c: (REASONS.index(c.why.split("; ")[0]), c.table))
    return Comparison(
        tuple(_settings(old.content, new.content)), (*shown, *derived), tuple(below), tuple(texts.changes(*chapters))
    )


def _rows(run: Record) -> dict[Key, Row]:
    """The observations of all tables that have a value or a flag."""
    found: dict[Key, Row] = {}
    for table in run.content["tables"]:
        if (state := run.state(table["file"])) != "whole":
            fate = "was altered after the run" if state == "altered" else "is not there"
            raise UsageError(f"{run.folder / table['file']}: {fate}. Take the publication from your archive.")
        with (run.folder / table["file"]).open(encoding="utf-8", newline="") as file:
            found |= {(table["id"], r["indicator"], r["geo"], r["time"]): r for r in csv.DictReader(file)}
    return found


def printed(value: str, decimals: int) -> str:
    """A value as a table prints it, but in English: rounded half away from zero; ``:`` when missing."""
    if not value:
        return _MISSING
    rounded = Decimal(value).quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP) + 0
    return f"{rounded:,f}"


def _mark(row: Row) -> str:
    """The flag as a table prints it: beside a missing value, only what says why."""
    flag = row.get("flag", "")
    return flag if row.get("value") else "".join(letter for letter in flag if letter in WHY_MISSING)


class _Judge:
    """Says of one number what became of it, by the two records."""

    def __init__(self, old: Record, new: Record, before: dict[Key, Row], after: dict[Key, Row]) -> None:
        self.runs, self.rows = (old.content, new.content), (before, after)
        self.sums = tuple({(v["dataset"], v["vintage"], v["sha256"]) for v in run["vintages"]} for run in self.runs)
        self.tables = tuple({key[0] for key in rows} for rows in self.rows)
        self.lines = tuple({key[:3] for key in rows if rows[key]["value"]} for rows in self.rows)
        self.times = tuple({(key[0], key[3]) for key in rows} for rows in self.rows)
        self.other = _settings_of_method(*self.runs)

    def judged(self, key: Key) -> Change | None:
        """The change of one number; None when nothing of it changed."""
        rows = [rows.get(key) for rows in self.rows]
        values = [row["value"] if row else "" for row in rows]
        forms = [self._printed(place, key, row) for place, row in enumerate(rows)]
        flags = [_mark(row) if row else "" for row in rows]
        units = [row["unit"] if row else "" for row in rows]
        if all(old == new for old, new in (values, flags, forms)) and (units[0] == units[1] or not any(values)):
            return None
        change = _described(key, rows, forms)
        if values[0] and values[1]:
            return self._between(change, rows[0] or {}, rows[1] or {})
        if not values[0] and not values[1]:
            return replace(change, why=FLAGGED)
        return replace(change, why=self._only(key, present=1 if values[1] else 0))

    def _printed(self, place: int, key: Key, row: Row | None) -> str:
        decimals = self.runs[place]["indicators"].get(key[1], {}).get("decimals", 0)
        return printed(row["value"], decimals) if row else _MISSING

    def _only(self, key: Key, present: int) -> str:
        """Why a number stands in one edition alone."""
        table, absent = key[0], 1 - present
        reasons = ((NO_TABLE, NEW_TABLE), (NO_ROW, NEW_ROW), (NO_YEAR, NEW_YEAR), (NO_FIGURE, NEW_FIGURE))
        if table not in self.tables[absent]:
            found = reasons[0]
        elif key[:3] not in self.lines[absent]:
            found = reasons[1]
        elif (table, key[3]) not in self.times[absent]:
            found = reasons[2]
        else:
            found = reasons[3]
        return found[present]

    def _between(self, change: Change, old: Row, new: Row) -> Change:
        """Why a number is another one: the declaration, the data, or what computes it."""
        why, details = [], []
        if declared := self._declared(change.indicator):
            why.append(DECLARED)
            details += declared
        if (sources := self._sources(old, new)) or (not declared and old["key"] != new["key"]):
            why.append(REVISED)
            details += sources
        if old["key"] != new["key"]:
            details.append(f"series: {old['key']} → {new['key']}")
        if not why:
            why, details = ([METHOD], self.other) if self.other else ([UNEXPLAINED], [])
        if (old["value"], change.before, old["unit"]) == (new["value"], change.after, new["unit"]):
            why = [FLAGGED]
        return replace(change, why="; ".join(why), detail="; ".join(details))

    def _declared(self, indicator: str) -> list[str]:
        """How the indicator, or one it is computed from, is declared differently."""
        old, new = (run["indicators"] for run in self.runs)
        names, found = [indicator], []
        for name in names:
            before, after = old.get(name, {}), new.get(name, {})
            head = "" if name == indicator else f"{name} "
            found += [
                f"{head}{fact}: {_said(before.get(fact))} → {_said(after.get(fact))}"
                for fact in sorted({*before, *after})
                if before.get(fact) != after.get(fact)
            ]
            references = {*before.get("inputs", {}).values(), *after.get("inputs", {}).values()}
            names += sorted(ref for ref in references if "/" not in ref and ref not in names)
        return found

    def _sources(self, old: Row, new: Row) -> list[str]:
        """The vintages that differ, by date or by checksum."""
        if old["dataset"] != new["dataset"]:
            return [f"dataset: {old['dataset']} → {new['dataset']}"]
        if old["vintage"] != new["vintage"]:
            return [f"vintage: {old['vintage']} → {new['vintage']}"]
        wanted = {(d, v) for d in old["dataset"].split("; ") for v in old["vintage"].split("; ")}
        held = [{triple for triple in sums if triple[:2] in wanted} for sums in self.sums]
        return [f"{d} {v}: another checksum" for d, v, _ in sorted(held[1] - held[0])]


def _described(key: Key, rows: list[Row | None], forms: list[str]) -> Change:
    old, new = (row or {} for row in rows)
    row = new or old
    table, indicator, geo, time = key
    return Change(
        "", table, indicator, geo, time, before=forms[0], after=forms[1],
        unit_before=old.get("unit", ""), unit_after=new.get("unit", ""),
        flag_before=_mark(old), flag_after=_mark(new),
        value_before=old.get("value", ""), value_after=new.get("value", ""), dataset=row["dataset"], key=row["key"],
        vintage_before=old.get("vintage", ""), vintage_after=new.get("vintage", ""),
    )  # fmt: skip


def _said(fact: Any) -> str:
    return ", ".join(f"{name} = {ref}" for name, ref in fact.items()) if isinstance(fact, dict) else str(fact)


def _settings(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    """What the two runs were made with, where it differs; of declarations, which files."""
    flat = [
        {"edition": run["edition"], **run["parameters"], **{f"package {k}": v for k, v in run["package"].items()},
         "python": run["python"], **run["libraries"]}
        for run in (old, new)
    ]  # fmt: skip
    for name in dict.fromkeys(name for facts in flat for name in facts):
        before, after = (_short(facts.get(name)) for facts in flat)
        if before != after:
            yield name, before, after
    for name in sorted({*old["declarations"], *new["declarations"]}):
        before, after = (_short(run["declarations"].get(name)) for run in (old, new))
        if before != after:
            yield name, before, after


def _short(fact: Any) -> str:
    """A fact in a few characters; of a checksum, its beginning."""
    text = ", ".join(fact) if isinstance(fact, list) else "none" if fact in (None, "") else str(fact)
    return text[:12] if len(text) in (40, 64) and " " not in text else text


def _settings_of_method(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
    """The versions of what computes, where they differ."""
    pairs = [("package version", "version"), ("package code", "code")]
    found = [f"{name}: {_short(a)} → {_short(b)}" for name, fact in pairs
             if (a := old["package"][fact]) != (b := new["package"][fact])]  # fmt: skip
    names: Iterable[str] = sorted({*old["libraries"], *new["libraries"]})
    libraries = [(n, old["libraries"].get(n), new["libraries"].get(n)) for n in names]
    libraries.append(("python", old["python"], new["python"]))
    return found + [f"{name}: {_short(a)} → {_short(b)}" for name, a, b in libraries if a != b]


def grouped(changes: Iterable[Change]) -> Iterator[tuple[str, list[Change]]]:
    """Changes by reason, in the order in which they are told."""
    for why, found in groupby(changes, lambda change: change.why):
        yield why, list(found)
