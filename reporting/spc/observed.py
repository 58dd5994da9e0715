"""Observations and indicators in two files a person can write: what they hold, and what is wrong in them."""

from __future__ import annotations

import functools
import math
import re
from collections.abc import Iterator
from pathlib import Path

import pandas as pd

from reporting.declarations import Declarations
from reporting.declarations.profiles import SIMPLE_AVERAGE
from reporting.observations import FLAG_LETTERS
from reporting.sources import csv_files, values
from reporting.spc import lines

OBSERVED = ("indicator", "geo", "time", "value", "flag")
#: Options of an indicator, each with what it is when nothing is said.
OPTIONS = {"change_in_percent": False, "calculate_change": True, "drop_change_with_break": False}
_REFERENCE = "reference"
#: The column that names the price index of an amount: an indicator of the observations.
DEFLATOR = "deflator"
#: The column of standard errors of the values, which may be left out.
ERROR = "se"
#: How R and pandas write a missing value.
MISSING = ("NA", "NaN", "nan", "NULL")
_TRUTHS = {
    **dict.fromkeys(("true", "t", "yes", "y", "1", "1.0"), True),
    **dict.fromkeys(("false", "f", "no", "n", "0", "0.0"), False),
}
_PLAIN = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
_YEAR = re.compile(r"(19|20)\d\d|2100")


def observations(path: Path, known: Declarations) -> tuple[pd.DataFrame, list[str]]:
    """The observations of a file, and remarks on what was read otherwise than written.

    A missing value is empty, ``:`` or ``NA``, also with a flag beside it; a
    flag may stand behind the value, as in Eurostat's tables. Old and
    other spellings of a country (``GR``) are read as its code and remarked on.

    Returns
    -------
    DataFrame
        Columns ``indicator``, ``geo``, ``time``, ``value``, ``flag``, and
        ``se`` if the file has standard errors; the index is the line of the file.
    list of str

    Raises
    ------
    UsageError, SourceUnreadable
        As :func:`reporting.spc.lines.read`, and for a text in place of a
        number, a time that is no year, an unknown country or flag, and an
        observation that is there twice.
    """
    file = lines.read(path, OBSERVED, (ERROR,))
    pairs = _values(file)
    flags = file.each("flag", lambda cell: _flag(cell, known))
    frame = pd.DataFrame(
        {
            "indicator": file.each("indicator", name),
            "geo": file.each("geo", lambda cell: geo(cell, known)),
            "time": file.each("time", year).astype("int64"),
            "value": pairs.map(lambda pair: pair[0]).astype("float64"),
            "flag": flags.astype("str") + pairs.map(lambda pair: pair[1]).astype("str"),
        }
    )
    if ERROR in file.cells:
        frame[ERROR] = file.each(ERROR, standard_error).astype("float64")
    file.refuse(_repeated(frame))
    return frame, list(_respelled(file, frame["geo"]))


def indicators(path: Path) -> pd.DataFrame:
    """What a file says of indicators.

    Returns
    -------
    DataFrame
        Indexed by indicator: ``line`` of the file, ``sign`` (1 where high is
        good, -1 where low is good, NaN where nothing is said), the options of
        :data:`OPTIONS`, ``reference`` (empty for the profile's own) and
        ``deflator`` (empty for none).

    Raises
    ------
    UsageError, SourceUnreadable
        As :func:`reporting.spc.lines.read`, and for cells that are neither
        true nor false and an indicator that is there twice.
    """
    file = lines.read(path, ("indicator", "high_is_good"), (*OPTIONS, _REFERENCE, DEFLATOR))
    names = file.each("indicator", name)
    frame = pd.DataFrame({"line": names.index, "sign": file.each("high_is_good", _sign).astype(float)}, names.index)
    for option, default in OPTIONS.items():
        given = option in file.cells
        frame[option] = file.each(option, functools.partial(truth, default=default)) if given else default
    frame[DEFLATOR] = (
        file.each(DEFLATOR, lambda cell: "" if cell in MISSING else cell) if DEFLATOR in file.cells else ""
    )
    file.refuse(
        f"line {line}, column {DEFLATOR}: a change in real terms is relative: write TRUE under change_in_percent."
        for line in frame.index[(frame[DEFLATOR] != "") & ~frame["change_in_percent"]]
    )
    frame[_REFERENCE] = file.each(_REFERENCE, _reference) if _REFERENCE in file.cells else ""
    file.refuse(
        f"line {line}, column indicator: {name!r} stands on an earlier line too. Keep one."
        for line, name in names[names.duplicated()].items()
    )
    return frame.set_axis(pd.Index(names, name="indicator"))


def matched(observed: pd.DataFrame, described: pd.DataFrame, names: tuple[str, str]) -> list[str]:
    """Remarks on indicators that are described and have no observations.

    Raises
    ------
    SourceUnreadable
        When an observation is of an indicator that is not described: what is good cannot be guessed.
    """
    used = [*described.index, *described[DEFLATOR]]
    strange = observed.loc[~observed["indicator"].isin(used), "indicator"].drop_duplicates()
    file = lines.Lines(names[0], pd.DataFrame(), "")
    lines.Lines(names[1], pd.DataFrame(), "").refuse(
        f"line {line}, column {DEFLATOR}: {name!r} has no observation in {names[0]}. Add the price index there."
        for line, name in described.set_index("line")[DEFLATOR].items()
        if name and name not in set(observed["indicator"])
    )
    file.refuse(
        f"line {line}, column indicator: {name!r} is not in {names[1]}. Add a line for it there, "
        f"or leave its observations out.{lines.near(name, list(described.index))}"
        for line, name in strange.items()
    )
    idle = described[~described.index.isin(observed["indicator"])]
    return [
        f"{names[1]} line {line}, column indicator: {name!r} has no observation in {names[0]}: nothing is computed."
        for name, line in idle["line"].items()
    ]


def _values(file: lines.Lines) -> pd.Series:
    """The value and the flag in each cell of values."""
    decimal = csv_files.decimal_of(file.cells["value"], file.delimiter)
    return file.each("value", lambda cell: _value(cell, decimal, file.delimiter))


def _value(cell: str, decimal: str, delimiter: str) -> tuple[float, str]:
    if not cell or cell in MISSING:
        return float("nan"), ""
    if _PLAIN.fullmatch(cell) and (decimal == "." or "." not in cell):
        value = float(cell)
        if abs(value) > 1e300:
            raise ValueError(f"{cell!r} is too large a number. Write it in a larger unit.")
        return value, ""
    if decimal == "," and _PLAIN.fullmatch(cell):
        raise ValueError(f"{cell!r} has a decimal point, other values a decimal comma: write one of the two.")
    if delimiter != ";" and "," in cell:
        raise ValueError(f"{cell!r} has a comma: write a decimal point, and no mark for thousands.")
    try:
        value, flag, _ = values.number(cell, decimal)
    except ValueError as error:
        raise ValueError(f"{error}. Write a number, or : where it is missing.") from None
    return value, flag


def _flag(cell: str, known: Declarations) -> str:
    text = "" if cell in MISSING else cell.removeprefix(":").strip()
    lower = re.sub(r"[\s|,;]", "", text.lower())
    if all(letter in FLAG_LETTERS for letter in lower):
        return lower
    try:
        return values.flag(text, known.spellings.get("flag", {}), keep=len(lower) <= 4)[0].lower()
    except ValueError:
        if len(lower) <= 4:
            return lower
        raise ValueError(f"{cell!r} is not a known flag. Write letters such as b, p, u or bp.") from None


def name(cell: str) -> str:
    """The id of an indicator."""
    if not cell:
        raise ValueError("no indicator. Write its id.")
    return cell


def geo(cell: str, known: Declarations) -> str:
    """The code of a country, from any known spelling."""
    found = cell if cell in known.codelists["geo"] else known.spellings["geo"].get(cell, "")
    if not found:
        hint = lines.near(cell, list(known.codelists["geo"]))
        raise ValueError(f"unknown country {cell!r}. Write a code of parameters/codelists/geo.csv.{hint}")
    return found


def year(cell: str) -> int:
    """A year."""
    if not _YEAR.fullmatch(cell):
        raise ValueError(f"{cell!r} is no year from 1900 to 2100. Give annual figures only, with a year such as 2024.")
    return int(cell)


def _sign(cell: str) -> float:
    """1 for high is good, -1 for low is good, NaN where nothing is said."""
    return float("nan") if not cell or cell in MISSING else 2 * truth(cell, False) - 1


def truth(cell: str, default: bool) -> bool:
    """Whether a cell says true; ``default`` where it says nothing."""
    if not cell or cell in MISSING:
        return default
    if cell.lower() not in _TRUTHS:
        raise ValueError(f"{cell!r} is neither TRUE nor FALSE. Write one of the two, or nothing.")
    return _TRUTHS[cell.lower()]


def standard_error(cell: str) -> float:
    """A standard error; NaN where it is not known."""
    if not cell or cell in (":", *MISSING):
        return math.nan
    if not _PLAIN.fullmatch(cell) or not 0 <= float(cell) < math.inf:
        raise ValueError(f"{cell!r} is no standard error. Write a number, not negative, or nothing.")
    return float(cell)


def _reference(cell: str) -> str:
    text = cell.lower().replace("_", " ")
    if text in ("", "na", "eu27 2020", SIMPLE_AVERAGE):
        return {"eu27 2020": "EU27_2020", SIMPLE_AVERAGE: SIMPLE_AVERAGE}.get(text, "")
    raise ValueError(f"{cell!r} is no reference. Write EU27_2020 or {SIMPLE_AVERAGE}, or nothing.")


def _repeated(frame: pd.DataFrame) -> list[str]:
    identity = ["indicator", "geo", "time"]
    again = frame[frame.duplicated(identity)]
    if again.empty:
        return []
    first = frame.drop_duplicates(identity).reset_index(names="first")[[*identity, "first"]]
    both = again.reset_index(names="again").merge(first, on=identity, validate="m:1")
    return [
        f"line {row.again}, columns indicator, geo, time: {row.indicator} {row.geo} {row.time} "
        f"stands on line {row.first} too. Keep one."
        for row in both.itertuples()
    ]


def _respelled(file: lines.Lines, geo: pd.Series) -> Iterator[str]:
    pairs = pd.DataFrame({"written": file.cells["geo"], "read": geo})
    changed = pairs[pairs["written"] != pairs["read"]]
    count = changed["written"].value_counts()
    for line, written, read in changed.drop_duplicates().itertuples():
        yield (
            f"{file.name} line {line}, column geo: {written!r} is read as {read} "
            f"({count[written]} lines). Write {read}."
        )
