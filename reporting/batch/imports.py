"""What a warm parent imports: what notebooks import, and what running them takes."""

from __future__ import annotations

import contextlib
import gc
import importlib
import importlib.util
import os
import sys
import types
import warnings
from collections.abc import Iterator
from typing import Any

MODULES = (
    "reporting.page", "reporting.batch.run", "reporting.batch.pool", "reporting.batch.shell", "reporting.batch.client",
    "papermill.execute", "ipykernel.debugger", "ipykernel_launcher", "IPython.core.completerlib",
    "IPython.core.debugger", "IPython.core.logger", "IPython.core.oinspect", "IPython.core.pylabtools",
    "IPython.extensions.storemagic", "IPython.utils.wildcard", "matplotlib.pyplot", "matplotlib.backends.backend_agg",
    "pandas", "pandas.io.formats.html", "pandas.io.formats.string", "PIL.features", "pyarrow.pandas_compat", "seaborn",
    "sqlite3", "statsmodels.api", "statsmodels.formula.api", "tornado.platform.asyncio",
)  # fmt: skip
#: A grammar of web addresses that takes half a second to load, and the checks that need it are hardly ever made.
_GRAMMAR = "rfc3987_syntax"


def load(modules: tuple[str, ...]) -> None:
    """Import what is there of some modules; nothing is drawn on a screen, nothing imported is looked at as garbage."""
    backend = os.environ.setdefault("MPLBACKEND", "module://matplotlib_inline.backend_inline")
    gc.disable()
    with warnings.catch_warnings(), _grammar_later():
        warnings.simplefilter("ignore")
        for name in modules:
            with contextlib.suppress(ImportError):
                importlib.import_module(name)
    gc.freeze()
    gc.enable()
    if "matplotlib" in sys.modules:
        sys.modules["matplotlib"].rcParams["backend"] = backend
    if "reporting.batch.client" in sys.modules:
        sys.modules["reporting.batch.client"].ready()


@contextlib.contextmanager
def _grammar_later() -> Iterator[None]:
    """Within, who imports the grammar of web addresses gets a check that loads it at its first use."""
    if _GRAMMAR in sys.modules or importlib.util.find_spec(_GRAMMAR) is None:
        yield
        return
    stand_in: Any = types.ModuleType(_GRAMMAR)
    stand_in.is_valid_syntax = _valid
    sys.modules[_GRAMMAR] = stand_in
    try:
        yield
    finally:
        del sys.modules[_GRAMMAR]


def _valid(*arguments: str) -> bool:
    return bool(importlib.import_module(_GRAMMAR).is_valid_syntax(*arguments))
