"""Verbs on the modules of ESSPROS: net (net benefits), beneficiaries (of pensions), early (estimates by function)."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import pandas as pd
import typer

from reporting import declarations, labels
from reporting.cli.common import Json, out, show
from reporting.cli.esspros import CodesOption, SchemesOption, classified, esspros
from reporting.cli.esspros_compile import save, told
from reporting.errors import UsageError
from reporting.findings import CellFinding, ordered

if TYPE_CHECKING:
    from reporting.esspros.questionnaire import Questionnaire

Workbook = Annotated[Path, typer.Argument(help="The questionnaire (.xlsx, .xlsm) or its neutral table (.csv).")]
Output = Annotated[Path | None, typer.Option(help="Write all of it to this file (.xlsx, .csv).")]
Lang = Annotated[str, typer.Option("--lang", help="Language of the labels: en, fr, nl, de.")]


@esspros.command(epilog="Example: reporting esspros net questionnaire-2024.xlsx --output net.xlsx")
def net(
    workbook: Workbook,
    rates: Annotated[
        Path | None,
        typer.Option(help="Rates in a file of their own: year, scheme, item, AITR, AISCR, RFB, RFB_inside "
                     "[default: the sheet NetBenefits]."),
    ] = None,
    output: Output = None,
    schemes: SchemesOption = None,
    codes: CodesOption = None,
    lang: Lang = "en",
    as_json: Json = False,
) -> None:  # fmt: skip
    """Net benefits by scheme, benefit and function: gross, less taxes and contributions, plus fiscal benefits.

    NET = GROSS x (1 - AITR - AISCR) + RFB (Regulation (EU) No 263/2011). A rate of a sum (ben.old) holds for the
    benefits below it that have none of their own. RFB is not added where RFB_inside says that the rates hold it.
    """
    from reporting.esspros import net as benefits

    read = _read(workbook, schemes, codes, output, rates)
    given = benefits.read(rates, read.classification) if rates else read.net
    if given.empty:
        raise UsageError(
            f"{read.file} has no rates of net benefits: fill the sheet NetBenefits, or name them with --rates FILE."
        )
    found = benefits.compute(
        read.table, given, read.classification, *((rates.name, "") if rates else (read.file, "NetBenefits"))
    )
    words = labels.Words(declarations.load(), lang)
    named = found.totals.assign(label=[words.text(read.classification[item].label) for item in found.totals["item"]])
    findings = ordered([*_of_the_table(read), *found.findings])
    _write(output, {"Totals": named, "Benefits": found.benefits}, findings)
    last = named[(named["scheme"] == "_T") & (named["year"] == named["year"].max())]
    heads = ("year", "item", "label", "gross", "net", "ratio")
    _tell(findings, named, last, heads, as_json, output)


@esspros.command(epilog="Example: reporting esspros beneficiaries questionnaire-2024.xlsx --output pensioners.csv")
def beneficiaries(
    workbook: Workbook,
    combinations: Annotated[
        Path | None,
        typer.Option(help="Persons by the pensions they draw: year, scheme, sex, categories (old_age+survivors), "
                     "persons [default: the sheet Beneficiaries]."),
    ] = None,
    output: Output = None,
    schemes: SchemesOption = None,
    codes: CodesOption = None,
    as_json: Json = False,
) -> None:  # fmt: skip
    """Pension beneficiaries by category, sex and scheme, each person once in a total, and the average pension.

    With --combinations categories and totals (total, old_tot, old_srv) are counted from the combinations of pensions
    that persons draw, so that nobody counts twice. Ends with 1 when a total cannot be one of persons.
    """
    from reporting.esspros import beneficiaries as pensions

    read = _read(workbook, schemes, codes, output, combinations)
    counted = pensions.count(pensions.read(combinations)) if combinations else read.beneficiaries
    if counted.empty:
        raise UsageError(
            f"{read.file} has no beneficiaries: fill the sheet Beneficiaries, or name them with --combinations FILE."
        )
    average = pensions.average(counted, read.table, read.classification)
    found = ordered([*_of_the_table(read), *pensions.check(counted, combinations.name if combinations else read.file)])
    _write(output, {"Beneficiaries": counted[list(pensions.COLUMNS)], "Averages": average}, found)
    last = average[average["year"] == average["year"].max()]
    last = last[last["scheme"] == "_T"] if (last["scheme"] == "_T").any() else last
    _tell(found, average, last, ("year", "scheme", "category", "persons", "expenditure", "average"), as_json, output)


@esspros.command(
    epilog="Example: reporting esspros early questionnaire-2024.xlsx --indicators accounts-2025.csv --year 2025"
)
def early(
    workbook: Workbook,
    indicators: Annotated[
        Path, typer.Option(help="What each function follows: function, year, value and optionally indicator, flag.")
    ],
    year: Annotated[int | None, typer.Option(help="Year [default: the one after the last].")] = None,
    method: Annotated[str, typer.Option(help="How a function follows its indicator: growth or regression.")] = "growth",
    level: Annotated[float, typer.Option(help="Level of the intervals.")] = 0.95,
    output: Output = None,
    codes: CodesOption = None,
    as_json: Json = False,
) -> None:
    """Early estimates of benefits by function, with intervals and the error of the method on known years.

    A function without an indicator follows its linear trend.
    """
    from reporting.esspros import early as estimates

    if method not in ("growth", "regression") or not 0 < level < 1:
        raise UsageError(f"--method {method} --level {level:g}: growth or regression, and a level between 0 and 1.")
    read = _read(workbook, None, codes, output, indicators)
    functions = estimates.by_function(read.table, read.classification)
    if not functions:
        raise UsageError(f"{read.file} has no benefits of schemes: there is nothing to start from.")
    followed = estimates.indicators(indicators)
    wanted = year or max(max(series.values) for series in functions.values()) + 1
    table, refused = estimates.estimate(functions, followed, wanted, method, level)
    found = ordered([*_of_the_table(read), *refused])
    _write(output, {"Early": table}, found)
    _tell(found, table, table, ("year", "item", "last", "value", "low", "high", "change", "method"), as_json, output)


def _read(
    workbook: Path, schemes: Path | None, codes: Path | None, output: Path | None, beside: Path | None
) -> Questionnaire:
    from reporting.esspros import questionnaire

    if output and output.suffix.lower() not in (".xlsx", ".csv"):
        raise UsageError(f"{output.name}: results are written as .xlsx or .csv.")
    inputs = [path for path in (workbook, schemes, codes, beside) if path is not None]
    if output and output.exists() and any(path.exists() and path.samefile(output) for path in inputs):
        raise UsageError(f"--output {output} is one of the files that are read. Name another file.")
    return questionnaire.read(workbook, classified(codes), schemes)


def _of_the_table(read: Questionnaire) -> list[CellFinding]:
    """What was wrong when the questionnaire was read."""
    return list(read.findings)


def _write(output: Path | None, tables: Mapping[str, pd.DataFrame], found: Sequence[CellFinding]) -> None:
    """Write the tables: sheets of a workbook, or the first as CSV and the others beside."""
    from reporting.esspros import workbook

    if output is None:
        return
    if output.suffix.lower() == ".xlsx":
        heads = ("severity", "rule", "file", "sheet", "cell", "message", "mend")
        rows = pd.DataFrame([[getattr(f, name) for name in heads] for f in found], columns=list(heads))
        workbook.sheets(output, {**tables, "Findings": rows})
        return
    for position, (name, table) in enumerate(tables.items()):
        save(output.with_suffix(f".{name.lower()}.csv") if position else output, table)


def _tell(
    found: Sequence[CellFinding], whole: pd.DataFrame, shown: pd.DataFrame, heads: Sequence[str], as_json: bool,
    output: Path | None,
) -> None:  # fmt: skip
    """Print findings and a table; end with 1 where an error was found."""
    if as_json:
        rows = [{str(k): _plain(v) for k, v in row.items()} for row in whole.to_dict("records")]
        out.print_json(json.dumps({"rows": rows, "findings": [finding.record() for finding in found]}))
    else:
        told(found)
        show([], False, heads, [[_said(head, row[head]) for head in heads] for row in shown.to_dict("records")])
        if output:
            out.print(str(output), markup=False)
    if any(finding.stops for finding in found):
        raise typer.Exit(1)


def _plain(value: Any) -> Any:
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _said(head: str, value: Any) -> str:
    if not isinstance(value, float):
        return str(value)
    if math.isnan(value):
        return ":"
    return f"{value:,.0f}" if head in ("persons", "average") else f"{value:.4f}" if head == "ratio" else f"{value:,.2f}"
