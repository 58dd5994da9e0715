"""What the tests share: a project folder, a small store, the real declarations."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from observing import manifest, observed  # noqa: F401  # tests take them from here

from reporting import declarations
from reporting.silc import generate
from reporting.vintages import Store

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def known() -> declarations.Declarations:
    """The project's own declarations."""
    return declarations.load(ROOT)


@pytest.fixture(scope="session")
def embedded() -> Store:
    """The embedded edition, with nothing above it."""
    return Store(ROOT / "outputs" / "no-store")


@pytest.fixture(scope="session")
def microdata() -> Path:
    """The EU-SILC reference files beside the project."""
    folder = ROOT.parent / "shared" / "data" / "silc"
    if not folder.is_dir():
        pytest.skip("the reference data are not beside the project")
    return folder


@pytest.fixture(scope="session")
def austria(microdata: Path) -> pd.DataFrame:
    """The synthetic Austrian sample of the R package laeken."""
    return pd.read_csv(microdata / "eusilc_synthetic_AT.csv")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A copy of the declarations and notebooks that a test may spoil."""
    for name in ("parameters", "notebooks"):
        shutil.copytree(ROOT / name, tmp_path / name)
    return tmp_path


CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
SIZES = {"desktop": (1280, 900), "phone": (390, 844)}


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """The system's Chromium, through playwright."""
    api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    if CHROMIUM is None:
        pytest.skip("no Chromium on the PATH")
    with api.sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield started
        started.close()


@pytest.fixture(params=SIZES)
def page(browser: Any, request: pytest.FixtureRequest) -> Iterator[Any]:
    """An offline page at one width; console errors and outside requests fail the test."""
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


@pytest.fixture(scope="session")
def violations() -> Callable[[Any], list[str]]:
    """Serious and critical findings of axe-core on a page."""
    axe = pytest.importorskip("axe_core_python.sync_playwright", reason="axe-core-python is not installed")

    def found(page: Any) -> list[str]:
        return [v["id"] for v in axe.Axe().run(page)["violations"] if v["impact"] in ("serious", "critical")]

    return found


@pytest.fixture(scope="session")
def whole() -> generate.Files:
    """A synthetic population."""
    return generate.population(6000, seed=4)
