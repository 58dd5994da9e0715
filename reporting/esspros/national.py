"""National sources as lines: account, year, amount, and where each stands."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from reporting.declarations.mappings import National
from reporting.errors import SourceUnreadable, UsageError
from reporting.esspros import grids
from reporting.esspros.figures import MISSING, number
from reporting.findings import CellFinding
from reporting.spreadsheets import Sheet, as_text

_DESCRIBING = ("account", "label", "flag", "comment")
_YEAR = re.compile(r"((?:19|20)\d{2})(?:[-/ ]?(?:Q[1-4]|M?\d{1,2}|\d{2}-\d{2}))?(?:\.0)?", re.IGNORECASE)


@dataclass(frozen=True)
class Line:
    """A figure of a national source; ``amount`` is None where there is none.

    ``place`` is ``line 12`` in a text file, an address such as ``D17`` in a workbook;
    ``row`` is all that stands on the line, to tell lines that are there twice.
    """

    source: str
    file: str
    sheet: str
    place: str
    account: str
    year: int
    amount: Decimal | None
    label: str = ""
    flag: str = ""
    comment: str = ""
    row: tuple[str, ...] = ()


@dataclass(frozen=True)
class Read:
    """The lines of all sources, and what could not be read."""

    lines: tuple[Line, ...]
    findings: tuple[CellFinding, ...]


def read(sources: Mapping[str, National], folder: Path, given: Sequence[Path] = ()) -> Read:
    """The lines of the sources of a mapping.

    Parameters
    ----------
    sources : mapping
        Name to declaration.
    folder : Path
        Where the files lie that the mapping names.
    given : sequence of Path
        Files that take the place of those with the same name, or with the name of the source.

    Raises
    ------
    UsageError
        When a file given belongs to no source, or one named is not there.
    SourceUnreadable
        When a column that the mapping names is not there.
    """
    lines: list[Line] = []
    findings: list[CellFinding] = []
    for name, path in _files(sources, folder, given).items():
        source = sources[name]
        sheet = _sheet(path, source, findings)
        lines += _lines(name, source, path.name, sheet, findings)
    return Read(tuple(lines), tuple(findings))


def _files(sources: Mapping[str, National], folder: Path, given: Sequence[Path]) -> dict[str, Path]:
    found = {name: folder / source.file for name, source in sources.items()}
    for path in given:
        own = [name for name, source in sources.items() if path.name == Path(source.file).name or path.stem == name]
        if not own:
            known = ", ".join(f"{name} ({source.file})" for name, source in sources.items())
            raise UsageError(f"--source {path}: the mapping has no source of that name. There are: {known}.")
        found.update(dict.fromkeys(own, path))
    return found


def _sheet(path: Path, source: National, findings: list[CellFinding]) -> Sheet:
    sheets = grids.sheets(path, findings)
    found = next((s for s in sheets if not source.sheet or s.name in ("", source.sheet)), None)
    if found is None:
        names = ", ".join(s.name for s in sheets)
        raise SourceUnreadable(f"{path.name}: no sheet {source.sheet!r}. There are: {names}. Correct the mapping.")
    return found


def _lines(name: str, source: National, file: str, sheet: Sheet, findings: list[CellFinding]) -> Iterator[Line]:
    columns = range(1, sheet.columns + 1)
    head = {column: sheet.text(source.header, column) for column in columns}
    named = _columns(source, file, head)
    for row in sorted({row for row, _ in sheet.cells if row > source.header}):
        content = tuple(_text(sheet.value(row, column), source.decimal) for column in columns)
        if not any(content):
            continue
        account, label, flag, comment = (content[named[what] - 1] if what in named else "" for what in _DESCRIBING)
        for year, column in _years(source, head, content, named):
            place = grids.place(sheet, row, column)
            place = f"{place}, {year}" if not sheet.name and not source.amount else place
            where: dict[str, Any] = {"file": file, "sheet": sheet.name, "cell": place}
            text, when = _error(sheet, row, column) or content[column - 1], _year(year)
            known = text.lower() not in MISSING
            amount = number(text, source.decimal) if known else None
            if when is None:
                if known:  # a heading between the lines has neither
                    findings.append(_unread(f"{year!r} is no year.", "Write the year with four digits.", where))
                continue
            if known and amount is None:
                mend = f"Correct it; the mapping says that decimals have {source.decimal!r}."
                findings.append(_unread(f"{text!r} is no number.", mend, where))
            yield Line(name, file, sheet.name, place, account, when, amount, label, flag, comment, content)


def _text(value: str | float | bool | None, decimal: str) -> str:
    """A cell as text: a number with the decimal mark of the source."""
    return as_text(value).replace(".", decimal) if isinstance(value, float) else as_text(value)


def _error(sheet: Sheet, row: int, column: int) -> str:
    cell = sheet.cells.get((row, column))
    return cell.error if cell else ""


def _columns(source: National, file: str, head: Mapping[int, str]) -> dict[str, int]:
    """The position of each column that the mapping names."""
    year = source.year if isinstance(source.year, str) else ""
    wanted = {"account": source.account, "amount": source.amount, "year": year,
              "label": source.label, "flag": source.flag, "comment": source.comment}  # fmt: skip
    wanted = {what: " ".join(name.split()) for what, name in wanted.items()}
    missing = [name for name in wanted.values() if name and name not in head.values()]
    if missing or (not source.amount and not any(map(_year, head.values()))):
        what = f"no column {', '.join(missing)}" if missing else "no column is named with a year"
        there = ", ".join(list(filter(None, head.values()))[:8])
        raise SourceUnreadable(f"{file}: {what} in row {source.header} ({there}). Correct the mapping.")
    places = {name: column for column, name in reversed(list(head.items()))}
    return {what: places[name] for what, name in wanted.items() if name}


def _years(
    source: National, head: Mapping[int, str], content: Sequence[str], named: Mapping[str, int]
) -> list[tuple[str, int]]:
    """The year and the column of each figure of a row."""
    if source.amount:
        year = str(source.year) if isinstance(source.year, int) else content[named["year"] - 1]
        return [(year, named["amount"])]
    return [(title, column) for column, title in head.items() if _year(title)]


def _year(text: str) -> int | None:
    found = _YEAR.fullmatch(text.strip())
    return int(found[1]) if found else None


def _unread(message: str, mend: str, where: dict[str, Any]) -> CellFinding:
    return CellFinding("C03", "error", message, mend, **where)
