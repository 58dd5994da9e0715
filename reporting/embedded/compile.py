"""Compile the edition that ships with the package: python -m reporting.embedded.compile SOURCE_DIR.

``editions.toml`` lists the files, with the date and the acknowledgement of
those that state none. The same files give the same bytes. With
``--from-store STORE`` the edition is compiled from the newest vintages of a
user's own store instead, for instance after fetching from Eurostat.
"""

from __future__ import annotations

import argparse
import itertools
import shutil
import sys
import tempfile
import tomllib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd

from reporting import declarations, sources
from reporting.declarations import Declarations
from reporting.errors import DeclarationError, ReportingError, UsageError
from reporting.vintages import EMBEDDED, Manifest, Store

EDITIONS = Path(__file__).with_name("editions.toml")
_KEYS = {"file", "dataset", "vintage", "acknowledgement", "divide", "reader", "note"}
_Part = tuple[pd.DataFrame, Manifest]


def entries(path: Path = EDITIONS) -> list[dict[str, Any]]:
    """The entries of the list of editions.

    Raises
    ------
    DeclarationError
        For unknown keys, and for an entry without a file.
    """
    found: list[dict[str, Any]] = tomllib.loads(path.read_text(encoding="utf-8")).get("edition", [])
    faults = []
    for number, entry in enumerate(found, start=1):
        faults += [f"{path.name}: entry {number}: unknown key {key!r}" for key in sorted(entry.keys() - _KEYS)]
        faults += [] if "file" in entry else [f"{path.name}: entry {number}: no file"]
    if faults:
        raise DeclarationError(faults)
    return found


def from_files(root: Path, declared: Declarations, listed: list[dict[str, Any]]) -> Iterator[_Part]:
    """The vintages in the files listed."""
    for entry in listed:
        path = root / entry["file"]
        if "reader" in entry:
            extracts = sources.reader(entry["reader"])(path.read_bytes(), path.name, declared)
        else:
            extracts = sources.read(path, declared, entry.get("dataset", ""))
        for extract in extracts:
            yield _scaled(extract.frame, entry.get("divide", 1)), _manifest(extract, entry)


def _scaled(frame: pd.DataFrame, divisor: float) -> pd.DataFrame:
    return frame if divisor == 1 else frame.assign(value=frame["value"] / divisor)


def _manifest(extract: sources.Extract, entry: dict[str, Any]) -> Manifest:
    vintage = str(entry.get("vintage", extract.vintage))
    if not vintage:
        raise UsageError(f"{entry['file']}: states no date: give its vintage in {EDITIONS.name}, with the evidence.")
    return Manifest(
        dataset=extract.dataset,
        vintage=vintage,
        complete=False,
        request=extract.request,
        acknowledgement=entry.get("acknowledgement", extract.acknowledgement),
        provider_update=extract.vintage,
        received_sha256=extract.sha256,
        structure=extract.structure,
        note=entry.get("note", ""),
    )


def from_store(root: Path, declared: Declarations) -> Iterator[_Part]:
    """The newest state of each declared dataset in a store, each observation under its own vintage."""
    if not root.is_dir():
        raise UsageError(f"{root}: there is no such store. Fetch first: reporting fetch")
    store = Store(root)
    for dataset in store.datasets():
        if dataset in declared.datasets:
            manifests = {manifest.vintage: manifest for manifest, _ in store.manifests(dataset)}
            for vintage, part in store.read(dataset).groupby("vintage"):
                yield part.reset_index(drop=True), replace(manifests[str(vintage)], complete=False, rows={}, sha256="")


def compile_edition(parts: list[_Part], target: Path) -> list[Manifest]:
    """Write the vintages, oldest first, into a new store that then takes the place of ``target``."""
    with tempfile.TemporaryDirectory() as scratch:
        store = Store(Path(scratch) / "store", embedded=None)
        written = [m for frame, manifest in _merged(parts) if (m := store.append(frame, manifest)).sha256]
        (store.root / ".lock").unlink(missing_ok=True)
        if target.exists():
            shutil.rmtree(target)
        shutil.copytree(store.root, target)
    return written


def _merged(parts: list[_Part]) -> Iterator[_Part]:
    """Parts in order of dataset and vintage; parts of one vintage become one.

    Raises
    ------
    UsageError
        When two of them give a value for the same series and time.
    """
    order = sorted(parts, key=lambda part: (part[1].dataset, part[1].vintage))
    for _, group in itertools.groupby(order, key=lambda part: (part[1].dataset, part[1].vintage)):
        frames, manifests = zip(*group, strict=True)
        request = "; ".join(dict.fromkeys(manifest.request for manifest in manifests))
        frame = pd.concat(frames, ignore_index=True)
        if (twice := frame.duplicated(["key", "time"])).any():
            row = frame[twice].iloc[0]
            raise UsageError(
                f"{manifests[0].dataset} {manifests[0].vintage}: {request} give two values for {row['key']} "
                f"in {row['time']}: correct a vintage in {EDITIONS.name}."
            )
        yield frame, replace(manifests[0], request=request)


def summary(written: list[Manifest], target: Path) -> str:
    """One line for each vintage, and the total."""
    sizes = [(target / m.dataset / f"{m.vintage}.parquet").stat().st_size for m in written]
    lines = [
        f"{m.dataset:<18} {m.vintage:<12} {m.rows['new']:>7} new {m.rows['revised']:>6} revised {size / 1024:>7.0f} KiB"
        for m, size in zip(written, sizes, strict=True)
    ]
    rows = sum(m.rows["new"] + m.rows["revised"] for m in written)
    return "\n".join([*lines, f"{len(written)} vintages, {rows} rows, {sum(sizes) / 1024:.0f} KiB in {target}"])


def main(arguments: list[str] | None = None) -> int:
    """Run the script."""
    parser = argparse.ArgumentParser(prog="python -m reporting.embedded.compile", description=__doc__)
    origin = parser.add_mutually_exclusive_group(required=True)
    origin.add_argument("source", nargs="?", type=Path, help="folder with the files of editions.toml")
    origin.add_argument("--from-store", type=Path, metavar="STORE", help="a store to compile from instead")
    parser.add_argument("--output", type=Path, default=EMBEDDED, help="the store to write (default: the package's)")
    options = parser.parse_args(arguments)
    try:
        declared = declarations.load(Path(__file__).resolve().parents[2])
        found = (
            from_store(options.from_store, declared)
            if options.from_store
            else from_files(options.source, declared, entries())
        )
        written = compile_edition([_told(part) for part in found], options.output)
    except ReportingError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    print(summary(written, options.output))
    return 0


def _told(part: _Part) -> _Part:
    frame, manifest = part
    print(f"read {manifest.request}: {manifest.dataset} {manifest.vintage}, {len(frame)} rows", flush=True)
    return part


if __name__ == "__main__":
    sys.exit(main())
