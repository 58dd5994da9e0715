"""What a notebook writes on: one chapter, one country, one language.

A notebook opens a page with its parameters and then puts headings, sentences,
tables and figures on it. Each is displayed as Markdown that Quarto and the
embedded engine render alike; a table also carries its record.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Sequence
from itertools import groupby
from pathlib import Path

from IPython.display import display

from reporting import (
    amounted,
    assessed,
    charts,
    collected,
    indicators,
    labels,
    overview,
    prose,
    reads,
    revised,
    revisions,
    reworded,
    ruled,
    sheets,
    surveyed,
    tables,
    tabulate,
    typeset,
    validation,
    views,
)
from reporting.declarations import load
from reporting.errors import UsageError
from reporting.missoc import cells, changes, editions, lookup, series
from reporting.missoc.recognise import Catalogue
from reporting.missoc.review import DECISIONS, proposals


class Markdown:
    """Markdown for the page."""

    def __init__(self, text: str) -> None:
        self.text = text

    def __repr__(self) -> str:
        return self.text

    def _repr_markdown_(self) -> str:
        return self.text


class Page:
    """A chapter being written.

    Parameters
    ----------
    geo, lang : str
        Country and language.
    as_of : str
        ISO date; empty for the newest data.
    span : int
        How many years (or dates) a table shows.
    growth : bool
        Whether tables end with the change over the span and the average
        growth per year.
    store : str
        Folder of the store, or a view on one; empty for the project's own.
    """

    def __init__(
        self, geo: str, lang: str, as_of: str = "", span: int = 5, store: str = "", growth: bool = False
    ) -> None:
        self._declarations = reads.watched(load())
        self.words = labels.Words(self._declarations, lang)
        if geo not in self._declarations.codelists["geo"]:
            raise UsageError(f"Unknown country {geo!r}. Codes are Eurostat's (EL is Greece, EU27_2020 the Union).")
        self.geo = geo
        self._store = views.opened(store or self._declarations.home / "outputs" / "store")
        self._evaluator = indicators.evaluator(self._declarations, self._store, as_of)
        self._reader = tabulate.Reader(self._evaluator, self.words, geo, span, growth, self._findings)
        self._without: list[str] = []
        self._shown = 0

    @functools.lru_cache(maxsize=32)  # noqa: B019  one page lives as long as its notebook
    def _findings(self, datasets: frozenset[str]) -> list[validation.Finding]:
        # Covered: a table or figure writes down which findings concern it.
        with reads.covered():
            return validation.check(self._declarations, self._store, datasets, self._evaluator.as_of)

    def heading(self, message: str) -> None:
        """A section heading."""
        self._put(f"## {tables.plain(self.words.text(message))}\n")

    def say(self, message: str, **values: prose.Quantity | str | None) -> None:
        """A sentence; left out when one of its values is missing."""
        if all(value is not None for value in values.values()):
            filled = {name: str(value) for name, value in values.items()}
            self._put(tables.plain(self.words.text(message, geo=self.words.geo(self.geo), **filled)) + "\n")

    def value(self, indicator: str, time: str | None = "", back: int = 0, geo: str = "") -> prose.Quantity | None:
        """The value of an indicator, for a sentence; None when there is none."""
        return prose.quantity(self.words, self._evaluator, indicator, geo or self.geo, time, back)

    def year(self, indicator: str, geo: str = "") -> str | None:
        """The last year for which an indicator has a value."""
        found = self.value(indicator, geo=geo)
        return found.time if found else None

    def shared_year(self, *indicators: str) -> str | None:
        """The last year for which all of some indicators have a value."""
        frames = (self._evaluator.indicator(i, (self.geo,)) for i in indicators)
        times = [set(frame.loc[frame["value"].notna(), "time"]) for frame in frames]
        return max(set.intersection(*times), default=None)

    def compare(self, indicator: str, back: int, *, up: str, down: str, same: str) -> None:
        """One of three sentences, by how an indicator moved over some years.

        The sentence may use ``{geo}``, ``{now}``, ``{end}``, ``{then}``, ``{start}``.
        """
        now, then = self.value(indicator), self.value(indicator, back=back)
        if now is None or then is None:
            return
        message = same if now.text == then.text else up if now.value > then.value else down
        self.say(message, now=now, end=now.time, then=then, start=then.time)

    def table(self, name: str) -> None:
        """A declared table, or a line saying that its data are not in the store."""
        declared = self._declarations.tables[name]
        built = tabulate.build(declared, self._reader)
        if built is None:
            self._without.append(name)
            return
        self._shown += 1
        display(built)  # type: ignore[no-untyped-call]  # IPython has no types here

    def figure(self, name: str) -> None:
        """A declared figure, drawn beside the notebook."""
        figure = charts.build(self._declarations.figures[name], self._reader)
        if figure is None:
            return
        self._draw(figure)

    def _draw(self, figure: charts.Figure) -> None:
        path = Path("figures") / f"{tables.slug(figure.id)}.svg"
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(figure.svg)
        self._put(figure.markdown(path))

    def revisions(self, dataset: str, start: str = "", end: str = "", series: str = "") -> None:
        """What changed between two vintages of a dataset: tables, a figure, one series as known at each vintage."""
        if len(self._store.manifests(dataset)) < 2:
            self.say(
                "The store holds fewer than two vintages of {dataset}: there is nothing to compare.", dataset=dataset
            )
            return
        changes = revisions.compare(self._store, dataset, start, end)
        found = revisions.consequences(self._declarations, self._store, changes)
        self.say(
            "Vintage {end} of {dataset} against {start}: "
            "{new} new observations, {revised} revised, {withdrawn} withdrawn.",
            dataset=dataset, start=self.words.date(found.start[:10]), end=self.words.date(found.end[:10]),
            **{kind: self.words.number(int((found.changes["kind"] == kind).sum()), 0)
               for kind in ("new", "revised", "withdrawn")},
        )  # fmt: skip
        for table in revised.tables(found, self._store, self.words):
            display(table)  # type: ignore[no-untyped-call]  # IPython has no types here
        if figure := charts.revisions(found, self.words, revised.sources(found, self._store, self.words)):
            self._draw(figure)
        if series:
            frame = revisions.triangle(self._store, dataset, series)
            display(revised.triangle(frame, series, found, self._store, self.words))  # type: ignore[no-untyped-call]

    def synthetic(self, by: Sequence[str], **how: int) -> surveyed.Synthetic:
        """Estimates from synthetic microdata, with a warning on the page that they are."""
        survey = surveyed.synthetic(self._declarations, by=by, **how)
        head = self.words.text("Synthetic data")
        said = self.words.text(
            "Everything in this chapter is computed from invented households. It shows what the package makes of the "
            "D, R, H and P files of EU-SILC; it says nothing about the population of any country."
        )
        self._put(f'::: {{.callout-warning title="{head}"}}\n\n{said}\n\n:::\n')
        return survey

    def estimates(
        self, title: str, survey: surveyed.Synthetic, name: str, indicators: Sequence[str], by: str = ""
    ) -> None:
        """A table of estimates with their errors; of a breakdown also a figure."""
        said = self.words.text("{title} – synthetic data", title=self.words.text(title))
        display(surveyed.table(name, said, survey, self.words, indicators, by))  # type: ignore[no-untyped-call]
        if by and (figure := surveyed.figure(name, said, survey, self.words, indicators, by)):
            self._draw(figure)

    def rewordings(self, start: str = "", end: str = "") -> None:
        """What changed between two editions of MISSOC, of the country or of all; invented texts without any."""
        texts = self._declarations.missoc
        reads.asked(("declared", "missoc"), texts)
        held, invented = editions.shown(self._store, texts, self._evaluator.as_of)
        geos = () if self.geo in self._declarations.groups else (self.geo,)
        lang = editions.language(held, self.words.language.id, geos)
        found = editions.between(held, start, end, lang, geos)
        if invented:
            self._invented()
        self._foreign(lang)
        if not found.changes:
            self.say("The two editions hold no text of {geo} in common.")
            return
        there = sorted({change.geo for change in found.changes})
        used = [] if invented else editions.vintages(self._store, found)
        display(reworded.summary(found, there, self.words, used, invented))  # type: ignore[no-untyped-call]
        for one in found.indexations:
            self.say(
                "{country}: the amounts rose by {rate} %, which is an indexation ({amounts} amounts in {cells} cells).",
                country=self.words.geo(one.geo), rate=self.words.number(one.rate, 2),
                amounts=self.words.number(one.amounts, 0), cells=self.words.number(one.cells, 0),
            )  # fmt: skip
        self._reworded(found, Catalogue(texts))

    def _foreign(self, lang: str) -> None:
        if said := ruled.foreign(lang, self.words):
            self._put(f"{tables.plain(said)}\n")

    def rules(self, *functions: str) -> None:
        """The rules of MISSOC beside the expenditure of functions; nothing where the store has no text of them."""
        if not functions:
            return
        texts, as_of = self._declarations.missoc, self._evaluator.as_of
        reads.asked(("declared", "missoc"), texts)
        known = [cell for cell in cells.known(self._store, as_of) if cell.geo == self.geo]
        lang = editions.language(known, self.words.language.id)
        newest = [cell for cell in lookup.newest(known) if cell.lang == lang]
        by_function = {function: lookup.behind(texts, function, newest) for function in functions}
        if not any(by_function.values()):
            return
        self.heading("The rules behind the expenditure")
        self._foreign(lang)
        for function, own in by_function.items():
            if own:
                self._ruled(function, own, Catalogue(texts))

    def _ruled(self, function: str, own: list[cells.Cell], catalogue: Catalogue) -> None:
        self._put(f"### {tables.plain(self.words.code('spfunc', function))}\n")
        spent = self.value(f"sp_benefits_gdp.{function}")
        if spent:
            self.say("Expenditure in {year}: {value}.", year=spent.time, value=spent)
        for cell in own:
            self._put(ruled.markdown(cell, catalogue.name(cell.table, cell.category, self.words.language.id)))
        below = tuple(ruled.source(edition, self.words) for edition in sorted({cell.edition for cell in own}))
        self._put(tables.raw(tables.notes_html(below), typeset.notes(below)))

    def amounts(self) -> None:
        """The confirmed amounts of the country over the editions of MISSOC; nothing where there are none."""
        texts, as_of = self._declarations.missoc, self._evaluator.as_of
        reads.asked(("declared", "missoc"), texts)
        known = cells.known(self._store, as_of)
        lang = editions.language(known, self.words.language.id, (self.geo,))
        held = [cell for cell in known if (cell.geo, cell.lang) == (self.geo, lang)]
        decided = DECISIONS.read(self._store, as_of)
        if not held or decided.empty:
            return
        prices = series.prices(self._declarations, self._store, as_of, [self.geo])
        found = list(series.points(proposals(held, decided), held, prices))
        used = [manifest.vintage for manifest in cells.CELLS.manifests(self._store, as_of)]
        for table, own in groupby(found, lambda point: point.table):
            self._amounts(table, list(own), prices, used)

    def _amounts(self, table: str, found: list[series.Point], prices: series.Prices, used: list[str]) -> None:
        catalogue = Catalogue(self._declarations.missoc)
        name = catalogue.texts.tables[table].labels.of(self.words.language.id)
        title = self.words.text("Amounts over the editions of MISSOC")
        self._put(f"## {tables.plain(f'{title}: {table} – {name}')}\n")
        display(amounted.table(found, catalogue, self.words, prices, used))  # type: ignore[no-untyped-call]
        for kind in (unit for unit in amounted.units(found) if unit[0] == "money"):
            own = [point for point in found if kind in amounted.units([point])]
            several = len({point.edition for point in own}) > 1 and len({p.series for p in own}) <= amounted.MOST
            if several and (drawn := amounted.figure(own, catalogue, self.words, prices)):
                self._draw(drawn)

    def _reworded(self, found: changes.Changes, catalogue: Catalogue) -> None:
        for table in catalogue.texts.tables.values():
            own = [c for c in found.changes if c.table == table.id and c.kind != "unchanged"]
            if own:
                name = f"{table.id} – {table.labels.of(self.words.language.id)}"
                self._put(f"## {tables.plain(name)}\n")
            for change in own:
                name = catalogue.name(change.table, change.category, self.words.language.id)
                self._put(reworded.markdown(change, name, self.words))

    def _invented(self) -> None:
        head = self.words.text("Invented examples")
        said = self.words.text(
            "The store holds no two editions of MISSOC. The texts of this chapter are invented examples that ship with "
            "the package; they describe the law of no country. To import editions:"
        )
        self._put(f'::: {{.callout-warning title="{head}"}}\n\n{said} `reporting missoc import`\n\n:::\n')

    def collected(self, questionnaire: str = "", codes: str = "") -> collected.Collected:
        """A questionnaire with what its check found; a warning where its figures are invented or it has errors."""
        found = collected.read(questionnaire, self.words, self.geo, self._reader.span, codes)
        if found.sample:
            head = self.words.text("Fictitious figures")
            said = self.words.text(
                "Everything in this chapter comes from the invented questionnaire of {country}, which does not exist. "
                "It shows what the package makes of a checked questionnaire. To publish your own:",
                country=found.country,
            )
            command = "reporting build esspros-brochure --questionnaire FILE"
            self._put(f'::: {{.callout-warning title="{head}"}}\n\n{said} `{command}`\n\n:::\n')
        errors = sum(finding.stops for finding in found.findings)
        if errors:
            head = self.words.text("Errors in the questionnaire")
            said = self.words.text(
                "The check of {file} found {count} errors. Figures that they concern may be wrong.",
                file=tables.plain(found.questionnaire.file), count=self.words.number(float(errors), 0),
            )  # fmt: skip
            self._put(f'::: {{.callout-warning title="{head}"}}\n\n{said}\n\n:::\n')
        return found

    def framework(self, name: str, profile: str) -> assessed.Assessed:
        """The indicators of a framework, judged by a profile for the country of the page."""
        return assessed.assess(self._reader, name, profile)

    def sheets(self, name: str, profile: str, wanted: Sequence[str]) -> None:
        """The sheets of some indicators of a framework, by ids or patterns of ids."""
        found = sheets.sheets(assessed.assess(self._reader, name, profile, wanted))
        for sheet in found:
            self._put(f"## {tables.plain(sheet.title)}\n")
            for part in sheet.parts():
                self.show(part)
        if not found:
            self.show(None)

    def aggregates(self, made: assessed.Assessed) -> None:
        """Level and change of Union and euro area, without a category."""
        self.show(overview.aggregates(made))

    def quality(self, made: assessed.Assessed) -> None:
        """What is to be known of the figures of the country: old, late, few, broken, unreliable."""
        self.show(overview.quality(made))

    def all_countries(self, made: assessed.Assessed) -> None:
        """The outcomes of all countries, on the page of an aggregate; a country has its own."""
        if self.geo in made.profile.aggregates:
            self.heading("All indicators in all Member States")
            for table in overview.matrices(made):
                self.show(table)

    def show(self, made: tables.Table | charts.Figure | None) -> None:
        """A table or figure that was made; a line where there is nothing to show."""
        if made is None:
            self.say("Nothing to show here for {geo}.")
        elif isinstance(made, charts.Figure):
            self._draw(made)
        else:
            display(made)  # type: ignore[no-untyped-call]  # IPython has no types here

    def close(self) -> None:
        """End of the page: say which tables had no data and how to get them."""
        if not self._without:
            return
        titles = "\n".join(
            f"- {tables.plain(self.words.text(self._declarations.tables[name].title))}" for name in self._without
        )
        said = self.words.text(
            "The store holds no data on the following tables for {geo}. To fetch them:", geo=self.words.geo(self.geo)
        )
        head = self.words.text("Data not available")
        command = f"reporting fetch {' '.join(self._missing())}"
        self._put(f'::: {{.callout-note title="{head}"}}\n\n{said} `{command}`\n\n{titles}\n\n:::\n')

    def _missing(self) -> Iterable[str]:
        ids = self._declarations.indicator_ids(
            tuple(row for name in self._without for row in self._declarations.tables[name].rows)
        )
        return sorted({dataset for i in ids for dataset, _ in self._declarations.inputs(i)})

    def _put(self, text: str) -> None:
        display(Markdown(text))  # type: ignore[no-untyped-call]  # as above
