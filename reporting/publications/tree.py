"""Pandoc's document tree as plain JSON: conversion, walking, building."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterator, Sequence
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any

import pypandoc

from reporting.errors import RenderingFailed

Node = dict[str, Any]

#: What Quarto's Markdown means to pandoc.
MARKDOWN = "markdown+table_attributes-implicit_header_references"


def convert(
    texts: Sequence[str], source: str, target: str, folder: Path, bibliography: Sequence[str] = (), **style: str
) -> list[str]:
    """Convert many texts in one pandoc process.

    Parameters
    ----------
    texts : sequence of str
    source, target : str
        Pandoc's formats.
    folder : Path
        Where the texts' files lie; pandoc runs there.
    bibliography : sequence of str
        Files; where given, citations are resolved.
    **style : str
        ``lang`` and ``csl`` of the bibliography.
    """
    task = {"texts": list(texts), "bibliography": list(bibliography), "csl": "", **style}
    with as_file(files("reporting.publications") / "assets" / "convert.lua") as script:
        command = [pypandoc.get_pandoc_path(), "lua", str(script), source, target]
        done = subprocess.run(command, input=json.dumps(task).encode(), cwd=folder, capture_output=True, check=False)
    if done.returncode:
        words = done.stderr.decode(errors="replace").strip()
        raise RenderingFailed(f"pandoc could not convert the chapters in {folder} from {source} to {target}:\n{words}")
    result: list[str] = json.loads(done.stdout)
    return result


def nodes(tree: Any) -> Iterator[Node]:
    """All nodes, in the order of the text."""
    if isinstance(tree, list):
        for item in tree:
            yield from nodes(item)
    elif isinstance(tree, dict):
        if "t" in tree:
            yield tree
        for value in tree.values():
            yield from nodes(value)


def mapped(tree: Any, change: Callable[[Node], list[Node] | None]) -> Any:
    """Return the tree with nodes replaced, inner ones first; ``None`` keeps a node."""
    if isinstance(tree, list):
        result: list[Any] = []
        for item in tree:
            done = mapped(item, change)
            new = change(done) if isinstance(done, dict) and "t" in done else None
            result.extend([done] if new is None else new)
        return result
    if isinstance(tree, dict):
        return {key: mapped(value, change) for key, value in tree.items()}
    return tree


def text_of(tree: Any) -> str:
    """Return the text a reader sees; spaces, breaks and ends of blocks become one space."""
    parts: list[str] = []
    for node in nodes(tree):
        match node["t"]:
            case "Str":
                parts.append(node["c"])
            case "Space" | "SoftBreak" | "LineBreak" | "Para" | "Plain" | "Header":
                parts.append(" ")
            case "Code" | "CodeBlock" | "Math":
                parts.append(node["c"][1])
    return " ".join("".join(parts).split(" ")).strip()


def attributes(node: Node) -> list[Any]:
    """Id, classes and key-value pairs of a node that has them."""
    place = 1 if node["t"] == "Header" else 0
    result: list[Any] = node["c"][place]
    return result


def string(text: str) -> Node:
    """Return a piece of text that is not broken."""
    return {"t": "Str", "c": text}


def raw(kind: str, text: str) -> Node:
    """Inline markup of an output format."""
    return {"t": "RawInline", "c": [kind, text]}


def raw_block(kind: str, text: str) -> Node:
    """Return a block of an output format's markup."""
    return {"t": "RawBlock", "c": [kind, text]}


def block(*inlines: Node) -> Node:
    """Inlines as a block without the spacing of a paragraph."""
    return {"t": "Plain", "c": list(inlines)}


def link(inlines: list[Node], target: str, *classes: str) -> Node:
    """Return a link."""
    return {"t": "Link", "c": [["", list(classes), []], inlines, [target, ""]]}
