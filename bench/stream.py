"""The stream: one endless, seeded row of events, of which every log of a measurement is a beginning.

About 250 bytes an event, as a producer's JSON has them, in the product's own format, of one of the mixes of mix.py; 100
campaigns of which the largest gets half and the others a share by rank; four channels; 1 % are resends of one of the
last 10,000 events, byte for byte, to any partition; 0.001 % happened up to 60 s before their neighbours. Partitions are
chosen at random: nobody may rely on a campaign's being in one.

A record's key is campaign|channel, since some contenders' windows are by key. The time in it moves on by one second
every `per_second` events and begins at a base that the writer chooses, a whole minute.
"""

from __future__ import annotations

import hashlib
import random
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import accumulate, islice

from bench.mix import DAY_MARK, MIXES

CHANNELS = ("email", "paid_social", "organic_search", "direct")
CHANNEL_SHARES = (40, 30, 20, 10)
RESENT = 0.01
LATE = 0.000_01
LATE_MS = 60_000
REMEMBERED = 10_000
CHUNK = 4_096
MINUTE_MS = 60_000
DAY_MS = 24 * 60 * MINUTE_MS

Fields = tuple[int, int, str, str, int, str]
"""Topic's index, time since the base in ms, campaign, channel, person, what the topic's own fields say."""


@dataclass(frozen=True, slots=True)
class Shape:
    """What the stream is like. people: how many persons there are; per_second: events a second in the log's time; mix:
    its topics, the name of one of `MIXES`."""

    seed: int = 8
    campaigns: int = 100
    partitions: int = 4
    per_second: int = 25_000
    people: int = 200_000
    mix: str = "five"

    @property
    def topics(self) -> tuple[str, ...]:
        """Their names; a record's topic is a place in them."""
        return MIXES[self.mix].topics


@dataclass(frozen=True, slots=True)
class Planned:
    """One record: where it goes, its value before and behind the time, its time since the base in milliseconds.

    resend: an earlier record has the same value.
    """

    topic: int
    partition: int
    key: bytes
    head: bytes
    time_ms: int
    tail: bytes
    resend: bool
    fields: Fields

    def value(self, base_ms: int) -> bytes:
        """The record's value in a log that begins at `base_ms`."""
        return b"%b%d%b" % (self.head, base_ms + self.time_ms, self.tail)


class Dated(Planned):
    """A record that says a day beside its time, so many before the one on which its log begins."""

    __slots__ = ()

    def value(self, base_ms: int) -> bytes:
        """The record's value in a log that begins at `base_ms`."""
        before, _, behind = Planned.value(self, base_ms).partition(DAY_MARK)
        day = date(1970, 1, 1) + timedelta(base_ms // DAY_MS - int(behind[:2]))
        return b"%b%b%b" % (before, day.isoformat().encode(), behind[2:])


def campaign_weights(campaigns: int) -> list[float]:
    """Half for the first, the other half by rank: 1, 1/2, 1/3 …; all of it for an only one."""
    if campaigns == 1:
        return [1.0]
    by_rank = [1 / rank for rank in range(1, campaigns)]
    return [0.5, *(0.5 * weight / sum(by_rank) for weight in by_rank)]


def planned(shape: Shape) -> Iterator[Planned]:
    """The stream. It is the same for the same shape, on every machine and Python."""
    rng = random.Random(f"{shape.seed}/{shape.campaigns}/{shape.partitions}")
    names = [f"campaign-{number:04d}" for number in range(shape.campaigns)]
    mix = MIXES[shape.mix]
    kinds = [Dated if topic in mix.dated else Planned for topic in mix.topics]
    topic_sums = list(accumulate(mix.shares))
    name_sums = list(accumulate(campaign_weights(shape.campaigns)))
    channel_sums = list(accumulate(CHANNEL_SHARES))
    past: deque[Planned] = deque(maxlen=REMEMBERED)
    number = 0
    while True:
        topics = rng.choices(range(len(mix.topics)), cum_weights=topic_sums, k=CHUNK)
        campaigns = rng.choices(names, cum_weights=name_sums, k=CHUNK)
        channels = rng.choices(CHANNELS, cum_weights=channel_sums, k=CHUNK)
        partitions = rng.choices(range(shape.partitions), k=CHUNK)
        for topic, campaign, channel, partition in zip(topics, campaigns, channels, partitions, strict=True):
            chance = rng.random()
            time_ms = number * 1000 // shape.per_second
            number += 1
            if chance < RESENT and past:
                yield replace(past[int(chance / RESENT * len(past))], partition=partition, resend=True)
                continue
            if chance > 1 - LATE:
                time_ms -= int(rng.random() * LATE_MS)
            bits = rng.getrandbits(64)
            person = (bits & 0xFFFFFFFF) * shape.people >> 32
            own = mix.says[topic](bits >> 32, time_ms)
            head = b'{"id":"%08x-%04x-4000-8000-%012x","time":' % (number * 2654435761 & 0xFFFFFFFF, topic, number)
            tail = (
                f',"campaign":"{campaign}","channel":"{channel}","source":"shop","person":"p-{person:08d}",{own}'
            ).encode()
            record = kinds[topic](
                topic,
                partition,
                f"{campaign}|{channel}".encode(),
                head,
                time_ms,
                tail,
                False,
                (topic, time_ms, campaign, channel, person, own),
            )
            past.append(record)
            yield record


def checksum(shape: Shape, count: int) -> str:
    """SHA-256 over topic, partition, key and value (with a base of 0) of the first `count` records, in order."""
    digest = hashlib.sha256()
    for record in islice(planned(shape), count):
        digest.update(b"%d/%d/%b/%b\n" % (record.topic, record.partition, record.key, record.value(0)))
    return digest.hexdigest()


def values(shape: Shape, count: int, base_ms: int, topic: str) -> Sequence[bytes]:
    """The values of the first `count` records of one topic, for measurements without a broker."""
    index = shape.topics.index(topic)
    return list(islice((record.value(base_ms) for record in planned(shape) if record.topic == index), count))
