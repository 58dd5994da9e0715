"""A cell of MISSOC: the text of a country on a category of a table in one edition and one language."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import asdict, dataclass

import pandas as pd

from reporting.vintages import Collection, Store

#: The cells of all editions, as vintages in the store; the edition is the vintage.
CELLS = Collection(
    "missoc",
    ("edition", "geo", "table", "category", "lang"),
    ("edition", "geo", "table", "category", "lang", "label", "number", "site_id", "text", "sha256"),
)
#: A category that is not declared is known by its label, after this sign.
UNKNOWN = "~"

_CONTROL = re.compile(
    r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufeff\ufffe\uffff\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ud800-\udfff]"
)
_SPACES = re.compile(r"[ \t]+")
_BULLET = re.compile(r"^(?:[-–—•·*▪●◦‣]|o(?=\s{2,}))\s*", re.M)
_QUOTES = str.maketrans({c: '"' for c in "“”„«»‟"} | {c: "'" for c in "‘’‚‛`´"} | {c: "-" for c in "–—‐‑‒−"})


@dataclass(frozen=True)
class Cell:
    """A text with its place; ``number`` and ``site_id`` are attributes, never identifiers."""

    edition: str
    geo: str
    table: str
    category: str
    lang: str
    label: str
    number: str
    site_id: str
    text: str

    @property
    def key(self) -> tuple[str, str, str, str]:
        """By what the cell is found again in another edition."""
        return (self.geo, self.table, self.category, self.lang)

    @property
    def place(self) -> str:
        """The place, for a message."""
        return f"{self.geo} {self.table} {self.category} {self.lang} ({self.edition})"

    @property
    def sha256(self) -> str:
        """Checksum of the text."""
        return hashlib.sha256(self.text.encode()).hexdigest()


def clean(text: str) -> str:
    """A text as it is kept: composed, without control characters, spaces and empty lines made one."""
    text = _CONTROL.sub("", unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n")))
    lines = (_SPACES.sub(" ", line).strip(" \u00a0") for line in text.split("\n"))
    return re.sub(r"\n{2,}", "\n", "\n".join(lines)).strip()


def bare(text: str) -> str:
    """A text without what is only formatting: line breaks, bullets, kinds of spaces, quotes and dashes."""
    text = _BULLET.sub("", unicodedata.normalize("NFC", text))
    text = re.sub(r"«\s*|\s*»", '"', text).translate(_QUOTES).replace("|", " ")
    return re.sub(r"\s+", " ", text).strip()


def _order(cell: Cell) -> tuple[str, ...]:
    return (cell.edition, *cell.key)


def frame(cells: Iterable[Cell]) -> pd.DataFrame:
    """Cells as rows of the collection."""
    rows = [{**asdict(cell), "sha256": cell.sha256} for cell in cells]
    return pd.DataFrame(rows, columns=list(CELLS.columns), dtype="str")


def known(store: Store, as_of: str = "") -> list[Cell]:
    """All cells of all editions not later than a date."""
    names = CELLS.columns[:-1]
    table = CELLS.read(store, as_of)
    return sorted((Cell(*row) for row in table[list(names)].itertuples(index=False, name=None)), key=_order)
