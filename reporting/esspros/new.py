"""A questionnaire to be filled: empty, or next year's with last year's figures beside."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import pandas as pd

from reporting.errors import UsageError
from reporting.esspros import neutral, workbook
from reporting.esspros import schemes as registers
from reporting.esspros.classification import Classification
from reporting.esspros.questionnaire import Questionnaire
from reporting.esspros.schemes import Scheme


def write(
    path: Path,
    classification: Classification,
    last: Questionnaire | None,
    year: int | None,
    schemes: Path | None,
    text: workbook.Text = str,
) -> list[int]:
    """Write the questionnaire; the years it has sheets for.

    Parameters
    ----------
    last : Questionnaire, optional
        The one sent last: its years and register stay, its newest year stands beside.
    schemes : Path, optional
        The register, where there is no last questionnaire.

    Raises
    ------
    UsageError
        When no year is named, or figures of the year are there already.
    """
    if path.suffix.lower() != ".xlsx":
        raise UsageError(f"{path.name}: a questionnaire is written as .xlsx.")
    if last is None:
        if year is None:
            raise UsageError("Name the year (--year 2024), or the questionnaire sent last (--from FILE).")
        listed = registers.read(schemes, []) if schemes else (Scheme("1", ""),)
        last = Questionnaire(
            path.name, neutral.typed(pd.DataFrame(columns=neutral.COLUMNS)), listed, (), classification
        )
    years = last.years
    year = year or max(years, default=0) + 1
    if year in years:
        raise UsageError(f"{last.file} has figures of {year} already. Name another year.")
    filled = replace(
        last,
        beneficiaries=_with(last.beneficiaries, year, ["value"]),
        net=_with(last.net, year, ["AITR", "AISCR", "RFB"]),
    )
    beside = {year: max(one for one in years if one < year)} if any(one < year for one in years) else {}
    workbook.write(path, filled, workbook.Plan("ESSPROS", blank=[year], last=beside, text=text))
    return sorted({*years, year})


def _with(frame: pd.DataFrame, year: int, numbers: list[str]) -> pd.DataFrame:
    """The rows of the newest year before once more for a year, without figures."""
    before = frame[frame["year"] < year]
    if before.empty:
        return frame
    rows: pd.DataFrame = before[before["year"] == before["year"].max()]
    blank: pd.DataFrame = rows.assign(year=year, flag="", comment="", **dict.fromkeys(numbers, math.nan))
    return pd.concat([frame, blank], ignore_index=True)
