"""How bytes come over the wire: politely, within limits, and asked for again when it went wrong.

An answer is given whole or not at all: a dropped connection, a wrong length, a
gzip that is cut, a busy server are asked for again, each time after a longer
wait, as long as the deadline allows. What is too large, or leads elsewhere, is
refused.
"""

from __future__ import annotations

import io
import ipaddress
import random
import re
import threading
import time
import zipfile
import zlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from urllib.parse import SplitResult, urljoin, urlsplit

import httpx
import tenacity

from reporting import __version__
from reporting.errors import SourceUnavailable, SourceUnreadable, UsageError

USER_AGENT = f"reporting/{__version__} (statistical reporting; python-httpx/{httpx.__version__})"

_TRANSIENT = frozenset({408, 425, 429, 500, 502, 503, 504})
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_HOPS = 5
#: Seconds: the longest wait between two tries, of our own choice and as the provider asks.
_LONGEST, _LONGEST_ASKED = 60.0, 300.0
_GZIP, _ZIP = b"\x1f\x8b", b"PK\x03\x04"
#: Data pack 20 to 40 times; a file that unpacks to more than this, beyond the size below, is a trap.
_RATIO, _SMALL = 250, 20_000_000
_CHUNK = 1 << 20


class Again(Exception):
    """A try failed in a way that may pass; ``wait`` is what the provider asks for, in seconds."""

    def __init__(self, why: str, wait: float = 0.0) -> None:
        super().__init__(why)
        self.wait = wait


@dataclass(frozen=True)
class Answer:
    """A whole answer, unpacked; ``sealed`` says that a checksum in it proves it whole."""

    url: str
    status: int
    body: bytes
    sealed: bool


class Wire:
    """A pool of connections to one provider, with its limits and its clocks.

    Parameters
    ----------
    requests : int
        How many requests may run at a time.
    limit : int
        Bytes an answer may hold, packed and unpacked.
    tries : int
        How often a request is sent before it is given up.
    sleep, now : callable
        The clocks; tests give their own.
    """

    def __init__(
        self,
        requests: int,
        limit: int,
        tries: int = 6,
        sleep: Callable[[float], None] | None = None,
        now: Callable[[], float] = time.monotonic,
        timeout: float = 60.0,
    ) -> None:
        self.stop = threading.Event()
        self.limit, self.tries, self.now = limit, tries, now
        self._sleep = sleep or self._rest
        self._turn = threading.BoundedSemaphore(requests)
        self._chance = random.Random()
        self._client = httpx.Client(
            timeout=httpx.Timeout(timeout, connect=min(timeout, 20.0)),
            headers={"User-Agent": USER_AGENT, "Accept-Encoding": "gzip"},
            trust_env=True,
        )

    def _rest(self, seconds: float) -> None:
        self.stop.wait(seconds)

    def close(self) -> None:
        """End every connection; what still runs stops."""
        self.stop.set()
        self._client.close()

    def pause(self, seconds: float, deadline: float) -> None:
        """Wait, unless the deadline comes first.

        Raises
        ------
        SourceUnavailable
            When the wait would pass the deadline, or the program is stopping.
        """
        if self.now() + seconds > deadline:
            raise SourceUnavailable("the time allowed is over. Ask again later, or for less.")
        self._sleep(seconds)
        self._go_on()

    def get(
        self,
        url: str,
        deadline: float,
        accept: str = "*/*",
        sound: Callable[[Answer], None] = lambda answer: None,
        tries: int = 0,
    ) -> Answer:
        """The answer to a request, whatever its status, tried again as often as sensible.

        Parameters
        ----------
        deadline : float
            On the clock ``now``; no wait goes beyond it.
        sound : callable
            Raises :class:`Again` for an answer that is none.

        Raises
        ------
        SourceUnavailable
            When no try succeeded, naming the last reason.
        SourceUnreadable
            When the answer is too large, or a trap.
        """
        retrying = tenacity.Retrying(
            retry=tenacity.retry_if_exception_type(Again),
            stop=lambda state: self._gives_up(state, tries or self.tries, deadline),
            wait=self._wait,
            sleep=self._sleep,
            reraise=True,
        )
        try:
            return retrying(self._try, url, deadline, accept, sound)
        except Again as error:
            raise SourceUnavailable(f"{shown(url)}: {error}. Try again later.") from None

    def _wait(self, state: tenacity.RetryCallState) -> float:
        """Twice as long each time, with jitter; longer when the provider asks for it."""
        error = state.outcome.exception() if state.outcome else None
        asked = min(error.wait, _LONGEST_ASKED) if isinstance(error, Again) else 0.0
        own = min(2.0 ** (state.attempt_number - 1), _LONGEST)
        return max(asked, own * self._chance.uniform(0.5, 1.0))

    def _gives_up(self, state: tenacity.RetryCallState, tries: int, deadline: float) -> bool:
        wait = state.upcoming_sleep
        return self.stop.is_set() or state.attempt_number >= tries or self.now() + wait > deadline

    def _go_on(self) -> None:
        if self.stop.is_set():
            raise SourceUnavailable("interrupted.")

    def _try(self, url: str, deadline: float, accept: str, sound: Callable[[Answer], None]) -> Answer:
        with self._turn:
            answer = self._followed(url, deadline, accept)
        sound(answer)
        return answer

    def _followed(self, url: str, deadline: float, accept: str) -> Answer:
        """The answer at the end of the redirects."""
        at = url
        for _ in range(_HOPS + 1):
            self._go_on()
            answer, onward = self._once(at, deadline, accept)
            if answer:
                return answer
            at = permitted(at, onward)
        raise SourceUnavailable(f"{shown(url)}: redirected without end. Report it to the provider.")

    def _once(self, url: str, deadline: float, accept: str) -> tuple[Answer | None, str]:
        try:
            with self._client.stream("GET", url, headers={"Accept": accept}) as response:
                status = response.status_code
                if status in _REDIRECTS and "location" in response.headers:
                    return None, response.headers["location"]
                if status in _TRANSIENT:
                    raise Again(f"HTTP {status}", retry_after(response.headers.get("retry-after", "")))
                raw = self._bytes(response.iter_raw(_CHUNK), deadline)
        except httpx.TransportError as error:
            self._go_on()
            raise Again(f"the connection failed ({error or type(error).__name__})") from None
        except (httpx.InvalidURL, httpx.UnsupportedProtocol) as error:
            raise UsageError(f"{shown(url)} is no address: {error}.") from None
        except RuntimeError:  # the client was closed while the request waited
            self._go_on()
            raise
        return Answer(url, status, unpacked(raw, self.limit), raw.startswith((_GZIP, _ZIP))), ""

    def _bytes(self, chunks: Iterable[bytes], deadline: float) -> bytes:
        """All bytes of an answer, within the limits of size and time."""
        found = bytearray()
        for chunk in chunks:
            self._go_on()
            found += chunk
            if len(found) > self.limit:
                raise SourceUnreadable(_too_large(self.limit))
            if self.now() > deadline:
                raise SourceUnavailable("the time allowed is over while the answer came in. Ask for less.")
        return bytes(found)


def unpacked(received: bytes, limit: int) -> bytes:
    """An answer without its packing: gzip, also twice, or a ZIP that holds one file.

    Raises
    ------
    Again
        When the packing is cut or damaged.
    SourceUnreadable
        When it unpacks to more than ``limit``, or is a trap.
    """
    for _ in range(3):
        if received.startswith(_GZIP):
            received = _gunzipped(received, limit)
        elif received.startswith(_ZIP):
            received = _unzipped(received, limit)
    return received


def _gunzipped(received: bytes, limit: int) -> bytes:
    found, rest, bound = bytearray(), received, _bound(received, limit)
    while rest.startswith(_GZIP):
        member = zlib.decompressobj(wbits=31)
        while not member.eof:
            try:
                piece = member.decompress(rest, _CHUNK)
            except zlib.error as error:
                raise Again(f"the answer is damaged ({error})") from None
            rest = member.unconsumed_tail
            found += piece
            if len(found) > bound:
                raise SourceUnreadable(_too_large(bound))
            if not piece and not rest and not member.eof:
                raise Again("the answer was cut: its gzip has no end")
        rest = member.unused_data
    if rest.strip(b"\0"):
        raise Again("the answer is damaged: there is more behind the end of its gzip")
    return bytes(found)


def _unzipped(received: bytes, limit: int) -> bytes:
    bound = _bound(received, limit)
    try:
        with zipfile.ZipFile(io.BytesIO(received)) as archive:
            [entry] = [entry for entry in archive.infolist() if not entry.is_dir()]
            with archive.open(entry) as file:
                found = file.read(bound + 1)
    except ValueError:
        raise SourceUnreadable("a ZIP of several files instead of one answer.") from None
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
        raise Again(f"the answer is damaged ({error})") from None
    if len(found) > bound:
        raise SourceUnreadable(_too_large(bound))
    return found


def _bound(received: bytes, limit: int) -> int:
    return min(limit, max(_SMALL, len(received) * _RATIO))


def _too_large(bound: int) -> str:
    return (
        f"the answer is larger than {bound:,} bytes and was refused. "
        "If it is what you want, raise `bytes` in parameters/providers.toml."
    )


def retry_after(text: str) -> float:
    """The seconds a ``Retry-After`` header asks for: a number, or a date; 0 where it says nothing.

    Examples
    --------
    >>> retry_after("12")
    12.0
    """
    if text.strip().isdigit():
        return float(text)
    try:
        when = parsedate_to_datetime(text)
    except ValueError:
        return 0.0
    if when.tzinfo is None:
        when = when.replace(tzinfo=UTC)
    return max(0.0, (when - datetime.now(UTC)).total_seconds())


def permitted(here: str, there: str) -> str:
    """An address a provider sends us to, if it is the provider's own.

    A page of the same host and port is; over https, also one of the same
    registered domain (``ec.europa.eu`` to ``webgate.ec.europa.eu``), and its
    http address is asked over https.

    Raises
    ------
    SourceUnavailable
        For any other.
    """
    refused = SourceUnavailable(f"{shown(here)} leads to {shown(there)}, which is not the provider's: refused.")
    try:
        there = urljoin(here, there)
        a, b = urlsplit(here), urlsplit(there)
        port = b.port
    except ValueError:
        raise refused from None
    if (a.scheme, a.netloc.rpartition("@")[2]) == (b.scheme, b.netloc.rpartition("@")[2]):
        return there
    if a.scheme == "https" and b.scheme in ("http", "https") and port in (None, 80, 443) and _same_domain(a, b):
        return b._replace(scheme="https", netloc=b.hostname or "").geturl()
    raise refused


def _same_domain(a: SplitResult, b: SplitResult) -> bool:
    hosts = [side.hostname or "" for side in (a, b)]
    for host in hosts:
        try:
            ipaddress.ip_address(host)
        except ValueError:
            continue
        return False
    return len({".".join(host.split(".")[-2:]) for host in hosts}) == 1 and all("." in host for host in hosts)


def shown(url: str) -> str:
    """An address as it may be printed and kept: without user name and password."""
    return re.sub(r"(?<=//)[^/?#]*@", "", url)
