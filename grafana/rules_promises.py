"""What the catalogue promises and is not kept: targets."""

from __future__ import annotations

from grafana import thresholds as at
from grafana.links import campaign_panel
from grafana.rules_model import Alert, Record
from grafana.rules_parts import BOARD, owned_target, settled
from grafana.rules_series import TARGET_MET, TARGET_VALUE
from grafana.rules_sources import BLIND_KPIS
from grafana.rules_words import target_in_words

MISSED = "campaign_channel_kpi:target_missed:value"

_OF_ENGAGEMENT = 'kpi="engagement_rate", bound="min", window=~"1m|5m|1h"'

ALERTS = (
    Alert(
        name="CampaignTargetMissed",
        kind="kpi",
        severity="warning",
        records=(
            Record(
                MISSED,
                settled(
                    f"{TARGET_VALUE}\nand {TARGET_MET} == 0\nunless {TARGET_VALUE}{{{_OF_ENGAGEMENT}}}\n"
                    f"unless {BLIND_KPIS}"
                ),
            ),
        ),
        expr=owned_target(MISSED),
        hold="10m",
        keep=at.KEPT,
        board=BOARD,
        query=campaign_panel("Targets missed") + "&var-window={{ $labels.window }}",
        summary=f"{{{{ $labels.campaign }}}}, {{{{ $labels.channel }}}}: {target_in_words()}.",
        meaning="A KPI is not where the catalogue says it should be. It is told to whoever owns that KPI or channel.",
        when="A target of the catalogue is missed for ten minutes, with at least as many cases as the target asks for. "
        "The engagement rate's short windows have an alert of their own.",
    ),
)
