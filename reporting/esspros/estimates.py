"""Estimates of a year from the years before: declared method, interval, refused where the series does not bear it.

Each method gives a point and a prediction interval (not one of the mean):

``trend``       least squares on the year
``log-trend``   the same on logarithms: constant growth
``growth``      the last value times the growth of an auxiliary series; the interval from how
                growth of the two differed in the past
``regression``  least squares on an auxiliary series
``holt``        exponential smoothing with an additive trend (ETS(A,A,N))
``ets``         without a trend (ETS(A,N,N))
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import t
from statsmodels.regression.linear_model import OLS
from statsmodels.tools.sm_exceptions import ConvergenceWarning
from statsmodels.tsa.exponential_smoothing.ets import ETSModel

from reporting.errors import ValidationFailed

#: The fewest values a method needs.
FEWEST = {"trend": 4, "log-trend": 4, "growth": 4, "regression": 4, "holt": 8, "ets": 6}
TITLES = {
    "trend": "linear trend", "log-trend": "trend of logarithms", "growth": "growth of an auxiliary series",
    "regression": "regression on an auxiliary series", "holt": "exponential smoothing with trend (Holt)",
    "ets": "exponential smoothing",
}  # fmt: skip
_Array = np.ndarray[Any, np.dtype[np.float64]]


@dataclass(frozen=True)
class Series:
    """Values by year, with the years that differ in method or coverage from the one before (breaks)."""

    name: str
    values: Mapping[int, float]
    breaks: frozenset[int] = frozenset()


@dataclass(frozen=True)
class Estimated:
    """A point, its prediction interval, and what it rests on."""

    value: float
    low: float
    high: float
    method: str
    first: int
    last: int
    level: float
    auxiliary: str = ""

    @property
    def said(self) -> str:
        """The method and the interval, for the comment of a cell."""
        follows = f" {self.auxiliary}" if self.auxiliary else ""
        return (
            f"Estimated: {TITLES[self.method]}{follows}, {self.first}-{self.last}; {100 * self.level:g} % interval "
            f"{self.low:.6g} to {self.high:.6g}"
        )


def estimate(
    series: Series, year: int, method: str, *, auxiliary: Series | None = None, over: int | None = None,
    level: float = 0.95,
) -> Estimated:  # fmt: skip
    """The value of a series in a year, from the years before it.

    Parameters
    ----------
    auxiliary : Series, optional
        What ``growth`` and ``regression`` follow; needed for the year too.
    over : int, optional
        How many of the years before are used; all when None.
    level : float
        Of the prediction interval.

    Raises
    ------
    ValidationFailed
        When the series is too short, has gaps or a break, or does not fit the method.
    """
    years, values = _history(series, year, method, over)
    if method in ("growth", "regression"):
        if auxiliary is None:
            raise ValidationFailed(f"{series.name}: {method} needs an auxiliary series. Name its source and account.")
        follower = _followed(auxiliary, (*years, year))
        ahead = year - years[-1]
        point = _growth(values, follower, ahead, level) if method == "growth" else _line(values, follower, level)
    elif method in ("trend", "log-trend"):
        point = _trend(series.name, values, np.array([*years, year], dtype=float), method == "log-trend", level)
    elif method in ("holt", "ets"):
        point = _smoothed(series.name, values, method == "holt", year - years[-1], level)
    else:
        raise ValidationFailed(f"{method!r} is no method. There are: {', '.join(FEWEST)}.")
    if not all(map(math.isfinite, point)):
        raise ValidationFailed(f"{series.name}: {TITLES[method]} gives no number for {year}. Choose another method.")
    return Estimated(*point, method, years[0], years[-1], level, auxiliary.name if auxiliary else "")


def _history(series: Series, year: int, method: str, over: int | None) -> tuple[list[int], _Array]:
    """The years before that are used, without gaps and after the last break."""
    if method not in FEWEST:
        raise ValidationFailed(f"{method!r} is no method. There are: {', '.join(FEWEST)}.")
    known = sorted(y for y, value in series.values.items() if y < year and math.isfinite(value))
    used = known[-over:] if over else known
    said = ""
    if broken := [y for y in series.breaks if used and used[0] < y <= year]:
        used = [y for y in used if y >= max(broken)]
        said = f" since the break in {max(broken)}"
    if len(used) < FEWEST[method]:
        raise ValidationFailed(
            f"{series.name}: too short for {TITLES[method]}: {len(used)} years{said}, {FEWEST[method]} are needed. "
            "Give more years, or choose another method."
        )
    if gaps := sorted(set(range(used[0], used[-1] + 1)) - set(used)):
        raise ValidationFailed(
            f"{series.name}: no value for {', '.join(map(str, gaps))}. Fill the gap, or use only the years after it "
            f"(over = {used[-1] - gaps[-1]})."
        )
    return used, np.array([series.values[y] for y in used], dtype=float)


def _followed(auxiliary: Series, years: tuple[int, ...]) -> _Array:
    lost = [y for y in years if not math.isfinite(auxiliary.values.get(y, math.nan))]
    if lost:
        raise ValidationFailed(f"{auxiliary.name}: no value for {', '.join(map(str, lost))}. Give it, to follow it.")
    if broken := sorted(y for y in auxiliary.breaks if years[0] < y <= years[-1]):
        raise ValidationFailed(f"{auxiliary.name}: a break in {broken[-1]}. Link the series before it is followed.")
    return np.array([auxiliary.values[y] for y in years], dtype=float)


def _fitted(values: _Array, design: _Array, level: float) -> tuple[float, float, float]:
    """Point and interval of the last row of a design, from least squares on the others."""
    frame = OLS(values, design[:-1]).fit().get_prediction(design[-1:]).summary_frame(alpha=1 - level)
    row = frame.iloc[0]
    return float(row["mean"]), float(row["obs_ci_lower"]), float(row["obs_ci_upper"])


def _trend(name: str, values: _Array, years: _Array, logs: bool, level: float) -> tuple[float, float, float]:
    # Years are counted from their mean: the same line, without the rounding that large numbers bring.
    design = np.column_stack([np.ones(len(years)), years - years[:-1].mean()])
    if not logs:
        return _fitted(values, design, level)
    if (values <= 0).any():
        raise ValidationFailed(f"{name}: a trend of logarithms needs positive values. Choose the linear trend.")
    point, low, high = _fitted(np.log(values), design, level)
    return math.exp(point), math.exp(low), math.exp(high)


def _line(values: _Array, follower: _Array, level: float) -> tuple[float, float, float]:
    if np.ptp(follower[:-1]) == 0:
        raise ValidationFailed(
            "The auxiliary series does not change in the years used: nothing can be regressed on it."
        )
    return _fitted(values, np.column_stack([np.ones(len(follower)), follower]), level)


def _growth(values: _Array, follower: _Array, ahead: int, level: float) -> tuple[float, float, float]:
    """The last value times the growth of the follower; the interval as for the mean of past differences in growth."""
    if (values <= 0).any() or (follower <= 0).any():
        raise ValidationFailed("Growth of an auxiliary series needs positive values. Choose regression or a trend.")
    point = values[-1] * follower[-1] / follower[-2]
    differences = np.diff(np.log(values)) - np.diff(np.log(follower[:-1]))
    # No bias is taken out of the point: the spread is about zero. It grows with the years between.
    spread = math.sqrt(float(np.mean(differences**2)) * ahead)
    reach = float(t.ppf((1 + level) / 2, len(differences))) * spread
    return float(point), float(point * math.exp(-reach)), float(point * math.exp(reach))


def _smoothed(name: str, values: _Array, trend: bool, ahead: int, level: float) -> tuple[float, float, float]:
    model = ETSModel(pd.Series(values), error="add", trend="add" if trend else None)
    with warnings.catch_warnings():
        warnings.simplefilter("error", ConvergenceWarning)
        try:
            result = model.fit(disp=False)
        except (ConvergenceWarning, np.linalg.LinAlgError) as error:
            raise ValidationFailed(f"{name}: exponential smoothing does not converge ({error}). Use a trend.") from None
    end = len(values) + ahead - 1
    row = result.get_prediction(start=len(values), end=end).summary_frame(alpha=1 - level).iloc[-1]
    return float(row["mean"]), float(row["pi_lower"]), float(row["pi_upper"])
