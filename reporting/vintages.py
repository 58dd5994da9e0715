"""Where observations lie: a folder of dated changes, read as known on a date.

A vintage is what a dataset looked like on a day. Only what changed is stored:
new, revised and withdrawn observations, in one Parquet file beside a manifest.
A vintage exists once its manifest exists; the manifest is written last, by an
atomic rename, so a reader never sees half a vintage. The edition that ships
with the package lies beneath the user's store and is read-only.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import os
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
from filelock import FileLock, Timeout

from reporting import observations
from reporting.errors import OutputFailed, SourceUnavailable, UsageError

EMBEDDED = Path(__file__).with_name("embedded") / "store"
_STORED = ("key", "geo", "time", "value", "flag", "change", "source", "note")


@dataclass(frozen=True)
class Manifest:
    """What is known of a vintage besides its observations."""

    dataset: str
    vintage: str
    complete: bool
    request: str
    acknowledgement: str
    provider_update: str = ""
    retrieved: str = ""
    received_sha256: str = ""
    structure: str = ""
    note: str = ""
    rows: dict[str, int] = field(default_factory=dict)
    sha256: str = ""


class Store:
    """Vintages of all datasets: one writable folder over the embedded edition.

    Parameters
    ----------
    root : Path
        The folder; it need not exist to be read.
    embedded : Path or None
        The read-only edition beneath it.
    """

    def __init__(self, root: Path, embedded: Path | None = EMBEDDED) -> None:
        self.root = root
        self.layers = [layer for layer in (embedded, root) if layer is not None]

    def datasets(self) -> list[str]:
        """Codes of the datasets with at least one vintage."""
        return sorted({path.parent.name for layer in self.layers for path in layer.glob("*/*.json")})

    def manifests(self, dataset: str, as_of: str = "") -> list[tuple[Manifest, Path]]:
        """Vintages of a dataset not later than a date, oldest first."""
        found = []
        for layer in self.layers:
            for path in layer.glob(f"{dataset}/*.json"):
                manifest = Manifest(**json.loads(path.read_text(encoding="utf-8")))
                if not as_of or manifest.vintage[:10] <= as_of[:10]:
                    found.append((manifest, path.with_suffix(".parquet")))
        return sorted(found, key=lambda pair: (pair[0].vintage, str(pair[1])))

    def read(self, dataset: str, as_of: str = "") -> pd.DataFrame:
        """All observations of a dataset as known on a date.

        Parameters
        ----------
        dataset : str
            Dataset code.
        as_of : str
            ISO date; empty for the newest.

        Returns
        -------
        DataFrame
            An observation table (:data:`reporting.observations.COLUMNS`).
        """
        files = tuple((m.vintage, str(path)) for m, path in self.manifests(dataset, as_of))
        return _read(dataset, files)

    def select(self, dataset: str, pattern: str, as_of: str = "") -> pd.DataFrame:
        """Observations whose key fits an SDMX key pattern."""
        frame = self.read(dataset, as_of)
        return frame[observations.matches(frame["key"], pattern)]

    def append(self, frame: pd.DataFrame, manifest: Manifest, received: bytes | None = None) -> Manifest:
        """Store what changed since the last vintage, as a new vintage.

        Parameters
        ----------
        frame : DataFrame
            An observation table of one dataset.
        manifest : Manifest
            Its facts; ``complete`` says that an observation absent from the
            frame was withdrawn. Row counts and checksum are filled in here.
        received : bytes, optional
            The bytes received, kept compressed.

        Raises
        ------
        UsageError
            When the vintage exists, or a later one does.
        OutputFailed
            When the store cannot be written; nothing is left behind.
        """
        folder = self.root / manifest.dataset
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with FileLock(self.root / ".lock", timeout=60):
                return self._append(folder, frame, manifest, received)
        except Timeout:
            raise OutputFailed(f"Another process is writing to {self.root}: try again when it is done.") from None
        except OSError as error:
            raise OutputFailed(f"Cannot write to the store {self.root}: {error.strerror or error}.") from None

    def _append(self, folder: Path, frame: pd.DataFrame, manifest: Manifest, received: bytes | None) -> Manifest:
        later = [m.vintage for m, path in self.manifests(manifest.dataset) if path.parent == folder]
        if later and later[-1] >= manifest.vintage:
            raise UsageError(
                f"{manifest.dataset}: the store already has the vintage {later[-1]}; "
                f"{manifest.vintage} is not later. A vintage is never overwritten."
            )
        changes = changed(self.read(manifest.dataset, manifest.vintage), frame, manifest.complete)
        parquet = folder / f"{manifest.vintage}.parquet"
        part = parquet.with_suffix(".part")
        try:
            write_parquet(changes, part)
            manifest = _complete(manifest, changes, part)
            if received is not None:
                _publish(folder / f"{manifest.vintage}.received.gz", gzip.compress(received, mtime=0))
            part.replace(parquet)
            _publish(parquet.with_suffix(".json"), _json(asdict(manifest)))
        except OSError:
            for leftover in (part, parquet, folder / f"{manifest.vintage}.received.gz"):
                leftover.unlink(missing_ok=True)
            raise
        return manifest

    def require(self, dataset: str, as_of: str = "") -> None:
        """Say how to get a dataset that has no vintage on that date."""
        if not self.manifests(dataset, as_of):
            when = f" as of {as_of}" if as_of else ""
            raise SourceUnavailable(f"{dataset}: no vintage in the store{when}. Run: reporting fetch {dataset}")


def changed(before: pd.DataFrame, after: pd.DataFrame, complete: bool) -> pd.DataFrame:
    """New, revised and (when ``complete``) withdrawn observations.

    Returns
    -------
    DataFrame
        Columns ``key, geo, time, value, flag, change, source, note``.
    """
    identity = ["key", "time"]
    both = after.merge(
        before[[*identity, "value", "flag"]], on=identity, how="left", suffixes=("", "_old"), indicator=True
    )
    same_value = (both["value"] == both["value_old"]) | (both["value"].isna() & both["value_old"].isna())
    old = both["_merge"] == "both"
    both["change"] = old.map({True: "revised", False: "new"})
    kept = both[~(old & same_value & (both["flag"] == both["flag_old"]))]
    gone = before.merge(after[identity], on=identity, how="left", indicator=True)
    gone = gone[gone["_merge"] == "left_only"].assign(change="withdrawn") if complete else gone[:0]
    result = pd.concat([kept[list(_STORED)], gone.reindex(columns=list(_STORED))])
    return result.sort_values(identity, ignore_index=True)


def write_parquet(frame: pd.DataFrame, path: Path) -> None:
    """Write one sorted Parquet file; the same rows give the same bytes."""
    with duckdb.connect() as connection:
        connection.execute("SET threads = 1")
        connection.register("frame", frame)
        connection.execute(
            f"COPY (SELECT key, geo, time, CAST(value AS DOUBLE) AS value, CAST(flag AS VARCHAR) AS flag, change, "
            f"CAST(source AS VARCHAR) AS source, CAST(note AS VARCHAR) AS note FROM frame ORDER BY key, time) "
            f"TO '{_quoted(path)}' (FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 19)"
        )
    with path.open("rb+") as file:
        os.fsync(file.fileno())


@lru_cache(maxsize=64)
def _read(dataset: str, files: tuple[tuple[str, str], ...]) -> pd.DataFrame:
    if not files:
        return observations.empty()
    paths = ", ".join(f"'{_quoted(path)}'" for _, path in files)
    query = (
        f"SELECT '{dataset}' AS dataset, key, geo, time, value, flag, vintage, source, note, change "
        f"FROM read_parquet([{paths}], filename = true) JOIN layers USING (filename) "
        "QUALIFY row_number() OVER (PARTITION BY key, time ORDER BY layer DESC) = 1 ORDER BY key, time"
    )
    layers = pd.DataFrame(
        [(path, order, vintage) for order, (vintage, path) in enumerate(files)],
        columns=["filename", "layer", "vintage"],
    )
    with duckdb.connect() as connection:
        connection.register("layers", layers)
        frame = connection.execute(query).df()
    frame = frame[frame["change"] != "withdrawn"].drop(columns="change").reset_index(drop=True)
    return frame.fillna({"flag": "", "source": "", "note": ""})


def used(store: Store, pairs: Iterable[tuple[str, str]]) -> list[dict[str, Any]]:
    """The manifests of (dataset, vintage) pairs, for a run's record."""
    wanted = set(pairs)
    return [
        {"dataset": m.dataset, "vintage": m.vintage, "sha256": m.sha256, "acknowledgement": m.acknowledgement}
        for dataset in sorted({dataset for dataset, _ in wanted})
        for m, _ in store.manifests(dataset)
        if (dataset, m.vintage) in wanted
    ]


def _complete(manifest: Manifest, changes: pd.DataFrame, parquet: Path) -> Manifest:
    counts = changes["change"].value_counts()
    rows = {change: int(counts.get(change, 0)) for change in ("new", "revised", "withdrawn")}
    checksum = hashlib.sha256(parquet.read_bytes()).hexdigest()
    return Manifest(**{**asdict(manifest), "rows": rows, "sha256": checksum})


def _publish(path: Path, content: bytes) -> None:
    """Write beside, flush to the disk, rename."""
    part = path.with_name(path.name + ".part")
    with part.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)


def _json(content: dict[str, Any]) -> bytes:
    return (json.dumps(content, indent=1, ensure_ascii=False) + "\n").encode()


def _quoted(path: Path | str) -> str:
    return str(path).replace("'", "''")
