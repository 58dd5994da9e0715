"""Linearised variables against brute force: numerical derivatives, and the variance of many samples."""

from __future__ import annotations

import functools
import os
import re
from statistics import NormalDist

import numpy as np
import pandas as pd
import pytest
from microdata import scope_of

from reporting.declarations import Declarations
from reporting.silc import design, estimates, generate, indicators, influence, persons, resample
from reporting.silc.conventions import CONVENTIONS
from reporting.silc.sample import Sample, Scope

#: function, arguments; what else the person table holds is made below.
CASES = [
    ("poor", {}),
    ("poor", {"share": 0.4}),
    ("poor", {"share": 0.5, "of": "mean"}),
    ("gap", {}),
    ("share_ratio", {}),
    ("share_ratio", {"rich": 0.5}),
    ("gini", {}),
    ("threshold", {}),
    ("threshold", {"of": "mean"}),
    ("middle", {}),
    ("average", {}),
    ("cut_off", {"p": 0.9}),
    ("group_share", {"low": 0.3, "high": 0.4}),
    ("group_mean", {"low": 0.8, "high": 1.0}),
    ("status", {"if_poor": "1", "if_not": "deprived"}),
    ("status", {"if_poor": "deprived"}),
    ("status", {"if_poor": "", "if_not": "deprived"}),
    ("status", {"if_poor": "1", "income": "before"}),
    ("status", {"if_poor": "1", "among": "group"}),
    ("status", {"if_poor": "deprived", "if_not": "deprived"}),
    ("status", {"if_poor": "1", "line": 9000.0}),
    ("status", {"if_poor": "1", "income": "partly"}),
    ("status", {"if_poor": "sometimes", "if_not": "sometimes"}),
    ("status", {"if_poor": "share", "if_not": "deprived"}),
    ("impact", {"income": "before"}),
    ("impact", {"income": "partly"}),
    ("ratio_of", {"first": ("", "group"), "second": ("", "rest")}),
    ("ratio_of", {"first": ("before", "group"), "second": ("", "rest"), "mean": True}),
    ("difference_of", {"first": ("before", "group"), "second": ("before", "rest")}),
]


@functools.cache
def population(size: int = 210_000) -> Sample:
    """A sample without noise: incomes are equally spaced quantiles, other variables spread evenly over them."""
    at = np.arange(size)
    normal = NormalDist(9.8, 0.5)
    x = np.exp([normal.inv_cdf((i + 0.5) / size) for i in range(size)])
    even = (at * 0.6180339887) % 1
    group = at % 5 < 2
    more = {
        "deprived": (even < np.clip(1 - x / 40_000, 0.05, 0.6)).astype(float),
        "before": x * (0.6 + (at % 7) / 15),
        "partly": np.where(at % 11, x * (0.6 + (at % 7) / 15), np.nan),
        "sometimes": np.where(at % 11, (even < 0.3).astype(float), np.nan),
        "share": 1 / (1 + at % 3),
        "group": group,
        "rest": ~group,
        "domain": at % 3 == 0,
    }
    return Sample(x, 100 + 50.0 * (at % 2), CONVENTIONS["eurostat"], more)


@pytest.mark.parametrize("in_domain", [False, True], ids=["whole", "domain"])
@pytest.mark.parametrize(("name", "arguments"), CASES, ids=lambda value: str(value))
def test_influence_is_the_derivative(name: str, arguments: dict[str, object], in_domain: bool) -> None:
    """Adding a little weight at some persons changes the indicator as the linearised variable says."""
    sample = population()
    mask = sample.more["domain"] if in_domain else None
    scope = Scope(sample, mask)
    z = getattr(influence, name)(scope, **arguments)
    value = getattr(indicators, name)(scope, **arguments)
    spread = np.sqrt(np.average(z * z, weights=sample.weight))
    for position in (0.01, 0.08, 0.13, 0.27, 0.47, 0.53, 0.72, 0.87, 0.99):
        # A small share of the weight is put on persons around one income.
        middle = int(position * len(sample))
        near = slice(middle - 105, middle + 105)
        extra = np.zeros(len(sample))
        extra[near] = 2e-3 * sample.size / 210
        again = Scope(sample.reweighted(sample.weight + extra), mask)
        found = (getattr(indicators, name)(again, **arguments) - value) / extra.sum()
        assert found == pytest.approx(float(z[near].mean()), abs=0.05 * spread + 0.03 * abs(found))


def test_every_declared_function_is_tested(known: Declarations) -> None:
    """Each function a measure names has a case above."""
    assert {measure.function for measure in known.measures.values()} <= {name for name, _ in CASES}


#: How far the two errors may be apart besides the noise of the draws: more where a density at one income carries the
#: error. The share of a single decile moves by whole households at its two bounds, which no linearised error knows.
APART = (
    ("decile_share_(?!1)", 0.45),
    ("arop_gap", 0.35),
    ("decile_cut|.*threshold|median|relative|replacement", 0.25),
    ("", 0.12),
)


def test_errors_of_every_indicator_are_those_of_the_bootstrap(known: Declarations) -> None:
    """From the four files, nationally and for women; ``REPORTING_DRAWS`` sets how many replicates (1,000 and more)."""
    draws = int(os.environ.get("REPORTING_DRAWS", "150"))
    files = generate.sample(generate.population(12_000, seed=5), 14, 16, 5)
    table = persons.as_persons(persons.build(files.survey()), ("sex",))
    measures = [*estimates.chosen(known, (), tuple(table.variables)), *estimates.anchored(15_000.0)]
    found, drawn = (
        estimates.estimate(known, table, measures, method=estimates.Method(kind, draws))
        for kind in ("linearised", "bootstrap")
    )
    noise, wrong = 4 / np.sqrt(2 * draws), []
    for one, other in zip(found, drawn, strict=True):
        if one.hidden or one.category not in ("total", "F") or one.base < 200:
            continue
        ratio = one.se / other.se if other.se else float(one.se == 0)
        if "REPORTING_DRAWS" in os.environ:
            print(
                f"{one.indicator:<24} {one.category:<6} {one.value:12.4f} {one.se:10.5f} {other.se:10.5f} {ratio:.3f}"
            )
        allowed = noise + next(more for pattern, more in APART if re.match(pattern, one.indicator))
        if abs(ratio - 1) > allowed:
            wrong.append((one.indicator, one.category, round(ratio, 3)))
    assert not wrong


def test_the_influence_of_the_gini_coefficient_is_exact() -> None:
    """With respect to one person's weight, ties and all, the derivative is that of central differences."""
    rng = np.random.default_rng(11)
    x, w = np.sort(rng.integers(1, 30, 50) * 100.0), rng.uniform(1, 3, 50)
    for convention in CONVENTIONS.values():
        sample = Sample(x, w, convention)
        z = influence.gini(Scope(sample))
        for k in range(50):
            step = np.eye(50)[k] * 1e-5
            up, down = (indicators.gini(Scope(Sample(x, w + s, convention))) for s in (step, -step))
            assert (up - down) / 2e-5 == pytest.approx(z[k], rel=1e-5, abs=1e-8)


def standard_error(frame: pd.DataFrame, function: str, cluster: str, convention: str = "vardpoor") -> float:
    """The linearised standard error with strata db040."""
    scope = scope_of(frame["eqIncome"], frame["rb050"], convention)
    order = np.argsort(frame["eqIncome"].to_numpy())
    built = design.build(frame["db040"].to_numpy(), frame[cluster].to_numpy(), len(frame)).rearranged(order)
    return float(np.sqrt(built.variance(getattr(influence, function)(scope) * scope.whole.weight)))


def test_the_standard_error_that_convey_publishes(austria: pd.DataFrame) -> None:
    """The R package convey (issue 372) prints 0.2754305, with the finite population correction."""
    weight = austria["rb050"]
    correction = 1 - len(austria) / weight.sum()
    assert standard_error(austria, "poor", "rb030") * np.sqrt(correction) == pytest.approx(0.2754305, rel=2e-4)


@pytest.mark.parametrize("cluster", ["rb030", "db030"])
@pytest.mark.parametrize("function", ["poor", "gap", "share_ratio", "gini"])
def test_linearised_and_bootstrap_errors_agree(austria: pd.DataFrame, function: str, cluster: str) -> None:
    """The rescaled bootstrap, which recomputes the threshold, gives the linearised error within its own noise."""
    scope = scope_of(austria["eqIncome"], austria["rb050"])
    order = np.argsort(austria["eqIncome"].to_numpy())
    built = design.build(austria["db040"].to_numpy(), austria[cluster].to_numpy(), len(austria)).rearranged(order)
    again = getattr(indicators, function)

    def values(weight: np.ndarray) -> np.ndarray:
        return np.array([again(Scope(scope.whole.reweighted(weight)))])

    draws = int(os.environ.get("REPORTING_DRAWS", "400"))
    drawn = resample.bootstrap(values, scope.whole.weight, built, draws)
    found = float(np.sqrt(resample.bootstrap_variance(drawn)[0]))
    noise = 4 / np.sqrt(2 * draws)
    assert standard_error(austria, function, cluster, "eurostat") == pytest.approx(found, rel=noise + 0.06)
