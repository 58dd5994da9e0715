"""What the tests of fetching share: a provider's history, a fetch against it, the soak."""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

import pandas as pd
from replay import PASSING, Clock, Held, Replay, Row, held, serving

from reporting import declarations
from reporting.declarations import Declarations
from reporting.sources import fetch, need
from reporting.sources.fetch import Outcome
from reporting.sources.http import Wire
from reporting.vintages import Store

TYPE = ("freq", "spdeps", "unit", "geo")
FUNC = ("freq", "spdeps", "spfunc", "unit", "geo")
GDP = ("freq", "na_item", "unit", "geo")
GEOS = ("BE", "FR", "DE", "EL", "EE")


class Watched:
    """Progress that remembers."""

    def __init__(self, stop_after: int = 0) -> None:
        self.steps: list[tuple[str, str]] = []
        self.stop_after = stop_after

    def begin(self, what: str, total: int) -> None:
        """Start a stage."""

    def step(self, name: str, error: str) -> None:
        """One job has ended; the user may press Ctrl-C now."""
        self.steps.append((name, error))
        if len(self.steps) == self.stop_after:
            raise KeyboardInterrupt


def rows_of(dimensions: Sequence[str], years: Sequence[int] = (2021, 2022, 2023)) -> list[Row]:
    """Some observations under every code the declarations name of a dataset."""
    codes = {
        "freq": ("A",),
        "spdeps": ("TOTAL", "SPR", "ADM", "OTH") if dimensions == TYPE else ("SPR",),
        "spfunc": ("TOTAL", "SICK", "DIS", "OLD", "SRV", "FAM", "UNE", "HOU", "EXCL"),
        "unit": ("MIO_EUR", "PC_GDP", "EUR_HAB", "EUR_HAB_KP15", "MEUR_KP15", "MEUR_KP10")
        if dimensions != GDP
        else ("CP_MEUR",),
        "na_item": ("B1GQ",),
        "geo": GEOS,
    }
    keys = [""]
    for dimension in dimensions:
        keys = [f"{key}.{code}".removeprefix(".") for key in keys for code in codes[dimension]]
    return [
        (key, str(year), f"{n % 97}.{n % 10}", "p" if year == 2023 else "")
        for n, key in enumerate(keys)
        for year in years
    ]


def three() -> list[Held]:
    """The datasets most tests fetch."""
    return [
        held("spr_exp_type", TYPE, rows_of(TYPE)),
        held("spr_exp_func", FUNC, rows_of(FUNC)),
        held("tec00001", GDP, rows_of(GDP)),
    ]


def fetched(
    known: Declarations,
    store: Store,
    replay: Replay,
    names: Sequence[str],
    clock: Clock,
    progress: Watched | None = None,
    whole: bool = False,
    since_last: bool = False,
    size: int = 10_000_000,
) -> list[Outcome]:
    """One run of the command."""
    asked = need.requests(known, names, whole)
    services = fetch.connect(
        known, asked, replay.url, lambda provider: Wire(3, size, sleep=clock.sleep, now=clock.now, timeout=20)
    )
    return fetch.fetch(store, known, asked, services, progress or Watched(), since_last)


def known_on(store: Store, dataset: str, as_of: str = "") -> pd.DataFrame:
    """What a store knows of a dataset, without the vintage each observation came with."""
    return store.read(dataset, as_of).drop(columns="vintage")


def updated(dataset: Held, chance: random.Random, day: int) -> Held:
    """The dataset after an update: some values revised, some withdrawn, some new."""
    rows = [(k, t, f"{chance.random():.3f}" if chance.random() < 0.1 else v, f) for k, t, v, f in dataset.rows]
    rows = [row for row in rows if chance.random() > 0.02]
    year = str(2024 + day)
    rows += [(key, year, f"{chance.random():.2f}", "e") for key in sorted({row[0] for row in rows})[::5]]
    month, day_of_month = divmod(day, 27)
    stamp = f"{day_of_month + 1:02d}/{month + 1:02d}/26 11:00:00"
    return Held(dataset.code, dataset.dimensions, dataset.codes, rows, stamp, dataset.restructured, dataset.version)


def soak(folder: Path, fetches: int, seed: int, said: Callable[[str], None] = lambda text: None) -> dict[str, int]:
    """Fetch through random faults until all is stored; hold the store against one filled without faults.

    Returns
    -------
    dict
        How many fetches of a dataset, requests, faults, and repetitions of the command there were.
    """
    shutil.rmtree(folder, ignore_errors=True)
    chance, clock, known = random.Random(seed), Clock(), declarations.load()
    tried, sound = Store(folder / "tried", embedded=None), Store(folder / "sound", embedded=None)
    count = {"fetches": 0, "requests": 0, "faults": 0, "repetitions": 0}
    names = ["spr_exp_type", "spr_exp_func", "tec00001"]

    def misbehave(path: str) -> str:
        if chance.random() > 0.6:
            return ""
        count["faults"] += 1
        return chance.choice(PASSING)

    with serving() as replay:
        replay.hold(*three())
        for update in range(-(-fetches // len(names))):
            replay.hold(*(updated(dataset, chance, update) for dataset in replay.datasets.values()))
            replay.limit_rows = chance.choice((150, 10**6))
            replay.misbehave = misbehave
            for _ in range(30):
                outcomes = fetched(known, tried, replay, names, clock)
                count["repetitions"] += 1
                if all(outcome.state != "failed" for outcome in outcomes):
                    break
            else:
                raise AssertionError(f"seed {seed}, update {update}: {[o.said for o in outcomes if o.said]}")
            replay.misbehave = lambda path: ""
            assert not [o for o in fetched(known, sound, replay, names, clock) if o.state == "failed"]
            count["fetches"] += len(names)
            said(f"{count}")
        count["requests"] = len(replay.requests)
    for name in names:
        days = [manifest.vintage for manifest, _ in sound.manifests(name)]
        assert [manifest.vintage for manifest, _ in tried.manifests(name)] == days
        for day in days:
            pd.testing.assert_frame_equal(known_on(tried, name, day[:10]), known_on(sound, name, day[:10]))
    return count
