"""The verbs of health accounts: what they print, their exit codes, and that no input gives a traceback."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import openpyxl
import pytest

from reporting import cli
from reporting.sha import jhaq
from reporting.sha.samples import accounts as sample


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, known) -> Path:
    """Veldania's files."""
    place = tmp_path_factory.mktemp("veldania")
    sample.write(place, known)
    return place


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch):
    """Run the command in this process; gives the exit code."""

    def command(*words: object) -> int:
        monkeypatch.setattr(sys, "argv", ["reporting", "sha", *map(str, words)])
        try:
            cli.main()
        except SystemExit as end:
            return int(end.code or 0)
        return 0

    return command


def test_the_sample_passes(run, folder: Path, capsys) -> None:
    """Each workbook and the table of all years: no error, no warning, exit code 0."""
    assert run("check", folder / "jhaq-2023.xlsx", "--last", folder / "jhaq-2022.xlsx") == 0
    assert capsys.readouterr().out == "0 errors, 0 warnings.\n"
    assert run("check", folder / "jhaq.csv", "--context", folder / "jhaq-context.csv", "--json") == 0
    findings = json.loads(capsys.readouterr().out)
    assert {(f["rule"], f["outcome"]) for f in findings} == {("H09", "undecidable")}


def test_an_error_closes_the_gate(run, folder: Path, tmp_path: Path, capsys) -> None:
    """A typed figure changed under its totals: exit code 1, the cell named, a workbook and a page written."""
    book = openpyxl.load_workbook(folder / "jhaq-2023.xlsx", data_only=True)
    book["HCxHF"]["E8"] = 999.0
    path = tmp_path / "changed-2023.xlsx"
    book.save(path)
    report, page = tmp_path / "findings.xlsx", tmp_path / "findings.html"
    assert run("check", path, "--findings", report, "--report", page, "--lang", "nl") == 1
    shown = capsys.readouterr().out
    assert "error H01 changed-2023.xlsx, HCxHF!E7: HCxHF HC.1.1 × HF.1.1.1 2023" in shown
    links = [cell.hyperlink.location for row in openpyxl.load_workbook(report).worksheets[1] for cell in row[:1]
             if cell.hyperlink]  # fmt: skip
    assert "'HCxHF'!E7" in links
    text = page.read_text()
    assert "de delen van een totaal tellen op tot dat totaal" in text and "H01" in text


def test_the_published_tables_of_a_country(run, capsys) -> None:
    """Belgium in the embedded edition: no error; Greece: one, with its dataset and key."""
    assert run("check", "--geo", "BE", "--unit", "MIO_EUR", "--year", 2023) == 0
    capsys.readouterr()
    assert run("check", "--geo", "EL", "--unit", "MIO_EUR") == 1
    assert "hlth_sha11_hc!A.MIO_EUR.HC13.EL: HC HC.1.3 2023" in capsys.readouterr().out


def test_reconcile_writes_tables_that_agree(run, folder: Path, tmp_path: Path, classes, capsys) -> None:
    """A workbook with new totals, old beside new, and the changes as CSV; the result passes the check."""
    wanted, output, changes = tmp_path / "margins.csv", tmp_path / "new-2023.xlsx", tmp_path / "changes.csv"
    wanted.write_text("year,table,hc,hf,value\n2023,HCxHF,_T,HF.3,2500\n")
    words = ("--margins", wanted, "--output", output, "--changes", changes, "--fixed", "HCxHF HC.7 *")
    assert run("reconcile", folder / "jhaq-2023.xlsx", *words) == 0
    assert "_T × HF.3" in capsys.readouterr().out
    table = jhaq.read(output, classes).table
    there = (table["table"] == "HPxHF") & (table["hp"] == "_T") & (table["hf"] == "HF.3")
    assert table.loc[there, "value"].tolist() == [pytest.approx(2500, abs=1e-4)]
    assert openpyxl.load_workbook(output)["Reconciled"]["E4"].value != 0
    assert changes.read_text().startswith("year,table,hc,hp,hf,fs,fp,hk,old,sheet,cell,new,change,percent")
    assert run("check", output) == 0


def test_benchmarks_of_several_years(run, folder: Path, tmp_path: Path, capsys) -> None:
    """Three workbooks adjusted to a benchmark become three workbooks in a folder."""
    benchmark = tmp_path / "benchmark.csv"
    benchmark.write_text("year,table,hc,hf,value\n2022,HCxHF,_T,HF.3,2500\n")
    files = [folder / f"jhaq-{year}.xlsx" for year in (2021, 2022, 2023)]
    assert run("reconcile", *files, "--benchmark", benchmark, "--output", tmp_path / "new", "--json") == 0
    assert {line["year"] for line in json.loads(capsys.readouterr().out)} == {2021, 2022, 2023}
    assert sorted(path.name for path in (tmp_path / "new").iterdir()) == [f"jhaq-{y}.xlsx" for y in (2021, 2022, 2023)]


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("check",), 2, "Name a file to check"),
        (("check", "{}/jhaq-2023.xlsx", "--geo", "BE"), 2, "Name a file to check"),
        (("check", "nowhere.xlsx"), 2, "there is no such file"),
        (("check", "--geo", "QQ"), 3, "no health accounts of QQ"),
        (("check", "--geo", "BE", "--findings", "{}/f.xlsx"), 2, "name one"),
        (("check", "{}/jhaq-2023.xlsx", "--report", "{}/f.pdf"), 2, "ends in .html"),
        (("check", "{}/jhaq-2023.xlsx", "--last", "{}/jhaq-2023.xlsx"), 2, "give each year once"),
        (("check", "{}/jhaq-2023.xlsx", "--context", "{}/jhaq.csv"), 3, "year, series, value"),
        (("reconcile", "{}/jhaq-2023.xlsx", "--output", "{}/jhaq-2023.xlsx"), 2, "would be written over"),
        (("reconcile", "{}/jhaq-2023.xlsx", "{}/jhaq-2023.xlsx", "--output", "{}/n.csv"), 2, "give each year once"),
        (("reconcile", "{}/jhaq.csv", "--output", "{}/n.xlsx"), 2, "of one year"),
        (("reconcile", "{}/jhaq-2023.xlsx", "--output", "{}/n.ods"), 2, "n.ods"),
        (("reconcile", "{}/jhaq-2023.xlsx", "--output", "{}/no/n.xlsx"), 1, "Cannot write"),
        (("reconcile", "{}/jhaq-2023.xlsx", "--output", "{}/no/n.csv"), 1, "Cannot write"),
        (("reconcile", "{}/jhaq-2023.xlsx", "--output", "{}/n.csv", "--fixed", "HC.77"), 2, "--fixed 'HC.77'"),
    ],
)
def test_wrong_use_is_a_message(run, folder: Path, capsys, words: tuple[str, ...], code: int, said: str) -> None:
    """Each mistake is one message with an exit code, and nothing is written."""
    before = sorted(folder.iterdir())
    assert run(*(word.replace("{}", str(folder)) for word in words)) == code
    shown = capsys.readouterr()
    assert said in shown.err and "Traceback" not in shown.err
    assert sorted(folder.iterdir()) == before
