"""Running sums and kept unions of windows, whatever is put, settled, asked and forgotten in whatever order: they are
what a plain sum over all panes gives."""

from zoneinfo import ZoneInfo

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from streams.counting.campaign_panes import ALL_WINDOWS, CampaignPanes
from streams.counting.merge import Value, pack
from streams.counting.panes import COUNTER_TIERS, PEOPLE_TIERS, Tier, pane_index
from streams.counting.people import People, estimate
from streams.counting.statements import counters_key, people_key
from streams.counting.view import Views
from streams.counting.windows import WINDOWS, WindowSums, sum_counters, window_span
from streams.events.channels import ALL_CHANNELS

ZONE = ZoneInfo("Europe/Berlin")
START_MS = 1_795_000_003_000
CHANNELS = (2, 7)
KINDS = (1, 4)
# Few people in most panes, and now and then so many that their sketch is packed in another way.
people_added = st.one_of(st.integers(1, 5), st.just(700))
back_ms = st.one_of(st.integers(0, 90_000), st.integers(0, 8_000_000), st.integers(0, 40 * 86_400_000))
counted = st.dictionaries(st.integers(1, 4), st.integers(-2, 3), max_size=3)


class ViewMachine(RuleBasedStateMachine):
    """Beside the views stand plain dicts of all that was put, and nothing is ever forgotten there."""

    @initialize()
    def begin(self) -> None:
        self.end_ms = START_MS
        self.views = Views(ZONE)
        self.counters: dict[tuple[int, int, int], dict[int, int]] = {}
        self.people: dict[tuple[int, int, int, int], People] = {}
        self.next_person = 0

    @property
    def panes(self) -> CampaignPanes | None:
        return self.views.campaigns.get("aurora")

    @rule(
        tier=st.sampled_from(sorted(COUNTER_TIERS)),
        back=back_ms,
        channel=st.sampled_from(CHANNELS),
        totals=counted,
        packed=st.booleans(),
    )
    def counters_are_put(self, tier: Tier, back: int, channel: int, totals: dict[int, int], packed: bool) -> None:
        pane = pane_index(tier, self.end_ms - back, ZONE)
        key = counters_key(b"aurora", channel, tier, pane)
        self.counters[channel, tier, pane] = totals
        self.views.put(key, pack(Value(3, dict(totals), {})) if packed else dict(totals))

    @rule(
        tier=st.sampled_from(sorted(PEOPLE_TIERS)),
        back=back_ms,
        channel=st.sampled_from(CHANNELS),
        kind=st.sampled_from(KINDS),
        again=st.integers(0, 3),
        added=people_added,
        packed=st.booleans(),
    )
    def people_are_put(
        self, tier: Tier, back: int, channel: int, kind: int, again: int, added: int, packed: bool
    ) -> None:
        pane = pane_index(tier, self.end_ms - back, ZONE)
        people = self.people.setdefault((channel, tier, pane, kind), People())
        first = max(0, self.next_person - again)
        people.add(b"".join((n * 0x9E3779B97F4A7C15 % 2**64).to_bytes(8, "big") for n in range(first, first + added)))
        self.next_person = first + added
        self.views.put(people_key(b"aurora", channel, tier, pane, kind), people.pack(3) if packed else people)

    @rule(data=st.data())
    def counters_are_settled(self, data: st.DataObject) -> None:
        if self.counters:
            channel, tier, pane = place = data.draw(st.sampled_from(sorted(self.counters)))
            packed = pack(Value(5, dict(self.counters[place]), {}))
            self.views.settled(counters_key(b"aurora", channel, tier, pane), packed)

    @rule(data=st.data())
    def people_are_settled(self, data: st.DataObject) -> None:
        if self.people:
            channel, tier, pane, kind = place = data.draw(st.sampled_from(sorted(self.people)))
            self.views.settled(people_key(b"aurora", channel, tier, pane, kind), self.people[place].pack(5))

    @rule(by_ms=st.sampled_from((1, 7_000, 10_000, 60_000, 3_600_000, 90_000_000)))
    def time_goes_on(self, by_ms: int) -> None:
        self.end_ms += by_ms

    @rule()
    def what_is_old_is_forgotten(self) -> None:
        self.views.prune(self.end_ms)

    @rule(names=st.sampled_from((ALL_WINDOWS, frozenset({"5m", "1h", "launch"}))))
    def windows_are_asked_for(self, names: frozenset[str]) -> None:
        panes = self.panes
        if panes is None:
            return
        earlier: list[tuple[WindowSums, dict[int, int]]] = []
        for channel in (*panes.channels, ALL_CHANNELS):
            shown = panes.windows(channel, self.end_ms, names)
            assert shown.keys() == names
            for window in WINDOWS:
                if window.name not in names:
                    continue
                sums = shown[window.name]
                assert sums.counters == self.plain_sum(channel, window.tier, self.span(window.name, window.tier))
                beside = self.span(window.name, window.tier_beside_people)
                assert (sums.counters if sums.beside_people is None else sums.beside_people) == self.plain_sum(
                    channel, window.tier_beside_people, beside
                )
                people = self.span(window.name, window.people_tier)
                for kind, found in sums.people.items():
                    assert found == self.plain_estimate(channel, window.people_tier, people, kind)
                earlier.append((sums, dict(sums.counters)))
        panes.rest([self.end_ms], names)
        self.shown = earlier

    @invariant()
    def what_was_shown_is_not_changed(self) -> None:
        for sums, counters in getattr(self, "shown", []):
            assert sums.counters == counters

    def span(self, name: str, tier: Tier) -> range:
        (window,) = [window for window in WINDOWS if window.name == name]
        return window_span(window, tier, self.end_ms, ZONE)

    def plain_sum(self, channel: int, tier: Tier, span: range) -> dict[int, int]:
        return sum_counters(
            totals
            for (of, in_tier, pane), totals in self.counters.items()
            if channel in (of, ALL_CHANNELS) and in_tier == tier and pane in span
        )

    def plain_estimate(self, channel: int, tier: Tier, span: range, kind: int) -> float:
        return estimate(
            people.pack(0)
            for (of, in_tier, pane, of_kind), people in self.people.items()
            if channel in (of, ALL_CHANNELS) and in_tier == tier and pane in span and of_kind == kind
        )


TestViews = ViewMachine.TestCase
TestViews.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
