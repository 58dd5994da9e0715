"""Net benefits: what is left of a benefit after taxes and contributions on it, by Regulation (EU) No 263/2011.

``NET = GROSS × (1 − AITR − AISCR) + RFB``, for each scheme and benefit in cash:
AITR and AISCR are the average itemised rates of tax and of social contributions;
RFB, residual fiscal benefits, is added only where the rates do not contain it
already. Benefits in kind are not taxed: net is gross.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from reporting.errors import ValidationFailed
from reporting.esspros import figures
from reporting.esspros.classification import Classification
from reporting.esspros.questionnaire import BESIDE
from reporting.esspros.schemes import ALL, number_of
from reporting.findings import CellFinding

COLUMNS = ("year", "scheme", "item", "gross", "AITR", "AISCR", "RFB", "net", "ratio", "flag")
#: The column that says whether the rates contain the residual fiscal benefits already.
INSIDE = "RFB_inside"
_YES = ("yes", "y", "true", "1", "x", "oui", "ja")
_PARTS = ("gross", "taxes", "contributions", "RFB", "net")


_HEADS: dict[str, Sequence[str]] = {
    "year": ("reference year",), "scheme": ("scheme number",), "item": ("code", "benefit"),
    "AITR": ("average itemised tax rate",), "AISCR": ("average itemised social contribution rate",),
    "RFB": ("residual fiscal benefits",), INSIDE: ("rfb in rates",), "flag": ("status",), "comment": ("note",),
}  # fmt: skip


class Rates(NamedTuple):
    """The rates of a scheme and item in a year, and the residual fiscal benefits to add."""

    item: str
    aitr: float
    aiscr: float
    rfb: float
    flag: str

    @property
    def usable(self) -> bool:
        """Whether both rates are there and leave something of the benefit."""
        return 0 <= self.aitr <= 1 and 0 <= self.aiscr <= 1 and self.aitr + self.aiscr < 1


@dataclass(frozen=True)
class Net:
    """Benefits gross and net: each benefit in ``benefits``, their sums in ``totals``."""

    benefits: pd.DataFrame
    totals: pd.DataFrame
    findings: tuple[CellFinding, ...]


def read(path: Path, classification: Classification) -> pd.DataFrame:
    """The rates in a file of their own: year, scheme, item, AITR, AISCR, RFB, and whether the rates contain it.

    Raises
    ------
    ValidationFailed
        With every row that names no scheme or item.
    """
    rows, faults = [], []
    for row in figures.read(path, _HEADS, ("year", "scheme", "item", "AITR", "AISCR")):
        scheme, item = number_of(row["scheme"]), classification.item(row["item"])
        faults += [f"{figures.where(path, row, name)}: {row[name]!r}"
                   for name, found in (("scheme", scheme), ("item", item)) if not found]  # fmt: skip
        values = [figures.value(path, row, name) for name in ("AITR", "AISCR", "RFB")]
        numbers = [math.nan if value is None else float(value) for value in values]
        rows.append([figures.year(path, row), scheme, item, *numbers, row["flag"], row["comment"], "", "", row[INSIDE]])
    if faults:
        raise ValidationFailed("\n".join([f"{path.name}: no scheme or item:", *(f"  {fault}" for fault in faults)]))
    return pd.DataFrame(rows, columns=[*BESIDE["NetBenefits"], "sheet", "cell", INSIDE])


def compute(
    table: pd.DataFrame, rates: pd.DataFrame, classification: Classification, file: str = "",
    sheet: str = "NetBenefits",
) -> Net:  # fmt: skip
    """Net benefits of all years that have rates.

    A rate of an item that is the sum of others holds for the benefits below it
    that have none of their own; its residual fiscal benefits are shared out among
    them by gross amounts. A benefit in cash without rates has no net value, nor
    has a sum that contains it.

    Parameters
    ----------
    table : DataFrame
        Year, scheme, item, value: gross benefits.
    rates : DataFrame
        Year, scheme, item, AITR, AISCR, RFB, flag and optionally ``RFB_inside``.
    file, sheet : str
        Where the rates stand, for findings.
    """
    known = {place: one for place, one in _read(rates)}
    findings: list[CellFinding] = list(_doubtful(known, (file, sheet)))
    gross = _gross(table, classification, {year for year, _, _ in known})
    rows = [_row(*place, value, known, classification) for place, value in gross.items()]
    benefits = pd.DataFrame(rows, columns=["year", "scheme", "item", "gross", "by", "AITR", "AISCR", "flag"])
    benefits["RFB"] = _shared(benefits, known)
    benefits["net"] = benefits["gross"] * (1 - benefits["AITR"] - benefits["AISCR"]) + benefits["RFB"]
    benefits["ratio"] = benefits["net"] / benefits["gross"].where(benefits["gross"] != 0)
    findings += _missing(benefits, known, (file, sheet))
    findings += _idle(benefits, known, (file, sheet))
    return Net(benefits[list(COLUMNS)], _totals(benefits, classification), tuple(findings))


def _read(rates: pd.DataFrame) -> Iterator[tuple[tuple[int, str, str], Rates]]:
    inside = rates[INSIDE] if INSIDE in rates else pd.Series("", index=rates.index)
    for row, held in zip(rates.to_dict("records"), inside, strict=True):
        contained = str(held).strip().lower() in _YES or held is True
        rfb = 0.0 if contained or pd.isna(row["RFB"]) else float(row["RFB"])
        place = int(row["year"]), str(row["scheme"]), str(row["item"])
        yield place, Rates(place[2], float(row["AITR"]), float(row["AISCR"]), rfb, str(row.get("flag") or ""))


def _gross(table: pd.DataFrame, classification: Classification, years: set[int]) -> dict[tuple[int, str, str], float]:
    """Benefits of each scheme, elementary items only."""
    items = table["item"].map(lambda item: item in classification and classification[item].type == "ben")
    leaves = items & table["item"].map(lambda item: item in classification and classification.leaf(item))
    own = table[leaves & (table["scheme"] != ALL) & table["year"].isin(years) & table["value"].notna()]
    places = zip(own["year"].astype(int), own["scheme"].astype(str), own["item"].astype(str), strict=True)
    return dict(zip(places, own["value"].astype(float), strict=True))


def _row(
    year: int, scheme: str, item: str, value: float, known: Mapping[tuple[int, str, str], Rates],
    classification: Classification,
) -> list[object]:  # fmt: skip
    """A benefit with the rates that hold for it: its own, or those of the nearest sum above it."""
    above = item
    while above and (year, scheme, above) not in known:
        above = classification.parent(above)
    rates = known.get((year, scheme, above))
    if classification[item].kind == "kind":
        return [year, scheme, item, value, "", 0.0, 0.0, ""]
    if rates is None or not rates.usable:
        return [year, scheme, item, value, above, math.nan, math.nan, ""]
    return [year, scheme, item, value, above, rates.aitr, rates.aiscr, rates.flag]


def _shared(benefits: pd.DataFrame, known: Mapping[tuple[int, str, str], Rates]) -> pd.Series:
    """The residual fiscal benefits of each benefit, those of a sum by gross amounts."""
    groups = benefits.groupby(["year", "scheme", "by"])["gross"]
    share = benefits["gross"] / groups.transform("sum").replace(0.0, np.nan)
    places = zip(benefits["year"], benefits["scheme"], benefits["by"], strict=True)
    amounts = pd.Series([known[p].rfb if p in known else 0.0 for p in places], index=benefits.index, dtype=float)
    return (amounts * share).where(amounts != 0, 0.0)


def _totals(benefits: pd.DataFrame, classification: Classification) -> pd.DataFrame:
    """Sums by scheme (and all) of each function and of all benefits; rates are those of the sum."""
    parts = benefits.assign(
        taxes=benefits["gross"] * benefits["AITR"], contributions=benefits["gross"] * benefits["AISCR"]
    )
    functions = parts["item"].map(lambda item: f"ben.{classification[item].function}")
    doubled = pd.concat([parts.assign(item=functions), parts.assign(item="ben")])
    every = pd.concat([doubled, doubled.assign(scheme=ALL)])
    sums = every.groupby(["year", "scheme", "item"], as_index=False)[list(_PARTS)].sum(min_count=1, skipna=False)
    gross = sums["gross"].where(sums["gross"] != 0)
    sums["AITR"], sums["AISCR"] = sums["taxes"] / gross, sums["contributions"] / gross
    sums["ratio"], sums["flag"] = sums["net"] / gross, ""
    order = {item: place for place, item in enumerate(classification.items)}
    sums = sums.sort_values(
        ["year", "scheme", "item"],
        key=lambda column: column.map(order) if column.name == "item" else column.map(_numbered),
    )
    return sums[list(COLUMNS)].reset_index(drop=True)


def _numbered(value: object) -> int:
    text = str(value)
    return int(text) if text.isdigit() else 10**6


def _at(place: tuple[int, str, str], file: tuple[str, str]) -> dict[str, Any]:
    year, scheme, item = place
    return {"file": file[0], "sheet": file[1], "year": str(year), "scheme": scheme, "item": item}


def _doubtful(known: Mapping[tuple[int, str, str], Rates], file: tuple[str, str]) -> Iterator[CellFinding]:
    for place, rates in known.items():
        given = not (math.isnan(rates.aitr) or math.isnan(rates.aiscr))
        if given and not rates.usable:
            yield CellFinding(
                "N02", "error", f"AITR {rates.aitr:g} and AISCR {rates.aiscr:g} are no rates: nothing net is computed.",
                "Write rates as shares: 0.12 for 12 %; together they stay below 1.", **_at(place, file)
            )  # fmt: skip


def _missing(
    benefits: pd.DataFrame, known: Mapping[tuple[int, str, str], Rates], file: tuple[str, str]
) -> Iterator[CellFinding]:
    lost = benefits[benefits["net"].isna() & (benefits["gross"] != 0)]
    for year, scheme, item, by in zip(*(lost[name] for name in ("year", "scheme", "item", "by")), strict=True):
        rates = known.get((year, scheme, by))
        if rates is None or math.isnan(rates.aitr) or math.isnan(rates.aiscr):
            yield CellFinding(
                "N01", "warning", f"{item} of scheme {scheme} has no rates for {year}, so that it has no net value.",
                "Give AITR and AISCR, zero where the benefit is not taxed.", **_at((year, scheme, item), file),
                outcome="undecidable",
            )  # fmt: skip


def _idle(
    benefits: pd.DataFrame, known: Mapping[tuple[int, str, str], Rates], file: tuple[str, str]
) -> Iterator[CellFinding]:
    """Rates that no benefit uses: nothing is there to which they apply."""
    used = set(zip(benefits["year"], benefits["scheme"], benefits["by"], strict=True))
    for place, rates in known.items():
        if place not in used:
            lost = f" and {rates.rfb:g} of residual fiscal benefits are lost" if rates.rfb else ""
            yield CellFinding(
                "N03", "error" if rates.rfb else "warning",
                f"The rates of {place[2]}, scheme {place[1]}, {place[0]} apply to no benefit in cash{lost}.",
                "Correct year, scheme or item, or take the row out.", **_at(place, file),
            )  # fmt: skip
