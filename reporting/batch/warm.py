"""Warm execution: a papermill engine whose kernels are forked from a warm parent.

``papermill.execute_notebook(…, engine_name="reporting-warm")`` runs cells in a
child that has the heavy imports done. What the in-process shell cannot do runs
in an ordinary kernel. papermill loads this module while it is itself being
loaded, so nothing here imports it at the top.
"""

from __future__ import annotations

import re
import sys
from typing import Any

from reporting.batch import parent

ENGINE = "reporting-warm"
#: Widgets talk to a front end, and a front end's answers need a whole kernel.
WIDGETS = "it uses widgets"
_FRONT_END = re.compile(
    r"\bipywidgets\b|\binteract(ive|_manual)?\s*\(|^\s*%(gui|connect_info|qtconsole)\b", re.MULTILINE
)


class WarmEngine:
    """The engine as papermill knows it."""

    @classmethod
    def execute_notebook(cls, nb: Any, kernel_name: str, **options: Any) -> Any:
        """Run a notebook, with the options of papermill's own engine."""
        from reporting.batch.client import Engine

        return Engine.execute_notebook(nb, kernel_name, **options)

    @classmethod
    def nb_kernel_name(cls, nb: Any, name: str | None = None) -> Any:
        """The kernel a notebook names."""
        from papermill.utils import nb_kernel_name

        return nb_kernel_name(nb, name)

    @classmethod
    def nb_language(cls, nb: Any, language: str | None = None) -> Any:
        """The language a notebook names."""
        from papermill.utils import nb_language

        return nb_language(nb, language)


def refusal(notebook: Any, kernel_name: str) -> str:
    """Why a notebook cannot run in the in-process shell; empty when it can."""
    if not parent.possible():
        return "processes cannot be forked here"
    command = known(kernel_name)
    if not command or not (_same(command[0]) and command[1:3] == ["-m", "ipykernel_launcher"]):
        return f"{kernel_name!r} is another kernel"
    code = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "code")
    return WIDGETS if _FRONT_END.search(code) else ""


def known(kernel_name: str) -> list[str]:
    """The command of an installed kernel; empty when there is none of that name."""
    from jupyter_client.kernelspec import KernelSpecManager, NoSuchKernel

    try:
        return list(KernelSpecManager().get_kernel_spec(kernel_name).argv)
    except NoSuchKernel:
        return []


def _same(program: str) -> bool:
    """Whether a kernel specification's Python is the one that runs here."""
    return program in (sys.executable, "python", "python3", f"python{sys.version_info[0]}.{sys.version_info[1]}")
