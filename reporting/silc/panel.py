"""Persistent poverty: poor in the year and in at least two of the three years before, in a balanced panel.

Each year has its own threshold, from that year's cross-section. The rate takes
the longitudinal weight (RB064) of those who are in all four years; its error
takes the four thresholds as known.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from reporting.declarations import Declarations
from reporting.errors import SourceUnreadable
from reporting.silc.conventions import Mask, Numbers, named
from reporting.silc.estimates import Method, Persons, estimate
from reporting.silc.publish import Estimate
from reporting.silc.sample import Scope, ordered

Identities = npt.NDArray[Any]
#: Years before in which a person must have been poor.
YEARS = 2


def poverty(persons: Persons, convention: str) -> tuple[Mask, float]:
    """Who is poor in a year, and its threshold."""
    sample, _ = ordered(persons.income, persons.weight, named(convention))
    line = Scope(sample).threshold()
    return (persons.income < line if sample.convention.strict else persons.income <= line), line


def persistent(
    known: Declarations,
    current: tuple[Identities, Persons, Numbers],
    earlier: Sequence[tuple[Identities, Persons]],
    convention: str = "eurostat",
    method: Method | None = None,
) -> list[Estimate]:
    """The persistent at-risk-of-poverty rate.

    Parameters
    ----------
    current : tuple
        Identities, persons and longitudinal weights of the year.
    earlier : sequence of tuple
        Identities and persons of each of the three years before.

    Raises
    ------
    SourceUnreadable
        When an identity is not unique in a year, or nobody is in all years.
    """
    identities, persons, weight = current
    _, line = poverty(persons, convention)
    times, there = np.zeros(len(identities)), np.isfinite(persons.income)
    for ids, year in (*earlier, (identities, persons)):
        if pd.Index(ids).has_duplicates:
            raise SourceUnreadable("An identity stands twice in one year: each person has one record a year.")
        if ids is not identities:
            poor, _ = poverty(year, convention)
            known_poor = pd.Series(np.where(np.isfinite(year.income), poor, np.nan), index=pd.Index(ids))
            found = known_poor.reindex(identities).to_numpy(dtype=np.float64)
            there &= np.isfinite(found)
            times += np.nan_to_num(found)
    if not (there & (weight > 0)).any():
        raise SourceUnreadable("Nobody with a longitudinal weight is in all four years: are the identities the same?")
    measure = known.measures["persistent_arop"]
    measure = measure.model_copy(update={"arguments": {**measure.arguments, "line": line}})
    panel = replace(
        persons, weight=np.where(there, weight, 0.0), variables={"poor_before": (times >= YEARS).astype(float)}
    )
    return estimate(known, panel, [measure], convention, method)
