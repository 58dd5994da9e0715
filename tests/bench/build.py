"""How long a whole build takes, by stage, and how large its outputs are.

The baseline, run in turn with the measured way, is the same build with one
notebook at a time: quote ratios, not seconds. Times are medians.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import time
from collections import defaultdict
from pathlib import Path

from reporting import declarations, vintages
from reporting.batch.outcomes import Limits
from reporting.batch.plan import plan
from reporting.publications import build as building


class Silent:
    """Nobody watches."""

    def begin(self, what: str, total: int) -> None:
        """Start a stage."""

    def step(self, name: str, error: str) -> None:
        """One job has ended."""


def whole_build(jobs: int, langs: list[str], folder: Path) -> dict[str, float]:
    """Seconds of each stage of a build of the Belgian Vade Mecum."""
    known = declarations.load()
    targets = plan(known, "vade-mecum", outputs=folder, store=folder / "store", geos=["BE"], langs=langs)
    result = building.build(targets, Limits(jobs), "embedded", False, Silent())
    assert not result.failures, result.failures
    return {**result.stages, "whole build": result.seconds}


def sizes(folder: Path) -> dict[str, float]:
    """Megabytes of what one language leaves, by kind."""
    found: dict[str, float] = defaultdict(float)
    for path in folder.rglob("*"):
        if path.is_file():
            kind = path.relative_to(folder).parts[0] if len(path.relative_to(folder).parts) > 1 else path.suffix
            found[kind] += path.stat().st_size / 1e6
    return {**found, "all": sum(found.values())}


def reading() -> float:
    """Seconds to read every dataset of the embedded edition once, cold."""
    store = vintages.Store(Path("no-store"))
    vintages.store._whole.cache_clear()
    start = time.perf_counter()
    for dataset in store.datasets():
        store.read(dataset)
    return time.perf_counter() - start


def main() -> None:
    """Run the measurements and print them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--lang", default="fr", help="languages, comma-separated")
    options = parser.parse_args()
    langs, cores = options.lang.split(","), os.cpu_count() or 1
    times: dict[str, dict[str, list[float]]] = {"at a time": defaultdict(list), "baseline": defaultdict(list)}
    with tempfile.TemporaryDirectory() as scratch:
        for number in range(options.rounds):
            for way, jobs in (("at a time", cores), ("baseline", 1)):
                # In a folder of its own: what lies there already is not built again.
                for stage, seconds in whole_build(jobs, langs, Path(scratch) / f"{number} {way}").items():
                    times[way][stage].append(seconds)
        print(f"Vade Mecum, Belgium, {options.lang}, all formats; medians of {options.rounds} rounds")
        print(f"{'stage':<14}{f'{cores} at a time':>14}{'one (baseline)':>16}{'ratio':>8}")
        for stage in times["baseline"]:
            ours, base = (statistics.median(times[way][stage]) for way in ("at a time", "baseline"))
            print(f"{stage:<14}{ours:>12.1f} s{base:>14.1f} s{ours / base:>8.2f}")
        print(f"reading all {len(vintages.Store(Path('no-store')).datasets())} embedded datasets: {reading():.2f} s")
        folder = Path(scratch) / "0 baseline/publications/vade-mecum/2026/BE" / langs[0]
        print("megabytes: " + ", ".join(f"{kind} {size:.1f}" for kind, size in sorted(sizes(folder).items())))


if __name__ == "__main__":
    main()
