"""How good the figures of indicators are: old, few, missing, broken, unreliable, jumpy. For information only."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

#: Years looked at, the current one included.
SPAN = 10
#: A latest value of more years ago is old, or very old.
_OLD, _VERY_OLD = 3, 5
#: So few values of a series are told, and so many countries without one.
_FEW, _MANY = 3, 5
#: The countries whose absence moves an average.
LARGE = ("DE", "FR", "IT", "ES", "PL", "RO", "NL")
_UNION = "EU27_2020"
#: A smooth line needs so many values; a residual of so many times the median one is an outlier.
_SMOOTH, _FAR = 5, 1.5
COUNTRY = (
    "indicator", "geo", "latest_year", "age", "late", "points", "breaks", "low_reliability", "not_significant",
    "volatility", "outliers",
)  # fmt: skip
INDICATOR = (
    "indicator", "latest_year", "age", "points", "missing_ever", "missing_last", "many_missing", "large_missing_ever",
    "large_missing_last", "large_missing", "union_ever", "union_last",
)  # fmt: skip


def current(frame: pd.DataFrame) -> int:
    """The year of the newest figures: of the vintage they come from, or the latest they are about.

    It is told by the figures, so that the same figures always give the same
    result, whatever the day.
    """
    if "vintage" in frame and (frame["vintage"] != "").any():
        return max(int(part[:4]) for text in frame["vintage"].unique() for part in text.split("; ") if part)
    return int(frame["time"].max()) if len(frame) else 0


def by_country(frame: pd.DataFrame, year: int, geos: Sequence[str] = ()) -> pd.DataFrame:
    """What is to be known of each indicator in each country (columns of :data:`COUNTRY`).

    ``late`` says that the country's latest value is older than the latest of
    any; ``points`` is the number of values where it is three or fewer;
    ``volatility`` is one minus the correlation of a series with its smooth line
    (lowess), and outliers are the years further from that line than one and a
    half times the median distance.

    Parameters
    ----------
    frame : DataFrame
        Observations, as :func:`reporting.spc.panel.build` takes them.
    year : int
        The current year, against which a value is old.
    geos : sequence of str
        Countries to tell of; none for all.
    """
    recent = _recent(frame, year)
    latest = {str(name): int(when) for name, when in recent.groupby("indicator")["time"].max().items()}
    own = recent[recent["geo"].isin(list(geos))] if geos else recent
    rows = [_country(str(i), str(g), part, year, latest[str(i)]) for (i, g), part in own.groupby(["indicator", "geo"])]
    return _table(rows, COUNTRY)


def by_indicator(frame: pd.DataFrame, year: int, members: Sequence[str]) -> pd.DataFrame:
    """What is to be known of each indicator (columns of :data:`INDICATOR`).

    Missing are Member States without a value in any year looked at, or in the
    latest; ``many_missing`` says where they are five or more, and
    ``large_missing`` whether all or any of the large ones are.
    """
    rows = [_indicator(str(name), own, year, members) for name, own in _recent(frame, year).groupby("indicator")]
    return _table(rows, INDICATOR)


def _table(rows: list[dict[str, object]], columns: Sequence[str]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=list(columns))


def _recent(frame: pd.DataFrame, year: int) -> pd.DataFrame:
    inside = frame["value"].notna() & (frame["time"] > year - SPAN) & (frame["time"] <= year)
    return frame[inside].sort_values(["indicator", "geo", "time"])


def _age(latest: int, year: int) -> str:
    return "very old" if latest < year - _VERY_OLD else "old" if latest < year - _OLD else ""


def _points(count: int) -> int | None:
    return count if count <= _FEW else None


def _country(name: str, geo: str, own: pd.DataFrame, year: int, newest: int) -> dict[str, object]:
    latest = int(own["time"].max())
    volatility, outliers = smoothness(own["time"].to_numpy(dtype=float), own["value"].to_numpy(dtype=float))
    return {
        "indicator": name, "geo": geo, "latest_year": latest, "age": _age(latest, year), "late": latest < newest,
        "points": _points(len(own)), "volatility": volatility, "outliers": _years(outliers),
        **{column: _years(own["time"][own["flag"].str.contains(letter, regex=False)])
           for column, letter in (("breaks", "b"), ("low_reliability", "u"), ("not_significant", "n"))},
    }  # fmt: skip


def _indicator(name: str, own: pd.DataFrame, year: int, members: Sequence[str]) -> dict[str, object]:
    latest = int(own["time"].max())
    ever, last = set(own["geo"]), set(own.loc[own["time"] == latest, "geo"])
    gone, now = ([geo for geo in members if geo not in there] for there in (ever, last))
    return {
        "indicator": name, "latest_year": latest, "age": _age(latest, year), "points": _points(own["time"].nunique()),
        "missing_ever": len(gone), "missing_last": len(now),
        "many_missing": _worst(len(gone) >= _MANY, len(now) >= _MANY),
        "large_missing_ever": _names(gone), "large_missing_last": _names(now),
        "large_missing": "all" if set(LARGE) <= set(now) else "any" if set(LARGE) & set(now) else "",
        "union_ever": _UNION in ever, "union_last": _UNION in last,
    }  # fmt: skip


def _worst(ever: bool, last: bool) -> str:
    return "all years" if ever else "last year" if last else ""


def _names(geos: Sequence[str]) -> str:
    return " ".join(geo for geo in LARGE if geo in geos)


def _years(times: Sequence[float] | pd.Series) -> str:
    return " ".join(str(int(time)) for time in times)


def smoothness(times: npt.NDArray[np.float64], values: npt.NDArray[np.float64]) -> tuple[float, list[float]]:
    """One minus the correlation of a series with its smooth line, and the years far from that line.

    Of fewer than five values, or values that are all the same, nothing is said.
    """
    if len(values) < _SMOOTH or np.ptp(values) == 0:
        return math.nan, []
    smooth = _lowess()(values, times, frac=2 / 3, it=3, return_sorted=False)
    residuals = np.abs(values - smooth)
    if np.ptp(smooth) == 0 or not np.isfinite(smooth).all():
        return math.nan, []
    far = residuals > _FAR * np.median(residuals)
    return float(1 - np.corrcoef(values, smooth)[0, 1]), [float(t) for t in times[far & (residuals > _noise(values))]]


def _noise(values: npt.NDArray[np.float64]) -> float:
    """The noise of floating-point numbers, beside which a series is its own smooth line."""
    return 1e-9 * float(np.abs(values).max())


def _lowess() -> Callable[..., npt.NDArray[np.float64]]:
    from statsmodels.nonparametric.smoothers_lowess import lowess  # takes a while to import

    found: Callable[..., npt.NDArray[np.float64]] = lowess
    return found
