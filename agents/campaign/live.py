"""What a live board shows of a campaign: which KPI in which window, and the last hour in small steps."""

from collections.abc import Container, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from agents.campaign.snapshot import CampaignSnapshot
from streams.counting.campaign_panes import ALL_WINDOWS, CampaignPanes, PeopleIn
from streams.counting.panes import MINUTE_MS, PANE_MS, Tier
from streams.counting.plan import Plan
from streams.counting.windows import WINDOWS, WindowPanes, WindowSums
from streams.events.campaigns import Campaign
from streams.events.channels import ALL_CHANNELS
from streams.events.measures import is_money
from streams.kpis.kpi import Kpi
from streams.kpis.registry import KPI_BY_NAME, KPIS

MINUTES = 60
"""How many minutes a sparkline shows."""

YOUNG_MINUTES = 5
"""Where most of what the hour counted lies in these, they are shown alone, in steps of ten seconds."""

YOUNG_SHARE = 0.8

FUNNEL: tuple[Kpi, ...] = tuple(
    KPI_BY_NAME[name]
    for name in (
        "reach",
        "clicks",
        "reach_to_click_rate",
        "visits",
        "click_to_visit_rate",
        "leads",
        "visit_to_lead_rate",
        "qualified_leads",
        "lead_to_qualified_rate",
        "opportunities",
        "qualified_to_opportunity_rate",
        "orders",
        "opportunity_to_sale_rate",
    )
)
CHANNEL_TABLE: tuple[Kpi, ...] = tuple(
    KPI_BY_NAME[name] for name in ("net_revenue", "orders", "visits", "engagement_rate")
)
"""What stands side by side on a board, to be compared: so all of it is of one window, see `common_window`."""

_ORDER = [window.name for window in WINDOWS]
_NOBODY: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Live:
    """What the owner of a campaign's partition says of it.

    campaign: None where nobody has heard of it. generation: of the ownership. end_ms: up to which time everything is
    merged, None where nobody can say. held_back_by: why the figures are behind, a sentence each. steps: the last hour
    of all channels together in whole steps, the oldest first; empty unless they were asked for.
    """

    campaign: CampaignSnapshot | None
    generation: int
    end_ms: int | None
    held_back_by: tuple[str, ...]
    steps: tuple[WindowSums, ...] = ()


def window_for(kpi: Kpi, window: str) -> str:
    """The window in which the KPI is shown on a board of `window`: that one where it makes sense in it, else the next
    longer one, else the longest that there is."""
    return _first_of(window, kpi.windows) or kpi.windows[-1]


def common_window(kpis: Iterable[Kpi], window: str) -> str:
    """The window in which these KPIs stand beside each other on a board of `window`: that one where all of them make
    sense in it, else the next longer one in which they do, else that of the last of them."""
    kpis = tuple(kpis)
    common = frozenset.intersection(*(frozenset(kpi.windows) for kpi in kpis))
    return _first_of(window, common) or window_for(kpis[-1], window)


def _first_of(window: str, windows: Container[str]) -> str | None:
    """That one where it is among them, else the next longer one that is."""
    return next((name for name in _ORDER[_ORDER.index(window) :] if name in windows), None)


def people_on_board(window: str, told: Campaign | None) -> PeopleIn:
    """The windows that a board of `window` shows, those of the catalogue's targets too, and the kinds of people in
    each of them."""
    targets = () if told is None else tuple((target.kpi, target.window) for target in told.targets)
    return _people(window, targets)


@lru_cache(maxsize=256)
def _people(window: str, targets: tuple[tuple[str, str], ...]) -> PeopleIn:
    found: dict[str, frozenset[int]] = {}
    for kpi, shown in _shown(window, targets):
        counted = KPI_BY_NAME[kpi.counted_by].people if kpi.counted_by else ()
        found[shown] = found.get(shown, _NOBODY) | {int(kind) for kind in (*kpi.people, *counted)}
    return found


def _shown(window: str, targets: tuple[tuple[str, str], ...]) -> Iterator[tuple[Kpi, str]]:
    for kpi in KPIS:
        yield kpi, window_for(kpi, window)
    for together in (FUNNEL, CHANNEL_TABLE):
        shown = common_window(together, window)
        yield from ((kpi, shown) for kpi in together)
    for name, shown in targets:
        if name in KPI_BY_NAME and shown in ALL_WINDOWS:
            yield KPI_BY_NAME[name], shown


def last_steps(panes: CampaignPanes, end_ms: int, plan: Plan | None) -> tuple[WindowSums, ...]:
    """The last MINUTES whole minutes before `end_ms` (epoch milliseconds) of all channels, without people; of a young
    campaign the last YOUNG_MINUTES in steps of ten seconds."""
    stop = end_ms // MINUTE_MS
    minutes = [_step(panes, Tier.MINUTE, MINUTE_MS, at, plan) for at in range(max(0, stop - MINUTES), stop + 1)]
    # The minute that is not over yet counts too: in a launch's first one it holds almost all that there is.
    if _events(minutes[-YOUNG_MINUTES - 1 :]) < YOUNG_SHARE * _events(minutes):
        return tuple(minutes[:-1])
    stop = end_ms // PANE_MS
    first = max(0, stop - YOUNG_MINUTES * MINUTE_MS // PANE_MS)
    return tuple(_step(panes, Tier.TEN_SECONDS, PANE_MS, at, plan) for at in range(first, stop))


def _events(steps: Sequence[WindowSums]) -> int:
    return sum(count for sums in steps for key, count in sums.counters.items() if not is_money(key))


def _step(panes: CampaignPanes, tier: Tier, size_ms: int, index: int, plan: Plan | None) -> WindowSums:
    place = int(tier), index, index + 1
    one = WindowPanes("step", place, place, None, index * size_ms)
    return panes.span(ALL_CHANNELS, one, (index + 1) * size_ms, plan, None, _NOBODY)
