"""What may stand in a questionnaire: schemes (E04), items (E05), signs (E06), descriptions (E07), cells (E08, E09)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fnmatch import fnmatchcase

import numpy as np

from reporting.esspros.cube import Mask
from reporting.esspros.schemes import CRITERIA, Scheme
from reporting.esspros.subject import Subject, places, some
from reporting.findings import CellFinding

#: The sheet of a questionnaire that holds the descriptions.
_DESCRIPTIONS = "Qualitative"


def fits(item: str, patterns: Iterable[str]) -> bool:
    """Whether an item is one of those that patterns name."""
    return any(fnmatchcase(item, pattern) for pattern in patterns)


def e04(subject: Subject) -> Iterator[CellFinding]:
    """Schemes of the list have data and criteria, and data only in the years they exist.

    A scheme with data that is not in the list is found as the file is read.
    """
    schemes = subject.questionnaire.schemes
    if not schemes and not any(finding.rule == "E04" for finding in subject.questionnaire.findings):
        yield CellFinding(
            "E04", subject.rules["E04"].severity,
            "There is no list of schemes: it cannot be told whether the schemes are in it.",
            "Give the list with --schemes.", subject.file, outcome="undecidable",
        )  # fmt: skip
    for scheme in schemes:
        lacking = [name for name in CRITERIA if not getattr(scheme, name)]
        if lacking:
            yield _listed(
                subject, scheme, f"{some(lacking)} not given", "Give one value for each of the five criteria."
            )
        yield from _years(subject, scheme)


def _years(subject: Subject, scheme: Scheme) -> Iterator[CellFinding]:
    cube = subject.cube
    position = cube.schemes.index(scheme.number)
    alive = np.asarray([scheme.exists(year) for year in cube.years])
    known = cube.known[:, position]
    if alive.any() and not known[:, alive].any():
        yield _listed(
            subject, scheme, "is listed and has no data", "Add its column, or give the last year in which it existed."
        )
    strange = known & (cube.value[:, position] != 0) & ~alive
    for year in np.flatnonzero(strange.any(axis=0)):
        rows = np.flatnonzero(strange[:, year])
        place = (int(rows[0]), position, int(year))
        message = (
            f"Scheme {scheme.number}, {scheme.name}, has {len(rows)} figures in {cube.years[year]}, but by the list it "
            f"exists {f'from {scheme.first} ' if scheme.first else ''}{f'to {scheme.last}' if scheme.last else ''}."
        )
        mend = "Correct the years in the list of schemes, or take the figures out."
        yield subject.finding("E04", place, message, mend, cube.value[place])


def _listed(subject: Subject, scheme: Scheme, what: str, mend: str) -> CellFinding:
    """A finding where a scheme is listed."""
    file, sheet, cell = scheme.place
    return CellFinding(
        "E04", subject.rules["E04"].severity, f"Scheme {scheme.number}, {scheme.name}: {what}.", mend,
        file or subject.file, sheet, cell, scheme.number,
    )  # fmt: skip


def e05(subject: Subject) -> Iterator[CellFinding]:
    """Data are given for elementary items: an aggregate is not given alone.

    A code that is not in the classification is found as the file is read.
    """
    cube = subject.cube
    given = cube.known & (cube.value != 0)
    alone = np.zeros(cube.value.shape, dtype=np.bool_)
    for row in np.flatnonzero(~subject.leaves & given.any(axis=(1, 2))):
        parts = [cube.at(part) for part in subject.classification.children(cube.items[row])]
        alone[row] = given[row] & (cube.row[parts] < 0).all(axis=0) & cube.expected[parts].any(axis=0)
    for place in places(alone):
        item, scheme, year = place
        message = (
            f"{subject.name(cube.items[item])}, {subject.scheme(scheme)}, {cube.years[year]}: "
            f"{subject.number(cube.value[place], year)} is given for an aggregate, and none of its parts."
        )
        parts_ = some(list(subject.classification.children(cube.items[item])))
        yield subject.finding("E05", place, message, f"Give the elementary items: {parts_}.", cube.value[place])


def e06(subject: Subject) -> Iterator[CellFinding]:
    """A negative value has a comment; an aggregate is excused by a negative part, all schemes by a scheme."""
    cube = subject.cube
    negative = cube.known & (cube.value < 0)
    cause = negative & subject.leaves[:, None, None]
    cause[:, cube.total] &= ~negative[:, cube.single].any(axis=1)
    for place in places(cause & ~subject.explained):
        item, scheme, year = place
        message = (
            f"{subject.name(cube.items[item])}, {subject.scheme(scheme)}, {cube.years[year]}: "
            f"{subject.number(cube.value[place], year)} is negative, and no comment says why."
        )
        yield subject.finding("E06", place, message, "Correct the sign, or explain it in the comment of the cell.",
                              cube.value[place])  # fmt: skip


def e07(subject: Subject) -> Iterator[CellFinding]:
    """Benefits with expenditure in the latest year are described, and what is described has expenditure."""
    cube, described = subject.cube, subject.questionnaire.qualitative
    year = len(cube.years) - 1
    benefits = np.asarray([bool(subject.classification[item].function) for item in cube.items], dtype=np.bool_)
    paid = cube.known[:, :, year] & (cube.value[:, :, year] != 0) & benefits[:, None]
    wanted = paid & subject.leaves[:, None]
    wanted[:, cube.total] = False
    if described.empty:
        if wanted.any():
            yield CellFinding(
                "E07", subject.rules["E07"].severity, "There is no qualitative information: it cannot be told whether "
                f"the {int(wanted.sum())} benefits of {cube.years[year]} are described.",
                f"Add the sheet {_DESCRIPTIONS}.", subject.file, outcome="undecidable",
            )  # fmt: skip
        return
    said = described[described["description"].fillna("").astype(str).str.strip() != ""]
    pairs = set(zip(said["scheme"].astype(str), said["item"].astype(str), strict=True))
    for item, scheme in np.argwhere(wanted):
        name, number = cube.items[item], cube.schemes[scheme]
        if not any((number, above) in pairs for above in _upwards(subject, name)):
            place = (int(item), int(scheme), year)
            message = (
                f"{subject.name(name)}, scheme {number}: {subject.number(cube.value[place], year)} in "
                f"{cube.years[year]}, and no qualitative description."
            )
            mend = f"Describe the benefit in the sheet {_DESCRIPTIONS}, or correct the figure."
            yield subject.finding("E07", place, message, mend, cube.value[place])
    yield from _unpaid(subject, paid)


def _upwards(subject: Subject, item: str) -> Iterator[str]:
    """An item and what it is part of, within its function."""
    while item and subject.classification[item].function:
        yield item
        item = subject.classification.parent(item)


def _unpaid(subject: Subject, paid: Mask) -> Iterator[CellFinding]:
    """Descriptions of benefits that nothing is spent on."""
    cube, described = subject.cube, subject.questionnaire.qualitative
    columns = ("scheme", "item", "description", "sheet", "cell")
    for scheme, item, text, sheet, cell in described[list(columns)].astype(str).itertuples(index=False):
        if not text.strip() or item not in subject.classification or not subject.classification[item].function:
            continue
        if scheme in cube.schemes and paid[cube.at(item), cube.schemes.index(scheme)]:
            continue
        yield CellFinding(
            "E07", subject.rules["E07"].severity,
            f"{subject.name(item)}, scheme {scheme}: described, but without expenditure in {cube.years[-1]}.",
            "Take the description out, or give the expenditure.", subject.file, sheet, cell, scheme, item,
            str(cube.years[-1]),
        )  # fmt: skip


def e08(subject: Subject) -> Iterator[CellFinding]:
    """Housing benefits are means-tested and in kind."""
    yield from _barred(subject, "E08", "expenditure", "housing benefits are means-tested and in kind",
                       "Enter it under means-tested housing benefits in kind, or under another function.")  # fmt: skip


def e09(subject: Subject) -> Iterator[CellFinding]:
    """A type of receipt comes from a sector that can pay it."""
    yield from _barred(subject, "E09", "origin", "this type of receipt does not come from this sector",
                       "Enter it under the sector that pays, or under another type of receipt.")  # fmt: skip


def barred(subject: Subject, table: str) -> Mask:
    """Cells with an amount that the classification does not admit; an aggregate only where its parts are empty."""
    cube, known = subject.cube, subject.classification
    rows = [known[item].table == table and not known[item].admissible for item in cube.items]
    filled = cube.known & (cube.value != 0) & np.asarray(rows, dtype=np.bool_)[:, None, None]
    found = np.array(filled)
    for row in np.flatnonzero(rows):
        if parts := [cube.at(part) for part in known.children(cube.items[row])]:
            found[row] &= ~filled[parts].any(axis=0)
    return found


def _barred(subject: Subject, rule: str, table: str, why: str, mend: str) -> Iterator[CellFinding]:
    cube = subject.cube
    for place in places(barred(subject, table)):
        item, scheme, year = place
        message = (
            f"{subject.name(cube.items[item])}, {subject.scheme(scheme)}, {cube.years[year]}: "
            f"{subject.number(cube.value[place], year)}, but {why}."
        )
        yield subject.finding(rule, place, message, mend, cube.value[place], 0.0)
