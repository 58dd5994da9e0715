"""From scores to bands, and from the two bands of a country to its outcome."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from reporting.declarations import Profile
from reporting.spc.panel import Flags, Floats, Index

Texts = npt.NDArray[np.object_]


@dataclass(frozen=True)
class Outcomes:
    """Bands of level and change, and the outcome of the two; empty where there is none."""

    level: Texts
    change: Texts
    outcome: Texts
    fragile: Flags


def outcomes(
    level: Floats, change: Floats, unworsened: Flags, profile: Profile, margin: tuple[Floats, Floats]
) -> Outcomes:
    """Bands and outcomes of scores.

    Parameters
    ----------
    level, change : array
        Scores by indicator and country.
    unworsened : array of bool
        Where the country's own value did not worsen.
    profile : Profile
    margin : (array, array)
        How far the scores of level and change may move by rounding or a
        revision: where a move of that size in either or both gives another
        band or outcome, the result is fragile.
    """
    codes = code(level, profile), code(change, profile)
    outcome = _outcome(*codes, unworsened, profile)
    moved = np.zeros(level.shape, dtype=bool)
    for up, over in ((u, o) for u in (-1, 0, 1) for o in (-1, 0, 1) if u or o):
        other = code(level + up * margin[0], profile), code(change + over * margin[1], profile)
        changed = _outcome(*other, unworsened, profile) != outcome
        if profile.gives == "verdict":
            changed |= (other[0] != codes[0]) | (other[1] != codes[1])
        moved |= changed
    bands = profile.bands
    return Outcomes(_named(codes[0], bands.level), _named(codes[1], bands.change), outcome, moved & ~np.isnan(level))


def code(score: Floats, profile: Profile) -> Index:
    """The number of the band a score is in, from 0; -1 where it is missing."""
    found = np.zeros(score.shape, dtype=np.intp)
    for cut, belongs in zip(profile.bands.cuts, profile.bands.belongs, strict=True):
        found += (score >= cut) if belongs == "above" else (score > cut)
    return np.where(np.isnan(score), -1, found)


def unworsened(change: Floats, sign: Floats, profile: Profile) -> Flags:
    """Where a country's own value did not worsen; a change of nought counts as the profile says."""
    if profile.excused is None:
        return np.zeros(change.shape, dtype=bool)
    better = sign[:, None] * change > 0
    still = {"all": np.isfinite(sign), "high": sign > 0, "none": np.zeros(len(sign), dtype=bool)}[profile.excused.zero]
    return np.asarray(better | ((change == 0) & still[:, None]), dtype=np.bool_)


def _outcome(level: Index, change: Index, unworsened: Flags, profile: Profile) -> Texts:
    """The matrix looked up for each country; without level or change there is no outcome."""
    bands = profile.bands
    matrix = np.array([profile.matrix[name] for name in bands.level], dtype=object)
    found = matrix[np.maximum(level, 0), np.maximum(change, 0)]
    if profile.excused:
        instead = np.array([profile.excused.level.get(name, "") for name in bands.level], dtype=object)[
            np.maximum(level, 0)
        ]
        applies = unworsened & (change == bands.change.index(profile.excused.change)) & (instead != "")
        found = np.where(applies, instead, found)
    return np.where((level >= 0) & (change >= 0), found, "")


def _named(codes: Index, names: tuple[str, ...]) -> Texts:
    return np.where(codes >= 0, np.array(names, dtype=object)[np.maximum(codes, 0)], "")
