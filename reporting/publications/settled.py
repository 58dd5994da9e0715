"""Executed notebooks as a publication keeps them: without what belongs to the run.

When, where and how fast a notebook ran, what ran it and what it warned of stay
in ``outputs/runs/``. What is published depends on data and declarations alone.
"""

from __future__ import annotations

import json
import re
from itertools import groupby
from pathlib import Path
from typing import Any

from reporting import reads
from reporting.batch.fresh import digests
from reporting.batch.run import NOTEBOOK

_OF_THE_RUN = ("papermill", "execution")
_STORE = re.compile(r"^store = .*$", re.MULTILINE)
_FILE = re.compile(r'^((?:questionnaire|codes) = ")[^"\n]*[/\\](?=[^"\n]+"$)', re.MULTILINE)
_ADDRESS = re.compile(r" at 0x[0-9A-Fa-f]+")


def content(folder: Path) -> str:
    """A digest of what a run left in its folder; the same when a notebook ran again and said what it said before."""
    found: dict[str, Any] = dict(digests(folder))
    try:
        notebook = json.loads((folder / NOTEBOOK).read_text(encoding="utf-8"))
        for part in (notebook, *notebook["cells"]):
            _forget(part["metadata"])
            part.pop("id", None)
    except (OSError, ValueError, LookupError, TypeError, AttributeError):
        return reads.digest(found)
    return reads.digest({**found, NOTEBOOK: notebook})


def keep(executed: Path, place: Path) -> None:
    """Write an executed notebook as it is published."""
    import nbformat  # takes a second, and is not needed where all is up to date

    notebook = nbformat.read(executed, as_version=4)  # type: ignore[no-untyped-call]  # nbformat has no types
    nbformat.write(settled(notebook), place)  # type: ignore[no-untyped-call]  # as above


def settled(notebook: Any) -> Any:
    """The same notebook without times, durations, places, versions, warnings and ids made by chance.

    The store is the project's own, as in the notebook that a person opens; a file is named without its folder.
    """
    _forget(notebook.metadata)
    notebook.metadata["language_info"] = {"name": "python"}
    for number, cell in enumerate(notebook.cells, start=1):
        _forget(cell.metadata)
        cell["id"] = f"cell-{number:02d}"
        if "injected-parameters" in cell.metadata.get("tags", []):
            cell["source"] = _FILE.sub(r"\1", _STORE.sub('store = ""', cell["source"]))
        if "outputs" in cell:
            cell["outputs"] = _joined([_plain(o) for o in cell["outputs"] if o.get("name") != "stderr"])
    return notebook


def _forget(metadata: Any) -> None:
    for name in _OF_THE_RUN:
        metadata.pop(name, None)


def _plain(output: Any) -> Any:
    """An output whose text names no address in memory."""
    if "text" in output:
        output["text"] = _ADDRESS.sub("", output["text"])
    if "text/plain" in output.get("data", {}):
        output["data"]["text/plain"] = _ADDRESS.sub("", output["data"]["text/plain"])
    return output


def _joined(outputs: list[Any]) -> list[Any]:
    """Outputs in which a stream that arrived in pieces is one."""
    import nbformat  # as above

    result: list[Any] = []
    for stream, parts in groupby(outputs, lambda o: o["output_type"] == "stream"):
        if not stream:
            result += parts
            continue
        pieces = list(parts)
        result.append({**pieces[0], "text": "".join(piece["text"] for piece in pieces)})
    return [nbformat.from_dict(output) for output in result]  # type: ignore[no-untyped-call]  # as above
