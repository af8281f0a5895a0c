"""What is shown of one partition: its campaigns' panes and its ledgers.

It is rebuilt from the table when a partition is recovered and follows what is merged from then on. What the table holds
is not kept a second time: see `counter_panes` and `people_panes`.
"""

from zoneinfo import ZoneInfo

from streams.counting.campaign_panes import CampaignPanes
from streams.counting.counter_panes import Counters
from streams.counting.facts import StatedFact
from streams.counting.merge import totals_of
from streams.counting.people import People, estimate
from streams.counting.statements import KeyKind, ledger_source, parse_key


class Views:
    """The panes of all campaigns of one partition.

    Attributes:
        campaigns: by name. changed: those of them that have changed since whoever looks took their names away.
        ledger: source -> its counters.
    """

    def __init__(self, zone: ZoneInfo) -> None:
        self._zone = zone
        self._refused: bytes | People | None = None
        self.campaigns: dict[str, CampaignPanes] = {}
        self.changed: set[str] = set()
        self.ledger: dict[int, Counters] = {}

    @property
    def refused(self) -> int:
        """About how many different campaigns found no place."""
        return 0 if self._refused is None else round(estimate([self._refused]))

    def put(self, key: bytes, value: bytes | Counters | People | StatedFact) -> None:
        """A table key holds this now.

        value: packed, as it stands in the table; or its counters, a dict that belongs to this view from here on; or its
        people, a sketch that goes on growing, on the same event loop: put it again whenever it has grown; or a fact.
        """
        parsed = parse_key(key)
        if isinstance(value, StatedFact) or parsed.kind == KeyKind.FACT:
            if isinstance(value, bytes | StatedFact):
                self._campaign(parsed.campaign).put_fact(parsed.tier, parsed.channel, parsed.pane, key, value)
        elif parsed.kind == KeyKind.COUNTERS and not isinstance(value, People):
            self._campaign(parsed.campaign).put_counters(parsed.channel, parsed.tier, parsed.pane, value)
        elif parsed.kind == KeyKind.PEOPLE and not isinstance(value, dict):
            self._campaign(parsed.campaign).put_people(parsed.channel, parsed.tier, parsed.pane, parsed.people, value)
        elif parsed.kind == KeyKind.LEDGER and not isinstance(value, People):
            self.ledger[ledger_source(key)] = totals_of(value) if isinstance(value, bytes) else value
        elif parsed.kind == KeyKind.REFUSED and not isinstance(value, dict):
            self._refused = value

    def settled(self, key: bytes, packed: bytes) -> None:
        """The key still holds what was put last, and `packed` is it, as it stands in the table now."""
        parsed = parse_key(key)
        campaign = self.campaigns.get(parsed.campaign)
        if parsed.kind == KeyKind.REFUSED:
            self._refused = packed
        elif campaign is not None and parsed.kind == KeyKind.COUNTERS:
            campaign.settled_counters(parsed.channel, parsed.tier, parsed.pane, packed)
        elif campaign is not None and parsed.kind == KeyKind.PEOPLE:
            campaign.settled_people(parsed.channel, parsed.tier, parsed.pane, parsed.people, packed)

    def prune(self, end_ms: int) -> None:
        """Forget the panes into which no window that ends at `end_ms` or later looks."""
        for campaign in self.campaigns.values():
            campaign.prune(end_ms)

    def _campaign(self, campaign: str) -> CampaignPanes:
        self.changed.add(campaign)
        panes = self.campaigns.get(campaign)
        if panes is None:
            panes = self.campaigns[campaign] = CampaignPanes(self._zone)
        return panes
