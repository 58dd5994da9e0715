"""The joint questionnaire as a workbook: a sheet a table, its codes in a row and a column, wherever they stand."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from reporting.errors import SourceUnreadable, UsageError
from reporting.findings import CellFinding, Severity
from reporting.sha import neutral
from reporting.sha.classification import TOTAL, Axis, Classification, Table, looks_like_code
from reporting.sha.neutral import METADATA, UNREAD, Accounts, Cells, figure
from reporting.spreadsheets import Cell, Sheet, address, letters, opened

#: Rows and columns in which headings and codes are looked for.
_HEAD_ROWS, _CODE_COLUMNS = 40, 8
_FLAGGED = re.compile(r"\[([A-Za-z]{1,4})\]\s*(.*)", re.DOTALL)
_YEAR = re.compile(r"(?<!\d)((?:19|20)\d\d)(?!\d)")
#: Findings of the spreadsheet on formulas.
_FORMULAS = ("Q03", "Q04")
#: Tables that Commission Regulation (EU) 2021/1901 asks for.
MANDATORY = ("HCxHF", "HCxHP", "HPxHF")
#: Items that the metadata have by Commission Regulation (EU) 2021/1901; changes only where there are any.
REQUIRED = ("source", "method", "deviation", "legislation")


@dataclass(frozen=True)
class Grid:
    """Where a table stands on its sheet: the code of each row and column; ``turned`` when they changed places."""

    table: Table
    turned: bool
    rows: Mapping[int, str]
    columns: Mapping[int, str]


def read(path: Path, classification: Classification, year: int | None = None) -> Accounts:
    """Read a workbook (.xlsx, .xlsm) or a neutral table (.csv).

    Whatever is wrong inside is a finding with its place; what could be read is in the
    table all the same.

    Parameters
    ----------
    year : int, optional
        The year of a workbook that does not say it.

    Raises
    ------
    UsageError, SourceUnreadable
        When there is no such file, nothing can be read from it, or it has no year.
    """
    if path.suffix.lower() == ".csv":
        return neutral.read(path, classification)
    findings: list[CellFinding] = []
    sheets = opened(path, findings)
    metadata = _metadata(path.name, sheets, findings)
    when = year or _year(path, sheets, metadata)
    metadata = metadata.assign(year=when)
    cells = Cells()
    _tables(path.name, sheets, classification, cells, findings, when)
    if not cells.rows:
        known = ", ".join(classification.tables)
        raise SourceUnreadable(f"{path.name}: no sheet is a table of health accounts (named {known}, with codes).")
    findings += _lacking(path.name, {row[1] for row in cells.rows})
    table = cells.frame()
    found = [replace(finding, year=finding.year or str(when)) for finding in _weighed(findings, table)]
    return Accounts(path.name, table, metadata, tuple(found))


def _weighed(findings: Iterable[CellFinding], table: pd.DataFrame) -> Iterable[CellFinding]:
    """Findings on formulas are grave only where a figure is read from the cell."""
    read = {*table["sheet"], *zip(table["sheet"], table["cell"], strict=True)}
    for finding in findings:
        place = (finding.sheet, finding.cell) if finding.cell else finding.sheet
        aside = finding.rule in _FORMULAS and finding.severity == "error" and place not in read
        yield replace(finding, severity="warning") if aside else finding


def _lacking(file: str, names: set[str]) -> Iterable[CellFinding]:
    """A finding on each table that has to be sent and is not there."""
    for name in (name for name in MANDATORY if name not in names):
        yield CellFinding("Q35", "warning", f"There is no table {name}.", "Add it: the regulation asks for it.", file)


def _year(path: Path, sheets: Iterable[Sheet], metadata: pd.DataFrame) -> int:
    """The year the metadata say, or a sheet above its table, or the name of the file."""
    said = metadata.loc[metadata["item"] == "year", "text"].tolist()
    above = [sheet.text(row, column) for sheet in sheets for row in (1, 2) for column in (1, 2)]
    for text in (*said, *above, path.stem):
        if found := _YEAR.search(str(text)):
            return int(found[1])
    raise UsageError(
        f"{path.name}: the year is not said. Write it on the sheet Metadata (item Year), "
        "or read the workbook with --year."
    )


def _metadata(file: str, sheets: Iterable[Sheet], findings: list[CellFinding]) -> pd.DataFrame:
    """What the sheet Metadata says, in lines of item, table, cell and text."""
    sheet = next((sheet for sheet in sheets if sheet.name.strip().lower() == "metadata"), None)
    if sheet is None:
        findings.append(
            CellFinding(
                "Q33", "warning", "There is no sheet Metadata.",
                "Describe sources, methods, deviations, legislation and changes there.", file,
            )
        )  # fmt: skip
        return pd.DataFrame(columns=list(METADATA))
    heads = {(row, column): sheet.text(row, column).lower() for row, column in sheet.cells if row <= _HEAD_ROWS}
    head = next((row for (row, _), text in sorted(heads.items()) if text == "item"), None)
    columns = {text: column for (row, column), text in heads.items() if row == head}
    if head is None or not {"item", "text"} <= set(columns):
        mend = "Put Item, Table, Cell, Text into one row."
        findings.append(CellFinding("Q12", "error", "The sheet has no headings Item and Text.", mend, file, sheet.name))
        return pd.DataFrame(columns=list(METADATA))
    rows = [
        [0, *(sheet.text(row, columns[name]) if name in columns else "" for name in METADATA[1:])]
        for row in range(head + 1, sheet.rows + 1)
    ]
    lines = pd.DataFrame([row for row in rows if row[1]], columns=list(METADATA))
    lines = lines.assign(item=lines["item"].str.lower())
    if silent := [item for item in REQUIRED if item not in set(lines["item"])]:
        message = f"The metadata say nothing of: {', '.join(silent)}."
        mend = "Add a line for each: the regulation asks for them."
        findings.append(CellFinding("Q34", "warning", message, mend, file, sheet.name))
    return lines


def _tables(
    file: str, sheets: Iterable[Sheet], classification: Classification, cells: Cells, findings: list[CellFinding],
    year: int,
) -> None:  # fmt: skip
    met: dict[str, str] = {}
    for sheet in sheets:
        table = classification.table(sheet.name)
        if table is None or not table.columns or not sheet.cells:
            continue
        reader = _Reader(file, sheet, findings)
        if table.name in met:
            mend = "Keep one sheet for each table."
            reader.found("Q11", "", f"The table {table.name} is on the sheet {met[table.name]} too; not read.", mend)
            continue
        grid = reader.grid(table, classification)
        if grid is None:
            mend = f"Write codes such as those of {table.title.lower()} into one row and one column."
            reader.found("Q12", "", f"The sheet has no row and column with codes of {table.name}.", mend)
            continue
        if sheet.hidden:
            findings.append(
                CellFinding("Q13", "information", "The sheet is hidden; it was read all the same.",
                            "Show it, or delete it.", file, sheet.name)
            )  # fmt: skip
        met[table.name] = sheet.name
        reader.take(grid, cells, year)


class _Reader:
    """One sheet while it is read."""

    def __init__(self, file: str, sheet: Sheet, findings: list[CellFinding]) -> None:
        self.file, self.sheet, self.findings = file, sheet, findings

    def found(self, rule: str, cell: str, message: str, mend: str, severity: Severity = "error") -> None:
        self.findings.append(CellFinding(rule, severity, message, mend, self.file, self.sheet.name, cell))

    def grid(self, table: Table, classification: Classification) -> Grid | None:
        """Where the table stands; rows and columns may have changed places."""
        axes = classification.axes[table.rows], classification.axes[table.columns]
        placed = [self._placed(*axes), self._placed(*axes[::-1])]
        turned = placed[1] > placed[0]
        fit, head, stub = placed[turned]
        if not fit:
            return None
        down, across = axes[::-1] if turned else axes
        figures = [(r, c) for (r, c), cell in self.sheet.cells.items() if r > head and isinstance(cell.value, float)]
        columns = self._codes(across, [(head, c) for c in range(stub + 1, self.sheet.columns + 1)],
                              {(head, c) for _, c in figures})  # fmt: skip
        coded = {c for _, c in columns}
        rows = self._codes(down, [(r, stub) for r in range(head + 1, self.sheet.rows + 1)],
                           {(r, stub) for r, c in figures if c in coded})  # fmt: skip
        return Grid(table, turned, {r: code for (r, _), code in rows.items()},
                    {c: code for (_, c), code in columns.items()})  # fmt: skip

    def _placed(self, down: Axis, across: Axis) -> tuple[int, int, int]:
        """How well codes fit, and the row and the column in which they stand."""
        heads, stubs = Counter[int](), Counter[int]()
        for (row, column), cell in self.sheet.cells.items():
            if not isinstance(cell.value, str):
                continue
            weight = 100 if looks_like_code(cell.value) else 1
            if row <= _HEAD_ROWS and (code := across.code(cell.value)) and code != TOTAL:
                heads[row] += weight
            if column <= _CODE_COLUMNS and (code := down.code(cell.value)) and code != TOTAL:
                stubs[column] += weight
        if not heads or not stubs:
            return 0, 0, 0
        (head, first), (stub, second) = heads.most_common(1)[0], stubs.most_common(1)[0]
        return min(first, second), head, stub

    def _codes(
        self, axis: Axis, places: list[tuple[int, int]], figures: set[tuple[int, int]]
    ) -> dict[tuple[int, int], str]:
        """The codes at some places; findings on those that are unknown or come again."""
        found: dict[tuple[int, int], str] = {}
        seen: dict[str, str] = {}
        for place in places:
            text = self.sheet.text(*place)
            code, cell = axis.code(text), address(*place)
            if code and code in seen:
                self.found("Q07", cell, f"The code {code} stands in {seen[code]} too; not read.", "Keep it once.")
            elif code:
                found[place], seen[code] = code, cell
            elif looks_like_code(text):
                mend = f"Correct it: it is no code of {axis.name.upper()}."
                self.found("Q31", cell, f"The code {text!r} is not known; its figures are not read.", mend)
            elif place in figures:
                said = f"Figures are headed {text!r}, which is no code" if text else "Figures stand without a code"
                mend = "Write the code, or delete the figures."
                self.found("Q06", cell, f"{said}; they are not read.", mend, "warning" if text else "error")
        return found

    def take(self, grid: Grid, cells: Cells, year: int) -> None:
        """Every cell with a code on both sides, the blank ones too."""
        for row, down in grid.rows.items():
            for column, across in grid.columns.items():
                cell = self.sheet.cells.get((row, column))
                value, status, note = self._read(cell, f"{letters(column)}{row}")
                codes = (across, down) if grid.turned else (down, across)
                typed = cell is None or not cell.formula
                cells.add(year, grid.table, codes, value, status, note, self.sheet.name,
                          f"{letters(column)}{row}", typed)  # fmt: skip

    def _read(self, cell: Cell | None, place: str) -> tuple[float, str, str]:
        """Value, status and note of a cell."""
        if cell is None:
            return np.nan, "", ""
        flagged = _FLAGGED.fullmatch(cell.note)
        flag, note = (flagged[1].lower(), flagged[2]) if flagged else ("", cell.note)
        if cell.error or (cell.formula and cell.value is None):
            return np.nan, UNREAD, note
        if isinstance(cell.value, float):
            return cell.value, flag, note
        if isinstance(cell.value, bool):
            self.found("Q08", place, f"{cell.value} is no number.", "Write a number, or leave it blank for nil.")
            return np.nan, UNREAD, note
        value, status, wrong = figure(str(cell.value or "").strip())
        if not wrong and status == "" and value == value:
            wrong = "Q08", f"{cell.value!r} is a number written as text, which sums leave out.", "Make it a number."
        if wrong:
            self.found(wrong[0], place, *wrong[1:])
        return value, flag or status, note
