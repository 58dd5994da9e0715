"""Where two files first differ, each kind in its own way."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest
import typst

from reporting.errors import SourceUnreadable
from reporting.publications.differences import Difference, first

CLOSE = 0.1 + 0.2  # 0.30000000000000004


def files(folder: Path, suffix: str, old: str, new: str) -> tuple[Path, Path]:
    """Two files of one kind."""
    paths = folder / f"old{suffix}", folder / f"new{suffix}"
    for path, text in zip(paths, (old, new), strict=True):
        path.write_text(text, encoding="utf-8")
    return paths


@pytest.mark.parametrize(
    ("suffix", "old", "new"),
    [
        (".csv", "a,b\nx,0.3\n", f"a,b\nx,{CLOSE!r}\n"),
        (".json", '{"v": [0.3, "t"]}', json.dumps({"v": [CLOSE, "t"]}, indent=4)),
        (".ipynb", '{"v": 0.3}', f'{{"v": {CLOSE!r}}}'),
        (".svg", '<path d="M 0.3 1"/>', f'<path d="M {CLOSE!r} 1"/>'),
        (".html", "<html><p>One  text</p></html>", '<html><p class="x">One text</p></html>'),
        (".css", "a {}\n", "a {}"),
    ],
)
def test_what_a_reader_cannot_tell_apart_is_no_difference(tmp_path: Path, suffix: str, old: str, new: str) -> None:
    """Other bytes, but the same texts, and numbers within the tolerance."""
    assert first(*files(tmp_path, suffix, old, new), 1e-9) is None


@pytest.mark.parametrize(
    ("suffix", "old", "new", "found"),
    [
        (".csv", "a,b\nx,1\ny,2\n", "a,b\nx,1\ny,2.1\n", Difference("line 3, b", "2", "2.1")),
        (".csv", "a,b\nx,1\n", "a,b\n", Difference("line 2, a", "x", "(nothing)")),
        (".csv", "a,b\n", "a,c\n", Difference("head 2", "b", "c")),
        (".json", '{"v": [1, 2]}', '{"v": [1, 3]}', Difference("/v/2", "2", "3")),
        (".ipynb", '{"s": "a\\nb"}', '{"s": "a\\nc"}', Difference("/s", "b", "c")),
        (".svg", "<g/>\n<a x='1.5'/>", "<g/>\n<a x='1.6'/>", Difference("line 2", "1.5", "1.6")),
        (".html", "<html><p>10,0 %</p></html>", "<html><p>10,1 %</p></html>",
         Difference("text line 1", "10,0 %", "10,1 %")),
        (".qmd", "a\nb\n", "a\nb\nc\n", Difference("line 3", "(nothing)", "c")),
    ],
)  # fmt: skip
def test_the_first_difference_is_told_with_its_place(
    tmp_path: Path, suffix: str, old: str, new: str, found: Difference
) -> None:
    """Where, what was recorded, what was rebuilt."""
    assert first(*files(tmp_path, suffix, old, new), 1e-9) == found


def test_the_tolerance_is_relative(tmp_path: Path) -> None:
    """A millionth of a million is within 1e-6 and not within 1e-7."""
    paths = files(tmp_path, ".csv", "v\n1000000\n", "v\n1000000.9\n")
    assert first(*paths, 1e-6) is None
    assert first(*paths, 1e-7) == Difference("line 2, v", "1000000", "1000000.9")


def test_workbooks_are_compared_cell_by_cell(tmp_path: Path) -> None:
    """A number in a sheet that moved is named with sheet, row and column; one within the tolerance is not."""
    paths = [tmp_path / f"{name}.xlsx" for name in ("old", "close", "new")]
    for path, value in zip(paths, (0.3, CLOSE, 0.4), strict=True):
        pd.DataFrame({"year": ["2023"], "value": [value]}).to_excel(path, sheet_name="T", index=False)
    assert first(paths[0], paths[1], 1e-9) is None
    assert first(paths[0], paths[2], 1e-9) == Difference("sheet T, row 2, column 2", "0.3", "0.4")


def test_pdf_is_compared_by_its_text(tmp_path: Path) -> None:
    """Another look is no difference, another word is, with page and line."""
    paths = [tmp_path / f"{name}.pdf" for name in ("old", "look", "new")]
    sources = ("One #pagebreak() Two", "One #pagebreak() #strong[Two]", "One #pagebreak() Three")
    for path, source in zip(paths, sources, strict=True):
        typst.compile(source.encode(), output=path)
    assert paths[0].read_bytes() != paths[1].read_bytes()
    assert first(paths[0], paths[1], 1e-9) is None
    assert first(paths[0], paths[2], 1e-9) == Difference("page 2, line 1", "Two", "Three")


@pytest.mark.parametrize("suffix", [".json", ".xlsx", ".pdf", ".html"])
def test_a_file_that_is_not_what_its_name_says_is_named(tmp_path: Path, suffix: str) -> None:
    """A broken file is a message with its path, not a traceback."""
    with pytest.raises(SourceUnreadable, match=r"old\..*: cannot be compared"):
        first(*files(tmp_path, suffix, "", ""), 1e-9)
