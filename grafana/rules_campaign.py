"""What else goes wrong with a campaign: sentiment, reach, conversion, spending."""

from __future__ import annotations

from grafana import thresholds as at
from grafana.rules_model import Alert, Record
from grafana.rules_parts import (
    BLIND,
    BOARD,
    due_in_each,
    mostly,
    narrowest,
    number,
    owned,
    panel,
    percent,
    settled,
    standing,
)
from grafana.rules_series import latest

SENTIMENT = "campaign_channel:sentiment_turn:points"
STALL = "campaign_channel:reach_stall:ratio"
BREAK = "campaign_channel:conversion_break:ratio"
AHEAD = "campaign_channel:spend_ahead:ratio"

_USUAL_SENTIMENT = "campaign_channel:net_sentiment:before30m"
_SCORED = "campaign_channel:scored_mentions:recent5m"
_LOST_KINDNESS = "campaign_channel:net_sentiment:lost5m"
_USUAL_REACH = "campaign_channel:reach:median1h"
_NOT_REACHED = "campaign_channel:reach:missing5m"
_TURNED = "campaign_channel:sentiment_turn:candidates"
_STALLED = "campaign_channel:reach_stall:candidates"
_TRAFFIC = "campaign_channel:clicks_and_visits:launch"
_ORDERS = "campaign_channel:orders:launch"
_SOLD, _CAME = "campaign_channel:orders:recent15m", "campaign_channel:clicks_and_visits:recent15m"
_SOLD_BEFORE, _CAME_BEFORE = "campaign_channel:orders:before1h", "campaign_channel:clicks_and_visits:before1h"
_SALES_DUE = "campaign_channel:orders:expected15m"
_SALES_DUE_IN_EACH = "campaign_channel:orders:due_in_each15m"
_SALES_MISSING = "campaign_channel:orders:missing15m"
_BROKEN = "campaign_channel:conversion_break:candidates"


def _five(kpi: str, selector: str = "") -> str:
    return latest(kpi, "5m", selector)


def _hour_before(name: str, counter: str) -> str:
    """What came in the hour before the last fifteen minutes. While sales are broken it stands still, else dead sales
    would become the usual."""
    return standing(name, f"{counter} offset 15m - {counter} offset 75m", _BROKEN, at.CONVERSION_STANDS)


_not_sent = f'channel!~"{"|".join(at.REACH_NOT_JUDGED)}"'
_sales_share = f"({_CAME} / ({_CAME} + {_CAME_BEFORE}))"
_sales_both = f"({_SOLD} + {_SOLD_BEFORE})"

_SENTIMENT_RECORDS = (
    Record(
        _USUAL_SENTIMENT,
        "max without (window) ("
        f"avg_over_time({_five('net_sentiment')}[30m] offset 10m) and {_five('net_sentiment')} offset 25m)",
    ),
    Record(_SCORED, f"max without (window) ({_five('scored_mentions')})"),
    Record(
        _LOST_KINDNESS,
        f"""
(
  {_USUAL_SENTIMENT}
  or {_SCORED} * 0 + on (campaign) group_left () {_USUAL_SENTIMENT}{{channel="all"}}
) * {_SCORED}
- {_SCORED} * max without (window) ({_five("net_sentiment")})
""",
    ),
    Record(
        _TURNED,
        f"""
(max without (window) ({_five("net_sentiment")}) - {_USUAL_SENTIMENT})
  < -clamp_min({at.SENTIMENT_ERRORS} * 100 / sqrt({_SCORED} >= {at.SENTIMENT_SCORED}), {at.SENTIMENT_FALL_POINTS})
and max without (window) (
  {_five("mentions")} > {at.SENTIMENT_MENTIONS_RISE} * avg_over_time({_five("mentions")}[30m] offset 10m)
)
""",
    ),
    Record(
        SENTIMENT,
        settled(narrowest(_TURNED), "mention"),
    ),
)

_REACH_RECORDS = (
    Record(
        _USUAL_REACH,
        f"max without (window) (quantile_over_time(0.5, {_five('reach', _not_sent)}[1h] offset 10m))",
    ),
    Record(_NOT_REACHED, f"{_USUAL_REACH} - max without (window) ({_five('reach')})"),
    Record(
        _STALLED,
        f"""
max without (window) ({_five("reach")}) / ({_USUAL_REACH} >= {at.REACH_EXPECTED}) < {at.REACH_KEPT}
and max without (window) ({_five("reach")} offset 5m) < {at.REACH_KEPT} * {_USUAL_REACH}
and on (campaign) max by (campaign) (last_over_time(campaign_active[{at.LOOKBACK}])) == 1
""",
    ),
    Record(STALL, settled(narrowest(_STALLED), "visit", "impression", "delivery")),
)

_CONVERSION_RECORDS = (
    Record(_ORDERS, f"max without (window) ({latest('orders', 'launch')})"),
    Record(
        _TRAFFIC,
        f"""
max without (window) ({latest("clicks", "launch")} + {latest("visits", "launch")})
or max without (window) ({latest("visits", "launch")})
or max without (window) ({latest("clicks", "launch")})
""",
    ),
    Record(_SOLD, f"{_ORDERS} - {_ORDERS} offset 15m"),
    Record(_CAME, f"{_TRAFFIC} - {_TRAFFIC} offset 15m"),
    Record(_SOLD_BEFORE, _hour_before(_SOLD_BEFORE, _ORDERS)),
    Record(_CAME_BEFORE, _hour_before(_CAME_BEFORE, _TRAFFIC)),
    Record(_SALES_DUE, f"{_CAME} * {_SOLD_BEFORE} / ({_CAME_BEFORE} > 0)"),
    due_in_each(_SALES_DUE_IN_EACH, _SALES_DUE, _BROKEN, at.CONVERSION_STANDS),
    Record(_SALES_MISSING, f"{_SALES_DUE_IN_EACH} - {_SOLD}"),
    Record(
        _BROKEN,
        f"""
{_SOLD} / ({_SALES_DUE} >= {at.CONVERSION_EXPECTED}) < {at.CONVERSION_KEPT}
and {_CAME} > {at.CONVERSION_TRAFFIC_KEPT} * {_CAME_BEFORE} / 4
and ({_SOLD} - {_sales_both} * {_sales_share})
  / sqrt({_sales_both} * {_sales_share} * (1 - {_sales_share}) > 0) < -{at.CONVERSION_Z}
""",
    ),
    Record(
        BREAK,
        settled(narrowest(_BROKEN), "sale", "click", "visit")
        # A source that is back has brought fewer than fifteen minutes of sales.
        + f'\nunless on (campaign, channel)\n  last_over_time({BLIND}{{topic="sale"}}[15m])',
    ),
)

_SPEND_RECORDS = (
    Record(
        AHEAD,
        f"""
max without (window) (
  ({latest("pace", "launch")} > {at.SPEND_PACE} and {latest("budget_used", "launch")} >= {at.SPEND_USED})
  or {latest("budget_used", "launch")} > 1
)
""",
    ),
)

ALERTS = (
    Alert(
        name="CampaignSentimentTurns",
        kind="kpi",
        severity="critical",
        records=_SENTIMENT_RECORDS,
        expr=owned(SENTIMENT, "net_sentiment"),
        hold="30s",
        keep=at.KEPT,
        board=BOARD,
        query=panel("net_sentiment"),
        summary="{{ $labels.campaign }}, {{ $labels.channel }}: net sentiment moved by {{ $value | humanize }} points "
        f"from a usual {number(_USUAL_SENTIMENT)}, among "
        + number(_SCORED)
        + f" scored mentions in five minutes{mostly(_LOST_KINDNESS)}.",
        meaning="More people talk about the campaign than before, and they talk less kindly: something has annoyed "
        "them, and it spreads.",
        when=f"Net sentiment of five minutes is at least {at.SENTIMENT_FALL_POINTS} points below the half hour that "
        f"ended ten minutes ago, by more than {at.SENTIMENT_ERRORS} standard errors, while mentions are above "
        f"{at.SENTIMENT_MENTIONS_RISE} times their usual number. Not judged below {at.SENTIMENT_SCORED} scored "
        "mentions.",
    ),
    Alert(
        name="CampaignReachStalls",
        kind="kpi",
        severity="warning",
        records=_REACH_RECORDS,
        expr=owned(STALL, "reach"),
        hold="1m",
        keep=at.KEPT,
        board=BOARD,
        query=panel("reach"),
        summary="{{ $labels.campaign }}, {{ $labels.channel }}: reach in five minutes is at "
        f"{{{{ $value | humanizePercentage }}}} of the last hour's median of {number(_USUAL_REACH)} people"
        f"{mostly(_NOT_REACHED)}.",
        meaning="The campaign meets hardly anybody any more, though it did an hour ago: an ad set may be paused, a "
        "budget used up, a link dead.",
        when=f"The people reached in five minutes, now and five minutes ago, are below {percent(at.REACH_KEPT)} of the "
        f"median of the hour that ended ten minutes ago. Not judged below a median of {at.REACH_EXPECTED} people, "
        f"nor for {', '.join(at.REACH_NOT_JUDGED)}, which go out in batches.",
    ),
    Alert(
        name="CampaignConversionBreaks",
        kind="kpi",
        severity="critical",
        records=_CONVERSION_RECORDS,
        expr=owned(BREAK, "visit_to_sale_rate"),
        hold="30s",
        keep=at.KEPT,
        board=BOARD,
        query=panel("visit_to_sale_rate"),
        summary="{{ $labels.campaign }}, {{ $labels.channel }}: orders are at {{ $value | humanizePercentage }} of "
        f"what was expected: {number(_SOLD)} of {number(_SALES_DUE)} in fifteen minutes, at {number(_CAME)} clicks and "
        f"visits{mostly(_SALES_MISSING)}.",
        meaning="People still click and visit, but hardly anybody buys: look at the checkout, the prices, the stock.",
        when=f"Orders by clicks and visits of fifteen minutes are below {percent(at.CONVERSION_KEPT)} of the hour "
        f"before, chance is ruled out (z < -{at.CONVERSION_Z}), and at least "
        f"{percent(at.CONVERSION_TRAFFIC_KEPT)} of the traffic is still there. "
        f"That hour stands still until sales are back, {at.CONVERSION_STANDS} at most. "
        f"Not judged where fewer than {at.CONVERSION_EXPECTED} orders were expected, nor for fifteen minutes after a "
        "source of sales that was dead is back.",
    ),
    Alert(
        name="CampaignSpendAhead",
        kind="kpi",
        severity="warning",
        records=_SPEND_RECORDS,
        expr=owned(AHEAD, "pace"),
        hold="15m",
        keep=at.KEPT,
        board=BOARD,
        query=panel("pace"),
        summary="{{ $labels.campaign }}: spending is at {{ $value | humanize }} times its plan; "
        + number("campaign_channel:budget_used:latest", shown="humanizePercentage")
        + " of the budget is used.",
        meaning="The money will be gone before the campaign is over, or is gone already.",
        when=f"Spend is above {at.SPEND_PACE} times what an even plan allows by now and at least "
        f"{percent(at.SPEND_USED)} of the budget is used; or more than the budget is spent.",
    ),
)
