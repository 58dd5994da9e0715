"""A provider's service: its addresses, its table of contents, and how it hands data over.

An answer may come at once, be queued, or be too large; here is decided which,
and a queued one is waited for. What comes out is the answer itself.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from urllib.parse import quote

from reporting.declarations import Dataset, Provider
from reporting.errors import SourceChanged, SourceUnavailable, SourceUnreadable
from reporting.sources import envelopes
from reporting.sources.envelopes import Envelope
from reporting.sources.http import Again, Answer, Wire, permitted, shown

#: Seconds between questions after a queued answer, growing up to the last.
_POLLS = (1.0, 2.0, 5.0, 10.0, 20.0, 30.0)
#: How long an address may be; providers and what lies between cut longer ones.
_LONGEST_URL = 2000
_CSV = "application/vnd.sdmx.data+csv;version=1.0.0, text/csv;q=0.8, */*;q=0.5"
_XML = "application/vnd.sdmx.structurespecificdata+xml;version=2.1"
_TOC_DAY = re.compile(r"(\d{2})\.(\d{2})\.(\d{4})|(\d{4})-(\d{2})-(\d{2})")
_BARRED = (401, 403)
_NO_SUCH_FORMAT = (406, 415, 501)


class TooLarge(Exception):
    """The provider gives less at a time: ask in parts."""


class Absent(Exception):
    """The provider does not know what was asked for, or has nothing that fits."""


class _Expired(Exception):
    """A queued answer is gone before it was fetched."""


@dataclass(frozen=True)
class Listing:
    """What the table of contents says of a dataset; days are ISO, empty where it says nothing."""

    code: str
    title: str
    updated: str
    restructured: str


@dataclass(frozen=True)
class Service:
    """A provider at an address; asks over one wire."""

    provider: Provider
    base: str
    wire: Wire

    def flow(self, dataset: Dataset) -> str:
        """The provider's own name for a dataset."""
        return dataset.flow or dataset.id

    def toc_url(self) -> str:
        """Where the table of contents is; empty where the provider has none."""
        return f"{self.base}/catalogue/toc/txt?lang=en" if self.provider.protocol == "dissemination" else ""

    def structure_url(self, dataset: Dataset) -> str:
        """Where the structure of a dataset is, with its code lists."""
        flow = self.flow(dataset)
        if self.provider.protocol == "dissemination":
            return f"{self.base}/sdmx/2.1/dataflow/{self.provider.agency}/{flow.upper()}/latest?references=descendants"
        agency, name, version = self._parts(flow)
        return f"{self.base}/dataflow/{agency}/{quote(name)}/{version or 'latest'}?references=descendants"

    def data_url(self, dataset: Dataset, key: str, form: str = "") -> str:
        """Where the observations of a key are; an empty key is the whole dataset."""
        flow, form = self.flow(dataset), form or self.provider.format
        path = quote(key, safe="+.")
        if self.provider.protocol == "dissemination":
            asked = "SDMX-CSV" if form == "csv" else "structurespecificdata_2.1"
            return f"{self.base}/sdmx/2.1/data/{flow}{f'/{path}' if path else ''}?format={asked}&compressed=true"
        reference = ",".join(self._parts(flow)).rstrip(",")
        asked = "dimensionAtObservation=AllDimensions" + ("&format=csvfile" if form == "csv" else "")
        return f"{self.base}/data/{quote(reference, safe=',@')}/{path or 'all'}?{asked}"

    def room(self, dataset: Dataset) -> int:
        """How long a key may be."""
        return _LONGEST_URL - len(self.data_url(dataset, "")) - 1

    def _parts(self, flow: str) -> tuple[str, str, str]:
        """Agency, id and version of a flow; the agency is the provider's where the flow names none."""
        parts = flow.split(",")
        agency, name, *version = parts if len(parts) > 1 else [self.provider.agency, *parts]
        return agency, name, version[0] if version else ""

    def contents(self, deadline: float, tries: int = 0) -> dict[str, Listing]:
        """The table of contents, by dataset code in lower case; empty where there is none.

        Raises
        ------
        SourceUnavailable, SourceUnreadable
            When it cannot be had, or is none.
        """
        if not (url := self.toc_url()):
            return {}
        answer = self.wire.get(url, deadline, "text/plain, */*", _no_page, tries)
        _refuse(envelopes.opened(answer.body, answer.status), url)
        return {listing.code: listing for listing in _listings(answer.body, url)}

    def structure(self, dataset: Dataset, deadline: float) -> bytes:
        """The structure message of a dataset.

        Raises
        ------
        Absent
            When the provider does not know the dataset.
        """
        url = self.structure_url(dataset)
        answer = self.wire.get(url, deadline, "application/vnd.sdmx.structure+xml;version=2.1, */*;q=0.5", _no_page)
        return self._delivered(answer, url, deadline)

    def observations(self, dataset: Dataset, key: str, deadline: float) -> tuple[bytes, str]:
        """The observations of a key as the provider wrote them, and the address asked.

        Raises
        ------
        Absent
            When the provider does not know the dataset, or has nothing for the key.
        TooLarge
            When it gives less at a time.
        SourceUnavailable, SourceChanged, SourceUnreadable
            When there is no answer, or the request is refused.
        """
        url = self.data_url(dataset, key)
        accept = _CSV if self.provider.format == "csv" else _XML
        answer = self.wire.get(url, deadline, accept, _no_page)
        if answer.status in _NO_SUCH_FORMAT and self.provider.format == "csv":
            url, accept = self.data_url(dataset, key, "xml"), _XML
            answer = self.wire.get(url, deadline, accept, _no_page)
        for _ in range(2):
            try:
                return self._delivered(self._confirmed(answer, url, deadline, accept), url, deadline), url
            except _Expired:
                answer = self.wire.get(url, deadline, accept, _no_page)
        raise SourceUnavailable(
            f"{shown(url)}: the queued answer expired twice before it was fetched. Try again later."
        )

    def _confirmed(self, answer: Answer, url: str, deadline: float, accept: str) -> Answer:
        """An answer that may have lost its end without a trace is asked for a second time."""
        if answer.sealed or answer.body.rstrip(b" ")[-1:] in (b"\n", b">", b"}", b"]"):
            return answer
        second = self.wire.get(url, deadline, accept, _no_page)
        if second.body != answer.body and not second.body.endswith(b"\n"):
            raise SourceUnavailable(f"{shown(url)}: two answers to one request differ: they are cut. Try again later.")
        return second

    def _delivered(self, answer: Answer, url: str, deadline: float) -> bytes:
        """The answer itself, waited for where it was queued."""
        found = envelopes.opened(answer.body, answer.status)
        if found.kind == "queued":
            body = self._awaited(found, answer.url, deadline)
            found, answer = envelopes.opened(body), replace(answer, body=body)
            if found.kind == "queued":
                raise SourceUnavailable(f"{shown(url)}: queued without end. Try again later, or ask for less.")
        _refuse(found, url)
        return answer.body

    def _awaited(self, queued: Envelope, asked: str, deadline: float) -> bytes:
        """The answer behind a key or a link, when it is there."""
        if queued.link:
            return self._linked(permitted(asked, queued.link), deadline)
        status = f"{self.base}/1.0/async/status/{queued.key}"
        for wait in _waits():
            answer = self.wire.get(status, deadline, sound=_a_state)
            match envelopes.state(answer.body):
                case "AVAILABLE":
                    break
                case "EXPIRED" | "UNKNOWN_REQUEST":
                    raise _Expired
                case "" if answer.status in (404, 410):
                    raise _Expired
                case "FAILED" | "ERROR":
                    raise SourceUnavailable(
                        f"{shown(asked)}: the provider failed to prepare the answer. Try again later."
                    )
            self.wire.pause(wait, deadline)
        answer = self.wire.get(f"{self.base}/1.0/async/data/{queued.key}", deadline, sound=_no_page)
        if answer.status in (404, 410) or envelopes.state(answer.body) in ("EXPIRED", "UNKNOWN_REQUEST"):
            raise _Expired
        return answer.body

    def _linked(self, link: str, deadline: float) -> bytes:
        waits = _waits()
        while True:  # until the deadline
            self.wire.pause(next(waits), deadline)
            answer = self.wire.get(link, deadline)
            if answer.status == 200 and envelopes.opened(answer.body).kind == "ready":
                return answer.body


def _waits() -> Iterator[float]:
    yield from _POLLS
    while True:
        yield _POLLS[-1]


def _no_page(answer: Answer) -> None:
    """Refuse an answer that is none but may be one later."""
    found = envelopes.opened(answer.body, answer.status)
    if found.kind == "later":
        raise Again(f"the provider answered {found.said!r}: it may be overloaded")


def _a_state(answer: Answer) -> None:
    """Refuse an answer that tells no state, unless it says that there is none."""
    if not envelopes.state(answer.body):
        _no_page(answer)


def _refuse(found: Envelope, url: str) -> None:
    match found.kind:
        case "absent":
            raise Absent(found.said)
        case "large":
            raise TooLarge(found.said)
        case "refused" if any(f"HTTP {status}" in found.said for status in _BARRED):
            raise SourceUnavailable(f"{shown(url)}: access refused ({found.said}). Check the address and your rights.")
        case "refused":
            raise SourceChanged(
                f"{shown(url)}: the provider refuses the request: {found.said}. "
                "A code or dimension may have moved: compare parameters/ with the provider's code lists."
            )
        case "later" | "queued":
            raise SourceUnavailable(f"{shown(url)}: {found.said}. Try again later.")


def _listings(body: bytes, url: str) -> Iterator[Listing]:
    rows = _rows(body, url)
    heads = {head.strip().lower(): at for at, head in enumerate(next(rows, []))}
    if "code" not in heads:
        raise SourceUnreadable(f"{shown(url)}: not a table of contents: it has no column for the code.")
    names = ("title", "code", "type", "last update of data", "last table structure change")
    for row in rows:
        title, code, kind, updated, restructured = (_cell(row, heads.get(name)) for name in names)
        if code and kind.lower() != "folder":
            yield Listing(code.lower(), title, toc_day(updated), toc_day(restructured))


def _rows(body: bytes, url: str) -> Iterator[list[str]]:
    try:
        yield from csv.reader(body.decode("utf-8-sig", "replace").splitlines(), delimiter="\t")
    except csv.Error as error:
        raise SourceUnreadable(f"{shown(url)}: not a table of contents ({error}).") from None


def _cell(row: list[str], at: int | None) -> str:
    return row[at].strip() if at is not None and at < len(row) else ""


def toc_day(text: str) -> str:
    """A day of the table of contents as ISO; empty where there is none.

    Examples
    --------
    >>> toc_day("30.10.2025")
    '2025-10-30'
    """
    found = _TOC_DAY.search(text)
    if found is None:
        return ""
    return f"{found[3]}-{found[2]}-{found[1]}" if found[1] else f"{found[4]}-{found[5]}-{found[6]}"
