"""A scrape of many live campaigns: `python -m bench.scrape`. How long the picture and its text take, and how long the
event loop has to wait for its turn meanwhile.

200 campaigns with four channels each, one of email, two of paid advertising and one of organic mentions, every pane of
which has changed since the last scrape, and in each pane there are people who were not there before; and a catalogue
with money, targets and owners. The picture is made on the loop, in turns; the text in a thread.
"""

from __future__ import annotations

import asyncio
import json
import time
from types import SimpleNamespace
from typing import Any, cast
from zoneinfo import ZoneInfo

from agents.campaign.campaigns import OwnedPartition
from agents.campaign.show import Show
from agents.collector import collect_less
from agents.settings import Settings
from agents.web.metrics import render_metrics
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
TIMES = 7
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


def put(views: Views, name: bytes, sketch: Sketch, more: int) -> None:
    """All panes of a campaign, `more` more of each measure than before."""
    for channel, (counters, kinds) in CHANNELS.items():
        counted = {int(measure): count + more for measure, count in counters.items()}
        for tier in COUNTER_TIERS:
            views.put(counters_key(name, channel, tier, pane_index(tier, NOW_MS - 1, ZONE)), dict(counted))
        for tier in PEOPLE_TIERS:
            pane = pane_index(tier, NOW_MS - 1, ZONE)
            for kind in kinds:
                views.put(people_key(name, channel, tier, pane, kind), union((sketch,)))
        if channel in SPENDING:
            said = spent_value(Spent("media", "EUR", (2_000 + more) * MICROS))
            day, topic = pane_index(Tier.DAY, NOW_MS - 1, ZONE), TOPIC_CODES["spend"]
            key = fact_key(name, topic, channel, day, b"the line")
            views.put(key, StatedFact(more, NOW_MS - 60_000, NOW_MS, source_number(topic, 0), more, said))


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


async def measure(number: int = CAMPAIGNS, times: int = TIMES) -> dict[str, Any]:
    """Milliseconds, of several scrapes the median one; the waits are the worst of all."""
    collect_less()
    names = [f"launch-{place}" for place in range(number)]
    hasher, sketch = PersonHasher(b"sixteen bytes at least"), Sketch()
    views = Views(ZONE)
    merge = PartitionMerge(ZONE, lambda key: None, lambda key: None, lambda key: True, lambda key: True)
    owned = OwnedPartition(1, merge, views)
    codes = {topic.name: topic.code for topic in TOPICS}
    heard = [SourceProgress(source_number(code, 0), 10, NOW_MS, True, 0) for code in codes.values()]
    owned.progress.read(Progress(1, heard, dict.fromkeys(codes.values(), 1)), NOW_MS)
    campaigns = cast(Any, SimpleNamespace(owned={0: owned}, show=lambda: None))
    catalogue = {name: told(name) for name in names}
    show = Show(campaigns, codes, catalogue, dict, {}, 1, begun=lambda: True)
    budget = Settings.model_fields["series_budget"].default
    waits, spent, text = Waits(), [], b""
    for more in range(times + 1):
        sketch.add(b"".join(hasher(f"p-{person}") for person in range(3_000 + 100 * more)))
        for name in names:
            put(views, name.encode(), sketch, more)
        waits.begin()
        began, cpu = time.perf_counter(), time.process_time()
        snapshot = await show.take(NOW_MS)
        taken = time.perf_counter(), time.process_time()
        text = await asyncio.to_thread(render_metrics, snapshot, budget)
        done = time.perf_counter(), time.process_time()
        waits.end()
        if more:
            spent.append(
                [1000 * one for one in (taken[0] - began, taken[1] - cpu, done[0] - taken[0], done[1] - taken[1])]
            )
        else:
            waits = Waits()
    middle = [sorted(column)[times // 2] for column in zip(*spent, strict=True)]
    lines = [line for line in text.splitlines() if line and not line.startswith(b"#")]
    left_out = next(line for line in lines if line.startswith(b"launchpulse_channels_left_out ")).split()[1]
    return dict(zip(("picture_ms", "picture_cpu_ms", "text_ms", "text_cpu_ms"), middle, strict=True)) | {
        "campaigns": number,
        "channels": len(CHANNELS),
        "series": len(lines),
        "left_out": int(left_out),
        "bytes": len(text),
        "loop_waited_ms": waits.worst_ms,
        "loop_worked_ms": waits.worst_cpu_ms,
    }


if __name__ == "__main__":
    print(json.dumps({name: round(value, 1) for name, value in asyncio.run(measure()).items()}, indent=2))
