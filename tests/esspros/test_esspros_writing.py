"""Questionnaires as they are written: formulas, protection, lists to choose from, and nothing lost on the way."""

from __future__ import annotations

import math
import random
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd
import pytest

from reporting import declarations, labels
from reporting.errors import OutputFailed, UsageError
from reporting.esspros import neutral, new, questionnaire, totals, workbook
from reporting.esspros.classification import Classification
from reporting.esspros.questionnaire import Questionnaire
from reporting.esspros.schemes import ALL, CRITERIA, Scheme

OFFICE = shutil.which("soffice") or shutil.which("soffice", path="/usr/lib/libreoffice/program")
KEY = ["year", "scheme", "item"]
#: Remarks that a note, a formula or a delimiter could be taken for.
REMARKS = ("", "[b] bracketed", "=1+1", "two\nlines", "'quoted", 'a;b,"c"')


def table(*rows: tuple[int, str, str, float, str, str]) -> pd.DataFrame:
    """A neutral table of these figures."""
    return neutral.typed(pd.DataFrame(rows, columns=neutral.COLUMNS))


def plain(found: pd.DataFrame) -> list[tuple[object, ...]]:
    """Rows without places, numbers as their bits."""
    rows = found.sort_values(KEY)[list(neutral.COLUMNS)].itertuples(index=False)
    return [(*row[:3], float(row[3]).hex(), *row[4:]) for row in rows]


def trips(found: Questionnaire, folder: Path) -> Iterator[Questionnaire]:
    """The questionnaire as it comes back from a workbook, from CSV, and from a workbook again."""
    for number in (1, 2):
        workbook.write(folder / f"{number}.xlsx", found)
        found = questionnaire.read(folder / f"{number}.xlsx", found.classification)
        yield found
        neutral.write(folder / f"{number}.csv", found.table)
        yield questionnaire.read(folder / f"{number}.csv", found.classification)


def test_values_survive_workbook_and_csv_bit_for_bit(items: Classification, tmp_path: Path) -> None:
    """Numbers with all their digits, flags and comments come back the same, from typed cells and from formulas."""
    draw = random.Random(11)
    odd = [1 / 3, 0.1 + 0.2, 1e-300, 1e15 + 0.3, 5e-324, -0.0, 123456789.123456789, -2.5, 1e22]
    leaves = list(items.leaves("ben.old")) + list(items.leaves("rec"))
    rows = [
        (2023, str(scheme), leaf, draw.choice([*odd, draw.uniform(-1e6, 1e6)]), draw.choice(["", "e", "bp"]), words)
        for scheme in (1, 2, 17)
        for leaf, words in zip(leaves, REMARKS * 9, strict=False)
    ]  # fmt: skip
    with_sums = totals.completed(table(*rows), items)
    listed = tuple(Scheme(str(number), f"Scheme {number}") for number in (1, 2, 17))
    first = Questionnaire("q.xlsx", with_sums, listed, (), items)
    for back in trips(first, tmp_path):
        assert plain(back.table) == plain(with_sums)
        assert not [f for f in back.findings if f.rule.startswith(("Q", "E05"))]


def test_nothing_in_the_sample_is_lost_on_the_way(reported: Questionnaire, tmp_path: Path) -> None:
    """Register, descriptions, beneficiaries and rates come back as they were."""
    workbook.write(tmp_path / "again.xlsx", reported)
    back = questionnaire.read(tmp_path / "again.xlsx", reported.classification)
    assert (back.schemes, back.findings) == (reported.schemes, ())
    for name in ("table", "qualitative", "beneficiaries", "net"):
        pd.testing.assert_frame_equal(getattr(back, name), getattr(reported, name), check_exact=True)


def test_what_does_not_fit_the_form_is_written_too(items: Classification, tmp_path: Path) -> None:
    """Unknown codes, items that may not be filled, unlisted schemes, and sums without parts keep their figures."""
    rows = table(
        (2023, "1", "1999999", 1.5, "", "a strange code"), (2023, "1", "ben.hou.nmt.kind.owner", 2.5, "", ""),
        (2023, "8", "exp.adm", 3.5, "", ""), (2023, "1", "ben.old", 4.5, "e", "no detail"),
        (2023, ALL, "exp", 9.5, "", ""),
    )  # fmt: skip
    workbook.write(tmp_path / "q.xlsx", Questionnaire("q.xlsx", rows, (Scheme("1", "One"),), (), items))
    assert plain(questionnaire.read(tmp_path / "q.xlsx", items).table) == plain(rows)


def test_a_comment_that_no_note_can_hold_is_refused(items: Classification, tmp_path: Path) -> None:
    """A comment is not cut without a word, and no half of a workbook is left."""
    rows = table((2023, "1", "exp.adm", 1.0, "", "x" * 40_000))
    with pytest.raises(UsageError, match="comment on exp.adm of scheme 1 in 2023"):
        workbook.write(tmp_path / "q.xlsx", Questionnaire("q.xlsx", rows, (), (), items))
    assert not list(tmp_path.iterdir())
    with pytest.raises(OutputFailed, match="Name another file"):
        workbook.write(tmp_path / "no" / "q.xlsx", Questionnaire("q.xlsx", rows[:0], (), (), items))


def computed(sheet: Any, cell: Any, seen: dict[str, float | None]) -> float | None:
    """What a spreadsheet program would show: our formulas worked out from typed cells, apart from our own reader."""
    if cell.coordinate in seen:
        return seen[cell.coordinate]
    if not isinstance(cell.value, str):
        return None if cell.value is None else float(cell.value)
    found = re.fullmatch(r'=IF\(COUNT\((.+)\)=0,"",SUM\((.+)\)\)', cell.value)
    assert found and found[1] == found[2], cell.value
    parts = []
    for area in found[1].split(","):
        cells = sheet[area]
        parts += [c for line in cells for c in line] if isinstance(cells, tuple) else [cells]
    numbers = [number for part in parts if (number := computed(sheet, part, seen)) is not None]
    seen[cell.coordinate] = sum(numbers) if numbers else None
    return seen[cell.coordinate]


def test_formulas_give_the_values_they_were_written_with(sample: Path) -> None:
    """Each aggregate and total is a formula over typed cells whose result is the value beside it."""
    formulas = openpyxl.load_workbook(sample / "veldania.xlsx")["2022"]
    cached = openpyxl.load_workbook(sample / "veldania.xlsx", data_only=True)["2022"]
    seen: dict[str, float | None] = {}
    count = 0
    for line in formulas.iter_rows(min_row=5, min_col=3, max_col=13):
        for cell in line:
            if isinstance(cell.value, str):
                count += 1
                value = cached[cell.coordinate].value
                assert computed(formulas, cell, seen) == (
                    None if value in (None, "") else pytest.approx(value, abs=0.011)
                )
    assert count > 1000


@pytest.mark.skipif(OFFICE is None, reason="no LibreOffice on this machine")
def test_libreoffice_opens_it_and_computes_the_same(sample: Path, reported: Questionnaire, tmp_path: Path) -> None:
    """LibreOffice reads the workbook without its cached values, and gives each aggregate the value we wrote."""
    openpyxl.load_workbook(sample / "veldania.xlsx").save(tmp_path / "bare.xlsx")
    assert OFFICE
    words = [OFFICE, f"-env:UserInstallation={(tmp_path / 'profile').as_uri()}", "--headless", "--convert-to", "xlsx"]
    subprocess.run([*words, "--outdir", tmp_path / "out", tmp_path / "bare.xlsx"], check=True, capture_output=True)
    back = questionnaire.read(tmp_path / "out" / "bare.xlsx", reported.classification)
    assert not back.findings
    pd.testing.assert_frame_equal(back.table, reported.table, atol=0.001)


def test_only_elementary_items_are_open(sample: Path, items: Classification) -> None:
    """Sheets are protected without a password; typed cells are open, formulas, labels and codes are not."""
    for sheet in openpyxl.load_workbook(sample / "veldania.xlsx").worksheets[:5]:
        assert sheet.protection.sheet and not sheet.protection.password
        for row in range(5, sheet.max_row + 1):
            leaf = items.leaf(items.item(str(sheet.cell(row, 2).value)))
            assert sheet.cell(row, 2).protection.locked and sheet.cell(row, 1).protection.locked
            for column in range(4, 14):
                cell = sheet.cell(row, column)
                assert cell.protection.locked is not leaf and (cell.data_type == "f") is not leaf
            assert sheet.cell(row, 3).protection.locked and sheet.cell(row, 3).data_type == "f"


def test_criteria_flags_and_numbers_have_their_lists(sample: Path) -> None:
    """The register offers the values of each criterion, flags are chosen from a list, and figures are numbers."""
    book = openpyxl.load_workbook(sample / "veldania.xlsx")
    heads = [cell.value for cell in book["Schemes"][1]]
    offered = {
        heads[next(iter(v.sqref.ranges)).min_col - 1]: v.formula1.strip('"').split(",")
        for v in book["Schemes"].data_validations.dataValidation
    }
    assert offered == {name: list(values.values()) for name, values in CRITERIA.items()}
    flags = book["NetBenefits"].data_validations.dataValidation[0]
    assert "e" in flags.formula1 and str(flags.sqref).startswith("G2:")
    [numbers] = book["2023"].data_validations.dataValidation
    assert (numbers.type, str(numbers.sqref)) == ("decimal", f"C5:M{book['2023'].max_row}")


@pytest.mark.parametrize("lang", ["fr", "nl", "de"])
def test_labels_are_in_the_language_of_the_reader(lang: str, items: Classification, tmp_path: Path) -> None:
    """A questionnaire in another language has that language's labels and is read just the same."""
    words = labels.Words(declarations.load(), lang)
    empty = table((2023, "1", "exp.adm", 1.0, "", ""))
    found = Questionnaire("q.xlsx", empty, (Scheme("1", "One"),), (), items)
    workbook.write(tmp_path / "q.xlsx", found, workbook.Plan(text=words.text))
    sheet = openpyxl.load_workbook(tmp_path / "q.xlsx")["2023"]
    pension = {"fr": "Pension de vieillesse", "nl": "Ouderdomspensioen", "de": "Altersrente"}[lang]
    assert pension in [sheet.cell(row, 1).value for row in range(5, sheet.max_row + 1)]
    assert not words.missing
    assert questionnaire.read(tmp_path / "q.xlsx", items).table["value"].tolist() == [1.0]


def test_next_years_questionnaire_has_last_years_figures_beside(reported: Questionnaire, tmp_path: Path) -> None:
    """The new sheet is empty, shows the year before to the right, and reads as a year without figures."""
    ended = replace(reported, schemes=(replace(reported.schemes[0], last=2023), *reported.schemes[1:]))
    years = new.write(tmp_path / "q.xlsx", reported.classification, ended, None, None)
    assert years == [2019, 2020, 2021, 2022, 2023, 2024]
    sheet = openpyxl.load_workbook(tmp_path / "q.xlsx", data_only=True)["2024"]
    heads = {cell.value: cell.column for cell in sheet[3] if cell.value}
    assert "Scheme 01" not in heads and "Scheme 02" in heads and "2023 All schemes" in heads
    total = reported.table.query("year == 2023 and scheme == '_T' and item == 'rec'")["value"].iloc[0]
    assert sheet.cell(5, heads["2023 All schemes"]).value == total
    back = questionnaire.read(tmp_path / "q.xlsx", reported.classification)
    assert plain(back.table) == plain(reported.table) and [f.rule for f in back.findings] == ["Q24"]
    assert len(back.beneficiaries) == len(reported.beneficiaries)
    rows = openpyxl.load_workbook(tmp_path / "q.xlsx")["Beneficiaries"].iter_rows(values_only=True)
    assert sum(row[0] == 2024 and row[4] is None for row in rows) == len(reported.beneficiaries) / 5


def test_an_empty_questionnaire_has_a_column_for_each_listed_scheme(
    items: Classification, sample: Path, tmp_path: Path
) -> None:
    """Without last year's there are the schemes of a list, or one, and no figure anywhere."""
    assert new.write(tmp_path / "q.xlsx", items, None, 2024, sample / "schemes.csv") == [2024]
    book = openpyxl.load_workbook(tmp_path / "q.xlsx", data_only=True)
    assert [c.value for c in book["2024"][3]][2:13] == ["All schemes", *(f"Scheme {n:02d}" for n in range(1, 11))]
    back = questionnaire.read(tmp_path / "q.xlsx", items)
    assert back.table.empty and len(back.schemes) == 10 and [f.rule for f in back.findings] == ["Q24"]
    new.write(tmp_path / "one.xlsx", items, None, 2024, None)
    assert [c.value for c in openpyxl.load_workbook(tmp_path / "one.xlsx")["2024"][3]][2:] == [
        "All schemes",
        "Scheme 01",
    ]


@pytest.mark.parametrize(
    ("year", "name", "words"),
    [(2023, "q.xlsx", "has figures of 2023 already"), (2024, "q.xls", "written as .xlsx")],
)
def test_a_questionnaire_that_makes_no_sense_is_refused(
    year: int, name: str, words: str, reported: Questionnaire, tmp_path: Path
) -> None:
    """A year that has figures already, and another kind of file, are refused."""
    with pytest.raises(UsageError, match=words):
        new.write(tmp_path / name, reported.classification, reported, year, None)
    with pytest.raises(UsageError, match="Name the year"):
        new.write(tmp_path / "q.xlsx", reported.classification, None, None, None)


def test_sums_are_missing_where_nothing_is_there(items: Classification) -> None:
    """Aggregates come from leaves alone, schemes add up to the total, and a sum of nothing has no row."""
    found = totals.completed(
        table(
            (2023, "1", "exp.adm", 0.1, "e", "x"), (2023, "1", "exp.oth.other", 0.2, "", ""),
            (2023, "2", "exp.adm", 1.0, "", ""), (2023, "2", "exp", 99.0, "", ""), (2023, ALL, "exp.adm", 99.0, "", ""),
            (2023, "2", "exp.oth.other", math.nan, "m", ""),
        ), items,
    )  # fmt: skip
    rows = found.set_index(["scheme", "item"])
    assert rows["value"].to_dict() == {
        ("1", "exp.adm"): 0.1, ("1", "exp.oth.other"): 0.2, ("1", "exp.oth"): 0.2, ("1", "exp"): 0.1 + 0.2,
        ("2", "exp.adm"): 1.0, ("2", "exp"): 1.0,
        (ALL, "exp.adm"): 1.1, (ALL, "exp.oth.other"): 0.2, (ALL, "exp.oth"): 0.2, (ALL, "exp"): 0.1 + 0.2 + 1.0,
    }  # fmt: skip
    assert rows.loc[("1", "exp.adm"), ["flag", "comment"]].tolist() == ["e", "x"]
