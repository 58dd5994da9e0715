"""From executed notebooks to what a person gets: pages, PDF, workbook, tidy twins, record.

A target is assembled beside its folder and moved into place when it is whole.
"""

from __future__ import annotations

import csv
import dataclasses
import io
import json
import shutil
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from reporting import __version__, collected, declarations, reads, validation, views, vintages, workbook
from reporting.batch.fresh import RECORD, State, Step, digests, reseal, seal, view, why
from reporting.batch.plan import Target
from reporting.batch.run import NOTEBOOK, asking, make, replace
from reporting.errors import ValidationFailed
from reporting.labels import Words, untranslated
from reporting.publications import Book, Chapter, quarto, record, render, settled
from reporting.tables import MEDIA_TYPE, TIDY, Table


@dataclass(frozen=True)
class Assembly:
    """A target to assemble, how to render it, whether it is of record, and what its record will say."""

    target: Target
    engine: str
    record: bool
    code: str = ""
    facts: dict[str, Any] = field(default_factory=dict)


def step(job: Assembly) -> Step:
    """A target as a step: what it makes of which inputs."""
    target, house = job.target, declarations.home() / "_quarto.yml"
    given = {
        "publication": target.publication.model_dump_json(),
        "options": [target.formats, target.as_of, target.span, job.engine, job.record],
        "renderer": quarto.version() if job.engine == "quarto" else "",
        "_quarto.yml": house.read_text(encoding="utf-8") if house.is_file() else "",
        "notebooks": {u.chapter.id: reads.digest(digests(u.folder)) for u in target.units},
        "view": view(target.units[0].parameters["store"]),
    }
    return Step(target.name, target.folder, target.units[0].folder.parent.with_suffix(".json"), given)


def assembled(job: Assembly) -> None:
    """Assemble a target, and keep what it came from."""
    said = {unit.chapter.id: settled.content(unit.folder) for unit in job.target.units}
    before = dataclasses.replace(step(job), counts={"notebooks": said})
    if not why(before, State(declarations.home(), job.code), job.target.units[0].parameters["store"]):
        _recorded_anew(job, before)
        return
    with asking(before.record.with_suffix(".reads.part")) as asked:
        reads.asked(reads.BEGIN, None)
        assemble(job)
        seal(before, job.facts, job.code, asked, job.target.folder, before.record)


def _recorded_anew(job: Assembly, before: Step) -> None:
    """Keep what lies there, where the notebooks ran again and said the same; only ``run.json`` is written anew."""
    target, known = job.target, declarations.load()
    store = views.opened(target.units[0].parameters["store"])
    tables = [table for _, found in _chapters(job, Words(known, target.lang)) for table in found]
    _record(job, known, store, tables, target.folder)
    reseal(before, job.facts)


def assemble(job: Assembly) -> None:
    """Make all that a target promises, from its executed notebooks.

    Raises
    ------
    ValidationFailed
        For a build of record with missing translations or open errors.
    """
    target = job.target
    known = reads.watched(declarations.load())
    words = Words(known, target.lang)
    store = views.opened(target.units[0].parameters["store"])
    chapters = _chapters(job, words)
    tables = [table for _, found in chapters for table in found]
    if not tables:
        when = f" as of {target.as_of}" if target.as_of else ""
        raise ValidationFailed(f"{target.name}: the store holds no data for any of its tables{when}.")
    book = _book(target, words, store, tables, [chapter for chapter, _ in chapters])
    if job.record:
        _gate(known, store, target, tables)
    part = target.folder.with_name(target.folder.name + ".part")
    shutil.rmtree(part, ignore_errors=True)
    make(part)
    try:
        _write(job, book, words, tables, part)
        _record(job, known, store, tables, part)
        replace(part, target.folder)
    except BaseException:
        shutil.rmtree(part, ignore_errors=True)
        raise


def _write(job: Assembly, book: Book, words: Words, tables: list[Table], folder: Path) -> None:
    target = job.target
    pages = tuple(f for f in target.formats if f in ("html", "pdf"))
    with ThreadPoolExecutor(2) as several:
        rendered = several.submit(render, book, words, folder, pages, job.engine)
        if "xlsx" in target.formats:
            facts = workbook.WorkbookFacts(
                title=book.title, subtitle=book.subtitle, publisher=book.publisher, geo_name=book.geo_name,
                edition=book.edition, date_text=book.date_text, date=book.date, tag=book.tag, colophon=book.colophon,
            )  # fmt: skip
            workbook.write(folder / f"{book.stem}.xlsx", tables, facts, words)
        rendered.result()
    _tidy(folder / "tables", tables)
    for unit in target.units:
        copied = folder / "notebooks" / unit.chapter.id
        shutil.copytree(unit.folder, copied, ignore=shutil.ignore_patterns(NOTEBOOK, RECORD))
        settled.keep(unit.folder / NOTEBOOK, copied / f"{unit.chapter.id}.ipynb")


def _tidy(folder: Path, tables: Iterable[Table]) -> None:
    """The tidy twin of each table: one row an observation."""
    folder.mkdir()
    for table in tables:
        out = io.StringIO()
        writer = csv.DictWriter(out, TIDY, lineterminator="\n")
        writer.writeheader()
        writer.writerows(table.tidy)
        (folder / f"{table.id}.csv").write_text(out.getvalue(), encoding="utf-8")


def _chapters(job: Assembly, words: Words) -> list[tuple[Chapter, list[Table]]]:
    """Each chapter with its tables."""
    return [_chapter(unit.folder, unit.chapter, words, n) for n, unit in enumerate(job.target.units, start=1)]


def _chapter(folder: Path, declared: declarations.Chapter, words: Words, number: int) -> tuple[Chapter, list[Table]]:
    """The Markdown and the tables that an executed notebook displays."""
    import nbformat  # takes a second, and is not needed where all is up to date

    notebook = nbformat.read(folder / NOTEBOOK, as_version=4)  # type: ignore[no-untyped-call]  # nbformat has no types
    blocks: list[str] = []
    tables: list[Table] = []
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            data = output.get("data", {})
            if "text/markdown" in data:
                blocks.append(data["text/markdown"])
            if MEDIA_TYPE in data:
                record = Table.from_json(data[MEDIA_TYPE])
                tables.append(dataclasses.replace(record, number=f"{number}.{len(tables) + 1}"))
    files = tuple(sorted((folder / "figures").glob("*")))
    return Chapter(declared.id, words.text(declared.title), "\n\n".join(blocks), files), tables


def _book(target: Target, words: Words, store: vintages.Store, tables: list[Table], chapters: list[Chapter]) -> Book:
    publication = target.publication
    # Tables of no dataset (microdata) date themselves.
    dates = [row["vintage"] for row in _used(store, tables)] or [r["vintage"] for t in tables for r in t.tidy]
    newest = max((str(date)[:10] for date in dates), default="")
    day = target.as_of or newest or "2000-01-01"
    shown = words.date(day)
    invented = any(row["dataset"] == collected.SAMPLE for table in tables for row in table.tidy)
    publisher = words.text(publication.publisher)
    return Book(
        publication=publication.id,
        title=words.text(publication.title),
        subtitle=words.text(publication.subtitle),
        publisher=words.text("{name} – fictitious figures", name=publisher) if invented else publisher,
        edition=publication.edition,
        geo=target.geo,
        geo_name=collected.country(words) if invented else words.geo(target.geo),
        lang=target.lang,
        tag=words.language.tag,
        date=day,
        date_text=shown,
        chapters=tuple(chapters),
        colophon=_colophon(words, shown),
    )


def _colophon(words: Words, shown: str) -> tuple[str, ...]:
    return (
        words.text("Data as known on {date}. Each table names its sources and the dates of its data.", date=shown),
        words.text(
            "A colon (:) stands for a value that is not available. "
            "Values on a grey ground are provisional, estimated or forecast and carry a letter."
        ),
        words.text("A vertical rule before a column, and the letter b, mark a break in series."),
        words.text(
            "© European Union for figures of Eurostat and of the European Commission; "
            "reuse is authorised provided the source is acknowledged."
        ),
        words.text("Produced with the open-source package reporting, version {version}.", version=__version__),
    )


def _used(store: vintages.Store, tables: Iterable[Table]) -> list[dict[str, Any]]:
    pairs = {
        (dataset, vintage)
        for table in tables
        for row in table.tidy
        for dataset in str(row["dataset"] or "").split("; ")
        for vintage in str(row["vintage"] or "").split("; ")
    }
    found = vintages.used(store, pairs)
    reads.asked(("used", store.name, *sorted(pairs)), found)
    return found


def _gate(known: declarations.Declarations, store: vintages.Store, target: Target, tables: list[Table]) -> None:
    """Refuse a build of record with open errors."""
    rows = [(str(r["dataset"]), str(r["geo"]), str(r["time"])) for table in tables for r in table.tidy]
    datasets = {dataset for joined, _, _ in rows for dataset in joined.split("; ")}
    with reads.covered():
        found = validation.check(known, store, datasets, target.as_of)
    geos = sorted({geo for _, geo, _ in rows})
    about = validation.about(known, found, geos)
    reads.asked(("findings", store.name, target.as_of, sorted(datasets), geos), about)
    found = validation.concerning(known, found, rows)
    _refuse(target.name, [finding.message for finding in found if finding.stops])


def translated(langs: Iterable[str]) -> None:
    """Refuse a build of record with missing translations, before any notebook runs."""
    known = declarations.load()
    for lang in sorted(langs):
        name = Words(known, lang).locale.english_name
        _refuse(lang, [f"no {name} translation of: {message}" for message in untranslated(known, lang)])


def checked(files: Iterable[Mapping[str, str]]) -> None:
    """Refuse a build of record from questionnaires with errors, before any notebook runs."""
    words = Words(declarations.load(), "en")
    for file, codes in sorted({(named.get("questionnaire", ""), named.get("codes", "")) for named in files}):
        found = collected.read(file, words, "", 1, codes).findings if file else ()
        _refuse(Path(file).name, [finding.line for finding in found if finding.stops])


def _refuse(what: str, faults: list[str]) -> None:
    if faults:
        shown = "\n".join(f"  {fault}" for fault in faults[:20])
        more = f"\n  and {len(faults) - 20} more" if len(faults) > 20 else ""
        raise ValidationFailed(f"{what} cannot be a build of record:\n{shown}{more}")


def _record(
    job: Assembly, known: declarations.Declarations, store: vintages.Store, tables: list[Table], part: Path
) -> None:
    """What was made, from what, with what: ``run.json``."""
    facts = {
        "engine": job.engine,
        "record": job.record,
        "untranslated": _missing(known, job.target.lang),
        "vintages": _used(store, tables),
        "known": views.seen(store, [*known.datasets, *vintages.texts.names(store)], job.target.as_of),
    }
    with reads.covered():
        record.write(facts, known, job.target, tables, part)


def _missing(known: declarations.Declarations, lang: str) -> list[str]:
    """Messages without translation, as the record says."""
    found = untranslated(known, lang)
    reads.asked(("untranslated", lang), found)
    return found


def renewed(job: Assembly, package: dict[str, Any]) -> None:
    """Bring the record of a target that is up to date to what a build from scratch would write, rendering nothing."""
    target, known = job.target, declarations.load()
    store, path = views.opened(target.units[0].parameters["store"]), target.folder / record.NAME
    content = json.loads(path.read_text(encoding="utf-8"))
    now = {
        "package": package,
        "declarations": record.declared(known, target),
        "known": views.seen(store, [*known.datasets, *vintages.texts.names(store)], target.as_of),
    }
    fresh = json.loads(json.dumps({**content, **now}))
    if fresh != content:
        record.put(fresh, path)
    reseal(step(job), job.facts)
