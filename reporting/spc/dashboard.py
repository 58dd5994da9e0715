"""Which changes are significant: by table, by standard error, or by their size."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from reporting.declarations import Dashboard
from reporting.errors import UsageError
from reporting.spc.evidence import Evidence, gathered
from reporting.spc.panel import Flags, Floats, Index, Panel, last
from reporting.spc.scoring import COLUMNS, half_unit

#: The noise of subtraction, beside which a change is at a threshold.
_AT = 1e-9
#: Bases below are a number of years before the latest year.
_YEARS = 100


@dataclass(frozen=True)
class Moves:
    """Changes of a panel since a base year, each with its state and how that was decided.

    ``state`` is one of :data:`reporting.declarations.profiles.STATES`, empty
    where there is no change; ``by`` is ``table``, ``standard error`` or
    ``threshold``. ``size`` is the change in points, or in per cent of the base
    for indicators with ``change_in_percent``.
    """

    panel: Panel
    profile: Dashboard
    options: pd.DataFrame
    at: Index
    base: Index
    level: Floats
    size: Floats
    state: npt.NDArray[np.object_]
    by: npt.NDArray[np.object_]
    fragile: Flags

    def table(self) -> pd.DataFrame:
        """The columns of a table of scores; ``category`` is the state, ``n`` the countries with a change."""
        shape = self.panel.seen.shape
        has = ~np.isnan(self.level)
        union = self._union()
        wide = {name: np.full(shape, "", dtype=object) for name in COLUMNS} | {
            "indicator": np.repeat(np.array(self.panel.indicators, dtype=object)[:, None], shape[1], axis=1),
            "geo": np.repeat(np.array(self.panel.geos, dtype=object)[None, :], shape[0], axis=0),
            "year": np.where(has, self.panel.year(self.at)[:, None], np.nan),
            "level": self.level,
            "change": self.size,
            "score_level": np.full(shape, np.nan),
            "score_change": np.full(shape, np.nan),
            "category": self.state,
            "reference": np.where(has & ~np.isnan(union)[:, None], self.profile.aggregates[0], ""),
            "reference_value": np.where(has, union[:, None], np.nan),
            "n": np.where(has, self._counted()[:, None], -1),
            "fragile": self.fragile,
        }
        table = pd.DataFrame({name: wide[name][self.panel.seen] for name in COLUMNS})
        whole = {"year": table["year"].astype("Int64"), "n": table["n"].astype("Int64").where(table["n"] >= 0)}
        return table.assign(**whole)

    def _union(self) -> Floats:
        return np.asarray(self.level[:, self.panel.geos.index(self.profile.aggregates[0])], dtype=np.float64)

    def _counted(self) -> Index:
        return np.asarray((~np.isnan(self.size))[:, : self.panel.members].sum(axis=1), dtype=np.intp)

    def trends(self) -> list[tuple[str, str, int, int]]:
        """Indicators that many countries move in one direction: indicator, state, how many, of how many.

        The countries counted against are those whose change is comparable.
        """
        members = self.state[:, : self.panel.members]
        comparable = ((members != "") & (members != "not_comparable")).sum(axis=1)
        found = []
        for state in ("deterioration", "improvement"):
            count = (members == state).sum(axis=1)
            enough = (comparable > 0) & (count >= self.profile.trend * comparable - _AT)
            found += [
                (self.panel.indicators[k], state, int(count[k]), int(comparable[k])) for k in np.flatnonzero(enough)
            ]
        return found


def moves(
    panel: Panel,
    options: pd.DataFrame,
    profile: Dashboard,
    base: int = 0,
    told: pd.DataFrame | None = None,
    errors: Floats | None = None,
    prices: Floats | None = None,
) -> Moves:
    """Changes since a base year and which of them are significant.

    Parameters
    ----------
    panel : Panel
    options : DataFrame
        As for :func:`reporting.spc.scoring.score`.
    profile : Dashboard
    base : int
        One of the profile's bases; 0 for the first.
    told : DataFrame, optional
        A table of significance.
    errors : array, optional
        Standard errors of the values, on the axes of the panel.
    prices : array, optional
        Price indices on the axes of the panel: of an indicator that has any,
        changes are in real terms, at the prices of the base year.

    Notes
    -----
    The year is one for all countries. A break after the base year up to the
    latest makes a change not comparable. Otherwise a table decides, together
    with the size from which a change has substance; where it is silent the
    standard error of the change does; where that is not known a threshold
    does: a change of exactly that size counts. Where it is not said what is
    good there is no state.
    """
    options = options.loc[list(panel.indicators)]
    since = base or profile.bases[0]
    if since not in profile.bases:
        raise UsageError(f"{since} is no base of {profile.id}: it has {', '.join(map(str, profile.bases))}.")
    at = last(panel.exists[:, : panel.members].sum(axis=1) >= profile.minimum)
    when = np.repeat(at[:, None], len(panel.geos), axis=1)
    before = panel.earlier(when, since) if since < _YEARS else _year(panel, when, since)
    level, start = panel.at(panel.value, when), panel.at(panel.value, before)
    relative = options["change_in_percent"].to_numpy(dtype=bool)[:, None]
    real = _real(panel, prices, when, before)
    change = np.where(options["calculate_change"].to_numpy(dtype=bool)[:, None], level * real - start, np.nan)
    per_cent = 100 / np.where(start == 0, np.nan, np.abs(start))
    size = np.where(relative, change * per_cent, change)
    evidence = gathered(panel, when, before, told, errors, real)
    significant, by = _significance(change, size, relative, profile, evidence)
    sign = options["sign"].to_numpy(dtype=float)[:, None]
    state = np.where(significant, np.where(sign * size > 0, "improvement", "deterioration"), "no_change").astype(object)
    state = np.where(_broken(panel, when, before), "not_comparable", state)
    known = ~np.isnan(size) & ~np.isnan(sign)
    near = np.abs(np.abs(size) - _limit(profile.threshold.points, profile.threshold.percent, relative))
    unit = 2 * half_unit(panel)[:, None] * np.where(relative, per_cent, 1.0)
    fragile = known & (by == "threshold") & (near <= unit + _AT) & (state != "not_comparable")
    return Moves(
        panel, profile, options, at, before, level, size, np.where(known, state, ""), np.where(known, by, ""), fragile
    )


def _real(panel: Panel, prices: Floats | None, when: Index, before: Index) -> Floats:
    """What brings a value to the prices of the base year: 1 without prices, NaN where one of the two is missing."""
    if prices is None:
        return np.ones(panel.seen.shape)
    factor = panel.at(prices, before) / panel.at(prices, when)
    deflated = np.asarray(np.isfinite(prices).any(axis=(1, 2)))
    return np.where(deflated[:, None], factor, 1.0)


def _significance(
    change: Floats, size: Floats, relative: Flags, profile: Dashboard, evidence: Evidence
) -> tuple[Flags, npt.NDArray[np.object_]]:
    """Whether each change is significant, and what tells."""
    told, error = evidence.told, evidence.error
    large = np.abs(size) >= _limit(profile.threshold.points, profile.threshold.percent, relative) - _AT
    substance = np.abs(size) >= _limit(profile.substance.points, profile.substance.percent, relative) - _AT
    tested = np.abs(change) > profile.critical * error
    by_error = np.where(np.isnan(error), large, tested)
    significant = np.where(np.isnan(told), by_error, (told == 1) & substance)
    by = np.where(np.isnan(told), np.where(np.isnan(error), "threshold", "standard error"), "table")
    return np.asarray(significant, dtype=np.bool_), by.astype(object)


def _limit(points: float, percent: float, relative: Flags) -> Floats:
    return np.where(relative, percent, points)


def _year(panel: Panel, when: Index, year: int) -> Index:
    """The position of a year, where it is before the latest one."""
    found = int(np.searchsorted(panel.years, year))
    there = found < len(panel.years) and panel.years[found] == year
    return np.where(there & (when > found), found, -1)


def _broken(panel: Panel, when: Index, before: Index) -> Flags:
    position = np.arange(len(panel.years))
    inside = (position > before[:, :, None]) & (position <= when[:, :, None])
    return np.asarray((panel.broken & inside).any(axis=2), dtype=np.bool_)
