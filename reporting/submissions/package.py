"""The package: a folder or ZIP archive that is there whole or not at all."""

from __future__ import annotations

import os
import re
import shutil
import tempfile
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from string import Formatter

from reporting.errors import OutputFailed, UsageError
from reporting.files import whole

_FIELDS = {"dataset", "freq", "geo", "year", "period", "number"}
_SAFE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")
#: What an annual collection has instead of a period of the year.
_ANNUAL = "0000"
#: Files in archives are of this day, so that the same content has the same checksum.
_DAY = (1980, 1, 1, 0, 0, 0)


def named(pattern: str, dataset: str, freq: str, geo: str, year: str, number: int) -> str:
    """The name of a transmission by a pattern such as ``{dataset}_{freq}_{geo}_{year}_{period}_V{number:04d}``.

    Raises
    ------
    UsageError
        When the pattern has other fields, or makes no name of a file.
    """
    try:
        fields = {field for _, field, _, _ in Formatter().parse(pattern) if field is not None}
        strange = fields - _FIELDS
        name = "" if strange else pattern.format(
            dataset=dataset, freq=freq, geo=geo, year=year, period=_ANNUAL, number=number
        )  # fmt: skip
    except ValueError as error:
        raise UsageError(f"--pattern {pattern}: {error}. Its fields are {', '.join(sorted(_FIELDS))}.") from None
    if strange:
        raise UsageError(
            f"--pattern {pattern}: {', '.join(sorted(strange))} is no field: {', '.join(sorted(_FIELDS))}."
        )
    if not _SAFE.fullmatch(name):
        raise UsageError(f"--pattern {pattern} gives {name!r}: a name has letters, digits, _ . and - only.")
    return name


def free(output: Path, pattern: str, facts: Mapping[str, str], number: int | None) -> tuple[str, int]:
    """The name of the package, and the number of the transmission: the next that is free, or the one asked for.

    Raises
    ------
    UsageError
        When a package of that name is there already.
    """
    tried = number or 1
    while True:
        name = named(pattern, number=tried, **facts)
        taken = [path for path in (output / name, output / f"{name}.zip") if path.exists()]
        if not taken:
            return name, tried
        if number is not None or named(pattern, number=tried + 1, **facts) == name:
            raise UsageError(f"{taken[0]} is there already. Give another --number or --output; nothing is overwritten.")
        tried += 1


@contextmanager
def folder(output: Path, name: str, archived: bool) -> Iterator[Path]:
    """A folder beside the package's place, which takes that place when all is written, and goes otherwise.

    Raises
    ------
    OutputFailed
        When it cannot be written, or another process made a package of the same name meanwhile.
    """
    part: Path | None = None
    try:
        output.mkdir(parents=True, exist_ok=True)
        part = Path(tempfile.mkdtemp(prefix=f".{name}.", suffix=".part", dir=output))
        yield part
        _settle(part)
        if archived:
            _archive(part, output / f"{name}.zip")
        else:
            part.chmod(0o755)
            part.rename(output / name)  # fails where a folder that is not empty is there
            _sync(output)
    except (OSError, OutputFailed) as error:
        system = (
            error if isinstance(error, OSError) else error.__context__
        )  # a file was said to fail: the reason is below
        raise OutputFailed(
            f"Cannot write the package {output / name}: {getattr(system, 'strerror', None) or error}. "
            "Free space or choose another --output; no package was made."
        ) from None
    finally:
        if part is not None:
            shutil.rmtree(part, ignore_errors=True)


def _settle(folder: Path) -> None:
    """Have the disk keep all files before the package takes its name."""
    for path in folder.rglob("*"):
        _sync(path)
    _sync(folder)


def _sync(path: Path) -> None:
    if os.name != "posix" and path.is_dir():
        return  # elsewhere a folder cannot be synchronised
    handle = os.open(path, os.O_RDONLY if os.name == "posix" else os.O_RDWR)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _archive(folder: Path, target: Path) -> None:
    with whole(target) as part:
        with zipfile.ZipFile(part, "w", zipfile.ZIP_DEFLATED) as archive:
            for path in sorted(path for path in folder.rglob("*") if path.is_file()):
                entry = zipfile.ZipInfo(f"{target.stem}/{path.relative_to(folder).as_posix()}", _DAY)
                entry.compress_type = zipfile.ZIP_DEFLATED
                entry.external_attr = 0o644 << 16
                archive.writestr(entry, path.read_bytes())
        _sync(part)
