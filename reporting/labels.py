"""Words, numbers and dates in the reader's language.

English is the source: every text a person reads is an English message, and
``parameters/labels/<lang>/messages.po`` holds its translation. Codes keep their
English label in ``parameters/codelists/``; country names come from CLDR.
"""

from __future__ import annotations

import ast
import contextlib
import functools
import json
import math
import re
from collections.abc import Iterable, Iterator
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

from babel import Locale
from babel.dates import format_date, format_skeleton
from babel.lists import format_list
from babel.messages.catalog import Catalog
from babel.messages.pofile import PoFileError, read_po, write_po
from babel.numbers import format_decimal, get_territory_currencies

from reporting import reads, vintages
from reporting.declarations import Declarations, Indicator, frameworks, load
from reporting.errors import DeclarationError, UsageError
from reporting.esspros import classification, schemes

MISSING = ":"
_CLDR = {"EL": "GR", "UK": "GB"}
_SAYING = {"say", "heading", "estimates", "prose", "text", "_", "tr"}


def tr(message: str) -> str:
    """Mark a message for translation where no language is known yet."""
    return message


def currency(geo: str) -> str:
    """The currency of a country today, by its ISO code; empty where CLDR knows none."""
    return next(iter(get_territory_currencies(_CLDR.get(geo, geo))), "")


class Words:
    """The vocabulary of one language.

    Parameters
    ----------
    declarations : Declarations
    lang : str
        A declared language.

    Attributes
    ----------
    missing : set of str
        English messages that were asked for and have no translation.
    """

    def __init__(self, declarations: Declarations, lang: str) -> None:
        if lang not in declarations.languages:
            known = ", ".join(declarations.languages)
            raise UsageError(f"Unknown language {lang!r}. Declared in parameters/languages.toml: {known}.")
        self.declarations = declarations
        self.language = declarations.languages[lang]
        self.locale = Locale.parse(self.language.locale)
        self.missing: set[str] = set()
        self._catalogue = {} if lang == "en" else reads.Watched(catalogue(declarations.home, lang), "message", lang)

    def text(self, message: str, /, **values: object) -> str:
        """A message in this language, its named placeholders filled."""
        if not message:
            return ""
        found = message if self.language.id == "en" else self._catalogue.get(message, "")
        if not found:
            self.missing.add(message)
            found = message
        try:
            return found.format(**values) if values else found
        except (KeyError, IndexError, ValueError):
            path = f"parameters/labels/{self.language.id}/messages.po"
            raise DeclarationError([f"{path}: {found!r} does not have the placeholders of {message!r}"]) from None

    def code(self, dimension: str, code: str) -> str:
        """The label of a code; the code itself where no label is declared."""
        if dimension == "geo":
            return self.geo(code)
        label = self.declarations.codelists.get(dimension, {}).get(code)
        return self.text(label) if label else code

    def geo(self, code: str) -> str:
        """The name of a country or group of countries."""
        own = self.declarations.codelists.get("geo", {}).get(code)
        cldr = self.locale.territories.get(_CLDR.get(code, code))
        if cldr and code not in self.declarations.groups:
            return str(cldr)
        return self.text(own) if own else code

    def indicator(self, indicator: Indicator) -> str:
        """The row label of an indicator."""
        codes = {dimension: self.code(dimension, code) for dimension, code in indicator.codes.items()}
        only = indicator.label.strip("{}")
        return codes[only] if only in codes else self.text(indicator.label, **codes)

    def number(self, value: float | None, decimals: int) -> str:
        """A number as this language writes it; ``:`` when missing."""
        if value is None or math.isnan(value):
            return MISSING
        pattern = "#,##0" + ("." + "0" * decimals if decimals else "")
        # Halves away from zero, as statisticians round; + 0 makes minus zero zero.
        rounded = Decimal(repr(value)).quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP) + 0
        text: str = format_decimal(rounded, pattern, locale=self.locale)
        return text.replace("-", "\N{MINUS SIGN}")

    def date(self, iso: str) -> str:
        """An ISO date as this language writes it; years stay as they are."""
        if len(iso) < 10:
            return iso
        when = date.fromisoformat(iso[:10])
        text = format_date(when, "long", locale=self.locale)
        # French says "1er"; CLDR's date formats have no ordinals.
        return text.replace("1", "1er", 1) if self.language.id == "fr" and when.day == 1 else text

    def day(self, iso: str) -> str:
        """An ISO date in figures, for a heading; years stay as they are."""
        if len(iso) < 10:
            return iso
        return str(format_skeleton("yMd", date.fromisoformat(iso[:10]), locale=self.locale))

    def enumeration(self, items: Iterable[str]) -> str:
        """Items joined as this language joins them."""
        return format_list(list(items), locale=self.locale)


@functools.cache
@reads.covers
def catalogue(home: Path, lang: str) -> dict[str, str]:
    """English message to translation, without the fuzzy ones."""
    path = home / "parameters" / "labels" / lang / "messages.po"
    if not path.is_file():
        return {}
    try:
        with path.open("rb") as file:
            entries = list(read_po(file, locale=lang, abort_invalid=True))
    except (UnicodeDecodeError, PoFileError) as error:
        raise DeclarationError([f"{path.relative_to(home)}: not a readable catalogue: {error}"]) from None
    return {str(e.id): str(e.string) for e in entries if e.id and e.string and not e.fuzzy}


def update(declarations: Declarations, lang: str, translations: dict[str, str] | None = None) -> list[str]:
    """Bring a language's catalogue up to date: every message in use, sorted; obsolete ones dropped.

    Parameters
    ----------
    translations : dict, optional
        English message to translation, over those in the catalogue.

    Returns
    -------
    list of str
        Messages that still have no translation.
    """
    path = declarations.home / "parameters" / "labels" / lang / "messages.po"
    known = {**catalogue(declarations.home, lang), **(translations or {})}
    wanted = sorted(messages(declarations))
    fresh = Catalog(locale=declarations.languages[lang].locale, project="reporting", charset="utf-8", fuzzy=False)
    for message in wanted:
        entry = fresh.add(message, known.get(message, ""))
        entry.flags.discard("python-format")  # placeholders are in braces; % is a per cent sign
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        write_po(file, fresh, width=0, omit_header=True)
    return [message for message in wanted if not known.get(message)]


def messages(declarations: Declarations) -> set[str]:
    """Every message a publication can show: declarations, notebooks and code."""
    d = declarations
    found: set[str] = {label for name, codes in d.codelists.items() for label in codes.values() if name != "geo"}
    # Countries have their names from the Unicode CLDR; groups and parts of countries have none there.
    found |= {label for code, label in d.codelists.get("geo", {}).items() if len(code) > 2}
    for indicator in d.indicators.values():
        if indicator.label.strip("{}") not in indicator.codes:
            found.add(indicator.label)
    for table in d.tables.values():
        found |= {table.title, *table.notes}
    for figure in d.figures.values():
        found |= {figure.title, *figure.notes}
    found |= {measure.title for measure in d.measures.values()}
    for publication in d.publications.values():
        found |= {publication.title, publication.subtitle, publication.publisher}
        found |= {chapter.title for chapter in publication.chapters}
        for chapter in publication.chapters:
            found |= {value for key, value in chapter.parameters.items() if key in ("introduction", "heading")}
    found |= {rule.title for rule in d.rules.values()}
    found |= {rule.title for rules in d.collections.values() for rule in rules.values()}
    found |= {dataset.acknowledgement for dataset in (*d.datasets.values(), *frameworks.undeclared(d).values())}
    found |= {manifest.acknowledgement for manifest in _held()}
    found |= {accepted.reason for accepted in d.accepted}
    found |= {outcome.label for profile in d.profiles.values() for outcome in profile.outcomes.values()}
    for framework in frameworks.names(d):
        found |= {entry.label for entry in frameworks.load(d, framework).values()}
    if (d.home / "parameters" / "esspros").is_dir():  # a project need not have that collection
        found |= {item.label for item in classification.load(d.home).items.values()}
    found |= {label for values in schemes.CRITERIA.values() for label in values.values()}
    found |= set(_spoken(d.home))
    return {message for message in found if message}


@reads.covers
def untranslated(declarations: Declarations, lang: str) -> list[str]:
    """Messages in use that have no translation."""
    return [] if lang == "en" else sorted(messages(declarations) - set(catalogue(declarations.home, lang)))


def _held() -> Iterator[vintages.Manifest]:
    """The manifests of the embedded edition, whose acknowledgements are shown."""
    store = vintages.Store(vintages.EMBEDDED, embedded=None)
    for dataset in store.datasets():
        yield from (manifest for manifest, _ in store.manifests(dataset))


def _spoken(home: Path) -> Iterator[str]:
    """First arguments of ``say("…")``, ``heading("…")``, ``text("…")`` in notebooks and code."""
    for notebook in (home / "notebooks").rglob("*.ipynb"):
        cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
        for cell in cells:
            if cell["cell_type"] == "code":
                # Lines for the shell are not Python; a cell that is no Python at all fails when it runs.
                with contextlib.suppress(SyntaxError):
                    yield from _calls(re.sub(r"(?m)^\s*[!%?].*$", "", "".join(cell["source"])))
    for module in Path(__file__).parent.rglob("*.py"):
        yield from _calls(module.read_text(encoding="utf-8"))


def _calls(source: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and node.args:
            name: Any = getattr(node.func, "attr", None) or getattr(node.func, "id", None)
            first = node.args[0]
            if name == "compare":
                yield from (str(k.value.value) for k in node.keywords if isinstance(k.value, ast.Constant))
            if name in _SAYING and isinstance(first, ast.Constant) and isinstance(first.value, str):
                yield first.value


if __name__ == "__main__":
    known = load()
    for language in known.languages:
        if language != "en":
            left = update(known, language)
            print(f"{language}: {len(left)} messages without translation", *left, sep="\n  ")
