"""What a provider answers instead of data: a queue, a fault, a page for people.

Such an answer may come with status 200 and the content type of data; read as
data it would look like an empty dataset. The first bytes and the last tell.
"""

from __future__ import annotations

import html
import json
import re
from dataclasses import dataclass
from typing import Any, Literal

#: ready: observations or a structure; queued: `key`, or `link` where they will lie; later: ask again;
#: large: more than is given at once; absent: unknown, or nothing fits; refused: the request is at fault.
Kind = Literal["ready", "queued", "later", "large", "absent", "refused"]

_HEAD, _TAIL = 20_000, 8_000
_HTML = re.compile(r"<(!doctype html|html|head|body)\b", re.IGNORECASE)
_QUEUED = re.compile(r"<(?:\w+:)?queued\b.*?<(?:\w+:)?(?:id|key)>\s*([\w-]{1,128})\s*</", re.DOTALL)
_STATUS = re.compile(r"<(?:\w+:)?status>\s*([A-Z_]+)\s*</")
_JSON_STATUS = re.compile(r'"status"\s*:\s*"([A-Z_]+)"')
_FAULT_CODE = re.compile(r"<(?:\w+:)?(?:faultcode|Code|code)\b[^>]*>\s*(?:<(?:\w+:)?Value>)?\s*([^<]*?)\s*<", re.DOTALL)
_FAULT_TEXT = re.compile(r"<(?:\w+:)?(?:faultstring|Reason|Text|message)\b[^>]*>\s*([^<]+?)\s*<", re.DOTALL)
_ERROR_CODE = re.compile(r"<(?:\w+:)?ErrorMessage\b[^>]*\bcode=[\"'](\d+)[\"']")
_FOOTER = re.compile(r"<(?:\w+:)?Footer\b.*", re.DOTALL)
_FOOTER_CODE = re.compile(r"<(?:\w+:)?Message\b[^>]*\bcode=[\"'](\d+)[\"']")
_URL = re.compile(r"https?://[^\s<>\"']+")
_UUID = re.compile(r"\b[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}\b")
_TOO_BIG = re.compile(r"EXTRACTION_TOO_BIG|extraction is too big", re.IGNORECASE)
_NOTHING = re.compile(r"no ?records? ?found|no results? found|not found|ERR_NOT_FOUND|no data", re.IGNORECASE)


@dataclass(frozen=True)
class Envelope:
    """What an answer is, and what it says."""

    kind: Kind
    said: str = ""
    key: str = ""
    link: str = ""
    code: str = ""


READY = Envelope("ready")


def opened(body: bytes, status: int = 200) -> Envelope:
    """What kind of answer the bytes are.

    Parameters
    ----------
    body : bytes
        The answer, unpacked.
    status : int
        Its HTTP status; a client error is one, whatever the bytes are.
    """
    start = body[:_HEAD].lstrip(b"\xef\xbb\xbf \t\r\n")
    if start.startswith(b"<"):
        found = _markup(body)
    elif start.startswith((b"{", b"[")):
        found = _json(body)
    elif not start:
        found = Envelope("later", "an empty answer")
    else:
        found = READY
    if status < 400 or found.kind in ("queued", "large", "absent"):
        return found
    return _client_error(status, found.said or _plain(start), found.code)


def state(body: bytes) -> str:
    """The state of a queued request: SUBMITTED, PROCESSING, AVAILABLE, EXPIRED, UNKNOWN_REQUEST; empty: none."""
    text = body[:_HEAD].decode("utf-8", "replace")
    found = (_JSON_STATUS if text.lstrip().startswith("{") else _STATUS).search(text)
    return found[1] if found else ""


def _client_error(status: int, said: str, code: str) -> Envelope:
    kinds: dict[int, Kind] = {404: "absent", 410: "absent", 413: "large"}
    return Envelope(kinds.get(status, "refused"), f"HTTP {status}: {said}" if said else f"HTTP {status}", code=code)


def _markup(body: bytes) -> Envelope:
    head = body[:_HEAD].decode("utf-8", "replace")
    if _HTML.search(head[:2000]):
        return Envelope("later", "a page of HTML instead of data")
    if _TOO_BIG.search(head):
        return Envelope("large", _plain(body))
    if queued := _QUEUED.search(head):
        return Envelope("queued", "queued", key=queued[1])
    if "Envelope" in head[:500] or re.search(r"<(\w+:)?Fault\b", head):
        return _fault(head)
    if error := _ERROR_CODE.search(head):
        return _coded(error[1], _plain(body))
    footer = _FOOTER.search(body[-_TAIL:].decode("utf-8", "replace"))
    return _footer(footer[0]) if footer else READY


def _fault(text: str) -> Envelope:
    code, said = _FAULT_CODE.search(text), _FAULT_TEXT.search(text)
    return _coded(code[1] if code else "", html.unescape(said[1]) if said else _plain(text.encode()))


def _coded(code: str, said: str) -> Envelope:
    """A fault by its code: those of SDMX (100 nothing, 110 and up the request, 130 size, 500 and up the server)."""
    bare = code.rpartition(":")[2]
    if bare in ("413", "130", "510"):
        return Envelope("large", said, code=bare)
    if bare == "100" or (bare in ("", "404") and _NOTHING.search(said)):
        return Envelope("absent", said, code=bare)
    if bare.isdigit() and 110 <= int(bare) < 500:
        return Envelope("refused", said, code=bare)
    return Envelope("later", said, code=bare)


def _footer(text: str) -> Envelope:
    code, link = _FOOTER_CODE.search(text), _URL.search(text)
    if code and code[1] == "413":
        return Envelope(
            "queued" if link else "large", _plain(text.encode()), link=html.unescape(link[0]) if link else ""
        )
    return READY


def _json(body: bytes) -> Envelope:
    try:
        content: Any = json.loads(body)
    except (ValueError, RecursionError):
        return Envelope("later", "JSON that is cut or damaged")
    if not isinstance(content, dict):
        return READY
    if "error" in content:
        errors = content["error"] if isinstance(content["error"], list) else [content["error"]]
        first = errors[0] if errors and isinstance(errors[0], dict) else {"label": str(errors)}
        said = " ".join(str(first[name]) for name in ("status", "id", "label") if first.get(name))
        if _TOO_BIG.search(said):
            return Envelope("large", said)
        return _coded(str(first.get("id") or first.get("status") or ""), said)
    if "warning" in content:
        said = json.dumps(content["warning"])
        if _TOO_BIG.search(said):
            return Envelope("large", said)
        key = _UUID.search(said)
        return Envelope("queued" if key else "later", said, key=key[0] if key else "")
    return READY


def _plain(body: bytes) -> str:
    """The words in an answer, without its tags, for a message."""
    text = re.sub(r"<[^>]*>", " ", body[:4000].decode("utf-8", "replace"))
    return " ".join(html.unescape(text).split())[:300]
