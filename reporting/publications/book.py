"""What a publication consists of, before anything is rendered."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Chapter:
    """A chapter in the book's language.

    Parameters
    ----------
    id : str
        Its name in file names; ``@sec-<id>`` refers to it.
    title : str
        The heading, as plain text.
    markdown : str
        What stands below the heading, in Quarto's Markdown; its own headings
        start at the second level.
    files : tuple of Path
        Figures (copied to ``figures/``) and bibliographies (``.bib``, ``.csl``).
    """

    id: str
    title: str
    markdown: str
    files: tuple[Path, ...] = ()


@dataclass(frozen=True)
class Book:
    """One publication, for one country or group, in one language.

    Parameters
    ----------
    publication : str
        The declared id.
    title, subtitle, publisher, edition : str
        What the cover says, as plain text.
    geo, geo_name : str
        The code and its name in the book's language.
    lang, tag : str
        The declared language and its BCP 47 tag (``fr-BE``).
    date, date_text : str
        The date as ISO and as the language writes it.
    chapters : tuple of Chapter
        In the order of reading.
    colophon : tuple of str
        Lines about dates of data, sources and licence, as plain text.
    """

    publication: str
    title: str
    subtitle: str
    publisher: str
    edition: str
    geo: str
    geo_name: str
    lang: str
    tag: str
    date: str
    date_text: str
    chapters: tuple[Chapter, ...]
    colophon: tuple[str, ...] = ()

    @property
    def stem(self) -> str:
        """The name of its files, without extension."""
        return f"{self.publication}-{self.geo}-{self.lang}"
