"""What a questionnaire is compared with: national accounts, and Eurostat's published tables."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from reporting.declarations import Declarations
from reporting.errors import SourceUnreadable
from reporting.esspros.cube import Floats
from reporting.esspros.grids import lines
from reporting.vintages import Store

#: Where each aggregate of national accounts stands: transactions, and functions of government.
CONCEPTS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "D62_D632": (("D62", "D62PAY", "D632", "D632PAY", "D62_D632", "D62_D632PAY"), ("TOTAL", "")),
    "D61": (("D61", "D61REC"), ("TOTAL", "")),
    "GF10": (("TE",), ("GF10",)),
    "GF07": (("TE",), ("GF07",)),
    "GDP": (("B1GQ",), ("TOTAL", "")),
}
#: Items of the published tables: dataset and code.
PUBLISHED = {
    "ben": ("spr_exp_type", "SPR"), "exp.adm": ("spr_exp_type", "ADM"), "exp.oth": ("spr_exp_type", "OTH"),
    "ben.sick": ("spr_exp_func", "SICK"), "ben.dis": ("spr_exp_func", "DIS"), "ben.old": ("spr_exp_func", "OLD"),
    "ben.srv": ("spr_exp_func", "SRV"), "ben.fam": ("spr_exp_func", "FAM"), "ben.une": ("spr_exp_func", "UNE"),
    "ben.hou": ("spr_exp_func", "HOU"), "ben.excl": ("spr_exp_func", "EXCL"),
}  # fmt: skip
#: The dimension of each published table that tells the item.
_DIMENSIONS = {"spr_exp_type": "spdeps", "spr_exp_func": "spfunc"}
_COLUMNS = {
    "time": "year", "time_period": "year", "year": "year", "na_item": "na_item", "cofog99": "cofog", "cofog": "cofog",
    "sector": "sector", "unit": "unit", "geo": "geo", "value": "value", "obs_value": "value",
}  # fmt: skip
_NATIONAL, _EURO, _MEMBERS = "MIO_NAC", "MIO_EUR", "EA21"


@dataclass(frozen=True)
class Reference:
    """Figures from elsewhere by name and year, in the unit of the questionnaire, and where they come from."""

    source: str
    values: dict[str, dict[int, float]]

    def series(self, name: str, years: Sequence[int]) -> Floats:
        """A series over some years, NaN where it has no figure."""
        found = self.values.get(name, {})
        return np.asarray([found.get(year, np.nan) for year in years], dtype=np.float64)


def accounts_file(path: Path, geo: str = "") -> Reference:
    """National accounts in a CSV file: year (or time), na_item, value, and optionally cofog99, sector, unit, geo.

    Raises
    ------
    SourceUnreadable
        When a column is missing, a value is no number, or several countries leave open which is meant.
    """
    rows = list(lines(path))
    heads = [_COLUMNS.get(name.strip().lower(), "") for name in rows[0][1]] if rows else []
    if lacking := [name for name in ("year", "na_item", "value") if name not in heads]:
        raise SourceUnreadable(
            f"{path.name}, line 1: the column {', '.join(lacking)} is missing. The columns are year, na_item, value, "
            "and optionally cofog99, sector, unit, geo, as in gov_10a_exp."
        )
    frame = pd.DataFrame({name: "" for name in _COLUMNS.values()}, index=range(len(rows) - 1))
    for position, name in enumerate(heads):
        if name:
            frame[name] = [row[position].strip() if position < len(row) else "" for _, row in rows[1:]]
    places = [line for line, _ in rows[1:]]
    frame["value"] = [_number(text, path, line) for text, line in zip(frame["value"], places, strict=True)]
    frame["year"] = [_year(text, path, line) for text, line in zip(frame["year"], places, strict=True)]
    return _concepts(_of_country(frame, path.name, geo), path.name)


def _number(text: str, path: Path, line: int) -> float:
    if text in ("", ":"):
        return float("nan")
    try:
        return float(text)
    except ValueError:
        raise SourceUnreadable(f"{path.name}, line {line}: {text!r} is no number. Write it with a point.") from None


def _year(text: str, path: Path, line: int) -> int:
    if len(text) == 4 and text.isdigit():
        return int(text)
    raise SourceUnreadable(f"{path.name}, line {line}: {text!r} is no year. Give annual figures, such as 2023.")


def _of_country(frame: pd.DataFrame, source: str, geo: str) -> pd.DataFrame:
    """The rows of one country in one unit, of general government where a sector is told."""
    found = frame[frame["geo"].isin([geo, ""])] if geo else frame
    countries = sorted(set(found["geo"]) - {""})
    if len(countries) > 1:
        raise SourceUnreadable(f"{source}: figures of {', '.join(countries)}: say which is meant with --geo.")
    if geo and found.empty:
        raise SourceUnreadable(f"{source}: no figures of {geo}, but of {', '.join(sorted(set(frame['geo'])))}.")
    units = set(found["unit"])
    unit = next((u for u in (_NATIONAL, _EURO, "") if u in units), None)
    if unit is None and len(found):
        raise SourceUnreadable(
            f"{source}: no figures in {_NATIONAL} or {_EURO}, but in {', '.join(sorted(units))}. "
            "Amounts are needed, in millions."
        )
    return found[(found["unit"] == unit) & found["sector"].isin(["", "S13", "S1"])]


def _concepts(frame: pd.DataFrame, source: str) -> Reference:
    values: dict[str, dict[int, float]] = {}
    for name, (items, functions) in CONCEPTS.items():
        rows = frame[frame["na_item"].isin(items) & frame["cofog"].isin(functions) & frame["value"].notna()]
        whole = rows[rows["na_item"].str.startswith("D62_D632")]
        rows = rows[~rows["year"].isin(whole["year"])] if len(whole) else rows
        parts = pd.concat([whole, rows]).drop_duplicates(["year", "na_item"])
        sums = parts.groupby("year")["value"].agg(["sum", "count"])
        needed = 2 if name == "D62_D632" else 1
        complete = sums[(sums["count"] >= needed) | sums.index.isin(whole["year"])]
        values[name] = {int(year): float(value) for year, value in complete["sum"].items()}  # type: ignore[call-overload]
    return Reference(source, values)


def accounts_stored(store: Store, known: Declarations, geo: str, as_of: str = "") -> Reference | None:
    """National accounts in the store: gov_10a_exp in millions; None where it has none for the country."""
    if "gov_10a_exp" not in store.datasets():
        return None
    frame = _split(store.country("gov_10a_exp", geo, as_of), known.datasets["gov_10a_exp"].dimensions)
    frame = frame.rename(columns={"cofog99": "cofog"})
    frame = frame[frame["unit"].isin(_units(known, geo)) & (frame["sector"] == "S13")]
    if frame.empty:
        return None
    return _concepts(_of_country(frame, "gov_10a_exp", geo), "gov_10a_exp")


def published(store: Store, known: Declarations, geo: str, as_of: str = "") -> Reference | None:
    """What Eurostat published of a country in millions of its currency; None where the store has nothing."""
    values: dict[str, dict[int, float]] = {}
    for name, dimension in _DIMENSIONS.items():
        if name not in store.datasets():
            continue
        frame = _split(store.country(name, geo, as_of), known.datasets[name].dimensions)
        unit = next((unit for unit in _units(known, geo) if unit in set(frame["unit"])), "")
        frame = frame[(frame["unit"] == unit) & frame["value"].notna()]
        for item, (dataset, code) in PUBLISHED.items():
            if dataset == name:
                rows = frame[frame[dimension] == code]
                values[item] = dict(zip(rows["year"].tolist(), rows["value"].tolist(), strict=True))
    return Reference(" and ".join(_DIMENSIONS), values) if any(values.values()) else None


def _units(known: Declarations, geo: str) -> tuple[str, ...]:
    """Units in which a country's figures are amounts of its own currency."""
    return (_NATIONAL, _EURO) if geo in known.groups.get(_MEMBERS, ()) else (_NATIONAL,)


def _split(frame: pd.DataFrame, dimensions: Iterable[str]) -> pd.DataFrame:
    """Observations with a column for each dimension and the year."""
    names = list(dimensions)
    annual = frame[frame["time"].str.fullmatch(r"\d{4}")]
    codes = pd.DataFrame(annual["key"].str.split(".").tolist(), columns=names, index=annual.index, dtype=object)
    return codes.assign(year=annual["time"].astype(int), value=annual["value"].astype(float))
