"""Plays scenes to promtool: many in one run, several runs at a time, and of the rules only what is asked about.

promtool takes long for each rule and each step of time, and hardly longer for ten campaigns than for one.
"""

from __future__ import annotations

import functools
import inspect
import json
import os
import re
import subprocess
from collections.abc import Callable, Hashable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import yaml

from grafana.rules import FOLDER
from tests.rules.needed import rules_for
from tests.rules.scenes import CAMPAIGN, STEP_SECONDS, WORKER, Play, quoted

_HEAD = re.compile(r"\s*Unit Testing:\s+\S+\s+FAILED:\s*")
_BLOCK = re.compile(r"\n(?= {4}(?:alertname|expr):)")
"""Where in the output of promtool the next failure begins."""


class Stage:
    """Begins to play everything when it is made, and says of each test what promtool found."""

    def __init__(self, plays: Mapping[str, Play], folder: Path) -> None:
        together: dict[Hashable, list[str]] = {}
        for test, play in plays.items():
            together.setdefault(_company(play) or test, []).append(test)
        runs = [{test: plays[test] for test in tests} for tests in together.values()]
        self._pool = ThreadPoolExecutor(os.cpu_count())
        self._found: dict[str, Future[dict[str, str]]] = {}
        for number, run in enumerate(sorted(runs, key=_length, reverse=True)):
            self._found |= dict.fromkeys(run, self._pool.submit(_play, run, folder / f"run{number}"))

    def failure(self, test: str) -> str:
        """What is not as the test's play says, in promtool's words; "" for nothing."""
        return self._found[test].result()[test]

    def close(self) -> None:
        """Begin no further run, and wait for those that have begun."""
        self._pool.shutdown(cancel_futures=True)


def played(scene: Callable[..., Play]) -> Callable[..., None]:
    """A test that passes where promtool finds what the play says. Its result is ready or awaited: `Stage`."""

    @functools.wraps(scene)
    def test(stage: Stage, request: pytest.FixtureRequest, **_: Any) -> None:
        if failure := stage.failure(request.node.nodeid):
            pytest.fail(failure, pytrace=False)

    own = [inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY) for name in ("stage", "request")]
    given = [one.replace(kind=one.KEYWORD_ONLY) for one in inspect.signature(scene).parameters.values()]
    vars(test).update(__signature__=inspect.Signature([*own, *given]), scene=scene)
    return test


def plays_of(items: Sequence[pytest.Item]) -> dict[str, Play]:
    """Test -> its play, of all collected tests that have one."""
    found = {}
    for item in items:
        scene = getattr(getattr(item, "function", None), "scene", None)
        if scene is not None:
            given = item.callspec.params if hasattr(item, "callspec") else {}
            found[item.nodeid] = scene(**given)
    return found


def _company(play: Play) -> Hashable:
    """The same for plays that are played together; None for one that must be alone: what is exposed of no campaign is
    so for all, and one that asks for all alerts of a name wants none of another scene. (Of those that are played to
    the committed files each has an alert of its own.)"""
    of_campaigns = all("campaign" in labels for _, labels, _ in play.series)
    exact = any("alertname" in check for check in play.checks)
    if not of_campaigns or (exact and not play.files):
        return None
    if play.files:
        return tuple(play.files), exact
    return "days" if play.days else min((name for name in play.names if ":" not in name), default=None)


def _rules(run: Mapping[str, Play]) -> dict[Path, str]:
    """Path -> text of the rule files of a run: the committed ones, or one to be written of what it asks about."""
    first = next(iter(run.values()))
    if first.files:
        return {FOLDER / name: (FOLDER / name).read_text(encoding="utf-8") for name in first.files}
    names = frozenset().union(*(play.names for play in run.values()))
    return {Path("needed.rules.yml"): rules_for(names, days=first.days)}


def _steps(run: Mapping[str, Play]) -> float:
    seconds = max(float(check["eval_time"][:-1]) for play in run.values() for check in play.checks)
    return seconds / (60 if next(iter(run.values())).days else STEP_SECONDS)


def _length(run: Mapping[str, Play]) -> float:
    """Nearly how long it takes, so that the longest may begin first."""
    return _steps(run) * sum(map(len, _rules(run).values()))


def _play(run: Mapping[str, Play], folder: Path) -> dict[str, str]:
    """Test -> what is wrong, in one run of promtool in which each play has a campaign of its own."""
    folder.mkdir()
    names = {test: f"{CAMPAIGN}{number}" for number, test in enumerate(run)}
    series: list[dict[str, str]] = []
    checks: list[Any] = []
    for test, play in run.items():
        for metric, labels, values in play.series:
            text = _text(metric, WORKER | dict(labels)).replace(CAMPAIGN, names[test])
            series.append({"series": text, "values": values})
        checks += json.loads(json.dumps(play.checks).replace(CAMPAIGN, names[test]))
    rules = _rules(run)
    for path, text in rules.items():
        if not path.is_absolute():
            (folder / path).write_text(text, encoding="utf-8")
    document = {
        "rule_files": [str(folder / path) for path in rules],
        "evaluation_interval": "1m" if next(iter(run.values())).days else f"{STEP_SECONDS}s",
        "tests": [
            {
                "interval": f"{STEP_SECONDS}s",
                "input_series": series,
                "alert_rule_test": [check for check in checks if "alertname" in check],
                "promql_expr_test": [check for check in checks if "expr" in check],
            }
        ],
    }
    path = folder / "scene.yml"
    path.write_text(yaml.safe_dump(document, allow_unicode=True, width=1000), encoding="utf-8")
    # What is tested meanwhile with a clock in its hand goes first. promtool takes a third longer if it has to tidy up.
    command = ["nice", "env", "GOGC=800", "promtool", "test", "rules", str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode == 0:
        return dict.fromkeys(run, "")
    return told_apart(done.stdout + done.stderr, names)


def told_apart(output: str, names: Mapping[str, str]) -> dict[str, str]:
    """Test -> the failures that name its campaign. All of the output for every test where anything in it is of none of
    them, so that nothing that promtool complains of is lost."""
    head, *blocks = _BLOCK.split(output)
    found = {test: [block for block in blocks if re.search(rf"\b{name}\b", block)] for test, name in names.items()}
    told = [block for own in found.values() for block in own]
    if len(names) == 1 or not _HEAD.fullmatch(head) or any(block not in told for block in blocks):
        return dict.fromkeys(names, output)
    return {test: "\n".join(own) for test, own in found.items()}


def _text(metric: str, labels: Mapping[str, str]) -> str:
    told = ", ".join(f"{name}={quoted(value)}" for name, value in labels.items())
    return f"{metric}{{{told}}}"
