"""Tables as a reader gets them: columns, flags, breaks, notes, and the same record in every format."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
from lxml import html

from reporting import declarations as decl
from reporting import tables, tabulate, validation
from reporting.declarations import Declarations
from reporting.indicators import Evaluator
from reporting.labels import Words
from reporting.vintages import Store


def reader(known: Declarations, store: Store, geo: str = "BE", lang: str = "en", span: int = 5, growth: bool = False):  # noqa: ANN201
    """A reader with the real findings."""
    return tabulate.Reader(
        Evaluator(known, store), Words(known, lang), geo, span, growth,
        lambda datasets: validation.check(known, store, datasets),
    )  # fmt: skip


def built(known: Declarations, store: Store, name: str, **how: object) -> tables.Table:
    """A declared table that must have data."""
    table = tabulate.build(known.tables[name], reader(known, store, **how))  # type: ignore[arg-type]
    assert table is not None
    return table


def test_the_last_five_years_stand_in_columns(known: Declarations, embedded: Store) -> None:
    """Belgium's expenditure by type shows 2019 to 2023, with Eurostat's figures."""
    table = built(known, embedded, "expenditure")
    assert table.columns == ("2019", "2020", "2021", "2022", "2023")
    assert [cell.value for cell in table.rows[0].cells][-2:] == [160905.04, 174210.26]
    assert table.rows[0].cells[-1].text == "174,210.3"
    assert table.caption == "Social protection expenditure by type, Belgium (million euro)"


@pytest.mark.parametrize(("span", "first"), [(5, "2019"), (10, "2014"), (30, "1995")])
def test_the_span_decides_how_far_back_a_table_goes(
    known: Declarations, embedded: Store, span: int, first: str
) -> None:
    """The shares of GDP reach back to 1995 for Belgium, the first year there is."""
    assert built(known, embedded, "benefits_gdp", span=span).columns[0] == first


def test_provisional_values_are_marked_and_explained(known: Declarations, embedded: Store) -> None:
    """Early estimates of 2024 carry their letter, a grey ground and a legend."""
    table = built(known, embedded, "benefits")
    last = table.rows[0].cells[-1]
    assert (last.value, last.flag, last.unsettled) == (177883.87, "e", True)
    assert ("e", "estimated") in table.flags
    page = html.fromstring(f"<div>{table.html()}</div>")
    cell = page.xpath("//tbody/tr[1]/td[last()]")[0]
    assert cell.get("class") == "prov" and cell.findtext("sup") == "e"


def test_a_break_is_a_rule_and_a_letter(known: Declarations, embedded: Store) -> None:
    """Belgium's EU-SILC break of 2019 is drawn before its column and marked b."""
    table = built(known, embedded, "arop_age", span=10)
    position = table.columns.index("2019")
    assert position in table.breaks and "b" in table.rows[0].cells[position].flag
    assert "brk" in html.fromstring(f"<div>{table.html()}</div>").xpath("//thead/tr/th")[position + 1].get("class")


def test_growth_is_that_of_the_first_and_last_year(known: Declarations, embedded: Store) -> None:
    """Change and average growth from 2014 to 2023, computed here by hand from the published values."""
    table = built(known, embedded, "expenditure", span=10, growth=True)
    first, last = (
        embedded.select("spr_exp_type", "A.TOTAL.MIO_EUR.BE").set_index("time")["value"][y] for y in ("2014", "2023")
    )
    change, growth = table.rows[0].cells[-2:]
    assert change.value == pytest.approx(last - first)
    assert growth.value == pytest.approx(100 * ((last / first) ** (1 / 9) - 1))
    assert table.columns[-2] == "Change 2014–2023"


def test_shares_have_no_growth_rate(known: Declarations, embedded: Store) -> None:
    """A percentage has a change in points, not a growth."""
    assert built(known, embedded, "benefits_gdp", growth=True).columns[-1].startswith("Change")


def test_estonia_is_a_note_wherever_it_is_shown_or_contained(known: Declarations, embedded: Store) -> None:
    """Estonia 2023 does not add up: a note says so under Estonia and under the Union, not under Belgium."""
    for geo in ("EE", "EU27_2020"):
        notes = " ".join(built(known, embedded, "expenditure", geo=geo).notes)
        assert "1,036.28 million euro" in notes
    assert not built(known, embedded, "expenditure", geo="BE").notes
    assert "1,036.28" in " ".join(built(known, embedded, "expenditure_eu").notes)


def test_a_table_of_countries_has_the_union_first(known: Declarations, embedded: Store) -> None:
    """The Union, then the Member States in the order of the language."""
    table = built(known, embedded, "arop_eu", lang="fr")
    assert table.rows[0].label.startswith("Union européenne")
    assert [row.label for row in table.rows[1:4]] == ["Allemagne", "Autriche", "Belgique"]
    assert len(table.rows) == 28


def test_a_cross_table_adds_up(known: Declarations, embedded: Store) -> None:
    """Functions by schemes: the total row and column are the published total of current health expenditure."""
    table = built(known, embedded, "health_cross")
    assert table.stub.endswith("2023")
    assert table.rows[0].cells[0].value == 64412.05
    parts = [cell.value for cell in table.rows[0].cells[1:] if cell.value is not None]
    assert sum(parts) == pytest.approx(64412.05, abs=0.05)


def test_a_table_without_data_is_none(known: Declarations, embedded: Store) -> None:
    """Nothing is shown as an empty table."""
    assert tabulate.build(known.tables["branch_benefits"], reader(known, embedded, geo="FR")) is None


def test_sources_name_dataset_and_date(known: Declarations, embedded: Store) -> None:
    """The source line tells dataset and vintage; national figures tell their own sources."""
    assert built(known, embedded, "expenditure").sources == (
        "Source: Eurostat; datasets: spr_exp_type; data as known on 31 December 2025.",
    )
    assert "NFGOVISB copy D" in built(known, embedded, "branch_benefits").sources[0]


def test_the_record_survives_the_notebook(known: Declarations, embedded: Store) -> None:
    """A table written into a notebook as JSON is read back the same."""
    table = built(known, embedded, "expenditure")
    assert tables.Table.from_json(table.to_json()) == table


def test_wide_tables_are_cut_into_panels_that_fit(known: Declarations, embedded: Store) -> None:
    """Twenty-nine years make several Typst tables, each narrower than the page; every value is in one of them."""
    table = built(known, embedded, "benefits_gdp", span=30)
    text = table.typst()
    widths = [[float(w) for w in re.findall(r"([\d.]+)mm", found)] for found in re.findall(r"columns: \((.*?)\)", text)]
    assert len(widths) > 1 and sum(map(len, widths)) == len(table.columns) == 29
    assert all(sum(panel) < 166 - 34 for panel in widths)
    assert all(f'"{cell.text}"' in text for row in table.rows for cell in row.cells)


def test_the_tidy_twin_has_one_row_an_observation(known: Declarations, embedded: Store) -> None:
    """Values are exact and can be followed to dataset, key and vintage."""
    row = next(
        r for r in built(known, embedded, "expenditure").tidy if r["time"] == "2023" and "TOTAL" in str(r["indicator"])
    )
    assert (row["value"], row["dataset"], row["key"]) == (174210.26, "spr_exp_type", "A.TOTAL.MIO_EUR.BE")
    assert (row["geo"], row["unit"], row["vintage"]) == ("BE", "MIO_EUR", "2025-12-31")


def test_markup_in_a_label_is_text(known: Declarations, embedded: Store) -> None:
    """A label with markup is shown, not obeyed, in HTML, Typst and Markdown."""
    table = built(known, embedded, "expenditure")
    nasty = replace(table, title='<script>x</script> "#panic()" *a*', rows=(replace(table.rows[0], label='<b>"\\'),))
    assert "<script>" not in nasty.html() and "<b>" not in nasty.html()
    assert '#"<b>\\"\\\\"' in nasty.typst()
    assert "\\<script\\>" in nasty.markdown() and "\\*a\\*" in nasty.markdown()


def test_no_text_ends_its_block(known: Declarations, embedded: Store) -> None:
    """Backticks and colons in a source cannot close the raw block or open another one."""
    bad = "x\n```\n```{=typst}\n#panic()\n```\n::: {.callout-note}"
    table = replace(built(known, embedded, "expenditure"), sources=(bad,), title=":::" + bad)
    lines = table.markdown().splitlines()
    fences = [line for line in lines if line.startswith("````")]
    assert [line.lstrip("`") for line in fences] == ["{=html}", "", "{=typst}", ""]
    last = len(lines) - 1 - lines[::-1].index(fences[3])
    assert [line for line in lines[last:] if line.startswith((":::", "#", "|"))] == [":::"]


def test_a_reader_of_groups(known: Declarations, embedded: Store) -> None:
    """``@GROUP`` stands for members, ``=`` for the country of the page, each once."""
    geos = reader(known, embedded).geos(("EU27_2020", "@EU27_2020", "="))
    assert geos[0] == "EU27_2020" and len(geos) == 28


def test_the_last_common_year_of_a_cross_table(known: Declarations, embedded: Store, tmp_path: Path) -> None:
    """A cross table shows the last year in which most of its cells are there."""
    declared = decl.Table(id="x", title="x", rows=("health_cross.*",), by="cross", across=("icha11_hc", "icha11_hf"))
    table = tabulate.build(declared, reader(known, embedded, geo="AT"))
    assert table is not None and table.stub.split()[-1] in ("2023", "2024")
