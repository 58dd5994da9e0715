"""Structure messages as collectors give them, small, with what a test wants in them."""

# ruff: noqa: E501  # messages as collectors write them, in one piece

from __future__ import annotations

from collections.abc import Mapping, Sequence

NS = (
    'xmlns:m="http://www.sdmx.org/resources/sdmxml/schemas/v2_1/message" '
    'xmlns:s="http://www.sdmx.org/resources/sdmxml/schemas/v2_1/structure" '
    'xmlns:c="http://www.sdmx.org/resources/sdmxml/schemas/v2_1/common"'
)
HEADER = '<m:Header><m:ID>T</m:ID><m:Test>true</m:Test><m:Prepared>2025-01-01T00:00:00</m:Prepared><m:Sender id="XX1"/></m:Header>'
LISTS = {
    "FREQ": ("A", "Q"), "REF_AREA": ("XX", "YY"), "ITEM": ("I1", "I2", "I3"), "CUSTOM_BREAKDOWN": ("_T", "SCH001", "SCH002"),
    "UNIT": ("NAC",), "UNIT_MULT": ("0", "6"), "OBS_STATUS": ("A", "B", "E", "P", "M"), "CONF_STATUS": ("F", "C"),
}  # fmt: skip
DIMENSIONS = ("FREQ", "REF_AREA", "ITEM", "CUSTOM_BREAKDOWN")
#: Attribute to its status and its relationship: observation, series, a group, or the dataset.
ATTRIBUTES = {
    "OBS_STATUS": ("Mandatory", "observation"), "CONF_STATUS": ("Mandatory", "observation"),
    "COMMENT_OBS": ("Conditional", "observation"), "UNIT_MULT": ("Mandatory", "series"),
}  # fmt: skip
#: How comments are written: texts of at most 200 characters.
COMMENT = '<s:TextFormat textType="String" maxLength="200"/>'


def codelist(name: str, codes: Sequence[str]) -> str:
    """A code list of agency XX1."""
    inside = "".join(f'<s:Code id="{code}"><c:Name xml:lang="en">{code}</c:Name></s:Code>' for code in codes)
    return f'<s:Codelist id="CL_{name}" agencyID="XX1" version="1.0"><c:Name xml:lang="en">{name}</c:Name>{inside}</s:Codelist>'


def _component(tag: str, name: str, more: str, inside: str = "", kind: str = "") -> str:
    coded = f'<s:Enumeration><Ref id="CL_{name}" version="1.0" agencyID="XX1" package="codelist" class="Codelist"/></s:Enumeration>'
    how = kind or (coded if name in LISTS else "")
    represented = f"<s:LocalRepresentation>{how}</s:LocalRepresentation>" if how else ""
    concept = (
        f'<s:ConceptIdentity><Ref id="{name}" maintainableParentID="CS" maintainableParentVersion="1.0" agencyID="XX1" '
        'package="conceptscheme" class="Concept"/></s:ConceptIdentity>'
    )
    return f'<s:{tag} id="{name}" {more}>{concept}{represented}{inside}</s:{tag}>'


def _related(of: str, dimensions: Sequence[str]) -> str:
    if of == "observation":
        inside = '<s:PrimaryMeasure><Ref id="OBS_VALUE"/></s:PrimaryMeasure>'
    elif of == "series":
        inside = "".join(f'<s:Dimension><Ref id="{d}"/></s:Dimension>' for d in dimensions)
    else:
        inside = "<s:None/>" if of == "dataset" else f'<s:Group><Ref id="{of}"/></s:Group>'
    return f"<s:AttributeRelationship>{inside}</s:AttributeRelationship>"


def definition(
    name: str, version: str = "1.0", dimensions: Sequence[str] = DIMENSIONS,
    attributes: Mapping[str, tuple[str, str]] = ATTRIBUTES, groups: Mapping[str, Sequence[str]] | None = None,
    time: bool = True,
) -> str:  # fmt: skip
    """A data structure definition of agency XX1."""
    key = "".join(_component("Dimension", d, f'position="{n}"') for n, d in enumerate(dimensions, 1))
    period = '<s:TextFormat textType="ObservationalTimePeriod"/>'
    if time:
        key += _component("TimeDimension", "TIME_PERIOD", f'position="{len(dimensions) + 1}"', kind=period)
    grouped = "".join(
        f'<s:Group id="{group}">'
        + "".join(
            f'<s:GroupDimension><s:DimensionReference><Ref id="{d}"/></s:DimensionReference></s:GroupDimension>'
            for d in of
        )
        + "</s:Group>"
        for group, of in (groups or {}).items()
    )
    listed = "".join(
        _component(
            "Attribute",
            a,
            f'assignmentStatus="{status}"',
            _related(of, dimensions),
            COMMENT if a.startswith(("COMMENT", "CUSTOM_BREAKDOWN_LB")) else "",
        )
        for a, (status, of) in attributes.items()
    )
    return (
        f'<s:DataStructure id="{name}" agencyID="XX1" version="{version}"><c:Name xml:lang="en">{name}</c:Name>'
        f'<s:DataStructureComponents><s:DimensionList id="DimensionDescriptor">{key}</s:DimensionList>{grouped}'
        f'<s:AttributeList id="AttributeDescriptor">{listed}</s:AttributeList><s:MeasureList id="MeasureDescriptor">'
        f"{_component('PrimaryMeasure', 'OBS_VALUE', '')}</s:MeasureList></s:DataStructureComponents></s:DataStructure>"
    )


def constraint(regions: str, of: str = "ESSPROS_EXP", version: str = "1.0") -> str:
    """A content constraint on a structure."""
    return (
        '<s:ContentConstraint id="CC" agencyID="XX1" version="1.0" type="Allowed"><c:Name xml:lang="en">c</c:Name>'
        f'<s:ConstraintAttachment><s:DataStructure><Ref id="{of}" version="{version}" agencyID="XX1" '
        f'package="datastructure" class="DataStructure"/></s:DataStructure></s:ConstraintAttachment>{regions}</s:ContentConstraint>'
    )


def message(
    *definitions: str, lists: Mapping[str, Sequence[str]] = LISTS, constraints: str = "", dataflows: str = ""
) -> bytes:
    """A structure message with code lists, concepts and definitions."""
    concepts = "".join(
        f'<s:Concept id="{name}"><c:Name xml:lang="en">{name}</c:Name></s:Concept>'
        for name in (*LISTS, "TIME_PERIOD", "OBS_VALUE", "COMMENT_OBS", "CUSTOM_BREAKDOWN_LB")
    )
    parts = (
        f"<s:Dataflows>{dataflows}</s:Dataflows>" if dataflows else "",
        f"<s:Codelists>{''.join(codelist(n, c) for n, c in lists.items())}</s:Codelists>" if lists else "",
        '<s:Concepts><s:ConceptScheme id="CS" agencyID="XX1" version="1.0"><c:Name xml:lang="en">CS</c:Name>'
        f"{concepts}</s:ConceptScheme></s:Concepts>",
        f"<s:DataStructures>{''.join(definitions)}</s:DataStructures>" if definitions else "",
        f"<s:Constraints>{constraints}</s:Constraints>" if constraints else "",
    )
    return f'<?xml version="1.0" encoding="UTF-8"?><m:Structure {NS}>{HEADER}<m:Structures>{"".join(parts)}</m:Structures></m:Structure>'.encode()


#: Expenditure and receipts, as the collection has them.
BOTH = message(definition("ESSPROS_EXP"), definition("ESSPROS_REC"))
