"""Indicators of a framework computed from their inputs, where the store holds these."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import pandas as pd

from reporting import observations, reads
from reporting.declarations import Declarations, Indicator
from reporting.declarations.frameworks import Entry, Source
from reporting.indicators import Evaluator
from reporting.spc import held
from reporting.vintages import Store

#: Inputs by variable, and the formula over them.
Formula = tuple[Mapping[str, Source], str]
#: What keeps indicators apart in a column of countries.
_APART = "\t"


def newer(store: Store, wanted: Mapping[str, Entry], as_of: str = "") -> dict[str, Entry]:
    """The indicators that are computed: those without a series, or whose inputs are all newer than the owner's figures.

    Where the series is the input itself there is nothing to compute.
    """
    newest = {dataset: _newest(store, dataset, as_of) for dataset in _datasets(wanted.values())}
    found = {}
    for name, entry in wanted.items():
        inputs = [newest[source.dataset] for source in entry.inputs.values()]
        own = max((newest[dataset] for dataset, _ in held.series_of(entry)), default="")
        provided = {dataset for dataset, _ in held.series_of(entry)} & {s.dataset for s in entry.inputs.values()}
        if all(inputs) and not provided and min(inputs) > own:
            found[name] = entry
    return found


def _datasets(entries: Iterable[Entry]) -> set[str]:
    inputs = {source.dataset for entry in entries for source in entry.inputs.values()}
    return inputs | {dataset for entry in entries for dataset, _ in held.series_of(entry)}


def _newest(store: Store, dataset: str, as_of: str) -> str:
    held.asked(store, dataset)
    manifests = store.manifests(dataset, as_of)
    return manifests[-1][0].vintage[:10] if manifests else ""


def values(
    store: Store, known: Declarations, wanted: Mapping[str, Entry], geos: list[str], as_of: str = ""
) -> pd.DataFrame:
    """Values of indicators by their formulas (columns of :data:`reporting.spc.held.COLUMNS`).

    A computed value has no flag of a break here: the breaks of its inputs are
    :func:`reporting.spc.stored.with_input_breaks`'s to add, since profiles
    differ in whether they see them. A missing input makes a value missing.
    """
    return evaluated(store, known, {n: (entry.inputs, entry.formula) for n, entry in wanted.items()}, geos, as_of)


def evaluated(
    store: Store, known: Declarations, formulas: Mapping[str, Formula], geos: list[str], as_of: str = ""
) -> pd.DataFrame:
    """Values of formulas over series, by name; one whose inputs the store does not hold has none."""
    sources = {source.key: source for inputs, _ in formulas.values() for source in inputs.values()}
    patterns = {key: held.pattern(store, known, source, as_of) for key, source in sources.items()}
    used = {key: (source.dataset, patterns[key]) for key, source in sources.items() if patterns[key]}
    read = held.observed(store, [("", *pair) for pair in dict.fromkeys(used.values())], geos, as_of)
    parts = {pair: own for pair, own in read.groupby(["dataset", "pattern"], sort=False)}
    groups: dict[tuple[str, tuple[str, ...]], dict[str, dict[str, pd.DataFrame]]] = {}
    for name, (inputs, formula) in formulas.items():
        if all(used.get(source.key) in parts for source in inputs.values()):
            own = {variable: parts[used[source.key]] for variable, source in inputs.items()}
            groups.setdefault((formula, tuple(inputs)), {})[name] = own
    found = [_together(formula, own, known, store) for (formula, _), own in groups.items()]
    if not found:
        return pd.DataFrame(columns=held.COLUMNS)
    table = pd.concat(found, ignore_index=True)
    return table[table["value"].notna()].astype({"time": "int64", "flag": "str"})[held.COLUMNS]


def _together(
    formula: str, inputs: Mapping[str, Mapping[str, pd.DataFrame]], known: Declarations, store: Store
) -> pd.DataFrame:
    """One formula over the inputs of several indicators at once: they are kept apart as countries are."""
    variables = list(next(iter(inputs.values())))
    stacked = {
        variable: pd.concat([_apart(name, own[variable]) for name, own in inputs.items()]) for variable in variables
    }
    if formula in variables:
        table = stacked[formula].reset_index()
    else:
        made = Indicator(
            id="x", family="x", label="x", unit="-", formula=formula, inputs={v: f"{v}/" for v in variables}
        )
        cached = {f"input {variable}/": frame for variable, frame in stacked.items()}
        evaluator = Evaluator(known.model_copy(update={"indicators": {"x": made}}), store, "", cached)
        with reads.covered():
            table = evaluator.indicator("x", tuple(dict.fromkeys(geo for f in stacked.values() for geo, _ in f.index)))
        table = table.assign(flag=table["flag"].astype("str").str.replace("b", "", regex=False))
    pairs = table["geo"].str.partition(_APART)
    return table.assign(indicator=pairs[0], geo=pairs[2])


def _apart(name: str, frame: pd.DataFrame) -> pd.DataFrame:
    columns = [column for column in observations.COLUMNS if column not in ("geo", "time")]
    told = frame.assign(geo=name + _APART + frame["geo"], time=frame["time"].astype("str"), source="", note="")
    return told.set_index(["geo", "time"])[columns]
