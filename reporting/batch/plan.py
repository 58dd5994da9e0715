"""What a build has to do: publications × countries × languages, each a list of notebook runs."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reporting import reads
from reporting.batch.fresh import RECORD
from reporting.declarations import Chapter, Declarations, Publication
from reporting.errors import DeclarationError, UsageError
from reporting.vintages import day

#: Parameters of chapters that name a file.
FILES = ("questionnaire", "codes")
FORMATS = ("html", "pdf", "xlsx")
#: Texts in code and in JSON.
_TEXTS = re.compile(r"\"([^\"\\\n]+)\"|'([^'\\\n]+)'")
#: On the command line, EU27 means each Member State.
_EACH = {"EU27": "EU27_2020"}


@dataclass(frozen=True)
class Unit:
    """One run of one notebook: its parameters and its own folder."""

    chapter: Chapter
    notebook: Path
    parameters: dict[str, Any]
    folder: Path

    @property
    def name(self) -> str:
        """What a person calls the unit."""
        return f"{self.chapter.id} {self.parameters['geo']} {self.parameters['lang']}"


@dataclass(frozen=True)
class Target:
    """One publication for one country in one language."""

    publication: Publication
    geo: str
    lang: str
    formats: tuple[str, ...]
    as_of: str
    span: int
    folder: Path
    units: tuple[Unit, ...]

    @property
    def files(self) -> dict[str, str]:
        """The files that its chapters are made from, by the name of the parameter."""
        return {name: str(u.parameters[name]) for name in FILES for u in self.units if u.parameters.get(name)}

    @property
    def name(self) -> str:
        """What a person calls the target."""
        return f"{self.publication.id} {self.geo} {self.lang}"


def plan(
    declarations: Declarations,
    publication: str,
    *,
    outputs: Path,
    store: Path | str,
    geos: Sequence[str] = (),
    langs: Sequence[str] = (),
    formats: Sequence[str] = (),
    as_of: str = "",
    span: int | None = None,
    files: Mapping[str, str] | None = None,
) -> list[Target]:
    """The targets of a build, in order.

    Parameters
    ----------
    files : mapping, optional
        Files for parameters of chapters: ``questionnaire``, ``codes``.

    Raises
    ------
    UsageError
        For an unknown publication, country, language or format, a span or a
        date that makes no sense, naming what there is.
    DeclarationError
        For a notebook without a ``parameters`` cell or with other parameters
        than the chapter gives, and for two units with one output.
    """
    if publication not in declarations.publications:
        raise UsageError(f"Unknown publication {publication!r}. There are: {', '.join(declarations.publications)}.")
    declared = declarations.publications[publication]
    _known("language", langs, declarations.languages)
    _known("format", formats, FORMATS)
    if as_of:
        day(as_of)
    if span is not None and not 1 <= span <= 100:
        raise UsageError(f"A span of {span} years makes no sense: give 5, 10 or 30, or any number from 1 to 100.")
    declared = _given(declared, {name: path for name, path in (files or {}).items() if path})
    common = {"as_of": as_of, "span": declared.span if span is None else span, "store": str(store)}
    targets = [
        _target(declarations, declared, geo, lang, tuple(dict.fromkeys(formats)) or declared.formats, outputs, common)
        for geo in countries(declarations, geos or declared.geos)
        for lang in dict.fromkeys(langs or declared.languages)
    ]
    distinct(targets)
    if strange := [unit for unit in targets[0].units if not _ran(unit)]:
        _accepted(strange)
    return targets


def _given(publication: Publication, parameters: dict[str, str]) -> Publication:
    """A publication with the files given for parameters that its chapters have."""
    unused = set(parameters) - {name for chapter in publication.chapters for name in chapter.parameters}
    if unused:
        raise UsageError(f"{publication.id} is not made from a file: leave out --{', --'.join(sorted(unused))}.")
    chapters = []
    for chapter in publication.chapters:
        own = {name: value for name, value in parameters.items() if name in chapter.parameters}
        chapters.append(chapter.model_copy(update={"parameters": {**chapter.parameters, **own}}))
    return publication.model_copy(update={"chapters": tuple(chapters)})


def needs(declarations: Declarations, unit: Unit) -> list[str]:
    """The datasets that a unit reads, as far as its notebook and parameters name what is declared."""
    cells = json.loads(unit.notebook.read_text(encoding="utf-8"))["cells"]
    code = "\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "code")
    named = {a or b for a, b in _TEXTS.findall(f"{code} {json.dumps(unit.parameters)}")}
    rows = [row for name, table in declarations.tables.items() if name in named for row in table.rows]
    rows += [row for name, figure in declarations.figures.items() if name in named for row in figure.rows]
    ids = declarations.indicator_ids((*rows, *sorted(named & set(declarations.indicators))))
    return sorted({dataset for name in ids for dataset, _ in declarations.inputs(name)})


def _ran(unit: Unit) -> bool:
    """Whether this notebook has run with parameters of these names."""
    try:
        given = json.loads((unit.folder / RECORD).read_text(encoding="utf-8"))["given"]
        same = given["notebook"] == reads.digest(unit.notebook.read_bytes())
        return bool(same and given["parameters"].keys() == unit.parameters.keys())
    except (OSError, ValueError, LookupError, TypeError, AttributeError):
        return False


def countries(declarations: Declarations, geos: Iterable[str]) -> list[str]:
    """Country codes with ``EU27`` replaced by its members, each once."""
    found: list[str] = []
    for geo in geos:
        members = declarations.groups[_EACH[geo]] if geo in _EACH else (geo,)
        found += [m for m in members if m not in found]
    _known("country", found, declarations.codelists["geo"])
    return found


def _target(
    declarations: Declarations,
    publication: Publication,
    geo: str,
    lang: str,
    formats: tuple[str, ...],
    outputs: Path,
    common: dict[str, Any],
) -> Target:
    place = Path(publication.id) / publication.edition / geo / lang
    units = tuple(
        Unit(
            chapter,
            declarations.home / "notebooks" / chapter.notebook,
            {"geo": geo, "lang": lang, **common, **chapter.parameters},
            outputs / "runs" / place / chapter.id,
        )
        for chapter in publication.chapters
    )
    folder = outputs / "publications" / place
    return Target(publication, geo, lang, formats, common["as_of"], common["span"], folder, units)


def _known(what: str, given: Iterable[str], known: Iterable[str]) -> None:
    known = list(known)
    for name in given:
        if name not in known:
            hint = " (Eurostat writes EL for Greece and UK for the United Kingdom)" if name in ("GR", "GB") else ""
            listed = ", ".join(known) if len(known) < 60 else f"{', '.join(known[:60])} …"
            raise UsageError(f"Unknown {what} {name!r}{hint}. There are: {listed}.")


def distinct(targets: Iterable[Target]) -> None:
    """Refuse two units with one output, also of different publications."""
    seen: dict[Path, Unit] = {}
    for unit in (unit for target in targets for unit in target.units):
        if other := seen.get(unit.folder):
            raise DeclarationError([f"{unit.name} and {other.name} would both write to {unit.folder}"])
        seen[unit.folder] = unit


def _accepted(units: Iterable[Unit]) -> None:
    """Refuse notebooks that papermill would only warn about."""
    import papermill  # takes its time, and is not needed where all have run before

    faults = []
    for unit in units:
        try:
            known = papermill.inspect_notebook(str(unit.notebook))
        except Exception as error:  # papermill passes on whatever nbformat and json raise
            faults.append(f"{unit.notebook.name}: cannot be read as a notebook: {error}")
            continue
        if not known:
            faults.append(f"{unit.notebook.name}: no cell is tagged 'parameters'. Tag the cell with the parameters.")
        for name in sorted(set(unit.parameters) - set(known)) if known else ():
            faults.append(
                f"{unit.notebook.name}: chapter {unit.chapter.id} gives the parameter {name!r}, "
                f"which its parameters cell does not have ({', '.join(sorted(known))})"
            )
    if faults:
        raise DeclarationError(faults)
