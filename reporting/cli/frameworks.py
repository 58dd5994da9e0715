"""Fetching what the catalogues of frameworks need: names first, then data, one request a dataset."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from reporting import declarations
from reporting.cli.common import err, progress_of
from reporting.declarations import frameworks
from reporting.errors import UsageError
from reporting.vintages import Store

if TYPE_CHECKING:
    from reporting.sources.catalogues import Settled, Use
    from reporting.sources.fetch import Outcome

#: Exit code for findings.
_FOUND = 1


@dataclass(frozen=True)
class Wanted:
    """What is asked for: frameworks, of these only some datasets, and how."""

    names: tuple[str, ...]
    only: tuple[str, ...]
    whole: bool
    since_last: bool
    base_url: str


def fetched(known: declarations.Declarations, place: Store, wanted: Wanted, silent: bool) -> tuple[list[Outcome], int]:
    """Fetch what frameworks need; say which names no provider knows, and which datasets come as files.

    Returns
    -------
    list of Outcome
    int
        The exit code of the findings.
    """
    from reporting.sources import catalogues

    uses = catalogues.uses(known, wanted.names, wanted.only)
    if missing := [name for name in wanted.only if name not in uses]:
        raise UsageError(
            f"{missing[0]}: no indicator of {', '.join(wanted.names)} needs it from a provider. "
            f"Needed are {', '.join(uses) or 'none'}."
        )
    if not silent and not wanted.only:
        for line in _filed(known, wanted.names):
            err.print(line, markup=False)
    settled, found = _asked(known, place, wanted, uses, silent)
    for finding in settled.findings:
        err.print(f"{finding.line} [{finding.item}]", markup=False)
    if settled.findings:
        err.print(f"Inputs not fetched, for want of these names: {len(settled.findings)}.", markup=False)
    outcomes = sorted([*settled.failed, *found], key=lambda outcome: outcome.dataset)
    return outcomes, _FOUND if settled.findings else 0


def _asked(
    known: declarations.Declarations, place: Store, wanted: Wanted, uses: dict[str, list[Use]], silent: bool
) -> tuple[Settled, list[Outcome]]:
    from reporting.sources import catalogues, need
    from reporting.sources import fetch as fetching
    from reporting.sources.journal import Journal

    beside = catalogues.with_catalogues(known)
    services = fetching.connect(beside, [need.united(beside.datasets[name], []) for name in uses], wanted.base_url)
    contents = fetching.tables_of_contents(services, wanted.since_last)
    journal = Journal(place.root / ".incoming")
    with progress_of(silent) as progress:
        settled = catalogues.settle(known, uses, services, contents, journal, progress, wanted.whole)
        found = fetching.fetch(
            place, settled.declarations, settled.requests, services, progress, wanted.since_last, contents=contents
        )
    return settled, found


def _filed(known: declarations.Declarations, names: Sequence[str]) -> Iterator[str]:
    """What no provider disseminates: it comes with the owner's figures or as files."""
    from reporting.sources import catalogues

    have = catalogues.with_catalogues(known)
    for name in names:
        entries = frameworks.load(known, name).values()
        inputs = {source.dataset for entry in entries for source in entry.inputs.values()}
        filed = sorted(d for d in inputs if d not in have.datasets or have.provider_of(d) is None)
        if filed:
            yield f"{name}: not fetched, they come as files or from the owner's store: {', '.join(filed)}"
