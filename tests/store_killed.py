"""A process that writes to a store until it is killed: ``python tests/store_killed.py STORE SEED``.

It appends vintages of growing content and packs them now and then; after each
it prints the label, which is then promised to be there for ever.
"""

from __future__ import annotations

import hashlib
import sys
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

from specimens import manifest, observed

from reporting.vintages import Store, compact

DATASET = "spr_exp_type"


def content(number: int) -> list[tuple[str, str, float | None, str]]:
    """What vintage ``number`` shows: it adds a year, revises one, withdraws one."""
    years = range(max(0, number - 5), number + 1)
    return [
        (f"A.S{series}.BE", str(1900 + year), float(100 * series + year + (number if year == number - 1 else 0)), "")
        for year in years
        for series in range(20)
    ]


def label(number: int) -> str:
    """The date of vintage ``number``."""
    return (date(2020, 1, 1) + timedelta(days=number)).isoformat()


def main(folder: Path) -> None:
    """Write for ever."""
    store = Store(folder, embedded=None)
    number = len(store.manifests(DATASET))
    while True:
        facts = replace(manifest(DATASET, label(number)), received_sha256=hashlib.sha256(b"received").hexdigest())
        store.append(observed(DATASET, content(number)), facts, b"received")
        print(number, flush=True)
        number += 1
        if number % 3 == 0:
            compact(store, DATASET)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
