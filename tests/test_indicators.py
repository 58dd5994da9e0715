"""Formulas over series: values, flags and traces, computed by hand beside them."""

from __future__ import annotations

import ast
import inspect
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from specimens import manifest, observed

from reporting import indicators
from reporting.declarations import Indicator, formulas
from reporting.errors import DeclarationError, UsageError
from reporting.indicators import Evaluator
from reporting.vintages import Store

DATASET = "spr_exp_type"


@pytest.fixture
def values(known, tmp_path):
    """Evaluate a formula over rows (spdeps, geo, time, value, flag): {(geo, time): (value, flag)}."""

    def evaluate(formula, rows, geos=("BE",), aggregate="", inputs=None, groups=None):
        inputs = inputs or {name: f"{DATASET}/A.{name}.MIO_EUR." for name in sorted({row[0] for row in rows})}
        item = Indicator(
            id="i", family="i", label="i", unit="PC", inputs=inputs, formula=formula, aggregate=aggregate
        )  # fmt: skip
        declared = known.model_copy(
            update={"indicators": {**known.indicators, "i": item}, "groups": {**known.groups, **(groups or {})}}
        )
        store = Store(tmp_path / "store", embedded=None)
        frame = observed(DATASET, [(f"A.{code}.MIO_EUR.{geo}", time, v, flag) for code, geo, time, v, flag in rows])
        store.append(frame, manifest(DATASET, "2025-01-01"))
        return Evaluator(declared, store).indicator("i", tuple(geos))

    return evaluate


def cells(frame):
    """Value (None when missing) and flag of each geo and time."""
    return {(row.geo, row.time): (None if math.isnan(row.value) else row.value, row.flag) for row in frame.itertuples()}


def test_arithmetic_and_the_union_of_flags(values):
    """Sums, products and signs are those of arithmetic; flags of all inputs come along, each once."""
    rows = [("X", "BE", "2020", 3.0, "pb"), ("Y", "BE", "2020", 4.0, "ep")]
    assert cells(values("-X + 2 * (Y - 1) / 4", rows)) == {("BE", "2020"): (-1.5, "bep")}


def test_a_missing_part_makes_the_whole_missing(values):
    """A value that is absent, or there without a number, is never taken for zero."""
    rows = [
        ("X", "BE", "2020", 3.0, ""), ("Y", "BE", "2020", None, "c"),
        ("X", "BE", "2021", 3.0, "p"), ("Y", "BE", "2022", 4.0, ""),
    ]  # fmt: skip
    assert cells(values("X + Y", rows)) == {
        ("BE", "2020"): (None, "c"),
        ("BE", "2021"): (None, "p"),
        ("BE", "2022"): (None, ""),
    }


@pytest.mark.parametrize("formula", ["X / Y", "Z / (X / Y)", "X / (Y * Y)", "X / Y * 0"])
def test_division_by_zero_is_missing(formula, values):
    """A division by zero is missing, also within a larger formula where infinity would turn to zero."""
    rows = [("X", "BE", "2020", 3.0, ""), ("Y", "BE", "2020", 0.0, ""), ("Z", "BE", "2020", 5.0, "")]
    used = {name: f"{DATASET}/A.{name}.MIO_EUR." for name in "XYZ" if name in formula}
    assert cells(values(formula, rows, inputs=used)) == {("BE", "2020"): (None, "")}


def test_an_overflow_is_missing(values):
    """A value too large for the machine is missing, not infinite."""
    assert cells(values("X * X", [("X", "BE", "2020", 1e200, "")])) == {("BE", "2020"): (None, "")}


def test_growth_and_change(values):
    """From 80 to 100 is 25 % and 20; the first year has no growth; zero before gives none."""
    rows = [("X", "BE", "2019", 0.0, ""), ("X", "BE", "2020", 80.0, ""), ("X", "BE", "2021", 100.0, "")]
    assert cells(values("growth(X)", rows)) == {
        ("BE", "2019"): (None, ""),
        ("BE", "2020"): (None, ""),
        ("BE", "2021"): (25.0, ""),
    }


def test_a_lag_over_a_gap_is_missing(values):
    """The year before is the calendar's, not the row's; other countries and non-years do not stand in."""
    rows = [
        ("X", "BE", "2018", 1.0, ""), ("X", "BE", "2020", 5.0, ""), ("X", "BE", "2021", 9.0, ""),
        ("X", "FR", "2019", 7.0, ""), ("X", "BE", "2021-01-01", 3.0, ""), ("X", "BE", "2020-Q4", 3.0, ""),
        ("X", "BE", "20201", 3.0, ""), ("X", "BE", "20202", 4.0, ""),
    ]  # fmt: skip
    assert {k: v for k, (v, _) in cells(values("change(X)", rows)).items() if v is not None} == {("BE", "2021"): 4.0}


def test_a_lag_of_years(values):
    """lag(x, 2) is the value two years before."""
    rows = [("X", "BE", "2018", 1.0, ""), ("X", "BE", "2020", 5.0, "")]
    assert cells(values("X - lag(X, 2)", rows)) == {("BE", "2018"): (None, ""), ("BE", "2020"): (4.0, "")}


def test_flags_of_the_year_before_come_along_but_not_its_break(values):
    """Growth from a provisional value is provisional; a break stands before its own year only."""
    rows = [("X", "BE", "2020", 1.0, "bp"), ("X", "BE", "2021", 2.0, "e"), ("X", "BE", "2022", 4.0, "")]
    assert {k: flag for k, (_, flag) in cells(values("growth(X)", rows)).items()} == {
        ("BE", "2020"): "bp",
        ("BE", "2021"): "ep",
        ("BE", "2022"): "e",
    }


def test_a_break_on_the_way_back_comes_along(values):
    """A change over two years is broken by a break in the year between."""
    rows = [("X", "BE", "2020", 1.0, ""), ("X", "BE", "2021", 2.0, "b"), ("X", "BE", "2022", 4.0, "")]
    assert cells(values("X - lag(X, 2)", rows))["BE", "2022"] == (3.0, "b")


def test_a_plain_series_keeps_its_flag_verbatim(values):
    """An indicator that is a series is that series: value, flag, dataset, key and vintage as stored."""
    [row] = values("X", [("X", "BE", "2020", 3.0, "pb")]).to_dict("records")
    assert row == {
        "indicator": "i", "geo": "BE", "time": "2020", "unit": "PC", "value": 3.0, "flag": "pb", "dataset": DATASET,
        "key": "A.X.MIO_EUR.BE", "vintage": "2025-01-01", "source": "", "note": "",
    }  # fmt: skip


def test_a_derived_value_names_all_it_comes_from(values):
    """A derived value keeps the keys of its inputs, each once."""
    rows = [("X", "BE", "2020", 3.0, ""), ("Y", "BE", "2020", 4.0, "")]
    [row] = values("X / (X + Y)", rows).to_dict("records")
    assert (row["key"], row["dataset"]) == ("A.X.MIO_EUR.BE; A.Y.MIO_EUR.BE", DATASET)


GROUP = {"BENELUX": ("BE", "NL", "LU")}
THREE = [
    ("X", geo, time, value, flag)
    for geo, value, flag in (("BE", 1.0, "p"), ("NL", 2.0, ""), ("LU", 3.0, "be"))
    for time in ("2020", "2021")
]


def test_an_aggregate_is_the_sum_of_all_members(values):
    """A group the provider does not give is summed, with all flags, and marked computed."""
    frame = values("X", [*THREE, ("X", "FR", "2020", 9.0, "")], ("BENELUX",), "sum", groups=GROUP)
    assert cells(frame) == {("BENELUX", "2020"): (6.0, "bep"), ("BENELUX", "2021"): (6.0, "bep")}
    assert set(frame["note"]) == {"computed"}
    assert set(frame["key"]) == {"computed: sum of 3 members of BENELUX"}
    assert set(frame["dataset"]) == {DATASET}


def test_no_aggregate_without_every_member(values):
    """A year in which a member is absent or without a value has no aggregate, and nothing says computed."""
    rows = [("X", "LU", "2021", None, "c") if row[1:3] == ("LU", "2021") else row for row in THREE]
    frame = values("X", [row for row in rows if row[1:3] != ("NL", "2020")], ("BENELUX",), "sum", groups=GROUP)
    assert frame.empty


def test_no_aggregate_unless_declared(values):
    """A share is never summed over countries."""
    assert values("X", THREE, ("BENELUX",), groups=GROUP).empty


def test_the_provider_s_aggregate_is_preferred(values):
    """Where the provider gives the group, its figure stands, also for years it leaves out."""
    rows = [*THREE, ("X", "BENELUX", "2020", 6.5, "e")]
    assert cells(values("X", rows, ("BENELUX",), "sum", groups=GROUP)) == {("BENELUX", "2020"): (6.5, "e")}


def test_a_group_the_provider_only_flags_is_computed_once(values):
    """A group there without any value is computed, and each year has one row."""
    rows = [*THREE, ("X", "BENELUX", "2020", None, "u"), ("X", "BENELUX", "2021", None, "")]
    frame = values("X", rows, ("BE", "BENELUX"), "sum", groups=GROUP)
    assert len(frame) == 4
    assert cells(frame)["BENELUX", "2020"] == (6.0, "bep")


def test_two_values_for_one_country_and_year(values):
    """A wildcard that fits two series is refused, naming the country, the year and both keys."""
    rows = [("X", "BE", "2020", 3.0, ""), ("Y", "BE", "2020", 4.0, "")]
    with pytest.raises(DeclarationError, match=r"BE in 2020 \(A\.X\.MIO_EUR\.BE, A\.Y\.MIO_EUR\.BE\): narrow its key"):
        values("x", rows, inputs={"x": f"{DATASET}/A..MIO_EUR."})


def test_a_wildcard_that_fits_one_series(values):
    """An empty position takes whatever code there is when it is one."""
    assert cells(values("x", [("X", "BE", "2020", 3.0, "")], inputs={"x": f"{DATASET}/A..MIO_EUR."})) == {
        ("BE", "2020"): (3.0, "")
    }


def test_a_series_that_goes_on_under_another_key(values):
    """The later key takes over where it has an observation, a missing one included; two values at once stay a fault."""
    rows = [("OLD", "BE", "2019", 1.0, ""), ("OLD", "BE", "2020", 2.0, "p"), ("OLD", "FR", "2020", 3.0, ""),
            ("NEW", "BE", "2020", 2.5, "b"), ("NEW", "BE", "2021", math.nan, ":")]  # fmt: skip
    inputs = {"x": f"{DATASET}/A.OLD.MIO_EUR. then {DATASET}/A.NEW.MIO_EUR."}
    assert cells(values("x", rows, inputs=inputs, geos=("BE", "FR"))) == {
        ("BE", "2019"): (1.0, ""), ("FR", "2020"): (3.0, ""), ("BE", "2020"): (2.5, "b"), ("BE", "2021"): (None, ":"),
    }  # fmt: skip
    with pytest.raises(DeclarationError, match="more than one value for BE in 2020"):
        values("x", rows, inputs={"x": f"{DATASET}/A.OLD.MIO_EUR. then {DATASET}/A..MIO_EUR."})


def test_the_poverty_rate_goes_on_after_its_structure_changed(known, embedded):
    """Belgium's rate is the old structure's to 2023 and the new one's for 2024: 11.4, as the provider's own answer."""
    frame = Evaluator(known, embedded).indicator("arop", ("BE",)).set_index("time")
    assert frame.loc["2024", ["value", "dataset", "key"]].tolist() == [
        11.4,
        "ilc_li02_2026",
        "A.MED_EI.PC.B_60.T.TOTAL.BE",
    ]
    assert frame.loc["2022", "dataset"] == "ilc_li02" and frame.index.is_unique


def test_an_indicator_of_indicators(values):
    """An input may be another indicator."""
    rows = [("SPR", "BE", "2020", 30.0, ""), ("TOTAL", "BE", "2020", 40.0, "")]
    inputs = {"x": "sp_expenditure.SPR", "t": "sp_expenditure.TOTAL"}
    assert cells(values("100 * x / t", rows, inputs=inputs)) == {("BE", "2020"): (75.0, "")}


def test_an_unknown_indicator_is_named(known, embedded):
    """A misspelt indicator is wrong use, told in words."""
    with pytest.raises(UsageError, match=r"Unknown indicator 'sp_expenditure\.ALL'"):
        Evaluator(known, embedded).indicator("sp_expenditure.ALL", ("BE",))


def test_no_indicators_give_an_empty_table(known, embedded):
    """A table of nothing, and of a dataset not in the store, has the columns and no rows."""
    evaluator = Evaluator(known, embedded)
    assert tuple(evaluator.table([], ["BE"]).columns) == indicators.COLUMNS
    assert evaluator.table(["sp_expenditure.TOTAL"], ["ZZ"]).empty


def test_belgium_s_share_of_benefits(known, embedded):
    """The share of benefits in Belgian expenditure is the quotient of the two stored values."""
    evaluator = Evaluator(known, embedded)
    shown = evaluator.indicator("sp_type_share.SPR", ("BE",)).set_index("time")["value"]
    stored = embedded.read(DATASET).set_index(["key", "time"])["value"]
    assert shown["2022"] == pytest.approx(
        100 * stored["A.SPR.MIO_EUR.BE", "2022"] / stored["A.TOTAL.MIO_EUR.BE", "2022"]
    )


def test_nothing_is_evaluated_as_python():
    """Neither module calls eval, exec or compile."""
    for module in (indicators, formulas):
        tree = ast.parse(inspect.getsource(module))
        called = {node.func.id for node in ast.walk(tree) if isinstance(node, ast.Call) and hasattr(node.func, "id")}
        assert not called & {"eval", "exec", "compile", "getattr_static", "__import__"}


def test_a_formula_that_slipped_through_is_still_refused(values):
    """Evaluation has its own allow-list, should a formula ever reach it unjudged."""
    with pytest.raises(DeclarationError, match="not allowed"):
        values("abs(X)", [("X", "BE", "2020", 3.0, "")])


TERMS = st.recursive(
    st.sampled_from(["x", "y", "2", "0.5"]),
    lambda inner: st.tuples(inner, st.sampled_from("+-*/"), inner).map(lambda t: f"({t[0]} {t[1]} {t[2]})"),
    max_leaves=8,
)


@given(TERMS, st.floats(-1e6, 1e6), st.floats(-1e6, 1e6))
def test_arithmetic_agrees_with_python(formula, x, y):
    """Any formula of the four operations has the value Python's arithmetic gives it, or is missing."""
    import pandas as pd

    series = {("x", 0): pd.Series([x]), ("y", 0): pd.Series([y])}
    found = indicators._compute(formulas.parse(formula), series).iloc[0]
    try:
        expected = eval(formula, {}, {"x": x, "y": y})  # the independent computation
    except ZeroDivisionError:
        expected = math.nan
    assert found == pytest.approx(expected, nan_ok=True)
