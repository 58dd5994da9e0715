"""H09 and H10: what the metadata say of breaks, and what other statistics say."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from reporting.findings import CellFinding
from reporting.sha.classification import AXES, TOTAL
from reporting.sha.subject import Subject, amount, detailed


def breaks(subject: Subject) -> Iterator[CellFinding]:
    """H09: a break flagged in the data is told in the metadata, and the reverse (published tables have none)."""
    if not subject.accounts.complete:
        return
    rule, told = subject.named("H09"), subject.told("break")
    if subject.accounts.metadata.empty:
        message = "breaks cannot be compared with the metadata: there are none."
        for year in subject.accounts.years:
            yield subject.about(rule, year, message, "Check the workbook with its sheet Metadata.", undecidable=True)
        return
    table = subject.accounts.table
    flagged = table[table["status"].str.contains("b", regex=False)]
    rows: list[Any] = list(flagged.itertuples())
    for line in told:
        if not any(subject.covers(line, row) for row in rows):
            year, name, codes = line
            place = " ".join([name or "all tables", *sorted(codes)])
            message = f"the metadata tell of a break ({place}), no cell there has the flag b."
            yield subject.about(rule, year, message, "Set the flag b in the first year after the break.")
    silent = {row.Index for row in rows if not any(subject.covers(line, row) for line in told)}
    for cube in subject.cubes.values():
        mask = cube.at >= 0
        mask[mask] = [at in silent for at in cube.at[mask]]
        for at in cube.at[detailed(mask, cube, subject.classification.axes)]:
            mend = "Describe the break in the metadata, or take the flag away."
            yield subject.finding(rule, int(at), "flagged b, the metadata tell of no break.", mend)


def coherence(subject: Subject) -> Iterator[CellFinding]:
    """H10: margins in relation to other statistics."""
    for year in subject.accounts.years:
        for pair in subject.classification.comparisons:
            at, value = _margin(subject, pair.table, pair.axis, pair.code, year)
            other = subject.context.get((pair.series, year))
            if at is None or not other or pair.low <= value / other <= pair.high:
                continue
            message = f"{amount(value)} is {100 * value / other:.0f} % of {pair.series} ({amount(other)})."
            mend = f"{100 * pair.low:.0f} to {100 * pair.high:.0f} % is usual: explain the difference of concepts."
            yield subject.finding(subject.named("H10"), at, message, mend, other)


def _margin(subject: Subject, name: str, axis: str, code: str, year: int) -> tuple[int | None, float]:
    """Where the total of a code stands, and its value."""
    table = subject.accounts.table
    wanted = {other: TOTAL for other in subject.classification.tables[name].axes} | {axis: code}
    found = table[(table["table"] == name) & (table["year"] == year) & table["value"].notna()]
    for other in AXES:
        found = found[found[other] == wanted.get(other, "")]
    return (int(found.index[0]), float(subject.values[found.index[0]])) if len(found) else (None, 0.0)
