"""Each rule of the structural pre-check passes a sound dataset and fires on its defect, at the place of the defect."""

# ruff: noqa: E501  # tables of defects

from __future__ import annotations

from pathlib import Path

import dsds
import pytest
from lxml import etree
from submitting import dataset

from reporting.findings import CellFinding
from reporting.submissions import incoming, messages, precheck, schemas
from reporting.submissions.messages import Header
from reporting.submissions.structures import Structure

HEADER = Header("T1", "2025-01-01T00:00:00Z", "XX2", "4D0")


def told(findings: list[CellFinding]) -> list[tuple[str, str]]:
    """Rule and cell of each finding."""
    return [(finding.rule, finding.cell) for finding in findings]


def spoiled(path: Path, structure: Structure, old: str, new: str) -> set[str]:
    """The rules that stop a file after a text of it was replaced, of which none did before."""
    assert incoming.check(path, [structure]) == []
    path.write_text(path.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")
    return {finding.rule for finding in incoming.check(path, [structure]) if finding.stops}


def test_a_sound_dataset_passes(structure):
    """Nothing is found in a dataset that keeps to its structure."""
    assert precheck.check(dataset(structure)) == []


@pytest.mark.parametrize(
    ("columns", "rule", "cell", "said"),
    [
        ({"TIME_PERIOD": ["2023", "2022-Q1", "2023"]}, "S04", "B2", "'2022-Q1' is no period of frequency A"),
        ({"OBS_VALUE": ["3.5", "1,5", "2"]}, "S05", "B2", "'1,5' is not a number"),
        ({"OBS_VALUE": None}, "S05", "", "150-005"),
        ({"ITEM": ["I1", "I1", "I9"]}, "S06", "B3", "150-904-2: incorrect code 'I9' for ITEM: not in XX1:CL_ITEM(1.0)"),
        ({"OBS_STATUS": ["A", "A", "X"]}, "S06", "B3", "incorrect code 'X' for OBS_STATUS"),
        ({"TIME_PERIOD": ["2023", "2023", "2023"]}, "S08", "B3", "duplicate key A.XX.I1.SCH001.2023, first at 2023!B2"),
        ({"CONF_STATUS": ["F", "", "F"]}, "S09", "B2", "150-031: missing mandatory attribute CONF_STATUS"),
        ({"UNIT_MULT": None}, "S09", "B1", "150-003: missing mandatory attribute UNIT_MULT (series) (and in 2 more)"),
        ({"COLOUR": "red"}, "S10", "", "150-007: concept COLOUR is not in XX1:ESSPROS_EXP(1.0)"),
        ({"CUSTOM_BREAKDOWN": ["_T", "", "SCH001"]}, "S11", "B2", "150-904-1: the series key lacks dimension CUSTOM_BREAKDOWN"),
        ({"ITEM": None}, "S11", "B1", "lacks dimension ITEM (and in 2 more)"),
        ({"COMMENT_OBS": ["", "", "x" * 201]}, "S12", "B3", "COMMENT_OBS is longer than 200 characters"),
        ({"UNIT_MULT": ["6", "6", "0"]}, "S13", "B3", "UNIT_MULT has two values in one series"),
    ],
)  # fmt: skip
def test_a_defect_is_found_where_it_is(structure, columns, rule, cell, said):
    """One defect gives one finding, which stops, with STRUVAL's code where it has one, and says what to do."""
    (finding,) = precheck.check(dataset(structure, **columns))
    assert (finding.rule, finding.cell, finding.stops) == (rule, cell, True)
    assert said in finding.message and finding.mend and finding.file == "q.xlsx"


@pytest.mark.parametrize("period", ["2022-13", "2022-S3", "22", "2022-02-30x", "year"])
def test_periods_are_those_of_their_frequency(structure, period):
    """A text that is no period of any frequency is refused for an unknown frequency too."""
    found = precheck.check(dataset(structure, FREQ="Q", TIME_PERIOD=["2023-Q1", period, "2023-Q2"]))
    assert told(found) == [("S04", "B2")]


REGION = '<s:CubeRegion include="{}"><c:KeyValue id="ITEM">{}</c:KeyValue></s:CubeRegion>'
SPAN = (
    '<s:CubeRegion include="true"><c:KeyValue id="TIME_PERIOD"><c:TimeRange><c:StartPeriod isInclusive="true">{}'
    '</c:StartPeriod><c:EndPeriod isInclusive="true">{}</c:EndPeriod></c:TimeRange></c:KeyValue></s:CubeRegion>'
)


@pytest.mark.parametrize(
    ("region", "cells"),
    [
        (REGION.format("true", "<c:Value>I1</c:Value><c:Value>I2</c:Value>"), []),
        (REGION.format("true", "<c:Value>I2</c:Value>"), ["B1"]),
        (REGION.format("true", "<c:Value>I2</c:Value>") + REGION.format("true", "<c:Value>I1</c:Value>"), []),
        (REGION.format("false", "<c:Value>I1</c:Value>"), ["B1"]),
        (REGION.format("false", "<c:Value>I2</c:Value>"), []),
        (SPAN.format(2020, 2023), []),
        (SPAN.format(2023, 2024), ["B2"]),
    ],
)
def test_the_content_constraint_is_kept(read, region, cells):
    """Keys outside an admitted region, or inside one shut out, are refused, each key once."""
    (structure,) = read(dsds.message(dsds.definition("ESSPROS_EXP"), constraints=dsds.constraint(region)))
    found = precheck.check(dataset(structure))
    assert told(found) == [("S07", cell) for cell in cells]


def test_sets_of_keys_in_a_constraint_are_said_to_be_unchecked(read):
    """What of a constraint is not understood is told, not passed silently."""
    keys = '<s:DataKeySet isIncluded="true"><s:Key><c:KeyValue id="ITEM"><c:Value>I1</c:Value></c:KeyValue></s:Key></s:DataKeySet>'
    (structure,) = read(dsds.message(dsds.definition("ESSPROS_EXP"), constraints=dsds.constraint(keys)))
    (finding,) = precheck.check(dataset(structure))
    assert (finding.rule, finding.severity) == ("S07", "information") and "not checked" in finding.message


def test_a_structure_without_time_is_refused(read):
    """A structure that is none of time series is told with STRUVAL's code."""
    (structure,) = read(dsds.message(dsds.definition("ESSPROS_EXP", time=False)))
    (finding,) = precheck.check(dataset(structure))
    assert finding.rule == "S04" and "150-004" in finding.message


@pytest.mark.parametrize(("pattern", "rules"), [("[a-z ]*", ["S12"]), (r"\i\c*", ["S02"]), ("[", ["S02"]), (".*", [])])
def test_texts_have_the_form_the_structure_asks(read, tmp_path, pattern, rules):
    """A pattern is applied here; one that only XML Schema understands, or nobody does, is left to the schema."""
    facet = f'<s:TextFormat textType="String" pattern="{pattern}"/>'
    source = dsds.message(dsds.definition("ESSPROS_EXP")).replace(dsds.COMMENT.encode(), facet.encode())
    (structure,) = read(source)
    path = tmp_path / "sent.xml"
    sent = dataset(structure, COMMENT_OBS=["", "", "1 remark"])
    messages.write_ml(path, HEADER, structure, sent.rows)
    found = incoming.check(path, [structure])
    assert [finding.rule for finding in found][: len(rules) or 1] == rules


def test_many_wrong_codes_are_told_in_few_lines(structure):
    """Each wrong code is one finding with the number of its rows; near codes are named."""
    found = precheck.check(dataset(structure, ITEM="I11"))
    assert told(found) == [("S06", "B1")]
    assert "(and in 2 more)" in found[0].message and "near it: I1" in found[0].mend


def test_the_schema_of_the_structure_refuses_what_the_rules_refuse(structure, tmp_path):
    """The XSD made from the DSD, an independent check, says no wherever a rule of its scope does, and yes otherwise."""
    valid = {"OBS_VALUE": ["3.5", "", "NaN"], "COMMENT_OBS": ["", "ä<&\"'", ""]}
    defects = [
        {"ITEM": ["I1", "I1", "I9"]}, {"OBS_STATUS": ["A", "A", "X"]}, {"CONF_STATUS": ["F", "", "F"]}, {"UNIT_MULT": None},
        {"TIME_PERIOD": ["2023", "2022-Q9", "2023"]}, {"OBS_VALUE": ["3.5", "1,5", "2"]}, {"CUSTOM_BREAKDOWN": ["_T", "", "SCH001"]},
        {"COMMENT_OBS": ["", "", "x" * 201]},
    ]  # fmt: skip
    said = []
    for number, columns in enumerate([{}, valid, *defects]):
        path = tmp_path / f"{number}.xml"
        messages.write_ml(path, HEADER, structure, dataset(structure, **columns).rows)
        said.append(bool(schemas.faults(etree.parse(str(path)), structure)))
    assert said == [False, False, *[True] * len(defects)]


@pytest.mark.parametrize(
    ("old", "new", "rule"),
    [
        ("</Series>", "</Serie>", "S01"),
        ("<?xml", "<!DOCTYPE x []><?xml", "S01"),
        ("StructureSpecificTimeSeriesData", "GenericData", "S01"),
        ('version="1.0"', 'version="1.1"', "S03"),
        ("ESSPROS_EXP(1.0)", "ESSPROS_EXP(1.1)", "S03"),
        ('agencyID="XX1"', 'agencyID="ESTAT"', "S03"),
        ('ITEM="I1"', 'ITEM="I7"', "S06"),
        ('TIME_PERIOD="2022"', 'TIME_PERIOD="2023"', "S08"),
        (' CONF_STATUS="F"', "", "S09"),
        (' UNIT_MULT="6"', "", "S09"),
        (' FREQ="A"', ' FREQ="A" COLOUR="red"', "S10"),
        (' ITEM="I1"', "", "S11"),
        ('OBS_VALUE="1"', 'OBS_VALUE="one"', "S05"),
        ("<mes:Test>false</mes:Test>", "", "S02"),
    ],
)
def test_a_file_is_checked_as_its_receiver_does(structure, tmp_path: Path, old: str, new: str, rule: str):
    """A defect made in a sound message is found in the file, with the rule it breaks."""
    path = tmp_path / "sent.xml"
    messages.write_ml(path, HEADER, structure, dataset(structure).rows)
    assert rule in spoiled(path, structure, old, new)


def test_messages_of_other_programs_are_checked(read, tmp_path: Path):
    """A message that names its dataflow, and a flat one, are read; what is not validated is said."""
    flow = (
        '<s:Dataflow id="FLOW" agencyID="XX1" version="2.0"><c:Name xml:lang="en">f</c:Name><s:Structure><Ref id="ESSPROS_EXP" '
        'version="1.0" agencyID="XX1" package="datastructure" class="DataStructure"/></s:Structure></s:Dataflow>'
    )
    (structure,) = read(dsds.message(dsds.definition("ESSPROS_EXP"), dataflows=flow))
    path = tmp_path / "sent.xml"
    messages.write_ml(path, HEADER, structure, dataset(structure).rows)
    text = path.read_text(encoding="utf-8")
    reference = '<com:Structure>\n      <Ref agencyID="XX1" id="ESSPROS_EXP" version="1.0" package="datastructure" class="DataStructure"/>\n    </com:Structure>'
    assert reference in text
    usage = '<com:StructureUsage><Ref agencyID="XX1" id="FLOW" version="2.0" package="datastructure" class="Dataflow"/></com:StructureUsage>'
    named = text.replace(reference, usage).replace("DataStructure=XX1:ESSPROS_EXP(1.0)", "Dataflow=XX1:FLOW(2.0)")
    path.write_text(named, encoding="utf-8")
    assert incoming.check(path, [structure]) == []
    path.write_text(named.replace('ITEM="I1"', 'ITEM="I9"'), encoding="utf-8")
    assert [f.rule for f in incoming.check(path, [structure])] == ["S06", "S02"]
    flat = '<Obs FREQ="A" REF_AREA="XX" ITEM="I9" CUSTOM_BREAKDOWN="_T" TIME_PERIOD="2023" OBS_VALUE="1" OBS_STATUS="A" CONF_STATUS="F" UNIT_MULT="6"/>'
    start, end = text.index("<Series"), text.rindex("</Series>") + len("</Series>")
    path.write_text(text[:start] + flat + text[end:], encoding="utf-8")
    assert [(f.rule, f.severity) for f in incoming.check(path, [structure])] == [
        ("S06", "error"),
        ("S02", "information"),
    ]


@pytest.mark.parametrize(
    ("old", "new", "rule"),
    [
        ("XX1:ESSPROS_EXP(1.0)", "XX1:ESSPROS_EXP(1.1)", "S03"),
        (",I1,", ",I7,", "S06"),
        ("2022", "2023", "S08"),
        ("STRUCTURE_ID", "ID", "S01"),
        ("ITEM", "THING", "S10"),
        (",E,F", ",E,", "S09"),
    ],
)
def test_a_csv_file_is_checked_too(structure, tmp_path: Path, old: str, new: str, rule: str):
    """SDMX-CSV 2.0 is checked like SDMX-ML, with the line of the defect."""
    path = tmp_path / "sent.csv"
    messages.write_csv(path, HEADER, structure, dataset(structure).rows)
    assert rule in spoiled(path, structure, old, new)
