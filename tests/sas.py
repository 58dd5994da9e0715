"""A writer of small SAS7BDAT files, for tests: nothing else writes them. Uncompressed, 32 bits, little-endian.

Layout after the description of the format by M. Shotwell ("SAS7BDAT Database Binary Format").
"""

from __future__ import annotations

import struct
from pathlib import Path

import pandas as pd

_MAGIC = bytes(12) + bytes.fromhex("c2ea8160b31411cfbd92080009c7318c181f1011")
_PAGE, _HEADER, _POINTER = 65536, 1024, 12
_UTF8 = 20


def write(frame: pd.DataFrame, path: Path) -> None:
    """Write numbers and short texts as SAS7BDAT."""
    widths = [8 if pd.api.types.is_numeric_dtype(frame[name]) else 16 for name in frame]
    rows = [_row(record, widths) for record in frame.itertuples(index=False)]
    each = (_PAGE - 24) // sum(widths)
    pages = [_page(0, _subheaders(frame, widths, len(rows)))]
    for start in range(0, len(rows), each):
        some = rows[start : start + each]
        pages.append(_page(0x0100, [], b"".join(some), len(some)))
    path.write_bytes(_header(len(pages)) + b"".join(pages))


def _row(record: tuple[object, ...], widths: list[int]) -> bytes:
    cells = zip(record, widths, strict=True)
    return b"".join(
        struct.pack("<d", value) if width == 8 else str(value).encode().ljust(width) for value, width in cells
    )


def _header(pages: int) -> bytes:
    head = bytearray(_HEADER)
    head[: len(_MAGIC)] = _MAGIC
    head[32] = head[35] = 0x22
    head[37], head[39], head[70] = 1, ord("2"), _UTF8
    head[84:92], head[156:160] = b"SAS FILE", b"DATA"
    struct.pack_into("<III", head, 196, _HEADER, _PAGE, pages)
    return bytes(head)


def _page(kind: int, subheaders: list[bytes], data: bytes = b"", rows: int = 0) -> bytes:
    page = bytearray(_PAGE)
    struct.pack_into("<HHH", page, 16, kind, rows or len(subheaders), len(subheaders))
    end = _PAGE
    for position, subheader in enumerate(subheaders):
        end -= len(subheader)
        page[end : end + len(subheader)] = subheader
        struct.pack_into("<IIBB", page, 24 + _POINTER * position, end, len(subheader), 0, 0)
    page[24 : 24 + len(data)] = data
    return bytes(page)


def _subheaders(frame: pd.DataFrame, widths: list[int], rows: int) -> list[bytes]:
    count = len(widths)
    size = bytearray(480)
    struct.pack_into("<I", size, 0, 0xF7F7F7F7)
    struct.pack_into("<II", size, 20, sum(widths), rows)
    struct.pack_into("<II", size, 36, count, 0)
    columns = struct.pack("<III", 0xF6F6F6F6, count, 0)
    names = [str(name).encode() for name in frame]
    text, places = bytearray(64), []
    for name in names:
        places.append((0, len(text), len(name), 0))
        text += name.ljust(-(-len(name) // 4) * 4, b"\0")
    struct.pack_into("<H", text, 0, len(text))
    named = struct.pack("<IQ", 0xFFFFFFFF, 0) + b"".join(struct.pack("<HHHH", *place) for place in places) + bytes(8)
    offsets = [sum(widths[:i]) for i in range(count)]
    attributes = struct.pack("<IQ", 0xFFFFFFFC, 0) + b"".join(
        struct.pack("<IIHBB", offset, width, 0, 1 if width == 8 else 2, 0)
        for offset, width in zip(offsets, widths, strict=True)
    )
    formats = [struct.pack("<I", 0xFFFFFBFE) + bytes(48) for _ in names]
    return [bytes(size), columns, struct.pack("<I", 0xFFFFFFFD) + bytes(text), named, attributes + bytes(8), *formats]
