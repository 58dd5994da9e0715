"""A command of ``reporting esspros`` run in this process."""

from __future__ import annotations

import sys

from reporting import cli


def run(*words: object) -> int:
    """The exit code of ``reporting esspros`` with these words."""
    argv, sys.argv = sys.argv, ["reporting", "esspros", *map(str, words)]
    try:
        cli.main()
    except SystemExit as end:
        return int(end.code or 0)
    finally:
        sys.argv = argv
    return 0
