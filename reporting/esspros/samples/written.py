"""Writes the sample: the questionnaire of Veldania, its codes, its register, its neutral table."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from pathlib import Path

from reporting.esspros import neutral, schemes, workbook
from reporting.esspros.classification import Classification
from reporting.esspros.samples import beside, country, figures, sources
from reporting.files import made, put


def write(folder: Path, classification: Classification, text: workbook.Text = str) -> list[Path]:
    """Write all files of the sample into a folder, which is made where it is not there.

    Raises
    ------
    OutputFailed
        When they cannot be written.
    """
    made(folder)
    codes = figures.codes(classification)
    reported = figures.questionnaire(classification.coded(codes))
    paths = {name: folder / name for name in ("veldania.xlsx", "veldania.csv", "codes.csv", "schemes.csv")}
    workbook.write(paths["veldania.xlsx"], reported, workbook.Plan(title=country.NAME, text=text))
    neutral.write(paths["veldania.csv"], reported.table)
    labels = ([item.item, codes[item.item], item.label] for item in classification.items.values())
    listed(paths["codes.csv"], ["item", "code", "label"], labels)
    listed(paths["schemes.csv"], *schemes.records(country.SCHEMES))
    compared = {name: folder / name for name in ("veldania-2022.csv", "accounts.csv")}
    neutral.write(compared["veldania-2022.csv"], beside.last(reported))
    listed(compared["accounts.csv"], beside.HEADS, beside.accounts(reported))
    return [*paths.values(), *compared.values(), *sources.write(folder, reported)]


def listed(path: Path, heads: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Write rows under headings as CSV."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(heads)
    writer.writerows(rows)
    put(path, b"\xef\xbb\xbf" + text.getvalue().encode())
