"""Health accounts as the dataset of their transmission: the cells of all tables in one structure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import pandas as pd

from reporting.declarations import Submission
from reporting.errors import UsageError
from reporting.findings import CellFinding
from reporting.sha import neutral
from reporting.sha.classification import TOTAL, Axis, Classification
from reporting.sha.neutral import Accounts
from reporting.submissions import flags, selection
from reporting.submissions.datasets import DataSet, number
from reporting.submissions.structures import Component, Structure

FLOW = "SHA"


@dataclass(frozen=True)
class Sources:
    """What the dataset is made from: accounts, structures, what is declared, and the country with its currency."""

    accounts: Accounts
    classification: Classification
    structures: Sequence[Structure]
    declared: Submission
    stated: str = ""
    geo: str = ""
    currency: str = ""


def joined(accounts: Sequence[Accounts]) -> Accounts:
    """The accounts of several years as one.

    Raises
    ------
    UsageError
        When a year is given twice.
    """
    years: dict[int, str] = {}
    for one in accounts:
        for year in one.years:
            if year in years:
                raise UsageError(f"{one.file}: the year {year} is in {years[year]} too. Give each year once.")
            years[year] = one.file
    first = accounts[0]
    return replace(
        first,
        file=", ".join(one.file for one in accounts),
        table=pd.concat([one.table for one in accounts], ignore_index=True),
        metadata=pd.concat([one.metadata for one in accounts], ignore_index=True),
        findings=tuple(finding for one in accounts for finding in one.findings),
    )


def dataset(sources: Sources, findings: list[CellFinding]) -> DataSet:
    """The dataset of all tables; what cannot be sent as it is becomes a finding.

    Raises
    ------
    UsageError
        When it cannot be told which structure is meant.
    """
    declared, file = sources.declared, sources.accounts.file
    stated = (sources.stated, declared.flows[FLOW].structure)
    dimensions = {name for names in declared.axes.values() for name in names}
    known = {c.id for structure in sources.structures for c in structure.components}
    structure = selection.selected(
        sources.structures, FLOW, (FLOW, "JHAQ", "HEALTH"), stated, dimensions & known, file, findings
    )
    table = _named(sources.accounts.table)
    sent, said = flags.sendable(table, declared, file)
    table = table[sent].reset_index(drop=True)
    rows = pd.DataFrame(index=table.index)
    findings += [*said, *_axes(rows, table, structure, sources)]
    for component in (c for c in structure.components if c.id in declared.fixed):
        rows[component.id] = declared.fixed[component.id]
    _values(rows, table, structure, sources)
    findings += flags.filled(rows, table, structure, declared, file)
    places = table[["sheet", "cell", "scheme", "item"]].astype(str).assign(year=table["year"].astype(str))
    names = [component.id for component in structure.components if component.id in rows]
    order = rows[names].sort_values(_key(structure, names), kind="stable").index
    whole = rows[names].fillna("").loc[order].reset_index(drop=True)
    return DataSet(FLOW, structure, whole, places.loc[order].reset_index(drop=True), file)


def _key(structure: Structure, names: Sequence[str]) -> list[str]:
    return [c.id for c in structure.components if c.role in ("dimension", "time") and c.id in names]


def _named(table: pd.DataFrame) -> pd.DataFrame:
    """The cells under the names that flags and places have in all collections."""
    items = [neutral.item(row) for row in table.itertuples()]
    return table.assign(item=items, scheme="", flag=table["status"], comment=table["note"])


def _values(rows: pd.DataFrame, table: pd.DataFrame, structure: Structure, sources: Sources) -> None:
    """Country, currency, measure, time and value."""
    concepts, tables = sources.declared.concepts, sources.classification.tables
    measures = {name: sources.declared.measures.get(tables[name].measure, "") for name in table["table"].unique()}
    said = (
        (concepts.area, sources.geo),
        (concepts.currency, sources.currency),
        (concepts.measure, table["table"].map(measures)),
    )
    for names, value in said:
        if name := structure.has(names):
            rows[name] = value
    rows[structure.time or "TIME_PERIOD"] = table["year"].astype(str)
    rows[structure.measure or "OBS_VALUE"] = [
        "" if value != value else number(value) for value in table["value"].tolist()
    ]


def _axes(rows: pd.DataFrame, table: pd.DataFrame, structure: Structure, sources: Sources) -> Iterator[CellFinding]:
    """Fill the dimension of each axis in; an axis with codes and no dimension would lose them."""
    for axis, names in sources.declared.axes.items():
        name = structure.has(names)
        used = table[axis].unique().tolist()
        component = structure.component(name)
        if component is not None:
            codes = {code: _code(str(code), component, sources.classification.axes[axis], sources) for code in used}
            rows[name] = table[axis].map(codes)
        elif any(used):
            first = table[table[axis] != ""].iloc[0]
            said = f"STRUVAL 150-007: {structure.name} has no dimension for the axis {axis} ({', '.join(names)})"
            yield CellFinding(
                "S10", "error", f"{said}: its codes would be lost.",
                "Declare its name in parameters/submissions/sha.toml.", sources.accounts.file, str(first["sheet"]),
                str(first["cell"]), item=str(first["item"]),
            )  # fmt: skip


def _code(code: str, component: Component, axis: Axis, sources: Sources) -> str:
    """A code as the structure writes it: as the manual does, as Eurostat does, or without its points."""
    if code in ("", TOTAL):
        wanted = sources.declared.total if code else sources.declared.absent
        return next((c for c in (wanted, axis.eurostat.get(code, "")) if c in component.codes), wanted)
    bare = code.replace(".", "").replace("+", "_")
    spelled = (code, axis.eurostat.get(code, ""), bare, code.replace(".", "_").replace("+", "_"))
    return next((one for one in spelled if one in component.codes), bare)


def tables(accounts: Accounts) -> Mapping[str, pd.DataFrame]:
    """Tables for the quality report: what each table has, and what is said of it."""
    table = accounts.table
    status = table["status"]
    counted = table[["year", "table"]].assign(
        figures=table["value"].notna(), blank=table["value"].isna() & (status == ""), elsewhere=status == "x",
        missing=status == "m", estimated=status == "e", provisional=status == "p", breaks=status == "b",
        notes=table["note"] != "",
    )  # fmt: skip
    return {
        "completeness": counted.groupby(["year", "table"], as_index=False, sort=False).sum(),
        "metadata": accounts.metadata.astype(str),
    }
