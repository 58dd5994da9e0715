"""Scores worked out by hand: years, references, cut-offs, exceptions, and what does not change them."""

from __future__ import annotations

from math import sqrt

import numpy as np
import pandas as pd
import pytest
from invented import frame, joined, options, scored, series, table
from oracle import MEMBERS, Data

#: Deviations from the reference with sample variance 100 (2,600 over 26): two at each cut-off of JAF.
JAF = dict(zip(MEMBERS, [7, -7, 13, -13, 31, -31, 11, -11] + [0] * 19, strict=True))
#: Deviations with population variance 4 (108 over 27): two at each cut-off of the scoreboard.
JER = dict(zip(MEMBERS, [1, -1, 2, -2, 7, -7] + [0] * 21, strict=True))


def test_cut_offs_of_jaf_belong_where_the_method_says(known) -> None:
    """-13 is -, -7 and 7 are 0, 13 is ++."""
    rows = table(series(JAF | {"EU27_2020": 0}), known.profiles["jaf-compat"])
    assert rows["category_level"][["BE", "BG", "CZ", "DK"]].tolist() == ["0", "0", "++", "-"]
    assert rows["category_level"][["DE", "EE", "IE", "EL"]].tolist() == ["++", "--", "+", "-"]
    assert rows["score_level"][["BE", "BG", "CZ", "DK"]].tolist() == [7, -7, 13, -13]


@pytest.mark.parametrize(("beyond", "inside"), [(7.0001, "+"), (6.9999, "0")])
def test_scores_are_not_rounded_before_they_are_compared(known, beyond: float, inside: str) -> None:
    """A score a ten-thousandth beside a cut-off is on its own side of it."""
    rows = table(series(JAF | {"BE": beyond, "EU27_2020": 0}), known.profiles["jaf-compat"])
    assert rows["category_level"]["BE"] == inside


@pytest.mark.parametrize("shift", [0.1, 50.3, 71.7])
def test_noise_of_floating_point_does_not_carry_a_score_over_a_cut_off(known, shift: float) -> None:
    """With one decimal the same deviations give the same bands, though 51.0 - 50.3 is not 0.7."""
    values = {geo: f"{shift + deviation / 10:.1f}" for geo, deviation in JAF.items()} | {"EU27_2020": f"{shift:.1f}"}
    rows = table(series(values), known.profiles["jaf-compat"])
    assert rows["category_level"][["BE", "BG", "CZ", "DK"]].tolist() == ["0", "0", "++", "-"]


def test_cut_offs_of_the_scoreboard_belong_where_the_method_says(known) -> None:
    """Where high is good a level of 1 is high, 2 (one deviation) very high, -1 on average and -2 low."""
    rows = table(series(JER), known.profiles["scoreboard-jer"])
    assert rows["score_level"][["BE", "BG", "CZ", "DK"]].tolist() == [-0.5, 0.5, -1, 1]
    assert rows["category_level"][["BE", "BG", "CZ", "DK", "DE", "EE", "IE"]].tolist() == [
        "high", "on_average", "very_high", "low", "very_high", "very_low", "on_average",
    ]  # fmt: skip
    low = table(series(JER), known.profiles["scoreboard-jer"], high=False)
    assert low["category_level"][["BE", "BG", "CZ", "DK"]].tolist() == ["on_average", "high", "low", "very_high"]


@pytest.mark.parametrize("shift", [0.0, 12.3, 48.9])
def test_noise_does_not_move_a_category_of_the_scoreboard(known, shift: float) -> None:
    """Values with one decimal at half and whole deviations, levels and changes."""
    before = series({geo: f"{shift:.1f}" for geo in MEMBERS}, 2023)
    now = series({geo: f"{shift + deviation / 10:.1f}" for geo, deviation in JER.items()})
    rows = table(joined(before, now), known.profiles["scoreboard-jer"])
    assert rows["score_change"][["BE", "BG", "CZ", "DK"]].tolist() == [-0.5, 0.5, -1, 1]
    assert rows["category"][["BE", "BG", "CZ", "DK", "EE", "IE"]].tolist() == [
        "better_than_average", "on_average", "best_performers", "to_watch", "critical_situations", "on_average",
    ]  # fmt: skip


def test_each_profile_has_its_own_deviation(known) -> None:
    """Sample deviation (n - 1) in JAF, population deviation (n) in the scoreboard."""
    values = {geo: position for position, geo in enumerate(MEMBERS)}
    one = table(series(values | {"EU27_2020": 10}), known.profiles["jaf-compat"])
    other = table(series(values), known.profiles["scoreboard-jer"])
    squares = sum((v - 13) ** 2 for v in values.values())
    assert one["score_level"]["SE"] == pytest.approx(10 * 16 / sqrt(squares / 26), rel=1e-14)
    assert other["score_level"]["SE"] == pytest.approx(-13 / sqrt(squares / 27), rel=1e-14)


def moved(own: float, others: float) -> Data:
    """Three good countries whose change is ``own`` while all others change by ``others``."""
    level = {geo: 50 for geo in MEMBERS} | {"SE": 57, "FI": 43, "BE": 50, "BG": 51.5, "CZ": 53, "DK": 47, "DE": 48.5}
    if others < 0:
        level = {geo: 100 - value for geo, value in level.items()}
    change = {geo: others for geo in MEMBERS} | {"BE": own, "BG": own, "CZ": own}
    return joined(series(level), series({geo: level[geo] - change[geo] for geo in MEMBERS}, 2023))


EXCUSED, BLAMED = (
    ["on_average", "better_than_average", "best_performers"], ["to_watch", "good_but_to_monitor", "good_but_to_monitor"]
)  # fmt: skip


@pytest.mark.parametrize(
    ("high", "own", "others", "expected"),
    [
        (True, 0.5, 10, EXCUSED), (True, 0, 10, EXCUSED), (True, -0.5, 10, BLAMED),
        (False, -0.5, -10, EXCUSED), (False, 0, -10, BLAMED), (False, 0.5, -10, BLAMED),
    ],
)  # fmt: skip
def test_a_country_that_did_not_worsen_is_not_blamed(known, high, own, others, expected) -> None:
    """Exceptions E1 to E3, and that a change of nought excuses only where high is good."""
    rows = table(moved(own, others), known.profiles["scoreboard-jer"], high=high)
    assert (rows["score_change"][["BE", "BG", "CZ"]] > 1).all()
    assert rows["category"][["BE", "BG", "CZ"]].tolist() == expected


def test_the_odd_rule_on_a_change_of_nought_can_be_switched(known) -> None:
    """With zero = all a change of nought excuses where low is good too."""
    profile = known.profiles["scoreboard-jer"]
    fair = profile.model_copy(update={"excused": profile.excused.model_copy(update={"zero": "all"})})
    assert table(moved(0, -10), fair, high=False)["category"][["BE", "BG", "CZ"]].tolist() == EXCUSED


def test_too_few_countries_make_no_year(known) -> None:
    """17 values in 2024 leave 2023 the year of JAF, 18 make it 2024; the scoreboard needs 24."""
    before = series({geo: n for n, geo in enumerate(MEMBERS)}, 2023)
    for count, year in ((17, 2023), (18, 2024)):
        data = joined(before, series({geo: n for n, geo in enumerate(MEMBERS[:count])}))
        assert table(data, known.profiles["jaf-compat"])["year"]["BE"] == year
    for count, year in ((23, 2023), (24, 2024)):
        data = joined(before, series({geo: n for n, geo in enumerate(MEMBERS[:count])}))
        rows = table(data, known.profiles["scoreboard-jer"])
        assert (rows["year"]["BE"], rows["n"]["BE"]) == (year, 27 if year == 2023 else 24)


def test_late_and_ahead_countries_of_jaf(known) -> None:
    """Late: older value, same mean. Ahead: cut back to the year of the indicator, or out without that year."""
    data = series({geo: n for n, geo in enumerate(MEMBERS)}, 2023)
    del data["BE"][2023], data["BG"][2023]
    data["BE"][2021] = ("5", "")
    data["BG"] = {2024: ("9", ""), 2022: ("8", "")}
    data["CZ"][2024] = ("99", "")
    rows = table(data, known.profiles["jaf-compat"])
    assert (rows["year"]["BE"], rows["level"]["BE"], rows["n"]["BE"]) == (2021, 5, 26)
    assert (rows["year"]["CZ"], rows["level"]["CZ"]) == (2023, 2)
    assert rows.loc["BG", ["year", "level", "change", "score_level", "n"]].isna().all()
    assert rows["reference_value"]["BE"] == pytest.approx((5 + sum(range(2, 27))) / 26)


def test_without_a_year_each_country_enters_with_its_own(known) -> None:
    """JAF with 12 countries: own latest years; the scoreboard computes nothing."""
    data = series({geo: n for n, geo in enumerate(MEMBERS[:12])}, 2022)
    data["BE"][2024] = ("40", "")
    rows = table(data, known.profiles["jaf-compat"])
    assert rows["year"][["BE", "BG"]].tolist() == [2024, 2022]
    assert table(data, known.profiles["scoreboard-jer"])["level"].isna().all()


def test_the_union_is_the_reference_only_with_the_newest_year(known) -> None:
    """A Union value that is old, absent, or older than that of the euro area gives way to the simple average."""
    base = series({geo: n for n, geo in enumerate(MEMBERS)}, 2024)
    profile = known.profiles["jaf-compat"]

    def reference(data: Data, **given: object) -> tuple[str, float]:
        row = table(data, profile, **given).loc["SE"]
        return row["reference"], row["reference_value"]

    union = series({"EU27_2020": 20}, 2024)
    assert reference(joined(base, union)) == ("EU27_2020", 20)
    assert reference(joined(base, series({"EU27_2020": 20}, 2023))) == ("simple average", 13)
    assert reference(base) == ("simple average", 13)
    assert reference(joined(base, union), reference="simple average") == ("simple average", 13)
    late = {geo: ({2023: years[2024]} if geo != "BE" else years) for geo, years in base.items()}
    assert reference(joined(late, series({"EU27_2020": 20}, 2023))) == ("EU27_2020", 20)


def test_late_union_of_an_indicator_without_a_year(known) -> None:
    """Where no year has 18 countries the newest year is that of any row, the euro area included."""
    few = series({geo: n for n, geo in enumerate(MEMBERS[:5])}, 2022)
    data = joined(few, series({"EU27_2020": 3}, 2022), series({"EA20": 4}, 2023))
    rows = table(data, known.profiles["jaf-compat"])
    assert rows["reference"].unique().tolist() == ["simple average"]


def test_the_change_is_over_three_years_and_needs_exactly_that_year(known) -> None:
    """JAF: 2024 less 2021; without 2021 there is no change and no verdict, however bad the level."""
    data = joined(series(JAF | {"EU27_2020": 0}), series(dict.fromkeys(MEMBERS, 1), 2021), series({"BE": 3}, 2022))
    del data["EE"][2021]
    rows = table(data, known.profiles["jaf-compat"])
    assert rows["change"]["BE"] == 6
    assert np.isnan(rows["change"]["EE"])
    assert (rows["category_level"]["EE"], rows["category_change"]["EE"], rows["verdict"]["EE"]) == ("--", "", "")


def test_the_previous_year_of_the_scoreboard_is_any_with_a_figure(known) -> None:
    """A figure of the euro area alone for 2023 makes 2023 the previous year: no Member State has a change."""
    base = joined(series(JER), series(dict.fromkeys(MEMBERS, 0), 2022))
    profile = known.profiles["scoreboard-jer"]
    assert table(base, profile)["change"]["BE"] == 1
    rows = table(joined(base, series({"EA20": 4}, 2023)), profile)
    assert rows["change"].isna().all()
    assert (rows["category"] == "").all()


def test_change_in_per_cent_where_the_indicator_asks(known) -> None:
    """100 (110 / 80 - 1) in the scoreboard; JAF takes a difference whatever is asked; a base of nought has none."""
    data = joined(series(dict.fromkeys(MEMBERS, 110)), series(dict.fromkeys(MEMBERS, 80), 2023))
    data["BG"][2023] = ("0", "")
    rows = table(data, known.profiles["scoreboard-jer"], change_in_percent=True)
    assert rows["change"]["BE"] == pytest.approx(37.5)
    assert np.isnan(rows["change"]["BG"])
    older = joined(data, series(dict.fromkeys(MEMBERS, 80), 2021))
    assert table(older, known.profiles["jaf-compat"], change_in_percent=True)["change"]["BE"] == 30


def broken(year: int) -> Data:
    """Four years of an indicator, with a break of Belgium, whose change is far from the others'."""
    data = joined(*(series({g: n for n, g in enumerate(MEMBERS)}, y) for y in range(2021, 2025)))
    data["BE"] = {y: ("60" if y == 2024 else "0", "b" if y == year else "") for y in range(2021, 2025)}
    data["BG"][2024] = ("3", "")
    return data


@pytest.mark.parametrize(
    ("profile", "year", "asks", "dropped"),
    [
        ("jaf-compat", 2024, True, True), ("jaf-compat", 2024, False, False), ("jaf-compat", 2023, True, False),
        ("jaf-strict", 2024, False, True), ("jaf-strict", 2023, False, True), ("jaf-strict", 2022, False, True),
        ("jaf-strict", 2021, False, False),
    ],
)  # fmt: skip
def test_a_broken_change_leaves_before_the_deviation(known, profile, year, asks, dropped) -> None:
    """The deviation of the others is without the broken change; the level stays; a break in the base year is none."""
    rows = table(broken(year), known.profiles[profile], drop_change_with_break=asks)
    assert rows["level"]["BE"] == 60
    assert np.isnan(rows["change"]["BE"]) == dropped
    changes = np.array([2.0] + [0.0] * 25 + ([] if dropped else [60.0]))
    expected = 10 * (2 - changes.mean()) / changes.std(ddof=1)
    assert rows["score_change"]["BG"] == pytest.approx(expected)


def test_the_same_value_everywhere_has_no_score(known) -> None:
    """No dispersion: no score, band or verdict, also where subtraction leaves noise; levels and reference stay."""
    level = {geo: f"{10.3 + n / 7:.1f}" for n, geo in enumerate(MEMBERS)}
    base = {geo: f"{float(value) - 0.3:.1f}" for geo, value in level.items()}
    data = joined(series(level), series(base, 2021), series(base, 2023))
    for name in ("jaf-compat", "scoreboard-jer"):
        rows = table(data, known.profiles[name])
        assert rows["score_change"].isna().all()
        assert (rows[["category_change", "category", "verdict"]] == "").all(axis=None)
        assert rows["score_level"].notna().all()
    flat = table(series(dict.fromkeys(MEMBERS, 0.1)), known.profiles["jaf-compat"])
    assert flat["score_level"].isna().all()
    assert flat["reference_value"]["BE"] == pytest.approx(0.1)


def test_without_polarity_there_are_levels_and_no_verdicts(known) -> None:
    """Where it is not said what is good nothing is judged."""
    rows = table(moved(0, 10), known.profiles["scoreboard-jer"], high=None)
    assert rows["change"].notna().all()
    assert rows[["score_level", "score_change"]].isna().all(axis=None)
    assert (rows[["category_level", "category_change", "category"]] == "").all(axis=None)


def test_aggregates_are_scored_in_jaf_and_shown_in_the_scoreboard(known) -> None:
    """They never enter mean, deviation or number; the Union's own score is 0 where it is the reference."""
    data = series(JAF | {"EU27_2020": 0, "EA20": 20})
    rows = table(data, known.profiles["jaf-compat"])
    assert (rows["score_level"]["EU27_2020"], rows["score_level"]["EA20"], rows["n"]["EA20"]) == (0, 20, 27)
    shown = table(data, known.profiles["scoreboard-jer"])
    assert shown["level"]["EA20"] == 20
    assert shown.loc[["EU27_2020", "EA20"], "score_level"].isna().all()
    assert shown["reference_value"]["BE"] == 0


def test_the_whole_matrix_of_jaf(known) -> None:
    """All 25 pairs of bands give the published numbers."""
    bands, profile = ["--", "-", "0", "+", "++"], known.profiles["jaf-compat"]
    expected = ["1", "1", "1", "4", "5", "2", "2", "2", "4", "5", "10", "9", "", "", "", "6", "", "", "7", "8"]
    expected += ["", "", "3", "3", "3"]
    assert [profile.matrix[level][n] for level in bands for n in range(5)] == expected
    assert list(profile.bands.change) == bands


def random_data(seed: int = 3) -> Data:
    """Four years of 27 countries and the aggregates."""
    random = np.random.default_rng(seed)
    return joined(
        *(
            series({g: repr(random.normal(50, 9)) for g in [*MEMBERS, "EU27_2020", "EA20"]}, y)
            for y in range(2021, 2025)
        )
    )


@pytest.mark.parametrize("name", ["jaf-compat", "jaf-strict", "scoreboard-jer"])
@pytest.mark.parametrize(("factor", "shift"), [(1000.0, 0.0), (0.001, 7.0), (3.7, -500.0)])
def test_scores_do_not_depend_on_the_unit(known, name, factor, shift) -> None:
    """A change of unit and origin leaves scores and categories as they are."""
    observed = frame(random_data())
    both = {"I": options(True)}
    one = scored(observed, both, known.profiles[name]).table()
    other = scored(observed.assign(value=observed["value"] * factor + shift), both, known.profiles[name]).table()
    for score in ("score_level", "score_change"):
        np.testing.assert_allclose(one[score], other[score], rtol=1e-7, atol=1e-7)
    columns = ["category_level", "category_change", "category", "verdict", "n"]
    pd.testing.assert_frame_equal(one[columns], other[columns])


@pytest.mark.parametrize("name", ["jaf-compat", "scoreboard-jer"])
def test_scores_do_not_depend_on_the_order_of_lines(known, name) -> None:
    """Shuffled lines and indicators give the same rows."""
    observed = pd.concat([frame(random_data(n), f"I{n}") for n in range(4)], ignore_index=True)
    described = {f"I{n}": options(n % 2 == 0) for n in range(4)}
    one = scored(observed, described, known.profiles[name]).table()
    backwards = dict(reversed(described.items()))
    shuffled = observed.sample(frac=1, random_state=1).reset_index(drop=True)
    other = scored(shuffled, backwards, known.profiles[name]).table()
    keys = ["indicator", "geo"]
    pd.testing.assert_frame_equal(
        one.sort_values(keys).reset_index(drop=True), other.sort_values(keys).reset_index(drop=True)
    )


@pytest.mark.parametrize("name", ["jaf-compat", "jaf-strict"])
def test_turning_the_sign_turns_the_scores(known, name) -> None:
    """High is bad: all scores change their sign and nothing else; mirrored values then give the first categories."""
    data = random_data()
    one, other = (table(data, known.profiles[name], high=high) for high in (True, False))
    np.testing.assert_allclose(one["score_level"], -other["score_level"])
    np.testing.assert_allclose(one["score_change"], -other["score_change"])
    mirrored = {g: {y: (repr(-float(v)), f) for y, (v, f) in years.items()} for g, years in data.items()}
    again = table(mirrored, known.profiles[name], high=False)
    assert (again["verdict"] == one["verdict"]).all()


def test_fragile_is_what_a_small_move_flips(known) -> None:
    """A score at a cut-off is fragile; one far from all of them is not; rounding widens the margin."""
    profile = known.profiles["jaf-compat"]
    data = series({**JAF, "EU27_2020": 0, "IE": 10.25, "DE": 31.005})
    rows = table(data, profile)
    assert rows["fragile"][["BE", "BG", "CZ", "DK"]].all()
    assert not rows["fragile"][["DE", "EE", "IE"]].any()
    whole, exact = (table(series(JER | {"FR": far}), profile)["fragile"]["BE"] for far in (0, 0.0001))
    assert whole and not exact


def test_a_profile_may_be_copied_and_changed(known) -> None:
    """Other cut-offs, another number of countries and a change over one year do what they say."""
    profile = known.profiles["jaf-compat"]
    own = profile.model_copy(
        update={
            "years": profile.years.model_copy(update={"minimum": 5}),
            "change": profile.change.model_copy(update={"years": 1}),
            "bands": profile.bands.model_copy(update={"cuts": (-20.0, -10.0, 10.0, 20.0)}),
        }
    )
    data = joined(series(JAF | {"EU27_2020": 0}), series(dict.fromkeys(MEMBERS, 2), 2023))
    rows = table(data, own)
    assert rows["category_level"]["CZ"] == "+"
    assert rows["change"]["CZ"] == 11
