"""Declared rules against observations give findings; the gate reads them.

A rule that cannot be decided because a value is missing is *undecidable*, never
passed. A finding known and accepted (``accepted`` under ``parameters/rules``)
stays a note on every page it concerns and no longer stops a build of record.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

import pandas as pd

from reporting.declarations import Declarations, JumpRule, MarginRule, MembersRule, RangeRule, Rule, SumRule
from reporting.errors import SourceChanged
from reporting.vintages import Store


@dataclass(frozen=True)
class Finding:
    """What a rule found, where, and by how much."""

    rule: str
    title: str
    severity: Literal["error", "warning", "information"]
    outcome: Literal["failed", "undecidable"]
    dataset: str
    key: str
    geo: str
    time: str
    value: float
    expected: float
    unit: str = ""
    accepted: str = ""

    @property
    def stops(self) -> bool:
        """Whether the finding stands in the way of a build of record."""
        return self.severity == "error" and self.outcome == "failed" and not self.accepted

    @property
    def difference(self) -> float:
        """Value less expected value, in the unit of the series."""
        return self.value - self.expected

    @property
    def message(self) -> str:
        """One line: rule, place, difference."""
        place = f"{self.rule} {self.title}: {self.dataset} {self.key} {self.time}"
        if self.outcome == "undecidable":
            return f"{place}: cannot be decided, a value is missing"
        return (
            f"{place}: {self.value:,.2f}, "
            f"expected {self.expected:,.2f}, difference {self.difference:,.2f} {self.unit}".rstrip()
        )


def check(declarations: Declarations, store: Store, datasets: Iterable[str] = (), as_of: str = "") -> list[Finding]:
    """Findings of every declared rule on some datasets (all when none is named).

    Returns
    -------
    list of Finding
        Failed before undecidable, by severity, largest difference first.
    """
    wanted = set(datasets)
    if (known := prepared.get((store.name, as_of))) is not None:
        return [finding for finding in known if not wanted or finding.dataset in wanted]
    found: list[Finding] = []
    for rule in declarations.rules.values():
        if not wanted or rule.dataset in wanted:
            found += _findings(declarations, store, rule, as_of)
    order = ("error", "warning", "information")
    return sorted(
        found,
        key=lambda f: (
            f.outcome != "failed",
            order.index(f.severity),
            -abs(f.difference) if f.outcome == "failed" else 0,
            f.key,
            f.time,
        ),
    )


#: Findings computed beforehand, for all runs of one batch, by store and date.
prepared: dict[tuple[str, str], list[Finding]] = {}


def concerning(
    declarations: Declarations, findings: Iterable[Finding], rows: Iterable[tuple[str, str, str]]
) -> list[Finding]:
    """Failed findings that touch observations shown, or an aggregate containing them.

    Parameters
    ----------
    rows : iterable of (dataset, geo, time)
        What a page shows; ``dataset`` may join several with ``"; "``.
    """
    shown = {
        (dataset, member, time)
        for datasets, geo, time in rows
        for dataset in datasets.split("; ")
        for member in (geo, *declarations.members(geo))
    }
    return [f for f in findings if f.outcome == "failed" and (f.dataset, f.geo, f.time) in shown]


def about(declarations: Declarations, findings: Iterable[Finding], geos: Iterable[str]) -> list[Finding]:
    """Failed findings on some countries, or on members of groups among them: all that can concern them."""
    wanted = {member for geo in geos for member in (geo, *declarations.members(geo))}
    return [f for f in findings if f.outcome == "failed" and f.geo in wanted]


def _findings(declarations: Declarations, store: Store, rule: Rule, as_of: str) -> list[Finding]:
    frame = _wide(declarations, store, rule.dataset, as_of)
    for dimension, codes in rule.where.items():
        frame = frame[frame[dimension].isin(codes)]
    if frame.empty:
        return []
    compared = _compare(declarations, store, rule, frame, as_of)
    accepted = {(a.rule, a.geo, a.time): a.reason for a in declarations.accepted}
    columns = ("outcome", "key", "geo", "time", "value", "expected")
    units = compared["unit"] if "unit" in compared else [""] * len(compared)
    rows = zip(*(compared[column] for column in columns), units, strict=True)
    return [
        Finding(
            rule.id,
            rule.title,
            rule.severity,
            outcome,
            rule.dataset,
            key,
            geo,
            time,
            float(value),
            float(expected),
            unit,
            accepted.get((rule.id, geo, time), ""),
        )  # fmt: skip
        for outcome, key, geo, time, value, expected, unit in rows
    ]


def _wide(declarations: Declarations, store: Store, dataset: str, as_of: str) -> pd.DataFrame:
    """A dataset with one column for each dimension beside the observations."""
    frame = store.read(dataset, as_of)
    dimensions = list(declarations.datasets[dataset].dimensions)
    if frame.empty:
        return frame.reindex(columns=list(dict.fromkeys((*frame.columns, *dimensions))))
    strange = frame.loc[frame["key"].str.count(r"\.") + 1 != len(dimensions), "key"]
    if not strange.empty:
        raise SourceChanged(
            f"{dataset}: the store holds the key {strange.iloc[0]!r}, which does not have the declared positions "
            f"{'.'.join(dimensions)}: declare the structure it has, or fetch the dataset anew."
        )
    codes = pd.DataFrame(frame["key"].str.split(".").tolist(), columns=dimensions, index=frame.index)
    return pd.concat([frame[["key", "time", "value", "flag"]], codes], axis=1)


@functools.singledispatch
def _decide(rule: Rule, frame: pd.DataFrame, dimensions: list[str]) -> pd.DataFrame:
    raise NotImplementedError(f"rule kind {rule.kind}")


@_decide.register
def _(rule: SumRule, frame: pd.DataFrame, dimensions: list[str]) -> pd.DataFrame:
    rest = [d for d in dimensions if d != rule.dimension]
    cube = frame.pivot(index=[*rest, "time"], columns=rule.dimension, values="value")
    cube = cube.reindex(columns=[rule.total, *rule.parts])
    parts = cube[list(rule.parts)]
    result = pd.DataFrame({"value": cube[rule.total], "expected": parts.sum(axis=1, skipna=False)})
    result["tolerance"] = rule.tolerance
    result = result.reset_index()
    result[rule.dimension] = rule.total
    # With no part at all the total stands alone: there is nothing to add up.
    return result[parts.notna().any(axis=1).to_numpy()]


@_decide.register
def _(rule: RangeRule, frame: pd.DataFrame, dimensions: list[str]) -> pd.DataFrame:
    known = frame[frame["value"].notna()]
    return known.assign(expected=known["value"].clip(rule.low, rule.high), tolerance=0.0)


@_decide.register
def _(rule: JumpRule, frame: pd.DataFrame, dimensions: list[str]) -> pd.DataFrame:
    known = frame[frame["value"].notna() & frame["time"].str.fullmatch(r"\d{4}")].copy()
    known["year"] = known["time"].astype(int)
    before = known[["key", "year", "value"]].assign(year=known["year"] + 1).rename(columns={"value": "expected"})
    pairs = known.merge(before, on=["key", "year"], how="inner", validate="1:1")
    pairs = pairs[~pairs["flag"].str.contains("b") & (pairs[["value", "expected"]].abs().min(axis=1) >= rule.floor)]
    return pairs.assign(tolerance=pairs["expected"].abs() * rule.percent / 100)


def _compare(declarations: Declarations, store: Store, rule: Rule, frame: pd.DataFrame, as_of: str) -> pd.DataFrame:
    dimensions = list(declarations.datasets[rule.dataset].dimensions)
    if isinstance(rule, MembersRule):
        pairs = _members(rule, frame, dimensions, declarations.groups[rule.group])
    elif isinstance(rule, MarginRule):
        pairs = _margin(rule, frame, dimensions, declarations, _wide(declarations, store, rule.other, as_of))
    else:
        pairs = _decide(rule, frame, dimensions)
    difference = (pairs["value"] - pairs["expected"]).abs()
    pairs = pairs.assign(outcome=difference.isna().map({True: "undecidable", False: "failed"}))
    # Half a unit of the seventh decimal, or of the 14th digit, keeps binary fractions from being findings.
    slack = 5e-8 + 5e-14 * pairs["expected"].abs()
    pairs = pairs[difference.isna() | (difference > pairs["tolerance"] + slack)]
    keys = [".".join(codes) for codes in pairs[dimensions].itertuples(index=False)]
    return pairs.assign(key=keys)


def _members(rule: MembersRule, frame: pd.DataFrame, dimensions: list[str], members: tuple[str, ...]) -> pd.DataFrame:
    rest = [d for d in dimensions if d != "geo"]
    total = frame[(frame["geo"] == rule.group) & frame["value"].notna()]
    inside = frame[frame["geo"].isin(members)].groupby([*rest, "time"])["value"]
    sums = pd.DataFrame({"expected": inside.sum(), "count": inside.count()}).reset_index()
    pairs = total.merge(sums, on=[*rest, "time"], how="left", validate="1:1")
    pairs.loc[pairs["count"] != len(members), "expected"] = float("nan")
    return pairs.assign(tolerance=rule.tolerance + rule.relative * pairs["value"].abs())


def _margin(
    rule: MarginRule, frame: pd.DataFrame, dimensions: list[str], declarations: Declarations, other: pd.DataFrame
) -> pd.DataFrame:
    for dimension, code in rule.total.items():
        other = other[other[dimension] == code]
    shared = [d for d in dimensions if d in declarations.datasets[rule.other].dimensions]
    known = frame[frame["value"].notna()]
    pairs = known.merge(
        other[[*shared, "time", "value"]].rename(columns={"value": "expected"}),
        on=[*shared, "time"],
        how="inner",
        validate="1:1",
    )
    return pairs.assign(tolerance=rule.tolerance + rule.relative * pairs["value"].abs())
