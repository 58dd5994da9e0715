"""A questionnaire as one block of numbers, item by scheme by year, with the cell each number stands in."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from reporting.esspros.classification import Classification
from reporting.esspros.schemes import ALL, Scheme

Floats = npt.NDArray[np.float64]
Index = npt.NDArray[np.intp]
Mask = npt.NDArray[np.bool_]

#: Decimals of figures whose rounding cannot be told, and the most that are told apart.
_DECIMALS, _MOST = 2, 6
#: Aggregates other than zero from which the rounding of a year can be told.
_ENOUGH = 50


@dataclass(frozen=True)
class Cube:
    """Values by item, scheme and year; the last scheme is that of all schemes.

    ``value`` is NaN where no number is reported, ``row`` the row of the table it
    comes from (-1 where there is none). An empty cell says that there is nothing
    of the kind; a figure that is there without a number (``:``) is missing.
    ``expected`` says which cells the questionnaire has: items that are admissible,
    schemes that exist in the year.
    """

    items: tuple[str, ...]
    schemes: tuple[str, ...]
    years: tuple[int, ...]
    value: Floats
    row: Index
    expected: Mask

    @property
    def known(self) -> Mask:
        """Where a value is reported."""
        return ~np.isnan(self.value)

    @property
    def missing(self) -> Mask:
        """Where a figure is said to be missing."""
        return np.isnan(self.value) & (self.row >= 0)

    @property
    def filled(self) -> Floats:
        """The values, zero where a cell is empty, NaN where a figure is missing."""
        return np.where(self.row < 0, 0.0, self.value)

    @property
    def single(self) -> slice:
        """The schemes without the column of all."""
        return slice(0, len(self.schemes) - 1)

    @property
    def total(self) -> int:
        """The position of the column of all schemes."""
        return len(self.schemes) - 1

    @functools.cached_property
    def _places(self) -> dict[str, int]:
        return {item: place for place, item in enumerate(self.items)}

    def at(self, item: str) -> int:
        """The position of an item.

        Raises
        ------
        KeyError
            When the classification has no such item.
        """
        return self._places[item]

    def of(self, item: str) -> Floats:
        """The values of an item by scheme and year, zero where a cell is empty."""
        row = self.at(item)
        return np.where(self.row[row] < 0, 0.0, self.value[row])


def build(
    table: pd.DataFrame, classification: Classification, schemes: Sequence[Scheme] = (), years: Sequence[int] = ()
) -> Cube:
    """Lay out a neutral table; what the classification does not know is left out.

    Parameters
    ----------
    years : sequence of int, optional
        Years to lay out [default: those of the table].
    """
    items = tuple(classification.items)
    numbers = {*table["scheme"].unique(), *(scheme.number for scheme in schemes)} - {ALL}
    axis = (*sorted(numbers, key=_serial), ALL)
    known = tuple(sorted(years or table["year"].unique().tolist()))
    value, row = _laid(table, items, axis, known)
    return Cube(items, axis, known, value, row, _expected(classification, axis, known, schemes))


def beside(table: pd.DataFrame, cube: Cube) -> Cube:
    """Another table laid out as a block is; what the block has no place for is left out."""
    value, row = _laid(table, cube.items, cube.schemes, cube.years)
    return Cube(cube.items, cube.schemes, cube.years, value, row, cube.expected)


def _laid(table: pd.DataFrame, items: Sequence[str], axis: Sequence[str], years: Sequence[int]) -> tuple[Floats, Index]:
    i, s, t = (
        np.asarray(pd.Categorical(table[name], categories=list(places)).codes, dtype=np.intp)
        for name, places in (("item", items), ("scheme", axis), ("year", years))
    )
    values = table["value"].to_numpy(dtype=np.float64)
    # A figure that is not applicable (flag z) is not missing: there is nothing of the kind.
    nothing = np.isnan(values) & table["flag"].astype(str).str.contains("z", regex=False).to_numpy(dtype=np.bool_)
    inside = np.flatnonzero((i >= 0) & (s >= 0) & (t >= 0) & ~nothing)
    shape = len(items), len(axis), len(years)
    value, row = np.full(shape, np.nan), np.full(shape, -1, dtype=np.intp)
    place = i[inside], s[inside], t[inside]
    value[place] = values[inside]
    row[place] = inside
    return value, row


def _serial(number: str) -> tuple[int, str]:
    return (int(number), "") if number.isdigit() else (10**9, number)


def _expected(
    classification: Classification, axis: Sequence[str], years: Sequence[int], schemes: Sequence[Scheme]
) -> Mask:
    """Which cells there should be: no code, where others have one, means no row in the questionnaire."""
    coded = any(item.code for item in classification.items.values())
    rows = [item.admissible and (bool(item.code) or not coded) for item in classification.items.values()]
    register = {scheme.number: scheme for scheme in schemes}
    alive = [[number not in register or register[number].exists(year) for year in years] for number in axis]
    columns = np.asarray(alive, dtype=np.bool_).reshape(len(axis), len(years))
    return np.asarray(rows, dtype=np.bool_)[:, None, None] & columns[None]


def decimals(cube: Cube, leaves: Mask) -> npt.NDArray[np.intp]:
    """How many decimals the figures of each year are rounded to.

    Those that half of the figures have at most, of elementary items or of aggregates,
    whichever are coarser; two where there are too few aggregates to tell.
    """
    values = np.abs(np.nan_to_num(cube.value))
    needed = np.zeros(values.shape, dtype=np.intp)
    for place in range(_MOST):
        scaled = values * 10.0**place
        needed[np.abs(scaled - np.round(scaled)) > 1e-6 + 1e-12 * scaled] = place + 1
    shown = [_most_have(needed[rows], values[rows] > 0) for rows in (leaves, ~leaves)]
    enough = (values[~leaves] > 0).sum(axis=(0, 1)) >= _ENOUGH
    return np.where(enough, np.minimum(*shown), _DECIMALS)


def _most_have(needed: Index, counted: Mask) -> npt.NDArray[np.intp]:
    """The decimals with which half of the figures of a year can be written."""
    total = counted.sum(axis=(0, 1))
    enough = [2 * (counted & (needed <= place)).sum(axis=(0, 1)) >= total for place in range(_MOST + 1)]
    return np.asarray(np.argmax(enough, axis=0), dtype=np.intp)
