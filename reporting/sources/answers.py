"""From a provider's answers to the observations of a vintage, and again from the bytes kept."""

from __future__ import annotations

import csv
import io
import itertools
import re
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

import pandas as pd

from reporting import sources
from reporting.declarations import Dataset, Declarations, Provider
from reporting.errors import SourceUnreadable, UsageError
from reporting.sources.csv_files import iso_date
from reporting.sources.extracts import Extract
from reporting.vintages import Manifest

BRUSSELS = ZoneInfo("Europe/Brussels")
#: Columns of SDMX-CSV besides the dimensions.
_STANDARD = {
    "DATAFLOW", "STRUCTURE", "STRUCTURE_ID", "STRUCTURE_NAME", "ACTION", "LAST UPDATE", "UPDATED",
    "TIME_PERIOD", "OBS_VALUE", "OBS_FLAG", "CONF_STATUS",
}  # fmt: skip
_UPDATES = ("LAST UPDATE", "UPDATED")
#: Attributes that may change a value or whether it may be shown: for the reader to judge.
_TELLING = re.compile("flag|status|conf|secre|^UNIT_MULT$", re.IGNORECASE)
_BUNDLED = "answer-"


@dataclass(frozen=True)
class Reading:
    """The observations in one answer (none: a header alone), with notes on what was unusual."""

    extract: Extract | None
    notes: tuple[str, ...] = ()


def read(body: bytes, dataset: Dataset, declarations: Declarations) -> Reading:
    """The observations of an answer to a request for a dataset.

    Columns that are neither dimensions nor standard are attributes and left
    out, unless they may change a value or whether it may be shown.

    Raises
    ------
    SourceChanged
        When it has another structure.
    SourceUnreadable
        When it is cut or damaged, or holds another dataset.
    """
    if is_empty(body):
        return Reading(None)
    provider = declarations.provider_of(dataset.id)
    plain = _plain(body, dataset, provider) if provider else body
    try:
        [extract] = sources.parse(plain, dataset.id, declarations, dataset.id)
    except UsageError as error:
        raise SourceUnreadable(f"the answer is not what was asked for, and was refused: {error}") from None
    return Reading(extract, extract.warnings)


def attributes(body: bytes, dataset: Dataset, provider: Provider) -> list[str]:
    """Columns of an answer that are neither dimensions nor standard ones."""
    header = [provider.columns.get(name, name) for name in _header(body)]
    if "STRUCTURE_NAME" in header or any(": " in name for name in header):
        return []  # labels stand beside the codes: the reader tells them apart
    known = _STANDARD | set(dataset.dimensions) | {name.upper() for name in dataset.dimensions}
    return [name for name in header if name not in known and not _TELLING.search(name)]


def is_empty(body: bytes) -> bool:
    """Whether an answer is the header of SDMX-CSV and nothing else."""
    header, _, rest = body.removeprefix(b"\xef\xbb\xbf").partition(b"\n")
    return b"OBS_VALUE" in header and not header.lstrip().startswith(b"<") and not rest.strip()


def stamp(body: bytes) -> str:
    """The provider's update stamp in an answer, as written; empty where it has none."""
    if body.lstrip().startswith(b"<"):
        return ""
    header = _header(body)
    rows = csv.reader(io.StringIO(body[:20_000].decode("utf-8-sig", "replace"), newline=""))
    row = next(itertools.islice(rows, 1, None), [])
    return next((row[header.index(n)].strip() for n in _UPDATES if n in header and header.index(n) < len(row)), "")


def moment(text: str) -> datetime:
    """When a stamp is, in Brussels.

    Examples
    --------
    >>> moment("30/10/25 23:00:00").isoformat()
    '2025-10-30T23:00:00+01:00'
    """
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        clock = re.search(r"\b(\d{2}):(\d{2})(?::(\d{2}))?", text)
        time = f"{clock[1]}:{clock[2]}:{clock[3] or '00'}" if clock else "00:00:00"
        found = datetime.fromisoformat(f"{iso_date(text)}T{time}")
    return found.astimezone(BRUSSELS) if found.tzinfo else found.replace(tzinfo=BRUSSELS)


def day_of(text: str) -> str:
    """The day of a stamp in Brussels; empty for no stamp."""
    return moment(text).date().isoformat() if text else ""


def joined(frames: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """One table of observations from those of the parts of a request.

    Raises
    ------
    SourceUnreadable
        When two parts give two values for one observation.
    """
    frame = pd.concat(frames, ignore_index=True) if len(frames) > 1 else frames[0]
    frame = frame.drop_duplicates().sort_values(["key", "time"], ignore_index=True)
    twice = frame[frame.duplicated(["key", "time"])]
    if not twice.empty:
        raise SourceUnreadable(
            f"two parts of the answer give two values for {twice['key'].iloc[0]} in {twice['time'].iloc[0]}. "
            "Try again later."
        )
    return frame


def bundle(bodies: Sequence[bytes]) -> bytes:
    """The bytes received, as one: the answer itself, or a ZIP of the answers in order."""
    if len(bodies) == 1:
        return bodies[0]
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as archive:
        for number, body in enumerate(bodies, start=1):
            archive.writestr(zipfile.ZipInfo(f"{_BUNDLED}{number:04d}", (1980, 1, 1, 0, 0, 0)), body)
    return target.getvalue()


def reread(received: bytes, manifest: Manifest, declarations: Declarations) -> pd.DataFrame:
    """The observations of a fetched vintage again, from the bytes that were kept.

    Returns
    -------
    DataFrame
        The table that was given to the store.
    """
    if manifest.dataset not in declarations.datasets:  # fetched for a framework, in the order its provider gave
        order = tuple(manifest.dimensions.split("."))
        own = Dataset(id=manifest.dataset, title=manifest.dataset, dimensions=order)
        declarations = declarations.model_copy(update={"datasets": {**declarations.datasets, own.id: own}})
    dataset = declarations.datasets[manifest.dataset]
    found = [read(body, dataset, declarations).extract for body in _unbundled(received)]
    return joined([extract.frame for extract in found if extract])


def _unbundled(received: bytes) -> list[bytes]:
    if received.startswith(b"PK\x03\x04"):
        with zipfile.ZipFile(io.BytesIO(received)) as archive:
            if all(name.startswith(_BUNDLED) for name in archive.namelist()):
                return [archive.read(name) for name in sorted(archive.namelist())]
    return [received]


def _header(body: bytes) -> list[str]:
    line = body.removeprefix(b"\xef\xbb\xbf").partition(b"\n")[0].decode("utf-8", "replace").strip("\r")
    if line.lstrip().startswith("<"):
        return []
    try:
        return next(csv.reader([line]), [])
    except csv.Error as error:
        raise SourceUnreadable(f"line 1: {error}: not SDMX-CSV.") from None


def _plain(body: bytes, dataset: Dataset, provider: Provider) -> bytes:
    """SDMX-CSV under Eurostat's names and without attributes; the very bytes where nothing is to be changed."""
    header = _header(body)
    extra = attributes(body, dataset, provider)
    renamed = [name for name in header if name in provider.columns]
    if not (extra or renamed):
        return body
    try:
        frame = pd.read_csv(io.BytesIO(body), dtype=str, keep_default_na=False, encoding="utf-8-sig")
    except (pd.errors.ParserError, UnicodeDecodeError) as error:
        raise SourceUnreadable(f"{dataset.id}: the answer is cut or damaged ({error}).") from None
    frame = frame.rename(columns=provider.columns).drop(columns=extra)
    if provider.flags and "OBS_FLAG" in frame:
        frame["OBS_FLAG"] = [provider.flags.get(flag, flag) for flag in frame["OBS_FLAG"]]
    return frame.to_csv(index=False).encode()
