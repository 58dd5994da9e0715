"""Plain-text pages of older editions: categories to the left, their texts indented below them."""

from __future__ import annotations

import re

from reporting.missoc import recognise
from reporting.missoc.placing import Placer

_NUMBERED = re.compile(r"^\s*(?:[IVX]+-)?\d{1,2}[.)]\s+\S")
_SOURCE = re.compile(r"^(?:SOURCE|QUELLE|BRON)\s*:", re.I)
_ALONE = re.compile(r"^\s*\d{1,2}\s*$")


def read(text: str, placer: Placer) -> None:
    """The cells of a plain-text page.

    Where texts are indented, what is not indented is a chapter, what is
    indented by one a category; elsewhere the declared categories and numbered
    lines are taken for headings.
    """
    lines = text.replace("\r\n", "\n").replace("\r", "\n").expandtabs(4).split("\n")
    indented = sum(line.startswith("  ") for line in lines) >= max(1, sum(bool(x.strip()) for x in lines) // 4)
    page = _Page(placer, indented)
    for number, line in enumerate(lines, 1):
        if line.strip():
            page.line(line, f"line {number}")
    page.end()


class _Page:
    """A page being read: the chapter, the category, its lines so far."""

    def __init__(self, placer: Placer, indented: bool) -> None:
        self.placer, self.indented = placer, indented
        self.chapter, self.label, self.said, self.place = "", "", list[str](), ""

    def line(self, line: str, place: str) -> None:
        """One line: a heading or text."""
        bare = line.strip()
        if _SOURCE.match(bare) or (not self.label and not self.said and self._about(bare)):
            self._source(bare, place)
        elif self._names(line, bare):
            self.end()
            self.placer.heading(bare, place)
            self.chapter, self.label, self.placer.chapter = "", "", ""
        elif depth := self._heads(line, bare):
            self.end()
            self.chapter = bare if depth == 1 else self.chapter
            self.label = bare
        else:
            self.place = self.place or place
            self.said.append(bare)

    def _about(self, bare: str) -> bool:
        return bare.upper().startswith("MISSOC") or bool(recognise.edition(bare) and len(bare) < 80)

    def _source(self, bare: str, place: str) -> None:
        """A line on where the page comes from; it may name edition and country."""
        self.placer.title(bare)
        for part in re.split(r"[,:;()]", bare):
            if (geo := self.placer.country(part.strip(), place)) and "geo" not in self.placer.given:
                self.placer.geo = geo
                break

    def _names(self, line: str, bare: str) -> bool:
        """Whether a line names a country or a table, and no category does."""
        catalogue, words = self.placer.catalogue, bare.split()
        if line[0] == " " and self.indented or len(bare) > 90:
            return False
        if self.placer.table and catalogue.is_category(self.placer.table, bare):
            return False
        pair = len(words) > 1 and words[-1] in recognise._ROMAN and catalogue.country(" ".join(words[:-1]))
        return bool(catalogue.country(bare) or pair or catalogue.table(bare))

    def _heads(self, line: str, bare: str) -> int:
        """1 for a chapter, 2 for a category under it, 0 for text."""
        if self.indented:
            depth = len(line) - len(line.lstrip())
            return 1 if depth == 0 else 2 if depth == 1 or (depth < 4 and self._declared_numbered(line)) else 0
        if len(bare) > 120 or bare.endswith((".", ";", ",")) and not _ALONE.match(bare):
            return 0
        if self.placer.catalogue.is_category(self.placer.table, bare):
            return 2 if _NUMBERED.match(bare) else 1
        return 2 if _NUMBERED.match(bare) and not bare.endswith(":") else 0

    def _declared_numbered(self, line: str) -> bool:
        return bool(_NUMBERED.match(line)) and self.placer.catalogue.is_category(self.placer.table, line.strip())

    def end(self) -> None:
        """The category ends: its lines are a cell."""
        if self.said:
            chapter = self.chapter if self.chapter != self.label else ""
            self.placer.add(self.label, "\n".join(self.said), self.place, chapter=chapter)
        self.said, self.place = [], ""
