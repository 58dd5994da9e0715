"""From headings, blocks of text and grids to cells: what is placed, and what is doubtful.

Whatever the file, it comes here as a sequence of headings, blocks and grids.
The place of a text is its table, category and country; a text of which one is
not known is a doubt and is listed with its words, never dropped.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace

from reporting.missoc import recognise
from reporting.missoc.cells import UNKNOWN, Cell, clean
from reporting.missoc.recognise import Catalogue

#: Characters from which on a cell is doubted, and beyond which it is not searched for amounts.
LARGE = 200_000


@dataclass(frozen=True)
class Doubt:
    """Something in a file that a person should look at: where, what, and the words concerned."""

    severity: str  # error: not placed; warning: placed with a doubt; information
    place: str
    what: str
    text: str = ""

    @property
    def message(self) -> str:
        """One line."""
        said = " ".join(self.text.split())
        shown = f": {said[:120]}{'…' if len(said) > 120 else ''}" if said else ""
        return f"{self.severity}: {self.place}: {self.what}{shown}"


@dataclass
class Placer:
    """A file being read: where we are in it, the cells placed, the doubts."""

    catalogue: Catalogue
    source: str
    edition: str = ""
    lang: str = ""
    geo: str = ""
    table: str = ""
    chapter: str = ""
    cells: list[Cell] = field(default_factory=list)
    doubts: list[Doubt] = field(default_factory=list)
    #: What was given on the command line counts more than what the file says.
    given: frozenset[str] = frozenset()

    def doubt(self, severity: str, place: str, what: str, text: str = "") -> None:
        """Note a doubt."""
        self.doubts.append(Doubt(severity, f"{self.source}{', ' if place else ''}{place}", what, text))

    def title(self, text: str) -> None:
        """A title, an address or a name that may say the edition."""
        found = recognise.edition(text)
        if not found or found == self.edition:
            return
        if "edition" not in self.given and not self.edition:
            self.edition = found
        else:
            self.doubt("warning", "", f"the file says edition {found}; it is read as {self.edition}", text)

    def country(self, text: str, place: str = "") -> str:
        """The country a text names."""
        geo = self.catalogue.country(text)
        if geo and self.catalogue.old_code(text):
            self.doubt("information", place, f"the country code {text.strip()} is read as {geo}")
        return geo

    def heading(self, text: str, place: str = "") -> bool:
        """A heading: it may name a country, a table or an edition; else it is a chapter. Says whether it did."""
        self.title(text)
        known = False
        for part in (text, *_parts(text)):
            if geo := self.country(part, place):
                self.geo = self.geo if "geo" in self.given else geo
                known = True
            elif table := self.catalogue.table(part):
                if not (part != text and self.catalogue.is_category(self.table, text)):
                    self.table, self.chapter, known = table, "", True
            else:
                continue
            if part == text:
                break
        if not known:
            self.chapter = text
        return known

    def add(
        self, label: str, text: str, place: str, geo: str = "", site_id: str = "", chapter: str = "", **own: str
    ) -> None:
        """A text under a label: a cell when its country and table are known, else a doubt.

        ``own`` gives table, edition or language of this text where they are not those of the file.
        """
        text, label = clean(text), clean(label).replace("\n", " ")
        if not text:
            return
        geo = geo or self.geo
        table = self.catalogue.table_of_number(label) or own.get("table") or self.table
        lacking = [what for what, found in (("country", geo), ("table", table), ("category", label)) if not found]
        if lacking:
            self.doubt("error", place, f"not placed: no {' and no '.join(lacking)} is known", text)
            return
        found = self.catalogue.category(table, label, chapter)
        if len(text) > LARGE:
            self.doubt("warning", place, f"a cell of {len(text):,} characters: hardly a text of MISSOC", text[:200])
        if "[... truncated]" in text or text.endswith("[truncated]"):
            self.doubt("warning", place, "the text breaks off", text[-80:])
        edition, lang = own.get("edition", ""), own.get("lang", "")
        self.cells.append(Cell(edition, geo, table, found.key, lang, found.label, found.number, site_id, text))

    def finish(self) -> None:
        """Settle language and edition of all cells, and cells given twice."""
        said = "\n".join(f"{cell.label}\n{cell.text}" for cell in self.cells[:2000])
        lang = self.lang or recognise.language(said)
        if self.cells and not self.edition and any(not cell.edition for cell in self.cells):
            return
        if self.cells and not lang:
            self.doubt("warning", "", "the language cannot be told: read as en; --lang says which")
            lang = "en"
        self.lang = lang
        settled = [replace(c, lang=c.lang or lang, edition=c.edition or self.edition) for c in self.cells]
        self.cells = self._once(settled)
        for table, label in dict.fromkeys((c.table, c.label) for c in self.cells if c.category.startswith(UNKNOWN)):
            self.doubt("information", "", f"table {table} has no declared category of this name; kept as it is", label)

    def _once(self, cells: list[Cell]) -> list[Cell]:
        """Each place once: the same text twice is one cell, another text is kept under its own label or a number."""
        kept: dict[tuple[str, ...], Cell] = {}
        #: Places and texts that are there, and how many texts of a place have a number.
        texts: set[tuple[str, ...]] = set()
        numbers: Counter[tuple[str, ...]] = Counter()
        for cell in cells:
            place = (cell.edition, *cell.key)
            first, own = kept.get(place), cell
            if (*place, cell.text) in texts:
                continue
            texts.add((*place, cell.text))
            if first:
                own = self._beside(cell, first, kept, numbers)
            kept[own.edition, *own.key] = own
        return list(kept.values())

    def _beside(
        self, cell: Cell, first: Cell, kept: dict[tuple[str, ...], Cell], numbers: Counter[tuple[str, ...]]
    ) -> Cell:
        """Another text for a place that is taken: under its own label where that differs, else numbered and doubted."""
        base = f"{UNKNOWN}{recognise.fold(cell.label).replace(' ', '_')}"[:120]
        place = (cell.edition, cell.geo, cell.table, base, cell.lang)
        if first.label != cell.label and place not in kept:
            return replace(cell, category=base)
        numbers[place] += 1
        own = replace(cell, category=f"{base}#{numbers[place] + 1}")
        self.doubt("warning", cell.place, f"a second text for one place, kept as {own.category}", cell.text)
        return own


def _parts(text: str) -> list[str]:
    """A heading such as ``Belgium V`` or ``Belgium: Old age`` in its parts."""
    found = [part.strip() for part in recognise._PARTS.split(text) if part.strip()]
    words = text.split()
    if len(words) > 1 and words[-1] in recognise._ROMAN:
        found += [" ".join(words[:-1]), words[-1]]
    return found if len(found) > 1 else []
