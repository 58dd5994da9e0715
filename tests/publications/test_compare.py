"""Two editions compared: each reason on a case whose answer is known in advance."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from lxml import html
from runs import INDICATOR, RECORD, Figure, published

from reporting.errors import UsageError
from reporting.publications import compare as comparing
from reporting.publications import editions, record
from reporting.publications.compare import Comparison
from reporting.tables import plain

NEWER = {"vintage": "2026-01-31"}
BASE: list[Figure] = [("t", "i", "BE", "2022", "10.0", ""), ("t", "i", "BE", "2023", "11.0", "p")]
Compared = Callable[..., Comparison]


@pytest.fixture
def compared(tmp_path: Path) -> Compared:
    """Compare the usual figures with others; ``facts`` are of the second run."""

    def done(figures: list[Figure], old: list[Figure] = BASE, texts: Any = ((), ()), **facts: Any) -> Comparison:
        runs = [published(tmp_path / "old", old, texts[0]), published(tmp_path / "new", figures, texts[1], **facts)]
        return comparing.compare(*map(record.read, runs))

    return done


def numbers(found: Comparison) -> list[tuple[str, str, str, str, str]]:
    """Reason, indicator, time and both printed forms, without what follows from a row."""
    return [
        (c.why, c.indicator, c.time, f"{c.before} {c.flag_before}".strip(), f"{c.after} {c.flag_after}".strip())
        for c in found.numbers if c.why != comparing.FOLLOWS
    ]  # fmt: skip


def test_the_same_editions_do_not_differ(compared: Compared) -> None:
    """Nothing is reported where nothing changed."""
    found = compared(BASE)
    assert found == Comparison((), (), (), ())


def test_a_revised_figure(compared: Compared) -> None:
    """The old and the new vintage, value and flag are named; the change over the years follows from it."""
    found = compared([BASE[0], ("t", "i", "BE", "2023", "11.26", "", NEWER)])
    assert numbers(found) == [("revised figure", "i", "2023", "11.0 p", "11.3")]
    [change] = [c for c in found.numbers if c.why == "revised figure"]
    assert (change.value_before, change.value_after, change.dataset, change.key) == ("11.0", "11.26", "d", "A.BE")
    assert (change.vintage_before, change.vintage_after) == ("2025-10-30", "2026-01-31")
    [follows] = [c for c in found.numbers if c.why == comparing.FOLLOWS]
    assert (follows.time, follows.before, follows.after) == ("Change 2022–2023", "1.0", "1.3")


def test_a_vintage_of_the_same_date_and_other_content_is_a_revision(compared: Compared) -> None:
    """Two stores may hold different figures under one date: the checksums of the records tell."""
    vintages = [{"dataset": "d", "vintage": "2025-10-30", "sha256": "other"}]
    found = compared([BASE[0], ("t", "i", "BE", "2023", "12.0", "p")], vintages=vintages)
    assert numbers(found) == [("revised figure", "i", "2023", "11.0 p", "12.0 p")]
    assert found.numbers[0].detail == "d 2025-10-30: another checksum"


def test_a_change_below_rounding_is_apart(compared: Compared) -> None:
    """11.0 and 11.04 are printed alike: no printed number differs, one does below rounding."""
    found = compared([BASE[0], ("t", "i", "BE", "2023", "11.04", "p", NEWER)])
    assert numbers(found) == []
    assert [(c.why, c.value_before, c.value_after) for c in found.below] == [("revised figure", "11.0", "11.04")]


def test_halves_are_rounded_as_they_are_printed(compared: Compared) -> None:
    """11.05 is printed 11.1, not the 11.0 of binary rounding."""
    found = compared([BASE[0], ("t", "i", "BE", "2023", "11.05", "p", NEWER)])
    assert numbers(found) == [("revised figure", "i", "2023", "11.0 p", "11.1 p")]


def test_another_flag_is_seen(compared: Compared) -> None:
    """A figure that is final now has the same number and another mark."""
    found = compared([BASE[0], ("t", "i", "BE", "2023", "11.0", "", NEWER)])
    assert numbers(found) == [("other flag", "i", "2023", "11.0 p", "11.0")]


def test_a_new_year_takes_the_place_of_the_oldest(compared: Compared) -> None:
    """The year that came in and the year that went are told apart from revisions."""
    found = compared([BASE[1], ("t", "i", "BE", "2024", "12.0", "", NEWER)])
    assert numbers(found) == [("new year", "i", "2024", ":", "12.0"), ("no longer shown", "i", "2022", "10.0", ":")]


def test_rows_and_tables_come_and_go(compared: Compared) -> None:
    """A row and a table in one edition alone are named as such, in both directions."""
    old: list[Figure] = [*BASE, ("t", "gone", "BE", "2023", "1", ""), ("u", "i", "BE", "2023", "2", "")]
    new: list[Figure] = [*BASE, ("t", "came", "BE", "2023", "3", ""), ("v", "i", "BE", "2023", "4", "")]
    whys = {c.why: (c.table, c.indicator) for c in compared(new, old).numbers if c.why != comparing.FOLLOWS}
    assert whys == {
        "new row": ("t", "came"), "row dropped": ("t", "gone"), "new table": ("v", "i"), "table dropped": ("u", "i"),
    }  # fmt: skip


@pytest.mark.parametrize("missing", [[], [("t", "i", "BE", "2023", "", "c")]])
def test_a_figure_withdrawn_or_given_later(compared: Compared, missing: list[Figure]) -> None:
    """A cell that was a number and is missing now, whether its line is gone or empty with a flag."""
    other: Figure = ("t", "j", "BE", "2023", "5.0", "")
    past: Figure = ("t", "i", "BE", "2022", "10.0", "")
    found = compared([past, other, *missing], [*BASE, other])
    after = ": c" if missing else ":"
    assert numbers(found) == [("no longer available", "i", "2023", "11.0 p", after)]


def test_a_flag_that_is_not_printed_is_no_difference(compared: Compared) -> None:
    """Beside a missing value only a flag that says why is printed: p is not."""
    found = compared([*BASE, ("t", "i", "BE", "2024", "", "p", NEWER)])
    assert numbers(found) == []


@pytest.mark.parametrize(
    ("change", "value", "after", "evidence"),
    [
        ({"formula": "100 * x"}, "1100.0", "1,100.0 p", "formula: x → 100 * x"),
        ({"decimals": 2}, "11.0", "11.00 p", "decimals: 1 → 2"),
        ({"inputs": {"x": "d/B."}}, "7.0", "7.0 p", "inputs: x = d/A. → x = d/B."),
        ({"unit": "PC_GDP"}, "11.0", "11.0 p", "unit: PC → PC_GDP"),
    ],
)
def test_a_changed_declaration(
    compared: Compared, change: dict[str, Any], value: str, after: str, evidence: str
) -> None:
    """Another formula, rounding, key or unit is told from the records, with both."""
    unit = {"unit": change.get("unit", "PC")}
    old = [BASE[1]]
    found = compared([("t", "i", "BE", "2023", value, "p", unit)], old, indicators={"i": {**INDICATOR, **change}})
    assert numbers(found) == [("changed declaration", "i", "2023", "11.0 p", after)]
    assert evidence in found.numbers[0].detail


def test_a_changed_declaration_of_an_input(tmp_path: Path) -> None:
    """A formula is followed into the indicators it is computed from."""
    share = {**INDICATOR, "inputs": {"x": "part"}}
    runs = [
        published(tmp_path / name, [("t", "i", "BE", "2023", value, "p")],
                  indicators={"i": share, "part": {**INDICATOR, "formula": formula}})
        for name, value, formula in (("old", "11.0", "x"), ("new", "5.5", "x / 2"))
    ]  # fmt: skip
    found = comparing.compare(*map(record.read, runs))
    assert numbers(found) == [("changed declaration", "i", "2023", "11.0 p", "5.5 p")]
    assert found.numbers[0].detail == "part formula: x → x / 2"


def test_both_reasons_are_told(compared: Compared) -> None:
    """A figure that was revised under a declaration that changed has two reasons."""
    changed = {"i": {**INDICATOR, "formula": "2 * x"}}
    found = compared([("t", "i", "BE", "2023", "24.0", "p", NEWER)], [BASE[1]], indicators=changed)
    assert numbers(found) == [("changed declaration; revised figure", "i", "2023", "11.0 p", "24.0 p")]


def test_a_changed_method(compared: Compared) -> None:
    """The same data and declaration give another number: the version that changed is named."""
    found = compared([("t", "i", "BE", "2023", "12.0", "p")], [BASE[1]], libraries={"pandas": "9.9"})
    assert numbers(found) == [("changed method", "i", "2023", "11.0 p", "12.0 p")]
    assert found.numbers[0].detail == "pandas: 3.1.1 → 9.9"
    assert ("pandas", "3.1.1", "9.9") in found.settings


def test_what_the_records_do_not_explain_is_said(compared: Compared) -> None:
    """Nothing that is recorded changed, and yet the number did: no reason is made up."""
    found = compared([("t", "i", "BE", "2023", "12.0", "p")], [BASE[1]])
    assert numbers(found) == [("not explained by the records", "i", "2023", "11.0 p", "12.0 p")]


def test_sentences_are_matched_by_place(compared: Compared) -> None:
    """A sentence with another number, one that came in, and one that is the same."""
    texts = (("It was 11.0 %.\n", "Same.\n"), ("It was 12.0 %.\n", "Same.\n", "And more\\*.\n"))
    found = compared(BASE, texts=texts)
    assert [(t.chapter, t.before, t.after) for t in found.texts] == [
        ("a", "It was 11.0 %.", "It was 12.0 %."), ("a", "", "And more*."),
    ]  # fmt: skip


def test_two_languages_are_compared_by_numbers_alone(compared: Compared) -> None:
    """Texts of two languages are left out; numbers are compared."""
    asked = {**RECORD["parameters"], "lang": "fr"}
    found = compared([BASE[0], ("t", "i", "BE", "2023", "12.0", "p", NEWER)], texts=(("One.",), ("Un.",)),
                     parameters=asked)  # fmt: skip
    assert found.texts == () and numbers(found) == [("revised figure", "i", "2023", "11.0 p", "12.0 p")]


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        ({"publication": "other"}, "not of the same publication"),
        ({"parameters": {**RECORD["parameters"], "geo": "FR"}}, "not of the same country"),
    ],
)
def test_what_cannot_be_compared_is_refused(compared: Compared, facts: dict[str, Any], said: str) -> None:
    """Other publications and other countries are no editions of each other."""
    with pytest.raises(UsageError, match=said):
        compared(BASE, **facts)


def test_a_table_altered_after_its_run_is_no_evidence(tmp_path: Path) -> None:
    """A tidy twin that is not the one recorded, or is gone, is named."""
    run = record.read(published(tmp_path / "run", BASE))
    (run.folder / "tables/t.csv").write_text("changed")
    with pytest.raises(UsageError, match=r"t\.csv: was altered after the run"):
        comparing.compare(run, run)
    (run.folder / "tables/t.csv").unlink()
    with pytest.raises(UsageError, match=r"t\.csv: is not there"):
        comparing.compare(run, run)


def test_a_comparison_as_files(tmp_path: Path) -> None:
    """CSV has a line for each change; HTML is in a language, with captions and header cells, and texts in theirs."""
    new: list[Figure] = [("t", "i", "BE", "2022", "10.01", "", NEWER), ("t", "i", "BE", "2023", "12.0", "p", NEWER)]
    runs = tuple(
        record.read(published(tmp_path / name, figures, texts))
        for name, figures, texts in (("old", BASE, (plain("Été <1>."),)), ("new", new, ("Été 2.",)))
    )
    found = comparing.compare(*runs)
    editions.write(tmp_path / "c.csv", runs, found, everything=True)
    with (tmp_path / "c.csv").open(encoding="utf-8", newline="") as file:
        whys = [row["why"] for row in csv.DictReader(file)]
    assert whys == ["revised figure", comparing.FOLLOWS, "below rounding", "text"]
    editions.write(tmp_path / "c.html", runs, found, everything=False)
    page = html.parse(tmp_path / "c.html").getroot()
    assert page.get("lang") == "en" and page.findtext(".//title")
    assert all(t.find("caption") is not None and t.findall(".//th[@scope='col']") for t in page.iter("table"))
    assert [cell.text for cell in page.iterfind(".//td[@lang='en']")] == ["Été <1>.", "Été 2."]
    assert "below rounding:" not in page.text_content().lower()
    with pytest.raises(UsageError, match=r"\.csv or \.html"):
        editions.write(tmp_path / "c.docx", runs, found, everything=False)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("{", "damaged: not JSON"),
        ("[]", "the whole is not an object"),
        (json.dumps({**RECORD, "outputs": []}), "outputs. is not an object"),
        (json.dumps({**RECORD, "known": {"d": [1]}}), "known.d.0 is not a list"),
        (json.dumps({**RECORD, "edition": 2026}), "edition is not of the type str"),
        (json.dumps({k: v for k, v in RECORD.items() if k != "package"}), "package is missing"),
        (json.dumps({**RECORD, "format": 99}), "a record of layout 99"),
        (json.dumps({k: v for k, v in RECORD.items() if k != "format"}), "a record of layout 1"),
    ],
)
def test_a_record_that_cannot_be_read_is_told(tmp_path: Path, content: str, said: str) -> None:
    """A damaged record and one of another version are messages that name what is wrong."""
    (tmp_path / "run.json").write_text(content)
    with pytest.raises(UsageError, match=said):
        record.read(tmp_path)


def test_no_record_is_told(tmp_path: Path) -> None:
    """A folder that holds no run is wrong use."""
    with pytest.raises(UsageError, match=r"run\.json: cannot be read"):
        record.read(tmp_path)
