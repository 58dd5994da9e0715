"""An old and a new method side by side: what each cell becomes, and what that means by item and year."""

from __future__ import annotations

import pandas as pd

from reporting.esspros.classification import Classification
from reporting.esspros.schemes import ALL

COLUMNS = ("year", "scheme", "item", "old", "new", "difference", "percent")
_KEYS = ["year", "scheme", "item"]


def compare(old: pd.DataFrame, new: pd.DataFrame, classification: Classification) -> pd.DataFrame:
    """Old and new value of every cell of two tables, sums and all schemes among them.

    A cell that only one of the methods fills counts as nought in the difference, and
    stays empty under the other; the per cent is missing where the old value is nought.
    """
    both = old[[*_KEYS, "value"]].merge(
        new[[*_KEYS, "value"]], how="outer", on=_KEYS, suffixes=("_old", "_new"), validate="one_to_one"
    )
    both = both.rename(columns={"value_old": "old", "value_new": "new"})
    there = both["old"].notna() | both["new"].notna()
    # Rounded where a float ends: what is left there is no difference.
    both["difference"] = (both["new"].fillna(0.0) - both["old"].fillna(0.0)).where(there).round(9)
    both["percent"] = 100 * both["difference"] / both["old"].where(both["old"] != 0)
    order = {item: place for place, item in enumerate(classification.items)}
    return both.sort_values(_KEYS, key=lambda column: column.map(order) if column.name == "item" else
                            column.map(_numbered))[list(COLUMNS)].reset_index(drop=True)  # fmt: skip


def _numbered(value: object) -> int:
    """Schemes by number, all of them first."""
    return -1 if value == ALL else int(str(value)) if str(value).isdigit() else 10**6


def by_year(revised: pd.DataFrame, classification: Classification) -> pd.DataFrame:
    """Differences over all schemes: a row for each item that changes, a column for each year."""
    own = revised[(revised["scheme"] == ALL) & (revised["difference"].abs() > 1e-9)]
    table = own.pivot(index="item", columns="year", values="difference").fillna(0.0)
    return table.reindex([item for item in classification.items if item in table.index])
