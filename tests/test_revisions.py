"""What changed between two vintages, worked out by hand and on real figures."""

from __future__ import annotations

import json
import math

import pytest
from specimens import manifest, observed
from test_cli import refused, run

from reporting import revisions
from reporting.errors import UsageError
from reporting.vintages import Store

D = "spr_exp_type"
OLD = [
    ("A.TOTAL.PC_GDP.BE", "2021", 30.0, "p"), ("A.TOTAL.PC_GDP.BE", "2022", 28.0, ""),
    ("A.TOTAL.PC_GDP.FR", "2021", 20.0, ""), ("A.TOTAL.PC_GDP.FR", "2022", 10.0, ""),
    ("A.TOTAL.PC_GDP.DE", "2021", None, ""),
]  # fmt: skip
NEW = [
    ("A.TOTAL.PC_GDP.BE", "2021", 30.6, "b"), ("A.TOTAL.PC_GDP.BE", "2022", 27.8, ""),
    ("A.TOTAL.PC_GDP.FR", "2021", 20.0, "e"), ("A.TOTAL.PC_GDP.BE", "2023", 29.0, "p"),
    ("A.TOTAL.PC_GDP.DE", "2021", 5.0, ""),
]  # fmt: skip


@pytest.fixture
def store(tmp_path):
    """Two vintages whose differences are known."""
    made = Store(tmp_path / "store", embedded=None)
    made.append(observed(D, OLD), manifest(D, "2024-01-31"))
    made.append(observed(D, NEW), manifest(D, "2025-01-31"))
    return made


def test_changes_worked_out_by_hand(store):
    """New, revised and withdrawn observations, differences, per cent and flags are those found by hand."""
    found = revisions.compare(store, D)
    rows = {(c["geo"], c["time"]): c for c in found.changes.to_dict("records")}
    assert {place: row["kind"] for place, row in rows.items()} == {
        ("BE", "2021"): "revised", ("BE", "2022"): "revised", ("BE", "2023"): "new",
        ("FR", "2021"): "revised", ("FR", "2022"): "withdrawn", ("DE", "2021"): "revised",
    }  # fmt: skip
    first = rows["BE", "2021"]
    assert (first["difference"], first["flags_gained"], first["flags_lost"]) == (0.6, "b", "p")
    assert first["percent"] == pytest.approx(2.0)
    assert rows["FR", "2021"]["difference"] == 0 and rows["FR", "2021"]["flags_gained"] == "e"
    assert math.isnan(rows["DE", "2021"]["difference"])


def test_measures_worked_out_by_hand(store):
    """Mean, median, mean absolute and largest revision by country and by series; nothing revised has no mean."""
    summary = revisions.compare(store, D).summary()
    belgium = summary.loc["BE"]
    assert [belgium[m] for m in ("new", "revised", "withdrawn")] == [1, 2, 0]
    assert belgium["mean"] == pytest.approx(0.2) and belgium["median"] == pytest.approx(0.2)
    assert belgium["mean_absolute"] == pytest.approx(0.4) and belgium["largest"] == 0.6
    assert belgium["mean_percent"] == pytest.approx((2.0 - 100 * 0.2 / 28) / 2)
    assert math.isnan(summary.loc["FR", "mean"]) and summary.loc["total", "withdrawn"] == 1
    assert revisions.compare(store, D).summary("key").loc["A.TOTAL.PC_GDP.BE", "revised"] == 2


def test_a_triangle_shows_each_vintage(store):
    """A series has a column for each vintage that changed it, empty where a period was not yet known."""
    table = revisions.triangle(store, D, "A.TOTAL.PC_GDP.BE")
    assert table["2024-01-31"].dropna().to_dict() == {"2021": 30.0, "2022": 28.0}
    assert table["2025-01-31"].to_dict() == {"2021": 30.6, "2022": 27.8, "2023": 29.0}
    with pytest.raises(UsageError, match="A.TOTAL.PC_GDP.BE"):
        revisions.triangle(store, D, "A.TOTAL.PC_GDP.BEL")


@pytest.mark.parametrize(
    ("start", "end", "said"),
    [
        ("2023-01-01", "", "no vintage"),
        ("2025-01-31", "2024-01-31", "not before"),
        ("x", "", "no vintage 'x'"),
        ("2024-13-01", "", "not a date"),
        ("yesterday?", "", "not a date"),
    ],
)
def test_vintages_that_do_not_fit(store, start, end, said):
    """A vintage that is not there, or two in the wrong order, are refused with what there is."""
    with pytest.raises(UsageError, match=said):
        revisions.compare(store, D, start, end)


def test_a_date_stands_for_the_vintage_known_then(store):
    """Dates between the vintages mean the newest vintage not later."""
    found = revisions.compare(store, D, "2024-06-01", "2025-06-01")
    assert (found.start, found.end) == ("2024-01-31", "2025-01-31")


def test_tables_and_findings_that_change(known, tmp_path):
    """A benefit total revised away from its parts brings a finding; tables are named with how many values moved."""
    made, sums = Store(tmp_path / "store", embedded=None), {"TOTAL": 10.0, "SPR": 7.0, "ADM": 2.0, "OTH": 1.0}
    rows = [(f"A.{code}.MIO_EUR.BE", "2023", value, "") for code, value in sums.items()]
    made.append(observed(D, rows), manifest(D, "2024-01-31"))
    made.append(observed(D, [(rows[0][0], "2023", 12.0, ""), *rows[1:]]), manifest(D, "2025-01-31"))
    found = revisions.consequences(known, made, revisions.compare(made, D))
    assert [(v.kind, "difference 2.00" in v.message) for v in found.verdicts] == [("brought", True)]
    effects = {effect.table: effect for effect in found.effects}
    assert effects["expenditure"].values == 1
    assert not any("unemployment" in table for table in effects)


def test_real_vintages_of_the_poverty_rate(embedded):
    """Between the export of 2022 and the workbook of 2025 women in Belgium 2019 moved from 15.0 to 15.1 %."""
    found = revisions.compare(embedded, "ilc_li02", "2022-12-31", "2025-10-30")
    row = found.changes.set_index(["key", "time"]).loc[("A.PC.LI_R_MD60.F.TOTAL.BE", "2019")]
    assert (row["before"], row["after"], row["difference"]) == (15.0, 15.1, 0.1)
    assert found.summary().loc["total", "withdrawn"] == 0


def test_the_verb_prints_and_writes(tmp_path):
    """The report is printed, as JSON too, and all changes go into a file."""
    file = tmp_path / "changes.csv"
    words = ("revisions", "ilc_li02", "--from", "2022-12-31", "--to", "2025-10-30", "--geo", "BE")
    done = run(*words, "--output", str(file))
    assert done.returncode == 0 and "arop_age" in done.stdout and "A.PC.LI_R_MD60.F.TOTAL.BE" in done.stdout
    record = json.loads(run(*words, "--json").stdout)
    assert len(record["changes"]) == len(file.read_text().splitlines()) - 1
    assert record["summary"][0]["geo"] == "BE"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("ilc_li2",), "Near it: ilc_li32, ilc_li21, ilc_li02"), (("ilc_li02", "--from", "2019-01-01"), "no vintage"),
        (("ilc_li02", "--by", "year"), "there are geo and series"), (("tec00115",), "two are needed"),
        (("ilc_li02", "--triangle", "A.B"), "never held"), (("ilc_li02", "--as-of", "soon"), "is not a date"),
    ],
)  # fmt: skip
def test_wrong_use_of_the_verb(words, said):
    """Each wrong word is named together with what would be right."""
    refused(run("revisions", *words), 2, said)


def test_keeping_verbs(tmp_path):
    """A store is checked, packed, mailed and taken in again from the command line; a lost file is named."""
    store = tmp_path / "store"
    made = Store(store)
    for label, rows in (("2027-01-31", OLD), ("2028-01-31", NEW)):
        made.append(observed(D, rows), manifest(D, label))
    assert run("compact", D, "--store", str(store)).returncode == 0
    assert run("vintages", "verify", "--store", str(store)).returncode == 0
    assert run("export", str(tmp_path / "s.tar"), D, "--store", str(store)).returncode == 0
    other = str(tmp_path / "other")
    assert run("import", str(tmp_path / "s.tar"), "--store", other).returncode == 0
    listed = json.loads(run("vintages", "--store", other, "--json").stdout)
    assert listed[-1]["vintage"] == "2028-01-31" and {m["dataset"] for m in listed} == {D}
    next(store.glob("*/*.pack.parquet")).write_bytes(b"")
    done = run("verify", "--store", str(store))
    assert done.returncode == 1 and "are lost" in done.stdout
    refused(run("import", str(tmp_path / "absent.tar"), "--store", other), 2, "no such file")
