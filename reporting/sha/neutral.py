"""The neutral table of health accounts: one row for each cell of a table, and its CSV file.

``_T`` is the total of an axis; an axis that a table does not have is empty. Missing
is never zero: a blank cell has no value (nothing is reported: nil), ``-`` is a zero
that somebody wrote, ``x`` is included elsewhere, ``m`` exists and is not available.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from reporting.errors import SourceUnreadable, UsageError
from reporting.files import put, received
from reporting.findings import CellFinding
from reporting.sha.classification import AXES, TOTAL, Classification, Table

COLUMNS = ("year", "table", *AXES, "value", "status", "note")
METADATA = ("year", "item", "table", "cell", "text")
#: Statuses of a cell without a value that say why; an empty one says that there is nothing.
ELSEWHERE, MISSING, UNREAD, CONFIDENTIAL = "x", "m", "?", "c"
NIL = "-"
_BLANKS = {"": "", "-": NIL, "–": NIL, "—": NIL, "x": ELSEWHERE, "X": ELSEWHERE}
_BLANKS |= dict.fromkeys((":", "..", "…", "m", "n.a.", "n/a", "na"), MISSING)
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
_COMMA = re.compile(r"[+-]?[\d .\u00a0\u202f]*,\d+")
_YEAR = re.compile(r"(19|20)\d\d")


@dataclass(frozen=True)
class Accounts:
    """The tables of one or several years, as read.

    Attributes
    ----------
    table : DataFrame
        The neutral table, and where each cell was read: ``sheet``, ``cell``; ``typed``
        says that it is no formula.
    metadata : DataFrame
        What accompanies the tables: sources, breaks, notes, context (``METADATA``).
    complete : bool
        False for published data, where codes may be left out.
    """

    file: str
    table: pd.DataFrame
    metadata: pd.DataFrame
    findings: tuple[CellFinding, ...] = ()
    complete: bool = True

    @property
    def years(self) -> list[int]:
        """The years it has, in order."""
        return sorted(self.table["year"].unique().tolist())


@dataclass
class Cells:
    """The rows of a neutral table as they are read."""

    rows: list[tuple[Any, ...]] = field(default_factory=list)

    def add(self, year: int, table: Table, codes: Sequence[str], value: float, status: str, note: str,
            sheet: str, cell: str, typed: bool) -> None:  # fmt: skip
        """Add a cell."""
        named = dict(zip(table.axes, codes, strict=True))
        axes = (named.get(axis, "") for axis in AXES)
        self.rows.append((year, table.name, *axes, value, status, note, sheet, cell, typed))

    def frame(self) -> pd.DataFrame:
        """The neutral table."""
        return framed(self.rows)


def framed(rows: Iterable[tuple[Any, ...]]) -> pd.DataFrame:
    """Rows as a neutral table with its places."""
    names = [*COLUMNS, "sheet", "cell", "typed"]
    kinds = {"year": int, "value": float, "typed": bool}
    return pd.DataFrame(list(rows), columns=names).astype({name: kinds.get(name, object) for name in names})


def worth(text: str) -> tuple[float, str] | None:
    """The value and status of a cell that is written as text; None when it says neither."""
    if text in _BLANKS:
        return (0.0, NIL) if _BLANKS[text] == NIL else (np.nan, _BLANKS[text])
    return (float(text), "") if _NUMBER.fullmatch(text) else None


def read(path: Path, classification: Classification) -> Accounts:
    """Read a neutral table from a CSV file (``;`` or ``,``; more columns than the eleven are left aside).

    Raises
    ------
    UsageError
        When there is no such file.
    SourceUnreadable
        When it is no CSV file with these columns.
    """
    try:
        text = received(path).decode("utf-8-sig")
    except UnicodeDecodeError:
        raise SourceUnreadable(f"{path.name}: not UTF-8 text. Save it as CSV UTF-8.") from None
    head = text.split("\n", 1)[0]
    try:
        reader = csv.DictReader(io.StringIO(text, newline=""), delimiter=";" if ";" in head else ",", strict=True)
        lacking = [name for name in COLUMNS if name not in (reader.fieldnames or ())]
        if lacking:
            raise SourceUnreadable(
                f"{path.name}, line 1: the columns {', '.join(lacking)} are missing. "
                f"A neutral table has {', '.join(COLUMNS)}."
            )
        return _collected(path.name, reader, classification)
    except csv.Error as error:
        raise SourceUnreadable(f"{path.name}: not a CSV file: {error}. Save it again.") from None


def _collected(file: str, reader: csv.DictReader[str], classification: Classification) -> Accounts:
    cells, findings = Cells(), list[CellFinding]()
    for line in reader:
        place = f"line {reader.line_num}"
        row = {name: (line[name] or "").strip() for name in COLUMNS}
        found = _row(row, classification, cells, place)
        if found:
            rule, message, mend = found
            findings.append(CellFinding(rule, "error", message, mend, file=file, cell=place, year=row["year"]))
    table, twice = _once(cells.frame(), file)
    return Accounts(file, table, pd.DataFrame(columns=list(METADATA)), (*findings, *twice))


def _row(row: dict[str, str], classification: Classification, cells: Cells, place: str) -> tuple[str, str, str] | None:
    """Take a line in; what is wrong with it otherwise."""
    table = classification.table(row["table"])
    if table is None:
        known = ", ".join(classification.tables)
        return "Q32", f"The table {row['table']!r} is not known.", f"Name one of {known}."
    if not _YEAR.fullmatch(row["year"]):
        return "Q20", f"The year {row['year']!r} is no year.", "Write it as four digits."
    codes = [classification.axes[axis].code(row[axis]) for axis in table.axes]
    for axis, code in zip(table.axes, codes, strict=True):
        if not code:
            mend = f"Correct it, or write {TOTAL} for the total of the axis."
            return "Q31", f"The code {row[axis]!r} is not in the classification {axis.upper()}.", mend
    value, status, wrong = figure(row["value"])
    cells.add(int(row["year"]), table, codes, value, row["status"] or status, row["note"], "", place, True)
    return wrong


def figure(text: str) -> tuple[float, str, tuple[str, str, str] | None]:
    """Value and status of a cell that is text, with rule, message and mend where it is no figure."""
    found = worth(text)
    if found:
        return *found, None
    if _COMMA.fullmatch(text):
        return np.nan, UNREAD, ("Q09", f"{text!r} has a decimal comma.", "Write the number with a point.")
    mend = "Write a number, leave it blank for nil, or write x when it is included elsewhere."
    return np.nan, UNREAD, ("Q08", f"{text!r} is text where a number must be.", mend)


def _once(table: pd.DataFrame, file: str) -> tuple[pd.DataFrame, list[CellFinding]]:
    """The table with each cell once; a finding for each that comes again."""
    again = table.duplicated(["year", "table", *AXES])
    return table[~again].reset_index(drop=True), [repeated(file, row) for row in table[again].itertuples()]


def repeated(file: str, row: Any) -> CellFinding:
    """The finding on a cell that is given a second time."""
    return CellFinding(
        "Q07", "error", f"{row.table} {item(row)} is given twice; the first is used.", "Delete one of the two.",
        file, row.sheet, row.cell, item=item(row), year=str(row.year), value=row.value,
    )  # fmt: skip


def item(row: Any) -> str:
    """What a cell is called: its codes with a cross between them."""
    return " × ".join(code for axis in AXES if (code := getattr(row, axis)))


def write(path: Path, table: pd.DataFrame, more: Sequence[str] = ()) -> None:
    """Write a neutral table as CSV, whole or not at all; ``more`` names columns beside the eleven."""
    if path.suffix != ".csv":
        raise UsageError(f"{path.name}: neutral tables are written as .csv.")
    put(path, table[[*COLUMNS, *more]].to_csv(index=False, lineterminator="\n").encode())
