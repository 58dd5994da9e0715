"""``reporting silc`` on replicate weights, on the four files and on several years."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from microdata import CANARIES, COMMON, HEAD, persons, run, table


def replicates_of(frame: pd.DataFrame, form: str) -> pd.DataFrame:
    """Weights that leave out each of 40 households in turn, in four strata of ten."""
    weights = {}
    for household in range(40):
        region = frame["region"].eq(frame.loc[frame["hh"] == household, "region"].iloc[0])
        factor = np.where(frame["hh"] == household, 0.0, np.where(region, 10 / 9, 1.0))
        weights[f"r{household}"] = frame["w"] * factor
    wide = pd.DataFrame(weights)
    if form == "in the same order":
        return wide
    if form == "by person":
        return wide.assign(id=frame["id"]).sample(frac=1, random_state=1)
    wide = wide.assign(hh=frame["hh"]).drop_duplicates("hh")
    if form == "by household":
        return wide
    rows = wide.melt("hh", var_name="PSU_JCK", value_name="w")
    rows["STRATUM_JCK"] = (rows["PSU_JCK"].str[1:].astype(int) % 4).map(dict(enumerate("ABCD")))
    rows = rows[rows["w"] > 0].assign(SCALE_JCK=0.9).sample(frac=1, random_state=1)
    return rows.rename(columns={"hh": "HH", "w": "W"})


FORMS = ("in the same order", "by person", "by household", "a row for each household and replicate")


@pytest.mark.parametrize("form", FORMS)
def test_given_replicate_weights_of_a_stratified_jackknife(tmp_path: Path, form: str) -> None:
    """Replicates of a file give the error that leaving out each household gives, whichever way the rows are joined."""
    frame = persons(tmp_path, 80).assign(id=np.arange(80))
    frame.to_csv(tmp_path / "p.csv", index=False)
    replicates_of(frame, form).to_csv(tmp_path / "r.csv", index=False)
    common = ("silc", "indicators", tmp_path / "p.csv", *COMMON, "--strata", "region", "--variance", "jackknife")
    assert run(*common, "--cluster", "hh", "--output", tmp_path / "own.csv") == 0
    assert run(*common, "--replicates", tmp_path / "r.csv", "--output", tmp_path / "given.csv") == 0
    pd.testing.assert_frame_equal(table(tmp_path / "own.csv"), table(tmp_path / "given.csv"), rtol=1e-9)
    assert run(*common, "--replicates", tmp_path / "r.csv", "--centre", "overall", "--output", tmp_path / "v2.csv") == 0
    overall, own = (table(tmp_path / f"{name}.csv")["se"].dropna() for name in ("v2", "given"))
    assert len(own) == 4 and (overall >= own).all()


@pytest.mark.parametrize(
    ("made", "code", "said"),
    [
        (lambda r: r.head(2).drop(columns="id"), 3, "2 rows of replicate weights for 80 persons"),
        (lambda r: r.head(79), 3, "1 persons have no row"),
        (lambda r: r.assign(r3=1.0), 3, "column r3 leaves nobody out"),
        (lambda r: r[["id", "r1"]], 2, "fewer than two replicates"),
        (lambda r: r.assign(r2="many"), 3, "column r2 is not a number in line 2, line 3"),
        (lambda r: r.assign(r2=-r["r2"]), 3, "column r2 is negative"),
        (lambda r: pd.concat([r, r.head(1)]), 3, "the columns id do not name each row once"),
        (lambda r: r.rename(columns={"id": "number"}), 3, "the sum of replicate 41 is over 1.5 times that of w, or"),
        (lambda r: r.assign(r2=100 * r["r2"]), 3, "the sum of replicate 3 is over 1.5 times that of w"),
    ],
)  # fmt: skip
def test_replicates_that_do_not_fit_are_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], made: Callable[[pd.DataFrame], pd.DataFrame], code: int,
    said: str,
) -> None:  # fmt: skip
    """Rows that are missing or twice, weights that are none, replicates that leave nobody out: a message says which."""
    frame = persons(tmp_path, 80).assign(id=np.arange(80))
    frame.to_csv(tmp_path / "p.csv", index=False)
    made(replicates_of(frame, "by person")).to_csv(tmp_path / "r.csv", index=False)
    assert run("silc", "indicators", tmp_path / "p.csv", *COMMON, "--strata", "region", "--variance", "jackknife",
               "--replicates", tmp_path / "r.csv", "--output", tmp_path / "o.csv") == code  # fmt: skip
    assert said in capsys.readouterr().err and not (tmp_path / "o.csv").exists()


def test_rows_of_replicates_that_contradict_each_other_are_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A household with two weights, or a replicate of two strata, in the form with a row for each household."""
    frame = persons(tmp_path, 80)
    rows = replicates_of(frame, FORMS[3])
    bad = {
        "two weights in one replicate": pd.concat([rows, rows.head(1).assign(W=1.0)]),
        "of two strata (STRATUM_JCK)": rows.assign(STRATUM_JCK=np.where(np.arange(len(rows)) % 2, "A", "B")),
        "no column w with the weights": rows.rename(columns={"W": "other"}),
        "no column in common": rows.rename(columns={"HH": "household"}),
    }
    for said, made in bad.items():
        made.to_csv(tmp_path / "r.csv", index=False)
        assert run("silc", "indicators", tmp_path / "p.csv", *COMMON, "--variance", "jackknife",
                   "--replicates", tmp_path / "r.csv", "--output", tmp_path / "o.csv") in (2, 3)  # fmt: skip
        assert said in capsys.readouterr().err


def drawn(folder: Path, households: int = 1500, psus: int = 6) -> list[str]:
    """Synthetic files in a folder, as the options that name them."""
    assert run("silc", "generate", folder, "--households", households, "--psus", psus, "--per-psu", 10) == 0
    return [word for x in "drhp" for word in (f"--{x}", str(folder / f"synthetic_{x}.csv"))]


def test_from_four_files_to_estimates(tmp_path: Path) -> None:
    """Generated files pass the checks; build gives every indicator, nationally and by sex, and a record of it."""
    files = drawn(tmp_path / "files")
    assert run("silc", "check", *files) == 0
    out = tmp_path / "out.csv"
    assert run("silc", "build", *files, "--by", "sex", "--by", "age", "--anchor", 13_000, "--households", 5e6,
               "--findings", tmp_path / "findings.json", "--output", out) == 0  # fmt: skip
    found = table(out)
    assert list(found.columns) == HEAD
    assert {"arope", "smsd", "low_work_intensity", "housing_overburden", "arop_anchored"} <= set(found["indicator"])
    national = found[found["by"] == "total"].set_index("indicator")["value"]
    for form, count in (("arope_by_", 3), ("arope_(?!by)", 7)):
        parts = national[national.index.str.match(form)]
        assert len(parts) == count and parts.sum() == pytest.approx(national["arope"])
    assert set(found.loc[found["by"] == "sex", "category"]) == {"F", "M"}
    record = json.loads((tmp_path / "out.csv.json").read_text())
    assert {(p["indicator"], p["met"]) for p in record["precision"]} == {("arop", False), ("arope", False)}
    by_name = {q["indicator"]: q for q in record["quality"] if q["by"] == "total"}
    errors = found[found["by"] == "total"].set_index("indicator")
    assert by_name["gini"]["cv"] == pytest.approx(100 * errors.loc["gini", "se"] / errors.loc["gini", "value"])
    assert by_name["gini"]["deff"] > 0.2


def test_estimates_go_to_the_outputs_when_no_file_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The four files alone are enough."""
    files = drawn(tmp_path / "files")
    monkeypatch.chdir(tmp_path)
    assert run("silc", "build", *files) == 0
    assert "arope" in set(table(tmp_path / "outputs" / "silc.csv")["indicator"])


def test_replicate_weights_beside_the_four_files(tmp_path: Path) -> None:
    """Replicates by household, as Statbel hands them out: the error of leaving out each PSU."""
    files = drawn(tmp_path / "files", 8000, 4)
    d = pd.read_csv(tmp_path / "files" / "synthetic_d.csv")
    rows = []
    for psu, own in d.groupby("DB060"):
        stratum = d["DB050"] == own["DB050"].iloc[0]
        count = d.loc[stratum, "DB060"].nunique()
        factor = np.where(stratum, count / (count - 1), 1.0)
        some = d.assign(RB050=d["DB090"] * factor, PSU_JCK=psu, STRATUM_JCK=own["DB050"].iloc[0])
        rows.append(some.loc[some["DB060"] != psu, ["DB030", "RB050", "PSU_JCK", "STRATUM_JCK"]])
    pd.concat(rows).to_csv(tmp_path / "jck.csv", index=False)
    words = ("silc", "build", *files, "--indicator", "arop", "--indicator", "arope", "--variance", "jackknife")
    assert run(*words, "--output", tmp_path / "own.csv") == 0
    assert run(*words, "--replicates", tmp_path / "jck.csv", "--output", tmp_path / "given.csv") == 0
    pd.testing.assert_frame_equal(table(tmp_path / "own.csv"), table(tmp_path / "given.csv"), rtol=1e-9)


def test_no_record_of_the_four_files_reaches_anything(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Canaries in incomes and identities: in no output, no finding, no record, no message, also when it fails."""
    files = drawn(tmp_path / "files")
    path = tmp_path / "files" / "synthetic_h.csv"
    h = pd.read_csv(path)
    h.loc[0, "HY020"], h.loc[1, "HY010"] = 987654.321, 424242.4242
    h.to_csv(path, index=False)
    assert run("silc", "check", *files) == 1
    assert run("silc", "check", *files, "--json") == 1
    assert run("silc", "build", *files, "--by", "region", "--findings", tmp_path / "f.json",
               "--output", tmp_path / "o.csv") == 0  # fmt: skip
    pd.concat([h, h.head(2)]).to_csv(path, index=False)
    assert run("silc", "build", *files, "--output", tmp_path / "p.csv") == 3
    path.write_text(path.read_text().replace("987654.321", "987654.321Zanzibar-7"))
    assert run("silc", "build", *files, "--output", tmp_path / "p.csv") in (1, 3)
    heard = capsys.readouterr()
    said = heard.out + heard.err + "".join(p.read_text() for p in tmp_path.glob("*.*"))
    assert "2 records repeat their key HB030" in heard.err and "Traceback" not in said
    assert not any(canary in said for canary in (*CANARIES, "987654", "424242"))


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("silc", "check"), "Name at least one of the four files"),
        (("silc", "build", "--output", "o.csv"), "Name at least one of the four files"),
        (("silc", "generate", "x", "--households", "3"), "at least 200 and at most 10,000,000 households"),
        (("silc", "generate", "x", "--households", "99999999999"), "at most 10,000,000 households"),
        (("silc", "generate", "x", "--seed", "-1"), "a seed that is not negative"),
        (
            ("silc", "build", "--h", "h.csv", "--findings", "no/f.json", "--output", "o.csv"),
            "--findings no/f.json: name",
        ),
        (("silc", "check", "--h", "nowhere.csv"), "there is no such file"),
    ],
)
def test_wrong_use_of_the_four_files(capsys: pytest.CaptureFixture[str], words: tuple[str, ...], said: str) -> None:
    """Exit code 2 and what to do."""
    assert run(*words) == 2
    assert said in capsys.readouterr().err


def test_change_and_persistence_from_files(tmp_path: Path) -> None:
    """Two years of one panel: a change with its test; four years: persistent poverty with n of those in all of them."""
    frames = {}
    for year in range(4):
        frame = persons(tmp_path, 1200).assign(pid=np.arange(1200), rb064=1.0)
        frame["x"] = (frame["x"] * np.exp(0.02 * year)).round(2)
        frames[year] = tmp_path / f"{year}.csv"
        frame.iloc[year * 10 :].to_csv(frames[year], index=False)
    out = tmp_path / "c.csv"
    assert run("silc", "change", frames[0], frames[1], *COMMON, "--cluster", "hh", "--strata", "region",
               "--indicator", "mean_income", "--indicator", "arop", "--output", out) == 0  # fmt: skip
    found = pd.read_csv(out).set_index("indicator")
    assert found.loc["mean_income", "change"] > 0 and found.loc["mean_income", "correlation"] > 0.9
    assert found.loc["arop", "common_psus"] == 595
    years = [frames[year] for year in (3, 2, 1, 0)]
    assert run("silc", "persistent", *years, *COMMON, "--identity", "pid", "--longitudinal", "rb064",
               "--cluster", "hh", "--output", out) == 0  # fmt: skip
    row = table(out).iloc[0]
    assert row["indicator"] == "persistent_arop" and row["n"] == 1170 and 5 < row["value"] < 40
    assert run("silc", "persistent", *years[:2], *COMMON, "--identity", "pid", "--longitudinal", "rb064",
               "--output", out) == 2  # fmt: skip
