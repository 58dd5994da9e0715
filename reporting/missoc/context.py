"""What is said around an amount: the period it is for, whether it is a bound, for whom it is."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from reporting.missoc import vocabulary as v

if TYPE_CHECKING:
    from reporting.missoc.searched import Amount

#: The end of a sentence, which an abbreviation is not.
_RANK = r"(?:Kind|Tag|Monat|Jahr|Woche|Lebens\w+|Geburtstag|\w+monat)"
_STOP = re.compile(
    r"(?<!\bmax)(?<!\bmin)(?<!\bMax)(?<!\bMin)(?<!\bca)(?<!\benv)(?<!\bbzw)(?<!\bp\.c)(?<!\bp\.a)(?<!\bmtl)(?<!\bresp)"
    rf"\.(?=\s(?!{_RANK})|$)|[;\n]"
)
_REACH = 60
#: No sentence, and no list under its heading, is longer.
_SENTENCE = 3000


def described(found: Sequence[Amount], text: str) -> list[Amount]:
    """Amounts with period and qualifier; what is said of the first of a pair holds for the converted one."""
    done: list[Amount] = []
    shares: list[int] = []
    starts = _following(found, len(text))
    for position, amount in enumerate(found):
        if amount.conversion:
            done.append(replace(amount, period=done[-1].period, qualifier=done[-1].qualifier))
            continue
        next_one = found[position + 1] if position + 1 < len(found) else None
        conversion = next_one if next_one and next_one.conversion else None
        following = starts[position]
        before = _own(text[done[-1].end : amount.start]) if done else text[: amount.start]
        ends = (conversion.end + 1 if conversion else amount.end), following
        after = text[amount.end : conversion.start] + text[ends[0] : ends[1]] if conversion else text[slice(*ends)]
        period = _period(amount, after, text, shares[-1:])
        shares += [amount.start] if amount.kind in ("percent", "ratio") else []
        done.append(replace(amount, period=period, qualifier=_qualifier(amount, before, after)))
    return _joined(done, text)


def _following(found: Sequence[Amount], end: int) -> list[int]:
    """For each amount where the next one begins that is no conversion."""
    starts = []
    for amount in reversed(found):
        starts.append(end)
        end = end if amount.conversion else amount.start
    return starts[::-1]


def _own(before: str) -> str:
    """What stands before an amount, without what still belongs to the one before it."""
    for pattern in (*v.PERIOD_AFTER.values(), *v.AFTER.values()):
        if found := pattern.match(before):
            before = before[found.end() :]
    return before


#: So many words may stand between amounts of one list, none of them what an amount is for.
_LISTED, _WORD, _EACH = 5, re.compile(r"\w+"), re.compile(r"\b(?:per|par|pro|je|once|unique|einmalig)\b")
#: Between the two ends of a range that both have their unit.
_BETWEEN = re.compile(r"^\s*(?:to|à|bis|jusqu['’]à|-|–)\s*$", re.I)


def _joined(done: list[Amount], text: str) -> list[Amount]:
    """Ends of ranges are from and to; money that stands close together is for one period."""
    plain = [position for position, amount in enumerate(done) if not amount.conversion]
    for one, two in reversed([*zip(plain, plain[1:], strict=False)]):
        a, b = done[one], done[two]
        between = text[a.end : b.start]
        if (a.kind, a.unit) != (b.kind, b.unit) or _STOP.search(between.replace(";", ",")):
            continue
        ahead = text[max(0, a.start - 20) : a.start]
        paired = re.search(r"\b(?:between|entre|zwischen)\s*$", ahead, re.I) and between.strip() in ("and", "et", "und")
        if paired or (_BETWEEN.match(between) and a.qualifier in ("", "from") and b.qualifier in ("", "max", "to")):
            a, b = replace(a, qualifier="from"), replace(b, qualifier="to")
        if a.kind == "money" and not a.period and len(_WORD.findall(between)) <= _LISTED and not _EACH.search(between):
            a = replace(a, period=b.period)
        done[one], done[two] = a, b
    return done


def _period(amount: Amount, after: str, text: str, earlier: Sequence[int]) -> str:
    near = re.sub(r"^[()\[\]]+\s*(?=[^()]*$|\w+\s\w+\b(?![)\]]))", "", after.lstrip(" \u00a0\u202f"))
    for period, pattern in v.PERIOD_AFTER.items():
        if pattern.match(" " + near) or pattern.match(near):
            return "" if amount.kind == "duration" and period == amount.unit else period
    return _spoken(amount, after, text, earlier) if amount.kind == "money" else ""


def _spoken(amount: Amount, after: str, text: str, earlier: Sequence[int]) -> str:
    """The period that the sentence names, nearest before the amount, else behind it."""
    stops = [stop.end() for stop in _STOP.finditer(text, max(0, amount.start - _SENTENCE), amount.start)]
    start = stops[-1] if stops else max(0, amount.start - _SENTENCE)
    sentence = text[start : amount.start]
    near = [(m, period) for period, pattern in v.PERIOD_NEAR.items() for m in pattern.finditer(sentence)]
    # "60 % of the monthly wage, at most EUR 50": the wage is monthly, the amount need not be.
    shared = any(start <= place for place in earlier)
    found = [(m.start(), period) for m, period in near if not (shared and _WAGE.match(sentence[m.start() :]))]
    if found:
        return max(found)[1]
    stop = _STOP.search(after)
    clause = after[: stop.start() if stop else _REACH][:_REACH]
    found = [(m.start(), period) for period, pattern in v.PERIOD_NEAR.items() for m in pattern.finditer(clause)]
    return min(found)[1] if found else _headed(text[max(0, amount.start - _SENTENCE) : amount.start])


#: An adjective of time that belongs to a wage.
_WAGE = re.compile(
    r"\w+\s+(?:gross\s+|net\s+|average\s+|reference\s+)?(?:wage|salar|earning|income|pay|pension)|(?:mensuel|annuel|journalier)|"
    r"\w*(?:lohn|verdienst|gehalt|einkommen|entgelt)", re.I,
)  # fmt: skip


def _headed(before: str) -> str:
    """The period that the last line ending in a colon names: "Daily allowances:"."""
    for line in reversed(before.split("\n")[:-1]):
        if line.rstrip().endswith(":"):
            named = [period for period, pattern in v.PERIOD_NEAR.items() if pattern.search(line)]
            if named:
                return named[0]
    return ""


def _qualifier(amount: Amount, before: str, after: str) -> str:
    """A bound, nearest before the amount or right behind it; else for whom the amount is."""
    stops = [stop.end() for stop in _STOP.finditer(before)]
    clause = before[max(stops[-1] if stops else 0, len(before) - _REACH) :]
    clause = _WAGES.sub(lambda found: " " * len(found[0]), clause)
    for name, pattern in v.MORE.items():
        if not amount.qualifier and pattern.search(clause):
            return {"above": "max", "below": "min"}.get(name, name) if _negated(clause) else name
    found = [(m.end(), name) for name, pattern in v.QUALIFIERS.items() for m in pattern.finditer(clause)]
    timed = next((m.end() for p in v.PERIOD_AFTER.values() if (m := p.match(after))), 0)
    behind = next((name for name, pattern in v.AFTER.items() if pattern.match(after[timed:])), "")
    bound = max(found)[1] if found else behind
    stop = _STOP.search(after)
    said = clause[-30:] + " § " + after[: stop.start() if stop else _REACH][:_REACH]
    each = next((name for name, pattern in v.PER.items() if pattern.search(said)), "")
    return bound or amount.qualifier or each


#: "twice the minimum wage": the wage is a minimum, the amount is not.
_WAGES = re.compile(
    r"(?:minimum (?:wage|income)|(?:salaire|revenu)(?: social)? minimum|mindest(?:lohn|einkommen)\w*)(?!\s*[:=])", re.I
)


def _negated(clause: str) -> bool:
    return bool(re.search(r"\b(?:not?|ne|nicht|pas|sans|without|ohne)\b[^.;]{0,20}$", clause, re.I))
