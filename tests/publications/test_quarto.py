"""Staging, and Quarto where it is installed."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from threading import Barrier

import pytest
import yaml
from pypdf import PdfReader

from reporting.errors import OutputFailed, RenderingFailed, UsageError
from reporting.labels import Words
from reporting.publications import Book, choose, pages, pdf, quarto, render, stage
from reporting.publications.stage import merged

needs_quarto = pytest.mark.skipif(quarto.version() is None, reason="quarto is not on the PATH")


def test_the_staged_project_joins_house_and_book(book: Book, words: Words, tmp_path: Path) -> None:
    """The project has the house's formats, the book's chapters, language and titles."""
    project = stage(book, words, tmp_path / "p")
    settings = yaml.safe_load((project / "_quarto.yml").read_text(encoding="utf-8"))
    assert settings["book"]["chapters"] == ["index.qmd", "01-depenses.qmd", "02-recettes.qmd"]
    assert settings["lang"] == "fr-BE" and settings["format"]["html"]["html-math-method"] == "mathml"
    assert settings["format"]["typst"]["pdf-standard"] == "ua-1" and settings["execute"] == {"enabled": False}
    assert settings["crossref"]["tbl-title"] == "Tableau"
    assert sorted(p.name for p in (project / "figures").iterdir()) == ["evolution.svg", "recettes.svg"]


def test_staging_again_replaces_only_a_project(book: Book, words: Words, tmp_path: Path) -> None:
    """An earlier project is replaced whole; a folder of something else is left alone."""
    project = stage(book, words, tmp_path / "p")
    stage(replace(book, chapters=book.chapters[:1]), words, project)
    assert not (project / "02-recettes.qmd").exists()
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "thesis.txt").write_text("mine")
    with pytest.raises(OutputFailed, match="no Quarto project"):
        stage(book, words, tmp_path / "other")
    assert (tmp_path / "other" / "thesis.txt").is_file()


def test_two_files_of_one_name_are_refused(book: Book, words: Words, tmp_path: Path) -> None:
    """A figure never silently takes the place of another chapter's."""
    other = tmp_path / "evolution.svg"
    other.write_text("<svg/>")
    chapters = (book.chapters[0], replace(book.chapters[1], files=(other,)))
    with pytest.raises(RenderingFailed, match=r"evolution\.svg"):
        stage(replace(book, chapters=chapters), words, tmp_path / "p")


def test_settings_are_merged_by_table() -> None:
    """Tables are merged at every depth; other values are replaced."""
    assert merged({"a": {"b": 1, "c": [1]}}, {"a": {"c": [2], "d": 3}}) == {"a": {"b": 1, "c": [2], "d": 3}}


def test_an_unknown_engine_is_wrong_use() -> None:
    """The message names the engines there are."""
    with pytest.raises(UsageError, match="auto, quarto, embedded"):
        choose("latex")


def test_quarto_asked_for_but_absent_is_wrong_use(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without Quarto, ``auto`` is the embedded engine and ``quarto`` an error that says what to do."""
    monkeypatch.setattr(quarto, "version", lambda: None)
    assert choose("auto") == "embedded"
    with pytest.raises(UsageError, match="install it"):
        choose("quarto")


STAND_IN = """#!{python}
import sys, time
from pathlib import Path
if sys.argv[1] == "--version":
    sys.exit(print("1.9.0"))
kind = sys.argv[sys.argv.index("--to") + 1]
Path({meet!r}, kind).touch()
end = time.monotonic() + 20
while len(list(Path({meet!r}).iterdir())) < 2:
    if time.monotonic() > end:
        sys.exit("the other format does not come")
    time.sleep(0.01)
Path("_book").mkdir()
Path("_book", "index.html" if kind == "html" else "Book.pdf").write_text(kind)
"""


def test_quarto_renders_both_formats_at_the_same_time(
    book: Book, words: Words, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A stand-in for Quarto that waits for the other format ends well, and both results are in place."""
    for name in ("bin", "meet"):
        (tmp_path / name).mkdir()
    program = tmp_path / "bin" / "quarto"
    program.write_text(STAND_IN.format(python=sys.executable, meet=str(tmp_path / "meet")), encoding="utf-8")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setattr(quarto, "version", lambda: "1.9.0")
    made = render(book, words, tmp_path / "out", ("html", "pdf"), "quarto")
    assert made["html"].read_text() == "html" and made["pdf"].read_text() == "typst"
    assert made["pdf"].name == "essai-BE-fr.pdf"
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == ["essai-BE-fr.pdf", "index.html", "quarto"]


def test_the_embedded_engine_renders_both_formats_at_the_same_time(
    book: Book, words: Words, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each writer waits for the other one before it begins."""
    meeting = Barrier(2, timeout=20)

    def meets(write: Callable[..., Path]) -> Callable[..., Path]:
        return lambda *arguments: (meeting.wait(), write(*arguments))[1]

    monkeypatch.setattr(pages, "write", meets(pages.write))
    monkeypatch.setattr(pdf, "write", meets(pdf.write))
    made = render(book, words, tmp_path / "out", ("html", "pdf"), "embedded")
    assert made["html"].is_file() and made["pdf"].is_file()


@needs_quarto
@pytest.mark.slow
def test_quarto_makes_the_same_book(book: Book, words: Words, made: Path, tmp_path: Path) -> None:
    """Quarto's PDF has the same words as the embedded engine's, and both formats are in place."""
    result = render(book, words, tmp_path / "q", ("html", "pdf"), "quarto")
    assert result["html"].is_file() and (tmp_path / "q" / "02-recettes.html").is_file()
    texts = []
    for path in (result["pdf"], made / "essai-BE-fr.pdf"):
        pages = PdfReader(path).pages
        texts.append(re.sub(r"[\s.\u2060]+", "", "".join(page.extract_text() for page in pages)))
    assert texts[0] == texts[1]


@needs_quarto
@pytest.mark.slow
def test_quarto_errors_are_passed_on(book: Book, words: Words, tmp_path: Path) -> None:
    """A failing chapter raises with Quarto's words."""
    broken = replace(book.chapters[0], markdown="```{=typst}\n#nothing-of-the-kind\n```\n", files=())
    project = stage(replace(book, chapters=(broken,)), words, tmp_path / "p")
    with pytest.raises(RenderingFailed, match="nothing-of-the-kind"):
        quarto.render(project, ("pdf",))
