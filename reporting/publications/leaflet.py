"""A short text as a tagged PDF by itself: a title, lines, and blocks under headings."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

import typst

from reporting.errors import RenderingFailed
from reporting.publications.pdf import quoted


def write(title: str, lines: Iterable[str], blocks: Iterable[tuple[str, str]], date: str) -> bytes:
    """The PDF of a text; blocks are Typst, everything else is plain text.

    Raises
    ------
    RenderingFailed
        With Typst's words.
    """
    head = [
        f"#set document(title: {quoted(title)}, date: auto)", '#set page(paper: "a4", numbering: "1")',
        '#set text(size: 10pt, lang: "en")', f"#heading(level: 1)[#{quoted(title)}]",
        *(f"#par[#{quoted(line)}]" for line in lines),
    ]  # fmt: skip
    body = [f"#heading(level: 2)[#{quoted(name)}]\n#par[{content}]" for name, content in blocks]
    stamp = datetime.fromisoformat(date).replace(tzinfo=UTC)
    try:
        made = typst.compile("\n\n".join([*head, *body]).encode(), pdf_standards=["ua-1"], timestamp=stamp)
    except RuntimeError as error:
        raise RenderingFailed(f"Typst could not make the PDF: {getattr(error, 'diagnostic', None) or error}") from error
    assert isinstance(made, bytes)  # no file was named
    return made
