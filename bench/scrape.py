"""A scrape of many live campaigns: `python -m bench.scrape`. How long the picture and its text take, and how long the
event loop has to wait for its turn meanwhile.

200 campaigns with four channels each, one of email, two of paid advertising and one of organic mentions; and a
catalogue with money, targets and owners. The picture is made on the loop, in turns; the text in a thread. A scrape a
second, and between two of them one of four CASES.
"""

from __future__ import annotations

import asyncio
import json
import random
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any, cast
from zoneinfo import ZoneInfo

from agents.campaign.owned import OwnedPartition
from agents.campaign.show import Show
from agents.collector import collect_less
from agents.settings import Settings
from agents.web.metrics import MetricsText
from streams.counting.facts import StatedFact
from streams.counting.panes import COUNTER_TIERS, PEOPLE_TIERS, Tier, pane_index
from streams.counting.partition import PartitionMerge
from streams.counting.people import People as Sketch
from streams.counting.people import PersonHasher, union
from streams.counting.progress import Progress, SourceProgress
from streams.counting.sources import source_number
from streams.counting.statements import counters_key, fact_key, people_key
from streams.counting.view import Views
from streams.events.campaigns import Campaign, parse_campaign
from streams.events.catalogue import TOPICS
from streams.events.channels import channel_code
from streams.events.measures import MICROS, Measure, People, money_key
from streams.events.spend import Spent, spent_value
from streams.events.topic import TOPIC_CODES

CAMPAIGNS = 200
TIMES = 11
SECOND_MS = 1000
NOW_MS = 1_795_510_800_000
ZONE = ZoneInfo("UTC")
TICK_SECONDS = 0.001

_SOLD = {
    Measure.VISITS: 9_000, Measure.ENGAGED_VISITS: 4_000, Measure.CLICKS: 3_000, Measure.SALES: 300, Measure.UNITS: 420,
    Measure.NEW_CUSTOMERS: 200, Measure.RETURNING_CUSTOMERS: 90, money_key(Measure.REVENUE, "EUR"): 14_970 * MICROS,
    money_key(Measure.REFUNDED, "EUR"): 300 * MICROS, Measure.REFUNDS: 6, Measure.CANCELLED_PRICE: 3,
}  # fmt: skip
_MAILED = {
    Measure.SENT: 50_000, Measure.DELIVERED: 49_000, Measure.BOUNCED: 900, Measure.COMPLAINED: 20,
    Measure.UNSUBSCRIBED: 100, Measure.UNSUBSCRIBES: 30, Measure.OPENS: 20_000, Measure.MACHINE_OPENS: 9_000,
    Measure.MACHINE_CLICKS: 800, Measure.PROMOTERS: 120, Measure.PASSIVES: 50, Measure.DETRACTORS: 40,
    Measure.SATISFIED: 90, Measure.CSAT_ANSWERS: 110,
}  # fmt: skip
_PAID = {
    Measure.IMPRESSIONS: 400_000, Measure.LEADS: 500, Measure.QUALIFIED_LEADS: 200, Measure.OPPORTUNITIES: 60,
    Measure.SPEND_STATEMENTS: 24,
}  # fmt: skip
_SAID = {
    Measure.MENTIONS_POSITIVE: 200, Measure.MENTIONS_NEUTRAL: 120, Measure.MENTIONS_NEGATIVE: 60,
    Measure.MENTIONS_UNKNOWN: 15, Measure.AUDIENCE: 900_000,
}  # fmt: skip
_ALWAYS = (People.REACHED, People.CLICKERS, People.BUYERS, People.ENGAGED)
CHANNELS = {
    channel_code("email"): (_SOLD | _MAILED, (*_ALWAYS, People.OPENERS)),
    channel_code("paid_social"): (_SOLD | _PAID, _ALWAYS),
    channel_code("paid_search"): (_SOLD | _PAID, _ALWAYS),
    channel_code("organic_social"): (_SOLD | _SAID, _ALWAYS),
}
SPENDING = (channel_code("paid_social"), channel_code("paid_search"))

CASES: dict[str, float | None] = {"everything": None, "live": 1.0, "tenth": 0.1, "nothing": 0.0}
"""Between two scrapes every measure and every pane changes and there are new people in each pane; or there come
EVENTS_A_SECOND, to this share of the campaigns, to each as many as if all had some."""

EVENTS_A_SECOND = 5_000

_EVENTS: tuple[tuple[int, tuple[Measure, ...], tuple[People, ...]], ...] = (
    (1000, (Measure.VISITS,), (People.REACHED,)),
    (1000, (Measure.VISITS, Measure.ENGAGED_VISITS), (People.REACHED, People.ENGAGED)),
    (1280, (Measure.OPENS,), (People.OPENERS,)),
    (320, (Measure.MACHINE_OPENS,), ()),
    (1100, (Measure.CLICKS,), (People.CLICKERS, People.ENGAGED)),
    (250, (Measure.MENTIONS_POSITIVE,), (People.ENGAGED,)),
    (150, (Measure.MENTIONS_NEUTRAL,), (People.ENGAGED,)),
    (80, (Measure.MENTIONS_NEGATIVE,), (People.ENGAGED,)),
    (20, (Measure.MENTIONS_UNKNOWN,), (People.ENGAGED,)),
    (80, (Measure.SALES, Measure.UNITS, Measure.NEW_CUSTOMERS), (People.BUYERS,)),
    (1000, (Measure.SENT,), ()),
    (920, (Measure.DELIVERED,), (People.REACHED,)),
    (60, (Measure.BOUNCED,), ()),
    (20, (Measure.COMPLAINED,), ()),
    (2500, (Measure.IMPRESSIONS,), (People.REACHED,)),
    (100, (Measure.LEADS,), ()),
    (20, (Measure.QUALIFIED_LEADS,), ()),
    (39, (Measure.PROMOTERS,), ()),
    (40, (Measure.CANCELLED_PRICE,), ()),
)
"""How many of 10,000 events, what each of them counts and whom it reaches: about the shares of `mix.TWELVE`."""


def told(name: str) -> Campaign:
    """What the catalogue says of a campaign."""
    return parse_campaign({
        "id": name, "owner": {"name": "Maria", "contact": "maria@example.com"}, "currency": "EUR", "budget": 50_000,
        "starts_at": "2026-11-24T00:00:00Z", "ends_at": "2026-12-24T00:00:00Z", "gross_margin": 0.6,
        "baseline_revenue_per_day": 900, "customers_at_start": 8_000,
        "targets": [
            {"kpi": "mroi", "window": "launch", "min": 0.5},
            {"kpi": "bounce_rate", "window": "1h", "channel": "email", "max": 0.02},
        ],
    })  # fmt: skip


@dataclass(slots=True)
class Launches:
    """All panes of these campaigns, as they are put into the views."""

    names: list[str]
    views: Views
    counted: dict[bytes, dict[int, int]] = field(default_factory=dict)
    people: dict[bytes, Sketch] = field(default_factory=dict)
    chance: random.Random = field(default_factory=lambda: random.Random(7))
    hasher: PersonHasher = field(default_factory=lambda: PersonHasher(b"sixteen bytes at least"))

    def put_everything(self, now_ms: int, more: int) -> None:
        """Each measure is `more` more than at first, and a hundred times so many people are there more."""
        everybody = Sketch()
        everybody.add(b"".join(self.hasher(f"p-{person}") for person in range(3_000 + 100 * more)))
        for name in self.names:
            for channel, (counters, kinds) in CHANNELS.items():
                counted = {int(measure): count + more for measure, count in counters.items()}
                for tier in COUNTER_TIERS:
                    key = counters_key(name.encode(), channel, tier, pane_index(tier, now_ms - 1, ZONE))
                    self.counted[key] = dict(counted)
                    self.views.put(key, dict(counted))
                for tier in PEOPLE_TIERS:
                    pane = pane_index(tier, now_ms - 1, ZONE)
                    for kind in kinds:
                        key = people_key(name.encode(), channel, tier, pane, kind)
                        self.people[key] = union((everybody,))
                        self.views.put(key, self.people[key])
                if channel in SPENDING:
                    said = spent_value(Spent("media", "EUR", (2_000 + more) * MICROS))
                    day, topic = pane_index(Tier.DAY, now_ms - 1, ZONE), TOPIC_CODES["spend"]
                    key = fact_key(name.encode(), topic, channel, day, b"the line")
                    fact = StatedFact(more, now_ms - 60_000, now_ms, source_number(topic, 0), more, said)
                    self.views.put(key, fact)

    def put_events(self, now_ms: int, share: float) -> None:
        """A second's events of a share of the campaigns, each by a person of its own."""
        for name in self.chance.sample(self.names, round(share * len(self.names))):
            for _ in range(EVENTS_A_SECOND // CAMPAIGNS):
                channel = self.chance.choice([*CHANNELS])
                counters, kinds = CHANNELS[channel]
                known = [event for event in _EVENTS if counters.keys() >= set(event[1]) and set(event[2]) <= {*kinds}]
                ((_, measures, reached),) = self.chance.choices(known, [event[0] for event in known])
                self._put(name.encode(), channel, now_ms, dict.fromkeys(map(int, measures), 1), reached)

    def _put(
        self, name: bytes, channel: int, now_ms: int, counters: Mapping[int, int], reached: tuple[People, ...]
    ) -> None:
        for tier in COUNTER_TIERS:
            key = counters_key(name, channel, tier, pane_index(tier, now_ms - 1, ZONE))
            counted = self.counted.setdefault(key, {})
            for measure, number in counters.items():
                counted[measure] = counted.get(measure, 0) + number
            self.views.put(key, dict(counted))
        person = self.hasher(str(self.chance.random()))
        for tier in PEOPLE_TIERS:
            for kind in reached:
                key = people_key(name, channel, tier, pane_index(tier, now_ms - 1, ZONE), kind)
                sketch = self.people.setdefault(key, Sketch())
                sketch.add(person)
                self.views.put(key, sketch)


class Waits:
    """How long a call waited that was due on the event loop, in all and while the loop itself worked."""

    def __init__(self) -> None:
        self.worst_ms = self.worst_cpu_ms = 0.0
        self._began = self._cpu = 0.0
        self._handle: asyncio.TimerHandle | None = None

    def begin(self) -> None:
        """Look from now on."""
        self._began, self._cpu = time.perf_counter(), time.thread_time()
        self._handle = asyncio.get_running_loop().call_later(TICK_SECONDS, self._tick)

    def end(self) -> None:
        """Look no more."""
        if self._handle is not None:
            self._handle.cancel()

    def _tick(self) -> None:
        self.worst_ms = max(self.worst_ms, (time.perf_counter() - self._began - TICK_SECONDS) * 1000)
        self.worst_cpu_ms = max(self.worst_cpu_ms, (time.thread_time() - self._cpu) * 1000)
        self.begin()


async def measure(number: int = CAMPAIGNS, times: int = TIMES, case: str = "everything") -> dict[str, Any]:
    """Milliseconds, of several scrapes the median one and the worst; the waits are the worst of all."""
    collect_less()
    names = [f"launch-{place}" for place in range(number)]
    views = Views(ZONE)
    merge = PartitionMerge(ZONE, lambda key: None, lambda key: None, lambda key: True, lambda key: True)
    owned = OwnedPartition(1, merge, views)
    codes = {topic.name: topic.code for topic in TOPICS}
    campaigns = cast(Any, SimpleNamespace(owned={0: owned}, partitions=(0,), show=lambda *given: None))
    catalogue = {name: told(name) for name in names}
    show = Show(campaigns, codes, catalogue, dict, {}, 1, begun=lambda: True)
    text_of = MetricsText(Settings.model_fields["series_budget"].default)
    launches, share = Launches(names, views), CASES[case]
    waits, spent, text = Waits(), [], b""
    for more in range(times + 1):
        now_ms = NOW_MS + more * SECOND_MS
        heard = [SourceProgress(source_number(code, 0), 10, now_ms, True, 0) for code in codes.values()]
        owned.progress.read(Progress(1, heard, dict.fromkeys(codes.values(), 1)), now_ms)
        if share is None or not more:
            launches.put_everything(now_ms, more)
        else:
            launches.put_events(now_ms, share)
        waits.begin()
        began, cpu = time.perf_counter(), time.process_time()
        snapshot = await show.take(now_ms)
        taken = time.perf_counter(), time.process_time()
        text = await asyncio.to_thread(text_of.render, snapshot)
        done = time.perf_counter(), time.process_time()
        waits.end()
        if more:
            spent.append(
                [1000 * one for one in (taken[0] - began, taken[1] - cpu, done[0] - taken[0], done[1] - taken[1])]
            )
        else:
            waits = Waits()
    columns = [sorted(column) for column in zip(*spent, strict=True)]
    lines = [line for line in text.splitlines() if line and not line.startswith(b"#")]
    left_out = next(line for line in lines if line.startswith(b"launchpulse_channels_left_out ")).split()[1]
    kinds = ("picture_ms", "picture_cpu_ms", "text_ms", "text_cpu_ms")
    return (
        {kind: column[times // 2] for kind, column in zip(kinds, columns, strict=True)}
        | {f"most_{kind}": column[-1] for kind, column in zip(kinds, columns, strict=True)}
        | {
            "campaigns": number,
            "channels": len(CHANNELS),
            "series": len(lines),
            "left_out": int(left_out),
            "bytes": len(text),
            "loop_waited_ms": waits.worst_ms,
            "loop_worked_ms": waits.worst_cpu_ms,
        }
    )


if __name__ == "__main__":
    for shown in sys.argv[1:] or CASES:
        figures = asyncio.run(measure(case=shown))
        print(json.dumps({"case": shown} | {name: round(value, 1) for name, value in figures.items()}))
