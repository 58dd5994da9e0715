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
from reporting.silc.conventions import Numbers
from reporting.silc.sample import Sample, Scope


def _steps(sample: Sample, everywhere: float, *first: tuple[int, float]) -> Numbers:
    """One value for everybody, and something more for the first so many persons in the order."""
    out = np.full(len(sample), everywhere)
    for count, more in first:
        out[:count] += more
    return out


def of_quantile(sample: Sample, p: float) -> Numbers:
    """A quantile of the sample."""
    q = sample.quantile(p)
    density = sample.density(q)
    return _steps(sample, p / density, (sample.upto(q), -1 / density))


def threshold(scope: Scope, share: float = 0.6, of: str = "median", factor: float = 1.0) -> Numbers:
    """The at-risk-of-poverty threshold, times a factor."""
    whole, scale = scope.whole, share * factor
    if of == "mean":
        return scale * (whole.x - whole.mean) / whole.size
    density = whole.density(whole.median)
    return _steps(whole, 0.5 * scale / density, (whole.upto(whole.median), -scale / density))


def poor(scope: Scope, share: float = 0.6, of: str = "median", factor: float = 100.0) -> Numbers:
    """The at-risk-of-poverty rate: the rate itself, and the error of the threshold times the density there."""
    domain, line = scope.domain, scope.threshold(share, of)
    rate, each = indicators.poor(scope, share, of) / 100, factor / domain.size
    z = threshold(scope, share, of, scope.beside.density(line) * each)
    z += scope.spread(_steps(domain, -rate * each, (domain.poor(line), each)))
    return z


def gap(scope: Scope, share: float = 0.6) -> Numbers:
    """The relative median gap: through the median of the poor and the threshold."""
    domain, line = scope.domain, scope.threshold(share)
    middle = indicators.poor_median(scope, share)
    rate = indicators.poor(scope, share) / 100
    # The poor's median moves by half the number of the poor less the number up to it, over the density there.
    per_median = 100 / line / scope.beside.density(middle)
    z = poor(scope, share, factor=-0.5 * per_median * domain.size)
    z += threshold(scope, share, factor=100 * middle / line**2)
    z += scope.spread(_steps(domain, -0.5 * rate * per_median, (domain.upto(middle), per_median)))
    return z


def of_bottom(sample: Sample, p: float) -> Numbers:
    """The income of those up to a quantile."""
    q = sample.quantile(p)
    count = sample.upto(q)
    # The quantile's own influence times the density of income there.
    carried = sample.density(q, sample.incomes) / sample.density(q)
    out = _steps(sample, carried * p, (count, -carried))
    out[:count] += sample.x[:count]
    return out


def share_ratio(scope: Scope, rich: float = 0.8, low: float = 0.2) -> Numbers:
    """A ratio of the incomes of two groups."""
    domain = scope.domain
    a, b = indicators.top(domain, rich), indicators.bottom(domain, low)[0]
    own = domain.x - of_bottom(domain, rich)
    own /= a
    own -= of_bottom(domain, low) / b
    own *= indicators.share_ratio(scope, rich, low)
    return scope.spread(own)


def gini(scope: Scope) -> Numbers:
    """The Gini coefficient: the exact derivative with respect to the weights, the same for tied persons."""
    s = scope.domain
    coefficient = indicators.gini(scope) / 100
    own = s.x * s.cumulative
    own -= s.below
    own *= 2
    if s.convention.less_own:
        own += 2 * s.incomes - s.x
    own -= (coefficient + 1) * s.size * s.x
    own += (1 - coefficient) * s.total
    own *= 100 / (s.size * s.total)
    return scope.spread(own)


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
    chosen = indicators.asked(scope, if_poor, if_not, among, income)
    inside = np.ones(len(whole), dtype=bool) if chosen.mask is None else chosen.mask
    size = float(whole.weight[inside].sum())
    at = line or scope.threshold()
    rate = indicators.status(scope, if_poor, if_not, among, income, line) / 100
    own = np.where(inside, indicators.counted(whole, if_poor, if_not, income, at) - rate, 0.0) / size
    changed = indicators.variable(whole, if_poor) - indicators.variable(whole, if_not)
    moved = np.where(inside, whole.weight * changed, 0.0)
    if line or not moved.any():
        return 100 * own
    return 100 * (own + _slope(whole, moved, income, at) / size * threshold(scope))


def impact(scope: Scope, income: str) -> Numbers:
    """The impact of transfers: a change of two rates with one threshold."""
    known = scope.knowing(income)
    before, after = indicators.status(scope, "1", income=income), indicators.poor(known)
    return 100 * (after / before * status(scope, "1", income=income) - poor(known)) / before


def _slope(whole: Sample, mass: Numbers, income: str, at: float) -> float:
    """Kernel density, at a threshold, of a mass over an income."""
    if not income:
        return whole.density(at, mass)
    values = whole.numbers(income)
    order = np.argsort(values)[: np.isfinite(values).sum()]
    other = Sample(values[order], whole.weight[order], whole.convention)
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
