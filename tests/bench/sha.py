"""Health accounts: the time of a check, and the share of altered cells that the identities find.

``python tests/bench/sha.py [cells]`` alters so many cells of Veldania's questionnaire of 2023, one at a time, by a
tenth and one; 0 alters every cell.
"""

from __future__ import annotations

import collections
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import numpy as np

from reporting import declarations
from reporting.sha import checks, classification, jhaq
from reporting.sha.samples import accounts as sample

KNOWN = declarations.load(Path(__file__).resolve().parents[2])


def speed() -> None:
    """CPU seconds of reading a workbook and of checking it against four years before."""
    classes = classification.load(KNOWN)
    with tempfile.TemporaryDirectory() as folder:
        paths = [path for path in sample.write(Path(folder), KNOWN) if path.suffix == ".xlsx"]
        start = time.process_time()
        read = [jhaq.read(path, classes) for path in paths]
        reading = (time.process_time() - start) / len(paths)
    start = time.process_time()
    checks.check(KNOWN, read[-1], read[:-1])
    print(
        f"{len(read[-1].table)} cells: read in {reading:.2f} s, checked in {time.process_time() - start:.2f} s of CPU"
    )


def altered(count: int) -> None:
    """Share of altered cells that H01 or H02 find, and which rules fire."""
    base = sample.accounts(2023, KNOWN)
    positions = np.random.default_rng(1).permutation(len(base.table))[: count or None]
    rules: collections.Counter[str] = collections.Counter()
    missed = 0
    for at in positions:
        table = base.table.copy()
        table.loc[at, "value"] = np.nan_to_num(table["value"].iloc[at]) * 1.1 + 1
        found = checks.check(KNOWN, replace(base, table=table), rules=["H01", "H02", "H03", "H07"])
        fired = {finding.rule for finding in found if finding.outcome == "failed"}
        rules.update(fired)
        missed += not fired & {"H01", "H02"}
    print(f"{len(positions)} cells altered: {len(positions) - missed} found; by rule {dict(rules)}")


if __name__ == "__main__":
    speed()
    altered(int(sys.argv[1]) if len(sys.argv) > 1 else 300)
