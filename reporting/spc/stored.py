"""The indicators of a framework as the store holds them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict

import pandas as pd

from reporting import reads
from reporting.declarations import Declarations
from reporting.declarations.frameworks import Entry, load
from reporting.declarations.records import series
from reporting.vintages import EMBEDDED, Store

_COLUMNS = ["indicator", "geo", "time", "value", "flag", "vintage", "dataset", "key"]
#: Series asked for by their keys; where more are wanted the whole dataset is read.
_FEW = 100
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


def values(store: Store, wanted: Mapping[str, Entry], geos: Iterable[str], as_of: str = "") -> pd.DataFrame:
    """Annual values of indicators whose series the store holds.

    Returns
    -------
    DataFrame
        ``indicator``, ``geo``, ``time`` (a number), ``value``, ``flag``, and
        ``vintage``, ``dataset`` and ``key`` for what a value comes from. The
        flag of a value that the owner of a framework computed is the owner's.
    """
    pairs = [(name, *pair) for name, entry in wanted.items() for pair in series(entry.series)]
    held = _held(store, pairs, list(geos), as_of)
    return held[_COLUMNS].sort_values(["indicator", "geo", "time"], ignore_index=True)


def with_input_breaks(
    store: Store, frame: pd.DataFrame, wanted: Mapping[str, Entry], known: Declarations, as_of: str = ""
) -> pd.DataFrame:
    """The same values, with the breaks of the series that a computed value comes from.

    Only inputs of declared datasets count: the breaks of others are not known.
    A break of an input that enters with a lag is at the year it enters.
    """
    pairs = [
        (name, source.dataset, pattern, shift)
        for name, entry in wanted.items()
        if entry.formula != "x"
        for variable, source in entry.inputs.items()
        if (pattern := _pattern(known, source.dataset, source.filters))
        for shift in [_lag(entry.formula, variable)]
    ]
    geos = list(frame["geo"].unique())
    held = _held(store, [(name, dataset, key) for name, dataset, key, _ in pairs], geos, as_of)
    lags = pd.DataFrame(pairs, columns=["indicator", "dataset", "pattern", "shift"])
    held = held.merge(lags, on=["indicator", "dataset", "pattern"], how="left")
    broken = held[held["flag"].str.contains("b", regex=False)]
    marks = broken.assign(time=broken["time"] + broken["shift"])[["indicator", "geo", "time"]].drop_duplicates()
    joined = frame.merge(marks.assign(mark="b"), on=["indicator", "geo", "time"], how="left", validate="m:1")
    return joined.assign(flag=joined["flag"] + joined.pop("mark").fillna(""))


def _held(store: Store, pairs: list[tuple[str, str, str]], geos: list[str], as_of: str) -> pd.DataFrame:
    """Annual observations of (indicator, dataset, pattern) triples; each dataset is asked once."""
    table = pd.DataFrame(pairs, columns=["indicator", "dataset", "pattern"]).drop_duplicates()
    frames = [pd.DataFrame(columns=[*_COLUMNS, "pattern"])]
    for dataset, part in table.groupby("dataset", sort=True):
        keys = {_filled(pattern, geo): pattern for pattern in part["pattern"].unique() for geo in geos}
        with reads.covered():
            found = _observations(store, str(dataset), keys, as_of)
        _asked(store, str(dataset))
        found = found[found["time"].str.fullmatch(r"\d{4}")]
        found = found.assign(time=found["time"].astype("int64"), pattern=found["key"].map(keys))
        frames.append(found.merge(part[["indicator", "pattern"]], on="pattern", how="inner"))
    frames = [frame for frame in frames if len(frame)] or frames
    return pd.concat(frames, ignore_index=True)[[*_COLUMNS, "pattern"]]


def _asked(store: Store, dataset: str) -> None:
    """Write down that what was read follows from all vintages of a dataset."""
    if reads.recording():
        with reads.covered():
            whole = store if store.whole and EMBEDDED in store.layers else Store(store.place)
            every = [asdict(manifest) for manifest, _ in whole.manifests(dataset)]
        reads.asked(("dataset", store.place, dataset), reads.digest(every))


def _observations(store: Store, dataset: str, keys: Collection[str], as_of: str) -> pd.DataFrame:
    if len(keys) <= _FEW:
        return store.series(dataset, keys, as_of)
    whole = store.read(dataset, as_of)
    return whole[whole["key"].isin(list(keys))]


def _filled(pattern: str, geo: str) -> str:
    """A key pattern with one empty position, for a country."""
    return ".".join(part or geo for part in pattern.split("."))


def _pattern(known: Declarations, dataset: str, filters: Mapping[str, str]) -> str:
    """The key pattern of filters in a declared dataset; empty where the dataset is not declared or a code is open."""
    declared = known.datasets.get(dataset)
    if declared is None:
        return ""
    codes = {"freq": "A", **declared.fixed, **filters, "geo": ""}
    return ".".join(codes[name] for name in declared.dimensions) if set(declared.dimensions) <= set(codes) else ""


def _lag(formula: str, variable: str) -> int:
    """How many years late a variable enters a formula."""
    _, found, rest = formula.partition(f"lag({variable}, ")
    return int(rest.partition(")")[0]) if found else 0
