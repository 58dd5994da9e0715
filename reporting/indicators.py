"""Declared formulas over series: values with the flags of what they came from.

Formulas are arithmetic over named inputs, read by an allow-list and never
evaluated as Python. A value derived from a missing value is missing, and so is a
division by zero; a derived value carries the flags of all the observations it
comes from.
"""

from __future__ import annotations

import ast
import contextlib
import functools
import operator
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from reporting import reads
from reporting.declarations import Declarations, Indicator, formulas, series
from reporting.errors import DeclarationError, ReportingError, UsageError
from reporting.observations import add, combine
from reporting.vintages import Store

#: Columns of an indicator table: an observation table plus indicator and unit.
COLUMNS = ("indicator", "geo", "time", "unit", "value", "flag", "dataset", "key", "vintage", "source", "note")
_IDENTITY = ["geo", "time"]
_TRACE = ("dataset", "key", "vintage", "source", "note")
_ARITHMETIC: dict[type[ast.operator], Callable[[pd.Series, pd.Series], pd.Series]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: lambda left, right: left / right.where(right != 0),
}
#: An operand: the name of an input, and how many years earlier it is taken.
_Operand = tuple[str, int]


@dataclass(frozen=True)
class Evaluator:
    """Evaluates indicators against one store as known on one date."""

    declarations: Declarations
    store: Store
    as_of: str = ""
    #: Inputs and indicators once read or computed, by reference or id.
    known: dict[str, pd.DataFrame] = field(default_factory=dict, compare=False, repr=False)

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
        its members when the indicator declares ``aggregate``, for the years in
        which all have a value; its note is then ``computed``.
        """
        result = self._indicator(indicator, geos)
        reads.asked(("indicator", self.store.name, self.as_of, indicator, list(geos)), result)
        return result

    @reads.covers
    def _indicator(self, indicator: str, geos: tuple[str, ...]) -> pd.DataFrame:
        declared = self.declarations.indicators.get(indicator)
        if declared is None:
            raise UsageError(f"Unknown indicator {indicator!r}: it is not declared in parameters/indicators/.")
        frame = self._values(declared)
        computed: list[str] = []
        if declared.aggregate:
            known = set(frame.loc[frame["value"].notna(), "geo"])
            computed = [g for g in geos if g in self.declarations.groups and g not in known]
        given = frame[frame["geo"].isin(set(geos) - set(computed))]
        sums = [_aggregate(frame, group, self.declarations.groups[group]) for group in computed]
        result = pd.concat([given, *sums]).assign(indicator=indicator, unit=declared.unit)
        return result.reindex(columns=list(COLUMNS)).reset_index(drop=True)

    def _values(self, indicator: Indicator) -> pd.DataFrame:
        if indicator.id not in self.known:
            inputs = {name: self._input(ref) for name, ref in indicator.inputs.items()}
            plain = inputs.get(indicator.formula.strip())
            self.known[indicator.id] = (_derive(indicator, inputs) if plain is None else plain).reset_index()
        return self.known[indicator.id]

    def _input(self, ref: str) -> pd.DataFrame:
        key = f"input {ref}"
        if key not in self.known:
            self.known[key] = self._read(ref)
        return self.known[key]

    def _read(self, ref: str) -> pd.DataFrame:
        if parts := series(ref):
            frame = functools.reduce(_continued, (self.store.select(*part, self.as_of) for part in parts))
        else:
            frame = self._values(self.declarations.indicators[ref])
        twice = frame[frame.duplicated(_IDENTITY, keep=False)]
        if not twice.empty:
            first = twice[(twice[_IDENTITY] == twice[_IDENTITY].iloc[0]).all(axis=1)]
            raise DeclarationError(
                [
                    f"input {ref!r} gives more than one value for {first['geo'].iloc[0]} in {first['time'].iloc[0]} "
                    f"({', '.join(first['key'])}): narrow its key"
                ]
            )
        return frame.set_index(_IDENTITY)[["value", "flag", *_TRACE]]


#: What was computed beforehand, for all runs of one batch: (store, date) to inputs and indicators.
prepared: dict[tuple[str, str], dict[str, pd.DataFrame]] = {}


def evaluator(declarations: Declarations, store: Store, as_of: str) -> Evaluator:
    """An evaluator, with what was computed beforehand for its store and date."""
    return Evaluator(declarations, store, as_of, prepared.get((store.name, as_of), {}))


def values(declarations: Declarations, store: Store, as_of: str, ids: Iterable[str]) -> dict[str, pd.DataFrame]:
    """The values of indicators for all countries, by id, to be kept in :data:`prepared`."""
    done = Evaluator(declarations, store, as_of)
    for name in ids:
        # What is wrong with an indicator is told where it is asked for.
        with contextlib.suppress(ReportingError):
            done.indicator(name, ())
    return {name: frame for name, frame in done.known.items() if name in declarations.indicators}


def _continued(earlier: pd.DataFrame, later: pd.DataFrame) -> pd.DataFrame:
    """A series with what goes on with it under another key; what the later one says of a time holds."""
    at, known = (pd.MultiIndex.from_frame(frame[_IDENTITY]) for frame in (earlier, later))
    return pd.concat([earlier[~at.isin(known)], later], ignore_index=True)


def _derive(indicator: Indicator, inputs: dict[str, pd.DataFrame]) -> pd.DataFrame:
    tree = formulas.parse(indicator.formula)
    index = functools.reduce(lambda a, b: a.union(b), (frame.index for frame in inputs.values()))
    frames = {
        (name, years): _earlier(inputs[name].reindex(index), years) for name, years in sorted(set(_operands(tree)))
    }
    values = _compute(tree, {operand: frame["value"] for operand, frame in frames.items()})
    result = pd.DataFrame({"value": values.replace([np.inf, -np.inf], np.nan)}, index=index)
    result["flag"] = [combine(flags) for flags in zip(*(f["flag"].fillna("") for f in frames.values()), strict=True)]
    for column in _TRACE:
        parts = zip(*(frame[column].fillna("") for frame in frames.values()), strict=True)
        result[column] = [_joined(texts) for texts in parts]
    return result


def _operands(tree: ast.expr) -> Iterable[_Operand]:
    """The inputs of a formula, each with how many years earlier it is taken."""
    called = {id(x) for node in ast.walk(tree) if isinstance(node, ast.Call) for x in (node.func, *node.args)}
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Name(id="lag"), args=[ast.Name(id=name), ast.Constant(value=int() as years)]):
                yield name, years
            case ast.Call(args=[ast.Name(id=name)]):
                yield from ((name, 0), (name, 1))
            case ast.Name(id=name) if id(node) not in called:
                yield name, 0


def _compute(node: ast.expr, operands: Mapping[_Operand, pd.Series]) -> pd.Series:
    """The value of a formula that :mod:`reporting.declarations.formulas` has found sound."""
    match node:
        case ast.Name(id=name):
            return operands[name, 0]
        case ast.Constant(value=int() | float() as number):
            return pd.Series(float(number), index=next(iter(operands.values())).index)
        case ast.BinOp(left=left, op=op, right=right):
            return _ARITHMETIC[type(op)](_compute(left, operands), _compute(right, operands))
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return -_compute(operand, operands)
        case ast.Call(func=ast.Name(id="lag"), args=[ast.Name(id=name), ast.Constant(value=int() as years)]):
            return operands[name, years]
        case ast.Call(func=ast.Name(id="growth"), args=[ast.Name(id=name)]):
            return 100 * (_ARITHMETIC[ast.Div](operands[name, 0], operands[name, 1]) - 1)
        case ast.Call(func=ast.Name(id="change"), args=[ast.Name(id=name)]):
            return operands[name, 0] - operands[name, 1]
    raise DeclarationError([f"{ast.unparse(node)!r} is not allowed in a formula. Allowed: {formulas.ALLOWED}"])


def _earlier(frame: pd.DataFrame, years: int) -> pd.DataFrame:
    """The observations of the same geo some years earlier; missing where there are none.

    A break in series stands between its own year and the one before: going
    back over it carries the flag, starting from it does not.
    """
    if not years:
        return frame
    geos, times = (frame.index.get_level_values(level) for level in _IDENTITY)

    def back(distance: int) -> pd.DataFrame:
        ahead = [str(int(t) + distance) if len(t) == 4 and t.isdecimal() else t + "?" for t in times]
        return frame.set_axis(pd.MultiIndex.from_arrays([geos, ahead], names=_IDENTITY)).reindex(frame.index)

    found = back(years)
    flags = found["flag"].fillna("").str.replace("b", "")
    for distance in range(1, years):
        flags += back(distance)["flag"].fillna("").str.contains("b").map({True: "b", False: ""})
    return found.assign(flag=flags)


def _joined(texts: Iterable[str]) -> str:
    """Texts that may already be joined, joined by ``"; "``, each once."""
    return "; ".join(dict.fromkeys(part for text in texts for part in text.split("; ") if part))


def _aggregate(frame: pd.DataFrame, group: str, members: tuple[str, ...]) -> pd.DataFrame:
    """The sum over the members, in the years in which every member has a value."""
    inside = frame[frame["geo"].isin(members) & frame["value"].notna()]
    rows = [
        {
            "geo": group,
            "time": time,
            "value": add(year["value"]),
            "flag": combine(year["flag"]),
            "dataset": _joined(sorted(year["dataset"])),
            "key": f"computed: sum of {len(members)} members of {group}",
            "vintage": _joined(sorted(year["vintage"])),
            "source": _joined(year["source"]),
            "note": "computed",
        }
        for time, year in inside.groupby("time")
        if len(year) == len(members)
    ]
    return pd.DataFrame(rows, columns=frame.columns).astype({"value": "float64"})
