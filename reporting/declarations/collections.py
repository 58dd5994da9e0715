"""Rules on the cells of a collected file: how severe, how tolerant; what each computes is the collection's own."""

from __future__ import annotations

from typing import Literal

from reporting.declarations.base import Name, Number, Record, Text, Tolerance


class CellRule(Record):
    """A rule of a collection such as ESSPROS, of which a user may change every number.

    ``tolerance`` is in the unit of the data, ``relative`` a share of the value
    that is expected; ``limits`` are thresholds by name, ``items`` patterns of
    ids that the rule is about.
    """

    id: Name
    title: Text
    severity: Literal["error", "warning", "information"]
    reference: str = ""
    tolerance: Tolerance = 0.0
    relative: Tolerance = 0.0
    limits: dict[Name, Number] = {}
    items: tuple[Text, ...] = ()
    #: A rule that is switched off finds nothing, and the report says so.
    active: bool = True
