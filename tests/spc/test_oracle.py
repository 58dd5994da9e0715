"""Scores against the same rules written a second time, slowly and in exact fractions."""

from __future__ import annotations

import os
from random import Random

import oracle
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from invented import frame, options, scored
from oracle import AGGREGATES, MEMBERS, Data

_RUNS = int(os.environ.get("REPORTING_SPC_RUNS", "40"))
GEOS = [*MEMBERS, *AGGREGATES]


def invented(random: Random) -> Data:
    """An indicator with late and ahead countries, gaps, breaks, few distinct values (so that cut-offs are met)."""
    choices = random.choice([[0, 1, 2], [0, 5, 10, 100], list(range(100)), [3], [10, 11]])
    digits = random.choice([0, 1, 2])
    years = list(range(2017, 2025))
    data: Data = {}
    for geo in random.sample(GEOS, random.choice([29, 29, 28, 26, 25, 20, 12])):
        last = random.choices([2024, 2023, 2022], [8, 2, 1])[0]
        data[geo] = {}
        for year in years:
            gap = year > last or random.random() < 0.08
            value = f"{random.choice(choices) / 10**digits:.{digits}f}"
            data[geo][year] = (":" if gap else value, random.choice(["", "", "", "", "b", "p", "bp", "u"]))
    if random.random() < 0.3:
        for geo in random.sample(MEMBERS, 15):
            data.get(geo, {}).pop(2024, None)
    return data


def agree(table, rows: dict[str, oracle.Row], gives: str) -> None:
    """Every cell is that of the slow rules."""
    found = table.set_index("geo")
    for geo, got in found.iterrows():
        row = rows.get(geo)
        if row is None:
            assert got[["year", "level", "change", "score_level", "score_change", "n"]].isna().all()
            assert (got[["category_level", "category_change", "category", "verdict", "reference"]] == "").all()
            continue
        assert got["year"] == row.year
        expected = (row.level, row.change, row.score_level, row.score_change, row.reference_value)
        for name, value in zip(
            ("level", "change", "score_level", "score_change", "reference_value"), expected, strict=True
        ):
            assert got[name] == pytest.approx(float("nan") if value is None else float(value), abs=1e-9, nan_ok=True)
        assert (got["reference"], got["n"]) == (row.reference, row.n)
        assert got[gives] == row.outcome
        if gives == "verdict":
            assert (got["category_level"], got["category_change"]) == row.bands


CASES = st.tuples(st.randoms(use_true_random=False), st.sampled_from([True, False, None]), st.booleans(), st.booleans())


@settings(max_examples=_RUNS, deadline=None)
@given(CASES)
def test_jaf_agrees_with_the_slow_rules(known, case) -> None:
    """Compatible and strict profile: years, reference, breaks, sample deviation, bands and matrix, cell by cell."""
    random, high, changes, drop = case
    data = invented(random)
    described = {"I": options(high, calculate_change=changes, drop_change_with_break=drop)}
    for name, strict in (("jaf-compat", False), ("jaf-strict", True), ("sppm-va", False)):
        rows = oracle.jaf(data, high, strict, changes, drop)
        agree(scored(frame(data), described, known.profiles[name]).table(), rows, "verdict")


@settings(max_examples=_RUNS, deadline=None)
@given(CASES)
def test_the_scoreboard_agrees_with_the_slow_rules(known, case) -> None:
    """One common year, previous year found anywhere, population deviation, the eleven conditions in their order."""
    random, high, percent, _ = case
    data = invented(random)
    described = {"I": options(high, change_in_percent=percent)}
    rows = oracle.scoreboard(data, high, percent)
    agree(scored(frame(data), described, known.profiles["scoreboard-jer"]).table(), rows, "category")
