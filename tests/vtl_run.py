"""Runs a VTL script in an environment that has vtlengine, which the project's own cannot have.

``vtlengine`` 1.9.6 needs duckdb below 2.0; the store of the project needs 2.0. What is
run, and on what, is in a folder: ``rules.vtl``, ``structures.json`` and a CSV file for each dataset.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import pandas as pd
from vtlengine import run

TEXTS = {"scheme": str, "item": str, "flag": str, "comment": str}


def main(folder: Path) -> None:
    """Run the script and write each persistent result as CSV, with the seconds it took."""
    structures = json.loads((folder / "structures.json").read_text(encoding="utf-8"))
    points = {
        d["name"]: pd.read_csv(folder / f"{d['name']}.csv", dtype=TEXTS, keep_default_na=True)
        for d in structures["datasets"]
    }
    script = (folder / "rules.vtl").read_text(encoding="utf-8")
    start = time.perf_counter(), time.process_time()
    results = run(script=script, data_structures=structures, datapoints=points, return_only_persistent=True)
    took = {"seconds": time.perf_counter() - start[0], "cpu": time.process_time() - start[1]}
    for name, result in results.items():
        result.data.to_csv(folder / f"{name}.result.csv", index=False)
    (folder / "took.json").write_text(json.dumps(took), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
