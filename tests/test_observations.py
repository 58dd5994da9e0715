"""The algebra of flags and keys."""

from __future__ import annotations

import math

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reporting import observations

FLAGS = st.text(alphabet=observations.FLAG_LETTERS, max_size=4)


def test_an_empty_table_has_the_columns_and_types():
    """A table without rows can be joined with one that has some."""
    empty = observations.empty()
    assert tuple(empty.columns) == observations.COLUMNS
    assert empty["value"].dtype == "float64"
    assert empty.empty


@pytest.mark.parametrize(
    ("flags", "combined"), [(["p", "", "bp"], "bp"), (["pb", "bp"], "bp"), ([], ""), ([":c", "e"], "ce")]
)
def test_combined_flags_are_the_union(flags, combined):
    """A derived value carries each letter of its parts once, whatever their order."""
    assert observations.combine(flags) == combined


@given(st.lists(FLAGS), st.lists(FLAGS))
def test_combining_knows_no_order_and_no_grouping(left, right):
    """Flags combined in any order or grouping give the same letters."""
    whole = observations.combine(left + right)
    assert whole == observations.combine(right + left)
    assert whole == observations.combine([observations.combine(left), observations.combine(right)])
    assert set(whole) == set("".join(left + right))


def test_a_sum_with_a_missing_part_is_missing():
    """Nothing is added up around a gap."""
    assert math.isnan(observations.add([1.0, float("nan")]))
    assert observations.add([0.1] * 10) == 1.0


def test_the_country_is_taken_from_its_position():
    """The geo code of a key stands where the dataset declares it."""
    assert observations.geo_of("A.BE.TOTAL", ("freq", "geo", "spdeps")) == "BE"


KEYS = pd.Series(["A.TOTAL.BE", "A.SPR.BE", "A.TOTAL.FR", "A.TOTAL.BE.X", "", "A.TOT+AL.BE"])


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        ("A.TOTAL.", ["A.TOTAL.BE", "A.TOTAL.FR"]),
        ("A.TOTAL+SPR.BE", ["A.TOTAL.BE", "A.SPR.BE"]),
        ("..", ["A.TOTAL.BE", "A.SPR.BE", "A.TOTAL.FR", "A.TOT+AL.BE"]),
        ("A.TOT.BE", []),
        ("A.*.BE", []),
        ("A.TOTAL", []),
    ],
)
def test_a_pattern_chooses_whole_codes(pattern, found):
    """An empty position fits every code, + joins codes; nothing else is special, and positions are counted."""
    assert KEYS[observations.matches(KEYS, pattern)].tolist() == found
