"""National administrative series in the project's own schema.

A CSV file with a header and the columns ``series, scheme, branch, measure,
date_or_year, value, unit`` and, optionally, ``geo, status, flag, source,
source_date, note``; ``time`` or ``year`` may stand for ``date_or_year``. Every
figure keeps its own source and date: figures of one file that were published
on different dates become different vintages.
"""

from __future__ import annotations

import calendar
import csv
import io
import math
import re
from datetime import date

import pandas as pd

from reporting import observations
from reporting.declarations import Declarations
from reporting.errors import SourceUnreadable
from reporting.sources import Extract

COLUMNS = ("series", "scheme", "branch", "measure", "value", "unit")
_OPTIONAL = ("geo", "status", "flag", "source", "source_date", "note")
MEASURES = (
    "receipt",
    "benefit",
    "benefits",
    "beneficiaries",
    "scale_min",
    "scale_max",
    "days",
    "expenditure",
    "administration",
    "balance",
    "financing",
    "average",
    "index",
    "rate",
    "other",
)
_TIMES = ("date_or_year", "time", "year")
_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?")
#: Words in the flag column that are not Eurostat flags: they belong to the note.
_WORDS = {"rounded": "rounded by the source", "converted": "converted to euro", "split": "digits split in the copy"}
_STATUS = ("provisional", "final", "")


def read(received: bytes, name: str, declarations: Declarations) -> list[Extract]:
    """The vintages of a file of national series, oldest first.

    Parameters
    ----------
    received : bytes
        UTF-8 CSV in the schema above.
    name : str
        The file's name, for messages.
    declarations : Declarations

    Raises
    ------
    SourceUnreadable
        For a missing or unknown column, a value that is not a number, a time
        that is neither a year nor a date, an unknown measure, country or flag,
        or two values for one figure from one source and note; each with its
        line.
    """
    raw = _rows(name, received)
    _refuse(name, raw, declarations)
    frame = _observations(raw)
    return [
        Extract(
            dataset="national",
            frame=part[list(observations.COLUMNS)].reset_index(drop=True),
            vintage=str(vintage),
            request=name,
            structure="",
            acknowledgement=declarations.datasets["national"].acknowledgement,
            received=received,
        )
        for vintage, part in frame.groupby("vintage", sort=True)
    ]


def _rows(name: str, received: bytes) -> pd.DataFrame:
    """The lines of the file as text, indexed by their numbers, with all columns."""
    try:
        reader = csv.reader(io.StringIO(received.decode("utf-8-sig"), newline=""), strict=True)
        lines = [(reader.line_num, cells) for cells in reader if cells]
    except (UnicodeDecodeError, csv.Error) as error:
        raise SourceUnreadable(f"{name}: not a UTF-8 CSV file: {error}") from None
    head = [cell.strip() for cell in lines[0][1]] if lines else []
    times = [name for name in head if name in _TIMES]
    missing = [name for name in COLUMNS if name not in head] + ([] if times else ["date_or_year"])
    strange = [name for name in head if name not in (*COLUMNS, *_OPTIONAL, *_TIMES) or head.count(name) > 1]
    if missing or strange or len(times) > 1:
        said = [f"no column {', '.join(missing)}"] if missing else []
        said += [f"unknown or repeated column {', '.join(dict.fromkeys(strange))}"] if strange else []
        said += [f"more than one column of times: {', '.join(times)}"] if len(times) > 1 else []
        raise SourceUnreadable(f"{name}: line 1: {'; '.join(said)}. See reporting/sources/national.py.")
    for line, cells in lines:
        if len(cells) != len(head):
            raise SourceUnreadable(f"{name}: line {line}: {len(cells)} fields where the header has {len(head)}")
    if len(lines) == 1:
        raise SourceUnreadable(f"{name}: no observations, only a header")
    raw = pd.DataFrame([cells for _, cells in lines[1:]], columns=head, index=[line for line, _ in lines[1:]])
    raw = raw.rename(columns={times[0]: "time"}).reindex(columns=["time", *COLUMNS, *_OPTIONAL], fill_value="")
    return raw.assign(geo=raw["geo"].replace("", "BE"))


def _refuse(name: str, raw: pd.DataFrame, declarations: Declarations) -> None:
    """Say which lines cannot be read."""
    figure = [raw[name].map(_code) for name in ("series", "scheme", "branch", "measure", "unit", "geo", "time")]
    same = pd.concat([*figure, raw["source"], raw["source_date"], raw["note"]], axis=1)
    forecast = (raw["flag"] == "f").groupby([raw["series"], raw["source"]]).transform("all")
    faults = (
        (~raw["value"].map(_is_number), "value", "is not a number"),
        (~raw["time"].map(lambda text: _is_date(text, (4, 10))), "time", "is neither a year nor a date YYYY-MM-DD"),
        (~raw["measure"].isin(MEASURES), "measure", f"is none of {', '.join(MEASURES)}"),
        (raw["series"].str.strip() == "", "series", "is no name"),
        (raw["unit"].str.strip() == "", "unit", "is no unit"),
        (~raw["geo"].isin(list(declarations.codelists["geo"])), "geo", "is no known country"),
        (~raw["flag"].map(_is_flag), "flag", "is no known flag"),
        (
            ~raw["source_date"].map(lambda text: text == "" or _is_date(text, (4, 7, 10))),
            "source_date",
            "is no date",
        ),
        (forecast & (raw["source_date"] == ""), "source_date", "must date a source that holds only forecasts"),
        (~raw["status"].isin(_STATUS), "status", "is neither final nor provisional"),
        (same.duplicated(), "value", "is a second value for the same figure from the same source"),
    )
    said = [
        f"line {line}: {column} {raw.at[line, column]!r} {what}"
        for wrong, column, what in faults
        for line in raw.index[wrong]
    ]
    if said:
        more = f" (and {len(said) - 10} more)" if len(said) > 10 else ""
        raise SourceUnreadable(f"{name}: " + "; ".join(said[:10]) + more)


def _is_number(text: str) -> bool:
    return text in ("", ":") or (_NUMBER.fullmatch(text) is not None and math.isfinite(float(text)))


def _is_flag(text: str) -> bool:
    return text in _WORDS or all(letter in observations.FLAG_LETTERS for letter in text)


def _is_date(text: str, lengths: tuple[int, ...]) -> bool:
    """Whether a text is a year, a month or a day in ISO form, by its length."""
    try:
        whole = date.fromisoformat(text + "-01-01"[len(text) - 4 :] if len(text) in (4, 7) else text)
    except ValueError:
        return False
    return len(text) in lengths and whole.isoformat().startswith(text)


def _observations(raw: pd.DataFrame) -> pd.DataFrame:
    parts = [raw[name].map(_code) for name in ("series", "scheme", "branch", "measure", "unit")]
    frame = pd.DataFrame({"dataset": "national", "geo": raw["geo"], "time": raw["time"]})
    frame["key"] = [".".join(codes) for codes in zip(*parts, raw["geo"], strict=True)]
    words = raw["flag"].isin(list(_WORDS))
    flags = raw["flag"].mask(words, "")
    provisional = (raw["status"] == "provisional") & ~flags.str.contains("p")
    frame["flag"] = flags + provisional.map({True: "p", False: ""})
    # A confidential value is not kept.
    known = ~raw["value"].isin(["", ":"]) & ~flags.str.contains("c")
    frame["value"] = raw["value"].where(known, "nan").astype("float64")
    said = raw["flag"].where(words, "").map(lambda word: _WORDS.get(word, ""))
    frame["note"] = ["; ".join(filter(None, pair)) for pair in zip(raw["note"].map(_line), said, strict=True)]
    frame["source"] = [
        _line(source) + (f" ({when})" if when else "")
        for source, when in zip(raw["source"], raw["source_date"], strict=True)
    ]
    frame["vintage"] = _vintages(raw, frame)
    return frame


def _line(text: str) -> str:
    """A text on one line: it is printed under tables."""
    return " ".join(text.split())


def _vintages(raw: pd.DataFrame, frame: pd.DataFrame) -> pd.Series:
    """When each figure was known: the date of its source.

    An undated source is dated the end of the year after the last year it
    covers (forecasts aside), or today when that is still to come. Where one
    date gives a figure twice, the later line (or the one without the flag
    ``u``) is the later vintage of that date.
    """
    years = raw["time"].str[:4].astype(int).where(raw["flag"] != "f", 0)
    last = years.groupby([raw["series"], raw["source"]]).transform("max")
    inferred = (last + 1).map(lambda year: min(f"{year:04}-12-31", date.today().isoformat()))
    dated = raw["source_date"].map(_end_of)
    day = dated.where(dated != "", inferred)
    order = pd.DataFrame({"day": day, "sure": ~frame["flag"].str.contains("u"), "line": raw.index})
    order["id"] = frame["key"] + "|" + frame["time"]
    rank = order.sort_values(["day", "sure", "line"]).groupby(["id", "day"]).cumcount()
    return day.where(rank == 0, day + "-" + (rank + 1).astype(str).str.zfill(2))


def _end_of(text: str) -> str:
    """The last day of a year, a month or a day given as ISO text."""
    if len(text) in (4, 7):
        year, month = int(text[:4]), int(text[5:] or 12)
        return f"{text[:4]}-{month:02}-{calendar.monthrange(year, month)[1]}"
    return text


def _code(text: str) -> str:
    """A label as a code that can be part of a key."""
    return re.sub(r"[^0-9A-Za-z]+", "_", text.strip()).strip("_") or "all"
