"""The workbook of a publication: accessible sheets, one table each.

Laid out as the UK Analysis Function advises in *Releasing statistics in
spreadsheets*: cover, contents, notes, then one marked-up table a sheet, nothing
merged, hidden or said by colour alone. The same records give the same bytes.
"""

from __future__ import annotations

import io
import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import chain, count
from pathlib import Path
from textwrap import wrap
from typing import Any

import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from reporting.errors import OutputFailed
from reporting.labels import MISSING, Words
from reporting.tables import Cell, Row, Table

_BASE: dict[str, Any] = {"font_name": "Arial", "font_size": 12, "valign": "top"}
_TITLE = {"bold": True, "font_size": 16}
_HEAD = {"bold": True, "text_wrap": True, "valign": "bottom", "bottom": 1}
_RIGHT = {"align": "right", "indent": 1}
_WRAP = {"text_wrap": True}
_LINK = {"underline": 1, "font_color": "#0563C1"}
_STYLE = {"style": "Table Style Light 1", "autofilter": False, "banded_rows": False, "first_column": True}


@dataclass(frozen=True)
class WorkbookFacts:
    """What the cover and the document properties say; ``tag`` is the language tag."""

    title: str
    subtitle: str
    publisher: str
    geo_name: str
    edition: str
    date_text: str
    tag: str
    colophon: tuple[str, ...] = ()
    date: str = ""  # ISO, for the properties; by default the edition's first day


@dataclass(frozen=True)
class _Item:
    """One cell: a number or a text, its look, the sheet it leads to."""

    content: float | str
    look: dict[str, Any] = field(default_factory=dict)
    link: str = ""


@dataclass(frozen=True)
class _Block:
    """One Excel table: its name and description, its heads, its rows."""

    name: str
    title: str
    heads: Sequence[str]
    body: Sequence[Sequence[_Item]]


def write(path: Path | str, tables: Sequence[Table], facts: WorkbookFacts, words: Words) -> None:
    """Write the workbook whole, or not at all.

    Parameters
    ----------
    path : Path or str
    tables : sequence of Table
    facts : WorkbookFacts
    words : Words

    Raises
    ------
    OutputFailed
        When the file cannot be written; an earlier file is left as it was.
    """
    content, path = _Press(tables, facts, words).content(), Path(path)
    part = path.with_name(f".{path.name}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        part.write_bytes(content)
        part.replace(path)
    except OSError as e:
        if part.is_file():
            part.unlink()
        raise OutputFailed(f"Cannot write {path}: {e.strerror or e}. Free space or use another folder.") from None


class _Press:
    """A workbook in the making: its sheets' names, notes and formats."""

    def __init__(self, tables: Sequence[Table], facts: WorkbookFacts, words: Words) -> None:
        self.tables, self.facts, self.text = tables, facts, words.text
        self.buffer, self.formats = io.BytesIO(), dict[str, Format]()
        self.book = xlsxwriter.Workbook(self.buffer, {"in_memory": True})
        notes = enumerate(dict.fromkeys(note for table in tables for note in table.notes), start=1)
        self.notes = {note: words.text("[note {number}]", number=number) for number, note in notes}
        wanted = [words.text("Cover"), words.text("Contents"), words.text("Notes")]
        numbers = [table.number or str(position) for position, table in enumerate(tables, start=1)]
        wanted += [f"{words.text('Table')[:20]}_{number}" for number in numbers]
        self.sheets = _unique(re.sub(r"[\[\]:*?/\\'\s]", "_", name)[:28] for name in wanted)
        self.ids = _unique(f"t_{re.sub(r'[^A-Za-z0-9_]', '_', table.id)}"[:200] for table in tables)
        self.to_contents = _Item(words.text("Go to the contents"), _LINK, self.sheets[1])
        self.to_notes = _Item(words.text("Go to the notes, symbols and flags"), _LINK, self.sheets[2])

    def content(self) -> bytes:
        """Return the bytes of the finished workbook."""
        f, cover, contents, notes, *sheets = self.facts, *map(self.book.add_worksheet, self.sheets)
        said = {"title": f.title, "subject": f.subtitle, "author": f.publisher, "keywords": f.tag}
        date = f.date[:10] or re.findall(r"[12]\d{3}", f"{f.edition} 2000")[0] + "-01-01"
        self.book.set_properties({**said, "comments": f"Language: {f.tag}", "created": datetime.fromisoformat(date)})
        self._fill(cover, (90,), self._cover())
        self._fill(contents, (20, 90), self._contents())
        self._fill(notes, (20, 90), self._notes())
        for number, (sheet, table) in enumerate(zip(sheets, self.tables, strict=True)):
            top = self._fill(sheet, _widths(table), self._table(number, table))
            sheet.freeze_panes(top + 1 if top <= 12 else 0, 1)
            sheet.repeat_rows(top)
        self.book.close()
        return self.buffer.getvalue()

    def _cover(self) -> Sequence[_Item | _Block]:
        f, text = self.facts, self.text
        lines = [f.subtitle, f.geo_name, f.edition and text("Edition: {edition}", edition=f.edition)]
        lines += [f.publisher and text("Publisher: {publisher}", publisher=f.publisher)]
        lines += [f.date_text and text("Date: {date}", date=f.date_text), *f.colophon]
        return [_Item(f.title, _TITLE), *(_Item(x, _WRAP) for x in lines if x), self.to_contents, self.to_notes]

    def _contents(self) -> Sequence[_Item | _Block]:
        text, title = self.text, self.text("Contents")
        captions = [text("Notes, symbols and flags"), *(table.caption for table in self.tables)]
        body = [[_Item(s, _LINK, s), _Item(c, _WRAP)] for s, c in zip(self.sheets[2:], captions, strict=True)]
        block = _Block("contents", title, [text("Worksheet"), text("Title")], body)
        return [_Item(title, _TITLE), _Item(text("This worksheet contains one table.")), block]

    def _notes(self) -> Sequence[_Item | _Block]:
        text, title = self.text, self.text("Notes, symbols and flags")
        listed = [(marker, note) for note, marker in self.notes.items()]
        listed += [("[x]", text("not available")), ("[c]", text("confidential")), ("[z]", text("not applicable"))]
        grey = (text("grey cell"), text("provisional, estimated or forecast value"))
        listed += [grey, *dict.fromkeys(flag for table in self.tables for flag in table.flags)]
        body = [[_Item(symbol), _Item(meaning, _WRAP)] for symbol, meaning in listed]
        block = _Block("notes", title, [text("Note, symbol or flag"), text("Meaning")], body)
        return [_Item(title, _TITLE), _Item(text("This worksheet contains one table.")), self.to_contents, block]

    def _table(self, number: int, table: Table) -> Sequence[_Item | _Block]:
        title = self.text("Table {number}: {title}", number=table.number or number + 1, title=table.caption)
        labels = [table.stub or self.text("Label"), table.unit_head][: 1 + table.with_units]
        heads = [*labels, *table.columns, self.text("Flags")]
        block = _Block(self.ids[number], title, heads, [self._row(table, row) for row in table.rows])
        above = [_Item(line) for line in self._above(table) if line]
        return [_Item(title, _TITLE), *above, self.to_contents, self.to_notes, block]

    def _above(self, table: Table) -> Sequence[str]:
        """Say what a reader needs before the table: unit, flags, breaks, notes, sources."""
        breaks = ", ".join(table.columns[position] for position in table.breaks)
        notes = ", ".join(self.notes[note] for note in dict.fromkeys(table.notes))
        return [
            self.text("Unit: {unit}", unit=table.unit or self.text("see the second column")),
            self.text("This worksheet contains one table. Flags are in its last column."),
            self.text("Break in time series before: {columns}", columns=breaks) if breaks else "",
            self.text("Notes to this table: {notes}", notes=notes) if notes else "",
            *dict.fromkeys(table.sources),
        ]

    def _row(self, table: Table, row: Row) -> Sequence[_Item]:
        labels = [_Item(label, _WRAP) for label in (row.label, *([row.unit] if table.with_units else []))]
        flags = [f"{head}: {cell.flag}" for head, cell in zip(table.columns, row.cells, strict=True) if cell.flag]
        cells = [_item(cell, position in table.breaks) for position, cell in enumerate(row.cells)]
        return [*labels, *cells, _Item("; ".join(flags) or self.text("no flags"), _WRAP)]

    def _fill(self, sheet: Worksheet, widths: Sequence[float], layout: Sequence[_Item | _Block]) -> int:
        """Write a layout from the first cell down; return the row of its last part."""
        sheet.set_landscape()
        sheet.set_paper(9)
        sheet.fit_to_pages(1, 0)
        for column, width in enumerate(widths):
            sheet.set_column(column, column, width)
        for row, part in enumerate(layout):
            if isinstance(part, _Block):
                self._mark_up(sheet, widths, row, part)
            else:
                self._line(sheet, widths, row, [part])
        return len(layout) - 1

    def _mark_up(self, sheet: Worksheet, widths: Sequence[float], top: int, block: _Block) -> None:
        body = block.body or [[_Item("[x]")] * len(block.heads)]
        names = _unique((" ".join(head.split())[:240] or "[x]" for head in block.heads), " ({})")
        looks = [{**_HEAD, **(_RIGHT if "num_format" in item.look else {})} for item in body[0]]
        heads = [_Item(name, look) for name, look in zip(names, looks, strict=True)]
        options = {"name": block.name, "title": block.title[:255], "columns": [{"header": name} for name in names]}
        sheet.add_table(top, 0, top + len(body), len(names) - 1, {**options, **_STYLE})
        for row, items in enumerate([heads, *body], start=top):
            self._line(sheet, widths, row, items)

    def _line(self, sheet: Worksheet, widths: Sequence[float], row: int, items: Sequence[_Item]) -> None:
        """Write a row; a text never becomes a formula, not even when edited."""
        sheet.set_row(row, _height(items, widths))
        for column, item in enumerate(items):
            if not isinstance(item.content, str):
                sheet.write_number(row, column, item.content, self._format(item.look))
            elif item.link:
                sheet.write_url(row, column, f"internal:'{item.link}'!A1", self._format(item.look), item.content)
            else:
                guard = {"quote_prefix": True} if item.content.lstrip().startswith(("=", "+", "-", "@")) else {}
                sheet.write_string(row, column, item.content, self._format({**item.look, **guard}))

    def _format(self, look: dict[str, Any]) -> Format:
        found = self.formats.get(repr(look)) or self.book.add_format({**_BASE, **look})
        return self.formats.setdefault(repr(look), found)


def _item(cell: Cell, after_break: bool) -> _Item:
    behind = f'" {cell.mark}"' if cell.mark else ""
    form = f"#,##0.{'0' * cell.decimals}".rstrip(".") + behind
    look = {**_RIGHT, "num_format": form, **({"left": 2} if after_break else {})}
    look |= {"bg_color": "#DEDEDE"} if cell.unsettled else {}
    look |= {"bg_color": cell.ground, "font_color": cell.ink, "bold": True} if cell.ground else {}
    if cell.value is not None and math.isfinite(cell.value) and "c" not in cell.flag:
        return _Item(float(cell.value), look)
    if cell.text not in ("", MISSING) and "c" not in cell.flag:
        return _Item(cell.shown, look)
    return _Item("[c]" if "c" in cell.flag else "[z]" if "z" in cell.flag else "[x]", look)


def _widths(table: Table) -> Sequence[float]:
    """Measure the columns in characters: labels wrap, numbers never do."""
    words = [["", *head.split(), *(row.cells[i].shown for row in table.rows)] for i, head in enumerate(table.columns)]
    numbers = [1.15 * max(6, *map(len, column)) + 3 for column in words]
    return [45, *([22] if table.with_units else []), *numbers, 32]


def _height(items: Sequence[_Item], widths: Sequence[float]) -> float:
    """Measure a row in points: not every program makes room for wrapped text by itself."""
    pairs = zip(items, widths, strict=False)
    lines = [len(wrap(str(item.content), int(width / 1.15))) for item, width in pairs if "text_wrap" in item.look]
    return float(min(409, max([1, *lines]) * items[0].look.get("font_size", 12) * 4 / 3))


def _unique(names: Iterable[str], tail: str = "_{}") -> list[str]:
    """Give a repeated name a number, whatever its case."""
    used: dict[str, str] = {}
    for name in names:
        found = next(x for x in chain([name], (name + tail.format(n) for n in count(2))) if x.casefold() not in used)
        used[found.casefold()] = found
    return list(used.values())
