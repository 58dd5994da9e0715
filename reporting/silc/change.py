"""Net change between two years of a rotating panel, with its test.

Both years share primary sampling units; the covariance of the two estimates is
that of their linearised totals over the common ones: V(d) = V1 + V2 - 2 C.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from reporting.declarations import Declarations, Measure
from reporting.silc import design, indicators, influence
from reporting.silc.conventions import Codes, Mask, Numbers, named
from reporting.silc.estimates import Persons, call, counts
from reporting.silc.publish import UNRELIABLE, Estimate, publishable
from reporting.silc.sample import Scope, ordered

NAN = float("nan")


@dataclass(frozen=True)
class Change:
    """A net change: the two estimates, the difference, its error and its test."""

    indicator: str
    before: float
    after: float
    change: float
    se: float
    ci_low: float
    ci_high: float
    p_value: float
    correlation: float
    common_psus: int
    flag: str

    @property
    def significant(self) -> bool:
        """Whether the change differs from nought at the 5 % level."""
        return self.p_value < 0.05


def paired(
    strata: Sequence[npt.NDArray[Any] | None], clusters: Sequence[npt.NDArray[Any]]
) -> tuple[design.Design, ...]:
    """The designs of several years, one label of a cluster being one PSU in all of them."""
    edges = np.cumsum([len(cluster) for cluster in clusters])
    known = [labels for labels in strata if labels is not None]
    together = np.concatenate(known) if len(known) == len(strata) else None
    joint = design.build(together, np.concatenate(clusters), int(edges[-1]))
    joint = design.in_years(joint, np.split(joint.psu, edges[:-1]))
    return tuple(replace(joint, psu=part) for part in np.split(joint.psu, edges[:-1]))


def net_change(
    known: Declarations, before: Persons, after: Persons, measures: Sequence[Measure], convention: str = "eurostat"
) -> list[Change]:
    """The change of national indicators from one year to the next.

    The designs of the two years must be those of :func:`paired`.
    """
    return [_change(known, before, after, measure, convention) for measure in measures]


def _change(known: Declarations, before: Persons, after: Persons, measure: Measure, convention: str) -> Change:
    with np.errstate(all="ignore"):
        (v1, t1, in1, e1), (v2, t2, in2, e2) = (_totals(p, measure, convention) for p in (before, after))
    stratum = before.design.stratum
    variances = covariance(t1, t1, stratum, in1), covariance(t2, t2, stratum, in2)
    shared = covariance(t1, t2, stratum, in1 & in2)
    error = math.sqrt(max(sum(variances) - 2 * shared, 0.0)) if all(map(math.isfinite, variances)) else NAN
    shown = publishable([replace(e, se=error) for e in (e1, e2)], known.reliability)
    flags = [one.flag for one in shown if one.flag]
    flag = min(flags, key=lambda f: f == UNRELIABLE, default="")
    common = int((in1 & in2).sum())
    if flag.startswith(":"):
        return Change(measure.id, NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN, common, flag)
    difference, width = v2 - v1, design.WIDTH * error
    p_value = math.erfc(abs(difference) / error / math.sqrt(2)) if error else (1.0 if difference == 0 else 0.0)
    scale = math.sqrt(variances[0] * variances[1])
    return Change(
        measure.id, v1, v2, difference, error, difference - width, difference + width, p_value,
        shared / scale if scale else 0.0, common, flag,
    )  # fmt: skip


def _totals(persons: Persons, measure: Measure, convention: str) -> tuple[float, Numbers, Mask, Estimate]:
    """The value, the linearised total of each PSU, and which PSUs there are."""
    sample, order = ordered(persons.income, persons.weight, named(convention))
    sample = replace(sample, more={name: persons.variables[name][order] for name in measure.needs})
    scope, psus = Scope(sample), persons.design.psus
    value = float(call(indicators, measure)(scope)) if len(sample) else NAN
    z = call(influence, measure)(scope) if math.isfinite(value) else np.zeros(len(sample))
    totals: Numbers = np.bincount(persons.design.psu[order], z * sample.weight, minlength=psus).astype(np.float64)
    there = np.bincount(persons.design.psu[persons.weight > 0], minlength=psus) > 0
    n, base = counts(measure, scope)
    weighted = int((persons.weight > 0).sum())
    missing = 100 * (1 - len(sample) / weighted) if weighted else 0.0
    return (
        value,
        totals,
        there,
        Estimate(measure.id, "total", "total", value, NAN, NAN, NAN, n, base=base, nonresponse=missing),
    )


def covariance(a: Numbers, b: Numbers, stratum: Codes, there: Mask) -> float:
    """Covariance of two totals over the PSUs that are there, within strata of two or more."""
    codes, a, b = stratum[there], a[there], b[there]
    if not len(codes):
        return 0.0
    counts = np.bincount(codes)
    safe = np.maximum(counts, 1)
    da, db = (t - (np.bincount(codes, t) / safe)[codes] for t in (a, b))
    products = np.bincount(codes, da * db)
    several = counts > 1
    return float((products[several] * (counts[several] / (counts[several] - 1))).sum())
