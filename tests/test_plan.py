"""What a build has to do, or why it cannot."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from reporting import declarations
from reporting.batch import plan as planning
from reporting.batch.plan import plan
from reporting.errors import DeclarationError, UsageError

BROKEN = Path(__file__).parent / "broken"


@pytest.fixture
def targets(known, tmp_path):
    """Plan the Vade Mecum."""

    def planned(publication="vade-mecum", **options):
        return plan(known, publication, outputs=tmp_path, store=tmp_path / "store", **options)

    return planned


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (
            {"publication": "vademecum"},
            "Unknown publication 'vademecum'. There are: esspros-brochure, indicator-sheets, jaf-profile, "
            "missoc-changes, revisions, silc-microdata, social-scoreboard, sppm, thirty-years, vade-mecum.",
        ),
        ({"geos": ["XX"]}, "Unknown country 'XX'"),
        ({"geos": ["be"]}, "Unknown country 'be'"),
        ({"geos": ["GR"]}, "Unknown country 'GR' (Eurostat writes EL for Greece"),
        ({"geos": ["GB"]}, "UK for the United Kingdom"),
        ({"langs": ["it"]}, "Unknown language 'it'. There are: en, fr, nl, de."),
        ({"formats": ["docx"]}, "Unknown format 'docx'. There are: html, pdf, xlsx."),
        ({"as_of": "31/12/2025"}, "'31/12/2025' is not a date: write it as 2026-01-31."),
        ({"as_of": "2025-02-30"}, "'2025-02-30' is not a date"),
        ({"as_of": "20251231"}, "'20251231' is not a date"),
        ({"span": 0}, "A span of 0 years makes no sense"),
        ({"span": -5}, "A span of -5 years makes no sense"),
        ({"span": 101}, "A span of 101 years makes no sense"),
    ],
)
def test_wrong_use_is_told(options, said, targets):
    """What does not exist or makes no sense is refused, naming it and what there is."""
    with pytest.raises(UsageError) as caught:
        targets(**options)
    assert said in str(caught.value)


def test_the_union_s_members_and_the_union(known):
    """EU27 means each of the 27 Member States, EU27_2020 the aggregate; no country comes twice."""
    members = planning.countries(known, ["EU27"])
    assert len(members) == len(set(members)) == 27
    assert {"BE", "EL", "HR"} < set(members)
    assert "UK" not in members
    assert planning.countries(known, ["EU27_2020"]) == ["EU27_2020"]
    assert planning.countries(known, ["BE", "EU27", "BE"]) == ["BE", *(m for m in members if m != "BE")]


def test_what_is_declared_is_the_default(targets, known, tmp_path):
    """Without options a publication is built as declared; each unit has its own folder and all parameters."""
    found = targets()
    assert [(t.geo, t.lang) for t in found] == [("BE", lang) for lang in ("fr", "nl", "en", "de")]
    assert {(t.span, t.as_of, t.formats) for t in found} == {(5, "", ("html", "pdf", "xlsx"))}
    units = [unit for target in found for unit in target.units]
    assert len({unit.folder for unit in units}) == len(units) == 4 * len(known.publications["vade-mecum"].chapters)
    assert units[0].folder == tmp_path / "runs" / "vade-mecum" / "2026" / "BE" / "fr" / "context"
    assert units[0].parameters == {
        "geo": "BE", "lang": "fr", "as_of": "", "span": 5, "store": str(tmp_path / "store"),
    }  # fmt: skip
    assert (units[0].name, found[0].name) == ("context BE fr", "vade-mecum BE fr")


def test_options_stand_over_what_is_declared(targets):
    """Country, language, format, date and span of the command are those of the targets, each once."""
    found = targets(geos=["FR", "DE"], langs=["fr", "fr"], formats=["pdf", "pdf"], as_of="2025-12-31", span=10)
    assert [(t.geo, t.lang, t.formats, t.as_of, t.span) for t in found] == [
        (geo, "fr", ("pdf",), "2025-12-31", 10) for geo in ("FR", "DE")
    ]
    assert found[0].units[0].parameters["span"] == 10


def test_a_chapter_s_parameters_reach_its_unit(targets):
    """The tables a chapter names are parameters of its notebook."""
    unit = targets("thirty-years", langs=["en"])[0].units[0]
    assert unit.parameters["tables"][0] == "expenditure"


@pytest.mark.parametrize(
    ("defect", "said"),
    [
        ("no_parameters_tag", "one.ipynb: no cell is tagged 'parameters'"),
        ("parameter_missing", "one.ipynb: chapter a gives the parameter 'store', which its"),
        ('{"cells": [', "one.ipynb: cannot be read as a notebook"),
        ('{"colour": "red"}', "one.ipynb: cannot be read as a notebook"),
    ],
)  # fmt: skip
def test_a_notebook_that_cannot_run_is_refused_before_any_runs(defect, said, tmp_path):
    """A notebook without a tag, of other parameters, or no notebook at all is a fault at plan time."""
    shutil.copytree(BROKEN / "declarations" / "sound", tmp_path / "home")
    notebook = tmp_path / "home" / "notebooks" / "one.ipynb"
    notebook.write_text(defect if "{" in defect else (BROKEN / "notebooks" / defect / "one.ipynb").read_text())
    book = tmp_path / "home" / "parameters" / "publications" / "book.toml"
    book.write_text(book.read_text().partition("[chapters.parameters]")[0])
    known = declarations.load(tmp_path / "home")
    with pytest.raises(DeclarationError) as caught:
        plan(known, "book", outputs=tmp_path, store=tmp_path)
    assert said in str(caught.value)


def test_a_parameter_nobody_takes_is_refused(tmp_path):
    """A chapter that gives its notebook a parameter it does not have is a fault, where papermill would only warn."""
    shutil.copytree(BROKEN / "declarations" / "sound", tmp_path / "home")
    with pytest.raises(DeclarationError, match="gives the parameter 'figures'") as caught:
        plan(declarations.load(tmp_path / "home"), "book", outputs=tmp_path, store=tmp_path)
    assert len(caught.value.faults) == 2


def test_two_units_with_one_output_are_refused(targets, known, tmp_path):
    """Two units that would write to one folder are a fault, naming both and the folder."""
    [target] = targets(langs=["en"])
    with pytest.raises(DeclarationError, match="context BE en and context BE en would both write to .*context"):
        planning.distinct([target, target])
