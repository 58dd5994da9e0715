"""Samples of persons for tests, as scopes and as files, and commands on them."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pandas as pd

from reporting import cli
from reporting.silc import checks, survey
from reporting.silc.conventions import CONVENTIONS
from reporting.silc.sample import Scope, ordered


def scope_of(x: object, w: object, convention: str = "eurostat", mask: object = None) -> Scope:
    """A scope over incomes and weights, for a domain given in their own order."""
    income, weight = np.asarray(x, dtype=float), np.asarray(w, dtype=float)
    sample, order = ordered(income, weight, CONVENTIONS[convention])
    return Scope(sample, None if mask is None else np.asarray(mask)[order])


HEAD = ["indicator", "by", "category", "value", "se", "ci_low", "ci_high", "n", "flag"]
#: Values that stand in records and nowhere else.
CANARIES = ("987654.321", "424242.4242", "Zanzibar-7")


def run(*words: object) -> int:
    """The exit code of a command."""
    sys.argv = ["reporting", *map(str, words)]
    try:
        cli.main()
    except SystemExit as end:
        return int(end.code or 0)
    return 0


def persons(folder: Path, n: int = 400, seed: int = 2) -> pd.DataFrame:
    """A small file of persons in households, regions and sexes."""
    rng = np.random.default_rng(seed)
    household = np.repeat(np.arange(n // 2), 2)
    frame = pd.DataFrame(
        {
            "x": np.round(np.exp(rng.normal(10, 0.5, n // 2)), 2)[household],
            "w": rng.uniform(50, 100, n // 2)[household],
            "hh": household,
            "region": np.array(["A", "B", "C", "D"])[household % 4],
            "sex": np.tile(["1", "2"], n // 2),
        }
    )
    frame.to_csv(folder / "p.csv", index=False)
    return frame


def table(path: Path) -> pd.DataFrame:
    """The estimates of a file, flags as text."""
    return pd.read_csv(path, dtype={"flag": str, "category": str}).fillna({"flag": ""})


COMMON = ("--income", "x", "--weight", "w")


def files_of(**frames: pd.DataFrame) -> survey.Survey:
    """A survey of some tables; the others are empty."""
    places = {letter: Path(f"{letter}.csv") for letter in "drhp"}
    return survey.Survey(*(frames.get(letter, pd.DataFrame()) for letter in "drhp"), places=places)


def failed(found: list[checks.Finding]) -> dict[str, int]:
    """Checks of severity error that failed, with their counts."""
    return {f.check: f.records for f in found if f.outcome == "failed" and f.severity == "error"}
