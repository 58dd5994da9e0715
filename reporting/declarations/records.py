"""The records of what is declared: frozen, and refusing unknown keys."""

from __future__ import annotations

from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from reporting import reads
from reporting.declarations.base import Name, Number, Text, Tolerance
from reporting.declarations.base import Record as _Record
from reporting.declarations.collections import CellRule
from reporting.declarations.profiles import AnyProfile
from reporting.declarations.texts import Texts


class Dataset(_Record):
    """A provider's table and its structure.

    ``fixed`` gives the codes of dimensions that a file may leave out, ``flow``
    the provider's own name for the dataset where it is not the id.
    """

    id: Name
    title: Text
    dimensions: tuple[Text, ...]
    provider: str = "Eurostat"
    flow: Annotated[str, Field(pattern=r"^[\w.@,-]*$")] = ""
    fixed: dict[str, str] = {}
    aliases: tuple[str, ...] = ()
    acknowledgement: str = "Source: Eurostat"
    note: str = ""
    #: The day from which the provider no longer gives the dataset in this structure.
    ended: Annotated[str, Field(pattern=r"^(\d{4}-\d{2}-\d{2})?$")] = ""

    @model_validator(mode="after")
    def _sound(self) -> Self:
        if "geo" not in self.dimensions or len(set(self.dimensions)) < len(self.dimensions):
            raise ValueError("dimensions: geo once, and no dimension twice")
        if strange := sorted(set(self.fixed) - set(self.dimensions)):
            raise ValueError(f"fixed: {', '.join(strange)} is no dimension of the dataset")
        return self


class Provider(_Record):
    """Who disseminates datasets, where, and how much may be asked at a time.

    ``columns`` and ``flags`` give Eurostat's name for what the provider calls
    otherwise; ``sdmx`` is the provider's id in sdmx1.
    """

    id: Name
    name: Text
    base_url: Annotated[str, Field(pattern=r"^https?://[^\s?#]+[^\s?#/]$")]
    agency: Text
    sdmx: Text
    protocol: Literal["dissemination", "sdmx"]
    format: Literal["csv", "xml"] = "csv"
    requests: Annotated[int, Field(strict=True, ge=1, le=10)]
    rows: Annotated[int, Field(strict=True, ge=1)]
    bytes: Annotated[int, Field(strict=True, ge=1)]
    columns: dict[str, str] = {}
    flags: dict[str, str] = {}
    note: str = ""


class Move(_Record):
    """A dataset or a dimension that a provider replaced, and by what."""

    dataset: str = ""
    dimension: str = ""
    to: Annotated[tuple[str, ...], Field(min_length=1)]
    note: str = ""

    @model_validator(mode="after")
    def _one_thing(self) -> Self:
        if bool(self.dataset) == bool(self.dimension):
            raise ValueError("dataset or dimension: give one of the two")
        return self


def series(ref: str) -> list[tuple[str, str]]:
    """The (dataset, key pattern) pairs of an input; none where it names an indicator.

    A series that goes on under another structure is written ``old/KEY then new/KEY``.
    """
    if "/" not in ref:
        return []
    pairs = (part.partition("/") for part in ref.split(" then "))
    return [(dataset.strip(), key.strip()) for dataset, _, key in pairs]


class Indicator(_Record):
    """A formula over series, with the facts a reader needs.

    ``codes`` holds the codes of the family member (empty outside a family).
    ``label`` may name a dimension in braces; it then shows that code's label.
    """

    id: str
    family: str
    label: Text
    unit: Text
    inputs: Annotated[dict[str, str], Field(min_length=1)]
    formula: Annotated[str, Field(max_length=300)]
    codes: dict[str, str] = {}
    decimals: Annotated[int, Field(strict=True, ge=0, le=10)] = 1
    direction: Literal["high", "low", "neutral"] = "neutral"
    reference: str = ""
    aggregate: Literal["", "sum"] = ""
    #: Whether a change over a span of years makes sense: not for balances and for changes themselves.
    spans: bool = True


class Table(_Record):
    """A table of a publication: which indicators, laid out how."""

    id: Name
    title: Text
    rows: Annotated[tuple[str, ...], Field(min_length=1)]
    by: Literal["time", "geo", "cross"] = "time"
    geos: tuple[str, ...] = ()
    across: tuple[str, str] | None = None
    notes: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _laid_out(self) -> Self:
        if (self.by == "cross") != (self.across is not None):
            raise ValueError('across: two dimensions, in a table by = "cross" and only there')
        if (self.by == "geo") != bool(self.geos):
            raise ValueError('geos: at least one, in a table by = "geo" and only there')
        return self


class Figure(_Record):
    """A figure of a publication."""

    id: Name
    title: Text
    kind: Literal["lines", "stack", "share", "bars", "ranking"]
    rows: Annotated[tuple[str, ...], Field(min_length=1)]
    geos: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


class Chapter(_Record):
    """A chapter: a notebook with its parameters."""

    id: Name
    title: Text
    notebook: str
    parameters: dict[str, Any] = {}


class Publication(_Record):
    """A publication: what one ``build`` makes."""

    id: Name
    title: Text
    subtitle: str
    edition: Name
    publisher: str
    geos: Annotated[tuple[str, ...], Field(min_length=1)]
    languages: Annotated[tuple[str, ...], Field(min_length=1)]
    formats: Annotated[tuple[Literal["html", "pdf", "xlsx"], ...], Field(min_length=1)] = ("html", "pdf", "xlsx")
    span: Annotated[int, Field(strict=True, ge=1, le=100)] = 5
    chapters: Annotated[tuple[Chapter, ...], Field(min_length=1)]


class _Rule(_Record):
    id: str
    title: Text
    severity: Literal["error", "warning", "information"]
    dataset: str
    reference: str = ""
    where: dict[str, Annotated[tuple[str, ...], Field(min_length=1)]] = {}


class SumRule(_Rule):
    """``total`` equals the sum of ``parts`` along one dimension."""

    kind: Literal["sum"]
    dimension: str
    total: str
    parts: Annotated[tuple[str, ...], Field(min_length=1)]
    tolerance: Tolerance

    @model_validator(mode="after")
    def _each_once(self) -> Self:
        if len({self.total, *self.parts}) <= len(self.parts):
            raise ValueError("total and parts: no code twice")
        return self


class MembersRule(_Rule):
    """An aggregate equals the sum of its members."""

    kind: Literal["members"]
    group: str
    tolerance: Tolerance = 0.0
    relative: Tolerance = 0.0


class MarginRule(_Rule):
    """Two datasets agree where one is a margin of the other."""

    kind: Literal["margin"]
    other: str
    total: dict[str, str]
    tolerance: Tolerance = 0.0
    relative: Tolerance = 0.0


class RangeRule(_Rule):
    """Values lie between two bounds."""

    kind: Literal["range"]
    low: Number
    high: Number

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.low > self.high:
            raise ValueError("low is above high")
        return self


class JumpRule(_Rule):
    """A value does not move by more than ``percent`` from one year to the next."""

    kind: Literal["jump"]
    percent: Tolerance
    floor: Tolerance = 0.0


Rule = Annotated[SumRule | MembersRule | MarginRule | RangeRule | JumpRule, Field(discriminator="kind")]


class Accepted(_Record):
    """A finding known and accepted, with the reason: it stays a note, it no longer stops."""

    rule: str
    geo: str
    time: str
    reason: Text


class Measure(_Record):
    """An indicator computed from microdata: a function of ``reporting.silc`` with its arguments.

    ``needs`` names the variables of the person table besides income that it reads.
    """

    id: Name
    title: Text
    unit: Text
    function: Text
    arguments: dict[str, Any] = {}
    needs: tuple[str, ...] = ()
    table: str = ""
    reference: str = ""
    decimals: Annotated[int, Field(strict=True, ge=0, le=10)] = 1
    #: Whether the categories of a breakdown add up to the total, so that one hidden cell can be found from the others.
    additive: bool = False
    #: Whether only the value of the whole population has a meaning.
    national: bool = False


class Requirement(_Record):
    """A precision requirement: f(N) = a * sqrt(N) + b households, N the private households in millions."""

    a: Annotated[float, Field(ge=0)]
    b: Annotated[float, Field(ge=0)]


class Reliability(_Record):
    """When an estimate from microdata is published, with or without the flag ``u``, and how precise it must be.

    ``precision`` holds requirements on national rates, ``precision_regions``
    those on the rates of NUTS 2 regions, by measure.
    """

    hidden_below: Annotated[int, Field(strict=True, ge=0)] = 20
    unreliable_below: Annotated[int, Field(strict=True, ge=0)] = 50
    hidden_nonresponse: Tolerance = 50.0
    unreliable_nonresponse: Tolerance = 20.0
    precision: dict[Name, Requirement] = {}
    precision_regions: dict[Name, Requirement] = {}

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.hidden_below > self.unreliable_below or self.unreliable_nonresponse > self.hidden_nonresponse:
            raise ValueError("what is hidden is also unreliable: the bounds are in the wrong order")
        return self


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
    providers: dict[str, Provider] = {}
    moves: tuple[Move, ...] = ()
    indicators: dict[str, Indicator]
    tables: dict[str, Table]
    figures: dict[str, Figure]
    publications: dict[str, Publication]
    rules: dict[str, Rule]
    accepted: tuple[Accepted, ...]
    languages: dict[str, Language]
    groups: dict[str, tuple[str, ...]]
    measures: dict[str, Measure] = {}
    reliability: Reliability = Reliability()
    #: collection -> rule -> what is declared of it
    collections: dict[str, dict[str, CellRule]] = {}
    missoc: Texts = Texts()
    profiles: dict[str, AnyProfile] = {}
    #: dimension -> code -> English label
    codelists: dict[str, dict[str, str]]
    #: dimension -> any known spelling of a label -> code
    spellings: dict[str, dict[str, str]]

    def provider_of(self, dataset: str) -> Provider | None:
        """The provider a dataset can be fetched from; None where figures come as files only."""
        name = self.datasets[dataset].provider
        return next((p for p in self.providers.values() if name in (p.id, p.name)), None)

    def indicator_ids(self, patterns: tuple[str, ...]) -> list[str]:
        """Ids that fit the patterns (``family.*``), in declared order."""
        found: list[str] = []
        with reads.covered():
            for pattern in patterns:
                found += [i for i in self.indicators if i not in found and fnmatchcase(i, pattern)]
        reads.asked(("ids", *patterns), found)
        return found

    def members(self, geo: str) -> tuple[str, ...]:
        """The countries a geo code stands for: its members, or itself."""
        return self.groups.get(geo, (geo,))

    def inputs(self, indicator: str) -> Iterator[tuple[str, str]]:
        """All (dataset, key pattern) pairs an indicator reads, through other indicators too."""
        for ref in self.indicators[indicator].inputs.values():
            yield from series(ref) or self.inputs(ref)
