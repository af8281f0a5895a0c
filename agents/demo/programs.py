"""The programs of a launch room: found on the path, or said how to get."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
RULES = ROOT / "grafana" / "prometheus"
ALERTMANAGER = ROOT / "grafana" / "alertmanager" / "alertmanager.yml"
PROVISIONING = ROOT / "grafana" / "provisioning"
BOARDS = ROOT / "grafana" / "dashboards"

GET_PROMETHEUS = "on Debian or Ubuntu type: apt-get install prometheus; else see https://prometheus.io/download/"
GET_ALERTMANAGER = (
    "on Debian or Ubuntu type: apt-get install prometheus-alertmanager; else see https://prometheus.io/download/"
)
GET_GRAFANA = "https://grafana.com/docs/grafana/latest/setup-grafana/installation/; `docker compose up` has it"


class LaunchRoomMissing(Exception):
    """What a launch room cannot do without is not here; the text says, in one line, what and how to get it."""


@dataclass(frozen=True, slots=True)
class Programs:
    """Paths. grafana: None where it is not installed, then the room has no boards."""

    prometheus: str
    alertmanager: str
    grafana: str | None


def find_programs(path: str | None = None) -> Programs:
    """The programs on `path`, or on that of this process. Raises LaunchRoomMissing with all that is missing."""
    prometheus = shutil.which("prometheus", path=path)
    # Debian calls it otherwise than its makers do.
    alertmanager = shutil.which("prometheus-alertmanager", path=path) or shutil.which("alertmanager", path=path)
    if prometheus is None or alertmanager is None:
        missing = [] if prometheus else [f"prometheus is not on the path: {GET_PROMETHEUS}"]
        missing += [] if alertmanager else [f"alertmanager is not on the path: {GET_ALERTMANAGER}"]
        raise LaunchRoomMissing("; ".join(missing))
    if not (RULES.is_dir() and ALERTMANAGER.is_file() and BOARDS.is_dir()):
        raise LaunchRoomMissing("rules and boards are not here: start a launch room in a checkout of the repository")
    return Programs(prometheus, alertmanager, shutil.which("grafana-server", path=path))
