"""The structure of EU-SILC files: variables, types, flags, keys and references, as findings."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import pandas as pd

from reporting.silc import deprivation, income
from reporting.silc.survey import KEYS, LABELS, MISSING_FLAGS, NAMES, Survey, numeric

Severity = Literal["error", "warning", "information"]
#: What variables of a file are called.
_NAMES = {letter: re.compile(rf"{letter.upper()}[A-Z]_?\d{{1,3}}[A-Z]?\d?[A-Z]?(_I?F)?$") for letter in KEYS}
#: Variables that indicators and breakdowns are made from.
EXPECTED = {
    "d": ("DB040", "DB050", "DB060", "DB100"),
    "r": ("RB081", "RB110", "RB220"),
    "h": (
        "HY010", "HY022", "HY023", *income.HOUSEHOLD, *income.DEDUCTIONS, *income.TRANSFERS[0],
        *(name for names, _ in deprivation.HOUSEHOLD for name in names), "HH021", "HH070",
    ),
    "p": (
        *income.PERSONAL, *income.TRANSFERS[1], *income.PENSIONS, *deprivation.PERSONAL,
        "PE041", "PL032", "PL060", "PL211A",
    ),
}  # fmt: skip


@dataclass(frozen=True)
class Finding:
    """What a check found: in how many of how many records of a file."""

    check: str
    title: str
    severity: Severity
    outcome: Literal["failed", "undecidable"]
    file: str
    records: int = 0
    of: int = 0

    @property
    def message(self) -> str:
        """One line: check, file, count."""
        if self.outcome == "undecidable":
            return f"{self.check} {self.title}: {self.file} file: cannot be decided, a variable or a file is missing"
        return f"{self.check} {self.title}: {self.file} file: {self.records} of {self.of} records"


def findings(survey: Survey) -> Iterator[Finding]:
    """Variables, types, flags, keys and references between the files."""
    for letter, key in KEYS.items():
        frame = survey.file(letter)
        if not len(frame):
            continue
        yield from _variables(frame, letter)
        for name in frame:
            if name not in (*LABELS, *NAMES) and not pd.api.types.is_numeric_dtype(frame[name]):
                wrong = pd.to_numeric(frame[name], errors="coerce").isna() & frame[name].notna()
                yield found(f"type {name}", "a number is expected", "warning", letter, wrong)
        yield from _flags(survey, letter)
        records = frame if letter != "r" or "RB110" not in frame else frame[frame["RB110"] != 5]
        yield from when(f"key {key}", "the key is unique", "error", letter, records[key].duplicated(keep=False))
        yield from when(f"key {key} missing", "the key is given", "error", letter, frame[key].isna())
    yield from _references(numeric(survey))
    yield from _same_in_both(survey)


def _references(survey: Survey) -> Iterator[Finding]:
    """Each record has those it belongs to: households, questionnaires of households and of persons."""
    d = survey.d[survey.number("d", "DB135", 1.0) == 1]
    members = survey.r[survey.number("r", "RB110", 1.0).between(1, 4)]
    adults = members[members["RB081"] >= 16] if "RB081" in members else members.head(0)
    pairs: tuple[tuple[pd.DataFrame, str, str, str, Severity], ...] = (
        (survey.h, "h", "HB030", "d", "error"), (survey.r, "r", "RB040", "d", "error"),
        (survey.p, "p", "PB030", "r", "error"), (d, "d", "DB030", "h", "error"), (members, "r", "RB040", "h", "error"),
        (adults, "r", "RB030", "p", "warning"),
    )  # fmt: skip
    for frame, child, column, parent, severity in pairs:
        if len(frame) and len(survey.file(parent)):
            orphans = ~frame[column].isin(survey.file(parent)[KEYS[parent]])
            title = f"each record has one in the {parent.upper()} file"
            yield from when(f"reference {column}", title, severity, child, orphans)


def found(check: str, title: str, severity: Severity, letter: str, failed: pd.Series) -> Finding:
    """A finding on the records that failed."""
    return Finding(check, title, severity, "failed", letter.upper(), int(failed.sum()), len(failed))


def when(check: str, title: str, severity: Severity, letter: str, failed: pd.Series) -> Iterator[Finding]:
    """A finding when some records failed."""
    if failed.any():
        yield found(check, title, severity, letter, failed)


def _variables(frame: pd.DataFrame, letter: str) -> Iterator[Finding]:
    """Names that are none of the file's, and variables that indicators need and are not there."""
    foreign = [str(name) for name in frame if not _NAMES[letter].match(str(name))]
    absent = [name for name in EXPECTED[letter] if name not in frame]
    for names, title in ((foreign, "are no variables of this file"), (absent, "are not there, indicators need them")):
        if names:
            title = f"{', '.join(names)} {title}"
            yield Finding("variables", title, "information", "failed", letter.upper(), len(frame), len(frame))


def _flags(survey: Survey, letter: str) -> Iterator[Finding]:
    """Flags are positive or say why a value is missing; a flag and its value agree."""
    frame = survey.file(letter)
    for flag in (str(name) for name in frame if str(name).endswith("_F")):
        values = pd.to_numeric(frame[flag], errors="coerce")
        known = values.isna() | (values > 0) | values.isin(MISSING_FLAGS) | (values == 0)
        yield from when(f"flag {flag}", "a flag is positive or -1 to -8", "error", letter, ~known)
        if (name := flag.removesuffix("_F")) in frame:
            given = frame[name].notna()
            yield from when(f"flag {flag}", "a value has no flag of a missing one", "error", letter,
                             given & values.isin(MISSING_FLAGS))  # fmt: skip
            yield from when(f"flag {flag}", "a missing value has no positive flag", "error", letter,
                             ~given & (values > 0))  # fmt: skip


def _same_in_both(survey: Survey) -> Iterator[Finding]:
    """Sex and year of birth agree in the R and P files."""
    if not (len(survey.r) and len(survey.p)):
        return
    persons = survey.r.drop_duplicates("RB030").set_index("RB030")
    for own, other, title in (("PB150", "RB090", "sex"), ("PB140", "RB080", "year of birth")):
        if own in survey.p and other in persons:
            there = survey.p["PB030"].map(persons[other])
            differs = there.notna() & survey.p[own].notna() & (there != survey.p[own])
            yield from when(f"same {own}", f"{title} is the same in the R and P files", "error", "p", differs)
