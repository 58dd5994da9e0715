"""The verb on confirmed amounts over editions of MISSOC: series."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from reporting import declarations
from reporting.cli.common import AsOf, Json, StoreOption, err, listed, out, show, store_at
from reporting.cli.missoc import Geo, Lang, TableOption, missoc
from reporting.errors import OutputFailed, UsageError
from reporting.files import whole
from reporting.labels import Words
from reporting.missoc import lookup
from reporting.missoc import review as reviews
from reporting.missoc import series as over_editions
from reporting.missoc.recognise import Catalogue
from reporting.missoc.review import DECISIONS
from reporting.missoc.series import Point, Prices

_HEADS = ("category", "edition", "value", "unit", "bound", "euro", "real", "break")


@missoc.command("series", epilog="Example: reporting missoc series --geo BE --table VI --figure pension.svg")
def series_(
    geo: Geo = "",
    table: TableOption = "",
    category: Annotated[str, typer.Option(help="One category: VI.minimum, VI-11 or its label.")] = "",
    kind: Annotated[str, typer.Option(help="One kind: money, percent, age, duration, ratio.")] = "",
    lang: Lang = "",
    figure: Annotated[Path | None, typer.Option(help="Draw the amounts of one country into this .svg file.")] = None,
    labels: Annotated[str, typer.Option(help="Language of the figure: fr, nl, de, en.")] = "en",
    as_of: AsOf = "",
    store: StoreOption = None,
    as_json: Json = False,
) -> None:
    """Confirmed amounts over editions: nominal, in euro, and at constant prices (HICP)."""
    from reporting import amounted  # it draws, and takes a while to import

    known = declarations.load()
    catalogue, place = Catalogue(known.missoc), store_at(known, store, quiet=True)
    held = lookup.held(place, as_of)
    key = lookup.category(catalogue, held, category) if category else None
    wanted = lookup.wanted(catalogue, listed(geo), listed(table), lang)
    cells = [c for c in held if wanted.fits(c) and key in (None, (c.table, c.category))]
    prices = over_editions.prices(known, place, as_of, {c.geo for c in cells})
    proposals = reviews.proposals(cells, DECISIONS.read(place, as_of))
    found = [p for p in over_editions.points(proposals, cells, prices) if kind in ("", p.kind)]
    if figure:
        _draw(figure, found, catalogue, Words(known, labels), prices)
    if as_json:
        out.print_json(json.dumps([{**asdict(point), "base": prices.base} for point in found]))
    else:
        show([], False, _HEADS, [_row(point) for point in found])
    for note in amounted.notes(found, Words(known, "en"), prices):
        err.print(note, markup=False)


def _row(p: Point) -> tuple[str, ...]:
    money = ("" if value is None else f"{value:.2f}" for value in (p.euro, p.real))
    unit = "/".join(filter(None, (p.unit, p.period)))
    return (f"{p.geo} {p.table}.{p.category}", p.edition, f"{p.value:.10g}", unit, p.qualifier, *money, p.broken)


def _draw(path: Path, found: list[Point], catalogue: Catalogue, words: Words, prices: Prices) -> None:
    """Write the figure, or say what it would have to be narrowed to."""
    from reporting import amounted

    if path.suffix != ".svg":
        raise UsageError(f"{path.name}: figures are written as .svg.")
    geos, units, lines = {p.geo for p in found}, amounted.units(found), {p.series for p in found}
    if len(geos) > 1:
        raise UsageError(f"A figure shows one country; these are {', '.join(sorted(geos))}. Name one: --geo")
    if len(units) > 1:
        said = ", ".join(" ".join(filter(None, one)) for one in units)
        raise UsageError(f"A figure has one unit; these are {said}. Narrow it: --kind, --table or --category")
    if len(lines) > amounted.MOST:
        raise UsageError(f"{len(lines)} lines cannot be told apart. Narrow them: --table, --category or --lang")
    drawn = amounted.figure(found, catalogue, words, prices) if found else None
    if drawn is None:
        raise UsageError("Nothing to draw: no amount is confirmed, or none can be put into euro. See: missoc review")
    try:
        with whole(path) as part:
            part.write_bytes(drawn.svg)
    except OSError as error:
        raise OutputFailed(f"Cannot write {path}: {error.strerror}. Name another file.") from None
    err.print(f"{path}: {drawn.alternative}", markup=False)
