"""The mapping workbook: for each code of a questionnaire, the fixed codes of the structure's components.

A sheet for each dataset (EXPEND, RECEIPT), a row for each item: ``CODE``, then
columns named as the components. Headings may be written with other cases and
spaces, below titles, and with columns for people between them; a column that is
neither is refused, for its codes would be lost.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from reporting.errors import UsageError
from reporting.findings import CellFinding
from reporting.spreadsheets import Sheet, address, opened
from reporting.submissions.precheck import near
from reporting.submissions.structures import Structure

#: Headings of the column that holds a code of the questionnaire.
_CODE = {"CODE", "ITEM_CODE", "ESSPROS_CODE", "NUMERIC_CODE", "CODES"}
#: Headings of columns that are there for people, or say which structure is meant.
_PEOPLE = {"LABEL", "LABELS", "NAME", "TITLE", "DESCRIPTION", "ITEM", "ITEM_ID", "COMMENT", "COMMENTS", "NOTE", "NOTES",
           "REMARK", "REMARKS", "ACTION", "STRUCTURE", "NO", "NR"}  # fmt: skip
_LABELS = ("LABEL", "LABELS", "DESCRIPTION", "NAME", "TITLE", "ITEM")
_STATED = ("STRUCTURE_ID", "DSD", "DATAFLOW", "DATA_STRUCTURE", "DATASTRUCTURE")
#: Cells that stand for a code that is still to be given.
_PLACEHOLDER = re.compile(r"|-+|–|—|\.{2,}|…|:|\?+|nan|none|null|n/?a|tbd|xxx+|<.*>|\{.*\}|\[.*\]", re.IGNORECASE)
#: Rows in which headings are looked for.
_HEADED = 20


@dataclass(frozen=True)
class Entry:
    """A row of the mapping: a code of the questionnaire, and the fixed codes of its components.

    ``label`` is what people call the code: in the column of labels, else in the one before the codes.
    """

    code: str
    codes: dict[str, str]
    sheet: str
    cell: str
    label: str = ""
    cells: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Mapping:
    """The rows for one dataset.

    ``stated`` are the structures the sheet itself says it is made for, ``doubled``
    headings that are there twice, with the cell of the second.
    """

    flow: str
    file: str
    sheet: str
    columns: tuple[str, ...]
    entries: dict[str, Entry]
    stated: tuple[str, ...] = ()
    doubled: tuple[tuple[str, str], ...] = ()


def read(
    path: Path, flows: dict[str, Sequence[str]], stands: dict[str, str], findings: list[CellFinding]
) -> dict[str, Mapping]:
    """The mappings of a workbook, by flow.

    Parameters
    ----------
    flows : dict
        Flow to what the name of its sheet may have in it.
    stands : dict
        Placeholder to the code it stands for (``Country``); to nothing where that is not known.

    Raises
    ------
    UsageError, SourceUnreadable
        When there is no such file, it is no workbook, or no sheet of it is a mapping.
    """
    found: dict[str, Mapping] = {}
    sheets = opened(path, findings)
    for sheet in sheets:
        flow = next((flow for flow, names in flows.items() if _fits(sheet.name, (flow, *names))), "")
        if not flow:
            continue
        if flow in found:
            findings.append(_fault(path, sheet, "", f"the mapping of {flow} is on the sheet {found[flow].sheet} too.",
                                   "Keep one sheet for each."))  # fmt: skip
        elif mapping := _mapping(path, sheet, flow, stands, findings):
            found[flow] = mapping
    if not found and not any(finding.rule == "S21" for finding in findings):
        wanted = " and ".join(names[0] for names in flows.values())
        raise UsageError(
            f"{path.name}: no mapping: the sheets are {wanted}; the workbook has {', '.join(s.name for s in sheets)}. "
            "Write an example with: reporting esspros new --sample DIR"
        )
    findings += [
        CellFinding("S21", "warning", f"Mapping: there is no sheet {names[0]}: nothing of {flow} is sent.",
                    f"Add the sheet {names[0]}, unless another transmission has it.", path.name)
        for flow, names in flows.items()
        if flow not in found
    ]  # fmt: skip
    return found


def _fits(sheet: str, names: Sequence[str]) -> bool:
    """Whether a sheet is named as the flow, or has one of its names in its own."""
    flow, *parts = map(_plain, names)
    return _plain(sheet) == flow or any(part in _plain(sheet) for part in parts)


def _plain(name: object) -> str:
    """A heading as components are written: upper case, words joined by one underscore, marks dropped."""
    return re.sub(r"[\W_]+", "_", str(name or "").strip().upper()).strip("_")


def _fault(path: Path, sheet: Sheet, cell: str, what: str, mend: str) -> CellFinding:
    return CellFinding("S21", "error", f"Mapping: {what}", mend, path.name, sheet.name, cell)


def _mapping(
    path: Path, sheet: Sheet, flow: str, stands: dict[str, str], findings: list[CellFinding]
) -> Mapping | None:
    head = next((row for row in range(1, _HEADED + 1) if _columns(sheet, row)), 0)
    if not head:
        findings.append(_fault(path, sheet, "", "no row of headings with CODE among them.",
                               "Write CODE and the names of the components into one row."))  # fmt: skip
        return None
    columns = _columns(sheet, head)
    code = next(column for column, name in columns.items() if name in _CODE)
    named = {column: name for column, name in columns.items() if name not in _CODE}
    entries: dict[str, Entry] = {}
    known = {_plain(name): code for name, code in stands.items()}
    findings += _unknown(path, sheet, head, named, known)
    for entry in _entries(sheet, head, code, named, known):
        if first := entries.get(entry.code):
            findings.append(
                CellFinding("S22", "error", f"Mapping: the code {entry.code} is mapped twice, first in {first.cell}.",
                            "Keep one row for each code.", path.name, sheet.name, entry.cell, item=entry.code)
            )  # fmt: skip
        else:
            entries[entry.code] = entry
    stated = {entry.codes.pop(name) for entry in entries.values() for name in _STATED if name in entry.codes}
    components = tuple(name for name in named.values() if name not in _STATED)
    doubled = tuple(_doubled(head, {at: "CODE" if name in _CODE else name for at, name in columns.items()}))
    return Mapping(flow, path.name, sheet.name, components, entries, tuple(sorted(stated)), doubled)


def _columns(sheet: Sheet, row: int) -> dict[int, str]:
    """Column to heading, in the row that has a heading for codes; empty otherwise."""
    names = {column: _plain(sheet.text(row, column)) for at, column in sorted(sheet.cells) if at == row}
    return {column: name for column, name in names.items() if name} if _CODE & set(names.values()) else {}


def _doubled(head: int, columns: dict[int, str]) -> Iterator[tuple[str, str]]:
    """Headings that are there before, and where they are again."""
    seen: set[str] = set()
    for column, name in columns.items():
        if name in seen:
            yield name, address(head, column)
        seen.add(name)


def _unknown(
    path: Path, sheet: Sheet, head: int, columns: dict[int, str], stands: dict[str, str]
) -> Iterator[CellFinding]:
    """Placeholders that stand for what was not said: one finding for each, at the first."""
    told: set[str] = set()
    for (row, column), cell in sorted(sheet.cells.items()):
        name = _plain(cell.value) if isinstance(cell.value, str) and row > head and column in columns else ""
        if name in stands and not stands[name] and name not in told:
            told.add(name)
            what = f"the placeholder {cell.value} stands for what was not said."
            yield _fault(path, sheet, address(row, column), what,
                         "Give --geo (and --currency), or write the code.")  # fmt: skip


def _entries(sheet: Sheet, head: int, code: int, columns: dict[int, str], stands: dict[str, str]) -> Iterator[Entry]:
    for row in sorted({row for row, column in sheet.cells if row > head and column == code}):
        text = sheet.text(row, code).replace("*", "").replace(" ", "")
        if _PLACEHOLDER.fullmatch(text):
            continue
        texts = {name: sheet.text(row, column).replace("*", "").strip() for column, name in columns.items()}
        texts = {name: stands.get(_plain(said), said) for name, said in texts.items()}
        codes = {name: said for name, said in texts.items() if not _PLACEHOLDER.fullmatch(said)}
        cells = {name: address(row, column) for column, name in columns.items()}
        label = next((texts[name] for name in _LABELS if name in texts), "") or sheet.text(row, max(code - 1, 1))
        yield Entry(text, codes, sheet.name, address(row, code), label, cells)


def unknown(mapping: Mapping, structure: Structure, taken: Iterable[str]) -> Iterator[CellFinding]:
    """Columns that are no component of the structure, and not one that is filled in from the questionnaire.

    A column of codes is an error, for they would be lost; one of words is for people.
    A component that is there twice is an error too.
    """
    known = {component.id for component in structure.components}
    spelled = {_plain(name) for name in (*known, *taken)}
    for name, cell in mapping.doubled:
        if name in spelled | {"CODE"}:
            yield CellFinding("S21", "error", f"Mapping: the column {name} is there twice.", "Keep one of them.",
                              mapping.file, mapping.sheet, cell)  # fmt: skip
    for column in mapping.columns:
        filled = [entry for entry in mapping.entries.values() if column in entry.codes]
        if column in spelled or column in _PEOPLE or not filled:
            continue
        codes = all(re.fullmatch(r"[A-Z0-9_.]+", entry.codes[column]) for entry in filled)
        yield CellFinding(
            "S10", "error" if codes else "information",
            f"STRUVAL 150-007: concept {column} of the mapping is not in {structure.name}{near(column, known)}"
            + ("." if codes else ": taken for words, and not sent."),
            "Name the column as the DSD does, or take it out.", mapping.file, mapping.sheet, filled[0].cells[column],
        )  # fmt: skip


def spelling(structure: Structure) -> dict[str, str]:
    """What a heading in capitals stands for in a structure whose ids are written otherwise."""
    return {_plain(component.id): component.id for component in structure.components}
