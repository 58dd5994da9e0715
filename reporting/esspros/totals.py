"""Aggregates from elementary items: up the classification, and over all schemes."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from reporting.esspros import neutral
from reporting.esspros.classification import Classification
from reporting.esspros.schemes import ALL

Numbers = npt.NDArray[np.float64]


def completed(leaves: pd.DataFrame, classification: Classification, decimals: int | None = None) -> pd.DataFrame:
    """A neutral table with every aggregate and the total of schemes computed from its elementary items.

    A sum with nothing in it is missing. Aggregates that ``leaves`` holds itself are
    computed anew; flags and comments of elementary items stay.

    Parameters
    ----------
    decimals : int, optional
        Decimals that the figures have; sums are rounded to them.
    """
    own = leaves[leaves["item"].isin(classification.leaves()) & (leaves["scheme"] != ALL)]
    grid = own.pivot(index="item", columns=["year", "scheme"], values="value").reindex(list(classification.items))
    values = grid.to_numpy(dtype=float, copy=True)
    place = {name: position for position, name in enumerate(grid.index)}
    for name in reversed(list(grid.index)):
        if not classification.leaf(name):
            values[place[name]] = _sum(values[[place[child] for child in classification.children(name)]])
    columns: list[tuple[int, str]] = [(int(column[0]), str(column[1])) for column in grid.columns]
    found = [_long(values, list(grid.index), columns)]
    for year in sorted({year for year, _ in columns}):
        of_year = values[:, [position for position, column in enumerate(columns) if column[0] == year]]
        found.append(_long(_sum(of_year.T)[:, np.newaxis], list(grid.index), [(year, ALL)]))
    table = pd.concat(found, ignore_index=True).dropna(subset="value")
    if decimals is not None:
        table["value"] = table["value"].round(decimals)
    remarks = own[[*neutral.COLUMNS[:3], "flag", "comment"]]
    return neutral.typed(table.merge(remarks, how="left", on=list(neutral.COLUMNS[:3]), validate="one_to_one"))


def _sum(rows: Numbers) -> Numbers:
    """Sums down the rows, missing where nothing is there."""
    return np.where(np.isnan(rows).all(axis=0), np.nan, np.nansum(rows, axis=0))


def _long(values: Numbers, items: list[str], columns: list[tuple[int, str]]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "year": np.repeat([year for year, _ in columns], len(items)),
            "scheme": np.repeat(np.array([scheme for _, scheme in columns], dtype=object), len(items)),
            "item": items * len(columns),
            "value": values.T.ravel(),
        }
    )
