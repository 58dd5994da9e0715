"""What was written, read again by a reader that is not ours (sdmx1), and compared cell by cell."""

from __future__ import annotations

import gc
import io
import logging
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from itertools import pairwise
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import pandas as pd

from reporting.errors import SourceUnreadable
from reporting.findings import CellFinding
from reporting.sources import structures
from reporting.submissions import incoming
from reporting.submissions.datasets import DataSet

#: Up to so many observations sdmx1 reads the CSV file too, and reads in this process.
SMALL = 20_000
#: A message is read in pieces of about so many bytes: sdmx1 holds each observation as a score of objects.
_PIECE = 2_000_000
#: Of a message of more pieces sdmx1 reads every second one, and this program's own reader the others.
MANY = 4
_SERIES, _END = b"<Series ", b"</Series>"


class Reader:
    """Reads files again while this process goes on, in another where there are enough rows to be worth it."""

    def __init__(self, rows: int, messages: Sequence[bytes]) -> None:
        self.messages = messages
        self.small = rows <= SMALL
        self.pool = None if self.small else ProcessPoolExecutor(1, mp_context=get_context("spawn"))
        self.by: dict[str, str] = {}

    def __enter__(self) -> Reader:
        if self.pool is not None:
            self.pool.submit(_warm)
        return self

    def __exit__(self, *_: object) -> None:
        if self.pool is not None:
            self.pool.shutdown(cancel_futures=True)

    def begin(self, path: Path, name: str) -> Callable[[], pd.DataFrame]:
        """Start to read a message; what is returned gives all of it.

        What the other process has not begun by then, or did not end, is read here.
        """
        parts = pieces(path.read_bytes())
        own = set(range(1, len(parts), 2)) if len(parts) > MANY else set()
        self.by[path.name] = "sdmx1 and this program, a piece each in turn" if own else "sdmx1"
        readings = [None if at in own else self._submitted(part, name) for at, part in enumerate(parts)]

        def rest() -> pd.DataFrame:
            found = {at: incoming.read(parts[at], path.name).rows for at in own}
            for at in (at for at in reversed(range(len(parts))) if at not in own):
                reading = readings[at]
                if reading is None or reading.cancel():
                    found[at] = read(parts[at], name, self.messages)
            for at in (at for at in range(len(parts)) if at not in found):
                found[at] = self._ended(readings[at], parts[at], name)
            return pd.concat([found[at] for at in range(len(parts))], ignore_index=True).fillna("")

        return rest

    def _submitted(self, part: bytes, name: str) -> Future[pd.DataFrame] | None:
        try:
            return self.pool.submit(read, part, name, self.messages) if self.pool is not None else None
        except BrokenProcessPool:
            return None

    def _ended(self, reading: Future[pd.DataFrame] | None, part: bytes, name: str) -> pd.DataFrame:
        try:
            return reading.result() if reading is not None else read(part, name, self.messages)
        except BrokenProcessPool:
            return read(part, name, self.messages)


def _warm() -> None:
    import sdmx  # noqa: F401  # takes a while to import


def pieces(content: bytes, size: int = _PIECE) -> list[bytes]:
    """A message of ours as messages of some of its series each, which together have all its bytes."""
    start, end = content.find(_SERIES), content.rfind(_END) + len(_END)
    if start < 0:
        return [content]
    cuts = [start]
    while (cut := content.find(_END, cuts[-1] + size, end)) >= 0:
        cuts.append(cut + len(_END))
    cuts += [end] if cuts[-1] < end else []
    return [content[:start] + content[a:b] + content[end:] for a, b in pairwise(cuts)]


def read(file: bytes | Path, name: str, messages: Sequence[bytes]) -> pd.DataFrame:
    """The observations of a message, or of a CSV file, as sdmx1 reads it, with a column for each component.

    Parameters
    ----------
    name : str
        The structure, as ``XX1:ID(1.0)``, which is in one of the structure messages.

    Raises
    ------
    SourceUnreadable
        When sdmx1 cannot read it.
    """
    for message in messages:
        with structures.opened(message, name) as found:
            for definition in (d for d in found.structure.values() if not d.is_external_reference):
                agency = definition.maintainer.id if definition.maintainer else ""
                if f"{agency}:{definition.id}({definition.version or '1.0'})" == name:
                    return _rows(file, definition)
    raise SourceUnreadable(f"{name} is in none of the structure messages.")


def _rows(file: bytes | Path, definition: Any) -> pd.DataFrame:
    import sdmx

    logging.getLogger("sdmx").setLevel(logging.ERROR)  # it warns of each attribute that no observation has
    gc.disable()  # many small objects that all stay: collecting takes half the time
    try:
        message: Any = sdmx.read_sdmx(io.BytesIO(file) if isinstance(file, bytes) else file, structure=definition)
        measure = definition.measures[0].id
        return pd.DataFrame([record for dataset in message.data for record in _records(dataset, measure)]).fillna("")
    except Exception as error:  # sdmx1 raises whatever its model raises
        raise SourceUnreadable(f"sdmx1 cannot read it: {type(error).__name__}: {error}.") from None
    finally:
        gc.enable()


def _records(dataset: Any, measure: str) -> Iterator[dict[str, str]]:
    """What is said of each observation; for most, what is said of its series is gathered once."""
    whole = _texts(getattr(dataset, "attrib", {}))  # what is read from CSV has none
    alone = {id(observation): observation for observation in dataset.obs}
    for key, observations in dataset.series.items():
        above = {**whole, **_texts(key.values), **_texts(key.attrib)}
        for group in dataset.group:
            above |= _texts(group.attrib) if all(v == key[n] for n, v in group.values.items()) else {}
        for observation in observations:
            del alone[id(observation)]
            yield _said(observation, measure, above)
    for observation in alone.values():
        yield _said(observation, measure, {**whole, **_texts(observation.key.values)})


def _said(observation: Any, measure: str, above: dict[str, str]) -> dict[str, str]:
    said = {**above, **_texts(observation.attached_attribute)}
    if observation.dimension:
        said |= _texts(observation.dimension.values)
    if observation.value is not None:
        said[measure] = str(observation.value)
    return said


def _texts(values: Any) -> dict[str, str]:
    return {name: str(getattr(value, "value", value)) for name, value in values.items()}


def _same(one: pd.Series[str], other: pd.Series[str]) -> bool:
    """Whether two columns have the same texts in the same order, as they have when all is well."""
    return bool((one.to_numpy(object) == other.to_numpy(object)).all())


def differences(read_again: pd.DataFrame, dataset: DataSet, file: str) -> Iterator[CellFinding]:
    """Where what was read again is not what was to be sent."""
    columns = [c.id for c in dataset.structure.components if c.id in dataset.rows]
    again = read_again.reindex(columns=columns, fill_value="")
    if len(again) == len(dataset.rows) and all(_same(dataset.rows[column], again[column]) for column in columns):
        return
    sent, again = dataset.rows[columns].astype(str), again.astype(str)
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
            where = ".".join(sent[name][at] for name in key)
            yield dataset.finding("S30", f"{said}, at {where}.", mend, file=file)
