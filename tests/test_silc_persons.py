"""The person table: what it is made from, and what is refused rather than guessed."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
import pytest
from microdata import failed, files_of

from reporting.declarations import Declarations
from reporting.errors import SourceUnreadable, UsageError
from reporting.silc import checks, deprivation, estimates, generate, persons, survey, work

#: Variables that are taken away, and indicators that then cannot be computed.
GONE = [
    ("h", "HD080", {"smsd", "msd", "arope", "arope_by_smsd"}),
    ("p", "PL211", {"low_work_intensity", "arope", "in_work_arop", "replacement_ratio"}),
    ("h", "HH070", {"housing_overburden"}),
    ("h", "HY02[23]|HY050N", {"arop_before", "arop_before_pensions", "impact"}),
    ("p", "PY100G", {"pension_gap", "replacement_ratio"}),
]  # fmt: skip


@pytest.mark.parametrize(("letter", "pattern", "indicators"), GONE, ids=[case[1] for case in GONE])
def test_what_the_files_do_not_hold_is_not_computed(
    known: Declarations, whole: generate.Files, letter: str, pattern: str, indicators: set[str]
) -> None:
    """An indicator without its variables is left out, and refused when named, rather than computed of what is left."""
    frame = getattr(whole, letter)
    cut = frame.drop(columns=[name for name in frame if re.match(pattern, name)])
    table = persons.build(files_of(**{**{x: getattr(whole, x) for x in "drhp"}, letter: cut}))
    full = persons.build(whole.survey())
    computed, all_of_them = ({m.id for m in estimates.chosen(known, (), tuple(map(str, t)))} for t in (table, full))
    assert indicators <= all_of_them - computed and "arop" in computed
    for name in indicators:
        with pytest.raises(UsageError, match=f"{name} needs"):
            estimates.chosen(known, (name,), tuple(map(str, table)))


def test_strata_and_keys_may_be_text(known: Declarations, whole: generate.Files) -> None:
    """Labels for numbers give the same estimates and errors: no stratum and no person is lost."""
    drawn = generate.sample(whole)

    def text(frame: pd.DataFrame, *names: str) -> pd.DataFrame:
        return frame.assign(**{name: "X" + frame[name].astype(str).str.zfill(9) for name in names})

    other = files_of(
        d=text(drawn.d, "DB030", "DB050", "DB060"), r=text(drawn.r, "RB030", "RB040"), h=text(drawn.h, "HB030"),
        p=text(drawn.p, "PB030"),
    )  # fmt: skip
    measures = estimates.chosen(known, ("arop", "gini"))
    found, expected = (
        estimates.estimate(known, persons.as_persons(persons.build(files)), measures)
        for files in (other, drawn.survey())
    )
    assert [(e.value, e.se) for e in found] == [pytest.approx((e.value, e.se)) for e in expected]
    assert failed(checks.check(other)) == {}


def test_strata_of_some_households_only_are_refused(whole: generate.Files) -> None:
    """A stratum that is missing for some would be lost without a word; missing for all there is none."""
    for missing, said in ((whole.d.index < 7, "DB050 is empty in 7 households"), (whole.d.index >= 0, "")):
        d = whole.d.assign(DB050=whole.d["DB050"].mask(missing))
        table = persons.build(survey.Survey(d, whole.r, whole.h, whole.p, whole.survey().places))
        if said:
            with pytest.raises(SourceUnreadable, match=said):
                persons.as_persons(table)
        else:
            assert len(np.unique(persons.as_persons(table).design.stratum)) == 1


def test_income_before_transfers_without_its_total(whole: generate.Files) -> None:
    """Without HY022 and HY023 both incomes are computed from their components, the same within rounding."""
    full, cut = (
        persons.build(files_of(d=whole.d, r=whole.r, h=h, p=whole.p))
        for h in (whole.h, whole.h.drop(columns=["HY022", "HY023"]))
    )
    for name in ("income_before", "income_before_pensions"):
        assert cut[name].to_numpy() == pytest.approx(full[name].to_numpy(), abs=0.05)


def test_a_breakdown_whose_variables_are_not_there_is_refused(whole: generate.Files) -> None:
    """Without DB100 there is no degree of urbanisation: the message says which breakdowns there are."""
    table = persons.build(files_of(d=whole.d.drop(columns="DB100"), r=whole.r, h=whole.h, p=whole.p))
    with pytest.raises(UsageError, match=r"No breakdown urban in these files. There are: sex, age, region"):
        persons.as_persons(table, ("sex", "urban"))


def member(household: int, age: int, **more: float) -> dict[str, float]:
    """A member of a household."""
    return {"household": household, "age": age, **more}


def test_the_modified_oecd_scale() -> None:
    """A couple with children of 13 and 14 is 1 + 0.5 + 0.5 + 0.3; a child alone counts as the first person."""
    frame = pd.DataFrame([member(1, 40), member(1, 38), member(1, 13), member(1, 14), member(2, 12), member(3, 70)])
    assert persons.equivalised_size(frame).tolist() == pytest.approx([2.3] * 4 + [1.0, 1.0])


def test_children_are_given_the_items_that_half_of_the_adults_lack() -> None:
    """One of two adults lacking an item is half: the child lacks it; one of three is not."""
    two = [member(1, 40, PD020=2), member(1, 41, PD020=1), member(1, 8)]
    three = [member(2, 40, PD020=2), member(2, 41, PD020=3), member(2, 44, PD020=1), member(2, 8)]
    lacking = deprivation.items(pd.DataFrame(two + three))["item_8"]
    assert lacking.tolist() == [1, 0, 1, 1, 0, 0, 0]


def test_deprivation_counts_thirteen_items() -> None:
    """Arrears of any kind are one item; code 3 is no deprivation; seven items are severe, five deprived."""
    codes = {"HS011": 1, "HS021": 2, "HH050": 2, "HS060": 2, "HS050": 2, "HS040": 3, "HS110": 3, "HD080": 1}
    own = {"PD080": 2, "PD020": 3, "PD030": 1, "PD070": 1, "PD060": 1, "PD050": 1}
    five = member(1, 30, **codes, **own)
    seven = member(2, 30, **{**codes, "HS040": 2, "HD080": 2}, **own)
    found = deprivation.status(deprivation.items(pd.DataFrame([five, seven, member(3, 30)])))
    assert found["msd"].tolist() == [1, 1, 0] and found["smsd"].tolist() == [0, 1, 0]
    assert found["asked"].tolist() == [True, True, False]


def calendar(code: int, months: int = 12, then: int = 11) -> dict[str, float]:
    """Monthly activities: a code for so many months, then another."""
    return {name: code if i < months else then for i, name in enumerate(work.MONTHS)}


def test_work_intensity_by_hand() -> None:
    """A couple, one all year full time, one half a year part time of 17.5 hours: (12 + 3) of 24 months."""
    rows = [
        member(1, 40, mainly_pensions=False, PL060=38, **calendar(1)),
        member(1, 38, mainly_pensions=False, PL060=17.5, **calendar(2, 6, 10)),
        member(1, 70, mainly_pensions=False, **calendar(7)),
        member(2, 20, mainly_pensions=False, **calendar(6)),
        member(3, 50, mainly_pensions=False, **calendar(5)),
    ]
    found = work.intensity(pd.DataFrame(rows))
    assert found[:3].tolist() == pytest.approx([15 / 24] * 3)
    assert np.isnan(found[3]) and found[4] == 0


def test_who_counts_for_work_intensity() -> None:
    """Students count from 25, the retired never: by the calendar, by what they say (PL032 = 3) or by their pension."""
    rows = {
        "student of 24": member(1, 24, **calendar(6)),
        "student of 25": member(1, 25, PL032=5, **calendar(6)),
        "says retired": member(1, 50, PL032=3, **calendar(11)),
        "has a pension": member(1, 50, PY100G=900.0, **calendar(11)),
        "has a survivor's pension": member(1, 50, PY110G=900.0, **calendar(11)),
        "inactive of 61, household on pensions": member(1, 61, mainly_pensions=True, **calendar(10)),
        "unemployed of 61, household on pensions": member(1, 61, mainly_pensions=True, **calendar(5)),
        "inactive of 59, household on pensions": member(1, 59, mainly_pensions=True, **calendar(10)),
        "of 17": member(1, 17, **calendar(1)),
        "of 65": member(1, 65, **calendar(1)),
    }
    frame = pd.DataFrame(list(rows.values()), index=list(rows))
    frame["mainly_pensions"] = frame["mainly_pensions"].fillna(0).astype(bool)
    found = work.of_working_age(frame)
    assert set(found.index[found]) == {
        "student of 25", "has a survivor's pension", "unemployed of 61, household on pensions",
        "inactive of 59, household on pensions",
    }  # fmt: skip


def test_at_work_is_more_than_half_of_the_known_months() -> None:
    """Seven of twelve months make an employed person, six do not."""
    frame = pd.DataFrame([member(1, 40, **calendar(1, 7)), member(1, 40, **calendar(1, 6))])
    assert work.employed(frame).tolist() == [True, False]


def test_housing_burden() -> None:
    """Costs less allowances over income less allowances; nothing left is 100 %, costs not known are not nought."""
    frame = pd.DataFrame(
        {"HH070": [500.0, 500, 500, np.nan], "HY070G": [1000.0, 0, 0, 0], "HY020": [21_000.0, 0, -5, 9_000]}
    )
    found = persons.housing_burden(frame)
    assert found[:3].tolist() == [pytest.approx(25.0), 100.0, 100.0] and np.isnan(found[3])


def test_income_of_persons_is_that_of_their_household(whole: generate.Files) -> None:
    """Recomputed from the files with plain loops for some households."""
    table = persons.build(whole.survey())
    for number in (1, 17, 4242):
        ages = whole.r.loc[whole.r["RB040"] == number, "RB081"]
        scale = 1 + 0.5 * ((ages >= 14).sum() - 1) + 0.3 * (ages < 14).sum()
        expected = float(whole.h.loc[whole.h["HB030"] == number, "HY020"].iloc[0]) / scale
        assert table.loc[table["household"] == number, "income"].tolist() == pytest.approx([expected] * len(ages))


def test_what_cannot_be_joined_is_refused(whole: generate.Files) -> None:
    """A missing file, a key that stands twice, files of different years: a message with counts."""
    with pytest.raises(UsageError, match="--d, --p"):
        persons.build(files_of(r=whole.r, h=whole.h))
    twice = survey.Survey(whole.d, whole.r, pd.concat([whole.h, whole.h.head(3)]), whole.p, whole.survey().places)
    with pytest.raises(SourceUnreadable, match="3 records repeat their key HB030"):
        persons.build(twice)
    text = survey.Survey(whole.d, whole.r, whole.h.assign(HB030="x"), whole.p, whole.survey().places)
    with pytest.raises(SourceUnreadable, match="repeat their key HB030"):
        persons.build(text)
    text = survey.Survey(
        whole.d, whole.r, whole.h.assign(HB030=whole.h["HB030"].astype(str)), whole.p, whole.survey().places
    )
    with pytest.raises(SourceUnreadable, match="RB040, DB030, HB030 are numbers in one file and text in another"):
        persons.build(text)
    places = whole.survey().places
    other = survey.Survey(whole.d.assign(DB030=whole.d["DB030"] + 10**7), whole.r, whole.h, whole.p, places)
    with pytest.raises(SourceUnreadable, match="are they of one year"):
        persons.build(other)
