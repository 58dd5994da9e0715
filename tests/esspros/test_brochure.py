"""The brochure: its tables against the questionnaire, what it says of its source, what it refuses."""

from __future__ import annotations

import hashlib
import json
import math
import os
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from pypdf import PdfReader

from reporting import brochure, collected
from reporting.collected import Collected
from reporting.declarations import Declarations
from reporting.errors import UsageError, ValidationFailed
from reporting.esspros import neutral
from reporting.esspros.classification import FUNCTIONS, Classification
from reporting.esspros.questionnaire import Questionnaire
from reporting.labels import Words
from reporting.publications.assemble import checked
from reporting.tables import Table

LANGUAGES = {"en": "Veldania (fictitious country)", "fr": "Veldania (pays fictif)",
             "nl": "Veldania (fictief land)", "de": "Veldania (fiktives Land)"}  # fmt: skip
MAKERS = (
    brochure.expenditure, brochure.functions, brochure.shares, brochure.register, brochure.by_scheme,
    brochure.receipts, brochure.origin, brochure.pensions, brochure.pensioners, brochure.net_benefits,
    brochure.checks, brochure.unsettled,
)  # fmt: skip


@pytest.fixture(scope="module")
def invented(known: Declarations) -> Collected:
    """What a page sees without a file."""
    return collected.read("", Words(known, "en"), "BE", 5)


@pytest.fixture(scope="module")
def own(known: Declarations, sample: Path) -> Collected:
    """What a page sees of a file: the sample's workbook as if it were a country's own."""
    return collected.read(str(sample / "veldania.xlsx"), Words(known, "en"), "BE", 3)


def made(maker: object, reported: Collected) -> Table:
    """A table that must be there."""
    table = maker(reported)  # type: ignore[operator]
    assert isinstance(table, Table)
    return table


def row(table: Table, label: str) -> list[float | None]:
    """The values of the row that begins with a label."""
    return [cell.value for cell in next(row for row in table.rows if row.label.startswith(label)).cells]


@pytest.mark.parametrize("lang", sorted(LANGUAGES))
def test_every_table_of_the_sample_says_that_it_is_invented(known: Declarations, lang: str) -> None:
    """In each language every table names the fictitious country, with a note and a source that say so."""
    reported = collected.read("", Words(known, lang), "BE", 5)
    notes = {made(maker, reported).notes[0] for maker in MAKERS}
    assert len(notes) == 1
    for maker in MAKERS:
        table = made(maker, reported)
        assert LANGUAGES[lang] in table.caption
        assert {record["dataset"] for record in table.tidy} == {collected.SAMPLE}
    assert not reported.words.missing


def test_tables_hold_the_figures_of_the_questionnaire(invented: Collected, reported: Questionnaire) -> None:
    """Functions, shares, schemes, receipts and sectors against sums of elementary items by pandas."""
    last = reported.table[(reported.table["scheme"] != "_T") & (reported.table["year"] == 2023)]
    last = last[last["item"].map(reported.classification.leaf)]
    functions = last[last["item"].str.startswith("ben.")].groupby(last["item"].str.split(".").str[1])["value"].sum()
    shown = made(brochure.functions, invented)
    assert shown.columns == ("2019", "2020", "2021", "2022", "2023")
    assert row(shown, "Old age")[-1] == pytest.approx(functions["old"])
    assert row(shown, "Social protection benefits")[-1] == pytest.approx(functions.sum())
    assert len(shown.rows) == len(FUNCTIONS) + 1
    shares = [r.cells[-1].value or 0 for r in made(brochure.shares, invented).rows]
    assert sum(shares) == pytest.approx(100)
    assert row(made(brochure.shares, invented), "Old age")[-1] == pytest.approx(
        100 * functions["old"] / functions.sum()
    )
    pensions = last[(last["scheme"] == "1") & last["item"].str.startswith("ben.")]["value"].sum()
    assert row(made(brochure.by_scheme, invented), "1 – General pension")[-1] == pytest.approx(pensions)
    assert "compulsory, contributory" in made(brochure.register, invented).rows[0].label
    received = last[last["item"].str.startswith("org.") & last["item"].str.endswith(".s14")]["value"].sum()
    assert row(made(brochure.origin, invented), "Households")[-1] == pytest.approx(received)
    contributions = last[last["item"].str.startswith("rec.sc.emp")]["value"].sum()
    assert row(made(brochure.receipts, invented), "Employers")[-1] == pytest.approx(contributions)


def test_modules_are_those_of_the_questionnaire(invented: Collected, reported: Questionnaire) -> None:
    """Beneficiaries by sex, average pension and net benefits against the frames of the questionnaire."""
    heads = reported.beneficiaries
    heads = heads[(heads["year"] == 2023) & (heads["scheme"] == "_T") & (heads["category"] == "old_age")]
    count = heads.set_index("sex")["value"]
    women, men, both, average = row(made(brochure.pensioners, invented), "Old-age pension")
    assert (women, men, both) == (count["F"], count["M"], count["T"])
    paid = reported.table[(reported.table["year"] == 2023) & (reported.table["scheme"] != "_T")]
    paid = paid[paid["item"] == "ben.old.nmt.cash.per.oldage_pension"]
    assert average == pytest.approx(1e6 * paid["value"].sum() / count["T"])
    rates = reported.net[(reported.net["year"] == 2023) & reported.net["item"].str.startswith("ben.srv.")]
    gross = rates.merge(reported.table, on=["year", "scheme", "item"])
    net = (gross["value"] * (1 - gross["AITR"] - gross["AISCR"]) + gross["RFB"]).sum()
    shown = row(made(brochure.net_benefits, invented), "Survivors")
    assert (shown[0], shown[4]) == (pytest.approx(gross["value"].sum()), pytest.approx(net))
    assert shown[5] == pytest.approx(100 * net / gross["value"].sum())


def test_a_file_is_named_with_its_checksum(own: Collected, sample: Path) -> None:
    """Tables of a file are those of the country, name file and checksum, and show the years asked for."""
    digest = hashlib.sha256((sample / "veldania.xlsx").read_bytes()).hexdigest()
    for maker in MAKERS:
        table = made(maker, own)
        assert table.geo == "Belgium"
        assert f"veldania.xlsx (checksum {digest[:12]})" in table.sources[0]
        assert not any("FICTITIOUS" in note for note in table.notes)
    assert made(brochure.functions, own).columns == ("2021", "2022", "2023")


def test_numeric_codes_come_from_a_file(known: Declarations, sample: Path, tmp_path: Path) -> None:
    """A neutral table with numeric codes is read with the list of codes, and its items are unknown without."""
    table = pd.read_csv(sample / "veldania.csv", dtype=str, keep_default_na=False)
    listed = pd.read_csv(sample / "codes.csv", dtype=str).set_index("item")["code"]
    table.assign(item=table["item"].map(listed)).to_csv(tmp_path / "q.csv", index=False)
    words = Words(known, "en")
    found = collected.read(str(tmp_path / "q.csv"), words, "BE", 5, str(sample / "codes.csv"))
    assert row(made(brochure.functions, found), "Old age") == row(
        made(brochure.functions, collected.read("", words, "BE", 5)), "Old age"
    )
    assert any(f.rule == "E05" for f in collected.read(str(tmp_path / "q.csv"), words, "BE", 5).findings)


def test_a_confidential_value_is_not_shown(known: Declarations, sample: Path, tmp_path: Path) -> None:
    """A cell with the flag c has no value in the table, nor in its tidy twin."""
    table = pd.read_csv(sample / "veldania.csv", dtype={"scheme": str}, keep_default_na=False)
    hidden = (table["item"] == "ben.hou") & (table["scheme"] == "_T") & (table["year"] == 2023)
    table.loc[hidden, "flag"] = "c"
    table.to_csv(tmp_path / "q.csv", index=False)
    shown = made(brochure.functions, collected.read(str(tmp_path / "q.csv"), Words(known, "en"), "BE", 5))
    assert row(shown, "Housing")[-1] is None
    kept = {r["time"]: r["value"] for r in shown.tidy if r["key"] == "_T.ben.hou"}
    assert kept["2023"] is None
    assert kept["2022"] is not None


@pytest.fixture
def faulty(sample: Path, tmp_path: Path, items: Classification) -> Path:
    """The sample's neutral table with a sum that is wrong."""
    table = neutral.read(sample / "veldania.csv", items, [])
    wrong = (table["item"] == "ben.old") & (table["scheme"] == "1") & (table["year"] == 2023)
    table.loc[wrong, "value"] += 100
    neutral.write(tmp_path / "broken.csv", table)
    return tmp_path / "broken.csv"


def test_what_the_check_found_is_shown(known: Declarations, faulty: Path) -> None:
    """Errors of the questionnaire stand in the table of findings, by rule."""
    found = collected.read(str(faulty), Words(known, "en"), "BE", 5)
    errors = {r.label.partition(":")[0]: r.cells[0].value for r in made(brochure.checks, found).rows}
    assert errors["E01"] and errors["E01"] >= 1
    assert errors["E03"] == 0


def test_a_build_of_record_refuses_errors(sample: Path, faulty: Path) -> None:
    """A questionnaire with errors is no base of a build of record; one without is, and so is the sample."""
    with pytest.raises(ValidationFailed, match=r"(?s)broken\.csv cannot be a build of record:.*error E01"):
        checked([{"questionnaire": str(faulty)}])
    checked([{"questionnaire": str(sample / "veldania.csv")}, {}])


def test_a_file_without_figures_is_refused(known: Declarations, tmp_path: Path) -> None:
    """An empty table gives no publication."""
    (tmp_path / "q.csv").write_text("year,scheme,item,value,flag,comment\n")
    with pytest.raises(UsageError, match="q.csv has no figures"):
        collected.read(str(tmp_path / "q.csv"), Words(known, "en"), "BE", 5)


def test_a_table_of_sums_alone_is_shown_as_it_is(known: Declarations, tmp_path: Path) -> None:
    """Where no elementary figure is given there is nothing to add up: the sums given are shown."""
    (tmp_path / "q.csv").write_text("year,scheme,item,value\n2023,_T,ben.old,5\n2023,_T,ben,8\n2023,1,foo,1\n")
    found = collected.read(str(tmp_path / "q.csv"), Words(known, "en"), "BE", 5)
    assert row(made(brochure.functions, found), "Old age") == [5.0]
    assert made(brochure.checks, found).rows


def test_parts_that_are_not_there_are_left_out(known: Declarations, sample: Path) -> None:
    """A neutral table has no rates and no beneficiaries: their tables are not made."""
    found = collected.read(str(sample / "veldania.csv"), Words(known, "en"), "BE", 5)
    assert brochure.net_benefits(found) is None
    assert brochure.pensioners(found) is None
    assert math.isfinite(found.value("ben"))


def run(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """Run the command as a person does."""
    return subprocess.run(
        [sys.executable, "-m", "reporting", *map(str, arguments)], capture_output=True, text=True, timeout=300,
        check=False, env={**os.environ, "LC_ALL": "C.UTF-8"},
    )  # fmt: skip


@pytest.mark.slow
def test_every_page_of_the_sample_says_so(tmp_path: Path) -> None:
    """Each web page and each page of the PDF says that the figures are fictitious."""
    done = run("build", "esspros-brochure", "--lang", "en", "--outputs", tmp_path, "--record", "--jobs", "1")
    assert done.returncode == 0, done.stderr
    folder = next((tmp_path / "publications").rglob("run.json")).parent
    pages = [*folder.glob("*.html")]
    assert len(pages) == 6
    assert all("fictitious figures" in page.read_text(encoding="utf-8") for page in pages)
    printed = [page.extract_text() for page in PdfReader(folder / "esspros-brochure-BE-en.pdf").pages]
    assert len(printed) > 8
    assert all("fictitious" in page for page in printed)
    assert "questionnaire" not in json.loads((folder / "run.json").read_text())["parameters"]


@pytest.mark.slow
def test_a_brochure_is_built_from_a_file(sample: Path, tmp_path: Path, faulty: Path) -> None:
    """From a file: its name in the record and no folder, made anew when it changes, reproduced with it alone."""
    path = tmp_path / "own.xlsx"
    path.write_bytes((sample / "veldania.xlsx").read_bytes())
    words = (
        "build",
        "esspros-brochure",
        "--lang",
        "en",
        "--format",
        "html",
        "--outputs",
        tmp_path / "out",
        "--jobs",
        "1",
    )
    done = run(*words, "--questionnaire", path)
    assert done.returncode == 0, done.stderr
    folder = next((tmp_path / "out" / "publications").rglob("run.json")).parent
    recorded = json.loads((folder / "run.json").read_text())["parameters"]["questionnaire"]
    assert recorded == {"name": "own.xlsx", "sha256": hashlib.sha256(path.read_bytes()).hexdigest()}
    texts = [
        p.read_text(encoding="utf-8") for p in folder.rglob("*") if p.suffix in (".html", ".ipynb", ".json", ".csv")
    ]
    assert not any(str(tmp_path) in text for text in texts)
    assert "fictitious" not in (folder / "01-expenditure.html").read_text(encoding="utf-8")
    assert "6 up to date" in run(*words, "--questionnaire", path, "--dry-run").stdout
    assert run("reproduce", folder).returncode == 2
    assert run("reproduce", folder, "--questionnaire", sample / "veldania.csv").returncode == 3
    again = run("reproduce", folder, "--questionnaire", path)
    assert again.returncode == 0, again.stdout + again.stderr
    path.write_bytes(path.read_bytes() + b" ")
    assert "6 to do" in run(*words, "--questionnaire", path, "--dry-run").stdout
    refused = run(*words, "--questionnaire", faulty, "--record")
    assert refused.returncode == 1
    assert "broken.csv cannot be a build of record" in refused.stderr


def test_a_questionnaire_goes_with_a_publication_made_from_one(sample: Path, tmp_path: Path) -> None:
    """Another publication refuses the option, and a file that is not there is named."""
    done = run("build", "vade-mecum", "--questionnaire", sample / "veldania.xlsx", "--outputs", tmp_path)
    assert (done.returncode, "vade-mecum is not made from a file: leave out --questionnaire" in done.stderr) == (
        2,
        True,
    )
    done = run("build", "esspros-brochure", "--questionnaire", "none.xlsx", "--outputs", tmp_path)
    assert (done.returncode, "none.xlsx: there is no such file" in done.stderr) == (2, True)
