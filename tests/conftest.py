"""What the tests share: a project folder, a small store, the real declarations."""

from __future__ import annotations

import shutil
from pathlib import Path

import pandas as pd
import pytest

from reporting import declarations, observations
from reporting.vintages import Manifest, Store

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def known() -> declarations.Declarations:
    """The project's own declarations."""
    return declarations.load(ROOT)


@pytest.fixture(scope="session")
def embedded() -> Store:
    """The embedded edition, with nothing above it."""
    return Store(ROOT / "outputs" / "no-store")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A copy of the declarations and notebooks that a test may spoil."""
    for name in ("parameters", "notebooks"):
        shutil.copytree(ROOT / name, tmp_path / name)
    return tmp_path


def observed(dataset: str, rows: list[tuple[str, str, float | None, str]], vintage: str = "") -> pd.DataFrame:
    """An observation table from (key, time, value, flag); the last position of the key is the country."""
    frame = pd.DataFrame(rows, columns=["key", "time", "value", "flag"]).astype({"value": "float64"})
    frame["geo"] = frame["key"].str.rpartition(".")[2]
    return frame.assign(dataset=dataset, vintage=vintage, source="", note="")[list(observations.COLUMNS)]


def manifest(dataset: str, vintage: str, complete: bool = True) -> Manifest:
    """A manifest for a test."""
    return Manifest(dataset, vintage, complete, request="test", acknowledgement="Source: Eurostat")
