"""From executed notebooks to what a person gets: pages, PDF, workbook, tidy twins, record.

A target is assembled beside its folder and moved into place when it is whole.
"""

from __future__ import annotations

import csv
import dataclasses
import io
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat

from reporting import __version__, declarations, validation, views, vintages, workbook
from reporting.batch.plan import Target
from reporting.batch.run import NOTEBOOK, make, replace
from reporting.errors import ValidationFailed
from reporting.labels import Words
from reporting.publications import Book, Chapter, record, render, settled
from reporting.tables import MEDIA_TYPE, TIDY, Table


@dataclass(frozen=True)
class Job:
    """A target to assemble, how to render it, and whether it is of record."""

    target: Target
    engine: str
    record: bool


def assemble(job: Job) -> None:
    """Make all that a target promises, from its executed notebooks.

    Raises
    ------
    ValidationFailed
        For a build of record with missing translations or open errors.
    """
    target = job.target
    known = declarations.load()
    words = Words(known, target.lang)
    store = views.opened(target.units[0].parameters["store"])
    chapters = [_chapter(unit.folder, unit.chapter, words, n) for n, unit in enumerate(target.units, start=1)]
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


def _write(job: Job, book: Book, words: Words, tables: list[Table], folder: Path) -> None:
    target = job.target
    pages = tuple(f for f in target.formats if f in ("html", "pdf"))
    render(book, words, folder, pages, job.engine)
    if "xlsx" in target.formats:
        facts = workbook.WorkbookFacts(
            title=book.title, subtitle=book.subtitle, publisher=book.publisher, geo_name=book.geo_name,
            edition=book.edition, date_text=book.date_text, date=book.date, tag=book.tag, colophon=book.colophon,
        )  # fmt: skip
        workbook.write(folder / f"{book.stem}.xlsx", tables, facts, words)
    _tidy(folder / "tables", tables)
    for unit in target.units:
        copied = folder / "notebooks" / unit.chapter.id
        shutil.copytree(unit.folder, copied, ignore=shutil.ignore_patterns(NOTEBOOK))
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


def _chapter(folder: Path, declared: declarations.Chapter, words: Words, number: int) -> tuple[Chapter, list[Table]]:
    """The Markdown and the tables that an executed notebook displays."""
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
    return Book(
        publication=publication.id,
        title=words.text(publication.title),
        subtitle=words.text(publication.subtitle),
        publisher=words.text(publication.publisher),
        edition=publication.edition,
        geo=target.geo,
        geo_name=words.geo(target.geo),
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
    return vintages.used(store, pairs)


def _gate(known: declarations.Declarations, store: vintages.Store, target: Target, tables: list[Table]) -> None:
    """Refuse a build of record with open errors."""
    rows = [(str(r["dataset"]), str(r["geo"]), str(r["time"])) for table in tables for r in table.tidy]
    datasets = {dataset for joined, _, _ in rows for dataset in joined.split("; ")}
    found = validation.concerning(known, validation.check(known, store, datasets, target.as_of), rows)
    _refuse(target.name, [finding.message for finding in found if finding.stops])


def translated(langs: Iterable[str]) -> None:
    """Refuse a build of record with missing translations, before any notebook runs."""
    known = declarations.load()
    for lang in sorted(langs):
        name = Words(known, lang).locale.english_name
        _refuse(lang, [f"no {name} translation of: {message}" for message in sorted(_untranslated(known, lang))])


def _refuse(what: str, faults: list[str]) -> None:
    if faults:
        shown = "\n".join(f"  {fault}" for fault in faults[:20])
        more = f"\n  and {len(faults) - 20} more" if len(faults) > 20 else ""
        raise ValidationFailed(f"{what} cannot be a build of record:\n{shown}{more}")


def _untranslated(known: declarations.Declarations, lang: str) -> set[str]:
    from reporting.labels import catalogue, messages

    return set() if lang == "en" else messages(known) - set(catalogue(known.home, lang))


def _record(job: Job, known: declarations.Declarations, store: vintages.Store, tables: list[Table], part: Path) -> None:
    """What was made, from what, with what: ``run.json``."""
    facts = {
        "engine": job.engine,
        "record": job.record,
        "untranslated": sorted(_untranslated(known, job.target.lang)),
        "vintages": _used(store, tables),
        "known": views.seen(store, known.datasets, job.target.as_of),
    }
    record.write(facts, known, job.target, tables, part)
