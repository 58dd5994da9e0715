"""The report of a run: what was done, how long it took, what memory it held, what failed."""

from __future__ import annotations

import html
import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

from reporting.batch.outcomes import Outcome

_PAGE = """<!DOCTYPE html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
body {{ font: 1rem/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 70rem; padding: 0 1rem; color: #1a1a1a; }}
.wide {{ overflow-x: auto; }}
table {{ border-collapse: collapse; margin: 1rem 0; }}
caption {{ text-align: left; font-weight: bold; padding: .3rem 0; }}
th, td {{ border-bottom: 1px solid #767676; padding: .25rem .75rem; text-align: left; vertical-align: top; }}
td.number {{ text-align: right; font-variant-numeric: tabular-nums; }}
td.words {{ white-space: pre-wrap; }}
</style></head>
<body><main>
<h1>{title}</h1>
<p>{summary}</p>
{tables}
</main></body></html>
"""


def write(folder: Path, command: str, seconds: float, outcomes: Sequence[Outcome], fresh: Sequence[str]) -> Path:
    """Write ``report.json`` and ``report.html``.

    Parameters
    ----------
    folder : Path
        A folder for reports; each run gets one of its own, named for its end.
    command : str
        What the run was asked to make.
    seconds : float
        How long all of it took.
    outcomes : sequence of Outcome
        What was done, in the order of their ends.
    fresh : sequence of str
        What was up to date.

    Returns
    -------
    Path
        The page.
    """
    now = datetime.now(UTC)
    place = _own(folder, now.strftime("%Y-%m-%dT%H%M%SZ"))
    facts = {
        "command": command, "ended": now.isoformat(timespec="seconds"), "seconds": round(seconds, 3),
        "done": [_fact(outcome) for outcome in outcomes], "up_to_date": list(fresh),
    }  # fmt: skip
    (place / "report.json").write_text(json.dumps(facts, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    (place / "report.html").write_text(_html(command, seconds, outcomes, fresh), encoding="utf-8")
    return place / "report.html"


def _own(folder: Path, name: str) -> Path:
    """A folder that no other run has."""
    for number in range(1, 1000):
        place = folder / (name if number == 1 else f"{name}-{number}")
        try:
            place.mkdir(parents=True)
        except FileExistsError:
            continue
        return place
    raise FileExistsError(17, "too many reports of one second", str(folder / name))


def _fact(outcome: Outcome) -> dict[str, object]:
    facts = asdict(outcome)
    # What ends at once, or runs on another machine, is not measured.
    measured = {"seconds": round(outcome.seconds, 3), "memory": outcome.memory or None}
    return {**facts, **measured, "state": "failed" if outcome.error else "done"}


def _html(command: str, seconds: float, outcomes: Sequence[Outcome], fresh: Sequence[str]) -> str:
    failed = [outcome for outcome in outcomes if outcome.error]
    again = sum(outcome.tries > 1 for outcome in outcomes)
    summary = (
        f"{len(outcomes) - len(failed)} done, {len(failed)} failed, {len(fresh)} up to date, "
        f"{again} tried twice, in {seconds:.1f} s."
    )
    tables = ""
    if failed:
        tables += _table("Failed", ("Name", "What went wrong"), [(o.name, o.error) for o in failed])
    rows = [
        (o.name, "failed" if o.error else "done", f"{o.seconds:.1f}", _megabytes(o), str(o.tries))
        for o in sorted(outcomes, key=lambda o: -o.seconds)
    ]
    tables += _table("All, slowest first", ("Name", "State", "Seconds", "Memory, MB", "Tries"), rows)
    if fresh:
        tables += _table("Up to date", ("Name",), [(name,) for name in fresh])
    return _PAGE.format(title=html.escape(f"Run report: {command}"), summary=summary, tables=tables)


def _megabytes(outcome: Outcome) -> str:
    return f"{outcome.memory / 2**20:.0f}" if outcome.memory else "–"


def _table(caption: str, heads: Iterable[str], rows: Iterable[Sequence[str]]) -> str:
    """A table with a caption and headers that say what they are headers of."""
    head = "".join(f'<th scope="col">{html.escape(text)}</th>' for text in heads)
    body = "".join(
        f'<tr><th scope="row">{html.escape(row[0])}</th>' + "".join(_cell(text) for text in row[1:]) + "</tr>\n"
        for row in rows
    )
    frame = f'<div class="wide" tabindex="0" role="region" aria-label="{html.escape(caption)}">'
    named = f"<table><caption>{html.escape(caption)}</caption>"
    return f"{frame}{named}\n<thead><tr>{head}</tr></thead>\n<tbody>{body}</tbody></table></div>\n"


def _cell(text: str) -> str:
    kind = "number" if text.replace(".", "", 1).isdigit() else "words"
    return f'<td class="{kind}">{html.escape(text)}</td>'
