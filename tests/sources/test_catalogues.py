"""Fetching what a framework needs: structures before data, names held against them, indicators computed from it."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from microdata import run
from replay import Clock, Held, Replay, held, serving

from reporting import declarations
from reporting.declarations import Declarations
from reporting.errors import UsageError
from reporting.sources import catalogues, fetch
from reporting.sources.http import Wire
from reporting.sources.journal import Journal
from reporting.spc import computed, panel, scoring, stored, weighted
from reporting.vintages import Store

MEMBERS = list(declarations.load().members("EU27_2020"))
AGGREGATES = ["EU27_2020", "EA20"]
LI10 = ("freq", "age", "indic_il", "sex", "geo")
LI02 = ("freq", "unit", "indic_il", "sex", "age", "geo")
ITEMS = ("freq", "n_item", "unit", "sex", "age", "geo")


def rows(before: str, after: str, start: float, broken: str = "") -> list[tuple[str, str, str, str]]:
    """Eight years of all countries under one key, with a break of one country in 2023."""
    return [
        (f"{before}{geo}{after}", str(year), f"{start + n / 4 + (year - 2018) / 8}", flag(geo, year, broken))
        for n, geo in enumerate([*MEMBERS, *AGGREGATES])
        for year in range(2018, 2026)
    ]  # fmt: skip


def flag(geo: str, year: int, broken: str) -> str:
    """A break in 2023 of one country."""
    return "b" if (geo, year) == (broken, 2023) else ""


def before_transfers(stamp: str = "30/10/26 23:00:00") -> Held:
    """Poverty before transfers, whose order of the key no declaration knows."""
    ages = ("TOTAL", "Y_LT18", "Y18-64")
    keys = [row for n, age in enumerate(ages) for row in rows(f"A.{age}.LI_R_MD60BT.T.", "", 30 + n, "FR")]
    return held("ilc_li10", LI10, keys, stamp=stamp)


def after_transfers(stamp: str = "30/10/26 23:00:00") -> Held:
    """Poverty after transfers, declared."""
    ages = ("TOTAL", "Y_LT18", "Y18-64", "Y_GE65")
    keys = [row for n, age in enumerate(ages) for s in "TMF" for row in rows(f"A.PC.LI_R_MD60.{s}.{age}.", "", 12 + n)]
    return held("ilc_li02", LI02, keys, stamp=stamp)


@pytest.fixture
def served():
    """A provider that holds two datasets."""
    with serving() as replay:
        replay.hold(before_transfers(), after_transfers())
        yield replay


def fetched(served: Replay, store: Path, *more: str) -> int:
    """Fetch the two datasets for SPPM."""
    words = ["--framework", "sppm", "--base-url", served.url, "--store", store]
    return run("fetch", "ilc_li10", "ilc_li02", *words, *more)


def test_structures_come_before_data_and_one_request_a_dataset(served: Replay, tmp_path: Path, capsys) -> None:
    """The table of contents, two structures, then one request each, in the order the provider gives the key."""
    assert fetched(served, tmp_path) == 0
    kinds = ["toc" if "/toc/" in p else "structure" if "dataflow" in p else "data" for p in served.requests]
    assert kinds == ["toc", "structure", "structure", "data", "data"]
    [asked] = served.asked("/data/ilc_li10/")
    assert asked.split("/ilc_li10/")[1].split("?")[0] == "A.TOTAL+Y18-64+Y_LT18.LI_R_MD60BT.T."
    store = Store(tmp_path, embedded=None)
    assert len(store.read("ilc_li10")) == 3 * 8 * 29
    assert store.manifests("ilc_li10")[-1][0].dimensions == "freq.age.indic_il.sex.geo"
    assert "ilc_li10" in capsys.readouterr().out


def test_a_structure_is_kept_until_the_provider_changes_it(served: Replay, tmp_path: Path) -> None:
    """The second fetch asks for data only; a new structure is asked for anew."""
    assert fetched(served, tmp_path) == 0
    served.requests.clear()
    assert fetched(served, tmp_path) == 0
    assert not served.asked("dataflow")
    changed = before_transfers()
    changed.restructured = "01.03.2026"
    served.hold(changed)
    assert fetched(served, tmp_path) == 0
    assert len(served.asked("dataflow")) == 1


def test_what_is_stored_can_be_made_again_from_the_bytes_received(served: Replay, tmp_path: Path, capsys) -> None:
    """A damaged file of a dataset that no declaration names is mended by verify."""
    assert fetched(served, tmp_path) == 0
    whole = Store(tmp_path, embedded=None).read("ilc_li10")
    path = next((tmp_path / "ilc_li10").glob("*.parquet"))
    path.write_bytes(path.read_bytes()[:-20])
    run("verify", "--store", tmp_path)
    assert "ilc_li10" in capsys.readouterr().out
    pd.testing.assert_frame_equal(Store(tmp_path, embedded=None).read("ilc_li10"), whole)


HEAD = (
    "id,area,type,key_challenge,label,by,unit,inputs,formula,good,change,percent,breaks,reference,social,source,series"
)


def settled(project: Path, served: Replay, *lines: str, name: str = "own") -> catalogues.Settled:
    """A catalogue of a project against the provider."""
    text = "\n".join([HEAD, *(f'A{n},1,overall,yes,Rate,,PC,"{x}",,low,,,,,yes,EU-SILC,' for n, x in enumerate(lines))])
    (project / "parameters" / "frameworks" / f"{name}.csv").write_text(text + "\n", encoding="utf-8")
    known = declarations.load(project)
    uses = catalogues.uses(known, [name])
    clock = Clock()
    beside = catalogues.with_catalogues(known)
    asked = [catalogues.need.united(beside.datasets[name], []) for name in uses]
    services = fetch.connect(
        beside, asked, served.url, lambda provider: Wire(3, 10**7, sleep=clock.sleep, now=clock.now, timeout=20)
    )
    contents = fetch.tables_of_contents(services)
    return catalogues.settle(known, uses, services, contents, Journal(project / "journal"), Silent())


class Silent:
    """Progress that nobody watches."""

    def begin(self, what: str, total: int) -> None:
        """Start a stage."""

    def step(self, name: str, error: str) -> None:
        """One job has ended."""


def test_a_name_the_structure_does_not_have_is_told_with_its_line(project: Path, served: Replay) -> None:
    """File, line, indicator and what is near; the sound indicators are asked for, and no data before."""
    declared = project / "parameters" / "frameworks" / "datasets.csv"
    declared.write_text(
        declared.read_text(encoding="utf-8").replace("ilc_li10,age", "ilc_li10,age unit"), encoding="utf-8"
    )
    found = settled(
        project, served, "x=ilc_li10[age=TOTAL,indic_il=LI_R_MD60BT,sex=T]",
        "x=ilc_li10[age=Y_LT81,indic_il=LI_R_MD60BT,sex=T]", "x=ilc_li10[age=TOTAL,unit=PC,indic_il=LI_R_MD60BT,sex=T]",
    )  # fmt: skip
    said = [finding.line + f" [{finding.item}]" for finding in found.findings]
    assert said == [
        "error code parameters/frameworks/own.csv, line 3: ilc_li10: age has no code Y_LT81 (near it: Y_LT18). "
        "Name a code of the dataset. [A1]",
        "error dimension parameters/frameworks/own.csv, line 4: ilc_li10 has no dimension unit. "
        "Name one of age, indic_il, sex. [A2]",
    ]
    assert [request.key for request in found.requests] == ["A.TOTAL.LI_R_MD60BT.T."]
    assert not served.asked("/data/")


def test_a_dimension_that_moved_is_named(project: Path, served: Replay) -> None:
    """Where the provider replaced a dimension, the finding says by what, and nothing is fetched of the dataset."""
    new = tuple("statinfo" if d == "indic_il" else d for d in LI10)
    served.hold(held("ilc_li10", new, rows("A.TOTAL.MED.T.", "", 20)))
    found = settled(project, served, "x=ilc_li10[age=TOTAL,indic_il=LI_R_MD60BT,sex=T]")
    assert "ilc_li10 has no dimension indic_il. It moved: indic_il → statinfo, rskpovth" in found.findings[0].message
    assert not found.requests


def test_a_dataset_that_is_no_more_is_a_finding_and_a_silent_provider_a_failure(project: Path, served: Replay) -> None:
    """The first names the catalogue's line, with how many more need it; the second is an outcome to try again."""
    del served.datasets["ilc_li10"]
    one = "x=ilc_li10[age=TOTAL,indic_il=LI_R_MD60BT,sex=T]"
    found = settled(project, served, one, one.replace("TOTAL", "Y_LT18"))
    assert found.findings[0].line.startswith("error dataset parameters/frameworks/own.csv, line 2: ilc_li10: Eurostat")
    assert "So it is for 1 more indicators." in found.findings[0].mend and not found.failed
    served.faults["ILC_LI09"] = ["503"] * 50
    found = settled(project, served, "x=ilc_li09[age=TOTAL,indic_il=LI_R_MD60BTP,sex=T]", name="other")
    assert [(o.dataset, o.exit_code) for o in found.failed] == [("ilc_li09", 3)]


def test_the_command_says_findings_and_ends_with_one(tmp_path: Path, served: Replay, capsys) -> None:
    """A provider without one of the codes: the line of the catalogue on standard error, the rest is stored."""
    short = before_transfers()
    served.hold(held("ilc_li10", LI10, [row for row in short.rows if "Y_LT18" not in row[0]]))
    assert fetched(served, tmp_path) == 1
    told = capsys.readouterr().err
    assert "parameters/frameworks/sppm.csv, line " in told and "ilc_li10: age has no code Y_LT18" in told
    assert "[PA11a.S4.]" in told
    assert len(Store(tmp_path, embedded=None).read("ilc_li10")) == 2 * 8 * 29


def test_datasets_a_framework_does_not_need_are_refused(served: Replay, tmp_path: Path) -> None:
    """With those it needs; so is a framework there is none of, and a file beside it."""
    words = ["--base-url", served.url, "--store", tmp_path]
    assert run("fetch", "spr_exp_type", "--framework", "sppm", *words) == 2
    assert run("fetch", "--framework", "spmm", *words) == 2
    assert run("fetch", "--framework", "sppm", "--from", tmp_path / "x.csv") == 2
    assert not served.requests


def test_the_whole_catalogues_are_asked_for(known: Declarations) -> None:
    """Every dataset of a catalogue that a provider disseminates is in the plan, with each of its indicators."""
    expected = {"jaf": 130, "sppm": 26, "scoreboard": 47}
    for name, count in expected.items():
        assert len(catalogues.uses(known, [name])) >= count
    with pytest.raises(UsageError, match="Unknown framework 'epm'"):
        catalogues.uses(known, ["epm"])


def test_an_indicator_is_computed_from_newer_inputs(known: Declarations, served: Replay, tmp_path: Path) -> None:
    """The reduction of poverty by transfers, 100 (a - b) / a by hand; the owner's figures are kept for the others."""
    assert fetched(served, tmp_path) == 0
    store, name = Store(tmp_path), "sppm:PA11.S4."
    entries = {n: e for n, e in stored.entries(known, "sppm").items() if n in (name, "sppm:PA14b.S3.")}
    geos = [*MEMBERS, *AGGREGATES]
    found = stored.values(store, entries, geos, "", known).set_index(["indicator", "geo", "time"])
    a, b = 30 + 27 / 4 + 7 / 8, 12 + 27 / 4 + 7 / 8
    assert found["value"][name, "EU27_2020", 2025] == pytest.approx(100 * (a - b) / a, rel=1e-12)
    assert found["dataset"][name, "BE", 2025] == "ilc_li10; ilc_li02"
    assert set(found.loc["sppm:PA14b.S3."]["dataset"]) == {"jaf"}
    old = stored.values(store, entries, geos, "2025-10-20", known)
    assert set(old["dataset"]) == {"jaf"}


def test_breaks_of_fetched_inputs_are_seen_where_a_profile_looks(
    known: Declarations, served: Replay, tmp_path: Path
) -> None:
    """France's break of 2023 before transfers drops the change under jaf-strict, and none under sppm-va."""
    assert fetched(served, tmp_path) == 0
    store, name = Store(tmp_path), "sppm:PA11.S4."
    entries = {name: stored.entries(known, "sppm")[name]}
    geos = [*MEMBERS, *AGGREGATES]
    plain = stored.values(store, entries, geos, "", known)
    assert not plain["flag"].str.contains("b").any()
    marked = stored.with_input_breaks(store, plain, entries, known)
    broken = marked[marked["flag"].str.contains("b")]
    assert broken[["geo", "time"]].to_numpy().tolist() == [["FR", 2023]]
    for profile, frame, there in (("sppm-va", plain, True), ("jaf-strict", marked, False)):
        filled = panel.build(frame, list(entries), MEMBERS, AGGREGATES)
        table = scoring.score(filled, stored.described(entries), known.profiles[profile]).table().set_index("geo")
        assert pd.notna(table["change"]["FR"]) == there
        assert pd.notna(table["change"]["DE"])


def test_a_dimension_left_open_is_filled_where_there_is_one_code(known: Declarations, tmp_path: Path) -> None:
    """A series without filters has the store's only unit; where the store has two it is not guessed."""
    entries = {n: e for n, e in stored.entries(known, "scoreboard").items() if e.inputs["x"].dataset == "tepsr_wc310"}
    [name] = entries
    gdhi = held("tepsr_wc310", ("freq", "unit", "geo"), rows("A.I08.", "", 100))
    for more in ([], rows("A.I15.", "", 90)):
        with serving() as replay:
            replay.hold(held("tepsr_wc310", gdhi.dimensions, [*gdhi.rows, *more], stamp="30/10/26 23:00:00"))
            store = tmp_path / str(len(more))
            assert (
                run("fetch", "tepsr_wc310", "--framework", "scoreboard", "--base-url", replay.url, "--store", store)
                == 0
            )
        found = stored.values(Store(store), entries, MEMBERS, "", known)
        assert len(found) == (0 if more else 8 * 27)
        assert set(found["key"].str[:6]) == (set() if more else {"A.I08."})


def test_scores_are_weighted_with_the_share_of_the_population(known: Declarations, tmp_path: Path) -> None:
    """S' = s times the group's population over that of 20 to 64, with band and verdict of the product, by hand."""
    name = "jaf:PA1.S4."
    dimensions = ("freq", "citizen", "sex", "wstatus", "age", "unit", "geo")
    share = {geo: 0.1 + n / 100 for n, geo in enumerate(MEMBERS)}
    people = [
        (f"A.TOTAL.T.POP.{age}.THS_PER.{geo}", str(year), repr(1000.0 if age == "Y20-64" else 1000 * share[geo]), "")
        for age in ("Y20-64", "Y55-64") for geo in MEMBERS for year in range(2015, 2025)
    ]  # fmt: skip
    with serving() as replay:
        others = [(f"A.{c}.{s}.{w}.{age}.THS_PER.BE", "2024", "1", "") for c, s, w, age in OTHERS]
        replay.hold(held("lfsa_pganws", dimensions, [*people, *others], stamp="30/10/26 23:00:00"))
        words = ["--framework", "jaf", "--base-url", replay.url, "--store", tmp_path]
        assert run("fetch", "lfsa_pganws", *words) in (0, 1)
    store, entries = Store(tmp_path), {name: stored.entries(known, "jaf")[name]}
    found = weighted.weights(store, known, entries, MEMBERS)
    assert found.set_index(["geo", "time"])["value"]["EE", 2024] == pytest.approx(share["EE"], rel=1e-12)
    frame = stored.values(store, entries, [*MEMBERS, *AGGREGATES], "", known)
    filled = panel.build(frame[frame["time"] <= 2024], [name], MEMBERS, AGGREGATES)
    scores = scoring.score(filled, stored.described(entries), known.profiles["jaf-compat"])
    plain, second = scores.table().set_index("geo"), weighted.table(scores, found).set_index("geo")
    assert set(second["indicator"]) == {"jaf:PA1.S4._popweighted_score"}
    assert second["level"].equals(plain["level"]) and pd.isna(second["score_level"]["EU27_2020"])
    cuts = [(-13, "--"), (-7, "-"), (7.0000001, "0"), (13, "+"), (1e9, "++")]
    for geo in MEMBERS:
        score = plain["score_level"][geo] * share[geo]
        assert second["score_level"][geo] == pytest.approx(score, rel=1e-12)
        assert second["category_level"][geo] == next(band for cut, band in cuts if score < cut)


OTHERS = [("TOTAL", "T", status, "Y15-29") for status in ("UNE", "EMP", "ACT")]


def test_without_weights_there_is_no_second_row(known: Declarations, embedded: Store) -> None:
    """The embedded edition holds no population by age: no weights, no rows."""
    entries = stored.entries(known, "jaf")
    assert sum(entry.weight is not None for entry in entries.values()) == 7
    assert weighted.weights(embedded, known, entries, MEMBERS).empty
    assert computed.newer(embedded, {n: e for n, e in entries.items() if n == "jaf:PA14b.S3."}) == {}
