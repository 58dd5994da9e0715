"""Net benefits, pension beneficiaries and early estimates against calculations by hand."""

from __future__ import annotations

import math
from pathlib import Path

import pandas as pd
import pytest

from reporting.errors import SourceUnreadable, UsageError, ValidationFailed
from reporting.esspros import beneficiaries, classification, early, net
from reporting.esspros.estimates import Series

PENSION, ANTICIPATED = "ben.old.nmt.cash.per.oldage_pension", "ben.old.nmt.cash.per.anticipated_pension"
SURVIVORS, ALLOWANCE = "ben.srv.nmt.cash.per.survivors_pension", "ben.fam.nmt.cash.per.allowance"
CARE = "ben.old.nmt.kind.assistance"
KNOWN = classification.load()


def table(*rows: tuple[int, str, str, float]) -> pd.DataFrame:
    """A neutral table."""
    return pd.DataFrame(
        [(*row, "", "", "", "") for row in rows],
        columns=["year", "scheme", "item", "value", "flag", "comment", "sheet", "cell"],
    )


GROSS = table(
    (2023, "1", PENSION, 1000.0), (2023, "1", ANTICIPATED, 200.0), (2023, "1", CARE, 50.0), (2023, "2", PENSION, 300.0),
    (2023, "2", ALLOWANCE, 400.0), (2023, "_T", PENSION, 1300.0), (2023, "1", "ben.old", 1250.0),
    (2022, "1", PENSION, 9.0), (2023, "1", "exp.adm", 10.0),
)  # fmt: skip


def rates(*rows: tuple[object, ...]) -> pd.DataFrame:
    """Rates of net benefits: year, scheme, item, AITR, AISCR, RFB and optionally whether the rates contain it."""
    names = ["year", "scheme", "item", "AITR", "AISCR", "RFB", "RFB_inside"]
    return pd.DataFrame([[*row, ""][: len(names)] for row in rows], columns=names).assign(flag="", comment="")


RATES = rates(
    (2023, "1", "ben.old", 0.10, 0.05, 24.0), (2023, "1", ANTICIPATED, 0.20, 0.05, 0.0),
    (2023, "2", PENSION, 0.15, 0.04, 12.0, "yes"), (2023, "2", ALLOWANCE, 0.0, 0.0, 35.5),
)  # fmt: skip


def test_net_benefits_are_those_of_the_regulation() -> None:
    """NET = GROSS x (1 - AITR - AISCR) + RFB, benefit by benefit, worked out by hand."""
    found = net.compute(GROSS, RATES, KNOWN)
    values = found.benefits.set_index(["scheme", "item"])["net"]
    assert values["1", PENSION] == pytest.approx(1000 * 0.85 + 24)
    assert values["1", ANTICIPATED] == pytest.approx(200 * 0.75)
    assert values["1", CARE] == 50
    # The rates of scheme 2's pension hold the residual fiscal benefits already.
    assert values["2", PENSION] == pytest.approx(300 * 0.81)
    assert values["2", ALLOWANCE] == pytest.approx(435.5)
    assert found.findings == ()
    assert set(found.benefits["year"]) == {2023}


def test_totals_have_the_rates_of_their_sum() -> None:
    """By scheme, function and over all: sums, implicit rates and the ratio of net to gross."""
    totals = net.compute(GROSS, RATES, KNOWN).totals.set_index(["scheme", "item"])
    old = totals.loc[("_T", "ben.old")]
    assert old["gross"] == 1550
    assert old["net"] == pytest.approx(874 + 150 + 50 + 243)
    assert old["AITR"] == pytest.approx((100 + 40 + 45) / 1550)
    assert old["AISCR"] == pytest.approx((50 + 10 + 12) / 1550)
    assert old["ratio"] == pytest.approx(old["net"] / 1550)
    assert totals.loc[("_T", "ben"), "net"] == pytest.approx(1317 + 435.5)
    assert totals.loc[("2", "ben"), "net"] == pytest.approx(243 + 435.5)
    assert list(totals.index.unique("scheme")) == ["1", "2", "_T"]


def test_fiscal_benefits_of_a_sum_are_shared_by_gross() -> None:
    """Residual fiscal benefits given for a function go to its benefits by their gross amounts, and are not lost."""
    found = net.compute(GROSS, rates((2023, "1", "ben", 0.1, 0.0, 36.0)), KNOWN).benefits.set_index(["scheme", "item"])
    assert found.loc[("1", PENSION), "RFB"] == pytest.approx(30)
    assert found.loc[("1", ANTICIPATED), "RFB"] == pytest.approx(6)
    assert found.loc[("1", CARE), "RFB"] == 0


def test_a_benefit_without_rates_has_no_net_value() -> None:
    """Missing rates are no zero: the benefit and every sum with it are missing, and each is said."""
    found = net.compute(GROSS, rates((2023, "2", PENSION, 0.15, 0.04, 0.0)), KNOWN)
    totals = found.totals.set_index(["scheme", "item"])["net"]
    assert math.isnan(totals["1", "ben.old"])
    assert math.isnan(totals["_T", "ben"])
    assert totals["2", "ben.old"] == pytest.approx(243)
    assert [(f.rule, f.outcome, f.item) for f in found.findings] == [
        ("N01", "undecidable", PENSION), ("N01", "undecidable", ANTICIPATED), ("N01", "undecidable", ALLOWANCE),
    ]  # fmt: skip


@pytest.mark.parametrize(("aitr", "aiscr"), [(-0.1, 0.0), (0.7, 0.3), (12.0, 5.0)])
def test_numbers_that_are_no_rates_give_nothing(aitr: float, aiscr: float) -> None:
    """Rates below zero, in per cent or that leave nothing are an error, and no net value is computed."""
    found = net.compute(GROSS, rates((2023, "1", PENSION, aitr, aiscr, 0.0)), KNOWN)
    assert [f.rule for f in found.findings if f.severity == "error"] == ["N02"]
    assert math.isnan(found.benefits.set_index(["scheme", "item"]).loc[("1", PENSION), "net"])


def test_rates_that_nothing_uses_are_found() -> None:
    """Rates of a benefit that is not there are said; an error where fiscal benefits would be lost with them."""
    more = rates((2023, "3", PENSION, 0.1, 0.1, 5.0), (2023, "1", SURVIVORS, 0.1, 0.1, 0.0))
    found = net.compute(GROSS, pd.concat([RATES, more]), KNOWN).findings
    assert [(f.rule, f.severity, "5 of residual" in f.message) for f in found] == [
        ("N03", "error", True), ("N03", "warning", False),
    ]  # fmt: skip


def test_rates_are_read_from_a_file(tmp_path: Path) -> None:
    """A file of rates is read by its headings; a row that names no scheme or item is refused with its place."""
    path = tmp_path / "rates.csv"
    path.write_text(f"Year;Scheme;Item;AITR;AISCR;RFB;RFB_inside\n2023;Scheme 01;{PENSION};0.1;0.05;24;no\n")
    read = net.read(path, KNOWN)
    assert read.loc[0, ["year", "scheme", "item", "AITR", "RFB"]].tolist() == [2023, "1", PENSION, 0.1, 24.0]
    path.write_text("year,scheme,item,AITR,AISCR\n2023,1,ben.oldish,0.1,0.1\n2023,,ben.old,0.1,0.1\n")
    with pytest.raises(ValidationFailed, match=r"(?s)line 2 \(item\): 'ben.oldish'.*line 3 \(scheme\)"):
        net.read(path, KNOWN)
    path.write_text("year,scheme,item,AITR,AISCR\n2023,1,ben.old,10 %,0.1\n")
    with pytest.raises(SourceUnreadable, match="'10 %' is no number"):
        net.read(path, KNOWN)


COMBINATIONS = """year,scheme,sex,categories,persons
2023,1,F,old_age,500
2023,1,F,old_age+survivors,120
2023,1,F,survivors,60
2023,1,M,old_age,550
2023,1,M,old_age+partial,10
2023,1,M,anticipated,40
2023,2,T,old_age,90
2023,2,T,disability,30
"""


@pytest.fixture
def combined(tmp_path: Path) -> Path:
    """Persons by the pensions they draw."""
    path = tmp_path / "combinations.csv"
    path.write_text(COMBINATIONS)
    return path


def test_persons_are_counted_once(combined: Path) -> None:
    """Categories count all who draw a pension, totals each person once: by hand."""
    counted = beneficiaries.count(beneficiaries.read(combined)).set_index(["scheme", "category", "sex"])["value"]
    assert counted["1", "old_age", "F"] == 620
    assert counted["1", "survivors", "F"] == 180
    assert counted["1", "total", "F"] == 680
    assert counted["1", "old_tot", "M"] == 600
    assert counted["1", "total", "T"] == 680 + 600
    assert counted["1", "old_srv", "T"] == 1280
    assert counted["2", "total", "T"] == 120
    assert beneficiaries.check(beneficiaries.count(beneficiaries.read(combined))) == []


def test_both_sexes_given_are_not_added_up_again(tmp_path: Path) -> None:
    """Where both sexes together are given, women and men do not count into them a second time."""
    path = tmp_path / "c.csv"
    path.write_text(
        "year,scheme,sex,categories,persons\n2023,1,T,old_age,30\n2023,1,F,old_age,10\n2023,1,M,old_age,20\n"
    )
    counted = beneficiaries.count(beneficiaries.read(path)).set_index(["category", "sex"])["value"]
    assert counted["old_age", "T"] == 30


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("old_age,500", "oldage,500", r"line 2 \(categories\): 'oldage'"),
        ("2023,1,F,survivors", "2023,1,X,survivors", r"line 4 \(sex\): 'X'"),
        ("2023,2,T,disability,30", "2023,b,T,disability,30", r"line 9 \(scheme\): 'b'"),
        ("partial,10", "partial,10.5", r"line 6 \(persons\): '10.5'"),
        ("partial,10", "partial,-1", r"line 6 \(persons\): '-1'"),
        ("2023,1,F,survivors,60", "2023,1,F,survivors+old_age,60", r"line 4 \(categories\): a second count"),
    ],
)
def test_a_combination_that_makes_no_sense_is_refused(combined: Path, old: str, new: str, said: str) -> None:
    """Unknown categories and sexes, parts of persons and repeated combinations are refused with their line."""
    combined.write_text(COMBINATIONS.replace(old, new))
    with pytest.raises(ValidationFailed, match=said):
        beneficiaries.read(combined)


def counts(*rows: tuple[str, str, str, float]) -> pd.DataFrame:
    """Beneficiaries of one year: scheme, category, sex, value."""
    return pd.DataFrame(
        [(2023, *row, "", "") for row in rows],
        columns=["year", "scheme", "category", "sex", "value", "flag", "comment"],
    )


@pytest.mark.parametrize(
    ("rows", "rule", "bound"),
    [
        ([("1", "old_age", "T", 10), ("1", "survivors", "T", 5), ("1", "total", "T", 16)], "B01", 15),
        ([("1", "old_age", "T", 10), ("1", "survivors", "T", 5), ("1", "total", "T", 9)], "B02", 10),
        ([("1", "old_age", "T", 10), ("1", "partial", "T", 5), ("1", "old_tot", "T", 16)], "B01", 15),
        ([("1", "old_age", "T", 10), ("1", "old_age", "F", 6), ("1", "old_age", "M", 5)], "B03", 11),
        ([("1", "old_age", "T", 10), ("2", "old_age", "T", 5), ("_T", "old_age", "T", 16)], "B04", 15),
        ([("1", "old_age", "T", 10), ("2", "old_age", "T", 5), ("_T", "old_age", "T", 9)], "B05", 10),
    ],
)
def test_totals_that_cannot_be_of_persons_are_found(
    rows: list[tuple[str, str, str, float]], rule: str, bound: float
) -> None:
    """A total lies between its largest part and the sum of its parts; women and men add up."""
    (found,) = beneficiaries.check(counts(*rows))
    assert (found.rule, found.expected, found.stops) == (rule, bound, True)
    within = [row if row[3] not in (16, 9) else (*row[:3], 12.0) for row in rows]
    within = [row if row != ("1", "old_age", "M", 5) else ("1", "old_age", "M", 4) for row in within]
    assert beneficiaries.check(counts(*within)) == []


def test_the_average_pension_is_expenditure_by_persons() -> None:
    """Expenditure of a category, in millions, divided by its persons; a total takes that of its categories."""
    paid = table((2023, "1", PENSION, 12.0), (2023, "1", ANTICIPATED, 3.0), (2023, "2", PENSION, 6.0))
    heads = counts(("1", "old_age", "T", 600), ("1", "old_tot", "T", 750), ("_T", "old_age", "T", 900),
                   ("1", "old_age", "F", 1), ("1", "partial", "T", 5))  # fmt: skip
    average = beneficiaries.average(heads, paid, KNOWN).set_index(["scheme", "category"])["average"]
    assert average["1", "old_age"] == pytest.approx(20_000)
    assert average["1", "old_tot"] == pytest.approx(20_000)
    assert average["_T", "old_age"] == pytest.approx(20_000)
    assert math.isnan(average["1", "partial"])
    assert len(average) == 4


def test_functions_are_the_sum_of_their_items() -> None:
    """Only elementary items of schemes count: no sum, no all-schemes column, no administration."""
    found = early.by_function(GROSS, KNOWN)
    assert found["old"].values == {2023: 1550.0, 2022: 9.0}
    assert set(found) == {"old", "fam"}


def test_an_early_estimate_follows_its_indicator(tmp_path: Path) -> None:
    """Each function grows as its indicator, one without by its trend; the total is their sum."""
    path = tmp_path / "indicators.csv"
    values = {2019: 50, 2020: 52, 2021: 55, 2022: 57, 2023: 60, 2024: 63}
    path.write_text("function,year,value,indicator\n" + "".join(f"old,{y},{v},D.62\n" for y, v in values.items()))
    functions = {
        "old": Series("ben.old", {2019: 100.0, 2020: 104.0, 2021: 111.0, 2022: 113.0, 2023: 121.0}),
        "fam": Series("ben.fam", {2019: 10.0, 2020: 12.0, 2021: 14.0, 2022: 16.0, 2023: 18.0}),
    }
    found, refused = early.estimate(functions, early.indicators(path), 2024)
    rows = found.set_index("item")
    assert refused == []
    assert rows.loc["ben.old", "value"] == pytest.approx(121 * 63 / 60)
    assert rows.loc["ben.fam", "value"] == pytest.approx(20)
    assert rows.loc["ben", "value"] == pytest.approx(121 * 63 / 60 + 20)
    assert rows.loc["ben.old", "change"] == pytest.approx(5.0)
    assert rows.loc["ben.old", "comment"].startswith("Estimated: growth of an auxiliary series D.62, 2019-2023")
    # The trial: 2023 from 2019-2022, which is 113 * 60 / 57 instead of 121.
    assert (rows.loc["ben.old", "tried"], rows.loc["ben.old", "error"]) == (
        1, pytest.approx(100 * abs(113 * 60 / 57 / 121 - 1)),
    )  # fmt: skip
    low = (rows.loc[["ben.old", "ben.fam"], "value"] - rows.loc[["ben.old", "ben.fam"], "low"]).pow(2).sum() ** 0.5
    assert rows.loc["ben", "low"] == pytest.approx(rows.loc["ben", "value"] - low)


def test_a_function_that_cannot_be_estimated_leaves_no_total(tmp_path: Path) -> None:
    """One function too short is an error, and there is no total that would miss it."""
    functions = {"old": Series("ben.old", {2022: 1.0, 2023: 2.0})}
    found, refused = early.estimate(functions, {}, 2024)
    assert [f.rule for f in refused] == ["C10"]
    assert found.empty
    with pytest.raises(UsageError, match="known up to 2023"):
        early.estimate(functions, {}, 2023)
    path = tmp_path / "indicators.csv"
    path.write_text("function,year,value\nolder,2023,1\nold,2023,\n")
    with pytest.raises(ValidationFailed, match=r"(?s)line 2 \(function\): 'older'.*line 3 \(value\): no value"):
        early.indicators(path)
