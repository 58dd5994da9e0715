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

from reporting.missoc import amounts
from reporting.missoc.cells import Cell, bare
from reporting.missoc.masks import FILLER, dateless

KINDS = ("unchanged", "amounts", "text", "new", "removed")
#: Words beyond which a cell is compared by sentences only.
_WORDS = 4000
#: Characters beyond which a cell is not compared in parts.
_LONGEST = 400_000
#: Amounts that must have risen alike for an indexation, and by how much the rates may differ.
_LEAST, _TOLERANCE = 3, 0.0015
_DIGITS = re.compile(r"\d+(?:[.,' \u00a0\u202f\u2009’]\d+)*")
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
        return tuple(words(self.before, self.after))


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
    return _DIGITS.sub("#", bare(text))


def _moves(one: Cell, other: Cell) -> tuple[tuple[float, float, str], ...] | None:
    """Amounts that differ, before and after; None when more differs than amounts and, beside them, dates."""
    if masked(one.text) != masked(other.text):
        return None
    found = [amounts.extract(bare(c.text), c.lang, c.geo, c.category, c.label) for c in (one, other)]
    around = [_outside(bare(cell.text), own) for cell, own in zip((one, other), found, strict=True)]
    if around[0] != around[1]:
        return None
    if [(a.kind, a.unit) for a in found[0]] != [(a.kind, a.unit) for a in found[1]]:
        return None
    pairs = zip(*found, strict=True)
    moves = tuple((a.value, b.value, a.unit) for a, b in pairs if a.value != b.value)
    return None if not moves and _dates(one) != _dates(other) else moves


def _outside(text: str, found: Sequence[amounts.Amount]) -> str:
    """A text without its amounts and dates: numbers of laws stay."""
    kept, last, text = [], 0, dateless(text)
    for amount in found:
        kept.append(text[last : amount.start])
        last = max(last, amount.end)
    return re.sub(f"{FILLER}+", "@", "#".join([*kept, text[last:]]))


def _dates(cell: Cell) -> str:
    """A text with its amounts blotted out: what is left are words, dates and numbers of laws."""
    text = bare(cell.text)
    for amount in amounts.extract(text, cell.lang, cell.geo, cell.category, cell.label):
        text = text[: amount.start] + FILLER * (amount.end - amount.start) + text[amount.end :]
    return re.sub(f"{FILLER}+", "#", text)


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
