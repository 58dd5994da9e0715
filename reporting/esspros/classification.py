"""The items of ESSPROS: receipts by type and by origin, expenditure, benefits by function.

Items have readable ids of our own (``ben.old.nmt.cash.per.oldage_pension``) in
``parameters/esspros/items.csv``; Eurostat's numeric codes come from a file that
the user gives (:mod:`reporting.esspros.codes`).
"""

from __future__ import annotations

import csv
import functools
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from reporting import declarations
from reporting.errors import DeclarationError

#: Functions of social protection, in their order, and the seven categories of pensions.
FUNCTIONS = ("sick", "dis", "old", "srv", "fam", "une", "hou", "excl")
PENSIONS = ("disability", "early_capacity", "old_age", "anticipated", "partial", "survivors", "early_labour")
TABLES = ("receipts", "origin", "expenditure")


@dataclass(frozen=True)
class Item:
    """A row of the questionnaire.

    ``table`` is receipts, origin or expenditure; ``function``, ``means`` (nmt, mt),
    ``kind`` (cash, kind), ``periodicity`` (per, lump) and ``pension`` describe a
    benefit; ``type`` and ``sector`` a receipt or an expenditure. What is not
    ``admissible`` is known only so that a rule can say why it may not be filled.
    """

    item: str
    parent: str
    table: str
    label: str
    function: str = ""
    means: str = ""
    kind: str = ""
    periodicity: str = ""
    type: str = ""
    sector: str = ""
    pension: str = ""
    admissible: bool = True
    code: str = ""


@dataclass(frozen=True)
class Classification:
    """All items in the order of the questionnaire, by id.

    ``doubts`` are what looks wrong in the codes that were given for them.
    """

    items: Mapping[str, Item]
    doubts: tuple[str, ...] = ()
    _children: Mapping[str, tuple[str, ...]] = field(init=False, repr=False, compare=False)
    _codes: Mapping[str, str] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        children: dict[str, list[str]] = {item: [] for item in self.items}
        for item in self.items.values():
            if item.parent:
                children[item.parent].append(item.item)
        codes = {item.code: item.item for item in self.items.values() if item.code}
        object.__setattr__(self, "_children", {name: tuple(found) for name, found in children.items()})
        object.__setattr__(self, "_codes", codes)

    def __contains__(self, item: object) -> bool:
        return item in self.items

    def __getitem__(self, item: str) -> Item:
        return self.items[item]

    def children(self, item: str) -> tuple[str, ...]:
        """The items that add up to an item."""
        return self._children.get(item, ())

    def parent(self, item: str) -> str:
        """The item that an item is part of; empty for the total of a table."""
        return self.items[item].parent

    def leaf(self, item: str) -> bool:
        """Whether an item is typed and not computed from others."""
        return not self._children.get(item)

    def leaves(self, item: str = "") -> tuple[str, ...]:
        """The elementary items below an item, or all."""
        if not item:
            return tuple(name for name in self.items if self.leaf(name))
        if self.leaf(item):
            return (item,)
        return tuple(leaf for child in self.children(item) for leaf in self.leaves(child))

    def code(self, item: str) -> str:
        """The numeric code of an item; empty where no file gave it one."""
        return self.items[item].code

    def item(self, code: str) -> str:
        """The item of a numeric code, or of an id; empty for neither."""
        code = code.strip()
        return self._codes.get(code) or (code if code in self.items else "")

    @property
    def numbered(self) -> bool:
        """Whether any item has a numeric code."""
        return bool(self._codes)

    @property
    def spellings(self) -> tuple[str, ...]:
        """What a row may be known by: numeric codes where there are any, else ids."""
        return tuple(self._codes or self.items)

    def depth(self, item: str) -> int:
        """How many items stand above an item."""
        parent = self.items[item].parent
        return 1 + self.depth(parent) if parent else 0

    def written(self) -> tuple[str, ...]:
        """The items that a questionnaire has rows for: those that may be filled."""
        return tuple(name for name, item in self.items.items() if item.admissible)

    def coded(self, codes: Mapping[str, str], doubts: Iterable[str] = ()) -> Classification:
        """The same items with numeric codes."""
        items = {name: replace(item, code=codes.get(name, "")) for name, item in self.items.items()}
        return Classification(items, tuple(doubts))


@functools.lru_cache(10_000)
def code_text(code: str) -> str:
    """A code as it is listed: ``1131111`` for ``1131111.0`` or ``1 131 111``."""
    plain = "".join(code.split())
    return plain.removesuffix(".0") if plain.removesuffix(".0").isdigit() else plain


def load(home: Path | None = None) -> Classification:
    """The items declared in ``parameters/esspros/items.csv``, without numeric codes.

    Raises
    ------
    DeclarationError
        With every line that is at fault.
    """
    return _loaded((home or declarations.home()) / "parameters" / "esspros" / "items.csv")


@functools.cache
def _loaded(path: Path) -> Classification:
    items: dict[str, Item] = {}
    faults: list[str] = []
    if not path.is_file():
        raise DeclarationError(["parameters/esspros/items.csv is missing: take it from the project again"])
    with path.open(encoding="utf-8", newline="") as file:
        for line, row in enumerate(csv.DictReader(file), 2):
            item = Item(**{**row, "admissible": row["admissible"] == "yes"})  # type: ignore[arg-type]
            faults += [f"parameters/esspros/items.csv, line {line}: {fault}" for fault in _faults(item, items)]
            items[item.item] = item
    if faults:
        raise DeclarationError(faults)
    return Classification(items)


def _faults(item: Item, before: Mapping[str, Item]) -> list[str]:
    faults = []
    if item.item in before:
        faults.append(f"the item {item.item!r} is there twice")
    if item.parent and item.parent not in before:
        faults.append(f"the parent {item.parent!r} of {item.item!r} does not stand above it")
    if item.table not in TABLES:
        faults.append(f"{item.table!r} is no table: {', '.join(TABLES)}")
    if item.function and item.function not in FUNCTIONS:
        faults.append(f"{item.function!r} is no function: {', '.join(FUNCTIONS)}")
    if item.pension and item.pension not in PENSIONS:
        faults.append(f"{item.pension!r} is no category of pensions: {', '.join(PENSIONS)}")
    return faults
