"""What is usual within a questionnaire: balances (W11), changes (W12), administration costs (W13)."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from reporting.esspros.cube import Floats, Mask
from reporting.esspros.subject import SLACK, Subject, places
from reporting.findings import CellFinding

#: Receipts, expenditure and administration costs.
RECEIPTS, EXPENDITURE, ADMINISTRATION = "rec", "exp", "exp.adm"


def w11(subject: Subject) -> Iterator[CellFinding]:
    """Receipts and expenditure of a scheme differ by a usual share of expenditure."""
    cube, limit = subject.cube, subject.rules["W11"].limits["balance"]
    received, spent = cube.of(RECEIPTS)[cube.single], cube.of(EXPENDITURE)[cube.single]
    row = cube.at(RECEIPTS)
    for scheme, year in np.argwhere(np.abs(received - spent) > limit * np.abs(spent) + SLACK[0]):
        had, paid = float(received[scheme, year]), float(spent[scheme, year])
        share = f"{(had - paid) / paid:+.1%} of expenditure" if paid else "without any expenditure"
        message = (
            f"Scheme {cube.schemes[scheme]}, {cube.years[year]}: receipts {subject.number(had, year)}, expenditure "
            f"{subject.number(paid, year)}: a balance of {subject.number(had - paid, year)}, {share} "
            f"(limit {limit:.1%})."
        )
        mend = (
            "Look whether receipts or transfers are missing, or explain the surplus or deficit in the quality report."
        )
        yield subject.finding("W11", (row, int(scheme), int(year)), message, mend, had, paid)
    open_ = np.zeros(cube.value.shape, dtype=np.bool_)
    open_[row, cube.single] = np.isnan(received) | np.isnan(spent)
    yield from subject.undecided("W11", open_, "receipts or expenditure are missing", "Fill in both totals.")


def floors(subject: Subject) -> Floats:
    """Changes that are too small to matter, by year: a share of GDP, or of the expenditure of all schemes."""
    limits, cube = subject.rules["W12"].limits, subject.cube
    spent = cube.of(EXPENDITURE)
    summed = np.nansum(spent[cube.single], axis=0)
    whole = np.where(np.nan_to_num(spent[cube.total]) == 0, summed, spent[cube.total])
    known = np.full(len(cube.years), np.nan) if subject.gdp is None else subject.gdp
    return np.where(np.isnan(known), limits["expenditure"] * whole, limits["gdp"] * known)


def w12(subject: Subject) -> Iterator[CellFinding]:
    """An elementary figure changes little on the year before, or a comment or a break says why."""
    cube, limit = subject.cube, subject.rules["W12"].limits["change"]
    now, before, rows = _steps(subject)
    floor = floors(subject)[None, None, 1:]
    step = np.abs(now - before)
    moved = (step > limit * np.abs(before) + SLACK[0]) & (step > floor)
    moved &= ~subject.explained[:, :, 1:] & rows
    for item, scheme, place in places(moved):
        year = place + 1
        new, old = float(now[item, scheme, place]), float(before[item, scheme, place])
        change = f"{new / old - 1:+.1%}" if old else "from nothing"
        message = (
            f"{subject.name(cube.items[item])}, scheme {cube.schemes[scheme]}: {subject.number(new, year)} in "
            f"{cube.years[year]} after {subject.number(old, year)} in {cube.years[year - 1]}: "
            f"{'to nothing' if not new else change} (limit {limit:.0%})."
        )
        mend = "Correct one of the two years, or say in the comment of the cell why it changed."
        yield subject.finding("W12", (item, scheme, year), message, mend, new, old)
    open_ = np.zeros(cube.value.shape, dtype=np.bool_)
    open_[:, :, 1:] = rows & (np.isnan(now) != np.isnan(before))
    yield from subject.undecided(
        "W12", open_, "one of the two years is missing", "Give both; leave a cell empty for nothing."
    )


def _steps(subject: Subject) -> tuple[Floats, Floats, Mask]:
    """Figures of a year, those of the year before, and which of them are compared."""
    cube = subject.cube
    reported = np.asarray(cube.known.any(axis=0), dtype=np.bool_)
    compared = subject.leaves[:, None, None] & (reported[:, 1:] & reported[:, :-1])[None]
    compared[:, cube.total] = False
    compared &= np.asarray(np.diff(cube.years) == 1, dtype=np.bool_)
    return cube.filled[:, :, 1:], cube.filled[:, :, :-1], np.asarray(compared, dtype=np.bool_)


def shares(subject: Subject) -> tuple[Floats, Floats]:
    """Administration costs as a share of expenditure, by scheme and year, and the change of the share."""
    cube = subject.cube
    cost, spent = cube.of(ADMINISTRATION)[cube.single], cube.of(EXPENDITURE)[cube.single]
    share = np.divide(cost, spent, out=np.full(cost.shape, np.nan), where=spent != 0)
    move = np.full(share.shape, np.nan)
    old = share[:, :-1]
    np.divide(share[:, 1:] - old, np.abs(old), out=move[:, 1:], where=(old != 0) & (np.diff(cube.years) == 1))
    return share, move


def w13(subject: Subject) -> Iterator[CellFinding]:
    """Administration costs are a usual and steady share of expenditure."""
    cube, limits = subject.cube, subject.rules["W13"].limits
    share, move = shares(subject)
    row = cube.at(ADMINISTRATION)
    low, high = limits["lowest"] - SLACK[0], limits["highest"] + SLACK[0]
    outside: Mask = np.asarray((share < low) | (share > high), dtype=np.bool_)
    moved: Mask = (np.abs(move) > limits["move"] + SLACK[0]) & ~subject.explained[row, cube.single]
    for scheme, year in np.argwhere(outside | moved):
        place = (row, int(scheme), int(year))
        here = f"{share[scheme, year]:.1%} of expenditure"
        why = (
            f"outside {limits['lowest']:.0%} to {limits['highest']:.0%}"
            if outside[scheme, year]
            else f"after {share[scheme, year - 1]:.1%} the year before"
        )
        message = f"Scheme {cube.schemes[scheme]}, {cube.years[year]}: administration costs are {here}, {why}."
        mend = (
            "Look whether costs of others are included or some are missing, or explain it in the comment of the cell."
        )
        yield subject.finding("W13", place, message, mend, cube.value[place])
    open_ = np.zeros(cube.value.shape, dtype=np.bool_)
    open_[row, cube.single] = np.isnan(cube.of(ADMINISTRATION) + cube.of(EXPENDITURE))[cube.single]
    yield from subject.undecided("W13", open_, "administration costs or expenditure are missing", "Fill in both.")
