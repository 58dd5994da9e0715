"""Changes between editions: what counts as one, of which kind, and when it is an indexation."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from reporting import reworded
from reporting.missoc import cells, changes
from reporting.missoc.cells import Cell
from reporting.missoc.changes import compare
from reporting.vintages import Store


def cell(text: str, category: str = "minimum", geo: str = "BE", table: str = "VI") -> Cell:
    """A cell of an edition that does not matter."""
    return Cell("2026-01-01", geo, table, category, "en", category, "", "", text)


def kind(before: str, after: str) -> str:
    """What became of one cell."""
    (change,) = compare([cell(before)], [cell(after)], "a", "b").changes
    return change.kind


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ("EUR 100 per month.", "EUR 102 per month.", "amounts"),
        ("EUR 100 as of 1 January 2025.", "EUR 102 as of 1 January 2026.", "amounts"),
        ("60 % for 12 months", "62 % for 18 months", "amounts"),
        ("EUR 100 per month.", "EUR 100 per week.", "text"),
        ("Law No 12/2001, EUR 100.", "Law No 13/2002, EUR 102.", "text"),
        ("As of 1 January 2025.", "As of 1 January 2026.", "text"),
        ("Some  “text” –\n- one\n- two", 'Some "text" -\n• one\n• two', "unchanged"),
        ("EUR 1 000", "EUR 1\u202f000", "unchanged"),
        ("EUR 1,000", "EUR 1 000", "unchanged"),
        ("A rule.", "Another rule.", "text"),
    ],
)
def test_kinds(before: str, after: str, expected: str) -> None:
    """Amounts alone, words, or formatting that is no change."""
    assert kind(before, after) == expected


def test_new_and_removed_only_where_the_table_is_in_both_editions() -> None:
    """A country that was not imported did not lose its rules."""
    before = [cell("a"), cell("gone", "maximum"), cell("x", geo="FR"), cell("y", table="X")]
    after = [cell("a"), cell("come", "indexation")]
    found = compare(before, after, "a", "b")
    assert {(c.category, c.kind) for c in found.changes} == {
        ("minimum", "unchanged"), ("maximum", "removed"), ("indexation", "new")}  # fmt: skip
    assert found.uncovered == 2


def test_a_uniform_rise_is_an_indexation(filled: Store) -> None:
    """The invented Belgian amounts rose by 2 %; the other countries have none."""
    listed = cells.known(filled)
    sides = [[c for c in listed if c.edition == e and c.lang == "fr"] for e in ("2025-07-01", "2026-01-01")]
    found = compare(*sides, "2025-07-01", "2026-01-01")
    assert [(one.geo, one.rate) for one in found.indexations] == [("BE", 2.0)]
    assert {c.geo for c in found.changes if c.rate is not None} == {"BE"}
    others = [c for c in found.changes if c.kind != "unchanged" and c.geo != "BE"]
    assert sorted((c.geo, c.table, c.category, c.kind) for c in others) == [
        ("AT", "X", "duration", "text"), ("AT", "XI", "assets", "new"), ("IE", "VI", "retirement_age", "amounts"),
        ("IE", "VII", "death_grant", "removed"),
    ]  # fmt: skip


def test_rises_that_differ_are_no_indexation() -> None:
    """Three amounts with three rates have none; falls neither."""

    def sides(rates: list[float]) -> changes.Changes:
        before = [cell(f"EUR {100 * n}.00", f"c{n}") for n in range(1, 5)]
        after = [cell(f"EUR {100 * n * (1 + r):.2f}", f"c{n}") for n, r in enumerate(rates, 1)]
        return compare(before, after, "a", "b")

    assert not sides([0.01, 0.02, 0.03, 0.05]).indexations
    assert not sides([-0.02] * 4).indexations
    assert sides([0.0213] * 4).indexations[0].rate == pytest.approx(2.13)


def test_words_that_differ_are_marked_and_both_texts_can_be_read_out() -> None:
    """Without what has come it is the old text, without what is gone the new one."""
    before, after = "The rate is 60 % of pay. It ends.", "The rate is 62 % of gross pay. It ends."
    pieces = list(changes.words(before, after))
    assert "".join(p.text for p in pieces if p.kind != "come") == before
    assert "".join(p.text for p in pieces if p.kind != "gone") == after
    assert reworded.plain(pieces) == "The rate is [−60−][+62+] % of [+gross +]pay. It ends."


def test_a_difference_is_not_said_by_colour_alone_and_is_no_markup() -> None:
    """Signs stand beside the tags, the language is tagged, and a text stays a text."""
    pieces = list(changes.words("<b>old</b>", '<script>alert("x")</script>'))
    html = reworded.html(pieces, "fr")
    assert html.startswith('<p lang="fr">')
    assert "[−" in html
    assert "[+" in html
    assert set(re.findall(r"<(/?\w+)", html)) <= {"p", "/p", "del", "/del", "ins", "/ins"}
    assert '#"' in reworded.typst([changes.Piece("come", 'a "quoted" #text')], "fr")
    assert '\\"quoted\\"' in reworded.typst([changes.Piece("come", 'a "quoted" #text')], "fr")


def test_large_texts_are_compared_whole(tmp_path: Path) -> None:
    """A text of a million words is not compared word by word, and takes no time."""
    pieces = list(changes.words("old " * 500_000, "new " * 500_000))
    assert [p.kind for p in pieces] == ["gone", "come"]


def test_editions_must_be_two() -> None:
    """Two editions, the earlier first, and those that are there."""
    with pytest.raises(ValueError, match="There are: 2026-01-01"):
        changes.editions([cell("a")], "", "")
    with pytest.raises(ValueError, match="There is no edition 2020-01-01"):
        changes.editions([cell("a")], "2020-01-01", "")
