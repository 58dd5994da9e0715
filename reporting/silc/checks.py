"""Eurostat's checks on EU-SILC files, as findings: counts of records, never a record.

Numbers of the checks are those of Eurostat's validation programs. A check
whose variables are not all there is undecidable, never passed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from reporting.silc import income, structure
from reporting.silc.structure import Finding, Severity, when
from reporting.silc.survey import KEYS, MISSING_FLAGS, Survey, numeric

_TOLERANCE = 10.0
_MISSING_SHARE = 5.0
#: Largest change of a share between two years: missing, negative, of zero or positive values.
_YEARS = {"missing": 0.05, "negative": 0.05, "zero": 1.0, "positive": 1.0}


@dataclass(frozen=True)
class _Check:
    """A check on one file: which variables it needs, which records fail."""

    id: str
    title: str
    severity: Severity
    file: str
    needs: tuple[str, ...]
    fails: Callable[[Survey], pd.Series]


def check(survey: Survey, previous: Survey | None = None) -> list[Finding]:
    """All findings on a survey, errors first; with the year before, the changes too."""
    found = [*structure.findings(survey)]
    survey = numeric(survey)
    for one in _CHECKS:
        found += _of(one, survey)
    found += [*_missing(survey), *_outliers(survey)]
    if previous is not None:
        found += [*_changes(survey, numeric(previous))]
    order = ("error", "warning", "information")
    return sorted(found, key=lambda f: (f.outcome != "failed", order.index(f.severity), f.check))


def _of(one: _Check, survey: Survey) -> Iterator[Finding]:
    frame = survey.file(one.file)
    if not survey.has(*one.needs):
        if len(frame):
            yield Finding(one.id, one.title, one.severity, "undecidable", one.file.upper())
        return
    failed = int(one.fails(survey).sum())
    if failed:
        yield Finding(one.id, one.title, one.severity, "failed", one.file.upper(), failed, len(frame))


def _exceeds(letter: str, part: str, whole: str) -> Callable[[Survey], pd.Series]:
    return lambda survey: survey.number(letter, part) > survey.number(letter, whole) + 1e-6


def _differs(name: str, expected: Callable[[Survey], pd.Series]) -> Callable[[Survey], pd.Series]:
    return lambda survey: (survey.number("h", name) - expected(survey)).abs() > _TOLERANCE


def _zero_but(name: str, expected: Callable[[Survey], pd.Series]) -> Callable[[Survey], pd.Series]:
    return lambda survey: (survey.number("h", name) == 0) & (expected(survey).abs() > _TOLERANCE)


def _weights_apart(survey: Survey) -> pd.Series:
    weight = survey.r["RB040"].map(survey.d.drop_duplicates("DB030").set_index("DB030")["DB090"])
    return (weight - survey.r["RB050"]).abs() > 0.01 * weight


def _no_child(survey: Survey) -> pd.Series:
    ages = survey.number("r", "RB082").fillna(survey.number("r", "RB081"))
    with_child = set(survey.r.loc[ages < 16, "RB040"])
    return (survey.number("h", "HY110G") > 0) & ~survey.h["HB030"].isin(with_child)


def _year_without(months: tuple[str, ...], amount: str) -> Callable[[Survey], pd.Series]:
    def fails(survey: Survey) -> pd.Series:
        worked = sum((survey.number("p", name, 0.0) for name in months), pd.Series(0.0, index=survey.p.index))
        return (worked >= 12) & (survey.number("p", amount, 0.0) == 0)

    return fails


def _gross_is_net(letter: str, stem: str) -> Callable[[Survey], pd.Series]:
    return lambda s: (s.number(letter, f"{stem}G") == s.number(letter, f"{stem}N")) & (s.number(letter, f"{stem}G") > 0)


def _negative(letter: str, name: str) -> Callable[[Survey], pd.Series]:
    return lambda survey: survey.number(letter, name) < 0


def _respondents(survey: Survey) -> pd.Series:
    return survey.number("d", "DB135", 1.0) == 1


_IDENTITIES = (
    ("560", "HY010", (*income.HOUSEHOLD, *income.PERSONAL), income.gross),
    ("567", "HY020", ("HY010", *income.DEDUCTIONS), income.disposable),
    ("568", "HY022", (*income.TRANSFERS[0], *income.TRANSFERS[1]), income.before_transfers),
    ("569", "HY023", ("HY022", *income.PENSIONS), income.before_all_transfers),
)
_PARTS = (
    ("554", "h", "HY121G", "HY120G"), ("555", "h", "HY131G", "HY130G"), ("556", "h", "HY081G", "HY080G"),
    ("557", "p", "PY021G", "PY020G"), ("563", "h", "HY121N", "HY120N"), ("564", "h", "HY131N", "HY130N"),
    ("586", "h", "HY081N", "HY080N"), ("587", "p", "PY021N", "PY020N"),
)  # fmt: skip
_MONTHS = (
    ("570", ("PL073", "PL074"), "PY010G", "employee"), ("571", ("PL075", "PL076"), "PY050G", "self-employed"),
    ("572", ("PL080",), "PY090G", "unemployed"), ("573", ("PL085",), "PY100G", "retired"),
)  # fmt: skip
_LONGITUDINAL = (("d", "DB095"), *(("r", f"RB06{years}") for years in range(2, 7)), ("p", "PB060"))
_CHECKS: tuple[_Check, ...] = (
    _Check("001", "personal and household weight differ by over 1 %", "error", "r", ("DB090", "RB050"), _weights_apart),
    _Check("002", "a household in the database has a positive weight", "error", "d", ("DB090",),
           lambda s: _respondents(s) & ~(s.number("d", "DB090") > 0)),
    _Check("003", "a household not in the database has no weight", "error", "d", ("DB090", "DB135"),
           lambda s: ~_respondents(s) & (s.number("d", "DB090", 0.0) > 0)),
    _Check("004", "a weight is not negative", "error", "r", ("RB050",), lambda s: s.number("r", "RB050") < 0),
    _Check("005", "a current member has a weight", "error", "r", ("RB050", "RB110"),
           lambda s: s.number("r", "RB110").between(1, 4) & ~(s.number("r", "RB050") > 0)),
    _Check("006", "a person with a questionnaire has a positive weight", "warning", "p", ("PB040",),
           lambda s: ~(s.number("p", "PB040") > 0)),
    *(_Check("007", f"{name} is not negative", "error", letter, (name,), _negative(letter, name))
      for letter, name in _LONGITUDINAL),
    *(_Check(("550", "551")[i], f"{name} is nought while its components are not", "error", "h", (name, *needs),
             _zero_but(name, f)) for i, (_, name, needs, f) in enumerate(_IDENTITIES[:2])),
    *(_Check(id_, f"{name} differs from its components by over 10", "error", "h", (name, *needs), _differs(name, f))
      for id_, name, needs, f in _IDENTITIES),
    _Check("565", "HY022 is above HY020", "warning", "h", ("HY022", "HY020"), _exceeds("h", "HY022", "HY020")),
    _Check("566", "HY023 is above HY022", "error", "h", ("HY023", "HY022"), _exceeds("h", "HY023", "HY022")),
    *(_Check(id_, f"{part} exceeds {whole}", "error", letter, (part, whole), _exceeds(letter, part, whole))
      for id_, letter, part, whole in _PARTS),
    _Check("553", "income of children without a member under 16", "warning", "h", ("HY110G", "RB040"), _no_child),
    *(_Check(id_, f"{what} all year without {amount}", "warning", "p", (*months, amount), _year_without(months, amount))
      for id_, months, amount, what in _MONTHS),
    _Check("802", "rent exceeds housing cost", "error", "h", ("HH060", "HH070"), _exceeds("h", "HH060", "HH070")),
    _Check("803", "yearly housing cost exceeds disposable income", "warning", "h", ("HH070", "HY020"),
           lambda s: 12 * s.number("h", "HH070") > s.number("h", "HY020")),
    *(_Check("850", f"{stem} gross equals net", "warning", "h", (f"{stem}G", f"{stem}N"), _gross_is_net("h", stem))
      for stem in ("HY040", "HY050", "HY060", "HY070", "HY080", "HY090", "HY110", "HY120", "HY130")),
    *(_Check("860", f"{stem} gross equals net", "warning", "p", (f"{stem}G", f"{stem}N"), _gross_is_net("p", stem))
      for stem in ("PY010", "PY050", "PY090", "PY100", "PY110", "PY120", "PY130", "PY140")),
    _Check("NEG", "disposable income is negative", "information", "h", ("HY020",),
           lambda s: s.number("h", "HY020") < 0),
)  # fmt: skip


def _missing(survey: Survey) -> Iterator[Finding]:
    """Variables of which more than 5 % is missing for no reason of routing (flag -2 to -8)."""
    for letter in KEYS:
        frame = survey.file(letter)
        for name in frame:
            flag = f"{name}_F"
            gone = frame[name].isna()
            if flag in frame:
                gone &= ~pd.to_numeric(frame[flag], errors="coerce").isin(MISSING_FLAGS[:-1])
            if not str(name).endswith(("_F", "_IF")) and 100 * gone.mean() > _MISSING_SHARE:
                yield structure.found("missing", f"{name} is missing in over 5 %", "information", letter, gone)


def _outliers(survey: Survey) -> Iterator[Finding]:
    """Incomes whose logarithm is over three interquartile ranges from the quartiles."""
    for letter, names in (("h", ("HY010", "HY020")), ("p", ("PY010G", "PY050G", "PY100G"))):
        for name in names:
            values = survey.number(letter, name)
            logs = np.log(values.where(values > 0))
            low, high = logs.quantile(0.25), logs.quantile(0.75)
            far = (logs < low - 3 * (high - low)) | (logs > high + 3 * (high - low))
            yield from when("outliers", f"{name} is far from the others", "warning", letter, far)


def _changes(survey: Survey, previous: Survey) -> Iterator[Finding]:
    """Shares of missing, negative, zero and positive values against the year before; persons' incomes too."""
    for letter in KEYS:
        now, before = survey.file(letter), previous.file(letter)
        for name in (n for n in now if n in before and str(n).startswith(("HY", "PY")) and str(n)[-1] in "0123GN"):
            for what, tolerance in _YEARS.items():
                shares = [_shares(frame[name])[what] for frame in (now, before)]
                if abs(shares[0] - shares[1]) > tolerance:
                    title = f"share of {what} values of {name} changed by over {tolerance}"
                    yield Finding("YTY", title, "warning", "failed", letter.upper(), 1, 1)
    if len(survey.p) and len(previous.p):
        yield from _jumps(survey, previous)


def _shares(column: pd.Series) -> dict[str, float]:
    return {
        "missing": float(column.isna().mean()),
        "negative": float((column < 0).mean()),
        "zero": float((column == 0).mean()),
        "positive": float((column > 0).mean()),
    }


def _jumps(survey: Survey, previous: Survey) -> Iterator[Finding]:
    """Earnings that halved or doubled while the status stayed."""
    for id_, name in (("580", "PY010G"), ("581", "PY050G")):
        if not all(v in frame for frame in (survey.p, previous.p) for v in (name, "PL032")):
            yield Finding(id_, f"{name} against the year before", "warning", "undecidable", "P")
            continue
        columns = ["PB030", "PL032", name]
        both = survey.p[columns].merge(previous.p[columns].drop_duplicates("PB030"), on=["PB030", "PL032"])
        change = both[f"{name}_x"] / both[f"{name}_y"].where(both[f"{name}_y"] > 0)
        yield from when(id_, f"{name} halved or doubled", "warning", "p", (change < 0.5) | (change > 2))
