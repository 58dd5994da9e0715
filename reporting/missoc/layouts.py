"""Grids, from HTML tables, sheets and CSV alike, read by what stands in them.

Countries across and categories down; categories across and countries down; one
row for each cell, with columns for country, table, category and text; or one
country with labels and texts. Merged cells stand in every place they cover.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass, replace

from reporting.missoc.placing import Placer
from reporting.missoc.recognise import edition, fold

#: Rows above which the heads of a table must stand.
_HEADS = 8
#: Columns beyond which a grid is none of MISSOC: there are thirty-odd countries.
WIDEST = 2_000
#: What the head of a column may be called, in English, French, German and Dutch.
ROLES = {
    "geo": "country, countries, geo, pays, land, staat, country code, code pays, country name, member state, "
    "etat membre, mitgliedstaat, lidstaat, lander, code du pays, landercode",
    "table": "table, tableau, tabelle, tabel, table number, table name, missoc table, table no, tabellennummer",
    "chapter": "chapter, chapitre, kapitel, hoofdstuk, section, group, groupe, gruppe",
    "category": "category, topic, categorie, rubrique, kategorie, thema, subject, sujet, categories, topics, rubrik, "
    "theme, item, category name, label, libelle, bezeichnung",
    "number": "number, no, nr, numero, nummer, category number, category no, code",
    "lang": "language, lang, langue, sprache, taal",
    "edition": "edition, period, situation, ausgabe, stand, date, periode, uitgave, situation on, datum",
    "site_id": "id, site id, topic id, category id, site_id",
    "text": "text, content, contents, texte, inhalt, contenu, tekst, cell, description, information, texts, value, "
    "rules",
}
_NAMES = {name: role for role, names in ROLES.items() for name in names.split(", ")}


@dataclass(frozen=True)
class Box:
    """A cell of a grid; ``spread`` numbers merged cells, so that copies are known as such."""

    text: str = ""
    site_id: str = ""
    spread: int = 0


@dataclass(frozen=True)
class Grid:
    """Rows of boxes; ``place`` names the grid in the file."""

    rows: Sequence[Sequence[Box]]
    place: str


def place(grid: Grid, placer: Placer) -> bool:
    """Put what a grid holds into its places; False when it has no layout that is known."""
    rows = [list(row) for row in grid.rows if any(box.text.strip() for box in row)]
    if not rows:
        return True
    if (width := max(map(len, rows))) > WIDEST:
        placer.doubt("error", grid.place, f"not placed: a table of {width:,} columns is none of MISSOC", _words(rows))
        return True
    return any(read(rows, grid.place, placer) for read in (_long, _wide, _across, _single))


def _words(rows: list[list[Box]]) -> str:
    """The first words of a grid."""
    return " ".join(text for row in rows[:3] for box in row[:20] if (text := box.text.strip()))


def _role(text: str) -> str:
    return _NAMES.get(fold(text), "") if len(text) < 60 else ""


def _long(rows: list[list[Box]], where: str, placer: Placer) -> bool:
    """One row for each cell."""
    for position, row in enumerate(rows[:_HEADS]):
        roles = {role: column for column, box in reversed([*enumerate(row)]) if (role := _role(box.text))}
        named, body = bool({"category", "geo", "text"} & roles.keys()), rows[position + 1 :]
        if (not named and position) or sum(bool(box.text.strip()) for box in row) < 2:
            continue
        if any(placer.catalogue.country(box.text) for box in row):
            if named:
                return False
            continue
        guessed = _guessed(roles, row, body, placer)
        if not named and not {"geo", "category", "text"} <= guessed.keys():
            continue
        roles = {role: column for role, column in roles.items() if column not in guessed.values()} | guessed
        if {"text", "category"} <= roles.keys() and ("geo" in roles or placer.geo):
            _columns(row, roles, guessed, where, placer)
            for number, found in enumerate(body, position + 2):
                _one(found, roles, f"{where}, row {number}", placer)
            return True
    return False


def _guessed(roles: dict[str, int], heads: list[Box], body: list[list[Box]], placer: Placer) -> dict[str, int]:
    """Columns whose names are not known, told by what stands in them; the text is the longest that is left."""
    found: dict[str, int] = {}
    if "table" not in roles and "chapter" in roles and _mostly(placer.catalogue.table, body, roles["chapter"]):
        found["table"] = roles["chapter"]
    free = [c for c in range(len(heads)) if c not in roles.values() and any(_text(row, c) for row in body)]
    tests = {"geo": placer.catalogue.country, "table": placer.catalogue.table,
             "category": functools.partial(_category, placer)}  # fmt: skip
    for role in (role for role in tests if role not in roles.keys() | found.keys()):
        column = next((c for c in free if _mostly(tests[role], body, c)), -1)
        if column >= 0:
            free.remove(column)
            found[role] = column
    if "text" not in roles and free:
        found["text"] = max(free, key=lambda c: sum(len(_text(row, c)) for row in body))
    return found


def _columns(heads: list[Box], roles: dict[str, int], guessed: dict[str, int], where: str, placer: Placer) -> None:
    """Say which columns were guessed, and which were not read."""
    for role, column in guessed.items():
        placer.doubt("warning", where, f"the column {heads[column].text!r} is taken for the {role}")
    for column, box in enumerate(heads):
        if column not in roles.values() and box.text.strip():
            placer.doubt("warning", where, "a column that is not known was not read", box.text)


def _category(placer: Placer, text: str) -> bool:
    return any(placer.catalogue.is_category(table, text) for table in placer.catalogue.texts.tables)


def _mostly(test: object, body: list[list[Box]], column: int) -> bool:
    texts = [text for row in body if (text := _text(row, column))]
    return bool(texts) and sum(bool(test(text)) for text in texts) * 2 > len(texts)  # type: ignore[operator]


def _text(row: Sequence[Box], column: int) -> str:
    return row[column].text.strip() if 0 <= column < len(row) else ""


def _one(row: list[Box], roles: dict[str, int], where: str, placer: Placer) -> None:
    given = {role: _text(row, column) for role, column in roles.items()}
    geo = placer.country(given.get("geo", ""), where)
    table = placer.catalogue.table(given.get("table", "")) or ("" if given.get("table") else placer.table)
    if given.get("geo") and not geo:
        placer.doubt("error", where, f"not placed: the country {given['geo']!r} is not known", given["text"])
        return
    if given.get("table") and not table:
        placer.doubt("error", where, f"not placed: the table {given['table']!r} is not known", given["text"])
        return
    number, label = given.get("number", ""), given["category"]
    label = f"{number if '-' in number else f'{table}-{number}'} {label}" if number.strip() else label
    placer.add(
        label, given["text"], where, geo, given.get("site_id", ""), given.get("chapter", ""), table=table,
        edition=edition(given.get("edition", "")), lang=_lang(given.get("lang", "")),
    )  # fmt: skip


def _lang(text: str) -> str:
    names = {"en": "en english anglais englisch", "fr": "fr french francais franzosisch fre fra",
             "de": "de german allemand deutsch ger deu"}  # fmt: skip
    return next((lang for lang, words in names.items() if fold(text) in words.split()), "")


def _wide(rows: list[list[Box]], where: str, placer: Placer) -> bool:
    """Countries across, categories down."""
    for position, row in enumerate(rows[:_HEADS]):
        columns = {c: geo for c, box in enumerate(row) if (geo := placer.catalogue.country(box.text))}
        if not columns or not _heads(row, columns):
            continue
        for above in rows[:position]:
            _title(above, placer, where)
        for column in columns:
            placer.country(row[column].text, where)
        heads = [_role(box.text) for box in row[: min(columns)]]
        for number, found in enumerate(rows[position + 1 :], position + 2):
            again = {c: geo for c, box in enumerate(found) if (geo := placer.catalogue.country(box.text))}
            if again and len(again) >= len(columns) and _heads(found, again):
                columns = again
                continue
            _countries(found, columns, heads, f"{where}, row {number}", placer)
        return True
    return False


def _heads(row: list[Box], columns: dict[int, str]) -> bool:
    """Whether a row heads countries: right of the first country there is nothing but countries."""
    first = min(columns)
    beyond = [c for c in range(first, len(row)) if row[c].text.strip()]
    return first > 0 and all(c in columns for c in beyond) and all(len(box.text) < 60 for box in row[:first])


def _countries(row: list[Box], columns: dict[int, str], heads: list[str], where: str, placer: Placer) -> None:
    labels = [box for box in row[: min(columns)] if box.text.strip()]
    texts = {c: row[c] for c in columns if _text(row, c)}
    merged = {box.spread for box in row if box.text.strip()}
    if not texts or (len(merged) == 1 and merged != {0} and labels):
        for text in dict.fromkeys(box.text.strip() for box in labels):
            placer.heading(text, where)
        return
    label, chapter = _labelled(row, heads, labels, where, placer)
    if len({box.spread for box in texts.values()} - {0}) < sum(box.spread > 0 for box in texts.values()):
        placer.doubt("information", where, "one text for several countries: kept for each")
    for column, box in texts.items():
        placer.add(label, box.text, f"{where}, column {column + 1}", columns[column],
                   box.site_id or (labels[-1].site_id if labels else ""), chapter)  # fmt: skip
    _beyond(row, columns, where, placer)


def _beyond(row: list[Box], columns: dict[int, str], where: str, placer: Placer) -> None:
    placed = {row[column].spread for column in columns if column < len(row)} - {0}
    for column in range(min(columns), len(row)):
        if column not in columns and _text(row, column) and row[column].spread not in placed:
            placer.doubt("error", where, f"not placed: column {column + 1} has no country", row[column].text)


def _labelled(row: list[Box], heads: list[str], labels: list[Box], where: str, placer: Placer) -> tuple[str, str]:
    """Label and chapter of a row, from one or several label columns; a column of tables sets the table."""
    number, own = "", []
    for column, box in enumerate(row[: len(heads)]):
        text, role = box.text.strip(), heads[column]
        if not text:
            continue
        if (role == "table" or (len(labels) > 1 and box is not labels[-1])) and placer.catalogue.table(text):
            placer.table, placer.chapter = placer.catalogue.table(text), ""
        elif role == "number" or (text.isdecimal() and len(labels) > 1):
            number = text if "-" in text else f"{placer.table}-{text}"
        elif role != "site_id":
            own.append(text)
    label = own[-1] if own else ""
    return f"{number} {label}".strip(), (own[-2] if len(own) > 1 else placer.chapter)


def _title(row: list[Box], placer: Placer, where: str) -> None:
    for text in dict.fromkeys(box.text.strip() for box in row if box.text.strip()):
        if len(text) < 300:
            placer.heading(text, where)
        else:
            placer.doubt("error", where, "not placed: a text above the heads of the table", text)


def _across(rows: list[list[Box]], where: str, placer: Placer) -> bool:
    """Categories across, countries down."""
    for position, row in enumerate(rows[:_HEADS]):
        body = rows[position + 1 :]
        if len([box for box in row[1:] if box.text.strip()]) and _mostly(placer.catalogue.country, body, 0):
            for above in rows[:position]:
                _title(above, placer, where)
            for number, found in enumerate(body, position + 2):
                at = f"{where}, row {number}"
                geo = placer.country(_text(found, 0), at)
                for column in range(1, len(found)):
                    if geo:
                        site = row[column].site_id if column < len(row) else ""
                        placer.add(_text(row, column), found[column].text, f"{at}, column {column + 1}", geo, site)
                    elif found[column].text.strip():
                        placer.doubt("error", at, "not placed: no country is known", found[column].text)
            return True
    return False


def _single(rows: list[list[Box]], where: str, placer: Placer) -> bool:
    """One country, named above: labels and texts."""
    if max(sum(bool(box.text.strip()) for box in row) for row in rows) < 2:
        return False
    for number, row in enumerate(rows, 1):
        at = f"{where}, row {number}"
        boxes = list({(box.spread or -c - 1): box for c, box in enumerate(row) if box.text.strip()}.values())
        if len(boxes) == 1:
            _alone(boxes[0], at, placer)
            continue
        *labels, last = boxes
        if number == 1 and all(_role(box.text) for box in boxes):
            continue
        if len(boxes) == 2 and (placer.catalogue.country(last.text) or placer.catalogue.table(last.text)):
            placer.heading(last.text, at)
            placer.heading(labels[0].text, at)
            continue
        chapter = labels[-2].text.strip() if len(labels) > 1 else placer.chapter
        if len(labels) > 1 and labels[0].text.strip().isdecimal():
            numbered = f"{placer.table}-{labels[0].text.strip()} {labels[-1].text}"
            labels, chapter = [replace(labels[-1], text=numbered)], ""
        placer.add(labels[-1].text, last.text, at, "", last.site_id or labels[-1].site_id, chapter)
    return True


def _alone(box: Box, where: str, placer: Placer) -> None:
    if len(box.text) < 200:
        placer.heading(box.text.strip(), where)
    else:
        placer.add(placer.chapter, box.text, where)
