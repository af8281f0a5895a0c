"""`/api/campaigns/{id}/history`: the campaign's own history from the table, as JSON or CSV.

Late events are in the pane of their own time, and so is a rate that is told late; what Prometheus scraped then is not
repaired.
"""

import csv
import io
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from agents.campaign.series import TIERS, Series, Span, Step
from agents.web.answers import HistoryAnswer, HistoryStep
from agents.web.api import totals_and_money
from streams.counting.windows import WindowSums
from streams.events.channels import ALL_CHANNELS_NAME, CHANNEL_CODES, channel_name
from streams.kpis.kpi import Kind, Kpi
from streams.kpis.registry import KPI_BY_NAME, KPIS

STEPS: tuple[Step, ...] = tuple(TIERS)
FORMATS = ("json", "csv")
CSV_TYPE = "text/csv"

_WINDOWS: Mapping[Step, frozenset[str]] = {
    "minute": frozenset({"1m", "5m", "1h"}),
    "hour": frozenset({"1h", "24h"}),
    "day": frozenset({"today", "24h", "7d"}),
}
"""A KPI is told of a step if it makes sense in a window about as long."""

_LEAST_MS = 0
_MOST_MS = 253_000_000_000_000  # in the year 9987: days can still be counted from there


class WrongQuestion(ValueError):
    """A parameter that nothing can be made of; the text is a sentence for people."""


def _without_people(kpi: Kpi) -> bool:
    counted = KPI_BY_NAME[kpi.counted_by].people if kpi.counted_by else ()
    return not kpi.people and not counted and kpi.kind is not Kind.PEOPLE


STEP_KPIS: Mapping[Step, tuple[Kpi, ...]] = {
    step: tuple(kpi for kpi in KPIS if _without_people(kpi) and _WINDOWS[step] & set(kpi.windows)) for step in STEPS
}
"""What is told of a step beside its counters: no people, of whom a step says nothing about the next."""


def span_of(query: Mapping[str, str]) -> Span:
    """What the parameters of a request ask. Raises WrongQuestion."""
    step = query.get("step", "hour")
    if step not in STEPS:
        raise WrongQuestion(f"step must be {', '.join(STEPS[:-1])} or {STEPS[-1]}, got {step[:20]!r}")
    channel = query.get("channel", ALL_CHANNELS_NAME)
    if channel != ALL_CHANNELS_NAME and channel not in CHANNEL_CODES:
        raise WrongQuestion(f"no channel is called {channel[:128]!r}")
    from_ms, to_ms = _instant("from", query.get("from")), _instant("to", query.get("to"))
    if from_ms is not None and to_ms is not None and to_ms <= from_ms:
        raise WrongQuestion("to must be later than from")
    return Span(step, from_ms, to_ms, CHANNEL_CODES.get(channel, 0))


def _instant(name: str, text: str | None) -> int | None:
    """UTC epoch milliseconds of RFC 3339 text, or of a number of milliseconds."""
    if not text:
        return None
    wrong = WrongQuestion(
        f"{name} must be a time such as 2026-10-06T09:00:00Z, or UTC epoch milliseconds, got {text[:40]!r}"
    )
    if text.isascii() and text.isdigit() and len(text) < 16:
        found = int(text)
    else:
        try:
            # A plus that was not percent-encoded comes as a space.
            instant = datetime.fromisoformat(text.replace(" ", "+"))
        except ValueError:
            raise wrong from None
        if instant.tzinfo is None:
            raise wrong
        found = round(instant.timestamp() * 1000)
    if not _LEAST_MS <= found <= _MOST_MS:
        raise wrong
    return found


def describe_history(span: Span, series: Series) -> HistoryAnswer:
    """The answer. A measure that the launch has never counted is in no step."""
    kpis = STEP_KPIS[span.step]
    return HistoryAnswer(
        campaign="" if series.campaign is None else series.campaign.campaign,
        channel=channel_name(span.channel),
        step=span.step,
        held_from_ms=series.held_from_ms,
        end_ms=series.end_ms,
        held_back_by=series.held_back_by,
        steps=tuple(_step(sums, series, kpis) for sums in series.steps),
    )


def _step(sums: WindowSums, series: Series, kpis: tuple[Kpi, ...]) -> HistoryStep:
    totals, money = totals_and_money({measure: sums.counters.get(measure, 0) for measure in series.measures})
    values: dict[str, float | None] = {}
    amounts: dict[str, dict[str, float]] = {}
    for kpi in kpis:
        value = kpi.formula(sums)
        if isinstance(value, dict):
            amounts[kpi.name] = value
        elif kpi.kind is not Kind.MONEY:
            values[kpi.name] = value
    complete = series.end_ms is not None and sums.end_ms <= series.end_ms
    return HistoryStep(sums.start_ms, sums.end_ms, complete, totals, money, values, amounts)


def as_csv(answer: Mapping[str, Any]) -> bytes:
    """The answer, as it was decoded from JSON, with a line for every step and a column for every number of it."""
    steps = answer["steps"]
    totals = list(dict.fromkeys(name for one in steps for name in one["totals"]))
    money = list(dict.fromkeys((n, c) for one in steps for n, by in one["money"].items() for c in by))
    kpis = list(dict.fromkeys(name for one in steps for name in one["kpis"]))
    amounts = list(dict.fromkeys((n, c) for one in steps for n, by in one["amounts"].items() for c in by))
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(
        ["campaign", "channel", "start", "end", "complete"]
        + totals
        + [f"{name}_{currency}" for name, currency in money]
        + [f"kpi_{name}" for name in kpis]
        + [f"kpi_{name}_{currency}" for name, currency in amounts]
    )
    for one in steps:
        writer.writerow(
            [_text(answer["campaign"]), answer["channel"], _iso(one["start_ms"]), _iso(one["end_ms"])]
            + [str(one["complete"]).lower()]
            + [one["totals"].get(name, 0) for name in totals]
            + [one["money"].get(name, {}).get(currency, 0) for name, currency in money]
            + [one["kpis"].get(name) for name in kpis]
            + [one["amounts"].get(name, {}).get(currency) for name, currency in amounts]
        )
    return out.getvalue().encode("utf-8-sig")


def _text(name: str) -> str:
    """A cell that begins like a formula is run by spreadsheets."""
    return f"'{name}" if name[:1] in ("=", "+", "-", "@", "\t", "\r") else name


def _iso(time_ms: int) -> str:
    return datetime.fromtimestamp(time_ms / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
