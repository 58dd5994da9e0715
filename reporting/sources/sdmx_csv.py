"""SDMX-CSV 1.0 and 2.0 as providers send it: read at the speed of Arrow.

Cells stay in the memory of Arrow, never as a million Python strings. Only
files whose every line is beyond doubt are read here: UTF-8, commas, whole
quoted cells, no empty lines. Any other file is left to
:mod:`reporting.sources.csv_files`, which reads it or says what is wrong where.
"""

from __future__ import annotations

import csv
import re

import pandas as pd
import pyarrow as pa
import pyarrow.csv

from reporting.sources import csv_files
from reporting.sources.cells import Table

_BOM = b"\xef\xbb\xbf"
_START = re.compile(rb'"?(DATAFLOW|STRUCTURE)[^\r\n]*')
#: A cell in quotes as both readers understand it; nothing else may hold a quote.
_QUOTED = re.compile(rb'(?<![^,\r\n])"[^"\r\n]*(?:""[^"\r\n]*)*"(?![^,\r\n])')
#: The type of columns that say the same on many lines.
_CODES = pa.dictionary(pa.int32(), pa.string())
#: Bytes handed to one thread; also the longest line.
_BLOCK = 1 << 23


def read(received: bytes) -> Table | None:
    """The observations of an SDMX-CSV file; None where the general reader must look.

    Raises
    ------
    SourceUnreadable
        When the file holds deletions, several datasets or a date that is none.
    """
    start = len(_BOM) if received.startswith(_BOM) else 0
    found = _START.match(received, start)
    if found is None or b"\0" in received or not _well_quoted(received):
        return None
    header = _header(found[0])
    time, value = (next((n for n in names if n in header), "") for names in (csv_files.TIMES, csv_files.VALUES))
    if not (time and value):
        return None
    frame = _frame(pa.py_buffer(received)[start:], header, b'"' in received)
    if frame is None:
        return None
    return csv_files.long(frame, lambda row: row + 2, time, value, ",")


def _well_quoted(received: bytes) -> bool:
    """Whether quotes stand only around whole cells, doubled inside them, on one line."""
    if b'"' not in received:
        return True
    return sum(cell[0].count(b'"') for cell in _QUOTED.finditer(received)) == received.count(b'"')


def _header(line: bytes) -> list[str]:
    """The ids in the header; none where it is not one of SDMX-CSV with commas."""
    try:
        text = line.decode("utf-8")
    except UnicodeDecodeError:
        return []
    header = [csv_files.id_of(cell) for cell in next(csv.reader([text]))]
    sound = len(set(header)) == len(header) and "\\" not in header[0] and csv_files.delimiter_of(text) == ","
    return header if sound else []


def _frame(content: pa.Buffer, header: list[str], quoted: bool) -> pd.DataFrame | None:
    """The cells under the header's ids, as texts that Arrow holds; what repeats itself as categories."""
    codes = csv_files.KNOWN.difference(csv_files.VALUES)
    try:
        table = pyarrow.csv.read_csv(
            pa.BufferReader(content),
            read_options=pyarrow.csv.ReadOptions(column_names=header, skip_rows=1, block_size=_BLOCK),
            parse_options=pyarrow.csv.ParseOptions(quote_char='"' if quoted else False, ignore_empty_lines=False),
            convert_options=pyarrow.csv.ConvertOptions(
                column_types={name: _CODES if name in codes else pa.string() for name in header}
            ),
        )
    except pa.ArrowInvalid:
        return None
    frame: pd.DataFrame = table.unify_dictionaries().to_pandas()
    # A line of commas alone is no observation.
    return None if frame.empty or "" in frame[header[0]].unique() else frame
