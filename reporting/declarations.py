"""What is published: ``parameters/`` read into frozen, validated records.

Everything under ``parameters/`` is TOML without code. Unknown keys, duplicate
ids, references to undeclared things and cycles are faults; all faults are
reported at once, each naming its file and id.
"""

from __future__ import annotations

import ast
import csv
import functools
import itertools
import os
import re
import tomllib
from collections.abc import Iterator
from fnmatch import fnmatchcase
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from reporting.errors import DeclarationError, UsageError

_PLACEHOLDER = re.compile(r"{(\w+)}")


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Dataset(_Record):
    """A provider's table and its structure.

    ``fixed`` gives the codes of dimensions that a file may leave out.
    """

    id: str
    title: str
    dimensions: tuple[str, ...]
    provider: str = "Eurostat"
    fixed: dict[str, str] = {}
    aliases: tuple[str, ...] = ()
    acknowledgement: str = "Source: Eurostat"
    note: str = ""


class Indicator(_Record):
    """A formula over series, with the facts a reader needs.

    ``codes`` holds the codes of the family member (empty outside a family).
    ``label`` may name a dimension in braces; it then shows that code's label.
    """

    id: str
    family: str
    label: str
    unit: str
    inputs: dict[str, str]
    formula: str
    codes: dict[str, str] = {}
    decimals: int = 1
    direction: Literal["high", "low", "neutral"] = "neutral"
    reference: str = ""
    aggregate: Literal["", "sum"] = ""


class Table(_Record):
    """A table of a publication: which indicators, laid out how."""

    id: str
    title: str
    rows: tuple[str, ...]
    by: Literal["time", "geo", "cross"] = "time"
    geos: tuple[str, ...] = ()
    across: tuple[str, str] | None = None
    growth: bool = False
    points: bool = False
    notes: tuple[str, ...] = ()


class Figure(_Record):
    """A figure of a publication."""

    id: str
    title: str
    kind: Literal["lines", "stack", "share", "bars", "ranking"]
    rows: tuple[str, ...]
    geos: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


class Chapter(_Record):
    """A chapter: a notebook with its parameters."""

    id: str
    title: str
    notebook: str
    parameters: dict[str, Any] = {}


class Publication(_Record):
    """A publication: what one ``build`` makes."""

    id: str
    title: str
    subtitle: str
    edition: str
    publisher: str
    geos: tuple[str, ...]
    languages: tuple[str, ...]
    formats: tuple[str, ...] = ("html", "pdf", "xlsx")
    span: int = 5
    chapters: tuple[Chapter, ...]


class _Rule(_Record):
    id: str
    title: str
    severity: Literal["error", "warning", "information"]
    dataset: str
    reference: str = ""
    where: dict[str, tuple[str, ...]] = {}


class SumRule(_Rule):
    """``total`` equals the sum of ``parts`` along one dimension."""

    kind: Literal["sum"]
    dimension: str
    total: str
    parts: tuple[str, ...]
    tolerance: float


class MembersRule(_Rule):
    """An aggregate equals the sum of its members."""

    kind: Literal["members"]
    group: str
    tolerance: float = 0.0
    relative: float = 0.0


class MarginRule(_Rule):
    """Two datasets agree where one is a margin of the other."""

    kind: Literal["margin"]
    other: str
    total: dict[str, str]
    tolerance: float = 0.0
    relative: float = 0.0


class RangeRule(_Rule):
    """Values lie between two bounds."""

    kind: Literal["range"]
    low: float
    high: float


class JumpRule(_Rule):
    """A value does not move by more than ``percent`` from one year to the next."""

    kind: Literal["jump"]
    percent: float
    floor: float = 0.0


Rule = Annotated[SumRule | MembersRule | MarginRule | RangeRule | JumpRule, Field(discriminator="kind")]


class Accepted(_Record):
    """A finding known and accepted, with the reason: it stays a note, it no longer stops."""

    rule: str
    geo: str
    time: str
    reason: str


class Language(_Record):
    """A language of publication: Babel locale, BCP 47 tag, its own name."""

    id: str
    locale: str
    tag: str
    name: str


class Declarations(_Record):
    """All that ``parameters/`` declares."""

    home: Path
    datasets: dict[str, Dataset]
    indicators: dict[str, Indicator]
    tables: dict[str, Table]
    figures: dict[str, Figure]
    publications: dict[str, Publication]
    rules: dict[str, Rule]
    accepted: tuple[Accepted, ...]
    languages: dict[str, Language]
    groups: dict[str, tuple[str, ...]]
    #: dimension -> code -> English label
    codelists: dict[str, dict[str, str]]
    #: dimension -> any known spelling of a label -> code
    spellings: dict[str, dict[str, str]]

    def indicator_ids(self, patterns: tuple[str, ...]) -> list[str]:
        """Ids that fit the patterns (``family.*``), in declared order."""
        found: list[str] = []
        for pattern in patterns:
            found += [i for i in self.indicators if i not in found and fnmatchcase(i, pattern)]
        return found

    def members(self, geo: str) -> tuple[str, ...]:
        """The countries a geo code stands for: its members, or itself."""
        return self.groups.get(geo, (geo,))

    def inputs(self, indicator: str) -> Iterator[tuple[str, str]]:
        """All (dataset, key pattern) pairs an indicator reads, through other indicators too."""
        for ref in self.indicators[indicator].inputs.values():
            if "/" in ref:
                dataset, key = ref.split("/", 1)
                yield dataset, key
            else:
                yield from self.inputs(ref)


def home(start: Path | None = None) -> Path:
    """The project folder: the one that holds ``parameters/`` and ``notebooks/``."""
    if named := os.environ.get("REPORTING_HOME"):
        return Path(named)
    here = (start or Path.cwd()).resolve()
    for folder in (here, *here.parents, Path(__file__).resolve().parents[1]):
        if (folder / "parameters").is_dir() and (folder / "notebooks").is_dir():
            return folder
    raise UsageError(
        f"No project folder at or above {here}: it holds parameters/ and notebooks/. "
        "Change into a copy of the project, or name it in REPORTING_HOME."
    )


@functools.cache
def load(folder: Path | None = None) -> Declarations:
    """Read and validate all declarations of a project.

    Parameters
    ----------
    folder : Path, optional
        The project folder; by default the one found by :func:`home`.

    Raises
    ------
    DeclarationError
        With every fault found, each naming file and id.
    """
    return _Loader(folder or home()).load()


class _Loader:
    """Collects entries and faults while the files are read."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.root = folder / "parameters"
        self.faults: list[str] = []
        self.origin: dict[tuple[str, str], str] = {}

    def load(self) -> Declarations:
        codelists, spellings = self._codelists()
        tables_and_figures = self._read("tables")
        rules = self._read("rules")
        languages = self._toml(self.root / "languages.toml")
        groups = self._toml(self.root / "geos.toml").get("groups", {})
        result = Declarations(
            home=self.folder,
            datasets=self._records("datasets", Dataset, self._read("datasets")),
            indicators=self._indicators(),
            tables=self._records("tables", Table, _sections(tables_and_figures, "tables")),
            figures=self._records("tables", Figure, _sections(tables_and_figures, "figures")),
            publications=self._records(
                "publications", Publication, [(f, {f.stem: body}) for f, body in self._read("publications")]
            ),
            rules=self._records("rules", TypeAdapter(Rule), _without(rules, "accepted")),
            accepted=tuple(
                record for _, body in rules for entry in body.get("accepted", []) if (record := self._accept(entry))
            ),
            languages=self._records("", Language, [(self.root / "languages.toml", languages)]),
            groups={name: tuple(members) for name, members in groups.items()},
            codelists=codelists,
            spellings=spellings,
        )
        self._references(result)
        if self.faults:
            raise DeclarationError(self.faults)
        return result

    def _toml(self, path: Path) -> dict[str, Any]:
        try:
            return tomllib.loads(path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            self._fault(path, "", "the file is missing")
        except UnicodeDecodeError as error:
            self._fault(path, "", f"not UTF-8 text: {error}")
        except tomllib.TOMLDecodeError as error:
            self._fault(path, "", f"not valid TOML: {error}")
        return {}

    def _read(self, section: str) -> list[tuple[Path, dict[str, Any]]]:
        return [(path, self._toml(path)) for path in sorted((self.root / section).glob("*.toml"))]

    def _fault(self, path: Path | str, entry: str, what: str) -> None:
        place = path.relative_to(self.folder) if isinstance(path, Path) else path
        self.faults.append(f"{place}: {f'[{entry}] ' if entry else ''}{what}")

    def _records(self, section: str, model: Any, files: list[tuple[Path, dict[str, Any]]]) -> dict[str, Any]:
        records: dict[str, Any] = {}
        validate = model.validate_python if isinstance(model, TypeAdapter) else model.model_validate
        for path, body in files:
            for name, entry in body.items():
                if not isinstance(entry, dict):
                    self._fault(path, name, "unknown key at the top of the file: entries are [tables]")
                elif name in records:
                    self._fault(path, name, f"duplicate id, first declared in {self.origin[section, name]}")
                elif record := self._validated(path, name, validate, {"id": name, **entry}):
                    records[name] = record
                    self.origin[section, name] = str(path.relative_to(self.folder))
        return records

    def _validated(self, path: Path, name: str, validate: Any, entry: dict[str, Any]) -> Any:
        try:
            return validate(entry)
        except ValidationError as error:
            for fault in error.errors():
                where = ".".join(str(part) for part in fault["loc"])
                hint = "unknown key" if fault["type"] == "extra_forbidden" else fault["msg"].lower()
                self._fault(path, name, f"{where}: {hint}")
        return None

    def _accept(self, entry: dict[str, Any]) -> Accepted | None:
        result: Accepted | None = self._validated(self.root / "rules", "accepted", Accepted.model_validate, entry)
        return result

    def _indicators(self) -> dict[str, Indicator]:
        families: list[tuple[Path, dict[str, Any]]] = []
        seen: dict[str, Path] = {}
        for path, body in self._read("indicators"):
            expanded: dict[str, Any] = {}
            for family, entry in body.items():
                if family in seen:
                    self._fault(path, family, f"duplicate id, first declared in {seen[family].name}")
                    continue
                seen[family] = path
                if isinstance(entry, dict):
                    expanded.update(_members(family, dict(entry)))
            families.append((path, expanded))
        return self._records("indicators", Indicator, families)

    def _codelists(self) -> tuple[dict[str, dict[str, str]], dict[str, dict[str, str]]]:
        labels: dict[str, dict[str, str]] = {}
        spellings: dict[str, dict[str, str]] = {}
        for path in sorted((self.root / "codelists").glob("*.csv")):
            own = labels.setdefault(path.stem, {})
            back = spellings.setdefault(path.stem, {})
            with path.open(encoding="utf-8", newline="") as file:
                for line, row in enumerate(csv.DictReader(file), start=2):
                    code, label = row["code"], row["label"]
                    if code in own:
                        self._fault(path, code, f"line {line}: duplicate code")
                    own[code] = label
                    for spelling in (label, *filter(None, (row.get("aliases") or "").split("|"))):
                        if back.setdefault(spelling, code) != code:
                            self._fault(path, code, f"line {line}: {spelling!r} already stands for {back[spelling]}")
        return labels, spellings

    def _references(self, d: Declarations) -> None:
        for item in d.indicators.values():
            self._formula(item, d)
        self._cycles(d)
        for kind, things in (("tables", d.tables), ("figures", d.figures)):
            for entry in things.values():
                where = self.origin.get(("tables", entry.id), kind)
                for pattern in entry.rows:
                    if not d.indicator_ids((pattern,)):
                        self._fault(where, entry.id, f"no indicator fits {pattern!r}")
        for rule in d.rules.values():
            for name in filter(None, (rule.dataset, getattr(rule, "other", ""))):
                if name not in d.datasets:
                    self._fault(self.origin["rules", rule.id], rule.id, f"undeclared dataset {name!r}")
        for accepted in d.accepted:
            if accepted.rule not in d.rules:
                self._fault("parameters/rules", "accepted", f"undeclared rule {accepted.rule!r}")
        for publication in d.publications.values():
            self._publication(publication, d)

    def _publication(self, publication: Publication, d: Declarations) -> None:
        where = self.origin["publications", publication.id]
        for language in publication.languages:
            if language not in d.languages:
                self._fault(where, publication.id, f"undeclared language {language!r}")
        ids = [chapter.id for chapter in publication.chapters]
        for name in sorted({name for name in ids if ids.count(name) > 1}):
            self._fault(where, publication.id, f"duplicate chapter {name!r}")
        for chapter in publication.chapters:
            if not (self.folder / "notebooks" / chapter.notebook).is_file():
                self._fault(where, publication.id, f"chapter {chapter.id}: no notebook {chapter.notebook!r}")
            for kind, known in (("tables", d.tables), ("figures", d.figures)):
                for name in chapter.parameters.get(kind, []):
                    if name not in known:
                        self._fault(where, publication.id, f"chapter {chapter.id}: undeclared {kind[:-1]} {name!r}")

    def _formula(self, item: Indicator, d: Declarations) -> None:
        where = self.origin["indicators", item.id]
        try:
            names = {n.id for n in ast.walk(ast.parse(item.formula, mode="eval")) if isinstance(n, ast.Name)}
        except SyntaxError as error:
            return self._fault(where, item.id, f"formula {item.formula!r} cannot be read: {error.msg}")
        for name in sorted(names - set(item.inputs) - {"lag", "growth", "change"}):
            self._fault(where, item.id, f"formula names an undeclared input {name!r}")
        for ref in item.inputs.values():
            dataset, _, key = ref.partition("/")
            if "/" not in ref:
                if ref not in d.indicators:
                    self._fault(where, item.id, f"input names an undeclared indicator {ref!r}")
            elif dataset not in d.datasets:
                self._fault(where, item.id, f"input names an undeclared dataset {dataset!r}")
            elif key.count(".") + 1 != len(d.datasets[dataset].dimensions):
                dims = ".".join(d.datasets[dataset].dimensions)
                self._fault(where, item.id, f"key {key!r} does not have the positions {dims}")
        return None

    def _cycles(self, d: Declarations) -> None:
        graph = {i.id: [ref for ref in i.inputs.values() if "/" not in ref] for i in d.indicators.values()}
        try:
            TopologicalSorter(graph).prepare()
        except CycleError as error:
            cycle = error.args[1]
            self._fault(self.origin["indicators", cycle[0]], cycle[0], f"cycle: {' -> '.join(cycle)}")


def _members(family: str, entry: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The members of an indicator family, one for each combination of ``each``."""
    each = entry.pop("each", {})
    if "series" in entry:
        entry.setdefault("inputs", {"x": entry.pop("series")})
    entry.setdefault("formula", "x")
    entry.setdefault("label", " – ".join(f"{{{dimension}}}" for dimension in each))
    members = {}
    for codes in itertools.product(*each.values()):
        chosen = dict(zip(each, codes, strict=True))
        inputs = entry.get("inputs")
        if isinstance(inputs, dict):
            inputs = {name: _filled(ref, chosen) for name, ref in inputs.items()}
        members[".".join([family, *codes])] = {**entry, "family": family, "codes": chosen, "inputs": inputs}
    return members


def _filled(ref: Any, codes: dict[str, str]) -> Any:
    """An input reference with the member's codes in place of ``{dimension}``."""
    return _PLACEHOLDER.sub(lambda m: codes.get(m[1], m[0]), ref) if isinstance(ref, str) else ref


def _sections(files: list[tuple[Path, dict[str, Any]]], section: str) -> list[tuple[Path, dict[str, Any]]]:
    return [(path, body.get(section, {})) for path, body in files]


def _without(files: list[tuple[Path, dict[str, Any]]], key: str) -> list[tuple[Path, dict[str, Any]]]:
    return [(path, {name: entry for name, entry in body.items() if name != key}) for path, body in files]
