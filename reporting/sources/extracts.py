"""From the cells of a file to observations: codes for labels, numbers for text, a key for each series.

The readers of the layouts know where the cells are; what the cells mean is
decided here, against the declared datasets and code lists. Whatever cannot be
decided is an error that names the place and the remedy; no row is dropped.
"""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import pandas as pd

from reporting import observations
from reporting.declarations import Dataset, Declarations
from reporting.errors import SourceChanged, SourceUnreadable, UsageError
from reporting.sources import values

#: Columns of :attr:`Table.cells` that are not dimensions of the file.
TIME, VALUE, FLAG, CONF = "@time", "@value", "@flag", "@conf"
_RESERVED = (TIME, VALUE, FLAG, CONF)

_CODE = re.compile(r"[A-Z0-9][A-Z0-9_+-]*")
_CODE_AND_LABEL = re.compile(r"([A-Z0-9][A-Z0-9_+-]*): .+", re.DOTALL)
_TIME = re.compile(r"\d{4}(-?[MQSW]\d{1,2}|-\d{2}(-\d{2})?)?")
#: What Eurostat wraps around a dataset's code: agency, version, view, extraction.
_WRAPPING = re.compile(r"^[a-z0-9_.]+:|\([\d.]+\).*$|\$\w*$|__custom_\d+$")


@dataclass(frozen=True)
class Extract:
    """The observations of one dataset in one file, with what the file says of itself."""

    dataset: str
    frame: pd.DataFrame
    vintage: str
    request: str
    structure: str
    acknowledgement: str
    sha256: str
    received: bytes


@dataclass(frozen=True)
class Table:
    """What a layout gives: cells as written, one row for each observation.

    ``cells`` has the columns ``TIME``, ``VALUE``, ``FLAG``, ``CONF`` and, under
    the file's own headers, its dimensions. ``dataset`` is the code the file
    states (empty where it states none), ``asides`` the headers that may be
    labels of the column before them, ``where`` the place of a row in the file.
    """

    cells: pd.DataFrame
    where: Callable[[int], str]
    dataset: str = ""
    vintage: str = ""
    structure: str = ""
    asides: frozenset[str] = frozenset()
    decimal: str = "."


def extract(table: Table, name: str, received: bytes, declarations: Declarations, dataset: str = "") -> Extract:
    """The observations of a table.

    Parameters
    ----------
    table : Table
        What the reader of the layout found.
    name : str
        The file's name.
    received : bytes
        The file's content.
    declarations : Declarations
        Declared datasets and code lists.
    dataset : str
        The dataset wanted; empty to go by what the file states.
    """
    declared = resolve(declarations, table.dataset, name, dataset)
    if table.cells.empty:
        raise SourceUnreadable("the file holds no observations. Get it again, with a selection that has data.")
    keys = _keys(table, declared, declarations)
    frame = pd.DataFrame({"dataset": declared.id, "key": keys, "geo": ""})
    frame["geo"] = [observations.geo_of(key, declared.dimensions) for key in keys]
    frame["time"] = _times(table)
    frame[["value", "flag", "note"]] = _values(table, declarations.spellings.get("flag", {}))
    _refuse_duplicates(frame, table)
    return Extract(
        dataset=declared.id,
        frame=frame.assign(vintage=table.vintage, source="")[list(observations.COLUMNS)],
        vintage=table.vintage,
        request=name,
        structure=table.structure,
        acknowledgement=declared.acknowledgement,
        sha256=hashlib.sha256(received).hexdigest(),
        received=received,
    )


def resolve(declarations: Declarations, stated: str, name: str, wanted: str) -> Dataset:
    """The declared dataset a file holds: as wanted, as it states, or as its name says."""
    inside = _find(declarations, stated) if stated else None
    if wanted:
        chosen = _find(declarations, wanted)
        if chosen is None:
            raise UsageError(_undeclared(wanted))
        if stated and inside != chosen and bare(stated) not in chosen.aliases:
            raise UsageError(f"the file holds {bare(stated)}, not {chosen.id}: name the right dataset or file.")
        return chosen
    if stated:
        if inside is None:
            raise UsageError(_undeclared(bare(stated)))
        return inside
    named = [d for d in declarations.datasets if re.search(rf"(?<![a-z0-9]){re.escape(d)}(?![a-z0-9])", name.lower())]
    if not named:
        raise UsageError(
            "neither the file nor its name says which dataset it holds: "
            "name the dataset, or put its code into the file's name."
        )
    return declarations.datasets[max(named, key=len)]


def bare(code: str) -> str:
    """A dataset's code without agency, version, view or extraction number.

    Examples
    --------
    >>> bare("ESTAT:SPR_EXP_TYPE$DEFAULTVIEW(1.0)")
    'spr_exp_type'
    """
    text, before = code.strip().lower(), ""
    while text != before:
        text, before = _WRAPPING.sub("", text), text
    return text


def _find(declarations: Declarations, code: str) -> Dataset | None:
    text = bare(code)
    aliases = {alias: d for d in declarations.datasets.values() for alias in d.aliases}
    return declarations.datasets.get(text) or aliases.get(text)


def _undeclared(code: str) -> str:
    return f"the dataset {code} is not declared. Declare its title and dimensions under parameters/datasets/."


def normal(text: str) -> str:
    """A spelling without accidents of typing: single spaces, plain hyphens."""
    return " ".join(text.replace("\u2013", "-").replace("\u2212", "-").split())


def codes_of(declarations: Declarations, dimension: str) -> dict[str, str]:
    """All known spellings of a dimension's codes, normalised, the codes themselves included."""
    known = {normal(label): code for label, code in declarations.spellings.get(dimension, {}).items()}
    return known | {code: code for code in declarations.codelists.get(dimension, {})}


def _keys(table: Table, dataset: Dataset, declarations: Declarations) -> list[str]:
    """The key of the series of each row."""
    columns = _columns(table, dataset, declarations)
    parts = []
    for dimension in dataset.dimensions:
        if dimension in columns:
            parts.append(_codes(table, columns[dimension], dimension, declarations))
        else:
            parts.append([dataset.fixed[dimension]] * len(table.cells))
    return [".".join(codes) for codes in zip(*parts, strict=True)]


def _columns(table: Table, dataset: Dataset, declarations: Declarations) -> dict[str, str]:
    """Which column of the file gives each dimension; of several, the one headed by the id."""
    spellings = {**codes_of(declarations, "dimension"), **{d: d for d in dataset.dimensions}}
    found: dict[str, str] = {}
    strange: list[str] = []
    for header in (str(column) for column in table.cells if column not in _RESERVED):
        text = normal(header)
        dimension = spellings.get(text) or spellings.get(text.lower())
        if dimension in dataset.dimensions:
            if dimension not in found or text.lower() == dimension:
                found[str(dimension)] = header
        elif dimension or header not in table.asides:
            strange.append(dimension or header)
    absent = [d for d in dataset.dimensions if d not in found and d not in dataset.fixed]
    if absent or strange:
        raise SourceChanged(_structure_changed(dataset, absent, strange))
    return found


def _structure_changed(dataset: Dataset, absent: list[str], strange: list[str]) -> str:
    if absent and strange:
        what = f"{_list(strange)} instead of {_list(absent)}"
    elif absent:
        what = f"no column for {_list(absent)}"
    else:
        what = f"the unexpected column {_list(strange)}"
    return (
        f"{dataset.id} has another structure than declared ({', '.join(dataset.dimensions)}): the file has {what}. "
        "If the provider changed the dataset, declare the new structure under parameters/datasets/; "
        "if a header is spelled anew, add it to parameters/codelists/dimension.csv."
    )


def _codes(table: Table, column: str, dimension: str, declarations: Declarations) -> list[str]:
    """The code of each cell of a dimension."""
    known = codes_of(declarations, dimension)
    cells = table.cells[column]
    codes = {cell: _code(str(cell), known) for cell in cells.unique()}
    unknown = [cell for cell, code in codes.items() if not code]
    if unknown:
        places = [f"{table.where(int((cells == cell).to_numpy().argmax()))}: {str(cell)!r}" for cell in unknown[:5]]
        more = f" and {len(unknown) - 5} more" if len(unknown) > 5 else ""
        raise SourceChanged(
            f"{dimension}: no code is known for {'; '.join(places)}{more}. Correct the file, "
            f"or add the spelling to its code in parameters/codelists/{dimension}.csv."
        )
    return [codes[cell] for cell in cells]


def _code(cell: str, known: dict[str, str]) -> str:
    """The code a cell stands for: a code, a known label, or both; empty when none."""
    text = normal(cell)
    if text in known:
        return known[text]
    if both := _CODE_AND_LABEL.fullmatch(text):
        return known.get(both[1], both[1])
    return text if _CODE.fullmatch(text) else ""


def _times(table: Table) -> list[str]:
    times = [str(cell).strip() for cell in table.cells[TIME]]
    for row, time in enumerate(times):
        if not _TIME.fullmatch(time):
            raise SourceUnreadable(f"{table.where(row)}: {time!r} is not a period such as 2024 or 2024-Q1.")
    return times


def _values(table: Table, labels: dict[str, str]) -> list[tuple[float, str, str]]:
    """Value, flag and note of each row; a confidential value is missing and flagged ``c``."""
    found = []
    for row, (cell, letters, status) in enumerate(zip(*(table.cells[c] for c in (VALUE, FLAG, CONF)), strict=True)):
        try:
            value, beside, note = values.number(str(cell), table.decimal)
            flag, attached = values.flag(str(letters), labels)
        except ValueError as error:
            raise SourceUnreadable(f"{table.where(row)}: {error}. Correct the file, or get it again.") from None
        flag += "".join(letter for letter in beside if letter not in flag)
        if "c" in flag or not values.free(attached or str(status)):
            value, flag = math.nan, flag if "c" in flag else flag + "c"
        found.append((value, flag, note))
    return found


def _refuse_duplicates(frame: pd.DataFrame, table: Table) -> None:
    twice = frame.duplicated(["key", "time"])
    if twice.any():
        row = int(twice.to_numpy().argmax())
        keys = list(zip(frame["key"], frame["time"], strict=True))
        first = keys.index(keys[row])
        key, time = keys[row]
        raise SourceUnreadable(
            f"{table.where(row)}: a second value for {key} in {time}; "
            f"the first is at {table.where(first)}. Remove one of the two."
        )


def _list(names: Iterable[str]) -> str:
    return ", ".join(names)
