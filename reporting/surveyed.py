"""How a person sees estimates from microdata: tables and figures with standard errors and counts.

The only microdata that ship are synthetic; every title, note and source says so.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from reporting import charts, reads
from reporting.declarations import Declarations
from reporting.labels import Words
from reporting.silc import estimates, generate, persons
from reporting.silc.publish import Estimate
from reporting.tables import TIDY, Cell, Row, Table

#: The code list with the labels of each breakdown.
_LISTS = {
    "sex": "sex", "age": "age", "region": "nuts", "hhtyp": "hhtyp", "activity": "wstatus", "education": "isced11",
    "tenure": "tenstatu", "urban": "deg_urb", "quintile": "quantile",
}  # fmt: skip
_EURO = "EUR_YR"


@dataclass(frozen=True)
class Synthetic:
    """Estimates from a synthetic sample, and how it was drawn."""

    found: tuple[Estimate, ...]
    year: int
    seed: int
    members: int
    households: int
    psus: int

    @property
    def vintage(self) -> str:
        """The day the estimates are dated: the end of the survey year."""
        return f"{self.year}-12-31"

    def of(self, indicators: Sequence[str], by: str) -> list[Estimate]:
        """The estimates of some indicators, in the order asked for; ``by`` is empty for the whole population."""
        place = {name: position for position, name in enumerate(indicators)}
        chosen = [e for e in self.found if e.indicator in place and e.by == (by or "total")]
        return sorted(chosen, key=lambda e: place[e.indicator])


def _in_order(shown: list[Estimate], words: Words) -> list[Estimate]:
    """Categories in the order of their code list."""
    codes = [code for name in _LISTS.values() for code in words.declarations.codelists.get(name, {})]
    return sorted(shown, key=lambda e: codes.index(e.category) if e.category in codes else len(codes))


def synthetic(
    known: Declarations, households: int, psus: int, per_psu: int, year: int, seed: int, by: Sequence[str]
) -> Synthetic:
    """Estimates of every indicator from a sample of a synthetic population."""
    drawn = generate.sample(generate.population(households, year, seed), psus, per_psu, seed)
    table = persons.as_persons(persons.build(drawn.survey()), tuple(by))
    measures = estimates.chosen(known, (), tuple(table.variables))
    reads.asked(("declared", "reliability"), known.reliability)
    found = estimates.estimate(known, table, measures)
    return Synthetic(tuple(found), year, seed, len(drawn.r), len(drawn.h), table.design.psus)


def table(name: str, title: str, survey: Synthetic, words: Words, indicators: Sequence[str], by: str = "") -> Table:
    """Estimates with error, interval and count: a row for each indicator, or for each category of a breakdown."""
    shown = survey.of(indicators, by)
    shown = _in_order(shown, words) if by else shown
    units = {_unit_code(e.indicator, words) for e in shown}
    letters = sorted({letter for e in shown for letter in e.flag if letter.isalpha()})
    return Table(
        id=name, title=title, geo="", tag=words.language.tag,
        stub=words.code("dimension", _LISTS[by]) if by else words.text("Item"), unit_head=words.text("Unit"),
        unit=words.code("unit", units.pop()) if len(units) == 1 else "",
        columns=(
            words.text("Estimate"), words.text("Standard error"), words.text("Lower bound"),
            words.text("Upper bound"), words.text("Persons"),
        ),
        rows=tuple(Row(_label(e, words), _unit(e, words), _cells(e, words)) for e in shown), breaks=(),
        sources=(_source(survey, words),), notes=_notes(words),
        flags=tuple((letter, words.code("flag", letter)) for letter in letters), flags_head=words.text("Flags: "),
        tidy=tuple(_tidy(name, e, survey, words) for e in shown),
    )  # fmt: skip


def figure(
    name: str, title: str, survey: Synthetic, words: Words, indicators: Sequence[str], by: str
) -> charts.Figure | None:
    """The estimates with their intervals, those that are shown; None when there are none."""
    shown = [e for e in _in_order(survey.of(indicators, by), words) if math.isfinite(e.ci_low)]
    rows = [(_label(e, words), e.value, e.ci_low, e.ci_high) for e in shown]
    if not rows:
        return None
    unit = words.code("unit", _unit_code(indicators[0], words))
    head = charts.Figure(name, f"{title} ({unit})", "", b"", (*_notes(words)[:1], _source(survey, words)))
    return charts.intervals(rows, words, head, unit)


def _label(estimate: Estimate, words: Words) -> str:
    if estimate.by == "total":
        return words.text(words.declarations.measures[estimate.indicator].title)
    return words.code(_LISTS[estimate.by], estimate.category)


def _unit(estimate: Estimate, words: Words) -> str:
    return words.code("unit", _unit_code(estimate.indicator, words))


def _unit_code(indicator: str, words: Words) -> str:
    """The unit of a measure; the national currency of the synthetic files is the euro."""
    code = words.declarations.measures[indicator].unit
    return _EURO if code == "NAC" else code


def _cells(estimate: Estimate, words: Words) -> tuple[Cell, ...]:
    """Value, error, bounds and count; the flag stands at the value."""
    decimals = words.declarations.measures[estimate.indicator].decimals
    flag = estimate.flag.lstrip(":")
    figures = (estimate.value, estimate.se, estimate.ci_low, estimate.ci_high)
    # An error has one digit more than its estimate.
    places = (decimals, decimals + (decimals > 0), decimals, decimals)
    cells = [_cell(v, d, flag if i == 0 else "", words) for i, (v, d) in enumerate(zip(figures, places, strict=True))]
    return (*cells, _cell(float(estimate.n), 0, "", words))


def _cell(value: float, decimals: int, flag: str, words: Words) -> Cell:
    known = value if math.isfinite(value) else None
    return Cell(known, flag, words.number(known, decimals), decimals)


def _source(survey: Synthetic, words: Words) -> str:
    return words.text(
        "Source: synthetic survey files generated by the package reporting (year {year}, seed {seed}): "
        "{members} invented persons in {households} households. They describe no real population.",
        year=str(survey.year), seed=str(survey.seed), members=words.number(survey.members, 0),
        households=words.number(survey.households, 0),
    )  # fmt: skip


def _notes(words: Words) -> tuple[str, ...]:
    return (
        words.text("SYNTHETIC DATA: an illustration of the method, no statistical result."),
        words.text(
            "Standard errors by linearisation, with primary sampling units in strata; "
            "the error of the poverty threshold is included. Bounds: 95 % interval. Persons: those of the sample."
        ),
    )


def _tidy(name: str, estimate: Estimate, survey: Synthetic, words: Words) -> dict[str, object]:
    """An estimate as an observation, its error in the note."""
    shown = math.isfinite(estimate.value)
    record = {
        "table": name, "geo": "", "indicator": "", "time": str(survey.year),
        "unit": _unit_code(estimate.indicator, words),
        "value": estimate.value if shown else None, "flag": estimate.flag, "dataset": "synthetic",
        "key": f"{estimate.indicator}.{estimate.by}.{estimate.category}", "vintage": survey.vintage,
        "source": "synthetic survey files", "note": f"SE {estimate.se!r}, n {estimate.n}" if shown else "",
    }  # fmt: skip
    return {column: record[column] for column in TIDY}
