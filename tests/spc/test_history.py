"""A verdict of its time beside today's: whose revision changed it, and what was a real change."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from invented import frame, joined, options, series
from microdata import run
from oracle import AGGREGATES, MEMBERS, Data

from reporting.spc import history

DEVIATIONS = dict(zip(MEMBERS[1:], [n - 12.5 for n in range(26)], strict=True))


def year(belgium: float, when: int, scale: float = 1.0) -> Data:
    """Levels and a base three years before: deviations of the others times a scale; the Union is at nought."""
    others = {geo: deviation * scale for geo, deviation in DEVIATIONS.items()}
    now = series({"BE": belgium, **others, "EU27_2020": 0}, when)
    return joined(now, series(dict.fromkeys(["BE", *DEVIATIONS, "EU27_2020"], 0) | {"SE": 1, "FI": -1}, when - 3))


def told(known, then: dict[str, Data], today: Data) -> pd.DataFrame:
    """The history of one indicator in Belgium."""
    described = pd.DataFrame([options(True)], index=pd.Index(["I"], name="indicator"))
    frames = {date: frame(data) for date, data in then.items()}
    return history.history(frames, frame(today), described, known.profiles["jaf-compat"], MEMBERS, "BE")


@pytest.mark.parametrize(
    ("today", "whose"),
    [
        (year(-15, 2023), ""),  # nothing revised
        (year(0, 2023), "own"),
        (year(-15, 2023, 10), "others"),
        (year(0, 2023, 10), "either"),
    ],
)
def test_whose_revision_changed_an_outcome(known, today: Data, whose: str) -> None:
    """Belgium was far worse; today its own value, the dispersion of the others, or both are other ones."""
    found = told(known, {"2024-10-01": year(-15, 2023)}, today)
    assert found["outcome"].tolist() == ["1"]
    assert found["revision"].tolist() == [whose]
    assert (found["same_cycle_today"][0] == "1") == (whose == "")


def test_only_both_revisions_together(known) -> None:
    """A value that moves a little among others that move a little: neither alone is enough."""
    then = year(-11, 2023)
    found = told(known, {"2024-10-01": then}, year(-11 * 0.95, 2023, 1.053))
    assert found[["outcome", "revision"]].to_numpy().tolist() == [["1", "both"]]


def test_a_later_year_of_today_does_not_count(known) -> None:
    """The same cycle is the same year: values of 2024 leave the outcome of 2023 alone."""
    found = told(known, {"2024-10-01": year(-15, 2023)}, joined(year(-15, 2023), year(0, 2024)))
    assert found["same_cycle_today"].tolist() == ["1"]
    assert found["year"].tolist() == [2023]


def test_a_real_change_and_a_revision_are_told_apart(known) -> None:
    """A new year that is better is a real change; the same year that is better now is a revision."""
    first = year(-15, 2023)
    real = told(known, {"2024-10-01": first, "2025-10-01": joined(first, year(0, 2024))}, first)
    assert real["since_previous"].tolist() == ["", "real change"]
    better = year(0, 2023)
    revised = told(known, {"2024-10-01": first, "2025-10-01": better}, better)
    assert revised["since_previous"].tolist() == ["", "revision"]
    assert revised["revision"].tolist() == ["own", ""]


def test_the_verb_reads_the_store_as_of_each_date(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The poverty rate of Belgian men as exported in 2022 and as known in October 2025."""
    output = tmp_path / "h.csv"
    words = [
        "--profile",
        "scoreboard-jer",
        "--framework",
        "scoreboard",
        "--store",
        tmp_path / "none",
        "--output",
        output,
    ]
    assert run("spc", "history", "BE", "--dates", "2022-12-31,2025-10-20", *words) == 0
    rows = pd.read_csv(output, keep_default_na=False).query("indicator == 'scoreboard:10700_ex70'")
    assert rows["as_of"].tolist() == ["2022-12-31", "2025-10-20"]
    assert rows["year"].tolist() == [2020, 2024]
    assert run("spc", "history", "NO", "--dates", "2025-10-20", *words) == 2
    assert run("spc", "history", "BE", "--dates", "lately", *words) == 2
    assert AGGREGATES[0] not in capsys.readouterr().out
