"""A file of MISSOC, in any form, becomes cells and doubts, and a vintage of the store."""

from __future__ import annotations

import hashlib
import re
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from reporting.declarations.texts import Texts
from reporting.errors import SourceUnreadable, UsageError
from reporting.files import received
from reporting.missoc import cells, exchanged, html_pages, plain_pages, sheets
from reporting.missoc.cells import CELLS, Cell
from reporting.missoc.placing import Doubt, Placer
from reporting.missoc.recognise import Catalogue
from reporting.sources import compressed
from reporting.vintages import Manifest, Store, day

_OLD_EXCEL = b"\xd0\xcf\x11\xe0"
_DECLARED = re.compile(rb"(?:charset|encoding)\s*=\s*[\"']?\s*([\w:.-]+)", re.I)
#: Byte order marks, the longer first.
_MARKS = ((b"\xff\xfe\x00\x00", "utf-32"), (b"\x00\x00\xfe\xff", "utf-32"), (b"\xff\xfe", "utf-16"),
          (b"\xfe\xff", "utf-16"))  # fmt: skip
_TAG = re.compile(r"<\s*(?:!doctype|html|head|body|table|div|tr|td|p|h[1-6]|ul|span|section|main|dl)\b", re.I)
#: Letters of UTF-8 that were read as windows-1252.
_GARBLED = re.compile(r"[ÂÃâÅÄ][\u0080-\u00ff\u0152-\u017e\u02c6\u02dc\u2013-\u2122\u20ac]{1,2}")
_LANGUAGES = ("en", "fr", "de")
ACKNOWLEDGEMENT = "Source: MISSOC (Mutual Information System on Social Protection), European Commission"


@dataclass(frozen=True)
class Given:
    """What the person says of a file; empty where the file says it itself."""

    edition: str = ""
    lang: str = ""
    geo: str = ""

    def __post_init__(self) -> None:
        if self.edition:
            day(self.edition)
        if self.lang not in ("", *_LANGUAGES):
            raise UsageError(f"--lang {self.lang}: MISSOC is published in {', '.join(_LANGUAGES)}.")

    @property
    def words(self) -> str:
        """What was said, as a manifest keeps it."""
        return ", ".join(f"{name} {value}" for name, value in asdict(self).items() if value)


@dataclass(frozen=True)
class Reading:
    """What a file gave, and what the person said of it."""

    name: str
    content: bytes
    cells: tuple[Cell, ...]
    doubts: tuple[Doubt, ...]
    given: Given


def read(path: Path, texts: Texts, given: Given) -> Reading:
    """The cells of a file, and what is doubtful in it.

    Raises
    ------
    UsageError
        When there is no such file, or its edition is not known.
    SourceUnreadable
        When it is cut or damaged so that nothing can be read.
    """
    return understood(received(path), path.name, texts, given)


def understood(content: bytes, name: str, texts: Texts, given: Given) -> Reading:
    """The cells of the bytes of a file (see :func:`read`)."""
    if given.geo and given.geo not in texts.countries:
        raise UsageError(f"--geo {given.geo}: MISSOC has {', '.join(texts.countries)}.")
    said = frozenset(what for what in ("edition", "lang", "geo") if getattr(given, what))
    placer = Placer(Catalogue(texts), name, given.edition, given.lang, given.geo, given=said)
    _dispatch(content, name, placer)
    placer.title(name.replace("_", " "))
    placer.finish()
    if placer.cells and not all(cell.edition for cell in placer.cells):
        raise UsageError(f"{name}: its edition is not stated. Say it: --edition 2026-01-01")
    if not placer.cells:
        placer.doubt("error", "", "no cell of MISSOC was found in the file")
    return Reading(name, content, tuple(placer.cells), tuple(dict.fromkeys(placer.doubts)), given)


def _dispatch(content: bytes, name: str, placer: Placer) -> None:
    opened = compressed.opened(content)
    if opened.startswith(_OLD_EXCEL):
        raise SourceUnreadable(f"{name}: an Excel file of before 2007. Save it as .xlsx and import that.")
    if compressed.is_zip(opened):
        sheets.read_workbook(opened, placer)
        return
    text = decoded(opened, placer)
    if _json(text, name):
        exchanged.read(text, placer)
    elif _TAG.search(text[:100_000]):
        html_pages.read(text, placer)
    elif _tabular(text, name):
        sheets.read_csv(text, placer)
    else:
        plain_pages.read(text, placer)


def _json(text: str, name: str) -> bool:
    return Path(name).suffix.lower() == ".json" or bool(re.match(r"\s*(?:\[\s*\{|\{\s*\")", text))


def _tabular(text: str, name: str) -> bool:
    if Path(name).suffix.lower() in (".csv", ".tsv"):
        return True
    lines = [line for line in text[:20_000].split("\n")[:3] if line.strip()]
    return len(lines) > 1 and any(all(line.count(d) >= 2 for line in lines) for d in ";\t")


def decoded(content: bytes, placer: Placer) -> str:
    """The text of a file: by its mark, as UTF-8, as it declares, else as windows-1252; garbled letters are mended."""
    if wide := next((name for mark, name in _MARKS if content.startswith(mark)), _unmarked(content)):
        return content.decode(wide, "replace")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = _declared(content, placer)
    return _mended(text, placer)


def _unmarked(content: bytes) -> str:
    """UTF-16 without a mark, told by the zeros between its letters."""
    start = content[:400]
    zeros = [sum(byte == 0 for byte in start[place::2]) for place in (0, 1)]
    half = len(start) // 2
    if half < 8 or max(zeros) < 0.7 * half or min(zeros) > 0.1 * half:
        return ""
    return "utf-16-be" if zeros[0] > zeros[1] else "utf-16-le"


def _declared(content: bytes, placer: Placer) -> str:
    """What is not UTF-8, as the file declares it; read as windows-1252 with a doubt where that does not hold."""
    stated = _DECLARED.search(content[:4000])
    encoding = stated[1].decode("ascii", "replace").lower() if stated else ""
    # What pages call Latin-1 is windows-1252 (WHATWG Encoding Standard).
    encoding = "cp1252" if encoding in ("iso-8859-1", "latin-1", "latin1") else encoding
    if encoding and encoding not in ("utf-8", "utf8"):
        with suppress(LookupError, UnicodeError, ValueError):
            return content.decode(encoding)
    claimed = f", as it says ({encoding})" if encoding else ""
    placer.doubt("warning", "", f"not UTF-8{claimed}: read as windows-1252")
    return content.decode("cp1252", "replace")


def _mended(text: str, placer: Placer) -> str:
    found = _GARBLED.findall(text)
    if not found:
        return text
    mended = _GARBLED.sub(lambda match: _repaired(match[0]), text)
    if mended != text:
        placer.doubt("warning", "", "the encoding was wrong: UTF-8 read as windows-1252 was mended", found[0])
    return mended


def _repaired(letters: str) -> str:
    for size in (len(letters), 2):
        try:
            return letters[:size].encode("cp1252").decode("utf-8") + letters[size:]
        except (UnicodeEncodeError, UnicodeDecodeError):
            continue
    return letters


@dataclass(frozen=True)
class Stored:
    """What an import did with an edition."""

    edition: str
    vintage: str
    new: int
    revised: int


def keep(store: Store, reading: Reading) -> list[Stored]:
    """Put the cells of a file into the store, a vintage for each edition in it; nothing is stored twice."""
    done = []
    for edition in sorted({cell.edition for cell in reading.cells}):
        rows = cells.frame(cell for cell in reading.cells if cell.edition == edition)
        manifest = Manifest(
            CELLS.name, edition, False, f"file {reading.name}", ACKNOWLEDGEMENT,
            retrieved=datetime.now(UTC).isoformat(timespec="seconds"),
            received_sha256=hashlib.sha256(reading.content).hexdigest(), structure=reading.given.words,
        )  # fmt: skip
        kept = CELLS.append(store, rows, manifest, reading.content)
        counts = kept.rows if kept else {"new": 0, "revised": 0}
        done.append(Stored(edition, kept.vintage if kept else "", counts["new"], counts["revised"]))
    return done


def remade(store: Store, content: bytes, manifest: Manifest, texts: Texts) -> bool:
    """Make the rows of a vintage again from the bytes received; says whether they are as they were."""
    if manifest.dataset != CELLS.name:
        return False
    said = dict(part.split(" ", 1) for part in manifest.structure.split(", ") if part)
    reading = understood(content, manifest.request.removeprefix("file "), texts, Given(**said))
    rows = cells.frame(cell for cell in reading.cells if cell.edition == manifest.vintage[:10])
    return CELLS.remake(store, manifest, rows)
