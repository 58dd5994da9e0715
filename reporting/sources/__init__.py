"""How bytes become observations: one reader for each layout, chosen by what the bytes are.

``read`` never goes by a file's name to choose the layout. What it cannot read
it refuses, saying what was found, where, and what to do.
"""

from __future__ import annotations

import importlib
import re
from collections.abc import Callable
from pathlib import Path

from reporting import files
from reporting.declarations import Declarations
from reporting.errors import ReportingError, SourceUnavailable, SourceUnreadable, UsageError
from reporting.sources import compressed, csv_files, jsonstat, sdmx_csv, sdmx_ml
from reporting.sources.cells import Table
from reporting.sources.extracts import Extract, extract

__all__ = ["Extract", "parse", "read", "reader"]

_Reader = Callable[[bytes, str, Declarations], list[Extract]]

_BOM = b"\xef\xbb\xbf"
_EMPTY = re.compile(rb"(\xef\xbb\xbf)?\s*")
_MARKUP = re.compile(rb"(\xef\xbb\xbf)?\s*<")
#: Bytes in which an answer that is no data is recognised; none is as long.
_HEAD = 20_000
_OLD_EXCEL, _PARQUET = b"\xd0\xcf\x11\xe0", b"PAR1"
_NATIONAL = {"series", "scheme", "branch", "measure", "value", "unit"}
_HTML = re.compile(r"<(!doctype html|html|head|body)\b", re.IGNORECASE)
_QUEUED = re.compile(r"syncResponse|<faultstring|SUBMITTED|ASYNCHRONOUS|EXTRACTION_TOO_BIG")


def read(path: Path, declarations: Declarations, dataset: str = "") -> list[Extract]:
    """The observations of a file, whatever its layout; see :func:`parse`."""
    return parse(files.received(path), path.name, declarations, dataset)


def parse(received: bytes, name: str, declarations: Declarations, dataset: str = "") -> list[Extract]:
    """The observations in bytes, whatever their layout.

    Parameters
    ----------
    received : bytes
        SDMX-CSV, SDMX-ML, TSV (also compressed), JSON-stat, a data-browser
        workbook, an export of the data explorer, a table of periods, or one of
        the layouts with a reader of their own.
    name : str
        The file's name: for messages, and for the dataset's code where the
        file does not say.
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
    if own := _own_reader(received):
        return reader(own)(received, name, declarations)
    try:
        return [extract(_table(received), name, received, declarations, dataset)]
    except ReportingError as error:
        raise type(error)(f"{name}: {error}") from None


def reader(name: str) -> _Reader:
    """The ``read`` of a module of this package, for layouts that are no provider's standard."""
    try:
        found: _Reader = importlib.import_module(f"reporting.sources.{name}").read
    except ModuleNotFoundError:
        raise UsageError(f"there is no reader {name!r} under reporting/sources/.") from None
    return found


def _own_reader(received: bytes) -> str:
    if received.startswith(_PARQUET):
        return "jaf"
    header = received[: received.find(b"\n") % (len(received) + 1)].removeprefix(_BOM).decode("utf-8", "replace")
    return "national" if _NATIONAL.issubset(cell.strip().strip('"') for cell in header.split(",")) else ""


def _table(received: bytes) -> Table:
    """What the reader of the layout makes of the bytes."""
    content = compressed.opened(received)
    if _EMPTY.fullmatch(content):
        raise SourceUnreadable("the file is empty. Get it again.")
    if compressed.is_zip(content):
        from reporting.sources import workbooks  # openpyxl takes a while to import

        return workbooks.read(content)
    if table := sdmx_csv.read(content):
        return table
    if _MARKUP.match(content):
        _refuse_answers(content)
        return sdmx_ml.read(content)
    text = _text(content)
    return jsonstat.read(text) if text.lstrip().startswith(("{", "[")) else csv_files.read(text)


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
    if csv_files.is_sdmx(text) or text.lstrip().startswith(("{", "[")):
        raise fault
    return text


def _refuse_answers(content: bytes) -> None:
    """Refuse markup that is an answer of a machine instead of data."""
    text = content[:_HEAD].decode("utf-8", "replace")
    if _HTML.search(text[:2000]):
        raise SourceUnreadable("an HTML page instead of data: the provider may be overloaded. Get the file again.")
    if _QUEUED.search(text):
        said = " ".join(re.sub(r"<[^>]*>", " ", text).split())[:200]
        raise SourceUnavailable(f"the provider queued or refused the request ({said}). Ask again later, or for less.")
