"""Rules on whatever a questionnaire may hold, and what it may be compared with."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from altered import sample
from hypothesis import given, settings
from hypothesis import strategies as st

from reporting.errors import SourceUnreadable, UsageError
from reporting.esspros import references, rules
from reporting.esspros.rules import Beside


@settings(max_examples=12, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), kept=st.floats(0, 1), missing=st.floats(0, 1), spread=st.floats(0, 3))
def test_any_part_of_a_questionnaire_is_checked(seed: int, kept: float, missing: float, spread: float) -> None:
    """Whatever is left out, missing or altered, every finding has a rule, a place, a message and a way to mend it."""
    random, table = np.random.default_rng(seed), sample().table
    table = table[random.random(len(table)) < kept]
    values = table["value"].where(random.random(len(table)) >= missing) * random.normal(1, spread, len(table))
    part = replace(sample(), table=table.assign(value=values).reset_index(drop=True))
    for finding in rules.check(part, Beside(sample())):
        assert finding.rule in rules.LIMITS and finding.message.endswith(".") and finding.mend.endswith(".")
        assert finding.file == "veldania.xlsx" and not re.search(r"\bnan\b", finding.message)
        assert finding.sheet or finding.rule in ("E04", "E05", "E07", "W16", "W17")


@pytest.mark.parametrize("only", [{"scheme": "_T"}, {"scheme": "3"}, {"year": 2021}, {"item": "ben"}])
def test_a_slice_of_a_questionnaire_is_checked(only: dict[str, object]) -> None:
    """One scheme, all schemes alone, one year or one item are checked for what can be said of them."""
    table = sample().table
    for name, value in only.items():
        table = table[table[name] == value]
    part = replace(sample(), table=table.reset_index(drop=True), schemes=())
    found = rules.check(part, Beside(sample()))
    failed = {finding.rule for finding in found if finding.outcome == "failed"} - {"E07", "W14"}
    assert failed <= ({"E05", "E01"} if "item" in only else {"E03"} if only.get("scheme") == "3" else set())


HEAD = "time,geo,unit,sector,cofog99,na_item,value\n"


@pytest.mark.parametrize(
    ("text", "geo", "said"),
    [
        ("year,value\n2023,1\n", "", "line 1: the column na_item is missing"),
        ("", "", "the column year, na_item, value is missing"),
        (f"{HEAD}2023,SE,MIO_NAC,S13,TOTAL,D62,x\n", "", "line 2: 'x' is no number"),
        (f"{HEAD}2023-Q1,SE,MIO_NAC,S13,TOTAL,D62,1\n", "", "line 2: '2023-Q1' is no year"),
        (
            f"{HEAD}2023,SE,MIO_NAC,S13,TOTAL,D62,1\n2023,DK,MIO_NAC,S13,TOTAL,D62,1\n",
            "",
            "say which is meant with --geo",
        ),
        (f"{HEAD}2023,SE,MIO_NAC,S13,TOTAL,D62,1\n", "DK", "no figures of DK, but of SE"),
        (f"{HEAD}2023,SE,PC_GDP,S13,TOTAL,D62,1\n", "", "no figures in MIO_NAC or MIO_EUR, but in PC_GDP"),
    ],
)
def test_accounts_that_cannot_be_used_are_refused(tmp_path: Path, text: str, geo: str, said: str) -> None:
    """A missing column, a text for a number, quarters, several countries or only percentages end in a message."""
    path = tmp_path / "accounts.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(SourceUnreadable, match=said):
        references.accounts_file(path, geo)


def test_accounts_that_are_not_there_are_told(tmp_path: Path) -> None:
    """A file that does not exist is a wrong command."""
    with pytest.raises(UsageError, match="no such file"):
        references.accounts_file(tmp_path / "none.csv")


def test_accounts_are_taken_apart(tmp_path: Path) -> None:
    """D.62 and D.632 are needed both, functions are kept apart, other units and sectors left out, gaps stay gaps."""
    rows = [
        "2022,SE,MIO_NAC,S13,TOTAL,D62,100", "2022,SE,MIO_NAC,S13,TOTAL,D632,20", "2023,SE,MIO_NAC,S13,TOTAL,D62,110",
        "2022,SE,MIO_EUR,S13,TOTAL,D62,9", "2022,SE,MIO_NAC,S14,TOTAL,D61,50", "2022,SE,MIO_NAC,S13,TOTAL,D61REC,70",
        "2022,SE,MIO_NAC,S13,GF10,TE,90", "2022,SE,MIO_NAC,S13,GF07,TE,60", "2023,SE,MIO_NAC,S13,GF10,TE,:",
        "2022,SE,MIO_NAC,S13,GF10,D62,80", "2022,SE,MIO_NAC,S1,,B1GQ,900", "2023,SE,MIO_NAC,S13,TOTAL,D62_D632,140",
    ]  # fmt: skip
    path = tmp_path / "accounts.csv"
    path.write_text(HEAD + "\n".join(rows), encoding="utf-8")
    assert references.accounts_file(path, "SE").values == {
        "D62_D632": {2022: 120.0, 2023: 140.0}, "D61": {2022: 70.0}, "GF10": {2022: 90.0}, "GF07": {2022: 60.0},
        "GDP": {2022: 900.0},
    }  # fmt: skip
