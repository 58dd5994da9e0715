"""What the tests of transmissions put in: a small questionnaire, a mapping, rows of a dataset."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import xlsxwriter

from reporting.submissions.datasets import DataSet, nowhere
from reporting.submissions.structures import Structure

QUESTIONNAIRE = """year,scheme,item,value,flag,comment
2022,1,exp.adm,10.5,,
2022,2,exp.adm,4,e,"estimated, “from” the <accounts> & books"
2022,_T,exp.adm,14.5,,
2023,1,exp.adm,11.25,p,
2023,2,exp.adm,4.1,,
2023,_T,exp.adm,15.35,,
2023,1,rec.ggc.general,11.25,b,
2023,2,rec.ggc.general,4.35,c,
2023,_T,rec.ggc.general,15.6,,
"""
HEADS = ("CODE", "FREQ", "REF_AREA", "TIME_PERIOD", "OBS_VALUE", "UNIT_MULT", "CUSTOM_BREAKDOWN", "ITEM")
SHEETS: dict[str, list[Sequence[object]]] = {
    "EXPEND": [HEADS, ("exp.adm", "A", "XX", "year", "value", 6, "scheme", "I1")],
    "RECEIPT": [HEADS, ("rec.ggc.general", "A", "XX", "year", "value", 6, "scheme", "I2")],
}


def rows(**columns: Sequence[str] | str) -> pd.DataFrame:
    """Three sound observations of the small structure, with columns changed, added or (None) left out."""
    sound: dict[str, Any] = {
        "FREQ": "A", "REF_AREA": "XX", "ITEM": "I1", "CUSTOM_BREAKDOWN": ["_T", "SCH001", "SCH001"],
        "TIME_PERIOD": ["2023", "2022", "2023"], "OBS_VALUE": ["3.5", "1", "2.5"], "OBS_STATUS": ["A", "E", "A"],
        "CONF_STATUS": "F", "COMMENT_OBS": "", "UNIT_MULT": "6",
    }  # fmt: skip
    frame = pd.DataFrame({**sound, **columns}, index=range(3), dtype=str)
    return frame[[column for column in frame if columns.get(column, "") is not None]]


def dataset(structure: Structure, **columns: Any) -> DataSet:
    """A dataset of :func:`rows`, read from cells B1, B2, B3 of a sheet."""
    places = nowhere(3).assign(sheet="2023", cell=["B1", "B2", "B3"])
    return DataSet("EXP", structure, rows(**columns), places, "q.xlsx")


def book(path: Path, sheets: Mapping[str, Sequence[Sequence[object]]]) -> Path:
    """A workbook with these rows."""
    with xlsxwriter.Workbook(path) as workbook:
        for name, content in sheets.items():
            sheet = workbook.add_worksheet(name)
            for row, values in enumerate(content):
                for column, value in enumerate(values):
                    sheet.write(row, column, value)
    return path
