"""Customers at a window's start while a topic is held back: what was counted behind its end is no part of it."""

from decimal import Decimal

import pytest

from agents.campaign.owned import OwnedPartition
from streams.counting.panes import DAY_MS, HOUR_MS, Tier, pane_index
from streams.counting.statements import counters_key
from streams.events.campaigns import Campaign
from streams.events.channels import ALL_CHANNELS
from streams.events.measures import Measure
from streams.kpis.customers import customers_before
from streams.kpis.registry import KPI_BY_NAME
from tests.unit.owned_campaigns import EMAIL, NOW, PUSH, UTC_ZONE, hear, owned, show

BEHIND_MS = 2 * DAY_MS
END = NOW - BEHIND_MS
TOLD = Campaign(id="aurora", currency="EUR", customers_at_start=1000, gross_margin=Decimal("0.5"))

# (time, channel, new customers, cancelled)
COUNTED = (
    (END - 50 * DAY_MS, EMAIL, 100, 10),
    (END - 10 * DAY_MS, PUSH, 20, 5),
    (END - HOUR_MS, EMAIL, 7, 3),
    (END + 30 * HOUR_MS, EMAIL, 400, 0),
    (END + 40 * HOUR_MS, PUSH, 30, 0),
)


def counted() -> OwnedPartition:
    """New customers are counted up to NOW, but customer events up to END only."""
    partition = owned()
    launch: dict[int, list[int]] = {}
    for time_ms, channel, new, cancelled in COUNTED:
        for tier in (Tier.HOUR, Tier.DAY):
            put(partition, channel, tier, pane_index(tier, time_ms, UTC_ZONE), new, cancelled)
        total = launch.setdefault(channel, [0, 0])
        total[0] += new
        total[1] += cancelled
    for channel, (new, cancelled) in launch.items():
        put(partition, channel, Tier.LAUNCH, 0, new, cancelled)
    hear(partition, behind={"customer": BEHIND_MS})
    return partition


def put(partition: OwnedPartition, channel: int, tier: Tier, pane: int, new: int, cancelled: int) -> None:
    counters = {int(Measure.NEW_CUSTOMERS): new, int(Measure.CANCELLED_PRICE): cancelled}
    partition.views.put(counters_key(b"aurora", channel, tier, pane), counters)


@pytest.mark.parametrize(("window", "before"), [("7d", 1105), ("30d", 1090)])
async def test_what_came_behind_the_end_of_a_held_back_window_was_not_there_at_its_start(
    window: str, before: int
) -> None:
    taken = await show(counted(), {"aurora": TOLD}).take(NOW, "aurora")
    for name, value in (("customers_before", before), ("churn_rate", (3 if window == "7d" else 8) / before)):
        kpi = KPI_BY_NAME[name]
        sums = taken.campaigns["aurora"].sums(None, kpi, window)
        assert sums is not None
        assert sums.end_ms == END
        assert kpi.formula(sums) == value


@pytest.mark.parametrize("window", ["1m", "5m", "1h"])
async def test_a_window_finer_than_hours_has_no_customers_at_its_start_rather_than_wrong_ones(window: str) -> None:
    # An analyst counts 1,105 from the log: 1,000 + 100 - 10 + 20 - 5. What was counted behind the end is in panes of
    # hours and days; minutes do not hold all of it, so they cannot tell.
    taken = await show(counted(), {"aurora": TOLD}).take(NOW, "aurora")
    shown = taken.campaigns["aurora"].channels[ALL_CHANNELS].by_reads["customer", "sale"]
    assert customers_before(shown["24h"]) == 1105
    assert shown[window].end_ms == END
    assert customers_before(shown[window]) is None


async def test_months_before_a_held_back_one_begin_with_the_customers_of_their_own_time() -> None:
    taken = await show(counted(), {"aurora": TOLD}).take(NOW, "aurora")
    months = taken.campaigns["aurora"].channels[ALL_CHANNELS].months
    befores = [KPI_BY_NAME["customers_before"].formula(month) for month in months]
    assert befores == [1090, 1000, *[1000] * 10]


async def test_a_window_that_is_not_held_back_has_all_that_was_counted() -> None:
    partition = counted()
    hear(partition, now_ms=NOW + 1000)
    taken = await show(partition, {"aurora": TOLD}).take(NOW + 1000, "aurora")
    channel = taken.campaigns["aurora"].channels[ALL_CHANNELS]
    assert channel.windows["30d"].launch == channel.totals
    assert KPI_BY_NAME["active_customers"].formula(channel.windows["launch"]) == 1000 + 557 - 18
