"""What the tests of MISSOC share: the invented samples, readings of bytes, a store with both editions."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from reporting.declarations import Declarations
from reporting.missoc import intake
from reporting.missoc.intake import Given, Reading
from reporting.vintages import Store

SAMPLES = Path(intake.__file__).parent / "samples"
Read = Callable[..., Reading]


@pytest.fixture(scope="session")
def samples() -> list[Path]:
    """Two editions of invented texts, each as a page, as CSV and as plain text."""
    return sorted(SAMPLES.iterdir())


@pytest.fixture
def read(known: Declarations) -> Read:
    """The cells and doubts of the content of a file."""

    def reading(content: str | bytes, name: str = "page.html", edition: str = "2026-01-01", **given: str) -> Reading:
        raw = content.encode() if isinstance(content, str) else content
        return intake.understood(raw, name, known.missoc, Given(edition, **given))

    return reading


@pytest.fixture
def filled(known: Declarations, samples: list[Path], tmp_path: Path) -> Store:
    """A store with both invented editions."""
    store = Store(tmp_path / "store", embedded=None)
    for path in samples:
        intake.keep(store, intake.read(path, known.missoc, Given()))
    return store


@pytest.fixture
def belgium() -> list[Path]:
    """The two Belgian tables of 1999 beside the project."""
    folder = Path(__file__).resolve().parents[3] / "shared" / "data" / "missoc"
    if not folder.is_dir():
        pytest.skip("the reference data are not beside the project")
    return sorted(folder.glob("*.txt"))
