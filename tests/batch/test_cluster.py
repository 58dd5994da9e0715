"""Units on a Dask cluster: the same bytes, whatever becomes of the workers."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import faults
import jobs
import pytest
import samples

from reporting.batch import cluster, parent, pool
from reporting.batch.cluster import Cluster, relocated, work
from reporting.batch.outcomes import Job, Limits
from reporting.batch.run import Work
from reporting.errors import SourceUnavailable

distributed = pytest.importorskip("distributed")
pytestmark = [pytest.mark.skipif(not parent.possible(), reason="no fork here"), pytest.mark.xdist_group("cluster")]
TESTS = str(Path(__file__).parent)


@pytest.fixture(scope="module")
def workers():
    """Two workers on this machine, which import the tests' jobs as they would a package."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", os.pathsep.join([TESTS, *os.environ.get("PYTHONPATH", "").split(os.pathsep)]))
        with distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, dashboard_address=None, silence_logs=50
        ) as started:
            yield started


@pytest.fixture(scope="module")
def local(tmp_path_factory):
    """The sample project with its four books, built on this machine."""
    home = samples.made(tmp_path_factory.mktemp("local") / "home")
    done = samples.build(home, "--format", "html,xlsx")
    assert done.returncode == 0, done.stderr
    return home


def pids(workers):
    """The process ids of the workers."""
    with distributed.Client(workers.scheduler_address, set_as_default=False) as client:
        return list(client.run(os.getpid).values())


@pytest.fixture
def line(workers, tmp_path, monkeypatch):
    """A cluster as a batch uses it."""
    monkeypatch.setenv("REPORTING_HOME", str(samples.SAMPLE))
    return lambda: Cluster(workers.scheduler_address, tmp_path)


def test_a_build_on_a_cluster_is_byte_identical(local, workers, tmp_path):
    """With a worker killed in the middle, each file of each publication is that of this machine."""
    outputs, store = tmp_path / "o", str(local / "outputs/store")
    line, env = samples.command(
        local, "--format", "html,xlsx", "--outputs", str(outputs), "--store", store,
        "--scheduler", workers.scheduler_address,
    )  # fmt: skip
    started = subprocess.Popen(line, env=env, cwd=local, stderr=subprocess.PIPE, text=True)
    assert faults.until(lambda: len(list(outputs.glob("runs/book/2026/*/*/*/inputs.json"))) >= 2, 120)
    os.kill(pids(workers)[0], signal.SIGKILL)
    said = started.communicate(timeout=240)[1]
    assert started.returncode == 0, said
    assert "2 at a time" in said and "4 built, 0 up to date, 0 failed" in said
    ours, whole = (samples.contents(place / "publications") for place in (outputs, local / "outputs"))
    assert sorted(ours) == sorted(whole) and [name for name in ours if ours[name] != whole[name]] == []
    again = samples.build(local, "--format", "html,xlsx", "--outputs", str(outputs), "--store", store)
    assert "0 built, 4 up to date, 0 failed" in again.stderr
    assert not [path for path in outputs.rglob("*") if path.suffix in (".part", ".old", ".failed")]


def test_each_job_fails_alone(line, tmp_path):
    """A crash, an error and a hang fail their own job, by name; files that a job made land here."""
    started = Cluster(line().address, tmp_path, timeout=3)
    wanted = [
        Job("good", jobs.write_below, tmp_path / "runs" / "good", makes=(tmp_path / "runs" / "good",)),
        Job("die", jobs.die, ""), Job("fail", jobs.fail, "it"), Job("hang", jobs.hang, ""),
    ]  # fmt: skip
    found = {o.name: o for o in pool.run_all(wanted, Limits(2), lambda _: None, lambda: started)}
    assert found["good"].error == "" and (tmp_path / "runs/good/file").read_text() == "done"
    assert "its process was killed" in found["die"].error and found["die"].tries == 2
    assert found["fail"].error == "cannot do it"
    assert found["hang"].error == "it took longer than 3 s (--timeout)."


def test_every_worker_killed_again_and_again(line, workers, tmp_path):
    """Jobs survive the loss of all workers, more than once."""
    wanted = [Job(str(n), jobs.nap, 0.5) for n in range(8)]
    killed = []

    def done(outcome):
        if len(killed) < 2:
            killed.append(outcome.name)
            for pid in pids(workers):
                os.kill(pid, signal.SIGKILL)

    found = pool.run_all(wanted, Limits(2), done, line)
    assert sorted(o.name for o in found) == [str(n) for n in range(8)]
    assert [o.error for o in found] == [""] * 8 and len(killed) == 2


def test_what_a_worker_lacks_is_said(line, monkeypatch, tmp_path):
    """Another version of the package, no project's folder, no such module: named, and not tried again."""
    [found] = pool.run_all([Job("a", jobs.nap, 0.0)], Limits(1), lambda _: None, line)
    assert found.error == ""
    monkeypatch.setenv("REPORTING_HOME", str(tmp_path / "absent"))
    [found] = pool.run_all([Job("a", jobs.nap, 0.0)], Limits(1), lambda _: None, line)
    assert "does not see the project's folder" in found.error and found.tries == 1
    monkeypatch.setenv("REPORTING_HOME", str(samples.SAMPLE))
    monkeypatch.setattr(cluster.fresh, "code", lambda: "other")
    [found] = pool.run_all([Job("a", jobs.nap, 0.0)], Limits(1), lambda _: None, line)
    assert "another version of the package" in found.error and found.tries == 1
    said, again = cluster._lost(ModuleNotFoundError("No module named 'reporting'"))
    assert "No module named 'reporting'. Install the package there" in said and not again


def test_a_lost_scheduler_is_a_message(tmp_path, monkeypatch):
    """When the scheduler ends in the middle, the batch ends with words, not with a traceback and not never."""
    monkeypatch.setenv("REPORTING_HOME", str(samples.SAMPLE))
    command = [sys.executable, "-m", "distributed.cli.dask_scheduler", "--port", "0", "--no-dashboard",
               "--scheduler-file", str(tmp_path / "scheduler.json")]  # fmt: skip
    scheduler = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        assert faults.until((tmp_path / "scheduler.json").exists, 60)
        address = json.loads((tmp_path / "scheduler.json").read_text())["address"]
        started = Cluster(address, tmp_path)
        assert started.threads == 0
        started.fork(jobs.nap, Job("a", jobs.nap, 0.0))
        assert started.ended(0.5) is None
        scheduler.kill()
        with pytest.raises(SourceUnavailable, match="the Dask scheduler was lost"):
            end = time.monotonic() + 60
            while time.monotonic() < end:
                started.ended(0.2)
        started.close()
    finally:
        scheduler.kill()
        scheduler.wait()


def test_no_more_is_sent_than_is_needed(line):
    """A few jobs for each thread wait on the cluster, the others here."""
    started = line()
    try:
        for n in range(4 * started.threads):
            assert not started.full
            started.fork(pool._guarded, Job(str(n), jobs.nap, 0.0))
        assert started.full
    finally:
        started.close()


def test_only_results_are_elsewhere_on_a_worker(tmp_path):
    """Paths to results move; notebooks, also those beside the results, do not."""
    home, place = tmp_path / "home", tmp_path / "place"
    unit = (home / "runs/a", home / "notebooks/a.ipynb", {"store": str(home / "outputs/store")})
    moved = relocated(Job("a", jobs.write, Work(unit, "", {}), makes=(home / "runs/a",)), home, place)
    assert moved.makes == (place / "runs/a",)
    assert moved.argument.unit == (place / "runs/a", home / "notebooks/a.ipynb", unit[2])


def test_results_are_replaced_whole(tmp_path):
    """What a job made takes the place of what lay there, with nothing of it left."""
    there, here = tmp_path / "there", tmp_path / "here"
    for folder, name in ((there, "new"), (here, "old")):
        (folder / "runs/a").mkdir(parents=True)
        (folder / "runs/a" / name).write_text(name)
    packed = cluster.pack(there, [there / "runs/a"])
    cluster.unpack(packed, here, (here / "runs/a",))
    assert [p.relative_to(here).as_posix() for p in sorted(here.rglob("*"))] == ["runs", "runs/a", "runs/a/new"]
    shutil.rmtree(there)


def test_a_worker_leaves_nothing_behind(tmp_path, monkeypatch):
    """The folder in which a worker works is gone afterwards."""
    monkeypatch.setattr(cluster.tempfile, "tempdir", str(tmp_path))
    job = Job("good", jobs.write_below, tmp_path / "o/runs/good", makes=(tmp_path / "o/runs/good",))
    (said, _), made = work(job, str(tmp_path / "o"), b"", str(samples.SAMPLE), cluster.fresh.code(), 30)
    assert said == "" and made
    assert list(tmp_path.iterdir()) == []
