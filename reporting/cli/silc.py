"""Verbs on EU-SILC microdata: indicators of any file of persons, or of the four files of the survey.

Whatever stops here is said without a traceback and without a value of a
record: only the kind of an unforeseen error is passed on.
"""

from __future__ import annotations

import csv
import functools
import json
import math
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer

from reporting import __version__, declarations
from reporting.cli.common import app, err, out
from reporting.errors import MicrodataFailed, OutputFailed, ReportingError, UsageError
from reporting.files import whole

silc = typer.Typer(help="Indicators from EU-SILC microdata.", no_args_is_help=True)
app.add_typer(silc, name="silc")

COLUMNS = ("indicator", "by", "category", "value", "se", "ci_low", "ci_high", "n", "flag")
#: Beyond so many clusters, each is too small for a jackknife of quantiles.
_MANY = 500
Function = TypeVar("Function", bound=Callable[..., Any])

Output = Annotated[Path, typer.Option("--output", help="CSV file of the estimates.")]
Variance = Annotated[str, typer.Option(help="linearised, bootstrap, jackknife or none.")]
Kind = Annotated[str, typer.Option("--convention", help="eurostat, laeken or vardpoor.")]
Chosen = Annotated[
    list[str] | None,
    typer.Option(
        "--indicator",
        help="Indicator declared in parameters/measures/, repeatable; also with commas. "
        "Those that need more than income read the columns of the names they need.",
    ),
]
By = Annotated[list[str] | None, typer.Option("--by", help="Column of a breakdown, repeatable; also with commas.")]
More = Annotated[list[str] | None, typer.Argument(metavar="COLUMN", help="Further columns of breakdowns.")]
Anchor = Annotated[float, typer.Option(help="Anchored threshold: base year's, times the prices since.")]
Draws = Annotated[int, typer.Option(help="Replicates of the bootstrap.")]
Seed = Annotated[int, typer.Option(help="Seed of the bootstrap; it is recorded.")]
Replicates = Annotated[Path | None, typer.Option(help="File of replicate weights.")]
Centre = Annotated[str, typer.Option(help="Centre of the jackknife: stratum (Statbel) or overall (R survey).")]


def discreet(verb: Function) -> Function:
    """A verb whose unforeseen errors say nothing of what stands in a record."""

    @functools.wraps(verb)
    def run(*args: Any, **kwargs: Any) -> Any:
        try:
            return verb(*args, **kwargs)
        except (ReportingError, typer.Exit, typer.Abort):
            raise
        except OSError as error:
            raise OutputFailed(
                f"{error.strerror or 'a file'}: {error.filename or ''}. Free space or choose another folder."
            ) from None
        except Exception as error:
            raise MicrodataFailed(
                f"stopped by an unforeseen {type(error).__name__}; what the records hold is not shown. "
                "Please report the command (not the data)."
            ) from None

    return run  # type: ignore[return-value]


def listed(*words: str) -> tuple[str, ...]:
    """Names of repeated options, each of which may hold several with commas between."""
    names = (name.strip() for word in words for name in word.split(","))
    return tuple(dict.fromkeys(filter(None, names)))


def resampled(variance: str, replicates: Path | None) -> None:
    """Refuse replicate weights where no variance is made from them."""
    if replicates and variance not in ("bootstrap", "jackknife"):
        raise UsageError(f"--replicates goes with --variance jackknife or bootstrap, not {variance}.")


def keep(output: Path, *inputs: Path | None, option: str = "--output") -> None:
    """Refuse to write where nothing can be written, or over a file that is read."""
    if output.is_dir() or not output.parent.is_dir():
        raise UsageError(f"{option} {output}: name a file in a folder that is there.")
    for path in filter(None, inputs):
        if output.resolve() == path.resolve():
            raise UsageError(f"{option} {output} is a file that is read: name another.")


@silc.command(epilog="Example: reporting silc indicators persons.csv --income eqIncome --weight rb050 "
              "--strata db040 --cluster db030 --by db040 --output out.csv")  # fmt: skip
@discreet
def indicators(
    persons: Annotated[Path, typer.Argument(help="A file of persons: CSV (also .gz), Parquet, SAS or Stata.")],
    income: Annotated[str, typer.Option(help="Column of equivalised income.")],
    weight: Annotated[str, typer.Option(help="Column of the weight.")],
    output: Output,
    more: More = None,
    strata: Annotated[str, typer.Option(help="Column of the strata.")] = "",
    cluster: Annotated[str, typer.Option(help="Column of the clusters (PSU).")] = "",
    by: By = None,
    variance: Variance = "linearised",
    replicates: Replicates = None,
    convention: Kind = "eurostat",
    indicator: Chosen = None,
    auxiliary: Annotated[list[str] | None, typer.Option(help="Calibration variable, repeatable.")] = None,
    draws: Draws = 250,
    seed: Seed = 20260131,
    centre: Centre = "stratum",
    anchor: Anchor = 0.0,
) -> None:
    """Social indicators of a file of persons, with standard errors."""
    from reporting.silc import conventions, estimates, files, persons_file
    from reporting.silc import replicates as given

    resampled(variance, replicates)
    if auxiliary and variance != "linearised":
        raise UsageError(f"--auxiliary goes with --variance linearised, not {variance}.")
    if more and not by:
        raise UsageError(f"{', '.join(more)}: not expected. Breakdowns follow --by.")
    keep(output, persons, replicates)
    known = declarations.load()
    conventions.named(convention)
    method = estimates.Method(variance, draws, seed, centre)
    measures = estimates.declared(known, listed(*(indicator or ())) or estimates.HEADLINE)
    columns = persons_file.Columns(
        income, weight, strata, cluster, listed(*(by or ()), *(more or ())), tuple(auxiliary or ()),
        estimates.needed(measures), estimates.states(measures),
    )  # fmt: skip
    table = persons_file.read(persons, columns)
    if replicates:
        weights, stratum = given.read(replicates, files.read(persons), weight, strata)
        method = replace(method, weights=weights, strata=stratum)
    found = estimates.estimate(known, table, measures + estimates.anchored(anchor), convention, method)
    write(output, [[getattr(e, name) for name in COLUMNS] for e in found])
    facts = {"persons": persons.name, **asdict(columns), "replicates": replicates.name if replicates else None}
    record(output, table, convention, method, facts, found)


def write(path: Path, rows: Sequence[Sequence[Any]], head: Sequence[str] = COLUMNS) -> None:
    """Write a CSV file, whole or not at all; missing numbers are empty."""
    with whole(path) as part, part.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(head)
        writer.writerows([_cell(value) for value in row] for row in rows)
    out.print(f"{path}: {len(rows)} rows.", markup=False)


def _cell(value: Any) -> str:
    if isinstance(value, float):
        return "" if not math.isfinite(value) else repr(float(value))
    return str(value)


def record(path: Path, table: Any, convention: str, method: Any, facts: dict[str, Any], found: Sequence[Any]) -> None:
    """Write beside the estimates how they were made and how good they are; nothing of a record."""
    from reporting.silc import publish

    known = (table.weight > 0) & (table.income == table.income)
    drawn = method.kind == "bootstrap" and method.weights is None
    facts = {
        **facts,
        "version": __version__,
        "convention": convention,
        "variance": method.kind,
        "draws": method.draws if drawn else None,
        "seed": method.seed if drawn else None,
        "replicate_weights": None if method.weights is None else method.weights.shape[1],
        "centre": method.centre if method.kind == "jackknife" else None,
        "records": len(table.weight),
        "without_weight": int((table.weight == 0).sum()),
        "without_income": int(((table.weight > 0) & ~known).sum()),
        "without_category": {
            name: int(sum(label is None for label in labels)) for name, labels in table.breakdowns.items()
        },
        "psus": table.design.psus,
        "strata_used": len(set(table.design.stratum.tolist())),
        "strata_joined": table.design.joined,
        "quality": publish.quality(found),
    }
    path.with_name(path.name + ".json").write_text(json.dumps(facts, indent=1) + "\n", encoding="utf-8")
    if facts["without_income"] or facts["without_weight"]:
        err.print(
            f"left out: {facts['without_income']} persons without an income, "
            f"{facts['without_weight']} without a weight.",
            markup=False,
        )
    if method.kind == "jackknife" and method.weights is None and table.design.psus > _MANY:
        err.print(
            f"the jackknife left out {table.design.psus} small clusters one at a time: right for the Gini coefficient "
            "and means, not for what rests on a quantile (rates, gap, S80/S20). Take linearised or bootstrap there.",
            markup=False,
        )
    if table.design.joined:
        err.print(f"strata with a single cluster, joined with a neighbour: {table.design.joined}.", markup=False)
