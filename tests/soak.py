"""Hundreds of fetches, each through random faults, against a store filled without: python tests/soak.py [FETCHES]."""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "sources"))
from fetching import soak

if __name__ == "__main__":
    start = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        found = soak(Path(folder) / "soak", int(sys.argv[1]) if len(sys.argv) > 1 else 300, 2026)
    print(found, f"{time.monotonic() - start:.0f} s")
