"""Forms a person fills in: one sheet or a CSV file, in which no text is ever a formula."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import Path

import xlsxwriter

from reporting.errors import UsageError
from reporting.files import put

#: How a text begins that a spreadsheet would take for a formula.
FORMULA = ("=", "+", "-", "@", "\t", "\r")
#: The most a cell of a workbook can hold.
_LONGEST = 32_767
_WIDTHS = {"text": 60, "last_text": 60, "new_text": 60, "words": 60, "guideline": 40, "comment": 30}

Value = str | float


def write(
    path: Path, heads: Sequence[str], rows: Sequence[Sequence[Value]], choices: dict[str, Sequence[str]] | None = None
) -> None:
    """Write a form as .xlsx or .csv, whole or not at all.

    Parameters
    ----------
    choices : dict, optional
        Column to the values that may be chosen in it (in a workbook).

    Raises
    ------
    UsageError
        For another kind of file, or a text that no cell of a workbook can hold.
    OutputFailed
        When it cannot be written.
    """
    if path.suffix not in (".xlsx", ".csv"):
        raise UsageError(f"{path.name}: forms are written as .xlsx or .csv.")
    content = _workbook(heads, rows, choices or {}) if path.suffix == ".xlsx" else _csv(heads, rows)
    put(path, content)


def _csv(heads: Sequence[str], rows: Sequence[Sequence[Value]]) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(heads)
    writer.writerows([neutral(value) if isinstance(value, str) else value for value in row] for row in rows)
    return b"\xef\xbb\xbf" + text.getvalue().encode()


def neutral(text: str) -> str:
    """A text that a spreadsheet takes for text: an apostrophe stands before what would be a formula."""
    return f"'{text}" if text.startswith((*FORMULA, "'")) else text


def _workbook(heads: Sequence[str], rows: Sequence[Sequence[Value]], choices: dict[str, Sequence[str]]) -> bytes:
    long = next((row for row in rows for value in row if isinstance(value, str) and len(value) > _LONGEST), None)
    if long:
        raise UsageError(f"A text of {long[0]} is longer than a cell of a workbook can hold: write the form as .csv.")
    buffer = io.BytesIO()
    book = xlsxwriter.Workbook(buffer, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    sheet = book.add_worksheet("form")
    bold, wrap = (
        book.add_format({"bold": True, "text_wrap": True}),
        book.add_format({"text_wrap": True, "valign": "top"}),
    )
    quoted = book.add_format({"text_wrap": True, "valign": "top", "quote_prefix": True})
    for column, head in enumerate(heads):
        sheet.set_column(column, column, _WIDTHS.get(head, 14))
        sheet.write_string(0, column, head, bold)
        if head in choices and rows:
            sheet.data_validation(1, column, len(rows), column, {"validate": "list", "source": list(choices[head])})
    for number, row in enumerate(rows, 1):
        for column, value in enumerate(row):
            if isinstance(value, str):
                sheet.write_string(number, column, value, quoted if value.startswith(FORMULA) else wrap)
            else:
                sheet.write_number(number, column, value, wrap)
    sheet.freeze_panes(1, 0)
    sheet.autofilter(0, 0, len(rows), len(heads) - 1)
    book.close()
    return buffer.getvalue()
