"""The sample project: one publication with two chapters, for two countries in two languages."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from observing import manifest, observed

from reporting import declarations, labels
from reporting.vintages import Store

SAMPLE = Path(__file__).with_name("sample")


def forget() -> None:
    """Let this process read declarations and translations anew: other tests have another project."""
    declarations.load.cache_clear()
    labels.catalogue.cache_clear()


def observe(store: Store, day: str, geo: str, size: float, flag: str = "") -> None:
    """A new vintage with one country's figures."""
    rows = [
        (f"A.{kind}.MIO_EUR.{geo}", str(year), share * (size + year - 2020), flag)
        for kind, share in (("TOTAL", 1.0), ("CASH", 0.6), ("KIND", 0.4))
        for year in range(2018, 2024)
    ]
    people = [(f"A.PER.{geo}", str(year), 1000 * size, "") for year in range(2018, 2024)]
    store.append(observed("spending", rows), manifest("spending", day, complete=False))
    store.append(observed("people", people), manifest("people", day, complete=False))


def made(folder: Path) -> Path:
    """The sample project in a folder, with figures of three countries in its store."""
    shutil.copytree(SAMPLE, folder)
    store = Store(folder / "outputs" / "store")
    for day, (geo, size) in enumerate((("BE", 100.0), ("NL", 200.0), ("LU", 10.0)), start=1):
        observe(store, f"2026-01-{day:02d}", geo, size)
    return folder


def command(home: Path, *arguments: str, **environment: str) -> tuple[list[str], dict[str, str]]:
    """The command line that builds the sample's publication, and its environment."""
    line = [sys.executable, "-m", "reporting", "build", "book", "--engine", "embedded", *arguments]
    return line, {**os.environ, "REPORTING_HOME": str(home), "COLUMNS": "300", **environment}


def build(home: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Build it as a person does."""
    line, env = command(home, *arguments, **environment)
    return subprocess.run(line, capture_output=True, text=True, timeout=300, check=False, cwd=home, env=env)


def contents(folder: Path) -> dict[str, bytes]:
    """Each file of a folder with its bytes."""
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}
