"""Early estimates: benefits by function of a year that no account covers yet.

Each function follows an indicator of national accounts or of administrations
(``growth`` or ``regression``); one without an indicator follows its own trend. The
same method is tried on the years that are known, so that its error can be told.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd

from reporting.errors import UsageError, ValidationFailed
from reporting.esspros import estimates, figures
from reporting.esspros.classification import FUNCTIONS, Classification
from reporting.esspros.estimates import Estimated, Series
from reporting.esspros.schemes import ALL
from reporting.findings import CellFinding

COLUMNS = ("year", "item", "last", "value", "low", "high", "change", "method", "tried", "error", "flag", "comment")
_HEADS: dict[str, tuple[str, ...]] = {
    "function": ("item", "benefit"), "year": ("reference year",), "value": ("amount",),
    "indicator": ("name", "source"), "flag": (),
}  # fmt: skip
#: What a function follows that has no indicator.
WITHOUT = "trend"


def by_function(table: pd.DataFrame, classification: Classification) -> dict[str, Series]:
    """Benefits of all schemes by function: what its elementary items add up to."""
    own = {item for item in classification.leaves("ben")}
    used = table[table["item"].isin(own) & (table["scheme"] != ALL) & table["value"].notna()]
    functions = used["item"].map(lambda item: classification[item].function)
    sums = used.groupby([functions.rename("function"), "year"])["value"].sum()
    breaks = used[used["flag"].str.contains("b")].assign(function=functions).groupby("function")["year"].agg(frozenset)
    values: dict[str, dict[int, float]] = {}
    for name, year, value in sums.reset_index().to_numpy().tolist():
        values.setdefault(name, {})[int(year)] = value
    known = [name for name in FUNCTIONS if name in values]
    return {name: Series(f"ben.{name}", values[name], breaks.get(name, frozenset())) for name in known}


def indicators(path: Path) -> dict[str, Series]:
    """What functions follow: function, year, value, and optionally the indicator's name and a flag.

    Raises
    ------
    ValidationFailed
        When a row names no function or no value, or a year is there twice.
    """
    values: dict[str, dict[int, float]] = {}
    names: dict[str, str] = {}
    breaks: dict[str, set[int]] = {}
    faults = []
    for row in figures.read(path, _HEADS, ("function", "year", "value")):
        function = row["function"].lower().removeprefix("ben.")
        year, value = figures.year(path, row), figures.value(path, row, "value")
        if function not in FUNCTIONS:
            faults.append(f"{figures.where(path, row, 'function')}: {row['function']!r} ({', '.join(FUNCTIONS)})")
        elif value is None or year in values.get(function, {}):
            faults.append(f"{figures.where(path, row, 'value')}: no value, or a second one for the year")
        else:
            values.setdefault(function, {})[year] = float(value)
            names.setdefault(function, row["indicator"] or f"{path.stem}/{function}")
            breaks.setdefault(function, set()).update({year} if "b" in row["flag"] else ())
    if faults:
        raise ValidationFailed("\n".join([f"{path.name} is no list of indicators:", *(f"  {f}" for f in faults)]))
    return {name: Series(names[name], own, frozenset(breaks[name])) for name, own in values.items()}


def estimate(
    functions: Mapping[str, Series], followed: Mapping[str, Series], year: int, method: str = "growth",
    level: float = 0.95,
) -> tuple[pd.DataFrame, list[CellFinding]]:  # fmt: skip
    """Benefits by function in a year, with their total; a function that cannot be estimated leaves no total.

    Raises
    ------
    UsageError
        When the year is known already.
    """
    last = max(max(series.values) for series in functions.values())
    if year <= last:
        raise UsageError(f"Benefits are known up to {last}: name a later year (--year {last + 1}).")
    rows, findings = [], []
    for name, series in functions.items():
        follower = followed.get(name)
        own = method if follower else WITHOUT
        try:
            found = estimates.estimate(series, year, own, auxiliary=follower, level=level)
        except ValidationFailed as error:
            what, _, mend = str(error).partition(". ")
            findings.append(
                CellFinding("C10", "error", f"No early estimate: {what}.", mend, item=f"ben.{name}", year=str(year))
            )
            continue
        rows.append(_row(name, series, found, year, *_tried(series, follower, own, year - last)))
    table = pd.DataFrame(rows, columns=list(COLUMNS))
    if rows and len(rows) == len(functions):
        table = pd.concat([table, _total(table, level)], ignore_index=True)
    return table, findings


def _row(name: str, series: Series, found: Estimated, year: int, tried: int, error: float) -> list[object]:
    before = series.values[max(series.values)]
    change = 100 * (found.value / before - 1) if before else math.nan
    return [year, f"ben.{name}", before, found.value, found.low, found.high, change, found.method, tried, error, "e",
            found.said]  # fmt: skip


def _tried(series: Series, follower: Series | None, method: str, ahead: int) -> tuple[int, float]:
    """How often the method can be tried on known years, and its mean error in per cent of the value."""
    errors = []
    for year in sorted(series.values):
        known = {y: value for y, value in series.values.items() if y <= year - ahead}
        try:
            found = estimates.estimate(Series(series.name, known, series.breaks), year, method, auxiliary=follower)
        except ValidationFailed:  # too short before that year: it is no trial
            continue
        if series.values[year]:
            errors.append(abs(found.value / series.values[year] - 1))
    return len(errors), 100 * sum(errors) / len(errors) if errors else math.nan


def _total(table: pd.DataFrame, level: float) -> pd.DataFrame:
    """The sum of functions; its interval as if their errors had nothing to do with each other."""
    value, last = table["value"].sum(), table["last"].sum()
    below = math.sqrt(float(((table["value"] - table["low"]) ** 2).sum()))
    above = math.sqrt(float(((table["high"] - table["value"]) ** 2).sum()))
    said = f"Sum of functions; {100 * level:g} % interval with independent errors"
    row: Sequence[object] = (table["year"].iloc[0], "ben", last, value, value - below, value + above,
                             100 * (value / last - 1) if last else math.nan, "", 0, math.nan, "e", said)  # fmt: skip
    return pd.DataFrame([row], columns=list(COLUMNS))
