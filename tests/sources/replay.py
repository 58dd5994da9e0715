"""A provider on this machine: table of contents, structures, observations, a queue, and faults on demand.

What it serves is built from the formats providers write. ``faults`` maps a part
of a path to the faults of the next requests for it, one each; ``misbehave`` is
asked for every request and may name one.
"""

# ruff: noqa: E501  # messages as providers write them, in one piece

from __future__ import annotations

import gzip
import io
import sys
import threading
import time
import uuid
import zipfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote, urlsplit

Row = tuple[str, str, str, str]

SOAP = '<?xml version="1.0" encoding="UTF-8"?><env:Envelope xmlns:env="http://schemas.xmlsoap.org/soap/envelope/">{}</env:Envelope>'
NS = 'xmlns:ns0="http://estat.ec.europa.eu/disschain/soap/extraction"'
FAULT = '<S:Fault xmlns:S="http://schemas.xmlsoap.org/soap/envelope/"><faultcode>{}</faultcode><faultstring>{}</faultstring></S:Fault>'
TOO_BIG = FAULT.format(
    413,
    "EXTRACTION_TOO_BIG: The requested extraction is too big, estimated 420709314 rows, max authorised is 5000000, "
    "please change your filters to reduce the extraction size",
)
HTML = "<!DOCTYPE html><html><head><title>Service unavailable</title></head><body>Please come back later.</body></html>"
FOOTER = (
    '<?xml version="1.0" encoding="UTF-8"?><message:GenericData xmlns:footer="http://www.sdmx.org/resources/sdmxml/schemas/'
    'v2_1/message/footer" xmlns:message="http://www.sdmx.org/resources/sdmxml/schemas/v2_1/message" xmlns:common="http://'
    'www.sdmx.org/resources/sdmxml/schemas/v2_1/common"><message:Header><message:ID>x</message:ID></message:Header>'
    '<footer:Footer><footer:Message code="413" severity="Infomation"><common:Text xml:lang="en">Due to the large query the '
    "response will be written to a file which will be located under URL: {url}</common:Text></footer:Message>"
    "</footer:Footer></message:GenericData>"
)

#: Faults after which the same request, asked again or read with care, gives the data.
PASSING = (
    "500", "502", "503", "504", "429", "429 date", "drop", "cut gzip", "short length", "long length", "html", "html 503", "soap fault",
    "nothing", "queued", "queued json", "queued footer", "later json", "expired", "reordered", "extra column", "conf",
    "redirect", "garbage", "empty", "other dataset",
)  # fmt: skip


@dataclass
class Held:
    """A dataset as the provider holds it: series key, period, value, flag."""

    code: str
    dimensions: tuple[str, ...]
    codes: dict[str, tuple[str, ...]]
    rows: list[Row]
    stamp: str = "30/10/25 23:00:00"
    restructured: str = "01.02.2024"
    version: str = "12.0"

    @property
    def updated(self) -> str:
        """The day of the stamp, as the table of contents writes it."""
        day, month, year = self.stamp.split(" ")[0].split("/")
        return f"{day}.{month}.20{year}"


def held(code: str, dimensions: Sequence[str], rows: Sequence[Row], **more: str) -> Held:
    """A dataset whose code lists are what its rows use."""
    keys = [key.split(".") for key, *_ in rows]
    codes = {d: tuple(dict.fromkeys(key[at] for key in keys)) for at, d in enumerate(dimensions)}
    return Held(code, tuple(dimensions), codes, list(rows), **more)


def sdmx_csv(dataset: Held, rows: Sequence[Row], name: str = "") -> str:
    """SDMX-CSV 1.0 as Eurostat writes it."""
    head = ["DATAFLOW", "LAST UPDATE", *dataset.dimensions, "TIME_PERIOD", "OBS_VALUE", "OBS_FLAG", "CONF_STATUS"]
    flow = f"ESTAT:{(name or dataset.code).upper()}(1.0)"
    lines = [
        ",".join([flow, dataset.stamp, *key.split("."), time_, value, flag, ""]) for key, time_, value, flag in rows
    ]
    return "\r\n".join([",".join(head), *lines]) + "\r\n"


def rearranged(text: str, order: Callable[[list[str]], list[str]], extra: str = "") -> str:
    """The same CSV with its columns in another order, and perhaps one more."""
    lines = [line.split(",") for line in text.split("\r\n") if line]
    chosen = order(lines[0])
    places = [lines[0].index(name) for name in chosen]
    more = [[extra] if extra else [], *[["x"] if extra else []] * (len(lines) - 1)]
    return "\r\n".join(",".join([line[p] for p in places] + m) for line, m in zip(lines, more, strict=True)) + "\r\n"


def structure(dataset: Held) -> str:
    """The structure message: dataflow, definition and code lists, SDMX-ML 2.1."""
    urn = "urn:sdmx:org.sdmx.infomodel"
    lists = "".join(
        f'<s:Codelist id="{d.upper()}" urn="{urn}.codelist.Codelist=ESTAT:{d.upper()}(1.0)" agencyID="ESTAT" version="1.0">'
        f'<c:Name xml:lang="en">{d}</c:Name>'
        + "".join(f'<s:Code id="{code}"><c:Name xml:lang="en">{code}</c:Name></s:Code>' for code in codes)
        + "</s:Codelist>"
        for d, codes in dataset.codes.items()
    )
    concepts = "".join(
        f'<s:Concept id="{d}"><c:Name xml:lang="en">{d}</c:Name></s:Concept>'
        for d in (*dataset.dimensions, "TIME_PERIOD", "OBS_VALUE", "OBS_FLAG")
    )

    def identity(name: str) -> str:
        return (
            f'<s:ConceptIdentity><Ref maintainableParentID="CS" maintainableParentVersion="1.0" agencyID="ESTAT" id="{name}" '
            'package="conceptscheme" class="Concept"/></s:ConceptIdentity>'
        )

    dimensions = "".join(
        f'<s:Dimension id="{d}" position="{at}">{identity(d)}<s:LocalRepresentation><s:Enumeration><Ref agencyID="ESTAT" '
        f'id="{d.upper()}" version="1.0" package="codelist" class="Codelist"/></s:Enumeration></s:LocalRepresentation>'
        "</s:Dimension>"
        for at, d in enumerate(dataset.dimensions, start=1)
    )
    name = dataset.code.upper()
    return (
        '<?xml version="1.0" encoding="UTF-8"?><m:Structure xmlns:m="http://www.sdmx.org/resources/sdmxml/schemas/v2_1/'
        'message" xmlns:s="http://www.sdmx.org/resources/sdmxml/schemas/v2_1/structure" xmlns:c="http://www.sdmx.org/'
        'resources/sdmxml/schemas/v2_1/common"><m:Header><m:ID>DSD</m:ID><m:Test>false</m:Test><m:Prepared>2025-10-30T11:00:00'
        '</m:Prepared><m:Sender id="ESTAT"/></m:Header><m:Structures>'
        f'<s:Dataflows><s:Dataflow id="{name}" urn="{urn}.datastructure.Dataflow=ESTAT:{name}(1.0)" agencyID="ESTAT" '
        f'version="1.0" isFinal="true"><c:Name xml:lang="en">{name}</c:Name><s:Structure><Ref agencyID="ESTAT" id="{name}" '
        f'version="{dataset.version}" package="datastructure" class="DataStructure"/></s:Structure></s:Dataflow></s:Dataflows>'
        f"<s:Codelists>{lists}</s:Codelists>"
        f'<s:Concepts><s:ConceptScheme id="CS" agencyID="ESTAT" version="1.0" urn="{urn}.conceptscheme.ConceptScheme=ESTAT:CS'
        f'(1.0)"><c:Name xml:lang="en">CS</c:Name>{concepts}</s:ConceptScheme></s:Concepts>'
        f'<s:DataStructures><s:DataStructure id="{name}" agencyID="ESTAT" version="{dataset.version}" isFinal="true" '
        f'urn="{urn}.datastructure.DataStructure=ESTAT:{name}({dataset.version})"><c:Name xml:lang="en">{name}</c:Name>'
        '<s:DataStructureComponents><s:DimensionList id="DimensionDescriptor" '
        f'urn="{urn}.datastructure.DimensionDescriptor=ESTAT:{name}({dataset.version}).DimensionDescriptor">{dimensions}'
        f'<s:TimeDimension id="TIME_PERIOD" position="{len(dataset.dimensions) + 1}">{identity("TIME_PERIOD")}'
        '<s:LocalRepresentation><s:TextFormat textType="ObservationalTimePeriod"/></s:LocalRepresentation></s:TimeDimension>'
        f'</s:DimensionList><s:MeasureList id="MeasureDescriptor" urn="{urn}.datastructure.MeasureDescriptor=ESTAT:{name}'
        f'({dataset.version}).MeasureDescriptor"><s:PrimaryMeasure id="OBS_VALUE">{identity("OBS_VALUE")}</s:PrimaryMeasure>'
        "</s:MeasureList></s:DataStructureComponents></s:DataStructure></s:DataStructures></m:Structures></m:Structure>"
    )


@dataclass
class Reply:
    """What goes over the wire; `length` and `stop` falsify it."""

    status: int
    body: bytes
    kind: str = "text/csv"
    headers: dict[str, str] = field(default_factory=dict)
    length: int | None = None
    stop: int | None = None


class Replay:
    """The state of the provider; answers by path."""

    def __init__(self) -> None:
        self.datasets: dict[str, Held] = {}
        self.faults: dict[str, list[str]] = {}
        self.misbehave: Callable[[str], str] = lambda path: ""
        self.requests: list[str] = []
        self.agents: set[str] = set()
        self.limit_rows = 10**9
        self.queue: dict[str, tuple[list[str], bytes]] = {}
        self.url = ""
        self.toc = True
        self.running = self.most = 0
        self.lock = threading.Lock()

    def hold(self, *datasets: Held) -> None:
        """Hold these datasets, in the place of any of the same code."""
        self.datasets |= {dataset.code: dataset for dataset in datasets}

    def asked(self, part: str) -> list[str]:
        """The requests whose path has a part."""
        return [path for path in self.requests if part in path]

    def fault(self, path: str) -> str:
        """The fault of this request; empty for none."""
        with self.lock:
            self.requests.append(path)
            for part, faults in self.faults.items():
                if part in path and faults:
                    return faults.pop(0)
        return self.misbehave(path)

    def reply(self, path: str) -> Reply:
        """The sound answer to a path."""
        parts = [unquote(part) for part in urlsplit(path).path.split("/") if part]
        if parts[:1] == ["catalogue"] and self.toc:
            return Reply(200, self._toc().encode(), "text/plain")
        if "dataflow" in parts and parts[-2].lower() in self.datasets:
            return Reply(200, structure(self.datasets[parts[-2].lower()]).encode(), "application/xml")
        if "async" in parts or "diss-web" in parts:
            return self._queued(parts)
        if "data" in parts and parts[parts.index("data") + 1].lower() in self.datasets:
            return self._data(path, parts[parts.index("data") + 1 :])
        return Reply(404, FAULT.format(100, "ERR_NOT_FOUND_4: Dataset was not found").encode(), "application/xml")

    def _toc(self) -> str:
        names = ("title", "code", "type", "last update of data", "last table structure change", "data start")
        rows = [("Database by themes", "data", "folder", " ", " ", " ")]
        rows += [
            (f"    {d.code}", d.code, "dataset", d.updated, d.restructured, "1990") for d in self.datasets.values()
        ]
        return "\n".join("\t".join(f'"{cell}"' for cell in row) for row in (names, *rows)) + "\n"

    def rows(self, code: str, key: str) -> list[Row]:
        """The rows of a dataset that fit a key."""
        dataset = self.datasets[code.lower()]
        wanted = [set(part.split("+")) if part else None for part in key.split(".")] if key else []
        return [
            row
            for row in dataset.rows
            if all(w is None or c in w for w, c in zip(wanted, row[0].split("."), strict=False))
        ]

    def _data(self, path: str, parts: list[str]) -> Reply:
        dataset, key = self.datasets[parts[0].lower()], parts[1] if len(parts) > 1 else ""
        rows = self.rows(parts[0], key)
        if len(rows) > self.limit_rows:
            return Reply(413, TOO_BIG.encode(), "application/xml")
        return Reply(200, packed(sdmx_csv(dataset, rows), "compressed=true" in path))

    def _queued(self, parts: list[str]) -> Reply:
        states, body = self.queue.get(parts[-1], (["UNKNOWN_REQUEST"], b""))
        if "status" in parts:
            state = states.pop(0) if len(states) > 1 else states[0]
            inner = f"<ns0:asyncResponse {NS}><ns0:status><ns0:key>{parts[-1]}</ns0:key><ns0:status>{state}</ns0:status></ns0:status></ns0:asyncResponse>"
            return Reply(200, SOAP.format(f"<env:Body>{inner}</env:Body>").encode(), "application/xml")
        if "diss-web" in parts and len(states) > 1:
            states.pop(0)
            return Reply(404, b"", "text/plain")
        return Reply(200, body) if body else Reply(404, b"")

    def wait_for(self, body: bytes, states: Sequence[str] = ("SUBMITTED", "PROCESSING", "AVAILABLE")) -> str:
        """Put an answer into the queue; its key."""
        key = str(uuid.uuid4())
        self.queue[key] = (list(states), body)
        return key


def packed(text: str, compress: bool = True) -> bytes:
    """Bytes as the provider sends them."""
    return gzip.compress(text.encode(), mtime=0) if compress else text.encode()


def spoiled(replay: Replay, fault: str, path: str, sound: Reply) -> Reply:  # noqa: C901  # a list of faults
    """An answer with a fault in the place of the sound one."""
    text = _plain(sound.body)
    data = sound.status == 200 and "/data/" in path and "async" not in path
    if fault[:3] in ("500", "502", "503", "504", "404"):
        return Reply(int(fault[:3]), b"", "text/plain")
    if fault == "html 503":
        return Reply(503, HTML.encode(), "text/html")
    if fault == "429":
        return Reply(429, b"", headers={"Retry-After": "7"})
    if fault == "429 date":
        return Reply(429, b"", headers={"Retry-After": format_datetime(datetime.now(UTC) + timedelta(seconds=40))})
    if fault == "drop":
        return replace(sound, stop=max(1, len(sound.body) // 2))
    if fault == "long length":
        return replace(sound, length=len(sound.body) + 50, stop=len(sound.body))
    if fault == "short length":
        return replace(sound, body=sound.body[: len(sound.body) // 2])
    if fault == "cut gzip":
        return replace(sound, body=gzip.compress(text)[: -max(9, len(sound.body) // 4)])
    if fault == "html":
        return Reply(200, HTML.encode(), "text/html")
    if fault == "soap fault":
        return Reply(
            200, SOAP.format("<env:Body>" + FAULT.format("env:Server", "Internal error") + "</env:Body>").encode()
        )
    if fault == "nothing":
        return Reply(200, b"")
    if fault == "redirect":
        return Reply(302, b"", headers={"Location": f"{replay.url}{path}"})
    if fault.startswith("to "):
        return Reply(302, b"", headers={"Location": fault[3:]})
    if fault == "garbage":
        return Reply(200, b"\x00\x01garbage, and more of it\n")
    return _of_data(replay, fault, path, sound, text.decode()) if data else sound


def _of_data(replay: Replay, fault: str, path: str, sound: Reply, text: str) -> Reply:  # noqa: C901  # a list
    """Faults that only an answer with observations can have."""
    if fault in ("queued", "expired", "unknown"):
        states = {
            "queued": ("SUBMITTED", "PROCESSING", "AVAILABLE"),
            "expired": ("PROCESSING", "EXPIRED"),
            "unknown": ("UNKNOWN_REQUEST",),
        }
        key = replay.wait_for(sound.body, states[fault])
        inner = f"<ns0:syncResponse {NS}><processingTime>92</processingTime><queued><id>{key}</id><status>SUBMITTED</status></queued></ns0:syncResponse>"
        return Reply(200, SOAP.format(f"<env:Header/><env:Body>{inner}</env:Body>").encode(), "text/csv")
    if fault == "queued json":
        key = replay.wait_for(sound.body)
        return Reply(200, f'{{"warning":{{"status":413,"label":"ASYNCHRONOUS_RESPONSE: {key}"}}}}'.encode())
    if fault == "later json":
        return Reply(200, b'{"warning":{"status":413,"label":"ASYNCHRONOUS_RESPONSE. Please try again later."}}')
    if fault == "queued footer":
        target = io.BytesIO()
        with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("answer", text)
        key = replay.wait_for(target.getvalue(), ("no", "no", "yes"))
        return Reply(200, FOOTER.format(url=f"{replay.url}/SDMX/diss-web/file/{key}").encode(), "application/xml")
    if fault == "reordered":
        return Reply(200, packed(rearranged(text, lambda names: sorted(names, reverse=True))))
    if fault == "extra column":
        return Reply(200, packed(rearranged(text, lambda names: names, "OBS_COMMENT")))
    if fault == "conf":
        return Reply(200, packed(rearranged(text, lambda names: [n for n in names if n != "CONF_STATUS"])))
    if fault == "empty":
        return Reply(200, packed(text.split("\r\n")[0] + "\r\n"))
    if fault == "other dataset":
        code = path.split("/data/")[1].split("/")[0].split("?")[0].upper()
        return Reply(200, packed(text.replace(f"ESTAT:{code}(", "ESTAT:TEC00001(")))
    if fault.startswith("flag "):
        return Reply(200, packed(text.replace(",p,", f",{fault[5:]},")))
    if fault == "bomb":
        return Reply(200, gzip.compress(b"0" * 25_000_000, mtime=0))
    if fault == "long line":
        return Reply(200, b"0" * 200_000 + b"\n")
    if fault == "too big":
        return Reply(413, TOO_BIG.encode(), "application/xml")
    if fault == "no csv":
        return Reply(406, b"not acceptable", "text/plain")
    if fault == "cut line":
        return Reply(200, text.rstrip("\r\n")[:-3].encode())
    raise AssertionError(fault)


def _plain(body: bytes) -> bytes:
    return gzip.decompress(body) if body.startswith(b"\x1f\x8b") else body


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    replay: Replay

    def log_message(self, *_: object) -> None:
        """Nothing on stderr."""

    def do_GET(self) -> None:  # noqa: N802
        """Answer, soundly or not."""
        self.replay.agents.add(self.headers["User-Agent"])
        with self.replay.lock:
            self.replay.running += 1
            self.replay.most = max(self.replay.most, self.replay.running)
        try:
            self._answer()
        except (BrokenPipeError, ConnectionResetError):  # the client has gone: so it does when it is interrupted
            self.close_connection = True
        finally:
            with self.replay.lock:
                self.replay.running -= 1

    def _answer(self) -> None:
        fault = self.replay.fault(self.path)
        if fault.startswith("slow"):
            time.sleep(float(fault[5:]))
        reply = self.replay.reply(self.path)
        if fault and not fault.startswith("slow"):
            reply = spoiled(self.replay, fault, self.path, reply)
        self.send_response(reply.status)
        self.send_header("Content-Type", reply.kind)
        self.send_header("Content-Length", str(len(reply.body) if reply.length is None else reply.length))
        for name, value in reply.headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(reply.body[: reply.stop])
        if reply.stop is not None:
            self.close_connection = True


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that hangs up is no fault of the provider's; anything else is shown."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


class Clock:
    """Time that passes only when somebody waits."""

    def __init__(self) -> None:
        self.time = 0.0
        self.waits: list[float] = []
        self.lock = threading.Lock()

    def now(self) -> float:
        """Seconds since the start."""
        return self.time

    def sleep(self, seconds: float) -> None:
        """Let time pass."""
        with self.lock:
            self.time += seconds
            self.waits.append(seconds)


@contextmanager
def serving() -> Iterator[Replay]:
    """A provider at ``replay.url``, until the end of the block."""
    replay = Replay()
    handler = type("Handler", (_Handler,), {"replay": replay})
    server = _Server(("127.0.0.1", 0), handler)
    replay.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield replay
    finally:
        server.shutdown()
        server.server_close()
