"""New vintages from providers: several datasets at a time, each for itself, and none half.

What one dataset meets does not touch the others. What was received whole is
kept until it is stored, so that an interrupted fetch goes on where it was.
"""

from __future__ import annotations

import hashlib
import json
import queue
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Literal, Protocol, TypeVar

from reporting.declarations import Declarations, Provider
from reporting.errors import OutputFailed, ReportingError, SourceUnavailable, UsageError
from reporting.sources import answers, need
from reporting.sources.http import Wire
from reporting.sources.journal import Command, Journal
from reporting.sources.need import Request
from reporting.sources.providers import Absent, Listing, Service, TooLarge
from reporting.sources.retrieval import Retrieval, Retrieved
from reporting.vintages import Manifest, Store

A = TypeVar("A")
B = TypeVar("B")
#: Seconds a dataset may take, all its parts, tries and waits together.
PATIENCE = 1800.0
#: Tries for the table of contents where it only helps.
_FEW = 3

#: stored: a new vintage; unchanged: nothing new; resumed: stored by the same command before it was
#: interrupted; current: not asked, the table of contents says nothing changed; failed: see `said`.
State = Literal["stored", "unchanged", "resumed", "current", "failed"]


@dataclass(frozen=True)
class Outcome:
    """What became of a dataset."""

    dataset: str
    state: State
    manifest: Manifest | None = None
    said: str = ""
    exit_code: int = 0


#: The table of contents of each provider, or why there is none.
Contents = Mapping[str, dict[str, Listing] | ReportingError]


class Progress(Protocol):
    """Who watches."""

    def begin(self, what: str, total: int) -> None:
        """Start a stage."""

    def step(self, name: str, error: str) -> None:
        """One job has ended."""


def connect(
    declarations: Declarations,
    asked: Sequence[Request],
    base_url: str = "",
    wire: Callable[[Provider], Wire] = lambda provider: Wire(provider.requests, provider.bytes),
) -> dict[str, Service]:
    """A service for each provider of the datasets asked for, by its id.

    Parameters
    ----------
    base_url : str
        Another address for the provider, such as a mirror's.

    Raises
    ------
    UsageError
        For an address that is none.
    """
    if base_url and not base_url.startswith(("http://", "https://")):
        raise UsageError(f"--base-url {base_url!r} is no address: it starts with https:// or http://.")
    found = {p.id: p for request in asked if (p := declarations.provider_of(request.dataset.id))}
    return {name: Service(p, (base_url or p.base_url).rstrip("/"), wire(p)) for name, p in found.items()}


def fetch(
    store: Store,
    declarations: Declarations,
    asked: Sequence[Request],
    services: dict[str, Service],
    progress: Progress,
    since_last: bool = False,
    patience: float = PATIENCE,
    contents: Contents | None = None,
) -> list[Outcome]:
    """Ask for datasets and store what changed.

    Parameters
    ----------
    asked : sequence of Request
        Datasets whose provider is among the services.
    since_last : bool
        Only what the table of contents says has changed since it was stored.
    contents : mapping, optional
        The tables of contents, where they were asked for already.

    Returns
    -------
    list of Outcome
        One for each dataset, in the order asked.
    """
    journal = Journal(store.root / ".incoming")
    command = journal.command(_command(asked, services, since_last))
    run = _Run(store, declarations, services, since_last, patience, journal, command)
    progress.begin("fetch", len(asked))
    told = contents or tables_of_contents(services, since_last, patience)
    found: dict[str, Outcome] = {}
    try:
        for outcome in at_once(asked, lambda request: run.one(request, told), services):
            found[outcome.dataset] = outcome
            progress.step(outcome.dataset, outcome.said if outcome.state == "failed" else "")
    finally:
        for service in services.values():
            service.wire.stop.set()
        run.storing.acquire(timeout=30)  # what is being stored is stored whole; nothing is stored after
    for service in services.values():
        service.wire.close()
    command.ended()
    return [found[request.dataset.id] for request in asked]


def tables_of_contents(
    services: Mapping[str, Service], since_last: bool = False, patience: float = PATIENCE
) -> Contents:
    """The table of contents of each provider, or why there is none."""
    return {name: _contents(service, since_last, patience) for name, service in services.items()}


def _contents(service: Service, since_last: bool, patience: float) -> dict[str, Listing] | ReportingError:
    try:
        return service.contents(service.wire.now() + patience, 0 if since_last else _FEW)
    except ReportingError as error:
        return error
    except (Absent, TooLarge) as error:
        return SourceUnavailable(f"{service.toc_url()}: no table of contents there ({error}).")


def at_once(asked: Sequence[A], job: Callable[[A], B], services: Mapping[str, Service]) -> Iterator[B]:
    """Results as they come; the threads are daemons, so that Ctrl-C need not wait for a slow provider."""
    waiting: queue.SimpleQueue[A] = queue.SimpleQueue()
    ended: queue.SimpleQueue[B | BaseException] = queue.SimpleQueue()
    for request in asked:
        waiting.put(request)

    def work() -> None:
        while True:
            try:
                ended.put(job(waiting.get_nowait()))
            except queue.Empty:
                return
            except BaseException as error:  # a fault of the program: raised where it is seen
                ended.put(error)

    at_a_time = min(len(asked), sum(service.provider.requests for service in services.values()))
    for _ in range(at_a_time):
        threading.Thread(target=work, daemon=True).start()
    for _ in asked:
        outcome = ended.get()
        if isinstance(outcome, BaseException):
            raise outcome
        yield outcome


def _command(asked: Sequence[Request], services: dict[str, Service], since_last: bool) -> str:
    addresses = sorted(service.base for service in services.values())
    return json.dumps([[(r.dataset.id, r.key) for r in asked], addresses, since_last])


class _Run:
    """What the datasets of one fetch share."""

    def __init__(
        self,
        store: Store,
        declarations: Declarations,
        services: dict[str, Service],
        since_last: bool,
        patience: float,
        journal: Journal,
        command: Command,
    ) -> None:
        self.store, self.declarations, self.services = store, declarations, services
        self.since_last, self.patience, self.journal, self.command = since_last, patience, journal, command
        self.storing = threading.Lock()

    def one(self, request: Request, contents: Contents) -> Outcome:
        """What becomes of one dataset."""
        name = request.dataset.id
        provider = self.declarations.provider_of(name)
        assert provider, name  # the caller asks only for what has one
        try:
            return self._one(request, self.services[provider.id], contents[provider.id])
        except ReportingError as error:
            return Outcome(name, "failed", said=_named(name, str(error)), exit_code=error.exit_code)
        except OSError as error:
            said = f"{error.strerror or error}: {error.filename or 'the store'}. Free space or choose another --store."
            return Outcome(name, "failed", said=_named(name, said), exit_code=OutputFailed.exit_code)

    def _one(self, request: Request, service: Service, contents: dict[str, Listing] | ReportingError) -> Outcome:
        name, done = request.dataset.id, self.command.done
        request = replace(request, codes=need.fitting(request.dataset, request.codes, service.room(request.dataset)))
        if self.since_last and isinstance(contents, ReportingError):
            raise contents
        listed = {} if isinstance(contents, ReportingError) else contents
        listing = listed.get(service.flow(request.dataset).lower())
        newest = self._newest(request)
        if name in done and newest and (not listing or listing.updated <= done[name]):
            return Outcome(name, "resumed", newest)
        url = service.data_url(request.dataset, request.key)
        if self.since_last and newest and listing and self._current(newest, listing, url):
            return Outcome(name, "current", newest)
        retrieval = Retrieval(
            self.store, self.declarations, service, self.journal, request, listed, service.wire.now() + self.patience
        )
        return self._stored(request, retrieval.run(), listing, url)

    def _stored(self, request: Request, got: Retrieved, listing: Listing | None, url: str) -> Outcome:
        today = datetime.now(answers.BRUSSELS).date().isoformat()
        updated = got.stamp or (listing.updated if listing else "")
        manifest = Manifest(
            dataset=request.dataset.id,
            vintage=min(answers.day_of(updated) or today, today),
            complete=True,
            request=got.request,
            acknowledgement=request.dataset.acknowledgement,
            provider_update=updated,
            retrieved=datetime.now(UTC).date().isoformat(),
            received_sha256=hashlib.sha256(got.received).hexdigest(),
            structure=got.structure,
            note="; ".join(got.notes),
            scope=got.scope,
            dimensions=".".join(request.dataset.dimensions),
        )
        with self.storing:
            stored = self.store.append(got.frame, manifest, got.received)
            self.command.stored(stored.dataset, answers.day_of(updated))
        self.journal.check(url, listing.updated if listing else "", today)
        self.journal.forget(got.asked)
        changed = any(stored.rows.values())
        return Outcome(request.dataset.id, "stored" if changed else "unchanged", stored, "; ".join(got.notes))

    def _newest(self, request: Request) -> Manifest | None:
        """The newest vintage that held all that is asked for now."""
        found = [m for m, _ in self.store.manifests(request.dataset.id) if m.complete and m.scope in ("", request.key)]
        return found[-1] if found else None

    def _current(self, newest: Manifest, listing: Listing, url: str) -> bool:
        """Whether the table of contents says that nothing changed since a vintage was stored.

        Its days have no hours: what was fetched on the very day of an update
        may have come before it, and is asked for again on a later day.
        """
        if not listing.updated:
            return False
        asked_for, asked = self.journal.checked(url)
        if asked_for != listing.updated:
            asked = newest.retrieved if answers.day_of(newest.provider_update) >= listing.updated else ""
        return asked > max(listing.updated, listing.restructured)


def _named(dataset: str, said: str) -> str:
    """A message that begins with its dataset."""
    return said if said.startswith(f"{dataset}:") else f"{dataset}: {said}"
