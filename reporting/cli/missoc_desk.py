"""Verbs on forms that a person fills in: review of amounts, the correspondent's desk."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from reporting import declarations, forms, reworded
from reporting.cli.common import AsOf, StoreOption, err, listed, out, store_at
from reporting.cli.missoc import Geo, Lang, TableOption, missoc
from reporting.errors import OutputFailed, UsageError
from reporting.files import whole
from reporting.missoc import changes, filled, lookup
from reporting.missoc import desk as desks
from reporting.missoc import review as reviews
from reporting.missoc.desk import Entry
from reporting.missoc.placing import Doubt
from reporting.missoc.recognise import Catalogue
from reporting.missoc.review import DECISIONS
from reporting.vintages import day

Form = Annotated[Path | None, typer.Option("--read", help="A form that was filled in.")]


@missoc.command(epilog="Example: reporting missoc review --geo BE --output review.xlsx")
def review(
    output: Annotated[Path | None, typer.Option(help="Write the form: .xlsx or .csv.")] = None,
    form: Form = None,
    geo: Geo = "",
    table: TableOption = "",
    lang: Lang = "",
    as_of: AsOf = "",
    store: StoreOption = None,
) -> None:
    """Amounts put before a person: write the form, or read it back and keep what was decided."""
    if (output is None) == (form is None):
        raise UsageError("Name either --output FILE, to write the form, or --read FILE, to read it back.")
    place = store_at(declarations.load(), store, quiet=True)
    if output:
        wanted = lookup.wanted(Catalogue(declarations.load().missoc), listed(geo), listed(table), lang)
        found = list(reviews.proposals(lookup.current(place, as_of, wanted), DECISIONS.read(place, as_of)))
        forms.write(output, reviews.HEADS, [reviews.row(one) for one in found], {"status": reviews.STATUSES[1:]})
        remembered = sum(bool(one.remembered) for one in found)
        out.print(f"{output}: {len(found)} amounts, {remembered} remembered from earlier editions.", markup=False)
        return
    assert form is not None  # one of the two is named
    known = reviews.proposals(lookup.held(place, as_of), DECISIONS.read(place))
    decisions, doubts = reviews.checked(filled.read(form, reviews.HEADS), known)
    _doubted(doubts)
    count = reviews.keep(place, decisions, form.name)
    out.print(f"{form.name}: {len(decisions)} decisions, {count} new or different.", markup=False)
    if doubts:
        raise typer.Exit(1)


@missoc.command(epilog="Example: reporting missoc desk BE --edition 2026-07-01 --output desk.xlsx")
def desk(
    geo: Annotated[str, typer.Argument(help="Country.")],
    edition: Annotated[str, typer.Option(help="The edition that is prepared: 2026-07-01.")],
    output: Annotated[
        Path | None, typer.Option(help="The form (.xlsx, .csv), or the difference (.html, .json).")
    ] = None,
    form: Form = None,
    guidelines: Annotated[
        Path | None, typer.Option(help="Guideline texts: columns table, category, guideline.")
    ] = None,
    lang: Lang = "",
    store: StoreOption = None,
) -> None:
    """The correspondent's desk: write the form of a country, or read it back, check it and write what differs."""
    catalogue = Catalogue(declarations.load().missoc)
    wanted = lookup.wanted(catalogue, [geo], (), lang)
    held = lookup.held(store_at(declarations.load(), store, quiet=True))
    last = [c for c in lookup.newest(c for c in held if c.edition < day(edition)) if wanted.fits(c)]
    if not last:
        raise UsageError(f"The store holds no text of {geo} in an edition before {edition}.")
    if form is None:
        if output is None:
            raise UsageError("Name the form to write: --output desk.xlsx")
        texts = desks.guidelines(filled.read(guidelines, ("table", "category", "guideline"))) if guidelines else {}
        rows = list(desks.rows(last, edition, texts))
        forms.write(output, desks.HEADS, rows, {"status": desks.STATUSES[1:]})
        out.print(f"{output}: {len(rows)} cells.", markup=False)
        return
    entries, doubts = desks.checked(filled.read(form, desks.HEADS), last, edition)
    _doubted(doubts)
    if any(doubt.severity == "error" for doubt in doubts):
        raise typer.Exit(1)
    updated = [entry for entry in entries if entry.status == "updated"]
    if output:
        _difference(output, updated, geo, edition, catalogue)
    out.print(f"{form.name}: {len(updated)} of {len(entries)} cells updated.", markup=False)


def _doubted(doubts: list[Doubt]) -> None:
    for doubt in doubts:
        if doubt.severity != "information":
            err.print(doubt.message, markup=False)
    count = sum(doubt.severity == "information" for doubt in doubts)
    if count:
        err.print(f"{count} cells are neither updated nor checked.", markup=False)


def _difference(path: Path, updated: list[Entry], geo: str, edition: str, catalogue: Catalogue) -> None:
    """What to send: the old and new text of each updated cell, and the words that differ."""
    found = [(entry, list(changes.words(entry.cell.text, entry.new_text))) for entry in updated]
    if path.suffix == ".json":
        content = json.dumps(
            [{**{name: getattr(e.cell, name) for name in ("geo", "table", "category", "lang", "label")},
              "edition": edition, "before": e.cell.text, "after": e.new_text, "date": e.date, "comment": e.comment,
              "difference": [asdict(piece) for piece in pieces]} for e, pieces in found],
            indent=1, ensure_ascii=False,
        )  # fmt: skip
    elif path.suffix == ".html":
        parts = [
            (f"{e.cell.table}, {catalogue.name(e.cell.table, e.cell.category, e.cell.lang)} ({e.cell.lang})",
             reworded.html(pieces, e.cell.lang) + reworded.html([changes.Piece("same", e.comment)], e.cell.lang))
            for e, pieces in found
        ]  # fmt: skip
        content = reworded.page(f"MISSOC: update of {geo} for {edition}", parts, "en")
    else:
        raise UsageError(f"{path.name}: the difference is written as .html or .json.")
    try:
        with whole(path) as part:
            part.write_text(content + "\n", encoding="utf-8")
    except OSError as error:
        raise OutputFailed(f"Cannot write {path}: {error.strerror}. Name another file.") from None
