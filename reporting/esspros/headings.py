"""The headings of a sheet of a year: the row they stand in, the column of codes, the column of each scheme."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from reporting.esspros.classification import Classification, code_text
from reporting.esspros.grids import folded
from reporting.esspros.schemes import ALL, number_of
from reporting.findings import Severity
from reporting.spreadsheets import Cell, Sheet, address, as_text, letters

#: Where the questionnaire has its headings and its codes.
HEAD_ROW, CODE_COLUMN = 3, 2
_SEARCHED = 40
_YEAR = re.compile(r"^(?:\D*\s)?((?:19|20)\d\d)(?!\d)(?:\s*\(\d+\)|\s+\D.*)?$")
_SCHEME = re.compile(
    r"^(?:schemes?|schema|regime|regeling|system|sch)\s*(?:(?:no|nr|n|number|nummer)\s+)?0*(\d{1,4})(?:\s+(?!\d).*)?$"
)
_CODE = {"code", "codes", "esspros code", "item code", "item", "numeric code", "code esspros", "code of item"}
_LAST = re.compile(r"^(19|20)\d\d\b")
#: Adds a finding: rule, severity, row, column, message, how to mend it.
Found = Callable[[str, Severity, int, int, str, str], None]


@dataclass(frozen=True)
class Head:
    """Where a sheet has its headings: the row, the column of codes, the column of each scheme."""

    row: int
    codes: int
    schemes: dict[str, int]


def year_of(name: str) -> int | None:
    """The year a sheet is named with: ``2023``, ``Year 2023``, ``2023 (2)``."""
    found = _YEAR.match(name.strip())
    return int(found[1]) if found else None


def scheme_of(text: str) -> str:
    """The scheme a heading stands for; its name may follow the number."""
    plain = folded(text)
    if number_of(plain) == ALL or plain.startswith(("all schemes", "total of schemes", "total schemes")):
        return ALL
    found = _SCHEME.match(plain)
    return str(int(found[1])) if found else ""


def code_of(cell: Cell | None) -> str:
    """The code in a cell, ``1131111`` for the number 1131111; empty where there is none."""
    return code_text(as_text(cell.value)) if cell else ""


def row_of(sheet: Sheet) -> int:
    """The row with the most headings of schemes; 0 where there is none."""
    counts: dict[int, int] = {}
    for (row, _), cell in sheet.cells.items():
        if row <= _SEARCHED and isinstance(cell.value, str) and scheme_of(cell.value) not in ("", ALL):
            counts[row] = counts.get(row, 0) + 1
    return max(counts, key=lambda row: (counts[row], -row), default=0)


def find(sheet: Sheet, classification: Classification, found: Found) -> Head | None:
    """The headings, wherever they are; findings where they are not in their place, or double, or unknown."""
    row = row_of(sheet)
    if not row:
        return None
    heads = dict(sorted((column, sheet.text(row, column)) for line, column in sheet.cells if line == row))
    headed = sorted((folded(text) == "item", column) for column, text in heads.items() if folded(text) in _CODE)
    codes = _codes(sheet, row, [column for _, column in headed], classification)
    if headed and codes not in (column for _, column in headed):
        column = headed[0][1]
        found(
            "Q05", "error", row, column,
            f"The headings are shifted: {heads[column]!r} heads column {letters(column)}, and the codes stand in "
            f"column {letters(codes)}.", "Put each heading over its own column.",
        )  # fmt: skip
    elif row != HEAD_ROW or codes != CODE_COLUMN:
        found(
            "Q05", "warning", row, codes,
            f"The headings stand in row {row} and the codes in column {letters(codes)}, not in row {HEAD_ROW} and "
            f"column {letters(CODE_COLUMN)}; they were read from where they stand.",
            "Delete or insert rows and columns.",
        )  # fmt: skip
    schemes = _schemes(row, heads, found)
    _unheaded(sheet, Head(row, codes, schemes), heads, found)
    return Head(row, codes, schemes)


def _codes(sheet: Sheet, row: int, headed: list[int], classification: Classification) -> int:
    """The column with the most known codes, among those that are headed so, else among all, else the first headed."""
    for columns in (headed, None):
        known: dict[int, int] = {}
        for (line, column), cell in sheet.cells.items():
            if line > row and (columns is None or column in columns) and classification.item(code_of(cell)):
                known[column] = known.get(column, 0) + 1
        if known:
            return max(known, key=lambda column: (known[column], -column))
    return headed[0] if headed else CODE_COLUMN


def _schemes(row: int, heads: dict[int, str], found: Found) -> dict[str, int]:
    columns: dict[str, int] = {}
    for column, text in heads.items():
        scheme = scheme_of(text)
        if scheme in columns:
            found(
                "Q14", "error", row, column,
                f"{text!r} heads column {letters(columns[scheme])} too; this column is not read.",
                "Give each scheme one column.",
            )  # fmt: skip
        elif scheme:
            columns[scheme] = column
    return columns


def _unheaded(sheet: Sheet, head: Head, heads: dict[int, str], found: Found) -> None:
    """Figures that are typed beside codes in a column that no scheme heads would be lost: they are told."""
    taken = {head.codes, *head.schemes.values(), *(c for c, text in heads.items() if scheme_of(text))}
    first: dict[int, int] = {}
    for (row, column), cell in sheet.cells.items():
        beside = row > head.row and column > head.codes and column not in taken and not cell.formula
        if beside and isinstance(cell.value, float) and code_of(sheet.cells.get((row, head.codes))):
            first.setdefault(column, row)
    for column, row in first.items():
        text = heads.get(column, "")
        if not _LAST.match(text):
            what = f"is headed {text!r}, which is no scheme" if text else "has no heading"
            found(
                "Q10", "warning" if text else "error", row, column,
                f"Column {letters(column)} holds figures and {what}; they are not read.",
                f"Write the scheme into {address(head.row, column)}, or clear the column.",
            )  # fmt: skip
