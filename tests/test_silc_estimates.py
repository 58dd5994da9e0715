"""Estimates that may be published: flags, suppression, intervals, designs; a defined result for any sample."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reporting import declarations
from reporting.declarations import Declarations, Reliability
from reporting.silc import design, estimates, publish, resample
from reporting.silc.estimates import Method, Persons
from reporting.silc.publish import Estimate

ROOT = Path(__file__).resolve().parents[1]
NAN = float("nan")


def one(**more: object) -> Estimate:
    """An estimate that may be published."""
    facts = {"indicator": "arop", "by": "region", "category": "A", "value": 15.0, "se": 1.0, "ci_low": 13.0,
             "ci_high": 17.0, "n": 100, "base": 100, "additive": True}  # fmt: skip
    return Estimate(**{**facts, **more})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("more", "flag"),
    [
        ({"base": 19}, ":u"),
        ({"base": 20}, "u"),
        ({"base": 49}, "u"),
        ({"base": 50}, ""),
        ({"nonresponse": 50.1}, ":u"),
        ({"nonresponse": 50.0}, "u"),
        ({"nonresponse": 20.0}, "u"),
        ({"nonresponse": 19.9}, ""),
        ({"n": 0, "base": 0}, ":z"),
        ({"n": 0, "base": 0, "nonresponse": 60.0}, ":z"),
        ({"n": 0, "base": 0, "nonresponse": 100.0}, ":u"),
        ({"value": NAN}, ":z"),
        ({"se": NAN}, "u"),
    ],
)
def test_the_flags_at_their_bounds(more: dict[str, float], flag: str) -> None:
    """Below 20 or over 50 % non-response nothing is shown; to 49 or from 20 % it is unreliable."""
    found = publish.publishable([one(**more, additive=False)], Reliability())[0]
    assert found.flag == flag
    hidden = [math.isnan(getattr(found, name)) for name in ("value", "se", "ci_low", "ci_high")]
    assert all(hidden) if flag.startswith(":") else not hidden[0]


def test_the_bounds_are_declared() -> None:
    """Other bounds, other flags."""
    rules = Reliability(hidden_below=5, unreliable_below=10)
    assert publish.flag_of(one(base=19), rules) == "" and publish.flag_of(one(base=4), rules) == ":u"


def test_one_hidden_cell_hides_a_second_one() -> None:
    """Of a breakdown that adds up, the smallest other category goes with the one that is hidden; the total stays."""
    cells = [one(category=c, base=n, n=n) for c, n in (("A", 500), ("B", 10), ("C", 90), ("D", 80))]
    total = one(by="total", category="total", base=680, n=680)
    found = {e.category: e.flag for e in publish.publishable([total, *cells], Reliability())}
    assert found == {"total": "", "A": "", "B": ":u", "C": "", "D": ":c"}
    two = publish.publishable([total, *cells, one(category="E", base=5, n=5)], Reliability())
    assert [e.flag for e in two] == ["", "", ":u", "", "", ":u"]
    medians = publish.publishable([replace(e, additive=False) for e in (total, *cells)], Reliability())
    assert [e.flag for e in medians] == ["", "", ":u", "", ""]


def test_iess_precision(known: Declarations) -> None:
    """The requirement of Belgium is 4,606 households in Eurostat's own table, within rounding of the population."""
    required = known.reliability.precision
    assert publish.required_size(required["arop"], 4_966_000) == pytest.approx(4606, abs=1)
    assert publish.required_size(required["persistent_arop"], 4_966_000) == pytest.approx(1780, abs=1)
    national, region = one(by="total", se=0.52), one(category="BE10", se=1.5)
    province, other = one(category="BE1", se=0.1), one(by="sex", category="BE10")
    for errors, met in (((0.52, 1.5), [True, True]), ((0.53, 1.7), [False, False])):
        rows = [replace(e, se=s) for e, s in zip((national, region), errors, strict=True)]
        found = publish.precision([*rows, province, other], known.reliability, 4_966_000, {"BE10": 560_000, "BE1": 1e6})
        assert [f["met"] for f in found] == met


def test_intervals() -> None:
    """Plus and minus 1.96 errors; on the logit scale when small, never below nought; exact when nobody counts."""
    assert design.interval(15.0, 1.0, True, 100) == (15.0 - 1.96, 15.0 + 1.96)
    low, high = design.interval(1.0, 0.8, True, 100)
    assert 0 < low < 1 < high and math.log(1 / 99) - math.log(low / (100 - low)) == pytest.approx(1.96 * 0.8 / 0.99)
    assert design.interval(0.0, 0.0, True, 50) == (0.0, pytest.approx(100 * (1 - 0.025**0.02)))
    assert design.interval(100.0, 0.0, True, 50)[1] == 100.0


def test_the_variance_of_clusters_by_hand() -> None:
    """Two strata of two PSUs: the squared difference of their totals, stratum by stratum."""
    built = design.build(np.array(["a", "a", "a", "b", "b"]), np.array([1, 1, 2, 1, 3]), 5)
    assert built.variance(np.array([1.0, 2.0, 7.0, 4.0, 1.0])) == pytest.approx((7 - 3) ** 2 + (4 - 1) ** 2)


@pytest.mark.parametrize(
    ("strata", "groups"),
    [("aab", [0, 0, 0]), ("abb", [0, 0, 0]), ("aabcc", [0, 0, 1, 1, 1]), ("abcdd", [0, 0, 1, 1, 1]), ("ab", [0, 0])],
)
def test_strata_with_one_cluster_are_joined_with_a_neighbour(strata: str, groups: list[int]) -> None:
    """Single strata join the next, or the one before at the end; nothing else is joined."""
    built = design.build(np.array(list(strata)), np.arange(len(strata)), len(strata))
    assert np.unique(built.stratum, return_inverse=True)[1].tolist() == groups


def test_the_rescaled_bootstrap_of_a_total_has_the_variance_of_the_design() -> None:
    """Over 4,000 draws the variance of a linear total is the formula's, in strata of even and odd sizes."""
    rng = np.random.default_rng(8)
    strata = np.repeat([0, 1, 2], [4, 7, 30])
    built = design.build(strata, np.arange(41), 41)
    x, weight = rng.gamma(2, 10, 41), rng.uniform(1, 3, 41)
    drawn = resample.bootstrap(lambda w: np.array([w @ x]), weight, built, 4000)
    assert resample.bootstrap_variance(drawn)[0] == pytest.approx(built.variance(weight * x), rel=0.1)
    exact = resample.jackknife(lambda w: np.array([w @ x]), weight, built)
    assert resample.jackknife_variance(exact)[0] == pytest.approx(built.variance(weight * x), rel=1e-9)


rows = st.lists(
    st.tuples(
        st.one_of(st.integers(-300, 3000).map(float), st.just(NAN), st.just(0.0), st.just(600.0)),
        st.sampled_from([0.0, 1.0, 2.5, 400.25]), st.integers(0, 4), st.integers(0, 8),
        st.sampled_from(["x", "y", None]),
    ),
    min_size=1, max_size=80,
).filter(lambda found: any(x == x and w > 0 for x, w, *_ in found))  # fmt: skip


@settings(max_examples=100, deadline=None)
@given(rows, st.sampled_from(["eurostat", "laeken", "vardpoor"]), st.sampled_from(["linearised", "bootstrap", "none"]))
def test_any_sample_has_a_defined_result(
    found: list[tuple[float, float, int, int, str | None]], convention: str, variance: str
) -> None:
    """Noughts, negatives, ties, lone strata, no weights, nobody poor: a number, or a flag that says why not."""
    known = declarations.load(ROOT)
    income, weight, stratum, cluster, region = map(list, zip(*found, strict=True))
    measures = [*known.measures.values(), *estimates.anchored(500.0)]
    # Variables from what is there: states from 0 to 1, amounts, some missing.
    shares = [np.array(stratum) % 2.0, np.array(cluster) / 8, np.where(np.array(weight) > 1, 1, NAN)]
    states = estimates.states(measures)
    variables = {
        name: shares[position % 3] if name in states else np.array(income) * 0.7
        for position, name in enumerate(estimates.needed(measures))
    }
    persons = Persons(
        np.array(income), np.array(weight), design.build(np.array(stratum), np.array(cluster), len(found)),
        {"region": np.array(region, dtype=object)}, variables,
    )  # fmt: skip
    loose = known.model_copy(update={"reliability": Reliability(hidden_below=0, unreliable_below=0)})
    for one in estimates.estimate(loose, persons, measures, convention, Method(variance, draws=3)):
        if not math.isfinite(one.value):
            assert one.flag.startswith(":") and math.isnan(one.se)
        elif variance != "none" and not math.isfinite(one.se):
            assert one.flag == "u"
        elif variance != "none" and one.flag == "":
            assert one.ci_low - 1e-9 <= one.value <= one.ci_high + 1e-9


def test_a_domain_without_poor_persons(known: Declarations) -> None:
    """The rate is nought with an upper bound, the gap is not defined and says so."""
    income = np.concatenate([np.full(100, 500.0), np.linspace(2000, 3000, 300)])
    persons = Persons(income, np.ones(400), design.build(None, None, 400),
                      {"d": np.array(["poor"] * 100 + ["rich"] * 300, dtype=object)})  # fmt: skip
    measures = estimates.chosen(known, ("arop", "arop_gap"))
    found = {(e.indicator, e.category): e for e in estimates.estimate(known, persons, measures)}
    rich = found["arop", "rich"]
    assert rich.value == 0 and rich.ci_low == 0 < rich.ci_high < 2 and rich.flag == ""
    assert found["arop_gap", "rich"].flag == ":u" and math.isnan(found["arop_gap", "rich"].value)


def test_a_median_with_nobody_near(known: Declarations) -> None:
    """Two poor persons far apart: the gap has a value, no error, and says that it is unreliable."""
    income = np.concatenate([[1.0, 900.0], np.full(400, 2000.0)])
    persons = Persons(income, np.full(402, 1e9), design.build(None, None, 402))
    loose = known.model_copy(update={"reliability": Reliability(hidden_below=0, unreliable_below=0)})
    found = estimates.estimate(loose, persons, estimates.chosen(known, ("arop_gap",)))[0]
    assert 0 < found.value < 100 and math.isnan(found.se) and found.flag == "u"


def test_persons_without_weight_or_income_do_not_count(known: Declarations) -> None:
    """A quarter without income is non-response of 25 %: the same values, flagged unreliable."""
    rng = np.random.default_rng(3)
    income, weight = rng.gamma(4, 500, 400), rng.uniform(1, 2, 400)
    measures = estimates.chosen(known, estimates.HEADLINE)
    plain = estimates.estimate(known, Persons(income, weight, design.build(None, None, 400)), measures)
    more = Persons(
        np.concatenate([income, np.full(134, NAN), np.full(50, 9e9)]),
        np.concatenate([weight, np.ones(134), np.zeros(50)]), design.build(None, None, 584),
    )  # fmt: skip
    for a, b in zip(plain, estimates.estimate(known, more, measures), strict=True):
        assert a.value == pytest.approx(b.value) and (a.flag, b.flag) == ("", "u") and a.n == b.n == 400


def test_the_design_effect_of_a_simple_sample_is_one(known: Declarations) -> None:
    """Equal weights and no clusters: one; households of two equal persons: two."""
    rng = np.random.default_rng(6)
    income = rng.gamma(4, 500, 500)
    measures = estimates.chosen(known, ("mean_income",))
    alone = Persons(income, np.ones(500), design.build(None, None, 500))
    pairs = Persons(np.repeat(income, 2), np.ones(1000), design.build(None, np.repeat(np.arange(500), 2), 1000))
    assert estimates.estimate(known, alone, measures)[0].deff == pytest.approx(1.0, rel=1e-9)
    assert estimates.estimate(known, pairs, measures)[0].deff == pytest.approx(2.0, rel=0.01)
