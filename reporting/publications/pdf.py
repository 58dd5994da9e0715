"""The PDF edition: pandoc writes Typst, Typst writes tagged PDF (PDF/UA-1)."""

from __future__ import annotations

import importlib.util
import re
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import typst

from reporting.errors import RenderingFailed
from reporting.publications import tree
from reporting.publications.blocks import Float, alternative, as_float, callout, equation
from reporting.publications.document import Document, Page
from reporting.publications.stage import asset
from reporting.publications.tree import Node

_LENGTH = re.compile(r"\d+(\.\d+)?(%|pt|mm|cm|in|em)")

SOURCE = "book.typ"
_PAIRS = ("title", "subtitle", "publisher", "edition", "geo", "contents", "tables", "figures")


def write(document: Document, path: Path) -> Path:
    """Write the book as PDF; the Typst source stays beside the chapters.

    Raises
    ------
    RenderingFailed
        With Typst's words and the name of the source.
    """
    source = document.folder / SOURCE
    source.write_text(_source(document), encoding="utf-8", newline="\n")
    stamp = datetime.fromisoformat(document.about["date"]).replace(tzinfo=UTC)
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        typst.compile(
            source,
            output=path,
            root=document.folder,
            font_paths=_fonts(),
            ignore_system_fonts=True,
            pdf_standards=["ua-1"],
            timestamp=stamp,
        )
    except RuntimeError as error:
        words = getattr(error, "diagnostic", None) or str(error)
        raise RenderingFailed(f"Typst could not make a PDF of {source}:\n{words}") from error
    return path


def _fonts() -> list[Path]:
    """Matplotlib's fonts, for the words inside figures; Typst brings those of the text."""
    found = importlib.util.find_spec("matplotlib")
    places = found.submodule_search_locations if found else None
    return [Path(place) / "mpl-data" / "fonts" / "ttf" for place in places or []]


def _source(document: Document) -> str:
    texts = []
    for page in document.pages:
        blocks = tree.mapped(page.blocks, partial(_changed, document=document))
        texts.append(document.json([_title(page, document), *blocks]))
    body = "\n\n".join(tree.convert(texts, "json", "typst-citations", document.folder))
    return "\n".join([asset("typst-template.typ"), _paper(document), _show(document), "", body, ""])


def _show(document: Document) -> str:
    about = document.about
    language, _, region = str(document.settings["lang"]).partition("-")
    given = {name: str(about[name]) for name in _PAIRS}
    given |= {"date": str(about["date-text"]), "stamp": str(about["date"]), "lang": language}
    options = document.settings.get("format", {}).get("typst", {})
    lines = [f"  {name}: {quoted(value)}," for name, value in given.items()]
    lines += [f"  region: {quoted(region)},"] if region else []
    lines += [f"  delimiter: {quoted(document.delimiter)},", f"  depth: {int(options.get('toc-depth', 2))},"]
    return "\n".join(["#show: publication.with(", *lines, ")"])


def _title(page: Page, document: Document) -> Node:
    """Return the heading of a chapter, with the id that references use."""
    name = next((t.id for t in document.targets.values() if t.kind == "ch" and t.page == page.html), "")
    return {"t": "Header", "c": [1, [name, [] if page.number else ["unnumbered"], []], page.title]}


def _changed(node: Node, document: Document) -> list[Node] | None:
    """Return a node as Typst needs it; ``None`` where it stays."""
    if found := as_float(node):
        return _figure(found, document)
    if notice := callout(node):
        kind, title, blocks = notice
        title = title or document.word(f"callout-{kind}-title") or kind.capitalize()
        opening = f"#callout(kind: {quoted(kind)}, title: {quoted(title)}, body: ["
        return [tree.raw_block("typst", opening), *blocks, tree.raw_block("typst", "])")]
    match node["t"]:
        case "Image":
            return [_image(node)]
        case "Math":
            setting = tree.raw("typst", f"#[#set math.equation(alt: {quoted(node['c'][1])})\n")
            return [setting, node, tree.raw("typst", "]")]
        case "Para" | "Plain" if name := equation(node):
            number = document.targets[name].number
            head = tree.raw("typst", f"#[#set math.equation(numbering: _ => {quoted(f'({number})')})\n")
            return [{"t": "Para", "c": [head, *node["c"][:-1], tree.raw("typst", f"]<{name}>")]}]
    return None


def _figure(found: Float, document: Document) -> list[Node]:
    """Return a figure in the shape Quarto gives it, so that one template serves both."""
    target = document.targets[found.id]
    position = "top" if found.kind == "tbl" else "bottom"
    opening = f"#figure(kind: {quoted(f'quarto-float-{found.kind}')}, supplement: {quoted(target.name)}, "
    opening += f"caption: figure.caption(position: {position}, ["
    head = tree.block(tree.raw("typst", opening), *found.caption, tree.raw("typst", "]))["))
    return [head, *found.body, tree.raw_block("typst", f"]<{found.id}>")]


def _image(node: Node) -> Node:
    """Return an image with alternative text, which pandoc's Typst writer leaves out."""
    width = dict(tree.attributes(node)[2]).get("width", "")
    size = f", width: {width}" if _LENGTH.fullmatch(width) else ""
    return tree.raw("typst", f"#box(image({quoted(node['c'][2][0])}, alt: {quoted(alternative(node))}{size}))")


def quoted(text: str) -> str:
    """Return a Typst string literal."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", " ") + '"'


def _paper(document: Document) -> str:
    """Page size and margins as the project's settings give them."""
    options = document.settings.get("format", {}).get("typst", {})
    margin = ", ".join(f"{side}: {length}" for side, length in options.get("margin", {}).items())
    setting = f", margin: ({margin})" if margin else ""
    return f"#set page(paper: {quoted(str(options.get('papersize', 'a4')))}{setting})"
