"""Many records at once: the same outcome as `decode` for each, with most of the checks made once for all of them.

Most records are plain: on time, of a known channel and a clean campaign, and of a topic whose events count alike. That
is found with a few passes in C over columns; only the others take a step of Python each.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import compress
from operator import attrgetter, itemgetter, sub
from typing import Final

from streams.events.channels import CHANNEL_CODES
from streams.events.decode import FUTURE_MS, LATE_MS, NEVER_DEEP, Accepted, admit, epoch_ms, parse
from streams.events.errors import Invalid
from streams.events.labels import clean_label
from streams.events.refusals import decode_mended
from streams.events.topic import Event, Topic

_campaign: Final = attrgetter("campaign")
_channel: Final = attrgetter("channel")
_time: Final = attrgetter("time")


@dataclass(slots=True)
class EventBatch:
    """What became of a run of records of one topic.

    Attributes:
        events: those that may be counted, in the order of the log.
        rows: which record each of them is.
        campaigns, channels: what each names.
        sent_ms: the time of each as sent, UTC epoch milliseconds; its hour belongs to the identity.
        apart: index in `events` -> an event that is counted by itself, because it is late, corrected, of an unknown
            channel, or of a topic whose events are not alike.
        refused: (row, why) of the records that become dead letters.
    """

    events: list[Event] = field(default_factory=list)
    rows: Sequence[int] = ()
    campaigns: list[str] = field(default_factory=list)
    channels: list[str] = field(default_factory=list)
    sent_ms: list[int] = field(default_factory=list)
    apart: dict[int, Accepted] = field(default_factory=dict)
    refused: list[tuple[int, Invalid]] = field(default_factory=list)


def decode_batch(
    topic: Topic, values: Sequence[bytes | None], timestamps_ms: Sequence[int], max_bytes: int
) -> EventBatch:
    """Decode and check the records of one topic; `timestamps_ms` are their Kafka timestamps. Never raises."""
    events, refused = _parse(topic, values, max_bytes)
    rows: Sequence[int] = range(len(values))
    if refused:
        wrong = {row for row, _ in refused}
        rows = [row for row in rows if row not in wrong]
        timestamps_ms = [timestamps_ms[row] for row in rows]
    if not events:
        return EventBatch(refused=refused)
    times = list(map(_time, events))
    sent_ms = times if set(map(type, times)) == {int} else list(map(epoch_ms, times))
    batch = EventBatch(events, rows, list(map(_campaign, events)), list(map(_channel, events)), sent_ms, {}, refused)
    apart = range(len(events)) if topic.flags is None else _apart(batch, timestamps_ms)
    return _admit(topic, batch, timestamps_ms, apart) if apart else batch


def _parse(
    topic: Topic, values: Sequence[bytes | None], max_bytes: int
) -> tuple[list[Event], list[tuple[int, Invalid]]]:
    events: list[Event] = []
    refused: list[tuple[int, Invalid]] = []
    accept, decode = events.append, topic.decoder.decode
    try:
        largest = max(map(len, values), default=0)  # type: ignore[arg-type]
    except TypeError:  # a tombstone
        largest = max_bytes + 1
    if largest > min(max_bytes, NEVER_DEEP):
        for row, value in enumerate(values):
            event = parse(topic, value, max_bytes)
            if isinstance(event, Invalid):
                refused.append((row, event))
            else:
                accept(event)
        return events, refused
    left = iter(values)
    while True:
        try:
            # What has been decoded before one that cannot be stays, and `left` goes on behind that one.
            events.extend(map(decode, left))  # type: ignore[arg-type]
        except (ValueError, RecursionError) as error:
            row = len(events) + len(refused)
            mended = decode_mended(topic.decoder, values[row], error)  # type: ignore[arg-type]
            if isinstance(mended, Invalid):
                refused.append((row, mended))
            else:
                accept(mended)
        else:
            return events, refused


def _apart(batch: EventBatch, timestamps_ms: Sequence[int]) -> Sequence[int]:
    """The indices of the events of which it must be asked one by one whether and how they count, in ascending order."""
    found: set[int] = set()
    # The oldest and the youngest that any of them can be: for records of a few seconds that is near enough.
    if min(timestamps_ms) - max(batch.sent_ms) < -FUTURE_MS or max(timestamps_ms) - min(batch.sent_ms) > LATE_MS:
        ages = map(sub, timestamps_ms, batch.sent_ms)
        found.update([index for index, age in enumerate(ages) if not -FUTURE_MS <= age <= LATE_MS])
    if unknown := set(batch.channels) - CHANNEL_CODES.keys():
        found.update([index for index, channel in enumerate(batch.channels) if channel in unknown])
    if unclean := {name for name in set(batch.campaigns) if clean_label(name) is None}:
        found.update([index for index, name in enumerate(batch.campaigns) if name in unclean])
    return sorted(found)


def _admit(topic: Topic, batch: EventBatch, timestamps_ms: Sequence[int], apart: Sequence[int]) -> EventBatch:
    """Ask of these events by themselves what could not be said of all; those that may not be counted go."""
    refused: list[int] = []
    for index in apart:
        accepted = admit(topic, batch.events[index], timestamps_ms[index])
        if isinstance(accepted, Invalid):
            batch.refused.append((batch.rows[index], accepted))
            refused.append(index)
        else:
            batch.apart[index - len(refused)] = accepted
    if not refused:
        return batch
    batch.refused.sort(key=itemgetter(0))
    left = bytearray(b"\1") * len(batch.events)
    for index in refused:
        left[index] = 0
    return EventBatch(
        list(compress(batch.events, left)),
        list(compress(batch.rows, left)),
        list(compress(batch.campaigns, left)),
        list(compress(batch.channels, left)),
        list(compress(batch.sent_ms, left)),
        batch.apart,
        batch.refused,
    )
