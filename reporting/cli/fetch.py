"""The verb that brings in data: fetch, from providers or from files."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from reporting import declarations
from reporting.cli import frameworks
from reporting.cli.common import Json, StoreOption, app, err, listed, progress_of, show, store_at, unknown_dataset
from reporting.errors import ReportingError, SourceChanged, SourceUnavailable, UsageError
from reporting.vintages import Manifest, Store, compact

if TYPE_CHECKING:
    from reporting.sources.fetch import Outcome

#: Files of a dataset from which on they are packed into one.
_MANY = 40
_COUNTS = ("new", "revised", "withdrawn")
_SAID = {
    "unchanged": "unchanged",
    "resumed": "stored before the interruption",
    "current": "not asked: nothing changed since it was stored",
}


@app.command(epilog="Example: reporting fetch spr_exp_type spr_exp_func --since-last; reporting fetch --framework jaf")
def fetch(
    datasets: Annotated[
        list[str] | None, typer.Argument(help="Dataset codes [default: all that is needed of the declarations].")
    ] = None,
    from_file: Annotated[
        list[Path] | None,
        typer.Option("--from", help="Read this file (SDMX-CSV or -ML, JSON-stat, workbook, TSV, CSV)."),
    ] = None,
    vintage: Annotated[str, typer.Option(help="Date of the data (YYYY-MM-DD) where the file does not tell.")] = "",
    whole: Annotated[bool, typer.Option("--whole", help="Whole datasets, not only what is declared of them.")] = False,
    since_last: Annotated[
        bool, typer.Option("--since-last", help="Only what the table of contents says has changed.")
    ] = False,
    framework: Annotated[
        str,
        typer.Option("--framework", help="All that frameworks (jaf,sppm,scoreboard) need, or of it DATASETS."),
    ] = "",
    base_url: Annotated[str, typer.Option("--base-url", help="Ask at this address, such as a local mirror's.")] = "",
    store: StoreOption = None,
    as_json: Json = False,
) -> None:
    """Put new vintages of datasets into the store: from their providers, or from files."""
    known = declarations.load()
    place = store_at(known, store)
    if framework and not from_file and not vintage:
        wanted = frameworks.Wanted(tuple(listed(framework)), tuple(datasets or []), whole, since_last, base_url)
        _ended(place, *frameworks.fetched(known, place, wanted, as_json), as_json)
        return
    for name in datasets or []:
        if name not in known.datasets:
            raise _unknown(known, name)
    if from_file:
        if whole or since_last or base_url or framework:
            raise UsageError("--from reads files: leave out --whole, --since-last, --framework and --base-url.")
        _from_files(place, known, from_file, (datasets or [""])[0], vintage, as_json)
        return
    if vintage:
        raise UsageError("--vintage dates a file: a provider dates its own data. Give it with --from FILE.")
    names = _fetchable(known, datasets or [], as_json)
    outcomes = _from_providers(place, known, names, whole, since_last, base_url, as_json)
    _ended(place, outcomes, 0, as_json)


def _ended(place: Store, outcomes: Sequence[Outcome], code: int, as_json: bool) -> None:
    """Print what became of datasets, and exit with a code or a failure's."""
    show(
        [_record(outcome) for outcome in outcomes], as_json, ("dataset", "vintage", *_COUNTS, ""),
        [_row(outcome) for outcome in outcomes],
    )  # fmt: skip
    _packed(place, [outcome.dataset for outcome in outcomes if outcome.state == "stored"])
    codes = [outcome.exit_code for outcome in outcomes if outcome.exit_code]
    if codes and not as_json:
        err.print(f"{len(codes)} of {len(outcomes)} datasets failed; the others are stored.", markup=False)
    if worst := max([code, *codes]):
        raise typer.Exit(worst)


def _packed(place: Store, datasets: Sequence[str]) -> None:
    """Pack what has become many small files."""
    for dataset in datasets:
        compact(place, dataset, least=_MANY)


def _unknown(known: declarations.Declarations, name: str) -> ReportingError:
    """What to say of a dataset that is not declared: where it moved, or what is near it."""
    for move in known.moves:
        if move.dataset == name.lower():
            note = f" ({move.note})" if move.note else ""
            return SourceChanged(f"{name} is no more: it moved to {', '.join(move.to)}{note}. Fetch those.")
    return UsageError(unknown_dataset(known, name))


def _fetchable(known: declarations.Declarations, names: Sequence[str], silent: bool) -> list[str]:
    """The datasets that a provider has; what comes as files only is said, or refused where it was named."""
    from reporting.sources import need

    wanted = list(names) or [request.dataset.id for request in need.requests(known)]
    filed = [name for name in wanted if known.provider_of(name) is None]
    if filed and names:
        raise UsageError(
            f"{filed[0]} comes from {known.datasets[filed[0]].provider}, which is no provider in "
            "parameters/providers.toml. Put its figures into the store with: reporting fetch --from FILE"
        )
    if filed and not silent:
        err.print(f"not fetched, they come as files (--from FILE): {', '.join(filed)}", markup=False)
    return [name for name in wanted if name not in filed]


def _from_providers(
    place: Store,
    known: declarations.Declarations,
    names: Sequence[str],
    whole: bool,
    since_last: bool,
    base_url: str,
    silent: bool,
) -> list[Outcome]:
    from reporting.sources import fetch as fetching
    from reporting.sources import need

    if not names:
        raise SourceUnavailable("Nothing to fetch: no declared series comes from a provider.")
    asked = need.requests(known, names, whole)
    services = fetching.connect(known, asked, base_url)
    with progress_of(silent) as progress:
        return fetching.fetch(place, known, asked, services, progress, since_last)


def _record(outcome: Outcome) -> dict[str, object]:
    manifest = asdict(outcome.manifest) if outcome.manifest else None
    return {"dataset": outcome.dataset, "state": outcome.state, "said": outcome.said, "manifest": manifest}


def _row(outcome: Outcome) -> tuple[str, ...]:
    manifest = outcome.manifest
    counts = [str(manifest.rows[c]) if manifest and outcome.state == "stored" else "" for c in _COUNTS]
    said = "; ".join(filter(None, (_SAID.get(outcome.state, ""), outcome.said)))
    return outcome.dataset, manifest.vintage if manifest else "", *counts, " ".join(said.split())


def _from_files(
    place: Store, known: declarations.Declarations, files: Sequence[Path], dataset: str, vintage: str, as_json: bool
) -> None:
    from reporting.sources.intake import UNDATED, take

    stored: list[Manifest] = [m for path in files for m in take(place, known, path, dataset, vintage)]
    for manifest in stored:
        if manifest.note and not as_json:
            remedy = "; give the true date with --vintage" if UNDATED in manifest.note else ""
            err.print(f"{manifest.request}: {manifest.note}{remedy}.", markup=False)
        if not any(manifest.rows.values()) and not as_json:
            err.print(f"{manifest.dataset} {manifest.vintage}: nothing new.", markup=False)
    show(
        [asdict(manifest) for manifest in stored], as_json, ("dataset", "vintage", *_COUNTS),
        [(m.dataset, m.vintage, *(str(m.rows[c]) for c in _COUNTS)) for m in stored],
    )  # fmt: skip
