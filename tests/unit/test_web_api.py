"""The web application on a real server: answers, errors, who may ask, packing, a description that covers it all."""

import asyncio
import gzip
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any

import aiohttp
import orjson
import pytest
from prometheus_client.parser import text_string_to_metric_families
from pydantic import SecretStr

from agents.campaign.snapshot import CampaignSnapshot, ChannelSnapshot, Snapshot, TacticSnapshot
from agents.web.app import build_web
from agents.web.metrics import MetricsText
from agents.web.openapi import OPERATIONS
from agents.web.security import HEADERS
from agents.web.server import WebServer, WebServerRefused
from streams.counting.before_after import BeforeAfter
from streams.counting.campaign_facts import Tactic
from streams.counting.windows import WindowSums
from streams.events.measures import Measure
from streams.kpis.registry import KPIS
from tests.unit.kpi_pictures import NOW_MS, FixedState, StateOfHealth, WebOptions, campaign, channel, snapshot

TOKEN = "correct horse battery staple"
ODD_NAME = 'Ärger/100 % "x" ?&#'


@dataclass
class Answer:
    status: int
    headers: Any
    body: bytes

    @property
    def json(self) -> Any:
        return orjson.loads(self.body)


Get = Callable[..., Any]

JSON_TYPES = {
    "object": (dict,),
    "array": (list,),
    "string": (str,),
    "boolean": (bool,),
    "integer": (int,),
    "number": (int, float),
    "null": (type(None),),
}


@asynccontextmanager
async def served(state: FixedState, options: WebOptions | None = None) -> AsyncIterator[Get]:
    app = build_web(state, options or WebOptions())
    server = WebServer("127.0.0.1", 0, app)
    await server.start()
    session = aiohttp.ClientSession(f"http://127.0.0.1:{server.port}", auto_decompress=False)

    async def get(path: str, method: str = "GET", **headers: str) -> Answer:
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        async with session.request(method, path, headers={"Accept-Encoding": "identity"} | sent) as response:
            return Answer(response.status, response.headers, await response.read())

    try:
        yield get
    finally:
        await session.close()
        await server.stop()


def picture(partial: tuple[str, ...] = ()) -> Snapshot:
    mail = Tactic(2, NOW_MS - 3_600_000, "Second mail", "", "Mia")
    hour = channel().windows["1h"]
    tactics = (TacticSnapshot(mail, {2: BeforeAfter(hour, hour)}), TacticSnapshot(mail, {}))
    return snapshot(
        replace(campaign("aurora", title="Aurora", owner="Ann"), tactics=tactics),
        campaign("borealis", active=False),
        campaign(ODD_NAME),
        partial=partial,
    )


async def test_metrics_are_text_exposition_of_campaigns_and_of_the_process() -> None:
    async with served(FixedState(picture())) as get:
        answer = await get("/metrics")
    assert answer.status == 200
    assert answer.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
    names = {family.name for family in text_string_to_metric_families(answer.body.decode())}
    assert {
        "campaign_reach",
        "campaign_events",
        "launchpulse_build_info",
        "launchpulse_snapshot_timestamp_seconds",
    } <= names


async def test_metrics_are_rendered_once_a_picture_and_the_process_is_always_fresh(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rendered = []
    real = MetricsText.render
    monkeypatch.setattr(MetricsText, "render", lambda *given: rendered.append(given[1]) or real(*given))
    state = FixedState(picture())
    async with served(state) as get:
        await asyncio.gather(*(get("/metrics") for _ in range(5)))
        state.telemetry.redis_errors.inc(3)
        fresh = await get("/metrics")
        assert len(rendered) == 1
        state.picture = snapshot(campaign("corona"))
        newer = await get("/metrics")
    assert len(rendered) == 2
    assert b"launchpulse_redis_errors_total 3.0" in fresh.body
    assert b'campaign="corona"' in newer.body
    assert b'campaign="aurora"' not in newer.body


@pytest.mark.parametrize("path", ["/metrics", "/api/campaigns/aurora", "/openapi.json"])
@pytest.mark.parametrize(
    ("accepts", "packs"),
    [
        ("gzip", True),
        ("br, gzip;q=0.5", True),
        ("*", True),
        ("gzip;q=0", False),
        ("identity", False),
        ("gzip;q=x", False),
    ],
)
async def test_body_is_packed_exactly_where_the_client_takes_gzip(path: str, accepts: str, packs: bool) -> None:
    async with served(FixedState(picture())) as get:
        answer = await get(path, Accept_Encoding=accepts)
    assert (answer.headers.get("Content-Encoding") == "gzip") is packs
    assert answer.headers["Vary"] == "Accept-Encoding"
    assert len(gzip.decompress(answer.body) if packs else answer.body) > 1024
    assert int(answer.headers["Content-Length"]) == len(answer.body)


async def test_campaigns_come_in_pages_by_id_and_by_activity() -> None:
    async with served(FixedState(picture(("visit/3 is not read to its end",)))) as get:
        whole = (await get("/api/campaigns")).json
        first = (await get("/api/campaigns?limit=2")).json
        second = (await get(f"/api/campaigns?limit=2&after={first['next']}")).json
        quiet = (await get("/api/campaigns?active=false")).json
    assert [one["campaign"] for one in whole["campaigns"]] == ["aurora", "borealis", ODD_NAME]
    assert whole["campaigns"][0] == {
        "campaign": "aurora", "name": "Aurora", "owner": "Ann", "active": True, "channels": ["email"]
    }  # fmt: skip
    assert whole["held_back_by"] == ["visit/3 is not read to its end"]
    assert whole["taken_at_ms"] == NOW_MS
    assert whole["next"] is None
    assert (first["total"], len(first["campaigns"]), first["next"]) == (3, 2, "borealis")
    assert ([one["campaign"] for one in second["campaigns"]], second["next"]) == ([ODD_NAME], None)
    assert ([one["campaign"] for one in quiet["campaigns"]], quiet["total"]) == (["borealis"], 1)


async def test_campaign_has_every_kpi_in_every_window_with_its_sample_and_its_limits() -> None:
    async with served(FixedState(picture())) as get:
        answer = (await get("/api/campaigns/aurora")).json
    everything, email = answer["channels"]
    assert (everything["channel"], email["channel"]) == ("all", "email")
    assert {(one["kpi"], one["window"]) for one in everything["kpis"]} == {
        (kpi.name, window) for kpi in KPIS for window in kpi.windows
    }
    values = {(one["kpi"], one["window"]): one for one in everything["kpis"]}
    assert values["engagement_rate", "5m"] == {
        "kpi": "engagement_rate", "window": "5m", "value": 100 / 5150, "amounts": None, "sample_size": 5150,
        "why": None, "judged": True, "start_ms": NOW_MS - 300_000, "end_ms": NOW_MS,
    }  # fmt: skip
    assert values["net_revenue", "launch"]["amounts"] == {"EUR": 1200.0}
    assert values["net_revenue", "launch"]["start_ms"] is None
    assert values["mroi", "launch"]["amounts"] is None
    assert "no one currency" in values["mroi", "launch"]["why"]
    assert values["net_sentiment", "1h"]["judged"] is False
    assert values["net_sentiment", "1h"]["sample_size"] == 8
    assert email["totals"]["clicks"] == 40
    assert email["money"]["margin"] == {"EUR": -5.0}
    definitions = {one["name"]: one for one in answer["definitions"]}
    assert definitions["engagement_rate"]["formula"].startswith("(clicks + engaged visits + mentions")
    assert definitions["engagement_rate"]["metric"] == "campaign_engagement_ratio"
    assert definitions["mroi"]["group"] == "Return on investment"
    assert (definitions["mroi"]["denominator"], definitions["mroi"]["sample"]) == ("spend", "orders")
    assert {one["kpi"] for one in everything["kpis"]} == definitions.keys()


async def test_one_channel_is_enough_for_whoever_asks_for_one() -> None:
    async with served(FixedState(picture())) as get:
        everything = (await get("/api/campaigns/aurora?channel=all")).json["channels"]
        email = (await get("/api/campaigns/aurora?channel=email")).json["channels"]
        none = (await get("/api/campaigns/aurora?channel=sms")).json["channels"]
    assert [[one["channel"] for one in channels] for channels in (everything, email, none)] == [["all"], ["email"], []]


async def test_one_window_is_enough_for_whoever_asks_for_one() -> None:
    async with served(FixedState(picture())) as get:
        everything = (await get("/api/campaigns/aurora")).json["channels"]
        five = (await get("/api/campaigns/aurora?window=5m")).json["channels"]
        two = (await get("/api/campaigns/aurora?window=5m&window=launch")).json["channels"]
    for all_windows, one, both in zip(everything, five, two, strict=True):
        assert one["kpis"] == [value for value in all_windows["kpis"] if value["window"] == "5m"] != []
        assert both["kpis"] == [value for value in all_windows["kpis"] if value["window"] in ("5m", "launch")]
        assert one["totals"] == all_windows["totals"]


async def test_rate_without_a_denominator_is_null_and_not_judged() -> None:
    one = ChannelSnapshot({Measure.CLICKS: 3}, {"5m": WindowSums({Measure.CLICKS: 3}, {}, NOW_MS - 300_000, NOW_MS)})
    state = FixedState(snapshot(CampaignSnapshot("aurora", None, None, True, {0: one})))
    async with served(state) as get:
        (channel,) = (await get("/api/campaigns/aurora")).json["channels"]
    values = {value["kpi"]: value for value in channel["kpis"]}
    assert (values["engagement_rate"]["value"], values["engagement_rate"]["judged"]) == (None, False)
    assert values["engagement_rate"]["sample_size"] == 0
    assert "exposures is not above 0" in values["engagement_rate"]["why"]
    assert values["clicks"]["value"] == 3


async def test_odd_names_are_found_percent_encoded() -> None:
    async with served(FixedState(picture())) as get:
        answer = await get("/api/campaigns/%C3%84rger%2F100%20%25%20%22x%22%20%3F%26%23")
    assert answer.status == 200
    assert answer.json["campaign"] == ODD_NAME


@pytest.mark.parametrize(
    ("path", "status", "error", "named"),
    [
        ("/api/campaigns/nobody", 404, "unknown_campaign", "'nobody'"),
        ("/api/campaigns/" + "x" * 4000, 404, "unknown_campaign", "x" * 128),
        ("/nothing", 404, "unknown_path", "'/nothing'"),
        ("/api/campaigns?limit=0", 400, "bad_parameter", "limit must be 1 to 1000, got '0'"),
        ("/api/campaigns?limit=%D9%A3", 400, "bad_parameter", "limit"),
        ("/api/campaigns?limit=99999999999", 400, "bad_parameter", "limit"),
        ("/api/campaigns?active=yes", 400, "bad_parameter", "active must be true or false, got 'yes'"),
        ("/api/campaigns/aurora?channel=fax", 400, "bad_parameter", "'fax'"),
        ("/api/campaigns/aurora?window=5m&window=6m", 400, "bad_parameter", "'6m'"),
        ("/api/campaigns/aurora?windows=5m", 400, "unknown_parameter", "'windows'"),
        ("/api/campaigns?page=2", 400, "unknown_parameter", "'page'"),
    ],
)
async def test_wrong_question_gets_an_error_that_names_what_is_wrong(
    path: str, status: int, error: str, named: str
) -> None:
    async with served(FixedState(picture())) as get:
        answer = await get(path)
    assert (answer.status, answer.json["error"]) == (status, error)
    assert named in answer.json["detail"]
    assert len(answer.json["detail"]) < 400


async def test_other_methods_are_refused_by_name() -> None:
    async with served(FixedState(picture())) as get:
        answer = await get("/api/campaigns", method="DELETE")
        head = await get("/metrics", method="HEAD")
    assert (answer.status, answer.json["error"], answer.headers["Allow"]) == (405, "method_not_allowed", "GET, HEAD")
    assert (head.status, head.body) == (200, b"")


async def test_failure_inside_says_nothing_of_its_cause(monkeypatch: pytest.MonkeyPatch) -> None:
    state = FixedState(picture())
    monkeypatch.setattr(state, "snapshot", lambda: 1 / 0)
    async with served(state) as get:
        answer = await get("/api/campaigns")
    assert (answer.status, answer.json["error"]) == (500, "internal_error")
    assert b"division" not in answer.body


async def test_health_follows_the_worker_and_readiness_does_not_gate_scraping() -> None:
    state = FixedState(picture())
    async with served(state) as get:
        assert ((await get("/healthz")).status, (await get("/readyz")).status) == (200, 200)
        state.condition = StateOfHealth(ready=False, reasons=("Redis does not answer",))
        assert (await get("/healthz")).json == {"live": True}
        unready = await get("/readyz")
        assert (unready.status, unready.json) == (503, {"ready": False, "reasons": ["Redis does not answer"]})
        assert (await get("/metrics")).status == 200
        state.condition = StateOfHealth(live=False, ready=False)
        assert (await get("/healthz")).status == 503


async def test_health_and_the_description_need_no_picture_and_a_campaign_needs_only_its_own() -> None:
    state = FixedState(picture())
    async with served(state) as get:
        for path in ("/healthz", "/readyz", "/openapi.json", "/nothing"):
            await get(path)
        assert state.asked == []
        for path in ("/metrics", "/api/campaigns", "/api/campaigns/aurora"):
            assert (await get(path)).status == 200
        assert state.asked == [None, None, "aurora"]


async def test_with_a_token_all_but_the_probes_need_it_and_the_probes_tell_no_reasons() -> None:
    state = FixedState(picture(), StateOfHealth(ready=False, reasons=("Redis does not answer",)))
    async with served(state, WebOptions(SecretStr(TOKEN))) as get:
        for path in ("/metrics", "/api/campaigns", "/api/campaigns/aurora", "/openapi.json", "/nothing"):
            refused = await get(path)
            assert (refused.status, refused.json["error"]) == (401, "unauthorised"), path
            assert refused.headers["WWW-Authenticate"].startswith("Bearer")
            for wrong in (f"Bearer {TOKEN}x", "Bearer", f"Basic {TOKEN}", TOKEN, "Bearer ключ"):
                assert (await get(path, Authorization=wrong)).status == 401, wrong
        for path in ("/metrics", "/api/campaigns", "/openapi.json"):
            assert (await get(path, Authorization=f"bearer {TOKEN}", Host="worker:6066")).status == 200
        assert (await get("/healthz")).status == 200
        assert (await get("/readyz")).json == {"ready": False, "reasons": []}
        told = await get("/readyz", Authorization=f"Bearer {TOKEN}")
        assert told.json["reasons"] == ["Redis does not answer"]


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("localhost:1", 200),
        ("127.0.0.1", 200),
        ("[::1]:6066", 200),
        ("evil.example", 403),
        ("127.0.0.1.evil.example", 403),
    ],
)
async def test_without_a_token_only_names_of_this_machine_are_served(host: str, status: int) -> None:
    async with served(FixedState(picture())) as get:
        assert (await get("/api/campaigns", Host=host)).status == status


@pytest.mark.parametrize("path", ["/metrics", "/healthz", "/api/campaigns", "/api/campaigns/nobody", "/nothing"])
async def test_every_answer_has_the_security_headers(path: str) -> None:
    async with served(FixedState(picture())) as get:
        answer = await get(path)
    assert {name: answer.headers[name] for name in HEADERS} == HEADERS
    assert len(answer.headers.getall("Server")) == 1


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "worker.example"])
async def test_server_refuses_to_listen_beyond_loopback_without_a_token(host: str) -> None:
    server = WebServer(host, 0, build_web(FixedState(picture()), WebOptions()))
    with pytest.raises(WebServerRefused, match="LAUNCHPULSE_WEB_TOKEN_FILE"):
        await server.on_start()


async def test_taken_port_is_named() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        server = WebServer("127.0.0.1", port, build_web(FixedState(picture()), WebOptions()))
        with pytest.raises(WebServerRefused, match=f"LAUNCHPULSE_WEB_PORT {port}"):
            await server.on_start()


async def test_description_covers_every_route_and_every_field_of_real_answers() -> None:
    state = FixedState(
        picture(("click/0 is not read to its end",)), StateOfHealth(ready=False, reasons=("recovering",))
    )
    asked = {
        "/metrics": ["/metrics"],
        "/healthz": ["/healthz"],
        "/readyz": ["/readyz"],
        "/api/campaigns": ["/api/campaigns", "/api/campaigns?limit=1", "/api/campaigns?limit=x"],
        "/api/campaigns/{id}": ["/api/campaigns/aurora", "/api/campaigns/borealis", "/api/campaigns/nobody"],
        "/api/campaigns/{id}/history": [
            f"/api/campaigns/{question}"
            for question in ("aurora/history", "aurora/history?step=x", "nobody/history", "aurora/history?format=csv")
        ],
        "/api/campaigns/{id}/preflight": ["/api/campaigns/aurora/preflight", "/api/campaigns/aurora/preflight?rate=x"],
        "/openapi.json": ["/openapi.json"],
    }
    routes = {resource.canonical for resource in build_web(state, WebOptions()).router.resources()}
    async with served(state) as get:
        description = (await get("/openapi.json")).json
        assert description["openapi"] == "3.1.0"
        assert description["paths"].keys() == routes == asked.keys() == {one.path for one in OPERATIONS}
        for path, urls in asked.items():
            described = description["paths"][path]["get"]
            for url in urls:
                answer = await get(url)
                contents = described["responses"][str(answer.status)]["content"]
                content_type = answer.headers["Content-Type"].partition(";")[0]
                content = contents[content_type]
                if content_type == "application/json" and path != "/openapi.json":
                    assert_described(answer.json, content["schema"], description, url)
            for status in {"401", "403", "503"} & described["responses"].keys():
                (schema,) = (one["schema"] for one in described["responses"][status]["content"].values())
                assert schema["$ref"].rpartition("/")[2] in description["components"]["schemas"]


def assert_described(value: Any, schema: dict[str, Any], description: dict[str, Any], place: str) -> None:
    """The value follows the schema, and has no field that the schema does not name."""
    schemas = description["components"]["schemas"]
    named = [schemas[one["$ref"].rpartition("/")[2]] if "$ref" in one else one for one in schema.get("anyOf", [schema])]
    matching = [one for one in named if type(value) in JSON_TYPES[one["type"]]]
    assert matching, f"{place}: {value!r} does not follow {schema}"
    (schema,) = matching
    if schema["type"] == "array":
        for number, item in enumerate(value):
            assert_described(item, schema["items"], description, f"{place}[{number}]")
    elif schema["type"] == "object":
        properties = schema.get("properties", {})
        assert set(schema.get("required", ())) <= value.keys(), place
        for name, item in value.items():
            assert name in properties or "additionalProperties" in schema, f"{place}.{name} is not described"
            assert_described(
                item, properties.get(name) or schema["additionalProperties"], description, f"{place}.{name}"
            )
