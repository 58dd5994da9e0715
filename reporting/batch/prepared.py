"""What all units of a batch share, computed once in the process that is forked."""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Iterable

from reporting import declarations, indicators, labels, validation, views
from reporting.batch.plan import Unit
from reporting.errors import ReportingError

#: So many units make it worth while to compute everything beforehand.
_MANY = 12


def places(units: Iterable[Unit]) -> list[tuple[str, str]]:
    """The stores and dates that many units read."""
    counts = Counter((unit.parameters["store"], unit.parameters["as_of"]) for unit in units)
    return [place for place, count in counts.items() if count >= _MANY]


def compute(stores: list[tuple[str, str]], langs: list[str]) -> None:
    """Read declarations and catalogues; compute indicators and findings of some stores as known on some dates."""
    # What is wrong is told by the notebooks that meet it.
    with contextlib.suppress(ReportingError):
        known = declarations.load()
        for lang in langs:
            labels.catalogue(known.home, lang)
        for root, as_of in stores:
            store = views.opened(root)
            indicators.prepare(known, store, as_of, known.indicators)
            validation.prepare(known, store, as_of)
