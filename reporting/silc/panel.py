"""Persistent poverty: poor in the year and in at least two of the three years before, in a balanced panel.

Each year has its own threshold, from that year's cross-section. The rate takes
the longitudinal weight (RB064) of those who are in all four years. Its error
holds that of the four thresholds: each moves those whom its year alone makes
persistently poor or not.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from reporting.declarations import Declarations, Measure
from reporting.errors import SourceUnreadable
from reporting.silc import change, design, influence
from reporting.silc.conventions import Convention, Mask, Numbers, named
from reporting.silc.estimates import Method, Persons, estimate
from reporting.silc.publish import UNRELIABLE, Estimate
from reporting.silc.sample import Scope, ordered

Identities = npt.NDArray[Any]
#: Years before in which a person must have been poor.
YEARS = 2


@dataclass(frozen=True)
class _Year:
    """A cross-section: its threshold and the error of it by PSU; income and poverty of the persons of the panel."""

    line: float
    bandwidth: float
    totals: Numbers
    income: Numbers
    poor: Mask


def persistent(
    known: Declarations,
    current: tuple[Identities, Persons, Numbers],
    earlier: Sequence[tuple[Identities, Persons]],
    convention: str = "eurostat",
) -> list[Estimate]:
    """The persistent at-risk-of-poverty rate.

    Parameters
    ----------
    current : tuple
        Identities, persons and longitudinal weights of the year.
    earlier : sequence of tuple
        Identities and persons of each of the three years before, their designs
        those of :func:`reporting.silc.change.paired`.

    Raises
    ------
    SourceUnreadable
        When an identity is not unique in a year, or nobody is in all years.
    """
    identities, persons, weight = current
    with np.errstate(all="ignore"):
        years = [_year(ids, one, identities, named(convention)) for ids, one in ((identities, persons), *earlier)]
    there = np.logical_and.reduce([np.isfinite(year.income) for year in years])
    if not (there & (weight > 0)).any():
        raise SourceUnreadable("Nobody with a longitudinal weight is in all four years: are the identities the same?")
    before = np.sum([year.poor for year in years[1:]], axis=0)
    variables = {"poor_before": (before >= YEARS).astype(float)}
    panel = replace(persons, weight=np.where(there, weight, 0.0), variables=variables)
    rows = estimate(known, panel, [_at(known, years[0].line)], convention, Method("none"))
    counted = np.zeros(persons.design.psus, dtype=bool)
    for one in (persons, *(year for _, year in earlier)):
        counted[one.design.psu[one.weight > 0]] = True
    return [one if one.hidden else _with_error(one, panel, years, before, counted) for one in rows]


def _at(known: Declarations, line: float) -> Measure:
    measure = known.measures["persistent_arop"]
    return measure.model_copy(update={"arguments": {**measure.arguments, "line": line}})


def _year(ids: Identities, persons: Persons, panel: Identities, convention: Convention) -> _Year:
    if pd.Index(ids).has_duplicates:
        raise SourceUnreadable("An identity stands twice in one year: each person has one record a year.")
    sample, order = ordered(persons.income, persons.weight, convention)
    line = Scope(sample).threshold()
    z = influence.threshold(Scope(sample)) * sample.weight
    totals: Numbers = np.bincount(persons.design.psu[order], z, minlength=persons.design.psus).astype(np.float64)
    income = np.asarray(pd.Series(persons.income, index=pd.Index(ids)).reindex(panel), dtype=np.float64)
    poor = income < line if convention.strict else income <= line
    return _Year(line, float(sample.bandwidth), totals, income, poor)


def _with_error(one: Estimate, panel: Persons, years: Sequence[_Year], before: Numbers, counted: Mask) -> Estimate:
    """An estimate with its standard error and interval."""
    inside = panel.weight > 0
    if one.by != "total":
        inside &= panel.breakdowns[one.by].astype(str) == one.category
    weight = np.where(inside, panel.weight, 0.0)
    size = float(weight.sum())
    now = years[0].poor
    persistent_poor = (now & (before >= YEARS)).astype(float)
    own = weight * (persistent_poor - one.value / 100) / size
    totals = np.bincount(panel.design.psu, own, minlength=len(counted)).astype(np.float64)
    with np.errstate(all="ignore"):
        for position, year in enumerate(years):
            # Whom the threshold of the year decides: the others of the years are enough, but for this one.
            decided = before >= YEARS if position == 0 else now & (before - year.poor == YEARS - 1)
            distance = (year.income - year.line) / year.bandwidth
            kernel = np.nan_to_num(np.exp(-0.5 * distance**2)) / (year.bandwidth * np.sqrt(2 * np.pi))
            totals += float((weight * decided) @ kernel) / size * year.totals
    error = 100 * float(np.sqrt(change.covariance(totals, totals, panel.design.stratum, counted)))
    low, high = design.interval(one.value, error, True, int(counted.sum()))
    flag = one.flag or ("" if np.isfinite(error) else UNRELIABLE)
    return replace(one, se=error, ci_low=low, ci_high=high, flag=flag, cv=100 * error / one.value if one.value else 0.0)
