"""H01 and H02: parts sum to totals, and margins agree between tables."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt

from reporting.findings import CellFinding, Severity
from reporting.sha.classification import AXES, REVENUES, TOTAL, Axis
from reporting.sha.cubes import Cube
from reporting.sha.neutral import ELSEWHERE
from reporting.sha.subject import Subject, amount

#: Decimals above which digits are those of a computation, not of a figure.
_DIGITS = 6


def sums(subject: Subject) -> Iterator[CellFinding]:
    """H01: every total equals the sum of its parts, on both axes of every table."""
    for cube in subject.cubes.values():
        unit = subject.rules["H01"].limits["units"] * 10.0 ** -digits(subject, cube)
        for side in (cube, cube.flipped()) if cube.table.columns else (cube,):
            axis = subject.classification.axes[side.table.rows]
            for total in [code for code in side.rows if code in axis.parents]:
                for parts, absent in addends(axis, total, side.rows):
                    yield from _sum(subject, side, total, parts, absent, unit)


def digits(subject: Subject, cube: Cube) -> int:
    """Decimals in which a table is given: those of its typed cells."""
    at = cube.at[cube.at >= 0]
    typed = subject.accounts.table["typed"].to_numpy()[at]
    values = subject.accounts.table["value"].to_numpy()[at]
    known = values[~np.isnan(values) & (typed if typed.any() else True)]
    for decimals in range(_DIGITS):
        if (np.abs(np.round(known, decimals) - known) <= 1e-9 * np.maximum(1, np.abs(known))).all():
            return decimals
    return _DIGITS


def addends(axis: Axis, total: str, codes: Sequence[str]) -> list[tuple[tuple[str, ...], bool]]:
    """The parts of a total among the codes of a table, and whether some are absent, for each way to add up.

    A part that the table does not have is taken by its own parts. Ways that lack
    more than others are left out.
    """
    ways = []
    for identity in (identity for identity in axis.identities if identity.total == total):
        parts = [_expanded(axis, part, set(codes)) for part in identity.parts]
        found = tuple(dict.fromkeys(code for part in parts if part for code in part))
        if found:
            ways.append((found, sum(not part for part in parts)))
    fewest = min((absent for _, absent in ways), default=0)
    return [(parts, absent > 0) for parts, absent in dict.fromkeys(ways) if absent == fewest]


def _expanded(axis: Axis, code: str, present: set[str]) -> tuple[str, ...]:
    if code in present:
        return (code,)
    for identity in (identity for identity in axis.identities if identity.total == code):
        parts = [part for child in identity.parts for part in _expanded(axis, child, present)]
        if parts:
            return tuple(parts)
    return ()


def _sum(
    subject: Subject, cube: Cube, total: str, parts: Sequence[str], absent: bool, unit: float
) -> Iterator[CellFinding]:
    """The lines of a table in which the parts do not sum to the total."""
    whole, rows = cube.rows.index(total), [cube.rows.index(part) for part in parts]
    given = (~np.isnan(cube.values[rows])).any(axis=0)
    decided = cube.known[[whole, *rows]].all(axis=0) & (cube.status[whole] != ELSEWHERE)
    found = cube.amounts[rows].sum(axis=0)
    difference = cube.amounts[whole] - found
    broken = np.abs(difference) > unit * (len(parts) + 1) * (1 + 1e-9)
    if absent and not subject.accounts.complete:
        broken &= difference < 0
    named = ", ".join(parts)
    for column in np.flatnonzero(given & decided & broken):
        yield _broken(subject, cube, (whole, rows[0], int(column)), named, float(found[column]))
    yield from _undecided(subject, cube, whole, given & ~decided & (cube.at[whole] >= 0), named)


def _broken(subject: Subject, cube: Cube, place: tuple[int, int, int], parts: str, found: float) -> CellFinding:
    whole, first, column = place
    value = cube.amounts[whole, column]
    at = cube.at[whole, column] if cube.at[whole, column] >= 0 else cube.at[first, column]
    explained = value > found and subject.accounts.table["note"].iat[at] != ""
    severity: Severity = "information" if explained else subject.rules["H01"].severity
    message = (
        f"the total {cube.rows[whole]} is {amount(value)}, its parts sum to {amount(found)} "
        f"(difference {amount(value - found)})."
    )
    mend = (
        f"The cell has a note: the rest of {amount(value - found)} is taken as not specified."
        if explained
        else f"Correct the total or a part: {parts}."
    )
    return subject.finding(("H01", severity), int(at), message, mend, found)


def _undecided(
    subject: Subject, cube: Cube, whole: int, where: npt.NDArray[np.bool_], parts: str
) -> Iterator[CellFinding]:
    if where.any():
        at = int(cube.at[whole, int(np.flatnonzero(where)[0])])
        message = f"{int(where.sum())} sums of {cube.rows[whole]} cannot be checked: a value is missing."
        rule = "H01", subject.rules["H01"].severity
        yield subject.finding(rule, at, message, f"Give the total and its parts: {parts}.", undecidable=True)


def margins(subject: Subject) -> Iterator[CellFinding]:
    """H02: what two tables say of one axis is the same, and so is the grand total."""
    for year in subject.accounts.years:
        tables = [
            cube
            for name, table in subject.classification.tables.items()
            if table.measure == "expenditure" and (cube := subject.cubes.get((name, year)))
        ]
        for axis in AXES:
            sides = [_side(cube, axis) for cube in tables if axis in cube.table.axes]
            for number, side in enumerate(sides):
                yield from _against(subject, side, sides[:number], axis)
        yield from _totals(subject, tables)
    yield from _at_least(subject)


def _side(cube: Cube, axis: str) -> Cube:
    return cube if cube.table.rows == axis else cube.flipped()


def _against(subject: Subject, side: Cube, earlier: Sequence[Cube], axis: str) -> Iterator[CellFinding]:
    """The margins of a table against those of the first table that has them."""
    top = {code for code, parent in subject.classification.axes[axis].parents.items() if parent == TOTAL}
    if TOTAL not in side.columns:
        return
    column = side.columns.index(TOTAL)
    for row, code in enumerate(side.rows):
        if code == TOTAL or not side.known[row, column] or (np.isnan(side.values[row, column]) and code not in top):
            continue
        for other in earlier:
            expected = _margin(other, code)
            if expected is not None and (code in top or not np.isnan(expected)):
                yield from _differing(subject, side, (row, column), other.table.name, float(np.nan_to_num(expected)))
                break


def _margin(cube: Cube, code: str) -> float | None:
    """The margin of a code; None when the table does not tell it."""
    if TOTAL not in cube.columns:
        return None
    if code not in cube.rows and "+" in code:
        parts = [_margin(cube, part) for part in code.split("+")]
        return None if None in parts else float(np.nansum([part for part in parts if part is not None]))
    if code not in cube.rows:
        return None
    place = cube.rows.index(code), cube.columns.index(TOTAL)
    return float(cube.values[place]) if cube.known[place] else None


def _totals(subject: Subject, tables: Sequence[Cube]) -> Iterator[CellFinding]:
    """Grand totals against that of the first table."""
    known = [
        (cube, value)
        for cube in tables
        if (value := _margin(cube, TOTAL)) is not None and not np.isnan(value)
    ]  # fmt: skip
    for cube, _ in known[1:]:
        place = cube.rows.index(TOTAL), cube.columns.index(TOTAL)
        yield from _differing(subject, cube, place, known[0][0].table.name, known[0][1])


def _differing(
    subject: Subject, cube: Cube, place: tuple[int, int], other: str, expected: float
) -> Iterator[CellFinding]:
    revenue = REVENUES in cube.table.axes
    name = "H02-revenues" if revenue else "H02"
    rule = subject.rules[name]
    value, at = float(cube.amounts[place]), int(cube.at[place])
    if (
        not rule.active
        or at < 0
        or abs(value - expected) <= max(rule.tolerance, rule.relative * abs(expected)) * (1 + 1e-9)
    ):
        return
    code = cube.rows[place[0]] if cube.rows[place[0]] != TOTAL else "the grand total"
    message = (
        f"{code} is {amount(value)} here and {amount(expected)} in {other} (difference {amount(value - expected)})."
    )
    mend = "Correct one of the two tables, or reconcile them (reporting sha reconcile)."
    if revenue:
        mend = "Explain it by reserves in a note, or correct one of the two tables."
    yield subject.finding(subject.named(name), at, message, mend, expected)


def _at_least(subject: Subject) -> Iterator[CellFinding]:
    """Margins that cannot be below another one, such as all pharmaceuticals and those sold retail."""
    pairs = ((bound, year) for bound in subject.classification.bounds for year in subject.accounts.years)
    for bound, year in pairs:
        mine, theirs = subject.cubes.get((bound.table, year)), subject.cubes.get((bound.other, year))
        if mine is None or theirs is None:
            continue
        value, least = _margin(mine, bound.code), _margin(theirs, bound.least)
        if (
            value is None
            or least is None
            or np.isnan(value)
            or np.isnan(least)
            or value >= least - subject.rules["H02"].tolerance
        ):
            continue
        at = int(mine.at[mine.rows.index(bound.code), mine.columns.index(TOTAL)])
        message = (
            f"{bound.code} is {amount(value)}, less than {bound.least} in {bound.other} ({amount(least)}), "
            "which is part of it."
        )
        yield subject.finding(subject.named("H02"), at, message, f"Correct {bound.code} or {bound.least}.", least)
