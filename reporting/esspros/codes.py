"""Eurostat's numeric codes, from a file that the user gives.

Either a file says which item has which code (columns ``item`` and ``code``), or it
is the official list (``code`` and ``label``): then the tree is that of the codes,
whose parents end in zeros, and labels tell which of our items they are.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from os.path import commonprefix
from pathlib import Path

from reporting.errors import UsageError
from reporting.esspros import grids
from reporting.esspros.classification import Classification, Item, code_text
from reporting.esspros.grids import Row, folded
from reporting.findings import CellFinding
from reporting.spreadsheets import Sheet

_SPELLINGS = {
    "code": ("esspros_code", "esspros code", "numeric code", "codes", "item code", "code esspros", "essprs code"),
    "item": ("item_id", "id", "our item", "slug"),
    "label": ("name", "title", "description", "libellé", "benennung", "bezeichnung", "omschrijving", "benefit"),
}
_SHOWN = 10
#: Gives an English label in a language.
Text = Callable[[str], str]


def load(path: Path, classification: Classification, texts: Sequence[Text] = (str,)) -> Classification:
    """The classification with the codes of a file (.csv, .xlsx).

    Parameters
    ----------
    texts : sequence of callable
        Give an English label in a language, for lists with labels in others.

    Raises
    ------
    UsageError
        With every line that is at fault.
    SourceUnreadable
        When the file is damaged.
    """
    findings: list[CellFinding] = []
    for sheet in grids.sheets(path, findings):
        if (found := listed(path.name, sheet, classification, texts)) is not None:
            return found
    raise UsageError(
        f"{path.name}: no list of codes: there are neither columns item and code, nor code and label. "
        "The items are listed in parameters/esspros/items.csv."
    )


def listed(
    file: str, sheet: Sheet, classification: Classification, texts: Sequence[Text] = (str,)
) -> Classification | None:
    """The classification with the codes listed in a sheet; None where it lists none.

    Raises
    ------
    UsageError
        With every line that is at fault.
    """
    if rows := grids.rows(sheet, _SPELLINGS, ("item", "code")):
        return _mapped(file, rows, classification)
    if rows := grids.rows(sheet, _SPELLINGS, ("code", "label")):
        return _list(file, rows, classification, texts)
    return None


def records(classification: Classification) -> tuple[list[str], list[list[str]]]:
    """Headings and rows of the list, so that it can be read again: with our items where they are ours."""
    items = classification.items.values()
    if any(item.item == item.code for item in items):
        return ["code", "label"], [[item.code, item.label] for item in items]
    return ["item", "code", "label"], [[item.item, item.code, item.label] for item in items]


def unknown(strange: Sequence[str], classification: Classification) -> Iterator[tuple[str, str, str]]:
    """Codes that no item has, each with a message and how to mend it; all at once where no list was given."""
    if len(strange) > 1 and not classification.numbered and all(code.isdigit() for code in strange):
        message = f"{len(strange)} numeric codes, {strange[0]} the first, are not known: no list of codes was given."
        yield strange[0], message, "Name the list that says which item has which code: --codes FILE."
        return
    for code in strange:
        near = max(classification.spellings, key=lambda known: len(commonprefix([known, code])))
        mend = f"Correct the code (near it is {near}), or name the list it comes from: --codes FILE."
        yield code, f"No item has the code {code!r}.", mend


def _refuse(file: str, faults: list[str]) -> None:
    if faults:
        more = [f"  … and {len(faults) - _SHOWN} more."] if len(faults) > _SHOWN else []
        raise UsageError("\n".join([f"{file}: the codes cannot be used:", *(f"  {f}" for f in faults[:_SHOWN]), *more]))


def _mapped(file: str, rows: list[Row], classification: Classification) -> Classification:
    codes: dict[str, str] = {}
    places: dict[str, str] = {}
    faults = []
    for row in rows:
        item, code = row["item"], code_text(row["code"])
        if not code:
            continue
        if item not in classification:
            near = difflib.get_close_matches(item, classification.items, n=1)
            faults.append(f"{row.place('item')}: no item {item!r}" + (f"; near it: {near[0]}" if near else ""))
        elif item in codes:
            faults.append(f"{row.place('item')}: the item {item} has a code already")
        elif code in places:
            faults.append(f"{row.place('code')}: the code {code} is in {places[code]} too")
        else:
            codes[item], places[code] = code, row.place("code")
    _refuse(file, faults)
    return classification.coded(codes, _strayed(codes, classification))


def _strayed(codes: dict[str, str], classification: Classification) -> Iterator[str]:
    """Codes that do not begin as the code of the item above them, up to its zeros."""
    for item, code in codes.items():
        above = codes.get(classification.parent(item), "")
        if above and not code.startswith(above.rstrip("0")):
            parent = classification.parent(item)
            yield f"{item} has the code {code}, which does not begin as {above}, the code of {parent}"


def parent_of(code: str) -> str:
    """The code above a code: its last figure before the zeros is a zero too.

    Examples
    --------
    >>> parent_of("1131111"), parent_of("1130000")
    ('1131110', '1100000')
    """
    significant = code.rstrip("0")
    return significant[:-1].ljust(len(code), "0") if len(significant) > 1 else ""


def _list(file: str, rows: list[Row], classification: Classification, texts: Sequence[Text]) -> Classification:
    labels: dict[str, str] = {}
    faults = []
    for row in rows:
        code = code_text(row["code"])
        if not (code.isascii() and code.isdigit()):
            continue  # a title among the codes
        if code in labels:
            faults.append(f"{row.place('code')}: the code {code} is there twice")
        labels[code] = row["label"]
    faults += [
        f"the code {code} ({label}) has no code {above} above it"
        for code, label in labels.items()
        if (above := parent_of(code)) and above not in labels
    ]
    _refuse(file, faults)
    return _tree(labels, classification, texts)


def of_labels(labels: dict[str, str], classification: Classification) -> Classification:
    """Our items, and numeric codes with labels as in the official list; one whose parent lacks stands alone."""
    numeric = {code: label for code, label in labels.items() if code.isascii() and code.isdigit()}
    found = _tree(numeric, classification, (str,))
    return Classification({**classification.items, **found.items}, found.doubts)


def _tree(labels: dict[str, str], classification: Classification, texts: Sequence[Text]) -> Classification:
    spelt: dict[tuple[str, str], list[str]] = {}
    for name, item in classification.items.items():
        for label in {folded(text(item.label)) for text in texts}:
            spelt.setdefault((item.parent, label), []).append(name)
    ours: dict[str, str] = {}
    items: dict[str, Item] = {}
    for code in sorted(labels, key=lambda code: (code.rstrip("0"), code)):
        above = parent_of(code)
        parent = ours.get(above, "")
        same = spelt.get((parent, folded(labels[code])), ())
        known = next((name for name in same if name not in items), "")
        base = classification[known] if known else items.get(parent)
        ours[code] = known or code
        item = Item(ours[code], parent, "", labels[code]) if base is None else base
        items[ours[code]] = replace(
            item, item=ours[code], parent=parent, label=item.label if known else labels[code], code=code,
            pension=item.pension if known else "",
        )  # fmt: skip
    unknown = sum(name.isdigit() for name in items)
    doubts = [f"{unknown} of {len(items)} codes have a label that none of our items has; they keep their number"]
    return Classification(items, tuple(doubts if unknown else ()))
