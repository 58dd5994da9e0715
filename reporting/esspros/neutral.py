"""The neutral table: one row for each figure of a questionnaire, as a frame and as CSV.

The columns are ``year`` (int), ``scheme`` (the serial number as text, ``_T`` for all
schemes), ``item`` (our id; the code as it was written where nothing has that code),
``value`` (NaN where a figure is missing, never zero), ``flag``, ``comment``; in memory
also ``sheet`` and ``cell``, where the figure was read. Year, scheme and item are
unique. An empty cell has no row.
"""

from __future__ import annotations

import csv
import io
import math
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd

from reporting.errors import SourceUnreadable
from reporting.esspros import codes, grids
from reporting.esspros.classification import Classification, code_text
from reporting.esspros.grids import folded
from reporting.esspros.schemes import number_of
from reporting.files import put
from reporting.findings import CellFinding

COLUMNS = ("year", "scheme", "item", "value", "flag", "comment")
ALL_COLUMNS = (*COLUMNS, "sheet", "cell")
#: Flags an observation may have, as SDMX has them.
FLAGS = ("b", "c", "d", "e", "f", "i", "m", "n", "p", "r", "s", "u", "z")
_SPELLINGS = {
    "year": ("time", "time_period", "time period", "année", "jahr", "jaar"),
    "scheme": ("scheme number", "sch", "régime", "regeling", "system"),
    "item": ("code", "item_id", "esspros_code", "item code", "rubrique", "post"),
    "value": ("obs_value", "amount", "valeur", "waarde", "wert", "figure"),
    "flag": ("flags", "obs_status", "obs_flag", "status"),
    "comment": ("comments", "note", "remark", "commentaire", "opmerking", "bemerkung"),
}
#: How a missing figure is written.
MISSING = ("", ":", "..", "...", "…", "n/a", "na", "n.a.", "nan")
_COMMA = re.compile(r"[+-]?\d[\d. \u00a0\u202f'’]*,\d+|[+-]?,\d+")
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
#: How a text begins that a spreadsheet would take for a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "'")


@dataclass
class Figures:
    """Figures as they are read: rows of the table, where each year, scheme and item stands, codes of no item."""

    file: str
    rows: list[tuple[int, str, str, float, str, str, str, str]] = field(default_factory=list)
    seen: dict[tuple[int, str, str], str] = field(default_factory=dict)
    unknown: dict[str, str] = field(default_factory=dict)

    def table(self) -> pd.DataFrame:
        """The neutral table."""
        columns = list(zip(*self.rows, strict=True)) or [()] * len(ALL_COLUMNS)
        read = dict(zip(ALL_COLUMNS, columns, strict=True))
        types = {"year": np.int64, "value": np.float64}
        return pd.DataFrame({name: pd.Series(list(read[name]), dtype=types.get(name, object)) for name in ALL_COLUMNS})


def typed(table: pd.DataFrame) -> pd.DataFrame:
    """A table with the columns and types of the neutral one, places empty where they are not known."""
    table = table.reindex(columns=list(ALL_COLUMNS))
    texts = [name for name in table.columns if name not in ("year", "value")]
    table[texts] = table[texts].fillna("").astype(object)
    return table.assign(year=table["year"].astype(int), value=table["value"].astype(float))


def number(text: str) -> tuple[float, str, str]:
    """A figure written as text: its value, what is wrong with it, and how to mend that."""
    plain = text.strip()
    if plain.casefold() in MISSING:
        return math.nan, "", ""
    if _NUMBER.fullmatch(plain):
        return float(plain), "", ""
    if _COMMA.fullmatch(plain):
        return (
            math.nan,
            f"{plain!r} has a decimal comma and is text, not a number.",
            "Write the number with the decimal sign of your program, or a point in a CSV file.",
        )
    return math.nan, f"{plain!r} is text, not a number.", "Write a number; put remarks into the comment."


def read(path: Path, classification: Classification, findings: list[CellFinding]) -> pd.DataFrame:
    """The neutral table in a CSV file.

    Raises
    ------
    UsageError, SourceUnreadable
        When there is no such file, or it has not the columns.
    """
    lines = grids.lines(path)
    head = [folded(text) for text in next(lines, (0, list[str]()))[1]]
    names = {folded(spelling): name for name, known in _SPELLINGS.items() for spelling in (name, *known)}
    where = {names[text]: position for position, text in reversed(list(enumerate(head))) if text in names}
    if missing := [name for name in COLUMNS[:4] if name not in where]:
        raise SourceUnreadable(
            f"{path.name}, line 1: the column {', '.join(missing)} is missing. "
            f"The columns of the neutral table are {', '.join(COLUMNS)}."
        )
    figures = Figures(path.name)
    for line, row in lines:
        if any(text.strip() for text in row):
            cells = {name: row[position] if position < len(row) else "" for name, position in where.items()}
            _figure(line, cells, classification, figures, findings)
    for code, message, mend in codes.unknown(list(figures.unknown), classification):
        place = (path.name, "", figures.unknown[code], "", code)
        findings.append(CellFinding("E05", "error", message, mend, *place))
    return figures.table()


def _figure(
    line: int, cells: dict[str, str], classification: Classification, figures: Figures, findings: list[CellFinding]
) -> None:
    def found(rule: str, message: str, mend: str) -> None:
        findings.append(
            CellFinding(
                rule, "error", message, mend, figures.file, "", f"line {line}", cells["scheme"].strip(),
                cells["item"].strip(), cells["year"].strip(),
            )
        )  # fmt: skip

    year, scheme = grids.whole_number(cells["year"].strip()), number_of(cells["scheme"])
    if year is None or not 1900 <= year <= 2200:
        return found("Q20", f"{cells['year']!r} is not a year.", "Write a year such as 2023.")
    if not scheme:
        return found("Q17", f"{cells['scheme']!r} is no serial number of a scheme.", "Write 1, 2 … or _T for all.")
    code = code_text(cells["item"])
    item = classification.item(code)
    if not item:
        item = code
        figures.unknown.setdefault(code, f"line {line}")
    if before := figures.seen.get((year, scheme, item)):
        return found("Q07", f"The same year, scheme and item are on {before} too.", "Keep one of the lines.")
    value, wrong, mend = number(cells["value"])
    if wrong:
        found("Q09" if "decimal comma" in wrong else "Q08", wrong, mend)
    flag = cells.get("flag", "").strip()
    if not known_flag(flag):
        found("Q15", f"{flag!r} is no flag.", f"Flags are {', '.join(FLAGS)}.")
    figures.seen[year, scheme, item] = f"line {line}"
    comment = cells.get("comment", "").strip()
    comment = comment[1:] if comment.startswith("'") and comment[1:].startswith(_FORMULA) else comment
    return figures.rows.append((year, scheme, item, value, flag, comment, "", f"line {line}"))


def known_flag(flag: str) -> bool:
    """Whether a flag, or each letter of several, is one that SDMX has."""
    return all(letter in FLAGS for letter in flag)


def written(table: pd.DataFrame) -> str:
    """The table as CSV text; a value is written so that it is read back bit for bit."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    columns: Iterable[list[object]] = (table[name].tolist() for name in COLUMNS)
    for year, scheme, item, value, flag, comment in zip(*columns, strict=True):
        figure = repr(float(value)) if isinstance(value, float) and math.isfinite(value) else ""
        writer.writerow([year, scheme, item, figure, flag, _neutral(str(comment))])
    return text.getvalue()


def write(path: Path, table: pd.DataFrame) -> None:
    """Write the table as CSV, whole or not at all.

    Raises
    ------
    OutputFailed
        When it cannot be written.
    """
    put(path, b"\xef\xbb\xbf" + written(table).encode())


def _neutral(text: str) -> str:
    """A text that a spreadsheet takes for text."""
    return f"'{text}" if text.startswith(_FORMULA) else text
