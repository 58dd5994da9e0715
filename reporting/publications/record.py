"""The record of a run, ``run.json``: all that is needed to make the same publication again.

It holds no time and no place: the same inputs give the same record.
"""

from __future__ import annotations

import functools
import hashlib
import importlib.metadata
import json
import os
import platform
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reporting import __version__
from reporting.batch.plan import Target
from reporting.declarations import Declarations
from reporting.errors import UsageError
from reporting.files import whole
from reporting.tables import Table

NAME = "run.json"
#: The version of the record's layout; another one cannot be read.
FORMAT = 2

#: Libraries whose versions can change a result.
_LIBRARIES = (
    "babel",
    "duckdb",
    "ipykernel",
    "ipython",
    "matplotlib",
    "nbclient",
    "nbformat",
    "numpy",
    "pandas",
    "papermill",
    "pyarrow",
    "pypandoc_binary",
    "pyyaml",
    "scipy",
    "seaborn",
    "statsmodels",
    "typst",
    "xlsxwriter",
)
_PACKAGE = Path(__file__).parents[1]
_CODE = (".py", ".css", ".js", ".html", ".lua", ".typ")
_TEXTS = {...: str}
#: What a sound record holds: types, tables with their keys (``...`` for any), lists with their items.
_SHAPE: dict[Any, Any] = {
    "format": int, "publication": str, "edition": str, "python": str,
    "parameters": {
        "geo": str, "lang": str, "formats": [str], "as_of": str, "span": int, "engine": str, "record": bool,
    },
    "package": {"version": str, "commit": str, "dirty": bool, "code": str},
    "libraries": _TEXTS, "declarations": _TEXTS, "outputs": _TEXTS,
    "indicators": {...: {"unit": str, "decimals": int, "formula": str, "inputs": _TEXTS, "aggregate": str}},
    "tables": [{"id": str, "title": str, "file": str, "by": str}],
    "vintages": [{"dataset": str, "vintage": str, "sha256": str}],
    "known": {...: [[str]]},
}  # fmt: skip


@dataclass(frozen=True)
class Record:
    """A run: its folder, and what ``run.json`` says of it."""

    folder: Path
    content: Mapping[str, Any]

    @property
    def name(self) -> str:
        """What a person calls the run."""
        p = self.content["parameters"]
        return f"{self.content['publication']} {self.content['edition']} {p['geo']} {p['lang']}"

    @property
    def known(self) -> dict[str, list[tuple[str, str]]]:
        """The vintages that could be read, as (vintage, checksum), for each dataset."""
        return {dataset: [(vintage, sha) for vintage, sha in pairs] for dataset, pairs in self.content["known"].items()}

    def state(self, name: str) -> str:
        """Whether a recorded output is ``whole``, ``altered`` after the run, or ``gone``."""
        try:
            found = checksum(self.folder / name)
        except OSError:
            return "gone"
        return "whole" if found == self.content["outputs"][name] else "altered"


def write(facts: Mapping[str, Any], known: Declarations, target: Target, tables: list[Table], folder: Path) -> None:
    """Write the record of a publication that lies finished in a folder.

    Parameters
    ----------
    facts : mapping
        What only the maker knows: engine, vintages, translations missing.
    """
    files = sorted(p for p in folder.rglob("*") if p.is_file() and p != folder / NAME)
    asked = {name: getattr(target, name) for name in ("geo", "lang", "formats", "as_of", "span")}
    for parameter, file in target.files.items():
        asked[parameter] = {"name": Path(file).name, "sha256": checksum(Path(file))}
    record = {
        "format": FORMAT,
        "publication": target.publication.id,
        "edition": target.publication.edition,
        "parameters": {**asked, "engine": facts["engine"], "record": facts["record"]},
        "package": package(known.home),
        "python": platform.python_version(),
        "libraries": libraries(),
        "declarations": declared(known, target),
        "untranslated": facts["untranslated"],
        "tables": [
            {
                "id": table.id, "number": table.number, "title": table.title, "file": f"tables/{table.id}.csv",
                "by": known.tables[table.id].by if table.id in known.tables else "",
            }
            for table in tables
        ],
        "indicators": indicators(known, {str(row["indicator"]) for table in tables for row in table.tidy} - {""}),
        "vintages": facts["vintages"],
        "known": facts["known"],
        "outputs": {p.relative_to(folder).as_posix(): checksum(p) for p in files},
    }  # fmt: skip
    put(record, folder / NAME)


def put(content: Mapping[str, Any], path: Path) -> None:
    """Write the content of a record, whole or not at all."""
    with whole(path) as part:
        part.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", encoding="utf-8", newline="\n")


def read(named: Path) -> Record:
    """Read the record of a run from its folder or its ``run.json``.

    Raises
    ------
    UsageError
        When there is none, or it is damaged or of another version.
    """
    path = named / NAME if named.is_dir() else named
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(
            f"{path}: cannot be read: {error.strerror}. Name the folder of a publication, or its {NAME}."
        ) from None
    except ValueError as error:
        raise UsageError(f"{path}: damaged: not JSON ({error}). Take the copy from your archive.") from None
    version = content.get("format", 1) if isinstance(content, dict) else None
    if isinstance(version, int) and version != FORMAT and "outputs" in content:
        raise UsageError(
            f"{path}: a record of layout {version}; this version of reporting reads layout {FORMAT}. "
            "Use the version of reporting that the record names, or build the publication again."
        )
    if fault := next(_faults(content, _SHAPE, ""), ""):
        raise UsageError(f"{path}: damaged, or no record of a run: {fault}. Take the copy from your archive.")
    return Record(path.parent, content)


def _faults(value: Any, shape: Any, place: str) -> Iterator[str]:
    """What does not fit the shape, each with its place."""
    if isinstance(shape, dict):
        if not isinstance(value, dict):
            yield f"{place or 'the whole'} is not an object"
            return
        names = value if ... in shape else shape
        for name in names:
            if name not in value:
                yield f"{place}{name} is missing"
            else:
                yield from _faults(value[name], shape.get(name, shape.get(...)), f"{place}{name}.")
    elif isinstance(shape, list):
        if not isinstance(value, list):
            yield f"{place.rstrip('.')} is not a list"
            return
        for number, item in enumerate(value):
            yield from _faults(item, shape[0], f"{place}{number}.")
    elif not isinstance(value, shape) or (shape is int and isinstance(value, bool)):
        yield f"{place.rstrip('.')} is not of the type {shape.__name__}"


def checksum(path: Path) -> str:
    """The SHA-256 of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def libraries() -> dict[str, str]:
    """The versions of the libraries that can change a result."""
    return {name: importlib.metadata.version(name) for name in _LIBRARIES}


def declared(known: Declarations, target: Target) -> dict[str, str]:
    """A checksum of each file that says what this publication is: declarations, its notebooks, its messages."""
    root = known.home / "parameters"
    files = [p for p in root.rglob("*") if p.suffix in (".toml", ".csv") and p.parent.name != "publications"]
    files += [root / "publications" / f"{target.publication.id}.toml", known.home / "_quarto.yml"]
    files += [root / "labels" / target.lang / "messages.po", *(unit.notebook for unit in target.units)]
    return {p.relative_to(known.home).as_posix(): checksum(p) for p in sorted(set(files)) if p.is_file()}


def indicators(known: Declarations, ids: Iterable[str]) -> dict[str, dict[str, Any]]:
    """What is declared of indicators and of those they are computed from."""
    found: dict[str, dict[str, Any]] = {}
    waiting = sorted(ids)
    while waiting:
        name = waiting.pop()
        i = known.indicators[name]
        if name not in found:
            found[name] = i.model_dump(include={"unit", "decimals", "formula", "inputs", "aggregate"})
            waiting += [ref for ref in i.inputs.values() if "/" not in ref]
    return dict(sorted(found.items()))


def package(home: Path) -> dict[str, Any]:
    """Version, code and git commit; a tree is dirty when what makes a publication is not as committed."""
    changes = _git(home, "status", "--porcelain", "--", "parameters", "notebooks", "reporting", "_quarto.yml")
    return {"version": __version__, "commit": _git(home, "rev-parse", "HEAD"), "dirty": bool(changes), "code": _code()}


@functools.cache
def _code() -> str:
    """One checksum of the package's own code."""
    digest = hashlib.sha256()
    for path in sorted(p for p in _PACKAGE.rglob("*") if p.suffix in _CODE and p.is_file()):
        digest.update(f"{path.relative_to(_PACKAGE).as_posix()} {checksum(path)}\n".encode())
    return digest.hexdigest()


def _git(home: Path, *command: str) -> str:
    """What git says, nothing outside a checkout."""
    environment = {**os.environ, "GIT_OPTIONAL_LOCKS": "0", "LC_ALL": "C"}
    try:
        done = subprocess.run(
            ["git", *command], cwd=home, env=environment, capture_output=True, text=True, timeout=10, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip()
