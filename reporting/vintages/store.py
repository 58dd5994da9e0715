"""The store: vintages of all datasets in one writable folder over the embedded edition."""

from __future__ import annotations

import copy
import functools
import gzip
import hashlib
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd
from filelock import FileLock, Timeout

from reporting import observations
from reporting.errors import OutputFailed, SourceUnreadable, UsageError
from reporting.vintages import manifest as facts
from reporting.vintages import parquet
from reporting.vintages.manifest import FACTS, PACK, PACKED, PART, RECEIVED, REMEDY, ROWS, Manifest, Pack, day
from reporting.vintages.remote import Remote, is_url

EMBEDDED = Path(__file__).parents[1] / "embedded" / "store"
#: A file in a store that does not lie over the embedded edition.
WHOLE = "whole"
#: Seconds to wait for another process that writes to the store.
_PATIENCE = 60.0
#: Bytes of Parquet up to which a dataset is kept in memory whole.
_SMALL = 8_000_000
#: What is read of a file of one dataset.
_READ = tuple(column for column in observations.COLUMNS if column != "dataset")


@contextmanager
def alone(lock: Path, busy: str) -> Iterator[None]:
    """Hold a lock, or refuse with a message when another process holds it."""
    lock.parent.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(lock, timeout=0):
            yield
    except Timeout:
        raise UsageError(busy) from None


@dataclass(frozen=True)
class Held:
    """A vintage in the store: its facts, the file with its rows, and that file's checksum."""

    manifest: Manifest
    path: Path
    sha256: str
    layer: int
    #: All vintages in that file, where it is a pack.
    packed: tuple[str, ...] = ()


class Store:
    """Vintages of all datasets: one writable folder over the embedded edition.

    Parameters
    ----------
    root : Path or str
        The folder, which need not exist to be read, or an fsspec URL
        (``s3://bucket/store``), of which a copy is kept on this machine.
    embedded : Path or None
        The read-only edition beneath it.
    only : mapping, optional
        The vintages that are seen, as (vintage, checksum) for each dataset; of
        a dataset that is not named, none.
    """

    def __init__(
        self,
        root: Path | str,
        embedded: Path | None = EMBEDDED,
        only: Mapping[str, Collection[tuple[str, str]]] | None = None,
    ) -> None:
        self.remote = Remote(str(root)) if is_url(root) else None
        self.root = self.remote.copy if self.remote else Path(root)
        #: What names the store to another process.
        self.place = self.remote.url if self.remote else str(self.root.resolve())
        self.only = only
        self._newest: dict[str, str] = {}
        if self.remote:
            self.remote.pull()
        beneath = [] if embedded is None or (self.root / WHOLE).exists() else [embedded]
        self.layers = [*beneath, self.root]

    @property
    def whole(self) -> bool:
        """Whether all vintages are seen."""
        return self.only is None and not self._newest

    @property
    def name(self) -> str:
        """What tells the store, or the part of it that is seen, from any other."""
        if self.whole:
            return self.place
        seen = {dataset: sorted(pairs) for dataset, pairs in sorted((self.only or {}).items())}
        part = hashlib.sha256(repr((self.only is None, seen, sorted(self._newest.items()))).encode()).hexdigest()
        return f"{self.place} (part {part[:16]})"

    def upto(self, labels: Mapping[str, str]) -> Store:
        """The same store with nothing newer than a label of some datasets."""
        seen = copy.copy(self)
        seen._newest = {**self._newest, **labels}
        return seen

    def datasets(self) -> list[str]:
        """Codes of the datasets with at least one vintage."""
        held = {path.parent.name for layer in self.layers for path in layer.glob(f"*/*{FACTS}")}
        return sorted(name for name in held if self.only is None or name in self.only)

    def manifests(self, dataset: str, as_of: str = "") -> list[tuple[Manifest, Path]]:
        """Vintages of a dataset not later than a date, oldest first; of one day, the user's after the embedded."""
        return [(held.manifest, held.path) for held in self.held(dataset, as_of)]

    def held(self, dataset: str, as_of: str = "") -> list[Held]:
        """Vintages as :meth:`manifests`, each with its place."""
        limit = self._limit(dataset, as_of)
        found = [
            held for number, layer in enumerate(self.layers) for held in _held(layer / dataset, number)
            if held.manifest.vintage <= limit and self._seen(dataset, held.manifest)
        ]  # fmt: skip
        return sorted(found, key=lambda held: held.manifest.vintage)

    def _limit(self, dataset: str, as_of: str) -> str:
        limit = day(as_of) + parquet.EVER if as_of else parquet.EVER
        return min(limit, self._newest.get(dataset, limit))

    def _seen(self, dataset: str, manifest: Manifest) -> bool:
        return self.only is None or (manifest.vintage, manifest.sha256) in self.only.get(dataset, ())

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
        files, limit = self._files(dataset, as_of), self._limit(dataset, as_of)
        small = sum(file.size for file in files) <= _SMALL
        return _whole(dataset, files, limit).copy() if small else _query(dataset, files, limit)

    def select(self, dataset: str, pattern: str, as_of: str = "", geos: Iterable[str] = ()) -> pd.DataFrame:
        """Observations whose key fits an SDMX key pattern, of some countries or of all."""
        files, limit, wanted = self._files(dataset, as_of), self._limit(dataset, as_of), sorted(set(geos))
        if sum(file.size for file in files) <= _SMALL:
            frame = _whole(dataset, files, limit)
            frame = frame[observations.matches(frame["key"], pattern)]
            return frame[frame["geo"].isin(wanted)] if wanted else frame
        within = f"geo IN ({parquet.among(wanted)}) AND " if wanted else ""
        return _query(dataset, files, limit, within + parquet.fits(pattern), len(wanted))

    def series(self, dataset: str, keys: Iterable[str], as_of: str = "", geos: Iterable[str] = ()) -> pd.DataFrame:
        """Observations of some series; naming their countries makes it faster in a large dataset."""
        wanted, within = sorted(set(keys)), sorted(set(geos))
        condition = f"key IN ({parquet.among(wanted)})" if wanted else "false"
        if within:
            condition = f"geo IN ({parquet.among(within)}) AND {condition}"
        return _query(dataset, self._files(dataset, as_of), self._limit(dataset, as_of), condition, len(within))

    def country(self, dataset: str, geo: str, as_of: str = "") -> pd.DataFrame:
        """All observations of one country."""
        condition = f"geo = {parquet.quoted(geo)}"
        return _query(dataset, self._files(dataset, as_of), self._limit(dataset, as_of), condition, 1)

    def history(self, dataset: str) -> pd.DataFrame:
        """Every change of a dataset, in the order in which it became known.

        Returns
        -------
        DataFrame
            An observation table with a column ``change`` (``new``, ``revised``,
            ``withdrawn``); an observation stands in it once for each vintage
            that changed it.
        """
        files = self._files(dataset, "")
        if not files:
            return observations.empty().assign(change=pd.Series(dtype="str"))
        frame = parquet.frame(parquet.history(files), "key, time, ord")
        labels = {held.manifest.vintage for held in self.held(dataset)}
        frame = frame[frame["vintage"].isin(labels)].reset_index(drop=True)
        return _table(dataset, frame)[[*observations.COLUMNS, "change"]]

    def _files(self, dataset: str, as_of: str) -> tuple[parquet.File, ...]:
        """The files with the rows of a dataset, found whole; asked again when one was packed away meanwhile."""
        for _ in range(2):
            with suppress(SourceUnreadable):
                return self._sound(dataset, as_of)
        return self._sound(dataset, as_of)

    def _sound(self, dataset: str, as_of: str) -> tuple[parquet.File, ...]:
        by_path: dict[Path, list[Held]] = {}
        for held in self.held(dataset, as_of):
            by_path.setdefault(held.path, []).append(held)
        files = []
        for path, group in by_path.items():
            if facts.checksum(path) != group[0].sha256:
                raise SourceUnreadable(f"{path}: damaged: its checksum is not the one in its manifest. {REMEDY}")
            labels = sorted(held.manifest.vintage for held in group)
            whole = self.only is None or set(labels) >= {x for x in group[0].packed if x <= labels[-1]}
            files.append(
                parquet.File(
                    path, group[0].layer, labels[0], labels[-1], path.stat().st_size, group[0].sha256,
                    () if whole else tuple(labels),
                )
            )  # fmt: skip
        return tuple(files)

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Be the one writer of the store.

        Raises
        ------
        OutputFailed
            When another process writes for too long, or nothing can be written.
        """
        try:
            self.root.mkdir(parents=True, exist_ok=True)
            with FileLock(self.root / ".lock", timeout=_PATIENCE):
                if not self.remote:
                    yield
                    return
                with self.remote.lock():
                    self.remote.pull()
                    yield
        except Timeout:
            raise OutputFailed(f"Another process is writing to {self.root}: try again when it is done.") from None
        except (OSError, parquet.Failure) as error:
            said = getattr(error, "strerror", None) or error
            raise OutputFailed(
                f"Cannot write to the store {self.root}: {said}. Free space or choose another folder with --store."
            ) from None

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
            frame (within ``scope``) was withdrawn. Row counts and checksum are
            filled in here.
        received : bytes, optional
            The bytes received, kept compressed.

        Raises
        ------
        UsageError
            When the frame gives two values for one series and time.
        OutputFailed
            When the store cannot be written; nothing is left behind.
        """
        with self.writing():
            return self._append(frame, manifest, received)

    def _append(self, frame: pd.DataFrame, manifest: Manifest, received: bytes | None) -> Manifest:
        twice = frame[frame.duplicated(["key", "time"])]
        if not twice.empty:
            raise UsageError(
                f"{manifest.dataset}: two values for {twice['key'].iloc[0]} in {twice['time'].iloc[0]}: keep one."
            )
        on = day(manifest.vintage[:10])
        before = self._files(manifest.dataset, on)
        changes = parquet.difference(before, on + parquet.EVER, frame, manifest.complete, manifest.scope)
        same_day = [held for held in self.held(manifest.dataset, on) if held.manifest.vintage[:10] == on]
        own = [held for held in same_day if held.layer == len(self.layers) - 1]
        if changes.empty and own:
            return _complete(manifest, changes, "")
        if restated := self._restated(manifest, changes):
            self.publish(*restated, None)
        label = on if not own else f"{on}-{len(own) + 1:02d}"
        return self.publish(changes, replace(manifest, vintage=label), received)

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
        stated = replace(
            manifest, vintage=f"{later[0]}-{count + 1:02d}", complete=False, request=why, received_sha256=""
        )
        return rows, stated

    def publish(self, changes: pd.DataFrame, manifest: Manifest, received: bytes | None) -> Manifest:
        """Write the files of a vintage (the caller is the one writer)."""
        # The manifest comes last: with it the vintage exists.
        folder = self.root / manifest.dataset
        folder.mkdir(parents=True, exist_ok=True)
        rows, kept, stated = (folder / f"{manifest.vintage}{suffix}" for suffix in (ROWS, RECEIVED, FACTS))
        parts = [path.with_name(path.name + PART) for path in (rows, kept, stated)]
        try:
            parquet.write_changes(changes, manifest.vintage, parts[0])
            manifest = _complete(manifest, changes, facts.checksum(parts[0]))
            if received is not None:
                facts.write(parts[1], gzip.compress(received, mtime=0))
            facts.write(parts[2], facts.dump(manifest))
            for part, path in zip(parts, (rows, kept, stated), strict=True):
                if path != kept or received is not None:
                    part.replace(path)
                    if self.remote:
                        self.remote.push(path)
            facts.settle(folder)
        finally:
            for leftover in (*parts, *(() if stated.exists() else (rows, kept))):
                leftover.unlink(missing_ok=True)
        return manifest


def _held(folder: Path, layer: int) -> Iterator[Held]:
    """The vintages in a folder; one that is packed is read from its pack."""
    packs = [(pack, facts.read_pack(pack)) for pack in folder.glob(f"*{PACK}")]
    place: dict[str, tuple[Path, Pack]] = {}
    for path, pack in sorted(packs, key=lambda pair: len(pair[1].vintages)):
        place |= dict.fromkeys(pack.vintages, (path, pack))
    for path in sorted(folder.glob(f"*{FACTS}")):
        manifest = facts.read_manifest(path)
        if manifest.vintage in place:
            packed, pack = place[manifest.vintage]
            rows = packed.with_name(packed.name.removesuffix(PACK) + PACKED)
            yield Held(manifest, rows, pack.sha256, layer, tuple(pack.vintages))
        else:
            yield Held(manifest, path.with_name(manifest.vintage + ROWS), manifest.sha256, layer)


@functools.lru_cache(maxsize=64)
def _whole(dataset: str, files: tuple[parquet.File, ...], limit: str) -> pd.DataFrame:
    return _query(dataset, files, limit)


def _query(
    dataset: str, files: tuple[parquet.File, ...], limit: str, condition: str = "true", geos: int = 0
) -> pd.DataFrame:
    """What fits a condition, by key and time; ``geos`` says how many countries it leaves (0: any)."""
    if not files:
        return observations.empty()
    # In one file the rows of one country lie in this order already.
    order = "" if len(files) == 1 and geos == 1 else "key, time"
    try:
        found = parquet.frame(parquet.known(files, limit, condition), order, _READ)
    except parquet.Failure as error:
        raise SourceUnreadable(f"{dataset}: its files cannot be read ({error}). {REMEDY}") from None
    return _table(dataset, found)[list(observations.COLUMNS)]


def _table(dataset: str, frame: pd.DataFrame) -> pd.DataFrame:
    return frame.assign(dataset=pd.Series(dataset, index=frame.index, dtype="str"))


def used(store: Store, pairs: Iterable[tuple[str, str]]) -> list[dict[str, Any]]:
    """The manifests of (dataset, vintage) pairs, for a run's record."""
    wanted = set(pairs)
    return [
        {"dataset": dataset, "vintage": m.vintage, "sha256": m.sha256, "acknowledgement": m.acknowledgement}
        for dataset in sorted({dataset for dataset, _ in wanted})
        for m, _ in store.manifests(dataset)
        if (dataset, m.vintage) in wanted
    ]


def _complete(manifest: Manifest, changes: pd.DataFrame, checksum: str) -> Manifest:
    counts = changes["change"].value_counts()
    rows = {change: int(counts.get(change, 0)) for change in ("new", "revised", "withdrawn")}
    return replace(manifest, rows=rows, sha256=checksum)
