"""Editions as vintages of the store: listed, carried to another store, mended, recorded and reproduced."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from microdata import run

from reporting.declarations import Declarations
from reporting.errors import SourceUnreadable, UsageError
from reporting.missoc import cells, intake
from reporting.missoc.cells import CELLS
from reporting.missoc.intake import Given
from reporting.vintages import Store, export_store, import_store, verify
from reporting.vintages.texts import check, names

NAME = "texts/missoc"


def put(store: Store, known: Declarations, text: str, edition: str = "2026-01-01", geo: str = "FR") -> None:
    """Import a page of one cell, whose edition only the person says."""
    page = f"<h1>Old age</h1><table><tr><th></th><th>{geo}</th></tr><tr><th>Indexation</th><td>{text}</td></tr></table>"
    intake.keep(store, intake.understood(page.encode(), "page.html", known.missoc, Given(edition, "en")))


def test_editions_are_listed(filled: Store, capsys: pytest.CaptureFixture[str]) -> None:
    """The verb vintages lists texts beside observations, all or by name, as known on a date."""
    assert run("vintages", NAME, "--store", filled.root, "--json") == 0
    listed = json.loads(capsys.readouterr().out)
    assert {(one["dataset"], one["vintage"][:10]) for one in listed} == {(NAME, "2025-07-01"), (NAME, "2026-01-01")}
    assert run("vintages", "--store", filled.root, "--as-of", "2025-12-31", "--json") == 0
    listed = json.loads(capsys.readouterr().out)
    assert {one["vintage"][:10] for one in listed if one["dataset"] == NAME} == {"2025-07-01"}


def test_editions_are_carried(filled: Store, tmp_path: Path) -> None:
    """An export holds texts; another store takes them, with what was received, and reads the same cells."""
    held = len(CELLS.manifests(filled))
    assert export_store(filled, tmp_path / "all.tar") == held
    other = Store(tmp_path / "other", embedded=None)
    (carried,) = import_store(other, tmp_path / "all.tar")
    assert (carried.dataset, carried.new, carried.known) == (NAME, held, 0)
    assert cells.known(other) == cells.known(filled)
    assert sorted(p.name for p in CELLS.folder(other).iterdir()) == sorted(
        p.name for p in CELLS.folder(filled).iterdir()
    )
    assert import_store(other, tmp_path / "all.tar")[0].new == 0


def test_another_edition_is_taken_beside(known: Declarations, filled: Store, tmp_path: Path) -> None:
    """A store with other editions takes those it lacks; with other texts of the same edition it refuses."""
    export_store(filled, tmp_path / "all.tar", [NAME])
    beside = Store(tmp_path / "beside", embedded=None)
    put(beside, known, "Prices.", "2024-01-01")
    assert import_store(beside, tmp_path / "all.tar")[0].new == len(CELLS.manifests(filled))
    assert {cell.edition for cell in cells.known(beside)} == {"2024-01-01", "2025-07-01", "2026-01-01"}
    against = Store(tmp_path / "against", embedded=None)
    put(against, known, "Wages.")
    with pytest.raises(UsageError, match="other vintages"):
        import_store(against, tmp_path / "all.tar")
    assert len(cells.known(against)) == 1


def test_damaged_texts_are_mended(known: Declarations, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """From the bytes received and what was said of them, byte for byte; a second vintage of an edition too."""
    store = Store(tmp_path / "store", embedded=None)
    put(store, known, "Prices.")
    put(store, known, "Wages.")
    paths = sorted(CELLS.folder(store).glob("*.parquet"))
    whole = [path.read_bytes() for path in paths]
    for path in paths:
        path.write_bytes(b"PAR1 damaged")
    with pytest.raises(SourceUnreadable, match="damaged"):
        check(store, NAME)
    assert run("verify", "--store", store.root, "--json") == 0
    troubles = json.loads(capsys.readouterr().out)
    assert [(one["mended"], "made again" in one["what"]) for one in troubles] == [(True, True)] * 2
    assert [path.read_bytes() for path in paths] == whole
    assert cells.known(store)[0].text == "Wages."


def test_what_cannot_be_mended_is_named(known: Declarations, tmp_path: Path) -> None:
    """Without the bytes received, or with damaged ones, the texts are lost and the file is named."""
    store = Store(tmp_path / "store", embedded=None)
    put(store, known, "Prices.")
    (rows,), (kept,) = (list(CELLS.folder(store).glob(ending)) for ending in ("*.parquet", "*.received.gz"))
    rows.unlink()
    kept.write_bytes(b"no gzip")
    found = verify(store, None, lambda place, received, facts: intake.remade(place, received, facts, known.missoc))
    assert [(trouble.path.name, trouble.mended) for trouble in found] == [(rows.name, False), (kept.name, False)]
    assert names(store) == [NAME]


def test_a_part_of_the_store_hides_other_editions(filled: Store) -> None:
    """Of a store seen through a record, only the vintages that are named are read; without texts, none."""
    first = CELLS.manifests(filled)[0]
    part = Store(filled.root, embedded=None, only={NAME: {(first.vintage, first.sha256)}})
    assert {cell.edition for cell in cells.known(part)} == {"2025-07-01"}
    assert cells.known(Store(filled.root, embedded=None, only={})) == []


def test_a_publication_is_reproduced_with_its_editions(
    known: Declarations, filled: Store, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The record names the vintages read; after a newer edition came in, the same ones are read again."""
    words = ("--geo", "BE", "--lang", "en", "--format", "html", "--store", filled.root, "--outputs", tmp_path / "out")
    assert run("build", "missoc-changes", *words, "--jobs", "1", "--engine", "embedded") == 0
    folder = tmp_path / "out" / "publications/missoc-changes/2026/BE/en"
    record = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    assert [v for v, _ in record["known"][NAME]] == [m.vintage for m in CELLS.manifests(filled)]
    assert {v["dataset"] for v in record["vintages"]} == {NAME}
    put(filled, known, "A newer edition.", "2026-07-01", "BE")
    capsys.readouterr()
    assert run("reproduce", folder, "--store", filled.root, "--jobs", "1") == 0
    lost = CELLS.folder(filled) / f"{CELLS.manifests(filled)[0].vintage}.json"
    lost.unlink()
    assert run("reproduce", folder, "--store", filled.root, "--jobs", "1") == 3
    assert f"{NAME} 2025-07-01: missing" in capsys.readouterr().err
