"""The structure a transmission must have, as the collector's own SDMX-ML files give it.

Read through sdmx1 into frozen records: components in their order, the codes
bound to each, and what a content constraint admits.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from reporting import files
from reporting.errors import SourceUnreadable, UsageError
from reporting.sources import structures

Role = Literal["dimension", "time", "measure", "attribute"]
Level = Literal["observation", "series", "group", "dataset"]

_ROOT = re.compile(rb"<(?:[\w.-]+:)?Structure[\s>]")
_VERSION = re.compile(rb"/schemas/v(\d_\d)/message")
_REFERENCE = re.compile(r"(?:(?P<agency>[\w.-]+):)?(?P<id>[\w@$-]+)(?:\((?P<version>[\w.+*-]+)\))?")


@dataclass(frozen=True)
class Component:
    """A dimension, the measure or an attribute of a structure.

    ``codes`` is empty where there is no code list; ``of`` names the dimensions an
    attribute of series or groups belongs to.
    """

    id: str
    role: Role
    codes: tuple[str, ...] = ()
    codelist: str = ""
    mandatory: bool = True
    level: Level = "observation"
    of: tuple[str, ...] = ()
    group: str = ""
    kind: str = ""
    longest: int | None = None
    pattern: str = ""


@dataclass(frozen=True)
class Region:
    """A part of the cube that a constraint admits, or shuts out.

    ``codes`` gives a component's codes, ``spans`` the first and last year of the
    time dimension.
    """

    included: bool
    codes: Mapping[str, frozenset[str]]
    spans: tuple[tuple[int | None, int | None], ...] = ()


@dataclass(frozen=True)
class Structure:
    """A data structure definition with its code lists and constraints."""

    agency: str
    id: str
    version: str
    components: tuple[Component, ...]
    flows: tuple[str, ...] = ()
    regions: tuple[Region, ...] = ()
    unread: tuple[str, ...] = ()
    groups: tuple[tuple[str, tuple[str, ...]], ...] = ()

    @property
    def name(self) -> str:
        """Agency, id and version, as SDMX writes them."""
        return f"{self.agency}:{self.id}({self.version})"

    @property
    def dimensions(self) -> tuple[Component, ...]:
        """The dimensions of the key in their order, time left out."""
        return tuple(c for c in self.components if c.role == "dimension")

    @property
    def attributes(self) -> tuple[Component, ...]:
        """The attributes in their order."""
        return tuple(c for c in self.components if c.role == "attribute")

    @property
    def time(self) -> str:
        """The id of the time dimension; empty where there is none."""
        return next((c.id for c in self.components if c.role == "time"), "")

    @property
    def measure(self) -> str:
        """The id of the primary measure; empty where there is none."""
        return next((c.id for c in self.components if c.role == "measure"), "")

    def component(self, name: str) -> Component | None:
        """The component of that id."""
        return next((c for c in self.components if c.id == name), None)

    def has(self, names: Iterable[str]) -> str:
        """The first of the names that is a component; empty where none is."""
        return next((name for name in names if self.component(name)), "")


def read(paths: Iterable[Path]) -> tuple[Structure, ...]:
    """The structures in files, each with the code lists of all of them.

    Raises
    ------
    UsageError
        When there is no such file, or a code list is in none of them.
    SourceUnreadable
        When a file is no SDMX-ML 2.1 structure message, or has entities.
    """
    contents = [(path.name, files.received(path)) for path in paths]
    for name, content in contents:
        _refuse(content, name)
    parts = _Parts()
    for name, content in contents:
        with structures.opened(content, name) as message:
            parts.take(message)
    if not parts.found:
        raise UsageError(f"{', '.join(name for name, _ in contents)}: no data structure definition (DSD) is in it.")
    return tuple(parts.completed(structure) for structure in parts.found)


class _Parts:
    """What several messages have, each of which may refer to what another has."""

    def __init__(self) -> None:
        self.found: dict[Structure, None] = {}
        self.lists: dict[str, tuple[str, ...]] = {}
        self.flows: dict[str, str] = {}
        self.constraints: list[tuple[frozenset[str], tuple[Region, ...], str]] = []

    def take(self, message: Any) -> None:
        """Take in what a message has, and not what it only refers to."""
        full = {_urn(codes): tuple(code.id for code in codes) for codes in message.codelist.values()}
        self.lists |= {name: codes for name, codes in full.items() if codes}
        whole = [d for d in message.structure.values() if len(d.dimensions.components) and not d.is_external_reference]
        self.found |= dict.fromkeys(map(_structure, whole))
        self.flows |= {_urn(flow): _urn(flow.structure) for flow in message.dataflow.values() if flow.structure}
        self.constraints += map(_constraint, message.constraint.values())

    def completed(self, structure: Structure) -> Structure:
        """The structure with code lists from other files, its dataflows, and the constraints attached to either."""
        flows = tuple(flow for flow, of in self.flows.items() if of == structure.name)
        own = {structure.name, *flows}
        attached = [(regions, unread) for places, regions, unread in self.constraints if not places or places & own]
        return replace(
            structure,
            components=tuple(_filled(component, self.lists, structure) for component in structure.components),
            flows=flows,
            regions=tuple(region for regions, _ in attached for region in regions),
            unread=tuple(unread for _, unread in attached if unread),
        )


def _refuse(content: bytes, name: str) -> None:
    """What is no structure message is told by what it is."""
    if content.startswith(b"PK"):
        raise SourceUnreadable(f"{name}: a ZIP archive or workbook. Unpack it and name the SDMX-ML file in it.")
    if content.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\0" in content:
        raise SourceUnreadable(f"{name}: not UTF-8 text. Save the structure message as UTF-8.")
    if not content.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<"):
        raise SourceUnreadable(f"{name}: not XML. Give the DSD as SDMX-ML 2.1.")
    version = _VERSION.search(content[:20_000])
    if version is None or not _ROOT.search(content[:20_000]):
        raise SourceUnreadable(f"{name}: XML, but no SDMX-ML structure message. Give the DSD as SDMX-ML 2.1.")
    if version[1] != b"2_1":
        said = version[1].decode().replace("_", ".")
        raise SourceUnreadable(f"{name}: a structure message of SDMX-ML {said}. Give the DSD as SDMX-ML 2.1.")


def _structure(definition: Any) -> Structure:
    dimensions = sorted(definition.dimensions.components, key=_position)
    components = [*map(_dimension, dimensions), *(_measure(m) for m in definition.measures.components)]
    groups = {group.id: tuple(d.id for d in group.components) for group in definition.group_dimensions.values()}
    return Structure(
        agency=definition.maintainer.id if definition.maintainer else "",
        id=definition.id,
        version=str(definition.version or "1.0"),
        components=(*components, *(_attribute(a, dimensions, groups) for a in definition.attributes.components)),
        groups=tuple(groups.items()),
    )


def _position(dimension: Any) -> tuple[bool, int]:
    """Time comes last, whatever its position."""
    return type(dimension).__name__ == "TimeDimension", dimension.order if isinstance(dimension.order, int) else 0


def _dimension(dimension: Any) -> Component:
    role: Role = "time" if type(dimension).__name__ == "TimeDimension" else "dimension"
    return Component(dimension.id, role, **_represented(dimension))


def _measure(measure: Any) -> Component:
    return Component(measure.id, "measure", **_represented(measure))


def _attribute(attribute: Any, dimensions: list[Any], groups: Mapping[str, tuple[str, ...]]) -> Component:
    related = attribute.related_to
    group = getattr(related, "group_key", None)
    of = groups[group.id] if group else tuple(d.id for d in getattr(related, "dimensions", ()) or ())
    timed = any(type(d).__name__ == "TimeDimension" and d.id in of for d in dimensions)
    kind = related.__name__ if isinstance(related, type) else type(related).__name__
    level: Level = "dataset"
    if kind == "PrimaryMeasureRelationship" or timed:
        level = "observation"
    elif group or of:
        level = "group" if group else "series"
    return Component(
        attribute.id, "attribute", level=level, of=of, group=group.id if group else "",
        mandatory=getattr(attribute.usage_status, "name", "") == "mandatory", **_represented(attribute),
    )  # fmt: skip


def _represented(component: Any) -> dict[str, Any]:
    """How values are written: the component's own representation, else its concept's."""
    holders = (component.local_representation, getattr(component.concept_identity, "core_representation", None))
    for holder in filter(None, holders):
        if holder.enumerated is not None:
            return {"codes": tuple(code.id for code in holder.enumerated), "codelist": _urn(holder.enumerated)}
        if holder.non_enumerated:
            facet = holder.non_enumerated[0]
            limit = facet.type.max_length
            return {
                "kind": facet.value_type.name if facet.value_type else "",
                "longest": int(limit) if limit is not None else None,
                "pattern": facet.type.pattern or "",
            }
    return {}


def _urn(thing: Any) -> str:
    agency = thing.maintainer.id if thing.maintainer else ""
    return f"{agency}:{thing.id}({thing.version or '1.0'})"


def _constraint(constraint: Any) -> tuple[frozenset[str], tuple[Region, ...], str]:
    """What a constraint is attached to, what it admits, and what of it is not read."""
    attached = frozenset(_urn(thing) for thing in constraint.content)
    role = getattr(getattr(constraint.role, "role", None), "name", "")
    if role not in ("", "allowable"):
        return attached, (), ""
    unread = f"{constraint.id}: its sets of keys" if constraint.data_content_keys else ""
    return attached, tuple(map(_region, constraint.data_content_region)), unread


def _region(region: Any) -> Region:
    codes: dict[str, frozenset[str]] = {}
    spans: list[tuple[int | None, int | None]] = []
    for dimension, selection in region.member.items():
        values = list(selection.values)
        codes[dimension.id] = frozenset(str(value.value) for value in values if hasattr(value, "value"))
        spans += [_span(value) for value in values if not hasattr(value, "value")]
    codes = {name: listed for name, listed in codes.items() if listed}
    return Region(str(region.included).lower() == "true", codes, tuple(spans))


def _span(period: Any) -> tuple[int | None, int | None]:
    """The first and last year of a range; sdmx1 gives its ends as dates."""
    start, end = getattr(period, "start", None), getattr(period, "end", None)
    return (start.period.year if start else None, end.period.year if end else None)


def _filled(component: Component, lists: Mapping[str, tuple[str, ...]], structure: Structure) -> Component:
    if not component.codelist or component.codes:
        return component
    codes = lists.get(component.codelist, ())
    if not codes:
        raise UsageError(
            f"The code list {component.codelist} of {component.id} in {structure.name} is in none of the files: "
            "give it with another --dsd, or ask for the structure with references=descendants."
        )
    return replace(component, codes=codes)


def chosen(structures: Iterable[Structure], stated: str) -> Iterator[Structure]:
    """The structures that a reference fits; agency and version may be left out of it."""
    wanted = _REFERENCE.fullmatch(stated.strip().rpartition("=")[2])
    for structure in structures:
        if wanted and all(
            said in (None, known)
            for said, known in zip(
                wanted.group("agency", "id", "version"),
                (structure.agency, structure.id, structure.version),
                strict=True,
            )
        ):
            yield structure
