"""A disk that is full and a process that is killed, in the whole command: never a half-written package."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

resource = pytest.importorskip("resource", reason="limits and signals of POSIX")

ROOT = Path(__file__).resolve().parents[2]
WORDS = ("submit", "esspros", "q.csv", "--mapping", "m.xlsx", "--dsd", "dsd.xml", "--output", "out")
#: How often the command is killed; more with the environment variable.
KILLS = int(os.environ.get("REPORTING_KILLS", "2"))


def started(desk: Path, largest: int | None = None) -> subprocess.Popen[str]:
    """The command as a process of its own, which may write no file larger than this."""

    def limited() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (largest, largest))

    return subprocess.Popen(
        [sys.executable, "-m", "reporting", *WORDS],
        cwd=desk, text=True, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL,
        env={**os.environ, "REPORTING_HOME": str(ROOT)}, preexec_fn=limited if largest else None,
    )  # fmt: skip


def packages(desk: Path) -> list[Path]:
    """What stands under the name of a package."""
    return [path for path in (desk / "out").glob("*") if not path.name.startswith(".")]


@pytest.mark.parametrize("largest", [1_000, 3_000])
def test_a_disk_that_is_full_is_told(desk: Path, largest: int) -> None:
    """Whichever file does not fit any more, the message says so, and nothing is left."""
    process = started(desk, largest)
    _, said = process.communicate(timeout=120)
    assert process.returncode == 1 and "Traceback" not in said
    assert "no package was made" in said
    assert list((desk / "out").iterdir()) == []


def test_a_killed_command_leaves_no_half_package(desk: Path) -> None:
    """Killed at any moment, there is a whole package or none; the same command then makes the next."""
    chance = random.Random(8)
    begun = time.monotonic()
    process = started(desk)
    assert process.wait(timeout=120) == 0
    lasts = time.monotonic() - begun
    for _ in range(KILLS):
        process = started(desk)
        time.sleep(chance.uniform(0.4, 1.0) * lasts)
        process.send_signal(signal.SIGKILL)
        process.wait(timeout=60)
    for path in packages(desk):
        receipt = json.loads((path / "receipt.json").read_text(encoding="utf-8"))
        assert {file.name for file in path.iterdir() if file.is_file()} >= set(receipt["outputs"]) - {
            name for name in receipt["outputs"] if "/" in name
        }
        assert (path / "SHA256SUMS").read_text(encoding="utf-8").count("\n") == len(receipt["outputs"]) + 2
    before = len(packages(desk))
    assert started(desk).wait(timeout=120) == 0
    assert len(packages(desk)) == before + 1
