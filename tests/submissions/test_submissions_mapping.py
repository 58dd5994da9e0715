"""The mapping workbook: tolerant of how it is laid out, strict about what would be lost."""

# ruff: noqa: E501  # tables of defects

from __future__ import annotations

from pathlib import Path

import pytest
from submitting import HEADS, SHEETS, book

from reporting.errors import SourceUnreadable, UsageError
from reporting.findings import CellFinding
from reporting.submissions import mapping

FLOWS = {"EXP": ("EXPEND",), "REC": ("RECEIPT",)}
STANDS = {"Country": "XX", "Country_National_currency": "XXD"}


def read(folder: Path, sheets=SHEETS, stands=STANDS) -> tuple[dict[str, mapping.Mapping], list[CellFinding]]:
    """The mappings in a workbook with these sheets, and what is found."""
    findings: list[CellFinding] = []
    found = mapping.read(book(folder / "m.xlsx", sheets), FLOWS, stands, findings)
    return found, [finding for finding in findings if "there is no sheet" not in finding.message]


def test_a_mapping_of_one_dataset_says_what_is_not_sent(tmp_path):
    """A workbook that lacks the sheet of a dataset is read, with a warning that names the sheet."""
    findings: list[CellFinding] = []
    sheets = {"EXPEND": SHEETS["EXPEND"]}
    assert [*mapping.read(book(tmp_path / "m.xlsx", sheets), FLOWS, STANDS, findings)] == ["EXP"]
    [finding] = findings
    assert (finding.rule, finding.severity) == ("S21", "warning") and "no sheet RECEIPT" in finding.message


def test_each_flow_has_its_codes(tmp_path):
    """Codes of fixed components are read; what comes from the questionnaire are words that stand for it."""
    found, findings = read(tmp_path)
    assert not findings and list(found) == ["EXP", "REC"]
    entry = found["EXP"].entries["exp.adm"]
    assert {name: entry.codes[name] for name in ("FREQ", "REF_AREA", "UNIT_MULT", "ITEM")} == {
        "FREQ": "A", "REF_AREA": "XX", "UNIT_MULT": "6", "ITEM": "I1",
    }  # fmt: skip
    assert entry.cell == "A2" and entry.cells["ITEM"] == "H2"


def test_a_collectors_workbook_is_read(tmp_path):
    """Titles above, labels before the codes, headings in other cases, marks, numbers for codes, placeholders for the country."""
    rows = [
        ("Mapping of the questionnaire", ""), (), ("Version 3, see the notes",), (), (), (),
        ("Label", " code ", "Freq*", "ref area", "TIME PERIOD", "Obs_Value", "Unit", "unit mult", "Custom Breakdown", "Item"),
        ("Administration costs", 1200000, "A*", "Country*", "…", "", "Country_National_currency", 6.0, "SCH0nn", "I1"),
        ("Interest", "1 411 000", "A", " Country ", "{year}", "-", "Country_National_currency", "6", "_T", "I2*"),
        ("A heading without a code", "", "", "", "", "", "", "", "", ""),
    ]  # fmt: skip
    found, findings = read(tmp_path, {"notes": [("x",)], "Mapping expenditure": rows})
    assert not findings and list(found) == ["EXP"]
    entries = found["EXP"].entries
    assert list(entries) == ["1200000", "1411000"]
    assert entries["1200000"].codes == {"LABEL": "Administration costs", "FREQ": "A", "REF_AREA": "XX", "UNIT": "XXD", "UNIT_MULT": "6",
                                        "CUSTOM_BREAKDOWN": "SCH0nn", "ITEM": "I1"}  # fmt: skip
    assert entries["1411000"].codes["ITEM"] == "I2"


def test_a_placeholder_that_stands_for_nothing_is_told(tmp_path):
    """Where the country was not said, its placeholder is a finding at its first cell, which stops."""
    rows = [("CODE", "REF_AREA"), ("1200000", "Country"), ("1300000", "Country")]
    _, findings = read(tmp_path, {"EXPEND": rows}, {"Country": ""})
    assert [(f.rule, f.cell, f.stops) for f in findings] == [("S21", "B2", True)]
    assert "--geo" in findings[0].mend


@pytest.mark.parametrize(
    ("rows", "rule", "cell", "said"),
    [
        ([HEADS, SHEETS["EXPEND"][1], SHEETS["EXPEND"][1]], "S22", "A3", "exp.adm is mapped twice, first in A2"),
        ([("FREQ", "ITEM"), ("A", "I1")], "S21", "", "no row of headings with CODE"),
        ([], "S21", "", "no row of headings with CODE"),
    ],
)
def test_a_fault_of_a_sheet_is_told_where_it_is(tmp_path, rows, rule, cell, said):
    """A code or a column that is there twice, and missing headings, are findings that stop."""
    _, findings = read(tmp_path, {"EXPEND": rows})
    assert [(f.rule, f.sheet, f.cell, f.stops) for f in findings] == [(rule, "EXPEND", cell, True)]
    assert said in findings[0].message


def test_columns_of_codes_that_the_structure_lacks_are_refused(tmp_path, structure):
    """Codes in an unknown column would be lost: an error; words are for people: information; an empty one is nothing."""
    heads, row = SHEETS["EXPEND"]
    found, _ = read(tmp_path, {"EXPEND": [(*heads, "ITEMS", "Remark of ours", "SPARE", "COMMENT"),
                                          (*row, "I1", "only since 2019", "", "see I1")]})  # fmt: skip
    told = list(mapping.unknown(found["EXP"], structure, ("TIME_PERIOD", "OBS_VALUE", "CUSTOM_BREAKDOWN")))
    assert [(f.rule, f.severity, f.cell) for f in told] == [("S10", "error", "I2"), ("S10", "information", "J2")]
    assert "ITEMS of the mapping is not in XX1:ESSPROS_EXP(1.0) (near it: ITEM)" in told[0].message


def test_a_component_that_is_there_twice_is_refused(tmp_path, structure):
    """Which of two columns of one component holds is not guessed; a remark may be there twice."""
    heads, row = SHEETS["EXPEND"]
    found, _ = read(tmp_path, {"EXPEND": [(*heads, "item", "note", "Note"), (*row, "I2", "a", "b")]})
    (told,) = mapping.unknown(found["EXP"], structure, ())
    assert (told.rule, told.cell, told.stops) == ("S21", "I1", True) and "ITEM is there twice" in told.message


def test_a_workbook_without_a_mapping_is_refused(tmp_path):
    """The sheets that are wanted and those there are named."""
    with pytest.raises(UsageError, match="the sheets are EXPEND and RECEIPT; the workbook has RECORDS, Sheet1"):
        read(tmp_path, {"RECORDS": [("CODE",)], "Sheet1": []})


def test_a_file_that_is_no_workbook_is_refused(tmp_path):
    """A mapping that is not there, is text, or is protected by a password is told by what it is."""
    (tmp_path / "t.xlsx").write_text("CODE;FREQ\n", encoding="utf-8")
    (tmp_path / "p.xlsx").write_bytes(
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"EncryptedPackage".decode().encode("utf-16-le") * 9
    )
    with pytest.raises(UsageError, match="no such file"):
        mapping.read(tmp_path / "none.xlsx", FLOWS, {}, [])
    with pytest.raises(SourceUnreadable, match=r"t\.xlsx: not a workbook"):
        mapping.read(tmp_path / "t.xlsx", FLOWS, {}, [])
    with pytest.raises(SourceUnreadable, match="password"):
        mapping.read(tmp_path / "p.xlsx", FLOWS, {}, [])
