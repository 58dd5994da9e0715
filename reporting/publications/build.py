"""A whole build on one screen: what is out of date is run, then assembled, as its notebooks are done."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Protocol

from reporting import declarations
from reporting.batch import fresh, imports, prepared
from reporting.batch.outcomes import Job, Limits, Outcome
from reporting.batch.plan import Target, Unit
from reporting.batch.pool import Workers, here, run_all
from reporting.batch.run import Work, make, recorded
from reporting.batch.run import step as step_of_unit
from reporting.publications import record as records
from reporting.publications.assemble import Assembly, assembled, checked, renewed, step, translated
from reporting.vintages import alone

#: What the processes of a build import beforehand, besides what notebooks import.
_MODULES = (*imports.MODULES, "reporting.publications.assemble")


class Watcher(Protocol):
    """Who is told how far a build has come."""

    def begin(self, what: str, total: int) -> None:
        """Start a stage of so many jobs."""

    def step(self, name: str, error: str) -> None:
        """One job has ended, well when ``error`` is empty."""


@dataclass(frozen=True)
class Plan:
    """What a build has to do: units and targets with the reason, those up to date without."""

    units: list[tuple[Unit, str]]
    targets: list[tuple[Target, str]]


@dataclass(frozen=True)
class Result:
    """What a build made, what was up to date, and what failed."""

    built: list[Path] = field(default_factory=list)
    fresh: list[Path] = field(default_factory=list)
    failures: list[Outcome] = field(default_factory=list)
    stages: dict[str, float] = field(default_factory=dict)
    outcomes: list[Outcome] = field(default_factory=list)
    plan: Plan = field(default_factory=lambda: Plan([], []))

    @property
    def seconds(self) -> float:
        """How long it took."""
        return sum(self.stages.values())


def plan(targets: list[Target], engine: str, record: bool, state: fresh.State) -> Plan:
    """What is out of date, and why."""
    units = [(unit, fresh.why(step_of_unit(unit), state, _store(t))) for t in targets for unit in t.units]
    waiting = {unit.folder for unit, reason in units if reason}
    return Plan(
        units,
        [
            (t, "its notebooks are to run" if waiting & {u.folder for u in t.units} else
             fresh.why(step(Assembly(t, engine, record)), state, _store(t)))
            for t in targets
        ],
    )  # fmt: skip


def build(
    targets: list[Target],
    limits: Limits,
    engine: str,
    record: bool,
    watcher: Watcher,
    cluster: Callable[[], Workers] | None = None,
) -> Result:
    """Run what is out of date, several at a time, and assemble each target whose notebooks are done.

    ``cluster`` starts what does the work on other machines; without it this
    machine does it. A failing notebook fails its own target; the others are built. Interrupted, a
    build keeps what was finished and removes what was half-written.
    """
    with ExitStack() as held:
        for target in targets:
            make(target.folder.parent)
            lock = target.units[0].folder.parent.with_suffix(".lock")
            make(lock.parent)
            busy = f"Another build of {target.name} is under way in {lock.parent}: wait, or name other --outputs."
            held.enter_context(alone(lock, busy))
        with _kept_whole(targets):
            return _build(targets, limits, engine, record, watcher, cluster)


@contextmanager
def _kept_whole(targets: list[Target]) -> Iterator[None]:
    """When the build is interrupted, nothing half-written stays."""
    try:
        yield
    except BaseException:
        for folder in [t.folder for t in targets] + [unit.folder for t in targets for unit in t.units]:
            shutil.rmtree(folder.with_name(folder.name + ".part"), ignore_errors=True)
            folder.with_name(folder.name + ".reads.part").unlink(missing_ok=True)
        raise


def _build(
    targets: list[Target], limits: Limits, engine: str, record: bool, watcher: Watcher,
    cluster: Callable[[], Workers] | None,
) -> Result:  # fmt: skip
    os.environ["REPORTING_HOME"] = str(declarations.home())
    if record:
        translated({target.lang for target in targets})
        checked(target.files for target in targets)
    start, state = time.monotonic(), fresh.State(declarations.home())
    todo = plan(targets, engine, record, state)
    batch = _Batch(todo, engine, record, state, watcher)
    watcher.begin("notebooks and publications", len(batch.units) + len(batch.left))
    ready = partial(prepared.ready, prepared.places(batch.units.values()), sorted({t.lang for t in targets}))
    outcomes = run_all(batch.jobs(), limits, batch.done, cluster or here(_MODULES, ready))
    ran = max(start, batch.ran)
    _renew(todo, engine, record, state)
    good = {outcome.key for outcome in outcomes if not outcome.error}
    return Result(
        built=[t.folder for t in targets if str(t.folder) in good],
        fresh=[target.folder for target, reason in todo.targets if not reason],
        failures=[outcome for outcome in outcomes if outcome.error],
        stages={"notebooks": ran - start, "publications": time.monotonic() - ran},
        outcomes=outcomes,
        plan=todo,
    )


class _Batch:
    """What is out of date: units to run, and targets with the units they wait for."""

    def __init__(self, todo: Plan, engine: str, record: bool, state: fresh.State, watcher: Watcher) -> None:
        self.engine, self.record, self.state, self.watcher, self.ran = engine, record, state, watcher, 0.0
        self.units = {str(unit.folder): unit for unit, reason in todo.units if reason}
        self.targets = {str(target.folder): target for target, reason in todo.targets if reason}
        self.left = {key: {str(u.folder) for u in t.units} & set(self.units) for key, t in self.targets.items()}

    def jobs(self) -> list[Job]:
        """Units to run, and targets that wait for none."""
        runs = [
            Job(unit.name, recorded, self._work(unit), key, makes=(unit.folder,)) for key, unit in self.units.items()
        ]
        return runs + [self._assembly(key) for key, units in self.left.items() if not units]

    def done(self, outcome: Outcome) -> Iterator[Job]:
        """The targets that an ended unit was the last to be waited for."""
        self.watcher.step(outcome.name, outcome.error)
        if outcome.key in self.units:
            self.ran = time.monotonic()
        for key in [key for key, units in self.left.items() if outcome.key in units]:
            if outcome.error:
                del self.left[key]
                self.watcher.step(self.targets[key].name, "one of its notebooks failed")
                continue
            self.left[key].discard(outcome.key)
            if not self.left[key]:
                yield self._assembly(key)

    def _work(self, unit: Unit) -> Work:
        return Work(unit, self.state.code, self.state.facts(str(unit.parameters["store"])))

    def _assembly(self, key: str) -> Job:
        target = self.targets[key]
        assembly = Assembly(target, self.engine, self.record, self.state.code, self.state.facts(_store(target)))
        makes = (target.folder, step(assembly).record)
        return Job(target.name, assembled, assembly, key, tuple(unit.folder for unit in target.units), makes)


def _renew(todo: Plan, engine: str, record: bool, state: fresh.State) -> None:
    """Bring the records of what is up to date to the inputs of now: the next look is quicker."""
    package = records.package(declarations.home())
    for unit, reason in todo.units:
        if not reason:
            fresh.reseal(step_of_unit(unit), state.facts(str(unit.parameters["store"])))
    for target, reason in todo.targets:
        if not reason:
            renewed(Assembly(target, engine, record, state.code, state.facts(_store(target))), package)


def _store(target: Target) -> str:
    return str(target.units[0].parameters["store"])
