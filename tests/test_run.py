"""Runs of notebooks: whole or not at all, each by itself."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from reporting.batch import run
from reporting.batch.plan import Unit
from reporting.declarations import Chapter
from reporting.errors import NotebookDied, NotebookFailed, OutputFailed

BROKEN = Path(__file__).parent / "broken"
SOUND = BROKEN / "declarations" / "sound" / "notebooks" / "one.ipynb"


def unit(notebook, folder):
    """A unit of one notebook."""
    parameters = {"geo": "FR", "lang": "en", "as_of": "", "span": 5, "store": ""}
    return Unit(Chapter(id="a", title="A", notebook="one.ipynb"), notebook, parameters, folder)


def broken(defect):
    """A notebook broken on purpose."""
    return BROKEN / "notebooks" / defect / "one.ipynb"


def test_a_notebook_runs_into_its_folder(tmp_path):
    """The executed notebook holds the parameters given; an earlier result and failure are replaced."""
    folder = tmp_path / "a"
    for leftover in (folder, tmp_path / "a.failed", tmp_path / "a.part"):
        leftover.mkdir()
        (leftover / "stale").touch()
    run.execute(unit(SOUND, folder))
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["a", "notebook.ipynb"]
    assert 'geo = \\"FR\\"' in (folder / run.NOTEBOOK).read_text()


def test_a_failing_notebook_is_named_with_cell_and_cause(tmp_path):
    """The message names notebook, unit, cell and cause; the copy as far as it ran stays, and the earlier result."""
    folder = tmp_path / "a"
    folder.mkdir()
    (folder / "earlier").touch()
    with pytest.raises(NotebookFailed) as caught:
        run.execute(unit(broken("divides_by_zero"), folder))
    kept = tmp_path / "a.failed" / run.NOTEBOOK
    assert str(caught.value) == (
        f"one.ipynb (a FR en), cell 4: ZeroDivisionError: division by zero. See {kept}."
    )  # fmt: skip
    assert "division by zero" in kept.read_text()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a", "a.failed"]
    assert (folder / "earlier").exists()


def test_a_dying_kernel_is_told(tmp_path):
    """A kernel that ends by itself fails its unit and leaves nothing half-written."""
    with pytest.raises(NotebookDied, match=r"one.ipynb \(a FR en\): its kernel died"):
        run.execute(unit(broken("kernel_dies"), tmp_path / "a"))
    assert list(tmp_path.iterdir()) == []


def test_a_notebook_that_ends_early_fails(tmp_path):
    """``sys.exit()`` leaves cells undone, which papermill takes for success: the unit fails, the cell is named."""
    with pytest.raises(NotebookFailed, match=r"one.ipynb \(a FR en\), cell 4: the notebook ended here"):
        run.execute(unit(broken("exits"), tmp_path / "a"))
    assert not (tmp_path / "a").exists()


def test_cells_are_counted_as_a_person_counts():
    """Up to the parameters the two notebooks agree; after them papermill has put one cell in."""
    assert [run._position(SOUND, index) for index in (0, 1, 3, 4)] == [1, 2, 3, 4]
    assert run._position(broken("no_parameters_tag"), 1) == 1


CTRL_C = """
import signal, sys
from pathlib import Path
sys.path.insert(0, {tests!r})
import test_run
from reporting.batch import pool, run
from reporting.batch.outcomes import Job, Limits
signal.signal(signal.SIGINT, signal.default_int_handler)
if __name__ == "__main__":
    jobs = [Job(str(n), run.execute, test_run.unit(p, Path({folder!r}) / str(n)))
            for n, p in enumerate([test_run.broken("sleeps"), test_run.broken("sleeps"), test_run.SOUND])]
    pool.run_all(jobs, Limits(2), print)
"""


def alive(process):
    """Whether a process still runs; one that only waits to be buried does not."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def until(condition, seconds):
    """Wait for something."""
    end = time.monotonic() + seconds
    while not (found := condition()) and time.monotonic() < end:
        time.sleep(0.05)
    return found


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="looks for processes under /proc")
def test_ctrl_c_leaves_no_half_unit_and_no_kernel(tmp_path):
    """Interrupted while two notebooks run, a batch ends soon, without finished-looking units or kernels left behind."""
    script = tmp_path / "script.py"
    script.write_text(CTRL_C.format(tests=str(Path(__file__).parent), folder=str(tmp_path / "runs")))
    batch = subprocess.Popen(
        [sys.executable, str(script)], start_new_session=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    try:

        def kernels():
            found = [p.read_text() for p in (tmp_path / "runs").rglob("pid")]
            return found if len(found) == 2 and all(found) else None

        started = until(kernels, 60)
        assert started, "the notebooks did not start"
        os.killpg(batch.pid, signal.SIGINT)
        said, _ = batch.communicate(timeout=20)
    finally:
        batch.kill()
    assert b"KeyboardInterrupt" in said
    assert until(lambda: not any(map(alive, started)), 15)
    assert [path.name for path in (tmp_path / "runs").iterdir() if "." not in path.name] == []


def test_a_folder_that_cannot_be_made(tmp_path):
    """A folder below a file is refused in words, with what to do."""
    (tmp_path / "file").touch()
    with pytest.raises(OutputFailed, match="Choose another folder with --outputs"):
        run.make(tmp_path / "file" / "runs")


def test_a_finished_folder_takes_the_place_of_the_old(tmp_path):
    """Nothing of the old folder stays, and nothing else is left."""
    for name in ("new", "old", "old.old"):
        (tmp_path / name).mkdir()
        (tmp_path / name / name).touch()
    run.replace(tmp_path / "new", tmp_path / "old")
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["new", "old"]
    assert (tmp_path / "old" / "new").exists()


def test_the_old_folder_stays_when_the_new_cannot_come(tmp_path):
    """When the last step fails, the old folder is where it was."""
    (tmp_path / "old").mkdir()
    (tmp_path / "old" / "kept").touch()
    with pytest.raises(FileNotFoundError):
        run.replace(tmp_path / "absent", tmp_path / "old")
    assert [path.name for path in tmp_path.rglob("*")] == ["old", "kept"]
