"""Cells that no source gives (yet): estimated by the method that the mapping declares."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from fnmatch import fnmatchcase

import pandas as pd

from reporting.declarations.mappings import Estimate, Mapping
from reporting.errors import ValidationFailed
from reporting.esspros import estimates
from reporting.esspros.compilation import Compiled, Contribution, Key, flag_of, matches
from reporting.esspros.estimates import Estimated, Series
from reporting.esspros.national import Line
from reporting.findings import CellFinding

#: The source of an estimate in the trace.
SOURCE = "estimate"
_ONE = Decimal(1)

#: Year to value and flag.
_History = dict[int, tuple[float, str]]


def estimated(
    mapping: Mapping, compiled: Compiled, lines: Sequence[Line], history: pd.DataFrame | None = None, file: str = ""
) -> Compiled:
    """The compilation with the estimates of a mapping.

    Parameters
    ----------
    lines : sequence of Line
        Where the auxiliary series are.
    history : DataFrame, optional
        Cells of years that are not compiled: year, scheme, item, value, flag.
    file : str
        The name of the mapping, for the trace.
    """
    for number, entry in enumerate(mapping.estimates, 1):
        series = _series(compiled, history)
        made, findings = [], []
        for place, known in sorted(series.items()):
            if not _wanted(entry, place, known, compiled):
                continue
            try:
                found = _found(entry, _named(place, known), lines)
            except ValidationFailed as error:
                findings.append(_refused(entry, place, str(error), file))
                continue
            made.append(_contribution(mapping, entry, number, place, known, found, file))
        if not made and not findings:
            findings += _idle(entry, number, series, file)
        compiled = compiled.without({one.key for one in made}).with_more(made, findings)
    return compiled


def _series(compiled: Compiled, history: pd.DataFrame | None) -> dict[tuple[str, str], _History]:
    """The known values of each scheme and item, those compiled before those of the history."""
    found: dict[tuple[str, str], _History] = defaultdict(dict)
    if history is not None:
        for year, scheme, item, value, flag in zip(
            *(history[name] for name in ("year", "scheme", "item", "value", "flag")), strict=True
        ):
            found[str(scheme), str(item)][int(year)] = (float(value), str(flag))
    flags: dict[Key, list[str]] = defaultdict(list)
    for one in compiled.contributions:
        flags[one.key].append(one.flag)
    for key, value in compiled.cells.items():
        year, scheme, item = key
        found[scheme, item][year] = (math.nan if value is None else float(value), flag_of(flags[key]))
    return found


def _wanted(entry: Estimate, place: tuple[str, str], known: _History, compiled: Compiled) -> bool:
    """Whether an entry estimates a series: it fits, goes on, and has no final value for the year."""
    scheme, item = place
    if not (fnmatchcase(scheme, entry.scheme) and fnmatchcase(item, entry.item)):
        return False
    value, flag = known.get(entry.year, (math.nan, ""))
    if math.isfinite(value):
        return entry.replace and bool(set("pe") & set(flag))
    patterned = "*" in entry.scheme or "*" in entry.item
    before = [year for year, (v, _) in known.items() if year < entry.year and math.isfinite(v)]
    last = max((year for year, _, _ in compiled.cells if year < entry.year), default=0)
    return bool(before) and (not patterned or max(before) >= last)


def _named(place: tuple[str, str], known: _History) -> Series:
    scheme, item = place
    breaks = frozenset(year for year, (_, flag) in known.items() if "b" in flag)
    return Series(f"{item} of scheme {scheme}", {year: value for year, (value, _) in known.items()}, breaks)


def _found(entry: Estimate, series: Series, lines: Sequence[Line]) -> Estimated:
    before = sorted(year for year, value in series.values.items() if year < entry.year and math.isfinite(value))
    used = before[-entry.over :] if entry.over else before
    if len(used) >= min(estimates.FEWEST.values()) and not any(series.values[year] for year in used):
        return Estimated(0.0, 0.0, 0.0, entry.method, used[0], used[-1], entry.level)
    auxiliary = _auxiliary(entry, lines) if entry.source else None
    return estimates.estimate(series, entry.year, entry.method, auxiliary=auxiliary, over=entry.over, level=entry.level)


def _auxiliary(entry: Estimate, lines: Iterable[Line]) -> Series:
    sums: dict[int, Decimal] = {}
    breaks = set()
    for line in lines:
        if line.source == entry.source and matches(line.account, (entry.account,)) and line.amount is not None:
            sums[line.year] = sums.get(line.year, Decimal(0)) + line.amount
            breaks |= {line.year} if "b" in line.flag else set()
    name = f"{entry.source}/{entry.account}"
    return Series(name, {year: float(value) for year, value in sums.items()}, frozenset(breaks))


def _contribution(
    mapping: Mapping, entry: Estimate, number: int, place: tuple[str, str], known: _History, found: Estimated, file: str
) -> Contribution:
    value = Decimal(repr(found.value)).quantize(Decimal(1).scaleb(-mapping.decimals))
    before, flag = known.get(entry.year, (math.nan, ""))
    said = f"{found.said}; replaces {before:.6g} ({flag})" if math.isfinite(before) else found.said
    return Contribution(
        entry.year, *place, SOURCE, file, "", f"estimates {number}", entry.method, value, _ONE, _ONE, value, "e", said
    )


def _refused(entry: Estimate, place: tuple[str, str], message: str, file: str) -> CellFinding:
    scheme, item = place
    what, _, mend = message.partition(". ")
    return CellFinding("C10", "error", f"No estimate for {entry.year}: {what}.", mend, file, scheme=scheme, item=item,
                       year=str(entry.year))  # fmt: skip


def _idle(entry: Estimate, number: int, series: dict[tuple[str, str], _History], file: str) -> Iterator[CellFinding]:
    """Say that an entry estimates nothing, and why."""
    fit = [known for (s, i), known in series.items() if fnmatchcase(s, entry.scheme) and fnmatchcase(i, entry.item)]
    there = any(math.isfinite(known.get(entry.year, (math.nan, ""))[0]) for known in fit)
    why = f"{entry.year} has values already" if there else "no series of that scheme and item is there"
    mend = "Take it out; replace = true estimates in place of provisional values." if there else "Correct the entry."
    yield CellFinding("C11", "warning" if there else "error", f"Entry {number} of estimates does nothing: {why}.", mend,
                      file, year=str(entry.year))  # fmt: skip
