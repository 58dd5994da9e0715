"""A whole store as one file, for the archive or the mail, and back."""

from __future__ import annotations

import hashlib
import io
import re
import tarfile
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from reporting.errors import OutputFailed, SourceUnreadable, UsageError
from reporting.vintages import manifest as facts
from reporting.vintages import parquet, texts
from reporting.vintages.manifest import FACTS, PART, RECEIVED, ROWS, Manifest
from reporting.vintages.store import WHOLE, Held, Store

_MEMBER = re.compile(r"((?:texts/)?\w[\w.-]*)/(\d{4}-\d{2}-\d{2}(-\d{2,})?)(\.json|\.parquet|\.received\.gz)")
#: No member of an archive is larger than this.
_LARGEST = 4 << 30


@dataclass(frozen=True)
class Carried:
    """What an import did with a dataset: how many vintages came in, how many were there."""

    dataset: str
    new: int
    known: int


def export_store(store: Store, path: Path, datasets: Iterable[str] = ()) -> int:
    """Write vintages, those of the embedded edition and of texts included, into one tar file.

    The same vintages give the same bytes. An import of the file needs no
    other edition beneath it.

    Returns
    -------
    int
        How many vintages it holds.
    """
    wanted, held = list(datasets), [*store.datasets(), *texts.names(store)]
    for name in wanted:
        if name not in held:
            raise UsageError(f"{name}: not in the store. There are: {', '.join(held)}.")
    part, count = path.with_name(path.name + PART), 0
    try:
        with tarfile.open(part, "w", format=tarfile.USTAR_FORMAT) as archive:
            for dataset in wanted or held:
                store._files(dataset, "")  # every file is checked before it is copied
                for one in store.held(dataset):
                    _put(archive, store, dataset, one)
                    count += 1
        part.replace(path)
    except OSError as error:
        raise OutputFailed(
            f"Cannot write {path}: {error.strerror or error}. Free space or name another file."
        ) from None
    finally:
        part.unlink(missing_ok=True)
    return count


def _put(archive: tarfile.TarFile, store: Store, dataset: str, one: Held) -> None:
    manifest, path = one.manifest, one.path
    folder = store.layers[one.layer] / dataset
    stem = f"{dataset}/{manifest.vintage}"
    rows = path.read_bytes() if path.name == manifest.vintage + ROWS else _loose(path, manifest)
    kept = folder / f"{manifest.vintage}{RECEIVED}"
    for suffix, content in (
        (ROWS, rows),
        (RECEIVED, kept.read_bytes() if kept.exists() else None),
        (FACTS, facts.dump(manifest)),
    ):
        if content is not None:
            member = tarfile.TarInfo(stem + suffix)
            member.size, member.mode = len(content), 0o644
            archive.addfile(member, io.BytesIO(content))


def _loose(pack: Path, manifest: Manifest) -> bytes:
    """The file of changes of a packed vintage, byte for byte as it was."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "rows.parquet"
        parquet.write_changes(parquet.unpacked(pack, manifest.vintage), manifest.vintage, path)
        content = path.read_bytes()
    if hashlib.sha256(content).hexdigest() != manifest.sha256:
        raise SourceUnreadable(f"{pack}: {manifest.vintage} cannot be taken out of it as it went in. {facts.REMEDY}")
    return content


def import_store(store: Store, path: Path) -> list[Carried]:
    """Put the vintages of an exported file into a store.

    A dataset is taken only when the vintages that the store has of it are the
    first of those in the file: changes say nothing without what they change.
    Into an empty folder everything is taken, and that store then needs no
    embedded edition. Nothing is stored of a file with any fault.

    Raises
    ------
    SourceUnreadable
        When the file is no export, or damaged.
    UsageError
        When the store has other vintages of a dataset.
    """
    found = _members(path)
    fresh = not store.root.exists() or not any(store.root.iterdir())
    if fresh:
        store.layers = [store.root]
    carried = []
    with store.writing():
        plans = {dataset: _missing(store, dataset, vintages) for dataset, vintages in found.items()}
        for dataset, vintages in found.items():
            for label in plans[dataset]:
                _place(store, dataset, label, vintages[label])
            carried.append(Carried(dataset, len(plans[dataset]), len(vintages) - len(plans[dataset])))
        if fresh:
            (store.root / WHOLE).write_text("This store does not lie over the edition of the package.\n")
            if store.remote:
                store.remote.push(store.root / WHOLE)
    return carried


_Files = dict[str, bytes]


def _members(path: Path) -> dict[str, dict[str, _Files]]:
    """Dataset, label, suffix and content of all that an exported file holds, checked."""
    found: dict[str, dict[str, _Files]] = {}
    try:
        with tarfile.open(path, "r:") as archive:
            for member in archive:
                name = _MEMBER.fullmatch(member.name)
                if name is None or not member.isfile() or member.size > _LARGEST:
                    raise SourceUnreadable(f"{path.name}: {member.name!r} does not belong into an exported store.")
                content = archive.extractfile(member)
                assert content is not None  # it is a file
                found.setdefault(name[1], {}).setdefault(name[2], {})[name[4]] = content.read()
    except FileNotFoundError:
        raise UsageError(f"{path}: there is no such file.") from None
    except (tarfile.TarError, OSError, EOFError) as error:
        raise SourceUnreadable(f"{path.name}: not a whole exported store ({error}). Get it again.") from None
    if not found:
        raise SourceUnreadable(f"{path.name}: holds no vintage.")
    for dataset, vintages in found.items():
        for label, files in vintages.items():
            _check(path, dataset, label, files)
    return found


def _check(path: Path, dataset: str, label: str, files: _Files) -> None:
    place = f"{path.name}: {dataset} {label}"
    if FACTS not in files or ROWS not in files:
        raise SourceUnreadable(f"{place}: not whole. Get the file again.")
    with tempfile.TemporaryDirectory() as folder:
        stated = Path(folder) / dataset / (label + FACTS)
        stated.parent.mkdir(parents=True)
        stated.write_bytes(files[FACTS])
        try:
            manifest = facts.read_manifest(stated)
        except SourceUnreadable:
            raise SourceUnreadable(f"{place}: its manifest is damaged. Get the file again.") from None
    if hashlib.sha256(files[ROWS]).hexdigest() != manifest.sha256:
        raise SourceUnreadable(f"{place}: its rows are damaged. Get the file again.")


def _missing(store: Store, dataset: str, vintages: dict[str, _Files]) -> list[str]:
    """The labels that the store lacks; or wrong use when the two histories do not fit."""
    have = {manifest.vintage: manifest.sha256 for manifest, _ in store.manifests(dataset)}
    given = {label: hashlib.sha256(files[ROWS]).hexdigest() for label, files in sorted(vintages.items())}
    if given.items() <= have.items():
        return []
    if any(not _continues(have, given, date) for date in _histories(dataset, have)):
        raise UsageError(
            f"{dataset}: the store has other vintages than the file, and changes say nothing without what they "
            "change. Import into an empty folder: --store NEW"
        )
    return [label for label in given if label not in have]


def _histories(dataset: str, have: dict[str, str]) -> set[str]:
    """What the vintages of one history begin with: nothing, or their date where each date is one of its own."""
    return {label[:10] for label in have} if dataset.startswith(f"{texts.FOLDER}/") else {""} if have else set()


def _continues(have: dict[str, str], given: dict[str, str], date: str) -> bool:
    """Whether the vintages of a history that the store has are the first of those that are given."""
    own, other = ({k: v for k, v in side.items() if k.startswith(date)} for side in (have, given))
    return other.items() <= own.items() or dict(list(other.items())[: len(own)]) == own


def _place(store: Store, dataset: str, label: str, files: _Files) -> None:
    folder = store.root / dataset
    folder.mkdir(parents=True, exist_ok=True)
    for suffix in (ROWS, RECEIVED, FACTS):
        if suffix in files:
            path = folder / f"{label}{suffix}"
            part = path.with_name(path.name + PART)
            facts.write(part, files[suffix])
            part.replace(path)
            if store.remote:
                store.remote.push(path)
    facts.settle(folder)
