"""Adjusting to totals that are known better: tables to their margins, series to their benchmarks.

A table is adjusted by iterative proportional fitting (RAS) that leaves cells alone
which are known for certain, and zeros; a series by Denton's proportional
first-difference method with Cholette's start, which keeps its movements as far as
the benchmarks allow (Dagum and Cholette 2006; IMF Quarterly National Accounts
Manual, chapter 6).
"""

from __future__ import annotations

import re
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from reporting.errors import ValidationFailed

_SPAN = re.compile(r"(\d{4})[-–](\d{4})")
_PERIOD = re.compile(r"(\d{4})(?:-?([QMS])\d+|-\d\d)?")
#: Periods of a year, by the letter of the frequency.
_PER_YEAR = {"S": 2, "Q": 4, "M": 12}
_Matrix = np.ndarray[Any, np.dtype[np.floating[Any]]]


class _Faults(list[str]):
    """All that is wrong, said at once."""

    def stop(self, what: str) -> None:
        if self:
            raise ValidationFailed("\n".join([f"{what}:", *(f"  {fault}" for fault in self)]))


@dataclass(frozen=True)
class Fitted:
    """A table with the margins that were asked for.

    Attributes
    ----------
    table : DataFrame
        Labels of the table that was given.
    rounds : int
        Times rows and columns were scaled.
    gap : float
        The largest difference left between a sum and its margin.
    """

    table: pd.DataFrame
    rounds: int
    gap: float


def ras(
    matrix: Any, rows: Any, columns: Any, fixed: Any = None, *, tolerance: float = 1e-9, rounds: int = 5000
) -> Fitted:
    """Fit a table to its margins; fixed cells and zeros stay as they are.

    Parameters
    ----------
    matrix : DataFrame or array
        No cell may be missing; only a fixed cell may be negative.
    rows, columns : Series, mapping or sequence
        The sum of each row and of each column, by label where they have labels;
        one that is missing (NaN) is not asked for.
    fixed : DataFrame or array of bool, optional
        Cells that must not change.
    tolerance : float
        Largest difference to a margin, as a share of the largest margin.
    rounds : int
        Scalings of rows and columns before giving up.

    Raises
    ------
    ValidationFailed
        When the margins cannot be met: all reasons at once, with the labels.
    """
    table = pd.DataFrame(matrix, dtype=float)
    keep = _mask(table, fixed)
    down, across = _margin(rows, table.index, "row"), _margin(columns, table.columns, "column")
    cells = table.to_numpy(dtype=float)
    _possible(table, keep, down, across, tolerance)
    held = np.where(keep, cells, 0.0)
    free, left, beneath = cells - held, down - held.sum(axis=1), across - held.sum(axis=0)
    size = tolerance * max(1.0, *(float(np.nanmax(np.abs(m), initial=0.0)) for m in (down, across)))
    for count in range(1, rounds + 1):
        free *= _factors(left, free.sum(axis=1))[:, None]
        free *= _factors(beneath, free.sum(axis=0))
        gaps = left - free.sum(axis=1), beneath - free.sum(axis=0)
        gap = max(float(np.nanmax(np.abs(part), initial=0.0)) for part in gaps)
        if gap <= size:
            return Fitted(pd.DataFrame(free + held, table.index, table.columns), count, gap)
    raise ValidationFailed(_unmet(table, gaps, rounds))


def _mask(table: pd.DataFrame, fixed: Any) -> np.ndarray[Any, np.dtype[np.bool_]]:
    if fixed is None:
        return np.zeros(table.shape, dtype=bool)
    if isinstance(fixed, pd.DataFrame):
        fixed = fixed.reindex(index=table.index, columns=table.columns)
        fixed = fixed.where(fixed.notna(), False)
    mask = np.asarray(fixed, dtype=bool)
    if mask.shape != table.shape:
        raise ValueError(f"the mask of fixed cells is {mask.shape}, the table {table.shape}")
    return mask


def _margin(given: Any, labels: pd.Index[Any], what: str) -> _Matrix:
    if isinstance(given, Mapping | pd.Series):
        margins = pd.Series(given, dtype=float)
        if strange := [str(label) for label in margins.index if label not in labels]:
            raise ValidationFailed(f"Margins are given for {what}s that the table lacks: {', '.join(strange)}.")
        return margins.reindex(labels).to_numpy(dtype=float)
    margin = np.asarray(given, dtype=float)
    if margin.shape != (len(labels),):
        raise ValueError(f"{margin.size} margins are given for {len(labels)} {what}s")
    return margin


def _possible(table: pd.DataFrame, keep: Any, down: _Matrix, across: _Matrix, tolerance: float) -> None:
    """Refuse what no scaling can reach, with every reason."""
    faults, cells = _Faults(), table.to_numpy(dtype=float)
    for row, column in np.argwhere(np.isnan(cells)):
        faults.append(f"cell {_cell(table, row, column)} is missing: give it a value, or zero where there is nothing")
    for row, column in np.argwhere((cells < 0) & ~keep):
        faults.append(f"cell {_cell(table, row, column)} is negative ({cells[row, column]:,.6g}): fix or correct it")
    faults.stop("The table cannot be fitted to its margins")
    for axis, (what, labels, margin) in enumerate((("row", table.index, down), ("column", table.columns, across))):
        held = np.where(keep, cells, 0.0).sum(axis=1 - axis)
        free = np.where(keep, 0.0, cells).sum(axis=1 - axis)
        for label, wanted, fixed, rest in zip(labels, margin, held, free, strict=True):
            faults += _unreachable(f"{what} {label}", wanted, fixed, rest, tolerance)
    if not (np.isnan(down).any() or np.isnan(across).any()):
        difference = down.sum() - across.sum()
        if abs(difference) > 2 * tolerance * max(1.0, abs(down.sum())) * max(table.shape):
            faults.append(
                f"the rows must sum to {down.sum():,.6f} and the columns to {across.sum():,.6f}: "
                f"they differ by {difference:,.6g}; make the totals equal first"
            )
    faults.stop("The table cannot be fitted to its margins")


def _unreachable(place: str, wanted: float, fixed: float, rest: float, tolerance: float) -> list[str]:
    slack = tolerance * max(1.0, abs(wanted))
    if np.isnan(wanted):
        return []
    if fixed - wanted > slack:
        return [f"{place}: the fixed cells ({fixed:,.6g}) are more than the margin ({wanted:,.6g})"]
    if rest == 0 and abs(wanted - fixed) > slack:
        return [f"{place}: no cell may change, but {wanted - fixed:,.6g} is to be distributed (margin {wanted:,.6g})"]
    return []


def _cell(table: pd.DataFrame, row: int, column: int) -> str:
    return f"{table.index[row]} × {table.columns[column]}"


def _factors(wanted: _Matrix, now: _Matrix) -> _Matrix:
    """By what rows or columns are multiplied: one where no margin is asked for or nothing can change."""
    asked = ~np.isnan(wanted) & (now > 0)
    return np.where(asked, np.maximum(wanted, 0.0) / np.where(now > 0, now, 1.0), 1.0)


def _unmet(table: pd.DataFrame, gaps: tuple[_Matrix, _Matrix], rounds: int) -> str:
    worst = [
        (float(gap), f"{what} {label}")
        for what, labels, margin in zip(("row", "column"), (table.index, table.columns), gaps, strict=True)
        for label, gap in zip(labels, np.nan_to_num(margin), strict=True)
    ]
    worst.sort(key=lambda pair: -abs(pair[0]))
    named = "; ".join(f"{place} misses {gap:,.6g}" for gap, place in worst[:3])
    return (
        f"The table cannot be fitted to its margins: no convergence in {rounds} rounds ({named}). "
        "The zeros and fixed cells leave no room: free a cell, or put a small value where a zero is not certain."
    )


def denton(series: pd.Series[Any], benchmarks: pd.Series[Any] | Mapping[Any, float]) -> pd.Series[Any]:
    """Adjust a series to benchmarks so that its movements change as little as can be.

    Minimises the squared changes of the ratio of the new series to the old
    (proportional first differences, Cholette's start: the first period is not tied
    to its old value). Before the first and after the last benchmark the ratio stays
    as it is there; a zero stays zero.

    Parameters
    ----------
    series : Series
        By period: years, or quarters and months such as ``2023-Q1``.
    benchmarks : Series or mapping
        Sums that the series must have, by period of the series, by year
        (``2023``: all its quarters) or by span of years (``2018-2020``). One that is
        missing (NaN) is not asked for.

    Raises
    ------
    ValidationFailed
        When a value is missing or signs change, and for benchmarks that no period
        has, that overlap, or that cannot be reached: all at once.
    """
    values = series.to_numpy(dtype=float)
    asked = {label: float(value) for label, value in benchmarks.items() if not pd.isna(value)}
    covers = _covers(series, values, asked)
    adjusted, live = np.zeros(len(values)), np.flatnonzero(values)
    met = covers[:, live].any(axis=1)
    if live.size:
        sums = covers[np.ix_(met, live)] * values[live]
        adjusted[live] = values[live] * _smoothest(sums, np.array([*asked.values()])[met])
    return pd.Series(adjusted, series.index, name=series.name)


def _covers(series: pd.Series[Any], values: _Matrix, asked: Mapping[Any, float]) -> _Matrix:
    """A row for each benchmark with one where it covers a period."""
    faults = _Faults()
    faults += [f"period {series.index[int(at)]}: the value is missing" for at in np.flatnonzero(np.isnan(values))]
    if (values > 0).any() and (values < 0).any():
        faults.append("the series has values of both signs: proportions between them have no meaning")
    if not asked:
        faults.append("there is no benchmark")
    rows = np.array([[covered(label, period) for period in series.index] for label in asked], dtype=float)
    rows = rows.reshape(len(asked), len(values))
    for (label, wanted), row in zip(asked.items(), rows, strict=True):
        faults += _unfit(label, wanted, row, values, _expected(label, [*series.index]))
    faults += [f"period {series.index[int(at)]} has several benchmarks" for at in np.flatnonzero(rows.sum(axis=0) > 1)]
    faults.stop("The series cannot be adjusted to its benchmarks")
    return rows


def _unfit(label: Hashable, wanted: float, row: _Matrix, values: _Matrix, expected: int) -> Sequence[str]:
    if not row.any():
        return [f"benchmark {label}: the series has no period of it"]
    inside = values[row > 0]
    if not inside.any() and wanted != 0:
        return [f"benchmark {label} is {wanted:,.6g}, but the series is zero there"]
    if int(row.sum()) < expected:
        return [f"benchmark {label}: the series has {int(row.sum())} of its {expected} periods"]
    return []


def _expected(label: Hashable, periods: Sequence[Hashable]) -> int:
    """How many periods a benchmark covers when none is missing."""
    found = next((found for period in periods if (found := _PERIOD.fullmatch(str(period)))), None)
    if found is None or str(label) in map(str, periods):
        return 1
    span = _SPAN.fullmatch(str(label))
    years = int(span[2]) - int(span[1]) + 1 if span else 1
    inside = 12 if found[0] != found[1] and not found[2] else _PER_YEAR.get(found[2] or "", 1)
    return years * inside


def covered(label: Hashable, period: Hashable) -> bool:
    """Whether a benchmark covers a period: the period itself, its year, or a span with its year."""
    if str(label) == str(period):
        return True
    year = _PERIOD.fullmatch(str(period))
    if year is None:
        return False
    if span := _SPAN.fullmatch(str(label)):
        return int(span[1]) <= int(year[1]) <= int(span[2])
    return str(label) == year[1]


def _smoothest(sums: _Matrix, wanted: _Matrix) -> _Matrix:
    """Ratios with the smallest squared changes whose weighted sums are as wanted (Lagrange's conditions)."""
    count, periods = sums.shape
    changes = np.diff(np.eye(periods), axis=0)
    system = np.zeros((periods + count, periods + count))
    system[:periods, :periods] = changes.T @ changes
    system[periods:, :periods], system[:periods, periods:] = sums, sums.T
    return np.linalg.solve(system, np.concatenate([np.zeros(periods), wanted]))[:periods]
