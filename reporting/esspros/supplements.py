"""The two modules: pension beneficiaries (W16) and rates of net benefits (W17)."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Literal

import numpy as np
import pandas as pd

from reporting.esspros import admitted
from reporting.esspros.classification import PENSIONS
from reporting.esspros.schemes import ALL
from reporting.esspros.subject import SLACK, Subject
from reporting.findings import CellFinding

_OLD = ("old_age", "anticipated", "partial")
#: Totals in which a person counts once, with the categories they are of.
TOTALS = {"total": PENSIONS, "old_tot": _OLD, "old_srv": (*_OLD, "survivors")}
_KEY = ["year", "scheme", "category"]
Outcome = Literal["failed", "undecidable"]


def w16(subject: Subject) -> Iterator[CellFinding]:
    """Beneficiaries by sex add up, persons are counted once, counts and average pensions move little."""
    frame = subject.questionnaire.beneficiaries
    if frame.empty:
        return
    frame = frame.assign(category=frame["category"].str.lower(), sex=frame["sex"].str.upper().replace("", "T"))
    yield from _sexes(subject, frame)
    yield from _once(subject, frame)
    both = frame[frame["sex"] == "T"]
    yield from _moved(subject, both, "beneficiaries", "beneficiaries of {0}")
    yield from _moved(
        subject, _averages(subject, both), "average", "the average pension of {0}, in units of money a year"
    )


def _row(
    subject: Subject, row: pd.Series, message: str, mend: str, value: float = math.nan, expected: float = math.nan,
    rule: str = "W16", outcome: Outcome = "failed",
) -> CellFinding:  # fmt: skip
    """A finding at a row of one of the modules."""
    return CellFinding(
        rule, subject.rules[rule].severity, message, mend, subject.file, str(row["sheet"]), str(row["cell"]),
        str(row["scheme"]), str(row["item"] if "item" in row else row["category"]), str(row["year"]),
        value, expected, outcome,
    )  # fmt: skip


def _said(row: pd.Series) -> str:
    scheme = "all schemes" if row["scheme"] == ALL else f"scheme {row['scheme']}"
    return f"{row['category']}, {scheme}, {row['year']}"


def _sexes(subject: Subject, frame: pd.DataFrame) -> Iterator[CellFinding]:
    tolerance = subject.rules["W16"].tolerance
    by_sex = frame[frame["sex"].isin(["F", "M"])].groupby(_KEY, sort=False)["value"].agg(["sum", "count"])
    both = frame[frame["sex"] == "T"].drop_duplicates(_KEY)
    pairs = both.merge(by_sex, left_on=_KEY, right_index=True, how="inner")
    gaps = (pairs["count"] < 2) | pairs["value"].isna()
    for _, row in pairs[gaps].iterrows():
        yield _row(subject, row, f"Beneficiaries of {_said(row)}: women, men or the total are missing.",
                   "Give all three.", row["value"], outcome="undecidable")  # fmt: skip
    for _, row in pairs[~gaps & ((pairs["value"] - pairs["sum"]).abs() > tolerance + SLACK[0])].iterrows():
        yield _row(
            subject, row, f"Beneficiaries of {_said(row)}: {row['value']:,.0f} in all, but women and men are "
            f"{row['sum']:,.0f}: difference {row['value'] - row['sum']:,.0f}.", "Correct the total, women or men.",
            row["value"], row["sum"],
        )  # fmt: skip
    told = pd.MultiIndex.from_frame(both[_KEY])
    alone = frame[frame["sex"].isin(["F", "M"]) & ~pd.MultiIndex.from_frame(frame[_KEY]).isin(told)]
    for _, row in alone.drop_duplicates(_KEY).iterrows():
        yield _row(subject, row, f"Beneficiaries of {_said(row)}: the total of women and men is missing.",
                   "Give the total.", outcome="undecidable")  # fmt: skip


def _once(subject: Subject, frame: pd.DataFrame) -> Iterator[CellFinding]:
    """A total counts persons once: it is not above the sum of its categories, nor below the largest."""
    slack = subject.rules["W16"].tolerance + SLACK[0]
    key = ["year", "scheme", "sex"]
    for total, parts in TOTALS.items():
        own = frame[frame["category"].isin(parts)].groupby(key)["value"].agg(["sum", "max", "count", "size"])
        rows = frame[frame["category"] == total].merge(own, left_on=key, right_index=True, how="left")
        gaps = rows["value"].isna() | ~(rows["count"] == rows["size"])
        for _, row in rows[gaps].iterrows():
            yield _row(subject, row, f"Beneficiaries of {_said(row)}, sex {row['sex']}: total or a category missing.",
                       "Give the categories and the total.", row["value"], outcome="undecidable")  # fmt: skip
        for _, row in rows[~gaps & (rows["value"] > rows["sum"] + slack)].iterrows():
            yield _row(subject, row, f"Beneficiaries of {_said(row)}, sex {row['sex']}: {row['value']:,.0f} are more "
                       f"than all categories together, {row['sum']:,.0f}.", "Persons count once: correct the total or "
                       "a category.", row["value"], row["sum"])  # fmt: skip
        for _, row in rows[~gaps & (rows["value"] < rows["max"] - slack)].iterrows():
            yield _row(subject, row, f"Beneficiaries of {_said(row)}, sex {row['sex']}: {row['value']:,.0f} are fewer "
                       f"than those of one category, {row['max']:,.0f}.", "Correct the total or the category.",
                       row["value"], row["max"])  # fmt: skip


def _averages(subject: Subject, frame: pd.DataFrame) -> pd.DataFrame:
    """Counts turned into pensions a head: expenditure on a category over its beneficiaries."""
    cube = subject.cube
    spent: dict[tuple[int, str, str], float] = {}
    for category in PENSIONS:
        rows = [cube.at(item.item) for item in subject.classification.items.values() if item.pension == category]
        amount = cube.filled[rows].sum(axis=0)
        spent |= {
            (year, number, category): 1e6 * float(amount[s, t])
            for s, number in enumerate(cube.schemes)
            for t, year in enumerate(cube.years)
        }
    keys = zip(frame["year"], frame["scheme"], frame["category"], strict=True)
    money = np.asarray([spent.get(key, math.nan) for key in keys], dtype=np.float64)
    heads = frame["value"].to_numpy(dtype=np.float64)
    average = np.divide(money, heads, out=np.full(len(heads), np.nan), where=heads != 0)
    found = frame.assign(value=np.where(average == 0, np.nan, average))
    return found[found["value"].notna()]


def _moved(subject: Subject, frame: pd.DataFrame, name: str, what: str) -> Iterator[CellFinding]:
    limit = subject.rules["W16"].limits[name]
    before = frame[[*_KEY, "value"]].assign(year=frame["year"] + 1).rename(columns={"value": "before"})
    pairs = frame.merge(before, on=_KEY, how="inner")
    comment, flag = (pairs[column].fillna("").astype(str) for column in ("comment", "flag"))
    silent = (comment.str.strip() == "") & ~flag.str.contains("b", regex=False)
    far = (pairs["value"] - pairs["before"]).abs() > limit * pairs["before"].abs() + SLACK[0]
    for _, row in pairs[silent & far].iterrows():
        change = f"{row['value'] / row['before'] - 1:+.1%}" if row["before"] else "from nothing"
        said = what.format(_said(row))
        yield _row(
            subject, row, f"{said[0].upper()}{said[1:]}: {row['value']:,.0f} after {row['before']:,.0f} the year "
            f"before: {change} (limit {limit:.0%}).", "Correct one of the two years, or say why in the comment.",
            row["value"], row["before"],
        )  # fmt: skip


def w17(subject: Subject) -> Iterator[CellFinding]:
    """Rates are shares that together stay below one, and zero where no tax or contribution is due."""
    net = subject.questionnaire.net
    if net.empty:
        return
    total = net["AITR"] + net["AISCR"]
    for _, row in net[total.isna()].iterrows():
        yield _rate(subject, row, "a rate is missing", math.nan, "undecidable")
    for name in ("AITR", "AISCR"):
        outside = ~net[name].between(-SLACK[0], 1 + SLACK[0]) & total.notna()
        for _, row in net[outside].iterrows():
            yield _rate(subject, row, f"{name} is {row[name]:.4g}, not between 0 and 1", row[name])
    for place in np.flatnonzero(total >= 1 - SLACK[0]):
        together = float(total.iloc[place])
        yield _rate(subject, net.iloc[place], f"AITR and AISCR are {together:.4g} together, not below 1", together)
    untaxed = {item for item in net["item"].unique() if admitted.fits(item, subject.rules["W17"].items)}
    for place in np.flatnonzero(net["item"].isin(untaxed) & total.notna() & (total != 0)):
        rate = float(total.iloc[place])
        yield _rate(subject, net.iloc[place], f"the rates are {rate:.4g} of a benefit that is not taxable", rate)


def _rate(subject: Subject, row: pd.Series, what: str, value: float, outcome: Outcome = "failed") -> CellFinding:
    item = str(row["item"])
    name = subject.name(item) if item in subject.classification else item
    message = f"{name}, scheme {row['scheme']}, {row['year']}: {what}."
    mend = "Rates are shares of the gross benefit: taxes and contributions paid on it over the benefit itself."
    return _row(subject, row, message, mend, value, rule="W17", outcome=outcome)
