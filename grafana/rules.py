"""Writes the rules from the KPI registry and the thresholds: `python -m grafana.rules [FOLDER]`, by default into
grafana/prometheus."""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
if __package__ in (None, ""):  # run by its path, as deploy/generate.py does
    sys.path[0] = str(ROOT)

from grafana import rules_campaign, rules_engagement, rules_messages, rules_pipeline, rules_promises, rules_sources  # noqa: E402
from grafana.generated import write  # noqa: E402
from grafana.rules_model import Alert, Record, rule_file  # noqa: E402
from grafana.rules_series import catalogue_records, kpi_records, unsettled  # noqa: E402
from grafana.rules_words import word_records  # noqa: E402
from streams.kpis.registry import GROUPS  # noqa: E402

FOLDER = ROOT / "grafana" / "prometheus"

CAMPAIGN_ALERTS: tuple[Alert, ...] = (
    *rules_engagement.ALERTS,
    *rules_campaign.ALERTS,
    *rules_messages.ALERTS,
    *rules_sources.ALERTS,
    *rules_promises.ALERTS,
)
PIPELINE_ALERTS: tuple[Alert, ...] = rules_pipeline.ALERTS
ALERTS = CAMPAIGN_ALERTS + PIPELINE_ALERTS


def campaign_rules() -> tuple[Record | Alert, ...]:
    """What alerts about campaigns stand on, and they themselves, in the order of reading."""
    alerts: list[Record | Alert] = []
    for alert in CAMPAIGN_ALERTS:
        alerts += [*alert.records, alert]
    read = [record for record in kpi_records().values() if any(record.name in one.expr for one in alerts)]
    return (*read, *catalogue_records(), unsettled(), *rules_sources.RECORDS, *alerts)


def files() -> dict[str, str]:
    """File name -> the text of a rule file. Rules that read each other stand in one group: so the KPIs that alerts look
    at are recorded there, and the others under the headings of the registry."""
    campaigns, series = campaign_rules(), kpi_records()
    read = {rule.name for rule in campaigns}
    groups = [(title, [series[kpi.name] for kpi in kpis]) for title, kpis in GROUPS]
    headings = [(title, [record for record in records if record.name not in read]) for title, records in groups]
    return {
        "kpis.rules.yml": rule_file(
            [("words", word_records()), *((title, records) for title, records in headings if records)]
        ),
        "campaigns.rules.yml": rule_file([("campaigns", campaigns)]),
        "pipeline.rules.yml": rule_file([("pipeline", PIPELINE_ALERTS)]),
    }


def main(arguments: list[str] | None = None) -> int:
    """Write the files. Returns the exit code."""
    return write(files(), FOLDER, arguments)


if __name__ == "__main__":
    sys.exit(main())
