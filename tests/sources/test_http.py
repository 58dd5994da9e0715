"""How bytes come over the wire: tried again when sensible, refused when not."""

from __future__ import annotations

import gzip
import io
import math
import zipfile

import pytest
from replay import Reply

from reporting import __version__
from reporting.errors import SourceUnavailable, SourceUnreadable, UsageError
from reporting.sources import http

TEXT = b"DATAFLOW,TIME_PERIOD,OBS_VALUE\nx,2024,1\n"


@pytest.fixture
def wire(clock):
    """A wire whose waits take no time."""
    wire = http.Wire(2, 10_000_000, sleep=clock.sleep, now=clock.now, timeout=20)
    yield wire
    wire.close()


@pytest.mark.parametrize("fault", ["500", "502", "503", "504", "drop", "long length", "cut gzip", "short length"])
def test_what_may_pass_is_asked_for_again(fault, replay, wire, clock):
    """After three failures of a kind the fourth try gives the whole answer, later each time."""
    replay.faults = {"/catalogue": [fault] * 3}
    replay.reply = lambda path: Reply(200, gzip.compress(TEXT * 50))
    assert wire.get(f"{replay.url}/catalogue", math.inf).body == TEXT * 50
    assert len(replay.requests) == 4 and len(clock.waits) == 3
    assert all(0.5 * 2**n <= wait <= 2**n for n, wait in enumerate(clock.waits))


def test_a_time_out_is_asked_for_again(replay, clock):
    """An answer that does not come within the time-out is asked for again."""
    wire = http.Wire(2, 10_000_000, sleep=clock.sleep, now=clock.now, timeout=1.0)
    replay.faults = {"/catalogue": ["slow 1.5"]}
    assert b"code" in wire.get(f"{replay.url}/catalogue/toc/txt", math.inf).body
    assert len(replay.requests) == 2


def test_it_gives_up_and_says_why(replay, wire):
    """A server that never recovers is given up after six tries, with the last reason and the address."""
    replay.misbehave = lambda path: "503"
    with pytest.raises(SourceUnavailable, match=r"/catalogue: HTTP 503\. Try again later"):
        wire.get(f"{replay.url}/catalogue", math.inf)
    assert len(replay.requests) == 6


def test_nobody_there_is_a_message(wire):
    """An address where nobody answers is unavailable, not a traceback."""
    with pytest.raises(SourceUnavailable, match="connection failed"):
        wire.get("http://127.0.0.1:9/x", math.inf)


@pytest.mark.parametrize(("fault", "low", "high"), [("429", 7, 7), ("429 date", 35, 41)])
def test_retry_after_is_honoured(fault, low, high, replay, wire, clock):
    """A provider's wish for a pause, in seconds or as a date, is followed."""
    replay.faults = {"/catalogue": [fault]}
    wire.get(f"{replay.url}/catalogue/toc/txt", math.inf)
    assert low <= clock.waits[0] <= high


def test_retry_after_is_capped():
    """A wish for a day, or for what is no time, does not stop the fetch."""
    assert http.retry_after("86400") == 86400 and http.retry_after("soon") == 0
    wire = http.Wire(1, 1)
    state = type("State", (), {"outcome": type("O", (), {"exception": lambda self: http.Again("", 86400)})()})()
    state.attempt_number = 1
    assert wire._wait(state) == 300
    wire.close()


def test_no_wait_goes_beyond_the_deadline(replay, wire, clock):
    """When the next wait would pass the deadline the request is given up at once."""
    replay.misbehave = lambda path: "429"
    with pytest.raises(SourceUnavailable, match="HTTP 429"):
        wire.get(f"{replay.url}/catalogue", deadline=10.0)
    assert clock.time < 10 and len(replay.requests) == 2


def test_who_asks_is_said(replay, wire):
    """The provider sees the name and version of the package."""
    wire.get(f"{replay.url}/catalogue/toc/txt", math.inf)
    assert any(f"reporting/{__version__}" in agent for agent in replay.agents)


@pytest.mark.parametrize(
    "there",
    ["http://example.org/x", "https://127.0.0.1:1/x", "http://127.0.0.1:1/x", "file:///etc/passwd", "//evil.eu/x"],
)
def test_a_way_elsewhere_is_refused(there, replay, wire):
    """A redirect to another host, port or scheme is not followed."""
    replay.faults = {"/catalogue": [f"to {there}"]}
    with pytest.raises(SourceUnavailable, match="not the provider's: refused"):
        wire.get(f"{replay.url}/catalogue", math.inf)
    assert len(replay.requests) == 1


def test_where_a_provider_may_lead():
    """Over https to a host of the same registered domain, and from its http address to https; nowhere else."""
    here = "https://ec.europa.eu/eurostat/api"
    assert http.permitted(here, "https://webgate.ec.europa.eu/x") == "https://webgate.ec.europa.eu/x"
    assert http.permitted(here, "http://ec.europa.eu/file/1") == "https://ec.europa.eu/file/1"
    for there in (
        "https://europa.eu.example.org/x",
        "https://ec.europa.eu:8443/x",
        "ftp://ec.europa.eu/x",
        "https://eu/x",
    ):
        with pytest.raises(SourceUnavailable):
            http.permitted(here, there)


def test_a_redirect_without_end_is_given_up(replay, wire):
    """A server that leads in a circle is not followed for ever."""
    replay.misbehave = lambda path: "redirect"
    with pytest.raises(SourceUnavailable, match="without end"):
        wire.get(f"{replay.url}/catalogue", math.inf)


def test_a_bomb_is_refused():
    """A small file that unpacks to very much is refused, whatever the limit; so is a ZIP of that kind."""
    bomb = gzip.compress(b"0" * 60_000_000)
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("x", b"0" * 60_000_000)
    for packed in (bomb, target.getvalue(), gzip.compress(bomb)):
        with pytest.raises(SourceUnreadable, match="larger than"):
            http.unpacked(packed, 10**10)


def test_the_size_limit_holds_packed_and_unpacked(replay, clock):
    """An answer beyond the limit is refused and not asked for again."""
    for body in (b"0" * 3000, gzip.compress(b"0" * 3000)):
        wire = http.Wire(1, 2000, sleep=clock.sleep, now=clock.now)
        replay.reply = lambda path, body=body: Reply(200, body)
        replay.requests.clear()
        with pytest.raises(SourceUnreadable, match="larger than 2,000 bytes.*providers.toml"):
            wire.get(f"{replay.url}/catalogue", math.inf)
        assert len(replay.requests) == 1
        wire.close()


def test_packing_is_undone():
    """Several gzip members, gzip in gzip and a ZIP of one file give the content; a ZIP of two is refused."""
    assert http.unpacked(gzip.compress(TEXT) + gzip.compress(TEXT), 10**6) == TEXT * 2
    assert http.unpacked(gzip.compress(gzip.compress(TEXT)), 10**6) == TEXT
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        archive.writestr("a", TEXT)
    assert http.unpacked(target.getvalue(), 10**6) == TEXT
    with zipfile.ZipFile(target, "a") as archive:
        archive.writestr("b", TEXT)
    with pytest.raises(SourceUnreadable, match="several files"):
        http.unpacked(target.getvalue(), 10**6)


@pytest.mark.parametrize("cut", range(0, 40, 7))
def test_any_cut_of_a_gzip_is_noticed(cut):
    """A gzip cut anywhere after its first bytes, or with something behind it, is never taken for whole."""
    packed = gzip.compress(TEXT)
    for damaged in (packed[: -1 - cut], packed + b"more"):
        with pytest.raises(http.Again):
            http.unpacked(damaged, 10**6)


def test_a_password_is_not_shown():
    """Addresses in messages and manifests carry no user name and password."""
    assert http.shown("https://me:secret@mirror.example/x?y=1") == "https://mirror.example/x?y=1"


def test_what_is_no_address_is_wrong_use(wire):
    """An address that cannot be one is the user's to correct."""
    with pytest.raises(UsageError):
        wire.get("http://[::bad/x", math.inf)
