"""The HTML edition in a browser, from the disk, with the network off."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.browser


def shown(page: Any, made: Path, name: str) -> None:
    """Load a page of the book from the disk; on a phone, open the menu."""
    page.goto((made / f"{name}.html").as_uri())
    if page.locator("#menu").is_visible():
        page.locator("#menu").click()


@pytest.mark.parametrize("name", ["index", "01-depenses", "02-recettes"])
def test_pages_fit_and_meet_wcag(page: Any, violations: Any, made: Path, name: str) -> None:
    """No serious or critical finding of axe-core, and no sideways scrolling of the page."""
    for opened in (False, True):
        if opened:
            shown(page, made, name)
        else:
            page.goto((made / f"{name}.html").as_uri())
        assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def test_search_finds_a_table_and_leads_to_it(page: Any, made: Path) -> None:
    """Words of a title, without accents, find the table of another chapter, by keyboard alone."""
    shown(page, made, "01-depenses")
    page.locator("#query").focus()
    page.keyboard.type("recettes EMPLOYEURS chomage")
    assert "1" in page.locator("#found").inner_text()
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    page.wait_for_url("**/02-recettes.html#tbl-recettes")
    assert page.locator("#tbl-recettes table").is_visible()


def test_search_says_when_there_is_nothing(page: Any, made: Path) -> None:
    """An unknown word gives a message, not an empty space."""
    shown(page, made, "index")
    page.locator("#query").fill("zzzz")
    assert page.locator("#found").inner_text() == "Aucun résultat"


def test_wide_tables_scroll_by_keyboard(page: Any, made: Path) -> None:
    """A wide table takes the focus and scrolls with the arrow keys; its row labels stay in sight."""
    page.goto((made / "01-depenses.html").as_uri())
    region = page.locator("#tbl-longue .stat-scroll")
    region.focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_function("document.querySelector('#tbl-longue .stat-scroll').scrollLeft > 0")
    left = region.evaluate("e => e.getBoundingClientRect().left")
    label = region.locator("tbody th").first.evaluate("e => e.getBoundingClientRect().left")
    assert abs(label - left) < 1


def test_the_menu_of_a_phone_opens_and_closes(browser: Any, made: Path) -> None:
    """The button shows the contents, Escape hides them and returns the focus."""
    page = browser.new_page(viewport={"width": 390, "height": 844})
    page.goto((made / "index.html").as_uri())
    assert not page.locator("#side").is_visible()
    page.locator("#menu").click()
    assert page.locator("#side").is_visible() and page.locator("#menu").get_attribute("aria-expanded") == "true"
    page.keyboard.press("Escape")
    assert not page.locator("#side").is_visible()
    assert page.evaluate("document.activeElement.id") == "menu"
    page.close()
