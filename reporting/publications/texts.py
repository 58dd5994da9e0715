"""The texts of a finished publication, from its executed notebooks: sentences, captions, notes."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from html import unescape
from itertools import zip_longest

import nbformat

from reporting.errors import UsageError
from reporting.publications.record import Record
from reporting.tables import MEDIA_TYPE, Table

_TYPST = re.compile(r"^(`{3,})\{=typst\}\n.*?\n\1$", re.DOTALL | re.MULTILINE)
_FENCE = re.compile(r"^(`{3,}(\{=html\})?|:::.*)$", re.MULTILINE)
_TAG = re.compile(r"(?<!\\)<[^>]+>")
_BLOCK = re.compile(r"</(p|tr|div|table)>")
_ESCAPE = re.compile(r"\\(?=[\\`*_{}\[\]<>#|$@^~:])")


@dataclass(frozen=True)
class Chapter:
    """A chapter: its texts in order, and its tables with columns computed from a row."""

    id: str
    lines: tuple[str, ...]
    tables: tuple[Table, ...]


@dataclass(frozen=True)
class Change:
    """A text that differs; empty where there is none."""

    chapter: str
    before: str
    after: str


def chapters(run: Record) -> tuple[Chapter, ...]:
    """The chapters of a publication, in the order of the record's tables.

    Raises
    ------
    UsageError
        When an executed notebook is not as the run left it.
    """
    by = {table["id"]: table["by"] for table in run.content["tables"]}
    found = []
    for name in (n for n in run.content["outputs"] if n.startswith("notebooks/") and n.endswith(".ipynb")):
        if run.state(name) != "whole":
            raise UsageError(
                f"{run.folder / name}: gone or altered after the run. Take the publication's archived copy."
            )
        lines: list[str] = []
        tables: list[Table] = []
        notebook = nbformat.read(run.folder / name, as_version=4)  # type: ignore[no-untyped-call]  # it has no types
        for data in (output.get("data", {}) for cell in notebook.cells for output in cell.get("outputs", [])):
            if MEDIA_TYPE in data:
                table = Table.from_json(data[MEDIA_TYPE])
                lines += [table.caption, *table.below]
                tables += [table] if by.get(table.id) == "time" else []
            elif "text/markdown" in data:
                lines += readable(data["text/markdown"])
        found.append(Chapter(name.split("/")[1], tuple(lines), tuple(tables)))
    return tuple(found)


def readable(markdown: str) -> list[str]:
    """The lines that a reader sees of a notebook's Markdown."""
    text = _FENCE.sub("", _TYPST.sub("", markdown))
    text = unescape(_TAG.sub("", _BLOCK.sub("\n", text)))
    lines = (" ".join(_ESCAPE.sub("", line).split()) for line in text.splitlines())
    return [line for line in lines if line]


def changes(old: Sequence[Chapter], new: Sequence[Chapter]) -> Iterator[Change]:
    """Texts that differ, matched by chapter and place."""
    before, after = ({chapter.id: chapter.lines for chapter in chapters} for chapters in (old, new))
    for name in dict.fromkeys([*before, *after]):
        a, b = before.get(name, ()), after.get(name, ())
        for tag, i, j, k, m in SequenceMatcher(None, a, b, autojunk=False).get_opcodes():
            if tag != "equal":
                yield from (Change(name, *pair) for pair in zip_longest(a[i:j], b[k:m], fillvalue=""))


def derived(old: Sequence[Chapter], new: Sequence[Chapter]) -> Iterator[tuple[str, str, str, str, str, str]]:
    """Printed changes and growth rates that differ: table, row, country, heading, both forms."""
    before, after = (dict(_computed(chapters)) for chapters in (old, new))
    shared = {key[0] for key in before} & {key[0] for key in after}
    for key in sorted({*before, *after}):
        (was_head, was), (head, now) = before.get(key, ("", "")), after.get(key, ("", ""))
        if was != now and key[0] in shared:
            yield key[0], key[1], key[2], head or was_head, was, now


def _computed(chapters: Sequence[Chapter]) -> Iterator[tuple[tuple[str, str, str, int], tuple[str, str]]]:
    """Cells of the columns after those of the years: table, row, country and place; heading and text."""
    for table in (table for chapter in chapters for table in chapter.tables):
        times = len({row["time"] for row in table.tidy})
        for row in table.rows:
            for place, (head, cell) in enumerate(zip(table.columns[times:], row.cells[times:], strict=True)):
                yield (table.id, row.label, table.geo, place), (head, cell.text)
