"""What the verbs share: consoles, options, printing, progress."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.table import Column
from rich.table import Table as Grid
from rich.text import Text

from reporting import declarations
from reporting.errors import UsageError
from reporting.vintages import Store

app = typer.Typer(
    add_completion=False, no_args_is_help=True, rich_markup_mode=None, pretty_exceptions_enable=False,
    help="Statistical reporting on European social protection: from declared series to publications.",
)  # fmt: skip
out, err = Console(soft_wrap=True, highlight=False), Console(stderr=True, soft_wrap=True, highlight=False)

#: Columns of so many characters are never broken.
_WHOLE = 10
#: Characters that every other column has at least.
_LEAST = 6

StoreOption = Annotated[
    str | None,
    typer.Option(
        "--store", envvar="REPORTING_STORE", help="Folder or URL (s3://…) of the store [default: outputs/store]."
    ),
]
AsOf = Annotated[str, typer.Option("--as-of", help="Data as known on this date (YYYY-MM-DD) [default: the newest].")]
Json = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]
Jobs = Annotated[int | None, typer.Option("--jobs", help="Run at a time at most [default: the processor cores].")]


def at_a_time(jobs: int | None) -> int:
    """How many jobs run at a time: as many as asked for, or as there are cores."""
    from reporting.batch import processes

    if jobs is not None and jobs < 1:
        raise UsageError(f"--jobs {jobs} makes no sense: give how many notebooks run at a time, or leave it out.")
    return jobs or processes.cores()


def store_at(known: declarations.Declarations, named: str | None, quiet: bool = False) -> Store:
    """The store named on the command line, or the project's own."""
    store = Store(named or known.home / "outputs" / "store")
    if named and not quiet and not store.root.is_dir():
        err.print(f"note: there is no store {named} yet; the embedded edition is read.", markup=False)
    return store


def listed(text: str) -> list[str]:
    """The items of a comma-separated list."""
    return [item.strip() for item in text.split(",") if item.strip()]


def unknown_dataset(known: declarations.Declarations, name: str) -> str:
    """What to say of a dataset that is not declared, with near names."""
    import difflib

    near = difflib.get_close_matches(name.lower(), known.datasets, n=3)
    hint = f" Near it: {', '.join(near)}." if near else ""
    return f"Unknown dataset {name!r}: it is not declared in parameters/datasets/.{hint}"


def show(records: list[Any], as_json: bool, heads: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print records as JSON, or as a grid."""
    if as_json:
        out.print_json(json.dumps(records))
        return
    # Where all do not fit, long texts go on in the next line; numbers and codes stay whole while there is room.
    longest = [max(map(len, cells)) for cells in zip(heads, *rows, strict=True)]
    kept = sorted(n for n in longest if n <= _WHOLE)
    while kept and sum(kept) + 2 * len(longest) + _LEAST * (len(longest) - len(kept)) > out.width:
        kept.pop()
    bound = kept[-1] if kept else 0
    columns = [Column(h, overflow="fold", no_wrap=n <= bound) for h, n in zip(heads, longest, strict=True)]
    grid = Grid(*columns, box=None, pad_edge=False)
    for row in rows:
        grid.add_row(*map(Text, row))
    out.print(grid)


class Lines:
    """Progress as plain lines, where the output is not a terminal."""

    def __init__(self, silent: bool) -> None:
        self.silent, self.done, self.total, self.start = silent, 0, 0, time.monotonic()

    def __enter__(self) -> Lines:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def begin(self, what: str, total: int) -> None:
        """Start a stage."""
        self.what, self.done, self.total, self.start = what, 0, total, time.monotonic()

    def step(self, name: str, error: str) -> None:
        """One job has ended."""
        self.done += 1
        left = (time.monotonic() - self.start) / self.done * (self.total - self.done)
        if not self.silent:
            state = "failed" if error else "done"
            err.print(f"{self.what} {self.done}/{self.total} {name} {state}, {left:.0f} s left", markup=False)


class Bars(Progress):
    """Progress as a bar with done, total, elapsed and remaining time."""

    def begin(self, what: str, total: int) -> None:
        """Start a stage."""
        self.current = self.add_task(what, total=total)

    def step(self, name: str, error: str) -> None:
        """One job has ended."""
        if error:
            self.console.print(f"failed: {name}", markup=False)
        self.advance(self.current)


def progress_of(silent: bool) -> Lines | Bars:
    """Progress for a person: bars on a terminal, plain lines elsewhere."""
    if silent or not err.is_terminal:
        return Lines(silent)
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    return Bars(*columns, console=err)
