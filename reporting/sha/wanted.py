"""What a reconciliation is told: cells that are fixed, margins that are known, benchmarks of series."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import pandas as pd

from reporting.benchmarks import denton
from reporting.errors import SourceUnreadable, UsageError, ValidationFailed
from reporting.files import received
from reporting.sha.classification import AXES, TOTAL, Classification
from reporting.sha.neutral import Accounts, worth
from reporting.sha.reconcile import Margins, Place, Wanted
from reporting.sha.totals import completed

#: A year or a span of years, a cell, a value.
Line = tuple[str, Place, float]
#: Differences between two figures that are none.
_SAME = 1e-9


def places(words: Iterable[str], classification: Classification) -> list[Place]:
    """Cells named as ``HCxHF HC.7 HF.1.1``, or in a CSV file with the columns of the neutral table.

    ``*`` or ``_T`` is a whole row or column. Without the name of a table (``HC.7 HF.1.1``,
    ``HC.7``) every table of expenditure is meant that has these axes.

    Raises
    ------
    UsageError
        When a table or a code is not known.
    """
    found: list[Place] = []
    for word in words:
        if word.lower().endswith(".csv"):
            found += [place for _, place, _ in lines(Path(word), classification, valued=False)]
            continue
        name, *codes = word.replace("×", " ").replace(":", " ").split() or [""]
        if everywhere := _everywhere([name, *codes], classification):
            found += everywhere
            continue
        if len(codes) != 2:
            raise UsageError(f"--fixed {word!r}: name a table, a row and a column, such as 'HCxHF HC.7 HF.1.1'.")
        found.append(_place(name, codes, classification, f"--fixed {word!r}"))
    return found


def _everywhere(codes: Sequence[str], classification: Classification) -> list[Place]:
    """Codes without a table, in every table of expenditure that has their axes."""
    named = [(axis.name, own) for code in codes for axis in classification.axes.values() if (own := axis.code(code))]
    by_axis = {axis: code for axis, code in named if code != TOTAL}
    if len(by_axis) != len(codes):
        return []
    return [
        (name, by_axis.get(table.rows, TOTAL), by_axis.get(table.columns, TOTAL))
        for name, table in classification.tables.items()
        if table.columns and table.measure == "expenditure" and set(by_axis) <= set(table.axes)
    ]


def _place(name: str, codes: Sequence[str], classification: Classification, where: str) -> Place:
    table = classification.table(name)
    if table is None or not table.columns:
        known = ", ".join(n for n, t in classification.tables.items() if t.columns)
        raise UsageError(f"{where}: {name!r} is no table. There are {known}.")
    row, column = (
        TOTAL if code == "*" else classification.axes[axis].code(code)
        for axis, code in zip(table.axes, codes, strict=True)
    )
    if not (row and column):
        raise UsageError(f"{where}: {' '.join(codes)} are no codes of {table.name}.")
    return table.name, row, column


def lines(path: Path, classification: Classification, valued: bool = True) -> list[Line]:
    """The lines of a CSV file with year, table, codes and value.

    Raises
    ------
    SourceUnreadable
        When columns are missing, or a value is no number.
    """
    text = received(path).decode("utf-8-sig", errors="replace")
    head = text.split("\n", 1)[0]
    reader = csv.DictReader(io.StringIO(text, newline=""), delimiter=";" if ";" in head else ",")
    needed = {"table", *(("year", "value") if valued else ())}
    if lacking := sorted(needed - set(reader.fieldnames or ())):
        raise SourceUnreadable(f"{path.name}, line 1: the columns {', '.join(lacking)} are missing.")
    found = []
    for row in reader:
        where = f"{path.name}, line {reader.line_num}"
        table = classification.table(row["table"] or "")
        codes = [(row.get(axis) or "").strip() for axis in (table.axes if table else ())]
        place = _place(row["table"] or "", codes, classification, where)
        number = worth((row.get("value") or "").strip()) if valued else (0.0, "")
        if number is None:
            raise SourceUnreadable(f"{where}: {row['value']!r} is no number. Write it with a point.")
        found.append(((row.get("year") or "").strip(), place, number[0]))
    return found


def margins(found: Iterable[Line], classification: Classification) -> dict[int, Wanted]:
    """Lines as what is wanted of each year: totals of one axis as margins, others as cells.

    Raises
    ------
    UsageError
        When a margin is given twice with two values, or a year is no year.
    """
    axes: dict[int, dict[str, Margins]] = {}
    cells: dict[int, dict[Place, float]] = {}
    for when, place, value in found:
        if not (when.isdigit() and len(when) == 4):
            raise UsageError(f"{when!r} is not a year: margins are given for one year each.")
        year, (name, row, column) = int(when), place
        if TOTAL not in (row, column):
            cells.setdefault(year, {})[place] = value
            continue
        table = classification.tables[name]
        axis, code = (table.rows, row) if column == TOTAL else (table.columns, column)
        own = axes.setdefault(year, {}).setdefault(axis, {})
        if abs(own.setdefault(code, value) - value) > _SAME:
            raise UsageError(f"The margin {code} is wanted to be {own[code]:,.6g} and {value:,.6g}: give it once.")
    return {year: Wanted(axes.get(year, {}), cells.get(year, {})) for year in {*axes, *cells}}


def benchmarked(accounts: Accounts, found: Iterable[Line], classification: Classification) -> list[Line]:
    """Series of cells adjusted to benchmarks (Denton), as lines of one year each.

    Raises
    ------
    UsageError
        When the tables do not have a cell in every year.
    ValidationFailed
        When a series cannot be adjusted, with its name.
    """
    benchmarks: dict[Place, dict[str, float]] = {}
    for year, place, value in found:
        benchmarks.setdefault(place, {})[year] = value
    table = completed(accounts, classification, anew=True).table
    lines: list[Line] = []
    for place, wanted in benchmarks.items():
        series = _series(table, place, classification, accounts.years)
        try:
            adjusted = denton(series, wanted)
        except ValidationFailed as error:
            raise ValidationFailed(f"{' '.join(place)}: {error}") from None
        lines += [(str(year), place, float(value)) for year, value in adjusted.items()]
    return lines


def _series(
    table: pd.DataFrame, place: Place, classification: Classification, years: Sequence[int]
) -> pd.Series[float]:
    name, row, column = place
    named = dict(zip(classification.tables[name].axes, (row, column), strict=True))
    rows = table[table["table"] == name]
    for axis in AXES:
        rows = rows[rows[axis] == named.get(axis, "")]
    return rows.set_index("year")["value"].astype(float).reindex(pd.Index(years))


def joined(
    accounts: Accounts, known: Mapping[int, Wanted], series: Iterable[Line], fixed: Sequence[Place],
    classification: Classification,
) -> dict[int, Wanted]:  # fmt: skip
    """All that is wanted of each year."""
    adjusted = margins(series, classification)
    found = {}
    for year in accounts.years:
        one, other = known.get(year, Wanted({}, {})), adjusted.get(year, Wanted({}, {}))
        axes = {axis: {**other.margins.get(axis, {}), **one.margins.get(axis, {})} for axis in AXES}
        found[year] = Wanted({a: m for a, m in axes.items() if m}, {**other.cells, **one.cells}, fixed)
    strange = sorted({year for year in known if year not in found})
    if strange:
        raise UsageError(f"Margins are given for {', '.join(map(str, strange))}, which the tables do not have.")
    return found
