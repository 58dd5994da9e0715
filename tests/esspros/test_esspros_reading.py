"""Questionnaires as they come back: what is tolerated, and what is told with its sheet, cell and code."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd
import pytest
from openpyxl.comments import Comment

from reporting.errors import SourceUnreadable
from reporting.esspros import classification, neutral, questionnaire
from reporting.esspros.classification import Classification
from reporting.esspros.questionnaire import Questionnaire
from reporting.esspros.samples import figures
from reporting.esspros.schemes import ALL

Changed = Callable[[Callable[[Any], object]], Questionnaire]
PENSION = "ben.old.nmt.cash.per.oldage_pension"
KEY = ["year", "scheme", "item"]


def cell_of(book: Any, year: int, scheme: int, code: int) -> Any:
    """The cell of a scheme and code, found by what stands in the sheet."""
    sheet = book[str(year)]
    row = next(row for row in range(1, sheet.max_row + 1) if sheet.cell(row, 2).value == code)
    column = next(c for c in range(1, sheet.max_column + 1) if sheet.cell(3, c).value == f"Scheme {scheme:02d}")
    return sheet.cell(row, column)


def told(found: Questionnaire) -> list[tuple[str, str, str, str]]:
    """Rule, severity, sheet and cell of each finding."""
    return [(f.rule, f.severity, f.sheet, f.cell) for f in found.findings]


def plain(table: pd.DataFrame) -> pd.DataFrame:
    """A table without places, in an order of its own."""
    return table[list(neutral.COLUMNS)].sort_values(KEY).reset_index(drop=True)


def value(found: Questionnaire, year: int, scheme: str, item: str) -> list[float]:
    """The figures of a year, scheme and item."""
    table = found.table
    return table[(table["year"] == year) & (table["scheme"] == scheme) & (table["item"] == item)]["value"].tolist()


def test_the_sample_is_read_as_it_was_made(reported: Questionnaire, items: Classification) -> None:
    """Every figure, flag, comment, scheme and row beside is what the country that does not exist reports."""
    made = figures.questionnaire(items)
    assert not reported.findings
    pd.testing.assert_frame_equal(plain(reported.table), plain(made.table), check_exact=True)
    assert (reported.schemes, reported.years) == (made.schemes, [2019, 2020, 2021, 2022, 2023])
    for name, columns in questionnaire.BESIDE.items():
        mine, theirs = (
            {"Qualitative": q.qualitative, "Beneficiaries": q.beneficiaries, "NetBenefits": q.net}[name][list(columns)]
            for q in (reported, made)
        )
        pd.testing.assert_frame_equal(mine, theirs, check_dtype=False, check_exact=True)
    assert not reported.table.duplicated(KEY).any()


def test_the_place_of_a_figure_is_where_it_stands(sample: Path, reported: Questionnaire) -> None:
    """The cell named for a figure holds that figure in the workbook, as another library reads it."""
    book = openpyxl.load_workbook(sample / "veldania.xlsx", data_only=True)
    for row in reported.table.iloc[::97].itertuples():
        assert book[row.sheet][row.cell].value == row.value


def test_the_sample_adds_up(reported: Questionnaire) -> None:
    """In the sample each aggregate is the sum of its items, the last column that of schemes, transfers cancel out."""
    items = reported.classification
    for (_, scheme), rows in reported.table.groupby(["year", "scheme"]):
        values = rows.set_index("item")["value"].to_dict()
        for name, total in values.items():
            if children := items.children(name):
                assert total == pytest.approx(sum(values.get(child, 0) for child in children), abs=0.011)
        assert values["rec"] - values.get("rec.trf", 0) == pytest.approx(values["org"], abs=0.011)
        if scheme == ALL:
            for kind in ("rerouted", "other"):
                assert values[f"rec.trf.{kind}"] == pytest.approx(values[f"exp.trf.{kind}"])
    sums = reported.table[reported.table["scheme"] != ALL].groupby(["year", "item"])["value"].sum()
    every = reported.table[reported.table["scheme"] == ALL].set_index(["year", "item"])["value"]
    assert (sums - every).abs().max() < 0.011


def test_a_workbook_without_a_list_of_codes_says_so_once(sample: Path, copy: Path) -> None:
    """The workbook's own list of codes is taken; without one a single finding a sheet asks for it."""
    unnumbered = classification.load()
    assert not questionnaire.read(sample / "veldania.xlsx", unnumbered).findings
    book = openpyxl.load_workbook(copy)
    del book["Codes"]
    book.save(copy)
    found = [f for f in questionnaire.read(copy, unnumbered).findings if f.rule == "E05" and f.sheet == "2023"]
    assert [(f.cell, f.item) for f in found] == [("B5", "2000000")]
    assert "302 numeric codes" in found[0].message and "--codes" in found[0].mend


# What is tolerated


def _rows_and_remarks(book: Any) -> None:
    sheet = book["2023"]
    sheet.insert_rows(40, 3)
    sheet["A41"] = "Benefits, continued"
    sheet["D41"] = "see annex"
    sheet.cell(sheet.max_row + 2, 1).value = "Source: institutions"
    sheet["E42"], sheet["N4"], sheet["N9"] = "=E5-E60", "Check", "=SUM(D9:M9)-C9"
    sheet.row_dimensions[20].hidden = sheet.column_dimensions["E"].hidden = True
    sheet["A1"].value = "Veldania"
    sheet.merge_cells("A1:H1")


def _spellings(book: Any) -> None:
    sheet = book["2023"]
    for cell in sheet[3]:
        text = str(cell.value or "")
        number = text.removeprefix("Scheme ")
        if text.startswith("Scheme"):
            spelt = [
                f"SCHEME {number}",
                f"Scheme {int(number)}",
                f"Scheme {number}\nOld-age insurance",
                f"scheme{number}",
            ]
            cell.value = spelt[int(number) % 4]
    sheet["C3"] = "Total of schemes"


def _codes_as_text(book: Any) -> None:
    for number, row in enumerate(range(5, 300)):
        cell = book["2023"].cell(row, 2)
        cell.value = [f"{cell.value}", f" {cell.value} ", f"{cell.value}.0", float(cell.value)][number % 4]


def _hidden_sheet(book: Any) -> None:
    book["2021"].sheet_state = "veryHidden"
    book.create_sheet("Notes for colleagues")["A1"] = "call the institute"


def _register_under_another_name(book: Any) -> None:
    sheet = book["Schemes"]
    sheet.title = "Annex 1"
    sheet.insert_rows(1, 2)
    sheet["A1"] = "Schemes of Veldania"
    official = {"number": "Serial number", "decision": "Decision-making", "level": "Level of protection"}
    for cell in sheet[3]:
        cell.value = official.get(cell.value, cell.value)


def _moved_total(book: Any) -> None:
    sheet = book["2023"]
    for row in range(1, sheet.max_row + 1):
        sheet.cell(row, 14).value, sheet.cell(row, 3).value = sheet.cell(row, 3).value, None


def _signs_for_missing(book: Any) -> None:
    for scheme, text in zip((7, 8, 9, 10), (":", "..", " ", "n/a"), strict=True):
        empty = cell_of(book, 2023, scheme, 1131111 if scheme != 9 else 1161111)
        assert empty.value is None
        empty.value = text


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (_rows_and_remarks, []), (_spellings, []), (_codes_as_text, []), (_moved_total, []),
        (_register_under_another_name, []),
        (_signs_for_missing, []), (_hidden_sheet, [("Q13", "information", "2021", "")]),
    ],
    ids=lambda value: value.__name__ if callable(value) else "",
)  # fmt: skip
def test_what_people_do_to_a_workbook_changes_no_figure(
    change: Callable[[Any], None], expected: list[tuple[str, str, str, str]], changed: Changed, reported: Questionnaire
) -> None:
    """Extra rows, hidden parts, merged titles, spellings of headings and codes, and signs for missing are read."""
    found = changed(change)
    known = [finding for finding in told(found) if finding[0] != "Q04"]
    assert (known, found.schemes) == (expected, reported.schemes)
    there = found.table[found.table["value"].notna()].reset_index(drop=True)
    pd.testing.assert_frame_equal(plain(there), plain(reported.table), check_exact=True)
    assert len(found.table) - len(there) == (3 if change is _signs_for_missing else 0)


@pytest.mark.parametrize(
    "heading", ["All schemes", "TOTAL", "Total – all schemes", "Ensemble des régimes", "Summe", "_T"]
)
def test_the_column_of_all_schemes_has_many_names(heading: str, changed: Changed, reported: Questionnaire) -> None:
    """The total column is found under any usual name."""

    def rename(book: Any) -> None:
        book["2022"]["C3"] = heading

    assert value(changed(rename), 2022, ALL, "exp") == value(reported, 2022, ALL, "exp") != []


def test_flags_and_comments_come_from_notes(changed: Changed) -> None:
    """A note begins with the flag in brackets; a note without one is a comment, an unknown flag is told."""

    def annotate(book: Any) -> None:
        for scheme, note in ((1, "[E]  Estimate of\nthe institute"), (2, "plain words"), (9, "[y] what is y")):
            cell_of(book, 2023, scheme, 1131111).comment = Comment(note, "")
        cell_of(book, 2023, 3, 1131111).comment = Comment("[m] not collected", "")

    found = changed(annotate)
    rows = found.table[(found.table["year"] == 2023) & (found.table["item"] == PENSION)].set_index("scheme")
    assert rows.loc["1", ["flag", "comment"]].tolist() == ["e", "Estimate of\nthe institute"]
    assert rows.loc["2", ["flag", "comment"]].tolist() == ["", "plain words"]
    assert rows.loc["9", ["flag", "comment"]].tolist() == ["", "[y] what is y"]
    missing = found.table[found.table["flag"] == "m"]
    assert missing["scheme"].tolist() == ["3"] and missing["value"].isna().all()
    assert [(f.rule, f.sheet) for f in found.findings] == [("Q15", "2023")]


# Bad input: each is told, with its place


def test_a_wrong_code_is_told_and_kept(changed: Changed) -> None:
    """A code that no item has names its cell and one near it; its figures stay under that code."""

    def change(book: Any) -> None:
        cell_of(book, 2023, 1, 1131111).offset(column=2 - 4).value = 1131117

    found = changed(change)
    assert [(f.rule, f.severity, f.sheet, f.item) for f in found.findings] == [("E05", "error", "2023", "1131117")]
    assert found.findings[0].cell.startswith("B") and "near it is 11311" in found.findings[0].mend
    assert value(found, 2023, "1", "1131117") and not value(found, 2023, "1", PENSION)


def test_a_code_that_stands_twice_is_told_with_both_rows(changed: Changed, reported: Questionnaire) -> None:
    """The second row of a code is not read, and the finding names it and the first."""

    def change(book: Any) -> None:
        book["2023"].append(["again", 1131111, None, 1.0, 2.0])

    found = changed(change)
    finding = found.findings[0]
    assert (finding.rule, finding.severity, finding.sheet, finding.item) == ("Q07", "error", "2023", PENSION)
    row = reported.table[(reported.table["item"] == PENSION) & (reported.table["year"] == 2023)]["cell"].iloc[0][1:]
    assert f"stands in row {row} too" in finding.message
    assert value(found, 2023, "1", PENSION) == value(reported, 2023, "1", PENSION)


@pytest.mark.parametrize(
    ("text", "rule"),
    [("n.k.", "Q08"), ("8420.35", "Q08"), ("8.420,35", "Q09"), ("8 420,35", "Q09"), ("12,5", "Q09"), (True, "Q08")],
)
def test_a_text_in_the_cell_of_a_number_is_told(text: object, rule: str, changed: Changed) -> None:
    """Words, numbers kept as text and decimal commas name cell, scheme and item; the figure is missing, not wrong."""
    where = []

    def change(book: Any) -> None:
        cell = cell_of(book, 2020, 4, 1161111)
        where.append(cell.coordinate)
        cell.value = text

    found = changed(change)
    assert [(f.rule, f.severity, f.sheet, f.cell, f.scheme, f.item, f.year) for f in found.findings] == [
        (rule, "error", "2020", where[0], "4", "ben.une.nmt.cash.per.full", "2020")
    ]
    [missing] = value(found, 2020, "4", "ben.une.nmt.cash.per.full")
    assert missing != missing


def test_a_scheme_that_is_not_in_the_list_is_told(changed: Changed, reported: Questionnaire) -> None:
    """Figures of a scheme without a row in the register name it and the first cell, in each sheet."""

    def change(book: Any) -> None:
        book["Schemes"].delete_rows(10)

    found = changed(change)
    assert [(f.rule, f.severity, f.sheet, f.scheme) for f in found.findings] == [
        ("E04", "error", str(year), "9") for year in range(2019, 2024)
    ]
    assert value(found, 2023, "9", PENSION) == value(reported, 2023, "9", PENSION)


@pytest.mark.parametrize("rows", [1, -1])
def test_headings_in_another_row_are_told_and_read(rows: int, changed: Changed, reported: Questionnaire) -> None:
    """A sheet that slid up or down by a row is read from where it stands, with a finding."""

    def change(book: Any) -> None:
        book["2023"].insert_rows(1) if rows > 0 else book["2023"].delete_rows(1)

    found = changed(change)
    assert told(found) == [("Q05", "warning", "2023", f"B{3 + rows}")]
    pd.testing.assert_frame_equal(plain(found.table), plain(reported.table), check_exact=True)


def test_headings_shifted_against_the_figures_are_an_error(changed: Changed) -> None:
    """Headings that slid by a column would give each scheme the figures of another: that closes the gate."""

    def change(book: Any) -> None:
        sheet = book["2023"]
        for column in range(14, 1, -1):
            sheet.cell(3, column + 1).value = sheet.cell(3, column).value
        sheet["B3"] = None

    found = changed(change)
    assert ("Q05", "error", "2023", "C3") in told(found)


def test_a_year_that_is_there_twice_is_told(changed: Changed, reported: Questionnaire) -> None:
    """A second sheet of a year names the first and is not read."""

    def change(book: Any) -> None:
        book.copy_worksheet(book["2023"]).title = "2023 (2)"
        book["2023 (2)"]["D5"] = -1.0

    found = changed(change)
    assert told(found) == [("Q11", "error", "2023 (2)", "")]
    pd.testing.assert_frame_equal(plain(found.table), plain(reported.table), check_exact=True)


def test_figures_that_no_heading_or_code_covers_are_told(changed: Changed) -> None:
    """A column without a heading, one with a strange one, a column twice, and a row without a code are told."""

    def change(book: Any) -> None:
        sheet = book["2023"]
        sheet["N3"], sheet["O3"], sheet["P3"] = None, "Check", "Scheme 01"
        for column in "NOP":
            sheet[f"{column}9"] = 1.0
        sheet[f"E{sheet.max_row + 1}"] = 7.0

    found = told(changed(change))
    assert found[:3] == [
        ("Q14", "error", "2023", "P3"), ("Q10", "error", "2023", "N9"), ("Q10", "warning", "2023", "O9")
    ]  # fmt: skip
    assert [(rule, severity) for rule, severity, _, _ in found[3:]] == [("Q06", "warning")]


def test_sheets_that_are_no_year_are_told(changed: Changed) -> None:
    """A year without headings is an error, headings without a year a warning, and a text beside years is neither."""

    def change(book: Any) -> None:
        book["2019"].title = "First year"
        book["2020"].delete_rows(3)
        book.create_sheet("2024 plans")["A1"] = "to do"

    assert told(changed(change)) == [("Q21", "warning", "First year", ""), ("Q12", "error", "2020", "")]


def test_a_formula_error_names_its_cell_item_and_formula(copy: Path, items: Classification) -> None:
    """An error in a cell of the questionnaire is told, and the figure is missing."""
    with zipfile.ZipFile(copy) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    sheet = "xl/worksheets/sheet5.xml"
    at = parts[sheet].index(b'<c r="D5"')
    end = parts[sheet].index(b"</c>", at)
    cell = b'<c r="D5" t="e"><f>SUM(#REF!)</f><v>#REF!</v>'
    parts[sheet] = parts[sheet][:at] + cell + parts[sheet][end:]
    with zipfile.ZipFile(copy, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    found = questionnaire.read(copy, items)
    assert told(found) == [("Q03", "error", "2023", "D5")]
    [missing] = value(found, 2023, "1", "rec")
    assert missing != missing


def test_an_error_from_which_no_figure_is_read_stops_nothing(changed: Changed, reported: Questionnaire) -> None:
    """Errors in check cells are warnings, in sheets beside the questionnaire notes, and in figures errors."""

    def change(book: Any) -> None:
        book.create_sheet("Notes")["A1"] = "#N/A"
        book["2023"]["Q5"], book["2023"]["Q6"] = "#DIV/0!", "=C5/C6"
        cell_of(book, 2022, 1, 1131111).value = "=VLOOKUP(A1,B:C,2)"
        cell_of(book, 2021, 1, 1131111).value = "#REF!"

    found = changed(change)
    assert [finding for finding in told(found) if finding[2] in ("Notes", "2023")] == [
        ("Q03", "warning", "2023", "Q5"), ("Q03", "information", "Notes", "A1"), ("Q04", "warning", "2023", "Q6")
    ]  # fmt: skip
    stopping = [(f.rule, f.sheet) for f in found.findings if f.stops]
    assert sorted(stopping) == [("Q03", "2021"), ("Q04", "2022")]
    for year in (2021, 2022):
        [missing] = value(found, year, "1", PENSION)
        assert missing != missing
    assert value(found, 2023, "1", PENSION) == value(reported, 2023, "1", PENSION)


def test_faults_of_the_register_are_told(changed: Changed) -> None:
    """A scheme twice, without number or name, unknown criteria and years, and criteria that seldom go together."""

    def change(book: Any) -> None:
        sheet = book["Schemes"]
        heads = {cell.value: cell.column for cell in sheet[1]}
        sheet.cell(3, heads["number"]).value = 1
        sheet.cell(4, heads["number"]).value = "three"
        sheet.cell(5, heads["scope"]).value = "sometimes"
        sheet.cell(6, heads["first"]).value = "long ago"
        sheet.cell(7, heads["name"]).value = None
        sheet.cell(8, heads["last"]).value = 1968
        sheet.cell(9, heads["scope"]).value = "Universal"
        sheet.cell(9, heads["entitlement"]).value = "contributory"

    found = [(f.rule, f.sheet, f.scheme) for f in changed(change).findings if f.rule.startswith("Q")]
    assert found == [
        ("Q16", "Schemes", "1"), ("Q17", "Schemes", ""), ("Q18", "Schemes", "4"), ("Q19", "Schemes", "5"),
        ("Q22", "Schemes", "6"), ("Q19", "Schemes", "7"), ("Q23", "Schemes", "8"),
    ]  # fmt: skip


def test_faults_beside_the_years_are_told(changed: Changed) -> None:
    """A text for a count, an unknown benefit, scheme and year, and missing headings are told with their cells."""

    def change(book: Any) -> None:
        book["Beneficiaries"]["E2"] = "many"
        book["Beneficiaries"]["B3"] = "first"
        book["NetBenefits"]["A2"] = "last year"
        book["NetBenefits"]["C3"] = 1999999
        book["Qualitative"]["A1"] = "what"

    assert told(changed(change)) == [
        ("Q12", "error", "Qualitative", ""), ("Q08", "error", "Beneficiaries", "E2"),
        ("Q17", "error", "Beneficiaries", "B3"), ("Q20", "error", "NetBenefits", "A2"),
        ("E05", "error", "NetBenefits", "C3"),
    ]  # fmt: skip


def test_a_workbook_without_a_year_is_refused(tmp_path: Path, items: Classification) -> None:
    """A workbook that is no questionnaire says what one has."""
    openpyxl.Workbook().save(tmp_path / "other.xlsx")
    with pytest.raises(SourceUnreadable, match="no sheet of a year"):
        questionnaire.read(tmp_path / "other.xlsx", items)


# The neutral table


def test_a_neutral_table_is_the_same_questionnaire(
    sample: Path, items: Classification, reported: Questionnaire
) -> None:
    """The CSV file and the workbook hold the same figures; its register comes from a file of its own."""
    found = questionnaire.read(sample / "veldania.csv", items, sample / "schemes.csv")
    pd.testing.assert_frame_equal(plain(found.table), plain(reported.table), check_exact=True)
    assert (found.findings, found.schemes) == ((), reported.schemes)
    assert found.table["cell"].iloc[0] == "line 2"


def test_spellings_of_a_neutral_table_make_no_difference(tmp_path: Path, items: Classification) -> None:
    """Other delimiters, headings, codes for items and names for schemes give the same rows."""
    path = tmp_path / "t.csv"
    path.write_text(
        "Jahr;Scheme number;Code;Wert;Status;Bemerkung\n2023;SCH001;1131111;8.5;;x\n\n2023;Total;1131111.0;:;m;\n",
        encoding="cp1252",
    )
    found = questionnaire.read(path, items)
    assert found.table.drop(columns=["value", "sheet"]).to_numpy().tolist() == [
        [2023, "1", PENSION, "", "x", "line 2"], [2023, ALL, PENSION, "m", "", "line 4"]
    ]  # fmt: skip
    assert found.table["value"].tolist()[0] == 8.5 and not found.findings


def test_faults_of_a_neutral_table_name_their_lines(tmp_path: Path, items: Classification) -> None:
    """A wrong year, scheme, code, number, decimal comma, flag, and a row twice are told with their lines."""
    path = tmp_path / "t.csv"
    path.write_text(
        'year,scheme,item,value,flag,comment\n23,1,exp,1,,\n2023,one,exp,1,,\n2023,1,expp,1,,\n2023,1,exp,"1,5",,\n'
        "2023,1,ben,some,,\n2023,1,rec,1,y,\n2023,1,exp,2,,\n",
        encoding="utf-8",
    )
    found = questionnaire.read(path, items)
    assert [(f.rule, f.cell) for f in found.findings] == [
        ("Q20", "line 2"), ("Q17", "line 3"), ("Q09", "line 5"), ("Q08", "line 6"), ("Q15", "line 7"),
        ("Q07", "line 8"), ("E05", "line 4"),
    ]  # fmt: skip
    assert "line 5 too" in found.findings[-2].message


def test_numeric_codes_without_a_list_are_told_once(tmp_path: Path) -> None:
    """A table with codes and no list of them asks for the list, and keeps its figures."""
    path = tmp_path / "numbers.csv"
    path.write_text("year,scheme,item,value\n2023,1,1000000,5\n2023,1,1100000,4\n2023,2,1100000,3\n", encoding="utf-8")
    found = questionnaire.read(path, classification.load())
    assert [(f.rule, f.cell, f.item) for f in found.findings] == [("E05", "line 2", "1000000")]
    assert found.findings[0].message.startswith("2 numeric codes") and len(found.table) == 3


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"year,scheme,value\n2023,1,5\n", "column item is missing"),
        (b'year,scheme,item,value\n2023,1,"exp,5\n', "cut or damaged"),
        (b"\x00\x01\x02\xff", "not a text file"),
        (b"", "column year, scheme, item, value is missing"),
    ],
)
def test_what_is_no_neutral_table_is_refused(content: bytes, words: str, tmp_path: Path, items: Classification) -> None:
    """A missing column, a cut line and a file that is no text are refused."""
    path = tmp_path / "t.csv"
    path.write_bytes(content)
    with pytest.raises(SourceUnreadable, match=words):
        questionnaire.read(path, items)
