"""The PDF edition of the embedded engine."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from lxml import html
from pypdf import PdfReader

from reporting.errors import RenderingFailed
from reporting.labels import Words
from reporting.publications import Book, Chapter, render, stage
from reporting.publications.engine import render as engine

CAPTION = re.compile(r"^((?:Tableau|Figure) \d\.\d) – (.+)$", re.MULTILINE)


@pytest.fixture(scope="module")
def document(made: Path) -> PdfReader:
    """Open the PDF."""
    return PdfReader(made / "essai-BE-fr.pdf")


def words_of(document: PdfReader) -> str:
    """Return the text of all pages, with ordinary spaces between words."""
    return "\n".join(page.extract_text() for page in document.pages).replace("\N{NO-BREAK SPACE}", " ")


def flat(outline: list[Any]) -> Iterator[Any]:
    """Bookmarks of all levels, in order."""
    for entry in outline:
        yield from flat(entry) if isinstance(entry, list) else (entry,)


def test_the_pdf_is_tagged_and_declares_pdf_ua(document: PdfReader) -> None:
    """It says PDF/UA-1, has a structure tree, a language with its region, and a title."""
    catalogue = document.root_object
    assert catalogue["/Lang"] == "fr-BE"
    assert "/StructTreeRoot" in catalogue and catalogue["/MarkInfo"]["/Marked"]
    assert b"pdfuaid:part" in catalogue["/Metadata"].get_data()
    assert document.metadata.title == "Vade-mecum de la protection sociale – Belgique"
    assert document.metadata["/CreationDate"].startswith("D:20260302")


def test_both_editions_have_the_same_numbers(document: PdfReader, made: Path) -> None:
    """Captions carry the same numbers and words in HTML and PDF."""
    captions = []
    for name in ("01-depenses", "02-recettes"):
        root = html.document_fromstring((made / f"{name}.html").read_bytes())
        captions += [" ".join(e.text_content().split()) for e in root.xpath("//figcaption")]
    printed = [f"{number} – {' '.join(title.split())}" for number, title in CAPTION.findall(words_of(document))]
    assert printed == [caption.replace("'", "’") for caption in captions]


def test_references_name_what_they_lead_to(document: PdfReader) -> None:
    """References in the text carry the numbers of the captions, across chapters."""
    text = " ".join(words_of(document).split())
    assert "(Tableau 1.1)" in text and "voir aussi Figure 1.1, Chapitre 2 et Tableau 2.1" in text
    assert "chapitre précédent, Tableau 1.2" in text


def test_contents_and_lists_come_first(document: PdfReader) -> None:
    """After the cover stand the contents, the list of tables and the list of figures; bookmarks follow headings."""
    text = document.pages[1].extract_text()
    assert text.index("Sommaire") < text.index("Liste des tableaux") < text.index("Liste des figures")
    titles = [re.sub(r"\s+", " ", entry.title) for entry in flat(document.outline)]
    assert "1 Dépenses" in titles and "1.2 Évolution longue" in titles


def test_no_glyph_is_missing(document: PdfReader) -> None:
    """Narrow spaces and minus signs survive, and every font is embedded."""
    text = words_of(document)
    assert "167\u202f012" in text and "\u22121,2" in text and "\ufffd" not in text
    fonts = [f.get_object() for page in document.pages for f in page["/Resources"].get("/Font", {}).values()]
    descriptors = [f["/DescendantFonts"][0].get_object()["/FontDescriptor"] for f in fonts if "/DescendantFonts" in f]
    assert descriptors and all({"/FontFile2", "/FontFile3"} & set(d) for d in descriptors)


def test_footnotes_stay_with_their_chapter(document: PdfReader) -> None:
    """Two chapters may use the same label for different notes."""
    text = words_of(document)
    assert text.count("Prix courants.") == 1 and text.count("Y compris les transferts.") == 1


def test_the_same_book_gives_the_same_bytes(book: Book, words: Words, made: Path, tmp_path: Path) -> None:
    """Rendered again elsewhere, every file is the same, byte for byte."""
    render(book, words, tmp_path / "again", ("html", "pdf"), "embedded")
    first, second = ({p.relative_to(root): p.read_bytes() for p in root.rglob("*") if p.is_file()}
                     for root in (made, tmp_path / "again"))  # fmt: skip
    assert first == second


def small(book: Book, markdown: str) -> Book:
    """Return the book with one chapter of this text."""
    return Book(**{**book.__dict__, "chapters": (Chapter("seul", "Seul", markdown),)})


def test_a_dead_reference_is_named(book: Book, words: Words, tmp_path: Path) -> None:
    """A reference to nothing stops the rendering, with file and reference."""
    project = stage(small(book, "Voir @tbl-absente."), words, tmp_path / "p")
    with pytest.raises(RenderingFailed, match=r"seul\.qmd: the reference @tbl-absente"):
        engine(project, ("html",), words)


def test_an_id_used_twice_is_named(book: Book, words: Words, tmp_path: Path) -> None:
    """Two floats of one id would make references ambiguous."""
    twice = "::: {#tbl-a}\n\nx\n\nLégende\n:::\n\n" * 2
    with pytest.raises(RenderingFailed, match="'tbl-a' is used twice"):
        engine(stage(small(book, twice), words, tmp_path / "p"), ("html",), words)


def test_typst_errors_carry_its_words_and_the_source(book: Book, words: Words, tmp_path: Path) -> None:
    """Wrong Typst in a chapter fails with Typst's message, line and file."""
    project = stage(small(book, "```{=typst}\n#nothing-of-the-kind\n```\n"), words, tmp_path / "p")
    with pytest.raises(RenderingFailed, match=r"(?s)book\.typ.*unknown variable: nothing-of-the-kind"):
        engine(project, ("pdf",), words)


def test_equations_are_numbered_and_spoken(book: Book, words: Words, tmp_path: Path) -> None:
    """An equation has a number, a target and, for PDF/UA, its source as alternative text."""
    text = "Voir @eq-taux et $x$.\n\n$$ t = \\frac{a}{b} $$ {#eq-taux}\n"
    made = engine(stage(small(book, text), words, tmp_path / "p"), ("html", "pdf"), words)
    assert "(1.1)" in words_of(PdfReader(made["pdf"]))
    assert "<math" in (made["html"].parent / "01-seul.html").read_text(encoding="utf-8")


def test_citations_share_one_bibliography(book: Book, words: Words, tmp_path: Path) -> None:
    """With a ``references.bib``, citations are resolved and listed in a last chapter."""
    source = tmp_path / "references.bib"
    source.write_text("@book{esspros, title={ESSPROS Manual}, author={Eurostat}, year={2022}}", encoding="utf-8")
    chapter = Chapter("seul", "Seul", "Selon @esspros, et @sec-seul.", (source,))
    cited = Book(**{**book.__dict__, "chapters": (chapter,)})
    made = engine(stage(cited, words, tmp_path / "p"), ("html", "pdf"), words)
    page = (made["html"].parent / "01-seul.html").read_text(encoding="utf-8")
    assert 'href="references.html#ref-esspros"' in page and "2022" in page
    assert "ESSPROS Manual" in words_of(PdfReader(made["pdf"]))
