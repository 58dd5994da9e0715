"""The HTML edition in a browser, from the disk, with the network off."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
axe_module = pytest.importorskip("axe_core_python.sync_playwright", reason="axe-core-python is not installed")

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
SIZES = {"desktop": (1280, 900), "phone": (390, 844)}
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on the PATH"),
]


@pytest.fixture(scope="module")
def browser() -> Iterator[sync_api.Browser]:
    """Start the system's Chromium."""
    with sync_api.sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield started
        started.close()


@pytest.fixture(params=SIZES)
def page(browser: sync_api.Browser, request: pytest.FixtureRequest) -> Iterator[sync_api.Page]:
    """Open an offline page at one width; console errors and outside requests fail the test."""
    width, height = SIZES[request.param]
    context = browser.new_context(viewport={"width": width, "height": height}, offline=True)
    opened = context.new_page()
    troubles: list[str] = []
    opened.on("console", lambda message: troubles.append(message.text) if message.type == "error" else None)
    opened.on("pageerror", lambda error: troubles.append(str(error)))
    opened.on("request", lambda r: None if r.url.startswith(("file:", "data:")) else troubles.append(r.url))
    yield opened
    context.close()
    assert not troubles


def shown(page: sync_api.Page, made: Path, name: str) -> None:
    """Load a page of the book from the disk; on a phone, open the menu."""
    page.goto((made / f"{name}.html").as_uri())
    if page.locator("#menu").is_visible():
        page.locator("#menu").click()


@pytest.mark.parametrize("name", ["index", "01-depenses", "02-recettes"])
def test_pages_fit_and_meet_wcag(page: sync_api.Page, made: Path, name: str) -> None:
    """No serious or critical finding of axe-core, and no sideways scrolling of the page."""
    for opened in (False, True):
        if opened:
            shown(page, made, name)
        else:
            page.goto((made / f"{name}.html").as_uri())
        found = axe_module.Axe().run(page)["violations"]
        assert [v["id"] for v in found if v["impact"] in ("serious", "critical")] == []
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def test_search_finds_a_table_and_leads_to_it(page: sync_api.Page, made: Path) -> None:
    """Words of a title, without accents, find the table of another chapter, by keyboard alone."""
    shown(page, made, "01-depenses")
    page.locator("#query").focus()
    page.keyboard.type("recettes EMPLOYEURS chomage")
    assert "1" in page.locator("#found").inner_text()
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    page.wait_for_url("**/02-recettes.html#tbl-recettes")
    assert page.locator("#tbl-recettes table").is_visible()


def test_search_says_when_there_is_nothing(page: sync_api.Page, made: Path) -> None:
    """An unknown word gives a message, not an empty space."""
    shown(page, made, "index")
    page.locator("#query").fill("zzzz")
    assert page.locator("#found").inner_text() == "No results"


def test_wide_tables_scroll_by_keyboard(page: sync_api.Page, made: Path) -> None:
    """A wide table takes the focus and scrolls with the arrow keys; its row labels stay in sight."""
    page.goto((made / "01-depenses.html").as_uri())
    region = page.locator("#tbl-longue .stat-scroll")
    region.focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_function("document.querySelector('#tbl-longue .stat-scroll').scrollLeft > 0")
    left = region.evaluate("e => e.getBoundingClientRect().left")
    label = region.locator("tbody th").first.evaluate("e => e.getBoundingClientRect().left")
    assert abs(label - left) < 1


def test_the_menu_of_a_phone_opens_and_closes(browser: sync_api.Browser, made: Path) -> None:
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
