"""Reads the files under ``parameters/``, collecting every fault before it speaks."""

from __future__ import annotations

import ast
import csv
import functools
import itertools
import os
import re
import tomllib
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from reporting.declarations.records import (
    Accepted,
    Dataset,
    Declarations,
    Figure,
    Indicator,
    Language,
    Publication,
    Rule,
    Table,
)
from reporting.errors import DeclarationError, UsageError

_PLACEHOLDER = re.compile(r"{(\w+)}")


def home(start: Path | None = None) -> Path:
    """The project folder: the one that holds ``parameters/`` and ``notebooks/``."""
    if named := os.environ.get("REPORTING_HOME"):
        return Path(named)
    here = (start or Path.cwd()).resolve()
    for folder in (here, *here.parents, Path(__file__).resolve().parents[2]):
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
                        # A spelling that stands for two codes stands for none.
                        back[spelling] = code if back.get(spelling, code) == code else ""
        spellings = {name: {s: code for s, code in back.items() if code} for name, back in spellings.items()}
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
        self._rules(d)
        for publication in d.publications.values():
            self._publication(publication, d)

    def _rules(self, d: Declarations) -> None:
        for rule in d.rules.values():
            for name in filter(None, (rule.dataset, getattr(rule, "other", ""))):
                if name not in d.datasets:
                    self._fault(self.origin["rules", rule.id], rule.id, f"undeclared dataset {name!r}")
        for accepted in d.accepted:
            if accepted.rule not in d.rules:
                self._fault("parameters/rules", "accepted", f"undeclared rule {accepted.rule!r}")

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
