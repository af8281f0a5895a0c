"""Where the links of alerts lead: panels of the boards, by their titles."""

from __future__ import annotations

from functools import cache

from grafana_foundation_sdk.builders import dashboard
from grafana_foundation_sdk.models.dashboard import Panel, RowPanel

from grafana.campaign import campaign
from grafana.frame import CAMPAIGN, PIPELINE, panel_id
from grafana.pipeline import OF_THE_BUSINESS, pipeline

QUERY = "?var-campaign={{ $labels.campaign }}&var-channel={{ $labels.channel }}"
"""Of the board in depth: the alert's campaign and channel."""

COUNTED = {
    "click": "clicks", "open": "opens", "visit": "visits", "mention": "mentions", "sale": "orders",
    "delivery": "delivered", "impression": "impressions", "lead": "leads", "spend": "spend", "survey": "nps_answers",
    "customer": "activations",
}  # fmt: skip
"""Topic -> the KPI that counts it. Tactics have none: they are marks on every panel."""


def topic_panel() -> str:
    """The address of the panel of the KPI that counts the alert's topic."""
    cases = "{{ else if ".join(f'eq $labels.topic "{topic}" }}}}{panel_id(kpi)}' for topic, kpi in COUNTED.items())
    return f"{QUERY}&viewPanel={{{{ if {cases}{{{{ else }}}}{panel_called(CAMPAIGN, 'Channels')}{{{{ end }}}}"


def campaign_panel(title: str) -> str:
    """The address of a panel of the board in depth, by its title. Raises KeyError."""
    return f"{QUERY}&viewPanel={panel_called(CAMPAIGN, title)}"


def pipeline_panel(title: str) -> str:
    """The same of the pipeline's board."""
    return f"?viewPanel={panel_called(PIPELINE, title)}"


def lag_panel() -> str:
    """The lag of the alert's topic there."""
    business = "|".join(OF_THE_BUSINESS)
    people, statements = (panel_called(PIPELINE, f"Lag: {title}") for title in ("events of people", "statements"))
    return f'?viewPanel={{{{ if match "{business}" $labels.topic }}}}{statements}{{{{ else }}}}{people}{{{{ end }}}}'


def panel_called(board: str, title: str) -> int:
    """The number of a board's panel; of two, the lower one on the board, which says more. Raises KeyError."""
    return {name: number for number, name in _panels(board)}[title]


@cache
def _panels(board: str) -> tuple[tuple[int, str], ...]:
    builders: dict[str, dashboard.Dashboard] = {CAMPAIGN: campaign(), PIPELINE: pipeline()}
    panels: list[Panel | RowPanel] = builders[board].build().panels or []
    return tuple((one.id_val, one.title) for one in panels if one.id_val is not None and one.title)
