"""The site's export as a workbook, and CSV: sheets of rows, read as the grids of a page are."""

from __future__ import annotations

import csv
import io
import sys
import warnings
import zipfile
import zlib
from collections.abc import Iterator
from typing import Any

import openpyxl

from reporting.errors import SourceUnreadable
from reporting.missoc import layouts
from reporting.missoc.layouts import Box, Grid
from reporting.missoc.placing import Placer

#: How a broken workbook makes itself felt in openpyxl.
BROKEN = (
    zipfile.BadZipFile, zlib.error, KeyError, EOFError, ValueError, OSError, SyntaxError, TypeError, AttributeError,
    IndexError, AssertionError, OverflowError, RuntimeError,
)  # fmt: skip
#: Rows of a sheet beyond which nothing of MISSOC stands.
_ROWS = 200_000


def read_workbook(content: bytes, placer: Placer) -> None:
    """Every sheet of a workbook; its name may be a country, a table or an edition.

    Raises
    ------
    SourceUnreadable
        When the file is not a whole workbook.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            book = openpyxl.load_workbook(io.BytesIO(content))
            sheets = [(sheet.title, list(_rows(sheet, placer))) for sheet in book.worksheets]
    except BROKEN as error:
        raise SourceUnreadable(
            f"{placer.source}: not a whole workbook ({type(error).__name__}). Get the file again."
        ) from None
    for name, rows in sheets:
        _sheet(name, rows, placer)


def _rows(sheet: Any, placer: Placer) -> Iterator[list[Box]]:
    if sheet.max_row > _ROWS or sheet.max_column > layouts.WIDEST:
        raise SourceUnreadable(
            f"{placer.source}: sheet {sheet.title!r} claims {sheet.max_row:,} rows and {sheet.max_column:,} columns, "
            "which no table of MISSOC has. Delete what is empty, save it again and import that."
        )
    merged: dict[tuple[int, int], tuple[int, int, int]] = {}
    for number, area in enumerate(sheet.merged_cells.ranges, 1):
        if area.size["rows"] * area.size["columns"] > 100_000:
            placer.doubt("warning", f"sheet {sheet.title!r}", f"cells merged without measure: {area.coord}")
            continue
        for row, column in area.cells:
            merged[row, column] = (area.min_row, area.min_col, number)
    for row in sheet.iter_rows():
        yield [_box(sheet, cell, merged.get((cell.row, cell.column)), placer) for cell in row]


def _box(sheet: Any, cell: Any, merged: tuple[int, int, int] | None, placer: Placer) -> Box:
    first = sheet.cell(merged[0], merged[1]) if merged else cell
    text = "" if first.value is None else str(first.value)
    if first.data_type == "f" and text:
        where = f"sheet {sheet.title!r}, cell {first.coordinate}"
        placer.doubt("warning", where, "a formula is kept as text, it is not computed", text)
    return Box(text, spread=merged[2] if merged else 0)


def _sheet(name: str, rows: list[list[Box]], placer: Placer) -> None:
    if not any(box.text.strip() for row in rows for box in row):
        return
    placer.chapter = ""
    placer.heading(name, f"sheet {name!r}")
    _place(Grid(rows, f"sheet {name!r}"), placer)


def _place(grid: Grid, placer: Placer) -> None:
    if layouts.place(grid, placer):
        return
    for number, row in enumerate(grid.rows, 1):
        for box in row:
            if box.text.strip():
                what = "not placed: no column of countries, categories or texts is known"
                placer.doubt("error", f"{grid.place}, row {number}", what, box.text)


def read_csv(text: str, placer: Placer) -> None:
    """A CSV file with commas, semicolons or tabs."""
    head = text[:20_000].split("\n", 1)[0]
    delimiter = max(",;\t|", key=head.count)
    limit = csv.field_size_limit(sys.maxsize)  # a cell may hold megabytes here; elsewhere the limit guards
    try:
        rows = [[Box(value) for value in row] for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)]
    except csv.Error as error:
        placer.doubt("error", "", f"not a whole CSV file: {error}", text[:200])
        return
    finally:
        csv.field_size_limit(limit)
    if text.count('"') % 2:
        placer.doubt("warning", "", "a quote is not closed: the file may be cut")
    elif len(rows) > 1 and 0 < len(rows[-1]) < len(rows[0]):
        said = f"the last line has {len(rows[-1])} of {len(rows[0])} columns: the file may be cut"
        placer.doubt("warning", f"line {len(rows)}", said, rows[-1][-1].text)
    elif rows and text[-1:] not in "\r\n":
        placer.doubt(
            "information", f"line {len(rows)}", "the last line has no end: see that it is whole", rows[-1][-1].text
        )
    _place(Grid(rows, "CSV"), placer)
