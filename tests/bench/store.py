"""Questions put to a large store, and what a vintage adds to it: ``python tests/bench/store.py [--millions 50]``.

The baseline of the as-of readings is the same question put to one Parquet file
that holds no history: what it costs to know more than the latest figures.
Times are medians, warm.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import duckdb

from reporting.vintages import Manifest, Store, compact, manifest, parquet

D = "spr_exp_type"
GEOS, YEARS = 40, 30
LABELS = ("2024-01-01", "2024-02-01", "2024-03-01", "2024-04-01")


def fill(root: Path, millions: float) -> None:
    """Four vintages: all observations, then three that each revise one in a hundred."""
    series = int(millions * 1e6 / GEOS / YEARS)
    for number, label in enumerate(LABELS):
        kept = "true" if number == 0 else f"hash(key, time) % 100 = {number}"
        rows = f"""
            SELECT *, {number} + (hash(key, time) % 10000) / 10.0 AS value, '' AS flag FROM (
              SELECT printf('A.U%d.AGE%d.S%d.G%02d', s % 7, s // 7 % 40, s // 280, g) AS key,
                     printf('G%02d', g) AS geo, (1995 + y)::VARCHAR AS time
              FROM range({GEOS}) a(g), range({series}) b(s), range({YEARS}) c(y)) WHERE {kept}"""
        change = "new" if number == 0 else "revised"
        path = root / D / f"{label}.parquet"
        path.parent.mkdir(parents=True, exist_ok=True)
        texts = f"'{change}' AS change, '' AS source, '' AS note, '{label}' AS vintage, '' AS until"
        parquet._write(f"SELECT *, {texts} FROM ({rows})", path, 10**9)
        facts = Manifest(D, label, number == 0, "bench", "Source: Eurostat", sha256=manifest.checksum(path))
        manifest.write(path.with_suffix(".json"), manifest.dump(facts))
        print(f"vintage {label}: {path.stat().st_size / 1e6:.1f} MB", flush=True)


def median(question: Callable[[], object], rounds: int = 9) -> float:
    """Milliseconds of the median round, after a first that does not count."""
    question()
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        question()
        times.append(time.perf_counter() - start)
    return 1000 * statistics.median(times)


def asked(store: Store, keys: Sequence[str], path: Path, title: str) -> None:
    """Time a slice and a country, as of a date between the vintages, against one plain file."""
    plain = duckdb.connect()
    plain.execute("SET parquet_metadata_cache = true")
    listed = ", ".join(f"'{key}'" for key in keys)

    def baseline(condition: str) -> object:
        return plain.sql(f"SELECT key, time, value, flag FROM '{path}' WHERE {condition}").to_arrow_table().to_pandas()

    questions = (
        ("1 geo, 20 series, 30 years", 50, lambda: store.series(D, keys, "2024-03-15", ["G07"]),
         f"geo = 'G07' AND key IN ({listed})"),
        ("a whole country", 150, lambda: store.country(D, "G07", "2024-03-15"), "geo = 'G07'"),
    )  # fmt: skip
    for name, goal, question, condition in questions:
        ours, base = median(question), median(lambda condition=condition: baseline(condition))
        print(f"{title}: {name}: {ours:.0f} ms (goal {goal} ms), plain file {base:.0f} ms, ratio {ours / base:.1f}")


def growth(folder: Path) -> None:
    """What a vintage adds, by how much changed, of a dataset of 200,000 observations fetched whole each time."""
    store = Store(folder, embedded=None)
    series, years = 6667, 30
    query = f"""SELECT printf('A.S%d.BE', s) AS key, 'BE' AS geo, (1995 + y)::VARCHAR AS time,
                (hash(s, y) % 10000) / 10.0 AS value, '' AS flag, '' AS source, '' AS note
                FROM range({series}) a(s), range({years}) b(y)"""
    frame = duckdb.sql(query).to_arrow_table().to_pandas()
    facts = Manifest(D, "2024-01-01", True, "bench", "Source: Eurostat")
    store.append(frame, facts)
    held = (folder / D / "2024-01-01.parquet").stat().st_size
    print(f"a dataset of {len(frame):,} observations: {held / 1000:.0f} kB")
    for day, share in enumerate((0, 0.001, 0.01, 0.1), start=2):
        count = int(share * len(frame))
        frame.loc[frame.sample(count, random_state=day).index, "value"] += 0.1
        label = f"2024-01-{day:02d}"
        written = store.append(frame, replace(facts, vintage=label))
        size = (folder / D / f"{label}.parquet").stat().st_size
        rows = written.rows["revised"]
        print(f"  a vintage that changes {share:.1%}: {rows} rows, {size / 1000:.1f} kB, {size / held:.1%}")


def main() -> None:
    """Run the measurements and print them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--millions", type=float, default=50)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        root = Path(scratch) / "store"
        print(f"a store of {options.millions:g} million observations, 4 vintages")
        fill(root, options.millions)
        store = Store(root, embedded=None)
        keys = [f"A.U{s % 7}.AGE{s // 7 % 40}.S{s // 280}.G07" for s in range(20)]
        asked(store, keys, root / D / f"{LABELS[0]}.parquet", "as fetched")
        start = time.perf_counter()
        compact(store, D)
        print(f"packed in {time.perf_counter() - start:.0f} s")
        [path] = {path for _, path in store.manifests(D)}
        asked(store, keys, path, "packed")
        growth(Path(scratch) / "growth")


if __name__ == "__main__":
    main()
