"""Launch-to-date counters of single channels, so that `rate()` works as people expect.

They are exposed for the channels only, not for all together: a sum over `channel` is the whole. What may fall (margins,
sums of scores) is no counter.
"""

from collections.abc import Mapping
from functools import lru_cache

from agents.web.exposition import Exposition, escape_label
from streams.events.channels import channel_name
from streams.events.measures import MICROS, MONEY_MEASURES, MONEY_STEP, Measure, money_parts

_FIRST_LEDGER_MEASURE = 128
_SUMS: dict[Measure, tuple[str, str]] = {
    Measure.UNITS: ("campaign_units_sold_total", "Units sold since the launch."),
    Measure.AUDIENCE: (
        "campaign_audience_total",
        "Audience of the mentions' authors since the launch, as the source gave it.",
    ),
}
_MONEY: dict[Measure, tuple[str, str]] = {
    Measure.REVENUE: ("campaign_revenue_total", "Amount of sales since the launch, before refunds, by currency."),
    Measure.REFUNDED: ("campaign_refunded_total", "Amount refunded since the launch, by currency."),
}
_NOT_COUNTERS = frozenset({Measure.MENTION_SCORE, Measure.MENTION_SCORED}) | MONEY_MEASURES

EVENTS: dict[int, str] = {
    int(measure): measure.name.lower()
    for measure in Measure
    if measure < _FIRST_LEDGER_MEASURE and measure not in _NOT_COUNTERS and measure not in _SUMS
}
"""Measure -> the label `event` of `campaign_events_total`; a new measure is in it by itself."""


class Totals:
    """The counters' families of one exposition."""

    def __init__(self, out: Exposition) -> None:
        self._events = out.family(
            "campaign_events_total",
            "counter",
            "Events since the launch; some kinds are parts of others (an engaged visit is a visit too).",
        )
        self._sums = {
            int(measure): (name, out.family(name, "counter", text)) for measure, (name, text) in _SUMS.items()
        }
        self._money = {measure: (name, out.family(name, "counter", text)) for measure, (name, text) in _MONEY.items()}

    def lines(self, campaign: str, code: int, totals: Mapping[int, int]) -> list[tuple[list[str], list[str]]]:
        """The lines of one channel, each family with those that belong to it."""
        prefix = _prefix(campaign, code)
        events: list[str] = []
        lines = [(self._events, events)]
        for key, number in totals.items():
            if (event := EVENTS.get(key)) is not None:
                events.append(f'campaign_events_total{prefix},event="{event}"}} {number}')
            elif key in self._sums:
                name, family = self._sums[key]
                lines.append((family, [f"{name}{prefix}}} {number}"]))
            elif key >= MONEY_STEP:
                measure, currency = money_parts(key)
                if measure in self._money:
                    name, family = self._money[measure]
                    lines.append((family, [f'{name}{prefix},currency="{currency}"}} {number / MICROS!r}']))
        return lines


@lru_cache(maxsize=16384)
def _prefix(campaign: str, code: int) -> str:
    return f'{{campaign="{escape_label(campaign)}",channel="{channel_name(code)}"'
