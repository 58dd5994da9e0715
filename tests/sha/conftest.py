"""What the tests of health accounts share: Veldania's five years, and ways to spoil them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pandas as pd
import pytest

from reporting import declarations
from reporting.sha import checks, classification
from reporting.sha.classification import AXES, Classification
from reporting.sha.neutral import Accounts
from reporting.sha.samples import accounts as sample


@pytest.fixture(scope="session")
def classes(known: declarations.Declarations) -> Classification:
    """The classifications of the project."""
    return classification.load(known)


@pytest.fixture(scope="session")
def years(known: declarations.Declarations) -> dict[int, Accounts]:
    """The questionnaires of Veldania."""
    return {year: sample.accounts(year, known) for year in sample.YEARS}


Spoil = Callable[..., Accounts]


@pytest.fixture(scope="session")
def spoilt(classes: Classification) -> Spoil:
    """Accounts with one cell changed: ``spoilt(accounts, "HCxHF", "HC.1.1.1", "HF.3.2.1", value=5.0)``."""

    def change(accounts: Accounts, name: str, row: str, column: str, **new: Any) -> Accounts:
        table = accounts.table.copy()
        there = cell(table, classes, name, row, column)
        assert there.sum() == 1
        for what, value in new.items():
            table.loc[there, what] = value(table.loc[there, what]) if callable(value) else value
        return replace(accounts, table=table)

    return change


def cell(table: pd.DataFrame, classes: Classification, name: str, row: str, column: str) -> pd.Series:
    """Which row of a neutral table is a cell."""
    named = dict(zip(classes.tables[name].axes, (row, column), strict=False))
    there = table["table"] == name
    for axis in AXES:
        there &= table[axis] == named.get(axis, "")
    return there


@pytest.fixture(scope="session")
def rules(known: declarations.Declarations) -> Callable[..., dict[str, int]]:
    """How many findings each rule has on accounts."""

    def tally(accounts: Accounts, *earlier: Accounts, **more: Any) -> dict[str, int]:
        found = checks.check(known, accounts, earlier, **more)
        return dict(sorted(Counter(finding.rule for finding in found if finding.outcome == "failed").items()))

    return tally
