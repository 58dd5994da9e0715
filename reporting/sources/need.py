"""What the declarations need of each dataset, as one key to ask for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from reporting.declarations import Dataset, Declarations, MarginRule, MembersRule, Rule, SumRule, series

#: Codes by dimension; a dimension that is absent is open.
Codes = dict[str, tuple[str, ...]]


@dataclass(frozen=True)
class Need:
    """The codes one declaration names of a dataset; ``by`` is its section and id."""

    dataset: str
    by: str
    codes: Codes


@dataclass(frozen=True)
class Request:
    """What is asked of a dataset: codes by dimension (none: open), and who names each code."""

    dataset: Dataset
    codes: Codes
    named: dict[str, dict[str, str]]

    @property
    def key(self) -> str:
        """The SDMX key pattern; empty for the whole dataset."""
        return key_of(self.dataset, self.codes)


def key_of(dataset: Dataset, codes: Codes) -> str:
    """The key pattern of codes by dimension; empty when all are open."""
    pattern = ".".join("+".join(codes.get(dimension, ())) for dimension in dataset.dimensions)
    return pattern if pattern.strip(".") else ""


def needs(declarations: Declarations) -> Iterator[Need]:
    """What each indicator and each rule needs."""
    for indicator in declarations.indicators.values():
        for dataset, key in (pair for reference in indicator.inputs.values() for pair in series(reference)):
            parts = zip(declarations.datasets[dataset].dimensions, key.split("."), strict=True)
            codes = {dimension: tuple(part.split("+")) for dimension, part in parts if part}
            yield Need(dataset, f"indicators {indicator.id}", codes)
    for rule in declarations.rules.values():
        yield from _of_rule(rule, declarations)


def _of_rule(rule: Rule, declarations: Declarations) -> Iterator[Need]:
    by = f"rules {rule.id}"
    codes: Codes = dict(rule.where)
    match rule:
        case SumRule():
            codes[rule.dimension] = (rule.total, *rule.parts)
        case MembersRule():
            codes["geo"] = (rule.group, *declarations.members(rule.group))
        case MarginRule():
            shared = declarations.datasets[rule.other].dimensions
            other = {d: c for d, c in rule.where.items() if d in shared}
            yield Need(rule.other, by, other | {d: (c,) for d, c in rule.total.items()})
    yield Need(rule.dataset, by, codes)


def requests(declarations: Declarations, names: Iterable[str] = (), whole: bool = False) -> list[Request]:
    """One request for each dataset needed, or for each one named.

    Parameters
    ----------
    names : iterable of str
        Datasets; none for all that some indicator or rule needs and that are
        still disseminated. One that nothing needs is asked for whole.
    whole : bool
        Ask for whole datasets, whatever is needed of them.
    """
    found: dict[str, list[Need]] = {}
    for need in needs(declarations):
        found.setdefault(need.dataset, []).append(need)
    current = (name for name, dataset in declarations.datasets.items() if name in found and not dataset.ended)
    wanted = list(dict.fromkeys(names)) or list(current)
    return [united(declarations.datasets[name], found.get(name, []), whole) for name in wanted]


def united(dataset: Dataset, found: list[Need], whole: bool = False) -> Request:
    """One request for all that is needed of a dataset; a dimension that one need leaves open is open."""
    named: dict[str, dict[str, str]] = {}
    for need in found:
        for dimension, codes in need.codes.items():
            for code in codes:
                named.setdefault(dimension, {}).setdefault(code, need.by)
    closed = [d for d in dataset.dimensions if found and not whole and all(d in need.codes for need in found)]
    return Request(dataset, {d: tuple(sorted(named[d])) for d in closed}, named)


def fitting(dataset: Dataset, codes: Codes, room: int) -> Codes:
    """Codes whose key is no longer than there is room; the longest position is opened until it fits."""
    while len(key_of(dataset, codes)) > room and codes:
        longest = max(codes, key=lambda d: len("+".join(codes[d])))
        codes = {d: c for d, c in codes.items() if d != longest}
    return codes


def parts(dataset: Dataset, codes: Codes, listed: dict[str, tuple[str, ...]], room: int) -> list[Codes]:
    """A request cut in parts along the dimension with most codes whose parts fit; empty when it cannot be cut.

    Parameters
    ----------
    codes : Codes
        What is asked for.
    listed : dict
        All codes of each dimension, for those that are open.
    room : int
        How long a key may be.
    """
    choices = {d: codes.get(d) or listed.get(d, ()) for d in dataset.dimensions}
    for dimension in sorted(choices, key=lambda d: -len(choices[d])):
        all_codes = choices[dimension]
        half = (len(all_codes) + 1) // 2
        cut = [codes | {dimension: piece} for piece in (all_codes[:half], all_codes[half:]) if piece]
        if len(cut) > 1 and all(len(key_of(dataset, one)) <= room for one in cut):
            return cut
    return _chunks(dataset, codes, choices, room)


def _chunks(dataset: Dataset, codes: Codes, choices: Codes, room: int) -> list[Codes]:
    """More than two parts, where halves of no dimension fit into a key."""
    many = {d: c for d, c in choices.items() if len(c) > 1}
    if not many:
        return []
    dimension = min(many, key=lambda d: len("+".join(many[d])))
    rest = len(key_of(dataset, {d: c for d, c in codes.items() if d != dimension} | {dimension: ("",)}))
    size = max(1, (room - rest) // (max(map(len, many[dimension])) + 1))
    pieces = [many[dimension][at : at + size] for at in range(0, len(many[dimension]), size)]
    return [codes | {dimension: piece} for piece in pieces] if len(pieces) > 1 else []
