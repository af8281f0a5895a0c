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
    ("reach", "launch"),
    ("engagement_rate", "1m"),
    ("click_to_open_rate", "launch"),
    ("mentions_per_minute", "5m"),
    ("net_sentiment", "5m"),
    ("orders", "launch"),
    ("net_revenue", "launch"),
    ("buyers", "launch"),
    ("new_customers", "launch"),
)
TREND = ("engagement_rate", "1m")
TREND_POINTS = 12
TREND_SECONDS = 4.0
"""The trend shows a point so often: 48 seconds in all, enough to see a drop begin."""

_BARS = "▁▂▃▄▅▆▇█"
_WINDOWS = {"launch": "launch", "1m": "1 min", "5m": "5 min"}
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


def render(picture: Picture) -> RenderableType:
    """The picture for a terminal of 80 columns or more."""
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
        *(("metrics  ", "dim"), (f"{picture.address}/metrics", "cyan"), "\n"),
        *(("API      ", "dim"), (f"{picture.address}/api/campaigns", "cyan"), "\n"),
        (end, "dim"),
    )
    notes = [Text(f"• {note}", "yellow") for note in picture.notes]
    head = Panel(Group(story, counts), title="Launchpulse: a simulated launch", title_align="left", border_style="blue")
    return Group(head, _kpis(picture), *_waits(reading), *notes, foot)


def plain(picture: Picture) -> str:
    """The picture in one line."""
    reading = picture.reading
    parts = [
        f"{picture.seconds:4.0f} s  sent {picture.account.sent:,}  counted {reading.result('counted'):,}  "
        f"duplicate {reading.result('duplicate'):,}  invalid {reading.result('invalid'):,}"
    ]
    for campaign in sorted(reading.campaigns, key=_order):
        shown = [
            f"{word} {_value(reading.kpi(campaign, kpi, window), kpi).replace(chr(10), ' + ')}"
            for word, kpi, window in (
                ("reach", "reach", "launch"),
                ("engagement", "engagement_rate", "1m"),
                ("revenue", "net_revenue", "launch"),
            )
        ]
        parts.append(f"{campaign}: {', '.join(shown)}")
    return "  |  ".join(parts)


def _kpis(picture: Picture) -> Table:
    campaigns = sorted(picture.reading.campaigns, key=_order)
    table = Table(box=box.SIMPLE_HEAD, expand=False, header_style="bold", border_style="dim", pad_edge=False)
    table.add_column("KPI", no_wrap=True)
    table.add_column("window", style="dim", no_wrap=True)
    for campaign in campaigns:
        told = picture.reading.campaigns[campaign].get("name") or _NAMES.get(campaign, "")
        table.add_column(f"{campaign}\n[dim]{told}[/dim]", justify="right", min_width=13)
    if not campaigns:
        table.add_column("the worker is starting ...", style="dim")
    for kpi, window in ROWS:
        cells = []
        for campaign in campaigns:
            cell = _value(picture.reading.kpi(campaign, kpi, window), kpi)
            if (kpi, window) == TREND:
                cell = f"{_trend(picture.trends.get(campaign, ()))}\n{cell}"
            cells.append(cell)
        table.add_row(KPI_BY_NAME[kpi].title, _WINDOWS[window], *cells)
    return table


def _waits(reading: Reading) -> list[Text]:
    """Why the picture stands still, where it does; the first reason is enough for a newcomer."""
    return [Text(f"held back: {reason}", "yellow") for reason in reading.held_back_by[:1]] if reading.campaigns else []


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
    return f"{number:,.0f}"
