"""Jobs in processes of their own: each fails alone, nothing is lost, nothing is left running."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import faults
import jobs
import psutil
import pytest
import zoo

from reporting.batch import parent, pool, processes
from reporting.batch.lanes import Lanes
from reporting.batch.line import NotAlone
from reporting.batch.outcomes import Job, Limits
from reporting.batch.plan import Unit
from reporting.batch.run import execute
from reporting.declarations import Chapter
from reporting.errors import OutputFailed

pytestmark = [pytest.mark.skipif(not parent.possible(), reason="no fork here"), pytest.mark.xdist_group("pool")]
#: A parent that imports nothing beforehand starts at once.
BARE = pool.here(())


def ran(wanted, limits=None, done=lambda _: None):
    """Run jobs; the outcomes by name."""
    outcomes = pool.run_all(wanted, limits or Limits(4), done, BARE)
    assert len({outcome.name for outcome in outcomes}) == len(outcomes)
    return {outcome.name: outcome for outcome in outcomes}


def test_each_job_fails_alone(tmp_path):
    """Errors of all kinds, a killed, an ended and a hung process fail their own job; every other job is done."""
    good = [tmp_path / name for name in "abcdef"]
    wanted = [Job(path.name, jobs.write, str(path)) for path in good]
    wanted[1:1] = [Job("die", jobs.die, ""), Job("fail", jobs.fail, "it"), Job("leave", jobs.leave, "")]
    wanted[5:5] = [Job("full", jobs.full, "/x"), Job("crash", jobs.crash, ""), Job("hang", jobs.hang, "")]
    outcomes = ran(wanted, Limits(4, timeout=3))
    assert len(outcomes) == len(wanted)
    assert [outcomes[path.name].error for path in good] == [""] * 6
    assert all(path.read_text() == "done" for path in good)
    assert outcomes["fail"].error == "cannot do it"
    assert "its process was killed" in outcomes["die"].error
    assert outcomes["leave"].error == "its process ended by itself, with exit code 7."
    assert outcomes["full"].error.startswith("No space left on device: /x")
    assert outcomes["crash"].error == "KeyError: 'typo'"
    assert outcomes["hang"].error == "it took longer than 3 s (--timeout)."
    tries = {name: outcome.tries for name, outcome in outcomes.items()}
    assert {name for name, count in tries.items() if count == 2} == {"die", "leave", "hang"}


def test_a_job_that_was_killed_once_is_done(tmp_path):
    """The second try counts."""
    outcome = ran([Job("a", jobs.second_time, str(tmp_path / "a"))])["a"]
    assert (outcome.error, outcome.tries, (tmp_path / "a").read_text()) == ("", 2, "done")


def test_memory_has_a_limit():
    """Of jobs that together take more than allowed the largest is ended, by name, and the others are done."""
    wanted = [Job("hoard", jobs.hoard, 600), *(Job(str(n), jobs.nap, 1.0) for n in range(4))]
    outcomes = ran(wanted, Limits(4, memory=400 << 20))
    assert "(--memory)" in outcomes["hoard"].error
    assert [outcomes[str(n)].error for n in range(4)] == [""] * 4


def test_memory_of_a_notebook_is_that_of_its_kernel(tmp_path):
    """What the cells of a notebook take counts: a notebook that takes more than allowed is ended, by name."""
    cells = ["n = 0", "import time\nheld = bytearray(300 << 20)\ntime.sleep(60)"]
    path = zoo.write(tmp_path / "hoard.ipynb", cells, {0: "parameters"})
    unit = Unit(Chapter(id="a", title="A", notebook=path.name), path, {"n": 1}, tmp_path / "out")
    [outcome] = pool.run_all([Job("hoard", execute, unit)], Limits(1, memory=250 << 20), lambda _: None)
    assert "(--memory)" in outcome.error
    assert outcome.memory > 250 << 20


def test_no_more_jobs_than_memory_allows():
    """Where one job takes half of what is allowed, a third waits, whatever the number of cores."""
    wanted = [Job(str(n), jobs.hold, 100) for n in range(6)]
    outcomes = ran(wanted, Limits(6, memory=320 << 20))
    assert all(not outcome.error and outcome.tries == 1 for outcome in outcomes.values())
    assert max(outcome.memory for outcome in outcomes.values()) > 100 << 20


def test_successors_follow(tmp_path):
    """What a job's end brings forth runs too."""

    def done(outcome):
        return [Job("b", jobs.write, str(tmp_path / "b"))] if outcome.name == "a" else None

    assert set(ran([Job("a", jobs.write, str(tmp_path / "a"))], done=done)) == {"a", "b"}
    assert (tmp_path / "b").exists()


def test_nothing_is_left_running(tmp_path):
    """Children, orphans and processes in sessions of their own end with their job, however it ends."""
    ran([Job("a", jobs.breed, str(tmp_path / "a")), Job("b", jobs.breed_and_die, str(tmp_path / "b"))])
    assert (tmp_path / "a.bred").exists()
    assert (tmp_path / "b.bred").exists()
    end = time.monotonic() + 5  # what was killed may take a moment to go
    while (left := faults.running(str(tmp_path))) and time.monotonic() < end:
        time.sleep(0.05)
    assert left == []


def test_no_jobs_no_outcomes():
    """A batch of nothing starts no process and ends."""
    before = {child.pid for child in psutil.Process().children()}
    assert pool.run_all([], Limits(4), print) == []
    assert {child.pid for child in psutil.Process().children()} <= before


def test_a_killed_parent_loses_no_job(tmp_path):
    """When the process that forks is killed, a new one takes its place; what ran runs again."""
    names = [str(n) for n in range(4)]

    def done(outcome):
        if outcome.name == "0":
            faults.forking().kill()

    outcomes = ran([Job(n, jobs.write_slowly, str(tmp_path / n)) for n in names], Limits(2), done)
    assert [outcomes[n].error for n in names] == [""] * 4
    assert sorted(path.name for path in tmp_path.iterdir()) == names


def test_a_job_that_kills_the_parent_fails_alone(tmp_path):
    """A job that kills the process that forks is found out; those that ran beside it are done, and not blamed."""
    wanted = [Job(n, jobs.write_slowly, str(tmp_path / n)) for n in "abcd"]
    wanted.insert(1, Job("bad", jobs.end_parent, ""))
    outcomes = ran(wanted, Limits(3))
    assert {name for name, outcome in outcomes.items() if outcome.error} == {"bad"}
    assert [(outcomes[n].tries, (tmp_path / n).read_text()) for n in "abcd"] == [(1, "done")] * 4


def test_a_parent_that_cannot_start_is_told():
    """When the process that forks ends each time before a job begins, the batch ends with words."""
    with pytest.raises(OutputFailed, match="ended before any began"):
        pool.run_all([Job("a", jobs.nap, 0.0)], Limits(1), print, pool.here((), jobs.die_at_once))


def test_where_the_parent_has_threads_ordinary_processes_do_the_work(tmp_path):
    """A library that starts a thread in the process that forks makes a batch slower, not wrong."""
    wanted = [Job(n, jobs.write, str(tmp_path / n)) for n in "ab"]
    outcomes = pool.run_all(wanted, Limits(2), lambda _: None, pool.here((), jobs.start_thread))
    assert [outcome.error for outcome in outcomes] == ["", ""]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a", "b"]


def test_a_parent_with_threads_does_not_fork():
    """A parent that has more than one thread refuses, in words."""
    line = parent.start((), jobs.start_thread)
    try:
        with pytest.raises(NotAlone, match="2 threads"):
            line.fork(jobs.nap, 0.0)
    finally:
        line.close()


def test_the_real_parent_is_alone():
    """With everything imported and computed it forks, so it has one thread; it holds no database."""
    line = parent.start(prepare=jobs.prepare_sample)
    try:
        number, _ = line.fork(jobs.describe)
        ended = line.ended(120)
        assert (ended.number, ended.result) == (number, [])
    finally:
        line.close()


def test_a_child_is_a_process_of_its_own(tmp_path, monkeypatch):
    """Folder and environment are those of who asks; random numbers differ from child to child."""
    monkeypatch.setenv("A_VARIABLE", "é")
    line = parent.start(("numpy",))
    try:
        for _ in range(2):
            line.fork(jobs.look_around, cwd=tmp_path)
        first, second = (line.ended(60).result for _ in range(2))
    finally:
        line.close()
    assert first["place"] == second["place"] == [str(tmp_path), "é"]
    assert first["random"] != second["random"]
    assert first["numpy"] != second["numpy"]


def test_the_end_of_a_builder_ends_everything(tmp_path):
    """A builder that is killed outright leaves neither parent nor children."""
    script = tmp_path / "script.py"
    script.write_text(
        f"import sys; sys.path.insert(0, {str(Path(__file__).parent)!r})\nimport jobs\n"
        "from reporting.batch import pool\nfrom reporting.batch.outcomes import Job, Limits\n"
        f"pool.run_all([Job('a', jobs.breed_and_hang, {str(tmp_path / 'a')!r})], Limits(1), print, pool.here(()))\n"
    )
    started = subprocess.Popen([sys.executable, str(script)])
    assert faults.until(lambda: (tmp_path / "a.bred").exists(), 60)
    parents = [child.pid for child in psutil.Process(started.pid).children()]
    started.kill()
    started.wait()
    assert faults.until(lambda: not faults.running(str(tmp_path)) and not any(map(psutil.pid_exists, parents)), 30)


def test_units_with_faults(tmp_path):
    """Crashes, hangs and kills at random: every healthy unit is right, every bad one named, none lost or left."""
    units = int(os.environ.get("REPORTING_UNITS", "40"))
    assert faults.inject(tmp_path, units, seed=1).wrong == []


def test_where_nothing_forks_the_same_comes_out(tmp_path, monkeypatch):
    """Ordinary processes give the same outcomes."""
    monkeypatch.setattr(parent, "possible", lambda: False)
    wanted = [Job("a", jobs.write, str(tmp_path / "a")), Job("die", jobs.die, ""), Job("fail", jobs.fail, "it")]
    outcomes = ran([*wanted, Job("hang", jobs.hang, "")], Limits(2, timeout=3))
    assert (tmp_path / "a").read_text() == "done"
    assert {name: bool(outcome.error) for name, outcome in outcomes.items()} == {
        "a": False, "die": True, "fail": True, "hang": True,
    }  # fmt: skip
    assert outcomes["hang"].error == "it took longer than 3 s (--timeout)."


def test_ordinary_processes_end(tmp_path):
    """Nothing of them is left when the batch is left."""
    lanes = Lanes()
    _, pid = lanes.fork(jobs.hang, "")
    lanes.close()
    assert faults.until(lambda: not psutil.pid_exists(pid), 30)


def test_memory_of_a_process_is_what_ending_it_frees():
    """A child's own memory counts, what it shares with its parent does not."""
    line = parent.start(("numpy",))
    try:
        _, pid = line.fork(jobs.hoard, 200)
        assert faults.until(lambda: processes.memory(pid) > 200 << 20, 30)
        assert processes.memory(pid) < 260 << 20
    finally:
        line.close()
