"""Price indices that stand among the observations, for changes in real terms."""

from __future__ import annotations

import numpy as np
import pandas as pd

from reporting.errors import SourceUnreadable
from reporting.spc import panel as axes
from reporting.spc.observed import DEFLATOR
from reporting.spc.panel import Floats, Panel


def prices(panel: Panel, frame: pd.DataFrame, described: pd.DataFrame) -> Floats | None:
    """The price index of each indicator that has one, on the axes of a panel; None where none has.

    Raises
    ------
    SourceUnreadable
        For a price index that is not above nought.
    """
    named = described[DEFLATOR] if DEFLATOR in described else pd.Series("", index=described.index)
    pairs = named[named != ""].rename_axis("amount").rename("indicator").reset_index()
    if pairs.empty:
        return None
    own = frame[frame["value"].notna()].merge(pairs, on="indicator", how="inner")
    wrong = own[~(own["value"] > 0)]
    if len(wrong):
        first = wrong.iloc[0]
        raise SourceUnreadable(
            f"{first['indicator']} {first['geo']} {first['time']}: the price index is {first['value']:g}. "
            "An index is above 0: correct it, or leave it out."
        )
    return np.asarray(axes.beside(panel, own.assign(indicator=own["amount"]), "value"), dtype=np.float64)
