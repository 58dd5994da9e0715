"""Writes the questionnaire: a sheet a year with formulas for aggregates, the register, and the sheets beside."""

from __future__ import annotations

import datetime
import io
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd
import xlsxwriter
from xlsxwriter.worksheet import Worksheet

from reporting.errors import UsageError
from reporting.esspros import codes
from reporting.esspros import schemes as registers
from reporting.esspros.classification import Classification
from reporting.esspros.headings import CODE_COLUMN, HEAD_ROW
from reporting.esspros.neutral import FLAGS
from reporting.esspros.questionnaire import BESIDE, NUMBERS, Questionnaire
from reporting.esspros.schemes import ALL, CRITERIA, Scheme
from reporting.files import put
from reporting.spreadsheets import letters

#: First row of figures, first column of figures; both counted from 1.
_FIRST_ROW, _FIRST_COLUMN = HEAD_ROW + 2, CODE_COLUMN + 1
_BLUE, _GREY, _PALE = "#1f4e79", "#7f7f7f", "#f2f2f2"
#: The most a note can hold.
_NOTE = 30_000
Text = Callable[[str], str]
Figure = tuple[float, str, str]


class _Exact(Worksheet):  # type: ignore[misc]
    """A sheet that writes numbers with all their digits, where XlsxWriter writes sixteen, and empty results."""

    def _xml_number_element(self, number: float, attributes: Sequence[tuple[str, str]] = ()) -> None:
        written = "".join(f' {key}="{value}"' for key, value in attributes)
        self.fh.write(f"<c{written}><v>{number!r}</v></c>")

    def _xml_formula_element(self, formula: str, result: object, attributes: Sequence[tuple[str, str]] = ()) -> None:
        # An empty result is a result: without its type it would look as if it had never been computed.
        kind = [("t", "str")] if result == "" else []
        super()._xml_formula_element(formula, result, [*attributes, *kind])


@dataclass(frozen=True)
class Plan:
    """What is written besides a questionnaire's own figures.

    ``blank`` are years that get an empty sheet; ``last`` is the year whose figures stand
    beside those of another: year to year. ``text`` gives labels in a language.
    """

    title: str = ""
    blank: Sequence[int] = ()
    last: Mapping[int, int] = field(default_factory=dict)
    text: Text = str


def write(path: Path, questionnaire: Questionnaire, plan: Plan | None = None) -> None:
    """Write a questionnaire as .xlsx, whole or not at all.

    Elementary items are typed and open; aggregates and the column of all schemes are
    formulas, protected, with the value the table has for them. An aggregate that has a
    value while nothing below it has one is typed too, so that it is not lost.

    Raises
    ------
    UsageError
        When a comment is longer than a note can be.
    OutputFailed
        When it cannot be written.
    """
    content = _content(questionnaire, plan or Plan())
    put(path, content)


def _content(questionnaire: Questionnaire, plan: Plan) -> bytes:
    buffer = io.BytesIO()
    book = xlsxwriter.Workbook(buffer, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    book.set_properties({"title": plan.title, "created": datetime.datetime(2000, 1, 1, tzinfo=datetime.UTC)})
    formats = _formats(book)
    years = sorted({*questionnaire.years, *plan.blank})
    figures = _figures(questionnaire.table)
    for year in years:
        sheet = book.add_worksheet(str(year), worksheet_class=_Exact)
        _YearSheet(sheet, formats, questionnaire, plan, year, figures).write()
    _register(book.add_worksheet("Schemes"), formats, questionnaire.schemes)
    for name in BESIDE:
        frame = {"Qualitative": questionnaire.qualitative, "Beneficiaries": questionnaire.beneficiaries}.get(
            name, questionnaire.net
        )
        _beside(book.add_worksheet(name, worksheet_class=_Exact), formats, name, frame, questionnaire.classification)
    if questionnaire.classification.numbered:
        listed = book.add_worksheet("Codes")
        _grid(listed, formats, *codes.records(questionnaire.classification))
        listed.hide()
    if years:
        book.worksheets()[len(years) - 1].activate()
    book.close()
    return buffer.getvalue()


def _formats(book: Any) -> dict[str, Any]:
    number = {"num_format": "#,##0.00"}
    known: dict[str, dict[str, object]] = {
        "title": {"bold": True, "font_size": 14, "font_color": _BLUE},
        "unit": {"italic": True, "font_color": _GREY},
        "head": {"bold": True, "text_wrap": True, "bg_color": _BLUE, "font_color": "white", "valign": "top"},
        "name": {"text_wrap": True, "font_color": _GREY, "valign": "top", "font_size": 8},
        "code": {"font_color": _GREY},
        "leaf": {**number, "locked": False},
        "sum": {**number, "bold": True, "bg_color": _PALE},
        "last": {**number, "font_color": _GREY, "italic": True},
        "open": {"locked": False, "text_wrap": True, "valign": "top"},
        "open_number": {"locked": False, "valign": "top"},
        "open_quoted": {"locked": False, "text_wrap": True, "valign": "top", "quote_prefix": True},
    }
    formats = {name: book.add_format(properties) for name, properties in known.items()}
    for depth in range(8):
        formats[f"label{depth}"] = book.add_format({"indent": depth, "bold": depth < 2, "text_wrap": False})
    return formats


def _figures(table: pd.DataFrame) -> dict[int, dict[tuple[str, str], Figure]]:
    """Value, flag and comment by year, then scheme and item."""
    found: dict[int, dict[tuple[str, str], Figure]] = {}
    columns = (table[name].tolist() for name in ("year", "scheme", "item", "value", "flag", "comment"))
    for year, scheme, item, value, flag, comment in zip(*columns, strict=True):
        found.setdefault(int(year), {})[scheme, item] = (float(value), str(flag), str(comment))
    return found


@dataclass(frozen=True)
class _YearSheet:
    """The sheet of one year while it is written."""

    sheet: Any
    formats: Mapping[str, Any]
    questionnaire: Questionnaire
    plan: Plan
    year: int
    figures: Mapping[int, Mapping[tuple[str, str], Figure]]

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
        text, formats, put = self.plan.text, self.formats, self.sheet.write_string
        put(0, 0, f"{self.plan.title} {self.year}".strip(), formats["title"])
        put(1, 0, text("Millions of national currency"), formats["unit"])
        put(HEAD_ROW - 1, 0, text("Item"), formats["head"])
        put(HEAD_ROW - 1, CODE_COLUMN - 1, "Code", formats["head"])
        names = {scheme.number: scheme.abbreviation or scheme.name for scheme in self.questionnaire.schemes}
        for column, scheme in enumerate(columns, _FIRST_COLUMN - 1):
            put(HEAD_ROW - 1, column, _head(scheme), formats["head"])
            put(HEAD_ROW, column, names.get(scheme, ""), formats["name"])

    def label(self, item: str, row: int) -> None:
        known = self.questionnaire.classification
        code = (known.code(item) if item in known else "") or item
        if item in known:
            depth = min(known.depth(item), 7)
            self.sheet.write_string(row - 1, 0, self.plan.text(known[item].label), self.formats[f"label{depth}"])
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
            given = any((one, item) in self.own for one in columns[1:])
            return (_sum(area), given) if len(columns) > 1 else ("", False)
        children = [child for child in known.children(item) if child in rows] if item in known else []
        area = ",".join(_areas(letters(column), sorted(rows[child] for child in children)))
        return (_sum(area) if area else "", any((scheme, child) in self.own for child in children))

    def beside(self, rows: Mapping[str, int], columns: Sequence[str], start: int) -> None:
        """Last year's figures, to the right, to be looked at only."""
        last = self.plan.last.get(self.year)
        if last is None:
            return
        for column, scheme in enumerate(columns, start - 1):
            self.sheet.write_string(HEAD_ROW - 1, column, f"{last} {_head(scheme)}", self.formats["head"])
            for item, row in rows.items():
                value = self.figures.get(last, {}).get((scheme, item), (math.nan, "", ""))[0]
                if not math.isnan(value):
                    self.sheet.write_number(row - 1, column, value, self.formats["last"])

    def frame(self, rows: Mapping[str, int], columns: Sequence[str]) -> None:
        """Widths, panes, protection, and that only numbers are typed."""
        sheet = self.sheet
        sheet.set_column(0, 0, 52)
        sheet.set_column(1, 1, 12 if any(i.code for i in self.questionnaire.classification.items.values()) else 44)
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


def _register(sheet: Any, formats: Mapping[str, Any], schemes: Sequence[Scheme]) -> None:
    heads, rows = registers.records(schemes)
    _grid(sheet, formats, heads, rows)
    for column, head in enumerate(heads):
        sheet.set_column(column, column, 40 if head.startswith(("name", "description")) else 18)
        if head in CRITERIA:
            sheet.data_validation(
                1, column, max(len(rows), 1) + 100, column, {"validate": "list", "source": [*CRITERIA[head].values()]}
            )


def _grid(sheet: Any, formats: Mapping[str, Any], heads: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    for column, head in enumerate(heads):
        sheet.write_string(0, column, head, formats["head"])
    for number, row in enumerate(rows, 1):
        for column, value in enumerate(row):
            if isinstance(value, str):
                risky = value.startswith(("=", "+", "-", "@"))
                sheet.write_string(number, column, value, formats["open_quoted" if risky else "open"])
            elif isinstance(value, int) or (isinstance(value, float) and not math.isnan(value)):
                sheet.write_number(number, column, value, formats["open_number"])
    sheet.freeze_panes(1, 0)


def _beside(
    sheet: Any, formats: Mapping[str, Any], name: str, frame: pd.DataFrame, classification: Classification
) -> None:
    heads = BESIDE[name]
    rows = [[_plain(head, value, classification) for head, value in zip(heads, row, strict=True)]
            for row in frame[list(heads)].itertuples(index=False)]  # fmt: skip
    _grid(sheet, formats, heads, rows)
    for column, head in enumerate(heads):
        sheet.set_column(column, column, 70 if head in ("description", "comment") else 16)
        if head == "flag":
            sheet.data_validation(1, column, len(rows) + 500, column, {"validate": "list", "source": ["", *FLAGS]})
        if head == "sex":
            sheet.data_validation(1, column, len(rows) + 500, column, {"validate": "list", "source": ["F", "M", "T"]})


def _plain(head: str, value: object, classification: Classification) -> object:
    if head == "item" and str(value) in classification:
        return classification.code(str(value)) or value
    if head == "year" or head in NUMBERS:
        return value
    return str(value)
