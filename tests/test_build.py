"""Whole publications, built as a person builds them, from the embedded edition."""

from __future__ import annotations

import csv
import hashlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from lxml import html
from pypdf import PdfReader

from reporting.declarations import Declarations
from reporting.vintages import alone

ROOT = Path(__file__).resolve().parents[1]
LANGUAGES = {"fr": "fr-BE", "nl": "nl-BE", "en": "en", "de": "de-BE"}
pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("builds")]


def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the command as a person does, with the embedded engine."""
    return subprocess.run(
        [sys.executable, "-m", "reporting", *arguments],
        capture_output=True, text=True, timeout=900, check=False, cwd=ROOT,
        env={**os.environ, "REPORTING_HOME": str(ROOT), **environment},
    )  # fmt: skip


@pytest.fixture(scope="module")
def outputs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Belgian Vade Mecum of record in four languages, and thirty years in French."""
    folder = tmp_path_factory.mktemp("outputs")
    common = ("--geo", "BE", "--outputs", str(folder), "--store", str(folder / "store"), "--engine", "embedded")
    done = run("build", "vade-mecum", "--record", *common)
    assert done.returncode == 0, done.stderr
    done = run("build", "thirty-years", "--lang", "fr", "--span", "30", *common)
    assert done.returncode == 0, done.stderr
    return folder / "publications"


@pytest.fixture(scope="module")
def books(outputs: Path) -> dict[str, Path]:
    """The folder of each language of the Vade Mecum."""
    return {lang: outputs / "vade-mecum/2026/BE" / lang for lang in LANGUAGES}


def tidy(book: Path, table: str) -> list[dict[str, str]]:
    """The tidy twin of a table."""
    with (book / "tables" / f"{table}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def value(book: Path, table: str, indicator: str, time: str) -> float:
    """One value of a tidy twin."""
    rows = [r for r in tidy(book, table) if (r["indicator"], r["time"]) == (indicator, time)]
    assert len(rows) == 1
    return float(rows[0]["value"])


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_promised_file_is_there(books: dict[str, Path], lang: str) -> None:
    """Pages, PDF, workbook, tidy twins, notebooks, sources and record lie in one folder."""
    book = books[lang]
    stem = f"vade-mecum-BE-{lang}"
    for name in ("index.html", f"{stem}.pdf", f"{stem}.xlsx", "run.json", "quarto/_quarto.yml"):
        assert (book / name).stat().st_size > 0
    assert len(list((book / "notebooks").glob("*/*.ipynb"))) == 7
    assert not list(book.parent.glob("*.part")) and not list(book.parent.glob("*.old"))


def test_published_figures_are_exact(books: dict[str, Path]) -> None:
    """The figures a reader would look up first are those Eurostat published."""
    for book in books.values():
        assert value(book, "expenditure", "sp_expenditure.TOTAL", "2023") == 174210.26
        assert value(book, "expenditure_gdp", "sp_expenditure_gdp.TOTAL", "2023") == 29.21
        assert value(book, "health_overview", "health_expenditure", "2023") == 64412.05
        assert value(book, "poverty_exclusion", "arop", "2024") == 11.4


def test_there_are_tables_and_figures_enough(books: dict[str, Path], outputs: Path) -> None:
    """At least 30 tables and 15 figures in the Vade Mecum, 75 series tables in the thirty years."""
    for book in books.values():
        assert len(list((book / "tables").glob("*.csv"))) >= 30
        assert len(list((book / "figures").glob("*.svg"))) >= 15
    assert len(list((outputs / "thirty-years/2026/BE/fr/tables").glob("*.csv"))) >= 75


def test_all_languages_hold_the_same_tables_and_values(books: dict[str, Path]) -> None:
    """The tidy twins of the four languages are the same, byte for byte."""
    first = {p.name: p.read_bytes() for p in (books["en"] / "tables").iterdir()}
    for book in books.values():
        assert {p.name: p.read_bytes() for p in (book / "tables").iterdir()} == first


def test_the_four_pdfs_have_the_same_tables(books: dict[str, Path]) -> None:
    """Table numbers in the PDF are the same in every language, and as many as there are tidy twins."""
    word = {"fr": "Tableau", "nl": "Tabel", "en": "Table", "de": "Tabelle"}
    numbers = {}
    for lang, book in books.items():
        text = "\n".join(page.extract_text() for page in PdfReader(book / f"vade-mecum-BE-{lang}.pdf").pages)
        numbers[lang] = set(re.findall(rf"{word[lang]}\s(\d\.\d+)", text))
    assert numbers["fr"] == numbers["nl"] == numbers["en"] == numbers["de"]
    assert len(numbers["fr"]) == len(list((books["fr"] / "tables").iterdir()))


@pytest.mark.parametrize(("lang", "tag"), LANGUAGES.items())
def test_documents_say_their_language(books: dict[str, Path], lang: str, tag: str) -> None:
    """Pages and PDF carry the language tag; the PDF is tagged and declares PDF/UA."""
    page = html.parse(books[lang] / "index.html").getroot()
    assert page.get("lang") == tag
    root = PdfReader(books[lang] / f"vade-mecum-BE-{lang}.pdf").root_object
    assert root["/Lang"] == tag and "/StructTreeRoot" in root
    assert b"pdfuaid:part" in root["/Metadata"].get_data()


@pytest.mark.parametrize("lang", ["fr", "nl", "de"])
def test_no_english_is_left(books: dict[str, Path], known: Declarations, lang: str) -> None:
    """No table title, chapter or sentence of the English book stands in another language."""
    text = " ".join(html.parse(p).getroot().text_content() for p in books[lang].glob("*.html"))
    titles = {known.tables[p.stem].title for p in (books[lang] / "tables").iterdir()}
    assert not [title for title in titles if title in text]
    assert " amounted to " not in text and " rose from " not in text


def test_numbers_in_the_text_are_those_of_the_tables(books: dict[str, Path]) -> None:
    """Total expenditure is written the Belgian French way in the sentence of the chapter."""
    page = html.parse(books["fr"] / "02-expenditure.html").getroot().text_content()
    assert "174\u202f210,3" in page and "29,21" in page


def test_the_workbook_holds_the_same_numbers(books: dict[str, Path]) -> None:
    """One sheet a table, and the total of 2023 as a number."""
    workbook = openpyxl.load_workbook(books["nl"] / "vade-mecum-BE-nl.xlsx")
    assert len(workbook.sheetnames) == 3 + len(list((books["nl"] / "tables").iterdir()))
    values = {cell.value for sheet in workbook for row in sheet for cell in row if isinstance(cell.value, float)}
    assert {174210.26, 64412.05, 11.4} <= values


def test_the_record_can_be_checked(books: dict[str, Path]) -> None:
    """Every output has its checksum, every vintage used is named with its own."""
    book = books["de"]
    record = json.loads((book / "run.json").read_text(encoding="utf-8"))
    assert all(hashlib.sha256((book / name).read_bytes()).hexdigest() == sha for name, sha in record["outputs"].items())
    assert len(record["outputs"]) == sum(p.is_file() for p in book.rglob("*")) - 1
    used = {v["dataset"]: v for v in record["vintages"]}
    assert re.fullmatch(r"[0-9a-f]{64}", used["spr_exp_type"]["sha256"])
    assert record["parameters"]["record"] is True and record["untranslated"] == []


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Another day, hash seed, time zone, locale and drawing style; the day only where there is a C compiler."""
    folder = tmp_path_factory.mktemp("elsewhere")
    style = folder / "matplotlibrc"
    style.write_text("lines.linewidth: 9\nfont.size: 20\n", encoding="utf-8")
    environment = {
        "PYTHONHASHSEED": "77", "TZ": "Pacific/Kiritimati", "LC_ALL": "C", "MATPLOTLIBRC": str(style), "USER": "other",
    }  # fmt: skip
    compiler = shutil.which("cc")
    if compiler and sys.platform == "linux":
        clock = folder / "clock.so"
        command = [compiler, "-shared", "-fPIC", "-o", str(clock), str(ROOT / "tests/clock.c"), "-ldl"]
        subprocess.run(command, check=True)
        environment |= {"LD_PRELOAD": str(clock), "CLOCK_SHIFT": str(5 * 365 * 24 * 3600)}
    return environment


def checksums(folder: Path) -> dict[str, str]:
    """The checksum of each file in a folder."""
    files = (path for path in folder.rglob("*") if path.is_file())
    return {str(p.relative_to(folder)): hashlib.sha256(p.read_bytes()).hexdigest() for p in files}


def test_a_rebuild_gives_the_same_files(outputs: Path, elsewhere: dict[str, str], tmp_path: Path) -> None:
    """In another folder, on another day, with one job at a time, every file has the checksum of the first build."""
    again = tmp_path / "another place"
    done = run("build", "vade-mecum", "--geo", "BE", "--lang", "nl", "--record", "--outputs", str(again), "--jobs", "1",
               "--store", str(tmp_path / "no store"), "--engine", "embedded", **elsewhere)  # fmt: skip
    assert done.returncode == 0, done.stderr
    place = Path("vade-mecum/2026/BE/nl")
    first, second = checksums(outputs / place), checksums(again / "publications" / place)
    assert len(first) > 200 and second == first
    if "LD_PRELOAD" in elsewhere:
        ran = json.loads((again / "runs" / place / "context/notebook.ipynb").read_text(encoding="utf-8"))
        assert int(ran["metadata"]["papermill"]["start_time"][:4]) >= time.gmtime().tm_year + 4


def test_thirty_years_reach_back(outputs: Path) -> None:
    """Shares of GDP begin with 1995, the first year of Belgium, and end with change and growth."""
    book = outputs / "thirty-years/2026/BE/fr"
    assert {r["time"] for r in tidy(book, "benefits_gdp")} >= {"1995", "2009", "2023"}
    page = html.parse(book / "01-expenditure.html").getroot().text_content()
    assert "1995–2023" in page


def test_another_country_says_what_it_lacks(tmp_path: Path) -> None:
    """France in English has no Belgian tables; its national chapter says so and how to fetch them."""
    done = run(
        "build", "vade-mecum", "--geo", "FR", "--lang", "en", "--format", "html,xlsx", "--outputs", str(tmp_path)
    )
    assert done.returncode == 0, done.stderr
    book = tmp_path / "publications/vade-mecum/2026/FR/en"
    page = html.parse(book / "07-national.html").getroot().text_content()
    assert "reporting fetch national" in page and "France" in page
    assert value(book, "poverty_exclusion", "arop", "2024") > 0
    assert not (book / "vade-mecum-FR-en.pdf").exists()


@pytest.mark.browser
def test_real_pages_in_a_browser(books: dict[str, Path], outputs: Path, page: Any, violations: Any) -> None:
    """Real pages load with the network off, meet WCAG and do not scroll sideways, wide tables included."""
    for file in (books["fr"] / "index.html", books["nl"] / "07-national.html",
                 outputs / "thirty-years/2026/BE/fr/04-labour-market.html"):  # fmt: skip
        page.goto(file.as_uri())
        assert violations(page) == []
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


@pytest.mark.browser
def test_search_finds_a_real_table(books: dict[str, Path], page: Any) -> None:
    """Words of a French title lead to the table of another chapter."""
    page.goto((books["fr"] / "index.html").as_uri())
    if page.locator("#menu").is_visible():
        page.locator("#menu").click()
    record = json.loads((books["fr"] / "run.json").read_text(encoding="utf-8"))
    page.locator("#query").fill(next(t["title"] for t in record["tables"] if t["id"] == "integration_income_scale"))
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    page.wait_for_url("**/07-national.html#tbl-integration-income-scale")


def test_ctrl_c_leaves_whole_units_and_a_second_run_completes(tmp_path: Path) -> None:
    """Interrupted in the middle, nothing half-written stays and no kernel lives on; the next run completes."""
    command = [sys.executable, "-m", "reporting", "build", "vade-mecum", "--geo", "LU", "--lang", "en"]
    command += ["--format", "xlsx", "--outputs", str(tmp_path)]
    env = {**os.environ, "REPORTING_HOME": str(ROOT)}
    started = subprocess.Popen(
        command, cwd=ROOT, env=env, stderr=subprocess.PIPE, text=True, start_new_session=True,
        # Where the tests run in the background, Ctrl-C may be ignored, and children inherit that.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )  # fmt: skip
    runs = tmp_path / "runs/vade-mecum/2026/LU/en"
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline and not (runs.is_dir() and any(not p.suffix for p in runs.iterdir())):
        time.sleep(0.2)
    os.killpg(started.pid, signal.SIGINT)
    _, said = started.communicate(timeout=60)
    assert started.returncode == 130 and "run the same command again" in said and "Traceback" not in said
    finished = [p for p in runs.iterdir() if not p.suffix]
    assert finished and all((p / "notebook.ipynb").is_file() for p in finished)
    assert not (tmp_path / "publications/vade-mecum/2026/LU/en").exists()
    assert not list(tmp_path.rglob("*.part"))
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    assert not [p for p in tmp_path.rglob("*") if p.suffix in {".part", ".old", ".failed"}]


def test_two_builds_of_one_target_do_not_meet(tmp_path: Path) -> None:
    """A second build of the same target is refused with a message; the first is not disturbed."""
    lock = tmp_path / "runs/vade-mecum/2026/LU/en.lock"
    with alone(lock, "busy"):
        done = run("build", "vade-mecum", "--geo", "LU", "--lang", "en", "--outputs", str(tmp_path))
    assert done.returncode == 2 and "Another build of vade-mecum LU en is under way" in done.stderr


def test_a_missing_translation_stops_a_build_of_record_at_once(project: Path, tmp_path: Path) -> None:
    """Before any notebook runs, the missing message is named."""
    path = project / "parameters/tables/esspros.toml"
    text = path.read_text(encoding="utf-8").replace("by type, share of GDP", "by kind, share of GDP")
    path.write_text(text, encoding="utf-8")
    done = run("build", "vade-mecum", "--geo", "BE", "--lang", "fr", "--record", "--outputs", str(tmp_path / "o"),
               REPORTING_HOME=str(project))  # fmt: skip
    assert (
        done.returncode == 1
        and "no French (Belgium) translation of: Social protection expenditure by kind" in done.stderr
    )
    assert not list((tmp_path / "o").rglob("*.ipynb"))


def test_a_failing_notebook_fails_alone(project: Path, tmp_path: Path) -> None:
    """The report names notebook, cell and cause; the other notebooks run; the exit code is 1."""
    path = project / "notebooks/financing/financing.ipynb"
    notebook = json.loads(path.read_text(encoding="utf-8"))
    notebook["cells"][3]["source"] = ['raise ValueError("no receipts today")']
    path.write_text(json.dumps(notebook), encoding="utf-8")
    only = ("--geo", "BE", "--lang", "en", "--format", "xlsx", "--outputs", str(tmp_path / "o"))
    done = run("build", "vade-mecum", *only, REPORTING_HOME=str(project))
    assert done.returncode == 1 and "Traceback" not in done.stderr
    assert "financing.ipynb (financing BE en), cell 4: ValueError: no receipts today" in done.stderr
    ran = tmp_path / "o/runs/vade-mecum/2026/BE/en"
    assert {p.name for p in ran.iterdir()} == {
        "context", "expenditure", "financing.failed", "health", "living-conditions", "government", "national",
    }  # fmt: skip


def test_a_build_of_record_refuses_an_open_error(project: Path, tmp_path: Path) -> None:
    """Without its acceptance, Estonia stops a build of record that shows the Union."""
    rules = project / "parameters/rules/esspros.toml"
    rules.write_text(rules.read_text(encoding="utf-8").partition("[[accepted]]")[0], encoding="utf-8")
    done = run("build", "vade-mecum", "--geo", "BE", "--lang", "en", "--format", "xlsx", "--record",
               "--outputs", str(tmp_path / "o"), REPORTING_HOME=str(project))  # fmt: skip
    assert done.returncode == 1 and "cannot be a build of record" in done.stderr and "1,036.28" in done.stderr
