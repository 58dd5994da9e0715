"""The framework's values, mapped back to Eurostat's keys."""

from __future__ import annotations

import pandas as pd
import pytest

from reporting import sources
from reporting.errors import SourceChanged, SourceUnreadable
from reporting.sources import jaf

ROWS = [
    ("PA11a.C4.", "BE", 2020, 3.5, "PB"), ("PA11a.C4.", "EU27_2020", 2020, 3.3, None),
    ("PA11a.C4.", "FR", 2020, None, None), ("PA11a.C4.", "DE", 2020, None, "u"),
    ("PA0.not.mapped", "BE", 2020, 1.0, None), (None, "BE", 2020, 1.0, None), ("12.5", "BE", 2020, 1.0, None),
]  # fmt: skip


@pytest.fixture
def file(tmp_path, monkeypatch):
    """A file of seven rows, of which two are damaged."""
    monkeypatch.setattr(jaf, "_CORRUPT", 2)
    path = tmp_path / "jaf.parquet"
    pd.DataFrame(ROWS, columns=["jaf_key", "geo", "time", "value", "flags"]).to_parquet(path)
    return path


def test_values_get_their_eurostat_keys(file, declared):
    """A mapped indicator has its dataset's key, its year as text and its flags in lower case; empty rows go."""
    [extract] = sources.read(file, declared)
    assert extract.dataset == "demo_minfind"
    found = [(r.key, r.time, None if pd.isna(r.value) else r.value, r.flag) for r in extract.frame.itertuples()]
    assert found == [
        ("A.INFMORRT.RT.BE", "2020", 3.5, "bp"),
        ("A.INFMORRT.RT.EU27_2020", "2020", 3.3, ""),
        ("A.INFMORRT.RT.DE", "2020", None, "u"),
    ]


def test_another_number_of_damaged_rows_is_a_change(file, declared, monkeypatch):
    """A file damaged in another way than known is not read in part."""
    monkeypatch.setattr(jaf, "_CORRUPT", 3)
    with pytest.raises(SourceChanged, match="jaf.parquet: 2 rows without an indicator key, 3 expected"):
        sources.read(file, declared)


def test_another_parquet_file_is_refused(tmp_path, declared):
    """A Parquet file of other columns, and one that is cut, are refused by name."""
    path = tmp_path / "other.parquet"
    pd.DataFrame({"x": [1]}).to_parquet(path)
    with pytest.raises(SourceUnreadable, match="other.parquet: not the framework's Parquet file"):
        sources.read(path, declared)
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(SourceUnreadable, match="other.parquet: not the framework's Parquet file"):
        sources.read(path, declared)


def test_every_mapped_series_is_declared(declared):
    """Each line of the map names a declared dataset, a key of its positions, and no key twice."""
    series = pd.read_csv(jaf._MAP)
    assert not series.duplicated("jaf_key").any()
    assert not series.duplicated(["dataset", "key"]).any()
    for row in series.itertuples():
        assert row.key.count(".") + 1 == len(declared.datasets[row.dataset].dimensions), row
        assert row.key.endswith("."), row


def test_the_file_of_october_2025(shared, declared):
    """The real file gives one value for each key and year, and Belgium's infant mortality as Eurostat publishes it."""
    extracts = {e.dataset: e.frame for e in sources.read(shared / "spc" / "jaf_values_2025-10-20.parquet", declared)}
    for dataset, frame in extracts.items():
        assert not frame.duplicated(["key", "time"]).any(), dataset
        assert (frame["value"].notna() | (frame["flag"] != "")).all(), dataset
    mortality = extracts["demo_minfind"].set_index(["key", "time"])["value"]
    years = ("1970", "1980", "1990", "2000")
    assert [mortality["A.INFMORRT.RT.BE", year] for year in years] == [21.1, 12.1, 8.0, 4.8]
