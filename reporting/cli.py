"""The command line: verbs, nothing else.

Exit codes: 0 done, 1 findings of severity error or a failed unit, 2 wrong use,
3 a source is unavailable.
"""

from __future__ import annotations

import atexit
import json
import os
import shutil
import sys
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.table import Table as Grid

from reporting import __version__, declarations, doctor, validation
from reporting.errors import OutputFailed, ReportingError, SourceUnavailable, UsageError
from reporting.vintages import Manifest, Store

app = typer.Typer(
    add_completion=False, no_args_is_help=True, rich_markup_mode=None, pretty_exceptions_enable=False,
    help="Statistical reporting on European social protection: from declared series to publications.",
)  # fmt: skip
out, err = Console(soft_wrap=True, highlight=False), Console(stderr=True, soft_wrap=True, highlight=False)

StoreOption = Annotated[
    Path | None, typer.Option("--store", envvar="REPORTING_STORE", help="Folder of the store [default: outputs/store].")
]
AsOf = Annotated[str, typer.Option("--as-of", help="Data as known on this date (YYYY-MM-DD) [default: the newest].")]
#: How typer ends on Ctrl-C.
_INTERRUPTED = 130
Json = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]


def main() -> None:
    """Run the command line; errors become one message and an exit code."""
    try:
        app(standalone_mode=True)
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


@app.command(epilog="Example: reporting fetch --from spr_exp_type.csv")
def fetch(
    datasets: Annotated[list[str] | None, typer.Argument(help="Dataset codes, as declared.")] = None,
    from_file: Annotated[
        list[Path] | None, typer.Option("--from", help="Read this file (SDMX-CSV, JSON-stat, workbook, TSV, CSV).")
    ] = None,
    vintage: Annotated[str, typer.Option(help="Date of the data (YYYY-MM-DD) where the file does not tell.")] = "",
    store: StoreOption = None,
    as_json: Json = False,
) -> None:
    """Put new vintages of datasets into the store."""
    from reporting.sources.intake import UNDATED, take

    known = declarations.load()
    for name in datasets or []:
        if name not in known.datasets:
            raise UsageError(_unknown_dataset(known, name))
    if not from_file:
        raise SourceUnavailable(
            "Fetching from Eurostat itself is not part of this version. Download the dataset from Eurostat's data "
            "browser (SDMX-CSV, JSON-stat, TSV or workbook) and run: reporting fetch --from FILE"
        )
    stored = [
        manifest
        for path in from_file
        for manifest in take(_store(known, store), known, path, (datasets or [""])[0], vintage)
    ]
    for manifest in stored:
        if manifest.note == UNDATED and not as_json:
            err.print(f"{manifest.request}: {UNDATED}; give the true date with --vintage.", markup=False)
        if not any(manifest.rows.values()) and not as_json:
            err.print(f"{manifest.dataset} {manifest.vintage}: nothing new.", markup=False)
    _show(
        [asdict(manifest) for manifest in stored], as_json, ("dataset", "vintage", "new", "revised", "withdrawn"),
        [(m.dataset, m.vintage, *(str(m.rows[c]) for c in ("new", "revised", "withdrawn"))) for m in stored],
    )  # fmt: skip


@app.command(epilog="Example: reporting vintages spr_exp_type")
def vintages(
    datasets: Annotated[list[str] | None, typer.Argument(help="Dataset codes [default: all].")] = None,
    store: StoreOption = None,
    as_of: AsOf = "",
    as_json: Json = False,
) -> None:
    """List the vintages in the store, the embedded edition included."""
    known = declarations.load()
    place = _store(known, store)
    held = place.datasets()
    for name in datasets or []:
        if name not in held:
            raise UsageError(
                _unknown_dataset(known, name) if name not in known.datasets else f"{name}: not in the store."
            )
    found: list[Manifest] = [m for name in datasets or held for m, _ in place.manifests(name, as_of)]
    _show(
        [asdict(m) for m in found], as_json, ("dataset", "vintage", "rows", "received from"),
        [(m.dataset, m.vintage, str(sum(m.rows.values())), m.request) for m in found],
    )  # fmt: skip


@app.command(epilog="Example: reporting check spr_exp_type")
def check(
    datasets: Annotated[
        list[str] | None, typer.Argument(help="Dataset codes or files [default: all datasets].")
    ] = None,
    store: StoreOption = None,
    as_of: AsOf = "",
    severity: Annotated[
        str, typer.Option(help="Show findings from this severity: error, warning, information.")
    ] = "warning",
    as_json: Json = False,
) -> None:
    """Check observations against the declared rules."""
    known = declarations.load()
    levels = ("error", "warning", "information")
    if severity not in levels:
        raise UsageError(f"Unknown severity {severity!r}. There are: {', '.join(levels)}.")
    place, names = _checked(known, _store(known, store), datasets or [])
    found = validation.check(known, place, names, as_of)
    shown = [f for f in found if levels.index(f.severity) <= levels.index(severity)]
    if as_json:
        records = [{k: None if v != v else v for k, v in asdict(f).items()} for f in shown]
        out.print_json(json.dumps(records))
    else:
        for finding in shown:
            if finding.outcome == "failed":
                accepted = f" (accepted: {finding.accepted})" if finding.accepted else ""
                out.print(f"{finding.severity}: {finding.message}{accepted}", markup=False)
        for rule, count in Counter(f.rule for f in found if f.outcome == "undecidable").items():
            out.print(f"undecidable: {rule}: {count} times a value is missing (--json lists them)", markup=False)
        failed = [f for f in found if f.outcome == "failed"]
        out.print(f"{len(failed)} failed, {sum(bool(f.accepted) for f in failed)} of them accepted.")
    if any(f.stops for f in found):
        raise typer.Exit(1)


@app.command(epilog="Example: reporting build vade-mecum --geo BE --lang fr,nl --format html,pdf")
def build(
    publication: Annotated[str, typer.Argument(help="A publication declared in parameters/publications/.")],
    geo: Annotated[str, typer.Option(help="Country codes, comma-separated; EU27: each Member State.")] = "",
    lang: Annotated[str, typer.Option(help="Languages, comma-separated.")] = "",
    format_: Annotated[str, typer.Option("--format", help="Of html, pdf, xlsx, comma-separated.")] = "",
    as_of: AsOf = "",
    span: Annotated[int | None, typer.Option(help="Years shown in a table: 5, 10, 30 …")] = None,
    jobs: Annotated[int, typer.Option(help="Notebooks run at a time [default: the processor cores].")] = 0,
    engine: Annotated[str, typer.Option(help="Renderer: auto, quarto, embedded.")] = "auto",
    record: Annotated[
        bool, typer.Option("--record", help="A build of record: refuse open errors and missing translations.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be done.")] = False,
    store: StoreOption = None,
    outputs: Annotated[Path | None, typer.Option(help="Folder of results [default: outputs].")] = None,
    as_json: Json = False,
) -> None:
    """Build a publication: run its notebooks, render, write workbook and data."""
    from reporting import publications
    from reporting.batch.plan import plan
    from reporting.publications import build as building

    known = declarations.load()
    if jobs < 0:
        raise UsageError(f"--jobs {jobs} makes no sense: give how many notebooks run at a time, or leave it out.")
    targets = plan(
        known,
        publication,
        outputs=(outputs or known.home / "outputs").resolve(),
        store=_store(known, store).root.resolve(),
        geos=_list(geo),
        langs=_list(lang),
        formats=_list(format_),
        as_of=as_of,
        span=span,
    )
    chosen = publications.choose(engine)
    if dry_run:
        _show([], False, ("publication", "country", "language", "notebooks", "folder"),
              [(publication, t.geo, t.lang, str(len(t.units)), str(t.folder)) for t in targets])  # fmt: skip
        return
    with _progress(as_json) as progress:
        result = building.build(targets, jobs or os.cpu_count() or 1, chosen, record, progress)
    _report(result, as_json)
    if result.failures:
        raise typer.Exit(1)


@app.command("doctor", epilog="Example: reporting doctor")
def doctor_(as_json: Json = False) -> None:
    """Say what is missing on this machine and what it costs."""
    findings = doctor.examine()
    rows = [("ok" if f.present else "missing", f.what, f.found, "" if f.present else f.cost) for f in findings]
    _show([asdict(f) for f in findings], as_json, ("", "what", "found", "without it"), rows)
    if any(f.needed and not f.present for f in findings):
        raise typer.Exit(1)


def _store(known: declarations.Declarations, named: Path | None) -> Store:
    if named and not named.is_dir():
        err.print(f"note: there is no store {named} yet; the embedded edition is read.", markup=False)
    return Store(named or known.home / "outputs" / "store")


def _list(text: str) -> list[str]:
    return [item.strip() for item in text.split(",") if item.strip()]


def _unknown_dataset(known: declarations.Declarations, name: str) -> str:
    import difflib

    near = difflib.get_close_matches(name.lower(), known.datasets, n=3)
    hint = f" Near it: {', '.join(near)}." if near else ""
    return f"Unknown dataset {name!r}: it is not declared in parameters/datasets/.{hint}"


def _checked(known: declarations.Declarations, place: Store, names: Sequence[str]) -> tuple[Store, list[str]]:
    """The store and datasets to check; a file is read into a store of its own, in memory of the disk."""
    import tempfile

    from reporting.sources.intake import take

    files = [Path(name) for name in names if name not in known.datasets and Path(name).exists()]
    wrong = [name for name in names if name not in known.datasets and not Path(name).exists()]
    if wrong:
        raise UsageError(_unknown_dataset(known, wrong[0]) + " Nor is there a file of that name.")
    if not files:
        return place, list(names)
    if len(files) < len(names):
        raise UsageError("Check either files or datasets, not both in one command.")
    folder = Path(tempfile.mkdtemp(prefix="reporting-check-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    aside = Store(folder, embedded=None)
    found = [m.dataset for path in files for m in take(aside, known, path)]
    return aside, found


def _show(records: list[Any], as_json: bool, heads: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    if as_json:
        out.print_json(json.dumps(records))
        return
    grid = Grid(*heads, box=None, pad_edge=False)
    for row in rows:
        grid.add_row(*row)
    out.print(grid, markup=False)


class _Lines:
    """Progress as plain lines, where the output is not a terminal."""

    def __init__(self, silent: bool) -> None:
        self.silent, self.done, self.total, self.start = silent, 0, 0, time.monotonic()

    def __enter__(self) -> _Lines:
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


class _Bars(Progress):
    """Progress as a bar with done, total, elapsed and remaining time."""

    def begin(self, what: str, total: int) -> None:
        """Start a stage."""
        self.current = self.add_task(what, total=total)

    def step(self, name: str, error: str) -> None:
        """One job has ended."""
        if error:
            self.console.print(f"failed: {name}", markup=False)
        self.advance(self.current)


def _progress(silent: bool) -> _Lines | _Bars:
    if silent or not err.is_terminal:
        return _Lines(silent)
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    return _Bars(*columns, console=err)


def _report(result: Any, as_json: bool) -> None:
    if as_json:
        out.print_json(
            json.dumps({"built": [str(p) for p in result.built], "failures": [asdict(f) for f in result.failures]})
        )
        return
    for folder in result.built:
        out.print(f"built  {folder}", markup=False)
    for failure in result.failures:
        err.print(f"failed {failure.name}: {failure.error}", markup=False)
    if result.built:
        first = next((p for p in sorted(result.built[0].iterdir()) if p.name == "index.html"), result.built[0])
        out.print(f"Look at: {first}", markup=False)
    err.print(f"{len(result.built)} built, {len(result.failures)} failed, in {result.seconds:.0f} s.")
