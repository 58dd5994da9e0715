"""Reads the files under ``parameters/``, collecting every fault before it speaks."""

from __future__ import annotations

import csv
import functools
import io
import itertools
import os
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from reporting import reads
from reporting.declarations import references
from reporting.declarations.collections import CellRule
from reporting.declarations.profiles import AnyProfile
from reporting.declarations.records import (
    Accepted,
    Dataset,
    Declarations,
    Figure,
    Indicator,
    Language,
    Measure,
    Move,
    Provider,
    Publication,
    Reliability,
    Rule,
    Table,
)
from reporting.declarations.texts import Link, Texts, TextTable
from reporting.errors import DeclarationError, UsageError

_PLACEHOLDER = re.compile(r"{([^{}]*)}")
#: Keys of an indicator that the loader fills in.
_FILLED = ("family", "codes")


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
@reads.covers
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
        languages = self.root / "languages.toml"
        providers = [(path, self._toml(path)) for path in sorted(self.root.glob("providers.toml"))]
        result = Declarations(
            home=self.folder,
            datasets=self._records("datasets", Dataset, self._read("datasets")),
            providers=self._records("providers", Provider, _without(providers, "moves")),
            moves=tuple(self._listed(providers, "moves", Move)),
            indicators=self._indicators(),
            tables=self._records("tables", Table, self._sections(tables_and_figures, "tables")),
            figures=self._records("figures", Figure, self._sections(tables_and_figures, "figures")),
            publications=self._records(
                "publications", Publication, [(f, {f.stem: body}) for f, body in self._read("publications")]
            ),
            rules=self._records("rules", TypeAdapter(Rule), _without(rules, "accepted")),
            accepted=tuple(self._listed(rules, "accepted", Accepted)),
            languages=self._records("languages", Language, [(languages, self._toml(languages))]),
            groups=self._groups(codelists.get("geo", {})),
            measures=self._records("measures", Measure, self._read("measures")),
            reliability=self._reliability(),
            collections=self._collections(),
            missoc=self._texts(),
            profiles=self._records(
                "profiles", TypeAdapter(AnyProfile), [(f, {f.stem: body}) for f, body in self._read("profiles")]
            ),
            codelists=codelists,
            spellings=spellings,
        )
        for section, entry, what in references.faults(result):
            self._fault(self.origin.get((section, entry), f"parameters/{section}"), entry, what)
        if self.faults:
            raise DeclarationError(self.faults)
        return result

    def _toml(self, path: Path) -> dict[str, Any]:
        try:
            return tomllib.loads(path.read_text(encoding="utf-8-sig"))
        except OSError as error:
            self._fault(path, "", f"the file cannot be read: {error.strerror}")
        except UnicodeDecodeError as error:
            self._fault(path, "", f"not UTF-8 text: {error}")
        except tomllib.TOMLDecodeError as error:
            self._fault(path, "", f"not valid TOML: {error}")
        return {}

    def _read(self, section: str) -> list[tuple[Path, dict[str, Any]]]:
        return [(path, self._toml(path)) for path in sorted((self.root / section).glob("*.toml"))]

    def _csv(self, path: Path) -> list[tuple[int, dict[str, str]]]:
        """The lines of a code list, each with its number."""
        try:
            reader = csv.DictReader(io.StringIO(path.read_text(encoding="utf-8-sig"), newline=""), strict=True)
            if tuple(reader.fieldnames or ()) not in (("code", "label"), ("code", "label", "aliases")):
                self._fault(path, "", "line 1: the columns are code, label and, optionally, aliases")
                return []
            return [(reader.line_num, row) for row in reader]
        except OSError as error:
            self._fault(path, "", f"the file cannot be read: {error.strerror}")
        except (UnicodeDecodeError, csv.Error) as error:
            self._fault(path, "", f"not a UTF-8 CSV file: {error}")
        return []

    def _place(self, path: Path) -> str:
        return path.relative_to(self.folder).as_posix()

    def _fault(self, path: Path | str, entry: str, what: str) -> None:
        place = self._place(path) if isinstance(path, Path) else path
        self.faults.append(f"{place}: {f'[{entry}] ' if entry else ''}{what}")

    def _records(self, section: str, model: Any, files: list[tuple[Path, dict[str, Any]]]) -> dict[str, Any]:
        records: dict[str, Any] = {}
        validate = model.validate_python if isinstance(model, TypeAdapter) else model.model_validate
        for path, body in files:
            for name, entry in body.items():
                if not isinstance(entry, dict):
                    self._fault(path, name, "unknown key at the top of the file: entries are [tables]")
                elif "id" in entry:
                    self._fault(path, name, "id: unknown key")
                elif first := self.origin.get((section, name)):
                    self._fault(path, name, f"duplicate id, first declared in {first}")
                else:
                    self.origin[section, name] = self._place(path)
                    if record := self._validated(path, name, validate, {**entry, "id": name}):
                        records[name] = record
        return records

    def _validated(self, path: Path, name: str, validate: Any, entry: Any) -> Any:
        try:
            return validate(entry)
        except ValidationError as error:
            for fault in error.errors():
                where = ".".join(str(part) for part in fault["loc"])
                said = fault["msg"].removeprefix("Value error, ")
                hint = "unknown key" if fault["type"] == "extra_forbidden" else said[:1].lower() + said[1:]
                self._fault(path, name, f"{where}: {hint}" if where else hint)
        return None

    def _sections(self, files: list[tuple[Path, dict[str, Any]]], section: str) -> list[tuple[Path, dict[str, Any]]]:
        """One of the two sections of the files of tables and figures."""
        found = []
        for path, body in files:
            entries = body.get(section, {})
            for name in (n for n in body if n not in ("tables", "figures") and section == "tables"):
                self._fault(path, name, "unknown section: there are [tables.<id>] and [figures.<id>]")
            if isinstance(entries, dict):
                found.append((path, entries))
            else:
                self._fault(path, section, f"entries are [{section}.<id>]")
        return found

    def _listed(self, files: list[tuple[Path, dict[str, Any]]], key: str, model: Any) -> Iterator[Any]:
        """The entries of files that are a list, under one key."""
        for path, body in files:
            entries = body.get(key, [])
            if not isinstance(entries, list):
                self._fault(path, key, f"entries are [[{key}]]")
                continue
            for entry in entries:
                if record := self._validated(path, key, model.model_validate, entry):
                    yield record

    def _reliability(self) -> Reliability:
        path = self.root / "reliability.toml"
        body = self._toml(path) if path.exists() else {}
        return self._validated(path, "", Reliability.model_validate, body) or Reliability()

    def _texts(self) -> Texts:
        """What is declared about MISSOC, the tables in their order."""
        tables = self._read("missoc/tables")
        found = self._records("missoc", TextTable, [(path, {path.stem: body}) for path, body in tables])
        path = self.root / "missoc" / "countries.toml"
        countries = self._toml(path) if path.exists() else {}
        for code in (c for c, names in countries.items() if not _codes(names)):
            self._fault(path, code, "the names of a country are a list of texts, each once")
        links = self.root / "missoc" / "links.toml"
        return Texts(
            tables=dict(sorted(found.items(), key=lambda item: item[1].order)),
            countries={code: tuple(names) for code, names in countries.items() if _codes(names)},
            links=self._records("missoc_links", Link, [(links, self._toml(links))] if links.exists() else []),
        )

    def _collections(self) -> dict[str, dict[str, CellRule]]:
        """The rules of each collection, from a file named for it."""
        files = self._read("rules/collections")
        return {path.stem: self._records(f"collections/{path.stem}", CellRule, [(path, body)]) for path, body in files}

    def _groups(self, known: dict[str, str]) -> dict[str, tuple[str, ...]]:
        path = self.root / "geos.toml"
        body = self._toml(path)
        for name in body.keys() - {"groups"}:
            self._fault(path, name, "unknown key: there is [groups]")
        declared = body.get("groups", {})
        groups = {}
        for name, members in declared.items() if isinstance(declared, dict) else ():
            if name not in known:
                self._fault(path, name, "the group has no label in codelists/geo.csv")
            if not _codes(members):
                self._fault(path, name, "a group is a list of country codes, each once")
                continue
            for member in members:
                if member not in known or member in declared:
                    self._fault(path, name, f"unknown country {member!r}")
            groups[name] = tuple(members)
        return groups

    def _indicators(self) -> dict[str, Indicator]:
        families: list[tuple[Path, dict[str, Any]]] = []
        seen: dict[str, str] = {}
        for path, body in self._read("indicators"):
            for family, entry in body.items():
                if family in seen:
                    self._fault(path, family, f"duplicate id, first declared in {seen[family]}")
                    continue
                seen[family] = self._place(path)
                faults = list(_family_faults(entry)) if isinstance(entry, dict) else []
                for what in faults:
                    self._fault(path, family, what)
                if not faults:
                    families.append(
                        (path, _members(family, dict(entry)) if isinstance(entry, dict) else {family: entry})
                    )
        return self._records("indicators", Indicator, families)

    def _codelists(self) -> tuple[dict[str, dict[str, str]], dict[str, dict[str, str]]]:
        labels: dict[str, dict[str, str]] = {}
        spellings: dict[str, dict[str, str]] = {}
        for path in sorted((self.root / "codelists").glob("*.csv")):
            own = labels.setdefault(path.stem, {})
            back = spellings.setdefault(path.stem, {})
            for line, row in self._csv(path):
                code, label = row["code"], row["label"]
                if not code or not label or None in row:
                    self._fault(path, code or "", f"line {line}: a line has a code, a label and, optionally, aliases")
                    continue
                if code in own:
                    self._fault(path, code, f"line {line}: duplicate code")
                own[code] = label
                for spelling in (label, *filter(None, (row.get("aliases") or "").split("|"))):
                    # A spelling that stands for two codes stands for none.
                    back[spelling] = code if back.get(spelling, code) == code else ""
        if "geo" not in labels:
            self._fault(self.root / "codelists" / "geo.csv", "", "the file is missing")
        spellings = {name: {s: code for s, code in back.items() if code} for name, back in spellings.items()}
        return labels, spellings


def _codes(value: Any) -> bool:
    """Whether a value is a list of texts, not empty, each once."""
    return isinstance(value, list) and 0 < len(value) == len(set(map(str, value))) and all(map(_is_code, value))


def _is_code(value: Any) -> bool:
    return isinstance(value, str) and bool(value)


def _family_faults(entry: dict[str, Any]) -> Iterator[str]:
    """What is wrong with an indicator before it is expanded into its members."""
    yield from (f"{name}: unknown key" for name in _FILLED if name in entry)
    if "series" in entry and "inputs" in entry:
        yield "series and inputs: give one of the two"
    each, inputs = entry.get("each", {}), entry.get("inputs", {"x": entry.get("series", "")})
    if not isinstance(each, dict) or not all(map(_codes, each.values())):
        yield "each: a list of codes for each dimension, not empty, no code twice"
        return
    references = [ref for ref in inputs.values() if isinstance(ref, str)] if isinstance(inputs, dict) else []
    used = {name for ref in references for name in _PLACEHOLDER.findall(ref)}
    label = set(_PLACEHOLDER.findall(str(entry.get("label", ""))))
    yield from (f"{{{name}}} is not a dimension of each" for name in sorted((used | label) - set(each)))
    yield from (f"each: no input has the placeholder {{{name}}}" for name in each if name not in used)
    if any(
        brace in _PLACEHOLDER.sub("", text) for text in (*references, str(entry.get("label", ""))) for brace in "{}"
    ):
        yield "a brace without its other half"


def _members(family: str, entry: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The members of an indicator family, one for each combination of ``each``."""
    each = entry.pop("each", {})
    if "series" in entry:
        entry["inputs"] = {"x": entry.pop("series")}
    entry.setdefault("formula", "x")
    if each:
        entry.setdefault("label", " – ".join(f"{{{dimension}}}" for dimension in each))
    members = {}
    for codes in itertools.product(*each.values()):
        chosen = dict(zip(each, codes, strict=True))
        inputs = entry.get("inputs", {})
        if isinstance(inputs, dict):
            inputs = {name: _filled(ref, chosen) for name, ref in inputs.items()}
        members[".".join([family, *codes])] = {**entry, "family": family, "codes": chosen, "inputs": inputs}
    return members


def _filled(ref: Any, codes: dict[str, str]) -> Any:
    """An input reference with the member's codes in place of ``{dimension}``."""
    return _PLACEHOLDER.sub(lambda m: codes[m[1]], ref) if isinstance(ref, str) else ref


def _without(files: list[tuple[Path, dict[str, Any]]], key: str) -> list[tuple[Path, dict[str, Any]]]:
    return [(path, {name: entry for name, entry in body.items() if name != key}) for path, body in files]
