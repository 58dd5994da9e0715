"""Verbs that make publications: build, doctor."""

from __future__ import annotations

import json
import math
import re
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from reporting import declarations, doctor
from reporting.cli.common import (
    AsOf,
    Jobs,
    Json,
    StoreOption,
    app,
    at_a_time,
    err,
    listed,
    out,
    progress_of,
    show,
    store_at,
)
from reporting.errors import UsageError
from reporting.vintages import is_url


@app.command(epilog="Example: reporting build vade-mecum --geo BE --lang fr,nl --format html,pdf")
def build(
    publications: Annotated[
        list[str] | None, typer.Argument(help="Publications declared in parameters/publications/.")
    ] = None,
    all_: Annotated[bool, typer.Option("--all", help="Every declared publication.")] = False,
    geo: Annotated[str, typer.Option(help="Country codes, comma-separated; EU27: each Member State.")] = "",
    lang: Annotated[str, typer.Option(help="Languages, comma-separated.")] = "",
    format_: Annotated[str, typer.Option("--format", help="Of html, pdf, xlsx, comma-separated.")] = "",
    as_of: AsOf = "",
    span: Annotated[int | None, typer.Option(help="Years shown in a table: 5, 10, 30 …")] = None,
    jobs: Jobs = None,
    memory: Annotated[
        str, typer.Option(help="Memory that runs may take together, e.g. 8G [default: what is free].")
    ] = "",
    timeout: Annotated[float, typer.Option(help="Seconds that one run may take; 0 for no limit.")] = 3600.0,
    engine: Annotated[str, typer.Option(help="Renderer: auto, quarto, embedded.")] = "auto",
    questionnaire: Annotated[
        Path | None,
        typer.Option(help="The checked questionnaire that esspros-brochure is about [default: a sample]."),
    ] = None,
    codes: Annotated[
        Path | None, typer.Option(help="Numeric codes of the questionnaire, where it does not hold their list itself.")
    ] = None,
    record: Annotated[
        bool, typer.Option("--record", help="A build of record: refuse open errors and missing translations.")
    ] = False,
    scheduler: Annotated[
        str, typer.Option(help="Run on the Dask cluster whose scheduler is there, e.g. tcp://host:8786.")
    ] = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be done, and why.")] = False,
    store: StoreOption = None,
    outputs: Annotated[str, typer.Option(help="Folder of results, or an fsspec URL [default: outputs].")] = "",
    as_json: Json = False,
) -> None:
    """Build publications: run the notebooks that are out of date, render, write workbooks and data."""
    from reporting import publications as rendering
    from reporting.batch import fresh
    from reporting.publications import build as building

    known = declarations.load()
    limits = _limits(jobs, memory, timeout)
    with ExitStack() as held:
        place = _place(outputs, known, held, dry_run)
        targets = _targets(
            known, publications or [], all_, outputs=place, store=store_at(known, store).place, geos=listed(geo),
            langs=listed(lang), formats=listed(format_), as_of=as_of, span=span,
            files={"questionnaire": _file(questionnaire), "codes": _file(codes)},
        )  # fmt: skip
        chosen = rendering.choose(engine)
        if dry_run:
            _show_plan(known, building.plan(targets, chosen, record, fresh.State(known.home)), as_json)
            return
        with progress_of(as_json) as progress:
            result = building.build(targets, limits, chosen, record, progress, _cluster(scheduler, place, timeout))
        _written(result, targets, place)
    _report(result, as_json)
    if is_url(outputs):
        err.print(f"All of it is at {outputs} too.", markup=False)
    if result.failures:
        raise typer.Exit(1)


def _file(path: Path | None) -> str:
    """The full path of a file that is named, empty for none."""
    if path is not None and not path.is_file():
        raise UsageError(f"{path}: there is no such file.")
    return str(path.resolve()) if path else ""


def _place(outputs: str, known: declarations.Declarations, held: ExitStack, dry_run: bool) -> Path:
    """The folder of results; of a URL its copy, sent there when the build is done."""
    if not is_url(outputs):
        return (Path(outputs) if outputs else known.home / "outputs").resolve()
    from reporting.batch.mirror import mirrored

    return held.enter_context(mirrored(outputs, send=not dry_run)).resolve()


def _cluster(scheduler: str, place: Path, timeout: float) -> Any:
    """What starts the work on a cluster; None for this machine."""
    if not scheduler:
        return None
    from reporting.batch.cluster import Cluster

    def start() -> Cluster:
        cluster = Cluster(scheduler, place, timeout)
        state = f"{cluster.threads} at a time" if cluster.threads else "no worker yet; waiting for one"
        err.print(f"{scheduler}: {state}.", markup=False)
        return cluster

    return start


def _written(result: Any, targets: list[Any], place: Path) -> None:
    """Write the report of a run that did something."""
    from reporting.batch import report

    if result.outcomes:
        command = " ".join(dict.fromkeys(target.publication.id for target in targets))
        names = [unit.name for unit, why in result.plan.units if not why]
        names += [target.name for target, why in result.plan.targets if not why]
        page = report.write(place / "runs" / "reports", command, result.seconds, result.outcomes, names)
        err.print(f"Report: {page}", markup=False)


def _limits(jobs: int | None, memory: str, timeout: float) -> Any:
    from reporting.batch.outcomes import Limits

    if not 0 <= timeout < math.inf:
        raise UsageError(f"--timeout {timeout:g} makes no sense: give seconds, 0 for no limit.")
    sized = re.fullmatch(r"(\d+(?:\.\d+)?)([MG])B?", memory.strip().upper()) if memory else None
    if memory and (not sized or not float(sized[1])):
        raise UsageError(f"--memory {memory!r} makes no sense: write 500M or 8G.")
    size = int(float(sized[1]) * {"M": 2**20, "G": 2**30}[sized[2]]) if sized else 0
    return Limits(at_a_time(jobs), size, timeout)


def _targets(known: declarations.Declarations, names: list[str], every: bool, **options: Any) -> list[Any]:
    from reporting.batch.plan import distinct, plan

    wanted = list(known.publications) if every else list(dict.fromkeys(names))
    if not wanted or (every and names):
        listed_ = ", ".join(known.publications)
        raise UsageError(f"Name the publications to build, or say --all. There are: {listed_}.")
    targets = [target for name in wanted for target in plan(known, name, **options)]
    distinct(targets)
    return targets


def _show_plan(known: declarations.Declarations, todo: Any, as_json: bool) -> None:
    """What would be done: each notebook and publication with its state, the reason and the datasets it reads."""
    from reporting.batch.plan import needs

    rows = [("notebook", u.name, why, needs(known, u), u.folder) for u, why in todo.units]
    rows += [("publication", t.name, why, [], t.folder) for t, why in todo.targets]
    if as_json:
        heads = ("kind", "name", "state", "datasets", "folder")
        plain = [(kind, name, why or "up to date", " ".join(read), str(at)) for kind, name, why, read, at in rows]
        out.print_json(json.dumps([dict(zip(heads, row, strict=True)) for row in plain]))
        return
    for kind, name, why, read, _ in rows:
        state, reason = ("to do", f": {why}") if why else ("up to date", "")
        data = f" (reads {', '.join(read)})" if read else ""
        out.print(f"{state:<10}  {kind:<11}  {name}{reason}{data}", markup=False)
    stale = sum(bool(row[2]) for row in rows)
    out.print(f"{stale} to do, {len(rows) - stale} up to date.")


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
        found = {"built": result.built, "fresh": result.fresh}
        printed = {name: [str(path) for path in paths] for name, paths in found.items()}
        out.print_json(json.dumps({**printed, "failures": [asdict(f) for f in result.failures]}))
        return
    for folder in result.built:
        out.print(f"built  {folder}", markup=False)
    for folder in result.fresh:
        out.print(f"up to date  {folder}", markup=False)
    for failure in result.failures:
        err.print(f"failed {failure.name}: {failure.error}", markup=False)
    if there := [*result.built, *result.fresh]:
        first = next((p for p in sorted(there[0].iterdir()) if p.name == "index.html"), there[0])
        out.print(f"Look at: {first}", markup=False)
    counts = f"{len(result.built)} built, {len(result.fresh)} up to date, {len(result.failures)} failed"
    err.print(f"{counts}, in {result.seconds:.0f} s.")
