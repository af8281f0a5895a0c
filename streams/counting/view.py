"""What a campaign's panes hold, decoded, so that windows are summed without touching the table.

It is rebuilt from the table when a partition is recovered and follows the acknowledged statements from then on.
"""

from zoneinfo import ZoneInfo

from streams.counting.panes import DAY_MS, HOUR_MS, MINUTE_MS, Tier, pane_end_ms, pane_start_ms
from streams.counting.people import estimate
from streams.counting.statements import KeyKind, ledger_source, parse_key
from streams.counting.windows import WINDOWS, Window, WindowSums, sum_counters, window_span
from streams.events.channels import ALL_CHANNELS

Counters = dict[int, int]

_NEEDED_MS: dict[Tier, int] = {
    Tier.TEN_SECONDS: 6 * MINUTE_MS,
    Tier.MINUTE: 61 * MINUTE_MS,
    Tier.HOUR: 7 * DAY_MS + HOUR_MS,
    Tier.DAY: 32 * DAY_MS,
}
"""How far before the end of the window any window looks back in a tier; what is older is kept in the table only."""

_RUNNING_SUMS = 4 * len(WINDOWS)
"""Running sums kept of one channel: every window with two different ends, and those that have just moved on."""


class CampaignPanes:
    """The panes of one campaign: of each channel the counters, and the packed sketches of its people."""

    def __init__(self, zone: ZoneInfo) -> None:
        self._zone = zone
        self._counters: dict[int, dict[Tier, dict[int, Counters]]] = {}
        self._people: dict[int, dict[int, dict[Tier, dict[int, bytes]]]] = {}
        self._estimates: dict[tuple[int, int, Tier, int, int], tuple[int, float]] = {}
        self._changes = 0
        self._sums: dict[int, dict[tuple[Tier, int, int], Counters]] = {}

    def put_counters(self, channel: int, tier: int, pane: int, totals: Counters) -> None:
        """The totals of a pane are now these. Running sums of the windows that cover it follow."""
        panes = self._counters.setdefault(channel, {}).setdefault(Tier(tier), {})
        before = panes.get(pane, {})
        panes[pane] = totals
        for (summed, first, stop), total in self._sums.get(channel, {}).items():
            if summed == tier and first <= pane < stop:
                for measure in totals.keys() | before.keys():
                    change = totals.get(measure, 0) - before.get(measure, 0)
                    if change:
                        total[measure] = total.get(measure, 0) + change

    def put_people(self, channel: int, tier: int, pane: int, kind: int, packed: bytes) -> None:
        """The people of a pane are now these."""
        self._people.setdefault(channel, {}).setdefault(kind, {}).setdefault(Tier(tier), {})[pane] = packed
        self._changes += 1

    @property
    def channels(self) -> list[int]:
        """The channels that have data, in the order of their codes."""
        return sorted(self._counters.keys() | self._people.keys())

    def totals(self, channel: int) -> Counters:
        """The counters of a channel (or of ALL_CHANNELS) since the launch."""
        return self._sum(channel, Tier.LAUNCH, range(1))

    def newest_ms(self) -> int:
        """The end of the newest minute in which anything was counted; 0 where nothing was."""
        newest = [max(tiers[Tier.MINUTE]) for tiers in self._counters.values() if tiers.get(Tier.MINUTE)]
        return (max(newest) + 1) * MINUTE_MS if newest else 0

    def sums(self, channel: int, window: Window, end_ms: int) -> WindowSums:
        """The window of a channel (or of ALL_CHANNELS) that ends at `end_ms`."""
        span = window_span(window, window.tier, end_ms, self._zone)
        beside = None
        if window.tier_beside_people is not window.tier:
            wider = window_span(window, window.tier_beside_people, end_ms, self._zone)
            beside = self._sum(channel, window.tier_beside_people, wider)
        return WindowSums(
            counters=self._sum(channel, window.tier, span),
            people=self._people_in(channel, window, end_ms),
            start_ms=pane_start_ms(window.tier, span.start, self._zone),
            end_ms=end_ms,
            beside_people=beside,
        )

    def windows(self, channel: int, end_ms: int) -> dict[str, WindowSums]:
        """All windows of a channel that end at `end_ms`, by name."""
        return {window.name: self.sums(channel, window, end_ms) for window in WINDOWS}

    def prune(self, end_ms: int) -> None:
        """Forget the panes into which no window that ends at `end_ms` or later looks."""
        # A pane that comes back would be added to the sums that have it already.
        self._sums.clear()
        for tiers in self._counters.values():
            for tier, needed_ms in _NEEDED_MS.items():
                panes = tiers.get(tier, {})
                for pane in [pane for pane in panes if pane_end_ms(tier, pane, self._zone) + needed_ms <= end_ms]:
                    del panes[pane]
        for kinds in self._people.values():
            for people_tiers in kinds.values():
                for tier, needed_ms in _NEEDED_MS.items():
                    sketches = people_tiers.get(tier, {})
                    for pane in [p for p in sketches if pane_end_ms(tier, p, self._zone) + needed_ms <= end_ms]:
                        del sketches[pane]

    def _sum(self, channel: int, tier: Tier, span: range) -> Counters:
        """A copy of the running sum over these panes; it is made where there is none yet."""
        if channel == ALL_CHANNELS:
            return sum_counters(self._sum(one, tier, span) for one in self._counters)
        sums = self._sums.setdefault(channel, {})
        place = (tier, span.start, span.stop)
        total = sums.get(place)
        if total is None:
            if len(sums) >= _RUNNING_SUMS:
                sums.clear()
            panes = self._counters.get(channel, {}).get(tier, {})
            total = sums[place] = sum_counters(panes[pane] for pane in span if pane in panes)
        return dict(total)

    def _people_in(self, channel: int, window: Window, end_ms: int) -> dict[int, float]:
        span = window_span(window, window.people_tier, end_ms, self._zone)
        channels = self._people.values() if channel == ALL_CHANNELS else [self._people.get(channel, {})]
        kinds = sorted({kind for kinds in channels for kind in kinds})
        return {kind: self._estimate(channel, kind, window.people_tier, span) for kind in kinds}

    def _estimate(self, channel: int, kind: int, tier: Tier, span: range) -> float:
        place = (channel, kind, tier, span.start, span.stop)
        known = self._estimates.get(place)
        if known is not None and known[0] == self._changes:
            return known[1]
        channels = self._people.values() if channel == ALL_CHANNELS else [self._people.get(channel, {})]
        sketches = []
        for kinds in channels:
            panes = kinds.get(kind, {}).get(tier, {})
            sketches += [panes[pane] for pane in span if pane in panes]
        found = estimate(sketches)
        if len(self._estimates) > 2000:
            self._estimates.clear()
        self._estimates[place] = (self._changes, found)
        return found


class Views:
    """The panes of all campaigns of one partition, and which campaigns have changed since they were last looked at."""

    def __init__(self, zone: ZoneInfo) -> None:
        self._zone = zone
        self.campaigns: dict[str, CampaignPanes] = {}
        self.ledger: dict[int, Counters] = {}
        self.refused = 0
        """About how many different campaigns found no place."""
        self.changed: set[str] = set()

    def put(self, key: bytes, packed: bytes, totals: Counters | None) -> None:
        """A table key has this acknowledged value; `totals` are its counters, None for a sketch."""
        parsed = parse_key(key)
        if parsed.kind == KeyKind.COUNTERS and totals is not None:
            self._campaign(parsed.campaign).put_counters(parsed.channel, parsed.tier, parsed.pane, totals)
        elif parsed.kind == KeyKind.PEOPLE:
            panes = self._campaign(parsed.campaign)
            panes.put_people(parsed.channel, parsed.tier, parsed.pane, parsed.people, packed)
        elif parsed.kind == KeyKind.LEDGER and totals is not None:
            self.ledger[ledger_source(key)] = totals
        elif parsed.kind == KeyKind.REFUSED:
            self.refused = round(estimate([packed]))

    def _campaign(self, campaign: str) -> CampaignPanes:
        self.changed.add(campaign)
        panes = self.campaigns.get(campaign)
        if panes is None:
            panes = self.campaigns[campaign] = CampaignPanes(self._zone)
        return panes
