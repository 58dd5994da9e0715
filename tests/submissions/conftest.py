"""What the tests of transmissions share: structures, a small questionnaire, a mapping, and the command."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import dsds
import pandas as pd
import pytest
import xlsxwriter

from reporting import cli, declarations
from reporting.esspros import classification
from reporting.esspros.samples import figures, written
from reporting.submissions import samples, structures
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


@pytest.fixture
def read(tmp_path: Path) -> Callable[..., tuple[Structure, ...]]:
    """Structures from messages."""

    def read_(*messages: bytes) -> tuple[Structure, ...]:
        paths = [tmp_path / f"dsd{n}.xml" for n in range(len(messages))]
        for path, content in zip(paths, messages, strict=True):
            path.write_bytes(content)
        return structures.read(paths)

    return read_


@pytest.fixture
def structure(read: Callable[..., tuple[Structure, ...]]) -> Structure:
    """The small structure of expenditure."""
    return read(dsds.BOTH)[0]


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a small questionnaire, its mapping and its structures, in which commands run."""
    (tmp_path / "q.csv").write_text(QUESTIONNAIRE, encoding="utf-8")
    book(tmp_path / "m.xlsx", SHEETS)
    (tmp_path / "dsd.xml").write_bytes(dsds.BOTH)
    monkeypatch.setenv("REPORTING_HOME", str(Path(__file__).resolve().parents[2]))
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch) -> Callable[..., int]:
    """The exit code of a command."""

    def run(*words: object) -> int:
        monkeypatch.setattr(sys, "argv", ["reporting", *map(str, words)])
        try:
            cli.main()
        except SystemExit as end:
            return int(end.code or 0)
        return 0

    return run


@pytest.fixture
def submitted(desk: Path, command: Callable[..., int]) -> Callable[..., int]:
    """The exit code of ``submit esspros`` on the desk, with further words."""
    return lambda *words: command(
        "submit", "esspros", "q.csv", "--mapping", "m.xlsx", "--dsd", "dsd.xml", "--output", "out", *words
    )


@pytest.fixture(scope="session")
def veldania(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample of the country that does not exist."""
    folder = tmp_path_factory.mktemp("veldania")
    known = classification.load()
    written.write(folder, known)
    samples.write(folder, declarations.load(), known, figures.codes(known))
    return folder
