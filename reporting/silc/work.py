"""Work in the income year: activity by month, work intensity of households (definition of 2021).

Months at work are those with the codes 1 to 4 of PL211A to PL211L, or the
counts PL073 to PL076 where the calendar is not there.
"""

from __future__ import annotations

import pandas as pd

MONTHS = tuple(f"PL211{letter}" for letter in "ABCDEFGHIJKL")
COUNTS = ("PL073", "PL074", "PL075", "PL076")
_WORK, _PART = (1, 2, 3, 4), (2, 4)
_STUDENT, _RETIRED = 6, 7
#: Retired in PL032, the self-defined status.
_SAYS_RETIRED = 3
#: Hours of a full-time week: part-time months count as hours over these, at most one.
FULL_WEEK = 35.0
LOW = 0.20


def told(members: pd.DataFrame) -> bool:
    """Whether the files say at all who was at work."""
    return any(name in members for name in (*MONTHS, *COUNTS))


def months(members: pd.DataFrame, codes: tuple[int, ...], counts: tuple[str, ...]) -> pd.Series:
    """Months of each member in some activities."""
    calendar = members.reindex(columns=list(MONTHS))
    listed = calendar.isin(codes).sum(axis=1).astype(float)
    counted = members.reindex(columns=list(counts)).sum(axis=1, min_count=1)
    return listed.where(calendar.notna().any(axis=1), counted)


def known_months(members: pd.DataFrame) -> pd.Series:
    """Months of each member of which the activity is known."""
    calendar = members.reindex(columns=list(MONTHS)).notna().sum(axis=1).astype(float)
    names = [*COUNTS, "PL080", "PL085", "PL086", "PL087", "PL088", "PL089", "PL090"]
    return calendar.where(calendar > 0, members.reindex(columns=names).sum(axis=1))


def at_work(members: pd.DataFrame) -> pd.Series:
    """Months at work."""
    return months(members, _WORK, COUNTS).fillna(0.0)


def mostly(members: pd.DataFrame, code: int, count: str) -> pd.Series:
    """Whether a member spent more than half of the known months in an activity."""
    return months(members, (code,), (count,)).fillna(0.0) > known_months(members) / 2


def employed(members: pd.DataFrame) -> pd.Series:
    """Whether a member was at work for more than half of the known months."""
    return at_work(members) > known_months(members) / 2


def retired(members: pd.DataFrame) -> pd.Series:
    """Whether a member was retired for most of the year."""
    return mostly(members, _RETIRED, "PL085")


def student(members: pd.DataFrame) -> pd.Series:
    """Whether a member was a student for most of the year."""
    return mostly(members, _STUDENT, "PL087")


def _equivalent_months(members: pd.DataFrame) -> pd.Series:
    """Months at work in full-time equivalents."""
    part = months(members, _PART, ("PL074", "PL076")).fillna(0.0)
    share = (members.reindex(columns=["PL060"])["PL060"] / FULL_WEEK).clip(upper=1.0).fillna(0.5)
    return at_work(members) - part * (1 - share)


def of_working_age(members: pd.DataFrame) -> pd.Series:
    """Who counts for work intensity: 18 to 64, without students to 24, the retired, and the inactive of 60 and over.

    Retired is who is so for most of the year, says so (PL032), or has a
    pension other than a survivor's (PY100G, PY080G); the inactive of 60 to 64
    are out where pensions are the main income of the household.
    """
    age = members["age"]
    pension = members.reindex(columns=["PY100G", "PY080G"]).sum(axis=1) > 0
    says = members.reindex(columns=["PL032"])["PL032"] == _SAYS_RETIRED
    inactive = (at_work(members) == 0) & (months(members, (5,), ("PL080",)).fillna(0.0) == 0)
    out = (student(members) & (age <= 24)) | retired(members) | pension | says
    out |= inactive & (age >= 60) & members["mainly_pensions"]
    return age.between(18, 64) & ~out


def intensity(members: pd.DataFrame) -> pd.Series:
    """Work intensity of each member's household; missing where nobody is of working age.

    Months worked by all members of working age, in full-time equivalents,
    over the months they could have worked.
    """
    counts = of_working_age(members)
    worked = _equivalent_months(members).where(counts, 0.0).groupby(members["household"]).transform("sum")
    workable = known_months(members).where(counts, 0.0).groupby(members["household"]).transform("sum")
    return worked / workable.where(workable > 0)
