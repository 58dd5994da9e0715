"""A comparison of two editions as a file: CSV for a machine, HTML for a reader."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import asdict, fields
from html import escape
from pathlib import Path

from reporting.errors import UsageError
from reporting.publications.compare import Change, Comparison, grouped
from reporting.publications.record import Record

#: Heads of the columns that a person is shown of a change.
HEADS = ("table", "indicator", "country", "time", "before", "after", "unit", "vintages", "evidence")
_STYLE = (
    "body{font-family:sans-serif;max-width:75em;margin:1em auto;padding:0 1em}"
    "table{border-collapse:collapse;margin:1em 0}caption{font-weight:bold;text-align:left;padding:.4em 0}"
    "th,td{border:1px solid #767676;padding:.2em .5em;text-align:left;vertical-align:top}th{background:#eee}"
    ".wide{overflow-x:auto}"
)


def write(path: Path, runs: tuple[Record, Record], found: Comparison, everything: bool) -> None:
    """Write a comparison; ``everything`` adds the changes below rounding.

    Raises
    ------
    UsageError
        When the name of the file says neither CSV nor HTML.
    """
    kinds = {".csv": _csv, ".html": _html}
    if path.suffix not in kinds:
        raise UsageError(f"{path}: a comparison is written as .csv or .html: give the file one of these endings.")
    path.write_text(kinds[path.suffix](runs, found, everything), encoding="utf-8", newline="\n")


def cells(change: Change) -> tuple[str, ...]:
    """A change as a person is shown it, under :data:`HEADS`."""
    c = change
    unit = (
        c.unit_after if c.unit_before in ("", c.unit_after) else f"{c.unit_before} → {c.unit_after}".removesuffix(" → ")
    )
    vintages = (
        c.vintage_after if c.vintage_before in ("", c.vintage_after) else f"{c.vintage_before} → {c.vintage_after}"
    )
    before, after = (
        f"{number} {flag}".strip() for number, flag in ((c.before, c.flag_before), (c.after, c.flag_after))
    )
    return c.table, c.indicator, c.geo, c.time, before, after, unit, vintages.removesuffix(" → "), c.detail


def line(change: Change) -> str:
    """A change on one line."""
    table, indicator, geo, time, before, after, unit, vintages, evidence = cells(change)
    why = evidence or (f"vintage: {vintages}" if vintages else "")
    return f"  {table}: {indicator} {geo} {time}: {before} → {after} {unit}{f' ({why})' if why else ''}"


def listed(found: Comparison, everything: bool) -> Sequence[tuple[str, list[Change]]]:
    """The changes by reason; those below rounding, where wanted, are the last group."""
    below = [("below rounding", list(found.below))] if everything and found.below else []
    return [*grouped(found.numbers), *below]


def _csv(runs: tuple[Record, Record], found: Comparison, everything: bool) -> str:
    out = io.StringIO()
    names = [field.name for field in fields(Change)]
    writer = csv.DictWriter(out, names, restval="", lineterminator="\n")
    writer.writeheader()
    for why, changes in listed(found, everything):
        writer.writerows({**asdict(change), "why": why} for change in changes)
    writer.writerows({"why": "text", "table": t.chapter, "before": t.before, "after": t.after} for t in found.texts)
    return out.getvalue()


def _html(runs: tuple[Record, Record], found: Comparison, everything: bool) -> str:
    old, new = runs
    title = f"{old.name} and {new.name} compared"
    parts = [_grid("Settings that differ", ("setting", "before", "after"), found.settings)]
    for why, changes in listed(found, everything):
        parts.append(_grid(f"{why.capitalize()}: {len(changes)}", HEADS, map(cells, changes)))
    spoken = ("", old.content["parameters"]["lang"], new.content["parameters"]["lang"])
    rows = [(t.chapter, t.before, t.after) for t in found.texts]
    parts.append(_grid(f"Texts: {len(rows)}", ("chapter", "before", "after"), rows, spoken))
    said = f"{len(found.numbers)} printed numbers differ, {len(found.below)} only below rounding."
    return (
        f'<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">\n<title>{escape(title)}</title>\n'
        f"<style>{_STYLE}</style>\n</head>\n<body>\n<main>\n<h1>{escape(title)}</h1>\n<p>{said}</p>\n"
        + "".join(parts)
        + "</main>\n</body>\n</html>\n"
    )


def _grid(caption: str, heads: Sequence[str], rows: Iterable[Sequence[str]], langs: Sequence[str] = ()) -> str:
    """A table with header cells; ``langs`` names the language of columns that are not English."""
    body = "\n".join(
        "<tr>" + "".join(_cell(text, place, langs[place] if langs else "") for place, text in enumerate(row)) + "</tr>"
        for row in rows
    )
    if not body:
        return ""
    head = "".join(f'<th scope="col">{escape(name)}</th>' for name in heads)
    return (
        f'<div class="wide" tabindex="0" role="region" aria-label="{escape(caption)}">\n<table>\n'
        f"<caption>{escape(caption)}</caption>\n<thead><tr>{head}</tr></thead>\n<tbody>\n{body}\n</tbody>\n"
        "</table>\n</div>\n"
    )


def _cell(text: str, place: int, lang: str) -> str:
    if not place:
        return f'<th scope="row">{escape(text)}</th>'
    spoken = f' lang="{escape(lang)}"' if lang else ""
    return f"<td{spoken}>{escape(text)}</td>"
