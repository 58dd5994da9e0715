"""Profiles are declarations: a copy works, and what is wrong in one is named."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from reporting import declarations
from reporting.errors import DeclarationError

SPOILED = {
    "unknown key": ("[years]", 'colour = "red"\n[years]', "score.colour: unknown key"),
    "cuts": (
        "cuts = [-13.0, -7.0, 7.0, 13.0]",
        "cuts = [-7.0, -13.0, 7.0, 13.0]",
        "score.bands: cuts: in rising",
    ),
    "belongs": (
        'belongs = ["above", "above", "below", "above"]',
        'belongs = ["above"]',
        "score.bands: belongs: one for each",
    ),
    "bands": (
        'level = ["--", "-", "0", "+", "++"]',
        'level = ["--", "-", "0", "+"]',
        "score.bands: level: 5 different names",
    ),
    "row": ('"--" = ["1", "1", "1", "4", "5"]', '"--" = ["1"]', "score: matrix: in each row an outcome for each of"),
    "rows": ('"--" = ["1", "1", "1", "4", "5"]\n', "", "score: matrix: a row for each of the level bands"),
    "outcome": ('["6", "", "", "7", "8"]', '["66", "", "", "7", "8"]', "score: matrix: undeclared outcome 66"),
    "reference": ('reference = "EU27_2020"', 'reference = "OECD"', "score: score.reference: one of the aggregates"),
    "sd": ('sd = "sample"', 'sd = "any"', "score.score.sd: input should be 'sample' or 'population'"),
    "minimum": ("minimum = 18", "minimum = 28", "minimum: EU27_2020 has no 28 countries"),
    "group": ("[years]", 'countries = "EU99"\n[years]', "countries: unknown group of countries 'EU99'"),
    "aggregate": ("[years]", 'aggregates = ["EU27_2020", "XX"]\n[years]', "unknown country 'XX'"),
}


def copied(project: Path, old: str = "", new: str = "") -> Path:
    """A copy of a profile with one change."""
    folder = project / "parameters" / "profiles"
    text = (folder / "jaf-compat.toml").read_text(encoding="utf-8")
    assert old in text
    (folder / "mine.toml").write_text(text.replace(old, new, 1), encoding="utf-8")
    return project


def test_a_copy_is_a_profile(project: Path) -> None:
    """A file more is a profile more, with its one change."""
    known = declarations.load(copied(project, "minimum = 18", "minimum = 20"))
    mine, first = known.profiles["mine"], known.profiles["jaf-compat"]
    assert mine.years.minimum == 20
    assert mine.matrix == first.matrix


@pytest.mark.parametrize("name", SPOILED)
def test_what_is_wrong_in_a_profile_is_named(tmp_path: Path, name: str) -> None:
    """The file, the key and what it should be."""
    root = Path(__file__).resolve().parents[2]
    shutil.copytree(root / "tests" / "broken" / "declarations" / "sound", tmp_path / "small")
    shutil.copytree(root / "parameters" / "profiles", tmp_path / "small" / "parameters" / "profiles")
    shutil.copy(root / "parameters" / "geos.toml", tmp_path / "small" / "parameters")
    shutil.copy(root / "parameters" / "codelists" / "geo.csv", tmp_path / "small" / "parameters" / "codelists")
    old, new, said = SPOILED[name]
    with pytest.raises(DeclarationError) as caught:
        declarations.load(copied(tmp_path / "small", old, new))
    assert any(f"parameters/profiles/mine.toml: [mine] {said}" in fault for fault in caught.value.faults)
