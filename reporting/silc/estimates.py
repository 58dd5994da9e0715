"""From persons to estimates: every indicator, for the whole and for each category, with its error."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from types import ModuleType
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from reporting.declarations import Declarations, Measure
from reporting.errors import DeclarationError, UsageError
from reporting.silc import indicators, influence, resample
from reporting.silc.conventions import Codes, Mask, Numbers, named
from reporting.silc.design import Design, interval, residuals, simple_variance
from reporting.silc.publish import Estimate, publishable
from reporting.silc.sample import Sample, Scope, ordered

VARIANCES = ("linearised", "bootstrap", "jackknife", "none")
#: What is computed of a file with one income when nothing is chosen.
HEADLINE = ("arop", "arop_gap", "s80s20", "gini", "arop_threshold")
NAN = float("nan")


@dataclass(frozen=True)
class Persons:
    """What is known of the persons of a survey, all in one order.

    Attributes
    ----------
    income, weight : array
        Missing incomes are NaN; persons without a weight do not count.
    design : Design
    breakdowns : mapping
        Name of a breakdown to the category of each person, None where missing.
    variables : mapping
        Other variables of the person table, by name.
    auxiliaries : array, optional
        Calibration variables, one column each.
    """

    income: Numbers
    weight: Numbers
    design: Design
    breakdowns: Mapping[str, npt.NDArray[Any]] = field(default_factory=dict)
    variables: Mapping[str, npt.NDArray[Any]] = field(default_factory=dict)
    auxiliaries: Numbers | None = None


@dataclass(frozen=True)
class Method:
    """How the variance is estimated: kind, draws and seed of a bootstrap, given replicate weights.

    ``weights`` has a row for each person and a column for each replicate;
    ``strata`` the stratum of each column; ``centre`` is that of a jackknife.
    """

    kind: str = "linearised"
    draws: int = resample.DRAWS
    seed: int = resample.SEED
    centre: str = "stratum"
    weights: Numbers | None = None
    strata: Codes | None = None

    def __post_init__(self) -> None:
        if self.kind not in VARIANCES:
            raise UsageError(f"Unknown variance {self.kind!r}. There are: {', '.join(VARIANCES)}.")
        if self.centre not in ("stratum", "overall"):
            raise UsageError(f"Unknown centre {self.centre!r}. There are: stratum, overall.")
        if self.draws < 2:
            raise UsageError(f"{self.draws} draws make no variance: give 100 or more.")
        if self.seed < 0:
            raise UsageError(f"--seed {self.seed}: a seed is not negative.")


def call(module: ModuleType, measure: Measure) -> Callable[[Scope], Any]:
    """The function of a declared measure, its arguments bound.

    Raises
    ------
    DeclarationError
        When there is no such function, or it has no such arguments.
    """
    function = getattr(module, measure.function, None)
    if not inspect.isfunction(function):
        raise DeclarationError([f"parameters/measures: [{measure.id}] no function {measure.function!r}"])
    bound = partial(function, **{name: _bound(value) for name, value in measure.arguments.items()})
    try:
        inspect.signature(function).bind(None, **measure.arguments)
    except TypeError as error:
        raise DeclarationError([f"parameters/measures: [{measure.id}] arguments: {error}"]) from None
    return bound


def _bound(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def declared(known: Declarations, names: Sequence[str]) -> list[Measure]:
    """Declared measures by name, or wrong use."""
    for name in names:
        if name not in known.measures:
            raise UsageError(f"Unknown indicator {name!r}. There are: {', '.join(known.measures)}.")
    return [known.measures[name] for name in dict.fromkeys(names)]


def needed(measures: Sequence[Measure]) -> tuple[str, ...]:
    """Variables besides income that measures read."""
    return tuple(dict.fromkeys(name for measure in measures for name in measure.needs))


def states(measures: Sequence[Measure]) -> tuple[str, ...]:
    """Variables that say whether, or to what share, a person is in a state."""
    names = (str(m.arguments.get(role, "")) for m in measures for role in ("if_poor", "if_not", "among"))
    return tuple(dict.fromkeys(name for name in names if name not in ("", "1")))


def chosen(known: Declarations, names: Sequence[str], variables: Sequence[str] = ()) -> list[Measure]:
    """Declared measures by name, or wrong use; those whose variables are there, when none is named."""
    if not names:
        return [m for m in known.measures.values() if set(m.needs) <= set(variables)]
    for measure in declared(known, names):
        if missing := sorted(set(measure.needs) - set(variables)):
            raise UsageError(
                f"{measure.id} needs {', '.join(missing)}, which cannot be computed from these files: "
                "leave the indicator out, or add the variables it is made from."
            )
    return declared(known, names)


def anchored(line: float) -> list[Measure]:
    """The at-risk-of-poverty rate at a threshold fixed in advance (ilc_li22), moved with the prices by the caller.

    Raises
    ------
    UsageError
        For a threshold that is not positive; 0 is none.
    """
    if line < 0 or not np.isfinite(line):
        raise UsageError(f"--anchor {line:g}: an anchored threshold is an amount above 0.")
    measure = Measure(
        id="arop_anchored", title="At-risk-of-poverty rate, anchored threshold", unit="PC", function="status",
        arguments={"if_poor": "1", "line": line}, table="ilc_li22", additive=True,
    )  # fmt: skip
    return [measure] if line else []


def estimate(
    known: Declarations,
    persons: Persons,
    measures: Sequence[Measure],
    convention: str = "eurostat",
    method: Method | None = None,
) -> list[Estimate]:
    """Estimates of measures, the national ones first, then by each breakdown, fit to be published."""
    method = method or Method()
    sample, order = ordered(persons.income, persons.weight, named(convention))
    sample = replace(sample, more={name: persons.variables[name][order] for name in needed(measures)})
    ready = _Ready(persons, sample, order, persons.design.rearranged(order), method)
    found = [
        one
        for by, category, everybody in _domains(persons)
        for one in _of_domain(ready, [m for m in measures if by == "total" or not m.national], by, category, everybody)
    ]
    return publishable(found, known.reliability, errors=method.kind != "none")


@dataclass(frozen=True)
class _Ready:
    """The persons in the order of their incomes, and how errors are made."""

    persons: Persons
    sample: Sample
    order: Codes
    design: Design
    method: Method


def _domains(persons: Persons) -> Iterator[tuple[str, str, Mask | None]]:
    """The whole, then each category of each breakdown, with who belongs to it."""
    yield "total", "total", None
    for by, labels in persons.breakdowns.items():
        categories = pd.unique(pd.Series(labels, dtype="object").dropna())
        for category in sorted(categories, key=_as_number):
            yield by, str(category), labels == category


def _as_number(category: str) -> tuple[int, float, str]:
    """Numbers before words, numbers by their size."""
    try:
        return 0, float(category), category
    except ValueError:
        return 1, 0.0, category


def _of_domain(
    ready: _Ready, measures: Sequence[Measure], by: str, category: str, everybody: Mask | None
) -> Iterator[Estimate]:
    mask = None if everybody is None else everybody[ready.order]
    scope = Scope(ready.sample, mask)
    n = len(scope.domain)
    weighted = ready.persons.weight > 0
    asked = int(weighted.sum() if everybody is None else (weighted & everybody).sum())
    nonresponse = 100 * (1 - n / asked) if asked else 0.0
    with np.errstate(all="ignore"):
        values = [call(indicators, measure)(scope) if n else NAN for measure in measures]
        errors, effects = _errors(ready, scope, measures, values)
    for measure, value, error, effect in zip(measures, values, errors, effects, strict=True):
        rate = measure.function in ("poor", "status")
        low, high = interval(value, error, rate, ready.design.psus)
        cv = 100 * error / abs(value) if value else NAN
        counted, base = counts(measure, scope)
        yield Estimate(
            measure.id, by, category, value, error, low, high, counted, "", cv, effect,
            base, nonresponse, measure.additive,
        )  # fmt: skip


def counts(measure: Measure, scope: Scope) -> tuple[int, int]:
    """Persons of the sample an indicator is about, and those its figure rests on (of a gap the poor)."""
    given = measure.arguments
    if measure.function == "gap":
        line = scope.threshold(**{k: v for k, v in given.items() if k == "share"})
        return len(scope.domain), scope.domain.poor(line)
    if measure.function in ("group_mean", "group_share"):
        return len(scope.domain), indicators.group_count(scope, **given)
    if measure.function in ("status", "impact"):
        asked = indicators.asked(scope, **{k: v for k, v in given.items() if k != "line"})
        return asked.persons, asked.persons
    groups = [
        scope.among(given[name][1]).knowing(given[name][0]).persons for name in ("first", "second") if name in given
    ]
    if groups:
        return sum(groups), min(groups)
    return len(scope.domain), len(scope.domain)


def _errors(
    ready: _Ready, scope: Scope, measures: Sequence[Measure], values: Sequence[float]
) -> tuple[list[float], list[float]]:
    """Standard errors and design effects."""
    none = [NAN] * len(measures)
    if ready.method.kind == "none" or not len(scope.domain):
        return none, none
    if ready.method.kind == "linearised":
        found = _linearised(ready, scope, measures, values)
        return [e for e, _ in found], [d for _, d in found]
    replicated = np.sqrt(_replicated(ready, scope, measures))
    return [float(e) if np.isfinite(v) else NAN for e, v in zip(replicated, values, strict=True)], none


def _linearised(
    ready: _Ready, scope: Scope, measures: Sequence[Measure], values: Sequence[float]
) -> list[tuple[float, float]]:
    """Standard errors and design effects; indicators of income alone on merged persons."""
    persons, auxiliaries = len(ready.sample), ready.persons.auxiliaries
    merges = auxiliaries is None and not ready.sample.convention.less_own
    fewer, design = resample.merged(scope, ready.design) if merges else (scope, ready.design)
    found = []
    for measure, value in zip(measures, values, strict=True):
        own, units = (scope, ready.design) if measure.needs else (fewer, design)
        if not np.isfinite(value):
            found.append((NAN, NAN))
            continue
        z, weight = call(influence, measure)(own), own.whole.weight
        if auxiliaries is not None:
            z = residuals(z, weight, auxiliaries[ready.order])
        variance, simple = units.variance(z * weight), simple_variance(z, weight, persons)
        found.append((float(np.sqrt(variance)), variance / simple if simple else NAN))
    return found


def _replicated(ready: _Ready, scope: Scope, measures: Sequence[Measure]) -> Numbers:
    """Variances by resampling; indicators of income alone on merged persons."""
    method, design = ready.method, ready.design
    merges = method.weights is None and not any(measure.needs for measure in measures)
    scope, design = resample.merged(scope, design) if merges else (scope, design)
    functions = [call(indicators, measure) for measure in measures]

    def values(weight: Numbers) -> Numbers:
        with np.errstate(all="ignore"):
            again = Scope(scope.whole.reweighted(weight), scope.mask)
            return np.array([function(again) for function in functions])

    weight = scope.whole.weight
    if method.weights is not None and method.strata is not None:
        columns = [method.weights[ready.order, r] for r in range(method.weights.shape[1])]
        replicates = resample.given(values, columns, method.strata)
    elif method.kind == "bootstrap":
        replicates = resample.bootstrap(values, weight, design, method.draws, method.seed)
    else:
        replicates = resample.jackknife(values, weight, design)
    if method.kind == "bootstrap":
        return resample.bootstrap_variance(replicates)
    return resample.jackknife_variance(replicates, method.centre)
