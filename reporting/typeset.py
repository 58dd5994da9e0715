"""Tables in Typst, for the page of a PDF.

A table wider than the page is cut into panels of about as many columns each,
the latest last; the labels stand before every panel.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from reporting.tables import Cell, Table

#: Width of the text on an A4 page, and of a character and the insets at 7.5 pt, in mm.
_PAGE, _CHARACTER, _INSET = 166.0, 1.25, 2.2
_UNIT = 27.0
#: The label column keeps at least this width, and asks for no more than that.
_LABEL = (34.0, 62.0)
#: Tables of so many rows are not broken over two pages.
_KEPT_TOGETHER = 18
_BREAK = "stroke: (left: 1.2pt + black)"


def table(whole: Table) -> str:
    """A table as Typst panels, with the lines that stand below it."""
    blocks = [_panel(panel) for panel in panels(whole)]
    if len(whole.rows) * len(blocks) <= _KEPT_TOGETHER:
        blocks = [f"#block(breakable: false, sticky: true)[\n{block}\n]" for block in blocks]
    return "\n#v(0.4em)\n".join(blocks) + "\n" + notes(whole.below)


def notes(lines: Iterable[str]) -> str:
    """Small lines under a table or figure."""
    said = "\n".join(f"#block(above: 0.4em, below: 0.4em)[#text(size: 7pt)[#{string(line)}]]" for line in lines)
    return f"#align(left)[\n#set text(hyphenate: false)\n#set par(justify: false)\n{said}\n]\n"


def string(text: str) -> str:
    """A Typst string literal."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", " ") + '"'


def panels(whole: Table) -> list[Table]:
    """The table cut into panels narrow enough for a page."""
    widths = _widths(whole)
    room = _room(whole)
    count = max(1, math.ceil(sum(widths) / room))
    while True:
        size = math.ceil(len(widths) / count)
        edges = sorted({max(0, len(widths) - size * k) for k in range(count + 1)})
        if all(sum(widths[a:b]) <= room or b - a == 1 for a, b in zip(edges, edges[1:], strict=False)):
            return [whole.part(a, b) for a, b in zip(edges, edges[1:], strict=False)]
        count += 1


def _room(whole: Table) -> float:
    """Width in mm for the columns of values."""
    return _PAGE - _label(whole) - (_UNIT if whole.with_units else 0)


def _label(whole: Table) -> float:
    longest = max((len(row.label) for row in whole.rows), default=0)
    return min(max(_LABEL[0], longest * _CHARACTER), _LABEL[1])


def _widths(whole: Table) -> list[float]:
    """Width of each column in mm: its longest value, or the longest word of its heading."""
    found = []
    for position, head in enumerate(whole.columns):
        values = [len(row.cells[position].shown) + 0.6 * len(row.cells[position].flag) for row in whole.rows]
        words = [1.3 * len(word) for word in head.split()] or [0]
        found.append(_CHARACTER * max(*values, *words, 3) + _INSET)
    return found


def _eased(part: Table) -> list[float]:
    """Widths with the room that is left given to the headings, so that they break less."""
    widths = _widths(part)
    wanted = [
        max(0.0, 1.3 * _CHARACTER * len(head) + _INSET - width)
        for head, width in zip(part.columns, widths, strict=True)
    ]
    left = _room(part) - sum(widths)
    share = min(1.0, max(0.0, left) / (sum(wanted) or 1.0))
    return [width + share * more for width, more in zip(widths, wanted, strict=True)]


def _panel(part: Table) -> str:
    count = len(part.columns)
    widths = ["1fr", *([f"{_UNIT:.0f}mm"] if part.with_units else []), *(f"{w:.1f}mm" for w in _eased(part))]
    heads = [part.stub, *([part.unit_head] if part.with_units else []), *part.columns]
    shift = len(heads) - count
    header = ", ".join(_head(head, i - shift in part.breaks) for i, head in enumerate(heads))
    lines = [f"  table.header({header}),"]
    for row in part.rows:
        cells = [f"[#{string(row.label)}]", *([f"[#{string(row.unit)}]"] if part.with_units else [])]
        cells += [_cell(cell, position in part.breaks) for position, cell in enumerate(row.cells)]
        lines.append("  " + ", ".join(cells) + ",")
    aligns = ", ".join(["left"] * shift + ["right"] * count)
    body = "\n".join(lines)
    return (
        "#[\n#set text(size: 7.5pt, hyphenate: false)\n#set par(justify: false)\n#table(\n"
        f"  columns: ({', '.join(widths)},),\n  align: ({aligns},),\n  inset: (x: 3pt, y: 3pt),\n"
        f"  stroke: (x, y) => (bottom: 0.3pt + luma(140), top: if y == 0 {{ 0.8pt + black }}),\n{body}\n)\n]"
    )


def _head(head: str, broken: bool) -> str:
    return f"table.cell({_BREAK if broken else ''})[#strong({string(head)})]"


def _cell(cell: Cell, broken: bool) -> str:
    mark = f"#super({string(cell.flag)})" if cell.flag else ""
    text = string(cell.shown)
    said = f'#text(fill: rgb("{cell.ink}"), weight: "bold", {text})' if cell.ground else f"#{text}"
    content = f"[{said}{mark}]"
    fill = f'rgb("{cell.ground}")' if cell.ground else "luma(222)" if cell.unsettled else ""
    options = [*([f"fill: {fill}"] if fill else []), *([_BREAK] if broken else [])]
    return f"table.cell({', '.join(options)}){content}" if options else content
