"""Verbs that keep a store sound: verify, compact, export, import."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from reporting import declarations, vintages
from reporting.cli.common import Json, StoreOption, app, err, out, progress_of, show, store_at
from reporting.errors import UsageError
from reporting.missoc import intake
from reporting.sources.intake import reread


@app.command(epilog="Example: reporting verify")
def verify(store: StoreOption = None, as_json: Json = False) -> None:
    """Check every file of the store against its checksum; mend what can be mended."""
    known = declarations.load()
    found = vintages.verify(
        store_at(known, store),
        lambda received, facts: reread(received, facts, known),
        lambda place, received, facts: intake.remade(place, received, facts, known.missoc),
    )
    records = [{**asdict(trouble), "path": str(trouble.path)} for trouble in found]
    rows = [("mended" if t.mended else "lost", str(t.path), t.what) for t in found]
    show(records, as_json, ("", "file", "what"), rows)
    if not as_json:
        lost = sum(not trouble.mended for trouble in found)
        out.print(f"{lost} lost, {len(found) - lost} mended; all the rest has the checksums it should have.")
    if any(not trouble.mended for trouble in found):
        raise typer.Exit(1)


@app.command(epilog="Example: reporting compact")
def compact(
    datasets: Annotated[list[str] | None, typer.Argument(help="Dataset codes [default: all].")] = None,
    store: StoreOption = None,
    as_json: Json = False,
) -> None:
    """Pack the vintages of a dataset into one file: reading gets faster, nothing is lost."""
    place = vintages.Store(store_at(declarations.load(), store).place, embedded=None)
    held = place.datasets()
    wanted, packed = datasets or held, {}
    with progress_of(as_json) as progress:
        progress.begin("packing", len(wanted))
        for name in wanted:
            if name not in held:
                raise UsageError(f"{name}: not in the store.")
            packed[name] = vintages.compact(place, name)
            progress.step(name, "")
    rows = [(name, str(count)) for name, count in packed.items() if count]
    show([{"dataset": name, "files": n} for name, n in packed.items()], as_json, ("dataset", "files made one"), rows)


@app.command(epilog="Example: reporting export store-2026.tar")
def export(
    file: Annotated[Path, typer.Argument(help="The file to write.")],
    datasets: Annotated[list[str] | None, typer.Argument(help="Dataset codes [default: all].")] = None,
    store: StoreOption = None,
) -> None:
    """Write the store, with its texts and the embedded edition, into one file for the archive or the mail."""
    count = vintages.export_store(store_at(declarations.load(), store), file, datasets or [])
    out.print(f"{count} vintages in {file}, {file.stat().st_size / 1e6:.1f} MB", markup=False)


@app.command("import", epilog="Example: reporting import store-2026.tar --store outputs/store-2026")
def import_(
    file: Annotated[Path, typer.Argument(help="A file written by export.")],
    store: StoreOption = None,
    as_json: Json = False,
) -> None:
    """Put the vintages of an exported file into a store."""
    carried = vintages.import_store(store_at(declarations.load(), store, quiet=True), file)
    show(
        [asdict(c) for c in carried], as_json, ("dataset", "new", "known before"),
        [(c.dataset, str(c.new), str(c.known)) for c in carried if c.new],
    )  # fmt: skip
    if not as_json:
        err.print(f"{sum(c.new for c in carried)} vintages taken, {sum(c.known for c in carried)} known before.")
