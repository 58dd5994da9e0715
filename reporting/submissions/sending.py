"""From datasets to a package: pre-check, gate, write, validate, read back; whole or not at all."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd

from reporting import files
from reporting.declarations import Submission
from reporting.errors import SourceUnreadable, UsageError
from reporting.findings import CellFinding, ordered
from reporting.submissions import incoming, messages, package, precheck, readback, receipt
from reporting.submissions.datasets import DataSet
from reporting.submissions.messages import Header

#: Writes further files about the findings into the folder of a package.
Report = Callable[[Path, Sequence[CellFinding]], None]


@dataclass(frozen=True)
class Order:
    """How a package is asked for."""

    output: Path
    prepared: str
    pattern: str = ""
    sender: str = ""
    number: int | None = None
    test: bool = False
    archived: bool = False
    reason: str = ""


@dataclass(frozen=True)
class Material:
    """What a package is made of: datasets, what was found already, and input files.

    ``rules`` finds what the collection's own rules find, which may be done while
    another process reads; ``tables`` makes the tables for the quality report of all
    findings.
    """

    declared: Submission
    datasets: Sequence[DataSet]
    findings: Sequence[CellFinding]
    inputs: Mapping[str, Path]
    dsds: Sequence[Path]
    rules: Callable[[], Sequence[CellFinding]] = tuple
    tables: Callable[[Sequence[CellFinding]], Mapping[str, pd.DataFrame]] = field(default=lambda _: {})


@dataclass(frozen=True)
class Sent:
    """The package that was made, and all findings; no path where the gate stayed closed."""

    path: Path | None
    findings: tuple[CellFinding, ...]
    receipt: Mapping[str, Any]


class _Closed(Exception):  # noqa: N818  # leaves the folder of a package, which then goes
    pass


def send(material: Material, order: Order, report: Report | None = None) -> Sent:
    """Make the package, unless an error stands in the way and no reason is given to send in spite of it.

    Raises
    ------
    UsageError
        When there is nothing to send, or a package of that name is there already.
    OutputFailed
        When it cannot be written.
    """
    findings = list(material.findings)
    datasets = [dataset for dataset in material.datasets if len(dataset.rows)]
    for dataset in datasets:
        findings += precheck.check(dataset)
    large = sum(len(dataset.rows) for dataset in datasets) > readback.SMALL
    stuck = _shut(findings, order) or not all(_writable(dataset) for dataset in datasets)
    if stuck or not large:
        findings += material.rules()
    if stuck or _shut(findings, order):
        return Sent(None, tuple(ordered(findings)), {})
    if not datasets:
        raise UsageError("Nothing to send: no code of the mapping has a value in the questionnaire.")
    facts = _facts(material.declared, datasets[0])
    pattern = order.pattern or material.declared.name
    name, number = package.free(order.output, pattern, {"dataset": material.declared.dataset, **facts}, order.number)
    header = _header(material.declared, order, name, facts["geo"])
    try:
        with package.folder(order.output, name, order.archived) as folder:
            names = {d.flow: _named(material.declared, d, pattern, facts, number) for d in datasets}
            found, read_by = _written(folder, names, datasets, header, material, material.rules if large else tuple)
            findings = ordered([*findings, *found])
            if _shut(findings, order) or any(f.rule == "S30" for f in found):
                raise _Closed
            made = _accompanied(folder, name, header, order, material, datasets, findings, read_by, report)
    except _Closed:
        return Sent(None, tuple(findings), {})
    return Sent(order.output / (f"{name}.zip" if order.archived else name), tuple(findings), made)


def _shut(findings: Sequence[CellFinding], order: Order) -> bool:
    return not order.reason and any(finding.stops for finding in findings)


def _writable(dataset: DataSet) -> bool:
    return bool(dataset.structure.time and dataset.structure.measure)


def _facts(declared: Submission, dataset: DataSet) -> dict[str, str]:
    """What names are made of: frequency, country and last year of the data."""
    rows, structure = dataset.rows, dataset.structure
    of = {"freq": structure.has(declared.concepts.frequency), "geo": structure.has(declared.concepts.area)}
    facts = {name: str(rows[column].iloc[0]) if column in rows else "" for name, column in of.items()}
    return {
        "freq": facts["freq"] or "A",
        "geo": facts["geo"] or "ZZ",
        "year": str(max(rows[structure.time].astype(str)))[:4],
    }


def _named(declared: Submission, dataset: DataSet, pattern: str, facts: Mapping[str, str], number: int) -> str:
    return package.named(pattern, declared.flows[dataset.flow].dataset, number=number, **facts)


def _header(declared: Submission, order: Order, name: str, geo: str) -> Header:
    sender = order.sender or declared.sender.format(geo=geo)
    return Header(name.replace(".", "_"), order.prepared, sender, declared.receiver, declared.action, order.test)


def _written(
    folder: Path, names: Mapping[str, str], datasets: Sequence[DataSet], header: Header, material: Material,
    meanwhile: Callable[[], Sequence[CellFinding]],
) -> tuple[list[CellFinding], dict[str, str]]:  # fmt: skip
    """Write the data files, validate them and read them back; while one process reads, this one goes on."""
    dsds = [files.received(path) for path in material.dsds]
    waiting: list[tuple[DataSet, Path, Callable[[], pd.DataFrame]]] = []
    findings: list[CellFinding] = []
    read_by: dict[str, str] = {}
    with readback.Reader(sum(len(dataset.rows) for dataset in datasets), dsds) as reader:
        for dataset in datasets:
            path = folder / f"{names[dataset.flow]}.xml"
            own = replace(header, id=path.stem.replace(".", "_"))
            messages.write_ml(path, own, dataset.structure, dataset.rows)
            waiting.append((dataset, path, reader.begin(path, dataset.structure.name)))
            table = path.with_suffix(".csv")
            messages.write_csv(table, own, dataset.structure, dataset.rows)
            findings += readback.differences(incoming.read(table.read_bytes(), table.name).rows, dataset, table.name)
            findings += incoming.invalid(incoming.parsed(path.read_bytes()), dataset.structure, path.name)
            read_by |= {table.name: "pandas", path.name: reader.by[path.name]}
            if reader.small:
                again = partial(readback.read, table, dataset.structure.name, dsds)
                waiting.append((dataset, table, again))
                read_by[table.name] = "pandas, sdmx1"
        findings += meanwhile()
        for dataset, path, reading in waiting:
            findings += _compared(dataset, path, reading)
    return findings, read_by


def _compared(dataset: DataSet, path: Path, reading: Callable[[], pd.DataFrame]) -> Iterator[CellFinding]:
    """What another reader makes of a file; where it stumbles over the structure, what our own does."""
    try:
        found = reading()
    except SourceUnreadable as error:
        said = f"{path.name}: {error} It was read back by this program's own reader."
        yield dataset.finding("S31", said, "See to what the other findings say.", severity="warning", file=path.name)
        found = incoming.read(path.read_bytes(), path.name).rows
    yield from readback.differences(found, dataset, path.name)


def _accompanied(
    folder: Path, name: str, header: Header, order: Order, material: Material, datasets: Sequence[DataSet],
    findings: Sequence[CellFinding], read_by: Mapping[str, str], report: Report | None,
) -> dict[str, Any]:  # fmt: skip
    """Write what goes with the data; returns the receipt."""
    (folder / "findings.json").write_bytes(receipt.findings_json(findings))
    (folder / "findings.csv").write_bytes(receipt.findings_csv(findings))
    (folder / "quality").mkdir()
    for table, content in material.tables(findings).items():
        (folder / "quality" / f"{table}.csv").write_bytes(receipt.table_csv(content))
    if report:
        report(folder, findings)
    facts = receipt.Facts(
        material.declared.title, name, header.prepared, header.sender, header.receiver, header.action, header.test,
        order.reason, {what: receipt.checksum(files.received(path)) for what, path in material.inputs.items()}, read_by,
    )  # fmt: skip
    made = receipt.record(facts, datasets, findings, receipt.digests(folder))
    (folder / "receipt.json").write_bytes(receipt.as_json(made))
    (folder / "receipt.txt").write_text(receipt.readable(made, findings), encoding="utf-8")
    (folder / "SHA256SUMS").write_bytes(receipt.sums(receipt.digests(folder)))
    return made
