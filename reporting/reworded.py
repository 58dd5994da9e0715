"""How a person sees changes of texts: on the terminal, in HTML and in Typst, never by colour alone.

What is gone stands between [− and −] and is struck through, what has come
between [+ and +] and is underlined. A text keeps the tag of its own language.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from html import escape

from reporting import typeset
from reporting.labels import Words
from reporting.missoc.cells import CELLS
from reporting.missoc.changes import KINDS, Change, Changes, Piece
from reporting.tables import TIDY, Cell, Row, Table, raw
from reporting.tables import plain as plain_markdown

GONE, COME = ("[−", "−]"), ("[+", "+]")
_SIGNS = {"gone": GONE, "come": COME}


def plain(pieces: Iterable[Piece]) -> str:
    """A difference as text, for the terminal."""
    return "".join(_signed(piece) for piece in pieces)


def _signed(piece: Piece) -> str:
    before, after = _SIGNS.get(piece.kind, ("", ""))
    return f"{before}{piece.text}{after}"


def html(pieces: Iterable[Piece], lang: str) -> str:
    """A difference as HTML."""
    tags = {"gone": "del", "come": "ins"}
    parts = []
    for piece in pieces:
        said, (before, after) = escape(piece.text), _SIGNS.get(piece.kind, ("", ""))
        tag = tags.get(piece.kind)
        parts.append(f"{before}<{tag}>{said}</{tag}>{after}" if tag else said)
    return f'<p lang="{escape(lang, quote=True)}">{"".join(parts)}</p>'


def typst(pieces: Iterable[Piece], lang: str) -> str:
    """A difference as Typst."""
    marks = {"gone": "strike", "come": "underline"}
    parts = []
    for piece in pieces:
        said, signs = f"#{typeset.string(piece.text)}", _SIGNS.get(piece.kind, ("", ""))
        before, after = (f"#{typeset.string(sign)}" for sign in signs)
        parts.append(f"{before}#{marks[piece.kind]}[{said}]{after}" if piece.kind in marks else said)
    return f"#text(lang: {typeset.string(lang)})[{''.join(parts)}]"


def kind(change: Change, words: Words) -> str:
    """What became of a cell, in words; an indexation with its rate."""
    said = {
        "unchanged": words.text("unchanged"), "amounts": words.text("amounts only"), "text": words.text("text"),
        "new": words.text("new"), "removed": words.text("removed"),
    }[change.kind]  # fmt: skip
    if change.rate is None:
        return said
    return words.text("{kind}, indexation of {rate} %", kind=said, rate=words.number(change.rate, 2))


def summary(found: Changes, geos: Sequence[str], words: Words, vintages: Sequence[str], invented: bool) -> Table:
    """How many cells of each country are unchanged, changed in amounts only, changed in words, new or removed."""
    counts = Counter((change.geo, change.kind) for change in found.changes)
    columns = (
        words.text("unchanged"), words.text("amounts only"), words.text("text"), words.text("new"),
        words.text("removed"),
    )  # fmt: skip
    names = sorted(geos, key=words.geo)
    rows = tuple(Row(words.geo(geo), "", tuple(_count(counts[geo, kind], words) for kind in KINDS)) for geo in names)
    tidy = tuple(_tidy(geo, kind, counts[geo, kind], found, vintages) for geo in names for kind in KINDS)
    return Table(
        id="missoc_changes", title=words.text("Changes between two editions of MISSOC"), geo="",
        tag=words.language.tag, stub=words.text("Country"), unit_head=words.text("Unit"), unit=words.text("cells"),
        columns=columns, rows=rows, breaks=(), sources=(source(found, words, invented),), notes=(), flags=(),
        flags_head=words.text("Flags: "), tidy=tidy,
    )  # fmt: skip


def _count(number: int, words: Words) -> Cell:
    return Cell(float(number), "", words.number(float(number), 0), 0)


def _tidy(geo: str, kind: str, count: int, found: Changes, vintages: Sequence[str]) -> dict[str, object]:
    record = {
        "table": "missoc_changes", "geo": geo, "indicator": "", "time": found.end, "unit": "NR", "value": float(count),
        "flag": "", "dataset": CELLS.dataset if vintages else "", "key": kind,
        "vintage": "; ".join(vintages) or found.end, "source": "", "note": f"from {found.start}",
    }  # fmt: skip
    return {column: record[column] for column in TIDY}


def source(found: Changes, words: Words, invented: bool = False) -> str:
    """The source line: the two editions compared, or that they are invented."""
    if invented:
        return words.text(
            "Source: invented examples of the package reporting, dated {start} and {end}. "
            "They describe the law of no country.",
            start=words.date(found.start), end=words.date(found.end),
        )  # fmt: skip
    return words.text(
        "Source: MISSOC comparative tables, editions of {start} and {end}.",
        start=words.date(found.start), end=words.date(found.end),
    )  # fmt: skip


def markdown(change: Change, name: str, words: Words) -> str:
    """A changed cell for a page: its category, what became of it, the words that differ in their own language."""
    head = f"{words.geo(change.geo)}: {name} – {kind(change, words)}"
    pieces = change.pieces
    return f"**{plain_markdown(head)}**\n\n{raw(html(pieces, change.lang), typst(pieces, change.lang))}\n"


def page(title: str, parts: Iterable[tuple[str, str]], tag: str) -> str:
    """A page by itself, without a network: headings and what stands under them."""
    body = "\n".join(f"<h2>{escape(head)}</h2>\n{content}" for head, content in parts)
    return (
        f'<!DOCTYPE html>\n<html lang="{escape(tag, quote=True)}"><head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width"><title>{escape(title)}</title>\n<style>'
        "body{font:1rem/1.5 sans-serif;max-width:60rem;margin:1rem auto;padding:0 1rem}"
        "del{text-decoration:line-through}ins{text-decoration:underline}</style></head>\n"
        f"<body><h1>{escape(title)}</h1>\n{body}\n</body></html>\n"
    )
