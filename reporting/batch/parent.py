"""The warm parent: a process with the heavy imports done, forked for each unit.

The process that builds has threads and open files; forking it would copy locks
held by nobody. A clean process is started instead, imports what notebooks
import, and forks on request. While it lives it holds one thread, no database
connection and no pool of any library; it refuses to fork otherwise.

Requests come over lines (Unix sockets). A child asked for over a line ends with
the line, and whatever it left running with it.
"""

from __future__ import annotations

import atexit
import contextlib
import gc
import os
import pickle
import select
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from multiprocessing import reduction
from multiprocessing.connection import Connection
from pathlib import Path
from typing import IO, Any

from reporting.batch import imports, processes
from reporting.batch.line import Ended, Line, NotAlone, Place, Related

#: Libraries that start a pool when they are first loaded are told not to, here only.
_CALM = {
    **dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS"), "1"),
    "JE_ARROW_MALLOC_CONF": "background_thread:false",
}

#: In a warm parent and its children, where a Python of its own would look for modules.
own_path: list[str] = []
#: In a forked child, its line to the parent; elsewhere None.
here: Line | None = None


def possible() -> bool:
    """Whether this system can fork."""
    return hasattr(os, "fork") and sys.platform != "darwin"


def start(modules: tuple[str, ...] = imports.MODULES, prepare: Callable[[], None] | None = None) -> Line:
    """Start a warm parent; it gets ready by itself and ends with the line."""
    ours, theirs = socket.socketpair()
    root = str(Path(__file__).parents[2])
    code = f"import sys; sys.path[:1] = []; sys.path.append({root!r}); from reporting.batch.parent import serve"
    with theirs:
        process = subprocess.Popen(
            [sys.executable, "-c", f"{code}; serve({theirs.fileno()})"], pass_fds=(theirs.fileno(),),
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env={**os.environ, **_CALM},
            start_new_session=True,
        )  # fmt: skip
    line = Line(ours, process)
    line._send((modules, pickle.dumps(prepare), sys.path))
    return line


def serve(descriptor: int) -> None:
    """Be a warm parent: get ready, then fork on request until the first line ends."""
    with contextlib.suppress(EOFError, OSError):
        _Parent(socket.socket(fileno=descriptor)).serve()
    os._exit(0)


@dataclass
class _Child:
    """A child: its number, who asked for it, its line here, where it leaves its result, whether who asked has it."""

    number: int
    asker: socket.socket
    line: socket.socket
    result: IO[bytes]
    told: bool = False


class _Parent:
    """Lines and children."""

    def __init__(self, first: socket.socket) -> None:
        self.first = first
        self.lines: dict[socket.socket, Connection] = {first: Connection(os.dup(first.fileno()))}
        self.children: dict[int, _Child] = {}
        #: Lines of children, of which some have several.
        self.owners: dict[socket.socket, int] = {}

    def serve(self) -> None:
        global own_path
        modules, wanted, path = self.lines[self.first].recv()
        own_path = [*sys.path]
        sys.path += [entry for entry in path if entry and entry not in sys.path]
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        processes.adopt_orphans()
        self.wake, self.woken = os.pipe()
        os.set_blocking(self.woken, False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(self.woken, warn_on_full_buffer=False)
        imports.load(modules)
        if prepare := pickle.loads(wanted):
            prepare()
        gc.collect()
        gc.freeze()
        try:
            while self.first in self.lines:
                ends = {end.fileno(): end for end in self.lines}
                ready, _, _ = select.select([*ends, self.wake], [], [])
                for descriptor in ready:
                    if descriptor in ends:
                        self._hear(ends[descriptor])
                    else:
                        os.read(self.wake, 4096)
                self._bury()
        finally:
            self._end(set(self.children))

    def _hear(self, end: socket.socket) -> None:
        if end not in self.lines:
            return
        try:
            what, *rest = self.lines[end].recv()
            if what == "fork":
                self._fork(end, *rest)
            elif what == "line":
                [descriptor] = reduction.recvfds(end, 1)
                self._open(socket.socket(fileno=descriptor), self.owners.get(end))
            elif what == "done":
                self._tell(self.children[self.owners[end]])
            else:
                for pid in [
                    pid for pid, child in self.children.items() if (child.asker, [child.number]) == (end, rest)
                ]:
                    processes.end(pid)
        except (EOFError, OSError):
            self._close(end)

    def _end(self, pids: set[int]) -> None:
        for pid in pids:
            processes.end(pid)

    def _open(self, end: socket.socket, owner: int | None) -> None:
        self.lines[end] = Connection(os.dup(end.fileno()))
        if owner is not None:
            self.owners[end] = owner

    def _close(self, end: socket.socket) -> None:
        self._end({pid for pid, child in self.children.items() if child.asker is end and not child.told})
        self.lines.pop(end).close()
        self.owners.pop(end, None)
        end.close()

    def _tell(self, child: _Child, status: int = 0) -> None:
        """Tell who asked for a child what it left."""
        child.told = True
        child.result.seek(0)
        said = child.result.read()
        child.result.close()
        if child.asker in self.lines:
            with contextlib.suppress(OSError):
                self.lines[child.asker].send(Ended(child.number, status, said))

    def _fork(self, end: socket.socket, number: int, wanted: bytes, place: Place, count: int) -> None:
        fds = reduction.recvfds(end, count) if count else []
        threads = processes.threads()
        if threads != 1:
            for descriptor in fds:
                os.close(descriptor)
            self.lines[end].send(NotAlone(f"the warm parent has {threads} threads; it forks with one only"))
            return
        result = tempfile.TemporaryFile()  # noqa: SIM115  closed when the child is buried
        mine, its = socket.socketpair()
        pid = os.fork()
        if pid == 0:
            for opened in (mine, *self.lines):
                opened.close()
            for connection in self.lines.values():
                connection.close()
            for child in self.children.values():
                child.result.close()
            _child(wanted, fds, place, result, its)
        for descriptor in fds:
            os.close(descriptor)
        its.close()
        self._open(mine, pid)
        self.children[pid] = _Child(number, end, mine, result)
        self.lines[end].send(pid)
        if end in self.owners:
            self.lines[self.first].send(Related(self.owners[end], pid))

    def _bury(self) -> None:
        """Hear how children ended; end what they left running."""
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if not pid:
                return
            child = self.children.pop(pid, None)
            if child is None:
                continue
            if child.line in self.lines:
                self._close(child.line)
            processes.end_strays(set(self.children))
            if not child.told:
                self._tell(child, status)


def aside(calls: list[Callable[[], Any]]) -> list[Any]:
    """What some functions return, each run in a child: what they open and start ends with it.

    None stands for one that did not return.
    """
    results = []
    for call in calls:
        result = tempfile.TemporaryFile()  # noqa: SIM115  read when the child has ended
        pid = os.fork()
        if pid == 0:
            status = 1
            try:
                pickle.dump(call(), result)
                result.flush()
                status = 0
            finally:
                os._exit(status)
        results.append((pid, result))
    return [_returned(pid, result) for pid, result in results]


def _returned(pid: int, result: IO[bytes]) -> Any:
    _, status = os.waitpid(pid, 0)
    with result:
        result.seek(0)
        return pickle.load(result) if status == 0 else None


def _child(wanted: bytes, fds: list[int], place: Place, result: IO[bytes], line: socket.socket) -> None:
    """Be a child: one function, then the end."""
    global here
    status, own = 1, os.getpid()
    try:
        _settle(*place)
        here = Line(line)
        function, arguments = pickle.loads(wanted)
        pickle.dump(function(*arguments, *fds), result)
        result.flush()
        status = 0
    finally:
        processes.end_below()
        if status == 0 and here is not None and os.getpid() == own:
            # Nobody need wait until the system has taken back its memory; a copy that the function forked says nothing.
            here.done()
        os._exit(status)


def _settle(cwd: str, env: dict[str, str], path: list[str]) -> None:
    """Make a child a process of its own: session, signals, environment, folder, seeds."""
    os.setsid()
    processes.adopt_orphans()
    processes.end_with_parent()
    signal.set_wakeup_fd(-1)
    for number in (signal.SIGINT, signal.SIGCHLD, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL)
    os.environ.clear()
    os.environ.update(env)
    sys.path += [entry for entry in path if entry and entry not in sys.path]
    os.chdir(cwd)
    if "numpy" in sys.modules:
        # The parent's generator would give every child the same numbers.
        sys.modules["numpy"].random.seed()


def leave() -> None:
    """End a child as an interpreter ends: threads are waited for, exit functions called."""
    threading._shutdown()  # type: ignore[attr-defined]  # what the interpreter calls first
    atexit._run_exitfuncs()
    gc.collect()


@contextlib.contextmanager
def parent() -> Iterator[Line]:
    """A line to the warm parent of this process: the one that forked it, or one that is started and kept.

    A kept parent whose code has been changed since forks no more.
    """
    if here is not None:
        line = here.line()
    else:
        with _starting:
            now = _stamp()
            if not _kept or _kept[-1][0] != now:
                _kept.append((now, start()))
            line = _kept[-1][1].line()
    try:
        yield line
    finally:
        line.close()


def _stamp() -> tuple[int, ...]:
    """When the files of this package were changed."""
    return tuple(path.stat().st_mtime_ns for path in sorted(Path(__file__).parents[1].rglob("*.py")))


_starting = threading.Lock()
#: Parents with the stamp of their code; only the last one forks, the children of the others live on.
_kept: list[tuple[tuple[int, ...], Line]] = []
