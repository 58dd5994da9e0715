"""Confirmed amounts over editions: nominal, in euro, and at the prices of one year."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import groupby

from reporting.declarations import Declarations
from reporting.indicators import Evaluator
from reporting.missoc.cells import Cell
from reporting.missoc.review import Proposal
from reporting.vintages import Store


@dataclass(frozen=True)
class Point:
    """A confirmed amount in one edition.

    ``euro`` is empty where the currency has no rate, ``real`` where consumer
    prices of the month are not in the store; ``real`` is in euro where ``euro``
    is known. ``broken`` says why the series breaks before the point: another
    ``currency`` or ``period``, or a ``gap`` of an edition that has none.
    """

    geo: str
    table: str
    category: str
    lang: str
    id: str
    label: str
    words: str
    kind: str
    unit: str
    period: str
    qualifier: str
    edition: str
    value: float
    euro: float | None = None
    real: float | None = None
    broken: str = ""

    @property
    def series(self) -> tuple[str, ...]:
        """What the points of one series share."""
        return (self.geo, self.table, self.category, self.lang, self.id)


@dataclass(frozen=True)
class Prices:
    """What amounts are divided by: fixed rates, rates and price indices by country and time, the year of the prices."""

    rates: Mapping[str, float]
    exchange: Mapping[str, Mapping[tuple[str, str], float]] = field(default_factory=dict)
    index: Mapping[tuple[str, str], float] = field(default_factory=dict)
    base: int = 0

    def euro(self, value: float, currency: str, geo: str, edition: str) -> float | None:
        """An amount in euro: by the fixed rate, else by the rate of its time; None where there is none."""
        rate = self.rates.get(currency) or _at(self.exchange.get(currency, {}), geo, edition)
        return value / rate if rate else None

    def real(self, value: float, geo: str, edition: str) -> float | None:
        """An amount at the prices of the base year; None where the prices of its time are not known."""
        prices = _at(self.index, geo, edition)
        return 100 * value / prices if prices else None


def _at(values: Mapping[tuple[str, str], float], geo: str, edition: str) -> float | None:
    """The value of the month of an edition, or of its year where the series is by year."""
    return values.get((geo, edition[:7])) or values.get((geo, edition[:4]))


def prices(known: Declarations, store: Store, as_of: str, geos: Iterable[str]) -> Prices:
    """Rates and consumer prices as declared, from the store."""
    declared, evaluator, wanted = known.missoc.prices, Evaluator(known, store, as_of), tuple(sorted(set(geos)))
    exchange = {currency: _values(evaluator, name, wanted) for currency, name in declared.exchange.items()}
    if declared.hicp is None:
        return Prices(declared.rates, exchange)
    index = _values(evaluator, declared.hicp.indicator, wanted)
    return Prices(declared.rates, exchange, index, declared.hicp.base)


def _values(evaluator: Evaluator, indicator: str, geos: tuple[str, ...]) -> dict[tuple[str, str], float]:
    frame = evaluator.indicator(indicator, geos)
    frame = frame[frame["value"].notna()]
    return {(str(g), str(t)): float(v) for g, t, v in zip(frame["geo"], frame["time"], frame["value"], strict=True)}


def points(proposals: Iterable[Proposal], held: Iterable[Cell], known: Prices) -> Iterator[Point]:
    """The confirmed and corrected amounts, series by series, oldest first; an edition without one is a gap."""
    editions: dict[tuple[str, ...], set[str]] = {}
    for cell in held:
        editions.setdefault(cell.key, set()).add(cell.edition)
    kept = [one for one in proposals if one.status in ("confirmed", "corrected")]
    kept.sort(key=lambda p: (*p.cell.key, p.id, p.cell.edition))
    for (place, _), group in groupby(kept, lambda p: (p.cell.key, p.id)):
        yield from _series([_point(one, known) for one in group], sorted(editions[place]))


def _point(one: Proposal, known: Prices) -> Point:
    a, c = one.amount, one.cell
    euro = known.euro(a.value, a.currency, c.geo, c.edition) if a.kind == "money" else None
    real = known.real(a.value if euro is None else euro, c.geo, c.edition) if a.kind == "money" else None
    return Point(c.geo, c.table, c.category, c.lang, one.id, c.label, one.words, a.kind, a.unit, a.period, a.qualifier,
                 c.edition, a.value, euro, real)  # fmt: skip


def _series(own: list[Point], editions: list[str]) -> Iterator[Point]:
    """The points of a series, each with what breaks it from the one before."""
    yield own[0]
    for before, point in zip(own, own[1:], strict=False):
        gap = any(before.edition < edition < point.edition for edition in editions)
        why = {"currency": before.unit != point.unit, "period": before.period != point.period, "gap": gap}
        yield replace(point, broken=next((name for name, true in why.items() if true), ""))


def lacking(found: Iterable[Point]) -> list[tuple[str, str]]:
    """Country and month of the money for which no consumer prices are known."""
    return sorted({(p.geo, p.edition[:7]) for p in found if p.kind == "money" and p.real is None})


def unrated(found: Iterable[Point]) -> list[str]:
    """The currencies for which no rate is known."""
    return sorted({p.unit for p in found if p.kind == "money" and p.euro is None})
