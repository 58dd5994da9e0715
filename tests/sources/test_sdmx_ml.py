"""SDMX-ML messages: the same observations as in other layouts, and nothing taken for data that is none."""

from __future__ import annotations

import io
import math
import zipfile
from collections.abc import Callable
from typing import Any

import pandas as pd
import pytest
from mutations import damaged

from reporting import sources
from reporting.declarations import Declarations
from reporting.errors import ReportingError, SourceChanged, SourceUnavailable, SourceUnreadable
from reporting.sources import sdmx_ml

SCHEMAS = "http://www.sdmx.org/resources/sdmxml/schemas/v2_1"
DSD = "urn:sdmx:org.sdmx.infomodel.datastructure.DataStructure=ESTAT:SPR_EXP_TYPE(1.0)"
REFERENCE = '<c:StructureUsage><Ref id="SPR_EXP_TYPE" agencyID="ESTAT" version="1.0"/></c:StructureUsage>'
SERIES = '<Series freq="A" spdeps="TOTAL" unit="MIO_EUR" geo="{geo}"{more}>{observations}</Series>'
KEY = (
    '<g:Value id="geo" value="BE"/><g:Value id="unit" value="MIO_EUR"/>'
    '<g:Value id="spdeps" value="TOTAL"/><g:Value id="freq" value="A"/>'
)


def message(data: str, root: str = "StructureSpecificData", reference: str = REFERENCE, over: str = "TIME_PERIOD",
            after: str = "", of: str = "") -> bytes:  # fmt: skip
    """A message with these series."""
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<m:{root} xmlns:m="{SCHEMAS}/message" xmlns:g="{SCHEMAS}/data/generic" xmlns:c="{SCHEMAS}/common"
 xmlns:s="{SCHEMAS}/data/structurespecific" xmlns:f="{SCHEMAS}/message/footer" xmlns:u="{DSD}:ObsLevelDim:TIME_PERIOD">
<m:Header><m:ID>1</m:ID><m:Prepared>2025-11-01T10:00:00Z</m:Prepared><m:Structure structureID="S"
 dimensionAtObservation="{over}">{reference}</m:Structure><m:Extracted>2025-10-30T23:00:00Z</m:Extracted></m:Header>
<u:DataSet s:structureRef="S"{of}>{data}</u:DataSet>{after}</m:{root}>""".encode()


def specific(observations: str, geo: str = "BE", more: str = "") -> bytes:
    """A structure-specific message of one series."""
    return message(SERIES.format(observations=observations, geo=geo, more=more))


def generic(observations: str) -> bytes:
    """A generic message of one series."""
    return message(f"<g:Series><g:SeriesKey>{KEY}</g:SeriesKey>{observations}</g:Series>", "GenericData")


OBS = '<Obs TIME_PERIOD="{}" OBS_VALUE="{}"{}/>'
SPECIFIC = specific(OBS.format(2022, 1.5, "") + OBS.format(2023, 2, ' OBS_FLAG="bp"') + '<Obs TIME_PERIOD="2024"/>')
GENERIC = generic(
    '<g:Obs><g:ObsDimension value="2022"/><g:ObsValue value="1.5"/></g:Obs>'
    '<g:Obs><g:ObsDimension value="2023"/><g:ObsValue value="2"/>'
    '<g:Attributes><g:Value id="OBS_FLAG" value="bp"/></g:Attributes></g:Obs>'
    '<g:Obs><g:ObsDimension value="2024"/><g:ObsValue value="NaN"/></g:Obs>'
)
FLAT = message(
    "".join(
        f'<Obs freq="A" spdeps="TOTAL" unit="MIO_EUR" geo="BE" TIME_PERIOD="{year}" {said}/>'
        for year, said in ((2022, 'OBS_VALUE="1.5"'), (2023, 'OBS_VALUE="2" OBS_FLAG="bp"'), (2024, ""))
    ),
    over="AllDimensions",
)
FLAT_GENERIC = message(
    "".join(
        f'<g:Obs><g:ObsKey>{KEY}<g:Value id="TIME_PERIOD" value="{year}"/></g:ObsKey>{said}</g:Obs>'
        for year, said in (
            (2022, '<g:ObsValue value="1.5"/>'),
            (2023, '<g:ObsValue value="2"/><g:Attributes><g:Value id="OBS_FLAG" value="bp"/></g:Attributes>'),
            (2024, ""),
        )
    ),
    "GenericData",
    over="AllDimensions",
)


@pytest.fixture
def parse(declared: Declarations) -> Callable[[bytes], pd.DataFrame]:
    """The observation table of a message."""
    return lambda content: sources.parse(content, "answer.xml", declared)[0].frame


@pytest.mark.parametrize(
    "content", [SPECIFIC, GENERIC, FLAT, FLAT_GENERIC], ids=["specific", "generic", "flat", "keys"]
)
def test_every_form_gives_the_same_observations(content: bytes, parse: Any) -> None:
    """Structure-specific or generic, in series or alone: keys, times, values, flags and vintage are those written."""
    frame = parse(content)
    assert frame["key"].tolist() == ["A.TOTAL.MIO_EUR.BE"] * 3
    assert frame["time"].tolist() == ["2022", "2023", "2024"]
    assert frame["value"].tolist()[:2] == [1.5, 2.0] and math.isnan(frame["value"][2])
    assert frame["flag"].tolist() == ["", "bp", ""]
    assert set(frame["vintage"]) == {"2025-10-30"}


def test_series_alone_without_notice_are_not_lost(parse: Any) -> None:
    """Observations outside any series count even where the header does not announce them."""
    assert len(parse(FLAT.replace(b"AllDimensions", b"TIME_PERIOD"))) == 3


def test_xml_says_what_csv_says(declared: Declarations, shared: Any) -> None:
    """Eurostat's own CSV, written as SDMX-ML, gives the same table."""
    path = shared / "esspros" / "spr_exp_type.sdmx-csv-2.0.csv"
    [extract] = sources.read(path, declared)
    raw = pd.read_csv(path, dtype=str, keep_default_na=False)
    data = []
    for codes, part in raw.groupby(["freq", "spdeps", "unit", "geo"], sort=False):
        names = zip(("freq", "spdeps", "unit", "geo"), codes, strict=True)
        inside = "".join(
            OBS.format(row.TIME_PERIOD, row.OBS_VALUE, f' OBS_FLAG="{row.OBS_FLAG}"' if row.OBS_FLAG else "")
            for row in part.itertuples()
        )
        key = " ".join(f'{name}="{code}"' for name, code in names)
        data.append(f"<Series {key}>{inside}</Series>")
    frame = sources.parse(message("".join(data)), "answer.xml", declared)[0].frame
    pd.testing.assert_frame_equal(frame.drop(columns="vintage"), extract.frame.drop(columns="vintage"))


def test_real_messages(shared: Any) -> None:
    """Eurostat's messages: GDP of Luxembourg, a measure dimension told by types, an asynchronous answer in a zip."""
    folder = shared / "sdmx"
    table = sdmx_ml.read((folder / "ESTAT_NAMA_10_GDP-ss.xml").read_bytes())
    assert (table.dataset, table.vintage, table.structure) == ("NAMA_10_GDP", "2022-11-11", "ESTAT:NAMA_10_GDP(1.0)")
    last = table.cells.astype(str).iloc[-1].to_dict()
    assert last == {"geo": "LU", "na_item": "B1GQ", "unit": "CP_MEUR", "freq": "A",
                    "@time": "2015", "@value": "54142.3", "@flag": "", "@conf": ""}  # fmt: skip
    cells = sdmx_ml.read((folder / "ESTAT_demography-xs.xml").read_bytes()).cells.astype(str)
    men = cells[(cells["SEX"] == "M") & (cells["@time"] == "2009") & (cells["COUNTRY"] == "BE")]
    assert men.set_index("DEMO")["@value"].to_dict() == {"LEXPNSIT": "77.7", "LBIRTHST": "", "DEATHST": ""}
    with zipfile.ZipFile(folder / "ESTAT_footer2.zip") as archive:
        content = archive.read(archive.namelist()[0])
    table = sdmx_ml.read(content)
    assert table.dataset == "nama_10_gdp" and len(table.cells) == content.count(b"<generic:Obs>") == 43
    assert table.cells.astype(str).loc[0, ["@time", "@value", "@flag"]].tolist() == ["2017", "9820.6", "e"]


def test_a_zipped_message_is_read(parse: Any) -> None:
    """The asynchronous service sends one message in a zip file."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("DataResponse.xml", SPECIFIC)
    assert parse(out.getvalue()).equals(parse(SPECIFIC))


@pytest.mark.parametrize("name", ["ESTAT_footer.xml", "ESTAT_footer2.xml"])
def test_a_queued_answer_is_not_an_empty_dataset(name: str, declared: Declarations, shared: Any) -> None:
    """A footer with code 413 says where the answer will lie: it is unavailable now."""
    with pytest.raises(SourceUnavailable, match="413 .*http://ec.europa.eu"):
        sources.read(shared / "sdmx" / name, declared)


def test_data_before_a_footer_are_not_taken_for_all(parse: Any) -> None:
    """What stands before the provider's word that the answer was cut is not the dataset."""
    footer = '<f:Footer><f:Message code="510"><c:Text>too big</c:Text></f:Message></f:Footer>'
    data = SERIES.format(observations=OBS.format(2022, 1, ""), geo="BE", more="")
    with pytest.raises(SourceUnavailable, match="510 too big"):
        parse(message(data, after=footer))


def test_confidential_values_are_missing(parse: Any) -> None:
    """Confidentiality of an observation or of its series hides the value; on a whole dataset it is refused."""
    series = SERIES.format(
        geo="BE", more="", observations=OBS.format(2022, 1, ' CONF_STATUS="C"') + OBS.format(2023, 2, "")
    )
    series += SERIES.format(geo="FR", more=' CONF_STATUS="N"', observations=OBS.format(2022, 3, ""))
    frame = parse(message(series))
    assert [(math.isnan(value), flag) for value, flag in zip(frame["value"], frame["flag"], strict=True)] == [
        (True, "c"), (False, ""), (True, "c"),
    ]  # fmt: skip
    with pytest.raises(SourceUnreadable, match="whole DataSet"):
        parse(message(series, of=' CONF_STATUS="C"'))
    with pytest.raises(SourceUnreadable, match="whole Group"):
        parse(message(f'<Group geo="BE" OBS_STATUS="C"/>{series}'))


def test_marks_for_missing_and_levels_may_be_mixed(parse: Any) -> None:
    """NaN and nothing are both missing; an observation's own flag goes before that of its series."""
    observations = OBS.format(2022, "NaN", "") + '<Obs TIME_PERIOD="2023"/>' + OBS.format(2024, 1, ' OBS_FLAG="b"')
    frame = parse(specific(observations + OBS.format(2025, 2, ' OBS_FLAG="p"'), more=' OBS_FLAG="p"'))
    assert frame["value"].isna().tolist() == [True, True, False, False]
    assert frame["flag"].tolist() == ["p", "p", "b", "p"]


def test_unknown_flags_and_attributes(declared: Declarations) -> None:
    """As in SDMX-CSV, an unknown flag is kept and an attribute left, with a warning; a dimension is refused."""
    [extract] = sources.parse(specific(OBS.format(2022, 1, ' OBS_FLAG="x" OBS_COMMENT="a"')), "a.xml", declared)
    assert extract.frame["flag"].tolist() == ["x"]
    assert ["OBS_COMMENT" in w or "'x'" in w for w in extract.warnings] == [True, True]
    with pytest.raises(SourceChanged, match="quantile"):
        sources.parse(specific(OBS.format(2022, 1, ""), more=' quantile="Q1"'), "a.xml", declared)
    with pytest.raises(SourceChanged, match="UNIT_MULT"):
        sources.parse(specific(OBS.format(2022, 1, ' UNIT_MULT="6"')), "a.xml", declared)


def test_the_dataset_is_found_without_a_reference(declared: Declarations) -> None:
    """By a URN in the header, or by the namespace of the data."""
    for reference in (f"<c:Structure><URN>{DSD}</URN></c:Structure>", ""):
        series = SERIES.format(geo="BE", more="", observations=OBS.format(2022, 1, ""))
        [extract] = sources.parse(message(series, reference=reference), "answer.xml", declared)
        assert extract.dataset == "spr_exp_type" and extract.structure.startswith("ESTAT:SPR_EXP_TYPE(1.0)")


ENTITY = b'<!DOCTYPE x [<!ENTITY a "b">]>'
ATTACKS = {
    "a document type": (SPECIFIC.replace(b"<m:Struct", ENTITY + b"<m:Struct", 1), "document type"),
    "an undefined entity": (SPECIFIC.replace(b'"1.5"', b'"&a;"'), "not whole XML"),
    "another message": (SPECIFIC.replace(b"StructureSpecificData", b"Structure"), "no SDMX-ML 2.1 message of data"),
    "another vocabulary": (b"<feed><entry/></feed>", "no SDMX-ML 2.1 message of data"),
    "version 2.0": (SPECIFIC.replace(b"v2_1", b"v2_0"), "no SDMX-ML 2.1 message of data"),
    "a cut": (SPECIFIC[:-40], "not whole XML"),
    "an undeclared prefix": (SPECIFIC.replace(b"m:Header", b"q:Header"), "not whole XML"),
    "not UTF-8": (SPECIFIC.replace(b'"BE"', b'"\xe9"'), "not whole XML"),
    "a deletion": (SPECIFIC.replace(b' s:structureRef="S"', b' s:action="Delete"'), "action 'Delete'"),
    "a strange element": (SPECIFIC.replace(b'<Obs TIME_PERIOD="2024"/>', b'<Obz TIME_PERIOD="2024"/>'), "no part of"),
    "a strange series": (SPECIFIC.replace(b"Series ", b"Serie ").replace(b"</Series", b"</Serie"), "no part of"),
    "a strange part": (GENERIC.replace(b"ObsValue", b"ObsNumber"), "no part of"),
    "no series": (message(""), "no observations"),
    "no value at all": (SPECIFIC.replace(b"OBS_VALUE", b"OBS_PRICE"), "no observation has an OBS_VALUE"),
    "a value that is none": (SPECIFIC.replace(b'"1.5"', b'"much"'), "observation 1 of the message: 'much'"),
    "a time that is none": (SPECIFIC.replace(b'"2023"', b'"late"'), "observation 2 of the message: 'late'"),
    "an observation twice": (SPECIFIC.replace(b'"2023"', b'"2022"'), "observation 2 of the message: a second value"),
    "an attribute twice": (GENERIC.replace(b"<g:Attributes>", b'<g:Attributes><g:Value id="OBS_FLAG"/>'), "twice"),
    "two datasets": (
        SPECIFIC.replace(
            b"</m:Structure>", b'</m:Structure><m:Structure><c:Structure><Ref id="X"/></c:Structure></m:Structure>'
        ),
        "several datasets",
    ),
    "no end": (b'<m:GenericData xmlns:m="http://x/schemas/v2_1/message">' + b"<a>" * 5000, "not whole XML"),
}  # fmt: skip


@pytest.mark.parametrize("name", ATTACKS)
def test_what_is_no_message_of_data_is_refused(name: str, parse: Any) -> None:
    """Each is refused for what it is, by name."""
    content, words = ATTACKS[name]
    with pytest.raises(SourceUnreadable, match=words) as caught:
        parse(content)
    assert "answer.xml" in str(caught.value)


def test_nothing_outside_is_read(tmp_path: Any, parse: Any) -> None:
    """An external entity gives nothing of the file it points to."""
    (tmp_path / "secret").write_text("2022")
    entity = f'<!DOCTYPE x [<!ENTITY a SYSTEM "{(tmp_path / "secret").as_uri()}">]>'.encode()
    with pytest.raises(SourceUnreadable, match="document type"):
        parse(SPECIFIC.replace(b"<m:Struct", entity + b"<m:Struct", 1))


def test_damaged_messages_are_read_or_refused(declared: Declarations) -> None:
    """Damage gives a table or a message to the reader, never another exception."""
    read = 0
    for content in damaged([SPECIFIC, GENERIC, FLAT, FLAT_GENERIC], seed=3):
        try:
            frame = sources.parse(content, "answer.xml", declared)[0].frame
        except ReportingError as error:
            assert str(error)
        else:
            read += 1
            assert not frame.empty
    assert read
