"""The structure a provider gives a dataset, against the one declared.

Read through sdmx1. A dimension or a code that moved is found before anything is
downloaded, and named with the place of its declaration and what is near it.
"""

from __future__ import annotations

import contextlib
import difflib
import io
import threading
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reporting.declarations import Dataset, Declarations, Provider
from reporting.errors import ReportingError, SourceUnreadable

#: sdmx1's readers hold state between messages.
_ONE_AT_A_TIME = threading.Lock()


@dataclass(frozen=True)
class Structure:
    """A structure: its id with version, dimensions in the order of the key, codes of each."""

    id: str
    dimensions: tuple[str, ...]
    codes: dict[str, tuple[str, ...]]


def read(message: bytes, dataset: Dataset, provider: Provider) -> Structure:
    """The structure in an SDMX-ML message, under the names of the declarations.

    Raises
    ------
    SourceUnreadable
        When the bytes are no structure message, or refer to files of this machine.
    """
    with opened(message, dataset.id) as found:
        return _structure(_definition(found, dataset), provider)


@contextlib.contextmanager
def opened(message: bytes, name: str) -> Iterator[Any]:
    """A structure message, read by sdmx1 one at a time; whatever its model raises while it is used is translated.

    Parameters
    ----------
    name : str
        What the message is of, for what is said of it.

    Raises
    ------
    SourceUnreadable
        When the bytes are no structure message, or refer to files of this machine.
    """
    if b"<!DOCTYPE" in message or b"<!ENTITY" in message:
        raise SourceUnreadable(f"{name}: the structure message defines entities, which SDMX never does: refused.")
    import sdmx  # takes a while to import

    try:
        with _ONE_AT_A_TIME, contextlib.redirect_stdout(io.StringIO()):  # it prints what it cannot read
            yield sdmx.read_sdmx(io.BytesIO(message))
    except ReportingError:
        raise
    except Exception as error:  # sdmx1 raises whatever its XML library and its model raise
        raise SourceUnreadable(
            f"{name}: not a structure message ({type(error).__name__}: {error}). Get it again."
        ) from None


def _definition(message: Any, dataset: Dataset) -> Any:
    definitions = list(message.structure.values())
    flow = (dataset.flow or dataset.id).split(",")[-1 if "," not in dataset.flow else 1].upper()
    for dataflow in message.dataflow.values():
        if dataflow.id.upper() == flow and dataflow.structure in definitions:
            return dataflow.structure
    named = [d for d in definitions if d.id.upper() == flow]
    if not (named or len(definitions) == 1):
        ids = ", ".join(d.id for d in definitions) or "none"
        raise SourceUnreadable(f"{dataset.id}: the message has no structure for it (it has {ids}). Try again later.")
    return (named or definitions)[0]


def _structure(definition: Any, provider: Provider) -> Structure:
    dimensions = [d for d in definition.dimensions.components if type(d).__name__ == "Dimension"]
    dimensions.sort(key=lambda d: d.order if isinstance(d.order, int) else 0)
    names = {d.id: provider.columns.get(d.id, d.id).lower() for d in dimensions}
    codes = {names[d.id]: tuple(_codes(d)) for d in dimensions}
    maintainer = definition.maintainer.id if definition.maintainer else provider.agency
    return Structure(f"{maintainer}:{definition.id}({definition.version})", tuple(names.values()), codes)


def _codes(dimension: Any) -> Iterator[str]:
    """The codes of a dimension's list; of a concept's, where the dimension has none of its own."""
    for holder in (dimension.local_representation, getattr(dimension.concept_identity, "core_representation", None)):
        if holder is not None and holder.enumerated is not None:
            yield from (code.id for code in holder.enumerated)
            return


def faults(
    structure: Structure,
    dataset: Dataset,
    needed: Mapping[str, Mapping[str, str]],
    declarations: Declarations,
) -> list[str]:
    """What the declarations say of a dataset that its structure does not bear out.

    Parameters
    ----------
    needed : mapping
        For each dimension, the codes named and which declaration names them.
    """
    if structure.dimensions != dataset.dimensions:
        return [_dimensions_differ(structure, dataset, declarations)]
    found = []
    for dimension, codes in needed.items():
        known = structure.codes.get(dimension, ())
        for code in (c for c in codes if known and c not in known):
            found.append(
                f"{dataset.id}: {dimension} has no code {code}{_near(code, known)}; "
                f"named by {place(declarations, *codes[code].split(' ', 1))}."
            )
    return found


def _dimensions_differ(structure: Structure, dataset: Dataset, declarations: Declarations) -> str:
    gone = [d for d in dataset.dimensions if d not in structure.dimensions]
    new = [d for d in structure.dimensions if d not in dataset.dimensions]
    where = place(declarations, "datasets", dataset.id)
    if not gone and not new:
        return (
            f"{dataset.id}: the dimensions stand in another order, {', '.join(structure.dimensions)}, than declared in "
            f"{where}: change `dimensions` there, and the keys of the series that name the dataset."
        )
    parts = [f"{', '.join(gone)} gone" if gone else "", f"{', '.join(new)} new" if new else ""]
    moves = [m for m in declarations.moves if m.dimension in gone]
    said = "; ".join(f"known move: {m.dimension} → {', '.join(m.to)}{f' ({m.note})' if m.note else ''}" for m in moves)
    near = [f"{d}{_near(d, new)}" for d in gone if _near(d, new) and d not in {m.dimension for m in moves}]
    same = [d.id for d in declarations.datasets.values() if d.dimensions == structure.dimensions and d != dataset]
    twin = [name for name in same if declarations.datasets[name].flow == (dataset.flow or dataset.id)]
    return " ".join(
        filter(
            None,
            (
                f"{dataset.id}: its structure {structure.id} has other dimensions than declared in {where}:",
                f"{' and '.join(filter(None, parts))}.",
                f"{said[:1].upper()}{said[1:]}." if said else "",
                f"{'; '.join(near)}." if near else "",
                f"The new structure is declared as {', '.join(twin)}: name it in the series that use {dataset.id}."
                if twin
                else f"Declare the new structure ({', '.join(structure.dimensions)}).",
            ),
        )
    )


def vanished(dataset: Dataset, flow: str, provider: Provider, listed: Iterable[str], declarations: Declarations) -> str:
    """What to say of a dataset its provider no longer has."""
    moves = [m for m in declarations.moves if m.dataset == flow.lower()]
    if moves:
        hint = " ".join(f"It moved: {flow} → {', '.join(m.to)}{f' ({m.note})' if m.note else ''}." for m in moves)
    else:
        near = difflib.get_close_matches(flow.lower(), list(listed), n=3)
        hint = f"Near it: {', '.join(near)}." if near else "Nothing with a like name is listed."
    return (
        f"{dataset.id}: {provider.name} has no dataset {flow}. {hint} "
        f"It is declared in {place(declarations, 'datasets', dataset.id)}."
    )


def _near(name: str, known: Iterable[str]) -> str:
    near = difflib.get_close_matches(name.upper(), [k.upper() for k in known], n=3)
    shown = [k for k in known if k.upper() in near]
    return f" (near it: {', '.join(shown)})" if shown else ""


def place(declarations: Declarations, section: str, entry: str) -> str:
    """The file under ``parameters/`` that declares an entry, and the entry."""
    if section == "frameworks":
        framework, line, indicator = entry.split(" ", 2)
        return f"parameters/frameworks/{framework}.csv line {line} [{indicator}]"
    family = entry.partition(".")[0]
    for path in sorted((declarations.home / "parameters" / section).glob("*.toml")):
        lines = {line.strip() for line in Path(path).read_text(encoding="utf-8").splitlines()}
        for name in (entry, family):
            if f"[{name}]" in lines:
                return f"parameters/{section}/{path.name} [{name}]"
    return f"parameters/{section}/ [{entry}]"
