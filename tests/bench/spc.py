"""All indicators of JAF in 27 countries, from the embedded edition: ``python tests/bench/spc.py``."""

from __future__ import annotations

import statistics
import time
from pathlib import Path

from reporting import declarations
from reporting.spc import panel, scoring, stored
from reporting.vintages import Store

ROOT = Path(__file__).resolve().parents[2]
AS_OF = "2025-10-20"


def main() -> None:
    """Seconds to read and to score, and what the two profiles make of breaks."""
    known, store = declarations.load(ROOT), Store(ROOT / "outputs" / "no-store")
    rules, strict = known.profiles["jaf-compat"], known.profiles["jaf-strict"]
    members, aggregates = known.members(rules.countries), rules.aggregates
    entries = stored.entries(known, "jaf")
    options, seconds = stored.described(entries), []
    for _ in range(5):
        start = time.perf_counter()
        frame = stored.values(store, entries, [*members, *aggregates], AS_OF)
        read = time.perf_counter()
        scores = scoring.score(panel.build(frame, list(entries), members, aggregates), options, rules)
        table = scores.table()
        seconds.append((time.perf_counter() - start, read - start))
    print(f"{len(entries)} indicators, {len(table)} rows: first {seconds[0][0]:.2f} s, "
          f"median {statistics.median(s for s, _ in seconds):.2f} s, of which reading "
          f"{statistics.median(r for _, r in seconds):.2f} s")  # fmt: skip
    marked = stored.with_input_breaks(store, frame, entries, known, AS_OF)
    other = scoring.score(panel.build(marked, list(entries), members, aggregates), options, strict).table()
    inside = ~table["geo"].isin(list(aggregates))
    live = inside & ~table["indicator"].str.endswith("_health")
    for name, where in (("declared", inside), ("published", live)):
        scored = table["score_change"].notna() & where
        lost = scored & other["score_change"].isna()
        print(f"{name}: {scored.sum()} changes scored, {lost.sum()} of them with a break that jaf-strict respects")


if __name__ == "__main__":
    main()
