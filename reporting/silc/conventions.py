"""Conventions: how a weighted quantile, a poor person and the Gini coefficient are defined.

``eurostat`` follows SAS as Eurostat runs it, ``laeken`` the R package of that
name to the last digit, ``vardpoor`` the Latvian package (and convey): three
definitions that differ where incomes are tied and in terms of the order of one
weight. The linearised variables are the same in all three (see
:mod:`reporting.silc.influence`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from reporting.errors import UsageError

Numbers = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]
Codes = npt.NDArray[np.intp]

#: Cumulative weight and target are the same where they differ by less than this share of the total.
_SAME = 1e-12


@dataclass(frozen=True)
class Convention:
    """A named set of definitions.

    Attributes
    ----------
    exact : bool
        Two incomes are averaged when the cumulative share equals the order
        exactly, as R compares; otherwise within a relative tolerance of 1e-12.
    strict : bool
        Poor is below the threshold; otherwise also at it.
    less_own : bool
        The Gini coefficient takes 2C - 1 for the rank of a person, C the
        cumulative weight; otherwise the middle of the person's weight.
    """

    name: str
    exact: bool
    strict: bool
    less_own: bool


CONVENTIONS = {
    "eurostat": Convention("eurostat", exact=False, strict=True, less_own=False),
    "laeken": Convention("laeken", exact=True, strict=True, less_own=False),
    "vardpoor": Convention("vardpoor", exact=True, strict=False, less_own=True),
}


def named(name: str) -> Convention:
    """The convention of a name, or wrong use."""
    if name not in CONVENTIONS:
        raise UsageError(f"Unknown convention {name!r}. There are: {', '.join(CONVENTIONS)}.")
    return CONVENTIONS[name]


def dot(a: Numbers, b: Numbers) -> float:
    """The sum of products, the same on any machine: without the threads of the linear algebra library."""
    return float(np.einsum("i,i->", a, b))


def cumulated(weight: Numbers, convention: Convention) -> Numbers:
    """Cumulative weights, added up in extended precision, as R does, where they are compared exactly."""
    if not convention.exact:
        return np.cumsum(weight)
    wide: Any = np.cumsum(weight, dtype=np.longdouble)
    return np.asarray(wide, dtype=np.float64)


def quantile(x: Numbers, cumulative: Numbers, p: float, convention: Convention) -> float:
    """A weighted quantile of incomes in ascending order.

    The smallest income whose cumulative weight passes ``p`` of the total; the
    mean of it and the next where the cumulative weight equals it.

    Parameters
    ----------
    x : array
        Incomes, ascending.
    cumulative : array
        Their cumulative weights.
    p : float
        Order of the quantile, between 0 and 1.

    Returns
    -------
    float
        NaN where nobody has a weight.
    """
    if not len(x) or not cumulative[-1] > 0:
        return float("nan")
    total = float(cumulative[-1])
    if convention.exact:
        at, same = _exactly(cumulative, total, p)
    else:
        at = int(np.searchsorted(cumulative, p * total * (1 - _SAME), side="left"))
        same = abs(float(cumulative[min(at, len(x) - 1)]) - p * total) <= _SAME * total
    at = min(at, len(x) - 1)
    return float((x[at] + x[at + 1]) / 2) if same and at + 1 < len(x) else float(x[at])


def _exactly(cumulative: Numbers, total: float, p: float) -> tuple[int, bool]:
    """The first position whose cumulative share is at least p, and whether it equals p."""
    last = len(cumulative) - 1
    at = min(int(np.searchsorted(cumulative, p * total, side="left")), last)
    while at > 0 and cumulative[at - 1] / total >= p:
        at -= 1
    while at < last and cumulative[at] / total < p:
        at += 1
    return at, bool(cumulative[at] / total == p)
