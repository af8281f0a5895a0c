"""docker-compose.yml, as far as it can be read: no engine runs where these tests do."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import Any

import pytest
import yaml

from agents.demo.ports import LOOPBACK, any_port
from agents.settings import Settings, load_settings
from agents.settings_errors import SettingsError, variable
from grafana.rules import ALERTS
from grafana.thresholds import BOARDS_URL, RUNBOOKS_URL
from tests.deploy.files import (
    PROMETHEUS,
    ROOT,
    argument_of,
    health_command,
    image_environment,
    own_services,
    read_compose,
    rewritten,
)

SERVICES: dict[str, dict[str, Any]] = read_compose()["services"]
LONG_RUNNING = {name: service for name, service in SERVICES.items() if service["restart"] == "unless-stopped"}
each_service = pytest.mark.parametrize("name", SERVICES)
each_own = pytest.mark.parametrize("name", own_services(read_compose()))


@pytest.fixture
def secrets(tmp_path: Path) -> Path:
    """The folder that deploy/make_secrets.sh fills."""
    subprocess.run(["sh", str(ROOT / "deploy" / "make_secrets.sh"), str(tmp_path / "s")], check=True)
    return tmp_path / "s"


def environment_of(name: str, secrets: Path) -> dict[str, str]:
    """A service's environment with its image's, the secrets where they are here."""
    environment = {**image_environment(), **SERVICES[name]["environment"]}
    return rewritten(environment, {"/run/secrets": str(secrets)})


def test_the_file_names_the_parts_of_a_launch() -> None:
    assert set(SERVICES) == {"kafka", "redis", "topics", "worker", "runbooks", "prometheus", "alertmanager", "grafana"}


@each_own
def test_every_variable_of_ours_is_a_setting(name: str) -> None:
    known = {variable(field) for field in Settings.model_fields}
    named = {key for key in SERVICES[name]["environment"] if key.startswith("LAUNCHPULSE_")}
    assert named <= known


@pytest.mark.parametrize("name", ["topics", "worker"])
def test_the_settings_accept_the_environment(name: str, secrets: Path) -> None:
    settings = load_settings(environment_of(name, secrets), hash_key_required=name == "worker")
    assert settings.brokers == "kafka:19092"
    assert settings.redis_url == "redis://redis:6379/0"


def test_without_its_secret_files_a_worker_is_refused_by_name(secrets: Path) -> None:
    (secrets / "web_token").unlink()
    with pytest.raises(SettingsError, match="LAUNCHPULSE_WEB_TOKEN_FILE"):
        load_settings(environment_of("worker", secrets))


def test_making_the_secrets_again_keeps_the_hash_key(secrets: Path) -> None:
    before = (secrets / "hash_key").read_bytes()
    (secrets / "web_token").unlink()
    subprocess.run(["sh", str(ROOT / "deploy" / "make_secrets.sh"), str(secrets)], check=True)
    assert (secrets / "hash_key").read_bytes() == before
    assert len((secrets / "web_token").read_bytes()) == 64
    assert secrets.stat().st_mode & 0o777 == 0o700


def test_every_secret_is_a_file_that_the_script_makes_and_nobody_commits(secrets: Path) -> None:
    files = {Path(secret["file"]) for secret in read_compose()["secrets"].values()}
    assert {file.name for file in files} == {file.name for file in secrets.iterdir()}
    assert {str(file.parent) for file in files} == {"secrets"}
    assert "/secrets/" in (ROOT / ".gitignore").read_text().splitlines()


@each_service
def test_every_secret_that_a_service_reads_is_given_to_it(name: str) -> None:
    service = SERVICES[name]
    config = PROMETHEUS.read_text() if name == "prometheus" else ""
    text = yaml.safe_dump([service.get("environment", {}), service.get("command", [])]) + config
    assert set(re.findall(r"/run/secrets/(\w+)", text)) == set(service.get("secrets", []))


@each_service
def test_every_image_is_pinned(name: str) -> None:
    image = SERVICES[name]["image"]
    if name in own_services(read_compose()):
        assert re.fullmatch(r"launchpulse:\d+\.\d+\.\d+", image)
    else:
        assert re.fullmatch(r"[a-z/]+:v?\d+\.\d+\.\d+[\w.-]*@sha256:[0-9a-f]{64}", image)


def test_our_image_is_named_after_the_version_of_the_project() -> None:
    version = re.search(r'^version = "(.+)"$', (ROOT / "pyproject.toml").read_text(), re.MULTILINE)
    assert version
    assert SERVICES["worker"]["image"] == f"launchpulse:{version[1]}"


def test_kafka_is_of_the_version_that_the_tests_run_against() -> None:
    pom = (ROOT / "tests" / "support" / "kafka" / "pom.xml").read_text()
    tested = re.search(r"<artifactId>kafka_[\d.]+</artifactId>\s*<version>(.+)</version>", pom)
    assert tested
    assert SERVICES["kafka"]["image"].startswith(f"apache/kafka:{tested[1]}@")


@each_service
def test_every_service_is_confined(name: str) -> None:
    service = SERVICES[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["tmpfs"]
    assert not {"privileged", "network_mode", "pid", "cap_add", "devices"} & set(service)


@each_service
def test_what_is_writable_in_memory_is_bounded_and_belongs_to_who_writes_it(name: str) -> None:
    for mount in SERVICES[name]["tmpfs"]:
        _, _, options = mount.partition(":")
        given = dict(option.partition("=")[::2] for option in options.split(","))
        assert given["size"]
        assert given["mode"] == "1777" or {"uid", "gid"} <= set(given)


@each_own
def test_the_image_s_user_owns_the_folder_that_it_writes_to(name: str) -> None:
    user, group = argument_of("USER").split(":")
    folder = image_environment()["LAUNCHPULSE_DATA_DIR"]
    assert any(mount.startswith(f"{folder}:uid={user},gid={group},mode=0700,") for mount in SERVICES[name]["tmpfs"])


@each_service
def test_every_service_has_limits(name: str) -> None:
    service = SERVICES[name]
    assert re.fullmatch(r"\d+[mg]", service["mem_limit"])
    assert service["pids_limit"] > 0
    assert service["logging"]["options"]["max-size"]


@pytest.mark.parametrize("name", LONG_RUNNING)
def test_every_service_that_stays_has_a_health_check(name: str) -> None:
    if "healthcheck" in SERVICES[name]:
        assert SERVICES[name]["healthcheck"]["test"]
    else:
        assert name in ("worker", "runbooks")  # their check is the image's, see test_dockerfile.py


def test_the_service_that_ends_has_none() -> None:
    assert set(SERVICES) - set(LONG_RUNNING) == {"topics"}
    assert SERVICES["topics"]["healthcheck"] == {"disable": True}


@each_service
def test_ports_are_open_to_this_machine_only(name: str) -> None:
    assert all(port.startswith("127.0.0.1:") for port in SERVICES[name].get("ports", []))


def test_workers_can_be_many() -> None:
    assert not {"ports", "container_name", "hostname", "volumes"} & set(SERVICES["worker"])
    assert all("container_name" not in service for service in SERVICES.values())


def test_what_speaks_plaintext_is_on_the_network_without_a_way_out() -> None:
    networks = read_compose()["networks"]
    assert networks["backend"]["internal"] is True
    for name in ("redis", "topics", "worker"):
        assert SERVICES[name]["networks"] == ["backend"]


def test_each_part_waits_for_what_it_needs() -> None:
    needs = {name: service.get("depends_on", {}) for name, service in SERVICES.items()}
    conditions = {name: {on: how["condition"] for on, how in each.items()} for name, each in needs.items()}
    assert conditions["topics"] == {"kafka": "service_healthy"}
    assert conditions["worker"] == {
        "kafka": "service_healthy",
        "redis": "service_healthy",
        "topics": "service_completed_successfully",
    }
    assert conditions["grafana"] == {"prometheus": "service_healthy"}


@each_service
def test_what_is_mounted_exists(name: str) -> None:
    volumes = read_compose()["volumes"]
    for mount in SERVICES[name].get("volumes", []):
        source, _, target = mount.partition(":")
        if source.startswith("."):
            assert (ROOT / source).exists()
            assert target.endswith(":ro")
        else:
            assert source in volumes


def test_prometheus_finds_every_worker_by_the_name_of_its_service() -> None:
    (job,) = yaml.safe_load(PROMETHEUS.read_text())["scrape_configs"]
    (discovery,) = job["dns_sd_configs"]
    environment = SERVICES["worker"]["environment"]
    assert discovery["names"] == ["worker"]
    assert str(discovery["port"]) == environment["LAUNCHPULSE_WEB_PORT"]
    assert job["authorization"]["credentials_file"] == environment["LAUNCHPULSE_WEB_TOKEN_FILE"]
    assert set(SERVICES["prometheus"]["networks"]) & set(SERVICES["worker"]["networks"])


def test_prometheus_reads_the_committed_rules_and_tells_alertmanager() -> None:
    config = yaml.safe_load(PROMETHEUS.read_text())
    mounts = dict(mount.split(":")[:2] for mount in SERVICES["prometheus"]["volumes"])
    assert config["rule_files"] == [f"{mounts['./grafana/prometheus']}/*.rules.yml"]
    (alertmanagers,) = config["alerting"]["alertmanagers"]
    assert alertmanagers["static_configs"] == [{"targets": ["alertmanager:9093"]}]
    assert set(SERVICES["prometheus"]["networks"]) & set(SERVICES["alertmanager"]["networks"])
    (port,) = SERVICES["alertmanager"]["ports"]
    assert port == "127.0.0.1:9093:9093"


def test_the_runbooks_answer_on_this_machine_where_the_links_in_alerts_lead() -> None:
    service, port = SERVICES["runbooks"], any_port()
    assert service["ports"] == [f"{RUNBOOKS_URL.removeprefix('http://').removesuffix('/runbooks')}:6066"]
    assert service["networks"] == ["edge"]
    assert service["environment"]["LAUNCHPULSE_WEB_PORT"] == "6066"
    own = {"LAUNCHPULSE_WEB_HOST": LOOPBACK, "LAUNCHPULSE_WEB_PORT": str(port)}
    process = subprocess.Popen([sys.executable, *service["entrypoint"][1:]], cwd=ROOT, env={**os.environ, **own})
    try:
        health = subprocess.run([sys.executable, *health_command()[1:]], env={**os.environ, **own}, check=False)
        ends = time.monotonic() + 30
        while health.returncode and time.monotonic() < ends:
            health = subprocess.run([sys.executable, *health_command()[1:]], env={**os.environ, **own}, check=False)
        assert health.returncode == 0
        for alert in ALERTS:
            address = f"http://{LOOPBACK}:{port}/runbooks/{alert.name}"
            with urllib.request.urlopen(address, timeout=5) as answer:
                assert f"<h1>{alert.name}</h1>" in answer.read().decode()
        with urllib.request.urlopen(f"http://{LOOPBACK}:{port}/board/runbook.css", timeout=5) as answer:
            assert answer.status == 200
    finally:
        process.terminate()
        process.wait(20)


def test_the_links_to_boards_lead_to_this_grafana() -> None:
    (port,) = SERVICES["grafana"]["ports"]
    assert port == f"{BOARDS_URL.removeprefix('http://')}:3000"


def test_the_board_shows_the_alerts_of_this_alertmanager() -> None:
    assert SERVICES["worker"]["environment"]["LAUNCHPULSE_ALERTMANAGER_URL"] == "http://alertmanager:9093"
    assert set(SERVICES["worker"]["networks"]) & set(SERVICES["alertmanager"]["networks"])


def test_prometheus_keeps_400_days_and_its_size_is_bounded_only_where_it_is_said() -> None:
    assert "--storage.tsdb.retention.time=400d" in SERVICES["prometheus"]["command"]
    assert "--storage.tsdb.retention.size=0" in SERVICES["prometheus"]["command"]
    bounded = read_compose({"PROMETHEUS_SIZE": "50GB"})["services"]["prometheus"]["command"]
    assert "--storage.tsdb.retention.size=50GB" in bounded


def test_nobody_gets_into_grafana_without_the_password() -> None:
    environment = SERVICES["grafana"]["environment"]
    assert environment["GF_AUTH_ANONYMOUS_ENABLED"] == "false"
    assert environment["GF_SECURITY_ADMIN_PASSWORD__FILE"] == "/run/secrets/grafana_admin_password"
    assert "GF_SECURITY_ADMIN_PASSWORD" not in environment


def test_the_boards_are_provisioned_with_the_one_source_that_they_ask() -> None:
    provisioning = ROOT / "grafana" / "provisioning"
    (source,) = yaml.safe_load((provisioning / "datasources" / "launchpulse.yml").read_text())["datasources"]
    (provider,) = yaml.safe_load((provisioning / "dashboards" / "launchpulse.yml").read_text())["providers"]
    mounts = dict(mount.split(":")[:2] for mount in SERVICES["grafana"]["volumes"])
    boards = list((ROOT / "grafana" / "dashboards").glob("*.json"))
    assert len(boards) == 4
    for board in boards:
        (chosen,) = [one for one in json.loads(board.read_text())["templating"]["list"] if one["name"] == "datasource"]
        assert chosen["current"]["value"] == source["uid"]
    assert source["url"] == "http://prometheus:9090"
    assert mounts["./grafana/dashboards"] == provider["options"]["path"]
    assert SERVICES["grafana"]["environment"]["GF_DASHBOARDS_MIN_REFRESH_INTERVAL"] == "1s"
