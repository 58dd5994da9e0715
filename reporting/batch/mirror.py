"""Results behind an fsspec URL: a copy on this machine, sent back when a build is done.

Unlike those of a store, the files of results change: an index beside them holds
the checksum of each, so that only what differs travels, in both directions.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from reporting.batch.fresh import digests
from reporting.errors import OutputFailed, SourceUnavailable
from reporting.vintages import Remote

_INDEX = "index.json"


@contextmanager
def mirrored(url: str) -> Iterator[Path]:
    """A folder that holds what lies behind a URL; on leaving, what was changed in it is sent there.

    Raises
    ------
    SourceUnavailable
        When the URL cannot be read.
    OutputFailed
        When another process writes there, or nothing can be written.
    """
    remote = Remote(url)
    with remote.lock():
        there = _pull(remote)
        try:
            yield remote.copy
        finally:
            _push(remote, there)


def _pull(remote: Remote) -> dict[str, str]:
    """Bring the copy up to date; the checksums of what lies behind the URL."""
    try:
        there: dict[str, str] = json.loads(remote.files.cat_file(f"{remote.base}/{_INDEX}"))
    except FileNotFoundError:
        there = {}
    except Exception as error:  # each file system has errors of its own
        raise SourceUnavailable(f"{remote.url}: cannot be read: {error}. Check the URL and the network.") from None
    here = _digests(remote.copy)
    for name in sorted(set(here) - set(there)):
        (remote.copy / name).unlink()
    for name in sorted(name for name, sha in there.items() if here.get(name) != sha):
        path = remote.copy / name
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_name(path.name + ".part")
        try:
            remote.files.get_file(f"{remote.base}/{name}", str(part))
        except Exception as error:  # as above
            raise SourceUnavailable(f"{remote.url}: {name} cannot be read: {error}. Check the network.") from None
        part.replace(path)
    return there


def _push(remote: Remote, there: dict[str, str]) -> None:
    """Send what differs; the index last."""
    here = _digests(remote.copy)
    for name in sorted(name for name, sha in here.items() if there.get(name) != sha):
        remote.push(remote.copy / name)
    for name in sorted(set(there) - set(here)):
        remote.remove(remote.copy / name)
    if here != there:
        try:
            remote.files.pipe_file(f"{remote.base}/{_INDEX}", json.dumps(here, indent=1).encode())
        except Exception as error:  # as above
            raise OutputFailed(f"{remote.url}: cannot be written: {error}. Check rights and network.") from None


def _digests(folder: Path) -> dict[str, str]:
    found = digests(folder) if folder.is_dir() else {}
    return {name: sha for name, sha in found.items() if not name.endswith((".lock", ".part"))}
