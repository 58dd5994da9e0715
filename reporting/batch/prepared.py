"""What all units of a batch share, computed once before the process that is forked forks."""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Iterable
from functools import partial

import pandas as pd

from reporting import declarations, indicators, labels, validation, views
from reporting.batch import parent, processes
from reporting.batch.plan import Unit
from reporting.errors import ReportingError

#: So many units make it worth while to compute everything beforehand.
_MANY = 12


def places(units: Iterable[Unit]) -> list[tuple[str, str]]:
    """The stores and dates that many units read."""
    counts = Counter((unit.parameters["store"], unit.parameters["as_of"]) for unit in units)
    return [place for place, count in counts.items() if count >= _MANY]


def ready(stores: list[tuple[str, str]], langs: list[str]) -> None:
    """Read declarations and catalogues; have indicators and findings computed for some stores and dates.

    They are computed in children, so that no database is opened here and no
    library starts a thread.
    """
    # What is wrong is told by the notebooks that meet it.
    with contextlib.suppress(ReportingError):
        known = declarations.load()
        for lang in langs:
            labels.catalogue(known.home, lang)
        for root, as_of in stores:
            _adopt(root, as_of, list(known.indicators))


def _adopt(root: str, as_of: str, ids: list[str]) -> None:
    name, parts = views.opened(root).name, processes.cores()
    calls = [partial(_values, root, as_of, ids[start::parts]) for start in range(parts)]
    *values, findings = parent.aside([*calls, partial(_findings, root, as_of)])
    if None not in (*values, findings):
        indicators.prepared[name, as_of] = {key: frame for part in values for key, frame in part.items()}
        validation.prepared[name, as_of] = findings


def _values(root: str, as_of: str, ids: list[str]) -> dict[str, pd.DataFrame]:
    return indicators.values(declarations.load(), views.opened(root), as_of, ids)


def _findings(root: str, as_of: str) -> list[validation.Finding]:
    return validation.check(declarations.load(), views.opened(root), (), as_of)
