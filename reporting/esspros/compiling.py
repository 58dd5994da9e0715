"""From a mapping to a questionnaire: the whole way, with everything that is found on it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from reporting.declarations import mappings
from reporting.declarations.mappings import Mapping
from reporting.errors import UsageError
from reporting.esspros import (
    adjustment,
    beneficiaries,
    compilation,
    completion,
    coverage,
    national,
    net,
    neutral,
    totals,
)
from reporting.esspros import schemes as registers
from reporting.esspros.classification import Classification
from reporting.esspros.compilation import Compiled
from reporting.esspros.questionnaire import Questionnaire, beside
from reporting.esspros.schemes import ALL, Scheme
from reporting.findings import CellFinding


@dataclass(frozen=True)
class Method:
    """A mapping with the folder its files lie in."""

    mapping: Mapping
    path: Path

    @property
    def folder(self) -> Path:
        """Where the files lie that the mapping names."""
        return self.path.parent


@dataclass(frozen=True)
class Result:
    """What was compiled: the cells with their trace, and how many lines they come from."""

    compiled: Compiled
    lines: int
    years: tuple[int, ...]

    @property
    def findings(self) -> tuple[CellFinding, ...]:
        """All that was found."""
        return self.compiled.findings


def method(path: Path, classification: Classification) -> Method:
    """The mapping in a file, its items and schemes known."""
    return Method(compilation.resolved(mappings.read(path), classification), path)


def compiled(
    method: Method,
    classification: Classification,
    sources: Sequence[Path] = (),
    years: Sequence[int] = (),
    last: Questionnaire | None = None,
) -> Result:
    """Compile by a method: lines, estimates, benchmarks, and whether each line is taken once.

    Parameters
    ----------
    sources : sequence of Path
        Files in place of those that the mapping names.
    years : sequence of int
        The years wanted; all of the sources when empty. Others still carry estimates and benchmarks.
    last : Questionnaire, optional
        Years before those of the sources, for estimates.

    Raises
    ------
    UsageError
        When a year is asked for that no source has.
    """
    read = national.read(method.mapping.sources, method.folder, sources)
    made = compilation.compile_lines(method.mapping, read.lines)
    made = completion.estimated(method.mapping, made, read.lines, _history(last), method.path.name)
    made = adjustment.benchmarked(method.mapping, made, method.folder, classification)
    there = sorted({year for year, _, _ in made.cells})
    if lost := sorted(set(years) - set(there)):
        said = ", ".join(map(str, there)) or "none"
        raise UsageError(f"There is nothing to compile for {', '.join(map(str, lost))}. The sources have {said}.")
    wanted = set(years) or {*there, *(line.year for line in read.lines)}
    lines = [line for line in read.lines if line.year in wanted]
    found = [*read.findings, *made.findings, *coverage.check(method.mapping, lines, made, classification)]
    kept = [finding for finding in found if not finding.year or int(finding.year) in wanted]
    own = Compiled(tuple(c for c in made.contributions if c.year in wanted), tuple(kept))
    counted = {(c.file, c.sheet, c.line, c.year) for c in own.contributions if c.account}
    return Result(own, len(counted), tuple(sorted({year for year, _, _ in own.cells})))


def _history(last: Questionnaire | None) -> pd.DataFrame | None:
    """The elementary figures of schemes in the last questionnaire; sums follow from them."""
    if last is None:
        return None
    known = last.classification
    own = last.table["item"].map(lambda item: item in known and known.leaf(item)).astype(bool)
    return last.table[own & (last.table["scheme"] != ALL)]


def questionnaire(
    method: Method,
    result: Result,
    classification: Classification,
    schemes: Path | None = None,
    last: Questionnaire | None = None,
    file: str = "",
) -> Questionnaire:
    """The questionnaire with the cells compiled, their sums, and the sheets that the mapping names.

    What is said of schemes and benefits, and years that were not compiled anew, come
    from the last questionnaire.
    """
    findings: list[CellFinding] = []
    listed = _schemes(method, result, schemes, last, findings)
    figures = table(result, classification)
    if last is not None:
        before = last.table[~last.table["year"].isin(result.years)]
        figures = pd.concat([before, figures], ignore_index=True)
    frames = {} if last is None else {"qualitative": last.qualitative}
    frames |= _modules(method, last, classification)
    return Questionnaire(file, neutral.typed(figures), listed, tuple(findings), classification, **frames)


def table(result: Result, classification: Classification) -> pd.DataFrame:
    """Cells with all sums; a cell that misses a line stays, empty."""
    cells = result.compiled.table
    known = cells[cells["value"].notna()]
    empty = cells[cells["value"].isna()]
    if known.empty:
        return neutral.typed(empty)
    return neutral.typed(pd.concat([totals.completed(known, classification), empty], ignore_index=True))


def _schemes(
    method: Method, result: Result, given: Path | None, last: Questionnaire | None, findings: list[CellFinding]
) -> tuple[Scheme, ...]:
    """The register: of a file, of the mapping, of the last questionnaire; what it lacks is a finding."""
    path = given or (method.folder / method.mapping.schemes if method.mapping.schemes else None)
    listed = registers.read(path, findings) if path else last.schemes if last is not None else ()
    used = {scheme for _, scheme, _ in result.compiled.cells}
    if listed:
        place = path.name if path else last.file if last is not None else ""
        for scheme in sorted(used - {one.number for one in listed}):
            findings.append(
                CellFinding("E04", "error", f"Scheme {scheme} is compiled and is not in the list of schemes.",
                            "Add it to the list, or correct the mapping.", place, scheme=scheme)
            )  # fmt: skip
        return listed
    findings.append(
        CellFinding("C13", "warning", "There is no list of schemes: the questionnaire has their numbers only.",
                    "Name it with --schemes, or in the mapping: schemes = \"schemes.csv\".", method.path.name)
    )  # fmt: skip
    return tuple(Scheme(number, "") for number in sorted(used, key=lambda n: (len(n), n)))


def _modules(method: Method, last: Questionnaire | None, classification: Classification) -> dict[str, pd.DataFrame]:
    """Beneficiaries and rates: those of files of the mapping, otherwise those of the last questionnaire."""
    frames = {} if last is None else {"beneficiaries": last.beneficiaries, "net": last.net}
    mapping = method.mapping
    if mapping.combinations:
        counted = beneficiaries.count(beneficiaries.read(method.folder / mapping.combinations))
        frames["beneficiaries"] = counted.assign(sheet="", cell="")
    if mapping.rates:
        frames["net"] = net.read(method.folder / mapping.rates, classification)
    return frames


__all__ = ["Method", "Result", "beside", "compiled", "method", "questionnaire", "table"]
