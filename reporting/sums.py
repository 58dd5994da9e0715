"""Sums of a sheet whose value was never computed: worked out as a spreadsheet program would.

A workbook written by another program than a spreadsheet holds formulas without
values. Those that only add and subtract cells of their own sheet, as the
aggregates of a questionnaire do, are computed here; all others are left alone.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

Place = tuple[int, int]
_TOKEN = re.compile(
    r"\s*(?:(\d+\.?\d*)|(\$?[A-Z]{1,3}\$?\d+)(?::(\$?[A-Z]{1,3}\$?\d+))?(?![\w!(.])|(SUM\()|([-+(),;]))"
)
#: A sum that stays empty where there is nothing to add.
_UNLESS = re.compile(r"IF\(\s*COUNT\((.*)\)\s*=\s*0\s*[,;]\s*\"\"\s*[,;]\s*SUM\(\1\)\s*\)", re.S)
#: The largest area that is added, in cells.
_AREA = 100_000


class Unable(Exception):
    """A formula that does more than add."""


@dataclass
class Sums:
    """The values, formulas, texts and errors of a sheet; ``value`` works out a formula and what it rests on."""

    values: dict[Place, float]
    formulas: dict[Place, str]
    texts: set[Place] = field(default_factory=set)
    errors: set[Place] = field(default_factory=set)
    _open: set[Place] = field(default_factory=set)

    def value(self, place: Place) -> float | None:
        """The value of a formula; NaN for a sum that stays empty, None where it cannot be worked out."""
        try:
            return self._cell(place)
        except (Unable, RecursionError):
            return None

    def adds(self, formula: str) -> bool:
        """Whether a formula does no more than add cells that have a value."""
        try:
            self._formula(formula.removeprefix("="))
        except (Unable, RecursionError):
            return False
        return True

    def _cell(self, place: Place) -> float:
        """The value of a cell; NaN where it is empty."""
        if place in self.values:
            return self.values[place]
        if place in self._open or place in self.errors:
            raise Unable("a circle or an error")
        if place not in self.formulas:
            return math.nan
        self._open.add(place)
        try:
            self.values[place] = self._formula(self.formulas[place].removeprefix("="))
        finally:
            self._open.discard(place)
        return self.values[place]

    def _formula(self, text: str) -> float:
        text = text.strip()
        if found := _UNLESS.fullmatch(text):
            numbers = list(self._arguments(_Words(f"{found[1]})")))
            return math.fsum(numbers) if numbers else math.nan
        words = _Words(text)
        total = self._sum(words)
        if words.left:
            raise Unable(words.left)
        return total

    def _sum(self, words: _Words) -> float:
        """Terms joined by + and −."""
        total, sign = 0.0, 1.0
        while words.next in ("+", "-"):
            sign *= -1.0 if words.take() == "-" else 1.0
        total += sign * self._term(words)
        while words.next in ("+", "-"):
            sign = -1.0 if words.take() == "-" else 1.0
            total += sign * self._term(words)
        return total

    def _term(self, words: _Words) -> float:
        word = words.take()
        if word == "(":
            total = self._sum(words)
            if words.take() != ")":
                raise Unable(words.left)
            return total
        if word == "SUM(":
            return math.fsum(self._arguments(words))
        if isinstance(word, float):
            return word
        if isinstance(word, tuple) and word[0] == word[1]:
            if word[0] in self.texts:
                raise Unable("a text cannot be added")
            value = self._cell(word[0])
            return 0.0 if math.isnan(value) else value
        raise Unable(words.left)

    def _arguments(self, words: _Words) -> Iterator[float]:
        """The numbers in the arguments of SUM, up to its bracket; texts and empty cells are left out."""
        while True:
            if isinstance(words.next, tuple):
                (top, left), (bottom, right) = words.area()
                if (bottom - top + 1) * (right - left + 1) > _AREA:
                    raise Unable("too large an area")
                cells = (self._cell((r, c)) for r in range(top, bottom + 1) for c in range(left, right + 1))
                yield from (value for value in cells if not math.isnan(value))
            else:
                yield self._sum(words)
            if (word := words.take()) == ")":
                return
            if word not in (",", ";"):
                raise Unable(words.left)


class _Words:
    """A formula word by word: numbers, areas, signs and brackets."""

    def __init__(self, text: str) -> None:
        self.left = text
        self.next: float | tuple[Place, Place] | str = ""
        self._look()

    def _look(self) -> None:
        found = _TOKEN.match(self.left)
        if found is None:
            if self.left.strip():
                raise Unable(self.left)
            self.next = ""
        elif found[1]:
            self.next = float(found[1])
        elif found[2]:
            self.next = (place_of(found[2]), place_of(found[3] or found[2]))
        else:
            self.next = found[4] or found[5]

    def take(self) -> float | tuple[Place, Place] | str:
        """The next word, which is then done with."""
        word = self.next
        if found := _TOKEN.match(self.left):
            self.left = self.left[found.end() :]
        self._look()
        return word

    def area(self) -> tuple[Place, Place]:
        """The next word, an area, from its top left to its bottom right."""
        word = self.take()
        assert isinstance(word, tuple)  # the caller has looked
        (top, left), (bottom, right) = word
        return (min(top, bottom), min(left, right)), (max(top, bottom), max(left, right))


def place_of(name: str) -> Place:
    """Row and column of a cell by its name: ``D17``, ``$D$17``."""
    plain = name.replace("$", "")
    letters = plain.rstrip("0123456789")
    return int(plain[len(letters) :]), column_of(letters)


def column_of(letters: str) -> int:
    """The number of a column by its name: 28 for ``AB``."""
    if not letters.isalpha():
        raise ValueError(f"{letters!r} is no column")
    number = 0
    for letter in letters.upper():
        number = number * 26 + ord(letter) - 64
    return number
