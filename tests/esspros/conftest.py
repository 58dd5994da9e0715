"""What the tests of ESSPROS share: the sample country, its classification, and workbooks changed on purpose."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from reporting.esspros import classification, codes, questionnaire
from reporting.esspros.classification import Classification
from reporting.esspros.questionnaire import Questionnaire
from reporting.esspros.samples import written

Change = Callable[[Any], object]


@pytest.fixture(scope="session")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with the files of the country that does not exist."""
    folder = tmp_path_factory.mktemp("veldania")
    written.write(folder, classification.load())
    return folder


@pytest.fixture(scope="session")
def items(sample: Path) -> Classification:
    """The classification with the illustrative codes of the sample."""
    return codes.load(sample / "codes.csv", classification.load())


@pytest.fixture(scope="session")
def reported(sample: Path, items: Classification) -> Questionnaire:
    """The questionnaire of the sample, as it is read."""
    return questionnaire.read(sample / "veldania.xlsx", items)


@pytest.fixture
def changed(sample: Path, items: Classification, tmp_path: Path) -> Callable[[Change], Questionnaire]:
    """The sample's questionnaire as it is read after a change to its workbook, values kept."""

    def change(what: Change) -> Questionnaire:
        # Formulas are left to their values: openpyxl would keep the one or the other.
        book = openpyxl.load_workbook(sample / "veldania.xlsx", data_only=True)
        what(book)
        book.save(tmp_path / "changed.xlsx")
        return questionnaire.read(tmp_path / "changed.xlsx", items)

    return change


@pytest.fixture
def copy(sample: Path, tmp_path: Path) -> Path:
    """The sample's workbook, to be spoilt."""
    return Path(shutil.copy(sample / "veldania.xlsx", tmp_path / "copy.xlsx"))
