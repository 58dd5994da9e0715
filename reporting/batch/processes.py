"""Processes: what they started, what memory they take, and ending all of them."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import sys
import threading
import time
from collections.abc import Iterable
from pathlib import Path

import psutil

_GONE = (psutil.NoSuchProcess, psutil.AccessDenied, ProcessLookupError, PermissionError)
#: prctl(2): the signal at a parent's death; whether orphans below come to this process.
_DEATH_SIGNAL, _CHILD_SUBREAPER = 1, 36
#: Seconds that a killed process is waited for.
_MOMENT = 1.0


def threads() -> int:
    """How many threads this process has, those of libraries included."""
    try:
        return len(list(Path("/proc/self/task").iterdir()))
    except OSError:
        return threading.active_count()


def adopt_orphans() -> None:
    """Let processes below that lose their parent come to this one, where the system can."""
    _prctl(_CHILD_SUBREAPER, 1)


def end_with_parent() -> None:
    """Let this process be killed when its parent ends, where the system can."""
    _prctl(_DEATH_SIGNAL, signal.SIGKILL)


def _prctl(option: int, value: int) -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(option, value, 0, 0, 0)


def end(pid: int) -> None:
    """End a process, its group and everything below it, by force."""
    with contextlib.suppress(*_GONE):
        found = psutil.Process(pid)
        # Stopped first, so that it starts nothing more while its descendants are looked for.
        found.suspend()
        _kill([*found.children(recursive=True), found])
    if hasattr(os, "killpg"):
        with contextlib.suppress(*_GONE):
            os.killpg(pid, signal.SIGKILL)


def end_below() -> None:
    """End everything that this process started; a moment is given to it."""
    end = time.monotonic() + _MOMENT
    with contextlib.suppress(*_GONE, ChildProcessError):
        if _children():
            _kill(psutil.Process().children(recursive=True))
        while _children() and time.monotonic() < end:
            if os.waitpid(-1, os.WNOHANG) == (0, 0):
                time.sleep(0.001)


def _children() -> list[int]:
    """The process ids of this process's children."""
    try:
        return [int(pid) for pid in Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()]
    except OSError:
        return [child.pid for child in psutil.Process().children()]


def end_strays(known: set[int]) -> None:
    """End the children of this process that it did not start itself: orphans of what has ended."""
    with contextlib.suppress(*_GONE):
        for pid in set(_children()) - known:
            end(pid)


def _kill(processes: Iterable[psutil.Process]) -> None:
    for process in processes:
        with contextlib.suppress(*_GONE):
            process.kill()


def memory(pid: int) -> int:
    """Bytes that a process and everything below it hold alone: what ending them would free."""
    total = 0
    with contextlib.suppress(*_GONE):
        found = psutil.Process(pid)
        for process in (found, *found.children(recursive=True)):
            with contextlib.suppress(*_GONE):
                total += process.memory_full_info().uss
    return total


def resident(pid: int) -> int:
    """Bytes that a process holds, alone or shared: quickly read, and another number when it takes more."""
    with contextlib.suppress(*_GONE):
        return int(psutil.Process(pid).memory_info().rss)
    return 0


def available() -> int:
    """Bytes of memory that can still be taken, also inside a container."""
    free = int(psutil.virtual_memory().available)
    with contextlib.suppress(OSError, ValueError):
        group = Path("/sys/fs/cgroup")
        limit = int((group / "memory.max").read_text())
        facts = dict(line.split() for line in (group / "memory.stat").read_text().splitlines())
        used = int((group / "memory.current").read_text()) - int(facts["inactive_file"])
        free = min(free, limit - used)
    return free


def cores() -> int:
    """Processor cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
