"""What the tests of scores share: data of one indicator, and the package's table of it."""

from __future__ import annotations

import pandas as pd
from oracle import AGGREGATES, MEMBERS, Data

from reporting.declarations import Profile
from reporting.spc import panel, scoring
from reporting.spc.observed import OPTIONS

OPTION = {**OPTIONS, "reference": ""}


def frame(data: Data, indicator: str = "I") -> pd.DataFrame:
    """The observations of an indicator as a table."""
    rows = [
        (indicator, geo, year, float("nan") if value == ":" else float(value), flag)
        for geo, years in data.items()
        for year, (value, flag) in years.items()
    ]
    return pd.DataFrame(rows, columns=["indicator", "geo", "time", "value", "flag"]).astype(
        {"time": "int64", "value": "float64", "flag": "str"}
    )


def options(high: bool | None, **given: object) -> dict[str, object]:
    """What is said of an indicator."""
    return {"sign": {True: 1.0, False: -1.0, None: float("nan")}[high], **OPTION, **given}


def scored(observed: pd.DataFrame, described: dict[str, dict[str, object]], profile: Profile) -> scoring.Scores:
    """The package's scores."""
    table = pd.DataFrame(list(described.values()), index=pd.Index(list(described), name="indicator"))
    filled = panel.build(observed, list(described), MEMBERS, AGGREGATES)
    return scoring.score(filled, table, profile)


def table(data: Data, profile: Profile, high: bool | None = True, **given: object) -> pd.DataFrame:
    """The rows of one indicator, by country."""
    return scored(frame(data), {"I": options(high, **given)}, profile).table().set_index("geo")


def series(values: dict[str, str | float], year: int = 2024, flag: str = "") -> Data:
    """Data of one year."""
    return {geo: {year: (str(value), flag)} for geo, value in values.items()}


def joined(*parts: Data) -> Data:
    """Data of several years in one."""
    found: Data = {}
    for part in parts:
        for geo, years in part.items():
            found.setdefault(geo, {}).update(years)
    return found
