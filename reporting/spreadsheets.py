"""Workbooks that others filled in: guarded before anything is unpacked, then read with formulas, notes and errors.

Cells are read from the sheets' XML by lxml, because a rule may need the value a
formula had, its text, the note and the error of one cell, for hundreds of
thousands of them; openpyxl gives them in two readings that take five times as long
(``tests/bench/questionnaire.py``).
"""

from __future__ import annotations

import contextlib
import gc
import math
import posixpath
import re
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from lxml import etree

from reporting.errors import SourceUnreadable, UsageError
from reporting.findings import CellFinding
from reporting.sums import Sums, column_of, place_of

#: The largest file that is opened, and what it may hold when unpacked, in bytes.
LARGEST, UNPACKED = 100_000_000, 100_000_000
_PARTS = 5_000
_MEGA = 1_000_000
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_BROKEN = (
    zipfile.BadZipFile, zlib.error, EOFError, LookupError, ValueError, OSError, NotImplementedError, RuntimeError,
    OverflowError, AttributeError, TypeError,
)  # fmt: skip
_PARSER = etree.XMLParser(
    resolve_entities=False, no_network=True, remove_blank_text=True, remove_comments=True, remove_pis=True
)
_EXTERNAL = re.compile(r"\[(\d+)\]")
_THREADED = re.compile(r"^\[Threaded comment\].*?Comment:\s*", re.S)


class Cell(NamedTuple):
    """One cell: the value it shows, the formula behind it, the note on it, the error in it.

    The value of a formula is the one the spreadsheet last computed. Where a formula
    is shared with a neighbour, which holds its text, it is given as ``=…``.
    """

    value: str | float | bool | None
    formula: str = ""
    note: str = ""
    error: str = ""


@dataclass(frozen=True)
class Sheet:
    """One sheet: its cells by row and column, both counted from 1."""

    name: str
    cells: dict[tuple[int, int], Cell]
    hidden: bool = False

    def value(self, row: int, column: int) -> str | float | bool | None:
        """What a cell shows; None where it is empty."""
        cell = self.cells.get((row, column))
        return cell.value if cell else None

    def text(self, row: int, column: int) -> str:
        """What a cell shows, as text: whole numbers without a point, spaces collapsed."""
        return as_text(self.value(row, column))

    @property
    def rows(self) -> int:
        """The last row that holds anything."""
        return max((row for row, _ in self.cells), default=0)

    @property
    def columns(self) -> int:
        """The last column that holds anything."""
        return max((column for _, column in self.cells), default=0)


def as_text(value: str | float | bool | None) -> str:
    """A value as text: ``1131111`` for 1131111.0, spaces collapsed, empty for nothing."""
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else repr(value)
    return "" if value is None else " ".join(str(value).split())


def address(row: int, column: int) -> str:
    """The name of a cell: ``D17`` for row 17, column 4."""
    return f"{letters(column)}{row}"


def letters(column: int) -> str:
    """The name of a column: ``AB`` for 28."""
    name = ""
    while column:
        column, rest = divmod(column - 1, 26)
        name = chr(65 + rest) + name
    return name


@contextlib.contextmanager
def uncollected() -> Iterator[None]:
    """Within, Python does not look for garbage, which it would among each thousand new cells, and find none."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


def opened(path: Path, findings: list[CellFinding]) -> list[Sheet]:
    """The sheets of a workbook (.xlsx, .xlsm), hidden ones too.

    Findings are added for macros (``Q01``), links to other files (``Q02``), errors in
    cells (``Q03``) and formulas whose value was never computed (``Q04``).

    Raises
    ------
    UsageError
        When there is no such file.
    SourceUnreadable
        When it is protected by a password, of another kind, too large, or broken.
    """
    with _guarded(path) as archive, uncollected():
        try:
            book = _Book(archive)
            sheets = [book.sheet(name, part, hidden) for name, part, hidden in book.listed()]
            links = book.links()
        except (*_BROKEN, etree.LxmlError) as error:
            raise SourceUnreadable(
                f"{path.name}: not a whole workbook ({error}). Open it in a spreadsheet program and save it again."
            ) from None
        findings += _warned(path.name, archive, sheets, links)
    return [_computed(path.name, sheet, findings) for sheet in sheets]


def _guarded(path: Path) -> zipfile.ZipFile:
    """The archive behind a workbook, when nothing speaks against opening it."""
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            start = file.read(len(_OLE))
            if start == _OLE and size < LARGEST:
                file.seek(0)
                raise SourceUnreadable(f"{path.name}: {_old(file.read())}")
    except (FileNotFoundError, IsADirectoryError):
        raise UsageError(f"{path}: there is no such file.") from None
    except OSError as error:
        raise SourceUnreadable(f"{path}: cannot be read: {error.strerror}.") from None
    if size >= LARGEST:
        raise SourceUnreadable(
            f"{path.name}: {size / _MEGA:.0f} MB; a questionnaire has less than {LARGEST / _MEGA:.0f} MB. "
            "Delete pictures, other sheets and formatted empty rows, and save it again."
        )
    try:
        archive = zipfile.ZipFile(path)
    except _BROKEN:
        raise SourceUnreadable(
            f"{path.name}: not a workbook, or cut off. Get the file again, or save it as .xlsx."
        ) from None
    _measured(path.name, archive)
    return archive


def _old(content: bytes) -> str:
    if "EncryptedPackage".encode("utf-16-le") in content:
        return "protected by a password. Open it, remove the password (File, Info, Protect Workbook) and save it again."
    return "a workbook of the old kind (.xls). Open it and save it as .xlsx."


def _measured(name: str, archive: zipfile.ZipFile) -> None:
    parts = archive.infolist()
    if any(part.flag_bits & 1 for part in parts):
        raise SourceUnreadable(f"{name}: parts of it are protected by a password. Save it without one.")
    size = sum(part.file_size for part in parts)
    if size >= UNPACKED or len(parts) > _PARTS:
        raise SourceUnreadable(
            f"{name}: unpacks to {size / _MEGA:.0f} MB in {len(parts)} parts; {UNPACKED / _MEGA:.0f} MB in "
            f"{_PARTS} parts are read at most. Delete formatted empty rows and other sheets, and save it again."
        )
    if "xl/workbook.bin" in archive.namelist():
        raise SourceUnreadable(f"{name}: a binary workbook (.xlsb). Open it and save it as .xlsx.")
    if not any(part.startswith("xl/") for part in archive.namelist()):
        raise SourceUnreadable(f"{name}: not an Excel workbook. Open it and save it as .xlsx.")


class _Book:
    """A workbook's archive, with the texts that its sheets share."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self.archive = archive
        self.root = next(iter(self._related("", "officeDocument").values()), "xl/workbook.xml")
        shared = self._related(self.root, "sharedStrings")
        self.texts = [_joined(entry) for part in shared.values() for entry in self._tree(part)]

    def listed(self) -> Iterator[tuple[str, str, bool]]:
        """Name, part and whether it is hidden, of each sheet with cells, in the workbook's order."""
        parts = self._related(self.root, "worksheet")
        for sheet in self._tree(self.root).iter("{*}sheet"):
            key = _id(sheet)
            if key in parts:
                yield sheet.get("name", ""), parts[key], sheet.get("state", "visible") != "visible"

    def sheet(self, name: str, part: str, hidden: bool) -> Sheet:
        """One sheet with its notes."""
        cells = _cells(self._tree(part), self.texts)
        for comments in self._related(part, "comments").values():
            for comment in self._tree(comments).iter("{*}comment"):
                where = place_of(comment.get("ref", ""))
                cells[where] = cells.get(where, Cell(None))._replace(note=_noted(comment))
        return Sheet(name, cells, hidden)

    def links(self) -> dict[str, str]:
        """Links to other files: number in formulas to the file."""
        parts = self._related(self.root, "externalLink")
        order = [_id(entry) for entry in self._tree(self.root).iter("{*}externalReference")]
        found = {str(n): self._target(parts[key]) for n, key in enumerate(order or parts, 1)}
        if self._related(self.root, "connections"):
            found["connections"] = "a data connection"
        return found

    def _target(self, part: str) -> str:
        for entry in self._relations(part):
            return posixpath.basename(entry.get("Target", "").replace("\\", "/")) or "another file"
        return "another program"

    def _related(self, part: str, kind: str) -> dict[str, str]:
        """Parts that a part refers to as of a kind, by the id it uses for them."""
        folder = posixpath.dirname(part)
        return {
            entry.get("Id", ""): posixpath.normpath(posixpath.join("/", folder, entry.get("Target", ""))).lstrip("/")
            for entry in self._relations(part)
            if entry.get("Type", "").rsplit("/", 1)[-1] == kind and entry.get("TargetMode") != "External"
        }

    def _relations(self, part: str) -> Any:
        folder, name = posixpath.split(part)
        path = posixpath.join(folder, "_rels", f"{name}.rels")
        return self._tree(path) if path in self.archive.namelist() else ()

    def _tree(self, part: str) -> Any:
        content = self.archive.read(part)
        if b"<!DOCTYPE" in content[:2000]:
            raise ValueError(f"{part} declares entities, which no spreadsheet program writes")
        return etree.fromstring(content, _PARSER)


def _id(entry: Any) -> str:
    """The id by which the workbook refers to a part; its namespace differs between programs."""
    return next((str(value) for name, value in entry.attrib.items() if name.endswith("}id")), "")


def _cells(root: Any, texts: list[str]) -> dict[tuple[int, int], Cell]:
    found: dict[tuple[int, int], Cell] = {}
    columns: dict[str, int] = {}
    row = 0
    for line in root.iterfind("{*}sheetData/{*}row"):
        row = int(line.get("r") or row + 1)
        digits, column = len(str(row)), 0
        for entry in line:
            name = entry.get("r")
            if name:
                name = name[:-digits]
                column = columns.get(name) or columns.setdefault(name, column_of(name))
            else:
                column += 1
            if len(entry):
                cell = _cell(entry, entry.get("t"), texts)
                if cell is not None:
                    found[row, column] = cell
    return found


def _cell(entry: Any, kind: str | None, texts: list[str]) -> Cell | None:
    """What one cell holds; None for one that is only formatted."""
    raw, formula = None, ""
    for child in entry:
        name = child.tag
        if name.endswith("}v"):
            raw = child.text or ("" if kind == "str" else None)
        elif name.endswith("}f"):
            formula = f"={child.text or '…'}"
        elif name.endswith("}is"):
            raw = _joined(child)
    if raw is None:
        return Cell(None, formula) if formula else None
    if kind is None or kind == "n":
        number = float(raw)
        return Cell(number, formula) if math.isfinite(number) else Cell(None, formula, error=raw)
    if kind == "s":
        return Cell(texts[int(raw)], formula)
    if kind == "e":
        return Cell(None, formula, error=raw)
    return Cell(raw == "1" if kind == "b" else raw, formula)


def _joined(entry: Any) -> str:
    """The text of a shared or inline string, without the hints on how to pronounce it."""
    return "".join(
        part.text or ""
        for part in entry.iter("{*}t")
        if part.getparent().tag.rsplit("}", 1)[-1] != "rPh"
    )  # fmt: skip


def _noted(comment: Any) -> str:
    return _THREADED.sub("", _joined(comment)).strip()


def _warned(file: str, archive: zipfile.ZipFile, sheets: list[Sheet], links: dict[str, str]) -> Iterator[CellFinding]:
    """What a reader of the workbook should know before he trusts its values."""
    if any("vbaProject" in part or "macrosheets/" in part for part in archive.namelist()):
        yield CellFinding("Q01", "warning", "The workbook holds macros; none is run.", "Save it as .xlsx.", file)
    cited = {number: place for sheet in reversed(sheets) for number, place in _citing(sheet)}
    for number, target in links.items():
        sheet, cell = cited.get(number, ("", ""))
        yield CellFinding(
            "Q02", "warning", f"Values come from another file, {target}, as they were when it was last read.",
            "Replace the links by their values (Data, Edit Links, Break Link).", file, sheet, cell,
        )  # fmt: skip
    for sheet_ in sheets:
        for (row, column), found in sheet_.cells.items():
            if found.error:
                yield CellFinding(
                    "Q03", "error", f"The formula gives {found.error}.", f"Correct it: {found.formula or 'a value'}.",
                    file, sheet_.name, address(row, column),
                )  # fmt: skip


def _citing(sheet: Sheet) -> Iterator[tuple[str, tuple[str, str]]]:
    for (row, column), cell in reversed(sheet.cells.items()):
        if cell.formula and "[" in cell.formula:
            for number in _EXTERNAL.findall(cell.formula):
                yield number, (sheet.name, address(row, column))


def _computed(file: str, sheet: Sheet, findings: list[CellFinding]) -> Sheet:
    """A sheet with the value of sums that no program had computed; what is no sum stays without."""
    empty = {place: c.formula for place, c in sheet.cells.items() if c.formula and c.value is None and not c.error}
    if not empty:
        return sheet
    numbers = {place: cell.value for place, cell in sheet.cells.items() if isinstance(cell.value, float)}
    texts = {place for place, cell in sheet.cells.items() if isinstance(cell.value, str | bool)}
    errors = {place for place, cell in sheet.cells.items() if cell.error}
    sums = Sums(dict(numbers), empty, texts, errors)
    found = {place: sums.value(place) for place in empty}
    known = {place: "" if math.isnan(value) else value for place, value in found.items() if value is not None}
    # With any value for what has none, sums can be computed: those that cannot are no sums.
    assumed = Sums({**numbers, **dict.fromkeys([*empty, *errors], 0.0)}, {}, texts)
    unable = [place for place in empty if place not in known]
    others = {place: None for place in unable if not assumed.adds(empty[place])}
    resting = [place for place in unable if place not in others]
    for place in others:
        message = f"The formula {empty[place]} has no value: it was never computed."
        mend = "Open the workbook in a spreadsheet program and save it."
        findings.append(CellFinding("Q04", "error", message, mend, file, sheet.name, address(*place)))
    if resting:
        first = address(*resting[0])
        message = f"{len(resting)} sums, {first} the first, have no value, since cells that they add have none."
        findings.append(CellFinding("Q04", "error", message, "Mend those cells.", file, sheet.name))
    if known:
        message = f"{len(known)} sums had no value, since no program had computed them; they were computed here."
        mend = "Nothing, or open and save the workbook in a spreadsheet program."
        findings.append(CellFinding("Q04", "information", message, mend, file, sheet.name))
    cells = {place: c._replace(value=known[place]) if place in known else c for place, c in sheet.cells.items()}
    return Sheet(sheet.name, cells, sheet.hidden)
