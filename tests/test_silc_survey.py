"""The four files: reading and checks; population values against estimates; changes between years."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from microdata import failed, files_of
from simulation import simulated

from reporting.declarations import Declarations
from reporting.errors import SourceUnreadable
from reporting.silc import change, checks, design, estimates, generate, panel, persons, resample, survey
from reporting.silc.estimates import Persons

FOUR = ("arop", "arope", "s80s20", "gini", "arop_gap")


def test_generated_files_pass_every_check_of_severity_error(whole: generate.Files) -> None:
    """The synthetic files keep the identities of income, the keys, the references and the weights."""
    assert failed(checks.check(whole.survey())) == {}
    assert failed(checks.check(generate.sample(whole).survey())) == {}
    assert failed(checks.check(generate.following(whole).survey())) == {}


@pytest.mark.parametrize(("year", "keys", "negative"), [(2012, 2, 422), (2013, 6, 400)])
def test_the_belgian_public_use_files_are_read_and_their_faults_found(
    microdata: Path, year: int, keys: int, negative: int
) -> None:
    """Duplicate PB030 and negative HY020, counted independently with the csv module."""
    import csv
    import gzip
    from collections import Counter

    paths = {letter: microdata / f"puf_BE_{year}{letter}.csv.gz" for letter in "hp"}
    texts = {letter: gzip.decompress(path.read_bytes()).decode() for letter, path in paths.items()}
    rows = {letter: list(csv.DictReader(text.splitlines())) for letter, text in texts.items()}
    ids = Counter(row["PB030"] for row in rows["p"])
    assert sum(n for n in ids.values() if n > 1) == keys
    assert sum(float(row["HY020"]) < 0 for row in rows["h"]) == negative
    found = {f.check: f for f in checks.check(survey.read(**paths))}
    assert found["key PB030"].records == keys and found["NEG"].records == negative
    assert found["568"].outcome == "undecidable"


#: Check, file, variable, what to do with it: each spoils one thing.
SPOILT = [
    ("560", "h", "HY010", lambda x: x + 11), ("567", "h", "HY020", lambda x: x - 11),
    ("568", "h", "HY022", lambda x: x + 11), ("569", "h", "HY023", lambda x: x - 11),
    ("550", "h", "HY010", lambda x: 0 * x), ("566", "h", "HY023", lambda x: x + 1e6),
    ("802", "h", "HH060", lambda x: x + 1e5), ("001", "r", "RB050", lambda x: x * 1.02),
    ("002", "d", "DB090", lambda x: 0 * x), ("004", "r", "RB050", lambda x: -x), ("005", "r", "RB050", lambda x: 0 * x),
    ("key HB030", "h", "HB030", lambda x: 0 * x + 7), ("reference HB030", "h", "HB030", lambda x: x + 10**9),
    ("reference PB030", "p", "PB030", lambda x: x + 10**9),
    ("reference DB030", "h", "HB030", lambda x: x + 10**9), ("same PB150", "p", "PB150", lambda x: 3 - x),
    ("same PB140", "p", "PB140", lambda x: x + 1),
]  # fmt: skip


@pytest.mark.parametrize(("check", "letter", "variable", "spoil"), SPOILT, ids=[case[0] for case in SPOILT])
def test_each_check_finds_what_it_is_for(
    whole: generate.Files, check: str, letter: str, variable: str, spoil: object
) -> None:
    """Ten records spoilt are ten records found (references and keys at least)."""
    frame = getattr(whole, letter).copy()
    rows = frame.index[frame[variable] != 0][:10]
    frame[variable] = frame[variable].astype(float)
    frame.loc[rows, variable] = spoil(frame.loc[rows, variable])  # type: ignore[operator]
    found = failed(checks.check(files_of(**{**{x: getattr(whole, x) for x in "drhp"}, letter: frame})))
    assert found.get(check, 0) >= 10


def test_flags_types_and_sub_items(whole: generate.Files) -> None:
    """An unknown flag, a value with a flag of a missing one, text for a number and a part above its whole are found."""
    h = whole.h.head(20).assign(HY020_F=[-9, -1] + [11] * 18, HH030="many", HY121G=900.0)
    found = {f.check: f for f in checks.check(files_of(h=h))}
    assert found["flag HY020_F"].records == 1 and found["type HH030"].records == 20
    assert found["554"].records == int((h["HY120G"] < 900).sum())
    r, p = whole.r.head(9).assign(RB064=-1.0), whole.p.head(9).assign(PB040=0.0)
    found = {f.check: f for f in checks.check(files_of(r=r, p=p)) if f.outcome == "failed"}
    assert found["007"].records == 9 and found["006"].records == 9


def test_a_year_before_shows_changes(whole: generate.Files) -> None:
    """Incomes that all turn missing, and earnings that double, are found against the year before."""
    before = files_of(h=whole.h, p=whole.p)
    h = whole.h.assign(HY020=whole.h["HY020"].where(whole.h.index % 4 > 0))
    p = whole.p.assign(PY010G=3 * whole.p["PY010G"])
    found = checks.check(files_of(h=h, p=p), before)
    assert any(f.check == "YTY" and "missing values of HY020" in f.title for f in found)
    assert [f.records for f in found if f.check == "580"] == [int((whole.p["PY010G"] > 0).sum())]


def test_no_finding_names_a_record(whole: generate.Files) -> None:
    """Findings hold counts and names of variables only."""
    h = whole.h.assign(HY020=987_654_321.5)
    texts = " ".join(f.message for f in checks.check(files_of(d=whole.d, r=whole.r, h=h, p=whole.p)))
    assert "987" not in texts.replace(",", "")


def test_variables_that_are_none_or_are_missing_are_named(whole: generate.Files) -> None:
    """A foreign name and a variable that indicators need, in one finding each; generated files have neither."""
    h = whole.h.drop(columns="HH070").assign(COMMENT="x")
    titles = [f.title for f in checks.check(files_of(h=h)) if f.check == "variables"]
    assert titles == ["COMMENT are no variables of this file", "HH070 are not there, indicators need them"]
    complete = [f for f in checks.check(whole.survey()) if f.check == "variables"]
    assert not complete


def test_variables_of_earlier_years_have_their_present_codes(tmp_path: Path) -> None:
    """Arrears yes and no, tenure in four codes, eleven states of activity; a present variable beside is preferred."""
    h = pd.DataFrame({"HB030": [1, 2, 3, 4], "HY020": 1.0, "HS010": [1, 2, None, 1], "HH020": [1, 2, 3, 4]})
    p = pd.DataFrame({"pb030": [11, 21, 31], "pl031": [7, 6, "x"], "PE040": [1, 3, 5], "PL070": [12, 0, 3]})
    h.to_csv(tmp_path / "h.csv", index=False)
    p.to_csv(tmp_path / "p.csv", index=False)
    found = survey.read(h=tmp_path / "h.csv", p=tmp_path / "p.csv")
    assert found.h["HS011"].tolist()[:2] == [1, 3] and np.isnan(found.h["HS011"][2])
    assert found.h["HH021"].tolist() == [0, 3, 4, 5]
    assert found.p["PL032"].tolist() == [3, 5, "x"] and found.p["PL073"].tolist() == [12, 0, 3]
    assert any(f.check == "type PL032" and f.records == 1 for f in checks.check(found))
    h.assign(HS011=3).to_csv(tmp_path / "h.csv", index=False)
    assert survey.read(h=tmp_path / "h.csv").h["HS011"].tolist() == [3, 3, 3, 3]


def test_estimates_agree_with_the_population(known: Declarations, whole: generate.Files) -> None:
    """Over 40 samples the intervals cover the population's values about as often as they say, without bias."""
    found = simulated(known, whole, 40, FOUR)
    assert (found["covered"] >= 0.82).all() and (found["bias"].abs() < 0.6).all()
    assert found["ratio"].between(0.7, 1.4).all()


def year(frame: pd.DataFrame, strata: str = "DB050") -> tuple[Persons, pd.DataFrame]:
    """Persons of a year, with their labels."""
    built = persons.as_persons(frame)
    return built, frame[[strata, "DB060"]]


def test_net_change_uses_the_overlap(known: Declarations, whole: generate.Files) -> None:
    """The error of a change of one panel is far below that of two independent samples; of itself it is nought."""
    later = generate.following(whole)
    samples = [persons.build(generate.sample(files, 10, 10, seed=9).survey()) for files in (whole, later)]
    (one, a), (two, b) = (year(frame) for frame in samples)
    designs = change.paired(
        (a["DB050"].to_numpy(), b["DB050"].to_numpy()), (a["DB060"].to_numpy(), b["DB060"].to_numpy())
    )
    pair = [Persons(p.income, p.weight, d, {}, p.variables) for p, d in zip((one, two), designs, strict=True)]
    measures = estimates.chosen(known, FOUR, tuple(one.variables))
    for found in change.net_change(known, *pair, measures):
        own = [estimates.estimate(known, p, [known.measures[found.indicator]])[0].se for p in (one, two)]
        assert found.correlation > 0.1
        assert found.se == pytest.approx(
            np.sqrt(own[0] ** 2 + own[1] ** 2 - 2 * found.correlation * own[0] * own[1]), rel=1e-9
        )
    same = change.net_change(known, pair[0], pair[0], measures)
    assert all(one.change == 0 and one.se == pytest.approx(0, abs=1e-6) and not one.significant for one in same)


def test_a_stratum_with_one_cluster_in_a_year_is_joined_in_both() -> None:
    """Two clusters over the years, one in each: no year has a stratum of one, so that no variance is lost."""
    strata = (np.array(list("aabbc")), np.array(list("aabbc")))
    one, other = change.paired(strata, (np.arange(5), np.array([0, 1, 2, 3, 5])))
    for year in (one, other):
        counts = np.bincount(year.stratum[np.unique(year.psu)])
        assert counts.sum() == 5 and 1 not in counts


def test_the_error_of_a_change_is_right(known: Declarations, whole: generate.Files) -> None:
    """Over 60 panels the standard error of the change of the mean is the spread of the changes."""
    tables = [persons.build(files.survey()) for files in (whole, generate.following(whole))]
    measures = estimates.chosen(known, ("mean_income",))
    found = []
    for seed in range(60):
        drawn = generate.draw(whole.d, 8, 8, np.random.default_rng(seed)).rename(columns={"DB030": "household"})
        parts = [t.drop(columns="weight").merge(drawn, on="household", validate="many_to_one") for t in tables]
        labels = [tuple(part[name].to_numpy() for part in parts) for name in ("DB050", "DB060")]
        designs = change.paired(*labels)  # type: ignore[arg-type]
        pair = [Persons(p["income"].to_numpy(), p["weight"].to_numpy(), d) for p, d in zip(parts, designs, strict=True)]
        found += change.net_change(known, *pair, measures)
    spread = np.std([c.change for c in found])
    assert np.mean([c.se for c in found]) == pytest.approx(spread, rel=0.3)


def test_persistent_poverty_by_hand(known: Declarations) -> None:
    """Poor now and in two of three years before; those not in all years are left out; longitudinal weights count."""
    n = 300
    ids = np.arange(n).astype(str)
    income = np.where(np.arange(n) < 60, 1_000.0, 20_000.0)
    built = design.build(None, None, n)
    first = replace(built, psu=built.psu[:250])

    def of(poor: range) -> tuple[np.ndarray, Persons]:
        return ids[:250], Persons(np.where(np.isin(np.arange(n), poor), 1_000.0, 20_000.0)[:250], np.ones(250), first)

    earlier = [of(range(30)), of(range(40)), of(range(20, 50))]
    weight = np.where(np.arange(n) < 100, 2.0, 1.0)
    found = panel.persistent(known, (ids, Persons(income, np.ones(n), built), weight), earlier)[0]
    # Twice in three years: 0-29 (first and second), 30-39 (second and third).
    assert found.value == pytest.approx(100 * 40 * 2 / (100 * 2 + 150)) and found.n == 250
    twice = (np.repeat("7", n), Persons(income, np.ones(n), built), weight)
    with pytest.raises(SourceUnreadable, match="stands twice"):
        panel.persistent(known, twice, earlier)


def test_the_error_of_persistent_poverty_is_that_of_the_bootstrap(known: Declarations) -> None:
    """Drawing clusters of four years together, each threshold anew, gives the linearised error; for a half as well."""
    rng = np.random.default_rng(12)
    n, draws = 3000, 300
    cluster = np.arange(n) // 6
    level = rng.normal(0, 0.4, n) + np.repeat(rng.normal(0, 0.25, n // 6), 6)
    incomes = [np.exp(9.8 + level + rng.normal(0, 0.2, n)) for _ in range(4)]
    ids, half = np.arange(n).astype(str), np.where(np.arange(n) % 2, "a", "b").astype(object)
    designs = change.paired([cluster % 5] * 4, [cluster] * 4)

    def rates(factor: np.ndarray) -> list[panel.Estimate]:
        weight = rng_weight * factor[designs[0].psu]
        years = [Persons(x, weight, d, {"half": half} if i == 0 else {}) for i, (x, d) in
                 enumerate(zip(incomes, designs, strict=True))]  # fmt: skip
        return panel.persistent(known, (ids, years[0], weight), [(ids, year) for year in years[1:]])

    rng_weight = rng.uniform(50, 150, n)
    found = rates(np.ones(designs[0].psus))
    drawn = resample.bootstrap(
        lambda factor: np.array([e.value for e in rates(factor)]), np.ones(designs[0].psus),
        replace(designs[0], psu=np.arange(designs[0].psus)), draws,
    )  # fmt: skip
    errors = np.sqrt(resample.bootstrap_variance(drawn))
    assert [e.category for e in found] == ["total", "a", "b"]
    for one, error in zip(found, errors, strict=True):
        assert one.se == pytest.approx(error, rel=4 / np.sqrt(2 * draws) + 0.08)
        assert one.ci_low < one.value < one.ci_high and one.flag == ""
