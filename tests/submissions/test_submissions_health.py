"""``reporting submit sha``: health accounts on the same rails as the questionnaire of ESSPROS."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from reporting import declarations
from reporting.sha import neutral
from reporting.sha.samples import accounts

CODES = {"FREQ": "A", "REF_AREA": "XX", "UNIT_MEASURE": "XDC", "UNIT_MULT": "6", "CONF_STATUS": "F"}


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    """The accounts of the sample country in 2023."""
    return accounts.accounts(2023, declarations.load()).table


@pytest.fixture
def submitted(veldania: Path, tmp_path: Path, monkeypatch, command) -> Callable[..., int]:
    """The exit code of ``submit sha`` on a table, with further words."""
    monkeypatch.chdir(tmp_path)

    def run(table: pd.DataFrame, *words: object) -> int:
        neutral.write(Path("jhaq.csv"), table)
        dsd = () if "--dsd" in words else ("--dsd", veldania / "structure-sha.xml")
        return command("submit", "sha", "jhaq.csv", *dsd, "--geo", "XX", "--output", "out", *words)

    return run


def test_every_cell_is_sent_under_its_axes(table, submitted, capsys):
    """Each figure has the codes of its axes, total and not applicable; each value is that of its cell."""
    assert submitted(table, "--json") == 0
    made = json.loads(capsys.readouterr().out)
    (path,) = Path(made["package"]).glob("JHAQ*.csv")
    assert path.name == "JHAQ_A_XX_2023_0000_V0001.csv"
    sent = pd.read_csv(path, dtype=str, keep_default_na=False)
    assert {name: sent[name].unique().tolist() for name in CODES} == {name: [code] for name, code in CODES.items()}
    figures = table[table["value"].notna()]
    values = sent[sent["OBS_VALUE"] != ""]
    assert sorted(values["OBS_VALUE"].astype(float)) == sorted(figures["value"])
    keys = sent.set_index(["MEASURE", "FUNCTION", "PROVIDER", "FINANCING_SCHEME", "ASSET_TYPE"])["OBS_VALUE"]
    total = figures.query("table == 'HCxHF' and hc == '_T' and hf == '_T'")["value"].iloc[0]
    assert float(keys["EXP_HEALTH", "_T", "_Z", "_T", "_Z"]) == total
    capital = figures.query("table == 'HK' and hk == 'HK.1.1' and hp == '_T'")["value"].iloc[0]
    assert float(keys["CAPITAL_FORM", "_Z", "_T", "_Z", "HK11"]) == capital
    elsewhere = sent[sent["OBS_STATUS"] == "K"]
    assert len(elsewhere) == (table["status"] == "x").sum() > 0 and set(elsewhere["OBS_VALUE"]) == {""}


def test_the_package_passes_as_a_receiver_checks_it(table, submitted, veldania, command):
    """Files, quality tables and receipt are there; the receiver's check finds nothing."""
    assert submitted(table) == 0
    folder = Path("out/JHAQ_A_XX_2023_0000_V0001")
    assert command("submit", "check", *folder.glob("JHAQ*"), "--dsd", veldania / "structure-sha.xml") == 0
    counted = pd.read_csv(folder / "quality" / "completeness.csv")
    held = table[table["value"].notna()].groupby("table").size()
    assert counted.set_index("table")["figures"].to_dict() == {name: held.get(name, 0) for name in counted["table"]}
    assert json.loads((folder / "receipt.json").read_text())["read_back_by"][f"{folder.name}.xml"] == "sdmx1"


def test_a_rule_of_health_accounts_closes_the_gate(table, submitted, capsys):
    """A total that is not the sum of its parts is not sent."""
    wrong = table.copy()
    at = wrong.index[(wrong["table"] == "HCxHF") & (wrong["hc"] == "_T") & (wrong["hf"] == "_T")][0]
    wrong.loc[at, "value"] += 50
    assert submitted(wrong) == 1
    said = capsys.readouterr().err
    assert "error H01" in said and "No package was made" in said and not Path("out").exists()


def test_an_axis_without_a_dimension_is_not_lost(table, submitted, veldania, tmp_path, capsys):
    """A structure without a dimension for an axis that has codes is refused, with the names it may have."""
    text = (veldania / "structure-sha.xml").read_text(encoding="utf-8")
    Path(tmp_path / "dsd.xml").write_text(text.replace("ASSET_TYPE", "THING"), encoding="utf-8")
    assert submitted(table, "--dsd", "dsd.xml") == 1
    assert "has no dimension for the axis hk (ASSET_TYPE, ICHA11_HK, icha11_hk)" in capsys.readouterr().err


def test_codes_of_components_are_given_or_missed(table, submitted, capsys):
    """``--code`` replaces a declared code; a wrong one is a wrong code, and a wrong word is refused."""
    assert submitted(table, "--code", "UNIT_MEASURE=EUR") == 1
    assert "incorrect code 'EUR' for UNIT_MEASURE" in capsys.readouterr().err
    assert submitted(table, "--code", "UNIT_MEASURE") == 2
    assert "write COMPONENT=CODE" in capsys.readouterr().err


def test_a_year_is_given_once(table, submitted, capsys):
    """Two files of the same year are refused before anything is made."""
    neutral.write(Path("again.csv"), table)
    assert submitted(table, "again.csv") == 2
    assert "the year 2023 is in jhaq.csv too" in capsys.readouterr().err
