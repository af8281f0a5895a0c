"""Recording rules: each KPI, target and owner as one clean series, also while a handover lets two workers show it.

`last_over_time` bridges a missed scrape, `max by` takes one of two owners; what a dead worker showed is gone after the
lookback.
"""

from __future__ import annotations

from grafana.queries import TARGET_LABELS
from grafana.rules_model import Record
from grafana.thresholds import DEAD_LETTERS_SHARE, DEAD_LETTERS_TIMES, LATE_SECONDS, LOOKBACK, SETTLING
from streams.kpis.kpi import Kind, Kpi
from streams.kpis.registry import KPIS

OWNER = "campaign_channel_kpi:owner:latest"
TARGET = "campaign_channel_kpi:target:latest"
TARGET_VALUE = "campaign_channel_kpi:target_value:latest"
TARGET_VOLUME = "campaign_channel_kpi:target_volume:latest"
TARGET_MET = "campaign_channel_kpi:target_met:latest"
TARGET_OWNER = "campaign_channel_kpi:target_owner:latest"
ARRIVED = "campaign_channel_topic:expected_events:latest"
UNSETTLED = "launchpulse:unsettled:latest"

_REFUSED, _READ = "launchpulse_dead_letters_total", "launchpulse_events_read_total"


def latest(kpi: str, window: str, selector: str = "") -> str:
    """The recorded series of a KPI in a window."""
    return f'campaign_channel:{kpi}:latest{{window="{window}"{", " + selector if selector else ""}}}'


def once(metric: str, by: str) -> str:
    """One series for each of these labels, whoever exposes it."""
    return f"max by ({by}) (last_over_time({metric}[{LOOKBACK}]))"


def refused_jump(span: str, least: int) -> str:
    """Topic -> the share of its records that is refused, where it jumps: so many of the span, and much more than in
    the hour before."""
    refused, read = (_added(metric, span) for metric in (_REFUSED, _READ))
    refused_before, read_before = (_added(metric, "1h", span) for metric in (_REFUSED, _READ))
    return f"""
{refused} / ({read} > 0) > {DEAD_LETTERS_SHARE}
and {refused} >= {least}
and {refused} / ({read} > 0) > {DEAD_LETTERS_TIMES} * (
  {refused_before} / ({read_before} > 0) or {read} * 0
)
"""


def _added(metric: str, span: str, offset: str = "") -> str:
    """What a counter of the ledger has grown by; one worker at a time reads a partition, so doubles are the same."""
    later = f" offset {offset}" if offset else ""
    return f"sum by (topic) (max by (topic, partition) (increase({metric}[{span}]{later})))"


def kpi_records() -> dict[str, Record]:
    """KPI -> its rule."""
    return {kpi.name: _kpi(kpi) for kpi in KPIS}


def catalogue_records() -> list[Record]:
    """What the catalogue says: owners, targets, what must arrive. Of two owners in one place one is taken."""
    owner = once("campaign_owner_info", "campaign, channel, kpi, owner, contact")
    target_owner = once("campaign_target_owner_info", f"{TARGET_LABELS}, owner, contact")
    return [
        Record(OWNER, f"topk by (campaign, channel, kpi) (1, {owner})"),
        Record(TARGET, once("campaign_target", TARGET_LABELS)),
        Record(TARGET_VALUE, once("campaign_target_value", TARGET_LABELS)),
        Record(TARGET_VOLUME, once("campaign_target_volume", TARGET_LABELS)),
        Record(TARGET_MET, once("campaign_target_met", TARGET_LABELS)),
        Record(TARGET_OWNER, f"topk by ({TARGET_LABELS}) (1, {target_owner})"),
        Record(ARRIVED, once("campaign_expected_events_total", "campaign, channel, topic")),
    ]


def unsettled() -> Record:
    """There only while figures may be about to move for reasons of the pipeline: it is behind, holds the picture back,
    recovers, or the workers have just changed. Then no KPI alert begins."""
    workers = 'count(up{job="launchpulse"} == 1)'
    return Record(
        UNSETTLED,
        f"""
count(
  quantile_over_time(0.75, launchpulse_held_back_reasons[{SETTLING}]) > 0
  or max_over_time(launchpulse_lag_seconds[{SETTLING}]) > {LATE_SECONDS}
  or max_over_time(launchpulse_recovery_active[{SETTLING}]) > 0
  or changes(launchpulse_rebalances_total[{SETTLING}]) > 0
)
or
(max_over_time(({workers})[{SETTLING}:5s]) > min_over_time(({workers})[{SETTLING}:5s]))
""",
    )


def _kpi(kpi: Kpi) -> Record:
    labels = "campaign, channel, window, currency" if kpi.kind is Kind.MONEY else "campaign, channel, window"
    return Record(f"campaign_channel:{kpi.name}:latest", once(kpi.metric, labels))
