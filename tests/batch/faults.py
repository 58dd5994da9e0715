"""Batches of notebooks into which crashes, hangs and kills are put at random.

``python tests/batch/faults.py --units 1000`` is the large version.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

import psutil

sys.path.insert(0, str(Path(__file__).parent))
import zoo

from reporting.batch import pool
from reporting.batch.outcomes import Job, Limits
from reporting.batch.plan import Unit
from reporting.batch.run import NOTEBOOK, execute
from reporting.declarations import Chapter

#: What can be put into a notebook, and what the report then says.
FAULTS = {
    "segmentation fault": ("import ctypes\nctypes.string_at(0)", "kernel died"),
    "kill": ("import os, signal\nos.kill(os.getpid(), signal.SIGKILL)", "kernel died"),
    "exit": ("import os\nos._exit(3)", "kernel died"),
    "error": ("1/0", "ZeroDivisionError"),
    "hang": ("while True: pass", "--timeout"),
}
_SECONDS = 6.0
#: Bytes that libraries may take once, whatever the number of units.
_GROWTH = 20_000_000


@dataclass
class Injected:
    """A batch with faults: what was wrong with it, and what it took."""

    units: int
    bad: int
    seconds: float = 0.0
    wrong: list[str] = field(default_factory=list)
    #: Bytes by which the builder and the process that forks grew, and files the latter has open more than before.
    growth: tuple[int, int, int] = (0, 0, 0)


def until(condition, seconds):
    """Wait for something."""
    end = time.monotonic() + seconds
    while not (found := condition()) and time.monotonic() < end:
        time.sleep(0.05)
    return found


def running(mark):
    """Command lines of processes, other than this one, that name something."""
    found = []
    for process in psutil.process_iter():
        try:
            line = " ".join(process.cmdline())
            if mark in line and process.status() != psutil.STATUS_ZOMBIE and process.pid != psutil.Process().pid:
                found.append(line)
        except psutil.Error:
            continue
    return found


def inject(folder, units, seed=0, share=0.15, jobs=4):
    """Run a batch of small notebooks, a share of them with a fault, and look at all that came of it."""
    rng = random.Random(seed)
    kinds = {n: rng.choice(list(FAULTS)) for n in range(units) if rng.random() < share}
    mark = f"mark-{folder.name}-{seed}"
    sleeper = (
        f"import subprocess, sys\nsubprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600) # {mark}'])"
    )
    work = []
    for n in range(units):
        fault = [FAULTS[kinds[n]][0]] if n in kinds else []
        stray = [sleeper] if n % 10 == 0 else []
        path = zoo.write(
            folder / f"{n}.ipynb", ["n = 0", *stray, "n * n", *fault, "print('end', n)"], {0: "parameters"}
        )
        chapter = Chapter(id="a", title="A", notebook=path.name)
        work.append(
            Job(str(n), execute, Unit(chapter, path, {"n": n, "geo": "x", "lang": "y"}, folder / "out" / str(n)))
        )
    held, start = [], time.monotonic()
    outcomes = {o.name: o for o in pool.run_all(work, Limits(jobs, timeout=_SECONDS), lambda _: held.append(_held()))}
    found = Injected(units, len(kinds), time.monotonic() - start)
    found.growth = tuple(last - first for first, last in zip(held[min(10, len(held) - 1)], held[-1], strict=True))
    found.wrong = [name for name in map(str, range(units)) if name not in outcomes]
    for n in range(units):
        found.wrong += _wrong(folder / "out" / str(n), n, outcomes[str(n)], kinds.get(n))
    found.wrong += running(mark)
    limits = (_GROWTH + 10_000 * units, _GROWTH + 10_000 * units, 4 * jobs)
    names = ("bytes of the builder", "bytes of the process that forks", "open files of the process that forks")
    found.wrong += [f"{g} more {n}" for g, n, most in zip(found.growth, names, limits, strict=True) if g > most]
    return found


def _held():
    """What the builder and the process that forks hold: bytes, bytes, open files."""
    forks = forking()
    return psutil.Process().memory_info().rss, forks.memory_info().rss, forks.num_fds()


def forking():
    """The process that forks for this one: of several the newest, the others are kept for other notebooks."""
    found = [child for child in psutil.Process().children() if "parent import serve" in " ".join(child.cmdline())]
    return max(found, key=lambda child: child.create_time())


def _wrong(folder, n, outcome, kind):
    """What is not as it should be with one unit."""
    if kind:
        said = FAULTS[kind][1] in outcome.error and not folder.exists()
        return [] if said else [f"{n} ({kind}): {outcome.error!r}"]
    if outcome.error:
        return [f"{n}: {outcome.error}"]
    cells = json.loads((folder / NOTEBOOK).read_text())["cells"]
    texts = [
        "".join(o.get("text", o.get("data", {}).get("text/plain", ""))) for c in cells for o in c.get("outputs", [])
    ]
    return [] if str(n * n) in texts and f"end {n}\n" in texts else [f"{n}: {texts}"]


def main():
    """Run the large version and print what it found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--units", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        found = inject(Path(scratch), options.units, options.seed)
    print(f"{found.units} units, {found.bad} with a fault, {found.seconds:.0f} s, {len(found.wrong)} wrong")
    builder, forks, files = found.growth
    print(f"the builder grew by {builder / 1e6:.1f} MB, the process that forks by {forks / 1e6:.1f} MB, {files} files")
    print(*found.wrong, sep="\n")
    sys.exit(bool(found.wrong))


if __name__ == "__main__":
    main()
