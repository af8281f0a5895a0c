"""Before and after a launch with two real workers: any of them answers for any campaign, and the command as people use
it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from agents.demo.ports import any_port
from tests.faults.deployment import Deployment
from tests.faults.events import Record
from tests.faults.processes import ROOT, WorkerProcess, wait_for
from tests.faults.sending import send_all
from tests.kafka.exactness import deployed
from tests.rules.alertmanager import Told, alertmanager
from tests.rules.test_alertmanager import QUICK
from tests.support.kafka import KafkaBroker

pytestmark = pytest.mark.kafka

START = datetime.now(UTC) + timedelta(hours=1)
AURORA = f"""
campaigns:
  - id: aurora
    name: Aurora lamp
    owner: {{name: Maria, contact: maria@example.com}}
    channel_owners: {{email: {{name: Noor, contact: "#mail"}}}}
    starts_at: {START.isoformat()}
    ends_at: {(START + timedelta(days=30)).isoformat()}
    budget: 1000
    gross_margin: 0.4
    baseline_revenue_per_day: 0
    customers_at_start: 0
    currency: EUR
    targets: [{{kpi: orders, window: launch, min: 5}}]
    expects: {{email: [click, sale]}}
"""


@dataclass(frozen=True, slots=True)
class Launch:
    """owner: the worker that owns the campaign's partition; other: the other one. environment: of the command."""

    deployment: Deployment
    alerts: Told
    owner: WorkerProcess
    other: WorkerProcess
    environment: Mapping[str, str]

    def command(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """`launchpulse ARGUMENTS` in that environment."""
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("LAUNCHPULSE_")}
        return subprocess.run(
            [sys.executable, "-m", "agents.cli.main", *arguments],
            cwd=ROOT,
            env=inherited | self.environment,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    def preflight(self, worker: WorkerProcess, *arguments: str) -> subprocess.CompletedProcess[str]:
        """`launchpulse preflight aurora`, of that worker."""
        url = f"http://127.0.0.1:{worker.port}"
        return self.command("preflight", "aurora", "--url", url, *arguments)


@pytest.fixture(scope="module")
def launch(kafka_broker: KafkaBroker, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Launch]:
    folder = tmp_path_factory.mktemp("launch")
    (folder / "alerts").mkdir()
    with (
        alertmanager(folder / "alerts", QUICK) as alerts,
        deployed(folder, kafka_broker, alertmanager_url=alerts.url) as deployment,
    ):
        workers = deployment.start("one", "two")
        deployment.wait_ready(90)
        now_ms = time.time_ns() // 1_000_000
        real = [event("click", number, now_ms, channel="push") for number in range(7)]
        send_all(kafka_broker.address, deployment.prefix, real)
        wait_for(lambda: len(owners(workers)) == 1, 60, deployment.tails)
        (owner,) = owners(workers)
        (other,) = (worker for worker in workers if worker is not owner)
        yield Launch(deployment, alerts, owner, other, deployment.environment)


def event(topic: str, number: int, now_ms: int, **fields: object) -> Record:
    said = {"id": f"{topic}-{number}", "time": now_ms, "campaign": "aurora", "channel": "email", **fields}
    return Record(topic, None, json.dumps(said).encode())


def owners(workers: list[WorkerProcess]) -> list[WorkerProcess]:
    return [worker for worker in workers if worker.get("/api/campaigns/aurora")[0] == 200]


def clicks(history: dict[str, Any]) -> int:
    return sum(step["totals"].get("clicks", 0) for step in history["steps"])


@pytest.mark.parametrize("step", ["minute", "hour", "day"])
def test_the_history_is_the_same_from_the_worker_that_owns_the_campaign_and_from_another(
    launch: Launch, step: str
) -> None:
    path = f"/api/campaigns/aurora/history?step={step}&to=2100-01-01T00:00:00Z"
    wait_for(lambda: clicks(launch.owner.json(path)) == 7, 30, lambda: launch.owner.get(path))
    own = launch.owner.json(path)
    wait_for(lambda: launch.other.get(path, 10)[0] == 200, 30, lambda: launch.other.get(path, 10))
    relayed = launch.other.json(path)
    assert clicks(relayed) == 7
    told = ("campaign", "channel", "step")
    assert [relayed[name] for name in told] == [own[name] for name in told]
    # A minute may have begun in between.
    steps = {one["start_ms"]: one["totals"] for one in own["steps"]}
    assert all(steps.get(one["start_ms"], one["totals"]) == one["totals"] for one in relayed["steps"])
    text = launch.other.get(path + "&format=csv", 10)[1]
    assert text.lstrip("\ufeff").startswith("campaign,channel,start,end,complete")


def test_a_campaign_that_nobody_knows_is_not_found_by_any_worker(launch: Launch) -> None:
    for worker in (launch.owner, launch.other):
        assert worker.get("/api/campaigns/nobody/history", 10)[0] == 404


def test_the_command_says_what_is_to_be_mended_and_then_that_everything_is_ready(
    launch: Launch, tmp_path: Path
) -> None:
    unknown = launch.preflight(launch.owner, "--rate", "4000")
    assert unknown.returncode == 1, unknown.stderr
    assert "to mend Catalogue entry: the catalogue has no aurora" in unknown.stdout
    assert "-> describe it in a YAML file and apply that: launchpulse campaigns apply FILE.yaml" in unknown.stdout
    (tmp_path / "aurora.yaml").write_text(AURORA, encoding="utf-8")
    applied = launch.command("campaigns", "apply", str(tmp_path / "aurora.yaml"))
    assert applied.returncode == 0, applied.stderr
    now_ms = time.time_ns() // 1_000_000
    tests = [event("sale", number, now_ms, amount="1", currency="EUR", test=True) for number in range(3)]
    tests.append(event("click", 99, now_ms, test=True))
    send_all(launch.deployment.broker.address, launch.deployment.prefix, tests)

    def lines(worker: WorkerProcess) -> dict[str, str]:
        """Of what a worker's command says in JSON: title -> verdict and message."""
        done = launch.preflight(worker, "--rate", "4000", "--json")
        return {line["title"]: f"{line['verdict']} {line['message']}" for line in json.loads(done.stdout)["lines"]}

    wanted = "ok 3 in the last 24 hours, in no KPI"
    for worker in (launch.owner, launch.other):
        wait_for(lambda at=worker: lines(at).get("Test events: email, sale") == wanted, 60, lambda at=worker: lines(at))  # type: ignore[misc]
        assert lines(worker)["Test events: email, click"] == "ok 1 in the last 24 hours, in no KPI"
        assert lines(worker)["Workers"].startswith("ok 2 in the group")
        assert lines(worker)["Delivery of alerts"].startswith("unknown ")

    told = launch.preflight(launch.other, "--rate", "4000", "--notify")
    assert told.returncode == 3, told.stdout
    assert told.stderr.splitlines() == [
        "Test alerts are on their way to the default receiver, maria@example.com, #mail. Has everybody seen one?"
    ]
    launch.alerts.until(40, "/on-call", ("PreflightTest", "firing"))
    launch.alerts.until(40, "/owner", ("PreflightTest", "firing"))
    wait_for(lambda: lines(launch.other)["Delivery of alerts"].startswith("ok "), 40, lambda: lines(launch.other))

    ready = launch.preflight(launch.other, "--rate", "4000")
    assert ready.returncode == 0, ready.stdout
    assert "to mend" not in ready.stdout
    assert "ok      Expected topics: 2 topics in 1 channel" in ready.stdout
    many = launch.preflight(launch.other, "--rate", "40000", "--language", "ru")
    assert many.returncode == 1
    assert "исправить  Воркеры: в группе: 2" in many.stdout
    assert "запустите ещё 6, каждый на своём ядре" in many.stdout

    (tmp_path / "aurora.yaml").write_text(AURORA.replace("sale]", "sale], push: [click]"), encoding="utf-8")
    assert launch.command("campaigns", "apply", str(tmp_path / "aurora.yaml")).returncode == 0
    unmarked = "mend this source still sends unmarked events: 7 in the last 24 hours"
    for worker in (launch.owner, launch.other):
        wait_for(
            lambda at=worker: lines(at).get("Test events: push, click", "").startswith(unmarked),  # type: ignore[misc]
            60,
            lambda at=worker: lines(at),  # type: ignore[misc]
        )


def test_what_the_command_cannot_do_it_says_in_one_line(launch: Launch) -> None:
    nobody = launch.command("preflight", "aurora", "--url", f"http://127.0.0.1:{any_port()}")
    assert nobody.returncode == 3
    assert len(nobody.stderr.splitlines()) == 1
    assert "no worker answers at" in nobody.stderr
    wrong = launch.preflight(launch.owner, "--language", "fr")
    assert (wrong.returncode, len(wrong.stderr.splitlines())) == (1, 1)
    assert "language must be en or ru" in wrong.stderr
    with_none = {name: value for name, value in launch.deployment.environment.items() if "ALERTMANAGER" not in name}
    mute = replace(launch, environment=with_none).preflight(launch.owner, "--notify")
    assert (mute.returncode, len(mute.stderr.splitlines())) == (1, 1)
    assert "LAUNCHPULSE_ALERTMANAGER_URL" in mute.stderr
    elsewhere = with_none | {"LAUNCHPULSE_ALERTMANAGER_URL": f"http://127.0.0.1:{any_port()}"}
    away = replace(launch, environment=elsewhere).preflight(launch.owner, "--notify")
    assert away.returncode == 3
    assert "does not answer" in away.stderr
