"""A file a person has, into the store."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pandas as pd

from reporting import sources
from reporting.declarations import Declarations
from reporting.errors import UsageError
from reporting.sources import Extract, answers
from reporting.vintages import Manifest, Store, day

#: Said of a file that tells no date.
UNDATED = "the file tells no date: it is dated the day it was read"


def take(store: Store, declarations: Declarations, path: Path, dataset: str = "", vintage: str = "") -> list[Manifest]:
    """Read a file of any known layout and store what changed as new vintages.

    Parameters
    ----------
    vintage : str
        The date of the data, over what the file tells. A file that tells none
        is of today, and its manifest says so; dates to come are today.

    Returns
    -------
    list of Manifest
        Of the vintages; one whose rows are all zero brought nothing new and was
        not stored again.

    Raises
    ------
    SourceUnreadable, SourceChanged, UsageError
        Nothing is stored then.
    """
    today = date.today().isoformat()
    dated = day(vintage) if vintage else ""
    if dated > today:
        raise UsageError(f"--vintage {vintage} is in the future: say on which day the data were known.")
    found = sources.read(path, declarations, dataset)
    stored = []
    for (name, when), extracts in _by_day(found, dated, today).items():
        first = extracts[0]
        manifest = Manifest(
            dataset=name,
            vintage=when,
            complete=False,
            request=first.request,
            acknowledgement=first.acknowledgement,
            provider_update=first.vintage,
            retrieved=today,
            received_sha256=first.sha256,
            structure=first.structure,
            note="; ".join([*([] if dated or first.vintage else [UNDATED]), *_warnings(extracts)]),
        )
        stored += [store.append(extract.frame, manifest, extract.received) for extract in extracts]
    return stored


def _warnings(extracts: list[Extract]) -> list[str]:
    """What the readers met and kept that no list or declaration knows, each once."""
    return list(dict.fromkeys(warning for extract in extracts for warning in extract.warnings))


def _by_day(found: list[Extract], dated: str, today: str) -> dict[tuple[str, str], list[Extract]]:
    """Extracts by dataset and day, oldest first."""
    days: dict[tuple[str, str], list[Extract]] = {}
    for extract in sorted(found, key=lambda e: (e.dataset, e.vintage)):
        when = dated or min(extract.vintage[:10] or today, today)
        days.setdefault((extract.dataset, when), []).append(extract)
    return days


def reread(received: bytes, manifest: Manifest, declarations: Declarations) -> pd.DataFrame:
    """The observations of a vintage again, from the bytes that were kept."""
    if manifest.request.startswith(("https://", "http://")):
        return answers.reread(received, manifest, declarations)
    extracts = sources.parse(received, manifest.request, declarations, manifest.dataset)
    frames = [e.frame for e in extracts if e.dataset == manifest.dataset]
    dated = [e.frame for e in extracts if e.dataset == manifest.dataset and e.vintage[:10] == manifest.vintage[:10]]
    return (dated or frames)[0]
