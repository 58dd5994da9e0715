"""Estimates from synthetic microdata on a page: labelled as such, suppressed where they must be, no record anywhere."""

from __future__ import annotations

import json
import math
import re
from pathlib import Path
from typing import Any

import pytest

from reporting import page as pages
from reporting import surveyed
from reporting.declarations import Declarations
from reporting.labels import Words
from reporting.page import Page
from reporting.silc import generate

ROOT = Path(__file__).resolve().parents[1]
HOW = {"households": 1500, "psus": 3, "per_psu": 8, "year": 2025, "seed": 3}


@pytest.fixture(scope="module")
def survey(known: Declarations) -> surveyed.Synthetic:
    """A small synthetic survey, by sex and region."""
    return surveyed.synthetic(known, by=("sex", "region", "hhtyp"), **HOW)


@pytest.mark.parametrize(("lang", "said"), [("en", "synthetic"), ("fr", "synthétiques"), ("nl", "synthetisch")])
def test_every_table_says_that_it_is_synthetic(
    known: Declarations, survey: surveyed.Synthetic, lang: str, said: str
) -> None:
    """In the notes and in the source, in the reader's language."""
    words = Words(known, lang)
    table = surveyed.table("x", "X", survey, words, ["arop"], "sex")
    assert said in " ".join(table.notes).lower() and said in table.sources[0].lower()
    assert not words.missing
    figure = surveyed.figure("x", "X", survey, words, ["arop"], "sex")
    assert figure is not None and said in " ".join(figure.below).lower()


def test_values_and_errors_are_those_of_the_estimates(known: Declarations, survey: surveyed.Synthetic) -> None:
    """Rows in the order asked for, values raw in the cells and in the tidy twin."""
    table = surveyed.table("x", "X", survey, Words(known, "en"), ["gini", "arop"])
    by_name = {e.indicator: e for e in survey.found if e.by == "total"}
    expected = [(by_name[n].value, by_name[n].se, by_name[n].n) for n in ("gini", "arop")]
    assert [(r.cells[0].value, r.cells[1].value, r.cells[4].value) for r in table.rows] == expected
    assert [record["value"] for record in table.tidy] == [value for value, *_ in expected]


def test_what_may_not_be_published_is_nowhere(known: Declarations, survey: surveyed.Synthetic) -> None:
    """Hidden cells have a flag, a colon and a count, and neither value nor error in any rendering."""
    shown = {e.category: e for e in survey.of(["arop"], "hhtyp")}
    hidden = [e for e in shown.values() if e.hidden]
    assert hidden and len(hidden) < len(shown)
    table = surveyed.table("x", "X", survey, Words(known, "en"), ["arop"], "hhtyp")
    for row, record in zip(table.rows, table.tidy, strict=True):
        if str(record["flag"]).startswith(":"):
            assert [cell.value for cell in row.cells[:4]] == [None] * 4 and row.cells[0].text == ":"
            assert record["value"] is None and record["note"] == ""
    assert {letter for letter, _ in table.flags} >= {"u"}


def test_a_notebook_holds_no_record(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Canaries planted in the generated incomes appear in nothing that is displayed or drawn."""
    shown: list[Any] = []
    monkeypatch.setattr(pages, "display", shown.append)
    monkeypatch.setenv("REPORTING_HOME", str(ROOT))
    monkeypatch.chdir(tmp_path)
    canaries = ("31415.93", "27182.82")
    honest = generate.sample

    def planted(*arguments: Any, **more: Any) -> generate.Files:
        files = honest(*arguments, **more)
        h = files.h.copy()
        h.loc[0, "HY020"], h.loc[1, "HY020"] = (float(c) for c in canaries)
        return generate.Files(files.d, files.r, h, files.p)

    monkeypatch.setattr(generate, "sample", planted)
    page = Page("BE", "en", store="no-store")
    survey = page.synthetic(("sex",), **HOW)
    page.estimates("At-risk-of-poverty rate by sex", survey, "arop_sex", ["arop"], "sex")
    page.estimates("Inequality of income", survey, "inequality", ["gini", "mean_income", "median_income"])
    texts = [getattr(thing, "text", "") or json.dumps(thing._repr_mimebundle_()) for thing in shown]
    texts += [path.read_text() for path in tmp_path.rglob("*.svg")]
    assert len(texts) == 5
    for canary in canaries:
        pattern = canary.replace(".", r"[.,]?").replace("31415", "31,?415").replace("27182", "27,?182")
        assert not any(re.search(pattern, text) for text in texts)


def test_the_same_seed_gives_the_same_estimates(known: Declarations, survey: surveyed.Synthetic) -> None:
    """A rebuilt publication has the same figures."""
    again = surveyed.synthetic(known, by=("sex", "region", "hhtyp"), **HOW)
    pairs = zip(survey.found, again.found, strict=True)
    assert all(a.value == b.value or (math.isnan(a.value) and math.isnan(b.value)) for a, b in pairs)
