"""What a rule looks at, and how it says what it found: labels, numbers, cells."""

from __future__ import annotations

import functools
import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from reporting.declarations import CellRule
from reporting.esspros import cube as cubes
from reporting.esspros.classification import Classification
from reporting.esspros.cube import Cube, Floats, Index, Mask
from reporting.esspros.questionnaire import Questionnaire
from reporting.esspros.schemes import ALL
from reporting.findings import CellFinding

#: The noise of binary fractions, absolute and relative, beside which a difference is at its tolerance.
SLACK = 1e-9, 1e-12
#: A cell of a workbook: its column and its row.
_ADDRESS = re.compile(r"([A-Z]+)(\d+)")
#: Cells or names listed in one message.
_LISTED = 8
Place = tuple[int, int, int]


@dataclass(frozen=True)
class Subject:
    """A questionnaire that is checked, the block of its numbers, and the rules declared."""

    questionnaire: Questionnaire
    cube: Cube
    rules: Mapping[str, CellRule]
    #: Gross domestic product by year, where it is known, in the unit of the figures.
    gdp: Floats | None = None

    @property
    def file(self) -> str:
        """The file that is checked."""
        return self.questionnaire.file

    @property
    def table(self) -> pd.DataFrame:
        """The neutral table."""
        return self.questionnaire.table

    @property
    def classification(self) -> Classification:
        """The items there are."""
        return self.questionnaire.classification

    @functools.cached_property
    def leaves(self) -> Mask:
        """Which items are elementary."""
        return np.asarray([self.classification.leaf(item) for item in self.cube.items], dtype=np.bool_)

    @functools.cached_property
    def decimals(self) -> Index:
        """How many decimals the figures of each year have."""
        return cubes.decimals(self.cube, self.leaves)

    @functools.cached_property
    def explained(self) -> Mask:
        """Where a comment says why a figure is as it is, or a flag that the series breaks."""
        commented = self.table["comment"].fillna("").astype(str).str.strip().ne("").to_numpy(dtype=np.bool_)
        broken = self.table["flag"].fillna("").astype(str).str.contains("b", regex=False).to_numpy(dtype=np.bool_)
        said = np.append(commented | broken, False)
        return np.asarray(said[self.cube.row], dtype=np.bool_)

    def rounding(self, rule: str, parts: Floats | int) -> Floats:
        """The tolerance of a sum of rounded parts, by year: 0.5 × parts × 10^-decimals."""
        declared = self.rules[rule].limits.get("decimals")
        places = self.decimals if declared is None else np.full(len(self.cube.years), declared)
        return np.asarray(0.5 * np.asarray(parts) * 10.0 ** -places.astype(np.float64), dtype=np.float64)

    def name(self, item: str) -> str:
        """An item as a person knows it: labels from the function down, and the code."""
        return self._names.get(item) or self._names.setdefault(item, self._name(item))

    @functools.cached_property
    def _names(self) -> dict[str, str]:
        return {}

    @functools.cached_property
    def _places(self) -> tuple[list[str], list[str]]:
        """Sheet and cell of each row of the table."""
        return self.table["sheet"].astype(str).tolist(), self.table["cell"].astype(str).tolist()

    def _name(self, item: str) -> str:
        labels: list[str] = []
        at = item
        while at:
            labels.append(self.classification[at].label)
            at = self.classification.parent(at)
        path = labels[-2::-1] if len(labels) > 1 else labels
        if len(path) > 1 and item.startswith("ben."):
            path = path[1:]
        return f"{' – '.join(path)} ({self.classification.code(item) or item})"

    def scheme(self, position: int) -> str:
        """A scheme in a sentence."""
        number = self.cube.schemes[position]
        return "all schemes" if number == ALL else f"scheme {number}"

    def number(self, value: float, year: int = -1) -> str:
        """A number in a sentence, with the decimals of its year."""
        return "missing" if math.isnan(value) else f"{value:,.{max(2, int(self.decimals[year]))}f}"

    def cell(self, place: Place) -> tuple[str, str]:
        """Sheet and cell of a number; where it is not there, those it would stand in."""
        item, scheme, year = place
        row = int(self.cube.row[place])
        if row >= 0:
            return self._places[0][row], self._places[1][row]
        rows, columns = self._near(self.cube.row[item, :, year]), self._near(self.cube.row[:, scheme, year])
        cell = columns[1] + rows[2] if rows and columns else ""
        return self.sheets.get(self.cube.years[year], ""), cell

    def _near(self, rows: Index) -> re.Match[str] | None:
        """Column and row of a cell that is filled in; None in a text file."""
        there = rows[rows >= 0]
        return _ADDRESS.fullmatch(self._places[1][int(there[0])]) if len(there) else None

    @functools.cached_property
    def sheets(self) -> dict[int, str]:
        """The sheet of each year."""
        first = self.table.drop_duplicates("year")
        return dict(zip(first["year"].tolist(), first["sheet"].astype(str), strict=True))

    def cells(self, places: Iterable[Place]) -> str:
        """Cells in a sentence, each with the item it is of where it is not there."""
        said = [self.cell(place)[1] or self.cube.items[place[0]] for place in places]
        return some(said)

    def finding(
        self, rule: str, place: Place, message: str, mend: str, value: float = math.nan, expected: float = math.nan,
        outcome: Literal["failed", "undecidable"] = "failed", scheme: str = "",
    ) -> CellFinding:  # fmt: skip
        """A finding at a number of the block."""
        item, position, year = place
        sheet, cell = self.cell(place)
        return CellFinding(
            rule, self.rules[rule].severity, message, mend, self.file, sheet, cell,
            scheme or self.cube.schemes[position], self.cube.items[item], str(self.cube.years[year]),
            float(value), float(expected), outcome,
        )  # fmt: skip

    def undecided(self, rule: str, mask: Mask, what: str, mend: str) -> Iterator[CellFinding]:
        """One finding for each item and year in which a rule cannot be decided, naming the schemes.

        Parameters
        ----------
        what : str
            What is missing, after "cannot be decided: ".
        """
        for item, year in np.argwhere(mask.any(axis=1)):
            schemes = np.flatnonzero(mask[item, :, year])
            named = some([self.cube.schemes[s] for s in schemes], 20)
            told = self.scheme(int(schemes[0])) if len(schemes) == 1 else f"schemes {named}"
            title = self.rules[rule].title
            message = (
                f"{title[0].upper()}{title[1:]}: cannot be decided for {self.name(self.cube.items[item])} in "
                f"{self.cube.years[year]}, {told}: {what}."
            )
            place = (int(item), int(schemes[0]), int(year))
            yield self.finding(rule, place, message, mend, self.cube.value[place], outcome="undecidable", scheme=named)


def beyond(value: Floats, expected: Floats, tolerance: Floats | float) -> Mask:
    """Where two numbers differ by more than a tolerance; never where one is missing."""
    slack = SLACK[0] + SLACK[1] * np.abs(expected)
    return np.asarray(np.abs(value - expected) > tolerance + slack, dtype=np.bool_)


def some(names: Sequence[str], most: int = _LISTED) -> str:
    """Names in a sentence, and how many more there are."""
    listed = ", ".join(names[:most])
    return f"{listed} and {len(names) - most} more" if len(names) > most else listed


def places(mask: Mask) -> list[Place]:
    """The positions that are true."""
    return [(int(i), int(s), int(t)) for i, s, t in np.argwhere(mask)]
