"""Where two files of one kind first differ in what they hold.

Tables are compared cell by cell and numbers within a tolerance; pages and PDF by
the text a person reads; anything else line by line.
"""

from __future__ import annotations

import csv
import json
import math
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import pandas as pd
from lxml import etree, html
from pypdf import PdfReader
from pypdf.errors import PdfReadError

from reporting.errors import SourceUnreadable

#: A place in a file and what stands there.
_Piece = tuple[str, str]
_NUMBER = re.compile(r"(-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?)")
_NOTHING = "(nothing)"


@dataclass(frozen=True)
class Difference:
    """The first difference: where, and what either file holds there."""

    where: str
    recorded: str
    rebuilt: str


def first(recorded: Path, rebuilt: Path, tolerance: float) -> Difference | None:
    """The first difference in content; None when there is none beyond the tolerance.

    Parameters
    ----------
    recorded, rebuilt : Path
        Two files of the same kind.
    tolerance : float
        Relative; for numbers in tables, notebooks and drawings. Numbers in
        texts must be the same.

    Raises
    ------
    SourceUnreadable
        When a file is not of the kind its name says.
    """
    read, exact = _KINDS.get(recorded.suffix, (_lines, True))
    nothing = ("", _NOTHING)
    for old, new in zip_longest(_pieces(read, recorded), _pieces(read, rebuilt), fillvalue=nothing):
        if old[1] != new[1] and (exact or not _close(old[1], new[1], tolerance)):
            return Difference(old[0] or new[0], old[1], new[1])
    return None


def _pieces(read: Callable[[Path], Iterator[_Piece]], path: Path) -> Iterator[_Piece]:
    try:
        yield from read(path)
    except (OSError, ValueError, KeyError, csv.Error, etree.LxmlError, PdfReadError, BadZipFile) as error:
        raise SourceUnreadable(f"{path}: cannot be compared: {error}") from None


def _close(old: str, new: str, tolerance: float) -> bool:
    try:
        return math.isclose(float(old), float(new), rel_tol=tolerance)
    except ValueError:
        return False


def _lines(path: Path) -> Iterator[_Piece]:
    text = path.read_text(encoding="utf-8", errors="replace")
    return ((f"line {number}", line) for number, line in enumerate(text.splitlines(), start=1))


def _csv(path: Path) -> Iterator[_Piece]:
    with path.open(encoding="utf-8", newline="") as file:
        rows = csv.reader(file)
        heads = next(rows, [])
        yield from ((f"head {number}", head) for number, head in enumerate(heads, start=1))
        for row in rows:
            for head, cell in zip_longest(heads, row, fillvalue=""):
                yield f"line {rows.line_num}, {head}", cell


def _workbook(path: Path) -> Iterator[_Piece]:
    sheets = pd.read_excel(path, sheet_name=None, header=None, dtype=object, keep_default_na=False)
    for name, frame in sheets.items():
        for row, cells in enumerate(frame.itertuples(index=False), start=1):
            for column, cell in enumerate(cells, start=1):
                yield f"sheet {name}, row {row}, column {column}", str(cell)


def _json(path: Path) -> Iterator[_Piece]:
    return _leaves(json.loads(path.read_text(encoding="utf-8")), "")


def _leaves(value: Any, place: str) -> Iterator[_Piece]:
    """The values inside, each with its place; texts line by line."""
    if isinstance(value, dict):
        for name, item in value.items():
            yield from _leaves(item, f"{place}/{name}")
    elif isinstance(value, list):
        for number, item in enumerate(value, start=1):
            yield from _leaves(item, f"{place}/{number}")
    elif isinstance(value, str):
        yield from ((place, line) for line in value.splitlines() or [""])
    else:
        yield place, json.dumps(value)


def _page(path: Path) -> Iterator[_Piece]:
    text = html.fromstring(path.read_bytes()).text_content()
    lines = (" ".join(line.split()) for line in text.splitlines())
    return ((f"text line {number}", line) for number, line in enumerate(filter(None, lines), start=1))


def _pdf(path: Path) -> Iterator[_Piece]:
    for page, content in enumerate(PdfReader(path).pages, start=1):
        for line, text in enumerate(content.extract_text().splitlines(), start=1):
            yield f"page {page}, line {line}", text


def _drawing(path: Path) -> Iterator[_Piece]:
    for place, line in _lines(path):
        yield from ((place, part) for part in _NUMBER.split(line))


#: How a kind of file is read, and whether its numbers must be the same.
_KINDS: dict[str, tuple[Callable[[Path], Iterator[_Piece]], bool]] = {
    ".csv": (_csv, False),
    ".xlsx": (_workbook, False),
    ".json": (_json, False),
    ".ipynb": (_json, False),
    ".svg": (_drawing, False),
    ".html": (_page, True),
    ".pdf": (_pdf, True),
}
