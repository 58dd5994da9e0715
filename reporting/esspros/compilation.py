"""From the lines of national sources to scheme × item, each cell traceable to its lines.

A contribution is the amount of a line times factor, sign and share; a cell is the
sum of its contributions, in decimal arithmetic, so that the trace adds up to the
cell exactly and the parts of a line to the line.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from decimal import ROUND_HALF_EVEN, Decimal
from fnmatch import fnmatchcase

import pandas as pd

from reporting.declarations.mappings import NOWHERE, Entry, Mapping
from reporting.errors import DeclarationError
from reporting.esspros.classification import Classification
from reporting.esspros.national import Line
from reporting.esspros.schemes import ALL, number_of
from reporting.findings import CellFinding

TRACE = ("year", "scheme", "item", "source", "file", "sheet", "line", "account", "amount", "factor", "share",
         "contribution", "flag", "comment")  # fmt: skip
TABLE = ("year", "scheme", "item", "value", "flag", "comment")

#: Year, scheme, item.
Key = tuple[int, str, str]


@dataclass(frozen=True)
class Contribution:
    """What a line, an estimate or a benchmark gives to a cell."""

    year: int
    scheme: str
    item: str
    source: str
    file: str
    sheet: str
    line: str
    account: str
    amount: Decimal | None
    factor: Decimal
    share: Decimal
    contribution: Decimal | None
    flag: str = ""
    comment: str = ""

    @property
    def key(self) -> Key:
        """The cell it belongs to."""
        return self.year, self.scheme, self.item


@dataclass(frozen=True)
class Compiled:
    """Cells with their contributions, and what was found on the way."""

    contributions: tuple[Contribution, ...]
    findings: tuple[CellFinding, ...] = ()
    cells: dict[Key, Decimal | None] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "cells", _cells(self.contributions))

    def with_more(self, more: Iterable[Contribution], findings: Iterable[CellFinding] = ()) -> Compiled:
        """The same with further contributions to its cells."""
        return Compiled((*self.contributions, *more), (*self.findings, *findings))

    def without(self, keys: set[Key]) -> Compiled:
        """The same without some cells."""
        return replace(self, contributions=tuple(c for c in self.contributions if c.key not in keys))

    @property
    def trace(self) -> pd.DataFrame:
        """Every contribution, ordered by cell; missing amounts are NaN."""
        rows = [[getattr(c, name) for name in TRACE] for c in sorted(self.contributions, key=lambda c: _order(c.key))]
        frame = pd.DataFrame(rows, columns=list(TRACE))
        for name in ("amount", "factor", "share", "contribution"):
            frame[name] = pd.Series([_float(value) for value in frame[name]], dtype="float64")
        return frame

    @property
    def table(self) -> pd.DataFrame:
        """The cells as a neutral table: year, scheme, item, value, flag, comment."""
        own: dict[Key, list[Contribution]] = defaultdict(list)
        for one in self.contributions:
            own[one.key].append(one)
        rows = [
            [*key, _float(value), flag_of(c.flag for c in own[key]), _remark(own[key])]
            for key, value in sorted(self.cells.items(), key=lambda cell: _order(cell[0]))
        ]
        frame = pd.DataFrame(rows, columns=list(TABLE))
        return frame.astype({"year": "int64", "scheme": "str", "item": "str", "value": "float64"})


def _order(key: Key) -> tuple[int, int, str, str]:
    year, scheme, item = key
    return year, int(scheme) if scheme.isdigit() else 10**6, scheme, item


def _float(value: Decimal | None) -> float:
    return float("nan") if value is None else float(value)


def _cells(contributions: Iterable[Contribution]) -> dict[Key, Decimal | None]:
    """The sum of each cell; missing where one of its contributions is."""
    cells: dict[Key, Decimal | None] = {}
    for one in contributions:
        known = cells.get(one.key, Decimal(0))
        cells[one.key] = None if known is None or one.contribution is None else known + one.contribution
    return cells


def flag_of(flags: Iterable[str]) -> str:
    """The letters of some flags, each once."""
    return "".join(sorted({letter for flag in flags for letter in flag}))


def _remark(own: Sequence[Contribution]) -> str:
    return "; ".join(dict.fromkeys(c.comment for c in own if c.comment))


def resolved(mapping: Mapping, classification: Classification) -> Mapping:
    """A mapping whose items are ids of the classification, where it names them by code.

    Raises
    ------
    DeclarationError
        For every item that is not known, or that is the sum of others.
    """
    faults: list[str] = []
    entries = []
    for number, entry in enumerate(mapping.map, 1):
        items = _each(entry.item, classification.item)
        schemes = _each(entry.scheme, number_of)
        faults += [f"map {number}: {fault}" for fault in _unknown(entry, items, schemes, classification)]
        entries.append(entry.model_copy(update={"item": items, "scheme": schemes}))
    if faults:
        raise DeclarationError(faults)
    return mapping.model_copy(update={"map": tuple(entries)})


def _each(named: str | dict[str, str], known: Callable[[str], str]) -> str | dict[str, str]:
    """The ids of what is named, for each part; empty where nothing is known by that name."""
    if isinstance(named, dict):
        return {part: name if name == NOWHERE else known(name) for part, name in named.items()}
    return named if named == NOWHERE else known(named)


def _unknown(
    entry: Entry, items: str | dict[str, str], schemes: str | dict[str, str], classification: Classification
) -> Iterator[str]:
    for given, item in _pairs(entry.item, items):
        if not item:
            yield f"no item {given!r}"
        elif item != NOWHERE and not classification.leaf(item):
            below = ", ".join(classification.children(item)[:4])
            yield f"{given} is the sum of others ({below} …): name the lowest item"
    for given, scheme in _pairs(entry.scheme, schemes):
        if scheme in ("", ALL):
            yield f"scheme {given!r} is no serial number"


def _pairs(given: str | dict[str, str], found: str | dict[str, str]) -> list[tuple[str, str]]:
    if isinstance(given, dict) and isinstance(found, dict):
        return [(name, found[part]) for part, name in given.items()]
    return [(str(given), str(found))]


def compile_lines(mapping: Mapping, lines: Sequence[Line]) -> Compiled:
    """The cells that the entries of a mapping make of the lines."""
    findings: list[CellFinding] = []
    routes = Routes(mapping)
    made = [
        contribution
        for line in lines
        for _, entry in routes.of(line.source, line.account)
        if entry.holds(line.year)
        for contribution in _contributions(mapping, line, entry, findings)
    ]
    return Compiled(*_complete(made, findings))


class Routes:
    """Which entries of a mapping an account of a source goes by, each with its number in the mapping."""

    def __init__(self, mapping: Mapping) -> None:
        self.exact: dict[tuple[str, str], list[tuple[int, Entry]]] = defaultdict(list)
        self.patterns: dict[str, list[tuple[str, int, Entry]]] = defaultdict(list)
        self.known: dict[tuple[str, str], list[tuple[int, Entry]]] = {}
        for number, entry in enumerate(mapping.map, 1):
            for account in entry.account:
                if patterned(account):
                    self.patterns[entry.source].append((account, number, entry))
                else:
                    self.exact[entry.source, account].append((number, entry))

    def of(self, source: str, account: str) -> list[tuple[int, Entry]]:
        """The entries of an account, in the order of the mapping."""
        place = source, account
        if place not in self.known:
            found = dict(self.exact.get(place, ()))
            found |= {n: entry for name, n, entry in self.patterns.get(source, ()) if matches(account, (name,))}
            self.known[place] = sorted(found.items(), key=lambda pair: pair[0])
        return self.known[place]


def patterned(account: str) -> bool:
    """Whether an account stands for several."""
    return any(sign in account for sign in "*?[")


def matches(account: str, patterns: Iterable[str]) -> bool:
    """Whether an account is one of those named, ``*`` standing for any text."""
    return any(fnmatchcase(account, pattern) for pattern in patterns)


def shares(mapping: Mapping, entry: Entry, year: int) -> dict[str, Decimal] | None:
    """The share of an account that each part of an entry takes in a year; None where it is not declared."""
    own = entry.share.get(year) if isinstance(entry.share, dict) else entry.share
    if own is None:
        return None
    if not entry.key:
        return {"": own}
    parts = mapping.keys[entry.key].shares(year)
    return None if parts is None else {name: own * share for name, share in parts.items()}


def _contributions(mapping: Mapping, line: Line, entry: Entry, findings: list[CellFinding]) -> Iterator[Contribution]:
    found: dict[str, Decimal | None] = {**(shares(mapping, entry, line.year) or {})}
    if not found:
        findings.append(_without_share(line, entry))
        found = dict.fromkeys(mapping.keys[entry.key].parts if entry.key else ("",))
    factor = mapping.sources[line.source].factor * entry.factor * (-1 if entry.sign == "-" else 1)
    unit, done, passed = Decimal(1).scaleb(-mapping.decimals), Decimal(0), Decimal(0)
    for part, share in found.items():
        value = None
        if share is not None and line.amount is not None:
            # Rounded as running totals, so that the parts add up to the line.
            passed += share
            total = (line.amount * factor * passed).quantize(unit, ROUND_HALF_EVEN)
            value, done = total - done, total
        scheme, item = entry.scheme_of(part), entry.item_of(part)
        if NOWHERE not in (scheme, item):
            yield Contribution(
                line.year, scheme, item, line.source, line.file, line.sheet, line.place, line.account, line.amount,
                factor, Decimal("NaN") if share is None else share, value, flag_of((line.flag, entry.flag)),
                "; ".join(filter(None, (line.comment, entry.comment))),
            )  # fmt: skip


def _without_share(line: Line, entry: Entry) -> CellFinding:
    what = f"allocation key {entry.key}" if entry.key else f"share of account {line.account}"
    return CellFinding(
        "C07", "error", f"The {what} is not declared for {line.year}: what depends on it is left empty.",
        "Declare it for the year, or say in the key what lies between its years.", file=line.file, sheet=line.sheet,
        cell=line.place, year=str(line.year),
    )  # fmt: skip


def _complete(
    made: list[Contribution], findings: list[CellFinding]
) -> tuple[tuple[Contribution, ...], tuple[CellFinding, ...]]:
    """Contributions with the cells that miss one named; findings once each."""
    parts: dict[Key, list[Contribution]] = defaultdict(list)
    for one in made:
        parts[one.key].append(one)
    unique = list({(f.rule, f.message): f for f in findings}.values())
    for (year, scheme, item), own in parts.items():
        lost = [c for c in own if c.amount is None]
        if lost and len(lost) < len(own):
            unique.append(
                CellFinding(
                    "C03", "error",
                    f"Account {lost[0].account} has no amount for {year}, so that {item} of scheme {scheme} is left "
                    f"empty ({len(own) - len(lost)} other lines have one).",
                    "Give the amount (zero where there is none), or estimate the cell.", file=lost[0].file,
                    sheet=lost[0].sheet, cell=lost[0].line, scheme=scheme, item=item, year=str(year),
                )
            )  # fmt: skip
    return tuple(made), tuple(unique)
