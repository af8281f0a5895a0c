"""The API's answer on what the team has changed: the KPIs of the hour before and of the hour after."""

from collections.abc import Iterator

from agents.campaign.snapshot import TacticSnapshot
from agents.web.answers import KpiAround, Span, TacticAnswer
from streams.counting.before_after import BeforeAfter, NotHeld
from streams.counting.windows import WindowSums
from streams.events.channels import channel_name
from streams.kpis.kpi import Amounts, Kind, Kpi
from streams.kpis.registry import KPIS

WINDOW = "1h"

_OF_AN_HOUR = tuple(kpi for kpi in KPIS if WINDOW in kpi.windows)


def describe_tactic(one: TacticSnapshot) -> TacticAnswer:
    """The tactic with its KPIs, its own channel's first."""
    tactic = one.tactic
    around = one.figures.get(tactic.channel)
    return TacticAnswer(
        at_ms=tactic.at_ms,
        title=tactic.title,
        detail=tactic.detail or None,
        owner=tactic.owner or None,
        channel=channel_name(tactic.channel),
        before=None if around is None else _span(around.before),
        after=None if around is None else _span(around.after),
        kpis=tuple(found for code in sorted(one.figures, reverse=True) for found in _kpis(code, one.figures[code])),
    )


def _span(sums: WindowSums) -> Span:
    return Span(sums.start_ms, sums.end_ms)


def _kpis(code: int, around: BeforeAfter) -> Iterator[KpiAround]:
    for kpi in _OF_AN_HOUR:
        before, after = _value(kpi, around.before), _value(kpi, around.after)
        if not before and not after:
            continue
        money = kpi.kind is Kind.MONEY
        yield KpiAround(
            kpi=kpi.name,
            channel=channel_name(code),
            before=None if isinstance(before, dict) else before,
            after=None if isinstance(after, dict) else after,
            amounts_before=(before if isinstance(before, dict) else {}) if money else None,
            amounts_after=(after if isinstance(after, dict) else {}) if money else None,
        )


def _value(kpi: Kpi, sums: WindowSums) -> float | Amounts | None:
    try:
        return kpi.formula(sums)
    except NotHeld:
        return None
