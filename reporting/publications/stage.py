"""A book as a complete Quarto project, which either renderer can read.

A person may run ``quarto render`` in the staged folder and get the same book.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterable, Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any

import yaml

from reporting.errors import DeclarationError, OutputFailed, RenderingFailed
from reporting.labels import Words
from reporting.publications.book import Book, Chapter
from reporting.tables import plain

OUTPUT = "_book"

#: Copied into every project: styles of the tables and the Typst template.
SHARED = ("tables.css", "typst-template.typ", "typst-show.typ", "page.typ", "numbering.typ")

_PARTIALS = [name for name in SHARED if name.endswith(".typ")]
_NOTE = re.compile(r"^\[\^([^\]\s]+)\]:", re.MULTILINE)
_MARK = re.compile(r"\[\^([^\]\s]+)\]")
_URL = re.compile(r"https?://[^\s)]+[^\s).,;]")


def stage(book: Book, words: Words, project: Path) -> Path:
    """Write a book as a Quarto project, in place of an earlier one.

    Parameters
    ----------
    book : Book
    words : Words
        The vocabulary of the book's language.
    project : Path
        The folder to write; it is emptied if it holds an earlier project.

    Returns
    -------
    Path
        The folder.
    """
    _empty(project)
    names = [f"{place:02d}-{chapter.id}.qmd" for place, chapter in enumerate(book.chapters, start=1)]
    for name, chapter in zip(names, book.chapters, strict=True):
        _write(project / name, _chapter(chapter))
        _copy(chapter.files, project)
    _write(project / "index.qmd", _index(book, words))
    for name in SHARED:
        _write(project / name, asset(name))
    bibliographies = sorted(path.name for path in project.glob("*.bib"))
    if bibliographies:
        names.append("references.qmd")
        heading = f"# {plain(words.text('References'))} {{.unnumbered}}"
        _write(project / "references.qmd", f"{heading}\n\n::: {{#refs}}\n:::\n")
    settings = merged(_house(words.declarations.home), _settings(book, words, ["index.qmd", *names]))
    if bibliographies:
        settings |= {"bibliography": bibliographies, "citeproc": True}
        settings |= dict([("csl", path.name) for path in sorted(project.glob("*.csl"))][:1])
    _write(project / "_quarto.yml", yaml.safe_dump(settings, allow_unicode=True, sort_keys=False, width=120))
    return project


def asset(name: str) -> str:
    """Return the text of a file that comes with the package."""
    return (files("reporting.publications") / "assets" / name).read_text(encoding="utf-8")


def merged(base: Mapping[str, Any], own: Mapping[str, Any]) -> dict[str, Any]:
    """Return settings over settings: tables are merged, everything else is replaced."""
    result = dict(base)
    for key, value in own.items():
        known = result.get(key)
        both = isinstance(value, Mapping) and isinstance(known, Mapping)
        result[key] = merged(known, value) if both and known is not None else value
    return result


def _house(home: Path) -> dict[str, Any]:
    try:
        settings = yaml.safe_load((home / "_quarto.yml").read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise DeclarationError([f"_quarto.yml: not found in {home}: it holds the defaults of every book"]) from None
    except yaml.YAMLError as error:
        raise DeclarationError([f"_quarto.yml: not valid YAML: {error}"]) from None
    return dict(settings or {})


def _settings(book: Book, words: Words, chapters: list[str]) -> dict[str, Any]:
    """Return the book's own settings; ``publication`` is what the covers and the embedded engine read."""
    return {
        "project": {"type": "book", "output-dir": OUTPUT},
        "book": {
            "title": book.title,
            "subtitle": f"{book.subtitle} – {book.geo_name}" if book.subtitle else book.geo_name,
            "author": book.publisher,
            "date": book.date,
            "date-format": "long",
            "chapters": chapters,
            "page-footer": {"left": f"{book.publisher} – {book.edition}", "right": book.date_text},
        },
        "lang": book.tag,
        "publication": {
            "stem": book.stem,
            "title": book.title,
            "subtitle": book.subtitle,
            "publisher": book.publisher,
            "edition": book.edition,
            "geo": book.geo_name,
            "date": book.date,
            "date-text": book.date_text,
            "contents": words.text("Contents"),
            "tables": words.text("List of tables"),
            "figures": words.text("List of figures"),
        },
        "crossref": _crossref(words),
        "language": _language(words),
        "format": {"typst": {"template-partials": _PARTIALS}},
    }


def _crossref(words: Words) -> dict[str, str]:
    names = {"tbl": words.text("Table"), "fig": words.text("Figure"), "eq": words.text("Equation")}
    titles = {f"{kind}-title": name for kind, name in names.items()}
    return titles | {f"{kind}-prefix": name for kind, name in names.items()}


def _language(words: Words) -> dict[str, str]:
    """Words of the renderer that the reader meets in the text itself."""
    return {
        "crossref-ch-prefix": words.text("Chapter"),
        "crossref-sec-prefix": words.text("Section"),
        "title-block-author-single": words.text("Publisher"),
        "callout-note-title": words.text("Note"),
        "callout-tip-title": words.text("Tip"),
        "callout-important-title": words.text("Important"),
        "callout-warning-title": words.text("Warning"),
        "callout-caution-title": words.text("Caution"),
    }


def _chapter(chapter: Chapter) -> str:
    """Return a chapter's source; its footnotes get labels of their own, since Quarto merges equal ones in a PDF."""
    text = chapter.markdown.strip()
    notes = set(_NOTE.findall(text))
    text = _MARK.sub(lambda m: f"[^{chapter.id}-{m[1]}]" if m[1] in notes else m[0], text)
    return f"# {plain(chapter.title)} {{#sec-{chapter.id}}}\n\n{text}\n"


def _index(book: Book, words: Words) -> str:
    lines = "\n\n".join(_linked(line) for line in book.colophon)
    return f"# {plain(words.text('About this publication'))} {{.unnumbered}}\n\n{lines}\n"


def _linked(line: str) -> str:
    """Plain text in which addresses are links."""
    edges = [0, *(edge for match in _URL.finditer(line) for edge in match.span()), len(line)]
    parts = [line[a:b] for a, b in zip(edges, edges[1:], strict=False)]
    return "".join(f"<{part}>" if place % 2 else plain(part) for place, part in enumerate(parts))


def _copy(sources: Iterable[Path], project: Path) -> None:
    for source in sources:
        folder = project if source.suffix in (".bib", ".csl") else project / "figures"
        folder.mkdir(exist_ok=True)
        place = folder / source.name
        if place.exists() and place.read_bytes() != source.read_bytes():
            raise RenderingFailed(f"{source}: another chapter has a different file named {source.name}: rename one.")
        shutil.copyfile(source, place)


def _empty(project: Path) -> None:
    if project.is_dir() and any(project.iterdir()):
        if not (project / "_quarto.yml").is_file():
            raise OutputFailed(f"{project} is in use and is no Quarto project: choose another folder.")
        shutil.rmtree(project)
    project.mkdir(parents=True, exist_ok=True)


def _write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8", newline="\n")
