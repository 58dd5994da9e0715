"""How a person sees a rule of MISSOC on a page: its category, its text in its own language, its edition."""

from __future__ import annotations

from html import escape

from reporting import typeset
from reporting.labels import Words
from reporting.missoc.cells import Cell
from reporting.tables import plain, raw

#: How a line of a list begins.
_BULLETS = ("- ", "– ", "• ", "* ")


def markdown(cell: Cell, name: str) -> str:
    """A rule for a page, its text tagged with its language."""
    return f"**{plain(f'{cell.table} – {name}')}**\n\n{raw(html(cell.text, cell.lang), typst(cell.text, cell.lang))}\n"


def html(text: str, lang: str) -> str:
    """A text as HTML: a paragraph for each line, a list where lines begin with a bullet."""
    parts: list[str] = []
    for bullet, line in _lines(text):
        if bullet and parts and parts[-1].endswith("</ul>"):
            parts[-1] = parts[-1].removesuffix("</ul>") + f"<li>{escape(line)}</li></ul>"
        else:
            parts.append(f"<ul><li>{escape(line)}</li></ul>" if bullet else f"<p>{escape(line)}</p>")
    return f'<div class="rule" lang="{escape(lang, quote=True)}">{"".join(parts)}</div>'


def typst(text: str, lang: str) -> str:
    """A text as Typst (see :func:`html`)."""
    parts = [f"#list([#{typeset.string(line)}])" if bullet else f"#par[#{typeset.string(line)}]"
             for bullet, line in _lines(text)]  # fmt: skip
    return f"#[\n#set text(lang: {typeset.string(lang)}, size: 9pt)\n" + "\n".join(parts) + "\n]"


def _lines(text: str) -> list[tuple[bool, str]]:
    """The lines of a text, and whether each is an item of a list."""
    lines = [line.strip() for line in text.split("\n") if line.strip()]
    return [(line.startswith(_BULLETS), line.lstrip("-–•* ") if line.startswith(_BULLETS) else line) for line in lines]


def source(edition: str, words: Words) -> str:
    """The source line of rules: the edition they stand in."""
    return words.text("Source: MISSOC comparative tables, edition of {date}.", date=words.date(edition))


def foreign(lang: str, words: Words) -> str:
    """What to say where the texts are not in the language of the page; empty where they are."""
    if lang == words.language.id:
        return ""
    name = words.locale.languages.get(lang, lang)
    if words.language.id not in ("en", "fr", "de"):
        return words.text("MISSOC is not published in this language: its texts are shown in their own ({language}).",
                          language=name)  # fmt: skip
    return words.text("The store holds the texts of MISSOC in another language: {language}.", language=name)
