"""JSON-stat 2.0, as Eurostat's statistics API answers: sparse values, any order of dimensions.

An answer that is an error or a promise (the request was queued) is recognised
before anything else: read as data it would look like an empty dataset.
"""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np
import pandas as pd

from reporting.errors import SourceUnavailable, SourceUnreadable
from reporting.sources.cells import CONF, FLAG, TIME, VALUE, Table
from reporting.sources.csv_files import iso_date

_TIME_IDS = ("time", "TIME_PERIOD")


def read(text: str) -> Table:
    """The observations of a JSON-stat dataset.

    Raises
    ------
    SourceUnavailable
        When the answer is an error, or says that the request was queued.
    SourceUnreadable
        When the text is not a JSON-stat dataset, or contradicts itself.
    """
    try:
        content = json.loads(text, object_pairs_hook=_once)
    except RecursionError:
        raise SourceUnreadable("not JSON-stat: nested without end. Get the file again: it is damaged.") from None
    except json.JSONDecodeError as error:
        raise SourceUnreadable(
            f"line {error.lineno}, column {error.colno}: not JSON ({error.msg}). Get the file again: it is damaged."
        ) from None
    _refuse_envelopes(content)
    try:
        return _table(content)
    except (KeyError, TypeError, AttributeError, IndexError, ValueError) as error:
        raise SourceUnreadable(f"not JSON-stat 2.0: {type(error).__name__} {error}. Get the file again.") from None


def _refuse_envelopes(content: Any) -> None:
    if not isinstance(content, dict):
        raise SourceUnreadable("JSON, but not JSON-stat: a dataset is expected.")
    if "error" in content:
        errors = content["error"] if isinstance(content["error"], list) else [content["error"]]
        said = "; ".join(_said(error) for error in errors)
        raise SourceUnavailable(f"the provider answered with an error instead of data: {said}. Correct the request.")
    if "warning" in content:
        raise SourceUnavailable(
            f"the provider queued the request instead of answering: {_said(content['warning'])}. "
            "Ask again later, or for less at a time."
        )
    if content.get("class") != "dataset" or "value" not in content:
        raise SourceUnreadable("JSON, but not JSON-stat: no class 'dataset' with values. Ask for format=JSON.")


def _said(envelope: Any) -> str:
    if not isinstance(envelope, dict):
        return str(envelope)
    return " ".join(str(envelope[name]) for name in ("status", "id", "label") if envelope.get(name))


def _table(content: dict[str, Any]) -> Table:
    ids, sizes = content["id"], content["size"]
    categories = [_categories(content["dimension"][name], name, size) for name, size in zip(ids, sizes, strict=True)]
    values = _sparse(content["value"], sizes, "value")
    status = _sparse(content.get("status") or {}, sizes, "status")
    positions = np.array(sorted({*values, *status}), dtype=int)
    places = np.unravel_index(positions, sizes) if len(positions) else [positions] * len(sizes)
    cells = pd.DataFrame(
        {name: np.array(codes, dtype=object)[place] for name, codes, place in zip(ids, categories, places, strict=True)}
    )
    cells = cells.rename(columns={_time(content): TIME})
    cells[VALUE] = [_text(values.get(position)) for position in positions]
    cells[FLAG] = [str(status.get(position) or "") for position in positions]
    extension = content.get("extension") or {}
    structure = extension.get("datastructure") or {}
    return Table(
        cells=cells.assign(**{CONF: ""}),
        where=lambda row: f"value {positions[row]}",
        dataset=str(extension.get("id") or ""),
        vintage=iso_date(updated) if (updated := str(content.get("updated") or "")) else "",
        structure=f"{structure['id']}({structure.get('version', '')})" if structure else "",
    )


def _time(content: dict[str, Any]) -> str:
    roles = (content.get("role") or {}).get("time") or [name for name in content["id"] if name in _TIME_IDS]
    if len(roles) != 1:
        raise SourceUnreadable(f"no time dimension among {', '.join(content['id'])}.")
    return str(roles[0])


def _categories(dimension: dict[str, Any], name: str, size: int) -> list[str]:
    """The codes of a dimension, in order."""
    category = dimension["category"]
    index = category.get("index", category.get("label"))
    codes = list(index) if isinstance(index, list) else _in_order(name, index)
    if len(codes) != size:
        raise SourceUnreadable(f"dimension {name}: {len(codes)} codes where the size is {size}. Get the file again.")
    return codes


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object whose names occur once."""
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise SourceUnreadable(f"{twice!r} stands twice in one object. Get the file again: it is damaged.")
    return found


def _in_order(name: str, index: dict[str, Any]) -> list[str]:
    """Codes by their positions; positions must be 0, 1, 2 …, or be left out for a single code."""
    if len(index) == 1:
        return list(index)
    if sorted(map(repr, index.values())) != sorted(map(repr, range(len(index)))):
        raise SourceUnreadable(f"dimension {name}: its positions are not 0 to {len(index) - 1}. Get the file again.")
    return sorted(index, key=lambda code: int(index[code]))


def _sparse(content: Any, sizes: list[int], name: str) -> dict[int, Any]:
    """Position and content of the cells given, from a list, a map, or one value for all."""
    total = math.prod(sizes)
    if isinstance(content, str):
        return dict.fromkeys(range(total), content)
    if isinstance(content, list):
        if len(content) != total:
            raise SourceUnreadable(f"{len(content)} entries in {name} where the dimensions make {total}.")
        found = dict(enumerate(content))
    else:
        found = {int(position): entry for position, entry in content.items()}
        if len(found) != len(content):
            raise SourceUnreadable(f"{name}: two entries for one position. Get the file again: it is damaged.")
    if found and not 0 <= min(found) <= max(found) < total:
        raise SourceUnreadable(f"{name}: a position beyond the {total} cells of the dimensions. Get the file again.")
    return found if name == "value" else {position: entry for position, entry in found.items() if entry is not None}


def _text(value: Any) -> str:
    return "" if value is None else str(value)
