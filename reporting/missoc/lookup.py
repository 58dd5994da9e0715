"""Finding cells: one category in several countries, words in any of them, the newest text of each."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from reporting.declarations.texts import Texts
from reporting.errors import SourceUnavailable, UsageError
from reporting.missoc import cells, recognise
from reporting.missoc.cells import Cell
from reporting.missoc.recognise import Catalogue
from reporting.vintages import Store, day


@dataclass(frozen=True)
class Wanted:
    """Which cells: countries, tables, a category, a language; what is empty is any."""

    geos: tuple[str, ...] = ()
    tables: tuple[str, ...] = ()
    category: str = ""
    lang: str = ""

    def fits(self, cell: Cell) -> bool:
        """Whether a cell is wanted."""
        return (
            (not self.geos or cell.geo in self.geos)
            and (not self.tables or cell.table in self.tables)
            and self.category in ("", cell.category)
            and self.lang in ("", cell.lang)
        )


def wanted(catalogue: Catalogue, geos: Iterable[str] = (), tables: Iterable[str] = (), lang: str = "") -> Wanted:
    """What is asked for, with countries and tables by any of their names.

    Raises
    ------
    UsageError
        For a country or table that MISSOC does not have.
    """
    found_geos, found_tables = [], []
    for name in geos:
        if not (geo := catalogue.country(name)):
            raise UsageError(f"{name!r} is no country of MISSOC. There are: {', '.join(catalogue.texts.countries)}.")
        found_geos.append(geo)
    for name in tables:
        if not (table := catalogue.table(name)):
            raise UsageError(f"{name!r} is no table of MISSOC. There are: {', '.join(catalogue.texts.tables)}.")
        found_tables.append(table)
    if lang not in ("", "en", "fr", "de"):
        raise UsageError(f"--lang {lang}: MISSOC is published in en, fr, de.")
    return Wanted(tuple(found_geos), tuple(found_tables), "", lang)


def current(store: Store, as_of: str, asked: Wanted) -> list[Cell]:
    """The newest text of each cell that is wanted, as known on a date."""
    return [cell for cell in newest(held(store, as_of)) if asked.fits(cell)]


def category(catalogue: Catalogue, listed: Iterable[Cell], name: str) -> tuple[str, str]:
    """Table and key of the category that a name stands for: ``VI.formula``, ``VI-11``, or a label.

    Raises
    ------
    UsageError
        When no category, or categories of several tables, have that name.
    """
    table, _, key = name.partition(".")
    given = [(c.table, c.category, c.label) for c in listed]
    if table in catalogue.texts.tables and key:
        near = {k for t, k, _ in given if t == table} | {c.id for c in catalogue.texts.tables[table].categories}
        if key in near:
            return table, key
        raise UsageError(f"Table {table} has no category {key!r}. There are: {', '.join(sorted(near))}.")
    if (stated := catalogue.table_of_number(name)) and (placed := catalogue.category(stated, name)).declared:
        return stated, placed.key
    found = {(t, c.key) for t in catalogue.texts.tables if (c := catalogue.category(t, name)).declared}
    found |= {(t, k) for t, k, label in given if recognise.fold(label) == recognise.fold(name)}
    held = {(t, k) for t, k, _ in given}
    found = found & held or found
    if len(found) != 1:
        said = "stands in several tables" if found else "is no category of MISSOC"
        listed_names = ", ".join(f"{t}.{k}" for t, k in sorted(found))
        hint = f": {listed_names}" if found else ". Name it as table and category, such as VI.formula"
        raise UsageError(f"{name!r} {said}{hint}.")
    return found.pop()


def held(store: Store, as_of: str = "") -> list[Cell]:
    """All cells of the store, or an error that says how to get some.

    Raises
    ------
    SourceUnavailable
        When the store holds no edition (not later than the date).
    """
    if as_of:
        day(as_of)
    found = cells.known(store, as_of)
    if not found:
        limit = f" not later than {as_of}" if as_of else ""
        raise SourceUnavailable(f"The store holds no edition of MISSOC{limit}. Run: reporting missoc import FILE")
    return found


def newest(listed: Iterable[Cell]) -> list[Cell]:
    """The newest text of every place; one that a newer edition of its table no longer has is gone."""
    last: dict[tuple[str, str, str], str] = {}
    every = list(listed)
    for cell in every:
        of = (cell.geo, cell.table, cell.lang)
        last[of] = max(last.get(of, ""), cell.edition)
    return [cell for cell in every if cell.edition == last[cell.geo, cell.table, cell.lang]]


def search(listed: Iterable[Cell], words: str) -> list[tuple[Cell, str]]:
    """Cells whose text or label has all the words, each with a passage around the first."""
    parts = [part for part in recognise.fold(words).split() if part]
    if not parts:
        raise UsageError("Name at least one word to search for.")
    found = []
    for cell in listed:
        folded = f" {recognise.fold(cell.label)} {recognise.fold(cell.text)}"
        if all(f" {part}" in folded for part in parts):
            found.append((cell, _passage(cell.text, parts[0])))
    return found


def _passage(text: str, word: str) -> str:
    """The words around the first place where a word begins."""
    words = re.findall(r"\S+", text)
    at = next((i for i, one in enumerate(words) if recognise.fold(one).startswith(word)), 0)
    shown = words[max(0, at - 10) : at + 15]
    return ("… " if at > 10 else "") + " ".join(shown) + (" …" if at + 15 < len(words) else "")


def behind(texts: Texts, spfunc: str, listed: Iterable[Cell]) -> list[Cell]:
    """The cells that state the rules of the benefits of a function: category by category, never a whole table."""
    functions = [link.id for link in texts.links.values() if link.spfunc == spfunc]
    links = [link for link in texts.links.values() if link.id.startswith(tuple(f"{name}_" for name in functions))]
    places = dict.fromkeys(place for link in links for place in link.missoc)
    places |= dict.fromkeys(place for name in functions for place in texts.links[name].missoc if "." in place)
    at = {f"{cell.table}.{cell.category}": cell for cell in listed}
    return [at[place] for place in places if place in at]


def linked(texts: Texts, link: str, listed: Iterable[Cell]) -> list[Cell]:
    """The cells that state the rules of an ESSPROS function or benefit, in the order of its link.

    Raises
    ------
    UsageError
        When no link of that name is declared.
    """
    if link not in texts.links:
        raise UsageError(f"{link!r} has no link to MISSOC. There are: {', '.join(texts.links)}.")
    every = list(listed)
    found = []
    for place in texts.links[link].missoc:
        table, _, key = place.partition(".")
        found += [cell for cell in every if cell.table == table and key in ("", cell.category)]
    return found
