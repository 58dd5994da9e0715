"""``reporting submit``: a package that will not bounce, or a gate that stays closed with every reason named."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path

import dsds
import pandas as pd
import pytest
from lxml import etree
from submitting import HEADS, QUESTIONNAIRE, SHEETS, book

from reporting.submissions import readback, schemas, structures

NAME = "ESSPROS_A_XX_2023_0000_V0001"


def swapped(desk: Path, old: str, new: str, file: str = "q.csv") -> None:
    """Replace a text in a file of the desk."""
    path = desk / file
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def remapped(desk: Path, **columns: object) -> None:
    """The mapping with other codes for expenditure; None takes a column out."""
    row = {**dict(zip(HEADS, SHEETS["EXPEND"][1], strict=True)), **columns}
    row = {name: code for name, code in row.items() if code is not None}
    book(desk / "m.xlsx", {**SHEETS, "EXPEND": [tuple(row), tuple(row.values())]})


def test_a_package_has_all_that_goes_with_the_data(desk, submitted, capsys):
    """Data in both formats, findings, quality tables, receipt and checksums; every file valid and as summed up."""
    assert submitted("--codes", os.devnull) != 0  # a list of codes that is none
    assert submitted() == 0
    folder = desk / "out" / NAME
    files = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    data = {f"ESSPROS_{flow}_A_XX_2023_0000_V0001.{kind}" for flow in ("EXP", "REC") for kind in ("csv", "xml")}
    assert files == data | {
        "findings.csv", "findings.json", "findings.xlsx", "findings.html", "receipt.json", "receipt.txt", "SHA256SUMS",
        "quality/completeness.csv", "quality/observations.csv", "quality/rules.csv", "quality/net_benefit_rates.csv",
    }  # fmt: skip
    sums = dict(line.split("  ")[::-1] for line in (folder / "SHA256SUMS").read_text().splitlines())
    assert set(sums) == files - {"SHA256SUMS"}
    assert all(hashlib.sha256((folder / name).read_bytes()).hexdigest() == digest for name, digest in sums.items())
    receipt = json.loads((folder / "receipt.json").read_text(encoding="utf-8"))
    assert [(d["structure"], d["observations"]) for d in receipt["datasets"]] == [
        ("XX1:ESSPROS_EXP(1.0)", 6), ("XX1:ESSPROS_REC(1.0)", 3),
    ]  # fmt: skip
    assert receipt["inputs"]["q.csv"] == hashlib.sha256((desk / "q.csv").read_bytes()).hexdigest()
    assert set(receipt["read_back_by"].values()) == {"sdmx1", "pandas, sdmx1"} and receipt["forced"] is None
    for structure in structures.read([desk / "dsd.xml"]):
        path = folder / f"{structure.id}_A_XX_2023_0000_V0001.xml"
        assert schemas.faults(etree.parse(str(path)), structure) == []
    assert f"{NAME}: 9 observations" in capsys.readouterr().out


def test_values_flags_and_comments_are_sent_as_declared(desk, submitted):
    """Scheme, value, status, confidentiality and comment of each figure of the questionnaire, by hand."""
    assert submitted() == 0
    sent = pd.read_csv(desk / "out" / NAME / "ESSPROS_EXP_A_XX_2023_0000_V0001.csv", dtype=str, keep_default_na=False)
    assert sent[["CUSTOM_BREAKDOWN", "TIME_PERIOD", "OBS_VALUE", "OBS_STATUS", "CONF_STATUS"]].values.tolist() == [
        ["_T", "2022", "14.5", "A", "F"], ["_T", "2023", "15.35", "A", "F"], ["SCH001", "2022", "10.5", "A", "F"],
        ["SCH001", "2023", "11.25", "P", "F"], ["SCH002", "2022", "4", "E", "F"], ["SCH002", "2023", "4.1", "A", "F"],
    ]  # fmt: skip
    assert sent["COMMENT_OBS"][4] == "estimated, “from” the <accounts> & books"
    received = pd.read_csv(desk / "out" / NAME / "ESSPROS_REC_A_XX_2023_0000_V0001.csv", dtype=str)
    assert received[["OBS_STATUS", "CONF_STATUS"]].values.tolist() == [["A", "F"], ["B", "F"], ["A", "C"]]


def test_the_sample_is_sent(veldania, tmp_path, command, capsys):
    """The workbook of the country that does not exist passes, and every figure of it is sent."""
    words = ("submit", "esspros", veldania / "veldania.xlsx", "--mapping", veldania / "mapping.xlsx", "--dsd",
             veldania / "structure.xml", "--codes", veldania / "codes.csv", "--output", tmp_path, "--json")  # fmt: skip
    assert command(*words) == 0
    made = json.loads(capsys.readouterr().out)
    figures = pd.read_csv(veldania / "veldania.csv")
    assert sum(d["observations"] for d in made["receipt"]["datasets"]) == len(figures)
    folder = Path(made["package"])
    sent = pd.concat(pd.read_csv(path) for path in folder.glob("ESSPROS*.csv"))
    assert sent["OBS_VALUE"].sum() == pytest.approx(figures["value"].sum(), abs=1e-6)
    assert not [f for f in made["findings"] if f["severity"] in ("error", "warning") and f["outcome"] == "failed"]
    for path in folder.glob("ESSPROS*.xml"):
        (read,) = pytest.importorskip("pysdmx.io").get_datasets(path, veldania / "structure.xml")
        table = pd.read_csv(path.with_suffix(".csv"), dtype=str, keep_default_na=False)
        columns = list(table.columns[3:])
        assert sorted(read.data[columns].fillna("").itertuples(index=False, name=None)) == sorted(
            table[columns].itertuples(index=False, name=None)
        )
    assert command("submit", "check", *folder.glob("ESSPROS*"), "--dsd", veldania / "structure.xml") == 0


@pytest.mark.parametrize(
    ("columns", "rule", "said"),
    [
        ({"ITEM": "I9"}, "S06", "incorrect code 'I9' for ITEM"),
        ({"UNIT_MULT": None}, "S09", "missing mandatory attribute UNIT_MULT"),
        ({"UNIT_MULT": ""}, "S09", "missing mandatory attribute UNIT_MULT"),
        ({"FREQ": "-"}, "S11", "lacks dimension FREQ"),
        (
            {"STRUCTURE_ID": "XX1:ESSPROS_EXP(1.1)"},
            "S03",
            "wrong DSD or version: EXP is to keep to XX1:ESSPROS_EXP(1.1)",
        ),
        ({"COLOUR": "RED"}, "S10", "concept COLOUR of the mapping"),
    ],
)
def test_a_wrong_mapping_closes_the_gate(desk, submitted, capsys, columns, rule, said):
    """Wrong code, missing attribute, missing dimension, wrong version, lost column: exit 1, named, nothing written."""
    remapped(desk, **columns)
    assert submitted("--json") == 1
    made = json.loads(capsys.readouterr().out)
    assert made["package"] is None
    stopping = [f for f in made["findings"] if f["severity"] == "error" and f["outcome"] == "failed"]
    assert {f["rule"] for f in stopping} == {rule} and said in stopping[0]["message"]
    assert not (desk / "out").exists()


def test_two_items_with_one_key_close_the_gate(desk, submitted, capsys):
    """A duplicate key names both cells it comes from."""
    (desk / "q.csv").write_text(QUESTIONNAIRE + "2023,1,exp.oth.other,1,,\n", encoding="utf-8")
    book(desk / "m.xlsx", {**SHEETS, "EXPEND": [*SHEETS["EXPEND"], ("exp.oth.other", *SHEETS["EXPEND"][1][1:])]})
    assert submitted() == 1
    said = capsys.readouterr().err
    assert "S08 q.csv, line 11: STRUVAL 150: duplicate key A.XX.I1.SCH001.2023, first at line 5" in said
    assert "No package was made: 1 error" in said


def test_a_code_on_both_sheets_closes_the_gate(desk, submitted, capsys):
    """Expenditure or receipt: a code that is mapped to both is refused at its second place."""
    book(desk / "m.xlsx", {**SHEETS, "RECEIPT": [*SHEETS["RECEIPT"], SHEETS["EXPEND"][1]]})
    assert submitted() == 1
    said = "S22 m.xlsx, RECEIPT!A3: Mapping: the code exp.adm is mapped twice, first in EXPEND!A2"
    assert said in capsys.readouterr().err


def test_a_structure_without_schemes_closes_the_gate(desk, submitted, capsys):
    """Where nothing can carry the scheme, that is said, and not only that keys are there twice."""
    (desk / "dsd.xml").write_bytes(dsds.message(dsds.definition("SP", dimensions=("FREQ", "REF_AREA", "ITEM"))))
    assert submitted() == 1
    assert "S10 q.csv, line 2: XX1:SP(1.0) has no component for schemes" in capsys.readouterr().err


def test_a_code_without_a_mapping_is_never_dropped(desk, submitted, capsys):
    """Values that the mapping does not know are an error at their first cell, with their number."""
    (desk / "q.csv").write_text(QUESTIONNAIRE + "2023,1,exp.oth.other,1,,\n", encoding="utf-8")
    assert submitted() == 1
    assert (
        "S23 q.csv, line 11: The code exp.oth.other has 1 values and no row in the mapping" in capsys.readouterr().err
    )


def test_the_rules_of_the_questionnaire_close_the_gate_too(desk, submitted, capsys):
    """A total that is not the sum of its schemes is not sent."""
    swapped(desk, "2023,_T,exp.adm,15.35", "2023,_T,exp.adm,25.35")
    assert submitted() == 1
    assert "error E02 q.csv, line 7" in capsys.readouterr().err
    assert not (desk / "out").exists()


def test_a_package_in_spite_of_errors_has_the_reason(desk, submitted, capsys):
    """``--force`` makes it, with the reason and the errors in the receipt; without a reason it is refused."""
    remapped(desk, ITEM="I9")
    assert submitted("--force") == 2 and "needs a reason" in capsys.readouterr().err
    assert submitted("--reason", "x") == 2
    assert not (desk / "out").exists()
    assert submitted("--force", "--reason", "agreed with the unit on 3 June") == 0
    folder = desk / "out" / NAME
    receipt = json.loads((folder / "receipt.json").read_text(encoding="utf-8"))
    assert receipt["forced"] == {"reason": "agreed with the unit on 3 June"} and receipt["findings"]["error"] >= 2
    text = (folder / "receipt.txt").read_text(encoding="utf-8")
    assert "SENT IN SPITE OF ERRORS. Reason given: agreed with the unit on 3 June" in text and "S06" in text
    assert {"S02", "S06"} <= {f["rule"] for f in json.loads((folder / "findings.json").read_text(encoding="utf-8"))}


def test_a_second_transmission_has_the_next_number(desk, submitted, capsys):
    """Nothing is overwritten; a number that is taken is refused."""
    assert submitted() == 0 and submitted("--zip") == 0
    assert sorted(path.name for path in (desk / "out").iterdir()) == [NAME, f"{NAME[:-1]}2.zip"]
    assert submitted("--number", "1") == 2
    assert f"{NAME} is there already" in capsys.readouterr().err


def test_header_and_names_follow_the_options(desk, submitted):
    """Sender, test, and another pattern."""
    assert submitted("--sender", "NSI1", "--test", "--pattern", "{geo}.{dataset}.{number}") == 0
    root = etree.parse(str(desk / "out" / "XX.ESSPROS.1" / "XX.ESSPROS_EXP.1.xml")).getroot()
    assert root.find("{*}Header/{*}Sender").get("id") == "NSI1"
    assert root.findtext("{*}Header/{*}Test") == "true"


def test_the_country_and_its_currency_are_filled_in(desk, submitted, capsys):
    """Placeholders of a mapping take what the options say; a country's own currency is known."""
    structure = dsds.definition("SP", dimensions=(*dsds.DIMENSIONS, "UNIT"))
    lists = {**dsds.LISTS, "UNIT": ("EUR", "DKK"), "REF_AREA": ("DK",)}
    (desk / "dsd.xml").write_bytes(dsds.message(structure, lists=lists))
    both = {name: [(*heads, "UNIT"), (*row[:2], "Country*", *row[3:], "Country_National_currency")]
            for name, (heads, row) in SHEETS.items()}  # fmt: skip
    book(desk / "m.xlsx", both)
    assert submitted() == 1 and "the placeholder Country* stands for what was not said" in capsys.readouterr().err
    assert submitted("--geo", "DK") == 0
    text = (desk / "out" / "ESSPROS_A_DK_2023_0000_V0001" / "ESSPROS_EXP_A_DK_2023_0000_V0001.csv").read_text(
        encoding="utf-8"
    )
    assert "DK" in text and "DKK" in text
    assert submitted("--geo", "DK", "--currency", "EUR") == 0


def test_flags_that_cannot_be_sent_are_told(desk, submitted, capsys):
    """Of several flags the first by the declared order is sent, and that is said; a missing value needs a flag."""
    swapped(desk, "2023,1,exp.adm,11.25,p,", "2023,1,exp.adm,11.25,pb,")
    swapped(desk, "2022,1,exp.adm,10.5,,", "2022,1,exp.adm,,m,")
    swapped(desk, "2022,_T,exp.adm,14.5,,", "2022,_T,exp.adm,,,")
    assert submitted() == 0
    said = capsys.readouterr().err
    assert "S29 q.csv, line 5" in said and "only 'b' is sent" in said
    sent = pd.read_csv(desk / "out" / NAME / "ESSPROS_EXP_A_XX_2023_0000_V0001.csv", dtype=str, keep_default_na=False)
    rows = sent.set_index(["CUSTOM_BREAKDOWN", "TIME_PERIOD"])
    assert rows.loc[("SCH001", "2023"), "OBS_STATUS"] == "B"
    assert tuple(rows.loc[("SCH001", "2022"), ["OBS_VALUE", "OBS_STATUS"]]) == ("", "M")


def test_a_multiplier_that_is_not_the_collections_is_told(desk, submitted, capsys):
    """Values in millions with another multiplier are sent as they stand, with a warning."""
    remapped(desk, UNIT_MULT=0)
    assert submitted() == 0
    assert "warning S26 m.xlsx, EXPEND!F2" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("--dsd", "none.xml"), 2, "none.xml: there is no such file"),
        (("--dsd", "m.xlsx"), 3, "a ZIP archive or workbook"),
        (("--codes", "none.csv"), 2, "none.csv"),
        (("--structure", "CORE=XX1:A(1.0)"), 2, "the flows are EXP, REC"),
        (("--structure", "EXP=XX1:ESSPROS_EXP(2.0)"), 1, "is to keep to XX1:ESSPROS_EXP(2.0)"),
        (("--pattern", "{what}{number}"), 2, "what is no field"),
        (("--output", "q.csv"), 1, "Cannot write the package"),
    ],
)
def test_wrong_words_are_told(submitted, capsys, words, code, said):
    """What is not there or not understood is named, without a traceback."""
    assert submitted(*words) == code
    printed = capsys.readouterr()
    assert said in printed.err and "Traceback" not in printed.err


def test_a_full_disk_is_told_and_leaves_nothing(desk, submitted, capsys, monkeypatch):
    """When writing fails in the middle, the message says so and no part of a package stays."""
    from reporting.submissions import receipt

    def full(*_: object) -> bytes:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(receipt, "sums", full)
    assert submitted() == 1
    assert (
        "No space left on device. Free space or choose another --output; no package was made" in capsys.readouterr().err
    )
    assert list((desk / "out").iterdir()) == []


def test_one_structure_may_serve_both(desk, submitted, command, capsys):
    """A DSD of its own for each dataset, in two files, or one for both."""
    (desk / "dsd.xml").write_bytes(dsds.message(dsds.definition("SPDATA", "3.2")))
    assert submitted() == 0
    (desk / "dsd.xml").write_bytes(dsds.message(dsds.definition("ESSPROS_EXP")))
    (desk / "rec.xml").write_bytes(dsds.message(dsds.definition("ESSPROS_REC")))
    # A constraint on expenditure, in a file that only refers to its structure, and is named first.
    region = '<s:CubeRegion include="true"><c:KeyValue id="ITEM"><c:Value>{}</c:Value></c:KeyValue></s:CubeRegion>'
    (desk / "con.xml").write_bytes(dsds.message(constraints=dsds.constraint(region.format("I2")), lists={}))
    files = (
        "q.csv",
        "--mapping",
        "m.xlsx",
        "--dsd",
        "con.xml",
        "--dsd",
        "dsd.xml",
        "--dsd",
        "rec.xml",
        "--output",
        "out",
    )
    assert command("submit", "esspros", *files) == 1
    assert "S07 q.csv, line 4: STRUVAL 150: the content constraint of XX1:ESSPROS_EXP(1.0)" in capsys.readouterr().err
    (desk / "con.xml").write_bytes(dsds.message(constraints=dsds.constraint(region.format("I1")), lists={}))
    assert command("submit", "esspros", *files) == 0
    kinds = [sorted({line.split(",")[1] for path in (desk / "out" / f"{NAME[:-1]}{n}").glob("ESSPROS*.csv")
                     for line in path.read_text(encoding="utf-8").splitlines()[1:]}) for n in (1, 2)]  # fmt: skip
    assert kinds == [["XX1:SPDATA(3.2)"], ["XX1:ESSPROS_EXP(1.0)", "XX1:ESSPROS_REC(1.0)"]]


def raw(desk: Path, total: float) -> None:
    """A questionnaire and a mapping as an office has them: numeric codes, no list of them, placeholders, titles."""
    figures = [
        ("Expenditure", 1000000, 15.5, 10, 5.5),
        ("Benefits", 1100000, total, 8, 4),
        ("Costs", 1200000, 3.5, 2, 1.5),
    ]
    head = ("Item", "Code", "All schemes", "Scheme 01", "Scheme 02 - old name", "Remark")
    book(desk / "q.xlsx", {"Data 2023": [("Questionnaire",), (), head, *figures, ("A title",)]})
    names = ("Label", "CODE", "FREQ", "REF_AREA", "TIME_PERIOD", "OBS_VALUE", "ITEM", "UNIT_MULT", "CUSTOM_BREAKDOWN")
    rows = [
        (label, code, "A", "Country*", "YYYY", "", f"I{n}", 6, "SCHnn")
        for n, (label, code, *_) in enumerate(figures, 1)
    ]
    book(desk / "m.xlsx", {"Mapping EXPEND": [("Title",), (), (), (), (), (), names, *rows]})
    (desk / "s.csv").write_text(
        "number,name,decision,enforcement,entitlement,scope,level\n"
        "1,Pensions,government,compulsory,contributory,general,basic\n"
        "2,Families,government,compulsory,non_contributory,universal,basic\n",
        encoding="utf-8",
    )


def test_codes_that_only_the_mapping_knows_are_sent_and_checked(desk, command, capsys):
    """Without a list of codes, the codes and labels of the mapping make the tree: wrong sums are found."""
    files = ("q.xlsx", "--mapping", "m.xlsx", "--dsd", "dsd.xml", "--schemes", "s.csv", "--output", "out")
    words = ("submit", "esspros", *files, "--geo", "XX")
    raw(desk, 12)
    assert command(*words) == 0
    sent = pd.read_csv(desk / "out" / NAME / "ESSPROS_EXP_A_XX_2023_0000_V0001.csv", dtype=str)
    assert sent.groupby("ITEM")["OBS_VALUE"].agg(list).to_dict() == {
        "I1": ["15.5", "10", "5.5"], "I2": ["12", "8", "4"], "I3": ["3.5", "2", "1.5"],
    }  # fmt: skip
    assert sent["CUSTOM_BREAKDOWN"].tolist() == ["_T", "SCH001", "SCH002"] * 3
    raw(desk, 12.5)
    assert command(*words) == 1
    said = capsys.readouterr().err
    assert "error E01" in said and "error E02" in said


def test_a_protected_questionnaire_is_refused(desk, submitted, command, capsys):
    """A workbook with a password is told before anything is made."""
    content = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "EncryptedPackage".encode("utf-16-le") * 9
    (desk / "q.xlsx").write_bytes(content)
    assert command("submit", "esspros", "q.xlsx", "--mapping", "m.xlsx", "--dsd", "dsd.xml", "--output", "out") == 3
    assert "password" in capsys.readouterr().err and not (desk / "out").exists()


def test_a_large_questionnaire_is_read_back_beside_its_rules(desk, submitted, capsys, monkeypatch):
    """Where another process reads, the package is the same, and a rule found meanwhile still closes the gate."""
    assert submitted() == 0
    monkeypatch.setattr(readback, "SMALL", 1)
    assert submitted() == 0
    one, two = (desk / "out" / f"{NAME[:-1]}{n}" for n in (1, 2))
    for path in one.glob("ESSPROS*.csv"):
        assert path.read_bytes() == (two / path.name.replace("V0001", "V0002")).read_bytes()
    receipts = [json.loads((folder / "receipt.json").read_text(encoding="utf-8")) for folder in (one, two)]
    assert receipts[0]["findings"] == receipts[1]["findings"]
    assert set(receipts[1]["read_back_by"].values()) == {"pandas", "sdmx1"}
    swapped(desk, "2023,_T,exp.adm,15.35", "2023,_T,exp.adm,25.35")
    assert submitted() == 1
    assert "error E02 q.csv, line 7" in capsys.readouterr().err
    assert sorted(path.name for path in (desk / "out").iterdir()) == [one.name, two.name]
