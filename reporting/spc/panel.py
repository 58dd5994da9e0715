"""Observations as an array: indicators, countries, years."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
Index = npt.NDArray[np.intp]


@dataclass(frozen=True)
class Panel:
    """Values and breaks of indicators (first axis), countries (second) and years (third).

    The first ``members`` countries count in means and dispersions; aggregates
    come after them. ``seen`` says which countries have a line at all.
    """

    indicators: tuple[str, ...]
    geos: tuple[str, ...]
    members: int
    years: npt.NDArray[np.int64]
    value: Floats
    broken: Flags
    seen: Flags

    @property
    def exists(self) -> Flags:
        """Where there is a value."""
        return ~np.isnan(self.value)

    def at(self, what: npt.NDArray[np.generic], when: Index) -> Floats:
        """Entries at a year for each indicator and country; NaN where the year is -1."""
        taken = np.take_along_axis(what, np.maximum(when, 0)[:, :, None], axis=2)[:, :, 0]
        return np.where(when >= 0, taken, np.nan)

    def earlier(self, when: Index, years: int) -> Index:
        """The position of the year so many years before; -1 where there is none."""
        wanted = self.years[np.maximum(when, 0)] - years
        found = np.minimum(np.searchsorted(self.years, wanted), len(self.years) - 1)
        return np.where((when >= 0) & (self.years[found] == wanted), found, -1)

    def year(self, when: Index) -> Floats:
        """The year at a position, NaN for -1."""
        return np.where(when >= 0, self.years[np.maximum(when, 0)].astype(float), np.nan)

    def of(self, geos: Sequence[str]) -> Panel:
        """The same panel with only some countries shown; means stay those of all members."""
        return dataclasses.replace(self, seen=self.seen & np.isin(self.geos, list(geos)))


def build(
    frame: pd.DataFrame, indicators: Sequence[str], members: Sequence[str], aggregates: Sequence[str] = ()
) -> Panel:
    """The panel of observations.

    Parameters
    ----------
    frame : DataFrame
        Columns ``indicator``, ``geo``, ``time`` (a whole number), ``value`` and
        ``flag``, each indicator, geo and time once; other indicators and geos
        are left out. A missing value is as no observation: its flag and its
        year count for nothing.
    indicators, members, aggregates : sequence of str
        What the axes hold, in this order.
    """
    geos = (*members, *aggregates)
    frame = frame[frame["indicator"].isin(list(indicators)) & frame["geo"].isin(geos)]
    row, column = (
        pd.Index(names).get_indexer(pd.Index(frame[axis]))
        for names, axis in ((list(indicators), "indicator"), (list(geos), "geo"))
    )
    there = frame["value"].notna().to_numpy()
    years = np.unique(frame["time"].to_numpy(dtype=np.int64)[there])
    shape = (len(indicators), len(geos), max(len(years), 1))
    value, broken, seen = np.full(shape, np.nan), np.zeros(shape, dtype=bool), np.zeros(shape[:2], dtype=bool)
    seen[row, column] = True
    frame, row, column = frame[there], row[there], column[there]
    when = np.searchsorted(years, frame["time"].to_numpy(dtype=np.int64))
    value[row, column, when] = frame["value"].to_numpy(dtype=float)
    broken[row, column, when] = frame["flag"].str.contains("b", regex=False).to_numpy(dtype=bool)
    years = years if len(years) else np.zeros(1, dtype=np.int64)
    return Panel(tuple(indicators), geos, len(members), years, value, broken, seen)


def beside(panel: Panel, frame: pd.DataFrame, column: str) -> Floats:
    """Another column of the observations on the axes of a panel; NaN where it has nothing to say.

    Parameters
    ----------
    panel : Panel
    frame : DataFrame
        As for :func:`build`; what is of other indicators, geos or years is left out.
    column : str
    """
    axes = ((list(panel.indicators), "indicator"), (list(panel.geos), "geo"), (panel.years.tolist(), "time"))
    at = [pd.Index(names).get_indexer(pd.Index(frame[axis])) for names, axis in axes]
    fits = (at[0] >= 0) & (at[1] >= 0) & (at[2] >= 0)
    found = np.full(panel.value.shape, np.nan)
    found[at[0][fits], at[1][fits], at[2][fits]] = frame[column].to_numpy(dtype=float)[fits]
    return found


def last(where: Flags) -> Index:
    """The last true position along the last axis, -1 where none is."""
    count = where.shape[-1]
    return np.where(where.any(axis=-1), count - 1 - where[..., ::-1].argmax(axis=-1), -1)
