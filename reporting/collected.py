"""A checked questionnaire as a publication sees it: figures by year, scheme and item, with words for them.

Without a file it is that of the sample, a country that does not exist; then
every table, note and page says so.
"""

from __future__ import annotations

import functools
import hashlib
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from reporting import reads
from reporting.errors import UsageError
from reporting.esspros import beneficiaries, classification, net, questionnaire, rules, totals
from reporting.esspros import codes as numeric
from reporting.esspros.classification import Classification
from reporting.esspros.questionnaire import Questionnaire
from reporting.esspros.samples import figures
from reporting.esspros.schemes import ALL, Scheme
from reporting.findings import CellFinding
from reporting.labels import Words
from reporting.tables import TIDY, Cell, Row, Table

#: The dataset of figures that no country has, and of those of a questionnaire.
SAMPLE, COLLECTED = "esspros_sample", "esspros_questionnaire"
_MILLIONS = "MIO_NAC"
_LAST_DAY = "-12-31"


@dataclass(frozen=True)
class Collected:
    """A questionnaire, what its check found, for a reader in one language."""

    questionnaire: Questionnaire
    findings: tuple[CellFinding, ...]
    words: Words
    geo: str
    span: int
    digest: str = ""

    @property
    def sample(self) -> bool:
        """Whether the figures are those of the country that does not exist."""
        return not self.digest

    @property
    def items(self) -> Classification:
        """The items of the questionnaire."""
        return self.questionnaire.classification

    @property
    def country(self) -> str:
        """The name of the country."""
        return country(self.words) if self.sample else self.words.geo(self.geo)

    @functools.cached_property
    def years(self) -> list[int]:
        """The years that tables show."""
        return self.questionnaire.years[-self.span :]

    @property
    def last(self) -> int:
        """The last year."""
        return self.years[-1]

    @functools.cached_property
    def values(self) -> dict[tuple[int, str, str], tuple[float, str]]:
        """Value and flag by year, scheme and item; sums that the file lacks are computed."""
        return _values(self.questionnaire)

    @functools.cached_property
    def net(self) -> net.Net:
        """Net benefits; empty without rates."""
        return net.compute(self.questionnaire.table, self.questionnaire.net, self.items)

    @functools.cached_property
    def pensioners(self) -> pd.DataFrame:
        """Beneficiaries of pensions over all schemes, by year, category and sex."""
        frame = self.questionnaire.beneficiaries
        return frame[frame["scheme"] == ALL]

    @functools.cached_property
    def averages(self) -> pd.DataFrame:
        """Beneficiaries with the expenditure on their pensions and the average pension."""
        return beneficiaries.average(self.questionnaire.beneficiaries, self.questionnaire.table, self.items)

    def value(self, item: str, year: int = 0, scheme: str = ALL) -> float:
        """A value; NaN where there is none."""
        return self.values.get((year or self.last, scheme, item), (math.nan, ""))[0]

    def known(self, item: str) -> float:
        """The last value; nought where there is none."""
        value = self.value(item)
        return value if math.isfinite(value) else 0.0

    def share(self, part: str, whole: str, year: int = 0) -> float:
        """A value in per cent of another."""
        total = self.value(whole, year)
        return 100 * self.value(part, year) / total if total else math.nan

    def label(self, item: str) -> str:
        """The name of an item."""
        return self.words.text(self.items[item].label)

    def named(self, scheme: Scheme) -> str:
        """The name of a scheme in the language of the page, where the country has one."""
        name = scheme.names.get(self.words.language.id) or scheme.name
        return f"{scheme.number} – {name}" if name else scheme.number

    def cell(self, value: float, decimals: int = 1, flag: str = "") -> Cell:
        """A cell of a table."""
        known = value if math.isfinite(value) and "c" not in flag else None
        return Cell(known, flag, self.words.number(known, decimals), decimals)

    def over_years(self, items: Iterable[str], scheme: str = ALL) -> tuple[Row, ...]:
        """A row for each item that has a value, a cell for each year."""
        found = []
        for item in items:
            pairs = [self.values.get((year, scheme, item), (math.nan, "")) for year in self.years]
            if any(math.isfinite(value) for value, _ in pairs):
                found.append(Row(self.label(item), "", tuple(self.cell(value, 1, flag) for value, flag in pairs)))
        return tuple(found)

    def tidy(self, name: str, rows: Iterable[tuple[str, int, float, str, str]]) -> tuple[dict[str, object], ...]:
        """Observations of a table: key, year, value, unit, flag."""
        dataset = SAMPLE if self.sample else COLLECTED
        source = "sample of the package reporting" if self.sample else self.questionnaire.file
        common = {"table": name, "geo": "" if self.sample else self.geo, "indicator": "", "dataset": dataset,
                  "vintage": f"{self.last}{_LAST_DAY}", "source": source, "note": self.digest[:12]}  # fmt: skip
        found = []
        for key, year, value, unit, flag in rows:
            known = value if math.isfinite(value) and "c" not in flag else None
            record: dict[str, object] = {
                **common,
                "key": key,
                "time": str(year),
                "value": known,
                "unit": unit,
                "flag": flag,
            }
            found.append({column: record[column] for column in TIDY})
        return tuple(found)

    def table(
        self, name: str, title: str, columns: Sequence[str], rows: Sequence[Row], tidy: Sequence[dict[str, object]],
        *, stub: str, unit: str = _MILLIONS, notes: Sequence[str] = (),
    ) -> Table | None:  # fmt: skip
        """A table about the country; None where it has no row."""
        if not rows:
            return None
        words = self.words
        letters = sorted({letter for row in rows for cell in row.cells for letter in cell.flag})
        said = (words.text("FICTITIOUS FIGURES of a country that does not exist."),) if self.sample else ()
        return Table(
            id=name, title=title, geo=self.country, tag=words.language.tag, stub=stub,
            unit_head=words.text("Unit"), unit=words.code("unit", unit),
            columns=tuple(columns), rows=tuple(rows), breaks=(), sources=(self.source(),), notes=(*said, *notes),
            flags=tuple((letter, words.code("flag", letter)) for letter in letters),
            flags_head=words.text("Flags: "), tidy=tuple(tidy),
        )  # fmt: skip

    def source(self) -> str:
        """The source line: the file with its checksum, or that the figures are invented."""
        if self.sample:
            return self.words.text(
                "Source: invented ESSPROS questionnaire of the package reporting. The country, its schemes and its "
                "figures do not exist."
            )
        return self.words.text(
            "Source: ESSPROS questionnaire {file} (checksum {digest}), national currency.",
            file=self.questionnaire.file, digest=self.digest[:12],
        )  # fmt: skip


def country(words: Words) -> str:
    """What the country of the sample is called."""
    return words.text("Veldania (fictitious country)")


def read(file: str, words: Words, geo: str, span: int, codes: str = "") -> Collected:
    """A questionnaire and what is wrong in it; that of the sample where no file is named.

    Parameters
    ----------
    codes : str
        File with the numeric codes of the questionnaire; a workbook may hold their list itself.

    Raises
    ------
    UsageError
        When it has no figures.
    """
    declared, known = rules.declared(words.declarations), classification.load(words.declarations.home)
    _asked(words.declarations.home / "parameters" / "esspros" / "items.csv")
    if not file:
        read_ = figures.questionnaire(known)
        return Collected(read_, tuple(rules.check(read_, rules=declared)), words, geo, span)
    path = Path(file)
    if codes:
        _asked(Path(codes))
        known = numeric.load(Path(codes), known)
    read_ = questionnaire.read(path, known)
    if not read_.table["value"].notna().any():
        raise UsageError(f"{path.name} has no figures: nothing can be published from it.")
    return Collected(read_, tuple(rules.check(read_, rules=declared)), words, geo, span, _asked(path))


def _asked(path: Path) -> str:
    """The checksum of a file; written down, so that what is made of it is made anew when it changes."""
    with reads.covered():
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
    reads.asked(("file", str(path.resolve())), digest)
    return digest


def _values(read_: Questionnaire) -> dict[tuple[int, str, str], tuple[float, str]]:
    own, items = read_.table, read_.classification
    leaves = own[own["item"].map(lambda item: item in items and items.leaf(item)).astype(bool) & (own["scheme"] != ALL)]
    # Of a table of sums alone nothing can be added up.
    whole = [totals.completed(own, items)] if leaves["value"].notna().any() else []
    found: dict[tuple[int, str, str], tuple[float, str]] = {}
    for frame in (*whole, own):
        columns = (frame[name].tolist() for name in ("year", "scheme", "item", "value", "flag"))
        for year, scheme, item, value, flag in zip(*columns, strict=True):
            if math.isfinite(value):
                found[int(year), str(scheme), str(item)] = (float(value), str(flag))
    return found
