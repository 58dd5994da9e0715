"""Columns as their distinct entries, and which of them each row holds.

A file repeats itself: a million rows hold a few hundred codes. What an entry
means is decided once for each distinct entry; the rows only follow.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

#: Numbers of combinations above which they are counted anew, so that they fit 64 bits.
_MANY = 2**31


@dataclass(frozen=True)
class Coded:
    """A column: ``distinct`` entries in order of appearance, and the position of each row's entry there."""

    which: npt.NDArray[Any]
    distinct: Sequence[Any]

    def first(self, position: int) -> int:
        """The first row that holds an entry."""
        return int((self.which == position).argmax())

    def counts(self) -> npt.NDArray[np.int64]:
        """How many rows hold each entry."""
        return np.bincount(self.which, minlength=len(self.distinct))

    def mapped(self, entries: Sequence[str]) -> Coded:
        """The column with other entries in place of the distinct ones; equal ones become one."""
        positions = {entry: position for position, entry in enumerate(dict.fromkeys(entries))}
        place = np.array([positions[entry] for entry in entries], dtype=np.int64)
        return Coded(place[self.which], list(positions))

    def texts(self) -> Any:
        """The entries row by row, as an array of pandas."""
        return pd.Series(self.distinct, dtype=str).array.take(self.which)


def coded(column: pd.Series) -> Coded:
    """A column of texts; a categorical one must have its categories in order of appearance, and no others."""
    if isinstance(column.dtype, pd.CategoricalDtype):
        return Coded(column.cat.codes.to_numpy(), [str(entry) for entry in column.cat.categories])
    which, distinct = pd.factorize(column, use_na_sentinel=False)
    return Coded(which, [str(entry) for entry in distinct])


def same(text: str, rows: int) -> Coded:
    """A column with one text in every row."""
    return Coded(np.zeros(rows, dtype=np.int8), [text])


def together(columns: Sequence[Coded]) -> Coded:
    """Several columns as one, whose entries are the combinations that occur.

    Examples
    --------
    >>> together([Coded(np.array([0, 1, 0]), ["a", "b"]), Coded(np.array([0, 0, 0]), ["c"])]).distinct
    [('a', 'c'), ('b', 'c')]
    """
    ids = np.zeros(len(columns[0].which), dtype=np.int64)
    size = 1
    for column in columns:
        ids, size = ids * len(column.distinct) + column.which, size * len(column.distinct)
        if size > _MANY:
            ids, found = pd.factorize(ids)
            size = len(found)
    ids, _ = pd.factorize(ids)
    first = np.flatnonzero(~pd.Series(ids).duplicated().to_numpy())
    parts = [[column.distinct[position] for position in column.which[first]] for column in columns]
    return Coded(ids, list(zip(*parts, strict=True)))


def categorical(which: npt.NDArray[Any], distinct: Sequence[str]) -> pd.Categorical:
    """A column as :func:`coded` takes it: only the entries that occur, in order of appearance."""
    ids, used = pd.factorize(which)
    return pd.Categorical.from_codes(ids, [distinct[position] for position in used])
