"""Runs of notebooks, several at a time, each in its own folder.

A unit is written beside its folder and moved into place when it is done, so
that an interrupted batch leaves whole units or none. A failing notebook fails
its unit alone.
"""

from __future__ import annotations

import json
import logging
import multiprocessing
import os
import shutil
import signal
import warnings
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, ThreadPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
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
    waiting = deque(jobs)
    outcomes: list[Outcome] = []
    running: dict[Future[str], tuple[str, ProcessPoolExecutor]] = {}
    with _lanes(max(1, min(workers, len(waiting)))) as idle:
        while waiting or running:
            while waiting and idle:
                name, function, argument = waiting.popleft()
                lane = idle.pop()
                running[lane.submit(_guarded, function, argument)] = name, lane
            finished, _ = wait(running, return_when=FIRST_COMPLETED)
            for future in finished:
                name, lane = running.pop(future)
                outcomes.append(Outcome(name, _cause(future)))
                if isinstance(future.exception(), BrokenProcessPool):
                    lane.shutdown()
                    lane = _lane()
                idle.append(lane)
                done(outcomes[-1])
    return outcomes


def _lane() -> ProcessPoolExecutor:
    """One process that takes job after job: when it is killed, one job is lost."""
    return ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn"), initializer=_quiet)


@contextmanager
def _lanes(count: int) -> Iterator[list[ProcessPoolExecutor]]:
    """Processes that end with this one, also on Ctrl-C."""
    idle = [_lane() for _ in range(count)]
    try:
        yield idle
    except BaseException:
        for process in multiprocessing.active_children():
            process.terminate()
        raise
    for lane in idle:
        lane.shutdown()


def _quiet() -> None:
    """A worker leaves Ctrl-C to its parent and keeps third-party chatter off the screen."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    warnings.simplefilter("ignore")
    logging.disable(logging.WARNING)
    os.environ["PYDEVD_DISABLE_FILE_VALIDATION"] = "1"
    # Kernels inherit this; what notebooks write to stderr is kept in the notebook.
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)


def _guarded(function: Callable[[T], None], argument: T) -> str:
    try:
        function(argument)
    except ReportingError as error:
        return str(error)
    except OSError as error:
        return f"{error.strerror or error}: {error.filename or ''}. Free space or choose another folder."
    return ""


def _cause(future: Future[str]) -> str:
    error = future.exception()
    if isinstance(error, BrokenProcessPool):
        return "its process was killed, perhaps for want of memory. Run it again with fewer --jobs."
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
        # Not in the main thread: there nbclient would take the signals that end a batch for itself.
        with ThreadPoolExecutor(1) as aside:
            aside.submit(
                papermill.execute_notebook,
                str(unit.notebook), str(part / NOTEBOOK), parameters=unit.parameters, cwd=str(part),
                config=Config({"KernelManager": {"transport": _TRANSPORT}}),
                progress_bar=False, kernel_name="python3", log_output=False, start_timeout=120,
            ).result()  # fmt: skip
        _refuse_early_end(part / NOTEBOOK, unit)
        replace(part, unit.folder)
    except PapermillExecutionError as error:
        part.rename(failed)
        place = f"{unit.notebook.name} ({unit.name}), cell {_position(unit.notebook, error.cell_index)}"
        raise NotebookFailed(f"{place}: {error.ename}: {error.evalue}. See {failed / NOTEBOOK}.") from None
    except RuntimeError as error:
        raise NotebookFailed(f"{unit.notebook.name} ({unit.name}): its kernel died: {error}") from None
    finally:
        shutil.rmtree(part, ignore_errors=True)


def _refuse_early_end(path: Path, unit: Unit) -> None:
    """Refuse a run that ended before its last cell: ``exit()`` is no error to papermill."""
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    for index, cell in enumerate(cells):
        ended = cell["metadata"].get("papermill", {}).get("status")
        stopped = any(o.get("ename") == "SystemExit" for o in cell.get("outputs", []))
        if cell["cell_type"] == "code" and "".join(cell["source"]).strip() and (ended != "completed" or stopped):
            place = f"{unit.notebook.name} ({unit.name}), cell {_position(unit.notebook, index)}"
            raise NotebookFailed(f"{place}: the notebook ended here, before its last cell. Remove what ends it.")


def _position(notebook: Path, index: int) -> int:
    """The number, in the notebook a person edits, of a cell of the executed one.

    There, papermill has put a cell with the parameters after the one tagged so.
    """
    cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    tagged = [n for n, cell in enumerate(cells) if "parameters" in cell["metadata"].get("tags", [])]
    return index + 1 if tagged and index <= tagged[0] else index


def make(folder: Path) -> None:
    """Make a folder, or say why it cannot be made."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputFailed(
            f"Cannot write to {folder}: {error.strerror}. Choose another folder with --outputs, or free space."
        ) from None


def replace(new: Path, old: Path) -> None:
    """Put a finished folder in the place of an old one, which stays when that fails."""
    aside = old.with_name(old.name + ".old")
    shutil.rmtree(aside, ignore_errors=True)
    if old.exists():
        old.rename(aside)
    try:
        new.rename(old)
    except BaseException:
        if aside.exists():
            aside.rename(old)
        raise
    shutil.rmtree(aside, ignore_errors=True)
