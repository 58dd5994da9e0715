"""The register of schemes: serial number, name, the five criteria, the years in which a scheme exists."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from reporting.errors import SourceUnreadable
from reporting.esspros import grids
from reporting.esspros.grids import Row, folded
from reporting.findings import CellFinding, Severity
from reporting.spreadsheets import Sheet

#: The number that stands for all schemes.
ALL = "_T"
#: The five criteria of Regulation (EC) 10/2008, with the values each may have and what they are called.
CRITERIA: dict[str, dict[str, str]] = {
    "decision": {"government": "Government-controlled", "not_government": "Not government-controlled"},
    "enforcement": {"compulsory": "Compulsory", "non_compulsory": "Non-compulsory"},
    "entitlement": {"contributory": "Contributory", "non_contributory": "Non-contributory"},
    "scope": {"universal": "Universal", "general": "General", "special": "Special"},
    "level": {"basic": "Basic", "supplementary": "Supplementary"},
}
HEADS: dict[str, tuple[str, ...]] = {
    "number": ("serial number", "no", "nr", "scheme", "scheme number", "numéro", "nummer", "code"),
    "name": ("scheme name", "english name", "nom", "naam", "bezeichnung", "name (en)", "title"),
    "abbreviation": ("abbr", "short name", "abréviation", "afkorting", "abkürzung"),
    "decision": ("decision-making", "decision making", "unit taking decisions"),
    "enforcement": ("legal enforcement",),
    "entitlement": ("establishment of entitlements", "entitlements"),
    "scope": ("scope of the scheme",),
    "level": ("level of protection",),
    "first": ("first year", "valid from", "from", "since"),
    "last": ("last year", "valid to", "to", "until"),
    "description": ("general description",),
}
#: Languages in which a scheme may have its national name: a column ``name (fr)`` and so on.
LANGUAGES = (
    "bg", "cs", "da", "de", "el", "es", "et", "fi", "fr", "ga", "hr", "hu", "is", "it", "lb", "lt", "lv", "mt", "nl",
    "no", "pl", "pt", "ro", "sk", "sl", "sv", "tr",
)  # fmt: skip
_SPELLINGS = {**HEADS, **{f"name_{lang}": (f"name {lang}", f"{lang} name") for lang in LANGUAGES}}
#: Values of two criteria that seldom go together.
_SELDOM = (
    (("scope", "universal"), ("entitlement", "contributory")),
    (("scope", "universal"), ("level", "supplementary")),
    (("scope", "universal"), ("decision", "not_government")),
)
_TOTALS = {
    "t", "total", "all", "all schemes", "total of schemes", "total schemes", "total all schemes", "all schemes total",
    "sum of schemes", "schemes total", "total of all schemes", "tous les regimes", "ensemble des regimes",
    "total des regimes", "alle regelingen", "totaal", "totaal regelingen", "alle systeme", "insgesamt", "summe",
    "alle regelungen", "scheme t", "sch t", "grand total",
}  # fmt: skip


@dataclass(frozen=True)
class Scheme:
    """A scheme; ``names`` are its national names by language; ``first`` and ``last`` the years it exists.

    ``place`` tells where it was read: file, sheet and cell.
    """

    number: str
    name: str
    abbreviation: str = ""
    names: dict[str, str] = field(default_factory=dict)
    decision: str = ""
    enforcement: str = ""
    entitlement: str = ""
    scope: str = ""
    level: str = ""
    first: int | None = None
    last: int | None = None
    description: str = ""
    place: tuple[str, str, str] = field(default=("", "", ""), compare=False, repr=False)

    @property
    def head(self) -> str:
        """The heading of its column in a questionnaire: ``Scheme 01``."""
        return f"Scheme {int(self.number):02d}" if self.number.isdigit() else f"Scheme {self.number}"

    def exists(self, year: int) -> bool:
        """Whether the scheme exists in a year, as far as the register says."""
        return (self.first is None or self.first <= year) and (self.last is None or year <= self.last)


@functools.lru_cache(10_000)
def number_of(text: str) -> str:
    """The serial number in ``1``, ``01``, ``Scheme 01``, ``SCH001``; ``_T`` for all schemes; empty for neither."""
    plain = folded(text)
    if plain in _TOTALS:
        return ALL
    for word in ("scheme", "schema", "regime", "regeling", "system", "sch"):
        if plain.startswith(word):
            plain = plain.removeprefix(word).removeprefix("s").strip()
            break
    plain = plain.removeprefix("no ").removeprefix("nr ").removeprefix("n ").strip()
    return str(int(plain)) if plain.isascii() and plain.isdigit() else ""


def criterion(name: str, text: str) -> str:
    """The value of a criterion that a text stands for; empty for none of them."""
    plain = folded(text)
    for value, label in CRITERIA[name].items():
        if plain in (folded(value), folded(label), folded(label).replace(" controlled", "")):
            return value
    return ""


def read(path: Path, findings: list[CellFinding]) -> tuple[Scheme, ...]:
    """The register in a file of its own (.csv, .xlsx).

    Raises
    ------
    SourceUnreadable
        When no sheet has the headings of a register.
    """
    for sheet in grids.sheets(path, findings):
        if (found := register(sheet, path.name, findings)) is not None:
            return found
    raise SourceUnreadable(
        f"{path.name}: no list of schemes: no sheet has headings number and name. "
        f"The columns are {', '.join(HEADS)}, and name_fr, name_nl … for national names."
    )


def register(sheet: Sheet, file: str, findings: list[CellFinding], *needed: str) -> tuple[Scheme, ...] | None:
    """The schemes listed in a sheet; None where it has not the headings of a register, and those that are needed."""
    rows = grids.rows(sheet, _SPELLINGS, ("number", "name", *needed))
    if rows is None:
        return None
    found: dict[str, Scheme] = {}
    for row in rows:
        scheme = _scheme(row, file, findings)
        if scheme is None:
            continue
        if scheme.number in found:
            findings.append(
                CellFinding(
                    "Q16", "error", f"Scheme {scheme.number} is listed twice.", "Keep one row for each scheme.",
                    file, sheet.name, row.place("number"), scheme.number,
                )
            )  # fmt: skip
            continue
        found[scheme.number] = scheme
    return tuple(found.values())


def _scheme(row: Row, file: str, findings: list[CellFinding]) -> Scheme | None:
    number = number_of(row["number"])
    if number == ALL:
        return None
    if not number:
        findings.append(
            CellFinding(
                "Q17", "error", f"{row['number']!r} is no serial number of a scheme.", "Write 1, 2 and so on.",
                file, row.sheet.name, row.place("number"),
            )
        )  # fmt: skip
        return None
    criteria = {name: criterion(name, row[name]) for name in CRITERIA}
    for name, value in criteria.items():
        if row[name] and not value:
            findings.append(_unknown(row, file, number, name))
    first, last = (_year(row, name, file, number, findings) for name in ("first", "last"))
    names = {lang: row[f"name_{lang}"] for lang in LANGUAGES if row[f"name_{lang}"]}
    scheme = Scheme(
        number, row["name"], row["abbreviation"], names, **criteria, first=first, last=last,
        description=row["description"], place=(file, row.sheet.name, row.place("number")),
    )  # fmt: skip
    findings += _doubted(scheme, row, file)
    return scheme


def _doubted(scheme: Scheme, row: Row, file: str) -> Iterator[CellFinding]:
    """What does not go together in a row of the register, though each of its cells may be."""

    def found(rule: str, severity: Severity, name: str, message: str, mend: str) -> CellFinding:
        return CellFinding(rule, severity, message, mend, file, row.sheet.name, row.place(name), scheme.number)

    if not scheme.name:
        yield found("Q22", "error", "name", f"Scheme {scheme.number} has no name.", "Give its name.")
    if scheme.first and scheme.last and scheme.first > scheme.last:
        message = f"Scheme {scheme.number} ends in {scheme.last}, before it begins in {scheme.first}."
        yield found("Q19", "error", "last", message, "Correct the years.")
    for one, other in _SELDOM:
        if all(getattr(scheme, name) == value for name, value in (one, other)):
            message = f"Scheme {scheme.number} is {one[1]} and {CRITERIA[other[0]][other[1]].lower()}, which is rare."
            yield found("Q23", "information", one[0], message, "See whether both criteria are right.")


def _unknown(row: Row, file: str, number: str, name: str) -> CellFinding:
    known = ", ".join(CRITERIA[name].values())
    return CellFinding(
        "Q18", "error", f"{row[name]!r} is no value of the criterion {name}.", f"Choose one of: {known}.",
        file, row.sheet.name, row.place(name), number,
    )  # fmt: skip


def _year(row: Row, name: str, file: str, number: str, findings: list[CellFinding]) -> int | None:
    if not row[name]:
        return None
    year = grids.whole_number(row[name])
    if year is None or not 1900 <= year <= 2200:
        findings.append(
            CellFinding(
                "Q19", "error", f"{row[name]!r} is not a year.", "Write a year such as 2023, or leave it empty.",
                file, row.sheet.name, row.place(name), number,
            )
        )  # fmt: skip
        return None
    return year


def records(schemes: Iterable[Scheme]) -> tuple[list[str], list[list[str | int]]]:
    """Headings and rows of the register, with a column for each language in use."""
    listed = list(schemes)
    languages: Sequence[str] = sorted({lang for scheme in listed for lang in scheme.names})
    heads = [*list(HEADS)[:3], *(f"name_{lang}" for lang in languages), *list(HEADS)[3:]]
    rows = [[_value(scheme, head) for head in heads] for scheme in listed]
    return heads, rows


def _value(scheme: Scheme, head: str) -> str | int:
    if head.startswith("name_"):
        return scheme.names.get(head.removeprefix("name_"), "")
    value = getattr(scheme, head)
    if head in CRITERIA:
        return CRITERIA[head].get(value, "")
    if head == "number" and str(value).isdigit():
        return int(value)
    return "" if value is None else value
