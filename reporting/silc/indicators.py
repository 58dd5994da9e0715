"""Values of the social indicators: each a function of a scope.

Rates, the gap, the Gini coefficient and shares are in per cent; ratios are
ratios. An indicator that is not defined for a domain (nobody is poor, nobody
is there, incomes are not positive where one divides by them) is NaN; who prints
it adds the flag.
"""

from __future__ import annotations

import numpy as np

from reporting.silc.conventions import Numbers, dot, quantile
from reporting.silc.sample import Sample, Scope

NAN = float("nan")


def _over(a: float, b: float) -> float:
    """A share of a positive amount; NaN where there is none."""
    return a / b if b > 0 and np.isfinite(b) else NAN


def _sum(values: Numbers, count: int) -> float:
    """The first so many of cumulative values."""
    return float(values[count - 1]) if count else 0.0


def threshold(scope: Scope, share: float = 0.6, of: str = "median") -> float:
    """At-risk-of-poverty threshold for a single person (ilc_li01); the national one, whatever the domain."""
    return scope.threshold(share, of)


def poor(scope: Scope, share: float = 0.6, of: str = "median") -> float:
    """At-risk-of-poverty rate: persons below the national threshold (ilc_li02)."""
    domain = scope.domain
    return 100 * _over(_sum(domain.cumulative, domain.poor(scope.threshold(share, of))), domain.size)


def poor_median(scope: Scope, share: float = 0.6) -> float:
    """Median income of the poor."""
    domain = scope.domain
    count = domain.poor(scope.threshold(share))
    return quantile(domain.x[:count], domain.cumulative[:count], 0.5, domain.convention)


def gap(scope: Scope, share: float = 0.6) -> float:
    """Relative median at-risk-of-poverty gap: how far the median of the poor is below the threshold (ilc_li11)."""
    line = scope.threshold(share)
    return 100 * _over(line - poor_median(scope, share), line)


def top(sample: Sample, p: float) -> float:
    """Income of the persons above the quantile of order p."""
    return sample.total - _sum(sample.below, sample.upto(sample.quantile(p)))


def bottom(sample: Sample, p: float) -> tuple[float, float]:
    """Income and number of persons up to the quantile of order p."""
    count = sample.upto(sample.quantile(p))
    return _sum(sample.below, count), _sum(sample.cumulative, count)


def share_ratio(scope: Scope, rich: float = 0.8, low: float = 0.2) -> float:
    """Income of those above one quantile to that of those up to another: S80/S20 (ilc_di11), S80/S50, S50/S20."""
    domain = scope.domain
    if not len(domain):
        return NAN
    return _over(top(domain, rich), bottom(domain, low)[0])


def gini(scope: Scope) -> float:
    """Gini coefficient of income, 0 to 100 (ilc_di12)."""
    s = scope.domain
    ranked = 2 * dot(s.incomes, s.cumulative)
    ranked -= s.total if s.convention.less_own else dot(s.incomes, s.weight)
    return 100 * (_over(ranked, s.size * s.total) - 1)


def middle(scope: Scope) -> float:
    """Median income (ilc_di03)."""
    return scope.domain.median


def average(scope: Scope) -> float:
    """Mean income (ilc_di03)."""
    return scope.domain.mean


def cut_off(scope: Scope, p: float) -> float:
    """Income at the top of a quantile group (ilc_di01)."""
    return scope.domain.quantile(p)


def group_share(scope: Scope, low: float, high: float) -> float:
    """Share of income of the persons between two quantiles, % (ilc_di01)."""
    s = scope.domain
    return 100 * _over((bottom(s, high)[0] if high < 1 else s.total) - (bottom(s, low)[0] if low else 0.0), s.total)


def group_mean(scope: Scope, low: float, high: float) -> float:
    """Mean income of the persons between two quantiles."""
    s = scope.domain
    above = bottom(s, high) if high < 1 else (s.total, s.size)
    under = bottom(s, low) if low else (0.0, 0.0)
    return _over(above[0] - under[0], above[1] - under[1])


def group_count(scope: Scope, low: float, high: float) -> int:
    """Persons of the sample between two quantiles."""
    s = scope.domain
    return (s.upto(s.quantile(high)) if high < 1 else len(s)) - (s.upto(s.quantile(low)) if low else 0)


def status(scope: Scope, if_poor: str, if_not: str = "", among: str = "", income: str = "", line: float = 0.0) -> float:
    """Rate of persons in a state that may depend on being poor.

    Parameters
    ----------
    if_poor, if_not : str
        Variables that say who counts when poor, and who counts otherwise;
        ``"1"`` is everybody, empty nobody.
    among : str
        Variable that says who is in the population of the rate.
    income : str
        Variable compared with the threshold, where it is not the income itself.
    line : float
        A threshold fixed in advance (anchored); 0 for that of the sample.
    """
    whole = scope.whole
    chosen = asked(scope, if_poor, if_not, among, income)
    counts = counted(whole, if_poor, if_not, income, line or scope.threshold())
    if chosen.mask is None:
        return 100 * _over(dot(whole.weight, counts), whole.size)
    weight = whole.weight[chosen.mask]
    return 100 * _over(dot(weight, counts[chosen.mask]), float(weight.sum()))


def asked(scope: Scope, if_poor: str = "", if_not: str = "", among: str = "", income: str = "") -> Scope:
    """Those a rate is about: who is in its population and has none of its variables missing."""
    return scope.among(among).knowing(if_poor, if_not, income)


def impact(scope: Scope, income: str) -> float:
    """Impact of transfers: by how much of itself they reduce the rate, the threshold the same (ilc_li10, ilc_li02)."""
    before, after = status(scope, "1", income=income), poor(scope.knowing(income))
    return 100 * _over(before - after, before)


def counted(whole: Sample, if_poor: str, if_not: str, income: str, line: float) -> Numbers:
    """1 for each person in the state, 0 for others."""
    own = whole.numbers(income) if income else whole.x
    is_poor = own < line if whole.convention.strict else own <= line
    return np.where(is_poor, variable(whole, if_poor), variable(whole, if_not))


def variable(whole: Sample, name: str) -> Numbers:
    """A variable of the persons; ``"1"`` is one for everybody and the empty name nought."""
    if name in ("", "1"):
        return np.full(len(whole), float(name == "1"))
    return whole.numbers(name)


def _centre(sample: Sample, name: str, mean: bool) -> float:
    """Median or mean of a variable of a sample."""
    values, weight = variable(sample, name) if name else sample.x, sample.weight
    known = np.isfinite(values)
    values, weight = values[known], weight[known]
    if mean:
        return _over(dot(values, weight), float(weight.sum()))
    order = np.argsort(values)
    return quantile(values[order], np.cumsum(weight[order]), 0.5, sample.convention)


def ratio_of(scope: Scope, first: tuple[str, str], second: tuple[str, str], mean: bool = False) -> float:
    """Median (or mean) of a variable in one group to that of another in another group.

    Parameters
    ----------
    first, second : tuple
        Variable (empty: income) and the variable that says who is in the group.
    """
    a = _centre(scope.among(first[1]).domain, first[0], mean)
    b = _centre(scope.among(second[1]).domain, second[0], mean)
    return _over(a, b)


def difference_of(scope: Scope, first: tuple[str, str], second: tuple[str, str]) -> float:
    """By how many per cent of itself the mean of the second group is above that of the first: gender gaps."""
    return 100 * (1 - ratio_of(scope, first, second, mean=True))
