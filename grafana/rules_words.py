"""The words of the registry in alerts: a KPI's title and unit, and a window as people say it.

A template can look nothing up but series, so each KPI's words are the labels of a series of their own.
"""

from __future__ import annotations

from grafana.queries import TARGET_BY, sample_of
from grafana.rules_model import Record
from grafana.rules_parts import asked
from streams.kpis.kpi import Kind, Kpi
from streams.kpis.registry import KPI_BY_NAME, KPIS

SINCE = {
    "1m": "in the last minute",
    "5m": "in the last five minutes",
    "1h": "in the last hour",
    "24h": "in the last 24 hours",
    "today": "today",
    "7d": "in the last seven days",
    "30d": "in the last thirty days",
    "month": "this month",
    "launch": "since the launch",
}

_SHOWN = {Kind.RATIO: "percent", Kind.SECONDS: "duration", Kind.MONEY: "money"}
_UNIT = {Kind.SCORE: " points", Kind.MONTHS: " months", Kind.FACTOR: " times", Kind.PER_MINUTE: " a minute"}
_PLACE = ("campaign", "channel", "window")


def word_records() -> list[Record]:
    """`kpi:NAME:title`: the KPI's title; how its value is shown and with which unit; the word for its cases; and the
    KPI that weighs a channel's share of a gap, none for a plain sum, of which no channel has a target of its own."""
    return [
        Record(
            f"kpi:{kpi.name}:title",
            "vector(1)",
            {
                "title": kpi.title,
                "shown": _SHOWN.get(kpi.kind, "plain"),
                "unit": _UNIT.get(kpi.kind, ""),
                "cases": _cases(kpi),
                "weight": _weight(kpi),
            },
        )
        for kpi in KPIS
    ]


def _cases(kpi: Kpi) -> str:
    sample = sample_of(kpi)
    return "cases" if sample is None else sample.title.lower()


def _weight(kpi: Kpi) -> str:
    """By what it divides; its cases where that is a quotient itself."""
    below = kpi.denominator
    return kpi.sample if below and KPI_BY_NAME[below].denominator else below


def window_in_words() -> str:
    """A template: the alert's window."""
    first, *others = SINCE.items()
    cases = "".join(f'{{{{ else if eq $labels.window "{name}" }}}}{words}' for name, words in others)
    return f'{{{{ if eq $labels.window "{first[0]}" }}}}{first[1]}{cases}{{{{ end }}}}'


def target_in_words() -> str:
    """A template: of an alert about a target the KPI, its value and the target in its own unit, its cases, and the
    channel that makes most of the gap. Money has the currency of the KPI's own series."""
    words = "".join(
        f'{{{{ ${name} = . | first | label "{name}" }}}}' for name in ("title", "shown", "unit", "weight", "cases")
    )
    target = asked("campaign_channel_kpi:target:latest", TARGET_BY)
    money = asked("campaign_channel:%s:latest", _PLACE, "$labels.kpi")
    return (
        '{{ $title := $labels.kpi }}{{ $shown := "plain" }}{{ $unit := "" }}{{ $weight := "" }}{{ $cases := "cases" }}'
        f'{{{{ with printf "kpi:%s:title" $labels.kpi | query }}}}{words}{{{{ end }}}}'
        f'{{{{ if eq $shown "money" }}}}{{{{ with {money} }}}}'
        '{{ $unit = . | first | label "currency" | printf " %s" }}{{ end }}{{ end }}'
        f"{{{{ $target := 0.0 }}}}{{{{ with {target} }}}}{{{{ $target = . | first | value }}}}{{{{ end }}}}"
        f"{{{{ $title }}}} {window_in_words()} at {_figure('$value')}; "
        '{{ if eq $labels.source "own" }}its own{{ else }}the industry\'s{{ end }} target is '
        f'{{{{ if eq $labels.bound "min" }}}}at least{{{{ else }}}}at most{{{{ end }}}} {_figure("$target")}'
        f"{{{{ with {asked('campaign_channel_kpi:target_volume:latest', TARGET_BY)} }}}}"
        " ({{ . | first | value | humanize }} {{ $cases }}){{ end }}"
        f"{_most_of_the_gap()}"
    )


def _figure(number: str) -> str:
    """The number in the KPI's unit."""
    return (
        f'{{{{ if eq $shown "percent" }}}}{{{{ {number} | humanizePercentage }}}}'
        f'{{{{ else if eq $shown "duration" }}}}{{{{ {number} | humanizeDuration }}}}'
        f"{{{{ else if ge {number} 1000.0 }}}}{{{{ {number} | humanize }}}}{{{{ $unit }}}}"
        f'{{{{ else }}}}{{{{ {number} | printf "%.4g" }}}}{{{{ $unit }}}}{{{{ end }}}}'
    )


def _most_of_the_gap() -> str:
    """Of a quotient the channel whose distance from the target, times what it is divided by, is largest."""
    of_each = "max by (campaign, channel, window) (campaign_channel:%s:latest{campaign=%q,channel!='all',window=%q})"
    place = "$labels.campaign $labels.window"
    given = f"$sign $labels.kpi {place} $target $weight {place}"
    most = f'printf "topk(1, %s1 * ({of_each} - %g) * on (campaign, channel, window) {of_each} > 0)" {given}'
    return (
        '{{ if and (eq $labels.channel "all") (ne $weight "") }}'
        '{{ $sign := "+" }}{{ if eq $labels.bound "min" }}{{ $sign = "-" }}{{ end }}'
        f'{{{{ with {most} | query }}}}, most of the gap in {{{{ . | first | label "channel" }}}}{{{{ end }}}}'
        "{{ end }}"
    )
