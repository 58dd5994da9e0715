"""Confirmed amounts over editions: nominal, and in euro where a currency was fixed to it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from reporting.missoc.review import Proposal

#: Units of a currency for one euro, fixed when it was replaced (Council Regulations (EC) No 2866/98 and following).
EURO = {"EUR": 1.0, "ECU": 1.0, "BEF": 40.3399, "LUF": 40.3399, "DEM": 1.95583, "ESP": 166.386, "FRF": 6.55957,
        "IEP": 0.787564, "ITL": 1936.27, "NLG": 2.20371, "ATS": 13.7603, "PTE": 200.482, "FIM": 5.94573,
        "GRD": 340.750, "SIT": 239.640, "CYP": 0.585274, "MTL": 0.429300, "SKK": 30.1260, "EEK": 15.6466,
        "LVL": 0.702804, "LTL": 3.45280, "HRK": 7.53450, "BGN": 1.95583}  # fmt: skip


@dataclass(frozen=True)
class Point:
    """A confirmed amount in one edition; ``euro`` is empty where the currency has no fixed rate."""

    geo: str
    table: str
    category: str
    lang: str
    id: str
    label: str
    kind: str
    unit: str
    period: str
    qualifier: str
    edition: str
    value: float
    euro: float | None


def points(proposals: Iterable[Proposal]) -> Iterator[Point]:
    """The confirmed and corrected amounts, series by series, oldest first."""
    kept = [one for one in proposals if one.status in ("confirmed", "corrected")]
    for one in sorted(kept, key=lambda p: (*p.cell.key, p.id, p.cell.edition)):
        a, cell = one.amount, one.cell
        rate = EURO.get(a.currency) if a.kind == "money" else None
        yield Point(cell.geo, cell.table, cell.category, cell.lang, one.id, cell.label, a.kind, a.unit, a.period,
                    a.qualifier, cell.edition, a.value, a.value / rate if rate else None)  # fmt: skip
