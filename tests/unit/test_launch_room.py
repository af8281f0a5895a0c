"""What a launch room is told: what is missing and how to get it, and the committed files with this machine's places."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from agents.demo.launch_room import (
    COMMITTED_BOARDS,
    COMMITTED_RUNBOOKS,
    grafana_environment,
    prometheus_config,
    write_rules,
)
from agents.demo.programs import LaunchRoomMissing, find_programs
from grafana.thresholds import BOARDS_URL, RUNBOOKS_URL

ROOT = Path(__file__).resolve().parents[2]


def put(folder: Path, *names: str) -> str:
    for name in names:
        path = folder / name
        path.write_text("#!/bin/sh\n")
        path.chmod(0o755)
    return str(folder)


def test_everything_that_is_missing_is_named_with_the_way_to_get_it(tmp_path: Path) -> None:
    with pytest.raises(LaunchRoomMissing) as missing:
        find_programs(put(tmp_path))
    assert "apt-get install prometheus;" in str(missing.value)
    assert "apt-get install prometheus-alertmanager;" in str(missing.value)
    with pytest.raises(LaunchRoomMissing, match=r"^alertmanager is not on the path") as missing:
        find_programs(put(tmp_path, "prometheus"))
    assert "\n" not in str(missing.value)


def test_alertmanager_is_found_by_both_its_names_and_grafana_may_be_absent(tmp_path: Path) -> None:
    found = find_programs(put(tmp_path, "prometheus", "alertmanager"))
    assert (Path(found.alertmanager).name, found.grafana) == ("alertmanager", None)
    found = find_programs(put(tmp_path, "prometheus-alertmanager", "grafana-server"))
    assert Path(found.alertmanager).name == "prometheus-alertmanager"
    assert found.grafana == str(tmp_path / "grafana-server")


def test_prometheus_is_configured_as_the_deployed_one_but_for_its_places(tmp_path: Path) -> None:
    deployed = yaml.safe_load((ROOT / "deploy" / "prometheus.yml").read_text())
    here = prometheus_config(tmp_path / "workers.json", 9093)
    assert here["global"] == deployed["global"]
    assert here["scrape_configs"][0]["job_name"] == deployed["scrape_configs"][0]["job_name"]
    assert list(here) == ["global", "rule_files", "alerting", "scrape_configs"]
    (rules,) = here["rule_files"]
    assert list(Path(rules).parent.glob(Path(rules).name))


def test_the_links_of_its_alerts_lead_to_its_own_ports_and_else_its_rules_are_the_committed_ones(
    tmp_path: Path,
) -> None:
    assert (BOARDS_URL, f"{RUNBOOKS_URL}/") == (COMMITTED_BOARDS, COMMITTED_RUNBOOKS)
    folder = write_rules(tmp_path / "rules", 4321, 7201)
    committed = ROOT / "grafana" / "prometheus"
    assert {path.name for path in folder.iterdir()} == {path.name for path in committed.iterdir()}
    for path in folder.iterdir():
        text = path.read_text()
        assert BOARDS_URL not in text
        assert RUNBOOKS_URL not in text
        links = {"http://127.0.0.1:4321/d/": f"{BOARDS_URL}/d/", "http://127.0.0.1:7201/runbooks/": f"{RUNBOOKS_URL}/"}
        for here, there in links.items():
            text = text.replace(here, there)
        assert text == (committed / path.name).read_text()


def test_grafana_reads_the_committed_boards_asks_this_prometheus_and_lets_nobody_in_without_the_password(
    tmp_path: Path,
) -> None:
    environment = grafana_environment(tmp_path, 3000, 12345, "s3cret")
    provisioning = Path(environment["GF_PATHS_PROVISIONING"])
    (source,) = yaml.safe_load((provisioning / "datasources" / "launchpulse.yml").read_text())["datasources"]
    (boards,) = yaml.safe_load((provisioning / "dashboards" / "launchpulse.yml").read_text())["providers"]
    assert (source["uid"], source["url"]) == ("launchpulse-prometheus", "http://127.0.0.1:12345")
    assert (Path(boards["options"]["path"]) / "launch.json").is_file()
    assert Path(environment["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"]).is_file()
    assert environment["GF_SERVER_HTTP_ADDR"] == "127.0.0.1"
    assert environment["GF_AUTH_ANONYMOUS_ENABLED"] == "false"
    secret = Path(environment["GF_SECURITY_ADMIN_PASSWORD__FILE"])
    assert (secret.read_text(), secret.stat().st_mode & 0o777) == ("s3cret", 0o600)
    assert "s3cret" not in environment.values()
