"""The embedded engine: a staged project rendered without Quarto."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from reporting.labels import Words
from reporting.publications import pages, pdf
from reporting.publications.document import read
from reporting.publications.stage import OUTPUT


def render(project: Path, formats: Iterable[str], words: Words) -> dict[str, Path]:
    """Render a staged project with pandoc and Typst, its formats at the same time.

    Parameters
    ----------
    project : Path
        A folder written by :func:`reporting.publications.stage.stage`.
    formats : iterable of str
        Of ``html`` and ``pdf``.
    words : Words
        The vocabulary of the interface.

    Returns
    -------
    dict
        Format to file: the cover page and the PDF, in ``_book``.

    Raises
    ------
    RenderingFailed
        With the renderer's words.
    """
    wanted = set(formats)
    document = read(project)
    output = project / OUTPUT
    shutil.rmtree(output, ignore_errors=True)
    output.mkdir()
    writers: dict[str, Callable[[], Path]] = {
        "html": lambda: pages.write(document, words, output, "pdf" in wanted),
        "pdf": lambda: pdf.write(document, output / f"{document.about['stem']}.pdf"),
    }
    with ThreadPoolExecutor(len(writers)) as several:
        making = {name: several.submit(write) for name, write in writers.items() if name in wanted}
        return {name: made.result() for name, made in making.items()}
