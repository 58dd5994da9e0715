"""The package's own JSON, as the verbs print it with ``--json``: a list of cells, each with its place."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from reporting.missoc.cells import UNKNOWN, Cell, clean
from reporting.missoc.placing import Placer
from reporting.missoc.recognise import edition

#: What a cell must have, and what it may have besides.
_NEEDED = ("geo", "table", "category", "text")
_FREE = ("label", "number", "site_id", "lang", "edition")
_LANGUAGES = ("", "en", "fr", "de")


def read(text: str, placer: Placer) -> None:
    """Every cell of a list, or of the list under ``cells``; what is no cell is doubted with its words."""
    try:
        content = json.loads(text)
    except (ValueError, RecursionError) as error:
        placer.doubt("error", "", f"not whole JSON: {error}", text[:200])
        return
    listed = content.get("cells") if isinstance(content, dict) else content
    if not isinstance(listed, list):
        placer.doubt("error", "", "no list of cells: write them as [{...}, ...], as compare --json does", text[:200])
        return
    for number, record in enumerate(listed, 1):
        _one(record, f"cell {number}", placer)


def _one(record: Any, place: str, placer: Placer) -> None:
    if not isinstance(record, dict):
        placer.doubt("error", place, "not placed: not an object", str(record)[:200])
        return
    given = {name: record.get(name, "") for name in (*_NEEDED, *_FREE, "sha256")}
    if odd := [name for name, value in given.items() if not isinstance(value, str)]:
        placer.doubt("error", place, f"not placed: {', '.join(odd)} is no text", str(record)[:200])
        return
    catalogue = placer.catalogue
    geo, table = placer.country(given["geo"], place), catalogue.table(given["table"])
    text, lang = clean(given["text"]), given["lang"].lower()
    lacking = [name for name, value in (("geo", geo), ("table", table), ("category", given["category"])) if not value]
    if lacking or lang not in _LANGUAGES:
        what = f"no {' and no '.join(lacking)} is known" if lacking else f"language {lang!r}"
        placer.doubt("error", place, f"not placed: {what}", text)
        return
    if not text:
        return
    if given["sha256"] and given["sha256"] != hashlib.sha256(given["text"].encode()).hexdigest():
        placer.doubt("warning", place, "the text is not the one its checksum says", text)
    key, label = _category(given, table, placer)
    placer.cells.append(
        Cell(edition(given["edition"]), geo, table, key, lang, label, given["number"], given["site_id"], text)
    )


def _category(given: dict[str, str], table: str, placer: Placer) -> tuple[str, str]:
    """Key and label: by the id that is declared, by the key of one that is not, else by the label."""
    key, label = given["category"], clean(given["label"]).replace("\n", " ")
    declared = {category.id for category in placer.catalogue.texts.tables[table].categories}
    if key in declared or key.startswith(UNKNOWN):
        return key, label or placer.catalogue.name(table, key, given["lang"] or "en")
    return placer.catalogue.category(table, label or key).key, label or key
