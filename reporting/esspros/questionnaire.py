"""The questionnaire: a workbook with a sheet a year, or its neutral table, read with all that is wrong in it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import pandas as pd

from reporting.errors import SourceUnreadable
from reporting.esspros import codes, grids, headings, neutral, year_sheets
from reporting.esspros import schemes as registers
from reporting.esspros.classification import Classification, code_text
from reporting.esspros.grids import folded
from reporting.esspros.neutral import Figures
from reporting.esspros.schemes import ALL, Scheme
from reporting.findings import CellFinding, Severity
from reporting.spreadsheets import Sheet, opened, uncollected

#: The sheets beside the years: name to columns, of which the first are needed.
BESIDE: dict[str, tuple[str, ...]] = {
    "Qualitative": ("scheme", "item", "description"),
    "Beneficiaries": ("year", "scheme", "category", "sex", "value", "flag", "comment"),
    "NetBenefits": ("year", "scheme", "item", "AITR", "AISCR", "RFB", "flag", "comment"),
}
#: Columns of these sheets that hold numbers.
NUMBERS = ("value", "AITR", "AISCR", "RFB")
#: Findings on formulas, of which those are grave from which a figure is read.
_FORMULAS = ("Q03", "Q04")
_SPELLINGS: dict[str, Sequence[str]] = {
    "AITR": ("average itemised tax rate",), "AISCR": ("average itemised social contribution rate",),
    "RFB": ("residual fiscal benefits",), "item": ("code", "benefit"), "flag": ("status",), "comment": ("note",),
    "description": ("text",), "year": (), "scheme": ("scheme number",), "category": ("pension",), "sex": (),
    "value": ("persons", "beneficiaries", "number"),
}  # fmt: skip


@dataclass(frozen=True)
class Questionnaire:
    """What a file holds: the neutral table, the schemes, the sheets beside, and what is wrong in it.

    ``qualitative``, ``beneficiaries`` and ``net`` have the columns of ``BESIDE`` with
    ``sheet`` and ``cell``; their items are ids where the code is known.
    """

    file: str
    table: pd.DataFrame
    schemes: tuple[Scheme, ...]
    findings: tuple[CellFinding, ...]
    classification: Classification
    qualitative: pd.DataFrame = field(default_factory=lambda: beside("Qualitative", ()))
    beneficiaries: pd.DataFrame = field(default_factory=lambda: beside("Beneficiaries", ()))
    net: pd.DataFrame = field(default_factory=lambda: beside("NetBenefits", ()))

    @property
    def years(self) -> list[int]:
        """The years there are figures for."""
        return sorted(int(year) for year in self.table["year"].unique())


def beside(name: str, rows: Iterable[Sequence[object]]) -> pd.DataFrame:
    """A frame with the columns of a sheet beside the years, and places."""
    return pd.DataFrame(list(rows), columns=[*BESIDE[name], "sheet", "cell"])


def read(path: Path, classification: Classification, schemes: Path | None = None) -> Questionnaire:
    """Read a workbook (.xlsx, .xlsm) or a neutral table (.csv).

    Whatever is wrong inside is a finding with its place; what could be read is in the
    table all the same. Codes that no item has (``E05``) stay in the table as they are
    written, schemes that are not in the list (``E04``) under their number.

    Parameters
    ----------
    schemes : Path, optional
        A list of schemes in a file of its own, which takes the place of the one inside.

    Raises
    ------
    UsageError, SourceUnreadable
        When there is no such file, or nothing can be read from it.
    """
    findings: list[CellFinding] = []
    text = path.suffix.lower() in grids.TEXT
    with uncollected():
        found = (_text if text else _workbook)(path, classification, findings)
    listed = registers.read(schemes, findings) if schemes else found.schemes
    if listed or not text:
        findings += _unlisted(found.file, found.table, listed)
    return Questionnaire(
        found.file, found.table, listed, tuple(findings), found.classification, found.qualitative, found.beneficiaries,
        found.net,
    )  # fmt: skip


def _text(path: Path, classification: Classification, findings: list[CellFinding]) -> Questionnaire:
    return Questionnaire(path.name, neutral.read(path, classification, findings), (), (), classification)


def _workbook(path: Path, classification: Classification, findings: list[CellFinding]) -> Questionnaire:
    sheets = opened(path, findings)
    classification = _coded(path.name, sheets, classification)
    reading = _Reading(classification, Figures(path.name), findings)
    for sheet in sheets:
        reading.sheet(sheet)
    if not reading.years:
        raise SourceUnreadable(
            f"{path.name}: no sheet of a year: none is named with a year (2023) and has headings such as “Scheme 01”. "
            "Write an empty questionnaire with: reporting esspros new"
        )
    table = reading.figures.table()
    if any(finding.rule in _FORMULAS for finding in findings):
        findings[:] = _weighed(findings, table, reading)
    return Questionnaire(
        path.name, table, reading.schemes, (), classification,
        *(reading.frames.get(name, beside(name, ())) for name in BESIDE),
    )  # fmt: skip


def _weighed(findings: Iterable[CellFinding], table: pd.DataFrame, reading: _Reading) -> Iterator[CellFinding]:
    """The findings; a formula without a value is an error only where a figure is read from it."""
    figures = set(zip(table["sheet"], table["cell"], strict=True))
    years = set(reading.years.values())
    for finding in findings:
        if finding.rule in _FORMULAS and finding.stops:
            if finding.sheet not in reading.read:
                finding = replace(finding, severity="information", mend="Nothing: this sheet is not read.")
            elif finding.sheet in years and finding.cell and (finding.sheet, finding.cell) not in figures:
                finding = replace(finding, severity="warning", mend=f"{finding.mend} No figure is read from this cell.")
        yield finding


def _coded(file: str, sheets: Iterable[Sheet], classification: Classification) -> Classification:
    """The classification, with the codes that the workbook itself lists where no others were given."""
    if not classification.numbered:
        for sheet in sheets:
            if folded(sheet.name) == "codes" and (found := codes.listed(file, sheet, classification)) is not None:
                return found
    return classification


@dataclass
class _Reading:
    """What has been read of a workbook so far."""

    classification: Classification
    figures: Figures
    findings: list[CellFinding]
    schemes: tuple[Scheme, ...] = ()
    frames: dict[str, pd.DataFrame] = field(default_factory=dict)
    years: dict[int, str] = field(default_factory=dict)
    read: set[str] = field(default_factory=set)

    def found(self, rule: str, severity: Severity, sheet: Sheet, message: str, mend: str, year: object = "") -> None:
        """Add a finding on a sheet as a whole."""
        self.findings.append(
            CellFinding(rule, severity, message, mend, self.figures.file, sheet.name, year=str(year))
        )  # fmt: skip

    def sheet(self, sheet: Sheet) -> None:
        """Read one sheet as what its name says it is."""
        name = _named(sheet.name)
        if name:
            self.read.add(sheet.name)
        if name == "Schemes":
            schemes = registers.register(sheet, self.figures.file, self.findings)
            if schemes is None and sheet.cells:
                mend = "Its columns are number, name, the five criteria, and first and last year."
                self.found("Q12", "error", sheet, "The list of schemes has no headings number and name.", mend)
            self.schemes = schemes or self.schemes
        elif name:
            self.frames[name] = _beside(sheet, name, self.figures.file, self.classification, self.findings)
        elif year := headings.year_of(sheet.name):
            self.year(sheet, year)
        elif not self.schemes and (schemes := registers.register(sheet, self.figures.file, self.findings, "scope")):
            self.schemes = schemes
            self.read.add(sheet.name)
        elif headings.row_of(sheet):
            self.found(
                "Q21", "warning", sheet, "The sheet has columns of schemes but no year in its name; it is not read.",
                "Name it with its year, or delete it.",
            )  # fmt: skip

    def year(self, sheet: Sheet, year: int) -> None:
        """Read a sheet of a year, once."""
        if not headings.row_of(sheet):
            if sheet.cells and sheet.name.strip().isdigit():
                what = "The sheet is named with a year but has no headings such as “Scheme 01”."
                self.found("Q12", "error", sheet, what, f"Put them into row {headings.HEAD_ROW}.", year)
            return
        if year in self.years:
            what = f"The year {year} is on the sheet {self.years[year]!r} too; this sheet is not read."
            self.found("Q11", "error", sheet, what, "Keep one sheet for each year.", year)
            return
        self.years[year] = sheet.name
        before = len(self.figures.rows)
        self.read.add(sheet.name)
        year_sheets.read(sheet, year, self.classification, self.figures, self.findings)
        if len(self.figures.rows) == before:
            self.found("Q24", "warning", sheet, "The sheet has no figures.", "Fill it in, or delete it.", year)
        if sheet.hidden:
            what = "The sheet is hidden; it was read all the same."
            self.found("Q13", "information", sheet, what, "Show it, or delete it.", year)


def _named(name: str) -> str:
    """Which of the sheets beside the years a sheet is; empty for none."""
    names = {folded(known).replace(" ", ""): known for known in ("Schemes", *BESIDE)}
    plain = folded(name).replace(" ", "")
    return names.get(plain, {"listofschemes": "Schemes", "scheme": "Schemes", "qualitativeinformation": "Qualitative",
                             "pensionbeneficiaries": "Beneficiaries"}.get(plain, ""))  # fmt: skip


def _beside(
    sheet: Sheet, name: str, file: str, classification: Classification, findings: list[CellFinding]
) -> pd.DataFrame:
    columns = BESIDE[name]
    rows = grids.rows(sheet, {column: _SPELLINGS[column] for column in columns}, columns[:3])
    if rows is None:
        if sheet.cells:
            findings.append(
                CellFinding(
                    "Q12", "error", f"The sheet has no headings {', '.join(columns[:3])}.",
                    f"Its columns are {', '.join(columns)}.", file, sheet.name,
                )
            )  # fmt: skip
        return beside(name, ())
    found = []
    for row in rows:
        if name != "Qualitative" and not any(row[column] for column in columns if column in NUMBERS):
            continue
        found.append([_value(row, column, file, classification, findings) for column in columns])
        found[-1] += [sheet.name, row.place(next((c for c in columns if c in NUMBERS), columns[-1]))]
    frame = beside(name, found)
    return frame.astype({column: float for column in columns if column in NUMBERS})


def _value(
    row: grids.Row, column: str, file: str, classification: Classification, findings: list[CellFinding]
) -> object:
    text = row[column]

    def wrong(rule: str, message: str, mend: str) -> None:
        findings.append(CellFinding(rule, "error", message, mend, file, row.sheet.name, row.place(column)))

    if column in NUMBERS:
        raw = row.sheet.value(row.number, row.columns.get(column, 0))
        value, message, mend = (raw, "", "") if isinstance(raw, float) else neutral.number(text)
        if message:
            wrong("Q08", message, mend)
        return value
    if column == "scheme":
        number = registers.number_of(text)
        if not number:
            wrong("Q17", f"{text!r} is no serial number of a scheme.", "Write 1, 2 … or _T for all.")
        return number or text
    if column == "year":
        year = grids.whole_number(text)
        if year is None:
            wrong("Q20", f"{text!r} is not a year.", "Write a year such as 2023.")
        return year or 0
    if column == "item" and text:
        code = code_text(text)
        if not classification.item(code):
            wrong("E05", f"No item has the code {code!r}.", "Correct the code.")
        return classification.item(code) or code
    return text


def _unlisted(file: str, table: pd.DataFrame, schemes: Sequence[Scheme]) -> Iterable[CellFinding]:
    """Schemes with figures that are not in the list of schemes."""
    known = {scheme.number for scheme in schemes} | {ALL}
    strange = table[~table["scheme"].isin(known)]
    for (scheme, sheet), rows in strange.groupby(["scheme", "sheet"], sort=False):
        first = rows.iloc[0]
        yield CellFinding(
            "E04", "error", f"Scheme {scheme} has {len(rows)} figures and is not in the list of schemes.",
            "Add it to the sheet Schemes (or the file of --schemes), or correct its number.", file, str(sheet),
            str(first["cell"]), str(scheme), str(first["item"]), str(first["year"]), float(first["value"]),
        )  # fmt: skip
