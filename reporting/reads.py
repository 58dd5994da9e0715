"""What a run asked of its inputs, and what it was told.

A notebook reads declarations, messages and observations through this package.
While it runs, each question (which translation has this message? which values
has this indicator for this country?) is written down with a digest of the
answer. Later the same questions are asked again: a run whose questions all have
their old answers would come out the same. Files that the notebook's own code
opens are written down by :mod:`reporting.batch.inputs`.

Nothing is written unless ``REPORTING_READS`` names a file.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import json
import os
import threading
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")
#: The environment variable that names the file.
FILE = "REPORTING_READS"
#: The first question of a record that was kept from the first cell on.
BEGIN = ("begin",)
_inside = threading.local()
_said: dict[tuple[str, str], set[str]] = {}


def recording() -> bool:
    """Whether questions are written down here and now."""
    return FILE in os.environ and not getattr(_inside, "depth", 0)


@contextlib.contextmanager
def covered() -> Iterator[None]:
    """Within, nothing is written down: the answer to a larger question covers it."""
    _inside.depth = getattr(_inside, "depth", 0) + 1
    try:
        yield
    finally:
        _inside.depth -= 1


def covers(function: Callable[P, R]) -> Callable[P, R]:
    """Let a function run covered."""

    @functools.wraps(function)
    def inside(*arguments: P.args, **named: P.kwargs) -> R:
        with covered():
            return function(*arguments, **named)

    return inside


def asked(question: tuple[Any, ...], answer: Any) -> None:
    """Write down a question and a digest of its answer, once."""
    if not recording():
        return
    # What is no JSON becomes text, to which no later answer is equal.
    text = json.dumps(question, ensure_ascii=False, default=repr)
    known = _said.setdefault((os.environ[FILE], text), set())
    if (found := digest(answer)) not in known:
        known.add(found)
        with covered(), Path(os.environ[FILE]).open("a", encoding="utf-8") as file:
            file.write(f"[{text}, {json.dumps(found)}]\n")


def digest(answer: Any) -> str:
    """A short digest of an answer: text, number, record, list, mapping or table."""
    return hashlib.sha256(_plain(answer).encode()).hexdigest()[:24]


def _plain(answer: Any) -> str:
    if isinstance(answer, Watched):
        return "a mapping"  # its entries are questions of their own
    if hasattr(answer, "model_dump_json"):
        return str(answer.model_dump_json())
    if hasattr(answer, "to_dict") and hasattr(answer, "columns"):
        return repr([(str(name), answer[name].tolist()) for name in answer.columns])
    return repr(answer)


class Watched(dict[Any, Any]):
    """A mapping that writes down which of its entries are asked for."""

    def __init__(self, content: Mapping[Any, Any], *name: str) -> None:
        super().__init__(content)
        self._name = name

    def __getitem__(self, key: Any) -> Any:
        self._one(key)
        return super().__getitem__(key)

    def get(self, key: Any, default: Any = None) -> Any:
        """An entry, as of any mapping."""
        self._one(key)
        return super().get(key, default)

    def __contains__(self, key: object) -> bool:
        self._one(key)
        return super().__contains__(key)

    def __iter__(self) -> Iterator[Any]:
        self._names()
        return super().__iter__()

    def __len__(self) -> int:
        self._names()
        return super().__len__()

    def keys(self) -> Any:
        """All names, as of any mapping."""
        self._names()
        return super().keys()

    def items(self) -> Any:
        """All entries, as of any mapping."""
        self._all()
        return super().items()

    def values(self) -> Any:
        """All entries, as of any mapping."""
        self._all()
        return super().values()

    def copy(self) -> dict[Any, Any]:
        """All entries, as of any mapping."""
        return dict(self.items())

    def __or__(self, other: Any) -> Any:
        return self.copy() | other

    def __ror__(self, other: Any) -> Any:
        return other | self.copy()

    def __eq__(self, other: object) -> bool:
        self._all()
        return super().__eq__(other)

    __hash__ = None

    def _one(self, key: Any) -> None:
        asked((*self._name, key), super().get(key))

    def _names(self) -> None:
        asked((*self._name, "*"), list(super().keys()))

    def _all(self) -> None:
        asked((*self._name, "**"), sorted(super().items(), key=lambda pair: str(pair[0])))


def watched(record: R) -> R:
    """Declarations whose entries are written down when they are asked for."""
    return watch(record) if FILE in os.environ else record


def watch(record: R) -> R:
    """Declarations whose mappings are :class:`Watched`."""
    mappings = {name: value for name, value in vars(record).items() if isinstance(value, dict)}
    nested = {name: _nested(value, "declared", name) for name, value in mappings.items()}
    copied: R = record.model_copy(update=nested)  # type: ignore[attr-defined]  # declarations are pydantic's
    return copied


def _nested(content: Mapping[Any, Any], *name: str) -> Watched:
    inner = {k: _nested(v, *name, k) if isinstance(v, dict) else v for k, v in content.items()}
    return Watched(inner, *name)
