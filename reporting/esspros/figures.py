"""Numbers as a person writes them, and small tables that name years, schemes and items."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from pathlib import Path

from reporting.errors import SourceUnreadable
from reporting.esspros import grids
from reporting.esspros.grids import Row
from reporting.findings import CellFinding

#: What stands for a figure that is not there.
MISSING = ("", ":", "..", "...", "-", "n.a.", "na", "n/a", "nan")
_SPACES = re.compile("[\\s\u00a0\u202f'’]")
_POINTS = re.compile(r"-?\d{1,3}(\.\d{3})+(,\d+)?")


def number(text: str, decimal: str = ".") -> Decimal | None:
    """The number in a text with the decimal mark declared; spaces and apostrophes may part thousands.

    Examples
    --------
    >>> number("1 234,50", ",")
    Decimal('1234.50')
    >>> number("1,234", ".") is None
    True
    """
    plain = _SPACES.sub("", text).replace("−", "-")
    if decimal == "," and "." in plain:
        plain = plain.replace(".", "") if _POINTS.fullmatch(plain) else "?"
    plain = plain.replace(",", ".") if decimal == "," else plain
    try:
        value = Decimal(plain)
    except InvalidOperation:
        return None
    return value if value.is_finite() else None


def where(path: Path, row: Row, name: str) -> str:
    """A cell of a table, as a message names it."""
    sheet = f"{row.sheet.name}!" if row.sheet.name else ""
    return f"{path.name}, {sheet}{row.place(name)} ({name})"


def read(path: Path, heads: Mapping[str, Sequence[str]], needed: Sequence[str], sheet: str = "") -> list[Row]:
    """The rows of a table with known headings, from the first sheet that has them.

    Raises
    ------
    SourceUnreadable
        When no sheet has the headings that are needed, or the one named is not there.
    """
    found: list[CellFinding] = []
    for candidate in grids.sheets(path, found):
        if not sheet or candidate.name in ("", sheet):
            rows = grids.rows(candidate, heads, needed)
            if rows is not None:
                return rows
    raise SourceUnreadable(
        f"{path.name}: no table with the headings {', '.join(needed)}. The columns are {', '.join(heads)}."
    )


def value(path: Path, row: Row, name: str) -> Decimal | None:
    """The number under a heading; None where there is none.

    Raises
    ------
    SourceUnreadable
        When there is something else.
    """
    if row[name].lower() in MISSING:
        return None
    found = number(row[name])
    if found is None:
        raise SourceUnreadable(f"{where(path, row, name)}: {row[name]!r} is no number. Write decimals with a point.")
    return found


def year(path: Path, row: Row) -> int:
    """The year of a row.

    Raises
    ------
    SourceUnreadable
        When there is none.
    """
    found = grids.whole_number(row["year"])
    if found is None or not 1900 <= found <= 2100:
        raise SourceUnreadable(f"{where(path, row, 'year')}: {row['year']!r} is no year. Write it with four digits.")
    return found
