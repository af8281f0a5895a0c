"""Return: what the campaign earns on what it spends, and whether it keeps to its budget."""

from streams.counting.windows import WindowSums
from streams.kpis.amounts import in_currency, margin_micros, net_micros, spend_micros
from streams.kpis.kpi import DAYS, Kind, Kpi, Need, ratio
from streams.kpis.needs import baseline, budget, ends_at, gross_margin, one_currency, rates, spend, starts_at, whole

_EXPORTED = ("today", "launch")


def _incremental_micros(sums: WindowSums) -> float | None:
    """Revenue beyond the baseline; a channel bears of the baseline what it has of the revenue."""
    everything = sums.whole or sums
    net, all_net, plan = net_micros(sums), net_micros(everything), sums.plan
    if net is None or all_net is None or plan is None or plan.baseline_per_day is None:
        return None
    days = plan.days_in(sums.start_ms, sums.end_ms)
    if days is None:
        return None
    expected = plan.baseline_per_day * days
    if sums.whole is None:
        return net - expected
    share = ratio(net, all_net)
    return None if share is None else net - expected * share


def _mroi(sums: WindowSums) -> float | None:
    margin, spent = margin_micros(sums, _incremental_micros(sums)), spend_micros(sums)
    return None if margin is None or spent is None else ratio(margin - spent, spent)


def _roas(sums: WindowSums) -> float | None:
    net, spent = net_micros(sums), spend_micros(sums)
    return None if net is None or spent is None else ratio(net, spent)


def _budget_micros(sums: WindowSums) -> int | None:
    return None if sums.whole is not None or sums.plan is None else sums.plan.budget


def _budget_used(sums: WindowSums) -> float | None:
    spent, planned = spend_micros(sums), _budget_micros(sums)
    return None if spent is None or planned is None else ratio(spent, planned)


def _due_micros(sums: WindowSums) -> float | None:
    """What the budget allows to have been spent by the end of the window, evenly over the campaign's time."""
    planned, plan = _budget_micros(sums), sums.plan
    if planned is None or plan is None or plan.starts_at_ms is None or plan.ends_at_ms is None:
        return None
    elapsed = (sums.end_ms - plan.starts_at_ms) / (plan.ends_at_ms - plan.starts_at_ms)
    return planned * max(0.0, min(1.0, elapsed))


def _pace(sums: WindowSums) -> float | None:
    spent, due = spend_micros(sums), _due_micros(sums)
    return None if spent is None or due is None else ratio(spent, due)


def _spend_age(sums: WindowSums) -> float | None:
    return None if sums.spend_at_ms is None else max(0, sums.end_ms - sums.spend_at_ms) / 1000


def _stated(sums: WindowSums) -> str:
    return "" if sums.spend_at_ms is not None else "no spend was stated yet"


def _sold(sums: WindowSums) -> str:
    """A channel's share of the baseline follows its share of the revenue."""
    if sums.whole is None or (net_micros(sums.whole) or 0) > 0:
        return ""
    return rates(sums.whole) or "all channels together have no revenue of which this channel could have a share"


_PLANNED: tuple[Need, ...] = (starts_at, ends_at)

KPIS = (
    Kpi(
        name="mroi",
        title="Marketing return on investment",
        unit="ratio",
        kind=Kind.RATIO,
        formula=_mroi,
        formula_text="(gross margin × (revenue - baseline) - spend) ÷ spend",
        reads=("sale", "spend"),
        windows=DAYS,
        exported=_EXPORTED,
        denominator="spend",
        sample="orders",
        min_volume=50,
        needs=(spend, gross_margin, baseline, starts_at, _sold),
        explanation="What comes back beyond each unit of money spent, on the margin of the revenue that would not have "
        "come without the campaign. 0: it has just paid for itself; below 0 it loses money. A channel bears of the "
        "baseline what it has of the revenue.",
        source="Farris et al. (2010), Marketing Metrics: ROMI = (incremental revenue × margin - marketing spend) ÷ "
        "marketing spend",
    ),
    Kpi(
        name="incremental_revenue",
        title="Revenue beyond the baseline",
        unit="currency",
        kind=Kind.MONEY,
        formula=lambda sums: in_currency(sums, _incremental_micros(sums)),
        formula_text="revenue - baseline revenue per day × days that the campaign has run in the window",
        reads=("sale",),
        windows=DAYS,
        exported=_EXPORTED,
        needs=(one_currency, baseline, starts_at, _sold),
        explanation="What was sold beyond what would have been sold anyway. The part of a day that has passed counts "
        "as that part.",
        source="incremental sales: actual - baseline",
    ),
    Kpi(
        name="roas",
        title="Return on ad spend",
        unit="times",
        kind=Kind.FACTOR,
        formula=_roas,
        formula_text="revenue ÷ spend",
        reads=("sale", "spend"),
        windows=DAYS,
        exported=_EXPORTED,
        denominator="spend",
        sample="orders",
        min_volume=50,
        needs=(spend,),
        explanation="How many times the spend came in as revenue. It knows neither cost of goods nor baseline: judge a "
        "campaign by its MROI.",
        source="return on ad spend (ROAS): revenue ÷ ad spend",
    ),
    Kpi(
        name="budget",
        title="Budget",
        unit="currency",
        kind=Kind.MONEY,
        formula=lambda sums: in_currency(sums, _budget_micros(sums)),
        formula_text="the catalogue's budget",
        reads=("spend",),
        windows=("launch",),
        exported=("launch",),
        good="",
        needs=(whole, budget),
        explanation="What may be spent on the campaign in all.",
        source="the campaign catalogue",
    ),
    Kpi(
        name="budget_used",
        title="Budget used",
        unit="ratio",
        kind=Kind.RATIO,
        formula=_budget_used,
        formula_text="spend ÷ budget",
        reads=("spend",),
        windows=("launch",),
        exported=("launch",),
        good="",
        denominator="budget",
        needs=(whole, spend, budget),
        explanation="How much of the campaign's budget is spent.",
        source="budget utilisation: actual ÷ budget",
    ),
    Kpi(
        name="budget_due",
        title="Budget due by now",
        unit="currency",
        kind=Kind.MONEY,
        formula=lambda sums: in_currency(sums, _due_micros(sums)),
        formula_text="budget × share of the campaign's time that has passed",
        reads=("spend",),
        windows=("launch",),
        exported=("launch",),
        good="",
        needs=(whole, budget, *_PLANNED),
        explanation="What would be spent by now if the budget were spent evenly: the denominator of pace.",
        source="planned value of an even spending plan",
    ),
    Kpi(
        name="pace",
        title="Pace of spending",
        unit="ratio",
        kind=Kind.RATIO,
        formula=_pace,
        formula_text="spend ÷ (budget × share of the campaign's time that has passed)",
        reads=("spend",),
        windows=("launch",),
        exported=("launch",),
        good="",
        denominator="budget_due",
        needs=(whole, spend, budget, *_PLANNED),
        explanation="1: spending keeps to the plan; above it the budget ends before the campaign does.",
        source="budget pacing of ad platforms: actual ÷ planned to date",
    ),
    Kpi(
        name="spend_age",
        title="Age of the newest spend statement",
        unit="seconds",
        kind=Kind.SECONDS,
        formula=_spend_age,
        formula_text="now - time of the newest statement of spend",
        reads=("spend",),
        windows=("launch",),
        exported=("launch",),
        good="down",
        needs=(_stated,),
        explanation="Spend comes late: every cost and return stands on statements of this age.",
        source="data freshness",
    ),
)
