"""The store: what was known when, whole or not at all."""

from __future__ import annotations

import gzip
import hashlib
import json
import math
import tempfile
import threading
from dataclasses import replace
from pathlib import Path

import pytest
from filelock import FileLock
from hypothesis import given, settings
from hypothesis import strategies as st
from pyarrow.parquet import read_metadata
from specimens import manifest, observed

from reporting import vintages
from reporting.errors import OutputFailed, SourceUnreadable, UsageError
from reporting.vintages import Store, parquet
from reporting.vintages import manifest as manifests
from reporting.vintages import store as stores

D = "spr_exp_type"
ONE = [("A.X.BE", "2020", 1.0, ""), ("A.X.FR", "2020", 2.0, "p")]
TWO = [("A.X.BE", "2020", 1.5, "b"), ("A.X.BE", "2021", 3.0, "")]


@pytest.fixture
def store(tmp_path):
    """An empty store with nothing beneath."""
    return Store(tmp_path / "store", embedded=None)


def put(store, vintage, rows, complete=True, received=None):
    """Append rows as a vintage."""
    return store.append(observed(D, rows), manifest(D, vintage, complete), received)


def rows(frame):
    """Key, time, value (None when missing) and flag of each row."""
    return [
        (r.key, r.time, None if math.isnan(r.value) else r.value, r.flag) for r in frame.itertuples(index=False)
    ]  # fmt: skip


def files(folder):
    """Names of all files below a folder, the lock aside."""
    return sorted(p.name for p in Path(folder).rglob("*") if p.is_file() and p.name != ".lock")


def test_as_of_reads_what_was_known(store):
    """Each date shows its own state: before, at and after each vintage; withdrawn rows are gone."""
    put(store, "2024-01-31", ONE)
    written = put(store, "2024-06-30", TWO)
    assert written.rows == {"new": 1, "revised": 1, "withdrawn": 1}
    assert rows(store.read(D, "2024-01-30")) == []
    assert rows(store.read(D, "2024-01-31")) == ONE
    assert rows(store.read(D, "2024-06-29")) == ONE
    assert rows(store.read(D, "2024-06-30")) == TWO
    assert rows(store.read(D)) == TWO
    assert store.read(D)["vintage"].tolist() == ["2024-06-30", "2024-06-30"]


def test_a_partial_vintage_withdraws_nothing(store):
    """What a partial file leaves out stays known."""
    put(store, "2024-01-31", ONE)
    put(store, "2024-06-30", TWO, complete=False)
    assert rows(store.read(D)) == [TWO[0], TWO[1], ONE[1]]
    assert store.read(D)["vintage"].tolist() == ["2024-06-30", "2024-06-30", "2024-01-31"]


def test_withdrawn_and_given_again(store):
    """A series withdrawn and given again is new again."""
    put(store, "2024-01-01", ONE)
    put(store, "2024-01-02", ONE[:1])
    assert put(store, "2024-01-03", ONE).rows == {"new": 1, "revised": 0, "withdrawn": 0}
    assert rows(store.read(D)) == ONE


def test_a_change_of_flag_alone_is_a_revision(store):
    """The provider's flag is part of what is known."""
    put(store, "2024-01-01", ONE)
    assert put(store, "2024-01-02", [ONE[0], ("A.X.FR", "2020", 2.0, "")]).rows["revised"] == 1
    assert rows(store.read(D))[1] == ("A.X.FR", "2020", 2.0, "")


ODD = [
    ("A.X:Y'\"%.BE", "2020", None, ":c"), ("A.dé Ω.BE", "2020-Q1", math.inf, "bep"),
    ("A.X.BE", "2020-01-01", 1e308, ""),
    ("A.X.BE", "2020", -0.1, "n"), ("A..BE", "2020", 5e-324, ""), ("A.X.FR", "2020", None, ""),
]  # fmt: skip


def test_odd_values_flags_and_keys_come_back(store):
    """Missing, infinite, huge and tiny values, odd flags and odd keys come back as they went in."""
    put(store, "2024-01-01", ODD)
    assert sorted(rows(store.read(D)), key=str) == sorted(ODD, key=str)
    assert put(store, "2024-01-02", ODD).rows == {"new": 0, "revised": 0, "withdrawn": 0}


def test_missing_flags_and_notes_are_empty_text(store):
    """A frame with nulls for flags is stored as if they were empty, and is no revision the next time."""
    frame = observed(D, ONE).assign(flag=[None, "p"], source=None)
    store.append(frame, manifest(D, "2024-01-01"))
    assert rows(store.read(D)) == ONE
    assert put(store, "2024-01-02", ONE).rows["revised"] == 0


def test_a_user_cannot_spoil_what_is_read(store):
    """Changing a table that was read does not change what is read next."""
    put(store, "2024-01-01", ONE)
    frame = store.read(D)
    frame.loc[:, "value"] = 99.0
    assert rows(store.read(D)) == ONE


SNAPSHOTS = st.lists(
    st.dictionaries(
        st.tuples(st.sampled_from(["A.X.BE", "A.Y.BE", "A.X.FR", "A.X.'"]), st.sampled_from(["2020", "2021-01-01"])),
        st.tuples(st.one_of(st.none(), st.floats(allow_nan=False)), st.sampled_from(["", "p", "bep", ":c"])),
        max_size=6,
    ),
    min_size=1,
    max_size=5,
)


@settings(max_examples=12, deadline=None)
@given(SNAPSHOTS)
def test_every_snapshot_comes_back(snapshots):
    """Complete snapshots appended one after the other are each read again as of their date."""
    with tempfile.TemporaryDirectory() as folder:
        store = Store(Path(folder), embedded=None)
        wanted = [sorted((k, t, v, f) for (k, t), (v, f) in shot.items()) for shot in snapshots]
        for day, shot in enumerate(wanted, start=1):
            put(store, f"2024-01-{day:02}", shot)
        for day, shot in enumerate(wanted, start=1):
            assert sorted(rows(store.read(D, f"2024-01-{day:02}"))) == shot


def test_same_bytes_whatever_the_order(tmp_path):
    """The same observations in another order give the same bytes in another store."""
    for name, given_rows in (("a", ODD), ("b", list(reversed(ODD)))):
        put(Store(tmp_path / name, embedded=None), "2024-01-01", given_rows, received=b"received")
    for name in files(tmp_path / "a"):
        assert (tmp_path / "a" / D / name).read_bytes() == (tmp_path / "b" / D / name).read_bytes()
    assert gzip.decompress((tmp_path / "a" / D / "2024-01-01.received.gz").read_bytes()) == b"received"


def test_a_vintage_is_never_overwritten(store):
    """The same figures again are not stored; other figures of that day become a vintage of their own."""
    put(store, "2024-01-31", ONE)
    before = files(store.root)
    assert not any(put(store, "2024-01-31", ONE).rows.values())
    assert files(store.root) == before
    assert put(store, "2024-01-31", TWO).vintage == "2024-01-31-02"
    assert rows(store.read(D)) == TWO


def test_a_vintage_that_comes_in_late_changes_nothing_known_later(store):
    """Figures of January put in after those of March: read as of January they are there, as of March nothing moved."""
    put(store, "2023-01-31", [("A.X.BE", "2020", 1.0, "")])
    put(store, "2024-03-31", [("A.X.BE", "2020", 1.0, ""), ("A.Y.BE", "2020", 5.0, "")])
    late = [("A.X.BE", "2020", 7.0, ""), ("A.Z.BE", "2020", 9.0, "")]
    put(store, "2024-01-31", late)
    assert rows(store.read(D, "2023-12-31")) == [("A.X.BE", "2020", 1.0, "")]
    assert [r for r in rows(store.read(D, "2024-02-29")) if r[0] == "A.X.BE"] == [late[0]]
    newest = {key: value for key, _, value, _ in rows(store.read(D))}
    assert newest["A.X.BE"] == 1.0 and newest["A.Y.BE"] == 5.0


def test_another_part_of_a_dataset_may_come_in_late(store):
    """Two extracts of different series go in whichever comes first, and both are there."""
    put_part = {"complete": False}
    put(store, "2026-05-08", [("A.NAC.BE", "2020", 1.0, "")], **put_part)
    put(store, "2025-11-04", [("A.EUR.BE", "2020", 2.0, "")], **put_part)
    assert rows(store.read(D)) == [("A.EUR.BE", "2020", 2.0, ""), ("A.NAC.BE", "2020", 1.0, "")]


def test_two_values_for_one_figure_are_refused(store):
    """A frame that says two things of one series and time is refused, naming them."""
    with pytest.raises(UsageError, match=r"two values for A\.X\.BE in 2020"):
        put(store, "2024-01-31", [ONE[0], ("A.X.BE", "2020", 7.0, "")])
    assert store.datasets() == []


@pytest.mark.parametrize("text", ["31/12/2025", "2025", "20251231", "2025-W01-1", "2025-02-30", "2025-12-31T00:00"])
def test_a_date_that_is_none_is_refused(text, store):
    """A date in another form is wrong use; it never silently means all or nothing."""
    put(store, "2024-01-31", ONE)
    with pytest.raises(UsageError, match="is not a date"):
        store.read(D, text)


def test_two_vintages_of_one_day(store):
    """A second vintage of a day is known from that day on."""
    put(store, "2024-01-31", ONE)
    put(store, "2024-01-31", TWO)
    assert rows(store.read(D, "2024-01-31")) == TWO


@pytest.mark.parametrize("user", ["a", "z"])
def test_the_user_s_vintage_stands_over_the_embedded_one_of_that_day(user, tmp_path):
    """Wherever the folders lie, of one day the user's own figures win."""
    put(Store(tmp_path / "m", embedded=None), "2024-01-31", ONE)
    layered = Store(tmp_path / user, embedded=tmp_path / "m")
    assert put(layered, "2024-01-31", TWO).rows == {"new": 1, "revised": 1, "withdrawn": 1}
    assert rows(layered.read(D)) == TWO
    assert rows(Store(tmp_path / "m", embedded=None).read(D)) == ONE


@pytest.mark.parametrize("folder", ["l'été [x]", "a*b", "plain?", '"q"', "100%"])
def test_a_folder_of_any_name(folder, tmp_path):
    """Quotes, brackets and stars in the folder's name are no patterns and no SQL."""
    store = Store(tmp_path / folder, embedded=None)
    put(store, "2024-01-31", ONE)
    put(store, "2024-02-28", TWO, complete=False)
    assert len(store.read(D)) == 3
    assert store.datasets() == [D]


def test_leftovers_are_not_vintages(store):
    """Observations without a manifest, and parts of any kind, do not exist for a reader."""
    put(store, "2024-01-31", ONE)
    folder = store.root / D
    (folder / "2024-02-28.parquet").write_bytes((folder / "2024-01-31.parquet").read_bytes())
    (folder / "2024-03-31.parquet.part").write_bytes(b"half")
    (folder / "2024-03-31.json.part").write_bytes(b"{")
    assert rows(store.read(D)) == ONE
    put(store, "2024-02-28", TWO)
    assert rows(store.read(D)) == TWO


STEPS = ["write_changes", "write", "write 2", "replace", "replace 2", "replace 3"]


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), KeyboardInterrupt()])
def test_killed_at_any_step(step, error, store, monkeypatch):
    """Whatever step is interrupted, nothing is half published, the earlier vintage reads, and a second try works."""
    put(store, "2024-01-31", ONE, received=b"one")
    before = files(store.root)
    name, _, number = step.partition(" ")
    owner = {"replace": Path, "write": manifests, "write_changes": parquet}[name]
    whole, calls = getattr(owner, name), []

    def interrupted(*arguments):
        calls.append(arguments)
        if len(calls) == int(number or 1):
            raise error
        return whole(*arguments)

    with monkeypatch.context() as patch:
        patch.setattr(owner, name, interrupted)
        with pytest.raises(OutputFailed if isinstance(error, OSError) else KeyboardInterrupt) as caught:
            put(store, "2024-02-28", TWO, received=b"two")
    assert isinstance(error, KeyboardInterrupt) or "No space left on device" in str(caught.value)
    assert files(store.root) == before
    assert rows(store.read(D)) == ONE
    put(store, "2024-02-28", TWO, received=b"two")
    assert rows(store.read(D)) == TWO


def test_a_kill_after_the_manifest_loses_nothing(store, monkeypatch):
    """Once the manifest stands the vintage stands, even when the process ends there."""
    whole = Path.replace

    def last(path, target):
        whole(path, target)
        if target.suffix == ".json":
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", last)
        with pytest.raises(KeyboardInterrupt):
            put(store, "2024-01-31", ONE)
    assert rows(store.read(D)) == ONE


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
def test_a_full_disk_under_the_database(store, monkeypatch):
    """When the database itself finds the disk full, the reader is told so and nothing is left."""
    whole = parquet.write_changes
    monkeypatch.setattr(parquet, "write_changes", lambda frame, label, path: whole(frame, label, Path("/dev/full")))
    with pytest.raises(OutputFailed, match="No space left on device"):
        put(store, "2024-01-31", ONE)
    assert files(store.root) == []


def test_a_folder_that_cannot_be_written(tmp_path):
    """A store below a file, or in a read-only folder, is refused in words."""
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputFailed, match="Cannot write to the store"):
        put(Store(tmp_path / "file" / "store", embedded=None), "2024-01-31", ONE)


def test_a_read_only_store_can_be_read(store):
    """Reading writes nothing, not even a lock."""
    put(store, "2024-01-31", ONE)
    (store.root / ".lock").unlink(missing_ok=True)
    before = files(store.root)
    store.read(D)
    assert files(store.root) == before
    assert not (store.root / ".lock").exists()


def test_a_second_writer_waits_and_is_told(store, monkeypatch):
    """While another process writes, a writer gives up after a while; a reader is never kept waiting."""
    put(store, "2024-01-31", ONE)
    monkeypatch.setattr(stores, "_PATIENCE", 0.1)
    with FileLock(store.root / ".lock"):
        assert rows(store.read(D)) == ONE
        with pytest.raises(OutputFailed, match="Another process is writing"):
            put(store, "2024-02-28", TWO)


def test_many_writers_at_once_mix_nothing(store):
    """Writers at the same time each leave a whole vintage of that day; one of them is the newest."""

    def write(number):
        put(store, "2024-01-31", [("A.X.BE", "2020", float(number), "")])

    threads = [threading.Thread(target=write, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(store.manifests(D)) == 4
    assert rows(store.read(D))[0][2] in (0.0, 1.0, 2.0, 3.0)


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b"null", b'{"dataset": "x"}', b'{"colour": 1}', b"\xff\xfe", b'"text"']
)
def test_a_damaged_manifest_is_named(content, store):
    """A manifest that is cut, empty or of another shape gives one sentence with its path."""
    put(store, "2024-01-31", ONE)
    path = store.root / D / "2024-01-31.json"
    path.write_bytes(content)
    with pytest.raises(SourceUnreadable, match="damaged") as caught:
        store.read(D)
    assert str(path) in str(caught.value)


def test_a_manifest_in_the_wrong_place_is_named(store):
    """A vintage renamed by hand is refused: its date would be a lie."""
    put(store, "2024-01-31", ONE)
    for path in list((store.root / D).iterdir()):
        path.rename(path.with_stem("2024-02-28"))
    with pytest.raises(SourceUnreadable, match="2024-02-28.json: not the manifest of this vintage"):
        store.read(D)


@pytest.mark.parametrize("damage", ["missing", "empty", "cut", "one bit", "another's"])
def test_damaged_observations_are_named(damage, store):
    """Observations missing, cut or altered by a single bit are refused with their path, never read."""
    put(store, "2024-01-31", ONE)
    put(store, "2024-02-28", TWO)
    path = store.root / D / "2024-01-31.parquet"
    content = path.read_bytes()
    middle = len(content) // 2
    damaged = {
        "empty": b"", "cut": content[:middle], "another's": path.with_stem("2024-02-28").read_bytes(),
        "one bit": content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :],
    }  # fmt: skip
    path.unlink() if damage == "missing" else path.write_bytes(damaged[damage])
    with pytest.raises(SourceUnreadable) as caught:
        store.read(D)
    assert str(path) in str(caught.value)


def test_a_replaced_vintage_is_read_anew(store):
    """A vintage replaced under a running process is read again, not remembered."""
    put(store, "2024-01-31", ONE)
    assert rows(store.read(D)) == ONE
    for path in (store.root / D).iterdir():
        path.unlink()
    put(store, "2024-01-31", TWO)
    assert rows(store.read(D)) == TWO


def test_a_store_that_is_not_there(tmp_path):
    """A folder that does not exist reads as empty, and is not made by reading."""
    store = Store(tmp_path / "absent", embedded=None)
    assert store.datasets() == []
    assert store.read(D).empty
    assert not (tmp_path / "absent").exists()


def test_select_by_pattern(store):
    """A pattern chooses among the series, and no dataset is a pattern."""
    put(store, "2024-01-31", [*ONE, ("A.Y.BE", "2020", 7.0, "")])
    assert rows(store.select(D, "A..BE")) == [ONE[0], ("A.Y.BE", "2020", 7.0, "")]
    assert store.read("*").empty


def test_used_names_vintages_with_checksums(store):
    """A run's record names each vintage it used, once, with its checksum."""
    first = put(store, "2024-01-31", ONE)
    put(store, "2024-02-28", TWO)
    assert vintages.used(store, [(D, "2024-01-31"), (D, "2024-01-31"), ("other", "2024-01-31")]) == [
        {"dataset": D, "vintage": "2024-01-31", "sha256": first.sha256, "acknowledgement": "Source: Eurostat"}
    ]


def test_every_embedded_vintage_is_intact(embedded):
    """Each vintage that ships has the bytes and the rows its manifest says."""
    for dataset in embedded.datasets():
        for found, path in embedded.manifests(dataset):
            content = path.read_bytes()
            assert hashlib.sha256(content).hexdigest() == found.sha256, path
            assert read_metadata(path).num_rows == sum(found.rows.values()), path


def test_the_manifest_is_plain_json(store):
    """The manifest says what the vintage is, for other programs too."""
    written = put(store, "2024-01-31", ONE)
    content = json.loads((store.root / D / "2024-01-31.json").read_text())
    assert content.pop("seal") and content == replace(written).__dict__
