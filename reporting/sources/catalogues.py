"""What the catalogues of frameworks need of providers: one request a dataset, each name held against its structure.

Of most datasets the catalogues know the dimensions by name and not the order of
the key. The structure is asked for first; what it does not bear out is told with
the line of the catalogue, and the other indicators of the dataset are fetched
all the same.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from reporting.declarations import Dataset, Declarations, frameworks
from reporting.declarations.frameworks import Entry
from reporting.errors import ReportingError
from reporting.findings import CellFinding
from reporting.sources import fetch, need, structures
from reporting.sources.fetch import Contents, Outcome, Progress
from reporting.sources.journal import Journal
from reporting.sources.need import Need, Request
from reporting.sources.providers import Absent, Listing, Service, TooLarge
from reporting.sources.structures import Structure

#: The structure of a dataset, a finding where its provider has no such dataset, or why there is no answer.
_Told = Structure | CellFinding | Outcome


@dataclass(frozen=True)
class Use:
    """An input of an indicator: the dataset and the codes its catalogue names."""

    entry: Entry
    dataset: str
    codes: Mapping[str, str]

    @property
    def by(self) -> str:
        """Who names the codes, for messages on a request."""
        return f"frameworks {self.entry.framework} {self.entry.line} {self.entry.id}"

    def finding(self, rule: str, message: str, mend: str) -> CellFinding:
        """What is wrong with the input, at its line of the catalogue."""
        return CellFinding(
            rule, "error", message, mend, file=f"parameters/frameworks/{self.entry.framework}.csv",
            cell=f"line {self.entry.line}", item=self.entry.id,
        )  # fmt: skip


@dataclass(frozen=True)
class Settled:
    """Requests whose names a structure bears out, declarations with the order of their keys, and what was wrong."""

    declarations: Declarations
    requests: list[Request]
    findings: list[CellFinding]
    failed: list[Outcome]


def uses(declarations: Declarations, names: Iterable[str], only: Sequence[str] = ()) -> dict[str, list[Use]]:
    """The inputs of the indicators of frameworks by dataset; with ``only``, of these datasets.

    A dataset that no provider disseminates is not among them.
    """
    found: dict[str, list[Use]] = {}
    for name in names:
        for entry in frameworks.load(declarations, name).values():
            for source in (*entry.inputs.values(), *(entry.weight.inputs.values() if entry.weight else ())):
                found.setdefault(source.dataset, []).append(Use(entry, source.dataset, source.filters))
    known = with_catalogues(declarations)
    return {
        dataset: own for dataset, own in sorted(found.items())
        if (not only or dataset in only) and dataset in known.datasets and known.provider_of(dataset)
    }  # fmt: skip


def with_catalogues(declarations: Declarations) -> Declarations:
    """The declarations with the datasets that only the catalogues name; the order of their keys is not known."""
    beside = frameworks.undeclared(declarations)
    return declarations.model_copy(update={"datasets": {**beside, **declarations.datasets}})


def settle(
    declarations: Declarations, wanted: Mapping[str, list[Use]], services: Mapping[str, Service],
    contents: Contents, journal: Journal, progress: Progress, whole: bool = False, patience: float = fetch.PATIENCE,
) -> Settled:  # fmt: skip
    """Ask for the structure of each dataset and hold the names of the catalogues against it.

    Parameters
    ----------
    declarations : Declarations
    wanted : mapping
        As :func:`uses` gives it.
    services, contents
        The providers, and their tables of contents.
    journal : Journal
        Where structures are kept for the next time.
    whole : bool
        Ask for whole datasets.
    """
    progress.begin("structures", len(wanted))
    beside = with_catalogues(declarations)

    def job(name: str) -> tuple[str, _Told]:
        return name, _structure(beside, name, wanted[name], services, contents, journal, patience)

    settled = Settled(declarations, [], [], [])
    datasets = dict(beside.datasets)
    for name, found in sorted(_stepped(fetch.at_once(list(wanted), job, services), progress), key=lambda pair: pair[0]):
        if isinstance(found, Outcome):
            settled.failed.append(found)
        elif isinstance(found, CellFinding):
            settled.findings.append(found)
        else:
            if name not in declarations.datasets:
                datasets[name] = datasets[name].model_copy(update={"dimensions": found.dimensions})
            settled.findings.extend(f for use in wanted[name] for f in _faults(use, found, declarations))
            sound = [use for use in wanted[name] if not any(_faults(use, found, declarations))]
            if sound:
                settled.requests.append(_request(datasets[name], sound, whole))
    return Settled(
        declarations.model_copy(update={"datasets": datasets}), settled.requests, settled.findings, settled.failed
    )


def _stepped(found: Iterator[tuple[str, _Told]], progress: Progress) -> Iterator[tuple[str, _Told]]:
    for name, what in found:
        progress.step(name, what.said if isinstance(what, Outcome) else "")
        yield name, what


def _structure(
    declarations: Declarations, name: str, own: list[Use], services: Mapping[str, Service], contents: Contents,
    journal: Journal, patience: float,
) -> _Told:  # fmt: skip
    provider = declarations.provider_of(name)
    assert provider, name  # uses() names only what has one
    service, dataset = services[provider.id], declarations.datasets[name]
    told = contents[provider.id]
    listed = {} if isinstance(told, ReportingError) else told
    listing = listed.get(service.flow(dataset).lower())
    try:
        message = _message(dataset, service, journal, listing, service.wire.now() + patience)
        return structures.read(message, dataset, provider)
    except (Absent, TooLarge):
        said = structures.vanished(dataset, service.flow(dataset), provider, listed, declarations)
        return _absent(own, said)
    except ReportingError as error:
        return Outcome(name, "failed", said=f"{name}: {error}".replace(f"{name}: {name}:", f"{name}:"),
                       exit_code=error.exit_code)  # fmt: skip


def _message(dataset: Dataset, service: Service, journal: Journal, listing: Listing | None, deadline: float) -> bytes:
    """The structure message, kept since the provider last changed it or asked for now."""
    url, changed = service.structure_url(dataset), listing.restructured if listing else ""
    message = journal.structure(url, changed)
    if message is None:
        message = service.structure(dataset, deadline)
        structures.read(message, dataset, service.provider)  # only a sound one is kept
        journal.keep_structure(url, changed, message)
    return message


def _absent(own: list[Use], said: str) -> CellFinding:
    others = len({(use.entry.framework, use.entry.id) for use in own}) - 1
    more = f" So it is for {others} more indicators." if others else ""
    return own[0].finding("dataset", said.rpartition(" It is declared in")[0] or said, f"Name another dataset.{more}")


def _faults(use: Use, structure: Structure, declarations: Declarations) -> Iterator[CellFinding]:
    """Dimensions and codes that a catalogue names and the structure does not have."""
    for dimension, code in use.codes.items():
        if dimension not in structure.dimensions:
            moves = [move for move in declarations.moves if move.dimension == dimension]
            moved = "".join(f" It moved: {m.dimension} → {', '.join(m.to)} ({m.note})." for m in moves)
            have = ", ".join(d for d in structure.dimensions if d not in ("freq", "geo"))
            near = _near(dimension, structure.dimensions)
            yield use.finding(
                "dimension", f"{use.dataset} has no dimension {dimension}{near}.{moved}", f"Name one of {have}."
            )
        elif structure.codes.get(dimension) and code not in structure.codes[dimension]:
            yield use.finding(
                "code", f"{use.dataset}: {dimension} has no code {code}{_near(code, structure.codes[dimension])}.",
                "Name a code of the dataset.",
            )  # fmt: skip


def _near(name: str, known: Iterable[str]) -> str:
    near = difflib.get_close_matches(name, list(known), n=3)
    return f" (near it: {', '.join(near)})" if near else ""


def _request(dataset: Dataset, sound: list[Use], whole: bool) -> Request:
    """The union of the keys of the indicators: annual figures, all countries."""
    annual = {"freq": "A"} if "freq" in dataset.dimensions else {}
    found = [
        Need(dataset.id, use.by, {name: (code,) for name, code in {**annual, **dataset.fixed, **use.codes}.items()})
        for use in sound
    ]
    return need.united(dataset, found, whole)
