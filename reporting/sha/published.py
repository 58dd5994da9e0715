"""Published tables of health accounts as a neutral table: Eurostat's datasets in the store."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pandas as pd

from reporting.declarations import Declarations
from reporting.errors import SourceChanged, SourceUnavailable
from reporting.sha import classification
from reporting.sha.classification import AXES, Classification, Table
from reporting.sha.neutral import METADATA, MISSING, Accounts, framed
from reporting.vintages import Store


def read(
    known: Declarations, store: Store, geo: str, unit: str = "MIO_NAC", years: Sequence[int] = (), as_of: str = ""
) -> Accounts:
    """The tables of a country that are published, with the place of each value in its dataset.

    Raises
    ------
    SourceUnavailable
        When the store has nothing of the country in this unit.
    """
    classes = classification.load(known)
    rows = [
        row
        for table in classes.tables.values()
        if table.dataset
        for row in _rows(known, store, table, classes, (geo, unit, as_of))
        if not years or row[0] in years
    ]
    if not rows:
        raise SourceUnavailable(
            f"The store has no health accounts of {geo} in {unit}. Fetch hlth_sha11_hchf and the tables beside it, "
            "or name another --unit."
        )
    table = framed(rows)
    return Accounts(geo, table, pd.DataFrame(columns=list(METADATA)), complete=False)


def _rows(
    known: Declarations, store: Store, table: Table, classes: Classification, wanted: tuple[str, str, str]
) -> Iterator[tuple[object, ...]]:
    geo, unit, as_of = wanted
    frame = store.country(table.dataset, geo, as_of)
    if frame.empty:
        return
    codes = _codes(frame["key"], known.datasets[table.dataset].dimensions, table.dataset)
    mine = (codes["unit"] == unit) & frame["time"].str.fullmatch(r"\d{4}")
    own = {axis: codes[f"icha11_{axis}"].map(_back(classes, axis)) for axis in table.axes}
    for axis in table.axes:
        mine &= own[axis].notna()
    there = frame["value"].notna()
    status = frame["flag"].where(there, MISSING + frame["flag"])
    axes = [own[axis] if axis in own else pd.Series("", frame.index) for axis in AXES]
    columns = [frame["time"].astype(str), *axes, frame["value"], status, frame["key"]]
    for year, *named, value, flag, key in zip(*(column[mine].tolist() for column in columns), strict=True):
        yield int(year), table.name, *named, value, flag, "", table.dataset, key, True


def _back(classes: Classification, axis: str) -> dict[str, str]:
    """Eurostat's codes to our own."""
    return {code: own for own, code in classes.axes[axis].eurostat.items()}


def _codes(keys: pd.Series[str], dimensions: Sequence[str], dataset: str) -> pd.DataFrame:
    parts = keys.str.split(".", expand=True)
    if parts.shape[1] != len(dimensions):
        raise SourceChanged(f"{dataset}: the keys in the store do not have the dimensions {'.'.join(dimensions)}.")
    return parts.set_axis(list(dimensions), axis=1)
