"""Persons in ascending order of income: what all indicators share is computed once.

One sort serves every indicator, every domain and every replicate. Persons
without an income or without a weight stay out; they are counted before.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from reporting.silc.conventions import Convention, Mask, Numbers, cumulated, dot, quantile

#: Beyond so many bandwidths the Gaussian kernel is nil in double precision.
_REACH = 9.0


@dataclass(frozen=True)
class Sample:
    """A sample, or a domain of one, in ascending order of income.

    Attributes
    ----------
    x, weight : array
        Income and weight of each person.
    convention : Convention
    more : mapping
        Other variables of the persons, in the same order.
    fixed_bandwidth : float
        The bandwidth of the whole sample, for a domain; 0 for its own.
    """

    x: Numbers
    weight: Numbers
    convention: Convention
    more: Mapping[str, npt.NDArray[Any]] = field(default_factory=dict)
    fixed_bandwidth: float = 0.0

    def __len__(self) -> int:
        return len(self.x)

    @cached_property
    def cumulative(self) -> Numbers:
        """Cumulative weights."""
        return cumulated(self.weight, self.convention)

    @cached_property
    def size(self) -> float:
        """Estimated number of persons in the population."""
        return float(self.cumulative[-1]) if len(self) else 0.0

    @cached_property
    def incomes(self) -> Numbers:
        """Weighted incomes."""
        return self.weight * self.x

    @cached_property
    def below(self) -> Numbers:
        """Income of all persons up to and including each."""
        return np.cumsum(self.incomes)

    @cached_property
    def total(self) -> float:
        """Income of the population."""
        return float(self.below[-1]) if len(self) else 0.0

    @cached_property
    def bandwidth(self) -> float:
        """Bandwidth of the kernel: the weighted standard deviation times size to the power of -1/5."""
        if self.fixed_bandwidth:
            return self.fixed_bandwidth
        if not self.size > 0:
            return float("nan")
        mean = self.total / self.size
        spread = max(dot(self.incomes, self.x) / self.size - mean * mean, 0.0)
        return float(np.sqrt(spread) * self.size ** (-0.2))

    def numbers(self, name: str) -> Numbers:
        """One of the other variables, as numbers."""
        return np.asarray(self.more[name], dtype=np.float64)

    def quantile(self, p: float) -> float:
        """A weighted quantile of income."""
        return quantile(self.x, self.cumulative, p, self.convention)

    @cached_property
    def median(self) -> float:
        """Median income."""
        return self.quantile(0.5)

    @cached_property
    def mean(self) -> float:
        """Mean income."""
        return self.total / self.size if self.size > 0 else float("nan")

    def upto(self, income: float, including: bool = True) -> int:
        """How many persons have at most an income (less than it, when not including)."""
        return int(np.searchsorted(self.x, income, side="right" if including else "left"))

    def poor(self, threshold: float) -> int:
        """How many persons are poor: those are the first in the order."""
        return self.upto(threshold, including=not self.convention.strict)

    def density(self, at: float, mass: Numbers | None = None) -> float:
        """Kernel sum at an income, of the weights or of another mass; divided by the bandwidth.

        Where nobody is near it is nought, of a type whose inverse is infinite rather than an error.
        """
        h = self.bandwidth
        if not (h > 0 and np.isfinite(at)):
            return float("nan")
        low, high = np.searchsorted(self.x, (at - _REACH * h, at + _REACH * h))
        u = (self.x[low:high] - at) / h
        kernel = np.exp(-0.5 * u * u)
        total = dot(kernel, (self.weight if mass is None else mass)[low:high])
        return np.float64(total / (h * math.sqrt(2 * math.pi)))

    def where(self, mask: Mask | None) -> Sample:
        """The persons of a domain, still in order, with their own bandwidth."""
        if mask is None:
            return self
        more = {name: values[mask] for name, values in self.more.items()}
        return Sample(self.x[mask], self.weight[mask], self.convention, more)

    def reweighted(self, weight: Numbers) -> Sample:
        """The same persons with other weights."""
        return replace(self, weight=weight)


def ordered(income: Numbers, weight: Numbers, convention: Convention) -> tuple[Sample, npt.NDArray[np.intp]]:
    """The sample in ascending order of income, and the position each person had.

    Persons whose income is missing or whose weight is missing or zero are left out.
    """
    order = np.argsort(income)
    x, w = income[order], weight[order]
    counted = np.isfinite(x) & (w > 0)
    if not counted.all():
        order, x, w = order[counted], x[counted], w[counted]
    return Sample(x, w, convention), order


@dataclass(frozen=True)
class Scope:
    """For whom an indicator is: the whole sample, which gives the threshold, and a domain of it."""

    whole: Sample
    mask: Mask | None = None

    @cached_property
    def domain(self) -> Sample:
        """The persons of the domain."""
        return self.whole.where(self.mask)

    @cached_property
    def beside(self) -> Sample:
        """The persons of the domain, with the bandwidth of the whole sample."""
        return replace(self.domain, fixed_bandwidth=self.whole.bandwidth)

    @property
    def persons(self) -> int:
        """How many persons of the sample are in the domain."""
        return len(self.whole) if self.mask is None else int(self.mask.sum())

    def among(self, name: str) -> Scope:
        """The scope narrowed to the persons of whom a variable says so."""
        if not name:
            return self
        return self._narrowed(np.nan_to_num(self.whole.numbers(name)) != 0)

    def knowing(self, *names: str) -> Scope:
        """The scope narrowed to the persons of whom some variables are not missing."""
        known = [np.isfinite(self.whole.numbers(name)) for name in names if name in self.whole.more]
        missing = [one for one in known if not one.all()]
        return self._narrowed(np.logical_and.reduce(missing)) if missing else self

    def _narrowed(self, mask: Mask) -> Scope:
        return Scope(self.whole, mask if self.mask is None else mask & self.mask)

    def threshold(self, share: float = 0.6, of: str = "median") -> float:
        """The at-risk-of-poverty threshold: a share of the national median (or mean)."""
        return share * (self.whole.median if of == "median" else self.whole.mean)

    def spread(self, values: Numbers) -> Numbers:
        """Values of the domain's persons as values of all: others have none."""
        if self.mask is None:
            return values
        out = np.zeros(len(self.whole))
        out[self.mask] = values
        return out
