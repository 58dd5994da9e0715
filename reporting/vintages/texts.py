"""Vintages of texts: rows of named columns, beside the observations of the same store.

What is no number has no place in the observation table. A collection of texts
lies in a folder of its own under ``texts/``: each vintage a Parquet file of
texts with the manifest, the lock, the checksums and the bytes received of any
other vintage. It holds the rows that were new or different when it came in;
later vintages take the place of earlier ones row by row, by the key columns.
"""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from reporting.errors import SourceUnreadable
from reporting.vintages import manifest as facts
from reporting.vintages.manifest import FACTS, PART, RECEIVED, REMEDY, ROWS, Manifest
from reporting.vintages.store import Store

#: The folder of the store in which the collections lie.
FOLDER = "texts"


@dataclass(frozen=True)
class Collection:
    """Rows of texts of one kind: their columns, and those by which a row is known again.

    The first key column is the date the rows speak of: rows of other dates are other rows.
    """

    name: str
    key: tuple[str, ...]
    columns: tuple[str, ...]

    def folder(self, store: Store) -> Path:
        """Where the vintages lie."""
        return store.root / FOLDER / self.name

    @property
    def dataset(self) -> str:
        """The name by which a store, an export and the record of a run know the collection."""
        return f"{FOLDER}/{self.name}"

    def manifests(self, store: Store, as_of: str = "") -> list[Manifest]:
        """The vintages not later than a date that are seen, oldest first."""
        return [manifest for manifest, _ in store.manifests(self.dataset, as_of)]

    def read(self, store: Store, as_of: str = "") -> pd.DataFrame:
        """The rows known on a date, each with its vintage.

        Raises
        ------
        SourceUnreadable
            When a file is missing or damaged, naming it.
        """
        return self._known(store, self.manifests(store, as_of))

    def _known(self, store: Store, manifests: Sequence[Manifest]) -> pd.DataFrame:
        frames = [self._rows(store, manifest) for manifest in manifests]
        if not frames:
            return pd.DataFrame({name: pd.Series(dtype="str") for name in (*self.columns, "vintage")})
        return pd.concat(frames, ignore_index=True).drop_duplicates(list(self.key), keep="last", ignore_index=True)

    def _rows(self, store: Store, manifest: Manifest) -> pd.DataFrame:
        path = self.folder(store) / f"{manifest.vintage}{ROWS}"
        if facts.checksum(path) != manifest.sha256:
            raise SourceUnreadable(f"{path}: damaged: its checksum is not the one in its manifest. {REMEDY}")
        frame: pd.DataFrame = pq.read_table(path).to_pandas()
        return frame.astype("str").assign(vintage=manifest.vintage)

    def append(
        self, store: Store, rows: pd.DataFrame, manifest: Manifest, received: bytes | None = None
    ) -> Manifest | None:
        """Store the rows that are new or different as a vintage; None when there are none.

        Vintages of one day are numbered, as those of observations are.
        """
        with store.writing():
            fresh, counts = self._fresh(rows, self.read(store, manifest.vintage))
            if fresh.empty:
                return None
            taken = sum(m.vintage[:10] == manifest.vintage for m in self.manifests(store))
            label = f"{manifest.vintage}-{taken + 1:02d}" if taken else manifest.vintage
            return self._write(store, fresh, replace(manifest, dataset=self.name, vintage=label, rows=counts), received)

    def _fresh(self, rows: pd.DataFrame, known: pd.DataFrame) -> tuple[pd.DataFrame, dict[str, int]]:
        both = rows[list(self.columns)].merge(
            known[list(self.columns)], on=list(self.key), how="left", suffixes=("", "@"), indicator="found"
        )
        others = [name for name in self.columns if name not in self.key]
        differs = pd.Series(False, index=both.index)
        for name in others:
            differs |= both[name] != both[f"{name}@"]
        new = both["found"] == "left_only"
        counts = {"new": int(new.sum()), "revised": int((differs & ~new).sum()), "withdrawn": 0}
        return both.loc[differs | new, list(self.columns)], counts

    def _write(self, store: Store, rows: pd.DataFrame, manifest: Manifest, received: bytes | None) -> Manifest:
        return _put(store, self.folder(store), manifest, self._bytes(rows), received)

    def _bytes(self, rows: pd.DataFrame) -> bytes:
        columns = {name: pa.array(rows[name].tolist(), pa.string()) for name in self.columns}
        sink = pa.BufferOutputStream()
        pq.write_table(pa.table(columns), sink, compression="zstd")
        return bytes(sink.getvalue().to_pybytes())

    def remake(self, store: Store, manifest: Manifest, rows: pd.DataFrame) -> bool:
        """Make the file of a vintage again from all rows that came in; says whether it is as it was.

        Parameters
        ----------
        rows : DataFrame
            All that the bytes received say of the date of the vintage.
        """
        earlier = [m for m in self.manifests(store) if m.vintage < manifest.vintage]
        fresh, _ = self._fresh(rows, self._known(store, earlier))
        content = self._bytes(fresh)
        if hashlib.sha256(content).hexdigest() != manifest.sha256:
            return False
        path = self.folder(store) / f"{manifest.vintage}{ROWS}"
        part = path.with_name(path.name + PART)
        facts.write(part, content)
        part.replace(path)
        return True


def _put(store: Store, folder: Path, manifest: Manifest, content: bytes, received: bytes | None) -> Manifest:
    """Write a vintage whose rows are given as the bytes of their file (the caller is the one writer)."""
    folder.mkdir(parents=True, exist_ok=True)
    manifest = replace(manifest, sha256=hashlib.sha256(content).hexdigest())
    kept = {} if received is None else {RECEIVED: gzip.compress(received, mtime=0)}
    # The manifest comes last: with it the vintage exists.
    files = {ROWS: content, **kept, FACTS: facts.dump(manifest)}
    paths = [folder / f"{manifest.vintage}{suffix}" for suffix in files]
    parts = [path.with_name(path.name + PART) for path in paths]
    try:
        for part, written in zip(parts, files.values(), strict=True):
            facts.write(part, written)
        for part, path in zip(parts, paths, strict=True):
            part.replace(path)
            if store.remote:
                store.remote.push(path)
        facts.settle(folder)
    finally:
        for leftover in (*parts, *(() if paths[-1].exists() else paths)):
            leftover.unlink(missing_ok=True)
    return manifest


def sound(path: Path) -> bool:
    """Whether the rows beside a manifest have the checksum that it states."""
    manifest = facts.read_manifest(path)
    try:
        return facts.checksum(path.with_name(f"{manifest.vintage}{ROWS}")) == manifest.sha256
    except SourceUnreadable:
        return False


def held(store: Store) -> Sequence[Path]:
    """The folders of all collections in a store."""
    return sorted(path for path in (store.root / FOLDER).glob("*") if path.is_dir())


def check(store: Store, name: str) -> None:
    """Refuse a collection of which a file is not the one of its manifest.

    Raises
    ------
    SourceUnreadable
        Naming the file.
    """
    for manifest, path in store.manifests(name):
        if facts.checksum(path) != manifest.sha256:
            raise SourceUnreadable(f"{path}: damaged: its checksum is not the one in its manifest. {REMEDY}")


def names(store: Store) -> list[str]:
    """The collections of a store with at least one vintage that is seen, each as ``texts/<name>``."""
    found = [f"{FOLDER}/{folder.name}" for folder in held(store)]
    return [name for name in found if store.manifests(name)]
