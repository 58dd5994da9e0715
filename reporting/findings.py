"""What a check of a collected file found: in which cell, by which rule, and how to mend it."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any, Literal

Severity = Literal["error", "warning", "information"]
_ORDER: tuple[Severity, ...] = ("error", "warning", "information")


@dataclass(frozen=True)
class CellFinding:
    """What is wrong, where, and what to do.

    ``cell`` is an address such as ``D17`` in a workbook, or ``line 12`` in a text
    file; ``item`` and ``scheme`` are ids of the collection (in health accounts the
    cell of a table, ``HC.1.1 × HF.3``); ``expected`` is in the unit of ``value``.
    An undecidable finding says that a value the rule needs is missing.
    """

    rule: str
    severity: Severity
    message: str
    mend: str
    file: str = ""
    sheet: str = ""
    cell: str = ""
    scheme: str = ""
    item: str = ""
    year: str = ""
    value: float = math.nan
    expected: float = math.nan
    outcome: Literal["failed", "undecidable"] = "failed"

    @property
    def stops(self) -> bool:
        """Whether the finding closes the gate of a transmission."""
        return self.severity == "error" and self.outcome == "failed"

    @property
    def weight(self) -> str:
        """The severity of what failed; what could not be decided is no error."""
        return self.severity if self.outcome == "failed" else self.outcome

    @property
    def place(self) -> str:
        """File, sheet and cell, as a person writes them."""
        cell = f"{self.sheet}!{self.cell}" if self.sheet and self.cell else self.sheet or self.cell
        return ", ".join(part for part in (self.file, cell) if part)

    @property
    def line(self) -> str:
        """One line for a terminal: weight, rule, place, what, and what to do."""
        place = f"{self.place}: " if self.place else ""
        return f"{self.weight} {self.rule} {place}{self.message} {self.mend}".rstrip()

    def record(self) -> dict[str, Any]:
        """The finding for JSON: numbers that are not there are null."""
        return {
            name: None if isinstance(value, float) and not math.isfinite(value) else value
            for name, value in asdict(self).items()
        }


def ordered(findings: Iterable[CellFinding]) -> list[CellFinding]:
    """Errors first, what failed before what could not be decided; otherwise as they were found."""
    return sorted(findings, key=lambda f: (_ORDER.index(f.severity), f.outcome != "failed"))
