"""What a notebook puts on its page: sentences, figures, and a word on what is missing."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from reporting import page as pages
from reporting.errors import UsageError
from reporting.page import Page

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[Any]:
    """What is displayed, and an empty folder to draw in."""
    things: list[Any] = []
    monkeypatch.setattr(pages, "display", things.append)
    monkeypatch.setenv("REPORTING_HOME", str(ROOT))
    monkeypatch.chdir(tmp_path)
    return things


def opened(geo: str = "BE", lang: str = "en", **how: Any) -> Page:
    """A page on the embedded edition."""
    return Page(geo, lang, store="no-store", **how)


def test_a_sentence_takes_its_numbers_from_data(shown: list[Any]) -> None:
    """The figure of Belgium's expenditure comes from the store, not from the text."""
    page = opened()
    page.say("In {year}: {total}.", year=page.year("sp_expenditure.TOTAL"), total=page.value("sp_expenditure.TOTAL"))
    assert shown[0].text == "In 2023: 174,210.3 million euro.\n"


def test_no_figure_no_sentence(shown: list[Any]) -> None:
    """A sentence whose value is missing is left out."""
    page = opened("FR")
    page.say("In all, {total}.", total=page.value("branch_benefits.total"))
    assert shown == []


@pytest.mark.parametrize(("back", "said"), [(1, "up 28.55"), (3, "down 32.46")])
def test_a_comparison_says_which_way(shown: list[Any], back: int, said: str) -> None:
    """Against 2022 the share of GDP rose, against 2020 it fell."""
    opened().compare("sp_expenditure_gdp.TOTAL", back, up="up {then}", down="down {then}", same="same")
    assert shown[0].text.startswith(said)


def test_a_page_in_french(shown: list[Any]) -> None:
    """Sentence, number and country are French."""
    page = opened(lang="fr")
    page.say(
        "On 1 January {year}, {geo} had {population}.",
        year=page.year("population"),
        population=page.value("population"),
    )
    assert "Belgique" in shown[0].text and "11\u202f" in shown[0].text and "had" not in shown[0].text


def test_what_is_not_in_the_store_is_said_with_the_remedy(shown: list[Any]) -> None:
    """The national chapter of France says that it has no data and how to fetch them."""
    page = opened("FR")
    page.table("branch_benefits")
    page.table("minimum_wage")
    page.close()
    assert len(shown) == 1
    assert "reporting fetch national" in shown[0].text and "Social benefits by branch" in shown[0].text


def test_a_page_with_all_its_data_ends_quietly(shown: list[Any]) -> None:
    """Nothing is said when nothing is missing."""
    opened().close()
    assert shown == []


@pytest.mark.parametrize("name", ["benefits_gdp", "benefits_shares", "arope_eu", "benefits_latest", "arop_age"])
def test_a_figure_is_drawn_with_a_text_alternative(shown: list[Any], name: str) -> None:
    """Each kind of figure has a caption, an id and its values in words, and is drawn as SVG."""
    opened().figure(name)
    text = shown[0].text
    found = re.search(r'\(figures/([\w-]+\.svg)\){#fig-[\w-]+ fig-alt="([^"]+)"}', text)
    assert found and Path("figures", found[1]).read_bytes().startswith(b"<?xml")
    assert re.search(r": [\d.,]+ \(20\d\d\)", found[2])


def test_the_same_figure_has_the_same_bytes(shown: list[Any], tmp_path: Path) -> None:
    """Drawing is deterministic, so that a rebuilt publication can be compared."""
    drawn = []
    for _ in range(2):
        opened().figure("arop_age")
        drawn.append((tmp_path / "figures" / "arop-age.svg").read_bytes())
    assert drawn[0] == drawn[1] and b"<dc:date>" not in drawn[0]


def test_a_break_is_drawn_and_explained(shown: list[Any]) -> None:
    """A line chart across a break says what the dotted line is."""
    opened().figure("arop_age")
    assert "A dotted vertical line marks a break in series." in shown[0].text


def test_an_unknown_country_is_refused() -> None:
    """A page for a country that does not exist is a wrong use."""
    with pytest.raises(UsageError, match="'XX'"):
        opened("XX")


def test_as_of_shows_what_was_known(shown: list[Any]) -> None:
    """Before August 2026 the benefits in euro of 2024 were not known; the shares of GDP of October 2025 were."""
    page = opened(as_of="2026-01-31")
    assert page.value("sp_benefits.TOTAL") is None
    assert page.value("sp_benefits_gdp.OLD").time == "2023"
