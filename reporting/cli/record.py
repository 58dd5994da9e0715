"""Verbs on finished publications: reproduce, compare."""

from __future__ import annotations

import json
import math
from collections import Counter
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from reporting import declarations
from reporting.cli.common import Jobs, Json, StoreOption, app, at_a_time, err, out, progress_of, store_at
from reporting.errors import UsageError

if TYPE_CHECKING:
    from reporting.publications.reproduce import Compared

#: So many characters of a difference are shown.
_SHOWN = 200
Run = Annotated[Path, typer.Argument(help="The folder of a publication, or its run.json.")]


@app.command(epilog="Example: reporting reproduce outputs/publications/vade-mecum/2026/BE/fr")
def reproduce(
    run: Run,
    store: StoreOption = None,
    outputs: Annotated[
        Path | None, typer.Option(help="Keep the rebuilt copy here [default: only when something differs].")
    ] = None,
    tolerance: Annotated[float, typer.Option(help="Relative, for numbers where bytes differ.")] = 1e-9,
    questionnaire: Annotated[
        Path | None, typer.Option(help="The questionnaire that the publication was made from.")
    ] = None,
    codes: Annotated[Path | None, typer.Option(help="The list of numeric codes that it was made with.")] = None,
    jobs: Jobs = None,
    as_json: Json = False,
) -> None:
    """Build a publication again from its record, and compare output by output."""
    from reporting.publications import record
    from reporting.publications import reproduce as again

    if not (math.isfinite(tolerance) and tolerance >= 0):
        raise UsageError(f"--tolerance {tolerance} makes no sense: give a small number, such as 1e-9.")
    limit = at_a_time(jobs)
    recorded = record.read(run)
    held = store_at(declarations.load(), store)
    files = {"questionnaire": questionnaire, "codes": codes}
    with progress_of(as_json) as progress:
        done = again.reproduce(recorded, held, outputs, limit, tolerance, progress, files)
    kept = str(done.kept) if done.kept else ""
    if as_json:
        result = {"run": recorded.name, "equal": done.equal, "notes": done.notes, "rebuilt": kept}
        out.print_json(json.dumps({**result, "files": [asdict(file) for file in done.files]}))
    else:
        for note in done.notes:
            out.print(f"note: {note}", markup=False)
        for file in done.files:
            out.print(_line(file), markup=False)
        counts = Counter(file.status for file in done.files)
        out.print(f"{recorded.name}: " + ", ".join(f"{count} {status}" for status, count in counts.items()) + ".")
        if kept:
            err.print(f"The rebuilt copy: {kept}", markup=False)
    if not done.equal:
        raise typer.Exit(1)


def _line(file: Compared) -> str:
    """One output on a line, and below it where it differs."""
    where = f" ({file.where})" if file.where else ""
    pair = (
        f"\n  recorded: {_cut(file.recorded)}\n  rebuilt:  {_cut(file.rebuilt)}"
        if file.recorded != file.rebuilt
        else ""
    )
    return f"{file.status:<13} {file.file}{where}{pair}"


def _cut(text: str) -> str:
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]} …"


@app.command(epilog="Example: reporting compare publications/2025/BE/fr publications/2026/BE/fr --output changes.html")
def compare(
    first: Run,
    second: Run,
    everything: Annotated[bool, typer.Option("--all", help="List every number, those below rounding too.")] = False,
    output: Annotated[Path | None, typer.Option(help="Write the comparison to this .csv or .html file.")] = None,
    as_json: Json = False,
) -> None:
    """Say which printed numbers differ between two editions, and why."""
    from reporting.publications import compare as comparing
    from reporting.publications import editions, record

    runs = record.read(first), record.read(second)
    found = comparing.compare(*runs)
    if output:
        editions.write(output, runs, found, everything)
    if as_json:
        result = {"runs": [run.name for run in runs], "count": len(found.numbers), "below_rounding": len(found.below)}
        result |= {"settings": found.settings, "numbers": [asdict(c) for c in found.numbers]}
        result |= {"below": [asdict(c) for c in found.below]} if everything else {}
        out.print_json(json.dumps({**result, "texts": [asdict(t) for t in found.texts]}))
        return
    for name, before, after in found.settings:
        out.print(f"{name}: {before} → {after}", markup=False)
    for why, changes in editions.listed(found, everything):
        out.print(f"\n{why}: {len(changes)}", markup=False)
        if everything or why not in comparing.WHOLESALE:
            for change in changes:
                out.print(editions.line(change), markup=False)
        else:
            counts = Counter((c.table, c.time if why in comparing.YEARS else c.indicator) for c in changes)
            for (table, what), number in counts.items():
                out.print(f"  {table}: {what}: {number}", markup=False)
    if found.texts:
        out.print(f"\ntexts: {len(found.texts)}", markup=False)
        for text in found.texts:
            out.print(f"  {text.chapter}\n  - {text.before}\n  + {text.after}", markup=False)
    count, below = len(found.numbers), len(found.below)
    out.print(
        f"\n{count} printed numbers differ, {below} only below rounding{'' if everything else ' (--all lists all)'}."
    )
