"""Verbs that make a transmission package, or check a file as its receiver would."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from reporting import declarations, labels
from reporting.cli.common import Json, app, err, out
from reporting.cli.esspros import CodesOption, SchemesOption, classified
from reporting.cli.esspros_check import LangOption
from reporting.errors import UsageError
from reporting.findings import CellFinding, ordered

if TYPE_CHECKING:
    import pandas as pd

    from reporting.submissions.sending import Material, Order, Sent

submit = typer.Typer(help="Transmission packages: SDMX files, pre-checked, whole or not at all.", no_args_is_help=True)
app.add_typer(submit, name="submit")

Dsd = Annotated[list[Path], typer.Option("--dsd", help="SDMX-ML 2.1 structure file; may be given several times.")]
Output = Annotated[Path | None, typer.Option(help="Folder for packages [default: outputs/submissions].")]
Sender = Annotated[str, typer.Option(help="Sender's id in the header [default: as declared in parameters/].")]
Pattern = Annotated[str, typer.Option(help="Name, such as '{dataset}_{freq}_{geo}_{year}_{period}_V{number:04d}'.")]
Number = Annotated[int | None, typer.Option(min=1, help="Number of the transmission [default: the next free one].")]
Geo = Annotated[str, typer.Option(help="Country, where the mapping leaves it open.")]
Currency = Annotated[str, typer.Option(help="Currency (ISO 4217), where the mapping leaves it open.")]
Stated = Annotated[
    list[str], typer.Option("--structure", help="Structure to keep to: 'EXP=XX1:ESSPROS_EXP(1.0)'; several times.")
]
Test = Annotated[bool, typer.Option("--test", help="Say in the header that it is a test.")]
Zip = Annotated[bool, typer.Option("--zip", help="Make one ZIP archive instead of a folder.")]
Force = Annotated[bool, typer.Option("--force", help="Make the package in spite of errors; needs --reason.")]
Reason = Annotated[str, typer.Option(help="Why it is sent in spite of errors; recorded in the package.")]
_SHOWN = 200


@submit.command("esspros", epilog="Example: reporting submit esspros questionnaire.xlsx --mapping mapping.xlsx "
                "--dsd structure.xml --codes codes.csv")  # fmt: skip
def esspros_(
    workbook: Annotated[Path, typer.Argument(help="The questionnaire (.xlsx), or its neutral table (.csv).")],
    mapping_file: Annotated[Path, typer.Option("--mapping", help="Workbook with sheets EXPEND and RECEIPT.")],
    dsd: Dsd,
    codes: CodesOption = None,
    schemes: SchemesOption = None,
    last: Annotated[Path | None, typer.Option(help="The last transmission, for revisions (W14).")] = None,
    output: Output = None,
    sender: Sender = "",
    pattern: Pattern = "",
    number: Number = None,
    geo: Geo = "",
    currency: Currency = "",
    structure: Stated = [],  # noqa: B006  # typer copies it
    test: Test = False,
    archived: Zip = False,
    force: Force = False,
    reason: Reason = "",
    lang: LangOption = "en",
    as_json: Json = False,
) -> None:
    """Make the package of a questionnaire: SDMX-CSV 2.0 and SDMX-ML 2.1 files, findings, quality tables, receipt."""
    from reporting.esspros import questionnaire as questionnaires
    from reporting.esspros import rules
    from reporting.submissions import esspros as collected
    from reporting.submissions import mapping, quality, structures
    from reporting.submissions.sending import Material

    known = declarations.load()
    declared = _declared(known, "esspros")
    order = _order(known, output, sender, pattern, number, test, archived, force, reason)
    given = structures.read(dsd)
    found: list[CellFinding] = []
    stands = _stands(declared, geo, currency)
    mappings = mapping.read(mapping_file, {f: d.sheets for f, d in declared.flows.items()}, stands, found)
    questionnaire = questionnaires.read(workbook, classified(codes), schemes)
    if codes is None and (mapped := collected.classified(questionnaire, mappings)):
        questionnaire = questionnaires.read(workbook, mapped, schemes)
    before = questionnaires.read(last, questionnaire.classification, schemes) if last else None

    def checked() -> Sequence[CellFinding]:
        findings = rules.check(questionnaire, rules.Beside(before), rules.declared(known))
        return collected.without_codes(findings, questionnaire, mappings) if codes is None else findings

    sources = collected.Sources(questionnaire, mappings, given, declared, _by_flow(structure, declared.flows), geo)
    datasets = collected.datasets(sources, found)
    inputs = {p.name: p for p in (workbook, mapping_file, *dsd, *filter(None, (codes, schemes, last)))}
    tables = partial(quality.tables, questionnaire, datasets)
    material = Material(declared, datasets, found, inputs, dsd, checked, tables)
    _send(known, material, order, workbook, lang, as_json)


@submit.command(
    "sha", epilog="Example: reporting submit sha jhaq-2022.xlsx jhaq-2023.xlsx --dsd structure.xml --geo BE"
)
def sha_(
    files: Annotated[list[Path], typer.Argument(help="Questionnaires (.xlsx) of a year each, or a neutral table.")],
    dsd: Dsd,
    geo: Geo = "",
    currency: Currency = "",
    code: Annotated[
        list[str], typer.Option("--code", help="Code of a component for all cells: UNIT_MEASURE=XDC; several times.")
    ] = [],  # noqa: B006  # typer copies it
    last: Annotated[
        list[Path], typer.Option("--last", help="Questionnaire of an earlier year, to compare with; several times.")
    ] = [],  # noqa: B006
    context: Annotated[
        Path | None, typer.Option(help="Other statistics: CSV with year, series (GDP, GF07 …), value.")
    ] = None,
    output: Output = None,
    sender: Sender = "",
    pattern: Pattern = "",
    number: Number = None,
    structure: Stated = [],  # noqa: B006
    test: Test = False,
    archived: Zip = False,
    force: Force = False,
    reason: Reason = "",
    lang: LangOption = "en",
    as_json: Json = False,
) -> None:  # fmt: skip
    """Make the package of health accounts, for a DSD that you are given: the same files as for ESSPROS."""
    from reporting.sha import checks, classification, contexts, jhaq
    from reporting.submissions import health, quality, structures
    from reporting.submissions.sending import Material

    known = declarations.load()
    declared = _declared(known, "sha")
    declared = declared.model_copy(update={"fixed": {**declared.fixed, **_codes(code)}})
    order = _order(known, output, sender, pattern, number, test, archived, force, reason)
    given = structures.read(dsd)
    classes = classification.load(known)
    accounts = health.joined([jhaq.read(file, classes) for file in files])
    earlier = [jhaq.read(file, classes) for file in last]
    found = checks.check(known, accounts, earlier, contexts.read(context) if context else None)
    stated = _by_flow(structure, declared.flows).get(health.FLOW, "")
    money = currency or (labels.currency(geo) if geo else "")
    made = health.dataset(health.Sources(accounts, classes, given, declared, stated, geo, money), found)
    inputs = {path.name: path for path in (*files, *dsd, *last, *filter(None, [context]))}

    def tables(findings: Sequence[CellFinding]) -> dict[str, pd.DataFrame]:
        return {**health.tables(accounts), **quality.shared([made], findings)}

    material = Material(declared, [made], found, inputs, dsd, tables=tables)
    _send(known, material, order, files[0], lang, as_json)


def _codes(given: Sequence[str]) -> dict[str, str]:
    """Component to the code that was given for it."""
    for text in given:
        if not all(part.strip() for part in text.partition("=")):
            raise UsageError(f"--code {text}: write COMPONENT=CODE, such as UNIT_MEASURE=XDC.")
    return {name.strip(): code.strip() for name, _, code in (text.partition("=") for text in given)}


@submit.command(
    "check", epilog="Example: reporting submit check ESSPROS_EXP_A_XX_2023_0000_V0001.xml --dsd structure.xml"
)
def check_(
    files: Annotated[list[Path], typer.Argument(help="SDMX-ML 2.1 structure-specific or SDMX-CSV files.")],
    dsd: Dsd,
    as_json: Json = False,
) -> None:
    """Check SDMX files as their receiver would: well-formed, schema, DSD and version, codes, keys, attributes."""
    from reporting.submissions import incoming, structures

    given = structures.read(dsd)
    found = ordered(finding for file in files for finding in incoming.check(file, given))
    if as_json:
        out.print_json(json.dumps([finding.record() for finding in found]))
    else:
        _say(found)
        err.print(f"{len(files)} files checked: {_counted(found)}.", markup=False)
    if any(finding.stops for finding in found):
        raise typer.Exit(1)


def _declared(known: declarations.Declarations, collection: str) -> declarations.Submission:
    if collection not in known.submissions:
        raise UsageError(f"parameters/submissions/{collection}.toml is missing: take it from the project's own copy.")
    return known.submissions[collection]


def _order(
    known: declarations.Declarations, output: Path | None, sender: str, pattern: str, number: int | None, test: bool,
    archived: bool, force: bool, reason: str,
) -> Order:  # fmt: skip
    if force and not reason.strip():
        raise UsageError("--force needs a reason, which is recorded in the package: --reason 'agreed with …'.")
    if reason and not force:
        raise UsageError("--reason goes with --force, which makes the package in spite of errors.")
    from reporting.submissions.sending import Order

    prepared = datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    folder = output or known.home / "outputs" / "submissions"
    return Order(folder, prepared, pattern, sender, number, test, archived, reason.strip())


def _stands(declared: declarations.Submission, geo: str, currency: str) -> dict[str, str]:
    """What the placeholders of a mapping stand for."""
    said = {"geo": geo, "currency": currency or (labels.currency(geo) if geo else "")}
    return {name: said[what] for name, what in declared.placeholders.items()}


def _by_flow(stated: Sequence[str], flows: Sequence[str] | dict[str, Any]) -> dict[str, str]:
    """Flow to the structure that was asked for; one without a flow is for all."""
    found: dict[str, str] = {}
    for text in stated:
        flow, sign, name = text.partition("=")
        if sign and flow not in flows:
            raise UsageError(f"--structure {text}: the flows are {', '.join(flows)}.")
        found |= {flow: name} if sign else dict.fromkeys(flows, text)
    return found


def _send(
    known: declarations.Declarations, material: Material, order: Order, workbook: Path, lang: str, as_json: bool
) -> None:
    """Make the package, with workbook and page of the findings in it, and say what came of it."""
    from reporting import checked
    from reporting.submissions import sending

    rules = {**known.collections.get(material.declared.id, {}), **known.collections.get("submission", {})}
    words = labels.Words(known, lang)
    about = checked.Checked(words.text("Findings of a check"), workbook, order.prepared[:10], rules)

    def report(folder: Path, findings: Sequence[CellFinding]) -> None:
        checked.write_workbook(folder / "findings.xlsx", findings, about, words)
        checked.write_page(folder / "findings.html", findings, about, words)

    _finish(sending.send(material, order, report), order, as_json)


def _finish(sent: Sent, order: Order, as_json: bool) -> None:
    """Say what came of it; a gate that stayed closed is exit code 1."""
    if as_json:
        record = {
            "package": str(sent.path) if sent.path else None,
            "findings": [finding.record() for finding in sent.findings],
            "receipt": sent.receipt or None,
        }
        out.print_json(json.dumps(record))
    else:
        _say(sent.findings)
    if sent.path is None:
        err.print(f"No package was made: {_counted(sent.findings)}.", markup=False)
        raise typer.Exit(1)
    if not as_json:
        out.print(
            f"{sent.path}: {sum(d['observations'] for d in sent.receipt['datasets'])} observations.", markup=False
        )
    if order.reason:
        err.print(f"Made in spite of errors; the reason is in the receipt: {order.reason}", markup=False)


def _say(findings: Sequence[CellFinding]) -> None:
    for finding in findings[:_SHOWN]:
        err.print(finding.line, markup=False)
    if len(findings) > _SHOWN:
        err.print(f"… and {len(findings) - _SHOWN} more; --json lists all.", markup=False)


def _counted(findings: Sequence[CellFinding]) -> str:
    counts = Counter(finding.weight for finding in findings)
    return ", ".join(f"{count} {weight}" for weight, count in counts.items()) or "no finding"
