"""Jobs on an existing Dask cluster, behind the same few calls as a warm parent.

A worker sees the project's folder and the store at the same place as this
machine does (a shared folder, or a store behind a URL) and has the same
version of the package. Results need no shared place: what a job needs travels
with it, what it makes travels back, and lands here as if it had been made here.
Each worker process keeps a warm parent of its own, so a crash ends one job.
"""

from __future__ import annotations

import io
import logging
import os
import re
import shutil
import tempfile
import time
import zipfile
from collections.abc import Callable
from concurrent.futures import CancelledError
from dataclasses import fields, is_dataclass, replace
from pathlib import Path
from typing import Any

from reporting.batch import fresh, parent
from reporting.batch.line import Ended
from reporting.batch.outcomes import Job, guarded
from reporting.batch.run import replace as put
from reporting.errors import SourceUnavailable, UsageError

_ADDRESS = re.compile(r"(tcp|tls|ws|wss|ucx)://[^\s/]+:\d+/?")
#: Jobs sent for each thread of the workers: the next one is there when one ends.
_AHEAD = 4
#: Seconds for which a count of threads holds.
_LOOK = 5.0


class Cluster:
    """A Dask cluster, used as a line to a warm parent is."""

    #: Memory and cores are those of other machines.
    elsewhere = True

    def __init__(self, address: str, outputs: Path, timeout: float = 0.0) -> None:
        try:
            from distributed import Client
        except ImportError:
            raise UsageError("--scheduler needs Dask: pip install 'reporting[cluster]'") from None
        if not _ADDRESS.fullmatch(address):
            raise UsageError(f"--scheduler {address!r} makes no sense: write tcp://host:port, or tls://host:port.")
        # What is lost and found again is no concern of a reader; what stays lost is told as an error.
        logging.getLogger("distributed").setLevel(logging.CRITICAL)
        try:
            self._client = Client(address, timeout=10, set_as_default=False)
        except (OSError, ValueError) as error:
            raise SourceUnavailable(
                f"{address}: no Dask scheduler answers there ({error}). Check host and port."
            ) from None
        self.related: dict[int, set[int]] = {}
        self.address = address
        self._outputs, self._timeout, self._code = outputs, timeout, fresh.code()
        self._running: dict[int, tuple[Any, Job]] = {}
        self._count, self._threads, self._looked = 0, 0, -_LOOK

    @property
    def threads(self) -> int:
        """How many jobs the workers do at a time; 0 while there is no worker."""
        if time.monotonic() - self._looked > _LOOK:
            self._threads = sum(self._client.nthreads().values())
            self._looked = time.monotonic()
        return self._threads

    @property
    def full(self) -> bool:
        """Whether enough has been sent for now."""
        return len(self._running) >= _AHEAD * max(1, self.threads)

    def fork(self, function: Callable[..., Any], job: Job) -> tuple[int, int]:
        """Send a job to the cluster."""
        self._count += 1
        sent = pack(self._outputs, [path for path in job.needs if path.exists()])
        home = os.environ["REPORTING_HOME"]
        future = self._client.submit(
            work, job, str(self._outputs), sent, home, self._code, self._timeout, pure=False, retries=1
        )
        self._running[self._count] = future, job
        return self._count, 0

    def ended(self, timeout: float | None = 0.0) -> Ended | None:
        """The next job that ended, its results in place; None when none does in time."""
        from distributed import wait

        waiting = {future: number for number, (future, _) in self._running.items()}
        try:
            with self._client.as_current():
                finished = wait([*waiting], timeout=timeout, return_when="FIRST_COMPLETED").done
        except TimeoutError:
            finished = set()
        except (CancelledError, OSError):
            finished = set(waiting)
        if self._client.status != "running":
            raise SourceUnavailable(
                f"{self.address}: the Dask scheduler was lost. What had come back stays; run the same command again."
            )
        # A result lost with its worker is made again, and waited for again.
        for future in (future for future in finished if future.status not in ("pending", "lost")):
            number = waiting[future]
            _, job = self._running.pop(number)
            return Ended(number, 0, self._landed(future, job))
        return None

    def _landed(self, future: Any, job: Job) -> tuple[str, bool]:
        try:
            (error, again), made = future.result()
        except Exception as lost:  # noqa: BLE001  whatever befell the worker
            return _lost(lost)
        unpack(made, self._outputs, job.makes)
        return error, again

    def end(self, number: int) -> None:
        """Take a job back."""
        self._running[number][0].cancel()

    def close(self) -> None:
        """Take all jobs back, and leave."""
        for future, _ in self._running.values():
            future.cancel()
        self._client.close()


def _lost(error: Exception) -> tuple[str, bool]:
    """Why a job did not come back, and whether another try may help."""
    from distributed import KilledWorker

    if isinstance(error, KilledWorker | CancelledError):
        return "its worker was lost. Give workers more memory.", True
    if isinstance(error, ImportError):
        return f"a worker cannot import what it needs: {error}. Install the package there, with its libraries.", False
    return f"its worker failed: {type(error).__name__}: {error}.", True


def work(job: Job, outputs: str, sent: bytes, home: str, code: str, timeout: float) -> tuple[tuple[str, bool], bytes]:
    """Do a job on a worker, in a folder of its own.

    Returns
    -------
    ((str, bool), bytes)
        What went wrong (empty for nothing) and whether another try may help;
        the results, packed.
    """
    if not Path(home, "parameters").is_dir():
        return (f"a worker does not see the project's folder {home}: share it with the workers.", False), b""
    if fresh.code() != code:
        return ("a worker has another version of the package, of a library or of Python: install the same.", False), b""
    place = Path(tempfile.mkdtemp(prefix="reporting-"))
    try:
        unpack(sent, place, ())
        moved = relocated(job, Path(outputs), place)
        error, again = _done(moved, home, timeout)
        return (error.replace(str(place), outputs), again), pack(place, _made(moved))
    finally:
        shutil.rmtree(place, ignore_errors=True)


def _done(job: Job, home: str, timeout: float) -> tuple[str, bool]:
    """Do a job in a child of this worker's warm parent."""
    if not parent.possible():
        os.environ["REPORTING_HOME"] = home
        return guarded(job.function, job.argument)
    with parent.parent() as line:
        line.fork(guarded, job.function, job.argument, env={**os.environ, "REPORTING_HOME": home})
        ended = line.ended(timeout or None)
        if ended is None:
            return f"it took longer than {timeout:g} s (--timeout).", True
        return ended.result or ("its process was killed, perhaps for want of memory.", True)


def _made(job: Job) -> list[Path]:
    """What a job has made, a notebook that failed included."""
    failed = [path.with_name(path.name + ".failed") for path in job.makes]
    return [path for path in (*job.makes, *failed) if path.exists()]


def relocated(value: Any, old: Path, new: Path) -> Any:
    """A job with every path to results moved from one folder to another."""
    if isinstance(value, Path):
        below = any(value.is_relative_to(old / name) for name in ("runs", "publications"))
        return new / value.relative_to(old) if below else value
    if isinstance(value, tuple):
        return tuple(relocated(item, old, new) for item in value)
    if is_dataclass(value) and not isinstance(value, type):
        moved = {f.name: relocated(getattr(value, f.name), old, new) for f in fields(value)}
        return replace(value, **moved)
    return value


def pack(root: Path, paths: list[Path]) -> bytes:
    """Files and folders below a root as one archive."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as packed:
        for path in paths:
            for file in [path] if path.is_file() else sorted(p for p in path.rglob("*") if p.is_file()):
                packed.write(file, file.relative_to(root).as_posix())
    return archive.getvalue()


def unpack(content: bytes, root: Path, folders: tuple[Path, ...]) -> None:
    """Put the files of an archive below a root; folders named are replaced whole."""
    if not content:
        return
    beside = root / f".{os.getpid()}.part"
    shutil.rmtree(beside, ignore_errors=True)
    beside.mkdir(parents=True)
    with zipfile.ZipFile(io.BytesIO(content)) as packed:
        packed.extractall(beside)
    names = [folder.relative_to(root) for folder in folders]
    whole = [name for base in names for name in (base, base.with_name(base.name + ".failed"))]
    for name in [name for name in whole if (beside / name).is_dir()]:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.rmtree((root / name).with_name(name.name + ".failed"), ignore_errors=True)
        put(beside / name, root / name)
    for file in sorted(p for p in beside.rglob("*") if p.is_file()):
        place = root / file.relative_to(beside)
        place.parent.mkdir(parents=True, exist_ok=True)
        file.replace(place)
    shutil.rmtree(beside)
