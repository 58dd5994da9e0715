"""A run made again from its record: as it was, after the store grew, and after something was lost."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from runs import RECORD
from specimens import manifest, observed

from reporting.vintages import Store

ROOT = Path(__file__).parents[2]
SOUND = ROOT / "tests/broken/declarations/sound"
CELLS = (
    "from reporting.page import Page\npage = Page(geo=geo, lang=lang, as_of=as_of, span=span, store=store)",
    'page.say("Total {total}.", total=page.value("exp.TOTAL"))\n'
    "for name in tables:\n    page.table(name)\nfor name in figures:\n    page.figure(name)\npage.close()",
)
pytestmark = pytest.mark.xdist_group("reproduce")


def run(home: Path, *arguments: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the command as a person does, in a small project."""
    return subprocess.run(
        [sys.executable, "-m", "reporting", *map(str, arguments)], capture_output=True, text=True, timeout=300,
        check=False, cwd=home, env={**os.environ, "REPORTING_HOME": str(home), **environment},
    )  # fmt: skip


def put(store: Path, vintage: str, total: float) -> None:
    """Store Belgium's expenditure for three years; of the last, a given total."""
    rows = [(f"A.{code}.MIO_EUR.BE", str(year), float(100 * year), "") for code in ("TOTAL", "SPR") for year in (1, 2)]
    rows = [(key, f"203{year}", value, flag) for key, year, value, flag in rows]
    rows += [("A.TOTAL.MIO_EUR.BE", "2033", total, "p"), ("A.SPR.MIO_EUR.BE", "2033", 250.0, "p")]
    Store(store).append(observed("spr_exp_type", rows), manifest("spr_exp_type", vintage, complete=False))


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small project with a store of one vintage and a book built from it."""
    home = tmp_path_factory.mktemp("project")
    shutil.copytree(SOUND, home, dirs_exist_ok=True)
    shutil.copy(ROOT / "_quarto.yml", home)
    path = home / "notebooks/one.ipynb"
    notebook = json.loads(path.read_text(encoding="utf-8"))
    notebook["cells"][1]["source"] += "\ntables = []\nfigures = []"
    notebook["cells"][2:] = [
        {"cell_type": "code", "id": f"p{n}", "execution_count": None, "outputs": [], "metadata": {}, "source": source}
        for n, source in enumerate(CELLS)
    ]
    path.write_text(json.dumps(notebook), encoding="utf-8")
    put(home / "outputs/store", "2035-01-31", 300.0)
    done = run(home, "build", "book", "--jobs", "1", "--engine", "embedded")
    assert done.returncode == 0, done.stderr
    return home


@pytest.fixture
def project(made: Path, tmp_path: Path) -> Path:
    """A copy of the project, in another folder, that a test may spoil."""
    return Path(shutil.copytree(made, tmp_path / "copy"))


def book(home: Path) -> Path:
    """The folder of the publication."""
    return home / "outputs/publications/book/2026/BE/en"


def reproduced(home: Path, *options: str | Path) -> tuple[int, dict[str, Any]]:
    """Exit code and result of a reproduction."""
    done = run(home, "reproduce", book(home), "--json", *options)
    assert "Traceback" not in done.stderr
    assert done.stdout, done.stderr
    return done.returncode, json.loads(done.stdout)


def statuses(result: dict[str, Any]) -> dict[str, str]:
    """The outputs that are not identical."""
    return {file["file"]: file["status"] for file in result["files"] if file["status"] != "identical"}


def test_a_store_that_grew_changes_nothing(project: Path) -> None:
    """After a newer, a late and a same-day vintage, the run is made again byte for byte; a new build differs."""
    for vintage, total in (("2036-01-31", 333.0), ("2034-06-30", 111.0), ("2035-01-31", 222.0)):
        put(project / "outputs/store", vintage, total)
    code, result = reproduced(project)
    assert (code, statuses(result), result["equal"], result["rebuilt"]) == (0, {}, True, "")
    assert len(result["files"]) == sum(p.is_file() for p in book(project).rglob("*")) - 1
    assert {Path(f["file"]).suffix for f in result["files"]} >= {".pdf", ".html", ".xlsx", ".csv", ".svg", ".ipynb"}
    assert run(project, "build", "book", "--outputs", project / "now", "--format", "xlsx").returncode == 0
    now = project / "now/publications/book/2026/BE/en"
    done = run(project, "compare", book(project), now, "--json")
    found = json.loads(done.stdout)
    assert done.returncode == 0
    revised = {(c["indicator"], c["time"]): (c["why"], c["before"], c["after"]) for c in found["numbers"]}
    assert revised == {("exp.TOTAL", "2033"): ("revised figure", "300.0", "333.0")}
    assert {"chapter": "a", "before": "Total 300.0 million euro.", "after": "Total 333.0 million euro."} in found[
        "texts"
    ]


def test_an_altered_output_and_a_strange_one_are_told(project: Path) -> None:
    """A published file that is not the one recorded is named, and so is one that is gone; the exit code is 1."""
    (book(project) / "tables/spending.csv").write_text("altered", encoding="utf-8")
    (book(project) / "index.html").unlink()
    (book(project) / "mine.txt").touch()
    code, result = reproduced(project, "--outputs", project / "again")
    assert code == 1 and not result["equal"]
    assert statuses(result) == {"tables/spending.csv": "altered after the run", "index.html": "missing"}
    again = Path(result["rebuilt"])
    assert again.is_relative_to(project / "again") and "exp.TOTAL" in (again / "tables/spending.csv").read_text()
    assert run(project, "reproduce", book(project), "--outputs", project / "again").returncode == 2


def test_what_changed_is_noted_and_its_effect_shown(project: Path) -> None:
    """Another title is named as a changed declaration and shown in each file; data are identical."""
    path = project / "parameters/tables/t.toml"
    path.write_text(path.read_text().replace('title = "Spending"', 'title = "Outlays"'))
    code, result = reproduced(project, "--outputs", project / "again")
    assert code == 1
    assert "declaration parameters/tables/t.toml: changed since the run" in result["notes"]
    found = {file["file"]: file for file in result["files"]}
    assert found["tables/spending.csv"]["status"] == "identical"
    for name in ("01-a.html", "book-BE-en.pdf", "book-BE-en.xlsx", "notebooks/a/a.ipynb"):
        assert found[name]["status"] == "different"
        assert "Spending" in found[name]["recorded"] and "Outlays" in found[name]["rebuilt"]


def test_a_record_alone_is_enough(project: Path) -> None:
    """Years later, with nothing but the record and the store, the run is made again, compared by checksum."""
    shutil.copy(book(project) / "run.json", project / "kept.json")
    done = run(project, "reproduce", project / "kept.json", "--json")
    result = json.loads(done.stdout)
    assert done.returncode == 0 and result["equal"], done.stderr
    assert any("compared by checksum alone" in note for note in result["notes"])


def test_vintages_that_are_gone_or_another_are_named(project: Path) -> None:
    """Without the vintages it read, nothing is built: exit code 3, naming each; a damaged one too."""
    [parquet] = (project / "outputs/store").rglob("*.parquet")
    content = parquet.read_bytes()
    parquet.write_bytes(content[:-1])
    done = run(project, "reproduce", book(project))
    assert done.returncode == 3 and "damaged" in done.stderr and "Traceback" not in done.stderr
    shutil.rmtree(project / "outputs/store")
    done = run(project, "reproduce", book(project))
    assert done.returncode == 3 and "spr_exp_type 2035-01-31: missing" in done.stderr
    put(project / "outputs/store", "2035-01-31", 301.0)
    done = run(project, "reproduce", book(project))
    assert done.returncode == 3 and "spr_exp_type 2035-01-31: differs from the one the run read" in done.stderr


def test_a_notebook_that_no_longer_runs_is_told(project: Path) -> None:
    """The failing cell is named, with what changed since the run; the exit code is 1."""
    path = project / "notebooks/one.ipynb"
    path.write_text(path.read_text().replace("page.close()", "page.clothe()"))
    done = run(project, "reproduce", book(project), "--outputs", project / "again")
    assert done.returncode == 1 and "Traceback" not in done.stderr
    assert "could not be built again" in done.stderr and "cell 4: AttributeError" in done.stderr
    assert "declaration notebooks/one.ipynb: changed since the run" in done.stderr


@pytest.mark.parametrize(
    ("content", "options", "said"),
    [
        ("{", (), "damaged: not JSON"),
        (json.dumps({**RECORD, "format": 1}), (), "a record of layout 1"),
        (json.dumps({**RECORD, "publication": "gone"}), (), "Unknown publication 'gone'"),
        (
            json.dumps({**RECORD, "publication": "book", "parameters": {**RECORD["parameters"], "geo": "XX"}}),
            (),
            "'XX'",
        ),
        (json.dumps(RECORD), ("--tolerance", "-1"), "--tolerance"),
        (json.dumps(RECORD), ("--tolerance", "nan"), "--tolerance"),
        (json.dumps(RECORD), ("--jobs", "-1"), "--jobs"),
    ],
)
def test_wrong_use_is_a_message(made: Path, tmp_path: Path, content: str, options: tuple[str, ...], said: str) -> None:
    """A record that cannot be followed and options that make no sense: exit code 2, no traceback."""
    (tmp_path / "run.json").write_text(content, encoding="utf-8")
    done = run(made, "reproduce", tmp_path, *options)
    assert done.returncode == 2 and said in done.stderr and "Traceback" not in done.stderr


def test_the_record_names_what_was_used(made: Path) -> None:
    """Declarations, notebooks and vintages that could be read, each with its checksum; nothing of the run's place."""
    record = json.loads((book(made) / "run.json").read_text(encoding="utf-8"))
    assert record["known"]["spr_exp_type"][-1][0] == "2035-01-31"
    assert {"parameters/indicators/i.toml", "notebooks/one.ipynb"} <= set(record["declarations"])
    assert record["indicators"]["exp.SPR"]["inputs"] == {"x": "spr_exp_type/A.SPR.MIO_EUR."}
    kept = [p.read_bytes() for p in book(made).rglob("*") if p.suffix in {".json", ".ipynb", ".qmd", ".yml", ".html"}]
    assert not [content for content in kept if str(made).encode() in content]
