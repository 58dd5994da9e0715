"""The verb that tells what changed between vintages: revisions."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import pandas as pd
import typer

from reporting import declarations, revisions
from reporting.cli.common import AsOf, Json, StoreOption, app, err, listed, out, show, store_at, unknown_dataset
from reporting.errors import OutputFailed, UsageError

#: Changes shown one by one.
_SHOWN = 20
_MEASURES = ("new", "revised", "withdrawn", "mean", "median", "mean_absolute", "largest", "mean_percent")


@app.command("revisions", epilog="Example: reporting revisions ilc_li02 --from 2022-12-31 --to 2025-10-30 --geo BE")
def revisions_(
    dataset: Annotated[str, typer.Argument(help="Dataset code.")],
    start: Annotated[str, typer.Option("--from", help="Vintage or date [default: the last but one].")] = "",
    end: Annotated[str, typer.Option("--to", help="Vintage or date [default: the last].")] = "",
    geo: Annotated[str, typer.Option(help="Country codes, comma-separated [default: all].")] = "",
    by: Annotated[str, typer.Option(help="Measures by geo or by series.")] = "geo",
    triangle: Annotated[str, typer.Option(help="Show one series, by its key, as known at each vintage.")] = "",
    as_of: AsOf = "",
    output: Annotated[Path | None, typer.Option(help="Write all changes to this CSV file.")] = None,
    store: StoreOption = None,
    as_json: Json = False,
) -> None:
    """Tell what changed between two vintages of a dataset, and what it means."""
    known = declarations.load()
    place = store_at(known, store)
    if dataset not in place.datasets():
        raise UsageError(
            unknown_dataset(known, dataset) if dataset not in known.datasets else f"{dataset}: not in the store."
        )
    if as_of:
        held = [manifest.vintage for manifest, _ in place.manifests(dataset, as_of)]
        place = place.upto({dataset: held[-1] if held else ""})
    if by not in ("geo", "series"):
        raise UsageError(f"--by {by}: there are geo and series.")
    if triangle:
        _triangle(revisions.triangle(place, dataset, triangle), as_json)
        return
    found = revisions.consequences(known, place, revisions.compare(place, dataset, start, end))
    changes = found.changes
    if geo:
        changes = changes[changes["geo"].isin(listed(geo))]
        found = revisions.Revisions(dataset, found.start, found.end, changes, found.effects, found.verdicts)
    if output:
        _write(changes, output)
    summary = found.summary("geo" if by == "geo" else "key")
    _json(found, summary) if as_json else _print(found, summary)


def _json(found: revisions.Revisions, summary: pd.DataFrame) -> None:
    record = {
        "dataset": found.dataset, "from": found.start, "to": found.end,
        "summary": json.loads(summary.reset_index().to_json(orient="records")),
        "changes": json.loads(found.changes.to_json(orient="records")),
        "tables": [asdict(effect) for effect in found.effects],
        "verdicts": [asdict(verdict) for verdict in found.verdicts],
    }  # fmt: skip
    out.print_json(json.dumps(record))


def _print(found: revisions.Revisions, summary: pd.DataFrame) -> None:
    out.print(f"{found.dataset}: vintage {found.end} against {found.start}", markup=False)
    rows = [(str(name), *(_text(row[m]) for m in _MEASURES)) for name, row in summary.iterrows()]
    show([], False, (str(summary.index.name), *(m.replace("_", " ") for m in _MEASURES)), rows)
    moved = found.changes[found.changes["difference"].fillna(0) != 0]
    largest = moved.reindex(moved["difference"].abs().sort_values(ascending=False, kind="stable").index)[:_SHOWN]
    if len(largest):
        out.print(f"\nThe {len(largest)} largest revisions of {len(moved)}:")
        cells = [
            (str(r.key), str(r.time), _text(r.before), _text(r.after), _text(r.difference), _text(r.percent),
             f"+{r.flags_gained} −{r.flags_lost}".replace("+ −", "").removesuffix(" −").removeprefix("+ "))
            for r in largest.itertuples()
        ]  # fmt: skip
        show([], False, ("series", "period", "before", "after", "difference", "%", "flags"), cells)
    only_flags = found.changes[(found.changes["kind"] == "revised") & ~found.changes.index.isin(moved.index)]
    if len(only_flags):
        out.print(f"\nFlags alone changed in {len(only_flags)} observations.")
    out.print(f"\nPublished tables with other figures, all countries together: {len(found.effects)}")
    show([], False, ("table", "values", "title"), [(e.table, str(e.values), e.title) for e in found.effects])
    for verdict in found.verdicts:
        out.print(f"finding {verdict.kind}: {verdict.message}", markup=False)


def _triangle(table: pd.DataFrame, as_json: bool) -> None:
    if as_json:
        out.print_json(table.reset_index().to_json(orient="records"))
        return
    rows = [(str(time), *("" if pd.isna(v) else _text(v) for v in row)) for time, row in table.iterrows()]
    show([], False, ("period", *map(str, table.columns)), rows)


def _write(changes: pd.DataFrame, path: Path) -> None:
    try:
        changes.to_csv(path, index=False)
    except OSError as error:
        raise OutputFailed(f"Cannot write {path}: {error.strerror}. Name another file.") from None
    err.print(f"{len(changes)} changes in {path}", markup=False)


def _text(value: object) -> str:
    if not isinstance(value, float) or value.is_integer():
        return f"{value:,.0f}"
    return ":" if value != value else f"{value:,.4g}" if abs(value) < 1000 else f"{value:,.2f}"
