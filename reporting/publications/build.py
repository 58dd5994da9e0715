"""A whole build on one screen: what is out of date is run, then assembled, as its notebooks are done."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterable
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Protocol

from reporting import declarations
from reporting.batch import fresh, parent, prepared
from reporting.batch.outcomes import Job, Limits, Outcome
from reporting.batch.plan import Target, Unit
from reporting.batch.pool import run_all
from reporting.batch.run import Work, make, recorded
from reporting.batch.run import step as step_of_unit
from reporting.publications import record as records
from reporting.publications.assemble import Assembly, assembled, renewed, step, translated
from reporting.vintages import alone

#: What the processes of a build import beforehand, besides what notebooks import.
_MODULES = (*parent.MODULES, "reporting.publications.assemble")


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


def build(targets: list[Target], limits: Limits, engine: str, record: bool, watcher: Watcher) -> Result:
    """Run what is out of date, several at a time, and assemble each target whose notebooks are done.

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
        return _kept_whole(targets, limits, engine, record, watcher)


def _kept_whole(targets: list[Target], limits: Limits, engine: str, record: bool, watcher: Watcher) -> Result:
    try:
        return _build(targets, limits, engine, record, watcher)
    except BaseException:
        for folder in [t.folder for t in targets] + [unit.folder for t in targets for unit in t.units]:
            shutil.rmtree(folder.with_name(folder.name + ".part"), ignore_errors=True)
            folder.with_name(folder.name + ".reads.part").unlink(missing_ok=True)
        raise


def _build(targets: list[Target], limits: Limits, engine: str, record: bool, watcher: Watcher) -> Result:
    os.environ["REPORTING_HOME"] = str(declarations.home())
    if record:
        translated({target.lang for target in targets})
    start, state = time.monotonic(), fresh.State(declarations.home())
    todo, package = plan(targets, engine, record, state), records.package(declarations.home())
    units = {str(unit.folder): unit for unit, reason in todo.units if reason}
    stale = [target for target, reason in todo.targets if reason]
    left = {t.folder: {str(u.folder) for u in t.units} & set(units) for t in stale}
    ran = [start]
    watcher.begin("notebooks and publications", len(units) + len(stale))

    def assembly(target: Target) -> Job:
        facts = state.facts(_store(target))
        return Job(target.name, assembled, Assembly(target, engine, record, state.code, facts), str(target.folder))

    def done(outcome: Outcome) -> Iterable[Job]:
        watcher.step(outcome.name, outcome.error)
        if outcome.key in units:
            ran[0] = time.monotonic()
        for target in [t for t in stale if outcome.key in left[t.folder]]:
            if outcome.error:
                left[target.folder].clear()
                watcher.step(target.name, "one of its notebooks failed")
                continue
            left[target.folder].discard(outcome.key)
            if not left[target.folder]:
                yield assembly(target)

    jobs = [
        Job(f"{t.publication.id} {u.name}", recorded, Work(u, state.code, state.facts(_store(t))), str(u.folder))
        for t in targets for u in t.units if str(u.folder) in units
    ] + [assembly(target) for target in stale if not left[target.folder]]  # fmt: skip
    ready = partial(prepared.compute, prepared.places(units.values()), sorted({t.lang for t in targets}))
    outcomes = run_all(jobs, limits, done, _MODULES, ready)
    for target in targets:
        if target not in stale:
            renewed(Assembly(target, engine, record, state.code, state.facts(_store(target))), package)
    for unit, reason in todo.units:
        if not reason:
            fresh.reseal(step_of_unit(unit), state.facts(str(unit.parameters["store"])))
    good = {outcome.key for outcome in outcomes if not outcome.error}
    return Result(
        built=[t.folder for t in stale if str(t.folder) in good],
        fresh=[t.folder for t in targets if t not in stale],
        failures=[outcome for outcome in outcomes if outcome.error],
        stages={"notebooks": ran[0] - start, "publications": time.monotonic() - ran[0]},
        outcomes=outcomes,
        plan=todo,
    )


def _store(target: Target) -> str:
    return str(target.units[0].parameters["store"])
