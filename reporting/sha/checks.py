"""The rules H01 to H10 on the tables of a questionnaire or on published tables."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

import pandas as pd

from reporting.declarations import CellRule, Declarations
from reporting.errors import DeclarationError, UsageError
from reporting.findings import CellFinding, ordered
from reporting.sha import cells, changes, classification, coherence, contexts, identities
from reporting.sha.contexts import Context
from reporting.sha.neutral import Accounts
from reporting.sha.subject import Subject

#: Each rule with the function that applies it.
RULES = {
    "H01": identities.sums,
    "H02": identities.margins,
    "H03": cells.negative,
    "H04": cells.appearing,
    "H05": changes.growth,
    "H06": changes.shares,
    "H07": cells.atypical,
    "H08": changes.ratio,
    "H09": coherence.breaks,
    "H10": coherence.coherence,
}
#: Each rule with the limits it needs.
LIMITS: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(("H02", "H02-revenues", "H03", "H07", "H09", "H10"), ()),
    "H01": ("units",), "H04": ("least",), "H06": ("points",), "H08": ("low", "high", "points"),
    "H05": ("deviations", "years", "spread", "low", "high", "share"),
}  # fmt: skip


def declared(known: Declarations) -> Mapping[str, CellRule]:
    """The rules of ``parameters/rules/collections/sha.toml``.

    Raises
    ------
    DeclarationError
        When a rule is unknown or missing, or does not have the limits it needs.
    """
    rules = known.collections.get("sha", {})
    faults = [f"[{name}] there is no such rule" for name in rules if name not in LIMITS]
    for name, limits in LIMITS.items():
        if name not in rules:
            faults.append(f"[{name}] the rule is missing; to leave it out, set active = false")
        elif set(rules[name].limits) != set(limits):
            faults.append(f"[{name}] limits: there are {', '.join(limits) or 'none'}")
    if faults:
        raise DeclarationError(f"parameters/rules/collections/sha.toml: {fault}" for fault in faults)
    return rules


def check(
    known: Declarations, accounts: Accounts, earlier: Sequence[Accounts] = (), context: Context | None = None,
    rules: Iterable[str] = RULES,
) -> list[CellFinding]:  # fmt: skip
    """What reading found and what the rules (all, unless some are named) find, errors first.

    Parameters
    ----------
    earlier : sequence of Accounts
        Other years, to compare with.
    context : dict, optional
        Figures of other statistics by series and year, over those in the metadata.
    """
    subject = subject_of(known, accounts, earlier, context)
    active = {name.partition("-")[0] for name, rule in subject.rules.items() if rule.active}
    found = [finding for rule in rules if rule in active for finding in RULES[rule](subject)]
    return ordered([*accounts.findings, *found])


def subject_of(
    known: Declarations, accounts: Accounts, earlier: Sequence[Accounts] = (), context: Context | None = None
) -> Subject:
    """The accounts with all that the rules need.

    Raises
    ------
    UsageError
        When a year is given twice, or there is no cell at all.
    """
    if accounts.table.empty:
        raise UsageError(f"{accounts.file}: no table of health accounts is in it.")
    accounts = replace(accounts, table=accounts.table.reset_index(drop=True))
    files: dict[int, str] = {}
    for one in (accounts, *earlier):
        for year in one.years:
            if year in files:
                raise UsageError(f"The year {year} is in {files[year]} and in {one.file}: give each year once.")
            files[year] = one.file
    everything = Accounts(
        accounts.file,
        pd.concat([accounts.table, *(one.table for one in earlier)], ignore_index=True),
        pd.concat([accounts.metadata, *(one.metadata for one in earlier)], ignore_index=True),
    )
    figures = contexts.told(everything) | (context or {})
    return Subject(accounts, everything, classification.load(known), declared(known), figures)
