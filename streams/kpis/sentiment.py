"""Sentiment: what is said about the campaign, and how kindly. A mention whose sentiment is unknown is in no share."""

from streams.counting.windows import WindowSums
from streams.events.measures import Measure
from streams.kpis.kpi import FROM_5M, Kind, Kpi, count_of, ratio, share_of

_USUAL = ("5m", "1h", "today", "launch")
_MINUTE_MS = 60_000

_positive = count_of(Measure.MENTIONS_POSITIVE)
_negative = count_of(Measure.MENTIONS_NEGATIVE)
_scored = count_of(Measure.MENTIONS_POSITIVE, Measure.MENTIONS_NEUTRAL, Measure.MENTIONS_NEGATIVE)
_mentions = count_of(
    Measure.MENTIONS_POSITIVE, Measure.MENTIONS_NEUTRAL, Measure.MENTIONS_NEGATIVE, Measure.MENTIONS_UNKNOWN
)


def _per_minute(sums: WindowSums) -> float | None:
    return ratio(_mentions(sums) * _MINUTE_MS, sums.end_ms - sums.start_ms)


def _net_sentiment(sums: WindowSums) -> float | None:
    return ratio(100 * (_positive(sums) - _negative(sums)), _scored(sums))


KPIS = (
    Kpi(
        name="mentions",
        title="Mentions",
        unit="events",
        kind=Kind.COUNT,
        formula=_mentions,
        formula_text="positive + neutral + negative + unknown mentions",
        reads=("mention",),
        windows=FROM_5M,
        exported=_USUAL,
        good="",
        explanation="How often the campaign was spoken of. More is not always better: read it with the net sentiment.",
    ),
    Kpi(
        name="mentions_per_minute",
        title="Mentions per minute",
        unit="events per minute",
        kind=Kind.PER_MINUTE,
        formula=_per_minute,
        formula_text="mentions ÷ minutes of the window",
        reads=("mention",),
        windows=FROM_5M[:-1],
        exported=_USUAL[:-1],
        good="",
        denominator="mentions",
        explanation="The pace of the talk. It has no value since launch, because a launch has no agreed first minute.",
    ),
    Kpi(
        name="scored_mentions",
        title="Mentions with a sentiment",
        unit="events",
        kind=Kind.COUNT,
        formula=_scored,
        formula_text="positive + neutral + negative mentions",
        reads=("mention",),
        windows=FROM_5M,
        exported=_USUAL,
        good="",
        explanation="The mentions whose sentiment is known; the sample size of net sentiment and of the share of "
        "positive.",
    ),
    Kpi(
        name="net_sentiment",
        title="Net sentiment",
        unit="points from -100 to 100",
        kind=Kind.SCORE,
        formula=_net_sentiment,
        formula_text="(positive - negative) ÷ (positive + neutral + negative) × 100",
        reads=("mention",),
        windows=FROM_5M,
        exported=_USUAL,
        denominator="scored_mentions",
        min_volume=50,
        explanation="By how much kind mentions outweigh unkind ones; unknown ones are in neither side.",
        source="net sentiment score of social listening, the form of the net promoter score",
    ),
    Kpi(
        name="positive_share",
        title="Share of positive mentions",
        unit="ratio",
        kind=Kind.RATIO,
        formula=share_of(_positive, _scored),
        formula_text="positive ÷ (positive + neutral + negative)",
        reads=("mention",),
        windows=FROM_5M,
        exported=("1h", "launch"),
        denominator="scored_mentions",
        min_volume=50,
        explanation="How much of what is said is kind; unknown ones are in neither side.",
    ),
)
