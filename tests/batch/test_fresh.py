"""Only what changed is done again, and what changed is never missed."""

from __future__ import annotations

import contextlib
import copy
import json
import os
import shutil

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from observing import manifest, observed
from samples import SAMPLE, contents, forget, observe

from reporting import declarations, reads
from reporting.batch import fresh, imports, parent, pool
from reporting.batch.outcomes import Limits
from reporting.batch.plan import plan
from reporting.publications import build as building
from reporting.vintages import Store

pytestmark = [pytest.mark.skipif(not parent.possible(), reason="no fork here"), pytest.mark.xdist_group("fresh")]
#: How many sequences of changes are tried.
EXAMPLES = int(os.environ.get("REPORTING_EXAMPLES", "6"))


@pytest.fixture(autouse=True)
def _forgotten():
    """Other tests read their own declarations."""
    yield
    forget()


class Watcher:
    """Remembers what was done."""

    def __init__(self):
        self.done = []

    def begin(self, what, total):
        """A stage begins."""

    def step(self, name, error):
        """A job has ended."""
        assert not error, f"{name}: {error}"
        self.done.append(name)


@pytest.fixture(scope="module")
def line():
    """One warm parent for all builds: it holds no declarations, so that each child reads those there are."""
    started = parent.start((*imports.MODULES, "reporting.publications.assemble"))
    yield started
    started.close()


class Project:
    """The sample project in a folder of its own, built again and again."""

    def __init__(self, folder, line, monkeypatch, geos=(), langs=()):
        self.home, self.outputs, self.as_of, self.code = folder / "home", folder / "outputs", "", 1
        self.wanted = {"geos": geos, "langs": langs}
        shutil.copytree(SAMPLE, self.home)
        monkeypatch.setenv("REPORTING_HOME", str(self.home))
        monkeypatch.setattr(fresh, "code", lambda: f"code {self.code}")
        monkeypatch.setattr(pool, "_started", lambda _: contextlib.nullcontext(line))
        self.store, self.day = Store(self.home / "outputs" / "store"), 1
        for geo, size in (("BE", 100.0), ("NL", 200.0), ("LU", 10.0)):
            self.observe(geo, size)

    def observe(self, geo, size, flag=""):
        """A new vintage with one country's figures."""
        observe(self.store, f"2026-01-{self.day:02d}", geo, size, flag)
        self.day += 1

    def edit(self, name, old, new):
        """Change a text in a file of the project."""
        path = self.home / name
        text = path.read_text(encoding="utf-8")
        assert old in text, f"{old} is not in {name}"
        path.write_text(text.replace(old, new), encoding="utf-8")

    def build(self, outputs=None):
        """Build, and say what was done."""
        forget()
        watcher = Watcher()
        targets = plan(
            declarations.load(), "book", outputs=outputs or self.outputs, store=self.store.root, as_of=self.as_of,
            **self.wanted,
        )  # fmt: skip
        building.build(targets, Limits(4), "embedded", False, watcher)
        return watcher.done


@pytest.fixture
def project(tmp_path, line, monkeypatch):
    """A project that has been built once."""
    made = Project(tmp_path, line, monkeypatch)
    assert len(made.build()) == 12
    return made


def same_as_from_scratch(project, scratch):
    """Whether what lies there is what a build from scratch makes, file by file."""
    shutil.rmtree(scratch, ignore_errors=True)
    project.build(scratch)
    mine, whole = contents(project.outputs / "publications"), contents(scratch / "publications")
    assert sorted(mine) == sorted(whole)
    assert [name for name in mine if mine[name] != whole[name]] == []


def test_nothing_changed_nothing_done(project):
    """A second build runs no notebook and renders nothing."""
    assert project.build() == []


def test_one_country_s_data_run_that_country_only(project):
    """Luxembourg is in no table of its own here; Belgian figures concern Belgium and the aggregate in both books."""
    project.observe("BE", 100.0)
    assert project.build() == []
    day = f"2026-01-{project.day:02d}"
    project.store.append(observed("people", [("A.PER.BE", "2023", 5.0, "")]), manifest("people", day, complete=False))
    assert sorted(project.build()) == ["a BE en", "a BE fr", "book BE en", "book BE fr"]


def test_a_member_s_data_run_what_shows_the_aggregate(project):
    """The Benelux is computed from its members: Luxembourg's figures concern chapter b of both countries."""
    day = f"2026-01-{project.day:02d}"
    rows = [("A.TOTAL.MIO_EUR.LU", "2023", 14.0, "")]
    project.store.append(observed("spending", rows), manifest("spending", day, complete=False))
    done = project.build()
    assert {name for name in done if name.startswith("a ")} == set()
    assert {name for name in done if name.startswith("b ")} == {
        f"b {geo} {lang}" for geo in ("BE", "NL") for lang in ("en", "fr")
    }


def test_one_french_message_renders_french_only(project):
    """A changed translation runs the notebooks that say it, and renders the French books."""
    project.edit("parameters/labels/fr/messages.po", "Dépenses par type", "Dépenses par nature")
    assert sorted(project.build()) == ["a BE fr", "a NL fr", "book BE fr", "book NL fr"]
    project.edit("parameters/labels/fr/messages.po", "Chapitre A", "Chapitre premier")
    assert sorted(project.build()) == ["book BE fr", "book NL fr"]


def test_what_is_read_by_a_notebook_s_own_code_counts(project):
    """A file that a notebook opens by itself, and the store it reads by itself, are inputs too."""
    side = project.home / "side.csv"
    side.write_text("x\n1\n")
    cells = json.loads((project.home / "notebooks/a.ipynb").read_text())
    cells["cells"][-1]["source"] = (
        f"import pandas as pd\nfrom pathlib import Path\nfrom reporting.vintages import Store\n"
        f"display(pd.read_csv({str(side)!r}))\nlen(Store(Path(store)).read('people'))\npage.close()"
    )
    (project.home / "notebooks/a.ipynb").write_text(json.dumps(cells))
    assert len(project.build()) == 8
    assert project.build() == []
    side.write_text("x\n2\n")
    assert len([name for name in project.build() if name.startswith("a ")]) == 4
    day = f"2026-01-{project.day:02d}"
    rows = [("A.PER.BENELUX", "1990", 5.0, "")]
    project.store.append(observed("people", rows), manifest("people", day, complete=False))
    assert len([name for name in project.build() if name.startswith("a ")]) == 4


def test_a_notebook_that_starts_a_program_is_never_up_to_date(project):
    """What a program reads cannot be known: the unit runs again each time."""
    cells = json.loads((project.home / "notebooks/a.ipynb").read_text())
    cells["cells"][-1]["source"] = "!true\npage.close()"
    (project.home / "notebooks/a.ipynb").write_text(json.dumps(cells))
    project.build()
    assert len([name for name in project.build() if name.startswith("a ")]) == 4


def test_a_notebook_that_says_the_same_again_renders_nothing(project):
    """Its book stays, file by file and not written again; what it says otherwise the next time is rendered."""
    told = project.home / "told"
    told.write_text("1")
    replaced(project, f"import subprocess\nprint(subprocess.check_output(['cat', {str(told)!r}], text=True))")
    project.build()
    before = {path: path.stat().st_mtime_ns for path in project.outputs.rglob("index.html")}
    assert len(project.build()) == 8
    assert {path: path.stat().st_mtime_ns for path in project.outputs.rglob("index.html")} == before != {}
    told.write_text("2")
    project.build()
    assert not before.items() & {path: path.stat().st_mtime_ns for path in before}.items()
    same_as_from_scratch(project, project.home.parent / "scratch")


def replaced(project, code):
    """Put code before the end of chapter a."""
    path = project.home / "notebooks/a.ipynb"
    cells = json.loads(path.read_text())
    cells["cells"][-1]["source"] = f"{code}\npage.close()"
    path.write_text(json.dumps(cells))


def redone(project):
    """How many notebooks of chapter a a build runs."""
    return len([name for name in project.build() if name.startswith("a ")])


def test_a_module_of_the_project_is_an_input(project):
    """A module that a notebook imports counts by its source, also where its compiled form was read."""
    module = project.home / "own.py"
    module.write_text("VALUE = 1\n")
    replaced(project, f"import sys\nsys.path.append({str(project.home)!r})\nimport own\nown.VALUE")
    assert redone(project) == 4
    assert redone(project) == 0
    module.write_text("VALUE = 22\n")
    assert redone(project) == 4
    assert redone(project) == 0


def test_another_store_is_an_input(project):
    """A store that a notebook opens by itself, not the build's, is asked again too."""
    other = Store(project.home / "other", embedded=None)
    other.append(observed("people", [("A.PER.BE", "2023", 1.0, "")]), manifest("people", "2026-01-01"))
    replaced(
        project,
        "from pathlib import Path\nfrom reporting.vintages import Store\n"
        f"len(Store(Path({str(other.root)!r}), embedded=None).read('people'))",
    )
    assert redone(project) == 4
    assert redone(project) == 0
    other.append(observed("people", [("A.PER.NL", "2023", 1.0, "")]), manifest("people", "2026-01-02", complete=False))
    assert redone(project) == 4


def test_what_is_read_unseen_is_read_again(project):
    """A notebook that names a library whose reading Python does not see runs each time."""
    replaced(project, "import duckdb\nduckdb.sql('SELECT 1')")
    assert redone(project) == 4
    assert redone(project) == 4


def test_declarations_asked_for_as_a_whole_count_as_a_whole(project):
    """A notebook that loads the declarations by itself runs again when any file of them changes; the other does not."""
    replaced(project, "from reporting import declarations\nlen(declarations.load().languages)")
    assert redone(project) == 4
    assert redone(project) == 0
    project.edit("parameters/indicators/i.toml", 'label = "Unused"', 'label = "Idle"')
    assert {name.split()[0] for name in project.build()} == {"a", "book"}


@pytest.mark.parametrize("ask", [
    lambda m: m["a"], lambda m: m.get("a"), lambda m: "a" in m, list, len, dict, lambda m: list(m.keys()),
    lambda m: list(m.values()), lambda m: list(m.items()), lambda m: {**m}, lambda m: m | {}, lambda m: {} | m,
    lambda m: m.copy(), lambda m: m == {"a": 1}, copy.copy, sorted, lambda m: m.get("b", 3), bool,
])  # fmt: skip
def test_no_way_to_ask_a_mapping_goes_unseen(ask, tmp_path, monkeypatch):
    """However a mapping is asked, it answers as any mapping and the question is written down."""
    monkeypatch.setenv(reads.FILE, str(tmp_path / "asked"))
    plain = {"a": 1}
    assert ask(reads.Watched(plain, "declared", "x")) == ask(plain)
    questions = [json.loads(line)[0] for line in (tmp_path / "asked").read_text().splitlines()]
    assert questions and all(question[:2] == ["declared", "x"] for question in questions)


CHANGES = st.one_of(
    st.tuples(st.just("data"), st.sampled_from(["BE", "NL", "LU"]), st.sampled_from([100.0, 150.0, 10.0])),
    st.tuples(st.just("flag"), st.sampled_from(["BE", "NL"]), st.sampled_from(["p", "b", "e"])),
    st.tuples(st.just("unbalanced"), st.sampled_from(["BE", "NL", "LU"]), st.sampled_from([1.0, 2.0])),
    st.tuples(st.just("cell"), st.sampled_from("ab"), st.integers(0, 3)),
    st.tuples(st.just("parameter"), st.sampled_from(["Comparison", "Countries"]), st.none()),
    st.tuples(
        st.just("declaration"),
        st.sampled_from([
            ("tables/t.toml", "At current prices.", "At constant prices."),
            ("tables/t.toml", '"exp.CASH", "exp.KIND"', '"exp.CASH"'),
            ("indicators/i.toml", "1000000 * x", "1000 * x"), ("indicators/i.toml", "decimals = 0", "decimals = 2"),
            ("indicators/i.toml", 'label = "Unused"', 'label = "Idle"'),
            ("rules/r.toml", "tolerance = 0.5", "tolerance = 5.0"),
            ("rules/r.toml", "total = parts", "all = parts"), ("geos.toml", '"BE", "NL", "LU"', '"BE", "NL"'),
            ("codelists/kind.csv", "In cash", "Cash"), ("codelists/unit.csv", "persons", "people"),
            ("publications/book.toml", "Office", "Bureau"), ("languages.toml", "en_GB", "en_IE"),
            ("codelists/geo.csv", "LU,Luxembourg", "LU,Luxemburg"),
            ("tables/t.toml", '"=", "BENELUX"', '"=", "BENELUX", "LU"'),
        ]),
        st.none(),
    ),
    st.tuples(st.just("message"), st.sampled_from(["Dépenses par type", "Chapitre A", "En {year}"]), st.integers(0, 3)),
    st.tuples(st.just("code"), st.none(), st.none()),
    st.tuples(st.just("as_of"), st.sampled_from(["", "2026-01-03", "2026-01-05"]), st.none()),
    st.tuples(st.just("output"), st.sampled_from(["alter", "remove", "add"]), st.integers(0, 1000)),
)  # fmt: skip


def change(project, kind, first, second):
    """Change one input of a project, or one of its results."""
    if kind in ("data", "flag"):
        project.observe(first, *((second,) if kind == "data" else (100.0, second)))
    elif kind == "unbalanced":
        day = f"2026-01-{project.day:02d}"
        rows = [(f"A.CASH.MIO_EUR.{first}", "2023", second, "")]
        project.store.append(observed("spending", rows), manifest("spending", day, complete=False))
    elif kind == "cell":
        path = project.home / f"notebooks/{first}.ipynb"
        notebook = json.loads(path.read_text())
        notebook["cells"][-1]["source"] = f'page.say("Words {second}.")\npage.close()'
        path.write_text(json.dumps(notebook))
    elif kind == "parameter":
        path = project.home / "parameters/publications/book.toml"
        path.write_text(path.read_text().partition("heading")[0] + f'heading = "{first}"\n')
    elif kind in ("declaration", "message"):
        name, old, new = first if kind == "declaration" else ("labels/fr/messages.po", first, f"{first} {second}")
        with contextlib.suppress(AssertionError):  # a change made before
            project.edit(f"parameters/{name}", old, new)
    elif kind == "code":
        project.code += 1
    elif kind == "as_of":
        project.as_of = first
    else:
        files = sorted(p for p in project.outputs.rglob("*") if p.is_file() and p.suffix not in (".lock", ".json"))
        path = files[second % len(files)]
        if first == "remove":
            path.unlink()
        else:
            (path if first == "alter" else path.with_name("stray.txt")).write_bytes(b"x")


@settings(max_examples=EXAMPLES, deadline=None, derandomize=EXAMPLES == 6, phases=[Phase.generate],
          suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])  # fmt: skip
@given(
    changes=st.lists(CHANGES, min_size=3, max_size=4),
    geo=st.sampled_from(["BE", "NL"]),
    lang=st.sampled_from(["en", "fr"]),
)
def test_never_stale(changes, geo, lang, line, tmp_path_factory):
    """After any changes of any inputs, what lies there is what a build from scratch makes, file by file."""
    with pytest.MonkeyPatch.context() as patch:
        project = Project(tmp_path_factory.mktemp("project"), line, patch, [geo], [lang])
        project.build()
        for one in changes:
            change(project, *one)
            project.build()
            same_as_from_scratch(project, project.home.parent / "scratch")
        assert project.build() == []
