"""Totals of tables from their parts, in the order of the questionnaire."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from reporting.sha.classification import AXES, Axis, Classification, Table
from reporting.sha.cubes import Cube, cubes
from reporting.sha.neutral import Accounts, framed

#: How much a total may differ from its parts and still be their sum, as a share.
_SAME = 1e-6


def completed(accounts: Accounts, classification: Classification, anew: bool = False) -> Accounts:
    """The accounts with the totals that are still to be computed, or with all, in the order of the questionnaire."""
    rows: list[tuple[Any, ...]] = []
    for cube in cubes(accounts, classification).values():
        whole = bool(cube.table.columns)
        rows += _rows(accounts.table, cube, classification, anew) if whole else _as_they_are(accounts, cube)
    return replace(accounts, table=framed(rows))


def _as_they_are(accounts: Accounts, cube: Cube) -> list[tuple[Any, ...]]:
    return [tuple(row) for row in accounts.table.iloc[cube.at[cube.at >= 0]].to_numpy()]


def _rows(table: pd.DataFrame, cube: Cube, classification: Classification, anew: bool) -> list[tuple[Any, ...]]:
    down, across = classification.axes[cube.table.rows], classification.axes[cube.table.columns]
    rows, columns = ordered(down, cube.table, cube.rows), ordered(across, cube.table, cube.columns)
    values, sums = totalled(cube, down, across, rows, columns, anew)
    at = pd.DataFrame(cube.at, pd.Index(cube.rows), pd.Index(cube.columns))
    places = at.reindex(index=pd.Index(rows), columns=pd.Index(columns), fill_value=-1).to_numpy()
    beside = table[["status", "note", "sheet", "cell"]].to_numpy()
    found = []
    for i, row in enumerate(rows):
        for j, column in enumerate(columns):
            status, note, sheet, cell = beside[places[i, j]] if places[i, j] >= 0 else ("", "", "", "")
            named = {cube.table.rows: row, cube.table.columns: column}
            axes = (named.get(axis, "") for axis in AXES)
            typed = (i, j) not in sums
            found.append((cube.year, cube.table.name, *axes, values[i, j], status, note, sheet, cell, typed))
    return found


def ordered(axis: Axis, table: Table, used: Sequence[str]) -> list[str]:
    """The codes of the questionnaire in order, then others that are used."""
    own = table.codes(axis)
    return [*own, *(code for code in axis.parents if code in used and code not in own)]


def totalled(
    cube: Cube, down: Axis, across: Axis, rows: Sequence[str], columns: Sequence[str], anew: bool = False
) -> tuple[npt.NDArray[Any], dict[tuple[int, int], tuple[tuple[int, int], ...]]]:
    """The values of a table with its totals computed, and the parts of each total.

    A total of which no part is given, or that is not the sum of its parts, stays as
    it is: then it is a figure of its own; ``anew`` computes it from its parts all the same.
    """
    frame = pd.DataFrame(cube.values, pd.Index(cube.rows), pd.Index(cube.columns))
    values = frame.reindex(index=pd.Index(rows), columns=pd.Index(columns)).to_numpy(dtype=float, copy=True)
    sums: dict[tuple[int, int], tuple[tuple[int, int], ...]] = {}
    for j, parts in _totals(across, columns):
        for i in _summed(values[:, j], values[:, parts], anew):
            values[i, j] = _sum(values[i, parts])
            sums[i, j] = tuple((i, part) for part in parts)
    for i, parts in _totals(down, rows):
        for j in _summed(values[i], values[parts].T, anew):
            values[i, j] = _sum(values[parts, j])
            sums[i, j] = tuple((part, j) for part in parts)
    return values, sums


def _summed(total: npt.NDArray[Any], parts: npt.NDArray[Any], anew: bool) -> list[int]:
    """Where a total is the sum of its parts, or is still to be computed."""
    found, none = np.nansum(parts, axis=1), np.isnan(parts).all(axis=1)
    equal = anew | np.isnan(total) | (np.abs(total - found) <= _SAME * np.maximum(1, np.abs(found)))
    return [int(n) for n in np.flatnonzero(np.where(none, np.isnan(total), equal))]


def _sum(parts: npt.NDArray[Any]) -> float:
    """The sum of what is given; nothing where nothing is."""
    return np.nan if np.isnan(parts).all() else float(np.nansum(parts))


def _totals(axis: Axis, codes: Sequence[str]) -> list[tuple[int, list[int]]]:
    """Positions of totals with those of their parts, the lowest totals first."""
    place = {code: position for position, code in enumerate(codes)}
    found = [
        (place[code], [place[part] for part in axis.children(code) if part in place]) for code in codes
    ]  # fmt: skip
    deep = sorted(found, key=lambda total: len(axis.inside(codes[total[0]])))
    return [total for total in deep if total[1]]
