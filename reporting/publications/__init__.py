"""Publications: a book staged as a Quarto project, rendered with Quarto or the embedded engine."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from pathlib import Path

from reporting.errors import UsageError
from reporting.labels import Words
from reporting.publications import engine as embedded
from reporting.publications import quarto
from reporting.publications.book import Book, Chapter
from reporting.publications.stage import stage

__all__ = ["Book", "Chapter", "choose", "render", "stage"]

#: Formats a renderer makes; others are made elsewhere and left alone.
FORMATS = ("html", "pdf")
ENGINES = ("auto", "quarto", "embedded")


def render(book: Book, words: Words, folder: Path, formats: Iterable[str], engine: str = "auto") -> dict[str, Path]:
    """Make the HTML and PDF editions of a book.

    Parameters
    ----------
    book : Book
    words : Words
        The vocabulary of the book's language.
    folder : Path
        Receives the pages, ``<stem>.pdf`` and, in ``quarto/``, the sources.
    formats : iterable of str
        Of ``html`` and ``pdf``; others are ignored.
    engine : {"auto", "quarto", "embedded"}
        ``auto`` takes Quarto where it is on the PATH.

    Returns
    -------
    dict
        Format to file.

    Raises
    ------
    RenderingFailed
        With the renderer's words and the file.
    """
    chosen = choose(engine)
    wanted = [name for name in FORMATS if name in set(formats)]
    project = stage(book, words, folder / "quarto")
    made = quarto.render(project, wanted) if chosen == "quarto" else embedded.render(project, wanted, words)
    return _placed(made, folder)


def choose(engine: str) -> str:
    """Return the engine to use: ``quarto`` or ``embedded``."""
    if engine not in ENGINES:
        raise UsageError(f"Unknown engine {engine!r}. Known: {', '.join(ENGINES)}.")
    if engine == "quarto" and quarto.version() is None:
        raise UsageError("No quarto on the PATH: install it (pip install 'reporting[quarto]'), or leave out --engine.")
    if engine == "auto":
        return "quarto" if quarto.version() else "embedded"
    return engine


def _placed(made: dict[str, Path], folder: Path) -> dict[str, Path]:
    """Move what was rendered beside the sources, in place of an earlier rendering."""
    for output in {path.parent for path in made.values()}:
        for item in sorted(output.iterdir()):
            place = folder / item.name
            if place.is_dir():
                shutil.rmtree(place)
            shutil.move(item, place)
        output.rmdir()
    return {name: folder / path.name for name, path in made.items()}
