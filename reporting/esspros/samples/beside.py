"""What the sample is compared with: Veldania's last transmission, and its national accounts."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from reporting.esspros import totals
from reporting.esspros.questionnaire import Questionnaire
from reporting.esspros.samples import country
from reporting.esspros.schemes import ALL

HEADS = ("time", "geo", "unit", "sector", "cofog99", "na_item", "value")
#: Total expenditure as a share of gross domestic product in the first year.
_OF_GDP = 0.267


def last(reported: Questionnaire) -> pd.DataFrame:
    """The transmission of the year before: without the last year, and the year before it not yet final."""
    known, table = reported.classification, reported.table
    table = table[(table["year"] < country.YEARS[-1]) & table["item"].map(known.leaf) & (table["scheme"] != ALL)]
    open_ = (table["year"] == country.YEARS[-2]) & table["item"].str.startswith("ben.")
    slips = 1 + ((table["scheme"].astype(int) * 7 + table["item"].str.len()) % 9 - 4) / 1000
    values = table["value"].where(~open_, (table["value"] * slips).round(2))
    return totals.completed(table.assign(value=values), known, decimals=2)


def accounts(reported: Questionnaire) -> Iterator[tuple[object, ...]]:
    """National accounts of Veldania, in the columns of ``gov_10a_exp``."""
    table = reported.table
    public = {scheme.number for scheme in country.SCHEMES if scheme.decision == "government"}
    own = table[table["scheme"].isin(public)]
    for position, year in enumerate(country.YEARS):
        of_year = own[own["year"] == year]
        benefits = of_year[of_year["item"].map(reported.classification.leaf)]
        cash = benefits.loc[benefits["item"].str.contains(".cash.", regex=False), "value"].sum()
        kind = benefits.loc[benefits["item"].str.contains(".kind.", regex=False), "value"].sum()
        health = of_year.loc[of_year["item"] == "ben.sick", "value"].sum()
        whole = table[(table["year"] == year) & (table["scheme"] == ALL)].set_index("item")["value"]
        drift = 1 + position / 500
        for function, item, value in (
            ("TOTAL", "D62", cash * 0.981 * drift), ("TOTAL", "D632", kind * 0.944 / drift),
            ("TOTAL", "D61REC", whole["rec.sc"] * 0.937 * drift), ("GF07", "TE", health * 1.052 * drift),
            ("GF10", "TE", (cash + kind - health) * 1.034 / drift), ("TOTAL", "B1GQ", whole["exp"] / _OF_GDP * drift),
        ):  # fmt: skip
            yield year, country.GEO, "MIO_NAC", "S1" if item == "B1GQ" else "S13", function, item, round(value, 1)
