"""A board on a real web server, whose figures a test sets: what a worker would say, without the worker."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from decimal import Decimal

from agents.campaign.live import Live
from agents.campaign.series import Series, Span
from agents.campaign.show import Arrived
from agents.campaign.snapshot import CampaignSnapshot, ChannelSnapshot, TacticSnapshot
from agents.web.alerts import AlertReader
from agents.web.app import build_web
from agents.web.board_routes import add_board
from agents.web.board_service import BoardService
from agents.web.events import Viewers
from agents.web.server import WebServer
from streams.counting.before_after import BeforeAfter
from streams.counting.campaign_facts import Tactic
from streams.counting.windows import WindowSums
from streams.events.campaigns import Campaign, Owner, Target
from streams.events.measures import Measure
from tests.unit.kpi_pictures import NOW_MS, FixedState, WebOptions, planned, planned_campaign, snapshot

PARTITIONS = 2

TOLD = Campaign(
    id="aurora",
    name="Aurora lamp, Europe",
    owner=Owner(name="Maria", contact="maria@example.com"),
    channel_owners={"email": Owner(name="Noor", contact="#mail")},
    owners={"net_sentiment": Owner(name="Ida", contact="#support")},
    targets=[
        Target(kpi="engagement_rate", window="1m", min=Decimal("0.9")),
        Target(kpi="net_sentiment", window="5m", min=Decimal(10), min_volume=0),
        Target(kpi="nps", window="30d", min=Decimal(30), source="industry", min_volume=1000),
    ],
)


def shown(told: Campaign = TOLD, channels: tuple[int, ...] = (2, 6, 8)) -> CampaignSnapshot:
    """A campaign of which every KPI has a value; one target is missed, one met, one cannot be judged."""
    hour = planned("1h")
    campaign = planned_campaign(told.id, channels)
    tactic = Tactic(2, NOW_MS - 600_000, "Second mail brought forward", "Sent at once.", "Maria")
    return replace(
        campaign,
        channels={code: _of_its_window(channel) for code, channel in campaign.channels.items()},
        name=told.name,
        owner=told.owner_name,
        told=told,
        tactics=(TacticSnapshot(tactic, {0: BeforeAfter(hour, hour), 2: BeforeAfter(hour, hour)}),),
    )


def _of_its_window(channel: ChannelSnapshot) -> ChannelSnapshot:
    """No window holds as much as another: who mixes them up shows another number."""
    windows = {name: times(sums, many) for many, (name, sums) in enumerate(channel.windows.items(), 1)}
    return replace(channel, windows=windows)


def times(sums: WindowSums, many: int) -> WindowSums:
    """The same window with so many times as many events and people."""
    return replace(
        sums,
        counters={measure: count * many for measure, count in sums.counters.items()},
        people={kind: number * many for kind, number in sums.people.items()},
    )


def steps() -> tuple[WindowSums, ...]:
    """An hour that rises."""
    return tuple(
        WindowSums(
            {Measure.VISITS: 20 + 3 * at, Measure.ENGAGED_VISITS: 10 + at, Measure.SALES: at},
            {},
            NOW_MS - (60 - at) * 60_000,
            NOW_MS - (59 - at) * 60_000,
        )
        for at in range(60)
    )


@dataclass
class Stage:
    """What the worker says. silent: it owns nothing any more."""

    campaigns: dict[str, CampaignSnapshot] = field(default_factory=lambda: {"aurora": shown()})
    held_back_by: tuple[str, ...] = ()
    silent: bool = False

    async def live(self, campaign: str, window: str | None) -> Live | None:
        if self.silent:
            return None
        return Live(self.campaigns.get(campaign), 1, NOW_MS, self.held_back_by, () if window else steps())

    def newest(self, campaign: str) -> int | None:
        return None if self.silent else id(self.campaigns.get(campaign))

    async def series(self, campaign: str, span: Span) -> Series | None:
        return None if self.silent else Series(self.campaigns.get(campaign), 1, NOW_MS, steps=steps())

    def arrived(self, campaign: str) -> Arrived | None:
        return None if self.silent else Arrived(1, {}, {})

    def owned_campaigns(self, partition: int) -> tuple[int, tuple[CampaignSnapshot, ...]] | None:
        return None if self.silent else (1, tuple(self.campaigns.values()) if partition == 0 else ())


@asynccontextmanager
async def board(
    stage: Stage, options: WebOptions | None = None, port: int = 0, alerts: AlertReader | None = None
) -> AsyncIterator[int]:
    """Serves the board of this stage, with metrics and API, on the port that comes."""
    service = BoardService(stage, PARTITIONS, None, alerts)
    app = build_web(FixedState(snapshot(*stage.campaigns.values())), options or WebOptions())
    add_board(app, Viewers(service.exchange, PARTITIONS, alerts is not None))
    server = WebServer("127.0.0.1", port, app)
    await service.start()
    await server.start()
    try:
        yield server.port
    finally:
        await server.stop()
        await service.stop()
