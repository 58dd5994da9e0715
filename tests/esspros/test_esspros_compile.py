"""``reporting esspros compile`` and the verbs on the modules, on the sample country and on broken input."""

from __future__ import annotations

import json
from collections import defaultdict
from decimal import Decimal
from pathlib import Path

import pandas as pd
import pytest
from commanded import run

from reporting.errors import UsageError
from reporting.esspros import classification, codes, neutral, questionnaire, workbook
from reporting.esspros.samples import written
from reporting.spreadsheets import opened

KNOWN = classification.load()


@pytest.fixture(scope="module")
def veldania(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample with its national sources."""
    folder = tmp_path_factory.mktemp("veldania")
    written.write(folder, KNOWN)
    return folder


@pytest.fixture(scope="module")
def made(veldania: Path) -> Path:
    """The questionnaire compiled from the sample's national sources."""
    path = veldania / "compiled.xlsx"
    assert run("compile", veldania / "compile" / "mapping.toml", "--output", path) == 0
    return path


def sheet(path: Path, name: str) -> pd.DataFrame:
    """A sheet of a workbook as it is read from outside."""
    return pd.read_excel(path, sheet_name=name, dtype={"scheme": str})


def test_the_sample_compiles_to_what_it_reports(veldania: Path, made: Path) -> None:
    """All cells of the sample's questionnaire come back; only those split by rounded shares or adjusted differ."""
    found: list[object] = []
    compiled = questionnaire.read(made, KNOWN)
    reported = neutral.read(veldania / "veldania.csv", KNOWN, found)  # type: ignore[arg-type]
    assert (compiled.findings, found) == ((), [])
    both = compiled.table.merge(reported, how="outer", on=["year", "scheme", "item"], indicator=True)
    assert set(both["_merge"]) == {"both"}
    differ = both[(both["value_x"] - both["value_y"]).abs() > 0.011]
    leaves = differ[differ["item"].map(KNOWN.leaf) & (differ["scheme"] != "_T")]
    assert set(leaves["item"]) == {
        "ben.sick.nmt.kind.inpatient.direct", "ben.sick.nmt.kind.outpatient.other_direct", "ben.sick.nmt.kind.other",
    }  # fmt: skip
    assert len(compiled.schemes) == 10


def test_every_cell_adds_up_from_the_sheet_trace(made: Path) -> None:
    """The trace in the workbook adds up to each elementary cell of the year sheets exactly, in decimals."""
    trace = sheet(made, "Trace")
    sums: dict[tuple[int, str, str], Decimal] = defaultdict(Decimal)
    for year, scheme, item, amount in trace[["year", "scheme", "item", "contribution"]].itertuples(index=False):
        sums[year, scheme, item] += Decimal(repr(float(amount)))
    table = questionnaire.read(made, KNOWN).table
    own = table[table["item"].map(KNOWN.leaf) & (table["scheme"] != "_T")]
    for year, scheme, item, value in own[["year", "scheme", "item", "value"]].itertuples(index=False):
        assert float(sums.pop((year, scheme, item))) == value
    assert not sums
    assert {"file", "line", "account", "amount", "share"} <= set(trace.columns)


def test_the_estimated_cell_says_so(made: Path) -> None:
    """The cell without a source in the last year carries the flag e and how it was estimated, also in the workbook."""
    table = questionnaire.read(made, KNOWN).table.set_index(["year", "scheme", "item"])
    row = table.loc[(2023, "3", "ben.sick.nmt.kind.other")]
    assert row["flag"] == "e"
    assert row["comment"].startswith("Estimated: linear trend, 2019-2022; 95 % interval")


def test_the_workbook_has_sums_and_modules(veldania: Path, made: Path) -> None:
    """Aggregates are formulas with values, beneficiaries and rates those of the files that the mapping names."""
    cells = next(one for one in opened(made, []) if one.name == "2023").cells
    assert any(cell.formula for cell in cells.values())
    read = questionnaire.read(made, KNOWN)
    reported = questionnaire.read(veldania / "veldania.xlsx", codes.load(veldania / "codes.csv", KNOWN))
    place = ["year", "scheme", "category", "sex"]
    both = reported.beneficiaries.merge(read.beneficiaries, on=place, how="left", validate="one_to_one")
    assert (both["value_x"] == both["value_y"]).all()
    assert read.net[["AITR", "AISCR", "RFB"]].equals(reported.net[["AITR", "AISCR", "RFB"]])


def test_only_the_years_asked_for_are_compiled(veldania: Path, tmp_path: Path) -> None:
    """``--year`` takes one year of the sources; with ``--last`` the others come from the last questionnaire."""
    mapping, output = veldania / "compile" / "mapping.toml", tmp_path / "q.csv"
    assert run("compile", mapping, "--year", "2022", "--output", output) == 0
    assert set(pd.read_csv(output)["year"]) == {2022}
    trace = pd.read_csv(tmp_path / "q.trace.csv")
    assert set(trace["year"]) == {2022}
    assert run("compile", mapping, "--year", "2022", "--last", veldania / "veldania.csv", "--output", output) == 0
    assert set(pd.read_csv(output)["year"]) == {2019, 2020, 2021, 2022, 2023}


def test_a_revised_method_stands_beside_the_old(veldania: Path, tmp_path: Path) -> None:
    """``--method`` applies a new mapping to all years; old, new and difference of each cell are written."""
    folder, output = veldania / "compile", tmp_path / "q.xlsx"
    words = ("compile", folder / "mapping.toml", "--method", folder / "mapping-revised.toml", "--output", output)
    assert run(*words) == 0
    revised = sheet(output, "Revision").set_index(["year", "scheme", "item"])
    for name, column in (("mapping", "old"), ("mapping-revised", "new")):
        assert run("compile", folder / f"{name}.toml", "--output", tmp_path / "one.csv") == 0
        alone = pd.read_csv(tmp_path / "one.csv", dtype={"scheme": str}).set_index(["year", "scheme", "item"])["value"]
        assert (revised[column] - alone).abs().max() < 1e-9
    assert (revised["new"] - revised["old"] - revised["difference"]).abs().max() < 1e-8
    changed = revised[revised["difference"] != 0].reset_index()
    assert set(changed["year"]) == {2019, 2020, 2021, 2022, 2023}
    assert set(changed["item"]) == {
        "ben.sick.nmt.kind.inpatient", "ben.sick.nmt.kind.inpatient.direct", "ben.sick.nmt.kind.outpatient",
        "ben.sick.nmt.kind.outpatient.other_direct",
    }  # fmt: skip
    # Two per cent of the costs of public hospitals move.
    hospitals = pd.read_csv(folder / "institutes.csv").query("account == 3900").set_index("year")["amount"] / 1000
    moved = revised.xs(("3", "ben.sick.nmt.kind.outpatient"), level=("scheme", "item"))["difference"]
    assert moved.to_dict() == pytest.approx((0.02 * hospitals).to_dict())


def test_a_lost_line_ends_with_one(veldania: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A source given in place of its namesake with an unknown account: named on the terminal, exit code 1."""
    text = (veldania / "compile" / "institutes.csv").read_text() + "8888,New allowance,2023,12500\n"
    (tmp_path / "institutes.csv").write_text(text)
    output = tmp_path / "q.xlsx"
    words = ("compile", veldania / "compile" / "mapping.toml", "--source", tmp_path / "institutes.csv")
    assert run(*words, "--output", output) == 1
    assert "error C01 institutes.csv, line" in capsys.readouterr().err
    assert sheet(output, "Findings")["rule"].tolist() == ["C01"]
    assert run(*words, "--output", output, "--json") == 1
    (found,) = json.loads(capsys.readouterr().out)["findings"]
    assert "8888 (New allowance) is mapped nowhere: 12,500 in 2023" in found["message"]


def test_a_scheme_not_listed_is_found(veldania: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A scheme of the mapping that the register lacks is an error."""
    schemes = tmp_path / "schemes.csv"
    lines = (veldania / "schemes.csv").read_text(encoding="utf-8-sig").splitlines(keepends=True)
    schemes.write_text("".join(line for line in lines if not line.startswith("9,")), encoding="utf-8")
    words = ("compile", veldania / "compile" / "mapping.toml", "--output", tmp_path / "q.csv")
    assert run(*words, "--schemes", schemes) == 1
    assert "E04 schemes.csv: Scheme 9 is compiled and is not in the list" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--output", "q.txt"), "q.txt: a questionnaire is written as .xlsx"),
        (("--output", "{}/compile/budget.xlsx"), "is one of the files that are read"),
        (("--output", "q.csv", "--year", "23"), "--year '23' is no year"),
        (("--output", "q.csv", "--year", "2030"), "There is nothing to compile for 2030. The sources have 2019"),
        (("--output", "q.csv", "--source", "{}/other.csv"), "the mapping has no source of that name"),
        (("--output", "q.csv", "--method", "{}/no.toml"), "no.toml: there is no such file"),
    ],
)
def test_wrong_use_of_compile_is_refused(
    veldania: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
    words: tuple[str, ...], said: str,
) -> None:  # fmt: skip
    """Each wrong use ends with 2, one message and no file."""
    monkeypatch.chdir(tmp_path)
    before = (veldania / "compile" / "budget.xlsx").read_bytes()
    filled = [word.format(veldania) for word in words]
    assert run("compile", veldania / "compile" / "mapping.toml", *filled) == 2
    assert said in capsys.readouterr().err
    assert not list(tmp_path.iterdir())
    assert (veldania / "compile" / "budget.xlsx").read_bytes() == before


def test_net_benefits_of_the_sample(veldania: Path, tmp_path: Path) -> None:
    """``esspros net`` gives for each benefit in cash what the formula gives from the files."""
    output = tmp_path / "net.xlsx"
    rates = veldania / "compile" / "rates.csv"
    assert run("net", veldania / "veldania.csv", "--rates", rates, "--output", output) == 0
    place = ["year", "scheme", "item"]
    gross = pd.read_csv(veldania / "veldania.csv", dtype={"scheme": str})
    given = pd.read_csv(rates, dtype={"scheme": str}).merge(gross, on=place, validate="one_to_one")
    given["expected"] = given["value"] * (1 - given["AITR"] - given["AISCR"]) + given["RFB"]
    both = given.merge(sheet(output, "Benefits")[[*place, "net"]], on=place, validate="one_to_one")
    assert len(both) == len(given) == 160
    assert (both["expected"] - both["net"]).abs().max() < 1e-9
    totals = sheet(output, "Totals").set_index(place)
    kind = gross[gross["item"].map(KNOWN.leaf) & gross["item"].str.contains(".kind.") & (gross["scheme"] != "_T")]
    whole = both.groupby("year")["net"].sum() + kind.groupby("year")["value"].sum()
    assert totals.xs(("_T", "ben"), level=("scheme", "item"))["net"].to_dict() == pytest.approx(whole.to_dict())


def test_beneficiaries_of_the_sample(veldania: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """``esspros beneficiaries`` counts from combinations what the questionnaire says, and both pass the checks."""
    output = tmp_path / "pensioners.csv"
    combinations = ("--combinations", veldania / "compile" / "combinations.csv")
    assert run("beneficiaries", veldania / "veldania.csv", *combinations, "--output", output) == 0
    assert "old_tot" in capsys.readouterr().out
    assert (tmp_path / "pensioners.averages.csv").exists()
    assert run("beneficiaries", veldania / "veldania.xlsx", "--codes", veldania / "codes.csv", "--json") == 0
    rows = json.loads(capsys.readouterr().out)["rows"]
    old = next(r for r in rows if (r["year"], r["scheme"], r["category"]) == (2023, "_T", "old_age"))
    assert old["average"] == pytest.approx(1e6 * old["expenditure"] / old["persons"])


def test_early_estimates_of_the_sample(veldania: Path, tmp_path: Path) -> None:
    """``esspros early`` writes the next year of each function: the last value times its indicator's growth."""
    output, indicators = tmp_path / "early.csv", veldania / "compile" / "indicators.csv"
    assert run("early", veldania / "veldania.csv", "--indicators", indicators, "--output", output) == 0
    found = pd.read_csv(output).set_index("item")
    follow = pd.read_csv(indicators).pivot(index="function", columns="year", values="value")
    gross = pd.read_csv(veldania / "veldania.csv", dtype={"scheme": str}).query("scheme == '_T' and year == 2023")
    last = gross.set_index("item")["value"]
    for function in follow.index:
        expected = last[f"ben.{function}"] * follow.loc[function, 2024] / follow.loc[function, 2023]
        assert found.loc[f"ben.{function}", "value"] == pytest.approx(expected)
    assert (found["flag"] == "e").all()
    assert found.loc["ben", "value"] == pytest.approx(found.drop("ben")["value"].sum())


def test_a_questionnaire_without_benefits_gives_no_net_ones(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Rates that apply to nothing are said with the line, and an empty table is no traceback."""
    (tmp_path / "q.csv").write_text("year,scheme,item,value\n2023,1,exp.adm,5\n")
    (tmp_path / "r.csv").write_text("year,scheme,item,AITR,AISCR,RFB\n2023,1,ben.old,0.1,0.1,3\n")
    assert run("net", tmp_path / "q.csv", "--rates", tmp_path / "r.csv", "--output", tmp_path / "n.xlsx") == 1
    assert "error N03 r.csv: The rates of ben.old, scheme 1, 2023 apply to no benefit" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("net", "{}/veldania.csv"), "veldania.csv has no rates of net benefits"),
        (("beneficiaries", "{}/veldania.csv"), "veldania.csv has no beneficiaries"),
        (("net", "{0}/veldania.csv", "--rates", "{0}/compile/rates.csv", "--output", "net.txt"), "as .xlsx or .csv"),
        (("net", "{0}/veldania.csv", "--rates", "{0}/compile/rates.csv", "--output", "{0}/veldania.csv"), "are read"),
        (("early", "{0}/veldania.csv", "--indicators", "{0}/compile/indicators.csv", "--year", "2020"), "a later year"),
        (("early", "{0}/veldania.csv", "--indicators", "{0}/compile/indicators.csv", "--method", "x"), "--method x"),
        (
            ("early", "{0}/empty.csv", "--indicators", "{0}/compile/indicators.csv"),
            "empty.csv has no benefits of schemes",
        ),
    ],
)
def test_wrong_use_of_the_modules_is_refused(
    veldania: Path, capsys: pytest.CaptureFixture[str], words: tuple[str, ...], said: str
) -> None:
    """Each wrong use of net, beneficiaries and early ends with 2 and one message."""
    (veldania / "empty.csv").write_text("year,scheme,item,value\n")
    assert run(*(word.format(veldania) for word in words)) == 2
    assert said in " ".join(capsys.readouterr().err.split())


def test_whether_rates_hold_fiscal_benefits_is_kept(veldania: Path, tmp_path: Path) -> None:
    """The column RFB_inside of a file of rates goes into the workbook and comes back."""
    rates = pd.read_csv(veldania / "compile" / "rates.csv").assign(RFB_inside="")
    rates.loc[rates["RFB"] > 0, "RFB_inside"] = "yes"
    folder = tmp_path / "compile"
    folder.mkdir()
    for path in (veldania / "compile").iterdir():
        (folder / path.name).write_bytes(path.read_bytes())
    (tmp_path / "schemes.csv").write_bytes((veldania / "schemes.csv").read_bytes())
    rates.to_csv(folder / "rates.csv", index=False)
    assert run("compile", folder / "mapping.toml", "--output", tmp_path / "q.xlsx") == 0
    read = questionnaire.read(tmp_path / "q.xlsx", KNOWN).net
    assert read["RFB_inside"].tolist() == rates["RFB_inside"].tolist()


def test_a_year_without_sources_is_estimated_from_all_series(veldania: Path, tmp_path: Path) -> None:
    """``*`` estimates every elementary figure of the next year, and sums follow from them."""
    text = (veldania / "compile" / "mapping.toml").read_text() + '\n[[estimates]]\nyear = 2024\nmethod = "trend"\n'
    mapping = veldania / "compile" / "mapping-2024.toml"
    mapping.write_text(text)
    output = tmp_path / "q.csv"
    assert run("compile", mapping, "--year", "2023,2024", "--output", output) == 0
    table = pd.read_csv(output, dtype={"scheme": str})
    new, old = (table[table["year"] == year].set_index(["scheme", "item"]) for year in (2024, 2023))
    assert set(new.index) == set(old.index)
    leaves = new[[KNOWN.leaf(item) and scheme != "_T" for scheme, item in new.index]]
    assert set(leaves["flag"]) == {"e"}
    benefits = leaves[leaves.index.get_level_values("item").str.startswith("ben.")]["value"].sum()
    assert new.loc[("_T", "ben"), "value"] == pytest.approx(benefits)


def test_the_last_questionnaire_gives_the_years_before(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A series of the last questionnaire carries an estimate; its sums and its all-schemes column do not."""
    pension = "ben.old.nmt.cash.per.oldage_pension"
    rows = [f"{y},{s},{i},{100 + 10 * (y - 2018)}" for y in range(2018, 2023) for s in ("1", "_T") for i in
            (pension, "ben.old", "ben")]  # fmt: skip
    (tmp_path / "last.csv").write_text("\n".join(["year,scheme,item,value", *rows]))
    (tmp_path / "a.csv").write_text("account,2022,2023\n7,50,60\n")
    (tmp_path / "m.toml").write_text(
        'title = "t"\n[sources.a]\nfile = "a.csv"\naccount = "account"\n'
        '[[map]]\nsource = "a"\naccount = 7\nscheme = 2\nitem = "ben.fam.nmt.cash.per.allowance"\n'
        '[[estimates]]\nyear = 2023\nscheme = 1\nmethod = "trend"\n'
    )
    words = ("compile", tmp_path / "m.toml", "--year", "2023", "--output", tmp_path / "q.csv")
    assert run(*words) == 1
    assert "C11 m.toml: Entry 1 of estimates does nothing: no series" in capsys.readouterr().err
    assert run(*words, "--last", tmp_path / "last.csv") == 0
    table = pd.read_csv(tmp_path / "q.csv", dtype={"scheme": str}).set_index(["year", "scheme", "item"])["value"]
    assert table[2023, "1", pension] == pytest.approx(150)
    assert table[2023, "_T", "ben"] == pytest.approx(210)
    assert table[2022, "_T", "ben"] == 140
    trace = pd.read_csv(tmp_path / "q.trace.csv", dtype={"scheme": str})
    assert trace["item"].tolist() == [pension, "ben.fam.nmt.cash.per.allowance"]


def test_sources_without_anything_to_compile_end_in_a_message(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Accounts that are all unknown are named and nothing is written; a source with a header only says so."""
    (tmp_path / "m.toml").write_text(
        'title = "t"\n[sources.a]\nfile = "a.csv"\naccount = "account"\n'
        '[[map]]\nsource = "a"\naccount = 7\nscheme = 2\nitem = "ben.fam.nmt.cash.per.allowance"\n'
    )
    for text, said in {"8,50\n": "C01 a.csv, line 2, 2023: Account 8 is mapped nowhere", "": ""}.items():
        (tmp_path / "a.csv").write_text(f"account,2023\n{text}")
        assert run("compile", tmp_path / "m.toml", "--output", tmp_path / "q.csv") == 1
        printed = capsys.readouterr().err
        assert "m.toml: nothing is compiled" in printed
        assert said in printed
    assert not (tmp_path / "q.csv").exists()


def test_a_line_of_a_year_with_nothing_else_is_not_lost(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """An unknown account of a year in which nothing is compiled is found as in any other."""
    (tmp_path / "m.toml").write_text(
        'title = "t"\n[sources.a]\nfile = "a.csv"\naccount = "account"\n'
        '[[map]]\nsource = "a"\naccount = 7\nscheme = 2\nitem = "ben.fam.nmt.cash.per.allowance"\nlast = 2022\n'
    )
    (tmp_path / "a.csv").write_text("account,2022,2023\n7,50,60\n")
    assert run("compile", tmp_path / "m.toml", "--output", tmp_path / "q.csv") == 1
    assert "C01 a.csv, line 2, 2023: Account 7 is mapped nowhere: 60 in 2023" in capsys.readouterr().err


def test_a_table_too_long_for_a_sheet_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No row is lost at the end of a sheet: the table is refused, and nothing is written."""
    monkeypatch.setattr(workbook, "_ROWS", 3)
    workbook.sheets(tmp_path / "t.xlsx", {"T": pd.DataFrame({"a": [1, 2]})})
    with pytest.raises(UsageError, match=r"T has 3 rows, more than a sheet can hold: write the result as \.csv"):
        workbook.sheets(tmp_path / "u.xlsx", {"T": pd.DataFrame({"a": [1, 2, 3]})})
    assert not (tmp_path / "u.xlsx").exists()
