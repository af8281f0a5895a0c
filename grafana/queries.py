"""The expressions of the panels. Each shows a series once, also while a handover lets two workers expose it.

`last_over_time` bridges a missed scrape, `max by` takes one of two owners; a dead worker is gone after 15 seconds.
`channel` is one channel or `all`; where lines are drawn, all channels together stand beside it. So no panel has more
lines than can be told apart.
"""

from collections.abc import Iterable

from grafana.thresholds import LOOKBACK
from streams.kpis.kpi import Kind, Kpi
from streams.kpis.registry import KPI_BY_NAME, KPIS

RATE = "1m"
MOST_LINES = 8
EARLIER = "15m"

CHOSEN = 'campaign="$campaign", channel="$channel"'
BESIDE_ALL = 'campaign="$campaign", channel=~"all|$channel"'
EVERY_CHANNEL = 'campaign="$campaign"'

TARGET_BY = ("campaign", "channel", "kpi", "window", "bound", "source")
TARGET_LABELS = ", ".join(TARGET_BY)

_ORDER = ("1m", "5m", "1h", "24h", "today", "7d", "30d", "month", "launch")

WINDOWS = tuple(window for window in _ORDER if any(window in kpi.exported for kpi in KPIS))
"""What the variable `window` offers: every window that some KPI exports, the short ones first."""


def shown_window(kpi: Kpi, chosen: str) -> str:
    """The window that a KPI's panel shows: the chosen one, else the next longer that it exports, else its longest."""
    exported = sorted(kpi.exported, key=_ORDER.index)
    longer = [window for window in exported if _ORDER.index(window) >= _ORDER.index(chosen)]
    return longer[0] if longer else exported[-1]


def sample_of(kpi: Kpi) -> Kpi | None:
    """The KPI that counts its cases; None for a plain sum, and for what is divided by money alone."""
    counted = KPI_BY_NAME[kpi.counted_by] if kpi.counted_by else None
    return None if counted is None or counted.kind is Kind.MONEY else counted


def kpi_value(kpi: Kpi, where: str = BESIDE_ALL) -> str:
    """The KPI of the chosen campaign and channel, all channels beside it unless `where` says otherwise."""
    value = _in_window(kpi.metric, kpi, where, money=kpi.kind is Kind.MONEY)
    # Without a catalogue there may be sums in any number of currencies.
    return f"topk({MOST_LINES}, {value})" if kpi.kind is Kind.MONEY and not kpi.denominator else value


def sample_size(kpi: Kpi, sample: Kpi, where: str = BESIDE_ALL) -> str:
    """How many cases the KPI stands on, in the very window in which the KPI itself is shown."""
    return _in_window(sample.metric, kpi, where, money=False)


def judged(kpi: Kpi, met: bool | None) -> str:
    """The KPI where its targets in the chosen channel are met (True), where one is missed (False), or where none is
    judged (None); nothing otherwise. Where one is missed it has the label `owner` too, if anybody answers for it."""
    verdict = f'min by (campaign, channel) (last_over_time(campaign_target_met{{{CHOSEN}, kpi="{kpi.name}"}}'
    verdict += f"[{LOOKBACK}]))"
    value = f"({kpi_value(kpi, CHOSEN)})"
    if met is None:
        return f"{value} unless on (campaign, channel) {verdict}"
    found = f"{value} and on (campaign, channel) ({verdict} == {int(met)})"
    if met:
        return found
    info = f'campaign_target_owner_info{{{CHOSEN}, kpi="{kpi.name}"}}'
    owner = f"max by (campaign, channel, owner) (last_over_time({info}[{LOOKBACK}]))"
    # Just after a change of owner there are two for a moment.
    one = f"topk by (campaign, channel) (1, {owner})"
    return f"(({found}) * on (campaign, channel) group_left (owner) {one}) or on (campaign, channel) ({found})"


def target(kpi: Kpi, where: str = CHOSEN) -> str:
    """Where the KPI's targets lie, in whatever window."""
    metric = f'campaign_target{{{where}, kpi="{kpi.name}"}}'
    return f"topk(2, max by (channel, window, bound, source) (last_over_time({metric}[{LOOKBACK}])))"


def missed(metric: str, where: str = "", *more: str) -> str:
    """A series that has the labels of a target, and these, of the targets that are missed now."""
    chosen = f"{{{where}}}" if where else ""
    labels = ", ".join((TARGET_LABELS, *more))
    verdict = f"max by ({TARGET_LABELS}) (last_over_time(campaign_target_met{chosen}[{LOOKBACK}])) == 0"
    return f"max by ({labels}) (last_over_time({metric}{chosen}[{LOOKBACK}])) and on ({TARGET_LABELS}) ({verdict})"


def legend(kpi: Kpi) -> str:
    """What a line is called; the window is named where it may be another than the chosen one."""
    currency = " {{currency}}" if kpi.kind is Kind.MONEY else ""
    return "{{channel}}" + currency + (" ({{window}})" if _replaced(kpi) else "")


def once(metric: str, *by: str) -> str:
    """A gauge of the service, by these labels, without doubles."""
    grouped = f" by ({', '.join(by)})" if by else ""
    return f"max{grouped} (last_over_time({metric}[{LOOKBACK}]))"


def in_launch(metric: str, *by: str, window: str = "launch", where: str = 'channel="all"') -> str:
    """A KPI's metric in one window, by these labels."""
    return once(f'{metric}{{{where}, window="{window}"}}', *by)


def per_second(metric: str, *by: str, of: Iterable[str] = ()) -> str:
    """How fast a counter of the ledger grows. Its series are per source partition, which one worker at a time reads.

    of: these topics alone.
    """
    single = ", ".join(dict.fromkeys(("topic", "partition", *by)))
    topics = "|".join(of)
    chosen = f'{{topic=~"{topics}"}}' if topics else ""
    grouped = f" by ({', '.join(by)})" if by else ""
    return f"sum{grouped} (max by ({single}) (rate({metric}{chosen}[{RATE}])))"


def age_of_picture() -> str:
    """Seconds since the oldest worker's picture was taken."""
    return f"time() - min(last_over_time(launchpulse_snapshot_timestamp_seconds[{LOOKBACK}]) > 0)"


def ledger_difference() -> str:
    """Events lost or doubled, over all source partitions, without signs."""
    return f"sum(abs({once('launchpulse_ledger_difference', 'topic', 'partition')}))"


def _in_window(metric: str, kpi: Kpi, where: str, *, money: bool) -> str:
    labels = "campaign, channel, window, currency" if money else "campaign, channel, window"
    replaced = _replaced(kpi)
    if not replaced:
        return f'max by ({labels}) (last_over_time({metric}{{{where}, window="$window"}}[{LOOKBACK}]))'
    wanted = 'label_replace(vector(1), "window", "$window", "", "")'
    for shown, options in replaced.items():
        wanted = f'label_replace({wanted}, "window", "{shown}", "window", "{"|".join(options)}")'
    return f"max by ({labels}) (last_over_time({metric}{{{where}}}[{LOOKBACK}])) and on (window) {wanted}"


def _replaced(kpi: Kpi) -> dict[str, list[str]]:
    """Shown window -> the choices that it stands in for."""
    found: dict[str, list[str]] = {}
    for window in WINDOWS:
        if (shown := shown_window(kpi, window)) != window:
            found.setdefault(shown, []).append(window)
    return found
