"""A small French book: two chapters, three tables, two figures."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from reporting.declarations import Declarations, Language
from reporting.labels import Words
from reporting.publications import Book, Chapter, render
from reporting.tables import Cell, Row, Table

HOUSE = Path(__file__).parents[2]

SVG = """<svg xmlns="http://www.w3.org/2000/svg" width="480pt" height="220pt" viewBox="0 0 480 220">
<rect x="40" y="20" width="420" height="170" fill="none" stroke="#888"/>
<polyline points="40,150 145,120 250,135 355,80 460,60" fill="none" stroke="#14427c" stroke-width="2.5"/>
<text x="40" y="210" font-family="DejaVu Sans" font-size="11">2019</text>
<text x="430" y="210" font-family="DejaVu Sans" font-size="11">2023</text></svg>
"""

FIRST = """Les dépenses de protection sociale s'élèvent à 167\u202f012 millions d'euros (@tbl-depenses), soit
\u22121,2 point de moins qu'attendu ; voir aussi @fig-evolution, @sec-recettes et @tbl-recettes.[^1]

[^1]: Prix courants.

## Dépenses par fonction

{depenses}

::: {{.callout-note}}
Les chiffres de 2023 sont provisoires.
:::

## Évolution longue

{longue}

![Dépenses de protection sociale, 2019\u20132023](figures/evolution.svg){{#fig-evolution fig-alt="Courbe en hausse."}}
"""

SECOND = """Les recettes couvrent les dépenses ([chapitre précédent](01-depenses.qmd), @tbl-longue).[^1]

[^1]: Y compris les transferts.

## Dépenses par fonction

{recettes}

::: {{.callout-warning title="Rupture de série"}}
Le mode de calcul change en 2022.
:::

![Recettes par origine](figures/recettes.svg){{#fig-recettes fig-alt="Part des cotisations en baisse."}}
"""


def table(name: str, title: str, columns: int, **changes: object) -> Table:
    """Return a table of the years up to 2023, the last of them provisional."""
    years = tuple(str(2024 - columns + place) for place in range(columns))
    labels = ("Maladie et soins de santé", "Invalidité", "Vieillesse", "Survie", "Famille et enfants", "Chômage")
    rows = tuple(
        Row(label, "", tuple(_cell(1000.0 * (line + 2) + 37.5 * n, n == columns - 1) for n in range(columns)))
        for line, label in enumerate(labels)
    )
    made = Table(
        id=name, title=title, geo="Belgique", tag="fr-BE", stub="Fonction", unit_head="Unité",
        unit="millions d'euros", columns=years, rows=rows, breaks=(), sources=("Source : Eurostat (spr_exp_func).",),
        notes=(), flags=(("p", "provisoire"),), flags_head="Signes", tidy=(),
    )  # fmt: skip
    return replace(made, **changes)  # type: ignore[arg-type]


def _cell(value: float, last: bool) -> Cell:
    text = f"{value:,.1f}".replace(",", "\u202f").replace(".", ",")
    return Cell(value, "p" if last else "", text, 1)


@pytest.fixture(scope="session")
def words() -> Words:
    """French words without a catalogue: the English messages."""
    empty: dict[str, object] = dict.fromkeys(Declarations.model_fields, {})
    language = Language(id="fr", locale="fr_BE", tag="fr-BE", name="Français")
    return Words(
        Declarations(**{**empty, "home": HOUSE, "accepted": (), "moves": (), "languages": {"fr": language}}), "fr"
    )


@pytest.fixture(scope="session")
def book(tmp_path_factory: pytest.TempPathFactory) -> Book:
    """Return the sample book; its figures lie in a temporary folder."""
    folder = tmp_path_factory.mktemp("figures")
    figures = tuple(folder / f"{name}.svg" for name in ("evolution", "recettes"))
    for path in figures:
        path.write_text(SVG, encoding="utf-8")
    spending = table("depenses", "Dépenses de protection sociale, par fonction", 5)
    long = table("longue", "Dépenses de protection sociale sur 30 ans", 30)
    receipts = table("recettes", "Recettes & cotisations <employeurs>", 10, breaks=(8,), notes=("Note : rupture.",))
    first = FIRST.format(depenses=spending.markdown(), longue=long.markdown())
    second = SECOND.format(recettes=receipts.markdown())
    return Book(
        publication="essai", title="Vade-mecum de la protection sociale",
        subtitle="Données financières et statistiques",
        publisher="SPF Sécurité sociale", edition="Édition 2026", geo="BE", geo_name="Belgique", lang="fr",
        tag="fr-BE", date="2026-03-02", date_text="2 mars 2026",
        chapters=(
            Chapter("depenses", "Dépenses", first, figures[:1]),
            Chapter("recettes", "Recettes & financement", second, figures[1:]),
        ),
        colophon=(
            "Données d'Eurostat au 15 février 2026 (spr_exp_func).",
            "Licence : https://creativecommons.org/licenses/by/4.0/.",
        ),
    )  # fmt: skip


@pytest.fixture(scope="session")
def made(book: Book, words: Words, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder with both editions, rendered by the embedded engine."""
    folder = tmp_path_factory.mktemp("publication")
    render(book, words, folder, ("html", "pdf", "xlsx"), "embedded")
    return folder
