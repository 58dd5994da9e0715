"""Tables as matrices: a code a row, a code a column, for each table and year."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from reporting.sha.classification import TOTAL, Classification, Table
from reporting.sha.neutral import CONFIDENTIAL, MISSING, UNREAD, Accounts


@dataclass(frozen=True)
class Cube:
    """A table of one year as a matrix; ``at`` is the position of each cell in the neutral table, -1 for none."""

    year: int
    table: Table
    rows: tuple[str, ...]
    columns: tuple[str, ...]
    values: npt.NDArray[np.floating[Any]]
    status: npt.NDArray[np.object_]
    at: npt.NDArray[np.intp]

    @property
    def known(self) -> npt.NDArray[np.bool_]:
        """Cells whose amount is told: a value, or nothing (nil, included elsewhere)."""
        untold = {
            status for status in set(self.status.ravel().tolist()) if set(status) & {MISSING, UNREAD, CONFIDENTIAL}
        }
        return np.asarray(~np.isnan(self.values) | ~np.isin(self.status, sorted(untold)))

    @property
    def amounts(self) -> npt.NDArray[np.floating[Any]]:
        """Values, with zero where nothing is reported in the cell."""
        return np.where(np.isnan(self.values), 0.0, self.values)

    def flipped(self) -> Cube:
        """Columns as rows."""
        turned = replace(self.table, rows=self.table.columns, columns=self.table.rows)
        return Cube(self.year, turned, self.columns, self.rows, self.values.T, self.status.T, self.at.T)

    def margin(self, axis: str) -> dict[str, float]:
        """The totals of an axis: the row or column in which the other axis is total."""
        cube = self if axis == self.table.rows else self.flipped()
        if TOTAL not in cube.columns:
            return {}
        total = cube.values[:, cube.columns.index(TOTAL)]
        return {code: float(value) for code, value in zip(cube.rows, total, strict=True)}


def cubes(accounts: Accounts, classification: Classification) -> dict[tuple[str, int], Cube]:
    """The matrices of accounts, by table and year."""
    table = accounts.table
    years, names = table["year"].to_numpy(), table["table"].to_numpy()
    found = {}
    for name in dict.fromkeys(names):
        for year in dict.fromkeys(years[names == name]):
            part = table[(names == name) & (years == year)]
            found[name, int(year)] = _cube(int(year), classification.tables[name], part, accounts.complete)
    return found


def _cube(year: int, table: Table, part: pd.DataFrame, complete: bool) -> Cube:
    rows, row_codes = pd.factorize(part[table.rows])
    across = part[table.columns] if table.columns else pd.Series(TOTAL, part.index)
    columns, column_codes = pd.factorize(across)
    shape = len(row_codes), len(column_codes)
    values, at = np.full(shape, np.nan), np.full(shape, -1)
    # A cell that a questionnaire does not have is nil; published data may leave it out.
    status = np.full(shape, "" if complete else MISSING, dtype=object)
    values[rows, columns] = part["value"]
    status[rows, columns] = part["status"]
    at[rows, columns] = part.index
    return Cube(year, table, tuple(row_codes), tuple(column_codes), values, status, at)
