"""Writes the questionnaire: a sheet a year, the register, the sheets beside, the list of codes."""

from __future__ import annotations

import datetime
import io
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd
import xlsxwriter
from xlsxwriter.worksheet import Worksheet

from reporting.errors import UsageError
from reporting.esspros import codes, year_form
from reporting.esspros import schemes as registers
from reporting.esspros.classification import Classification
from reporting.esspros.neutral import FLAGS
from reporting.esspros.questionnaire import BESIDE, NUMBERS, OPTIONAL, Questionnaire
from reporting.esspros.schemes import CRITERIA, Scheme
from reporting.esspros.year_form import YearForm
from reporting.files import put

_BLUE, _GREY, _PALE = "#1f4e79", "#7f7f7f", "#f2f2f2"
#: The most rows a sheet can have.
_ROWS = 1_048_576
Text = year_form.Text


class _Exact(Worksheet):  # type: ignore[misc]
    """A sheet that writes numbers with all their digits, where XlsxWriter writes sixteen, and empty results."""

    def _xml_number_element(self, number: float, attributes: Sequence[tuple[str, str]] = ()) -> None:
        written = "".join(f' {key}="{value}"' for key, value in attributes)
        self.fh.write(f"<c{written}><v>{repr(float(number)).removesuffix('.0')}</v></c>")

    def _xml_formula_element(self, formula: str, result: object, attributes: Sequence[tuple[str, str]] = ()) -> None:
        # An empty result is a result: without its type it would look as if it had never been computed.
        kind = [("t", "str")] if result == "" else []
        super()._xml_formula_element(formula, result, [*attributes, *kind])


@dataclass(frozen=True)
class Plan:
    """What is written besides a questionnaire's own figures.

    ``blank`` are years that get an empty sheet; ``last`` is the year whose figures stand
    beside those of another: year to year. ``text`` gives labels in a language. ``more``
    are further sheets: name to table.
    """

    title: str = ""
    blank: Sequence[int] = ()
    last: Mapping[int, int] = field(default_factory=dict)
    text: Text = str
    more: Mapping[str, pd.DataFrame] = field(default_factory=dict)


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
    put(path, _content(questionnaire, plan or Plan()))


def sheets(path: Path, tables: Mapping[str, pd.DataFrame]) -> None:
    """Write tables as the sheets of a workbook, whole or not at all.

    Raises
    ------
    UsageError
        When a table has more rows than a sheet can hold.
    OutputFailed
        When it cannot be written.
    """
    buffer = io.BytesIO()
    book = xlsxwriter.Workbook(buffer, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    book.set_properties({"created": datetime.datetime(2000, 1, 1, tzinfo=datetime.UTC)})
    _tabled(book, _formats(book), tables)
    book.close()
    put(path, buffer.getvalue())


def _tabled(book: Any, formats: Mapping[str, Any], tables: Mapping[str, pd.DataFrame]) -> None:
    for name, frame in tables.items():
        if len(frame) >= _ROWS:
            raise UsageError(f"{name} has {len(frame)} rows, more than a sheet can hold: write the result as .csv.")
        sheet = book.add_worksheet(name, worksheet_class=_Exact)
        _grid(sheet, formats, [str(head) for head in frame.columns], frame.to_numpy(dtype=object).tolist())
        sheet.autofilter(0, 0, len(frame), max(len(frame.columns) - 1, 0))


def _content(questionnaire: Questionnaire, plan: Plan) -> bytes:
    buffer = io.BytesIO()
    book = xlsxwriter.Workbook(buffer, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    book.set_properties({"title": plan.title, "created": datetime.datetime(2000, 1, 1, tzinfo=datetime.UTC)})
    formats = _formats(book)
    years = sorted({*questionnaire.years, *plan.blank})
    figures = year_form.figures(questionnaire.table)
    for year in years:
        sheet = book.add_worksheet(str(year), worksheet_class=_Exact)
        beside = plan.last.get(year)
        YearForm(sheet, formats, questionnaire, plan.title, plan.text, year, figures, beside).write()
    _register(book.add_worksheet("Schemes"), formats, questionnaire.schemes)
    for name in BESIDE:
        frame = {"Qualitative": questionnaire.qualitative, "Beneficiaries": questionnaire.beneficiaries}.get(
            name, questionnaire.net
        )
        _beside(book.add_worksheet(name, worksheet_class=_Exact), formats, name, frame, questionnaire.classification)
    _tabled(book, formats, plan.more)
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
    heads = (*BESIDE[name], *(head for head in OPTIONAL.get(name, ()) if head in frame))
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
