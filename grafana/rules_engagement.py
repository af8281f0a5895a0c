"""Engagement drops: against the campaign's own past, and against its target where there is no past."""

from __future__ import annotations

from grafana import thresholds as at
from grafana.queries import TARGET_BY
from grafana.rules_model import Alert, Record
from grafana.rules_parts import (
    BOARD,
    due_in_each,
    mostly,
    narrowest,
    number,
    owned,
    owned_target,
    panel,
    percent,
    settled,
    standing,
)
from grafana.rules_series import TARGET, TARGET_MET, latest
from grafana.rules_words import window_in_words
from streams.kpis.registry import KPI_BY_NAME

_SOURCES = KPI_BY_NAME["engagement_rate"].reads
_RECENT = "campaign_channel:{}:recent{}m"
_BEFORE = "campaign_channel:{}:before15m"
_NEAR = "campaign_channel:engagements:near5m"
_USUAL = "campaign_channel:engagements:usual{}m"
_BY_EXPOSURE = "campaign_channel:engagements:by_exposure{}m"
_BY_VISIT = "campaign_channel:engagements:by_visit{}m"
_EXPECTED = "campaign_channel:engagements:expected{}m"
EXPECTED = _EXPECTED.format(2)
_DUE_IN_EACH = "campaign_channel:engagements:due_in_each2m"
MISSING = "campaign_channel:engagements:missing2m"
Z = "campaign_channel:engagements:z2m"
CANDIDATES = "campaign_channel:engagement_drop:candidates"
DROP = "campaign_channel:engagement_drop:ratio"
BELOW_TARGET = "campaign_channel_kpi:engagement_below_target:ratio"

_recent, _exposed = (_RECENT.format(kpi, 2) for kpi in ("engagements", "exposures"))
_before = _BEFORE.format("engagements")


def _sums(kpi: str) -> tuple[Record, Record, Record]:
    """Sums of one-minute windows: the last minute and the last two, and the fifteen minutes that ended ten ago. They
    end where the topics are read to, so a backlog freezes them and fakes nothing. At least ten minutes make a past."""
    minute = latest(kpi, "1m")
    return (
        Record(_RECENT.format(kpi, 1), f"max without (window) ({minute})"),
        Record(_RECENT.format(kpi, 2), f"max without (window) ({minute} + {minute} offset 1m)"),
        _standing(_BEFORE.format(kpi), f"15 * avg_over_time({minute}[15m] offset 10m) and {minute} offset 20m"),
    )


def _standing(name: str, past: str) -> Record:
    """While a drop is seen the past stands still; after an hour it is the usual."""
    return Record(name, standing(name, f"max without (window) ({past})", CANDIDATES, "1h"))


def _expected(minutes: int) -> tuple[Record, ...]:
    """How many engagements so many minutes should have brought, by the exposures and by the visits in them, of which
    the larger holds: a mailing is many exposures before anybody can answer, and where the visits stay away too the
    exposures are left. Neither expects more than the minutes before: a rush that ebbs is no drop."""
    usual, by_exposure, by_visit = (name.format(minutes) for name in (_USUAL, _BY_EXPOSURE, _BY_VISIT))
    past, lately = f"{_before} * {minutes} / 15", f"{_NEAR} * {minutes} / 5"
    return (
        Record(usual, _least(past, lately)),
        Record(by_exposure, _least(_for_each("exposures", minutes), usual)),
        Record(by_visit, _least(_for_each("visits", minutes), lately)),
        Record(_EXPECTED.format(minutes), f"{by_exposure} > {by_visit}\nor {by_visit}\nor {by_exposure}"),
    )


def _for_each(kpi: str, minutes: int) -> str:
    return f"{_RECENT.format(kpi, minutes)} * {_before} / ({_BEFORE.format(kpi)} > 0)"


def _least(one: str, other: str) -> str:
    """Where both have a value."""
    return f"{one} < {other}\nor {other} and {one}"


_DROP_RECORDS = (
    *_sums("engagements"),
    *_sums("exposures"),
    *_sums("visits"),
    _standing(_NEAR, f"5 * avg_over_time({latest('engagements', '1m')}[5m] offset 2m)"),
    *_expected(1),
    *_expected(2),
    due_in_each(_DUE_IN_EACH, EXPECTED, CANDIDATES, "1h"),
    Record(MISSING, f"{_DUE_IN_EACH} - {_recent}"),
    Record(Z, f"({_recent} - {EXPECTED}) / sqrt({EXPECTED} * (1 + {EXPECTED} / {_before}) > 0)"),
    Record(
        CANDIDATES,
        f"""
{_recent} / ({EXPECTED} >= {at.ENGAGEMENT_EXPECTED}) < {at.ENGAGEMENT_KEPT}
and {_RECENT.format("engagements", 1)} < {at.ENGAGEMENT_KEPT_NOW} * {_EXPECTED.format(1)}
and {Z} < -{at.ENGAGEMENT_Z}
""",
    ),
    Record(DROP, settled(narrowest(CANDIDATES), *_SOURCES)),
)

_TARGETS = f'{TARGET}{{kpi="engagement_rate", bound="min", window=~"1m|5m|1h"}}'
_IN_WINDOW = "on (campaign, channel, window) group_left ()"
DUE = "campaign_channel_kpi:engagements:due"
REACHED = "campaign_channel_kpi:engagements:reached"
_BEHIND = "campaign_channel:engagements:behind_target"

_TARGET_RECORDS = (
    Record(DUE, f"{_TARGETS} * {_IN_WINDOW} campaign_channel:exposures:latest"),
    Record(REACHED, f"{_TARGETS} * 0 + {_IN_WINDOW} campaign_channel:engagements:latest"),
    Record(
        _BEHIND,
        f"""
max by (campaign, window) ({_TARGETS.replace("{", '{channel="all", ')})
  * on (campaign, window) group_right () campaign_channel:exposures:latest{{channel!="all"}}
- on (campaign, channel, window)
  (campaign_channel:engagements:latest or campaign_channel:exposures:latest * 0)
""",
    ),
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
        when=f"Engagements are below {percent(at.ENGAGEMENT_KEPT_NOW)} of what was expected in the last minute and "
        f"below {percent(at.ENGAGEMENT_KEPT)} in the last two, and chance is ruled out (z < -{at.ENGAGEMENT_Z}). "
        "Expected is what so many exposures, or so many visits, brought in the fifteen minutes that ended ten minutes "
        "ago, whichever is more, but no more than the five minutes that ended two minutes ago had. Not judged where "
        f"fewer than {at.ENGAGEMENT_EXPECTED} were expected in two minutes, nor without ten minutes of a past.",
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
        summary=f"{{{{ $labels.campaign }}}}, {{{{ $labels.channel }}}}: engagement {window_in_words()} is at "
        f"{{{{ $value | humanizePercentage }}}} of its target: {number(REACHED, TARGET_BY)} of "
        f"{number(DUE, TARGET_BY)} engagements, at "
        + number("campaign_channel:exposures:latest", ("campaign", "channel", "window"))
        + f" exposures{mostly(_BEHIND, 'window')}.",
        meaning="The engagement rate is clearly below what the catalogue asks for. This needs no past, so it also "
        "covers the first minutes of a launch.",
        when="The engagement rate of 1m, 5m or 1h is below a target of the catalogue, by more than chance explains "
        f"(z < -{at.TARGET_Z}). Not judged where the target asks for fewer than {at.TARGET_EXPECTED} engagements.",
    ),
)
