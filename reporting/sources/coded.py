"""Columns as their distinct entries, and which of them each row holds.

A file repeats itself: a million rows hold a few hundred codes. What an entry
means is decided once for each distinct entry; the rows only follow.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from reporting.errors import SourceUnreadable

#: Numbers of combinations above which they are counted anew, so that they fit 64 bits.
_MANY = 2**31
#: Runs of equal rows are of use when they are this long on average.
_SHORT = 4


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
        if len(set(entries)) == len(entries):
            return Coded(self.which, entries)
        positions = {entry: position for position, entry in enumerate(dict.fromkeys(entries))}
        place = np.array([positions[entry] for entry in entries], dtype=np.int64)
        return Coded(place[self.which], list(positions))

    def texts(self) -> Any:
        """The entries row by row, as an array of pandas."""
        if len(self.distinct) == 1:
            return pa.repeat(pa.scalar(self.distinct[0], pa.large_string()), len(self.which)).to_pandas().array
        return pd.Series(self.distinct, dtype=str).array.take(self.which)


def coded(column: pd.Series) -> Coded:
    """A column of texts; a categorical one must have its categories in order of appearance, and no others."""
    if isinstance(column.dtype, pd.CategoricalDtype):
        return Coded(column.cat.codes.to_numpy(), [str(entry) for entry in column.cat.categories])
    texts = arrow(column) if isinstance(column.dtype, pd.StringDtype) else None
    if texts is None or texts.null_count:
        which, distinct = pd.factorize(column, use_na_sentinel=False)
        return Coded(which, [str(entry) for entry in distinct])
    heads = _heads(pc.not_equal(texts[1:], texts[:-1]).to_numpy(zero_copy_only=False))
    encoded = pc.dictionary_encode(texts if heads is None else texts.take(pa.array(heads)))
    which = encoded.indices.to_numpy()
    return Coded(which if heads is None else _spread(which, heads, len(texts)), encoded.dictionary.to_pylist())


def arrow(column: pd.Series) -> pa.Array:
    """A column of texts as one array of Arrow."""
    texts = pa.array(column, from_pandas=True)
    return texts.combine_chunks() if isinstance(texts, pa.ChunkedArray) else texts


def _heads(changes: npt.NDArray[np.bool_]) -> npt.NDArray[np.int64] | None:
    """The rows that begin a run of equal ones; None where runs are too short to be of use."""
    heads = np.flatnonzero(changes) + 1
    return None if len(heads) > len(changes) // _SHORT else np.concatenate([[0], heads])


def _spread(entries: npt.NDArray[Any], heads: npt.NDArray[np.int64], rows: int) -> npt.NDArray[Any]:
    """What stands at the heads of runs, on all their rows."""
    return np.repeat(entries, np.diff(heads, append=rows))


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
    ids: npt.NDArray[Any] = np.zeros(len(columns[0].which), dtype=np.int32)
    size = 1
    for column in columns:
        if size * len(column.distinct) >= _MANY:
            ids = ids.astype(np.int64)
        if len(column.distinct) > 1:
            np.multiply(ids, len(column.distinct), out=ids)
            np.add(ids, column.which, out=ids, casting="same_kind")
            size *= len(column.distinct)
        if size >= _MANY:
            ids, found = pd.factorize(ids)
            size = len(found)
    heads = _heads(ids[1:] != ids[:-1])
    if heads is None:
        which, _ = pd.factorize(ids)
        first = _first(which)
    else:
        begun, _ = pd.factorize(ids[heads])
        which, first = _spread(begun, heads, len(ids)), heads[_first(begun)]
    parts = [[column.distinct[position] for position in column.which[first]] for column in columns]
    return Coded(which, list(zip(*parts, strict=True)))


def _first(which: npt.NDArray[Any]) -> npt.NDArray[np.int64]:
    """The rows on which entries in order of appearance are first met."""
    return np.flatnonzero(~pd.Series(which).duplicated().to_numpy())


def repeated(ids: npt.NDArray[np.int64]) -> int | None:
    """The first row that holds what an earlier row holds; None where each row differs."""
    if (ids[1:] > ids[:-1]).all():
        return None
    twice = pd.Series(ids).duplicated().to_numpy()
    return int(twice.argmax()) if twice.any() else None


def categorical(which: npt.NDArray[Any], distinct: Sequence[str]) -> pd.Categorical[str]:
    """A column as :func:`coded` takes it: only the entries that occur, in order of appearance."""
    column = Coded(which, distinct).mapped(distinct)
    ids, used = pd.factorize(column.which)
    return pd.Categorical.from_codes(ids, categories=pd.Index([column.distinct[n] for n in used], dtype=str))


class Growing:
    """Columns as they grow: row by row a code for each text; 0, the empty text, where nothing is said."""

    def __init__(self) -> None:
        self.rows = 0
        self.codes: dict[str, array[int]] = {}
        self.known: dict[str, dict[str, int]] = {}

    def add(self, items: Iterable[tuple[str, str]]) -> None:
        """Add a row."""
        for name, text in items:
            codes = self.codes.get(name)
            if codes is None:
                codes, self.known[name] = self.codes.setdefault(name, array("i")), {"": 0}
            if len(codes) != self.rows:
                self._fill(name)
            known = self.known[name]
            codes.append(known.setdefault(text, len(known)))
        self.rows += 1

    def column(self, name: str) -> npt.NDArray[np.int32]:
        """The codes of a column, for every row."""
        if len(self.codes[name]) < self.rows:
            self._fill(name)
        return np.frombuffer(self.codes[name], dtype=np.int32)

    def _fill(self, name: str) -> None:
        missing = self.rows - len(self.codes[name])
        if missing < 0:
            raise SourceUnreadable(f"{name} is given twice for one observation. Get the file again: it is damaged.")
        self.codes[name].frombytes(bytes(4 * missing))
