"""Engagement drops: against the campaign's own past, and against its target where there is no past."""

from __future__ import annotations

from grafana import thresholds as at
from grafana.rules_model import Alert, Record
from grafana.rules_parts import BOARD, mostly, narrowest, number, owned, owned_target, panel, percent, settled
from grafana.rules_series import TARGET, TARGET_MET, latest

_RECENT = "campaign_channel:{}:recent2m"
_BEFORE = "campaign_channel:{}:before15m"
_SOURCES = ("click", "visit", "impression", "delivery")
_SPANS = ("engagements", "exposures")
EXPECTED = "campaign_channel:engagements:expected2m"
MISSING = "campaign_channel:engagements:missing2m"
Z = "campaign_channel:engagements:z2m"
COUNT_Z = "campaign_channel:engagements:count_z2m"
CANDIDATES = "campaign_channel:engagement_drop:candidates"
DROP = "campaign_channel:engagement_drop:ratio"
BELOW_TARGET = "campaign_channel_kpi:engagement_below_target:ratio"

_recent, _exposed = (_RECENT.format(span) for span in _SPANS)
_before, _exposed_before = (_BEFORE.format(span) for span in _SPANS)


def _minute(kpi: str) -> str:
    return latest(kpi, "1m")


def _spans(kpi: str) -> tuple[Record, Record]:
    """Sums of one-minute windows. They end where the topics are read to, so a backlog freezes them and fakes nothing.

    At least ten minutes make a past. While a drop is seen the past stands still, else a long drop would become the
    usual; after an hour it is.
    """
    minute, before = _minute(kpi), _BEFORE.format(kpi)
    return (
        Record(_RECENT.format(kpi), f"max without (window) ({minute} + {minute} offset 1m)"),
        Record(
            before,
            f"""
(
  last_over_time({before}[{at.LOOKBACK}]) and last_over_time({CANDIDATES}[{at.LOOKBACK}])
  unless {CANDIDATES} offset 1h
)
or max without (window) (15 * avg_over_time({minute}[15m] offset 10m) and {minute} offset 20m)
""",
        ),
    )


_share = f"({_exposed} / ({_exposed} + {_exposed_before}))"
_in_time = "(2 / 17)"
_both = f"({_recent} + {_before})"


def _deviations(share: str) -> str:
    """How many standard deviations the recent engagements are from their share of both spans' (a binomial)."""
    return f"({_recent} - {_both} * {share})\n/ sqrt({_both} * {share} * (1 - {share}) > 0)"


_DROP_RECORDS = (
    *_spans("engagements"),
    *_spans("exposures"),
    Record(EXPECTED, f"{_exposed} * {_before} / ({_exposed_before} > 0)"),
    Record(MISSING, f"{EXPECTED} - {_recent}"),
    Record(Z, _deviations(_share)),
    Record(COUNT_Z, _deviations(_in_time)),
    Record(
        CANDIDATES,
        f"""
({_recent} / ({EXPECTED} >= {at.ENGAGEMENT_EXPECTED}) < {at.ENGAGEMENT_KEPT})
and max without (window) (
  {_minute("engagements")}
  < {at.ENGAGEMENT_KEPT} * {_minute("exposures")} * on (campaign, channel) group_left ()
    ({_before} / ({_exposed_before} > 0))
)
and {_recent} < {at.ENGAGEMENT_COUNT_KEPT} * 2 / 15 * ({_before} >= {at.ENGAGEMENT_EXPECTED} * 15 / 2)
and {COUNT_Z} < -{at.ENGAGEMENT_COUNT_Z}
and {Z} < -{at.ENGAGEMENT_Z}
""",
    ),
    Record(DROP, settled(narrowest(CANDIDATES), *_SOURCES)),
)

_TARGETS = f'{TARGET}{{kpi="engagement_rate", bound="min", window=~"1m|5m|1h"}}'
_IN_WINDOW = "on (campaign, channel, window) group_left ()"
DUE = "campaign_channel_kpi:engagements:due"
REACHED = "campaign_channel_kpi:engagements:reached"

_TARGET_RECORDS = (
    Record(DUE, f"{_TARGETS} * {_IN_WINDOW} campaign_channel:exposures:latest"),
    Record(REACHED, f"{_TARGETS} * 0 + {_IN_WINDOW} campaign_channel:engagements:latest"),
    Record(
        BELOW_TARGET,
        settled(
            f"""
{REACHED} / ({DUE} >= {at.TARGET_EXPECTED})
and {TARGET_MET} == 0
and ({REACHED} - {DUE}) / sqrt({DUE} > 0) < -{at.TARGET_Z}
""",
            *_SOURCES,
        ),
    ),
)

ALERTS = (
    Alert(
        name="CampaignEngagementDrop",
        kind="kpi",
        severity="critical",
        records=_DROP_RECORDS,
        expr=owned(DROP, "engagement_rate"),
        hold="10s",
        keep=at.KEPT,
        board=BOARD,
        query=panel("engagement_rate"),
        summary="{{ $labels.campaign }}, {{ $labels.channel }}: engagement is at {{ $value | humanizePercentage }} of "
        f"what was expected: {number(_recent)} of {number(EXPECTED)} in two minutes, at {number(_exposed)} exposures"
        f"{mostly(MISSING)}.",
        meaning="People still meet the campaign, but far fewer of them click, stay or talk than half an hour ago.",
        when=f"Engagements by exposure are below {percent(at.ENGAGEMENT_KEPT)} of the fifteen minutes that ended ten "
        "minutes ago, in the last minute and in the last two; there are clearly fewer engagements too; chance is ruled "
        f"out (z < -{at.ENGAGEMENT_Z}). Not judged where fewer than {at.ENGAGEMENT_EXPECTED} were expected in two "
        "minutes, nor before there are ten minutes of a past.",
    ),
    Alert(
        name="CampaignEngagementBelowTarget",
        kind="kpi",
        severity="critical",
        records=_TARGET_RECORDS,
        expr=owned_target(BELOW_TARGET),
        hold="30s",
        keep=at.KEPT,
        board=BOARD,
        query=panel("engagement_rate"),
        summary="{{ $labels.campaign }}, {{ $labels.channel }}: engagement in {{ $labels.window }} is at "
        "{{ $value | humanizePercentage }} of its target, at "
        + number("campaign_channel:exposures:latest", ("campaign", "channel", "window"))
        + " exposures.",
        meaning="The engagement rate is clearly below what the catalogue asks for. This needs no past, so it also "
        "covers the first minutes of a launch.",
        when="The engagement rate of 1m, 5m or 1h is below a target of the catalogue, by more than chance explains "
        f"(z < -{at.TARGET_Z}). Not judged where the target asks for fewer than {at.TARGET_EXPECTED} engagements.",
    ),
)
