"""The Joint Assessment Framework's values, as held by DG EMPL, mapped back to Eurostat's keys.

One file holds some 600 indicators under the framework's own keys. Most are
plain Eurostat series: ``jaf_series.csv`` gives the dataset and key each was
taken from, so that a later fetch from Eurostat continues the same series.
Formulas, special extractions and series of datasets that are not declared stay
in the dataset ``jaf``.
"""

from __future__ import annotations

import io
from pathlib import Path

import pandas as pd

from reporting import observations
from reporting.declarations import Declarations
from reporting.errors import SourceChanged, SourceUnreadable
from reporting.sources import Extract

_MAP = Path(__file__).parents[1] / "embedded" / "jaf_series.csv"
#: Rows whose indicator key is missing (610) or was overwritten by a number (840) in the file of 20 October 2025.
_CORRUPT = 1450


def read(received: bytes, name: str, declarations: Declarations) -> list[Extract]:
    """One extract for each dataset the framework draws on.

    Parameters
    ----------
    received : bytes
        Parquet file with the columns ``jaf_key, geo, time, value, flags``.
    name : str
        The file's name, for messages.

    Raises
    ------
    SourceUnreadable, SourceChanged
        When the file is not readable, or has another number of damaged rows.
    """
    try:
        raw = pd.read_parquet(io.BytesIO(received), columns=["jaf_key", "geo", "time", "value", "flags"])
    except (OSError, ValueError, KeyError) as error:
        raise SourceUnreadable(f"{name}: not the framework's Parquet file: {error}") from None
    damaged = ~raw["jaf_key"].astype(str).str.startswith(("PA", "OV"))
    if damaged.sum() != _CORRUPT:
        raise SourceChanged(f"{name}: {damaged.sum()} rows without an indicator key, {_CORRUPT} expected.")
    series = pd.read_csv(_MAP)
    frame = raw[~damaged].merge(series, on="jaf_key", how="inner", validate="m:1")
    frame["flag"] = frame["flags"].fillna("").str.lower().map(lambda flag: observations.combine([flag]))
    frame = frame[frame["value"].notna() | (frame["flag"] != "")]
    frame = frame.assign(
        key=frame["key"] + frame["geo"], time=frame["time"].astype(str), vintage="", source="", note=""
    )
    facts = {"vintage": "", "request": name, "structure": "", "acknowledgement": "", "received": received}
    return [
        Extract(
            dataset=str(dataset),
            frame=part[list(observations.COLUMNS)].reset_index(drop=True),
            **facts,  # type: ignore[arg-type]
        )
        for dataset, part in frame.groupby("dataset")
        if dataset in declarations.datasets
    ]
