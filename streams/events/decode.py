"""From a record's bytes to an event that may be counted, or to the reason why not. Never raises, whatever the bytes.

The outcome is a function of the value, its Kafka timestamp and the limits alone: never of a clock or of the reader.
Of duplicate keys the last wins. Fields that are not read are not looked into, beyond being JSON.
"""

from datetime import UTC, datetime, timedelta
from typing import Final

import msgspec

from streams.events.channels import CHANNEL_CODES, OTHER_CHANNEL
from streams.events.errors import MAX_DEPTH, TOO_DEEP, Invalid, Reason
from streams.events.forms import unframed
from streams.events.labels import clean_label, label_problem
from streams.events.refusals import decode_mended, too_deep
from streams.events.topic import HOUR_MS, Event, Topic

LATE_MS: Final = 15 * 60_000
"""An event is late when its Kafka timestamp is later than its time by more than this."""

FUTURE_MS: Final = 5 * 60_000
"""How far a time may lie after the Kafka timestamp before the sender's clock is in question."""

MAX_CLOCK_AHEAD_MS: Final = 24 * HOUR_MS
"""A sender's clock that is further ahead than this is not believed."""

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND: Final = timedelta(milliseconds=1)
_SECONDS_BELOW: Final = 100_000_000_000

NEVER_DEEP: Final = 2 * MAX_DEPTH
"""A value of so many bytes nests no deeper than MAX_DEPTH: each level has two brackets."""

_TOMBSTONE: Final = Invalid(Reason.TOMBSTONE, "the value is null")


class Accepted(msgspec.Struct, gc=False):
    """An event to count.

    `time_ms` is when it happened, UTC epoch milliseconds, set back if the sender's clock was ahead; `hour` is the UTC
    hour (since the epoch) of `time` as sent, a part of the identity; `channel` is a code. Late and unknown-channel
    events are counted like others and beside that in measures of their own, by the caller.
    """

    event: Event
    time_ms: int
    hour: int
    channel: int
    late: bool
    unknown_channel: bool


def decode(topic: Topic, value: bytes | None, timestamp_ms: int, max_bytes: int) -> Accepted | Invalid:
    """Decode and check one record's value; `timestamp_ms` is its Kafka timestamp, `max_bytes` the largest value."""
    event = parse(topic, value, max_bytes)
    return event if isinstance(event, Invalid) else admit(topic, event, timestamp_ms)


def parse(topic: Topic, value: bytes | None, max_bytes: int) -> Event | Invalid:
    """What stands in a record's value: the event, unless its bytes or types are wrong."""
    if value is None:
        return _TOMBSTONE
    size = len(value)
    if size > max_bytes:
        return Invalid(Reason.TOO_LARGE, f"more than {max_bytes} bytes")
    if size > NEVER_DEEP and too_deep(unframed(value)):
        return TOO_DEEP
    try:
        return topic.decoder.decode(value)
    except (ValueError, RecursionError) as error:
        return decode_mended(topic.decoder, value, error)


def admit(topic: Topic, event: Event, timestamp_ms: int) -> Accepted | Invalid:
    """Whether a parsed event may be counted: its label, what its topic asks of it, and its time."""
    campaign = clean_label(event.campaign)
    if campaign is None:
        return Invalid(Reason.BAD_LABEL, f"campaign {label_problem(event.campaign)}")
    event.campaign = campaign
    wrong = topic.check(event)
    if wrong is not None:
        return wrong

    time = event.time
    sent_ms = time if type(time) is int else epoch_ms(time)
    age_ms = timestamp_ms - sent_ms
    time_ms = sent_ms
    if age_ms < -FUTURE_MS:
        ahead_ms = _clock_ahead_ms(event, timestamp_ms)
        time_ms -= ahead_ms
        if time_ms > timestamp_ms + FUTURE_MS:
            return Invalid(Reason.FUTURE, "time is more than 5 minutes after the record's Kafka timestamp")
    elif topic.horizon_ms is not None and age_ms > topic.horizon_ms:
        return Invalid(Reason.TOO_OLD, _too_old(sent_ms, topic.horizon_ms))
    code = CHANNEL_CODES.get(event.channel)
    if code is None:
        return Accepted(event, time_ms, sent_ms // HOUR_MS, OTHER_CHANNEL, age_ms > LATE_MS, True)
    return Accepted(event, time_ms, sent_ms // HOUR_MS, code, age_ms > LATE_MS, False)


def epoch_ms(time: int | datetime) -> int:
    """UTC epoch milliseconds of an event's time, rounded down."""
    return time if isinstance(time, int) else (time - _EPOCH) // _MILLISECOND


def _clock_ahead_ms(event: Event, timestamp_ms: int) -> int:
    """By how much `sent_at` shows the sender's clock to be ahead of Kafka's; 0 when it does not, or is not believed."""
    if event.sent_at is None:
        return 0
    ahead_ms = epoch_ms(event.sent_at) - timestamp_ms
    return ahead_ms if 0 < ahead_ms <= MAX_CLOCK_AHEAD_MS else 0


def _too_old(sent_ms: int, horizon_ms: int) -> str:
    hint = "; it looks like seconds, not milliseconds" if 0 < sent_ms < _SECONDS_BELOW else ""
    return f"time is more than {horizon_ms // HOUR_MS} h before the record's Kafka timestamp{hint}"
