"""Observations and manifests for tests."""

from __future__ import annotations

import pandas as pd

from reporting import observations
from reporting.vintages import Manifest


def observed(dataset: str, rows: list[tuple[str, str, float | None, str]], vintage: str = "") -> pd.DataFrame:
    """An observation table from (key, time, value, flag); the last position of the key is the country."""
    frame = pd.DataFrame(rows, columns=["key", "time", "value", "flag"]).astype({"value": "float64"})
    frame["geo"] = frame["key"].str.rpartition(".")[2]
    return frame.assign(dataset=dataset, vintage=vintage, source="", note="")[list(observations.COLUMNS)]


def manifest(dataset: str, vintage: str, complete: bool = True) -> Manifest:
    """A manifest for a test."""
    return Manifest(dataset, vintage, complete, request="test", acknowledgement="Source: Eurostat")
