"""Files that cannot be read are refused with what, where and the remedy."""

from pathlib import Path

import pytest

from reporting import errors, sources

BROKEN = Path(__file__).parents[1] / "broken"

DEFECTS = {
    "empty": ("SourceUnreadable", "empty"),
    "no_observations": ("SourceUnreadable", "no observations"),
    "html": ("SourceUnreadable", "HTML"),
    "truncated_csv": ("SourceUnreadable", "line 3"),
    "truncated_json": ("SourceUnreadable", "line 1, column"),
    "truncated_gzip": ("SourceUnreadable", "gzip"),
    "truncated_workbook": ("SourceUnreadable", "workbook"),
    "wrong_encoding": ("SourceUnreadable", "line 2: not UTF-8"),
    "utf16": ("SourceUnreadable", "UTF-16"),
    "mojibake": ("SourceChanged", "geo.csv"),
    "two_values": ("SourceUnreadable", "line 4: a second value for A.TOTAL.MIO_EUR.BE in 2023; the first is at line 2"),
    "unknown_label": ("SourceChanged", "line 3: 'Freedonia'"),
    "undeclared_dataset": ("UsageError", "apro_mk_cola is not declared"),
    "no_dataset": ("UsageError", "name the dataset"),
    "two_datasets": ("SourceUnreadable", "line 3"),
    "missing_dimension": ("SourceChanged", "no column for spdeps"),
    "unknown_dimension": ("SourceChanged", "unexpected column spdepm"),
    "not_a_number": ("SourceUnreadable", "line 3: 'n/a' is not a number"),
    "unknown_flag": ("SourceUnreadable", "line 2: 'x' is not a known flag"),
    "bad_period": ("SourceUnreadable", "line 2: 'last year'"),
    "bad_date": ("SourceUnreadable", "31/31/25"),
    "deletion": ("SourceUnreadable", "line 2: action 'D'"),
    "unclosed_quote": ("SourceUnreadable", "line 3"),
    "column_twice": ("SourceUnreadable", "geo is there twice"),
    "unknown_layout": ("SourceUnreadable", "line 1: the headers (name, amount"),
    "error_answer": ("SourceUnavailable", "404 100 ERR_NOT_FOUND_4"),
    "queued_json": ("SourceUnavailable", "queued"),
    "queued_xml": ("SourceUnavailable", "SUBMITTED"),
    "not_jsonstat": ("SourceUnreadable", "not JSON-stat"),
    "sizes_disagree": ("SourceUnreadable", "geo: 1 codes where the size is 2"),
    "binary": ("SourceUnreadable", "zero bytes"),
    "old_excel": ("SourceUnreadable", "xlsx"),
}


@pytest.mark.parametrize("defect", DEFECTS)
def test_defect_is_named(defect, declared):
    """Each defect gives its error, which names the file and the place."""
    kind, words = DEFECTS[defect]
    [path] = (BROKEN / defect).iterdir()
    with pytest.raises(getattr(errors, kind)) as caught:
        sources.read(path, declared)
    assert type(caught.value).__name__ == kind
    assert words in str(caught.value)
    assert path.name in str(caught.value)


def test_file_that_is_not_there(declared, tmp_path):
    """A missing file and a folder are wrong use, not a fault of a source."""
    for path in (tmp_path / "absent.csv", tmp_path):
        with pytest.raises(errors.UsageError, match="no such file"):
            sources.read(path, declared)


@pytest.mark.parametrize("cut", [50, 500, 1000, 3000])
def test_any_cut_of_an_answer_is_noticed(cut, declared, shared, tmp_path):
    """A JSON answer cut anywhere is refused, never read as fewer observations."""
    whole = (shared / "esspros" / "spr_exp_func_BE_2023_2024.jsonstat.json").read_bytes()
    path = tmp_path / "spr_exp_func.json"
    path.write_bytes(whole[:cut])
    with pytest.raises(errors.SourceUnreadable):
        sources.read(path, declared)
