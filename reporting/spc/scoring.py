"""All indicators and countries judged at once, by the rules of a profile."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from reporting.declarations import Profile
from reporting.spc import outcomes as judging
from reporting.spc import periods as timing
from reporting.spc.outcomes import Outcomes
from reporting.spc.panel import Floats, Panel
from reporting.spc.periods import Periods
from reporting.spc.standing import Standing, stand

#: The columns of a table of scores.
COLUMNS = (
    "indicator", "geo", "year", "level", "change", "score_level", "score_change", "category_level", "category_change",
    "category", "verdict", "reference", "reference_value", "n", "fragile",
)  # fmt: skip
#: More decimals than any published figure has: beyond, values are not rounded ones.
_DECIMALS = range(7)


@dataclass(frozen=True)
class Scores:
    """What a profile makes of a panel, as arrays by indicator and country."""

    panel: Panel
    profile: Profile
    options: pd.DataFrame
    periods: Periods
    level: Standing
    change: Standing
    outcomes: Outcomes

    def table(self) -> pd.DataFrame:
        """A row for each indicator and country with a line in the data, in the order of the indicators.

        ``reference``, ``reference_value`` and ``n`` are those of the level.
        ``score_level`` and ``score_change`` have the sign of the profile: in
        the scoreboard a positive score is bad. ``category`` is filled by the
        scoreboard, ``verdict`` by the Joint Assessment Framework, whose
        categories are those of level and change. A country without a level
        has empty cells.
        """
        shape = self.panel.seen.shape
        level, change, found = self.level, self.change, self.outcomes
        has = ~np.isnan(level.value)
        wide = {
            "indicator": np.repeat(np.array(self.panel.indicators, dtype=object)[:, None], shape[1], axis=1),
            "geo": np.repeat(np.array(self.panel.geos, dtype=object)[None, :], shape[0], axis=0),
            "year": self.panel.year(self.periods.at),
            "level": level.value,
            "change": change.value,
            "score_level": level.score,
            "score_change": change.score,
            "category_level": found.level,
            "category_change": found.change,
            "category": found.outcome if self.profile.gives == "category" else np.full(shape, ""),
            "verdict": found.outcome if self.profile.gives == "verdict" else np.full(shape, ""),
            "reference": np.where(has, level.reference[:, None], ""),
            "reference_value": np.where(has, level.reference_value[:, None], np.nan),
            "n": np.where(has, level.n[:, None], -1),
            "fragile": found.fragile,
        }
        table = pd.DataFrame({name: wide[name][self.panel.seen] for name in COLUMNS})
        whole = {"year": table["year"].astype("Int64"), "n": table["n"].astype("Int64").where(table["n"] >= 0)}
        return table.assign(**whole)


def score(panel: Panel, options: pd.DataFrame, profile: Profile) -> Scores:
    """Judge all indicators of a panel in all countries.

    Parameters
    ----------
    panel : Panel
    options : DataFrame
        For each indicator of the panel, in its order: ``sign``,
        ``change_in_percent``, ``calculate_change``, ``drop_change_with_break``
        and ``reference``, as :func:`reporting.spc.observed.indicators` gives them.
    profile : Profile

    Notes
    -----
    Broken changes leave before mean and deviation are taken, and nothing is
    rounded: neither values nor scores, before any comparison.
    """
    options = options.loc[list(panel.indicators)]
    periods = timing.chosen(panel, profile)
    value = panel.at(panel.value, periods.at)
    moves = timing.changes(panel, periods, profile, options)
    size, noise = _sizes(panel, periods, options)
    level = stand(panel, value, periods.at, profile, options, size)
    change = stand(panel, moves, periods.at, profile, options, noise)
    sign = options["sign"].to_numpy(dtype=float)
    better = judging.unworsened(moves, sign, profile)
    found = judging.outcomes(level.score, change.score, better, profile, margins(panel, profile, level, change))
    return Scores(panel, profile, options, periods, level, change, found)


def _sizes(panel: Panel, periods: Periods, options: pd.DataFrame) -> tuple[Floats, Floats]:
    """How large the figures of an indicator are: levels, and what changes are computed from."""
    level, before = (np.abs(panel.at(panel.value, when)) for when in (periods.at, periods.base))
    size = np.nanmax(np.where(np.isnan(level), 0.0, level), axis=1)
    earlier = np.nanmax(np.where(np.isnan(before), 0.0, before), axis=1)
    percent = options["change_in_percent"].to_numpy(dtype=bool)
    return size, np.maximum(np.maximum(size, earlier), np.where(percent, 100.0, 0.0))


def margins(panel: Panel, profile: Profile, level: Standing, change: Standing) -> tuple[Floats, Floats]:
    """How far scores may move: the margin of the profile, or what rounding does where that is more."""
    half = half_unit(panel)
    moves = []
    for standing, values in ((level, 1), (change, 2)):
        rounding = profile.score.factor * values * half / np.where(standing.sd > 0, standing.sd, np.nan)
        moves.append(np.fmax(rounding, profile.score.margin)[:, None])
    return moves[0], moves[1]


def half_unit(panel: Panel) -> Floats:
    """Half a unit of the last decimal in which an indicator is given; 0 where its values are not rounded."""
    half = np.zeros(len(panel.indicators))
    for decimals in reversed(_DECIMALS):
        odd = np.abs(panel.value - np.round(panel.value, decimals)) > 1e-9
        half = np.where(odd.any(axis=(1, 2)), half, 0.5 * 10.0**-decimals)
    return half
