"""The records of what is declared: frozen, and refusing unknown keys."""

from __future__ import annotations

from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Dataset(_Record):
    """A provider's table and its structure.

    ``fixed`` gives the codes of dimensions that a file may leave out.
    """

    id: str
    title: str
    dimensions: tuple[str, ...]
    provider: str = "Eurostat"
    fixed: dict[str, str] = {}
    aliases: tuple[str, ...] = ()
    acknowledgement: str = "Source: Eurostat"
    note: str = ""


class Indicator(_Record):
    """A formula over series, with the facts a reader needs.

    ``codes`` holds the codes of the family member (empty outside a family).
    ``label`` may name a dimension in braces; it then shows that code's label.
    """

    id: str
    family: str
    label: str
    unit: str
    inputs: dict[str, str]
    formula: str
    codes: dict[str, str] = {}
    decimals: int = 1
    direction: Literal["high", "low", "neutral"] = "neutral"
    reference: str = ""
    aggregate: Literal["", "sum"] = ""


class Table(_Record):
    """A table of a publication: which indicators, laid out how."""

    id: str
    title: str
    rows: tuple[str, ...]
    by: Literal["time", "geo", "cross"] = "time"
    geos: tuple[str, ...] = ()
    across: tuple[str, str] | None = None
    notes: tuple[str, ...] = ()


class Figure(_Record):
    """A figure of a publication."""

    id: str
    title: str
    kind: Literal["lines", "stack", "share", "bars", "ranking"]
    rows: tuple[str, ...]
    geos: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


class Chapter(_Record):
    """A chapter: a notebook with its parameters."""

    id: str
    title: str
    notebook: str
    parameters: dict[str, Any] = {}


class Publication(_Record):
    """A publication: what one ``build`` makes."""

    id: str
    title: str
    subtitle: str
    edition: str
    publisher: str
    geos: tuple[str, ...]
    languages: tuple[str, ...]
    formats: tuple[str, ...] = ("html", "pdf", "xlsx")
    span: int = 5
    chapters: tuple[Chapter, ...]


class _Rule(_Record):
    id: str
    title: str
    severity: Literal["error", "warning", "information"]
    dataset: str
    reference: str = ""
    where: dict[str, tuple[str, ...]] = {}


class SumRule(_Rule):
    """``total`` equals the sum of ``parts`` along one dimension."""

    kind: Literal["sum"]
    dimension: str
    total: str
    parts: tuple[str, ...]
    tolerance: float


class MembersRule(_Rule):
    """An aggregate equals the sum of its members."""

    kind: Literal["members"]
    group: str
    tolerance: float = 0.0
    relative: float = 0.0


class MarginRule(_Rule):
    """Two datasets agree where one is a margin of the other."""

    kind: Literal["margin"]
    other: str
    total: dict[str, str]
    tolerance: float = 0.0
    relative: float = 0.0


class RangeRule(_Rule):
    """Values lie between two bounds."""

    kind: Literal["range"]
    low: float
    high: float


class JumpRule(_Rule):
    """A value does not move by more than ``percent`` from one year to the next."""

    kind: Literal["jump"]
    percent: float
    floor: float = 0.0


Rule = Annotated[SumRule | MembersRule | MarginRule | RangeRule | JumpRule, Field(discriminator="kind")]


class Accepted(_Record):
    """A finding known and accepted, with the reason: it stays a note, it no longer stops."""

    rule: str
    geo: str
    time: str
    reason: str


class Language(_Record):
    """A language of publication: Babel locale, BCP 47 tag, its own name."""

    id: str
    locale: str
    tag: str
    name: str


class Declarations(_Record):
    """All that ``parameters/`` declares."""

    home: Path
    datasets: dict[str, Dataset]
    indicators: dict[str, Indicator]
    tables: dict[str, Table]
    figures: dict[str, Figure]
    publications: dict[str, Publication]
    rules: dict[str, Rule]
    accepted: tuple[Accepted, ...]
    languages: dict[str, Language]
    groups: dict[str, tuple[str, ...]]
    #: dimension -> code -> English label
    codelists: dict[str, dict[str, str]]
    #: dimension -> any known spelling of a label -> code
    spellings: dict[str, dict[str, str]]

    def indicator_ids(self, patterns: tuple[str, ...]) -> list[str]:
        """Ids that fit the patterns (``family.*``), in declared order."""
        found: list[str] = []
        for pattern in patterns:
            found += [i for i in self.indicators if i not in found and fnmatchcase(i, pattern)]
        return found

    def members(self, geo: str) -> tuple[str, ...]:
        """The countries a geo code stands for: its members, or itself."""
        return self.groups.get(geo, (geo,))

    def inputs(self, indicator: str) -> Iterator[tuple[str, str]]:
        """All (dataset, key pattern) pairs an indicator reads, through other indicators too."""
        for ref in self.indicators[indicator].inputs.values():
            if "/" in ref:
                dataset, key = ref.split("/", 1)
                yield dataset, key
            else:
                yield from self.inputs(ref)
