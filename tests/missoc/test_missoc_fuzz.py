"""Mutated files: the importer neither fails nor hangs, whatever it is given (MISSOC_FUZZ: how many)."""

from __future__ import annotations

import io
import os
import random
import time
import unicodedata
from pathlib import Path

import openpyxl

from reporting.declarations import Declarations
from reporting.errors import ReportingError
from reporting.missoc import intake
from reporting.missoc.intake import Given

COUNT = int(os.environ.get("MISSOC_FUZZ", "300"))
_PIECES = [
    b"<table>", b"</table>", b"<tr><td>", b"</td>",
    b"<td rowspan=999999999 colspan=999999999>", b"<script>", b"</script>",
    b"<!--", b"<![CDATA[", b"]]>", b"&#0;", b"&#xD800;", b"<?xml encoding='utf-7'?>", b"\0", b"\xff\xfe",
    b"\xef\xbb\xbf",
    b"<th>Belgium</th>", b"Table VI", b'"', b";" * 50, b"\n" * 50, b"<div>" * 400, b"<table><tr><td>" * 60,
    b"(" * 300, b"1.2.3.4,5" * 100, b"EUR 1 000 " * 100, b"<style>", b"<h2>X-1</h2>", b"\x1b[31m", b"<svg><p>",
]  # fmt: skip


def mutated(content: bytes, rng: random.Random) -> bytes:
    """A file with one to six faults."""
    raw = bytearray(content)
    for _ in range(rng.randint(1, 6)):
        at, size = rng.randrange(len(raw) + 1), rng.randint(1, 400)
        match rng.randrange(6):
            case 0:
                raw = raw[:at]
            case 1:
                raw[at:at] = rng.choice(_PIECES)
            case 2:
                del raw[at : at + size]
            case 3:
                raw[at:at] = raw[at : at + size] * rng.randint(1, 5)
            case 4:
                raw[at : at + 8] = rng.randbytes(8)
            case _:
                other = rng.randrange(len(raw) + 1)
                raw[at:at] = raw[other : other + size]
    return bytes(raw)


def _workbook(path: Path) -> bytes:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for line in path.read_text(encoding="utf-8").splitlines()[:20]:
        sheet.append(line.split(";"))
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


def test_mutated_files(known: Declarations, samples: list[Path]) -> None:
    """Each mutated file gives cells, doubts or one of our errors, within two seconds."""
    rng = random.Random(7)
    table = next(path for path in samples if path.suffix == ".csv")
    whole = [(path.name, path.read_bytes()) for path in samples] + [("export.xlsx", _workbook(table))]
    slow, placed = [], 0
    for number in range(COUNT):
        name, content = whole[number % len(whole)]
        given = mutated(content, rng)
        start = time.perf_counter()
        try:
            reading = intake.understood(given, name, known.missoc, Given("2026-01-01"))
            placed += bool(reading.cells)
            assert reading.cells or reading.doubts
            assert not any(unicodedata.category(c) == "Cc" and c != "\n" for cell in reading.cells for c in cell.text)
        except ReportingError:
            pass
        if time.perf_counter() - start > 2:
            slow.append(number)
    assert not slow
    assert placed > COUNT / 3
