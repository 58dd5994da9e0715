"""How bytes become observations: one reader for each layout, chosen by what the bytes are.

``read`` never goes by a file's name to choose the layout. What it cannot read
it refuses, saying what was found, where, and what to do.
"""

from __future__ import annotations

import gzip
import importlib
import re
import zlib
from collections.abc import Callable
from pathlib import Path

from reporting.declarations import Declarations
from reporting.errors import ReportingError, SourceUnavailable, SourceUnreadable, UsageError
from reporting.sources import csv_files, jsonstat
from reporting.sources.extracts import Extract, Table, extract

__all__ = ["Extract", "parse", "read", "reader"]

_ZIP, _GZIP, _OLD_EXCEL, _PARQUET = b"PK\x03\x04", b"\x1f\x8b", b"\xd0\xcf\x11\xe0", b"PAR1"
_NATIONAL = {"series", "scheme", "branch", "measure", "value", "unit"}
_HTML = re.compile(r"<(!doctype html|html|head|body)\b", re.IGNORECASE)
_QUEUED = re.compile(r"syncResponse|<faultstring|SUBMITTED|ASYNCHRONOUS|EXTRACTION_TOO_BIG|:Footer\b")


def read(path: Path, declarations: Declarations, dataset: str = "") -> list[Extract]:
    """The observations of a file, whatever its layout.

    Parameters
    ----------
    path : Path
        SDMX-CSV, TSV (also compressed), JSON-stat, a data-browser workbook, an
        export of the data explorer, a table of periods, or one of the layouts
        with a reader of their own.
    declarations : Declarations
        Declared datasets and code lists.
    dataset : str
        The dataset the file holds, where the file does not say; or another
        structure under which the same dataset is declared.

    Raises
    ------
    SourceUnreadable, SourceChanged, SourceUnavailable, UsageError
        Each naming the file, the place and the remedy.
    """
    received = _bytes(path)
    if name := _own_reader(received):
        return reader(name)(path, declarations)
    return parse(received, path.name, declarations, dataset)


def parse(received: bytes, name: str, declarations: Declarations, dataset: str = "") -> list[Extract]:
    """The observations in bytes of a provider's layout; ``name`` is what messages call them."""
    try:
        return [extract(_table(received), name, received, declarations, dataset)]
    except ReportingError as error:
        raise type(error)(f"{name}: {error}") from None


def reader(name: str) -> Callable[[Path, Declarations], list[Extract]]:
    """The ``read`` of a module of this package, for layouts that are no provider's standard."""
    try:
        found: Callable[[Path, Declarations], list[Extract]] = importlib.import_module(f"reporting.sources.{name}").read
    except ModuleNotFoundError:
        raise UsageError(f"there is no reader {name!r} under reporting/sources/.") from None
    return found


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except (FileNotFoundError, IsADirectoryError):
        raise UsageError(f"{path}: there is no such file.") from None
    except OSError as error:
        raise SourceUnreadable(f"{path}: cannot be read: {error.strerror}.") from None


def _own_reader(received: bytes) -> str:
    if received.startswith(_PARQUET):
        return "jaf"
    header = received.removeprefix(b"\xef\xbb\xbf").partition(b"\n")[0].decode("utf-8", "replace")
    return "national" if _NATIONAL.issubset(cell.strip().strip('"') for cell in header.split(",")) else ""


def _table(received: bytes) -> Table:
    """What the reader of the layout makes of the bytes."""
    if received.startswith(_GZIP):
        received = _unzipped(received)
    if not received.removeprefix(b"\xef\xbb\xbf").strip():
        raise SourceUnreadable("the file is empty. Get it again.")
    if received.startswith(_ZIP):
        from reporting.sources import workbooks  # openpyxl takes a while to import

        return workbooks.read(received)
    text = _text(received)
    if text.lstrip().startswith("<"):
        raise _markup(text)
    return jsonstat.read(text) if text.lstrip().startswith(("{", "[")) else csv_files.read(text)


def _unzipped(received: bytes) -> bytes:
    try:
        return gzip.decompress(received)
    except (OSError, EOFError, zlib.error) as error:
        raise SourceUnreadable(f"not a whole gzip file ({error}). Get it again: it is cut or damaged.") from None


def _text(received: bytes) -> str:
    """UTF-8; only layouts that are no SDMX may be in the code page of Windows."""
    if received.startswith(_OLD_EXCEL):
        raise SourceUnreadable("a workbook in the format of Excel before 2007. Save it as .xlsx.")
    if received.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise SourceUnreadable("the text is UTF-16. Save it as UTF-8.")
    if b"\0" in received:
        raise SourceUnreadable("neither text nor a workbook: it holds zero bytes. Get the file again.")
    try:
        return received.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = received.count(b"\n", 0, error.start) + 1
        fault = SourceUnreadable(f"line {line}: not UTF-8 text. Get the file again, or save it as UTF-8.")
    try:
        text = received.decode("cp1252")
    except UnicodeDecodeError:
        raise fault from None
    if csv_files.is_sdmx(text) or text.lstrip().startswith(("{", "[", "<")):
        raise fault
    return text


def _markup(text: str) -> ReportingError:
    if _HTML.search(text[:2000]):
        return SourceUnreadable("an HTML page instead of data: the provider may be overloaded. Get the file again.")
    if _QUEUED.search(text):
        said = " ".join(re.sub(r"<[^>]*>", " ", text).split())[:200]
        return SourceUnavailable(f"the provider queued or refused the request ({said}). Ask again later, or for less.")
    return SourceUnreadable("XML, which is not read from files. Download the dataset as SDMX-CSV.")
