"""What the tests of transmissions share: structures, a small questionnaire, a mapping, and the command."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import dsds
import pytest
from submitting import QUESTIONNAIRE, SHEETS, book

from reporting import cli, declarations
from reporting.esspros import classification
from reporting.esspros.samples import figures, written
from reporting.submissions import samples, structures
from reporting.submissions.structures import Structure


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
