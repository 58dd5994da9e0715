"""The catalogues of JAF, SPPM and the Social Scoreboard: ``parameters/frameworks/<framework>.csv``.

An indicator is known by its framework and its id: the same id may mean
different things in two frameworks. ``datasets.csv`` beside the catalogues has
the dimensions of datasets that are not declared in ``parameters/datasets/``, by
name: the order of the key is the provider's to tell. ``weights.csv`` has what the
scores of some indicators are weighted with. All are read only where needed.
"""

from __future__ import annotations

import csv
import difflib
import functools
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationError

from reporting import reads
from reporting.declarations import formulas
from reporting.declarations.base import Record, Text
from reporting.declarations.records import Dataset, Declarations, series
from reporting.errors import DeclarationError, UsageError

_INPUT = re.compile(r"(\w+)=([\w.@-]+)(?:\[([^\]]*)\])?")
_BESIDE, _WEIGHTS = "datasets", "weights"


class Source(Record):
    """A series by dataset and filters: all dimensions but frequency, country and time."""

    dataset: Text
    filters: dict[str, str] = {}

    @property
    def key(self) -> str:
        """What tells the series from others."""
        return f"{self.dataset} {sorted(self.filters.items())}"


class Weight(Record):
    """What the scores of an indicator are multiplied by for a second row: a formula over series."""

    inputs: Annotated[dict[str, Source], Field(min_length=1)]
    formula: Text


class Entry(Record):
    """An indicator of a framework.

    ``by`` are the codes that tell it from others of the same label. ``series``
    is where the store holds its values: a series of a dataset, or what the
    framework's owner computed; empty where the store holds none.
    """

    id: Text
    framework: Text
    #: Its line in the catalogue.
    line: int
    area: Text
    type: Literal[
        "overall", "sub-indicator", "context", "headline", "breakdown", "supplementary", "supplementary breakdown",
        "component", "component breakdown",
    ]  # fmt: skip
    #: Whether a challenge verdict of the indicator is a key challenge.
    key_challenge: bool
    label: Text
    by: dict[str, str] = {}
    unit: Text
    inputs: Annotated[dict[str, Source], Field(min_length=1)]
    formula: str = "x"
    good: Literal["high", "low", ""]
    change: bool
    percent: bool
    breaks: Literal["drop", ""]
    reference: Literal["simple average", ""]
    #: Whether it is about social protection, or a headline.
    social: bool
    source: Text
    series: str = ""
    weight: Weight | None = None


@dataclass
class _Reading:
    """A catalogue being read: entries and faults."""

    path: Path
    known: Declarations
    dimensions: dict[str, tuple[str, ...]]
    weights: dict[str, dict[str, Any]] = field(default_factory=dict)
    entries: dict[str, Entry] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)

    def take(self, line: int, row: dict[str, str]) -> None:
        place = f"{self.path.relative_to(self.known.home).as_posix()}: line {line}: [{row.get('id', '')}]"
        try:
            told = {"line": line, "weight": self.weights.get(row.get("id", ""))}
            entry = Entry.model_validate(_fields(self.path.stem, row) | told)
        except ValidationError as error:
            for fault in error.errors():
                self.faults.append(f"{place} {'.'.join(map(str, fault['loc']))}: {fault['msg'].lower()}")
            return
        except ValueError as error:
            self.faults.append(f"{place} {error}")
            return
        twice = ["duplicate id"] if entry.id in self.entries else []
        self.faults += [f"{place} {what}" for what in [*twice, *self._faults(entry)]]
        self.entries[entry.id] = entry

    def _faults(self, entry: Entry) -> Iterator[str]:
        yield from formulas.faults(entry.formula, entry.inputs)
        if entry.weight:
            yield from formulas.faults(entry.weight.formula, entry.weight.inputs)
        lists = self.known.codelists
        for dimension, code in {**entry.by, "unit": entry.unit}.items():
            if code not in lists.get(dimension, {}):
                yield f"{code!r} has no label in parameters/codelists/{dimension}.csv"
        for source in (*entry.inputs.values(), *(entry.weight.inputs.values() if entry.weight else ())):
            yield from self._source(source)
        for dataset, key in series(entry.series):
            declared = self.known.datasets.get(dataset)
            if declared is None or key.count(".") + 1 != len(declared.dimensions):
                yield f"series: {dataset}/{key} is no series of a dataset declared in parameters/datasets/"

    def _source(self, source: Source) -> Iterator[str]:
        have = self.dimensions.get(source.dataset)
        if have is None:
            near = difflib.get_close_matches(source.dataset, self.dimensions, n=1)
            yield f"undeclared dataset {source.dataset!r}{f', near it: {near[0]}' if near else ''}"
            return
        for name in source.filters:
            if name not in have:
                near = difflib.get_close_matches(name, have, n=1)
                yield f"{source.dataset} has no dimension {name!r}{f', near it: {near[0]}' if near else ''}"


def names(known: Declarations) -> list[str]:
    """The frameworks with a catalogue."""
    return sorted(path.stem for path in _folder(known).glob("*.csv") if path.stem not in (_BESIDE, _WEIGHTS))


def load(known: Declarations, framework: str) -> dict[str, Entry]:
    """The indicators of a framework, in the order of its catalogue.

    Raises
    ------
    UsageError
        When there is no such framework.
    DeclarationError
        With every fault found, each naming file, line and indicator.
    """
    if framework not in names(known):
        raise UsageError(f"Unknown framework {framework!r}. Declared are {', '.join(names(known))}.")
    with reads.covered():
        found = _load(framework, _Key(known))
    reads.asked(("framework", framework), found)
    return found


class _Key:
    """Declarations as the key of a cache: those of one folder are the same."""

    def __init__(self, known: Declarations) -> None:
        self.known = known

    def __hash__(self) -> int:
        return id(self.known)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Key) and self.known is other.known


@functools.cache
def _load(framework: str, key: _Key) -> dict[str, Entry]:
    path = _folder(key.known) / f"{framework}.csv"
    reading = _Reading(path, key.known, _dimensions(key.known), _weights(key.known, framework))
    for line, row in _rows(path):
        reading.take(line, row)
    if reading.faults:
        raise DeclarationError(reading.faults)
    return reading.entries


def _folder(known: Declarations) -> Path:
    return known.home / "parameters" / "frameworks"


def _rows(path: Path) -> list[tuple[int, dict[str, str]]]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file, strict=True)
            return [(reader.line_num, {k: v or "" for k, v in row.items() if k}) for row in reader]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DeclarationError([f"{path.name}: cannot be read: {error}"]) from None


def undeclared(known: Declarations) -> dict[str, Dataset]:
    """The datasets that a provider disseminates and only catalogues name.

    Their dimensions are known by name only: they are not in the order of the key.
    """
    found = {}
    path = _folder(known) / f"{_BESIDE}.csv"
    for _, row in _rows(path) if path.exists() else []:
        named = next((p.name for p in known.providers.values() if row.get("provider", "") in (p.id, p.name)), "")
        if named and row["dataset"] not in known.datasets:
            names = ("freq", *row["dimensions"].split(), "geo")
            found[row["dataset"]] = Dataset(
                id=row["dataset"], title=row["dataset"], dimensions=names, provider=named,
                acknowledgement=f"Source: {named.partition(' (')[0]}",
            )  # fmt: skip
    return found


def _weights(known: Declarations, framework: str) -> dict[str, dict[str, Any]]:
    """The weights of the indicators of a framework, by id."""
    path = _folder(known) / f"{_WEIGHTS}.csv"
    return {
        row["id"]: {"inputs": _inputs(row["inputs"]), "formula": row["formula"]}
        for _, row in (_rows(path) if path.exists() else [])
        if row["framework"] == framework
    }


def _dimensions(known: Declarations) -> dict[str, tuple[str, ...]]:
    """The dimensions of every dataset: declared with the order of its key, or beside the catalogues without."""
    beside = {row["dataset"]: tuple(row["dimensions"].split()) for _, row in _rows(_folder(known) / f"{_BESIDE}.csv")}
    return {**beside, **{name: dataset.dimensions for name, dataset in known.datasets.items()}}


def _fields(framework: str, row: dict[str, str]) -> dict[str, Any]:
    truths = {name: _truth(name, row.get(name, ""), name == "change") for name in _TRUTHS}
    return {
        **{name: value for name, value in row.items() if name not in ("by", "inputs", "formula")},
        **truths,
        "framework": framework,
        "by": dict(_pair(part) for part in row.get("by", "").split()),
        "inputs": _inputs(row.get("inputs", "")),
        "formula": row.get("formula") or "x",
    }


_TRUTHS = ("key_challenge", "change", "percent", "social")


def _truth(name: str, cell: str, default: bool) -> bool:
    if cell not in ("yes", "no", ""):
        raise ValueError(f"{name}: {cell!r} is neither yes nor no")
    return default if not cell else cell == "yes"


def _inputs(cell: str) -> dict[str, Source]:
    found = {}
    for part in filter(None, map(str.strip, cell.split(";"))):
        match = _INPUT.fullmatch(part)
        if match is None:
            raise ValueError(f"inputs: {part!r} is not written name=dataset[dimension=code,…]")
        if match[1] in found:
            raise ValueError(f"inputs: {match[1]} twice")
        filters = dict(_pair(pair) for pair in filter(None, (match[3] or "").split(",")))
        found[match[1]] = Source(dataset=match[2], filters=filters)
    return found


def _pair(text: str) -> tuple[str, str]:
    name, mark, code = text.partition("=")
    if not (name and mark and code):
        raise ValueError(f"{text!r} is not written dimension=code")
    return name.strip(), code.strip()
