"""What a notebook reads besides its page: files, folders, the store itself.

In the process of a kernel, from before its first cell: files that the
notebook's own code opens are written down with a digest of their content; where
it starts programs or opens connections, what it read cannot be known, and the
run is never taken as up to date.
"""

from __future__ import annotations

import functools
import hashlib
import os
import sys
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from reporting import reads, vintages
from reporting.vintages import Store

#: Events that show that something is read that cannot be followed.
_BEYOND = {
    "subprocess.Popen", "os.system", "os.exec", "os.posix_spawn", "os.spawn", "os.fork", "os.forkpty", "pty.spawn",
    "socket.connect", "urllib.Request", "sqlite3.connect",
}  # fmt: skip
_READING = ("open", "os.listdir", "os.scandir")
#: Methods of a store that a notebook may call itself.
_METHODS = ("datasets", "manifests", "held", "read", "select", "series", "country", "history")


def begin() -> None:
    """Write down, from here on, what this process reads, when somebody asked for it."""
    if reads.FILE not in os.environ:
        return
    for name in _METHODS:
        setattr(Store, name, _told(name, getattr(Store, name)))
    own = (Path(os.environ[reads.FILE]), Path.cwd(), Path(reads.__file__).parent)
    known = (*own, *map(Path, (sys.prefix, sys.base_prefix, "/proc", "/sys", "/dev")))
    skipped = tuple(str(path.resolve()) for path in known)
    written: set[str] = set()

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        if not reads.recording():
            return
        if event in _BEYOND:
            reads.asked(("beyond", event), None)
        elif event in ("open", "os.listdir", "os.scandir") and isinstance(
            arguments[0] or ".", str | bytes | os.PathLike
        ):
            with reads.covered():
                path = str(Path(os.fsdecode(arguments[0] or ".")).resolve())
            if event == "open" and _writes(arguments[1], arguments[2]):
                written.add(path)
            elif path not in written and not path.startswith(skipped):
                what = "file" if event == "open" else "folder"
                reads.asked((what, path), content(what, path))

    sys.addaudithook(hook)
    reads.asked(reads.BEGIN, None)


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
