"""What was written, read again by a reader that is not ours (sdmx1), and compared cell by cell."""

from __future__ import annotations

import gc
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import pandas as pd

from reporting.errors import SourceUnreadable
from reporting.findings import CellFinding
from reporting.sources import structures
from reporting.submissions.datasets import DataSet

#: Up to so many observations sdmx1 reads here, and the CSV file too; more are read beside, the message only.
SMALL = 20_000


@contextmanager
def reader(rows: int) -> Iterator[ProcessPoolExecutor | None]:
    """A process that reads while this one goes on, where there are enough rows to be worth it."""
    if rows <= SMALL:
        yield None
        return
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        pool.submit(_warm)
        yield pool


def _warm() -> None:
    import sdmx  # noqa: F401  # takes a while to import


def begin(pool: ProcessPoolExecutor | None, path: Path, name: str, messages: Sequence[bytes]) -> Future[pd.DataFrame]:
    """Start to read a file; in this process when there is no pool."""
    if pool is not None:
        return pool.submit(read, path, name, messages)
    done: Future[pd.DataFrame] = Future()
    done.set_result(read(path, name, messages))
    return done


def read(path: Path, name: str, messages: Sequence[bytes]) -> pd.DataFrame:
    """The observations of a file as sdmx1 reads it, with a column for each component.

    Parameters
    ----------
    name : str
        The structure, as ``XX1:ID(1.0)``, which is in one of the structure messages.

    Raises
    ------
    SourceUnreadable
        When sdmx1 cannot read the file.
    """
    for message in messages:
        with structures.opened(message, name) as found:
            for definition in found.structure.values():
                agency = definition.maintainer.id if definition.maintainer else ""
                if f"{agency}:{definition.id}({definition.version or '1.0'})" == name:
                    return _rows(path, definition)
    raise SourceUnreadable(f"{path.name}: {name} is in none of the structure messages.")


def _rows(path: Path, definition: Any) -> pd.DataFrame:
    import sdmx

    gc.disable()  # millions of small objects that all stay: collecting takes half the time
    try:
        message = sdmx.read_sdmx(path, structure=definition)
        measure = definition.measures[0].id
        return pd.DataFrame([record for dataset in message.data for record in _records(dataset, measure)]).fillna("")
    except Exception as error:  # sdmx1 raises whatever its model raises
        raise SourceUnreadable(f"{path.name}: sdmx1 cannot read it: {type(error).__name__}: {error}.") from None
    finally:
        gc.enable()


def _records(dataset: Any, measure: str) -> Iterator[dict[str, str]]:
    attributes = getattr(dataset, "attrib", {})  # what is read from CSV has none
    whole = {name: str(getattr(value, "value", value)) for name, value in attributes.items()}
    for observation in dataset.obs:
        key = observation.series_key
        above = {name: str(value.value) for name, value in key.values.items()} if key is not None else {}
        said = {name: str(value.value) for name, value in observation.attrib.items()}
        own = {name: str(value.value) for name, value in (observation.dimension or observation.key).values.items()}
        value = {} if observation.value is None else {measure: str(observation.value)}
        yield {**whole, **above, **said, **own, **value}


def differences(read_again: pd.DataFrame, dataset: DataSet, file: str) -> Iterator[CellFinding]:
    """Where what was read again is not what was to be sent."""
    columns = [c.id for c in dataset.structure.components if c.id in dataset.rows]
    sent = dataset.rows[columns].astype(str)
    again = read_again.reindex(columns=columns, fill_value="").astype(str)
    key = [c.id for c in dataset.structure.components if c.role in ("dimension", "time") and c.id in columns]
    sent, again = (frame.sort_values(key, kind="stable").reset_index(drop=True) for frame in (sent, again))
    mend = "Report this fault of the program; the package was not made."
    if len(sent) != len(again):
        said = f"read back, {file} has {len(again)} observations instead of {len(sent)}."
        yield dataset.finding("S30", said, mend, file=file)
        return
    for column in columns:
        other = (sent[column] != again[column]).to_numpy()
        if other.any():
            at = int(other.argmax())
            said = f"read back, {file} has {column} {again[column][at]!r} instead of {sent[column][at]!r}"
            yield dataset.finding("S30", f"{said}, at {'.'.join(sent.loc[at, key])}.", mend, file=file)
