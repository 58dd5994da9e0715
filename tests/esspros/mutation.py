"""Breaks one figure of the sample at a time, and counts what finds it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

import numpy as np
from altered import sample

from reporting.esspros import rules
from reporting.esspros.questionnaire import Questionnaire

#: How a figure is broken: by a slip of the hand, of the unit, of the sign, of a line.
KINDS = ("raised", "digits swapped", "ten times", "other sign", "cell emptied")
#: Rules of which one at least breaks with any figure: what adds up.
SUMS = ("E01", "E02", "E03", "E10")


@dataclass
class Tally:
    """How many figures were broken, how many were found by sums, and which rules found them."""

    broken: int = 0
    found: int = 0
    rules: Counter[str] = field(default_factory=Counter)
    missed: list[str] = field(default_factory=list)

    @property
    def share(self) -> float:
        """The share of broken figures that a sum found."""
        return self.found / self.broken


def broken(value: float, kind: str) -> float:
    """A figure with one fault in it; NaN stands for an empty cell."""
    if kind == "digits swapped":
        digits = f"{abs(value):.2f}"
        first = next(
            (n for n in range(len(digits) - 1) if digits[n] != digits[n + 1] and "." not in digits[n : n + 2]), 0
        )
        swapped = digits[:first] + digits[first + 1] + digits[first] + digits[first + 2 :]
        return value if "." in digits[first : first + 2] else float(swapped)
    return {"raised": value * 1.01 + 0.3, "ten times": value * 10, "other sign": -value, "cell emptied": np.nan}[kind]


def mutants(cells: Iterable[int]) -> Iterator[tuple[str, Questionnaire]]:
    """The sample with one figure broken, for each cell in each way that changes it."""
    table = sample().table
    for row in cells:
        value = float(table["value"].iat[row])
        for kind in KINDS:
            wrong = broken(value, kind)
            if wrong == value:
                continue
            changed = table.drop(index=row).reset_index(drop=True) if np.isnan(wrong) else table.copy()
            if not np.isnan(wrong):
                changed.loc[row, "value"] = wrong
            item, scheme, year = (table[column].iat[row] for column in ("item", "scheme", "year"))
            yield f"{kind}: {item}, scheme {scheme}, {year}: {value}", replace(sample(), table=changed)


def run(cells: Iterable[int]) -> dict[str, Tally]:
    """Check every mutant; a tally for each kind."""
    tallies = {kind: Tally() for kind in KINDS}
    declared = rules.declared()
    for name, mutant in mutants(cells):
        tally = tallies[name.split(":")[0]]
        fired = {finding.rule for finding in rules.check(mutant, rules=declared) if finding.outcome == "failed"}
        tally.broken += 1
        tally.rules.update(fired)
        if fired & set(SUMS):
            tally.found += 1
        else:
            tally.missed.append(name)
    return tallies
