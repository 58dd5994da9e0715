"""What a heading, a label or a code stands for: table, category, country, edition, language."""

from __future__ import annotations

import functools
import re
import unicodedata
from collections import Counter
from dataclasses import dataclass

from reporting.declarations.texts import Texts, TextTable
from reporting.missoc.cells import UNKNOWN

_ROMAN = {n: i for i, n in enumerate(("I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX", "X", "XI", "XII"), 1)}
_ARABIC = {str(i): n for n, i in _ROMAN.items()}
_TABLE = re.compile(
    r"^(?:missoc\s+)?(?:tables?|chapters?|tableaux?|chapitres?|tabellen?|kapitel|tabel|hoofdstuk)\s+"
    r"(?:(?:no|nr|n°)\.?\s*)?([IVX]+|\d{1,2})\b[\s:.,–—-]*(.*)$", re.I | re.S,
)  # fmt: skip
_BEFORE = re.compile(r"^([IVX]+)\s*[.:)–—-]\s*(?!\d)(.*)$", re.S)
_LABEL = re.compile(r"^\s*(?:([IVX]+)\s*[-–.]\s*(\d{1,2})|(\d{1,2}|[a-h])(?=[.)]))(?:[.):]|\s|[-–]\s|$)+\s*(.*)$", re.S)
_MONTHS = {"january": 1, "janvier": 1, "januar": 1, "jänner": 1, "januari": 1,
           "july": 7, "juillet": 7, "juli": 7}  # fmt: skip
_WORDY = re.compile(
    rf"(?:(?<![\d.,])(?:0?1|1er|1st)\.?\s+|(?<!\d )(?<!\d\. )(?<!\der )\b)({'|'.join(_MONTHS)})\s+((?:19|20)\d\d)\b",
    re.I,
)
_FIGURES = re.compile(r"\b(?:((?:19|20)\d\d)-(0[17])-01|0?1[./]0?([17])[./]((?:19|20)\d\d))\b")
_YEAR = re.compile(r"\bMISSOC\s+((?:19|20)\d\d)\b", re.I)
_PARTS = re.compile(r"\s+[-–—|/]\s+|\s*[:,;|]\s*|\s*[()]\s*")
_COMMON = {
    "en": {"the", "of", "and", "for", "is", "with", "or", "to", "in", "no", "see", "are", "per", "who"},
    "fr": {"le", "la", "les", "des", "du", "et", "pour", "est", "une", "ou", "par", "aux", "pas", "voir"},
    "de": {"der", "die", "das", "und", "für", "ist", "mit", "oder", "von", "den", "kein", "keine", "pro", "siehe"},
}


def fold(text: str) -> str:
    """A text reduced to what identifies it: letters without accents and figures, in lower case."""
    plain = unicodedata.normalize("NFKD", text.casefold())
    return " ".join(re.findall(r"[^\W_]+", "".join(c for c in plain if not unicodedata.combining(c))))


@dataclass(frozen=True)
class Placed:
    """The category a label stands for: its key, the label, the number the file states, whether it is declared."""

    key: str
    label: str
    number: str
    declared: bool


class Catalogue:
    """What is declared about MISSOC, found by any of its spellings."""

    def __init__(self, texts: Texts) -> None:
        self.texts = texts
        self._tables = {
            fold(name): table.id for table in texts.tables.values() for name in (*table.aliases, *table.labels.all())
        }
        self._categories = {table.id: _spellings(table) for table in texts.tables.values()}
        self._numbers = {
            (table.id, category.number): category.id
            for table in texts.tables.values() for category in table.categories if category.number
        }  # fmt: skip
        self._countries = {fold(name): geo for geo, names in texts.countries.items() for name in names if len(name) > 3}
        self._codes = {name: geo for geo, names in texts.countries.items() for name in (*names, geo) if len(name) <= 3}

    @functools.lru_cache(maxsize=4096)  # noqa: B019  there is one catalogue
    def country(self, text: str) -> str:
        """The code of a country called by a name or a code; empty for anything else."""
        text = text.strip().strip(":")
        if len(text) > 80:
            return ""
        if found := self._codes.get(text) or self._countries.get(fold(text)):
            return found
        parts = [part for part in _PARTS.split(text) if part]
        found_in = {self._codes.get(part) or self._countries.get(fold(part), "") for part in parts}
        return found_in.pop() if len(parts) > 1 and len(found_in) == 1 else ""

    def old_code(self, text: str) -> bool:
        """Whether a country is called by a code that is not the one in use."""
        text = text.strip()
        return text in self._codes and self._codes[text] != text

    @functools.lru_cache(maxsize=4096)  # noqa: B019  as above
    def table(self, text: str) -> str:
        """The table a heading names, by its name (which counts more) or its number; empty for anything else."""
        text = text.strip()
        if len(text) > 200:
            return ""
        if found := self._tables.get(fold(text)):
            return found
        stated = _TABLE.match(text) or _BEFORE.match(text)
        number, rest = (stated[1].upper(), stated[2]) if stated else (text, "")
        number = _ARABIC.get(number, number)
        if number not in self.texts.tables or (not stated and text not in self.texts.tables):
            return ""
        if _TABLE.match(text) is None and rest and fold(rest) not in self._tables:
            return ""
        return self._tables.get(fold(rest), number)

    def category(self, table: str, label: str, chapter: str = "") -> Placed:
        """The category of a table that a label stands for, in its chapter or by itself, or by its stated number."""
        number, name = _numbered(label)
        bare, own = name or label, self._categories.get(table, {})
        for spelling in (f"{chapter} {bare}", label, bare):
            if found := own.get(fold(spelling)):
                return Placed(found, label, number, True)
        stated = re.fullmatch(r"([IVX]+)-(\d+)", number)
        if stated and (found := self._numbers.get((table, int(stated[2])))):
            return Placed(found, label, number, True)
        if stated and stated[1] == table:
            return Placed(f"{UNKNOWN}{stated[2]}", label, number, False)
        within = f"{fold(chapter)}/" if chapter and fold(chapter) != fold(bare) else ""
        key = f"{UNKNOWN}{within}{fold(bare)}"
        return Placed(key.replace(" ", "_")[:120], label, number, False)

    def is_category(self, table: str, label: str) -> bool:
        """Whether a label is a declared category of a table."""
        return self.category(table, label).declared

    def table_of_number(self, label: str) -> str:
        """The table in a label such as ``VI-11 Pension formula``."""
        number, _ = _numbered(label)
        roman = number.partition("-")[0]
        return roman if "-" in number and roman in self.texts.tables else ""

    def name(self, table: str, category: str, lang: str) -> str:
        """The label of a category in a language; of one that is not declared, its key without the sign."""
        for one in self.texts.tables[table].categories if table in self.texts.tables else ():
            if one.id == category:
                return one.labels.of(lang)
        return category.removeprefix(UNKNOWN).replace("_", " ")


def _spellings(table: TextTable) -> dict[str, str]:
    found: dict[str, str] = {}
    for category in table.categories:
        for name in (*category.labels.all(), *category.aliases):
            found.setdefault(fold(name), category.id)
    return found


def _numbered(label: str) -> tuple[str, str]:
    """The number before a label (``VI-11`` or ``3``), and the label without it."""
    found = _LABEL.match(label)
    if not found:
        return "", label
    number = f"{found[1]}-{int(found[2])}" if found[1] else found[3]
    return number, found[4].strip()


def edition(text: str) -> str:
    """The edition a title, an address or a file name speaks of; empty when it names none."""
    if found := _FIGURES.search(text):
        year, month = found[1] or found[4], int(found[2] or found[3])
        return f"{year}-{month:02d}-01"
    if found := _WORDY.search(text):
        return f"{found[2]}-{_MONTHS[found[1].lower()]:02d}-01"
    if found := _YEAR.search(text):
        return f"{found[1]}-01-01"
    return ""


def language(texts: str) -> str:
    """The language a text is written in, by its commonest words; empty when it cannot be told."""
    counts = Counter(re.findall(r"[^\W\d_]+", texts[:200_000].casefold()))
    scores = sorted(((sum(counts[w] for w in words), lang) for lang, words in _COMMON.items()), reverse=True)
    return scores[0][1] if scores[0][0] > scores[1][0] else ""
