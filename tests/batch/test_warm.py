"""The warm engine gives what the stock kernel gives."""

from __future__ import annotations

import functools
import json
import subprocess
import sys
import time
from pathlib import Path

import faults
import nbclient
import nbformat
import pytest
import zoo
from nbclient.exceptions import CellTimeoutError, DeadKernelError
from papermill.engines import papermill_engines

from reporting.batch import parent, provisioner, warm
from reporting.batch.warm import ENGINE, WarmEngine

pytestmark = [pytest.mark.skipif(not parent.possible(), reason="no fork here"), pytest.mark.xdist_group("warm")]


@pytest.mark.parametrize("kind", zoo.ZOO)
def test_outputs_are_those_of_the_stock_kernel_cell_for_cell(kind, tmp_path):
    """Displays, updates, streams, errors, magics and figures are equal, and in the same order."""
    path = zoo.write(tmp_path / "zoo.ipynb", zoo.ZOO[kind])
    stock, warm = (zoo.cleaned(zoo.run(path, engine, allow_errors=True)) for engine in ("nbclient", ENGINE))
    different = [(s, w) for s, w in zip(stock, warm, strict=True) if s != w]
    assert different == []


def test_the_engine_is_registered():
    """Papermill knows the engine by its name, without being told."""
    assert papermill_engines.get_engine(ENGINE) is WarmEngine


@pytest.mark.parametrize("fatal", zoo.FATAL)
def test_a_dead_kernel_is_an_error_at_once(fatal, tmp_path):
    """However a kernel dies, papermill raises what it raises for the stock kernel, and what was done before is kept."""
    path = zoo.write(tmp_path / "zoo.ipynb", ["print('first')", zoo.FATAL[fatal], "print('never')"])
    with pytest.raises(DeadKernelError):
        zoo.run(path, ENGINE)
    kept = nbformat.read(tmp_path / f"zoo-{ENGINE}" / "out.ipynb", as_version=4)
    assert kept.cells[0].outputs[0].text == "first\n"
    assert [cell.metadata.papermill.status for cell in kept.cells][2] != "running"


def test_a_cell_has_its_time(tmp_path):
    """A cell that takes too long raises what nbclient raises, and nothing is left running."""
    path = zoo.write(tmp_path / "zoo.ipynb", ["print('first')", f"# {tmp_path}\nwhile True: pass"])
    start = time.monotonic()
    with pytest.raises(CellTimeoutError):
        zoo.run(path, ENGINE, execution_timeout=1)
    assert time.monotonic() - start < 30


def test_tags_keep_their_meaning(tmp_path):
    """A cell tagged raises-exception may fail; one tagged skip-execution is not run."""
    path = zoo.write(
        tmp_path / "zoo.ipynb", ["1/0", "print('on')", "1/0"], {0: "raises-exception", 2: "skip-execution"}
    )
    assert zoo.cleaned(zoo.run(path, ENGINE)) == zoo.cleaned(zoo.run(path, "nbclient"))


def test_no_state_goes_from_unit_to_unit(tmp_path):
    """What one notebook does to modules, environment, options and random numbers, the next one does not see."""
    spoil = (
        "import os, sys, random, numpy as np, pandas as pd, matplotlib as mpl, warnings\n"
        "seen = [os.environ.get('SPOILT'), hasattr(pd, 'spoilt')]\n"
        "seen += [pd.options.display.max_rows, mpl.rcParams['font.size']]\n"
        "os.environ['SPOILT'] = '1'; pd.spoilt = 1; pd.options.display.max_rows = 7; mpl.rcParams['font.size'] = 3\n"
        "os.chdir('/'); sys.path.insert(0, '/spoilt')\nseen"
    )
    path = zoo.write(tmp_path / "zoo.ipynb", [spoil, "print(random.random(), np.random.rand())"])
    first, second = (zoo.cleaned(zoo.run(path, ENGINE)) for _ in range(2))
    assert first[0] == second[0]
    assert first[1] != second[1]


def test_files_left_open_are_written(tmp_path):
    """What a notebook wrote to a file it did not close is there afterwards, and its exit functions have run."""
    cells = [
        "f = open('open.txt', 'w')\nf.write('kept')",
        "import atexit\natexit.register(lambda: open('end.txt', 'w').write('x'))",
    ]
    zoo.run(zoo.write(tmp_path / "zoo.ipynb", [*cells, "import threading, time"]), ENGINE)
    folder = tmp_path / f"zoo-{ENGINE}"
    assert (folder / "open.txt").read_text() == "kept"
    assert (folder / "end.txt").read_text() == "x"


def test_nothing_a_notebook_started_is_left(tmp_path):
    """Processes that a notebook leaves behind end with it, also those in sessions of their own."""
    cell = (
        "import subprocess, sys\n"
        f"sleep = [sys.executable, '-c', 'import time; time.sleep(600) # {tmp_path}']\n"
        "subprocess.Popen(sleep)\nsubprocess.Popen(sleep, start_new_session=True)\nNone"
    )
    zoo.run(zoo.write(tmp_path / "zoo.ipynb", [cell]), ENGINE)
    assert faults.until(lambda: not faults.running(f"sleep(600) # {tmp_path}"), 10)


def test_what_the_shell_cannot_do_runs_in_a_kernel(tmp_path, monkeypatch):
    """Widgets, other kernels and systems without fork are refused, each with its reason."""
    plain = nbformat.read(zoo.write(tmp_path / "plain.ipynb", ["1"]), as_version=4)
    widgets = nbformat.read(
        zoo.write(tmp_path / "widgets.ipynb", ["import ipywidgets as w\nw.IntSlider(3)"]), as_version=4
    )
    assert warm.refusal(plain, "python3") == ""
    assert warm.refusal(widgets, "python3") == "it uses widgets"
    assert warm.refusal(plain, "no-such-kernel") == "'no-such-kernel' is another kernel"
    monkeypatch.setattr(parent, "possible", lambda: False)
    assert warm.refusal(plain, "python3") == "processes cannot be forked here"
    assert zoo.run(tmp_path / "plain.ipynb", ENGINE).cells[0].outputs[0].data["text/plain"] == "1"


def test_widgets_have_their_state(tmp_path):
    """A notebook with widgets, through the engine, holds their state as the stock kernel's does."""
    path = zoo.write(tmp_path / "zoo.ipynb", ["import ipywidgets as w\nw.IntSlider(3)"])
    stock, ours = (zoo.run(path, engine).metadata.widgets for engine in ("nbclient", ENGINE))
    [stock], [ours] = stock.values(), ours.values()
    names = [sorted(state["model_name"] for state in found["state"].values()) for found in (stock, ours)]
    assert names[0] == names[1]


@pytest.fixture(scope="module")
def specification(tmp_path_factory):
    """The kernel specification, installed where only these tests see it."""
    folder = tmp_path_factory.mktemp("jupyter")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "prefix", str(folder))
        place = provisioner.install()
        patch.undo()
        patch.setenv("JUPYTER_PATH", str(folder / "share" / "jupyter"))
        yield place


def test_a_warm_kernel_serves_papermill_and_nbclient(specification, tmp_path):
    """The provisioner's kernels give the same outputs, to clients that know nothing of it."""
    declared = json.loads(Path(specification, "kernel.json").read_text())
    assert declared["metadata"]["kernel_provisioner"]["provisioner_name"] == ENGINE
    path = zoo.write(
        tmp_path / "zoo.ipynb",
        ["import pandas as pd\npd.DataFrame({'a': [1]})", "print('x')", "import os\nos.getppid()"],
    )
    stock = zoo.run(path, "nbclient")
    ours = zoo.run(path, None, kernel_name=ENGINE)
    assert zoo.cleaned(ours)[:2] == zoo.cleaned(stock)[:2]
    notebook = nbformat.read(path, as_version=4)
    nbclient.NotebookClient(notebook, kernel_name=ENGINE).execute()
    assert notebook.cells[1].outputs[0].text == "x\n"


def test_a_warm_kernel_can_be_interrupted_and_restarted(specification):
    """What JupyterLab does with a kernel works: interrupt, restart, shut down."""
    from jupyter_client.manager import KernelManager

    manager = KernelManager(kernel_name=ENGINE)
    manager.start_kernel()
    try:
        talk = manager.client()
        talk.start_channels()
        talk.wait_for_ready(timeout=60)
        talk.execute("import time\ntime.sleep(60)")
        time.sleep(1)
        manager.interrupt_kernel()
        assert talk.get_shell_msg(timeout=20)["content"]["ename"] == "KeyboardInterrupt"
        talk.stop_channels()
        manager.restart_kernel()
        talk = manager.client()
        talk.start_channels()
        talk.wait_for_ready(timeout=60)
        assert talk.execute_interactive("1", timeout=20)["content"]["status"] == "ok"
        talk.stop_channels()
    finally:
        manager.shutdown_kernel(now=True)
    assert not manager.is_alive()


def test_changed_code_starts_a_new_parent(monkeypatch):
    """A kept parent whose package was changed forks no more; children of the old one live on."""
    monkeypatch.setattr(parent, "_kept", [])
    monkeypatch.setattr(parent, "start", functools.partial(parent.start, ()))
    with parent.parent():
        pass
    monkeypatch.setattr(parent, "_stamp", lambda: (1,))
    with parent.parent():
        assert len(parent._kept) == 2
    for _, line in parent._kept:
        line.close()


def test_the_engine_can_be_loaded_first():
    """Importing the engine before papermill, and papermill before the engine, both work."""
    for code in ("import reporting.batch.client, papermill", "import papermill, reporting.batch.client"):
        subprocess.run([sys.executable, "-c", code], check=True, timeout=120)
