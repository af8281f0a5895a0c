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
_SUMS: dict[int, tuple[str, str]] = {
    Measure.UNITS: ("campaign_units_sold_total", "Units sold since the launch."),
    Measure.AUDIENCE: (
        "campaign_audience_total",
        "Audience of the mentions' authors since the launch, as the source gave it.",
    ),
}
_MONEY: dict[int, tuple[str, str]] = {
    Measure.REVENUE: ("campaign_revenue_total", "Amount of sales since the launch, before refunds, by currency."),
    Measure.REFUNDED: ("campaign_refunded_total", "Amount refunded since the launch, by currency."),
}
_NOT_COUNTERS = frozenset({Measure.MENTION_SCORE, Measure.MENTION_SCORED}) | MONEY_MEASURES

_FAMILIES = (*_SUMS.values(), *_MONEY.values())
_PLACES = {measure: place for place, measure in enumerate((*_SUMS, *_MONEY), 1)}
"""Measure -> its place among the families, behind the one of the events."""

EVENTS: dict[int, str] = {
    int(measure): measure.name.lower()
    for measure in Measure
    if measure < _FIRST_LEDGER_MEASURE and measure not in _NOT_COUNTERS and measure not in _SUMS
}
"""Measure -> the label `event` of `campaign_events_total`; a new measure is in it by itself."""


class Totals:
    """The counters' families of one exposition, in their order."""

    def __init__(self, out: Exposition) -> None:
        events = out.family(
            "campaign_events_total",
            "counter",
            "Events since the launch; some kinds are parts of others (an engaged visit is a visit too).",
        )
        self.families = [events, *(out.family(name, "counter", text) for name, text in _FAMILIES)]

    def lines(self, campaign: str, code: int, totals: Mapping[int, int]) -> list[list[str]]:
        """The lines of one channel in each of the families."""
        prefix = _prefix(campaign, code)
        lines: list[list[str]] = [[] for _ in self.families]
        for key, number in totals.items():
            if (event := EVENTS.get(key)) is not None:
                lines[0].append(f'campaign_events_total{prefix},event="{event}"}} {number}')
            elif (sum_ := _SUMS.get(key)) is not None:
                lines[_PLACES[key]].append(f"{sum_[0]}{prefix}}} {number}")
            elif key >= MONEY_STEP:
                measure, currency = money_parts(key)
                if (money := _MONEY.get(measure)) is not None:
                    lines[_PLACES[measure]].append(f'{money[0]}{prefix},currency="{currency}"}} {number / MICROS!r}')
        return lines


@lru_cache(maxsize=16384)
def _prefix(campaign: str, code: int) -> str:
    return f'{{campaign="{escape_label(campaign)}",channel="{channel_name(code)}"'
