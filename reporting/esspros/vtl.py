"""The rules in VTL 2.1, as hierarchical rulesets and filters that any VTL engine runs on the neutral table.

Each result is a dataset named for its rule that holds what fails. An empty cell
has no data point and adds nothing (``partial_zero``); a data point without a
value is missing and leaves a sum undecided, unless the parts that are there
exceed the aggregate already.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from reporting.errors import OutputFailed
from reporting.esspros import admitted, plausible, sums
from reporting.esspros.cube import Floats
from reporting.esspros.schemes import ALL
from reporting.esspros.subject import SLACK, Subject
from reporting.files import whole

#: The dataset of figures, that of the last transmission, and that of net benefits.
FIGURES, LAST, NET = "DS_ESSPROS", "DS_LAST", "DS_NET"
#: Rules that are not exported: they read texts, lists and files that are no figures of the questionnaire.
LEFT_OUT = ("E04", "E05", "E07", "W15", "W16")
_HEAD = """/* Rules of the ESSPROS collection in VTL 2.1.
   {figures}: the neutral table of the questionnaire; identifiers scheme (string, "_T" for all), item (string)
   and year (integer), in this order; measures value (number), flag and comment (string).
   An empty cell has no data point, nor has a figure that is not applicable (flag z).
   {last}: the same of the last transmission. {net}: identifiers scheme, item, year; measures AITR, AISCR.
   Tolerances are those of the rounding of each year, as the questionnaire shows it. Every dataset named as a rule
   (E01, E02 ...) holds what fails. Rules that compare texts, lists and other files are not here: {left_out}. */
"""


def write(path: Path, subject: Subject) -> None:
    """Write the rules for a questionnaire, whole or not at all.

    Raises
    ------
    OutputFailed
        When the file cannot be written.
    """
    try:
        with whole(path) as part:
            part.write_text(script(subject), encoding="utf-8")
    except OSError as error:
        raise OutputFailed(f"Cannot write {path}: {error.strerror}. Name a file in a folder that is there.") from None


def script(subject: Subject, datasets: Sequence[str] = (FIGURES, LAST, NET)) -> str:
    """The rules that read some datasets, for the items, schemes and years of a questionnaire."""
    parts = {
        "E01": _e01, "E02": _e02, "E03": _e03, "E06": _e06, "E08": _e08, "E09": _e09, "E10": _e10,
        "W11": _w11, "W12": _w12, "W13": _w13, "W14": _w14, "W17": _w17,
    }  # fmt: skip
    reads = {"W14": LAST, "W17": NET}
    head = _HEAD.format(figures=FIGURES, last=LAST, net=NET, left_out=", ".join(LEFT_OUT))
    found = [head, "\n".join(_shared())]
    for name, part in parts.items():
        rule = subject.rules[name]
        if rule.active and reads.get(name, FIGURES) in datasets:
            found.append("\n".join([f"/* {name}: {rule.title}. */", *part(subject)]))
    return "\n\n".join(found) + "\n"


def structures() -> dict[str, Any]:
    """The structures of the datasets, as vtlengine takes them."""
    key = [_component("scheme", "String"), _component("item", "String"), _component("year", "Integer")]
    said = [_component(name, kind, "Measure") for name, kind in
            (("value", "Number"), ("flag", "String"), ("comment", "String"))]  # fmt: skip
    rates = [_component(name, "Number", "Measure") for name in ("AITR", "AISCR")]
    contents = {FIGURES: [*key, *said], LAST: [*key, *said], NET: [*key, *rates]}
    return {"datasets": [{"name": name, "DataStructure": parts} for name, parts in contents.items()]}


def _component(name: str, kind: str, role: str = "Identifier") -> dict[str, Any]:
    return {"name": name, "type": kind, "role": role, "nullable": role != "Identifier"}


def _shared() -> Iterator[str]:
    """Datasets that several rules use."""
    yield f"DS_VALUE := {FIGURES}[keep value];"
    yield "DS_KNOWN := DS_VALUE[filter not isnull(value)];"
    yield f'DS_SCHEMES := DS_VALUE[filter scheme <> "{ALL}"];'
    yield (
        f'DS_SAID := {FIGURES}[calc said := trim(nvl(comment, "")) <> "" or instr(nvl(flag, ""), "b") > 0][keep said];'
    )
    yield "DS_COLUMNS := count(DS_KNOWN group by year, scheme);"


def _number(value: float) -> str:
    """A number as VTL reads it, without an exponent."""
    return np.format_float_positional(value, trim="0")


def _quoted(name: str) -> str:
    return f"'{name}'"


def _set(values: Iterable[object]) -> str:
    return "{" + ", ".join(f'"{v}"' if isinstance(v, str) else str(v) for v in values) + "}"


def _ruleset(name: str, over: str, rules: Iterable[tuple[str, Sequence[str]]], code: str, level: str) -> Iterator[str]:
    yield f"define hierarchical ruleset {name} (variable rule {over}) is"
    lines = [
        f'  {_quoted(total)} = {" + ".join(map(_quoted, parts))} errorcode "{code}" errorlevel "{level}"'
        for total, parts in rules
    ]
    yield ";\n".join(lines)
    yield "end hierarchical ruleset;"


def _tolerances(subject: Subject, rule: str, parts: int) -> dict[float, list[int]]:
    """The tolerance of a sum, with the years it is of."""
    found: dict[float, list[int]] = {}
    for year, tolerance in zip(subject.cube.years, subject.rounding(rule, parts), strict=True):
        found.setdefault(float(np.broadcast_to(tolerance, ())) + SLACK[0], []).append(year)
    return found


def _apart(name: str, years: Mapping[float, Sequence[int]]) -> str:
    """Where an imbalance is beyond the tolerance of its year."""
    return " or ".join(f"(year in {_set(of)} and {name} > {_number(limit)})" for limit, of in years.items())


def _hierarchy(
    subject: Subject, rule: str, over: str, groups: Mapping[int, list[tuple[str, Sequence[str]]]]
) -> Iterator[str]:
    """Totals that are not the sums of their parts: rules with as many parts share a ruleset and a tolerance."""
    declared = subject.rules[rule]
    results = []
    for count, rules in groups.items():
        name = f"{rule}_{count}"
        years = _tolerances(subject, rule, count)
        yield from _ruleset(f"{name}_rules", over, rules, rule, declared.severity)
        for suffix, source, test in (
            ("sum", "DS_VALUE", _apart("abs('imbalance')", years)),
            ("more", "DS_KNOWN", f"value >= 0 and ({_apart('-' + _quoted('imbalance'), years)})"),
        ):
            yield f"{name}_{suffix}_checked := check_hierarchy({source}, {name}_rules rule {over} partial_zero all);"
            yield (
                f"{name}_{suffix} := inner_join({name}_{suffix}_checked[keep 'imbalance'] as h, DS_KNOWN as d "
                f"filter {test} keep 'imbalance', value);"
            )
            results.append(f"{name}_{suffix}")
    yield f"{rule} <- union({', '.join(results)});"


def _e01(subject: Subject) -> Iterator[str]:
    groups: dict[int, list[tuple[str, Sequence[str]]]] = {}
    for item, parts in sums.aggregates(subject.classification).items():
        groups.setdefault(len(parts), []).append((item, parts))
    yield from _hierarchy(subject, "E01", "item", groups)


def _e02(subject: Subject) -> Iterator[str]:
    schemes = subject.cube.schemes[subject.cube.single]
    if schemes:
        yield from _hierarchy(subject, "E02", "scheme", {len(schemes): [(ALL, schemes)]})


def _e03(subject: Subject) -> Iterator[str]:
    rule = subject.rules["E03"]
    transfers = _set(item for pair in sums.TRANSFERS for item in pair)
    yield f"E03_schemes := DS_SCHEMES[filter item in {transfers}];"
    yield "E03_sum := sum(E03_schemes group by item, year);"
    yield "E03_gaps := count(E03_schemes[filter isnull(value)] group by item, year)[rename int_var to gaps];"
    yield "E03_known := setdiff(E03_sum, inner_join(E03_sum as s, E03_gaps as g keep value));"
    yield f'E03_whole := left_join(E03_gaps as g, DS_VALUE[sub scheme = "{ALL}"] as t keep value);'
    yield "E03_summed := union(E03_known, E03_whole);"
    yield from _ruleset("E03_rules", "item", [(i, [o]) for i, o in sums.TRANSFERS], "E03", rule.severity)
    yield "E03_checked := check_hierarchy(E03_summed, E03_rules rule item partial_zero all);"
    yield (
        "E03 <- left_join(E03_checked[keep 'imbalance'] as h, E03_summed as d "
        f"filter abs('imbalance') > {_number(rule.tolerance + SLACK[0])} and abs('imbalance') > "
        f"{_number(rule.relative)} * abs(nvl(value, 0)) + {_number(SLACK[0])} and abs('imbalance') > "
        f"{_number(rule.relative)} * abs(nvl(value, 0) - 'imbalance') + {_number(SLACK[0])} keep 'imbalance', value);"
    )


def _e06(subject: Subject) -> Iterator[str]:
    leaves = [item for item in subject.cube.items if subject.classification.leaf(item)]
    yield f"E06_negative := DS_KNOWN[filter value < 0 and item in {_set(leaves)}];"
    yield f'E06_schemes := E06_negative[filter scheme <> "{ALL}"];'
    yield "E06_excused := count(E06_schemes group by year, item);"
    yield f'E06_total := E06_negative[sub scheme = "{ALL}"];'
    yield "E06_caused := inner_join(E06_total as n, E06_excused as e keep value);"
    yield f'E06_all := setdiff(E06_total, E06_caused)[calc identifier scheme := "{ALL}"];'
    yield "E06_both := union(E06_schemes, E06_all);"
    yield "E06 <- inner_join(E06_both as n, DS_SAID as s filter not said keep value);"


def _barred(subject: Subject, rule: str, table: str) -> Iterator[str]:
    items = [
        item.item
        for item in subject.classification.items.values()
        if item.table == table and not item.admissible and subject.classification.leaf(item.item)
    ]
    yield f"{rule} <- DS_KNOWN[filter value <> 0 and item in {_set(items)}];"


def _e08(subject: Subject) -> Iterator[str]:
    yield from _barred(subject, "E08", "expenditure")


def _e09(subject: Subject) -> Iterator[str]:
    yield from _barred(subject, "E09", "origin")


def _e10(subject: Subject) -> Iterator[str]:
    groups: dict[int, list[tuple[str, Sequence[str]]]] = {}
    for origin, kind, count in sums.origins(subject.classification):
        whole_ = not subject.classification[kind].type
        groups.setdefault(count, []).append((kind, [origin, "rec.trf"] if whole_ else [origin]))
    yield 'E10_given := count(DS_KNOWN[filter substr(item, 1, 3) = "org"] group by year, scheme);'
    results = []
    for count, rules in groups.items():
        yield from _ruleset(f"E10_{count}_rules", "item", rules, "E10", subject.rules["E10"].severity)
        yield f"E10_{count}_checked := check_hierarchy(DS_VALUE, E10_{count}_rules rule item partial_zero all);"
        test = _apart("abs('imbalance')", _tolerances(subject, "E10", count))
        yield (
            f"E10_{count} := inner_join(E10_{count}_checked[keep 'imbalance'] as h, E10_given as g "
            f"filter {test} keep 'imbalance');"
        )
        results.append(f"E10_{count}")
    yield f"E10 <- union({', '.join(results)});"


def _w11(subject: Subject) -> Iterator[str]:
    limit = subject.rules["W11"].limits["balance"]
    yield from _ruleset(
        "W11_rules", "item", [(plausible.RECEIPTS, [plausible.EXPENDITURE])], "W11", subject.rules["W11"].severity
    )
    yield "W11_checked := check_hierarchy(DS_SCHEMES, W11_rules rule item partial_zero all);"
    yield f'W11_spent := DS_SCHEMES[sub item = "{plausible.EXPENDITURE}"];'
    yield (
        "W11 <- left_join(W11_checked[keep 'imbalance'] as h, W11_spent as d filter abs('imbalance') > "
        f"{_number(limit)} * abs(nvl(value, 0)) + {_number(SLACK[0])} keep 'imbalance');"
    )


def _both(rule: str) -> Iterator[str]:
    """Figures beside those before: zero where there is no data point, left out where one has no value."""
    yield (
        f"{rule}_both := full_join({rule}_now[calc gap := isnull(value)] as n, "
        f"{rule}_before[calc lacking := isnull(before)] as b "
        "filter not nvl(gap, false) and not nvl(lacking, false) keep value, before);"
    )


def _w12(subject: Subject) -> Iterator[str]:
    leaves = [item for item in subject.cube.items if subject.classification.leaf(item)]
    limit = subject.rules["W12"].limits["change"]
    floor = plausible.floors(subject)
    yield f"W12_now := DS_SCHEMES[filter item in {_set(leaves)}];"
    yield (
        "W12_before := sum(W12_now[calc identifier next := year + 1] group by next, scheme, item)"
        "[rename next to year, value to before];"
    )
    yield "W12_columns := DS_COLUMNS[rename int_var to reported];"
    yield (
        "W12_earlier := sum(DS_COLUMNS[calc identifier next := year + 1] group by next, scheme)"
        "[rename next to year, int_var to earlier];"
    )
    yield from _both("W12")
    yield "W12_compared := inner_join(W12_both as x, W12_columns as c, W12_earlier as e keep value, before);"
    yield (
        "W12_steps := W12_compared[calc step := abs(nvl(value, 0) - nvl(before, 0)), start := abs(nvl(before, 0))]"
        "[keep step, start];"
    )
    yield (
        f"W12_large := W12_steps[filter step > {_number(limit)} * start + {_number(SLACK[0])} and "
        f"({_above('step', subject.cube.years, floor)})];"
    )
    yield "W12 <- left_join(W12_large as l, DS_SAID as s filter not nvl(said, false) keep step);"


def _above(name: str, years: Sequence[int], limits: Floats) -> str:
    return " or ".join(
        f"(year = {year} and {name} > {_number(limit)})" for year, limit in zip(years, map(float, limits), strict=True)
    )


def _w13(subject: Subject) -> Iterator[str]:
    limits = subject.rules["W13"].limits
    yield (
        f'W13_cost := DS_SCHEMES[sub item = "{plausible.ADMINISTRATION}"]'
        "[calc gap := isnull(value)][rename value to cost];"
    )
    yield f'W13_spent := DS_SCHEMES[sub item = "{plausible.EXPENDITURE}"][filter value <> 0];'
    yield (
        "W13_share := left_join(W13_spent as s, W13_cost as c filter not nvl(gap, false) "
        "calc share := nvl(cost, 0) / value keep share);"
    )
    yield (
        f"W13_outside := W13_share[filter share < {_number(limits['lowest'] - SLACK[0])} or "
        f"share > {_number(limits['highest'] + SLACK[0])}];"
    )
    yield (
        "W13_before := sum(W13_share[calc identifier next := year + 1] group by next, scheme)"
        "[rename next to year, share to before];"
    )
    yield f'W13_said := DS_SAID[sub item = "{plausible.ADMINISTRATION}"];'
    yield (
        "W13_steps := inner_join(W13_share as s, W13_before as b filter before <> 0 and "
        f"abs(share - before) > {_number(limits['move'] + SLACK[0])} * abs(before) keep share);"
    )
    yield "W13_moved := left_join(W13_steps as s, W13_said as d filter not nvl(said, false) keep share);"
    yield "W13 <- union(W13_outside, W13_moved);"


def _w14(subject: Subject) -> Iterator[str]:
    leaves = [item for item in subject.cube.items if subject.classification.leaf(item)]
    limit = subject.rules["W14"].limits["revision"]
    rounding = 10.0 ** -subject.decimals.astype(np.float64) + SLACK[0]
    chosen = f'[filter item in {_set(leaves)} and scheme <> "{ALL}"][keep value]'
    yield f"W14_now := {FIGURES}{chosen};"
    yield f"W14_before := {LAST}{chosen}[rename value to before];"
    yield f"W14_sent := count({LAST}[filter not isnull(value)] group by year)[rename int_var to sent];"
    yield from _both("W14")
    yield (
        "W14_steps := inner_join(W14_both as x, W14_sent as s calc step := abs(nvl(value, 0) - nvl(before, 0)), "
        "start := abs(nvl(before, 0)) keep step, start);"
    )
    yield (
        f"W14_large := W14_steps[filter step > {_number(limit)} * start + {_number(SLACK[0])} and "
        f"({_above('step', subject.cube.years, rounding)})];"
    )
    yield "W14 <- left_join(W14_large as l, DS_SAID as s filter not nvl(said, false) keep step);"


def _w17(subject: Subject) -> Iterator[str]:
    untaxed = [item for item in subject.cube.items if admitted.fits(item, subject.rules["W17"].items)]
    taxed = f" or (item in {_set(untaxed)} and AITR + AISCR <> 0)" if untaxed else ""
    yield (f"W17 <- {NET}[filter AITR < 0 or AITR > 1 or AISCR < 0 or AISCR > 1 or AITR + AISCR >= 1{taxed}];")
