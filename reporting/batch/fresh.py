"""What is up to date and what is not, and why.

Beside its results a step keeps what they came from: its notebook and
parameters, the code, and each question it asked of declarations, messages and
observations with a digest of the answer. A step is up to date when all of this
is as it was and its results lie there unaltered. Where nothing in the store and
in ``parameters/`` has changed, no question need be asked again, and no
observation is read.
"""

from __future__ import annotations

import functools
import hashlib
import json
import platform
import sysconfig
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from reporting import declarations, indicators, labels, reads, tabulate, validation, views, vintages
from reporting.batch import inputs
from reporting.errors import ReportingError
from reporting.vintages import Store

#: The name of a record inside the folder it is about.
RECORD = "inputs.json"
#: What the answers to two kinds of questions depend on, besides observations.
_FORMULAS = ("indicators/", "geos.toml", "codelists/geo.csv")
_RULES = ("rules/", "datasets/", "geos.toml")


@dataclass(frozen=True)
class Step:
    """One thing to make: where it goes, where its record is, and the inputs that are known beforehand.

    Of some inputs only a part counts: ``counts`` holds it, where it has been
    worked out. An input that differs in nothing that counts is no other one.
    """

    name: str
    folder: Path
    record: Path
    given: dict[str, Any]
    counts: dict[str, Any] = field(default_factory=dict)


class State:
    """Declarations, messages and observations as they are now; each question is answered once."""

    def __init__(self, home: Path, known_code: str = "") -> None:
        self.home = home
        self.code = known_code or code()

    @functools.cached_property
    def files(self) -> dict[str, str]:
        """Each file of declarations with a digest of its content."""
        return inputs.declared(self.home)

    @functools.cache  # noqa: B019  a state lives as long as a build
    def facts(self, root: str) -> dict[str, Any]:
        """What has to be as it was for no question to need asking again."""
        return {
            "parameters": reads.digest(self.files),
            "formulas": self._group(_FORMULAS),
            "rules": self._group(_RULES),
            "store": self.datasets(root),
        }

    def _group(self, names: tuple[str, ...]) -> str:
        return reads.digest({name: sha for name, sha in self.files.items() if name.startswith(names)})

    @functools.cache  # noqa: B019  as above
    def datasets(self, root: str) -> dict[str, str]:
        """Each dataset of a store, and each collection of texts, with a digest of its manifests."""
        store = self.store(root)
        names = [*store.datasets(), *vintages.texts.names(store)]
        return {name: reads.digest([asdict(m) for m, _ in store.manifests(name)]) for name in names}

    @functools.cache  # noqa: B019  as above
    def store(self, place: str) -> Store:
        """The store in a folder, behind a URL, or that a view shows."""
        return views.opened(place)

    @functools.cached_property
    def known(self) -> declarations.Declarations:
        """The declarations, nested as a record names them."""
        return reads.watch(declarations.load(self.home))

    @functools.cache  # noqa: B019  as above
    def _evaluator(self, root: str, as_of: str) -> indicators.Evaluator:
        return indicators.Evaluator(self.known, self.store(root), as_of)

    @functools.cache  # noqa: B019  as above
    def _findings(self, root: str, as_of: str, datasets: tuple[str, ...]) -> list[validation.Finding]:
        return validation.check(self.known, self.store(root), datasets, as_of)

    @functools.cache  # noqa: B019  as above
    def answer(self, question: str) -> str | None:
        """The digest of the answer to a question, None when there is no answer."""
        try:
            return reads.digest(self._answer(json.loads(question)))
        except (ReportingError, LookupError, TypeError, ValueError, OSError):
            return None

    def _answer(self, question: list[Any]) -> Any:
        match question:
            case ["begin"]:
                return None
            case ["declared", *path]:
                return _entry(self.known, path)
            case ["message", lang, text]:
                return labels.catalogue(self.home, lang).get(text)
            case ["ids", *patterns]:
                return self.known.indicator_ids(tuple(patterns))
            case [("untranslated" | "framework") as what, name]:
                ask: Any = labels.untranslated if what == "untranslated" else declarations.frameworks.load
                return ask(self.known, name)
            case [("file" | "folder") as what, path]:
                return inputs.content(what, path)
            case ["parameters", home]:
                return reads.digest(inputs.declared(Path(home)))
            case ["dataset", root, name]:
                return self.datasets(root).get(name)
            case [_, root, *_] if question[0] in _OF_STORES:
                return _OF_STORES[question[0]](self, self.store(root), *question[2:])
        raise LookupError(question[0])


def _indicator(state: State, store: Store, as_of: str, name: str, geos: list[str]) -> Any:
    return state._evaluator(store.place, as_of).indicator(name, tuple(geos))


def _about(state: State, store: Store, as_of: str, datasets: list[str], geos: list[str]) -> Any:
    found = state._findings(store.place, as_of, tuple(datasets))
    return validation.about(state.known, found, geos)


def _acknowledgements(state: State, store: Store, *pairs: list[str]) -> Any:
    return sorted(tabulate.acknowledgements(store, [(d, v) for d, v in pairs]).items())


def _used(state: State, store: Store, *pairs: list[str]) -> Any:
    return vintages.used(store, [(d, v) for d, v in pairs])


def _told(state: State, store: Store, name: str, arguments: list[Any], named: dict[str, Any]) -> Any:
    return inputs.plain(getattr(store, name)(*arguments, **named))


_OF_STORES: dict[str, Any] = {
    "indicator": _indicator, "findings": _about, "acknowledgements": _acknowledgements, "used": _used, "store": _told,
}  # fmt: skip
#: Questions about the store they name, and questions about any place.
_STORED = (*_OF_STORES, "dataset")
_ANYWHERE = ("file", "folder", "parameters")


def _entry(known: Any, path: list[str]) -> Any:
    """An entry of the declarations, or the list of entries for ``*`` and ``**``."""
    found = getattr(known, path[0])
    if len(path) == 1:
        return found
    for name in path[1:-1]:
        found = dict.get(found, name)
    if path[-1] == "*":
        return list(dict.keys(found))
    if path[-1] == "**":
        return sorted(dict.items(found), key=lambda pair: str(pair[0]))
    return dict.get(found, path[-1])


def code() -> str:
    """A digest of this package, of the libraries' versions and of Python's."""
    package = Path(__file__).parents[1]
    own = [(path.relative_to(package).as_posix(), _sha(path)) for path in sorted(package.rglob("*")) if _is_code(path)]
    libraries = sorted(path.name for path in Path(sysconfig.get_path("purelib")).glob("*.dist-info"))
    return reads.digest([own, libraries, platform.python_version(), platform.machine()])


def _is_code(path: Path) -> bool:
    return path.is_file() and path.suffix in (".py", ".css", ".js", ".html", ".typ", ".lua", ".toml", ".csv")


def why(step: Step, state: State, root: str) -> str:
    """Why a step has to be done; empty when its results are up to date."""
    try:
        record = json.loads(step.record.read_text(encoding="utf-8"))
        if record["code"] != state.code:
            return "the package or a library was changed"
        for name in {**record["given"], **step.given}:
            same = record["given"].get(name) == json.loads(json.dumps(step.given.get(name)))
            if not same and (name not in step.counts or record["counts"].get(name) != step.counts[name]):
                return f"other {name}"
        return _altered(step, record["outputs"]) or _other_answer(record["questions"], record["facts"], state, root)
    except FileNotFoundError:
        return "not made yet"
    except (OSError, ValueError, TypeError, KeyError, AttributeError, IndexError):
        return "its record cannot be read"


def _altered(step: Step, outputs: dict[str, str]) -> str:
    found = digests(step.folder)
    for name in sorted({**outputs, **found}):
        if name not in found:
            return f"{name} is missing"
        if name not in outputs:
            return f"{name} does not belong there"
        if found[name] != outputs[name]:
            return f"{name} was altered"
    return ""


def _other_answer(questions: list[Any], facts: dict[str, Any], state: State, root: str) -> str:
    if not any(tuple(question) == reads.BEGIN for question, _ in questions):
        return "it ran where what it reads cannot be followed"
    own = state.store(root).name
    for question, answer in questions:
        if question[0] == "beyond":
            return f"its notebook reads what cannot be followed ({question[1]})"
        elsewhere = question[0] in _ANYWHERE or (question[0] in _STORED and question[1] != own)
        if (elsewhere or _may_differ(question, facts, state.facts(root), state)) and (
            state.answer(json.dumps(question, ensure_ascii=False)) != answer
        ):
            return _said(question)
    return ""


def _may_differ(question: list[Any], facts: dict[str, Any], now: dict[str, Any], state: State) -> bool:
    """Whether the answer to a question can be another one, by what has changed at all."""
    if question[0] in ("begin", *_ANYWHERE) or facts == now:
        return False
    changed = _changed(facts, now)
    if question[0] == "indicator" and facts["formulas"] == now["formulas"]:
        return bool(changed & {dataset for dataset, _ in state.known.inputs(question[3])})
    if question[0] == "findings" and facts["rules"] == now["rules"]:
        return bool(changed & _checked(state.known, question[3]))
    return True


def _changed(facts: dict[str, Any], now: dict[str, Any]) -> set[str]:
    """Datasets whose vintages are others than they were."""
    before, after = facts["store"], now["store"]
    return {name for name in {**before, **after} if before.get(name) != after.get(name)}


def _checked(known: declarations.Declarations, datasets: Iterable[str]) -> set[str]:
    """The datasets that the rules on some datasets read."""
    wanted = set(datasets)
    others = {getattr(rule, "other", rule.dataset) for rule in known.rules.values() if rule.dataset in wanted}
    return wanted | others


def _said(question: list[Any]) -> str:
    """What was changed, as a person names it."""
    match question:
        case ["declared", section, *entry]:
            return f"changed in parameters/: {section} {' '.join(entry)}"
        case ["message", lang, text]:
            return f"changed in {lang}: {text!r}"
        case ["indicator", _, _, name, geos]:
            return f"other values: {name} {geos[0] if len(geos) == 1 else ''}".rstrip()
        case ["findings", *_]:
            return "other findings"
        case [("file" | "folder" | "parameters"), path]:
            return f"changed: {path}"
    return f"changed: {question[0]}"


def seal(step: Step, state_facts: dict[str, Any], code: str, asked: Path, folder: Path, record: Path) -> None:
    """Write the record of a step that was done."""
    lines = asked.read_text(encoding="utf-8").splitlines() if asked.exists() else []
    if reads.digest(inputs.declared(declarations.home())) != state_facts["parameters"]:
        # Somebody changed declarations while it ran: nothing is known of what it read but the answers.
        state_facts = {**state_facts, "parameters": "", "formulas": "", "rules": ""}
    content = {
        "name": step.name, "code": code, "given": step.given, "counts": step.counts, "facts": state_facts,
        "questions": [json.loads(line) for line in lines], "outputs": digests(folder),
    }  # fmt: skip
    _write(content, record)


def _write(content: dict[str, Any], record: Path) -> None:
    part = record.with_name(record.name + ".part")
    part.write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")
    part.replace(record)


def reseal(step: Step, facts: dict[str, Any]) -> None:
    """Bring the record of a step that is up to date to the inputs, facts and results of now."""
    record = json.loads(step.record.read_text(encoding="utf-8"))
    now = {**record, "given": json.loads(json.dumps(step.given)), "facts": facts, "outputs": digests(step.folder)}
    if now != record:
        _write(now, step.record)


def view(place: str) -> str:
    """The content of a view that stands for a store; empty for a store itself."""
    named = Path(place)
    return named.read_text(encoding="utf-8") if named.is_file() else ""


def digests(folder: Path) -> dict[str, str]:
    """Each file of a folder with the checksum of its content, without its record."""
    return {path.relative_to(folder).as_posix(): _sha(path) for path in _files(folder) if path != folder / RECORD}


def _files(folder: Path) -> Iterator[Path]:
    return (path for path in sorted(folder.rglob("*")) if path.is_file())


def _sha(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
