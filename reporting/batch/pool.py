"""Jobs in processes of their own, as many at a time as cores and memory allow.

A job that crashes, is killed or takes too long fails alone and is tried once
more. A job may have successors, which wait for nothing but it. When the process
that forks is itself killed, what ran is run again one at a time, so that a job
that kills it is found out.
"""

from __future__ import annotations

import logging
import os
import signal
import time
import warnings
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Protocol

from reporting.batch import imports, parent, processes
from reporting.batch.lanes import Lanes
from reporting.batch.line import Ended, NotAlone
from reporting.batch.outcomes import Job, Limits, Outcome, guarded
from reporting.errors import OutputFailed

#: What a job is expected to take before any has been measured, in bytes.
_FIRST_GUESS = 150 << 20
#: Seconds between two looks at memory and clock.
_LOOK = 0.2
#: To measure memory takes milliseconds: it is done after so many seconds, or when a process has grown by so many bytes.
_MEASURE, _GROWN = 1.0, 16 << 20
_TRIES = 2


class Workers(Protocol):
    """Whatever does jobs in processes of their own.

    Attributes
    ----------
    related : dict
        For a process that does a job, others that belong to it.
    elsewhere : bool
        Whether cores and memory are those of other machines.
    """

    related: dict[int, set[int]]
    elsewhere: bool

    @property
    def full(self) -> bool:
        """Whether it takes no more jobs for now, where it is elsewhere."""

    def fork(self, function: Callable[[Job], tuple[str, bool]], job: Job) -> tuple[int, int]:
        """Begin a job; its number, and its process id on this machine."""

    def ended(self, timeout: float | None = 0.0) -> Ended | None:
        """The next job that ended; None when none does in time."""

    def end(self, number: int) -> None:
        """End a job by force."""

    def close(self) -> None:
        """End everything."""


def run_all(
    jobs: Iterable[Job],
    limits: Limits,
    done: Callable[[Outcome], Iterable[Job] | None],
    start: Callable[[], Workers] | None = None,
) -> list[Outcome]:
    """Run jobs in processes of their own, several at a time.

    Parameters
    ----------
    jobs : iterable of Job
        Functions and arguments that can be pickled.
    limits : Limits
        How many at a time, in how much memory, how long each.
    done : callable
        Called in this process with each outcome as it comes; it may return
        more jobs.
    start : callable, optional
        Starts what does the jobs, by default :func:`here`; called again when
        that is lost.

    Returns
    -------
    list of Outcome
        One for each job, in the order of their ends.
    """
    pool, begin = _Pool(jobs, limits, done), start or here()
    while pool.waiting or pool.running:
        with _started(begin) as workers:
            try:
                while pool.waiting or pool.running:
                    pool.advance(workers)
            except EOFError:
                pool.lost()
            except NotAlone:
                # A library started a thread there: ordinary processes do the same work, more slowly.
                begin = Lanes
                pool.put_back(alone=False)
    return pool.outcomes


def here(
    modules: tuple[str, ...] = imports.MODULES, prepare: Callable[[], None] | None = None
) -> Callable[[], Workers]:
    """What starts the processes of this machine: forked from a warm parent where that is possible."""
    return lambda: parent.start(modules, prepare) if parent.possible() else Lanes()


@contextmanager
def _started(start: Callable[[], Workers]) -> Iterator[Workers]:
    """What does the jobs; it ends with all it started on leaving, also on Ctrl-C."""
    workers = start()
    try:
        yield workers
    finally:
        workers.close()


@dataclass(frozen=True)
class _Waiting:
    job: Job
    tries: int = 1
    alone: bool = False


@dataclass
class _Running:
    job: Job
    tries: int
    alone: bool
    number: int
    pid: int
    start: float = field(default_factory=time.monotonic)
    memory: int = 0
    peak: int = 0
    resident: int = 0
    measured: float = 0.0
    ended: str = ""

    def look(self, pids: tuple[int, ...], now: float) -> None:
        """Measure the memory of its processes, where it can be another one by now."""
        resident = sum(map(processes.resident, pids))
        if abs(resident - self.resident) > _GROWN or now - self.measured > _MEASURE:
            self.resident, self.measured = resident, now
            self.memory = sum(map(processes.memory, pids))
            self.peak = max(self.peak, self.memory)


class _Pool:
    """What waits, what runs, what has ended."""

    def __init__(self, jobs: Iterable[Job], limits: Limits, done: Callable[[Outcome], Iterable[Job] | None]) -> None:
        self.waiting = deque(_Waiting(job) for job in jobs)
        self.running: dict[int, _Running] = {}
        self.outcomes: list[Outcome] = []
        self.limits, self.done = limits, done
        self.guess, self.looked, self.losses = _FIRST_GUESS, 0.0, 0
        self.peaks: list[int] = []

    def advance(self, line: Workers) -> None:
        """Start what can start, hear who ended, look at memory and clock."""
        while self.waiting and self._admits(line):
            first = self.waiting[0]
            number, pid = line.fork(_guarded, first.job)
            self.waiting.popleft()
            self.running[number] = _Running(first.job, first.tries, first.alone, number, pid)
        if ended := line.ended(_LOOK):
            self.losses = 0
            running = self.running.pop(ended.number)
            line.related.pop(running.pid, None)
            self._finish(running, ended.result, ended.status)
        if time.monotonic() - self.looked > _LOOK:
            self._look(line)

    def lost(self) -> None:
        """The process that forks was killed, and all children with it."""
        self.losses += 1
        if not self.running and self.losses > _TRIES:
            raise OutputFailed("The process that starts the notebooks ended before any began: free memory, try again.")
        if len(self.running) == 1:
            self._finish(self.running.popitem()[1], None, signal.SIGKILL)
        # Which of several did it is not known.
        self.put_back(alone=True)

    def put_back(self, alone: bool) -> None:
        """Let what ran wait again, to run ``alone`` or beside others; it does not count as a try."""
        self.waiting.extendleft(_Waiting(r.job, r.tries, alone) for r in self.running.values())
        self.running.clear()

    def _admits(self, line: Workers) -> bool:
        """Whether one more job fits, by cores and memory; one always does, and a cluster queues its own."""
        if line.elsewhere:
            return not line.full
        if not self.running:
            return True
        if self.waiting[0].alone or any(running.alone for running in self.running.values()):
            return False
        if len(self.running) >= self.limits.jobs:
            return False
        committed = sum(max(r.memory, self.guess) for r in self.running.values())
        free = processes.available() + sum(r.memory for r in self.running.values())
        return committed + self.guess <= min(self.limits.memory or free, free)

    def _look(self, line: Workers) -> None:
        self.looked = time.monotonic()
        for running in self.running.values() if not line.elsewhere else ():
            running.look((running.pid, *line.related.get(running.pid, ())), self.looked)
            if self.limits.timeout and self.looked - running.start > self.limits.timeout:
                self._end(line, running, f"it took longer than {self.limits.timeout:g} s (--timeout)")
        largest = max(self.running.values(), key=lambda r: r.memory, default=None)
        if largest and self.limits.memory and sum(r.memory for r in self.running.values()) > self.limits.memory:
            limit = f"{self.limits.memory >> 20} MB (--memory)"
            self._end(line, largest, f"it took {largest.memory >> 20} MB, and the notebooks together more than {limit}")

    def _end(self, line: Workers, running: _Running, why: str) -> None:
        if not running.ended:
            running.ended = why
            line.end(running.number)

    def _finish(self, running: _Running, said: tuple[str, bool] | None, status: int) -> None:
        error, died = said or (_cause(running, status), True)
        if running.peak:
            self.peaks = sorted([*self.peaks, running.peak])
            self.guess = self.peaks[len(self.peaks) * 9 // 10]
        if died and running.tries < _TRIES:
            self.waiting.append(_Waiting(running.job, running.tries + 1, running.alone))
            return
        seconds = time.monotonic() - running.start
        outcome = Outcome(running.job.name, error, seconds, running.peak, running.tries, running.job.key)
        self.outcomes.append(outcome)
        self.waiting.extendleft(_Waiting(job) for job in self.done(outcome) or ())


def _cause(running: _Running, status: int) -> str:
    """Why a job's process ended without a word."""
    if running.ended:
        return f"{running.ended}."
    if os.WIFSIGNALED(status):
        return "its process was killed, perhaps for want of memory. Run it again with fewer --jobs."
    return f"its process ended by itself, with exit code {os.waitstatus_to_exitcode(status)}."


def _guarded(job: Job) -> tuple[str, bool]:
    """Do a job in a child: what went wrong in words, and whether trying again may help."""
    warnings.simplefilter("ignore")
    logging.disable(logging.WARNING)
    return guarded(job.function, job.argument)
