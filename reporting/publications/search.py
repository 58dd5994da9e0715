"""What the search of the HTML edition finds: sections, tables and figures."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape

from reporting.publications import tree
from reporting.publications.blocks import Float, as_float
from reporting.publications.document import Document, Page
from reporting.publications.tree import Node

_HEADS = re.compile(r"<th\b[^>]*>(.*?)</th>", re.DOTALL)
_TAG = re.compile(r"<[^>]+>")


def index(document: Document) -> list[dict[str, str]]:
    """One entry for each section, table and figure: kind, address, title and text."""
    return [entry for page in document.pages for entry in _entries(page, document)]


def _entries(page: Page, document: Document) -> Iterator[dict[str, str]]:
    title = " ".join(filter(None, (page.number, tree.text_of(page.title))))
    section = {"kind": "sec", "href": page.html, "title": title, "text": ""}
    floats: list[dict[str, str]] = []
    for block in page.blocks:
        if block["t"] == "Header":
            yield section
            target = document.targets[tree.attributes(block)[0]]
            name = " ".join(filter(None, (target.number, target.title)))
            section = {"kind": "sec", "href": f"{page.html}#{target.id}", "title": name, "text": ""}
        elif found := as_float(block):
            floats.append(_float(found, document))
        else:
            section["text"] = " ".join(filter(None, (section["text"], tree.text_of([block]))))
    yield section
    yield from floats


def _float(found: Float, document: Document) -> dict[str, str]:
    target = document.targets[found.id]
    text = " ".join(_words(node) for node in found.body)
    title = f"{target.label}{document.delimiter} {target.title}"
    return {"kind": found.kind, "href": f"{target.page}#{target.id}", "title": title, "text": text.strip()}


def _words(node: Node) -> str:
    """Return the labels of a raw table; the text of anything else."""
    if node["t"] != "RawBlock":
        return tree.text_of([node])
    heads = _HEADS.findall(node["c"][1]) if node["c"][0] == "html" else []
    return " ".join(unescape(_TAG.sub("", head)) for head in heads)
