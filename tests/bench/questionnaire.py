"""How long a full ESSPROS questionnaire takes to be read and written, and openpyxl beside it.

Every item of the classification for 40 schemes and 15 years, some 210,000 figures. Seconds of the processor;
quote ratios.
"""

from __future__ import annotations

import random
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pandas as pd

from reporting import spreadsheets
from reporting.esspros import classification, neutral, questionnaire, totals, workbook
from reporting.esspros.questionnaire import Questionnaire
from reporting.esspros.samples import figures
from reporting.esspros.schemes import Scheme

SCHEMES, YEARS = 40, range(2009, 2024)


def timed(what: str, work: Callable[[], object]) -> None:
    """Print the processor's seconds of a piece of work."""
    start = time.process_time()
    work()
    print(f"{what}: {time.process_time() - start:.2f} s", flush=True)


def full() -> Questionnaire:
    """A questionnaire with a figure in every cell."""
    known, draw = classification.load(), random.Random(1)
    known = known.coded(figures.codes(known))
    rows = [
        (year, str(scheme), leaf, round(draw.uniform(1, 9999), 2), "", "")
        for year in YEARS for scheme in range(1, SCHEMES + 1) for leaf in known.leaves()
    ]  # fmt: skip
    table = totals.completed(pd.DataFrame(rows, columns=neutral.COLUMNS), known, decimals=2)
    return Questionnaire("full.xlsx", table, tuple(Scheme(str(n), f"Scheme {n}") for n in range(1, 41)), (), known)


def twice(path: Path) -> list[object]:
    """A workbook read by openpyxl with its values, then with its formulas and notes."""
    return [openpyxl.load_workbook(path, data_only=values) for values in (True, False)]


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        book, table, whole = Path(folder) / "full.xlsx", Path(folder) / "full.csv", full()
        timed(f"written, {len(whole.table)} figures", lambda: workbook.write(book, whole))
        timed("read", lambda: questionnaire.read(book, whole.classification))
        timed("read cell by cell", lambda: spreadsheets.opened(book, []))
        timed("the same by openpyxl, values and then formulas and notes", lambda: twice(book))
        timed("neutral table written", lambda: neutral.write(table, whole.table))
        timed("neutral table read", lambda: questionnaire.read(table, whole.classification))
