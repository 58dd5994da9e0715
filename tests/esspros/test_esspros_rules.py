"""Each rule of the questionnaire: the sample passes, and what breaks it is found in its cell."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import openpyxl
import pandas as pd
import pytest
from altered import found, one, put, sample, value, without

from reporting.declarations import CellRule, Declarations
from reporting.errors import DeclarationError
from reporting.esspros import new, questionnaire, rules, workbook
from reporting.esspros.questionnaire import Questionnaire
from reporting.esspros.references import Reference
from reporting.esspros.rules import Beside
from reporting.findings import CellFinding

PENSION = "ben.old.nmt.cash.per.oldage_pension"
PERIODIC = "ben.old.nmt.cash.per"
ACCOUNTS = Reference(
    "accounts.csv",
    {
        "D62_D632": dict(zip(range(2019, 2024), (30_000, 31_500, 32_200, 32_800, 33_700), strict=True)),
        "GF10": dict(zip(range(2019, 2024), (22_000, 23_600, 23_800, 24_200, 24_900), strict=True)),
        "GF07": dict(zip(range(2019, 2024), (8_900, 9_200, 9_500, 9_900, 10_300), strict=True)),
        "D61": {},
    },
)


def steady() -> Reference:
    """National accounts that are the same share of the sample in each year."""
    public = sample().table
    government = [scheme.number for scheme in sample().schemes if scheme.decision == "government"]
    public = public[public["scheme"].isin(government)].pivot_table(
        index="year", columns="item", values="value", aggfunc="sum"
    )
    received = {year: value(sample(), year, "_T", "rec.sc") for year in public.index}
    social, health = public["ben"] * 0.9, public["ben"] * 0.25
    return Reference(
        "accounts.csv",
        {
            "D62_D632": social.to_dict(),
            "D61": {year: amount * 1.1 for year, amount in received.items()},
            "GF07": health.to_dict(),
            "GF10": ((public["ben"] - public["ben.sick"]) * 0.95).to_dict(),
        },
    )


def test_the_sample_passes_every_rule() -> None:
    """The fictitious country has no finding at all, compared with itself and with steady national accounts."""
    published = {"ben": {2023: value(sample(), 2023, "_T", "ben")}}
    beside = Beside(sample(), steady(), Reference("spr_exp_type", published))
    assert [finding.line for finding in rules.check(sample(), beside)] == []


def test_e01_an_aggregate_that_is_not_its_parts() -> None:
    """A wrong aggregate is found with its value, the sum of its parts, and the cells of both."""
    right = value(sample(), 2022, "1", PERIODIC)
    findings = found(put(sample(), 2022, "1", PERIODIC, right + 5), "E01")
    assert {finding.item for finding in findings} == {PERIODIC, "ben.old.nmt.cash"}
    finding = next(finding for finding in findings if finding.item == PERIODIC)
    assert (finding.item, finding.scheme, finding.year) == (PERIODIC, "1", "2022")
    assert finding.value == pytest.approx(right + 5) and finding.expected == pytest.approx(right)
    assert finding.sheet == "2022" and finding.cell.startswith("A") and finding.stops
    assert "difference 5.00, tolerance 0.025" in finding.message
    assert sample().classification.code(PERIODIC) in finding.message


def test_e01_looks_at_every_table() -> None:
    """Receipts, receipts by origin, expenditure and all schemes add up too."""
    for scheme, item in (("3", "rec.sc"), ("5", "org.ggc"), ("4", "exp"), ("_T", "exp.oth")):
        broken = put(sample(), 2021, scheme, item, value(sample(), 2021, scheme, item) + 3)
        assert (item, scheme) in {(f.item, f.scheme) for f in found(broken, "E01") if f.outcome == "failed"}


def test_e01_rounding_is_no_error() -> None:
    """A difference within half a unit of the last decimal for each part is rounding; one beyond is not."""
    parts = len(sample().classification.children(PERIODIC))
    right = value(sample(), 2022, "1", PERIODIC)
    within, beyond = right + 0.005 * parts, right + 0.005 * parts + 0.01
    assert not [f for f in found(put(sample(), 2022, "1", PERIODIC, within), "E01") if f.item == PERIODIC]
    assert [f for f in found(put(sample(), 2022, "1", PERIODIC, beyond), "E01") if f.item == PERIODIC]


def test_e01_rounding_is_that_of_the_year() -> None:
    """Where all figures of a year are whole numbers, sums may differ by half a unit for each part."""
    table = sample().table
    whole = replace(
        sample(), table=table.assign(value=table["value"].where(table["year"] != 2020, table["value"].round()))
    )
    assert [finding.line for finding in found(whole, "E01")] == []
    right = value(whole, 2020, "1", PERIODIC)
    assert [f for f in found(put(whole, 2020, "1", PERIODIC, right + 4), "E01") if f.item == PERIODIC]


def test_e01_rounding_is_not_told_by_a_few_figures() -> None:
    """Some figures with more decimals than the others do not make the tolerance smaller."""
    table = sample().table
    few = (table["item"] == "exp.adm") | (table["item"] == "exp.oth")
    finer = replace(sample(), table=table.assign(value=table["value"] + few * 0.0003))
    assert found(finer, "E01") == []


def test_a_finding_on_an_empty_cell_names_it(
    changed: Callable[[Callable[[openpyxl.Workbook], object]], Questionnaire],
) -> None:
    """What is missing in a workbook is found where it would stand: the row of its item, the column of its scheme."""
    cells: list[str] = []

    def emptied(book: openpyxl.Workbook) -> None:
        sheet = book["2022"]
        row = next(r[0].row for r in sheet.iter_rows(min_col=2, max_col=2) if str(r[0].value) == "1131110")
        column = next(c.column for c in sheet[3] if str(c.value).lower().startswith("scheme 01"))
        sheet.cell(row, column).value = None
        cells.append(sheet.cell(row, column).coordinate)

    finding = next(f for f in found(changed(emptied), "E01") if f.item == PERIODIC)
    assert (finding.sheet, finding.cell, finding.outcome) == ("2022", cells[0], "undecidable")


def test_e01_a_missing_part_is_undecidable() -> None:
    """A part that is said to be missing is not taken for zero: the aggregate cannot be decided."""
    gap = put(sample(), 2022, "1", PENSION, float("nan"))
    finding = next(f for f in found(gap, "E01") if f.item == PERIODIC)
    assert finding.outcome == "undecidable" and not finding.stops and "a part is missing" in finding.message


def test_a_colon_in_a_workbook_is_missing_and_what_is_not_applicable_is_not(
    changed: Callable[[Callable[[openpyxl.Workbook], object]], Questionnaire],
) -> None:
    """``:`` leaves a sum undecided; an empty cell and one flagged ``z`` add nothing."""
    pension = value(sample(), 2022, "1", PENSION)
    read = changed(lambda book: [setattr(cell, "value", ":") for cell in book["2022"]["D"] if cell.value == pension])
    finding = next(f for f in found(read, "E01") if f.item == PERIODIC)
    assert (finding.outcome, finding.sheet) == ("undecidable", "2022")
    part = "ben.old.nmt.cash.per.care"
    assert found(put(sample(), 2022, "1", part, float("nan")), "E01")[0].outcome == "undecidable"
    table = put(sample(), 2022, "1", part, float("nan")).table
    assert (
        found(replace(sample(), table=table.assign(flag=table["flag"].mask(table["item"] == part, "z"))), "E01") == []
    )


def test_what_is_missing_stays_missing_in_a_workbook(reported: Questionnaire, tmp_path: Path) -> None:
    """A missing figure is written as ``:`` and read as missing; one that is not applicable stays an empty cell."""
    gap = put(put(reported, 2022, "1", PENSION, float("nan")), 2023, "1", PENSION, float("nan"))
    here = (gap.table["item"] == PENSION) & (gap.table["scheme"] == "1")
    gap = replace(gap, table=gap.table.assign(flag=gap.table["flag"].mask(here & (gap.table["year"] == 2023), "z")))
    workbook.write(tmp_path / "gap.xlsx", gap, workbook.Plan())
    cells = [c.value for c in openpyxl.load_workbook(tmp_path / "gap.xlsx", data_only=True)["2022"]["D"]]
    assert cells.count(":") == 1
    back = questionnaire.read(tmp_path / "gap.xlsx", reported.classification).table
    kept = back[(back["item"] == PENSION) & (back["scheme"] == "1") & back["value"].isna()]
    assert kept[["year", "flag"]].to_numpy().tolist() == [[2022, ""], [2023, "z"]]


def test_e01_parts_that_exceed_an_aggregate_decide() -> None:
    """Parts that are known and exceed the aggregate are an error although another part is missing."""
    gap = put(sample(), 2022, "1", "ben.old.nmt.cash.per.partial_pension", float("nan"))
    broken = put(gap, 2022, "1", PERIODIC, value(sample(), 2022, "1", PENSION) - 100)
    finding = next(f for f in found(broken, "E01") if f.item == PERIODIC)
    assert finding.stops and "exceed" in finding.message


def test_e01_a_missing_aggregate_is_undecidable() -> None:
    """Parts without their aggregate are not passed silently."""
    finding = found(without(sample(), year=2022, scheme="1", item=PERIODIC), "E01")
    assert {(f.item, f.outcome) for f in finding} == {
        (PERIODIC, "undecidable"), ("ben.old.nmt.cash", "failed"),
    }  # fmt: skip


def test_e02_all_schemes() -> None:
    """A scheme that was forgotten in the column of all schemes is found there."""
    right = value(sample(), 2021, "_T", "ben.hou")
    finding = next(f for f in found(put(sample(), 2021, "_T", "ben.hou", right - 7), "E02"))
    assert (finding.item, finding.scheme, finding.year, finding.expected) == ("ben.hou", "_T", "2021", right)


def test_e02_without_the_column_of_all_schemes() -> None:
    """A year without that column is said to be undecidable, once."""
    finding = one(without(sample(), year=2021, scheme="_T"), "E02")
    assert finding.outcome == "undecidable" and finding.year == "2021"


def test_e03_transfers() -> None:
    """A transfer received by nobody is found, with both sums; a difference of rounding is not."""
    paid = value(sample(), 2023, "4", "exp.trf.other")
    finding = one(put(sample(), 2023, "4", "exp.trf.other", paid + 2), "E03")
    assert finding.item == "rec.trf.other" and finding.expected - finding.value == pytest.approx(2)
    assert found(put(sample(), 2023, "4", "exp.trf.other", paid + 0.05), "E03") == []


def test_e03_a_missing_scheme() -> None:
    """Where a scheme is missing, all schemes decide; where they are missing too, nothing does."""
    gap = put(sample(), 2023, "4", "exp.trf.other", float("nan"))
    assert found(gap, "E03") == []
    wrong = put(gap, 2023, "_T", "exp.trf.other", value(sample(), 2023, "_T", "exp.trf.other") + 2)
    assert one(wrong, "E03").outcome == "failed"
    assert one(put(gap, 2023, "_T", "exp.trf.other", float("nan")), "E03").outcome == "undecidable"


def test_e04_schemes_and_their_criteria() -> None:
    """A scheme without a criterion, one without data, and data of a scheme that has ended are found."""
    first, second, *rest = sample().schemes
    bare = replace(sample(), schemes=(replace(first, scope=""), second, *rest))
    assert "scope" in one(bare, "E04").message
    idle = replace(sample(), schemes=(*sample().schemes, replace(first, number="77", name="Nobody's")))
    assert one(idle, "E04").scheme == "77"
    ended = replace(sample(), schemes=(replace(first, last=2021), second, *rest))
    assert {f.year for f in found(ended, "E04")} == {"2022", "2023"}
    unlisted = replace(sample(), schemes=())
    assert one(unlisted, "E04").outcome == "undecidable"


def test_e04_is_found_where_the_scheme_is_listed(
    changed: Callable[[Callable[[openpyxl.Workbook], object]], Questionnaire],
) -> None:
    """A criterion that is not given is found in the row of the list of schemes."""

    def emptied(book: openpyxl.Workbook) -> None:
        sheet = book["Schemes"]
        column = next(cell.column for row in sheet.iter_rows() for cell in row if cell.value == "scope")
        row = next(row[0].row for row in sheet.iter_rows(max_col=1) if str(row[0].value) == "6")
        sheet.cell(row, column).value = None

    finding = one(changed(emptied), "E04")
    assert (finding.scheme, finding.sheet, "scope" in finding.message) == ("6", "Schemes", True)
    assert finding.cell.startswith("A") and finding.file == "changed.xlsx"


def test_e05_an_aggregate_alone() -> None:
    """A figure for an aggregate none of whose elementary items is given is an error."""
    alone = put(sample(), 2023, "8", "ben.excl.mt.kind", 12.5)
    finding = one(alone, "E05")
    assert (finding.item, finding.scheme, finding.value, finding.stops) == ("ben.excl.mt.kind", "8", 12.5, True)


def test_e05_an_unknown_code_has_the_severity_declared(known: Declarations) -> None:
    """What the reading found by a declared rule follows its declaration: severity, or switched off."""
    strange = replace(sample(), findings=(CellFinding("E05", "error", "No item has the code 99.", "Correct it."),))
    declared = dict(rules.declared(known))
    assert [f.severity for f in rules.check(strange, rules=declared)] == ["error"]
    declared["E05"] = declared["E05"].model_copy(update={"severity": "warning"})
    assert [f.severity for f in rules.check(strange, rules=declared)] == ["warning"]
    declared["E05"] = declared["E05"].model_copy(update={"active": False})
    assert rules.check(strange, rules=declared) == []


def test_e06_negative_values() -> None:
    """A negative value is found unless its comment explains it."""
    item = "ben.old.mt.cash.per.other"
    finding = one(put(sample(), 2023, "1", item, -3.0), "E06")
    assert (finding.item, finding.severity, finding.value) == (item, "warning", -3.0)
    assert found(put(sample(), 2023, "1", item, -3.0, "Reimbursements of 2022."), "E06") == []


def test_e07_descriptions() -> None:
    """A benefit without a description is found, and a description without expenditure; neither is undecidable."""
    described = sample().qualitative
    left = replace(sample(), qualitative=described[(described["item"] != PENSION) | (described["scheme"] != "9")])
    assert (one(left, "E07").scheme, one(left, "E07").item) == ("9", PENSION)
    row = pd.DataFrame(
        [{"scheme": "8", "item": PENSION, "description": "A pension.", "sheet": "Qualitative", "cell": "C90"}]
    )
    more = replace(sample(), qualitative=pd.concat([described, row], ignore_index=True))
    assert (one(more, "E07").scheme, one(more, "E07").cell) == ("8", "C90")
    assert one(replace(sample(), qualitative=described[:0]), "E07").outcome == "undecidable"


def test_e08_housing() -> None:
    """Housing benefits in cash, or not means-tested, are errors."""
    for item in ("ben.hou.mt.cash.per.other", "ben.hou.nmt.kind.owner"):
        finding = one(put(sample(), 2023, "8", item, 4.0), "E08")
        assert (finding.item, finding.stops) == (item, True)
    assert found(put(sample(), 2023, "8", "ben.hou.nmt.kind.owner", 0.0), "E08") == []


def test_e09_sectors() -> None:
    """Contributions of employees do not come from corporations, nor general revenue from households."""
    for item in ("org.sc.prot.employees.s11_12", "org.ggc.general.s14"):
        assert one(put(sample(), 2023, "1", item, 4.0), "E09").item == item


def test_e10_origin_and_type() -> None:
    """Receipts by origin that are not those by type are found; an empty table of origins is undecidable."""
    item = "org.ggc.earmarked.s1311"
    broken = put(sample(), 2022, "5", item, value(sample(), 2022, "5", item) + 9)
    parent = put(broken, 2022, "5", "org.ggc.earmarked", value(sample(), 2022, "5", "org.ggc.earmarked") + 9)
    finding = next(f for f in found(parent, "E10") if f.item == "org.ggc.earmarked")
    assert finding.scheme == "5" and finding.value - finding.expected == pytest.approx(9)
    table = sample().table
    none = replace(sample(), table=table[~table["item"].str.startswith("org") | (table["scheme"] != "5")])
    assert {(f.scheme, f.outcome) for f in found(none, "E10")} == {("5", "undecidable")}


def test_w11_balance() -> None:
    """A scheme whose receipts are far from its expenditure is found; a deficit of four per cent is not."""
    finding = one(put(sample(), 2020, "6", "rec", value(sample(), 2020, "6", "exp") * 1.3), "W11")
    assert (finding.scheme, finding.year, finding.severity) == ("6", "2020", "warning")
    assert found(put(sample(), 2020, "6", "rec", value(sample(), 2020, "6", "exp") * 0.96), "W11") == []


def test_w12_changes() -> None:
    """A jump, and a benefit that stops, are found unless explained; a tiny one is not."""
    item = "ben.fam.nmt.cash.per.allowance"
    jump = put(sample(), 2023, "5", item, value(sample(), 2022, "5", item) * 1.25)
    assert (one(jump, "W12").item, one(jump, "W12").year) == (item, "2023")
    assert found(put(sample(), 2023, "5", item, value(sample(), 2022, "5", item) * 1.25, "A new law."), "W12") == []
    stopped = without(sample(), year=2023, scheme="5", item=item)
    assert "to nothing" in one(stopped, "W12").message
    tiny = "ben.une.nmt.kind.mobility"
    assert found(put(sample(), 2023, "4", tiny, value(sample(), 2022, "4", tiny) * 1.25), "W12") == []


def test_w12_with_the_gross_domestic_product() -> None:
    """With national accounts a small change is one below a share of GDP."""
    tiny = "ben.une.nmt.kind.mobility"
    change = put(sample(), 2023, "4", tiny, value(sample(), 2022, "4", tiny) * 1.25)
    assert len(found(change, "W12", Beside(accounts=Reference("a.csv", {"GDP": {2023: 30_000.0}})))) == 1
    assert found(change, "W12", Beside(accounts=Reference("a.csv", {"GDP": {2023: 40_000.0}}))) == []


def test_w13_administration() -> None:
    """Administration costs above 15 % of expenditure, or that moved by half, are found."""
    spent = value(sample(), 2023, "9", "exp")
    assert "20.0% of expenditure" in one(put(sample(), 2023, "9", "exp.adm", spent * 0.2), "W13").message
    before = value(sample(), 2022, "9", "exp.adm")
    assert "the year before" in one(put(sample(), 2023, "9", "exp.adm", before * 1.8), "W13").message


def test_w14_revisions() -> None:
    """A figure revised by more than one per cent is found unless explained; what is missing now is undecidable."""
    item = "ben.hou.mt.kind.rent.social"
    revised = put(sample(), 2021, "8", item, value(sample(), 2021, "8", item) * 1.05)
    finding = one(revised, "W14", Beside(sample()))
    assert (finding.item, finding.year) == (item, "2021") and finding.value / finding.expected == pytest.approx(1.05)
    explained = put(sample(), 2021, "8", item, value(sample(), 2021, "8", item) * 1.05, "Final accounts.")
    assert found(explained, "W14", Beside(sample())) == []
    slight = put(sample(), 2021, "8", item, value(sample(), 2021, "8", item) * 1.005)
    assert found(slight, "W14", Beside(sample())) == []
    assert one(put(sample(), 2021, "8", item, float("nan")), "W14", Beside(sample())).outcome == "undecidable"
    dropped = replace(without(sample(), scheme="10"), schemes=sample().schemes[:9])
    assert "none now" in next(f for f in found(dropped, "W14", Beside(sample())) if f.scheme == "10").message


def test_w14_what_was_published() -> None:
    """A total that is not what Eurostat published is found."""
    right = value(sample(), 2022, "_T", "ben.old")
    published = Reference(
        "spr_exp_func", {"ben.old": {2022: right * 1.02, 2023: value(sample(), 2023, "_T", "ben.old")}}
    )
    finding = one(sample(), "W14", Beside(published=published))
    assert (finding.item, finding.scheme, finding.year, finding.value) == ("ben.old", "_T", "2022", right)
    assert "published (spr_exp_func)" in finding.message


def test_w15_national_accounts() -> None:
    """A ratio to national accounts that moves by three points is found; a series that is not there is undecidable."""
    moved = steady()
    moved.values["D61"][2022] *= 1.05
    findings = found(sample(), "W15", Beside(accounts=moved))
    assert {(f.item, f.year, f.outcome) for f in findings} == {
        ("rec.sc", "2022", "failed"),
        ("rec.sc", "2023", "failed"),
    }
    gaps = found(sample(), "W15", Beside(accounts=ACCOUNTS))
    assert ("rec.sc", "undecidable") in {(f.item, f.outcome) for f in gaps}


def beneficiaries(year: int, scheme: str, category: str, sex: str, persons: float) -> pd.DataFrame:
    """The sample's beneficiaries with one count altered."""
    frame = sample().beneficiaries.copy()
    here = (
        (frame["year"] == year) & (frame["scheme"] == scheme) & (frame["category"] == category) & (frame["sex"] == sex)
    )
    assert here.sum() == 1
    return frame.assign(value=frame["value"].astype(float).mask(here, persons))


@pytest.mark.parametrize(
    ("row", "persons", "said"),
    [
        ((2023, "_T", "survivors", "F"), 1.0, "women and men are"),
        ((2023, "1", "total", "T"), 9e6, "more than all categories"),
        ((2023, "1", "total", "T"), 100.0, "fewer than those of one category"),
        ((2019, "7", "disability", "T"), 1e5 * 0.8, "(limit 10%)"),
        ((2023, "9", "old_age", "T"), 1e5 * 0.9, "average pension of old_age"),
        ((2023, "_T", "old_age", "M"), np.nan, "women, men or the total are missing"),
    ],
)
def test_w16_beneficiaries(row: tuple[int, str, str, str], persons: float, said: str) -> None:
    """Women and men, categories, changes and average pensions are compared; a missing count is undecidable."""
    altered = replace(sample(), beneficiaries=beneficiaries(*row, persons))
    findings = found(altered, "W16")
    assert any(said in finding.message for finding in findings), [finding.line for finding in findings]
    assert all(finding.severity == "warning" for finding in findings)


def test_w16_totals_of_some_categories() -> None:
    """Old-age pensioners, with and without survivors, are counted once too."""
    frame = sample().beneficiaries
    row = frame[(frame["scheme"] == "1") & (frame["category"] == "survivors") & (frame["year"] == 2023)]
    for total in ("old_tot", "old_srv"):
        more = pd.concat([frame, row.assign(category=total, value=5e6)], ignore_index=True)
        assert one(replace(sample(), beneficiaries=more), "W16").item == total


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"AITR": 1.2}, "not between 0 and 1"),
        ({"AISCR": -0.1}, "not between 0 and 1"),
        ({"AITR": 0.7, "AISCR": 0.4}, "not below 1"),
        ({"item": "ben.sick.nmt.kind.other"}, "not taxable"),
        ({"AITR": np.nan}, "a rate is missing"),
    ],
)
def test_w17_rates(changes: dict[str, object], said: str) -> None:
    """Rates beyond 0 to 1, together of 1 or more, or of a benefit in kind are errors; a missing one is undecidable."""
    net = sample().net.copy()
    place = net.index[net["item"] == PENSION][0]
    for name, altered_value in changes.items():
        net.loc[place, name] = altered_value
    findings = found(replace(sample(), net=net), "W17")
    assert any(said in finding.message for finding in findings)
    assert all(finding.stops == (said != "a rate is missing") for finding in findings)


def test_limits_are_declared(known: Declarations) -> None:
    """A user's tolerance and limits are those that are applied."""
    declared = dict(rules.declared(known))
    spent = value(sample(), 2020, "6", "exp")
    deficit = put(sample(), 2020, "6", "rec", spent * 0.96)
    declared["W11"] = declared["W11"].model_copy(update={"limits": {"balance": 0.03}})
    assert "W11" in {finding.rule for finding in rules.check(deficit, rules=declared)}
    declared["E01"] = declared["E01"].model_copy(update={"limits": {"decimals": 0.0}})
    loose = put(sample(), 2022, "1", PERIODIC, value(sample(), 2022, "1", PERIODIC) + 1)
    assert PERIODIC not in {f.item for f in rules.check(loose, rules=declared) if f.rule == "E01"}


def test_declarations_that_do_not_fit_are_refused(known: Declarations) -> None:
    """A rule nobody knows, one that is missing, and limits with another name are said at once."""
    own = dict(known.collections["esspros"])
    own["W99"] = CellRule(id="W99", title="new", severity="error")
    del own["E03"]
    own["W11"] = own["W11"].model_copy(update={"limits": {"balanse": 0.1}})
    with pytest.raises(DeclarationError) as refused:
        rules.declared(known.model_copy(update={"collections": {"esspros": own}}))
    said = str(refused.value)
    assert "[W99] there is no such rule" in said and "[E03] the rule is missing" in said
    assert "'balance' is missing" in said and "unknown 'balanse'" in said


def test_an_empty_questionnaire_is_an_error() -> None:
    """A questionnaire without figures does not pass: that is said, and stops it."""
    [finding] = rules.check(replace(sample(), table=sample().table[:0]))
    assert (finding.rule, finding.stops) == ("E05", True) and "no figures" in finding.message


def test_a_year_without_figures_is_told(reported: Questionnaire, tmp_path: Path) -> None:
    """Next year's questionnaire does not pass silently before its year is filled in."""
    new.write(tmp_path / "next.xlsx", reported.classification, reported, None, None)
    told = rules.check(questionnaire.read(tmp_path / "next.xlsx", reported.classification))
    assert [(finding.rule, finding.sheet, finding.severity) for finding in told] == [("Q24", "2024", "warning")]
