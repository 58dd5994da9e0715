"""Flags and comments of cells as the attributes of a structure, by a declared table."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import pandas as pd

from reporting.declarations import Submission
from reporting.findings import CellFinding
from reporting.submissions.datasets import line
from reporting.submissions.structures import Structure


def sendable(table: pd.DataFrame, declared: Submission, file: str) -> tuple[npt.NDArray[np.bool_], list[CellFinding]]:
    """Which rows are sent: those with a value, and those whose flag says why there is none."""
    there = table["value"].notna().to_numpy()
    flags = {
        flag: bool(set(declared.missing) & set(_parts(flag, declared))) for flag in table["flag"].unique().tolist()
    }
    explained = table["flag"].map(flags).to_numpy(bool) if len(table) else there
    sent = there | explained
    left = np.flatnonzero(~sent)
    if not len(left):
        return sent, []
    first, known = table.iloc[int(left[0])], ", ".join(declared.missing)
    return sent, [
        CellFinding(
            "S27", "information", f"{len(left)} missing values without a flag that says why ({known}) are not sent.",
            "Fill them in, or flag them.", file, str(first["sheet"]), str(first["cell"]), str(first["scheme"]),
            str(first["item"]), str(first["year"]),
        )
    ]  # fmt: skip


def filled(
    rows: pd.DataFrame, table: pd.DataFrame, structure: Structure, declared: Submission, file: str
) -> Iterator[CellFinding]:
    """Fill status, confidentiality and comment in; yield what of the flags is lost or not declared."""
    flags = table["flag"].fillna("").astype("category")
    parts = {flag: _parts(str(flag), declared) for flag in flags.cat.categories}
    for names, one in ((declared.concepts.status, _status), (declared.concepts.confidentiality, _confidentiality)):
        if name := structure.has(names):
            codes = flags.map({flag: one(found, declared) for flag, found in parts.items()}).astype(object)
            # A code that the mapping gives an item is that of its values without a flag.
            plain = np.asarray(codes == one([], declared)) if name in rows else np.zeros(len(rows), dtype=bool)
            given = rows[name].astype(object) if name in rows else codes
            rows[name] = codes.where(~(plain & np.asarray(given != "")), given).astype("category")
    if name := structure.has(declared.concepts.comment):
        rows[name] = [line(text) if text else "" for text in table["comment"].fillna("").tolist()]
    yield from _lost(table, structure, declared, file, parts)


def _parts(flag: str, declared: Submission) -> list[str]:
    """The flags of a cell, the one to be sent first; letters may stand together (``be``)."""
    known = {*declared.status, *declared.confidentiality} - {""}
    parts = [flag] if flag in known else [letter for letter in str(flag).lower() if letter not in " ,;"]
    order = {one: at for at, one in enumerate(declared.order)}
    return sorted(parts, key=lambda one: order.get(one, len(order)))


def _status(parts: list[str], declared: Submission) -> str:
    return next((declared.status[part] for part in parts if part in declared.status), declared.status[""])


def _confidentiality(parts: list[str], declared: Submission) -> str:
    table = declared.confidentiality
    return next((table[part] for part in parts if part in table), table[""])


def _lost(
    table: pd.DataFrame, structure: Structure, declared: Submission, file: str, parts: dict[str, list[str]]
) -> Iterator[CellFinding]:
    known = {*declared.status, *declared.confidentiality}
    for flag, found in parts.items():
        strange = [part for part in found if part not in known]
        several = [part for part in found if part in declared.status]
        first = table[table["flag"].fillna("") == flag].iloc[:1]
        if strange:
            yield _at(first, file, "S28", "error", f"The flag {flag!r} has no status to be sent as.",
                      "Declare it in parameters/submissions/, or use a flag that is there.")  # fmt: skip
        elif len({declared.status[part] for part in several}) > 1:
            yield _at(first, file, "S29", "information", f"Of the flags {flag!r} only {several[0]!r} is sent.",
                      "Say the other in the comment, if it matters.")  # fmt: skip
    if any(parts) and not structure.has(declared.concepts.status):
        yield _at(table[table["flag"].fillna("") != ""].iloc[:1], file, "S29", "warning",
                  f"{structure.name} has no status of observations: flags are not sent.", "")  # fmt: skip


def _at(rows: pd.DataFrame, file: str, rule: str, severity: str, message: str, mend: str) -> CellFinding:
    first = rows.iloc[0]
    return CellFinding(
        rule, severity, message, mend, file, str(first["sheet"]), str(first["cell"]), str(first["scheme"]),  # type: ignore[arg-type]
        str(first["item"]), str(first["year"]),
    )  # fmt: skip
