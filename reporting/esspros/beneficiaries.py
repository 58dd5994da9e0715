"""Pension beneficiaries: persons by category, sex and scheme, each counted once in a total.

Persons who draw several pensions are known by combination: how many draw an
old-age and a survivors' pension, how many an old-age pension alone. From these the
count of each category and the totals follow without double counting, for each
scheme; over all schemes only from combinations over all schemes.
"""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path

import pandas as pd

from reporting.errors import ValidationFailed
from reporting.esspros import figures
from reporting.esspros.classification import PENSIONS, Classification
from reporting.esspros.schemes import ALL, number_of
from reporting.findings import CellFinding

#: Totals in which a person counts once, with the categories they are made of.
TOTALS: dict[str, tuple[str, ...]] = {
    "old_tot": ("old_age", "anticipated", "partial"),
    "old_srv": ("old_age", "anticipated", "partial", "survivors"),
    "total": PENSIONS,
}
CATEGORIES = (*PENSIONS, *TOTALS)
SEXES = ("T", "F", "M")
COLUMNS = ("year", "scheme", "category", "sex", "value", "flag", "comment")
_HEADS: dict[str, tuple[str, ...]] = {
    "year": ("reference year",), "scheme": ("scheme number",), "sex": (), "categories": ("combination", "pensions"),
    "persons": ("value", "number", "beneficiaries"), "flag": (), "comment": (),
}  # fmt: skip
_SEX = {"t": "T", "total": "T", "": "T", "f": "F", "w": "F", "women": "F", "female": "F", "m": "M", "men": "M",
        "male": "M"}  # fmt: skip
_PLACE = ["year", "scheme", "category", "sex"]


def read(path: Path) -> pd.DataFrame:
    """Persons by combination of categories: year, scheme, sex, categories (``old_age+survivors``), persons.

    Raises
    ------
    ValidationFailed
        With every row that names no scheme, category, sex or whole number of persons, or is there twice.
    """
    rows, faults, seen = [], [], set()
    for row in figures.read(path, _HEADS, ("year", "scheme", "categories", "persons")):
        year, persons = figures.year(path, row), figures.value(path, row, "persons")
        scheme, sex = number_of(row["scheme"]), _SEX.get(row["sex"].lower(), "")
        held = frozenset(filter(None, (part.strip().lower() for part in re.split(r"[+,;/]", row["categories"]))))
        wrong = {
            "scheme": not scheme, "sex": not sex, "categories": not held or not held <= set(PENSIONS),
            "persons": persons is None or persons < 0 or persons != persons.to_integral_value(),
        }  # fmt: skip
        faults += [f"{figures.where(path, row, name)}: {row[name]!r}" for name, bad in wrong.items() if bad]
        if (year, scheme, sex, held) in seen:
            faults.append(f"{figures.where(path, row, 'categories')}: a second count of the same persons")
        seen.add((year, scheme, sex, held))
        rows.append((year, scheme, sex, held, float(persons or 0), row["flag"], row["comment"]))
    if faults:
        raise ValidationFailed(
            "\n".join([f"{path.name} is no list of combinations ({', '.join(PENSIONS)}; sex F, M or T):",
                       *(f"  {fault}" for fault in faults)])
        )  # fmt: skip
    return pd.DataFrame(rows, columns=["year", "scheme", "sex", "held", "persons", "flag", "comment"])


def count(combinations: pd.DataFrame) -> pd.DataFrame:
    """Persons of each category and total; both sexes from women and men where they are not given."""
    sums: dict[tuple[int, str, str, str], float] = defaultdict(float)
    flags: dict[tuple[int, str, str, str], set[str]] = defaultdict(set)
    there = set(zip(combinations["year"], combinations["scheme"], combinations["sex"], strict=True))
    names = ("year", "scheme", "sex", "held", "persons", "flag")
    for year, scheme, sex, held, persons, flag in zip(*(combinations[name].tolist() for name in names), strict=True):
        sexes = [sex] if sex == "T" or (year, scheme, "T") in there else [sex, "T"]
        named = [*held, *(total for total, parts in TOTALS.items() if held & set(parts))]
        for place in ((year, scheme, category, one) for category in named for one in sexes):
            sums[place] += persons
            flags[place] |= set(flag)
    found = [(*place, value, "".join(sorted(flags[place])), "") for place, value in sums.items()]
    table = pd.DataFrame(found, columns=list(COLUMNS))
    return table.sort_values(_PLACE, key=_order, ignore_index=True)


def _order(column: pd.Series) -> pd.Series:
    known: dict[str, Mapping[str, int]] = {
        "category": {name: place for place, name in enumerate(CATEGORIES)},
        "sex": {name: place for place, name in enumerate(SEXES)},
    }
    if column.name in known:
        return column.map(known[str(column.name)]).fillna(len(CATEGORIES))
    if column.name == "scheme":
        return column.map(lambda scheme: int(scheme) if str(scheme).isdigit() else -1)
    return column


def check(table: pd.DataFrame, file: str = "") -> list[CellFinding]:
    """Whether totals count persons once: no more than the sum of their parts, no fewer than the largest.

    ``B01`` a total above the sum of its categories, ``B02`` below the largest of
    them, ``B03`` women and men that do not add up, ``B04`` all schemes above the sum
    of schemes, ``B05`` below the largest scheme.
    """
    values = {
        (int(year), str(scheme), str(category), str(sex)): float(value)
        for year, scheme, category, sex, value in table[[*_PLACE, "value"]].itertuples(index=False)
        if not math.isnan(value)
    }
    places = dict(zip(zip(*(table[name] for name in _PLACE), strict=True), _cells(table), strict=True))
    found = [*_within(values), *_sexes(values), *_schemes(values)]
    return [_finding(rule, message, place, values[place], bound, file, places.get(place, ("", "")))
            for rule, message, place, bound in found]  # fmt: skip


Place = tuple[int, str, str, str]
Found = tuple[str, str, Place, float]


def _cells(table: pd.DataFrame) -> list[tuple[str, str]]:
    if "cell" not in table:
        return [("", "")] * len(table)
    return list(zip(table["sheet"].astype(str), table["cell"].astype(str), strict=True))


def _within(values: Mapping[Place, float]) -> Iterator[Found]:
    for place, value in values.items():
        year, scheme, category, sex = place
        parts = [values[key] for part in TOTALS.get(category, ()) if (key := (year, scheme, part, sex)) in values]
        if not parts:
            continue
        name = f"{category} of scheme {scheme} ({sex})"
        if value > sum(parts):
            yield "B01", f"{name} counts {value:,.0f} persons, its categories {sum(parts):,.0f}.", place, sum(parts)
        if value < max(parts):
            said = f"{name} counts {value:,.0f} persons, one of its categories {max(parts):,.0f}."
            yield "B02", said, place, max(parts)


def _sexes(values: Mapping[Place, float]) -> Iterator[Found]:
    for place, value in values.items():
        year, scheme, category, sex = place
        women, men = (values.get((year, scheme, category, one)) for one in ("F", "M"))
        if sex == "T" and women is not None and men is not None and value != women + men:
            said = f"{category} of scheme {scheme}: {women:,.0f} women and {men:,.0f} men are not {value:,.0f} persons."
            yield "B03", said, place, women + men


def _schemes(values: Mapping[Place, float]) -> Iterator[Found]:
    sums: dict[tuple[int, str, str], list[float]] = defaultdict(list)
    for (year, scheme, category, sex), value in values.items():
        if scheme != ALL:
            sums[year, category, sex].append(value)
    for place, value in values.items():
        year, scheme, category, sex = place
        own = sums.get((year, category, sex), [])
        if scheme != ALL or not own:
            continue
        if value > sum(own):
            said = f"{category} ({sex}) of all schemes counts {value:,.0f}, the schemes together {sum(own):,.0f}."
            yield "B04", said, place, sum(own)
        if value < max(own):
            said = f"{category} ({sex}) of all schemes counts {value:,.0f} persons, one scheme {max(own):,.0f}."
            yield "B05", said, place, max(own)


_MEND = {
    "B01": "A person counts once in a total: correct the total or the categories.",
    "B02": "A total holds all persons of its categories: correct one of them.",
    "B03": "Correct one of the three.",
    "B04": "A person counts once over all schemes: correct the total or a scheme.",
    "B05": "All schemes hold the persons of each: correct one of them.",
}  # fmt: skip


def _finding(
    rule: str, message: str, place: Place, value: float, bound: float, file: str, where: tuple[str, str]
) -> CellFinding:
    year, scheme, category, _ = place
    return CellFinding(rule, "error", message, _MEND[rule], file, *where, scheme=scheme, item=category, year=str(year),
                       value=value, expected=bound)  # fmt: skip


def average(beneficiaries: pd.DataFrame, table: pd.DataFrame, classification: Classification) -> pd.DataFrame:
    """Persons of both sexes, expenditure on their pensions (millions) and the average pension a year.

    Expenditure of a total is that of its categories. The average divides what was
    paid in the year by the persons at its end, non-residents among them.
    """
    own = classification.items
    pensions = {item: own[item].pension for item in own if own[item].pension and classification.leaf(item)}
    paid = table[table["item"].isin(pensions) & (table["scheme"] != ALL) & table["value"].notna()]
    sums: dict[tuple[int, str, str], float] = defaultdict(float)
    for year, scheme, item, value in paid[["year", "scheme", "item", "value"]].itertuples(index=False):
        category = pensions[str(item)]
        for name in (category, *(total for total, parts in TOTALS.items() if category in parts)):
            for place in (str(scheme), ALL):
                sums[int(year), place, name] += float(value)
    persons = beneficiaries[beneficiaries["sex"] == "T"][["year", "scheme", "category", "value", "flag"]]
    found = persons.rename(columns={"value": "persons"}).reset_index(drop=True)
    places = zip(found["year"], found["scheme"], found["category"], strict=True)
    found["expenditure"] = [sums.get((int(y), str(s), str(c)), math.nan) for y, s, c in places]
    found["average"] = 1e6 * found["expenditure"] / found["persons"].where(found["persons"] > 0)
    return found[["year", "scheme", "category", "persons", "expenditure", "average", "flag"]]
