"""What the cells of observations say: value, flag and note of each row.

Plain numbers are read all at once; a cell that is more than a plain number,
and each combination of flags, is read once however often it occurs.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from reporting.errors import SourceUnreadable
from reporting.sources import values
from reporting.sources.cells import CONF, FLAG, VALUE, Table
from reporting.sources.coded import Coded, arrow, coded, same, together

_T = TypeVar("_T")


@dataclass(frozen=True)
class Readings:
    """Values, flags and notes row by row; ``warnings`` name the flags no list knows."""

    values: npt.NDArray[np.float64]
    flags: Coded
    notes: Coded
    warnings: tuple[str, ...]


@dataclass(frozen=True)
class _Fault:
    """A cell that cannot be read."""

    row: int
    error: ValueError


def read(table: Table, labels: dict[str, str]) -> Readings:
    """Value, flag and note of each row; a confidential value is missing and flagged ``c``.

    Parameters
    ----------
    table : Table
    labels : dict
        Letter for each label of a flag.

    Raises
    ------
    SourceUnreadable
        For the first cell that is neither a number nor a mark for a missing
        value, or holds an unknown flag where the file is not official.
    """
    numbers, beside, notes, faults = _numbers(table)
    cells = coded(table.cells[FLAG])
    letters, more = _distinct(cells, lambda cell: values.flag(cell, {**labels, **table.statuses}, table.official))
    if faults := sorted([*faults, *more], key=lambda fault: fault.row):
        place, error = table.where(faults[0].row), faults[0].error
        raise SourceUnreadable(f"{place}: {error}. Correct the file, or get it again.") from None
    combined = together([cells, beside, coded(table.cells[CONF])])
    of = dict(zip(cells.distinct, letters, strict=True))
    settled = [_settled(of[cell], around, status) for cell, around, status in combined.distinct]
    restricted = np.array([hidden for _, hidden in settled])[combined.which]
    return Readings(
        values=np.where(restricted, np.nan, numbers),
        flags=combined.mapped([flag for flag, _ in settled]),
        notes=notes,
        warnings=_unknown(cells, [flag for flag, _ in letters], table),
    )


def _settled(stated: tuple[str, str], beside: str, status: str) -> tuple[str, bool]:
    """The whole flag of an observation, and whether its value is confidential."""
    flag, attached = stated
    flag += "".join(letter for letter in beside if letter not in flag)
    hidden = "c" in flag.lower() or not values.free(attached or status)
    return (flag if "c" in flag or not hidden else flag + "c"), hidden


def _numbers(table: Table) -> tuple[npt.NDArray[np.float64], Coded, Coded, list[_Fault]]:
    """The values, the flags beside them, the notes on them, and what is no number."""
    column = table.cells[VALUE]
    numbers, odd = values.plain(arrow(column.astype(str)))
    if table.decimal != ".":
        odd = (column != "").to_numpy()  # a point may group thousands
    beside = notes = same("", len(column))
    if not odd.any():
        return numbers, beside, notes, []
    rows = np.flatnonzero(odd)
    cells = coded(column.astype(str)[odd])
    found, faults = _distinct(cells, lambda cell: values.number(cell, table.decimal))
    if faults:
        return numbers, beside, notes, [_Fault(int(rows[fault.row]), fault.error) for fault in faults]
    numbers[rows] = np.array([number for number, _, _ in found])[cells.which]
    beside = _at(rows, cells.mapped([letters for _, letters, _ in found]), len(column))
    notes = _at(rows, cells.mapped([note for _, _, note in found]), len(column))
    return numbers, beside, notes, []


def _at(rows: npt.NDArray[np.int64], entries: Coded, length: int) -> Coded:
    """A column that is empty but for some rows."""
    which = np.zeros(length, dtype=np.int64)
    which[rows] = entries.which + 1
    return Coded(which, ["", *entries.distinct]).mapped(["", *entries.distinct])


def _distinct(cells: Coded, reading: Callable[[str], _T]) -> tuple[list[_T], list[_Fault]]:
    """What each distinct cell says, and the first that cannot be read."""
    found = []
    for position, cell in enumerate(cells.distinct):
        try:
            found.append(reading(cell))
        except ValueError as error:
            return [], [_Fault(cells.first(position), error)]
    return found, []


def _unknown(cells: Coded, flags: list[str], table: Table) -> tuple[str, ...]:
    """What to say of flags no list knows, which were kept."""
    counts = cells.counts()
    return tuple(
        f"the flag {flag!r} is in no list and was kept as it is: {_times(counts[position])}, "
        f"first at {table.where(cells.first(position))}"
        for position, flag in enumerate(flags)
        if not values.is_known(flag)
    )


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"
