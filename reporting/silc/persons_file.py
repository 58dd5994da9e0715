"""Any file of persons as the persons of a survey: which column is what, and replicate weights beside it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from reporting.errors import SourceUnreadable, UsageError
from reporting.silc import change, design, files
from reporting.silc.conventions import Codes, Numbers
from reporting.silc.estimates import Persons


@dataclass(frozen=True)
class Columns:
    """Which column of a file of persons is what."""

    income: str
    weight: str
    strata: str = ""
    cluster: str = ""
    by: tuple[str, ...] = ()
    auxiliaries: tuple[str, ...] = ()


def read(path: Path, columns: Columns) -> Persons:
    """The persons of a file.

    Raises
    ------
    UsageError, SourceUnreadable
        As :func:`reporting.silc.files.read`, and for numbers that are none,
        negative weights, strata and clusters that are missing, and a file in
        which nobody has both an income and a weight.
    """
    text = {*columns.by, columns.strata} - {"", columns.income, columns.weight}
    wanted = [columns.income, columns.weight, columns.strata, columns.cluster, *columns.by, *columns.auxiliaries]
    frame = files.read(path, list(dict.fromkeys(filter(None, wanted))), text)
    income = files.numbers(frame, columns.income, path)
    weight = np.nan_to_num(files.numbers(frame, columns.weight, path, "positive"))
    if not (np.isfinite(income) & (weight > 0)).any():
        raise SourceUnreadable(
            f"{path.name}: nobody has both an income ({columns.income}) and a weight ({columns.weight})."
        )
    labels = {n: files.complete(frame, n, path) if n else None for n in {columns.strata, columns.cluster}}
    return Persons(
        income,
        weight,
        _design(labels[columns.strata], labels[columns.cluster], weight),
        {name: _categories(frame[name]) for name in columns.by},
        auxiliaries=_auxiliaries(frame, columns.auxiliaries, path),
    )


def read_pair(paths: tuple[Path, Path], columns: Columns) -> tuple[Persons, Persons]:
    """The persons of two years with one design: a cluster of one label is one PSU in both."""
    first, second = (read(path, replace(columns, strata="", cluster="")) for path in paths)
    names = [name for name in (columns.strata, columns.cluster) if name]
    frames = [files.read(path, names, names) for path in paths]
    labels = [[files.complete(f, n, p) for n in names] for f, p in zip(frames, paths, strict=True)]
    strata = (labels[0][0], labels[1][0]) if columns.strata else (None, None)
    one, other = change.paired(strata, (labels[0][-1], labels[1][-1]))
    return replace(first, design=one), replace(second, design=other)


def column(path: Path, name: str) -> Numbers:
    """A column of weights, missing ones nought."""
    return np.nan_to_num(files.numbers(files.read(path, [name]), name, path, "positive"))


def identities(path: Path, name: str) -> npt.NDArray[Any]:
    """A column of identities, as text."""
    return files.complete(files.read(path, [name], [name]), name, path)


def _design(stratum: npt.NDArray[Any] | None, cluster: npt.NDArray[Any] | None, weight: Numbers) -> design.Design:
    """The design of those who count: persons without a weight are no PSU."""
    counts = weight > 0
    strata, clusters = (None if labels is None else labels[counts] for labels in (stratum, cluster))
    built = design.build(strata, clusters, int(counts.sum()))
    psu = np.zeros(len(weight), dtype=np.intp)
    psu[counts] = built.psu
    return design.Design(psu, built.stratum, built.joined)


def _categories(column: pd.Series) -> npt.NDArray[Any]:
    found: Any = column.astype("object").where(column.notna(), None)
    if not all(isinstance(label, str) or label is None for label in found.unique()):
        found = found.map(lambda label: None if label is None else f"{label:g}" if label == label else None)
    return np.asarray(found, dtype=object)


def _auxiliaries(frame: pd.DataFrame, names: Sequence[str], path: Path) -> Numbers | None:
    """Calibration variables: a constant, numbers as they are, words as a column for each but one."""
    if not names:
        return None
    parts = [np.ones((len(frame), 1))]
    for name in names:
        if pd.api.types.is_numeric_dtype(frame[name]):
            if frame[name].isna().any():
                files.complete(frame, name, path)
            parts.append(files.numbers(frame, name, path)[:, None])
        else:
            labels = pd.Series(files.complete(frame, name, path), dtype="str")
            parts.append(pd.get_dummies(labels, drop_first=True).to_numpy(dtype=np.float64))
    return np.hstack(parts)


def replicates(path: Path, persons_path: Path, persons: int, strata: str = "") -> tuple[Numbers, Codes]:
    """Replicate weights, and the stratum of each replicate.

    The file has a row for each person: joined by the columns it shares with
    the file of persons, or else in the same order. Its other columns are the
    replicate weights. A replicate belongs to the stratum whose persons it
    leaves out (weight 0), when strata are named; otherwise all are of one.

    Raises
    ------
    SourceUnreadable
        When the rows do not fit the persons, or a weight is no number or negative.
    """
    frame, own = files.read(path), files.read(persons_path)
    shared = [name for name in frame.columns if name in set(own.columns)]
    if shared:
        frame = _matched(own[shared], frame, shared, path)
    elif len(frame) != persons:
        raise SourceUnreadable(
            f"{path.name}: {len(frame)} rows of replicate weights for {persons} persons, and no column in common."
        )
    columns = [name for name in frame.columns if name not in shared]
    if len(columns) < 2:
        raise UsageError(f"{path.name}: fewer than two columns of replicate weights.")
    weights = np.column_stack([np.nan_to_num(files.numbers(frame, name, path, "positive")) for name in columns])
    if not strata:
        return weights, np.zeros(len(columns), dtype=np.intp)
    codes, _ = pd.factorize(own[strata], sort=True)
    return weights, np.array([_stratum_of(weights[:, r], codes) for r in range(len(columns))], dtype=np.intp)


def _matched(own: pd.DataFrame, frame: pd.DataFrame, shared: list[str], path: Path) -> pd.DataFrame:
    try:
        joined = own.merge(frame, on=shared, how="left", validate="one_to_one", indicator="found")
    except (pd.errors.MergeError, ValueError):
        raise SourceUnreadable(
            f"{path.name}: the columns {', '.join(shared)} do not name each person once in both files."
        ) from None
    if not (joined["found"] == "both").all():
        raise SourceUnreadable(f"{path.name}: {int((joined['found'] != 'both').sum())} persons have no row.")
    return joined.drop(columns="found")


def _stratum_of(weight: Numbers, codes: npt.NDArray[np.int64]) -> int:
    """The stratum in which most of the weights are zero."""
    left_out = codes[weight == 0]
    return int(np.bincount(left_out).argmax()) if len(left_out) else -1
