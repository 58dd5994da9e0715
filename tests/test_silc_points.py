"""Values of the indicators: published results, R's own, and what must hold for any sample."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from microdata import scope_of

from reporting.silc import indicators
from reporting.silc.conventions import CONVENTIONS, cumulated, quantile

FOUR = (indicators.poor, indicators.gap, indicators.share_ratio, indicators.gini)


@pytest.mark.parametrize(
    ("convention", "gini"), [("laeken", "26.48962"), ("eurostat", "26.48962"), ("vardpoor", "26.49652")]
)
def test_the_published_results_of_laeken_to_the_last_digit(austria: pd.DataFrame, convention: str, gini: str) -> None:
    """Threshold, rate, ratio, gap and Gini coefficient are those printed in laeken's and convey's documentation."""
    scope = scope_of(austria["eqIncome"], austria["rb050"], convention)
    assert f"{indicators.threshold(scope):.2f}" == "10859.24"
    assert f"{indicators.poor(scope):.5f}" == "14.44422"
    assert f"{indicators.share_ratio(scope):.6f}" == "3.970004"
    assert f"{indicators.gap(scope):.4f}" == "18.9286"
    assert f"{indicators.gini(scope):.5f}" == gini


#: What laeken 0.5.2 gives for db040 (arpr, qsr, rmpg, gini with breakdown).
REGIONS = {
    "Burgenland": (19.5398365083, 12.3243786987, 5.00848592076, 32.0548852380),
    "Salzburg": (13.7873432075, 28.8953310387, 3.76839320414, 25.0165248262),
    "Tyrol": (15.3081904896, 19.5844670841, 3.58604625676, 25.2488114401),
    "Vienna": (17.2346832120, 23.3560773111, 4.65474326696, 28.9494361841),
}


@pytest.mark.parametrize("region", REGIONS)
def test_regions_have_the_results_of_r(austria: pd.DataFrame, region: str) -> None:
    """A domain keeps the national threshold but has quantiles of its own."""
    scope = scope_of(austria["eqIncome"], austria["rb050"], "laeken", austria["db040"] == region)
    assert [f(scope) for f in FOUR] == pytest.approx(REGIONS[region], rel=1e-10)


def test_two_incomes_are_averaged_where_the_cumulative_weight_meets_the_order() -> None:
    """SAS (PCTLDEF=5) and R agree: four equal weights have the median between the second and the third."""
    x = np.array([1.0, 2.0, 4.0, 9.0])
    for convention in CONVENTIONS.values():
        ones = cumulated(np.ones(4), convention)
        assert quantile(x, ones, 0.5, convention) == 3.0
        assert quantile(x, ones, 0.25, convention) == 1.5
        assert quantile(x, cumulated(np.array([1.0, 1.0, 1.0, 2.0]), convention), 0.5, convention) == 4.0


def test_weights_that_meet_the_order_but_for_rounding_are_a_tie_for_eurostat() -> None:
    """Ten weights of 0.1 add up to a half only within rounding: SAS averages, an exact comparison need not."""
    x, w = np.arange(10.0), np.full(10, 0.1) * (1 + 1e-15 * np.arange(10))
    eurostat = CONVENTIONS["eurostat"]
    assert quantile(x, cumulated(w, eurostat), 0.5, eurostat) == 4.5


def test_poor_at_the_threshold_differs_by_convention() -> None:
    """An income equal to the threshold is poor for vardpoor and not for Eurostat or laeken."""
    x, w = [6.0, 10.0, 10.0, 10.0], np.ones(4)
    found = {name: indicators.poor(scope_of(x, w, name)) for name in CONVENTIONS}
    assert found == {"eurostat": 0.0, "laeken": 0.0, "vardpoor": 25.0}


def test_share_ratio_by_hand() -> None:
    """With ten equal persons S80/S20 is the income of the last two over that of the first two; S50/S20 likewise."""
    scope = scope_of(np.arange(1.0, 11.0), np.ones(10))
    assert indicators.share_ratio(scope) == (9 + 10) / (1 + 2)
    assert indicators.share_ratio(scope, 0.5) == (6 + 7 + 8 + 9 + 10) / 3
    assert indicators.group_share(scope, 0.0, 0.4) == pytest.approx(100 * 10 / 55)
    assert indicators.group_mean(scope, 0.8, 1.0) == 9.5


def test_gini_by_definition() -> None:
    """The coefficient of Eurostat is half the mean difference over the mean, each pair weighted."""
    rng = np.random.default_rng(1)
    x, w = rng.gamma(2.0, 100.0, 60), rng.uniform(1, 5, 60)
    x[10] = x[20] = x[30]
    pairs = np.abs(x[:, None] - x[None, :]) * w[:, None] * w[None, :]
    expected = 100 * pairs.sum() / (2 * w.sum() * (w * x).sum())
    assert indicators.gini(scope_of(x, w)) == pytest.approx(expected, rel=1e-12)


samples = st.lists(st.tuples(st.integers(-500, 5000), st.integers(0, 9)), min_size=1, max_size=60).filter(
    lambda rows: any(w for _, w in rows)
)


def same(a: float, b: float) -> bool:
    """Equal, or both undefined."""
    return (np.isnan(a) and np.isnan(b)) or a == pytest.approx(b, rel=1e-9, abs=1e-9)


@settings(max_examples=150, deadline=None)
@given(samples, st.sampled_from(sorted(CONVENTIONS)), st.sampled_from([0.25, 2.0, 1024.0]))
def test_scale_invariance(rows: list[tuple[int, int]], convention: str, factor: float) -> None:
    """Incomes in another currency give the same rates, gaps, ratios and Gini coefficients."""
    x, w = np.array(rows, dtype=float).T
    with np.errstate(all="ignore"):
        for function in FOUR:
            assert same(function(scope_of(x, w, convention)), function(scope_of(x * factor, w, convention)))


@settings(max_examples=150, deadline=None)
@given(samples, st.sampled_from(["eurostat", "laeken"]), st.integers(2, 4))
def test_replication_invariance(rows: list[tuple[int, int]], convention: str, times: int) -> None:
    """Each person repeated, or weighted so many times, changes nothing."""
    x, w = np.array(rows, dtype=float).T
    with np.errstate(all="ignore"):
        for function in FOUR:
            once = function(scope_of(x, w, convention))
            assert same(once, function(scope_of(np.repeat(x, times), np.repeat(w, times), convention)))
            assert same(once, function(scope_of(x, w * times, convention)))


@settings(max_examples=100, deadline=None)
@given(samples, st.sampled_from(sorted(CONVENTIONS)), st.randoms(use_true_random=False))
def test_the_order_of_the_file_means_nothing(rows: list[tuple[int, int]], convention: str, random: object) -> None:
    """Ties included, any order of the same persons gives the same values; persons without a weight do not count."""
    x, w = np.array(rows, dtype=float).T
    mixed = list(rows)
    random.shuffle(mixed)  # type: ignore[attr-defined]
    other, weight = np.array([*mixed, (7, 0)], dtype=float).T
    with np.errstate(all="ignore"):
        for function in FOUR:
            assert same(function(scope_of(x, w, convention)), function(scope_of(other, weight, convention)))
