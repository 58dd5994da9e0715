"""Where observations lie: a folder of dated changes, read as known on a date.

A vintage is what a dataset looked like on a day. Only what changed is stored:
new, revised and withdrawn observations, in one Parquet file beside a manifest.
A vintage exists once its manifest exists; the manifest is written last, by an
atomic rename, so a reader never sees half a vintage, and it holds the checksum
of the observations, so a damaged one is named. The edition that ships with the
package lies beneath the user's store and is read-only.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import os
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
from filelock import FileLock, Timeout

from reporting import observations
from reporting.errors import OutputFailed, SourceUnavailable, SourceUnreadable, UsageError

EMBEDDED = Path(__file__).with_name("embedded") / "store"
_STORED = ("key", "geo", "time", "value", "flag", "change", "source", "note")
_REMEDY = "Put a good copy in its place, or remove the vintage (.json, .parquet, .received.gz) and fetch it again."
#: Seconds to wait for another process that writes to the store.
_PATIENCE = 60.0


def day(text: str) -> str:
    """A date as the store compares it, or wrong use.

    Raises
    ------
    UsageError
        For anything but ``YYYY-MM-DD``.
    """
    try:
        sound = date.fromisoformat(text).isoformat() == text
    except ValueError:
        sound = False
    if not sound:
        raise UsageError(f"{text!r} is not a date: write it as 2026-01-31.")
    return text


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


@contextmanager
def alone(lock: Path, busy: str) -> Iterator[None]:
    """Hold a lock, or refuse with a message when another process holds it."""
    lock.parent.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(lock, timeout=0):
            yield
    except Timeout:
        raise UsageError(busy) from None


class Store:
    """Vintages of all datasets: one writable folder over the embedded edition.

    Parameters
    ----------
    root : Path
        The folder; it need not exist to be read.
    embedded : Path or None
        The read-only edition beneath it.
    only : mapping, optional
        The vintages that are seen, as (vintage, checksum) for each dataset; of
        a dataset that is not named, none.
    """

    def __init__(
        self,
        root: Path,
        embedded: Path | None = EMBEDDED,
        only: Mapping[str, Collection[tuple[str, str]]] | None = None,
    ) -> None:
        self.root, self.only = root, only
        self.layers = [layer for layer in (embedded, root) if layer is not None]

    def datasets(self) -> list[str]:
        """Codes of the datasets with at least one vintage."""
        return sorted({path.parent.name for layer in self.layers for path in layer.glob("*/*.json")})

    def manifests(self, dataset: str, as_of: str = "") -> list[tuple[Manifest, Path]]:
        """Vintages of a dataset not later than a date, oldest first; of one day, the user's after the embedded."""
        until = day(as_of) if as_of else "9999"
        found = []
        for layer in self.layers:
            for path in sorted((layer / dataset).glob("*.json")):
                manifest = _manifest(path)
                seen = self.only is None or (manifest.vintage, manifest.sha256) in self.only.get(dataset, ())
                if seen and manifest.vintage[:10] <= until:
                    found.append((manifest, path.with_suffix(".parquet")))
        return sorted(found, key=lambda pair: pair[0].vintage)

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

        Raises
        ------
        SourceUnreadable
            When a file of the store is missing or damaged, naming it.
        """
        files = tuple((m.vintage, str(path), m.sha256) for m, path in self.manifests(dataset, as_of))
        return _read(dataset, files).copy()

    def select(self, dataset: str, pattern: str, as_of: str = "") -> pd.DataFrame:
        """Observations whose key fits an SDMX key pattern."""
        frame = self.read(dataset, as_of)
        return frame[observations.matches(frame["key"], pattern)]

    def append(self, frame: pd.DataFrame, manifest: Manifest, received: bytes | None = None) -> Manifest:
        """Store what changed since the last vintage, as a new vintage.

        A second vintage of a day is numbered (``2026-01-31-02``); one that
        brings nothing new is not stored. A vintage may come in late: what was
        known on later dates stays as it was.

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
            When the frame gives two values for one series and time.
        OutputFailed
            When the store cannot be written; nothing is left behind.
        """
        folder = self.root / manifest.dataset
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with FileLock(self.root / ".lock", timeout=_PATIENCE):
                return self._append(folder, frame, manifest, received)
        except Timeout:
            raise OutputFailed(f"Another process is writing to {self.root}: try again when it is done.") from None
        except (OSError, duckdb.IOException) as error:
            said = getattr(error, "strerror", None) or error
            raise OutputFailed(
                f"Cannot write to the store {self.root}: {said}. Free space or choose another folder with --store."
            ) from None

    def _append(self, folder: Path, frame: pd.DataFrame, manifest: Manifest, received: bytes | None) -> Manifest:
        twice = frame[frame.duplicated(["key", "time"])]
        if not twice.empty:
            raise UsageError(
                f"{manifest.dataset}: two values for {twice['key'].iloc[0]} in {twice['time'].iloc[0]}: keep one."
            )
        on = day(manifest.vintage[:10])
        changes = changed(self.read(manifest.dataset, on), frame, manifest.complete)
        same_day = [m for m, _ in Store(self.root, embedded=None).manifests(manifest.dataset) if m.vintage[:10] == on]
        if changes.empty and same_day:
            return _complete(manifest, changes, "")
        if restated := self._restated(manifest, changes):
            self._publish(folder, *restated, None)
        label = on if not same_day else f"{on}-{len(same_day) + 1:02d}"
        return self._publish(folder, changes, replace(manifest, vintage=label), received)

    def _restated(self, manifest: Manifest, changes: pd.DataFrame) -> tuple[pd.DataFrame, Manifest] | None:
        """What keeps a vintage that comes in late from changing what was known on later dates."""
        on = day(manifest.vintage[:10])
        later = [m.vintage[:10] for m, _ in self.manifests(manifest.dataset) if m.vintage[:10] > on]
        if not later:
            return None
        known = self.read(manifest.dataset, later[0])
        known = known[known["vintage"].str[:10] <= on]
        rows = known.merge(changes[["key", "time"]], on=["key", "time"]).assign(change="revised")
        if rows.empty:
            return None
        count = sum(m.vintage[:10] == later[0] for m, _ in self.manifests(manifest.dataset))
        why = f"restated: the vintage {on} came in after it"
        facts = replace(
            manifest, vintage=f"{later[0]}-{count + 1:02d}", complete=False, request=why, received_sha256=""
        )
        return rows[list(_STORED)], facts

    def _publish(self, folder: Path, changes: pd.DataFrame, manifest: Manifest, received: bytes | None) -> Manifest:
        # The manifest comes last: with it the vintage exists.
        names = [f"{manifest.vintage}{suffix}" for suffix in (".parquet", ".received.gz", ".json")]
        parquet, kept, facts = (folder / name for name in names)
        parts = [path.with_name(path.name + ".part") for path in (parquet, kept, facts)]
        try:
            write_parquet(changes, parts[0])
            manifest = _complete(manifest, changes, hashlib.sha256(parts[0].read_bytes()).hexdigest())
            if received is not None:
                _write(parts[1], gzip.compress(received, mtime=0))
            _write(parts[2], _json(asdict(manifest)))
            for part, path in zip(parts, (parquet, kept, facts), strict=True):
                if path != kept or received is not None:
                    part.replace(path)
        finally:
            for leftover in (*parts, *(() if facts.exists() else (parquet, kept))):
                leftover.unlink(missing_ok=True)
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
    after = after.fillna({"flag": "", "source": "", "note": ""})
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
def _read(dataset: str, files: tuple[tuple[str, str, str], ...]) -> pd.DataFrame:
    if not files:
        return observations.empty()
    for _, path, checksum in files:
        _refuse_damaged(Path(path), checksum)
    paths = ", ".join(f"'{_quoted(path)}'" for _, path, _ in files)
    query = (
        f"SELECT '{_quoted(dataset)}' AS dataset, key, geo, time, value, flag, vintage, source, note, change "
        f"FROM read_parquet([{paths}], filename = true) JOIN layers USING (filename) "
        "QUALIFY row_number() OVER (PARTITION BY key, time ORDER BY layer DESC) = 1 ORDER BY key, time"
    )
    layers = pd.DataFrame(
        [(path, order, vintage) for order, (vintage, path, _) in enumerate(files)],
        columns=["filename", "layer", "vintage"],
    )
    with duckdb.connect() as connection:
        connection.register("layers", layers)
        frame = connection.execute(query).df()
    frame = frame[frame["change"] != "withdrawn"].drop(columns="change").reset_index(drop=True)
    return frame.fillna({"flag": "", "source": "", "note": ""})


def _refuse_damaged(path: Path, checksum: str) -> None:
    """Refuse observations that are not those the manifest was written for."""
    try:
        found = hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        raise SourceUnreadable(f"{path}: cannot be read: {error.strerror}. {_REMEDY}") from None
    if found != checksum:
        raise SourceUnreadable(f"{path}: damaged: its checksum is not the one in its manifest. {_REMEDY}")


def _manifest(path: Path) -> Manifest:
    """The manifest in a file of the store."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        manifest = Manifest(**content)
    except OSError as error:
        raise SourceUnreadable(f"{path}: cannot be read: {error.strerror}. {_REMEDY}") from None
    except (ValueError, TypeError) as error:
        raise SourceUnreadable(f"{path}: damaged: not the manifest of a vintage ({error}). {_REMEDY}") from None
    if (manifest.dataset, manifest.vintage) != (path.parent.name, path.stem):
        raise SourceUnreadable(f"{path}: not the manifest of this vintage: its place or its content was changed.")
    return manifest


def used(store: Store, pairs: Iterable[tuple[str, str]]) -> list[dict[str, Any]]:
    """The manifests of (dataset, vintage) pairs, for a run's record."""
    wanted = set(pairs)
    return [
        {"dataset": m.dataset, "vintage": m.vintage, "sha256": m.sha256, "acknowledgement": m.acknowledgement}
        for dataset in sorted({dataset for dataset, _ in wanted})
        for m, _ in store.manifests(dataset)
        if (dataset, m.vintage) in wanted
    ]


def _complete(manifest: Manifest, changes: pd.DataFrame, checksum: str) -> Manifest:
    counts = changes["change"].value_counts()
    rows = {change: int(counts.get(change, 0)) for change in ("new", "revised", "withdrawn")}
    return replace(manifest, rows=rows, sha256=checksum)


def _write(path: Path, content: bytes) -> None:
    """Write and flush to the disk."""
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _json(content: dict[str, Any]) -> bytes:
    return (json.dumps(content, indent=1, ensure_ascii=False) + "\n").encode()


def _quoted(path: Path | str) -> str:
    return str(path).replace("'", "''")
