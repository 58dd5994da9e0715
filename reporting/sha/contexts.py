"""Figures of other statistics beside health accounts: from the metadata, a file, or the store."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pandas as pd

from reporting.declarations import Declarations
from reporting.errors import SourceUnreadable
from reporting.files import received
from reporting.sha import classification
from reporting.sha.classification import Stored
from reporting.sha.neutral import Accounts, worth
from reporting.vintages import Store

#: Series and year to a figure, in the unit of the accounts.
Context = dict[tuple[str, int], float]


def told(accounts: Accounts) -> Context:
    """Figures of other statistics in the metadata."""
    lines = accounts.metadata[accounts.metadata["item"] == "context"]
    found: Context = {}
    for year, series, text in zip(lines["year"], lines["cell"], lines["text"], strict=True):
        number = worth(str(text))
        if number is None:
            raise SourceUnreadable(f"{accounts.file}, metadata: {text!r} for {series} {year} is no number.")
        found[str(series), int(year)] = number[0]
    return found


def read(path: Path) -> Context:
    """Figures of other statistics from a CSV file with year, series and value.

    Raises
    ------
    SourceUnreadable
        When it has other columns, or a line that is no figure.
    """
    text = received(path).decode("utf-8-sig", errors="replace")
    reader = csv.DictReader(io.StringIO(text, newline=""))
    if not {"year", "series", "value"} <= set(reader.fieldnames or ()):
        raise SourceUnreadable(f"{path.name}, line 1: the columns are year, series, value.")
    found: Context = {}
    for line in reader:
        number = worth((line["value"] or "").strip())
        if number is None or not (line["year"] or "").isdigit():
            raise SourceUnreadable(f"{path.name}, line {reader.line_num}: a year, a series and a number are expected.")
        found[line["series"], int(line["year"])] = number[0]
    return found


def stored(known: Declarations, store: Store, geo: str, unit: str, as_of: str = "") -> Context:
    """Figures of a country in the store, as ``parameters/sha/context.csv`` says; what is not there is left out."""
    found: Context = {}
    for line in classification.load(known).stored:
        if line.unit == unit:
            series = _sum(store.country(line.dataset, geo, as_of), line, geo)
            for year, value in series.items():
                whole = found.get((line.share, int(str(year)))) if line.share else 100.0
                if whole is not None:
                    found[line.series, int(str(year))] = float(value) * whole / 100
    return found


def _sum(frame: pd.DataFrame, line: Stored, geo: str) -> pd.Series[float]:
    """The sum of some keys by year, where all of them are known."""
    keys = [f"{key}.{geo}" for key in line.keys]
    rows = frame[frame["key"].isin(keys) & frame["value"].notna() & frame["time"].str.fullmatch(r"\d{4}")]
    years = rows.groupby("time")["value"].agg(["sum", "count"])
    return years.loc[years["count"] == len(keys), "sum"]
