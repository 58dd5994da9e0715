"""Any file of persons as the persons of a survey: which column is what."""

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
from reporting.silc.conventions import Numbers
from reporting.silc.estimates import Persons


@dataclass(frozen=True)
class Columns:
    """Which column of a file of persons is what; ``states`` are the variables that are shares of a person."""

    income: str
    weight: str
    strata: str = ""
    cluster: str = ""
    by: tuple[str, ...] = ()
    auxiliaries: tuple[str, ...] = ()
    variables: tuple[str, ...] = ()
    states: tuple[str, ...] = ()


#: A breakdown of more categories than these, most of them of too few persons to publish, names persons.
_CATEGORIES, _FEW = 30, 20


def read(path: Path, columns: Columns) -> Persons:
    """The persons of a file.

    Raises
    ------
    UsageError, SourceUnreadable
        As :func:`reporting.silc.files.read`, and for numbers that are none,
        negative weights, strata and clusters that are missing, and a file in
        which nobody has both an income and a weight; for a breakdown that
        names persons or amounts rather than groups.
    """
    text = {*columns.by, columns.strata} - {"", columns.income, columns.weight}
    wanted = [
        columns.income, columns.weight, columns.strata, columns.cluster,
        *columns.by, *columns.auxiliaries, *columns.variables,
    ]  # fmt: skip
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
        design.of_counted(labels[columns.strata], labels[columns.cluster], weight),
        {name: _breakdown(frame[name], name, columns, path) for name in columns.by},
        {name: files.numbers(frame, name, path, "share" * (name in columns.states)) for name in columns.variables},
        _auxiliaries(frame, columns.auxiliaries, path),
    )


def read_years(paths: Sequence[Path], columns: Columns) -> tuple[Persons, ...]:
    """The persons of several years with one design: a cluster of one label is one PSU in all of them.

    Breakdowns are those of the first.
    """
    bare = replace(columns, strata="", cluster="")
    years = [read(path, replace(bare, by=() if position else columns.by)) for position, path in enumerate(paths)]
    names = [name for name in (columns.strata, columns.cluster) if name]
    frames = [files.read(path, names, names) for path in paths]
    labels = [[files.complete(f, n, p) for n in names] for f, p in zip(frames, paths, strict=True)]
    strata = [found[0] if columns.strata else None for found in labels]
    designs = change.paired(strata, [found[-1] for found in labels])
    return tuple(replace(year, design=built) for year, built in zip(years, designs, strict=True))


def column(path: Path, name: str) -> Numbers:
    """A column of weights, missing ones nought."""
    return np.nan_to_num(files.numbers(files.read(path, [name]), name, path, "positive"))


def identities(path: Path, name: str) -> npt.NDArray[Any]:
    """A column of identities, as text."""
    return files.complete(files.read(path, [name], [name]), name, path)


def _breakdown(column: pd.Series, name: str, columns: Columns, path: Path) -> npt.NDArray[Any]:
    """The categories of a breakdown; one that would print a row for each person or household is refused."""
    if name == "total":
        raise UsageError(f"{path.name}: a breakdown cannot be called total, which is the whole population: rename it.")
    sizes = column.value_counts()
    if name in (columns.income, columns.weight) or (len(sizes) > _CATEGORIES and (sizes < _FEW).mean() > 0.5):
        raise UsageError(
            f"{path.name}: column {name} is no breakdown: most of its {len(sizes)} values stand for fewer than "
            f"{_FEW} persons, so that the estimates would list records. Name a column of groups."
        )
    return _categories(column)


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
