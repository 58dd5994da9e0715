"""Workbooks of others: what is read from a cell, what is refused before it is opened, what is told."""

from __future__ import annotations

import os
import random
import zipfile
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pytest
import xlsxwriter
from openpyxl.comments import Comment

from reporting import spreadsheets
from reporting.errors import ReportingError, SourceUnreadable, UsageError
from reporting.findings import CellFinding
from reporting.spreadsheets import Cell, address, letters, opened
from reporting.sums import Sums

SHEET = "xl/worksheets/sheet1.xml"


@pytest.fixture
def book(tmp_path: Path) -> Path:
    """A small workbook with numbers, texts, a formula with its value, a note and a hidden sheet."""
    path = tmp_path / "book.xlsx"
    written = xlsxwriter.Workbook(path)
    sheet = written.add_worksheet("2023")
    sheet.write("A1", "Pensions & care <all>")
    sheet.write("B2", 1234.5)
    sheet.write("C2", True)
    sheet.write_formula("B3", "=SUM(B2)", None, 1234.5)
    sheet.write_comment("B2", "[e] an estimate", {"author": ""})
    sheet.write_comment("D9", "no value here", {"author": ""})
    sheet.set_column("F:F", None, written.add_format({"bold": True}))
    sheet.write_blank("F7", None, written.add_format({"bold": True}))
    written.add_worksheet("kept away").hide()
    written.close()
    return path


def repacked(path: Path, change: Callable[[str, bytes], bytes], added: dict[str, bytes] | None = None) -> Path:
    """The archive with each part changed, and parts added."""
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in {**parts, **(added or {})}.items():
            archive.writestr(name, change(name, content))
    return path


def same(_: str, content: bytes) -> bytes:
    """A part as it is."""
    return content


def test_a_cell_has_value_formula_note_and_error(book: Path) -> None:
    """Values, formulas with their cached value, notes, and hidden sheets are read; formatted empty cells are not."""
    findings: list[CellFinding] = []
    first, second = opened(book, findings)
    assert first.cells == {
        (1, 1): Cell("Pensions & care <all>"),
        (2, 2): Cell(1234.5, note="[e] an estimate"),
        (2, 3): Cell(True),
        (3, 2): Cell(1234.5, "=SUM(B2)"),
        (9, 4): Cell(None, note="no value here"),
    }
    assert (first.hidden, second.hidden, findings) == (False, True, [])


def test_openpyxl_reads_the_same_cells(tmp_path: Path) -> None:
    """Inline texts, shared texts with formats, dates and large numbers are as another library reads them."""
    path = tmp_path / "other.xlsx"
    other = openpyxl.Workbook()
    sheet = other.active
    for number in range(1, 40):
        sheet.append([number / 7, f"text {number % 5}", -number * 1e12, number % 2 == 0, None, f"  spaces {number} "])
    sheet["B3"].comment = Comment("a note", "me")
    other.create_sheet("zweite")["AB100"] = "far"
    other.save(path)
    for mine, theirs in zip(opened(path, []), openpyxl.load_workbook(path).worksheets, strict=True):
        found = {(c.row, c.column): c.value for row in theirs.iter_rows() for c in row if c.value is not None}
        assert {place: cell.value for place, cell in mine.cells.items()} == found
        assert mine.name == theirs.title


def test_rows_and_cells_without_their_names_are_counted(book: Path) -> None:
    """Some programs leave out where a cell stands: it stands after the one before."""
    body = b"<row><c><v>1</v></c><c/><c><v>3</v></c></row><row r='5'><c r='B5'><v>2</v></c><c><v>4</v></c></row>"

    def bare(name: str, content: bytes) -> bytes:
        head, _, rest = content.partition(b"<sheetData>")
        return head + b"<sheetData>" + body + b"</sheetData>" + rest.partition(b"</sheetData>")[2] if rest else content

    cells = opened(repacked(book, lambda n, c: bare(n, c) if n == SHEET else c), [])[0].cells
    assert {place: cell.value for place, cell in cells.items() if cell.value is not None} == {
        (1, 1): 1.0, (1, 3): 3.0, (5, 2): 2.0, (5, 3): 4.0,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("column", "name"), [(1, "A"), (26, "Z"), (27, "AA"), (28, "AB"), (703, "AAA"), (16384, "XFD")]
)
def test_columns_have_their_letters(column: int, name: str) -> None:
    """A column has the name that a spreadsheet shows above it."""
    assert (letters(column), address(17, column)) == (name, f"{name}17")


def test_macros_are_told_and_not_run(book: Path) -> None:
    """A workbook with macros is read, with a finding."""
    findings: list[CellFinding] = []
    opened(repacked(book, same, {"xl/vbaProject.bin": b"\xd0\xcf\x11\xe0"}), findings)
    assert [(f.rule, f.severity, f.file) for f in findings] == [("Q01", "warning", "book.xlsx")]


def test_links_to_other_files_are_told_with_the_cell_that_uses_them(book: Path) -> None:
    """An external link names the other file and the first cell with a value from there."""
    types = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    package = "http://schemas.openxmlformats.org/package/2006/relationships"
    relation = f'<Relationship Id="rX" Type="{types}/externalLink" Target="externalLinks/externalLink1.xml"/>'
    target = (
        f'<Relationships xmlns="{package}"><Relationship Id="r1" Type="{types}/externalLinkPath" '
        'Target="file:///C:\\budget\\accounts%202023.xlsx" TargetMode="External"/></Relationships>'
    )

    def linked(name: str, content: bytes) -> bytes:
        if name == "xl/_rels/workbook.xml.rels":
            return content.replace(b"</Relationships>", relation.encode() + b"</Relationships>")
        return content.replace(b"SUM(B2)", b"[1]Sheet1!B2") if name == SHEET else content

    findings: list[CellFinding] = []
    added = {
        "xl/externalLinks/externalLink1.xml": b"<externalLink/>",
        "xl/externalLinks/_rels/externalLink1.xml.rels": target.encode(),
    }
    opened(repacked(book, linked, added), findings)
    assert [(f.rule, f.sheet, f.cell) for f in findings] == [("Q02", "2023", "B3")]
    assert "accounts%202023.xlsx" in findings[0].message


def test_an_error_in_a_cell_is_told_with_its_formula(book: Path) -> None:
    """A formula error names sheet, cell and formula, and gives no value."""

    def broken(name: str, content: bytes) -> bytes:
        old, new = b'<c r="B3"><f>SUM(B2)</f><v>1234.5</v>', b'<c r="B3" t="e"><f>B2/#REF!</f><v>#REF!</v>'
        return content.replace(old, new) if name == SHEET else content

    findings: list[CellFinding] = []
    sheet = opened(repacked(book, broken), findings)[0]
    assert [(f.rule, f.severity, f.sheet, f.cell) for f in findings] == [("Q03", "error", "2023", "B3")]
    assert "#REF!" in findings[0].message and "=B2/#REF!" in findings[0].mend
    assert sheet.cells[3, 2] == Cell(None, "=B2/#REF!", error="#REF!")


def test_sums_that_were_never_computed_are_computed_and_others_told(tmp_path: Path) -> None:
    """A sum without a value gets it; what is no sum is named, and sums that rest on it are counted."""
    path = tmp_path / "bare.xlsx"
    other = openpyxl.Workbook()
    sheet = other.active
    formulas = {"A4": "=SUM(A1:A3)", "A5": "=A4*2", "A6": "=A4-A1", "A7": "=SUM(A4:A5)", "A8": "=A7+A1"}
    for place, content in {"A1": 1.5, "A2": 2.25, **formulas}.items():
        sheet[place] = content
    other.save(path)
    findings: list[CellFinding] = []
    cells = opened(path, findings)[0].cells
    assert [cells[row, 1].value for row in range(4, 9)] == [3.75, None, 2.25, None, None]
    assert [(f.rule, f.severity, f.cell, f.message[:11]) for f in findings] == [
        ("Q04", "error", "A5", "The formula"), ("Q04", "error", "", "2 sums, A7 "),
        ("Q04", "information", "", "2 sums had "),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("formula", "value"),
    [
        ("=SUM(A1:A3,B1)", 16.0), ("=SUM(A1;A2)", 3.0), ("=A1+A2-B1", -7.0), ("=-A1+(A2-1)", 0.0), ("=$A$1+2.5", 3.5),
        ('=IF(COUNT(A1:A2,A9)=0,"",SUM(A1:A2,A9))', 3.0), ("=SUM(C1:C9)", 0.0), ("=A9+A1", 1.0), ("=D1+1", 4.0),
        ("=A1*2", None), ("=Other!A1", None), ("=SUM(A1:A2)/2", None), ("=AVERAGE(A1:A2)", None), ("=E1", None),
        ("=F1+A1", None), ("=SUM(F1,A1)", 1.0), ("=SUM(G1,A1)", None),
        ("=SUM(F1:F2,A1)", 1.0), ("=SUM(A1:A2", None), ("=[1]S!A1", None),
        ("=SUM(A:A)", None), ("=", None), ("=A1:A3", None), ("=…", None),
    ],
)  # fmt: skip
def test_a_sum_is_worked_out_as_a_spreadsheet_does(formula: str, value: float | None) -> None:
    """Empty cells count nothing, texts in areas are left out, and more than adding gives no value."""
    numbers = {(1, 1): 1.0, (2, 1): 2.0, (3, 1): 3.0, (1, 2): 10.0}
    formulas = {(1, 4): "=SUM(A1:A2)", (1, 5): "=E2", (2, 5): "=E1", (20, 20): formula}
    assert Sums(numbers, formulas, {(1, 6)}, {(1, 7)}).value((20, 20)) == value


def test_an_empty_sum_stays_empty() -> None:
    """Our own sum of nothing is no zero."""
    found = Sums({}, {(1, 1): '=IF(COUNT(B1:B3)=0,"",SUM(B1:B3))'}).value((1, 1))
    assert found is not None and found != found


def _old(content: bytes) -> bytes:
    return b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504) + content


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (_old("EncryptedPackage".encode("utf-16-le")), "password"),
        (_old("Workbook".encode("utf-16-le")), r"old kind \(.xls\)"),
        (b"PK\x03\x04 and then nothing", "cut off"),
        (b"year;scheme;item", "not a workbook"),
        (b"", "not a workbook"),
    ],
)  # fmt: skip
def test_what_is_no_workbook_is_refused(tmp_path: Path, content: bytes, words: str) -> None:
    """A password, the old format, a cut file and another kind of file are each refused with what to do."""
    path = tmp_path / "book.xlsx"
    path.write_bytes(content)
    with pytest.raises(SourceUnreadable, match=words):
        opened(path, [])


def test_a_damaged_part_is_refused(book: Path) -> None:
    """A sheet that is not well-formed, or declares entities, makes the workbook unreadable and nothing else."""
    for damage in (lambda c: c[: len(c) // 2], lambda c: b'<!DOCTYPE x [<!ENTITY a "b">]>' + c):
        with pytest.raises(SourceUnreadable, match="not a whole workbook"):
            opened(repacked(book, lambda n, c, d=damage: d(c) if n == SHEET else c), [])


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        (b'<v>1234.5</v></c><c r="C2"', b'<v>12x</v></c><c r="C2"', "could not convert"),
        (b'r="A1" t="s"><v>0<', b'r="A1" t="s"><v>99<', "list index"),
        (b'r="B3"', b'r="B33"', "no column"),
        (b'<row r="2"', b'<row r="two"', "invalid literal"),
    ],
)
def test_a_cell_that_cannot_be_read_makes_the_workbook_unreadable(
    old: bytes, new: bytes, words: str, book: Path
) -> None:
    """A number, text, place or row that makes no sense is not guessed."""

    def damaged(name: str, content: bytes) -> bytes:
        assert name != SHEET or old in content
        return content.replace(old, new) if name == SHEET else content

    with pytest.raises(SourceUnreadable, match=f"not a whole workbook.*{words}"):
        opened(repacked(book, damaged), [])


def test_a_number_without_end_is_an_error(book: Path) -> None:
    """What no spreadsheet shows as a number is told, not computed with."""
    findings: list[CellFinding] = []
    opened(repacked(book, lambda n, c: c.replace(b"<v>1234.5</v></c><c", b"<v>1e999</v></c><c")), findings)
    assert [(f.rule, f.cell) for f in findings] == [("Q03", "B2")]


def test_random_damage_gives_a_message_and_nothing_else(book: Path) -> None:
    """Bytes changed at random, in the archive or in its parts, never end in an error of the program."""
    draw, whole = random.Random(5), book.read_bytes()
    kinds = set()
    for number in range(int(os.environ.get("REPORTING_EXAMPLES", "150"))):
        book.write_bytes(whole)
        if number % 3:
            repacked(book, lambda _, part: _spoilt(part, draw) if draw.random() < 0.3 else part)
        else:
            book.write_bytes(_spoilt(whole, draw))
        try:
            opened(book, [])
            kinds.add("read")
        except ReportingError as error:
            kinds.add(type(error).__name__)
    assert kinds >= {"read", "SourceUnreadable"}


def _spoilt(content: bytes, draw: random.Random) -> bytes:
    """Content with a few of its bytes replaced, removed or doubled."""
    for _ in range(draw.randint(1, 3)):
        at = draw.randrange(len(content))
        new = draw.choice([b"", b"<", b'"', b"NaN", b"-1", b"9999999999", b'r=""', b't="s"', b"A0", b"\x00", b"\xff"])
        content = content[:at] + new + content[at + draw.randint(0, 6) :]
    return content or b"x"


def test_a_file_of_100_mb_is_refused_before_it_is_read(tmp_path: Path) -> None:
    """The size alone speaks against it, and the message says what takes the room."""
    path = tmp_path / "large.xlsx"
    with path.open("wb") as file:
        file.truncate(100_000_000)
    with pytest.raises(SourceUnreadable, match="100 MB.*Delete pictures"):
        opened(path, [])


def test_a_small_file_that_unpacks_to_a_large_one_is_refused(book: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a workbook holds is measured before anything is unpacked."""
    monkeypatch.setattr(spreadsheets, "UNPACKED", 50_000)
    with pytest.raises(SourceUnreadable, match="unpacks to"):
        opened(repacked(book, same, {"xl/media/zeros.bin": bytes(60_000)}), [])


@pytest.mark.parametrize(("part", "words"), [("xl/workbook.bin", "binary workbook"), ("content.xml", "not an Excel")])
def test_other_archives_are_refused(tmp_path: Path, part: str, words: str) -> None:
    """A binary workbook, and a document of another program, say that they are to be saved as .xlsx."""
    path = tmp_path / "book.xlsx"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(part, b"")
    with pytest.raises(SourceUnreadable, match=f"{words}.*save it as .xlsx"):
        opened(path, [])


def test_a_file_that_is_not_there_is_a_wrong_command(tmp_path: Path) -> None:
    """A name without a file, and a folder, are told as such."""
    for path in (tmp_path / "no.xlsx", tmp_path):
        with pytest.raises(UsageError, match="there is no such file"):
            opened(path, [])
