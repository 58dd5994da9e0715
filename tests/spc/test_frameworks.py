"""The catalogues of the three frameworks, and their indicators as the store holds them."""

from __future__ import annotations

import csv
import json
import re
from pathlib import Path

import oracle
import pandas as pd
import pytest
from microdata import run
from oracle import AGGREGATES, MEMBERS
from test_oracle import agree

from reporting import declarations
from reporting.declarations import frameworks
from reporting.errors import DeclarationError, UsageError
from reporting.spc import panel, scoring, stored

ROOT = Path(__file__).resolve().parents[2]
REFERENCE = ROOT.parent / "shared" / "reference" / "catalogues"
FILES = {"jaf": "jaf_indicators.csv", "sppm": "sppm_va_indicators.csv", "scoreboard": "scoreboard_indicators.csv"}
AS_OF = "2025-10-20"


@pytest.mark.parametrize(("framework", "count"), [("jaf", 589), ("sppm", 84), ("scoreboard", 127)])
def test_every_indicator_is_in_its_catalogue(known, framework: str, count: int) -> None:
    """All entries are read without a fault, in three files."""
    assert frameworks.names(known) == ["jaf", "scoreboard", "sppm"]
    assert len(frameworks.load(known, framework)) == count


def test_one_id_may_mean_two_things(known) -> None:
    """PA11.S14. is housing cost overburden in JAF and an income share ratio in SPPM."""
    jaf, sppm = (frameworks.load(known, name)["PA11.S14."] for name in ("jaf", "sppm"))
    assert [*jaf.inputs] == ["x"]
    assert jaf.inputs["x"].dataset == "ilc_lvho07a"
    assert {source.dataset for source in sppm.inputs.values()} == {"ilc_di01"}
    assert (stored.named(jaf), stored.named(sppm)) == ("jaf:PA11.S14.", "sppm:PA11.S14.")


def test_the_selection_of_key_challenges(known) -> None:
    """282 indicators of JAF that are published can be key challenges, none of them a context indicator."""
    chosen = [e for e in frameworks.load(known, "jaf").values() if e.key_challenge and not e.id.endswith("_health")]
    assert len(chosen) == 282
    assert all(entry.type != "context" for entry in chosen)


@pytest.mark.parametrize("framework", FILES)
def test_catalogues_say_what_the_frameworks_say(known, framework: str) -> None:
    """Polarity, options, datasets, lags and formula of each indicator are those of the reference."""
    if not REFERENCE.is_dir():
        pytest.skip("the reference catalogues are not beside the project")
    with (REFERENCE / FILES[framework]).open(encoding="utf-8", newline="") as file:
        rows = {row["key"]: row for row in csv.DictReader(file)}
    own = frameworks.load(known, framework)
    assert list(own) == list(rows)
    for key, row in rows.items():
        entry, variables = own[key], json.loads(row["variables"])
        assert entry.good == {"TRUE": "high", "FALSE": "low", "": ""}[row["high_is_good"]]
        assert entry.change == (row.get("calculate_score_change") != "FALSE")
        assert entry.percent == (row.get("change_in_percent") == "TRUE")
        assert (entry.breaks == "drop") == (row.get("calculate_score_change_with_break_in_series") == "FALSE")
        assert [*entry.inputs] == (["x"] if [*variables] == ["value"] else [*variables])
        lags = {int(years) for years in re.findall(r"lag\(\w+, (\d+)\)", entry.formula)}
        assert lags == {-v["time_shift"] for v in variables.values() if v["time_shift"]}
        if row["formula"]:
            assert re.sub(r"lag\((\w+), \d+\)", r"\1", entry.formula) == row["formula"]
        for source, variable in zip(entry.inputs.values(), variables.values(), strict=True):
            if row["provider"] == "eurostat":
                assert source.dataset == variable["code"].lower()
                assert set(source.filters.values()) <= {*(variable["filters"] or {}).values(), "SHARE", "EUR"}


HEAD = (
    "id,area,type,key_challenge,label,by,unit,inputs,formula,good,change,percent,breaks,reference,social,source,series"
)
LINE = 'A1,1,overall,yes,Rate,sex=F,PC,"x=ilc_mdsd07[sex=F,unit=PC,age=TOTAL]",,low,,,,,yes,EU-SILC,'
BROKEN = {
    "a dimension": (LINE.replace("[sex=F", "[sexe=F"), "[A1] ilc_mdsd07 has no dimension 'sexe', near it: sex"),
    "a dataset": (
        LINE.replace("x=ilc_mdsd07", "x=ilc_mdsd08"),
        "[A1] undeclared dataset 'ilc_mdsd08', near it: ilc_mds",
    ),
    "a code": (LINE.replace(",sex=F,", ",sex=W,"), "'W' has no label in parameters/codelists/sex.csv"),
    "a unit": (LINE.replace(",PC,", ",PCT,"), "'PCT' has no label in parameters/codelists/unit.csv"),
    "a formula": (LINE.replace(",,low", ",x + y,low"), "formula names an undeclared input 'y'"),
    "a polarity": (LINE.replace("low", "lower"), "good: input should be 'high', 'low' or ''"),
    "a truth": (LINE.replace(",yes,Rate", ",true,Rate"), "key_challenge: 'true' is neither yes nor no"),
    "an input": (LINE.replace("x=ilc", "ilc"), "inputs: 'ilc_mdsd07[sex=F,unit=PC,age=TOTAL]' is not written name="),
    "a series": (LINE + "ilc_mdsd07/A.PC.", "series: ilc_mdsd07/A.PC. is no series of a dataset declared"),
    "a type": (LINE.replace("overall", "main"), "type: input should be 'overall'"),
    "an id twice": (LINE + "\n" + LINE, "line 3: [A1] duplicate id"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_what_is_wrong_in_a_catalogue_is_named(project: Path, name: str) -> None:
    """File, line, indicator, and what was probably meant."""
    line, said = BROKEN[name]
    (project / "parameters" / "frameworks" / "own.csv").write_text(f"{HEAD}\n{line}\n", encoding="utf-8")
    with pytest.raises(DeclarationError) as caught:
        frameworks.load(declarations.load(project), "own")
    assert any(said in fault and "parameters/frameworks/own.csv: line" in fault for fault in caught.value.faults)


def test_an_unknown_framework_is_refused(known) -> None:
    """With those there are."""
    with pytest.raises(UsageError, match="Unknown framework 'sppm-va'. Declared are jaf, scoreboard, sppm"):
        frameworks.load(known, "sppm-va")


@pytest.fixture(scope="module")
def held(known, embedded) -> tuple[pd.DataFrame, dict[str, frameworks.Entry]]:
    """The indicators of JAF in the embedded edition, as known in October 2025."""
    entries = stored.entries(known, "jaf")
    return stored.values(embedded, entries, [*MEMBERS, *AGGREGATES], AS_OF), entries


def judged(known, frame: pd.DataFrame, entries: dict[str, frameworks.Entry], profile: str) -> pd.DataFrame:
    """The table of scores."""
    filled = panel.build(frame, list(entries), MEMBERS, AGGREGATES)
    return scoring.score(filled, stored.described(entries), known.profiles[profile]).table()


def test_all_that_the_store_holds_is_scored_in_one_call(known, held) -> None:
    """588 of 589 indicators have values, 571 of them a polarity and so scores for up to 27 countries."""
    table = judged(known, *held, "jaf-compat")
    assert table["indicator"].nunique() == 588
    scored = table[table["score_level"].notna() & ~table["geo"].isin(AGGREGATES)]
    assert scored["indicator"].nunique() == 571
    assert scored.groupby("indicator").size().max() == 27


REAL = ["PA11.S1.", "PA11.C1.", "PA11a.C2.3", "PA9.1.S1.", "PA10.O1.", "PA15b.S5.", "PA2a.S6.F", "PA11.C5.6", "PA3.C1."]


@pytest.mark.parametrize("name", REAL)
def test_real_indicators_agree_with_the_slow_rules(known, held, name: str) -> None:
    """Late countries, breaks, no polarity, a simple average: cell by cell on the figures of October 2025."""
    frame, entries = held
    entry, frame = entries[f"jaf:{name}"], frame[frame["indicator"] == f"jaf:{name}"]
    data: oracle.Data = {}
    for row in frame.itertuples():
        data.setdefault(row.geo, {})[row.time] = (":" if pd.isna(row.value) else repr(row.value), row.flag)
    if entry.reference:
        data = {geo: years for geo, years in data.items() if geo != "EU27_2020"}
        frame = frame[frame["geo"] != "EU27_2020"]
    high = {"high": True, "low": False, "": None}[entry.good]
    for profile in ("jaf-compat", "jaf-strict"):
        rows = oracle.jaf(data, high, profile == "jaf-strict", entry.change, entry.breaks == "drop")
        agree(judged(known, frame, {f"jaf:{name}": entry}, profile), rows, "verdict")


def test_strict_leaves_out_the_changes_that_have_a_break_inside(known, embedded, held) -> None:
    """More than a thousand changes that the compatible profile scores have a break in their three years."""
    frame, entries = held
    marked = stored.with_input_breaks(embedded, frame, entries, known, AS_OF)
    compat, strict = judged(known, frame, entries, "jaf-compat"), judged(known, marked, entries, "jaf-strict")
    inside = ~compat["geo"].isin(AGGREGATES)
    lost = compat["score_change"].notna() & strict["score_change"].isna() & inside
    breaks = marked[marked["value"].notna() & marked["flag"].str.contains("b")]
    known_breaks = set(zip(breaks["indicator"], breaks["geo"], breaks["time"], strict=True))
    for row in compat[compat["change"].notna() & inside & strict["change"].notna()].itertuples():
        assert not any((row.indicator, row.geo, row.year - n) in known_breaks for n in range(3))
    for row in compat[lost].itertuples():
        assert any((row.indicator, row.geo, row.year - n) in known_breaks for n in range(3))
    assert lost.sum() > 1000


def test_breaks_of_inputs_reach_a_computed_value(known, embedded, held) -> None:
    """A gap between two rates takes a break of either; the flag of the owner's value is empty."""
    frame, entries = held
    name = "jaf:PA14b.S3."
    before = frame[frame["indicator"] == name]
    after = stored.with_input_breaks(embedded, before, {name: entries[name]}, known, AS_OF)
    assert not before["flag"].str.contains("b").any()
    assert after["flag"].str.contains("b").any()
    assert after["value"].equals(before["value"].reset_index(drop=True))


def test_the_verb_scores_a_framework(tmp_path: Path, capsys) -> None:
    """One call for all indicators of SPPM that the store holds; what it does not hold is named."""
    words = ["--store", tmp_path / "none", "--as-of", AS_OF, "--output", tmp_path / "out.csv"]
    assert run("spc", "score", "--framework", "sppm", "--profile", "sppm-va", *words) == 0
    table = pd.read_csv(tmp_path / "out.csv", keep_default_na=False)
    assert table["indicator"].nunique() == 68
    assert "16 of 84 indicators are not in the store" in capsys.readouterr().err
    assert run("spc", "score", "--framework", "sppm", "obs.csv", "--profile", "sppm-va", *words) == 2
    assert run("spc", "score", "--profile", "sppm-va", *words) == 2
