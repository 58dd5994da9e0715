"""The classifications of SHA 2011 and the tables they cross, as declared in ``parameters/sha/``.

A code has the form of the manual (``HC.1.1``); the total of an axis is ``_T``, and
curative and rehabilitative care of one mode together is ``HC.1.1+HC.2.1``. Codes of
Eurostat stand beside them; they lead to the labels in ``parameters/codelists/``.
"""

from __future__ import annotations

import csv
import functools
import io
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from reporting.declarations import Declarations
from reporting.errors import DeclarationError

AXES = ("hc", "hp", "hf", "fs", "fp", "hk")
TOTAL = "_T"
#: The axis of revenues, which may differ from expenditure by reserves.
REVENUES = "fs"
_TOTALS = {"_T", "T", "TOT", "TOTAL", "ALL", "SUM", "CHE", "CURRENTEXPENDITUREONHEALTH", "CURRENTHEALTHEXPENDITURE"}
_CODE = re.compile(r"(HCR|HC|HP|HF|FS|FP|HK)[\s._]?(RI|R)?[\d._+]*\d[\w.+]*", re.IGNORECASE)

#: How a total is written as its first and last code: ``HC.1-HC.9``.
_RANGE = re.compile(r"[A-Z]{2}\.?\d\s*(?:-|–|to)\s*(?:[A-Z]{2}\.?)?\d", re.IGNORECASE)


@dataclass(frozen=True)
class Identity:
    """A total and the parts that sum to it."""

    total: str
    parts: tuple[str, ...]


@dataclass(frozen=True)
class Axis:
    """One classification: its codes in order, each with its parent ('' for the total and for memorandum items)."""

    name: str
    parents: Mapping[str, str]
    eurostat: Mapping[str, str]
    sums: tuple[Identity, ...]
    spellings: Mapping[str, str]

    @functools.cached_property
    def identities(self) -> tuple[Identity, ...]:
        """Each code with its children, then the other sums that are declared."""
        own = (Identity(code, self.children(code)) for code in self.parents)
        return (*(identity for identity in own if identity.parts), *self.sums)

    @functools.cached_property
    def _children(self) -> dict[str, tuple[str, ...]]:
        found: dict[str, list[str]] = {}
        for child, parent in self.parents.items():
            found.setdefault(parent, []).append(child)
        return {parent: tuple(children) for parent, children in found.items() if parent}

    def children(self, code: str) -> tuple[str, ...]:
        """The codes right below one."""
        return self._children.get(code, ())

    def inside(self, code: str) -> frozenset[str]:
        """A code and all below it, parts of a joint code too."""
        return self._inside.get(code, frozenset({code}))

    @functools.cached_property
    def _inside(self) -> dict[str, frozenset[str]]:
        below = {code: set(self.children(code)) for code in self.parents}
        for identity in self.sums:
            below[identity.total] |= set(identity.parts)

        def all_of(code: str) -> set[str]:
            return {code}.union(*(all_of(part) for part in below[code]))

        return {code: frozenset(all_of(code)) for code in self.parents}

    def leaves(self, code: str = TOTAL) -> tuple[str, ...]:
        """The codes below one (of the whole axis) that have none below themselves."""
        below = self.inside(code)
        return tuple(c for c in self.parents if c in below and "+" not in c and not self.children(c))

    def tree(self, memo: str = "no") -> tuple[str, ...]:
        """Codes of a table in order: the parts of the total (no), memorandum items (only), or both (also)."""
        main = self.inside(TOTAL)
        below = [c for c in self.parents if c in main and c != TOTAL and "+" not in c]
        others = [c for c in self.parents if c not in main and "+" not in c]
        return tuple({"no": [*below, TOTAL], "only": others, "also": [*below, TOTAL, *others]}[memo])

    def code(self, text: object) -> str:
        """The code a text stands for; '' when it is none of this axis."""
        words = str(text or "").strip()
        found = self.spellings.get(_key(words))
        if found or not words:
            return found or ""
        if _RANGE.fullmatch(words) and words.lower().startswith(self.name):
            return TOTAL
        return self.spellings.get(_key(words.split()[0]) if _CODE.match(words) else "", "")


@dataclass(frozen=True)
class Table:
    """A table: its two axes (``columns`` is '' for one with totals alone), Eurostat's dataset, its title.

    ``memo`` says whether it has memorandum items, ``measure`` what is measured:
    expenditure has the same margins in all tables.
    """

    name: str
    rows: str
    columns: str
    memo: str
    measure: str
    dataset: str
    title: str

    @property
    def axes(self) -> tuple[str, ...]:
        """The axes it has."""
        return (self.rows, self.columns) if self.columns else (self.rows,)

    def codes(self, axis: Axis) -> tuple[str, ...]:
        """The codes of a row or column in the order of the questionnaire."""
        split = axis.name == self.rows if self.name != "HFxFS" else axis.name == self.columns
        return axis.tree(self.memo if split else "no")


@dataclass(frozen=True)
class Atypical:
    """A combination that hardly occurs; a note does (``noted``) or does not explain it."""

    codes: Mapping[str, frozenset[str]]
    noted: bool
    reason: str


@dataclass(frozen=True)
class Bound:
    """A margin of a table that is not below a margin of another one."""

    table: str
    code: str
    other: str
    least: str


@dataclass(frozen=True)
class Comparison:
    """A margin and a series of another statistics, and the ratios between them that are usual."""

    table: str
    axis: str
    code: str
    series: str
    low: float
    high: float


@dataclass(frozen=True)
class Stored:
    """Where the store has a series of another statistics: keys to add up, a percentage of another one (``share``)."""

    series: str
    unit: str
    dataset: str
    keys: tuple[str, ...]
    share: str


@dataclass(frozen=True)
class Classification:
    """All that is declared about the tables."""

    axes: Mapping[str, Axis]
    tables: Mapping[str, Table]
    atypical: tuple[Atypical, ...]
    bounds: tuple[Bound, ...]
    comparisons: tuple[Comparison, ...]
    stored: tuple[Stored, ...]

    def table(self, name: str) -> Table | None:
        """The table a text names: ``HCxHF``, ``HC x HF``, ``HC×HF 2023``; None when there is none."""
        key = re.sub(r"[^A-Z]", "", re.sub(r"(?<=[A-Z]) ?[*/_×-] ?(?=[A-Z])", "X", name.upper().strip()))
        named = {table.upper(): entry for table, entry in self.tables.items()}
        return named.get({"HKXHP": "HK", "REPORTINGITEMS": "RI", "RIXHF": "RI"}.get(key, key))


def looks_like_code(text: object) -> bool:
    """Whether a text begins like a code of some axis."""
    words = str(text or "").split()
    return bool(words) and bool(_CODE.fullmatch(words[0].rstrip(".:")))


def label(known: Declarations, axis: Axis, code: str) -> str:
    """The English label of a code, a message that is translated."""
    return known.codelists[f"icha11_{axis.name}"].get(axis.eurostat.get(code, ""), code)


def load(known: Declarations) -> Classification:
    """The classification of a project.

    Raises
    ------
    DeclarationError
        With every fault found in ``parameters/sha/``.
    """
    reader = _Reader(known.home)
    axes = {name: reader.axis(name, known) for name in AXES}
    reader.stop()
    tables = reader.tables()
    found = Classification(
        axes, tables, reader.atypical(axes), reader.bounds(axes, tables), reader.comparisons(axes), reader.stored(known)
    )
    reader.stop()
    return found


class _Reader:
    """Reads the files, collecting what is wrong."""

    def __init__(self, home: Path) -> None:
        self.home, self.faults = home / "parameters" / "sha", list[str]()

    def lines(self, name: str, heads: str) -> list[dict[str, str]]:
        path = self.home / f"{name}.csv"
        try:
            reader = csv.DictReader(io.StringIO(path.read_text(encoding="utf-8-sig"), newline=""), strict=True)
            if ",".join(reader.fieldnames or ()) == heads:
                return list(reader)
            self.fault(name, f"line 1: the columns are {heads}")
        except (OSError, UnicodeDecodeError, csv.Error) as error:
            self.fault(name, f"cannot be read as a UTF-8 CSV file: {error}")
        return []

    def fault(self, name: str, what: str) -> None:
        self.faults.append(f"parameters/sha/{name}.csv: {what}")

    def stop(self) -> None:
        if self.faults:
            raise DeclarationError(self.faults)

    def axis(self, name: str, known: Declarations) -> Axis:
        lines = self.lines(name, "code,parent,eurostat")
        parents = {line["code"]: line["parent"] for line in lines}
        if len(parents) < len(lines):
            self.fault(name, "a code stands there twice")
        for code, parent in parents.items():
            if parent and parent not in list(parents)[: list(parents).index(code)]:
                self.fault(name, f"{code}: the parent {parent} is not among the codes above it")
        labels = known.codelists.get(f"icha11_{name}", {})
        for line in lines:
            if line["eurostat"] not in labels:
                self.fault(name, f"{line['code']}: {line['eurostat']} has no label in codelists/icha11_{name}.csv")
        eurostat = {line["code"]: line["eurostat"] for line in lines}
        return Axis(name, parents, eurostat, self.sums(name, parents), _spellings(name, eurostat, known))

    def sums(self, axis: str, codes: Iterable[str]) -> tuple[Identity, ...]:
        found = [
            Identity(line["total"], tuple(line["parts"].split("|")))
            for line in self.lines("sums", "axis,total,parts")
            if line["axis"] == axis
        ]
        for code in {code for sum_ in found for code in (sum_.total, *sum_.parts)} - set(codes):
            self.fault("sums", f"{code} is not among the codes of {axis}.csv")
        for own in (sum_ for sum_ in found if sum_.total != TOTAL and "+" not in sum_.total):
            if any("+" not in part and not part.startswith(own.total) for part in own.parts):
                self.fault("sums", f"{own.total} has parts that are not below it: {', '.join(own.parts)}")
        return tuple(found)

    def tables(self) -> dict[str, Table]:
        lines = self.lines("tables", "table,rows,columns,memo,measure,dataset,title")
        for line in lines:
            if {line["rows"], line["columns"]} - {*AXES, ""} or line["memo"] not in ("no", "only", "also"):
                self.fault("tables", f"{line['table']}: rows and columns are axes, memo is no, only or also")
        return {line["table"]: Table(*line.values()) for line in lines}

    def bounds(self, axes: Mapping[str, Axis], tables: Mapping[str, Table]) -> tuple[Bound, ...]:
        found = tuple(Bound(**line) for line in self.lines("bounds", "table,code,other,least"))
        for bound in found:
            for name, code in ((bound.table, bound.code), (bound.other, bound.least)):
                if name not in tables or code not in axes[tables[name].rows].parents:
                    self.fault("bounds", f"{name} {code}: a table, and a code of its rows")
        return found

    def comparisons(self, axes: Mapping[str, Axis]) -> tuple[Comparison, ...]:
        found = []
        for line in self.lines("coherence", "table,axis,code,series,low,high"):
            try:
                low, high = float(line["low"]), float(line["high"])
            except ValueError:
                low, high = 1.0, 0.0
            if line["axis"] not in axes or line["code"] not in axes[line["axis"]].parents or low > high:
                self.fault("coherence", f"{','.join(line.values())}: a code on its axis, and two numbers in order")
                continue
            found.append(Comparison(line["table"], line["axis"], line["code"], line["series"], low, high))
        return tuple(found)

    def stored(self, known: Declarations) -> tuple[Stored, ...]:
        found: dict[tuple[str, str], Stored] = {}
        for line in self.lines("context", "series,unit,dataset,keys,share"):
            if line["dataset"] not in known.datasets or (line["share"] and (line["share"], line["unit"]) not in found):
                self.fault("context", f"{','.join(line.values())}: a dataset that is declared, a share of a line above")
                continue
            keys = tuple(line["keys"].split("|"))
            found[line["series"], line["unit"]] = Stored(
                line["series"], line["unit"], line["dataset"], keys, line["share"]
            )
        return tuple(found.values())

    def atypical(self, axes: Mapping[str, Axis]) -> tuple[Atypical, ...]:
        found = []
        for line in self.lines("atypical", "hc,hp,hf,noted,reason"):
            named = {axis: line[axis].split("|") for axis in ("hc", "hp", "hf") if line[axis]}
            strange = [code for axis, codes in named.items() for code in codes if code not in axes[axis].parents]
            if strange or len(named) != 2 or line["noted"] not in ("yes", "no"):
                self.fault("atypical", f"{','.join(line.values())}: known codes on two axes, noted is yes or no")
                continue
            codes = {a: frozenset().union(*(axes[a].inside(code) for code in codes)) for a, codes in named.items()}
            found.append(Atypical(codes, line["noted"] == "yes", line["reason"]))
        return tuple(found)


def _key(text: str) -> str:
    """A code without what is written differently: dots, spaces, capitals."""
    return re.sub(r"[\s.]", "", text).upper()


def _spellings(name: str, eurostat: Mapping[str, str], known: Declarations) -> dict[str, str]:
    """What codes are called: their own form, Eurostat's, labels and other spellings met in files."""
    back = {code: own for own, code in eurostat.items()}
    written = known.spellings.get(f"icha11_{name}", {})
    found = {_key(text): back[code] for text, code in written.items() if code in back}
    found |= {_key(code): own for code, own in back.items()}
    found |= dict.fromkeys({*_TOTALS, f"ALL{name.upper()}", f"TOTAL{name.upper()}", f"{name.upper()}TOTAL"}, TOTAL)
    return found | {_key(own): own for own in eurostat}
