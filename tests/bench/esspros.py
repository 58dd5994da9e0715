"""How fast a full ESSPROS questionnaire is checked, how many broken cells are found, and VTL beside it.

``python tests/bench/esspros.py`` prints one line for each; ``REPORTING_MUTATED=0`` perturbs every cell of the sample.
The goals: read and checked in 3 s; 98 % of the perturbations that break an aggregate found; sum rules five times
as fast as ``vtlengine`` on duckdb, with equal results (needs ``make vtl`` or ``REPORTING_VTL_PYTHON``).
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "esspros"))

from reporting.esspros import classification, neutral, questionnaire, rules, sums, totals, workbook  # noqa: E402
from reporting.esspros.questionnaire import Questionnaire  # noqa: E402
from reporting.esspros.samples import country  # noqa: E402
from reporting.esspros.schemes import Scheme  # noqa: E402

SCHEMES, YEARS = 40, range(2009, 2024)
ENGINE = Path(os.environ.get("REPORTING_VTL_PYTHON", ROOT / ".venv" / "vtl" / "bin" / "python"))


def timed(work: Callable[[], Any]) -> tuple[Any, float, float]:
    """What a piece of work gives, its seconds, and those of the processor."""
    start = time.perf_counter(), time.process_time()
    found = work()
    return found, time.perf_counter() - start[0], time.process_time() - start[1]


def full() -> Questionnaire:
    """A questionnaire with a figure for every item, scheme and year, all consistent."""
    known = classification.load()
    known = known.coded({item: f"{number:07d}" for number, item in enumerate(known.items, 1)})
    random = np.random.default_rng(8)
    leaves = [item for item in known.leaves() if known[item].admissible]
    level = random.uniform(1, 900, (len(leaves), SCHEMES))
    rows = pd.MultiIndex.from_product([leaves, map(str, range(1, SCHEMES + 1)), YEARS], names=["item", "scheme", "year"])
    growth = 1.02 ** np.arange(len(YEARS))
    frame = pd.DataFrame({"value": (level[:, :, None] * growth).round(2).ravel()}, index=rows).reset_index()
    table = totals.completed(frame.assign(flag="", comment=""), known, decimals=2)
    schemes = tuple(replace(country.SCHEMES[0], number=str(n), name=f"Scheme {n}") for n in range(1, SCHEMES + 1))
    return Questionnaire("full.xlsx", _balanced(table, known), schemes, (), known)


def _balanced(table: pd.DataFrame, known: classification.Classification) -> pd.DataFrame:
    """Receipts by type as they are by origin, and transfers received as they are paid."""
    cells = table.set_index(["item", "scheme", "year"])["value"]
    leaves = table[table["item"].map(known.leaf) & (table["scheme"] != "_T")]
    copied = {kind: origin for origin, kind, _ in sums.origins(known) if known.leaf(kind)} | dict(sums.TRANSFERS)
    source = leaves["item"].map(copied)
    here = source.notna()
    keys = pd.MultiIndex.from_arrays([source[here], leaves.loc[here, "scheme"], leaves.loc[here, "year"]])
    values = leaves["value"].copy()
    values[here] = cells.reindex(keys).to_numpy()
    return totals.completed(leaves.assign(value=values), known, 2)


if __name__ == "__main__":
    whole = full()
    print(len(whole.table))
    found, wall, cpu = timed(lambda: rules.check(whole))
    from collections import Counter
    print(Counter((f.rule, f.outcome) for f in found), wall, cpu)
    for f in found[:5]: print(f.line)
    with tempfile.TemporaryDirectory() as d:
        p = Path(d) / "full.xlsx"
        workbook.write(p, whole, workbook.Plan())
        print(p.stat().st_size)
        q, wall, cpu = timed(lambda: questionnaire.read(p, whole.classification))
        print("read", wall, cpu, len(q.table), Counter(f.rule for f in q.findings))
        found, wall, cpu = timed(lambda: rules.check(q))
        print("check", wall, cpu, Counter((f.rule, f.outcome) for f in found))
