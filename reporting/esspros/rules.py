"""The rules of the ESSPROS collection on a questionnaire: declared data, one function each, findings out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial

from reporting.declarations import CellRule, Declarations, load
from reporting.errors import DeclarationError
from reporting.esspros import admitted, against, cube, plausible, sums, supplements
from reporting.esspros.questionnaire import Questionnaire
from reporting.esspros.references import Reference
from reporting.esspros.subject import Subject
from reporting.findings import CellFinding, ordered

#: Each rule with the limits it needs; the limits it may have are these and ``decimals`` in sums.
LIMITS: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(("E01", "E02", "E03", "E04", "E05", "E06", "E07", "E08", "E09", "E10"), ()),
    "W11": ("balance",), "W12": ("change", "gdp", "expenditure"), "W13": ("lowest", "highest", "move"),
    "W14": ("revision",), "W15": ("points",), "W16": ("beneficiaries", "average"), "W17": (),
}  # fmt: skip
_ROUNDED = ("E01", "E02", "E10")


@dataclass(frozen=True)
class Beside:
    """What a questionnaire is compared with, where it is given."""

    last: Questionnaire | None = None
    accounts: Reference | None = None
    published: Reference | None = None


def declared(known: Declarations | None = None) -> Mapping[str, CellRule]:
    """The rules of ``parameters/rules/collections/esspros.toml``.

    Raises
    ------
    DeclarationError
        When a rule is unknown, or has not the limits it needs.
    """
    rules = (known or load()).collections.get("esspros", {})
    faults = [f"[{name}] there is no such rule" for name in rules if name not in LIMITS]
    for name, limits in LIMITS.items():
        if name not in rules:
            faults.append(f"[{name}] the rule is missing; to leave it out, set active = false")
            continue
        allowed = {*limits, *(["decimals"] if name in _ROUNDED else [])}
        faults += [f"[{name}] limits: {limit!r} is missing" for limit in limits if limit not in rules[name].limits]
        faults += [f"[{name}] limits: unknown {limit!r}" for limit in rules[name].limits if limit not in allowed]
    if faults:
        raise DeclarationError(f"parameters/rules/collections/esspros.toml: {fault}" for fault in faults)
    return rules


def subject(questionnaire: Questionnaire, rules: Mapping[str, CellRule], accounts: Reference | None = None) -> Subject:
    """A questionnaire laid out for its rules, with the gross domestic product of national accounts."""
    block = cube.build(questionnaire.table, questionnaire.classification, questionnaire.schemes)
    return Subject(questionnaire, block, rules, accounts.series("GDP", block.years) if accounts else None)


def check(
    questionnaire: Questionnaire, beside: Beside = Beside(), rules: Mapping[str, CellRule] | None = None
) -> list[CellFinding]:
    """All that is wrong with a questionnaire, errors first: what its reading found, and every rule.

    Parameters
    ----------
    beside : Beside, optional
        What it is compared with; W14 and W15 find nothing without.
    rules : mapping, optional
        The rules [default: those declared].
    """
    own = declared() if rules is None else rules
    looked_at = subject(questionnaire, own, beside.accounts)
    found = [*_read(questionnaire.findings, own)]
    for name, rule in _checks(looked_at, beside):
        if own[name].active:
            found += rule()
    return ordered(found)


def _read(findings: Iterable[CellFinding], rules: Mapping[str, CellRule]) -> Iterator[CellFinding]:
    """What the reading found; where it is a declared rule, with the severity declared."""
    for finding in findings:
        if finding.rule not in rules:
            yield finding
        elif rules[finding.rule].active:
            yield replace(finding, severity=rules[finding.rule].severity)


def _nothing(looked_at: Subject) -> Iterator[CellFinding]:
    yield CellFinding(
        "E05", looked_at.rules["E05"].severity, "There are no figures.", "Fill in the elementary items.", looked_at.file
    )


def _checks(looked_at: Subject, beside: Beside) -> Iterator[tuple[str, Callable[[], Iterable[CellFinding]]]]:
    simple = {
        "E01": sums.e01, "E02": sums.e02, "E03": sums.e03, "E04": admitted.e04, "E05": admitted.e05,
        "E06": admitted.e06, "E07": admitted.e07, "E08": admitted.e08, "E09": admitted.e09, "E10": sums.e10,
        "W11": plausible.w11, "W12": plausible.w12, "W13": plausible.w13, "W16": supplements.w16,
        "W17": supplements.w17,
    }  # fmt: skip
    if looked_at.table.empty:
        yield "E05", partial(_nothing, looked_at)
        return
    for name, rule in simple.items():
        yield name, partial(rule, looked_at)
    if beside.last is not None:
        yield "W14", partial(against.w14_last, looked_at, beside.last.table, beside.last.file)
    if beside.published is not None:
        yield "W14", partial(against.w14_published, looked_at, beside.published)
    if beside.accounts is not None:
        yield "W15", partial(against.w15, looked_at, beside.accounts)
