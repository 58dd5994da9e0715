"""The real tables of Eurostat under the rules: what passes, what does not, and why.

Of 37 countries in 2015-2024 all fulfil H02 and H03, and all but three H01. Greece 2023
and Hungary 2015-2016 publish zero for parts that are not available (in other years they
are missing). Norway compiles in whole millions of kroner, and a krone was a tenth of a
euro: its sums differ by one unit of its own last digit. Malta 2015 has 2.87 million of
administration paid out of pocket (H07).
"""

from __future__ import annotations

from pathlib import Path

import pytest

from reporting.errors import SourceUnavailable
from reporting.findings import CellFinding
from reporting.sha import checks, contexts, published
from reporting.sources import intake
from reporting.vintages import Store

REAL = Path(__file__).resolve().parents[3] / "shared" / "data" / "sha"


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory, known) -> Store:
    """A store with nothing but the real workbooks."""
    if not REAL.is_dir():
        pytest.skip("the reference data are not beside the project")
    found = Store(tmp_path_factory.mktemp("sha"), embedded=None)
    for path in sorted(REAL.glob("*.xlsx")):
        intake.take(found, known, path)
    return found


def failed(known, store: Store, geo: str, *rules: str) -> list[CellFinding]:
    """What failed of some rules in the tables of a country, in millions of euro."""
    found = checks.check(known, published.read(known, store, geo, "MIO_EUR"), rules=rules)
    return [f for f in found if f.outcome == "failed"]


def test_belgium_fulfils_the_identities(known, store: Store) -> None:
    """2023: 64,412.05 as published, 64,412.04 as the sum of functions and of schemes; rounding is tolerated."""
    assert not failed(known, store, "BE", "H01", "H02", "H03", "H07")
    table = published.read(known, store, "BE", "MIO_EUR", [2023]).table
    cross = table[table["table"] == "HCxHF"]
    tops = {"hc": ("hf", "HC.1+HC.2 HC.3 HC.4 HC.5 HC.6 HC.7 HC.9"), "hf": ("hc", "HF.1 HF.2 HF.3 HF.4 HF.9")}
    for axis, (other, codes) in tops.items():
        parts = cross[(cross[other] == "_T") & cross[axis].isin(codes.split())]
        assert round(parts["value"].sum(), 2) == 64412.04
    total = cross[(cross["hc"] == "_T") & (cross["hf"] == "_T")]["value"].item()
    assert total == 64412.05 and (table[table["table"] == "HC"]["value"] == total).any()


def test_a_cent_more_than_rounding_is_found(known, store: Store) -> None:
    """The tolerance is one hundredth a term, eight for the functions of Belgium: nine hundredths are an error."""
    accounts = published.read(known, store, "BE", "MIO_EUR", [2023])
    cross = accounts.table["table"] == "HCxHF"
    at = accounts.table.index[cross & (accounts.table["hc"] == "_T") & (accounts.table["hf"] == "_T")]
    for added, count in ((0.07, 0), (0.09, 1)):
        table = accounts.table.copy()
        table.loc[at, "value"] += added
        changed = type(accounts)("BE", table, accounts.metadata, (), False)
        found = [f for f in checks.check(known, changed) if f.rule == "H01" and "HC.1+HC.2" in f.mend and f.stops]
        assert len(found) == count


def test_all_countries(known, store: Store) -> None:
    """Which countries do not fulfil which rule, and by how much."""
    found: dict[str, list[CellFinding]] = {}
    for geo in (code for code in known.codelists["geo"] if len(code) == 2):
        try:
            if faults := failed(known, store, geo, "H01", "H02", "H03", "H07"):
                found[geo] = faults
        except SourceUnavailable:
            continue
    assert {geo: sorted({f.rule for f in faults}) for geo, faults in found.items()} == {
        "EL": ["H01"], "HU": ["H01"], "NO": ["H01"], "MT": ["H07"],
    }  # fmt: skip
    assert [(f.year, f.item) for f in found["EL"]] == [("2023", "HC.1.3")]
    assert [(f.year, f.item, f.expected) for f in found["HU"]] == [("2015", "HC.6", 0), ("2016", "HC.6", 0)]
    assert [(f.year, f.item, f.value) for f in found["MT"]] == [("2015", "HC.7 × HF.3", 2.87)]
    # A million kroner in millions of euro: 0.1 at the rates of 2019 to 2022.
    assert all(0.08 < abs(f.value - f.expected) < 0.12 for f in found["NO"])


def test_other_statistics_from_the_store(known, embedded: Store) -> None:
    """Belgium 2019: GF07 is some 7.6 % of a GDP of 479 billion; health expenditure of 52,059.64 million is 10.9 %."""
    figures = contexts.stored(known, embedded, "BE", "MIO_EUR")
    assert round(figures["GDP", 2019], -3) == 479_000
    # The six groups of GF07 are rounded to a tenth of a point each.
    assert 100 * figures["GF07", 2019] / figures["GDP", 2019] == pytest.approx(7.6, abs=0.2)
    accounts = published.read(known, embedded, "BE", "MIO_EUR", [2019])
    subject = checks.subject_of(known, accounts, context=figures)
    assert subject.expenditure[2019] == 52_059.64 and round(5_205_964 / figures["GDP", 2019], 1) == 10.9
    assert not checks.check(known, accounts, context=figures, rules=["H08", "H10"])
    assert ("GF07", 2023) not in figures and contexts.stored(known, embedded, "BE", "MIO_NAC") == {}


def test_german_compulsory_private_insurance_is_no_government_expenditure(known, embedded: Store) -> None:
    """HF.1 is 131 % of GF07 in Germany, where it includes private insurance that is compulsory: for information."""
    figures = contexts.stored(known, embedded, "DE", "MIO_EUR")
    found = checks.check(known, published.read(known, embedded, "DE", "MIO_EUR", [2019]), context=figures)
    assert [(f.rule, f.severity, f.item) for f in found if f.rule == "H10"] == [("H10", "information", "_T × HF.1")]


def test_a_country_the_store_does_not_have(known, store: Store) -> None:
    """What is missing is said with what to fetch."""
    with pytest.raises(SourceUnavailable, match="no health accounts of XX"):
        published.read(known, store, "XX")
