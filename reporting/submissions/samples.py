"""The mapping and the structures that go with the sample country.

Agency ``XX1``, its structures and their codes are invented to try everything with;
the collection's own DSD comes from Eurostat.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import xlsxwriter

from reporting.declarations import Declarations
from reporting.errors import OutputFailed
from reporting.esspros.classification import Classification, Item
from reporting.files import whole
from reporting.sha import classification

AGENCY, VERSION = "XX1", "1.0"
_STATUSES = {"A": "Normal value", "B": "Break in time series", "D": "Definition differs", "E": "Estimated value",
             "F": "Forecast value", "I": "Imputed value", "M": "Missing value; the data cannot exist",
             "N": "Not significant", "P": "Provisional value", "U": "Low reliability"}  # fmt: skip
_CONFIDENTIALITY = {"F": "Free for publication", "C": "Confidential", "N": "Not for publication"}
_FIXED = {"FREQ": "A", "REF_AREA": "XX", "UNIT": "NAC", "UNIT_MULT": "6"}
_LISTS: dict[str, dict[str, str]] = {
    "FREQ": {"A": "Annual"}, "REF_AREA": {"XX": "Veldania (fictitious)"}, "UNIT": {"NAC": "National currency"},
    "UNIT_MULT": {"0": "Units", "3": "Thousands", "6": "Millions"}, "OBS_STATUS": _STATUSES,
    "CONF_STATUS": _CONFIDENTIALITY,
    "CUSTOM_BREAKDOWN": {"_T": "All schemes", **{f"SCH{n:03d}": f"Scheme {n}" for n in range(1, 61)}},
    "SECTOR": {"_T": "All sectors", "_Z": "Not by origin", "S11_12": "Corporations", "S1311": "Central government",
               "S1312_13": "State and local government", "S1314": "Social security funds", "S14": "Households",
               "S15": "Non-profit institutions serving households", "S2": "Rest of the world"},
}  # fmt: skip
#: Attributes: whether they must be there, and whether they belong to series.
_ATTRIBUTES = {"UNIT_MULT": (True, True), "CUSTOM_BREAKDOWN_LB": (False, True), "OBS_STATUS": (True, False),
               "CONF_STATUS": (True, False), "COMMENT_OBS": (False, False)}  # fmt: skip
#: Structure to its sheet and its dimensions.
STRUCTURES = {
    "ESSPROS_EXP": ("EXPEND", ("FREQ", "REF_AREA", "EXPENDITURE", "CUSTOM_BREAKDOWN", "UNIT")),
    "ESSPROS_REC": ("RECEIPT", ("FREQ", "REF_AREA", "RECEIPT", "SECTOR", "CUSTOM_BREAKDOWN", "UNIT")),
}
#: Dimensions of health accounts, for the axes hc, hp, hf, fs, fp, hk.
_AXES = ("FUNCTION", "PROVIDER", "FINANCING_SCHEME", "FINANCING_SCHEME_REV", "FACTOR_PROVISION", "ASSET_TYPE")
#: The day the sample was made, so that it is the same whenever it is written.
_MADE = datetime(2025, 1, 1)


def write(folder: Path, known: Declarations, items: Classification, codes: Mapping[str, str]) -> list[Path]:
    """Write the mapping workbook and the structure messages of the sample.

    Parameters
    ----------
    codes : mapping
        Item to its illustrative numeric code.

    Raises
    ------
    OutputFailed
        When they cannot be written.
    """
    listed = [items[item] for item in items.written()]
    contents = {
        folder / "mapping.xlsx": mapping(listed, codes), folder / "structure.xml": structure(listed),
        folder / "structure-sha.xml": health(known),
    }  # fmt: skip
    for path, content in contents.items():
        try:
            with whole(path) as part:
                part.write_bytes(content)
        except OSError as error:
            raise OutputFailed(f"Cannot write {path}: {error.strerror}. Name another folder.") from None
    return list(contents)


def _code(item: Item) -> tuple[str, str, str]:
    """The structure of an item, the dimension that carries it, and its code there."""
    if item.table == "expenditure":
        return "ESSPROS_EXP", "EXPENDITURE", item.item.upper().replace(".", "_")
    return "ESSPROS_REC", "RECEIPT", item.type.upper().replace(".", "_") or "TOTAL"


def _sector(item: Item) -> str:
    return "_Z" if item.table == "receipts" else item.sector.upper() or "_T"


def mapping(items: Iterable[Item], codes: Mapping[str, str]) -> bytes:
    """The mapping workbook: a title, and headings below it, as collectors' workbooks have them."""
    buffer = io.BytesIO()
    listed = list(items)
    with xlsxwriter.Workbook(buffer, {"in_memory": True, "strings_to_numbers": False}) as book:
        book.set_properties({"created": _MADE})
        bold = book.add_format({"bold": True})
        for name, (title, dimensions) in STRUCTURES.items():
            sheet = book.add_worksheet(title)
            heads = ["LABEL", "CODE", *dimensions, "TIME_PERIOD", "OBS_VALUE", "UNIT_MULT"]
            sheet.write_string(0, 0, f"Mapping to {AGENCY}:{name}({VERSION}); invented, to try everything with.")
            for column, head in enumerate(heads):
                sheet.write_string(2, column, head, bold)
            own = [item for item in listed if _code(item)[0] == name]
            for row, item in enumerate(own, 3):
                for column, head in enumerate(heads):
                    sheet.write_string(row, column, _cell(head, item, codes))
            sheet.freeze_panes(3, 2)
            sheet.set_column(0, 0, 50)
            sheet.set_column(1, len(heads), 18)
    return buffer.getvalue()


def _cell(head: str, item: Item, codes: Mapping[str, str]) -> str:
    computed = {
        "TIME_PERIOD": "<year>",
        "OBS_VALUE": "<value>",
        "CUSTOM_BREAKDOWN": "<scheme>",
        "SECTOR": _sector(item),
    }
    of_item = {"LABEL": item.label, "CODE": codes[item.item], _code(item)[1]: _code(item)[2]}
    return {**_FIXED, **computed, **of_item}[head]


def structure(items: Iterable[Item]) -> bytes:
    """The structure message of the questionnaire: expenditure and receipts."""
    definitions = {name: dimensions for name, (_, dimensions) in STRUCTURES.items()}
    return message(definitions, _codes(items), _ATTRIBUTES)


def health(known: Declarations) -> bytes:
    """The structure message of health accounts: a dimension for each axis."""
    found = {name: _LISTS[name] for name in ("FREQ", "REF_AREA", "UNIT_MULT", "OBS_STATUS", "CONF_STATUS")}
    found["OBS_STATUS"] = {**_STATUSES, "K": "Included in another category", "L": "Missing; not collected"}
    found |= {
        "MEASURE": {"EXP_HEALTH": "Expenditure on health", "CAPITAL_FORM": "Capital formation"},
        "UNIT_MEASURE": {"XDC": "National currency"},
    }
    for dimension, axis in zip(_AXES, classification.load(known).axes.values(), strict=True):
        codes = {axis.eurostat[code]: classification.label(known, axis, code) for code in axis.parents if code != "_T"}
        found[dimension] = {"_T": "Total", "_Z": "Not applicable", **codes}
    dimensions = ("FREQ", "REF_AREA", "MEASURE", "UNIT_MEASURE", *_AXES)
    attributes = {name: how for name, how in _ATTRIBUTES.items() if name != "CUSTOM_BREAKDOWN_LB"}
    return message({"JHAQ": dimensions}, found, attributes)


def message(
    definitions: Mapping[str, Sequence[str]], codes: Mapping[str, Mapping[str, str]],
    attributes: Mapping[str, tuple[bool, bool]],
) -> bytes:  # fmt: skip
    """A structure message of the invented agency, written by sdmx1.

    Parameters
    ----------
    definitions : mapping
        Structure to its dimensions, without time.
    codes : mapping
        Component to its codes with their labels; other components are texts.
    attributes : mapping
        Attribute to whether it must be there, and whether it belongs to series.
    """
    import sdmx
    from sdmx.message import Header, StructureMessage
    from sdmx.model import common, v21

    owner = common.Agency(id=AGENCY, name="Invented agency of the sample")
    made = {"maintainer": owner, "version": VERSION, "is_final": True, "is_external_reference": False}
    lists = {name: v21.Codelist(id=f"CL_{name}", name=name, **made) for name in codes}
    for name, listed in codes.items():
        lists[name].extend(v21.Code(id=code, name=label) for code, label in listed.items())
    names = dict.fromkeys([*lists, *attributes, "TIME_PERIOD", "OBS_VALUE"])
    concepts = v21.ConceptScheme(id="CS_SAMPLE", name="Concepts of the sample", **made)
    concepts.extend(v21.Concept(id=name, name=name) for name in names)
    whole = StructureMessage(header=Header(id="SAMPLE", test=True, prepared=_MADE, sender=owner))
    for artefact in (*lists.values(), concepts):
        whole.add(artefact)
    for name, dimensions in definitions.items():
        whole.add(_definition(v21, common, name, dimensions, attributes, concepts, lists, made))
    written: bytes = sdmx.to_xml(whole, pretty_print=True)
    return written


def _codes(items: Iterable[Item]) -> dict[str, dict[str, str]]:
    found = {name: dict(codes) for name, codes in _LISTS.items()} | {"EXPENDITURE": {}, "RECEIPT": {}}
    for item in items:
        _, dimension, code = _code(item)
        found[dimension].setdefault(code, item.label)
    return found


def _definition(
    v21: Any, common: Any, name: str, dimensions: Sequence[str], attributes: Mapping[str, tuple[bool, bool]],
    concepts: Any, lists: Mapping[str, Any], made: Any,
) -> Any:  # fmt: skip
    """One data structure definition: dimensions, time, value, attributes."""

    def described(concept: str, **more: Any) -> dict[str, Any]:
        coded = {"local_representation": common.Representation(enumerated=lists[concept])} if concept in lists else {}
        return {"id": concept, "concept_identity": concepts[concept], **coded, **more}

    definition = v21.DataStructureDefinition(id=name, name=f"{name} (sample)", **made)
    definition.dimensions.id, definition.measures.id, definition.attributes.id = (
        "DimensionDescriptor", "MeasureDescriptor", "AttributeDescriptor",
    )  # fmt: skip
    for order, dimension in enumerate(dimensions, 1):
        definition.dimensions.append(v21.Dimension(**described(dimension, order=order)))
    key = list(definition.dimensions.components)
    period = common.Facet(value_type=common.FacetValueType.observationalTimePeriod)
    definition.dimensions.append(
        v21.TimeDimension(
            **described("TIME_PERIOD", order=len(key) + 1),
            local_representation=common.Representation(non_enumerated=[period]),
        )
    )
    definition.measures.append(v21.PrimaryMeasure(**described("OBS_VALUE")))
    for attribute, (mandatory, of_series) in attributes.items():
        relation = common.DimensionRelationship(dimensions=key) if of_series else v21.PrimaryMeasureRelationship()
        usage = common.UsageStatus.mandatory if mandatory else common.UsageStatus.conditional
        definition.attributes.append(v21.DataAttribute(**described(attribute, usage_status=usage, related_to=relation)))
    return definition
