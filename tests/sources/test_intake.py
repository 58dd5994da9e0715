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
    """A file already in the store brings nothing new and is not stored again."""
    path = file(NATIONAL, "my.csv")
    assert [m.vintage for m in take(store, declared, path)] == ["2020-12-31", "2022-12-31"]
    held = len(store.manifests("national"))
    assert not any(count for m in take(store, declared, path) for count in m.rows.values())
    assert len(store.manifests("national")) == held


def test_a_corrected_file_is_a_vintage_of_its_own(store, declared, file):
    """A figure corrected on the same day is revised; the first figure stays in the first vintage."""
    take(store, declared, file(NATIONAL, "my.csv"))
    take(store, declared, file(NATIONAL.replace("2021,2,", "2021,3,"), "my.csv"))
    assert store.select("national", "z.....")["value"].tolist() == [3.0]
    assert [m.vintage for m, _ in store.manifests("national")] == ["2020-12-31", "2022-12-31", "2022-12-31-02"]


def test_other_series_of_an_earlier_date_are_taken(store, declared, file):
    """A second file with older figures of other series goes in beside the first."""
    take(store, declared, file(NATIONAL, "first.csv"))
    take(store, declared, file(NATIONAL.replace("a,", "q,").replace("2019", "2010"), "second.csv"))
    assert set(store.read("national")["value"]) == {1.0, 2.0}
    assert len(store.read("national")) == 3


def test_a_date_to_come_is_today(store, declared, file):
    """Figures of this year have no date in the future."""
    year = date.today().year
    [written] = take(store, declared, file(NATIONAL.splitlines()[0] + f"\na,b,c,days,{year},1,DAY\n", "my.csv"))
    assert written.vintage == date.today().isoformat()


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
    assert [m.vintage for m in take(store, declared, path) if any(m.rows.values())] == ["2022-12-31"]
    assert store.read("national")["value"].tolist() == [1.0, 2.0]
