"""Keeping a store sound and small: every checksum verified, what can be mended mended; vintages packed."""

from __future__ import annotations

import gzip
import hashlib
import zlib
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from reporting.errors import ReportingError, SourceUnreadable
from reporting.vintages import manifest as facts
from reporting.vintages import parquet, texts
from reporting.vintages.manifest import FACTS, PACK, PACKED, PART, RECEIVED, ROWS, Manifest, Pack
from reporting.vintages.store import Held, Store

#: From the bytes received and the facts of a vintage, the observation table it was made of.
Reread = Callable[[bytes, Manifest], pd.DataFrame]
#: Makes the rows of a vintage of texts again from the bytes received; says whether they are as they were.
Remake = Callable[[Store, bytes, Manifest], bool]


@dataclass(frozen=True)
class Trouble:
    """Something wrong in a store: where, what, and whether it was mended."""

    path: Path
    what: str
    mended: bool


def compact(store: Store, dataset: str, least: int = 2) -> int:
    """Pack the vintages of a dataset into one file, so that reading opens one instead of many.

    Nothing is lost: every row keeps its vintage, every vintage its manifest.

    Parameters
    ----------
    least : int
        Pack only when at least so many files would become one.

    Returns
    -------
    int
        How many files became one; 0 when nothing was done.
    """
    with store.writing():
        own = _own(store, dataset)
        paths = {held.path for held in own}
        if len(paths) < max(2, least):
            return 0
        _sound(own)
        _pack(store, dataset, own)
        return len(paths)


def _pack(store: Store, dataset: str, own: list[Held]) -> None:
    folder = store.root / dataset
    files = [_file(held) for held in {held.path: held for held in own}.values()]
    part = folder / f"new{PACKED}{PART}"
    parquet.write_pack(files, part)
    digest = facts.checksum(part)
    packed = Pack(dataset, {held.manifest.vintage: held.manifest.sha256 for held in own}, digest)
    stem = f"{own[-1].manifest.vintage}.{digest[:8]}"
    rows, stated = folder / f"{stem}{PACKED}", folder / f"{stem}{PACK}"
    noted = stated.with_name(stated.name + PART)
    facts.write(noted, facts.dump(packed))
    # From the moment its facts are there, the pack counts; what it holds may go then.
    for new, old in ((part, rows), (noted, stated)):
        new.replace(old)
        if store.remote:
            store.remote.push(old)
    facts.settle(folder)
    for path in _superseded(folder, stem, packed):
        _remove(store, path)


def _superseded(folder: Path, stem: str, packed: Pack) -> Iterator[Path]:
    for path in sorted(folder.glob(f"*{PACK}")):
        if path.name != stem + PACK and set(facts.read_pack(path).vintages) <= set(packed.vintages):
            yield path
            yield path.with_name(path.name.removesuffix(PACK) + PACKED)
    for vintage in packed.vintages:
        if (path := folder / f"{vintage}{ROWS}").exists():
            yield path


def _remove(store: Store, path: Path) -> None:
    path.unlink(missing_ok=True)
    if store.remote:
        store.remote.remove(path)


def _own(store: Store, dataset: str) -> list[Held]:
    """The vintages in the writable layer."""
    return [held for held in store.held(dataset) if held.layer == len(store.layers) - 1]


def _sound(own: list[Held]) -> None:
    for held in own:
        if facts.checksum(held.path) != held.sha256:
            raise SourceUnreadable(f"{held.path}: damaged. {facts.REMEDY}")


def verify(store: Store, reread: Reread | None = None, remake: Remake | None = None) -> list[Trouble]:
    """Check every file of the user's store against its checksum; mend what can be mended.

    Leftovers of interrupted writes are removed. Damaged observations and texts
    are made again from the bytes received, and count as mended only when they
    have the checksum of the manifest. What cannot be mended stays as it is and is named.
    """
    found: list[Trouble] = []
    if not store.root.is_dir():
        return found
    with store.writing():
        for folder in sorted(path for path in store.root.iterdir() if path.is_dir() and path.name[0] != "."):
            found += _leftovers(store, folder)
            found += _facts(folder)
            if all(trouble.mended for trouble in found if trouble.path.parent == folder):
                found += _rows(store, folder.name, reread)
            found += _received(folder)
        for folder in texts.held(store):
            found += [*_leftovers(store, folder), *_facts(folder), *_texts(store, folder, remake), *_received(folder)]
    for layer in store.layers[:-1]:
        found += _embedded(Store(layer, embedded=None))
    return found


def _leftovers(store: Store, folder: Path) -> Iterator[Trouble]:
    """What an interrupted write or packing left: files that no manifest and no pack names."""
    packs = {path.name.removesuffix(PACK) for path in folder.glob(f"*{PACK}")}
    for path in sorted(folder.iterdir()):
        name = path.name
        if name.endswith(PART):
            stray = True
        elif name.endswith(PACKED):
            stray = name.removesuffix(PACKED) not in packs
        else:
            suffix = next((s for s in (RECEIVED, ROWS) if name.endswith(s)), "")
            stray = bool(suffix) and not path.with_name(name.removesuffix(suffix) + FACTS).exists()
        if stray:
            _remove(store, path)
            yield Trouble(path, "left by an interrupted write; removed", True)
    yield from _covered(store, folder)


def _covered(store: Store, folder: Path) -> Iterator[Trouble]:
    """Files whose vintages lie in a sound pack: left when packing was interrupted."""
    for path in sorted(folder.glob(f"*{PACK}")):
        try:
            packed = facts.read_pack(path)
            stem = path.name.removesuffix(PACK)
            if facts.checksum(path.with_name(stem + PACKED)) != packed.sha256:
                continue
            covered = list(_superseded(folder, stem, packed))
        except SourceUnreadable:
            continue
        for old in covered:
            _remove(store, old)
            yield Trouble(old, "left by an interrupted packing; removed", True)


def _facts(folder: Path) -> Iterator[Trouble]:
    for path in sorted([*folder.glob(f"*{FACTS}"), *folder.glob(f"*{PACK}")]):
        try:
            facts.read_manifest(path) if path.name.endswith(FACTS) else facts.read_pack(path)
        except SourceUnreadable:
            said = "damaged: the facts of the vintage are lost. Import a good copy (reporting import), or remove it"
            yield Trouble(path, said, False)


def _rows(store: Store, dataset: str, reread: Reread | None) -> Iterator[Trouble]:
    for held in _own(store, dataset):
        if _matches(held.path, held.sha256):
            continue
        what = f"damaged or missing: the observations of {held.manifest.vintage}"
        if _remade(store, held, reread):
            yield Trouble(held.path, f"{what} were made again from the bytes received", True)
        else:
            yield Trouble(held.path, f"{what} are lost. Import a good copy (reporting import), or fetch again", False)


def _texts(store: Store, folder: Path, remake: Remake | None) -> Iterator[Trouble]:
    # Oldest first: a vintage is mended from what came before it.
    for path in sorted(folder.glob(f"*{FACTS}"), key=lambda path: path.name.removesuffix(FACTS)):
        with suppress(SourceUnreadable):  # a damaged manifest is named already
            if texts.sound(path):
                continue
            rows = path.with_name(path.name.removesuffix(FACTS) + ROWS)
            if _reworded(store, path, remake):
                yield Trouble(rows, "damaged or missing: its texts were made again from the bytes received", True)
            else:
                what = "damaged or missing: its texts are lost. Remove its manifest and import the file again"
                yield Trouble(rows, what, False)


def _reworded(store: Store, path: Path, remake: Remake | None) -> bool:
    """Make the texts of a vintage again, and keep them if they are what the manifest says."""
    manifest = facts.read_manifest(path)
    try:
        received = gzip.decompress(path.with_name(manifest.vintage + RECEIVED).read_bytes())
        whole = hashlib.sha256(received).hexdigest() == manifest.received_sha256
        return remake is not None and whole and remake(store, received, manifest)
    except (ReportingError, OSError, EOFError, zlib.error):
        return False


def _matches(path: Path, sha256: str) -> bool:
    try:
        return facts.checksum(path) == sha256
    except SourceUnreadable:
        return False


def _remade(store: Store, held: Held, reread: Reread | None) -> bool:
    """Make the changes of a vintage again, and keep them if they are what the manifest says."""
    manifest = held.manifest
    path = store.root / manifest.dataset / f"{manifest.vintage}{ROWS}"
    part = path.with_name(path.name + PART)
    if reread is None or held.path != path:
        return False
    try:
        received = gzip.decompress(path.with_name(manifest.vintage + RECEIVED).read_bytes())
        before = _before(store, manifest)
        frame = reread(received, manifest)
        changes = parquet.difference(before, manifest.vintage, frame, manifest.complete, manifest.scope)
        parquet.write_changes(changes, manifest.vintage, part)
        if facts.checksum(part) == manifest.sha256:
            part.replace(path)
            return True
    except (ReportingError, OSError, EOFError, zlib.error, parquet.Failure):
        return False
    finally:
        part.unlink(missing_ok=True)
    return False


def _before(store: Store, manifest: Manifest) -> tuple[parquet.File, ...]:
    """The files a vintage was compared with: those of earlier labels."""
    files = []
    for held in store.held(manifest.dataset):
        if held.manifest.vintage < manifest.vintage or (
            held.manifest.vintage == manifest.vintage and held.layer < len(store.layers) - 1
        ):
            if not _matches(held.path, held.sha256):
                raise SourceUnreadable(f"{held.path}: damaged.")
            files.append(_file(held))
    return tuple({file.path: file for file in files}.values())


def _file(held: Held) -> parquet.File:
    label = held.manifest.vintage
    return parquet.File(held.path, held.layer, label, label, held.path.stat().st_size, held.sha256)


def _received(folder: Path) -> Iterator[Trouble]:
    for path in sorted(folder.glob(f"*{RECEIVED}")):
        try:
            manifest = facts.read_manifest(path.with_name(path.name.removesuffix(RECEIVED) + FACTS))
            whole = hashlib.sha256(gzip.decompress(path.read_bytes())).hexdigest()
        except SourceUnreadable:
            continue
        except (OSError, EOFError, zlib.error):
            whole = ""
        if whole != manifest.received_sha256:
            yield Trouble(path, "damaged: the bytes received are lost; the observations are not touched", False)


def _embedded(edition: Store) -> Iterator[Trouble]:
    for dataset in edition.datasets():
        for held in edition.held(dataset):
            if not _matches(held.path, held.sha256):
                yield Trouble(held.path, "damaged in the package itself: install the package again", False)
