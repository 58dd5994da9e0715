"""Verbs that check a questionnaire and compare two: check, compare."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from reporting import declarations
from reporting.cli.common import AsOf, Json, StoreOption, err, out, show, store_at
from reporting.cli.esspros import CodesOption, SchemesOption, classified, esspros
from reporting.declarations import CellRule
from reporting.errors import UsageError
from reporting.files import whole
from reporting.labels import tr

if TYPE_CHECKING:
    from reporting.esspros.rules import Beside
    from reporting.findings import CellFinding

#: Findings of one rule, and changes, shown one by one.
_SHOWN = 20

FindingsOption = Annotated[
    Path | None, typer.Option("--findings", help="Write a workbook of the findings that opens at the cell (.xlsx).")
]
ReportOption = Annotated[Path | None, typer.Option("--report", help="Write the findings as a page (.html).")]
LangOption = Annotated[str, typer.Option("--lang", help="Language of workbook and page: en, fr, nl, de.")]


@esspros.command(
    epilog="Example: reporting esspros check questionnaire-2024.xlsx --last questionnaire-2023.xlsx "
    "--findings findings.xlsx"
)
def check(
    workbook: Annotated[Path, typer.Argument(help="The questionnaire (.xlsx, .xlsm) or its neutral table (.csv).")],
    codes: CodesOption = None,
    schemes: SchemesOption = None,
    last: Annotated[Path | None, typer.Option(help="The last transmission, for revisions (W14).")] = None,
    accounts: Annotated[
        Path | None,
        typer.Option(help="National accounts (W15; GDP for W12): CSV with year, na_item, value and optionally "
                     "cofog99, sector, unit, geo [default: gov_10a_exp of --geo in the store]."),
    ] = None,
    published: Annotated[
        bool, typer.Option("--published", help="Compare with spr_exp_type and spr_exp_func of --geo in the store.")
    ] = False,
    geo: Annotated[str, typer.Option(help="The country, for national accounts and published tables.")] = "",
    findings: FindingsOption = None,
    report: ReportOption = None,
    lang: LangOption = "en",
    vtl: Annotated[Path | None, typer.Option(help="Write the rules in VTL 2.1 for this questionnaire.")] = None,
    store: StoreOption = None,
    as_of: AsOf = "",
    as_json: Json = False,
) -> None:  # fmt: skip
    """Check a questionnaire against the rules; end with 1 where an error stops its transmission."""
    from reporting.esspros import questionnaire as questionnaires
    from reporting.esspros import rules

    known = declarations.load()
    writable(findings, ".xlsx", workbook)
    writable(report, ".html", workbook)
    writable(vtl, ".vtl", workbook)
    declared = rules.declared(known)
    read = questionnaires.read(workbook, classified(codes), schemes)
    last_read = questionnaires.read(last, read.classification, schemes) if last else None
    beside, remarks = _beside(known, rules.Beside(last_read), accounts, published, geo, store, as_of)
    found = rules.check(read, beside, declared)
    if vtl:
        from reporting.esspros import vtl as exported

        exported.write(vtl, rules.subject(read, declared, beside.accounts))
    write_reports(workbook, found, declared, remarks, findings, report, lang)
    tell(found, remarks, as_json)


def _beside(
    known: declarations.Declarations, beside: Beside, accounts: Path | None, published: bool, geo: str,
    store: str | None, as_of: str,
) -> tuple[Beside, list[str]]:  # fmt: skip
    """What the questionnaire is compared with, and what must be said of what it is not compared with."""
    from dataclasses import replace

    from reporting.esspros import references

    if published and not geo:
        raise UsageError("--published needs the country: add --geo, such as --geo BE.")
    remarks = [] if beside.last else [tr("Not compared with the last transmission (W14): none is given with --last.")]
    place = store_at(known, store, quiet=True)
    if accounts:
        beside = replace(beside, accounts=references.accounts_file(accounts, geo))
    elif geo and (held := references.accounts_stored(place, known, geo, as_of)):
        beside = replace(beside, accounts=held)
    else:
        remarks.append(
            tr("Not compared with national accounts (W15): none are given with --accounts or are in the store.")
        )
    if published:
        tables = references.published(place, known, geo, as_of)
        if tables is None:
            remarks.append(tr("Not compared with published tables (W14): the store has none in national currency."))
        beside = replace(beside, published=tables)
    return beside, remarks


def writable(path: Path | None, suffix: str, *read: Path) -> None:
    """Refuse a file of another kind, in a folder that is not there, or that is read.

    Raises
    ------
    UsageError
        Saying which.
    """
    if path is None:
        return
    if path.suffix.lower() != suffix:
        raise UsageError(f"{path}: name a file that ends in {suffix}.")
    if not path.parent.is_dir():
        raise UsageError(f"{path}: there is no folder {path.parent}. Make it, or name another.")
    if any(path.resolve() == other.resolve() for other in read):
        raise UsageError(f"{path} is the file that is checked: name another.")


def write_reports(
    file: Path, found: Sequence[CellFinding], rules: Mapping[str, CellRule], remarks: Sequence[str],
    findings: Path | None, report: Path | None, lang: str,
) -> None:  # fmt: skip
    """Write the workbook and the page of findings that were asked for."""
    from reporting import checked
    from reporting.labels import Words

    if not (findings or report):
        return
    words = Words(declarations.load(), lang)
    title = words.text("Findings of a check")
    skipped = tuple(name for name in rules if any(f"({name})" in remark for remark in remarks))
    told = tuple(words.text(remark) for remark in remarks)
    about = checked.Checked(title, file, date.today().isoformat(), rules, told, skipped)
    if findings:
        checked.write_workbook(findings, found, about, words)
    if report:
        checked.write_page(report, found, about, words)


def tell(found: Sequence[CellFinding], remarks: Sequence[str], as_json: bool) -> None:
    """Print findings, some of each rule, and how many there are; end with 1 where an error stops.

    Raises
    ------
    Exit
        With 1, where there is an error.
    """
    for remark in remarks:
        err.print(f"note: {remark}", markup=False)
    if as_json:
        out.print_json(json.dumps([finding.record() for finding in found]))
    else:
        _print(found)
    if any(finding.stops for finding in found):
        raise typer.Exit(1)


def _print(found: Sequence[CellFinding]) -> None:
    failed = [finding for finding in found if finding.outcome == "failed"]
    shown: Counter[str] = Counter()
    for finding in failed:
        shown[finding.rule] += 1
        if shown[finding.rule] <= _SHOWN:
            out.print(finding.line, markup=False)
    for rule, count in shown.items():
        if count > _SHOWN:
            out.print(f"{rule}: {count - _SHOWN} more; --findings and --report list them all.", markup=False)
    for rule, count in Counter(f.rule for f in found if f.outcome == "undecidable").items():
        out.print(f"undecidable: {rule}: {count} times a value is missing (--findings lists them).", markup=False)
    severities = Counter(finding.severity for finding in failed)
    out.print(f"{severities['error']} errors, {severities['warning']} warnings.", markup=False)


@esspros.command(
    epilog="Example: reporting esspros compare questionnaire-2023.xlsx questionnaire-2024.xlsx --by scheme"
)
def compare(
    old: Annotated[Path, typer.Argument(help="The earlier questionnaire (.xlsx, .xlsm, .csv).")],
    new: Annotated[Path, typer.Argument(help="The later one.")],
    codes: CodesOption = None,
    by: Annotated[str, typer.Option(help="Sum the changes by item, scheme or year.")] = "",
    aggregates: Annotated[
        bool, typer.Option("--aggregates", help="Show aggregates and all schemes too, which change with their parts.")
    ] = False,
    output: Annotated[Path | None, typer.Option(help="Write all changes to this CSV file.")] = None,
    as_json: Json = False,
) -> None:
    """Tell which figures two transmissions do not share, largest difference first, with the comments."""
    from reporting.esspros import changes
    from reporting.esspros import questionnaire as questionnaires

    writable(output, ".csv", old, new)
    if by and by not in changes.BY:
        raise UsageError(f"--by {by}: there are {', '.join(changes.BY)}.")
    known = classified(codes)
    read = [questionnaires.read(path, known) for path in (old, new)]
    for one in read:
        if faults := sum(finding.stops for finding in one.findings):
            err.print(f"note: {one.file}: {faults} faults as it was read; check lists them.", markup=False)
    found = changes.compare(read[0], read[1], aggregates)
    if output:
        with whole(output) as part:
            part.write_text(found.table.to_csv(index=False, lineterminator="\n"), encoding="utf-8-sig")
    for remark in found.remarks:
        err.print(remark, markup=False)
    table = found.summed(by) if by else found.table
    records: list[dict[str, Any]] = table.astype(object).where(table.notna(), None).to_dict("records")  # type: ignore[assignment]
    if by:
        rows = [[str(r[by]), str(r["changed"]), f"{r['net']:+,.2f}", f"{r['largest']:,.2f}"] for r in records[:_SHOWN]]
        show(records, as_json, (by, "changed", "net", "largest"), rows)
    else:
        show(records, as_json, _HEADS, [_row(record) for record in records[:_SHOWN]])
    if not as_json:
        out.print(_counted(Counter(found.table["kind"])), markup=False)


_HEADS = ("kind", "year", "scheme", "item", "old", "new", "difference", "%", "comment")


def _row(record: dict[str, Any]) -> list[str]:
    numbers = [":" if record[name] is None else f"{record[name]:,.2f}" for name in ("old", "new")]
    percent = "" if record["percent"] is None else f"{record['percent']:+.1f}"
    item = f"{record['item']} {record['label']}"
    kind, year, scheme = (str(record[name]) for name in ("kind", "year", "scheme"))
    return [kind, year, scheme, item, *numbers, f"{record['difference']:+,.2f}", percent, record["comment_new"]]


def _counted(kinds: Counter[str]) -> str:
    said = ", ".join(f"{kinds[kind]} {kind}" for kind in ("new", "revised", "withdrawn"))
    more = f", {kinds['remark']} with another flag or comment" if kinds["remark"] else ""
    return f"{said}{more}; the {_SHOWN} largest are shown." if sum(kinds.values()) > _SHOWN else f"{said}{more}."
