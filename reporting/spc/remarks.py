"""What a person must know beside the scores: what was left out, marked or without effect."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from reporting.spc.observed import DEFLATOR
from reporting.spc.panel import Flags
from reporting.spc.scoring import Scores

#: Places named one by one.
_SHOWN = 8


def of(scores: Scores, observed: pd.DataFrame, described: pd.DataFrame) -> Iterator[str]:
    """Remarks on scores, one sentence or two each."""
    panel, profile = scores.panel, scores.profile
    members = np.arange(len(panel.geos)) < panel.members
    yield from _outside(observed, panel.geos)
    has = np.asarray(panel.exists.any(axis=2), dtype=np.bool_)
    yield from _indicators(
        has.any(axis=1) & (scores.periods.overall < 0), scores,
        f"no year has a value in {profile.years.minimum} countries"
        + ("; nothing is computed" if profile.years.late == "out" else "; each country enters with its latest year"),
    )  # fmt: skip
    yield from _places(has & (scores.periods.at < 0), scores, "left out, no value for the year of the indicator")
    if profile.years.late == "mark":
        late = (scores.periods.at >= 0) & (scores.periods.at < scores.periods.overall[:, None])
        yield from _places(late & members, scores, "late, judged by an older year")
    yield from _indicators(np.isnan(scores.options["sign"].to_numpy(dtype=float)), scores, "no polarity, so no score")
    yield from _indicators(scores.level.sd == 0, scores, "no dispersion of levels, so no score")
    yield from _indicators(scores.change.sd == 0, scores, "no dispersion of changes, so no score of changes")
    if profile.breaks.action != "ignore":
        seen = "not comparable because of a break in series"
        yield from _places(_breaks(scores) & members, scores, f"change {seen}")
    for option, works in (
        ("change_in_percent", profile.change.percent == "indicator"),
        ("drop_change_with_break", profile.breaks.action != "ignore" and profile.breaks.applies == "indicator"),
    ):
        if described[option].any() and not works:
            yield f"{option} has no effect under the profile {profile.id}."
    if DEFLATOR in described and (described[DEFLATOR] != "").any():
        yield f"{DEFLATOR} has no effect under the profile {profile.id}."


def _breaks(scores: Scores) -> Flags:
    asks = scores.options["drop_change_with_break"].to_numpy(dtype=bool)[:, None]
    return scores.periods.broken & (scores.periods.base >= 0) & (asks | (scores.profile.breaks.applies == "all"))


def _outside(observed: pd.DataFrame, geos: tuple[str, ...]) -> Iterator[str]:
    outside = observed[~observed["geo"].isin(geos)]
    if not outside.empty:
        names = ", ".join(dict.fromkeys(outside["geo"]))
        yield f"{len(outside)} observations of {names} count for nothing here and are left out."


def _places(where: Flags, scores: Scores, what: str) -> Iterator[str]:
    rows, columns = np.nonzero(where)
    names = [f"{scores.panel.indicators[r]} {scores.panel.geos[c]}" for r, c in zip(rows, columns, strict=True)]
    if names:
        yield f"{what}: {_listed(names)}."


def _indicators(where: Flags, scores: Scores, what: str) -> Iterator[str]:
    names = [scores.panel.indicators[position] for position in np.flatnonzero(where)]
    if names:
        yield f"{what}: {_listed(names)}."


def _listed(names: list[str]) -> str:
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more
