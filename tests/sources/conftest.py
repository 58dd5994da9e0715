"""What the tests of the readers share."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pandas as pd
import pytest
import replay as replays

from reporting import declarations, sources
from reporting.declarations import Declarations

ROOT = Path(__file__).parents[2]
SHARED = ROOT.parent / "shared" / "data"


@pytest.fixture(scope="session")
def declared() -> Declarations:
    """The project's own declarations."""
    return declarations.load(ROOT)


@pytest.fixture
def shared() -> Path:
    """The folder of real data."""
    if not SHARED.is_dir():
        pytest.skip("the real data are not beside the project")
    return SHARED


@pytest.fixture
def read(tmp_path: Path, declared: Declarations) -> Callable[..., sources.Extract]:
    """Write a specimen and read it."""

    def reading(content: str | bytes, name: str = "specimen.csv", dataset: str = "") -> sources.Extract:
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        [extract] = sources.read(path, declared, dataset)
        return extract

    return reading


@pytest.fixture
def rows() -> Callable[[pd.DataFrame], list[tuple[str, str, float | None, str]]]:
    """Key, time, value (None when missing) and flag of each row."""

    def of(frame: pd.DataFrame) -> list[tuple[str, str, float | None, str]]:
        values = [None if pd.isna(value) else value for value in frame["value"]]
        return list(zip(frame["key"], frame["time"], values, frame["flag"], strict=True))

    return of


@pytest.fixture
def replay() -> Iterator[replays.Replay]:
    """A provider on this machine that holds nothing yet."""
    with replays.serving() as serving:
        yield serving


@pytest.fixture
def clock() -> replays.Clock:
    """Time that passes only when somebody waits."""
    return replays.Clock()
