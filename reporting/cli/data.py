"""Verbs on data in the store: vintages, check."""

from __future__ import annotations

import atexit
import json
import shutil
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Annotated

import typer

from reporting import declarations, validation
from reporting.cli.common import AsOf, Json, StoreOption, app, out, show, store_at, unknown_dataset
from reporting.errors import UsageError
from reporting.vintages import Manifest, Store, texts


@app.command(epilog="Example: reporting vintages spr_exp_type")
def vintages(
    datasets: Annotated[list[str] | None, typer.Argument(help="Dataset codes [default: all].")] = None,
    store: StoreOption = None,
    as_of: AsOf = "",
    as_json: Json = False,
) -> None:
    """List the vintages in the store, those of texts and of the embedded edition included."""
    known = declarations.load()
    place = store_at(known, store)
    held = [*place.datasets(), *texts.names(place)]
    for name in datasets or []:
        if name not in held:
            raise UsageError(
                unknown_dataset(known, name) if name not in known.datasets else f"{name}: not in the store."
            )
    found: list[Manifest] = [
        replace(m, dataset=name) for name in datasets or held for m, _ in place.manifests(name, as_of)
    ]
    show(
        [asdict(m) for m in found], as_json, ("dataset", "vintage", "rows", "received from"),
        [(m.dataset, m.vintage, str(sum(m.rows.values())), m.request) for m in found],
    )  # fmt: skip


@app.command(epilog="Example: reporting check spr_exp_type")
def check(
    datasets: Annotated[
        list[str] | None, typer.Argument(help="Dataset codes or files [default: all datasets].")
    ] = None,
    store: StoreOption = None,
    as_of: AsOf = "",
    severity: Annotated[
        str, typer.Option(help="Show findings from this severity: error, warning, information.")
    ] = "warning",
    as_json: Json = False,
) -> None:
    """Check observations against the declared rules."""
    known = declarations.load()
    levels = ("error", "warning", "information")
    if severity not in levels:
        raise UsageError(f"Unknown severity {severity!r}. There are: {', '.join(levels)}.")
    place, names = _checked(known, store_at(known, store), datasets or [])
    found = validation.check(known, place, names, as_of)
    shown = [f for f in found if levels.index(f.severity) <= levels.index(severity)]
    if as_json:
        records = [{k: None if v != v else v for k, v in asdict(f).items()} for f in shown]
        out.print_json(json.dumps(records))
    else:
        for finding in shown:
            if finding.outcome == "failed":
                accepted = f" (accepted: {finding.accepted})" if finding.accepted else ""
                out.print(f"{finding.severity}: {finding.message}{accepted}", markup=False)
        for rule, count in Counter(f.rule for f in found if f.outcome == "undecidable").items():
            out.print(f"undecidable: {rule}: {count} times a value is missing (--json lists them)", markup=False)
        failed = [f for f in found if f.outcome == "failed"]
        out.print(f"{len(failed)} failed, {sum(bool(f.accepted) for f in failed)} of them accepted.")
    if any(f.stops for f in found):
        raise typer.Exit(1)


def _checked(known: declarations.Declarations, place: Store, names: Sequence[str]) -> tuple[Store, list[str]]:
    """The store and datasets to check; a file is read into a store of its own, in memory of the disk."""
    import tempfile

    from reporting.sources.intake import take

    files = [Path(name) for name in names if name not in known.datasets and Path(name).exists()]
    wrong = [name for name in names if name not in known.datasets and not Path(name).exists()]
    if wrong:
        raise UsageError(unknown_dataset(known, wrong[0]) + " Nor is there a file of that name.")
    if not files:
        return place, list(names)
    if len(files) < len(names):
        raise UsageError("Check either files or datasets, not both in one command.")
    folder = Path(tempfile.mkdtemp(prefix="reporting-check-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    aside = Store(folder, embedded=None)
    found = [m.dataset for path in files for m in take(aside, known, path)]
    return aside, found
