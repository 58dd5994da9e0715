"""Workbooks of Eurostat's data browser: one sheet for each series, flags beside the values.

A sheet states its dataset and dates, then the dimensions that are fixed on it,
then a table with periods across and countries down (or the reverse). Labels or
codes, with or without columns for the flags. The sheets Summary and Structure
hold no data; the list of contents on the former is checked.
"""

from __future__ import annotations

import io
import re
import warnings
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import openpyxl
import pandas as pd
from openpyxl.utils import get_column_letter

from reporting.errors import SourceUnreadable
from reporting.sources.cells import CONF, FLAG, TIME, VALUE, Table
from reporting.sources.csv_files import iso_date

_EXTRACTED = re.compile(r"Data extracted on (\d{2}/\d{2}/\d{4})")
_DATASET = re.compile(r"\[([^\[\]]+)\]\s*$")
_AXIS = re.compile(r"(TIME|.+ \((Labels|Codes)\))")
_NUMBER = re.compile(r"-?\d+([.,]\d+)?")
_LISTED = re.compile(r"Sheet \d+")
_NOT_DATA = ("Summary", "Structure")
_Row = Sequence[Any]


@dataclass
class _Sheet:
    """What one sheet holds."""

    name: str
    dataset: str = ""
    extracted: str = ""
    updated: str = ""
    fixed: dict[str, str] = field(default_factory=dict)
    records: list[dict[str, str]] = field(default_factory=list)
    places: list[str] = field(default_factory=list)


def read(content: bytes) -> Table:
    """The observations of a data-browser workbook.

    Raises
    ------
    SourceUnreadable
        When the file is not a whole workbook, has no sheet of that layout,
        lacks a sheet of its own list, or mixes datasets.
    """
    sheets = _open(content)
    summary = sheets.pop("Summary", [])
    sheets.pop("Structure", None)
    missing = [name for name in _listed(summary) if name not in sheets]
    if missing:
        raise SourceUnreadable(f"the sheet {', '.join(missing)} of the Summary is missing. Get the workbook again.")
    if not any(_cell(row, 0).startswith("Data extracted on") for rows in sheets.values() for row in rows[:1]):
        raise SourceUnreadable(
            f"no sheet is a table of the data browser (there are {', '.join([*sheets][:5]) or 'none'}). "
            "Download the dataset from the data browser as a spreadsheet."
        )
    read_sheets = [_sheet(name, rows) for name, rows in sheets.items()]
    datasets = sorted({sheet.dataset for sheet in read_sheets})
    if len(datasets) > 1:
        raise SourceUnreadable(f"the sheets hold several datasets ({', '.join(datasets)}). Use one workbook for each.")
    return _table(read_sheets, _structure(summary))


def _open(content: bytes) -> dict[str, list[_Row]]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)
            book = openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=True)
            return {sheet.title: _values(sheet) for sheet in book.worksheets}
    except (zipfile.BadZipFile, KeyError, EOFError, ValueError, OSError, SyntaxError) as error:
        raise SourceUnreadable(f"not a whole workbook ({error}). Get the file again: it is cut or damaged.") from None


def _values(sheet: Any) -> list[_Row]:
    sheet.reset_dimensions()
    return list(sheet.iter_rows(values_only=True))


def _cell(row: _Row, column: int) -> str:
    """The text of a cell; empty beyond the end of the row."""
    value = row[column] if column < len(row) else None
    return "" if value is None else str(value).strip()


def _listed(summary: list[_Row]) -> list[str]:
    return [name for row in summary if _LISTED.fullmatch(name := _cell(row, 1))]


def _structure(summary: list[_Row]) -> str:
    """When the provider last changed the structure, as the Summary says."""
    for row in summary:
        if _cell(row, 0).startswith("Last change of data structure"):
            return f"of {iso_date(_cell(row, 3))}"
    return ""


def _sheet(name: str, rows: list[_Row]) -> _Sheet:
    sheet = _Sheet(name)
    head = next((n for n, row in enumerate(rows) if _AXIS.fullmatch(_cell(row, 0))), None)
    if head is None or head + 1 >= len(rows) or not _AXIS.fullmatch(_cell(rows[head + 1], 0)):
        raise SourceUnreadable(f"sheet {name!r}: no table with periods and countries. Get the workbook again.")
    for row in rows[:head]:
        _heading(sheet, row)
    if not sheet.dataset:
        raise SourceUnreadable(f"sheet {name!r}: no dataset is named above the table. Get the workbook again.")
    _body(sheet, rows, head)
    return sheet


def _heading(sheet: _Sheet, row: _Row) -> None:
    """A line above the table: dates, the dataset, or a dimension fixed on this sheet."""
    first = _cell(row, 0)
    second = next((text for column in range(1, len(row)) if (text := _cell(row, column))), "")
    if extracted := _EXTRACTED.match(first):
        sheet.extracted = iso_date(extracted[1])
    elif first.startswith("Dataset"):
        sheet.dataset = found[1] if (found := _DATASET.search(second)) else ""
    elif first.startswith("Last updated"):
        sheet.updated = iso_date(second)
    elif first:
        sheet.fixed[first] = second


def _body(sheet: _Sheet, rows: list[_Row], head: int) -> None:
    across, down = rows[head], rows[head + 1]
    stubs = {column: _axis(text) for column in range(len(down)) if _AXIS.fullmatch(text := _cell(down, column))}
    heads = {c: text for c in range(len(across)) if c not in stubs and (text := _cell(across, c))}
    number = head + 2
    while number < len(rows) and any(_cell(rows[number], column) for column in range(len(rows[number]))):
        for column, period in heads.items():
            record = {name: _cell(rows[number], stub) for stub, name in reversed(stubs.items())}
            record |= {_axis(_cell(across, 0)): period, VALUE: _cell(rows[number], column)}
            beside = column + 1 not in heads and column + 1 < len(rows[number])
            sheet.records.append(record | {FLAG: _cell(rows[number], column + 1) if beside else ""})
            sheet.places.append(f"sheet {sheet.name!r}, cell {get_column_letter(column + 1)}{number + 1}")
        number += 1
    _refuse_more(sheet.name, rows, number, len(stubs))


def _axis(text: str) -> str:
    """The name of an axis: ``GEO`` for ``GEO (Labels)``."""
    name = text.removesuffix(" (Labels)").removesuffix(" (Codes)")
    return TIME if name == "TIME" else name


def _refuse_more(name: str, rows: list[_Row], start: int, stubs: int) -> None:
    """Below the table only the legend may follow: a row with a number there would be lost."""
    for number in range(start, len(rows)):
        cells = [_cell(rows[number], column) for column in range(len(rows[number]))]
        if sum(map(bool, cells)) > 1 + stubs or any(_NUMBER.fullmatch(cell) for cell in cells[stubs:]):
            raise SourceUnreadable(
                f"sheet {name!r}, row {number + 1}: data below an empty row. Remove that row, or get the file again."
            )


def _table(sheets: list[_Sheet], structure: str) -> Table:
    frames = [pd.DataFrame(sheet.records, dtype=str).assign(**sheet.fixed) for sheet in sheets]
    names = {tuple(sorted(frame.columns)) for frame in frames}
    if len(names) > 1:
        raise SourceUnreadable("the sheets do not have the same dimensions. Get the workbook again.")
    places = [place for sheet in sheets for place in sheet.places]
    return Table(
        cells=pd.concat(frames, ignore_index=True).assign(**{CONF: ""}),
        where=places.__getitem__,
        dataset=sheets[0].dataset,
        vintage=max(sheet.updated or sheet.extracted for sheet in sheets),
        structure=structure,
    )
