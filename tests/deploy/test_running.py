"""docker-compose.yml without an engine: its commands, settings and configurations, run on the parts of this machine."""

from __future__ import annotations

import itertools
import json
import re
import shutil
import subprocess
import sys
import time
import urllib.error
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from aiokafka import AIOKafkaProducer

from agents.demo.redis_server import RedisMissing
from grafana.build import boards
from grafana.queries import WINDOWS
from tests.deploy.files import health_command
from tests.deploy.running import Deployment, wait_until
from tests.support.kafka import KafkaMissing
from tests.support.ports import LOOPBACK, free_port

pytestmark = [pytest.mark.kafka, pytest.mark.skipif(shutil.which("prometheus") is None, reason="no prometheus here")]

CAMPAIGN = "aurora"
_numbers = itertools.count()


@pytest.fixture(scope="module")
def deployment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    """Kafka and Redis with the file's settings, the topics made by the file's command, a worker, Prometheus."""
    here = Deployment(tmp_path_factory.mktemp("compose"))
    try:
        with here.kafka(), here.redis():
            made = subprocess.run(
                here.command("topics"), env=here.environment("topics"), capture_output=True, text=True, check=False
            )
            assert made.returncode == 0, made.stdout + made.stderr
            assert "all topics are as they should be" in made.stdout
            with here.worker(), here.prometheus():
                wait_until(here.metrics, 40, lambda: here.log("worker"))
                wait_until(lambda: here.query("up") is not None, 20, lambda: here.log("prometheus"))
                yield here
    except (KafkaMissing, RedisMissing) as missing:
        pytest.skip(str(missing))


def events() -> Iterator[tuple[str, dict[str, Any]]]:
    """Topic and event: what every KPI needs to have a value, sales and mentions of each kind and one broken click."""
    kinds: list[tuple[str, dict[str, Any]]] = [
        ("visit", {"person": "anna", "engaged": True}),
        ("visit", {"person": "ben"}),
        ("open", {"person": "anna"}),
        ("open", {"person": "proxy", "machine": True}),
        ("click", {"person": "anna"}),
        ("click", {"person": "bot", "machine": True}),
        ("click", {"person": "ben", "unsubscribe": True}),
        ("mention", {"sentiment": 0.8}),
        ("mention", {"sentiment": -0.8}),
        ("sale", {"person": "anna", "amount": "20.00", "currency": "EUR", "new_customer": True}),
        ("sale", {"person": "anna", "amount": "10.00", "currency": "EUR", "units": 3}),
        ("sale", {"person": "anna", "amount": "5.00", "currency": "EUR", "kind": "refund"}),
        ("click", {"id": ""}),
    ]
    for topic, own in kinds:
        number = next(_numbers)
        common = {"id": f"e-{number}", "time": int(time.time() * 1000), "campaign": CAMPAIGN, "channel": "email"}
        yield topic, {**common, "order": f"o-{number}", **own} if topic == "sale" else {**common, **own}


async def send(deployment: Deployment) -> int:
    """Sends one round of events as a producer on this machine would: by the port that is open to it. How many."""
    made = list(events())
    async with AIOKafkaProducer(bootstrap_servers=f"{LOOPBACK}:{deployment.kafka_host}", acks="all") as producer:
        for topic, event in made:
            await producer.send_and_wait(topic, json.dumps(event).encode(), key=event["id"].encode() or None)
    return len(made)


def expressions(window: str) -> Iterator[tuple[str, str]]:
    """Panel title and expression, the variables filled in as Grafana does."""
    for panel in json.loads(boards()["launch.json"])["panels"]:
        for target in panel.get("targets", []):
            filled = target["expr"].replace("$campaign", CAMPAIGN).replace("$channel", "(all|email)")
            yield f"{panel['title']} {target['refId']}", filled.replace("$window", window)


async def test_events_sent_to_the_open_port_are_counted_in_the_metrics(deployment: Deployment) -> None:
    sent = await send(deployment)

    def read() -> int:
        pattern = r'^launchpulse_events_read_total\{.*\} (\d+)$'
        return sum(int(number) for number in re.findall(pattern, deployment.metrics(), re.MULTILINE))

    wait_until(lambda: read() == sent, 30, lambda: f"{read()} of {sent} read\n{deployment.log('worker')}")
    wait_until(
        lambda: f'campaign_clicks{{campaign="{CAMPAIGN}",channel="all",window="launch"}} 1' in deployment.metrics(),
        20,
        deployment.metrics,
    )


def test_metrics_are_refused_without_the_token(deployment: Deployment) -> None:
    with pytest.raises(urllib.error.HTTPError) as refused:
        deployment.metrics(token="wrong")
    assert refused.value.code == 401
    refused.value.close()


def test_the_image_s_health_check_passes_while_the_worker_lives_and_fails_where_none_is(
    deployment: Deployment,
) -> None:
    python, *rest = health_command()
    assert python == "python"
    environment = deployment.environment("worker")
    assert subprocess.run([sys.executable, *rest], env=environment, check=False, timeout=10).returncode == 0
    environment["LAUNCHPULSE_WEB_PORT"] = str(free_port())
    gone = subprocess.run([sys.executable, *rest], env=environment, check=False, timeout=10, capture_output=True)
    assert gone.returncode != 0


async def test_every_panel_shows_something_in_every_window(deployment: Deployment) -> None:
    wanted = {(window, title): expr for window in WINDOWS for title, expr in expressions(window)}
    missing = dict(wanted)
    deadline = time.monotonic() + 40
    while missing and time.monotonic() < deadline:
        await send(deployment)  # rates need counters that grow, and short windows need fresh events
        missing = {key: expr for key, expr in missing.items() if not deployment.query(expr)}
    assert not missing
    assert len(wanted) > 200


def test_prometheus_scrapes_the_worker_with_its_token_every_second(deployment: Deployment) -> None:
    wait_until(
        lambda: [found["value"][1] for found in deployment.query('up{job="launchpulse"}')] == ["1"],
        10,
        lambda: deployment.log("prometheus"),
    )
    (scrapes,) = deployment.query('count_over_time(up{job="launchpulse"}[10s])')
    assert int(scrapes["value"][1]) >= 5


def test_the_board_s_figures_are_the_sent_ones(deployment: Deployment) -> None:
    board = dict(expressions("launch"))
    rates = {
        found["metric"]["channel"]: float(found["value"][1]) for found in deployment.query(board["Net sentiment A"])
    }
    assert rates == {"all": 0.0, "email": 0.0}  # as many kind mentions as unkind ones
    (difference,) = deployment.query(board["Ledger difference A"])
    assert float(difference["value"][1]) == 0
    (workers,) = deployment.query(board["Workers A"])
    assert float(workers["value"][1]) == 1


def test_a_series_that_two_workers_expose_is_shown_once(deployment: Deployment) -> None:
    (shown,) = deployment.query(dict(expressions("launch"))["Orders A"].replace("(all|email)", "all"))
    raw = f'campaign_orders{{campaign="{CAMPAIGN}", channel="all", window="launch"}}'
    doubled = f'max by (campaign, channel, window) (label_replace({raw}, "instance", "other", "", "") or {raw})'
    assert len(deployment.query(f'label_replace({raw}, "instance", "other", "", "") or {raw}')) == 2
    (once,) = deployment.query(doubled)
    assert once["metric"] == {key: shown["metric"][key] for key in ("campaign", "channel", "window")}
