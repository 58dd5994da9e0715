"""The package's own JSON read back: every cell again, and what is wrong in it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from conftest import Read  # type: ignore[import-not-found]

from reporting.cli.missoc import record
from reporting.missoc import cells
from reporting.vintages import Store

CELL: dict[str, Any] = {"edition": "2026-01-01", "geo": "BE", "table": "VI", "category": "formula", "lang": "en",
                        "text": "60 %."}  # fmt: skip


@pytest.mark.parametrize("wrapped", [False, True])
def test_what_is_printed_is_read_again(read: Read, filled: Store, wrapped: bool) -> None:
    """All cells of three languages and two editions, those of categories that are not declared too."""
    known = cells.known(filled)
    printed: Any = [record(cell) for cell in known]
    reading = read(json.dumps({"cells": printed} if wrapped else printed), "cells.json", "")
    assert list(reading.cells) == known
    assert not reading.doubts


@pytest.mark.parametrize(
    ("change", "said"),
    [({"geo": "XX"}, "no geo"), ({"table": "XIX"}, "no table"), ({"category": ""}, "no category"),
     ({"text": 5}, "text is no text"), ({"lang": "nl"}, "language 'nl'"), ({"sha256": "0" * 64}, "its checksum")],
)  # fmt: skip
def test_what_is_wrong_in_a_cell_is_said(read: Read, change: dict[str, Any], said: str) -> None:
    """With its number and its words; the other cells are read."""
    reading = read(json.dumps([CELL, {**CELL, "geo": "FR", **change}]), "cells.json")
    assert reading.cells[0].text == "60 %."
    assert [doubt.place for doubt in reading.doubts if said in doubt.what] == ["cells.json, cell 2"]


@pytest.mark.parametrize("content", ['[{"geo": "BE"', '{"cells": 5}', "[" * 100_000, '[5, "x", null]', "{}"])
def test_what_is_no_list_of_cells(read: Read, content: str) -> None:
    """Half a file, another content or endless nesting gives an error and no cell."""
    reading = read(content, "cells.json")
    assert not reading.cells
    assert any(doubt.severity == "error" for doubt in reading.doubts)
