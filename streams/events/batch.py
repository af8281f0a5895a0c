"""Many records at once: the same outcome as `decode` for each, with most of the checks made once for all of them.

Most records are plain: on time, of a known channel and a clean campaign, and of a topic whose events count alike. That
is found with a few passes in C over columns; only the others take a step of Python each.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from operator import attrgetter
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
    if topic.flags is not None and _plain(batch, timestamps_ms):
        return batch
    return _admit(topic, batch, timestamps_ms)


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


def _plain(batch: EventBatch, timestamps_ms: Sequence[int]) -> bool:
    # The oldest and the youngest that any of them can be: for records of a few seconds that is near enough.
    return (
        min(timestamps_ms) - max(batch.sent_ms) >= -FUTURE_MS
        and max(timestamps_ms) - min(batch.sent_ms) <= LATE_MS
        and set(batch.channels) <= CHANNEL_CODES.keys()
        and all(map(clean_label, set(batch.campaigns)))
    )


def _admit(topic: Topic, batch: EventBatch, timestamps_ms: Sequence[int]) -> EventBatch:
    """Ask of each event by itself what could not be said of all of them."""
    together = topic.flags is not None
    known = CHANNEL_CODES.keys()
    clean = {name for name in set(batch.campaigns) if clean_label(name) is not None}
    admitted = EventBatch(refused=batch.refused)
    rows: list[int] = []
    for row, event, sent_ms, timestamp_ms in zip(batch.rows, batch.events, batch.sent_ms, timestamps_ms, strict=True):
        on_time = -FUTURE_MS <= timestamp_ms - sent_ms <= LATE_MS
        if not (together and on_time and event.channel in known and event.campaign in clean):
            accepted = admit(topic, event, timestamp_ms)
            if isinstance(accepted, Invalid):
                admitted.refused.append((row, accepted))
                continue
            admitted.apart[len(rows)] = accepted
        rows.append(row)
        admitted.events.append(event)
        admitted.campaigns.append(event.campaign)
        admitted.channels.append(event.channel)
        admitted.sent_ms.append(sent_ms)
    admitted.rows = rows
    admitted.refused.sort(key=lambda refused: refused[0])
    return admitted
