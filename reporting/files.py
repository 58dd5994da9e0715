"""A person's files: read with a message where that fails, written whole or not at all."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from reporting.errors import OutputFailed, SourceUnreadable, UsageError


def received(path: Path) -> bytes:
    """The bytes of a file.

    Raises
    ------
    UsageError
        When there is no such file.
    SourceUnreadable
        When it cannot be read.
    """
    try:
        return path.read_bytes()
    except (FileNotFoundError, IsADirectoryError):
        raise UsageError(f"{path}: there is no such file.") from None
    except OSError as error:
        raise SourceUnreadable(f"{path}: cannot be read: {error.strerror}.") from None


@contextmanager
def whole(path: Path) -> Iterator[Path]:
    """Where to write a file that takes its place when all is written; an earlier one stays otherwise."""
    part = path.with_name(path.name + ".part")
    try:
        yield part
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def put(path: Path, content: bytes) -> None:
    """Write a file, whole or not at all.

    Raises
    ------
    OutputFailed
        When it cannot be written.
    """
    try:
        with whole(path) as part:
            part.write_bytes(content)
    except OSError as error:
        raise OutputFailed(f"Cannot write {path}: {error.strerror}. Name another file.") from None


def made(folder: Path) -> None:
    """Make a folder, and those above it, where it is not there.

    Raises
    ------
    OutputFailed
        When it cannot be made.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputFailed(f"Cannot make {folder}: {error.strerror}. Name another folder.") from None
