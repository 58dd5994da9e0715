"""``reporting silc indicators``: its table, its errors, and what it must never say."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import sas
from microdata import CANARIES, COMMON, HEAD, persons, run, table


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


def test_calibration_lowers_the_error_of_what_it_explains(tmp_path: Path) -> None:
    """With income itself as calibration variable the mean has (nearly) no error left."""
    persons(tmp_path)
    for words, name in (((), "plain"), (("--auxiliary", "x", "--auxiliary", "region"), "calibrated")):
        assert run("silc", "indicators", tmp_path / "p.csv", *COMMON, "--indicator", "mean_income",
                   *words, "--output", tmp_path / f"{name}.csv") == 0  # fmt: skip
    plain, calibrated = (table(tmp_path / f"{name}.csv")["se"].iloc[0] for name in ("plain", "calibrated"))
    assert calibrated < 1e-6 * plain
