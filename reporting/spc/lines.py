"""Delimited files with a header: their lines, and faults named by file, line and column."""

from __future__ import annotations

import csv
import difflib
import io
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from reporting import files
from reporting.errors import SourceUnreadable, UsageError
from reporting.sources.csv_files import delimiter_of

#: Faults listed one by one; the others are counted.
_SHOWN = 5
_UTF8, _UTF16 = b"\xef\xbb\xbf", (b"\xff\xfe", b"\xfe\xff")


@dataclass(frozen=True)
class Lines:
    """The cells of a file as text, without blanks around them, indexed by the line they stand on."""

    name: str
    cells: pd.DataFrame
    delimiter: str

    def each(self, column: str, read: Callable[[str], object]) -> pd.Series:
        """A column read cell by cell, each spelling once.

        Raises
        ------
        SourceUnreadable
            With the first lines whose cell cannot be read: ``read`` says why in a ValueError.
        """
        found, faults = {}, {}
        for cell in self.cells[column].unique():
            try:
                found[cell] = read(cell)
            except ValueError as error:
                faults[cell] = str(error)
        if faults:
            wrong = self.cells[column][self.cells[column].isin(list(faults))]
            self.refuse(f"line {line}, column {column}: {faults[cell]}" for line, cell in wrong.items())
        return self.cells[column].map(found)

    def refuse(self, faults: Iterable[str]) -> None:
        """Stop with the first faults of the file, if there are any."""
        said = list(faults)
        if said:
            more = [f"… and {len(said) - _SHOWN} more."] if len(said) > _SHOWN else []
            raise SourceUnreadable("\n  ".join([f"{self.name}: {said[0]}", *said[1:_SHOWN], *more]))


def read(path: Path, required: Sequence[str], optional: Sequence[str] = ()) -> Lines:
    """The lines of a UTF-8 file with commas, semicolons or tabs between cells.

    Raises
    ------
    UsageError
        When there is no such file, or a required column is not in it.
    SourceUnreadable
        When it is empty, cut, or not UTF-8.
    """
    text = _text(path)
    delimiter = delimiter_of(text)
    rows, numbers = _rows(text, delimiter, path.name)
    header = [cell.strip() for cell in rows[0]]
    _refuse_columns(path.name, header, required)
    if len(rows) == 1:
        raise SourceUnreadable(f"{path.name}: no line below the header. Get the file again.")
    known = [name for name in (*required, *optional) if name in header]
    taken = [header.index(name) for name in known]
    cells = pd.DataFrame(
        [[row[position].strip() for position in taken] for row in rows[1:]],
        columns=known, index=pd.Index(numbers[1:], name="line"), dtype="str",
    )  # fmt: skip
    return Lines(path.name, cells, delimiter)


def near(name: str, known: Collection[str]) -> str:
    """A hint with the names that are like one, if any is."""
    found = difflib.get_close_matches(name, known, n=3)
    return f" Near it: {', '.join(found)}." if found else ""


def _text(path: Path) -> str:
    received = files.received(path)
    if received.startswith(_UTF16) or b"\0" in received[:4096]:
        raise SourceUnreadable(f"{path.name}: not UTF-8 text. Save it as CSV with the encoding UTF-8.")
    try:
        text = received.removeprefix(_UTF8).decode()
    except UnicodeDecodeError as error:
        line = received[: error.start].count(b"\n") + 1
        raise SourceUnreadable(f"{path.name}: line {line}: not UTF-8 text. Save it with the encoding UTF-8.") from None
    if not text.strip():
        raise SourceUnreadable(f"{path.name}: the file is empty. Get it again.")
    return text


def _rows(text: str, delimiter: str, name: str) -> tuple[list[list[str]], list[int]]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    rows, numbers = [], []
    try:
        for row in reader:
            if any(cell.strip() for cell in row):
                rows.append(row)
                numbers.append(reader.line_num)
    except csv.Error as error:
        raise SourceUnreadable(
            f"{name}: line {reader.line_num}: {error}. Get the file again: it is cut or damaged."
        ) from None
    for row, line in zip(rows, numbers, strict=True):
        if len(row) != len(rows[0]):
            raise SourceUnreadable(
                f"{name}: line {line}: {len(row)} cells under {len(rows[0])} headers. "
                "Get the file again, or put quotes around a text that holds a separator."
            )
    return rows, numbers


def _refuse_columns(name: str, header: list[str], required: Sequence[str]) -> None:
    if twice := sorted({cell for cell in header if cell and header.count(cell) > 1}):
        raise SourceUnreadable(f"{name}: line 1: the column {', '.join(twice)} is there twice. Keep one.")
    if missing := [column for column in required if column not in header]:
        raise UsageError(
            f"{name}: line 1: no column {', '.join(missing)}. There are {', '.join(header)}; "
            f"needed are {', '.join(required)}. Rename or add the columns."
        )
