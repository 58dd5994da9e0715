"""The HTML edition: one page for each chapter, a cover, no request to any network."""

from __future__ import annotations

import json
import shutil
from functools import partial
from html import escape
from pathlib import Path
from string import Template

from reporting.labels import Words
from reporting.publications import search, tree
from reporting.publications.blocks import Float, as_float, callout, equation, image
from reporting.publications.document import Document, Page, Target
from reporting.publications.stage import asset
from reporting.publications.tree import Node

_STATIC = ("tables.css", "book.css", "book.js")


def write(document: Document, words: Words, folder: Path, pdf: bool) -> Path:
    """Write all pages and what they need.

    Parameters
    ----------
    document : Document
    words : Words
        The vocabulary of the interface.
    folder : Path
        Where the pages go.
    pdf : bool
        Whether the cover offers the PDF beside it.

    Returns
    -------
    Path
        The cover.
    """
    (folder / "assets").mkdir(parents=True, exist_ok=True)
    for name in _STATIC:
        _save(folder / "assets" / name, asset(name))
    if (document.folder / "figures").is_dir():
        shutil.copytree(document.folder / "figures", folder / "figures", dirs_exist_ok=True)
    entries = json.dumps(search.index(document), ensure_ascii=False, separators=(",", ":"))
    _save(folder / "assets" / "search-index.js", f"window.searchIndex = {entries};\n")
    bodies = _bodies(document)
    for place, page in enumerate(document.pages):
        body = _cover(document, words, bodies[0], pdf) if place == 0 else _chapter(page, bodies[place])
        _save(folder / page.html, _page(document, words, place, body))
    return folder / "index.html"


def _bodies(document: Document) -> list[str]:
    texts = []
    for page in document.pages:
        blocks = tree.mapped(page.blocks, partial(_changed, page=page, document=document))
        texts.append(document.json(blocks))
    return tree.convert(texts, "json", "html", document.folder)


def _changed(node: Node, page: Page, document: Document) -> list[Node] | None:
    """Return a node as the HTML edition shows it; ``None`` where it stays."""
    if found := as_float(node):
        return _figure(found, document)
    match node["t"]:
        case "Header":
            return [_heading(node, page, document)]
        case "Image":
            return [image(node)]
        case "Link":
            return [_link(node, page, document)]
        case "Div":
            return _callout(node, document)
        case "Para" | "Plain" if name := equation(node):
            number = f'<span class="equation" id="{name}">({document.targets[name].number})</span>'
            return [{"t": "Para", "c": [*node["c"][:-1], tree.raw("html", number)]}]
    return None


def _figure(found: Float, document: Document) -> list[Node]:
    """Return a table below its caption, or a figure above it."""
    target = document.targets[found.id]
    label = f'<span class="label">{escape(target.label)}</span>'
    head = [tree.raw("html", f'<figcaption id="{found.id}-caption">{label}'), tree.string(document.delimiter)]
    caption = tree.block(*head, {"t": "Space"}, *found.caption, tree.raw("html", "</figcaption>"))
    body = [_labelled(part, found.id) for part in found.body]
    inside = [caption, *body] if found.kind == "tbl" else [*body, caption]
    opening = tree.raw_block("html", f'<figure class="{found.kind}" id="{found.id}">')
    return [opening, *inside, tree.raw_block("html", "</figure>")]


def _labelled(node: Node, name: str) -> Node:
    """Return a raw table, its caption named as its label."""
    if node["t"] == "RawBlock" and node["c"][0] == "html":
        return tree.raw_block("html", node["c"][1].replace("<table ", f'<table aria-labelledby="{name}-caption" ', 1))
    return node


def _heading(node: Node, page: Page, document: Document) -> Node:
    level, attributes, inlines = node["c"]
    number = document.targets[attributes[0]].number if attributes[0] in document.targets else ""
    if number:
        inlines = [tree.raw("html", f'<span class="number">{number}</span> '), *inlines]
    deeper = min(level + (page is document.pages[0]), 6)
    return {"t": "Header", "c": [deeper, attributes, inlines]}


def _link(node: Node, page: Page, document: Document) -> Node:
    """Return a link with the page of its target where that is another one."""
    attributes, inlines, (address, title) = node["c"]
    target = document.targets.get(address[1:]) if address.startswith("#") else None
    if target and target.page != page.html:
        address = target.page if target.kind == "ch" else target.page + address
    return {"t": "Link", "c": [attributes, inlines, [address, title]]}


def _callout(node: Node, document: Document) -> list[Node] | None:
    if (found := callout(node)) is None:
        return None
    kind, title, blocks = found
    title = title or document.word(f"callout-{kind}-title") or kind.capitalize()
    opening = f'<div class="callout {kind}" role="note"><p class="callout-title">{escape(title)}</p>'
    return [tree.raw_block("html", opening), *blocks, tree.raw_block("html", "</div>")]


def _chapter(page: Page, body: str) -> str:
    number = f'<span class="number">{page.number}</span> ' if page.number else ""
    return f"<h1>{number}{escape(tree.text_of(page.title))}</h1>\n{body}"


def _cover(document: Document, words: Words, body: str, pdf: bool) -> str:
    about = {key: escape(str(value)) for key, value in document.about.items()}
    download = escape(words.text("Download as PDF"))
    offer = f'<p class="offer"><a href="{about["stem"]}.pdf">{download}</a></p>' if pdf else ""
    subtitle = f'<p class="subtitle">{about["subtitle"]}</p>' if about["subtitle"] else ""
    lists = "".join(
        _listing(title, document.listed(kind)) for title, kind in ((about["tables"], "tbl"), (about["figures"], "fig"))
    )
    return (
        f'<div class="cover"><p class="geo">{about["geo"]}</p><h1>{about["title"]}</h1>{subtitle}'
        f'<p class="imprint">{about["publisher"]}<br>{about["edition"]}<br>{about["date-text"]}</p>{offer}</div>\n'
        f"<h2>{about['contents']}</h2>\n{_contents(document)}\n{lists}\n"
        f"<h2>{escape(tree.text_of(document.pages[0].title))}</h2>\n{body}"
    )


def _contents(document: Document) -> str:
    items = []
    for page in document.pages[1:]:
        inner = "".join(f"<li>{_entry(t, '')}</li>" for t in _sections(document, page))
        items.append(f"<li>{_entry(_title(page), '')}{f'<ol>{inner}</ol>' if inner else ''}</li>")
    return f'<ol class="contents">{"".join(items)}</ol>'


def _title(page: Page) -> Target:
    return Target("", "ch", page.number, "", page.html, tree.text_of(page.title))


def _sections(document: Document, page: Page) -> list[Target]:
    """Return the sections of the second level of a page."""
    own = (target for target in document.targets.values() if target.kind == "sec" and target.page == page.html)
    return [target for target in own if target.number.count(".") == 1]


def _entry(target: Target, current: str) -> str:
    number = f'<span class="number">{target.number}</span> ' if target.number else ""
    mark = ' aria-current="page"' if target.page == current and not target.id else ""
    address = f"{target.page}#{target.id}" if target.id else target.page
    return f'<a href="{escape(address)}"{mark}>{number}<span>{escape(target.title)}</span></a>'


def _listing(title: str, targets: list[Target]) -> str:
    if not targets:
        return ""
    items = "".join(
        f'<li><a href="{t.page}#{t.id}"><span class="label">{escape(t.label)}</span> '
        f"<span>{escape(t.title)}</span></a></li>"
        for t in targets
    )
    return f'<h2>{escape(title)}</h2>\n<ul class="listing">{items}</ul>'


def _sidebar(document: Document, current: Page) -> str:
    items = []
    for page in document.pages:
        target = _title(page) if page.number or page is not document.pages[0] else _home(document)
        inner = "".join(f"<li>{_entry(t, '')}</li>" for t in _sections(document, page)) if page is current else ""
        items.append(f"<li>{_entry(target, current.html)}{f'<ol>{inner}</ol>' if inner else ''}</li>")
    return f"<ol>{''.join(items)}</ol>"


def _home(document: Document) -> Target:
    return Target("", "ch", "", "", "index.html", document.about["contents"])


def _neighbour(document: Document, place: int, word: str, relation: str) -> str:
    if not 0 <= place < len(document.pages):
        return ""
    page = document.pages[place]
    title = tree.text_of(page.title) if place else document.about["contents"]
    return f'<a rel="{relation}" href="{page.html}"><span>{escape(word)}</span> {escape(title)}</a>'


def _page(document: Document, words: Words, place: int, body: str) -> str:
    page = document.pages[place]
    about = {f"about_{key.replace('-', '_')}": escape(str(value)) for key, value in document.about.items()}
    interface = {
        "skip": words.text("Skip to content"),
        "menu": words.text("Menu"),
        "search": words.text("Search"),
        "count": words.text("Results: {count}"),
        "none": words.text("No results"),
        "navigation": words.text("Contents"),
        "neighbours": words.text("Previous and next chapter"),
    }
    chapter = f"{tree.text_of(page.title)} – " if place else ""
    return Template(asset("page.html")).substitute(
        about,
        **{key: escape(value) for key, value in interface.items()},
        lang=escape(str(document.settings["lang"])),
        heading=escape(chapter),
        sidebar=_sidebar(document, page),
        previous=_neighbour(document, place - 1, words.text("Previous"), "prev"),
        next=_neighbour(document, place + 1, words.text("Next"), "next"),
        body=body,
        kind="chapter" if place else "front",
    )


def _save(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8", newline="\n")
