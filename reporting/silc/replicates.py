"""Replicate weights that were given: a column for each replicate, or a row for each household and replicate.

Statbel hands out the second form: the household, its weight in the replicate,
and the pseudo-stratum and the unit that the replicate leaves out
(``STRATUM_JCK``, ``PSU_JCK``). Either is joined to the persons by the columns
the two files share.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from reporting.errors import SourceUnreadable, UsageError
from reporting.silc import files
from reporting.silc.conventions import Codes, Numbers

#: Names, in lower case, of what a row of the long form says: the replicate, and its stratum.
_REPLICATE, _STRATUM = ("id_jck", "psu_jck"), ("stratum_jck", "strate_jck")
#: How far the sum of a replicate may be from that of the weights.
_FACTOR = 1.5
_ROLES = (*_REPLICATE, *_STRATUM, "scale_jck", "facteur_h")


def read(path: Path, own: pd.DataFrame, weight: str, strata: str = "") -> tuple[Numbers, Codes]:
    """Replicate weights, a row for each person and a column for each replicate, and each replicate's stratum.

    ``own`` are the persons, ``weight`` and ``strata`` the names of their
    columns. A replicate belongs to the stratum its file names (long form) or whose
    persons it leaves out (weight 0), when strata are named; otherwise all
    replicates are of one.

    Raises
    ------
    SourceUnreadable
        When the rows do not fit the persons, a weight is no number or
        negative, or the stratum of a replicate cannot be told.
    UsageError
        When there are fewer than two replicates.
    """
    frame = files.read(path)
    spelt = {str(name).lower(): str(name) for name in own}
    frame = frame.rename(columns={name: spelt.get(str(name).lower(), name) for name in frame})
    lower = {str(name).lower(): str(name) for name in frame}
    replicate = next((lower[name] for name in _REPLICATE if name in lower), None)
    if replicate is not None:
        found = _long(frame, own, path, replicate, lower, weight)
    else:
        found = _wide(frame, own, path, weight, strata)
    _refuse_far(found[0], own[weight], path)
    return found


def _refuse_far(weights: Numbers, base: pd.Series, path: Path) -> None:
    """Refuse columns that are no weights of the same population, such as a number of the person."""
    ratio = weights.sum(axis=0) / float(np.nansum(pd.to_numeric(base, errors="coerce")))
    far = np.flatnonzero((ratio < 1 / _FACTOR) | (ratio > _FACTOR))
    if len(far):
        raise SourceUnreadable(
            f"{path.name}: the sum of replicate {int(far[0]) + 1} is over {_FACTOR:g} times that of {base.name}, or "
            "under its inverse: a column that is no replicate weight? Give the file those and what names the persons."
        )


def _wide(frame: pd.DataFrame, own: pd.DataFrame, path: Path, weight: str, strata: str) -> tuple[Numbers, Codes]:
    shared = [name for name in frame if name in own]
    if shared:
        frame = frame.iloc[_rows(own, frame, shared, path)]
    elif len(frame) != len(own):
        raise SourceUnreadable(
            f"{path.name}: {len(frame)} rows of replicate weights for {len(own)} persons, and no column in common."
        )
    columns = [str(name) for name in frame if name not in shared]
    weights = np.column_stack([_weights(frame, name, path) for name in columns]) if columns else np.empty((0, 0))
    _refuse_few(len(columns), path)
    if not strata:
        return weights, np.zeros(len(columns), dtype=np.intp)
    codes, _ = pd.factorize(own[strata], sort=True)
    counted = pd.to_numeric(own[weight], errors="coerce").to_numpy() > 0
    found = [_stratum_of(weights[counted, r], codes[counted], columns[r], path) for r in range(len(columns))]
    return weights, np.array(found, dtype=np.intp)


def _weights(frame: pd.DataFrame, name: str, path: Path) -> Numbers:
    return np.nan_to_num(files.numbers(frame, name, path, "positive"))


def _refuse_few(count: int, path: Path) -> None:
    if count < 2:
        raise UsageError(f"{path.name}: fewer than two replicates. Give a file with a column for each replicate.")


def _rows(own: pd.DataFrame, frame: pd.DataFrame, shared: list[Any], path: Path) -> npt.NDArray[np.int64]:
    """The row of a file for each person, by the columns both have."""
    named = frame[shared].assign(row=np.arange(len(frame)))
    try:
        joined = own[shared].merge(named, on=shared, how="left", validate="many_to_one")
    except (pd.errors.MergeError, ValueError):
        raise SourceUnreadable(
            f"{path.name}: the columns {', '.join(map(str, shared))} do not name each row once, "
            "or are not of one type in both files."
        ) from None
    if missing := int(joined["row"].isna().sum()):
        raise SourceUnreadable(f"{path.name}: {missing} persons have no row. Give a row for each of them.")
    return joined["row"].to_numpy(dtype=np.int64)


def _stratum_of(weight: Numbers, codes: npt.NDArray[np.int64], name: str, path: Path) -> int:
    """The stratum in which most of the weights are zero."""
    left_out = codes[weight == 0]
    if not len(left_out):
        raise SourceUnreadable(
            f"{path.name}: column {name} leaves nobody out (weight 0), so that its stratum is not known. "
            "Leave out --strata to take all replicates as of one stratum."
        )
    return int(np.bincount(left_out).argmax())


def _long(
    frame: pd.DataFrame, own: pd.DataFrame, path: Path, replicate: str, lower: dict[str, str], weight: str
) -> tuple[Numbers, Codes]:
    """Rows of households and replicates as a column for each replicate; who is not in a replicate has weight 0."""
    value = lower.get(weight.lower())
    if value is None:
        raise UsageError(f"{path.name}: no column {weight} with the weights of the replicates.")
    key = [name for name in frame if name in own and name != value and str(name).lower() not in _ROLES]
    if not key:
        raise SourceUnreadable(f"{path.name}: no column in common with the persons that names a household.")
    columns, names = pd.factorize(frame[replicate], sort=True)
    _refuse_few(len(names), path)
    units = frame[key].drop_duplicates(ignore_index=True)
    rows = pd.DataFrame({"unit": _rows(frame, units, key, path), "column": columns})
    rows = rows.assign(weight=_weights(frame, value, path)).drop_duplicates()
    if rows.duplicated(["unit", "column"]).any():
        raise SourceUnreadable(f"{path.name}: a household has two weights in one replicate. Correct the file.")
    weights = np.zeros((len(units), len(names)))
    weights[rows["unit"], rows["column"]] = rows["weight"]
    stratum = next((frame[lower[name]] for name in _STRATUM if name in lower), None)
    return weights[_rows(own, units, key, path)], _strata_of(columns, stratum, len(names), path)


def _strata_of(columns: npt.NDArray[np.intp], stratum: pd.Series | None, count: int, path: Path) -> Codes:
    """The stratum that the file names for each replicate."""
    if stratum is None:
        return np.zeros(count, dtype=np.intp)
    codes, _ = pd.factorize(stratum, sort=True)
    named = pd.DataFrame({"column": columns, "stratum": codes}).drop_duplicates()
    if named["column"].duplicated().any():
        raise SourceUnreadable(f"{path.name}: a replicate is of two strata ({stratum.name}). Correct the file.")
    return named.sort_values("column")["stratum"].to_numpy(dtype=np.intp)
