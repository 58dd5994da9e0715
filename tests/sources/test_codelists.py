"""Code lists and declared structures agree with each other."""

import pytest

from reporting.sources import extracts


def test_spellings_stay_distinct_when_normalised(declared):
    """No two codes of a dimension share a spelling once spaces and dashes are made plain."""
    for dimension, spellings in declared.spellings.items():
        found = {}
        for spelling, code in spellings.items():
            assert found.setdefault(extracts.normal(spelling), code) == code, (dimension, spelling)


def test_every_geo_group_is_labelled(declared):
    """Each group of countries and each member has a label."""
    for group, members in declared.groups.items():
        assert {group, *members} <= declared.codelists["geo"].keys()


@pytest.mark.parametrize(
    ("stated", "code"),
    [
        ("ESTAT:SPR_EXP_TYPE$DEFAULTVIEW(1.0)", "spr_exp_type"),
        ("hlth_sha11_hchf__custom_19272605", "hlth_sha11_hchf"),
        ("ilc_li02$defaultview", "ilc_li02"),
        ("tps00001", "tps00001"),
    ],
)
def test_views_and_extractions_mean_the_dataset(stated, code):
    """Agency, version, view and extraction number are no part of a dataset's code."""
    assert extracts.bare(stated) == code


@pytest.mark.parametrize(
    ("label", "code"),
    [
        ("Germany (until 1990 former territory of the FRG)", "DE"),
        ("Turkey", "TR"),
        ("Euro area – 20 countries (2023-2025)", "EA20"),
        ("Euro area - 19 countries (2015-2022)", "EA19"),
        ("Kosovo*", "XK"),
        ("GR", "EL"),
    ],
)
def test_spellings_of_countries(label, code, declared):
    """A country keeps its code under every spelling met."""
    assert extracts.codes_of(declared, "geo")[extracts.normal(label)] == code
