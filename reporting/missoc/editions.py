"""Two editions for a publication: those of the store, else the invented ones that ship with the package."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from reporting.declarations.texts import Texts
from reporting.errors import UsageError
from reporting.missoc import cells, changes, intake
from reporting.missoc.cells import Cell
from reporting.missoc.changes import Changes
from reporting.missoc.intake import Given
from reporting.vintages import Store

LANGUAGES = ("en", "fr", "de")
SAMPLES = Path(__file__).parent / "samples"


def shown(store: Store, texts: Texts, as_of: str = "") -> tuple[list[Cell], bool]:
    """All cells of the store, or those of the invented editions when it has fewer than two; says which."""
    held = cells.known(store, as_of)
    if len({cell.edition for cell in held}) > 1:
        return held, False
    return [c for path in sorted(SAMPLES.iterdir()) for c in intake.read(path, texts, Given()).cells], True


def language(held: Iterable[Cell], lang: str, geos: tuple[str, ...] = ()) -> str:
    """The language in which texts of some countries are shown: that of the reader, else the first there is one in."""
    there = {cell.lang for cell in held if not geos or cell.geo in geos}
    return next((one for one in (lang, *LANGUAGES) if one in there), "en")


def between(held: Iterable[Cell], start: str, end: str, lang: str, geos: tuple[str, ...] = ()) -> Changes:
    """The changes between two editions in one language, of some countries or of all.

    Raises
    ------
    UsageError
        When an edition that is named is not there.
    """
    every = list(held)
    wanted = [cell for cell in every if cell.lang == lang and (not geos or cell.geo in geos)]
    try:
        first, last = changes.editions(every, start, end)
    except ValueError as error:
        raise UsageError(str(error)) from None
    before, after = ([c for c in wanted if c.edition == edition] for edition in (first, last))
    return changes.compare(before, after, first, last)


def vintages(store: Store, found: Changes) -> list[str]:
    """The vintages in which the two editions compared were read."""
    labels = [manifest.vintage for manifest in cells.CELLS.manifests(store)]
    return [label for label in labels if label[:10] in (found.start, found.end)]
