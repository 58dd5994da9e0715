"""Linearised variables of the indicators (influence functions).

The estimate's variance is that of the weighted total of its linearised
variable (Deville 1999, Osier 2009). Derivatives of a distribution function are
Gaussian kernel densities with the bandwidth of vardpoor, the weighted standard
deviation of income times the population to the power of -1/5, in every
convention. The density that carries the error of the threshold into a rate is
taken *at the threshold* (Osier 2009, as convey does), not at the median as
vardpoor's rate does. Each function returns one value for each person of the
whole sample, in its order.
"""

from __future__ import annotations

import numpy as np

from reporting.silc import indicators
from reporting.silc.conventions import Numbers, dot
from reporting.silc.sample import Sample, Scope


def _first(sample: Sample, count: int) -> Numbers:
    """1 for the first so many persons in the order, 0 for the others."""
    out = np.zeros(len(sample))
    out[:count] = 1.0
    return out


def of_quantile(sample: Sample, p: float) -> Numbers:
    """A quantile of the sample."""
    q = sample.quantile(p)
    return -(_first(sample, sample.upto(q)) - p) / sample.density(q)


def threshold(scope: Scope, share: float = 0.6, of: str = "median") -> Numbers:
    """The at-risk-of-poverty threshold."""
    whole = scope.whole
    if of == "median":
        return share * of_quantile(whole, 0.5)
    return share * (whole.x - whole.mean) / whole.size


def poor(scope: Scope, share: float = 0.6, of: str = "median") -> Numbers:
    """The at-risk-of-poverty rate: the rate itself, and the error of the threshold times the density there."""
    domain, line = scope.domain, scope.threshold(share, of)
    rate = indicators.poor(scope, share, of) / 100
    own = (_first(domain, domain.poor(line)) - rate) / domain.size
    slope = scope.beside.density(line) / domain.size
    return 100 * (scope.spread(own) + slope * threshold(scope, share, of))


def gap(scope: Scope, share: float = 0.6) -> Numbers:
    """The relative median gap: through the median of the poor and the threshold."""
    domain, line = scope.domain, scope.threshold(share)
    middle = indicators.poor_median(scope, share)
    rate = indicators.poor(scope, share) / 100
    under = (_first(domain, domain.upto(middle)) - 0.5 * rate) / domain.size
    of_median = (0.5 * poor(scope, share) / 100 - scope.spread(under)) * domain.size / scope.beside.density(middle)
    return 100 * (middle * threshold(scope, share) / line**2 - of_median / line)


def of_bottom(sample: Sample, p: float) -> Numbers:
    """The income of those up to a quantile."""
    q = sample.quantile(p)
    under = _first(sample, sample.upto(q))
    # The quantile's own influence times the density of income there.
    carried = sample.density(q, sample.incomes) / sample.density(q)
    return sample.x * under - carried * (under - p)


def share_ratio(scope: Scope, rich: float = 0.8, low: float = 0.2) -> Numbers:
    """A ratio of the incomes of two groups."""
    domain = scope.domain
    a, b = indicators.top(domain, rich), indicators.bottom(domain, low)[0]
    own = (domain.x - of_bottom(domain, rich)) / a - of_bottom(domain, low) / b
    return scope.spread(indicators.share_ratio(scope, rich, low) * own)


def gini(scope: Scope) -> Numbers:
    """The Gini coefficient: the exact derivative with respect to the weights, ties taken together."""
    s = scope.domain
    last = _last_of_ties(s.x)
    rank, income = s.cumulative[last], s.below[last]
    ranked = 2 * (s.x * rank + s.total - income)
    if s.convention.less_own:
        ranked += 2 * s.incomes - s.x
    coefficient = indicators.gini(scope) / 100
    own = (ranked - (coefficient + 1) * (s.total + s.size * s.x)) / (s.size * s.total)
    return scope.spread(100 * own)


def _last_of_ties(x: Numbers) -> np.ndarray[tuple[int], np.dtype[np.intp]]:
    """For each of some ascending values, the position of the last equal one."""
    ends = np.flatnonzero(np.append(x[1:] != x[:-1], True))
    return np.repeat(ends, np.diff(ends, prepend=-1))


def middle(scope: Scope) -> Numbers:
    """The median."""
    return scope.spread(of_quantile(scope.domain, 0.5))


def average(scope: Scope) -> Numbers:
    """The mean."""
    domain = scope.domain
    return scope.spread((domain.x - domain.mean) / domain.size)


def cut_off(scope: Scope, p: float) -> Numbers:
    """The top of a quantile group."""
    return scope.spread(of_quantile(scope.domain, p))


def _between(sample: Sample, low: float, high: float) -> Numbers:
    upper = of_bottom(sample, high) if high < 1 else sample.x
    return upper - of_bottom(sample, low) if low else upper


def group_share(scope: Scope, low: float, high: float) -> Numbers:
    """The share of income of a quantile group."""
    s = scope.domain
    share = indicators.group_share(scope, low, high) / 100
    return scope.spread(100 * (_between(s, low, high) - share * s.x) / s.total)


def group_mean(scope: Scope, low: float, high: float) -> Numbers:
    """The mean income of a quantile group."""
    s = scope.domain
    size = (indicators.bottom(s, high)[1] if high < 1 else s.size) - (indicators.bottom(s, low)[1] if low else 0.0)
    mean = indicators.group_mean(scope, low, high)
    return scope.spread((_between(s, low, high) - mean * (high - low)) / size)


def status(
    scope: Scope, if_poor: str, if_not: str = "", among: str = "", income: str = "", line: float = 0.0
) -> Numbers:
    """A rate whose state may depend on being poor: the threshold's error moves only those in whom it makes a change."""
    whole = scope.whole
    chosen = scope.among(among)
    inside = np.ones(len(whole)) if chosen.mask is None else chosen.mask.astype(np.float64)
    size = dot(whole.weight, inside)
    at = line or scope.threshold()
    rate = indicators.status(scope, if_poor, if_not, among, income, line) / 100
    own = inside * (indicators.counted(whole, if_poor, if_not, income, at) - rate) / size
    moved = inside * whole.weight * (indicators.variable(whole, if_poor) - indicators.variable(whole, if_not))
    if line or not moved.any():
        return 100 * own
    return 100 * (own + _slope(whole, moved, income, at) / size * threshold(scope))


def impact(scope: Scope, income: str) -> Numbers:
    """The impact of transfers: a change of two rates with one threshold."""
    before, after = indicators.status(scope, "1", income=income), indicators.poor(scope)
    return 100 * (after / before * status(scope, "1", income=income) - poor(scope)) / before


def _slope(whole: Sample, mass: Numbers, income: str, at: float) -> float:
    """Kernel density, at a threshold, of a mass over an income."""
    if not income:
        return whole.density(at, mass)
    order = np.argsort(whole.more[income])
    other = Sample(whole.more[income][order], whole.weight[order], whole.convention)
    return other.density(at, mass[order])


def ratio_of(scope: Scope, first: tuple[str, str], second: tuple[str, str], mean: bool = False) -> Numbers:
    """A ratio of two medians or means."""
    value = indicators.ratio_of(scope, first, second, mean)
    parts = [_of_centre(scope.among(group), name, mean) for name, group in (first, second)]
    return value * (parts[0] - parts[1])


def difference_of(scope: Scope, first: tuple[str, str], second: tuple[str, str]) -> Numbers:
    """A gap between the means of two groups."""
    return -100 * ratio_of(scope, first, second, mean=True)


def _of_centre(scope: Scope, name: str, mean: bool) -> Numbers:
    """The median or mean of a variable in a group, relative to itself."""
    domain = scope.domain
    values = indicators.variable(domain, name) if name else domain.x
    known = np.flatnonzero(np.isfinite(values))
    order = known[np.argsort(values[known])]
    group = Sample(values[order], domain.weight[order], domain.convention)
    out = np.zeros(len(domain))
    if mean:
        out[order] = (group.x - group.mean) / group.size / group.mean
    else:
        out[order] = of_quantile(group, 0.5) / group.median
    return scope.spread(out)
