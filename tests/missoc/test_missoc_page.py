"""The chapter on changes of MISSOC: what it says, in which language, and that invented texts are called so."""

from __future__ import annotations

from collections.abc import Callable
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
        "Source\u00a0: tableaux comparatifs MISSOC, éditions du 1er juillet 2025 et du 1er janvier 2026.",
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


def on_page(monkeypatch: pytest.MonkeyPatch, geo: str, lang: str, store: Path, does: Callable[[Page], None]) -> str:
    """What something puts on a page, as Markdown and the words of tables."""
    shown: list[Any] = []
    monkeypatch.setattr(pages, "display", shown.append)
    page = Page(geo=geo, lang=lang, store=str(store))
    does(page)
    assert not page.words.missing
    return "\n".join(x.markdown() if isinstance(x, Table) else str(x) for x in shown)


def ruled(page: Page) -> None:
    """The rules of two functions."""
    page.rules("OLD", "HOU")


def test_the_rule_stands_beside_the_expenditure(monkeypatch: pytest.MonkeyPatch, filled: Store) -> None:
    """The newest text of each linked category, in its language, with its edition; none where a function has none."""
    said = on_page(monkeypatch, "BE", "fr", filled.root, ruled)
    assert 'lang="fr"' in said
    assert "66 ans" in said
    assert "édition du 1er janvier 2026" in said
    assert "### Vieillesse" in said
    assert "### Logement" not in said
    assert "1 520" not in said  # the minimum of the edition before


def test_a_dutch_reader_is_told_the_language_of_the_texts(monkeypatch: pytest.MonkeyPatch, filled: Store) -> None:
    """MISSOC is not published in Dutch: texts are English, tagged so, and the page says it, once."""
    said = on_page(monkeypatch, "BE", "nl", filled.root, ruled)
    assert 'lang="en"' in said
    assert said.count("MISSOC verschijnt niet in het Nederlands") == 1
    changed = on_page(monkeypatch, "BE", "nl", filled.root, Page.rewordings)
    assert changed.count("MISSOC verschijnt niet in het Nederlands") == 1


def test_without_texts_nothing_is_said(monkeypatch: pytest.MonkeyPatch, filled: Store, tmp_path: Path) -> None:
    """Neither from an empty store, nor of a country that has no text, nor ever from the invented samples."""
    assert on_page(monkeypatch, "BE", "fr", tmp_path / "none", ruled) == ""
    assert on_page(monkeypatch, "SE", "fr", filled.root, ruled) == ""
    assert on_page(monkeypatch, "BE", "fr", tmp_path / "none", Page.amounts) == ""
    assert on_page(monkeypatch, "BE", "fr", filled.root, Page.amounts) == ""


def test_markup_in_a_text_stays_text(monkeypatch: pytest.MonkeyPatch, known: Any, tmp_path: Path) -> None:
    """What looks like HTML, Typst or Markdown in a rule is shown, not obeyed."""
    evil = 'At 66 &lt;svg onload=alert(1)&gt; #panic("x") ``` {=html} &lt;/div&gt;'
    text = f"<h1>Old age</h1><table><tr><th></th><th>BE</th></tr><tr><th>Indexation</th><td>{evil}</td></tr></table>"
    store = Store(tmp_path / "store", embedded=None)
    intake.keep(store, intake.understood(text.encode(), "a.html", known.missoc, Given("2026-01-01", "en")))
    said = on_page(monkeypatch, "BE", "en", store.root, ruled)
    assert "<svg" not in said.partition("{=typst}")[0]
    assert "&lt;svg onload=alert(1)&gt;" in said
    assert '#par[#"At 66 <svg onload=alert(1)> #panic(\\"x\\")' in said
    assert "````" in said
