"""Files of MISSOC in every form: what becomes a cell, what is doubted, what is kept."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pytest

from reporting.declarations import Declarations
from reporting.errors import SourceUnreadable, UsageError
from reporting.missoc import cells, intake
from reporting.missoc.cells import CELLS
from reporting.missoc.intake import Given, Reading
from reporting.missoc.recognise import edition
from reporting.vintages import Store, verify

Read = Callable[..., Reading]

PAGE = """<html lang="en"><body><h2>Table VI: Old age</h2><table>
<tr><th></th><th>Belgium</th><th>France</th></tr>
{rows}</table></body></html>"""


def found(reading: intake.Reading) -> dict[tuple[str, str, str], str]:
    """Place and text of every cell."""
    return {(c.geo, c.table, c.category): c.text for c in reading.cells}


def said(reading: intake.Reading) -> str:
    """All doubts, as lines."""
    return "\n".join(doubt.message for doubt in reading.doubts)


def workbook(rows: list[list[object]], title: str = "VI", merged: str = "") -> bytes:
    """A workbook with one sheet."""
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = title
    for row in rows:
        sheet.append(row)
    if merged:
        sheet.merge_cells(merged)
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


def test_three_forms_in_three_languages_give_the_same_cells(known: Declarations, samples: list[Path]) -> None:
    """Page, CSV and plain text place the same texts at the same places, without a doubt."""
    places: dict[str, dict[str, set[tuple[str, str, str]]]] = {}
    for path in samples:
        reading = intake.read(path, known.missoc, Given())
        assert not reading.doubts
        assert {cell.lang for cell in reading.cells} == {path.stem[-2:]}
        places.setdefault(reading.cells[0].edition, {})[path.stem[-2:]] = set(found(reading))
    for by_lang in places.values():
        assert by_lang["en"] == by_lang["fr"] == by_lang["de"]
        assert {table for _, table, _ in by_lang["en"]} == set(known.missoc.tables)
        assert {geo for geo, _, _ in by_lang["en"]} == {"BE", "AT", "IE"}


def test_the_tables_of_1999(known: Declarations, belgium: list[Path]) -> None:
    """The plain pages of 1999 are placed by label, chapter numbers or not, and what breaks off is said."""
    fifth, tenth = (intake.read(path, known.missoc, Given()) for path in belgium)
    assert found(fifth)["BE", "V", "incapacity"] == "66.66%."
    assert found(tenth)["BE", "X", "ceiling"] == "BEF 2,235.91 (EUR 55) per day."
    assert len(fifth.cells), len(tenth.cells) == (14, 13)
    assert {cell.edition for cell in (*fifth.cells, *tenth.cells)} == {"1999-01-01"}
    assert "breaks off" in said(fifth)
    assert "breaks off" in said(tenth)


def test_scripts_styles_and_markup_never_become_text(read: Read) -> None:
    """Of a cell only the words stay: lists as lines, nested tables as rows, nothing to execute."""
    row = (
        "<tr><th>Indexation</th><td><script>alert(1)</script><style>p{}</style><p onclick='x()'>On <b>1 July</b>.</p>"
        "<ul><li>one</li><li>two<ul><li>deep</li></ul></li></ul></td>"
        "<td><table><tr><td>a</td><td>b</td></tr><tr><td>c</td></tr></table></td></tr>"
    )
    reading = read(PAGE.format(rows=row))
    assert found(reading)["BE", "VI", "indexation"] == "On 1 July.\n- one\n- two\n- deep"
    assert found(reading)["FR", "VI", "indexation"] == "a | b\nc"


def test_entities_and_files_are_not_fetched(read: Read, tmp_path: Path) -> None:
    """An external entity stays unresolved: no file is read into a cell."""
    secret = tmp_path / "secret.txt"
    secret.write_text("canary")
    page = f'<!DOCTYPE html [<!ENTITY x SYSTEM "file://{secret}">]>' + PAGE.format(
        rows="<tr><th>Indexation</th><td>&x; text</td><td>b</td></tr>"
    )
    assert "canary" not in str(read(page))


def test_merged_cells_stand_for_each_country(read: Read) -> None:
    """One text for two countries is kept for both, and that is said."""
    reading = read(PAGE.format(rows="<tr><th>Indexation</th><td colspan='2'>Both.</td></tr>"))
    assert found(reading) == {("BE", "VI", "indexation"): "Both.", ("FR", "VI", "indexation"): "Both."}
    assert "one text for several countries" in said(reading)


def test_an_unknown_category_is_kept_under_its_chapter(read: Read) -> None:
    """What is not declared is a cell like any other, and is listed."""
    rows = "<tr><th colspan='3'>Benefits</th></tr><tr><th>Bonus for gardeners</th><td>None.</td><td></td></tr>"
    reading = read(PAGE.format(rows=rows))
    assert found(reading) == {("BE", "VI", "~benefits/bonus_for_gardeners"): "None."}
    assert "no declared category" in said(reading)


def test_a_number_of_the_correspondents_is_a_key_and_an_id_of_the_site_is_not(read: Read) -> None:
    """VI-11 places a cell whatever its label; the site's id stays an attribute."""
    row = "<tr data-topic-id='69888'><th data-topic-id='69888'>VI-11 Wie gerechnet wird</th><td>x</td><td>y</td></tr>"
    cell = read(PAGE.format(rows=row)).cells[0]
    assert (cell.category, cell.number, cell.site_id) == ("formula", "VI-11", "69888")


def test_headings_and_paragraphs_without_a_table(read: Read) -> None:
    """A page of headings is placed by them."""
    page = (
        "<html lang='fr'><body><h1>Belgique</h1><h2>Tableau V - Invalidité</h2><h4>Pension minimum</h4>"
        "<p>Une ligne.</p><p>Une autre.</p></body></html>"
    )
    assert found(read(page)) == {("BE", "V", "minimum"): "Une ligne.\nUne autre."}


def test_a_table_that_lays_out_the_page_is_entered(read: Read) -> None:
    """A layout table around the table of data does not hide it."""
    inner = PAGE.format(rows="<tr><th>Indexation</th><td>a</td><td>b</td></tr>")
    page = f"<html lang='en'><body><table><tr><td>menu</td><td>{inner}</td></tr></table></body></html>"
    assert found(read(page))["FR", "VI", "indexation"] == "b"


def test_what_cannot_be_placed_is_listed_with_its_words(read: Read) -> None:
    """A text without a country is no cell, but it is not lost."""
    page = "<html lang='en'><h2>Table VI: Old age</h2><table><tr><td>Indexation</td><td>Canary text.</td></tr></table>"
    reading = read(page)
    assert not reading.cells
    assert any(d.severity == "error" and "Canary text." in d.text and "no country" in d.what for d in reading.doubts)


def test_a_half_saved_page(read: Read) -> None:
    """What is there is placed, and the page is said to break off."""
    whole = PAGE.format(rows="<tr><th>Indexation</th><td>a</td><td>b</td></tr>" * 2)
    reading = read(whole[: whole.index("<td>b")])
    assert found(reading)["BE", "VI", "indexation"] == "a"
    assert "breaks off" in said(reading)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_encodings(read: Read, encoding: str) -> None:
    """Letters survive whatever the encoding is."""
    page = PAGE.format(rows="<tr><th>Indexation</th><td>déjà 5 €</td><td>b</td></tr>")
    reading = read(page.encode(encoding))
    assert found(reading)["BE", "VI", "indexation"] == "déjà 5 €"
    assert ("read as windows-1252" in said(reading)) == (encoding == "cp1252")


def test_garbled_letters_are_mended_and_said(read: Read) -> None:
    """UTF-8 that was saved as windows-1252 comes back as it was."""
    row = "<tr><th>Indexation</th><td>" + "déjà 5 €".encode().decode("cp1252") + "</td><td>b</td></tr>"
    reading = read(PAGE.format(rows=row))
    assert found(reading)["BE", "VI", "indexation"] == "déjà 5 €"
    assert "mended" in said(reading)


def test_a_large_cell_is_kept_and_doubted(read: Read) -> None:
    """A cell of ten million characters is read in reasonable time and named."""
    reading = read(PAGE.format(rows=f"<tr><th>Indexation</th><td>{'word ' * 2_000_000}</td><td>b</td></tr>"))
    assert len(found(reading)["BE", "VI", "indexation"]) == 9_999_999
    assert "hardly a text" in said(reading)


def test_a_large_cell_of_a_csv_file_leaves_other_readers_their_limit(read: Read) -> None:
    """A cell of 200,000 characters is read from CSV; the limit that guards the other readers is as it was."""
    before = csv.field_size_limit()
    reading = read(f"Country;Table;Category;Text\nBE;VI;Indexation;{'word ' * 40_000}\n", "list.csv", lang="en")
    assert len(found(reading)["BE", "VI", "indexation"]) == 199_999
    assert csv.field_size_limit() == before


def test_a_wide_sheet(read: Read) -> None:
    """The site's export: countries across, merged titles above, a number column."""
    content = workbook(
        [["Old age", None, None, None], ["No", "Category", "Belgium", "Greece"],
         [11, "Pension formula", "a", "b"], [None, "Indexation", None, "c"]],
        title="Table VI", merged="A1:D1",
    )  # fmt: skip
    assert found(read(content, "export.xlsx", lang="en")) == {
        ("BE", "VI", "formula"): "a", ("EL", "VI", "formula"): "b", ("EL", "VI", "indexation"): "c",
    }  # fmt: skip


def test_renamed_columns_are_told_by_what_they_hold(read: Read) -> None:
    """A list whose columns have other names is read, and each guess is said."""
    rows = [["Where", "Which", "Category", "What is said"], ["Belgium", "Table VI", "Indexation", "On 1 July."]]
    reading = read(workbook(rows, "data"), "export.xlsx", lang="en")
    assert found(reading) == {("BE", "VI", "indexation"): "On 1 July."}
    assert said(reading).count("is taken for the") == 3


def test_countries_under_old_codes(read: Read) -> None:
    """GR, GB and ISO's three letters are read as Eurostat's codes, and that is said."""
    text = (
        "Country;Table;Category;Text\nGR;VI;Indexation;a\nGB;VI;Indexation;b\nAUT;VI;Indexation;c\nXX;VI;Indexation;d\n"
    )
    reading = read(text, "list.csv", lang="en")
    assert {geo for geo, _, _ in found(reading)} == {"EL", "UK", "AT"}
    assert "GR is read as EL" in said(reading)
    assert "the country 'XX' is not known" in said(reading)


def test_a_formula_is_kept_as_text(read: Read) -> None:
    """A formula in a workbook is never computed, and it is said."""
    rows = [["Country", "Table", "Category", "Text"], ["BE", "VI", "Indexation", '=HYPERLINK("http://x")']]
    reading = read(workbook(rows), "export.xlsx", lang="en")
    assert found(reading)["BE", "VI", "indexation"].startswith("=HYPERLINK")
    assert "a formula is kept as text" in said(reading)


def test_two_texts_for_one_place_are_both_kept(read: Read) -> None:
    """A place given twice with other words loses neither."""
    text = "Country;Table;Category;Text\nBE;VI;Indexation;one\nBE;VI;Indexation;two\nBE;VI;Indexation;one\n"
    reading = read(text, "list.csv", lang="en")
    assert sorted(found(reading).values()) == ["one", "two"]
    assert "a second text for one place" in said(reading)


@pytest.mark.parametrize(
    ("content", "what"),
    [(b"PK\x03\x04broken", "not a whole"), (b"\xd0\xcf\x11\xe0" + b"\0" * 600, "Save it as .xlsx")],
)
def test_files_that_cannot_be_read(read: Read, content: bytes, what: str) -> None:
    """A broken or an old workbook is refused with what to do."""
    with pytest.raises(SourceUnreadable, match=what):
        read(content, "export.xlsx")


@pytest.mark.parametrize("content", ["", "\0\0\0", "<", "<html>", "nothing of the kind", "a;b\n1;2\n"])
def test_files_without_anything_of_missoc(read: Read, content: str) -> None:
    """A file without a cell says so."""
    assert "no cell of MISSOC" in said(read(content, "file.txt"))


def test_an_edition_must_be_known(known: Declarations) -> None:
    """Without a date nothing is stored; a wrong one is refused."""
    text = b"Country;Table;Category;Text\nBE;VI;Indexation;one\n"
    with pytest.raises(UsageError, match="--edition"):
        intake.understood(text, "list.csv", known.missoc, Given())
    with pytest.raises(UsageError, match="not a date"):
        Given("2026-13-01")
    with pytest.raises(UsageError, match="published in"):
        Given(lang="xx")


@pytest.mark.parametrize(
    ("text", "date"),
    [("Situation on 1 January 2026", "2026-01-01"), ("Situation au 1er juillet 2025", "2025-07-01"),
     ("Stand: 1. Juli 2019", "2019-07-01"), ("…&period=2026-01-01", "2026-01-01"), ("01/07/2021", "2021-07-01"),
     ("MISSOC 1999", "1999-01-01"), ("Law of 14 July 1994", ""), ("in 2024", "")],
)  # fmt: skip
def test_editions_in_titles(text: str, date: str) -> None:
    """The situation a title speaks of; other dates are none."""
    assert edition(text) == date


def test_an_edition_twice_is_stored_once(filled: Store, known: Declarations, samples: list[Path]) -> None:
    """The same file again brings nothing; a corrected text brings that text only."""
    before = [m.vintage for m in CELLS.manifests(filled)]
    again = intake.keep(filled, intake.read(samples[0], known.missoc, Given()))
    assert [(s.vintage, s.new, s.revised) for s in again] == [("", 0, 0)]
    changed = samples[0].read_text(encoding="utf-8").replace("3 Tage.", "4 Tage.").encode()
    mended = intake.keep(filled, intake.understood(changed, "mended.txt", known.missoc, Given()))
    assert [(s.vintage, s.new, s.revised) for s in mended] == [("2025-07-01-04", 0, 3)]
    assert len(CELLS.manifests(filled)) == len(before) + 1
    assert sum(c.text == "4 Tage." for c in cells.known(filled)) == 3


def test_as_of_reads_what_was_known(filled: Store) -> None:
    """On a day before the second edition only the first is there."""
    assert {cell.edition for cell in cells.known(filled, "2025-12-31")} == {"2025-07-01"}
    assert {cell.edition for cell in cells.known(filled)} == {"2025-07-01", "2026-01-01"}


def test_damage_is_found(filled: Store) -> None:
    """A changed file is named by verify and refused by reading; a leftover is removed."""
    assert verify(filled) == []
    (filled.root / "texts" / "missoc" / "2025-07-01-09.parquet.part").write_bytes(b"x")
    assert [trouble.mended for trouble in verify(filled)] == [True]
    path = filled.root / "texts" / "missoc" / "2026-01-01.parquet"
    path.write_bytes(path.read_bytes()[:-9] + b"123456789")
    assert [(t.path, t.mended) for t in verify(filled)] == [(path, False)]
    with pytest.raises(SourceUnreadable, match="damaged"):
        cells.known(filled)
