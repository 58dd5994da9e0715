"""What a check of a collected file found, for a person: a workbook that opens at the cell, and a page.

Both are made from the same findings, for every collection. Nothing is said by
colour alone, and no text of the file that was checked is ever a formula or markup.
"""

from __future__ import annotations

import html
import io
import math
import os
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from urllib.parse import quote

import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from reporting.declarations import CellRule
from reporting.errors import OutputFailed
from reporting.files import whole
from reporting.findings import CellFinding, ordered
from reporting.forms import FORMULA
from reporting.labels import Words

#: The most characters a cell of a workbook holds, rows of findings a sheet holds, and links a sheet holds.
_LONGEST, _ROWS, _LINKS = 32_767, 1_000_000, 65_000
#: Findings of one rule that a page shows; the workbook has all.
SHOWN = 300
_SEVERITIES = ("error", "warning", "information")


@dataclass(frozen=True)
class Checked:
    """What was checked: the title of the report, the file, the day, the rules, and those that could not be applied."""

    title: str
    file: Path
    date: str
    rules: Mapping[str, CellRule]
    remarks: tuple[str, ...] = ()
    skipped: tuple[str, ...] = ()


def write_workbook(path: Path, findings: Sequence[CellFinding], about: Checked, words: Words) -> None:
    """Write the findings as a workbook: a summary by rule, then each finding with a link to its cell.

    Raises
    ------
    OutputFailed
        When it cannot be written; an earlier file is left as it was.
    """
    _write(path, _Book(path, ordered(findings), about, words).content())


def write_page(path: Path, findings: Sequence[CellFinding], about: Checked, words: Words) -> None:
    """Write the findings as one HTML page without scripts; at most :data:`SHOWN` of each rule.

    Raises
    ------
    OutputFailed
        When it cannot be written; an earlier file is left as it was.
    """
    target = quote(_relative(about.file, path.parent))
    _write(path, "".join(_page(ordered(findings), about, target, words)).encode())


def _write(path: Path, content: bytes) -> None:
    try:
        with whole(path) as part:
            part.write_bytes(content)
    except OSError as error:
        raise OutputFailed(f"Cannot write {path}: {error.strerror}. Name a file in a folder that is there.") from None


def _counts(findings: Sequence[CellFinding], words: Words) -> str:
    """How many findings there are, in words."""
    count = Counter(f.severity if f.outcome == "failed" else "undecidable" for f in findings)
    return words.text(
        "{errors} errors, {warnings} warnings, {information} for information, {undecidable} undecidable because a "
        "value is missing.",
        errors=count["error"], warnings=count["warning"], information=count["information"],
        undecidable=count["undecidable"],
    )  # fmt: skip


def _severity(finding: CellFinding, words: Words) -> str:
    if finding.outcome == "undecidable":
        return words.text("undecidable")
    names = {"error": words.text("error"), "warning": words.text("warning"), "information": words.text("information")}
    return names[finding.severity]


def _heads(words: Words) -> list[str]:
    return [
        words.text("Place"), words.text("Severity"), words.text("Rule"), words.text("Scheme"), words.text("Item"),
        words.text("Year"), words.text("Value"), words.text("Expected"), words.text("Difference"),
        words.text("What is wrong"), words.text("How to mend it"),
    ]  # fmt: skip


def _place(finding: CellFinding) -> str:
    """Sheet and cell, without the file that the whole report is about."""
    cell = f"{finding.sheet}!{finding.cell}" if finding.sheet and finding.cell else finding.sheet or finding.cell
    return cell or finding.file or "–"


def _summary(findings: Sequence[CellFinding], about: Checked, words: Words) -> Iterator[tuple[str, str, int, int, str]]:
    """Each rule with its title, what failed, what could not be decided, and its reference."""
    failed = Counter(f.rule for f in findings if f.outcome == "failed")
    open_ = Counter(f.rule for f in findings if f.outcome != "failed")
    for name in dict.fromkeys((*about.rules, *sorted(failed | open_))):
        rule = about.rules.get(name)
        title = words.text(rule.title) if rule else words.text("the file as it was read")
        if rule and not rule.active:
            title = words.text("{title} (switched off)", title=title)
        elif name in about.skipped:
            title = words.text("{title} (not applied)", title=title)
        yield name, title, failed[name], open_[name], rule.reference if rule else ""


class _Book:
    """A workbook of findings in the making."""

    def __init__(self, path: Path, findings: Sequence[CellFinding], about: Checked, words: Words) -> None:
        self.findings, self.about, self.words = findings, about, words
        self.buffer = io.BytesIO()
        options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
        self.book = xlsxwriter.Workbook(self.buffer, options)
        self.target = quote(_relative(about.file, path.parent), safe="/:")
        self.head = self._format(bold=True, bottom=1)
        self.title, self.plain, self.wrap = (
            self._format(bold=True, font_size=16),
            self._format(),
            self._format(text_wrap=True),
        )
        self.quoted = self._format(text_wrap=True, quote_prefix=True)
        self.link = self._format(underline=1, font_color="#0563C1")
        self.number = self._format(num_format="#,##0.00####")

    def _format(self, **look: object) -> Format:
        return self.book.add_format({"font_name": "Arial", "font_size": 11, "valign": "top", **look})

    def content(self) -> bytes:
        """The bytes of the finished workbook."""
        text = self.words.text
        self.book.set_properties({"title": self.about.title, "comments": f"Language: {self.words.language.tag}"})
        self._cover(self.book.add_worksheet(text("Summary")[:31]))
        for start in range(0, max(1, len(self.findings)), _ROWS):
            name = text("Findings")[:28] + (f" {start // _ROWS + 1}" if start else "")
            self._list(self.book.add_worksheet(name), self.findings[start : start + _ROWS], start)
        self.book.close()
        return self.buffer.getvalue()

    def _cover(self, sheet: Worksheet) -> None:
        text, about = self.words.text, self.about
        sheet.set_column(0, 0, 14)
        sheet.set_column(1, 1, 70)
        sheet.set_column(2, 3, 16)
        sheet.set_column(4, 4, 60)
        sheet.write_string(0, 0, about.title, self.title)
        sheet.write_url(1, 0, f"external:{self.target}", self.link, about.file.name)
        lines = [text("Checked on {date}", date=self.words.date(about.date)), _counts(self.findings, self.words)]
        lines += [*about.remarks, text("This worksheet contains one table.")]
        for row, line in enumerate(lines, start=2):
            self._text(sheet, row, 0, line, self.plain)
        heads = [text("Rule"), text("Title"), text("failed"), text("undecidable"), text("Reference")]
        rows = list(_summary(self.findings, about, self.words))
        self._table(sheet, len(lines) + 3, heads, len(rows), "summary")
        for row, record in enumerate(rows, start=len(lines) + 4):
            cells: tuple[str | int, ...] = record
            for column, value in enumerate(cells):
                if isinstance(value, int):
                    sheet.write_number(row, column, value, self.plain)
                else:
                    self._text(sheet, row, column, value)

    def _list(self, sheet: Worksheet, findings: Sequence[CellFinding], start: int) -> None:
        heads = _heads(self.words)
        for column, width in enumerate((20, 13, 8, 9, 34, 8, 15, 15, 15, 90, 70)):
            sheet.set_column(column, column, width)
        self._table(sheet, 0, heads, max(1, len(findings)), f"findings_{start // _ROWS + 1}")
        if not findings:
            self._text(sheet, 1, 0, self.words.text("Nothing was found."))
        for row, finding in enumerate(findings, start=1):
            self._line(sheet, row, finding)
        sheet.freeze_panes(1, 1)
        sheet.repeat_rows(0)

    def _line(self, sheet: Worksheet, row: int, finding: CellFinding) -> None:
        self._link(sheet, row, finding)
        words = [_severity(finding, self.words), finding.rule, finding.scheme, finding.item, finding.year]
        for column, value in enumerate(words, start=1):
            self._text(sheet, row, column, value, self.plain)
        for column, number in enumerate(_numbers(finding), start=6):
            if math.isfinite(number):
                sheet.write_number(row, column, number, self.number)
        self._text(sheet, row, 9, finding.message)
        self._text(sheet, row, 10, finding.mend)

    def _link(self, sheet: Worksheet, row: int, finding: CellFinding) -> None:
        if row > _LINKS or (finding.file and finding.file != self.about.file.name):
            self._text(sheet, row, 0, _place(finding) if row > _LINKS else finding.place, self.plain)
            return
        name = finding.sheet.replace("'", "''")
        anchor = f"#'{name}'!{finding.cell or 'A1'}" if finding.sheet else ""
        sheet.write_url(row, 0, f"external:{self.target}{anchor}", self.link, _place(finding)[:255])

    def _text(self, sheet: Worksheet, row: int, column: int, value: str, look: Format | None = None) -> None:
        guarded = self.quoted if value.startswith(FORMULA) else look or self.wrap
        sheet.write_string(row, column, value[:_LONGEST], guarded)

    def _table(self, sheet: Worksheet, top: int, heads: Sequence[str], rows: int, name: str) -> None:
        sheet.set_landscape()
        sheet.set_paper(9)
        sheet.fit_to_pages(1, 0)
        columns = [{"header": head, "header_format": self.head} for head in heads]
        style = {"style": "Table Style Light 1", "banded_rows": False, "columns": columns, "name": name}
        sheet.add_table(top, 0, top + rows, len(heads) - 1, style)


def _numbers(finding: CellFinding) -> tuple[float, float, float]:
    return finding.value, finding.expected, finding.value - finding.expected


def _relative(file: Path, folder: Path) -> str:
    """The way from a folder to a file, so that both can be moved together."""
    try:
        return os.path.relpath(file.resolve(), folder.resolve()).replace("\\", "/")
    except ValueError:  # on another drive
        return file.resolve().as_posix()


_FRAME = """<!DOCTYPE html>
<html lang="{tag}">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
body {{ font: 1rem/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 90rem; padding: 0 1rem; color: #1a1a1a;
  background: #fff; }}
.wide {{ overflow-x: auto; }}
table {{ border-collapse: collapse; margin: 1rem 0; }}
caption {{ text-align: left; font-weight: bold; padding: .3rem 0; }}
th, td {{ border-bottom: 1px solid #767676; padding: .25rem .6rem; text-align: left; vertical-align: top; }}
td {{ overflow-wrap: anywhere; }}
td[lang] {{ min-width: 15rem; }}
td.number {{ text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }}
th[scope=row] {{ white-space: nowrap; }}
</style></head>
<body><main>
"""


def _page(findings: Sequence[CellFinding], about: Checked, target: str, words: Words) -> Iterator[str]:
    """The parts of the page, in their order."""
    title = html.escape(about.title)
    yield _FRAME.format(tag=html.escape(words.language.tag), title=f"{title}: {html.escape(about.file.name)}")
    yield f'<h1>{title}</h1>\n<p><a href="{target}">{html.escape(about.file.name)}</a>. '
    yield f"{html.escape(words.text('Checked on {date}', date=words.date(about.date)))}.</p>\n"
    for line in (_counts(findings, words), *about.remarks):
        yield f"<p>{html.escape(line)}</p>\n"
    yield _rules(findings, about, words)
    rank = {finding.rule: place for place, finding in reversed(list(enumerate(findings)))}
    by_rule = sorted(findings, key=lambda f: rank[f.rule])
    for name, group in groupby(by_rule, key=lambda f: f.rule):
        yield from _section(name, list(group), about, words)
    if not findings:
        yield f"<p>{html.escape(words.text('Nothing was found.'))}</p>\n"
    yield "</main></body></html>\n"


def _rules(findings: Sequence[CellFinding], about: Checked, words: Words) -> str:
    text = words.text
    rows = [
        [f'<a href="#{html.escape(name)}">{html.escape(name)}</a>' if failed + left else html.escape(name),
         html.escape(title), f"{failed:d}", f"{left:d}", html.escape(reference)]
        for name, title, failed, left, reference in _summary(findings, about, words)
    ]  # fmt: skip
    heads = [text("Rule"), text("Title"), text("failed"), text("undecidable"), text("Reference")]
    heading = text("Summary")
    return f"<h2>{html.escape(heading)}</h2>\n{_grid(text('Findings by rule'), heads, rows, (2, 3))}"


def _section(name: str, findings: Sequence[CellFinding], about: Checked, words: Words) -> Iterator[str]:
    rule = about.rules.get(name)
    title = words.text(rule.title) if rule else words.text("the file as it was read")
    yield f'<h2 id="{html.escape(name)}">{html.escape(name)}: {html.escape(title)}</h2>\n'
    if len(findings) > SHOWN:
        said = words.text("{shown} of {all} findings are shown; the workbook of findings has them all.",
                          shown=SHOWN, all=len(findings))  # fmt: skip
        yield f"<p>{html.escape(said)}</p>\n"
    heads = [head for column, head in enumerate(_heads(words)) if column != 2]
    rows = [_cells(finding, words) for finding in findings[:SHOWN]]
    yield _grid(words.text("Findings of rule {rule}", rule=name), heads, rows, (5, 6, 7), english=2)


def _cells(finding: CellFinding, words: Words) -> list[str]:
    numbers = ["" if not math.isfinite(number) else words.number(number, 2) for number in _numbers(finding)]
    said = [_severity(finding, words), finding.scheme, finding.item, finding.year, *numbers]
    return [html.escape(text) for text in (_place(finding), *said, finding.message, finding.mend)]


def _grid(
    caption: str, heads: Sequence[str], rows: Sequence[Sequence[str]], numbers: tuple[int, ...], english: int = 0
) -> str:
    """A table whose cells are markup already; the last columns may be in English on any page."""
    head = "".join(f'<th scope="col">{html.escape(text)}</th>' for text in heads)
    kinds = ['<td class="number">' if column in numbers else "<td>" for column in range(len(heads))]
    if english:
        kinds[-english:] = ['<td lang="en">'] * english
    body = "".join(
        f'<tr><th scope="row">{row[0]}</th>'
        + "".join(f"{kind}{cell}</td>" for kind, cell in zip(kinds[1:], row[1:], strict=True))
        + "</tr>\n"
        for row in rows
    )
    label = html.escape(caption)
    return (
        f'<div class="wide" tabindex="0" role="region" aria-label="{label}"><table><caption>{label}</caption>\n'
        f"<thead><tr>{head}</tr></thead>\n<tbody>{body}</tbody></table></div>\n"
    )
