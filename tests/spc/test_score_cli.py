"""``reporting spc score``: its table, and what it says of files that are wrong."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest
from microdata import run
from oracle import MEMBERS

from reporting.spc.scoring import COLUMNS

HEAD = "indicator,geo,time,value,flag"
META = "indicator,high_is_good\nI,TRUE\n"


def observed(*extra: str) -> str:
    """An indicator in two years, and lines more."""
    lines = [f"I,{geo},{year},{10 + n + year - 2024}," for year in (2023, 2024) for n, geo in enumerate(MEMBERS)]
    return "\n".join([HEAD, *lines, *extra]) + "\n"


def score(folder: Path, obs: str | bytes, meta: str = META, profile: str = "scoreboard-jer", *more: str) -> int:
    """Run the verb on two files in a folder; the table is out.csv."""
    (folder / "obs.csv").write_bytes(obs if isinstance(obs, bytes) else obs.encode())
    (folder / "meta.csv").write_text(meta, encoding="utf-8")
    words = ["--indicators", folder / "meta.csv", "--output", folder / "out.csv"]
    return run("spc", "score", folder / "obs.csv", "--profile", profile, *words, *more)


def result(folder: Path) -> pd.DataFrame:
    """The table written, by country."""
    return pd.read_csv(folder / "out.csv", keep_default_na=False, dtype=str).set_index("geo")


def test_the_contract(tmp_path: Path) -> None:
    """Exactly the columns of the contract, full precision, empty cells, and one row a country."""
    assert score(tmp_path, observed("I,EU27_2020,2024,23,p", "I,MT,2022,:,"), META, "jaf-compat") == 0
    table = result(tmp_path).reset_index()[list(COLUMNS)]
    assert list(pd.read_csv(tmp_path / "out.csv").columns) == list(COLUMNS)
    assert table["geo"].tolist() == [*MEMBERS, "EU27_2020"]
    row = table.set_index("geo").loc["BE"]
    expected = -130 / ((sum((n - 13) ** 2 for n in range(27)) / 26) ** 0.5)
    assert float(row["score_level"]) == pytest.approx(expected, rel=1e-15)
    assert (row["change"], row["score_change"], row["verdict"], row["reference"]) == ("", "", "", "EU27_2020")
    assert (row["category_level"], row["year"], row["n"], row["fragile"]) == ("--", "2024", "27", "FALSE")


def test_json_is_the_table(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """--json prints the rows of the file, null for an empty cell, and nothing else on standard output."""
    assert score(tmp_path, observed(), META, "scoreboard-jer", "--json") == 0
    rows = json.loads(capsys.readouterr().out)
    assert [row["geo"] for row in rows] == MEMBERS
    assert list(rows[0]) == list(COLUMNS)
    assert rows[0]["verdict"] is None
    assert rows[0]["level"] == 10


@pytest.mark.parametrize(
    "spelling",
    [":,", ",", "NA,NA", ": c,", ":,b", ",:", ":,: u"],
)
def test_missing_values_are_no_observations(tmp_path: Path, spelling: str) -> None:
    """However a missing value is written, its year does not count."""
    assert score(tmp_path, observed(f"I,BE,2025,{spelling}")) == 0
    assert result(tmp_path)["year"]["BE"] == "2024"


def test_flags_beside_values_are_read(tmp_path: Path) -> None:
    """A break drops the change in each spelling: beside the value, with other letters, as a label, in capitals."""
    lines = [f"I,{geo},{year},{10 + n},p" for year in (2021, 2024) for n, geo in enumerate(MEMBERS[4:])]
    lines += [f"I,{geo},2021,5," for geo in MEMBERS[:4]]
    lines += ["I,BE,2024,5 b,", "I,BG,2024,5,b p", "I,CZ,2024,5,break in time series", "I,DK,2024,5,BD"]
    meta = "indicator,high_is_good,drop_change_with_break\nI,TRUE,TRUE\n"
    assert score(tmp_path, "\n".join([HEAD, *lines]), meta, "jaf-compat") == 0
    table = result(tmp_path)
    assert (table["change"][MEMBERS[:4]] == "").all()
    assert (table["change"][MEMBERS[4:]] == "0.0").all()


def test_greece_may_be_written_the_old_way_and_is_remarked_on(tmp_path: Path, capsys) -> None:
    """GR is EL, with a remark that says where."""
    assert score(tmp_path, observed().replace(",EL,", ",GR,")) == 0
    assert result(tmp_path)["level"]["EL"] == "17.0"
    assert "obs.csv line 9, column geo: 'GR' is read as EL (2 lines). Write EL." in capsys.readouterr().err


def test_other_countries_count_for_nothing(tmp_path: Path, capsys) -> None:
    """The United Kingdom and Norway are left out of mean, number and years, and this is said."""
    assert score(tmp_path, observed("I,UK,2024,900,", "I,NO,2025,900,", "I,EA19,2025,1,")) == 0
    table = result(tmp_path)
    assert (table["reference_value"]["BE"], table["n"]["BE"], table["year"]["BE"]) == ("23.0", "27", "2024")
    assert "UK" not in table.index
    assert "3 observations of UK, NO, EA19" in capsys.readouterr().err


@pytest.mark.parametrize("mark", ["\ufeff", ""])
def test_spreadsheets_of_the_continent(tmp_path: Path, mark: str) -> None:
    """A byte order mark, semicolons, decimal commas and blank lines give the same table."""
    assert score(tmp_path, observed("I,EU27_2020,2024,0.5,")) == 0
    plain = result(tmp_path)
    other = mark + observed("I,EU27_2020,2024,0.5,").replace("0.5", "0;5").replace(",", ";").replace("0;5", "0,5")
    assert score(tmp_path, other.replace("\n", "\r\n\r\n")) == 0
    pd.testing.assert_frame_equal(result(tmp_path), plain)


def test_options_that_do_nothing_are_named(tmp_path: Path, capsys) -> None:
    """The scoreboard uses no flag and JAF no per cent: who asks is told."""
    meta = "indicator,high_is_good,change_in_percent,drop_change_with_break\nI,TRUE,TRUE,TRUE\n"
    score(tmp_path, observed(), meta)
    assert "drop_change_with_break has no effect under the profile scoreboard-jer" in capsys.readouterr().err
    score(tmp_path, observed(), meta, "jaf-compat")
    assert "change_in_percent has no effect under the profile jaf-compat" in capsys.readouterr().err


def test_an_indicator_without_a_change(tmp_path: Path) -> None:
    """calculate_change FALSE: no change, no score of it, no verdict; nothing said means a change."""
    lines = [f"{i},{g},{y},{n * n * (2030 - y)}," for i in "IJ" for y in (2021, 2024) for n, g in enumerate(MEMBERS)]
    meta = "indicator,high_is_good,calculate_change\nI,TRUE,FALSE\nJ,FALSE,\n"
    assert score(tmp_path, "\n".join([HEAD, *lines]), meta, "jaf-compat") == 0
    table = result(tmp_path).reset_index().set_index(["indicator", "geo"])
    columns = ["change", "score_change", "category_change", "verdict"]
    assert (table.loc["I", columns] == "").all(axis=None)
    assert (table.loc[("J", "SE"), columns] != "").all()


BAD_OBS = {
    "no column": (observed().replace("value", "wert"), "obs.csv: line 1: no column value. There are indicator, geo"),
    "text": (observed("I,BE,2025,twelve,"), "obs.csv: line 56, column value: 'twelve' is not a number. Write a number"),
    "comma": (observed('I,BE,2025,"12,5",'), "line 56, column value: '12,5' has a comma: write a decimal point"),
    "thousands": (observed('I,BE,2025,"1,234",'), "line 56, column value: '1,234' has a comma"),
    "huge": (observed("I,BE,2025,1e999,"), "line 56, column value: '1e999' is too large"),
    "infinite": (observed("I,BE,2025,inf,"), "line 56, column value: 'inf' is not a number"),
    "quarter": (observed("I,BE,2024-Q1,5,"), "line 56, column time: '2024-Q1' is no year"),
    "no year": (observed("I,BE,,5,"), "line 56, column time: '' is no year"),
    "twice": (observed("I,BE,2024,10,"), "line 56, columns indicator, geo, time: I BE 2024 stands on line 29 too"),
    "twice by two names": (observed("I,GR,2024,10,"), "line 56, columns indicator, geo, time: I EL 2024 stands on"),
    "country": (observed("I,BEL,2024,10,"), "line 56, column geo: unknown country 'BEL'. Write a code of"),
    "flag": (observed("I,BE,2025,10,provisoire"), "line 56, column flag: 'provisoire' is not a known flag"),
    "no indicator": (observed(",BE,2025,10,"), "line 56, column indicator: no indicator. Write its id"),
    "not described": (observed("II,BE,2025,10,"), "obs.csv: line 56, column indicator: 'II' is not in meta.csv. Add"),
    "cut line": (observed("I,BE,2025"), "obs.csv: line 56: 3 cells under 5 headers"),
    "open quote": (observed('I,BE,2025,"10,'), "obs.csv: line 56: unexpected end of data"),
    "empty": ("", "obs.csv: the file is empty"),
    "only a mark": ("\ufeff\n", "obs.csv: the file is empty"),
    "only a header": (HEAD + "\n", "obs.csv: no line below the header"),
    "two columns of one name": (observed().replace("flag", "geo"), "obs.csv: line 1: the column geo is there twice"),
    "utf-16": (observed().encode("utf-16"), "obs.csv: not UTF-8 text. Save it as CSV"),
    "latin-1": (observed("I,BE,2025,10,é").encode("latin-1"), "obs.csv: line 56: not UTF-8 text"),
    "a workbook": (b"PK\x03\x04\x00\x00", "obs.csv: not UTF-8 text"),
}


@pytest.mark.parametrize("name", BAD_OBS)
def test_wrong_observations_are_refused(tmp_path: Path, capsys, name: str) -> None:
    """File, line, column and remedy; no table, no traceback."""
    content, said = BAD_OBS[name]
    assert score(tmp_path, content) in (2, 3)
    printed = capsys.readouterr().err
    assert said in printed
    assert "Traceback" not in printed
    assert not (tmp_path / "out.csv").exists()


BAD_META = {
    "no column": ("indicator\nI\n", "meta.csv: line 1: no column high_is_good"),
    "twice": (META + "I,FALSE\n", "meta.csv: line 3, column indicator: 'I' stands on an earlier line too"),
    "polarity": ("indicator,high_is_good\nI,maybe\n", "meta.csv: line 2, column high_is_good: 'maybe' is neither TRUE"),
    "option": (
        "indicator,high_is_good,calculate_change\nI,TRUE,often\n",
        "meta.csv: line 2, column calculate_change: 'often' is neither",
    ),
    "reference": ("indicator,high_is_good,reference\nI,TRUE,OECD\n", "column reference: 'OECD' is no reference"),
    "empty": ("", "meta.csv: the file is empty"),
}


@pytest.mark.parametrize("name", BAD_META)
def test_wrong_descriptions_are_refused(tmp_path: Path, capsys, name: str) -> None:
    """The same for the file of indicators."""
    content, said = BAD_META[name]
    assert score(tmp_path, observed(), content) in (2, 3)
    assert said in capsys.readouterr().err
    assert not (tmp_path / "out.csv").exists()


@pytest.mark.parametrize(
    ("cell", "mark"), [("TRUE", "--"), ("True", "--"), ("1.0", "--"), ("no", "++"), ("0", "++"), ("NA", "")]
)
def test_polarity_as_r_and_pandas_write_it(tmp_path: Path, cell: str, mark: str) -> None:
    """The lowest value is far worse where high is good, far better where low is, neither where nothing is said."""
    assert score(tmp_path, observed(), f"indicator,high_is_good\nI,{cell}\n", "jaf-compat") == 0
    assert result(tmp_path)["category_level"]["BE"] == mark


def test_an_indicator_without_observations_is_remarked_on(tmp_path: Path, capsys) -> None:
    """It is named with its line; the others are scored."""
    assert score(tmp_path, observed(), META + "J,FALSE\n") == 0
    assert "meta.csv line 3, column indicator: 'J' has no observation in obs.csv" in capsys.readouterr().err
    assert set(result(tmp_path)["indicator"]) == {"I"}


def test_an_unknown_profile_is_refused_with_those_there_are(tmp_path: Path, capsys) -> None:
    """The names of all profiles, and of those near."""
    assert score(tmp_path, observed(), META, "jaf-compatible") == 2
    said = capsys.readouterr().err
    assert "Unknown profile 'jaf-compatible'" in said
    assert "scoreboard-jer, sppm-dashboard, sppm-va. Near it: jaf-compat" in said


def test_a_file_that_is_not_there(tmp_path: Path, capsys) -> None:
    """It is named."""
    assert run("spc", "score", tmp_path / "no.csv", "--profile", "jaf-compat", "--indicators", tmp_path / "no.csv",
               "--output", tmp_path / "out.csv") == 2  # fmt: skip
    assert "no.csv: there is no such file" in capsys.readouterr().err


def test_what_is_read_is_not_overwritten(tmp_path: Path, capsys) -> None:
    """--output may not be one of the inputs."""
    score(tmp_path, observed())
    words = ["--indicators", tmp_path / "meta.csv", "--output", tmp_path / "obs.csv"]
    assert run("spc", "score", tmp_path / "obs.csv", "--profile", "jaf-compat", *words) == 2
    assert "is a file that is read" in capsys.readouterr().err
    assert (tmp_path / "obs.csv").read_text(encoding="utf-8") == observed()


def test_an_earlier_table_stays_when_a_file_is_wrong(tmp_path: Path) -> None:
    """A refused file does not cost the result that was there."""
    score(tmp_path, observed())
    before = (tmp_path / "out.csv").read_bytes()
    assert score(tmp_path, observed("I,BE,2025,twelve,")) == 3
    assert (tmp_path / "out.csv").read_bytes() == before


def test_points_and_commas_in_one_file_are_refused(tmp_path: Path, capsys) -> None:
    """A decimal point among decimal commas is told as such, with the line."""
    text = observed("I,EU27_2020,2024,0.5,").replace(",", ";") + "I;EA20;2024;1,5;\n"
    assert score(tmp_path, text) == 3
    assert "line 56, column value: '0.5' has a decimal point, other values a decimal comma" in capsys.readouterr().err
