"""Executed notebooks as they are published."""

from __future__ import annotations

import json
from pathlib import Path

import nbformat
from nbformat.v4 import new_code_cell, new_notebook, new_output

from reporting.publications import settled


def executed(day: str, store: str, address: str, pieces: tuple[str, ...]) -> nbformat.NotebookNode:
    """A notebook as papermill leaves it; each call makes new cell ids by chance."""
    streams = [new_output("stream", name="stdout", text=piece) for piece in pieces]
    shown = new_output("display_data", data={"text/plain": f"<Thing at {address}>", "text/markdown": "Kept."})
    warned = new_output("stream", name="stderr", text=f"{store}/x.py: a warning")
    cells = [
        new_code_cell(f'# Parameters\nlang = "fr"\nstore = "{store}"\n'),
        new_code_cell("show()", outputs=[*streams, warned, shown]),
    ]
    cells[0].metadata["tags"] = ["injected-parameters"]
    for cell in cells:
        cell.metadata |= {"papermill": {"start_time": day}, "execution": {"iopub.status.busy": day}}
    notebook = new_notebook(cells=cells)
    notebook.metadata |= {"papermill": {"output_path": store}, "language_info": {"name": "python", "version": day}}
    return notebook


def test_nothing_of_the_run_is_kept(tmp_path: Path) -> None:
    """Two runs on other days, in other places, give the same bytes; what they show and were given is kept."""
    runs = (("2026-01-01", "/a", "0x7f01", ("1\n2\n",)), ("2031-02-02", "/b/c", "0x7fff", ("1\n", "2\n")))
    for number, run in enumerate(runs):
        nbformat.write(executed(*run), tmp_path / f"run{number}.ipynb")
        settled.keep(tmp_path / f"run{number}.ipynb", tmp_path / f"kept{number}.ipynb")
    text = (tmp_path / "kept0.ipynb").read_text(encoding="utf-8")
    assert text == (tmp_path / "kept1.ipynb").read_text(encoding="utf-8")
    assert "2026-01-01" not in text and "warning" not in text and "0x" not in text
    first, second = json.loads(text)["cells"]
    assert "".join(first["source"]) == '# Parameters\nlang = "fr"\nstore = ""\n'
    assert "".join(second["outputs"][0]["text"]) == "1\n2\n"
    assert second["outputs"][1]["data"]["text/markdown"] == ["Kept."]


def test_a_stored_line_elsewhere_is_left_alone() -> None:
    """Only the cell that papermill puts in is changed, not a notebook's own use of the name."""
    notebook = settled.settled(new_notebook(cells=[new_code_cell('store = "my own"')]))
    assert notebook.cells[0].source == 'store = "my own"'


def test_what_a_run_left_is_the_same_whenever_it_ran(tmp_path: Path) -> None:
    """Another time and other ids change nothing; another output, another file, a damaged notebook do."""
    folders = [tmp_path / name for name in ("first", "later", "other", "figure", "broken")]
    for folder, day in zip(folders, ("2026-01-01", "2031-02-02", *["2026-01-01"] * 3), strict=True):
        folder.mkdir()
        notebook = executed(day, "/a", "0x7f01", ("2\n",) if folder.name == "other" else ("1\n",))
        # Written by whichever Python runs it, not by chance.
        notebook.metadata["language_info"] = {"name": "python"}
        nbformat.write(notebook, folder / "notebook.ipynb")
    (tmp_path / "figure" / "figure.svg").write_text("<svg/>")
    (tmp_path / "broken" / "notebook.ipynb").write_text("{")
    first, later, *others = map(settled.content, folders)
    assert first == later
    assert len({first, *others}) == 4
