"""An amount that was found, and a text in which amounts are searched for."""

from __future__ import annotations

from dataclasses import dataclass

from reporting.missoc.masks import FILLER


@dataclass(frozen=True)
class Amount:
    """An amount found in a text, with the span it was read from.

    ``conversion`` says that it stands in brackets behind an amount in another
    currency and says the same.
    """

    kind: str
    value: float
    unit: str
    currency: str
    period: str
    qualifier: str
    start: int
    end: int
    text: str
    conversion: bool
    confidence: float


@dataclass
class Searched:
    """A text being searched: what is left of it, and what was found."""

    text: str
    left: str
    lang: str
    geo: str
    category: str
    label: str

    def take(self, start: int, end: int) -> None:
        """Blot out what was read."""
        self.left = self.left[:start] + FILLER * (end - start) + self.left[end:]
