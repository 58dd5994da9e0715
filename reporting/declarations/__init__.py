"""What is published: ``parameters/`` read into frozen, validated records.

Everything under ``parameters/`` is TOML without code. Unknown keys, duplicate
ids, references to undeclared things and cycles are faults; all faults are
reported at once, each naming its file and id.
"""

from reporting.declarations import frameworks
from reporting.declarations.collections import CellRule
from reporting.declarations.loader import home, load
from reporting.declarations.profiles import AnyProfile, Dashboard, Outcome, Profile
from reporting.declarations.records import (
    Accepted,
    Chapter,
    Dataset,
    Declarations,
    Figure,
    Indicator,
    JumpRule,
    Language,
    MarginRule,
    Measure,
    MembersRule,
    Move,
    Provider,
    Publication,
    RangeRule,
    Reliability,
    Requirement,
    Rule,
    SumRule,
    Table,
    series,
)

__all__ = [
    "Accepted",
    "AnyProfile",
    "CellRule",
    "Chapter",
    "Dashboard",
    "Dataset",
    "Declarations",
    "Figure",
    "Indicator",
    "JumpRule",
    "Language",
    "MarginRule",
    "Measure",
    "MembersRule",
    "Move",
    "Outcome",
    "Profile",
    "Provider",
    "Publication",
    "RangeRule",
    "Reliability",
    "Requirement",
    "Rule",
    "SumRule",
    "Table",
    "frameworks",
    "home",
    "load",
    "series",
]
