"""Stores that are packed, damaged, killed, mailed and kept elsewhere."""

from __future__ import annotations

import hashlib
import os
import random
import shutil
import subprocess
import sys
import tarfile
import time
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from specimens import manifest, observed
from store_killed import DATASET, content, label

from reporting.errors import OutputFailed, SourceUnreadable, UsageError
from reporting.vintages import Store, compact, export_store, import_store, parquet, verify

HERE = Path(__file__).parent
D = "spr_exp_type"


@pytest.fixture
def store(tmp_path):
    """A store with six vintages that add, revise and withdraw."""
    made = Store(tmp_path / "store", embedded=None)
    fill(made, 6)
    return made


def fill(store, count, received=b"received"):
    """Append the first vintages."""
    for number in range(count):
        facts = replace(manifest(DATASET, label(number)), received_sha256=hashlib.sha256(received).hexdigest())
        store.append(observed(DATASET, content(number)), facts, received)


def rows(frame):
    """Key, time and value of each row."""
    return list(zip(frame["key"], frame["time"], frame["value"], strict=True))


def shows(store, number):
    """Whether the store shows vintage ``number`` as it was given."""
    wanted = sorted((key, time, value) for key, time, value, _ in content(number))
    return rows(store.read(DATASET, label(number))) == wanted


def names(store):
    """The files of the dataset."""
    return sorted(path.name for path in (store.root / DATASET).iterdir())


def test_packing_changes_nothing_that_is_read(store):
    """Packed, every vintage reads as before, manifests and checksums stay, and one file holds all rows."""
    before = store.manifests(D)
    assert compact(store, D) == 6
    assert [m for m, _ in store.manifests(D)] == [m for m, _ in before]
    assert all(shows(store, number) for number in range(6))
    assert sum(name.endswith(".parquet") for name in names(store)) == 1
    assert compact(store, D) == 0 and verify(store) == []


def test_a_packed_vintage_comes_out_byte_for_byte(store, tmp_path):
    """The changes of a vintage taken out of a pack are the very file that went in."""
    originals = {m.vintage: path.read_bytes() for m, path in store.manifests(D)}
    compact(store, D)
    for vintage, path in ((m.vintage, path) for m, path in store.manifests(D)):
        parquet.write_changes(parquet.unpacked(path, vintage), vintage, tmp_path / "out")
        assert (tmp_path / "out").read_bytes() == originals[vintage]


def test_vintages_after_and_between_packed_ones(store):
    """New vintages stand over a pack, late ones within it change nothing known later; packing again keeps all."""
    compact(store, D)
    store.append(observed(D, content(7)), manifest(D, label(7)))
    late = [("A.S1.BE", "1904", -1.0, ""), ("A.LATE.BE", "2000", 1.0, "")]
    facts = replace(manifest(D, label(3)), complete=False)
    store.append(observed(D, late), facts)
    for _ in range(2):
        assert shows(store, 2)
        for number in (5, 7):
            known = {(k, t): v for k, t, v in rows(store.read(D, label(number)))}
            assert known.pop(("A.LATE.BE", "2000")) == 1.0
            assert known == {(k, t): v for k, t, v, _ in content(number)}
        assert ("A.S1.BE", "1904", -1.0) in rows(store.read(D, label(3)))
        compact(store, D)


SHOTS = st.lists(
    st.tuples(
        st.integers(0, 8), st.booleans(), st.sampled_from(["", "A.X.", ".X+Y.BE"]),
        st.dictionaries(
            st.tuples(st.sampled_from(["A.X.BE", "A.Y.BE", "B.X.FR"]), st.sampled_from(["2020", "2021"])),
            st.sampled_from([1.0, 2.0, None]), max_size=5,
        ),
        st.booleans(),
    ),
    min_size=1, max_size=6,
)  # fmt: skip


@settings(max_examples=40, deadline=None)
@given(SHOTS)
def test_any_order_of_appending_and_packing_reads_alike(tmp_path_factory, shots):
    """With and without packing, in any order of dates, the same vintages give the same reading on every date."""
    folder = tmp_path_factory.mktemp("stores")
    plain, packed = Store(folder / "plain", embedded=None), Store(folder / "packed", embedded=None)
    for on, complete, scope, shot, pack in shots:
        frame = observed(D, [(k, t, v, "") for (k, t), v in sorted(shot.items())])
        facts = replace(manifest(D, label(on), complete), scope=scope)
        assert plain.append(frame, facts).rows == packed.append(frame, facts).rows
        if pack:
            compact(packed, D)
    for on in range(10):
        assert plain.read(D, label(on)).equals(packed.read(D, label(on)))
    assert plain.history(D).equals(packed.history(D))


def test_a_scope_keeps_what_is_outside(store):
    """A complete answer within a key pattern withdraws inside the pattern only."""
    new = [("A.S1.BE", "1905", 1.0, "")]
    written = store.append(observed(D, new), replace(manifest(D, label(8)), scope="A.S1+S2."))
    assert written.rows == {"new": 0, "revised": 1, "withdrawn": 11}
    kept = {key for key, _, _ in rows(store.read(D))}
    assert "A.S2.BE" not in kept and {"A.S1.BE", "A.S3.BE", "A.S19.BE"} <= kept


def test_a_scope_may_name_any_code(tmp_path):
    """A code that spells like a column of the store withdraws its own series all the same."""
    made = Store(tmp_path / "store", embedded=None)
    made.append(
        observed("national", [("my_key.a.BE", "2020", 1.0, ""), ("other.a.BE", "2020", 2.0, "")]),
        manifest("national", "2024-01-31"),
    )
    written = made.append(observed("national", []), replace(manifest("national", "2025-01-31"), scope="my_key.."))
    assert written.rows == {"new": 0, "revised": 0, "withdrawn": 1}
    assert rows(made.read("national")) == [("other.a.BE", "2020", 2.0)]


def test_a_store_seen_up_to_a_label(store):
    """With a limit for a dataset, its later vintages are not seen."""
    seen = store.upto({D: label(3)})
    assert rows(seen.read(D)) == rows(store.read(D, label(3))) and rows(store.read(D)) != rows(seen.read(D))
    assert len(seen.history(D)["vintage"].unique()) == 4


@pytest.mark.parametrize("packed", [False, True])
def test_a_store_seen_as_a_run_saw_it(store, packed):
    """Only the vintages named are seen, even when one that came in late lies packed between them."""
    only = {D: {(m.vintage, m.sha256) for m, _ in store.manifests(D)}}
    before = rows(store.read(D))
    late = [("A.S1.BE", "1905", -1.0, ""), ("A.LATE.BE", "2000", 1.0, "")]
    store.append(observed(D, late), replace(manifest(D, label(3)), complete=False))
    if packed:
        compact(store, D)
    assert rows(store.read(D)) != before
    assert rows(Store(store.root, embedded=None, only=only).read(D)) == before
    assert rows(Store(store.root, embedded=None, only=only).select(D, "A.S1.BE")) == [
        r for r in before if r[0] == "A.S1.BE"
    ]
    assert Store(store.root, embedded=None, only={}).datasets() == []


def test_large_datasets_answer_as_small_ones(store, monkeypatch):
    """A dataset too large to keep in memory gives the same answers to the same questions."""
    asked = [("A.S1.BE", []), ("A.S1+S2.", ["BE"]), ("..", ["FR"]), ("A..", [])]
    small = [rows(store.select(D, pattern, geos=geos)) for pattern, geos in asked]
    monkeypatch.setattr("reporting.vintages.store._SMALL", 0)
    assert [rows(store.select(D, pattern, geos=geos)) for pattern, geos in asked] == small
    assert rows(store.series(D, ["A.S1.BE"], geos=["BE"])) == small[0]
    assert len(small[1]) == 12 and not small[2] and rows(store.country(D, "BE")) == small[3]


def test_a_country_of_one_file_comes_in_order(tmp_path, monkeypatch):
    """The rows of a country in a pack of many row groups, read by several threads, are those sorted by key and time."""
    monkeypatch.setattr("reporting.vintages.store._SMALL", 0)
    store, chance = Store(tmp_path / "store", embedded=None), random.Random(1)
    keys = [(f"A.S{n}.{geo}", str(year), chance.random(), "") for n in range(4000) for geo in ("FR", "BE")
            for year in range(1995, 2020)]  # fmt: skip
    for number in range(2):
        store.append(observed(D, chance.sample(keys, 150_000)), replace(manifest(D, label(number)), complete=False))
    compact(store, D)
    found = store.country(D, "BE")
    assert len(found) > 90_000 and found["key"].str.endswith(".BE").all()
    at = list(zip(found["key"], found["time"], strict=True))
    assert at == sorted(at) and len(set(at)) == len(at)


def test_reading_goes_on_while_vintages_are_packed(store):
    """A reader that finds a file packed away asks again and gets the same rows."""
    reader = Store(store.root, embedded=None)
    whole, first = reader.held, []

    def once(dataset, as_of=""):
        found = whole(dataset, as_of)
        if not first:
            first.append(compact(store, D))
        return found

    reader.held = once
    assert rows(reader.read(D, label(4))) == sorted((k, t, v) for k, t, v, _ in content(4))


@pytest.mark.parametrize("which", [0, 2, 5])
@pytest.mark.parametrize("damage", ["missing", "flipped"])
def test_damaged_observations_are_made_again(store, which, damage):
    """From the bytes received, damaged changes are made again and proven by their checksum."""
    path = store.root / D / f"{label(which)}.parquet"
    whole = path.read_bytes()
    path.unlink() if damage == "missing" else path.write_bytes(whole[:90] + bytes([whole[90] ^ 4]) + whole[91:])

    def reread(received, facts):
        number = next(n for n in range(6) if label(n) == facts.vintage)
        return observed(D, content(number))

    [trouble] = verify(store, reread)
    assert trouble.mended and label(which) in trouble.what and path.read_bytes() == whole
    assert verify(store, reread) == []


def test_what_cannot_be_mended_is_said(store):
    """Without a true re-reading nothing is put in place of lost observations, and each loss is named."""
    (store.root / D / f"{label(2)}.parquet").unlink()
    (store.root / D / f"{label(3)}.received.gz").write_bytes(b"none")
    troubles = verify(store, lambda received, facts: observed(D, content(0)))
    said = [(t.path.name, t.mended) for t in troubles]
    assert said == [(f"{label(2)}.parquet", False), (f"{label(3)}.received.gz", False)]
    with pytest.raises(SourceUnreadable):
        store.read(D)


def test_a_forged_manifest_is_noticed(store):
    """A manifest edited by hand breaks its seal: the vintage is refused and verify names it."""
    path = store.root / D / f"{label(2)}.json"
    path.write_text(path.read_text().replace('"test"', '"tess"'))
    with pytest.raises(SourceUnreadable, match="seal"):
        store.read(D)
    assert [(t.path, t.mended) for t in verify(store)] == [(path, False)]


@pytest.mark.parametrize("at", range(1, 9))
def test_packing_interrupted_anywhere(store, monkeypatch, at):
    """Whatever step of packing is interrupted, every vintage reads, and verify tidies up."""
    calls = []

    def step(whole):
        def counted(*arguments, **named):
            calls.append(1)
            if len(calls) == at:
                raise KeyboardInterrupt
            return whole(*arguments, **named)

        return counted

    with monkeypatch.context() as patch:
        for name in ("replace", "unlink"):
            patch.setattr(Path, name, step(getattr(Path, name)))
        with pytest.raises(KeyboardInterrupt):
            compact(store, D)
    assert all(shows(store, number) for number in range(6))
    assert all(trouble.mended for trouble in verify(store))
    assert verify(store) == [] and all(shows(store, number) for number in range(6))


def test_killed_at_random_instants(tmp_path):
    """Killed again and again while it appends and packs, no vintage it has reported is ever lost.

    ``STORE_KILLS`` says how often (default 12); the record was 300.
    """
    kills, chance = int(os.environ.get("STORE_KILLS", "12")), random.Random(20261125)
    store, promised = Store(tmp_path / "store", embedded=None), -1
    for _ in range(kills):
        process = subprocess.Popen(
            [sys.executable, str(HERE / "store_killed.py"), str(store.root)],
            stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": str(HERE)},
        )  # fmt: skip
        first = process.stdout.readline()
        time.sleep(chance.random() * 0.4)
        process.kill()
        said = [int(line) for line in [first, *process.stdout.read().splitlines()] if line.strip().isdigit()]
        process.wait()
        promised = max([promised, *said])
        assert all(trouble.mended for trouble in verify(store))
        assert verify(store) == []
        held = len(store.manifests(DATASET))
        assert held >= promised + 1
        assert all(shows(store, n) for n in chance.sample(range(held), min(held, 5)))
    assert promised >= kills and all(shows(store, number) for number in range(promised + 1))


def test_out_as_one_file_and_in_again(store, tmp_path):
    """An exported store, packed or not, gives the same file, and imported reads alike on every date."""
    assert export_store(store, tmp_path / "a.tar") == 6
    compact(store, D)
    export_store(store, tmp_path / "b.tar")
    assert (tmp_path / "a.tar").read_bytes() == (tmp_path / "b.tar").read_bytes()
    other = Store(tmp_path / "other")
    [carried] = import_store(other, tmp_path / "a.tar")
    assert (carried.new, carried.known) == (6, 0)
    again = Store(tmp_path / "other")
    assert again.datasets() == [D] and all(shows(again, number) for number in range(6))
    assert import_store(again, tmp_path / "a.tar")[0].new == 0


def test_the_rest_of_a_history_is_taken_another_is_not(store, tmp_path):
    """A store with the first vintages takes the later ones; one with other figures is left as it is."""
    export_store(store, tmp_path / "all.tar")
    first, other = Store(tmp_path / "first", embedded=None), Store(tmp_path / "other", embedded=None)
    fill(first, 2)
    assert import_store(first, tmp_path / "all.tar")[0].new == 4 and shows(first, 5)
    other.append(observed(D, content(3)), manifest(D, label(0)))
    before = names(other)
    with pytest.raises(UsageError, match="other vintages"):
        import_store(other, tmp_path / "all.tar")
    assert names(other) == before


@pytest.mark.parametrize("fault", ["cut", "flipped", "no tar", "absent", "outside", "link"])
def test_a_faulty_export_changes_nothing(store, tmp_path, fault):
    """A cut, altered or hostile file is refused in words, and nothing of it is stored."""
    path, error = tmp_path / "s.tar", SourceUnreadable
    export_store(store, path)
    whole = path.read_bytes()
    if fault == "cut":
        path.write_bytes(whole[: len(whole) // 2])
    elif fault == "flipped":
        at = whole.index(b"PAR1") + 60
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
    elif fault == "no tar":
        path.write_bytes(b"not a tar" * 100)
    elif fault == "absent":
        path.unlink()
        error = UsageError
    else:
        with tarfile.open(path, "w") as archive:
            member = tarfile.TarInfo("../evil.json" if fault == "outside" else f"{D}/2020-01-01.json")
            if fault == "link":
                member.type, member.linkname = tarfile.SYMTYPE, "/etc/passwd"
            archive.addfile(member)
    target = Store(tmp_path / "target", embedded=None)
    with pytest.raises(error):
        import_store(target, path)
    assert not target.root.exists()


@pytest.fixture
def elsewhere(tmp_path, monkeypatch):
    """A store in an in-memory file system, with its copies on this machine kept apart."""
    fsspec = pytest.importorskip("fsspec", reason="fsspec is not installed")
    monkeypatch.setenv("REPORTING_CACHE", str(tmp_path / "cache"))
    url = f"memory://{tmp_path.name}/store"
    yield url
    fsspec.filesystem("memory").rm(f"/{tmp_path.name}", recursive=True)


def test_a_store_behind_a_url(elsewhere, tmp_path):
    """Written through one copy, packed, and read through another: the same on every date."""
    store = Store(elsewhere, embedded=None)
    fill(store, 3)
    assert compact(store, D) == 3
    store.append(observed(D, content(3)), manifest(D, label(3)))
    shutil.rmtree(tmp_path / "cache")
    other = Store(elsewhere, embedded=None)
    assert all(shows(other, number) for number in range(4)) and verify(other) == []
    assert sum(name.endswith(".parquet") for name in names(other)) == 2


def test_what_was_not_sent_does_not_count(elsewhere, monkeypatch):
    """A write that fails before its manifest is sent leaves nothing that counts, and a second try works."""
    store = Store(elsewhere, embedded=None)
    fill(store, 1)
    whole = type(store.remote).push

    def failing(self, path):
        if path.suffix == ".json":
            raise OutputFailed("the network is gone")
        whole(self, path)

    with monkeypatch.context() as patch:
        patch.setattr(type(store.remote), "push", failing)
        with pytest.raises(OutputFailed):
            store.append(observed(D, content(1)), manifest(D, label(1)))
    other = Store(elsewhere, embedded=None)
    assert len(other.manifests(D)) == 1
    fill(other, 2)
    assert shows(Store(elsewhere, embedded=None), 1)


def test_one_writer_behind_a_url(elsewhere):
    """While one process holds the lock another is refused; a lock left behind for hours is taken over."""
    store = Store(elsewhere, embedded=None)
    fill(store, 1)
    with store.remote.lock(), pytest.raises(OutputFailed, match="Another process"):
        store.append(observed(D, content(1)), manifest(D, label(1)))
    store.remote.files.pipe_file(f"{store.remote.base}/.lock.json", b'{"since": 1}')
    store.append(observed(D, content(1)), manifest(D, label(1)))
    assert shows(store, 1)
