"""A sheet of a year: codes down, schemes across, found by what the headings say."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass

from reporting.esspros.classification import Classification
from reporting.esspros.grids import folded
from reporting.esspros.neutral import FLAGS, Figures, code_text, known_flag, number
from reporting.esspros.schemes import ALL, number_of
from reporting.findings import CellFinding
from reporting.spreadsheets import Cell, Sheet, address, letters

#: Where the questionnaire has its headings and its codes.
HEAD_ROW, CODE_COLUMN = 3, 2
_SEARCHED = 40
_YEAR = re.compile(r"^(?:\D*\s)?((?:19|20)\d\d)(?!\d)(?:\s*\(\d+\)|\s+\D.*)?$")
_SCHEME = re.compile(
    r"^(?:schemes?|schema|regime|regeling|system|sch)\s*(?:(?:no|nr|n|number|nummer)\s+)?0*(\d{1,4})(?:\s+(?!\d).*)?$"
)
_CODE = {"code", "codes", "esspros code", "item code", "item", "numeric code", "code esspros", "code of item"}
_NOTE = re.compile(r"^\s*\[([A-Za-z]{1,4})\]\s*(.*)$", re.S)


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


def read(
    sheet: Sheet, year: int, classification: Classification, figures: Figures, findings: list[CellFinding]
) -> Head | None:
    """Add the figures of a sheet; its headings, or None where it has none."""
    reader = _Reader(sheet, year, classification, figures, findings)
    head = reader.head()
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
        self, rule: str, row: int, column: int, message: str, mend: str, scheme: str = "", item: str = ""
    ) -> None:
        """Add a finding on a cell of this sheet."""
        place = (self.figures.file, self.sheet.name, address(row, column), scheme, item, str(self.year))
        self.findings.append(CellFinding(rule, "error", message, mend, *place))

    def head(self) -> Head | None:
        """The headings, wherever they are; a finding where they are not in their place."""
        by_row: dict[int, list[tuple[int, str]]] = {}
        for (row, column), cell in self.sheet.cells.items():
            if row <= _SEARCHED and isinstance(cell.value, str):
                by_row.setdefault(row, []).append((column, cell.value))
        best = max(sorted(by_row), key=lambda row: sum(map(bool, map(_scheme, _texts(by_row[row])))), default=0)
        heads = sorted(by_row.get(best, ()))
        if not any(map(_scheme, _texts(heads))):
            return None
        codes = self._codes(best, [column for column, text in heads if folded(text) in _CODE])
        if best != HEAD_ROW or codes != CODE_COLUMN:
            self.found(
                "Q05", best, codes,
                f"The headings stand in row {best} and the codes in column {letters(codes)}; they belong into row "
                f"{HEAD_ROW} and column {letters(CODE_COLUMN)}.",
                "Delete or insert rows and columns until they do. The figures were read from where they stand.",
            )  # fmt: skip
        return Head(best, codes, self._schemes(best, heads))

    def _codes(self, row: int, headed: list[int]) -> int:
        """The column with the most known codes, among those that are headed as such, else among all."""
        known = dict.fromkeys(headed, 0)
        last = self.sheet.rows
        for columns in (headed, range(1, self.sheet.columns + 1)):
            for column in columns:
                cells = (self.sheet.cells.get((line, column)) for line in range(row + 1, last + 1))
                known[column] = sum(bool(self.classification.item(_code(cell))) for cell in cells if cell)
            if any(known.values()):
                return max(known, key=lambda column: (known[column], -column))
        return headed[0] if headed else CODE_COLUMN

    def _schemes(self, row: int, heads: list[tuple[int, str]]) -> dict[str, int]:
        found: dict[str, int] = {}
        for column, text in heads:
            scheme = _scheme(text)
            if not scheme:
                continue
            if scheme in found:
                self.found(
                    "Q14", row, column, f"{text!r} heads column {letters(found[scheme])} too; this column is not read.",
                    "Give each scheme one column.", scheme=scheme,
                )  # fmt: skip
                continue
            found[scheme] = column
        return found

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
        for row in range(head.row + 1, self.sheet.rows + 1):
            cell = self.sheet.cells.get((row, head.codes))
            code = _code(cell) if cell else ""
            if not code:
                self._uncoded(row, head)
                continue
            item = self.classification.item(code)
            if not item:
                item = code
                if not self._unknown(row, head, code):
                    continue
            if item in seen:
                self.found(
                    "Q07", row, head.codes, f"The code {code} stands in row {seen[item]} too; this row is not read.",
                    "Keep one row for each code.", item=item,
                )  # fmt: skip
                continue
            seen[item] = row
            yield row, item

    def _unknown(self, row: int, head: Head, code: str) -> bool:
        """A code that no item has; a text beside empty cells is a title."""
        filled = any((row, column) in self.sheet.cells for column in head.schemes.values())
        if not filled and not any(c.isdigit() for c in code):
            return False
        self.found(
            "E05", row, head.codes, f"No item has the code {code!r}.",
            "Correct the code, or load the list it comes from with --codes.", item=code,
        )  # fmt: skip
        return True

    def _uncoded(self, row: int, head: Head) -> None:
        """Figures in a row without a code would be lost: they are told."""
        for column in head.schemes.values():
            cell = self.sheet.cells.get((row, column))
            if cell is not None and isinstance(cell.value, float):
                self.found(
                    "Q06", row, column, "Figures stand in a row without a code; they are not read.",
                    f"Write the code into {address(row, head.codes)}, or clear the row.",
                )  # fmt: skip
                return

    def _figure(self, row: int, column: int, scheme: str, item: str, cell: Cell) -> tuple[float, str, str] | None:
        """Value, flag and comment of a cell; None for one without any."""
        value = cell.value
        if not isinstance(value, float):
            value, wrong = self._text(row, column, scheme, item, cell) if cell.value else (math.nan, False)
            if not (wrong or cell.note or cell.error):
                return None
        return (value, *self._note(row, column, cell.note))

    def _text(self, row: int, column: int, scheme: str, item: str, cell: Cell) -> tuple[float, bool]:
        """What a cell with text or a truth value means: missing, or a finding."""
        value, wrong, mend = number(str(cell.value))
        if not wrong and value == value:
            wrong = f"{cell.value!r} is a number written as text, which formulas leave out."
            mend = "Convert the cell to a number."
        if wrong:
            rule = "Q09" if "decimal comma" in wrong else "Q08"
            self.found(rule, row, column, wrong, mend, scheme=scheme, item=item)
        return math.nan, bool(wrong)

    def _note(self, row: int, column: int, note: str) -> tuple[str, str]:
        """Flag and comment of a note, ``[e] provisional accounts``."""
        if not note:
            return "", ""
        found = _NOTE.match(note)
        if not found:
            return "", note
        flag = found[1].lower()
        if not known_flag(flag):
            self.found("Q15", row, column, f"[{found[1]}] in the note is no flag.", f"Flags are {', '.join(FLAGS)}.")
            return "", note
        return flag, found[2]


def _texts(heads: list[tuple[int, str]]) -> list[str]:
    return [text for _, text in heads]


def _scheme(text: str) -> str:
    """The scheme a heading stands for; the name may follow its number."""
    plain = folded(text)
    if number_of(plain) == ALL or plain.startswith(("all schemes", "total of schemes", "total schemes")):
        return ALL
    found = _SCHEME.match(plain)
    return str(int(found[1])) if found else ""


def _code(cell: Cell) -> str:
    if isinstance(cell.value, float):
        return str(int(cell.value)) if cell.value.is_integer() else str(cell.value)
    return code_text(str(cell.value)) if cell.value is not None else ""
