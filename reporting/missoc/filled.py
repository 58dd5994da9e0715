"""Forms that come back: rows of texts, each with its place in the file."""

from __future__ import annotations

import csv
import io
import warnings
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import openpyxl

from reporting.errors import SourceUnreadable, UsageError
from reporting.files import received
from reporting.missoc.sheets import BROKEN


@dataclass(frozen=True)
class Line:
    """A row of a form: what stands under each head, and where it is."""

    place: str
    values: dict[str, str]

    def __getitem__(self, head: str) -> str:
        return self.values.get(head, "")


def read(path: Path, heads: Iterable[str]) -> list[Line]:
    """The rows of a form in .xlsx or .csv.

    Raises
    ------
    UsageError
        When there is no such file, or a column that is needed is missing.
    SourceUnreadable
        When the file is damaged.
    """
    content = received(path)
    rows = _workbook(content, path.name) if content.startswith(b"PK") else _csv(content, path.name)
    first = [text.strip() for text in rows[0]] if rows else []
    if missing := [head for head in heads if head not in first]:
        raise UsageError(f"{path.name}: the column {', '.join(missing)} is missing. Keep the heads of the form.")
    return [
        Line(f"{path.name}, row {number}", dict(zip(first, row, strict=False)))
        for number, row in enumerate(rows[1:], 2)
        if any(text.strip() for text in row)
    ]


def _workbook(content: bytes, name: str) -> list[list[str]]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            sheet = openpyxl.load_workbook(io.BytesIO(content), read_only=True).worksheets[0]
            sheet.reset_dimensions()
            return [["" if v is None else str(v) for v in row] for row in sheet.iter_rows(values_only=True)]
    except BROKEN as error:
        raise SourceUnreadable(f"{name}: not a whole workbook ({type(error).__name__}). Save it again.") from None


def _csv(content: bytes, name: str) -> list[list[str]]:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise SourceUnreadable(f"{name}: not UTF-8. Save it as CSV UTF-8.") from None
    delimiter = max(",;\t", key=text.split("\n", 1)[0].count)
    try:
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))
    except csv.Error as error:
        raise SourceUnreadable(f"{name}: not a whole CSV file ({error}). Save it again.") from None
    # The apostrophe that keeps a text from being a formula is no part of it.
    return [[value[1:] if value.startswith("'") else value for value in row] for row in rows]
