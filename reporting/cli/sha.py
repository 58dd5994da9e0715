"""Verbs on health accounts: check, reconcile."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from reporting import declarations
from reporting.cli.common import AsOf, Json, StoreOption, app, out, show, store_at
from reporting.cli.esspros_check import FindingsOption, LangOption, ReportOption, tell, writable, write_reports
from reporting.errors import UsageError
from reporting.files import put

if TYPE_CHECKING:
    import pandas as pd

    from reporting.sha.classification import Classification
    from reporting.sha.neutral import Accounts

sha = typer.Typer(help="Health accounts: the tables of the joint questionnaire (SHA 2011).", no_args_is_help=True)
app.add_typer(sha, name="sha")

#: Changes of a reconciliation that are shown.
_SHOWN = 10
Year = Annotated[int | None, typer.Option("--year", help="Year of a workbook that does not say it.")]


@sha.command(epilog="Example: reporting sha check jhaq-2023.xlsx --last jhaq-2022.xlsx")
def check(
    file: Annotated[
        Path | None, typer.Argument(help="Questionnaire (.xlsx) or neutral table (.csv); or none, with --geo.")
    ] = None,
    last: Annotated[
        list[Path] | None, typer.Option("--last", help="Questionnaire of an earlier year; may be given several times.")
    ] = None,
    context: Annotated[
        Path | None, typer.Option("--context", help="Other statistics: CSV with year, series (GDP, GF07, …), value.")
    ] = None,
    year: Year = None,
    geo: Annotated[str, typer.Option("--geo", help="Check the published tables of a country in the store.")] = "",
    unit: Annotated[str, typer.Option("--unit", help="Unit of the published tables.")] = "MIO_NAC",
    findings: FindingsOption = None,
    report: ReportOption = None,
    lang: LangOption = "en",
    store: StoreOption = None,
    as_of: AsOf = "",
    as_json: Json = False,
) -> None:  # fmt: skip
    """Check tables of health accounts by the rules H01 to H10; exit code 1 when one of severity error fails."""
    from reporting.sha import checks, classification, contexts, jhaq, published

    known = declarations.load()
    if (file is None) == (geo == ""):
        raise UsageError("Name a file to check, or a country whose published tables are checked (--geo).")
    if geo and (findings or report):
        raise UsageError("--findings and --report lead to cells of a file: name one.")
    for path, suffix in ((findings, ".xlsx"), (report, ".html")):
        writable(path, suffix, *filter(None, [file, *(last or ())]))
    classes = classification.load(known)
    beside = contexts.read(context) if context else {}
    if file:
        accounts = jhaq.read(file, classes, year)
    else:
        place = store_at(known, store)
        accounts = published.read(known, place, geo, unit, (year,) if year else (), as_of)
        beside = contexts.stored(known, place, geo, unit, as_of) | beside
    earlier = [jhaq.read(path, classes) for path in last or ()]
    found = checks.check(known, accounts, earlier, beside)
    years = {one for other in (accounts, *earlier) for one in other.years}
    lacking = sorted(year for year in accounts.years if year - 1 not in years)
    remarks = [f"Not compared with the year before {year} (H04 to H06): it is not given (--last)." for year in lacking]
    if file:
        write_reports(file, found, checks.declared(known), remarks, findings, report, lang)
    tell(found, remarks if len(accounts.years) == 1 else (), as_json)


@sha.command(
    epilog="Example: reporting sha reconcile jhaq-2023.xlsx --fixed 'HCxHF HC.7 *' --output reconciled-2023.xlsx"
)
def reconcile(
    files: Annotated[list[Path], typer.Argument(help="Questionnaires (.xlsx) of a year each, or a CSV file.")],
    output: Annotated[
        Path, typer.Option("--output", help="Workbook (.xlsx, one year), neutral table (.csv), or folder of workbooks.")
    ],
    fixed: Annotated[
        list[str] | None,
        typer.Option("--fixed", help="Cells that stay: '[TABLE] ROW COLUMN' (* for all), or a CSV file of cells."),
    ] = None,
    margins: Annotated[
        Path | None,
        typer.Option("--margins", help="CSV file of totals and cells that are known: year, table, codes, value."),
    ] = None,
    benchmark: Annotated[
        Path | None,
        typer.Option("--benchmark", help="CSV file of benchmarks for some years (2015, 2018-2020) of series of cells."),
    ] = None,
    lead: Annotated[str, typer.Option("--lead", help="Table to which the others are fitted.")] = "HCxHF",
    changes: Annotated[Path | None, typer.Option("--changes", help="Write old and new side by side (.csv).")] = None,
    year: Year = None,
    as_json: Json = False,
) -> None:  # fmt: skip
    """Make the margins of all tables agree (RAS); adjust back series to benchmarks (Denton)."""
    from reporting.sha import classification, jhaq, wanted
    from reporting.sha import reconcile as fitting

    known = declarations.load()
    writable(changes, ".csv", *files)
    classes = classification.load(known)
    accounts = _joined([jhaq.read(path, classes, year) for path in files])
    if any(finding.severity == "error" for finding in accounts.findings):
        tell(accounts.findings, (), as_json)
    given = wanted.margins(wanted.lines(margins, classes), classes) if margins else {}
    lines = wanted.benchmarked(accounts, wanted.lines(benchmark, classes), classes) if benchmark else []
    aims = wanted.joined(accounts, given, lines, wanted.places(fixed or (), classes), classes)
    result = fitting.reconcile(accounts, classes, aims, lead)
    _write(output, known, classes, result.accounts, result.moves, files)
    if changes:
        put(changes, result.moves.to_csv(index=False, lineterminator="\n").encode())
    _told(result.moves, as_json)


def _joined(read: Sequence[Accounts]) -> Accounts:
    """Several files as one; no year may be in two."""
    import pandas as pd

    years = [year for one in read for year in one.years]
    if twice := sorted({year for year in years if years.count(year) > 1}):
        raise UsageError(f"The year {twice[0]} is in two of the files: give each year once.")
    return replace(
        read[0], table=pd.concat([one.table for one in read], ignore_index=True),
        metadata=pd.concat([one.metadata for one in read], ignore_index=True),
        findings=tuple(finding for one in read for finding in one.findings),
    )  # fmt: skip


def _write(
    output: Path, known: declarations.Declarations, classes: Classification, accounts: Accounts, moves: pd.DataFrame,
    files: Sequence[Path],
) -> None:  # fmt: skip
    from reporting.sha import neutral, workbook

    if any(output.resolve() == path.resolve() for path in files):
        raise UsageError(f"{output} would be written over: name another file for --output.")
    if output.suffix == ".csv":
        neutral.write(output, accounts.table)
        return
    folder = output.suffix == ""
    if folder:
        output.mkdir(parents=True, exist_ok=True)
    for year in accounts.years if folder else accounts.years[:1]:
        table = accounts.table[accounts.table["year"] == year].reset_index(drop=True)
        metadata = accounts.metadata[accounts.metadata["year"] == year]
        own = replace(accounts, table=table, metadata=metadata) if folder else accounts
        path = output / f"jhaq-{year}.xlsx" if folder else output
        workbook.write(path, known, classes, own, moves[moves["year"] == year])


def _told(moves: pd.DataFrame, as_json: bool) -> None:
    from reporting.sha.neutral import item

    moved: Iterable[Any] = moves.itertuples()
    records = [
        {
            "year": row.year, "table": row.table, "cell": item(row), "old": row.old, "new": row.new,
            "change": row.change, "percent": row.percent if math.isfinite(row.percent) else None,
        }
        for row in moved
    ]  # fmt: skip
    rows = [
        [str(r["year"]), r["table"], r["cell"], f"{r['old']:,.2f}", f"{r['new']:,.2f}", f"{r['change']:+,.2f}"]
        for r in records[:_SHOWN]
    ]
    show(records, as_json, ("year", "table", "cell", "old", "new", "change"), rows)
    if not as_json:
        out.print(f"{len(records)} cells changed.")
