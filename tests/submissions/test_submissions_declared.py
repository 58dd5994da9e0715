"""How a collection is sent is declared: a fault in the file is told with its place."""

from __future__ import annotations

from pathlib import Path

import pytest

from reporting import declarations
from reporting.errors import DeclarationError


def test_both_collections_are_declared(known):
    """ESSPROS has two datasets and names for schemes, health accounts one and a dimension for each axis."""
    esspros, sha = known.submissions["esspros"], known.submissions["sha"]
    assert set(esspros.flows) == {"EXP", "REC"} and esspros.scheme.format(number=7) == "SCH007"
    assert set(sha.flows) == {"SHA"} and set(sha.axes) == {"hc", "hp", "hf", "fs", "fp", "hk"}


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('"" = "A"\n', "", 'status: give the code of a value without flag, "" = "…"'),
        ('order = ["m",', 'order = ["q", "m",', "order, missing: q is no flag of [status]"),
        ("_V{number:04d}", "", "name: {number} must be part of it"),
        ('"SCH{number:03d}"', '"SCH{nr}"', "scheme: its fields are number"),
        ('"{geo}2"', '"{land}2"', "sender: its fields are geo"),
        ('action = "Replace"', 'action = "Delete"', "action: "),
        ("multiplier = 6", 'multiplier = "6"', "multiplier: "),
        ('receiver = "4D0"', 'receiver = "4D0"\ncolour = "red"', "colour: unknown key"),
        ('dataset = "ESSPROS_EXP"', 'dataset = "ESSPROS EXP"', "flows.EXP.dataset: "),
    ],
)
def test_a_fault_is_told_with_its_file(project: Path, old: str, new: str, said: str):
    """What is missing, unknown or of another kind is a fault of the file that declares it."""
    path = project / "parameters" / "submissions" / "esspros.toml"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises(DeclarationError) as raised:
        declarations.load(project)
    assert "parameters/submissions/esspros.toml: [esspros]" in str(raised.value) and said in str(raised.value)
