"""Rules and observations give findings; expected values are worked out by hand."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from specimens import manifest, observed

from reporting import validation
from reporting.declarations import Accepted, JumpRule, MarginRule, MembersRule, RangeRule, SumRule
from reporting.errors import SourceChanged
from reporting.vintages import Store

TYPE, FUNC = "spr_exp_type", "spr_exp_func"
COMMON = {"id": "R", "title": "rule", "severity": "error", "dataset": TYPE}
SUM = SumRule(**COMMON, kind="sum", dimension="spdeps", total="TOTAL", parts=("SPR", "ADM"), tolerance=0.02)


@pytest.fixture
def check(known, tmp_path):
    """Findings of one rule over rows (spdeps, unit, geo, time, value, flag): (outcome, key, time, value, expected)."""

    def run(rule, rows, other=(), accepted=(), groups=None):
        declared = known.model_copy(
            update={
                "rules": {rule.id: rule}, "accepted": accepted, "groups": {**known.groups, **(groups or {})},
            }
        )  # fmt: skip
        store = Store(tmp_path / "store", embedded=None)
        frame = observed(TYPE, [(f"A.{c}.{u}.{g}", t, v, f) for c, u, g, t, v, f in rows])
        store.append(frame, manifest(TYPE, "2025-01-01"))
        if other:
            frame = observed(FUNC, [(f"A.SPR.{c}.{u}.{g}", t, v, f) for c, u, g, t, v, f in other])
            store.append(frame, manifest(FUNC, "2025-01-01"))
        return validation.check(declared, store)

    return run


def told(findings):
    """Outcome, key, time and difference (None when undecidable)."""
    return [
        (f.outcome, f.key, f.time, None if math.isnan(f.difference) else round(f.difference, 6)) for f in findings
    ]  # fmt: skip


def row(code, value, geo="BE", time="2023", unit="M", flag=""):
    """One observation."""
    return (code, unit, geo, time, value, flag)


@pytest.mark.parametrize(("total", "fails"), [(30.0, False), (30.02, False), (29.98, False), (30.03, True)])
def test_a_sum_at_the_edge_of_its_tolerance(total, fails, check):
    """A difference equal to the tolerance passes, one hundredth more fails."""
    found = told(check(SUM, [row("TOTAL", total), row("SPR", 20.0), row("ADM", 10.0)]))
    assert found == ([("failed", "A.TOTAL.M.BE", "2023", 0.03)] if fails else [])


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(0, 10**14), min_size=2, max_size=2))
def test_binary_fractions_are_no_findings(cents):
    """Parts in hundredths always add up to their total in hundredths, however large."""
    import pandas as pd

    values = [c / 100 for c in (sum(cents), *cents)]
    frame = pd.DataFrame(
        {
            "freq": "A", "spdeps": ["TOTAL", "SPR", "ADM"], "unit": "M", "geo": "BE", "time": "2023", "value": values,
            "flag": "",
        }
    )  # fmt: skip
    rule = SUM.model_copy(update={"tolerance": 0.0})

    class Known:
        datasets = {TYPE: type("D", (), {"dimensions": ("freq", "spdeps", "unit", "geo")})}

    assert validation._compare(Known, None, rule, frame, "").empty  # type: ignore[arg-type]


def test_a_sum_with_a_missing_part_is_undecidable(check):
    """A part absent or without a value, or a total without one, makes the rule undecidable, never passed."""
    rows = [
        row("TOTAL", 30.0), row("SPR", 20.0), row("ADM", None, flag="c"), row("TOTAL", 5.0, "FR"),
        row("SPR", 5.0, "FR"),
        row("SPR", 1.0, "NL"), row("ADM", 1.0, "NL"), row("TOTAL", 9.0, "DE"),
    ]  # fmt: skip
    found = check(SUM, rows)
    assert told(found) == [("undecidable", f"A.TOTAL.M.{geo}", "2023", None) for geo in ("BE", "FR", "NL")]
    assert "cannot be decided, a value is missing" in found[0].message
    assert not any(f.stops for f in found)


def test_where_restricts_a_rule(check):
    """A rule looks only at the codes it names."""
    rows = [row("TOTAL", 99.0, unit=u) for u in "MN"] + [row(c, 1.0, unit=u) for u in "MN" for c in ("SPR", "ADM")]
    rule = SUM.model_copy(update={"where": {"unit": ("N",)}})
    assert told(check(rule, rows)) == [("failed", "A.TOTAL.N.BE", "2023", 97.0)]


def test_where_that_fits_nothing(check):
    """A rule on a code that is not there finds nothing."""
    rule = SUM.model_copy(update={"where": {"unit": ("Z",)}})
    assert check(rule, [row("TOTAL", 9.0), row("SPR", 1.0), row("ADM", 1.0)]) == []


def test_no_data_no_findings(known, tmp_path):
    """A dataset that is not in the store has no findings."""
    assert validation.check(known, Store(tmp_path, embedded=None)) == []


BENELUX = {"BNL": ("BE", "NL", "LU")}


@pytest.mark.parametrize(
    ("total", "found"), [(60.0, []), (60.06, []), (60.07, [("failed", "A.TOTAL.M.BNL", "2023", 0.07)])]
)
def test_a_group_is_the_sum_of_its_members(total, found, check):
    """60.06 is within a thousandth of 10 + 20 + 30, 60.07 is not; other countries do not count."""
    rule = MembersRule(**COMMON, kind="members", group="BNL", relative=0.001)
    rows = [row("TOTAL", v, g) for g, v in (("BE", 10.0), ("NL", 20.0), ("LU", 30.0), ("FR", 40.0), ("BNL", total))]
    assert told(check(rule, rows, groups=BENELUX)) == found


def test_a_group_with_a_missing_member_is_undecidable(check):
    """Two of three members decide nothing."""
    rule = MembersRule(**COMMON, kind="members", group="BNL", tolerance=1e9)
    rows = [row("TOTAL", 10.0, "BE"), row("TOTAL", 20.0, "NL"), row("TOTAL", None, "LU"), row("TOTAL", 60.0, "BNL")]
    assert told(check(rule, rows, groups=BENELUX)) == [("undecidable", "A.TOTAL.M.BNL", "2023", None)]


def test_a_margin(check):
    """Benefits by type and by function are compared where both are given; a missing one decides nothing."""
    rule = MarginRule(**COMMON, kind="margin", other=FUNC, total={"spfunc": "TOTAL"}, tolerance=0.5)
    rows = [row("SPR", 10.0), row("SPR", 20.0, "FR"), row("SPR", 30.0, "NL"), row("TOTAL", 99.0), row("SPR", 5.0, "LU")]
    other = [row("TOTAL", 10.5), row("SICK", 1.0), row("TOTAL", 21.0, "FR"), row("TOTAL", None, "NL")]
    assert told(check(rule, rows, other)) == [
        ("failed", "A.SPR.M.FR", "2023", -1.0),
        ("undecidable", "A.SPR.M.NL", "2023", None),
    ]


def test_a_range(check):
    """Both bounds belong to the range; beyond, the difference is the distance to the bound."""
    rule = RangeRule(**COMMON, kind="range", low=0.0, high=100.0)
    rows = [
        row("A", 0.0), row("B", 100.0), row("C", -1.0), row("D", 100.01), row("E", None), row("F", math.inf),
    ]  # fmt: skip
    assert told(check(rule, rows)) == [
        ("failed", "A.F.M.BE", "2023", math.inf),
        ("failed", "A.C.M.BE", "2023", -1.0),
        ("failed", "A.D.M.BE", "2023", 0.01),
    ]


def test_a_jump(check):
    """A change of 30 % passes, more fails; gaps, breaks, small values and other times are let be."""
    rule = JumpRule(**COMMON, kind="jump", percent=30.0, floor=10.0)
    rows = [
        row("A", 100.0, time="2020"), row("A", 130.0, time="2021"), row("A", 170.0, time="2022"),
        row("A", 10.0, time="2024"), row("B", 100.0, time="2020"), row("B", 200.0, time="2021", flag="bp"),
        row("C", 1.0, time="2020"), row("C", 9.0, time="2021"), row("D", 100.0, time="2020-Q1"),
        row("D", 900.0, time="2021-Q1"), row("E", None, time="2020"), row("E", 900.0, time="2021"),
    ]  # fmt: skip
    assert told(check(rule, rows)) == [("failed", "A.A.M.BE", "2022", 40.0)]


def test_accepted_findings_stay_but_do_not_stop(check):
    """An accepted finding keeps its reason and its severity; the same rule still stops elsewhere."""
    rows = [row(c, v, g) for g in ("BE", "FR") for c, v in (("TOTAL", 9.0), ("SPR", 1.0), ("ADM", 1.0))]
    known = (Accepted(rule="R", geo="BE", time="2023", reason="So published."),)
    found = {f.geo: f for f in check(SUM, rows, accepted=known)}
    assert (found["BE"].accepted, found["BE"].stops) == ("So published.", False)
    assert (found["FR"].accepted, found["FR"].stops) == ("", True)


def test_a_warning_does_not_stop(check):
    """Only errors stand in the way of a build of record."""
    rule = SUM.model_copy(update={"severity": "warning"})
    [found] = check(rule, [row("TOTAL", 9.0), row("SPR", 1.0), row("ADM", 1.0)])
    assert not found.stops
    assert found.message == "R rule: spr_exp_type A.TOTAL.M.BE 2023: 9.00, expected 2.00, difference 7.00 M"


def test_findings_are_in_order_of_weight(check):
    """Failed before undecidable, the largest difference first."""
    rows = [row("TOTAL", t, g) for g, t in (("BE", 3.0), ("FR", 9.0), ("NL", 2.0))]
    rows += [row(c, 1.0, g) for g in ("BE", "FR") for c in ("SPR", "ADM")] + [row("SPR", 1.0, "NL")]
    assert [(f.outcome, f.geo) for f in check(SUM, rows)] == [
        ("failed", "FR"), ("failed", "BE"), ("undecidable", "NL"),
    ]  # fmt: skip


def test_a_store_of_another_structure_is_named(known, tmp_path):
    """Keys with other positions than declared are told, not a traceback."""
    store = Store(tmp_path, embedded=None)
    store.append(observed(TYPE, [("A.TOTAL.BE", "2023", 1.0, "")]), manifest(TYPE, "2025-01-01"))
    with pytest.raises(SourceChanged, match=r"'A\.TOTAL\.BE', which does not have the declared positions freq\.spdeps"):
        validation.check(known, store, [TYPE])


@pytest.fixture(scope="module")
def estonia(known, embedded):
    """Findings of the embedded edition on expenditure by type."""
    return [f for f in validation.check(known, embedded, [TYPE]) if f.rule == "E01-type" and f.outcome == "failed"]


def test_estonia_2023_is_found(estonia):
    """Eurostat's total for Estonia 2023 exceeds its parts by 1,036.28 million euro, as in the aggregates only."""
    assert {(f.geo, f.time) for f in estonia} == {
        (geo, "2023") for geo in ("EE", "EU27_2020", "EA18", "EA19", "EA20", "EEA_X_LI")
    }
    assert {round(f.difference, 2) for f in estonia} == {1036.28}
    assert not any(f.stops for f in estonia)
    assert "difference 1,036.28 MIO_EUR" in next(f for f in estonia if f.geo == "EE").message


def test_estonia_before_it_was_published(known, embedded):
    """As of a day before the figures were known there is no finding."""
    assert validation.check(known, embedded, [TYPE], "1990-01-01") == []


@pytest.mark.parametrize("geo", ["EU27_2020", "EA20", "EE"])
def test_estonia_travels_to_the_aggregates(geo, known, estonia):
    """A table of the Union or the euro area for 2023 is told of Estonia."""
    assert "EE" in {f.geo for f in validation.concerning(known, estonia, [(f"other; {TYPE}", geo, "2023")])}


@pytest.mark.parametrize("shown", [(TYPE, "BE", "2023"), (TYPE, "EU27_2020", "2022"), (FUNC, "EE", "2023")])
def test_estonia_does_not_travel_further(shown, known, estonia):
    """Belgium's table, another year's or another dataset's is not."""
    assert validation.concerning(known, estonia, [shown]) == []


def test_undecidable_findings_do_not_travel(known, check):
    """What could not be decided is no note under a table."""
    found = check(SUM, [row("TOTAL", 30.0), row("SPR", 20.0)])
    assert [f.outcome for f in found] == ["undecidable"]
    assert validation.concerning(known, found, [(TYPE, "BE", "2023")]) == []
