"""Compressed files are opened up to a limit, and refused beyond it."""

from __future__ import annotations

import gzip
import io
import random
import zipfile

import pytest

from reporting.errors import SourceUnreadable
from reporting.sources import compressed

ZEROS = bytes(3_000_000)


def zipped(*members: bytes) -> bytes:
    """A zip file."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for number, content in enumerate(members):
            archive.writestr(f"{number}.xml", content)
    return out.getvalue()


@pytest.mark.parametrize("packed", [gzip.compress(ZEROS), zipped(ZEROS), zipped(*[ZEROS[:1_000_000]] * 3)])
def test_a_bomb_is_refused(packed: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is small packed and beyond the limit unpacked is not opened, as gzip, as zip or as a workbook."""
    monkeypatch.setattr(compressed, "LIMIT", 3_000_000)
    assert compressed.opened(packed)
    monkeypatch.setattr(compressed, "LIMIT", 2_999_999)
    with pytest.raises(SourceUnreadable, match="would be larger"):
        compressed.opened(packed)


def test_a_gzip_bomb_is_not_unpacked_to_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """The stream is given up at the limit: nothing near its whole size is ever held."""
    import tracemalloc

    bomb = gzip.compress(bytes(64 << 20))
    monkeypatch.setattr(compressed, "LIMIT", 1 << 20)
    tracemalloc.start()
    with pytest.raises(SourceUnreadable):
        compressed.opened(bomb)
    assert tracemalloc.get_traced_memory()[1] < 16 << 20
    tracemalloc.stop()


def test_a_member_that_lies_about_its_size_is_refused() -> None:
    """A directory entry smaller than its member does not let the rest through."""
    packed = zipped(ZEROS)
    true, false = (size.to_bytes(4, "little") for size in (len(ZEROS), 10))
    with pytest.raises(SourceUnreadable, match="not a whole zip"):
        compressed.opened(packed.replace(true, false))


@pytest.mark.parametrize("cut", [5, 30, 200, -1])
def test_a_cut_file_is_refused(cut: int) -> None:
    """A gzip or zip file that was cut anywhere is refused."""
    content = random.Random(1).randbytes(1000)
    for packed in (gzip.compress(content), zipped(content)):
        with pytest.raises(SourceUnreadable, match="not a whole"):
            compressed.opened(packed[:cut])


def test_one_member_is_opened_and_many_are_left() -> None:
    """The one file in a zip is its content; one of many, as in a workbook, is not chosen."""
    assert compressed.opened(zipped(b"<a/>")) == b"<a/>"
    assert compressed.opened(gzip.compress(zipped(b"<a/>"))) == b"<a/>"
    many = zipped(b"<a/>", b"<b/>")
    assert compressed.opened(many) == many
