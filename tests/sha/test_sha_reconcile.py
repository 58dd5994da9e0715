"""Reconciled tables: margins agree, what is fixed stays, and benchmarks are met."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from reporting.benchmarks import denton, ras
from reporting.errors import SourceUnreadable, UsageError, ValidationFailed
from reporting.sha import reconcile, wanted
from reporting.sha.neutral import Accounts
from reporting.sha.reconcile import Wanted
from reporting.sha.totals import completed


@pytest.fixture(scope="module")
def apart(years, classes, spoilt) -> Accounts:
    """The tables of 2023 with two of them changed, so that margins no longer agree."""
    base = spoilt(years[2023], "HCxHP", "HC.1.1.1", "HP.1.1", value=lambda v: v * 1.05)
    base = spoilt(base, "HPxHF", "HP.5.1", "HF.3.1", value=lambda v: v - 50)
    return completed(base, classes, anew=True)


def figure(accounts: Accounts, name: str, **codes: str) -> float:
    """One value of accounts."""
    table = accounts.table[accounts.table["table"] == name]
    for axis, code in codes.items():
        table = table[table[axis] == code]
    return float(table["value"].item())


def test_margins_agree_afterwards(apart, classes, rules) -> None:
    """What broke H02 fulfils all rules; the leading table has not moved; old and new stand side by side."""
    assert set(rules(apart)) == {"H02"}
    found = reconcile.reconcile(apart, classes, {})
    assert rules(found.accounts) == {}
    assert set(found.moves["table"]) == {"HCxHP", "HPxHF", "HPxFP"}
    first = found.moves.iloc[0]
    assert abs(first["change"]) == found.moves["change"].abs().max()
    assert first["new"] - first["old"] == pytest.approx(first["change"])
    assert len(found.accounts.table) == len(apart.table)


def test_a_table_is_the_fit_of_its_leaves(apart, classes) -> None:
    """The cells of the providers' table are those that RAS gives on the matrix of its leaves."""
    name, axes = "HCxHP", ("hc", "hp")
    part = apart.table[(apart.table["table"] == name) & apart.table["typed"]]
    leaves = part.pivot(index="hc", columns="hp", values="value").fillna(0)
    leaves = leaves.loc[leaves.sum(axis=1) > 0, leaves.sum() > 0]
    rows = {code: figure(apart, "HCxHF", hc=code, hf="_T") for code in leaves.index}
    expected = ras(leaves, rows, dict.fromkeys(leaves.columns, np.nan)).table
    found = reconcile.reconcile(apart, classes, {}).accounts
    for hc, hp in (("HC.1.1.1", "HP.1.1"), ("HC.1.1.1", "HP.9"), ("HC.6.2", "HP.6")):
        assert figure(found, name, hc=hc, hp=hp) == pytest.approx(expected.loc[hc, hp], abs=1e-6), axes


def test_another_table_may_lead(apart, classes, rules) -> None:
    """Led by the providers' table, its figures stay and the others follow."""
    found = reconcile.reconcile(apart, classes, {}, lead="HCxHP")
    assert "HCxHP" not in set(found.moves["table"])
    assert set(rules(found.accounts)) <= {"H07"}
    for name in ("HCxH", "HK", "RI"):
        with pytest.raises(UsageError, match="the tables that can lead"):
            reconcile.reconcile(apart, classes, {}, lead=name)


def test_fixed_cells_stay(apart, classes, rules) -> None:
    """A cell, a row and a block that are fixed keep their values, and margins agree all the same."""
    fixed = wanted.places(["HPxHF HP.5.1 HF.3.1", "HPxHF HP.1 *", "HCxHP:HC.5×HP.5"], classes)
    aims = wanted.joined(apart, {}, [], fixed, classes)
    found = reconcile.reconcile(apart, classes, {2023: replace(aims[2023], fixed=fixed[::2])}).accounts
    assert figure(found, "HPxHF", hp="HP.5.1", hf="HF.3.1") == figure(apart, "HPxHF", hp="HP.5.1", hf="HF.3.1")
    for hp in ("HP.5.1", "HP.5.2"):
        assert figure(found, "HCxHP", hc="HC.5.1.1", hp="HP.5.1") == figure(
            apart, "HCxHP", hc="HC.5.1.1", hp="HP.5.1"
        ), hp
    assert "H02" not in rules(found)


def test_what_cannot_be_met_is_said(apart, classes) -> None:
    """A fixed row that does not have its margin is told with table, row and amount."""
    aims = {2023: Wanted({}, {}, wanted.places(["HPxHF HP.5.1 *"], classes))}
    with pytest.raises(ValidationFailed, match=r"HPxHF 2023: (.|\n)*row HP.5.1: no cell may change, but 50 is"):
        reconcile.reconcile(apart, classes, aims)


def test_margins_from_outside_are_met(years, classes, rules) -> None:
    """Totals of two schemes and of all: every table has them, the rest is scaled to what is left."""
    margins = {"HF.1": 11_500.0, "HF.3": 2_300.0, "_T": 15_000.0}
    found = reconcile.reconcile(years[2023], classes, {2023: Wanted({"hf": margins}, {})}).accounts
    for name, other in (("HCxHF", "hc"), ("HPxHF", "hp"), ("HFxFS", "fs")):
        for code, value in margins.items():
            assert figure(found, name, hf=code, **{other: "_T"}) == pytest.approx(value, abs=1e-4)
    before, after = (figure(a, "HCxHF", hc="_T", hf="HF.2") for a in (years[2023], found))
    assert after == pytest.approx(1_200.0, abs=1e-4) and before != after
    assert "H01" not in rules(found) and "H02" not in rules(found)


def test_a_cell_that_is_wanted_is_met(years, classes, rules) -> None:
    """A single figure from outside is put in and held, in the table it belongs to."""
    aims = {2023: Wanted({}, {("HCxHP", "HC.6.2", "HP.6"): 50.0})}
    found = reconcile.reconcile(years[2023], classes, aims).accounts
    assert figure(found, "HCxHP", hc="HC.6.2", hp="HP.6") == 50.0
    assert "H02" not in rules(found)


@pytest.mark.parametrize(
    ("margins", "said"),
    [
        ({"hf": {"HF.1": 9000.0, "HF.1.1": 500.0}}, "HF.1.1 lies inside HF.1"),
        ({"hf": {"HF.4": 10.0}}, "A margin is wanted for HF.4, where the table has no amount"),
    ],
)
def test_margins_that_make_no_sense_are_refused(years, classes, margins: dict, said: str) -> None:
    """Nested margins, and one of which the table has nothing."""
    with pytest.raises(UsageError, match=said):
        reconcile.reconcile(years[2023], classes, {2023: Wanted(margins, {})})


def test_what_is_not_reconciled_is_refused(years, classes) -> None:
    """Capital formation and reporting items have no margins in common with expenditure: nothing is ignored."""
    for aim in (
        Wanted({"hk": {"HK.1": 500.0}}, {}), Wanted({}, {("RI", "HC.RI.2", "HF.3.1"): 40.0}),
        Wanted({}, {}, [("HK", "HK.1.1.1", "_T")]),
    ):  # fmt: skip
        with pytest.raises(UsageError, match=r"not reconciled, only HCxHF"):
            reconcile.reconcile(years[2023], classes, {2023: aim})


def test_tables_with_one_axis_follow(years, classes) -> None:
    """A neutral table with totals by scheme has the new totals too."""
    base = years[2023]
    margins = base.table[(base.table["table"] == "HCxHF") & (base.table["hc"] == "_T")]
    one = margins.assign(table="HF", hc="")
    both = replace(base, table=pd.concat([base.table, one], ignore_index=True))
    found = reconcile.reconcile(both, classes, {2023: Wanted({"hf": {"HF.3": 2_500.0}}, {})}).accounts
    assert figure(found, "HF", hf="HF.3") == pytest.approx(2_500.0, abs=1e-4)
    assert figure(found, "HF", hf="_T") == pytest.approx(figure(found, "HCxHF", hc="_T", hf="_T"))


def test_an_amount_that_only_one_table_has_is_named(years, classes, spoilt) -> None:
    """A function that another table does not have, and the reverse, cannot be fitted."""
    more = completed(spoilt(years[2023], "HCxHP", "HC.9", "HP.8.9", value=9.0), classes, anew=True)
    with pytest.raises(ValidationFailed, match=r"HCxHP: HC\.9 has an amount"):
        reconcile.reconcile(more, classes, {})
    less = completed(spoilt(years[2023], "HCxHF", "HC.9", "HF.1.1.1", value=9.0), classes, anew=True)
    with pytest.raises(ValidationFailed, match=r"HCxHP: there is no amount in HC\.9"):
        reconcile.reconcile(less, classes, {})


def test_back_series_are_adjusted_to_benchmarks(years, classes, rules, tmp_path: Path) -> None:
    """Out-of-pocket payments known better in two years: the series is Denton's, and every table follows."""
    path = tmp_path / "benchmarks.csv"
    path.write_text("year,table,hc,hf,value\n2019,HCxHF,_T,HF.3,2600\n2022,HCxHF,_T,HF.3,2900\n")
    several = replace(years[2019], table=pd.concat([years[y].table for y in years], ignore_index=True))
    lines = wanted.benchmarked(several, wanted.lines(path, classes), classes)
    found = reconcile.reconcile(several, classes, wanted.joined(several, {}, lines, (), classes)).accounts
    old = pd.Series({y: figure(years[y], "HCxHF", hc="_T", hf="HF.3") for y in years})
    expected = denton(old, {2019: 2600.0, 2022: 2900.0})
    for year in years:
        one = replace(found, table=found.table[found.table["year"] == year].reset_index(drop=True))
        assert figure(one, "HPxHF", hp="_T", hf="HF.3") == pytest.approx(expected[year], abs=1e-4)
        assert "H02" not in rules(one) and "H01" not in rules(one)
    assert expected[2019] == pytest.approx(2600) and expected[2022] == pytest.approx(2900)


@pytest.mark.parametrize(
    ("text", "error", "said"),
    [
        ("table,hc\nHCxHF,_T\n", SourceUnreadable, "the columns value, year are missing"),
        ("year,table,hc,hf,value\n2023,HCxHF,_T,HF.3,much\n", SourceUnreadable, "line 2: 'much' is no number"),
        ("year,table,hc,hf,value\n2023,HCxHZ,_T,HF.3,5\n", UsageError, "'HCxHZ' is no table"),
        ("year,table,hc,hf,value\n2023,HCxHF,_T,HF.8,5\n", UsageError, "are no codes of HCxHF"),
        ("year,table,hc,hf,value\nlast,HCxHF,_T,HF.3,5\n", UsageError, "'last' is not a year"),
        (
            "year,table,hc,hf,hp,value\n2023,HCxHF,_T,HF.3,,5\n2023,HPxHF,,HF.3,_T,6\n",
            UsageError,
            "HF.3 is wanted to be 5 and 6",
        ),
        ("year,table,hc,hf,value\n2010,HCxHF,_T,HF.3,5\n", UsageError, "2010, which the tables do not have"),
    ],
)
def test_a_file_of_margins_at_fault_is_told(tmp_path, years, classes, text: str, error: type, said: str) -> None:
    """Each fault of the file is one message with its line."""
    path = tmp_path / "margins.csv"
    path.write_text(text)
    with pytest.raises(error, match=said):
        aims = wanted.margins(wanted.lines(path, classes), classes)
        wanted.joined(years[2023], aims, [], (), classes)


def test_cells_are_fixed_in_every_table_that_has_them(classes) -> None:
    """Codes without a table are meant wherever their axes cross; with one, there alone."""
    assert wanted.places(["HC.7 HF.1.1"], classes) == [("HCxHF", "HC.7", "HF.1.1")]
    assert wanted.places(["HF.3 × HP.5"], classes) == [("HPxHF", "HP.5", "HF.3")]
    assert wanted.places(["HC.7"], classes) == [("HCxHF", "HC.7", "_T"), ("HCxHP", "HC.7", "_T")]
    assert wanted.places(["HCxHP HC.7 *"], classes) == [("HCxHP", "HC.7", "_T")]


def test_fixed_cells_that_are_not_there_are_refused(classes) -> None:
    """A word too few, another table, another code."""
    for words in ("HCxHF HC.7", "HCxHQ HC.7 HF.1", "HCxHF HP.1 HF.1", "HC.77", "", "HC.7 HC.6"):
        with pytest.raises(UsageError, match="--fixed"):
            wanted.places([words], classes)
