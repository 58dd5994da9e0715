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
import os
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from reporting.errors import SourceUnreadable
from reporting.vintages import manifest as facts
from reporting.vintages.manifest import FACTS, PART, RECEIVED, REMEDY, ROWS, Manifest, day
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

    def manifests(self, store: Store, as_of: str = "") -> list[Manifest]:
        """The vintages not later than a date, oldest first."""
        limit = day(as_of) + "~" if as_of else "~"
        folder = self.folder(store)
        # Listed even where it is not there, so that a run knows it again when it comes to be.
        with suppress(OSError):
            os.listdir(folder)  # noqa: PTH208  # a glob does not ask a folder that is missing
        found = [facts.read_manifest(path) for path in folder.glob(f"*{FACTS}")]
        return sorted((m for m in found if m.vintage <= limit), key=lambda manifest: manifest.vintage)

    def read(self, store: Store, as_of: str = "") -> pd.DataFrame:
        """The rows known on a date, each with its vintage.

        Raises
        ------
        SourceUnreadable
            When a file is missing or damaged, naming it.
        """
        frames = [self._rows(store, manifest) for manifest in self.manifests(store, as_of)]
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
        columns = {name: pa.array(rows[name].tolist(), pa.string()) for name in self.columns}
        sink = pa.BufferOutputStream()
        pq.write_table(pa.table(columns), sink, compression="zstd")
        return _put(store, self.folder(store), manifest, sink.getvalue().to_pybytes(), received)


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
