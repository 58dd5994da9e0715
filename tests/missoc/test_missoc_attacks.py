"""Files that would harm or mislead: nothing runs, nothing hangs, nothing is lost in silence."""

from __future__ import annotations

import io
import time
import zipfile
from pathlib import Path

import pytest
import xlsxwriter
from conftest import Read  # type: ignore[import-not-found]

from reporting.errors import ReportingError, SourceUnreadable
from reporting.sources import compressed

PAGE = (
    '<html lang="en"><h1>Table VI Old age</h1><table><tr><th></th><th>Belgium</th><th>{geo}</th></tr>'
    "<tr><th>Indexation</th><td>{text}</td><td>Prices.</td></tr></table></html>"
)


def page(text: str, geo: str = "France") -> str:
    """A page with a text for Belgium and one for another country."""
    return PAGE.format(text=text, geo=geo)


def sheet(*rows: list[str]) -> bytes:
    """A workbook of one sheet."""
    content = io.BytesIO()
    with xlsxwriter.Workbook(content, {"in_memory": True, "strings_to_formulas": False}) as book:
        own = book.add_worksheet("sheet")
        for number, row in enumerate(rows):
            own.write_row(number, 0, row)
    return content.getvalue()


@pytest.mark.parametrize(
    ("markup", "text"),
    [("Prices<svg onload=alert(1)><text>no</text></svg>.", "Prices."),
     ('<a href="javascript:alert(1)">Prices</a>.', "Prices."),
     ('<style>td::after{content:"99 EUR"}</style>Prices.', "Prices."),
     ('<p style="content:url(x)" onclick="x()">Prices.</p>', "Prices."),
     ("<img src=x onerror=alert(1)>Prices.<iframe src=x>no</iframe>", "Prices."),
     ("<!-- no --><math><mi>no</mi></math>Prices.", "Prices."),
     ("&lt;script&gt;alert(1)&lt;/script&gt;", "<script>alert(1)</script>"),
     ("<table><tr><td>a<table><tr><td>b<table><tr><td>c<table><tr><td>d<table><tr><td>e</td></tr></table></td></tr>"
      "</table></td></tr></table></td></tr></table></td></tr></table>", "a\nb\nc\nd\ne")],
)  # fmt: skip
def test_markup_becomes_words(read: Read, markup: str, text: str) -> None:
    """Scripts, styles, drawings and links leave only their words; what is written as text stays text."""
    assert [cell.text for cell in read(page(markup)).cells] == [text, "Prices."]


def test_entities_are_not_expanded(read: Read) -> None:
    """Neither entities within entities nor files of this machine."""
    grown = '<!DOCTYPE html [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>' + page("&b;")
    outside = '<!DOCTYPE html [<!ENTITY e SYSTEM "file:///etc/passwd">]>' + page("&e;")
    for content in (grown, outside):
        assert all("aaaa" not in cell.text and "root" not in cell.text for cell in read(content).cells)


@pytest.mark.parametrize(
    ("encoding", "declared", "text"),
    [("windows-1250", True, "Zákon č. 155/1995, 100 zł"), ("iso-8859-2", True, "příspěvek"), ("koi8-r", True, "Закон"),
     ("iso-8859-15", True, "100 €"), ("iso-8859-1", True, "où"), ("utf-16", False, "où č"),
     ("utf-16-le", False, "où č"), ("utf-16-be", False, "où č"), ("utf-32", False, "où č"),
     ("utf-8-sig", False, "où č")],
)  # fmt: skip
def test_encodings(read: Read, encoding: str, declared: bool, text: str) -> None:
    """As the file declares it, or by its marks and zeros; no letter is another one."""
    said = f'<head><meta charset="{encoding}"></head>' if declared else ""
    reading = read(page(text).replace("<h1>", f"{said}<h1>").encode(encoding))
    assert reading.cells[0].text == text
    assert not [doubt for doubt in reading.doubts if "read as" in doubt.what]


@pytest.mark.parametrize("claimed", ["", '<meta charset="utf-8">', '<meta charset="no-such">'])
def test_an_encoding_that_does_not_hold_is_doubted(read: Read, claimed: str) -> None:
    """What is neither UTF-8 nor as it declares is read as windows-1252, with a warning."""
    reading = read((claimed + page("où")).encode("cp1252"))
    assert reading.cells[0].text == "où"
    assert any(doubt.severity == "warning" and "windows-1252" in doubt.what for doubt in reading.doubts)


@pytest.mark.parametrize(
    ("name", "geo", "said"),
    [("UK", "UK", False), ("GB", "UK", True), ("EL", "EL", False), ("GR", "EL", True), ("Griechenland", "EL", False)],
)
def test_codes_of_countries(read: Read, name: str, geo: str, said: bool) -> None:
    """Both codes of the United Kingdom and of Greece are known; the one that is not in use is told."""
    reading = read(page("Prices.", name))
    assert reading.cells[1].geo == geo
    assert any(f"{name} is read as {geo}" in doubt.what for doubt in reading.doubts) is said


@pytest.mark.parametrize("name", ["page.html", "table.csv"])
def test_a_table_without_end(read: Read, name: str) -> None:
    """A table of 40,000 columns is refused at once and listed with its first words."""
    wide = [str(n) for n in range(40_000)]
    rows = (["", "Belgium", *wide], ["Indexation", "Prices.", *wide])
    if name == "table.csv":
        content = "\n".join(";".join(row) for row in rows)
    else:
        cells = "".join("<tr>" + "".join(f"<td>{text}</td>" for text in row) + "</tr>" for row in rows)
        content = f"<h1>Old age</h1><table>{cells}</table>"
    start = time.process_time()
    reading = read(content, name, lang="en")
    assert time.process_time() - start < 3
    assert any("40,002 columns" in doubt.what and "Belgium" in doubt.text for doubt in reading.doubts)


def test_many_texts_for_one_place(read: Read) -> None:
    """Twenty thousand texts of one place are each kept and doubted, without comparing each with all others."""
    lines = "\n".join(f"BE;VI;Indexation;text {n}" for n in range(20_000))
    start = time.process_time()
    reading = read(f"Country;Table;Category;Text\n{lines}\nBE;VI;Indexation;text 7\n", "a.csv", lang="en")
    assert time.process_time() - start < 5
    assert len({cell.key for cell in reading.cells}) == len(reading.cells) == 20_000
    assert sum("a second text" in doubt.what for doubt in reading.doubts) == 19_999


def test_a_cell_of_ten_megabytes(read: Read) -> None:
    """It is kept whole and doubted, with its first words only."""
    reading = read(page("word " * 2_000_000))
    assert len(reading.cells[0].text) == 9_999_999
    (doubt,) = [doubt for doubt in reading.doubts if "9,999,999 characters" in doubt.what]
    assert len(doubt.text) <= 200


def test_spans_beyond_the_countries(read: Read) -> None:
    """A cell merged over a million columns is one text, and no error for each column without a country."""
    reading = read(
        page("Prices.").replace("<td>Prices.</td></tr>", "<td colspan=1000000 rowspan=9999999>Wages.</td></tr>")
    )
    assert [cell.text for cell in reading.cells] == ["Prices.", "Wages."]
    assert not [doubt for doubt in reading.doubts if doubt.severity == "error"]


def test_a_bomb_is_not_opened(read: Read, monkeypatch: pytest.MonkeyPatch) -> None:
    """A workbook that would be larger than the limit is refused by what it says of itself."""
    monkeypatch.setattr(compressed, "LIMIT", 1_000_000)
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("xl/worksheets/sheet1.xml", bytes(2_000_000))
    assert len(content.getvalue()) < 5_000
    with pytest.raises(SourceUnreadable, match="unpacked, the file would be larger"):
        read(content.getvalue(), "a.xlsx")


@pytest.mark.parametrize(
    ("heads", "lang"),
    [(["Nation", "Chapter", "Topic", "Content"], "en"), (["Pays concerné", "Chapitre", "Rubrique", "Contenu"], "fr"),
     (["Staat", "Kapitel", "Thema", "Inhalt"], "de"), (["A", "B", "C", "D"], "en")],
)  # fmt: skip
def test_renamed_columns(read: Read, heads: list[str], lang: str) -> None:
    """By other names or none that is known, each guess is said; the text stands in its place."""
    reading = read(sheet(heads, ["Belgium", "VI", "Indexation", "Prices."]), "a.xlsx", lang=lang)
    assert [(cell.geo, cell.table, cell.category, cell.text) for cell in reading.cells] == [
        ("BE", "VI", "indexation", "Prices.")]  # fmt: skip
    assert any("is taken for the table" in doubt.what for doubt in reading.doubts)


def test_a_sheet_that_claims_too_much(read: Read) -> None:
    """It is refused with what it claims, not as damaged."""
    with pytest.raises(SourceUnreadable, match="3,004 columns"):
        read(sheet(["Country", "Table", "Category", "Text", *map(str, range(3000))]), "a.xlsx")


@pytest.mark.parametrize("form", ["en.html", "fr.csv"])
def test_every_cut_is_noticed(read: Read, samples: list[Path], form: str) -> None:
    """Wherever a file was cut, but between two whole lines, a text lost or shortened is not passed over in silence."""
    content = next(path for path in samples if path.name.endswith(f"2025-07-01_{form}")).read_bytes()
    whole = {cell.key: cell.text for cell in read(content, form, "2025-07-01").cells}
    for cut in range(200, len(content), 331):
        try:
            reading = read(content[:cut], form, "2025-07-01")
        except ReportingError:
            continue
        kept = {cell.key: cell.text for cell in reading.cells}
        assert kept == whole or reading.doubts or content[:cut].endswith(b"\n")
