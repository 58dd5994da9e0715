"""Amounts in texts: every form of number, what is no amount, and how many of a labelled set are found."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import scoring

from reporting.declarations import Declarations
from reporting.missoc import intake, worded
from reporting.missoc.amounts import extract
from reporting.missoc.intake import Given
from reporting.missoc.numbers import parse


def brief(text: str, lang: str, **about: str) -> list[tuple[object, ...]]:
    """Kind, value, unit, period and qualifier of each amount."""
    return [(a.kind, round(a.value, 4), a.unit, a.period, a.qualifier) for a in extract(text, lang, **about)]


@pytest.mark.parametrize("lang", ["en", "fr", "de"])
@pytest.mark.parametrize("parts", [scoring.TUNED, scoring.HELD_OUT])
def test_the_labelled_set(parts: tuple[str, ...], lang: str) -> None:
    """Of the texts marked by hand, at least 97 % are found, and 97 % of what is found is right, held out ones too."""
    scores = [scoring.score(part, lang) for part in parts]
    marked, found, right = (sum(getattr(one, name) for one in scores) for name in ("marked", "found", "right"))
    assert marked >= 45
    assert right / found >= 0.97
    assert right / marked >= 0.97


def test_the_labelled_set_is_large_enough() -> None:
    """At least 500 amounts are marked in the texts that were mended by, at least 150 in those that were held out."""
    tuned, held = (
        sum(scoring.score(part, lang).marked for part in parts for lang in scoring.LANGUAGES)
        for parts in (scoring.TUNED, scoring.HELD_OUT)
    )
    assert tuned >= 500
    assert held >= 150


@pytest.mark.parametrize(
    ("text", "lang", "value"),
    [("1 234,56", "fr", 1234.56), ("1.234,56", "de", 1234.56), ("1,234.56", "en", 1234.56), ("1'234.50", "de", 1234.5),
     ("1\u202f234\u202f567", "fr", 1234567), ("12½", "en", 12.5), ("66 2/3", "en", 200 / 3), ("0,350", "en", 0.35),
     ("1.234.567", "de", 1234567), ("2,235.91", "fr", 2235.91), ("66.66", "de", 66.66), ("12,5", "en", 12.5)],
)  # fmt: skip
def test_numbers(text: str, lang: str, value: float) -> None:
    """A number has one value, whatever the language does with points and commas."""
    number = parse(text, lang)
    assert number.value == pytest.approx(value)
    assert not number.doubtful


def test_a_doubtful_number_lowers_the_confidence() -> None:
    """A point before three figures in English is read as decimal, or as grouping in money, and doubted."""
    (rate,), (money,) = extract("2.235 %", "en"), extract("EUR 2.235", "en")
    assert (rate.value, money.value) == (2.235, 2235)
    assert max(rate.confidence, money.confidence) < 0.7


def test_the_ceiling_of_1999() -> None:
    """The amount in francs, its conversion apart, both by day, each with its span."""
    text = "BEF 2,235.91 (EUR 55) per day."
    franc, euro = extract(text, "en", "BE", "ceiling", "Earnings ceiling")
    assert (franc.value, franc.currency, franc.period, franc.conversion) == (2235.91, "BEF", "day", False)
    assert (euro.value, euro.currency, euro.period, euro.conversion) == (55, "EUR", "day", True)
    assert [text[a.start : a.end] for a in (franc, euro)] == ["BEF 2,235.91", "EUR 55"]


def test_every_amount_of_the_tables_of_1999(known: Declarations, belgium: list[Path]) -> None:
    """All rates, amounts, ages and durations of the two pages, in their order, and nothing else."""
    fifth, tenth = (intake.read(path, known.missoc, Given()) for path in belgium)
    values = [
        {c.category: [(a.value, a.unit) for a in extract(c.text, "en", "BE", c.category, c.label)] for c in r.cells}
        for r in (fifth, tenth)
    ]
    assert {k: v for k, v in values[0].items() if v} == {
        "definition": [(1 / 3, "")], "incapacity": [(66.66, "%")], "cover": [(1, "year")],
        "qualifying": [(6, "month"), (120, "day")], "formula": [(65, "%"), (45, "%"), (40, "%")],
        "earnings": [(3698.06, "BEF"), (92, "EUR")],
    }  # fmt: skip
    assert {k: v for k, v in values[1].items() if v} == {
        "qualifying": [(312, "day"), (18, "month"), (624, "day"), (36, "month")], "age": [(65, "year"), (61, "year")],
        "ceiling": [(2235.91, "BEF"), (55, "EUR")],
        "rate": [
            (60, "%"), (1342, "BEF"), (33, "EUR"), (1178, "BEF"), (29, "EUR"), (60, "%"), (1342, "BEF"), (33, "EUR"),
            (843, "BEF"), (21, "EUR"), (42, "%"), (939, "BEF"), (23, "EUR"), (843, "BEF"), (21, "EUR"), (55, "%"),
            (1230, "BEF"), (30, "EUR"), (672, "BEF"), (17, "EUR"), (35, "%"), (3, "month"), (783, "BEF"), (19, "EUR"),
        ],
    }  # fmt: skip


@pytest.mark.parametrize(
    ("text", "number"),
    [("quatre-vingt-dix-huit", 98), ("cent quatre-vingts", 180), ("soixante et onze", 71), ("deux cents", 200),
     ("einundzwanzig", 21), ("hundertachtzig", 180), ("sechsundneunzig", 96), ("dreihundert", 300),
     ("one hundred and eighty", 180), ("ninety-five", 95), ("sechzehn", 16), ("seize", 16), ("eines", 1)],
)  # fmt: skip
def test_numbers_in_words(text: str, number: int) -> None:
    """A number in words has its value, and is known as one number."""
    assert worded.value(text) == number
    assert re.fullmatch(worded.WORDED, text)


@pytest.mark.parametrize(
    ("text", "lang", "expected"),
    [("one and a half years", "en", ("duration", 1.5, "year")), ("un an et demi", "fr", ("duration", 1.5, "year")),
     ("zweieinhalb Jahre", "de", ("duration", 2.5, "year")), ("half a year", "en", ("duration", 0.5, "year")),
     ("eine dreimonatige Frist", "de", ("duration", 3, "month")), ("das Eineinhalbfache", "de", ("ratio", 1.5, "")),
     ("une fois et demie le salaire", "fr", ("ratio", 1.5, "")), ("twice the wage", "en", ("ratio", 2, "")),
     ("un demi-point de pourcentage", "fr", ("percent", 0.5, "points")), ("0.5 pp", "en", ("percent", 0.5, "points")),
     ("seven tenths of it", "en", ("ratio", 0.7, "")), ("fünfzig Prozent", "de", ("percent", 50, "%")),
     ("ten euro", "en", ("money", 10, "EUR")), ("350 M€", "fr", ("money", 3.5e8, "EUR")),
     ("2 000 couronnes norvégiennes", "fr", ("money", 2000, "NOK")), ("24-Jährige", "de", ("age", 24, "year")),
     ("his 18th birthday", "en", ("age", 18, "year")), ("until the age of three", "en", ("age", 3, "year"))],
)  # fmt: skip
def test_amounts_in_words(text: str, lang: str, expected: tuple[object, ...]) -> None:
    """Halves, multiples, parts and amounts whose number is a word are each one amount."""
    assert [found[:3] for found in brief(text, lang)] == [expected]


@pytest.mark.parametrize(
    ("text", "lang"),
    [("Law of 14 July 1994, Article 12(3), No 883/2004, § 33.", "en"),
     ("No minimum. See Table IX and section 3.", "en"),
     ("Loi n° 93-121 du 27 janvier 1993, art. 35, § 2.", "fr"), ("BGBl. I S. 1234 vom 1.1.2020, Art. 8 Abs. 3", "de"),
     ("from the 2nd year onwards, the 183rd day, since 2019", "en"), ("dès le 31e jour; 1re année", "fr"),
     ("ab dem 2. Jahr; im 1. Monat; das 3. Kind", "de"), ("more than 3 children in 2024", "en"),
     ("Paid twice a year, three times per month; double taxation; one third party; the first half of it", "en"),
     ("trois fois par an; le double salaire; un quart d'heure; une personne sur trois", "fr"),
     ("dreimal im Jahr, 14 mal jährlich; zwei Kinder; vielfach; Volljährige; die erste Hälfte", "de"),
     ("31.12.1991 and 2026-01-01 and 25/1/92", "en"), ("", "en")],
)  # fmt: skip
def test_what_is_no_amount(text: str, lang: str) -> None:
    """Dates, ordinals, numbers of laws and bare numbers are left alone."""
    assert brief(text, lang) == []


def test_a_year_before_an_amount_stays_a_year() -> None:
    """A year is not taken for the amount whose currency follows it."""
    assert brief("In 2024 EUR 500 per year", "en") == [("money", 500, "EUR", "year", "")]
    assert brief("Since 1 July 2024: GBP 116.75 per week", "en") == [("money", 116.75, "GBP", "week", "")]


def test_years_are_ages_or_durations() -> None:
    """What stands around decides; the category of an age limit too."""
    assert brief("at 65 years with 35 years of insurance", "en") == [
        ("age", 65, "year", "", ""), ("duration", 35, "year", "", "")]  # fmt: skip
    assert brief("65 years and 3 months", "en") == [("age", 65.25, "year", "", "")]
    assert brief("Vollendung des 65. Lebensjahres", "de") == [("age", 65, "year", "", "")]
    assert brief("18 years", "en", category="age_limit") == [("age", 18, "year", "", "")]
    assert brief("18 ans de cotisation", "fr") == [("duration", 18, "year", "", "")]


def test_ranges_bounds_and_whom_they_are_for() -> None:
    """Both ends of a range are amounts; a bound and a child are said."""
    assert [a[4] for a in brief("from 60 to 65 %", "en")] == ["from", "to"]
    assert [a[4] for a in brief("zwischen 100 und 200 Euro", "de")] == ["from", "to"]
    assert brief("au maximum 27,40 €, au moins 5 €", "fr") == [
        ("money", 27.4, "EUR", "", "max"), ("money", 5, "EUR", "", "min")]  # fmt: skip
    assert brief("250 € je Kind und Monat", "de") == [("money", 250, "EUR", "month", "per_child")]


def test_the_krone_is_that_of_the_country() -> None:
    """Without a country the currency stays open and the amount is doubted."""
    (danish,), (open_,) = extract("500 kr.", "en", "DK"), extract("500 kr.", "en")
    assert (danish.currency, open_.currency) == ("DKK", "")
    assert open_.confidence < danish.confidence


def test_spans_are_of_the_text_itself() -> None:
    """Every amount of every text of the set is found again at its span."""
    for part in (*scoring.TUNED, *scoring.HELD_OUT):
        for lang in scoring.LANGUAGES:
            for text, _ in scoring.read(scoring.HERE / part / f"{lang}.txt"):
                assert all(text[a.start : a.end] == a.text and a.text for a in extract(text, lang))
