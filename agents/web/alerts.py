"""Alertmanager's alerts for live boards: one question every two seconds, as long as somebody looks, for all viewers.

An alert belongs on the board of the campaign that its label `campaign` names. Those of the pipeline (`kind="pipeline"`,
without a campaign) belong on every board: they say whether its figures can be trusted.
"""

import asyncio
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Any

import aiohttp
import msgspec
import orjson
import structlog

from agents.bounded_answer import read_at_most
from agents.web.board_files import RUNBOOKS_PREFIX, runbook_files

log = structlog.get_logger(__name__)

PERIOD_SECONDS = 2.0
TIMEOUT_SECONDS = 2.0
MOST_BYTES = 1_000_000
"""A longer answer is refused: reading it would hold up the event loop."""

FRESH_SECONDS = 10.0
"""What was heard longer ago, when nobody was looking, is not shown to whoever looks now."""

MOST_SHOWN = 20
MOST_TEXT = 500

PATH = "/api/v2/alerts"
QUERY = {"active": "true", "silenced": "false", "inhibited": "false", "unprocessed": "true"}
_SEVERITIES = ("critical", "warning")


class Alert(msgspec.Struct, rename="camel"):
    """What is read of an alert of Alertmanager's API v2."""

    labels: dict[str, str]
    annotations: dict[str, str]
    starts_at: datetime


@dataclass(frozen=True, slots=True)
class Heard:
    """by_campaign: what a board of it shows, the worst first; that of the pipeline's alone stands under the empty
    name. at: monotonic seconds. at_ms: epoch milliseconds."""

    by_campaign: Mapping[str, list[dict[str, Any]]]
    at: float
    at_ms: int


class AlertReader:
    """url: of Alertmanager, before `/api/v2`. failed: called at every question without an answer."""

    def __init__(self, url: str, failed: Callable[[], None]) -> None:
        self._url = url.rstrip("/") + PATH
        self._failed = failed
        self._heard: Heard | None = None
        self._wanted = asyncio.Event()
        self._complaint = ""

    def of(self, campaign: str) -> bytes:
        """What a board of the campaign is told: `alerts`, null while nobody knows them; `more` that there are; `down`
        while Alertmanager does not answer, and then `as_of_ms`, when it did. Never waits."""
        self._wanted.set()
        heard, down = self._heard, bool(self._complaint)
        if heard is not None and not down and time.monotonic() - heard.at > FRESH_SECONDS:
            heard = None
        found = None if heard is None else heard.by_campaign.get(campaign, heard.by_campaign.get("", []))
        return orjson.dumps(
            {
                "alerts": None if found is None else found[:MOST_SHOWN],
                "more": max(0, len(found or ()) - MOST_SHOWN),
                "down": down,
                "as_of_ms": heard.at_ms if down and heard is not None else None,
            }
        )

    async def run(self) -> None:
        """Ask as long as somebody looks, until cancelled."""
        timeout = aiohttp.ClientTimeout(total=TIMEOUT_SECONDS)
        async with aiohttp.ClientSession(timeout=timeout) as session:
            while True:
                await self._wanted.wait()
                self._wanted.clear()
                await self._ask(session)
                await asyncio.sleep(PERIOD_SECONDS)

    async def _ask(self, session: aiohttp.ClientSession) -> None:
        try:
            async with session.get(self._url, params=QUERY, allow_redirects=False) as answer:
                answer.raise_for_status()
                body = await read_at_most(answer, MOST_BYTES)
            alerts = msgspec.json.decode(body, type=list[Alert])
        except TimeoutError:
            self._complain(f"it has not answered within {TIMEOUT_SECONDS:g} s")
        except (aiohttp.ClientError, msgspec.DecodeError, UnicodeDecodeError, OverflowError) as error:
            self._complain(str(error) or type(error).__name__)
        else:
            self._heard = Heard(sort(alerts), time.monotonic(), int(time.time() * 1000))
            self._complaint = ""

    def _complain(self, complaint: str) -> None:
        self._failed()
        if complaint != self._complaint:
            self._complaint = complaint
            log.warning("boards show no new alerts: Alertmanager cannot be asked", url=self._url, error=complaint)


def sort(alerts: list[Alert]) -> dict[str, list[dict[str, Any]]]:
    """Campaign -> its alerts and those of the pipeline, as a board is told them: the worst first, then the newest. The
    pipeline's alone stand under the empty name."""
    ordered = sorted(alerts, key=lambda one: (_rank(one), -one.starts_at.timestamp()))
    campaigns = {one.labels.get("campaign", "") for one in alerts} | {""}
    found: dict[str, list[dict[str, Any]]] = {campaign: [] for campaign in campaigns}
    for one in ordered:
        campaign = one.labels.get("campaign", "")
        if campaign:
            found[campaign].append(_told(one))
        elif one.labels.get("kind") == "pipeline":
            for of_campaign in found.values():
                of_campaign.append(_told(one))
    return found


def _rank(alert: Alert) -> int:
    severity = alert.labels.get("severity", "")
    return _SEVERITIES.index(severity) if severity in _SEVERITIES else len(_SEVERITIES)


def _told(alert: Alert) -> dict[str, Any]:
    labels, notes = alert.labels, alert.annotations
    begun = alert.starts_at if alert.starts_at.tzinfo else alert.starts_at.replace(tzinfo=UTC)
    owner = labels.get("owner", "")
    return {
        "name": _cut(labels.get("alertname", "")),
        "severity": _cut(labels.get("severity", "")),
        "channel": _cut(labels.get("channel", "")),
        "kpi": _cut(labels.get("kpi", "")),
        "window": _cut(labels.get("window", "")),
        "pipeline": not labels.get("campaign"),
        "summary": _cut(notes.get("summary", "")),
        "owner": [_cut(owner), _cut(labels.get("contact", "")) or None] if owner else None,
        "runbook": _cut(_runbook(notes.get("runbook_url", ""))),
        "since_ms": int(begun.timestamp() * 1000),
    }


@cache
def _served() -> frozenset[str]:
    return frozenset(runbook_files())


def _runbook(url: str) -> str:
    """Where a board finds it: at the board's own address where this worker serves it, wherever else it is too."""
    own = RUNBOOKS_PREFIX + url.rpartition("/")[2]
    return own if own in _served() and url.endswith(own) else url


def _cut(text: str) -> str:
    return text if len(text) <= MOST_TEXT else text[: MOST_TEXT - 1] + "…"
