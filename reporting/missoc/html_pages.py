"""Saved pages of the comparative tables: HTML in whatever state, read without its scripts and without a network."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

from lxml import etree, html

from reporting.missoc import layouts
from reporting.missoc.layouts import Box, Grid
from reporting.missoc.placing import Placer

_HIDDEN = {
    "script", "style", "template", "noscript", "iframe", "object", "embed", "svg", "math", "head",
    "select", "button", "input", "textarea", "applet", "link", "meta", "base", "nav", "canvas",
    "audio", "video",
}  # fmt: skip
_BLOCKS = {"p", "div", "ul", "ol", "dl", "dd", "dt", "h1", "h2", "h3", "h4", "h5", "h6", "tr", "table", "section",
           "article", "blockquote", "pre", "address", "header", "footer", "main", "body", "form", "fieldset", "center",
           "caption", "figure", "figcaption", "aside", "details", "summary", "legend", "hr"}  # fmt: skip
_HEADINGS = {"h1", "h2", "h3", "h4", "h5", "h6", "dt", "caption", "legend", "summary", "title"}
_SITE = re.compile(r"(?<!\d)(\d{2,9})(?!\d)")
_ENDED = re.compile(r"</\s*(html|body)\s*>\s*(<!--.*?-->\s*)*\s*$", re.I | re.S)
_STARTED = re.compile(r"<\s*(html|body)\b", re.I)
#: Columns and rows that one merged cell may cover.
_SPAN = 200


def read(text: str, placer: Placer) -> None:
    """Headings, texts and grids of a page, in their order."""
    parser = html.HTMLParser(
        encoding="utf-8", no_network=True, huge_tree=True, remove_comments=True, remove_pis=True, recover=True
    )
    try:
        root = html.document_fromstring(text.encode("utf-8", "replace"), parser=parser)
    except (etree.ParserError, etree.XMLSyntaxError, ValueError, AssertionError):
        placer.doubt("error", "", "nothing in the file can be read as a page", text[:200])
        return
    if _STARTED.search(text) and not _ENDED.search(text[-2000:]):
        placer.doubt("warning", "", "the page breaks off before its end: it was not saved whole")
    _about(root, placer)
    _Page(placer).walk(root.find("body") if root.find("body") is not None else root)


def _about(root: Any, placer: Placer) -> None:
    """What a page says of itself: its language, and its edition in title and address."""
    stated = (root.get("lang") or root.get("{http://www.w3.org/XML/1998/namespace}lang") or "")[:2].lower()
    if stated in ("en", "fr", "de") and "lang" not in placer.given:
        placer.lang = stated
    for title in root.iter("title"):
        placer.title(title.text or "")
    # The address of the page itself; links to other editions count for nothing.
    for link in root.iter("link", "meta"):
        if link.get("rel") == "canonical" or link.get("property") == "og:url":
            placer.title(link.get("href") or link.get("content") or "")


class _Page:
    """A page on the way from its first to its last element."""

    def __init__(self, placer: Placer) -> None:
        self.placer = placer
        self.said: list[str] = []
        self.site = ""
        self.tables = 0

    def walk(self, body: Any) -> None:
        """Visit every element once, without recursion: pages may be nested without end."""
        stack: list[tuple[Any, bool]] = [(body, False)]
        while stack:
            node, done = stack.pop()
            if done:
                if node.tag in _BLOCKS or node.tag == "li":
                    self.flush()
            elif not isinstance(node.tag, str) or node.tag in _HIDDEN:
                pass
            elif node.tag in _HEADINGS or self._emphasised(node):
                self.flush()
                self.heading(node)
            elif node.tag == "table":
                self.flush()
                if not self.table(node):
                    stack += [(child, False) for child in reversed(list(_inner(node)))]
            else:
                self._open(node)
                stack.append((node, True))
                stack += [(child, False) for child in reversed(node)]
                continue
            if node is not body and node.tail:
                self.said.append(node.tail)
        self.flush()

    def _open(self, node: Any) -> None:
        if node.tag in _BLOCKS or node.tag == "li":
            self.flush()
        self.said.append({"br": "\n", "li": "- "}.get(node.tag, ""))
        self.said.append(node.text or "")

    def _emphasised(self, node: Any) -> bool:
        """A paragraph of which all is bold and that names a country or a table is a heading."""
        if node.tag not in ("b", "strong", "p", "a", "span", "div") or len(node) > 2:
            return False
        text = "".join(node.itertext())[:120].strip() if len(node.text or "") < 100 else ""
        catalogue = self.placer.catalogue
        return bool(text) and bool(catalogue.country(text) or (len(text) > 3 and catalogue.table(text)))

    def heading(self, node: Any) -> None:
        """A heading and the id it carries."""
        text = " ".join(rendered(node).split())
        if text:
            self.placer.heading(text, "heading")
            self.site = site_id(node)

    def flush(self) -> None:
        """A block of text has ended: it belongs to the category of the heading above it, or to nothing."""
        text, self.said = "".join(self.said).strip(), []
        if not text:
            return
        placer = self.placer
        if placer.geo and placer.table and placer.chapter:
            self._more(text)
        else:
            placer.title(text[:300])
            placer.doubt("information", "", "a text outside of tables and categories was left out", text)

    def _more(self, text: str) -> None:
        """A block under a category; further blocks go on with the same cell."""
        placer, last = self.placer, self.placer.cells[-1] if self.placer.cells else None
        if last and (last.geo, last.table, last.label) == (placer.geo, placer.table, placer.chapter):
            text = f"{placer.cells.pop().text}\n{text}"
        placer.add(placer.chapter, text, "text", site_id=self.site)

    def table(self, node: Any) -> bool:
        """A table of data; False when it only lays out the page, so that what is in it is visited."""
        self.tables += 1
        grid = Grid(_boxes(node), f"table {self.tables}")
        nested = next(node.iterdescendants("table"), None) is not None
        if nested and not _data(grid, self.placer):
            return False
        if not layouts.place(grid, self.placer):
            texts = [box.text for row in grid.rows for box in row if box.text.strip()]
            if len(texts) == 1 and len(texts[0]) < 200:
                return self.placer.heading(texts[0], grid.place) or True
            for text in texts:
                self.placer.doubt("error", grid.place, "not placed: the table has no layout that is known", text)
        return True


def _data(grid: Grid, placer: Placer) -> bool:
    """Whether a table that holds others is one of data: countries head it, or its labels are categories."""
    short = [box.text for row in list(grid.rows)[:20] for box in row if 0 < len(box.text) < 120]
    tables = [placer.table] if placer.table else list(placer.catalogue.texts.tables)
    return any(
        placer.catalogue.country(text) or any(placer.catalogue.is_category(table, text) for table in tables)
        for text in short
    )


def _inner(table: Any) -> Iterator[Any]:
    """What lies in the cells of a table that only lays out the page."""
    for row in _rows(table):
        yield from (cell for cell in row if isinstance(cell.tag, str))


def _rows(table: Any) -> list[Any]:
    own = []
    stack = list(reversed(table))
    while stack:
        node = stack.pop()
        if node.tag == "tr":
            own.append(node)
        elif node.tag in ("thead", "tbody", "tfoot", "form", "colgroup"):
            stack += list(reversed(node))
    return own


def _boxes(table: Any) -> list[list[Box]]:
    """The rows of a table with merged cells in every place they cover."""
    rows = _rows(table)
    grid: list[dict[int, Box]] = [{} for _ in rows]
    spreads = 0
    for r, row in enumerate(rows):
        column = 0
        for cell in row:
            if not isinstance(cell.tag, str) or cell.tag in _HIDDEN:
                continue
            while column in grid[r]:
                column += 1
            wide, high = _span(cell, "colspan"), min(_span(cell, "rowspan"), len(rows) - r)
            merged = wide > 1 or high > 1
            spreads += merged
            box = Box(rendered(cell).strip(), site_id(cell), spreads if merged else 0)
            for below in range(r, r + high):
                grid[below].update({column + k: box for k in range(wide) if column + k not in grid[below]})
            column += wide
    return [[found.get(c, Box()) for c in range(max(found, default=-1) + 1)] for found in grid]


def _span(cell: Any, name: str) -> int:
    stated = (cell.get(name) or "1").strip()
    return max(1, min(int(stated), _SPAN)) if stated.isdecimal() and len(stated) < 9 else 1


def site_id(node: Any) -> str:
    """The id the site gives a category or cell, from its attributes."""
    for name in ("data-topic-id", "data-topic", "data-category-id", "data-category", "data-id", "id", "name"):
        if found := _SITE.search(node.get(name) or ""):
            return found[1]
    return ""


def rendered(element: Any) -> str:
    """The text of an element: lines, list items and nested tables marked by signs, nothing of its markup."""
    said: list[str] = []
    depth = 0
    stack: list[tuple[Any, bool]] = [(element, False)]
    while stack:
        node, done = stack.pop()
        if not isinstance(node.tag, str) or node.tag in _HIDDEN:
            done = True
        elif done:
            depth -= node.tag in ("ul", "ol")
            said.append("\n" if node.tag in _BLOCKS or node.tag == "li" else "")
        else:
            depth += node.tag in ("ul", "ol")
            said += [_OPENINGS.get(node.tag, _opening)(node, element, depth), node.text or ""]
            stack.append((node, True))
            stack += [(child, False) for child in reversed(node)]
        if done and node is not element and node.tail:
            said.append(node.tail)
    return _joined(said)


def _opening(node: Any, element: Any, depth: int) -> str:
    return "\n" if node.tag in _BLOCKS and node is not element else ""


def _item(node: Any, element: Any, depth: int) -> str:
    return "\n" + "  " * min(max(depth - 1, 0), 8) + "- "


def _nested_cell(node: Any, element: Any, depth: int) -> str:
    return "" if node is element or node.getprevious() is None else " | "


_OPENINGS: dict[str, Callable[[Any, Any, int], str]] = {
    "li": _item, "td": _nested_cell, "th": _nested_cell, "br": lambda *_: "\n",
}  # fmt: skip


def _joined(said: list[str]) -> str:
    """One text: spaces of the source are nothing, the lines are those of the blocks."""
    kept = [part if part.strip(" -|") in ("\n", "", "\n\n") and "\n" in part else re.sub(r"[ \t\r\n\f]+", " ", part)
            for part in said]  # fmt: skip
    lines = [line.rstrip() for line in "".join(kept).split("\n")]
    return "\n".join(line for line in lines if line.strip(" -|"))
