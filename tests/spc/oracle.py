"""The rules of the frameworks once more, slowly: one country at a time, in exact fractions.

Written from the text of the rules, not from the package; it shares no code with it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from math import sqrt

MEMBERS = [
    "BE", "BG", "CZ", "DK", "DE", "EE", "IE", "EL", "ES", "FR", "HR", "IT", "CY", "LV", "LT", "LU", "HU", "MT",
    "NL", "AT", "PL", "PT", "RO", "SI", "SK", "FI", "SE",
]  # fmt: skip
AGGREGATES = ["EU27_2020", "EA20"]

#: (key, geo) -> year -> (value as text, flag)
Data = dict[str, dict[int, tuple[str, str]]]


@dataclass
class Row:
    """What the rules give for one country."""

    year: int
    level: Fraction
    change: Fraction | None
    score_level: float | None = None
    score_change: float | None = None
    bands: tuple[str, str] = ("", "")
    outcome: str = ""
    reference: str = ""
    reference_value: Fraction = Fraction(0)
    n: int = 0


def above(distance: Fraction, variance: Fraction, factor: int, cut: Fraction) -> int:
    """Whether factor x distance / sd is above (1), at (0) or below (-1) a cut-off, exactly."""
    scaled = factor * distance
    left = (scaled * scaled if scaled >= 0 else -scaled * scaled) / variance
    right = cut * cut if cut >= 0 else -cut * cut
    return (left > right) - (left < right)


def mean(values: list[Fraction]) -> Fraction:
    """The mean."""
    return sum(values, Fraction(0)) / len(values)


def variance(values: list[Fraction], less: int) -> Fraction:
    """The variance, with n - less below."""
    centre = mean(values)
    return sum(((v - centre) ** 2 for v in values), Fraction(0)) / (len(values) - less)


def numbers(data: Data) -> dict[str, dict[int, Fraction]]:
    """The values that are there."""
    found = {g: {t: Fraction(v) for t, (v, _) in years.items() if v != ":"} for g, years in data.items()}
    return {g: years for g, years in found.items() if years and g in MEMBERS + AGGREGATES}


def year_of(values: dict[str, dict[int, Fraction]], minimum: int) -> int | None:
    """The latest year with values in enough Member States."""
    years = sorted({t for g in values for t in values[g]}, reverse=True)
    for t in years:
        if sum(1 for g in MEMBERS if t in values.get(g, {})) >= minimum:
            return t
    return None


def jaf(
    data: Data, high: bool | None, strict: bool = False, changes: bool = True, drop: bool = False
) -> dict[str, Row]:
    """The Joint Assessment Framework for one indicator."""
    values, rows = numbers(data), {}
    overall = year_of(values, 18)
    for geo, series in values.items():
        year = max(series) if overall is None else min(max(series), overall)
        if year not in series:
            continue
        flags = {t: f for t, (v, f) in data[geo].items() if v != ":"}
        tested = (year, year - 1, year - 2) if strict else (year,) if drop else ()
        broken = any("b" in flags.get(t, "") for t in tested)
        has = changes and year - 3 in series and not broken
        rows[geo] = Row(year, series[year], series[year] - series[year - 3] if has else None)
    for what in ("level", "change"):
        _jaf_scores(rows, what, high)
    for row in rows.values():
        row.outcome = VERDICT.get(row.bands, "")
    return rows


def _jaf_scores(rows: dict[str, Row], what: str, high: bool | None) -> None:
    group = {g: getattr(r, what) for g, r in rows.items() if getattr(r, what) is not None}
    inside = [x for g, x in group.items() if g in MEMBERS]
    newest = max((rows[g].year for g in group), default=0)
    union = "EU27_2020" in group and rows["EU27_2020"].year == newest
    if not inside and not union:
        return
    centre = group["EU27_2020"] if union else mean(inside)
    spread = variance(inside, 1) if len(inside) > 1 else Fraction(0)
    for geo, x in group.items():
        row = rows[geo]
        if what == "level":
            row.reference, row.n = "EU27_2020" if union else "simple average", len(inside)
            row.reference_value = centre
        if spread and high is not None:
            d = (x - centre) if high else (centre - x)
            setattr(row, f"score_{what}", 10 * float(d) / sqrt(spread))
            band = _jaf_band(d, spread)
            row.bands = (band, row.bands[1]) if what == "level" else (row.bands[0], band)


def _jaf_band(d: Fraction, spread: Fraction) -> str:
    if above(d, spread, 10, Fraction(-13)) < 0:
        return "--"
    if above(d, spread, 10, Fraction(-7)) < 0:
        return "-"
    if above(d, spread, 10, Fraction(7)) <= 0:
        return "0"
    return "+" if above(d, spread, 10, Fraction(13)) < 0 else "++"


VERDICT = {
    ("--", "--"): "1", ("--", "-"): "1", ("--", "0"): "1", ("--", "+"): "4", ("--", "++"): "5",
    ("-", "--"): "2", ("-", "-"): "2", ("-", "0"): "2", ("-", "+"): "4", ("-", "++"): "5",
    ("0", "--"): "10", ("0", "-"): "9",
    ("+", "--"): "6", ("+", "+"): "7", ("+", "++"): "8",
    ("++", "0"): "3", ("++", "+"): "3", ("++", "++"): "3",
}  # fmt: skip


def scoreboard(data: Data, high: bool | None, percent: bool = False) -> dict[str, Row]:
    """The Social Scoreboard for one indicator: the table of conditions, first match wins."""
    values = numbers(data)
    overall = year_of(values, 24)
    if overall is None:
        return {}
    previous = max((t for series in values.values() for t in series if t < overall), default=0)
    rows = {
        g: Row(overall, s[overall], _move(s, overall, previous, percent)) for g, s in values.items() if overall in s
    }
    tests = {what: _jer_scores(rows, what, high) for what in ("level", "change")}
    for geo, row in rows.items():
        if geo in tests["level"] and geo in tests["change"]:
            row.outcome = _category(tests["level"][geo], tests["change"][geo], row.change, high)
    return rows


def _move(series: dict[int, Fraction], year: int, previous: int, percent: bool) -> Fraction | None:
    base = series.get(previous)
    if base is None or (percent and base == 0):
        return None
    return 100 * (series[year] / base - 1) if percent else series[year] - base


def _jer_scores(rows: dict[str, Row], what: str, high: bool | None) -> dict[str, Callable[[Fraction | int], int]]:
    """For each country a function that says whether its score is above, at or below a cut-off."""
    group = {g: getattr(r, what) for g, r in rows.items() if getattr(r, what) is not None and g in MEMBERS}
    if not group:
        return {}
    centre, spread = mean(list(group.values())), variance(list(group.values()), 0)
    if what == "level":
        for row in rows.values():
            row.reference, row.reference_value, row.n = "simple average", centre, len(group)
    if not spread or high is None:
        return {}
    distances = {g: (centre - x) if high else (x - centre) for g, x in group.items()}
    for geo, d in distances.items():
        setattr(rows[geo], f"score_{what}", float(d) / sqrt(spread))
    return {g: lambda cut, d=d: above(d, spread, 1, Fraction(cut)) for g, d in distances.items()}


Test = Callable[[Fraction | int], int]
HALF = Fraction(1, 2)


def _within(test: Test, low: Fraction | int | None, top: Fraction | int | None) -> bool:
    """Whether a score is in ]low, top]."""
    return (low is None or test(low) > 0) and (top is None or test(top) <= 0)


def _category(level: Test, change: Test, own: Fraction, high: bool) -> str:
    """The conditions in their order, first match wins."""
    excused = change(1) >= 0 and (own >= 0 if high else own < 0)
    conditions = (
        (excused and _within(level, -HALF, HALF), "on_average"),
        (excused and _within(level, -1, -HALF), "better_than_average"),
        (excused and _within(level, None, -1), "best_performers"),
        (level(1) > 0 and change(-1) > 0, "critical_situations"),
        (_within(level, HALF, 1) and change(-1) > 0, "to_watch"),
        (_within(level, -HALF, HALF) and change(1) > 0, "to_watch"),
        (level(HALF) > 0 and change(-1) <= 0, "weak_but_improving"),
        (level(-HALF) <= 0 and change(1) > 0, "good_but_to_monitor"),
        (_within(level, -1, -HALF) and change(1) <= 0, "better_than_average"),
        (_within(level, -HALF, HALF) and change(-1) <= 0, "better_than_average"),
        (level(-1) <= 0 and change(1) <= 0, "best_performers"),
        (_within(level, -HALF, HALF) and _within(change, -1, 1), "on_average"),
    )
    return next(name for holds, name in conditions if holds)
