"""``reporting silc indicators``: its table, its errors, and what it must never say."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import sas

from reporting import cli

HEAD = ["indicator", "by", "category", "value", "se", "ci_low", "ci_high", "n", "flag"]
#: Values that stand in records and nowhere else.
CANARIES = ("987654.321", "424242.4242", "Zanzibar-7")


def run(*words: object) -> int:
    """The exit code of a command."""
    import sys

    sys.argv = ["reporting", *map(str, words)]
    try:
        cli.main()
    except SystemExit as end:
        return int(end.code or 0)
    return 0


def persons(folder: Path, n: int = 400, seed: int = 2) -> pd.DataFrame:
    """A small file of persons in households, regions and sexes."""
    rng = np.random.default_rng(seed)
    household = np.repeat(np.arange(n // 2), 2)
    frame = pd.DataFrame(
        {
            "x": np.round(np.exp(rng.normal(10, 0.5, n // 2)), 2)[household],
            "w": rng.uniform(50, 100, n // 2)[household],
            "hh": household,
            "region": np.array(["A", "B", "C", "D"])[household % 4],
            "sex": np.tile(["1", "2"], n // 2),
        }
    )
    frame.to_csv(folder / "p.csv", index=False)
    return frame


def table(path: Path) -> pd.DataFrame:
    """The estimates of a file, flags as text."""
    return pd.read_csv(path, dtype={"flag": str, "category": str}).fillna({"flag": ""})


COMMON = ("--income", "x", "--weight", "w")


def test_further_breakdowns_follow_the_option(tmp_path: Path) -> None:
    """``--by a b``, ``--by a,b`` and ``--by a --by b`` are the same; each adds up to the total."""
    persons(tmp_path)
    ways = {"a": ("region", "sex"), "b": ("region", "--by", "sex"), "c": ("region,sex",)}
    for name, words in ways.items():
        assert run("silc", "indicators", tmp_path / "p.csv", *COMMON, "--by", *words, "--output", tmp_path / name) == 0
    assert (tmp_path / "a").read_text() == (tmp_path / "b").read_text() == (tmp_path / "c").read_text()
    arop = table(tmp_path / "a").query("indicator == 'arop'").groupby("by")["n"].sum()
    assert arop.to_dict() == {"total": 400, "region": 400, "sex": 400}


def test_any_indicator_from_columns_of_its_variables(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """An indicator that needs more than income reads it from the file; persons without it are not in its population."""
    frame = persons(tmp_path).assign(
        smsd=lambda f: np.arange(len(f)) % 5 == 0, asked=1, income_before=lambda f: f["x"] / 2
    )
    frame["smsd"] = frame["smsd"].astype(float).mask(frame["region"] == "A")
    frame.to_csv(tmp_path / "p.csv", index=False)
    assert run("silc", "indicators", tmp_path / "p.csv", *COMMON, "--indicator", "smsd", "--indicator", "arop_before",
               "--indicator", "arop", "--anchor", 9_000, "--output", tmp_path / "o.csv") == 0  # fmt: skip
    found = table(tmp_path / "o.csv").set_index("indicator")
    known = frame[frame["region"] != "A"]
    assert found.loc["smsd", "value"] == pytest.approx(100 * np.average(known["smsd"], weights=known["w"]))
    assert found.loc["smsd", "n"] == 300 and found.loc["arop", "n"] == 400
    assert found.loc["arop_before", "value"] > found.loc["arop", "value"]
    frame.assign(smsd=3).to_csv(tmp_path / "p.csv", index=False)
    assert run("silc", "indicators", tmp_path / "p.csv", *COMMON, "--indicator", "smsd", "--output", "o.csv") == 3
    assert "column smsd is not from 0 to 1 in line 2, line 3" in capsys.readouterr().err
    anchored = 100 * np.average(frame["x"] < 9_000, weights=frame["w"])
    assert found.loc["arop_anchored", "value"] == pytest.approx(anchored)


def test_the_contract(microdata: Path, tmp_path: Path) -> None:
    """Columns, national rows, ids and the published values of laeken, at full precision."""
    out = tmp_path / "out.csv"
    file = microdata / "eusilc_synthetic_AT.csv"
    done = run("silc", "indicators", file, "--income", "eqIncome", "--weight", "rb050", "--strata", "db040",
               "--cluster", "db030", "--by", "db040", "--convention", "laeken", "--output", out)  # fmt: skip
    assert done == 0
    found = table(out)
    assert list(found.columns) == HEAD
    national = found[found["by"] == "total"].set_index("indicator")
    assert national.loc["arop", "value"] == pytest.approx(14.4442181675, abs=1e-10)
    assert national.loc["arop_gap", "value"] == pytest.approx(18.9285968184, abs=1e-10)
    assert national.loc["s80s20", "value"] == pytest.approx(3.97000432604, abs=1e-11)
    assert national.loc["gini", "value"] == pytest.approx(26.4896192113, abs=1e-10)
    assert set(national["n"]) == {14827}
    assert len(found[(found["by"] == "db040") & (found["indicator"] == "arop")]) == 9
    assert (found["ci_high"] - found["ci_low"]).to_numpy() == pytest.approx(2 * 1.96 * found["se"].to_numpy())


@pytest.mark.parametrize(
    "form", ["p.csv.gz", "p.parquet", "p.dta", "p.sas7bdat", "semicolon.csv", "tab.csv", "spaces.csv"]
)
def test_any_format_gives_the_same(tmp_path: Path, form: str) -> None:
    """Compressed, Parquet, Stata, SAS, decimal commas and spaces are read alike, whatever the order of columns."""
    frame = persons(tmp_path)
    assert run("silc", "indicators", tmp_path / "p.csv", *COMMON, "--by", "region", "--output", tmp_path / "a") == 0
    other = frame[list(frame.columns)[::-1]]
    path = tmp_path / form
    if form == "p.csv.gz":
        path.write_bytes(gzip.compress(other.to_csv(index=False).encode()))
    elif form == "p.parquet":
        other.to_parquet(path)
    elif form == "p.dta":
        other.to_stata(path, write_index=False)
    elif form == "p.sas7bdat":
        sas.write(other, path)
    elif form == "spaces.csv":
        path.write_bytes(b"\xef\xbb\xbf" + other.to_csv(index=False).replace(",", " , ").replace("\n", "\r\n").encode())
    else:
        other.to_csv(path, index=False, sep=";" if form == "semicolon.csv" else "\t", decimal=",")
    assert run("silc", "indicators", path, *COMMON, "--by", "region", "--output", tmp_path / "b") == 0
    pd.testing.assert_frame_equal(table(tmp_path / "a"), table(tmp_path / "b"), rtol=1e-9)


def spoilt(folder: Path, column: str, row: int, value: object) -> Path:
    """A file of persons with one cell replaced, and canaries in other cells of the row."""
    frame = persons(folder).astype(object)
    frame.loc[row, "region"] = CANARIES[2]
    frame.loc[row, "x"] = CANARIES[0]
    frame.loc[row, column] = value
    frame.to_csv(folder / "p.csv", index=False)
    return folder / "p.csv"


@pytest.mark.parametrize(
    ("column", "value", "said"),
    [
        ("x", "Zanzibar-7", "column x is not a number in line 12"),
        ("w", "424242.4242x", "column w is not a number in line 12"),
        ("w", "-424242.4242", "column w is negative in line 12"),
        ("x", "inf", "column x is infinite in line 12"),
        ("hh", "", "column hh is empty in line 12"),
        ("region", "", "column region is empty in line 12"),
    ],
)
def test_a_bad_cell_is_named_by_line_and_column_never_by_value(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], column: str, value: str, said: str
) -> None:
    """The message says where, exit code 3, no output is left, no value of the record is repeated."""
    path = spoilt(tmp_path, column, 10, value)
    done = run("silc", "indicators", path, *COMMON, "--strata", "region", "--cluster", "hh",
               "--output", tmp_path / "o.csv")  # fmt: skip
    heard = capsys.readouterr()
    assert done == 3 and said in heard.err
    assert not any(canary in heard.err + heard.out for canary in CANARIES)
    assert not (tmp_path / "o.csv").exists()


@pytest.mark.parametrize(
    ("content", "code", "said"),
    [
        ("", 3, "the file is empty"),
        ("x,w\n", 3, "no records"),
        ("x,w,x\n1,2,3\n", 3, "column x more than once"),
        ("x,v\n1,2\n", 2, "no column w. There are: x, v"),
        ("x,w\n1,2\n3,4,5\n", 3, "line 3: 3 fields where the header has 2"),
        ("x,w\n,2\n3,0\n", 3, "nobody has both an income (x) and a weight (w)"),
        ("x,w\n1\n3,5\n", 3, "line 2: 1 fields where the header has 2"),
        ('x,w\n"1,2\n3,4\n', 3, "p.csv: line 3: 1 fields"),
        ('{"x": 987654.321}\n1\n', 2, "line 1 holds no names"),
        ("987654.321,424242.4242\n1,2\n", 2, "line 1 holds no names. Give the file a header"),
    ],
)
def test_a_bad_file_is_refused_with_what_is_wrong(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: str, code: int, said: str
) -> None:
    """Empty, headless, ragged and misnamed files end with one message and the right exit code."""
    (tmp_path / "p.csv").write_text(content)
    assert run("silc", "indicators", tmp_path / "p.csv", *COMMON, "--output", tmp_path / "o.csv") == code
    heard = capsys.readouterr().err
    assert said in heard and "Traceback" not in heard
    assert not any(canary in heard for canary in CANARIES)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--convention", "sas"), "Unknown convention 'sas'"),
        (("--variance", "magic"), "Unknown variance 'magic'"),
        (("--indicator", "arope"), "no column smsd_or_jobless"),
        (("--indicator", "poverty"), "Unknown indicator 'poverty'"),
        (("--replicates", "r.csv"), "--replicates goes with --variance jackknife or bootstrap"),
        (("--variance", "jackknife", "--centre", "middle"), "Unknown centre"),
        (("--variance", "bootstrap", "--draws", "1"), "1 draws make no variance"),
        (("--by", "nowhere"), "no column nowhere"),
        (("--by", "hh"), "column hh is no breakdown"),
        (("--by", "x"), "column x is no breakdown"),
        (("region",), "region: not expected. Breakdowns follow --by"),
        (("--auxiliary", "x", "--variance", "bootstrap"), "--auxiliary goes with --variance linearised"),
        (("--anchor", "-5"), "an anchored threshold is an amount above 0"),
        (("--output", "p.csv"), "p.csv is a file that is read"),
        (("--output", "."), "name a file in a folder that is there"),
        (("--output", "nowhere/o.csv"), "name a file in a folder that is there"),
        (("--variance", "bootstrap", "--seed", "-1"), "a seed is not negative"),
    ],
)
def test_wrong_use(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    words: tuple[str, ...],
    said: str,
) -> None:
    """Each wrong word ends with exit code 2 and names what there is; nothing is written, the persons stay."""
    frame = persons(tmp_path)
    monkeypatch.chdir(tmp_path)
    assert run("silc", "indicators", "p.csv", *COMMON, "--output", "o.csv", *words) == 2
    heard = capsys.readouterr().err
    assert said in heard and str(frame["x"].max()) not in heard
    assert not Path("o.csv").exists() and len(pd.read_csv("p.csv")) == len(frame)


def test_an_unforeseen_error_says_nothing_of_the_records(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever breaks, the message has its kind and no traceback; a canary in the exception stays there."""
    from reporting.silc import estimates

    persons(tmp_path)

    def broken(*_: object, **__: object) -> None:
        raise RuntimeError(f"cannot handle {CANARIES}")

    monkeypatch.setattr(estimates, "estimate", broken)
    done = run("silc", "indicators", tmp_path / "p.csv", *COMMON, "--output", tmp_path / "o.csv")
    heard = capsys.readouterr()
    assert done == 1 and "RuntimeError" in heard.err and "Traceback" not in heard.err
    assert not any(canary in heard.err + heard.out for canary in CANARIES)


def test_the_three_variances_agree(tmp_path: Path) -> None:
    """Linearised, bootstrap and jackknife errors of the rate and the Gini coefficient are of one size."""
    persons(tmp_path, 1200)
    found = {}
    for variance in ("linearised", "bootstrap", "jackknife", "none"):
        done = run("silc", "indicators", tmp_path / "p.csv", *COMMON, "--strata", "region", "--cluster", "hh",
                   "--variance", variance, "--output", tmp_path / "o.csv")  # fmt: skip
        assert done == 0
        found[variance] = table(tmp_path / "o.csv").set_index("indicator")
    # Leaving out one household at a time moves a quantile by jumps: the jackknife is for smooth indicators.
    for name, smooth in (("gini", True), ("s80s20", False)):
        errors = [found[v].loc[name, "se"] for v in ("linearised", "bootstrap", "jackknife")[: 2 + smooth]]
        assert max(errors) < 1.2 * min(errors)
    assert found["none"]["se"].isna().all() and (found["none"]["flag"] == "").all()


def test_the_seed_is_recorded_and_gives_the_same_again(tmp_path: Path) -> None:
    """Two runs with one seed are equal to the last digit, another seed is not; the record has no record-level value."""
    persons(tmp_path)
    files = []
    for position, seed in enumerate((5, 5, 6)):
        out = tmp_path / f"{position}.csv"
        assert run("silc", "indicators", tmp_path / "p.csv", *COMMON, "--cluster", "hh", "--variance", "bootstrap",
                   "--draws", "50", "--seed", seed, "--output", out) == 0  # fmt: skip
        files.append(out.read_text())
    assert files[0] == files[1] != files[2]
    record = json.loads((tmp_path / "2.csv.json").read_text())
    assert (record["seed"], record["draws"], record["records"]) == (6, 50, 400)


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
    return rows[rows["w"] > 0].assign(SCALE_JCK=0.9).sample(frac=1, random_state=1)


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
        "two weights in one replicate": pd.concat([rows, rows.head(1).assign(w=1.0)]),
        "of two strata (STRATUM_JCK)": rows.assign(STRATUM_JCK=np.where(np.arange(len(rows)) % 2, "A", "B")),
        "no column w with the weights": rows.rename(columns={"w": "other"}),
        "no column in common": rows.rename(columns={"hh": "household"}),
    }
    for said, made in bad.items():
        made.to_csv(tmp_path / "r.csv", index=False)
        assert run("silc", "indicators", tmp_path / "p.csv", *COMMON, "--variance", "jackknife",
                   "--replicates", tmp_path / "r.csv", "--output", tmp_path / "o.csv") in (2, 3)  # fmt: skip
        assert said in capsys.readouterr().err


def test_calibration_lowers_the_error_of_what_it_explains(tmp_path: Path) -> None:
    """With income itself as calibration variable the mean has (nearly) no error left."""
    persons(tmp_path)
    for words, name in (((), "plain"), (("--auxiliary", "x", "--auxiliary", "region"), "calibrated")):
        assert run("silc", "indicators", tmp_path / "p.csv", *COMMON, "--indicator", "mean_income",
                   *words, "--output", tmp_path / f"{name}.csv") == 0  # fmt: skip
    plain, calibrated = (table(tmp_path / f"{name}.csv")["se"].iloc[0] for name in ("plain", "calibrated"))
    assert calibrated < 1e-6 * plain


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
