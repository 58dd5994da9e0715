"""Tables whose margins agree: each is fitted (RAS) to what the tables before it say, fixed cells apart.

The leading table sets the margins of its two axes; the next one is fitted to those
it shares and sets the others. Totals given from outside (``margins``), and series
adjusted to benchmarks (Denton), come before what any table says.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from reporting.benchmarks import ras
from reporting.errors import UsageError, ValidationFailed
from reporting.sha.classification import AXES, TOTAL, Axis, Classification
from reporting.sha.neutral import Accounts
from reporting.sha.totals import completed

#: Which table comes first.
LEAD = "HCxHF"
#: Decimals that are kept: far more than are published, so that margins stay equal.
_DECIMALS = 7
#: Changes that are told.
_MOVED = 1e-5
Margins = dict[str, float]
#: A cell of a table: its name, its row, its column; ``_T`` for a whole row or column.
Place = tuple[str, str, str]


@dataclass(frozen=True)
class Wanted:
    """What is known better: margins by axis and code, cells, and the cells that must not change."""

    margins: Mapping[str, Margins]
    cells: Mapping[Place, float]
    fixed: Sequence[Place] = ()


@dataclass(frozen=True)
class Reconciled:
    """The new tables, and each cell that moved: old, new, change, in per cent, largest first."""

    accounts: Accounts
    moves: pd.DataFrame


def reconcile(
    accounts: Accounts, classification: Classification, wanted: Mapping[int, Wanted], lead: str = LEAD
) -> Reconciled:
    """Fit the tables of each year to each other and to what is wanted.

    Raises
    ------
    UsageError
        When the leading table is not there, or what is wanted names no cell.
    ValidationFailed
        When margins cannot be met, with the table, the code and the amount.
    """
    order = _order(classification, lead)
    for one in wanted.values():
        _reachable(one, order, classification)
    old = completed(accounts, classification, anew=True)
    table = old.table.copy()
    for year in accounts.years:
        if not ((table["table"] == lead) & (table["year"] == year)).any():
            raise UsageError(f"{accounts.file}: there is no table {lead} of {year}. Name another one with --lead.")
        settled: dict[str, Margins] = {}
        for name in order:
            part = table[(table["table"] == name) & (table["year"] == year)]
            if not part.empty:
                aim = wanted.get(year, Wanted({}, {}))
                table.loc[part.index, "value"] = _Fit(classification, name, part, aim).fitted(settled)
                _settle(table.loc[part.index], classification.tables[name].axes, settled)
        _follow(table, year, classification, settled)
    new = replace(accounts, table=table)
    return Reconciled(new, moved(accounts, new))


def _order(classification: Classification, lead: str) -> list[str]:
    names = [name for name, table in classification.tables.items() if table.columns and table.measure == "expenditure"]
    if lead not in names:
        raise UsageError(f"--lead {lead}: the tables that can lead are {', '.join(names)}.")
    return [lead, *(name for name in names if name != lead)]


def _reachable(wanted: Wanted, order: list[str], classification: Classification) -> None:
    """Refuse what is wanted of tables that are not reconciled."""
    axes = {axis for name in order for axis in classification.tables[name].axes}
    named = [name for name, _, _ in (*wanted.cells, *wanted.fixed)]
    strange = sorted({name for name in named if name not in order} | (set(wanted.margins) - axes))
    if strange:
        raise UsageError(f"{', '.join(strange)}: not reconciled, only {', '.join(order)} are.")


def _follow(table: pd.DataFrame, year: int, classification: Classification, settled: Mapping[str, Margins]) -> None:
    """Give tables with one axis the totals of the others."""
    for name, one in classification.tables.items():
        if not one.columns and one.rows in settled:
            mine = (table["table"] == name) & (table["year"] == year)
            table.loc[mine, "value"] = table.loc[mine, one.rows].map(settled[one.rows]).fillna(table.loc[mine, "value"])


def _settle(part: pd.DataFrame, axes: tuple[str, ...], settled: dict[str, Margins]) -> None:
    """Keep the margins of a fitted table for the axes that no table before it has."""
    for axis, other in (axes, axes[::-1]):
        if axis not in settled:
            margin = part[(part[other] == TOTAL) & part["value"].notna()]
            settled[axis] = dict(zip(margin[axis], margin["value"].astype(float), strict=True))


class _Fit:
    """One table of one year while it is fitted: its figures, which are cells that are no sums."""

    def __init__(self, classification: Classification, name: str, part: pd.DataFrame, wanted: Wanted) -> None:
        table = classification.tables[name]
        self.name, self.part, self.wanted, self.classes = name, part, wanted, classification
        self.down, self.across = classification.axes[table.rows], classification.axes[table.columns]
        figures = part[part["typed"] & part["value"].notna()]
        self.rows, self.columns = figures[table.rows].tolist(), figures[table.columns].tolist()
        self.main = np.array([self._main(r, c) for r, c in zip(self.rows, self.columns, strict=True)], dtype=bool)
        self.index, self.values = figures.index, figures["value"].to_numpy(dtype=float, copy=True)
        self.held = np.zeros(len(self.values), dtype=bool)

    def _main(self, row: str, column: str) -> bool:
        """Whether a figure is part of the grand total, and no memorandum item."""
        return row in self.down.inside(TOTAL) and column in self.across.inside(TOTAL)

    def fitted(self, settled: Mapping[str, Margins]) -> pd.Series[Any]:
        """The values of all cells after the fit, totals from their parts."""
        self._hold()
        down = self._groups(self.down, self.rows, settled)
        across = self._groups(self.across, self.columns, settled)
        free = self.main & ~self.held & np.array([bool(g) for g in down[0]]) & np.array([bool(g) for g in across[0]])
        if down[1] or across[1]:
            self._scale(free, down, across)
        values = self.part["value"].copy()
        values[self.index] = self.values
        return _summed(self.part.assign(value=values), self.classes)

    def _hold(self) -> None:
        """Fix the cells that are asked for, with the value wanted, and those that are negative."""
        for (name, row, column), value in self.wanted.cells.items():
            if name == self.name:
                found = self._at(row, column)
                if found.sum() != 1:
                    raise UsageError(f"{name} {row} × {column}: {int(found.sum())} figures are there, one is needed.")
                self.values[found], self.held = value, self.held | found
        for name, row, column in self.wanted.fixed:
            if name == self.name:
                self.held |= self._at(row, column)
        self.held |= self.values < 0

    def _at(self, row: str, column: str) -> Any:
        rows, columns = self.down.inside(row), self.across.inside(column)
        return np.array([r in rows and c in columns for r, c in zip(self.rows, self.columns, strict=True)], dtype=bool)

    def _groups(self, axis: Axis, codes: Sequence[str], settled: Mapping[str, Margins]) -> tuple[list[str], Margins]:
        """The group of each figure ('' where it stands alone at zero), and the margins of the groups."""
        used = {code for code, main, value in zip(codes, self.main, self.values, strict=True) if main and value}
        if axis.name in settled:
            groups = _shared(axis, used, settled[axis.name], self.name)
            margins = {group: settled[axis.name][group] for group in set(groups.values())}
        else:
            groups, margins = _aimed(axis, used, self.wanted.margins.get(axis.name, {}))
        return [groups.get(code, "") for code in codes], margins

    def _scale(self, free: Any, down: tuple[list[str], Margins], across: tuple[list[str], Margins]) -> None:
        rows, columns = list(dict.fromkeys(filter(None, down[0]))), list(dict.fromkeys(filter(None, across[0])))
        at = [(rows.index(r), columns.index(c)) if r and c else (0, 0) for r, c in zip(down[0], across[0], strict=True)]
        i, j = np.array(at, dtype=int).T
        before, held = np.zeros((2, len(rows), len(columns)))
        np.add.at(before, (i[free], j[free]), self.values[free])
        fixed = self.main & ~free
        np.add.at(held, (i[fixed], j[fixed]), self.values[fixed])
        left = [down[1].get(row, np.nan) for row in rows] - held.sum(axis=1)
        beneath = [across[1].get(column, np.nan) for column in columns] - held.sum(axis=0)
        try:
            after = ras(pd.DataFrame(before, rows, columns), left, beneath).table.to_numpy()
        except ValidationFailed as error:
            raise ValidationFailed(f"{self.name} {self.part['year'].iat[0]}: {error}") from None
        factor = np.divide(after, before, out=np.ones_like(before), where=before > 0)
        self.values[free] = np.round(self.values[free] * factor[i[free], j[free]], _DECIMALS)


def _summed(part: pd.DataFrame, classification: Classification) -> pd.Series[Any]:
    """Values with every total computed anew from its parts."""
    one = Accounts("", part.reset_index(drop=True), pd.DataFrame())
    anew = completed(one, classification, anew=True).table
    return anew["value"].set_axis(part.index)


def _shared(axis: Axis, used: set[str], margins: Margins, name: str) -> dict[str, str]:
    """For each code the lowest one above it that the settled margins have, none inside another."""
    above = {code: [up for up in axis.parents if code in axis.inside(up) and up in margins] for code in used}
    lowest = {code: min(ups, key=lambda up: len(axis.inside(up))) for code, ups in above.items()}
    strange = sorted(code for code, group in lowest.items() if group == TOTAL and code != TOTAL)
    if strange:
        raise ValidationFailed(
            f"{name}: {', '.join(strange)} has an amount, which the tables before do not have. "
            "Move it, or put an amount there too."
        )
    groups = set(lowest.values())
    outer = {
        group: max((g for g in groups if group in axis.inside(g)), key=lambda g: len(axis.inside(g)))
        for group in groups
    }
    found = {code: outer[group] for code, group in lowest.items()}
    _complete(axis, set(found.values()), margins, name)
    return found


def _complete(axis: Axis, groups: set[str], margins: Margins, name: str) -> None:
    """Refuse margins of which a table has no cell at all."""
    covered = frozenset[str]().union(*(axis.inside(group) for group in groups))
    apart = [
        code
        for code in axis.inside(TOTAL)
        if margins.get(code) and code not in covered and not groups & axis.inside(code)
    ]
    lacking = sorted(code for code in apart if not any(code != up and code in axis.inside(up) for up in apart))
    if lacking:
        raise ValidationFailed(
            f"{name}: there is no amount in {', '.join(lacking)}, where the tables before have one. "
            "Put an amount there, however small."
        )


def _aimed(axis: Axis, used: set[str], margins: Margins) -> tuple[dict[str, str], Margins]:
    """Groups for margins wanted from outside: each by its code; the rest is free, or what the total leaves."""
    if not margins:
        return {code: code for code in used}, {}
    named = [code for code in margins if code != TOTAL]
    nested = [(a, b) for a in named for b in named if a != b and b in axis.inside(a)]
    if nested:
        raise UsageError(f"{nested[0][1]} lies inside {nested[0][0]}: give the margin of one of the two.")
    empty = [code for code in named if margins[code] and not used & axis.inside(code)]
    if empty:
        raise UsageError(f"A margin is wanted for {', '.join(empty)}, where the table has no amount.")
    groups = {code: next((name for name in named if code in axis.inside(name)), code) for code in used}
    found = {code: margins[code] for code in named if used & axis.inside(code)}
    if TOTAL in margins:
        groups = {code: group if group in found else TOTAL for code, group in groups.items()}
        if TOTAL in groups.values():
            found[TOTAL] = margins[TOTAL] - sum(found.values())
    return groups, found


def moved(old: Accounts, new: Accounts) -> pd.DataFrame:
    """Old and new values side by side, the largest change first."""
    keys = ["year", "table", *AXES]
    pairs = old.table[[*keys, "value", "sheet", "cell"]].merge(
        new.table[[*keys, "value"]], on=keys, how="outer", suffixes=("_old", "_new"), validate="1:1"
    )
    pairs = pairs.rename(columns={"value_old": "old", "value_new": "new"})
    pairs["change"] = pairs["new"].fillna(0) - pairs["old"].fillna(0)
    pairs["percent"] = 100 * pairs["change"] / pairs["old"].where(pairs["old"] != 0).abs()
    pairs = pairs[pairs["change"].abs() > _MOVED]
    return pairs.sort_values("change", key=lambda c: -c.abs(), kind="stable").reset_index(drop=True)
