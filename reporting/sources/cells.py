"""What the reader of a layout gives: cells as written, one row for each observation."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import pandas as pd

#: Columns of :attr:`Table.cells` that are not dimensions of the file.
TIME, VALUE, FLAG, CONF = "@time", "@value", "@flag", "@conf"
RESERVED = (TIME, VALUE, FLAG, CONF)


@dataclass(frozen=True)
class Table:
    """What a layout gives: cells as written, one row for each observation.

    ``cells`` has the columns ``TIME``, ``VALUE``, ``FLAG``, ``CONF`` and, under
    the file's own headers, its dimensions. ``dataset`` is the code the file
    states (empty where it states none), ``asides`` the headers that may be
    labels of the column before them, ``attributes`` those that may be
    attributes of the observations, ``where`` the place of a row in the file.
    ``official`` says that the file is a provider's own SDMX: a flag no list
    knows is then kept; ``statuses`` gives letters for codes of its flags.
    """

    cells: pd.DataFrame
    where: Callable[[int], str]
    dataset: str = ""
    vintage: str = ""
    structure: str = ""
    asides: frozenset[str] = frozenset()
    attributes: frozenset[str] = frozenset()
    decimal: str = "."
    official: bool = False
    statuses: Mapping[str, str] = field(default_factory=dict)
