"""What adds up: aggregates (E01), all schemes (E02), transfers (E03), receipts by origin (E10).

An empty cell adds nothing. A part that is said to be missing leaves a sum
undecidable, but for one case: parts that are known and exceed the aggregate
already, since what is missing is not negative.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from reporting.esspros.classification import Classification
from reporting.esspros.cube import Cube, Floats, Index, Mask
from reporting.esspros.subject import Place, Subject, beyond, places
from reporting.findings import CellFinding

#: Transfers between schemes: received and paid.
TRANSFERS = (("rec.trf.rerouted", "exp.trf.rerouted"), ("rec.trf.other", "exp.trf.other"))


@dataclass(frozen=True)
class Sums:
    """Totals beside the sums of their parts: which differ, and which cannot be decided."""

    value: Floats
    expected: Floats
    missing: Index
    failed: Mask
    undecidable: Mask


def compared(value: Floats, parts: Floats, missing: Mask, starts: Index, tolerance: Floats) -> Sums:
    """Compare totals with the sums of their parts.

    Parameters
    ----------
    value : array
        The totals, along the first axis.
    parts : array
        The parts of the first total, then those of the second, and so on.
    missing : array
        Which parts are said to be missing.
    starts : array
        Where the parts of each total begin.
    tolerance : array
    """
    known = ~np.isnan(parts)
    expected = np.add.reduceat(np.where(known, parts, 0.0), starts, axis=0)
    lacking = np.add.reduceat(missing.astype(np.intp), starts, axis=0)
    there = ~np.isnan(value)
    decided = there & ((lacking == 0) | ((value >= 0) & (expected > value)))
    failed = decided & beyond(value, expected, tolerance)
    told = np.logical_or.reduceat(known & (parts != 0), starts, axis=0)
    undecidable = np.where(there, (lacking > 0) & ~failed, told | (lacking > 0))
    return Sums(value, expected, lacking, failed, undecidable)


def aggregates(classification: Classification) -> dict[str, tuple[str, ...]]:
    """Every aggregate with its parts."""
    return {item: classification.children(item) for item in classification.items if not classification.leaf(item)}


@functools.cache
def _layout(items: tuple[str, ...], pairs: tuple[tuple[str, tuple[str, ...]], ...]) -> tuple[Index, Index, Index]:
    """Positions of aggregates and of their parts, and where the parts of each begin."""
    at = {item: place for place, item in enumerate(items)}
    tops = np.asarray([at[item] for item, _ in pairs], dtype=np.intp)
    parts = np.asarray([at[part] for _, found in pairs for part in found], dtype=np.intp)
    starts = np.cumsum([0, *(len(found) for _, found in pairs)][:-1], dtype=np.intp)
    return tops, parts, starts


def aggregated(subject: Subject) -> tuple[Index, Sums, Floats]:
    """Every aggregate beside the sum of its parts: positions of the items, the sums, the tolerances."""
    cube, pairs = subject.cube, tuple(aggregates(subject.classification).items())
    tops, parts, starts = _layout(cube.items, pairs)
    counts = np.asarray([len(found) for _, found in pairs])
    tolerance = subject.rounding("E01", counts[:, None])[:, None, :]
    return tops, compared(cube.value[tops], cube.value[parts], cube.missing[parts], starts, tolerance), tolerance


def e01(subject: Subject) -> Iterator[CellFinding]:
    """Every aggregate equals the sum of its parts, in each scheme and in all."""
    tops, sums, tolerance = aggregated(subject)
    for place in places(sums.failed):
        yield _aggregate(
            subject, sums, place, subject.cube.items[tops[place[0]]], float(tolerance[place[0], 0, place[2]])
        )
    open_ = np.zeros(subject.cube.value.shape, dtype=np.bool_)
    open_[tops] = sums.undecidable & ~np.isnan(sums.value)
    yield from subject.undecided(
        "E01", open_, "a part is missing", "Give the missing parts; leave a cell empty where there is nothing."
    )
    open_[tops] = sums.undecidable & np.isnan(sums.value)
    yield from subject.undecided("E01", open_, "the aggregate is missing", "Fill it in, best as a formula.")


def _aggregate(subject: Subject, sums: Sums, place: Place, item: str, tolerance: float) -> CellFinding:
    _, scheme, year = place
    value, expected = float(sums.value[place]), float(sums.expected[place])
    parts = [(subject.cube.at(part), scheme, year) for part in subject.classification.children(item)]
    filled = [part for part in parts if subject.cube.row[part] >= 0]
    message = (
        f"{subject.name(item)}, {subject.scheme(scheme)}, {subject.cube.years[year]}: "
        f"{subject.number(value, year)}, but its parts ({len(filled)} of {len(parts)} filled in) add up to "
        f"{subject.number(expected, year)}: "
        f"difference {subject.number(value - expected, year)}, tolerance {tolerance:,.6g}."
    )
    if sums.missing[place]:
        message += " Some parts are missing, and those that are there exceed it already."
    mend = (
        f"Correct this cell or its parts ({subject.cells(filled or parts)}); an aggregate is best a formula over them."
    )
    return subject.finding("E01", (subject.cube.at(item), scheme, year), message, mend, value, expected)


def all_schemes(subject: Subject) -> tuple[Sums, Floats]:
    """The column of all schemes beside the sum of the schemes, item by year, with the tolerance by year."""
    cube = subject.cube
    parts = np.moveaxis(cube.value[:, cube.single], 1, 0)
    missing = np.moveaxis(cube.missing[:, cube.single], 1, 0)
    if not len(parts):
        nothing = np.zeros(cube.value[:, 0].shape, dtype=np.bool_)
        return Sums(cube.value[:, 0], cube.value[:, 0], nothing.astype(np.intp), nothing, nothing), np.zeros(0)
    tolerance = subject.rounding("E02", len(parts))
    found = compared(cube.value[None, :, cube.total], parts, missing, np.zeros(1, dtype=np.intp), tolerance)
    return Sums(*(np.asarray(part[0]) for part in vars(found).values())), tolerance


def e02(subject: Subject) -> Iterator[CellFinding]:
    """The column of all schemes equals the sum of the schemes."""
    cube = subject.cube
    sums, tolerance = all_schemes(subject)
    for item, year in np.argwhere(sums.failed):
        yield _column(subject, sums, (int(item), cube.total, int(year)), float(tolerance[year]))
    without = ~cube.known[:, cube.total].any(axis=0) & sums.undecidable.any(axis=0)
    for year in np.flatnonzero(without):
        place = (int(np.flatnonzero(sums.undecidable[:, year])[0]), cube.total, int(year))
        message = f"{cube.years[year]} has no figures for all schemes: they cannot be compared with the schemes."
        yield subject.finding("E02", place, message, "Add the column of all schemes.", outcome="undecidable")
    for there, what, mend in (
        (True, "a scheme is missing", "Give it; leave the cell empty where there is nothing."),
        (False, "the figure for all schemes is missing", "Fill it in, best as a formula."),
    ):
        open_ = np.zeros(cube.value.shape, dtype=np.bool_)
        open_[:, cube.total] = sums.undecidable & ~without & (cube.known[:, cube.total] == there)
        yield from subject.undecided("E02", open_, what, mend)


def _column(subject: Subject, sums: Sums, place: Place, tolerance: float) -> CellFinding:
    item, _, year = place
    value, expected = float(sums.value[item, year]), float(sums.expected[item, year])
    filled = [(item, s, year) for s in range(subject.cube.total) if subject.cube.row[item, s, year] >= 0]
    message = (
        f"{subject.name(subject.cube.items[item])}, {subject.cube.years[year]}: all schemes are "
        f"{subject.number(value, year)}, but the schemes ({len(filled)} filled in) add up to "
        f"{subject.number(expected, year)}: difference {subject.number(value - expected, year)}, "
        f"tolerance {tolerance:,.6g}."
    )
    mend = f"Correct this cell or those of the schemes ({subject.cells(filled)})."
    return subject.finding("E02", place, message, mend, value, expected)


def transfers(cube: Cube, received: str, paid: str) -> tuple[Floats, Floats]:
    """Transfers received and paid, by year: summed over schemes, or those of all schemes where one is missing."""
    sums = []
    for item in (received, paid):
        summed, whole = cube.of(item)[cube.single].sum(axis=0), cube.value[cube.at(item), cube.total]
        sums.append(np.where(np.isnan(summed), whole, summed) if cube.total else cube.of(item)[cube.total])
    return sums[0], sums[1]


def e03(subject: Subject) -> Iterator[CellFinding]:
    """Transfers received from other schemes are transfers paid to other schemes."""
    rule, cube = subject.rules["E03"], subject.cube
    for names in TRANSFERS:
        received, paid = transfers(cube, *names)
        tolerance = np.maximum(rule.tolerance, rule.relative * np.fmax(np.abs(received), np.abs(paid)))
        for year in np.flatnonzero(beyond(received, paid, tolerance)):
            yield _transfer(subject, names, int(year), float(received[year]), float(paid[year]))
        open_ = np.zeros(cube.value.shape, dtype=np.bool_)
        open_[cube.at(names[0]), cube.total] = np.isnan(received) | np.isnan(paid)
        yield from subject.undecided(
            "E03", open_, "a scheme is missing in transfers received or paid", "Give it; leave it empty for nothing."
        )


def _transfer(subject: Subject, names: Sequence[str], year: int, received: float, paid: float) -> CellFinding:
    cube = subject.cube
    filled = [
        (cube.at(name), s, year)
        for name in names
        for s in range(cube.total)
        if np.nan_to_num(cube.value[cube.at(name), s, year])
    ]
    message = (
        f"{subject.name(names[0])} {cube.years[year]}: schemes received {subject.number(received, year)}, but "
        f"{subject.name(names[1])}: schemes paid {subject.number(paid, year)}: "
        f"difference {subject.number(received - paid, year)}."
    )
    mend = f"Every transfer stands twice, with the scheme that pays and the one that receives: {subject.cells(filled)}."
    place = (cube.at(names[0]), cube.total, year)
    return subject.finding("E03", place, message, mend, received, paid)


def origins(classification: Classification) -> list[tuple[str, str, int]]:
    """Receipts by origin beside receipts by type, and how many rounded figures a difference is of."""
    types = {item.type: item.item for item in classification.items.values() if item.table == "receipts"}
    return [
        (item.item, types[item.type], len(classification.children(item.item)) + 1)
        for item in classification.items.values()
        if item.table == "origin" and not item.sector and item.type in types
    ]


def e10(subject: Subject) -> Iterator[CellFinding]:
    """Receipts by origin equal receipts by type, without transfers from other schemes."""
    cube = subject.cube
    pairs = origins(subject.classification)
    rows = [[cube.at(name) for name in pair[:2]] for pair in pairs]
    by_origin = cube.filled[[origin for origin, _ in rows]]
    by_type = cube.filled[[kind for _, kind in rows]]
    by_type[[not subject.classification[kind].type for _, kind, _ in pairs]] -= cube.of("rec.trf")
    tolerance = subject.rounding("E10", np.asarray([count for *_, count in pairs])[:, None])[:, None, :]
    told = cube.known[[row for row, item in enumerate(subject.classification.items.values()) if item.table == "origin"]]
    given = told.any(axis=0)
    for place in places(beyond(by_origin, by_type, tolerance) & given):
        pair, (_, scheme, year) = pairs[place[0]], place
        yield _origin(subject, pair, (rows[place[0]][0], scheme, year), by_origin[place], by_type[place])
    open_ = np.zeros(cube.value.shape, dtype=np.bool_)
    open_[[origin for origin, _ in rows]] = given & (np.isnan(by_origin) | np.isnan(by_type))
    yield from subject.undecided("E10", open_, "receipts by origin or by type are missing", "Give both.")
    open_[:] = False
    open_[rows[0][0]] = ~given & (by_type[0] != 0)
    yield from subject.undecided("E10", open_, "receipts by origin are not given", "Fill in that table too.")


def _origin(subject: Subject, pair: tuple[str, str, int], place: Place, value: float, expected: float) -> CellFinding:
    _, scheme, year = place
    whole = " without transfers from other schemes" if not subject.classification[pair[1]].type else ""
    beside = subject.cells([(subject.cube.at(pair[1]), scheme, year)])
    message = (
        f"{subject.name(pair[0])}, {subject.scheme(scheme)}, {subject.cube.years[year]}: by origin "
        f"{subject.number(value, year)}, but by type{whole} {subject.number(expected, year)}: "
        f"difference {subject.number(value - expected, year)}."
    )
    return subject.finding("E10", place, message, f"Correct this cell or {beside}: both tables tell the same receipts.",
                           value, expected)  # fmt: skip
