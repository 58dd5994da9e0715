"""What declarations say of one another: every name they use must be declared, and fit."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from graphlib import CycleError, TopologicalSorter
from typing import Any

from reporting.declarations import formulas
from reporting.declarations.profiles import AnyProfile, Profile
from reporting.declarations.records import (
    Declarations,
    Figure,
    Indicator,
    MarginRule,
    MembersRule,
    Publication,
    Rule,
    SumRule,
    Table,
    series,
)

#: Section, id, what is wrong.
Fault = tuple[str, str, str]
#: Parameters that a build gives to every notebook; a chapter has no say in them.
_GIVEN = ("geo", "lang", "as_of", "store")


def faults(d: Declarations) -> Iterator[Fault]:
    """References to what is not declared, cycles, and entries that do not fit what they refer to."""
    checks: tuple[tuple[str, dict[str, Any], Callable[[Any, Declarations], Iterator[str]]], ...] = (
        ("indicators", d.indicators, _indicator),
        ("tables", d.tables, _table),
        ("figures", d.figures, _shown),
        ("rules", d.rules, _rule),
        ("publications", d.publications, _publication),
        ("profiles", d.profiles, _profile),
    )
    for section, entries, check in checks:
        for entry in entries.values():
            yield from ((section, entry.id, what) for what in check(entry, d))
    yield from _cycles(d)
    for accepted in d.accepted:
        if accepted.rule not in d.rules:
            yield "rules", "accepted", f"undeclared rule {accepted.rule!r}"
        yield from (("rules", "accepted", what) for what in _geos([accepted.geo], d))
    for name in {*d.reliability.precision, *d.reliability.precision_regions} - d.measures.keys():
        yield "reliability", "precision", f"undeclared measure {name!r}"
    yield from _texts(d)


def _texts(d: Declarations) -> Iterator[Fault]:
    """Categories declared twice, links to what MISSOC does not have."""
    known = set(d.missoc.tables)
    for table in d.missoc.tables.values():
        ids = [f"{table.id}.{category.id}" for category in table.categories]
        known |= set(ids)
        yield from (("missoc", table.id, f"category {name!r} stands twice") for name in set(ids) if ids.count(name) > 1)
    prices = d.missoc.prices
    for name in (*prices.exchange.values(), *([prices.hicp.indicator] if prices.hicp else [])):
        if name not in d.indicators:
            yield "missoc", "series", f"undeclared indicator {name!r}"
    for link in d.missoc.links.values():
        yield from (("missoc_links", link.id, f"MISSOC has no {name!r}") for name in link.missoc if name not in known)
        if link.spfunc and link.spfunc not in d.codelists.get("spfunc", {}):
            yield "missoc_links", link.id, f"unknown function {link.spfunc!r}"


def _indicator(item: Indicator, d: Declarations) -> Iterator[str]:
    yield from formulas.faults(item.formula, item.inputs)
    for ref in item.inputs.values():
        if "/" not in ref and ref not in d.indicators:
            yield f"input names an undeclared indicator {ref!r}"
        for dataset, key in series(ref):
            if dataset not in d.datasets:
                yield f"input names an undeclared dataset {dataset!r}"
            elif key.count(".") + 1 != len(d.datasets[dataset].dimensions):
                yield f"key {key!r} does not have the positions {'.'.join(d.datasets[dataset].dimensions)}"


def _cycles(d: Declarations) -> Iterator[Fault]:
    graph = {i.id: [ref for ref in i.inputs.values() if "/" not in ref] for i in d.indicators.values()}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        cycle = error.args[1]
        yield "indicators", cycle[0], f"cycle: {' -> '.join(cycle)}"


def _shown(entry: Table | Figure, d: Declarations) -> Iterator[str]:
    for pattern in entry.rows:
        if not d.indicator_ids((pattern,)):
            yield f"no indicator fits {pattern!r}"
    yield from _geos(entry.geos, d)


def _geos(geos: Iterable[str], d: Declarations) -> Iterator[str]:
    known = d.codelists.get("geo", {})
    for geo in geos:
        if geo.startswith("@") and geo[1:] not in d.groups:
            yield f"unknown group of countries {geo[1:]!r}"
        elif not geo.startswith("@") and geo != "=" and geo not in known:
            yield f"unknown country {geo!r}"


def _table(table: Table, d: Declarations) -> Iterator[str]:
    yield from _shown(table, d)
    ids = d.indicator_ids(table.rows)
    if table.by == "geo" and len(ids) > 1:
        yield f"a table by country shows one indicator, not {len(ids)}"
    for dimension in table.across or ():
        for name in ids:
            if dimension not in d.indicators[name].codes:
                yield f"across: {name} has no code for {dimension!r}"


def _rule(rule: Rule, d: Declarations) -> Iterator[str]:
    undeclared = [name for name in (rule.dataset, getattr(rule, "other", "")) if name and name not in d.datasets]
    if undeclared:
        yield from (f"undeclared dataset {name!r}" for name in undeclared)
        return
    dimensions = d.datasets[rule.dataset].dimensions
    yield from _within(rule.where, "where", rule.dataset, dimensions)
    match rule:
        case SumRule():
            yield from _within([rule.dimension], "dimension", rule.dataset, dimensions)
        case MembersRule() if rule.group not in d.groups:
            yield f"unknown group of countries {rule.group!r}"
        case MarginRule():
            others = d.datasets[rule.other].dimensions
            yield from _within(rule.total, "total", rule.other, others)
            free = {x for x in others if x not in dimensions and x not in rule.total}
            free |= {x for x in dimensions if x not in others and len(rule.where.get(x, ())) != 1}
            for dimension in sorted(free):
                yield f"dimension {dimension!r} is in one of the two datasets only: fix its code in total or where"


def _within(names: Iterable[str], key: str, dataset: str, dimensions: tuple[str, ...]) -> Iterator[str]:
    for name in names:
        if name not in dimensions:
            yield f"{key}: {dataset} has no dimension {name!r}, it has {', '.join(dimensions)}"


def _publication(publication: Publication, d: Declarations) -> Iterator[str]:
    for language in publication.languages:
        if language not in d.languages:
            yield f"undeclared language {language!r}"
    yield from _geos((geo for geo in publication.geos if geo != "EU27"), d)
    ids = [chapter.id for chapter in publication.chapters]
    yield from (f"duplicate chapter {name!r}" for name in sorted({name for name in ids if ids.count(name) > 1}))
    for chapter in publication.chapters:
        if not (d.home / "notebooks" / chapter.notebook).is_file():
            yield f"chapter {chapter.id}: no notebook {chapter.notebook!r}"
        for name in _GIVEN:
            if name in chapter.parameters:
                yield f"chapter {chapter.id}: the parameter {name!r} is given by the build, not by a chapter"
        for kind, known in (("tables", d.tables), ("figures", d.figures)):
            named = chapter.parameters.get(kind, [])
            if not isinstance(named, list):
                yield f"chapter {chapter.id}: {kind} is not a list"
                continue
            yield from (f"chapter {chapter.id}: undeclared {kind[:-1]} {name!r}" for name in named if name not in known)


def _profile(profile: AnyProfile, d: Declarations) -> Iterator[str]:
    if profile.countries not in d.groups:
        yield f"countries: unknown group of countries {profile.countries!r}"
    else:
        minimum = profile.years.minimum if isinstance(profile, Profile) else profile.minimum
        if minimum > len(d.groups[profile.countries]):
            yield f"minimum: {profile.countries} has no {minimum} countries"
    yield from _geos(profile.aggregates, d)
