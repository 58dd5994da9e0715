"""An SDMX file as its receiver opens it: what it says of itself, its observations, its faults."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
from lxml import etree

from reporting import files
from reporting.findings import CellFinding
from reporting.submissions import precheck, schemas
from reporting.submissions.datasets import DataSet, nowhere
from reporting.submissions.messages import INSTANCE
from reporting.submissions.structures import Structure, chosen

_STRUCTURE = ("STRUCTURE", "STRUCTURE_ID", "ACTION")
#: libxml2 counts lines up to here.
_LINES = 65_535
_MESSAGES = ("StructureSpecificTimeSeriesData", "StructureSpecificData")


@dataclass(frozen=True)
class Received:
    """A file as read: the structure it names, its rows, and the XML where it is XML."""

    file: str
    references: tuple[str, ...]
    rows: pd.DataFrame
    places: pd.DataFrame
    tree: Any = None


class _Unread(Exception):  # noqa: N818  # carries the finding out of a parser
    def __init__(self, rule: str, message: str, mend: str) -> None:
        super().__init__(message)
        self.rule, self.message, self.mend = rule, message, mend


def check(path: Path, structures: Iterable[Structure]) -> list[CellFinding]:
    """What a receiver that checks structure would say of a file, SDMX-ML 2.1 or SDMX-CSV.

    Raises
    ------
    UsageError, SourceUnreadable
        When there is no such file, or it cannot be read.
    """
    content = files.received(path)
    try:
        received = read(content, path.name)
    except _Unread as fault:
        return [CellFinding(fault.rule, "error", fault.message, fault.mend, file=path.name)]
    return list(_checked(received, tuple(structures)))


def _checked(received: Received, structures: tuple[Structure, ...]) -> Iterator[CellFinding]:
    stated = received.references or ("",)
    fitting = [structure for structure in structures if all(_fits(structure, name) for name in stated)]
    near = list(chosen(structures, stated[0].rpartition(":")[2].partition("(")[0])) or list(structures)
    structure = (fitting or near)[0]
    if not fitting:
        yield CellFinding(
            "S03", "error",
            f"STRUVAL 150: the file refers to {' and '.join(filter(None, stated)) or 'no structure'}; the DSD "
            f"given is {', '.join(s.name for s in near)}.",
            "Make the file for the version of the DSD in force.", file=received.file,
        )  # fmt: skip
    yield from precheck.check(DataSet("", structure, received.rows, received.places, received.file))
    if received.tree is not None and fitting:
        yield from _schema(received, structure)


def _schema(received: Received, structure: Structure) -> Iterator[CellFinding]:
    """What the schema does not admit, for messages of series: flat ones have another."""
    datasets = list(received.tree.getroot().iterfind("{*}DataSet"))
    if any(dataset.find("Obs") is not None for dataset in datasets):
        yield CellFinding(
            "S02", "information", "The message is flat (AllDimensions): it is not validated against a schema.",
            "Send time series, to have it validated.", file=received.file,
        )  # fmt: skip
        return
    spaces = [_space(dataset) for dataset in datasets]
    yield from invalid(received.tree, structure, received.file, spaces[0] if spaces else "")


def _space(dataset: Any) -> str:
    """The namespace of a dataset's type, which stands for its structure; empty where it names none."""
    prefix = dataset.get(f"{{{INSTANCE}}}type", "").rpartition(":")[0]
    return str(dataset.nsmap.get(prefix or None) or "")


def _fits(structure: Structure, name: str) -> bool:
    """Whether a file's reference means a structure, or one of its dataflows."""
    return bool(list(chosen([structure], name))) or name in structure.flows


def invalid(tree: Any, structure: Structure, file: str, own: str = "") -> Iterator[CellFinding]:
    """One finding for a message that its schema does not admit, with what the validator says first."""
    if faults := schemas.faults(tree, structure, own):
        line, said = faults[0]
        yield CellFinding(
            "S02", "error", f"STRUVAL 150: not valid against the schema of {structure.name} "
            f"({len(faults)}{'+' if len(faults) == schemas.FAULTS else ''} faults; the first: {said})",
            "See to what the other findings say.", file=file, cell=f"line {line}",
        )  # fmt: skip


def read(content: bytes, name: str) -> Received:
    """The observations of a file, and the structure it says they keep to."""
    if content.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<"):
        return _message(content, name)
    return _table(content, name)


def parsed(content: bytes) -> Any:
    """XML as a tree; entities, document types and the network are refused."""
    if b"<!DOCTYPE" in content or b"<!ENTITY" in content:
        raise _Unread("S01", "STRUVAL 140: the XML has a document type, which SDMX never has.", "Take it out.")
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, remove_blank_text=True)
    try:
        return etree.parse(io.BytesIO(content), parser)
    except etree.XMLSyntaxError as error:
        raise _Unread("S01", f"STRUVAL 140: not well-formed XML: {error.msg}.", "Write the file again.") from None


def _message(content: bytes, name: str) -> Received:
    tree = parsed(content)
    root = tree.getroot()
    if etree.QName(root).localname not in _MESSAGES:
        raise _Unread(
            "S01", f"STRUVAL 140: {etree.QName(root).localname} is no structure-specific message of data.",
            "Give an SDMX-ML 2.1 structure-specific file.",
        )  # fmt: skip
    records = list(_observations(root))
    cells = [f"line {line}" if line < _LINES else f"observation {n}" for n, (line, _) in enumerate(records, 1)]
    places = nowhere(len(records)).assign(cell=cells)
    rows = pd.DataFrame([said for _, said in records]).fillna("")
    return Received(name, _references(root), rows, places, tree)


def _references(root: Any) -> tuple[str, ...]:
    """The structures a message refers to, in its header and in the namespaces of its datasets: one, if all is well."""
    found = []
    for structure in root.iterfind("{*}Header/{*}Structure"):
        found += [f"{r.get('agencyID')}:{r.get('id')}({r.get('version') or '1.0'})" for r in structure.iter("Ref")]
        found += [(urn.text or "").strip().rpartition("=")[2] for urn in structure.iter("URN")]
    for dataset in root.iterfind("{*}DataSet"):
        space = _space(dataset)
        found += [space.rpartition("=")[2].partition(":ObsLevelDim")[0]] if "infomodel" in space else []
    return tuple(dict.fromkeys(found))


def _observations(root: Any) -> Iterator[tuple[int, dict[str, str]]]:
    """Each observation with its line, and all that is said of it at any level."""
    for dataset in root.iterfind("{*}DataSet"):
        whole = _own(dataset)
        groups = [_own(group) for group in dataset.iterchildren("Group")]
        for series in dataset.iterchildren("Series"):
            above = {**whole, **_own(series)}
            for observation in series.iterchildren("Obs"):
                yield observation.sourceline, _grouped({**above, **_own(observation)}, groups)
        for observation in dataset.iterchildren("Obs"):
            yield observation.sourceline, _grouped({**whole, **_own(observation)}, groups)


def _grouped(said: dict[str, str], groups: list[dict[str, str]]) -> dict[str, str]:
    """What is said of a group holds for each observation that has its part of the key."""
    for group in groups:
        if all(said.get(name, text) == text for name, text in group.items()):
            said = {**group, **said}
    return said


def _own(element: Any) -> dict[str, str]:
    return {name: text for name, text in element.attrib.items() if not name.startswith("{")}


def _table(content: bytes, name: str) -> Received:
    """SDMX-CSV 2.0, or 1.0 with its single column before the components."""
    try:
        text = content.decode("utf-8-sig")
        table = pd.read_csv(io.StringIO(text), dtype=str, keep_default_na=False)
    except (UnicodeDecodeError, pd.errors.ParserError, pd.errors.EmptyDataError) as error:
        raise _Unread("S01", f"STRUVAL 140: neither XML nor SDMX-CSV: {error}.", "Write the file again.") from None
    head = [column for column in table if column in (*_STRUCTURE, "DATAFLOW")]
    if "STRUCTURE_ID" not in head and "DATAFLOW" not in head:
        raise _Unread("S01", "STRUVAL 140: neither XML nor SDMX-CSV: no column STRUCTURE_ID.", "Write the file again.")
    references = table[head[-1] if "DATAFLOW" in head else "STRUCTURE_ID"].unique().tolist()
    if len(references) > 1:
        raise _Unread("S03", f"STRUVAL 150: several structures: {', '.join(references)}.", "Give a file for each.")
    places = nowhere(len(table)).assign(cell=[f"line {line + 2}" for line in range(len(table))])
    return Received(name, tuple(references), table.drop(columns=head), places)
