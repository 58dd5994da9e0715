"""Files of persons or households: CSV (also compressed), Parquet, SAS and Stata, by what the bytes are.

A message about a file names the file, the line and the column, never a value:
what stands in a record is confidential.
"""

from __future__ import annotations

import csv
import gzip
import io
import re
import zlib
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from reporting import files as own
from reporting.errors import ReportingError, SourceUnreadable, UsageError
from reporting.silc.conventions import Mask, Numbers

_PARQUET, _GZIP, _SAS = b"PAR1", b"\x1f\x8b", b"\xc2\xea\x81\x60"
#: Stata of the last ten years, and older: release, byte order, file type.
_STATA = (b"<stata_dta>", *(bytes([release, order, 1]) for release in (113, 114, 115) for order in (1, 2)))
_SHOWN = 5
#: What may be repeated as the name of a column.
_NAME = re.compile(r"[^\W\d][\w .-]{0,63}")


def read(path: Path, columns: Sequence[str] | None = None, text: Iterable[str] = ()) -> pd.DataFrame:
    """The columns of a file.

    Parameters
    ----------
    path : Path
        CSV with a header (separated by commas, semicolons or tabs; also
        gzip), Parquet, SAS7BDAT or Stata.
    columns : sequence of str, optional
        Those wanted; by default all.
    text : iterable of str
        Columns to be read as labels, not as numbers.

    Raises
    ------
    UsageError
        When there is no such file, or it has no such column, saying which it has.
    SourceUnreadable
        When it is empty, damaged, not what it seems, or names a column twice.
    """
    received = _bytes(path)
    try:
        frame = _frame(received, columns, set(text))
    except ReportingError as error:
        raise type(error)(f"{path.name}: {error}") from None
    except Exception as error:  # what the readers raise may quote the record: only its kind is passed on
        raise SourceUnreadable(
            f"{path.name}: cannot be read ({type(error).__name__}): damaged or not what its name says. Get a good copy."
        ) from None
    if frame.empty:
        raise SourceUnreadable(f"{path.name}: no records, only a header. Get the file again.")
    return frame


def _bytes(path: Path) -> bytes:
    received = own.received(path)
    if received.startswith(_GZIP):
        try:
            received = gzip.decompress(received)
        except (OSError, EOFError, zlib.error):
            raise SourceUnreadable(f"{path.name}: not a whole gzip file: it is cut or damaged. Get it again.") from None
    if not received.removeprefix(b"\xef\xbb\xbf").strip():
        raise SourceUnreadable(f"{path.name}: the file is empty. Get it again.")
    return received


def _frame(received: bytes, columns: Sequence[str] | None, text: set[str]) -> pd.DataFrame:
    if received.startswith(_PARQUET):
        return _chosen(pd.read_parquet(io.BytesIO(received)), columns, text)
    if received[12:16] == _SAS:
        sas: Any = pd.read_sas(io.BytesIO(received), format="sas7bdat", encoding="infer")
        return _chosen(sas, columns, text)
    if received.startswith(_STATA):
        stata: Any = pd.read_stata(io.BytesIO(received), convert_categoricals=False)
        return _chosen(stata, columns, text)
    return _from_csv(received, columns, text)


def _chosen(frame: pd.DataFrame, columns: Sequence[str] | None, text: set[str]) -> pd.DataFrame:
    wanted = list(frame.columns if columns is None else columns)
    _refuse_missing(wanted, list(frame.columns))
    frame = frame[wanted]
    return frame.assign(**{name: _labels(frame[name]) for name in wanted if name in text})


def _labels(column: pd.Series) -> pd.Series:
    """Numbers as labels: whole ones without a decimal point."""
    if pd.api.types.is_float_dtype(column) and (column.dropna() % 1 == 0).all():
        column = column.astype("Int64")
    return column.astype("str").where(column.notna(), None)


def _from_csv(received: bytes, columns: Sequence[str] | None, text: set[str]) -> pd.DataFrame:
    if b"\0" in received[:4096]:
        raise SourceUnreadable("neither text nor Parquet, SAS or Stata. Get the file again.")
    head, separator = _header(received)
    wanted = list(head if columns is None else columns)
    _refuse_missing(wanted, head)
    _refuse_ragged(received, separator, len(head))
    try:
        frame = pd.read_csv(
            io.BytesIO(received), sep=separator, header=0, names=head, usecols=lambda name: name in set(wanted),
            dtype={name: "str" for name in wanted if name in text}, encoding="utf-8-sig", index_col=False,
            low_memory=False, skipinitialspace=True,
        )  # fmt: skip
    except UnicodeDecodeError:
        raise SourceUnreadable("the text is not UTF-8. Save it as UTF-8.") from None
    except pd.errors.ParserError:
        raise SourceUnreadable("the lines cannot be told apart: a quotation mark is not closed.") from None
    labels = [name for name in wanted if name in text]
    frame = frame.assign(**{name: frame[name].str.strip() for name in labels})
    if separator != ",":
        frame = frame.assign(**{n: _decimal_comma(frame[n]) for n in wanted if n not in text})
    return frame[wanted]


def _header(received: bytes) -> tuple[list[str], str]:
    """The names of the columns, and what separates them."""
    try:
        first = received.removeprefix(b"\xef\xbb\xbf").lstrip(b"\r\n").splitlines()[0].decode("utf-8")
    except UnicodeDecodeError:
        raise SourceUnreadable("line 1: the text is not UTF-8. Save it as UTF-8.") from None
    separator = max(",;\t", key=first.count)
    head = [name.strip() for name in next(csv.reader([first], delimiter=separator))]
    twice = sorted({name for name in head if head.count(name) > 1})
    if twice:
        raise SourceUnreadable(f"line 1: column {', '.join(twice)} more than once. Name each column once.")
    return head, separator


def _refuse_missing(wanted: Iterable[str], head: Sequence[str]) -> None:
    missing = [name for name in dict.fromkeys(wanted) if name not in head]
    if not missing:
        return
    names = [str(name) for name in head if _NAME.fullmatch(str(name))]
    if 2 * len(names) <= len(head):  # a record, which must not be repeated
        raise UsageError(f"no column {', '.join(missing)}: line 1 holds no names. Give the file a header.")
    listed = ", ".join(names[:60]) + (" …" if len(names) > 60 else "")
    raise UsageError(f"no column {', '.join(missing)}. There are: {listed}.")


def _refuse_ragged(received: bytes, separator: str, width: int) -> None:
    """Refuse lines with more or fewer fields than the header; looked for only when the count is wrong."""
    lines = received.count(b"\n") + (not received.endswith(b"\n"))
    if b'"' not in received and received.count(separator.encode()) == lines * (width - 1):
        return
    reader = csv.reader(io.StringIO(received.decode("utf-8-sig", "replace"), newline=""), delimiter=separator)
    for cells in reader:
        if cells and len(cells) != width:
            raise SourceUnreadable(
                f"line {reader.line_num}: {len(cells)} fields where the header has {width}. Get the file again."
            )


def _decimal_comma(column: pd.Series) -> pd.Series:
    if pd.api.types.is_numeric_dtype(column):
        return column
    return column.str.replace(",", ".", regex=False)


def numbers(frame: pd.DataFrame, column: str, path: Path, check: str = "") -> Numbers:
    """A column as numbers, missing ones NaN.

    Parameters
    ----------
    check : str
        ``positive`` refuses negative numbers, ``share`` those that are not from 0 to 1.

    Raises
    ------
    SourceUnreadable
        For text, infinite and (where asked) negative numbers and no shares, naming the lines.
    """
    raw = frame[column]
    values = pd.to_numeric(raw, errors="coerce").astype("float64")
    found: Numbers = np.asarray(values, dtype=np.float64)
    _refuse(path, column, raw.notna().to_numpy() & np.isnan(found), "is not a number")
    _refuse(path, column, np.isinf(found), "is infinite")
    if check == "positive":
        _refuse(path, column, found < 0, "is negative")
    if check == "share":
        _refuse(path, column, (found < 0) | (found > 1), "is not from 0 to 1")
    return found


def complete(frame: pd.DataFrame, column: str, path: Path) -> npt.NDArray[Any]:
    """A column of labels none of which may be missing (strata, clusters)."""
    _refuse(path, column, frame[column].isna().to_numpy(), "is empty")
    return np.asarray(frame[column])


def _refuse(path: Path, column: str, wrong: Mask, what: str) -> None:
    rows = np.flatnonzero(wrong)
    if not len(rows):
        return
    place = _places(path)
    said = ", ".join(place(int(row)) for row in rows[:_SHOWN])
    more = f" and {len(rows) - _SHOWN} more" if len(rows) > _SHOWN else ""
    raise SourceUnreadable(f"{path.name}: column {column} {what} in {said}{more}. Correct the file.")


def _places(path: Path) -> Callable[[int], str]:
    """Where a record stands: the line of a text file, the number of the record elsewhere."""
    received = _bytes(path)
    if received.startswith((_PARQUET, *_STATA)) or received[12:16] == _SAS:
        return lambda row: f"record {row + 1}"
    reader = csv.reader(io.StringIO(received.decode("utf-8-sig"), newline=""), delimiter=_header(received)[1])
    lines = [reader.line_num for cells in reader if cells]
    return lambda row: f"line {lines[row + 1]}"
