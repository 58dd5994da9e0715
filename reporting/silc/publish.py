"""Which estimates may be published: reliability, suppression, precision.

An estimate that rests on too few persons or on too much non-response is hidden
(``:u``): its value, its error and its interval. Where one category alone of a
breakdown that adds up to the total is hidden, the smallest other one is hidden
with it (``:c``), or the total would give the first away.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from reporting.declarations import Reliability, Requirement

HIDDEN, UNRELIABLE, SECONDARY, EMPTY = ":u", "u", ":c", ":z"
NAN = float("nan")
#: Length of the code of a NUTS 2 region.
_NUTS2 = 4


@dataclass(frozen=True)
class Estimate:
    """An indicator for a population or a domain of it.

    Attributes
    ----------
    base : int
        Persons the figure rests on: of a gap the poor, otherwise ``n``.
    nonresponse : float
        Per cent of the domain's persons whose income is missing.
    additive : bool
        Whether the categories of the breakdown add up to the total.
    """

    indicator: str
    by: str
    category: str
    value: float
    se: float
    ci_low: float
    ci_high: float
    n: int
    flag: str = ""
    cv: float = NAN
    deff: float = NAN
    base: int = 0
    nonresponse: float = 0.0
    additive: bool = False

    @property
    def hidden(self) -> bool:
        """Whether nothing of the estimate is shown."""
        return self.flag.startswith(":")

    def without_figures(self, flag: str) -> Estimate:
        """The estimate with nothing but its place and its count."""
        return replace(self, value=NAN, se=NAN, ci_low=NAN, ci_high=NAN, cv=NAN, deff=NAN, flag=flag)


def flag_of(estimate: Estimate, rules: Reliability) -> str:
    """The flag of an estimate, by its count, its non-response and whether it is defined at all."""
    if not estimate.n and estimate.nonresponse < 100:  # nobody is meant, which is no secret
        return EMPTY
    if estimate.base < rules.hidden_below or estimate.nonresponse > rules.hidden_nonresponse:
        return HIDDEN
    if not math.isfinite(estimate.value):
        return EMPTY
    few = estimate.base < rules.unreliable_below or estimate.nonresponse >= rules.unreliable_nonresponse
    return UNRELIABLE if few or not math.isfinite(estimate.se) else ""


def publishable(estimates: Iterable[Estimate], rules: Reliability, errors: bool = True) -> list[Estimate]:
    """The estimates with flags, those hidden that may not be published.

    Parameters
    ----------
    errors : bool
        Whether standard errors were computed; without them a missing one is no reason for a flag.
    """
    flagged = []
    for estimate in estimates:
        flag = flag_of(estimate if errors else replace(estimate, se=0.0), rules)
        flagged.append(estimate.without_figures(flag) if flag.startswith(":") else replace(estimate, flag=flag))
    return _secondary(flagged)


def _secondary(estimates: Sequence[Estimate]) -> list[Estimate]:
    """Hide a second category where one alone is hidden and the rest would give it away."""
    groups: dict[tuple[str, str], list[int]] = defaultdict(list)
    for position, estimate in enumerate(estimates):
        if estimate.additive and estimate.by != "total":
            groups[estimate.indicator, estimate.by].append(position)
    result = list(estimates)
    for positions in groups.values():
        hidden = [p for p in positions if result[p].flag == HIDDEN]
        shown = [p for p in positions if not result[p].hidden]
        if len(hidden) == 1 and shown:
            smallest = min(shown, key=lambda p: (result[p].n, p))
            result[smallest] = result[smallest].without_figures(SECONDARY)
    return result


def required_size(requirement: Requirement, households: float) -> float:
    """Effective number of households that a requirement asks for.

    Parameters
    ----------
    households : float
        Private households of the country (or region).

    Examples
    --------
    >>> round(required_size(Requirement(a=900, b=2600), 4_960_000))
    4604
    """
    return requirement.a * math.sqrt(households / 1e6) + requirement.b


def largest_error(rate: float, requirement: Requirement, households: float) -> float:
    """Largest standard error of a rate (both in %) that meets a requirement."""
    p = rate / 100
    return 100 * math.sqrt(p * (1 - p) / required_size(requirement, households))


def precision(
    estimates: Iterable[Estimate], rules: Reliability, households: float, regions: Mapping[str, float] | None = None
) -> list[dict[str, Any]]:
    """Whether the rates with a precision requirement meet it: national ones, and those of NUTS 2 regions.

    Parameters
    ----------
    households : float
        Private households of the country.
    regions : mapping, optional
        Those of each region, by its code.
    """
    found = []
    for e in estimates:
        if e.by == "total":
            requirement, size = rules.precision.get(e.indicator), households
        else:
            nuts2 = e.by == "region" and len(e.category) == _NUTS2
            requirement = rules.precision_regions.get(e.indicator) if nuts2 else None
            size = (regions or {}).get(e.category, 0.0)
        if requirement and size > 0 and math.isfinite(e.se):
            largest = largest_error(e.value, requirement, size)
            found.append({"indicator": e.indicator, "by": e.by, "category": e.category, "se": e.se,
                          "largest_se": largest, "met": e.se <= largest})  # fmt: skip
    return found


def quality(estimates: Iterable[Estimate]) -> list[dict[str, Any]]:
    """Coefficient of variation (%) and design effect of the estimates that are shown."""
    return [
        {"indicator": e.indicator, "by": e.by, "category": e.category, **_known(cv=e.cv, deff=e.deff)}
        for e in estimates
        if not e.hidden and math.isfinite(e.se)
    ]


def _known(**figures: float) -> dict[str, float | None]:
    return {name: value if math.isfinite(value) else None for name, value in figures.items()}
