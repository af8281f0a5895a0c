"""The pipeline's alerts. Those with `mutes: kpi` inhibit the campaigns' alerts in Alertmanager."""

from __future__ import annotations

from grafana import thresholds as at
from grafana.links import lag_panel, pipeline_panel
from grafana.rules_model import Alert
from grafana.rules_parts import number, percent
from grafana.rules_series import refused_jump

_UP = 'up{job="launchpulse"}'
_MUTES = {"mutes": "kpi", "owner": "pipeline"}
_OWNER = {"owner": "pipeline"}


def _once(metric: str, by: str) -> str:
    return f"max by ({by}) (last_over_time({metric}[{at.LOOKBACK}]))"


def _alert(
    name: str, severity: str, expr: str, hold: str, summary: str, meaning: str, when: str, *,
    panel: str = "", query: str = "", labels: dict[str, str] = _OWNER, keep: str = "",
) -> Alert:  # fmt: skip
    return Alert(
        name=name,
        kind="pipeline",
        severity=severity,
        expr=expr,
        hold=hold,
        summary=summary,
        meaning=meaning,
        when=when,
        labels=labels,
        keep=keep,
        query=query or pipeline_panel(panel),
    )


def _workers(condition: str = "") -> str:
    """A template: how many workers there are, or of how many that holds."""
    return f"{{{{ with query `count({_UP}{condition})` }}}}{{{{ . | first | value }}}}{{{{ else }}}}0{{{{ end }}}}"


_HELD_BACK_BY = number("launchpulse_held_back_reasons", ("instance",))
_REASONS = _once("launchpulse_held_back_reasons", "instance")
_LONG = f"max by (instance) (min_over_time(launchpulse_held_back_reasons[{at.HELD_BACK_LONG}]))"
_HELD_BACK = f"""
({_REASONS} > 0 unless on () max({_once("launchpulse_lag_seconds", "topic")}) > {at.BEHIND_SECONDS})
or
({_LONG} > 0 and on (instance) launchpulse_held_back_reasons offset {at.HELD_BACK_LONG})
or
time() - {_once("launchpulse_snapshot_timestamp_seconds", "instance")} > {at.STUCK_SECONDS}
"""

ALERTS = (
    _alert(
        "PipelineLate",
        "critical",
        f"{_once('launchpulse_lag_seconds', 'topic')} > {at.LATE_SECONDS}",
        "5s",
        "{{ $labels.topic }} is {{ $value | humanizeDuration }} behind the end of its log.",
        "The figures are behind by that much and stand still meanwhile. Nothing is lost; no campaign alert comes.",
        f"A topic is more than {at.LATE_SECONDS} s behind. It stays for three minutes after the pipeline has caught "
        "up, so that catching up is quiet too.",
        query=lag_panel(),
        labels=_MUTES,
        keep="3m",
    ),
    _alert(
        "PipelineNotDraining",
        "critical",
        f"max(min_over_time(launchpulse_time_to_drain_seconds[1m])) > {at.DRAIN_SECONDS}",
        "1m",
        "At its present pace a worker needs {{ $value | humanizeDuration }} for its backlog.",
        "More events come than the workers count. Without another worker the figures fall further behind.",
        f"For two minutes no look at a worker's backlog has promised its end within {at.DRAIN_SECONDS // 60} minutes.",
        panel="Time to drain",
        labels=_MUTES,
        keep="3m",
    ),
    _alert(
        "PipelineWorkerMissing",
        "critical",
        f'{_UP} == 0\nor\nlabel_replace(absent({_UP} == 1), "instance", "every worker", "", "")',
        "30s",
        f"{{{{ $labels.instance }}}} does not answer; {_workers(' == 1')} of {_workers()} workers do.",
        "A worker is down or stuck. The others take its campaigns over within a minute; with none left nothing is "
        "shown.",
        "A worker has not answered for thirty seconds, or no worker answers at all.",
        panel="Workers",
    ),
    _alert(
        "PipelineRecovering",
        "warning",
        "launchpulse_recovery_active == 1",
        "2m",
        "{{ $labels.instance }} has been recovering for more than two minutes.",
        "A worker is reading its tables back and shows nothing new of its campaigns until it is done.",
        "A worker rebalances or recovers for more than two minutes.",
        panel="Rebalances and recovery",
        labels=_MUTES,
        keep="2m",
    ),
    _alert(
        "PipelineHeldBack",
        "critical",
        _HELD_BACK,
        "30s",
        f"{{{{ $labels.instance }}}} holds its picture back (reasons: {_HELD_BACK_BY}), or has not renewed it; "
        "`held_back_by` of /api/campaigns names them.",
        "The figures stand still: what they show was true then. They are not a calm launch.",
        "For thirty seconds a picture is held back by something else than records that wait, or is older than "
        f"{at.STUCK_SECONDS} s though its worker answers; or it has been held back for {at.HELD_BACK_LONG}. One that "
        f"is only behind is PipelineLate's, from {at.LATE_SECONDS} s on, and while that fires this one is not sent.",
        panel="Live?",
        labels=_MUTES,
        keep="2m",
    ),
    _alert(
        "PipelineLedgerUnbalanced",
        "critical",
        f"{_once('launchpulse_ledger_difference', 'topic, partition')} != 0",
        "1m",
        "{{ $labels.topic }}/{{ $labels.partition }}: {{ $value }} records were read and neither counted nor refused.",
        "The books do not balance: events were lost or counted twice. This is a fault of the program.",
        "Records read are not counted + duplicate + invalid, for a minute.",
        panel="Ledger",
        labels=_MUTES,
    ),
    _alert(
        "PipelineDeadLettersJump",
        "warning",
        refused_jump("5m", at.DEAD_LETTERS),
        "1m",
        "{{ $labels.topic }}: {{ $value | humanizePercentage }} of the records of five minutes are refused.",
        "A producer sends something wrong: what is refused is in no figure. It can be counted after a repair.",
        f"More than {percent(at.DEAD_LETTERS_SHARE)} of a topic's records of five minutes are refused, at least "
        f"{at.DEAD_LETTERS} of them, and {at.DEAD_LETTERS_TIMES} times the share of the hour before.",
        panel="Dead letters by reason",
    ),
    _alert(
        "PipelineRedisFull",
        "critical",
        f"max(last_over_time(launchpulse_redis_memory_ratio[{at.LOOKBACK}])) > {at.REDIS_MEMORY}",
        "1m",
        "Redis uses {{ $value | humanizePercentage }} of its memory.",
        "Redis remembers which events were counted. When it is full counting waits.",
        f"Redis uses more than {percent(at.REDIS_MEMORY)} of its `maxmemory` for a minute.",
        panel="How full",
    ),
    _alert(
        "PipelineRedisEvicts",
        "critical",
        "max(max_over_time(launchpulse_redis_evicted_keys[5m])\n"
        "  - min_over_time(launchpulse_redis_evicted_keys[5m])) > 0",
        "0s",
        "Redis has thrown {{ $value | humanize }} keys away in five minutes.",
        "Redis forgets which events were counted: resends of those may be counted twice.",
        "Redis has evicted a key in the last five minutes.",
        panel="Failures",
    ),
    _alert(
        "PipelineSeriesBudget",
        "warning",
        f"launchpulse_series / launchpulse_series_budget > {at.SERIES}\nor\nlaunchpulse_channels_left_out > 0",
        "5m",
        '{{ $labels.instance }} is near or over its series budget ({{ $value | printf "%.4g" }}).',
        "There are more campaigns and channels than metrics may show. What is left out has no series, no panel and no "
        "alert; the API still has it.",
        f"For five minutes a worker exposes more than {percent(at.SERIES)} of its series budget, or has left "
        "channels out.",
        panel="How full",
    ),
)
