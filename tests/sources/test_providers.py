"""What a provider answers, and what its structures say against the declarations."""

from __future__ import annotations

import math

import pytest
from replay import FAULT, FOOTER, HTML, TOO_BIG, held, packed, sdmx_csv, structure

from reporting.declarations import Provider
from reporting.errors import SourceChanged, SourceUnavailable, SourceUnreadable
from reporting.sources import envelopes, http, need, structures
from reporting.sources.providers import Absent, Service, TooLarge, toc_day

DIMENSIONS = ("freq", "spdeps", "unit", "geo")
ROWS = [(f"A.{s}.MIO_EUR.{g}", "2023", "1.5", "p") for s in ("TOTAL", "SPR") for g in ("BE", "FR", "EE")]
KEY = "0b1c2d3e-27eb-4ce4-936d-8f95b23bf74f"


@pytest.fixture
def service(replay, clock, declared):
    """Eurostat's service, served from this machine."""
    replay.hold(held("spr_exp_type", DIMENSIONS, ROWS))
    wire = http.Wire(2, 10_000_000, sleep=clock.sleep, now=clock.now, timeout=20)
    yield Service(declared.providers["eurostat"], replay.url, wire)
    wire.close()


@pytest.fixture
def dataset(declared):
    """The dataset most tests ask for."""
    return declared.datasets["spr_exp_type"]


@pytest.mark.parametrize(
    ("body", "status", "kind"),
    [
        ("DATAFLOW,OBS_VALUE\nx,1\n", 200, "ready"),
        ("\ufeffDATAFLOW,OBS_VALUE\nx,1\n", 200, "ready"),
        (HTML, 200, "later"),
        (HTML, 404, "absent"),
        ("", 200, "later"),
        (" \r\n", 200, "later"),
        (TOO_BIG, 413, "large"),
        (TOO_BIG, 200, "large"),
        ("", 413, "large"),
        (FAULT.format(100, "No data"), 404, "absent"),
        (FAULT.format(150, "Invalid value 'X' for dimension geo"), 400, "refused"),
        (FAULT.format("env:Server", "Internal error"), 200, "later"),
        (FOOTER.format(url="http://ec.europa.eu/eurostat/SDMX/diss-web/file/wHs"), 200, "queued"),
        ('{"warning":{"status":413,"label":"ASYNCHRONOUS_RESPONSE: ' + KEY + '"}}', 200, "queued"),
        ('{"warning":{"status":413,"label":"ASYNCHRONOUS_RESPONSE. Try again"}}', 200, "later"),
        ('{"error":[{"status":404,"id":100,"label":"ERR_NOT_FOUND_4: SPR_EXP_SUM"}]}', 200, "absent"),
        ('{"error":[{"status":400,"id":150,"label":"Invalid dimension"}]}', 400, "refused"),
        ('{"error":[{"status":413,"id":413,"label":"EXTRACTION_TOO_BIG"}]}', 413, "large"),
        ('{"class":"dataset"', 200, "later"),
        ('<m:Error xmlns:m="x"><m:ErrorMessage code="100"><c:Text>None</c:Text></m:ErrorMessage></m:Error>', 404,
         "absent"),
        ("not acceptable", 406, "refused"),
    ],
)  # fmt: skip
def test_an_answer_is_recognised(body, status, kind):
    """Data, a queue, a fault and a page for people are told apart, whatever the status says."""
    assert envelopes.opened(body.encode(), status).kind == kind


@pytest.mark.parametrize("name", ["ESTAT_footer.xml", "ESTAT_footer2.xml"])
def test_real_footers_are_queued_answers(name, shared):
    """Eurostat's real asynchronous footers are followed to the address in them."""
    found = envelopes.opened((shared / "sdmx" / name).read_bytes())
    assert found.kind == "queued" and found.link.startswith("http://ec.europa.eu/eurostat/SDMX/diss-web/file/")


@pytest.mark.parametrize(
    "name", ["ESTAT_NAMA_10_GDP-ss.xml", "ESTAT_GOV_10Q_GGNFA.xml", "ESTAT_apro_mk_cola-structure.xml"]
)
def test_real_messages_are_no_envelopes(name, shared):
    """Real data and structure messages are taken for what they are."""
    assert envelopes.opened((shared / "sdmx" / name).read_bytes()).kind == "ready"


@pytest.mark.parametrize("fault", ["queued", "queued json", "queued footer", "expired"])
def test_a_queued_answer_is_waited_for(fault, service, dataset, replay):
    """A queued answer is polled until it is there, asked for again once when it expired, and never taken for data."""
    replay.faults = {"/data/": [fault]}
    body, _ = service.observations(dataset, "A...BE", math.inf)
    assert body.decode() == sdmx_csv(replay.datasets["spr_exp_type"], replay.rows("spr_exp_type", "A...BE"))
    assert len(replay.requests) > 2


def test_the_states_are_polled_in_their_places(service, dataset, replay):
    """The status is asked three times under the key, then the data under it."""
    replay.faults = {"/sdmx/2.1/data/": ["queued"]}
    service.observations(dataset, "", math.inf)
    assert len(replay.asked("/1.0/async/status/")) == 3 and len(replay.asked("/1.0/async/data/")) == 1


@pytest.mark.parametrize("fault", ["expired", "unknown"])
def test_what_expires_twice_is_given_up(fault, service, dataset, replay):
    """A queue that loses the answer twice is a failure with a message."""
    replay.faults = {"/sdmx/2.1/data/": [fault, fault]}
    with pytest.raises(SourceUnavailable, match="expired twice"):
        service.observations(dataset, "", math.inf)


def test_a_queue_without_end_ends_at_the_deadline(service, dataset, replay, clock):
    """A request that stays SUBMITTED is given up when the time allowed is over."""
    replay.faults = {"/sdmx/2.1/data/": ["queued"]}
    replay.wait_for = lambda body, states=(), known=replay.wait_for: known(body, ["SUBMITTED"])
    with pytest.raises(SourceUnavailable, match="time allowed is over"):
        service.observations(dataset, "", 300.0)
    assert clock.time <= 300


def test_too_large_and_absent_are_told_apart(service, dataset, replay, declared):
    """Too much at once and nothing there are two things, for the caller to deal with."""
    replay.limit_rows = 2
    with pytest.raises(TooLarge, match="EXTRACTION_TOO_BIG"):
        service.observations(dataset, "", math.inf)
    with pytest.raises(Absent):
        service.observations(declared.datasets["tec00001"], "", math.inf)


def test_a_refused_code_is_a_change(service, dataset, replay):
    """A code the provider does not know is a changed source, with its words."""
    replay.reply = lambda path: _reply(400, FAULT.format(150, "Invalid code XX in position 2"))
    with pytest.raises(SourceChanged, match="Invalid code XX in position 2"):
        service.observations(dataset, "A.XX..", math.inf)


def test_barred_is_unavailable(service, dataset, replay):
    """Without rights the source is unavailable; the structure is not blamed."""
    replay.reply = lambda path: _reply(403, "forbidden")
    with pytest.raises(SourceUnavailable, match="access refused"):
        service.observations(dataset, "", math.inf)


def test_xml_where_there_is_no_csv(service, dataset, replay):
    """A provider that has no CSV is asked for structure-specific XML."""
    replay.faults = {"format=SDMX-CSV": ["no csv"]}
    _, url = service.observations(dataset, "", math.inf)
    assert "format=structurespecificdata_2.1" in url and url.removeprefix(replay.url) in replay.requests


def test_a_lost_end_is_asked_for_twice(service, dataset, replay):
    """Text that may have lost its end is compared with a second answer, and the whole one taken."""
    replay.faults = {"/data/": ["cut line"]}
    body, _ = service.observations(dataset, "", math.inf)
    assert body.endswith(b"\n") and len(replay.asked("/data/")) == 2


def test_an_entity_is_refused(dataset, declared):
    """A structure message that defines entities is not parsed, so that no file of this machine gets into it."""
    message = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><x>&e;</x>'
    with pytest.raises(SourceUnreadable, match="entities"):
        structures.read(message, dataset, declared.providers["eurostat"])


@pytest.mark.parametrize(
    "message", [b"<x/>", b"nothing", b"<m:Structure", structure(held("x", DIMENSIONS, ROWS))[:900].encode()]
)
def test_what_is_no_structure_is_refused(message, dataset, declared, capsys):
    """Other XML, and a message that is cut, are unreadable: no traceback, and nothing printed."""
    with pytest.raises(SourceUnreadable, match="spr_exp_type"):
        structures.read(message, dataset, declared.providers["eurostat"])
    assert capsys.readouterr().out == ""


def test_a_real_structure_is_read(declared, shared):
    """Eurostat's real structure message gives dimensions in order, and code lists."""
    message = (shared / "sdmx" / "ESTAT_apro_mk_cola-structure.xml").read_bytes()
    cola = declared.datasets["spr_exp_type"].model_copy(update={"id": "apro_mk_cola"})
    found = structures.read(message, cola, declared.providers["eurostat"])
    assert found.dimensions[0] == "freq" and "geo" in found.dimensions
    assert {"BE", "EL"} <= set(found.codes["geo"]) and found.id.startswith("ESTAT:")


def test_a_structure_that_fits_has_no_faults(dataset, declared):
    """The structure as declared, with the codes named, passes; its id carries the version."""
    found = structures.read(
        structure(held("spr_exp_type", DIMENSIONS, ROWS)).encode(), dataset, declared.providers["eurostat"]
    )
    assert found.id == "ESTAT:SPR_EXP_TYPE(12.0)" and found.dimensions == DIMENSIONS
    assert structures.faults(found, dataset, {"spdeps": {"TOTAL": "indicators sp_expenditure.TOTAL"}}, declared) == []


def test_a_moved_dimension_is_named(declared):
    """indic_il gone is told with its successors, the place of its declaration and the dataset that replaces it."""
    old = declared.datasets["ilc_li02"]
    moved = structures.Structure("ESTAT:ILC_LI02(20.0)", declared.datasets["ilc_li02_2026"].dimensions, {})
    [said] = structures.faults(moved, old, {}, declared)
    told = ("indic_il gone", "statinfo, rskpovth new", "indic_il → statinfo, rskpovth", "parameters/datasets/silc.toml")
    for words in (*told, "declared as ilc_li02_2026"):
        assert words in said


def test_a_dimension_spelled_anew_has_a_near_name(dataset, declared):
    """A dimension with a new name is told beside the one it resembles."""
    new = structures.Structure("E:S(1)", ("freq", "spdep", "unit", "geo"), {})
    [said] = structures.faults(new, dataset, {}, declared)
    assert "spdeps gone and spdep new" in said and "spdeps (near it: spdep)" in said


def test_another_order_is_told(dataset, declared):
    """Dimensions in another order are told with the order to declare."""
    [said] = structures.faults(
        structures.Structure("E:S(1)", ("freq", "unit", "spdeps", "geo"), {}), dataset, {}, declared
    )
    assert "another order, freq, unit, spdeps, geo" in said


def test_an_unknown_code_is_named_with_its_place(dataset, declared):
    """A code the list no longer has is told with near ones and the declaration that names it."""
    found = structures.Structure("E:S(1)", DIMENSIONS, {"spdeps": ("TOTALS", "SPR")})
    [said] = structures.faults(found, dataset, {"spdeps": {"TOTAL": "rules E01-type"}}, declared)
    assert "spdeps has no code TOTAL (near it: TOTALS)" in said and "parameters/rules/esspros.toml [E01-type]" in said


def test_the_table_of_contents(service, replay):
    """Folders are left out; days are ISO; blanks are empty."""
    replay.datasets["spr_exp_type"].restructured = " "
    assert service.contents(math.inf)["spr_exp_type"].updated == "2025-10-30"
    assert service.contents(math.inf)["spr_exp_type"].restructured == "" and set(service.contents(math.inf)) == {
        "spr_exp_type"
    }
    assert toc_day("2026-11-18T23:00:00+0100") == "2026-11-18"


def test_addresses(declared):
    """The addresses are those of the services' guides, for Eurostat, DG EMPL and the OECD."""
    wire = http.Wire(1, 1)
    empl, oecd = (Service(p, p.base_url, wire) for p in (declared.providers["empl"], declared.providers["oecd"]))
    dataset = declared.datasets["spr_exp_type"]
    assert empl.data_url(dataset, "A.TOTAL+SPR..BE") == (
        "https://webgate.ec.europa.eu/empl/redisstat/api/dissemination/sdmx/2.1/data/spr_exp_type/A.TOTAL+SPR..BE"
        "?format=SDMX-CSV&compressed=true"
    )
    health = dataset.model_copy(update={"flow": "OECD.ELS.HD,DSD_SHA@DF_SHA,1.0"})
    assert oecd.data_url(health, "") == (
        "https://sdmx.oecd.org/public/rest/data/OECD.ELS.HD,DSD_SHA@DF_SHA,1.0/all"
        "?dimensionAtObservation=AllDimensions&format=csvfile"
    )
    assert oecd.structure_url(health).endswith("/dataflow/OECD.ELS.HD/DSD_SHA%40DF_SHA/1.0?references=descendants")
    wire.close()


@pytest.mark.parametrize("name", ["eurostat", "empl", "oecd"])
def test_addresses_are_those_sdmx1_knows(name, declared):
    """The declared addresses and agencies agree with the registry of sdmx1."""
    import sdmx

    provider: Provider = declared.providers[name]
    assert sdmx.get_source(provider.sdmx).url.rstrip("/").startswith(provider.base_url)


def test_needs_are_joined_to_one_key(declared):
    """One request a dataset: the codes all needs name; what one need leaves open stays open."""
    asked = {r.dataset.id: r for r in need.requests(declared)}
    assert len(asked) == len(need.requests(declared)) and asked["tec00001"].key == "A.B1GQ.CP_MEUR."
    assert asked["hlth_cd_apr"].key == "A.PRVT+TOTAL+TRT.T.TOTAL.RT."
    assert asked["spr_exp_type"].key == ""  # a rule needs all of it
    assert need.requests(declared, ["tec00001"], whole=True)[0].key == ""
    assert need.requests(declared, ["tps00027"])[0].key == ""  # nothing needs it: whole
    assert "ilc_li02" not in asked and "ilc_li02_2026" in asked  # a structure that ended is asked for by name only
    assert [r.dataset.id for r in need.requests(declared, ["ilc_li02"])] == ["ilc_li02"]


def test_a_key_too_long_is_opened(dataset):
    """The longest position is opened until the key fits."""
    codes = {"freq": ("A",), "spdeps": tuple(f"C{n:03}" for n in range(300)), "geo": ("BE", "FR")}
    assert need.key_of(dataset, need.fitting(dataset, codes, 1000)) == "A...BE+FR"


def test_parts_hold_all_codes_once(dataset):
    """A request is halved along the dimension with most codes; together the parts ask for each code once."""
    listed = {"freq": ("A",), "spdeps": ("S1", "S2"), "unit": ("U",), "geo": ("BE", "FR", "DE", "EE", "LU")}
    first, second = need.parts(dataset, {"spdeps": ("S1",)}, listed, 1900)
    assert first["geo"] + second["geo"] == listed["geo"] and first["spdeps"] == ("S1",)
    assert need.parts(dataset, {}, {"geo": ("BE",)}, 1900) == []
    many = {"geo": tuple(f"R{n:05}" for n in range(1000))}
    pieces = need.parts(dataset, {}, many, 300)
    assert sum((p["geo"] for p in pieces), ()) == many["geo"]
    assert all(len(need.key_of(dataset, p)) <= 300 for p in pieces)


def _reply(status, text):
    from replay import Reply

    return Reply(status, packed(text, compress=False), "application/xml")
