"""A staged project read and numbered, the same for every output format.

Numbers are those of Quarto's books: chapters 1, 2, …; sections 1.1; tables,
figures and equations counted within each chapter.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import yaml

from reporting.errors import RenderingFailed
from reporting.publications import tree
from reporting.publications.blocks import as_float, equation
from reporting.publications.tree import Node

_REFERENCE = re.compile(r"^(tbl|fig|sec|eq)-", re.IGNORECASE)


@dataclass(frozen=True)
class Target:
    """Something a cross reference can point at."""

    id: str
    kind: str
    number: str
    name: str
    page: str
    title: str

    @property
    def label(self) -> str:
        """As the text names it: ``Tableau 2.1``."""
        return f"{self.name}\N{NO-BREAK SPACE}{self.number}" if self.number else self.title


@dataclass
class Page:
    """A chapter: its file, title, number and blocks; the title stands outside the blocks."""

    name: str
    title: list[Node]
    number: str
    blocks: list[Node]

    @property
    def html(self) -> str:
        """Its file name in the HTML edition."""
        return f"{self.name}.html"


@dataclass
class Document:
    """A book ready to be written: settings, pages, and all targets by id."""

    folder: Path
    settings: dict[str, Any]
    version: list[int]
    pages: list[Page] = field(default_factory=list)
    targets: dict[str, Target] = field(default_factory=dict)

    @property
    def about(self) -> dict[str, str]:
        """What the covers say."""
        about: dict[str, str] = self.settings["publication"]
        return about

    def word(self, name: str) -> str:
        """Return a word of the renderer that the project sets."""
        return str(self.settings.get("language", {}).get(name, ""))

    @property
    def delimiter(self) -> str:
        """What stands between a number and a caption."""
        return str(self.settings.get("crossref", {}).get("title-delim", ":"))

    def json(self, blocks: list[Node]) -> str:
        """Blocks as a document that pandoc reads."""
        return json.dumps({"pandoc-api-version": self.version, "meta": {}, "blocks": blocks})

    def listed(self, kind: str) -> list[Target]:
        """All tables (``tbl``) or figures (``fig``), in order."""
        return [target for target in self.targets.values() if target.kind == kind]


def read(folder: Path) -> Document:
    """Read a staged project, number it and resolve its references.

    Raises
    ------
    RenderingFailed
        When a chapter is missing, an id is used twice or a reference names nothing.
    """
    settings = _settings(folder)
    names = [str(name) for name in settings["book"]["chapters"]]
    texts = [_text(folder / name) for name in names]
    trees = [json.loads(text) for text in tree.convert(texts, tree.MARKDOWN, "json", folder)]
    document = Document(folder, settings, trees[0]["pandoc-api-version"])
    seen: set[str] = set()
    for name, parsed in zip(names, trees, strict=True):
        document.pages.append(_page(name, _distinct(parsed["blocks"], Path(name).stem, seen), document))
    for page in document.pages:
        _number(page, document)
    for page in document.pages:
        page.blocks = tree.mapped(page.blocks, partial(_resolved, page=page, document=document))
    if settings.get("bibliography"):
        _cite(document)
    return document


def _settings(folder: Path) -> dict[str, Any]:
    path = folder / "_quarto.yml"
    try:
        settings: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, yaml.YAMLError) as error:
        raise RenderingFailed(f"{path} cannot be read: {error}") from error
    return settings


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise RenderingFailed(f"{path}, a chapter named in _quarto.yml, cannot be read: {error.strerror}.") from error


def _distinct(blocks: list[Node], stem: str, seen: set[str]) -> list[Node]:
    """Blocks whose headings have ids that no earlier chapter uses."""
    own = {tree.attributes(n)[0] for n in tree.nodes(blocks) if n["t"] == "Header"}
    new = {name: f"{stem}-{name}" for name in own if name in seen and not _REFERENCE.match(name)}
    seen |= own
    for node in tree.nodes(blocks):
        if node["t"] == "Header":
            node["c"][1][0] = new.get(node["c"][1][0], node["c"][1][0])
        elif node["t"] == "Link" and node["c"][2][0].startswith("#"):
            node["c"][2][0] = "#" + new.get(node["c"][2][0][1:], node["c"][2][0][1:])
    return blocks


def _page(name: str, blocks: list[Node], document: Document) -> Page:
    """Return a chapter, its first heading taken as the title."""
    if not blocks or blocks[0]["t"] != "Header" or blocks[0]["c"][0] != 1:
        raise RenderingFailed(f"{document.folder / name} does not begin with a heading of the first level.")
    level, (identifier, classes, _), title = blocks[0]["c"]
    earlier = sum(1 for page in document.pages if page.number)
    number = "" if "unnumbered" in classes else str(earlier + level)
    page = Page(Path(name).stem, title, number, blocks[1:])
    prefix = document.word("crossref-ch-prefix")
    _add(Target(identifier, "ch", number, prefix, page.html, tree.text_of(title)), document)
    return page


def _add(target: Target, document: Document) -> None:
    if target.id in document.targets:
        pages = f"{document.targets[target.id].page} and {target.page}"
        raise RenderingFailed(f"{document.folder}: the id {target.id!r} is used twice, in {pages}: rename one.")
    if target.id:
        document.targets[target.id] = target


def _number(page: Page, document: Document) -> None:
    """Give numbers to the sections, tables, figures and equations of a page."""
    counts: Counter[str] = Counter()
    sections: list[int] = []
    names = {"sec-title": document.word("crossref-sec-prefix")}
    names |= document.settings.get("crossref", {})
    for node in tree.nodes(page.blocks):
        kind, name, title = _numbered(node)
        if not kind:
            continue
        if kind == "sec":
            number = _section(node, sections, page)
        else:
            counts[kind] += 1
            number = f"{page.number}.{counts[kind]}" if page.number else str(counts[kind])
        _add(Target(name, kind, number, str(names.get(f"{kind}-title", kind)), page.html, title), document)


def _numbered(node: Node) -> tuple[str, str, str]:
    """Kind, id and title of a node that gets a number; empty for any other."""
    if node["t"] == "Header":
        return "sec", tree.attributes(node)[0], tree.text_of(node["c"][2])
    if found := as_float(node):
        return found.kind, found.id, tree.text_of(found.caption)
    if node["t"] in ("Para", "Plain") and (name := equation(node)):
        return "eq", name, ""
    return "", "", ""


def _section(node: Node, sections: list[int], page: Page) -> str:
    """Return the number of a section; ``sections`` holds the counts of its level and those above."""
    level, (_, classes, _), _ = node["c"]
    if "unnumbered" in classes or not page.number or level < 2:
        return ""
    depth = level - 1
    sections[:] = [*sections[:depth], *[0] * (depth - len(sections))]
    sections[-1] += 1
    return ".".join([page.number, *map(str, sections)])


def _resolved(node: Node, page: Page, document: Document) -> list[Node] | None:
    """Links in place of a cross reference; ``None`` for anything else."""
    if node["t"] == "Link" and ".qmd" in node["c"][2][0]:
        address, _, anchor = node["c"][2][0].partition("#")
        title = next((t.id for t in document.targets.values() if t.page == address.replace(".qmd", ".html")), "")
        return [tree.link(node["c"][1], f"#{anchor or title}")]
    if node["t"] != "Cite" or not all(_REFERENCE.match(c["citationId"]) for c in node["c"][0]):
        return None
    result: list[Node] = []
    for citation in node["c"][0]:
        result += [tree.string(","), {"t": "Space"}] if result else []
        result += _reference(citation, page, document)
    return result


def _reference(citation: dict[str, Any], page: Page, document: Document) -> list[Node]:
    name = citation["citationId"]
    target = document.targets.get(name) or document.targets.get(name[0].lower() + name[1:])
    if target is None:
        where = document.folder / f"{page.name}.qmd"
        raise RenderingFailed(f"{where}: the reference @{name} names nothing in this book: correct it.")
    if citation["citationMode"]["t"] == "SuppressAuthor":
        return [tree.link([tree.string(target.number)], f"#{target.id}", "reference")]
    if prefix := citation["citationPrefix"]:
        return [*prefix, tree.string("\N{NO-BREAK SPACE}"), tree.link([tree.string(target.number)], f"#{target.id}")]
    return [tree.link([tree.string(target.label)], f"#{target.id}", "reference")]


def _cite(document: Document) -> None:
    """Resolve citations of the whole book at once, so that they share one bibliography."""
    wrapped = [{"t": "Div", "c": [["", ["page"], []], page.blocks]} for page in document.pages]
    settings = document.settings
    style = {"lang": str(settings["lang"]), "csl": str(settings.get("csl", ""))}
    text = document.json(wrapped)
    [done] = tree.convert([text], "json", "json", document.folder, settings["bibliography"], **style)
    for page, part in zip(document.pages, json.loads(done)["blocks"], strict=False):
        page.blocks = part["c"][1]
        for node in tree.nodes(page.blocks):
            if node["t"] == "Div" and tree.attributes(node)[0].startswith("ref-"):
                _add(Target(tree.attributes(node)[0], "ref", "", "", page.html, ""), document)
