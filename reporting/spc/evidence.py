"""What is known of the significance of changes: a table of yes and no, standard errors."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from reporting.declarations import Declarations
from reporting.spc import lines, observed
from reporting.spc.panel import Floats, Index, Panel

COLUMNS = ("indicator", "geo", "base", "time", "significant")


@dataclass(frozen=True)
class Evidence:
    """What is known of the significance of changes, by indicator and country.

    ``told`` is 1 (significant), 0 (not) or NaN, from a table; ``error`` the
    standard error of the change.
    """

    told: Floats
    error: Floats


def table(path: Path, known: Declarations) -> pd.DataFrame:
    """A table of significance.

    Returns
    -------
    DataFrame
        ``indicator``, ``geo``, ``base`` and ``time`` (years), ``significant``
        (1, 0 or NaN) and ``se`` (the standard error of the change, with the
        covariance of the two years where that is known; NaN where it is not).

    Raises
    ------
    UsageError, SourceUnreadable
        As :func:`reporting.spc.lines.read`, and for cells that cannot be read and changes that are there twice.
    """
    file = lines.read(path, COLUMNS, (observed.ERROR,))
    frame = pd.DataFrame(
        {
            "indicator": file.each("indicator", observed.name),
            "geo": file.each("geo", lambda cell: observed.geo(cell, known)),
            "base": file.each("base", observed.year).astype("int64"),
            "time": file.each("time", observed.year).astype("int64"),
            "significant": file.each("significant", _answer).astype("float64"),
        }
    )
    frame[observed.ERROR] = (
        file.each(observed.ERROR, observed.standard_error).astype("float64")
        if observed.ERROR in file.cells
        else math.nan
    )
    file.refuse(
        f"line {line}, columns indicator, geo, base, time: stands on an earlier line too. Keep one."
        for line in frame.index[frame.duplicated(["indicator", "geo", "base", "time"])]
    )
    return frame


def gathered(
    panel: Panel, at: Index, base: Index, told: pd.DataFrame | None = None, errors: Floats | None = None,
    prices: Floats | None = None,
) -> Evidence:  # fmt: skip
    """What is known of the changes of a panel.

    Parameters
    ----------
    panel : Panel
    at, base : array of int
        The years compared, by indicator and country.
    told : DataFrame, optional
        As :func:`table` gives it; a row counts for exactly its two years.
    errors : array, optional
        Standard errors of the values themselves, on the axes of the panel. The
        error of a change is then that of independent samples, which is more
        than that of a rotating panel: the test is on the safe side.
    prices : array, optional
        What brings the latest values to the prices of the base year, by
        indicator and country.
    """
    shape = panel.seen.shape
    answers, error = np.full(shape, np.nan), np.full(shape, np.nan)
    if errors is not None:
        latest, first = panel.at(errors, at), panel.at(errors, base)
        error = np.sqrt((latest * (1 if prices is None else prices)) ** 2 + first**2)
    if told is not None and not told.empty:
        rows, columns = (
            pd.Index(names).get_indexer(pd.Index(told[axis]))
            for names, axis in ((list(panel.indicators), "indicator"), (list(panel.geos), "geo"))
        )
        fits = (rows >= 0) & (columns >= 0)
        fits &= panel.year(at)[rows, columns] == told["time"].to_numpy()
        fits &= panel.year(base)[rows, columns] == told["base"].to_numpy()
        rows, columns, told = rows[fits], columns[fits], told[fits]
        answers[rows, columns] = told["significant"]
        error[rows, columns] = _first(told[observed.ERROR].to_numpy(dtype=float), error[rows, columns])
    return Evidence(answers, error)


def _answer(cell: str) -> float:
    if cell.upper() in ("Y", "N"):
        return float(cell.upper() == "Y")
    return math.nan if not cell else float(observed.truth(cell, False))


def _first(one: Floats, other: Floats) -> Floats:
    return np.where(np.isnan(one), other, one)
