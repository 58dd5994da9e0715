"""What is declared about MISSOC: tables, their categories, the names of countries, links to ESSPROS."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Text = Annotated[str, Field(min_length=1)]
Name = Annotated[str, Field(pattern=r"^[a-z][a-z_]*$")]


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Labels(_Record):
    """The name of a table or category in each language; one that is not known is left out."""

    en: Text
    fr: str = ""
    de: str = ""
    nl: str = ""

    def all(self) -> tuple[str, ...]:
        """The names that are known."""
        return tuple(filter(None, (self.en, self.fr, self.de, self.nl)))

    def of(self, lang: str) -> str:
        """The name in a language, in English where it is not known."""
        return str(getattr(self, lang, "") or self.en)


class Category(_Record):
    """A category of a table; ``number`` is the correspondents' own (VI-11), 0 where it is not known."""

    id: Name
    labels: Labels
    number: Annotated[int, Field(strict=True, ge=0)] = 0
    aliases: tuple[Text, ...] = ()


class TextTable(_Record):
    """One of the twelve tables of MISSOC; its id is its Roman number."""

    id: Annotated[str, Field(pattern=r"^[IVX]+$")]
    order: Annotated[int, Field(strict=True, ge=1)]
    labels: Labels
    aliases: tuple[Text, ...] = ()
    categories: tuple[Category, ...]


class Link(_Record):
    """Where MISSOC states the rules of an ESSPROS function or benefit."""

    id: Text
    title: Text
    #: Table and category (``VI.formula``), or a whole table (``VI``).
    missoc: Annotated[tuple[Text, ...], Field(min_length=1)]
    #: The code of a function in the data; benefits have none.
    spfunc: str = ""
    reference: str = ""


class Hicp(_Record):
    """The indicator of consumer prices, and the year in which it is 100."""

    indicator: Text
    base: Annotated[int, Field(strict=True, ge=1990, le=2100)]


class Prices(_Record):
    """What turns amounts into series: fixed rates of the euro, indicators of exchange rates and of prices."""

    rates: dict[str, Annotated[float, Field(gt=0)]] = {}
    #: Currency -> indicator of its units for one euro.
    exchange: dict[str, Text] = {}
    hicp: Hicp | None = None


class Texts(_Record):
    """All that is declared about MISSOC."""

    tables: dict[str, TextTable] = {}
    #: Country code -> every name by which a file may call it.
    countries: dict[str, tuple[str, ...]] = {}
    links: dict[str, Link] = {}
    prices: Prices = Prices()
