"""One scene an alert about campaigns."""

from __future__ import annotations

from tests.rules.scenes import FILES, Scene, Series, absent, counter, gauge, of, owner

_MARIA = owner("aurora", "all", "", "Maria", "maria@example.com")
_NOOR = owner("aurora", "email", "", "Noor", "#mail")
_IDA = owner("aurora", "all", "net_sentiment", "Ida", "#support")

_DROP = of(
    "aurora",
    "email",
    {
        "campaign_engagements/1m": gauge((40, 200), (25, 80), (35, 200)),
        "campaign_exposures/1m": gauge((100, 1000)),
    },
) + of(
    "aurora",
    "all",
    {
        "campaign_engagements/1m": gauge((40, 400), (25, 280), (35, 400)),
        "campaign_exposures/1m": gauge((100, 2000)),
    },
)

_TARGET = {"kpi": "engagement_rate", "window": "1m", "bound": "min", "source": "own"}
_RETURN = {"kpi": "mroi", "window": "launch", "bound": "min", "source": "own"}
_AURORA = {"campaign": "aurora", "channel": "all", "owner": "Maria", "contact": "maria@example.com"}
_MAIL = {"campaign": "aurora", "channel": "email", "owner": "Noor", "contact": "#mail"}


def _told(labels: dict[str, str], values: dict[str, str]) -> tuple[Series, ...]:
    """A target of aurora as the worker exposes it, owned by Maria."""
    owned = {"owner": "Maria", "contact": "maria@example.com"}
    return of("aurora", "all", values, **labels) + of(
        "aurora", "all", {"campaign_target_owner_info": gauge((600, 1))}, **labels, **owned
    )


def _returned(channel: str, *, spent: float, returned: float) -> tuple[Series, ...]:
    """A channel's spend, and its return on it."""
    spend = of("aurora", channel, {"campaign_spend/launch": gauge((60, spent))}, currency="EUR")
    return spend + of("aurora", channel, {"campaign_mroi_ratio/launch": gauge((60, returned))})


SCENES = (
    Scene(
        alert="CampaignEngagementDrop",
        series=(*_DROP, _MARIA, _NOOR),
        quiet=39,
        pending=40,
        firing=60,
        resolved=75,
        labels=_MAIL,
        summary="aurora, email: engagement is at 40% of what was expected: 160 of 400 in two minutes, at 2k exposures.",
    ),
    Scene(
        alert="CampaignEngagementBelowTarget",
        series=(
            *_told(
                _TARGET,
                {"campaign_target": gauge((60, 0.15)), "campaign_target_met": gauge((3, 1), (6, 0), (51, 1))},
            ),
            *of(
                "aurora",
                "all",
                {
                    "campaign_engagements/1m": gauge((3, 200), (6, 80), (51, 200)),
                    "campaign_exposures/1m": gauge((60, 1000)),
                },
            ),
            *of("aurora", "push", {"campaign_exposures/1m": gauge((60, 300)), "campaign_engagements/1m": "40x239"}),
            *of("aurora", "email", {"campaign_exposures/1m": gauge((60, 200))}),
        ),
        quiet=2.5,
        pending=3.25,
        firing=5,
        resolved=13,
        labels=_AURORA | _TARGET,
        summary="aurora, all: engagement in the last minute is at 53.33% of its target: 80 of 150 engagements, at 1k "
        "exposures, most of it in email.",
    ),
    Scene(
        alert="CampaignSentimentTurns",
        series=(
            *of(
                "aurora",
                "all",
                {
                    "campaign_net_sentiment_points/5m": gauge((50, 40), (8, -20), (22, 40)),
                    "campaign_scored_mentions/5m": gauge((80, 200)),
                    "campaign_mentions/5m": gauge((50, 210), (8, 420), (22, 210)),
                },
            ),
            *of(
                "aurora",
                "organic_social",
                {
                    "campaign_net_sentiment_points/5m": gauge((50, 40), (8, 20), (22, 40)),
                    "campaign_scored_mentions/5m": gauge((80, 49)),
                },
            ),
            *of(
                "aurora",
                "community",
                {
                    "campaign_net_sentiment_points/5m": f"{absent(50)} {gauge((8, -60))}",
                    "campaign_scored_mentions/5m": f"{absent(50)} {gauge((8, 40))}",
                },
            ),
            _MARIA,
            _IDA,
        ),
        quiet=49,
        pending=50.25,
        firing=55,
        resolved=62,
        labels={"campaign": "aurora", "channel": "all", "owner": "Ida", "contact": "#support"},
        summary="aurora, all: net sentiment moved by -60 points from a usual 40, among 200 scored mentions in five "
        "minutes, most of it in community.",
    ),
    Scene(
        alert="CampaignReachStalls",
        series=(
            *of("aurora", "all", {"campaign_reach/5m": gauge((80, 1000), (20, 100), (30, 1000))}),
            *of("aurora", "direct", {"campaign_reach/5m": gauge((80, 90), (20, 70), (30, 90))}),
            *of("aurora", "affiliate", {"campaign_reach/5m": gauge((80, 80), (20, 10), (30, 80))}),
            ("campaign_active", {"campaign": "aurora"}, gauge((130, 1))),
            _MARIA,
        ),
        quiet=79,
        pending=85.25,
        firing=90,
        resolved=105,
        labels=_AURORA,
        summary="aurora, all: reach in five minutes is at 10% of the last hour's median of 1k people, most of it "
        "in affiliate.",
    ),
    Scene(
        alert="CampaignConversionBreaks",
        series=(
            *of(
                "aurora",
                "email",
                {
                    "campaign_orders/launch": counter((80, 4), (30, 0), (30, 4)),
                    "campaign_clicks/launch": counter((140, 20)),
                    "campaign_visits/launch": counter((140, 40)),
                },
            ),
            _MARIA,
            _NOOR,
        ),
        quiet=79,
        pending=90.75,
        firing=93,
        resolved=120,
        labels=_MAIL,
        summary="aurora, email: orders are at 13.33% of what was expected: 8 of 60 in fifteen minutes, at 900 clicks "
        "and visits.",
    ),
    Scene(
        alert="CampaignSpendAhead",
        series=(
            *of(
                "aurora",
                "all",
                {
                    "campaign_pace_ratio/launch": gauge((10, 1), (30, 1.5), (20, 1)),
                    "campaign_budget_used_ratio/launch": gauge((60, 0.4)),
                },
            ),
            _MARIA,
        ),
        quiet=9,
        pending=20,
        firing=30,
        resolved=45,
        labels=_AURORA,
        summary="aurora: spending is at 1.5 times its plan; 40% of the budget is used.",
    ),
    Scene(
        alert="CampaignBouncesJump",
        series=(
            *of(
                "aurora",
                "email",
                {
                    "campaign_sent/launch": counter((160, 100)),
                    "campaign_bounced/launch": counter((65, 1), (20, 40), (75, 1)),
                },
            ),
            _NOOR,
        ),
        quiet=64,
        pending=70,
        firing=75,
        resolved=155,
        labels=_MAIL,
        summary="aurora, email: 450 bounces in the last hour are 7.5% of 6k messages; usual is at most 2%.",
    ),
    Scene(
        alert="CampaignComplaintsJump",
        series=(
            *of(
                "aurora",
                "email",
                {
                    "campaign_sent/launch": counter((160, 100)),
                    "campaign_complained/launch": counter((65, 0), (15, 4), (80, 0), start=1),
                },
            ),
            _NOOR,
        ),
        quiet=64,
        pending=70,
        firing=75,
        resolved=150,
        labels=_MAIL,
        summary="aurora, email: 40 complaints in the last hour are 0.5333% of 7.5k messages; usual is at most 0.1%.",
    ),
    Scene(
        alert="CampaignUnsubscribesJump",
        series=(
            *of(
                "aurora",
                "email",
                {
                    "campaign_delivered/launch": counter((160, 100)),
                    "campaign_unsubscribed/launch": counter((65, 0), (15, 20), (80, 0)),
                    "campaign_unsubscribes/launch": gauge((160, 5)),
                },
            ),
            _NOOR,
        ),
        quiet=64,
        pending=69,
        firing=75,
        resolved=150,
        labels=_MAIL,
        summary="aurora, email: 200 leaves in the last hour are 2.667% of 7.5k messages; usual is at most 0.5%.",
    ),
    Scene(
        alert="CampaignSourceSilent",
        series=(
            *of(
                "aurora",
                "email",
                {"campaign_expected_events_total": counter((30, 60), (10, 0), (20, 60))},
                topic="click",
            ),
            _MARIA,
            _NOOR,
        ),
        quiet=31.75,
        pending=32,
        firing=35,
        resolved=45,
        labels=_MAIL | {"topic": "click"},
        summary="aurora, email: no click arrives any more, where 120 were due; 1.8k have come since the launch.",
        panel="clicks",
    ),
    Scene(
        alert="CampaignSourceOverdue",
        series=(
            *of(
                "aurora",
                "all",
                {"campaign_expected_events_total": counter((60, 2), (2_280, 0), (60, 2))},
                topic="spend",
            ),
            owner("aurora", "all", "", "Maria", "maria@example.com", 2_400),
        ),
        quiet=2_210,
        pending=2_222,
        firing=2_240,
        resolved=2_350,
        labels=_AURORA | {"topic": "spend"},
        summary="aurora, all: no spend for a day and a half; 120 have come since the launch.",
        panel="spend",
        days=True,
    ),
    Scene(
        alert="CampaignTargetMissed",
        series=(
            *_told(
                _RETURN,
                {
                    "campaign_target": gauge((30, 1)),
                    "campaign_target_value": gauge((5, 1.2), (15, 0.5), (10, 1.2)),
                    "campaign_target_volume": gauge((30, 320)),
                    "campaign_target_met": gauge((5, 1), (15, 0), (10, 1)),
                },
            ),
            *_returned("email", spent=100, returned=-0.4),
            *_returned("paid_social", spent=900, returned=0.3),
        ),
        quiet=4.75,
        pending=14.75,
        firing=15.25,
        resolved=24,
        labels=_AURORA | _RETURN,
        summary="aurora, all: Marketing return on investment since the launch at 50%; its own target is at least 100% "
        "(320 orders), most of the gap in paid_social.",
        files=("kpis.rules.yml", *FILES),
    ),
)

_SMALL = (
    *of("aurora", "email", {"campaign_engagements/1m": gauge((40, 18), (30, 2), (35, 18))}),
    *of("aurora", "email", {"campaign_exposures/1m": gauge((105, 90))}),
    *of("aurora", "push", {"campaign_engagements/1m": gauge((40, 17), (30, 4), (35, 17))}),
    *of("aurora", "push", {"campaign_exposures/1m": gauge((105, 85))}),
    *of("aurora", "all", {"campaign_engagements/1m": gauge((40, 35), (30, 6), (35, 35))}),
    *of("aurora", "all", {"campaign_exposures/1m": gauge((105, 175))}),
)


def _bought(channel: str, before: float, broken: float) -> tuple[Series, ...]:
    """Orders a minute, and thrice 20 clicks and visits."""
    return of(
        "aurora",
        channel,
        {
            "campaign_orders/launch": counter((80, before), (100, broken), (30, before)),
            "campaign_clicks/launch": counter((210, 20)),
            "campaign_visits/launch": counter((210, 40)),
        },
    )


SCENES_OF_ALL_CHANNELS = (
    Scene(
        alert="CampaignEngagementDrop",
        series=(*_SMALL, _MARIA),
        quiet=39,
        pending=None,
        firing=60,
        resolved=80,
        labels=_AURORA,
        summary="aurora, all: engagement is at 17.14% of what was expected: 12 of 70 in two minutes, at 350 exposures, "
        "most of it in email.",
    ),
    Scene(
        alert="CampaignConversionBreaks",
        series=(*_bought("email", 1, 0.2), *_bought("push", 1.2, 0), *_bought("all", 2.2, 0.2), _MARIA),
        quiet=79,
        pending=None,
        firing=175,
        resolved=197,
        labels=_AURORA,
        summary="aurora, all: orders are at 9.091% of what was expected: 3 of 33 in fifteen minutes, at 900 clicks and "
        "visits, most of it in push.",
    ),
)
"""No single channel is large enough to be judged, and each fires long after its past without the drop is over."""
