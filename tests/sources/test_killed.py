"""A fetch that is killed outright, at any instant, loses nothing and is taken up again."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
from fetching import fetched, known_on, three, updated

from reporting.vintages import Store, verify
from reporting.vintages.store import WHOLE

ROOT = Path(__file__).resolve().parents[2]
NAMES = ("spr_exp_type", "spr_exp_func", "tec00001")
#: Each update of the provider is fetched after so many kills.
EACH = 2


def test_fetch_killed_at_random_instants(tmp_path, replay, declared, clock):
    """After each kill the store is sound and holds all it held; at the end it equals one filled without kills.

    ``FETCH_KILLS`` says how often (default 2).
    """
    kills, chance = int(os.environ.get("FETCH_KILLS", str(EACH))), random.Random(20261125)
    killed, sound = (Store(tmp_path / name, embedded=None) for name in ("killed", "sound"))
    killed.root.mkdir()
    (killed.root / WHOLE).touch()  # not over the embedded edition
    words = [sys.executable, "-m", "reporting", "fetch", *NAMES, "--base-url", replay.url, "--store", str(killed.root)]
    cut = 0
    for update in range(-(-kills // EACH)):
        replay.hold(*(three() if not update else [updated(d, chance, update) for d in replay.datasets.values()]))
        for _ in range(EACH):
            before, asked = held(killed), len(replay.requests)
            process = subprocess.Popen(words, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL, cwd=ROOT)
            while len(replay.requests) == asked and process.poll() is None:
                time.sleep(0.01)
            time.sleep(chance.random() * 0.4)
            process.kill()
            cut += process.wait() != 0
            assert all(trouble.mended for trouble in verify(killed))
            assert verify(killed) == [] and held(killed) >= before
        for store in (killed, sound):
            assert all(outcome.state != "failed" for outcome in fetched(declared, store, replay, NAMES, clock))
    assert cut > kills // 2
    for name in NAMES:
        days = [manifest.vintage for manifest, _ in sound.manifests(name)]
        assert days and [manifest.vintage for manifest, _ in killed.manifests(name)] == days
        for day in days:
            pd.testing.assert_frame_equal(known_on(killed, name, day[:10]), known_on(sound, name, day[:10]))


def held(store: Store) -> set[tuple[str, str, str]]:
    """All vintages of a store, with their checksums."""
    return {(name, m.vintage, m.sha256) for name in store.datasets() for m, _ in store.manifests(name)}
