"""A file a person has, into the store."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from reporting import sources
from reporting.declarations import Declarations
from reporting.errors import UsageError
from reporting.vintages import Manifest, Store


def take(store: Store, declarations: Declarations, path: Path, dataset: str = "", vintage: str = "") -> list[Manifest]:
    """Read a file of any known layout and store what changed as new vintages.

    Parameters
    ----------
    vintage : str
        The date of the data where the file does not tell; without it, a file
        that does not tell is dated today.

    Raises
    ------
    SourceUnreadable, SourceChanged, UsageError
        Nothing is stored then.
    """
    if vintage:
        try:
            date.fromisoformat(vintage)
        except ValueError:
            raise UsageError(f"--vintage {vintage!r} is not a date: write it as 2026-01-31.") from None
    return [
        store.append(
            extract.frame,
            Manifest(
                dataset=extract.dataset,
                vintage=extract.vintage or vintage or date.today().isoformat(),
                complete=False,
                request=extract.request,
                acknowledgement=extract.acknowledgement,
                provider_update=extract.vintage,
                retrieved=date.today().isoformat(),
                received_sha256=extract.sha256,
                structure=extract.structure,
            ),
            extract.received,
        )
        for extract in sources.read(path, declarations, dataset)
    ]
