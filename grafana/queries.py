"""The expressions of the panels. Each shows a series once, also while a handover lets two workers expose it.

`last_over_time` bridges a missed scrape, `max by` takes one of two owners; a dead worker is gone after 15 seconds.
"""

from streams.kpis.kpi import Kind, Kpi
from streams.kpis.registry import KPIS

LOOKBACK = "15s"
RATE = "1m"

_ORDER = ("1m", "5m", "1h", "24h", "today", "7d", "30d", "month", "launch")

WINDOWS = tuple(window for window in _ORDER if any(window in kpi.exported for kpi in KPIS))
"""What the variable `window` offers: every window that some KPI exports, the short ones first."""


def shown_window(kpi: Kpi, chosen: str) -> str:
    """The window that a KPI's panel shows: the chosen one, else the next longer that it exports, else its longest."""
    exported = sorted(kpi.exported, key=_ORDER.index)
    longer = [window for window in exported if _ORDER.index(window) >= _ORDER.index(chosen)]
    return longer[0] if longer else exported[-1]


def kpi_value(kpi: Kpi) -> str:
    """The KPI of the chosen campaign and channels."""
    return _in_window(kpi.metric, kpi)


def sample_size(kpi: Kpi, denominator: Kpi) -> str:
    """The KPI's denominator, in the very window in which the KPI itself is shown."""
    return _in_window(denominator.metric, kpi)


def legend(kpi: Kpi) -> str:
    """What a line is called; the window is named where it may be another than the chosen one."""
    currency = " {{currency}}" if kpi.kind is Kind.MONEY else ""
    return "{{channel}}" + currency + (" ({{window}})" if _replaced(kpi) else "")


def once(metric: str, *by: str) -> str:
    """A gauge of the service, by these labels, without doubles."""
    grouped = f" by ({', '.join(by)})" if by else ""
    return f"max{grouped} (last_over_time({metric}[{LOOKBACK}]))"


def per_second(metric: str, *by: str) -> str:
    """How fast a counter of the ledger grows. Its series are per source partition, which one worker at a time reads."""
    single = ", ".join(dict.fromkeys(("topic", "partition", *by)))
    return f"sum by ({', '.join(by)}) (max by ({single}) (rate({metric}[{RATE}])))"


def _in_window(metric: str, kpi: Kpi) -> str:
    labels = "campaign, channel, window, currency" if kpi.kind is Kind.MONEY else "campaign, channel, window"
    chosen = 'campaign="$campaign", channel=~"$channel"'
    replaced = _replaced(kpi)
    if not replaced:
        return f'max by ({labels}) (last_over_time({metric}{{{chosen}, window="$window"}}[{LOOKBACK}]))'
    wanted = 'label_replace(vector(1), "window", "$window", "", "")'
    for shown, options in replaced.items():
        wanted = f'label_replace({wanted}, "window", "{shown}", "window", "{"|".join(options)}")'
    return f"max by ({labels}) (last_over_time({metric}{{{chosen}}}[{LOOKBACK}])) and on (window) {wanted}"


def _replaced(kpi: Kpi) -> dict[str, list[str]]:
    """Shown window -> the choices that it stands in for."""
    found: dict[str, list[str]] = {}
    for window in WINDOWS:
        if (shown := shown_window(kpi, window)) != window:
            found.setdefault(shown, []).append(window)
    return found
