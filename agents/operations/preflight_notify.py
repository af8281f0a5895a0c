"""Alerts that say of themselves that they are tests, through Alertmanager: who reads one knows that alerts arrive."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp

from agents.settings_errors import one_line

TIMEOUT_SECONDS = 5.0
LASTING = timedelta(minutes=1)
"""Then it is over by itself. A receiver is told after Alertmanager's `group_wait`, which must be shorter."""

PATH = "/api/v2/alerts"


class NotTaken(Exception):
    """Alertmanager did not take the alerts; the text is one line that says why."""


def trial_alerts(campaign: str, contacts: Iterable[str], now: datetime) -> list[dict[str, Any]]:
    """An alert for whoever is told what names nobody, and one for each contact, as Alertmanager's API v2 has them."""
    summary = f"This is a test by launchpulse preflight, and nothing is wrong: alerts of {campaign} arrive here."
    labels: dict[str, str] = {"alertname": "PreflightTest", "severity": "test", "campaign": campaign}
    alike: dict[str, Any] = {
        "annotations": {
            "summary": summary,
            "description": "It is over by itself within a minute. Nothing is to be done.",
        },
        "startsAt": now.astimezone(UTC).isoformat(),
        "endsAt": (now + LASTING).astimezone(UTC).isoformat(),
    }
    # Without a kind it goes the way of all that no route knows: to the default receiver.
    whose: list[Mapping[str, str]] = [{}, *({"kind": "kpi", "contact": one} for one in contacts)]
    return [{"labels": {**labels, **of}, **alike} for of in whose]


async def send_alerts(url: str, alerts: list[dict[str, Any]]) -> None:
    """Post them. url: of Alertmanager, before `/api/v2`. Raises NotTaken."""
    timeout = aiohttp.ClientTimeout(total=TIMEOUT_SECONDS)
    try:
        async with (
            aiohttp.ClientSession(timeout=timeout) as session,
            session.post(url.rstrip("/") + PATH, json=alerts, allow_redirects=False) as answer,
        ):
            if answer.status != 200:
                raise NotTaken(f"Alertmanager at {url} answers {answer.status}")
    except TimeoutError:
        raise NotTaken(f"Alertmanager at {url} has not answered within {TIMEOUT_SECONDS:g} s") from None
    except (aiohttp.ClientError, OSError, ValueError) as error:
        raise NotTaken(
            f"Alertmanager at {url} does not answer: {one_line(str(error) or type(error).__name__)}"
        ) from None
