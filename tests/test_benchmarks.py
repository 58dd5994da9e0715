"""Tables fitted to margins and series adjusted to benchmarks, against published and independent results."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize
from statsmodels.tsa.interp import dentonm

from reporting.benchmarks import denton, ras
from reporting.errors import ValidationFailed

QUARTERS = [f"{year}-Q{quarter}" for year in (1998, 1999, 2000) for quarter in range(1, 5)]
#: IMF, Quarterly National Accounts Manual (2001), example 6.2: indicator, annual data, result.
INDICATOR = [98.2, 100.8, 102.2, 100.8, 99.0, 101.6, 102.7, 101.5, 100.5, 103.0, 103.5, 101.5]
PUBLISHED = [969.8, 998.4, 1018.3, 1013.4, 1007.2, 1042.9, 1060.3, 1051.0, 1040.6, 1066.5, 1071.7, 1051.0]


def test_denton_gives_the_published_example() -> None:
    """The manual's example comes out to a tenth, with the last ratio carried forward."""
    found = denton(pd.Series(INDICATOR, QUARTERS), {1998: 4000.0, 1999: 4161.4})
    assert found.to_numpy() == pytest.approx(PUBLISHED, abs=0.1)
    assert found["2000-Q1"] / 100.5 == pytest.approx(found["1999-Q4"] / 101.5)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.floats(1, 1000), min_size=8, max_size=24), st.data())
def test_denton_agrees_with_statsmodels(values: list[float], data: st.DataObject) -> None:
    """Quarters benchmarked to years are those of statsmodels' dentonm."""
    values = values[: len(values) // 4 * 4]
    years = [*range(2000, 2000 + len(values) // 4)]
    wanted = data.draw(st.lists(st.floats(10, 4000), min_size=len(years), max_size=len(years)))
    series = pd.Series(values, [f"{year}-Q{q}" for year in years for q in range(1, 5)])
    expected = dentonm(np.array(values), np.array(wanted), freq="aq")
    assert denton(series, dict(zip(years, wanted, strict=True))).to_numpy() == pytest.approx(expected, rel=1e-6)


def test_denton_solves_the_quadratic_programme() -> None:
    """Years with levels known in some, and a span: a general minimiser finds nothing smoother."""
    series = pd.Series([100.0, 104, 109, 112, 118, 121, 127], range(2015, 2022))
    benchmarks = pd.Series({"2016": 110.0, "2018-2019": 240.0, "2020": np.nan})

    def rough(x: np.ndarray) -> float:
        return float((np.diff(x / series.to_numpy()) ** 2).sum() * 1e4)

    rules = [
        {"type": "eq", "fun": lambda x: x[1] - 110.0},
        {"type": "eq", "fun": lambda x: x[3] + x[4] - 240.0},
    ]
    best = minimize(rough, series.to_numpy(), constraints=rules, method="SLSQP", options={"ftol": 1e-12})
    assert denton(series, benchmarks).to_numpy() == pytest.approx(best.x, rel=1e-4)


def test_denton_of_one_benchmark_moves_the_level_only() -> None:
    """With one benchmark all growth rates stay; zeros stay zero, and NaN is no benchmark."""
    series = pd.Series([50.0, 0.0, 55.0, 60.0], [2018, 2019, 2020, 2021])
    found = denton(series, {2018: np.nan, 2020: 110.0})
    assert found.tolist() == pytest.approx([100.0, 0.0, 110.0, 120.0])
    assert denton(series, {2019: 0.0, 2020: 55.0}).tolist() == pytest.approx(series.tolist())
    assert denton(series * 0, {2020: 0.0}).tolist() == [0.0] * 4


@pytest.mark.parametrize(
    ("values", "benchmarks", "said"),
    [
        ([1, np.nan, 3], {2001: 4}, "period 2002: the value is missing"),
        ([1, -2, 3], {2001: 4}, "values of both signs"),
        ([1, 2, 3], {}, "no benchmark"),
        ([1, 2, 3], {2003: np.nan}, "no benchmark"),
        ([1, 2, 3], {2009: 4}, "benchmark 2009: the series has no period"),
        ([1, 2, 3], {2001: 4, "2001-2002": 9}, "period 2001 has several benchmarks"),
        ([1, 0, 3], {2002: 4}, "benchmark 2002 is 4, but the series is zero"),
        ([1, 2, 3], {"2002-2004": 9}, "benchmark 2002-2004: the series has 2 of its 3 periods"),
    ],
)
def test_denton_says_what_it_cannot_do(values: list[float], benchmarks: dict, said: str) -> None:
    """Each kind of benchmark that cannot be met is named with its period."""
    with pytest.raises(ValidationFailed, match=said):
        denton(pd.Series(values, [2001, 2002, 2003], dtype=float), benchmarks)


def test_denton_needs_all_quarters_of_a_year() -> None:
    """A year of which a quarter is missing is not benchmarked in silence."""
    with pytest.raises(ValidationFailed, match="benchmark 2000: the series has 3 of its 4 periods"):
        denton(pd.Series(INDICATOR[:11], QUARTERS[:11]), {1998: 4000.0, 2000: 4200.0})


@settings(max_examples=40, deadline=None)
@given(st.integers(2, 6), st.integers(2, 6), st.integers(0, 10_000))
def test_ras_meets_margins_and_keeps_what_is_fixed(height: int, width: int, seed: int) -> None:
    """Any table whose margins some table has is fitted; fixed cells and zeros stay, odds ratios of the rest too."""
    chance = np.random.default_rng(seed)
    matrix, target = chance.uniform(1, 100, (2, height, width))
    fixed = chance.random((height, width)) < 0.2
    zero = (chance.random((height, width)) < 0.2) & ~fixed
    matrix[zero] = target[zero] = 0.0
    target[fixed] = matrix[fixed]
    found = ras(matrix, target.sum(axis=1), target.sum(axis=0), fixed).table.to_numpy()
    assert found.sum(axis=1) == pytest.approx(target.sum(axis=1), rel=1e-6)
    assert found.sum(axis=0) == pytest.approx(target.sum(axis=0), rel=1e-6)
    assert (found[fixed] == matrix[fixed]).all() and (found[zero] == 0).all()
    if not (fixed.any() or zero.any()):
        odds = found[0, 0] * found[1, 1] / found[0, 1] / found[1, 0]
        assert odds == pytest.approx(matrix[0, 0] * matrix[1, 1] / matrix[0, 1] / matrix[1, 0], rel=1e-6)


def test_ras_finds_the_table_of_least_information() -> None:
    """A general minimiser of relative entropy finds the same table."""
    matrix, rows, columns = np.array([[10.0, 20, 5], [8, 4, 30]]), [40.0, 45.0], [20.0, 27.0, 38.0]

    def entropy(x: np.ndarray) -> float:
        return float((x * np.log(x / matrix.ravel()) - x).sum())

    rules = [{"type": "eq", "fun": lambda x, i=i: x.reshape(2, 3)[i].sum() - rows[i]} for i in range(2)]
    rules += [{"type": "eq", "fun": lambda x, j=j: x.reshape(2, 3)[:, j].sum() - columns[j]} for j in range(2)]
    best = minimize(
        entropy, matrix.ravel(), constraints=rules, bounds=[(1e-6, None)] * 6, method="SLSQP", options={"ftol": 1e-14}
    )
    assert ras(matrix, rows, columns).table.to_numpy().ravel() == pytest.approx(best.x, rel=1e-4)


def test_ras_works_by_label_and_leaves_margins_out_that_are_not_known() -> None:
    """Margins in another order find their rows; a missing margin lets its row float."""
    table = pd.DataFrame([[1.0, 2], [3, 4]], ["HC.1", "HC.2"], ["HF.1", "HF.3"])
    found = ras(table, {"HC.2": 8.0, "HC.1": np.nan}, pd.Series({"HF.3": 7.0, "HF.1": 5.0})).table
    assert found.loc["HC.2"].sum() == pytest.approx(8) and found.loc["HC.1"].sum() == pytest.approx(4)
    assert found["HF.1"].sum() == pytest.approx(5)
    assert list(found.index) == ["HC.1", "HC.2"]


@pytest.mark.parametrize(
    ("matrix", "rows", "columns", "fixed", "said"),
    [
        ([[1, 2], [3, 4]], [3, 7], [4, 7], None, "differ by -1"),
        ([[0, 0], [3, 4]], [1, 7], [4, 4], None, "row 0: no cell may change, but 1 is to be distributed"),
        ([[1, 0], [3, 0]], [1, 3], [3, 1], None, "column 1: no cell may change"),
        ([[5, 2], [3, 4]], [4, 7], [5, 6], [[1, 0], [0, 0]], r"row 0: the fixed cells \(5\) are more"),
        ([[1, -2], [3, 4]], [3, 7], [4, 6], None, "cell 0 × 1 is negative"),
        ([[1, np.nan], [3, 4]], [3, 7], [4, 6], None, "cell 0 × 1 is missing"),
        ([[1, 0], [0, 1]], [1, 2], [2, 1], None, r"no convergence in 5000 rounds \((row|column) \d misses"),
    ],
)
def test_ras_says_why_margins_cannot_be_met(matrix: list, rows: list, columns: list, fixed: list, said: str) -> None:
    """Each way to fail is told with the place and the amount."""
    with pytest.raises(ValidationFailed, match=said):
        ras(matrix, rows, columns, fixed)


def test_ras_admits_a_negative_cell_that_is_fixed() -> None:
    """A correction that must stay negative is fixed and the rest adapts."""
    found = ras([[-1, 5], [3, 4]], [4, 8], [4, 8], [[1, 0], [0, 0]]).table
    assert found.to_numpy().tolist() == [[-1.0, pytest.approx(5)], [pytest.approx(5), pytest.approx(3)]]


def test_ras_refuses_a_margin_of_no_row() -> None:
    """A label that the table lacks is a mistake, not ignored."""
    with pytest.raises(ValidationFailed, match=r"rows that the table lacks: HC\.9"):
        ras(pd.DataFrame([[1.0]], ["HC.1"], ["HF.1"]), {"HC.9": 1.0}, {"HF.1": 1.0})
