"""Delimited text in all the spellings met."""

import gzip

import pytest

from reporting import sources
from reporting.errors import SourceChanged, UsageError

HEADER = "DATAFLOW,LAST UPDATE,freq,spdeps,unit,geo,TIME_PERIOD,OBS_VALUE,OBS_FLAG,CONF_STATUS"


def test_sdmx_csv_1_with_codes(read, rows):
    """SDMX-CSV 1.0 gives dataset, vintage, values and flags as they are."""
    extract = read(
        f"{HEADER}\r\nESTAT:SPR_EXP_TYPE(1.0),30/10/25 23:00:00,A,TOTAL,MIO_EUR,BE,2022,1.5,bep,\r\n"
        "ESTAT:SPR_EXP_TYPE(1.0),30/10/25 23:00:00,A,TOTAL,MIO_EUR,BE,2023,:,p,\r\n"
    )
    assert (extract.dataset, extract.vintage) == ("spr_exp_type", "2025-10-30")
    assert extract.structure == "ESTAT:SPR_EXP_TYPE(1.0)"
    assert rows(extract.frame) == [
        ("A.TOTAL.MIO_EUR.BE", "2022", 1.5, "bep"),
        ("A.TOTAL.MIO_EUR.BE", "2023", None, "p"),
    ]
    assert set(extract.frame["vintage"]) == {"2025-10-30"}


def test_labels_are_mapped_back_and_order_is_free(read, rows):
    """Labels instead of codes, and columns in another order, give the same keys."""
    extract = read(
        "TIME_PERIOD,geo,OBS_FLAG,unit,spdeps,OBS_VALUE,STRUCTURE_ID\n"
        "2023,Türkiye,,Million euro,Social protection benefits,2,ESTAT:SPR_EXP_TYPE(1.0)\n"
    )
    assert rows(extract.frame) == [("A.SPR.MIO_EUR.TR", "2023", 2.0, "")]


def test_codes_and_labels_in_one_cell(read, rows):
    """The standard's labels=both writes code and label in one cell and one header."""
    extract = read(
        "STRUCTURE,STRUCTURE_ID,ACTION,FREQ: Time frequency,spdeps: Main expenditure type,unit: Unit of measure,"
        "geo: Geopolitical entity,TIME_PERIOD: Time,OBS_VALUE: Observation value,OBS_FLAG: Flag\n"
        "dataflow,ESTAT:SPR_EXP_TYPE(1.0): Expenditure,I,A: Annual,TOTAL: Total,MIO_EUR: Million euro,EL: Greece,"
        "2023,3,p: provisional\n"
    )
    assert rows(extract.frame) == [("A.TOTAL.MIO_EUR.EL", "2023", 3.0, "p")]


def test_pairs_of_columns(read, rows):
    """Eurostat's pairs of code and label columns are read by the codes."""
    extract = read(
        "STRUCTURE,STRUCTURE_ID,STRUCTURE_NAME,freq,Time frequency,spdeps,A label no list knows,unit,Unit of measure,"
        "geo,Geopolitical entity (reporting),TIME_PERIOD,Time,OBS_VALUE,Observation value,OBS_FLAG,"
        "Observation status (Flag) V2 structure,CONF_STATUS,Confidentiality status (flag)\n"
        "dataflow,ESTAT:SPR_EXP_TYPE$DEFAULTVIEW(1.0),Title,A,Annual,OTH,Other,MIO_EUR,Million euro,BE,Belgium,2023,,"
        "4,,p,provisional,,\n"
    )
    assert rows(extract.frame) == [("A.OTH.MIO_EUR.BE", "2023", 4.0, "p")]


def test_confidential_values_are_missing(read, rows):
    """A confidential value is missing, and flagged c beside its other flags."""
    line = "ESTAT:SPR_EXP_TYPE(1.0),30/10/25 23:00:00,A,TOTAL,MIO_EUR,{},2023,9,{},{}\n"
    extract = read(
        f"{HEADER}\n"
        + line.format("BE", "", "C")
        + line.format("BG", "b", "C")
        + line.format("CZ", "c", "")
        + line.format("DK", "", "F")
    )
    assert [(value, flag) for _, _, value, flag in rows(extract.frame)] == [
        (None, "c"),
        (None, "bc"),
        (None, "c"),
        (9.0, ""),
    ]


@pytest.mark.parametrize("value", ["1,234.5", "1 234.5", "1\u00a0234.5", "1234.5"])
def test_thousands_in_exports_of_the_data_explorer(value, read, rows):
    """Exports in the code page of Windows group thousands by commas or any space."""
    header = '"TIME","GEO","UNIT","SPDEPS","Value","Flag and Footnotes"'
    text = f'{header}\n"2019","Turkey","Million euro","Total","{value}","b"\n'
    extract = read(text.encode("cp1252"), "spr_exp_type_export.csv")
    assert rows(extract.frame) == [("A.TOTAL.MIO_EUR.TR", "2019", 1234.5, "b")]
    assert extract.vintage == ""


def test_explorer_labels_outside_ascii(read, rows):
    """A label in the code page of Windows is understood."""
    text = '"TIME","GEO","UNIT","SPDEPS","Value"\n"2023","Türkiye","Million euro","Total",":"\n'
    assert rows(read(text.encode("cp1252"), dataset="spr_exp_type").frame) == [("A.TOTAL.MIO_EUR.TR", "2023", None, "")]


def test_wide_with_decimal_commas(read, rows):
    """Columns of years, semicolons and decimal commas; a failed cell is missing, with a note."""
    extract = read(
        "geo;labels;2020;2021\r\nBelgium;Government consolidated gross debt;1.112,5;#VALEUR!\r\n", "gov_10dd_edpt1.csv"
    )
    assert rows(extract.frame) == [
        ("A.PC_GDP.S13.GD.BE", "2020", 1112.5, ""),
        ("A.PC_GDP.S13.GD.BE", "2021", None, ""),
    ]
    assert extract.frame["note"].tolist() == ["", "#VALEUR! in the file"]


@pytest.mark.parametrize("compress", [bytes, lambda content: gzip.compress(content, mtime=0)])
def test_tsv(compress, read, rows):
    """TSV cells hold value and flags; compressed or not."""
    text = "freq,spdeps,unit,geo\\TIME_PERIOD\t2021 \t2022 \t2023 \nA,TOTAL,MIO_EUR,BE\t12.3 bp\t: c\t: \n"
    extract = read(compress(text.encode()), "estat_spr_exp_type.tsv.gz")
    assert [(time, value, flag) for _, time, value, flag in rows(extract.frame)] == [
        ("2021", 12.3, "bp"),
        ("2022", None, "c"),
        ("2023", None, ""),
    ]


def test_place_of_a_fault_in_a_wide_file(read):
    """A fault in a table of years is placed by line and column."""
    with pytest.raises(Exception, match="line 2, column 2021: 'much' is not a number"):
        read("geo;labels;2020;2021\nBelgium;Government consolidated gross debt;1;much\n", "gov_10dd_edpt1.csv")


def test_a_new_dimension_in_pairs_is_not_taken_for_a_label(read):
    """A column that is no label of its neighbour is a changed structure."""
    with pytest.raises(SourceChanged, match="spdepm"):
        read(
            "STRUCTURE,STRUCTURE_ID,STRUCTURE_NAME,freq,Time frequency,spdeps,Type,spdepm,Means test,unit,Unit,geo,Geo,"
            "TIME_PERIOD,Time,OBS_VALUE,Observation value\n"
            "dataflow,ESTAT:SPR_EXP_TYPE(1.0),T,A,Annual,OTH,Other,TOTAL,Total,MIO_EUR,Euro,BE,Belgium,2023,,4,\n"
        )


def test_wrong_dataset_is_refused(read):
    """A file that states another dataset than the one wanted is wrong use."""
    with pytest.raises(UsageError, match="holds spr_exp_type, not spr_exp_func"):
        read(
            f"{HEADER}\nESTAT:SPR_EXP_TYPE(1.0),30/10/25 23:00:00,A,TOTAL,MIO_EUR,BE,2022,1,,\n", dataset="spr_exp_func"
        )


def test_real_expenditure(declared, shared):
    """Belgium spent 174,210.26 million euro in 2023, in 7,816 rows."""
    [extract] = sources.read(shared / "esspros" / "spr_exp_type.sdmx-csv-2.0.csv", declared)
    frame = extract.frame.set_index(["key", "time"])
    assert len(frame) == 7816
    assert frame.at[("A.TOTAL.MIO_EUR.BE", "2023"), "value"] == 174210.26
    assert (
        frame.at[("A.TOTAL.MIO_EUR.EE", "2023"), "flag"] == "p"
        or frame.at[("A.TOTAL.MIO_EUR.EE", "2023"), "flag"] == ""
    )


def test_real_labels(declared, shared):
    """AROPE written with labels comes back under codes, with its date."""
    [extract] = sources.read(shared / "silc" / "ilc_peps01n.sdmx-csv-1.0-labels.csv", declared)
    assert (len(extract.frame), extract.vintage) == (6354, "2025-10-30")
    assert "A.PC.TOTAL.T.BE" in set(extract.frame["key"])
