"""The fast reader of SDMX-CSV: equal to the general one, and to what was written."""

from __future__ import annotations

import math
import struct
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mutations import damaged

from reporting import sources
from reporting.declarations import Declarations
from reporting.errors import ReportingError, SourceChanged, SourceUnreadable
from reporting.sources import intake, sdmx_csv
from reporting.sources.coded import Coded, together
from reporting.vintages import Store

HEADER = (
    "DATAFLOW",
    "LAST UPDATE",
    "freq",
    "spdeps",
    "unit",
    "geo",
    "TIME_PERIOD",
    "OBS_VALUE",
    "OBS_FLAG",
    "CONF_STATUS",
)
LINE = ("ESTAT:SPR_EXP_TYPE(1.0)", "30/10/25 23:00:00", "A", "TOTAL", "MIO_EUR", "BE", "2022", "1.5", "", "")
REAL = ("esspros/spr_exp_type.sdmx-csv-2.0.csv", "silc/ilc_peps01n.sdmx-csv-1.0-labels.csv",
        "silc/tespm010.sdmx-csv-2.0.csv")  # fmt: skip


def text(*lines: tuple[str, ...], end: str = "\r\n") -> bytes:
    """Lines of cells as a file."""
    return end.join([*map(",".join, lines), ""]).encode()


def line(**cells: str) -> tuple[str, ...]:
    """A line with some cells other than usual."""
    return tuple(cells.get(name, usual) for name, usual in zip(HEADER, LINE, strict=True))


def outcome(content: bytes, known: Declarations) -> Any:
    """All that reading gives, values to the bit; or the error and its message."""
    try:
        [extract] = sources.parse(content, "spr_exp_type.csv", known)
    except ReportingError as error:
        return type(error).__name__, str(error)
    columns = {name: [str(cell) for cell in extract.frame[name]] for name in extract.frame if name != "value"}
    bits = [struct.pack("<d", value) for value in extract.frame["value"]]
    return (
        extract.dataset,
        extract.vintage,
        extract.structure,
        extract.warnings,
        columns,
        bits,
        list(extract.frame.dtypes),
    )


def both_ways(content: bytes, known: Declarations) -> tuple[Any, Any]:
    """What is read with the fast reader and without it."""
    fast = outcome(content, known)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sdmx_csv, "read", lambda received: None)
        return fast, outcome(content, known)


NUMBERS = st.floats(allow_nan=False, allow_infinity=False).map(repr) | st.decimals(
    -(10**15), 10**15, allow_nan=False, allow_infinity=False
).map(lambda number: f"{number:f}")
MISSING = st.sampled_from(["", ":"])
WRITTEN = st.fixed_dictionaries(
    {"freq": st.sampled_from(["A", "Annual", "A: Annual"]), "spdeps": st.sampled_from(["TOTAL", "OTH", "ADM"]),
     "unit": st.sampled_from(["MIO_EUR", "EUR_HAB"]), "geo": st.sampled_from(["BE", "FR", "Türkiye", '"TR"']),
     "OBS_VALUE": NUMBERS | MISSING, "OBS_FLAG": st.sampled_from(["", "p", "bep", "c", "b(1)", "e|C"]),
     "CONF_STATUS": st.sampled_from(["", "", "F", "C"])}
)  # fmt: skip
CODES = {"Annual": "A", "A: Annual": "A", "Türkiye": "TR", '"TR"': "TR"}


@settings(max_examples=60, deadline=None)
@given(st.lists(WRITTEN, min_size=1, max_size=30), st.permutations(HEADER[1:]), st.sampled_from(["\n", "\r\n", "\r"]))
def test_what_was_written_is_read(
    declared: Declarations, rows: list[dict[str, str]], order: list[str], end: str
) -> None:
    """Any order of columns and line ends gives the keys, values and flags that were written, in order."""
    lines = [line(TIME_PERIOD=str(1980 + number), **row) for number, row in enumerate(rows)]
    header = [HEADER[0], *order]
    content = text(
        tuple(header), *(tuple(dict(zip(HEADER, cells, strict=True))[n] for n in header) for cells in lines), end=end
    )
    assert sdmx_csv.read(content) is not None
    frame = sources.parse(content, "any.csv", declared)[0].frame
    for number, (row, (_, got)) in enumerate(zip(rows, frame.iterrows(), strict=True)):
        codes = [CODES.get(row[name], row[name]) for name in ("freq", "spdeps", "unit", "geo")]
        assert (got["key"], got["geo"], got["time"]) == (".".join(codes), codes[-1], str(1980 + number))
        hidden = "c" in row["OBS_FLAG"].lower() or row["CONF_STATUS"] == "C"
        assert ("c" in got["flag"]) == hidden
        assert set(got["flag"]) - {"c"} == set(row["OBS_FLAG"]) & set("bep")
        if hidden or row["OBS_VALUE"] in ("", ":"):
            assert math.isnan(got["value"])
        else:
            assert got["value"] == float(row["OBS_VALUE"])
    fast, general = both_ways(content, declared)
    assert fast == general


@pytest.mark.parametrize("name", REAL)
def test_real_files_are_read_alike(name: str, declared: Declarations, shared: Any) -> None:
    """Eurostat's own files take the fast way, and give what the general reader gives."""
    content = (shared / name).read_bytes()
    assert sdmx_csv.read(content) is not None
    fast, general = both_ways(content, declared)
    assert fast == general
    assert len(fast[5]) == content.count(b"\n") - 1


ODD_VALUES = ("1.", "5.e3", "nan", "inf", "1e400", "+7", ".5", "007", "8 p", ": c", '"1,234.5"', "\u22125", "#N/A",
              "1_0", "0x10", " 8 ", "2E3", "much")  # fmt: skip


@pytest.mark.parametrize("value", ODD_VALUES)
def test_an_odd_value_is_read_or_refused_alike(value: str, declared: Declarations) -> None:
    """What Arrow takes for a number, and what is more than a number, is decided by the one rule."""
    content = text(HEADER, line(), line(TIME_PERIOD="2023", OBS_VALUE=value))
    fast, general = both_ways(content, declared)
    assert fast == general


def test_damaged_files_are_read_alike_or_refused_alike(declared: Declarations) -> None:
    """Damage gives one and the same table or message with and without the fast reader, never another exception."""
    wholes = [
        text(HEADER, *(line(TIME_PERIOD=str(year), OBS_FLAG="p" if year % 3 else "") for year in range(2000, 2012))),
        text(HEADER, *(line(TIME_PERIOD=str(year), geo='"Bel""gium, the"') for year in range(2000, 2004)), end="\n"),
        b"\xef\xbb\xbf" + text(HEADER, *(line(geo=geo, OBS_VALUE='"1.5"') for geo in ("BE", "FR", "DE"))),
    ]
    for content in damaged(wholes, seed=1):
        fast, general = both_ways(content, declared)
        assert fast == general, content


def test_damaged_real_files_are_read_alike(declared: Declarations, shared: Any) -> None:
    """The same for pieces of Eurostat's files."""
    wholes = [b"".join((shared / name).read_bytes().splitlines(keepends=True)[:25]) for name in REAL]
    for content in damaged(wholes, seed=2):
        fast, general = both_ways(content, declared)
        assert fast == general, content


def test_quotes_around_cells_take_the_fast_way() -> None:
    """Commas and doubled quotes inside quoted cells are no reason to be slow; a stray quote is."""
    header = ("STRUCTURE", "STRUCTURE_ID", "geo: Geo", "TIME_PERIOD", "OBS_VALUE")
    table = sdmx_csv.read(text(header, ("dataflow", "ESTAT:X(1.0)", '"BE: the ""Kingdom"", of"', "2023", '"1"')))
    assert table is not None
    assert table.cells["geo"].tolist() == ['BE: the "Kingdom", of']
    assert sdmx_csv.read(text(header, ("dataflow", "ESTAT:X(1.0)", 'B"E', "2023", "1"))) is None


def test_a_second_value_names_both_lines(declared: Declarations) -> None:
    """Of two values for one observation neither is chosen, whatever its spelling."""
    content = text(HEADER, line(), line(TIME_PERIOD="2023"), line(geo="Belgium", OBS_VALUE="2"))
    with pytest.raises(SourceUnreadable, match=r"line 4: a second value .* first is at line 2"):
        sources.parse(content, "any.csv", declared)


def test_an_unknown_flag_is_kept_with_a_warning(declared: Declarations) -> None:
    """A new flag of the provider loses no dataset: it is kept verbatim and named once, with count and line."""
    content = text(HEADER, line(), *(line(TIME_PERIOD=str(year), OBS_FLAG="x") for year in (2023, 2024)))
    [extract] = sources.parse(content, "any.csv", declared)
    assert extract.frame["flag"].tolist() == ["", "x", "x"]
    assert extract.warnings == ("the flag 'x' is in no list and was kept as it is: 2 times, first at line 3",)


@pytest.mark.parametrize("flag", ["unknown", "a b", "\x07", "pro\tv"])
def test_a_flag_that_is_no_token_is_refused(flag: str, declared: Declarations) -> None:
    """Only a short token can be a flag."""
    with pytest.raises(SourceUnreadable, match="line 2: .* is not a known flag"):
        sources.parse(text(HEADER, line(OBS_FLAG=flag)), "any.csv", declared)


@pytest.mark.parametrize("flag", ["C", "xc", "Cx"])
def test_an_unknown_flag_that_may_say_confidential_hides_the_value(flag: str, declared: Declarations) -> None:
    """In doubt a value is not shown."""
    frame = sources.parse(text(HEADER, line(OBS_FLAG=flag)), "any.csv", declared)[0].frame
    assert math.isnan(frame.at[0, "value"]) and "c" in frame.at[0, "flag"]


def test_an_attribute_behind_the_value_is_left_with_a_warning(declared: Declarations) -> None:
    """A new attribute loses no dataset; a new column before the value may be a dimension and is refused."""
    content = text((*HEADER, "OBS_COMMENT"), (*line(), "revised in May"))
    [extract] = sources.parse(content, "any.csv", declared)
    assert len(extract.frame) == 1 and "OBS_COMMENT" in extract.warnings[0]
    with pytest.raises(SourceChanged, match="unexpected column quantile"):
        sources.parse(text(("DATAFLOW", "quantile", *HEADER[1:]), (LINE[0], "Q1", *LINE[1:])), "any.csv", declared)


@pytest.mark.parametrize(("name", "cell"), [("C0NF_STATUS", "C"), ("OBS_FLAGS2", "x"), ("UNIT_MULT", "6")])
def test_an_attribute_that_changes_the_figures_is_not_left(name: str, cell: str, declared: Declarations) -> None:
    """What may tell a flag, confidentiality or a multiplier is refused, not overlooked."""
    with pytest.raises(SourceChanged, match=f"unexpected column {name}"):
        sources.parse(text((*HEADER, name), (*line(), cell)), "any.csv", declared)


def test_statuses_of_the_standard_become_flags(declared: Declarations) -> None:
    """``OBS_STATUS`` has capital letters, with A for normal."""
    header = tuple("OBS_STATUS" if name == "OBS_FLAG" else name for name in HEADER)
    lines = [line(TIME_PERIOD=year, OBS_FLAG=status) for year, status in (("2022", "A"), ("2023", "P"), ("2024", "Q"))]
    [extract] = sources.parse(text(header, *lines), "any.csv", declared)
    assert extract.frame["flag"].tolist() == ["", "p", "Q"]
    assert "'Q'" in extract.warnings[0]


def test_combinations_beyond_64_bits_stay_apart() -> None:
    """Many dimensions with many codes give each combination a number of its own."""
    chance = np.random.default_rng(1)
    columns = [Coded(chance.integers(0, 1000, 2000), range(1000)) for _ in range(9)]
    combined = together(columns)
    rows = list(zip(*(column.which.tolist() for column in columns), strict=True))
    assert [combined.distinct[position] for position in combined.which] == rows
    assert combined.distinct == list(dict.fromkeys(rows))


def test_a_warning_stays_with_the_vintage(tmp_path: Any, declared: Declarations) -> None:
    """What a reader met and kept is said in the manifest."""
    path = tmp_path / "any.csv"
    path.write_bytes(text(HEADER, line(OBS_FLAG="x")))
    [manifest] = intake.take(Store(tmp_path / "store", embedded=None), declared, path)
    assert "the flag 'x' is in no list" in manifest.note
