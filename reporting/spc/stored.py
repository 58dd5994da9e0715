"""The indicators of a framework as the store holds them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import pandas as pd

from reporting.declarations import Declarations
from reporting.declarations.frameworks import Entry, load
from reporting.spc import computed, held
from reporting.vintages import Store

#: Units of which a change is in points.
_POINTS = ("PC", "PC_GDP", "PC_PNT")


def named(entry: Entry) -> str:
    """The name of an indicator among those of all frameworks.

    Examples
    --------
    ``jaf:PA11.S14.`` is not ``sppm:PA11.S14.``.
    """
    return f"{entry.framework}:{entry.id}"


def entries(known: Declarations, framework: str) -> dict[str, Entry]:
    """The indicators of a framework by their names among all."""
    return {named(entry): entry for entry in load(known, framework).values()}


def described(wanted: Mapping[str, Entry], relative: bool = False) -> pd.DataFrame:
    """What the catalogue says of indicators, as :func:`reporting.spc.observed.indicators` gives it.

    With ``relative`` a change is in per cent wherever the unit is not a
    percentage, as a dashboard has it: ratios, years, amounts.
    """
    signs = {"high": 1.0, "low": -1.0, "": float("nan")}
    rows = [
        {
            "sign": signs[entry.good],
            "change_in_percent": entry.unit not in _POINTS if relative else entry.percent,
            "calculate_change": entry.change,
            "drop_change_with_break": entry.breaks == "drop",
            "reference": entry.reference,
        }
        for entry in wanted.values()
    ]
    return pd.DataFrame(rows, index=pd.Index(list(wanted), name="indicator"))


def values(
    store: Store, wanted: Mapping[str, Entry], geos: Iterable[str], as_of: str = "", known: Declarations | None = None
) -> pd.DataFrame:
    """Annual values of indicators whose series, or inputs, the store holds.

    Parameters
    ----------
    store : Store
    wanted : mapping
        Indicators by name.
    geos : iterable of str
    as_of : str
    known : Declarations, optional
        What is needed to compute indicators from their inputs: where all
        inputs are newer than the figures of the framework's owner and give
        values for no fewer countries, or there are no such figures.

    Returns
    -------
    DataFrame
        ``indicator``, ``geo``, ``time`` (a number), ``value``, ``flag``, and
        ``vintage``, ``dataset`` and ``key`` for what a value comes from. The
        flag of a value that the owner of a framework computed is the owner's.
    """
    pairs = [(name, *pair) for name, entry in wanted.items() for pair in held.series_of(entry)]
    found = held.observed(store, pairs, list(geos), as_of)[held.COLUMNS]
    if known and (newer := computed.newer(store, wanted, as_of)):
        found = _renewed(found, computed.values(store, known, newer, list(geos), as_of))
    return found.sort_values(["indicator", "geo", "time"], ignore_index=True)


def _renewed(found: pd.DataFrame, ours: pd.DataFrame) -> pd.DataFrame:
    """The owner's figures, and in their place those computed that have no fewer countries."""
    before, after = (frame.groupby("indicator")["geo"].nunique() for frame in (found, ours))
    better = [name for name, count in after.items() if count >= before.get(name, 0)]
    kept, taken = found[~found["indicator"].isin(better)], ours[ours["indicator"].isin(better)]
    return pd.concat([frame for frame in (kept, taken) if len(frame)] or [found], ignore_index=True)


def with_input_breaks(
    store: Store, frame: pd.DataFrame, wanted: Mapping[str, Entry], known: Declarations, as_of: str = ""
) -> pd.DataFrame:
    """The same values, with the breaks of the series that a computed value comes from.

    Only inputs count whose keys are known: of declared datasets, and of those
    fetched for a framework. A break of an input that enters with a lag is at
    the year it enters.
    """
    pairs = [
        (name, source.dataset, pattern, shift)
        for name, entry in wanted.items()
        if entry.formula != "x"
        for variable, source in entry.inputs.items()
        if (pattern := held.pattern(store, known, source, as_of))
        for shift in [_lag(entry.formula, variable)]
    ]
    geos = list(frame["geo"].unique())
    found = held.observed(store, [(name, dataset, key) for name, dataset, key, _ in pairs], geos, as_of)
    lags = pd.DataFrame(pairs, columns=["indicator", "dataset", "pattern", "shift"])
    found = found.merge(lags, on=["indicator", "dataset", "pattern"], how="left")
    broken = found[found["flag"].str.contains("b", regex=False)]
    marks = broken.assign(time=broken["time"] + broken["shift"])[["indicator", "geo", "time"]].drop_duplicates()
    joined = frame.merge(marks.assign(mark="b"), on=["indicator", "geo", "time"], how="left", validate="m:1")
    return joined.assign(flag=joined["flag"] + joined.pop("mark").fillna(""))


def _lag(formula: str, variable: str) -> int:
    """How many years late a variable enters a formula."""
    _, found, rest = formula.partition(f"lag({variable}, ")
    return int(rest.partition(")")[0]) if found else 0
