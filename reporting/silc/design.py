"""The survey design and the variance it gives: ultimate clusters in strata.

The variance of a total is that of the totals of the primary sampling units
(PSU) within strata, drawn as if with replacement; the finite population
correction is ignored, as Eurostat does. A stratum with one PSU is joined with
the next one in the order of the labels. For EU-SILC: stratum DB050, cluster
DB060 (two stages) or DB030 (one stage).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from reporting.silc.conventions import Codes, Numbers, dot

#: Half the width of a 95 % interval, in standard errors.
WIDTH = 1.96
#: A proportion this close to 0 or 1 has an interval on the logit scale.
SMALL = 0.05


@dataclass(frozen=True)
class Design:
    """Who belongs to which PSU, and which PSU to which stratum.

    Attributes
    ----------
    psu : array of int
        The PSU of each person.
    stratum : array of int
        The stratum of each PSU, single ones joined.
    joined : int
        How many strata with a single PSU were joined with a neighbour.
    """

    psu: Codes
    stratum: Codes
    joined: int = 0

    @property
    def psus(self) -> int:
        """Number of PSUs."""
        return len(self.stratum)

    def rearranged(self, order: Codes) -> Design:
        """The design for persons in another order, or for some of them: the PSUs stay."""
        return Design(self.psu[order], self.stratum, self.joined)

    def variance(self, weighted: Numbers) -> float:
        """Variance of a total from its weighted values; NaN when there is only one PSU."""
        totals = np.bincount(self.psu, weighted, minlength=self.psus)
        counts = np.bincount(self.stratum)
        if not len(counts) or counts.max() < 2:
            return float("nan")
        deviations = totals - (np.bincount(self.stratum, totals) / np.maximum(counts, 1))[self.stratum]
        squares = np.bincount(self.stratum, deviations * deviations)
        several = counts > 1
        return float((squares[several] * (counts[several] / (counts[several] - 1))).sum())


def build(stratum: npt.NDArray[Any] | None, cluster: npt.NDArray[Any] | None, persons: int) -> Design:
    """The design of labels: without strata one stratum, without clusters each person a PSU.

    A cluster is a PSU within its stratum: the same label in two strata is two PSUs.
    """
    strata = _codes(stratum, sort=True) if stratum is not None else np.zeros(persons, dtype=np.intp)
    psu = _codes(cluster) if cluster is not None else np.arange(persons, dtype=np.intp)
    if stratum is not None and cluster is not None and persons:
        psu = _codes(psu * (int(strata.max()) + 1) + strata)
    of_psu = np.zeros(int(psu.max()) + 1 if persons else 0, dtype=np.intp)
    of_psu[psu] = strata
    joined, count = _joined(of_psu)
    return Design(psu, joined, count)


def of_counted(stratum: npt.NDArray[Any] | None, cluster: npt.NDArray[Any] | None, weight: Numbers) -> Design:
    """The design of those who count: persons without a weight are no PSU."""
    counts = weight > 0
    strata, clusters = (None if labels is None else labels[counts] for labels in (stratum, cluster))
    built = build(strata, clusters, int(counts.sum()))
    psu = np.zeros(len(weight), dtype=np.intp)
    psu[counts] = built.psu
    return replace(built, psu=psu)


def _codes(labels: npt.NDArray[Any], sort: bool = False) -> Codes:
    codes, _ = pd.factorize(labels, sort=sort)
    return np.asarray(codes, dtype=np.intp)


def _joined(stratum: Codes, counts: Codes | None = None) -> tuple[Codes, int]:
    """Strata with a single PSU joined with the next one (the last with the one before it).

    ``counts`` has a row for each year and a column for each stratum; a stratum is fine with no PSU in a year or with
    several.
    """
    counts = np.bincount(stratum)[None, :] if counts is None else counts
    single = (counts == 1).any(axis=0)
    target, pending, previous = np.arange(counts.shape[1]), [], -1
    for code in np.flatnonzero(counts.any(axis=0)):
        pending.append(int(code))
        if (counts[:, pending].sum(axis=1) != 1).all():
            target[pending] = code
            previous, pending = int(code), []
    if pending and previous >= 0:
        target[pending] = previous
    return target[stratum], int(single.sum()) if counts.shape[1] > 1 else 0


def in_years(joint: Design, years: Sequence[Codes]) -> Design:
    """A design of several years in which no stratum has a single PSU in any of them."""
    strata = int(joint.stratum.max()) + 1 if joint.psus else 0
    counts = np.array([np.bincount(joint.stratum[np.unique(psus)], minlength=strata) for psus in years], dtype=np.intp)
    stratum, joined = _joined(joint.stratum, counts)
    return replace(joint, stratum=stratum, joined=joint.joined + joined)


def residuals(z: Numbers, weight: Numbers, auxiliaries: Numbers) -> Numbers:
    """What calibration variables leave of a linearised variable: residuals of the weighted regression."""
    root = np.sqrt(weight)[:, None]
    coefficients, *_ = np.linalg.lstsq(auxiliaries * root, z * root[:, 0], rcond=None)
    return z - auxiliaries @ coefficients


def simple_variance(z: Numbers, weight: Numbers, persons: int) -> float:
    """Variance under simple random sampling of so many persons: the denominator of the design effect."""
    size = float(weight.sum())
    if persons < 2:
        return float("nan")
    mean = dot(weight, z) / size
    return size**2 / (persons - 1) * dot(weight, (z - mean) ** 2) / size


def interval(value: float, error: float, rate: bool, psus: int) -> tuple[float, float]:
    """A 95 % interval; on the logit scale for small proportions (in per cent), exact where nobody counts."""
    low, high = value - WIDTH * error, value + WIDTH * error
    p = value / 100
    if not rate or not math.isfinite(error) or (SMALL < p < 1 - SMALL and low >= 0 and high <= 100):
        return low, high
    if not 0 < p < 1:
        most = 100 * (1 - 0.025 ** (1 / max(psus, 1)))
        return (0.0, most) if p <= 0 else (100 - most, 100.0)
    middle, half = math.log(p / (1 - p)), WIDTH * error / 100 / (p * (1 - p))
    return _percent(middle - half), _percent(middle + half)


def _percent(logit: float) -> float:
    """A proportion in per cent from the logit scale."""
    return 100 / (1 + math.exp(min(-logit, 700.0)))
