"""What is declared about a transmission: names, header, concepts and flags, none of which is ours to decide."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from reporting.declarations.base import Record, Text

Party = Annotated[str, Field(pattern=r"^[\w@$\-{}]*$")]


class SheetFlow(Record):
    """One dataset of a collection: its name at the collector, and the sheets of the mapping that describe it."""

    dataset: Annotated[str, Field(pattern=r"^\w+$")]
    sheets: tuple[Text, ...] = ()
    #: Agency, id and version of its DSD; empty where any given DSD will do.
    structure: Annotated[str, Field(pattern=r"^([\w.-]+:)?[\w@$-]*(\([\w.]+\))?$")] = ""


class Concepts(Record):
    """The names a concept may have in a DSD, the first that is there being taken."""

    area: tuple[Text, ...]
    frequency: tuple[Text, ...]
    multiplier: tuple[Text, ...]
    status: tuple[Text, ...]
    confidentiality: tuple[Text, ...]
    comment: tuple[Text, ...] = ()
    scheme: tuple[Text, ...] = ()
    scheme_label: tuple[Text, ...] = ()
    measure: tuple[Text, ...] = ()
    currency: tuple[Text, ...] = ()


class Submission(Record):
    """How a collection is transmitted."""

    id: Text
    title: Text
    name: Text
    dataset: Annotated[str, Field(pattern=r"^\w+$")]
    sender: Party
    receiver: Party
    action: Literal["Append", "Replace"]
    #: Power of ten of the unit in which the collection is filled in.
    multiplier: Annotated[int, Field(strict=True, ge=0, le=12)]
    scheme: str = ""
    total: str = ""
    flows: Annotated[dict[str, SheetFlow], Field(min_length=1)]
    concepts: Concepts
    #: Flag to the code of the status; the empty flag is that of an ordinary value.
    status: dict[str, Text]
    confidentiality: dict[str, Text]
    #: Flags of which the first is sent where a cell has several.
    order: tuple[Text, ...] = ()
    #: What may stand in a mapping for the country or its currency.
    placeholders: dict[str, Literal["geo", "currency"]] = {}
    #: Flags that say by themselves why there is no value.
    missing: tuple[Text, ...] = ()
    #: Codes of components that are the same for all observations.
    fixed: dict[str, Text] = {}
    #: Axes of cross tables to the names of their dimensions; what stands for an axis that a table does not have.
    axes: dict[str, tuple[Text, ...]] = {}
    absent: str = ""
    measures: dict[str, Text] = {}

    @model_validator(mode="after")
    def _sound(self) -> Self:
        for what, table in (("status", self.status), ("confidentiality", self.confidentiality)):
            if "" not in table:
                raise ValueError(f'{what}: give the code of a value without flag, "" = "…"')
        if strange := [flag for flag in (*self.order, *self.missing) if flag not in self.status]:
            raise ValueError(f"order, missing: {', '.join(strange)} is no flag of [status]")
        self._filled("scheme", self.scheme, number=1)
        self._filled("sender", self.sender, geo="XX")
        for field in ("dataset", "number"):
            if f"{{{field}" not in self.name:
                raise ValueError(f"name: {{{field}}} must be part of it")
        return self

    @staticmethod
    def _filled(what: str, pattern: str, **fields: object) -> None:
        try:
            pattern.format(**fields)
        except (KeyError, ValueError, IndexError):
            raise ValueError(f"{what}: its fields are {', '.join(fields)}") from None
