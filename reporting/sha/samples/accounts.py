"""The tables of Veldania, computed from what it spends, and written as questionnaires of five years."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from reporting.declarations import Declarations
from reporting.files import made, put
from reporting.sha import classification as classes
from reporting.sha import neutral, workbook
from reporting.sha.classification import AXES
from reporting.sha.neutral import METADATA, Accounts, framed
from reporting.sha.samples import spending
from reporting.sha.samples.spending import Split
from reporting.sha.totals import completed

NAME, GEO, CURRENCY = "Veldania (fictitious)", "XX", "Veldanian crown"
YEARS = (2019, 2020, 2021, 2022, 2023)
#: How a year differs from steady growth, for all functions.
_TURNS = (1.0, 1.003, 1.008, 1.004, 1.006)
Cells = dict[tuple[str, str], float]
Spent = dict[tuple[str, str, str], float]


def write(folder: Path, known: Declarations) -> list[Path]:
    """Write a workbook for each year, and the neutral table of all years.

    Raises
    ------
    OutputFailed
        When they cannot be written.
    """
    made(folder)
    found, classification, tables = [], classes.load(known), []
    for year in YEARS:
        path = folder / f"jhaq-{year}.xlsx"
        reported = accounts(year, known)
        workbook.write(path, known, classification, reported)
        tables.append(reported.table)
        found.append(path)
    neutral.write(folder / "jhaq.csv", pd.concat(tables))
    _context(folder / "jhaq-context.csv")
    return [*found, folder / "jhaq.csv", folder / "jhaq-context.csv"]


def _context(path: Path) -> None:
    """Write what other statistics say, as ``--context`` takes it."""
    lines = [
        f"{year},{series},{_grown(first, growth, year):.1f}"
        for year in YEARS
        for series, (first, growth) in spending.CONTEXT.items()
    ]
    put(path, "\n".join(["year,series,value", *lines, ""]).encode())


def accounts(year: int, known: Declarations) -> Accounts:
    """The questionnaire of a year, with its totals and metadata."""
    cells = _spent(year)
    pairs: dict[str, tuple[str, str, Cells]] = {
        "HCxHF": ("hc", "hf", _crossed(cells, 0, 2)), "HCxHP": ("hc", "hp", _crossed(cells, 0, 1)),
        "HPxHF": ("hp", "hf", _crossed(cells, 1, 2)), "HFxFS": ("hf", "fs", _revenues(cells)),
        "HPxFP": ("hp", "fp", _factors(cells)), "HK": ("hk", "hp", _capital(year)),
        "RI": ("hc", "hf", _items(cells, year)),
    }  # fmt: skip
    rows = [row for name, (down, across, table) in pairs.items() for row in _rows(year, name, (down, across), table)]
    raw = Accounts(f"jhaq-{year}.xlsx", framed(rows), _metadata(year))
    return completed(raw, classes.load(known))


def _rows(year: int, name: str, axes: tuple[str, str], cells: Cells) -> Iterator[tuple[Any, ...]]:
    table, row, column, why = spending.ELSEWHERE
    told = {**cells, (row, column): np.nan} if table == name else cells
    for codes, value in told.items():
        named = dict(zip(axes, codes, strict=True))
        status, note = ("x", why) if codes == (row, column) and table == name else ("", "")
        if year == spending.BREAK[1] and name in spending.BROKEN and codes[0] in spending.BROKEN[name]:
            status, note = "b", "Break in series: see the metadata."
        if (name, f"{codes[0]} × {codes[1]}") == ("HCxHP", spending.UNUSUAL[0]):
            note = spending.UNUSUAL[1]
        yield year, name, *(named.get(axis, "") for axis in AXES), value, status, note, "", "", True


def _spent(year: int) -> Spent:
    """What is spent by function, provider and scheme, in hundredths of a million."""
    found = {}
    for function, (first, growth, providers, schemes) in spending.FUNCTIONS.items():
        broken = spending.BREAK[2] if function == spending.BREAK[0] and year >= spending.BREAK[1] else 1.0
        total = _grown(first, growth, year) * broken * _TURNS[year - YEARS[0]]
        for provider, share in providers.items():
            for scheme, part in schemes.items():
                found[function, provider, scheme] = round(total * share * part, 2)
    return found


def _grown(first: float, growth: float, year: int) -> float:
    return float(first * (1 + growth) ** (year - YEARS[0]))


def _crossed(cells: Spent, row: int, column: int) -> Cells:
    found: Cells = defaultdict(float)
    for codes, value in cells.items():
        found[codes[row], codes[column]] += value
    return {codes: round(value, 2) for codes, value in found.items()}


def _shared(total: float, split: Split) -> Split:
    """A total in parts of two decimals that sum to it: the last one takes the rest."""
    *most, last = split
    parts = {code: round(total * split[code], 2) for code in most}
    return {**parts, last: round(total - sum(parts.values()), 2)}


def _revenues(cells: Spent) -> Cells:
    found: Cells = defaultdict(float)
    for (scheme, _), total in _crossed(cells, 2, 2).items():
        for revenue, value in _shared(total, spending.REVENUES[scheme]).items():
            found[scheme, revenue] += value
            found[scheme, spending.UNITS[revenue]] += value
    return {codes: round(value, 2) for codes, value in found.items()}


def _factors(cells: Spent) -> Cells:
    found: Cells = {}
    for (provider, _), total in _crossed(cells, 1, 1).items():
        split = next(split for start, split in spending.FACTORS.items() if provider.startswith(start))
        found |= {(provider, factor): value for factor, value in _shared(total, split).items()}
    return found


def _capital(year: int) -> Cells:
    return {codes: round(_grown(first, growth, year), 2) for codes, (first, growth) in spending.CAPITAL.items()}


def _items(cells: Spent, year: int) -> Cells:
    found: Cells = defaultdict(float)
    for (function, scheme), value in _crossed(cells, 0, 2).items():
        if function.startswith("HC.5.1"):
            found["HC.RI.1", scheme] += value
        elif function.startswith("HC.1.1"):
            found["HC.RI.1", scheme] += spending.HOSPITAL_MEDICINES * value
    for item, (first, growth, schemes) in spending.ITEMS.items():
        found |= {(item, code): value for code, value in _shared(_grown(first, growth, year), schemes).items()}
    return {codes: round(value, 2) for codes, value in found.items()}


def _metadata(year: int) -> pd.DataFrame:
    facts = (("country", NAME), ("year", str(year)), ("currency", CURRENCY), ("unit", "millions of national currency"))
    lines = [(item, "", "", text) for item, text in facts]
    lines += [line for line in spending.METADATA if line[0] != "change" or year == spending.BREAK[1]]
    if year == spending.BREAK[1]:
        broken = [(name, code) for name, codes in spending.BROKEN.items() for code in codes]
        lines += [("break", name, code, spending.BREAK[3]) for name, code in broken]
    for series, (first, growth) in spending.CONTEXT.items():
        lines.append(("context", "", series, f"{_grown(first, growth, year):.1f}"))
    return pd.DataFrame([(year, *line) for line in lines], columns=list(METADATA))
