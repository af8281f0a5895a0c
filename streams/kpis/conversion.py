"""Conversion: along the funnel reach → click → visit → lead → qualified → opportunity → sale, and end to end.

Ratios of what happened in the same window: a sale may belong to a click of an earlier one, so a step may exceed 1.
"""

from collections.abc import Callable

from streams.counting.windows import WindowSums
from streams.events.measures import Measure, People
from streams.kpis.kpi import FROM_1H, Kind, Kpi, count_of, people_of, share_of

_EXPORTED = ("launch",)
_USUAL = ("1h", "today", "launch")

_clicks = count_of(Measure.CLICKS)
_visits = count_of(Measure.VISITS)
_leads = count_of(Measure.LEADS)
_qualified = count_of(Measure.QUALIFIED_LEADS)
_opportunities = count_of(Measure.OPPORTUNITIES)
_orders = count_of(Measure.SALES)
_reached = people_of(People.REACHED)

REACHED_BY = ("delivery", "impression", "visit")

_Sum = Callable[[WindowSums], int]


def _step(
    name: str, title: str, above: _Sum, below: _Sum, text: str, reads: tuple[str, ...], denominator: str,
    explanation: str, exported: tuple[str, ...] = _EXPORTED, source: str = "conversion rate of a funnel's step",
    people: tuple[People, ...] = (),
) -> Kpi:  # fmt: skip
    return Kpi(
        name=name,
        title=f"Conversion from {title}",
        unit="ratio",
        kind=Kind.RATIO,
        formula=share_of(above, below),
        formula_text=text,
        reads=tuple(sorted(reads)),
        windows=FROM_1H,
        exported=exported,
        denominator=denominator,
        min_volume=100,
        people=people,
        explanation=explanation,
        source=source,
    )


def _stage(name: str, title: str, formula: _Sum, explanation: str) -> Kpi:
    return Kpi(
        name=name,
        title=title,
        unit="leads",
        kind=Kind.COUNT,
        formula=formula,
        formula_text=f"lead events of the stage {name.removesuffix('_leads').removesuffix('s')}"
        if name != "opportunities"
        else "lead events of the stage opportunity",
        reads=("lead",),
        windows=FROM_1H,
        exported=("today", "launch"),
        explanation=explanation,
    )


KPIS = (
    _stage("leads", "Leads", _leads, "People or companies that showed interest."),
    _stage("qualified_leads", "Qualified leads", _qualified, "Leads that were found worth following."),
    _stage("opportunities", "Opportunities", _opportunities, "Leads that became a chance of a sale."),
    _step(
        "reach_to_click_rate", "reach to click", people_of(People.CLICKERS), _reached,
        "unique clickers ÷ unique people reached", ("click", *REACHED_BY), "reach",
        "Of the people reached, how many clicked; machines are left out.", people=(People.CLICKERS, People.REACHED),
    ),
    _step(
        "click_to_visit_rate", "click to visit", _visits, _clicks, "visits ÷ clicks, machines left out",
        ("click", "visit"), "clicks",
        "How many clicks arrive as visits. Visits that begin without a click lift it above 1.",
        source="landing rate: sessions ÷ clicks, as GA4 and ad platforms are compared",
    ),
    _step(
        "visit_to_lead_rate", "visit to lead", _leads, _visits, "leads ÷ visits", ("lead", "visit"), "visits",
        "How many visits leave a lead.",
    ),
    _step(
        "lead_to_qualified_rate", "lead to qualified lead", _qualified, _leads, "qualified leads ÷ leads", ("lead",),
        "leads", "How many leads are worth following.", source="lead qualification rate",
    ),
    _step(
        "qualified_to_opportunity_rate", "qualified lead to opportunity", _opportunities, _qualified,
        "opportunities ÷ qualified leads", ("lead",), "qualified_leads",
        "How many qualified leads become a chance of a sale.",
    ),
    _step(
        "opportunity_to_sale_rate", "opportunity to sale", _orders, _opportunities, "orders ÷ opportunities",
        ("lead", "sale"), "opportunities", "How many chances end in an order.", source="win rate",
    ),
    _step(
        "lead_to_sale_rate", "lead to sale", _orders, _leads, "orders ÷ leads", ("lead", "sale"), "leads",
        "How many leads end in an order.", source="lead-to-customer rate",
    ),
    _step(
        "visit_to_sale_rate", "visit to sale", _orders, _visits, "orders ÷ visits", ("sale", "visit"), "visits",
        "How many visits end in an order. A ratio of counts: the sale may belong to an earlier visit.",
        _USUAL, "e-commerce conversion rate: orders ÷ sessions",
    ),
    _step(
        "click_to_sale_rate", "click to sale", _orders, _clicks, "orders ÷ clicks, machines left out",
        ("click", "sale"), "clicks", "How many clicks end in an order. A ratio of counts: opens never earn a sale.",
        _USUAL, "conversions ÷ clicks, as ad platforms report it",
    ),
    _step(
        "reach_to_sale_rate", "reach to sale", people_of(People.BUYERS), _reached,
        "unique buyers ÷ unique people reached", ("sale", *REACHED_BY), "reach",
        "End to end: of the people reached, how many bought.", people=(People.BUYERS, People.REACHED),
    ),
)  # fmt: skip
