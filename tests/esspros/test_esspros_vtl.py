"""The rules in VTL 2.1 find what the rules in Python find, by an engine that knows nothing of them."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from altered import put, sample

from reporting.declarations import Declarations
from reporting.errors import OutputFailed
from reporting.esspros import rules, vtl
from reporting.esspros.questionnaire import Questionnaire
from reporting.esspros.rules import Beside

ROOT = Path(__file__).resolve().parents[2]
#: An interpreter that has vtlengine: it needs duckdb below 2.0, which the project's own environment cannot have.
ENGINE = Path(os.environ.get("REPORTING_VTL_PYTHON", ROOT / ".venv" / "vtl" / "bin" / "python"))
#: Figures altered at random; more with REPORTING_PERTURBED.
MANY = int(os.environ.get("REPORTING_PERTURBED", "150"))
_COLUMNS = ["scheme", "item", "year", "value", "flag", "comment"]
Place = tuple[str, str, int]


def exported(questionnaire: Questionnaire) -> str:
    """The rules for a questionnaire."""
    return vtl.script(rules.subject(questionnaire, rules.declared()))


def run(folder: Path, questionnaire: Questionnaire, last: Questionnaire) -> dict[str, pd.DataFrame]:
    """What the engine finds, by rule."""
    if not ENGINE.exists():
        pytest.skip("no environment with vtlengine: make vtl, or name an interpreter in REPORTING_VTL_PYTHON")
    (folder / "rules.vtl").write_text(exported(questionnaire), encoding="utf-8")
    (folder / "structures.json").write_text(json.dumps(vtl.structures()), encoding="utf-8")
    questionnaire.table[_COLUMNS].to_csv(folder / f"{vtl.FIGURES}.csv", index=False)
    last.table[_COLUMNS].to_csv(folder / f"{vtl.LAST}.csv", index=False)
    questionnaire.net[["scheme", "item", "year", "AITR", "AISCR"]].to_csv(folder / f"{vtl.NET}.csv", index=False)
    done = subprocess.run(
        [ENGINE, ROOT / "tests" / "vtl_run.py", folder], capture_output=True, text=True, timeout=600, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return {path.name.split(".")[0]: pd.read_csv(path, dtype={"scheme": str}) for path in folder.glob("*.result.csv")}


def perturbed() -> Questionnaire:
    """The sample with figures altered at random: larger, negative, missing, empty, where nothing may stand."""
    random = np.random.default_rng(8)
    table = sample().table.copy()
    chosen = random.choice(len(table), MANY, replace=False)
    kinds = random.integers(0, 5, MANY)
    amounts = table["value"].to_numpy(copy=True)
    for row, kind in zip(chosen, kinds, strict=True):
        amounts[row] = (amounts[row] * 1.4 + 3, -amounts[row] - 1, np.nan, amounts[row] + 0.5, amounts[row])[kind]
    empty = chosen[kinds == 4]
    found = replace(sample(), table=table.assign(value=amounts).drop(index=empty).reset_index(drop=True))
    found = put(found, 2022, "8", "ben.hou.mt.cash.per.other", 4.0)
    found = put(found, 2021, "1", "org.sc.prot.employees.s11_12", 2.0)
    found = put(found, 2021, "1", "ben.old.nmt.cash.per.other", -2.0, "Reimbursed.")
    found = put(found, 2019, "4", "exp.trf.other", 5.0)
    net = sample().net.copy()
    net.loc[net.index[:4], "AITR"] = [1.3, -0.2, 0.97, 0.4]
    return replace(found, net=net)


def ours(questionnaire: Questionnaire, last: Questionnaire) -> dict[str, set[Place]]:
    """What fails by the rules in Python."""
    places: dict[str, set[Place]] = {}
    for finding in rules.check(questionnaire, Beside(last)):
        if finding.outcome == "failed":
            places.setdefault(finding.rule, set()).add((finding.scheme, finding.item, int(finding.year)))
    return places


def theirs(name: str, result: pd.DataFrame) -> set[Place]:
    """What fails by the engine; the item and the scheme that a rule is always about are not in its results."""
    item = result["item"] if "item" in result else pd.Series("exp.adm", index=result.index)
    if name == "E10":
        item = item.str.replace("^rec", "org", regex=True)
    scheme = result["scheme"] if "scheme" in result else pd.Series("_T", index=result.index)
    return set(zip(scheme.astype(str), item, result["year"].astype(int), strict=True))


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[dict[str, set[Place]], dict[str, set[Place]]]]:
    """What the two find in the perturbed sample."""
    questionnaire = perturbed()
    found = run(tmp_path_factory.mktemp("vtl"), questionnaire, sample())
    yield ours(questionnaire, sample()), {name: theirs(name, result) for name, result in found.items()}


@pytest.mark.parametrize("rule", ["E01", "E02", "E03", "E06", "E08", "E09", "E10", "W11", "W12", "W13", "W14", "W17"])
def test_the_engine_finds_the_same(rule: str, both: tuple[dict[str, set[Place]], dict[str, set[Place]]]) -> None:
    """On a sample altered at random, vtlengine and the rules in Python name the same cells."""
    own, engine = both
    assert own[rule], "nothing to compare: the perturbation breaks no such rule"
    assert engine[rule] == own[rule]


def test_the_engine_passes_the_sample(tmp_path: Path) -> None:
    """By the exported rules too, the sample has no fault."""
    found = run(tmp_path, sample(), sample())
    assert set(found) == {"E01", "E02", "E03", "E06", "E08", "E09", "E10", "W11", "W12", "W13", "W14", "W17"}
    assert {name: len(result) for name, result in found.items() if len(result)} == {}


def test_the_export_has_a_rule_for_each_aggregate() -> None:
    """Every aggregate stands on the left of a hierarchical rule, and what is left out is said."""
    text = exported(sample())
    known = sample().classification
    for item in (item for item in known.items if not known.leaf(item)):
        assert f"  '{item}' = " in text
    assert all(name in text.split("*/")[0] for name in vtl.LEFT_OUT)


def test_a_rule_that_is_switched_off_is_not_exported(known: Declarations) -> None:
    """The export has the rules that are applied, and no others."""
    declared = dict(rules.declared(known))
    declared["E02"] = declared["E02"].model_copy(update={"active": False})
    text = vtl.script(rules.subject(sample(), declared), datasets=(vtl.FIGURES,))
    assert "E01 <-" in text and "E02 <-" not in text and "W14 <-" not in text and "W17 <-" not in text


def test_a_questionnaire_without_schemes_is_exported() -> None:
    """Where there are all schemes alone, they are the sum of nothing, and there is no such rule."""
    table = sample().table
    text = exported(replace(sample(), table=table[table["scheme"] == "_T"], schemes=()))
    assert "E01 <-" in text and "E02 <-" not in text


def test_an_export_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    """The folder must be there."""
    subject = rules.subject(sample(), rules.declared())
    with pytest.raises(OutputFailed, match="Cannot write"):
        vtl.write(tmp_path / "no" / "rules.vtl", subject)
