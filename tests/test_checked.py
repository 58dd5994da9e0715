"""The list of findings: a workbook that opens at the cell, and a page anyone can read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import openpyxl
import pytest
from lxml import html

from reporting import checked
from reporting.declarations import CellRule, Declarations
from reporting.errors import OutputFailed
from reporting.findings import CellFinding
from reporting.labels import Words

RULES = {
    "E01": CellRule(id="E01", title="an aggregate is the sum of its parts", severity="error", reference="Manual"),
    "W11": CellRule(
        id="W11", title="receipts and expenditure of a scheme are near each other", severity="warning", active=False
    ),
}
WARNING = CellFinding(
    "W12", "warning", "Up by 40 %.", "Say why in a comment.", file="Q #1.xlsx", sheet="It's 2023", cell="D17",
    scheme="2", item="ben.old", year="2023", value=140.0, expected=100.0,
)  # fmt: skip
ERROR = CellFinding(
    "E01", "error", "=1+1 <b>is</b> 3.", "Correct it.", file="Q #1.xlsx", sheet="2023", cell="D9", item="@ben"
)
OPEN = CellFinding("E01", "error", "A part is missing.", "Fill it in.", file="Q #1.xlsx", outcome="undecidable")


def about(tmp_path: Path, rules: dict[str, CellRule] | None = None) -> checked.Checked:
    """What was checked."""
    return checked.Checked("Check of a questionnaire", tmp_path / "data" / "Q #1.xlsx", "2026-03-01", rules or RULES)


def test_the_workbook_opens_at_the_cell(tmp_path: Path, known: Declarations) -> None:
    """Errors come first; a place leads to file, sheet and cell; text of the file is never a formula."""
    path = tmp_path / "findings.xlsx"
    checked.write_workbook(path, [WARNING, ERROR, OPEN], about(tmp_path), Words(known, "en"))
    sheet = openpyxl.load_workbook(path)["Findings"]
    assert [row[2].value for row in sheet.iter_rows(min_row=2)] == ["E01", "E01", "W12"]
    link = sheet["A4"].hyperlink
    assert link.target.replace("\\", "/") == "data/Q%20%231.xlsx" and link.location == "'It''s 2023'!D17"
    assert (sheet["G4"].value, sheet["H4"].value, sheet["I4"].value) == (140, 100, 40)
    assert sheet["J2"].value == "=1+1 <b>is</b> 3." and sheet["J2"].data_type == "s"
    assert sheet["B3"].value == "undecidable"


def test_the_summary_names_every_rule(tmp_path: Path, known: Declarations) -> None:
    """A rule that found nothing and one that is switched off are in the summary, with their counts."""
    path = tmp_path / "findings.xlsx"
    checked.write_workbook(path, [ERROR, OPEN], about(tmp_path), Words(known, "en"))
    rows = [[cell.value for cell in row] for row in openpyxl.load_workbook(path)["Summary"].iter_rows()]
    assert ["E01", "an aggregate is the sum of its parts", 1, 1, "Manual"] in rows
    assert ["W11", "receipts and expenditure of a scheme are near each other (switched off)", 0, 0] in [
        row[:4] for row in rows
    ]


@pytest.mark.parametrize("lang", ["en", "fr", "nl", "de"])
def test_the_page_is_marked_up(tmp_path: Path, known: Declarations, lang: str) -> None:
    """The page has its language, headings, captions, heads with a scope, and no markup of the file."""
    path, words = tmp_path / "page.html", Words(known, lang)
    checked.write_page(path, [WARNING, ERROR, OPEN], about(tmp_path), words)
    page = html.fromstring(path.read_text(encoding="utf-8"))
    assert page.get("lang") == words.language.tag
    assert [h.text.split(":")[0] for h in page.iter("h2")][1:] == ["E01", "W12"]
    assert all(th.get("scope") in ("col", "row") for th in page.iter("th"))
    assert len(list(page.iter("caption"))) == len(list(page.iter("table"))) == 3
    assert not list(page.iter("b", "script")) and "=1+1 <b>is</b> 3." in page.text_content()
    assert not words.missing


def test_a_page_of_many_findings_says_how_many_there_are(tmp_path: Path, known: Declarations) -> None:
    """What a page leaves out is said, and the workbook has it all."""
    many = [WARNING] * (checked.SHOWN + 5)
    words = Words(known, "en")
    checked.write_page(tmp_path / "page.html", many, about(tmp_path), words)
    checked.write_workbook(tmp_path / "findings.xlsx", many, about(tmp_path), words)
    assert "300 of 305 findings are shown" in (tmp_path / "page.html").read_text(encoding="utf-8")
    assert openpyxl.load_workbook(tmp_path / "findings.xlsx")["Findings"].max_row == 306


def test_nothing_found_is_said(tmp_path: Path, known: Declarations) -> None:
    """A clean file has a report too."""
    checked.write_page(tmp_path / "page.html", [], about(tmp_path), Words(known, "en"))
    checked.write_workbook(tmp_path / "findings.xlsx", [], about(tmp_path), Words(known, "en"))
    assert "Nothing was found." in (tmp_path / "page.html").read_text(encoding="utf-8")
    assert openpyxl.load_workbook(tmp_path / "findings.xlsx")["Findings"]["A2"].value == "Nothing was found."


def test_a_folder_that_is_not_there_is_said(tmp_path: Path, known: Declarations) -> None:
    """A report that cannot be written names the file."""
    with pytest.raises(OutputFailed, match=r"Cannot write .*page\.html"):
        checked.write_page(tmp_path / "no" / "page.html", [], about(tmp_path), Words(known, "en"))


def test_the_page_has_no_serious_fault_of_accessibility(
    tmp_path: Path, known: Declarations, page: Any, violations: Any
) -> None:
    """Axe finds nothing serious or critical on the page."""
    path = tmp_path / "page.html"
    checked.write_page(path, [WARNING, ERROR, OPEN], about(tmp_path), Words(known, "fr"))
    page.goto(path.as_uri())
    assert violations(page) == []
