"""Writing the questionnaire: leaves to be typed, sub-totals as formulas with their values, flags in notes."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import xlsxwriter

from reporting.declarations import Declarations
from reporting.errors import UsageError
from reporting.files import put
from reporting.sha import totals
from reporting.sha.classification import Axis, Classification, Table, label
from reporting.sha.cubes import Cube, cubes
from reporting.sha.neutral import ELSEWHERE, METADATA, MISSING, NIL, Accounts, item
from reporting.spreadsheets import address

#: Where codes stand: their row and column, counted from 0.
_HEAD, _STUB = 4, 1
_FLAGS = set("bdepufn")
#: How a text begins that a spreadsheet would take for a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
#: What is told of a cell that changed.
MOVED = ("table", "cell", "old", "new", "change", "percent")


def write(
    path: Path, known: Declarations, classification: Classification, accounts: Accounts,
    moves: pd.DataFrame | None = None,
) -> None:  # fmt: skip
    """Write the tables of one year as a workbook, whole or not at all; ``moves`` on a sheet of their own.

    Raises
    ------
    UsageError
        When the file is no .xlsx, or there are several years.
    OutputFailed
        When it cannot be written.
    """
    if path.suffix != ".xlsx" or len(accounts.years) != 1:
        raise UsageError(f"{path.name}: a questionnaire is a workbook (.xlsx) of one year; write .csv for several.")
    put(path, _content(known, classification, accounts, moves))


def _content(
    known: Declarations, classification: Classification, accounts: Accounts, moves: pd.DataFrame | None
) -> bytes:
    buffer = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(buffer, options) as book:
        _book(book, known, classification, accounts)
        if moves is not None:
            _moves(book.add_worksheet("Reconciled"), _looks(book), moves)
    return buffer.getvalue()


def _book(book: Any, known: Declarations, classification: Classification, accounts: Accounts) -> None:
    made = cubes(accounts, classification)
    year = accounts.years[0]
    looks = _looks(book)
    for name, table in classification.tables.items():
        if table.columns and (name, year) in made:
            notes = accounts.table["note"].to_numpy()
            _Sheet(book.add_worksheet(name), looks, known, classification).fill(made[name, year], table, notes)
    _metadata(book.add_worksheet("Metadata"), looks, accounts.metadata, year)


def _looks(book: Any) -> dict[str, Any]:
    return {
        "title": book.add_format({"bold": True, "font_size": 14}),
        "head": book.add_format({"bold": True, "text_wrap": True, "valign": "top", "bg_color": "#E7ECF3"}),
        "code": book.add_format({"bold": True, "bg_color": "#E7ECF3"}),
        "text": book.add_format({"text_wrap": True, "valign": "top"}),
        # A text that begins like a formula stays a text when it is edited.
        "quoted": book.add_format({"text_wrap": True, "valign": "top", "quote_prefix": True}),
        "leaf": book.add_format({"num_format": "#,##0.00", "locked": False, "align": "right"}),
        "total": book.add_format({"num_format": "#,##0.00", "bold": True, "bg_color": "#F2F2F2"}),
    }


class _Sheet:
    """A sheet while it is written."""

    def __init__(self, sheet: Any, looks: dict[str, Any], known: Declarations, classes: Classification) -> None:
        self.sheet, self.looks, self.known, self.axes = sheet, looks, known, classes.axes

    def fill(self, cube: Cube, table: Table, notes: Any) -> None:
        """Titles, codes, labels and cells."""
        rows = totals.ordered(self.axes[table.rows], table, cube.rows)
        columns = totals.ordered(self.axes[table.columns], table, cube.columns)
        self.sheet.write_string(0, 0, f"{table.name} {cube.year}: {table.title}", self.looks["title"])
        self.sheet.write_string(1, 0, "Millions of national currency. Blank or -: nil; x: included elsewhere.")
        self._heads(self.axes[table.rows], self.axes[table.columns], rows, columns)
        values, sums = totals.totalled(cube, self.axes[table.rows], self.axes[table.columns], rows, columns)
        for i, row in enumerate(rows):
            for j, column in enumerate(columns):
                at, status = _there(cube, row, column)
                note = notes[at] if at >= 0 else ""
                self._cell((i, j), float(values[i, j]), sums.get((i, j), ()), status, note)
        self.sheet.freeze_panes(_HEAD + 1, _STUB + 1)
        self.sheet.protect("", {"format_columns": True, "format_rows": True})

    def _heads(self, down: Axis, across: Axis, rows: Sequence[str], columns: Sequence[str]) -> None:
        self.sheet.set_column(0, 0, 46)
        self.sheet.set_column(_STUB, _STUB, 12)
        self.sheet.set_column(_STUB + 1, _STUB + len(columns), 14)
        for j, code in enumerate(columns, _STUB + 1):
            self.sheet.write_string(_HEAD - 1, j, label(self.known, across, code), self.looks["head"])
            self.sheet.write_string(_HEAD, j, code, self.looks["code"])
        for i, code in enumerate(rows, _HEAD + 1):
            self.sheet.write_string(i, 0, label(self.known, down, code), self.looks["head"])
            self.sheet.write_string(i, _STUB, code, self.looks["code"])

    def _cell(
        self, place: tuple[int, int], value: float, parts: Sequence[tuple[int, int]], status: str, note: str
    ) -> None:
        row, column = place[0] + _HEAD + 1, place[1] + _STUB + 1
        if np.isnan(value) and status in (ELSEWHERE, MISSING):
            self.sheet.write_string(row, column, {ELSEWHERE: ELSEWHERE, MISSING: ":"}[status], self.looks["leaf"])
        elif parts:
            names = ",".join(address(r + _HEAD + 2, c + _STUB + 2) for r, c in parts)
            formula = f'=IF(COUNT({names})=0,"",SUM({names}))'
            shown = " " if np.isnan(value) else round(value, 9)
            self.sheet.write_formula(row, column, formula, self.looks["total"], shown)
        elif np.isnan(value):
            self.sheet.write_blank(row, column, None, self.looks["leaf"])
        elif status == NIL:
            self.sheet.write_string(row, column, NIL, self.looks["leaf"])
        else:
            self.sheet.write_number(row, column, value, self.looks["leaf"])
        flag = f"[{status}] " if status and set(status) <= _FLAGS else ""
        if flag or note:
            self.sheet.write_comment(row, column, f"{flag}{note}".strip())


def _there(cube: Cube, row: str, column: str) -> tuple[int, str]:
    """Position and status of a cell; -1 when the table does not have it."""
    if row not in cube.rows or column not in cube.columns:
        return -1, ""
    place = cube.rows.index(row), cube.columns.index(column)
    return int(cube.at[place]), str(cube.status[place])


def _metadata(sheet: Any, looks: dict[str, Any], lines: pd.DataFrame, year: int) -> None:
    sheet.write_string(0, 0, f"Metadata {year}", looks["title"])
    for column, (head, width) in enumerate((("Item", 16), ("Table", 10), ("Cell", 24), ("Text", 90))):
        sheet.set_column(column, column, width)
        sheet.write_string(2, column, head, looks["head"])
    rows = lines[list(METADATA[1:])].to_numpy().tolist()
    if "year" not in set(lines["item"]):
        rows = [["year", "", "", str(year)], *rows]
    for number, row in enumerate(rows, 3):
        for column, text in enumerate(map(str, row)):
            sheet.write_string(number, column, text, looks["quoted" if text.startswith(_FORMULA) else "text"])


def _moves(sheet: Any, looks: dict[str, Any], moves: pd.DataFrame) -> None:
    """Old and new values side by side."""
    sheet.write_string(0, 0, "Cells that changed, largest change first", looks["title"])
    for column, head in enumerate(MOVED):
        sheet.set_column(column, column, 26 if head == "cell" else 14)
        sheet.write_string(2, column, head.capitalize(), looks["head"])
    for number, line in enumerate(moves.itertuples(), 3):
        row: Any = line
        sheet.write_string(number, 0, row.table)
        sheet.write_string(number, 1, item(row))
        for column, value in enumerate((row.old, row.new, row.change, row.percent), 2):
            if np.isfinite(value):
                sheet.write_number(number, column, value, looks["leaf"])
