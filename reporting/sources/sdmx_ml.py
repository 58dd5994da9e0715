"""SDMX-ML 2.1 and 3.0 data messages, structure-specific or generic.

The message is read as a stream: each series is forgotten once its cells are
taken, so memory holds codes and values, not markup. Entities, document types
and the network are refused. A footer is the provider's word on the answer
(queued, cut, too big): what stands before it is then not taken for the data.
"""

from __future__ import annotations

import io
import re
from array import array
from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from lxml import etree

from reporting.errors import SourceUnavailable, SourceUnreadable
from reporting.sources.cells import CONF, FLAG, TIME, VALUE, Table
from reporting.sources.coded import Growing, categorical
from reporting.sources.csv_files import flags_of, iso_date
from reporting.sources.values import STATUSES, free

_ROOT = re.compile(rb"(?:\xef\xbb\xbf)?\s*(?:<\?.*?\?>\s*|<!--.*?-->\s*)*<(?:[\w.-]+:)?([\w.-]+)([^>]*)>", re.DOTALL)
_NAMESPACE = re.compile(rb"/schemas/v(2_1|3_0)/message")
_MESSAGES = {b"StructureSpecificData", b"StructureSpecificTimeSeriesData", b"GenericData", b"GenericTimeSeriesData"}
_URN = re.compile(r"=(?P<agency>[\w.-]+):(?P<id>[\w.@$-]+)\((?P<version>[\w.+-]+)\)")
#: Bytes in which the header stands.
_HEAD = 20_000
_TIME, _VALUE, _CONF, _POWER = "TIME_PERIOD", "OBS_VALUE", "CONF_STATUS", "UNIT_MULT"
_FLAGS = ("OBS_FLAG", "OBS_STATUS")
#: Attributes of whole series that say nothing of the key.
_ATTRIBUTES = {"TIME_FORMAT", "DECIMALS", "TITLE", "TITLE_COMPL", "COLLECTION", "UNIT_MEASURE", _POWER}
#: Where a generic message gives the key of a series, an observation or a group.
_KEYS = {"SeriesKey", "ObsKey", "GroupKey"}
#: Elements of a message that are read, or say nothing of its observations.
_READ = {"Header", "DataSet", "Series", "Group", "Obs", "Attributes", "DataProvider"}
_Items = list[tuple[str, str]]


class _Message:
    """What has been read of a message so far."""

    def __init__(self, generic: bool, flat: bool) -> None:
        self.generic, self.flat = generic, flat
        self.dataset = self.structure = self.made = ""
        self.observed = _TIME
        self.attributes: set[str] = set() if generic else set(_ATTRIBUTES)
        self.series, self.observations = Growing(), Growing()
        self.counts = array("q")

    def take(self, element: Any) -> None:
        """Take what an element says, and forget the element."""
        name = etree.QName(element).localname
        if name == "Footer":
            said = " ".join(" ".join(element.itertext()).split())[:300]
            codes = "/".join(code for message in element if (code := message.get("code")))
            raise SourceUnavailable(
                f"the provider queued or refused the request ({codes} {said}). Ask again later, or for less."
            )
        if name == "Header":
            self._header(element)
        elif name == "Series":
            self._series(element)
        elif name == "Obs" and self._stands_alone(element):
            self._alone(element)
        elif name in ("DataSet", "Group"):
            for observation in () if self.flat else element.iterchildren("{*}Obs"):
                self._alone(observation)
            self._whole(element, name)
        if name != "Obs" or self._stands_alone(element):
            _forget(element)

    def _header(self, header: Any) -> None:
        structures = list(header.iterfind("{*}Structure"))
        stated = {_reference(structure) for structure in structures} - {("", "")}
        if len(stated) > 1:
            raise SourceUnreadable(
                f"several datasets ({', '.join(sorted(s for _, s in stated))}). Ask for one at a time."
            )
        self.dataset, self.structure = stated.pop() if stated else ("", "")
        self.dataset = self.dataset or (header.findtext("{*}DataSetID") or "").strip()
        self.observed = next((d for s in structures if (d := s.get("dimensionAtObservation"))), _TIME)
        self.made = header.findtext("{*}Extracted") or header.findtext("{*}Prepared") or ""
        _refuse_deletion(header.findtext("{*}DataSetAction") or "")

    def _series(self, series: Any) -> None:
        before = self.observations.rows
        add = self.observations.add
        if self.generic:
            self.series.add(self._parts(series))
            for observation in series.iterchildren("{*}Obs"):
                add(self._parts(observation))
        else:
            self.series.add(_own(series))
            explicit = self.observed not in (_TIME, "AllDimensions")
            for observation in series.iterchildren("{*}Obs"):
                add(self._explicit(observation) if explicit else _own(observation))
        count = self.observations.rows - before
        if count + sum(1 for _ in series.iterchildren("{*}SeriesKey", "{*}Attributes")) != len(series):
            raise _strange(series)
        self.counts.append(count)

    def _alone(self, observation: Any) -> None:
        """An observation outside any series, with its whole key."""
        self.series.add(())
        self.observations.add(self._parts(observation) if self.generic else _own(observation))
        self.counts.append(1)

    def _stands_alone(self, observation: Any) -> bool:
        return bool(etree.QName(observation.getparent()).localname != "Series")

    def _parts(self, element: Any) -> Iterator[tuple[str, str]]:
        """Names and texts in a series, an observation or a whole of a generic message."""
        for part in element.iterchildren("*"):
            name = part.tag.rpartition("}")[2]
            if name == "ObsDimension":
                yield part.get("id", self.observed), part.get("value", "")
            elif name == "ObsValue":
                yield _VALUE, part.get("value", "")
            elif name in _KEYS or name == "Attributes":
                for value in part.iterchildren("*"):
                    if name == "Attributes":
                        self.attributes.add(value.get("id", ""))
                    yield value.get("id", ""), value.get("value", "")
            elif name not in _READ:
                raise _strange(element)

    def _explicit(self, observation: Any) -> _Items:
        """An observation whose measure dimension is told by its type."""
        items = _own(observation)
        if self.observed not in observation.attrib:
            kind = observation.get("{http://www.w3.org/2001/XMLSchema-instance}type", "")
            items.append((self.observed, kind.rpartition(":")[2]))
        return items

    def _whole(self, element: Any, name: str) -> None:
        """What is said of a whole dataset or group must change nothing in its observations."""
        left = {etree.QName(child).localname for child in element.iterchildren("*")}
        if name == "DataSet" and not left <= _READ:
            raise _strange(element)
        said = dict(self._parts(element)) if self.generic else dict(element.attrib)
        _refuse_deletion(next((text for key, text in element.attrib.items() if key.endswith("action")), ""))
        if not free(said.get(_CONF, "")) or said.get(_POWER, "0") != "0" or any(said.get(flag) for flag in _FLAGS):
            raise SourceUnreadable(f"flags or multipliers stand on a whole {name}. Get the dataset as SDMX-CSV.")
        if not self.dataset and (found := _URN.search(etree.QName(element).namespace or "")):
            self.dataset, self.structure = found["id"], found[0].removeprefix("=")


def read(content: bytes) -> Table:
    """The observations of an SDMX-ML data message.

    Raises
    ------
    SourceUnavailable
        When a footer says that the answer is queued, cut or too big.
    SourceUnreadable
        When the text is no such message, is damaged, or has a document type.
    """
    message = _Message(generic=_root(content).startswith(b"Generic"), flat=b"AllDimensions" in content[:_HEAD])
    # Observations in a series are read with it; alone they are many, and each is forgotten.
    alone = ("Obs",) if message.flat else ()
    tags = [f"{{*}}{name}" for name in ("Header", "Series", "Group", "DataSet", "Footer", *alone)]
    try:
        for _, element in etree.iterparse(
            io.BytesIO(content), events=("end",), tag=tags, encoding="utf-8",
            resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False,
        ):  # fmt: skip
            message.take(element)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise SourceUnreadable(f"not whole XML ({error}). Get the file again: it is cut or damaged.") from None
    return _table(message)


def _root(content: bytes) -> bytes:
    """The name of the message, which must be one of data."""
    found = _ROOT.match(content)
    if b"<!DOCTYPE" in content or b"<!ENTITY" in content:
        raise SourceUnreadable("XML with a document type, which no provider's data have: it is not read.")
    if found is None or found[1] not in _MESSAGES or not _NAMESPACE.search(found[2]):
        name = found[1].decode("ascii", "replace") if found else "no element"
        raise SourceUnreadable(f"XML ({name}) that is no SDMX-ML 2.1 message of data. Get the dataset as SDMX-CSV.")
    return found[1]


def _reference(structure: Any) -> tuple[str, str]:
    """The dataset a header refers to, and its structure, by reference or URN."""
    for element in structure.iter("{*}Ref", "{*}URN", "{*}StructureUsage", "{*}Structure"):
        text = (element.text or "").strip()
        if found := _URN.search(text):
            return found["id"].removeprefix("DSD_"), found[0].removeprefix("=")
        if name := element.get("id"):
            return name.removeprefix("DSD_"), f"{element.get('agencyID', '')}:{name}({element.get('version', '')})"
    return "", ""


def _own(element: Any) -> _Items:
    """The attributes of an element that are of no namespace."""
    return [item for item in element.items() if item[0][0] != "{"]


def _refuse_deletion(action: str) -> None:
    if action.lower() in ("delete", "d"):
        raise SourceUnreadable(f"action {action!r} is not data. Get the data themselves.")


def _strange(element: Any) -> SourceUnreadable:
    name = etree.QName(element).localname
    return SourceUnreadable(f"a {name} holds what is no part of SDMX-ML 2.1. Get the dataset again, or as SDMX-CSV.")


def _forget(element: Any) -> None:
    """Free an element and its elder siblings, none of which may have gone unread."""
    element.clear()
    while (elder := element.getprevious()) is not None:
        if isinstance(elder.tag, str) and etree.QName(elder).localname not in _READ:
            raise _strange(element.getparent())
        element.getparent().remove(elder)


def _table(message: _Message) -> Table:
    series, observations = message.series, message.observations
    counts = np.frombuffer(message.counts, dtype=np.int64)
    columns = {}
    for name in dict.fromkeys([*series.codes, *observations.codes]):
        columns[name] = _column(series, observations, counts, name)
    within = set(observations.codes) - {_TIME, _VALUE, _CONF, *_FLAGS}
    if _VALUE not in observations.codes and within and observations.rows:
        raise SourceUnreadable(f"no observation has an {_VALUE}. Ask for the data with their values.")
    if message.observed == _TIME and not message.generic:
        message.attributes |= within
    frame = pd.DataFrame(columns, index=range(observations.rows))
    cells = frame.drop(columns=[_TIME, _VALUE, _CONF, *_FLAGS], errors="ignore")
    cells[TIME], cells[VALUE], cells[CONF] = (frame.get(name, "") for name in (_TIME, _VALUE, _CONF))
    cells[FLAG] = flags_of(frame)
    return Table(
        cells=cells,
        where=lambda row: f"observation {row + 1} of the message",
        dataset=message.dataset,
        vintage=iso_date(message.made) if message.made else "",
        structure=message.structure,
        attributes=frozenset(message.attributes),
        official=True,
        statuses=STATUSES if _FLAGS[1] in frame else {},
    )


def _column(series: Growing, observations: Growing, counts: npt.NDArray[np.int64], name: str) -> pd.Categorical[str]:
    """A column for every observation: its own text, or that of its series."""
    texts = [*series.known.get(name, {"": 0}), *observations.known.get(name, {"": 0})]
    own = above = np.zeros(observations.rows, dtype=np.int32)
    if name in observations.codes:
        own = observations.column(name)
    if name in series.codes:
        above = np.repeat(series.column(name), counts)
    which = np.where(own > 0, own + len(series.known.get(name, {"": 0})), above)
    # What the XML standard writes for a missing number is empty in the other layouts.
    return categorical(which, ["" if name == _VALUE and text == "NaN" else text for text in texts])
