"""What is known of a vintage besides its observations, and how it is written down.

A manifest is sealed with a checksum of its own content, so that one changed by
accident is noticed like damaged observations are.
"""

from __future__ import annotations

import functools
import hashlib
import json
import os
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from reporting.errors import SourceUnreadable, UsageError

#: Endings of the files of a vintage, and of several vintages packed into one.
FACTS, ROWS, RECEIVED, PACK, PACKED = ".json", ".parquet", ".received.gz", ".pack", ".pack.parquet"
#: Of a file in the making.
PART = ".part"
REMEDY = "Run: reporting verify"


def day(text: str) -> str:
    """A date as the store compares it, or wrong use.

    Raises
    ------
    UsageError
        For anything but ``YYYY-MM-DD``.
    """
    try:
        sound = date.fromisoformat(text).isoformat() == text
    except ValueError:
        sound = False
    if not sound:
        raise UsageError(f"{text!r} is not a date: write it as 2026-01-31.")
    return text


@dataclass(frozen=True)
class Manifest:
    """What is known of a vintage besides its observations.

    ``complete`` says that an observation of the dataset that the provider did
    not give was withdrawn; ``scope`` narrows that to the series that fit an
    SDMX key pattern. ``dimensions`` are the positions of the keys, joined by
    dots, where the provider gave them. ``sha256`` is the checksum of the vintage's own file of
    changes; it stays when the vintage is packed with others.
    """

    dataset: str
    vintage: str
    complete: bool
    request: str
    acknowledgement: str
    provider_update: str = ""
    retrieved: str = ""
    received_sha256: str = ""
    structure: str = ""
    note: str = ""
    scope: str = ""
    rows: dict[str, int] = field(default_factory=dict)
    sha256: str = ""
    dimensions: str = ""


@dataclass(frozen=True)
class Pack:
    """Several vintages in one file: the checksum of each and of the file."""

    dataset: str
    vintages: dict[str, str]
    sha256: str


def dump(record: Manifest | Pack) -> bytes:
    """A manifest or the facts of a pack, sealed."""
    content = asdict(record)
    return (json.dumps({**content, "seal": _seal(content)}, indent=1, ensure_ascii=False) + "\n").encode()


def read_manifest(path: Path) -> Manifest:
    """The manifest in a file of the store.

    Raises
    ------
    SourceUnreadable
        When it is missing, damaged, or that of another vintage.
    """
    manifest = Manifest(**_content(path, Manifest))
    if (manifest.dataset, manifest.vintage) != (path.parent.name, path.name.removesuffix(FACTS)):
        raise SourceUnreadable(f"{path}: not the manifest of this vintage: its place was changed. {REMEDY}")
    return manifest


def read_pack(path: Path) -> Pack:
    """The facts of a pack (raises as :func:`read_manifest`)."""
    return Pack(**_content(path, Pack))


def _content(path: Path, kind: type[Manifest] | type[Pack]) -> dict[str, Any]:
    try:
        stat = path.stat()
        return _sealed(path, kind, stat.st_mtime_ns, stat.st_size)  # type: ignore[arg-type]  # a class can be hashed
    except OSError as error:
        raise SourceUnreadable(f"{path}: cannot be read: {error.strerror}. {REMEDY}") from None
    except (ValueError, TypeError, AttributeError) as error:
        raise SourceUnreadable(f"{path}: damaged: not the manifest of a vintage ({error}). {REMEDY}") from None


@functools.lru_cache(maxsize=4096)
def _sealed(path: Path, kind: Callable[..., object], mtime: int, size: int) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    if content.pop("seal", None) != _seal(content):
        raise ValueError("its seal is broken")
    kind(**content)
    return content


def _seal(content: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def checksum(path: Path) -> str:
    """SHA-256 of a file, computed once as long as it is not touched.

    Raises
    ------
    SourceUnreadable
        When the file cannot be read.
    """
    try:
        stat = path.stat()
        return _checksum(path, stat.st_mtime_ns, stat.st_size)
    except OSError as error:
        raise SourceUnreadable(f"{path}: cannot be read: {error.strerror}. {REMEDY}") from None


@functools.lru_cache(maxsize=4096)
def _checksum(path: Path, mtime: int, size: int) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def write(path: Path, content: bytes) -> None:
    """Write and flush to the disk."""
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def settle(folder: Path) -> None:
    """Flush a folder's list of files to the disk, where the system can."""
    if os.name == "posix":
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
