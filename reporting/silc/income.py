"""Household income: the identities of HY010, HY020, HY022 and HY023.

Company cars (PY021) count, other non-cash income does not; HY170 and imputed
rent do not. Missing components are nought.
"""

from __future__ import annotations

import pandas as pd

from reporting.silc.survey import Survey

PERSONAL = ("PY010G", "PY021G", "PY050G", "PY080G", "PY090G", "PY100G", "PY110G", "PY120G", "PY130G", "PY140G")
HOUSEHOLD = ("HY040G", "HY050G", "HY060G", "HY070G", "HY080G", "HY090G", "HY110G")
DEDUCTIONS = ("HY120G", "HY130G", "HY140G")
#: Transfers other than pensions, and pensions, net.
TRANSFERS = ("HY050N", "HY060N", "HY070N"), ("PY090N", "PY120N", "PY130N", "PY140N")
PENSIONS = ("PY100N", "PY110N")


def _sum(frame: pd.DataFrame, names: tuple[str, ...]) -> pd.Series:
    return frame.reindex(columns=list(names)).fillna(0.0).sum(axis=1)


def of_members(survey: Survey, names: tuple[str, ...]) -> pd.Series:
    """The sum of personal components over the members of each household, in the order of the H file.

    A person's household is RB040 of the R file, or PB030 without its last digits.
    """
    household = _household(survey)
    sums = _sum(survey.p, names).groupby(household).sum()
    return survey.h["HB030"].map(sums).fillna(0.0)


def _household(survey: Survey) -> pd.Series:
    if len(survey.r):
        of_person = survey.r.drop_duplicates("RB030").set_index("RB030")["RB040"]
        return survey.p["PB030"].map(of_person)
    person = survey.p["PB030"]
    if not pd.api.types.is_numeric_dtype(person):
        return pd.Series(person.str[:-2])
    return person // (100 if _two_digits(survey) else 10)


def _two_digits(survey: Survey) -> bool:
    """Whether personal numbers end in two digits of order within the household (in old public use files one)."""
    return bool((survey.p["PB030"] // 100).isin(survey.h["HB030"]).mean() > 0.9)


def gross(survey: Survey) -> pd.Series:
    """HY010: total household gross income."""
    return _sum(survey.h, HOUSEHOLD) + of_members(survey, PERSONAL)


def disposable(survey: Survey) -> pd.Series:
    """HY020: total disposable income, from HY010."""
    return survey.number("h", "HY010") - _sum(survey.h, DEDUCTIONS)


def before_transfers(survey: Survey) -> pd.Series:
    """HY022: before social transfers other than old-age and survivors' benefits."""
    return survey.number("h", "HY020") - _sum(survey.h, TRANSFERS[0]) - of_members(survey, TRANSFERS[1])


def before_all_transfers(survey: Survey) -> pd.Series:
    """HY023: before social transfers, old-age and survivors' benefits included; from HY022 where the file has it."""
    before = survey.number("h", "HY022") if "HY022" in survey.h else before_transfers(survey)
    return before - of_members(survey, PENSIONS)
