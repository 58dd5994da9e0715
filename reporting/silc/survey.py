"""The D, R, H and P files of EU-SILC: variables by name, any year, any of the four files.

Names are read in either case. Variables of older years are given their present
name (``RENAMED``) and, where the codes changed, their present codes
(``RECODED``); what is not there stays missing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from reporting.errors import SourceUnreadable, UsageError
from reporting.silc import files

#: File letter: key of a record, variables without which nothing can be computed.
KEYS = {"d": "DB030", "r": "RB030", "h": "HB030", "p": "PB030"}
NEEDED = {
    "d": ("DB010", "DB020", "DB030", "DB090"),
    "r": ("RB030", "RB040", "RB050", "RB080", "RB090"),
    "h": ("HB030", "HY020"),
    "p": ("PB030",),
}
#: Names of earlier years.
RENAMED = {
    "RX010": "RB081", "RX020": "RB082", "PE040": "PE041", "PL040": "PL040A", "PL051": "PL051A",
    "PL070": "PL073", "PL072": "PL074",
}  # fmt: skip
#: Variables of earlier years whose codes meant something else: their present name, and each code's present one.
RECODED = {
    # Arrears: yes and no, today once, twice or more, no.
    **{f"HS0{n}0": (f"HS0{n}1", {1: 1, 2: 3}) for n in (1, 2, 3)},
    # Tenure: owners were not told apart; 0 is an owner of either kind.
    "HH020": ("HH021", {1: 0, 2: 3, 3: 4, 4: 5}),
    # Self-defined status: eleven codes, today eight.
    "PL031": ("PL032", {1: 1, 2: 1, 3: 1, 4: 1, 5: 2, 6: 5, 7: 3, 8: 4, 9: 7, 10: 6, 11: 8}),
}
#: Variables that are labels, never numbers.
LABELS = ("DB020", "DB040", "HB020", "PB020", "RB020", "PB220A", "RB280", "RB290", "PB210", "NR_ITW")
#: Variables that name households, persons, strata and clusters: numbers or text, as the file has them.
NAMES = ("DB030", "DB050", "DB060", "DB062", "HB030", "PB030", "RB030", "RB040", "RB220", "RB230", "RB240")
#: Flags that say why a value is missing.
MISSING_FLAGS = tuple(range(-8, 0))


@dataclass(frozen=True)
class Survey:
    """The four files of a survey; one that was not given is empty. ``places`` holds their paths."""

    d: pd.DataFrame
    r: pd.DataFrame
    h: pd.DataFrame
    p: pd.DataFrame
    places: dict[str, Path]

    def file(self, letter: str) -> pd.DataFrame:
        """The file of a letter."""
        found: pd.DataFrame = getattr(self, letter)
        return found

    def has(self, *variables: str) -> bool:
        """Whether the survey holds all of some variables."""
        return all(any(v in self.file(letter) for letter in KEYS) for v in variables)

    def number(self, letter: str, variable: str, default: float = np.nan) -> pd.Series:
        """A variable of a file, one value a record; the default where it is missing."""
        frame = self.file(letter)
        if variable not in frame:
            return pd.Series(default, index=frame.index, dtype="float64")
        return frame[variable].fillna(default)


def read(**paths: Path | None) -> Survey:
    """The files of a survey.

    Parameters
    ----------
    **paths : Path
        ``d``, ``r``, ``h``, ``p``: those there are.

    Raises
    ------
    UsageError, SourceUnreadable
        For no file at all, and what :func:`reporting.silc.files.read` refuses;
        for a variable without which nothing can be computed.
    """
    given = {letter: path for letter, path in paths.items() if path is not None}
    if not given:
        raise UsageError("Name at least one of the four files: --d, --r, --h, --p.")
    d, r, h, p = (_file(letter, given[letter]) if letter in given else pd.DataFrame() for letter in KEYS)
    return Survey(d, r, h, p, given)


def _file(letter: str, path: Path) -> pd.DataFrame:
    frame = files.read(path, text=(*LABELS, *(name.lower() for name in LABELS)))
    frame.columns = pd.Index([str(name).upper() for name in frame.columns])
    frame = _of_today(frame.loc[:, ~frame.columns.duplicated()])
    missing = [name for name in NEEDED[letter] if name not in frame]
    if missing:
        raise SourceUnreadable(
            f"{path.name}: not the {letter.upper()} file of EU-SILC: it has no variable {', '.join(missing)}."
        )
    return _with_numbers(frame, _number)


def _of_today(frame: pd.DataFrame) -> pd.DataFrame:
    """The variables of earlier years by their present names and codes, where the present ones are not there."""
    frame = frame.rename(columns={old: new for old, new in RENAMED.items() if old in frame and new not in frame})
    for old, (new, codes) in RECODED.items():
        if old in frame and new not in frame:
            frame = frame.rename(columns={old: new}).assign(**{new: _recoded(frame[old], codes)})
    return frame


def _recoded(column: pd.Series, codes: dict[int, int]) -> pd.Series:
    """A variable in other codes; text that is no code stays, so that a finding can say so."""
    numbers = _coerced(column)
    return numbers.map(codes).where(numbers.notna() | column.isna(), column)


def _number(column: pd.Series) -> pd.Series:
    """Text as numbers where all of it is; intervals and other labels of public use files stay text."""
    values = _coerced(column)
    return column if (values.isna() & column.notna()).any() else values


def numeric(survey: Survey) -> Survey:
    """The survey with every variable that is not a label as a number; what is none is missing (a finding says so)."""
    d, r, h, p = (_with_numbers(survey.file(letter), _coerced) for letter in KEYS)
    return Survey(d, r, h, p, survey.places)


def _with_numbers(frame: pd.DataFrame, convert: Callable[[pd.Series], pd.Series]) -> pd.DataFrame:
    """A file with its columns of text converted, labels and names aside."""
    kept = (*LABELS, *NAMES)
    texts = [str(n) for n in frame if n not in kept and not pd.api.types.is_numeric_dtype(frame[n])]
    return frame.assign(**{name: convert(frame[name]) for name in texts})


def _coerced(column: pd.Series) -> pd.Series:
    return pd.Series(pd.to_numeric(column, errors="coerce"))
