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
_rounds: list[int] = []  # how many events each round had


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


async def send(deployment: Deployment) -> None:
    """Sends one round of events as a producer on this machine would: by the port that is open to it."""
    made = list(events())
    async with AIOKafkaProducer(bootstrap_servers=f"{LOOPBACK}:{deployment.kafka_host}", acks="all") as producer:
        for topic, event in made:
            await producer.send_and_wait(topic, json.dumps(event).encode(), key=event["id"].encode() or None)
    _rounds.append(len(made))


def expressions(window: str) -> Iterator[tuple[str, str]]:
    """Panel title and expression, the variables filled in as Grafana does."""
    for panel in json.loads(boards()["launch.json"])["panels"]:
        for target in panel.get("targets", []):
            filled = target["expr"].replace("$campaign", CAMPAIGN).replace("$channel", "(all|email)")
            yield f"{panel['title']} {target['refId']}", filled.replace("$window", window)


async def test_events_sent_to_the_open_port_are_counted_in_the_metrics(deployment: Deployment) -> None:
    await send(deployment)

    def read() -> int:
        pattern = r"^launchpulse_events_read_total\{.*\} (\d+)$"
        return sum(int(number) for number in re.findall(pattern, deployment.metrics(), re.MULTILINE))

    wait_until(lambda: read() == sum(_rounds), 30, lambda: f"{read()} read\n{deployment.log('worker')}")
    clicks = f'campaign_clicks{{campaign="{CAMPAIGN}",channel="all",window="launch"}} {len(_rounds)}\n'
    wait_until(lambda: clicks in deployment.metrics(), 20, deployment.metrics)


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
    def scrapes() -> list[int]:
        counted = deployment.query('count_over_time((up{job="launchpulse"} == 1)[20s:1s])')
        return [int(found["value"][1]) for found in counted]

    # A machine that is busy may miss some.
    wait_until(lambda: len(scrapes()) == 2 and min(scrapes()) >= 10, 20, lambda: (scrapes(), deployment.log("worker")))


async def test_the_board_s_figures_are_the_sent_ones(deployment: Deployment) -> None:
    await send(deployment)
    board = dict(expressions("launch"))
    wanted = {
        "Orders A": 2 * len(_rounds),
        "Units sold A": 4 * len(_rounds),
        "Revenue A": 25 * len(_rounds),
        "Net sentiment A": 0,  # as many kind mentions as unkind ones
        "Reach A": 2,
        "Click-to-open rate A": 1,
        "Click-to-open rate B": 1,
    }

    def figures() -> dict[str, dict[str, float]]:
        found = {title: deployment.query(board[title]) for title in wanted}
        return {
            title: {one["metric"]["channel"]: float(one["value"][1]) for one in series}
            for title, series in found.items()
        }

    expected = {title: {"all": value, "email": value} for title, value in wanted.items()}
    wait_until(lambda: figures() == expected, 20, lambda: f"{figures()}, not {expected}")
    (difference,) = deployment.query(board["Ledger difference A"])
    assert float(difference["value"][1]) == 0


async def test_what_two_workers_expose_in_a_handover_is_shown_once(deployment: Deployment) -> None:
    await send(deployment)
    orders = f'campaign_orders{{campaign="{CAMPAIGN}", channel="all", window="launch"}}'
    wait_until(lambda: len(deployment.query(orders)) == 2, 20, lambda: deployment.query(orders))
    board = dict(expressions("launch"))
    for title, expression in board.items():
        shown = [json.dumps(found["metric"], sort_keys=True) for found in deployment.query(expression)]
        assert "instance" not in "".join(shown), title
        assert len(shown) == len(set(shown)), title
    # The panel's rate, of totals instead: twice the events would be twice as many a second too.
    totals = f"sum({board['Events A'].replace('rate(', 'last_over_time(')})"
    wait_until(
        lambda: [float(found["value"][1]) for found in deployment.query(totals)] == [sum(_rounds)],
        20,
        lambda: (deployment.query(totals), sum(_rounds)),
    )
