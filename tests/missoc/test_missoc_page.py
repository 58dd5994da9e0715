"""The chapter on changes of MISSOC: what it says, in which language, and that invented texts are called so."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from reporting import page as pages
from reporting.missoc import cells, editions, intake
from reporting.missoc.intake import Given
from reporting.page import Page
from reporting.tables import Table
from reporting.vintages import Store


def written(monkeypatch: pytest.MonkeyPatch, geo: str, lang: str, store: Path) -> tuple[str, list[Table]]:
    """The Markdown and the tables of a chapter."""
    shown: list[Any] = []
    monkeypatch.setattr(pages, "display", shown.append)
    page = Page(geo=geo, lang=lang, store=str(store))
    page.rewordings()
    assert not page.words.missing
    return "\n".join(str(x) for x in shown if not isinstance(x, Table)), [x for x in shown if isinstance(x, Table)]


@pytest.mark.parametrize(
    ("lang", "invented", "text"),
    [("en", "Invented examples", 'lang="en"'), ("fr", "Exemples inventés", 'lang="fr"'),
     ("nl", "Verzonnen voorbeelden", 'lang="en"'), ("de", "Erfundene Beispiele", 'lang="de"')],
)  # fmt: skip
def test_without_editions_the_texts_are_called_invented(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, lang: str, invented: str, text: str
) -> None:
    """In a notice and in the source; a cell keeps the tag of its own language, also in a Dutch publication."""
    said, (table,) = written(monkeypatch, "BE", lang, tmp_path / "none")
    assert invented in said
    assert invented.split()[0].lower() in table.sources[0].lower()
    assert text in said
    assert [cell.value for cell in table.rows[0].cells] == [12, 11, 0, 0, 0]


def test_the_editions_of_the_store_are_shown(monkeypatch: pytest.MonkeyPatch, filled: Store) -> None:
    """With two editions in the store nothing is invented; for the Union all countries are shown."""
    said, (table,) = written(monkeypatch, "EU27_2020", "fr", filled.root)
    assert "inventés" not in said
    assert table.sources == (
        "Source: tableaux comparatifs MISSOC, éditions du 1er juillet 2025 et du 1er janvier 2026.",
    )
    assert [row.label for row in table.rows] == ["Autriche", "Belgique", "Irlande"]
    assert "[−<del>68</del>−][+<ins>69</ins>+] ans" in said
    assert "indexation de 2,00 %" in said


def test_one_edition_is_not_enough(known: Any, samples: list[Path], tmp_path: Path) -> None:
    """With one edition in the store the invented ones are taken, both of them, and none of the store's."""
    store = Store(tmp_path / "store", embedded=None)
    text = b"Country;Table;Category;Text\nFR;VI;Indexation;one\n"
    intake.keep(store, intake.understood(text, "a.csv", known.missoc, Given("2026-01-01", "en")))
    held, invented = editions.shown(store, known.missoc)
    assert invented
    assert {cell.geo for cell in held} == {"BE", "AT", "IE"}
    assert len(cells.known(store)) == 1
