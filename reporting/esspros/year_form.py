"""The form of one year: elementary items to be typed, formulas for what they add up to, last year's figures beside."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from reporting.errors import UsageError
from reporting.esspros.headings import CODE_COLUMN, HEAD_ROW
from reporting.esspros.questionnaire import Questionnaire
from reporting.esspros.schemes import ALL, Scheme
from reporting.spreadsheets import letters

#: First row of figures, first column of figures; both counted from 1.
_FIRST_ROW, _FIRST_COLUMN = HEAD_ROW + 2, CODE_COLUMN + 1
#: The most a note can hold.
_NOTE = 30_000
Text = Callable[[str], str]
Figure = tuple[float, str, str]


def figures(table: pd.DataFrame) -> dict[int, dict[tuple[str, str], Figure]]:
    """Value, flag and comment by year, then scheme and item."""
    found: dict[int, dict[tuple[str, str], Figure]] = {}
    columns = (table[name].tolist() for name in ("year", "scheme", "item", "value", "flag", "comment"))
    for year, scheme, item, value, flag, comment in zip(*columns, strict=True):
        found.setdefault(int(year), {})[scheme, item] = (float(value), str(flag), str(comment))
    return found


@dataclass(frozen=True)
class YearForm:
    """The sheet of one year while it is written; ``last`` is the year whose figures stand beside."""

    sheet: Any
    formats: Mapping[str, Any]
    questionnaire: Questionnaire
    title: str
    text: Text
    year: int
    figures: Mapping[int, Mapping[tuple[str, str], Figure]]
    last: int | None

    @property
    def own(self) -> Mapping[tuple[str, str], Figure]:
        """The figures of the year."""
        return self.figures.get(self.year, {})

    def write(self) -> None:
        """Headings, labels, figures, and last year's beside."""
        items, columns = self.items(), [ALL, *self.schemes()]
        rows = {item: number for number, item in enumerate(items, _FIRST_ROW)}
        self.heads(columns)
        for item, row in rows.items():
            self.label(item, row)
            for column, scheme in enumerate(columns, _FIRST_COLUMN):
                self.cell(row, column, scheme, item, rows, columns)
        self.beside(rows, columns, _FIRST_COLUMN + len(columns) + 1)
        self.frame(rows, columns)

    def items(self) -> list[str]:
        """The rows: what may be filled, and what has figures all the same."""
        known = self.questionnaire.classification
        filled = {item for _, item in self.own}
        strange = sorted(filled - set(known.items))
        return [item for item in known.items if known[item].admissible or item in filled] + strange

    def schemes(self) -> list[str]:
        """The columns: schemes that exist in the year, and those with figures all the same."""
        listed = {scheme.number: scheme for scheme in self.questionnaire.schemes}
        filled = {scheme for scheme, _ in self.own} - {ALL}
        known = {number for number, scheme in listed.items() if scheme.exists(self.year)}
        return sorted(known | filled, key=lambda number: (not number.isdigit(), int(number) if number.isdigit() else 0))

    def heads(self, columns: Sequence[str]) -> None:
        """Title, unit, and above each column its scheme, with the short name below."""
        text, formats, put = self.text, self.formats, self.sheet.write_string
        put(0, 0, f"{self.title} {self.year}".strip(), formats["title"])
        put(1, 0, text("Millions of national currency"), formats["unit"])
        put(HEAD_ROW - 1, 0, text("Item"), formats["head"])
        put(HEAD_ROW - 1, CODE_COLUMN - 1, "Code", formats["head"])
        names = {scheme.number: scheme.abbreviation or scheme.name for scheme in self.questionnaire.schemes}
        for column, scheme in enumerate(columns, _FIRST_COLUMN - 1):
            put(HEAD_ROW - 1, column, _head(scheme), formats["head"])
            put(HEAD_ROW, column, names.get(scheme, ""), formats["name"])

    def label(self, item: str, row: int) -> None:
        """The label of a row, as deep as the item stands, and its code."""
        known = self.questionnaire.classification
        code = (known.code(item) if item in known else "") or item
        if item in known:
            depth = min(known.depth(item), 7)
            self.sheet.write_string(row - 1, 0, self.text(known[item].label), self.formats[f"label{depth}"])
        if code.isdigit() and len(code) < 16:
            self.sheet.write_number(row - 1, CODE_COLUMN - 1, int(code), self.formats["code"])
        else:
            self.sheet.write_string(row - 1, CODE_COLUMN - 1, code, self.formats["code"])

    def cell(
        self, row: int, column: int, scheme: str, item: str, rows: Mapping[str, int], columns: Sequence[str]
    ) -> None:
        """One figure: a formula for what is computed, a number for what is typed, its note."""
        value, flag, comment = self.own.get((scheme, item), (math.nan, "", ""))
        formula, given = self.formula(row, column, scheme, item, rows, columns)
        if formula and (given or math.isnan(value)):
            cached: object = "" if math.isnan(value) else value
            self.sheet.write_formula(row - 1, column - 1, formula, self.formats["sum"], cached)
        elif math.isnan(value) and (scheme, item) in self.own and "z" not in flag:
            self.sheet.write_string(row - 1, column - 1, ":", self.formats["leaf"])
        elif math.isnan(value):
            self.sheet.write_blank(row - 1, column - 1, None, self.formats["leaf"])
        else:
            self.sheet.write_number(row - 1, column - 1, value, self.formats["leaf"])
        if flag or comment:
            note = f"[{flag}] {comment}".rstrip() if flag or comment.startswith("[") else comment
            if len(note) > _NOTE:
                raise UsageError(f"The comment on {item} of scheme {scheme} in {self.year} is too long: shorten it.")
            self.sheet.write_comment(row - 1, column - 1, note, {"author": ""})

    def formula(
        self, row: int, column: int, scheme: str, item: str, rows: Mapping[str, int], columns: Sequence[str]
    ) -> tuple[str, bool]:
        """The formula of a cell, empty for one that is typed; whether anything it adds up has a value."""
        known = self.questionnaire.classification
        if scheme == ALL:
            area = f"{letters(column + 1)}{row}:{letters(_FIRST_COLUMN + len(columns) - 1)}{row}"
            return (_sum(area), self.given((one, item) for one in columns[1:])) if len(columns) > 1 else ("", False)
        children = [child for child in known.children(item) if child in rows] if item in known else []
        area = ",".join(_areas(letters(column), sorted(rows[child] for child in children)))
        return _sum(area) if area else "", self.given((scheme, child) for child in children)

    def given(self, cells: Iterable[tuple[str, str]]) -> bool:
        """Whether any of these cells has a value."""
        return any(cell in self.own and not math.isnan(self.own[cell][0]) for cell in cells)

    def beside(self, rows: Mapping[str, int], columns: Sequence[str], start: int) -> None:
        """Last year's figures, to the right, to be looked at only."""
        if self.last is None:
            return
        for column, scheme in enumerate(columns, start - 1):
            self.sheet.write_string(HEAD_ROW - 1, column, f"{self.last} {_head(scheme)}", self.formats["head"])
            for item, row in rows.items():
                value = self.figures.get(self.last, {}).get((scheme, item), (math.nan, "", ""))[0]
                if not math.isnan(value):
                    self.sheet.write_number(row - 1, column, value, self.formats["last"])

    def frame(self, rows: Mapping[str, int], columns: Sequence[str]) -> None:
        """Widths, panes, what is printed on each page, protection, and that only numbers are typed."""
        sheet = self.sheet
        sheet.set_landscape()
        sheet.repeat_columns(0, 1)
        sheet.repeat_rows(HEAD_ROW - 1, HEAD_ROW)
        sheet.set_column(0, 0, 56)
        sheet.set_column(1, 1, 12 if self.questionnaire.classification.numbered else 44)
        sheet.set_column(2, 2 + 2 * len(columns), 13)
        sheet.freeze_panes(_FIRST_ROW - 1, _FIRST_COLUMN)
        sheet.protect("", {"objects": True, "format_columns": True, "format_rows": True, "autofilter": True})
        last = max(rows.values(), default=_FIRST_ROW)
        sheet.data_validation(
            _FIRST_ROW - 1, _FIRST_COLUMN - 1, last - 1, _FIRST_COLUMN + len(columns) - 2,
            {"validate": "decimal", "criteria": "between", "minimum": -1e12, "maximum": 1e12,
             "error_title": "ESSPROS", "error_message": "A number is needed, in millions of national currency."},
        )  # fmt: skip


def _head(scheme: str) -> str:
    return "All schemes" if scheme == ALL else Scheme(scheme, "").head


def _sum(area: str) -> str:
    """A sum that stays empty where nothing is there to add."""
    return f'=IF(COUNT({area})=0,"",SUM({area}))'


def _areas(column: str, rows: Sequence[int]) -> Iterator[str]:
    """Rows of a column as areas: ``C5:C7``, ``C9``."""
    start = 0
    for position in range(1, len(rows) + 1):
        if position == len(rows) or rows[position] != rows[position - 1] + 1:
            first, last = rows[start], rows[position - 1]
            yield f"{column}{first}" if first == last else f"{column}{first}:{column}{last}"
            start = position
