"""H03, H04 and H07: cells that are negative, that come or go, that hardly occur."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from reporting.findings import CellFinding
from reporting.sha.classification import Atypical, Axis
from reporting.sha.cubes import Cube
from reporting.sha.neutral import NIL
from reporting.sha.subject import Subject, above, amount, detailed, most_detailed

#: Cells that one finding names when many have the same fault.
_NAMED = 5


def negative(subject: Subject) -> Iterator[CellFinding]:
    """H03: no cell is negative, but corrections that are admitted."""
    rule, axes = subject.rules["H03"], subject.classification.axes
    admitted = {code for axis in axes.values() for named in rule.items for code in axis.inside(named)}
    for cube in subject.cubes.values():
        mask = cube.amounts < 0
        free = mask & np.logical_or.outer([c in admitted for c in cube.rows], [c in admitted for c in cube.columns])
        # A total may be negative for an admitted part of it; its other parts are looked at by themselves.
        mask &= ~free & ~above(free, cube, axes)
        for at in cube.at[detailed(mask, cube, axes)]:
            message = f"{amount(float(subject.values[at]))} is negative."
            mend = "Correct the sign, or the amount from which it was deducted."
            yield subject.finding(subject.named("H03"), int(at), message, mend, 0.0)


def appearing(subject: Subject) -> Iterator[CellFinding]:
    """H04: something where there was nothing a year before, or the reverse; blank where there was zero."""
    least, cells = subject.rules["H04"].limits["least"], subject.cells
    for year in (year for year in subject.accounts.years if year - 1 in cells["value"]):
        before, now = cells["value"][year - 1], cells["value"][year]
        there = cells["at"][year].notna()
        size = now.abs().fillna(0), before.abs().fillna(0)
        plain = {y: cells["status"][y].isin(("", NIL)) | cells["value"][y].notna() for y in (year - 1, year)}
        told = plain[year] & (plain[year - 1] | cells["status"][year - 1].isna())
        gone = there & told & (size[0] == 0) & (size[1] > least)
        come = there & told & (size[1] == 0) & (size[0] > least) & cells["status"][year - 1].notna()
        for mask in (gone, come):
            yield from _changed(subject, most_detailed(subject, set(cells["at"][year][mask].astype(int))), year)
        other = there & told & (size[0] == 0) & (size[1] == 0) & (now.isna() != before.isna())
        yield from _blank(subject, cells["at"][year][other & cells["status"][year - 1].notna()], year)


def _changed(subject: Subject, positions: list[int], year: int) -> Iterator[CellFinding]:
    before = subject.cells["value"][year - 1].to_numpy(dtype=float)
    at = {int(p): n for n, p in enumerate(subject.cells["at"][year].fillna(-1))}
    for position in positions:
        value, last = float(subject.values[position]), float(before[at[position]])
        now = "blank" if np.isnan(value) else amount(value)
        then = "blank" if np.isnan(last) else amount(last)
        message = f"{now}, but {then} in {year - 1}."
        mend = "Correct it, mark it x when it is included elsewhere, or explain it in a note."
        yield subject.finding(subject.named("H04"), position, message, mend, last)


def _blank(subject: Subject, at: pd.Series[Any], year: int) -> Iterator[CellFinding]:
    """One finding a table on blank cells that were zero, or the reverse."""
    positions = at.dropna().astype(int)
    for table, mine in positions.groupby(level="table"):
        rows: Any = subject.accounts.table.loc[mine.iloc[:_NAMED]]
        named = ", ".join(f"{row.sheet}!{row.cell}".strip("!") for row in rows.itertuples())
        more = f" and {len(mine) - _NAMED} more" if len(mine) > _NAMED else ""
        message = f"{len(mine)} cells of {table} are blank and were zero in {year - 1}, or the reverse: {named}{more}."
        mend = "Write nil in one way in all years."
        yield subject.finding(subject.named("H04"), int(mine.iloc[0]), message, mend)


def atypical(subject: Subject) -> Iterator[CellFinding]:
    """H07: a combination that hardly occurs has an amount and no note."""
    axes, notes = subject.classification.axes, subject.told("note")
    for cube in subject.cubes.values():
        for combination in subject.classification.atypical:
            if set(combination.codes) == set(cube.table.axes):
                mask = detailed(_matched(cube, combination, axes), cube, axes)
                yield from _unexplained(subject, cube.at[mask].tolist(), combination, notes)


def _matched(cube: Cube, combination: Atypical, axes: Any) -> npt.NDArray[np.bool_]:
    rows = [_within(axes[cube.table.rows], combination, code) for code in cube.rows]
    columns = [_within(axes[cube.table.columns], combination, code) for code in cube.columns]
    return np.asarray((np.abs(cube.amounts) > 0) & np.outer(rows, columns))


def _within(axis: Axis, combination: Atypical, code: str) -> bool:
    """Whether a code is one of a combination; a joint code when all its parts are."""
    return set(code.split("+")) <= combination.codes[axis.name]


def _unexplained(subject: Subject, positions: list[int], combination: Atypical, notes: Any) -> Iterator[CellFinding]:
    for at in positions:
        row: Any = subject.accounts.table.iloc[at]
        if combination.noted and (row.note or any(subject.covers(note, row) for note in notes)):
            continue
        message = f"{amount(row.value)} in a combination that hardly occurs: {combination.reason}."
        mend = "Move the amount, or explain it in a note on the cell or in the metadata."
        if not combination.noted:
            mend = "Move the amount: no note explains this combination."
        yield subject.finding(subject.named("H07"), at, message, mend)
