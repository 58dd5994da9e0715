"""A store behind an fsspec URL: a copy on this machine, brought up to date before use.

The files of a store never change once they are there, so a copy of each is as
good as the original. On an object store a file appears whole or not at all,
and the manifest is sent last, as in a folder.
"""

from __future__ import annotations

import hashlib
import json
import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from platformdirs import user_cache_path

from reporting.errors import OutputFailed, SourceUnavailable, UsageError

#: A lock older than this was left behind by a process that ended without removing it.
_STALE = 3600.0
_LOCK = ".lock.json"


def is_url(place: object) -> bool:
    """Whether a place is an fsspec URL rather than a folder."""
    return "://" in str(place)


class Remote:
    """Files behind a URL, and their copy.

    Parameters
    ----------
    url : str
        Such as ``s3://bucket/store``; credentials come from the environment,
        as the file system's own documentation says.
    """

    def __init__(self, url: str) -> None:
        try:
            from fsspec.core import url_to_fs
        except ImportError:
            raise UsageError(f"{url}: stores behind a URL need fsspec: pip install 'reporting[remote]'") from None
        self.url = url.rstrip("/")
        try:
            self.files, self.base = url_to_fs(self.url)
        except (ImportError, ValueError) as error:
            raise UsageError(f"{url}: {error}. Install what it names, or correct the URL.") from None
        cache = Path(os.environ.get("REPORTING_CACHE") or user_cache_path("reporting"))
        self.copy = cache / hashlib.sha256(self.url.encode()).hexdigest()[:16]

    def pull(self) -> None:
        """Bring the copy up to date: what is new is copied, what is gone is removed."""
        try:
            there = self._listed()
            for name, size in there.items():
                path = self.copy / name
                if not path.exists() or path.stat().st_size != size:
                    self._get(name, path)
        except Exception as error:  # each file system has errors of its own
            raise SourceUnavailable(f"{self.url}: cannot be read: {error}. Check the URL and the network.") from None
        for path in [p for p in self.copy.rglob("*") if p.is_file()]:
            name = path.relative_to(self.copy).as_posix()
            if name not in there and not name.startswith("."):
                path.unlink()

    def _listed(self) -> dict[str, int]:
        self.files.invalidate_cache()
        try:
            found: dict[str, Any] = self.files.find(self.base, detail=True)
        except FileNotFoundError:
            return {}
        names = {name.removeprefix(self.base).lstrip("/"): int(item["size"]) for name, item in found.items()}
        return {name: size for name, size in names.items() if not name.startswith(".") and not name.endswith(".part")}

    def _get(self, name: str, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_name(f"{path.name}.{os.getpid()}.part")
        self.files.get_file(f"{self.base}/{name}", str(part))
        part.replace(path)

    def push(self, path: Path) -> None:
        """Send a file of the copy."""
        name = path.relative_to(self.copy).as_posix()
        try:
            self.files.makedirs(f"{self.base}/{name}".rpartition("/")[0], exist_ok=True)
            self.files.put_file(str(path), f"{self.base}/{name}")
        except Exception as error:  # each file system has errors of its own
            raise OutputFailed(f"{self.url}: {name} cannot be written: {error}. Check rights and network.") from None

    def remove(self, path: Path) -> None:
        """Remove a file that is no longer needed."""
        name = path.relative_to(self.copy).as_posix()
        if self.files.exists(f"{self.base}/{name}"):
            self.files.rm_file(f"{self.base}/{name}")

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Be the one writer: a file that only one process can create.

        Raises
        ------
        OutputFailed
            When another process holds it.
        """
        name = f"{self.base}/{_LOCK}"
        holder = json.dumps({"host": socket.gethostname(), "process": os.getpid(), "since": time.time()}).encode()
        self.files.makedirs(self.base, exist_ok=True)
        if self._stale(name):
            self.files.rm_file(name)
        try:
            self.files.pipe_file(name, holder, mode="create")
        except FileExistsError:
            raise OutputFailed(f"Another process is writing to {self.url}: try again when it is done.") from None
        try:
            yield
        finally:
            self.files.rm_file(name)

    def _stale(self, name: str) -> bool:
        try:
            since = float(json.loads(self.files.cat_file(name))["since"])
        except FileNotFoundError:
            return False
        except (ValueError, KeyError, TypeError):
            return True
        return time.time() - since > _STALE
