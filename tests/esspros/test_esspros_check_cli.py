"""The verbs check and compare: what they say, write and refuse, and how they end."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pandas as pd
import pytest
from commanded import run
from observing import manifest, observed

from reporting import cli, declarations
from reporting.esspros import rules
from reporting.esspros.questionnaire import Questionnaire
from reporting.vintages import Store

Change = Callable[[Callable[[openpyxl.Workbook], object]], Questionnaire]


def spoil(book: openpyxl.Workbook) -> None:
    """Break an aggregate of scheme 1, in 2022."""
    sheet = book["2022"]
    heads = {str(cell.value).lower(): cell.column for cell in sheet[3] if cell.value}
    row = next(cells[0].row for cells in sheet.iter_rows(min_col=2, max_col=2) if str(cells[0].value) == "1100000")
    cell = sheet.cell(row, next(column for head, column in heads.items() if head.startswith("scheme 01")))
    cell.value += 10


def test_the_sample_is_checked_without_findings(sample: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The sample ends with 0 and says what it was not compared with."""
    assert run("check", sample / "veldania.xlsx") == 0
    printed = capsys.readouterr()
    assert printed.out.strip() == "0 errors, 0 warnings."
    assert "last transmission (W14)" in printed.err and "national accounts (W15)" in printed.err


def test_the_sample_is_compared_without_findings(sample: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Its last transmission and its national accounts, which are part of the sample, give no finding either."""
    words = ("--last", sample / "veldania-2022.csv", "--accounts", sample / "accounts.csv")
    assert run("check", sample / "veldania.xlsx", *words) == 0
    printed = capsys.readouterr()
    assert (printed.out.strip(), printed.err) == ("0 errors, 0 warnings.", "")
    assert run("compare", sample / "veldania-2022.csv", sample / "veldania.csv", "--by", "year", "--json") == 0
    changed = {int(record["year"]): record["changed"] for record in json.loads(capsys.readouterr().out)}
    assert set(changed) == {2022, 2023} and changed[2022] < changed[2023]


def test_an_error_is_named_with_its_cell(changed: Change, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A broken aggregate ends with 1, in words, as JSON, as a workbook and as a page."""
    changed(spoil)
    book, findings, page = (tmp_path / name for name in ("changed.xlsx", "findings.xlsx", "page.html"))
    assert run("check", book, "--findings", findings, "--report", page, "--lang", "fr", "--json") == 1
    records = json.loads(capsys.readouterr().out)
    broken = [record for record in records if record["rule"] == "E01" and record["scheme"] == "1"]
    assert {(record["item"], record["sheet"]) for record in broken} == {("ben", "2022"), ("exp", "2022")}
    record = next(record for record in broken if record["item"] == "ben")
    assert record["value"] - record["expected"] == pytest.approx(10)
    assert openpyxl.load_workbook(book)["2022"][record["cell"]].value == pytest.approx(record["value"])
    link = openpyxl.load_workbook(findings)["Constats"]["A2"].hyperlink
    assert link.target == "changed.xlsx" and link.location.startswith("'2022'!")
    said = page.read_text(encoding="utf-8")
    assert "un agrégat est la somme de ses composantes" in said and "Pas de comparaison avec" in said
    assert "le rapport aux comptes nationaux est stable (non appliquée)" in said
    assert run("check", book) == 1
    assert f"error E01 changed.xlsx, 2022!{record['cell']}: " in capsys.readouterr().out


def test_many_findings_are_shown_in_part(sample: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Of a rule that fails everywhere some findings are printed, and how many more there are."""
    table = pd.read_csv(sample / "veldania.csv", dtype={"scheme": str})
    table.assign(value=-table["value"]).to_csv(tmp_path / "negative.csv", index=False)
    run("check", tmp_path / "negative.csv", "--schemes", sample / "schemes.csv")
    printed = capsys.readouterr().out
    assert printed.count("warning E06") == 20 and "E06: " in printed and " more; " in printed


def test_a_questionnaire_is_compared_with_others(
    sample: Path, changed: Change, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The last transmission and national accounts are read from their files and give W14 and W15."""
    last = pd.read_csv(sample / "veldania.csv", dtype={"scheme": str})
    item = "ben.old.nmt.cash.per.oldage_pension"
    here = (last["item"] == item) & (last["scheme"] == "1") & (last["year"] == 2020)
    last.assign(value=last["value"].where(~here, last["value"] * 1.1)).to_csv(tmp_path / "last.csv", index=False)
    contributions = last[(last["item"] == "rec.sc") & (last["scheme"] == "_T")].set_index("year")["value"]
    with (tmp_path / "accounts.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["TIME_PERIOD", "geo", "unit", "sector", "cofog99", "na_item", "OBS_VALUE"])
        for year, amount in contributions.items():
            factor = 1.1 if year == 2021 else 1.0
            writer.writerow([year, "XX", "MIO_NAC", "S13", "TOTAL", "D61REC", amount * factor])
            writer.writerow([year, "XX", "PC_GDP", "S13", "TOTAL", "D61REC", 17.0])
    code = run("check", sample / "veldania.xlsx", "--last", tmp_path / "last.csv", "--accounts",
               tmp_path / "accounts.csv", "--geo", "XX", "--json")  # fmt: skip
    records = [r for r in json.loads(capsys.readouterr().out) if r["outcome"] == "failed"]
    assert code == 0
    assert {(r["rule"], r["item"], r["year"]) for r in records} == {
        ("W14", item, "2020"), ("W15", "rec.sc", "2021"), ("W15", "rec.sc", "2022"),
    }  # fmt: skip


def test_published_tables_and_accounts_come_from_the_store(
    sample: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What Eurostat published in national currency, and national accounts, are read for the country that is named."""
    table = pd.read_csv(sample / "veldania.csv", dtype={"scheme": str})
    whole = table[table["scheme"] == "_T"].set_index(["item", "year"])["value"]
    store = Store(tmp_path / "store")
    told = [("SPR", "ben", 0.95), ("ADM", "exp.adm", 1.0)]
    spent = [(f"A.{c}.MIO_NAC.SE", "2023", whole[item, 2023] * share, "") for c, item, share in told]
    euro = [("A.SPR.MIO_EUR.SE", "2022", 1.0, "")]
    store.append(observed("spr_exp_type", spent + euro), manifest("spr_exp_type", "2026-01-01"))
    benefits = table[table["item"].isin(["ben"]) & ~table["scheme"].isin(["_T", "9", "10"])]
    public = benefits.groupby("year")["value"].sum()
    social = [
        (f"A.MIO_NAC.S13.TOTAL.{item}.SE", str(year), amount * (0.4 if year < 2023 else 0.45), "")
        for year, amount in public.items()
        for item in ("D62", "D632")
    ]
    store.append(observed("gov_10a_exp", social), manifest("gov_10a_exp", "2026-01-01"))
    words = ("check", sample / "veldania.xlsx", "--published", "--store", tmp_path / "store", "--json")
    assert run(*words, "--geo", "SE") == 0
    found = [r for r in json.loads(capsys.readouterr().out) if r["outcome"] == "failed"]
    assert [(r["rule"], r["item"], r["year"]) for r in found] == [("W14", "ben", "2023"), ("W15", "ben", "2023")]
    assert found[0]["value"] / found[0]["expected"] == pytest.approx(1 / 0.95)
    assert found[1]["value"] - found[1]["expected"] == pytest.approx(10.0)
    assert run(*words, "--geo", "DK") == 0
    assert "published tables (W14): the store has none in national currency" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("check", "none.xlsx"), 2, "there is no such file"),
        (("check", "{sample}", "--findings", "f.csv"), 2, "ends in .xlsx"),
        (("check", "{sample}", "--report", "nowhere/f.html"), 2, "there is no folder"),
        (("check", "{sample}", "--findings", "{sample}"), 2, "is the file that is checked"),
        (("check", "{sample}", "--published"), 2, "--published needs the country"),
        (("check", "{sample}", "--report", "f.html", "--lang", "xx"), 2, "Unknown language"),
        (("check", "{sample}", "--accounts", "{codes}"), 3, "line 1: the column year, na_item, value is missing"),
        (("compare", "{sample}", "none.xlsx"), 2, "there is no such file"),
        (("compare", "{sample}", "{sample}", "--by", "function"), 2, "there are item, scheme, year"),
    ],
)
def test_a_command_that_makes_no_sense_is_refused(
    words: tuple[str, ...], code: int, said: str, sample: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    """A wrong file, folder, option or language ends with a message, and nothing is written."""
    monkeypatch.setenv("REPORTING_HOME", str(Path(cli.__file__).parents[2]))
    monkeypatch.chdir(tmp_path)
    book = Path(sample / "veldania.xlsx")
    filled = [word.format(sample=book, codes=sample / "codes.csv") for word in words]
    assert run(*filled) == code
    assert said in " ".join(capsys.readouterr().err.split())
    assert list(tmp_path.iterdir()) == []


def test_the_rules_are_written_in_vtl(sample: Path, tmp_path: Path) -> None:
    """``--vtl`` writes the rules for the schemes and items of the questionnaire."""
    assert run("check", sample / "veldania.xlsx", "--vtl", tmp_path / "rules.vtl") == 0
    text = (tmp_path / "rules.vtl").read_text(encoding="utf-8")
    assert "define hierarchical ruleset E01_" in text and "'_T' = '1' + '2' + '3'" in text


def test_equal_questionnaires_have_no_changes(sample: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A workbook and its neutral table are the same transmission."""
    assert run("compare", sample / "veldania.xlsx", sample / "veldania.csv", "--json") == 0
    assert json.loads(capsys.readouterr().out) == []


def test_changes_are_told_largest_first(sample: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Revised, new, withdrawn figures and remarks are told with their sizes and comments; sums by scheme too."""
    table = pd.read_csv(sample / "veldania.csv", dtype={"scheme": str}, keep_default_na=False)
    table["value"] = pd.to_numeric(table["value"])
    item = {name: table["item"] == name for name in ("ben.hou.mt.kind.owner", "ben.hou.mt.kind.rent.other", "exp.adm")}
    here = (table["scheme"] == "8") & (table["year"] == 2023)
    table.loc[here & item["ben.hou.mt.kind.rent.other"], "value"] += 50.0
    table.loc[here & item["ben.hou.mt.kind.rent.other"], "comment"] = "Late files."
    table.loc[here & item["exp.adm"], "flag"] = "p"
    new = pd.DataFrame([{"year": 2023, "scheme": "8", "item": "ben.hou.mt.kind.rent.social", "value": 7.0}])
    gone = here & (item["ben.hou.mt.kind.owner"] | (table["item"] == "ben.hou.mt.kind.rent.social"))
    added = new.assign(item="ben.excl.mt.kind.other", flag="", comment="")
    pd.concat([table[~gone], added]).to_csv(tmp_path / "new.csv", index=False)
    words = ("compare", sample / "veldania.csv", tmp_path / "new.csv")
    assert run(*words, "--output", tmp_path / "changes.csv", "--json") == 0
    records = json.loads(capsys.readouterr().out)
    assert [(r["kind"], r["item"]) for r in records] == [
        ("withdrawn", "ben.hou.mt.kind.rent.social"), ("revised", "ben.hou.mt.kind.rent.other"),
        ("withdrawn", "ben.hou.mt.kind.owner"), ("new", "ben.excl.mt.kind.other"), ("remark", "exp.adm"),
    ]  # fmt: skip
    assert records[1]["difference"] == pytest.approx(50) and records[1]["comment_new"] == "Late files."
    assert len(pd.read_csv(tmp_path / "changes.csv")) == 5
    assert run(*words, "--by", "scheme", "--json") == 0
    [sums] = json.loads(capsys.readouterr().out)
    assert (sums["scheme"], sums["changed"]) == ("8", 4)
    assert sums["net"] == pytest.approx(sum(r["difference"] for r in records))
    assert run(*words) == 0
    assert "1 new, 1 revised, 2 withdrawn, 1 with another flag or comment." in capsys.readouterr().out


def test_a_renamed_scheme_and_a_new_year_are_told(
    sample: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Years and schemes that came or went are named beside the figures."""
    table = pd.read_csv(sample / "veldania.csv", dtype={"scheme": str})
    table[(table["year"] != 2019) & (table["scheme"] != "10")].to_csv(tmp_path / "less.csv", index=False)
    assert run("compare", sample / "veldania.csv", tmp_path / "less.csv") == 0
    said = capsys.readouterr().err
    assert "Years only in veldania.csv: 2019." in said and "Schemes only in veldania.csv: 10." in said


def test_faults_of_a_file_that_is_compared_are_counted(
    sample: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A text in the place of a number is no silent change: that there are faults is said."""
    text = (sample / "veldania.csv").read_text(encoding="utf-8-sig").replace("2019,1,rec,11808.91", "2019,1,rec,n.k.")
    (tmp_path / "spoilt.csv").write_text(text, encoding="utf-8")
    assert run("compare", sample / "veldania.csv", tmp_path / "spoilt.csv", "--aggregates") == 0
    printed = capsys.readouterr()
    assert "spoilt.csv: 1 faults as it was read" in printed.err and "1 withdrawn" in printed.out


def test_the_rules_of_the_collection_are_translated(known: declarations.Declarations) -> None:
    """Every rule has a title, and a reference to what it rests on."""
    assert all(rule.title and rule.reference for rule in rules.declared(known).values())
