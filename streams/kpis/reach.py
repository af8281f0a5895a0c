"""Reach: how many different people, by sketches whose estimate is about 1.1 % off."""

from streams.counting.windows import WindowSums
from streams.events.measures import Measure, People
from streams.kpis.conversion import REACHED_BY
from streams.kpis.kpi import FROM_5M, Kind, Kpi, count_of, people_of, ratio

SKETCH = "Apache DataSketches CPC, lg K 12: relative standard error about 1.1 %"

EXPOSURES = (Measure.DELIVERED, Measure.IMPRESSIONS, Measure.VISITS)
"""The ways to meet a campaign: each makes a person one that is reached."""

_impressions = count_of(Measure.IMPRESSIONS)
_reached = people_of(People.REACHED)


def _frequency(sums: WindowSums) -> float | None:
    return ratio(sum(map(sums.count_beside_people, EXPOSURES)), _reached(sums))


KPIS = (
    Kpi(
        name="reach",
        title="Reach",
        unit="people",
        kind=Kind.PEOPLE,
        formula=_reached,
        formula_text="unique people reached: visitors, receivers of messages, viewers of impressions",
        reads=REACHED_BY,
        windows=FROM_5M,
        exported=("5m", "1h", "today", "launch"),
        people=(People.REACHED,),
        explanation="How many different people the campaign reached. The channels do not add up to the whole, since "
        "one person may meet several. Impressions without a person add nobody.",
        source=SKETCH,
    ),
    Kpi(
        name="impressions",
        title="Impressions",
        unit="impressions",
        kind=Kind.COUNT,
        formula=_impressions,
        formula_text="Σ count of impression events",
        reads=("impression",),
        windows=FROM_5M,
        exported=("5m", "1h", "today", "launch"),
        explanation="How often something of the campaign was shown.",
        source="impressions as ad servers count them (MRC)",
    ),
    Kpi(
        name="frequency",
        title="Frequency",
        unit="exposures per person",
        kind=Kind.FACTOR,
        formula=_frequency,
        formula_text="exposures ÷ unique people reached",
        reads=REACHED_BY,
        windows=FROM_5M,
        exported=("today", "launch"),
        good="",
        denominator="reach",
        min_volume=100,
        people=(People.REACHED,),
        explanation="How often a person who was reached met the campaign, on average. What met somebody unknown is in "
        "it, too, so it is rather too high than too low.",
        source="average frequency: exposures ÷ reach (media planning: GRP = reach × frequency)",
    ),
)
