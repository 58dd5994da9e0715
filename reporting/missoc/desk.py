"""The correspondent's desk: every cell of a country with its last text, to be updated or checked, and read back."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from reporting.missoc import amounts
from reporting.missoc.cells import Cell, bare, clean
from reporting.missoc.changes import masked
from reporting.missoc.filled import Line
from reporting.missoc.placing import Doubt

STATUSES = ("", "unchanged", "updated", "checked")
HEADS = ("edition", "geo", "table", "category", "lang", "label", "guideline", "last_text", "new_text", "status", "date",
         "comment", "last_sha256")  # fmt: skip
_KEY = ("geo", "table", "category", "lang")
#: By how much an amount may move in one edition before a person is asked.
_FACTOR = 1.5
_DATE = re.compile(
    r"(?<![\d.])(\d{1,2})[./](\d{1,2})[./]((?:19|20)\d\d)(?!\d)|(?<!\d)((?:19|20)\d\d)-(\d\d)-(\d\d)(?!\d)"
)


@dataclass(frozen=True)
class Entry:
    """A cell on the desk: what it was, what it shall be."""

    cell: Cell
    new_text: str
    status: str
    date: str
    comment: str


def rows(cells: Iterable[Cell], edition: str, guidelines: Mapping[tuple[str, str], str]) -> Iterator[tuple[str, ...]]:
    """The form of a country for an edition: each cell with its last text as the new one."""
    for cell in sorted(cells, key=lambda c: (c.table, c.category, c.lang)):
        guideline = guidelines.get((cell.table, cell.category), "")
        yield (edition, cell.geo, cell.table, cell.category, cell.lang, cell.label, guideline, cell.text, cell.text, "",
               "", "", cell.sha256)  # fmt: skip


def guidelines(lines: Sequence[Line]) -> dict[tuple[str, str], str]:
    """Guideline texts by table and category."""
    return {(line["table"].strip(), line["category"].strip()): line["guideline"] for line in lines}


def checked(lines: Sequence[Line], cells: Iterable[Cell], edition: str) -> tuple[list[Entry], list[Doubt]]:
    """The entries of a form that came back; an error for each cell lost, altered or contradictory."""
    last = {cell.key: cell for cell in cells}
    entries: dict[tuple[str, ...], Entry] = {}
    doubts: list[Doubt] = []
    for line in lines:
        key = (line["geo"].strip(), line["table"].strip(), line["category"].strip(), line["lang"].strip())
        cell = last.get(key)
        faults = list(_faults(line, cell, key in entries, edition))
        doubts += [Doubt(severity, line.place, what, " ".join(key)) for severity, what in faults]
        if cell and key not in entries:
            entries[key] = Entry(cell, clean(line["new_text"]), line["status"].strip(), line["date"].strip()[:10],
                                 line["comment"])  # fmt: skip
    lost = [cell for key, cell in last.items() if key not in entries]
    doubts += [Doubt("error", cell.place, "the cell is lost from the form", cell.text) for cell in lost]
    return list(entries.values()), doubts


def _faults(line: Line, cell: Cell | None, twice: bool, edition: str) -> Iterator[tuple[str, str]]:
    if cell is None:
        yield "error", "no cell of the country has this place: keep the first columns as they were"
        return
    if twice:
        yield "error", "the cell stands twice in the form"
    if line["edition"].strip()[:10] != edition:
        yield "error", f"the form is for edition {line['edition']!r}, not {edition}"
    if line["last_sha256"].strip() != cell.sha256:
        yield "error", "the last text is not the one in the store: make the form again"
    if (status := line["status"].strip()) not in STATUSES:
        yield "error", f"status {status!r}: there are unchanged, updated, checked"
    yield from _text(line, cell, status)
    yield from _dates(line)


def _text(line: Line, cell: Cell, status: str) -> Iterator[tuple[str, str]]:
    """What is wrong between a text and its status."""
    text = clean(line["new_text"])
    same = bare(text) == bare(cell.text)
    if not text:
        yield "error", "the new text is empty: write None. where there is no rule"
    elif not same and status != "updated":
        yield "error", f"the text was changed, but its status is {status or 'empty'!r}: write updated"
    elif same and status == "updated":
        yield "warning", "the status is updated, but the text is the same"
    elif not status:
        yield "information", "neither updated nor checked"
    if text and not same:
        yield from implausible(cell, text)


def _dates(line: Line) -> Iterator[tuple[str, str]]:
    """Days that no calendar has, in the column of dates and in the new text."""
    given = line["date"].strip()[:10]
    if given and not _day(given):
        yield "error", f"{given!r} is not a date: write it as 2026-01-31"
    for found in _DATE.finditer(line["new_text"]):
        day, month, year = (found[6], found[5], found[4]) if found[4] else (found[1], found[2], found[3])
        if not _day(f"{year}-{int(month):02d}-{int(day):02d}"):
            yield "error", f"the text names a day that no calendar has: {found[0]}"


def _day(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def implausible(cell: Cell, text: str) -> Iterator[tuple[str, str]]:
    """Amounts that moved by more than half where only numbers changed, and shares above a hundred per cent."""
    before, after = (amounts.extract(one, cell.lang, cell.geo, cell.category, cell.label) for one in (cell.text, text))
    if masked(cell.text) == masked(text) and len(before) == len(after):
        for old, new in zip(before, after, strict=True):
            if old.kind == new.kind and old.value and not 1 / _FACTOR <= new.value / old.value <= _FACTOR:
                yield "warning", f"hardly plausible: {old.text} became {new.text}"
    for new in after:
        if new.kind == "percent" and new.value > 100 and all(old.value != new.value for old in before):
            yield "warning", f"more than a hundred per cent: {new.text}"
