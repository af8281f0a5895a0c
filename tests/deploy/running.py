"""The parts of docker-compose.yml on this machine: the same commands and settings, on loopback ports of their own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml

from agents.demo.ports import LOOPBACK, any_port
from tests.deploy.files import PROMETHEUS, ROOT, argument_of, image_environment, read_compose, rewritten
from tests.support.kafka import KafkaBroker
from tests.support.redis import RedisServer

STOP_GRACE_SECONDS = 20
_NOT_PROPERTIES = ("KAFKA_HEAP_OPTS",)


class Deployment:
    """Where everything is. `directory` holds the secrets, the data and the logs."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.kafka_internal, self.kafka_host, self.kafka_controller = any_port(), any_port(), any_port()
        self.worker_port, self.prometheus_port, self.alertmanager_port = any_port(), any_port(), any_port()
        self.services: dict[str, dict[str, Any]] = read_compose({"KAFKA_PORT": str(self.kafka_host)})["services"]
        subprocess.run(["sh", str(ROOT / "deploy" / "make_secrets.sh"), str(directory / "secrets")], check=True)

    @property
    def token(self) -> str:
        """What Prometheus sends to the worker."""
        return (self.directory / "secrets" / "web_token").read_text()

    @contextmanager
    def kafka(self) -> Iterator[KafkaBroker]:
        """A real Kafka with the settings of the service, as the image makes properties of its environment."""
        environment = self.services["kafka"]["environment"]
        properties = {
            name.removeprefix("KAFKA_").lower().replace("_", "."): value
            for name, value in environment.items()
            if name.startswith("KAFKA_") and name not in _NOT_PROPERTIES
        }
        broker = KafkaBroker(
            self.directory / "kafka",
            rewritten(
                properties,
                {
                    "0.0.0.0:9092": f"{LOOPBACK}:{self.kafka_host}",
                    "0.0.0.0:19092": f"{LOOPBACK}:{self.kafka_internal}",
                    "kafka:19092": f"{LOOPBACK}:{self.kafka_internal}",
                    "29093": str(self.kafka_controller),
                    "/var/lib/kafka": str(self.directory / "kafka"),
                },
            ),
        )
        broker.port = self.kafka_host  # where it is waited for
        with broker:
            yield broker

    @contextmanager
    def redis(self) -> Iterator[RedisServer]:
        """A real Redis with the options of the service's command."""
        program, *options = self.services["redis"]["command"]
        assert program == "redis-server"
        named = dict(zip((name.removeprefix("--") for name in options[::2]), options[1::2], strict=True))
        with RedisServer(options=named) as server:
            self.redis_port = server.port
            yield server

    def environment(self, name: str) -> dict[str, str]:
        """The environment of a service of ours, hosts, ports and paths those of this machine."""
        replacements = {
            "kafka:19092": f"{LOOPBACK}:{self.kafka_internal}",
            "redis:6379": f"{LOOPBACK}:{self.redis_port}",
            "/run/secrets": str(self.directory / "secrets"),
            "/var/lib/launchpulse": str(self.directory / name),
            "0.0.0.0": LOOPBACK,
        }
        given = rewritten({**image_environment(), **self.services[name]["environment"]}, replacements)
        given.pop("PATH")
        if "LAUNCHPULSE_WEB_PORT" in given:
            given["LAUNCHPULSE_WEB_PORT"] = str(self.worker_port)
        inherited = {key: value for key, value in os.environ.items() if not key.startswith("LAUNCHPULSE_")}
        return {**inherited, **given}

    def command(self, name: str) -> list[str]:
        """What the service's container runs; the entry point `launchpulse` is this module."""
        assert json.loads(argument_of("ENTRYPOINT")) == ["launchpulse"]
        return [sys.executable, "-m", "agents.cli.main", *self.services[name]["command"]]

    @contextmanager
    def worker(self) -> Iterator[subprocess.Popen[bytes]]:
        """A running worker. At the end it's stopped as Compose does; AssertionError where that is not a clean end."""
        with self._running(self.command("worker"), "worker", self.environment("worker")) as process:
            yield process
        assert process.returncode == 0, f"ended with {process.returncode}: {self.log('worker')}"

    @contextmanager
    def prometheus(self) -> Iterator[None]:
        """A real Prometheus with the service's command and configuration; addresses instead of DNS.

        There are two of the one worker, so that every series is exposed twice, as for a moment in a handover.
        """
        config = yaml.safe_load(PROMETHEUS.read_text())
        (committed,) = config["rule_files"]
        rules = committed.replace("/etc/prometheus/rules", str(ROOT / "grafana" / "prometheus"))
        config["rule_files"] = [rules, str(self._always_firing())]
        (told,) = config["alerting"]["alertmanagers"]
        told["static_configs"] = [{"targets": [f"{LOOPBACK}:{self.alertmanager_port}"]}]
        (job,) = config["scrape_configs"]
        del job["dns_sd_configs"]
        job["static_configs"] = [{"targets": [f"{host}:{self.worker_port}" for host in (LOOPBACK, "localhost")]}]
        job["authorization"]["credentials_file"] = str(self.directory / "secrets" / "web_token")
        path = self.directory / "prometheus.yml"
        path.write_text(yaml.safe_dump(config))
        flags = [
            flag.replace("/etc/prometheus/prometheus.yml", str(path)).replace("=/prometheus", f"={self.directory}/tsdb")
            for flag in self.services["prometheus"]["command"]
        ]
        command = ["prometheus", *flags, f"--web.listen-address={LOOPBACK}:{self.prometheus_port}"]
        with self._running(command, "prometheus", dict(os.environ)):
            yield

    def _always_firing(self) -> Path:
        """The rules of an alert that fires by itself, so that the boards have one to show: not before Prometheus has
        found Alertmanager, since it tells again only a minute later."""
        alert = {
            "alert": "Always",
            "expr": "vector(1)",
            "for": "10s",
            "labels": {"campaign": "aurora", "channel": "all", "severity": "warning", "owner": "Ann"},
        }
        path = self.directory / "always.rules.yml"
        path.write_text(yaml.safe_dump({"groups": [{"name": "always", "rules": [alert]}]}))
        return path

    @contextmanager
    def alertmanager(self) -> Iterator[None]:
        """A real Alertmanager with the service's command and configuration."""
        (mount,) = [one for one in self.services["alertmanager"]["volumes"] if one.startswith(".")]
        source, target, _ = mount.split(":")
        flags = [
            flag.replace(target, str(ROOT / source)).replace("=/alertmanager", f"={self.directory}/alertmanager")
            for flag in self.services["alertmanager"]["command"]
        ]
        command = ["prometheus-alertmanager", *flags, f"--web.listen-address={LOOPBACK}:{self.alertmanager_port}"]
        with self._running(command, "alertmanager", dict(os.environ)):
            yield

    def alerts(self) -> list[dict[str, Any]]:
        """What Alertmanager has been told."""
        address = f"http://{LOOPBACK}:{self.alertmanager_port}/api/v2/alerts"
        with urllib.request.urlopen(address, timeout=5) as answer:
            found: list[dict[str, Any]] = json.load(answer)
            return found

    def metrics(self, token: str | None = None) -> str:
        """The worker's /metrics. Raises urllib.error.HTTPError where it refuses."""
        request = urllib.request.Request(f"http://{LOOPBACK}:{self.worker_port}/metrics")
        request.add_header("Authorization", f"Bearer {self.token if token is None else token}")
        with urllib.request.urlopen(request, timeout=5) as answer:
            text: str = answer.read().decode()
            return text

    def query(self, expression: str) -> list[dict[str, Any]]:
        """What Prometheus answers now: series with their labels and value. AssertionError where it cannot parse."""
        asked = urllib.parse.urlencode({"query": expression})
        try:
            with urllib.request.urlopen(
                f"http://{LOOPBACK}:{self.prometheus_port}/api/v1/query?{asked}", timeout=10
            ) as answer:
                found: list[dict[str, Any]] = json.load(answer)["data"]["result"]
                return found
        except urllib.error.HTTPError as refused:
            if refused.code == 503:  # it is starting
                refused.close()
                raise
            raise AssertionError(f"{expression}: {refused.read().decode()}") from refused

    def log(self, name: str) -> str:
        """The end of what a process printed."""
        return (self.directory / f"{name}.log").read_text()[-4000:]

    @contextmanager
    def _running(
        self, command: list[str], name: str, environment: Mapping[str, str]
    ) -> Iterator[subprocess.Popen[bytes]]:
        with (self.directory / f"{name}.log").open("ab") as log:
            process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=subprocess.STDOUT)
        try:
            yield process
        finally:
            process.terminate()
            try:
                process.wait(STOP_GRACE_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def wait_until(ready: Callable[[], object], seconds: float, what: Callable[[], object]) -> None:
    """Asks until `ready()` holds, refused connections included. AssertionError with `what()` after `seconds`."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            if ready():
                return
        except (OSError, urllib.error.URLError):
            pass
        assert time.monotonic() < deadline, f"not within {seconds} s: {what()}"
        time.sleep(0.2)
