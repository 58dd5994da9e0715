"""Declared formulas over series: values with the flags of what they came from.

Formulas are arithmetic over named inputs, read by an allow-list and never
evaluated as Python. A value derived from a missing value is missing; a derived
value carries the flags of all its inputs.
"""

from __future__ import annotations

import ast
import functools
import operator
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from reporting.declarations import Declarations, Indicator
from reporting.errors import DeclarationError
from reporting.observations import combine
from reporting.vintages import Store

#: Columns of an indicator table: an observation table plus indicator and unit.
COLUMNS = ("indicator", "geo", "time", "unit", "value", "flag", "dataset", "key", "vintage", "source", "note")
_IDENTITY = ["geo", "time"]
_TRACE = ("dataset", "key", "vintage", "source", "note")
_ARITHMETIC: dict[type[ast.operator], Callable[[pd.Series, pd.Series], pd.Series]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}


@dataclass(frozen=True)
class Evaluator:
    """Evaluates indicators against one store as known on one date."""

    declarations: Declarations
    store: Store
    as_of: str = ""

    def table(self, ids: Iterable[str], geos: Iterable[str]) -> pd.DataFrame:
        """Values of several indicators for several geos.

        Returns
        -------
        DataFrame
            Columns of :data:`COLUMNS`, one row for each indicator, geo and time.
        """
        wanted = tuple(geos)
        frames = [self.indicator(i, wanted) for i in ids]
        return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=list(COLUMNS))

    def indicator(self, indicator: str, geos: tuple[str, ...]) -> pd.DataFrame:
        """Values of one indicator for some geos (columns of :data:`COLUMNS`).

        A group of countries that the provider does not give is computed from
        its members when the indicator declares ``aggregate``; its dataset is
        then marked ``computed``.
        """
        declared = self.declarations.indicators[indicator]
        frame = self._values(declared)
        parts = [frame[frame["geo"].isin(geos)]]
        if declared.aggregate:
            known = set(frame.loc[frame["value"].notna(), "geo"])
            for group in (g for g in geos if g in self.declarations.groups and g not in known):
                parts.append(_aggregate(frame, group, self.declarations.groups[group]))
        result = pd.concat(parts).assign(indicator=indicator, unit=declared.unit)
        return result.reindex(columns=list(COLUMNS)).reset_index(drop=True)

    def _values(self, indicator: Indicator) -> pd.DataFrame:
        inputs = {name: self._input(ref) for name, ref in indicator.inputs.items()}
        if indicator.formula.strip() in inputs:
            return inputs[indicator.formula.strip()].reset_index()
        return _derive(indicator, inputs).reset_index()

    def _input(self, ref: str) -> pd.DataFrame:
        if "/" in ref:
            dataset, key = ref.split("/", 1)
            frame = self.store.select(dataset, key, self.as_of)
        else:
            frame = self._values(self.declarations.indicators[ref])
        if frame.duplicated(_IDENTITY).any():
            raise DeclarationError([f"input {ref!r} gives more than one value for a country and year: narrow its key"])
        return frame.set_index(_IDENTITY)[["value", "flag", *_TRACE]]


def _derive(indicator: Indicator, inputs: dict[str, pd.DataFrame]) -> pd.DataFrame:
    tree = ast.parse(indicator.formula, mode="eval").body
    index = functools.reduce(lambda a, b: a.union(b), (frame.index for frame in inputs.values()))
    aligned = {name: frame.reindex(index) for name, frame in inputs.items()}
    with np.errstate(divide="ignore", invalid="ignore"):
        values = _compute(indicator, tree, {name: frame["value"] for name, frame in aligned.items()})
    result = pd.DataFrame({"value": values.replace([np.inf, -np.inf], np.nan)}, index=index)
    frames = list(aligned.values())
    result["flag"] = [combine(flags) for flags in zip(*(f["flag"].fillna("") for f in frames), strict=True)]
    for column in _TRACE:
        sets = zip(*(frame[column].fillna("") for frame in frames), strict=True)
        result[column] = ["; ".join(dict.fromkeys(filter(None, parts))) for parts in sets]
    return result


def _compute(indicator: Indicator, node: ast.expr, inputs: dict[str, pd.Series]) -> pd.Series:
    match node:
        case ast.Name(id=name) if name in inputs:
            return inputs[name]
        case ast.Constant(value=int() | float() as number):
            return pd.Series(float(number), index=next(iter(inputs.values())).index)
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _ARITHMETIC:
            return _ARITHMETIC[type(op)](_compute(indicator, left, inputs), _compute(indicator, right, inputs))
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return -_compute(indicator, operand, inputs)
        case ast.Call(func=ast.Name(id="lag"), args=[ast.Name(id=name), ast.Constant(value=int() as years)]):
            return lag(inputs[name], years)
        case ast.Call(func=ast.Name(id="growth"), args=[ast.Name(id=name)]):
            return 100 * (inputs[name] / lag(inputs[name], 1) - 1)
        case ast.Call(func=ast.Name(id="change"), args=[ast.Name(id=name)]):
            return inputs[name] - lag(inputs[name], 1)
    raise DeclarationError(
        [
            f"[{indicator.id}] formula {indicator.formula!r}: {ast.unparse(node)!r} is not allowed. "
            "Allowed: inputs, numbers, + - * /, lag(x, years), growth(x), change(x)."
        ]
    )


def lag(values: pd.Series, years: int) -> pd.Series:
    """The value of the same geo some years earlier; missing where there is none."""
    earlier = values.copy()
    earlier.index = pd.MultiIndex.from_arrays(
        [
            values.index.get_level_values("geo"),
            [str(int(t) + years) if t.isdigit() else t + "?" for t in values.index.get_level_values("time")],
        ],
        names=_IDENTITY,
    )
    return earlier.reindex(values.index)


def _aggregate(frame: pd.DataFrame, group: str, members: tuple[str, ...]) -> pd.DataFrame:
    """The sum over the members, missing in a year in which any member is missing."""
    inside = frame[frame["geo"].isin(members)]
    rows = []
    for time, year in inside.groupby("time"):
        full = set(year.loc[year["value"].notna(), "geo"]) == set(members)
        rows.append(
            {
                "geo": group,
                "time": time,
                "value": year["value"].sum() if full else float("nan"),
                "flag": combine(year["flag"]),
                "dataset": "; ".join(sorted(set(year["dataset"]))),
                "key": f"computed: sum of {len(members)} members of {group}",
                "vintage": max(year["vintage"]),
                "source": "",
                "note": "computed",
            }
        )
    return pd.DataFrame(rows, columns=frame.columns)
