"""The stream: one endless, seeded row of events, of which every log of a measurement is a beginning.

About 250 bytes an event, as a producer's JSON has them, in the product's own format: 44 % visits, 30 % opens, 20 %
clicks, 5 % mentions, 1 % sales; 100 campaigns of which the largest gets half and the others a share by rank; four
channels; 1 % are resends of one of the last 10,000 events, byte for byte, to any partition; 0.001 % happened up to 60 s
before their neighbours. Partitions are chosen at random: nobody may rely on a campaign's being in one.

A record's key is campaign|channel, since some contenders' windows are by key. The time in it moves on by one second
every `per_second` events and begins at a base that the writer chooses, a whole minute.
"""

from __future__ import annotations

import hashlib
import random
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, islice

TOPICS = ("visit", "open", "click", "mention", "sale")
SHARES = (44, 30, 20, 5, 1)
CHANNELS = ("email", "paid_social", "organic_search", "direct")
CHANNEL_SHARES = (40, 30, 20, 10)
RESENT = 0.01
LATE = 0.000_01
LATE_MS = 60_000
REMEMBERED = 10_000
CHUNK = 4_096
MINUTE_MS = 60_000

Fields = tuple[int, int, str, str, int, str]
"""Topic's index, time since the base in ms, campaign, channel, person, what the topic's own fields say."""


@dataclass(frozen=True, slots=True)
class Shape:
    """What the stream is like. people: how many persons there are; per_second: events a second in the log's time."""

    seed: int = 8
    campaigns: int = 100
    partitions: int = 4
    per_second: int = 25_000
    people: int = 200_000


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
    topic_sums = list(accumulate(SHARES))
    name_sums = list(accumulate(campaign_weights(shape.campaigns)))
    channel_sums = list(accumulate(CHANNEL_SHARES))
    past: deque[Planned] = deque(maxlen=REMEMBERED)
    number = 0
    while True:
        topics = rng.choices(range(len(TOPICS)), cum_weights=topic_sums, k=CHUNK)
        campaigns = rng.choices(names, cum_weights=name_sums, k=CHUNK)
        channels = rng.choices(CHANNELS, cum_weights=channel_sums, k=CHUNK)
        partitions = rng.choices(range(shape.partitions), k=CHUNK)
        for topic, campaign, channel, partition in zip(topics, campaigns, channels, partitions, strict=True):
            chance = rng.random()
            time_ms = number * 1000 // shape.per_second
            number += 1
            if chance < RESENT and past:
                before = past[int(chance / RESENT * len(past))]
                yield Planned(
                    before.topic, partition, before.key, before.head, before.time_ms, before.tail, True, before.fields
                )
                continue
            if chance > 1 - LATE:
                time_ms -= int(rng.random() * LATE_MS)
            bits = rng.getrandbits(64)
            person = (bits & 0xFFFFFFFF) * shape.people >> 32
            own = _OWN[topic](bits >> 32)
            head = b'{"id":"%08x-%04x-4000-8000-%012x","time":' % (number * 2654435761 & 0xFFFFFFFF, topic, number)
            tail = (
                f',"campaign":"{campaign}","channel":"{channel}","source":"shop","person":"p-{person:08d}",{own}'
            ).encode()
            record = Planned(
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
    index = TOPICS.index(topic)
    return list(islice((record.value(base_ms) for record in planned(shape) if record.topic == index), count))


def money_micros(own: str) -> int:
    """The amount of a sale, in millionths, from what its own fields say."""
    whole, _, cents = own.split('"amount":"')[1].split('"')[0].partition(".")
    return int(whole) * 1_000_000 + int(cents) * 10_000


def _visit(bits: int) -> str:
    page = f"https://shop.example.com/launch/aurora-{bits & 255:03d}"
    return f'"session":"s-{bits:010d}","page":"{page}","engaged":{_word(bits & 1)}}}'


def _open(bits: int) -> str:
    client = f"Example Mail 12.4 (Linux; x86_64) {bits & 255:03d}"
    return f'"message":"m-{bits:010d}","client":"{client}","machine":{_word(bits % 5 == 0)}}}'


def _click(bits: int) -> str:
    link = f"https://shop.example.com/launch/aurora-{bits & 255:03d}?from=mail"
    return f'"link":"{link}","machine":{_word(bits % 10 == 0)},"unsubscribe":false}}'


def _mention(bits: int) -> str:
    text = f"Looks great, {bits & 1023:04d} of us want one"
    return f'"text":"{text}","language":"en","sentiment":{bits % 201 - 100}e-2,"audience":{bits % 5000}}}'


def _sale(bits: int) -> str:
    amount = f"{bits % 500 + 1}.{bits % 100:02d}"
    return f'"order":"o-{bits:010d}","amount":"{amount}","currency":"EUR","units":{bits % 3 + 1},"kind":"sale"}}'


def _word(true: int) -> str:
    return "true" if true else "false"


_OWN = (_visit, _open, _click, _mention, _sale)
