"""All of one dataset, or an error: its structure checked first, its parts asked for, read and joined."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import pandas as pd

from reporting.declarations import Declarations
from reporting.errors import SourceChanged, SourceUnavailable, SourceUnreadable
from reporting.sources import answers, need, structures
from reporting.sources.answers import Reading
from reporting.sources.extracts import Extract
from reporting.sources.http import shown
from reporting.sources.journal import Journal
from reporting.sources.need import Codes, Request
from reporting.sources.providers import Absent, Listing, Service, TooLarge
from reporting.sources.structures import Structure
from reporting.vintages import Store

#: How often an answer that cannot be used is asked for.
_TRIES = 3
_NOTHING = "the provider has no observations for the request. Check the codes in parameters/, or try again later"


@dataclass(frozen=True)
class Retrieved:
    """A dataset as a provider gave it."""

    frame: pd.DataFrame
    received: bytes
    stamp: str
    structure: str
    scope: str
    request: str
    asked: tuple[str, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True)
class _Part:
    codes: Codes
    url: str
    body: bytes
    extract: Extract | None
    notes: tuple[str, ...]

    @property
    def stamp(self) -> str:
        return answers.stamp(self.body)


@dataclass(frozen=True)
class Retrieval:
    """A request on its way: where it is asked, against what it is held, and until when."""

    store: Store
    declarations: Declarations
    service: Service
    journal: Journal
    request: Request
    listed: Mapping[str, Listing]
    deadline: float

    @property
    def _flow(self) -> str:
        return self.service.flow(self.request.dataset)

    @property
    def _listing(self) -> Listing | None:
        return self.listed.get(self._flow.lower())

    def run(self) -> Retrieved:
        """Ask, wait, read and join.

        Raises
        ------
        SourceChanged
            When the dataset, a dimension or a code is no longer there.
        SourceUnavailable, SourceUnreadable
            When there is no usable answer.
        """
        dataset = self.request.dataset
        structure, fresh = self._structure()
        parts = list(self._parts(self.request.codes, structure))
        if not fresh and any(answers.attributes(p.body, dataset, self.service.provider) for p in parts):
            structure, _ = self._structure(anew=True)  # new columns: are they dimensions?
        parts = self._of_one_update(parts)
        frames = [part.extract.frame for part in parts if part.extract]
        if not frames:
            raise SourceUnavailable(f"{dataset.id}: {_NOTHING}.")
        notes = dict.fromkeys(note for part in parts for note in part.notes)
        first = next(part for part in parts if part.extract)
        asked = self._url(self.request.codes)
        return Retrieved(
            frame=answers.joined(frames),
            received=answers.bundle([part.body for part in parts]),
            stamp=first.stamp,
            structure=structure.id if structure else (first.extract.structure if first.extract else ""),
            scope=self.request.key,
            request=shown(asked if len(parts) > 1 else first.url),
            asked=tuple(self._url(part.codes) for part in parts),
            notes=(*notes, *([f"received in {len(parts)} parts"] if len(parts) > 1 else [])),
        )

    def _structure(self, anew: bool = False) -> tuple[Structure | None, bool]:
        """The structure the provider gives the dataset, checked, and whether it was asked for just now.

        None where the provider lists the dataset but gives no structure for it.
        """
        dataset, provider = self.request.dataset, self.service.provider
        url = self.service.structure_url(dataset)
        changed = self._listing.restructured if self._listing else ""
        message = None if anew else self.journal.structure(url, changed)
        fresh = message is None
        try:
            message = message or self.service.structure(dataset, self.deadline)
        except (Absent, TooLarge):
            if self.listed and self._listing is None:
                raise SourceChanged(self._vanished()) from None
            return None, True
        structure = structures.read(message, dataset, provider)
        faults = structures.faults(structure, dataset, self._named(), self.declarations)
        if faults:
            raise SourceChanged("\n".join(faults))
        if fresh:
            self.journal.keep_structure(url, changed, message)
        return structure, fresh

    def _named(self) -> dict[str, dict[str, str]]:
        """Codes to hold against the code lists: all the declarations name, but countries only where asked for.

        A rule on a group names countries that a dataset need not have.
        """
        return {d: codes for d, codes in self.request.named.items() if d != "geo" or d in self.request.codes}

    def _vanished(self) -> str:
        return structures.vanished(
            self.request.dataset, self._flow, self.service.provider, self.listed, self.declarations
        )

    def _url(self, codes: Codes) -> str:
        return self.service.data_url(self.request.dataset, need.key_of(self.request.dataset, codes))

    def _parts(self, codes: Codes, structure: Structure | None, cut: bool = False) -> Iterator[_Part]:
        """The answers to a request, in as many parts as the provider wants."""
        dataset = self.request.dataset
        try:
            yield self._part(codes, structure is not None, cut)
        except TooLarge as error:
            pieces = need.parts(dataset, codes, structure.codes if structure else {}, self.service.room(dataset))
            if not pieces:
                raise SourceUnavailable(
                    f"{dataset.id}: more than {self.service.provider.name} gives at once "
                    f"({self.service.provider.rows:,} rows), and no dimension is left to cut it by: {error}"
                ) from None
            for piece in pieces:
                yield from self._parts(piece, structure, cut=True)

    def _part(self, codes: Codes, known: bool, cut: bool) -> _Part:
        """The answer to one request, read; asked for again while it cannot be used."""
        url, said = self._url(codes), ""
        for number in range(_TRIES):
            if number:
                self.service.wire.pause(2.0**number, self.deadline)
            body, asked = self._answer(url, codes, known)
            try:
                reading = answers.read(body, self.request.dataset, self.declarations) if body else Reading(None)
            except SourceUnreadable as error:
                said = str(error)
            else:
                held = 0 if reading.extract else self._held(codes)
                if reading.extract or (cut and not held):
                    self.journal.keep(url, body)
                    return _Part(codes, asked, body, reading.extract, reading.notes)
                said = _emptied(held) if held else _NOTHING
            self.journal.forget([url])
        raise SourceUnavailable(f"{shown(url)}: {said.rstrip('.')}.")

    def _answer(self, url: str, codes: Codes, known: bool) -> tuple[bytes, str]:
        """The bytes of an answer, from the journal or the provider; none where nothing fits the key."""
        kept = self.journal.answer(url)
        if kept is not None and not self._outdated(kept):
            return kept, url
        try:
            return self.service.observations(
                self.request.dataset, need.key_of(self.request.dataset, codes), self.deadline
            )
        except Absent as error:
            if known or self._listing:
                return b"", url
            raise SourceChanged(f"{self._vanished()} (The provider: {error})") from None

    def _outdated(self, kept: bytes) -> bool:
        day = answers.day_of(answers.stamp(kept)) if kept else ""
        return not day or bool(self._listing and self._listing.updated > day)

    def _held(self, codes: Codes) -> int:
        """How many observations the store holds for a key."""
        dataset = self.request.dataset
        if not self.store.manifests(dataset.id):
            return 0
        key = need.key_of(dataset, codes)
        return len(self.store.select(dataset.id, key) if key else self.store.read(dataset.id))

    def _of_one_update(self, parts: list[_Part]) -> list[_Part]:
        """Parts that are all of the provider's newest update; older ones are asked for again."""
        for _ in range(_TRIES):
            stamps = {part.stamp for part in parts if part.extract}
            if len(stamps) <= 1:
                return parts
            newest = max(stamps, key=answers.moment)
            self.journal.forget(self._url(part.codes) for part in parts if part.stamp != newest)
            parts = [p if p.stamp == newest else self._part(p.codes, True, len(parts) > 1) for p in parts]
        raise SourceUnavailable(f"{self.request.dataset.id}: updated while it was fetched. Try again later.")


def _emptied(held: int) -> str:
    return (
        f"the answer is empty, but {held:,} observations were there before: refused, not taken for withdrawn. "
        "Try again later"
    )
