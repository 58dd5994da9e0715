"""How fast a full ESSPROS questionnaire is packaged: read, checked, written, validated, read back.

``python tests/bench/submissions.py`` prints a line for the questionnaire of ``tests/bench/esspros.py``: 40 schemes, 15
years. The goal is 10 s on two cores that nothing else uses; seconds of the processor are printed beside.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "bench"))

from esspros import full  # noqa: E402

from reporting import declarations  # noqa: E402
from reporting.esspros import classification, workbook  # noqa: E402
from reporting.esspros.samples import figures  # noqa: E402
from reporting.submissions import samples  # noqa: E402


def packaged(folder: Path) -> None:
    """Write the questionnaire with its mapping, and time the command on it."""
    known = classification.load()
    samples.write(folder, declarations.load(ROOT), known, figures.codes(known))
    workbook.write(folder / "full.xlsx", full(), workbook.Plan())
    words = ["submit", "esspros", "full.xlsx", "--mapping", "mapping.xlsx", "--dsd", "structure.xml", "--output", "out"]
    start, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(
        [sys.executable, "-m", "reporting", *words], cwd=folder, check=False, capture_output=True, text=True,
        env={**os.environ, "REPORTING_HOME": str(ROOT)},
    )  # fmt: skip
    seconds, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    if done.returncode:
        sys.exit(done.stderr[-2000:])
    said = done.stdout.strip().rpartition(": ")[2]
    print(f"packaged: {said} {seconds:.1f} s, {spent:.1f} s of the processor, {after.ru_maxrss / 1024:.0f} MB at most")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as made:
        packaged(Path(made))
