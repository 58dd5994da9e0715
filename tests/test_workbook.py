"""The workbook: accessible, faithful to the records, the same bytes each time."""

from __future__ import annotations

import os
import re
import warnings
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd
import pytest
from openpyxl.workbook import Workbook as Book
from openpyxl.worksheet.worksheet import Worksheet as Sheet

from reporting.declarations import Language
from reporting.errors import OutputFailed
from reporting.labels import Words
from reporting.tables import Cell, Row, Table
from reporting.workbook import WorkbookFacts, write

FACTS = WorkbookFacts(
    "Vade Mecum", "Social protection", "FPS Social Security", "Belgium", "2026", "1 March 2026", "en", ("a@b.eu",)
)
FRENCH = {
    "Cover": "Couverture",
    "Contents": "Sommaire",
    "Notes": "Notes",
    "Table": "Tableau",
    "Flags": "Marques",
    "Table {number}: {title}": "Tableau {number} : {title}",
    "not available": "non disponible",
}
FLAGS = (("b", "break in time series"), ("p", "provisional"))


def words(lang: str = "en", catalogue: dict[str, str] | None = None) -> Words:
    """Make a vocabulary without declarations."""
    made = object.__new__(Words)
    made.language = Language(id=lang, locale=lang, tag=lang, name=lang)
    made.missing = set()
    made._catalogue = catalogue or {}
    return made


def cell(value: float | None, flag: str = "", decimals: int = 1) -> Cell:
    """Make a cell."""
    return Cell(value, flag, ":" if value is None else f"{value:,.{decimals}f}", decimals)


def table(rows: list[Row], columns: list[str], **changes: Any) -> Table:
    """Make a table."""
    made = Table(
        id="spending",
        title="Spending",
        geo="Belgium",
        tag="en",
        stub="Function",
        unit_head="Unit",
        unit="% of GDP",
        columns=tuple(columns),
        rows=tuple(rows),
        breaks=(),
        sources=("Eurostat, spr_exp_func, 1 March 2026",),
        notes=(),
        flags=(),
        flags_head="Flags",
        tidy=(),
    )
    return replace(made, **changes)


def mixed() -> Table:
    """Make a table with units by row, missing values, flags and a break."""
    rows = [
        Row("Old age", "% of GDP", (cell(12.3456, "b"), cell(0.1), cell(-3.0, "p"))),
        Row('=HYPERLINK("http://x")', "EUR", (cell(1234567.0, "", 0), cell(None), cell(None, "z"))),
        Row("@Housing", "EUR", (cell(99.0, "c", 2), cell(None, "c", 2), cell(0.005, "bp", 2))),
    ]
    return table(rows, ["2021", "2022", "2023"], unit="", breaks=(1,), notes=("First.", "Second."), flags=FLAGS)


def wide() -> Table:
    """Make a table of thirty dates."""
    dates = [f"{day} January 2026" for day in range(1, 31)]
    return table([Row(f"Row {i}", "", tuple(cell(i * 1000 + day / 7) for day in range(30))) for i in range(4)], dates)


def opened(path: Path, *tables: Table, facts: WorkbookFacts = FACTS, vocabulary: Words | None = None) -> Book:
    """Write a workbook and open it; any warning of the writer is an error."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        write(path / "book.xlsx", tables, facts, vocabulary or words())
    return openpyxl.load_workbook(path / "book.xlsx")


def marked(sheet: Sheet) -> pd.DataFrame:
    """Read the one Excel table of a sheet."""
    (made,) = sheet.tables.values()
    head, *body = [[c.value for c in row] for row in sheet[made.ref]]
    return pd.DataFrame(body, columns=head)


def test_sheets_come_in_order_and_open_on_the_cover(tmp_path: Path) -> None:
    """A reader starts on the cover, with the cursor on the first cell of every sheet."""
    book = opened(tmp_path, mixed(), wide())
    assert book.sheetnames == ["Cover", "Contents", "Notes", "Table_1", "Table_2"]
    assert book.active is book["Cover"]
    for sheet in book:
        view = sheet.sheet_view
        active = view.pane.activePane if view.pane else None
        assert [s.activeCell for s in view.selection if s.pane == active or not active] in ([], ["A1"])
        assert sheet["A1"].font.b and sheet["A1"].font.sz == 16
        assert sheet.page_setup.orientation == "landscape" and sheet.page_setup.fitToHeight == 0


def test_nothing_is_merged_hidden_filtered_or_blank(tmp_path: Path) -> None:
    """A screen reader meets one plain table a sheet, from column A, without holes."""
    for sheet in opened(tmp_path, mixed(), wide()):
        assert not sheet.merged_cells.ranges
        assert not any(d.hidden for d in (*sheet.row_dimensions.values(), *sheet.column_dimensions.values()))
        assert all(row[0].value is not None for row in sheet.iter_rows())
        if sheet.title != "Cover":
            (made,) = sheet.tables.values()
            assert made.ref.startswith("A") and made.autoFilter is None
            assert marked(sheet).notna().all(axis=None)


def test_numbers_read_back_as_the_records_values(tmp_path: Path) -> None:
    """Every number of a record comes back as a number, to the last digit Excel keeps."""
    tables = [wide(), table([Row("A", "", (cell(1 / 3), cell(0.0), cell(-1e9 / 7)))], ["2021", "2022", "2023"])]
    book = opened(tmp_path, *tables)
    for number, record in enumerate(tables, start=1):
        frame = marked(book[f"Table_{number}"])
        assert list(frame["Function"]) == [row.label for row in record.rows]
        for row, read in zip(record.rows, frame[list(record.columns)].to_numpy(), strict=True):
            assert list(read) == pytest.approx([c.value for c in row.cells], rel=1e-15, abs=0)


def test_missing_values_are_shorthands_that_the_notes_explain(tmp_path: Path) -> None:
    """A missing value is never an empty cell or a zero, and a confidential value is never shown."""
    book = opened(tmp_path, mixed())
    frame = marked(book["Table_1"])
    assert frame[["2021", "2022", "2023"]].to_numpy().tolist() == [
        [12.3456, 0.1, -3.0],
        [1234567, "[x]", "[z]"],
        ["[c]", "[c]", 0.005],
    ]
    explained = dict(marked(book["Notes"]).to_numpy().tolist())
    assert explained["[x]"] == "not available" and explained["[note 2]"] == "Second."
    assert {"[c]", "[z]", "b", "p"} <= set(explained)


def test_flags_stand_in_the_last_column(tmp_path: Path) -> None:
    """Flags are words in a column of their own; grey only repeats them."""
    sheet = opened(tmp_path, mixed())["Table_1"]
    frame = marked(sheet)
    assert frame.columns[-1] == "Flags"
    assert list(frame["Flags"]) == ["2021: b; 2023: p", "2023: z", "2021: c; 2022: c; 2023: bp"]
    grey = {c.coordinate for row in sheet.iter_rows() for c in row if c.fill.fill_type}
    assert len(grey) == 2 and {c[0] for c in grey} == {"E"}


def test_decimals_and_breaks_are_formats(tmp_path: Path) -> None:
    """Numbers keep all digits and show those declared; a break is a rule and a sentence."""
    sheet = opened(tmp_path, mixed())["Table_1"]
    shown = {c.value: c for row in sheet.iter_rows() for c in row}
    formats = [shown[value].number_format for value in (12.3456, 1234567, 0.005)]
    assert formats == ["#,##0.0", "#,##0", "#,##0.00"]
    assert shown[0.1].border.left.style == "medium"
    assert "Break in time series before: 2022" in shown


def test_labels_never_become_formulas(tmp_path: Path) -> None:
    """Text from outside stays text wherever it stands."""
    odd = mixed()
    odd = replace(odd, title="=1+1", stub="+A", columns=("=B", "-C", "@D"), sources=("=S",), notes=("=N",))
    for sheet in opened(tmp_path, odd, facts=replace(FACTS, title="=T", colophon=("=C",))):
        cells = [c for row in sheet.iter_rows() for c in row if isinstance(c.value, str)]
        assert all(c.data_type != "f" for c in cells)
        assert all(c.quotePrefix for c in cells if c.value[0] in "=@" and not c.font.b)
    with zipfile.ZipFile(tmp_path / "book.xlsx") as parts:
        assert not any(b"<f>" in parts.read(name) for name in parts.namelist())


def test_links_lead_to_sheets_that_exist(tmp_path: Path) -> None:
    """Each table is one step from the contents, and one step back."""
    book = opened(tmp_path, mixed(), wide())
    targets = {}
    for sheet in book:
        links = [c.hyperlink.location for row in sheet.iter_rows() for c in row if c.hyperlink]
        targets[sheet.title] = {re.fullmatch(r"'?(.+?)'?!A1", link)[1] for link in links}  # type: ignore[index]
    assert set().union(*targets.values()) <= set(book.sheetnames)
    assert targets["Contents"] == {"Notes", "Table_1", "Table_2"}
    assert targets["Table_2"] == {"Contents", "Notes"} and targets["Cover"] == {"Contents", "Notes"}


def test_names_are_unique_and_valid_for_many_tables(tmp_path: Path) -> None:
    """A hundred and twenty tables of one id keep names that Excel accepts."""
    vocabulary = words("fr", {"Table": "Tableau [très] long / au-delà de toute limite", "Contents": "notes"})
    book = opened(tmp_path, *[mixed()] * 120, vocabulary=vocabulary)
    assert len({name.casefold() for name in book.sheetnames}) == 123
    assert all(len(name) <= 31 and not re.search(r"[\[\]:*?/\\']", name) for name in book.sheetnames)
    names = [name for sheet in book for name in sheet.tables]
    assert len({name.casefold() for name in names}) == len(names) == 122


def test_header_names_are_unique_and_filled(tmp_path: Path) -> None:
    """Excel refuses repeated or empty header names, so they are told apart."""
    record = table([Row("A", "", tuple(cell(float(i)) for i in range(4)))], ["2021", "2021", "", "FLAGS"], stub="")
    heads = list(marked(opened(tmp_path, record)["Table_1"]).columns)
    assert heads == ["Label", "2021", "2021 (2)", "[x]", "FLAGS", "Flags (2)"]


@pytest.mark.parametrize("record", [table([], ["2021"]), table([], []), table([Row("A", "", ())], [])])
def test_a_table_without_rows_or_columns_is_still_a_table(tmp_path: Path, record: Table) -> None:
    """An empty record says so instead of breaking the file."""
    assert len(marked(opened(tmp_path, record)["Table_1"])) == 1


def test_panes_freeze_at_the_header_unless_it_lies_deep(tmp_path: Path) -> None:
    """Header and labels stay in view; many source lines must not fill the window."""
    sources = tuple(f"Source {i}" for i in range(20))
    book = opened(tmp_path, mixed(), replace(mixed(), sources=sources))
    (made,) = book["Table_1"].tables.values()
    head = int(re.findall(r"\d+", made.ref)[0])
    assert book["Table_1"].freeze_panes == f"B{head + 1}" and book["Table_2"].freeze_panes == "B1"


def test_words_are_in_the_readers_language(tmp_path: Path) -> None:
    """Sheets, headers and notes speak French where French is asked for."""
    book = opened(tmp_path, mixed(), facts=replace(FACTS, tag="fr-BE"), vocabulary=words("fr", FRENCH))
    assert book.sheetnames == ["Couverture", "Sommaire", "Notes", "Tableau_1"]
    assert book["Tableau_1"]["A1"].value == "Tableau 1 : Spending, Belgium"
    assert marked(book["Tableau_1"]).columns[-1] == "Marques"
    assert "non disponible" in set(marked(book["Notes"]).iloc[:, 1])


def test_properties_tell_title_author_and_language(tmp_path: Path) -> None:
    """A file found alone still says what it is and when it was made."""
    properties = opened(tmp_path, mixed(), facts=replace(FACTS, date="2026-03-01")).properties
    assert (properties.title, properties.creator, properties.keywords) == (FACTS.title, FACTS.publisher, "en")
    assert str(properties.created)[:10] == "2026-03-01"
    assert str(opened(tmp_path, mixed()).properties.created)[:10] == "2026-01-01"


def test_the_same_records_give_the_same_bytes(tmp_path: Path) -> None:
    """A run can be rebuilt byte for byte."""
    for name in ("one.xlsx", "two.xlsx"):
        write(tmp_path / name, [mixed(), wide()], FACTS, words())
    assert (tmp_path / "one.xlsx").read_bytes() == (tmp_path / "two.xlsx").read_bytes()


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    """The reader learns which file failed and what to do."""
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(OutputFailed, match=r"book\.xlsx.*another folder"):
        write(tmp_path / "file" / "book.xlsx", [mixed()], FACTS, words())


def test_a_failed_write_leaves_the_earlier_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A full disk costs the new workbook, never the old one."""
    path = tmp_path / "book.xlsx"
    write(path, [mixed()], FACTS, words())
    before = path.read_bytes()

    def full(self: Path, target: Path) -> None:
        raise OSError(28, os.strerror(28))

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(OutputFailed, match="No space left"):
        write(path, [wide()], FACTS, words())
    assert path.read_bytes() == before and list(tmp_path.iterdir()) == [path]


def test_rows_make_room_for_wrapped_labels(tmp_path: Path) -> None:
    """A long label is read whole in programs that do not fit heights themselves."""
    rows = [Row("word " * 40, "", (cell(1.0),)), Row("word", "", (cell(1.0),))]
    sheet = opened(tmp_path, table(rows, ["2021"]))["Table_1"]
    (made,) = sheet.tables.values()
    last = int(made.ref.split(":")[1].lstrip("ABC"))
    assert sheet.row_dimensions[last - 1].height >= 4 * sheet.row_dimensions[last].height


def test_a_mark_stands_beside_its_colour(tmp_path: Path) -> None:
    """A number keeps its value and shows its mark, a mark alone is text, and both keep the ground of the page."""
    rows = [
        Row("Change", "", (Cell(1.25, "", "1.3", 1, "▲", "#92d050"), Cell(None, "", "−−", 0, ground="#d7191c"))),
        Row("Year", "", (Cell(None, "", "2024", 0), Cell(None, "", ":", 0))),
    ]
    write(tmp_path / "book.xlsx", [table(rows, ["A", "B"])], FACTS, words())
    sheet = openpyxl.load_workbook(tmp_path / "book.xlsx").worksheets[-1]
    first, second = (next(r for r in sheet.iter_rows() if r[0].value == name) for name in ("Change", "Year"))
    assert (first[1].value, first[1].number_format) == (1.25, '#,##0.0" ▲"')
    assert (first[2].value, first[2].fill.fgColor.rgb, first[2].font.color.rgb) == ("−−", "FFD7191C", "FFFFFFFF")
    assert (first[1].fill.fgColor.rgb, first[1].font.color.rgb) == ("FF92D050", "FF000000")
    assert (second[1].value, second[2].value) == ("2024", "[x]")
