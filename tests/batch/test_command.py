"""``reporting build`` as a batch: plan, progress, report, resuming, and bad input in words."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
from pathlib import Path

import faults
import pytest
import samples

from reporting import cli, declarations
from reporting.batch import fresh, parent
from reporting.batch.plan import plan as plan_of
from reporting.publications import build as building

pytestmark = [pytest.mark.skipif(not parent.possible(), reason="no fork here"), pytest.mark.xdist_group("command")]
BE_EN = ("--geo", "BE", "--lang", "en", "--format", "xlsx")


@pytest.fixture(autouse=True)
def _forgotten():
    """Each test reads its own declarations, and other tests theirs."""
    samples.forget()
    yield
    samples.forget()


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """A project with its Belgian book in English."""
    home = samples.made(tmp_path_factory.mktemp("built") / "home")
    done = samples.build(home, *BE_EN)
    assert done.returncode == 0, done.stderr
    return home, done


@pytest.fixture
def project(built, tmp_path):
    """A copy of it that a test may spoil; its store is named as before."""
    shutil.copytree(built[0], tmp_path / "home")
    return tmp_path / "home", ("--store", str(built[0] / "outputs" / "store"))


def plan(home, *arguments):
    """The dry run's rows, by name."""
    done = samples.build(home, "--dry-run", "--json", *arguments)
    assert done.returncode == 0, done.stderr
    return {row["name"]: row for row in json.loads(done.stdout)}


def refused(done, code, *said):
    """A message, no traceback."""
    assert done.returncode == code, done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr
    assert [words for words in said if words not in done.stderr] == [], done.stderr


def test_the_plan_says_what_is_fresh_and_why_not(built):
    """Each unit and publication with its state, its folder and the datasets it reads."""
    found = plan(built[0], "--geo", "BE,NL", "--lang", "en", "--format", "xlsx")
    states = {name: row["state"] for name, row in found.items()}
    assert states == {
        "a BE en": "up to date", "b BE en": "up to date", "book BE en": "up to date",
        "a NL en": "not made yet", "b NL en": "not made yet", "book NL en": "its notebooks are to run",
    }  # fmt: skip
    assert found["a BE en"]["datasets"] == "people spending"
    assert found["b BE en"]["folder"].endswith("outputs/runs/book/2026/BE/en/b")
    done = samples.build(built[0], "--dry-run", "--geo", "BE", "--lang", "en", "--format", "html")
    assert done.stdout.splitlines() == [
        "up to date  notebook     a BE en (reads people, spending)",
        "up to date  notebook     b BE en (reads spending)",
        "to do       publication  book BE en: other options",
        "1 to do, 2 up to date.",
    ]


def test_progress_is_in_plain_lines_with_the_time_left(built):
    """Where nobody watches a terminal there is a line for each job: how far, how it ended, how long still."""
    lines = [line for line in built[1].stderr.splitlines() if line.startswith("notebooks and publications")]
    assert [re.sub(r"(\w+ BE en)", "X", re.sub(r"\d+ s left", "N s left", line)) for line in lines] == [
        f"notebooks and publications {n}/3 X done, N s left" for n in (1, 2, 3)
    ]


def test_a_run_leaves_a_report(built):
    """Times, memory and tries of each job, as a page and for machines; a run of nothing leaves none."""
    home = built[0]
    [page] = (home / "outputs/runs/reports").glob("*/report.html")
    assert str(page) in built[1].stderr
    report = json.loads(page.with_name("report.json").read_text())
    assert [job["name"] for job in report["done"]][-1] == "book BE en"
    for job in report["done"]:
        assert job["state"] == "done" and job["seconds"] > 0 and job["tries"] == 1
        assert job["memory"] is None or job["memory"] > 1 << 20
    assert "3 done, 0 failed, 0 up to date, 0 tried twice" in page.read_text()
    again = samples.build(home, *BE_EN)
    assert "0 built, 1 up to date, 0 failed" in again.stderr and "Report" not in again.stderr
    assert len(list((home / "outputs/runs/reports").iterdir())) == 1


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--jobs", "0"), "--jobs 0 makes no sense"), (("--jobs", "-1"), "--jobs -1 makes no sense"),
        (("--jobs", "x"), "for '--jobs'"), (("--timeout", "-1"), "--timeout -1 makes no sense"),
        (("--timeout", "nan"), "--timeout nan makes no sense"), (("--timeout", "inf"), "--timeout inf"),
        (("--memory", "much"), "--memory 'much' makes no sense: write 500M or 8G"), (("--memory", "0G"), "--memory"),
        (("--outputs", "gopher://x/y"), "gopher"), (("--scheduler", "nonsense://x:1"), "--scheduler"),
        (("--scheduler", "somewhere"), "write tcp://host:port"),
        (("--all",), "Name the publications to build, or say --all"),
    ],
)  # fmt: skip
def test_wrong_use_is_a_message(built, arguments, said, monkeypatch, capsys):
    """What makes no sense is told before anything runs, with the exit code of wrong use."""
    monkeypatch.setenv("REPORTING_HOME", str(built[0]))
    monkeypatch.setattr("sys.argv", ["reporting", "build", "book", "--geo", "NL", *arguments])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert ended.value.code == 2 and said in capsys.readouterr().err
    assert not list((built[0] / "outputs").glob("runs/book/2026/NL/*/*"))


def test_a_scheduler_that_is_not_there_is_a_message(built):
    """Nothing answers at the address: it is named, and the exit code is that of a source that cannot be had."""
    pytest.importorskip("distributed")
    done = samples.build(built[0], "--geo", "NL", "--scheduler", "tcp://127.0.0.1:9")
    refused(done, 3, "tcp://127.0.0.1:9: no Dask scheduler answers there")


def test_results_where_nothing_can_be_written(built, tmp_path):
    """A file in the place of a folder is told before any notebook runs, for a folder and for a URL."""
    (tmp_path / "file").touch()
    for place in (str(tmp_path / "file" / "x"), f"file://{tmp_path}/file/x"):
        done = samples.build(built[0], *BE_EN, "--outputs", place, REPORTING_CACHE=str(tmp_path / "cache"))
        refused(done, 1, str(tmp_path / "file"))
        assert "notebooks and publications" not in done.stderr


def test_a_missing_notebook_is_named(project):
    """Before anything runs, with its file."""
    home, store = project
    (home / "notebooks/b.ipynb").unlink()
    refused(samples.build(home, *BE_EN, *store), 2, "chapter b: no notebook 'b.ipynb'")


def test_a_damaged_notebook_is_named(project):
    """Before anything runs, with its file."""
    home, store = project
    (home / "notebooks/b.ipynb").write_text("{")
    refused(samples.build(home, *BE_EN, *store), 2, "b.ipynb: cannot be read as a notebook")


@pytest.mark.parametrize(
    "damage", [b"", b"{", b"[]", b'{"code": 1}', b'{"format": 99}', b"\xff\xfe", b'{"given": [], "questions": 3}']
)
def test_a_damaged_record_is_made_again(project, damage, monkeypatch):
    """Records of units and publications, and run.json, that are damaged or of another version: made again, no fault."""
    home, (_, store) = project
    place = home / "outputs/runs/book/2026/BE"
    (place / "en/a/inputs.json").write_bytes(damage)
    (place / "en.json").write_bytes(damage)
    (home / "outputs/publications/book/2026/BE/en/run.json").write_bytes(damage)
    monkeypatch.setenv("REPORTING_HOME", str(home))
    known, only = declarations.load(home), {"geos": ["BE"], "langs": ["en"], "formats": ["xlsx"]}
    targets = plan_of(known, "book", outputs=home / "outputs", store=store, **only)
    found = building.plan(targets, "embedded", False, fresh.State(home))
    assert [bool(why) for _, why in found.units] == [True, False]
    assert [bool(why) for _, why in found.targets] == [True]


def test_results_of_an_earlier_version_are_replaced(project):
    """Folders without records, as the previous version left them, are built again in place, and right."""
    home, store = project
    whole = samples.contents(home / "outputs/publications")
    for record in [*(home / "outputs/runs").rglob("*.json")]:
        record.unlink()
    (home / "outputs/publications/book/2026/BE/en/run.json").write_text('{"format": 1, "outputs": {}}')
    done = samples.build(home, *BE_EN, *store)
    assert done.returncode == 0, done.stderr
    assert samples.contents(home / "outputs/publications") == whole


def spoilt(home, chapter, code):
    """Put code into the middle of a chapter's notebook."""
    path = home / f"notebooks/{chapter}.ipynb"
    notebook = json.loads(path.read_text())
    notebook["cells"].insert(2, {**notebook["cells"][1], "id": "spoilt", "source": code})
    path.write_text(json.dumps(notebook))


def test_a_cell_that_hangs_has_its_time(project):
    """The hanging unit is ended, tried once more and named; the other one is done; the report says both."""
    home, store = project
    spoilt(home, "b", "while True: pass")
    done = samples.build(home, *BE_EN, "--timeout", "6", *store)
    refused(done, 1, "failed b BE en: it took longer than 6 s (--timeout).", "0 built, 0 up to date, 1 failed")
    report = json.loads(max((home / "outputs/runs/reports").iterdir()).joinpath("report.json").read_text())
    [failed] = [job for job in report["done"] if job["state"] == "failed"]
    assert (failed["name"], failed["tries"]) == ("b BE en", 2)
    assert report["up_to_date"] == ["a BE en"]


def test_after_a_power_cut_the_rest_is_done(built, tmp_path):
    """A build killed outright leaves whole units; the next one runs what is missing only, and nothing lives on."""
    home = tmp_path / "home"
    shutil.copytree(built[0], home)
    outputs, store = tmp_path / "o", str(built[0] / "outputs/store")
    line, env = samples.command(home, "--format", "xlsx", "--jobs", "1", "--outputs", str(outputs), "--store", store)
    started = subprocess.Popen(line, env=env, cwd=home, stderr=subprocess.PIPE, text=True, start_new_session=True)
    ran = outputs / "runs/book/2026"
    assert faults.until(lambda: len(list(ran.glob("*/*/*/inputs.json"))) >= 3, 120)
    os.killpg(started.pid, signal.SIGKILL)
    said = started.communicate()[1]
    finished = len(list(ran.glob("*/*/[ab]/inputs.json")))
    assert 3 <= finished < 8, said
    assert faults.until(lambda: not faults.running(str(outputs)), 20)
    again = subprocess.run(line, env=env, cwd=home, capture_output=True, text=True, timeout=300, check=False)
    assert again.returncode == 0, again.stderr
    done = re.findall(r"\d+/\d+ ([ab] \w\w \w\w) done", again.stderr)
    assert len(done) == 8 - finished
    assert not [p for p in outputs.rglob("*") if p.suffix in {".part", ".old", ".failed"}]


def test_results_behind_a_url(built, tmp_path):
    """The same bytes as in a folder; the second build does nothing; a dry run leaves no trace."""
    url, store = f"file://{tmp_path}/bucket", ("--store", str(built[0] / "outputs/store"))
    cache = {"REPORTING_CACHE": str(tmp_path / "cache")}
    assert samples.build(built[0], *BE_EN, *store, "--outputs", url, "--dry-run", **cache).returncode == 0
    assert not Path(tmp_path, "bucket").exists()
    done = samples.build(built[0], *BE_EN, *store, "--outputs", url, **cache)
    assert done.returncode == 0 and f"All of it is at {url} too." in done.stderr, done.stderr
    there = samples.contents(tmp_path / "bucket" / "publications")
    assert there == samples.contents(built[0] / "outputs" / "publications")
    shutil.rmtree(tmp_path / "cache")
    again = samples.build(built[0], *BE_EN, *store, "--outputs", url, **cache)
    assert "0 built, 1 up to date, 0 failed" in again.stderr, again.stderr


def test_where_nothing_forks_the_same_comes_out(built, tmp_path):
    """Ordinary kernels give the same publication, byte for byte, and know afterwards that it is up to date."""
    code = "from reporting.batch import parent; parent.possible = lambda: False; from reporting.cli import main; main()"
    # A module, so that each process that is spawned imports it too.
    (tmp_path / "unforked.py").write_text(code.replace("main()", "") + "\nif __name__ == '__main__': main()\n")
    arguments = ["build", "book", *BE_EN, "--engine", "embedded", "--outputs", str(tmp_path / "o")]
    arguments += ["--store", str(built[0] / "outputs/store")]
    _, env = samples.command(built[0])
    for said in ("1 built, 0 up to date", "0 built, 1 up to date"):
        line = [samples.sys.executable, str(tmp_path / "unforked.py"), *arguments]
        done = subprocess.run(line, env=env, cwd=built[0], capture_output=True, text=True, timeout=300, check=False)
        assert said in done.stderr, done.stderr
    ours, whole = (samples.contents(place / "publications") for place in (tmp_path / "o", built[0] / "outputs"))
    assert ours == whole
