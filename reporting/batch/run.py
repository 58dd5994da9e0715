"""Runs of notebooks, several at a time, each in its own folder.

A unit is written beside its folder and moved into place when it is done, so
that an interrupted batch leaves whole units or none. A failing notebook fails
its unit alone.
"""

from __future__ import annotations

import logging
import multiprocessing
import os
import shutil
import signal
import warnings
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from reporting.batch.plan import Unit
from reporting.errors import NotebookFailed, OutputFailed, ReportingError

T = TypeVar("T")
NOTEBOOK = "notebook.ipynb"
#: Kernels talk over sockets that only this user can open, where the system has them.
_TRANSPORT = "tcp" if os.name == "nt" else "ipc"


@dataclass(frozen=True)
class Outcome:
    """How a job ended: ``error`` is empty when it went well."""

    name: str
    error: str = ""


def run_all(
    jobs: Iterable[tuple[str, Callable[[T], None], T]], workers: int, done: Callable[[Outcome], None]
) -> list[Outcome]:
    """Run jobs in processes of their own, several at a time.

    Parameters
    ----------
    jobs : iterable of (name, function, argument)
        Functions and arguments that can be pickled.
    workers : int
        How many at a time.
    done : callable
        Called in this process with each outcome as it comes.

    Returns
    -------
    list of Outcome
        One for each job, in the order of their ends.
    """
    outcomes: list[Outcome] = []
    with _pool(workers) as pool:
        pending = {pool.submit(_guarded, function, argument): name for name, function, argument in jobs}
        while pending:
            finished, _ = wait(pending, return_when=FIRST_COMPLETED)
            for future in finished:
                outcomes.append(Outcome(pending.pop(future), _cause(future)))
                done(outcomes[-1])
    return outcomes


@contextmanager
def _pool(workers: int) -> Iterator[ProcessPoolExecutor]:
    """A pool whose processes end with this one, also on Ctrl-C."""
    pool = ProcessPoolExecutor(workers, mp_context=multiprocessing.get_context("spawn"), initializer=_quiet)
    try:
        yield pool
    except BaseException:
        pool.shutdown(wait=False, cancel_futures=True)
        for process in multiprocessing.active_children():
            process.terminate()
        raise
    pool.shutdown()


def _quiet() -> None:
    """A worker leaves Ctrl-C to its parent and keeps third-party chatter off the screen."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    warnings.simplefilter("ignore")
    logging.disable(logging.WARNING)
    os.environ["PYDEVD_DISABLE_FILE_VALIDATION"] = "1"


def _guarded(function: Callable[[T], None], argument: T) -> str:
    try:
        function(argument)
    except ReportingError as error:
        return str(error)
    except OSError as error:
        return f"Cannot write {error.filename or ''}: {error.strerror or error}. Free space or choose another folder."
    return ""


def _cause(future: Future[str]) -> str:
    error = future.exception()
    return future.result() if error is None else f"{type(error).__name__}: {error}"


def execute(unit: Unit) -> None:
    """Run one notebook with papermill into the unit's folder.

    Raises
    ------
    NotebookFailed
        Naming notebook, cell and cause; the notebook as far as it ran stays
        in ``<folder>.failed``.
    """
    import papermill
    from papermill.exceptions import PapermillExecutionError
    from traitlets.config import Config

    part, failed = (
        unit.folder.with_name(unit.folder.name + ".part"),
        unit.folder.with_name(unit.folder.name + ".failed"),
    )
    for leftover in (part, failed):
        shutil.rmtree(leftover, ignore_errors=True)
    make(part)
    try:
        papermill.execute_notebook(
            str(unit.notebook), str(part / NOTEBOOK), parameters=unit.parameters, cwd=str(part),
            config=Config({"KernelManager": {"transport": _TRANSPORT}}),
            progress_bar=False, kernel_name="python3", log_output=False, start_timeout=120,
        )  # fmt: skip
    except PapermillExecutionError as error:
        part.rename(failed)
        cause = f"{error.ename}: {error.evalue}"
        raise NotebookFailed(
            f"{unit.notebook.name} ({unit.name}), cell {error.cell_index + 1}: {cause}. See {failed / NOTEBOOK}."
        ) from None
    except RuntimeError as error:
        shutil.rmtree(part, ignore_errors=True)
        raise NotebookFailed(f"{unit.notebook.name} ({unit.name}): its kernel died: {error}") from None
    replace(part, unit.folder)


def make(folder: Path) -> None:
    """Make a folder, or say why it cannot be made."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputFailed(
            f"Cannot write to {folder}: {error.strerror}. Choose another folder with --outputs, or free space."
        ) from None


def replace(new: Path, old: Path) -> None:
    """Put a finished folder in the place of an old one."""
    aside = old.with_name(old.name + ".old")
    shutil.rmtree(aside, ignore_errors=True)
    if old.exists():
        old.rename(aside)
    new.rename(old)
    shutil.rmtree(aside, ignore_errors=True)
