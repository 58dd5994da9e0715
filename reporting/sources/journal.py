"""What a fetch that was interrupted had already received: kept beside the store until it is stored.

Everything here may be deleted at any time: it only saves asking again. Nothing
in it is older than a day.
"""

from __future__ import annotations

import gzip
import hashlib
import os
import threading
import time
import zlib
from collections.abc import Callable, Iterable
from pathlib import Path

_DAY = 24 * 3600.0


class Journal:
    """The folder of one store's journal, and its clock."""

    def __init__(self, folder: Path, now: Callable[[], float] = time.time) -> None:
        self.folder, self._now = folder, now

    def answer(self, url: str) -> bytes | None:
        """The answer to a request, if it was received within a day."""
        return self._read(self._at("answers", url))

    def keep(self, url: str, body: bytes) -> None:
        """Keep the answer to a request until :meth:`forget`."""
        self._write(self._at("answers", url), body)

    def forget(self, urls: Iterable[str]) -> None:
        """The answers are stored, or no good."""
        for url in urls:
            self._at("answers", url).unlink(missing_ok=True)

    def structure(self, url: str, changed: str) -> bytes | None:
        """The structure message kept since the provider last changed it on that day, of any age."""
        return self._read(self._at("structures", url, changed), for_ever=True) if changed else None

    def keep_structure(self, url: str, changed: str, message: bytes) -> None:
        """Keep a structure message in the place of an older one."""
        if changed:
            for old in (self.folder / "structures").glob(f"{_short(url)}-*.gz"):
                old.unlink(missing_ok=True)
            self._write(self._at("structures", url, changed), message)

    def checked(self, url: str) -> tuple[str, str]:
        """The day the table of contents gave, and the day it was asked, when a request was last answered."""
        lines = (self._read(self._at("checked", url), for_ever=True) or b"\n").decode().split("\n")
        return lines[0], lines[1]

    def check(self, url: str, updated: str, today: str) -> None:
        """A request was answered and stored."""
        self._write(self._at("checked", url), f"{updated}\n{today}".encode())

    def command(self, text: str) -> Command:
        """The record of a command while it runs."""
        return Command(self._at("commands", text).with_suffix(".txt"), self._now)

    def _at(self, kind: str, url: str, more: str = "") -> Path:
        return self.folder / kind / f"{_short(url)}{f'-{more}' if more else ''}.gz"

    def _read(self, path: Path, for_ever: bool = False) -> bytes | None:
        try:
            if not for_ever and self._now() - path.stat().st_mtime > _DAY:
                return None
            return gzip.decompress(path.read_bytes())
        except (OSError, EOFError, zlib.error):  # absent, or cut when the machine stopped: ask again
            return None

    def _write(self, path: Path, content: bytes) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_name(f"{path.name}.{os.getpid()}.{threading.get_ident()}.part")
        part.write_bytes(gzip.compress(content, 6, mtime=0))
        part.replace(path)


class Command:
    """Which datasets a command has stored; gone when the command has ended."""

    def __init__(self, path: Path, now: Callable[[], float]) -> None:
        self.path = path
        self.done: dict[str, str] = {}
        try:
            if now() - path.stat().st_mtime <= _DAY:
                lines = path.read_text(encoding="utf-8").splitlines()
                self.done = dict(line.split("\t") for line in lines if line.count("\t") == 1)
        except OSError:  # there was no such command, or it ended
            return

    def stored(self, dataset: str, updated: str) -> None:
        """A dataset is in the store, with the provider's day of it."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.open("a", encoding="utf-8") as file:
            file.write(f"{dataset}\t{updated}\n")

    def ended(self) -> None:
        """The command has done all it could."""
        self.path.unlink(missing_ok=True)


def _short(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:32]
