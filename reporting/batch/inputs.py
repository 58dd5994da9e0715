"""What a notebook reads besides its page: files, folders, the store itself.

In the process of a kernel, from before its first cell: files that the
notebook's own code opens are written down with a digest of their content; where
it starts programs or opens connections, what it read cannot be known, and the
run is never taken as up to date.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import importlib
import importlib.util
import json
import os
import re
import sys
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from reporting import declarations, reads, vintages
from reporting.vintages import Store

#: Events that show that something is read that cannot be followed.
_BEYOND = {
    "subprocess.Popen", "os.system", "os.exec", "os.posix_spawn", "os.spawn", "os.fork", "os.forkpty", "pty.spawn",
    "socket.connect", "urllib.Request", "sqlite3.connect",
}  # fmt: skip
_READING = ("open", "os.listdir", "os.scandir")
#: What an ordinary kernel is told on its command line, so that it begins by itself.
COLD = "--IPKernelApp.exec_lines=import reporting.batch.inputs as _; _.begin(); del _"
#: Libraries that open files where Python does not see it.
_UNSEEN = re.compile(r"\b(duckdb|pyarrow|polars|fastparquet|h5py|netCDF4|rpy2|ctypes|cffi)\b")
#: Methods of a store that a notebook may call itself.
_METHODS = ("datasets", "manifests", "held", "read", "select", "series", "country", "history")


def begin() -> None:
    """Write down, from here on, what this process reads, when somebody asked for it."""
    if reads.FILE not in os.environ:
        return
    for name in _METHODS:
        setattr(Store, name, _told(name, getattr(Store, name)))
    # A page is not meant: it writes down what it asks, one by one.
    importlib.import_module("reporting.page")
    declarations.load = _whole(declarations.load)  # type: ignore[assignment]  # cached, or watched
    own = (Path(os.environ[reads.FILE]), Path.cwd(), Path(reads.__file__).parent)
    known = (*own, *map(Path, (sys.prefix, sys.base_prefix, "/proc", "/sys", "/dev")))
    sys.addaudithook(_Hook(tuple(path.resolve() for path in known)))
    reads.asked(reads.BEGIN, None)


class _Hook:
    """Writes down which files and folders are read, but for some places and for what was written before."""

    def __init__(self, skipped: tuple[Path, ...]) -> None:
        self.skipped, self.below = set(map(str, skipped)), tuple(f"{path}{os.sep}" for path in skipped)
        self.written: set[str] = set()

    def __call__(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event not in _BEYOND and event not in _READING or not reads.recording():
            return
        if event in _BEYOND:
            reads.asked(("beyond", event), None)
        elif isinstance(arguments[0] or ".", str | bytes | os.PathLike):
            with reads.covered():
                path = Path(os.fsdecode(arguments[0] or ".")).resolve()
            if event == "open" and _writes(arguments[1], arguments[2]):
                self.written.add(str(path))
            else:
                self._read("file" if event == "open" else "folder", path)

    def _read(self, what: str, path: Path) -> None:
        if str(path) in self.written | self.skipped or str(path).startswith(self.below):
            return
        if path.suffix == ".pyc":
            # A module is what its source is; the compiled one follows.
            with contextlib.suppress(ValueError):
                path = Path(importlib.util.source_from_cache(str(path)))
        reads.asked((what, str(path)), content(what, str(path)))


def unseen(notebook: Path) -> None:
    """Write down when a notebook's code names a library whose reading cannot be followed."""
    cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    code = "\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "code")
    if found := _UNSEEN.search(code):
        reads.asked(("beyond", found[1]), None)


def _whole(load: Callable[..., Any]) -> Callable[..., Any]:
    """All that is declared, as a notebook's own code asks for it: it then depends on every file of it."""

    @functools.wraps(load)
    def loaded(*arguments: Any) -> Any:
        found = load(*arguments)
        reads.asked(("parameters", str(found.home)), reads.digest(declared(found.home)))
        return found

    return loaded


@reads.covers
def declared(home: Path) -> dict[str, str]:
    """Each file below ``parameters/`` with a digest of its content."""
    files = sorted(path for path in (home / "parameters").rglob("*") if path.is_file())
    return {path.relative_to(home / "parameters").as_posix(): content("file", str(path)) for path in files}


def _writes(mode: Any, flags: Any) -> bool:
    if isinstance(mode, str):
        return any(letter in mode for letter in "wxa")
    return isinstance(flags, int) and bool(flags & (os.O_WRONLY | os.O_CREAT | os.O_TRUNC))


def _told(name: str, method: Callable[..., Any]) -> Callable[..., Any]:
    """A method of the store that writes down what it was asked."""

    @functools.wraps(method)
    def told(store: Store, *arguments: Any, **named: Any) -> Any:
        with reads.covered():
            result = method(store, *arguments, **named)
        if vintages.EMBEDDED in store.layers and store.whole:
            reads.asked(("store", store.place, name, arguments, named), plain(result))
        else:
            # A part of a store: what it answers follows from all vintages of the dataset.
            with reads.covered():
                every = [asdict(manifest) for manifest, _ in vintages.Store(store.place).manifests(*arguments[:1])]
            reads.asked(("dataset", store.place, *arguments[:1]), reads.digest(every))
        return result

    return told


def plain(result: Any) -> Any:
    """What a store answered, in a form that has the same digest in every process."""
    if isinstance(result, list):
        return [(item[0], item[1].name) if isinstance(item, tuple) else item for item in result]
    return result


@reads.covers
def content(what: str, path: str) -> str:
    """What a file or a folder holds, as a digest; empty when it cannot be read."""
    try:
        if what == "folder":
            return reads.digest(sorted(item.name for item in Path(path).iterdir()))
        return hashlib.sha256(Path(path).read_bytes()).hexdigest()
    except OSError:
        return ""
