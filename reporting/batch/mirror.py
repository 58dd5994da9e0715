"""Results behind an fsspec URL: a copy on this machine, sent back when a build is done.

Unlike those of a store, the files of results change. An index beside them holds
the checksum of each, so that only what differs travels, in both directions;
beside the copy lies the index as it was when copy and URL last agreed, so that
what was finished but not yet sent stays. Whether a file is what it should be is
no question here: the record of a result says that, and the next build looks.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path

from reporting.batch.fresh import digests
from reporting.errors import OutputFailed, ReportingError, SourceUnavailable
from reporting.vintages import Remote

_INDEX = "index.json"
#: The index as it was when copy and URL last agreed.
_AGREED = ".agreed.json"
#: Seconds to wait for another process that sends its results.
_PATIENCE = 60.0
#: Files that travel at the same time.
_AT_A_TIME = 8


@contextmanager
def mirrored(url: str, send: bool = True) -> Iterator[Path]:
    """A folder that holds what lies behind a URL; on leaving, what was changed in it is sent there.

    Raises
    ------
    SourceUnavailable
        When the URL cannot be read.
    OutputFailed
        When nothing can be written there, or another process keeps writing.
    """
    remote = Remote(url)
    if not send:
        _pull(remote)
        yield remote.copy
        return
    # What cannot be written is told before any notebook runs.
    with _alone(remote):
        there = _pull(remote)
    try:
        yield remote.copy
    finally:
        with _alone(remote):
            _push(remote, there)


@contextmanager
def _alone(remote: Remote) -> Iterator[None]:
    """Be the one that writes behind the URL; wait for another for a while."""
    end = time.monotonic() + _PATIENCE
    with ExitStack() as held:
        while True:
            try:
                held.enter_context(remote.lock())
                break
            except ReportingError:
                if time.monotonic() > end:
                    raise
                time.sleep(0.5)
            except Exception as error:  # each file system has errors of its own
                raise OutputFailed(f"{remote.url}: cannot be written: {error}. Check rights and network.") from None
        yield


def _pull(remote: Remote) -> dict[str, str]:
    """Bring to the copy what was changed behind the URL since they agreed; the checksums of what lies there."""
    there, agreed, here = _index(remote), _agreed(remote), _digests(remote.copy)
    _each(_get, remote, (name for name, sha in there.items() if _wanted(sha, agreed.get(name), here.get(name))))
    for name in sorted(set(agreed) - set(there)):
        if here.get(name) == agreed[name]:
            (remote.copy / name).unlink()
    there = {name: sha for name, sha in there.items() if (remote.copy / name).exists()}
    _agree(remote, there)
    return there


def _each(do: Callable[[Remote, str], None], remote: Remote, names: Iterable[str]) -> None:
    """Do something with each of many files, several at a time."""
    with ThreadPoolExecutor(_AT_A_TIME) as several:
        for _ in several.map(partial(do, remote), sorted(names)):
            pass


def _wanted(there: str, agreed: str | None, here: str | None) -> bool:
    """Whether a file is to be brought: it is not here, or it was changed there."""
    return here is None or there not in (agreed, here)


def _get(remote: Remote, name: str) -> None:
    path = remote.copy / name
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")
    try:
        remote.files.get_file(f"{remote.base}/{name}", str(part))
    except FileNotFoundError:
        # Somebody stopped in the middle of sending; the next build makes it again.
        return
    except Exception as error:  # as above
        raise SourceUnavailable(f"{remote.url}: {name} cannot be read: {error}. Check the network.") from None
    part.replace(path)


def _push(remote: Remote, there: dict[str, str]) -> None:
    """Send what is not as it was there; the index last. What others have sent meanwhile stays."""
    here = _digests(remote.copy)
    own = {name: sha for name, sha in here.items() if there.get(name) != sha}
    gone = set(there) - set(here)
    _each(lambda to, name: to.push(to.copy / name), remote, own)
    for name in sorted(gone):
        remote.remove(remote.copy / name)
    if not own and not gone:
        return
    now = {name: sha for name, sha in {**_index(remote), **own}.items() if name not in gone}
    try:
        remote.files.pipe_file(f"{remote.base}/{_INDEX}", json.dumps(now, indent=1, sort_keys=True).encode())
    except Exception as error:  # as above
        raise OutputFailed(f"{remote.url}: cannot be written: {error}. Check rights and network.") from None
    _agree(remote, {name: sha for name, sha in {**there, **own}.items() if name not in gone})


def _index(remote: Remote) -> dict[str, str]:
    """The checksums of what lies behind the URL; none where nothing does."""
    try:
        found = json.loads(remote.files.cat_file(f"{remote.base}/{_INDEX}"))
        return {str(name): str(sha) for name, sha in found.items()}
    except FileNotFoundError:
        return {}
    except (ValueError, AttributeError):
        raise SourceUnavailable(
            f"{remote.url}/{_INDEX}: damaged. Remove it: what lies there is then made again."
        ) from None
    except Exception as error:  # as above
        raise SourceUnavailable(f"{remote.url}: cannot be read: {error}. Check the URL and the network.") from None


def _agreed(remote: Remote) -> dict[str, str]:
    try:
        return dict(json.loads((remote.copy / _AGREED).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return {}


def _agree(remote: Remote, names: dict[str, str]) -> None:
    remote.copy.mkdir(parents=True, exist_ok=True)
    part = remote.copy / (_AGREED + ".part")
    part.write_text(json.dumps(names), encoding="utf-8")
    part.replace(remote.copy / _AGREED)


def _digests(folder: Path) -> dict[str, str]:
    found = digests(folder) if folder.is_dir() else {}
    left = (".lock", ".part", ".old", _AGREED)
    return {name: sha for name, sha in found.items() if not any(part.endswith(left) for part in name.split("/"))}
