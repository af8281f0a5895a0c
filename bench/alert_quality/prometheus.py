"""A real Prometheus over what is backfilled: blocks from OpenMetrics, then from the recording rules, then queries."""

from __future__ import annotations

import json
import re
import subprocess
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from agents.demo.ports import LOOPBACK, any_port
from grafana.rules_model import Record, rule_file

READY_SECONDS = 60
_SERIES_NAME = re.compile(r"\b[a-z_]+:[a-z0-9_]+:[a-z0-9_]+")


class PrometheusFailed(RuntimeError):
    """promtool or Prometheus could not do it; the text is what it said."""


def backfill(metrics: Path, data: Path) -> None:
    """Make blocks of an OpenMetrics file."""
    _promtool("create-blocks-from", "openmetrics", "-q", str(metrics), str(data))


def backfill_rules(records: Sequence[Record], span: range, data: Path, folder: Path) -> None:
    """Make blocks of recording rules, evaluated each `span.step` seconds. What reads another rule comes after it.

    A rule that reads a later one reads what that gave before: here nothing, as before a first alert.
    """
    for level in levels(records):
        path = folder / "level.rules.yml"
        named = [Record(one.name, _named(one)) for one in level]
        path.write_text(rule_file([("level", named)], f"{span.step}s"), encoding="utf-8")
        with prometheus(data, span.step) as url:
            _promtool(
                "create-blocks-from", "rules", "-q", f"--url={url}", f"--start={span[0]}", f"--end={span[-1]}",
                f"--eval-interval={span.step}s", f"--output-dir={data}", str(path),
            )  # fmt: skip


def levels(records: Sequence[Record]) -> list[list[Record]]:
    """The rules, given in the order of their group, in as few steps as need nothing of the same or a later one."""
    level: dict[str, int] = {}
    for record in records:
        level[record.name] = 1 + max((level.get(name, -1) for name in _SERIES_NAME.findall(record.expr)), default=-1)
    return [[one for one in records if level[one.name] == number] for number in range(max(level.values()) + 1)]


def _named(record: Record) -> str:
    """Its expression under its name already: promtool takes what `or` found under two names for two series."""
    return f'label_replace(\n{record.expr}\n, "__name__", "{record.name}", "", "")'


def query_range(url: str, expr: str, span: range) -> list[tuple[dict[str, str], list[int]]]:
    """(labels, the moments of `span` at which it has a value) of each series that the expression gives."""
    asked = {"query": expr, "start": str(span[0]), "end": str(span[-1]), "step": str(span.step)}
    data = urllib.parse.urlencode(asked).encode()
    with urllib.request.urlopen(f"{url}/api/v1/query_range", data, timeout=600) as answer:
        found: dict[str, Any] = json.load(answer)
    return [(one["metric"], [int(moment) for moment, _ in one["values"]]) for one in found["data"]["result"]]


@contextmanager
def prometheus(data: Path, step: int) -> Iterator[str]:
    """Run one over these blocks of samples every `step` seconds; gives its address."""
    url = f"http://{LOOPBACK}:{any_port()}"
    config = data.parent / "prometheus.yml"
    config.write_text("{}\n", encoding="utf-8")
    arguments = [f"--config.file={config}", f"--storage.tsdb.path={data}", "--storage.tsdb.retention.time=100y"]
    arguments += [f"--web.listen-address={url.removeprefix('http://')}", "--query.max-samples=500000000"]
    # What is backfilled has no marks where a series ends: it is gone when its next sample is missing, and not a step
    # later, else a condition that held for a moment would hold for two. And no sooner: promtool evaluates the rules of
    # a file somewhere within a step, as the file's path falls, perhaps a few milliseconds after its beginning.
    arguments.append(f"--query.lookback-delta={step * 1000 - 1}ms")
    log = data.parent / "prometheus.log"
    with log.open("w") as file:
        process = subprocess.Popen(["prometheus", *arguments], stdout=file, stderr=file)
    try:
        _wait(f"{url}/-/ready", process, log)
        yield url
    finally:
        process.terminate()
        process.wait(30)


def _wait(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    ends = time.monotonic() + READY_SECONDS
    while True:
        with suppress(OSError):
            urllib.request.urlopen(url, timeout=1).close()
            return
        if time.monotonic() > ends or process.poll() is not None:
            raise PrometheusFailed(log.read_text(encoding="utf-8"))
        time.sleep(0.05)


def _promtool(*arguments: str) -> None:
    done = subprocess.run(["promtool", "tsdb", *arguments], capture_output=True, text=True, check=False)
    if done.returncode:
        raise PrometheusFailed(done.stdout + done.stderr)
