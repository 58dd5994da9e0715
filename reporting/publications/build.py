"""A whole build on one screen: run the notebooks, then assemble each target."""

from __future__ import annotations

import os
import shutil
import time
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from reporting import declarations
from reporting.batch.plan import Target
from reporting.batch import parent
from reporting.batch.outcomes import Job as PoolJob
from reporting.batch.outcomes import Limits, Outcome
from reporting.batch.pool import run_all
from reporting.batch.run import execute, make
from reporting.publications.assemble import Job, assemble, translated
from reporting.vintages import alone


class Watcher(Protocol):
    """Who is told how far a build has come."""

    def begin(self, what: str, total: int) -> None:
        """Start a stage of so many jobs."""

    def step(self, name: str, error: str) -> None:
        """One job has ended, well when ``error`` is empty."""


@dataclass(frozen=True)
class Result:
    """What a build made and what failed."""

    built: list[Path] = field(default_factory=list)
    failures: list[Outcome] = field(default_factory=list)
    stages: dict[str, float] = field(default_factory=dict)

    @property
    def seconds(self) -> float:
        """How long it took."""
        return sum(self.stages.values())


def build(targets: list[Target], jobs: int, engine: str, record: bool, watcher: Watcher) -> Result:
    """Run all notebooks, several at a time, then render every target whose notebooks ran.

    A failing notebook fails its own target; the others are built. Interrupted, a
    build keeps what was finished and removes what was half-written.
    """
    with ExitStack() as held:
        for target in targets:
            make(target.folder.parent)
            lock = target.units[0].folder.parent.with_suffix(".lock")
            make(lock.parent)
            busy = f"Another build of {target.name} is under way in {lock.parent}: wait, or name other --outputs."
            held.enter_context(alone(lock, busy))
        return _kept_whole(targets, jobs, engine, record, watcher)


def _kept_whole(targets: list[Target], jobs: int, engine: str, record: bool, watcher: Watcher) -> Result:
    try:
        return _build(targets, jobs, engine, record, watcher)
    except BaseException:
        for folder in [t.folder for t in targets] + [unit.folder for t in targets for unit in t.units]:
            shutil.rmtree(folder.with_name(folder.name + ".part"), ignore_errors=True)
        raise


def _build(targets: list[Target], jobs: int, engine: str, record: bool, watcher: Watcher) -> Result:
    os.environ["REPORTING_HOME"] = str(declarations.home())
    if record:
        translated({target.lang for target in targets})
    units = [PoolJob(unit.name, execute, unit) for target in targets for unit in target.units]
    start = time.monotonic()
    watcher.begin("notebooks", len(units))
    outcomes = run_all(units, Limits(jobs), lambda o: watcher.step(o.name, o.error))
    failures = [outcome for outcome in outcomes if outcome.error]
    failed = {outcome.name for outcome in failures}
    ran = time.monotonic()
    whole = [t for t in targets if not failed & {unit.name for unit in t.units}]
    watcher.begin("publications", len(whole))
    made = run_all(
        [PoolJob(t.name, assemble, Job(t, engine, record)) for t in whole], Limits(jobs), lambda o: watcher.step(o.name, o.error), modules=(*parent.MODULES, "reporting.publications.assemble")
    )
    failures += [outcome for outcome in made if outcome.error]
    good = {outcome.name for outcome in made if not outcome.error}
    stages = {"notebooks": ran - start, "publications": time.monotonic() - ran}
    for o in outcomes + made: print(o)
    return Result([t.folder for t in whole if t.name in good], failures, stages)
