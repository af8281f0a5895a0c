"""Sources that the catalogue expects: dead, perhaps just dead, long overdue, spoiled; what cannot be judged then."""

from __future__ import annotations

from grafana import thresholds as at
from grafana.links import topic_panel
from grafana.rules_model import Alert, Record
from grafana.rules_parts import BLIND, BOARD, SPOILED, number, owned
from grafana.rules_series import ARRIVED, TARGET_VALUE, UNSETTLED, refused_jump
from streams.events.catalogue import TOPICS
from streams.kpis.registry import KPIS

CANDIDATES = "campaign_channel_topic:silent:candidates"
SILENT = "campaign_channel_topic:silent:expected"
OVERDUE = "campaign_channel_topic:overdue:expected"
BLIND_KPIS = "campaign_channel_kpi:blind:value"

_PLACE = "campaign, channel, topic"
_HOURS = (2, 6)
_OF_PEOPLE = f'topic!~"{"|".join(at.SILENT_IN_BATCHES)}"'


def _silent(span: str, before: str, least: int = at.SILENT_EXPECTED) -> str:
    """How many were expected in a span in which nothing came; `before`: how many, from the time before it."""
    return f"({before} >= {least}\n   and {ARRIVED} - {ARRIVED} offset {span} == 0)"


def _arrived(since: int, until: int) -> str:
    """What came between so many hours ago and so many."""
    return f"{ARRIVED} offset {until}h - {ARRIVED} offset {since}h"


def _silent_hours(hours: int) -> str:
    """Nothing for hours, by the source's own rhythm: by the day before and by the same hours of yesterday so many were
    due, since nights are quiet; and each of three such spans before brought something, since batches are."""
    expected = _silent(f"{hours}h", f"({_arrived(hours + 24, hours)}) * {hours} / 24")
    yesterday = f"{_arrived(24 + hours, 24)} >= {at.SILENT_EXPECTED}"
    steady = [f"{_arrived(hours * (place + 1), hours * place)} > 0" for place in (1, 2, 3)]
    return "(" + "\n   and ".join([expected, yesterday, *steady]) + ")"


def _of_people(of: str = f"{ARRIVED}{{{_OF_PEOPLE}}}") -> tuple[str, ...]:
    """Nothing for minutes, of what people do: it comes as it comes, and never in batches that end."""
    return (
        _silent("2m", f"({of} offset 2m - min_over_time({of}[15m] offset 2m)) * 2 / 15"),
        _silent("2m", f"({of} offset 2m - {ARRIVED} offset 2h) / 59"),
        _silent("15m", f"({of} offset 15m - {ARRIVED} offset 135m) / 8"),
        f"({of} == 0 and {ARRIVED} offset {at.SILENT_START} == 0)",
    )


def _hushed(seconds: int) -> str:
    """The same of half a minute or a whole one, by the eight minutes before."""
    span = f"{seconds}s"
    before = f"({ARRIVED} offset {span} - min_over_time({ARRIVED}[8m] offset {span})) * {seconds} / 480"
    return _silent(span, before, at.HUSHED_EXPECTED)


_BEGINS = f"\nor on ({_PLACE}) ".join([*_of_people(), *(_silent_hours(hours) for hours in _HOURS)])
_HUSHED = f"\nor on ({_PLACE}) ".join([CANDIDATES, _hushed(30), _hushed(60)])
_STAYS = f"last_over_time({CANDIDATES}[{at.LOOKBACK}]) and {ARRIVED} - {ARRIVED} offset {at.LOOKBACK} == 0"
_BLIND_PLACE = "campaign_channel_topic:hushed:expected"


def _blind_kpis() -> str:
    """The targets whose KPI reads a topic that is silent there, or spoiled."""
    found = []
    for topic in TOPICS:
        kpis = "|".join(kpi.name for kpi in KPIS if topic.name in kpi.reads)
        if kpis:
            those = f'{TARGET_VALUE}{{kpi=~"{kpis}"}}'
            found.append(f'({those} and on (campaign, channel) {BLIND}{{topic="{topic.name}"}})')
            found.append(f'({those} and on () {SPOILED}{{topic="{topic.name}"}})')
    return "\nor ".join(found)


RECORDS = (
    # Silent from then on until something comes.
    Record(CANDIDATES, f"({_STAYS})\nor on ({_PLACE})\n(\n(\n{_BEGINS}\n)\nunless on () {UNSETTLED}\n)"),
    Record(SILENT, f"{CANDIDATES}\nunless on () {UNSETTLED}"),
    Record(OVERDUE, f"({ARRIVED} - {ARRIVED} offset {at.SILENT_LONG} == 0)\nunless {CANDIDATES}"),
    Record(_BLIND_PLACE, _HUSHED),
    Record(
        BLIND,
        f'{_BLIND_PLACE}\nor\nlabel_replace(max by (campaign, topic) ({_BLIND_PLACE}), "channel", "all", "", "")',
    ),
    Record(SPOILED, refused_jump("2m", at.SPOILED)),
    Record(BLIND_KPIS, _blind_kpis()),
)
"""Before the other alerts, which a dead or spoiled source must not set off."""

_CAME = f"{number(ARRIVED, ('campaign', 'channel', 'topic'))} have come since the launch"

ALERTS = (
    Alert(
        name="CampaignSourceSilent",
        kind="kpi",
        severity="critical",
        expr=owned(SILENT, None, _PLACE),
        hold="15s",
        keep=at.KEPT,
        board=BOARD,
        query=topic_panel(),
        summary="{{ $labels.campaign }}, {{ $labels.channel }}: no {{ $labels.topic }} arrives any more"
        "{{ if gt $value 0.0 }}, where {{ $value | humanize }} were due{{ end }}; " + _CAME + ".",
        meaning="A source that the catalogue expects sends nothing: a webhook, a tag or a connector is dead. The "
        "figures that stand on it are not to be read as what people do.",
        when=f"Nothing came in two minutes or in fifteen, where at least {at.SILENT_EXPECTED} were expected by the "
        "time before; or in two hours or in six, where as many were by the day before and by the same hours of "
        f"yesterday, and the source is a steady one; or nothing at all {at.SILENT_START} after the campaign went live. "
        f"Minutes say nothing of {', '.join(at.SILENT_IN_BATCHES)}, which come in batches. It stays until something "
        "comes.",
    ),
    Alert(
        name="CampaignSourceOverdue",
        kind="kpi",
        severity="warning",
        expr=owned(f"({OVERDUE}\nunless on () {UNSETTLED})", None, _PLACE),
        hold="5m",
        keep=at.KEPT,
        board=BOARD,
        query=topic_panel(),
        summary="{{ $labels.campaign }}, {{ $labels.channel }}: no {{ $labels.topic }} for a day and a half; "
        + _CAME
        + ".",
        meaning="A source of few events, or one that states something once a day, has sent nothing for long: it may be "
        "dead, or there was nothing to send.",
        when=f"Nothing came for {at.SILENT_LONG}, and the source is not called silent already. It wakes nobody and "
        "mutes nothing.",
    ),
)
