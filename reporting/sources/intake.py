"""A file a person has, into the store."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from reporting import sources
from reporting.declarations import Declarations
from reporting.vintages import Manifest, Store, day


def take(store: Store, declarations: Declarations, path: Path, dataset: str = "", vintage: str = "") -> list[Manifest]:
    """Read a file of any known layout and store what changed as new vintages.

    Parameters
    ----------
    vintage : str
        The date of the data where the file does not tell; without it, a file
        that does not tell is dated today.

    Returns
    -------
    list of Manifest
        Of the vintages stored. A file of several vintages whose reading was
        interrupted is completed: those already stored are left as they are.

    Raises
    ------
    SourceUnreadable, SourceChanged, UsageError
        Nothing is stored then.
    """
    if vintage:
        day(vintage)
    today = date.today().isoformat()
    found = [
        (
            extract,
            Manifest(
                dataset=extract.dataset,
                vintage=extract.vintage or vintage or today,
                complete=False,
                request=extract.request,
                acknowledgement=extract.acknowledgement,
                provider_update=extract.vintage,
                retrieved=today,
                received_sha256=extract.sha256,
                structure=extract.structure,
            ),
        )
        for extract in sources.read(path, declarations, dataset)
    ]
    left = [(extract, manifest) for extract, manifest in found if not _stored(store, manifest)] or found
    for _, manifest in left:
        store.refuse_earlier(manifest.dataset, manifest.vintage)
    return [store.append(extract.frame, manifest, extract.received) for extract, manifest in left]


def _stored(store: Store, manifest: Manifest) -> bool:
    """Whether the user's store has this vintage, from the same bytes."""
    own = Store(store.root, embedded=None)
    wanted = (manifest.vintage, manifest.received_sha256)
    return any((m.vintage, m.received_sha256) == wanted for m, _ in own.manifests(manifest.dataset))
