"""Figures of the sample broken one at a time: sums find them."""

from __future__ import annotations

import os

import mutation
import numpy as np
from altered import sample

#: Cells of the sample that are broken, each in every way; 0 for all of them.
MANY = int(os.environ.get("REPORTING_MUTATED", "40"))


def test_a_broken_figure_is_found() -> None:
    """At least 98 % of the figures broken by hand, by unit, by sign or emptied are errors of a sum."""
    size = len(sample().table)
    cells = range(size) if not MANY else np.random.default_rng(17).choice(size, MANY, replace=False).tolist()
    tallies = mutation.run(cells)
    broken, found = (sum(getattr(t, name) for t in tallies.values()) for name in ("broken", "found"))
    assert broken > 3 * len(cells)
    assert found / broken >= 0.98, [name for t in tallies.values() for name in t.missed]
