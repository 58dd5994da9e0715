"""JSON-stat 2.0."""

import json

import pytest

from reporting import sources
from reporting.errors import SourceChanged


def specimen(**changes):
    """An answer with two countries and two years."""

    def dimension(*codes):
        return {"category": {"index": {code: place for place, code in enumerate(codes)}}}

    content = {
        "version": "2.0",
        "class": "dataset",
        "updated": "2026-08-19T23:00:00+0200",
        "id": ["freq", "spdeps", "unit", "geo", "time"],
        "size": [1, 1, 1, 2, 2],
        "dimension": {
            "freq": dimension("A"),
            "spdeps": dimension("TOTAL"),
            "unit": dimension("MIO_EUR"),
            "geo": dimension("BE", "BG"),
            "time": dimension("2022", "2023"),
        },
        "value": {"0": 1.5, "3": 4},
        "status": {"3": "e"},
        "extension": {"id": "SPR_EXP_TYPE", "datastructure": {"id": "SPR_EXP_TYPE", "version": "23.0"}},
    }
    return json.dumps(content | changes)


def test_sparse_values(read, rows):
    """Only the cells given are observations; date and structure are the provider's."""
    extract = read(specimen(), "x.json")
    assert rows(extract.frame) == [("A.TOTAL.MIO_EUR.BE", "2022", 1.5, ""), ("A.TOTAL.MIO_EUR.BG", "2023", 4.0, "e")]
    assert (extract.vintage, extract.structure) == ("2026-08-19", "SPR_EXP_TYPE(23.0)")


def test_list_of_values_and_status_without_value(read, rows):
    """A list gives every cell; an explicit null is missing."""
    extract = read(specimen(value=[1, None, 3, 4], status={"1": "c"}), "x.json")
    assert [(value, flag) for *_, value, flag in rows(extract.frame)] == [(1, ""), (None, "c"), (3, ""), (4, "")]


def test_status_without_a_value_is_a_missing_observation(read, rows):
    """A flag where no value is given makes a missing observation with that flag."""
    assert rows(read(specimen(value={}, status={"2": "u"}), "x.json").frame) == [
        ("A.TOTAL.MIO_EUR.BG", "2022", None, "u")
    ]


def test_confidential_status(read, rows):
    """The status e|C hides the value and keeps both flags."""
    extract = read(specimen(status={"0": "|C", "3": "e|C"}), "x.json")
    assert [(value, flag) for *_, value, flag in rows(extract.frame)] == [(None, "c"), (None, "ec")]


def test_order_of_dimensions_is_free(read, rows):
    """The key follows the declaration, not the answer."""
    content = json.loads(specimen(value={"1": 7}, status={}))
    content |= {"id": ["time", "geo", "freq", "unit", "spdeps"], "size": [2, 2, 1, 1, 1]}
    assert rows(read(json.dumps(content), "x.json").frame) == [("A.TOTAL.MIO_EUR.BG", "2022", 7.0, "")]


def test_index_may_be_a_list_or_absent(read, rows):
    """Categories in a list, or a single one with only a label, are understood."""
    content = json.loads(specimen())
    content["dimension"]["geo"]["category"] = {"index": ["BE", "BG"]}
    content["dimension"]["freq"]["category"] = {"label": {"A": "Annual"}}
    assert len(rows(read(json.dumps(content), "x.json").frame)) == 2


def test_real_benefits(declared, shared):
    """Belgium's eight functions and their total, 2024 flagged as estimated."""
    [extract] = sources.read(shared / "esspros" / "spr_exp_func_BE_2023_2024.jsonstat.json", declared)
    frame = extract.frame.set_index(["key", "time"])
    assert len(frame) == 18
    assert frame.at[("A.SPR.TOTAL.MIO_EUR.BE", "2023"), "value"] == 165806.45
    assert set(extract.frame.loc[extract.frame["time"] == "2024", "flag"]) == {"e"}


def test_changed_structure_is_named(declared, shared):
    """The new structure of ilc_li02 is refused under the old declaration and read under its own."""
    path = shared / "silc" / "ilc_li02_2024_new_structure.jsonstat.json"
    with pytest.raises(SourceChanged, match="statinfo, rskpovth instead of indic_il"):
        sources.read(path, declared)
    [extract] = sources.read(path, declared, "ilc_li02_2026")
    frame = extract.frame.set_index("key")
    assert frame.at["A.MED_EI.PC.B_60.T.TOTAL.BE", "value"] == 11.4
