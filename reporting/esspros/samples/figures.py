"""The figures of Veldania: computed from what is declared of it, always the same."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from reporting.esspros import totals
from reporting.esspros.classification import Classification
from reporting.esspros.questionnaire import Questionnaire, beside
from reporting.esspros.samples import country
from reporting.esspros.samples.country import BENEFITS, SCHEMES, YEARS
from reporting.esspros.schemes import ALL

Row = tuple[int, str, str, float, str, str]


def questionnaire(classification: Classification) -> Questionnaire:
    """All that Veldania reports, complete and consistent."""
    leaves = pd.DataFrame(_leaves(), columns=["year", "scheme", "item", "value", "flag", "comment"])
    table = totals.completed(leaves, classification, decimals=2)
    return Questionnaire(
        "veldania.xlsx", table, SCHEMES, (), classification,
        beside("Qualitative", _described(classification)), beside("Beneficiaries", _pensioners()),
        beside("NetBenefits", _rates()),
    )  # fmt: skip


def codes(classification: Classification) -> dict[str, str]:
    """Illustrative numeric codes: a figure for each level, in the order of the items."""
    found: dict[str, str] = {}
    order = {"exp": "1", "rec": "2", "org": "3"}

    def number(item: str, code: str) -> None:
        found[item] = code.ljust(7, "0")
        for position, child in enumerate(classification.children(item), 1):
            number(child, f"{code}{position}")

    for root, first in order.items():
        number(root, first)
    return found


def _benefits(year: int, scheme: str) -> dict[str, tuple[float, str, str]]:
    found = {}
    for item, (first, growth) in BENEFITS[scheme].items():
        turn, flag, comment = country.TURNS.get((year, scheme, item), (1.0, "", ""))
        value = first * (1 + growth) ** (year - YEARS[0]) * turn * _wave(year, scheme, item)
        found[item] = (round(value, 2), flag, comment)
    return found


def _wave(year: int, scheme: str, item: str) -> float:
    """A small movement of each figure of its own, by at most two per cent."""
    seed = sum(map(ord, f"{year}{item}")) * 37 + int(scheme) * 11
    return 1 + ((seed % 41) - 20) / 1000


def _leaves() -> Iterator[Row]:
    for year in YEARS:
        amounts = {scheme: _benefits(year, scheme) for scheme in BENEFITS}
        sums = {scheme: sum(value for value, _, _ in found.values()) for scheme, found in amounts.items()}
        spent = {scheme: dict(_spent(scheme, total)) for scheme, total in sums.items()}
        given = {scheme: dict[str, float]() for scheme in BENEFITS}
        for payer, payee, kind, share in country.TRANSFERS:
            amount = round(sums[payer] * share, 2)
            spent[payer][f"exp.trf.{kind}"] = round(spent[payer].get(f"exp.trf.{kind}", 0) + amount, 2)
            given[payee][f"rec.trf.{kind}"] = round(given[payee].get(f"rec.trf.{kind}", 0) + amount, 2)
        for scheme in BENEFITS:
            for item, (value, flag, comment) in amounts[scheme].items():
                yield year, scheme, f"ben.{item}", value, flag, comment
            need = sums[scheme] + sum(spent[scheme].values()) - sum(given[scheme].values())
            received = {**given[scheme], **dict(_received(scheme, need * country.BALANCE[year]))}
            for item, value in {**spent[scheme], **received}.items():
                remark = country.REMARKS.get((year, scheme, item)) or country.REMARKS.get((year, scheme, ""), "")
                yield year, scheme, item, value, "", remark


def _spent(scheme: str, total: float) -> Iterator[tuple[str, float]]:
    """Administration costs and other expenditure of a scheme."""
    interest, other = country.OTHER.get(scheme, (0.0, 0.0))
    shares = {"exp.adm": country.ADMINISTRATION[scheme], "exp.oth.property": interest, "exp.oth.other": other}
    for item, share in shares.items():
        if share:
            yield item, round(total * share, 2)


def _received(scheme: str, need: float) -> Iterator[tuple[str, float]]:
    """Receipts by origin, and the same by type."""
    types: dict[str, float] = {}
    for item, share in country.RECEIPTS[scheme].items():
        value = round(need * share, 2)
        yield f"org.{item}", value
        kind = item.rpartition(".")[0]
        types[kind] = round(types.get(kind, 0) + value, 2)
    for kind, value in types.items():
        yield f"rec.{kind}", value


def _described(classification: Classification) -> Iterator[tuple[object, ...]]:
    for scheme in SCHEMES:
        yield scheme.number, "", scheme.description, "", ""
        for item in BENEFITS[scheme.number]:
            label = classification[f"ben.{item}"].label
            text = f"{label}: paid by the scheme “{scheme.name}” under the law of {scheme.first} that founded it."
            yield scheme.number, f"ben.{item}", text, "", ""


def _pensioners() -> Iterator[tuple[object, ...]]:
    for year in YEARS:
        persons = {key: _persons(year, *found) for key, found in country.PENSIONERS.items()}
        for scheme in sorted({scheme for scheme, _ in persons}, key=int):
            own = {category: found for (one, category), found in persons.items() if one == scheme}
            for category, (women, men) in own.items():
                yield year, scheme, category, "T", women + men, "", "", "", ""
            yield year, scheme, "total", "T", _once([w + m for w, m in own.values()], country.ONCE), "", "", "", ""
        for category in dict.fromkeys(category for _, category in persons):
            yield from _by_sex(year, category, [found for (_, one), found in persons.items() if one == category], 1.0)
        yield from _by_sex(year, "total", list(persons.values()), country.ONCE_ALL)


def _persons(year: int, thousands: float, women: float, growth: float) -> tuple[int, int]:
    total = thousands * 1000 * (1 + growth) ** (year - YEARS[0])
    return round(total * women), round(total * (1 - women))


def _once(counts: list[int], share: float) -> int:
    """Persons counted once: fewer than the sum, where there is more than one count."""
    return sum(counts) if len(counts) == 1 else max(*counts, round(sum(counts) * share))


def _by_sex(year: int, category: str, found: list[tuple[int, int]], share: float) -> Iterator[tuple[object, ...]]:
    women, men = (_once([pair[sex] for pair in found], share) for sex in (0, 1))
    for sex, count in (("F", women), ("M", men), ("T", women + men)):
        yield year, ALL, category, sex, count, "", "", "", ""


def _rates() -> Iterator[tuple[object, ...]]:
    for year in YEARS:
        for scheme, benefits in BENEFITS.items():
            for item in benefits:
                if ".cash." not in item:
                    continue
                tax, contribution = country.RATES.get(item, (0.0, 0.0))
                drift = 1 + (year - YEARS[0]) * 0.004 if tax else 1.0
                first, growth = country.RELIEF.get((scheme, item), (0.0, 0.0))
                relief = round(first * (1 + growth) ** (year - YEARS[0]), 2)
                yield year, scheme, f"ben.{item}", round(tax * drift, 4), contribution, relief, "", "", "", ""
