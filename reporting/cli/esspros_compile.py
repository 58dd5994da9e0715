"""The verb that makes a questionnaire of national sources: compile."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import pandas as pd
import typer

from reporting.cli.common import Json, err, listed, out
from reporting.cli.esspros import CodesOption, SchemesOption, classified, esspros
from reporting.errors import UsageError, ValidationFailed
from reporting.files import put
from reporting.findings import CellFinding, ordered

if TYPE_CHECKING:
    from reporting.esspros.compiling import Method, Result
    from reporting.esspros.questionnaire import Questionnaire

#: Findings of one rule that a terminal shows.
_SHOWN = 12


@esspros.command(
    "compile",
    epilog="Example: reporting esspros compile mapping.toml --source accounts-2024.csv --year 2024 "
    "--last questionnaire-2023.xlsx --output questionnaire-2024.xlsx",
)
def compile_(
    mapping: Annotated[Path, typer.Argument(help="The mapping from accounts to schemes and items (.toml).")],
    output: Annotated[Path, typer.Option("--output", help="The questionnaire (.xlsx), or its neutral table (.csv).")],
    source: Annotated[
        list[Path] | None,
        typer.Option(help="A source file in place of the one of its name in the mapping; may be repeated."),
    ] = None,
    year: Annotated[str, typer.Option(help="Years, comma-separated [default: all of the sources].")] = "",
    method: Annotated[
        Path | None, typer.Option(help="A revised mapping: the questionnaire follows it, with the old beside.")
    ] = None,
    last: Annotated[
        Path | None, typer.Option(help="The last questionnaire: years before, descriptions, register (.xlsx, .csv).")
    ] = None,
    schemes: SchemesOption = None,
    codes: CodesOption = None,
    as_json: Json = False,
) -> None:
    """Compile national sources to a questionnaire; every cell is traced to the lines it comes from.

    The mapping declares sources, allocation keys, the scheme and item of each account, what is outside social
    protection, estimates of missing years and benchmarks. A workbook gets the sheets Trace, Findings and, with
    --method, Revision; beside a CSV file they are written as NAME.trace.csv and so on. Ends with 1 when a line is
    lost, counted twice or not readable.
    """
    from reporting.esspros import compiling, questionnaire, revision

    classification = classified(codes)
    _writable(output, [mapping, method, last, schemes, codes, *(source or ())])
    earlier = questionnaire.read(last, classification, schemes) if last else None
    old, new = (compiling.method(path, classification) if path else None for path in (mapping, method))
    assert old is not None  # the argument is required
    used = new or old
    inputs = {used.folder / one.file for one in used.mapping.sources.values()}
    _writable(output, list(inputs))
    years = [_year(text) for text in listed(year)]
    result = compiling.compiled(used, classification, source or (), years, earlier)
    made = compiling.questionnaire(used, result, classification, schemes, earlier, output.name)
    revised = None
    if new:
        before = compiling.compiled(old, classification, source or (), years, earlier)
        revised = revision.compare(
            compiling.table(before, classification), compiling.table(result, classification), classification
        )
    found = ordered([*(earlier.findings if earlier else ()), *result.findings, *made.findings])
    if not result.compiled.cells:
        told(found)
        raise ValidationFailed(f"{used.path.name}: nothing is compiled: none of the figures of the sources is mapped.")
    tables = _tables(result, found, revised)
    files = _write(output, made, tables, used)
    if as_json:
        out.print_json(json.dumps(_record(result, found, revised, files)))
    else:
        _print(result, found, revised, files, classification)
    if any(finding.stops for finding in found):
        raise typer.Exit(1)


def _year(text: str) -> int:
    if not (text.isdigit() and len(text) == 4):
        raise UsageError(f"--year {text!r} is no year: write 2023, or 2022,2023.")
    return int(text)


def _writable(output: Path, inputs: Sequence[Path | None]) -> None:
    """Refuse to write over what is read, and other kinds of file."""
    if output.suffix.lower() not in (".xlsx", ".csv"):
        raise UsageError(f"{output.name}: a questionnaire is written as .xlsx, its neutral table as .csv.")
    if any(path is not None and path.exists() and output.exists() and path.samefile(output) for path in inputs):
        raise UsageError(f"--output {output} is one of the files that are read. Name another file.")


def _tables(result: Result, found: Sequence[CellFinding], revised: pd.DataFrame | None) -> dict[str, pd.DataFrame]:
    """What stands beside the questionnaire: the trace, what was found, and what a revised method changes."""
    heads = ("severity", "rule", "file", "sheet", "cell", "year", "scheme", "item", "message", "mend")
    rows = [[getattr(finding, name) for name in heads] for finding in found]
    tables = {"Trace": result.compiled.trace, "Findings": pd.DataFrame(rows, columns=list(heads))}
    return tables if revised is None else {**tables, "Revision": revised}


def _write(output: Path, made: Questionnaire, tables: Mapping[str, pd.DataFrame], method: Method) -> list[Path]:
    from reporting.esspros import neutral, workbook

    if output.suffix.lower() == ".xlsx":
        workbook.write(output, made, workbook.Plan(title=method.mapping.title, more=tables))
        return [output]
    neutral.write(output, made.table)
    files = [output]
    for name, table in tables.items():
        files.append(output.with_suffix(f".{name.lower()}.csv"))
        save(files[-1], table)
    return files


def save(path: Path, table: pd.DataFrame) -> None:
    """Write a table as CSV, whole or not at all; numbers with all their digits, no text a formula.

    Raises
    ------
    OutputFailed
        When it cannot be written.
    """
    from reporting.forms import neutral as plain

    texts = {str(n): table[n].map(plain) for n in table if table[n].map(lambda value: isinstance(value, str)).all()}
    text = table.assign(**texts).to_csv(index=False, lineterminator="\n")
    put(path, b"\xef\xbb\xbf" + text.encode())


def _record(
    result: Result, found: Sequence[CellFinding], revised: pd.DataFrame | None, files: Sequence[Path]
) -> dict[str, Any]:
    record: dict[str, Any] = {
        "years": list(result.years), "cells": len(result.compiled.cells), "lines": result.lines,
        "findings": [finding.record() for finding in found], "files": [str(path) for path in files],
    }  # fmt: skip
    if revised is not None:
        rows = revised[revised["difference"].fillna(0.0) != 0].to_dict("records")
        record["revision"] = [
            {str(k): None if isinstance(v, float) and math.isnan(v) else v for k, v in row.items()} for row in rows
        ]
    return record


def _print(
    result: Result,
    found: Sequence[CellFinding],
    revised: pd.DataFrame | None,
    files: Sequence[Path],
    classification: Any,
) -> None:
    from reporting.esspros import revision

    told(found)
    if revised is not None:
        changes = revision.by_year(revised, classification)
        out.print("Differences of the revised method, all schemes:" if len(changes) else "The methods agree.")
        heads = [str(year) for year in changes.columns]
        out.print("  ".join(["item".ljust(46), *(head.rjust(12) for head in heads)]), markup=False)
        for item, row in changes.iterrows():
            figures = "  ".join(f"{value:12,.2f}" for value in row)
            out.print(f"{item!s:<46}  {figures}", markup=False)
    years = f"{result.years[0]}-{result.years[-1]}" if len(result.years) > 1 else str(result.years[0])
    kinds = [one.source for one in result.compiled.contributions]
    said = f"{len(result.compiled.cells)} cells of {years} from {result.lines} figures"
    for source, what in (("estimate", "estimates"), ("benchmark", "adjustments")):
        said += f", {kinds.count(source)} {what}" if source in kinds else ""
    out.print(f"{', '.join(str(path) for path in files)}: {said}.", markup=False)


def told(found: Sequence[CellFinding]) -> None:
    """Print findings, of each rule the first ones, and how many there are."""
    shown: dict[str, int] = {}
    for finding in found:
        shown[finding.rule] = shown.get(finding.rule, 0) + 1
        if shown[finding.rule] <= _SHOWN:
            err.print(finding.line, markup=False)
    for rule, count in shown.items():
        if count > _SHOWN:
            err.print(f"{rule}: {count - _SHOWN} more.", markup=False)
