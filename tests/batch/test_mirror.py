"""Results behind a URL: only what differs travels, and nothing that was made is lost."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from reporting.batch import mirror
from reporting.batch.mirror import mirrored
from reporting.errors import OutputFailed, SourceUnavailable

fsspec = pytest.importorskip("fsspec")


@pytest.fixture
def bucket(tmp_path, monkeypatch):
    """A URL, and a way to stand at one machine or another."""
    monkeypatch.setattr(mirror, "_PATIENCE", 0.2)

    class Bucket:
        url, place = f"file://{tmp_path}/bucket", tmp_path / "bucket"

        def at(self, machine):
            monkeypatch.setenv("REPORTING_CACHE", str(tmp_path / machine))

        def names(self):
            found = {p.relative_to(self.place).as_posix() for p in self.place.rglob("*") if p.is_file()}
            return found - {"index.json"}

    found = Bucket()
    found.at("one")
    return found


def write(folder: Path, **files: str) -> None:
    """Write files."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / name).write_text(text)


def test_what_one_machine_made_another_has(bucket):
    """Files and their changes and removals arrive; locks and half-written folders stay at home."""
    with mirrored(bucket.url) as copy:
        write(copy / "runs", a="1", b="2")
        write(copy / "runs" / "c.part", half="x")
        write(copy / "runs", **{"be.lock": ""})
    assert bucket.names() == {"runs/a", "runs/b"}
    bucket.at("two")
    with mirrored(bucket.url) as copy:
        assert (copy / "runs" / "a").read_text() == "1"
        write(copy / "runs", a="changed")
        (copy / "runs" / "b").unlink()
    bucket.at("one")
    with mirrored(bucket.url) as copy:
        assert (copy / "runs" / "a").read_text() == "changed"
        assert not (copy / "runs" / "b").exists()
    assert bucket.names() == {"runs/a"}


def test_nothing_changed_nothing_travels(bucket, monkeypatch):
    """A second time neither a file nor the index is sent or brought."""
    with mirrored(bucket.url) as copy:
        write(copy, a="1")
    before = {p: p.stat().st_mtime_ns for p in bucket.place.rglob("*") if p.is_file()}
    monkeypatch.setattr(mirror, "_get", lambda *_: pytest.fail("a file was brought"))
    with mirrored(bucket.url):
        pass
    assert {p: p.stat().st_mtime_ns for p in bucket.place.rglob("*") if p.is_file()} == before


def test_what_was_finished_but_not_sent_stays(bucket, monkeypatch):
    """A machine that stops before it sends has its results the next time, and sends them then."""
    with mirrored(bucket.url) as copy:
        write(copy, a="1")
    with monkeypatch.context() as patch:
        patch.setattr(mirror, "_push", lambda *_: None)
        with mirrored(bucket.url) as copy:
            write(copy, a="2", new="3")
    with mirrored(bucket.url) as copy:
        assert ((copy / "a").read_text(), (copy / "new").read_text()) == ("2", "3")
    assert (bucket.place / "a").read_text() == "2" and bucket.names() == {"a", "new"}


def test_two_machines_at_the_same_time(bucket):
    """What another one sent meanwhile stays, and arrives the next time."""
    with mirrored(bucket.url) as first:
        write(first, a="1")
        bucket.at("two")
        with mirrored(bucket.url) as second:
            write(second, b="2")
        bucket.at("one")
    assert bucket.names() == {"a", "b"}
    assert set(json.loads((bucket.place / "index.json").read_text())) == {"a", "b"}
    with mirrored(bucket.url) as first:
        assert (first / "b").read_text() == "2"


def test_an_interrupted_build_sends_what_it_finished(bucket):
    """Ctrl-C in the middle: what lies there is sent."""
    with pytest.raises(KeyboardInterrupt), mirrored(bucket.url) as copy:
        write(copy, a="1")
        raise KeyboardInterrupt
    assert bucket.names() == {"a"}


def test_files_that_are_gone_behind_the_url_are_made_again(bucket):
    """A file that the index names and that is not there is no fault: the next build makes it again."""
    with mirrored(bucket.url) as copy:
        write(copy, a="1", b="2")
    (bucket.place / "a").unlink()
    bucket.at("two")
    with mirrored(bucket.url) as copy:
        assert sorted(p.name for p in copy.iterdir() if not p.name.startswith(".")) == ["b"]
        write(copy, a="1")
    assert bucket.names() == {"a", "b"}


def test_looking_only_writes_nothing(bucket):
    """Without sending, nothing is made behind the URL."""
    with mirrored(bucket.url, send=False) as copy:
        write(copy, a="1")
    assert not bucket.place.exists()


def test_a_damaged_index_is_named(bucket):
    """It is told which file, and what to do; nothing is overwritten."""
    with mirrored(bucket.url) as copy:
        write(copy, a="1")
    (bucket.place / "index.json").write_text("[")
    with pytest.raises(SourceUnavailable, match=r"index.json: damaged. Remove it"), mirrored(bucket.url):
        pytest.fail("it was opened")
    assert bucket.names() == {"a"}


def test_another_that_keeps_writing_is_told(bucket):
    """After a while of waiting."""
    remote = mirror.Remote(bucket.url)
    with remote.lock(), pytest.raises(OutputFailed, match="Another process is writing"), mirrored(bucket.url):
        pytest.fail("it was opened")
