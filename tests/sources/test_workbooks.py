"""Workbooks of the data browser."""

import io
import time

import openpyxl
import pytest

from reporting import sources
from reporting.errors import SourceUnreadable


def workbook(*sheets, summary=()):
    """A workbook of the data browser with the sheets given as rows."""
    book = openpyxl.Workbook()
    book.active.title = "Summary"
    book.active.append([])
    book.active.append(["Last change of data structure: ", None, None, "27/01/2025 23:00"])
    for name in summary:
        book.active.append([None, name, "Annual"])
    for number, rows in enumerate(sheets, start=1):
        sheet = book.create_sheet(f"Sheet {number}")
        for row in rows:
            sheet.append(row)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def head(expenditure="Total", dataset="spr_exp_type__custom_123"):
    """What stands above the table of a sheet."""
    return [
        ["Data extracted on 16/11/2025 22:31:06 from [ESTAT]"],
        ["Dataset: ", f"Expenditure [{dataset}]"],
        ["Last updated: ", "04/11/2025 23:00"],
        [],
        ["Time frequency", None, "Annual"],
        ["Unit of measure", None, "Million euro"],
        ["Main expenditure type", None, expenditure],
        [],
    ]


TABLE = [["TIME", "2022", "", "2023", ""], ["GEO (Labels)", "", "", "", ""], ["Belgium", 1.5, "", 2, "bp"]]
LEGEND = [[], ["Special value"], [":", "not available"], [], ["Observation flags:"], ["bp", "break, provisional"]]


def test_values_with_flags_beside(read, rows):
    """Each sheet gives its series; the flag stands beside the value."""
    more = [*TABLE, ["Euro area - 19 countries  (2015-2022)", ":", "", 3, "e"], *LEGEND]
    extract = read(workbook([*head(), *more], [*head("Other expenditure"), *TABLE]), "book.xlsx")
    assert (extract.dataset, extract.vintage, extract.structure) == ("spr_exp_type", "2025-11-04", "of 2025-01-27")
    assert rows(extract.frame) == [
        ("A.TOTAL.MIO_EUR.BE", "2022", 1.5, ""),
        ("A.TOTAL.MIO_EUR.BE", "2023", 2.0, "bp"),
        ("A.TOTAL.MIO_EUR.EA19", "2022", None, ""),
        ("A.TOTAL.MIO_EUR.EA19", "2023", 3.0, "e"),
        ("A.OTH.MIO_EUR.BE", "2022", 1.5, ""),
        ("A.OTH.MIO_EUR.BE", "2023", 2.0, "bp"),
    ]


def test_without_flag_columns_and_with_codes(read, rows):
    """Values side by side, and codes before the labels, are understood."""
    table = [["TIME", "TIME", "2022", "2023"], ["GEO (Codes)", "GEO (Labels)", "", ""], ["EL", "Greece", 1.5, ":"]]
    extract = read(workbook([*head(), *table]), "book.xlsx")
    assert rows(extract.frame) == [("A.TOTAL.MIO_EUR.EL", "2022", 1.5, ""), ("A.TOTAL.MIO_EUR.EL", "2023", None, "")]


def test_countries_across(read, rows):
    """Periods may stand down and countries across."""
    table = [["GEO (Labels)", "Belgium", "", "Bulgaria", ""], ["TIME", "", "", "", ""], ["2023", 1, "p", 2, ""]]
    extract = read(workbook([*head(), *table]), "book.xlsx")
    assert rows(extract.frame) == [("A.TOTAL.MIO_EUR.BE", "2023", 1.0, "p"), ("A.TOTAL.MIO_EUR.BG", "2023", 2.0, "")]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (workbook(), "no sheet is a table of the data browser"),
        (workbook([["Notes"], ["by hand"]]), "no sheet is a table of the data browser"),
        (workbook([*head(), *TABLE], summary=["Sheet 1", "Sheet 2"]), "the sheet Sheet 2 of the Summary is missing"),
        (workbook([*head(), *TABLE], head()), "sheet 'Sheet 2': no table"),
        (workbook([*head(), *TABLE], [*head(dataset="spr_exp_func"), *TABLE]), "several datasets"),
        (workbook([*head(), *TABLE, ["Freedonia", 1, "", 2, ""]]), "sheet 'Sheet 1', cell B12: 'Freedonia'"),
        (workbook([*head(), *TABLE, ["Bulgaria", 1, "", "many", ""]]), "sheet 'Sheet 1', cell D12: 'many'"),
        (workbook([*head(), *TABLE, ["Belgium", 1, "", 2, ""]]), "cell B12: a second value"),
        (workbook([*head(), *TABLE, [], ["Bulgaria", 1, "", 2, ""]]), "row 13: data below an empty row"),
    ],
)
def test_defects_are_named(content, words, read):
    """A defect of a workbook is placed by sheet, and by cell where it is in one."""
    with pytest.raises(Exception, match=r"book\.xlsx: ") as caught:
        read(content, "book.xlsx")
    assert words in str(caught.value)


def test_cut_workbook(read):
    """A workbook cut in the middle is refused."""
    whole = workbook([*head(), *TABLE])
    with pytest.raises(SourceUnreadable, match="cut or damaged"):
        read(whole[: len(whole) // 2], "book.xlsx")


def test_real_health_expenditure(declared, shared):
    """Belgium's current health expenditure of 2023 is 64,412.05 million euro, in both classifications."""
    for name, key in (
        ("hlth_sha11_hc_2025-11-04.xlsx", "A.MIO_EUR.TOT_HC.BE"),
        ("hlth_sha11_hf.xlsx", "A.MIO_EUR.TOT_HF.BE"),
    ):
        [extract] = sources.read(shared / "sha" / name, declared)
        assert extract.vintage == "2025-11-04"
        assert extract.frame.set_index(["key", "time"]).at[(key, "2023"), "value"] == 64412.05


def test_real_workbook_of_209_sheets(declared, shared):
    """All 209 sheets of functions by schemes are read, every cell, in well under a minute."""
    start = time.perf_counter()
    [extract] = sources.read(shared / "sha" / "hlth_sha11_hchf_2025-11-04.xlsx", declared)
    assert time.perf_counter() - start < 30
    assert (extract.dataset, len(extract.frame)) == ("hlth_sha11_hchf", 209 * 45 * 10)
    assert extract.frame["flag"].value_counts().to_dict() == {"": 88361, "p": 3719, "d": 1121, "b": 839, "bd": 10}


def test_real_poverty_rate(declared, shared):
    """Belgium's at-risk-of-poverty rate of 2024 is 11.4 % in the workbook too."""
    [extract] = sources.read(shared / "silc" / "ilc_li02.xlsx", declared)
    assert extract.frame.set_index(["key", "time"]).at[("A.PC.LI_R_MD60.T.TOTAL.BE", "2024"), "value"] == 11.4
