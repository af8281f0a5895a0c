"""Prints docs/alerts.md, from the rules themselves: `python -m grafana.rules_docs`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from grafana import thresholds as at
from grafana.rules import CAMPAIGN_ALERTS, PIPELINE_ALERTS, ROOT
from grafana.rules_model import Alert

_FIGURES = ROOT / "docs" / "figures" / "alert-quality.json"

_HEAD = f"""# The alerts

<!-- Written by `python -m grafana.rules_docs`; do not edit. -->

An alert says: somebody should look now. It names the campaign, the channel, the owner, the number and how many cases it
stands on, and links the panel and a runbook. Every number that it depends on is in `grafana/thresholds.py`; the rules
for Prometheus, `grafana/prometheus/*.rules.yml`, are written from it and from the KPI registry by `make docs`.

## When none comes

- **Small numbers.** What was *expected* is asked, not what came: where too little was expected nothing is judged.
- **A pipeline that is late, frozen or recovering.** Its own alerts mute those of the campaigns, also while it catches
  up; and for {at.SETTLING} after a handover none begins. One that has begun stays for {at.KEPT}, so that a handover is
  not taken for its end.
- **A source that is silent.** What stands on its topic is muted, in its channel and in all channels together, from the
  half minute on in which {at.HUSHED_EXPECTED} events were due and none came. Nothing else is muted.
- **A producer whose records are refused.** While a topic's dead letters jump nothing begins that stands on that topic.
- **A handover.** A campaign that two workers show for a moment is counted once, and one that nobody shows is not 0.

## Who is told

The catalogue says who answers for a KPI, a channel, a campaign; the first of them is in the labels `owner` and
`contact`. `grafana/alertmanager/alertmanager.yml` sends mail where the contact is an address, and else tells the chat's
bridge. Only what is critical goes to whoever is on call, too; the warnings that nobody owns and those of the pipeline
go to the team's channel, which wakes nobody. A new owner in the catalogue needs no edit of that file.

Links lead to the addresses in `grafana/thresholds.py`: `BOARDS_URL`, where Grafana is, and `RUNBOOKS_URL`, where a
worker is: each serves the runbooks, to everybody, at `/runbooks/` and the alert's name. Where people reach them at
other addresses (`docker compose` with another GRAFANA_PORT or RUNBOOKS_PORT, too), write those there and run
`make docs`. A launch room puts its own addresses into its copy of the rules. The live
board shows the runbooks of its own worker anyway.

## How it is known that they come

`pytest tests/rules` plays each alert to promtool: quiet, pending, firing, resolved. The drill does it live: worker,
simulator, Prometheus, Alertmanager and a receiver, an engagement drop that must be told within a minute of being there
in what the simulator has sent, once to each, and then that it is over; and a worker that is killed in a quiet launch,
which must wake nobody about a campaign. `pytest tests/drill` does that in three minutes with the target's alert,
`make drill` in a quarter of an hour with everything as committed; it also watches for so long after the kill that
alerts could begin again.
"""


def document() -> str:
    """The page."""
    parts = [_HEAD, *_quality(), *_group("Campaigns", CAMPAIGN_ALERTS), *_group("Pipeline", PIPELINE_ALERTS)]
    return "\n".join(parts)


def _quality() -> Iterator[str]:
    """What `make alert-quality` has found."""
    found: dict[str, Any] = json.loads(_FIGURES.read_text(encoding="utf-8"))
    quiet, dropped, wanted = found["quiet"], found["dropped"], found["wanted"]
    yield f"""## How good they are

`make alert-quality` plays launches like the simulator's to these very rules, in a real Prometheus on a simulated clock
with a sample every {found["step_seconds"]} s: large and small campaigns at any hour of the day and of the story, on
weekends, with mailings and talked-about teasers; and as many more in which one channel loses 30 to 80 % of its
engagements. The figures below are of {quiet["launches"]} quiet launches and {dropped["launches"]} with a drop. Alerts
that hang on targets and budgets of the catalogue take no part.

| | wanted | found |
|---|---|---|
| false alerts in quiet launches | at most 1 in 200 launches | {len(quiet["false"])} in {quiet["launches"]} |
| false alerts in launches with a drop: before it, or a drop in another channel | | {len(dropped["false"])} in \
{dropped["launches"]} |
| drops of {wanted["share"]:.0%} or more told within {wanted["seconds"]} s, where at least {wanted["due"]} engagements \
were expected in that time | at least 99 % | {wanted["soon"]} of {wanted["drops"]} |

Below {wanted["due"]} expected engagements the delay grows, and small drops in small channels are never told. Seconds
count from the drop to the moment at which the alert fires; a dash: most drops were not told before the launch's end.

![Delay against size of drop and expected engagements](figures/alert-quality.svg)

| lost | expected in two minutes | drops | told | median delay |
|---|---|---|---|---|"""
    for cell in found["delays"]:
        (low, high), (least, most) = cell["size"], cell["due"]
        volume = f"{least:,} or more" if most is None else f"{least:,} to {most:,}"
        delay = "–" if cell["median_seconds"] is None else f"{cell['median_seconds']:.0f} s"
        yield f"| {low:.0%} to {high:.0%} | {volume} | {cell['drops']} | {cell['seen']} | {delay} |"
    yield ""


def _group(title: str, alerts: tuple[Alert, ...]) -> Iterator[str]:
    yield f"## {title}\n"
    yield "| alert | severity | what has happened |\n|---|---|---|"
    for alert in alerts:
        yield f"| [{alert.name}](#{alert.name.lower()}) | {alert.severity} | {alert.meaning} |"
    yield ""
    for alert in alerts:
        yield f"### {alert.name}\n"
        yield f"{alert.meaning}\n"
        yield f"- **When**: {alert.when}"
        yield f"- **After**: {_span(alert.hold)}{f'; it stays {_span(alert.keep)} longer' if alert.keep else ''}"
        if alert.labels.get("mutes") == "kpi":
            yield "- **Mutes** the campaigns' alerts"
        yield f"- **What to do**: [the runbook](../grafana/runbooks/{alert.runbook})\n"


def _span(duration: str) -> str:
    names = {"s": "second", "m": "minute"}
    number, name = int(duration[:-1]), names[duration[-1]]
    return "at once" if number == 0 else f"{number} {name}{'' if number == 1 else 's'}"


if __name__ == "__main__":
    print(document().rstrip())
