"""Reach: how many different people, by sketches whose estimate is about 1.1 % off."""

from streams.events.measures import People
from streams.kpis.kpi import FROM_1H, FROM_5M, Kind, Kpi, people_of, share_of

_SKETCH = "Apache DataSketches CPC, lg K 12: relative standard error about 1.1 %"
_EVERYWHERE = ("5m", "1h", "today", "launch")
_EXPORTED = ("1h", "today", "launch")

_reached = people_of(People.REACHED)
_engaged = people_of(People.ENGAGED)

KPIS = (
    Kpi(
        name="reach",
        title="Reach",
        unit="people",
        kind=Kind.PEOPLE,
        formula=_reached,
        formula_text="unique people reached",
        reads=("visit",),
        windows=FROM_5M,
        exported=_EVERYWHERE,
        explanation="How many different people the campaign reached: visitors so far; receivers of messages and "
        "viewers of impressions join them with their topics. The channels do not add up to the whole, "
        "since one person may meet several.",
        source=_SKETCH,
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
        exported=_EVERYWHERE,
        explanation="How many different people did something beyond being reached; machines do not count.",
        source=_SKETCH,
    ),
    Kpi(
        name="engagement_by_reach_rate",
        title="Engagement by reach",
        unit="ratio",
        kind=Kind.RATIO,
        formula=share_of(_engaged, _reached),
        formula_text="unique people engaged ÷ unique people reached",
        reads=("click", "mention", "visit"),
        windows=FROM_5M,
        exported=_EVERYWHERE,
        denominator="reach",
        min_volume=100,
        explanation="The share of the people reached who engaged. Until messages and impressions add to reach, people"
        " who click or mention without a visit can lift it above 1.",
        source=_SKETCH,
    ),
    Kpi(
        name="openers",
        title="Unique openers",
        unit="people",
        kind=Kind.PEOPLE,
        formula=people_of(People.OPENERS),
        formula_text="unique people who opened a message, machines left out",
        reads=("open",),
        windows=FROM_1H,
        exported=_EXPORTED,
        explanation="How many different people opened at least one message. Opens by privacy proxies and bots are "
        "left out.",
        source=_SKETCH,
    ),
    Kpi(
        name="clickers",
        title="Unique clickers",
        unit="people",
        kind=Kind.PEOPLE,
        formula=people_of(People.CLICKERS),
        formula_text="unique people who clicked, machines left out",
        reads=("click",),
        windows=FROM_1H,
        exported=_EXPORTED,
        explanation="How many different people clicked at least one link. Link checkers and other machines are left "
        "out.",
        source=_SKETCH,
    ),
    Kpi(
        name="click_to_open_rate",
        title="Click-to-open rate",
        unit="ratio",
        kind=Kind.RATIO,
        formula=share_of(people_of(People.CLICKERS), people_of(People.OPENERS)),
        formula_text="unique clickers ÷ unique openers, machines left out of both",
        reads=("click", "open"),
        windows=FROM_1H,
        exported=_EXPORTED,
        denominator="openers",
        min_volume=100,
        explanation="Of the people who opened, how many clicked. It means something where messages are opened (email,"
        " push); over all channels, clicks on ads stand above opens of mails. Open and click rates of the"
        " delivered follow with deliveries.",
        source="email practice: unique clicks ÷ unique opens; " + _SKETCH,
    ),
)
