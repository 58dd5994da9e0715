"""Series that the store holds, asked for by dataset and filters."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import asdict

import pandas as pd

from reporting import reads
from reporting.declarations import Declarations
from reporting.declarations.frameworks import Entry, Source
from reporting.declarations.records import series
from reporting.vintages import EMBEDDED, Store

COLUMNS = ["indicator", "geo", "time", "value", "flag", "vintage", "dataset", "key"]
#: Series asked for by their keys; where more are wanted the whole dataset is read.
_FEW = 100


def series_of(entry: Entry) -> list[tuple[str, str]]:
    """The series in which the store holds the values of an indicator, as (dataset, pattern) pairs."""
    return series(entry.series)


def observed(store: Store, pairs: list[tuple[str, str, str]], geos: list[str], as_of: str) -> pd.DataFrame:
    """Annual observations of (indicator, dataset, pattern) triples; each dataset is asked once."""
    table = pd.DataFrame(pairs, columns=["indicator", "dataset", "pattern"]).drop_duplicates()
    frames = [pd.DataFrame(columns=[*COLUMNS, "pattern"])]
    for dataset, part in table.groupby("dataset", sort=True):
        keys = {_filled(pattern, geo): pattern for pattern in part["pattern"].unique() for geo in geos}
        with reads.covered():
            found = _observations(store, str(dataset), keys, as_of)
        asked(store, str(dataset))
        found = found[found["time"].str.fullmatch(r"\d{4}")]
        found = found.assign(time=found["time"].astype("int64"), pattern=found["key"].map(keys))
        frames.append(found.merge(part[["indicator", "pattern"]], on="pattern", how="inner"))
    frames = [frame for frame in frames if len(frame)] or frames
    return pd.concat(frames, ignore_index=True)[[*COLUMNS, "pattern"]]


def asked(store: Store, dataset: str) -> None:
    """Write down that what was made follows from all vintages of a dataset, or from there being none."""
    if reads.recording():
        with reads.covered():
            whole = store if store.whole and EMBEDDED in store.layers else Store(store.place)
            every = [asdict(manifest) for manifest, _ in whole.manifests(dataset)]
        reads.asked(("dataset", store.place, dataset), reads.digest(every) if every else None)


def _observations(store: Store, dataset: str, keys: Collection[str], as_of: str) -> pd.DataFrame:
    if len(keys) <= _FEW:
        return store.series(dataset, keys, as_of)
    whole = store.read(dataset, as_of)
    return whole[whole["key"].isin(list(keys))]


def _filled(pattern: str, geo: str) -> str:
    """A key pattern with one empty position, for a country."""
    return ".".join(part or geo for part in pattern.split("."))


def pattern(store: Store, known: Declarations, source: Source, as_of: str = "") -> str:
    """The key pattern of filters in a dataset, the country left open; empty where the store does not tell it.

    A dimension that the filters leave open has the one code that the store's
    series have there; where they have several it is not guessed which is meant.
    """
    order, fixed = _order(store, known, source.dataset, as_of)
    codes = {"freq": "A", **fixed, **source.filters, "geo": ""}
    if not order or not set(source.filters) <= set(order):
        return ""
    rest = [name for name in order if name not in codes]
    if rest:
        found = _only(store, source, order, rest, codes, as_of)
        if found is None:
            return ""
        codes |= found
    return ".".join(codes[name] for name in order)


def _order(store: Store, known: Declarations, dataset: str, as_of: str) -> tuple[tuple[str, ...], dict[str, str]]:
    """The dimensions of a dataset in the order of its key: as declared, or as its provider gave them."""
    if declared := known.datasets.get(dataset):
        return declared.dimensions, declared.fixed
    told = [m.dimensions for m, _ in store.manifests(dataset, as_of) if m.dimensions]
    return (tuple(told[-1].split(".")), {}) if told else ((), {})


def _only(
    store: Store, source: Source, order: tuple[str, ...], rest: list[str], codes: dict[str, str], as_of: str
) -> dict[str, str] | None:
    """The code of each dimension left open, where the series that fit have just one."""
    fits = ".".join(codes.get(name, "") for name in order)
    with reads.covered():
        keys = store.select(source.dataset, fits, as_of)["key"].unique()
    parts = pd.DataFrame([key.split(".") for key in keys], columns=list(order))
    if parts.empty:
        return None
    if any(parts[name].nunique() > 1 for name in rest):
        return None
    return {name: str(parts[name].iloc[0]) for name in rest}
