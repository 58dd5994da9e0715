"""Rows under headings, in a sheet of a workbook or a CSV file, found by what the headings say."""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from reporting.errors import SourceUnreadable
from reporting.files import received
from reporting.findings import CellFinding
from reporting.spreadsheets import Cell, Sheet, address, opened

#: How the names of text files end; others are workbooks.
TEXT = (".csv", ".tsv", ".txt")
#: Rows above which headings are looked for.
_TOP = 30


def folded(text: str) -> str:
    """A text reduced to what identifies it: letters without accents and figures, in lower case."""
    plain = unicodedata.normalize("NFKD", text.casefold())
    return " ".join(re.findall(r"[^\W_]+", "".join(c for c in plain if not unicodedata.combining(c))))


def place(sheet: Sheet, row: int, column: int = 0) -> str:
    """Where a value stands: a cell of a sheet, its row where no column is known, or a line of a text file."""
    if not sheet.name:
        return f"line {row}"
    return address(row, column) if column else f"row {row}"


@dataclass(frozen=True)
class Row:
    """One row: what stands under each known heading."""

    sheet: Sheet
    number: int
    columns: Mapping[str, int]

    def __getitem__(self, name: str) -> str:
        column = self.columns.get(name)
        return "" if column is None else self.sheet.text(self.number, column)

    def place(self, name: str) -> str:
        """The cell under a heading."""
        return place(self.sheet, self.number, self.columns.get(name, 0))


def rows(sheet: Sheet, spellings: Mapping[str, Sequence[str]], needed: Sequence[str]) -> list[Row] | None:
    """The rows below the headings; None where the headings that are needed are not there.

    Parameters
    ----------
    spellings : mapping
        Name of a column to the ways its heading may be written.
    """
    names = {folded(spelling): name for name, known in spellings.items() for spelling in (name, *known)}
    for number in range(1, min(sheet.rows, _TOP) + 1):
        columns: dict[str, int] = {}
        for column in range(1, sheet.columns + 1):
            if name := names.get(folded(sheet.text(number, column))):
                columns.setdefault(name, column)
        if all(name in columns for name in needed):
            filled = sorted({row for row, _ in sheet.cells if row > number})
            found = [Row(sheet, row, columns) for row in filled]
            return [row for row in found if any(row[name] for name in columns)]
    return None


def sheets(path: Path, findings: list[CellFinding]) -> list[Sheet]:
    """The sheets of a workbook, or a CSV file as one sheet without a name."""
    if path.suffix.lower() in TEXT:
        return [delimited(path)]
    return opened(path, findings)


def delimited(path: Path) -> Sheet:
    """A CSV file as a sheet whose rows are its lines.

    Raises
    ------
    UsageError
        When there is no such file.
    SourceUnreadable
        When it is not text with commas, semicolons or tabs.
    """
    cells = {
        (line, column): Cell(text)
        for line, row in lines(path)
        for column, text in enumerate(row, 1)
        if text.strip()
    }  # fmt: skip
    return Sheet("", cells)


def lines(path: Path) -> Iterator[tuple[int, list[str]]]:
    """The rows of a CSV file, each with its line."""
    text = _text(path)
    first = next((line for line in text.splitlines() if any(sign in line for sign in ";\t,")), "")
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=max(";\t,", key=first.count), strict=True)
    try:
        for row in reader:
            if row:
                yield reader.line_num, row
    except csv.Error as error:
        raise SourceUnreadable(
            f"{path.name}, line {reader.line_num}: {error}. Get the file again: it is cut or damaged."
        ) from None


def _text(path: Path) -> str:
    content = received(path)
    code = "utf-16" if content.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8-sig"
    try:
        return content.decode(code)
    except UnicodeDecodeError:
        if b"\x00" in content:
            raise SourceUnreadable(f"{path.name}: not a text file. Save it as CSV UTF-8.") from None
        return content.decode("cp1252", errors="replace")


def whole_number(text: str) -> int | None:
    """A year or a serial number; None for anything else."""
    return int(text) if text.isascii() and text.isdigit() else None
