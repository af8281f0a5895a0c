"""Whether the figures can be trusted: whose they are, and whether they are live, fresh and complete."""

from grafana.elements import Panel, light, word
from grafana.queries import age_of_picture, ledger_difference, once
from grafana.style import BAD, CAREFUL, GOOD
from grafana.thresholds import LOOKBACK


def trust() -> list[Panel]:
    """The figures that tell a calm launch from a frozen picture."""
    return [
        light(
            "Live?",
            "Reasons why the picture of a worker is held back (`held_back_by` of `/api/campaigns` names them). 0: the "
            "figures are live. Otherwise the KPIs stand still instead of faking a drop.",
            once("launchpulse_held_back_reasons"),
            ((None, GOOD), (1, CAREFUL)),
        ),
        light(
            "Age of the picture",
            "Now minus the time of the oldest worker's picture. It grows while a worker is stuck.",
            age_of_picture(),
            ((None, GOOD), (5, CAREFUL), (30, BAD)),
            "s",
        ),
        light(
            "Behind the events",
            "How far the slowest topic is behind the end of its log. Windows end that much before now.",
            once("launchpulse_lag_seconds"),
            ((None, GOOD), (5, CAREFUL), (30, BAD)),
            "s",
        ),
        light(
            "Not yet counted",
            "Records of all topics that are not summarised yet.",
            f"sum({once('launchpulse_consumer_lag_records', 'topic', 'partition')})",
            ((None, GOOD), (10_000, CAREFUL)),
        ),
        light(
            "Lost or doubled",
            "The ledger's difference, without signs, over all source partitions: read - (counted + duplicate + "
            "invalid). Always 0; otherwise events were lost or doubled.",
            ledger_difference(),
            ((None, GOOD), (1, BAD)),
        ),
        light(
            "Not shown",
            "Channels of campaigns that the series budget leaves out of the metrics. The API has them all.",
            once("launchpulse_channels_left_out"),
            ((None, GOOD), (1, CAREFUL)),
        ),
        light(
            "Workers",
            "Workers that answer to Prometheus.",
            'count(up{job="launchpulse"} == 1) or vector(0)',
            ((None, BAD), (1, GOOD)),
        ),
    ]


def owner() -> Panel:
    """Whose campaign it is."""
    info = f'max by (owner, name) (last_over_time(campaign_info{{campaign="$campaign"}}[{LOOKBACK}]))'
    return word("Owner", "Who answers for the campaign, as its catalogue entry says.", info, "{{owner}}")
