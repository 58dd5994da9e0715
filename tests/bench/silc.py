"""EU-SILC indicators at about a million persons: ``python tests/bench/silc.py``.

The measure of time is one argsort of the income. With R and laeken on the
machine, their points and their bootstrap are timed and compared as well.
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from reporting.silc import design, indicators, influence, resample
from reporting.silc.conventions import CONVENTIONS
from reporting.silc.sample import Scope, ordered

FOUR = ("poor", "gap", "share_ratio", "gini")
R = """
suppressMessages(library(laeken)); d <- read.csv("{file}")
a <- function() c(arpr(d$x, d$w)$value, rmpg(d$x, d$w)$value, qsr(d$x, d$w)$value, gini(d$x, d$w)$value)
t <- system.time(v <- a())[["elapsed"]]; cat(format(v, digits = 15), "\\n", t, "\\n")
v <- list(var = "bootstrap", bootType = "naive", R = 10, seed = 1, cluster = d$h)
b <- function(f) system.time(do.call(f, c(list(d$x, d$w), v)))[["elapsed"]]
if ({boot}) cat(b(arpr) + b(rmpg) + b(qsr) + b(gini), "\\n")
"""


def population(persons: int) -> tuple[np.ndarray, ...]:
    """Incomes, weights, households and strata of about so many persons."""
    rng = np.random.default_rng(7)
    sizes = rng.choice([1, 2, 3, 4, 5], int(persons / 2.4), p=[0.33, 0.3, 0.15, 0.15, 0.07])
    household = np.repeat(np.arange(len(sizes)), sizes)
    income = np.exp(rng.normal(10, 0.55, len(sizes)))[household]
    return income, rng.uniform(50, 400, len(sizes))[household], household, (household % 9)


def timed(what: Callable[[], object], rounds: int) -> float:
    """Median of the seconds a call takes."""
    found = []
    for _ in range(rounds):
        start = time.perf_counter()
        what()
        found.append(time.perf_counter() - start)
    return statistics.median(found)


def linearised(income: np.ndarray, weight: np.ndarray, built: design.Design) -> list[tuple[float, float]]:
    """Four indicators and their standard errors, from unsorted persons."""
    sample, order = ordered(income, weight, CONVENTIONS["eurostat"])
    scope, own = resample.merged(Scope(sample), built.rearranged(order))
    return [
        (
            getattr(indicators, name)(scope),
            float(np.sqrt(own.variance(getattr(influence, name)(scope) * scope.whole.weight))),
        )
        for name in FOUR
    ]


def bootstrapped(income: np.ndarray, weight: np.ndarray, built: design.Design, draws: int) -> np.ndarray:
    """Bootstrap errors of four indicators, from unsorted persons."""
    sample, order = ordered(income, weight, CONVENTIONS["eurostat"])
    scope, own = resample.merged(Scope(sample), built.rearranged(order))

    def values(again: np.ndarray) -> np.ndarray:
        drawn = Scope(scope.whole.reweighted(again))
        return np.array([getattr(indicators, name)(drawn) for name in FOUR])

    return np.sqrt(resample.bootstrap_variance(resample.bootstrap(values, scope.whole.weight, own, draws)))


def against_r(income: np.ndarray, weight: np.ndarray, household: np.ndarray, boot: bool) -> None:
    """What laeken gives for the same persons, and how long it takes; with its bootstrap of households, R = 10."""
    if shutil.which("Rscript") is None:
        print("R is not installed: no comparison with laeken")
        return
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "persons.csv"
        columns = (income.tolist(), weight.tolist(), household.tolist())
        rows = (f"{x!r},{w!r},{h}" for x, w, h in zip(*columns, strict=True))
        file.write_text("x,w,h\n" + "\n".join(rows) + "\n")
        script = R.format(file=file, boot="TRUE" if boot else "FALSE")
        done = subprocess.run(["Rscript", "-e", script], capture_output=True, text=True, check=False)
        print("laeken:", " / ".join(done.stdout.split("\n")) if done.returncode == 0 else done.stderr.strip())


def main() -> None:
    """Run the measurements and print them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--persons", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--r-bootstrap", action="store_true", help="time laeken's bootstrap, R = 10, as well")
    options = parser.parse_args()
    income, weight, household, strata = population(options.persons)
    built = design.build(strata, household, len(income))
    sort = timed(lambda: np.argsort(income), options.rounds)
    line = timed(lambda: linearised(income, weight, built), options.rounds)
    draw = timed(lambda: bootstrapped(income, weight, built, 100), 1 + options.rounds // 3)
    print(f"{len(income)} persons, {built.psus} households, medians of {options.rounds} rounds")
    print(f"one argsort                     {sort:6.3f} s")
    print(f"four indicators with errors     {line:6.3f} s  {line / sort:.1f} argsorts (goal: at most 6)")
    print(f"bootstrap, 100 replicates       {draw:6.3f} s  (goal: at most 3 s)")
    for name, (value, error), other in zip(
        FOUR, linearised(income, weight, built), bootstrapped(income, weight, built, 100), strict=True
    ):
        print(f"{name:<12} {value:.10f}  se {error:.6f} linearised, {other:.6f} bootstrap")
    against_r(income, weight, household, options.r_bootstrap)


if __name__ == "__main__":
    main()
