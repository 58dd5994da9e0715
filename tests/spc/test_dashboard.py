"""Significant changes: by table, by standard error, by size; and trends of many countries."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from invented import frame, joined, options, series
from microdata import run
from oracle import AGGREGATES, MEMBERS, Data
from test_score_cli import HEAD, result

from reporting.spc import dashboard, panel


def moves(known, data: Data, high: bool | None = False, base: int = 0, told=None, errors=None, **given: object):
    """The changes of one indicator."""
    described = pd.DataFrame([options(high, **given)], index=pd.Index(["I"], name="indicator"))
    axes = ["I"], MEMBERS, AGGREGATES
    filled = panel.build(frame(data), *axes)
    wrong = None if errors is None else panel.beside(filled, frame(errors), "value")
    return dashboard.moves(filled, described, known.profiles["sppm-dashboard"], base, told, wrong)


def states(found: dashboard.Moves) -> pd.Series:
    """The state of each country."""
    return found.table().set_index("geo")["category"]


def two(changes: dict[str, float], before: float = 20, years: tuple[int, int] = (2023, 2024)) -> Data:
    """Two years of all countries; those not named do not move."""
    now = {geo: round(before + changes.get(geo, 0), 4) for geo in MEMBERS}
    return joined(series(dict.fromkeys(MEMBERS, before), years[0]), series(now, years[1]))


def answers(rows: list[tuple[str, int, int, float, float]]) -> pd.DataFrame:
    """A table of significance."""
    frame = pd.DataFrame(rows, columns=["geo", "base", "time", "significant", "se"])
    return frame.assign(indicator="I")


@pytest.mark.parametrize("start", [20, 20.3, 71.7])
def test_thresholds_decide_where_nothing_else_does(known, start: float) -> None:
    """A rise of poverty by exactly one point counts, also with the noise of subtraction; 0.9 does not."""
    found = states(moves(known, two({"BE": 1.0, "BG": 0.9, "CZ": -1.0, "DK": -0.9}, start)))
    assert found[["BE", "BG", "CZ", "DK", "DE"]].tolist() == [
        "deterioration", "no_change", "improvement", "no_change", "no_change",
    ]  # fmt: skip
    turned = states(moves(known, two({"BE": 1.0}, start), high=True))
    assert turned["BE"] == "improvement"


def test_ratios_and_amounts_have_a_relative_threshold(known) -> None:
    """A ratio of 4.0 that falls by 5 per cent counts, by 4.75 per cent not; the change shown is in per cent."""
    found = moves(known, two({"BE": -0.2, "BG": -0.19}, 4), change_in_percent=True)
    assert states(found)[["BE", "BG"]].tolist() == ["improvement", "no_change"]
    assert found.table().set_index("geo")["change"]["BE"] == pytest.approx(-5)


def test_standard_errors_decide_before_thresholds(known) -> None:
    """|d| > 1.96 sqrt(SE² + SE²): 0.9 is significant with errors of 0.3, two points are not with errors of 1."""
    errors = joined(*(series(dict.fromkeys(MEMBERS, 0.3) | {"BG": 1}, year) for year in (2023, 2024)))
    del errors["CZ"][2023]
    found = states(moves(known, two({"BE": 0.9, "BG": 2, "CZ": 0.9, "DK": 0.8}), errors=errors))
    assert 0.8 < 1.96 * math.hypot(0.3, 0.3) < 0.9
    assert found[["BE", "BG", "CZ", "DK"]].tolist() == ["deterioration", "no_change", "no_change", "no_change"]


def test_a_table_decides_before_all_if_the_change_has_substance(known) -> None:
    """Y counts from half a point on, N never; a row of other years says nothing; an error of the change may stand."""
    told = answers(
        [
            ("BE", 2023, 2024, 1, math.nan), ("BG", 2023, 2024, 1, math.nan), ("CZ", 2023, 2024, 0, math.nan),
            ("DK", 2022, 2024, 0, math.nan), ("DE", 2023, 2024, math.nan, 0.1), ("XK", 2023, 2024, 1, math.nan),
        ]
    )  # fmt: skip
    found = moves(known, two({"BE": 0.5, "BG": 0.4, "CZ": 5, "DK": 5, "DE": 0.3}), told=told)
    assert states(found)[["BE", "BG", "CZ", "DK", "DE"]].tolist() == [
        "deterioration", "no_change", "no_change", "deterioration", "deterioration",
    ]  # fmt: skip
    assert found.by[0, :5].tolist() == ["table", "table", "table", "threshold", "standard error"]


@pytest.mark.parametrize(("year", "comparable"), [(2019, True), (2020, False), (2024, False)])
def test_a_break_after_the_base_year_makes_a_change_not_comparable(known, year: int, comparable: bool) -> None:
    """A break in the base year itself separates it from the year before."""
    data = joined(*(series(dict.fromkeys(MEMBERS, y - 2000), y) for y in (2019, 2020, 2024)))
    value, _ = data["BE"][year]
    data["BE"][year] = (value, "b")
    found = states(moves(known, data, base=2019))
    assert found["BE"] == ("deterioration" if comparable else "not_comparable")
    assert found["BG"] == "deterioration"


def test_long_term_bases_are_years(known) -> None:
    """2019 is 2019, one is the year before; a base that is not there gives no change; another base is refused."""
    data = two({"BE": 3}, years=(2019, 2024))
    assert states(moves(known, data, base=2019))["BE"] == "deterioration"
    assert (states(moves(known, data)) == "").all()
    with pytest.raises(Exception, match="2012 is no base of sppm-dashboard: it has 1, 2008, 2019"):
        moves(known, data, base=2012)


def test_one_year_for_all_countries(known) -> None:
    """A country without the year of the indicator has nothing; 18 countries make the year."""
    data = two({})
    for geo in MEMBERS[18:]:
        del data[geo][2024]
    table = moves(known, data).table().set_index("geo")
    assert table["year"]["BE"] == 2024
    assert table.loc["SE", ["year", "level", "change", "n"]].isna().all()
    assert (table["n"]["BE"], table["category"]["SE"]) == (18, "")


def test_without_polarity_nothing_is_better_or_worse(known) -> None:
    """A change is shown, no state."""
    found = moves(known, two({"BE": 5}), high=None)
    assert (states(found) == "").all()
    assert found.table().set_index("geo")["change"]["BE"] == 5


def test_a_third_of_the_countries_is_a_trend(known) -> None:
    """9 of 27 is a trend, 8 of 27 is none; countries with a break are not counted."""
    assert moves(known, two(dict.fromkeys(MEMBERS[:9], 2))).trends() == [("I", "deterioration", 9, 27)]
    data = two(dict.fromkeys(MEMBERS[:8], -2))
    assert moves(known, data).trends() == []
    for geo in MEMBERS[20:23]:
        data[geo][2024] = (data[geo][2024][0], "b")
    assert moves(known, data).trends() == [("I", "improvement", 8, 24)]


def test_a_base_of_nought_has_no_relative_change(known) -> None:
    """No number is made up."""
    found = moves(known, two({"BE": 5}, 0), change_in_percent=True)
    assert np.isnan(found.size).all()
    assert (states(found) == "").all()


def lines(data: Data, errors: bool = False) -> str:
    """A file of observations."""
    rows = [f"I,{g},{y},{v},{f}" + (",0.3" if errors else "") for g, ys in data.items() for y, (v, f) in ys.items()]
    return "\n".join([HEAD + (",se" if errors else ""), *rows]) + "\n"


@pytest.mark.parametrize(("errors", "expected"), [(True, "deterioration"), (False, "no_change")])
def test_the_verb_reads_standard_errors(tmp_path: Path, errors: bool, expected: str) -> None:
    """A column se decides."""
    (tmp_path / "obs.csv").write_text(lines(two({"BE": 0.9}), errors), encoding="utf-8")
    (tmp_path / "meta.csv").write_text("indicator,high_is_good\nI,FALSE\n", encoding="utf-8")
    words = ["--indicators", tmp_path / "meta.csv", "--output", tmp_path / "out.csv"]
    assert run("spc", "score", tmp_path / "obs.csv", "--profile", "sppm-dashboard", *words) == 0
    assert result(tmp_path)["category"]["BE"] == expected


TABLES = {
    "decides": ("I,BE,2023,2024,Y\n", 0, ""),
    "answer": ("I,BE,2023,2024,perhaps\n", 3, "told.csv: line 2, column significant: 'perhaps' is neither"),
    "twice": ("I,BE,2023,2024,Y\nI,BE,2023,2024,N\n", 3, "told.csv: line 3, columns indicator, geo, base, time"),
    "country": ("I,FR_metrop,2023,2024,Y\n", 3, "told.csv: line 2, column geo: unknown country 'FR_metrop'"),
    "year": ("I,BE,last,2024,Y\n", 3, "told.csv: line 2, column base: 'last' is no year"),
}


@pytest.mark.parametrize("name", TABLES)
def test_the_verb_reads_a_table_of_significance(tmp_path: Path, capsys, name: str) -> None:
    """A table that is right decides, one that is wrong is refused with its line."""
    content, code, said = TABLES[name]
    (tmp_path / "obs.csv").write_text(lines(two({"BE": 0.9})), encoding="utf-8")
    (tmp_path / "meta.csv").write_text("indicator,high_is_good\nI,FALSE\n", encoding="utf-8")
    (tmp_path / "told.csv").write_text("indicator,geo,base,time,significant\n" + content, encoding="utf-8")
    words = ["--indicators", tmp_path / "meta.csv", "--output", tmp_path / "out.csv"]
    more = ["--significance", tmp_path / "told.csv"]
    assert run("spc", "score", tmp_path / "obs.csv", "--profile", "sppm-dashboard", *words, *more) == code
    assert said in capsys.readouterr().err
    if code == 0:
        assert result(tmp_path)["category"]["BE"] == "deterioration"
        assert run("spc", "score", tmp_path / "obs.csv", "--profile", "jaf-compat", *words, *more) == 2


def test_standard_errors_of_some_years_only(tmp_path: Path) -> None:
    """Errors known since 2023 judge the change from 2023; the one from 2019 has none and goes by its size."""
    rows = [
        f"I,{g},{y},{20.9 if (g, y) == ('BE', 2024) else 20},,{0.3 if y > 2022 else ''}"
        for y in range(2018, 2025)
        for g in MEMBERS
    ]
    (tmp_path / "obs.csv").write_text("\n".join([HEAD + ",se", *rows]) + "\n", encoding="utf-8")
    for base, expected in ((1, "deterioration"), (2019, "no_change")):
        table = judged(tmp_path, "indicator,high_is_good\nI,FALSE\n", "--base", str(base))
        assert (table["category"]["BE"], table["category"]["DE"]) == (expected, "no_change")


def judged(folder: Path, meta: str, *more: str) -> pd.DataFrame:
    """The table of the dashboard for the files of a folder."""
    (folder / "meta.csv").write_text(meta, encoding="utf-8")
    words = ["--profile", "sppm-dashboard", "--indicators", folder / "meta.csv", "--output", folder / "out.csv"]
    assert run("spc", "score", folder / "obs.csv", *words, *more) == 0
    return result(folder)


REAL = "indicator,high_is_good,change_in_percent,deflator\n"


def incomes(folder: Path, prices: dict[str, tuple[str, str]]) -> None:
    """Incomes that rise by 8 per cent in all countries, and price indices of some."""
    rows = [f"GDHI,{geo},{year},{value}," for geo in MEMBERS for year, value in ((2023, 50), (2024, 54))]
    rows += [f"P,{geo},{year},{p}," for geo, pair in prices.items() for year, p in zip((2023, 2024), pair, strict=True)]
    (folder / "obs.csv").write_text("\n".join([HEAD, *rows]) + "\n", encoding="utf-8")


def test_household_income_is_compared_in_real_terms(tmp_path: Path) -> None:
    """8 per cent more at prices 8 per cent higher is no change; at stable prices an improvement; 20 per cent a loss."""
    incomes(
        tmp_path,
        dict.fromkeys(MEMBERS, ("100", "108")) | {"BE": ("100", "100"), "BG": ("100", "120"), "CZ": ("100", ":")},
    )
    table = judged(tmp_path, REAL + "GDHI,TRUE,TRUE,P\n")
    assert table["category"][["DE", "BE", "BG", "CZ"]].tolist() == ["no_change", "improvement", "deterioration", ""]
    assert [float(table["change"][g]) for g in ("DE", "BE", "BG")] == pytest.approx(
        [0, 8, 100 * (1.08 / 1.2 - 1)], abs=1e-9
    )
    assert (table["level"]["DE"], table["change"]["CZ"]) == ("54.0", "")
    assert set(table["indicator"]) == {"GDHI"}


def test_a_price_index_that_is_none_is_refused(tmp_path: Path, capsys) -> None:
    """One without observations, one of nought, one of an indicator whose change is in points, each with its place."""
    incomes(tmp_path, dict.fromkeys(MEMBERS, ("100", "108")) | {"BE": ("0", "100")})
    words = ["spc", "score", tmp_path / "obs.csv", "--profile", "sppm-dashboard", "--indicators", tmp_path / "meta.csv"]
    for meta, said in (
        ("GDHI,TRUE,TRUE,Q", "meta.csv: line 2, column deflator: 'Q' has no observation in obs.csv"),
        ("GDHI,TRUE,TRUE,P", "P BE 2023: the price index is 0."),
        ("GDHI,TRUE,FALSE,P", "meta.csv: line 2, column deflator: a change in real terms is relative"),
    ):
        (tmp_path / "meta.csv").write_text(f"{REAL}{meta}\n", encoding="utf-8")
        assert run(*words, "--output", tmp_path / "out.csv") == 3
        assert said in capsys.readouterr().err


def test_a_deflator_has_no_effect_elsewhere(tmp_path: Path, capsys) -> None:
    """A profile that scores says so."""
    incomes(tmp_path, dict.fromkeys(MEMBERS, ("100", "108")))
    (tmp_path / "meta.csv").write_text(f"{REAL}GDHI,TRUE,TRUE,P\n", encoding="utf-8")
    words = ["--profile", "scoreboard-jer", "--indicators", tmp_path / "meta.csv", "--output", tmp_path / "out.csv"]
    assert run("spc", "score", tmp_path / "obs.csv", *words) == 0
    assert "deflator has no effect under the profile scoreboard-jer." in capsys.readouterr().err
