"""Messages that hurt: bounces, complaints, unsubscribes beyond what is harmless and what the campaign is used to."""

from __future__ import annotations

from grafana import thresholds as at
from grafana.rules_model import Alert, Record
from grafana.rules_parts import BOARD, number, owned, panel, percent, settled
from grafana.rules_series import latest
from streams.kpis.registry import KPI_BY_NAME

_SINGLE = 'channel!="all"'


def _total(kpi: str) -> str:
    return f"max without (window) ({latest(kpi, 'launch', _SINGLE)})"


def _since(series: str, span: str) -> str:
    """What was added in the span; all of it where the series is younger."""
    return f"{series} - ({series} offset {span} or {series} * 0)"


def _jump(
    name: str, what: str, counted: tuple[str, ...], by: str, span: str, limits: tuple[float, int], kpi: str,
    meaning: str,
) -> Alert:  # fmt: skip
    """Events of the last hour by the messages of the last `span`, against the harmless share and the share before."""
    harmless, fewest = limits
    stem = f"campaign_channel:{what}"
    total, messages = f"{stem}:launch", f"campaign_channel:{by}_for_{what}:launch"
    recent, sent, usual, jump = f"{stem}:recent1h", f"{messages[:-6]}recent", f"{stem}:usual", f"{stem}_jump:ratio"
    added = " or ".join(_total(one) for one in counted)
    if len(counted) > 1:
        both = " + ".join(_total(one) for one in counted)
        added = f"{both} or {added}"
    records = (
        Record(total, added),
        Record(messages, _total(by)),
        Record(recent, _since(total, "1h")),
        Record(sent, _since(messages, span)),
        Record(
            usual,
            f"clamp_min({total} offset 1h / ({messages} offset 1h > 0), {harmless})\nor {messages} * 0 + {harmless}",
        ),
        Record(
            jump,
            settled(
                f"""
{recent} / ({sent} >= {fewest}) > {at.MESSAGES_TIMES} * {usual}
and ({recent} - {sent} * {usual}) / sqrt({sent} * {usual} > 0) > {at.MESSAGES_Z}
""",
                *KPI_BY_NAME[kpi].reads,
            ),
        ),
    )
    hours = "last hour" if span == "1h" else "last day"
    return Alert(
        name=name,
        kind="kpi",
        severity="critical",
        records=records,
        expr=owned(jump, kpi),
        hold="1m",
        keep=at.KEPT,
        board=BOARD,
        query=panel(kpi),
        summary=f"{{{{ $labels.campaign }}}}, {{{{ $labels.channel }}}}: {number(recent)} {what} in the last hour are "
        f"{{{{ $value | humanizePercentage }}}} of {number(sent)} messages; usual is at most "
        f"{number(usual, shown='humanizePercentage')}.",
        meaning=meaning,
        when=f"The {what} of the last hour by the messages {by} in the {hours} are above {at.MESSAGES_TIMES} times "
        f"both {percent(harmless, 1)} and the campaign's own share before, beyond chance (z > {at.MESSAGES_Z}). "
        f"Not judged below {fewest:,} messages.",
    )


ALERTS = (
    _jump(
        "CampaignBouncesJump", "bounces", ("bounced",), "sent", "1h", at.BOUNCES, "bounce_rate",
        "Many messages are refused by the receivers' side: a bad list, a blocked sender, a wrong setting.",
    ),
    _jump(
        "CampaignComplaintsJump", "complaints", ("complained",), "sent", "1d", at.COMPLAINTS, "complaint_rate",
        "Many receivers report the message as spam. Above 0.3 % mail providers begin to block the sender.",
    ),
    _jump(
        "CampaignUnsubscribesJump", "leaves", ("unsubscribed", "unsubscribes"), "delivered", "1d", at.UNSUBSCRIBES,
        "unsubscribe_rate",
        "A message makes people leave the list: wrong audience, wrong content, or too many of them.",
    ),
)  # fmt: skip
