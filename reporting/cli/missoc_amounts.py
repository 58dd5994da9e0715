"""The verb on amounts in the texts of MISSOC."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from reporting import declarations
from reporting.cli.common import AsOf, Json, StoreOption, listed, out, show, store_at
from reporting.cli.missoc import Geo, Lang, TableOption, missoc
from reporting.missoc import amounts as extraction
from reporting.missoc import lookup
from reporting.missoc.cells import Cell
from reporting.missoc.recognise import Catalogue
from reporting.missoc.searched import Amount


@missoc.command(epilog="Example: reporting missoc amounts --geo BE --table X --json")
def amounts(
    geo: Geo = "",
    table: TableOption = "",
    lang: Lang = "",
    as_of: AsOf = "",
    store: StoreOption = None,
    as_json: Json = False,
) -> None:
    """Money, percentages, ages, durations and ratios in the newest texts: proposals, each with its words."""
    known = declarations.load()
    wanted = lookup.wanted(Catalogue(known.missoc), listed(geo), listed(table), lang)
    held = lookup.current(store_at(known, store, quiet=True), as_of, wanted)
    found = [(cell, amount) for cell in held for amount in of(cell)]
    heads = ("category", "lang", "kind", "value", "unit", "bound", "words", "sure")
    show([record(*pair) for pair in found], as_json, heads, [_row(*pair) for pair in found])
    if not as_json:
        out.print(f"{len(found)} amounts: proposals, to be confirmed by a person.")


def _row(cell: Cell, a: Amount) -> tuple[str, ...]:
    said = f"{a.text} (conversion)" if a.conversion else a.text
    return (
        f"{cell.geo} {cell.table}.{cell.category}", cell.lang, a.kind, f"{a.value:.10g}",
        "/".join(filter(None, (a.unit, a.period))), a.qualifier, " ".join(said.split()), f"{a.confidence:.2f}",
    )  # fmt: skip


def of(cell: Cell) -> list[Amount]:
    """The amounts of a cell."""
    return extraction.extract(cell.text, cell.lang, cell.geo, cell.category, cell.label)


def record(cell: Cell, amount: Amount) -> dict[str, Any]:
    """An amount for JSON, with its place, its span and the cell's checksum."""
    place = {name: getattr(cell, name) for name in ("edition", "geo", "table", "category", "label", "lang", "sha256")}
    facts = asdict(amount)
    return {**place, **facts, "span": [facts.pop("start"), facts.pop("end")]}
