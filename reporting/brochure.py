"""The tables and figures of the ESSPROS brochure, from a collected questionnaire."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence

import pandas as pd

from reporting import charts
from reporting.collected import Collected
from reporting.esspros.classification import FUNCTIONS, PENSIONS
from reporting.esspros.schemes import ALL, CRITERIA, Scheme
from reporting.labels import Words, tr
from reporting.tables import Row, Table

_BENEFITS = tuple(f"ben.{function}" for function in FUNCTIONS)
_EXPENDITURE = ("ben", "exp.adm", "exp.trf", "exp.oth", "exp")
_RECEIPTS = ("rec.sc.emp", "rec.sc.prot", "rec.ggc.earmarked", "rec.ggc.general", "rec.trf", "rec.oth", "rec")
_MILLIONS, _PERCENT, _PERSONS, _MONEY = "MIO_NAC", "PC", "NR", "NAC"
#: Categories of pensions, and the totals in which a person counts once.
CATEGORIES = {
    "old_age": tr("Old-age pension"), "anticipated": tr("Anticipated old-age pension"),
    "partial": tr("Partial pension"), "survivors": tr("Survivors’ pension"), "disability": tr("Disability pension"),
    "early_capacity": tr("Early retirement due to reduced capacity to work"),
    "early_labour": tr("Early retirement for labour market reasons"),
    "old_tot": tr("Old-age pensions, each person once"), "total": tr("All pensions, each person once"),
}  # fmt: skip


def expenditure(c: Collected) -> Table | None:
    """Expenditure by type."""
    return _yearly(c, "esspros_expenditure", tr("Expenditure on social protection by type"), _EXPENDITURE, (
        c.words.text("Transfers between schemes are counted by the scheme that pays and by the one that receives."),
    ))  # fmt: skip


def functions(c: Collected) -> Table | None:
    """Benefits by function."""
    return _yearly(c, "esspros_functions", tr("Social protection benefits by function"), (*_BENEFITS, "ben"))


def shares(c: Collected) -> Table | None:
    """Functions in per cent of all benefits."""
    rows, tidy = [], []
    for item in _BENEFITS:
        values = [c.share(item, "ben", year) for year in c.years]
        if any(map(math.isfinite, values)):
            rows.append(Row(c.label(item), "", tuple(c.cell(value) for value in values)))
            tidy += [(f"{ALL}.{item}", year, value, _PERCENT, "") for year, value in zip(c.years, values, strict=True)]
    return _made(c, "esspros_shares", tr("Functions in social protection benefits"), c.years, rows, tidy, _PERCENT)


def functions_figure(c: Collected) -> charts.Figure | None:
    """Benefits by function as bars."""
    known = [item for item in _BENEFITS if any(math.isfinite(c.value(item, year)) for year in c.years)]
    wide = pd.DataFrame({c.label(item): [c.value(item, year) for year in c.years] for item in known}, index=c.years)
    return _stacked(c, "esspros_functions_figure", tr("Social protection benefits by function"), wide)


def by_scheme(c: Collected) -> Table | None:
    """Benefits of each scheme by function in the last year."""
    present = [item for item in _BENEFITS if math.isfinite(c.value(item))]
    rows, tidy = [], []
    for scheme in _schemes(c):
        values = [c.value(item, c.last, scheme.number) for item in (*present, "ben")]
        rows.append(Row(c.named(scheme), "", tuple(c.cell(value) for value in values)))
        tidy += _observed(c, scheme.number, (*present, "ben"))
    values = [c.value(item) for item in (*present, "ben")]
    rows.append(Row(c.words.text("All schemes"), "", tuple(c.cell(value) for value in values)))
    title = c.words.text("Benefits by scheme and function, {year}", year=str(c.last))
    columns = [c.label(item) for item in (*present, "ben")]
    return c.table("esspros_schemes", title, columns, rows, c.tidy("esspros_schemes", tidy), stub=_scheme(c.words))


def register(c: Collected) -> Table | None:
    """The schemes, how they are classified, and what they spend and receive."""
    items = ("exp", "ben", "rec")
    rows, tidy = [], []
    for scheme in _schemes(c):
        values = [c.value(item, c.last, scheme.number) for item in items]
        label = " – ".join(filter(None, (c.named(scheme), _criteria(scheme, c.words))))
        rows.append(Row(label, "", tuple(c.cell(value) for value in values)))
        tidy += _observed(c, scheme.number, items)
    title = c.words.text("Schemes of social protection, {year}", year=str(c.last))
    columns = [c.label(item) for item in items]
    return c.table("esspros_register", title, columns, rows, c.tidy("esspros_register", tidy), stub=_scheme(c.words))


def receipts(c: Collected) -> Table | None:
    """Receipts by type."""
    return _yearly(c, "esspros_receipts", tr("Receipts of social protection by type"), _RECEIPTS)


def origin(c: Collected) -> Table | None:
    """Receipts by the sector they come from."""
    items = c.items.items
    sectors = {item.sector: item.label for item in items.values() if item.table == "origin" and item.sector}
    rows, tidy = [], []
    for sector, label in sectors.items():
        own = [name for name, item in items.items() if item.sector == sector and c.items.leaf(name)]
        values = [_sum([c.value(name, year) for name in own]) for year in c.years]
        if any(map(math.isfinite, values)):
            rows.append(Row(c.words.text(label), "", tuple(c.cell(value) for value in values)))
            tidy += [(f"{ALL}.{sector}", y, value, _MILLIONS, "") for y, value in zip(c.years, values, strict=True)]
    title = tr("Receipts by sector of origin, without transfers between schemes")
    return _made(c, "esspros_origin", title, c.years, rows, tidy, _MILLIONS)


def receipts_figure(c: Collected) -> charts.Figure | None:
    """Receipts by type as bars."""
    known = [item for item in _RECEIPTS[:-1] if any(math.isfinite(c.value(item, year)) for year in c.years)]
    wide = pd.DataFrame({c.label(item): [c.value(item, year) for year in c.years] for item in known}, index=c.years)
    return _stacked(c, "esspros_receipts_figure", tr("Receipts of social protection by type"), wide)


def pensions(c: Collected) -> Table | None:
    """Expenditure on pensions by category."""
    items = c.items.items
    rows, tidy, sums = [], [], [math.nan] * len(c.years)
    for category in (name for name in CATEGORIES if name in PENSIONS):
        own = [name for name, item in items.items() if item.pension == category and c.items.leaf(name)]
        values = [_sum([c.value(name, year) for name in own]) for year in c.years]
        if any(map(math.isfinite, values)):
            rows.append(Row(c.words.text(CATEGORIES[category]), "", tuple(c.cell(value) for value in values)))
            tidy += [(f"{ALL}.{category}", y, value, _MILLIONS, "") for y, value in zip(c.years, values, strict=True)]
            sums = [_sum(pair) for pair in zip(sums, values, strict=True)]
    rows += [Row(c.words.text("All pensions"), "", tuple(c.cell(value) for value in sums))] if rows else []
    tidy += [(f"{ALL}.pensions", year, value, _MILLIONS, "") for year, value in zip(c.years, sums, strict=True)]
    return _made(c, "esspros_pensions", tr("Expenditure on pensions by category"), c.years, rows, tidy, _MILLIONS)


def pensioners(c: Collected) -> Table | None:
    """Beneficiaries of pensions by category and sex, and the average pension, in the last year."""
    own = c.pensioners[c.pensioners["year"] == c.last]
    names = ("category", "sex", "value", "flag")
    known = {(k, sex): (v, flag) for k, sex, v, flag in zip(*(own[name].tolist() for name in names), strict=True)}
    of_all = c.averages[(c.averages["year"] == c.last) & (c.averages["scheme"] == ALL)]
    averages = of_all.set_index("category")["average"]
    rows, tidy = [], []
    for category, label in CATEGORIES.items():
        found = [known.get((category, sex), (math.nan, "")) for sex in ("F", "M", "T")]
        if not any(math.isfinite(value) for value, _ in found):
            continue
        mean = float(averages.get(category, math.nan))
        cells = [*(c.cell(value, 0, flag) for value, flag in found), c.cell(mean, 0)]
        rows.append(Row(c.words.text(label), "", tuple(cells)))
        tidy += [(f"{category}.{sex}", c.last, value, _PERSONS, flag)
                 for sex, (value, flag) in zip("FMT", found, strict=True)]  # fmt: skip
        tidy.append((f"{category}.average", c.last, mean, _MONEY, ""))
    w = c.words
    columns = (w.text("Women"), w.text("Men"), w.text("Total"), w.text("Average pension a year"))
    title = w.text("Beneficiaries of pensions at the end of {year}", year=str(c.last))
    note = w.text(
        "Persons, and units of national currency. A person who draws several pensions counts once in a total."
    )
    return c.table("esspros_pensioners", title, columns, rows, c.tidy("esspros_pensioners", tidy),
                   stub=w.text("Category"), unit=_PERSONS, notes=(note,))  # fmt: skip


def net_benefits(c: Collected) -> Table | None:
    """Gross and net benefits by function in the last year that has rates."""
    totals = c.net.totals
    own = totals[(totals["scheme"] == ALL) & (totals["year"] == totals["year"].max())]
    rows, tidy = [], []
    for row in own.sort_values("item", key=lambda s: s.map(lambda item: (item == "ben", 0))).to_dict("records"):
        parts = [("gross", 1.0, _MILLIONS), ("AITR", 100.0, _PERCENT), ("AISCR", 100.0, _PERCENT),
                 ("RFB", 1.0, _MILLIONS), ("net", 1.0, _MILLIONS), ("ratio", 100.0, _PERCENT)]  # fmt: skip
        rows.append(Row(c.label(row["item"]), "", tuple(c.cell(factor * row[name]) for name, factor, _ in parts)))
        tidy += [(f"{row['item']}.{name}", int(row["year"]), factor * row[name], unit, "")
                 for name, factor, unit in parts]  # fmt: skip
    if not rows:
        return None
    w = c.words
    columns = (w.text("Gross"), w.text("Taxes (%)"), w.text("Contributions (%)"), w.text("Fiscal benefits"),
               w.text("Net"), w.text("Net in % of gross"))  # fmt: skip
    title = w.text("Gross and net social protection benefits, {year}", year=str(int(own["year"].iloc[0])))
    note = w.text("Net = gross × (1 − rate of taxes − rate of contributions) + residual fiscal benefits. "
                  "Benefits in kind are not taxed.")  # fmt: skip
    return c.table("esspros_net", title, columns, rows, c.tidy("esspros_net", tidy), stub=w.text("Function"),
                   notes=(note,))  # fmt: skip


def checks(c: Collected) -> Table | None:
    """What the rules of the collection found."""
    known = c.words.declarations.collections.get("esspros", {})
    outcomes: Counter[tuple[str, str]] = Counter(
        (f.rule, "undecidable" if f.outcome == "undecidable" else f.severity) for f in c.findings
    )
    named = [*known, *sorted({rule for rule, _ in outcomes} - set(known))]
    kinds = ("error", "warning", "information", "undecidable")
    rows, tidy = [], []
    for rule in named:
        counts = [outcomes[rule, kind] for kind in kinds]
        title = c.words.text(known[rule].title) if rule in known else c.words.text("reading of the file")
        rows.append(Row(f"{rule}: {title}", "", tuple(c.cell(float(count), 0) for count in counts)))
        tidy += [(f"{rule}.{k}", c.last, float(count), _PERSONS, "") for k, count in zip(kinds, counts, strict=True)]
    w = c.words
    columns = (w.text("Errors"), w.text("Warnings"), w.text("Remarks"), w.text("Undecidable"))
    return c.table("esspros_checks", w.text("Findings of the rules of the collection"), columns, rows,
                   c.tidy("esspros_checks", tidy), stub=w.text("Rule"), unit=_PERSONS)  # fmt: skip


def unsettled(c: Collected) -> Table | None:
    """How much of expenditure on benefits is provisional or estimated."""
    rows, tidy = [], []
    leaves = set(c.items.leaves("ben"))
    for letter, title in (("p", tr("Provisional")), ("e", tr("Estimated"))):
        values = []
        for year in c.years:
            own = [value for (y, scheme, item), (value, flag) in c.values.items()
                   if y == year and scheme != ALL and item in leaves and letter in flag]  # fmt: skip
            total = c.value("ben", year)
            values.append(100 * sum(own) / total if total else math.nan)
        rows.append(Row(c.words.text(title), "", tuple(c.cell(value, 2) for value in values)))
        tidy += [(letter, year, value, _PERCENT, "") for year, value in zip(c.years, values, strict=True)]
    return _made(c, "esspros_unsettled", tr("Provisional and estimated benefits"), c.years, rows, tidy, _PERCENT)


def _yearly(c: Collected, name: str, title: str, items: Sequence[str], notes: Sequence[str] = ()) -> Table | None:
    tidy = [(f"{ALL}.{item}", year, *_valued(c, item, year)) for item in items for year in c.years]
    return _made(c, name, title, c.years, c.over_years(items), tidy, _MILLIONS, notes)


def _valued(c: Collected, item: str, year: int) -> tuple[float, str, str]:
    value, flag = c.values.get((year, ALL, item), (math.nan, ""))
    return value, _MILLIONS, flag


def _made(
    c: Collected, name: str, title: str, years: Sequence[int], rows: Sequence[Row],
    tidy: Sequence[tuple[str, int, float, str, str]], unit: str, notes: Sequence[str] = (),
) -> Table | None:  # fmt: skip
    """A table over years."""
    known = c.tidy(name, [one for one in tidy if math.isfinite(one[2])])
    return c.table(name, c.words.text(title), [str(year) for year in years], rows, known, stub=c.words.text("Item"),
                   unit=unit, notes=notes)  # fmt: skip


def _stacked(c: Collected, name: str, title: str, wide: pd.DataFrame) -> charts.Figure | None:
    if wide.empty or not len(wide.columns):
        return None
    unit = c.words.code("unit", _MILLIONS)
    head = charts.Figure(name, f"{c.words.text(title)}, {c.country} ({unit})", "", b"", (c.source(),))
    return charts.stacked(wide, c.words, head, unit)


def _schemes(c: Collected) -> list[Scheme]:
    """The schemes that have figures in the last year."""
    there = {scheme for year, scheme, _ in c.values if year == c.last}
    listed = {scheme.number: scheme for scheme in c.questionnaire.schemes}
    numbers = sorted(there - {ALL}, key=lambda number: (not number.isdigit(), int(number) if number.isdigit() else 0))
    return [listed.get(number, Scheme(number, "")) for number in numbers]


def _criteria(scheme: Scheme, words: Words) -> str:
    values = [CRITERIA[name].get(getattr(scheme, name), "") for name in CRITERIA]
    return ", ".join(words.text(value).lower() for value in values if value)


def _observed(c: Collected, scheme: str, items: Sequence[str]) -> list[tuple[str, int, float, str, str]]:
    found = [(item, c.values.get((c.last, scheme, item))) for item in items]
    return [(f"{scheme}.{item}", c.last, pair[0], _MILLIONS, pair[1]) for item, pair in found if pair]


def _scheme(words: Words) -> str:
    return words.text("Social protection scheme")


def _sum(values: Sequence[float]) -> float:
    known = [value for value in values if math.isfinite(value)]
    return sum(known) if known else math.nan
