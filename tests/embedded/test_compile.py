"""Compiling the embedded edition."""

from dataclasses import replace
from pathlib import Path

import pytest

from reporting import declarations
from reporting.embedded import compile as compiling
from reporting.errors import DeclarationError, UsageError
from reporting.vintages import Manifest, Store

ROOT = Path(__file__).parents[2]
FILES = {
    "new.csv": "DATAFLOW,LAST UPDATE,freq,spdeps,unit,geo,TIME_PERIOD,OBS_VALUE,OBS_FLAG\n"
    "ESTAT:SPR_EXP_TYPE(1.0),30/10/25 23:00:00,A,TOTAL,MIO_EUR,BE,2023,174,p\n",
    "spr_exp_type_old.csv": "freq,spdeps,unit,geo\\TIME_PERIOD\t2022\t2023\nA,TOTAL,MIO_EUR,BE\t1600 \t1730 e\n",
}
LISTED = [
    {"file": "new.csv"},
    {"file": "spr_exp_type_old.csv", "vintage": "2024-12-31", "divide": 10, "note": "evidence"},
]
#: Later than any vintage of the embedded edition.
DAYS = ("2099-01-31", "2099-02-28")


@pytest.fixture
def declared():
    """The project's own declarations."""
    return declarations.load(ROOT)


@pytest.fixture
def source(tmp_path):
    """A folder with two files of one dataset."""
    for name, content in FILES.items():
        (tmp_path / name).write_text(content)
    return tmp_path


def test_oldest_first_and_scaled(source, declared, tmp_path):
    """Vintages are stored by date whatever the order of the list; divided values are in the key's unit."""
    target = tmp_path / "store"
    written = compiling.compile_edition(list(compiling.from_files(source, declared, LISTED)), target)
    assert [(m.vintage, m.note, m.rows["new"], m.rows["revised"]) for m in written] == [
        ("2024-12-31", "evidence", 2, 0),
        ("2025-10-30", "", 0, 1),
    ]
    store = Store(target, embedded=None)
    assert store.read("spr_exp_type", "2025-01-01")["value"].tolist() == [160.0, 173.0]
    assert store.read("spr_exp_type")["value"].tolist() == [160.0, 174.0]
    assert not (target / ".lock").exists()


def test_same_bytes_twice(source, declared, tmp_path):
    """The same files give the same bytes."""
    contents = []
    for name in ("one", "two"):
        target = tmp_path / name
        compiling.compile_edition(list(compiling.from_files(source, declared, LISTED)), target)
        contents.append({path.relative_to(target): path.read_bytes() for path in target.rglob("*") if path.is_file()})
    assert contents[0] == contents[1]


def test_failure_keeps_the_old_edition(source, declared, tmp_path):
    """Two values for one series and time on one date are refused, and the old edition still stands."""
    target = tmp_path / "store"
    parts = list(compiling.from_files(source, declared, LISTED[:1]))
    compiling.compile_edition(parts, target)
    with pytest.raises(UsageError, match="two values for A.TOTAL.MIO_EUR.BE in 2023"):
        compiling.compile_edition(parts * 2, target)
    assert len(Store(target, embedded=None).read("spr_exp_type")) == 1


def test_from_a_users_store(source, declared, tmp_path):
    """A user's store gives its newest state, each observation under its own vintage."""
    user = Store(tmp_path / "user", embedded=None)
    for (frame, manifest), day in zip(reversed([*compiling.from_files(source, declared, LISTED)]), DAYS, strict=True):
        user.append(frame, replace(manifest, vintage=day))
    user.append(frame.assign(dataset="mine"), Manifest("mine", "2099-01-01", True, "", ""))
    parts = [p for p in compiling.from_store(tmp_path / "user", declared) if p[1].request in FILES]
    compiling.compile_edition(parts, tmp_path / "edition")
    store = Store(tmp_path / "edition", embedded=None)
    assert store.datasets() == ["spr_exp_type"]
    assert store.read("spr_exp_type")[["value", "vintage"]].values.tolist() == [
        [160.0, DAYS[0]],
        [174.0, DAYS[1]],
    ]


def test_faults_of_the_list(source, declared, tmp_path):
    """Unknown keys, missing files, unknown readers and undated files are named."""
    path = tmp_path / "editions.toml"
    path.write_text('[[edition]]\nfile = "new.csv"\nvintge = "2025"\n[[edition]]\nnote = "x"\n')
    with pytest.raises(DeclarationError, match="vintge.*\n.*entry 2: no file"):
        compiling.entries(path)
    for entry, words in (
        ({"file": "absent.csv"}, "no such file"),
        ({"file": "new.csv", "reader": "absent"}, "no reader 'absent'"),
        ({"file": "spr_exp_type_old.csv"}, "states no date"),
    ):
        with pytest.raises(UsageError, match=words):
            list(compiling.from_files(source, declared, [entry]))


def test_the_script_says_what_is_wrong(tmp_path, capsys):
    """A wrong folder gives a message and exit code 2, no traceback."""
    assert compiling.main([str(tmp_path), "--output", str(tmp_path / "store")]) == 2
    assert "no such file" in capsys.readouterr().err


def test_the_list_is_sound():
    """Every undated source in the list says why it has the date it has."""
    for entry in compiling.entries():
        assert entry.get("note") or "vintage" not in entry or entry.get("reader"), entry["file"]
