"""Forms that a person fills in: amounts under review, and the correspondent's desk."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pytest
from test_missoc_cli import printed, run

from reporting import forms
from reporting.declarations import Declarations
from reporting.missoc import intake
from reporting.missoc.intake import Given
from reporting.vintages import Store

Rows = list[dict[str, str]]


def edited(path: Path, change: Callable[[Rows], Rows | None]) -> Path:
    """A CSV form after a person worked on it."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    heads = list(rows[0])
    rows = change(rows) or rows
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.DictWriter(file, heads)
        writer.writeheader()
        writer.writerows(rows)
    return path


def confirm(rows: Rows) -> None:
    """Confirm everything but the first, which is no amount, and correct the second."""
    for row in rows:
        row["status"] = "confirmed"
    rows[0]["status"] = "rejected"
    rows[1].update(status="corrected", value="27")


def test_decisions_are_remembered(filled: Store, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What was decided on one edition is known in the next: rejections, corrections, values that are the same."""
    form = tmp_path / "review.csv"
    here = ("--geo", "BE", "--lang", "en", "--store", filled.root)
    assert run("review", "--as-of", "2025-12-31", "--output", form, *here) == 0
    assert run("review", "--read", edited(form, confirm), *here) == 0
    assert "38 decisions, 38 new" in capsys.readouterr().out
    assert run("review", "--read", form, *here) == 0
    assert "38 decisions, 0 new" in capsys.readouterr().out
    later = tmp_path / "later.xlsx"
    assert run("review", "--output", later, *here) == 0
    sheet = openpyxl.load_workbook(later).worksheets[0]
    heads, *rows = [[cell.value for cell in row] for row in sheet.iter_rows()]
    found = [dict(zip(heads, row, strict=True)) for row in rows]
    by_place = {(row["category"], row["value"]): row for row in found}
    assert all(row["remembered"] for row in found)
    assert not by_place["amount", 39.17]["status"]  # its value rose: to be confirmed again
    assert by_place["ceiling", 5304]["status"] == "rejected"
    assert by_place["duration", 24]["status"] == "confirmed"
    assert by_place["overall", 27]["status"] == "corrected"
    points = printed(capsys, "series", *here)
    assert [(p["edition"], p["value"]) for p in points if p["category"] == "duration"] == [
        ("2025-07-01", 24), ("2026-01-01", 24)]  # fmt: skip
    assert not [p for p in points if p["category"] == "ceiling"]


def test_series_in_euro(known: Declarations, belgium: list[Path], tmp_path: Path,
                        capsys: pytest.CaptureFixture[str]) -> None:  # fmt: skip
    """Francs become euro at the rate that fixed them: the ceiling of 1999 is the EUR 55 that the table prints."""
    store = Store(tmp_path / "store", embedded=None)
    intake.keep(store, intake.read(belgium[1], known.missoc, Given()))
    form = tmp_path / "review.csv"
    assert run("review", "--output", form, "--store", store.root) == 0

    def all_confirmed(rows: Rows) -> None:
        for row in rows:
            row["status"] = "confirmed"

    assert run("review", "--read", edited(form, all_confirmed), "--store", store.root) == 0
    ceiling = [p for p in printed(capsys, "series", "--store", store.root) if p["category"] == "ceiling"]
    assert {p["unit"]: round(p["euro"]) for p in ceiling} == {"BEF": 55, "EUR": 55}


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [("status", "maybe", "there are confirmed"), ("value", "abc", "not a number"),
     ("id", "0", "no amount of the store"),
     ("kind", "colour", "there are money"), ("value", "99", "write corrected")],
)  # fmt: skip
def test_faults_of_a_review(
    field: str, value: str, said: str, filled: Store, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A faulty row is named and not stored; the others are."""
    form = tmp_path / "review.csv"
    assert run("review", "--output", form, "--geo", "BE", "--lang", "en", "--store", filled.root) == 0

    def spoil(rows: Rows) -> None:
        for row in rows:
            row["status"] = "confirmed"
        rows[0][field] = value

    assert run("review", "--read", edited(form, spoil), "--store", filled.root) == 1
    shown = capsys.readouterr()
    assert said in " ".join(shown.err.split())
    assert "37 decisions, 37 new" in shown.out


def desk(filled: Store, form: Path, *more: object) -> int:
    """The desk of Belgium for the next edition, in English."""
    return run("desk", "BE", "--edition", "2026-07-01", "--lang", "en", "--store", filled.root, *more)


def test_the_desk_there_and_back(filled: Store, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Every cell with its last text and guideline; read back, the updated one is written as the difference to send."""
    guide = tmp_path / "guide.csv"
    guide.write_text("table,category,guideline\nX,duration,State months.\n", encoding="utf-8")
    form, sent = tmp_path / "desk.csv", tmp_path / "difference.json"
    assert desk(filled, form, "--output", form, "--guidelines", guide) == 0

    def work(rows: Rows) -> None:
        assert len(rows) == 23
        for row in rows:
            assert row["last_text"] == row["new_text"]
            row["status"] = "checked"
            if row["category"] == "duration":
                assert row["guideline"] == "State months."
                row.update(status="updated", new_text="30 months.", date="2026-05-02", comment="New law.")

    assert desk(filled, form, "--read", edited(form, work), "--output", sent) == 0
    (update,) = json.loads(sent.read_text(encoding="utf-8"))
    assert (update["before"], update["after"], update["comment"]) == ("24 months.", "30 months.", "New law.")
    assert "1 of 23 cells updated" in capsys.readouterr().out
    assert desk(filled, form, "--read", form, "--output", tmp_path / "difference.html") == 0
    assert "[−<del>24</del>−]" in (tmp_path / "difference.html").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"new_text": "x"}, "write updated"), ({"new_text": "", "status": "updated"}, "is empty"),
        ({"status": "done"}, "there are unchanged"), ({"date": "31.31.2026"}, "is not a date"),
        ({"new_text": "From 30.02.2026.", "status": "updated"}, "no calendar has"), ({"category": "zzz"}, "no cell of"),
        ({"last_sha256": "0"}, "not the one in the store"), ({"edition": "2027-01-01"}, "the form is for edition"),
        ({"table": "drop"}, "lost from the form"),
    ],
)  # fmt: skip
def test_faults_on_the_desk(
    change: dict[str, str], said: str, filled: Store, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each contradiction is an error that names its row; nothing is written then."""
    form, sent = tmp_path / "desk.csv", tmp_path / "difference.json"
    assert desk(filled, form, "--output", form) == 0

    def spoil(rows: Rows) -> Rows:
        rows[3].update(change)
        return [row for row in rows if row["table"] != "drop"]

    assert desk(filled, form, "--read", edited(form, spoil), "--output", sent) == 1
    assert said in " ".join(capsys.readouterr().err.split())
    assert not sent.exists()


def test_an_implausible_amount_is_doubted(filled: Store, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A slip of the decimal sign is asked about."""
    form = tmp_path / "desk.csv"
    assert desk(filled, form, "--output", form) == 0

    def slip(rows: Rows) -> None:
        row = next(row for row in rows if row["category"] == "level")
        row.update(new_text=row["new_text"].replace("1,101.60", "11,016.0"), status="updated")

    assert desk(filled, form, "--read", edited(form, slip)) == 0
    assert "hardly plausible" in capsys.readouterr().err


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@x", "'quoted", "\tx"])
def test_no_text_is_a_formula(text: str, tmp_path: Path) -> None:
    """In a workbook a text is a text; in CSV an apostrophe keeps it one, and is taken off again."""
    from reporting.missoc import filled as back

    forms.write(tmp_path / "form.xlsx", ["text"], [[text]])
    cell = openpyxl.load_workbook(tmp_path / "form.xlsx").worksheets[0]["A2"]
    assert (cell.data_type, cell.value) == ("s", text)
    forms.write(tmp_path / "form.csv", ["text"], [[text]])
    assert (
        not (tmp_path / "form.csv").read_text(encoding="utf-8-sig").split("\n")[1].lstrip('"').startswith(forms.FORMULA)
    )
    for name in ("form.xlsx", "form.csv"):
        assert back.read(tmp_path / name, ["text"])[0]["text"] == text
