"""What Quarto's Markdown adds to pandoc's: numbered floats, equations, callouts."""

from __future__ import annotations

import re
from dataclasses import dataclass

from reporting.publications import tree
from reporting.publications.tree import Node

_FLOATS = ("tbl", "fig")
_EQUATION = re.compile(r"^{#(eq-[\w.-]+)}$")
_CALLOUT = re.compile(r"^callout-(note|tip|important|warning|caution)$")
_ALT = ("fig-alt", "alt")


@dataclass(frozen=True)
class Float:
    """A table or figure: its body and its caption."""

    id: str
    kind: str
    body: list[Node]
    caption: list[Node]


def as_float(node: Node) -> Float | None:
    """Return the table or figure a block is, if it is one with an id."""
    if node["t"] not in ("Div", "Figure", "Table"):
        return None
    name = tree.attributes(node)[0]
    kind = name.partition("-")[0]
    if kind not in _FLOATS or name == kind:
        return None
    content = node["c"]
    if node["t"] == "Div":
        last = content[1][-1] if content[1] else None
        if last is None or last["t"] not in ("Para", "Plain"):
            return Float(name, kind, content[1], [])
        return Float(name, kind, content[1][:-1], last["c"])
    caption = [inline for part in content[1][1] if part["t"] in ("Para", "Plain") for inline in part["c"]]
    if node["t"] == "Figure":
        return Float(name, kind, content[2], caption)
    bare = {"t": "Table", "c": [["", [], []], [None, []], *content[2:]]}
    return Float(name, kind, [bare], caption)


def equation(node: Node) -> str:
    """Return the id of a paragraph that is a numbered equation."""
    last = node["c"][-1] if node["c"] else None
    found = _EQUATION.match(last["c"]) if last and last["t"] == "Str" else None
    return found[1] if found else ""


def callout(node: Node) -> tuple[str, str, list[Node]] | None:
    """Kind, own title if any, and blocks of a callout; ``None`` for anything else."""
    if node["t"] != "Div":
        return None
    (_, classes, pairs), blocks = node["c"]
    kind = next((name[1] for c in classes if (name := _CALLOUT.match(c))), "")
    if not kind:
        return None
    title = dict(pairs).get("title", "")
    if not title and blocks and blocks[0]["t"] == "Header":
        title, blocks = tree.text_of(blocks[0]["c"][2]), blocks[1:]
    return kind, title, blocks


def alternative(node: Node) -> str:
    """Return the alternative text of an image; by default its caption."""
    _, inlines, _ = node["c"]
    pairs = dict(tree.attributes(node)[2])
    return next((pairs[key] for key in _ALT if key in pairs), tree.text_of(inlines))


def image(node: Node) -> Node:
    """Return an image with its alternative text where pandoc's HTML writer looks for it."""
    (name, classes, pairs), _, address = node["c"]
    kept = [pair for pair in pairs if pair[0] not in _ALT]
    return {"t": "Image", "c": [[name, classes, [*kept, ["alt", alternative(node)]]], [], [address[0], ""]]}
