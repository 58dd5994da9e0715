"""What changed between two transmissions, figure by figure, largest first."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd

from reporting.esspros.questionnaire import Questionnaire
from reporting.esspros.schemes import ALL

#: The noise of binary fractions: figures nearer than this part of them are the same.
_SAME = 1e-9
_KEY = ["year", "scheme", "item"]
#: What a change can be summed over.
BY = ("item", "scheme", "year")


@dataclass(frozen=True)
class Changes:
    """Changed figures of two questionnaires, and what else is not as it was.

    ``table`` has a row for each figure: ``kind`` (new, revised, withdrawn, remark),
    year, scheme, item, code, label, old, new, difference, percent, flags and
    comments of both, and the place in the newer file.
    """

    table: pd.DataFrame
    remarks: tuple[str, ...]

    def summed(self, by: str) -> pd.DataFrame:
        """How many figures changed and by how much, over items, schemes or years, largest first."""
        values = self.table[self.table["kind"] != "remark"]
        moved = values.assign(size=values["difference"].abs())
        found = moved.groupby(by, sort=False).agg(
            changed=("size", "size"), net=("difference", "sum"), size=("size", "sum"), largest=("size", "max")
        )
        return found.sort_values("size", ascending=False, kind="stable").reset_index()


def compare(old: Questionnaire, new: Questionnaire, aggregates: bool = False) -> Changes:
    """Compare two questionnaires.

    Parameters
    ----------
    aggregates : bool
        Whether aggregates and the column of all schemes are compared too, which
        change as a consequence.
    """
    columns = [*_KEY, "value", "flag", "comment"]
    both = old.table[columns].merge(
        new.table[[*columns, "sheet", "cell"]], on=_KEY, how="outer", suffixes=("_old", "_new"), validate="1:1"
    )
    if not aggregates:
        both = both[_elementary(both, new)]
    both = both.rename(columns={"value_old": "old", "value_new": "new"})
    texts = ["flag_old", "flag_new", "comment_old", "comment_new", "sheet", "cell"]
    both[texts] = both[texts].fillna("").astype(object)
    both = both.assign(kind=_kinds(both), difference=both["new"].fillna(0) - both["old"].fillna(0))
    found = both[both["kind"] != ""]
    with np.errstate(divide="ignore", invalid="ignore"):
        percent = 100 * found["difference"] / found["old"].abs()
    known = new.classification
    found = found.assign(
        percent=percent.where(np.isfinite(percent)),
        code=[known.code(item) if item in known else "" for item in found["item"]],
        label=[known[item].label if item in known else "" for item in found["item"]],
        size=found["difference"].abs(),
    )
    order = found.sort_values(["size", "year"], ascending=[False, True], kind="stable")
    listed = ["kind", *_KEY, "code", "label", "old", "new", "difference", "percent", *texts]
    return Changes(order[listed].reset_index(drop=True), tuple(_remarks(old, new)))


def _elementary(both: pd.DataFrame, new: Questionnaire) -> pd.Series:
    """Elementary figures of schemes, and whatever is not in the classification."""
    known = new.classification
    elementary = {item for item in both["item"].unique() if item not in known or known.leaf(item)}
    return both["item"].isin(elementary) & (both["scheme"] != ALL)


def _kinds(both: pd.DataFrame) -> list[str]:
    return [
        _kind(old, new, before == after)
        for old, new, before, after in zip(
            both["old"], both["new"], both["flag_old"] + "|" + both["comment_old"],
            both["flag_new"] + "|" + both["comment_new"], strict=True,
        )
    ]  # fmt: skip


def _kind(old: float, new: float, same: bool) -> str:
    """What happened to a figure; empty where nothing did."""
    if math.isnan(old) and math.isnan(new):
        return "" if same else "remark"
    if math.isnan(old) or math.isnan(new):
        return "new" if math.isnan(old) else "withdrawn"
    if abs(new - old) > _SAME * max(1.0, abs(old)):
        return "revised"
    return "" if same else "remark"


def _remarks(old: Questionnaire, new: Questionnaire) -> list[str]:
    """Years and schemes that came or went."""
    found = []
    for what, name in (("Years", "year"), ("Schemes", "scheme")):
        before, after = set(old.table[name]), set(new.table[name])
        if came := sorted(after - before, key=_order):
            found.append(f"{what} only in {new.file}: {', '.join(map(str, came))}.")
        if went := sorted(before - after, key=_order):
            found.append(f"{what} only in {old.file}: {', '.join(map(str, went))}.")
    names = {scheme.number: scheme.name for scheme in old.schemes}
    found += [
        f"Scheme {scheme.number} was {names[scheme.number]!r} and is {scheme.name!r}."
        for scheme in new.schemes
        if names.get(scheme.number, scheme.name) != scheme.name
    ]
    return found


def _order(value: object) -> tuple[int, str]:
    text = str(value)
    return (int(text), "") if text.isdigit() else (10**9, text)
