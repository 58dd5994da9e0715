"""What is told of the quality of figures: every kind of trouble by hand, and the smooth line against R's."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from invented import frame, joined, series
from microdata import run
from oracle import MEMBERS
from test_assessed import LANGUAGES, on_page

from reporting import overview
from reporting.spc import quality

HEAD = "indicator,geo,time,value,flag"
#: R: cars$speed and cars$dist, 50 stopping distances.
SPEED = [
    4, 4, 7, 7, 8, 9, 10, 10, 10, 11, 11, 12, 12, 12, 12, 13, 13, 13, 13, 14, 14, 14, 14, 15, 15, 15, 16, 16, 17,
    17, 17, 18, 18, 18, 18, 19, 19, 19, 20, 20, 20, 20, 20, 22, 23, 24, 24, 24, 24, 25,
]  # fmt: skip
DIST = [
    2, 10, 4, 22, 16, 10, 18, 26, 34, 17, 28, 14, 20, 24, 28, 26, 34, 34, 46, 26, 36, 60, 80, 20, 26, 54, 32, 40,
    32, 40, 50, 42, 56, 76, 84, 36, 46, 68, 32, 48, 52, 56, 64, 66, 54, 70, 92, 93, 120, 85,
]  # fmt: skip
#: R: unique(lowess(cars)$y) at the speeds 4 and 7 to 11, as its documentation's example prints them.
R_LOWESS = {4: 4.965459, 7: 13.124495, 8: 15.858633, 9: 18.579691, 10: 21.280313, 11: 24.129277}


def country(data, year: int = 2025) -> pd.DataFrame:
    """What is told of one indicator, by country."""
    return quality.by_country(frame(data), year).set_index("geo")


def test_old_late_and_few_figures() -> None:
    """Against 2025, a value of 2021 is old, one of 2019 very old, one of 2022 neither; fewer than four are counted."""
    data = joined(
        series({"BE": 1, "DE": 2}, 2022), series({"BG": 3}, 2021), series({"CZ": 3}, 2019),
        *(series({"DK": year}, year) for year in (2019, 2020, 2021, 2022)),
    )  # fmt: skip
    found = country(data)
    assert found["age"].to_dict() == {"BE": "", "DE": "", "BG": "old", "CZ": "very old", "DK": ""}
    assert found["late"].to_dict() == {"BE": False, "DE": False, "BG": True, "CZ": True, "DK": False}
    assert found["points"]["BE"] == 1 and math.isnan(found["points"]["DK"])


def test_only_the_last_ten_years_count_and_missing_values_do_not() -> None:
    """2016 to 2025: a break of 2015 is not told, one of 2016 is, a flag beside no value is not."""
    data = joined(
        series({"BE": 1}, 2015, "b"), series({"BE": 1}, 2016, "b"), series({"BE": 2}, 2018, "u"),
        series({"BE": ":"}, 2019, "b"), series({"BE": 4}, 2020, "bn"), series({"BE": 9}, 2026, "b"),
    )  # fmt: skip
    found = country(data).loc["BE"]
    assert (found["breaks"], found["low_reliability"], found["not_significant"]) == ("2016 2020", "2018", "2020")
    assert (found["latest_year"], found["points"]) == (2020, 3)


def test_missing_countries_of_an_indicator() -> None:
    """Four missing are not many, five are; Germany missing last year is any of the large ones, all seven are all."""
    last = dict.fromkeys(MEMBERS, 1)
    four = {geo: v for geo, v in last.items() if geo not in ("BE", "BG", "CZ", "DE")}
    data = joined(series(last, 2023), series(four, 2024), series({"EU27_2020": 1}, 2023))
    found = quality.by_indicator(frame(data), 2025, MEMBERS).iloc[0]
    assert (found["missing_ever"], found["missing_last"], found["many_missing"]) == (0, 4, "")
    assert (found["large_missing_ever"], found["large_missing_last"], found["large_missing"]) == ("", "DE", "any")
    assert (found["union_ever"], found["union_last"], found["latest_year"], found["points"]) == (True, False, 2024, 2)
    small = {geo: 1 for geo in MEMBERS if geo not in (*quality.LARGE,)}
    found = quality.by_indicator(frame(series(small)), 2025, MEMBERS).iloc[0]
    assert (found["many_missing"], found["large_missing"]) == ("all years", "all")
    assert found["large_missing_ever"] == "DE FR IT ES PL RO NL"
    few = joined(series(last, 2023), series({g: 1 for g in MEMBERS[:22]}, 2024))
    assert quality.by_indicator(frame(few), 2025, MEMBERS).iloc[0]["many_missing"] == "last year"


def test_the_smooth_line_is_that_of_r() -> None:
    """Lowess with R's defaults gives the values of R's own example, to its seven digits."""
    smooth = quality._lowess()(np.array(DIST, float), np.array(SPEED, float), frac=2 / 3, it=3, return_sorted=False)
    for speed, expected in R_LOWESS.items():
        assert smooth[SPEED.index(speed)] == pytest.approx(expected, abs=5e-7)


def test_volatility_and_outliers() -> None:
    """A line has none; a line with one jump has the jump among its outliers; of four values nothing is said."""
    line = joined(*(series({"BE": 2 * year}, year) for year in range(2016, 2026)))
    assert country(line)["volatility"]["BE"] == pytest.approx(0, abs=1e-9)
    assert country(line)["outliers"]["BE"] == ""
    jump = joined(*(series({"BE": year + (30 if year == 2021 else 0)}, year) for year in range(2016, 2026)))
    assert "2021" in country(jump)["outliers"]["BE"].split() and country(jump)["volatility"]["BE"] > 0.5
    flat = joined(
        *(series({"BE": 5}, year) for year in range(2016, 2026)), *(series({"DE": y}, y) for y in (2020, 2021))
    )
    assert country(flat)["volatility"].isna().all() and not country(flat)["outliers"].any()


def test_the_verb_writes_both_tables_and_the_figures_tell_the_year(tmp_path: Path, capsys) -> None:
    """Without --year the newest observation is the present, so that the result does not depend on the day."""
    (tmp_path / "obs.csv").write_text(f"{HEAD}\nI,BE,2019,1,b\nI,BE,2020,2,\nI,DE,2015,3,\nI,UK,2024,1,\n", "utf-8")
    (tmp_path / "meta.csv").write_text("indicator,high_is_good\nI,TRUE\n", "utf-8")
    words = [tmp_path / "obs.csv", "--indicators", tmp_path / "meta.csv", "--output", tmp_path / "out.csv"]
    assert run("spc", "quality", *words) == 0
    assert "figures of 2011 to 2020" in capsys.readouterr().err
    table = pd.read_csv(tmp_path / "out.csv", keep_default_na=False, dtype=str).set_index("geo")
    assert list(table.reset_index()[list(quality.COUNTRY)]) == list(quality.COUNTRY)
    assert (table["age"]["DE"], table["late"]["DE"], table["breaks"]["BE"], "UK" in table.index) == (
        "old",
        "TRUE",
        "2019",
        False,
    )
    assert run("spc", "quality", *words, "--by", "indicator", "--year", "2024") == 0
    [row] = pd.read_csv(tmp_path / "out.csv", keep_default_na=False, dtype=str).to_dict("records")
    assert (row["latest_year"], row["age"], row["missing_last"], row["union_ever"]) == ("2020", "old", "26", "FALSE")
    assert run("spc", "quality", *words, "--by", "geo") == 2


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_page_tells_only_trouble_in_four_languages(known, embedded, lang: str) -> None:
    """Belgium's table has the breaks of the store, no row and no column without something to report."""
    page = on_page(known, embedded, "jaf", "jaf-compat", lang)
    table = overview.quality(page)
    assert table is not None and not page.words.missing
    for row, record in zip(table.rows, {r["note"]: r for r in table.tidy}.values(), strict=False):
        assert any(cell.text != "–" for cell in row.cells[1:]), record
    own = page.frame[(page.frame["geo"] == "BE") & page.frame["value"].notna() & (page.frame["time"] > 2015)]
    broken = own[own["flag"].str.contains("b")].groupby("indicator")["time"].apply(list)
    shown = {row.label: [cell.text for cell in row.cells] for row in table.rows}
    assert all(any(texts[at] != "–" for texts in shown.values()) for at in range(len(table.columns)))
    weighty = [n for n in broken.index if page.entries[n].type == "overall" or page.rows["outcome"].get(n)]
    assert len(weighty) > 20
    for name in weighty:
        assert ", ".join(map(str, broken[name])) in shown[page.label(name)]
