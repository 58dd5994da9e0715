"""What the collector's structural validation would say, said before anything leaves.

The words and codes are those of Eurostat's STRUVAL where they are known: 140 for a
message that is not well-formed, 150 with a message code for one that does not keep
to its structure. A fault that many observations share is one finding, at the first.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator

import numpy as np
import numpy.typing as npt
import pandas as pd

from reporting.findings import CellFinding
from reporting.submissions.datasets import DataSet
from reporting.submissions.structures import Component, Region

Mask = npt.NDArray[np.bool_]

#: How each frequency writes its periods.
_PERIODS = {
    "A": r"\d{4}(-A1)?", "S": r"\d{4}-S[12]", "H": r"\d{4}-S[12]", "Q": r"\d{4}-Q[1-4]",
    "M": r"\d{4}-(0[1-9]|1[0-2]|M(0[1-9]|1[0-2]))", "W": r"\d{4}-W(0[1-9]|[1-4]\d|5[0-3])",
    "D": r"\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])",
}  # fmt: skip
_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?")
_FREQUENCIES = ("FREQ", "freq")
#: The most codes of one component that are told apart.
_TOLD = 20


def check(dataset: DataSet) -> list[CellFinding]:
    """What in a dataset does not keep to its structure, code lists and constraint."""
    structure = dataset.structure
    if not structure.time or not structure.measure:
        return list(_without_time_or_measure(dataset))
    findings = [*_unknown(dataset), *_key(dataset)]
    findings += [*_periods(dataset), *_numbers(dataset), *_codes(dataset), *_texts(dataset)]
    findings += [*_mandatory(dataset), *_constant(dataset)]
    return [*findings, *_constrained(dataset), *_twice(dataset)]


def _without_time_or_measure(dataset: DataSet) -> Iterator[CellFinding]:
    structure = dataset.structure
    mend = "Give the DSD of a collection of time series."
    if not structure.time:
        yield dataset.finding("S04", f"STRUVAL 150-004: no time dimension in {structure.name}.", mend)
    if not structure.measure:
        yield dataset.finding("S05", f"STRUVAL 150-005: no primary measure in {structure.name}.", mend)


def _unknown(dataset: DataSet) -> Iterator[CellFinding]:
    known = {component.id for component in dataset.structure.components}
    for column in (str(c) for c in dataset.rows if c not in known and (dataset.rows[c] != "").any()):
        yield dataset.finding(
            "S10", f"STRUVAL 150-007: concept {column} is not in {dataset.structure.name}{near(column, known)}.",
            "Take the column out, or name the concept as the DSD does.",
        )  # fmt: skip


def _key(dataset: DataSet) -> Iterator[CellFinding]:
    """Dimensions without a value: the series key is too short."""
    for component in dataset.structure.components:
        if component.role in ("dimension", "time"):
            empty = _empty(dataset, component)
            yield from _first(
                dataset, empty, "S11", f"STRUVAL 150-904-1: the series key lacks dimension {component.id}",
                f"Fill in {component.id} for it.",
            )  # fmt: skip


def _empty(dataset: DataSet, component: Component) -> Mask:
    if component.id not in dataset.rows:
        return np.ones(len(dataset.rows), dtype=bool)
    return np.asarray(dataset.rows[component.id] == "")


def _first(dataset: DataSet, wrong: Mask, rule: str, message: str, mend: str) -> Iterator[CellFinding]:
    """One finding at the first of the rows that are wrong, with their number."""
    found = np.flatnonzero(wrong)
    if len(found):
        more = f" (and in {len(found) - 1} more)" if len(found) > 1 else ""
        yield dataset.finding(rule, f"{message}{more}.", mend, int(found[0]))


def _periods(dataset: DataSet) -> Iterator[CellFinding]:
    rows, time = dataset.rows, dataset.structure.time
    if time not in rows:
        return
    frequency = dataset.structure.has(_FREQUENCIES)
    of = rows[frequency] if frequency in rows else pd.Series("", index=rows.index)
    for code, period in pd.DataFrame({"f": of, "t": rows[time]}).drop_duplicates().itertuples(index=False):
        form = _PERIODS.get(str(code)) or "|".join(_PERIODS.values())
        if period and not re.fullmatch(form, str(period)):
            wrong = np.asarray((rows[time] == period) & (of == code))
            said = f"STRUVAL 150: {time} {period!r} is no period of frequency {code or 'any'}"
            yield from _first(dataset, wrong, "S04", said, "Write years as 2023.")


def _numbers(dataset: DataSet) -> Iterator[CellFinding]:
    measure = dataset.structure.measure
    if measure not in dataset.rows:
        yield dataset.finding("S05", f"STRUVAL 150-005: no primary measure {measure} in the data.", "Give the values.")
        return
    texts = dataset.rows[measure].tolist()
    wrong = np.fromiter((bool(t) and t != "NaN" and not _NUMBER.fullmatch(t) for t in texts), bool, len(texts))
    for row in np.flatnonzero(wrong)[:_TOLD]:
        said = f"STRUVAL 150: {measure} {texts[row]!r} is not a number."
        yield dataset.finding("S05", said, "Write the number with a decimal point.", int(row))


def _codes(dataset: DataSet) -> Iterator[CellFinding]:
    for component in dataset.structure.components:
        if not component.codes or component.id not in dataset.rows:
            continue
        known = frozenset(component.codes)
        used = dataset.rows[component.id].unique().tolist()
        strange = [code for code in used if code and code not in known]
        for code in strange[:_TOLD]:
            said = f"STRUVAL 150-904-2: incorrect code {code!r} for {component.id}: not in {component.codelist}"
            mend = f"Use a code of {component.codelist}{near(str(code), known)}."
            yield from _first(dataset, np.asarray(dataset.rows[component.id] == code), "S06", said, mend)
        if len(strange) > _TOLD:
            said = f"STRUVAL 150-904-2: {len(strange) - _TOLD} more incorrect codes for {component.id}."
            yield dataset.finding("S06", said, f"Use the codes of {component.codelist}.")


def near(name: str, known: Iterable[str]) -> str:
    """Names like one that is not known, for a message."""
    listed = {k.casefold(): k for k in known}
    found = difflib.get_close_matches(name.casefold(), listed, n=3, cutoff=0.6)
    return f" (near it: {', '.join(listed[f] for f in found)})" if found else ""


def _texts(dataset: DataSet) -> Iterator[CellFinding]:
    """Texts that are no codes: their length and form."""
    for component in dataset.structure.components:
        if component.codes or component.id not in dataset.rows or not (component.longest or component.pattern):
            continue
        texts = dataset.rows[component.id].astype(str)
        if component.longest:
            said = f"STRUVAL 150: {component.id} is longer than {component.longest} characters"
            yield from _first(
                dataset, np.asarray(texts.str.len() > component.longest), "S12", said, "Shorten the text."
            )
        if _understood(component.pattern):
            fits = texts.str.fullmatch(component.pattern) | (texts == "")
            said = f"STRUVAL 150: {component.id} is not of the form {component.pattern}"
            yield from _first(dataset, np.asarray(~fits), "S12", said, "Write it as the DSD asks.")


def _understood(pattern: str) -> bool:
    """Whether a pattern means the same here as in XML Schema; the schema applies the others alone."""
    try:
        re.compile(pattern)
    except re.error:
        return False
    return bool(pattern) and not re.search(r"\\[icIC]|-\[", pattern)


def _mandatory(dataset: DataSet) -> Iterator[CellFinding]:
    for attribute in dataset.structure.attributes:
        if attribute.mandatory:
            code = "003" if attribute.level in ("series", "group") else "031"
            said = f"STRUVAL 150-{code}: missing mandatory attribute {attribute.id} ({attribute.level})"
            yield from _first(dataset, _empty(dataset, attribute), "S09", said, f"Fill in {attribute.id}.")


def _constant(dataset: DataSet) -> Iterator[CellFinding]:
    """Attributes of series, groups and datasets have one value in each."""
    keys = [d.id for d in dataset.structure.dimensions if d.id in dataset.rows]
    for attribute in dataset.structure.attributes:
        if attribute.level == "observation" or attribute.id not in dataset.rows:
            continue
        of = [name for name in attribute.of if name in keys] if attribute.level != "dataset" else []
        values = dataset.rows[[*of, attribute.id]].drop_duplicates()
        wrong = values.duplicated(of) if of else pd.Series(np.arange(len(values)) > 0, index=values.index)
        rows = np.isin(dataset.rows.index, values.index[wrong])
        said = f"STRUVAL 150: {attribute.id} has two values in one {attribute.level}"
        yield from _first(dataset, rows, "S13", said, f"Give {attribute.id} one value for each {attribute.level}.")


def _constrained(dataset: DataSet) -> Iterator[CellFinding]:
    regions = dataset.structure.regions
    admitted = [region for region in regions if region.included]
    if admitted:
        inside = np.logical_or.reduce([_within(dataset, region) for region in admitted])
        yield from _shut_out(dataset, ~inside, admitted)
    for region in (r for r in regions if not r.included):
        yield from _shut_out(dataset, _within(dataset, region), [])
    for what in dataset.structure.unread:
        said = f"The content constraint {what} are not checked here."
        yield dataset.finding("S07", said, "See to them yourself.", severity="information")


def _within(dataset: DataSet, region: Region) -> Mask:
    """The rows that lie in a region; a component it does not name is free."""
    inside = np.ones(len(dataset.rows), dtype=bool)
    for name, codes in region.codes.items():
        if name in dataset.rows and name != dataset.structure.time:
            inside &= np.asarray(dataset.rows[name].isin([*codes, ""] if region.included else list(codes)))
    time = dataset.structure.time
    if (region.spans or time in region.codes) and time in dataset.rows:
        inside &= _spanned(dataset.rows[time], region.spans, region.codes.get(time, frozenset()))
    return inside


def _spanned(periods: pd.Series[str], spans: Iterable[tuple[int | None, int | None]], listed: frozenset[str]) -> Mask:
    years = pd.to_numeric(periods.astype(str).str[:4], errors="coerce").to_numpy(float)
    parts = [(years >= (start or -np.inf)) & (years <= (end or np.inf)) for start, end in spans]
    inside: Mask = np.logical_or.reduce([np.asarray(periods.isin(list(listed))), *parts])
    return inside


def _shut_out(dataset: DataSet, wrong: Mask, admitted: list[Region]) -> Iterator[CellFinding]:
    """Rows outside the constraint, by the key that is shut out."""
    found = np.flatnonzero(wrong)
    if not len(found):
        return
    names = {name for region in admitted or dataset.structure.regions for name in (*region.codes, "")} - {""}
    names |= {dataset.structure.time} if any(r.spans for r in dataset.structure.regions) else set()
    columns = [c.id for c in dataset.structure.components if c.id in names and c.id in dataset.rows]
    keys = dataset.rows[columns].iloc[found].drop_duplicates()
    for row, *key in list(keys.itertuples())[:_TOLD]:
        said = ", ".join(f"{name} {text}" for name, text in zip(columns, key, strict=True))
        yield dataset.finding(
            "S07", f"STRUVAL 150: the content constraint of {dataset.structure.name} does not admit {said}.",
            "Leave it out, or ask the collector to widen the constraint.", int(row),
        )  # fmt: skip
    if len(keys) > _TOLD:
        said = f"STRUVAL 150: {len(keys) - _TOLD} more keys are not admitted by the content constraint."
        yield dataset.finding("S07", said, "Leave them out, or ask the collector to widen the constraint.")


def _twice(dataset: DataSet) -> Iterator[CellFinding]:
    columns = [c.id for c in dataset.structure.components if c.role in ("dimension", "time") and c.id in dataset.rows]
    again = np.flatnonzero(dataset.rows.duplicated(columns)) if columns else np.array([], dtype=int)
    for row in again[:_TOLD]:
        key = ".".join(str(dataset.rows[column].iloc[row]) for column in columns)
        same = np.logical_and.reduce([np.asarray(dataset.rows[c] == dataset.rows[c].iloc[row]) for c in columns])
        first = dataset.places.iloc[int(np.flatnonzero(same)[0])]
        where = f"{first['sheet']}!{first['cell']}" if first["sheet"] else first["cell"]
        said = f"STRUVAL 150: duplicate key {key}{f', first at {where}' if where else ''}."
        yield dataset.finding("S08", said, "Give each key one observation: look at the mapping of both.", int(row))
    if len(again) > _TOLD:
        said = f"STRUVAL 150: {len(again) - _TOLD} more duplicate keys."
        yield dataset.finding("S08", said, "Give each key one observation: look at the mapping.")
