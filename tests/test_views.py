"""A store seen as a run saw it."""

from __future__ import annotations

from pathlib import Path

import pytest
from specimens import manifest, observed

from reporting import views
from reporting.errors import SourceUnreadable
from reporting.vintages import Store


def put(store: Store, vintage: str, value: float, complete: bool = True) -> None:
    """Store one figure of Belgium for 2023."""
    store.append(observed("d", [("A.BE", "2023", value, "")]), manifest("d", vintage, complete))


def value(store: Store) -> float:
    """The figure as the store gives it."""
    return float(store.read("d")["value"].iloc[0])


def test_later_late_and_same_day_vintages_are_not_seen(tmp_path: Path) -> None:
    """A view reads what could be read, whatever came in since: after it, before it, or on its day."""
    store = Store(tmp_path / "store", embedded=None)
    put(store, "2025-10-30", 10.0)
    seen = views.seen(store, ["d", "never"])
    assert list(seen) == ["d"] and [vintage for vintage, _ in seen["d"]] == ["2025-10-30"]
    view = views.write(tmp_path / "view.json", store.root, seen)
    put(store, "2026-01-31", 11.0)
    put(store, "2024-05-01", 9.0)
    put(store, "2025-10-30", 12.0)
    assert value(store) == 11.0
    assert value(views.opened(view)) == 10.0


def test_a_dataset_that_came_in_later_is_not_seen(tmp_path: Path) -> None:
    """A dataset the view does not name has no vintage in it."""
    store = Store(tmp_path / "store", embedded=None)
    put(store, "2025-10-30", 10.0)
    assert views.opened(views.write(tmp_path / "view.json", store.root, {})).manifests("d") == []


def test_a_vintage_of_another_content_is_not_seen(tmp_path: Path) -> None:
    """The same date with other observations is another vintage."""
    store = Store(tmp_path / "store", embedded=None)
    put(store, "2025-10-30", 10.0)
    view = views.write(tmp_path / "view.json", store.root, {"d": [("2025-10-30", "0" * 64)]})
    assert views.opened(view).manifests("d") == []


def test_as_of_stands_over_what_is_seen(tmp_path: Path) -> None:
    """What a view names is what can be read on the date of the run, no more."""
    store = Store(tmp_path / "store", embedded=None)
    put(store, "2025-10-30", 10.0)
    put(store, "2026-01-31", 11.0)
    assert [vintage for vintage, _ in views.seen(store, ["d"], "2025-12-31")["d"]] == ["2025-10-30"]


@pytest.mark.parametrize("content", ["{", "[]", '{"store": "x"}', '{"store": "x", "only": {"d": [1]}}'])
def test_a_file_that_is_no_view_is_told(tmp_path: Path, content: str) -> None:
    """A file in the place of a store is named, without a traceback."""
    (tmp_path / "view.json").write_text(content)
    with pytest.raises(SourceUnreadable, match=r"view\.json: neither the folder of a store nor a view"):
        views.opened(tmp_path / "view.json")


def test_a_dataset_that_no_declaration_names_is_seen_too(tmp_path: Path) -> None:
    """What was fetched for a framework belongs to what a run could read."""
    store = Store(tmp_path / "store", embedded=None)
    put(store, "2025-10-30", 10.0)
    assert list(views.seen(store, ["never"])) == ["d"]
