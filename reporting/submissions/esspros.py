"""A questionnaire of ESSPROS as the datasets of its transmission: expenditure and receipts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from reporting.declarations import Submission
from reporting.esspros import codes
from reporting.esspros.classification import Classification
from reporting.esspros.questionnaire import Questionnaire
from reporting.findings import CellFinding
from reporting.submissions import flags, mapping, selection
from reporting.submissions.datasets import DataSet, line, number
from reporting.submissions.mapping import Entry
from reporting.submissions.structures import Structure

ALL = "_T"


@dataclass(frozen=True)
class Sources:
    """What a dataset is made from: questionnaire, mappings by flow, structures, and what is declared."""

    questionnaire: Questionnaire
    mappings: Mapping[str, mapping.Mapping]
    structures: Sequence[Structure]
    declared: Submission
    stated: Mapping[str, str]
    geo: str = ""


def datasets(sources: Sources, findings: list[CellFinding]) -> list[DataSet]:
    """The dataset of each flow that is mapped; what cannot be sent as it is becomes a finding.

    Raises
    ------
    UsageError
        When it cannot be told which structure a flow keeps to.
    """
    entries = _items(sources, findings)
    findings += _unmapped(sources, entries)
    found = []
    for flow, mapped in sources.mappings.items():
        declared = sources.declared.flows[flow]
        stated = (sources.stated.get(flow, ""), declared.structure, *mapped.stated)
        columns = {
            known[c] for known in map(mapping.spelling, sources.structures) for c in mapped.columns if c in known
        }
        structure = selection.selected(
            sources.structures, flow, (flow, *declared.sheets), stated, columns, mapped.file, findings
        )
        findings += mapping.unknown(mapped, structure, _filled_in(structure, sources.declared))
        findings += [*_multiplied(mapped, sources.declared), *_schemes(structure, sources)]
        own = {item: entry for item, (of, entry) in entries.items() if of == flow}
        found.append(_dataset(sources, flow, structure, own, findings))
    return found


def _items(sources: Sources, findings: list[CellFinding]) -> dict[str, tuple[str, Entry]]:
    """Item to the flow and the row of the mapping that says how it is sent."""
    found: dict[str, tuple[str, Entry]] = {}
    for flow, mapped in sources.mappings.items():
        for entry in mapped.entries.values():
            item = sources.questionnaire.classification.item(entry.code) or entry.code
            if item in found:
                where = f"{found[item][1].sheet}!{found[item][1].cell}"
                findings.append(
                    CellFinding("S22", "error", f"Mapping: the code {entry.code} is mapped twice, first in {where}.",
                                "Keep one row for each code.", mapped.file, mapped.sheet, entry.cell, item=item)
                )  # fmt: skip
            else:
                found[item] = flow, entry
    return found


def _unmapped(sources: Sources, entries: Mapping[str, object]) -> Iterator[CellFinding]:
    """Items with values for which the mapping has no row, and the reverse."""
    table, classification = sources.questionnaire.table, sources.questionnaire.classification
    held = table[table["value"].notna()]
    for item, rows in held[~held["item"].isin(list(entries))].groupby("item", sort=False, observed=True):
        first = rows.iloc[0]
        code = (classification.code(str(item)) if item in classification else "") or str(item)
        yield CellFinding(
            "S23", "error",
            f"The code {code} has {len(rows)} values and no row in the mapping: they would not be sent.",
            f"Add {code} to the mapping, or delete the values.", sources.questionnaire.file, str(first["sheet"]),
            str(first["cell"]), str(first["scheme"]), str(item), str(first["year"]), float(first["value"]),
        )  # fmt: skip
    there = set(held["item"].unique())
    absent = [item for item in entries if item not in there]
    if absent:
        said = ", ".join(absent[:5]) + (" …" if len(absent) > 5 else "")
        yield CellFinding(
            "S24", "information",
            f"{len(absent)} mapped codes have no value in the questionnaire and are not sent: {said}.",
            "See whether they are really empty.", sources.questionnaire.file,
        )  # fmt: skip


def _filled_in(structure: Structure, declared: Submission) -> set[str]:
    """Components whose codes come from the questionnaire, whatever the mapping has for them."""
    concepts = declared.concepts
    named = (concepts.scheme, concepts.scheme_label, concepts.comment, concepts.status, concepts.confidentiality)
    return {structure.time, structure.measure, "TIME_PERIOD", "OBS_VALUE", *(structure.has(names) for names in named)}


def _multiplied(mapped: mapping.Mapping, declared: Submission) -> Iterator[CellFinding]:
    """Rows that state another unit multiplier than the questionnaire's."""
    for name in declared.concepts.multiplier:
        for entry in mapped.entries.values():
            if entry.codes.get(name, str(declared.multiplier)) != str(declared.multiplier):
                yield CellFinding(
                    "S26", "warning", f"Mapping: {name} is {entry.codes[name]} and the questionnaire is in units of "
                    f"10^{declared.multiplier}: the values are sent as they stand.",
                    f"Write {declared.multiplier}, or declare another multiplier in parameters/submissions/.",
                    mapped.file, mapped.sheet, entry.cells.get(name, ""), item=entry.code,
                )  # fmt: skip
                break


def _schemes(structure: Structure, sources: Sources) -> Iterator[CellFinding]:
    """Schemes that the structure has no component for: they would all have one key."""
    names, table = sources.declared.concepts.scheme, sources.questionnaire.table
    single = table[table["scheme"] != ALL]
    if len(single) and not structure.has(names):
        first = single.iloc[0]
        yield CellFinding(
            "S10", "error", f"{structure.name} has no component for schemes ({', '.join(names)}): they would be lost.",
            "Declare its name in parameters/submissions/esspros.toml, or give another DSD.",
            sources.questionnaire.file, str(first["sheet"]), str(first["cell"]), str(first["scheme"]),
        )  # fmt: skip


def _dataset(
    sources: Sources, flow: str, structure: Structure, entries: Mapping[str, Entry], findings: list[CellFinding]
) -> DataSet:
    questionnaire, declared = sources.questionnaire, sources.declared
    table = _ordered(questionnaire.table, list(entries))
    sent, said = flags.sendable(table, declared, questionnaire.file)
    findings += said
    table = table[sent].reset_index(drop=True)
    rows = pd.DataFrame(index=table.index)
    items = table["item"].astype("category")
    spelled = mapping.spelling(structure)
    columns = {spelled.get(name, name) for entry in entries.values() for name in entry.codes}
    for component in structure.components:
        if component.id in columns:
            codes = {item: _code(entry, component.id) for item, entry in entries.items()}
            rows[component.id] = items.map(codes).astype("category")
    area = structure.has(declared.concepts.area)
    if sources.geo and area and area not in columns:
        rows[area] = pd.Categorical([sources.geo] * len(rows))
    _values(rows, table, structure, sources)
    findings += flags.filled(rows, table, structure, declared, questionnaire.file)
    return DataSet(flow, structure, _complete(rows, structure), _places(table), questionnaire.file)


def _code(entry: Entry, component: str) -> str:
    return next((text for name, text in entry.codes.items() if name.upper() == component.upper()), "")


def _ordered(table: pd.DataFrame, items: Sequence[str]) -> pd.DataFrame:
    """The rows of the items, series by series: items as mapped, all schemes first, then by number and year."""
    order = {item: at for at, item in enumerate(items)}
    own = table[table["item"].isin(items)]
    schemes = {scheme: _rank(str(scheme)) for scheme in own["scheme"].unique()}
    keys = (own["year"].to_numpy(), _ranked(own["scheme"], schemes), _ranked(own["item"], order))
    return own.iloc[np.lexsort(keys)]


def _ranked(column: pd.Series[str], ranks: Mapping[str, float]) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    return column.astype("category").map(dict(ranks)).to_numpy(float)


def _rank(scheme: str) -> float:
    return -1.0 if scheme == ALL else float(scheme) if scheme.isdigit() else np.inf


def _values(rows: pd.DataFrame, table: pd.DataFrame, structure: Structure, sources: Sources) -> None:
    """Time, value, scheme and its name."""
    declared = sources.declared
    rows[structure.time or "TIME_PERIOD"] = table["year"].astype(str).astype("category")
    texts = ["" if value != value else number(value) for value in table["value"].tolist()]
    rows[structure.measure or "OBS_VALUE"] = texts
    schemes = table["scheme"].astype("category")
    if name := structure.has(declared.concepts.scheme):
        rows[name] = schemes.map({s: _scheme(str(s), declared) for s in schemes.cat.categories}).astype("category")
    if name := structure.has(declared.concepts.scheme_label):
        names = {scheme.number: line(scheme.name) for scheme in sources.questionnaire.schemes}
        rows[name] = schemes.map({s: names.get(str(s), "") for s in schemes.cat.categories}).astype("category")


def _scheme(scheme: str, declared: Submission) -> str:
    if scheme == ALL:
        return declared.total
    return declared.scheme.format(number=int(scheme)) if scheme.isdigit() else scheme


def _complete(rows: pd.DataFrame, structure: Structure) -> pd.DataFrame:
    """The columns in the order of the structure; what a mapping left empty is an empty text."""
    names = [component.id for component in structure.components if component.id in rows]
    return rows[names].fillna("")


def _places(table: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "sheet": table["sheet"].astype("category"),
            "cell": table["cell"].astype(str),
            "scheme": table["scheme"].astype("category"),
            "item": table["item"].astype("category"),
            "year": table["year"].astype(str).astype("category"),
        }
    ).reset_index(drop=True)


def classified(questionnaire: Questionnaire, mappings: Mapping[str, mapping.Mapping]) -> Classification | None:
    """The classification that codes and labels of a mapping make, where the questionnaire has codes nothing else knows.

    None where it knows its codes.
    """
    known = questionnaire.classification
    if all(item in known for item in questionnaire.table["item"].unique()):
        return None
    labels = {code: entry.label for one in mappings.values() for code, entry in one.entries.items()}
    return codes.of_labels(labels, known)


def without_codes(
    findings: Sequence[CellFinding], questionnaire: Questionnaire, mappings: Mapping[str, mapping.Mapping]
) -> tuple[CellFinding, ...]:
    """The findings on a questionnaire for which no list of codes was given: the mapping is then what knows them.

    A code that the mapping has is no error; one warning says that the sums of these
    codes could not be checked. A code that it has not is found when it is to be sent.
    """
    mapped = {code for one in mappings.values() for code in one.entries}
    strange = [code for code in questionnaire.table["item"].unique() if code not in questionnaire.classification]
    known = [code for code in strange if code in mapped]
    if not known:
        return tuple(findings)
    said = f"{len(known)} codes are known from the mapping only: their sums are not checked."
    warning = CellFinding("S25", "warning", said, "Give the list of codes with --codes.", questionnaire.file)
    return (*(f for f in findings if f.rule != "E05" or f.item not in mapped), warning)
