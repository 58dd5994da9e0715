"""Material and social deprivation: thirteen items, seven of the household and six of the person.

A person under 16 is given an item of adults when at least half of the
household's members aged 16 and over lack it. An item that nobody answered
does not count as lacking; a person without any answer is not asked.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

#: Items of the household: variables, codes that mean "cannot afford" (or arrears).
HOUSEHOLD = (
    (("HS011", "HS021", "HS031"), (1, 2)),
    (("HH050",), (2,)),
    (("HS060",), (2,)),
    (("HS050",), (2,)),
    (("HS040",), (2,)),
    (("HS110",), (2,)),
    (("HD080",), (2,)),
)
#: Items of persons aged 16 and over; 2 is "no, cannot afford".
PERSONAL = ("PD080", "PD020", "PD030", "PD070", "PD060", "PD050")
SEVERE, DEPRIVED = 7, 5


def told(members: pd.DataFrame) -> bool:
    """Whether the files hold all thirteen items: fewer would count fewer people as deprived."""
    needed = (*(names for names, _ in HOUSEHOLD), *((name,) for name in PERSONAL))
    return all(any(name in members for name in names) for names in needed)


def items(members: pd.DataFrame) -> pd.DataFrame:
    """Which of the thirteen items each member lacks: 1 or 0, NaN where nothing is known.

    Parameters
    ----------
    members : DataFrame
        Members of all households with ``household``, ``age`` and the variables
        of the H and P files that there are.
    """
    lacking = {f"item_{i}": _lacks(members, names, codes) for i, (names, codes) in enumerate(HOUSEHOLD)}
    adult = members["age"] >= 16
    for position, name in enumerate(PERSONAL, len(HOUSEHOLD)):
        own = _lacks(members, (name,), (2,)).where(adult)
        share = own.groupby(members["household"]).transform("mean")
        child = (share >= 0.5).astype(float).where(share.notna())
        lacking[f"item_{position}"] = own.where(adult, child)
    return pd.DataFrame(lacking)


def _lacks(members: pd.DataFrame, names: tuple[str, ...], codes: tuple[int, ...]) -> pd.Series:
    there = members.reindex(columns=list(names))
    lacks = there.isin(codes).any(axis=1).astype(float)
    return lacks.where(there.notna().any(axis=1), np.nan)


def status(lacking: pd.DataFrame) -> pd.DataFrame:
    """Deprived (five items), severely deprived (seven), and whether anything was answered."""
    count = lacking.sum(axis=1)
    return pd.DataFrame(
        {
            "msd": (count >= DEPRIVED).astype(float),
            "smsd": (count >= SEVERE).astype(float),
            "asked": lacking.notna().any(axis=1),
        }
    )
