"""The sample questionnaire with something altered in it, for tests of rules."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import pandas as pd

from reporting.esspros import classification, rules
from reporting.esspros.questionnaire import Questionnaire
from reporting.esspros.rules import Beside
from reporting.esspros.samples import figures
from reporting.findings import CellFinding


@cache
def sample() -> Questionnaire:
    """The sample country's questionnaire, with codes; each figure stands in a cell of its own."""
    known = classification.load()
    made = figures.questionnaire(known.coded(figures.codes(known)))
    table = made.table.assign(
        sheet=made.table["year"].astype(str), cell=[f"A{number + 1}" for number in range(len(made.table))]
    )
    return replace(made, table=table)


def put(
    questionnaire: Questionnaire, year: int, scheme: str, item: str, value: float, comment: str = ""
) -> Questionnaire:
    """A questionnaire with a figure put in, over one that is there or as a new one."""
    table = questionnaire.table
    here = (table["year"] == year) & (table["scheme"] == scheme) & (table["item"] == item)
    if here.any():
        table = table.assign(value=table["value"].mask(here, value), comment=table["comment"].where(~here, comment))
    else:
        row = {"year": year, "scheme": scheme, "item": item, "value": value, "flag": "", "comment": comment,
               "sheet": str(year), "cell": "Z1"}  # fmt: skip
        table = pd.concat([table, pd.DataFrame([row])], ignore_index=True)
    return replace(questionnaire, table=table)


def without(questionnaire: Questionnaire, **where: object) -> Questionnaire:
    """A questionnaire with empty cells: the rows that have these values are gone."""
    gone = pd.Series(True, index=questionnaire.table.index)
    for name, value in where.items():
        gone &= questionnaire.table[name] == value
    assert gone.any(), f"nothing has {where}"
    return replace(questionnaire, table=questionnaire.table[~gone].reset_index(drop=True))


def value(questionnaire: Questionnaire, year: int, scheme: str, item: str) -> float:
    """A figure."""
    table = questionnaire.table
    here = (table["year"] == year) & (table["scheme"] == scheme) & (table["item"] == item)
    return float(table.loc[here, "value"].iloc[0])


def found(questionnaire: Questionnaire, rule: str, beside: Beside | None = None) -> list[CellFinding]:
    """What one rule finds."""
    return [finding for finding in rules.check(questionnaire, beside or Beside()) if finding.rule == rule]


def one(questionnaire: Questionnaire, rule: str, beside: Beside | None = None) -> CellFinding:
    """The only finding of a rule."""
    findings = found(questionnaire, rule, beside)
    assert len(findings) == 1, [finding.line for finding in findings]
    return findings[0]
