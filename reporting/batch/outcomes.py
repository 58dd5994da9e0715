"""Jobs, their limits, and how they ended."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reporting.errors import NotebookDied, ReportingError


@dataclass(frozen=True)
class Job:
    """Something to do in a process of its own.

    ``key`` tells it from others of its name; ``needs`` and ``makes`` are the
    files and folders of results that travel with it to another machine and back.
    """

    name: str
    function: Callable[[Any], None]
    argument: Any
    key: str = ""
    needs: tuple[Path, ...] = ()
    makes: tuple[Path, ...] = ()


@dataclass(frozen=True)
class Limits:
    """How many jobs at a time; bytes of memory together and seconds each, 0 for no limit."""

    jobs: int
    memory: int = 0
    timeout: float = 0.0


@dataclass(frozen=True)
class Outcome:
    """How a job ended: ``error`` is empty when it went well; ``memory`` is the most it held alone, in bytes."""

    name: str
    error: str = ""
    seconds: float = 0.0
    memory: int = 0
    tries: int = 1
    key: str = ""


def guarded(function: Callable[[Any], None], argument: Any) -> tuple[str, bool]:
    """Do a job: what went wrong in words (empty for nothing), and whether trying again may help."""
    try:
        function(argument)
    except ReportingError as error:
        return str(error), isinstance(error, NotebookDied)
    except OSError as error:
        return f"{error.strerror or error}: {error.filename or ''}. Free space or choose another folder.", False
    except Exception as error:  # noqa: BLE001  a job's fault is the job's
        return f"{type(error).__name__}: {error}", False
    return "", False
