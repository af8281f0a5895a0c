"""What a rule is, and the text of a Prometheus rule file."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import yaml

from grafana.thresholds import BOARDS_URL, EVALUATION, RUNBOOKS_URL

HEAD = "# Written by grafana/rules.py from the KPI registry and grafana/thresholds.py; do not edit.\n"


@dataclass(frozen=True, slots=True)
class Record:
    """A recording rule: `expr` under the name `name` (level:metric:operation), with `labels` beside its own."""

    name: str
    expr: str
    labels: dict[str, str] = field(default_factory=dict)

    def rule(self) -> dict[str, object]:
        """As it stands in a rule file."""
        return {"record": self.name, "expr": _lines(self.expr), **({"labels": self.labels} if self.labels else {})}


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """An alert and the recording rules that come before it.

    kind: "kpi" or "pipeline"; severity: "critical" (wakes somebody) or "warning". hold: how long its expression must
    hold (`for`); keep: how much longer it stays (`keep_firing_for`), "" for not at all. summary: a template with the
    number and its sample size. meaning: for a marketer, what has happened. when: in words, when it comes.
    labels: beside kind and severity. board, query: where its link leads.
    """

    name: str
    kind: str
    severity: str
    expr: str
    hold: str
    summary: str
    meaning: str
    when: str
    records: tuple[Record, ...] = ()
    keep: str = ""
    labels: dict[str, str] = field(default_factory=dict)
    board: str = "launchpulse-pipeline"
    query: str = ""

    @property
    def runbook(self) -> str:
        """The name of its file in grafana/runbooks."""
        return f"{self.name}.md"

    def rule(self) -> dict[str, object]:
        """As it stands in a rule file."""
        kept = {"keep_firing_for": self.keep} if self.keep else {}
        return {
            "alert": self.name,
            "expr": _lines(self.expr),
            "for": self.hold,
            **kept,
            "labels": {"kind": self.kind, "severity": self.severity, **self.labels},
            "annotations": {
                "summary": self.summary,
                "description": self.meaning,
                "dashboard": f"{BOARDS_URL}/d/{self.board}{self.query}",
                "runbook_url": f"{RUNBOOKS_URL}/{self.name}",
            },
        }


def rule_file(groups: Iterable[tuple[str, Iterable[Record | Alert]]], interval: str = EVALUATION) -> str:
    """The text of a rule file: groups by name, each evaluated in its order."""
    made = [{"name": name, "interval": interval, "rules": [one.rule() for one in rules]} for name, rules in groups]
    return HEAD + yaml.dump({"groups": made}, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=1000)


class _Dumper(yaml.SafeDumper):
    """Writes a text of several lines as a block, so that an expression can be read where it stands."""


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None)


_Dumper.add_representer(str, _text)


def _lines(expr: str) -> str:
    return "\n".join(line.rstrip() for line in expr.strip().splitlines())
