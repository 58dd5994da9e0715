"""Verbs that make publications: build, doctor."""

from __future__ import annotations

import json
import os
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from reporting import declarations, doctor
from reporting.cli.common import AsOf, Json, StoreOption, app, err, listed, out, progress_of, show, store_at
from reporting.errors import UsageError


@app.command(epilog="Example: reporting build vade-mecum --geo BE --lang fr,nl --format html,pdf")
def build(
    publication: Annotated[str, typer.Argument(help="A publication declared in parameters/publications/.")],
    geo: Annotated[str, typer.Option(help="Country codes, comma-separated; EU27: each Member State.")] = "",
    lang: Annotated[str, typer.Option(help="Languages, comma-separated.")] = "",
    format_: Annotated[str, typer.Option("--format", help="Of html, pdf, xlsx, comma-separated.")] = "",
    as_of: AsOf = "",
    span: Annotated[int | None, typer.Option(help="Years shown in a table: 5, 10, 30 …")] = None,
    jobs: Annotated[int, typer.Option(help="Notebooks run at a time [default: the processor cores].")] = 0,
    engine: Annotated[str, typer.Option(help="Renderer: auto, quarto, embedded.")] = "auto",
    record: Annotated[
        bool, typer.Option("--record", help="A build of record: refuse open errors and missing translations.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be done.")] = False,
    store: StoreOption = None,
    outputs: Annotated[Path | None, typer.Option(help="Folder of results [default: outputs].")] = None,
    as_json: Json = False,
) -> None:
    """Build a publication: run its notebooks, render, write workbook and data."""
    from reporting import publications
    from reporting.batch import processes
    from reporting.batch.outcomes import Limits
    from reporting.batch.plan import plan
    from reporting.publications import build as building

    known = declarations.load()
    if jobs < 0:
        raise UsageError(f"--jobs {jobs} makes no sense: give how many notebooks run at a time, or leave it out.")
    targets = plan(
        known,
        publication,
        outputs=(outputs or known.home / "outputs").resolve(),
        store=store_at(known, store).root.resolve(),
        geos=listed(geo),
        langs=listed(lang),
        formats=listed(format_),
        as_of=as_of,
        span=span,
    )
    chosen = publications.choose(engine)
    if dry_run:
        show([], False, ("publication", "country", "language", "notebooks", "folder"),
              [(publication, t.geo, t.lang, str(len(t.units)), str(t.folder)) for t in targets])  # fmt: skip
        return
    with progress_of(as_json) as progress:
        result = building.build(targets, Limits(jobs or processes.cores()), chosen, record, progress)
    _report(result, as_json)
    if result.failures:
        raise typer.Exit(1)


@app.command("doctor", epilog="Example: reporting doctor")
def doctor_(as_json: Json = False) -> None:
    """Say what is missing on this machine and what it costs."""
    findings = doctor.examine()
    rows = [("ok" if f.present else "missing", f.what, f.found, "" if f.present else f.cost) for f in findings]
    show([asdict(f) for f in findings], as_json, ("", "what", "found", "without it"), rows)
    if any(f.needed and not f.present for f in findings):
        raise typer.Exit(1)


def _report(result: Any, as_json: bool) -> None:
    if as_json:
        out.print_json(
            json.dumps({"built": [str(p) for p in result.built], "failures": [asdict(f) for f in result.failures]})
        )
        return
    for folder in result.built:
        out.print(f"built  {folder}", markup=False)
    for failure in result.failures:
        err.print(f"failed {failure.name}: {failure.error}", markup=False)
    if result.built:
        first = next((p for p in sorted(result.built[0].iterdir()) if p.name == "index.html"), result.built[0])
        out.print(f"Look at: {first}", markup=False)
    err.print(f"{len(result.built)} built, {len(result.failures)} failed, in {result.seconds:.0f} s.")
