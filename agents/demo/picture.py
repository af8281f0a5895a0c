"""What the demo shows while it runs: a table for a terminal, one line for a pipe. Pure, from a `Picture`."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from rich import box
from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from agents.demo.account import Account
from agents.demo.reader import Reading
from agents.demo.story import MARKETS
from streams.kpis.kpi import Kind
from streams.kpis.registry import KPI_BY_NAME

ROWS = (
    ("Sales", "Revenue", "net_revenue", "launch"),
    ("", "Orders", "orders", "launch"),
    ("Customers", "New", "new_customers", "launch"),
    ("", "Active", "active_customers", "launch"),
    ("Lifetime", "Lifetime value", "lifetime_value", "30d"),
    ("Cost", "Per new customer", "customer_acquisition_cost", "launch"),
    ("", "LTV : CAC", "ltv_to_cac", "launch"),
    ("Churn", "Churn", "churn_rate", "30d"),
    ("Satisfaction", "NPS", "nps", "30d"),
    ("", "Satisfied", "csat", "30d"),
    ("Reach", "People", "reach", "launch"),
    ("Engagement", "Engaged", "engagement_rate", "1m"),
    ("", "Click to open", "click_to_open_rate", "launch"),
    ("", "Net sentiment", "net_sentiment", "5m"),
    ("Conversion", "Visit to sale", "visit_to_sale_rate", "launch"),
    ("", "Reach to sale", "reach_to_sale_rate", "launch"),
    ("Return", "MROI", "mroi", "launch"),
    ("", "Budget used", "budget_used", "launch"),
)
"""Group, what the KPI is called here, KPI, window: the ten groups of the registry in its order."""

TREND = ("engagement_rate", "1m")
TREND_POINTS = 12
COLUMNS = 3
"""Campaigns that are shown; of more than these the rest is only told of."""

ROOM = 34
"""A terminal with fewer lines shows one row a group."""

TREND_SECONDS = 4.0
"""The trend shows a point so often: 48 seconds in all, enough to see a drop begin."""

_BARS = "▁▂▃▄▅▆▇█"
_WINDOWS = {"launch": "", "1m": "1 min", "5m": "5 min", "30d": "30 d"}
_STYLES = {True: "green", False: "red", None: ""}
_NAMES = {market.campaign: market.name for market in MARKETS}


@dataclass(slots=True)
class Picture:
    """All that is shown. `address` is the first worker's; `notes` what happened to the parts, the newest last."""

    address: str
    account: Account
    reading: Reading = field(default_factory=Reading)
    seconds: float = 0.0
    phase: str = ""
    sending: bool = True
    ends: bool = False
    notes: deque[str] = field(default_factory=lambda: deque(maxlen=3))
    trends: dict[str, deque[float]] = field(default_factory=dict)
    trend_due: float = 0.0

    def take(self, reading: Reading) -> None:
        """A new reading; now and then its engagement rates go into the trends."""
        self.reading = reading
        if self.seconds < self.trend_due:
            return
        self.trend_due = self.seconds + TREND_SECONDS if reading.has_kpis else 0.0
        for campaign in reading.campaigns:
            value = reading.kpi(campaign, *TREND)
            if value is not None and value["value"] is not None:
                self.trends.setdefault(campaign, deque(maxlen=TREND_POINTS)).append(value["value"])


def render(picture: Picture, height: int = ROOM) -> RenderableType:
    """The picture for a terminal of 80 columns or more, and of so many lines."""
    reading = picture.reading
    counts = Table.grid(padding=(0, 2))
    counts.add_row(
        _count("sent", picture.account.sent),
        _count("counted", reading.result("counted"), "green"),
        _count("duplicate", reading.result("duplicate"), "yellow"),
        _count("invalid", reading.result("invalid"), "red"),
        _count("under way", max(0, picture.account.sent - reading.read)),
    )
    story = Text.assemble((f"{picture.seconds:4.0f} s  ", "dim"), (picture.phase, "bold"))
    end = "it ends by itself; Ctrl-C ends it now" if picture.ends else "Ctrl-C ends it and compares the figures"
    foot = Text.assemble(
        *(("board  ", "dim"), (f"{picture.address}/", "bold cyan")),
        *(("  metrics  ", "dim"), (f"{picture.address}/metrics", "cyan")),
        *(("  API  ", "dim"), ("/api/campaigns", "cyan"), "\n"),
        (end, "dim"),
    )
    notes = [Text(f"• {note}", "yellow") for note in picture.notes]
    more = [Text(text, "dim")] if (text := _more(reading)) else []
    head = Panel(Group(story, counts), title="Launchpulse: a simulated launch", title_align="left", border_style="blue")
    return Group(head, _kpis(picture, brief=height < ROOM), *more, *_waits(reading), *notes, foot)


def plain(picture: Picture) -> str:
    """The picture in one line."""
    reading = picture.reading
    parts = [
        f"{picture.seconds:4.0f} s  sent {picture.account.sent:,}  counted {reading.result('counted'):,}  "
        f"duplicate {reading.result('duplicate'):,}  invalid {reading.result('invalid'):,}"
    ]
    for campaign in _shown(reading):
        shown = [
            f"{word} {_value(reading.kpi(campaign, kpi, window), kpi).replace(chr(10), ' + ')}"
            for word, kpi, window in (
                ("reach", "reach", "launch"),
                ("engagement", "engagement_rate", "1m"),
                ("sentiment", "net_sentiment", "5m"),
                ("revenue", "net_revenue", "launch"),
                ("MROI", "mroi", "launch"),
            )
        ]
        parts.append(f"{campaign}: {', '.join(shown)}")
    if more := _more(reading):
        parts.append(more)
    return "  |  ".join(parts)


def _kpis(picture: Picture, brief: bool) -> Table:
    campaigns = _shown(picture.reading)
    table = Table(box=box.SIMPLE_HEAD, header_style="bold", border_style="dim", show_edge=False, padding=(0, 1, 0, 0))
    table.add_column("group", style="dim", no_wrap=True, max_width=12)
    table.add_column("KPI", no_wrap=True)
    for campaign in campaigns:
        told = picture.reading.campaigns[campaign].get("name") or _NAMES.get(campaign, "")
        table.add_column(f"{campaign}\n[dim]{told}[/dim]", justify="right", min_width=13)
    if not campaigns:
        table.add_column("the worker is starting ...", style="dim")
    for group, label, kpi, window in ROWS:
        if brief and not group:
            continue
        table.add_row(
            group,
            Text.assemble(label, (f" {_WINDOWS[window]}".rstrip(), "dim")),
            *_cells(picture, campaigns, kpi, window),
        )
    return table


def _cells(picture: Picture, campaigns: list[str], kpi: str, window: str) -> list[Text]:
    """The KPI of each campaign; green where a target is met, red where it is missed."""
    cells = []
    for campaign in campaigns:
        cell = _value(picture.reading.kpi(campaign, kpi, window), kpi)
        if (kpi, window) == TREND and (trend := _trend(picture.trends.get(campaign, ()))):
            cell = f"{trend}\n{cell}"
        cells.append(Text(cell, _STYLES[_met(picture.reading.campaigns[campaign], kpi, window)]))
    return cells


def _met(campaign: Mapping[str, Any], kpi: str, window: str) -> bool | None:
    for target in campaign.get("targets", ()):
        if (target["kpi"], target["window"], target["channel"]) == (kpi, window, "all") and target["met"] is not None:
            return bool(target["met"])
    return None


def _waits(reading: Reading) -> list[Text]:
    """Why the picture stands still, where it does; the first reason is enough for a newcomer."""
    return [Text(f"held back: {reason}", "yellow") for reason in reading.held_back_by[:1]] if reading.campaigns else []


def _shown(reading: Reading) -> list[str]:
    return sorted(reading.campaigns, key=_order)[:COLUMNS]


def _more(reading: Reading) -> str:
    left = len(reading.campaigns) - COLUMNS
    return f"and {left} more campaign{'s' if left > 1 else ''}" if left > 0 else ""


def _count(name: str, number: int, style: str = "bold") -> Text:
    return Text.assemble((f"{name} ", "dim"), (f"{number:,}", style))


def _order(campaign: str) -> tuple[int, str]:
    names = list(_NAMES)
    return (names.index(campaign) if campaign in names else len(names)), campaign


def _trend(values: deque[float] | tuple[float, ...]) -> str:
    top = max(values, default=0.0) or 1.0
    return "".join(_BARS[min(7, int(value / top * 7.999))] for value in values)


def _money(amount: float) -> str:
    """Short enough for a column; the comparison at the end is exact."""
    size = abs(amount)
    return f"{amount / 1e6:,.1f} M" if size >= 1e7 else f"{amount:,.0f}" if size >= 1e5 else f"{amount:,.2f}"


def _value(value: Mapping[str, Any] | None, kpi: str) -> str:
    """A KPI as a person reads it; a dash where there is nothing to divide by."""
    if value is None:
        return "–"
    amounts = value["amounts"]
    if amounts is not None:
        return "\n".join(f"{_money(amount)} {currency}" for currency, amount in amounts.items()) or "–"
    number = value["value"]
    if number is None:
        return "–"
    match KPI_BY_NAME[kpi].kind:
        case Kind.RATIO:
            return f"{number * 100:.1f} %"
        case Kind.PEOPLE:
            return f"{number:,.0f}"
        case Kind.SCORE:
            return f"{number:+.0f}"
        case Kind.PER_MINUTE:
            return f"{number:,.1f}"
        case Kind.FACTOR:
            return f"{number:,.2f} ×"
    return f"{number:,.0f}"
