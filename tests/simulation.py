"""Samples from a synthetic population, for tests of coverage: ``python tests/simulation.py --samples 500``."""

from __future__ import annotations

import argparse

import numpy as np
import pandas as pd

from reporting import declarations
from reporting.declarations import Declarations
from reporting.silc import estimates, generate, persons

MEASURES = ("arop", "arope", "s80s20", "gini", "arop_gap")


def simulated(
    known: Declarations,
    whole: generate.Files,
    samples: int,
    measures: tuple[str, ...],
    psus: int = 12,
    per_psu: int = 10,
) -> pd.DataFrame:
    """Share of samples whose 95 % interval covers the population's value; mean standard error over the true one."""
    table = persons.build(whole.survey())
    needed = {name for measure in known.measures.values() if measure.id in measures for name in measure.needs}
    table = table[["household", "income", "weight", "DB050", "DB060", *sorted(needed)]]
    chosen = estimates.chosen(known, measures, tuple(map(str, table)))
    truth = {e.indicator: e.value for e in estimates.estimate(known, persons.as_persons(table), chosen)}
    rows = []
    for seed in range(samples):
        drawn = generate.draw(whole.d, psus, per_psu, np.random.default_rng(seed)).rename(
            columns={"DB030": "household"}
        )
        some = table[table["household"].isin(drawn["household"])].drop(columns="weight")
        part = some.merge(drawn, on="household", validate="many_to_one")
        for e in estimates.estimate(known, persons.as_persons(part), chosen):
            rows.append((e.indicator, e.value, e.se, e.ci_low <= truth[e.indicator] <= e.ci_high))
    frame = pd.DataFrame(rows, columns=["indicator", "value", "se", "covered"])
    found = frame.groupby("indicator").agg(covered=("covered", "mean"), se=("se", "mean"), sd=("value", "std"))
    bias = frame.groupby("indicator")["value"].mean() - pd.Series(truth)
    return found.assign(ratio=found["se"] / found["sd"], bias=bias / found["sd"])


def main() -> None:
    """Draw the samples and print the coverage."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--samples", type=int, default=500)
    parser.add_argument("--households", type=int, default=150_000)
    parser.add_argument("--psus", type=int, default=14)
    parser.add_argument("--per-psu", type=int, default=12)
    options = parser.parse_args()
    whole = generate.population(options.households, seed=4)
    known = declarations.load()
    found = simulated(known, whole, options.samples, MEASURES, options.psus, options.per_psu)
    print(
        f"{options.samples} samples from {options.households} households; ratio: mean standard error over the true one"
    )
    print(found[["covered", "ratio", "bias"]].round(3).to_string())


if __name__ == "__main__":
    main()
