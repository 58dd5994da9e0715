"""How national accounts become a questionnaire: the mapping a compiler writes, read and held against itself.

Numbers keep the decimals they are written with: shares that add to one do so exactly.
"""

from __future__ import annotations

import tomllib
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, ValidationError, model_validator

from reporting.declarations.base import Name, Record, Text
from reporting.errors import DeclarationError, SourceUnreadable
from reporting.files import received

#: The part of a key, or of an entry, that is no social protection.
NOWHERE = "-"
#: A part that takes what the other parts of its key leave.
REST = "rest"
_EXACT = Decimal("1e-9")


def _exact(value: Any) -> Any:
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise ValueError("a number, written without quotes")
    return Decimal(value)


def _text(value: Any) -> Any:
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _several(value: Any) -> Any:
    return [_text(one) for one in (value if isinstance(value, list | tuple) else [value])]


Exact = Annotated[Decimal, BeforeValidator(_exact), Field(allow_inf_nan=False)]
Year = Annotated[int, Field(ge=1900, le=2100)]
ByYear = Exact | dict[Year, Exact]
Texts = Annotated[tuple[Text, ...], BeforeValidator(_several), Field(min_length=1)]
Scheme = Annotated[Text, BeforeValidator(_text)]


class National(Record):
    """A national source: where it is and which of its columns say what.

    Without ``amount`` and ``year`` the columns named with a year hold the amounts.
    ``factor`` turns an amount into the unit of the questionnaire (millions).
    """

    file: Text
    sheet: str = ""
    header: Annotated[int, Field(strict=True, ge=1)] = 1
    account: Text
    year: Year | str = ""
    amount: str = ""
    label: str = ""
    flag: str = ""
    comment: str = ""
    factor: Exact = Decimal(1)
    decimal: Literal[".", ","] = "."

    @model_validator(mode="after")
    def _columns(self) -> Self:
        if bool(self.amount) != bool(self.year):
            raise ValueError("amount and year: name both, or neither where each year has a column")
        return self


class Key(Record):
    """An allocation key: its parts add up to one in each year.

    ``between`` says what a year without shares takes: none (``refuse``), those of
    the last year before (``last``), or what lies between two years (``linear``).
    """

    title: str = ""
    source: str = ""
    parts: Annotated[dict[Text, ByYear | Literal["rest"]], Field(min_length=2)]
    between: Literal["refuse", "last", "linear"] = "refuse"

    @model_validator(mode="after")
    def _whole(self) -> Self:
        given = [part for part in self.parts.values() if part != REST]
        if len(given) < len(self.parts) - 1:
            raise ValueError("parts: at most one takes the rest")
        years: list[int | None] = [*self.years] or [None]
        faults = [fault for year in years for fault in self._adds_up(year)]
        if faults:
            raise ValueError("; ".join(faults))
        return self

    @property
    def years(self) -> list[int]:
        """The years for which shares are given; none when they hold for all years."""
        return sorted({year for part in self.parts.values() if isinstance(part, dict) for year in part})

    def _adds_up(self, year: int | None) -> list[str]:
        place = f"parts in {year}" if year else "parts"
        missing = [name for name, part in self.parts.items() if isinstance(part, dict) and year not in part]
        if missing:
            return [f"{place}: no share of {', '.join(missing)}"]
        shares = {name: _share(part, year) for name, part in self.parts.items() if part != REST}
        total = sum(shares.values(), Decimal(0))
        if any(not 0 <= share <= 1 for share in shares.values()):
            return [f"{place}: a share lies between 0 and 1"]
        if total > 1 + _EXACT or (abs(total - 1) > _EXACT and len(shares) == len(self.parts)):
            return [f"{place}: the shares add up to {total}, not to 1"]
        return []

    def shares(self, year: int) -> dict[str, Decimal] | None:
        """The share of each part in a year; None where the key has none for it."""
        known = self.years
        if not known or year in known:
            return self._in(year)
        before, after = [y for y in known if y < year], [y for y in known if y > year]
        if self.between == "last" and before:
            return self._in(before[-1])
        if self.between == "linear" and before and after:
            start, end = before[-1], after[0]
            weight = Decimal(year - start) / (end - start)
            first, last = self._in(start), self._in(end)
            found = {name: first[name] + (last[name] - first[name]) * weight for name in first}
            name = next(reversed(found))
            return {**found, name: 1 - sum((s for n, s in found.items() if n != name), Decimal(0))}
        return None

    def _in(self, year: int) -> dict[str, Decimal]:
        found = {name: _share(part, year) for name, part in self.parts.items() if part != REST}
        rest = 1 - sum(found.values(), Decimal(0))
        return {name: found.get(name, rest) for name in self.parts}


def _share(part: Any, year: int | None) -> Decimal:
    return Decimal(part[year] if isinstance(part, dict) else part)


class Entry(Record):
    """Where accounts of a source go: a scheme and an item, or those of each part of an allocation key.

    ``*`` in an account stands for any text. ``first`` and ``last`` bound the years
    for which the entry holds.
    """

    source: Name
    account: Texts
    scheme: Scheme | dict[Text, Scheme]
    item: Text | dict[Text, Text]
    key: str = ""
    share: ByYear = Decimal(1)
    sign: Literal["+", "-"] = "+"
    factor: Exact = Decimal(1)
    first: Year | None = None
    last: Year | None = None
    flag: str = ""
    comment: str = ""

    @model_validator(mode="after")
    def _parts(self) -> Self:
        if bool(self.key) != (isinstance(self.item, dict) or isinstance(self.scheme, dict)):
            raise ValueError("key goes with a table of items or schemes, one for each part of the key")
        shares = self.share.values() if isinstance(self.share, dict) else [self.share]
        if any(not 0 <= share <= 1 for share in shares):
            raise ValueError("share: between 0 and 1")
        return self

    def holds(self, year: int) -> bool:
        """Whether the entry holds in a year."""
        return (self.first or year) <= year <= (self.last or year)

    def item_of(self, part: str) -> str:
        """The item of a part of the key."""
        return self.item[part] if isinstance(self.item, dict) else self.item

    def scheme_of(self, part: str) -> str:
        """The scheme of a part of the key."""
        return self.scheme[part] if isinstance(self.scheme, dict) else self.scheme


class Outside(Record):
    """Accounts of a source that are no social protection, and why."""

    source: Name
    account: Texts
    reason: Text


class Estimate(Record):
    """How cells without a final value are estimated.

    ``*`` stands for any scheme or item. ``over`` is how many years before are
    used, all when left out; ``replace`` takes the place of a provisional value.
    """

    year: Year
    scheme: Scheme = "*"
    item: Text = "*"
    method: Literal["trend", "log-trend", "growth", "holt", "ets", "regression"]
    over: Annotated[int, Field(strict=True, ge=2)] | None = None
    source: str = ""
    account: Annotated[str, BeforeValidator(_text)] = ""
    level: Annotated[float, Field(gt=0, lt=1)] = 0.95
    replace: bool = False

    @model_validator(mode="after")
    def _auxiliary(self) -> Self:
        if (self.method in ("growth", "regression")) != bool(self.source and self.account):
            raise ValueError("source and account: the series that growth and regression follow, and no other method")
        return self


class Benchmark(Record):
    """Totals that compiled figures are made to meet: columns year, scheme, item, value.

    ``proportional`` scales the leaves of an item; ``ras`` meets totals of items
    over schemes and of schemes over items at once; ``denton`` meets totals of some
    years and keeps the movement between them. ``fixed`` are items or ``scheme/item``
    that stay as compiled.
    """

    file: Text
    method: Literal["proportional", "ras", "denton"]
    fixed: tuple[Text, ...] = ()


class Mapping(Record):
    """A mapping from national accounts to the questionnaire."""

    title: Text
    decimals: Annotated[int, Field(strict=True, ge=0, le=12)] = 8
    sources: Annotated[dict[Name, National], Field(min_length=1)]
    keys: dict[Name, Key] = {}
    map: Annotated[tuple[Entry, ...], Field(min_length=1)]
    outside: tuple[Outside, ...] = ()
    estimates: tuple[Estimate, ...] = ()
    benchmarks: tuple[Benchmark, ...] = ()
    schemes: str = ""
    combinations: str = ""
    rates: str = ""

    def faults(self) -> list[str]:
        """What does not fit together: names of sources, keys and their parts."""
        found = []
        named = [
            *(("map", number, entry.source) for number, entry in enumerate(self.map, 1)),
            *(("outside", number, entry.source) for number, entry in enumerate(self.outside, 1)),
            *(("estimates", number, entry.source) for number, entry in enumerate(self.estimates, 1)),
        ]
        known = ", ".join(self.sources)
        for kind, number, source in named:
            if source and source not in self.sources:
                found.append(f"{kind} {number}: no source {source!r} ({known})")
        for number, entry in enumerate(self.map, 1):
            found += [f"map {number}: {fault}" for fault in self._keyed(entry)]
        return found

    def _keyed(self, entry: Entry) -> list[str]:
        if not entry.key:
            return []
        if entry.key not in self.keys:
            return [f"no key {entry.key!r} ({', '.join(self.keys)})"]
        parts, found = list(self.keys[entry.key].parts), []
        for what in ("item", "scheme"):
            named = getattr(entry, what)
            if isinstance(named, dict) and set(named) != set(parts):
                found.append(
                    f"{what}: names {', '.join(named)}, where key {entry.key} has the parts {', '.join(parts)}"
                )
        return found


def read(path: Path) -> Mapping:
    """The mapping in a TOML file.

    Raises
    ------
    UsageError
        When there is no such file.
    SourceUnreadable
        When it is not TOML.
    DeclarationError
        With all its faults, naming entry and key.
    """
    try:
        raw = tomllib.loads(received(path).decode("utf-8-sig"), parse_float=Decimal)
    except UnicodeDecodeError:
        raise SourceUnreadable(f"{path.name}: not UTF-8 text. Save the mapping as UTF-8.") from None
    except tomllib.TOMLDecodeError as error:
        raise SourceUnreadable(f"{path.name}: not valid TOML: {error}. Correct the line that is named.") from None
    try:
        mapping = Mapping.model_validate(raw)
    except ValidationError as error:
        raise DeclarationError(
            f"{path.name}: {_place(fault['loc'])}: {_said(fault)}" for fault in error.errors()
        ) from None
    if faults := mapping.faults():
        raise DeclarationError(f"{path.name}: {fault}" for fault in faults)
    return mapping


def _place(location: tuple[int | str, ...]) -> str:
    """Where a fault stands, entries counted from one."""
    return " ".join(str(part + 1) if isinstance(part, int) else part for part in location) or "the file"


def _said(fault: Any) -> str:
    said = {"missing": "is not given", "extra_forbidden": "is no key that is known"}.get(fault["type"])
    return said or str(fault["msg"]).removeprefix("Value error, ")
