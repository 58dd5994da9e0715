"""What a batch of notebooks costs, and what the second build costs: ``python tests/bench/batch.py``.

Every way runs the same notebook (pandas, seaborn, statsmodels: a table, an OLS,
two charts). Quote ratios, not seconds; goals stand beside the figures.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import nbformat

from reporting import declarations
from reporting.batch import pool
from reporting.batch.outcomes import Job, Limits
from reporting.batch.plan import Unit
from reporting.batch.run import execute
from reporting.vintages import Store

CELLS = [
    "n, geo, lang = 0, '', ''",
    "import numpy as np\nimport pandas as pd\nimport seaborn as sns\nimport statsmodels.api as sm\n"
    "import matplotlib.pyplot as plt",
    "rng = np.random.default_rng(n)\nframe = pd.DataFrame({'x': rng.normal(size=500), 'g': rng.integers(0, 5, 500)})\n"
    "frame['y'] = 2 * frame['x'] + frame['g'] + rng.normal(size=500)",
    "frame.describe()",
    "frame.groupby('g').agg(['mean', 'std'])",
    "print('unit', n)",
    "model = sm.OLS(frame['y'], sm.add_constant(frame[['x', 'g']])).fit()\nmodel.summary()",
    "sns.scatterplot(frame, x='x', y='y', hue='g')\nplt.show()",
    "sns.boxplot(frame, x='g', y='y')\nplt.show()",
    "round(float(model.rsquared), 3)",
]
#: Crashes, hangs and kills put at random into a batch.
FAULTS = Path(__file__).parents[1] / "batch" / "faults.py"
TRIVIAL = ["n, geo, lang = 0, '', ''", "n + 1"]


def write(path: Path, cells: list[str]) -> Path:
    """A notebook of code cells, the first one tagged ``parameters``."""
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in cells])
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    notebook.cells[0].metadata["tags"] = ["parameters"]
    nbformat.write(notebook, path)
    return path


def stock(notebook: Path, count: int, folder: Path) -> float:
    """Seconds of papermill's command line, one after the other."""
    start = time.perf_counter()
    for n in range(count):
        command = [sys.executable, "-m", "papermill", str(notebook), str(folder / f"{n}.ipynb"), "-p", "n", str(n)]
        subprocess.run(command, check=True, capture_output=True)
    return time.perf_counter() - start


def warm(notebook: Path, count: int, folder: Path, jobs: int) -> tuple[float, list[int], list[float]]:
    """Seconds of a batch, start of the warm parent included; memory and seconds of each unit."""
    chapter = declarations.Chapter(id="a", title="A", notebook=notebook.name)
    shutil.rmtree(folder, ignore_errors=True)
    work = [
        Job(str(n), execute, Unit(chapter, notebook, {"n": n, "geo": "", "lang": ""}, folder / str(n)))
        for n in range(count)
    ]
    start = time.perf_counter()
    outcomes = pool.run_all(work, Limits(jobs), lambda _: None)
    assert not any(outcome.error for outcome in outcomes), outcomes
    seconds = time.perf_counter() - start
    return seconds, [outcome.memory for outcome in outcomes], [outcome.seconds for outcome in outcomes]


def script(count: int) -> float:
    """Seconds of the same code as a plain script, run so many times in one process, imports included."""
    code = "\n".join(CELLS[1:])
    loop = f"import matplotlib\nmatplotlib.use('agg')\ncode = compile({code!r}, 'cells', 'exec')\n"
    loop += f"for n in range({count}):\n    exec(code, {{'n': n}})\n    import matplotlib.pyplot\n"
    # What a notebook does with a figure: it is drawn to PNG.
    draw = "import io, matplotlib.pyplot as plt\ndef show():\n"
    draw += "    plt.gcf().savefig(io.BytesIO(), format='png', bbox_inches='tight')\n    plt.close('all')\n"
    draw += "plt.show = show\n"
    start = time.perf_counter()
    subprocess.run([sys.executable, "-c", draw + loop], check=True, capture_output=True)
    return time.perf_counter() - start


def edition(folder: Path, geos: str) -> dict[str, float]:
    """Seconds of the Vade Mecum of some countries in English, html and xlsx: whole, unchanged, one country changed."""
    store = Store(folder / "store")

    def built(label: str) -> float:
        command = [sys.executable, "-m", "reporting", "build", "vade-mecum", "--geo", geos, "--lang", "en"]
        command += ["--format", "html,xlsx", "--engine", "embedded", "--outputs", str(folder)]
        command += ["--store", str(folder / "store")]
        start = time.perf_counter()
        done = subprocess.run(command, check=True, capture_output=True, text=True)
        print(f"  {label}: {done.stderr.strip().splitlines()[-1]}", flush=True)
        return time.perf_counter() - start

    found = {"whole": built("whole"), "unchanged": built("unchanged")}
    frame = store.read("spr_exp_func")
    frame = frame[(frame["geo"] == "FR") & (frame["time"] == "2020")].assign(value=lambda f: f["value"] + 1)
    [(newest, _), *_] = store.manifests("spr_exp_func")[::-1]
    store.append(frame, replace(newest, vintage="2026-11-01", complete=False, request="bench", sha256="", rows={}))
    found["one country's data changed"] = built("one country's data changed")
    return found


def main() -> None:
    """Run the measurements and print them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--units", default="8,32", help="sizes of the batch")
    parser.add_argument("--geo", default="EU27", help="countries of the edition; empty to leave it out")
    parser.add_argument("--faults", type=int, default=int(os.environ.get("REPORTING_UNITS", "1000")),
                        help="units of the batch with crashes, hangs and kills; 0 to leave it out")  # fmt: skip
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        place = Path(scratch)
        realistic, trivial = write(place / "realistic.ipynb", CELLS), write(place / "trivial.ipynb", TRIVIAL)
        one, rounds = [], {count: [] for count in map(int, options.units.split(","))}
        # In turn, so that each way has its share of what else this machine does.
        for _ in range(options.rounds):
            one.append(stock(realistic, 2, place) / 2)
            for count, found in rounds.items():
                found.append((*warm(realistic, count, place / "runs", 2), script(count)))
        print(
            f"papermill's command line: {statistics.median(one):.2f} s a notebook; medians of {options.rounds} rounds"
        )
        for count, found in rounds.items():
            against = [each * count / seconds for each, (seconds, *_) in zip(one, found, strict=True)]
            memory = statistics.median(m for _, memories, *_ in found for m in memories)
            print(
                f"{count} units, 2 at a time: {statistics.median(f[0] for f in found):.1f} s, "
                f"{statistics.median(against):.1f} times as fast as papermill (goal {5 if count < 32 else 9}); "
                f"{statistics.median(f[0] / f[3] for f in found):.2f} of a plain script's "
                f"{statistics.median(f[3] for f in found):.1f} s (goal 1.3); {memory / 2**20:.0f} MB an extra unit"
            )
        overhead = statistics.median(s for _ in range(options.rounds) for s in warm(trivial, 10, place / "runs", 1)[2])
        print(f"overhead of a trivial notebook: {overhead:.3f} s (goal 0.1)")
        if options.geo:
            print(f"Vade Mecum, {options.geo}, English, html and xlsx, embedded edition:")
            for what, seconds in edition(place / "edition", options.geo).items():
                print(f"{what}: {seconds:.1f} s" + (" (goal 3)" if what == "unchanged" else ""))
        if options.faults:
            command = [sys.executable, str(FAULTS), "--units", str(options.faults)]
            print(subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip())


if __name__ == "__main__":
    main()
