"""A fetch survives what providers do, stores what is right, and loses nothing."""

# ruff: noqa: E501  # messages as providers write them, in one piece

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from fetching import GDP, TYPE, Watched, fetched, known_on, rows_of, soak, three
from replay import PASSING, Held, Reply, held

from reporting.errors import SourceChanged
from reporting.sources import answers, fetch, need
from reporting.sources.http import Wire
from reporting.sources.intake import reread
from reporting.vintages import Store, verify

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def store(tmp_path):
    """An empty store."""
    return Store(tmp_path / "store", embedded=None)


@pytest.fixture
def served(replay):
    """A provider with three datasets."""
    replay.hold(*three())
    return replay


@pytest.fixture
def take(declared, store, served, clock):
    """Fetch datasets; only the outcome of the first is given when one is named."""

    def taking(*names, **more):
        return fetched(declared, store, served, names, clock, **more)

    return taking


def expected(dataset: Held) -> pd.DataFrame:
    """The observations as the provider holds them, by an independent reading of its rows."""
    frame = pd.DataFrame(dataset.rows, columns=["key", "time", "value", "flag"])
    frame["value"] = pd.to_numeric(frame["value"].where(frame["value"] != ":"))
    return frame.sort_values(["key", "time"], ignore_index=True)


def same(store: Store, dataset: Held) -> bool:
    """Whether the store knows exactly what the provider holds."""
    found = store.read(dataset.code)[["key", "time", "value", "flag"]]
    pd.testing.assert_frame_equal(found, expected(dataset), check_dtype=False)
    return True


@pytest.mark.parametrize("fault", PASSING)
def test_each_fault_is_survived(fault, take, served, store):
    """After any fault that may pass, the store holds exactly what the provider holds."""
    served.faults = {"/data/": [fault]}
    [outcome] = take("spr_exp_type")
    assert outcome.state == "stored", outcome.said
    assert same(store, served.datasets["spr_exp_type"])


@pytest.mark.parametrize("part", ["/catalogue", "/dataflow"])
@pytest.mark.parametrize("fault", ["500", "html", "drop", "garbage", "nothing", "429"])
def test_faults_of_the_other_answers_are_survived(part, fault, take, served, store):
    """A fault of the table of contents or of the structure does not spoil the data; an unusable structure is said."""
    served.faults = {part: [fault]}
    [outcome] = take("spr_exp_type")
    if (part, fault) == ("/dataflow", "garbage"):
        assert outcome.state == "failed" and "not a structure message" in outcome.said
    else:
        assert outcome.state == "stored" and same(store, served.datasets["spr_exp_type"])


def test_what_a_vintage_says_of_itself(take, served, store):
    """The manifest holds stamp, day, address, checksum, structure and scope."""
    [outcome] = take("tec00001")
    found = outcome.manifest
    assert (found.vintage, found.provider_update) == ("2025-10-30", "30/10/25 23:00:00")
    assert found.request == f"{served.url}/sdmx/2.1/data/tec00001/A.B1GQ.CP_MEUR.?format=SDMX-CSV&compressed=true"
    assert found.structure == "ESTAT:TEC00001(12.0)" and found.scope == "A.B1GQ.CP_MEUR." and found.complete
    assert found.rows == {"new": len(served.datasets["tec00001"].rows), "revised": 0, "withdrawn": 0}
    assert [m for m, _ in store.manifests("tec00001")] == [found]


def test_one_request_a_dataset(take, served):
    """Three datasets take one table of contents, three structures and three requests for data."""
    take("spr_exp_type", "spr_exp_func", "tec00001")
    assert [len(served.asked(part)) for part in ("/catalogue", "/dataflow/", "/data/")] == [1, 3, 3]


def test_requests_run_side_by_side_within_the_limit(declared, store, served, clock):
    """Several datasets are asked for at a time, never more than the provider allows."""
    served.misbehave = lambda path: "slow 0.1" if "/data/" in path else ""
    asked = need.requests(declared, ["spr_exp_type", "spr_exp_func", "tec00001"])
    services = fetch.connect(declared, asked, served.url, lambda p: Wire(2, 10**7, sleep=clock.sleep, now=clock.now))
    fetch.fetch(store, declared, asked, services, Watched())
    assert served.most == 2


def test_a_second_fetch_stores_only_what_changed(take, served, store):
    """A revision, a withdrawal and a new figure are counted; the structure is not asked for twice."""
    take("spr_exp_type")
    before = served.datasets["spr_exp_type"]
    first, second, *rest = before.rows
    changed = [(first[0], first[1], "1234.5", "b"), *rest, ("A.TOTAL.MIO_EUR.BE", "2024", "9", "e")]
    served.hold(replace(before, rows=changed, stamp="25/11/25 11:00:00"))
    [outcome] = take("spr_exp_type")
    assert (
        outcome.manifest.rows == {"new": 1, "revised": 1, "withdrawn": 1} and outcome.manifest.vintage == "2025-11-25"
    )
    assert same(store, served.datasets["spr_exp_type"]) and len(served.asked("/dataflow/")) == 1
    early = store.read("spr_exp_type", "2025-10-30")[["key", "time", "value", "flag"]]
    pd.testing.assert_frame_equal(early, expected(before), check_dtype=False)
    served.hold(replace(served.datasets["spr_exp_type"], restructured="24.11.2025"))
    assert take("spr_exp_type")[0].state == "unchanged" and len(served.asked("/dataflow/")) == 2


def test_withdrawals_stay_within_what_was_asked(take, served, store):
    """Observations outside the key asked for are not taken for withdrawn; a whole dataset brings them."""
    rows = [*rows_of(GDP), ("A.D1.CP_MEUR.BE", "2023", "5", "")]
    served.hold(held("tec00001", GDP, rows))
    take("tec00001", whole=True)
    served.hold(held("tec00001", GDP, rows, stamp="25/11/25 11:00:00"))
    [outcome] = take("tec00001")
    assert outcome.state == "unchanged" and same(store, served.datasets["tec00001"])


@pytest.mark.parametrize("limit", [200, 60, 16])
def test_too_large_an_answer_is_cut_and_joined(limit, take, served, store, declared):
    """What is larger than the provider gives is asked for in parts, the same as whole, also when read again."""
    served.limit_rows = limit
    [outcome] = take("spr_exp_type")
    assert outcome.state == "stored" and same(store, served.datasets["spr_exp_type"])
    assert "parts" in outcome.manifest.note
    kept = _received(store, "spr_exp_type", outcome.manifest.vintage)
    again = answers.reread(kept, outcome.manifest, declared)
    pd.testing.assert_frame_equal(again.drop(columns="vintage"), known_on(store, "spr_exp_type"), check_dtype=False)


def _received(store: Store, dataset: str, vintage: str) -> bytes:
    import gzip

    return gzip.decompress((store.root / dataset / f"{vintage}.received.gz").read_bytes())


def test_what_cannot_be_cut_is_said(take, served):
    """A single series that is still too large is a failure that names the limit."""
    served.limit_rows = 1
    [outcome] = take("tec00001")
    assert outcome.state == "failed" and "no dimension is left to cut it by" in outcome.said and outcome.exit_code == 3


def test_parts_of_two_updates_are_not_mixed(take, served, store):
    """When the provider updates between two parts, the older ones are asked for again."""
    served.limit_rows = 200
    old = served.datasets["spr_exp_type"]
    new = replace(old, rows=[(k, t, "7.5", f) for k, t, _, f in old.rows], stamp="25/11/25 11:00:00")
    count = []

    def update(path: str) -> str:
        count.append(path) if "/data/" in path else None
        if len(count) == 3:
            served.hold(new)
        return ""

    served.misbehave = update
    [outcome] = take("spr_exp_type")
    assert outcome.state == "stored" and same(store, new) and outcome.manifest.vintage == "2025-11-25"


def test_an_emptied_dataset_is_refused(take, served, store):
    """A header without observations is not taken for a withdrawal of all there was."""
    take("tec00001")
    before = served.datasets["tec00001"]
    served.hold(replace(before, rows=[], stamp="25/11/25 11:00:00"))
    [outcome] = take("tec00001")
    assert outcome.state == "failed" and "15 observations were there before: refused" in outcome.said
    assert same(store, before) and len(store.manifests("tec00001")) == 1


def test_another_dataset_is_refused(take, served, store):
    """An answer that holds another dataset than asked for is never stored."""
    served.misbehave = lambda path: "other dataset" if "/data/" in path else ""
    [outcome] = take("spr_exp_type")
    assert outcome.state == "failed" and "holds tec00001, not spr_exp_type" in outcome.said
    assert store.datasets() == []


def test_an_unknown_flag_does_not_lose_the_dataset(take, served, store):
    """A flag nobody knows is kept as it is, and said once."""
    served.misbehave = lambda path: "flag px" if "/data/" in path else ""
    [outcome] = take("tec00001")
    assert outcome.state == "stored" and outcome.said.count("px") == 1
    assert set(store.read("tec00001").query("time == '2023'")["flag"]) == {"px"}


def test_missing_and_confidential_stay_missing(take, served, store):
    """A colon is missing, never zero."""
    rows = rows_of(GDP)
    served.hold(held("tec00001", GDP, [(rows[0][0], rows[0][1], ":", "c"), *rows[1:]]))
    take("tec00001")
    frame = store.read("tec00001")
    assert frame["value"].isna().sum() == 1 and "c" in set(frame["flag"])


def test_a_vanished_dataset_is_told_with_its_successors(declared, store, served, clock):
    """A dataset that is gone is told with where it moved; one without a known move with near names."""
    gone = declared.datasets["spr_exp_type"].model_copy(update={"id": "spr_exp_sum"})
    near = declared.datasets["spr_exp_type"].model_copy(update={"id": "spr_exp_typ"})
    more = declared.model_copy(update={"datasets": {**declared.datasets, "spr_exp_sum": gone, "spr_exp_typ": near}})
    first, second = fetched(more, store, served, ["spr_exp_sum", "spr_exp_typ"], clock)
    assert "It moved: spr_exp_sum → spr_exp_type, spr_exp_func" in first.said and first.exit_code == 3
    assert "Near it: spr_exp_type" in second.said and "parameters/datasets" in second.said


def test_a_moved_dimension_stops_before_the_download(take, served):
    """The old structure of ilc_li02 is told with what replaced it; the new one is fetched."""
    new = ("freq", "statinfo", "unit", "rskpovth", "sex", "age", "geo")
    groups = [("T", age) for age in ("TOTAL", "Y_LT18", "Y18-24", "Y18-64", "Y_GE65")] + [
        ("F", "TOTAL"),
        ("M", "TOTAL"),
    ]
    rows = [(f"A.MED_EI.PC.B_60.{sex}.{age}.BE", "2023", "11.5", "") for sex, age in groups]
    served.hold(held("ilc_li02", new, rows))
    old, fresh = take("ilc_li02", "ilc_li02_2026")
    assert old.state == "failed" and "indic_il → statinfo, rskpovth" in old.said and "ilc_li02_2026" in old.said
    assert fresh.state == "stored" and len(served.asked("/data/ilc_li02")) == 1


def test_a_moved_code_is_named(take, served):
    """A code the declarations name and the provider no longer lists is told before anything is downloaded."""
    served.hold(held("tec00001", GDP, [(k.replace("B1GQ", "B1GM"), t, v, f) for k, t, v, f in rows_of(GDP)]))
    [outcome] = take("tec00001")
    assert outcome.state == "failed" and "na_item has no code B1GQ (near it: B1GM)" in outcome.said
    assert "parameters/indicators/" in outcome.said and not served.asked("/data/")
    rows = [(k.replace("SPR", "SPRB"), t, v, f) for k, t, v, f in served.datasets["spr_exp_type"].rows]
    served.hold(held("spr_exp_type", TYPE, rows))  # asked for whole, because a rule needs all of it
    assert "spdeps has no code SPR (near it: SPRB)" in take("spr_exp_type")[0].said


def test_a_key_too_long_for_an_address_is_opened(declared, store, served, clock):
    """Hundreds of codes do not fit into an address: the position is left open, and the vintage says so."""
    indicator = next(iter(declared.indicators.values()))
    codes = "+".join(["B1GQ", *(f"X{n:04}" for n in range(600))])
    long = indicator.model_copy(update={"inputs": {"x": f"tec00001/A.{codes}.CP_MEUR."}, "formula": "x"})
    more = declared.model_copy(update={"indicators": {"long": long}, "rules": {}})
    old = served.datasets["tec00001"]
    served.hold(replace(old, codes={**old.codes, "na_item": tuple(codes.split("+"))}))
    [outcome] = fetched(more, store, served, ["tec00001"], clock)
    assert outcome.state == "stored" and outcome.manifest.scope == "A..CP_MEUR."
    assert all(len(path) < 2000 for path in served.requests)
    assert fetched(more, store, served, ["tec00001"], clock, since_last=True)[0].state == "current"


def test_one_failure_does_not_lose_the_others(take, served, store):
    """A dataset that fails for good leaves the others stored."""
    served.misbehave = lambda path: "500" if "/data/spr_exp_func" in path else ""
    outcomes = {o.dataset: o.state for o in take("spr_exp_type", "spr_exp_func", "tec00001")}
    assert outcomes == {"spr_exp_type": "stored", "spr_exp_func": "failed", "tec00001": "stored"}


def test_a_mirror_without_contents_and_structures_serves(take, served, store):
    """A mirror that serves data alone is enough; what its structure would have told is not known."""
    served.toc = False
    served.misbehave = lambda path: "404" if "/dataflow/" in path else ""
    [outcome] = take("spr_exp_type")
    assert outcome.state == "stored" and same(store, served.datasets["spr_exp_type"])


def test_since_last_asks_only_for_what_changed(take, served):
    """What the table of contents shows unchanged is not asked for; what it shows newer is."""
    take("spr_exp_type", "tec00001")
    served.requests.clear()
    assert [o.state for o in take("spr_exp_type", "tec00001", since_last=True)] == ["current", "current"]
    assert not served.asked("/data/")
    before = served.datasets["tec00001"]
    served.hold(replace(before, rows=[(k, t, "8", f) for k, t, _, f in before.rows], stamp="20/11/25 11:00:00"))
    assert [o.state for o in take("spr_exp_type", "tec00001", since_last=True)] == ["current", "stored"]
    served.hold(replace(served.datasets["tec00001"], restructured="25.11.2099"))
    assert [o.state for o in take("spr_exp_type", "tec00001", since_last=True)] == ["current", "unchanged"]


def test_since_last_needs_a_table_of_contents(take, served):
    """Without a table of contents nobody knows what changed: said, not guessed."""
    served.toc = False
    [outcome] = take("spr_exp_type", since_last=True)
    assert outcome.state == "failed" and "table of contents" in outcome.said


def test_an_interrupted_fetch_goes_on(declared, store, served, clock):
    """After Ctrl-C the same command asks only for what was not stored; when it has ended, all is asked for anew."""
    names = ["spr_exp_type", "spr_exp_func", "tec00001"]
    served.misbehave = lambda path: "slow 0.3" if "/data/spr_exp_func" in path else ""
    with pytest.raises(KeyboardInterrupt):
        fetched(declared, store, served, names, clock, Watched(stop_after=1))
    stored = store.datasets()
    assert 0 < len(stored) < 3
    served.requests.clear()
    outcomes = fetched(declared, store, served, names, clock)
    assert {o.dataset for o in outcomes if o.state == "resumed"} >= {stored[0]}
    assert not served.asked(f"/data/{stored[0]}") and store.datasets() == sorted(names)
    served.requests.clear()
    assert {o.state for o in fetched(declared, store, served, names, clock)} == {"unchanged"}
    assert len(served.asked("/data/")) == 3


def test_finished_parts_are_not_asked_for_again(take, served, store):
    """Parts received before a failure are kept until their dataset is stored."""
    served.limit_rows = 110  # 360, 180 and then 108 and 72 rows: the third and fourth requests are answered
    served.misbehave = _after(served, 4, "500")
    assert take("spr_exp_type")[0].state == "failed"
    received = served.asked("/data/")[2:4]
    served.misbehave = lambda path: ""
    served.requests.clear()
    assert take("spr_exp_type")[0].state == "stored" and same(store, served.datasets["spr_exp_type"])
    assert not set(received) & set(served.requests)
    assert not list((store.root / ".incoming" / "answers").glob("*.gz"))


def _after(served, number, fault):
    """All requests for data after some fail."""
    return lambda path: fault if "/data/" in path and len(served.asked("/data/")) > number else ""


def test_the_journal_grows_old(tmp_path):
    """What was kept is used for a day and not longer; a damaged entry is none."""
    from reporting.sources.journal import Journal

    now = [time.time()]
    journal = Journal(tmp_path, lambda: now[0])
    journal.keep("u", b"x")
    journal.command("c").stored("d", "2025-10-30")
    assert journal.answer("u") == b"x" and journal.command("c").done == {"d": "2025-10-30"}
    now[0] += 24 * 3600 + 5
    assert journal.answer("u") is None and journal.command("c").done == {}
    [path] = (tmp_path / "answers").iterdir()
    path.write_bytes(path.read_bytes()[:-5])
    now[0] = time.time()
    assert journal.answer("u") is None


def test_a_bomb_and_a_large_answer_are_refused(take, served, store):
    """What unpacks to far more than data do is refused, and nothing is stored."""
    served.misbehave = lambda path: "bomb" if "/data/" in path else ""
    [outcome] = take("spr_exp_type", size=10**9)
    assert outcome.state == "failed" and "larger than" in outcome.said and store.datasets() == []
    served.misbehave = lambda path: "long line" if "/data/" in path else ""
    [outcome] = take("spr_exp_type")
    assert outcome.state == "failed" and "not SDMX-CSV" in outcome.said


def test_columns_and_flags_of_the_oecd(declared):
    """REF_AREA, OBS_STATUS and attributes of the OECD's CSV come out under Eurostat's names."""
    dataset = declared.datasets["tec00001"].model_copy(update={"provider": "OECD", "flow": "OECD.SDD,DSD@TEC,1.0"})
    more = declared.model_copy(update={"datasets": {**declared.datasets, "tec00001": dataset}})
    text = (
        "DATAFLOW,REF_AREA,FREQ,NA_ITEM,UNIT,TIME_PERIOD,OBS_VALUE,OBS_STATUS,UNIT_MULT,DECIMALS\n"
        "OECD.SDD:TEC00001(1.0),BE,A,B1GQ,CP_MEUR,2023,5.25,A,0,2\nOECD.SDD:TEC00001(1.0),FR,A,B1GQ,CP_MEUR,2023,7,P,0,2\n"
    )
    frame = answers.read(text.encode(), dataset, more).extract.frame
    assert list(zip(frame["key"], frame["value"], frame["flag"], strict=True)) == [
        ("A.B1GQ.CP_MEUR.BE", 5.25, ""),
        ("A.B1GQ.CP_MEUR.FR", 7.0, "p"),
    ]
    with pytest.raises(SourceChanged, match="UNIT_MULT"):  # values in millions are not taken for units
        answers.read(text.replace(",0,2", ",6,2").encode(), dataset, more)


@pytest.mark.parametrize("packed", [False, True])
def test_a_damaged_vintage_is_made_again(packed, take, served, store, declared):
    """From the bytes received, in one part or several, the store makes a damaged file of a fetched vintage again."""
    served.limit_rows = 110 if packed else 10**6
    [outcome] = take("spr_exp_type")
    [path] = (store.root / "spr_exp_type").glob("*.parquet")
    path.write_bytes(path.read_bytes()[:-100])
    [trouble] = verify(store, lambda received, facts: reread(received, facts, declared))
    assert trouble.mended and same(store, served.datasets["spr_exp_type"])


def test_xml_is_fetched_where_there_is_no_csv(take, served, store):
    """A provider without CSV is asked for XML, and its observations are stored."""
    xml = (
        '<m:StructureSpecificData xmlns:m="http://www.sdmx.org/resources/sdmxml/schemas/v2_1/message" xmlns:s="http://www.'
        'sdmx.org/resources/sdmxml/schemas/v2_1/data/structurespecific" xmlns:c="http://www.sdmx.org/resources/sdmxml/'
        'schemas/v2_1/common"><m:Header><m:ID>1</m:ID><m:Structure structureID="S"><c:StructureUsage><Ref id="TEC00001" '
        'agencyID="ESTAT" version="1.0"/></c:StructureUsage></m:Structure></m:Header><m:DataSet s:structureRef="S"><Series '
        'geo="BE" na_item="B1GQ" unit="CP_MEUR" freq="A"><Obs TIME_PERIOD="2023" OBS_VALUE="5.5" OBS_FLAG="p"/></Series>'
        "</m:DataSet></m:StructureSpecificData>"
    )
    sound = served.reply
    served.faults = {"format=SDMX-CSV": ["no csv"]}
    served.reply = lambda path: Reply(200, xml.encode()) if "structurespecificdata" in path else sound(path)
    [outcome] = take("tec00001")
    assert outcome.state == "stored", outcome.said
    assert store.read("tec00001")[["key", "value", "flag"]].values.tolist() == [["A.B1GQ.CP_MEUR.BE", 5.5, "p"]]
    assert outcome.manifest.vintage == "2025-10-30"  # from the table of contents: XML has no stamp


def test_days_are_those_of_brussels():
    """A stamp of 23:30 UTC in winter is of the next day in Brussels; Eurostat's own stamps are Brussels time."""
    assert answers.day_of("2025-12-01T23:30:00Z") == "2025-12-02"
    assert answers.day_of("30/10/25 23:00:00") == "2025-10-30"


def test_random_faults_end_in_the_same_store(tmp_path):
    """Fetches through random faults end with a store equal to the fault-free one, as of every date.

    The environment variable REPORTING_SOAK sets how many; the seed is fixed.
    """
    count = soak(tmp_path / "soak", int(os.environ.get("REPORTING_SOAK", "30")), 7)
    assert count["faults"] > count["fetches"]


def command(served, store, *arguments, home=ROOT, **more):
    """The command as a person runs it, against the provider on this machine."""
    return subprocess.run(
        [sys.executable, "-m", "reporting", "fetch", *arguments, "--base-url", served.url, "--store", str(store.root)],
        capture_output=True, text=True, timeout=60, check=False, cwd=home, **more,
        env={**os.environ, "REPORTING_HOME": str(home), "COLUMNS": "200"},
    )  # fmt: skip


def test_the_command_tells_what_came_of_each(served, store):
    """A line a dataset with counts on stdout, progress with time left on stderr, exit code 0; again: unchanged."""
    store.root.mkdir()
    done = command(served, store, "tec00001", "spr_exp_type")
    assert done.returncode == 0, done.stderr
    assert "s left" in done.stderr and "fetch 2/2" in done.stderr
    [line] = [line for line in done.stdout.splitlines() if line.startswith("tec00001")]
    assert line.split() == ["tec00001", "2025-10-30", "15", "0", "0"]
    again = command(served, store, "tec00001", "--json")
    assert json.loads(again.stdout)[0]["state"] == "unchanged"


def test_the_command_fetches_all_that_is_needed(served, store):
    """Without arguments all needed datasets are tried; what this provider lacks fails in a line each, with 3."""
    store.root.mkdir()
    done = command(served, store)
    assert done.returncode == 3 and "Traceback" not in done.stderr
    assert "not fetched, they come as files (--from FILE): jaf, national" in done.stderr
    states = [line.split()[0] for line in done.stdout.splitlines() if "no dataset" in line]
    assert len(states) == 72 - 3 and "spr_exp_type" not in states


def test_ctrl_c_is_clean(served, store):
    """Ctrl-C during a slow answer ends within seconds with a message, no traceback, and what was stored stays."""
    store.root.mkdir()
    served.misbehave = lambda path: "slow 20" if "/data/spr_exp_func" in path else ""
    process = subprocess.Popen(
        [sys.executable, "-c", "import signal; signal.signal(signal.SIGINT, signal.default_int_handler); "
         "from reporting.cli import main; main()",
         "fetch", "tec00001", "spr_exp_func", "--base-url", served.url, "--store", str(store.root)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT,
        env={**os.environ, "REPORTING_HOME": str(ROOT)},
    )  # fmt: skip
    while "tec00001" not in store.datasets():
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    start = time.monotonic()
    _, said = process.communicate(timeout=15)
    assert process.returncode == 130 and "Traceback" not in said and "interrupted" in said
    assert time.monotonic() - start < 10 and store.datasets() == ["tec00001"]


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("jaf",), 2, "reporting fetch --from FILE"),
        (("spr_exp_sum",), 3, "moved to spr_exp_type, spr_exp_func"),
        (("spr_exp_tipe",), 2, "Near it: spr_exp_type"),
        (("tec00001", "--vintage", "2025-01-01"), 2, "--from FILE"),
        (("--from", "x.csv"), 2, "leave out"),
    ],
)
def test_wrong_use_is_a_message(arguments, code, said, served, store):
    """What cannot be fetched is said with the way round, before anything is asked for."""
    store.root.mkdir()
    done = command(served, store, *arguments)
    assert done.returncode == code and said in done.stderr and not served.requests


def test_no_address_is_wrong_use(store):
    """An address without its scheme is the user's to correct."""
    done = subprocess.run(
        [sys.executable, "-m", "reporting", "fetch", "tec00001", "--base-url", "localhost", "--store", str(store.root)],
        capture_output=True, text=True, timeout=60, check=False, cwd=ROOT,
    )  # fmt: skip
    assert done.returncode == 2 and "--base-url" in done.stderr
