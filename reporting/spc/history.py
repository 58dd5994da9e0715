"""Verdicts as they were given with the data of their time, beside the same cycle with today's data."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import pandas as pd

from reporting.declarations import Profile
from reporting.spc import panel, scoring

COLUMNS = ("indicator", "geo", "as_of", "year", "outcome", "same_cycle_today", "revision", "since_previous")
#: An outcome and its year for each indicator.
_Judged = pd.DataFrame
_Judge = Callable[[pd.DataFrame], _Judged]


def history(
    known_at: Mapping[str, pd.DataFrame],
    today: pd.DataFrame,
    described: pd.DataFrame,
    profile: Profile,
    members: Sequence[str],
    geo: str,
) -> pd.DataFrame:
    """The outcomes of a country at some dates, and why they are others today.

    Parameters
    ----------
    known_at : mapping
        Observations as known on each date (as :func:`reporting.spc.panel.build` takes them).
    today : DataFrame
        Observations as known today.
    described : DataFrame
        What is said of the indicators.
    profile : Profile
    members : sequence of str
        The countries that count.
    geo : str
        The country, one of them.

    Returns
    -------
    DataFrame
        Columns of :data:`COLUMNS`. ``same_cycle_today`` is the outcome of
        today's data up to the year that was judged then. Where it differs,
        ``revision`` says whose revision suffices for the difference: the
        country's ``own``, that of ``others`` (through reference, mean and
        deviation), ``either``, or only ``both`` together. ``since_previous``
        compares with the date before: ``revision`` where the outcome is what
        the newer data make of the older year, ``real change`` where it comes
        with a new year.
    """

    def judge(frame: pd.DataFrame) -> _Judged:
        filled = panel.build(frame, list(described.index), members, profile.aggregates)
        table = scoring.score(filled, described, profile).table()
        own = table[(table["geo"] == geo) & table["level"].notna()].set_index("indicator")
        return pd.DataFrame({"year": own["year"], "outcome": own[profile.gives]})

    rows: list[dict[str, object]] = []
    before: tuple[pd.DataFrame, _Judged] | None = None
    for date in sorted(known_at):
        then = known_at[date]
        judged = judge(then)
        again = judge(_upto(today, judged))
        why = _whose(judge, then, _upto(today, judged), judged, again, geo)
        moved = _since(judge, before[1], then, judged) if before else {}
        for indicator, year, outcome in judged.itertuples():
            rows.append(
                {
                    "indicator": indicator, "geo": geo, "as_of": date, "year": int(year), "outcome": outcome,
                    "same_cycle_today": again["outcome"].get(indicator, ""), "revision": why.get(indicator, ""),
                    "since_previous": moved.get(indicator, ""),
                }
            )  # fmt: skip
        before = then, judged
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _upto(frame: pd.DataFrame, judged: _Judged) -> pd.DataFrame:
    """Observations up to the year that was judged, of the indicators that were."""
    limit = frame["indicator"].map(judged["year"])
    return frame[limit.notna() & (frame["time"] <= limit.fillna(0))]


def _whose(
    judge: _Judge, then: pd.DataFrame, now: pd.DataFrame, judged: _Judged, again: _Judged, geo: str
) -> dict[str, str]:
    """Whose revision changed each outcome."""
    then = _upto(then, judged)
    own, others = (
        judge(pd.concat([one[one["geo"] == geo], other[other["geo"] != geo]], ignore_index=True))["outcome"]
        for one, other in ((now, then), (then, now))
    )
    names = {(True, True): "either", (True, False): "own", (False, True): "others", (False, False): "both"}
    found = {}
    for indicator, outcome in judged["outcome"].items():
        result = again["outcome"].get(indicator, "")
        if result != outcome:
            found[str(indicator)] = names[own.get(indicator, "") == result, others.get(indicator, "") == result]
    return found


def _since(judge: _Judge, earlier: _Judged, then: pd.DataFrame, judged: _Judged) -> dict[str, str]:
    """What became of each outcome since the date before."""
    revised = judge(_upto(then, earlier))["outcome"]
    found = {}
    for indicator, outcome in judged["outcome"].items():
        if earlier["outcome"].get(indicator, outcome) != outcome:
            found[str(indicator)] = "revision" if revised.get(indicator, "") == outcome else "real change"
    return found
