"""Quarto, where it is installed: the same project, the same layout of results."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import yaml

from reporting.errors import RenderingFailed
from reporting.publications.stage import OUTPUT

_COLOUR = re.compile(r"\x1b\[[0-9;]*m")


@cache
def version() -> str | None:
    """Return the version of the ``quarto`` on the PATH; ``None`` without one."""
    if shutil.which("quarto") is None:
        return None
    done = subprocess.run(["quarto", "--version"], capture_output=True, text=True, check=False)
    return done.stdout.strip() or None if done.returncode == 0 else None


def render(project: Path, formats: Iterable[str]) -> dict[str, Path]:
    """Render a staged project with Quarto, its formats at the same time.

    Quarto empties its output folder before each format, so the PDF is made in
    a copy of the project.

    Parameters
    ----------
    project : Path
        A folder written by :func:`reporting.publications.stage.stage`.
    formats : iterable of str
        Of ``html`` and ``pdf``.

    Returns
    -------
    dict
        Format to file: the cover page and the PDF, in ``_book``.

    Raises
    ------
    RenderingFailed
        With Quarto's words.
    """
    wanted = set(formats)
    settings = yaml.safe_load((project / "_quarto.yml").read_text(encoding="utf-8"))
    output, result = project / OUTPUT, {}
    with TemporaryDirectory(dir=project.parent, prefix=".pdf-") as scratch, ThreadPoolExecutor(2) as several:
        copy = Path(scratch) / project.name
        if "pdf" in wanted:
            shutil.copytree(project, copy)
            book = several.submit(_quarto, copy, "typst", settings)
        if "html" in wanted:
            several.submit(_quarto, project, "html", settings).result()
            result["html"] = output / "index.html"
        shutil.rmtree(project / ".quarto", ignore_errors=True)
        if "pdf" in wanted:
            book.result()
            output.mkdir(exist_ok=True)
            made = _only(copy / OUTPUT, ".pdf")
            result["pdf"] = made.replace(output / f"{settings['publication']['stem']}.pdf")
    return result


def _quarto(project: Path, target: str, settings: dict[str, Any]) -> None:
    """Run Quarto for one format; times are those of the book's date."""
    date = datetime.fromisoformat(settings["publication"]["date"]).replace(tzinfo=UTC)
    environment = {**os.environ, "SOURCE_DATE_EPOCH": str(int(date.timestamp())), "NO_COLOR": "1"}
    command = ["quarto", "render", ".", "--to", target, "--no-execute"]
    try:
        done = subprocess.run(command, cwd=project, env=environment, capture_output=True, text=True, check=False)
    except OSError as error:
        raise RenderingFailed(f"Quarto cannot be started: {error}. Install it, or use the embedded engine.") from error
    if done.returncode:
        words = "\n".join(_COLOUR.sub("", done.stderr or done.stdout).strip().splitlines()[-25:])
        raise RenderingFailed(f"Quarto could not render {project} as {target}:\n{words}")


def _only(folder: Path, suffix: str) -> Path:
    found = sorted(folder.glob(f"*{suffix}"))
    if not found:
        raise RenderingFailed(f"Quarto ended well but left no {suffix} file in {folder}: see its settings.")
    return found[0]
