"""A past for Prometheus: what workers show now, as if it had been so for a while."""

from __future__ import annotations

import re
import subprocess
import time
import urllib.request
from collections.abc import Iterable
from pathlib import Path

from agents.demo.ports import LOOPBACK

STEP_SECONDS = 15
_MINUTE = re.compile(r'^campaign_(engagements|exposures)(\{.*window="1m".*\}) (\S+)$', re.MULTILINE)


def write_past(ports: Iterable[int], seconds: int, text: Path, data: Path) -> None:
    """Let promtool write into `data` the recorded one-minute windows of these workers, for so many seconds until now.

    text: a file for what promtool reads. Raises CalledProcessError."""
    now, shown = int(time.time()), dict[str, str]()
    for port in ports:
        with urllib.request.urlopen(f"http://{LOOPBACK}:{port}/metrics", timeout=20) as answer:
            found = _MINUTE.findall(answer.read().decode())
        shown |= {f"campaign_channel:{kpi}:latest{labels}": value for kpi, labels, value in found}
    moments = range(now - seconds, now, STEP_SECONDS)
    lines = [f"{series} {value} {moment}" for series, value in shown.items() for moment in moments]
    text.write_text("\n".join([*lines, "# EOF", ""]), encoding="utf-8")
    command = ["promtool", "tsdb", "create-blocks-from", "openmetrics", str(text), str(data)]
    subprocess.run(command, check=True, capture_output=True)
