"""Confirmed amounts over editions: in euro, at constant prices, with what breaks them, as table and figure."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from microdata import run
from specimens import manifest, observed

from reporting import amounted
from reporting.declarations import Declarations
from reporting.labels import Words
from reporting.missoc import intake, lookup, review, series
from reporting.missoc.intake import Given
from reporting.missoc.recognise import Catalogue
from reporting.missoc.review import DECISIONS
from reporting.vintages import Store

#: The minimum pension by edition.
TEXTS = {"2001-07-01": "Minimum BEF 36,000 per month.", "2002-01-01": "Minimum EUR 900 per month.",
         "2003-01-01": "No minimum.", "2026-01-01": "Minimum EUR 1,700 per month."}  # fmt: skip
#: Harmonised index, 2015 = 100, of the months of three editions; none of January 2026.
INDEX = {"2001-07": 75.0, "2002-01": 80.0, "2003-01": 82.0}


@pytest.fixture
def store(known: Declarations, tmp_path: Path) -> Store:
    """Editions of one text whose amounts were confirmed, and consumer prices."""
    place = Store(tmp_path / "store", embedded=None)
    for edition, text in TEXTS.items():
        put(place, known, edition, text)
    confirm(place)
    rows = [("M.I15.CP00.BE", month, value, "") for month, value in INDEX.items()]
    place.append(observed("prc_hicp_midx", rows), manifest("prc_hicp_midx", "2026-02-28", complete=False))
    return place


def put(place: Store, known: Declarations, edition: str, text: str, geo: str = "BE") -> None:
    """Import one text on minimum pensions."""
    rows = f"<tr><th></th><th>{geo}</th></tr><tr><th>Minimum pension</th><td>{text}</td></tr>"
    page = f"<h1>Old age</h1><table>{rows}</table>"
    intake.keep(place, intake.understood(page.encode(), "a.html", known.missoc, Given(edition, "en")))


def confirm(place: Store) -> None:
    """A person confirms every amount that is proposed."""
    decided = [
        {**dict(zip(DECISIONS.key, one.key, strict=True)), "kind": one.amount.kind, "value": repr(one.amount.value),
         "unit": one.amount.unit, "period": one.amount.period, "qualifier": one.amount.qualifier,
         "proposed": repr(one.proposed), "status": "confirmed", "comment": ""}
        for one in review.proposals(lookup.held(place), DECISIONS.read(place))
    ]  # fmt: skip
    review.keep(place, decided, "form.csv")


def found(place: Store, known: Declarations) -> tuple[list[series.Point], series.Prices]:
    """The series of the store, and what they were made with."""
    held = lookup.held(place)
    prices = series.prices(known, place, "", {cell.geo for cell in held})
    return list(series.points(review.proposals(held, DECISIONS.read(place)), held, prices)), prices


def test_euro_and_constant_prices(known: Declarations, store: Store) -> None:
    """36 000 francs are 892.42 euro at 40.3399; divided by an index of 75 that is 1 189.89 at the prices of 2015."""
    points, prices = found(store, known)
    assert prices.base == 2015
    assert [(p.edition, p.unit, p.value) for p in points] == [
        ("2001-07-01", "BEF", 36000), ("2002-01-01", "EUR", 900), ("2026-01-01", "EUR", 1700)]  # fmt: skip
    assert [p.euro for p in points] == pytest.approx([36000 / 40.3399, 900, 1700])
    assert points[0].real == pytest.approx(1189.8889, abs=1e-3)
    assert points[1].real == pytest.approx(1125)


def test_breaks_are_told(known: Declarations, store: Store) -> None:
    """Another currency breaks a series, and so does an edition whose text has no such amount."""
    assert [p.broken for p in found(store, known)[0]] == ["", "currency", "gap"]


def test_without_prices_nothing_is_guessed(known: Declarations, store: Store) -> None:
    """For a month without consumer prices no constant prices are given, and the month is named."""
    points, prices = found(store, known)
    assert points[2].real is None
    assert series.lacking(points) == [("BE", "2026-01")]
    said = " ".join(amounted.notes(points, Words(known, "en"), prices))
    assert "no consumer prices for Belgium 2026-01" in said


def test_a_currency_without_rate(known: Declarations, store: Store) -> None:
    """Its amounts have no euro, are real in their own currency, and cannot be drawn in euro; the note names it."""
    put(store, known, "2002-01-01", "Minimum SEK 5,000 per month.", "SE")
    confirm(store)
    rows = [("M.I15.CP00.SE", "2002-01", 50.0, "")]
    store.append(observed("prc_hicp_midx", rows), manifest("prc_hicp_midx", "2026-03-31", complete=False))
    points, prices = found(store, known)
    (swedish,) = [p for p in points if p.geo == "SE"]
    assert (swedish.euro, swedish.real) == (None, pytest.approx(10_000))
    words = Words(known, "fr")
    assert amounted.figure([swedish], Catalogue(known.missoc), words, prices) is None
    assert any("SEK" in note for note in amounted.notes([swedish], words, prices))


def test_a_declared_rate_of_the_month_is_used() -> None:
    """A currency that floats is put into euro by the rate of the month, else of the year, of its country."""
    prices = series.Prices({"EUR": 1.0}, {"SEK": {("SE", "2002-01"): 10.0, ("SE", "2003"): 8.0}})
    assert prices.euro(5000, "SEK", "SE", "2002-01-01") == 500
    assert prices.euro(4000, "SEK", "SE", "2003-07-01") == 500
    assert prices.euro(5000, "SEK", "SE", "2004-01-01") is None
    assert prices.euro(5000, "SEK", "DK", "2002-01-01") is None


@pytest.mark.parametrize(
    ("lang", "real"),
    [
        ("en", "at 2015 prices"),
        ("fr", "aux prix de 2015"),
        ("nl", "in prijzen van 2015"),
        ("de", "zu Preisen von 2015"),
    ],
)
def test_the_figure_and_the_table(known: Declarations, store: Store, lang: str, real: str) -> None:
    """Both name the year of the prices, in four languages; the figure marks breaks and has its numbers as text."""
    points, prices = found(store, known)
    words = Words(known, lang)
    drawn = amounted.figure(points, Catalogue(known.missoc), words, prices)
    assert drawn is not None
    assert drawn.svg.startswith(b"<?xml")
    assert real in drawn.alternative
    assert words.number(1125.0, 2) in drawn.alternative
    assert any("2015" in line for line in drawn.below)
    assert words.text("A dotted vertical line marks a break in series.") in drawn.below
    made = amounted.table(points, Catalogue(known.missoc), words, prices, ["2002-01-01"])
    assert [len(row.cells) for row in made.rows] == [3, 3, 3]
    assert real in made.rows[2].label
    assert [cell.flag for cell in made.rows[0].cells] == ["", "b", "b"]
    assert not words.missing


def test_the_verb_prints_and_draws(store: Store, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """As JSON with the base year; as a figure in a file; what it cannot draw it says how to narrow."""
    assert run("missoc", "series", "--store", store.root, "--json") == 0
    printed = json.loads(capsys.readouterr().out)
    assert [(one["base"], one["broken"]) for one in printed] == [(2015, ""), (2015, "currency"), (2015, "gap")]
    path = tmp_path / "pension.svg"
    assert (
        run("missoc", "series", "--store", store.root, "--category", "VI.minimum", "--figure", path, "--labels", "de")
        == 0
    )
    assert b"<svg" in path.read_bytes()
    assert "no consumer prices for Belgium 2026-01" in capsys.readouterr().err
    assert run("missoc", "series", "--store", store.root, "--kind", "age", "--figure", path) == 2
    assert run("missoc", "series", "--store", store.root, "--figure", tmp_path / "pension.png") == 2
    assert "written as .svg" in capsys.readouterr().err
