"""The run of one notebook, in its own folder.

A unit is written beside its folder and moved into place when it is done, so
that an interrupted batch leaves whole units or none.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reporting import reads
from reporting.batch import parent
from reporting.batch.fresh import RECORD, Step, seal, view
from reporting.batch.inputs import COLD, unseen
from reporting.batch.plan import Unit
from reporting.batch.warm import ENGINE
from reporting.errors import NotebookDied, NotebookFailed, OutputFailed

NOTEBOOK = "notebook.ipynb"
#: Kernels talk over sockets that only this user can open, where the system has them.
_TRANSPORT = "tcp" if os.name == "nt" else "ipc"


@dataclass(frozen=True)
class Work:
    """A unit to run, and what its record will say of the inputs known beforehand."""

    unit: Unit
    code: str
    facts: dict[str, Any]


def step(unit: Unit) -> Step:
    """A unit as a step: what it makes of which inputs."""
    given = {
        "notebook": reads.digest(unit.notebook.read_bytes()),
        "parameters": unit.parameters,
        "view": view(unit.parameters["store"]),
    }
    return Step(unit.name, unit.folder, unit.folder / RECORD, given)


def recorded(work: Work) -> None:
    """Run one notebook and keep, beside its results, what they came from."""
    before, unit = step(work.unit), work.unit
    make(unit.folder.parent)
    with asking(unit.folder.with_name(unit.folder.name + ".reads.part")) as asked:
        unseen(unit.notebook)
        execute(unit, lambda part: seal(before, work.facts, work.code, asked, part, part / RECORD))


@contextmanager
def asking(path: Path) -> Iterator[Path]:
    """Within, this process and those it starts write down what they ask."""
    path.unlink(missing_ok=True)
    os.environ[reads.FILE] = str(path)
    try:
        yield path
    finally:
        del os.environ[reads.FILE]
        path.unlink(missing_ok=True)


def execute(unit: Unit, finish: Callable[[Path], None] = lambda _: None) -> None:
    """Run one notebook with papermill into the unit's folder.

    Parameters
    ----------
    unit : Unit
    finish : callable, optional
        Called with the folder of the results when all cells have run, before
        it is moved into place.

    Raises
    ------
    NotebookFailed
        Naming notebook, cell and cause; the notebook as far as it ran stays
        in ``<folder>.failed``.
    NotebookDied
        When the notebook's process ended by itself.
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
                **({"engine_name": ENGINE} if parent.possible() else {"extra_arguments": [COLD]}),
                config=Config({"KernelManager": {"transport": _TRANSPORT}}),
                # Written once, at the end or when a cell fails.
                request_save_on_cell_execute=False, progress_bar=False, kernel_name="python3", log_output=False,
                start_timeout=120,
            ).result()  # fmt: skip
        _refuse_early_end(part / NOTEBOOK, unit)
        finish(part)
        replace(part, unit.folder)
    except PapermillExecutionError as error:
        part.rename(failed)
        place = f"{unit.notebook.name} ({unit.name}), cell {_position(unit.notebook, error.cell_index)}"
        raise NotebookFailed(f"{place}: {error.ename}: {error.evalue}. See {failed / NOTEBOOK}.") from None
    except RuntimeError as error:
        raise NotebookDied(f"{unit.notebook.name} ({unit.name}): its kernel died: {error}") from None
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
