"""How long a million observations take to become the observation table.

The baseline, run in turn with the measured way, is ``pandas.read_csv`` of the
same file, which only splits it into columns; against sdmx1, which is slow, a
smaller file is read and seconds are compared for each observation. Quote
ratios, not seconds. Times are medians.
"""

from __future__ import annotations

import argparse
import io
import itertools
import logging
import multiprocessing
import random
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pandas as pd
import sdmx
from sdmx.model import v30

from reporting import declarations, sources

DIMENSIONS = ("freq", "spfunc", "spdep", "meanst", "unit", "sex", "age", "geo")
_COUNTS = {"spfunc": 9, "spdep": 8, "meanst": 3, "unit": 5, "sex": 3, "age": 4, "geo": 45}
_MESSAGE = """<?xml version="1.0" encoding="UTF-8"?>
<m:{root} xmlns:m="http://www.sdmx.org/resources/sdmxml/schemas/v2_1/message"
 xmlns:g="http://www.sdmx.org/resources/sdmxml/schemas/v2_1/data/generic"
 xmlns:c="http://www.sdmx.org/resources/sdmxml/schemas/v2_1/common"><m:Header><m:ID>BENCH</m:ID>
<m:Prepared>2025-10-30T23:00:00Z</m:Prepared><m:Structure structureID="S" dimensionAtObservation="TIME_PERIOD">
<c:StructureUsage><Ref id="BENCH" agencyID="ESTAT" version="1.0"/></c:StructureUsage></m:Structure></m:Header>
<m:DataSet>{series}</m:DataSet></m:{root}>
"""
_Series = tuple[tuple[str, ...], list[tuple[int, str, str]]]


def series(rows: int) -> Iterator[_Series]:
    """Keys, each with its observations: 30 years, a flag on one in ten, a missing value on one in thirty."""
    chance = random.Random(20251030)
    codes = [["A"], *([f"{name[:3].upper()}{n}" for n in range(count)] for name, count in _COUNTS.items())]
    keys = sorted(chance.sample(list(itertools.product(*codes)), rows // 30))
    for key in keys:
        yield (
            key,
            [
                (
                    year,
                    "" if chance.random() < 1 / 30 else f"{chance.uniform(0, 50_000):.2f}",
                    chance.choice(("p", "b", "e", "bp")) if chance.random() < 0.1 else "",
                )
                for year in range(1995, 2025)
            ],
        )


def csv_1(found: list[_Series]) -> str:
    """The observations in SDMX-CSV 1.0, as Eurostat sends it."""
    lines = [",".join(("DATAFLOW", "LAST UPDATE", *DIMENSIONS, "TIME_PERIOD", "OBS_VALUE", "OBS_FLAG", "CONF_STATUS"))]
    for key, observations in found:
        start = f"ESTAT:BENCH(1.0),30/10/25 23:00:00,{','.join(key)}"
        lines += [f"{start},{year},{value},{flag}," for year, value, flag in observations]
    return "\r\n".join([*lines, ""])


def csv_2(found: list[_Series]) -> str:
    """The observations in SDMX-CSV 2.0, as sdmx1 reads it."""
    lines = [",".join(("STRUCTURE", "STRUCTURE_ID", "ACTION", *DIMENSIONS, "TIME_PERIOD", "OBS_VALUE", "OBS_FLAG"))]
    for key, observations in found:
        start = f"dataflow,ESTAT:BENCH(1.0),I,{','.join(key)}"
        lines += [f"{start},{year},{value},{flag}" for year, value, flag in observations]
    return "\n".join([*lines, ""])


def structure_specific(found: list[_Series]) -> str:
    """The observations in SDMX-ML 2.1, structure-specific."""
    parts = []
    for key, observations in found:
        parts.append("<Series " + " ".join(f'{d}="{code}"' for d, code in zip(DIMENSIONS, key, strict=True)) + ">")
        for year, value, flag in observations:
            said = (f' OBS_VALUE="{value}"' if value else "") + (f' OBS_FLAG="{flag}"' if flag else "")
            parts.append(f'<Obs TIME_PERIOD="{year}"{said}/>')
        parts.append("</Series>")
    return _MESSAGE.format(root="StructureSpecificData", series="".join(parts))


def generic(found: list[_Series]) -> str:
    """The observations in SDMX-ML 2.1, generic."""
    parts = []
    for key, observations in found:
        codes = "".join(f'<g:Value id="{d}" value="{code}"/>' for d, code in zip(DIMENSIONS, key, strict=True))
        parts.append(f"<g:Series><g:SeriesKey>{codes}</g:SeriesKey>")
        for year, value, flag in observations:
            said = f'<g:ObsValue value="{value}"/>' if value else ""
            said += f'<g:Attributes><g:Value id="OBS_FLAG" value="{flag}"/></g:Attributes>' if flag else ""
            parts.append(f'<g:Obs><g:ObsDimension value="{year}"/>{said}</g:Obs>')
        parts.append("</g:Series>")
    return _MESSAGE.format(root="GenericData", series="".join(parts))


def declared() -> declarations.Declarations:
    """The project's declarations, with the dataset of the bench."""
    known = declarations.load()
    bench = declarations.Dataset(id="bench", title="Bench", dimensions=DIMENSIONS)
    return known.model_copy(update={"datasets": {**known.datasets, "bench": bench}})


def ours(path: Path, known: declarations.Declarations) -> pd.DataFrame:
    """The observation table of a file."""
    return sources.read(path, known)[0].frame


def by_sdmx1(path: Path) -> int:
    """The observations sdmx1 finds in a file."""
    structure = v30.DataStructureDefinition(id="BENCH")
    for name in (*DIMENSIONS, "TIME_PERIOD"):
        structure.dimensions.append(v30.Dimension(id=name))
    structure.measures.append(v30.Measure(id="OBS_VALUE"))
    structure.attributes.append(v30.DataAttribute(id="OBS_FLAG"))
    message = sdmx.read_sdmx(io.BytesIO(path.read_bytes()), format="csv", structure=structure)
    return sum(len(part.obs) for part in message.data)


def medians(ways: Mapping[str, Callable[[], object]], rounds: int) -> dict[str, float]:
    """Median seconds of each way, all of them in each round, after a round that is not counted."""
    times: dict[str, list[float]] = {name: [] for name in ways}
    for number in range(rounds + 1):
        for name, way in ways.items():
            start = time.perf_counter()
            way()
            if number:
                times[name].append(time.perf_counter() - start)
    return {name: statistics.median(found) for name, found in times.items()}


def peak(path: Path) -> float:
    """Megabytes by which reading a file raises the most memory a process of its own ever held."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(_peak, (path,))


def _peak(path: Path) -> float:
    known = declared()
    before = _most()
    ours(path, known)
    return _most() - before


def _most() -> float:
    """Megabytes this process held at most, as Linux tells."""
    [line] = [line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM")]
    return int(line.split()[1]) / 1024


def main() -> None:
    """Run the measurements and print them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--small", type=int, default=20_000, help="rows for sdmx1")
    options = parser.parse_args()
    logging.disable()
    known = declared()
    found = list(series(options.rows))
    rows = sum(len(observations) for _, observations in found)
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        paths = {name: folder / f"{name}.{suffix}" for name, suffix in
                 (("csv", "csv"), ("small", "csv"), ("specific", "xml"), ("generic", "xml"))}  # fmt: skip
        texts = (csv_1(found), csv_2(found[: options.small // 30]), structure_specific(found), generic(found))
        for path, text in zip(paths.values(), texts, strict=True):
            path.write_text(text, encoding="utf-8", newline="")
        del texts
        size = paths["csv"].stat().st_size / 2**20
        table = ours(paths["csv"], known)
        assert len(table) == rows
        assert all(ours(paths[name], known).equals(table) for name in ("specific", "generic"))
        fast = medians({"pandas": lambda: pd.read_csv(paths["csv"]), "ours": lambda: ours(paths["csv"], known)},
                       options.rounds)  # fmt: skip
        slow = medians({"sdmx1": lambda: by_sdmx1(paths["small"])}, 2)["sdmx1"] / by_sdmx1(paths["small"])
        print(f"{rows:,} observations, {len(found):,} series, {len(DIMENSIONS)} dimensions; SDMX-CSV of {size:.0f} MB")
        print(f"SDMX-CSV, file to observation table: {fast['ours']:.3f} s; pandas.read_csv: {fast['pandas']:.3f} s")
        print(f"  ratio {fast['ours'] / fast['pandas']:.2f} (goal: 2.5 at most)")
        print(f"sdmx1, {options.small:,} rows of SDMX-CSV 2.0: {slow * 1e6:.1f} µs a row; ours: "
              f"{fast['ours'] / rows * 1e6:.2f} µs")  # fmt: skip
        print(f"  {slow * rows / fast['ours']:.0f} times faster a row (goal: 40 at least)")
        for name, goal in (("specific", 5), ("generic", 8)):
            start = time.perf_counter(), time.process_time()
            ours(paths[name], known)
            seconds, busy = time.perf_counter() - start[0], time.process_time() - start[1]
            print(f"SDMX-ML, {name}, {paths[name].stat().st_size / 2**20:.0f} MB: {seconds:.1f} s, "
                  f"{busy:.1f} s of processor time (goal: {goal} s at most)")  # fmt: skip
        held = peak(paths["csv"])
        print(f"memory for SDMX-CSV: {held:.0f} MB, {held / size:.1f} times the file")


if __name__ == "__main__":
    main()
