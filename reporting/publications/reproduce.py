"""A run made again from its record, and compared with it output by output."""

from __future__ import annotations

import platform
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reporting import declarations, views
from reporting.batch.outcomes import Limits
from reporting.batch.plan import FILES, Target, plan
from reporting.errors import NotebookFailed, SourceUnavailable, UsageError
from reporting.publications import choose, differences, record
from reporting.publications.build import Watcher, build
from reporting.publications.record import Record
from reporting.vintages import Store, texts

#: How an output can come out; with the first two a run is reproduced.
IDENTICAL, SAME, DIFFERENT = "identical", "same content", "different"
MISSING, UNEXPECTED, ALTERED = "missing", "unexpected", "altered after the run"
GOOD = (IDENTICAL, SAME)


@dataclass(frozen=True)
class Compared:
    """One output: how it came out and, where it differs, where first and how."""

    file: str
    status: str
    where: str = ""
    recorded: str = ""
    rebuilt: str = ""


@dataclass(frozen=True)
class Reproduction:
    """A run made again: its outputs compared, what has changed since, where the copy is kept."""

    files: tuple[Compared, ...]
    notes: tuple[str, ...]
    kept: Path | None

    @property
    def equal(self) -> bool:
        """Whether every output is identical or has the same content."""
        return all(file.status in GOOD for file in self.files)


def reproduce(
    run: Record, store: Store, outputs: Path | None, jobs: int, tolerance: float, watcher: Watcher,
    sources: Mapping[str, Path | None] | None = None,
) -> Reproduction:  # fmt: skip
    """Build a run again with the data it could read, and compare.

    Parameters
    ----------
    run : Record
    store : Store
        Holds, with the embedded edition, the vintages the record names.
    outputs : Path or None
        Where the rebuilt copy stays; by default a temporary folder, kept only
        when something differs.
    jobs : int
        Notebooks run at a time.
    tolerance : float
        Relative, for numbers where bytes differ.
    watcher : Watcher
    sources : mapping, optional
        The files that the run was made from, by parameter, where it was made from any.

    Raises
    ------
    SourceUnavailable
        When a vintage is not in the store as recorded.
    NotebookFailed
        When the publication can no longer be built.
    """
    _require(run, store)
    given = _files(run, sources or {})
    place = outputs or Path(tempfile.mkdtemp(prefix="reporting-reproduce-"))
    kept = outputs is not None
    try:
        target = _target(run, store, place, given)
        notes = tuple(_notes(run, target))
        engine = choose(run.content["parameters"]["engine"])
        result = build([target], Limits(jobs), engine, run.content["parameters"]["record"], watcher)
        if result.failures:
            kept = True
            said = "\n".join(f"  {failure.name}: {failure.error}" for failure in result.failures)
            changed = "".join(f"\n  {note}" for note in notes)
            raise NotebookFailed(f"{run.name} could not be built again; what was made is in {place}:\n{said}{changed}")
        files = tuple(_compared(run, record.read(target.folder), tolerance))
        kept = kept or any(file.status not in GOOD for file in files)
        return Reproduction(files, notes, target.folder if kept else None)
    finally:
        if not kept:
            shutil.rmtree(place, ignore_errors=True)


def _require(run: Record, store: Store) -> None:
    """Refuse to build from other data than the run could read."""
    faults = []
    for dataset, pairs in run.known.items():
        held = [(m.vintage, m.sha256) for m, _ in store.manifests(dataset)]
        for vintage, sha in pairs:
            if (vintage, sha) not in held:
                same = any(vintage == label for label, _ in held)
                faults.append(f"{dataset} {vintage}: {'differs from the one the run read' if same else 'missing'}")
    if faults:
        listed = "\n".join(f"  {fault}" for fault in faults)
        version = run.content["package"]["version"]
        raise SourceUnavailable(
            f"{run.name} cannot be built again: the store {store.root}, with the embedded edition of this version, "
            f"does not hold the vintages it read:\n{listed}\n"
            f"Name the store of that run with --store; the run was made with reporting {version}."
        )
    for dataset in {vintage["dataset"] for vintage in run.content["vintages"]}:
        # Refuses what is not as its manifest says.
        texts.check(store, dataset) if dataset.startswith(f"{texts.FOLDER}/") else store.read(dataset)


def _files(run: Record, given: Mapping[str, Path | None]) -> dict[str, str]:
    """The files a run was made from, the same to the byte."""
    found = {}
    for name in FILES:
        wanted, path = run.content["parameters"].get(name), given.get(name)
        if not wanted:
            continue
        if path is None or not path.is_file():
            raise UsageError(f"{run.name} was made from {wanted['name']}: name that file with --{name}.")
        if record.checksum(path) != wanted["sha256"]:
            raise SourceUnavailable(f"{path} is not the {wanted['name']} of {run.name}: its content differs.")
        found[name] = str(path.resolve())
    return found


def _target(run: Record, store: Store, outputs: Path, files: Mapping[str, str]) -> Target:
    """What to build: as recorded, from a view on the store."""
    known, asked = declarations.load(), run.content["parameters"]
    outputs.mkdir(parents=True, exist_ok=True)
    view = views.write(outputs / "view.json", store.place, run.known)
    targets = plan(
        known, run.content["publication"], outputs=outputs.resolve(), store=view.resolve(), geos=[asked["geo"]],
        langs=[asked["lang"]], formats=asked["formats"], as_of=asked["as_of"], span=asked["span"],
        files=files,
    )  # fmt: skip
    if len(targets) != 1:
        raise UsageError(f"{run.folder}: damaged record: {asked['geo']!r} is not one country. Take the archived copy.")
    target = targets[0]
    if target.folder.exists():
        raise UsageError(f"{target.folder}: there is a publication already: name an empty folder with --outputs.")
    return target


def _notes(run: Record, target: Target) -> Iterator[str]:
    """What is not as it was when the run was made: the likely causes of a difference."""
    known = declarations.load()
    now = {"edition": target.publication.edition, "python": platform.python_version()}
    for name, value in now.items():
        if value != run.content[name]:
            yield f"{name}: {run.content[name]} in the record, {value} now"
    yield from _changed("package", run.content["package"], record.package(known.home))
    yield from _changed("library", run.content["libraries"], record.libraries())
    yield from _changed("declaration", run.content["declarations"], record.declared(known, target))
    states = {name: run.state(name) for name in run.content["outputs"]}
    if set(states.values()) == {"gone"}:
        yield "none of the recorded outputs is beside the record: they are compared by checksum alone"
    found = {p.relative_to(run.folder).as_posix() for p in run.folder.rglob("*") if p.is_file()}
    strange = sorted(found - set(states) - {record.NAME}) if "gone" not in states.values() else []
    if strange:
        yield f"files in the published folder that the record does not name: {', '.join(strange[:5])}"


def _changed(what: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[str]:
    """A line for each entry that differs; checksums are not shown."""
    for name in sorted({*old, *new}):
        before, after = old.get(name, "none"), new.get(name, "none")
        if before != after and "none" in (before, after):
            yield f"{what} {name}: {'new' if before == 'none' else 'gone'} since the run"
        elif before != after:
            shown = f": {before} in the record, {after} now" if len(str(before)) < 64 else ": changed since the run"
            yield f"{what} {name}{shown}"


def _compared(run: Record, again: Record, tolerance: float) -> Iterator[Compared]:
    old, new = run.content["outputs"], again.content["outputs"]
    states = {name: run.state(name) for name in old}
    alone = set(states.values()) == {"gone"}
    for name in sorted({*old, *new}):
        if name not in old:
            yield Compared(name, UNEXPECTED, "not in the record")
        elif name not in new:
            yield Compared(name, MISSING, "not made again")
        elif states[name] == "altered":
            same = old[name] == new[name]
            yield Compared(name, ALTERED, "the rebuilt file is as recorded" if same else "the rebuilt file differs too")
        elif states[name] == "gone" and not alone:
            yield Compared(name, MISSING, "not in the published folder")
        elif old[name] == new[name]:
            yield Compared(name, IDENTICAL)
        elif alone:
            yield Compared(name, DIFFERENT, "checksum", old[name], new[name])
        else:
            found = differences.first(run.folder / name, again.folder / name, tolerance)
            yield (
                Compared(name, DIFFERENT, found.where, found.recorded, found.rebuilt) if found else Compared(name, SAME)
            )
