"""Verbs on the tables of MISSOC: import, editions, compare, search."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table as Grid
from rich.text import Text

from reporting import declarations
from reporting.cli.common import AsOf, Json, StoreOption, app, err, listed, out, show, store_at
from reporting.errors import ReportingError
from reporting.missoc import intake, lookup
from reporting.missoc.cells import Cell
from reporting.missoc.recognise import Catalogue

missoc = typer.Typer(help="MISSOC: the texts of the comparative tables, their changes and amounts.",
                     no_args_is_help=True)  # fmt: skip
app.add_typer(missoc, name="missoc")

Geo = Annotated[str, typer.Option(help="Countries, comma-separated [default: all].")]
TableOption = Annotated[str, typer.Option("--table", help="Tables (I to XII), comma-separated [default: all].")]
Lang = Annotated[str, typer.Option(help="Language of the texts: en, fr, de [default: all].")]
#: Countries that fit side by side on a terminal.
_BESIDE = 4


@missoc.command("import", epilog="Example: reporting missoc import tables-2026-01.html --edition 2026-01-01")
def import_(
    files: Annotated[list[Path], typer.Argument(help="Saved pages, workbooks, CSV or plain text.")],
    edition: Annotated[str, typer.Option(help="Edition, where the file does not say it: 2026-01-01.")] = "",
    lang: Annotated[str, typer.Option(help="Language of the texts, where it cannot be told: en, fr, de.")] = "",
    geo: Annotated[str, typer.Option(help="Country, where the file does not name it.")] = "",
    store: StoreOption = None,
    as_json: Json = False,
) -> None:
    """Put the cells of files into the store; what could not be placed is listed."""
    known = declarations.load()
    place, given = store_at(known, store, quiet=True), intake.Given(edition, lang, geo)
    records, code = list[dict[str, object]](), 0
    for file in files:
        try:
            reading = intake.read(file, known.missoc, given)
            stored = intake.keep(place, reading)
        except ReportingError as error:
            err.print(f"{file.name}: {error}", markup=False)
            records.append({"file": file.name, "error": str(error)})
            code = max(code, error.exit_code)
            continue
        records.append(
            {"file": file.name, "cells": len(reading.cells), "stored": [asdict(s) for s in stored],
             "doubts": [asdict(d) for d in reading.doubts]}
        )  # fmt: skip
        if any(d.severity == "error" for d in reading.doubts):
            code = max(code, 1)
        if not as_json:
            _said(reading, stored)
    if as_json:
        out.print_json(json.dumps(records))
    if code:
        raise typer.Exit(code)


def _said(reading: intake.Reading, stored: list[intake.Stored]) -> None:
    for one in stored:
        what = f"{one.new} new, {one.revised} revised, vintage {one.vintage}" if one.vintage else "unchanged"
        out.print(f"{reading.name}: edition {one.edition}: {what}", markup=False)
    for doubt in reading.doubts:
        err.print(doubt.message, markup=False)


@missoc.command(epilog="Example: reporting missoc editions")
def editions(store: StoreOption = None, as_of: AsOf = "", as_json: Json = False) -> None:
    """List the editions in the store: countries, tables, languages and cells of each."""
    held = lookup.held(store_at(declarations.load(), store, quiet=True), as_of)
    records, rows = [], []
    for edition in sorted({cell.edition for cell in held}):
        own = [cell for cell in held if cell.edition == edition]
        facts = {name: sorted({getattr(cell, name) for cell in own}) for name in ("geo", "table", "lang")}
        records.append({"edition": edition, "cells": len(own), **facts})
        rows.append((edition, str(len(own)), *(" ".join(found) for found in facts.values())))
    show(records, as_json, ("edition", "cells", "countries", "tables", "languages"), rows)


@missoc.command(epilog="Example: reporting missoc compare VI.retirement_age --geo BE,FR,DE --lang en")
def compare(
    category: Annotated[str, typer.Argument(help="Table and category (VI.formula), number (VI-11) or label.")],
    geo: Geo = "",
    lang: Annotated[str, typer.Option(help="Language of the texts: en, fr, de.")] = "en",
    as_of: AsOf = "",
    store: StoreOption = None,
    as_json: Json = False,
) -> None:
    """Countries side by side on one category, each with its newest text."""
    known = declarations.load()
    catalogue = Catalogue(known.missoc)
    held = lookup.held(store_at(known, store, quiet=True), as_of)
    table, key = lookup.category(catalogue, held, category)
    wanted = replace(lookup.wanted(catalogue, listed(geo), [table], lang), category=key)
    found = sorted((c for c in lookup.newest(held) if wanted.fits(c)), key=lambda c: c.geo)
    if as_json:
        out.print_json(json.dumps([record(cell) for cell in found]))
        return
    out.print(f"{table}: {catalogue.name(table, key, lang)} ({lang})", markup=False)
    _beside(found) if len(found) <= _BESIDE else _below(found)
    missing = [one for one in wanted.geos if one not in {cell.geo for cell in found}]
    if missing or not found:
        err.print(f"No text in {lang} of: {', '.join(missing) or 'any country'}.", markup=False)


def record(cell: Cell) -> dict[str, str]:
    """A cell for JSON, with its checksum."""
    return {**asdict(cell), "sha256": cell.sha256}


def _beside(found: list[Cell]) -> None:
    grid = Grid(*(f"{cell.geo}, {cell.edition}" for cell in found), expand=bool(found), show_lines=True)
    grid.add_row(*(Text(cell.text) for cell in found))
    out.print(grid)


def _below(found: list[Cell]) -> None:
    grid = Grid("country", "edition", "text", show_lines=True)
    for cell in found:
        grid.add_row(cell.geo, cell.edition, Text(cell.text))
    out.print(grid)


@missoc.command(epilog='Example: reporting missoc search "parental leave" --geo BE --lang en')
def search(
    words: Annotated[str, typer.Argument(help="Words, all of which a cell must have; accents do not count.")],
    geo: Geo = "",
    table: TableOption = "",
    lang: Lang = "",
    as_of: AsOf = "",
    store: StoreOption = None,
    as_json: Json = False,
) -> None:
    """Find words in the newest texts."""
    known = declarations.load()
    catalogue = Catalogue(known.missoc)
    wanted = lookup.wanted(catalogue, listed(geo), listed(table), lang)
    found = lookup.search(lookup.current(store_at(known, store, quiet=True), as_of, wanted), words)
    rows = [(c.geo, c.table, c.category, c.lang, passage) for c, passage in found]
    records = [{**record(c), "passage": passage} for c, passage in found]
    show(records, as_json, ("country", "table", "category", "lang", "passage"), rows)
    if not as_json:
        out.print(f"{len(found)} cells.")


@missoc.command(epilog="Example: reporting missoc rules OLD_pension --geo BE --lang fr")
def rules(
    link: Annotated[str, typer.Argument(help="ESSPROS function or benefit of parameters/missoc/links.toml.")],
    geo: Geo = "",
    lang: Annotated[str, typer.Option(help="Language of the texts: en, fr, de.")] = "en",
    as_of: AsOf = "",
    store: StoreOption = None,
    as_json: Json = False,
) -> None:
    """The rules behind an ESSPROS function or benefit: the newest texts it is linked to."""
    known = declarations.load()
    catalogue = Catalogue(known.missoc)
    wanted = lookup.wanted(catalogue, listed(geo), (), lang)
    found = lookup.linked(known.missoc, link, lookup.current(store_at(known, store, quiet=True), as_of, wanted))
    if as_json:
        out.print_json(json.dumps([record(cell) for cell in found]))
        return
    grid = Grid("country", "table", "category", "text", show_lines=True)
    for cell in found:
        grid.add_row(cell.geo, cell.table, catalogue.name(cell.table, cell.category, lang), Text(cell.text))
    out.print(grid)
