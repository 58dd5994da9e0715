"""The sheets of indicators and the tables of all countries: the figures of the scores, words beside every colour."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from lxml import html
from oracle import AGGREGATES, MEMBERS
from test_assessed import LANGUAGES, on_page

from reporting import assessed, charts, overview, sheets, tables
from reporting.errors import UsageError
from reporting.indicators import Evaluator
from reporting.labels import Words
from reporting.tabulate import Reader

WANTED = ["PA11.O1.", "PA11.S9.", "PA13.S9."]
HELD: dict[str, assessed.Assessed] = {}


def page(known, embedded, geo: str = "BE", lang: str = "en") -> assessed.Assessed:
    """Three indicators of SPPM on the page of a country or of the Union."""
    if geo not in HELD:
        reader = Reader(Evaluator(known, embedded, "2025-10-20"), Words(known, "en"), geo, 10, False, lambda _: [])
        HELD[geo] = assessed.assess(reader, "sppm", "sppm-va", WANTED)
    return replace(HELD[geo], reader=replace(HELD[geo].reader, words=Words(known, lang)))


def test_a_sheet_has_all_countries_with_their_scores(known, embedded) -> None:
    """Each row holds the values of the scores, for every country that has a level, and the reference is named."""
    one = page(known, embedded)
    sheet = sheets.sheets(one)[0]
    scores = one.scores.table().query("indicator == 'sppm:PA11.O1.' and level.notna()").set_index("geo")
    table = sheet.table()
    assert len(table.rows) == len(scores) == 29
    for geo, row in zip(scores.index, table.rows, strict=True):
        got = scores.loc[geo]
        assert row.label == one.words.geo(geo)
        assert row.cells[0].text == str(got["year"])
        values = [got["level"], got["change"], got["score_level"], got["score_change"]]
        assert [c.value for c in row.cells[1:5]] == [None if pd.isna(v) else v for v in values]
        assert row.cells[5].text == (one.profile.outcomes[got["verdict"]].mark if got["verdict"] else "–")
    assert f"Reference of the levels: European Union (27), {scores['level']['EU27_2020']:.1f}." in table.notes


def test_a_break_inside_a_change_is_marked(known, embedded) -> None:
    """The change of a country carries a b exactly where a flag b lies after its base year up to its year."""
    one = page(known, embedded)
    for sheet in sheets.sheets(one):
        own = one.frame[(one.frame["indicator"] == sheet.name) & one.frame["value"].notna()]
        broken = {(r.geo, r.time) for r in own.itertuples() if "b" in r.flag}
        marked = {row.label for row in sheet.table().rows if row.cells[2].flag == "b"}
        rows = one.scores.table().query("indicator == @sheet.name and change.notna()")
        expected = {
            one.words.geo(r.geo) for r in rows.itertuples() if any((r.geo, r.year - n) in broken for n in range(3))
        }
        assert marked == expected


def test_a_country_with_an_older_value_is_named(known, embedded) -> None:
    """Persistent poverty lacks the latest year in some countries: note and bar say which year they have."""
    one = page(known, embedded)
    found = {sheet.name: sheet for sheet in sheets.sheets(one)}
    late = 0
    for name, sheet in found.items():
        rows = one.scores.table().query("indicator == @name and level.notna()").set_index("geo")["year"]
        overall = one.scores.panel.years[one.scores.periods.overall[one.scores.panel.indicators.index(name)]]
        note = " ".join(sheet.table().notes)
        for geo in rows.index[rows < overall]:
            late += 1
            assert f"{one.words.geo(geo)} ({rows[geo]})" in note
            assert f"{one.words.geo(geo)} ({rows[geo]}): " in sheet.bars().alternative
    assert late > 0


def test_the_bars_stand_in_order_and_are_said(known, embedded) -> None:
    """The text alternative lists the Union and all countries from the highest value to the lowest."""
    one = page(known, embedded)
    bars = sheets.sheets(one)[0].bars()
    said = bars.alternative.split(". ", 2)[2].rstrip(".").split("; ")
    values = [float(part.rpartition(": ")[2]) for part in said]
    assert len(values) == 29 and values == sorted(values, reverse=True)
    assert any(part.startswith("European Union (27): ") for part in said)


def test_lines_name_their_breaks(known, embedded) -> None:
    """Belgium's break of 2019 is in the words of the figure and explained below it."""
    lines = sheets.sheets(page(known, embedded))[0].lines()
    assert "Belgium: " in lines.alternative and "break in series 2019" in lines.alternative
    assert "A dotted vertical line marks a break in series." in lines.below
    for geo in ("EU27_2020", "BE"):
        made = sheets.sheets(page(known, embedded, geo))[0].lines()
        shown = [name for name in ("France", "Sweden") if f"{name}: " in made.alternative]
        assert shown == (["France", "Sweden"] if geo == "EU27_2020" else [])


def test_the_years_of_all_countries_are_on_the_page_of_the_union(known, embedded) -> None:
    """One country has three rows, the Union all 29, with ten years and the values of the store."""
    own, all_ = (sheets.sheets(page(known, embedded, geo))[0].years() for geo in ("BE", "EU27_2020"))
    assert (len(own.rows), len(all_.rows)) == (3, 29)
    frame = page(known, embedded).frame.query("indicator == 'sppm:PA11.O1.' and geo == 'BE'").set_index("time")
    for year, cell in zip(own.columns, own.rows[0].cells, strict=True):
        assert cell.value == frame["value"][int(year)] and cell.flag == frame["flag"][int(year)]
    assert len(own.columns) == 10
    keys = {(r["geo"], r["time"]) for r in own.tidy}
    assert ("BE", own.columns[-1]) in keys and len(keys) == sum(c.value is not None for r in own.rows for c in r.cells)


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("geo", ["BE", "EU27_2020"])
def test_every_text_of_a_sheet_is_translated(known, embedded, lang: str, geo: str) -> None:
    """No message is missing, in tables and figures of a country and of the Union."""
    one = page(known, embedded, geo, lang)
    made = [part for sheet in sheets.sheets(one)[: 3 if geo == "BE" else 1] for part in sheet.parts()]
    assert len(made) == (12 if geo == "BE" else 4)
    assert all(part.alternative and part.svg for part in made if isinstance(part, charts.Figure))
    assert overview.matrices(one) and overview.aggregates(one)
    assert not one.words.missing


def test_ids_are_patterns_and_their_order_is_kept(known, embedded) -> None:
    """A pattern stands for all that fit, an id that nothing has is refused with what is near."""
    reader = page(known, embedded).reader
    found = assessed.assess(reader, "sppm", "sppm-va", ["PA13.S10.", "PA11.S9.*"])
    assert list(found.entries)[0] == "sppm:PA13.S10." and len(found.entries) == 5
    with pytest.raises(UsageError, match=r"No indicator of the framework has an id like 'PA11.S99.'. Near it: PA11"):
        assessed.assess(reader, "sppm", "sppm-va", ["PA11.S99."])


def test_all_countries_in_all_indicators(known, embedded) -> None:
    """The matrix has a row for each indicator, a column for each Member State, and the verdicts of the scores."""
    one = page(known, embedded, "EU27_2020")
    [table] = overview.matrices(one)
    assert table.columns == tuple(MEMBERS)
    scores = one.scores.table().set_index(["indicator", "geo"])
    for name, row in zip(one.entries, table.rows, strict=True):
        for geo, cell in zip(MEMBERS, row.cells, strict=True):
            verdict = scores["verdict"].get((name, geo), "")
            assert (cell.text == verdict and cell.ground) if verdict else cell.text in ("–", ":")


def test_a_dashboard_has_a_matrix_for_each_base(known, embedded) -> None:
    """The states since the year before, 2008 and 2019, each a table with its marks explained."""
    made = overview.matrices(on_page(known, embedded, "sppm", "sppm-dashboard"))
    assert [table.title.rpartition(": ")[2] for table in made] == ["since the year before", "since 2008", "since 2019"]
    shown = {cell.text for table in made for row in table.rows for cell in row.cells}
    assert {"▲", "▼", "~", "b"} <= shown
    assert all(any("▼ = significant deterioration" in note for note in table.notes) for table in made)


def test_aggregates_have_levels_and_changes_and_no_category(known, embedded) -> None:
    """Under the scoreboard Union and euro area stand beside the simple averages of their members, computed by hand."""
    one = on_page(known, embedded, "scoreboard", "scoreboard-jer")
    table = overview.aggregates(one)
    assert len(table.columns) == 8 and not any(cell.ground for row in table.rows for cell in row.cells)
    scores = one.scores.table()
    assert not scores[scores["geo"].isin(AGGREGATES)]["category"].any()
    label = next(i for i, r in enumerate(table.rows) if r.label.startswith("Unemployment rate"))
    name = [n for n in one.entries if one.label(n) == table.rows[label].label][0]
    own = scores[scores["indicator"] == name].set_index("geo")
    cells = table.rows[label].cells
    assert cells[0].value == own["level"]["EU27_2020"] and cells[2].value == own["level"]["EA20"]
    inside = [own["level"][geo] for geo in known.members("EA20") if not math.isnan(own["level"][geo])]
    assert cells[6].value == pytest.approx(sum(inside) / len(inside), rel=1e-12)
    with pytest.raises(UsageError, match="is a dashboard"):
        overview.aggregates(on_page(known, embedded, "sppm", "sppm-dashboard"))


def test_no_colour_stands_alone(known, embedded) -> None:
    """Every coloured cell, in HTML and in PDF, has a sign or a number on it, in ink that can be read."""
    one = page(known, embedded)
    made = [
        sheets.sheets(one)[0].table(),
        one.verdicts(""),
        on_page(known, embedded, "sppm", "sppm-dashboard").significance(),
    ]
    for table in made:
        coloured = html.fromstring(f"<div>{table.html()}</div>").xpath("//td[contains(@style, 'background')]")
        assert coloured and all(cell.text_content().strip() for cell in coloured)
        assert table.typst().count("fill: rgb(") >= len(coloured)
        for row in table.rows:
            for cell in row.cells:
                assert not cell.ground or (cell.shown.strip() and contrast(cell) >= 4.5)


def contrast(cell: tables.Cell) -> float:
    """The contrast of ink and ground, by the formula of WCAG 2.1."""

    def luminance(colour: str) -> float:
        parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
        linear = [part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    light, dark = sorted((luminance(cell.ground), luminance(cell.ink)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def test_the_publication_names_indicators_that_the_catalogue_has(known) -> None:
    """Each id of the declared chapters is one of the framework, so that a build cannot stop for a name."""
    from reporting.declarations import frameworks

    chapters = known.publications["indicator-sheets"].chapters
    for chapter in chapters:
        have = frameworks.load(known, chapter.parameters["framework"])
        assert set(chapter.parameters["indicators"]) <= set(have)
    assert Path(known.home / "notebooks" / chapters[0].notebook).is_file()


def test_the_scoreboard_of_the_union_has_three_cycles_of_all_countries(known, embedded) -> None:
    """The current cycle and two before it, each by the profile; the Union itself has no category in any."""
    one = on_page(known, embedded, "scoreboard", "scoreboard-jer", geo="EU27_2020")
    made = overview.matrices(one)
    assert [table.title.rpartition(", ")[2] for table in made] == [
        "this cycle",
        "one cycle before",
        "two cycles before",
    ]
    now = one.scores.table().set_index(["indicator", "geo"])["category"]
    shown = {
        (n, g): c
        for n, row in zip(one.entries, made[0].rows, strict=True)
        for g, c in zip(MEMBERS, row.cells, strict=True)
    }
    for (name, geo), cell in shown.items():
        category = now.get((name, geo), "")
        assert cell.text == (one.profile.outcomes[category].mark if category else ":")
    assert any(a.cells != b.cells for a, b in zip(made[0].rows, made[1].rows, strict=False))
    assert one.cycles() is None and one.heat() is None


def test_a_sheet_without_the_country_or_the_union(known, embedded) -> None:
    """What is missing is left out: no line without a value, and panels of countries where the Union has none."""
    for geo, gone in (("BE", ["BE"]), ("BE", ["BE", "EU27_2020", "EA20"]), ("EU27_2020", ["EU27_2020", "EA20"])):
        one = page(known, embedded, geo)
        less = replace(one, frame=one.frame[~one.frame["geo"].isin(gone)])
        sheet = sheets.sheets(less)[0]
        made = list(sheet.parts())
        figures = [part for part in made if isinstance(part, charts.Figure)]
        assert all(one.words.geo(name) not in figures[0].alternative for name in gone)
        if len(gone) == 1:
            assert len(made) == 4 and "European Union (27): " in figures[1].alternative
        elif geo == "BE":
            assert len(made) == 2
        else:
            assert "France: " in figures[1].alternative and len(sheet.years().rows) == 27
