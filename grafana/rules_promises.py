"""What the catalogue promises and is not kept: targets, and events that should arrive."""

from __future__ import annotations

from grafana import thresholds as at
from grafana.rules_model import Alert, Record
from grafana.rules_parts import BOARD, QUERY, SHORT, number, owned, owned_target, settled
from grafana.rules_series import ARRIVED, TARGET_LABELS, TARGET_MET, TARGET_VALUE, UNSETTLED

SILENT = "campaign_channel_topic:silent:expected"
MISSED = "campaign_channel_kpi:target_missed:value"

_TARGET_BY = tuple(TARGET_LABELS.split(", "))
_PLACE = "campaign, channel, topic"


def _silent(span: str, before: str) -> str:
    """How many were expected in a span in which nothing came; `before`: how many, from the time before it."""
    return f"({before} >= {at.SILENT_EXPECTED}\n   and {ARRIVED} - {ARRIVED} offset {span} == 0)"


_UNTIL_NOW = (
    _silent("2m", f"({ARRIVED} offset 2m - min_over_time({ARRIVED}[15m] offset 2m)) * 2 / 15"),
    _silent("2m", f"({ARRIVED} offset 2m - {ARRIVED} offset 2h) / 59"),
    _silent("15m", f"({ARRIVED} offset 15m - {ARRIVED} offset 135m) / 8"),
    _silent("2h", f"({ARRIVED} offset 2h - {ARRIVED} offset 26h) / 12"),
    f"({ARRIVED} - {ARRIVED} offset {at.SILENT_LONG} == 0)",
    f"({ARRIVED} == 0 and {ARRIVED} offset {at.SILENT_START} == 0)",
)

_NOTHING = f"\nor on ({_PLACE}) ".join(_UNTIL_NOW)
SILENCE = Record(SILENT, f"(\n{_NOTHING}\n)\nunless on () {UNSETTLED}")
"""Before the other alerts, which a dead source must not set off."""

_OF_ENGAGEMENT = 'kpi="engagement_rate", bound="min", window=~"1m|5m|1h"'

ALERTS = (
    Alert(
        name="CampaignSourceSilent",
        kind="kpi",
        severity="critical",
        expr=owned(SILENT, None, _PLACE),
        hold="15s",
        keep=at.KEPT,
        board=BOARD,
        query=QUERY,
        summary="{{ $labels.campaign }}, {{ $labels.channel }}: no {{ $labels.topic }} arrives any more; "
        f"{number(ARRIVED, ('campaign', 'channel', 'topic'))} have come since the launch.",
        meaning="A source that the catalogue expects sends nothing: a webhook, a tag or a connector is dead. The "
        "figures that stand on it are not to be read as what people do.",
        when=f"Nothing came in two minutes, in fifteen, or in two hours, where at least {at.SILENT_EXPECTED} were "
        f"expected by the time before; or nothing for {at.SILENT_LONG}; or nothing at all {at.SILENT_START} after the "
        "campaign went live.",
        labels={"silence": "true"},
    ),
    Alert(
        name="CampaignTargetMissed",
        kind="kpi",
        severity="warning",
        records=(
            Record(
                MISSED,
                settled(f"{TARGET_VALUE}\nand {TARGET_MET} == 0\nunless {TARGET_VALUE}{{{_OF_ENGAGEMENT}}}"),
            ),
        ),
        expr=owned_target(MISSED),
        hold="10m",
        keep=at.KEPT,
        board=BOARD,
        query=QUERY + "&var-window={{ $labels.window }}",
        summary="{{ $labels.campaign }}, {{ $labels.channel }}: {{ $labels.kpi }} of {{ $labels.window }} is "
        f"{{{{ $value | {SHORT} }}}}; the {{{{ $labels.source }}}} target is "
        '{{ if eq $labels.bound "min" }}at least{{ else }}at most{{ end }} '
        + number("campaign_channel_kpi:target:latest", _TARGET_BY, SHORT)
        + '{{ with printf "campaign_channel_kpi:target_volume:latest{'
        + ",".join(f"{label}=%q" for label in _TARGET_BY)
        + '}" '
        + " ".join(f"$labels.{label}" for label in _TARGET_BY)
        + " | query }} ({{ . | first | value | humanize }} cases){{ end }}.",
        meaning="A KPI is not where the catalogue says it should be. It is told to whoever owns that KPI or channel.",
        when="A target of the catalogue is missed for ten minutes, with at least as many cases as the target asks for. "
        "The engagement rate's short windows have an alert of their own.",
    ),
)
