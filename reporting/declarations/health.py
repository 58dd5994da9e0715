"""The rules on health accounts, as declared in ``parameters/sha/rules.toml``."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, ValidationError

from reporting.declarations.base import Number, Record, Text, Tolerance
from reporting.errors import DeclarationError

Severity = Literal["error", "warning", "information"]


class HealthRule(Record):
    """What every rule says of itself."""

    title: Text
    severity: Severity
    reference: Text


class Sums(HealthRule):
    """Parts sum to their total; ``units`` of the last digit are tolerated for each term."""

    units: Tolerance


class Margins(HealthRule):
    """Margins agree between tables, within the larger of ``tolerance`` and ``relative``.

    The tables ``balancing`` may differ for a reason and have a severity of their
    own. ``at_least`` lists margins of a table that are not below those of another.
    """

    tolerance: Tolerance
    relative: Tolerance
    balancing: tuple[Text, ...]
    balancing_severity: Severity
    at_least: tuple[tuple[Text, Text, Text, Text], ...]


class Negative(HealthRule):
    """No cell is negative but those of the codes ``admitted``."""

    admitted: tuple[Text, ...]


class Appearing(HealthRule):
    """Nothing where there was something a year before, or the reverse; amounts up to ``least`` are left out."""

    least: Tolerance


class Growth(HealthRule):
    """Growth outside ``low`` and ``high``, or ``deviations`` from the median of at least ``years`` others."""

    deviations: Tolerance
    years: Annotated[int, Field(strict=True, ge=2)]
    spread: Tolerance
    low: Number
    high: Number
    share: Tolerance


class Shares(HealthRule):
    """The share of a margin in the total changes by more than ``points``."""

    points: Tolerance


class Ratio(HealthRule):
    """A ratio in per cent outside ``low`` and ``high``, or changed by more than ``points``."""

    low: Number
    high: Number
    points: Tolerance


class Coherence(HealthRule):
    """Table, axis, code; series of another statistics; lowest and highest ratio between the two."""

    compare: tuple[tuple[Text, Text, Text, Text, Number, Number], ...]


class HealthRules(Record):
    """All rules, under their ids."""

    sums: Sums = Field(alias="H01")
    margins: Margins = Field(alias="H02")
    negative: Negative = Field(alias="H03")
    appearing: Appearing = Field(alias="H04")
    growth: Growth = Field(alias="H05")
    shares: Shares = Field(alias="H06")
    atypical: HealthRule = Field(alias="H07")
    ratio: Ratio = Field(alias="H08")
    breaks: HealthRule = Field(alias="H09")
    coherence: Coherence = Field(alias="H10")


def load(home: Path) -> HealthRules:
    """The rules of a project.

    Raises
    ------
    DeclarationError
        With every fault found.
    """
    place = "parameters/sha/rules.toml"
    try:
        body = tomllib.loads((home / place).read_text(encoding="utf-8-sig"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise DeclarationError([f"{place}: cannot be read: {error}"]) from None
    try:
        return HealthRules.model_validate(body)
    except ValidationError as error:
        faults = [f"{place}: {'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in error.errors()]
        raise DeclarationError(faults) from None
