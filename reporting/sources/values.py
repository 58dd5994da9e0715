"""What stands in a cell: a number in one of the usual spellings, ``:``, a flag.

Values are read as written; nothing is rounded, and what is not a number is an
error of the caller's to place. Missing is ``NaN``, never zero.
"""

from __future__ import annotations

import functools
import math
import re

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from reporting.observations import FLAG_LETTERS

_LETTERS = re.compile(f"[{FLAG_LETTERS}]*")
#: A flag no list knows that may be kept: a short token.
_TOKEN = re.compile(r"[^\s,;|:]{1,4}")
#: Codes of SDMX's list of observation statuses that mean what Eurostat's letters mean; A is normal,
#: and na, which Eurostat writes beside a missing value, not available.
STATUSES = {"A": "", "na": "", **{letter.upper(): letter for letter in "bdefimnpu"}}
_CODE_AND_LABEL = re.compile(r"(\w+): .*", re.DOTALL)
_FOOTNOTE = re.compile(r"\(\d+\)")
#: A cell in which a spreadsheet failed to compute, in any language: #N/A, #VALUE!, #VALEUR!
_SPREADSHEET_ERROR = re.compile(r"#[A-Z0-9/]+[!?]?")
#: Confidentiality statuses that restrict nothing (CL_CONF_STATUS).
_FREE = ("", "F")


def _pattern(decimal: str, group: str) -> re.Pattern[str]:
    whole = rf"\d+|[1-9]\d{{0,2}}(?:[ \u00a0\u202f{group}]\d{{3}})+|(?=[{decimal}]\d)"
    number = rf"[+-]?(?:{whole})(?:[{decimal}]\d+)?(?:[eE][+-]?\d+)?"
    return re.compile(rf"(?P<number>{number}|:)\s*(?P<flag>[{FLAG_LETTERS}]*)|")


_PATTERNS = {".": _pattern(".", ","), ",": _pattern(",", ".")}


#: A number as machines write it.
_PLAIN = r"^-?[0-9]+(\.[0-9]+)?$"


def plain(texts: pa.Array) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.bool_]]:
    """The values of the texts that are plain numbers or empty, and which texts are neither."""
    empty = pc.equal(texts, "")
    filled = pc.if_else(empty, None, texts)
    numbers = _all_plain(filled)
    if numbers is not None:
        return numbers, np.zeros(len(texts), dtype=bool)
    plainly = pc.match_substring_regex(texts, _PLAIN)
    numbers = pc.cast(pc.if_else(plainly, texts, None), pa.float64()).to_numpy(zero_copy_only=False)
    odd = pc.invert(pc.or_(plainly, empty)).to_numpy(zero_copy_only=False) | np.isinf(numbers)
    return np.array(numbers), odd


def _all_plain(filled: pa.Array) -> npt.NDArray[np.float64] | None:
    """The values where all are numbers; None where one may not be.

    Arrow reads all that :func:`number` reads as a mere number, and besides
    ``1.``, ``1.e5``, ``nan`` and ``inf``.
    """
    held = filled.buffers()[-1]
    letters = held.to_pybytes() if held else b""
    if b"e" in letters or b"E" in letters or pc.any(pc.ends_with(filled, ".")).as_py():
        return None
    try:
        numbers = pc.cast(filled, pa.float64())
    except pa.ArrowInvalid:
        return None
    return None if pc.all(pc.is_finite(numbers)).as_py() is False else np.array(numbers)


@functools.lru_cache(maxsize=100_000)
def number(cell: str, decimal: str = ".") -> tuple[float, str, str]:
    """The value of a cell, the flag beside it and a note, if any.

    Parameters
    ----------
    cell : str
        As written, e.g. ``1,234.5``, ``12.3 bp`` or ``: c``.
    decimal : str
        The decimal mark: ``.`` or ``,``; the other one then groups thousands,
        as spaces do.

    Raises
    ------
    ValueError
        When the cell is neither a number nor a mark for a missing value.

    Examples
    --------
    >>> number("12.3 bp")
    (12.3, 'bp', '')
    >>> number("-1\u00a0234,5", ",")
    (-1234.5, '', '')
    """
    text = cell.strip().replace("\u2212", "-")
    if _SPREADSHEET_ERROR.fullmatch(text):
        return math.nan, "", f"{text} in the file"
    found = _PATTERNS[decimal].fullmatch(text)
    if found is None:
        raise ValueError(f"{cell!r} is not a number")
    if found["number"] in (None, ":"):
        return math.nan, found["flag"] or "", ""
    plain = re.sub(rf"[^0-9eE+{decimal}-]", "", found["number"]).replace(decimal, ".")
    value = float(plain)
    if not math.isfinite(value):
        raise ValueError(f"{cell!r} is too large a number")
    return value, found["flag"], ""


def flag(cell: str, labels: dict[str, str], keep: bool = False) -> tuple[str, str]:
    """The flag letters in a cell, verbatim, and the confidentiality status beside them.

    Parameters
    ----------
    cell : str
        Letters (``bep``), letters and status (``e|C``), a code with its label
        (``p: provisional``) or labels (``break in time series, provisional``).
    labels : dict
        Letter for each label.
    keep : bool
        Whether a short token that is not a known flag is kept as it is.

    Raises
    ------
    ValueError
        When something in the cell is not a known flag.

    Examples
    --------
    >>> flag("e|C", {})
    ('e', 'C')
    """
    text, _, status = _FOOTNOTE.sub("", cell).strip().partition("|")
    if both := _CODE_AND_LABEL.fullmatch(text):
        text = both[1]
    text = text.strip().removeprefix(":").strip()
    if text in labels:
        text = labels[text]
    elif not _LETTERS.fullmatch(text):
        words = text.split(", ")
        if all(word in labels for word in words):
            text = "".join(labels[word] for word in words)
        elif not (keep and _TOKEN.fullmatch(text) and text.isprintable()):
            raise ValueError(f"{cell!r} is not a known flag")
    return text, status


def is_known(flag: str) -> bool:
    """Whether a flag consists of known letters."""
    return _LETTERS.fullmatch(flag) is not None


def free(status: str) -> bool:
    """Whether a confidentiality status (code, or code and label) restricts nothing."""
    return status.partition(":")[0].strip().upper() in _FREE
