"""Finished publications written by hand, for what is known of them in advance."""

from __future__ import annotations

import csv
import hashlib
import json
from copy import deepcopy
from pathlib import Path
from typing import Any

import nbformat
from nbformat.v4 import new_code_cell, new_notebook, new_output

from reporting.tables import MEDIA_TYPE, TIDY, Cell, Row, Table

#: Table, indicator, geo, time, value, flag; and, where they are not the usual, more columns of the tidy twin.
Figure = tuple[str, str, str, str, str, str] | tuple[str, str, str, str, str, str, dict[str, str]]

INDICATOR = {"unit": "PC", "decimals": 1, "formula": "x", "inputs": {"x": "d/A."}, "aggregate": ""}
RECORD: dict[str, Any] = {
    "format": 2, "publication": "book", "edition": "2026", "python": "3.11.7",
    "parameters": {"geo": "BE", "lang": "en", "formats": ["html"], "as_of": "", "span": 5, "engine": "embedded",
                   "record": False},
    "package": {"version": "0.1.0", "commit": "", "dirty": False, "code": "c" * 64},
    "libraries": {"pandas": "3.1.1"},
    "declarations": {"parameters/indicators/i.toml": "a" * 64},
    "untranslated": [],
    "indicators": {"i": INDICATOR},
    "tables": [], "known": {}, "outputs": {},
    "vintages": [{"dataset": "d", "vintage": v, "sha256": v * 6} for v in ("2025-10-30", "2026-01-31")],
}  # fmt: skip


def published(folder: Path, figures: list[Figure], texts: tuple[str, ...] = (), **facts: Any) -> Path:
    """Write a publication with these figures and sentences; ``facts`` stand over the usual record."""
    record = deepcopy({**RECORD, **facts})
    rows: dict[str, list[dict[str, str]]] = {}
    for table, indicator, geo, time, value, flag, *rest in figures:
        usual = {"unit": "PC", "dataset": "d", "key": f"A.{geo}", "vintage": "2025-10-30", "source": "", "note": ""}
        place = {"table": table, "indicator": indicator, "geo": geo, "time": time, "value": value, "flag": flag}
        rows.setdefault(table, []).append({**usual, **place, **(rest[0] if rest else {})})
    (folder / "tables").mkdir(parents=True)
    for table, found in rows.items():
        with (folder / "tables" / f"{table}.csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, TIDY)
            writer.writeheader()
            writer.writerows(found)
        record["tables"].append({"id": table, "title": table, "file": f"tables/{table}.csv", "by": "time"})
    outputs = [new_output("display_data", data={"text/markdown": text}) for text in texts]
    outputs += [new_output("display_data", data=shown(table, found)) for table, found in rows.items()]
    (folder / "notebooks/a").mkdir(parents=True)
    nbformat.write(new_notebook(cells=[new_code_cell("", outputs=outputs)]), folder / "notebooks/a/a.ipynb")
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        record["outputs"][path.relative_to(folder).as_posix()] = hashlib.sha256(path.read_bytes()).hexdigest()
    (folder / "run.json").write_text(json.dumps(record), encoding="utf-8")
    return folder


def shown(name: str, rows: list[dict[str, str]]) -> dict[str, Any]:
    """A table as a notebook shows it, with the change over its years in a last column."""
    times = sorted({row["time"] for row in rows})
    lines = []
    for indicator in dict.fromkeys(row["indicator"] for row in rows):
        own = {row["time"]: row for row in rows if row["indicator"] == indicator}
        cells = [Cell(None, "", own[time]["value"] if time in own else ":", 1) for time in times]
        ends = [float(own[time]["value"] or "nan") if time in own else float("nan") for time in (times[0], times[-1])]
        lines.append(Row(indicator, "", (*cells, Cell(None, "", f"{ends[1] - ends[0]:.1f}", 1))))
    heads = (*times, f"Change {times[0]}–{times[-1]}")
    table = Table(
        id=name, title=name.capitalize(), geo="Belgium", tag="en", stub="Item", unit_head="Unit", unit="%",
        columns=heads, rows=tuple(lines), breaks=(), sources=(f"Source of {name}.",), notes=(), flags=(),
        flags_head="", tidy=tuple(rows),
    )  # fmt: skip
    return {MEDIA_TYPE: table.to_json(), "text/markdown": table.markdown()}
