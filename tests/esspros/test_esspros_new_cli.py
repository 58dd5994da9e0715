"""The verb that writes questionnaires: what it writes, what it refuses, how it ends."""

from __future__ import annotations

import json
from pathlib import Path

import openpyxl
import pytest
from commanded import run

from reporting import cli


def test_the_sample_is_written_and_continued(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The sample's files are listed; next year's questionnaire follows from its workbook alone."""
    assert run("new", "--sample", tmp_path / "veldania", "--lang", "fr", "--json") == 0
    files = [Path(entry["file"]).name for entry in json.loads(capsys.readouterr().out)]
    assert {"veldania.xlsx", "veldania.csv", "codes.csv", "schemes.csv"} <= set(files)
    assert run("new", tmp_path / "2024.xlsx", "--from", tmp_path / "veldania" / "veldania.xlsx", "--json") == 0
    [told] = json.loads(capsys.readouterr().out)
    assert (told["years"], told["findings"]) == ([2019, 2020, 2021, 2022, 2023, 2024], [])
    assert openpyxl.load_workbook(tmp_path / "2024.xlsx")["2024"]["B5"].value == 2000000


def test_an_empty_questionnaire_has_ids_where_no_codes_are_named(sample: Path, tmp_path: Path) -> None:
    """Without a list of codes the column of codes holds our ids, with one its codes."""
    assert run("new", tmp_path / "a.xlsx", "--year", 2024) == 0
    assert run("new", tmp_path / "b.xlsx", "--year", 2024, "--codes", sample / "codes.csv") == 0
    values = [openpyxl.load_workbook(tmp_path / name)["2024"]["B5"].value for name in ("a.xlsx", "b.xlsx")]
    assert values == ["rec", 2000000]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("new",), "Name the workbook to write"),
        (("new", "q.xlsx"), "Name the year"),
        (("new", "q.xlsx", "--from", "none.xlsx"), "there is no such file"),
        (("new", "q.xlsx", "--year", 2024, "--lang", "xx"), "Unknown language"),
        (("new", "there.xlsx", "--year", 2024), "is there already"),
    ],
)
def test_a_command_that_makes_no_sense_is_refused(
    words: tuple[object, ...], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    """A missing name, year or file, an unknown language, and a file that would be written over end with code 2."""
    monkeypatch.setenv("REPORTING_HOME", str(Path(cli.__file__).parents[2]))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "there.xlsx").write_bytes(b"mine")
    assert run(*words) == 2
    assert said in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["there.xlsx"] and Path("there.xlsx").read_bytes() == b"mine"


def test_what_is_wrong_in_last_years_is_told(copy: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Findings of the questionnaire that is continued are printed, and the command ends with code 1."""
    book = openpyxl.load_workbook(copy)
    book["2023"]["E10"] = "n.k."
    book.save(copy)
    assert run("new", tmp_path / "q.xlsx", "--from", copy) == 1
    assert "error Q08 copy.xlsx, 2023!E10" in capsys.readouterr().err


def test_a_password_and_another_file_are_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A protected workbook and one that is none end with code 3, and nothing is written."""
    ole = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "EncryptedPackage".encode("utf-16-le")
    for content, said in ((ole, "protected by a password"), (b"PK\x03\x04", "not a workbook")):
        (tmp_path / "last.xlsx").write_bytes(content)
        assert run("new", tmp_path / "q.xlsx", "--from", tmp_path / "last.xlsx") == 3
        assert said in capsys.readouterr().err
    assert not (tmp_path / "q.xlsx").exists()


def test_a_questionnaire_is_converted_and_back(sample: Path, tmp_path: Path) -> None:
    """The neutral table of the sample is the one beside it, and gives the questionnaire again."""
    assert run("convert", sample / "veldania.xlsx", tmp_path / "a.csv") == 0
    assert (tmp_path / "a.csv").read_text("utf-8").splitlines()[0] == "\ufeffyear,scheme,item,value,flag,comment"
    both = [sorted(path.read_text("utf-8").splitlines()) for path in (tmp_path / "a.csv", sample / "veldania.csv")]
    assert both[0] == both[1]
    given = ("--codes", sample / "codes.csv", "--schemes", sample / "schemes.csv")
    assert run("convert", tmp_path / "a.csv", tmp_path / "b.xlsx", *given) == 0
    assert run("convert", tmp_path / "b.xlsx", tmp_path / "b.csv") == 0
    assert sorted((tmp_path / "b.csv").read_text("utf-8").splitlines()) == both[0]


def test_nothing_is_converted_while_a_figure_cannot_be_read(
    copy: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A text in the cell of a number stops the conversion, with its finding; other kinds of files are refused."""
    book = openpyxl.load_workbook(copy)
    book["2023"]["E10"] = "1,5"
    book.save(copy)
    assert run("convert", copy, tmp_path / "out.csv", "--json") == 1
    shown = capsys.readouterr()
    assert "2023!E10" in shown.err and json.loads(shown.out)[0]["findings"][0]["rule"] == "Q09"
    assert not (tmp_path / "out.csv").exists()
    assert run("convert", copy, tmp_path / "out.ods") == 2
