"""Targets of the catalogue against what is measured: whether each is met, where enough cases say so."""

from collections.abc import Callable
from dataclasses import dataclass

from streams.counting.windows import WindowSums
from streams.events.campaigns import Campaign, Owner, Target
from streams.kpis.kpi import Kind, Kpi
from streams.kpis.needs import single_currency
from streams.kpis.registry import KPI_BY_NAME
from streams.kpis.why import why

Sums = Callable[[str | None, Kpi, str], WindowSums | None]
"""(channel, None for all together; KPI; window) -> its sums, None where nothing was counted."""


@dataclass(frozen=True, slots=True)
class Judged:
    """One target. bound: "min" or "max". limit: where it lies, in the KPI's unit.

    value: what the KPI is, None where it has none. volume: its number of cases, None for a plain sum; min_volume: how
    many it takes. met: None while there is no value or too few cases. why: then the reason. owner: who answers.
    """

    target: Target
    bound: str
    limit: float
    min_volume: int
    value: float | None
    volume: float | None
    met: bool | None
    why: str
    owner: Owner | None


def judge(told: Campaign, sums: Sums) -> list[Judged]:
    """Every target of a campaign whose KPI there is; of two that cannot be told apart the first."""
    found: dict[tuple[str, str, str | None, str, str], Judged] = {}
    for target in told.targets:
        kpi = KPI_BY_NAME.get(target.kpi)
        if kpi is not None:
            judged = _judge(told, target, kpi, sums(target.channel, kpi, target.window))
            found.setdefault((target.kpi, target.window, target.channel, judged.bound, target.source), judged)
    return list(found.values())


def value_of(kpi: Kpi, sums: WindowSums) -> float | None:
    """The KPI as one number; money only where it is in one currency."""
    value = kpi.formula(sums)
    if isinstance(value, dict):
        return next(iter(value.values())) if len(value) == 1 else None
    return value


def volume_of(kpi: Kpi, sums: WindowSums) -> float | None:
    """The number of cases on which a KPI stands; None for a plain sum, and for what is divided by money alone."""
    counted = KPI_BY_NAME[kpi.counted_by] if kpi.counted_by else None
    return None if counted is None or counted.kind is Kind.MONEY else value_of(counted, sums)


def _judge(told: Campaign, target: Target, kpi: Kpi, sums: WindowSums | None) -> Judged:
    bound, limit = ("max", target.max) if target.min is None else ("min", target.min)
    min_volume = kpi.min_volume if target.min_volume is None else target.min_volume
    value = None if sums is None else value_of(kpi, sums)
    volume = None if sums is None else volume_of(kpi, sums)
    edge = float(limit or 0)
    if sums is None:
        reason = "nothing was counted there yet"
    elif value is None:
        reason = why(kpi, sums) if kpi.formula(sums) in (None, {}) else single_currency(sums)
    elif volume is not None and volume < min_volume:
        reason = f"{volume:,.0f} cases are too few, it takes {min_volume:,}"
    else:
        reason = ""
    met = None if value is None or reason else (value >= edge if bound == "min" else value <= edge)
    return Judged(
        target, bound, edge, min_volume, value, volume, met, reason, told.responsible(kpi.name, target.channel)
    )
