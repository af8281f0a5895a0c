"""Mentions of the campaign in posts, reviews and the press, with their sentiment."""

from types import MappingProxyType
from typing import Annotated, Final

from msgspec import Meta

from streams.events.measures import MICROS, Counters, Measure, People
from streams.events.topic import HORIZON_MANY_MS, Event, Field, Text, Topic
from streams.sentiment.lexicon import score as score_text

POSITIVE_ABOVE: Final = 0.05
NEGATIVE_BELOW: Final = -0.05
MAX_AUDIENCE: Final = 100_000_000_000

_POSITIVE: Final = int(Measure.MENTIONS_POSITIVE)
_NEUTRAL: Final = int(Measure.MENTIONS_NEUTRAL)
_NEGATIVE: Final = int(Measure.MENTIONS_NEGATIVE)
_UNKNOWN: Final = int(Measure.MENTIONS_UNKNOWN)
_SCORE: Final = int(Measure.MENTION_SCORE)
_SCORED: Final = int(Measure.MENTION_SCORED)
_AUDIENCE: Final = int(Measure.AUDIENCE)
_TESTS: Final = int(Measure.TESTS_MENTION)
_ENGAGED: Final = (int(People.ENGAGED),)


class Mention(Event, gc=False):
    """A mention. Where the source gave no `sentiment`, the lexicon scores `text` in `count`.

    A plug-in comes before the lexicon: it fills `sentiment` before `count`, or takes `text` away where it failed.
    """

    sentiment: Annotated[float, Meta(ge=-1, le=1)] | None = None
    audience: Annotated[int, Meta(ge=0, le=MAX_AUDIENCE)] | None = None
    text: str | None = None
    language: Text | None = None


def count(event: Mention, add: Counters) -> None:
    """One mention by its sentiment, its score and its audience."""
    if event.test:
        add[_TESTS] = add.get(_TESTS, 0) + 1
        return
    score = event.sentiment
    if score is None and event.text:
        score = score_text(event.text, event.language)
    if score is None:
        measure = _UNKNOWN
    else:
        measure = _POSITIVE if score > POSITIVE_ABOVE else _NEGATIVE if score < NEGATIVE_BELOW else _NEUTRAL
        add[_SCORE] = add.get(_SCORE, 0) + round(score * MICROS)
        add[_SCORED] = add.get(_SCORED, 0) + 1
    add[measure] = add.get(measure, 0) + 1
    if event.audience:
        add[_AUDIENCE] = add.get(_AUDIENCE, 0) + event.audience


def people(event: Mention) -> tuple[int, ...]:
    """Whoever speaks of the campaign is engaged."""
    return _ENGAGED if event.person and not event.test else ()


TOPIC: Final = Topic(
    name="mention",
    event=Mention,
    horizon_ms=HORIZON_MANY_MS,
    count=count,
    people=people,
    counted_in=(
        Measure.MENTIONS_POSITIVE,
        Measure.MENTIONS_NEUTRAL,
        Measure.MENTIONS_NEGATIVE,
        Measure.MENTIONS_UNKNOWN,
    ),
    test_measure=Measure.TESTS_MENTION,
    title="Mentions",
    description="Someone wrote or spoke about the campaign in public.",
    fields=(
        Field("text", "string", "what was written: scored where the source gives no `sentiment`, never stored"),
        Field("author", "string", "who wrote it, as shown", read=False),
        Field("language", "string, at most 256 characters", "BCP 47 tag of the text"),
        Field(
            "sentiment",
            "number, -1 to 1",
            f"the source's score; above {POSITIVE_ABOVE} positive, below {NEGATIVE_BELOW} negative, else neutral; "
            "without it the text is scored, and without a text that can be read the mention counts as unknown",
        ),
        Field("audience", f"integer, 0 to {MAX_AUDIENCE}", "how many people the author reaches"),
    ),
    counts=("mentions: positive, neutral, negative, unknown", "sum of scores", "audience", "unique engaged people"),
    example=MappingProxyType(
        {
            "id": "m-4001",
            "time": 1795510805000,
            "campaign": "aurora",
            "channel": "organic_social",
            "source": "listening",
            "text": "Aurora looks great!",
            "language": "en",
            "sentiment": 0.8,
            "audience": 1200,
        }
    ),
)
