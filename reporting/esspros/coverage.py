"""Whether a compilation takes each line once: nothing dropped silently, nothing counted twice.

======  ========  ==================================================================
C01     error     an account of a source is mapped nowhere and not declared outside
C02     warning   an account that is mapped, or a source, has no amount, or none for a year
C04     error     more than the whole of a line is compiled in one table
C05     error     an account is the total of others that are compiled in the same table
C06     warning   a line is there twice, or two sources give a cell the same amount
C08     warning   part of a line is compiled, and nothing says where the rest belongs
C09     error     an account is mapped and declared outside
======  ========  ==================================================================

(C03, an amount that cannot be read or is missing, and C07, a share that is not
declared, are found where lines are read and shared out.)
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from typing import Any

from reporting.declarations.mappings import NOWHERE, Entry, Mapping
from reporting.esspros.classification import TABLES, Classification
from reporting.esspros.compilation import Compiled, Contribution, Routes, matches, patterned, shares
from reporting.esspros.national import Line
from reporting.findings import CellFinding

#: Shares that are one within this are the whole.
_WHOLE = Decimal("1e-9")
#: A total and its parts may differ by rounding.
_ROUNDING = Decimal("1e-6")


def check(
    mapping: Mapping, lines: Sequence[Line], compiled: Compiled, classification: Classification
) -> list[CellFinding]:
    """The findings on how the lines were used."""
    routes = Routes(mapping)
    return [
        *_unmapped(mapping, lines, routes),
        *_without_lines(mapping, lines, sorted({line.year for line in lines if routes.of(line.source, line.account)})),
        *_shared(mapping, lines, routes, classification),
        *_totals(lines, compiled, classification),
        *_repeated(lines, compiled),
        *_equal(compiled),
    ]


def _table(item: str, classification: Classification) -> str:
    """The table of the questionnaire an item stands in; a line may be in each of them once."""
    return classification[item].table if item in classification else "expenditure"


def _at(line: Line, **more: Any) -> dict[str, Any]:
    return {"file": line.file, "sheet": line.sheet, "cell": line.place, "year": str(line.year), **more}


def _unmapped(mapping: Mapping, lines: Sequence[Line], routes: Routes) -> Iterator[CellFinding]:
    """Accounts that are mapped nowhere in a year (C01), and those both mapped and outside (C09)."""
    by_account: dict[tuple[str, str], list[Line]] = defaultdict(list)
    for line in lines:
        by_account[line.source, line.account].append(line)
    for (source, account), own in by_account.items():
        entries = [entry for _, entry in routes.of(source, account)]
        outside = [o for o in mapping.outside if o.source == source and matches(account, o.account)]
        followed = any(e.source == source and matches(account, (e.account,)) for e in mapping.estimates)
        used = bool(outside) or (followed and not entries)
        lost = [] if used else [line for line in own if not any(e.holds(line.year) for e in entries)]
        if any(line.amount for line in lost):
            yield _lost(lost)
        if outside and entries:
            yield CellFinding(
                "C09", "error", f"Account {account} is mapped, and declared outside ({outside[0].reason}).",
                "Take it out of map or out of outside.", **_at(own[0], year="")
            )  # fmt: skip


def _lost(lost: Sequence[Line]) -> CellFinding:
    name = f" ({lost[0].label})" if lost[0].label else ""
    sums: dict[int, Decimal] = defaultdict(Decimal)
    for line in lost:
        sums[line.year] += line.amount or 0
    amounts = ", ".join(f"{amount:,} in {year}" for year, amount in sorted(sums.items()))
    return CellFinding(
        "C01", "error", f"Account {lost[0].account}{name} is mapped nowhere: {amounts} would be lost.",
        "Map it to scheme and item, or name it under [[outside]] with the reason.",
        **_at(lost[0], year="" if len(sums) > 1 else str(lost[0].year)),
    )  # fmt: skip


def _without_lines(mapping: Mapping, lines: Sequence[Line], years: Sequence[int]) -> Iterator[CellFinding]:
    there: dict[str, dict[str, set[int]]] = {name: defaultdict(set) for name in mapping.sources}
    for line in lines:
        if line.amount is not None:
            there[line.source][line.account].add(line.year)
    covered = {source: set().union(*accounts.values()) for source, accounts in there.items()}
    for source, own in covered.items():
        lost = [year for year in years if year not in own and _asked(mapping, source, year)]
        if lost:
            yield _empty(mapping, source, f"The source {source} has no amount", lost, "Get the figures, or estimate.")
    for number, entry in enumerate(mapping.map, 1):
        for pattern in entry.account:
            accounts = there[entry.source]
            named = [one for one in accounts if matches(one, (pattern,))] if patterned(pattern) else [pattern]
            own = {year for account in named for year in accounts.get(account, ())}
            lost = [year for year in years if entry.holds(year) and year in covered[entry.source] - own]
            if lost:
                what = f"Account {pattern}, mapped in entry {number}, has no amount"
                mend = "Correct the account, bound the entry with first and last, or get the figures."
                yield _empty(mapping, entry.source, what, lost if own else [], mend)


def _asked(mapping: Mapping, source: str, year: int) -> bool:
    """Whether the mapping needs a source in a year."""
    return any(entry.source == source and entry.holds(year) for entry in mapping.map)


def _empty(mapping: Mapping, source: str, what: str, years: Sequence[int], mend: str) -> CellFinding:
    said = f" for {', '.join(map(str, years))}" if years else ""
    return CellFinding("C02", "warning", f"{what}{said}.", mend, file=mapping.sources[source].file,
                       year=str(years[0]) if len(years) == 1 else "")  # fmt: skip


def _shared(
    mapping: Mapping, lines: Sequence[Line], routes: Routes, classification: Classification
) -> Iterator[CellFinding]:
    """Lines of which more (C04) or less (C08) than the whole is compiled in a table; once for each account."""
    said = set()
    for line in lines:
        entries = [(number, e) for number, e in routes.of(line.source, line.account) if e.holds(line.year)]
        for table, (total, numbers) in _taken(mapping, line, entries, classification).items():
            rule = "C04" if total > 1 + _WHOLE else "C08" if total < 1 - _WHOLE else ""
            if line.amount and rule and (rule, table, line.source, line.account) not in said:
                said.add((rule, table, line.source, line.account))
                yield _portion(rule, line, table, total, numbers)


def _taken(
    mapping: Mapping, line: Line, entries: Iterable[tuple[int, Entry]], classification: Classification
) -> dict[str, tuple[Decimal, list[int]]]:
    """The share of a line compiled in each table, with the entries that take it; what is outside counts in all."""
    taken: dict[str, Decimal] = defaultdict(Decimal)
    numbers: dict[str, list[int]] = defaultdict(list)
    nowhere = Decimal(0)
    for number, entry in entries:
        for part, share in (shares(mapping, entry, line.year) or {}).items():
            item, scheme = entry.item_of(part), entry.scheme_of(part)
            if NOWHERE in (item, scheme):
                nowhere += share
                continue
            table = _table(item, classification)
            taken[table] += share
            if number not in numbers[table]:
                numbers[table].append(number)
    return {table: (total + nowhere, numbers[table]) for table, total in taken.items()}


def _portion(rule: str, line: Line, table: str, total: Decimal, numbers: Sequence[int]) -> CellFinding:
    entries = f"entr{'y' if len(numbers) == 1 else 'ies'} {', '.join(map(str, numbers))} of the mapping"
    percent = f"{float(100 * total):g} %"
    if rule == "C04":
        message = f"Account {line.account} is counted twice: {percent} of it is compiled in {table} ({entries})."
        return CellFinding("C04", "error", message, "Give shares that add to 1, or take an entry out.", **_at(line))
    message = f"Only {percent} of account {line.account} is compiled in {table} ({entries})."
    mend = f"Say where the rest belongs; a part that is no social protection has the item {NOWHERE!r}."
    return CellFinding("C08", "warning", message, mend, **_at(line))


def _totals(lines: Sequence[Line], compiled: Compiled, classification: Classification) -> Iterator[CellFinding]:
    """Accounts that are the sum of their sub-accounts, both compiled in one table."""
    used = {
        (c.source, c.file, c.sheet, c.line, c.account, _table(c.item, classification)) for c in compiled.contributions
    }
    groups: dict[tuple[str, int, str], dict[str, Decimal]] = defaultdict(dict)
    first: dict[tuple[str, int, str], Line] = {}
    for line in lines:
        for table in TABLES:
            if line.amount and (line.source, line.file, line.sheet, line.place, line.account, table) in used:
                sums = groups[line.source, line.year, table]
                sums[line.account] = sums.get(line.account, Decimal(0)) + line.amount
                first.setdefault((line.source, line.year, line.account), line)
    said = set()
    for (source, year, table), sums in groups.items():
        for account, parts in _families(sums):
            total = sum((sums[part] for part in parts), Decimal(0))
            if abs(sums[account] - total) <= _ROUNDING * abs(total) and (source, account) not in said:
                said.add((source, account))
                yield CellFinding(
                    "C05", "error",
                    f"Account {account} is the total of {', '.join(parts)}, and all are compiled in {table}.",
                    "Map either the total or its parts.", **_at(first[source, year, account]),
                )  # fmt: skip


def _families(sums: dict[str, Decimal]) -> Iterator[tuple[str, list[str]]]:
    """Accounts with the lowest accounts below them, by the beginning of their numbers.

    In order, the accounts below one follow it without a gap, and one that has others below it stands before them.
    """
    names = sorted(sums)
    for position, account in enumerate(names):
        end = position + 1
        while end < len(names) and names[end].startswith(account):
            end += 1
        below = names[position + 1 : end]
        if below:
            following = [*below[1:], ""]
            yield account, [name for name, after in zip(below, following, strict=True) if not after.startswith(name)]


def _repeated(lines: Sequence[Line], compiled: Compiled) -> Iterator[CellFinding]:
    """Lines of a source that are equal in every cell."""
    used = {(c.file, c.sheet, c.line) for c in compiled.contributions}
    alike = Counter((line.source, line.year, line.row) for line in lines)
    said = set()
    for line in lines:
        same = line.source, line.year, line.row
        if alike[same] > 1 and same not in said and line.amount and (line.file, line.sheet, line.place) in used:
            said.add(same)
            places = [other.place for other in lines if (other.source, other.year, other.row) == same]
            yield CellFinding(
                "C06", "warning", f"Account {line.account}: the same line is there {alike[same]} times "
                f"({', '.join(places)}), and is counted each time.", "Take it out where it is not meant.", **_at(line),
            )  # fmt: skip


def _equal(compiled: Compiled) -> Iterator[CellFinding]:
    """Cells that get the same amount from two sources."""
    seen: dict[tuple[Any, ...], Contribution] = {}
    for one in compiled.contributions:
        if not one.contribution:
            continue
        other = seen.setdefault((*one.key, abs(one.contribution)), one)
        if other.source != one.source:
            yield CellFinding(
                "C06", "warning", f"{one.item} of scheme {one.scheme} gets the same amount, {one.contribution:,}, from "
                f"{other.file} ({other.line}) and {one.file} ({one.line}).",
                "Check that the two sources do not count the same payments.", file=one.file, sheet=one.sheet,
                cell=one.line, scheme=one.scheme, item=one.item, year=str(one.year),
            )  # fmt: skip
