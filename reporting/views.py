"""A store seen as a run saw it: only the vintages that the run's record names.

A date does not say which vintages those were: a vintage may come in late, or on
the day of another one. A view is a small file that names them; it stands where
the folder of a store does.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path

from reporting.errors import SourceUnreadable
from reporting.vintages import Store

#: The vintages of each dataset, as (vintage, checksum), oldest first.
Seen = Mapping[str, Iterable[tuple[str, str]]]


def seen(store: Store, datasets: Iterable[str], as_of: str = "") -> dict[str, list[tuple[str, str]]]:
    """The vintages that can be read as of a date, for each dataset that has one: declared ones first, then others."""
    names = dict.fromkeys([*datasets, *store.datasets()])
    found = {dataset: [(m.vintage, m.sha256) for m, _ in store.manifests(dataset, as_of)] for dataset in names}
    return {dataset: pairs for dataset, pairs in found.items() if pairs}


def write(path: Path, root: Path | str, only: Seen) -> Path:
    """Write a view on the store in a folder or behind a URL."""
    content = {"store": str(root), "only": {dataset: list(pairs) for dataset, pairs in only.items()}}
    path.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    return path


def opened(place: Path | str) -> Store:
    """The store in a folder, or the one that a view shows.

    Raises
    ------
    SourceUnreadable
        When a file is named that is no view.
    """
    named = Path(place)
    if not named.is_file():
        return Store(place)
    try:
        content = json.loads(named.read_text(encoding="utf-8"))
        only = {
            dataset: frozenset((str(v), str(sha)) for v, sha in pairs) for dataset, pairs in content["only"].items()
        }
        return Store(content["store"], only=only)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise SourceUnreadable(f"{named}: neither the folder of a store nor a view on one ({error}).") from None
