"""The HTML edition of the embedded engine."""

from __future__ import annotations

import json
import re
from pathlib import Path

from lxml import html

PAGES = ("index", "01-depenses", "02-recettes")


def page(made: Path, name: str) -> html.HtmlElement:
    """Parse one page."""
    return html.document_fromstring((made / f"{name}.html").read_bytes())


def test_every_chapter_has_a_page_with_landmarks_and_language(made: Path) -> None:
    """A page has the book's language, one main heading, a skip link and landmarks."""
    for name in PAGES:
        root = page(made, name)
        assert root.get("lang") == "fr-BE"
        assert len(root.xpath("//h1")) == 1
        assert root.xpath("//a[@class='skip']/@href") == ["#content"]
        assert root.xpath("//main[@id='content']") and root.xpath("//header") and root.xpath("//footer")
        assert len(root.xpath("//nav[@aria-label]")) == 2


def test_captions_are_numbered_within_chapters(made: Path) -> None:
    """Tables and figures count from one in each chapter, as in Quarto's books."""
    labels = [e.text for n in PAGES[1:] for e in page(made, n).xpath("//figcaption/span[@class='label']")]
    assert [label.replace("\N{NO-BREAK SPACE}", " ") for label in labels] == [
        "Tableau 1.1", "Tableau 1.2", "Figure 1.1", "Tableau 2.1", "Figure 2.1",
    ]  # fmt: skip


def test_references_lead_to_the_page_of_their_target(made: Path) -> None:
    """A reference inside the page is an anchor; one to another chapter names its page."""
    found = page(made, "01-depenses").xpath("//main/p/a")
    links = {e.text_content().replace("\xa0", " "): e.get("href") for e in found}
    assert links["Tableau 1.1"] == "#tbl-depenses"
    assert links["Tableau 2.1"] == "02-recettes.html#tbl-recettes"
    assert links["Chapitre 2"] == "02-recettes.html"


def test_every_internal_link_has_a_target(made: Path) -> None:
    """No link within the book is dead, on any page."""
    ids = {name: set(page(made, name).xpath("//@id")) for name in PAGES}
    for name in PAGES:
        for address in page(made, name).xpath("//a/@href"):
            if address.startswith("https://") or address.endswith(".pdf"):
                continue
            file, _, anchor = address.partition("#")
            target = file.removesuffix(".html") or name
            assert target in ids, address
            assert not anchor or anchor in ids[target], address


def test_the_cover_lists_chapters_tables_and_figures(made: Path) -> None:
    """The cover has the contents, both lists, the colophon and the PDF."""
    root = page(made, "index")
    assert len(root.xpath("//ol[@class='contents']/li")) == 2
    assert [len(found.xpath("li")) for found in root.xpath("//ul[@class='listing']")] == [3, 2]
    assert root.xpath("//a[@href='essai-BE-fr.pdf']")
    assert "spr_exp_func" in root.text_content()


def test_tables_keep_their_marks_and_are_named_by_their_captions(made: Path) -> None:
    """Provisional cells, breaks and escaped text arrive unharmed; the caption names the table."""
    root = page(made, "02-recettes")
    (table,) = root.xpath("//table")
    assert len(table.xpath(".//td[contains(@class, 'prov')]/sup")) == 6
    assert len(table.xpath(".//td[contains(@class, 'brk')]")) == 6
    (caption,) = root.xpath(f"//*[@id='{table.get('aria-labelledby')}']")
    assert "Recettes & cotisations <employeurs>" in caption.text_content()


def test_figures_have_alternative_text(made: Path) -> None:
    """The text of ``fig-alt`` becomes the image's, and the caption stays a caption."""
    (image,) = page(made, "01-depenses").xpath("//figure/descendant::img")
    assert image.get("alt") == "Courbe en hausse." and (made / image.get("src")).is_file()


def test_callouts_have_their_title(made: Path) -> None:
    """A callout without a title takes the word for its kind."""
    assert page(made, "01-depenses").xpath("//p[@class='callout-title']/text()") == ["Note"]
    assert page(made, "02-recettes").xpath("//p[@class='callout-title']/text()") == ["Rupture de série"]


def test_no_page_loads_anything_from_elsewhere(made: Path) -> None:
    """Scripts, styles and images lie beside the pages."""
    for name in PAGES:
        for address in page(made, name).xpath("//script/@src | //link/@href | //img/@src"):
            assert address.startswith("data:") or (made / address).is_file(), address
    for path in (*(made / "assets").glob("*.css"), made / "assets" / "book.js"):
        assert not re.search(r"@import|url\(|https?://", path.read_text(encoding="utf-8")), path


def test_the_search_index_holds_tables_with_their_rows(made: Path) -> None:
    """Each table is an entry whose text has the row labels, and whose address is its anchor."""
    text = (made / "assets" / "search-index.js").read_text(encoding="utf-8")
    entries = json.loads(text.removeprefix("window.searchIndex = ").removesuffix(";\n"))
    (found,) = [entry for entry in entries if entry["href"] == "02-recettes.html#tbl-recettes"]
    assert found["kind"] == "tbl" and "Chômage" in found["text"] and found["title"].startswith("Tableau")
