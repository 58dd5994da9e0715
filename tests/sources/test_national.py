"""National series in the project's own schema."""

from __future__ import annotations

import math
from datetime import date
from pathlib import Path

import pytest
from specimens import manifest

from reporting import sources
from reporting.errors import SourceUnreadable
from reporting.sources import national
from reporting.vintages import Store

HEAD = "series,scheme,branch,measure,{time},value,unit"


@pytest.fixture
def take(tmp_path, declared):
    """Read lines under the header; further columns are appended to it."""

    def reading(*lines, more="", time="date_or_year"):
        path = tmp_path / "my.csv"
        head = HEAD.format(time=time) + (f",{more}" if more else "")
        path.write_text("\n".join([head, *lines]) + "\n", encoding="utf-8")
        return sources.read(path, declared)

    return reading


def flags(extracts):
    """Flag and note of each row."""
    return [(r.flag, r.note) for e in extracts for r in e.frame.itertuples()]


def test_the_example_of_the_readme(take):
    """The example in README.md is read: provisional is p, Belgium is meant, the key is made of its codes."""
    [extract] = take(
        "my_pensions,employees,cash_pension_private,benefits,2024,35000.5,MIO_EUR,provisional,"
        "My institution (2026-01-15),",
        more="status,source,note",
    )
    [row] = extract.frame.to_dict("records")
    assert row == {
        "dataset": "national", "key": "my_pensions.employees.cash_pension_private.benefits.MIO_EUR.BE", "geo": "BE",
        "time": "2024", "value": 35000.5, "flag": "p", "vintage": "2025-12-31",
        "source": "My institution (2026-01-15)", "note": "",
    }  # fmt: skip


@pytest.mark.parametrize("time", ["date_or_year", "time", "year"])
def test_the_three_names_of_time(time, take):
    """The column of times may have any of its three names, and hold years or days."""
    [extract] = take("a,b,c,days,2019,1,DAY", "a,b,c,days,2020-02-29,2,DAY", time=time)
    assert extract.frame["time"].tolist() == ["2019", "2020-02-29"]


@pytest.mark.parametrize(
    ("flag", "status", "read", "note"),
    [
        ("p", "", "p", "n"), ("e", "", "e", "n"), ("u", "", "u", "n"), ("bep", "", "bep", "n"),
        ("", "provisional", "p", "n"), ("p", "provisional", "p", "n"), ("e", "provisional", "ep", "n"),
        ("", "final", "", "n"), ("rounded", "", "", "n; rounded by the source"),
        ("converted", "provisional", "p", "n; converted to euro"), ("split", "", "", "n; digits split in the copy"),
    ],
)  # fmt: skip
def test_flags_stay_and_words_go_to_the_note(flag, status, read, note, take):
    """Letters are kept verbatim, a status becomes p once, and words of ours are no flags."""
    assert flags(take(f"a,b,c,days,2020,1,DAY,{flag},{status},n", more="flag,status,note")) == [(read, note)]


def test_a_forecast_does_not_date_its_source(take):
    """A source with figures of 2021 and forecasts to 2050 was known at the end of 2022."""
    [extract] = take("a,b,c,days,2021,1,DAY,", "a,b,c,days,2050,1,DAY,f", more="flag")
    assert extract.vintage == "2022-12-31"


def test_figures_of_this_year_are_not_dated_in_the_future(take):
    """An undated source of this year's figures is known today, not next year."""
    [extract] = take(f"a,b,c,days,{date.today().year},1,DAY")
    assert extract.vintage == date.today().isoformat()


@pytest.mark.parametrize(
    ("when", "vintage"), [("2015", "2015-12-31"), ("2024-02", "2024-02-29"), ("2016-03-21", "2016-03-21")]
)
def test_a_dated_source_is_its_own_vintage(when, vintage, take):
    """A year or a month stands for its last day; the date stays beside the source."""
    [extract] = take(f"a,b,c,days,2010,1,DAY,S,{when}", more="source,source_date")
    assert (extract.vintage, extract.frame["source"].tolist()) == (vintage, [f"S ({when})"])


def test_missing_and_confidential_values(take):
    """A colon and nothing are missing, never zero; a confidential value is not kept."""
    extracts = take("a,b,c,days,2010,,DAY,", "a,b,c,days,2011,:,DAY,", "a,b,c,days,2012,5,DAY,c", more="flag")
    [frame] = [e.frame for e in extracts]
    assert frame["value"].isna().all()
    assert frame["flag"].tolist() == ["", "", "c"]


def test_labels_become_codes(take):
    """Spaces and signs in a label cannot break a key; an empty scheme is all."""
    [extract] = take('"a.b, c",,old-age (65+),benefits,2010,1,MIO_EUR')
    assert extract.frame["key"].tolist() == ["a_b_c.all.old_age_65.benefits.MIO_EUR.BE"]


BAD = {
    "no number": ("a,b,c,days,2020,1.001.101,DAY", "line 2: value '1.001.101' is not a number"),
    "comma": ('a,b,c,days,2020,"1,5",DAY', "line 2: value '1,5' is not a number"),
    "endless": ("a,b,c,days,2020,1e999,DAY", "line 2: value '1e999' is not a number"),
    "nan": ("a,b,c,days,2020,nan,DAY", "line 2: value 'nan' is not a number"),
    "other digits": ("a,b,c,days,2020,١,DAY", "line 2: value '١' is not a number"),
    "no time": ("a,b,c,days,last year,1,DAY", "line 2: time 'last year' is neither a year nor a date"),
    "no such day": ("a,b,c,days,2023-02-29,1,DAY", "line 2: time '2023-02-29' is neither"),
    "month": ("a,b,c,days,2023-02,1,DAY", "line 2: time '2023-02' is neither"),
    "compact day": ("a,b,c,days,20230201,1,DAY", "line 2: time '20230201' is neither"),
    "measure": ("a,b,c,spending,2020,1,DAY", "line 2: measure 'spending' is none of receipt, benefit"),
    "no series": (",b,c,days,2020,1,DAY", "line 2: series '' is no name"),
    "no unit": ("a,b,c,days,2020,1,", "line 2: unit '' is no unit"),
    "short": ("a,b,c,days,2020,1", "line 2: 6 fields where the header has 7"),
    "long": ("a,b,c,days,2020,1,DAY,x", "line 2: 8 fields where the header has 7"),
    "twice": (
        "a,b,c,days,2020,1,DAY\na,b,c,days,2020,2,DAY",
        "line 3: value '2' is a second value for the same figure",
    ),
    "after a gap": ("\n\na,b,c,days,2020,x,DAY", "line 4: value 'x'"),
    "after a long cell": ('"a\nb",b,c,days,2020,1,DAY\na,b,c,days,2020,x,DAY', "line 4: value 'x'"),
    "open quote": ('"a,b,c,days,2020,1,DAY', "not a UTF-8 CSV file"),
    "nothing": ("", "no observations"),
}


@pytest.mark.parametrize("defect", BAD)
def test_a_bad_line_is_named(defect, take):
    """Each defect is refused with the file, the line and the cell."""
    lines, said = BAD[defect]
    with pytest.raises(SourceUnreadable) as caught:
        take(lines)
    assert "my.csv: " in str(caught.value)
    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("column", "cell"),
    [
        ("geo", "GR"), ("geo", "B.E"), ("flag", "x"), ("flag", "P"), ("flag", "p rounded"), ("status", "draft"),
        ("source_date", "2020-13"), ("source_date", "soon"),
    ],
)  # fmt: skip
def test_a_bad_cell_of_an_optional_column_is_named(column, cell, take):
    """Countries, flags, states and dates that do not exist are refused."""
    with pytest.raises(SourceUnreadable, match=f"line 2: {column} '{cell}' is n"):
        take(f"a,b,c,days,2020,1,DAY,{cell}", more=column)


def test_forecasts_alone_must_be_dated(take):
    """What only looks ahead does not tell when it was known."""
    with pytest.raises(SourceUnreadable, match="must date a source that holds only forecasts"):
        take("a,b,c,days,2050,1,DAY,f", more="flag")


@pytest.mark.parametrize(
    ("more", "said"),
    [("stauts", "unknown or repeated column stauts"), ("flag,flag", "column flag"), ("time,", "more than one column")],
)
def test_a_bad_header_is_named(more, said, take):
    """A misspelt or repeated column is refused, for a status must not get lost in it."""
    with pytest.raises(SourceUnreadable, match=f"line 1: .*{said}"):
        take("a,b,c,days,2020,1,DAY,p,p", more=more)


def test_a_missing_column_is_named(tmp_path, declared):
    """Without a column of times the header is refused."""
    path = tmp_path / "my.csv"
    path.write_text("series,scheme,branch,measure,value,unit\na,b,c,days,1,DAY\n")
    with pytest.raises(SourceUnreadable, match="no column date_or_year"):
        national.read(path.read_bytes(), path.name, declared)


def test_ten_faults_and_how_many_more(take):
    """A file of many faults is told in one short message."""
    with pytest.raises(SourceUnreadable, match=r"line 11: .* \(and 2 more\)$"):
        take(*["a,b,c,days,x,1,DAY,S" + str(n) for n in range(12)], more="source")


def test_what_is_not_utf8_is_refused(tmp_path, declared):
    """A file in the code page of Windows is refused, not read as other letters."""
    path = tmp_path / "my.csv"
    path.write_bytes((HEAD.format(time="year") + "\nd\xe9ficit,b,c,days,2020,1,DAY\n").encode("cp1252"))
    with pytest.raises(SourceUnreadable, match="not a UTF-8 CSV file"):
        sources.read(path, declared)


def test_a_byte_order_mark_does_no_harm(tmp_path, declared):
    """A file saved by a Windows editor, with its line ends, is read."""
    path = tmp_path / "my.csv"
    path.write_bytes(b"\xef\xbb\xbf" + HEAD.format(time="year").encode() + b"\r\na,b,c,days,2020,1,DAY\r\n")
    assert sources.read(path, declared)[0].frame["value"].tolist() == [1.0]


@pytest.fixture(scope="module")
def belgium(declared, tmp_path_factory):
    """A store with the itemised benefits of Belgium, each copy under its own date."""
    path = Path(__file__).parents[3] / "shared" / "data" / "belgium" / "national_series.csv"
    if not path.is_file():
        pytest.skip("the real data are not beside the project")
    store = Store(tmp_path_factory.mktemp("store"), embedded=None)
    for extract in sources.read(path, declared):
        frame = extract.frame[extract.frame["key"].str.startswith("nbb_nfgovisb.")]
        if not frame.empty:
            store.append(frame, manifest("national", extract.vintage, complete=False))
    return store


def test_the_four_copies_are_four_vintages(belgium):
    """The copies end in 2019, 2021, 2022 and 2023 and were known at the end of the years after."""
    known = [m.vintage for m, _ in belgium.manifests("national")]
    assert known == ["2020-12-31", "2022-12-31", "2023-12-31", "2024-12-31"]


def test_four_vintages_of_the_itemised_benefits(belgium):
    """Each undated copy of the Bank's table (to 2019, 2021, 2022, 2023) is known a year after it ends, as printed."""
    known = {
        day: belgium.read("national", day).set_index(["key", "time"])["value"]
        for day in ("2020-12-31", "2022-12-31", "2023-12-31", "2024-12-31")
    }
    total = [s["nbb_nfgovisb.all.total.benefits.MIO_EUR.BE", "2019"] for s in known.values()]
    assert total[:3] == [117056.0, 117109.6, 116595.4]
    assert [s["nbb_nfgovisb.all.total.benefits.MIO_EUR.BE", "2021"] for s in list(known.values())[1:3]] == [
        131625.4, 131049.5,
    ]  # fmt: skip
    care = [s["nbb_nfgovisb.all.in_kind_medical_care.benefits.MIO_EUR.BE", "2021"] for s in list(known.values())[1:3]]
    assert round(care[1] - care[0], 1) == -793.7
    assert known["2020-12-31"]["nbb_nfgovisb.all.in_kind_medical_care.benefits.MIO_EUR.BE", "2019"] == 31984.0


@pytest.mark.parametrize("day", ["2020-12-31", "2022-12-31", "2024-12-31"])
def test_the_itemised_benefits_add_up(day, belgium):
    """In every vintage the total is kind and cash, and kind is medical and other care, to the decimal."""
    frame = belgium.select("national", "nbb_nfgovisb.all..benefits.MIO_EUR.BE", day)
    frame["branch"] = frame["key"].str.split(".").str[2]
    for _, year in frame.groupby("time"):
        value = year.set_index("branch")["value"]
        assert value["total"] == pytest.approx(value["in_kind_total"] + value["cash_total"], abs=0.051)
        parts = value["in_kind_medical_care"] + value["in_kind_other"]
        assert value["in_kind_total"] == pytest.approx(parts, abs=0.051)


def test_the_last_year_of_the_newest_copy_is_provisional(belgium):
    """The Bank marks 2023 P in its newest copy."""
    frame = belgium.select("national", "nbb_nfgovisb.all.total.benefits.MIO_EUR.BE").set_index("time")
    assert (frame.at["2023", "flag"], frame.at["2022", "flag"]) == ("p", "")


def test_social_security_2011_adds_up(shared, declared):
    """The parts of the receipts of 2011 give 80,200, which is 800 less than the expenditure of 81,000."""
    [extract] = sources.read(shared / "belgium" / "fps_social_security_2011.csv", declared)[-1:]
    value = extract.frame.set_index(extract.frame["key"].str.split(".").str[0])["value"]
    parts = ("contributions", "state_subsidy", "alternative_financing", "other", "special_state_grant")
    receipts = [value[f"ss_receipts_{part}"] for part in parts]
    assert receipts == [50100, 7700, 16600, 4700, 1100]
    assert math.fsum(receipts) - value["ss_expenditure_total"] == value["ss_balance"] == -800
