"""Which year of an indicator is judged in each country, and since when it changed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from reporting.declarations import Profile
from reporting.spc.panel import Flags, Floats, Index, Panel, last


@dataclass(frozen=True)
class Periods:
    """Positions of years in a panel, -1 for none.

    Attributes
    ----------
    overall : array of int
        The year of each indicator.
    own, at, base : array of int
        For each indicator and country: its latest year, the year judged, and
        the year the change counts from.
    broken : array of bool
        Whether the profile sees a break in series in the change.
    """

    overall: Index
    own: Index
    at: Index
    base: Index
    broken: Flags


def chosen(panel: Panel, profile: Profile) -> Periods:
    """The years a profile judges.

    The year of an indicator is the latest with values for the minimum number
    of member countries. A country that is late enters with its own latest year
    (unless it stays out), one that is ahead is cut back to the year of the
    indicator, and one that is ahead and lacks just that year has none. Where
    no year has enough countries, late countries enter with their own latest
    year all the same; where late ones stay out, no country has a year.
    Aggregates follow the same rule as countries.
    """
    exists = panel.exists
    enough = exists[:, : panel.members].sum(axis=1) >= profile.years.minimum
    overall, own = last(enough), last(exists)
    limit = overall[:, None]
    wanted = np.where(limit < 0, own, np.minimum(own, limit))
    if profile.years.late == "out":
        wanted = np.broadcast_to(limit, own.shape)
    held = np.take_along_axis(exists, np.maximum(wanted, 0)[:, :, None], axis=2)[:, :, 0]
    at = np.where((wanted >= 0) & held, wanted, -1)
    base = _base(panel, profile, overall, at)
    return Periods(overall, own, at, base, _broken(panel, profile, at, base))


def _base(panel: Panel, profile: Profile, overall: Index, at: Index) -> Index:
    """Where the change counts from: a fixed number of years before, or the previous year with any figure at all."""
    if profile.change.years != "previous":
        return panel.earlier(at, profile.change.years)
    any_figure = panel.exists.any(axis=1)
    any_figure &= np.arange(len(panel.years)) < overall[:, None]
    return np.where(at >= 0, last(any_figure)[:, None], -1)


def _broken(panel: Panel, profile: Profile, at: Index, base: Index) -> Flags:
    """Whether a break lies in the change: at its latest year, or after its base year up to the latest."""
    if profile.breaks.window == "latest":
        return np.equal(panel.at(panel.broken, at), 1)
    return inside(panel, at, base)


def inside(panel: Panel, at: Index, base: Index) -> Flags:
    """Whether a break lies after the base year up to the year judged."""
    seen = np.concatenate([np.zeros((*panel.seen.shape, 1), dtype=np.intp), panel.broken.cumsum(axis=2)], axis=2)
    upto, before = (
        np.take_along_axis(seen, np.maximum(when, -1)[:, :, None] + 1, axis=2)[:, :, 0] for when in (at, base)
    )
    return np.asarray((at >= 0) & (base >= 0) & (upto > before), dtype=np.bool_)


def changes(panel: Panel, periods: Periods, profile: Profile, options: pd.DataFrame) -> Floats:
    """The change of each indicator and country: a difference, or per cent of the base where the profile allows it.

    Missing where the exact base year is missing, where the indicator has no
    change, and where the profile drops it because of a break. A base of
    nought has no change in per cent.
    """
    level, before = panel.at(panel.value, periods.at), panel.at(panel.value, periods.base)
    change = level - before
    if profile.change.percent == "indicator":
        percent = options["change_in_percent"].to_numpy(dtype=bool)[:, None]
        nonzero = np.where(before == 0, np.nan, before)
        change = np.where(percent, 100 * (level / nonzero - 1), change)
    allowed = options["calculate_change"].to_numpy(dtype=bool)[:, None]
    return np.where(allowed & ~dropped(periods, profile, options), change, np.nan)


def dropped(periods: Periods, profile: Profile, options: pd.DataFrame) -> Flags:
    """Which changes the profile leaves out because of a break in series."""
    if profile.breaks.action != "drop":
        return np.zeros_like(periods.broken)
    asks = options["drop_change_with_break"].to_numpy(dtype=bool)[:, None]
    return periods.broken & (asks | (profile.breaks.applies == "all"))
