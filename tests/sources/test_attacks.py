"""Files made to mislead a reader: each is refused, or read for what it says."""

from __future__ import annotations

import gzip
import io
import json
import math
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from reporting import sources
from reporting.declarations import Declarations
from reporting.errors import SourceUnreadable

HEADER = "DATAFLOW,LAST UPDATE,freq,spdeps,unit,geo,TIME_PERIOD,OBS_VALUE,OBS_FLAG"
START = "ESTAT:SPR_EXP_TYPE(1.0),01/02/26 11:00:00,A,TOTAL,MIO_EUR,BE,2024"


def read(tmp_path: Path, known: Declarations, content: str | bytes, dataset: str = "") -> Any:
    """The one frame of a file with this content."""
    path = tmp_path / "file"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return sources.read(path, known, dataset)[0].frame


def semicolons(value: str, flag: str = "") -> str:
    """A file with semicolons and one value."""
    return (
        f"{HEADER}\n{START},{value},{flag}\n".replace(",", ";")
        if "," not in value
        else (f"{HEADER.replace(',', ';')}\n{START.replace(',', ';')};{value};{flag}\n")
    )


def test_flags_beside_a_value_and_in_their_column_are_joined(tmp_path: Path, known: Declarations) -> None:
    """A confidential mark beside the value blanks it, whatever the flag column says."""
    row = read(tmp_path, known, f"{HEADER}\n{START},5 c,p\n").iloc[0]
    assert math.isnan(row["value"]) and set(row["flag"]) == {"c", "p"}
    assert set(read(tmp_path, known, f"{HEADER}\n{START},6 b,p\n").iloc[0]["flag"]) == {"b", "p"}


@pytest.mark.parametrize("value", ["1,234", "35.000", "-1.234.567"])
def test_a_mark_that_may_be_either_is_refused(tmp_path: Path, known: Declarations, value: str) -> None:
    """Where nothing tells decimals from thousands, the reader says so and does not choose."""
    with pytest.raises(SourceUnreadable, match="may be a decimal number or thousands"):
        read(tmp_path, known, semicolons(value))


@pytest.mark.parametrize(("value", "number"), [("1,5", 1.5), ("1.234,5", 1234.5), ("0,345", 0.345), ("1234.5", 1234.5)])
def test_a_mark_that_can_be_only_one_thing_is_read(
    tmp_path: Path, known: Declarations, value: str, number: float
) -> None:
    """Decimals are told by their places or by a second mark."""
    assert read(tmp_path, known, semicolons(value)).iloc[0]["value"] == number


def test_a_group_of_thousands_does_not_begin_with_zero(tmp_path: Path, known: Declarations) -> None:
    """``0,345`` between quotes is not 345."""
    with pytest.raises(SourceUnreadable, match="0,345"):
        read(tmp_path, known, f'{HEADER}\n{START},"0,345",\n')


def jsonstat(index: Any, values: str = "[1.0, 2.0]") -> str:
    """A dataset of two countries."""
    one = {code: {"category": {"index": {label: 0}}} for code, label in
           (("freq", "A"), ("spdeps", "TOTAL"), ("unit", "MIO_EUR"), ("time", "2024"))}  # fmt: skip
    dimension = {**one, "geo": {"category": {"index": index}}}
    ids = ["freq", "spdeps", "unit", "geo", "time"]
    body = {"version": "2.0", "class": "dataset", "id": ids, "size": [1, 1, 1, 2, 1], "dimension": dimension,
            "extension": {"id": "SPR_EXP_TYPE"}}  # fmt: skip
    return json.dumps(body)[:-1] + f', "value": {values}}}'


@pytest.mark.parametrize(
    "index", [{"FR": 1.0, "BE": 0.0}, {"FR": "1", "BE": "0"}, {"FR": 0, "BE": 0}, {"FR": 2, "BE": 0}]
)
def test_positions_that_are_none_are_refused(tmp_path: Path, known: Declarations, index: Any) -> None:
    """Belgium never gets France's figures: positions must be 0, 1, 2 and so on."""
    with pytest.raises(SourceUnreadable, match="positions"):
        read(tmp_path, known, jsonstat(index))


def test_positions_decide_not_the_order_of_writing(tmp_path: Path, known: Declarations) -> None:
    """Codes written out of order get the values of their positions."""
    frame = read(tmp_path, known, jsonstat({"FR": 1, "BE": 0})).set_index("geo")
    assert (frame.at["BE", "value"], frame.at["FR", "value"]) == (1.0, 2.0)


@pytest.mark.parametrize("values", ['{"0": 1, "0": 2}', '{"0": 1, "00": 2}'])
def test_two_entries_for_one_position_are_refused(tmp_path: Path, known: Declarations, values: str) -> None:
    """Of two values for one cell neither is chosen."""
    with pytest.raises(SourceUnreadable, match="twice|two entries"):
        read(tmp_path, known, jsonstat({"BE": 0, "FR": 1}, values))


@pytest.mark.parametrize("content", [b"\xef\xbb\xbf", b"[" * 200_000, gzip.compress(b"", mtime=0)])
def test_nothing_and_no_end_are_refused(tmp_path: Path, known: Declarations, content: bytes) -> None:
    """A file of a byte-order mark alone, an empty one in gzip, and one nested without end are messages."""
    with pytest.raises(SourceUnreadable):
        read(tmp_path, known, content)


def test_a_row_below_an_empty_one_is_not_lost(tmp_path: Path, known: Declarations) -> None:
    """In a workbook with one period, a country below an empty row is refused, not dropped."""
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "Sheet 1"
    for row in (["Data extracted on 29/01/2026 17:01:05 from [ESTAT]"],
                ["Dataset: ", "Expenditure [spr_exp_type]"], ["Last updated: ", "21/01/2026 23:00"], [],
                ["Time frequency", None, "Annual"], ["Main expenditure type", None, "Total"],
                ["Unit of measure", None, "Million euro"], [],
                ["TIME", "2023"], ["GEO (Labels)", ""], ["Belgium", 2], [], ["France", 3]):  # fmt: skip
        sheet.append(row)
    out = io.BytesIO()
    book.save(out)
    with pytest.raises(SourceUnreadable, match="data below an empty row"):
        read(tmp_path, known, out.getvalue())
