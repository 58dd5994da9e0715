"""A verdict with its working: every number that led to it, and who was left out."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from reporting.errors import UsageError
from reporting.spc.scoring import Scores
from reporting.spc.standing import Standing


def explain(scores: Scores, indicator: str, geo: str) -> dict[str, Any]:
    """How a country came to its bands and its outcome in one indicator.

    Returns
    -------
    dict
        Years, values, reference, mean, deviation, number, score, nearest
        cut-off and the distance to it for level and change; the countries that
        are late, left out or not comparable, each with the reason; the outcome
        and whether it is fragile. A number that is not there is None.

    Raises
    ------
    UsageError
        When there is no such indicator or country in the data.
    """
    panel = scores.panel
    if indicator not in panel.indicators:
        raise UsageError(f"Unknown indicator {indicator!r}: there is none of this name in the data.")
    row = panel.indicators.index(indicator)
    if geo not in panel.geos or not panel.seen[row, panel.geos.index(geo)]:
        raise UsageError(f"{indicator}: no data on {geo!r}. There are {', '.join(_seen(scores, row))}.")
    column = panel.geos.index(geo)
    periods, found = scores.periods, scores.outcomes
    outcome = found.outcome[row, column]
    meaning = scores.profile.outcomes.get(outcome)
    return {
        "indicator": indicator,
        "geo": geo,
        "profile": scores.profile.id,
        "year_of_indicator": _year(scores, periods.overall[row]),
        "year": _year(scores, periods.at[row, column]),
        "base_year": _year(scores, periods.base[row, column]),
        "level": _part(scores, scores.level, row, column, found.level[row, column]),
        "change": _part(scores, scores.change, row, column, found.change[row, column])
        | {"break_in_series": bool(periods.broken[row, column])},
        "outcome": outcome or None,
        "means": meaning.label if meaning else None,
        "fragile": bool(found.fragile[row, column]),
        "left_out": reasons(scores, indicator),
    }


def reasons(scores: Scores, indicator: str) -> dict[str, str]:
    """Why countries do not count, or count with less: late, without the year, without a change, with a break."""
    panel, periods = scores.panel, scores.periods
    row = panel.indicators.index(indicator)
    said = {}
    for column, geo in enumerate(panel.geos):
        why = _why(scores, row, column)
        if why and (panel.seen[row, column] or column < panel.members):
            said[geo] = why
    if periods.overall[row] < 0:
        said["*"] = f"no year has a value in {scores.profile.years.minimum} countries"
    return said


def _why(scores: Scores, row: int, column: int) -> str:
    panel, periods = scores.panel, scores.periods
    at, overall = periods.at[row, column], periods.overall[row]
    if not panel.exists[row, column].any():
        return "no value"
    if at < 0:
        return f"no value for {_year(scores, overall)}" if overall >= 0 else "no year is judged"
    late = f"late: value of {_year(scores, at)}" if at < overall else ""
    change = ""
    if np.isnan(scores.change.value[row, column]) and scores.options["calculate_change"].iloc[row]:
        broken = periods.broken[row, column] and scores.profile.breaks.action == "drop"
        base = periods.base[row, column]
        missing = base < 0 or np.isnan(panel.value[row, column, base])
        change = "no value in the base year" if missing else "break in series" if broken else "no change"
        change = f"no change: {change}" if change != "no change" else change
    return "; ".join(filter(None, (late, change)))


def _part(scores: Scores, standing: Standing, row: int, column: int, band: str) -> dict[str, Any]:
    score = _number(standing.score[row, column])
    cuts = scores.profile.bands.cuts
    nearest = None if score is None else min(cuts, key=lambda cut: abs(score - cut))
    return {
        "value": _number(standing.value[row, column]),
        "reference": standing.reference[row] or None,
        "reference_value": _number(standing.reference_value[row]),
        "reference_years": _years(scores, standing, row),
        "mean": _number(standing.mean[row]),
        "sd": _number(standing.sd[row]),
        "sd_kind": scores.profile.score.sd,
        "n": int(standing.n[row]),
        "score": score,
        "band": band or None,
        "nearest_cut": nearest,
        "distance": None if nearest is None or score is None else abs(score - nearest),
    }


def _years(scores: Scores, standing: Standing, row: int) -> list[int]:
    """The year of the reference; of a simple average all the years that enter it."""
    if standing.year[row] >= 0:
        return [int(scores.panel.years[standing.year[row]])]
    there = ~np.isnan(standing.value[row, : scores.panel.members])
    used = scores.periods.at[row, : scores.panel.members][there]
    return sorted({int(year) for year in scores.panel.years[used]})


def _year(scores: Scores, position: int) -> int | None:
    return int(scores.panel.years[position]) if position >= 0 else None


def _number(value: float) -> float | None:
    return None if np.isnan(value) else float(value)


def _seen(scores: Scores, row: int) -> list[str]:
    return [geo for geo, there in zip(scores.panel.geos, scores.panel.seen[row], strict=True) if there]


def lines(working: dict[str, Any]) -> list[tuple[str, str]]:
    """The working as pairs of a name and a text, for a person."""
    found: list[tuple[str, str]] = []
    for name, value in working.items():
        if isinstance(value, dict):
            found += [(f"{name}.{key}", _text(entry)) for key, entry in value.items()]
        else:
            found.append((name, _text(value)))
    return found


def _text(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.10g}"
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return "" if value is None or value is pd.NA else str(value)
