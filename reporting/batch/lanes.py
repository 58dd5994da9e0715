"""Where processes cannot be forked: ordinary ones, kept and used again, behind the same few calls."""

from __future__ import annotations

import logging
import multiprocessing
import os
import signal
import warnings
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from typing import Any

from reporting.batch import processes
from reporting.batch.line import Ended


class Lanes:
    """Processes that each do one job after another; used as a line to a warm parent is."""

    elsewhere = full = False

    def __init__(self) -> None:
        self.related: dict[int, set[int]] = {}
        self._idle: list[tuple[ProcessPoolExecutor, int]] = []
        self._busy: dict[Future[Any], tuple[int, ProcessPoolExecutor, int]] = {}
        self._count = 0

    def fork(self, function: Callable[..., Any], *arguments: Any) -> tuple[int, int]:
        """Give a job to an idle process, or to a new one."""
        lane, pid = self._idle.pop() if self._idle else _lane()
        self._count += 1
        self._busy[lane.submit(function, *arguments)] = self._count, lane, pid
        return self._count, pid

    def ended(self, timeout: float | None = 0.0) -> Ended | None:
        """The next job that ended; None when none does in time."""
        finished, _ = wait(self._busy, timeout, FIRST_COMPLETED)
        for future in finished:
            number, lane, pid = self._busy.pop(future)
            if future.exception() is None:
                self._idle.append((lane, pid))
                return Ended(number, 0, future.result())
            lane.shutdown()
            return Ended(number, signal.SIGTERM, None)
        return None

    def end(self, number: int) -> None:
        """End a job and all that it started, by force."""
        for count, _, pid in [*self._busy.values()]:
            if count == number:
                processes.end(pid)

    def close(self) -> None:
        """End everything."""
        for _, _, pid in [*self._busy.values()]:
            processes.end(pid)
        for lane, _ in self._idle:
            lane.shutdown()


def _lane() -> tuple[ProcessPoolExecutor, int]:
    """One process that takes job after job: when it is killed, one job is lost."""
    lane = ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn"), initializer=_quiet)
    return lane, lane.submit(os.getpid).result()


def _quiet() -> None:
    """A worker leaves Ctrl-C to its parent and keeps third-party chatter off the screen."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    warnings.simplefilter("ignore")
    logging.disable(logging.WARNING)
    os.environ["PYDEVD_DISABLE_FILE_VALIDATION"] = "1"
    # Kernels inherit this; what notebooks write to stderr is kept in the notebook.
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
