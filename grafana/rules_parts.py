"""What the campaigns' alerts have in common: who answers, when none begins, the numbers in a summary."""

from __future__ import annotations

from collections.abc import Sequence

from grafana import thresholds as at
from grafana.frame import panel_id
from grafana.links import QUERY
from grafana.queries import TARGET_LABELS
from grafana.rules_model import Record
from grafana.rules_series import OWNER, TARGET_OWNER, UNSETTLED

PLACE = "campaign, channel"
BOARD = "launchpulse-campaign"
BLIND = "campaign_channel_topic:blind:expected"
"""A topic of a channel, or of all of them together, of which nothing comes though it should."""
SPOILED = "launchpulse_topic:spoiled:ratio"
"""A topic of which suddenly much is refused. Nobody knows the campaign of what cannot be read, so it counts for all."""

_INDENT = "  "


def owned(condition: str, kpi: str | None, by: str = PLACE) -> str:
    """The condition with the labels `owner` and `contact` of whoever answers: for the KPI (None: it is about none),
    else for the channel, else for the campaign; without them where the catalogue names nobody. by: its labels."""
    places = (
        *([("campaign", f'{OWNER}{{kpi="{kpi}"}}')] if kpi else []),
        ("campaign, channel", f'{OWNER}{{kpi="", channel!="all"}}'),
        ("campaign", f'{OWNER}{{kpi="", channel="all"}}'),
    )
    joined = [f"{condition} * on ({on}) group_left (owner, contact) {owner}" for on, owner in places]
    return f"\nor on ({by})\n".join([*joined, condition])


def owned_target(condition: str) -> str:
    """The same for the condition of a target, whose owner the worker names."""
    joined = f"{condition} * on ({TARGET_LABELS}) group_left (owner, contact) {TARGET_OWNER}"
    return f"{joined}\nor on ({TARGET_LABELS})\n{condition}"


def settled(condition: str, *topics: str) -> str:
    """The condition while the pipeline is settled and none of these topics, on which it stands, is silent there or
    spoiled by its producer: a picture that is about to move, or a dead source, is not taken for the audience."""
    text = f"(\n{indented(condition)}\n)\nunless on ()\n{_INDENT}{UNSETTLED}"
    if topics:
        named = f'topic=~"{"|".join(topics)}"'
        text += (
            f"\nunless on (campaign, channel)\n{_INDENT}{BLIND}{{{named}}}\nunless on ()\n{_INDENT}{SPOILED}{{{named}}}"
        )
    return text


def narrowest(candidates: str) -> str:
    """Of a series of candidates the single channels, and all together only where no channel is one."""
    return f"""
{candidates}{{channel!="all"}}
or
({candidates}{{channel="all"}} unless on (campaign) {candidates}{{channel!="all"}})
"""


def standing(name: str, past: str, candidates: str, longest: str, matching: str = "") -> str:
    """The past, which stands still under this name while there are candidates, else what they tell of would become the
    usual; at most so long. matching: how a past finds its candidate, where it is not its own place's."""
    return f"""
(
  last_over_time({name}[{at.LOOKBACK}]) and {matching}last_over_time({candidates}[{at.LOOKBACK}])
  unless {matching}{candidates} offset {longest}
)
or {past}
"""


def due_in_each(name: str, expected: str, candidates: str, longest: str) -> Record:
    """What was expected in each channel, which stands still while all of them together are a candidate: the past of
    all stands then, that of a channel too small to be judged does not, and it is asked for its part in the change.
    longest: for how long all together may stand."""
    return Record(name, standing(name, expected, f'{candidates}{{channel="all"}}', longest, "on (campaign) "))


def number(series: str, by: tuple[str, ...] = ("campaign", "channel"), shown: str = "humanize") -> str:
    """A template: the value of a recorded series in the alert's campaign and channel; empty where it has none."""
    return f"{{{{ with {asked(series, by)} }}}}{{{{ . | first | value | {shown} }}}}{{{{ end }}}}"


def asked(series: str, by: Sequence[str], *before: str) -> str:
    """In a template a query for the series in the alert's place. before: what the series' own `%s` stand for."""
    matchers = ",".join(f"{label}=%q" for label in by)
    return " ".join((f'printf "{series}{{{matchers}}}"', *before, *(f"$labels.{label}" for label in by), "| query"))


def mostly(series: str, *more: str) -> str:
    """A template: of an alert about all channels, the one that has most of a recorded series; nothing where none has
    any. more: labels that the series has in common with the alert, beside the campaign."""
    place = ("campaign", *more)
    matchers, given = ",".join(f"{label}=%q" for label in place), " ".join(f"$labels.{label}" for label in place)
    asked = f"\"topk(1, {series}{{{matchers},channel!='all'}} > 0)\" {given}"
    told = f'{{{{ with printf {asked} | query }}}}, most of it in {{{{ . | first | label "channel" }}}}{{{{ end }}}}'
    return f'{{{{ if eq $labels.channel "all" }}}}{told}{{{{ end }}}}'


def panel(kpi: str) -> str:
    """The address of a KPI's own panel there. Raises KeyError for a KPI that there is not."""
    return f"{QUERY}&viewPanel={panel_id(kpi)}"


def percent(share: float, digits: int = 0) -> str:
    """A share in words."""
    return f"{100 * share:.{digits}f} %"


def indented(text: str) -> str:
    """Every line two columns to the right."""
    return "\n".join(f"{_INDENT}{line}" for line in text.strip().splitlines())
