"""H05, H06 and H08: growth, shares and the ratio to gross domestic product, from year to year."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from reporting.findings import CellFinding
from reporting.sha.classification import AXES, TOTAL
from reporting.sha.subject import Subject, above, amount, most_detailed


def growth(subject: Subject) -> Iterator[CellFinding]:
    """H05: a cell grows unlike it did in other years, or by more or less than is likely."""
    limits, wide = subject.rules["H05"].limits, subject.cells["value"]
    years = [int(year) for year in sorted(wide.columns)]
    pairs = [year for year in years if year - 1 in years]
    rates = pd.DataFrame({y: wide[y] / wide[y - 1].where(wide[y - 1] > 0) - 1 for y in pairs}, index=wide.index)
    middle = rates.median(axis=1)
    spread = rates.sub(middle, axis=0).abs().median(axis=1).clip(lower=limits["spread"])
    enough = rates.notna().sum(axis=1) >= limits["years"]
    for year in [year for year in subject.accounts.years if year in pairs]:
        size = np.maximum(wide[year].fillna(0), wide[year - 1].fillna(0))
        large = size > limits["share"] * subject.expenditure.get(year, np.inf)
        far = enough & ((rates[year] - middle).abs() > limits["deviations"] * spread)
        beyond = (rates[year] < limits["low"]) | (rates[year] > limits["high"])
        at = subject.cells["at"][year].to_numpy(dtype=float)
        figures = np.column_stack([rates[year], middle.where(far), wide[year], wide[year - 1]])
        unlike = {int(p) for p in at[large & (far | beyond) & ~np.isnan(at)]} - broken(subject, year)
        place = {position: cell for cell, position in enumerate(at)}
        for position in most_detailed(subject, unlike):
            yield _grown(subject, position, year, *map(float, figures[place[position]]))


def broken(subject: Subject, year: int) -> set[int]:
    """Positions of cells with a break in series, or with a part that has one: their change is no growth."""
    found: set[int] = set()
    for cube in subject.cubes.values():
        if cube.year == year:
            mask = np.array([["b" in status for status in row] for row in cube.status], dtype=bool)
            found |= set(cube.at[mask | above(mask, cube, subject.classification.axes)].tolist())
    return found


def _grown(subject: Subject, at: int, year: int, rate: float, middle: float, now: float, before: float) -> CellFinding:
    usual = f", the median of all years is {100 * middle:+.1f} %" if np.isfinite(middle) else ""
    message = f"{amount(now)}, {100 * rate:+.1f} % on {amount(before)} in {year - 1}{usual}."
    mend = "Check the figure; explain it, or flag a break in series (b), when it is right."
    expected = before * (1 + middle) if np.isfinite(middle) else before
    return subject.finding(subject.named("H05"), at, message, mend, expected)


def shares(subject: Subject) -> Iterator[CellFinding]:
    """H06: the share of a margin in current health expenditure changes."""
    points, total = subject.rules["H06"].limits["points"], subject.expenditure
    wide = subject.cells["value"]
    index = wide.index.to_frame()
    coded = (~index[list(AXES)].isin(("", TOTAL))).sum(axis=1).to_numpy() == 1
    measured = [subject.classification.tables[name].measure == "expenditure" for name in index["table"]]
    wide, at = wide[coded & measured], subject.cells["at"][coded & measured]
    for year in subject.accounts.years:
        if year - 1 not in wide or not (total.get(year) and total.get(year - 1)):
            continue
        now = (100 * wide[year] / total[year]).to_numpy(dtype=float)
        before = (100 * wide[year - 1] / total[year - 1]).to_numpy(dtype=float)
        positions = at[year].to_numpy(dtype=float)
        told = np.isin(positions, sorted(broken(subject, year)))
        for cell in np.flatnonzero((np.abs(now - before) > points) & ~told & ~np.isnan(positions)):
            message = (
                f"{now[cell]:.1f} % of current health expenditure, {before[cell]:.1f} % in {year - 1} "
                f"({now[cell] - before[cell]:+.1f} points)."
            )
            mend = "Check the figure; explain it, or flag a break in series (b), when it is right."
            expected = float(before[cell]) * total[year] / 100
            yield subject.finding(subject.named("H06"), int(positions[cell]), message, mend, expected)


def ratio(subject: Subject) -> Iterator[CellFinding]:
    """H08: current health expenditure in relation to gross domestic product."""
    for year in subject.accounts.years:
        now, before = _share(subject, year), _share(subject, year - 1)
        name = subject.named("H08")
        if now is None:
            mend = "Give GDP (millions of national currency) in the metadata sheet or with --context."
            message = "the ratio to gross domestic product cannot be checked: expenditure or GDP is missing."
            yield subject.about(name, year, message, mend, undecidable=True)
            continue
        yield from _ratio(subject, name, year, now, before)


def _ratio(subject: Subject, name: Any, year: int, now: float, before: float | None) -> Iterator[CellFinding]:
    limits, mend = (
        subject.rules["H08"].limits,
        "Check current health expenditure and GDP; both are in the same unit.",
    )
    low, high = limits["low"], limits["high"]
    if not low <= now <= high:
        message = f"current health expenditure is {now:.1f} % of GDP, outside {low:g} to {high:g} %."
        yield subject.about(name, year, message, mend, now)
    if before is not None and abs(now - before) > limits["points"]:
        message = f"current health expenditure is {now:.1f} % of GDP, {before:.1f} % in {year - 1}."
        yield subject.about(name, year, message, mend, now)


def _share(subject: Subject, year: int) -> float | None:
    product, spent = subject.context.get(("GDP", year)), subject.expenditure.get(year)
    return 100 * spent / product if product and spent is not None else None
