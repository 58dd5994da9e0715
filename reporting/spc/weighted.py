"""Second rows of employment rates, whose scores are weighted with the group's share of the population."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pandas as pd

from reporting.declarations import Declarations
from reporting.declarations.frameworks import Entry
from reporting.spc import computed, scoring
from reporting.spc import outcomes as judging
from reporting.spc.panel import Floats
from reporting.spc.scoring import Scores
from reporting.spc.standing import settled
from reporting.vintages import Store

#: What the name of a weighted row ends with.
SUFFIX = "_popweighted_score"


def weights(
    store: Store, known: Declarations, wanted: Mapping[str, Entry], geos: list[str], as_of: str = ""
) -> pd.DataFrame:
    """The weights that the store holds, as observations (``indicator``, ``geo``, ``time``, ``value``)."""
    formulas = {name: (e.weight.inputs, e.weight.formula) for name, e in wanted.items() if e.weight}
    return computed.evaluated(store, known, formulas, geos, as_of)[["indicator", "geo", "time", "value"]]


def table(scores: Scores, weights: pd.DataFrame) -> pd.DataFrame:
    """The weighted rows of the indicators that have weights.

    The score of each country is multiplied by its weight in the year that is
    judged, after it was standardised; bands and verdict follow from the product.
    A country without a weight for that year has no score.
    """
    weight = _at(scores, weights)
    level, change = (
        replace(standing, score=settled(standing.score * weight, scores.profile))
        for standing in (scores.level, scores.change)
    )
    sign = scores.options["sign"].to_numpy(dtype=float)
    unworsened = judging.unworsened(scores.change.value, sign, scores.profile)
    margin = scoring.margins(scores.panel, scores.profile, scores.level, scores.change)
    found = judging.outcomes(
        level.score, change.score, unworsened, scores.profile, (margin[0] * weight, margin[1] * weight)
    )
    whole = replace(scores, level=level, change=change, outcomes=found).table()
    own = whole[whole["indicator"].isin(set(weights["indicator"]))]
    return own.assign(indicator=own["indicator"] + SUFFIX).reset_index(drop=True)


def _at(scores: Scores, weights: pd.DataFrame) -> Floats:
    """The weight of each indicator and country in the year judged; NaN where there is none."""
    known = weights.set_index(["indicator", "geo", "time"])["value"]
    year = scores.panel.year(scores.periods.at)
    found = np.full(year.shape, np.nan)
    names = set(weights["indicator"])
    for row, name in enumerate(scores.panel.indicators):
        if name in names:
            found[row] = [
                known.get((name, geo, int(when)), np.nan) if np.isfinite(when) else np.nan
                for geo, when in zip(scores.panel.geos, year[row], strict=True)
            ]
    return found
