"""A dataset on its way out: a row of texts for each observation, and where each row came from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pandas as pd

from reporting.findings import CellFinding, Severity
from reporting.submissions.structures import Structure

#: Where a row was read, and what a person calls it; each a column of ``places``.
PLACES = ("sheet", "cell", "scheme", "item", "year")


@dataclass(frozen=True)
class DataSet:
    """What one structure receives.

    ``rows`` has a column of texts for each component (empty: no value), ``places``
    the columns of :data:`PLACES` in the same order; ``file`` is the file both came from.
    """

    flow: str
    structure: Structure
    rows: pd.DataFrame
    places: pd.DataFrame
    file: str

    def finding(
        self, rule: str, message: str, mend: str, row: int | None = None, severity: Severity = "error", **more: Any
    ) -> CellFinding:
        """A finding at a row (the number of its line in ``rows``), or on the whole."""
        where = {} if row is None else {name: str(self.places[name].iloc[row]) for name in PLACES}
        return CellFinding(rule, severity, message, mend, **{"file": self.file, **where, **more})


def nowhere(rows: int) -> pd.DataFrame:
    """Places of rows that were read from no cell."""
    return pd.DataFrame({name: pd.Categorical([""] * rows) for name in PLACES})


def line(text: str) -> str:
    """A text in one line: readers of SDMX-CSV and XML lose breaks in different ways, and XML has no other controls."""
    return "".join(c for c in " ".join(text.split()) if c.isprintable())


def number(value: float) -> str:
    """The shortest text that reads as the same number, without an exponent."""
    text = repr(float(value))
    if "e" in text:
        return f"{value:f}".rstrip("0").rstrip(".") if abs(value) >= 1 else _small(text)
    return "0" if text == "-0.0" else text.removesuffix(".0")


def _small(text: str) -> str:
    """A small number without its exponent, digit for digit."""
    mantissa, _, power = text.partition("e")
    sign, digits = ("-", mantissa[1:]) if mantissa.startswith("-") else ("", mantissa)
    whole, _, rest = digits.partition(".")
    return f"{sign}0.{'0' * (-int(power) - 1)}{whole}{rest}"
