"""The verbs on MISSOC: what they print, what they refuse, how they end."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from reporting import cli
from reporting.vintages import Store


def run(*words: object) -> int:
    """The exit code of a command."""
    sys.argv = ["reporting", "missoc", *map(str, words)]
    try:
        cli.main()
    except SystemExit as end:
        return int(end.code or 0)
    return 0


def printed(capsys: pytest.CaptureFixture[str], *words: object) -> object:
    """The JSON a command prints."""
    capsys.readouterr()
    assert run(*words, "--json") == 0
    return json.loads(capsys.readouterr().out)


def test_import_tells_what_it_placed(samples: list[Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Cells and vintages by file; the same again is unchanged; a broken file does not stop the others."""
    broken = tmp_path / "broken.xlsx"
    broken.write_bytes(b"PK\x03\x04")
    store = tmp_path / "store"
    assert run("import", samples[0], broken, samples[1], "--store", store) == 3
    shown = capsys.readouterr()
    assert shown.out.count("68 new") == 2
    assert "not a whole" in shown.err
    assert run("import", samples[0], "--store", store) == 0
    assert "unchanged" in capsys.readouterr().out


def test_compare_sets_countries_side_by_side(filled: Store, capsys: pytest.CaptureFixture[str]) -> None:
    """One category in three countries, as known on a day; a label finds it too."""
    found = printed(capsys, "compare", "VI.minimum", "--lang", "fr", "--store", filled.root)
    assert [(c["geo"], c["edition"]) for c in found] == [(g, "2026-01-01") for g in ("AT", "BE", "IE")]
    old = printed(capsys, "compare", "Child benefit", "--geo", "BE", "--as-of", "2025-12-31", "--store", filled.root)
    assert [c["text"] for c in old] == [
        "EUR 165.00 per month for each child; EUR 190.00 per month from the third child."
    ]
    assert run("compare", "VI.minimum", "--geo", "Austria,BE", "--store", filled.root) == 0
    assert "1,368.00" in capsys.readouterr().out


def test_search_ignores_accents_and_case(filled: Store, capsys: pytest.CaptureFixture[str]) -> None:
    """All words must stand in the cell."""
    found = printed(capsys, "search", "EPARGNE jusqu", "--lang", "fr", "--store", filled.root)
    assert [(c["geo"], c["table"], c["category"]) for c in found] == [(g, "XI", "assets") for g in ("AT", "BE", "IE")]


def test_changes_and_amounts_as_json(filled: Store, capsys: pytest.CaptureFixture[str]) -> None:
    """Counts, indexation and differences; amounts with place, span and checksum."""
    found = printed(capsys, "changes", "--lang", "de", "--store", filled.root)
    assert found["counts"] == {"unchanged": 54, "amounts": 12, "text": 1, "new": 1, "removed": 1}
    assert [(i["geo"], i["rate"]) for i in found["indexations"]] == [("BE", 2.0)]
    amounts = printed(capsys, "amounts", "--geo", "BE", "--table", "X", "--lang", "en", "--store", filled.root)
    assert [(a["kind"], a["value"], a["period"]) for a in amounts] == [
        ("duration", 24, ""), ("percent", 60, ""), ("percent", 50, ""), ("money", 66.1, "day"),
    ]  # fmt: skip
    assert all(len(a["sha256"]) == 64 and a["span"][0] < a["span"][1] for a in amounts)


def test_changes_are_written_as_page_and_pdf(filled: Store, tmp_path: Path) -> None:
    """A page that needs no network and a tagged PDF."""
    page, pdf = tmp_path / "changes.html", tmp_path / "changes.pdf"
    assert run("changes", "--store", filled.root, "--output", page) == 0
    assert run("changes", "--store", filled.root, "--output", pdf) == 0
    assert "http" not in page.read_text(encoding="utf-8")
    assert b"/MarkInfo" in pdf.read_bytes()
    assert run("changes", "--store", filled.root, "--output", tmp_path / "changes.docx") == 2


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("compare", "VI.minimum", "--geo", "XX"), 2, "no country of MISSOC"),
        (("compare", "VI.nothing"), 2, "has no category"),
        (("compare", "Means test"), 2, "several tables"),
        (("amounts", "--table", "XIII"), 2, "no table of MISSOC"),
        (("search", "pension", "--lang", "nl"), 2, "published in en, fr, de"),
        (("changes", "--to", "2030-01-01"), 2, "There is no edition 2030-01-01"),
        (("editions", "--as-of", "1990-01-01"), 3, "no edition of MISSOC not later than 1990-01-01"),
    ],
)
def test_wrong_use(
    words: tuple[str, ...], code: int, said: str, filled: Store, capsys: pytest.CaptureFixture[str]
) -> None:
    """One message, what to do, and the right exit code."""
    assert run(*words, "--store", filled.root) == code
    assert said in " ".join(capsys.readouterr().err.split())


def test_rules_behind_a_benefit(filled: Store, capsys: pytest.CaptureFixture[str]) -> None:
    """An ESSPROS benefit leads to the texts of its categories, in the order declared."""
    found = printed(capsys, "rules", "OLD_pension", "--geo", "BE", "--lang", "de", "--store", filled.root)
    assert [(c["table"], c["category"]) for c in found] == [("VI", "retirement_age"), ("VI", "minimum")]
    assert run("rules", "NOTHING", "--store", filled.root) == 2
    assert "has no link to MISSOC" in capsys.readouterr().err
