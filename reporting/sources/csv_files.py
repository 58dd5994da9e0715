"""Text with delimiters: SDMX-CSV, exports of the data explorer, TSV, spreadsheets saved as CSV.

Long files have one observation on a line, under headers found by name in any
order; wide ones have a column for each period. Semicolons may go with decimal
commas, as spreadsheets on the continent write them.
"""

from __future__ import annotations

import csv
import datetime
import io
import re
from collections.abc import Callable, Iterable

import pandas as pd

from reporting.errors import SourceUnreadable
from reporting.sources.cells import CONF, FLAG, TIME, VALUE, Table
from reporting.sources.values import STATUSES

TIMES = ("TIME_PERIOD", "TIME", "time", "Time", "year")
VALUES = ("OBS_VALUE", "Value", "value", "values", "Observation value")
#: The SDMX standard's own name for flags, with codes of its own.
_STATUS = "OBS_STATUS"
_FLAGS = ("OBS_FLAG", "Flag and Footnotes", "Flags", "flags", "flag", "Observation status (Flag) V2 structure", _STATUS)
_CONFS = ("CONF_STATUS", "Confidentiality status (flag)")
_DATASETS = ("STRUCTURE_ID", "DATAFLOW")
_UPDATES = ("LAST UPDATE", "UPDATED")
#: Columns that are no dimensions.
KNOWN = frozenset(
    ("STRUCTURE", "STRUCTURE_NAME", "ACTION", "SERIES_KEY", "OBS_KEY",
     *_DATASETS, *_UPDATES, *TIMES, *VALUES, *_FLAGS, *_CONFS)
)  # fmt: skip
_PERIOD = re.compile(r"\d{4}(-?[MQS]\d{1,2}|-\d{2})?")
_HEADER = re.compile(r"([A-Za-z]\w*): .+|(.+?)\[.?\]")
_DECIMAL_COMMA = re.compile(r"\s*[+-]?[\d. \u00a0\u202f]*,\d+\s*[a-z]*")
_UPDATE = re.compile(r"(\d{2})/(\d{2})/(\d{2,4})|(\d{4})-(\d{2})-(\d{2})")


def read(text: str) -> Table:
    """The observations of a delimited text.

    Raises
    ------
    SourceUnreadable
        When a line is cut, or the headers are those of no known layout.
    """
    delimiter = delimiter_of(text)
    header, rows, lines = _rows(text, delimiter)
    if "\\" in header[0]:
        return _tsv(header, rows, lines)
    time = next((name for name in TIMES if name in header), "")
    value = next((name for name in VALUES if name in header), "")
    if time and value:
        return long(pd.DataFrame(rows, columns=header, dtype=str), lines.__getitem__, time, value, delimiter)
    periods = [name for name in header if _PERIOD.fullmatch(name)]
    if periods and not time and len(periods) < len(header):
        return _wide(header, rows, lines, periods, delimiter)
    raise SourceUnreadable(
        f"line 1: the headers ({', '.join(header[:6])} …) are those of no known layout. Known are SDMX-CSV, TSV, "
        "JSON-stat and workbooks of Eurostat, and CSV with TIME_PERIOD and OBS_VALUE or a column for each year."
    )


def is_sdmx(text: str) -> bool:
    """Whether a text starts as SDMX-CSV or Eurostat's TSV, which are always UTF-8."""
    line = text.lstrip("\ufeff").partition("\n")[0]
    return line.strip('"').startswith(("DATAFLOW", "STRUCTURE")) or "\\TIME_PERIOD" in line or "\\time" in line


def iso_date(text: str) -> str:
    """A provider's time stamp (day first, or ISO) as an ISO date.

    Examples
    --------
    >>> iso_date("30/10/25 23:00:00")
    '2025-10-30'
    """
    found = _UPDATE.match(text.strip())
    if found is None:
        raise SourceUnreadable(f"{text!r} is not a date such as 30/10/2025 or 2025-10-30.")
    day, month, year = (found[1], found[2], found[3]) if found[1] else (found[6], found[5], found[4])
    try:
        return datetime.date(int(year) + (2000 if len(year) == 2 else 0), int(month), int(day)).isoformat()
    except ValueError:
        raise SourceUnreadable(f"{text!r} is not a date.") from None


def delimiter_of(text: str) -> str:
    """What separates cells, as the header tells."""
    header = text.lstrip("\ufeff\r\n").partition("\n")[0]
    return "\t" if "\\" in header and "\t" in header else max(";\t,", key=header.count)


def _rows(text: str, delimiter: str) -> tuple[list[str], list[list[str]], list[int]]:
    """Header, rows and the line each row ends on."""
    reader = csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline=""), delimiter=delimiter, strict=True)
    rows, lines = [], []
    try:
        for row in reader:
            if any(row):
                rows.append(row)
                lines.append(reader.line_num)
    except csv.Error as error:
        raise SourceUnreadable(f"line {reader.line_num}: {error}. Get the file again: it is cut or damaged.") from None
    header = [id_of(cell) for cell in rows[0]]
    if repeated := {name for name in header if name and header.count(name) > 1}:
        raise SourceUnreadable(f"line {lines[0]}: the column {', '.join(sorted(repeated))} is there twice.")
    for row, line in zip(rows[1:], lines[1:], strict=True):
        if len(row) != len(header):
            raise SourceUnreadable(
                f"line {line}: {len(row)} cells under {len(header)} headers. Get the file again: it is cut or damaged."
            )
    return header, rows[1:], lines[1:]


def id_of(header: str) -> str:
    """The id in a header such as ``GEO: Geopolitical entity`` or ``STRUCTURE[;]``."""
    found = _HEADER.fullmatch(header.strip())
    return (found[1] or found[2]) if found else header.strip()


def long(frame: pd.DataFrame, line: Callable[[int], int], time: str, value: str, delimiter: str) -> Table:
    """The observations of a file with one on a line.

    Parameters
    ----------
    frame : DataFrame
        The cells, as texts or categories, under the ids of the header.
    line : callable
        The line of the file on which a row stands.
    time, value : str
        The columns of times and values.
    delimiter : str
        What separates cells.
    """
    header = list(frame.columns)
    conf = next((name for name in _CONFS if name in header), "")
    cells = frame[[name for name in header if name not in KNOWN]].copy()
    cells[TIME], cells[VALUE], cells[FLAG] = frame[time], frame[value], flags_of(frame)
    cells[CONF] = frame[conf] if conf else ""
    _refuse_deletions(frame, line)
    stated = _only(frame, _DATASETS, line)
    official = any(name in frame for name in _DATASETS)
    return Table(
        cells=cells,
        where=lambda row: f"line {line(row)}",
        dataset=stated.partition(": ")[0],
        vintage=max((iso_date(u) for name in _UPDATES if name in frame for u in frame[name].unique() if u), default=""),
        structure=stated,
        asides=_asides(header),
        attributes=frozenset(filter(None, header[header.index(value) + 1 :])) if official else frozenset(),
        decimal=decimal_of(frame[value], delimiter),
        official=official,
        statuses=STATUSES if _STATUS in frame else {},
    )


def flags_of(frame: pd.DataFrame) -> pd.Series:
    """The flags in a file's columns; the standard's own statuses where there are no others."""
    flag = next((name for name in _FLAGS if name in frame), "")
    if not flag:
        return pd.Series("", index=frame.index, dtype=str)
    if flag == _STATUS or _STATUS not in frame:
        return frame[flag]
    found = frame[flag].astype(str)
    return found.mask(found == "", frame[_STATUS].astype(str))


def _asides(header: list[str]) -> frozenset[str]:
    """Headers that may be labels: each second one where SDMX-CSV 2.0 pairs codes and labels."""
    return frozenset(header[header.index("STRUCTURE_NAME") + 2 :: 2]) if "STRUCTURE_NAME" in header else frozenset()


def _refuse_deletions(frame: pd.DataFrame, line: Callable[[int], int]) -> None:
    actions = frame.get("ACTION", pd.Series(dtype=str))
    if (wrong := ~actions.isin(["", "I", "A", "R", "M"])).any():
        row = int(wrong.to_numpy().argmax())
        raise SourceUnreadable(f"line {line(row)}: action {actions[row]!r} is not data. Get the data themselves.")


def _only(frame: pd.DataFrame, names: Iterable[str], line: Callable[[int], int]) -> str:
    """The one value of a column, which must not change from line to line."""
    column = next((frame[name] for name in names if name in frame), pd.Series(dtype=str))
    found = column.unique()
    if len(found) > 1:
        row = int((column == found[1]).to_numpy().argmax())
        raise SourceUnreadable(f"line {line(row)}: {found[1]} after {found[0]}. Split the file: one dataset each.")
    return str(found[0]) if len(found) else ""


def _wide(header: list[str], rows: list[list[str]], lines: list[int], periods: list[str], delimiter: str) -> Table:
    frame = pd.DataFrame(rows, columns=header, dtype=str)
    # Only columns without a header can have the same one.
    labels = [name for name in dict.fromkeys(header) if name not in periods]
    frame = frame.loc[:, ~frame.columns.duplicated()]
    cells = pd.DataFrame({name: frame[name].repeat(len(periods)) for name in labels}).reset_index(drop=True)
    return _melted(cells, frame[periods], lines, decimal_of(frame[periods].melt()["value"], delimiter))


def _tsv(header: list[str], rows: list[list[str]], lines: list[int]) -> Table:
    names = header[0].partition("\\")[0].split(",")
    series = [row[0].split(",") for row in rows]
    for parts, line in zip(series, lines, strict=True):
        if len(parts) != len(names):
            raise SourceUnreadable(f"line {line}: {len(parts)} codes for the dimensions {', '.join(names)}.")
    frame = pd.DataFrame([row[1:] for row in rows], columns=header[1:], dtype=str)
    cells = pd.DataFrame(series, columns=names, dtype=str)
    return _melted(cells.loc[cells.index.repeat(len(header) - 1)].reset_index(drop=True), frame, lines, ".")


def _melted(cells: pd.DataFrame, periods: pd.DataFrame, lines: list[int], decimal: str) -> Table:
    """A table of ``cells`` (repeated for each period) and the values under the periods."""
    width = periods.shape[1]
    cells[TIME] = list(periods.columns) * len(periods)
    cells[VALUE] = periods.to_numpy().ravel()
    cells[FLAG] = cells[CONF] = ""
    return Table(
        cells=cells,
        where=lambda row: f"line {lines[row // width]}, column {periods.columns[row % width]}",
        decimal=decimal,
    )


def decimal_of(values: pd.Series, delimiter: str) -> str:
    """The decimal mark: a comma only beside semicolons, and where some value has one."""
    if delimiter != ";":
        return "."
    for mark, other in (",.", ".,"):
        marked = values[values.str.contains(mark, regex=False)]
        grouped = marked.str.strip().str.fullmatch(rf"-?[1-9]\d{{0,2}}(\{mark}\d{{3}})+").all()
        if grouped and not marked.empty and not values.str.contains(other, regex=False).any():
            raise SourceUnreadable(
                f"{marked.iloc[0]!r} may be a decimal number or thousands, and nothing in the file tells: "
                "write the values without marks for thousands and with a point or comma for decimals."
            )
    return "," if values.str.fullmatch(_DECIMAL_COMMA).any() else "."
