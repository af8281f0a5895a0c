"""`make launch-room`: Prometheus and Alertmanager beside the demo with the committed rules, and Grafana with boards.

They are children of the demo, in its directory and on this machine's loopback only; nothing of them stays behind.
"""

from __future__ import annotations

import asyncio
import json
import os
import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import yaml

from agents.demo.children import Child, ChildDied, Children
from agents.demo.ports import LOOPBACK, any_port, is_free
from agents.demo.programs import ALERTMANAGER, BOARDS, GET_GRAFANA, PROVISIONING, RULES, Programs

START_SECONDS = 60.0
COMMITTED_BOARDS, COMMITTED_RUNBOOKS = "http://127.0.0.1:3000", "http://127.0.0.1:6066/runbooks/"
"""Where links in the committed rules lead, as grafana/thresholds.py says."""
TIMEOUT = aiohttp.ClientTimeout(total=2)
GRAFANA_HOME = "/usr/share/grafana"


@dataclass(slots=True)
class LaunchRoom:
    """The running programs. Their addresses are `http://127.0.0.1:` and a port; grafana: None where there is none."""

    children: tuple[Child, ...]
    targets: Path
    prometheus: str
    alertmanager: str
    grafana: str | None
    _known: set[str] = field(default_factory=set)

    def scrape(self, addresses: Sequence[str]) -> None:
        """Prometheus reads from now on the workers at these addresses."""
        wanted = json.dumps([{"targets": [address.removeprefix("http://") for address in addresses]}])
        if not self.targets.exists() or self.targets.read_text() != wanted:
            draft = self.targets.with_suffix(".draft")
            draft.write_text(wanted)
            draft.replace(self.targets)

    async def news(self) -> list[str]:
        """One line for each alert that has begun or ended since the last call."""
        try:
            async with (
                aiohttp.ClientSession(timeout=TIMEOUT) as session,
                session.get(f"{self.alertmanager}/api/v2/alerts?silenced=false&inhibited=false") as answer,
            ):
                alerts: list[Mapping[str, Any]] = await answer.json()
        except (aiohttp.ClientError, TimeoutError):
            return []
        firing = {_line(alert) for alert in alerts}
        begun, ended = sorted(firing - self._known), sorted(self._known - firing)
        self._known = firing
        return [f"ALERT {line}" for line in begun] + [f"over: {line}" for line in ended]


def alertmanager_port() -> int:
    """The usual one, or any free one: workers are told where Alertmanager will be before it is started."""
    return _port(9093)


async def start_launch_room(
    children: Children, programs: Programs, alertmanager: int, runbooks: int, step: Callable[[str], None]
) -> LaunchRoom:
    """Start what there is; `step` is told what has been done and what is missing. alertmanager: its port; runbooks:
    that of a worker, which serves them. Raises ChildDied."""
    directory = children.directory / "launch-room"
    directory.mkdir()
    prometheus, grafana = (_port(usual) for usual in (9090, 3000))
    targets = directory / "workers.json"
    config = directory / "prometheus.yml"
    rules = write_rules(directory / "rules", grafana, runbooks)
    config.write_text(yaml.safe_dump(prometheus_config(targets, alertmanager, rules)))
    started = [
        children.start("alertmanager", _alertmanager_command(programs.alertmanager, directory, alertmanager)),
        children.start("prometheus", _prometheus_command(programs.prometheus, directory, config, prometheus)),
    ]
    await _ready(started[1], f"http://{LOOPBACK}:{prometheus}/-/ready")
    step(f"Prometheus at http://{LOOPBACK}:{prometheus}")
    await _ready(started[0], f"http://{LOOPBACK}:{alertmanager}/-/ready")
    step(f"Alertmanager at http://{LOOPBACK}:{alertmanager}")
    if programs.grafana is None:
        step(f"without boards: grafana-server is not on the path, {GET_GRAFANA}")
        return LaunchRoom(tuple(started), targets, _address(prometheus), _address(alertmanager), None)
    password = secrets.token_hex(8)
    environment = {**os.environ, **grafana_environment(directory, grafana, prometheus, password)}
    started.append(children.start("grafana", [programs.grafana, "--homepath", GRAFANA_HOME], environment))
    await _ready(started[2], f"http://{LOOPBACK}:{grafana}/api/health")
    step(f"Grafana at http://{LOOPBACK}:{grafana}/d/launchpulse-launch (user admin, password {password})")
    return LaunchRoom(tuple(started), targets, _address(prometheus), _address(alertmanager), _address(grafana))


def write_rules(folder: Path, grafana: int, runbooks: int) -> Path:
    """The committed rules in a folder of their own, in which the links of alerts lead to these ports. Returns it."""
    folder.mkdir()
    places = {
        f"{COMMITTED_BOARDS}/d/": f"{_address(grafana)}/d/",
        COMMITTED_RUNBOOKS: f"{_address(runbooks)}/runbooks/",
    }
    for source in RULES.glob("*.rules.yml"):
        text = source.read_text(encoding="utf-8")
        for there, here in places.items():
            text = text.replace(there, here)
        (folder / source.name).write_text(text, encoding="utf-8")
    return folder


def prometheus_config(targets: Path, alertmanager: int, rules: Path = RULES) -> dict[str, Any]:
    """As deploy/prometheus.yml, but with the workers in a file, Alertmanager on that port and the rules of a folder."""
    return {
        "global": {"scrape_interval": "1s", "scrape_timeout": "1s", "evaluation_interval": "1s"},
        "rule_files": [str(rules / "*.rules.yml")],
        "alerting": {"alertmanagers": [{"static_configs": [{"targets": [f"{LOOPBACK}:{alertmanager}"]}]}]},
        "scrape_configs": [
            {"job_name": "launchpulse", "file_sd_configs": [{"files": [str(targets)], "refresh_interval": "5s"}]}
        ],
    }


def grafana_environment(directory: Path, port: int, prometheus: int, password: str) -> dict[str, str]:
    """Grafana's settings, its provisioning written to `directory`: the committed one with this machine's places."""
    provisioning = directory / "provisioning"
    places = {"http://prometheus:9090": _address(prometheus), "/etc/launchpulse/dashboards": str(BOARDS)}
    for source in PROVISIONING.rglob("*.yml"):
        text = source.read_text(encoding="utf-8")
        for there, here in places.items():
            text = text.replace(there, here)
        path = provisioning / source.relative_to(PROVISIONING)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    secret = directory / "grafana_admin_password"
    secret.touch(mode=0o600)
    secret.write_text(password)
    return {
        "GF_PATHS_DATA": str(directory / "grafana"),
        "GF_PATHS_LOGS": str(directory / "grafana-logs"),
        "GF_PATHS_PROVISIONING": str(provisioning),
        "GF_SERVER_HTTP_ADDR": LOOPBACK,
        "GF_SERVER_HTTP_PORT": str(port),
        "GF_SECURITY_ADMIN_PASSWORD__FILE": str(secret),
        "GF_AUTH_ANONYMOUS_ENABLED": "false",
        "GF_DASHBOARDS_MIN_REFRESH_INTERVAL": "1s",
        "GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH": str(BOARDS / "launch.json"),
        "GF_ANALYTICS_REPORTING_ENABLED": "false",
        "GF_ANALYTICS_CHECK_FOR_UPDATES": "false",
        "GF_PLUGINS_PREINSTALL_DISABLED": "true",
    }


def _prometheus_command(program: str, directory: Path, config: Path, port: int) -> list[str]:
    return [
        program,
        f"--config.file={config}",
        f"--storage.tsdb.path={directory / 'tsdb'}",
        f"--web.listen-address={LOOPBACK}:{port}",
    ]


def _alertmanager_command(program: str, directory: Path, port: int) -> list[str]:
    return [
        program,
        f"--config.file={ALERTMANAGER}",
        f"--storage.path={directory / 'alertmanager'}",
        f"--web.listen-address={LOOPBACK}:{port}",
        "--cluster.listen-address=",
    ]


async def _ready(child: Child, address: str) -> None:
    deadline = time.monotonic() + START_SECONDS
    async with aiohttp.ClientSession(timeout=TIMEOUT) as session:
        while True:
            try:
                async with session.get(address) as answer:
                    if answer.status == 200 and child.running:
                        return
            except (aiohttp.ClientError, TimeoutError):
                pass
            if not child.running:
                raise child.death()
            if time.monotonic() > deadline:
                raise ChildDied(f"{child.name} does not answer after {START_SECONDS:g} s", child.log_end())
            await asyncio.sleep(0.1)


def _port(usual: int) -> int:
    return usual if is_free(usual) else any_port()


def _address(port: int) -> str:
    return f"http://{LOOPBACK}:{port}"


def _line(alert: Mapping[str, Any]) -> str:
    # Not its summary: the number in it moves, and would make a new line every time.
    labels = alert["labels"]
    what = " ".join(labels[name] for name in ("alertname", "campaign", "channel") if labels.get(name))
    owner = f", for {labels['owner']}" if labels.get("owner") else ""
    return f"{what} ({labels.get('severity', 'no severity')}{owner})"
