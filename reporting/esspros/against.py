"""What a questionnaire says beside what was said elsewhere: revisions (W14) and national accounts (W15)."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from reporting.esspros import cube as cubes
from reporting.esspros.cube import Floats, Mask
from reporting.esspros.references import Reference
from reporting.esspros.subject import SLACK, Subject, places
from reporting.findings import CellFinding


def w14_last(subject: Subject, last: pd.DataFrame, source: str) -> Iterator[CellFinding]:
    """Elementary figures of years that were sent before are as they were, or a comment says why not.

    Parameters
    ----------
    last : DataFrame
        The neutral table of the last transmission.
    source : str
        Its file.
    """
    cube = subject.cube
    before = cubes.beside(last, cube)
    rows = np.broadcast_to(subject.leaves[:, None, None], cube.value.shape).copy()
    rows[:, cube.total] &= ~before.known[:, cube.single].any(axis=1)
    yield from _dropped(subject, last, source)
    sent = before.known.any(axis=(0, 1))
    revised = _revised(subject, cube.filled, before.filled) & rows & sent
    for place in places(revised):
        yield _revision(subject, place, float(before.value[place]), f"sent before ({source})")
    gone = rows & before.known & cube.missing
    yield from subject.undecided(
        "W14", gone, f"a figure that was sent before ({source}) is missing now", "Give it, or say why it is not known."
    )


def _dropped(subject: Subject, last: pd.DataFrame, source: str) -> Iterator[CellFinding]:
    """Schemes that were sent for a year of the questionnaire, and are not in it."""
    sent = last[last["year"].isin(subject.cube.years) & ~last["scheme"].isin(subject.cube.schemes)]
    for scheme, rows in sent.groupby("scheme", sort=False):
        yield CellFinding(
            "W14", subject.rules["W14"].severity,
            f"Scheme {scheme} has {len(rows)} figures in the last transmission ({source}) and none now.",
            "Add its column; where the scheme has ended keep the years it existed.", subject.file, scheme=str(scheme),
        )  # fmt: skip


def w14_published(subject: Subject, reference: Reference) -> Iterator[CellFinding]:
    """Aggregates of all schemes are as Eurostat published them, or a comment says why not."""
    cube = subject.cube
    for item in reference.values:
        row = cube.at(item)
        value, before = np.full(cube.value.shape, np.nan), np.full(cube.value.shape, np.nan)
        value[row, cube.total] = _all(cube.of(item))
        before[row, cube.total] = reference.series(item, cube.years)
        for place in places(_revised(subject, value, before)):
            yield _revision(
                subject, place, float(before[place]), f"published ({reference.source})", float(value[place])
            )
        open_ = ~np.isnan(before) & np.isnan(value)
        yield from subject.undecided("W14", open_, "a figure that is published is missing", "Fill it in.")


def _all(values: Floats) -> Floats:
    """The figures of all schemes, or the sum of the schemes where that column is not there."""
    return np.asarray(np.where(np.nan_to_num(values[-1]) == 0, values[:-1].sum(axis=0), values[-1]), dtype=np.float64)


def _revised(subject: Subject, value: Floats, before: Floats) -> Mask:
    limit = subject.rules["W14"].limits["revision"]
    step = np.abs(value - before)
    rounding = 10.0 ** -subject.decimals.astype(np.float64)
    large = (step > limit * np.abs(before) + SLACK[0]) & (step > rounding + SLACK[0])
    return np.asarray(large & ~subject.explained, dtype=np.bool_)


def _revision(
    subject: Subject, place: tuple[int, int, int], before: float, source: str, value: float | None = None
) -> CellFinding:
    item, scheme, year = place
    now = float(subject.cube.filled[place]) if value is None else value
    change = f"{now / before - 1:+.1%}" if before else "from nothing"
    message = (
        f"{subject.name(subject.cube.items[item])}, {subject.scheme(scheme)}, {subject.cube.years[year]}: "
        f"{subject.number(now, year)}, {source} as {subject.number(before, year)}: {change} "
        f"(limit {subject.rules['W14'].limits['revision']:.1%})."
    )
    mend = "Correct it, or say in the comment of the cell why it was revised."
    return subject.finding("W14", place, message, mend, now, before)


def w15(subject: Subject, accounts: Reference) -> Iterator[CellFinding]:
    """The ratio of national accounts to the questionnaire moves by few points from one year to the next."""
    cube, limit = subject.cube, subject.rules["W15"].limits["points"]
    for item, concept, told, own in _pairs(subject):
        series = sum((accounts.series(name, cube.years) for name in concept), np.zeros(len(cube.years)))
        ratio = 100 * np.divide(series, own, out=np.full(len(own), np.nan), where=own != 0)
        for year in range(1, len(cube.years)):
            move = ratio[year] - ratio[year - 1]
            if cube.years[year] - cube.years[year - 1] == 1 and abs(move) >= limit - SLACK[0]:
                yield _moved(subject, (item, told, accounts.source), year, ratio, series, own)
        open_ = np.zeros(cube.value.shape, dtype=np.bool_)
        open_[cube.at(item), cube.total] = np.isnan(ratio) & (own != 0)
        if np.isnan(series).all():
            open_[:, :, :-1] = False
        what = f"{told} are missing in {accounts.source}, or figures in the questionnaire"
        yield from subject.undecided("W15", open_, what, "Add them to the file of --accounts, or fill in the schemes.")


def _pairs(subject: Subject) -> Iterator[tuple[str, tuple[str, ...], str, Floats]]:
    """Items with the aggregates of national accounts they are near to."""
    cube = subject.cube
    government = {s.number for s in subject.questionnaire.schemes if s.decision == "government"}
    rows = [place for place, number in enumerate(cube.schemes) if number in government]

    def public(item: str) -> Floats:
        return np.asarray(cube.of(item)[rows].sum(axis=0), dtype=np.float64)

    if rows:
        yield "ben", ("D62_D632",), "D.62 and D.632 of general government", public("ben")
        yield (
            "ben",
            ("GF10", "GF07"),
            "government expenditure on social protection and health (GF10, GF07)",
            public("ben"),
        )
        yield "ben", ("GF10",), "government expenditure on social protection (GF10)", public("ben") - public("ben.sick")
    yield "rec.sc", ("D61",), "social contributions received (D.61)", _all(cube.of("rec.sc"))


def _moved(
    subject: Subject, about: tuple[str, str, str], year: int, ratio: Floats, series: Floats, own: Floats
) -> CellFinding:
    item, told, source = about
    cube = subject.cube
    message = (
        f"{subject.name(item)}: {told} ({source}) are {ratio[year]:.1f} % of it in {cube.years[year]} after "
        f"{ratio[year - 1]:.1f} % in {cube.years[year - 1]}: {ratio[year] - ratio[year - 1]:+.1f} points "
        f"(national accounts {series[year]:,.1f}, questionnaire {own[year]:,.1f})."
    )
    mend = "Look which schemes or benefits changed in one of the two sources, and explain it in the quality report."
    place = (cube.at(item), cube.total, year)
    return subject.finding("W15", place, message, mend, float(ratio[year]), float(ratio[year - 1]))
