"""Tables for the quality report, from what is sent: completeness, flags, rules, and the rates of net benefits."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import pandas as pd

from reporting.esspros.questionnaire import Questionnaire
from reporting.findings import CellFinding
from reporting.submissions.datasets import DataSet


def completeness(questionnaire: Questionnaire) -> pd.DataFrame:
    """For each year and scheme: figures, those that are missing, estimated, provisional, or explained."""
    table = questionnaire.table
    flags = table["flag"].fillna("").astype("category")
    letters = {flag: set(str(flag)) for flag in flags.cat.categories}

    def flagged(letter: str) -> pd.Series[bool]:
        return flags.map({flag: letter in found for flag, found in letters.items()}).astype(bool)

    counted = pd.DataFrame(
        {
            "year": table["year"],
            "scheme": table["scheme"].astype(str),
            "figures": table["value"].notna(),
            "missing": table["value"].isna(),
            "estimated": flagged("e"),
            "provisional": flagged("p"),
            "breaks": flagged("b"),
            "comments": table["comment"].fillna("") != "",
        }
    )
    found = counted.groupby(["year", "scheme"], as_index=False, sort=False).sum()
    names = {scheme.number: scheme.name for scheme in questionnaire.schemes}
    found.insert(2, "name", found["scheme"].map(names).fillna(""))
    return found


def observations(datasets: Iterable[DataSet]) -> pd.DataFrame:
    """Observations and values by dataset and period."""
    parts = []
    for dataset in datasets:
        structure = dataset.structure
        counted = pd.DataFrame(
            {"period": dataset.rows[structure.time].astype(str), "values": dataset.rows[structure.measure] != ""}
        )
        found = counted.groupby("period")["values"].agg(observations="size", values="sum").reset_index()
        found.insert(0, "structure", structure.name)
        found.insert(0, "dataset", dataset.flow)
        parts.append(found)
    columns = ["dataset", "structure", "period", "observations", "values"]
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=columns)


def shared(datasets: Iterable[DataSet], findings: Sequence[CellFinding]) -> dict[str, pd.DataFrame]:
    """The tables that every collection has."""
    made = [d for d in datasets if d.structure.time and d.structure.measure]
    return {"observations": observations(made), "rules": rules(findings)}


def rules(findings: Sequence[CellFinding]) -> pd.DataFrame:
    """How often each rule found something."""
    found = pd.DataFrame(
        [(f.rule, f.severity, f.outcome) for f in findings], columns=["rule", "severity", "outcome"], dtype=str
    )
    return found.value_counts(sort=False).rename("findings").reset_index()


def rates(questionnaire: Questionnaire) -> pd.DataFrame:
    """The rates of net benefits as their quality report names them: RATE_TYPE SCHEME_NUMBER BENEFIT_CODE."""
    net, classification = questionnaire.net, questionnaire.classification
    codes = {
        item: (classification.code(item) if item in classification else "") or item for item in net["item"].unique()
    }
    kinds = {"T": net["AITR"], "SC": net["AISCR"], "TSC": net["AITR"] + net["AISCR"]}
    of = [f"{scheme} {codes[item]}" for scheme, item in zip(net["scheme"], net["item"], strict=True)]
    said = {"year": net["year"], "flag": net["flag"], "comment": net["comment"]}
    parts = [
        pd.DataFrame({"rate": [f"{kind} {one}" for one in of], "value": rate, **said}) for kind, rate in kinds.items()
    ]
    found = pd.concat(parts, ignore_index=True)[["year", "rate", "value", "flag", "comment"]]
    return found[found["value"].notna()]


def tables(
    questionnaire: Questionnaire, datasets: Sequence[DataSet], findings: Sequence[CellFinding]
) -> dict[str, pd.DataFrame]:
    """All tables, by the names of their files."""
    return {
        "completeness": completeness(questionnaire),
        "net_benefit_rates": rates(questionnaire),
        **shared(datasets, findings),
    }
