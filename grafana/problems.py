"""What needs somebody now: targets that are missed, with their owners, and alerts that fire."""

from grafana_foundation_sdk.builders import table

from grafana.elements import Column, link, rows
from grafana.frame import CAMPAIGN, LAUNCH
from grafana.queries import missed
from grafana.style import BAD
from grafana.thresholds import RUNBOOKS_URL

_PLACE = {"kpi": "KPI", "channel": "Channel", "window": "Window", "bound": "Should be", "source": "Whose target"}
_WHOSE = {"owner": "Owner", "contact": "Contact"}
_ALERT = {
    "alertname": "Alert", "severity": "Severity", "kind": "Kind", "campaign": "Campaign", "channel": "Channel",
    "owner": "Owner",
}  # fmt: skip


def targets(where: str = "", *, every_campaign: bool = False) -> table.Panel:
    """The targets that are missed now, of the chosen campaign or of every one."""
    title = "Targets missed, all campaigns" if every_campaign else "Targets missed"
    texts = ({"campaign": "Campaign"} if every_campaign else {}) | _PLACE | _WHOSE
    panel = rows(
        title,
        "Every target of the catalogue that is missed now on enough cases: what is measured, where the target lies, on "
        "how many cases the value stands, and who answers for it. Should be `min`: at least; `max`: at most. Values "
        "are in the KPI's own unit, ratios as parts of 1. Empty: no target is missed.",
        [
            Column(missed("campaign_target_value", where), "Is"),
            Column(missed("campaign_target", where), "Target"),
            Column(missed("campaign_target_volume", where), "Cases"),
            Column(missed("campaign_target_owner_info", where, "owner", "contact"), "Missed", steps=((None, BAD),)),
        ],
        texts,
        {
            "channel": link(LAUNCH, campaign="${__data.fields.Campaign}", channel="${__value.raw}")
            if every_campaign
            else link(LAUNCH, campaign="${campaign}", channel="${__value.raw}", window="${__data.fields.Window}")
        },
        sort=("KPI", False),
    )
    return panel.span(14).height(6)


def alerts(where: str = "") -> table.Panel:
    """The alerts that fire now: those of one campaign, or of every one, and always those of the pipeline, which may be
    why nothing is heard of a campaign."""
    firing = 'ALERTS{alertstate="firing"'
    chosen = f'({firing}, campaign="{where}"}} or {firing}, kind="pipeline"}})' if where else f"{firing}}}"
    panel = rows(
        "Alerts",
        "What fires in Prometheus now, of the campaign and of the pipeline. Not all of it is sent: while an alert of "
        "the pipeline mutes the campaigns' alerts, or somebody has silenced one, Alertmanager tells nobody of those. "
        "An alert's name leads to its runbook, its campaign to the board in depth. Empty: nothing fires.",
        [Column(f"max by ({', '.join(_ALERT)}) ({chosen})", "Firing", steps=((None, BAD),))],
        _ALERT,
        {
            "alertname": f"{RUNBOOKS_URL}/${{__value.raw}}",
            "campaign": link(CAMPAIGN, campaign="${__value.raw}", channel="${__data.fields.Channel}"),
        },
        sort=("Severity", False),
    )
    return panel.span(10).height(6)
