"""A verdict with its working: the numbers are those of the data, and who is left out is said why."""

from __future__ import annotations

import json
import statistics
from pathlib import Path

import pytest
from invented import frame, joined, options, scored, series
from microdata import run
from oracle import MEMBERS, Data
from test_score_cli import META, observed

from reporting.errors import UsageError
from reporting.spc import explained


def data() -> Data:
    """Levels of 2024 and 2021; Belgium late, Bulgaria ahead without 2024, Czechia without 2021, Denmark broken."""
    found = joined(*(series({g: n * n for n, g in enumerate(MEMBERS)} | {"EU27_2020": 200}, y) for y in (2021, 2024)))
    found["BE"] = {2023: ("5", ""), 2020: ("4", "")}
    found["BG"] = {2025: ("9", ""), 2023: ("8", "")}
    del found["CZ"][2021], found["SE"]
    found["DK"][2024] = ("9", "b")
    return found


def working(known, geo: str, profile: str = "jaf-compat") -> dict:
    """The working for one country."""
    described = {"I": options(False, drop_change_with_break=True)}
    return explained.explain(scored(frame(data()), described, known.profiles[profile]), "I", geo)


def test_the_numbers_lead_to_the_verdict(known) -> None:
    """Score is 10 (reference - value) / deviation; mean, deviation and number are those of the countries that count."""
    found = working(known, "EE")
    level = [25, 5] + [n * n for n, g in enumerate(MEMBERS) if g not in ("BE", "BG", "EE", "SE")]
    part = found["level"]
    assert (part["n"], part["mean"]) == (25, pytest.approx(statistics.mean(level)))
    assert part["sd"] == pytest.approx(statistics.stdev(level))
    assert (part["reference"], part["reference_value"], part["reference_years"]) == ("EU27_2020", 200, [2024])
    assert part["score"] == pytest.approx(10 * (200 - 25) / statistics.stdev(level))
    assert part["distance"] == pytest.approx(abs(part["score"] - part["nearest_cut"]))
    assert (found["year"], found["base_year"], found["year_of_indicator"]) == (2024, 2021, 2024)


def test_who_is_left_out_and_why(known) -> None:
    """Each of the five ways not to count, or to count with less, is told."""
    assert working(known, "EE")["left_out"] == {
        "BE": "late: value of 2023",
        "BG": "no value for 2024",
        "CZ": "no change: no value in the base year",
        "DK": "no change: break in series",
        "SE": "no value",
    }


def test_a_simple_average_names_all_its_years(known) -> None:
    """Without a Union value the years of late countries are years of the reference."""
    observations = frame({geo: years for geo, years in data().items() if geo != "EU27_2020"})
    scores = scored(observations, {"I": options(False)}, known.profiles["jaf-compat"])
    part = explained.explain(scores, "I", "EE")["level"]
    assert (part["reference"], part["reference_years"]) == ("simple average", [2023, 2024])
    assert part["reference_value"] == part["mean"]


def test_what_is_not_there_is_none(known) -> None:
    """A country without the year of the indicator has no numbers, and no outcome."""
    found = working(known, "BG")
    assert (found["year"], found["outcome"], found["level"]["score"], found["level"]["distance"]) == (None,) * 4


def test_unknown_names_are_refused(known) -> None:
    """An indicator or a country without data is named."""
    scores = scored(frame(data()), {"I": options(False)}, known.profiles["jaf-compat"])
    with pytest.raises(UsageError, match="Unknown indicator 'J'"):
        explained.explain(scores, "J", "BE")
    with pytest.raises(UsageError, match="I: no data on 'SE'. There are BE, BG"):
        explained.explain(scores, "I", "SE")


def test_the_verb_explains(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """As JSON, and as lines for a person."""
    (tmp_path / "obs.csv").write_text(observed(), encoding="utf-8")
    (tmp_path / "meta.csv").write_text(META, encoding="utf-8")
    words = ["--observations", tmp_path / "obs.csv", "--indicators", tmp_path / "meta.csv"]
    assert run("spc", "explain", "I", "BE", "--profile", "jaf-compat", *words, "--json") == 0
    [found] = json.loads(capsys.readouterr().out)
    assert (found["level"]["value"], found["level"]["band"]) == (10, "--")
    assert run("spc", "explain", "I", "BE", "--profile", "jaf-compat", *words) == 0
    assert "level.reference" in capsys.readouterr().out
    assert run("spc", "explain", "I", "BE", "--profile", "sppm-dashboard", *words) == 2
