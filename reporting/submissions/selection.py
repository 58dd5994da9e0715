"""Which of the given structures a dataset is to keep to."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from reporting.errors import UsageError
from reporting.findings import CellFinding
from reporting.submissions.structures import Structure, chosen


def selected(
    structures: Sequence[Structure], flow: str, names: Iterable[str], stated: Iterable[str], columns: Iterable[str],
    file: str, findings: list[CellFinding],
) -> Structure:  # fmt: skip
    """The structure of a flow: the one that is stated, else the one named like it, else the one with its columns.

    Parameters
    ----------
    names : iterable of str
        What the flow is called: a structure or dataflow with one of these in its id is meant.
    stated : iterable of str
        References (``XX1:ID(1.0)``) that the mapping, the parameters or the command give.
    columns : iterable of str
        Components the data have.

    Raises
    ------
    UsageError
        When several structures are left.
    """
    for reference in filter(None, stated):
        fitting = [s for s in structures if list(chosen([s], reference)) or reference in s.flows]
        if not fitting:
            findings.append(_wrong(structures, reference, flow, file))
            fitting = list(chosen(structures, reference.rpartition(":")[2].partition("(")[0])) or list(structures)
        structures = fitting
    if len(structures) > 1:
        structures = [s for s in structures if _named(s, names)] or structures
    if len(structures) > 1:
        wanted = set(columns)
        structures = [s for s in structures if wanted <= {c.id for c in s.components}] or structures
    if len(structures) > 1:
        raise UsageError(
            f"Several structures could be meant for {flow}: {', '.join(s.name for s in structures)}. "
            f"Say which: --structure '{flow}={structures[-1].name}'"
        )
    return structures[0]


def _named(structure: Structure, names: Iterable[str]) -> bool:
    ids = (structure.id, *(flow.rpartition(":")[2] for flow in structure.flows))
    return any(name.upper() in known.upper() for name in names for known in ids)


def _wrong(structures: Sequence[Structure], reference: str, flow: str, file: str) -> CellFinding:
    return CellFinding(
        "S03", "error", f"STRUVAL 150: wrong DSD or version: {flow} is to keep to {reference}; the DSD given is "
        f"{', '.join(s.name for s in structures)}.", "Give the DSD of that version, or map to the one in force.", file,
    )  # fmt: skip
