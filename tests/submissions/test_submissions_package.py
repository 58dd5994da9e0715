"""A package is there whole or not at all, and named as its collector asks."""

# ruff: noqa: E501  # tables of defects

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from reporting.errors import OutputFailed, UsageError
from reporting.submissions import package

PATTERN = "{dataset}_{freq}_{geo}_{year}_{period}_V{number:04d}"
FACTS = {"dataset": "ESSPROS", "freq": "A", "geo": "XX", "year": "2023"}


def test_names_follow_the_pattern():
    """The default is EDAMIS's; another pattern may have any of its fields."""
    assert package.named(PATTERN, **FACTS, number=7) == "ESSPROS_A_XX_2023_0000_V0007"
    assert package.named("{geo}-{dataset}.{number}", **FACTS, number=7) == "XX-ESSPROS.7"


@pytest.mark.parametrize(
    ("pattern", "said"),
    [("{dataset}_{country}_{number}", "country is no field"), ("{dataset", "fields are"), ("../{number}", "letters, digits"),
     ("{number:x y}", "fields are"), ("a/{dataset}{number}", "letters, digits"), ("", "letters, digits")],
)  # fmt: skip
def test_a_wrong_pattern_is_refused(pattern, said):
    """An unknown field, broken braces and a name that is a path are refused with the fields there are."""
    with pytest.raises(UsageError, match=said):
        package.named(pattern, **FACTS, number=1)


def test_the_next_number_is_taken(tmp_path):
    """Nothing is overwritten: the next number that is free, for folders and archives alike; one asked for is refused."""
    (tmp_path / "ESSPROS_A_XX_2023_0000_V0001").mkdir()
    (tmp_path / "ESSPROS_A_XX_2023_0000_V0002.zip").touch()
    assert package.free(tmp_path, PATTERN, FACTS, None) == ("ESSPROS_A_XX_2023_0000_V0003", 3)
    assert package.free(tmp_path, PATTERN, FACTS, 9)[1] == 9
    for pattern, number in ((PATTERN, 2), ("{dataset}_A_{geo}_{year}_0000_V0001", None)):
        with pytest.raises(UsageError, match=r"V000\d(\.zip)? is there already.*nothing is overwritten"):
            package.free(tmp_path, pattern, FACTS, number)


def test_a_folder_takes_its_place_when_all_is_written(tmp_path):
    """Until the end there is nothing under the name; then all of it, readable by others, and nothing else."""
    with package.folder(tmp_path, "P", archived=False) as part:
        (part / "a.csv").write_text("x", encoding="utf-8")
        assert not (tmp_path / "P").exists() and part.name.startswith(".P.")
    assert [p.relative_to(tmp_path).as_posix() for p in sorted(tmp_path.rglob("*"))] == ["P", "P/a.csv"]
    assert (tmp_path / "P").stat().st_mode & 0o777 == 0o755


def test_an_archive_of_the_same_content_is_the_same(tmp_path):
    """A ZIP archive holds the folder by its name, and does not depend on when it was made."""
    for folder in ("one", "two"):
        with package.folder(tmp_path / folder, "P", archived=True) as part:
            (part / "quality").mkdir()
            (part / "quality" / "a.csv").write_text("x", encoding="utf-8")
    assert (tmp_path / "one" / "P.zip").read_bytes() == (tmp_path / "two" / "P.zip").read_bytes()
    assert zipfile.ZipFile(tmp_path / "one" / "P.zip").namelist() == ["P/quality/a.csv"]


@pytest.mark.parametrize("archived", [False, True])
def test_a_full_disk_leaves_nothing(tmp_path, archived):
    """When the disk is full in the middle, that is said and no part of the package is left."""
    with (
        pytest.raises(OutputFailed, match="No space left on device.*no package was made"),
        package.folder(tmp_path, "P", archived) as part,
    ):
        (part / "a.csv").write_text("x", encoding="utf-8")
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    assert list(tmp_path.iterdir()) == []


def test_a_package_that_appeared_meanwhile_stays(tmp_path):
    """Of two that make the same package, the first stays as it is."""
    with (
        pytest.raises(OutputFailed, match="no package was made"),
        package.folder(tmp_path, "P", archived=False) as part,
    ):
        (part / "a.csv").write_text("second", encoding="utf-8")
        (tmp_path / "P").mkdir()
        (tmp_path / "P" / "a.csv").write_text("first", encoding="utf-8")
    assert (tmp_path / "P" / "a.csv").read_text(encoding="utf-8") == "first"


def test_a_place_that_cannot_be_written_is_told(tmp_path):
    """An output that is a file is refused with its name."""
    (tmp_path / "out").write_text("", encoding="utf-8")
    with pytest.raises(OutputFailed, match="out/P"), package.folder(tmp_path / "out", "P", archived=False):
        pass


KILLED = """
import os, signal, sys
from pathlib import Path
from reporting.submissions import package
with package.folder(Path(sys.argv[1]), "P", sys.argv[2] == "zip") as part:
    for n in range(5):
        (part / f"{n}.csv").write_text("x" * 1000)
        if n == 3:
            os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.skipif(os.name != "posix", reason="signals")
@pytest.mark.parametrize("kind", ["folder", "zip"])
def test_a_process_killed_in_the_middle_leaves_no_package(tmp_path: Path, kind: str):
    """After a kill there is no package under its name, and the next is made as if nothing had been."""
    done = subprocess.run([sys.executable, "-c", KILLED, str(tmp_path), kind], check=False, timeout=60)
    assert done.returncode == -signal.SIGKILL
    assert not [path for path in tmp_path.iterdir() if not path.name.startswith(".")]
    assert package.free(tmp_path, PATTERN, FACTS, None)[1] == 1
