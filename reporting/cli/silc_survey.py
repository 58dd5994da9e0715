"""Verbs on the D, R, H and P files of EU-SILC: check, build, change, generate."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from reporting import declarations
from reporting.cli.common import Json, out
from reporting.cli.silc import (
    COLUMNS,
    Anchor,
    By,
    Centre,
    Chosen,
    Draws,
    Kind,
    Output,
    Replicates,
    Seed,
    Variance,
    discreet,
    keep,
    listed,
    record,
    resampled,
    silc,
    write,
)
from reporting.errors import UsageError

if TYPE_CHECKING:
    from reporting.silc.structure import Finding

Register = Annotated[Path | None, typer.Option("--d", help="Household register (D file).")]
Members = Annotated[Path | None, typer.Option("--r", help="Person register (R file).")]
Households = Annotated[Path | None, typer.Option("--h", help="Household data (H file).")]
Questionnaires = Annotated[Path | None, typer.Option("--p", help="Person data (P file).")]
#: Where the estimates go when no file is named.
_ESTIMATES = Path("outputs/silc.csv")
CHANGES = ("indicator", "before", "after", "change", "se", "ci_low", "ci_high", "p_value", "correlation",
           "common_psus", "flag")  # fmt: skip


@silc.command(epilog="Example: reporting silc check --h H.csv --p P.csv")
@discreet
def check(
    d: Register = None, r: Members = None, h: Households = None, p: Questionnaires = None,
    previous_h: Annotated[Path | None, typer.Option(help="H file of the year before.")] = None,
    previous_p: Annotated[Path | None, typer.Option(help="P file of the year before.")] = None,
    as_json: Json = False,
) -> None:  # fmt: skip
    """Check EU-SILC files as Eurostat does: counts of records that fail, never a record."""
    from reporting.silc import checks, survey

    before = survey.read(h=previous_h, p=previous_p) if previous_h or previous_p else None
    found = checks.check(survey.read(d=d, r=r, h=h, p=p), before)
    if as_json:
        out.print_json(json.dumps([asdict(finding) for finding in found]))
    else:
        _print(found)
    if any(f.severity == "error" and f.outcome == "failed" for f in found):
        raise typer.Exit(1)


def _print(found: list[Finding]) -> None:
    failed = [f for f in found if f.outcome == "failed"]
    for finding in failed:
        if finding.check != "missing":
            out.print(f"{finding.severity}: {finding.message}", markup=False)
    for file in dict.fromkeys(f.file for f in failed if f.check == "missing"):
        names = ", ".join(f.title.split()[0] for f in failed if (f.check, f.file) == ("missing", file))
        out.print(f"information: missing in over 5 % of the {file} file: {names}", markup=False)
    undecidable = sorted({f.check for f in found if f.outcome == "undecidable"})
    if undecidable:
        out.print(f"undecidable, a variable or a file is missing: {', '.join(undecidable)}", markup=False)
    out.print(f"{len(failed)} findings.")


@silc.command(epilog="Example: reporting silc build --d D.csv --r R.csv --h H.csv --p P.csv --by sex --output out.csv")
@discreet
def build(
    output: Output = _ESTIMATES,
    d: Register = None, r: Members = None, h: Households = None, p: Questionnaires = None,
    by: By = None,
    variance: Variance = "linearised",
    replicates: Replicates = None,
    convention: Kind = "eurostat",
    indicator: Chosen = None,
    draws: Draws = 250,
    seed: Seed = 20260131,
    centre: Centre = "stratum",
    anchor: Anchor = 0.0,
    households: Annotated[
        float, typer.Option(help="Private households, for the precision requirement; by default the sum of weights.")
    ] = 0.0,
    findings: Annotated[Path | None, typer.Option(help="JSON file of the findings of the checks.")] = None,
) -> None:  # fmt: skip
    """All indicators from the four files: checked, joined to persons, estimated; only estimates are written.

    Breakdowns: sex, age, region, hhtyp, activity, education, tenure, urban, quintile.
    """
    from reporting.silc import checks, conventions, estimates, persons, publish, survey
    from reporting.silc import replicates as given

    resampled(variance, replicates)
    known = declarations.load()
    conventions.named(convention)
    method = estimates.Method(variance, draws, seed, centre)
    if output == _ESTIMATES:
        output.parent.mkdir(exist_ok=True)
    keep(output, d, r, h, p, replicates)
    if findings:
        keep(findings, d, r, h, p, replicates, option="--findings")
    files = survey.read(d=d, r=r, h=h, p=p)
    found = checks.check(files)
    if findings:
        findings.write_text(json.dumps([asdict(f) for f in found], indent=1) + "\n", encoding="utf-8")
    members = persons.build(files)
    table = persons.as_persons(members, listed(*(by or ())))
    if replicates:
        weights, stratum = given.read(replicates, members, "RB050", "DB050" if "DB050" in members else "")
        method = replace(method, weights=weights, strata=stratum)
    measures = estimates.chosen(known, listed(*(indicator or ())), tuple(table.variables)) + estimates.anchored(anchor)
    rows = estimates.estimate(known, table, measures, convention, method)
    write(output, [[getattr(row, name) for name in COLUMNS] for row in rows])
    failed = sum(f.severity == "error" and f.outcome == "failed" for f in found)
    facts = {
        "files": [path.name for path in files.places.values()],
        "by": list(table.breakdowns),
        "failed_checks": failed,
    }
    country, regions = persons.households(members)
    facts["precision"] = publish.precision(rows, known.reliability, households or country, regions)
    record(output, table, convention, method, facts, rows)
    if failed:
        out.print(f"{failed} checks of severity error failed: reporting silc check says which.", markup=False)


@silc.command(
    epilog="Example: reporting silc change 2024.csv 2025.csv --income x --weight w --cluster psu --output c.csv"
)
@discreet
def change(
    before: Annotated[Path, typer.Argument(help="Persons of the first year.")],
    after: Annotated[Path, typer.Argument(help="Persons of the second year.")],
    income: Annotated[str, typer.Option(help="Column of equivalised income.")],
    weight: Annotated[str, typer.Option(help="Column of the weight.")],
    cluster: Annotated[str, typer.Option(help="Column of the clusters: one label is one PSU in both years.")],
    output: Output,
    strata: Annotated[str, typer.Option(help="Column of the strata.")] = "",
    convention: Kind = "eurostat",
    indicator: Chosen = None,
) -> None:
    """Net change between two years of a rotating panel, with its test."""
    from reporting.silc import change as changes
    from reporting.silc import conventions, estimates, persons_file

    known = declarations.load()
    conventions.named(convention)
    keep(output, before, after)
    measures = estimates.declared(known, listed(*(indicator or ())) or estimates.HEADLINE)
    needed, states = estimates.needed(measures), estimates.states(measures)
    columns = persons_file.Columns(income, weight, strata, cluster, variables=needed, states=states)
    pair = persons_file.read_years((before, after), columns)
    found = changes.net_change(known, pair[0], pair[1], measures, convention)
    write(output, [[getattr(one, name) for name in CHANGES] for one in found], CHANGES)


@silc.command(epilog="Example: reporting silc persistent 2025.csv 2024.csv 2023.csv 2022.csv --identity pid "
              "--income x --weight w --longitudinal rb064 --output p.csv")  # fmt: skip
@discreet
def persistent(
    current: Annotated[Path, typer.Argument(help="Persons of the year.")],
    earlier: Annotated[list[Path], typer.Argument(help="Persons of the three years before.")],
    identity: Annotated[str, typer.Option(help="Column that names a person in every year.")],
    income: Annotated[str, typer.Option(help="Column of equivalised income.")],
    weight: Annotated[str, typer.Option(help="Column of the cross-sectional weight.")],
    longitudinal: Annotated[str, typer.Option(help="Column of the longitudinal weight in the file of the year.")],
    output: Output,
    strata: Annotated[str, typer.Option(help="Column of the strata.")] = "",
    cluster: Annotated[str, typer.Option(help="Column of the clusters (PSU).")] = "",
    by: By = None,
    convention: Kind = "eurostat",
) -> None:
    """Persistent at-risk-of-poverty rate: poor in the year and in two of the three years before."""
    from reporting.silc import conventions, estimates, panel, persons_file

    if len(earlier) != 3:
        raise UsageError(f"Give three earlier years, not {len(earlier)}.")
    conventions.named(convention)
    keep(output, current, *earlier)
    columns = persons_file.Columns(income, weight, strata, cluster or identity, listed(*(by or ())))
    paths = (current, *earlier)
    years = persons_file.read_years(paths, columns)
    ids = [persons_file.identities(path, identity) for path in paths]
    own = (ids[0], years[0], persons_file.column(current, longitudinal))
    rows = panel.persistent(declarations.load(), own, list(zip(ids[1:], years[1:], strict=True)), convention)
    write(output, [[getattr(row, name) for name in COLUMNS] for row in rows])
    facts = {"files": [p.name for p in (current, *earlier)]}
    record(output, years[0], convention, estimates.Method(), facts, rows)


@silc.command(epilog="Example: reporting silc generate outputs/synthetic --households 20000")
@discreet
def generate(
    folder: Annotated[Path, typer.Argument(help="Folder for the four files.")],
    households: Annotated[int, typer.Option(help="Households of the population.")] = 20_000,
    psus: Annotated[int, typer.Option(help="PSUs drawn in each stratum; 0: the whole population.")] = 12,
    per_psu: Annotated[int, typer.Option(help="Households drawn in each PSU.")] = 20,
    year: Annotated[int, typer.Option(help="Year of the survey.")] = 2025,
    seed: Annotated[int, typer.Option(help="Seed: the same one gives the same files.")] = 1,
) -> None:
    """Synthetic D, R, H and P files: invented, to try everything without confidential data."""
    from reporting.silc import generate as generator

    if not 200 <= households <= 10_000_000 or psus < 0 or per_psu < 1:
        raise UsageError(
            "Give at least 200 and at most 10,000,000 households, no negative number of PSUs, a household in each PSU."
        )
    if seed < 0 or not 1990 <= year <= 2100:
        raise UsageError("Give a seed that is not negative and a year from 1990 to 2100.")
    whole = generator.population(households, year, seed)
    drawn = generator.sample(whole, psus, per_psu, seed) if psus else whole
    for path in drawn.write(folder).values():
        out.print(f"synthetic: {path}", markup=False)
