"""docker-compose.yml without an engine: its commands, settings and configurations, run on the parts of this machine."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import time
import urllib.error
from collections.abc import Collection, Iterator
from typing import Any

import pytest
from aiokafka import AIOKafkaProducer

from agents.demo.ports import LOOPBACK, any_port
from agents.demo.redis_server import RedisMissing
from grafana.launch import HEADLINES
from grafana.queries import MOST_LINES, WINDOWS
from streams.kpis.registry import KPI_BY_NAME
from tests.deploy.boards import expressions, marks
from tests.deploy.events import CAMPAIGN, ROUND, entry, one_round
from tests.deploy.files import health_command
from tests.deploy.running import Deployment, wait_until
from tests.support.kafka import KafkaMissing

pytestmark = [pytest.mark.kafka, pytest.mark.skipif(shutil.which("prometheus") is None, reason="no prometheus here")]

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
            plan_campaign(here)
            with here.worker(), here.alertmanager(), here.prometheus():
                wait_until(here.metrics, 40, lambda: here.log("worker"))
                wait_until(lambda: here.query("up") is not None, 20, lambda: here.log("prometheus"))
                yield here
    except (KafkaMissing, RedisMissing) as missing:
        pytest.skip(str(missing))


def plan_campaign(deployment: Deployment) -> None:
    """Puts the campaign into the catalogue, as its team would."""
    path = deployment.directory / "campaigns.json"
    path.write_text(json.dumps({"campaigns": [entry()]}))
    command = [sys.executable, "-m", "agents.cli.main", "campaigns", "apply", str(path)]
    applied = subprocess.run(command, env=deployment.environment("topics"), capture_output=True, text=True, check=False)
    assert applied.returncode == 0, applied.stdout + applied.stderr


def board_expressions(window: str) -> list[tuple[str, str, dict[str, Any]]]:
    """Every query of every board, of all channels together."""
    return list(expressions(window, CAMPAIGN, "all"))


async def send(deployment: Deployment, rounds: int = 1) -> None:
    """Sends rounds of events as a producer on this machine would: by the port that is open to it."""
    async with AIOKafkaProducer(bootstrap_servers=f"{LOOPBACK}:{deployment.kafka_host}", acks="all") as producer:
        for _ in range(rounds):
            for topic, event in one_round():
                await producer.send(topic, json.dumps(event).encode(), key=event["id"].encode() or None)
            _rounds.append(len(ROUND))
        await producer.flush()


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
    environment["LAUNCHPULSE_WEB_PORT"] = str(any_port())
    gone = subprocess.run([sys.executable, *rest], env=environment, check=False, timeout=10, capture_output=True)
    assert gone.returncode != 0


def _due(missing: Collection[tuple[str, str]]) -> set[tuple[str, str]]:
    """(window, title) of what must have a value and has none. Of a headline one of three has one: not judged, target
    met, target missed."""
    headlines = {f"launch: {KPI_BY_NAME[name].title}" for name in HEADLINES}
    found = set()
    for window, title in missing:
        of_three = {f"{title[:-1]}{letter}" for letter in "ABC"} if title[:-2] in headlines else set()
        if title not in of_three or all((window, other) in missing for other in of_three):
            found.add((window, title))
    return found


async def test_every_panel_of_every_board_shows_something_in_every_window(deployment: Deployment) -> None:
    await send(deployment, 60)  # as many cases as a ranking asks for
    wanted = {(window, title): expr for window in WINDOWS for title, expr, _ in board_expressions(window)}
    missing = dict(wanted)
    deadline = time.monotonic() + 60
    while _due(missing) and time.monotonic() < deadline:
        await send(deployment)  # rates need counters that grow, and short windows need fresh events
        missing = {key: expr for key, expr in missing.items() if not deployment.query(expr)}
    assert not _due(missing)
    assert len(wanted) > 1000


async def test_no_panel_has_more_lines_than_can_be_told_apart(deployment: Deployment) -> None:
    await send(deployment)
    lines: dict[str, int] = {}
    for title, expr, panel in expressions("launch", CAMPAIGN, "email"):
        if panel["type"] in ("timeseries", "bargauge"):
            lines[title[:-2]] = lines.get(title[:-2], 0) + len(deployment.query(expr))
    assert max(lines.values()) > 2
    assert max(lines.values()) <= MOST_LINES


async def test_the_marks_stand_where_the_launch_began_and_where_the_team_changed_something(
    deployment: Deployment,
) -> None:
    await send(deployment)

    def found() -> dict[str, list[float]]:
        return {name: [float(one["value"][1]) for one in deployment.query(expr)] for name, expr in marks(CAMPAIGN)}

    wait_until(lambda: all(found().values()), 20, found)
    marked = found()
    days = [(marked[f"launch: {name}"][0] / 1000 - time.time()) / 86_400 for name in ("Launch starts", "Launch ends")]
    assert days == pytest.approx([-40, 50], abs=0.1)
    assert marked["launch: Tactics"][0] == pytest.approx(time.time() * 1000, abs=120_000)


def test_what_fires_reaches_alertmanager_with_its_owner(deployment: Deployment) -> None:
    def told() -> list[str]:
        return [alert["labels"]["owner"] for alert in deployment.alerts() if alert["labels"]["alertname"] == "Always"]

    wait_until(lambda: told() == ["Ann"], 90, lambda: (told(), deployment.log("alertmanager")))


def test_prometheus_scrapes_the_worker_with_its_token_every_second(deployment: Deployment) -> None:
    def scrapes() -> list[int]:
        counted = deployment.query('count_over_time((up{job="launchpulse"} == 1)[20s:1s])')
        return [int(found["value"][1]) for found in counted]

    # A machine that is busy may miss some.
    wait_until(lambda: len(scrapes()) == 2 and min(scrapes()) >= 10, 20, lambda: (scrapes(), deployment.log("worker")))


async def test_the_board_s_figures_are_the_sent_ones(deployment: Deployment) -> None:
    await send(deployment)
    board = {title: expr for title, expr, _ in expressions("launch", CAMPAIGN, "email")}
    wanted = {
        "campaign: Orders A": 2 * len(_rounds),
        "campaign: Units sold A": 4 * len(_rounds),
        "campaign: Revenue A": 25 * len(_rounds),
        "campaign: Net sentiment A": 0,  # as many kind mentions as unkind ones
        "campaign: Reach A": 2,
        "campaign: Click-to-open rate A": 1,
        "campaign: Click-to-open rate B": 1,
    }

    def figures() -> dict[str, dict[str, float]]:
        found = {title: deployment.query(board[title]) for title in wanted}
        return {
            title: {one["metric"]["channel"]: float(one["value"][1]) for one in series}
            for title, series in found.items()
        }

    expected = {title: {"all": value, "email": value} for title, value in wanted.items()}
    wait_until(lambda: figures() == expected, 20, lambda: f"{figures()}, not {expected}")
    (difference,) = deployment.query(board["launch: Lost or doubled A"])
    assert float(difference["value"][1]) == 0


async def test_what_two_workers_expose_in_a_handover_is_shown_once(deployment: Deployment) -> None:
    await send(deployment)
    orders = f'campaign_orders{{campaign="{CAMPAIGN}", channel="all", window="launch"}}'
    wait_until(lambda: len(deployment.query(orders)) == 2, 20, lambda: deployment.query(orders))
    board = {title: expr for title, expr, _ in expressions("launch", CAMPAIGN, "email")}
    for title, expression in board.items():
        if title.startswith("pipeline: Workers "):  # the one table that has a row for each
            continue
        shown = [json.dumps(found["metric"], sort_keys=True) for found in deployment.query(expression)]
        assert "instance" not in "".join(shown), title
        assert len(shown) == len(set(shown)), title
    # The panel's rate, of totals instead: twice the events would be twice as many a second too.
    both = [board[f"pipeline: {title} A"] for title in ("Events of people", "Statements of the business")]
    totals = " + ".join(f"sum({rate.replace('rate(', 'last_over_time(')})" for rate in both)
    wait_until(
        lambda: [float(found["value"][1]) for found in deployment.query(totals)] == [sum(_rounds)],
        20,
        lambda: (deployment.query(totals), sum(_rounds)),
    )
