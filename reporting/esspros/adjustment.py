"""Compiled figures made to meet totals that are known better: scaled, RAS, or Denton over years.

What is added to a cell is a contribution of its own, so that the trace still adds
up: compiled, adjusted, published.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from fnmatch import fnmatchcase
from pathlib import Path

import pandas as pd

from reporting import benchmarks
from reporting.declarations.mappings import Benchmark, Mapping
from reporting.errors import ValidationFailed
from reporting.esspros import figures
from reporting.esspros.classification import Classification
from reporting.esspros.compilation import Compiled, Contribution, Key
from reporting.esspros.schemes import ALL, number_of
from reporting.findings import CellFinding

#: The source of an adjustment in the trace.
SOURCE = "benchmark"
_HEADS = {"year": ("reference year",), "scheme": (), "item": ("code",), "value": ("total", "amount")}
_ONE = Decimal(1)


@dataclass(frozen=True)
class Total:
    """A total to be met: an item of a scheme (or of all) in a year."""

    year: int
    scheme: str
    item: str
    value: Decimal
    place: str


def read(path: Path, classification: Classification) -> list[Total]:
    """The totals in a file with the columns year, scheme, item, value.

    Raises
    ------
    ValidationFailed
        With every row that names an unknown item or scheme, no value, or a total twice.
    """
    found, faults = {}, []
    for row in figures.read(path, _HEADS, ("year", "scheme", "item", "value")):
        year, value = figures.year(path, row), figures.value(path, row, "value")
        scheme, item = number_of(row["scheme"]), classification.item(row["item"])
        if value is None or not scheme or not item:
            what = "value" if value is None else "item" if not item else "scheme"
            faults.append(f"{figures.where(path, row, what)}: {row[what]!r} is no {what}")
        elif (year, scheme, item) in found:
            faults.append(f"{figures.where(path, row, 'value')}: a second total for the same figure")
        else:
            found[year, scheme, item] = Total(year, scheme, item, value, row.place("value"))
    if faults:
        raise ValidationFailed("\n".join([f"{path.name} is no list of totals:", *(f"  {fault}" for fault in faults)]))
    return list(found.values())


def benchmarked(mapping: Mapping, compiled: Compiled, folder: Path, classification: Classification) -> Compiled:
    """The compilation adjusted to the totals that a mapping names, in their order."""
    for entry in mapping.benchmarks:
        path = folder / entry.file
        totals = read(path, classification)
        try:
            changed = _METHODS[entry.method](entry, compiled, totals, classification)
        except ValidationFailed as error:
            finding = CellFinding("C12", "error", f"Not adjusted ({entry.method}): {error}",
                                  "Correct the totals, or free what is fixed.", path.name)  # fmt: skip
            compiled = compiled.with_more((), (finding,))
            continue
        compiled = compiled.with_more(_adjustments(mapping, entry, compiled, changed, path.name))
    return compiled


#: What a cell becomes, and the total that made it so.
Changed = dict[Key, tuple[Decimal, Total]]
Method = Callable[[Benchmark, Compiled, Sequence[Total], Classification], Changed]


def _below(compiled: Compiled, total: Total, classification: Classification) -> list[Key]:
    """The compiled cells that a total is the sum of."""
    leaves = set(classification.leaves(total.item))
    found = [k for k in compiled.cells if k[0] == total.year and k[2] in leaves and total.scheme in (ALL, k[1])]
    lost = [k for k in found if compiled.cells[k] is None]
    if lost:
        raise ValidationFailed(f"{total.item} of scheme {total.scheme} in {total.year}: {lost[0][2]} of scheme "
                               f"{lost[0][1]} is missing")  # fmt: skip
    return found


def _fixed(entry: Benchmark, key: Key) -> bool:
    """Whether a cell stays as compiled: named by item, or by scheme/item."""
    _, scheme, item = key
    return any(fnmatchcase(item, name) or fnmatchcase(f"{scheme}/{item}", name) for name in entry.fixed)


def _proportional(
    entry: Benchmark, compiled: Compiled, totals: Sequence[Total], classification: Classification
) -> Changed:
    changed: Changed = {}
    for total in totals:
        keys = _below(compiled, total, classification)
        if twice := [key for key in keys if key in changed]:
            raise ValidationFailed(f"{twice[0][2]} of scheme {twice[0][1]} in {total.year} is in two totals: use ras")
        free = [key for key in keys if not _fixed(entry, key)]
        held = sum((_value(compiled, key) for key in keys if key not in free), Decimal(0))
        changed.update(_scaled(compiled, free, total.value - held, total))
    return changed


def _value(compiled: Compiled, key: Key) -> Decimal:
    return compiled.cells[key] or Decimal(0)


def _scaled(compiled: Compiled, keys: Sequence[Key], wanted: Decimal, total: Total) -> Changed:
    """Cells in proportion, with a sum that is asked for; what rounding leaves goes to the largest."""
    now = sum((_value(compiled, key) for key in keys), Decimal(0))
    if now == wanted:
        return {key: (_value(compiled, key), total) for key in keys}
    if not now or wanted / now < 0:
        raise ValidationFailed(f"{total.item} of scheme {total.scheme} in {total.year}: {now} cannot become {wanted} "
                               "by scaling")  # fmt: skip
    return {key: (_value(compiled, key) * wanted / now, total) for key in keys}


def _ras(entry: Benchmark, compiled: Compiled, totals: Sequence[Total], classification: Classification) -> Changed:
    changed: Changed = {}
    for year in sorted({total.year for total in totals}):
        changed.update(_fitted(entry, compiled, [t for t in totals if t.year == year], classification))
    return changed


def _fitted(entry: Benchmark, compiled: Compiled, totals: Sequence[Total], classification: Classification) -> Changed:
    """One year: rows are items over all schemes, columns schemes; fixed cells are taken out before."""
    across = {total: _below(compiled, total, classification) for total in totals if total.scheme == ALL}
    down = {total.scheme: total for total in totals if total.scheme != ALL}
    if not across or not down or len(down) + len(across) < len(totals):
        raise ValidationFailed("ras needs totals of items over all schemes (_T) and one total for each scheme")
    row_of = {key: total.item for total, keys in across.items() for key in keys}
    if len(row_of) < sum(map(len, across.values())):
        raise ValidationFailed("two totals of items contain the same cell: give the lowest of them")
    keys = sorted({key for total in down.values() for key in _below(compiled, total, classification)} | set(row_of))
    free = [key for key in keys if not _fixed(entry, key)]
    cells = pd.Series([float(_value(compiled, key)) for key in free], dtype=float)
    matrix = cells.groupby([[row_of.get(k, k[2]) for k in free], [k[1] for k in free]]).sum().unstack().fillna(0.0)
    held = [key for key in keys if _fixed(entry, key)]
    rows = {total.item: float(total.value - _sum(compiled, held, set(own))) for total, own in across.items()}
    columns = {
        scheme: float(t.value - _sum(compiled, held, set(_below(compiled, t, classification))))
        for scheme, t in down.items()
    }
    fitted = benchmarks.ras(matrix, rows, columns).table
    anchor = next(iter(down.values()))
    ratio = (fitted / matrix.where(matrix != 0)).fillna(1.0).stack().to_dict()
    return {key: (_value(compiled, key) * Decimal(repr(float(ratio[row_of.get(key, key[2]), key[1]]))),
                  down.get(key[1], anchor)) for key in free}  # fmt: skip


def _sum(compiled: Compiled, keys: Iterable[Key], among: set[Key]) -> Decimal:
    return sum((_value(compiled, key) for key in keys if key in among), Decimal(0))


def _denton(entry: Benchmark, compiled: Compiled, totals: Sequence[Total], classification: Classification) -> Changed:
    """Each item of a scheme over all years: the totals are met, movements in between kept."""
    changed: Changed = {}
    groups: dict[tuple[str, str], list[Total]] = defaultdict(list)
    for total in totals:
        groups[total.scheme, total.item].append(total)
    for own in groups.values():
        years = sorted({year for year, _, _ in compiled.cells})
        every = {year: _below(compiled, replace(own[0], year=year), classification) for year in years}
        free = {year: [key for key in keys if not _fixed(entry, key)] for year, keys in every.items() if keys}
        now = {year: _sum(compiled, keys, set(keys)) for year, keys in free.items()}
        wanted = {t.year: t.value - _sum(compiled, every.get(t.year, ()), set(every.get(t.year, ()))) +
                  now.get(t.year, Decimal(0)) for t in own}  # fmt: skip
        series = pd.Series({year: float(value) for year, value in now.items()})
        adjusted = benchmarks.denton(series, {year: float(value) for year, value in wanted.items()})
        for year, keys in free.items():
            if twice := [key for key in keys if key in changed]:
                raise ValidationFailed(f"{twice[0][2]} of scheme {twice[0][1]} is in two series of totals")
            nearest = min(own, key=lambda total, year=year: abs(total.year - year))  # type: ignore[misc]
            new = wanted.get(year, Decimal(repr(float(adjusted[year]))))
            changed.update(_scaled(compiled, keys, new, nearest))
    return changed


_METHODS: dict[str, Method] = {"proportional": _proportional, "ras": _ras, "denton": _denton}


def _adjustments(
    mapping: Mapping, entry: Benchmark, compiled: Compiled, changed: Changed, file: str
) -> list[Contribution]:
    """What is added to each cell; rounded so that the cells of a total still add up to it."""
    unit, found = Decimal(1).scaleb(-mapping.decimals), []
    groups: dict[tuple[int, str], list[Key]] = defaultdict(list)
    for key, (_, total) in changed.items():
        groups[key[0], total.place].append(key)
    for keys in groups.values():
        exact = passed = Decimal(0)
        for key in keys:
            value, total = changed[key]
            exact += value
            rounded = exact.quantize(unit) - passed
            passed += rounded
            if difference := rounded - _value(compiled, key):
                said = f"Adjusted to {file} ({entry.method}), {total.place}"
                found.append(
                    Contribution(
                        *key, SOURCE, file, "", total.place, entry.method, total.value, _ONE, Decimal("NaN"),
                        difference, "", said,
                    )
                )  # fmt: skip
    return found
