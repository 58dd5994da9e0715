"""A file a person has, into the store."""

from __future__ import annotations

from datetime import date

import pytest

from reporting.errors import OutputFailed, UsageError
from reporting.sources.intake import take
from reporting.vintages import Store

EUROSTAT = "freq,spdeps,unit,geo\\TIME_PERIOD\t2022\t2023\nA,TOTAL,MIO_EUR,BE\t160 \t173 e\n"
NATIONAL = "series,scheme,branch,measure,year,value,unit\na,b,c,days,2019,1,DAY\nz,b,c,days,2021,2,DAY\n"


@pytest.fixture
def store(tmp_path):
    """An empty store."""
    return Store(tmp_path / "store", embedded=None)


@pytest.fixture
def file(tmp_path):
    """Write a file."""

    def writing(content, name="spr_exp_type.tsv"):
        path = tmp_path / name
        path.write_text(content)
        return path

    return writing


def test_an_undated_file_is_of_today(store, declared, file):
    """A file that tells no date is of today; its bytes and checksum are kept."""
    [written] = take(store, declared, file(EUROSTAT))
    assert written.vintage == written.retrieved == date.today().isoformat()
    assert store.read("spr_exp_type")["value"].tolist() == [160.0, 173.0]
    assert len(written.received_sha256) == 64
    assert (store.root / "spr_exp_type" / f"{written.vintage}.received.gz").is_file()


def test_a_date_given_by_hand(store, declared, file):
    """The date on the command line is the vintage where the file tells none."""
    [written] = take(store, declared, file(EUROSTAT), vintage="2024-02-29")
    assert written.vintage == "2024-02-29"


@pytest.mark.parametrize("vintage", ["29/02/2024", "2023-02-29", "20240229", "2024"])
def test_a_date_that_is_none(vintage, store, declared, file):
    """A vintage that is no date is refused before anything is read."""
    with pytest.raises(UsageError, match="is not a date"):
        take(store, declared, file(EUROSTAT), vintage=vintage)
    assert not store.root.exists()


def test_the_same_file_twice(store, declared, file):
    """A file already in the store is refused: a vintage is never overwritten."""
    path = file(NATIONAL, "my.csv")
    assert [m.vintage for m in take(store, declared, path)] == ["2020-12-31", "2022-12-31"]
    with pytest.raises(UsageError, match="already has the vintage"):
        take(store, declared, path)


def test_a_file_that_cannot_all_be_stored_is_not_stored_at_all(store, declared, file):
    """When one of a file's vintages is refused, none is stored."""
    take(store, declared, file(NATIONAL.replace("2019", "2020"), "first.csv"))
    with pytest.raises(UsageError, match="2020-12-31 is not later"):
        take(store, declared, file(NATIONAL.replace("2021", "2022"), "second.csv"))
    assert [m.vintage for m, _ in store.manifests("national")] == ["2021-12-31", "2022-12-31"]


def test_an_interrupted_file_is_completed(store, declared, file, monkeypatch):
    """When the disk fills up between two vintages of a file, the same command completes it later."""
    path, whole, calls = file(NATIONAL, "my.csv"), Store._append, []

    def once(self, *arguments):
        calls.append(arguments)
        if len(calls) == 2:
            raise OSError(28, "No space left on device")
        return whole(self, *arguments)

    with monkeypatch.context() as patch:
        patch.setattr(Store, "_append", once)
        with pytest.raises(OutputFailed, match="No space left on device"):
            take(store, declared, path)
    assert [m.vintage for m in take(store, declared, path)] == ["2022-12-31"]
    assert store.read("national")["value"].tolist() == [1.0, 2.0]
