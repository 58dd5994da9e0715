"""The command line: verbs, nothing else; a module for each group of them.

Exit codes: 0 done, 1 findings of severity error or a failed unit, 2 wrong use,
3 a source is unavailable.
"""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from reporting import __version__
from reporting.cli import (  # noqa: F401  # adds the verbs
    data,
    esspros,
    esspros_check,
    fetch,
    keep,
    missoc,
    missoc_amounts,
    missoc_changes,
    missoc_desk,
    publish,
    record,
    revise,
    sha,
    silc,
    silc_survey,
    spc,
)
from reporting.cli.common import app, err, out
from reporting.errors import OutputFailed, ReportingError

#: How typer ends on Ctrl-C.
_INTERRUPTED = 130
#: Verbs on the store as a whole, which may be written after ``vintages`` too.
_KEEPING = ("verify", "compact", "export", "import")


def main() -> None:
    """Run the command line; errors become one message and an exit code."""
    try:
        words = sys.argv[1:]
        alias = words[:1] == ["vintages"] and words[1:2] and words[1] in _KEEPING
        app(words[1:] if alias else words, standalone_mode=True)
    except ReportingError as error:
        err.print(f"reporting: {error}", markup=False)
        sys.exit(error.exit_code)
    except SystemExit as end:
        if end.code == _INTERRUPTED:
            err.print("\nreporting: interrupted. What was finished stays; run the same command again to complete it.")
        raise
    except OSError as error:
        failed = OutputFailed(
            f"{error.strerror or error}: {error.filename or ''}. Free space or choose another folder."
        )
        err.print(f"reporting: {failed}", markup=False)
        sys.exit(failed.exit_code)


def _version(wanted: bool) -> None:
    if wanted:
        out.print(f"reporting {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Say the version.")
    ] = False,
) -> None:
    pass
