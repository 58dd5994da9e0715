"""Amounts put before a person: what was decided is kept, and remembered in later editions.

An amount is known again by its place and the words around it, whatever the
number. A later edition remembers that something is no amount and how an amount
was described; its value counts as confirmed only where it is the same.
"""

from __future__ import annotations

import hashlib
import math
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import pandas as pd

from reporting.missoc import amounts
from reporting.missoc.cells import Cell, bare
from reporting.missoc.changes import masked
from reporting.missoc.filled import Line
from reporting.missoc.placing import Doubt
from reporting.missoc.searched import Amount
from reporting.vintages import Collection, Manifest, Store

STATUSES = ("", "confirmed", "corrected", "rejected")
DECIDED = ("kind", "value", "unit", "period", "qualifier")
HEADS = ("edition", "geo", "table", "category", "lang", "label", "id", "words", *DECIDED, "confidence", "status",
         "remembered", "comment")  # fmt: skip
#: What persons decided, as vintages by edition.
DECISIONS = Collection(
    "missoc-review",
    ("edition", "geo", "table", "category", "lang", "id"),
    ("edition", "geo", "table", "category", "lang", "id", *DECIDED, "proposed", "status", "comment"),
)
_KINDS = ("money", "percent", "age", "duration", "ratio")
_BEFORE, _AFTER = 60, 40


@dataclass(frozen=True)
class Proposal:
    """An amount of a cell with what was decided about it, now or in an earlier edition."""

    cell: Cell
    id: str
    words: str
    amount: Amount
    proposed: float
    status: str = ""
    remembered: str = ""
    comment: str = ""

    @property
    def key(self) -> tuple[str, ...]:
        """The key of a decision about it."""
        return (self.cell.edition, *self.cell.key, self.id)


def proposals(cells: Iterable[Cell], decisions: pd.DataFrame) -> Iterator[Proposal]:
    """The amounts of cells, each with what is known of it."""
    known: dict[tuple[str, ...], list[dict[str, str]]] = {}
    for values in decisions.sort_values("edition", kind="stable")[list(DECISIONS.columns)].itertuples(index=False):
        one = dict(zip(DECISIONS.columns, map(str, values), strict=True))
        known.setdefault(tuple(one[name] for name in DECISIONS.key[1:]), []).append(one)
    for cell in cells:
        seen: Counter[str] = Counter()
        for amount in amounts.extract(cell.text, cell.lang, cell.geo, cell.category, cell.label):
            name = _name(cell, amount, seen)
            plain = Proposal(cell, name, _words(cell.text, amount), amount, amount.value)
            yield _decided(plain, known.get((*cell.key, name), []))


def _name(cell: Cell, amount: Amount, seen: Counter[str]) -> str:
    """What an amount is known by: its kind and the words around it, numbers left out."""
    before = masked(cell.text[max(0, amount.start - _BEFORE) : amount.start])[-30:]
    after = masked(cell.text[amount.end : amount.end + _AFTER])[:20]
    base = hashlib.sha256(f"{amount.kind} {before}#{after}".encode()).hexdigest()[:12]
    seen[base] += 1
    return base if seen[base] == 1 else f"{base}-{seen[base]}"


def _words(text: str, amount: Amount) -> str:
    """The amount between signs in its sentence."""
    before, after = text[max(0, amount.start - _BEFORE) : amount.start], text[amount.end : amount.end + _AFTER]
    return bare(f"{before}»{amount.text}«{after}".replace("»", "[[").replace("«", "]]"))


def _decided(plain: Proposal, decisions: Sequence[dict[str, str]]) -> Proposal:
    edition = plain.cell.edition
    own = [one for one in decisions if one["edition"] == edition and float(one["proposed"]) == plain.proposed]
    earlier = [one for one in decisions if one["edition"] < edition]
    last = own[-1] if own else earlier[-1] if earlier else None
    if last is None:
        return plain
    same = float(last["proposed"]) == plain.proposed
    value = float(last["value"]) if same else plain.proposed
    amount = replace(
        plain.amount, kind=last["kind"], unit=last["unit"], period=last["period"], qualifier=last["qualifier"],
        value=value, currency=last["unit"] if last["kind"] == "money" else "",
    )  # fmt: skip
    said = "" if own else f"{last['status']} in {last['edition']} as {last['value']} {last['unit']}"
    status = last["status"] if same or last["status"] == "rejected" else ""
    return replace(plain, amount=amount, status=status, remembered=said, comment=last["comment"] if own else "")


def row(one: Proposal) -> tuple[str | float, ...]:
    """A proposal as a row of the form."""
    cell, a = one.cell, one.amount
    return (
        cell.edition, cell.geo, cell.table, cell.category, cell.lang, cell.label, one.id, one.words, a.kind, a.value,
        a.unit, a.period, a.qualifier, round(a.confidence, 2), one.status, one.remembered, one.comment,
    )  # fmt: skip


def checked(lines: Sequence[Line], known: Iterable[Proposal]) -> tuple[list[dict[str, str]], list[Doubt]]:
    """The decisions of a form that came back, and what is wrong in it."""
    by_key = {one.key: one for one in known}
    found: dict[tuple[str, ...], dict[str, str]] = {}
    doubts: list[Doubt] = []
    for line in lines:
        key = tuple(line[name].strip()[:10] if name == "edition" else line[name].strip() for name in DECISIONS.key)
        fault = _fault(line, by_key.get(key), key in found)
        if fault:
            doubts.append(Doubt("error", line.place, fault, line["words"]))
        elif line["status"].strip():
            found[key] = _decision(line, key, by_key[key])
    return list(found.values()), doubts


def _fault(line: Line, proposal: Proposal | None, twice: bool) -> str:
    status = line["status"].strip()
    if proposal is None:
        return "no amount of the store has this place and id: keep the first columns as they were"
    if status not in STATUSES:
        return f"status {status!r}: there are confirmed, corrected, rejected"
    if twice:
        return "the amount stands twice in the form"
    value = _number(line["value"])
    if value is None:
        return f"value {line['value']!r} is not a number: write it as 1234.56"
    if line["kind"].strip() not in _KINDS:
        return f"kind {line['kind']!r}: there are {', '.join(_KINDS)}"
    if status != "corrected" and _differs(line, value, proposal):
        return f"the amount was changed, but its status is {status or 'empty'!r}: write corrected"
    return ""


def _number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def _differs(line: Line, value: float, proposal: Proposal) -> bool:
    a = proposal.amount
    said = [line[name].strip() for name in ("kind", "unit", "period", "qualifier")]
    moved = abs(value - a.value) > 1e-9 * max(1, abs(a.value))
    return moved or said != [a.kind, a.unit, a.period, a.qualifier]


def _decision(line: Line, key: tuple[str, ...], proposal: Proposal) -> dict[str, str]:
    names = (*DECIDED, "status", "comment")
    given = {name: line[name].strip() for name in names}
    given["value"], proposed = repr(float(given["value"])), repr(proposal.proposed)
    return {**dict(zip(DECISIONS.key, key, strict=True)), **given, "proposed": proposed}


def keep(store: Store, decisions: Sequence[dict[str, str]], name: str) -> int:
    """Store decisions, a vintage for each edition; says how many were new or different."""
    count = 0
    for edition in sorted({one["edition"] for one in decisions}):
        rows = pd.DataFrame([one for one in decisions if one["edition"] == edition], dtype="str")
        kept = DECISIONS.append(store, rows, Manifest(DECISIONS.name, edition, False, f"file {name}", ""))
        count += sum(kept.rows.values()) if kept else 0
    return count
