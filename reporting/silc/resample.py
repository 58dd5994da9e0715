"""Variance by resampling: rescaled bootstrap, stratified jackknife, given replicate weights.

Every replicate computes the indicator anew, its threshold included. Draws come
from one recorded seed, each replicate from a stream of its own, so that the
result does not depend on how many processors share the work.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

import numpy as np

from reporting.silc.conventions import Codes, Numbers
from reporting.silc.design import Design
from reporting.silc.sample import Sample, Scope

#: From weights of persons to the values of indicators.
Estimator = Callable[[Numbers], Numbers]
DRAWS = 250
SEED = 20260131


@dataclass(frozen=True)
class Replicates:
    """Values of indicators in each replicate (rows), and the stratum each replicate belongs to."""

    values: Numbers
    stratum: Codes


def bootstrap(estimate: Estimator, weight: Numbers, design: Design, draws: int = DRAWS, seed: int = SEED) -> Replicates:
    """Rescaled bootstrap: in each stratum half of the PSUs, drawn without replacement, gain what the others lose.

    With n PSUs in a stratum, m = n // 2 of them get the factor 1 - l + l n / m
    and the others 1 - l, where l is the square root of m / (n - m).
    """
    members = [np.flatnonzero(design.stratum == code) for code in np.unique(design.stratum)]
    reweighted = _by_psu(estimate, weight, design)

    def one(sequence: np.random.SeedSequence) -> Numbers:
        return reweighted(_factors(np.random.default_rng(sequence), members, design.psus))

    values = _all(one, np.random.SeedSequence(seed).spawn(draws))
    return Replicates(values, np.zeros(len(values), dtype=np.intp))


def _by_psu(estimate: Estimator, weight: Numbers, design: Design) -> Estimator:
    """An estimator of factors of the PSUs."""

    def reweighted(factor: Numbers) -> Numbers:
        with np.errstate(over="ignore"):
            return estimate(weight * factor[design.psu])

    return reweighted


def _factors(rng: np.random.Generator, members: Sequence[Codes], psus: int) -> Numbers:
    factor = np.ones(psus)
    for psu in members:
        n = len(psu)
        if n < 2:
            continue
        m = n // 2
        scale = np.sqrt(m / (n - m))
        factor[psu] = 1 - scale
        factor[psu[rng.permutation(n)[:m]]] += scale * n / m
    return factor


def jackknife(estimate: Estimator, weight: Numbers, design: Design) -> Replicates:
    """Stratified jackknife: each PSU left out in turn, the others of its stratum weighted up."""
    counts = np.bincount(design.stratum)
    left_out = np.flatnonzero(counts[design.stratum] > 1)
    reweighted = _by_psu(estimate, weight, design)

    def one(psu: int) -> Numbers:
        stratum = design.stratum[psu]
        factor = np.where(design.stratum == stratum, counts[stratum] / (counts[stratum] - 1), 1.0)
        factor[psu] = 0.0
        return reweighted(factor)

    return Replicates(_all(one, left_out.tolist()), design.stratum[left_out])


def given(estimate: Estimator, weights: Iterable[Numbers], stratum: Codes) -> Replicates:
    """Values with replicate weights that were given, each of a stratum."""
    return Replicates(_all(estimate, list(weights)), stratum)


def _all(one: Callable[..., Numbers], items: Sequence[object]) -> Numbers:
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        return np.array(list(pool.map(one, items)))


def bootstrap_variance(replicates: Replicates) -> Numbers:
    """Mean squared deviation of the replicates from their mean; replicates without a value do not count."""
    return _mean_square(replicates.values, replicates.values)


def jackknife_variance(replicates: Replicates, centre: str = "stratum") -> Numbers:
    """Sum over strata of (n - 1) / n times the squared deviations.

    Parameters
    ----------
    centre : str
        ``stratum``: from the mean of the stratum's replicates, as Statbel does;
        ``overall``: from the mean of all replicates, as R's survey does.
    """
    values = replicates.values
    total = np.zeros(values.shape[1])
    for code in np.unique(replicates.stratum):
        own = values[replicates.stratum == code]
        total += (len(own) - 1) * _mean_square(own, own if centre == "stratum" else values)
    return total


def _mean_square(values: Numbers, around: Numbers) -> Numbers:
    """Mean squared deviation by column; NaN where no replicate has a value."""
    known, near = np.isfinite(values), np.isfinite(around)
    with np.errstate(invalid="ignore"):
        centre = np.where(near, around, 0.0).sum(axis=0) / near.sum(axis=0)
        squares = np.where(known, values - centre, 0.0) ** 2
        found = squares.sum(axis=0) / known.sum(axis=0)
    return np.where(near.sum(axis=0) > 1, found, np.nan)


def merged(scope: Scope, design: Design) -> tuple[Scope, Design]:
    """Persons of one income, one PSU and one side of the domain merged: replicates give the same values, sooner.

    Only for indicators of income itself. In the convention that takes each
    person's own weight out of the Gini coefficient, the merged value differs
    by a constant, which is no part of a variance.
    """
    whole, psu = scope.whole, design.psu
    new = np.ones(len(whole), dtype=bool)
    new[1:] = (whole.x[1:] != whole.x[:-1]) | (psu[1:] != psu[:-1])
    if scope.mask is not None:
        new[1:] |= scope.mask[1:] != scope.mask[:-1]
    first = np.flatnonzero(new)
    weight = np.add.reduceat(whole.weight, first) if len(first) else whole.weight
    sample = Sample(whole.x[first], weight, whole.convention)
    mask = None if scope.mask is None else scope.mask[first]
    return Scope(sample, mask), replace(design, psu=psu[first])
