"""The questionnaire in and out: nothing is lost, layouts vary, and what is wrong is told with its cell."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import openpyxl
import pandas as pd
import pytest

from reporting.errors import SourceUnreadable, UsageError
from reporting.sha import checks, jhaq, neutral, workbook
from reporting.sha.neutral import AXES, Accounts
from reporting.sha.totals import completed

Edit = Callable[[openpyxl.Workbook], None]
KEYS = ["year", "table", *AXES]


@pytest.fixture(scope="session")
def written(tmp_path_factory, known, classes, years) -> Path:
    """The questionnaire of 2022 as a workbook."""
    path = tmp_path_factory.mktemp("jhaq") / "jhaq-2022.xlsx"
    workbook.write(path, known, classes, years[2022])
    return path


@pytest.fixture
def edited(tmp_path: Path, written: Path) -> Callable[[Edit], Path]:
    """The workbook after somebody worked on it; values of formulas stay as they were computed."""

    def change(edit: Edit) -> Path:
        values = openpyxl.load_workbook(written, data_only=True)
        edit(values)
        path = tmp_path / "filled-2022.xlsx"
        values.save(path)
        return path

    return change


def same(one: Accounts, other: Accounts) -> bool:
    """Whether two accounts hold the same cells."""
    both = one.table.merge(other.table, on=KEYS, how="outer", suffixes=("", "_o"), indicator=True)
    equal = np.isclose(both["value"], both["value_o"], atol=1e-8, equal_nan=True).all()
    told = (both["status"] == both["status_o"]).all() and (both["note"] == both["note_o"]).all()
    return bool(equal and told and (both["_merge"] == "both").all())


def test_what_is_written_is_read_again(written: Path, classes, years) -> None:
    """Values, nil, x, flags, notes and metadata survive a workbook; each cell knows its place."""
    found = jhaq.read(written, classes)
    assert same(found, years[2022]) and not found.findings
    assert found.metadata["text"].tolist() == years[2022].metadata["text"].tolist()
    row = found.table[(found.table["table"] == "HCxHF") & (found.table["status"] == "x")].iloc[0]
    assert (row["sheet"], row["hc"], row["hf"]) == ("HCxHF", "HC.4.2", "HF.2.2.1")
    sheet = openpyxl.load_workbook(written)["HCxHF"]
    assert sheet[row["cell"]].value == "x"


def test_sub_totals_are_formulas_that_give_their_values(written: Path) -> None:
    """Every total is a formula over its parts; computing the formulas gives the values beside them."""
    formulas, values = openpyxl.load_workbook(written), openpyxl.load_workbook(written, data_only=True)
    count = 0
    for sheet in formulas:
        for row in sheet.iter_rows():
            for cell in row:
                if isinstance(cell.value, str) and cell.value.startswith("=IF(COUNT("):
                    names = cell.value[cell.value.index("SUM(") + 4 : -2].split(",")
                    parts = [values[sheet.title][name].value for name in names]
                    given = [part for part in parts if isinstance(part, int | float)]
                    shown = values[sheet.title][cell.coordinate].value
                    assert shown == pytest.approx(sum(given), abs=1e-6) if given else not str(shown or "").strip()
                    count += 1
                    assert cell.protection.locked
    assert count > 3000
    assert not formulas["HCxHF"]["E8"].protection.locked


def test_a_neutral_table_is_read_again(tmp_path: Path, classes, years) -> None:
    """The CSV file holds the same cells, with commas or semicolons; a finding names its line."""
    path = tmp_path / "jhaq.csv"
    neutral.write(path, years[2022].table)
    assert same(neutral.read(path, classes), years[2022])
    frame = pd.read_csv(path, dtype=str, keep_default_na=False)
    frame.to_csv(path, index=False, sep=";")
    assert same(jhaq.read(path, classes), years[2022])


def test_codes_are_found_wherever_they_stand(edited, classes, years) -> None:
    """Rows and columns before the table, Eurostat's codes, labels beside codes, a table turned on its side."""

    def edit(book: openpyxl.Workbook) -> None:
        book["HCxHF"].insert_rows(1, 3)
        book["HCxHF"].insert_cols(1, 2)
        book["HCxHP"].title = "HC x HP 2022"
        for row in book["HC x HP 2022"].iter_rows(min_col=2, max_col=2):
            row[0].value = str(row[0].value or "").replace(".", "") or None
        turned = book["HPxHF"]
        cells = {(c.column, c.row): c.value for r in turned.iter_rows() for c in r}
        notes = {(c.column, c.row): c.comment for r in turned.iter_rows() for c in r if c.comment}
        turned.delete_rows(1, turned.max_row)
        for (row, column), value in cells.items():
            turned.cell(row, column).value = value
        for (row, column), note in notes.items():
            turned.cell(row, column).comment = openpyxl.comments.Comment(note.text, "")

    found = jhaq.read(edited(edit), classes)
    assert not found.findings
    assert same(found, years[2022])


@pytest.mark.parametrize(
    ("edit", "rule", "place", "said"),
    [
        (lambda b: b["HCxHF"].__setitem__("B10", "HC.1.8.7"), "Q31", "HCxHF!B10", "HC.1.8.7"),
        (lambda b: b["HCxHF"].__setitem__("D5", "HF.9.9"), "Q31", "HCxHF!D5", "HF.9.9"),
        (lambda b: b["HCxHF"].__setitem__("B10", "HC.1.1"), "Q07", "HCxHF!B10", "stands in B7 too"),
        (lambda b: b["HCxHF"].__setitem__("B10", None), "Q06", "HCxHF!B10", "without a code"),
        (lambda b: b["HCxHF"].__setitem__("D5", "HF.9.9 Other schemes"), "Q31", "HCxHF!D5", "HF.9.9 Other"),
        (lambda b: b["HCxHF"].__setitem__("B10", "day care"), "Q06", "HCxHF!B10", "headed 'day care'"),
        (lambda b: b["HCxHP"].__setitem__("E9", "12.5"), "Q08", "HCxHP!E9", "a number written as text"),
        (lambda b: b["HK"].__setattr__("sheet_state", "hidden"), "Q13", "HK", "hidden"),
        (lambda b: b["Metadata"].__setitem__("A8", "remark"), "Q34", "Metadata", "nothing of: source"),
        (lambda b: b["HCxHP"].__setitem__("E9", "about 12"), "Q08", "HCxHP!E9", "is text where a number must be"),
        (lambda b: b["HCxHP"].__setitem__("E9", "1.234,56"), "Q09", "HCxHP!E9", "decimal comma"),
        (lambda b: b["HCxHP"].__setitem__("E9", True), "Q08", "HCxHP!E9", "True is no number"),
        (lambda b: b.copy_worksheet(b["HPxFP"]).__setattr__("title", "HP x FP"), "Q11", "HP x FP", "HPxFP too"),
        (lambda b: b["HK"].delete_cols(1, 2), "Q12", "HK", "no row and column with codes"),
        (lambda b: b.remove(b["HPxHF"]), "Q35", "", "no table HPxHF"),
        (lambda b: b.remove(b["Metadata"]), "Q33", "", "no sheet Metadata"),
        (lambda b: b["Metadata"].delete_rows(3), "Q12", "Metadata", "no headings Item and Text"),
    ],
)
def test_what_is_wrong_is_told_with_its_cell(edited, classes, edit: Edit, rule: str, place: str, said: str) -> None:
    """Wrong and repeated codes, texts, lost headings and sheets: one finding each, and the rest is read."""
    found = jhaq.read(edited(edit), classes)
    match = [f for f in found.findings if f.rule == rule]
    assert len(match) == 1 and said in match[0].message and match[0].mend
    assert f"{match[0].sheet}!{match[0].cell}".strip("!") == place
    assert len(found.table) > 4000


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("HC.1.1", "HC.1.1"), ("hc 1.1", "HC.1.1"), ("HC11", "HC.1.1"), ("HC.1.1 Inpatient curative care", "HC.1.1"),
        ("HC.1.1 + HC.2.1", "HC.1.1+HC.2.1"), ("HC11_21", "HC.1.1+HC.2.1"), ("HC11_HC21", "HC.1.1+HC.2.1"),
        ("HC.RI.1", "HC.RI.1"), ("HC_RI1", "HC.RI.1"), ("HCR.1.2", "HCR.1.2"), ("Inpatient curative care", "HC.1.1"),
        ("All HC", "_T"), ("TOT_HC", "_T"), ("Total", "_T"), ("HC.1-HC.9", "_T"), ("HC.1 to HC.9", "_T"),
        ("Current health care expenditure (CHE)", "_T"), ("HF.1-HF.4", ""), ("HC.1.9", ""), ("HF.1", ""), ("", ""),
        ("HC functions", ""), (None, ""),
    ],
)  # fmt: skip
def test_codes_as_they_are_written(classes, text: object, code: str) -> None:
    """The manual's form, Eurostat's, labels and totals lead to one code; what is none leads to none."""
    assert classes.axes["hc"].code(text) == code


def test_a_formula_error_is_a_finding_and_no_number(tmp_path, written, classes, known) -> None:
    """``#REF!`` in a cell is told, and the sums it is part of are undecidable rather than passed."""
    book = openpyxl.load_workbook(written, data_only=True)
    book["HCxHF"]["D8"] = "#REF!"
    book["HCxHF"]["D8"].data_type = "e"
    path = tmp_path / "broken-2022.xlsx"
    book.save(path)
    found = jhaq.read(path, classes)
    assert [(f.rule, f.sheet, f.cell) for f in found.findings] == [("Q03", "HCxHF", "D8")]
    left = [f for f in checks.check(known, found) if f.rule == "H01"]
    assert left and {f.outcome for f in left} == {"undecidable"}


def test_an_error_beside_the_tables_does_not_stop_them(edited, classes) -> None:
    """``#REF!`` on a sheet of notes, or beside a table, is a warning: no figure is read from it."""

    def edit(book: openpyxl.Workbook) -> None:
        for sheet, place in ((book.create_sheet("Notes"), "A1"), (book["HCxHF"], "A1")):
            sheet[place] = "#REF!"
            sheet[place].data_type = "e"

    found = jhaq.read(edited(edit), classes).findings
    assert {(f.rule, f.severity, f.sheet) for f in found} == {("Q03", "warning", "Notes"), ("Q03", "warning", "HCxHF")}


def test_totals_no_program_has_computed_are_computed(tmp_path, written, classes, years) -> None:
    """A workbook saved by a program that does not compute says so, and its totals are right all the same."""
    path = tmp_path / "uncomputed-2022.xlsx"
    openpyxl.load_workbook(written).save(path)
    found = jhaq.read(path, classes)
    assert {f.rule for f in found.findings} == {"Q04"}
    both = found.table.merge(years[2022].table, on=KEYS, suffixes=("", "_o"), validate="1:1")
    assert len(both) == len(found.table)
    assert np.allclose(both["value"].fillna(0), both["value_o"].fillna(0), atol=1e-8)


def test_a_formula_that_gives_no_value_is_no_zero(tmp_path, written, classes, known) -> None:
    """A formula nobody has computed and that is no sum leaves its totals undecidable."""
    book = openpyxl.load_workbook(written, data_only=True)
    book["HCxHF"]["E8"] = '=INDIRECT("K1")'
    path = tmp_path / "open-2022.xlsx"
    book.save(path)
    found = jhaq.read(path, classes)
    assert [(f.rule, f.cell) for f in found.findings] == [("Q04", "E8")]
    assert found.table.loc[(found.table["cell"] == "E8") & (found.table["sheet"] == "HCxHF"), "status"].tolist() == [
        "?"
    ]
    assert {f.outcome for f in checks.check(known, found) if f.rule == "H01"} == {"undecidable"}


def test_the_year_comes_from_the_metadata_a_title_or_the_name(edited, tmp_path, classes) -> None:
    """A workbook without metadata and title has the year of its name; without any it must be given."""

    def edit(book: openpyxl.Workbook) -> None:
        book.remove(book["Metadata"])
        for sheet in book:
            sheet["A1"] = "Table"

    path = edited(edit)
    assert jhaq.read(path, classes).years == [2022]
    unnamed = path.rename(tmp_path / "filled.xlsx")
    with pytest.raises(UsageError, match="the year is not said"):
        jhaq.read(unnamed, classes)
    assert jhaq.read(unnamed, classes, 2021).years == [2021]


def test_a_file_that_is_no_questionnaire_is_refused(tmp_path, classes) -> None:
    """Another workbook, a cut one, a protected one, and a missing one: a message each."""
    book = openpyxl.Workbook()
    book.active["A1"] = "Budget 2023"
    book.save(tmp_path / "other.xlsx")
    with pytest.raises(SourceUnreadable, match="no sheet is a table of health accounts"):
        jhaq.read(tmp_path / "other.xlsx", classes)
    (tmp_path / "cut.xlsx").write_bytes((tmp_path / "other.xlsx").read_bytes()[:2000])
    (tmp_path / "locked.xlsx").write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "EncryptedPackage".encode("utf-16-le"))
    with zipfile.ZipFile(tmp_path / "letter.xlsx", "w") as archive:
        archive.writestr("word/document.xml", "<w/>")
    for name in ("cut", "locked", "letter"):
        with pytest.raises(SourceUnreadable):
            jhaq.read(tmp_path / f"{name}.xlsx", classes)
    with pytest.raises(UsageError, match="no such file"):
        jhaq.read(tmp_path / "nowhere.xlsx", classes)


@pytest.mark.parametrize(
    ("line", "rule"),
    [
        ("2023,HCxHQ,HC.1,,HF.1,,,,5,,", "Q32"),
        ("23,HCxHF,HC.1,,HF.1,,,,5,,", "Q20"),
        ("2023,HCxHF,HC.77,,HF.1,,,,5,,", "Q31"),
        ("2023,HCxHF,HC.1,,,,,,5,,", "Q31"),
        ('2023,HCxHF,HC.1,,HF.1,,,,"5,2",,', "Q09"),
        ("2023,HCxHF,HC.1,,HF.1,,,,five,,", "Q08"),
        ("2023,HCxHF,HC.2,,HF.1,,,,5,,", "Q07"),
    ],
)
def test_a_line_of_a_neutral_table_at_fault_is_told(tmp_path: Path, classes, line: str, rule: str) -> None:
    """Each fault of a line is one finding with the number of the line."""
    path = tmp_path / "table.csv"
    head = ",".join(neutral.COLUMNS)
    path.write_text(f"{head}\n2023,HCxHF,HC.2,,HF.1,,,,4,,\n{line}\n")
    found = neutral.read(path, classes)
    assert [(f.rule, f.cell, f.severity) for f in found.findings] == [(rule, "line 3", "error")]
    assert found.table["value"].iloc[0] == 4


def test_a_csv_file_without_the_columns_is_refused(tmp_path, classes) -> None:
    """The columns that are missing are named; another encoding too."""
    path = tmp_path / "table.csv"
    path.write_text("year,value\n2023,4\n")
    with pytest.raises(SourceUnreadable, match="the columns table, hc"):
        neutral.read(path, classes)
    path.write_bytes("année;valeur".encode("latin-1"))
    with pytest.raises(SourceUnreadable, match="not UTF-8"):
        neutral.read(path, classes)


def test_a_rest_that_is_not_specified_is_not_lost(tmp_path, known, classes, years, spoilt) -> None:
    """A total above its parts is written as a figure, not replaced by their sum."""
    base = spoilt(years[2022], "HCxHP", "HC.4", "HP.4.2", value=900.0)
    path = tmp_path / "jhaq-2022.xlsx"
    workbook.write(path, known, classes, base)
    table = jhaq.read(path, classes).table
    there = (table["table"] == "HCxHP") & (table["hc"] == "HC.4") & (table["hp"] == "HP.4.2")
    assert table.loc[there, "value"].tolist() == [900.0] and table.loc[there, "typed"].all()
    with pytest.raises(UsageError, match="of one year"):
        workbook.write(path, known, classes, replace(base, table=pd.concat([base.table, years[2023].table])))


def test_totals_are_those_of_the_leaves(classes, years) -> None:
    """With all totals taken away, they are computed again to what they were."""
    base = years[2023]
    leaves = replace(base, table=base.table[base.table["typed"]].reset_index(drop=True))
    assert same(completed(leaves, classes), base)
