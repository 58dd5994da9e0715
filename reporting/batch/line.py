"""A line to the warm parent: asks it for children, and hears how they end."""

from __future__ import annotations

import contextlib
import os
import pickle
import socket
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from multiprocessing import reduction
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

#: Where a child works: folder, environment, where Python looks for modules.
Place = tuple[str, dict[str, str], list[str]]


class NotAlone(RuntimeError):
    """The parent has more than one thread: a fork would copy locks that nobody holds."""


@dataclass(frozen=True)
class Ended:
    """How a child ended: its wait status, and what its function returned (None when it did not return)."""

    number: int
    status: int
    result: Any


@dataclass(frozen=True)
class Related:
    """A child asked for by another child."""

    asker: int
    pid: int


class Line:
    """One end of a line: forks children and hears how they end.

    Attributes
    ----------
    related : dict
        On the first line of a parent: for a child, the children that it asked for.
    """

    elsewhere = full = False

    def __init__(self, end: socket.socket, process: subprocess.Popen[bytes] | None = None) -> None:
        self._end, self._process = end, process
        self.related: dict[int, set[int]] = {}
        self._connection = Connection(os.dup(end.fileno()))
        self._count = 0
        self._heard: list[Ended] = []

    def fileno(self) -> int:
        """The file descriptor to wait for."""
        return self._connection.fileno()

    def fork(
        self,
        function: Callable[..., Any],
        *arguments: Any,
        cwd: Path | None = None,
        env: dict[str, str] | None = None,
        fds: tuple[int, ...] = (),
    ) -> tuple[int, int]:
        """Fork a child that calls a function.

        Parameters
        ----------
        function : callable
            Importable; it gets the arguments, then a descriptor for each of ``fds``.
        cwd, env : Path and dict, optional
            The child's folder and environment; those of this process by default.

        Returns
        -------
        (int, int)
            The number of the child on this line, and its process id.

        Raises
        ------
        EOFError
            When the parent is no more.
        """
        self._count += 1
        place = str(cwd or Path.cwd())
        # Unpacked in the child only: the parent imports nothing that it was not told to.
        wanted = pickle.dumps((function, arguments))
        self._send(("fork", self._count, wanted, (place, dict(os.environ) if env is None else env, sys.path), len(fds)))
        if fds:
            reduction.sendfds(self._end, list(fds))
        while True:
            said = self._hear()
            if said is None:
                continue
            if isinstance(said, BaseException):
                raise said
            return self._count, int(said)

    def ended(self, timeout: float | None = 0.0) -> Ended | None:
        """The next child that ended; None when none does in time."""
        while not self._heard:
            if timeout is not None and not self._connection.poll(timeout):
                return None
            self._hear()
        found = self._heard.pop(0)
        return replace(found, result=pickle.loads(found.result) if found.result else None)

    def end(self, number: int) -> None:
        """End a child and all that it started, by force."""
        self._send(("end", number))

    def line(self) -> Line:
        """A second line to the same parent."""
        ours, theirs = socket.socketpair()
        with theirs:
            self._send(("line",))
            reduction.sendfds(self._end, [theirs.fileno()])
        return Line(ours)

    def done(self) -> None:
        """From a child: its result lies there, and it does nothing more."""
        with contextlib.suppress(EOFError):
            self._send(("done",))

    def close(self) -> None:
        """End the line, and with it every child asked for over it."""
        self._connection.close()
        self._end.close()
        if self._process is not None:
            self._process.wait()

    def _send(self, what: Any) -> None:
        try:
            self._connection.send_bytes(pickle.dumps(what))
        except OSError:
            raise EOFError("the warm parent has ended") from None

    def _hear(self) -> Any:
        """The answer to a request; None for news, which is kept."""
        try:
            said = self._connection.recv()
        except OSError:
            raise EOFError("the warm parent has ended") from None
        if isinstance(said, Ended):
            self._heard.append(said)
        elif isinstance(said, Related):
            self.related.setdefault(said.asker, set()).add(said.pid)
        else:
            return said
        return None
