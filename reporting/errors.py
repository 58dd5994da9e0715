"""What can go wrong, sorted by what the reader does next.

Every error carries a message in three parts: what happened, where (file, line,
cell or code), and what to do. The command line prints the message without a
traceback and exits with the error's ``exit_code``.
"""

from __future__ import annotations

from collections.abc import Iterable


class ReportingError(Exception):
    """Base of all errors meant for the person at the keyboard."""

    exit_code = 2


class UsageError(ReportingError):
    """The command names something that does not exist: correct the command."""


class DeclarationError(ReportingError):
    """A file under ``parameters/`` is at fault: correct the file."""

    def __init__(self, faults: Iterable[str]) -> None:
        self.faults = tuple(faults)
        count = len(self.faults)
        head = "1 fault" if count == 1 else f"{count} faults"
        super().__init__("\n".join([f"{head} in the declarations:", *(f"  {f}" for f in self.faults)]))


class SourceUnavailable(ReportingError):
    """A source cannot be reached or has nothing to give: try later or fetch."""

    exit_code = 3


class SourceChanged(ReportingError):
    """A source no longer has the structure declared: adapt the declaration."""

    exit_code = 3


class SourceUnreadable(ReportingError):
    """A file is not what its name says: get a good copy."""

    exit_code = 3


class ValidationFailed(ReportingError):
    """Findings of severity error stand in the way: correct or accept them."""

    exit_code = 1


class MicrodataFailed(ReportingError):
    """Confidential records stopped a computation in an unforeseen way: report the command, not the data."""

    exit_code = 1


class NotebookFailed(ReportingError):
    """A notebook stopped: mend the cell that is named."""

    exit_code = 1


class NotebookDied(NotebookFailed):
    """The process of a notebook ended by itself: try again, with more memory."""


class RenderingFailed(ReportingError):
    """A publication could not be rendered: see the renderer's words."""

    exit_code = 1


class OutputFailed(ReportingError):
    """A result cannot be written: free space or choose another folder."""

    exit_code = 1
