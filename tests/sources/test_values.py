"""Numbers and flags in a cell."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reporting.sources import values


@given(st.floats(allow_nan=False, allow_infinity=False), st.sampled_from(["", "p", "bep"]))
def test_every_number_comes_back(number, flag):
    """A number as Python writes it is read as itself, with the flag beside it."""
    assert values.number(f"{number!r} {flag}") == (number, flag, "")


@given(st.integers(min_value=-(10**15), max_value=10**15))
def test_grouped_numbers_come_back(number):
    """Thousands grouped by comma, or by point beside a decimal comma, change nothing."""
    assert values.number(f"{number:,}")[0] == number
    assert values.number(f"{number:,},0".replace(",", ".", f"{number:,}".count(",")), ",")[0] == number


@pytest.mark.parametrize("cell", ["12,5", "1,23,456", "12.3.4", "-", "twelve", "12 bq", "nan", "inf", "1e999", "p"])
def test_what_is_not_a_number_is_refused(cell):
    """Nothing is guessed: a cell that is not a number is an error."""
    with pytest.raises(ValueError, match="number"):
        values.number(cell)


@pytest.mark.parametrize("cell", ["", " ", ":", ": "])
def test_missing_is_never_zero(cell):
    """The marks for a missing value give NaN."""
    assert math.isnan(values.number(cell)[0])


@pytest.mark.parametrize(
    ("cell", "flag"),
    [("bep", "bep"), ("", ""), ("b(1)", "b"), ("p: provisional", "p"), ("break in time series, provisional", "bp")],
)
def test_flags_in_their_spellings(cell, flag, declared):
    """Letters are kept verbatim; labels become letters."""
    assert values.flag(cell, declared.spellings["flag"]) == (flag, "")
