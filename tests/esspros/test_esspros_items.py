"""The classification, and numeric codes from a user's file."""

from __future__ import annotations

from pathlib import Path

import openpyxl
import pytest

from reporting import declarations, labels
from reporting.errors import DeclarationError, UsageError
from reporting.esspros import classification, codes
from reporting.esspros.classification import FUNCTIONS, PENSIONS, Classification

HOUSING = "ben.hou.mt.kind.rent.social"


def test_each_item_adds_up_from_its_children(items: Classification) -> None:
    """Every aggregate is reached from its leaves, each leaf once, and ids show where an item belongs."""
    for name, item in items.items.items():
        leaves = items.leaves(name)
        assert len(leaves) == len(set(leaves)) and all(items.leaf(leaf) for leaf in leaves)
        assert sum(len(items.leaves(child)) for child in items.children(name)) == (
            0 if items.leaf(name) else len(leaves)
        )
        assert not item.parent or item.parent == "exp" or name.startswith(item.parent + ".")
    assert len(items.leaves()) == sum(len(items.leaves(root)) for root in ("rec", "org", "exp"))


def test_functions_are_those_of_the_manual() -> None:
    """Eight functions, each once with and once without a means test, and the seven categories of pensions."""
    items = classification.load()
    assert [item.function for item in items.items.values() if item.parent == "ben"] == list(FUNCTIONS)
    pensions = [(item.pension, item.means) for item in items.items.values() if item.pension]
    assert sorted(pensions) == sorted((name, means) for name in PENSIONS for means in ("nmt", "mt"))
    for function in FUNCTIONS:
        with_test, without = (
            {leaf.removeprefix(f"ben.{function}.{means}.") for leaf in items.leaves(f"ben.{function}.{means}")}
            for means in ("mt", "nmt")
        )
        assert with_test == without


def test_what_may_not_be_filled_is_known_and_not_written() -> None:
    """Housing is means-tested and in kind; sectors that cannot pay a receipt have no row in a questionnaire."""
    items, rows = classification.load(), set(classification.load().written())
    housing = {name for name in items.leaves("ben.hou") if name in rows}
    assert housing == {HOUSING, "ben.hou.mt.kind.rent.other", "ben.hou.mt.kind.owner"}
    paid = {items[name].sector for name in items.leaves("org.ggc") if name in rows}
    assert paid == {"s1311", "s1312_13", "s1314"}
    employees = {items[name].sector for name in items.leaves("org.sc.prot.employees") if name in rows}
    assert employees == {"s14", "s2"}


def test_receipts_by_origin_have_the_types_of_receipts() -> None:
    """Each elementary type but transfers is split by sector of origin, so that the two can be compared."""
    items = classification.load()
    by_type = {items[name].type for name in items.leaves("rec") if not items[name].type.startswith("trf")}
    assert by_type == {items[name].type for name in items.leaves("org")}


def test_a_faulty_list_of_items_names_its_lines(project: Path) -> None:
    """A double item, a parent that comes later, an unknown table and function are said at once."""
    path = project / "parameters" / "esspros" / "items.csv"
    lines = path.read_text(encoding="utf-8").splitlines()
    lines += [lines[1], lines[2].replace("rec.sc,rec,receipts", "rec.x,rec.y,receipts")]
    lines += ["ben.z,ben,outgoings,cold,,,,,,,yes,Cold"]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    with pytest.raises(DeclarationError) as refused:
        classification.load(project)
    assert [fault.rpartition(": ")[2][:12] for fault in refused.value.faults[:2]] == ["the item 're", "the parent '"]
    assert len(refused.value.faults) == 4


def test_a_project_without_items_says_so(tmp_path: Path) -> None:
    """A folder without the list of items is no project."""
    with pytest.raises(DeclarationError, match="items.csv is missing"):
        classification.load(tmp_path)


def listing(path: Path, *lines: str) -> Path:
    """A file with these lines."""
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


@pytest.mark.parametrize(
    "lines",
    [
        ("item,code", "exp,1000000", "ben,1100000"),
        ("\ufeffESSPROS code;Item ID;Label", "1000000;exp;Total", "1 100 000;ben;Benefits"),
        ("A list", "", "id\tnumeric code", "exp\t1000000.0", "ben\t 1100000 "),
    ],
)
def test_a_mapping_is_read_in_many_spellings(tmp_path: Path, lines: tuple[str, ...]) -> None:
    """Headings, delimiters, titles above, and codes with blanks or a decimal point make no difference."""
    found = codes.load(listing(tmp_path / "codes.csv", *lines), classification.load())
    assert (found.code("exp"), found.item("1100000"), found.item("ben"), found.item("7")) == (
        "1000000",
        "ben",
        "ben",
        "",
    )
    assert found.numbered and not found.doubts


def test_a_mapping_may_be_a_workbook(tmp_path: Path) -> None:
    """Codes that a workbook holds as numbers are the same codes."""
    book = openpyxl.Workbook()
    for row in (["Codes of the questionnaire"], [], ["Label", "Code", "Item"], ["Benefits", 1100000, "ben"]):
        book.active.append(row)
    book.save(tmp_path / "codes.xlsx")
    assert codes.load(tmp_path / "codes.xlsx", classification.load()).code("ben") == "1100000"


def test_a_mapping_with_faults_is_refused_with_all_of_them(tmp_path: Path) -> None:
    """An unknown item, a double item and a double code are each said with their place."""
    lines = ("item,code", "exp,1000000", "benn,1100000", "exp,1200000", "ben,1000000")
    with pytest.raises(UsageError) as refused:
        codes.load(listing(tmp_path / "codes.csv", *lines), classification.load())
    said = str(refused.value)
    assert "line 3: no item 'benn'; near it: ben" in said
    assert "line 4: the item exp has a code already" in said and "line 5: the code 1000000 is in line 2 too" in said


def test_codes_that_leave_the_tree_are_doubted(tmp_path: Path) -> None:
    """A code that does not begin as that of its parent is pointed out, and used."""
    found = codes.load(listing(tmp_path / "c.csv", "item,code", "exp,1000000", "ben,2100000"), classification.load())
    assert found.code("ben") == "2100000"
    assert found.doubts == ("ben has the code 2100000, which does not begin as 1000000, the code of exp",)


@pytest.mark.parametrize(
    ("code", "parent"),
    [("1131111", "1131110"), ("1131110", "1131100"), ("1130000", "1100000"), ("1100000", "1000000"), ("1000000", ""),
     ("1131010", "1131000")],
)  # fmt: skip
def test_the_zeros_of_a_code_tell_its_parent(code: str, parent: str) -> None:
    """A code is that of its parent with one more figure before the zeros."""
    assert codes.parent_of(code) == parent


def test_the_official_list_makes_the_tree(tmp_path: Path) -> None:
    """A list of codes and labels: parents from zeros, our items where labels agree, others under their code."""
    lines = (
        "Code;Label", "1000000;Total expenditure", "1100000;Social protection benefits", "1130000;Old age",
        "1131000;Not means-tested", "1131100;Cash benefits", "1131110;Periodic cash benefits",
        "1131111;Old-Age Pension", "1131119;A benefit of its own", "2000000;Total receipts",
    )  # fmt: skip
    found = codes.load(listing(tmp_path / "list.csv", *lines), classification.load())
    assert found.item("1131111") == "ben.old.nmt.cash.per.oldage_pension"
    assert found["ben.old.nmt.cash.per.oldage_pension"].pension == "old_age"
    own = found["1131119"]
    assert (own.parent, own.function, own.means, own.pension) == ("ben.old.nmt.cash.per", "old", "nmt", "")
    assert found.children("exp") == ("ben",) and len(found.items) == 9
    assert found.doubts == ("1 of 9 codes have a label that none of our items has; they keep their number",)


def test_an_official_list_may_be_in_another_language(tmp_path: Path) -> None:
    """French labels find our items when French is among the languages, and do not otherwise."""
    lines = (
        "code;libellé",
        "1000000;Dépenses totales",
        "1100000;Prestations de protection sociale",
        "1130000;Vieillesse",
    )
    path, words = listing(tmp_path / "liste.csv", *lines), labels.Words(declarations.load(), "fr")
    assert codes.load(path, classification.load(), [str, words.text]).item("1130000") == "ben.old"
    assert codes.load(path, classification.load()).item("1130000") == "1130000"


def test_codes_of_a_part_of_the_list_stand_beside_our_items() -> None:
    """Codes and labels that another file happens to hold are added; one whose parent lacks stands alone."""
    labels = {"1000000": "Total expenditure", "1100000": "Social protection benefits", "1190000": "New", "T": "All",
              "1130000": "Old age", "1131111": "Old-age pension"}  # fmt: skip
    found = codes.of_labels(labels, classification.load())
    assert found.item("1130000") == "ben.old" and found.children("ben")[-1] == "1190000"
    assert found["1131111"].parent == "" and "rec" in found and not found.item("T")


def test_an_official_list_with_a_gap_is_refused(tmp_path: Path) -> None:
    """A code whose parent is not listed cannot be added up."""
    lines = ("code,label", "1000000,Total expenditure", "1130000,Old age", "1130000,Old age again")
    with pytest.raises(UsageError, match=r"the code 1130000 is there twice\n.*1130000 .* no code 1100000 above it"):
        codes.load(listing(tmp_path / "list.csv", *lines), classification.load())


def test_another_file_is_no_list_of_codes(tmp_path: Path) -> None:
    """A file without the columns says which ones are looked for."""
    with pytest.raises(UsageError, match="neither columns item and code, nor code and label"):
        codes.load(listing(tmp_path / "list.csv", "a,b", "1,2"), classification.load())


def test_the_codes_of_the_sample_follow_the_pattern(items: Classification) -> None:
    """The illustrative codes have seven figures and the parents that their zeros tell."""
    for name, item in items.items.items():
        assert len(item.code) == 7 and item.code.isdigit()
        if item.parent:
            assert codes.parent_of(item.code) == items.code(item.parent), name
