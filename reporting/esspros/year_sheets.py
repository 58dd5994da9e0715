"""A sheet of a year: codes down, schemes across, found by what the headings say."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass

from reporting.esspros import codes, headings
from reporting.esspros.classification import Classification
from reporting.esspros.headings import Head, code_of
from reporting.esspros.neutral import FLAGS, Figures, known_flag, number
from reporting.findings import CellFinding, Severity
from reporting.spreadsheets import Cell, Sheet, address, letters

_NOTE = re.compile(r"^\s*\[([A-Za-z]{0,4})\]\s*(.*)$", re.S)


def read(
    sheet: Sheet, year: int, classification: Classification, figures: Figures, findings: list[CellFinding]
) -> Head | None:
    """Add the figures of a sheet; its headings, or None where it has none."""
    reader = _Reader(sheet, year, classification, figures, findings)
    head = headings.find(sheet, classification, reader.found)
    if head:
        reader.body(head)
    return head


@dataclass(frozen=True)
class _Reader:
    """One sheet, with what its figures and findings are added to."""

    sheet: Sheet
    year: int
    classification: Classification
    figures: Figures
    findings: list[CellFinding]

    def found(
        self, rule: str, severity: Severity, row: int, column: int, message: str, mend: str, scheme: str = "",
        item: str = "",
    ) -> None:  # fmt: skip
        """Add a finding on a cell of this sheet."""
        place = (self.figures.file, self.sheet.name, address(row, column), scheme, item, str(self.year))
        self.findings.append(CellFinding(rule, severity, message, mend, *place))

    def body(self, head: Head) -> None:
        """The figures below the headings."""
        year, name, cells, add = self.year, self.sheet.name, self.sheet.cells, self.figures.rows.append
        columns = [(scheme, column, letters(column)) for scheme, column in head.schemes.items()]
        for row, item in list(self._rows(head)):
            for scheme, column, letter in columns:
                cell = cells.get((row, column))
                if cell is None:
                    continue
                if type(cell.value) is float and not cell.note:
                    add((year, scheme, item, cell.value, "", "", name, f"{letter}{row}"))
                elif figure := self._figure(row, column, scheme, item, cell):
                    add((year, scheme, item, *figure, name, f"{letter}{row}"))

    def _rows(self, head: Head) -> Iterator[tuple[int, str]]:
        """Rows with a code, each with its item; rows without one are titles, names or remarks."""
        seen: dict[str, int] = {}
        unknown: dict[str, int] = {}
        for row in range(head.row + 1, self.sheet.rows + 1):
            code = code_of(self.sheet.cells.get((row, head.codes)))
            if not code:
                self._uncoded(row, head)
                continue
            item = self.classification.item(code)
            if not item and not self._coded(row, head, code):
                continue
            if not item:
                unknown.setdefault(code, row)
            item = item or code
            if item in seen:
                self.found(
                    "Q07", "error", row, head.codes,
                    f"The code {code} stands in row {seen[item]} too; this row is not read.",
                    "Keep one row for each code.", item=item,
                )  # fmt: skip
                continue
            seen[item] = row
            yield row, item
        for code, message, mend in codes.unknown(list(unknown), self.classification):
            self.found("E05", "error", unknown[code], head.codes, message, mend, item=code)

    def _coded(self, row: int, head: Head, code: str) -> bool:
        """Whether what stands in the column of codes is one; a text beside empty cells is a title."""
        filled = any((row, column) in self.sheet.cells for column in head.schemes.values())
        return filled or any(c.isdigit() for c in code)

    def _uncoded(self, row: int, head: Head) -> None:
        """Figures that are typed in a row without a code would be lost: they are told; formulas are checks."""
        for column in head.schemes.values():
            cell = self.sheet.cells.get((row, column))
            if cell is not None and isinstance(cell.value, float) and not cell.formula:
                self.found(
                    "Q06", "warning", row, column, "Figures stand in a row without a code; they are not read.",
                    f"Write the code into {address(row, head.codes)}, or clear the row.",
                )  # fmt: skip
                return

    def _figure(self, row: int, column: int, scheme: str, item: str, cell: Cell) -> tuple[float, str, str] | None:
        """Value, flag and comment of a cell; None for one without any."""
        value = cell.value
        if not isinstance(value, float):
            said = cell.value is not None and str(cell.value).strip() != ""
            value = self._text(row, column, scheme, item, cell) if said else math.nan
            uncomputed = cell.value is None and cell.formula
            if not (said or cell.note or cell.error or uncomputed):
                return None
        return (value, *self._note(row, column, cell.note))

    def _text(self, row: int, column: int, scheme: str, item: str, cell: Cell) -> float:
        """What a cell with text or a truth value means: missing, or a finding."""
        value, wrong, mend = number(str(cell.value))
        if not wrong and value == value:
            wrong = f"{cell.value!r} is a number written as text, which formulas leave out."
            mend = "Convert the cell to a number."
        if wrong:
            rule = "Q09" if "decimal comma" in wrong else "Q08"
            self.found(rule, "error", row, column, wrong, mend, scheme=scheme, item=item)
        return math.nan

    def _note(self, row: int, column: int, note: str) -> tuple[str, str]:
        """Flag and comment of a note, ``[e] provisional accounts``."""
        if not note:
            return "", ""
        found = _NOTE.match(note)
        if not found:
            return "", note
        flag = found[1].lower()
        if not known_flag(flag):
            mend = f"Flags are {', '.join(FLAGS)}."
            self.found("Q15", "error", row, column, f"[{found[1]}] in the note is no flag.", mend)
            return "", note
        return flag, found[2]
