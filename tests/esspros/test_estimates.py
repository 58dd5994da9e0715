"""Estimates against formulas worked out without the libraries that make them, and what is refused."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from reporting.errors import ValidationFailed
from reporting.esspros.estimates import FEWEST, Series, estimate

WAGES = Series("wages", dict(zip(range(2013, 2024), (80, 82, 85, 87, 88, 92, 95, 93, 99, 104, 109), strict=True)))
PENSIONS = Series("pensions", dict(zip(range(2013, 2023), (210, 216, 221, 230, 233, 241, 252, 255, 262, 279),
                                       strict=True)))  # fmt: skip


def by_hand(x: np.ndarray, y: np.ndarray, new: float, level: float) -> tuple[float, float, float]:
    """Point and prediction interval of simple regression, from the textbook's formulas."""
    n, mean = len(x), x.mean()
    sxx = ((x - mean) ** 2).sum()
    slope = ((x - mean) * (y - y.mean())).sum() / sxx
    point = y.mean() + slope * (new - mean)
    residuals = y - y.mean() - slope * (x - mean)
    error = math.sqrt((residuals**2).sum() / (n - 2) * (1 + 1 / n + (new - mean) ** 2 / sxx))
    reach = stats.t.ppf((1 + level) / 2, n - 2) * error
    return point, point - reach, point + reach


def test_a_trend_is_that_of_the_textbook() -> None:
    """Point and prediction interval of the linear trend equal the formulas of simple regression."""
    years, values = (np.array(list(part), dtype=float) for part in (PENSIONS.values, PENSIONS.values.values()))
    found = estimate(PENSIONS, 2024, "trend", level=0.9)
    assert (found.value, found.low, found.high) == pytest.approx(by_hand(years, values, 2024.0, 0.9), rel=1e-10)


def test_a_trend_of_logarithms_is_that_of_the_textbook() -> None:
    """The same on logarithms, taken back at the end."""
    years, values = (np.array(list(part), dtype=float) for part in (PENSIONS.values, PENSIONS.values.values()))
    expected = [math.exp(part) for part in by_hand(years, np.log(values), 2023.0, 0.95)]
    found = estimate(PENSIONS, 2023, "log-trend")
    assert (found.value, found.low, found.high) == pytest.approx(expected, rel=1e-10)


def test_a_regression_is_that_of_the_textbook() -> None:
    """Regression on an auxiliary series equals the same formulas with that series."""
    x = np.array([WAGES.values[year] for year in PENSIONS.values], dtype=float)
    y = np.array(list(PENSIONS.values.values()), dtype=float)
    found = estimate(PENSIONS, 2023, "regression", auxiliary=WAGES)
    assert (found.value, found.low, found.high) == pytest.approx(by_hand(x, y, 109.0, 0.95), rel=1e-10)


def test_growth_follows_the_auxiliary_series() -> None:
    """The last value times the growth of the indicator: 279 x 109 / 104, its interval from past differences."""
    found = estimate(PENSIONS, 2023, "growth", auxiliary=WAGES)
    assert found.value == pytest.approx(279 * 109 / 104)
    pairs = [(year, year - 1) for year in range(2014, 2023)]
    gaps = [math.log(PENSIONS.values[a] / PENSIONS.values[b]) - math.log(WAGES.values[a] / WAGES.values[b])
            for a, b in pairs]  # fmt: skip
    reach = stats.t.ppf(0.975, 9) * math.sqrt(sum(gap**2 for gap in gaps) / 9)
    assert found.low == pytest.approx(found.value / math.exp(reach))
    assert found.high == pytest.approx(found.value * math.exp(reach))


def holt(values: list[float], alpha: float, beta: float, level: float, trend: float) -> tuple[float, float, float]:
    """Level, trend and sum of squared errors after Holt's recursions."""
    squares = 0.0
    for value in values:
        error = value - level - trend
        squares += error**2
        level, trend = level + trend + alpha * error, trend + beta * error
    return level, trend, squares


def test_holt_is_the_recursion_with_the_smallest_errors() -> None:
    """The point is what Holt's recursions give with parameters found by an independent optimiser."""
    from scipy.optimize import minimize

    values = [210.0, 216, 221, 240, 233, 251, 252, 265, 262, 279, 270, 290]
    series = Series("benefits", dict(zip(range(2011, 2023), values, strict=True)))

    def squares(parameters: np.ndarray) -> float:
        alpha, share, level, trend = parameters
        return holt(values, alpha, share * alpha, level, trend)[2]

    starts = [(a, s, 205.0, 6.0) for a in (0.1, 0.5) for s in (0.1, 0.5)]
    bounds = [(1e-4, 1 - 1e-4), (1e-4, 1 - 1e-4), (None, None), (None, None)]
    best = min((minimize(squares, start, bounds=bounds) for start in starts), key=lambda found: found.fun)
    level, trend, _ = holt(values, best.x[0], best.x[1] * best.x[0], best.x[2], best.x[3])
    found = estimate(series, 2024, "holt")
    assert found.value == pytest.approx(level + 2 * trend, rel=2e-3)
    assert found.low < found.value < found.high


def test_smoothing_without_trend_lies_within_the_series() -> None:
    """Exponential smoothing without a trend gives a weighted mean of the past."""
    values = dict(zip(range(2014, 2024), (50, 53, 49, 51, 54, 50, 52, 51, 49, 52), strict=True))
    found = estimate(Series("x", values), 2024, "ets")
    assert 49 < found.value < 54
    assert found.low < found.value < found.high


def test_an_estimate_says_how_it_was_made() -> None:
    """The comment names method, years and interval."""
    said = estimate(PENSIONS, 2023, "growth", auxiliary=WAGES).said
    assert said.startswith("Estimated: growth of an auxiliary series wages, 2013-2022; 95 % interval ")


@pytest.mark.parametrize("method", sorted(FEWEST))
def test_a_series_that_is_too_short_is_refused(method: str) -> None:
    """One year fewer than a method needs is refused, naming the series and both numbers."""
    values = {2023 - i: 100.0 + i % 3 for i in range(FEWEST[method] - 1)}
    with pytest.raises(
        ValidationFailed, match=f"x: too short .* {FEWEST[method] - 1} years.*{FEWEST[method]} are need"
    ):
        estimate(Series("x", values), 2024, method, auxiliary=WAGES)


def test_a_gap_is_refused_with_what_to_do() -> None:
    """A year without a value inside the series is named, and how many years lie after it."""
    values = {year: float(year) for year in range(2010, 2023) if year != 2015}
    with pytest.raises(ValidationFailed, match=r"no value for 2015.*over = 7"):
        estimate(Series("x", values), 2023, "trend")
    assert estimate(Series("x", values), 2023, "trend", over=7).value == pytest.approx(2023.0)


def test_years_before_a_break_are_not_used() -> None:
    """Only the years since a break are used, and too few of them are refused."""
    values = {year: 1000.0 if year < 2018 else float(year) for year in range(2010, 2023)}
    assert estimate(Series("x", values, frozenset({2018})), 2023, "trend").value == pytest.approx(2023.0)
    with pytest.raises(ValidationFailed, match="since the break in 2020"):
        estimate(Series("x", values, frozenset({2018, 2020})), 2023, "trend")


def test_values_that_do_not_fit_a_method_are_refused() -> None:
    """Logarithms of zero, a constant auxiliary series, one without the year or with a break: each is said."""
    flat = Series("flat", dict.fromkeys(range(2013, 2024), 5.0))
    zero = Series("zero", {year: float(year - 2019) for year in range(2018, 2023)})
    with pytest.raises(ValidationFailed, match="positive values"):
        estimate(zero, 2023, "log-trend")
    with pytest.raises(ValidationFailed, match="positive values"):
        estimate(zero, 2023, "growth", auxiliary=WAGES)
    with pytest.raises(ValidationFailed, match="does not change"):
        estimate(PENSIONS, 2023, "regression", auxiliary=flat)
    with pytest.raises(ValidationFailed, match="wages: no value for 2024"):
        estimate(PENSIONS, 2024, "growth", auxiliary=WAGES)
    with pytest.raises(ValidationFailed, match="wages: a break in 2019"):
        estimate(PENSIONS, 2023, "growth", auxiliary=Series("wages", WAGES.values, frozenset({2019})))
    with pytest.raises(ValidationFailed, match="needs an auxiliary series"):
        estimate(PENSIONS, 2023, "growth")
    with pytest.raises(ValidationFailed, match="'spline' is no method"):
        estimate(PENSIONS, 2023, "spline")
