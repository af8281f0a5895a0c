"""Engagement: what people did, and which share of the exposures and of the people reached that is."""

from streams.events.measures import Measure, People
from streams.kpis.conversion import REACHED_BY
from streams.kpis.kpi import FROM_1M, FROM_5M, Kind, Kpi, count_of, people_of, share_of
from streams.kpis.reach import EXPOSURES, SKETCH

_LIVE = ("1m", "5m", "1h", "today", "launch")
_USUAL = ("5m", "1h", "today", "launch")

_visits = count_of(Measure.VISITS)
_exposures = count_of(*EXPOSURES)
_engaged = people_of(People.ENGAGED)
_engagements = count_of(
    Measure.CLICKS,
    Measure.ENGAGED_VISITS,
    Measure.MENTIONS_POSITIVE,
    Measure.MENTIONS_NEUTRAL,
    Measure.MENTIONS_NEGATIVE,
    Measure.MENTIONS_UNKNOWN,
)

KPIS = (
    Kpi(
        name="engagements",
        title="Engagements",
        unit="events",
        kind=Kind.COUNT,
        formula=_engagements,
        formula_text="clicks + engaged visits + mentions, machines left out",
        reads=("click", "mention", "visit"),
        windows=FROM_1M,
        exported=_LIVE,
        explanation="What people did with the campaign; the upper side of the engagement rate.",
    ),
    Kpi(
        name="engagement_rate",
        title="Engagement rate",
        unit="ratio",
        kind=Kind.RATIO,
        formula=share_of(_engagements, _exposures),
        formula_text="(clicks + engaged visits + mentions, machines left out) ÷ exposures",
        reads=("click", *REACHED_BY[:2], "mention", "visit"),
        windows=FROM_1M,
        exported=_LIVE,
        denominator="exposures",
        min_volume=100,
        explanation="How much of the attention turned into action. In a channel without messages and impressions it is "
        "per visit and may exceed 1.",
        source="engagements ÷ exposures, as social and email tools report it",
    ),
    Kpi(
        name="exposures",
        title="Exposures",
        unit="events",
        kind=Kind.COUNT,
        formula=_exposures,
        formula_text="delivered messages + impressions + visits",
        reads=REACHED_BY,
        windows=FROM_1M,
        exported=_LIVE,
        explanation="How often somebody met the campaign; the denominator of the engagement rate.",
    ),
    Kpi(
        name="engaged_people",
        title="People engaged",
        unit="people",
        kind=Kind.PEOPLE,
        formula=_engaged,
        formula_text="unique people who clicked, visited with engagement or mentioned",
        reads=("click", "mention", "visit"),
        windows=FROM_5M,
        exported=_USUAL,
        people=(People.ENGAGED,),
        explanation="How many different people did something beyond being reached; machines do not count.",
        source=SKETCH,
    ),
    Kpi(
        name="engagement_by_reach_rate",
        title="Engagement by reach",
        unit="ratio",
        kind=Kind.RATIO,
        formula=share_of(_engaged, people_of(People.REACHED)),
        formula_text="unique people engaged ÷ unique people reached",
        reads=("click", *REACHED_BY[:2], "mention", "visit"),
        windows=FROM_5M,
        exported=_USUAL,
        denominator="reach",
        min_volume=100,
        people=(People.ENGAGED, People.REACHED),
        explanation="The share of the people reached who engaged. People who click or mention without having been "
        "reached can lift it above 1.",
        source="engagement rate by reach (ERR) of social media reporting",
    ),
    Kpi(
        name="visits",
        title="Visits",
        unit="events",
        kind=Kind.COUNT,
        formula=_visits,
        formula_text="visits",
        reads=("visit",),
        windows=FROM_1M,
        exported=_LIVE,
        explanation="Visits to the campaign's pages.",
    ),
    Kpi(
        name="engaged_visits",
        title="Engaged visits",
        unit="events",
        kind=Kind.COUNT,
        formula=count_of(Measure.ENGAGED_VISITS),
        formula_text="visits that their source marked as engaged",
        reads=("visit",),
        windows=FROM_1M,
        exported=_USUAL,
        explanation="Visits in which something happened, as the source decided (in GA4: longer than ten seconds, a "
        "key event, or two pages).",
    ),
    Kpi(
        name="clicks",
        title="Clicks",
        unit="events",
        kind=Kind.COUNT,
        formula=count_of(Measure.CLICKS),
        formula_text="clicks, machines left out",
        reads=("click",),
        windows=FROM_1M,
        exported=_LIVE,
        explanation="Clicks by people.",
    ),
)
