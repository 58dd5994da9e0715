"""The command line: what it prints, its exit codes, and that bad input never gives a traceback."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


def run(*arguments: str, home: Path = ROOT, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the command as a person does."""
    return subprocess.run(
        [sys.executable, "-m", "reporting", *arguments],
        capture_output=True, text=True, timeout=300, check=False, cwd=home,
        env={**os.environ, "REPORTING_HOME": str(home), "COLUMNS": "200", **environment},
    )  # fmt: skip


def refused(done: subprocess.CompletedProcess[str], code: int, *said: str) -> None:
    """The command failed with a message and without a traceback."""
    assert done.returncode == code, done.stdout + done.stderr
    assert "Traceback" not in done.stderr + done.stdout
    for words in said:
        assert words in done.stderr, done.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (
            ("build", "vade-mecun"),
            "Unknown publication 'vade-mecun'. There are: esspros-brochure, indicator-sheets, jaf-profile",
        ),
        (("build", "vade-mecum", "--geo", "XX"), "Unknown country 'XX'"),
        (("build", "vade-mecum", "--geo", "GR"), "Eurostat writes EL for Greece"),
        (("build", "vade-mecum", "--lang", "fi"), "Unknown language 'fi'"),
        (("build", "vade-mecum", "--format", "docx"), "Unknown format 'docx'"),
        (("build", "vade-mecum", "--as-of", "yesterday"), "'yesterday' is not a date"),
        (("build", "vade-mecum", "--span", "0"), "A span of 0 years"),
        (("build", "vade-mecum", "--engine", "word"), "word"),
        (("build", "vade-mecum", "--jobs", "-1"), "jobs"),
        (("fetch", "spr_exp_tipe"), "Near it: spr_exp_type"),
        (("fetch", "--from", "nowhere.csv"), "nowhere.csv"),
        (("check", "spr_exp_tipe"), "spr_exp_type"),
        (("check", "--severity", "fatal"), "Unknown severity"),
        (("vintages", "nothing"), "Unknown dataset 'nothing'"),
        (("reproduce", "nowhere"), "nowhere: cannot be read"),
        (("compare", "nowhere", "nowhere"), "nowhere: cannot be read"),
    ],
)
def test_wrong_use_is_a_message(arguments: tuple[str, ...], said: str) -> None:
    """Each wrong word is named together with what would be right."""
    refused(run(*arguments), 2, said)


def test_an_unknown_verb_is_wrong_use() -> None:
    """A verb that does not exist exits with 2."""
    assert run("biuld").returncode == 2


@pytest.mark.parametrize("verb", ["build", "fetch", "vintages", "check", "reproduce", "compare", "doctor"])
def test_every_verb_has_help_with_an_example(verb: str) -> None:
    """A newcomer finds an example at the end of each verb's help."""
    done = run(verb, "--help")
    assert done.returncode == 0 and f"Example: reporting {verb}" in done.stdout


def test_a_provider_that_cannot_be_reached_is_a_message(tmp_path: Path) -> None:
    """Without a network the dataset is told in one line with the reason, and the exit code is 3."""
    here = ("--base-url", "http://127.0.0.1:9", "--store", str(tmp_path))
    source = "from reporting.sources import http; http.Wire._rest = lambda self, seconds: None; "
    source += "from reporting.cli import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", source, "fetch", "spr_exp_type", *here],
        capture_output=True, text=True, timeout=60, check=False, cwd=ROOT,
        env={**os.environ, "REPORTING_HOME": str(ROOT), "COLUMNS": "200"},
    )  # fmt: skip
    assert done.returncode == 3 and "Traceback" not in done.stderr
    assert "spr_exp_type" in done.stdout and "the connection failed" in done.stdout


def test_fetch_says_what_it_kept_unknown(tmp_path: Path) -> None:
    """A flag no list knows is stored, and named with its line on the standard error."""
    (tmp_path / "new.csv").write_text(
        "DATAFLOW,LAST UPDATE,freq,spdeps,unit,geo,TIME_PERIOD,OBS_VALUE,OBS_FLAG\n"
        "ESTAT:SPR_EXP_TYPE(1.0),30/10/25 23:00:00,A,TOTAL,MIO_EUR,BE,2022,1.5,x\n"
    )
    done = run("fetch", "--from", str(tmp_path / "new.csv"), "--store", str(tmp_path / "store"))
    assert done.returncode == 0
    assert "the flag 'x' is in no list and was kept as it is: once, first at line 2" in done.stderr


def test_check_finds_estonia_and_passes_because_it_is_accepted() -> None:
    """The total of Estonia 2023 is off by 1,036.28 million euro; accepted, it does not stop."""
    done = run("check", "spr_exp_type")
    assert done.returncode == 0
    assert "A.TOTAL.MIO_EUR.EE 2023: 7,015.95, expected 5,979.67, difference 1,036.28 MIO_EUR (accepted" in done.stdout


def test_an_open_error_exits_with_one(project: Path) -> None:
    """Without its acceptance the finding of Estonia fails the check."""
    rules = project / "parameters/rules/esspros.toml"
    rules.write_text(rules.read_text(encoding="utf-8").partition("[[accepted]]")[0], encoding="utf-8")
    assert run("check", "spr_exp_type", home=project).returncode == 1


def test_check_prints_json_for_machines() -> None:
    """Findings come as JSON, with rule, place and values."""
    found = json.loads(run("check", "spr_exp_type", "--severity", "error", "--json").stdout)
    estonia = next(f for f in found if f["geo"] == "EE" and f["outcome"] == "failed")
    assert (estonia["rule"], estonia["value"]) == ("E01-type", 7015.95)
    assert estonia["expected"] == pytest.approx(5979.67)


def test_a_file_is_checked_without_the_store(tmp_path: Path) -> None:
    """A file that does not add up is found before it is stored."""
    file = tmp_path / "mine.csv"
    rows = [("TOTAL", 10.0), ("SPR", 7.0), ("ADM", 1.0), ("OTH", 1.0)]
    lines = [f"ESTAT:SPR_EXP_TYPE(1.0),01/02/26 11:00:00,A,{code},MIO_EUR,BE,2024,{value}," for code, value in rows]
    header = "DATAFLOW,LAST UPDATE,freq,spdeps,unit,geo,TIME_PERIOD,OBS_VALUE,OBS_FLAG"
    file.write_text("\n".join([header, *lines]) + "\n", encoding="utf-8")
    done = run("check", str(file))
    assert done.returncode == 1 and "difference 1.00 MIO_EUR" in done.stdout


def test_a_file_becomes_a_vintage_that_later_reads_see(tmp_path: Path) -> None:
    """A user's newer figure is stored, listed and, before its date, not seen."""
    header = "series,scheme,branch,measure,date_or_year,value,unit,status,source,note\n"
    file = tmp_path / "mine.csv"
    file.write_text(header + "mine,employees,pensions,benefits,2024,35000.5,MIO_EUR,provisional,Me (2026-01-15),\n")
    store = str(tmp_path / "store")
    stored = json.loads(run("fetch", "--from", str(file), "--store", store, "--json").stdout)
    assert [(m["dataset"], m["rows"]["new"]) for m in stored] == [("national", 1)]
    day = stored[0]["vintage"]
    assert day in run("vintages", "national", "--store", store).stdout
    assert day not in run("vintages", "national", "--store", store, "--as-of", "2024-12-30").stdout


def test_the_same_file_twice_brings_nothing_new(tmp_path: Path) -> None:
    """A vintage is never overwritten: the second time nothing is stored, and the person is told."""
    source = ROOT.parent / "shared/data/esspros/spr_exp_func_BE_2023_2024.jsonstat.json"
    if not source.exists():
        pytest.skip("needs ../shared/data")
    store = ("--store", str(tmp_path / "store"))
    assert run("fetch", "--from", str(source), *store).returncode == 0
    before = {p: p.read_bytes() for p in (tmp_path / "store").rglob("*") if p.is_file()}
    done = run("fetch", "--from", str(source), *store)
    assert done.returncode == 0 and "nothing new" in done.stderr
    assert {p: p.read_bytes() for p in (tmp_path / "store").rglob("*") if p.is_file()} == before


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (("[arop]\n", '[arop]\ncolour = "red"\n'), "[arop] colour: unknown key"),
        (('formula = "100 * x / gdp"', 'formula = "100 * x / gpd"'), "undeclared input 'gpd'"),
    ],
)
def test_faulty_declarations_stop_every_verb(project: Path, spoil: tuple[str, str], said: str) -> None:
    """A wrong declaration is named with file and id before anything runs."""
    for path in (project / "parameters/indicators").glob("*.toml"):
        path.write_text(path.read_text(encoding="utf-8").replace(*spoil, 1), encoding="utf-8")
    refused(run("build", "vade-mecum", home=project), 2, said, "parameters/indicators/")


def test_a_dry_run_writes_nothing(tmp_path: Path) -> None:
    """The plan is printed and nothing is made."""
    done = run("build", "vade-mecum", "--geo", "EU27", "--lang", "en", "--dry-run", "--outputs", str(tmp_path / "o"))
    assert done.returncode == 0 and not (tmp_path / "o").exists()
    assert all(f" {geo} " in done.stdout for geo in ("BE", "EL", "SE"))


def test_outside_a_project_the_remedy_is_named(tmp_path: Path) -> None:
    """A REPORTING_HOME without declarations is a message, not a traceback."""
    refused(run("check", home=tmp_path), 2, "parameters/")


def test_a_read_only_folder_is_a_message(tmp_path: Path) -> None:
    """Where results cannot be written, the folder and the remedy are named."""
    (tmp_path / "file").write_text("in the way")
    done = run("build", "vade-mecum", "--geo", "BE", "--lang", "en", "--outputs", str(tmp_path / "file"))
    refused(done, 1, str(tmp_path / "file"), "--outputs")


def test_the_doctor_says_what_is_missing() -> None:
    """Without Quarto on the PATH the doctor says so and what it costs; all that is needed is there."""
    done = run("doctor", "--json", PATH=str(Path(sys.executable).parent / "nowhere"))
    found = {f["what"]: f for f in json.loads(done.stdout)}
    assert done.returncode == 0
    assert not found["quarto"]["present"] and "embedded engine" in found["quarto"]["cost"]
    assert found["papermill"]["present"] and found["typst"]["present"]


def test_a_full_disk_is_a_message(tmp_path: Path) -> None:
    """When the store's disk is full, nothing half-written stays."""
    if not Path("/dev/full").exists():
        pytest.skip("needs /dev/full")
    store = tmp_path / "store"
    store.mkdir()
    (store / ".lock").symlink_to("/dev/full/x")
    file = tmp_path / "mine.csv"
    file.write_text("series,scheme,branch,measure,year,value,unit\na,b,c,other,2024,1,NR\n")
    refused(run("fetch", "--from", str(file), "--store", str(store)), 1, "Cannot write to the store")
    assert not list(store.rglob("*.parquet"))


def test_the_script_is_installed() -> None:
    """``reporting`` itself is on the path of the environment."""
    assert shutil.which("reporting", path=str(Path(sys.executable).parent))


def test_the_command_line_starts_without_the_slow_libraries() -> None:
    """No verb pays for libraries that draw, estimate or speak SDMX before it needs them."""
    slow = ("matplotlib", "seaborn", "scipy", "statsmodels", "sdmx", "papermill")
    said = f"import sys, reporting.cli; print([name for name in {slow} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", said], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
