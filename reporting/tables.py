"""Publication tables: one frozen record, rendered last.

A table is built from a declaration and indicator values, in one language. It
keeps the raw values beside the formatted text, so that HTML, Typst, Markdown,
the workbook and the tidy twin all come from the same record.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from html import escape
from typing import Any

from reporting import typeset

#: Media type under which an executed notebook carries a table.
MEDIA_TYPE = "application/vnd.reporting.table+json"

#: Flags shown on a grey ground.
UNSETTLED = frozenset("pef")
#: Luminance below which white contrasts more than black (WCAG 2.1).
_DARK = 0.179

#: Columns of the tidy twin.
TIDY = ("table", "geo", "indicator", "time", "unit", "value", "flag", "dataset", "key", "vintage", "source", "note")


@dataclass(frozen=True)
class Cell:
    """A value, its flag, and the text a reader sees.

    A cell without a value may hold a text of its own. ``mark`` is a sign that
    stands behind the text, ``ground`` the colour of the cell (``#rrggbb``),
    which never tells anything that text or mark do not.
    """

    value: float | None
    flag: str
    text: str
    decimals: int
    mark: str = ""
    ground: str = ""

    @property
    def unsettled(self) -> bool:
        """Whether the cell is provisional, estimated or forecast."""
        return self.value is not None and bool(UNSETTLED & set(self.flag))

    @property
    def shown(self) -> str:
        """Text and mark."""
        return f"{self.text} {self.mark}" if self.mark else self.text

    @property
    def ink(self) -> str:
        """The colour of text that can be read on the ground: black, or white where the ground is dark."""
        red, green, blue = (int(self.ground[at : at + 2], 16) / 255 for at in (1, 3, 5))
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in (red, green, blue)]
        luminance = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
        return "#000000" if luminance > _DARK else "#ffffff"


@dataclass(frozen=True)
class Row:
    """A row: its label, its unit where units differ, its cells."""

    label: str
    unit: str
    cells: tuple[Cell, ...]


@dataclass(frozen=True)
class Table:
    """A table ready to be rendered.

    ``stub`` heads the label column, ``columns`` the others; ``breaks`` are the
    positions of columns before which a rule is drawn. ``tidy`` holds one
    record for each observation, with the columns of :data:`TIDY`.
    """

    id: str
    title: str
    geo: str
    tag: str
    stub: str
    unit_head: str
    unit: str
    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    breaks: tuple[int, ...]
    sources: tuple[str, ...]
    notes: tuple[str, ...]
    flags: tuple[tuple[str, str], ...]
    flags_head: str
    tidy: tuple[dict[str, Any], ...]
    #: The number the table has in a publication, such as ``2.1``.
    number: str = ""

    def to_json(self) -> dict[str, Any]:
        """The record as plain JSON."""
        record: dict[str, Any] = json.loads(json.dumps(asdict(self)))
        return record

    @staticmethod
    def from_json(record: dict[str, Any]) -> Table:
        """The record back from JSON."""
        rows = tuple(Row(r["label"], r["unit"], tuple(Cell(**c) for c in r["cells"])) for r in record["rows"])
        lists = {k: tuple(record[k]) for k in ("columns", "breaks", "sources", "notes", "tidy")}
        flags = tuple((letter, label) for letter, label in record["flags"])
        return Table(**{**record, **lists, "rows": rows, "flags": flags})

    @property
    def with_units(self) -> bool:
        """Whether rows have different units, so that a unit column is needed."""
        return not self.unit

    @property
    def caption(self) -> str:
        """Title, country (where the table is about one) and unit."""
        return ", ".join(filter(None, (self.title, self.geo))) + (f" ({self.unit})" if self.unit else "")

    @property
    def legend(self) -> str:
        """The flags used, each with its meaning."""
        if not self.flags:
            return ""
        return self.flags_head + "; ".join(f"{letter} = {label}" for letter, label in self.flags) + "."

    @property
    def below(self) -> tuple[str, ...]:
        """The lines under the table: notes, legend of flags, sources."""
        return tuple(line for line in (*self.notes, self.legend, *self.sources) if line)

    def html(self) -> str:
        """An HTML table with header cells and a legend; no caption."""
        heads = "".join(f'<th scope="col"{_rule(self, i)}>{escape(c)}</th>' for i, c in enumerate(self.columns))
        unit = f'<th scope="col">{escape(self.unit_head)}</th>' if self.with_units else ""
        body = "\n".join(self._html_row(row) for row in self.rows)
        return (
            f'<div class="stat-scroll" tabindex="0" role="region" aria-label="{escape(self.title, quote=True)}">\n'
            f'<table class="stat" id="table-{escape(self.id, quote=True)}">\n'
            f'<thead><tr><th scope="col">{escape(self.stub)}</th>{unit}{heads}</tr></thead>\n'
            f"<tbody>\n{body}\n</tbody>\n</table>\n</div>\n{notes_html(self.below)}"
        )

    def _html_row(self, row: Row) -> str:
        unit = f"<td>{escape(row.unit)}</td>" if self.with_units else ""
        meanings = dict(self.flags)
        cells = []
        for position, cell in enumerate(row.cells):
            grey = cell.unsettled and not cell.ground
            classes = [name for name, on in (("prov", grey), ("brk", position in self.breaks)) if on]
            mark = ""
            if cell.flag:
                meaning = "; ".join(meanings.get(letter, letter) for letter in cell.flag)
                mark = f'<sup title="{escape(meaning, quote=True)}">{escape(cell.flag)}</sup>'
            style = f' class="{" ".join(classes)}"' if classes else ""
            style += f' style="background:{cell.ground};color:{cell.ink};font-weight:600"' if cell.ground else ""
            cells.append(f"<td{style}>{escape(cell.shown)}{mark}</td>")
        return f'<tr><th scope="row">{escape(row.label)}</th>{unit}{"".join(cells)}</tr>'

    def typst(self) -> str:
        """Typst tables with header rows, notes and a legend; no caption."""
        return typeset.table(self)

    def part(self, start: int, stop: int) -> Table:
        """The table with some of its columns only."""
        rows = tuple(replace(row, cells=row.cells[start:stop]) for row in self.rows)
        breaks = tuple(b - start for b in self.breaks if start <= b < stop)
        return replace(self, columns=self.columns[start:stop], rows=rows, breaks=breaks)

    def markdown(self) -> str:
        """A captioned, numbered table for Quarto and the embedded engine, in both output formats."""
        blocks = raw(self.html(), self.typst())
        return f"::: {{#tbl-{slug(self.id)}}}\n\n{blocks}\n{plain(self.caption)}\n\n:::\n"

    def _repr_mimebundle_(self, **_: object) -> dict[str, Any]:
        return {
            "text/html": f"<p><strong>{escape(self.caption)}</strong></p>{self.html()}",
            "text/markdown": self.markdown(),
            "text/plain": self.caption,
            MEDIA_TYPE: self.to_json(),
        }


def notes_html(lines: Iterable[str]) -> str:
    """Small lines under a table or figure, in HTML."""
    return '<div class="stat-notes">' + "".join(f"<p>{escape(line)}</p>" for line in lines) + "</div>"


def raw(html: str, typst: str) -> str:
    """Markdown of which each output format takes its own block.

    The fences are longer than any row of backticks inside, so that no content ends its block.
    """
    fence = "`" * (2 + max(map(len, re.findall("`+", f"`{html}{typst}"))))
    return f"{fence}{{=html}}\n{html}\n{fence}\n\n{fence}{{=typst}}\n{typst}\n{fence}\n"


def slug(name: str) -> str:
    """An id that can be part of a cross reference."""
    return name.replace("_", "-").replace(".", "-").lower()


def plain(text: str) -> str:
    """Text on one line with Markdown's signs escaped."""
    escaped = "".join(f"\\{c}" if c in "\\`*_{}[]<>#|$@^~" else c for c in text.replace("\n", " "))
    return escaped.replace("::", "\\:\\:")


def _rule(table: Table, position: int) -> str:
    return ' class="brk"' if position in table.breaks else ""
