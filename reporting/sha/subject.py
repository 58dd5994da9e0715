"""What the rules look at: the accounts of the years that are judged, and of the years before."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from reporting.declarations import CellRule
from reporting.findings import CellFinding, Severity
from reporting.sha.classification import AXES, TOTAL, Axis, Classification
from reporting.sha.cubes import Cube, cubes
from reporting.sha.neutral import Accounts, item

_APART = re.compile(r"\s*[×*;/]\s*|\s+x\s+|\s+", re.IGNORECASE)


@dataclass(frozen=True)
class Subject:
    """The accounts that are judged, with the tables of all years as matrices.

    Attributes
    ----------
    everything : Accounts
        With the earlier years, which give what to compare with.
    context : dict
        Figures of other statistics by series and year.
    """

    accounts: Accounts
    everything: Accounts
    classification: Classification
    rules: Mapping[str, CellRule]
    context: dict[tuple[str, int], float]

    def named(self, rule: str) -> tuple[str, Severity]:
        """The id under which a rule's findings are told, and their severity."""
        return rule.partition("-")[0], self.rules[rule].severity

    @functools.cached_property
    def cubes(self) -> dict[tuple[str, int], Cube]:
        """The tables that are judged."""
        return cubes(self.accounts, self.classification)

    @functools.cached_property
    def values(self) -> npt.NDArray[np.floating[Any]]:
        """The values of the neutral table that is judged, by position."""
        return self.accounts.table["value"].to_numpy(dtype=float)

    @functools.cached_property
    def expenditure(self) -> dict[int, float]:
        """Current health expenditure by year, of all years known."""
        table = self.everything.table
        known = table[table["value"].notna()]
        for axis in AXES:
            known = known[known[axis].isin(("", TOTAL))]
        found: dict[int, float] = {}
        for name, table_ in self.classification.tables.items():
            if table_.measure == "expenditure":
                rows = known[known["table"] == name]
                found = dict(zip(rows["year"], rows["value"], strict=True)) | found
        return found

    @functools.cached_property
    def cells(self) -> dict[str, pd.DataFrame]:
        """Values and statuses of all years (columns) by cell, and the positions of those that are judged."""
        keys = ["table", *AXES]
        wide = {
            name: self.everything.table.pivot(index=keys, columns="year", values=name) for name in ("value", "status")
        }
        mine = self.accounts.table[[*keys, "year"]].assign(at=range(len(self.accounts.table)))
        at = mine.pivot(index=keys, columns="year", values="at")
        return {**wide, "at": at.reindex(wide["value"].index)}

    def finding(self, rule: tuple[str, Severity], at: int, message: str, mend: str, expected: float = np.nan,
                undecidable: bool = False) -> CellFinding:  # fmt: skip
        """A finding on a cell of the neutral table."""
        row: Any = self.accounts.table.iloc[at]
        return CellFinding(
            *rule, f"{row.table} {item(row)} {row.year}: {message}", mend, self.accounts.file, row.sheet, row.cell,
            scheme=row.hf, item=item(row), year=str(row.year), value=float(row.value), expected=float(expected),
            outcome="undecidable" if undecidable else "failed",
        )  # fmt: skip

    def about(self, rule: tuple[str, Severity], year: int, message: str, mend: str, value: float = np.nan,
              undecidable: bool = False) -> CellFinding:  # fmt: skip
        """A finding on a year as a whole."""
        return CellFinding(
            *rule, f"{year}: {message}", mend, self.accounts.file, year=str(year), value=value,
            outcome="undecidable" if undecidable else "failed",
        )  # fmt: skip

    def told(self, kind: str) -> list[tuple[int, str, frozenset[str]]]:
        """What the metadata say of one kind: year, table ('' for all) and codes (none for a whole table)."""
        lines = self.accounts.metadata
        mine: Iterable[Any] = lines[lines["item"] == kind].itertuples()
        return [(int(line.year), line.table, frozenset(self._codes(line.cell))) for line in mine]

    def _codes(self, text: str) -> Iterable[str]:
        """The codes that a cell of the metadata names."""
        for word in filter(None, _APART.split(text.strip())):
            found = next((code for axis in self.classification.axes.values() if (code := axis.code(word))), word)
            if found != TOTAL:
                yield found

    def covers(self, told: tuple[int, str, frozenset[str]], row: Any) -> bool:
        """Whether what metadata say concerns a cell: its codes or codes above them."""
        year, table, named = told
        if year != row.year or table not in ("", row.table):
            return False
        above = {code for axis in AXES if (own := getattr(row, axis)) for code in self._above(axis, own)}
        return named <= above

    def _above(self, axis: str, code: str) -> Iterable[str]:
        tree = self.classification.axes[axis]
        return (upper for upper in tree.parents if code in tree.inside(upper))


def detailed(mask: npt.NDArray[np.bool_], cube: Cube, axes: Mapping[str, Axis]) -> npt.NDArray[np.bool_]:
    """The cells of a mask that have none of their own parts in it."""
    return np.asarray(mask & ~above(mask, cube, axes))


def above(mask: npt.NDArray[np.bool_], cube: Cube, axes: Mapping[str, Axis]) -> npt.NDArray[np.bool_]:
    """The cells that have a part in a mask."""
    down, across = _below(cube.rows, axes.get(cube.table.rows)), _below(cube.columns, axes.get(cube.table.columns))
    beside = (mask @ across.T) > 0
    return np.asarray(beside | ((down @ (mask | beside)) > 0))


def most_detailed(subject: Subject, positions: set[int]) -> list[int]:
    """Of the cells at some positions those of which no part is among them."""
    found: list[int] = []
    for cube in subject.cubes.values():
        mask = np.isin(cube.at, list(positions))
        found += cube.at[detailed(mask, cube, subject.classification.axes)].tolist() if mask.any() else []
    return found


def _below(codes: tuple[str, ...], axis: Axis | None) -> npt.NDArray[np.int_]:
    """Which codes are parts of which: one in the row of the whole."""
    found = np.zeros((len(codes), len(codes)), dtype=int)
    for row, code in enumerate(codes):
        inside = axis.inside(code) if axis else {code}
        found[row] = [other != code and other in inside for other in codes]
    return found


def amount(value: float) -> str:
    """A number in a message: no more decimals than it has, at most six."""
    text = f"{value:,.6f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text
