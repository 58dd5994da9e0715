"""A dataset as SDMX-ML 2.1 (structure-specific time series) and as SDMX-CSV 2.0.

Neither sdmx1 nor pysdmx writes this message so that it is valid: sdmx1 leaves
the structure out of the header, pysdmx quotes comments wrongly and knows no
reporting period. So lxml writes it, series by series; what is written is
validated against its schema and read back before it leaves.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

import pandas as pd
from lxml import etree

from reporting.submissions.structures import Component, Structure

MESSAGE = "http://www.sdmx.org/resources/sdmxml/schemas/v2_1/message"
COMMON = "http://www.sdmx.org/resources/sdmxml/schemas/v2_1/common"
SPECIFIC = "http://www.sdmx.org/resources/sdmxml/schemas/v2_1/data/structurespecific"
INSTANCE = "http://www.w3.org/2001/XMLSchema-instance"
_URN = "urn:sdmx:org.sdmx.infomodel.datastructure.DataStructure={}:ObsLevelDim:TIME_PERIOD"
#: How SDMX-CSV abbreviates what is to be done with the observations.
ACTIONS = {"Append": "A", "Replace": "R", "Delete": "D", "Information": "I"}


@dataclass(frozen=True)
class Header:
    """What a message says of itself."""

    id: str
    prepared: str
    sender: str
    receiver: str
    action: str = "Replace"
    test: bool = False


def namespace(structure: Structure) -> str:
    """The namespace of the structure's own schema; it carries agency, id and version."""
    return _URN.format(structure.name)


def placed(structure: Structure, rows: pd.DataFrame) -> dict[str, list[Component]]:
    """The attributes that the rows fill, by where the message carries them."""
    filled = [a for a in structure.attributes if a.id in rows and bool((rows[a.id] != "").any())]
    return {level: [a for a in filled if a.level == level] for level in ("dataset", "group", "series", "observation")}


def write_ml(path: Path, header: Header, structure: Structure, rows: pd.DataFrame) -> None:
    """Write rows as a structure-specific time-series message, a series for each run of one key.

    Parameters
    ----------
    rows : DataFrame
        A column of texts for each component; empty where there is no value.
    """
    attributes = placed(structure, rows)
    spaces = {"mes": MESSAGE, "com": COMMON, "ss": SPECIFIC, "xsi": INSTANCE, "ns1": namespace(structure)}
    # Given a name instead of a file, lxml would not say in the terms of the system that a disk is full.
    with path.open("wb") as file, etree.xmlfile(file, encoding="utf-8") as out:
        out.write_declaration()
        with out.element(f"{{{MESSAGE}}}StructureSpecificTimeSeriesData", nsmap=spaces):
            out.write(_header(header, structure, rows), pretty_print=True)
            with out.element(f"{{{MESSAGE}}}DataSet", _dataset(header, structure, rows, attributes["dataset"])):
                for group in _groups(structure, rows, attributes["group"]):
                    out.write(group, pretty_print=True)
                for series in _series(structure, rows, attributes):
                    out.write(series, pretty_print=True)


def _header(header: Header, structure: Structure, rows: pd.DataFrame) -> Any:
    root = etree.Element(f"{{{MESSAGE}}}Header", nsmap={"mes": MESSAGE, "com": COMMON})
    for name, text in (("ID", header.id), ("Test", str(header.test).lower()), ("Prepared", header.prepared)):
        etree.SubElement(root, f"{{{MESSAGE}}}{name}").text = text
    for name, party in (("Sender", header.sender), ("Receiver", header.receiver)):
        etree.SubElement(root, f"{{{MESSAGE}}}{name}", id=party)
    of = etree.SubElement(
        root, f"{{{MESSAGE}}}Structure", structureID=structure.id, namespace=namespace(structure),
        dimensionAtObservation=structure.time,
    )  # fmt: skip
    reference = etree.SubElement(of, f"{{{COMMON}}}Structure")
    etree.SubElement(
        reference, "Ref", agencyID=structure.agency, id=structure.id, version=structure.version,
        package="datastructure", attrib={"class": "DataStructure"},
    )  # fmt: skip
    etree.SubElement(root, f"{{{MESSAGE}}}DataSetAction").text = header.action
    periods = sorted(set(rows[structure.time])) if len(rows) else []
    if periods:
        etree.SubElement(root, f"{{{MESSAGE}}}ReportingBegin").text = periods[0]
        etree.SubElement(root, f"{{{MESSAGE}}}ReportingEnd").text = periods[-1]
    return root


def _dataset(header: Header, structure: Structure, rows: pd.DataFrame, attributes: list[Component]) -> dict[str, str]:
    """What is said of the whole dataset."""
    scope = "ConstrainedDataStructure" if structure.regions else "DataStructure"
    said = {a.id: next(text for text in rows[a.id] if text) for a in attributes}
    return {
        f"{{{SPECIFIC}}}structureRef": structure.id,
        f"{{{SPECIFIC}}}dataScope": scope,
        f"{{{SPECIFIC}}}action": header.action,
        f"{{{INSTANCE}}}type": "ns1:DataSetType",
        **said,
    }


def _groups(structure: Structure, rows: pd.DataFrame, attributes: list[Component]) -> Iterator[Any]:
    """A group element for each key of a group that has attributes."""
    for name, dimensions in structure.groups:
        own = [a.id for a in attributes if a.group == name]
        columns = [*dimensions, *own]
        for row in rows[columns].drop_duplicates().itertuples(index=False) if own else ():
            said = {column: text for column, text in zip(columns, row, strict=True) if text}
            yield etree.Element("Group", {f"{{{INSTANCE}}}type": f"ns1:{name}", **said}, nsmap=_TYPED)


#: Group elements name their type, and so need these prefixes whole.
_TYPED = {"xsi": INSTANCE}


def _series(structure: Structure, rows: pd.DataFrame, attributes: dict[str, list[Component]]) -> Iterator[Any]:
    above = [*(d.id for d in structure.dimensions if d.id in rows), *(a.id for a in attributes["series"])]
    below = [c for c in (structure.time, structure.measure) if c in rows] + [a.id for a in attributes["observation"]]
    for key, run in groupby(zip(_tuples(rows, above), _tuples(rows, below), strict=True), key=lambda pair: pair[0]):
        series = etree.Element("Series", _said(above, key))
        for _, observation in run:
            etree.SubElement(series, "Obs", _said(below, observation))
        yield series


def _tuples(rows: pd.DataFrame, columns: Sequence[str]) -> Iterator[tuple[str, ...]]:
    return zip(*(rows[column].tolist() for column in columns), strict=True)


def _said(columns: Sequence[str], texts: Sequence[str]) -> dict[str, str]:
    return {column: text for column, text in zip(columns, texts, strict=True) if text}


def write_csv(path: Path, header: Header, structure: Structure, rows: pd.DataFrame) -> None:
    """Write rows as SDMX-CSV 2.0, with the columns in the order of the structure."""
    columns = [c.id for c in structure.components if c.id in rows and (c.role != "attribute" or _filled(rows, c.id))]
    table = rows[columns].copy()
    table.insert(0, "ACTION", ACTIONS[header.action])
    table.insert(0, "STRUCTURE_ID", structure.name)
    table.insert(0, "STRUCTURE", "datastructure")
    table.to_csv(path, index=False, lineterminator="\n", encoding="utf-8")


def _filled(rows: pd.DataFrame, column: str) -> bool:
    return bool((rows[column] != "").any())
