"""National administrative series in the project's own schema.

A CSV file with a header and the columns ``series, scheme, branch, measure,
date_or_year, value, unit`` and, optionally, ``geo, status, flag, source,
source_date, note``; ``time`` or ``year`` may stand for ``date_or_year``. Every
figure keeps its own source and date: figures of one file that were published
on different dates become different vintages.
"""

from __future__ import annotations

import hashlib
import io
import re
from pathlib import Path

import pandas as pd

from reporting import observations
from reporting.declarations import Declarations
from reporting.errors import SourceUnreadable
from reporting.sources import Extract

COLUMNS = ("series", "scheme", "branch", "measure", "value", "unit")
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
_TIME = re.compile(r"\d{4}(-\d{2}-\d{2})?")
_DATE = re.compile(r"\d{4}(-\d{2}(-\d{2})?)?")
#: Words in the flag column that are not Eurostat flags: they belong to the note.
_WORDS = {"rounded": "rounded by the source", "converted": "converted to euro", "split": "digits split in the copy"}
_STATUS = {"provisional": "p", "final": "", "": ""}


def read(path: Path, declarations: Declarations) -> list[Extract]:
    """The vintages of a file of national series, oldest first.

    Parameters
    ----------
    path : Path
        UTF-8 CSV in the schema above.
    declarations : Declarations

    Raises
    ------
    SourceUnreadable
        For a missing column, a value that is not a number, a time that is
        neither a year nor a date, an unknown measure, or two values for one
        figure from one source; each with its line.
    """
    received = path.read_bytes()
    try:
        raw = pd.read_csv(io.BytesIO(received), dtype=str, keep_default_na=False)
    except (UnicodeDecodeError, pd.errors.ParserError, pd.errors.EmptyDataError) as error:
        raise SourceUnreadable(f"{path.name}: not a UTF-8 CSV file: {error}") from None
    time = next((name for name in _TIMES if name in raw), "")
    missing = [name for name in COLUMNS if name not in raw] + ([] if time else ["date_or_year"])
    if missing:
        raise SourceUnreadable(
            f"{path.name}: line 1: no column {', '.join(missing)}. See reporting/sources/national.py."
        )
    raw = raw.rename(columns={time: "time"})
    for name, default in (
        ("geo", "BE"),
        ("status", ""),
        ("flag", ""),
        ("source", ""),
        ("source_date", ""),
        ("note", ""),
    ):
        raw[name] = raw.get(name, default)
    _refuse(path, raw)
    frame = _observations(raw)
    checksum = hashlib.sha256(received).hexdigest()
    return [
        Extract(
            dataset="national",
            frame=part[list(observations.COLUMNS)].reset_index(drop=True),
            vintage=str(vintage),
            request=path.name,
            structure="",
            acknowledgement=declarations.datasets["national"].acknowledgement,
            sha256=checksum,
            received=received,
        )
        for vintage, part in frame.groupby("vintage", sort=True)
    ]


def _refuse(path: Path, raw: pd.DataFrame) -> None:
    """Say which lines cannot be read."""
    number = raw["value"].str.fullmatch(r"-?\d+(\.\d+)?([eE][+-]?\d+)?")
    faults = (
        (~number & ~raw["value"].isin(["", ":"]), "value", "is not a number"),
        (~raw["time"].str.fullmatch(_TIME), "time", "is neither a year nor a date YYYY-MM-DD"),
        (~raw["measure"].isin(MEASURES), "measure", f"is none of {', '.join(MEASURES)}"),
        (~raw["source_date"].str.fullmatch(_DATE) & (raw["source_date"] != ""), "source_date", "is not a date"),
        (~raw["status"].isin(list(_STATUS)), "status", "is neither final nor provisional"),
    )
    said = [
        f"line {int(line) + 2}: {column} {raw.loc[line, column]!r} {what}"
        for wrong, column, what in faults
        for line in raw.index[wrong]
    ]
    if said:
        more = f" (and {len(said) - 10} more)" if len(said) > 10 else ""
        raise SourceUnreadable(f"{path.name}: " + "; ".join(said[:10]) + more)


def _observations(raw: pd.DataFrame) -> pd.DataFrame:
    parts = [raw[name].map(_code) for name in ("series", "scheme", "branch", "measure", "unit")]
    frame = pd.DataFrame({"dataset": "national", "geo": raw["geo"], "time": raw["time"], "source": raw["source"]})
    frame["key"] = [".".join(codes) for codes in zip(*parts, raw["geo"], strict=True)]
    frame["value"] = pd.to_numeric(raw["value"], errors="coerce")
    words = raw["flag"].isin(list(_WORDS))
    frame["flag"] = raw["flag"].mask(words, "") + raw["status"].map(_STATUS)
    said = raw["flag"].where(words, "").map(lambda word: _WORDS.get(word, ""))
    frame["note"] = ["; ".join(filter(None, pair)) for pair in zip(raw["note"], said, strict=True)]
    frame["source"] = [
        source + (f" ({when})" if when else "") for source, when in zip(raw["source"], raw["source_date"], strict=True)
    ]
    frame["vintage"] = _vintages(raw, frame)
    return frame


def _vintages(raw: pd.DataFrame, frame: pd.DataFrame) -> pd.Series:
    """When each figure was known: the date of its source.

    An undated source is dated the end of the year after the last year it
    covers (forecasts aside). Where two sources of one date give the same figure, the later line
    (or the one without the flag ``u``) is the later vintage of that date.
    """
    years = raw["time"].str[:4].astype(int).where(raw["flag"] != "f", 0)
    last = years.groupby([raw["series"], raw["source"]]).transform("max")
    inferred = (last + 1).astype(str) + "-12-31"
    dated = raw["source_date"].map(_end_of)
    day = dated.where(dated != "", inferred)
    order = pd.DataFrame({"day": day, "sure": ~frame["flag"].str.contains("u"), "line": raw.index})
    order["id"] = frame["key"] + "|" + frame["time"]
    rank = order.sort_values(["day", "sure", "line"]).groupby(["id", "day"]).cumcount()
    return day.where(rank == 0, day + "-" + (rank + 1).astype(str))


def _end_of(text: str) -> str:
    """The last day of a year, a month or a day given as ISO text."""
    if len(text) in (4, 7):
        return str(pd.Period(text, freq="Y" if len(text) == 4 else "M").end_time.date())
    return text


def _code(text: str) -> str:
    """A label as a code that can be part of a key."""
    return re.sub(r"[^0-9A-Za-z]+", "_", text.strip()).strip("_") or "all"
