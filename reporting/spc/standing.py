"""Where countries stand: reference, mean, dispersion, score."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from reporting.declarations import Profile
from reporting.declarations.profiles import SIMPLE_AVERAGE
from reporting.spc.panel import Flags, Floats, Index, Panel

#: A range of values this small beside the values themselves is the noise of subtraction: no dispersion.
_NOISE = 1e-12
#: A score this near a cut-off is at the cut-off: the rest is noise of division.
_AT = 1e-9


@dataclass(frozen=True)
class Standing:
    """Levels, or changes, beside those of the others.

    ``value`` and ``score`` are by indicator and country, the rest by
    indicator; ``reference`` is its name, ``year`` its year (-1 for a simple
    average, which may be of several).
    """

    value: Floats
    score: Floats
    reference: npt.NDArray[np.object_]
    reference_value: Floats
    year: Index
    mean: Floats
    sd: Floats
    n: Index


def stand(panel: Panel, value: Floats, at: Index, profile: Profile, options: pd.DataFrame, size: Floats) -> Standing:
    """Score values against the reference of the profile.

    Parameters
    ----------
    panel : Panel
    value : array
        Levels or changes by indicator and country.
    at : array of int
        The position of the year of each.
    profile : Profile
    options : DataFrame
        ``sign`` and ``reference`` of each indicator.
    size : array
        How large the figures are that the values were computed from, by indicator.

    Notes
    -----
    Mean and standard deviation are of the member countries with a value, each
    counted once; the deviation is taken around that mean, also where the
    reference is an aggregate. An aggregate is the reference only if it has a
    value for the latest year that any country or aggregate with a value has;
    otherwise the mean is. Where all countries have the same value there is no
    dispersion and no score; the same where it is not said what is good.
    """
    inside = value[:, : panel.members]
    n = (~np.isnan(inside)).sum(axis=1)
    mean = _divided(np.nansum(inside, axis=1), n)
    spare = 1 if profile.score.sd == "sample" else 0
    sd = np.sqrt(_divided(np.nansum((inside - mean[:, None]) ** 2, axis=1), n - spare))
    sd = np.where((n > 1) & (_spread(inside) <= _NOISE * size), 0.0, sd)
    aggregate, year = _aggregate(panel, value, at, profile, options)
    reference = np.where(year >= 0, profile.score.reference, SIMPLE_AVERAGE).astype(object)
    centre = np.where(year >= 0, aggregate, mean)
    good = 1.0 if profile.score.positive == "good" else -1.0
    factor = good * profile.score.factor * options["sign"].to_numpy(dtype=float)
    score = factor[:, None] * (value - centre[:, None]) / np.where(sd > 0, sd, np.nan)[:, None]
    score = settled(np.where(scored(panel, profile), score, np.nan), profile)
    return Standing(value, score, np.where((n > 0) | (year >= 0), reference, ""), centre, year, mean, sd, n)


def scored(panel: Panel, profile: Profile) -> Flags:
    """Which countries get a score: members, and aggregates where the profile says so."""
    return (np.arange(len(panel.geos)) < panel.members) | (profile.score.aggregates == "scored")


def settled(score: Floats, profile: Profile) -> Floats:
    """Scores with those at a cut-off, but for the noise of floating-point numbers, put exactly there."""
    for cut in profile.bands.cuts:
        score = np.where(np.abs(score - cut) <= _AT, cut, score)
    return np.asarray(score + 0.0, dtype=np.float64)  # minus nought is nought


def _aggregate(panel: Panel, value: Floats, at: Index, profile: Profile, options: pd.DataFrame) -> tuple[Floats, Index]:
    """The value of the aggregate that is the reference, and its year; -1 where it cannot be the reference."""
    none = np.full(len(value), -1)
    if profile.score.reference not in panel.geos:
        return np.full(len(value), np.nan), none
    column = panel.geos.index(profile.score.reference)
    own, year = value[:, column], at[:, column]
    newest = np.where(np.isnan(value), -1, at).max(axis=1, initial=-1)
    asks = (options["reference"] != SIMPLE_AVERAGE).to_numpy(dtype=bool)
    return own, np.where(asks & ~np.isnan(own) & (year == newest), year, -1)


def _spread(inside: Floats) -> Floats:
    high = np.where(np.isnan(inside), -np.inf, inside).max(axis=1)
    low = np.where(np.isnan(inside), np.inf, inside).min(axis=1)
    return np.asarray(high - low, dtype=np.float64)


def _divided(total: Floats, count: Index) -> Floats:
    return np.asarray(total / np.where(count > 0, count, np.nan), dtype=np.float64)
