"""What many units share is computed once, and is what each would have computed."""

from __future__ import annotations

from reporting import indicators, reads, validation
from reporting.batch import prepared
from reporting.batch.plan import plan


def test_values_computed_beforehand_are_those_computed_later(known, embedded, monkeypatch):
    """Every twelfth indicator, for a country and for a group, has the same values, flags and traces."""
    ids = list(known.indicators)[::12]
    beforehand = indicators.values(known, embedded, "", ids)
    monkeypatch.setitem(indicators.prepared, (embedded.name, ""), beforehand)
    warm, cold = indicators.evaluator(known, embedded, ""), indicators.Evaluator(known, embedded)
    assert warm.known is beforehand
    for name in ids:
        geos = ("BE", "EU27_2020")
        assert reads.digest(warm.indicator(name, geos)) == reads.digest(cold.indicator(name, geos)), name


def test_findings_computed_beforehand_are_those_computed_later(known, embedded, monkeypatch):
    """For a dataset, two, and all of them, in the same order."""
    monkeypatch.setitem(validation.prepared, (embedded.name, ""), validation.check(known, embedded))
    for datasets in ((), ("spr_exp_type",), ("spr_exp_type", "spr_exp_func")):
        warm = validation.check(known, embedded, datasets)
        with monkeypatch.context() as patch:
            patch.setattr(validation, "prepared", {})
            assert repr(validation.check(known, embedded, datasets)) == repr(warm) != "[]"


def test_only_what_many_units_read_is_computed_beforehand(known, tmp_path):
    """One country in one language is quicker without; the Union is not."""
    few, many = (plan(known, "vade-mecum", outputs=tmp_path, store="x", geos=geos, langs=["en"])
                 for geos in (["BE"], ["EU27"]))  # fmt: skip
    assert prepared.places(unit for target in few for unit in target.units) == []
    assert prepared.places(unit for target in many for unit in target.units) == [("x", "")]
