"""The one table of observations, and the algebra of flags.

An observation table is a :class:`pandas.DataFrame` with the columns of
:data:`COLUMNS`. Its identity is (``dataset``, ``key``, ``time``): ``key`` is the
SDMX key of the series, all dimensions in declared order joined by a dot, geo
included. A missing value is ``NaN``, never zero; the provider's flag is kept
verbatim.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable

import pandas as pd

#: Columns of every observation table. ``source`` and ``note`` are filled only
#: where an observation has a source of its own (national series).
COLUMNS = ("dataset", "key", "geo", "time", "value", "flag", "vintage", "source", "note")

#: Flags of Eurostat's dissemination data (CL_OBS_STATUS short letters).
FLAG_LETTERS = "bcdefimnprsuz"


def empty() -> pd.DataFrame:
    """An observation table without rows."""
    frame = pd.DataFrame({column: pd.Series(dtype="str") for column in COLUMNS})
    return frame.astype({"value": "float64"})


def combine(flags: Iterable[str]) -> str:
    """The flag of a value derived from several observations.

    The union of the letters, each once, in alphabetical order: order is not
    significant in Eurostat's combined flags (``bp`` is ``pb``).

    Examples
    --------
    >>> combine(["p", "", "bp"])
    'bp'
    """
    return "".join(sorted({letter for flag in flags if flag for letter in flag if letter.isalpha()}))


def add(values: Iterable[float]) -> float:
    """A sum that is missing when any part is missing, never smaller.

    Examples
    --------
    >>> add([1.0, float("nan")])
    nan
    """
    return math.fsum(values)


def geo_of(key: str, dimensions: tuple[str, ...]) -> str:
    """The geo code inside a series key."""
    return key.split(".")[dimensions.index("geo")]


def matches(keys: pd.Series, pattern: str) -> pd.Series:
    """Which series keys fit an SDMX key pattern.

    Parameters
    ----------
    keys : Series of str
        Full keys, e.g. ``A.TOTAL.MIO_EUR.BE``.
    pattern : str
        The same number of positions; an empty position matches every code and
        ``+`` joins alternatives, as in the SDMX 2.1 REST interface.

    Returns
    -------
    Series of bool
    """
    parts = [f"(?:{'|'.join(map(re.escape, part.split('+')))})" if part else "[^.]*" for part in pattern.split(".")]
    return keys.str.fullmatch(r"\.".join(parts)).astype(bool)
