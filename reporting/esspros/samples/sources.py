"""National sources from which Veldania compiles its questionnaire, with their mapping, and what its modules read.

Three sources as they are met: a long text file in thousands, a workbook with a
column for each year, a text file with decimal commas. Compiled by the mapping
they give the questionnaire of the sample again, but for what is estimated, split
by rounded keys, or raised to the totals of the municipalities.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import pandas as pd

from reporting.esspros import workbook
from reporting.esspros.classification import FUNCTIONS, PENSIONS, Classification
from reporting.esspros.questionnaire import Questionnaire
from reporting.esspros.samples.country import YEARS
from reporting.esspros.schemes import ALL
from reporting.files import put

FOLDER = "compile"
#: Source to the schemes whose accounts it holds.
_SOURCES = {"institutes": ("1", "3", "4", "5", "7"), "budget": ("2", "6", "8"), "funds": ("9", "10")}
#: Accounts that are no row of the questionnaire: hospitals, split by a key; pensions paid back; investment.
_HOSPITALS, _REPAID, _INVESTED = "3900", "1900", "9100"
_SPLIT = ("ben.sick.nmt.kind.inpatient.direct", "ben.sick.nmt.kind.outpatient.other_direct")
_PENSION = ("1", "ben.old.nmt.cash.per.oldage_pension")
_BACK = 4.5
#: The cell that no source gives in the last year, and the scheme whose accounts are below its total then.
_ESTIMATED = ("3", "ben.sick.nmt.kind.other")
_RAISED, _SHORT = "6", 1.004
#: In the revised survey of hospitals this share of costs is out-patient care instead.
_REVISED = 0.02
#: Pensions by how often they are a second one.
_SECOND = ("survivors", "disability", *(name for name in PENSIONS if name not in ("survivors", "disability")))

_HEAD = """title = "{title}"
schemes = "../schemes.csv"
rates = "rates.csv"
combinations = "combinations.csv"

[sources.institutes]  # thousands, a line for each account and year
file = "institutes.csv"
account = "account"
label = "name"
year = "year"
amount = "amount"
factor = 0.001

[sources.budget]  # millions, a column for each year
file = "budget.xlsx"
account = "account"
label = "name"

[sources.funds]  # millions, semicolons and decimal commas
file = "funds.csv"
account = "account"
label = "name"
year = "year"
amount = "amount"
decimal = ","

[keys.hospitals]
title = "Public hospitals: in-patient and out-patient care"
source = "Survey of hospitals, each second year"
between = "linear"
[keys.hospitals.parts]
inpatient = {{ {shares} }}
outpatient = "rest"

[[outside]]
source = "institutes"
account = "9*"
reason = "investment is no current expenditure on social protection"

[[estimates]]
year = {last}
scheme = 3
item = "{estimated}"
method = "trend"

[[benchmarks]]
file = "totals.csv"
method = "proportional"

[[map]]
source = "institutes"
account = "{hospitals}"
scheme = 3
key = "hospitals"
item = {{ inpatient = "{inpatient}", outpatient = "{outpatient}" }}

[[map]]
source = "institutes"
account = "{repaid}"
scheme = 1
item = "{pension}"
sign = "-"
comment = "Less pensions that were paid back."
"""

#: Year, scheme and item to the value.
Cells = dict[tuple[int, str, str], float]
Account = tuple[str, str, str]


def write(folder: Path, reported: Questionnaire) -> list[Path]:
    """Write the sources, the mapping and its revision, and the files of the modules into a folder of their own."""
    place = folder / FOLDER
    place.mkdir(parents=True, exist_ok=True)
    known = reported.classification
    cells = _cells(reported.table, known)
    accounts = _accounts(cells)
    labels = {account: known[item].label for account, _, item in accounts}
    texts = {
        "mapping.toml": _mapping(accounts, cells, "Veldania: from national accounts to ESSPROS"),
        "mapping-revised.toml": _mapping(accounts, cells, "Veldania: revised survey of hospitals", _REVISED),
        "institutes.csv": _long(_institutes(accounts, cells, labels)),
        "funds.csv": _long(_funds(accounts, cells, labels), ";"),
        "totals.csv": _csv(("year", "scheme", "item", "value"), _totals(cells)),
        "rates.csv": _csv(("year", "scheme", "item", "AITR", "AISCR", "RFB"), _rates(reported.net)),
        "combinations.csv": _csv(("year", "scheme", "sex", "categories", "persons"), _combined(reported)),
        "indicators.csv": _csv(("function", "year", "value", "indicator"), _indicators(cells, known)),
    }
    for name, text in texts.items():
        put(place / name, text.encode())
    workbook.sheets(place / "budget.xlsx", {"Budget": _budget(accounts, cells, labels)})
    return [*(place / name for name in texts), place / "budget.xlsx"]


def _cells(table: pd.DataFrame, classification: Classification) -> Cells:
    own = table[table["item"].map(classification.leaf) & (table["scheme"] != ALL)]
    places = zip(own["year"].tolist(), own["scheme"].tolist(), own["item"].tolist(), strict=True)
    return dict(zip(places, own["value"].tolist(), strict=True))


def _accounts(cells: Cells) -> list[Account]:
    """An account for each scheme and item; receipts by type come from those by origin."""
    places = dict.fromkeys(
        (scheme, item) for _, scheme, item in cells if not item.startswith("rec.") or ".trf." in item
    )
    numbers = {scheme: 0 for scheme, _ in places}
    found = []
    for scheme, item in places:
        if scheme == "3" and item in _SPLIT:
            continue
        numbers[scheme] += 1
        found.append((f"{int(scheme)}{numbers[scheme]:03d}", scheme, item))
    return found


def _source(scheme: str) -> str:
    return next(name for name, schemes in _SOURCES.items() if scheme in schemes)


def _mapping(accounts: Sequence[Account], cells: Cells, title: str, less: float = 0.0) -> str:
    shares = ", ".join(f"{year} = {_inpatient(cells, year) - less:.3f}" for year in YEARS[::2])
    head = _HEAD.format(
        title=title, shares=shares, last=YEARS[-1], estimated=_ESTIMATED[1], hospitals=_HOSPITALS, inpatient=_SPLIT[0],
        outpatient=_SPLIT[1], repaid=_REPAID, pension=_PENSION[1],
    )  # fmt: skip
    return head + "".join(entry for account in accounts for entry in _entries(*account))


def _entries(account: str, scheme: str, item: str) -> Iterator[str]:
    items = [item]
    if item.startswith("org."):
        items.append(f"rec.{item.removeprefix('org.').rpartition('.')[0]}")
    for one in items:
        yield f'\n[[map]]\nsource = "{_source(scheme)}"\naccount = "{account}"\nscheme = {scheme}\nitem = "{one}"\n'
        if (scheme, one) == _ESTIMATED:
            yield f"last = {YEARS[-2]}\n"


def _inpatient(cells: Cells, year: int) -> float:
    """The share of in-patient care in the costs of public hospitals."""
    inside, outside = (cells[year, "3", item] for item in _SPLIT)
    return inside / (inside + outside)


def _given(accounts: Sequence[Account], cells: Cells, source: str) -> Iterator[tuple[str, int, float]]:
    """Account, year and amount in millions of a source."""
    for account, scheme, item in accounts:
        for year in YEARS:
            value = cells.get((year, scheme, item))
            if value is None or _source(scheme) != source or (scheme, item, year) == (*_ESTIMATED, YEARS[-1]):
                continue
            value += _BACK if (scheme, item) == _PENSION else 0.0
            low = scheme == _RAISED and item.startswith("ben.") and year == YEARS[-1]
            yield account, year, round(value / _SHORT if low else value, 2)


def _institutes(accounts: Sequence[Account], cells: Cells, labels: dict[str, str]) -> Iterator[list[object]]:
    for account, year, value in _given(accounts, cells, "institutes"):
        yield [account, labels[account], year, round(1000 * value)]
    for year in YEARS:
        hospitals = sum(cells[year, "3", item] for item in _SPLIT)
        yield [_HOSPITALS, "Public hospitals", year, round(1000 * hospitals)]
        yield [_REPAID, "Pensions paid back", year, round(1000 * _BACK)]
        yield [_INVESTED, "Buildings and equipment", year, 31000 + 700 * (year - YEARS[0])]


def _funds(accounts: Sequence[Account], cells: Cells, labels: dict[str, str]) -> Iterator[list[object]]:
    for account, year, value in _given(accounts, cells, "funds"):
        yield [account, labels[account], year, f"{value:.2f}".replace(".", ",")]


def _budget(accounts: Sequence[Account], cells: Cells, labels: dict[str, str]) -> pd.DataFrame:
    given: dict[str, dict[str, object]] = {}
    for account, year, value in _given(accounts, cells, "budget"):
        given.setdefault(account, {"account": account, "name": labels[account]})[str(year)] = value
    return pd.DataFrame(list(given.values()), columns=["account", "name", *map(str, YEARS)])


def _totals(cells: Cells) -> Iterator[list[object]]:
    """What the municipalities spent in the last year, as their closed accounts have it."""
    own = [value for (year, scheme, item), value in cells.items()
           if (year, scheme) == (YEARS[-1], _RAISED) and item.startswith("ben.")]  # fmt: skip
    yield [YEARS[-1], _RAISED, "ben", round(sum(own), 2)]


def _rates(net: pd.DataFrame) -> list[list[object]]:
    columns = ["year", "scheme", "item", "AITR", "AISCR", "RFB"]
    rows: list[list[object]] = net[columns].to_numpy(dtype=object).tolist()
    return rows


def _combined(reported: Questionnaire) -> Iterator[list[object]]:
    """Persons by the pensions they draw, so that categories and totals are those of the questionnaire."""
    frame = reported.beneficiaries
    counts: dict[tuple[int, str, str], dict[str, int]] = {}
    for year, scheme, category, sex, value in zip(
        *(frame[name].tolist() for name in ("year", "scheme", "category", "sex", "value")), strict=True
    ):
        if scheme != ALL or sex != "T":
            counts.setdefault((year, scheme, sex), {})[category] = int(value)
    for place, own in counts.items():
        total = own.pop("total", sum(own.values()))
        first = max(own, key=lambda category: own[category])
        double = sum(own.values()) - total
        # Who draws two pensions draws a survivors' pension first of all, then one for disability.
        for category in sorted(own.keys() - {first}, key=_SECOND.index):
            both = min(double, own[category])
            double -= both
            own[first] -= both
            yield from ([*place, names, persons] for names, persons in
                        ((f"{first}+{category}", both), (category, own[category] - both)) if persons)  # fmt: skip
        yield [*place, first, own[first]]


def _indicators(cells: Cells, classification: Classification) -> Iterator[list[object]]:
    """Benefits by function in national accounts, with a first figure of the year to come."""
    for position, function in enumerate(FUNCTIONS):
        own = set(classification.leaves(f"ben.{function}"))
        sums = {
            year: sum(value for (y, _, item), value in cells.items() if y == year and item in own) for year in YEARS
        }
        sums[YEARS[-1] + 1] = sums[YEARS[-1]] * (1.024 + position / 400)
        for year, value in sums.items():
            wave = 1 + ((7 * year + 3 * position) % 5 - 2) / 500
            yield [function, year, round(0.962 * value * wave, 1), f"National accounts, {function}"]


def _long(rows: Iterable[Sequence[object]], delimiter: str = ",") -> str:
    return _csv(("account", "name", "year", "amount"), rows, delimiter)


def _csv(heads: Sequence[str], rows: Iterable[Sequence[object]], delimiter: str = ",") -> str:
    text = io.StringIO()
    writer = csv.writer(text, delimiter=delimiter, lineterminator="\n")
    writer.writerow(heads)
    writer.writerows(rows)
    return text.getvalue()
