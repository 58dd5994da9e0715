"""What changed between two editions: for each cell unchanged, amounts only, text, new or removed.

Formatting is no change. Where only amounts differ and all of a country rose by
one rate, it is an indexation; small rounding of the amounts is allowed for.
"""

from __future__ import annotations

import difflib
import functools
import re
import statistics
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from reporting.missoc import amounts, masks
from reporting.missoc.cells import Cell, bare
from reporting.missoc.numbers import parse
from reporting.missoc.vocabulary import NUMBERS

KINDS = ("unchanged", "amounts", "text", "new", "removed")
#: Words beyond which a cell is compared by sentences only.
_WORDS = 4000
#: Characters beyond which a cell is not compared in parts.
_LONGEST = 400_000
#: Amounts that must have risen alike for an indexation, and by how much the rates may differ.
_LEAST, _TOLERANCE = 3, 0.0015
_TOKEN = re.compile(r"\s+|\d+(?:[.,'’\u00a0\u202f\u2009 ]\d+)*|\w+|[^\w\s]")
_SENTENCE = re.compile(r"(?<=[.;:!?])\s+")


@dataclass(frozen=True)
class Piece:
    """A stretch of text: ``same``, ``gone`` or ``come``."""

    kind: str
    text: str


@dataclass(frozen=True)
class Change:
    """A cell in two editions; ``rate`` is filled for what an indexation explains."""

    kind: str
    geo: str
    table: str
    category: str
    lang: str
    label: str
    before: str
    after: str
    moves: tuple[tuple[float, float, str], ...] = ()
    rate: float | None = None

    @functools.cached_property
    def pieces(self) -> tuple[Piece, ...]:
        """The texts word by word."""
        return tuple(_numbers(self.before, self.after) if self.kind == "amounts" else words(self.before, self.after))


@dataclass(frozen=True)
class Indexation:
    """Amounts of a country that rose by one rate: the rate in per cent, how many amounts, in how many cells."""

    geo: str
    rate: float
    amounts: int
    cells: int


@dataclass(frozen=True)
class Changes:
    """The changes from one edition to another; ``uncovered`` are cells whose table a country lacks in one of them."""

    start: str
    end: str
    changes: tuple[Change, ...]
    indexations: tuple[Indexation, ...]
    uncovered: int

    def counts(self) -> Counter[str]:
        """How many cells of each kind."""
        return Counter(change.kind for change in self.changes)


def compare(before: Iterable[Cell], after: Iterable[Cell], start: str, end: str) -> Changes:
    """The changes of every cell between two editions.

    A cell is new or removed only where its country, table and language stand in
    both editions: what was not imported did not change.
    """
    old, new = ({cell.key: cell for cell in cells} for cells in (before, after))
    tables = [{(c.geo, c.table, c.lang) for c in side.values()} for side in (old, new)]
    both = tables[0] & tables[1]
    found, uncovered = [], 0
    for key in sorted(old.keys() | new.keys()):
        one, other = old.get(key), new.get(key)
        cell = other or one
        assert cell is not None  # it stands in one of the two
        if (cell.geo, cell.table, cell.lang) not in both:
            uncovered += 1
        else:
            found.append(_change(one, other))
    indexations = tuple(_indexations(found))
    return Changes(start, end, tuple(_explained(found, indexations)), indexations, uncovered)


def _change(one: Cell | None, other: Cell | None) -> Change:
    cell = other or one
    assert cell is not None  # as above
    before, after = one.text if one else "", other.text if other else ""
    kind, moves = "unchanged", tuple[tuple[float, float, str], ...]()
    if one is None or other is None:
        kind = "new" if one is None else "removed"
    elif before != after and bare(before) != bare(after):
        known = _moves(one, other)
        kind = "text" if known is None else "amounts" if known else "unchanged"
        moves = known or ()
    return Change(kind, cell.geo, cell.table, cell.category, cell.lang, cell.label, before, after, moves)


def masked(text: str) -> str:
    """A text with every number replaced by one sign."""
    return NUMBERS.sub("#", bare(text))


def _moves(one: Cell, other: Cell) -> tuple[tuple[float, float, str], ...] | None:
    """Numbers that differ, before and after, with their unit.

    None when more differs than numbers, when the number of a law does, or
    nothing but dates.
    """
    before, after = bare(one.text), bare(other.text)
    if NUMBERS.sub("#", before) != NUMBERS.sub("#", after):
        return None
    moves, dated = [], False
    for old, new in zip(NUMBERS.finditer(before), NUMBERS.finditer(after), strict=True):
        if old[0] == new[0]:
            continue
        unit = amounts.unit_beside(after, *new.span(), other.geo)
        nature = "amount" if unit else masks.nature(after, *new.span())
        if nature == "law":
            return None
        values = [parse(found[0], other.lang, len(unit) == 3).value for found in (old, new)]
        if nature == "date":
            dated = True
        elif values[0] != values[1]:
            moves.append((values[0], values[1], unit))
    return None if dated and not moves else tuple(moves)


def _indexations(found: Sequence[Change]) -> Iterator[Indexation]:
    """Rates by which most money amounts of a country rose, each amount within its rounding."""
    by_geo: dict[str, list[tuple[float, float, int]]] = defaultdict(list)
    for number, change in enumerate(found):
        money = {(a, b) for a, b, unit in change.moves if len(unit) == 3 and unit.isupper() and a > 0}
        by_geo[change.geo] += [(a, b, number) for a, b in sorted(money)]
    for geo, moves in sorted(by_geo.items()):
        rates = [b / a - 1 for a, b, _ in moves]
        distinct = {(a, b) for a, b, _ in moves}
        if len(distinct) < _LEAST:
            continue
        rate = statistics.median(rates)
        fitting = [(a, b, n) for a, b, n in moves if _fits(a, b, rate)]
        if rate > 0 and len({(a, b) for a, b, _ in fitting}) >= max(_LEAST, 0.8 * len(distinct)):
            weights = sum(a for a, _, _ in fitting)
            best = sum(b for _, b, _ in fitting) / weights - 1
            yield Indexation(geo, round(100 * best, 2), len({(a, b) for a, b, _ in fitting}),
                             len({n for _, _, n in fitting}))  # fmt: skip


def _fits(before: float, after: float, rate: float) -> bool:
    """Whether an amount rose by a rate, up to the rounding with which it is printed."""
    unit = 1.0 if float(after).is_integer() and float(before).is_integer() else 0.01
    return abs(after - before * (1 + rate)) <= max(unit, _TOLERANCE * before)


def _explained(found: Sequence[Change], indexations: Sequence[Indexation]) -> Iterator[Change]:
    rates = {one.geo: one.rate for one in indexations}
    for change in found:
        rate = rates.get(change.geo)
        money = [(a, b) for a, b, unit in change.moves if len(unit) == 3 and unit.isupper()]
        alike = rate is not None and money and all(_fits(a, b, rate / 100) for a, b in money)
        yield replace(change, rate=rate) if alike and len(money) == len(change.moves) else change


def words(before: str, after: str) -> Iterator[Piece]:
    """The difference of two texts: sentences that are the same stay whole, others word by word."""
    if len(before) + len(after) > _LONGEST:
        yield from (Piece(kind, text) for kind, text in (("gone", bare(before)), ("come", bare(after))) if text)
        return
    one, other = (_SENTENCE.split(bare(text)) if text else [] for text in (before, after))
    matcher = difflib.SequenceMatcher(None, one, other, autojunk=False)
    pieces: list[Piece] = []
    for kind, a, b, c, d in matcher.get_opcodes():
        old, new = " ".join(one[a:b]), " ".join(other[c:d])
        pieces += [Piece("same", new)] if kind == "equal" else _word_by_word(old, new)
        pieces.append(Piece("same", " "))
    yield from _merged(pieces)


def _numbers(before: str, after: str) -> Iterator[Piece]:
    """The difference of two texts that differ in numbers alone."""
    before, after, last = bare(before), bare(after), 0
    for old, new in zip(NUMBERS.finditer(before), NUMBERS.finditer(after), strict=True):
        if old[0] != new[0]:
            yield Piece("same", after[last : new.start()])
            yield from (Piece("gone", old[0]), Piece("come", new[0]))
            last = new.end()
    yield Piece("same", after[last:])


def _word_by_word(before: str, after: str) -> list[Piece]:
    one, other = _TOKEN.findall(before), _TOKEN.findall(after)
    if not one or not other or len(one) + len(other) > _WORDS:
        return [Piece("gone", before), Piece("come", after)]
    found = []
    for kind, a, b, c, d in difflib.SequenceMatcher(None, one, other, autojunk=False).get_opcodes():
        if kind == "equal":
            found.append(Piece("same", "".join(other[c:d])))
        else:
            found += [Piece("gone", "".join(one[a:b])), Piece("come", "".join(other[c:d]))]
    return found


def _merged(pieces: Iterable[Piece]) -> Iterator[Piece]:
    """Pieces of one kind that follow each other as one; blanks between two changes go with them."""
    done: list[Piece] = []
    for piece in pieces:
        if not piece.text:
            continue
        if done and done[-1].kind == piece.kind:
            done[-1] = Piece(piece.kind, done[-1].text + piece.text)
        else:
            done.append(piece)
    if done and done[-1].kind == "same":
        done[-1] = Piece("same", done[-1].text.rstrip())
    yield from (piece for piece in done if piece.text)


def editions(cells: Iterable[Cell], start: str, end: str) -> tuple[str, str]:
    """The two editions to compare: those named, else the last two.

    Raises
    ------
    ValueError
        When there are not two, or one that is named is not there; the message says which there are.
    """
    there = sorted({cell.edition for cell in cells})
    for name in (start, end):
        if name and name not in there:
            raise ValueError(f"There is no edition {name}. There are: {', '.join(there)}.")
    last = end or (there[-1] if there else "")
    earlier = [name for name in there if name < last]
    first = start or (earlier[-1] if earlier else "")
    if not first or first >= last:
        raise ValueError(f"Two editions are needed, the earlier first. There are: {', '.join(there) or 'none'}.")
    return first, last
