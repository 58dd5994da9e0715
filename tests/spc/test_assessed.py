"""Verdicts on a page: the numbers are those of the scores, every mark is explained, in four languages."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from reporting import assessed, charts, reads
from reporting.batch import fresh
from reporting.errors import UsageError
from reporting.indicators import Evaluator
from reporting.labels import Words
from reporting.spc import panel, scoring, stored
from reporting.tabulate import Reader

ROOT = Path(__file__).resolve().parents[2]
LANGUAGES = ("en", "fr", "nl", "de")
#: Reading the store takes longest, and is the same in each language.
MADE: dict[tuple[str, str, str], assessed.Assessed] = {}


def on_page(known, embedded, framework: str, profile: str, lang: str = "en", geo: str = "BE") -> assessed.Assessed:
    """A framework on the page of a country."""
    if (framework, profile, geo) not in MADE:
        reader = Reader(Evaluator(known, embedded, "2025-10-20"), Words(known, "en"), geo, 5, False, lambda _: [])
        MADE[framework, profile, geo] = assessed.assess(reader, framework, profile)
    made = MADE[framework, profile, geo]
    return replace(made, reader=replace(made.reader, words=Words(known, lang)))


def test_the_table_shows_the_scores(known, embedded) -> None:
    """Each row of the scoreboard of Belgium has the values and the mark of the verb's table."""
    page = on_page(known, embedded, "scoreboard", "scoreboard-jer")
    table = page.verdicts("")
    filled = panel.build(page.frame, list(page.entries), known.members("EU27_2020"), ("EU27_2020", "EA20"))
    rules = known.profiles["scoreboard-jer"]
    scores = scoring.score(filled, stored.described(page.entries), rules).table()
    own = scores[(scores["geo"] == "BE") & scores["level"].notna()]
    assert table is not None and len(table.rows) == len(own) > 15
    for row, got in zip(table.rows, own.itertuples(), strict=True):
        mark = rules.outcomes[got.category].mark if got.category else ""
        assert (row.cells[0].text, row.cells[1].text) == (mark, str(got.year))
        values = [got.level, got.change, got.reference_value, got.score_level, got.score_change]
        assert [cell.value for cell in row.cells[2:]] == [None if pd.isna(v) else v for v in values]


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_text_is_translated_and_every_mark_explained(known, embedded, lang: str) -> None:
    """No message is missing; the notes say what each mark in a table means."""
    for framework, profile in (("jaf", "jaf-compat"), ("sppm", "sppm-va"), ("scoreboard", "scoreboard-jer")):
        page = on_page(known, embedded, framework, profile, lang)
        for table in filter(None, (page.verdicts(""), page.verdicts("good"), page.cycles())):
            marks = {word for row in table.rows for word in row.cells[0].text.split() if "(" not in word} - {":"}
            explained = {part.partition(" = ")[0] for note in table.notes for part in note.split("; ")}
            assert marks <= explained
        if framework == "scoreboard":
            assert page.tiles() and page.heat()
        if framework == "sppm":
            assert page.ranges()
        assert not page.words.missing
    monitor = on_page(known, embedded, "sppm", "sppm-dashboard", lang)
    assert monitor.significance() is not None
    assert not monitor.words.missing


def test_challenges_and_good_outcomes_are_apart(known, embedded) -> None:
    """The marks of each table are those of its meaning, and key challenges are of the selection."""
    page = on_page(known, embedded, "jaf", "jaf-compat")
    shown = {m: {row.cells[0].text for row in page.verdicts(m).rows} for m in ("challenge", "good")}
    assert shown["challenge"] <= {"1", "2", "4", "5", "6", "9", "10"}
    assert shown["good"] <= {"3", "7", "8"}
    names = [record["note"] for record in page.verdicts("challenge").tidy]
    assert names and all(page.entries[name].key_challenge for name in names)


def test_a_definition_is_shown_once(known, embedded) -> None:
    """The inactivity trap, which four policy areas have, is one row."""
    page = on_page(known, embedded, "jaf", "jaf-compat")
    labels = [row.label for row in page.verdicts("").rows]
    assert labels.count("Inactivity trap of the second earner") == 1


def test_an_earlier_cycle_is_judged_as_if_later_years_were_unknown(known, embedded) -> None:
    """The middle column is what the profile says of data up to the year before."""
    page = on_page(known, embedded, "scoreboard", "scoreboard-jer")
    name = next(n for n, e in page.entries.items() if e.inputs["x"].dataset == "une_rt_a")
    frame = page.frame[(page.frame["indicator"] == name) & (page.frame["time"] < page.rows["year"][name])]
    filled = panel.build(frame, [name], known.members("EU27_2020"))
    rules = known.profiles["scoreboard-jer"]
    expected = scoring.score(filled, page.options, rules).table().set_index("geo").loc["BE"]
    row = next(r for r, t in zip(page.cycles().rows, page.cycles().tidy, strict=True) if t["note"] == name)
    assert row.cells[1].text == f"{rules.outcomes[expected['category']].mark} ({expected['year']})"


def test_figures_say_in_words_what_they_show(known, embedded) -> None:
    """Marks stand in the tiles' text alternative for all 27 countries, scores in that of the bars."""
    page = on_page(known, embedded, "scoreboard", "scoreboard-jer")
    tiles = page.tiles()
    assert isinstance(tiles, charts.Figure) and tiles.svg.startswith(b"<?xml")
    first = tiles.alternative.split(": ", 1)[1].split("; ")[0]
    assert first.count(",") == 26
    heat, cycles = page.heat(), page.cycles()
    assert heat is not None
    for row in cycles.rows:
        said = heat.alternative.split(f"{row.label}: ", 1)[1].split(";")[0].rstrip(".")
        assert [part.rpartition(" ")[2] for part in said.split(", ")] == [c.text.partition(" ")[0] for c in row.cells]
    bars = on_page(known, embedded, "jaf", "jaf-compat").ranges()
    assert bars is not None and "Persons at risk of poverty or social exclusion: " in bars.alternative


def test_the_dashboard_counts_ratios_in_per_cent(known, embedded) -> None:
    """A change of the S80/S20 ratio is in per cent of the base, that of a rate in points."""
    page = on_page(known, embedded, "sppm", "sppm-dashboard")
    relative = page.options["change_in_percent"]
    assert relative["sppm:PA11.S10."] and not relative["sppm:PA11.S1."]
    table = page.significance()
    row = next(r for r, t in zip(table.rows, table.tidy, strict=True) if t["note"] == "sppm:PA11.S10.")
    own = page.frame.query("indicator == 'sppm:PA11.S10.' and geo == 'BE'").set_index("time")["value"]
    assert row.cells[2].value == pytest.approx(100 * (own[2024] / own[2023] - 1))


def test_what_cannot_be_judged_is_refused(known, embedded) -> None:
    """A country outside the Union, a profile that is none, a dashboard asked for scores."""
    with pytest.raises(UsageError, match="NO is none of the countries that jaf-compat judges"):
        on_page(known, embedded, "jaf", "jaf-compat", geo="NO")
    with pytest.raises(UsageError, match="Unknown profile 'jaf'"):
        on_page(known, embedded, "jaf", "jaf")
    with pytest.raises(UsageError, match="sppm-dashboard is a dashboard"):
        on_page(known, embedded, "sppm", "sppm-dashboard").verdicts("")


@pytest.mark.parametrize("name", ["scoreboard", "jaf", "sppm"])
def test_the_notebooks_hold_calls_only(name: str) -> None:
    """One cell of parameters, no saved output."""
    cells = json.loads((ROOT / "notebooks" / "spc" / f"{name}.ipynb").read_text(encoding="utf-8"))["cells"]
    assert [c for c in cells if "parameters" in c["metadata"].get("tags", [])] == [cells[1]]
    assert all(not cell.get("outputs") for cell in cells)


def test_what_a_page_read_is_written_down_and_can_be_asked_again(known, embedded, tmp_path, monkeypatch) -> None:
    """The catalogue and each dataset are questions with the answer of now; another catalogue has another answer."""
    monkeypatch.setenv(reads.FILE, str(tmp_path / "asked"))
    entries = stored.entries(known, "scoreboard")
    stored.values(embedded, entries, ["BE"], "", known)
    lines = [json.loads(line) for line in (tmp_path / "asked").read_text(encoding="utf-8").splitlines()]
    monkeypatch.delenv(reads.FILE)
    asked = {tuple(question): answer for question, answer in lines if question[0] in ("framework", "dataset")}
    state = fresh.State(ROOT)
    for question, answer in asked.items():
        assert state.answer(json.dumps(question)) == answer
    place = embedded.place
    # A dataset that the store does not hold yet is asked for too: once it is fetched, the page is made again.
    assert "ilc_li02" in embedded.datasets() and "tepsr_wc310" not in embedded.datasets()
    assert {("framework", "scoreboard"), ("dataset", place, "ilc_li02"), ("dataset", place, "tepsr_wc310")} <= set(
        asked
    )
    assert state.answer(json.dumps(["framework", "sppm"])) != asked["framework", "scoreboard"]
    assert state.answer(json.dumps(["dataset", place, "ilc_li02"])) != asked["dataset", place, "tepsr_wc310"]
