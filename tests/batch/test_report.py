"""The report of a run."""

from __future__ import annotations

import json

from lxml import html

from reporting.batch import report
from reporting.batch.outcomes import Outcome

OUTCOMES = [
    Outcome("a BE en", "", 1.5, 100 << 20), Outcome("b BE en", "cell 3: <x> & 'é'", 7.25, 200 << 20, tries=2),
]  # fmt: skip


def test_a_report_for_readers_and_machines(tmp_path):
    """What failed comes first, with its cause; then all, slowest first, with seconds, memory and tries."""
    page = report.write(tmp_path, "book", 9.0, OUTCOMES, ["c BE en"])
    facts = json.loads(page.with_name("report.json").read_text())
    assert [(job["name"], job["state"], job["seconds"], job["tries"]) for job in facts["done"]] == [
        ("a BE en", "done", 1.5, 1), ("b BE en", "failed", 7.25, 2),
    ]  # fmt: skip
    assert facts["done"][1]["error"] == "cell 3: <x> & 'é'" and facts["up_to_date"] == ["c BE en"]
    root = html.parse(page).getroot()
    failed, every, fresh = root.iter("table")
    assert [cell.text_content() for cell in failed.iter("th", "td")][2:] == ["b BE en", "cell 3: <x> & 'é'"]
    assert [row[0].text_content() for row in every.find("tbody")] == ["b BE en", "a BE en"]
    assert [cell.text_content() for cell in every.find("tbody")[0]] == ["b BE en", "failed", "7.2", "200", "2"]
    assert fresh.find("tbody")[0][0].text_content() == "c BE en"
    assert "1 done, 1 failed, 1 up to date, 1 tried twice, in 9.0 s." in root.text_content()


def test_memory_that_was_not_measured_is_no_number(tmp_path):
    """A job that ended before anybody looked has no memory, rather than none at all."""
    page = report.write(tmp_path, "book", 1.0, [Outcome("a BE en", "", 0.1)], [])
    assert json.loads(page.with_name("report.json").read_text())["done"][0]["memory"] is None
    [every] = html.parse(page).getroot().iter("table")
    assert [cell.text_content() for cell in every.find("tbody")[0]] == ["a BE en", "done", "0.1", "–", "1"]


def test_each_run_has_its_own_folder(tmp_path):
    """Two runs of one second do not overwrite each other's report."""
    pages = {report.write(tmp_path, "book", 1.0, OUTCOMES, []) for _ in range(3)}
    assert len(pages) == 3 and all(page.exists() for page in pages)
