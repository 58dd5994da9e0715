"""The verb that tells what changed between two editions of MISSOC: changes."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from reporting import declarations, reworded
from reporting.cli.common import AsOf, Json, StoreOption, err, listed, out, store_at
from reporting.cli.missoc import Geo, Lang, TableOption, missoc
from reporting.errors import OutputFailed, UsageError
from reporting.files import whole
from reporting.labels import Words
from reporting.missoc import changes as found_changes
from reporting.missoc import lookup
from reporting.missoc.changes import Change, Changes
from reporting.missoc.recognise import Catalogue
from reporting.publications import leaflet


@missoc.command(epilog="Example: reporting missoc changes --from 2025-07-01 --to 2026-01-01 --geo BE --lang fr")
def changes(
    start: Annotated[str, typer.Option("--from", help="The earlier edition [default: the last but one].")] = "",
    end: Annotated[str, typer.Option("--to", help="The later edition [default: the last].")] = "",
    geo: Geo = "",
    table: TableOption = "",
    lang: Lang = "",
    every: Annotated[bool, typer.Option("--all", help="List unchanged cells too.")] = False,
    output: Annotated[Path | None, typer.Option(help="Write the changes to this file: .html or .pdf.")] = None,
    as_of: AsOf = "",
    store: StoreOption = None,
    as_json: Json = False,
) -> None:
    """Tell what changed between two editions: amounts only, text, new, removed, word by word."""
    known = declarations.load()
    catalogue = Catalogue(known.missoc)
    held = lookup.held(store_at(known, store, quiet=True), as_of)
    wanted = lookup.wanted(catalogue, listed(geo), listed(table), lang)
    try:
        first, last = found_changes.editions(held, start, end)
    except ValueError as error:
        raise UsageError(str(error)) from None
    before, after = ([c for c in held if c.edition == edition and wanted.fits(c)] for edition in (first, last))
    found = found_changes.compare(before, after, first, last)
    shown = [change for change in found.changes if every or change.kind != "unchanged"]
    if output:
        _write(output, found, shown, catalogue, Words(known, "en"))
    if as_json:
        out.print_json(json.dumps(_json(found, shown)))
    elif not output:
        _print(found, shown, catalogue, Words(known, "en"))


def _json(found: Changes, shown: list[Change]) -> dict[str, Any]:
    return {
        "from": found.start, "to": found.end, "counts": {kind: found.counts()[kind] for kind in found_changes.KINDS},
        "uncovered": found.uncovered, "indexations": [asdict(one) for one in found.indexations],
        "changes": [{**asdict(c), "difference": [asdict(piece) for piece in c.pieces]} for c in shown],
    }  # fmt: skip


def _head(change: Change, catalogue: Catalogue, words: Words) -> str:
    name = catalogue.name(change.table, change.category, change.lang)
    return f"{change.geo}, {change.table}, {name} ({change.lang}): {reworded.kind(change, words)}"


def _summary(found: Changes) -> str:
    counts = ", ".join(f"{found.counts()[kind]} {kind}" for kind in found_changes.KINDS)
    beside = f"; {found.uncovered} in tables that only one edition has" if found.uncovered else ""
    return f"Edition {found.end} against {found.start}: {counts}{beside}."


def _indexed(found: Changes) -> list[str]:
    return [
        f"{one.geo}: indexation of {one.rate:.2f} % ({one.amounts} amounts in {one.cells} cells)"
        for one in found.indexations
    ]


def _print(found: Changes, shown: list[Change], catalogue: Catalogue, words: Words) -> None:
    out.print(_summary(found), markup=False)
    for line in _indexed(found):
        out.print(line, markup=False)
    for change in shown:
        out.print(f"\n{_head(change, catalogue, words)}", markup=False)
        out.print(reworded.plain(change.pieces), markup=False)


def _write(path: Path, found: Changes, shown: list[Change], catalogue: Catalogue, words: Words) -> None:
    title = f"MISSOC: changes from {found.start} to {found.end}"
    lines = [_summary(found), *_indexed(found)]
    try:
        if path.suffix == ".html":
            parts = [(_head(c, catalogue, words), reworded.html(c.pieces, c.lang)) for c in shown]
            summary = ("Summary", "".join(reworded.html([found_changes.Piece("same", line)], "en") for line in lines))
            content = reworded.page(title, [summary, *parts], "en").encode()
        elif path.suffix == ".pdf":
            blocks = [(_head(c, catalogue, words), reworded.typst(c.pieces, c.lang)) for c in shown]
            content = leaflet.write(title, lines, blocks, found.end)
        else:
            raise UsageError(f"{path.name}: changes are written as .html or .pdf.")
        with whole(path) as part:
            part.write_bytes(content)
    except OSError as error:
        raise OutputFailed(f"Cannot write {path}: {error.strerror}. Name another file.") from None
    err.print(f"{len(shown)} changes in {path}", markup=False)
