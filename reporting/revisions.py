"""What changed between two vintages of a dataset, how much, and what it means for what is published.

A revision is the later value less the earlier one, in the unit of the series
and in per cent of the earlier value. Observations are *new*, *revised* (value or
flag), or *withdrawn*. The measures (mean, median and mean absolute revision) are
those of the OECD/Eurostat guidelines on revisions analysis.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from reporting import observations, validation
from reporting.declarations import Declarations
from reporting.errors import UsageError
from reporting.indicators import Evaluator
from reporting.vintages import Store, day

#: Columns of the table of changes.
COLUMNS = (
    "dataset", "key", "geo", "time", "kind", "before", "after", "difference", "percent",
    "flag_before", "flag_after", "flags_gained", "flags_lost",
)  # fmt: skip
_IDENTITY = ["key", "geo", "time"]


@dataclass(frozen=True)
class Effect:
    """A published table whose printed values change: how many, in which indicators."""

    table: str
    title: str
    values: int
    indicators: tuple[str, ...]


@dataclass(frozen=True)
class Verdict:
    """A finding that a revision brings or ends."""

    kind: str
    message: str


@dataclass(frozen=True)
class Revisions:
    """All that changed from one vintage to another."""

    dataset: str
    start: str
    end: str
    changes: pd.DataFrame
    effects: list[Effect] = field(default_factory=list)
    verdicts: list[Verdict] = field(default_factory=list)

    def summary(self, by: str = "geo") -> pd.DataFrame:
        """Counts and measures of revision for each country (``geo``) or series (``key``).

        Returns
        -------
        DataFrame
            Index ``by``, a last row ``total``; columns ``new, revised,
            withdrawn, mean, median, mean_absolute, largest, mean_percent``
            (the unit of the series, and per cent; NaN where no value was revised).
        """
        groups = [(str(name), part) for name, part in self.changes.groupby(by, sort=True)]
        rows = {name: _measures(part) for name, part in [*groups, ("total", self.changes)]}
        return pd.DataFrame.from_dict(rows, orient="index").rename_axis(by)


def compare(store: Store, dataset: str, start: str = "", end: str = "") -> Revisions:
    """What changed between two vintages of a dataset.

    Parameters
    ----------
    start, end : str
        Labels of vintages, or dates, which stand for the newest vintage not
        later; by default the last two.

    Raises
    ------
    UsageError
        When the dataset has no two vintages, or the two are in the wrong order.
    """
    labels = [manifest.vintage for manifest, _ in store.manifests(dataset)]
    if len(labels) < 2:
        raise UsageError(f"{dataset}: {len(labels) or 'no'} vintage in the store; two are needed to compare.")
    last = _label(dataset, end, labels, labels[-1])
    earlier = [label for label in labels if label < last]
    if not earlier and not start:
        raise UsageError(f"{dataset}: there is no vintage before {last}.")
    first = _label(dataset, start, labels, earlier[-1] if earlier else last)
    if first >= last:
        raise UsageError(f"{dataset}: --from {first} is not before --to {last}.")
    return Revisions(dataset, first, last, _changes(dataset, *(store.upto({dataset: x}) for x in (first, last))))


def _label(dataset: str, wanted: str, labels: list[str], default: str) -> str:
    if not wanted or wanted in labels:
        return wanted or default
    found = [label for label in labels if label[:10] <= day(wanted)] if len(wanted) == 10 else []
    if not found:
        raise UsageError(f"{dataset}: no vintage {wanted!r}. There are: {', '.join(labels)}.")
    return found[-1]


def _changes(dataset: str, old: Store, new: Store) -> pd.DataFrame:
    columns = [*_IDENTITY, "value", "flag"]
    pairs = old.read(dataset)[columns].merge(
        new.read(dataset)[columns], on=_IDENTITY, how="outer", indicator=True, suffixes=("_before", "_after"),
        validate="1:1",
    )  # fmt: skip
    pairs["kind"] = pairs["_merge"].map({"left_only": "withdrawn", "right_only": "new", "both": "revised"}).astype(str)
    pairs = pairs.rename(columns={"value_before": "before", "value_after": "after"})
    pairs[["flag_before", "flag_after"]] = pairs[["flag_before", "flag_after"]].fillna("")
    same = (pairs["before"] == pairs["after"]) | (pairs["before"].isna() & pairs["after"].isna())
    pairs = pairs[~(same & (pairs["flag_before"] == pairs["flag_after"]) & (pairs["kind"] == "revised"))].copy()
    # Twelve decimals: binary fractions such as 15.1 − 15.0 leave no trace in the measures.
    pairs["difference"] = (pairs["after"] - pairs["before"]).round(12)
    pairs["percent"] = 100 * pairs["difference"] / pairs["before"].abs().where(pairs["before"] != 0)
    flags = list(zip(pairs["flag_before"], pairs["flag_after"], strict=True))
    pairs["flags_gained"] = ["".join(sorted(set(after) - set(before))) for before, after in flags]
    pairs["flags_lost"] = ["".join(sorted(set(before) - set(after))) for before, after in flags]
    return pairs.assign(dataset=dataset)[list(COLUMNS)].sort_values(_IDENTITY, ignore_index=True)


def _measures(part: pd.DataFrame) -> dict[str, float]:
    counts = part["kind"].value_counts()
    moved = part.loc[part["difference"].notna() & (part["difference"] != 0), ["difference", "percent"]]
    difference = moved["difference"]
    largest = float(difference.iloc[int(difference.abs().to_numpy().argmax())]) if len(moved) else np.nan
    return {
        **{kind: int(counts.get(kind, 0)) for kind in ("new", "revised", "withdrawn")},
        "mean": round(float(difference.mean()), 12),
        "median": float(difference.median()),
        "mean_absolute": float(difference.abs().mean()),
        "largest": largest,
        "mean_percent": float(moved["percent"].mean()),
    }


def consequences(known: Declarations, store: Store, found: Revisions) -> Revisions:
    """The same revisions with the published tables and the findings that change because of them."""
    old, new = (store.upto({found.dataset: label}) for label in (found.start, found.end))
    return Revisions(
        found.dataset, found.start, found.end, found.changes,
        list(_effects(known, old, new, found)), list(_verdicts(known, old, new, found.dataset)),
    )  # fmt: skip


def _effects(known: Declarations, old: Store, new: Store, found: Revisions) -> Iterator[Effect]:
    moved = {name: count for name in _touched(known, found) if (count := _printed(known, old, new, name, found))}
    for table in known.tables.values():
        inside = [name for name in known.indicator_ids(table.rows) if name in moved]
        if inside:
            yield Effect(table.id, table.title, sum(moved[name] for name in inside), tuple(inside))


def _touched(known: Declarations, found: Revisions) -> Iterator[str]:
    """Indicators of which some input was revised or withdrawn, or is new."""
    keys = found.changes["key"].drop_duplicates()
    for name in known.indicators:
        patterns = {key for dataset, key in known.inputs(name) if dataset == found.dataset}
        if any(observations.matches(keys, pattern).any() for pattern in patterns):
            yield name


def _printed(known: Declarations, old: Store, new: Store, name: str, found: Revisions) -> int:
    """How many values of an indicator, as printed, are not what they were (new periods included)."""
    touched = set(found.changes["geo"])
    geos = tuple(touched | {group for group, members in known.groups.items() if touched & set(members)})
    decimals = known.indicators[name].decimals
    before, after = (Evaluator(known, store).indicator(name, geos) for store in (old, new))
    both = before.merge(after, on=["geo", "time"], how="outer", suffixes=("_old", "_new"))
    then, now = (both[column].round(decimals) for column in ("value_old", "value_new"))
    same = (then == now) | (then.isna() & now.isna())
    return int((~same | (both["flag_old"].fillna("") != both["flag_new"].fillna(""))).sum())


def _verdicts(known: Declarations, old: Store, new: Store, dataset: str) -> Iterator[Verdict]:
    concerned = {rule.dataset for rule in known.rules.values() if dataset in (rule.dataset, getattr(rule, "other", ""))}
    if not concerned:
        return
    before, after = (_failed(validation.check(known, store, concerned)) for store in (old, new))
    for kind, here, there in (("brought", after, before), ("ended", before, after)):
        yield from (Verdict(kind, here[place].message) for place in here if place not in there)


def _failed(findings: Iterable[validation.Finding]) -> dict[tuple[str, str, str], validation.Finding]:
    return {(f.rule, f.key, f.time): f for f in findings if f.outcome == "failed"}


def triangle(store: Store, dataset: str, key: str) -> pd.DataFrame:
    """A series as it was known at each vintage that changed it.

    Returns
    -------
    DataFrame
        A row for each period, a column for each vintage; NaN where the period
        was not yet known, or was missing.

    Raises
    ------
    UsageError
        When the store never held the series.
    """
    history = store.history(dataset)
    own = history[history["key"] == key]
    if own.empty:
        import difflib

        near = difflib.get_close_matches(key, history["key"].unique().tolist(), n=3)
        hint = f" Near it: {', '.join(near)}." if near else ""
        raise UsageError(f"{dataset}: the store never held the series {key!r}.{hint}")
    labels = sorted(own["vintage"].unique())
    columns = {}
    for label in labels:
        known = store.upto({dataset: label}).select(dataset, key)
        columns[label] = known.set_index("time")["value"]
    return pd.DataFrame(columns).sort_index().rename_axis("time")
