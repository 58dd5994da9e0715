"""Verbs on the ESSPROS questionnaire: a new one, the sample, to and from the neutral table."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from reporting import declarations, labels
from reporting.cli.common import Json, app, err, show
from reporting.errors import UsageError
from reporting.esspros import classification as items
from reporting.esspros import codes as numeric
from reporting.esspros import neutral, workbook
from reporting.esspros import new as news
from reporting.esspros import questionnaire as questionnaires
from reporting.esspros.classification import Classification
from reporting.esspros.questionnaire import Questionnaire
from reporting.esspros.samples import written
from reporting.findings import CellFinding, ordered
from reporting.sha.samples import accounts as health

esspros = typer.Typer(help="ESSPROS: the questionnaire, from compiling to transmission.", no_args_is_help=True)
app.add_typer(esspros, name="esspros")

CodesOption = Annotated[
    Path | None,
    typer.Option("--codes", help="Numeric codes: a list (.csv, .xlsx) with item and code, or code and label."),
]
SchemesOption = Annotated[Path | None, typer.Option("--schemes", help="List of schemes (.csv, .xlsx).")]


def classified(codes: Path | None) -> Classification:
    """The classification, with the numeric codes of a file where one is named."""
    known = items.load()
    if codes is None:
        return known
    declared = declarations.load()
    found = numeric.load(codes, known, [labels.Words(declared, lang).text for lang in declared.languages])
    for doubt in found.doubts:
        err.print(f"{codes.name}: {doubt}", markup=False)
    return found


@esspros.command(
    epilog="Example: reporting esspros new questionnaire-2024.xlsx --from questionnaire-2023.xlsx --year 2024"
)
def new(
    output: Annotated[Path | None, typer.Argument(help="The workbook to write (.xlsx).")] = None,
    year: Annotated[int | None, typer.Option(help="Year [default: the one after the last of --from].")] = None,
    last: Annotated[Path | None, typer.Option("--from", help="Last year's questionnaire (.xlsx, .csv).")] = None,
    codes: CodesOption = None,
    schemes: SchemesOption = None,
    lang: Annotated[str, typer.Option(help="Language of the labels: en, fr, nl, de.")] = "en",
    sample: Annotated[
        Path | None, typer.Option(help="Write the sample of a country that does not exist into this folder.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Write over a file that is there.")] = False,
    as_json: Json = False,
) -> None:
    """Write an empty questionnaire, next year's from last year's, or the sample country."""
    words = labels.Words(declarations.load(), lang)
    if sample:
        from reporting.esspros.samples import figures
        from reporting.submissions import samples as transmitted

        known = items.load()
        paths = [
            *written.write(sample, known, words.text),
            *transmitted.write(sample, words.declarations, known, figures.codes(known)),
            *health.write(sample / "sha", words.declarations),
        ]
        files = [str(path) for path in paths]
        show([{"file": file} for file in files], as_json, ("file",), [(file,) for file in files])
        return
    if output is None:
        raise UsageError(
            "Name the workbook to write (questionnaire-2024.xlsx), or a folder for the sample: --sample DIR."
        )
    _spare(output, force)
    known = classified(codes)
    read = questionnaires.read(last, known, schemes) if last else None
    findings = _told(read) if read else []
    years = news.write(output, known, read, year, schemes, words.text)
    told = {"file": str(output), "years": years, "findings": [finding.record() for finding in findings]}
    show([told], as_json, ("file", "years"), [(str(output), ", ".join(map(str, years)))])
    if any(finding.stops for finding in findings):
        raise typer.Exit(1)


@esspros.command(epilog="Example: reporting esspros convert questionnaire-2023.xlsx figures-2023.csv")
def convert(
    file: Annotated[Path, typer.Argument(help="A questionnaire (.xlsx) or a neutral table (.csv).")],
    output: Annotated[Path, typer.Argument(help="What to write: the other of the two (.csv, .xlsx).")],
    codes: CodesOption = None,
    schemes: SchemesOption = None,
    lang: Annotated[str, typer.Option(help="Language of the labels: en, fr, nl, de.")] = "en",
    force: Annotated[bool, typer.Option("--force", help="Write over a file that is there.")] = False,
    as_json: Json = False,
) -> None:
    """Write a questionnaire as its neutral table, or a neutral table as a questionnaire; values stay bit for bit.

    Nothing is written while figures cannot be read.
    """
    if output.suffix.lower() not in (".csv", ".xlsx"):
        raise UsageError(f"{output.name}: a neutral table is written as .csv, a questionnaire as .xlsx.")
    _spare(output, force)
    words = labels.Words(declarations.load(), lang)
    read = questionnaires.read(file, classified(codes), schemes)
    findings = _told(read)
    stops = any(finding.stops for finding in findings)
    if not stops and output.suffix.lower() == ".csv":
        neutral.write(output, read.table)
    elif not stops:
        workbook.write(output, read, workbook.Plan("ESSPROS", text=words.text))
    written_to = "" if stops else str(output)
    told = {"file": written_to, "figures": len(read.table), "findings": [finding.record() for finding in findings]}
    show([told], as_json, ("file", "figures"), [(written_to or "nothing written", str(len(read.table)))])
    if stops:
        raise typer.Exit(1)


def _spare(output: Path, force: bool) -> None:
    if output.exists() and not force:
        raise UsageError(f"{output} is there already. Name another file, or add --force.")


def _told(read: Questionnaire) -> list[CellFinding]:
    """The findings of reading, printed."""
    findings = ordered(read.findings)
    for finding in findings:
        err.print(finding.line, markup=False)
    return findings
