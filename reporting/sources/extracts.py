"""From the cells of a file to observations: codes for labels, numbers for text, a key for each series.

The readers of the layouts know where the cells are; what the cells mean is
decided here, against the declared datasets and code lists. Whatever cannot be
decided is an error that names the place and the remedy; no row is dropped.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pandas as pd

from reporting import observations
from reporting.declarations import Dataset, Declarations
from reporting.errors import SourceChanged, SourceUnreadable, UsageError
from reporting.sources import readings
from reporting.sources.cells import RESERVED, TIME, Table
from reporting.sources.coded import Coded, coded, repeated, same, together

_CODE = re.compile(r"[A-Z0-9][A-Z0-9_+-]*")
_CODE_AND_LABEL = re.compile(r"([A-Z0-9][A-Z0-9_+-]*): .+", re.DOTALL)
_TIME = re.compile(r"\d{4}(-?[MQSW]\d{1,2}|-\d{2}(-\d{2})?)?")
#: The attribute that gives the power of ten by which values are to be multiplied.
_POWER = "UNIT_MULT"
#: A name that may be a new or misspelled one for flags or confidentiality.
_TELLING = re.compile("flag|status|conf|secre", re.IGNORECASE)
#: What Eurostat wraps around a dataset's code: agency, version, view, extraction.
_WRAPPING = re.compile(r"^[a-z0-9_.]+:|\([\d.]+\).*$|\$\w*$|__custom_\d+$")


@dataclass(frozen=True)
class Extract:
    """The observations of one dataset in one file, with what the file says of itself.

    ``warnings`` say what was met and kept that no list or declaration knows.
    """

    dataset: str
    frame: pd.DataFrame
    vintage: str
    request: str
    structure: str
    acknowledgement: str
    received: bytes
    warnings: tuple[str, ...] = ()

    @cached_property
    def sha256(self) -> str:
        """The checksum of the bytes received."""
        return hashlib.sha256(self.received).hexdigest()


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
    columns, numbers, warnings = _read(table, declared, declarations)
    vintage, structure = table.vintage, table.structure
    del table  # the cells make room for the observations
    with ThreadPoolExecutor() as threads:
        arrays = dict(zip(columns, threads.map(Coded.texts, columns.values()), strict=True)) | {"value": numbers}
    return Extract(
        dataset=declared.id,
        frame=pd.DataFrame({name: arrays[name] for name in observations.COLUMNS}),
        vintage=vintage,
        request=name,
        structure=structure,
        acknowledgement=declared.acknowledgement,
        received=received,
        warnings=warnings,
    )


def _read(
    table: Table, dataset: Dataset, declarations: Declarations
) -> tuple[dict[str, Coded], npt.NDArray[np.float64], tuple[str, ...]]:
    """The columns of the observation table but the values, the values, and warnings."""
    rows = len(table.cells)
    with ThreadPoolExecutor(1) as thread:
        reading = thread.submit(readings.read, table, declarations.spellings.get("flag", {}))
        taken = _columns(table, dataset, declarations)
        codes = [_codes(table, taken, dimension, dataset, declarations) for dimension in dataset.dimensions]
        series = together(codes)
        series = series.mapped([".".join(parts) for parts in series.distinct])
        times = _times(table)
        read = reading.result()
    _refuse_duplicates(series, times, table)
    columns = {
        "dataset": same(dataset.id, rows),
        "key": series,
        "geo": codes[dataset.dimensions.index("geo")],
        "time": times,
        "flag": read.flags,
        "vintage": same(table.vintage, rows),
        "source": same("", rows),
        "note": read.notes,
    }
    return columns, read.values, (*_left(table, taken), *read.warnings)


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


def _columns(table: Table, dataset: Dataset, declarations: Declarations) -> dict[str, str]:
    """Which column of the file gives each dimension; of several, the one headed by the id."""
    spellings = {**codes_of(declarations, "dimension"), **{d: d for d in dataset.dimensions}}
    found: dict[str, str] = {}
    strange: list[str] = []
    for header in (str(column) for column in table.cells if column not in RESERVED):
        text = normal(header)
        dimension = spellings.get(text) or spellings.get(text.lower())
        if dimension in dataset.dimensions:
            if dimension not in found or text.lower() == dimension:
                found[str(dimension)] = header
        elif dimension or not (header in table.asides or _attribute(table, header)):
            strange.append(dimension or header)
    absent = [d for d in dataset.dimensions if d not in found and d not in dataset.fixed]
    if absent or strange:
        raise SourceChanged(_structure_changed(dataset, absent, strange))
    return found


def _attribute(table: Table, header: str) -> bool:
    """Whether a column may stay unread: an attribute that changes neither a value nor whether it may be shown."""
    scales = header == _POWER and not set(table.cells[header].unique()) <= {"", "0", "0: Units"}
    return header in table.attributes and not scales and not _TELLING.search(header)


def _left(table: Table, columns: dict[str, str]) -> tuple[str, ...]:
    """What to say of columns that were not read."""
    left = [str(h) for h in table.cells if h in table.attributes - table.asides and h not in columns.values()]
    return tuple(
        f"the column {header} is in no declaration: taken for an attribute, it was not read" for header in left
    )


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


def _codes(
    table: Table, columns: dict[str, str], dimension: str, dataset: Dataset, declarations: Declarations
) -> Coded:
    """The code of each row for a dimension: of its cell, or the one declared where the file has no column."""
    if dimension not in columns:
        return same(dataset.fixed[dimension], len(table.cells))
    known = codes_of(declarations, dimension)
    cells = coded(table.cells[columns[dimension]])
    codes = [_code(cell, known) for cell in cells.distinct]
    unknown = [position for position, code in enumerate(codes) if not code]
    if unknown:
        places = [f"{table.where(cells.first(n))}: {cells.distinct[n]!r}" for n in unknown[:5]]
        more = f" and {len(unknown) - 5} more" if len(unknown) > 5 else ""
        raise SourceChanged(
            f"{dimension}: no code is known for {'; '.join(places)}{more}. Correct the file, "
            f"or add the spelling to its code in parameters/codelists/{dimension}.csv."
        )
    return cells.mapped(codes)


def _code(cell: str, known: dict[str, str]) -> str:
    """The code a cell stands for: a code, a known label, or both; empty when none."""
    text = normal(cell)
    if text in known:
        return known[text]
    if both := _CODE_AND_LABEL.fullmatch(text):
        return known.get(both[1], both[1])
    return text if _CODE.fullmatch(text) else ""


def _times(table: Table) -> Coded:
    cells = coded(table.cells[TIME])
    times = [cell.strip() for cell in cells.distinct]
    for position, time in enumerate(times):
        if not _TIME.fullmatch(time):
            place = table.where(cells.first(position))
            raise SourceUnreadable(f"{place}: {time!r} is not a period such as 2024 or 2024-Q1.")
    return cells.mapped(times)


def _refuse_duplicates(series: Coded, times: Coded, table: Table) -> None:
    ids = series.which.astype(np.int64) * len(times.distinct) + times.which
    if (row := repeated(ids)) is not None:
        first = int((ids == ids[row]).argmax())
        key, time = series.distinct[series.which[row]], times.distinct[times.which[row]]
        raise SourceUnreadable(
            f"{table.where(row)}: a second value for {key} in {time}; "
            f"the first is at {table.where(first)}. Remove one of the two."
        )


def _list(names: Iterable[str]) -> str:
    return ", ".join(names)
